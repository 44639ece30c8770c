//! Resilience4j in Spring Boot: `resilience4j.circuitbreaker`, `retry`, `bulkhead`,
//! `thread-pool-bulkhead`, `ratelimiter` and `timelimiter`, with the data source of the application.
//!
//! Each of these modules has `instances`, one for each callee, and may have `configs` that instances
//! build on. A `data_source` is a pool of connections to a database that a `database_url` names,
//! and written as one of `hikari`.

mod aspects;
mod data_source;
mod database_url;
mod exceptions;
mod export;
mod hikari;
mod import;
mod ranges;

use super::durations::DurationForm;
use super::format::{Reader, Writer};
use super::{ConfigurationFormat, Exporter, Importer, spring_boot};

pub(super) const FORMAT: ConfigurationFormat = ConfigurationFormat {
    name: "resilience4j",
    import: Some(Importer {
        files: "application.yml or application.properties of Spring Boot",
        looks_for: "the instances under `resilience4j:`, the data source under `spring:` and the threads of `server.tomcat`",
        documents: Reader::Profiles(spring_boot::documents),
        durations: DurationForm::SpringBoot,
        read: import::read,
    }),
    export: Some(Exporter {
        files: "application.yml of Spring Boot",
        is_for_proxies: false,
        writer: Writer::Yaml(|calls, remarks| vec![export::write(calls, remarks)]),
    }),
};

/// The modules in the order of Spring's aspects, the outermost first.
const MODULES: [&str; 6] =
    ["retry", "circuitbreaker", "ratelimiter", "timelimiter", "bulkhead", "thread-pool-bulkhead"];
