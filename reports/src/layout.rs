//! The layout of text for a terminal: a heading, remarks, sections and tables.

use sim_models::printable::line;

use crate::palette::Tone;
use crate::paper::{Paper, columns_of, wrapped};
use crate::tables::Table;

/// A report for a terminal, written from top to bottom.
pub(crate) struct Page {
    paper: Paper,
    text: String,
}

impl Page {
    /// A page that begins with the name of a scenario and a line about it.
    pub fn new(paper: Paper, scenario: &str, about: &str) -> Self {
        Self::begin(paper, scenario, about, str::to_owned)
    }

    /// A page that begins with the name of a scenario and a line about it in the colour of its tone.
    pub fn toned(paper: Paper, scenario: &str, tone: Tone, about: &str) -> Self {
        Self::begin(paper, scenario, about, |line| paper.palette().paint(tone, line))
    }

    fn begin(paper: Paper, scenario: &str, about: &str, painted: impl Fn(&str) -> String) -> Self {
        let (palette, columns) = (paper.palette(), paper.columns());
        let joined = |lines: &[String], painted: &dyn Fn(&str) -> String| {
            lines.iter().map(|line| painted(line.trim_start())).collect::<Vec<_>>().join("\n  ")
        };
        let name = wrapped(&line(scenario), columns - 1, 0, 2);
        let before = name.last().map_or(0, |line| columns_of(line)) + 2;
        let about = joined(&wrapped(about, columns, before, 2), &painted);
        let name = joined(&name, &|line| palette.paint(Tone::Heading, line));
        let text = format!("{name}: {about}\n").replace(": \n", ":\n");
        Self { paper, text }
    }

    /// Adds a line in the colour of its tone.
    pub fn remark(&mut self, tone: Tone, text: &str) {
        for line in self.wrapped(&line(text)) {
            self.plain(&self.paper.palette().paint(tone, &line));
        }
    }

    /// Adds a line as it is.
    pub fn plain(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Adds an indented line, which may go on below itself.
    pub fn indented(&mut self, text: &str) {
        for line in self.wrapped(&format!("  {}", line(text))) {
            self.plain(&line);
        }
    }

    /// Adds a line with a command, which stays whole so that one can copy it.
    pub fn command(&mut self, text: &str) {
        self.plain(&self.paper.palette().paint(Tone::Faint, &line(text)));
    }

    /// Adds an empty line, a title, and `body` below it, indented.
    pub fn section(&mut self, title: &str, body: &str) {
        let lines = body.lines().flat_map(|line| self.wrapped(&format!("  {line}")));
        let lines: Vec<String> = lines.collect();
        self.section_of(title, lines.iter().map(String::as_str));
    }

    /// Adds a section with a table.
    pub fn table(&mut self, title: &str, table: &Table) {
        self.section_as_it_is(title, &table.lines(self.within_section()));
    }

    /// Adds a section whose lines stay as they are, however long.
    pub fn section_as_it_is(&mut self, title: &str, body: &str) {
        let lines: Vec<String> = body.lines().map(|line| format!("  {line}")).collect();
        self.section_of(title, lines.iter().map(String::as_str));
    }

    fn section_of<'a>(&mut self, title: &str, lines: impl Iterator<Item = &'a str>) {
        self.text.push('\n');
        self.remark(Tone::Heading, title);
        for line in lines {
            self.plain(line.trim_end());
        }
    }

    /// The columns within a section, which is indented.
    pub fn within_section(&self) -> usize {
        self.paper.within_section()
    }

    /// The lines of a line that may be too long.
    fn wrapped(&self, line: &str) -> Vec<String> {
        if columns_of(line) <= self.paper.columns() {
            return vec![line.to_owned()];
        }
        let indent = line.len() - line.trim_start().len();
        wrapped(line.trim(), self.paper.columns(), indent, indent + 2)
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.text
    }
}

/// The width to which texts of these widths are filled up so that what follows is aligned. One that is longer than
/// a line is not: the others would be torn apart.
pub(crate) fn aligned(widths: impl Iterator<Item = usize>) -> usize {
    const LINE: usize = 120;
    widths.filter(|width| *width <= LINE).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Palette;

    #[test]
    fn numbers_are_right_aligned_and_words_left() {
        let rows = [["web", "12", "timeout 3"], ["batch", "3", ""]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let mut page = Page::new(Palette::Plain.into(), "shop", "2 workloads");
        page.table("Workloads", &Table::new(&["", "calls", "failures"], &[2], rows));
        assert_eq!(
            page.finish(),
            "shop: 2 workloads\n\nWorkloads\n         calls  failures\n  web       12  timeout 3\n  batch      3\n"
        );
    }
}
