//! The data source of a Spring Boot application: the pool of `HikariCP` under `spring.datasource`, or that of r2dbc-pool
//! under `spring.r2dbc`, as the pool of its calls to the database.
//!
//! Both open more than they keep: a connection beyond the least number of idle ones closes when it has been idle for
//! some time, here when its call ends.

use std::sync::Arc;

use serde_json::{Map, Value};
use sim_core::SimDuration;

use super::database_url::{DatabaseUrl, bare};
use super::import::CONSEQUENCE;
use super::ranges;
use crate::formats::carried::{Carried, Origin};
use crate::formats::configuration::Configuration;
use crate::formats::durations::Length;
use crate::formats::section::Section;
use crate::formats::{Imported, ImportedCall, Remark};
use crate::scenario::Problem;

/// The defaults of `HikariCP` (`HikariConfig.java:52` and `:58` at 604d7d5); `minimumIdle` is as large as the pool
/// (line 1135).
const HIKARI_SIZE: u32 = 10;
const HIKARI_WAIT: SimDuration = SimDuration::from_secs(30);
/// The wait that `HikariCP` has in place of none (`HikariConfig.setConnectionTimeout`); longer ones differ in nothing.
const FOR_EVER: SimDuration = SimDuration::from_millis(i32::MAX as u64);
/// The data source that Spring Boot makes if no other `type` is set (`DataSourceConfiguration.Hikari`).
const HIKARI: &str = "com.zaxxer.hikari.HikariDataSource";

/// The defaults of r2dbc-pool (`ConnectionPoolConfiguration.java:247` and `:251` at 55f8f30), which Spring Boot's
/// `R2dbcProperties.Pool` repeats.
const R2DBC_SIZE: u32 = 10;
const R2DBC_RETRIES: u32 = 1;

/// Keys that tell a data source from sections of the application's own below the same key.
const JDBC_KEYS: [&str; 5] = ["url", "username", "password", "driver-class-name", "hikari"];
const R2DBC_KEYS: [&str; 4] = ["url", "username", "password", "pool"];

/// Adds the call to the database. With R2DBC, Spring Boot makes no JDBC data source (`DataSourceAutoConfiguration`).
pub(super) fn read(root: &Section<'_>, imported: &mut Imported) {
    let spring = root.section("spring");
    let (jdbc, r2dbc) = (spring.section("datasource"), spring.section("r2dbc"));
    if is_configured(&r2dbc, &R2DBC_KEYS) {
        read_r2dbc(&r2dbc, imported);
        if jdbc.is_there() {
            let text = "beside R2DBC, Spring Boot makes no JDBC data source";
            imported.assumptions.push(Remark::new(jdbc.path(), text));
        }
    } else if is_configured(&jdbc, &JDBC_KEYS)
        && !jdbc.has("jndi-name")
        && jdbc.peek("type").is_none_or(|kind| kind == HIKARI)
    {
        jdbc.text("type");
        read_hikari(&jdbc, imported);
    }
}

/// True if a section configures a data source. An empty one had placeholders without a value.
fn is_configured(source: &Section<'_>, keys: &[&str]) -> bool {
    let is_empty = source.written() == Some(Value::Object(Map::new()));
    is_empty || keys.iter().any(|key| source.has(key))
}

fn read_hikari(source: &Section<'_>, imported: &mut Imported) {
    let hikari = source.section("hikari");
    hikari.refuse(&ranges::HIKARI, CONSEQUENCE, &mut imported.problems);
    // What is bound to the pool itself comes last, and so counts.
    let own_url = hikari.has("jdbc-url").then_some((&hikari, "jdbc-url"));
    let address = Address::take(own_url.unwrap_or((source, "url")));
    let call = address.call_of(source, imported);
    address.remark_on_options(call);
    hikari.note_opened();
    hide_passwords(&[source, &hikari], call);
    let about = |key: &str| format!("{}.{key}", hikari.path());
    let max = size_of(&hikari, "maximum-pool-size", HIKARI_SIZE, &about, call);
    let idle = hikari.count("minimum-idle");
    match idle {
        None => call.assume(about("minimum-idle"), "not set, and the default is the size of the pool"),
        Some(idle) if idle > max => {
            call.assume(about("minimum-idle"), format!("{idle}, which is cut to {max}"));
        }
        Some(idle) if idle < max => call.assume(
            about("minimum-idle"),
            format!(
                "a connection beyond {idle} idle ones closes after its call; HikariCP closes it when it has been idle \
                 for `idle-timeout`, by default 10m"
            ),
        ),
        Some(_) => {}
    }
    let wait = match hikari.span("connection-timeout") {
        None => {
            let text = format!("not set, and the default is {HIKARI_WAIT}");
            call.assume(about("connection-timeout"), text);
            Some(HIKARI_WAIT.into())
        }
        Some(wait) if wait.is_zero() || wait >= FOR_EVER.into() => {
            call.assume(about("connection-timeout"), format!("{wait}, which is no limit"));
            None
        }
        wait => wait,
    };
    let of = |key: &str| hikari.origin(key);
    set_pool(
        call,
        Pool {
            max: Carried::from(max).made_of(of("maximum-pool-size")),
            idle: idle.map(|idle| Carried::from(idle.min(max)).made_of(of("minimum-idle"))),
            queue: None,
            wait: wait
                .map(|wait| Carried::from(wait.to_string()).made_of(of("connection-timeout"))),
        },
    );
}

fn read_r2dbc(source: &Section<'_>, imported: &mut Imported) {
    let properties = source.section("pool");
    if properties.flag("enabled") == Some(false) {
        let about = format!("{}.enabled", properties.path());
        let text = "false: each query opens a connection, and there is no pool";
        imported.remarks.push(Remark::new(about, text));
        return;
    }
    let address = Address::take((source, "url"));
    let is_in_url = address.url.contains(":pool:");
    if is_in_url && properties.is_there() {
        // `ConnectionFactoryConfigurations.PooledConnectionFactoryCondition`
        let message = format!("`{}` beside a url with `:pool:`", properties.path());
        let problem = Problem::error(message, source.place("pool")).with_help(CONSEQUENCE);
        imported.problems.push(problem);
    }
    let mut problems = Vec::new();
    let call = address.call_of(source, imported);
    hide_passwords(&[source], call);
    if is_in_url {
        read_options(&address, call, &mut problems);
        // An option has no place of its own.
        for problem in &mut problems {
            problem.at = source.place("url");
        }
    } else {
        address.remark_on_options(call);
        properties.note_opened();
        let about = |key: &str| format!("{}.{key}", properties.path());
        read_r2dbc_pool(&properties, R2DBC_SIZE, &about, call, &mut problems);
    }
    imported.problems.extend(problems);
}

/// Reads the pool from the options of an address. Without its own defaults the library starts with a full pool, up to
/// ten connections (`ConnectionPoolConfiguration.Builder.applyDefaults`).
fn read_options(address: &Address, call: &mut ImportedCall, problems: &mut Vec<Problem>) {
    let value = |(key, value): (&str, &str)| (key.to_owned(), Value::from(value));
    let options = DatabaseUrl::parse(&address.url).options.into_iter().map(value).collect();
    let options = Value::Object(options);
    let options = Configuration::new(&options);
    let pool = options.root();
    let initial = pool.count("max-size").map_or(R2DBC_SIZE, |max| max.min(R2DBC_SIZE));
    let about = |key: &str| format!("{}?{key}", address.about);
    read_r2dbc_pool(&pool, initial, &about, call, problems);
    for (_, Remark { about: option, text }) in options.unread() {
        call.remark(about(&option), shown(&option, &text));
    }
}

/// Reads r2dbc-pool's settings. `initial` is the number of connections that it starts with if nothing is said.
fn read_r2dbc_pool(
    pool: &Section<'_>,
    initial: u32,
    about: &dyn Fn(&str) -> String,
    call: &mut ImportedCall,
    problems: &mut Vec<Problem>,
) {
    pool.refuse(&ranges::R2DBC_POOL, CONSEQUENCE, problems);
    let max = size_of(pool, "max-size", R2DBC_SIZE, about, call);
    let written = pool.count("initial-size");
    if written.is_none() {
        call.assume(about("initial-size"), format!("not set, and the default is {initial}"));
    }
    // The least number of connections that reactor-pool keeps (`ConnectionPool.createConnectionPool`).
    let mut idle = written.unwrap_or(initial);
    if let Some(least) = pool.count("min-idle") {
        idle = idle.max(least);
        let text = format!("{least}; the pool keeps the larger of it and `initial-size`, {idle}");
        call.assume(about("min-idle"), text);
    }
    if idle > max {
        // `ConnectionPoolConfiguration.Builder.validate`, and `SizeBasedAllocationStrategy` of reactor-pool.
        let text = format!(
            "`{}` is {max}, and `initial-size` or `min-idle` {idle}: set all of them",
            about("max-size")
        );
        problems.push(Problem::error(text, pool.place("max-size")).with_help(CONSEQUENCE));
    } else if idle < max {
        call.assume(
            about("initial-size"),
            format!(
                "a connection beyond {idle} idle ones closes after its call; r2dbc-pool closes it when it has been \
                 idle for `max-idle-time`, by default 30m"
            ),
        );
    }
    let (wait, queue) = read_acquire_time(pool, about, call);
    let of = |keys: &[&str]| -> Vec<Arc<Origin>> {
        let named = |key: &&str| {
            let origin = Origin::clone(&*pool.origin(key)?);
            Some(Arc::new(Origin { about: about(key), ..origin }))
        };
        keys.iter().filter_map(named).collect()
    };
    let times = of(&["max-acquire-time", "acquire-retry"]);
    set_pool(
        call,
        Pool {
            max: Carried::from(max).made_of(of(&["max-size"])),
            idle: Some(Carried::from(idle).made_of(of(&["initial-size", "min-idle"]))),
            queue: queue.map(|queue| Carried::from(queue).made_of(of(&["max-acquire-time"]))),
            wait: wait.map(|wait| Carried::from(wait.to_string()).made_of(times)),
        },
    );
}

/// The longest wait for a connection and the number of calls that may wait. The pool asks again when a wait is over
/// (`create.retry(acquireRetry)` in `ConnectionPool.java`).
fn read_acquire_time(
    pool: &Section<'_>,
    about: &dyn Fn(&str) -> String,
    call: &mut ImportedCall,
) -> (Option<Length>, Option<u32>) {
    let key = "max-acquire-time";
    let Some((is_negative, span)) =
        pool.take_as(key, |value| pool.duration_form().parse_signed(value))
    else {
        call.assume(about(key), "not set, and by default there is no limit");
        return (None, None);
    };
    if is_negative || span >= FOR_EVER.into() {
        let sign = if is_negative { "-" } else { "" };
        call.assume(about(key), format!("{sign}{span}, which is no limit"));
        return (None, None);
    }
    if span.is_zero() {
        call.assume(about(key), "0s, so no call waits");
        return (None, Some(0));
    }
    let retries = pool.count("acquire-retry");
    let times = u64::from(retries.unwrap_or(R2DBC_RETRIES)) + 1;
    let default = if retries.is_some() { "" } else { "not set, and the default is " };
    call.assume(
        about("acquire-retry"),
        format!(
            "{default}{}: a call waits {times} times for {span}, here without a new place in the queue",
            times - 1
        ),
    );
    (Some(span.times(times)), None)
}

/// The address of a database.
struct Address {
    /// The path of its key.
    about: String,
    /// The address as it is written; empty if none is.
    url: String,
}

impl Address {
    fn take((section, key): (&Section<'_>, &str)) -> Self {
        let url = section.text(key).unwrap_or_default();
        Self { about: format!("{}.{key}", section.path()), url }
    }

    /// The call to the database, to which the data source belongs.
    fn call_of<'i>(
        &self,
        source: &Section<'_>,
        imported: &'i mut Imported,
    ) -> &'i mut ImportedCall {
        let name = DatabaseUrl::parse(&self.url).name();
        let number = imported.number_of(&name);
        source.belongs_to(number);
        source.note_opened();
        let call = &mut imported.calls[number];
        let subject = match &self.url {
            url if url.is_empty() => "not set, and the database is called".to_owned(),
            url => format!("{} is the database", bare(url)),
        };
        call.assume(self.about.clone(), format!("{subject} {name}"));
        call.assume(
            source.path(),
            "each query has a connection to itself, and a new one takes no time: see `handshake`, and `hold` for code \
             that keeps one over several steps",
        );
        call
    }

    /// Adds a remark on each option.
    fn remark_on_options(&self, call: &mut ImportedCall) {
        for (option, value) in DatabaseUrl::parse(&self.url).options {
            call.remark(format!("{}?{option}", self.about), shown(option, value));
        }
    }
}

/// The words in place of a password: scenarios are for everybody.
const HIDDEN: &str = "not shown";

/// The value of an option, unless it is a password.
fn shown<'v>(option: &str, value: &'v str) -> &'v str {
    if option.to_lowercase().contains("password") { HIDDEN } else { value }
}

/// Passwords have a remark without their value.
fn hide_passwords(sections: &[&Section<'_>], call: &mut ImportedCall) {
    for section in sections {
        if section.take("password").is_some() {
            call.remark(format!("{}.password", section.path()), HIDDEN);
        }
    }
}

/// The size of a pool, with a note if it is the default.
fn size_of(
    pool: &Section<'_>,
    key: &str,
    default: u32,
    about: &dyn Fn(&str) -> String,
    call: &mut ImportedCall,
) -> u32 {
    pool.count(key).unwrap_or_else(|| {
        call.assume(about(key), format!("not set, and the default is {default}"));
        default
    })
}

/// The pool of a call.
struct Pool {
    max: Carried,
    idle: Option<Carried>,
    queue: Option<Carried>,
    wait: Option<Carried>,
}

/// Sets the pool of a call, inside the guards that Resilience4j's aspects put around it.
fn set_pool(call: &mut ImportedCall, pool: Pool) {
    let Pool { max, idle, queue, wait } = pool;
    let pool =
        Carried::map([("max", Some(max)), ("idle", idle), ("queue", queue), ("max wait", wait)]);
    if call.carried.guards.is_empty() {
        call.set("pool", Some(pool));
    } else {
        call.guard("pool", pool);
    }
}
