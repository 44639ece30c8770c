//! Stability: the triggers from which a system recovers by itself, and those from which it never
//! does, at each load.
//!
//! A system is *metastable* at a load if it is well there and, after a trigger that is gone again,
//! stays unwell (Bronson et al., "Metastable failures in distributed systems", `HotOS` 2021; Huang
//! et al., "Metastable failures in the wild", OSDI 2022).
//!
//! - `system`: the system at a load, with or without a trigger; `classify`: its behaviour there;
//! - `known`: every combination of load and trigger, or those before an interruption; `map`: all of
//!   them, and what follows from them; `boundary`: the load at which the answer
//!   changes, narrowed down for each trigger; `healing`: the load up to which every trigger heals;
//! - `sensitivity`: the settings that move the boundary most;
//! - `hysteresis`: up and down through the loads in one run, which shows that the behaviour depends
//!   on where the system comes from.

mod boundary;
mod classify;
mod healing;
mod hysteresis;
mod known;
mod map;
mod sensitivity;
mod system;

pub use boundary::Boundary;
pub use classify::{Behaviour, Cell};
pub use healing::{EndedBy, Healing};
pub use hysteresis::{Hysteresis, LoadPass};
pub use known::{KnownCells, KnownMap};
pub use map::{Map, Stability, map};
pub use sensitivity::{Moved, Sensitivity, sensitivity};
pub use system::{StressedSystem, Trigger};
