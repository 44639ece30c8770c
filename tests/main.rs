//! Fusebox seen from outside: theory, measured systems, determinism, conservation, the story each
//! scenario tells.
//!
//! One binary with a module for each subject; what a module reads lies in the folder of its name,
//! and all snapshots lie in `snapshots/`. `running` loads and runs scenarios for all of them. What
//! the commands print is tested by the binary in `cli/`, which belongs to the package `fusebox`.
#![forbid(unsafe_code)]

mod accounting;
mod admission;
mod architecture;
mod autoscaling;
mod balancing;
mod caches;
mod combinations;
mod company;
mod conformance;
mod contention;
mod contributing;
mod determinism;
mod diagnostics;
mod edge_cases;
mod editing;
mod elements;
mod expectations;
mod exports;
mod exports_edges;
mod exports_exceptions;
mod exports_gobreaker;
mod exports_polly;
mod exports_settings;
mod fallbacks;
mod fault_steps;
mod field;
mod guard_diagnostics;
mod guards;
mod guards_of_libraries;
mod hostile;
mod identity;
mod idle;
mod import;
mod import_data_source;
mod import_extremes;
mod import_policies;
mod import_polly;
mod import_proxies;
mod import_ranges;
mod import_silence;
mod independent;
mod journals;
mod kept_connections;
mod limits;
mod links;
mod named_guards;
mod operators;
mod outages;
mod periods;
mod presets;
mod processes;
mod proxies;
mod queue_reference;
mod queues;
mod reach;
mod real_outages;
mod recommendations;
mod recommendations_applied;
mod recommendations_report;
mod regions;
mod reported;
mod running;
mod scenarios;
mod schema;
mod semantics;
mod sending;
mod sessions;
mod simultaneity;
mod slow_start;
mod stability;
mod stability_sentences;
mod stories;
mod sweeps;
mod theory;
mod through;
mod triggers;
mod twice_written;
mod untrusted;
