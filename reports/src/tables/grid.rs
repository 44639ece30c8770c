//! The layout of a table within a width.
//!
//! A table that is too wide gives way in this order, as far as needed: titles are broken between words, then texts, then
//! names; figures that are the same in every row are listed below the table; and the table goes on below itself, with the
//! names of its rows again. A figure is never broken. A name is cut only if it is so long that no figure fits beside it.

use super::cell::{NO_BREAK, unbroken};
use crate::paper::{columns_of, shortened, wrapped};
use crate::units::UNKNOWN;

/// The columns between two cells.
const GAP: usize = 2;
/// The columns that a text has at least if it has more words.
const LEAST_TEXT: usize = 28;
/// The columns that a name has at least, if it has more words, before a table goes on below itself.
const LEAST_NAME: usize = 20;
/// The columns that even a name which is cut keeps.
const LEAST_OF_CUT: usize = 8;
/// The rows that a table has at least if figures that are the same in all of them are told below it.
const LEAST_ROWS: usize = 3;

/// The texts of a table.
pub(super) struct Grid<'a> {
    titles: &'a [String],
    is_left: &'a [bool],
    rows: &'a [Vec<String>],
    /// The number of columns that name a row.
    names: usize,
    sizes: Vec<Size>,
}

/// The room that a column takes.
struct Size {
    /// If nothing is broken.
    natural: usize,
    /// At least, for its longest word or figure.
    least: usize,
    /// At least, before the table goes on below itself.
    comfortable: usize,
}

impl<'a> Grid<'a> {
    /// A table of these texts. The left-aligned columns that it begins with name its rows.
    pub fn new(titles: &'a [String], is_left: &'a [bool], rows: &'a [Vec<String>]) -> Self {
        let leading = is_left.iter().take_while(|is_left| **is_left).count();
        let names = leading.min(titles.len().saturating_sub(1)).max(1);
        let size = |(column, title): (usize, &String)| {
            let cells = || rows.iter().filter_map(|row| row.get(column));
            let longest_word = |text: &String| text.split(' ').map(columns_of).max().unwrap_or(0);
            let natural = cells().map(|cell| columns_of(cell)).fold(columns_of(title), usize::max);
            let (least, wanted) = if is_left[column] {
                let least = cells().map(longest_word).fold(longest_word(title), usize::max);
                (least, if column < names { LEAST_NAME } else { LEAST_TEXT })
            } else {
                let widest = cells().map(|cell| columns_of(cell));
                (widest.fold(longest_word(title), usize::max), 0)
            };
            Size { natural, least, comfortable: least.max(wanted.min(natural)) }
        };
        let sizes = titles.iter().enumerate().map(size).collect();
        Self { titles, is_left, rows, names, sizes }
    }

    /// Its lines, none of which has more than `width` columns.
    pub fn lines(&self, width: usize) -> String {
        let is_told = |column: &usize| {
            let mut cells = self.rows.iter().filter_map(|row| row.get(*column));
            let may_go = self.is_text(*column) || self.titles[*column].is_empty();
            self.is_name(*column) || !may_go || !cells.all(|cell| says_nothing(cell))
        };
        let told: Vec<usize> = (0..self.titles.len()).filter(is_told).collect();
        let lines = if let Some(widths) = self.fitting(&told, width) {
            self.block(&told, &widths)
        } else {
            self.in_blocks(&told, width)
        };
        let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
        lines.join("\n").replace(NO_BREAK, " ")
    }

    /// The lines of a table that is too wide.
    fn in_blocks(&self, all: &[usize], width: usize) -> Vec<String> {
        let (same, others): (Vec<usize>, Vec<usize>) =
            all.iter().partition(|it| self.is_same(**it));
        let (whole, shorter) = (self.blocks(all, width), self.blocks(&others, width));
        let is_shorter = (1..whole.len()).contains(&shorter.len());
        let mut lines = Vec::new();
        for block in if is_shorter { shorter } else { whole } {
            let widths = self.fitting(&block, width).unwrap_or_else(|| self.tight(&block, width));
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(self.block(&block, &widths));
        }
        if is_shorter {
            let figure = |column: &usize| {
                unbroken(&format!("{} {}", self.titles[*column], self.rows[0][*column]))
            };
            let figures: Vec<String> = same.iter().map(figure).collect();
            let text = format!("the same in every row: {}", figures.join(", "));
            lines.extend(wrapped(&text, width, 0, 2));
        }
        lines
    }

    /// True for a column with the same figure in every row of several.
    fn is_same(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().map(|row| row.get(column));
        let is_figure = !self.is_left[column] && self.rows.len() >= LEAST_ROWS;
        is_figure && cells.all(|cell| cell == self.rows[0].get(column))
    }

    fn is_text(&self, column: usize) -> bool {
        self.is_left[column] && !self.is_name(column)
    }

    fn is_name(&self, column: usize) -> bool {
        column < self.names
    }

    /// The widths of columns side by side; `None` if they do not fit.
    fn fitting(&self, columns: &[usize], width: usize) -> Option<Vec<usize>> {
        let mut widths: Vec<usize> =
            columns.iter().map(|column| self.sizes[*column].natural).collect();
        let excess = |widths: &[usize]| together(widths).saturating_sub(width);
        while excess(&widths) > 0 {
            let narrower = (0..columns.len()).filter_map(|place| {
                let (lines, narrower) = self.narrower(columns[place], widths[place])?;
                Some((lines, std::cmp::Reverse(widths[place] - narrower), place))
            });
            let Some((_, gain, place)) = narrower.min() else { break };
            widths[place] -= gain.0;
        }
        for is_name in [false, true] {
            for place in 0..columns.len() {
                let column = columns[place];
                if self.is_left[column] && self.is_name(column) == is_name {
                    let spare = widths[place] - self.sizes[column].comfortable;
                    widths[place] -= spare.min(excess(&widths));
                }
            }
        }
        (excess(&widths) == 0).then_some(widths)
    }

    /// The lines of the title of a figure's column if it is broken once more, and the width that this takes.
    fn narrower(&self, column: usize, width: usize) -> Option<(usize, usize)> {
        if self.is_left[column] {
            return None;
        }
        let lines = |width: usize| broken(&self.titles[column], width, 0).len();
        let more = lines(width) + 1;
        let narrower = (self.sizes[column].least..width).find(|width| lines(*width) <= more)?;
        Some((lines(narrower), narrower))
    }

    /// The widths of the columns of a block in which names are too long.
    fn tight(&self, columns: &[usize], width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = columns.iter().map(|it| self.sizes[*it].comfortable).collect();
        for least in [false, true] {
            let floor = |column: usize| if least { LEAST_OF_CUT } else { self.sizes[column].least };
            for place in 0..columns.len() {
                let excess = together(&widths).saturating_sub(width);
                if self.is_left[columns[place]] && excess > 0 {
                    let spare = widths[place].saturating_sub(floor(columns[place]));
                    widths[place] -= spare.min(excess);
                }
            }
        }
        widths
    }

    /// Columns in as few blocks as they fit in, each with the names of the rows; texts in one of their own if that is no
    /// block more.
    fn blocks(&self, columns: &[usize], width: usize) -> Vec<Vec<usize>> {
        let (names, others): (Vec<usize>, Vec<usize>) =
            columns.iter().partition(|column| self.is_name(**column));
        let (texts, figures): (Vec<usize>, Vec<usize>) =
            others.iter().partition(|column| self.is_text(**column));
        let widths: Vec<usize> = names.iter().map(|it| self.sizes[*it].comfortable).collect();
        let room = width.saturating_sub(together(&widths) + GAP);
        let mixed = self.balanced(&others, room);
        let apart = [self.balanced(&figures, room), self.balanced(&texts, room)].concat();
        let blocks = if apart.len() <= mixed.len() { apart } else { mixed };
        blocks.into_iter().map(|block| [names.as_slice(), &block].concat()).collect()
    }

    /// Columns in as few blocks as they fit in, about equally wide.
    fn balanced(&self, columns: &[usize], room: usize) -> Vec<Vec<usize>> {
        let filled = |room: usize| {
            let mut blocks: Vec<(usize, Vec<usize>)> = Vec::new();
            for column in columns {
                let needed = self.sizes[*column].comfortable + GAP;
                match blocks.last_mut() {
                    Some((taken, block)) if *taken + needed <= room + GAP => {
                        *taken += needed;
                        block.push(*column);
                    }
                    _ => blocks.push((needed, vec![*column])),
                }
            }
            blocks
        };
        let fewest = filled(room).len();
        let equal = (0..=room).find(|room| filled(*room).len() <= fewest).unwrap_or(room);
        filled(equal).into_iter().map(|(_, block)| block).collect()
    }

    /// The lines of some columns.
    fn block(&self, columns: &[usize], widths: &[usize]) -> Vec<String> {
        let titles = columns
            .iter()
            .zip(widths)
            .map(|(column, width)| broken(&self.titles[*column], *width, 0));
        let titles: Vec<Vec<String>> = titles.collect();
        let height = titles.iter().map(Vec::len).max().unwrap_or(0);
        let at_bottom = |lines: Vec<String>| {
            let above = vec![String::new(); height - lines.len()];
            [above, lines].concat()
        };
        let mut lines = Vec::new();
        if columns.iter().any(|column| !self.titles[*column].is_empty()) {
            let titles: Vec<Vec<String>> = titles.into_iter().map(at_bottom).collect();
            lines.extend(self.side_by_side(columns, widths, &titles));
        }
        let is_empty = |row: &&Vec<String>| {
            let mut told = columns.iter().filter(|column| !self.is_name(**column));
            told.all(|column| row.get(*column).is_none_or(|cell| says_nothing(cell)))
        };
        // A row may have nothing to tell in a block that is not the only one.
        let is_part = columns.len() < self.titles.len();
        for row in self.rows.iter().filter(|row| !is_part || !is_empty(row)) {
            let cells = columns.iter().zip(widths).map(|(column, width)| {
                let text = row.get(*column).map_or("", String::as_str);
                if self.is_left[*column] {
                    broken(text, *width, if *column == 0 { 2 } else { 0 })
                } else {
                    vec![text.to_owned()]
                }
            });
            lines.extend(self.side_by_side(columns, widths, &cells.collect::<Vec<_>>()));
        }
        lines
    }

    /// The lines of cells of several lines each.
    fn side_by_side(
        &self,
        columns: &[usize],
        widths: &[usize],
        cells: &[Vec<String>],
    ) -> Vec<String> {
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let line = |line: usize| {
            let cells = columns.iter().zip(widths).zip(cells).map(|((column, width), cell)| {
                let text = cell.get(line).map_or("", String::as_str);
                let blanks = " ".repeat(width.saturating_sub(columns_of(text)));
                if self.is_left[*column] {
                    format!("{text}{blanks}")
                } else {
                    format!("{blanks}{text}")
                }
            });
            cells.collect::<Vec<_>>().join(&" ".repeat(GAP))
        };
        (0..height).map(line).collect()
    }
}

fn says_nothing(cell: &str) -> bool {
    cell.is_empty() || cell == UNKNOWN
}

/// The columns of cells side by side.
fn together(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// The lines of a text within a width, cut only if a word is longer than that.
fn broken(text: &str, width: usize, hanging: usize) -> Vec<String> {
    if columns_of(text) <= width {
        return vec![text.to_owned()];
    }
    let indent = text.len() - text.trim_start().len();
    let lines = wrapped(text.trim(), width, indent, indent + hanging);
    lines.iter().map(|line| shortened(line, width)).collect()
}
