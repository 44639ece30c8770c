//! A run's timeline in words, and the figures that were measured for its expectations.
//!
//! [`line`] has an arm for each kind of change, and the words are in the file of the thing that
//! changed. Committed timelines hold these words: changing one changes the files of users.

mod alerts;
mod breakers;
mod calls;
mod faults;
mod instances;
mod limits;
mod line;
mod links;
mod listing;
mod measured;
mod moment;
mod operators;
mod pools;
mod queues;
mod workloads;

pub(crate) use breakers::state_name;
pub(crate) use line::Line;
pub(crate) use listing::{committed_listing, listing};
pub(crate) use measured::measured;
pub(crate) use moment::{line, told};
