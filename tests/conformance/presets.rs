//! The presets, driven by the rows of a recording.

use std::collections::HashMap;

use serde_json::{Value, json};
use sim_core::{SimDuration, SimTime};
use sim_models::resilience::adaptive_concurrency::{
    Aimd, AimdSettings, Gradient2, Gradient2Settings,
};
use sim_models::resilience::circuit_breaker::libraries::*;
use sim_models::resilience::circuit_breaker::{
    BreakerState, CallVerdict, Ticket, Wait, WindowLength,
};

use super::case::{Answer, Case, Config, Preset, Row};

/// The preset for the library of a recording.
pub fn build(case: &Case) -> Box<dyn Preset> {
    let config = &case.config;
    match case.library.as_str() {
        "resilience4j" => Box::new(resilience4j(config)),
        "gobreaker" => {
            Box::new(GoBreakerReplay { breaker: gobreaker(config), tickets: HashMap::new() })
        }
        "opossum" => Box::new(opossum(config)),
        "cockatiel" => Box::new(CockatielReplay::new(cockatiel(config))),
        "pybreaker" => Box::new(pybreaker(config)),
        "article-python" => Box::new(article_python(config)),
        "article-go" => Box::new(article_go(config)),
        "concurrency-limits" if config.text("algorithm") == "aimd" => Box::new(aimd(config)),
        "concurrency-limits" => Box::new(gradient2(config)),
        other => panic!("there is no preset `{other}`"),
    }
}

fn name(state: BreakerState) -> Value {
    match state {
        BreakerState::Closed => json!("closed"),
        BreakerState::Open => json!("open"),
        BreakerState::HalfOpen => json!("half_open"),
    }
}

fn resilience4j(config: &Config) -> Resilience4j {
    let size = config.count("slidingWindowSize");
    let wait = config.millis("waitMs");
    Resilience4j::new(Resilience4jSettings {
        sliding_window: match config.text("slidingWindowType") {
            "COUNT_BASED" => WindowLength::Calls(size),
            _ => WindowLength::Seconds(size),
        },
        minimum_number_of_calls: config.count("minimumNumberOfCalls"),
        failure_rate_threshold: config.number("failureRateThreshold") as f32,
        slow_call_rate_threshold: config.number("slowCallRateThreshold") as f32,
        slow_call_duration_threshold: config.millis("slowCallDurationThresholdMs"),
        permitted_number_of_calls_in_half_open_state: config
            .count("permittedNumberOfCallsInHalfOpenState"),
        wait_in_open_state: match config.text("waitKind") {
            "fixed" => Wait::Fixed(wait),
            _ => Wait::Exponential {
                base: wait,
                multiplier: config.number("waitMultiplier"),
                max: config.millis("waitMaxMs"),
            },
        },
        randomized_wait_factor: 0.0,
        max_wait_duration_in_half_open_state: config.millis("maxWaitDurationInHalfOpenStateMs"),
        automatic_transition_from_open_to_half_open: config
            .flag("automaticTransitionFromOpenToHalfOpenEnabled"),
    })
}

fn verdict(row: &Row<'_>) -> CallVerdict {
    match row.outcome() {
        "success" => CallVerdict::Success,
        "ignored" => CallVerdict::Ignored,
        _ => CallVerdict::Failure,
    }
}

impl Preset for Resilience4j {
    fn answer(&mut self, row: &Row<'_>) -> Answer {
        let now = row.at();
        self.advance_to(now);
        let mut permitted = Value::Null;
        match row.op() {
            "acquire" => permitted = self.try_acquire(now).into(),
            "complete" => self.complete(now, row.elapsed(), verdict(row)),
            "control" => self.control(match row.outcome() {
                "force_open" => Resilience4jOverride::ForceOpen,
                "force_closed" => Resilience4jOverride::ForceClosed,
                "disable" => Resilience4jOverride::Disable,
                _ => Resilience4jOverride::Reset,
            }),
            _ => {}
        }
        let metrics = self.metrics(now);
        let state = match self.state() {
            Resilience4jState::Closed => "closed",
            Resilience4jState::Open => "open",
            Resilience4jState::HalfOpen => "half_open",
            Resilience4jState::Disabled => "disabled",
            Resilience4jState::ForcedOpen => "forced_open",
        };
        vec![
            ("permitted", permitted),
            ("state", json!(state)),
            ("buffered", json!(metrics.buffered)),
            ("failed", json!(metrics.failed)),
            ("failure_rate", json!(metrics.failure_rate)),
            ("not_permitted", json!(metrics.not_permitted)),
            ("slow", json!(metrics.slow)),
            ("slow_rate", json!(metrics.slow_rate)),
        ]
    }
}

struct GoBreakerReplay {
    breaker: GoBreaker,
    tickets: HashMap<u64, Ticket>,
}

fn gobreaker(config: &Config) -> GoBreaker {
    let settings = GoBreakerSettings {
        max_requests: config.count("maxRequests"),
        interval: config.millis("intervalMs"),
        bucket_period: config.millis("bucketPeriodMs"),
        timeout: config.millis("timeoutMs"),
        ready_to_trip: match config.text("tripKind") {
            "consecutive" => {
                ReadyToTrip::ConsecutiveFailures(config.count("tripConsecutiveFailures"))
            }
            _ => ReadyToTrip::FailureRatio {
                minimum_requests: config.count("tripMinRequests"),
                ratio: config.number("tripFailureRatio"),
            },
        },
    };
    GoBreaker::new(settings, SimTime::ZERO)
}

impl Preset for GoBreakerReplay {
    fn answer(&mut self, row: &Row<'_>) -> Answer {
        let now = row.at();
        let (mut permitted, mut reason) = (Value::Null, Value::Null);
        match row.op() {
            "acquire" => match self.breaker.try_acquire(now) {
                GoBreakerAnswer::Permitted(ticket) => {
                    self.tickets.insert(row.call(), ticket);
                    permitted = json!(true);
                }
                GoBreakerAnswer::Open => (permitted, reason) = (json!(false), json!("open")),
                GoBreakerAnswer::TooManyRequests => {
                    (permitted, reason) = (json!(false), json!("too_many"));
                }
            },
            "complete" => {
                let ticket = self.tickets.remove(&row.call()).expect("the call was let through");
                self.breaker.complete(now, ticket, verdict(row));
            }
            _ => {}
        }
        let state = self.breaker.state(now);
        let counts = self.breaker.counts();
        vec![
            ("permitted", permitted),
            ("reason", reason),
            ("state", name(state)),
            ("requests", json!(counts.requests)),
            ("total_successes", json!(counts.total_successes)),
            ("total_failures", json!(counts.total_failures)),
            ("consecutive_successes", json!(counts.consecutive_successes)),
            ("consecutive_failures", json!(counts.consecutive_failures)),
        ]
    }
}

fn opossum(config: &Config) -> Opossum {
    let capacity = config.count("capacity");
    let settings = OpossumSettings {
        timeout: config.millis("timeoutMs"),
        error_threshold_percentage: config.number("errorThresholdPercentage"),
        reset_timeout: config.millis("resetTimeoutMs"),
        rolling_count_timeout: config.millis("rollingCountTimeoutMs"),
        rolling_count_buckets: config.count("rollingCountBuckets"),
        volume_threshold: config.count("volumeThreshold"),
        capacity: (capacity > 0).then_some(capacity),
        ..OpossumSettings::default()
    };
    Opossum::new(settings, SimTime::ZERO)
}

impl Preset for Opossum {
    fn answer(&mut self, row: &Row<'_>) -> Answer {
        let now = row.at();
        let is_timeout = row.op() == "complete" && row.outcome() == "timeout";
        if !is_timeout {
            self.advance_to(now);
        }
        let (mut permitted, mut reason) = (Value::Null, Value::Null);
        match row.op() {
            "acquire" => match self.try_acquire(now) {
                OpossumAnswer::Permitted => permitted = json!(true),
                OpossumAnswer::Open => (permitted, reason) = (json!(false), json!("EOPENBREAKER")),
                OpossumAnswer::SemaphoreLocked => {
                    (permitted, reason) = (json!(false), json!("ESEMLOCKED"));
                }
            },
            "complete" if is_timeout => self.time_out(now),
            "complete" => self.complete(now, row.is_failure()),
            _ => {}
        }
        let stats = self.stats();
        vec![
            ("permitted", permitted),
            ("reason", reason),
            ("state", name(self.state())),
            ("fires", json!(stats.fires)),
            ("failures", json!(stats.failures)),
            ("successes", json!(stats.successes)),
            ("timeouts", json!(stats.timeouts)),
            ("rejects", json!(stats.rejects)),
            ("semaphore_rejections", json!(stats.semaphore_rejections)),
        ]
    }
}

struct CockatielReplay {
    breaker: Cockatiel,
    /// Calls under way.
    under_way: HashMap<u64, Admitted>,
    /// The test of the current half-open state.
    test: u64,
    /// Calls that wait, each with the test it waits for.
    waiting: HashMap<u64, Vec<u64>>,
    /// Answers to the calls that waited, and the state in which each began.
    told: HashMap<u64, (CockatielAnswer, BreakerState)>,
}

struct Admitted {
    is_test: bool,
    has_waited: bool,
}

impl CockatielReplay {
    fn new(breaker: Cockatiel) -> Self {
        Self {
            breaker,
            under_way: HashMap::new(),
            test: 0,
            waiting: HashMap::new(),
            told: HashMap::new(),
        }
    }

    fn ask(&mut self, now: SimTime, call: u64, has_waited: bool) -> CockatielAnswer {
        let answer = self.breaker.try_acquire(now);
        match answer {
            CockatielAnswer::Waits => self.waiting.entry(self.test).or_default().push(call),
            CockatielAnswer::Open => {}
            CockatielAnswer::Permitted | CockatielAnswer::Test => {
                let is_test = answer == CockatielAnswer::Test;
                self.test = if is_test { call } else { self.test };
                self.under_way.insert(call, Admitted { is_test, has_waited });
            }
        }
        answer
    }

    /// Lets the calls that waited for a test ask again, in order.
    fn wake(&mut self, now: SimTime, test: u64) {
        for call in self.waiting.remove(&test).unwrap_or_default() {
            let state = self.breaker.state();
            let answer = self.ask(now, call, true);
            if answer != CockatielAnswer::Waits {
                self.told.insert(call, (answer, state));
            }
        }
    }

    /// The state as the recording shows it, which was read when the promise of the call settled. If
    /// the call itself had waited, its promise settles after the calls that wait for it have begun;
    /// otherwise before.
    fn complete(&mut self, now: SimTime, call: u64, is_failure: bool) -> BreakerState {
        let Admitted { is_test, has_waited } =
            self.under_way.remove(&call).expect("the call was let through");
        self.breaker.complete(now, is_test, is_failure);
        let state = self.breaker.state();
        if is_test {
            self.wake(now, call);
        }
        if has_waited { self.breaker.state() } else { state }
    }
}

fn cockatiel(config: &Config) -> Cockatiel {
    Cockatiel::new(CockatielSettings {
        half_open_after: config.millis("halfOpenAfterMs"),
        breaker: match config.text("breaker") {
            "consecutive" => CockatielBreaker::Consecutive(config.count("consecutiveFailures")),
            "count" => CockatielBreaker::Count {
                threshold: config.number("threshold"),
                size: config.count("size"),
                minimum_number_of_calls: config.count("minimumNumberOfCalls"),
            },
            _ => CockatielBreaker::Sampling {
                threshold: config.number("threshold"),
                duration: config.millis("durationMs"),
                minimum_rps: config.number("minimumRps"),
            },
        },
    })
}

impl Preset for CockatielReplay {
    fn answer(&mut self, row: &Row<'_>) -> Answer {
        let now = row.at();
        let (told, state) = match row.op() {
            "acquire" => {
                let answer = self.ask(now, row.call(), false);
                (Some(answer), self.breaker.state())
            }
            // A granted call reads the state from within, before the library notes that a test is
            // under way.
            "grant" => self
                .told
                .remove(&row.call())
                .map_or((None, self.breaker.state()), |(answer, state)| (Some(answer), state)),
            "complete" => (None, self.complete(now, row.call(), row.is_failure())),
            _ => (None, self.breaker.state()),
        };
        let (permitted, reason) = match told {
            None => (Value::Null, Value::Null),
            Some(CockatielAnswer::Permitted | CockatielAnswer::Test) => (json!(true), Value::Null),
            Some(CockatielAnswer::Waits) => (json!("wait"), Value::Null),
            Some(CockatielAnswer::Open) => (json!(false), json!("EOPENBREAKER")),
        };
        vec![("permitted", permitted), ("reason", reason), ("state", name(state))]
    }
}

fn pybreaker(config: &Config) -> PyBreaker {
    PyBreaker::new(PyBreakerSettings {
        fail_max: config.count("fail_max"),
        reset_timeout: config.seconds("reset_timeout_s"),
        success_threshold: config.count("success_threshold"),
    })
}

impl Preset for PyBreaker {
    fn answer(&mut self, row: &Row<'_>) -> Answer {
        let now = row.at();
        let mut permitted = Value::Null;
        if row.op() == "call" {
            let is_permitted = self.try_acquire(now);
            if is_permitted {
                self.complete(now, row.is_failure());
            }
            permitted = json!(is_permitted);
        }
        vec![
            ("permitted", permitted),
            ("state", name(self.state())),
            ("fail_counter", json!(self.fail_counter())),
            ("success_counter", json!(self.success_counter())),
        ]
    }
}

fn article_python(config: &Config) -> ArticlePython {
    ArticlePython::new(ArticlePythonSettings {
        failure_threshold: config.count("failure_threshold"),
        failure_rate_threshold: config.number("failure_rate_threshold"),
        minimum_calls: config.count("minimum_calls"),
        success_threshold: config.count("success_threshold"),
        timeout: config.seconds("timeout_seconds"),
        half_open_max_calls: config.count("half_open_max_calls"),
        sliding_window: config.seconds("sliding_window_seconds"),
        slow_call_threshold: config.seconds("slow_call_threshold_seconds"),
    })
}

impl Preset for ArticlePython {
    fn answer(&mut self, row: &Row<'_>) -> Answer {
        let now = row.at();
        let mut permitted = Value::Null;
        match row.op() {
            "acquire" => permitted = self.try_acquire(now).into(),
            "complete" => self.complete(now, row.elapsed(), row.is_failure()),
            _ => {}
        }
        let state = if row.op() == "observe" { self.state(now) } else { self.state_as_left() };
        let metrics = self.metrics();
        vec![
            ("permitted", permitted),
            ("state", name(state)),
            ("total_calls", json!(metrics.total_calls)),
            ("successful_calls", json!(metrics.successful_calls)),
            ("failed_calls", json!(metrics.failed_calls)),
            ("rejected_calls", json!(metrics.rejected_calls)),
            ("slow_calls", json!(metrics.slow_calls)),
        ]
    }
}

fn article_go(config: &Config) -> ArticleGo {
    ArticleGo::new(ArticleGoSettings {
        failure_threshold: config.count("FailureThreshold"),
        success_threshold: config.count("SuccessThreshold"),
        timeout: config.seconds("TimeoutSeconds"),
        half_open_max_calls: config.count("HalfOpenMaxCalls"),
        bulkhead_max_concurrent: config.count("BulkheadMaxConcurrent"),
    })
}

impl Preset for ArticleGo {
    fn answer(&mut self, row: &Row<'_>) -> Answer {
        let now = row.at();
        let (mut permitted, mut reason) = (Value::Null, Value::Null);
        match row.op() {
            "acquire" | "grant" => {
                let answer =
                    if row.op() == "grant" { self.grant(now) } else { self.try_acquire(now) };
                match answer {
                    ArticleGoAnswer::Permitted => permitted = json!(true),
                    ArticleGoAnswer::Open => (permitted, reason) = (json!(false), json!("open")),
                    ArticleGoAnswer::Waits => permitted = json!("wait"),
                }
            }
            "expire" => {
                self.give_up();
                (permitted, reason) = (json!(false), json!("bulkhead_full"));
            }
            "complete" => self.complete(now, row.is_failure()),
            _ => {}
        }
        vec![
            ("permitted", permitted),
            ("reason", reason),
            (
                "state",
                name(if row.op() == "observe" { self.state(now) } else { self.state_as_left() }),
            ),
            ("failures", json!(self.failures())),
            ("successes", json!(self.successes())),
            ("permits_free", json!(self.permits_free())),
            ("waiting", json!(self.waiting())),
        ]
    }
}

fn round_trip(row: &Row<'_>) -> SimDuration {
    SimDuration::from_nanos(row.get("rtt_ns").as_u64().expect("a round trip"))
}

fn in_flight(row: &Row<'_>) -> u32 {
    row.get("inflight").as_u64().expect("a number") as u32
}

fn aimd(config: &Config) -> Aimd {
    Aimd::new(AimdSettings {
        initial_limit: config.count("initialLimit"),
        min_limit: config.count("minLimit"),
        max_limit: config.count("maxLimit"),
        backoff_ratio: config.number("backoffRatio"),
        timeout: config.millis("timeoutMs"),
    })
}

impl Preset for Aimd {
    fn answer(&mut self, row: &Row<'_>) -> Answer {
        let is_dropped = row.get("dropped").as_bool().expect("true or false");
        vec![("limit", json!(self.sample(round_trip(row), in_flight(row), is_dropped)))]
    }
}

fn gradient2(config: &Config) -> Gradient2 {
    Gradient2::new(Gradient2Settings {
        initial_limit: config.count("initialLimit"),
        min_limit: config.count("minLimit"),
        max_concurrency: config.count("maxConcurrency"),
        rtt_tolerance: config.number("rttTolerance"),
        smoothing: config.number("smoothing"),
        queue_size: config.count("queueSize"),
        long_window: config.count("longWindow"),
    })
}

impl Preset for Gradient2 {
    fn answer(&mut self, row: &Row<'_>) -> Answer {
        vec![("limit", json!(self.sample(round_trip(row), in_flight(row))))]
    }
}
