//! The plots of a recommendation: the safe range of each setting, and the trade-off between two
//! objectives.

mod drawings;
mod front;
mod settings;

pub(super) use drawings::drawings;
