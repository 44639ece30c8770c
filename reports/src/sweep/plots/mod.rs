//! The plots of a sweep: main effects, maps of two settings, the trade-off between two objectives,
//! and the settings that matter.

mod drawings;
mod effects;
mod front;
mod maps;
mod present;
mod sensitivity;

pub(super) use drawings::drawings;
