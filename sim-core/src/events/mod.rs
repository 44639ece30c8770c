//! The future-event list and the rings of constant deadlines beside it.
//!
//! An [`EventList`] is for events that will mostly happen; a [`DeadlineRing`] for those that mostly
//! will not, such as timeouts of calls that nearly always answer in time.

mod deadline_ring;
mod event_list;

pub use deadline_ring::DeadlineRing;
pub use event_list::{EventId, EventList};
