//! The plots of a stability map: the map itself, and the hysteresis loop.

mod drawings;
mod hysteresis;
mod map;

pub(super) use drawings::drawings;
