//! Limits on the time for everything inside them.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sim_core::{SimDuration, SimTime};

use super::{Call, Entry, Exit, Guards, Hold, Site};
use crate::Outcome;
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::Duration;
use crate::language::tree::Value;
use crate::language::{
    Decode, Found, Placed, Problems, decode_part, one_of, schema_of, section, words,
};
use crate::resources::Waiter;
use crate::scenario::{Names, Plan};
use crate::system::{Deadline, Ends, Engine};

/// The time limit of Resilience4j's `TimeLimiter` if nothing is said (`TimeLimiterConfig` at
/// af9e7c9).
const TIMEOUT_DURATION: Duration = Duration(SimDuration::from_secs(1));

/// A limit on time as it is written: a duration, a distribution, or a library's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimeoutSection(pub DurationPhrase);

one_of! {
    /// The time limiter of a library.
    pub(crate) enum TimeLimiter("timeout") by "preset" {
        /// Resilience4j's `TimeLimiter` (Java).
        "resilience4j" => Resilience4j(Resilience4jTimeLimiter),
        /// Polly's timeout strategy (.NET).
        "polly" => Polly(PollyTimeout),
        /// cockatiel's `timeout` (Node).
        "cockatiel" => Cockatiel(CockatielTimeout),
    }
}

section! {
    /// Resilience4j's `TimeLimiterConfig`.
    pub(crate) struct Resilience4jTimeLimiter {
        /// The limit; 1s if left out.
        "timeoutDuration" => timeout_duration: Option<Duration>,
        /// True or false, without a difference: the limiter completes its own future, and neither
        /// interrupts the work nor takes it out of a queue (`TimeLimiterImpl`).
        "cancelRunningFuture" => cancel_running_future: Option<bool>,
    }
}

section! {
    /// Polly's `TimeoutStrategyOptions`.
    pub(crate) struct PollyTimeout {
        /// The limit; 30s if left out.
        "Timeout" => timeout: Option<Placed<Duration>>,
    }
}

section! {
    /// The arguments of cockatiel's `timeout`.
    pub(crate) struct CockatielTimeout {
        /// The limit.
        "duration" => duration: Duration,
        /// The strategy, which makes no difference: a call over the network heeds its signal at
        /// once.
        "strategy" => strategy: Option<TimeoutStrategy>,
    }
}

words! {
    /// A strategy of cockatiel's `timeout`.
    pub(crate) enum TimeoutStrategy {
        /// The call is told to end, and awaited.
        "Cooperative" => Cooperative,
        /// The call is told to end, and left.
        "Aggressive" => Aggressive,
    }
}

impl Resilience4jTimeLimiter {
    /// The guard that it makes.
    pub fn timeout(&self) -> TimeoutSection {
        let _ = self.cancel_running_future;
        TimeoutSection(self.timeout_duration.unwrap_or(TIMEOUT_DURATION).into())
    }
}

impl PollyTimeout {
    /// The timeout if nothing is said (`TimeoutStrategyOptions` at 173d6d1).
    pub const DEFAULT: Duration = Duration(SimDuration::from_secs(30));
    /// The timeouts that Polly takes.
    const RANGE: RangeInclusive<SimDuration> =
        SimDuration::from_millis(10)..=SimDuration::from_secs(24 * 60 * 60);

    /// The guard that it makes.
    pub fn timeout(&self) -> TimeoutSection {
        TimeoutSection(self.timeout.as_deref().copied().unwrap_or(Self::DEFAULT).into())
    }

    /// Notes a timeout that Polly does not take.
    pub fn check(&self, problems: &mut Problems) {
        if let Some(timeout) = self.timeout.as_ref().filter(|it| !Self::RANGE.contains(&it.0)) {
            let message = "Polly takes no timeout below 10ms or above 24h";
            problems.error(timeout.at(), message, "write a timeout such as `30s`");
        }
    }
}

impl CockatielTimeout {
    fn timeout(&self) -> TimeoutSection {
        let _ = self.strategy;
        TimeoutSection(self.duration.into())
    }
}

impl Decode for TimeoutSection {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        if !matches!(found.node.value, Value::Map(_)) {
            return DurationPhrase::decode(found, problems).map(Self);
        }
        Some(match decode_part(found, problems)? {
            TimeLimiter::Resilience4j(limiter) => limiter.timeout(),
            TimeLimiter::Polly(strategy) => {
                strategy.check(problems);
                strategy.timeout()
            }
            TimeLimiter::Cockatiel(policy) => policy.timeout(),
        })
    }
}

impl JsonSchema for TimeoutSection {
    fn schema_name() -> Cow<'static, str> {
        "Timeout".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let written = schema_of::<DurationPhrase>(generator);
        let library = schema_of::<TimeLimiter>(generator);
        json_schema!({ "anyOf": [written, library] })
    }
}

/// Limits the time for everything inside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeout {
    /// The deadline.
    pub deadline: Deadline,
}

/// A timeout that is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Set {
    /// Its number.
    pub number: u32,
    /// The instant at which it was set.
    pub since: SimTime,
}

impl Guards for Timeout {
    type Section = TimeoutSection;

    fn compile(
        span: &TimeoutSection,
        site: &Site,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Self> {
        let span = Placed::new(span.0.clone(), site.at);
        let deadline = plan.deadline_of(&span, Ends::Guard(site.position), names, problems);
        Some(Self { deadline })
    }

    fn enter(&self, call: Call<'_>, engine: &mut Engine<'_>) -> Entry {
        let frame = &mut engine.state.frames[call.index];
        frame.timeouts_set = frame.timeouts_set.wrapping_add(1).max(1);
        let number = frame.timeouts_set;
        let set = Set { number, since: engine.now };
        *engine.state.frames.hold(call.index, call.position) = Hold::Timeout(set);
        engine.set_deadline(Some(self.deadline), Waiter { frame: call.index, epoch: number });
        Entry::Passed
    }

    fn leave(&self, call: Call<'_>, _: Outcome, engine: &mut Engine<'_>) -> Exit {
        self.abandon(call, engine);
        Exit::Passed
    }

    /// Cancels the timeout.
    fn abandon(&self, call: Call<'_>, engine: &mut Engine<'_>) {
        *engine.state.frames.hold(call.index, call.position) = Hold::Nothing;
        let frame = &mut engine.state.frames[call.index];
        if frame.given_up_from == call.position + 1 {
            frame.given_up_from = u8::MAX;
        }
    }
}

impl Timeout {
    /// The instant at which the timeout of a call falls due, if it is set and constant.
    pub(crate) fn due(&self, call: Call<'_>, engine: &Engine<'_>) -> Option<SimTime> {
        let Hold::Timeout(set) = engine.state.frames.held(call.index, call.position) else {
            return None;
        };
        let timeout = engine.plan.deadline(self.deadline);
        (timeout.drawn.is_none()).then(|| set.since + timeout.span)
    }
}
