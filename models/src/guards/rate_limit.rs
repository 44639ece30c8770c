//! Limits on calls over time.

use sim_core::SimDuration;

use super::{Call, Entry, Guards, Scope, ScopeWord, Site};
use crate::Outcome;
use crate::language::quantity::{Duration, Rate};
use crate::language::{Placed, Problems, one_of, section, words};
use crate::resilience::{Pass, RateLimitPolicy as Algorithm, RateLimiter};
use crate::scenario::{Names, Plan};
use crate::system::{Activity, EdgePlan, Engine, Id, of};

/// Resilience4j's own settings of a rate limiter.
mod resilience4j {
    use sim_core::SimDuration;

    pub const LIMIT_FOR_PERIOD: u32 = 50;
    pub const LIMIT_REFRESH_PERIOD: SimDuration = SimDuration::from_nanos(500);
    pub const TIMEOUT_DURATION: SimDuration = SimDuration::from_secs(5);
}

section! {
    /// A limit on calls over time.
    pub(crate) struct RateLimitSection {
        .. => algorithm: AlgorithmSection,
        .. => shared: SharedSection,
    }
}

section! {
    /// The settings that all algorithms share.
    pub(crate) struct SharedSection {
        /// The backlog of a queue during which the limit applies (backpressure); always if left
        /// out.
        "while" => condition: Option<Backlog>,
        /// The owner of its state; each instance of the caller has its own if left out.
        "scope" => scope: Option<ScopeWord>,
    }
}

section! {
    /// Messages that wait in a queue.
    pub(crate) struct Backlog {
        /// The queue, such as `orders`.
        "queue" => queue: Placed<String>,
        /// The number of messages above which the limit applies, such as `1000`.
        "above" => above: u64,
    }
}

one_of! {
    /// An algorithm that limits calls over time, or a library's.
    pub(crate) enum AlgorithmSection("rate limit") {
        /// Tokens drip into a bucket at this rate; a call takes one.
        "token bucket" => TokenBucket(TokenBucketSection),
        /// Calls leave evenly at this rate.
        "leaky bucket" => LeakyBucket(LeakyBucketSection),
        /// The generic cell rate algorithm at this rate.
        "gcra" => Gcra(GcraSection),
        /// At most `calls` calls in each window of the clock.
        "fixed window" => FixedWindow(FixedWindowSection),
        /// At most `calls` calls in any span.
        "sliding log" => SlidingLog(SlidingLogSection),
        /// At most `calls` calls in any span, estimated from two windows of the clock.
        "sliding counter" => SlidingCounter(SlidingCounterSection),
        /// A library's limiter.
        "preset" => Preset(Preset),
    }
}

section! {
    /// Tokens drip into a bucket at a rate; a call takes one.
    pub(crate) struct TokenBucketSection {
        /// The rate.
        "token bucket" => rate: Placed<Rate>,
        /// Calls that may come at once; 1 if left out.
        "burst" => burst: Option<Placed<u32>>,
        /// The time that a call may wait for its turn; not at all if left out.
        "max wait" => max_wait: Option<Duration>,
    }
}

section! {
    /// Calls leave evenly at a rate.
    pub(crate) struct LeakyBucketSection {
        /// The rate.
        "leaky bucket" => rate: Placed<Rate>,
        /// Calls that may wait for their turn; none if left out.
        "queue" => queue: Option<u32>,
    }
}

section! {
    /// The generic cell rate algorithm.
    pub(crate) struct GcraSection {
        /// The rate.
        "gcra" => rate: Placed<Rate>,
        /// Calls that may come at once; 1 if left out.
        "burst" => burst: Option<Placed<u32>>,
        /// The time that a call may wait for its turn; not at all if left out.
        "max wait" => max_wait: Option<Duration>,
    }
}

section! {
    /// At most `calls` calls in each window of the clock.
    pub(crate) struct FixedWindowSection {
        /// The length of a window.
        "fixed window" => window: Placed<Duration>,
        /// The number of calls in a window, such as `100`.
        "calls" => calls: Placed<u32>,
    }
}

section! {
    /// At most `calls` calls in any span.
    pub(crate) struct SlidingLogSection {
        /// The length of the span.
        "sliding log" => window: Placed<Duration>,
        /// The number of calls in a span, such as `100`.
        "calls" => calls: Placed<u32>,
    }
}

section! {
    /// At most `calls` calls in any span, estimated from two windows of the clock.
    pub(crate) struct SlidingCounterSection {
        /// The length of the span.
        "sliding counter" => window: Placed<Duration>,
        /// The number of calls in a span, such as `100`.
        "calls" => calls: Placed<u32>,
    }
}

section! {
    /// A library's rate limiter.
    pub(crate) struct Preset {
        /// The library whose limiter this is.
        "preset" => preset: RateLimitPreset,
        .. => limiter: Resilience4jLimiter,
    }
}

section! {
    /// Resilience4j's `RateLimiterConfig`.
    pub(crate) struct Resilience4jLimiter {
        /// Permits of each cycle; 50 if left out.
        "limitForPeriod" => limit_for_period: Option<Placed<u32>>,
        /// Length of a cycle; 500ns if left out.
        "limitRefreshPeriod" => limit_refresh_period: Option<Placed<Duration>>,
        /// The time that a call waits for a permit; 5s if left out.
        "timeoutDuration" => timeout_duration: Option<Duration>,
    }
}

words! {
    /// A library that the rate limiter is from.
    pub(crate) enum RateLimitPreset {
        /// Resilience4j (Java).
        "resilience4j" => Resilience4j,
    }
}

section! {
    /// Resilience4j's rate limiter as a module.
    pub(crate) struct Resilience4jModule {
        .. => limiter: Resilience4jLimiter,
        .. => shared: SharedSection,
    }
}

impl Resilience4jModule {
    /// The guard that it makes.
    pub fn rate_limit(&self) -> RateLimitSection {
        RateLimitSection {
            algorithm: AlgorithmSection::Preset(Preset {
                preset: RateLimitPreset::Resilience4j,
                limiter: self.limiter.clone(),
            }),
            shared: self.shared.clone(),
        }
    }
}

/// Limits calls over time.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimit {
    /// The first of its rate limits.
    pub first: Id<of::RateLimit>,
    /// The owner of each.
    pub scope: Scope,
    /// The condition under which it applies; always if there is none.
    pub condition: Option<BacklogAbove>,
}

/// A condition: more messages wait in a queue than a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacklogAbove {
    /// The queue.
    pub queue: Id<of::Queue>,
    /// The number of messages.
    pub messages: u64,
}

impl AlgorithmSection {
    fn compile(&self, problems: &mut Problems) -> Algorithm {
        let wait = |span: Option<Duration>| span.map_or(SimDuration::ZERO, |span| span.0);
        let calls =
            |calls, problems: &mut Problems| problems.at_least_one(Some(calls), 1, "the calls");
        match self {
            Self::TokenBucket(TokenBucketSection { rate, burst, max_wait }) => {
                Algorithm::TokenBucket {
                    interval: problems.interval(rate),
                    burst: problems.at_least_one(burst.as_ref(), 1, "the burst"),
                    max_wait: wait(*max_wait),
                }
            }
            Self::Gcra(GcraSection { rate, burst, max_wait }) => Algorithm::Gcra {
                interval: problems.interval(rate),
                burst: problems.at_least_one(burst.as_ref(), 1, "the burst"),
                max_wait: wait(*max_wait),
            },
            Self::LeakyBucket(LeakyBucketSection { rate, queue }) => Algorithm::LeakyBucket {
                interval: problems.interval(rate),
                queue: queue.unwrap_or(0),
            },
            Self::FixedWindow(limit) => Algorithm::FixedWindow {
                window: problems.above_zero(&limit.window),
                calls: calls(&limit.calls, problems),
            },
            Self::SlidingLog(limit) => Algorithm::SlidingLog {
                window: problems.above_zero(&limit.window),
                calls: calls(&limit.calls, problems),
            },
            Self::SlidingCounter(limit) => Algorithm::SlidingCounter {
                window: problems.above_zero(&limit.window),
                calls: calls(&limit.calls, problems),
            },
            Self::Preset(Preset { preset: RateLimitPreset::Resilience4j, limiter }) => {
                limiter.compile(problems)
            }
        }
    }
}

impl Resilience4jLimiter {
    fn compile(&self, problems: &mut Problems) -> Algorithm {
        Algorithm::CyclicPermits {
            period: self
                .limit_refresh_period
                .as_ref()
                .map_or(resilience4j::LIMIT_REFRESH_PERIOD, |period| problems.above_zero(period)),
            permits: problems.at_least_one(
                self.limit_for_period.as_ref(),
                resilience4j::LIMIT_FOR_PERIOD,
                "limitForPeriod",
            ),
            timeout: self
                .timeout_duration
                .map_or(resilience4j::TIMEOUT_DURATION, |timeout| timeout.0),
        }
    }
}

impl Guards for RateLimit {
    type Section = RateLimitSection;

    fn compile(
        section: &RateLimitSection,
        site: &Site,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Self> {
        let limit = section.algorithm.compile(problems);
        let scope = ScopeWord::scope(section.shared.scope);
        let count = plan.count_in(scope, site.edge);
        let first = plan.blueprint.rate_limits.next_id();
        let remembered =
            if let Algorithm::SlidingLog { calls, .. } = limit { u64::from(calls) } else { 1 };
        let guards = (first.index(), count, "rate limits");
        if !plan.may_add_guards(guards, remembered, site.at, problems) {
            return None;
        }
        plan.blueprint.rate_limits.extend(std::iter::repeat_n(limit, count as usize));
        let condition = section.shared.condition.as_ref().and_then(|backlog| {
            let queue = names.queue(&backlog.queue, problems)?;
            Some(BacklogAbove { queue, messages: backlog.above })
        });
        Some(Self { first, scope, condition })
    }

    fn enter(&self, call: Call<'_>, engine: &mut Engine<'_>) -> Entry {
        if self.condition.is_some_and(|condition| !condition.holds(engine)) {
            return Entry::Passed;
        }
        let Some(limiter) = call.scoped(self.first, self.scope, engine) else {
            return Entry::Rejected(Outcome::NoHealthyInstance);
        };
        match engine.state.rate_limiters[limiter].try_acquire(engine.now) {
            Pass::Now => Entry::Passed,
            Pass::After(wait) => {
                engine.wait(call.index, Activity::AwaitingTurn, wait);
                Entry::Waits
            }
            Pass::Never(SimDuration::ZERO) => Entry::Rejected(Outcome::RejectedByRateLimit),
            Pass::Never(wait) => {
                engine.wait(call.index, Activity::WaitingInVain, wait);
                Entry::Waits
            }
        }
    }

    fn forget(
        &self,
        edge: &EdgePlan,
        caller: u32,
        engine: &mut Engine<'_>,
    ) -> Option<&'static str> {
        let limiters = self.scope.in_memory_of(self.first, caller, edge);
        for limiter in limiters.iter() {
            let policy = engine.plan.rate_limits[limiter];
            engine.state.rate_limiters[limiter] = RateLimiter::new(policy);
        }
        (!limiters.is_empty()).then_some("rate limits")
    }
}

impl BacklogAbove {
    fn holds(self, engine: &Engine<'_>) -> bool {
        engine.state.queues[self.queue].messages.depth() > self.messages
    }
}
