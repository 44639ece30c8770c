//! Workloads: sources of requests and what clients do.

mod arrivals;
mod client;
mod users;
mod workload;

pub(crate) use workload::{SourceSection, Workload, compile_workloads};
