//! Sentences and conditions whose names are resolved: expectations, alerts, limits, figures to measure.

mod alerts;
mod claims;
mod expectations;
mod figures;
mod occurrences;
mod readings;
mod resolver;
mod targets;
mod windows;

pub(crate) use alerts::{Alert, compile_alerts, compile_condition};
pub(crate) use expectations::{ExpectationSection, compile_expectations};
pub(crate) use resolver::{Place, Resolver};
