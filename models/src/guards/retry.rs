//! Retries, and budgets of retries.

use std::str::FromStr;

use sim_core::SimDuration;

use super::{Call, Entry, Exit, Guards, Hold, Site};
use crate::language::distribution::DurationPhrase;
use crate::language::phrase::Phrase;
use crate::language::quantity::{Duration, Factor};
use crate::language::{Placed, Problems, Written, one_of, section, written};
use crate::resilience::{Backoff, Growth, Jitter, RetryBudget, RetryBudgetPolicy, RetryPolicy};
use crate::scenario::{Names, Plan, most};
use crate::system::{Activity, EdgePlan, NONE, Pauses, Turn, draw_tag};
use crate::{Outcome, OutcomeSet};

section! {
    /// Retries.
    pub(crate) struct RetrySection {
        /// The number of attempts in all, the first included, such as `3`.
        "attempts" => attempts: Placed<u32>,
        /// The pause between them: `fixed 500ms`, `exponential 50ms x2 max 1s full jitter`, `none`,
        /// or a distribution such as `exponential mean 2s`.
        "backoff" => backoff: Placed<BackoffPhrase>,
        /// Outcomes that are tried again; server errors, timeouts, refusals and full queues if left
        /// out.
        "on" => on: Option<Vec<Outcome>>,
        /// True if a callee that asks callers to stay away (`retry after`) is left alone for at
        /// least that long; false if left out.
        "honour retry after" => honour_retry_after: Option<bool>,
        /// A limit on the retries of all calls of an instance together; no limit if left out.
        "budget" => budget: Option<BudgetSection>,
    }
}

one_of! {
    /// A limit on the retries of all calls together, as in a library and under its names.
    pub(crate) enum BudgetSection("budget") by "preset" {
        /// Finagle (Scala).
        "finagle" => Finagle(Finagle),
        /// Envoy's `retry_budget`.
        "envoy" => Envoy(EnvoyBudget),
        /// gRPC's `retryThrottling`.
        "grpc" => Grpc(Grpc),
    }
}

/// Finagle's own settings of a retry budget.
mod finagle {
    pub const TTL_SECONDS: f64 = 10.0;
    pub const MINIMUM_PER_SECOND: u32 = 10;
    pub const RATIO: f64 = 0.2;
}

/// Envoy's own settings of a retry budget.
mod envoy {
    pub const PERCENT: f64 = 20.0;
    pub const MINIMUM: u32 = 3;
}

section! {
    /// Finagle's `RetryBudget`.
    pub(crate) struct Finagle {
        /// The time for which a call adds to the budget; 10s if left out.
        "ttl" => ttl: Option<Placed<Duration>>,
        /// Retries a second that are always allowed; 10 if left out.
        "minRetriesPerSec" => min_retries_per_second: Option<u32>,
        /// Retries per call; 0.2 if left out.
        "percentCanRetry" => ratio: Option<Placed<f64>>,
    }
}

section! {
    /// Envoy's `retry_budget`.
    pub(crate) struct EnvoyBudget {
        /// Retries under way, as a percentage of the calls under way; 20 if left out.
        "budget_percent" => budget_percent: Option<Placed<f64>>,
        /// Retries under way that are always allowed; 3 if left out.
        "min_retry_concurrency" => min_retry_concurrency: Option<u32>,
    }
}

section! {
    /// gRPC's `retryThrottling`.
    pub(crate) struct Grpc {
        /// The most tokens, such as `10`; a failure takes one, and half of them must be left.
        "maxTokens" => max_tokens: Placed<f64>,
        /// The part of a token that a success gives back, such as `0.1`.
        "tokenRatio" => token_ratio: Placed<f64>,
    }
}

impl BudgetSection {
    fn compile(&self, problems: &mut Problems) -> RetryBudgetPolicy {
        match self {
            Self::Finagle(budget) => {
                let seconds = budget.ttl.as_ref().map(|ttl| ttl.with(ttl.0.as_secs_f64()));
                let ttl = problems.within(seconds.as_ref(), finagle::TTL_SECONDS, 1.0..=60.0);
                let minimum = budget.min_retries_per_second;
                RetryBudgetPolicy::Finagle {
                    ttl: SimDuration::from_secs_f64(ttl),
                    minimum_per_second: minimum.unwrap_or(finagle::MINIMUM_PER_SECOND),
                    ratio: problems.within(budget.ratio.as_ref(), finagle::RATIO, 0.0..=1_000.0),
                }
            }
            Self::Envoy(budget) => budget.compile(problems),
            Self::Grpc(budget) => RetryBudgetPolicy::Grpc {
                max_tokens: problems.within(Some(&budget.max_tokens), 1.0, 1.0..=1_000.0) as u32,
                token_ratio: problems.within(Some(&budget.token_ratio), 1.0, 0.001..=1_000.0),
            },
        }
    }
}

impl EnvoyBudget {
    /// The policy that it stands for.
    pub fn compile(&self, problems: &mut Problems) -> RetryBudgetPolicy {
        let percent = self.budget_percent.as_ref();
        RetryBudgetPolicy::Envoy {
            ratio: problems.within(percent, envoy::PERCENT, 0.0..=100.0) / 100.0,
            minimum: self.min_retry_concurrency.unwrap_or(envoy::MINIMUM),
        }
    }
}

/// The pause before a retry: `fixed 500ms`, `exponential 50ms x2 max 1s full jitter`, `none`, or a
/// distribution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BackoffPhrase {
    /// A pause that follows from the number of attempts, and may be spread.
    Grows(Backoff),
    /// A pause that is drawn from the same distribution each time.
    Drawn(DurationPhrase),
}

impl BackoffPhrase {
    /// The pauses that the phrase stands for.
    pub fn compile(
        written: &Placed<Self>,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Pauses {
        match &**written {
            Self::Grows(backoff) => Pauses { backoff: *backoff, drawn: NONE },
            Self::Drawn(phrase) => {
                let drawn = plan.distribution(&written.with(phrase.clone()), names, problems);
                let mean = plan.blueprint.distributions[drawn as usize].mean();
                Pauses { backoff: Backoff::fixed(SimDuration::from_nanos_f64(mean)), drawn }
            }
        }
    }
}

impl FromStr for BackoffPhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_exponential = text.starts_with("exponential mean ");
        if is_exponential || DurationPhrase::is_begun_by(text) && !text.starts_with("exponential ")
        {
            return text.parse().map(Self::Drawn);
        }
        let mut words = Phrase::new(
            text,
            "fixed 500ms`, `exponential 50ms x2 max 1s full jitter` or `fibonacci 100ms max 1s",
        );
        if words.skip("none") {
            words.end()?;
            return Ok(Self::Grows(Backoff {
                max: SimDuration::ZERO,
                ..Backoff::fixed(SimDuration::ZERO)
            }));
        }
        let (base, growth, max) = if words.skip("exponential") {
            let (base, multiplier, max) = growing(&mut words)?;
            (base, Growth::Exponential(multiplier), max)
        } else if words.skip("fibonacci") {
            let base = SimDuration::from_nanos_f64(words.duration("the first pause")?);
            (base, Growth::Fibonacci, longest(&mut words)?)
        } else {
            words.skip("fixed");
            let base = SimDuration::from_nanos_f64(words.duration("the pause")?);
            (base, Growth::Exponential(1.0), SimDuration::MAX)
        };
        let jitter = jitter(&mut words)?;
        words.end()?;
        Ok(Self::Grows(Backoff { base, growth, max, jitter }))
    }
}

fn jitter(words: &mut Phrase<'_>) -> Result<Jitter, String> {
    let jitters = [
        ("no", Jitter::None),
        ("full", Jitter::Full),
        ("equal", Jitter::Equal),
        ("decorrelated", Jitter::Decorrelated),
    ];
    match jitters.into_iter().find(|(word, _)| words.skip(word)) {
        Some((_, jitter)) => words.keyword("jitter").map(|()| jitter),
        None => Ok(Jitter::None),
    }
}

/// `50ms x2 max 1s`: a base, a multiplier (2 if left out), a longest (none if left out).
pub(super) fn growing(words: &mut Phrase<'_>) -> Result<(SimDuration, f64, SimDuration), String> {
    let base = SimDuration::from_nanos_f64(words.duration("the base")?);
    let has_factor =
        words.peek().is_some_and(|word| word.starts_with(['x', '×']) || word.ends_with(['x', '×']));
    let multiplier = if has_factor { words.take::<Factor>("a multiplier")?.0 } else { 2.0 };
    if multiplier < 1.0 {
        return Err(words.refuse("the multiplier must be at least 1"));
    }
    Ok((base, multiplier, longest(words)?))
}

/// `max 1s`; no limit if left out.
pub(super) fn longest(words: &mut Phrase<'_>) -> Result<SimDuration, String> {
    if words.skip("max") {
        words.duration("the longest").map(SimDuration::from_nanos_f64)
    } else {
        Ok(SimDuration::MAX)
    }
}

impl Written for BackoffPhrase {
    const EXPECTED: &'static str =
        "a backoff such as fixed 500ms or exponential 50ms x2 max 1s full jitter";
    const PATTERN: &'static str = r"^(none$|fixed |exponential |fibonacci |[0-9]|constant |uniform |erlang |gamma |normal |lognormal |pareto |weibull |hyperexponential |empirical )";
    const EXAMPLES: &'static [&'static str] = &[
        "fixed 500ms",
        "exponential 50ms x2 max 1s full jitter",
        "fibonacci 100ms max 1s",
        "none",
        "exponential mean 2s",
    ];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("fixed {number}ms"))
    }
}
written!(BackoffPhrase, "Backoff");

/// Sends failed calls in again.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// The outcomes that are worth another attempt, and the pause before it.
    pub policy: RetryPolicy,
    /// The distribution of its pauses, in place of the policy's backoff; [`NONE`] if there is none.
    pub drawn_pauses: u32,
    /// The first of its budgets, one for each instance of the caller; [`NONE`] if there is none.
    pub first_budget: u32,
}

/// The tries of a call so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tries {
    /// The number of times that the call has been sent in, the first included.
    tries: u32,
    /// The pause before the present try.
    pause: SimDuration,
}

impl Guards for Retry {
    type Section = RetrySection;

    fn compile(
        section: &RetrySection,
        site: &Site,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Self> {
        let pauses = BackoffPhrase::compile(&section.backoff, names, plan, problems);
        let attempts = problems.at_least_one(Some(&section.attempts), 1, "attempts");
        let policy = RetryPolicy {
            attempts: attempts.min(u32::from(u16::MAX)),
            backoff: pauses.backoff,
            on: section.on.as_deref().map_or_else(OutcomeSet::callee_failures, OutcomeSet::of),
            honours_retry_after: section.honour_retry_after.unwrap_or(false),
        };
        let retry = Self { policy, drawn_pauses: pauses.drawn, first_budget: NONE };
        let budget = section.budget.as_ref().map(|budget| budget.compile(problems));
        Some(match budget {
            Some(budget) => retry.with_budget(budget, site, plan, problems),
            None => retry,
        })
    }

    fn enter(&self, call: Call<'_>, turn: &mut Turn<'_>) -> Entry {
        let first = Tries { tries: 1, pause: SimDuration::ZERO };
        *turn.state.frames.hold(call.index, call.position) = Hold::Retry(first);
        if self.first_budget != NONE {
            let budget = call.of_caller(self.first_budget, turn);
            turn.state.retry_budgets[budget].call_begins(turn.now);
        }
        Entry::Passed
    }

    /// Sends the call in again after a pause, if its policy says so and its budget allows it.
    #[inline]
    fn leave(&self, call: Call<'_>, outcome: Outcome, turn: &mut Turn<'_>) -> Exit {
        // An outcome that is not worth another attempt needs no pause, and without a budget there
        // is nothing to count.
        let is_over = self.first_budget == NONE && !self.policy.on.contains(outcome);
        if is_over || !self.tries_again(call, outcome, turn) {
            return Exit::Passed;
        }
        turn.state.frames[call.index].guards_passed = call.position + 1;
        Exit::Kept
    }

    fn abandon(&self, call: Call<'_>, turn: &mut Turn<'_>) {
        self.end_tries(call, turn);
    }

    /// Begins anew with the budget of an instance; an Envoy beside it lives on.
    fn forget(&self, _: &EdgePlan, caller: u32, turn: &mut Turn<'_>) -> Option<&'static str> {
        if self.first_budget == NONE {
            return None;
        }
        let budget = (self.first_budget + caller) as usize;
        let policy = turn.plan.retry_budgets[budget];
        if matches!(policy, RetryBudgetPolicy::Envoy { .. }) {
            return None;
        }
        turn.state.retry_budgets[budget] = RetryBudget::new(policy);
        Some("retry budgets")
    }
}

impl Retry {
    /// The same retry with a budget for each instance of the caller.
    pub(super) fn with_budget(
        self,
        budget: RetryBudgetPolicy,
        site: &Site,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Self {
        let first_budget = plan.blueprint.retry_budgets.len() as u32;
        let count = plan.caller_instances(site.edge.caller);
        let in_all = u64::from(first_budget) + u64::from(count);
        if problems.may_have(in_all, most::BREAKERS, "retry budgets", site.at) {
            let budgets = std::iter::repeat_n(budget, count as usize);
            plan.blueprint.retry_budgets.extend(budgets);
        }
        Self { first_budget, ..self }
    }

    fn tries_again(&self, call: Call<'_>, outcome: Outcome, turn: &mut Turn<'_>) -> bool {
        let Hold::Retry(Tries { tries, pause }) = turn.state.frames.held(call.index, call.position)
        else {
            unreachable!("only a call that was sent in is sent in again")
        };
        if self.first_budget != NONE {
            let budget = call.of_caller(self.first_budget, turn);
            if self.policy.on.contains(outcome) {
                turn.state.retry_budgets[budget].attempt_fails();
            } else if outcome.is_good() {
                turn.state.retry_budgets[budget].attempt_succeeds();
            }
        }
        let pause = if self.policy.is_worth_another(tries, outcome) {
            self.pause(call.index, tries, pause, turn)
        } else {
            None
        };
        let may_go_on = call.position < turn.state.frames[call.index].given_up_from;
        let Some(pause) = pause.filter(|_| may_go_on) else {
            self.end_tries(call, turn);
            return false;
        };
        if self.first_budget != NONE {
            let budget = call.of_caller(self.first_budget, turn);
            if !turn.state.retry_budgets[budget].try_withdraw(turn.now, tries == 1) {
                turn.state.retry_budgets[budget].call_ends(false);
                return false;
            }
        }
        let frame = &mut turn.state.frames[call.index];
        frame.rounds = frame.rounds.saturating_add(1);
        let next = Tries { tries: tries + 1, pause };
        *turn.state.frames.hold(call.index, call.position) = Hold::Retry(next);
        turn.wait(call.index, Activity::BackingOff, pause);
        true
    }

    /// The pause before the call is sent in again; `None` if the frame's own time would be up by
    /// then.
    fn pause(
        &self,
        index: u32,
        tries: u32,
        previous: SimDuration,
        turn: &Turn<'_>,
    ) -> Option<SimDuration> {
        let frame = &turn.state.frames[index];
        let tag = draw_tag::BACKOFF | u64::from(frame.rounds) << draw_tag::SIBLING_SHIFT;
        let mut draw = frame.key.child(frame.step_number() | tag).draw();
        let pauses = Pauses { backoff: self.policy.backoff, drawn: self.drawn_pauses };
        let mut pause = turn.plan.pause(pauses, tries, previous, &mut draw);
        if self.policy.honours_retry_after {
            let asked = u64::from(frame.told_to_stay_away);
            pause = pause.max(SimDuration::from_millis(asked));
        }
        (turn.now + pause < frame.deadline).then_some(pause)
    }

    /// Tells the budget that a call will not be tried again.
    #[inline]
    fn end_tries(&self, call: Call<'_>, turn: &mut Turn<'_>) {
        if self.first_budget != NONE {
            let held = turn.state.frames.held(call.index, call.position);
            let is_retry = matches!(held, Hold::Retry(Tries { tries, .. }) if tries > 1);
            let budget = call.of_caller(self.first_budget, turn);
            turn.state.retry_budgets[budget].call_ends(is_retry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoffs_are_read() {
        let growth = Growth::Exponential(2.0);
        let max = SimDuration::from_secs(1);
        let backoff =
            Backoff { base: SimDuration::from_millis(50), growth, max, jitter: Jitter::Full };
        let read = |text: &str| text.parse::<BackoffPhrase>();
        let grows = |backoff| Ok(BackoffPhrase::Grows(backoff));
        assert_eq!(read("exponential 50ms x2 max 1s full jitter"), grows(backoff));
        let fibonacci = Backoff { growth: Growth::Fibonacci, jitter: Jitter::Equal, ..backoff };
        assert_eq!(read("fibonacci 50ms max 1s equal jitter"), grows(fibonacci));
        for drawn in ["exponential mean 2s", "uniform 1s to 3s", "lognormal p50 1s p99 9s"] {
            assert!(matches!(read(drawn), Ok(BackoffPhrase::Drawn(_))), "{drawn}");
        }
        assert!(read("fixed 50ms full").is_err() && read("exponential 50ms x0.5").is_err());
    }
}
