//! The future-event list, and rings for deadlines with a constant delay.
//!
//! Use an [`EventList`] for events that will mostly happen, and a [`DeadlineRing`] for those that
//! mostly will not, such as timeouts of calls that are nearly always answered in time.

mod deadline_ring;
mod event_list;

pub use deadline_ring::DeadlineRing;
pub use event_list::EventList;
