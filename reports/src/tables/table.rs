//! A table with a title for each column.

use super::grid::Grid;
use super::{Cell, folded};

/// A table without lines. The left-aligned columns that it begins with name its rows.
pub(crate) struct Table {
    titles: Vec<String>,
    is_left: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table whose first column and those in `left` are left-aligned, the others right-aligned.
    pub fn new(
        titles: &[&str],
        left: &[usize],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Self {
        Self {
            titles: titles.iter().map(|title| (*title).to_owned()).collect(),
            is_left: (0..titles.len()).map(|at| at == 0 || left.contains(&at)).collect(),
            rows: rows.into_iter().collect(),
        }
    }

    /// A table with a row for each record, of which those that are alike share one.
    pub fn of<T>(records: &[T], columns: &[Column<T>]) -> Self {
        let row = |record| columns.iter().map(|column| (column.cell)(record)).collect();
        Self {
            titles: columns.iter().map(|column| column.title.to_owned()).collect(),
            is_left: columns.iter().map(|column| column.is_left).collect(),
            rows: folded(&records.iter().map(row).collect::<Vec<_>>()),
        }
    }

    /// Its lines, none of which has more than `width` columns.
    pub fn lines(&self, width: usize) -> String {
        Grid::new(&self.titles, &self.is_left, &self.rows).lines(width)
    }
}

/// A column of a table: its title, its alignment, and its cell for each record.
pub(crate) struct Column<T> {
    title: &'static str,
    is_left: bool,
    cell: fn(&T) -> Cell,
}

/// A left-aligned column.
pub(crate) fn left<T>(title: &'static str, cell: fn(&T) -> Cell) -> Column<T> {
    Column { title, is_left: true, cell }
}

/// A right-aligned column.
pub(crate) fn right<T>(title: &'static str, cell: fn(&T) -> Cell) -> Column<T> {
    Column { title, is_left: false, cell }
}
