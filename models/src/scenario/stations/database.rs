//! Databases: connections, and how long queries take.

use super::contention::ContentionSection;
use super::slots::Slots;
use crate::language::distribution::DurationPhrase;
use crate::language::{Named, Placed, Problems, Short, section};
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;
use crate::steps::{Op, handler};

section! {
    /// A database behind a pool of connections.
    pub(crate) struct Database {
        /// The number of instances; 1 if left out.
        "instances" => instances: Option<Placed<u32>>,
        /// Queries that each instance works on at a time, with a queue in front; not limited if
        /// left out.
        "connections" => connections: Option<Short<Slots>>,
        /// The most connections that its callers may have open at each instance, idle ones included;
        /// one more is refused. Not limited if left out.
        "max connections" => max_connections: Option<Placed<u32>>,
        /// The time that a query takes, such as `exponential 5ms`.
        "query" => query: Option<Placed<DurationPhrase>>,
        /// Further kinds of query, called as `database.kind`.
        "queries" => queries: Named<DurationPhrase>,
        /// The growth of its queries with its load; none if left out.
        "contention" => contention: Option<Placed<ContentionSection>>,
    }
}

/// Compiles the queries of a database: a query is one step of work.
pub(crate) fn compile_queries(
    name: &str,
    database: &Placed<Database>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let Some(station) = names.find_station(name) else { return };
    if database.query.is_none() && database.queries.is_empty() && database.is_whole() {
        let message = format!("`{name}` has no `query`: how long does one take?");
        problems.error(database.key(), message, "write `query: exponential 5ms`");
    }
    let unnamed = database.query.iter().map(|query| ("", query));
    let named = database.queries.iter().map(|(kind, query)| (kind.as_str(), query));
    for (kind, query) in unnamed.chain(named) {
        handler(station.id, kind, query.key(), plan, problems, |plan, problems| {
            let distribution = plan.distribution(query, names, problems);
            plan.push(Op::Work(distribution));
        });
    }
}
