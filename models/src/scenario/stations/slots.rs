//! Threads, asynchronous slots and connections, and the queue in front of them: written in full, or,
//! with `preset`, as a server or a pool has them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sim_core::SimDuration;

use crate::language::distribution::DurationPhrase;
use crate::language::quantity::Duration;
use crate::language::tree::Value;
use crate::language::{
    Decode, Found, HasShortForm, Location, Placed, Problems, Short, one_of, schema_of, section,
};
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;
use crate::system::{Deadline, PoolKind, PoolPlan, UNLIMITED};

section! {
    /// Slots and the queue in front of them.
    pub(crate) struct Slots {
        .. => kind: SlotsKind,
    }
}

one_of! {
    /// Slots and the queue in front of them.
    pub(crate) enum SlotsKind("pool") by "preset" or "" {
        /// Written in full.
        "" => Own(OwnSlots),
        /// The threads of Tomcat's NIO connector.
        "tomcat" => Tomcat(Tomcat),
        /// The event loops of Netty, which a handler must not block.
        "netty" => Netty(Netty),
        /// The workers of gunicorn.
        "gunicorn" => Gunicorn(Gunicorn),
        /// The processes of uWSGI.
        "uwsgi" => Uwsgi(Uwsgi),
        /// The connections of a `HikariDataSource`.
        "hikari" => Hikari(Hikari),
    }
}

section! {
    /// Slots and the queue in front of them, written in full.
    pub(crate) struct OwnSlots {
        /// The number of slots, such as `50`.
        "max" => max: Placed<u32>,
        /// The most requests that may wait for one; no limit if left out.
        "queue" => queue: Option<u32>,
        /// The time that a request may wait for one; no limit if left out.
        "max wait" => max_wait: Option<Placed<DurationPhrase>>,
    }
}

section! {
    /// Tomcat's connector, under the names of its `server.xml`.
    pub(crate) struct Tomcat {
        /// The most threads that handle requests; 200 if left out.
        "maxThreads" => max_threads: Option<Placed<u32>>,
        /// The most connections, those that wait for a thread included; 8192 if left out.
        "maxConnections" => max_connections: Option<Placed<u32>>,
        /// Connections beyond that which the operating system keeps waiting; 100 if left out.
        "acceptCount" => accept_count: Option<Placed<u32>>,
    }
}

section! {
    /// Netty's event loops.
    pub(crate) struct Netty {
        /// The number of loops; 8 if left out, twice the processors of a machine with four.
        "eventLoopThreads" => threads: Option<Placed<u32>>,
    }
}

section! {
    /// gunicorn's workers, under the names of its settings.
    pub(crate) struct Gunicorn {
        /// Processes; 1 if left out.
        "workers" => workers: Option<Placed<u32>>,
        /// Threads of each; 1 if left out.
        "threads" => threads: Option<Placed<u32>>,
        /// Connections that wait; 2048 if left out.
        "backlog" => backlog: Option<u32>,
    }
}

section! {
    /// uWSGI's processes, under the names of its options.
    pub(crate) struct Uwsgi {
        /// Processes; 1 if left out.
        "processes" => processes: Option<Placed<u32>>,
        /// Threads of each; 1 if left out.
        "threads" => threads: Option<Placed<u32>>,
        /// Connections that wait; 100 if left out.
        "listen" => listen: Option<u32>,
    }
}

section! {
    /// `HikariCP`'s pool, under the names of its properties.
    pub(crate) struct Hikari {
        /// The most connections; 10 if left out.
        "maximumPoolSize" => maximum_pool_size: Option<Placed<u32>>,
        /// The time that a caller waits for a connection, in milliseconds or with a unit; 30 s if
        /// left out, and no limit if 0.
        "connectionTimeout" => connection_timeout: Option<Placed<Millis>>,
    }
}

impl HasShortForm for Slots {
    const KEY: &'static str = "max";
    type Value = u32;
}

/// A duration that may be written as a bare number of milliseconds, as in Java.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Millis(SimDuration);

impl Decode for Millis {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match found.node.value {
            Value::Integer(_) => {
                u32::decode(found, problems).map(|it| Self(SimDuration::from_millis(it.into())))
            }
            _ => Duration::decode(found, problems).map(|it| Self(it.0)),
        }
    }
}

impl JsonSchema for Millis {
    fn schema_name() -> Cow<'static, str> {
        "Millis".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (number, span) = (schema_of::<u32>(generator), schema_of::<Duration>(generator));
        json_schema!({ "anyOf": [number, span] })
    }
}

/// The defaults of the servers and pools, from their sources: Tomcat 11
/// (`AbstractEndpoint`: `maxThreads`, `maxConnections`, `acceptCount`), Netty 4
/// (`MultithreadEventLoopGroup`), gunicorn 23 (`config.py`), uWSGI 2 (`core/uwsgi.c`), `HikariCP` 6
/// (`HikariConfig`: `DEFAULT_POOL_SIZE`, `CONNECTION_TIMEOUT`).
mod library {
    use sim_core::SimDuration;

    pub const TOMCAT: [u32; 3] = [200, 8_192, 100];
    pub const NETTY_LOOPS: u32 = 8;
    pub const GUNICORN_BACKLOG: u32 = 2_048;
    pub const UWSGI_LISTEN: u32 = 100;
    pub const HIKARI_POOL: u32 = 10;
    pub const HIKARI_TIMEOUT: SimDuration = SimDuration::from_secs(30);
    pub const HIKARI_LEAST_TIMEOUT: SimDuration = SimDuration::from_millis(250);
    pub const HIKARI_NO_TIMEOUT: SimDuration = SimDuration::from_millis(i32::MAX as u64);
}

/// The time that `HikariCP` waits for a connection (`HikariConfig.setConnectionTimeout`): zero is as
/// good as for ever, and it does not start with less than a quarter of a second.
fn hikari_wait(written: &Placed<Millis>, problems: &mut Problems) -> SimDuration {
    if written.0.is_zero() {
        return library::HIKARI_NO_TIMEOUT;
    }
    if written.0 < library::HIKARI_LEAST_TIMEOUT {
        let message =
            format!("HikariCP does not start with a `connectionTimeout` of {}", written.0);
        problems.warning(
            written.at(),
            message,
            "write at least 250ms, or 0 to wait as long as it takes",
        );
    }
    written.0
}

/// The pool of the slots; one without limits if nothing is written.
pub(super) fn compile(
    slots: Option<&Short<Slots>>,
    owner: &str,
    kind: PoolKind,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> PoolPlan {
    let unlimited = PoolPlan::unlimited(owner, kind);
    let Some(slots) = slots else { return unlimited };
    let (capacity, queue_limit, wait_deadline) = slots.kind.limits(kind, names, plan, problems);
    PoolPlan { capacity, core: capacity, queue_limit, wait_deadline, ..unlimited }
}

/// The product of two numbers of at least 1, which is what each is if left out.
fn product(parts: [&Option<Placed<u32>>; 2], what: &str, problems: &mut Problems) -> u32 {
    let factors = parts.map(|part| u64::from(problems.at_least_one(part.as_ref(), 1, what)));
    in_all(factors[0] * factors[1], what, parts, problems)
}

/// A number that is made of several, or a problem if it is too large.
fn in_all(
    number: u64,
    what: &str,
    parts: [&Option<Placed<u32>>; 2],
    problems: &mut Problems,
) -> u32 {
    let written = parts.into_iter().flatten().next();
    let at = written.map_or_else(Location::default, Placed::at);
    let fits = problems.may_have(number, u64::from(UNLIMITED) - 1, what, at);
    if fits { number as u32 } else { 1 }
}

impl SlotsKind {
    /// The number of slots, the places in the queue, and the id of the longest wait.
    fn limits(
        &self,
        kind: PoolKind,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> (u32, u32, Option<Deadline>) {
        let noun = kind.name();
        let mut at_least_one = |written: &Option<Placed<u32>>, default| {
            problems.at_least_one(written.as_ref(), default, noun)
        };
        match self {
            Self::Own(slots) => {
                let capacity = problems.at_least_one(Some(&slots.max), 1, noun);
                let deadline = plan.deadline(slots.max_wait.as_ref(), names, problems);
                (capacity, slots.queue.unwrap_or(UNLIMITED), deadline)
            }
            Self::Tomcat(tomcat) => {
                let [threads, connections, accepted] = library::TOMCAT;
                let threads = at_least_one(&tomcat.max_threads, threads);
                let parts = [&tomcat.max_connections, &tomcat.accept_count];
                let connections = parts[0].as_ref().map_or(connections, |written| **written);
                let accepted = parts[1].as_ref().map_or(accepted, |written| **written);
                let waiting = u64::from(connections.saturating_sub(threads)) + u64::from(accepted);
                (threads, in_all(waiting, "places in the queue", parts, problems), None)
            }
            Self::Netty(netty) => {
                (at_least_one(&netty.threads, library::NETTY_LOOPS), UNLIMITED, None)
            }
            Self::Gunicorn(gunicorn) => {
                let threads = product([&gunicorn.workers, &gunicorn.threads], noun, problems);
                (threads, gunicorn.backlog.unwrap_or(library::GUNICORN_BACKLOG), None)
            }
            Self::Uwsgi(uwsgi) => {
                let threads = product([&uwsgi.processes, &uwsgi.threads], noun, problems);
                (threads, uwsgi.listen.unwrap_or(library::UWSGI_LISTEN), None)
            }
            Self::Hikari(hikari) => {
                let capacity = at_least_one(&hikari.maximum_pool_size, library::HIKARI_POOL);
                let timeout = hikari.connection_timeout.as_ref();
                let at = timeout.map_or_else(Default::default, Placed::at);
                let span = timeout
                    .map_or(library::HIKARI_TIMEOUT, |timeout| hikari_wait(timeout, problems));
                let span = Placed::new(DurationPhrase::from(Duration(span)), at);
                (capacity, UNLIMITED, plan.deadline(Some(&span), names, problems))
            }
        }
    }
}
