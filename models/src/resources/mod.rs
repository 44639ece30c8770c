//! What requests hold and wait for: threads, connections, processors and permits are all [`Pool`]s.

mod discipline;
mod episodes;
mod pool;

pub use discipline::Discipline;
pub use episodes::{Episode, Episodes};
pub use pool::{Pool, PoolUsage, Waiter};
