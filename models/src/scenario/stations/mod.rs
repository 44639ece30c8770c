//! Services, databases and caches: their instances, pools and places.

mod admission;
mod autoscale;
mod cache;
mod contention;
mod database;
mod handlers;
mod host;
mod memory;
mod pools;
mod process;
mod regions;
mod resource;
mod service;
mod slots;

pub(crate) use cache::Cache;
pub(crate) use database::Database;
pub(crate) use handlers::compile_handlers;
pub(crate) use host::Host;
pub(crate) use pools::compile as compile_stations;
pub(crate) use process::probe_edge;
pub(crate) use regions::compile_regions;
pub(crate) use service::Service;
