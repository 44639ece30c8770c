//! Tables of figures: their cells, the folding of rows that are alike, and the layout that fits a width.

mod cell;
mod fold;
mod grid;
mod table;

pub(crate) use cell::{Cell, Counted, counts};
pub(crate) use fold::folded;
pub(crate) use table::{Table, left, right};
