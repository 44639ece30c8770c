//! Workloads: sources of requests, and the actions of clients.

mod arrivals;
mod client;
mod sessions;
mod users;
mod workload;

pub(crate) use workload::{Workload, compile_workloads};
