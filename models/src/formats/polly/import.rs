//! Sections with strategies as guarded calls.

use sim_core::SimDuration;

use super::options::{Options, Origin};
use super::{every_exception, ranges};
use crate::formats::carried::Carried;
use crate::formats::configuration::Configuration;
use crate::formats::durations::Length;
use crate::formats::section::Section;
use crate::formats::values::{names_of, service_name};
use crate::formats::{Imported, ImportedCall};

/// The strategies that any pipeline may have, the outermost first. The configuration does not say
/// their order, which the code decides.
const STRATEGIES: [&str; 5] = ["RateLimiter", "Retry", "CircuitBreaker", "Timeout", "Hedging"];

/// The most requests of a hedge in a scenario.
const MOST_REQUESTS: u32 = crate::guards::MOST_REQUESTS as u32;

/// The kind of a pipeline, by the keys of its section.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `HttpStandardResilienceOptions` (dotnet/extensions, `Microsoft.Extensions.Http.Resilience`).
    Standard,
    /// `HttpStandardHedgingResilienceOptions` of the same library.
    StandardHedging,
    /// Whatever the application's code makes of the strategies.
    Custom,
}

/// The reader of a strategy.
type ReadStrategy = fn(Options<'_, '_>, Origin);

/// A section with strategies.
struct Pipeline<'a> {
    /// The keys that lead to it.
    path: Vec<&'a str>,
    section: Section<'a>,
    kind: Kind,
}

pub(super) fn read(configuration: &Configuration<'_>, imported: &mut Imported) {
    let mut pipelines = Vec::new();
    find_pipelines(configuration.root(), &[], &mut pipelines);
    let names = names(&pipelines);
    for (pipeline, name) in pipelines.iter().zip(names) {
        pipeline.read(&name, imported);
    }
}

/// Looks for sections that hold strategies.
fn find_pipelines<'a>(section: Section<'a>, path: &[&'a str], found: &mut Vec<Pipeline<'a>>) {
    let kind = Kind::of(&section);
    for (name, inner) in section.named() {
        if kind.is_none_or(|kind| !kind.has_strategy(name)) {
            find_pipelines(inner, &[path, &[name]].concat(), found);
        }
    }
    if let Some(kind) = kind {
        found.push(Pipeline { path: path.to_vec(), section, kind });
    }
}

impl Kind {
    fn of(section: &Section<'_>) -> Option<Self> {
        let has = |strategy: &str| section.section(strategy).is_there();
        if has("Hedging") && (has("Endpoint") || has("TotalRequestTimeout")) {
            Some(Self::StandardHedging)
        } else if has("AttemptTimeout") || has("TotalRequestTimeout") {
            Some(Self::Standard)
        } else {
            STRATEGIES.iter().any(|strategy| has(strategy)).then_some(Self::Custom)
        }
    }

    /// The handler that has strategies which are not configured.
    fn handler(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::StandardHedging => "standard hedging",
            Self::Custom => "custom",
        }
    }

    /// True if a section of this name is a strategy, and not a pipeline further in.
    fn has_strategy(self, name: &str) -> bool {
        let more: &[&str] = match self {
            Self::Standard => &["TotalRequestTimeout", "AttemptTimeout"],
            Self::StandardHedging => &["TotalRequestTimeout", "Endpoint"],
            Self::Custom => &[],
        };
        STRATEGIES.iter().chain(more).any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// A name for each pipeline: the last key of its path, or the whole path if several end alike.
/// Names that are the same even so are numbered.
fn names(pipelines: &[Pipeline<'_>]) -> Vec<String> {
    let last = |pipeline: &Pipeline<'_>| service_name(pipeline.path.last().unwrap_or(&"callee"));
    let mut names: Vec<String> = Vec::new();
    for pipeline in pipelines {
        let short = last(pipeline);
        let is_unique = pipelines.iter().filter(|other| last(other) == short).count() == 1;
        let name = if is_unique { short } else { service_name(&pipeline.path.join("-")) };
        let numbered = (1..).map(|number| match number {
            1 => name.clone(),
            number => format!("{name}-{number}"),
        });
        names.extend(numbered.into_iter().find(|name| !names.contains(name)));
    }
    names
}

impl<'a> Pipeline<'a> {
    fn read(&self, name: &str, imported: &mut Imported) {
        let path = match self.section.path() {
            "" => "the top level",
            path => path,
        };
        let number = imported.number_of(name);
        self.section.belongs_to(number);
        let Imported { calls, problems, .. } = imported;
        let call = &mut calls[number];
        if self.path.last().is_none_or(|key| *key != name) {
            call.assume(path, format!("this section is the callee {name}"));
        }
        let strategies = self.strategies();
        for (section, read, _) in &strategies {
            section.note_opened();
            let options = Options::new(section.clone(), call, problems);
            read(options, Origin(self.kind.handler()));
        }
        match self.kind {
            Kind::Standard => self.check_standard(call),
            Kind::StandardHedging => call.remark(
                format!("{path}.Hedging"),
                "each hedged request passes the limiter, the breaker and the timeout of its own \
                 endpoint; here the hedge is inside them",
            ),
            Kind::Custom => {
                let order: Vec<&str> = strategies.iter().map(|(_, _, key)| *key).collect();
                let order = order.join(", then ");
                call.assume(path, format!("the code adds {order}, and nothing else"));
            }
        }
    }

    /// The options of each strategy with its reader and its key, the outermost first.
    fn strategies(&self) -> Vec<(Section<'a>, ReadStrategy, &'static str)> {
        let at = |key: &'static str, read| (self.section.section(key), read, key);
        match self.kind {
            Kind::Standard => vec![
                at("RateLimiter", read_rate_limiter as ReadStrategy),
                at("TotalRequestTimeout", read_timeout),
                at("Retry", read_http_retry),
                at("CircuitBreaker", read_breaker),
                at("AttemptTimeout", read_attempt_timeout),
            ],
            Kind::StandardHedging => {
                let endpoint = self.section.section("Endpoint");
                let of_endpoint = |key: &'static str, read| (endpoint.section(key), read, key);
                vec![
                    at("TotalRequestTimeout", read_timeout as ReadStrategy),
                    of_endpoint("RateLimiter", read_rate_limiter as ReadStrategy),
                    of_endpoint("CircuitBreaker", read_breaker),
                    of_endpoint("Timeout", read_attempt_timeout),
                    at("Hedging", read_hedge),
                ]
            }
            Kind::Custom => {
                let all = [
                    at("RateLimiter", read_rate_limiter as ReadStrategy),
                    at("Retry", read_retry),
                    at("CircuitBreaker", read_breaker),
                    at("Timeout", read_timeout),
                    at("Hedging", read_hedge),
                ];
                all.into_iter().filter(|(section, ..)| section.is_there()).collect()
            }
        }
    }

    /// Notes what `HttpStandardResilienceOptionsCustomValidator` refuses.
    fn check_standard(&self, call: &mut ImportedCall) {
        let span = |strategy: &str, key: &str, default: u64| {
            let text = self.section.section(strategy).text(key);
            let span = text.and_then(|text| super::time_span::TimeSpan::parse(&text));
            span.map_or(SimDuration::from_secs(default).into(), |span| span.length)
        };
        let attempt = span("AttemptTimeout", "Timeout", 10);
        let total = span("TotalRequestTimeout", "Timeout", 30);
        let sampling = span("CircuitBreaker", "SamplingDuration", 30);
        if attempt > total {
            call.remark(
                format!("{}.TotalRequestTimeout", self.section.path()),
                format!("{total}, less than the AttemptTimeout of {attempt}: .NET refuses it"),
            );
        }
        if sampling < attempt.times(2) {
            call.remark(
                format!("{}.CircuitBreaker.SamplingDuration", self.section.path()),
                format!(
                    "{sampling}, less than twice the AttemptTimeout of {attempt}: .NET refuses it"
                ),
            );
        }
    }
}

/// A limiter of concurrency (`RateLimiterStrategyOptions`). Its options are one level deeper, but are
/// often written without it.
///
/// A timeout cancels the call, which gives its permit back.
fn read_rate_limiter(options: Options<'_, '_>, origin: Origin) {
    let mut options = options.within("DefaultRateLimiterOptions");
    let permits = options.count("PermitLimit", ranges::PERMIT_LIMIT);
    let permits = permits.unwrap_or_else(|| options.default_value("PermitLimit", 1_000));
    let queue = options.count("QueueLimit", ranges::QUEUE_LIMIT);
    let queue = queue.unwrap_or_else(|| options.default_value("QueueLimit", 0));
    let bulkhead = Carried::map([
        ("preset", Some("polly".into())),
        ("PermitLimit", Some(options.carried("PermitLimit", permits))),
        ("QueueLimit", Some(options.carried("QueueLimit", queue))),
    ]);
    options.guard("bulkhead", bulkhead, origin);
}

fn read_timeout(options: Options<'_, '_>, origin: Origin) {
    read_timeout_of(30, options, origin);
}

fn read_attempt_timeout(options: Options<'_, '_>, origin: Origin) {
    read_timeout_of(10, options, origin);
}

fn read_timeout_of(seconds: u64, mut options: Options<'_, '_>, origin: Origin) {
    let timeout = options.span("Timeout", ranges::TIMEOUT);
    let default = SimDuration::from_secs(seconds);
    let timeout = timeout.unwrap_or_else(|| options.default_value("Timeout", default));
    let timeout = options.carried("Timeout", timeout.to_string());
    options.guard("timeout", timeout, origin);
}

/// A retry of a pipeline of one's own. Only `HttpRetryStrategyOptions` has `ShouldRetryAfterHeader`.
fn read_retry(options: Options<'_, '_>, origin: Origin) {
    let is_http = options.has("ShouldRetryAfterHeader");
    read_retry_of(is_http, options, origin);
}

fn read_http_retry(options: Options<'_, '_>, origin: Origin) {
    read_retry_of(true, options, origin);
}

/// A retry with the defaults of `HttpRetryStrategyOptions` or of `RetryStrategyOptions`.
///
/// The first handles server errors, timeouts and failures to connect; the second every exception but
/// a cancellation, the rejections of strategies further in among them.
fn read_retry_of(is_http: bool, mut options: Options<'_, '_>, origin: Origin) {
    // Polly counts the retries without the first attempt.
    let retries = options.count("MaxRetryAttempts", ranges::MAX_RETRY_ATTEMPTS);
    let retries = retries.unwrap_or_else(|| options.default_value("MaxRetryAttempts", 3));
    let growth = options.name("BackoffType", &["Constant", "Linear", "Exponential"]);
    let usual = if is_http { "Exponential" } else { "Constant" };
    let growth = growth.unwrap_or_else(|| options.default_value("BackoffType", usual));
    let delay = options.span("Delay", ranges::DELAY);
    let delay = delay.unwrap_or_else(|| options.default_value("Delay", SimDuration::from_secs(2)));
    let has_jitter = options.flag("UseJitter");
    let has_jitter = has_jitter.unwrap_or_else(|| options.default_value("UseJitter", is_http));
    let longest = options.span("MaxDelay", ranges::DELAY);
    let honours_retry_after = is_http.then(|| {
        let written = options.flag("ShouldRetryAfterHeader");
        written.unwrap_or_else(|| options.default_value("ShouldRetryAfterHeader", true))
    });
    let everything = (!is_http).then(|| {
        options.default("ShouldHandle", "every exception, as in RetryStrategyOptions");
        names_of(every_exception())
    });
    let longest = longest.map(|longest| options.carried("MaxDelay", longest.to_string()));
    let retry = Carried::map([
        ("preset", Some("polly".into())),
        ("MaxRetryAttempts", Some(options.carried("MaxRetryAttempts", retries))),
        ("Delay", Some(options.carried("Delay", delay.to_string()))),
        ("BackoffType", Some(growth.into())),
        ("MaxDelay", longest),
        ("UseJitter", Some(has_jitter.into())),
        ("ShouldRetryAfterHeader", honours_retry_after.map(Carried::from)),
        ("on", everything.map(Carried::from)),
    ]);
    options.guard("retry", retry, origin);
}

fn read_breaker(mut options: Options<'_, '_>, origin: Origin) {
    let ratio = options.ratio("FailureRatio");
    let throughput = options.count("MinimumThroughput", ranges::MINIMUM_THROUGHPUT);
    let sampling = options.span("SamplingDuration", ranges::BREAKER_SPAN);
    let breaking = options.span("BreakDuration", ranges::BREAKER_SPAN);
    let defaults = [
        ("FailureRatio", ratio.is_none(), "0.1"),
        ("MinimumThroughput", throughput.is_none(), "100"),
        ("SamplingDuration", sampling.is_none(), "30s"),
        ("BreakDuration", breaking.is_none(), "5s"),
    ];
    for (key, _, value) in defaults.into_iter().filter(|(_, is_unset, _)| *is_unset) {
        options.default(key, value);
    }
    let span = |key: &str, span: Option<SimDuration>| {
        span.map(|span| options.carried(key, span.to_string()))
    };
    let breaker = Carried::map([
        ("preset", Some("polly".into())),
        ("FailureRatio", ratio.map(|ratio| options.carried("FailureRatio", ratio))),
        ("MinimumThroughput", throughput.map(|calls| options.carried("MinimumThroughput", calls))),
        ("SamplingDuration", span("SamplingDuration", sampling)),
        ("BreakDuration", span("BreakDuration", breaking)),
    ]);
    options.guard("breaker", breaker, origin);
}

/// Hedged requests. A negative delay sends another only when one has failed, which is a retry
/// without a wait.
fn read_hedge(mut options: Options<'_, '_>, origin: Origin) {
    // Polly counts the hedged attempts without the first.
    let more = options.count("MaxHedgedAttempts", ranges::MAX_HEDGED_ATTEMPTS);
    let more = more.unwrap_or_else(|| options.default_value("MaxHedgedAttempts", 1));
    let delay = options.time_span("Delay");
    if delay.as_ref().is_some_and(|(_, delay)| delay.is_negative) {
        let attempts = options.carried("MaxHedgedAttempts", more + 1);
        let retry = Carried::map([("attempts", Some(attempts)), ("backoff", Some("none".into()))]);
        options.remark("Delay", "negative: another request is sent only when one has failed");
        return options.guard("retry", retry, origin);
    }
    let delay = delay.map(|(_, delay)| delay.length);
    let default = Length::from(SimDuration::from_secs(2));
    let delay = delay.unwrap_or_else(|| options.default_value("Delay", default));
    if more >= MOST_REQUESTS {
        let text = format!("{more}: a scenario sends at most {MOST_REQUESTS} requests in all");
        options.remark("MaxHedgedAttempts", &text);
    }
    let requests = (more + 1).min(MOST_REQUESTS);
    let hedge = Carried::map([
        ("delay", Some(options.carried("Delay", delay.to_string()))),
        ("max", Some(options.carried("MaxHedgedAttempts", requests))),
    ]);
    options.guard("hedge", hedge, origin);
}
