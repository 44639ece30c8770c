//! The journal of a sweep: points are written as soon as they are done, so that no finished
//! simulation is lost.

mod error;
mod file;
mod points;

pub use error::JournalError;
pub use file::Journal;
pub(super) use file::write_line;
pub use points::in_order;
