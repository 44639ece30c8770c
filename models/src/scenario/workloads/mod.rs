//! Workloads: sources of requests, and the actions of clients.

mod arrivals;
mod client;
mod users;
mod workload;

pub(crate) use workload::{SourceSection, Workload, compile_workloads};
