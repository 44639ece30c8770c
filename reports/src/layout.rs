//! The layout of text for a terminal: a heading, remarks, sections and tables.

use comfy_table::{CellAlignment, Table, presets};
use sim_models::printable::line;

use crate::Palette;
use crate::palette::Tone;
use crate::paper::{Paper, columns_of, wrapped};

/// A report for a terminal, written from top to bottom.
pub(crate) struct Page {
    palette: Palette,
    /// The columns to which lines are wrapped; `None` if they stay as they are.
    columns: Option<usize>,
    text: String,
}

impl Page {
    /// A page that begins with the name of a scenario and a line about it.
    pub fn new(palette: Palette, scenario: &str, about: &str) -> Self {
        let name = palette.paint(Tone::Heading, &line(scenario));
        Self { palette, columns: None, text: format!("{name}: {about}\n") }
    }

    /// A page that begins with the name of a scenario and a line about it in the colour of its
    /// tone, and that wraps everything that follows.
    pub fn fitted(paper: Paper, scenario: &str, tone: Tone, about: &str) -> Self {
        let (palette, columns) = (paper.palette(), paper.columns());
        let painted = |tone: Tone, lines: &[String]| {
            let lines = lines.iter().map(|line| palette.paint(tone, line.trim_start()));
            lines.collect::<Vec<_>>().join("\n  ")
        };
        let name = wrapped(&line(scenario), columns - 1, 0, 2);
        let before = name.last().map_or(0, |line| columns_of(line)) + 2;
        let about = painted(tone, &wrapped(about, columns, before, 2));
        let text = format!("{}: {about}\n", painted(Tone::Heading, &name)).replace(": \n", ":\n");
        Self { palette, columns: Some(columns), text }
    }

    /// Adds a line in the colour of its tone.
    pub fn remark(&mut self, tone: Tone, text: &str) {
        for line in self.wrapped(&line(text)) {
            self.plain(&self.palette.paint(tone, &line));
        }
    }

    /// Adds a line as it is.
    pub fn plain(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Adds an empty line, a title, and `body` below it, indented.
    pub fn section(&mut self, title: &str, body: &str) {
        self.text.push('\n');
        self.remark(Tone::Heading, title);
        for line in body.lines() {
            for line in self.wrapped(&format!("  {line}")) {
                self.plain(line.trim_end());
            }
        }
    }

    /// Adds a section whose lines stay as they are, however long.
    pub fn section_as_it_is(&mut self, title: &str, body: &str) {
        let columns = self.columns.take();
        self.section(title, body);
        self.columns = columns;
    }

    /// The lines of a line that may be too long.
    fn wrapped(&self, line: &str) -> Vec<String> {
        match self.columns {
            Some(columns) if columns_of(line) > columns => {
                let indent = line.len() - line.trim_start().len();
                wrapped(line.trim(), columns, indent, indent + 2)
            }
            _ => vec![line.to_owned()],
        }
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.text
    }
}

/// A table without lines. The first column and those in `left` are left-aligned, the others
/// right-aligned.
pub(crate) fn table(
    header: &[&str],
    left: &[usize],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header.to_vec()).add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        let is_left = index == 0 || left.contains(&index);
        column.set_cell_alignment(if is_left { CellAlignment::Left } else { CellAlignment::Right });
        column.set_padding((0, 2));
    }
    table.to_string()
}

/// The width to which texts of these widths are filled up so that what follows is aligned. One that is longer than
/// a line is not: the others would be torn apart.
pub(crate) fn aligned(widths: impl Iterator<Item = usize>) -> usize {
    const LINE: usize = 120;
    widths.filter(|width| *width <= LINE).max().unwrap_or(0)
}

/// A column of a table: its title, its alignment, and its cell for each record.
pub(crate) struct Column<T> {
    title: &'static str,
    is_left: bool,
    cell: fn(&T) -> String,
}

/// A left-aligned column.
pub(crate) fn left<T>(title: &'static str, cell: fn(&T) -> String) -> Column<T> {
    Column { title, is_left: true, cell }
}

/// A right-aligned column.
pub(crate) fn right<T>(title: &'static str, cell: fn(&T) -> String) -> Column<T> {
    Column { title, is_left: false, cell }
}

/// A table with a row for each record.
pub(crate) fn table_of<T>(records: &[T], columns: &[Column<T>]) -> String {
    let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
    let left: Vec<usize> = (0..columns.len()).filter(|index| columns[*index].is_left).collect();
    let row = |record| columns.iter().map(|column| (column.cell)(record)).collect();
    table(&titles, &left, records.iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_right_aligned_and_words_left() {
        let records = [("web", 12_u32, "timeout 3"), ("batch", 3, "")];
        let columns = [
            left("", |record: &(&str, u32, &str)| record.0.to_owned()),
            right("calls", |record| record.1.to_string()),
            left("failures", |record| record.2.to_owned()),
        ];
        let mut page = Page::new(Palette::Plain, "shop", "2 workloads");
        page.section("Workloads", &table_of(&records, &columns));
        assert_eq!(
            page.finish(),
            "shop: 2 workloads\n\nWorkloads\n         calls  failures\n  web       12  timeout 3\n  batch      3\n"
        );
    }
}
