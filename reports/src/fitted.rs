//! Tables that fit a width: what is too long for its line gets more of them.
//!
//! The cells of a row stand beside its title if most titles leave room for them, and below it
//! otherwise. A row whose cells are too long for that has a line for each of them. The last column is
//! text, which is wrapped. Remarks follow below their row.

use crate::paper::{columns_of, wrapped};

/// The columns between two cells.
const GAP: usize = 2;
/// The indentation of whatever stands below something else.
const INDENT: usize = 2;
/// The columns that text in the last column should have at least.
const LEAST_TEXT: usize = 24;
/// A row with a cell of more columns has a line for each if that lets the others stand beside their
/// titles.
const WIDE: usize = 24;

/// A row of a table.
#[derive(Default)]
pub(crate) struct Row {
    /// The heading that it shares with the rows before and after it; none if empty.
    pub group: String,
    /// The title.
    pub title: String,
    /// The cells, one for each column.
    pub cells: Vec<String>,
    /// Text beside the cells.
    pub text: String,
    /// Lines below it.
    pub remarks: Vec<String>,
}

/// The alignment of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table without lines.
pub(crate) struct FittedTable<'a> {
    /// The headers of the title and of the text.
    pub headers: [&'a str; 2],
    /// The header and the alignment of each cell.
    pub columns: Vec<(&'a str, Align)>,
    /// The rows.
    pub rows: Vec<Row>,
}

impl FittedTable<'_> {
    /// Its lines, none of which has more than `columns` unless a single word has.
    pub fn lines(&self, columns: usize) -> String {
        let layout = Layout::new(self, columns);
        let mut lines = layout.header();
        let mut group = "";
        for (row, is_loose) in self.rows.iter().zip(&layout.is_loose) {
            if row.group != group {
                group = &row.group;
                lines.extend(wrapped(group, columns, 0, INDENT));
            }
            lines.extend(if *is_loose { layout.loose(row) } else { layout.row(row) });
            let below = layout.left + INDENT;
            let remarks = row.remarks.iter();
            lines.extend(remarks.flat_map(|it| wrapped(it, columns, below, below + INDENT)));
        }
        let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
        lines.join("\n")
    }
}

/// The place of everything in a table.
struct Layout<'a> {
    table: &'a FittedTable<'a>,
    columns: usize,
    /// The columns left of every row, which are those below a group.
    left: usize,
    /// The columns of the titles beside the cells; `None` if the cells are below them.
    title: Option<usize>,
    /// The columns of each cell.
    cells: Vec<usize>,
    /// For each row, true if its cells are too long for one line.
    is_loose: Vec<bool>,
    /// The first column of the text; `None` if it is below the cells.
    text: Option<usize>,
}

impl<'a> Layout<'a> {
    fn new(table: &'a FittedTable<'a>, columns: usize) -> Self {
        let left = if table.rows.iter().all(|row| row.group.is_empty()) { 0 } else { INDENT };
        let room = columns - left;
        let wide = table.rows.iter().filter(|row| widest_cell(row) > WIDE).count();
        let beside = (0..=wide.min(table.rows.len() / 3)).find_map(|widest| {
            let (cells, is_loose) = cells(table, widest, room - INDENT);
            let title = title_beside(table, &cells, &is_loose, room)?;
            Some((cells, is_loose, Some(title)))
        });
        let (cells, is_loose, title) = beside.unwrap_or_else(|| {
            let (cells, is_loose) = cells(table, 0, room - INDENT);
            (cells, is_loose, None)
        });
        let first = left + title.map_or(INDENT, |title| title + GAP);
        let text = first + together(&cells) + if cells.is_empty() { 0 } else { GAP };
        let text = Some(text).filter(|text| *text + text_needed(table) <= columns);
        Self { table, columns, left, title, cells, is_loose, text }
    }

    fn header(&self) -> Vec<String> {
        let [title, text] = self.table.headers;
        let cells: Vec<String> =
            self.table.columns.iter().map(|(header, _)| (*header).to_owned()).collect();
        if title.is_empty() && text.is_empty() && cells.iter().all(String::is_empty) {
            return Vec::new();
        }
        let text = if self.text.is_some() { text.to_owned() } else { String::new() };
        self.row(&Row { title: title.to_owned(), cells, text, ..Row::default() })
    }

    /// A row whose cells stand on one line.
    fn row(&self, row: &Row) -> Vec<String> {
        let below = self.left + INDENT;
        let title = wrapped(&row.title, self.columns, self.left, below);
        let (mut lines, mut last) = match self.title {
            Some(width) if columns_of(&row.title) <= width => {
                (Vec::new(), padded(&title[0], self.left + width + GAP, Align::Left))
            }
            Some(width) => (title, " ".repeat(self.left + width + GAP)),
            None if row.title.is_empty() => (Vec::new(), " ".repeat(below)),
            None => (title, " ".repeat(below)),
        };
        let cells = row.cells.iter().zip(&self.cells).zip(&self.table.columns);
        for (place, ((cell, width), (_, align))) in cells.enumerate() {
            last.push_str(if place > 0 { "  " } else { "" });
            last.push_str(&padded(cell, *width, *align));
        }
        if let Some(start) = self.text {
            let text = wrapped(&row.text, self.columns, start, start);
            let first = text[0].get(start..).unwrap_or_default();
            lines.push(format!("{}{first}", padded(&last, start, Align::Left)));
            lines.extend(text.into_iter().skip(1));
        } else {
            lines.push(last);
            if !row.text.is_empty() {
                lines.extend(wrapped(&row.text, self.columns, below, below + INDENT));
            }
        }
        lines.retain(|line| !line.trim().is_empty());
        lines
    }

    /// A row with a line for each of its cells.
    fn loose(&self, row: &Row) -> Vec<String> {
        let below = self.left + INDENT;
        let mut lines = wrapped(&row.title, self.columns, self.left, below);
        for (cell, (header, _)) in row.cells.iter().zip(&self.table.columns) {
            let cell = if header.is_empty() { cell.clone() } else { format!("{header}: {cell}") };
            lines.extend(wrapped(&cell, self.columns, below, below + INDENT));
        }
        if !row.text.is_empty() {
            let header = self.table.headers[1];
            let colon = if header.is_empty() { "" } else { ": " };
            let text = format!("{header}{colon}{}", row.text);
            lines.extend(wrapped(&text, self.columns, below, below + INDENT));
        }
        lines
    }
}

/// The columns of each cell, and for each row if it is left out of account: the `widest` ones, and
/// those that do not fit.
fn cells(table: &FittedTable<'_>, widest: usize, room: usize) -> (Vec<usize>, Vec<bool>) {
    let mut by_width: Vec<usize> = (0..table.rows.len()).collect();
    by_width.sort_by_key(|place| std::cmp::Reverse(widest_cell(&table.rows[*place])));
    let mut is_loose = vec![false; table.rows.len()];
    for left_out in 0..=by_width.len() {
        if left_out > 0 {
            is_loose[by_width[left_out - 1]] = true;
        }
        let tight = || table.rows.iter().zip(&is_loose).filter(|(_, is_loose)| !**is_loose);
        let of_column = |(place, (header, _)): (usize, &(&str, Align))| {
            let cells = tight().map(|(row, _)| row.cells.get(place).map_or(0, |it| columns_of(it)));
            cells.fold(columns_of(header), usize::max)
        };
        let cells: Vec<usize> = table.columns.iter().enumerate().map(of_column).collect();
        if left_out >= widest && together(&cells) <= room || left_out == by_width.len() {
            return (cells, is_loose);
        }
    }
    (Vec::new(), is_loose)
}

fn widest_cell(row: &Row) -> usize {
    row.cells.iter().map(|cell| columns_of(cell)).max().unwrap_or(0)
}

/// The columns of cells side by side.
fn together(cells: &[usize]) -> usize {
    cells.iter().sum::<usize>() + GAP * cells.len().saturating_sub(1)
}

/// The columns that the text needs at least: enough for its longest word.
fn text_needed(table: &FittedTable<'_>) -> usize {
    let texts = || table.rows.iter().map(|row| row.text.as_str()).chain([table.headers[1]]);
    let longest = texts().map(columns_of).max().unwrap_or(0);
    let words = texts().flat_map(|text| text.split(' ')).map(columns_of);
    words.fold(longest.min(LEAST_TEXT), usize::max)
}

/// The columns of the titles if the cells stand beside them, which they do if most titles leave
/// room for that.
fn title_beside(
    table: &FittedTable<'_>,
    cells: &[usize],
    is_loose: &[bool],
    room: usize,
) -> Option<usize> {
    let text = match text_needed(table) {
        0 => 0,
        needed => needed + GAP,
    };
    let most = room.checked_sub(together(cells) + GAP + text)?;
    let tight = table.rows.iter().zip(is_loose).filter(|(_, is_loose)| !**is_loose);
    let titles: Vec<usize> = tight.map(|(row, _)| columns_of(&row.title)).collect();
    let fitting = || titles.iter().filter(|title| **title <= most);
    let header = columns_of(table.headers[0]);
    let is_beside = header <= most && 2 * fitting().count() >= titles.len();
    is_beside.then(|| fitting().copied().fold(header, usize::max))
}

fn padded(text: &str, columns: usize, align: Align) -> String {
    let blanks = " ".repeat(columns.saturating_sub(columns_of(text)));
    if align == Align::Left { format!("{text}{blanks}") } else { format!("{blanks}{text}") }
}
