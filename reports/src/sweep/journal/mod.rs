//! The journal of a sweep: points are written as soon as they are done, so that no finished
//! simulation is lost.

mod file;
mod points;

pub use file::Journal;
pub(super) use points::check_complete;
pub use points::in_order;
pub(in crate::sweep) use points::{EachPoint, finished_in_order};
