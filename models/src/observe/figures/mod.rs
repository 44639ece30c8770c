//! The figures of a run: what expectations, alerts, sweeps and goals can ask for.
//!
//! A figure is a number that is measured of something: the availability of a workload, the
//! utilization of a pool. There is one table of them, divided by subject, a file each. A row says
//! everything about its figures: their names, their unit, the parts of a run of which they are
//! known, their definition, and the function that reads the value. Sentences, messages and the
//! documentation take the names from here, so a new figure is a new row, and a line in
//! `docs/testing.md`.
//!
//! ```
//! use sim_models::observe::figures::{FigureSubject, QueueSubject};
//! let depth = QueueSubject::figure("depth").expect("a row of the table");
//! assert!(depth.known().is_of_each_interval());
//! assert!(QueueSubject::figure("availability").is_none());
//! ```

mod breakers;
mod call;
#[cfg(test)]
mod documentation;
mod effect;
mod family;
mod figure;
mod link;
mod measure;
mod pools;
mod queue;
mod seen;
mod subject;
mod workload;

pub use breakers::BreakersSubject;
pub use call::CallSubject;
pub use effect::EffectSubject;
pub use family::Quantile;
pub use figure::{Figure, FigureUnit, Known, NamedFigure, Reads, Row};
pub use link::LinkSubject;
pub use measure::Measure;
pub use pools::PoolsSubject;
pub use queue::QueueSubject;
pub use seen::{Seen, Stretch};
pub use subject::FigureSubject;
pub(crate) use subject::figure_names;
pub use workload::WorkloadSubject;
