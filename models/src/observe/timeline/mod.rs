//! The timeline of a run: one moment for each thing that changed.
//!
//! It is made from the records after the run. Each kind of change has a file that finds its
//! moments; `assemble` puts them in order.

mod assemble;
mod availability;
mod breakers;
mod change;
mod condensed;
mod faults;
mod folded;
mod instances;
mod limits;
mod links;
mod operators;
mod pools;
mod queues;
mod recovery;
mod retries;
mod spells;

pub use assemble::timeline;
pub use change::{Change, Counted, Dependent, Limit, Moment, PoolGroup, Portion, Shortage};
pub use condensed::condensed;
