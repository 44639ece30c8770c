//! Instances of Resilience4j as guards, with the threads that Spring Boot gives the application.

use serde_json::Value;

use super::exceptions::EXCEPTIONS;
use super::{data_source, ranges};
use crate::OutcomeSet;
use crate::formats::carried::Carried;
use crate::formats::configuration::Configuration;
use crate::formats::ranges::Rule;
use crate::formats::section::Section;
use crate::formats::values::{names_of, service_name};
use crate::formats::{Imported, ImportedCall, Remark};
use crate::language::Problem;

/// A module of Resilience4j.
struct Module {
    /// Its section.
    name: &'static str,
    /// The key of the order of its aspect, and the section that has it.
    aspect: (&'static str, &'static str),
    /// Its place below the innermost aspect if nothing is said: `Ordered.LOWEST_PRECEDENCE` less
    /// this (`RetryConfigurationProperties` and its like at af9e7c9).
    before_the_last: i64,
    /// The ranges of its settings.
    ranges: &'static [Rule],
    /// The guard that an instance of it makes.
    guard: fn(&Layers<'_>, &mut ImportedCall) -> (&'static str, Carried),
}

/// The modules, the outermost first, as Spring orders their aspects.
const MODULES: [Module; 6] = [
    Module {
        name: "retry",
        aspect: ("retry", "retryAspectOrder"),
        before_the_last: 4,
        ranges: &ranges::RETRY,
        guard: retry,
    },
    Module {
        name: "circuitbreaker",
        aspect: ("circuitbreaker", "circuitBreakerAspectOrder"),
        before_the_last: 3,
        ranges: &ranges::CIRCUIT_BREAKER,
        guard: breaker,
    },
    Module {
        name: "ratelimiter",
        aspect: ("ratelimiter", "rateLimiterAspectOrder"),
        before_the_last: 2,
        ranges: &ranges::RATE_LIMITER,
        guard: rate_limit,
    },
    Module {
        name: "timelimiter",
        aspect: ("timelimiter", "timeLimiterAspectOrder"),
        before_the_last: 1,
        ranges: &ranges::TIME_LIMITER,
        guard: time_limit,
    },
    Module {
        name: "bulkhead",
        aspect: ("bulkhead", "bulkheadAspectOrder"),
        before_the_last: 0,
        ranges: &ranges::BULKHEAD,
        guard: semaphore,
    },
    Module {
        name: "thread-pool-bulkhead",
        aspect: ("bulkhead", "bulkheadAspectOrder"),
        before_the_last: 0,
        ranges: &ranges::THREAD_POOL,
        guard: thread_pool,
    },
];

/// The kind of a value, with the range that the library takes.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number(f64, f64),
    Duration,
    Flag,
}

/// Any number from one.
const FROM_ONE: Kind = Kind::Number(1.0, f64::INFINITY);
/// A percentage above zero.
const PERCENT: Kind = Kind::Number(f64::MIN_POSITIVE, 100.0);

/// The effect of a value outside its range.
pub(super) const CONSEQUENCE: &str = "the application would not start with it";

const BREAKER_KEYS: [(&str, Kind); 15] = [
    ("slidingWindowType", Kind::Text),
    ("slidingWindowSize", FROM_ONE),
    ("minimumNumberOfCalls", FROM_ONE),
    ("failureRateThreshold", PERCENT),
    ("slowCallRateThreshold", PERCENT),
    ("slowCallDurationThreshold", Kind::Duration),
    ("permittedNumberOfCallsInHalfOpenState", FROM_ONE),
    ("waitDurationInOpenState", Kind::Duration),
    ("enableExponentialBackoff", Kind::Flag),
    ("exponentialBackoffMultiplier", FROM_ONE),
    ("exponentialMaxWaitDurationInOpenState", Kind::Duration),
    ("enableRandomizedWait", Kind::Flag),
    ("randomizedWaitFactor", Kind::Number(0.0, 0.999_999)),
    ("maxWaitDurationInHalfOpenState", Kind::Duration),
    ("automaticTransitionFromOpenToHalfOpenEnabled", Kind::Flag),
];

const RETRY_KEYS: [(&str, Kind); 7] = [
    ("maxAttempts", FROM_ONE),
    ("waitDuration", Kind::Duration),
    ("enableExponentialBackoff", Kind::Flag),
    ("exponentialBackoffMultiplier", FROM_ONE),
    ("exponentialMaxWaitDuration", Kind::Duration),
    ("enableRandomizedWait", Kind::Flag),
    ("randomizedWaitFactor", Kind::Number(0.0, 0.999_999)),
];

const RATE_LIMIT_KEYS: [(&str, Kind); 3] = [
    ("limitForPeriod", FROM_ONE),
    ("limitRefreshPeriod", Kind::Duration),
    ("timeoutDuration", Kind::Duration),
];

const SEMAPHORE_KEYS: [(&str, Kind); 2] =
    [("maxConcurrentCalls", FROM_ONE), ("maxWaitDuration", Kind::Duration)];

const THREAD_POOL_KEYS: [(&str, Kind); 3] = [
    ("maxThreadPoolSize", FROM_ONE),
    ("coreThreadPoolSize", FROM_ONE),
    ("queueCapacity", Kind::Number(0.0, f64::INFINITY)),
];

pub(super) fn read(configuration: &Configuration<'_>, imported: &mut Imported) {
    let root = configuration.root();
    let library = root.section("resilience4j");
    let mut guards: Vec<(usize, i64, &'static str, Carried)> = Vec::new();
    for module in &MODULES {
        let order = order_of(module, &library, imported);
        let settings = library.section(module.name);
        for part in ["configs", "instances", "backends"] {
            for (_, section) in settings.section(part).named() {
                section.refuse(module.ranges, CONSEQUENCE, &mut imported.problems);
            }
        }
        for instances in ["instances", "backends"] {
            for (name, instance) in settings.section(instances).named() {
                let number = number_of(name, imported);
                instance.belongs_to(number);
                instance.note_opened();
                let layers = Layers::of(name, instance, &settings, module, imported);
                layers.refuse_together(module, &mut imported.problems);
                let (key, value) = (module.guard)(&layers, &mut imported.calls[number]);
                guards.push((number, order, key, value));
            }
        }
    }
    guards.sort_by_key(|(_, order, ..)| *order);
    for (number, _, key, value) in guards {
        imported.calls[number].guard(key, value);
    }
    root.refuse(&ranges::SERVER, CONSEQUENCE, &mut imported.problems);
    read_server(&root, imported);
    data_source::read(&root, imported);
}

/// The order of a module's aspect, the lowest outermost. Where it is set, a comment says so, for
/// only its place among the others shows in the guards.
fn order_of(module: &Module, library: &Section<'_>, imported: &mut Imported) -> i64 {
    let (section, key) = module.aspect;
    let section = library.section(section);
    let Some(order) = section.take_as(key, whole) else {
        return i64::from(i32::MAX) - module.before_the_last;
    };
    let assumption = Remark::new(
        format!("{}.{key}", section.path()),
        format!("{order}; the guards of each call are in this order"),
    );
    if !imported.assumptions.contains(&assumption) {
        imported.assumptions.push(assumption);
    }
    order
}

/// The subject of an assumption about the name of an instance, which follows it.
const INSTANCE: &str = "the instance";

/// The number of the call of an instance. A name that no service can have is changed, so that it is
/// no other's.
fn number_of(name: &str, imported: &mut Imported) -> usize {
    let about = format!("{INSTANCE} {name}");
    let is_own = |call: &ImportedCall| call.assumptions.iter().any(|it| it.about == about);
    if let Some(number) = imported.calls.iter().position(is_own) {
        return number;
    }
    let plain = service_name(name);
    let is_renamed =
        |call: &ImportedCall| call.assumptions.iter().any(|it| it.about.starts_with(INSTANCE));
    let is_taken = |callee: &str| {
        let others = imported.calls.iter().filter(|call| plain != name || is_renamed(call));
        others.filter(|call| call.callee == callee).count() > 0
    };
    let numbered = (2..).map(|place| format!("{plain}-{place}"));
    let mut names = std::iter::once(plain.clone()).chain(numbered);
    let callee = names.find(|callee| !is_taken(callee)).unwrap_or_default();
    let number = imported.number_of(&callee);
    if callee != name {
        imported.calls[number].assume(about, format!("is the callee {callee}"));
    }
    number
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The threads of the embedded server. A number of zero or less leaves Tomcat's default as it is (`isPositive` in
/// Spring Boot's `TomcatWebServerFactoryCustomizer`).
fn read_server(root: &Section<'_>, imported: &mut Imported) {
    let positive = |section: &Section<'_>, key| {
        section.carry(key, |value| whole(value).filter(|number| *number > 0))
    };
    let tomcat = root.section("server").section("tomcat");
    let threads = Carried::map([
        (
            "maxThreads",
            positive(&tomcat.section("threads"), "max").or_else(|| positive(&tomcat, "maxThreads")),
        ),
        ("maxConnections", positive(&tomcat, "maxConnections")),
        ("acceptCount", positive(&tomcat, "acceptCount")),
    ]);
    if let Some(threads) = threads.unless_empty() {
        imported.carried.set("threads", with_preset("tomcat", threads));
    }
}

fn with_preset(preset: &str, settings: Carried) -> Carried {
    let mut entries = Carried::map([("preset", Some(preset.into()))]);
    entries.merge(settings);
    entries
}

/// An instance and the configurations that it builds on, the nearest first.
struct Layers<'a> {
    sections: Vec<Section<'a>>,
}

impl<'a> Layers<'a> {
    /// Follows `baseConfig` from an instance. What names no base builds on `default`, except that
    /// the base of a circuit breaker stands alone
    /// (`CommonCircuitBreakerConfigurationProperties.createDirectConfig` at af9e7c9).
    fn of(
        name: &str,
        instance: Section<'a>,
        settings: &Section<'a>,
        module: &Module,
        imported: &mut Imported,
    ) -> Self {
        let configs = settings.section("configs");
        let config = |name: &str| {
            let found = configs.named().into_iter().find(|(known, _)| *known == name);
            found.map(|(_, section)| section)
        };
        let is_breaker = module.name == "circuitbreaker";
        let mut sections = vec![instance];
        let mut names = vec![String::new()];
        loop {
            let nearest = &sections[sections.len() - 1];
            let base = nearest.text("baseConfig").filter(|base| !base.is_empty());
            let is_instance = sections.len() == 1;
            let next = match base {
                Some(base) => base,
                None if is_instance && is_breaker && config(name).is_some() => name.to_owned(),
                None if is_breaker && !is_instance => break,
                None if names.last().is_some_and(|last| last == "default") => break,
                None if config("default").is_some() => "default".to_owned(),
                None => break,
            };
            if names.contains(&next) {
                let message = format!("{}: `{next}` builds on itself", nearest.path());
                imported.problems.push(
                    Problem::error(message, nearest.place("baseConfig"))
                        .with_help("let the chain of `baseConfig` end"),
                );
                break;
            }
            let Some(section) = config(&next) else {
                let message = format!("{}: there is no configuration `{next}`", nearest.path());
                let known: Vec<&str> = configs.named().into_iter().map(|(name, _)| name).collect();
                let help = if known.is_empty() {
                    format!("write it under `resilience4j.{}.configs`", module.name)
                } else {
                    format!("known configurations: {}", known.join(", "))
                };
                let at = nearest.place("baseConfig");
                imported.problems.push(Problem::error(message, at).with_help(help));
                break;
            };
            names.push(next);
            sections.push(section);
        }
        Self { sections }
    }

    /// The value of the nearest layer that has a key.
    fn read<T>(&self, key: &str, read: impl Fn(&Section<'a>, &str) -> Option<T>) -> Option<T> {
        let section = self.sections.iter().find(|section| section.has(key))?;
        read(section, key)
    }

    /// Adds an error for settings that the library refuses together: more core threads than threads
    /// (`ThreadPoolBulkheadConfig.java:258`), and a breaker's wait that grows and is randomized
    /// (`CommonCircuitBreakerConfigurationProperties.java:113`).
    fn refuse_together(&self, module: &Module, problems: &mut Vec<Problem>) {
        let with = |key: &str| self.sections.iter().find(|section| section.has(key));
        let number = |key: &str| whole(with(key)?.peek(key)?);
        let is_on = |key: &str| with(key)?.flag(key);
        let mut refuse = |key: &str, message: String| {
            let place = with(key).and_then(|section| section.place(key));
            problems.push(Problem::error(message, place).with_help(CONSEQUENCE));
        };
        let path = self.sections[0].path();
        if let ("thread-pool-bulkhead", Some(core), Some(most)) =
            (module.name, number("coreThreadPoolSize"), number("maxThreadPoolSize"))
            && core > most
            && most > 0
        {
            let message = format!("{path}: {core} core threads are more than {most} in all");
            refuse("coreThreadPoolSize", message);
        }
        if module.name == "circuitbreaker"
            && is_on("enableExponentialBackoff") == Some(true)
            && is_on("enableRandomizedWait") == Some(true)
        {
            let message = format!("{path}: a wait that grows cannot be randomized");
            refuse("enableRandomizedWait", message);
        }
    }

    /// The settings of these keys that some layer has.
    fn settings(&self, keys: &[(&str, Kind)]) -> Carried {
        let value = |key: &str, kind: Kind| match kind {
            Kind::Text => self.read(key, |section, key| {
                let text = section.text(key)?.trim().to_uppercase();
                Some(Carried::from(text).made_of(section.origin(key)))
            }),
            Kind::Flag => self.read(key, |section, key| {
                Some(Carried::from(section.flag(key)?).made_of(section.origin(key)))
            }),
            Kind::Duration => self.read(key, Section::duration),
            Kind::Number(least, most) => self.read(key, |section, key| {
                section.carry(key, |value| number_within(value, least, most))
            }),
        };
        let entries = keys
            .iter()
            .filter_map(|(key, kind)| value(key, *kind).map(|value| ((*key).to_owned(), value)));
        entries.collect()
    }

    /// The outcomes of a list of exceptions, and those of the list of what is ignored. The first are
    /// every failure if their list is empty or names nothing that is known.
    fn handled(&self, key: &str, call: &mut ImportedCall) -> (OutcomeSet, OutcomeSet) {
        let listed = self.outcomes(key, call).filter(|listed| *listed != OutcomeSet::of(&[]));
        let ignored = self.outcomes("ignoreExceptions", call).unwrap_or(OutcomeSet::of(&[]));
        (listed.unwrap_or_else(OutcomeSet::failures).less(ignored), ignored)
    }

    /// The outcomes that a list of exceptions stands for; those that are unknown have a remark.
    fn outcomes(&self, key: &str, call: &mut ImportedCall) -> Option<OutcomeSet> {
        let section = self.sections.iter().find(|section| section.has(key))?;
        let names = section.take_as(key, texts)?;
        let mut outcomes = Vec::new();
        for name in names {
            let short = name.rsplit(['.', '$']).next().unwrap_or(&name);
            match EXCEPTIONS.iter().find(|known| known.name() == short) {
                Some(known) => outcomes.extend(known.outcomes.iter().copied()),
                None => call.remark(format!("{}.{key}", section.path()), name),
            }
        }
        Some(OutcomeSet::of(&outcomes))
    }
}

/// The texts of a list, which properties write in one text.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(text.split(',').map(|name| name.trim().to_owned()).collect()),
        Value::Array(items) => items.iter().map(|it| it.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn number_within(value: &Value, least: f64, most: f64) -> Option<Value> {
    let number: f64 = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let is_whole = number == libm::trunc(number) && number.abs() < 9e15;
    let value = if is_whole { Value::from(number as i64) } else { Value::from(number) };
    (number.is_finite() && (least..=most).contains(&number)).then_some(value)
}

/// A retry; without lists of exceptions every failure is tried again.
fn retry(layers: &Layers<'_>, call: &mut ImportedCall) -> (&'static str, Carried) {
    let mut settings = layers.settings(&RETRY_KEYS);
    let (on, _) = layers.handled("retryExceptions", call);
    if on == OutcomeSet::failures() {
        call.assume(
            "retry",
            "every failure is tried again, rejections by guards further in as well",
        );
    } else {
        settings.insert("on", names_of(on));
    }
    ("retry", with_preset("resilience4j", settings))
}

fn breaker(layers: &Layers<'_>, call: &mut ImportedCall) -> (&'static str, Carried) {
    let mut settings = layers.settings(&BREAKER_KEYS);
    let (counts, ignores) = layers.handled("recordExceptions", call);
    if counts != OutcomeSet::failures() {
        settings.insert("counts", names_of(counts));
    }
    if ignores != OutcomeSet::of(&[]) {
        settings.insert("ignores", names_of(ignores));
    }
    ("breaker", with_preset("resilience4j", settings))
}

fn rate_limit(layers: &Layers<'_>, _: &mut ImportedCall) -> (&'static str, Carried) {
    ("rate limit", with_preset("resilience4j", layers.settings(&RATE_LIMIT_KEYS)))
}

fn time_limit(layers: &Layers<'_>, _: &mut ImportedCall) -> (&'static str, Carried) {
    let keys = [("timeoutDuration", Kind::Duration), ("cancelRunningFuture", Kind::Flag)];
    ("timeout", with_preset("resilience4j", layers.settings(&keys)))
}

fn semaphore(layers: &Layers<'_>, _: &mut ImportedCall) -> (&'static str, Carried) {
    ("bulkhead", with_preset("resilience4j", layers.settings(&SEMAPHORE_KEYS)))
}

fn thread_pool(layers: &Layers<'_>, call: &mut ImportedCall) -> (&'static str, Carried) {
    let settings = layers.settings(&THREAD_POOL_KEYS);
    if !settings.has("maxThreadPoolSize") {
        call.assume("thread-pool-bulkhead.maxThreadPoolSize", "4, for a machine with 4 processors");
    }
    ("bulkhead", with_preset("resilience4j thread pool", settings))
}
