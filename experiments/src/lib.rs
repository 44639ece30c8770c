//! Running scenarios, once or many times.
//!
//! [`run`] takes one blueprint through its whole span, [`run_all`] several on several threads. A
//! [`Trial`] is a run with verdicts on what the scenario expects.
//!
//! An analysis runs a scenario many times with other values of its settings: a [`sweep`] at many
//! points, [`recommend`] in search of settings that meet goals, [`stability`] at many loads with
//! and without a trigger. Each is a folder of its own and stands on the same two things:
//!
//! - a [`Study`]: the scenario, read once as it is written and again for each point;
//! - a [`Watch`]: the threads to use, the user's interruption, and the progress to show.
//!
//! Results depend on the blueprint and the replication alone, never on threads or their number.
//! Absent on purpose: printing, files other than the scenario, and the wall clock.
#![forbid(unsafe_code)]

mod parallel;
mod pareto;
pub mod recommend;
mod replicated;
mod run;
pub mod stability;
mod study;
pub mod sweep;
mod trial;
mod watch;

pub use parallel::{in_order, replay_all, run_all};
pub use replicated::{Replicated, replicate};
pub use run::{Figures, Finished, Progress, complete, figures, replications, run};
pub use study::{Study, Unready};
pub use trial::{Case, Trial, cases, reseeded};
pub use watch::{Impatient, Interrupted, Unattended, Watch};
