//! Retries: with settings of their own, or, with `preset`, a library's.

mod backoff;
mod budget;
mod cockatiel;
mod polly;
mod resilience4j;

pub(crate) use self::backoff::BackoffPhrase;
pub(in crate::guards) use self::backoff::{growing, longest};
use self::budget::BudgetSection;
pub(crate) use self::budget::EnvoyBudget;
use self::cockatiel::CockatielRetry;
pub(in crate::guards) use self::polly::HttpRetry;
use self::polly::PollyRetry;
pub(in crate::guards) use self::resilience4j::Resilience4jModule;
use self::resilience4j::Resilience4jRetry;
use super::{Call, Entry, Exit, Guards, Hold, Site};
use crate::language::{Placed, Problems, one_of, section};
use crate::resilience::retry::PausesSoFar;
use crate::resilience::{RetryBudget, RetryBudgetPolicy, RetryPolicy};
use crate::scenario::{Names, Plan, most};
use crate::system::{Activity, Draw, EdgePlan, Engine, Id, Pauses, of};
use crate::{Outcome, OutcomeSet};
use sim_core::SimDuration;

/// The retries of a call of a library that tries again for ever if nothing else is written.
const FOR_EVER: u32 = 65_534;

section! {
    /// Retries.
    pub(crate) struct RetrySection {
        .. => rule: RetryRule,
        .. => shared: SharedSection,
    }
}

section! {
    /// The settings that retries of every library share.
    pub(crate) struct SharedSection {
        /// Outcomes that are tried again. If left out: server errors, timeouts, refusals and full
        /// queues, or with a preset what the library tries again.
        "on" => on: Option<Vec<Outcome>>,
        /// A limit on the retries of all calls of an instance together; no limit if left out.
        "budget" => budget: Option<BudgetSection>,
    }
}

one_of! {
    /// The attempts and the pauses between them.
    pub(crate) enum RetryRule("retry") by "preset" or "" {
        /// Written in full.
        "" => Own(OwnRule),
        /// Resilience4j's `Retry` (Java).
        "resilience4j" => Resilience4j(Resilience4jRetry),
        /// Polly's retry strategy (.NET).
        "polly" => Polly(PollyRetry),
        /// cockatiel's `retry` (Node).
        "cockatiel" => Cockatiel(CockatielRetry),
    }
}

section! {
    /// Attempts and pauses, written in full.
    pub(crate) struct OwnRule {
        /// The number of attempts in all, the first included, such as `3`.
        "attempts" => attempts: Placed<u32>,
        /// The pause between them: `fixed 500ms`, `exponential 50ms x2 max 1s full jitter`, `none`,
        /// or a distribution such as `exponential mean 2s`.
        "backoff" => backoff: Placed<BackoffPhrase>,
        /// True if a callee that asks callers to stay away (`retry after`) is left alone for at
        /// least that long; false if left out.
        "honour retry after" => honour_retry_after: Option<bool>,
    }
}

/// The meaning of a retry, whichever library names it.
struct Rule {
    attempts: u32,
    pauses: Pauses,
    /// Outcomes that are tried again if nothing is said.
    on: OutcomeSet,
    honours_retry_after: bool,
}

impl RetryRule {
    fn compile(&self, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) -> Rule {
        match self {
            Self::Own(rule) => Rule {
                attempts: problems.at_least_one(Some(&rule.attempts), 1, "attempts"),
                pauses: BackoffPhrase::compile(&rule.backoff, names, plan, problems),
                on: OutcomeSet::callee_failures(),
                honours_retry_after: rule.honour_retry_after.unwrap_or(false),
            },
            Self::Resilience4j(rule) => rule.compile(problems),
            Self::Polly(rule) => rule.compile(problems),
            Self::Cockatiel(rule) => rule.compile(problems),
        }
    }
}

/// Sends failed calls in again.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// The outcomes that are worth another attempt, and the pause before it.
    pub policy: RetryPolicy,
    /// The distribution of its pauses, in place of the policy's backoff, if there is one.
    pub drawn_pauses: Option<Id<of::Distribution>>,
    /// The first of its budgets, one for each instance of the caller, if there are any.
    pub first_budget: Option<Id<of::RetryBudget>>,
}

/// The tries of a call so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tries {
    /// The number of times that the call has been sent in, the first included.
    count: u32,
    /// The failure that the last of them follows; `None` for the first.
    retried_after: Option<Outcome>,
    /// The pauses before it.
    pauses: PausesSoFar,
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
        let rule = section.rule.compile(names, plan, problems);
        let policy = RetryPolicy {
            attempts: rule.attempts,
            backoff: rule.pauses.backoff,
            on: section.shared.on.as_deref().map_or(rule.on, OutcomeSet::of),
            honours_retry_after: rule.honours_retry_after,
        };
        let retry = Self { policy, drawn_pauses: rule.pauses.drawn, first_budget: None };
        let budget = section.shared.budget.as_ref().map(|budget| budget.compile(problems));
        Some(match budget {
            Some(budget) => retry.with_budget(budget, site, plan, problems),
            None => retry,
        })
    }

    fn enter(&self, call: Call<'_>, engine: &mut Engine<'_>) -> Entry {
        let first = Tries { count: 1, retried_after: None, pauses: PausesSoFar::default() };
        *engine.state.frames.hold(call.index, call.position) = Hold::Retry(first);
        if let Some(first) = self.first_budget {
            let budget = call.of_caller(first, engine);
            engine.state.retry_budgets[budget].call_begins(engine.now);
        }
        Entry::Passed
    }

    /// Sends the call in again after a pause, if its policy says so and its budget allows it.
    #[inline]
    fn leave(&self, call: Call<'_>, outcome: Outcome, engine: &mut Engine<'_>) -> Exit {
        // An outcome that is not worth another attempt needs no pause, and without a budget there
        // is nothing to count.
        let is_over = self.first_budget.is_none() && !self.policy.on.contains(outcome);
        if is_over || !self.tries_again(call, outcome, engine) {
            return Exit::Passed;
        }
        engine.state.frames[call.index].guards_passed = call.position + 1;
        Exit::Kept
    }

    fn abandon(&self, call: Call<'_>, engine: &mut Engine<'_>) {
        self.end_tries(call, engine);
    }

    /// Begins anew with the budget of an instance; an Envoy beside it lives on.
    fn forget(&self, _: &EdgePlan, caller: u32, engine: &mut Engine<'_>) -> Option<&'static str> {
        let budget = self.first_budget?.offset(caller);
        let policy = engine.plan.retry_budgets[budget];
        if matches!(policy, RetryBudgetPolicy::Envoy { .. }) {
            return None;
        }
        engine.state.retry_budgets[budget] = RetryBudget::new(policy);
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
        let first = plan.blueprint.retry_budgets.next_id();
        let count = plan.caller_instances(site.edge.caller);
        let in_all = first.index() as u64 + u64::from(count);
        if problems.may_have(in_all, most::BREAKERS, "retry budgets", site.at) {
            let budgets = std::iter::repeat_n(budget, count as usize);
            plan.blueprint.retry_budgets.extend(budgets);
        }
        Self { first_budget: Some(first), ..self }
    }

    fn tries_again(&self, call: Call<'_>, outcome: Outcome, engine: &mut Engine<'_>) -> bool {
        let Hold::Retry(Tries { count: tries, retried_after, mut pauses }) =
            engine.state.frames.held(call.index, call.position)
        else {
            unreachable!("only a call that was sent in is sent in again")
        };
        if let Some(first) = self.first_budget {
            let budget = call.of_caller(first, engine);
            if self.policy.on.contains(outcome) {
                engine.state.retry_budgets[budget].attempt_fails(engine.now);
            } else if outcome.is_good() {
                engine.state.retry_budgets[budget].attempt_succeeds(retried_after);
            }
        }
        let pause = if self.policy.is_worth_another(tries, outcome) {
            self.pause(call.index, tries, &mut pauses, engine)
        } else {
            None
        };
        let may_go_on = call.position < engine.state.frames[call.index].given_up_from;
        let Some(pause) = pause.filter(|_| may_go_on) else {
            self.end_tries(call, engine);
            return false;
        };
        if let Some(first) = self.first_budget {
            let budget = call.of_caller(first, engine);
            if !engine.state.retry_budgets[budget].try_withdraw(engine.now, outcome, tries == 1) {
                engine.state.retry_budgets[budget].call_ends(false);
                return false;
            }
        }
        let frame = &mut engine.state.frames[call.index];
        frame.rounds = frame.rounds.saturating_add(1);
        let next =
            Tries { count: tries + 1, retried_after: Some(outcome), pauses: pauses.and(pause) };
        *engine.state.frames.hold(call.index, call.position) = Hold::Retry(next);
        engine.wait(call.index, Activity::BackingOff, pause);
        true
    }

    /// The pause before the call is sent in again; `None` if the frame's own time would be up by
    /// then.
    fn pause(
        &self,
        index: u32,
        tries: u32,
        so_far: &mut PausesSoFar,
        engine: &Engine<'_>,
    ) -> Option<SimDuration> {
        let frame = &engine.state.frames[index];
        let tag = Draw::Backoff.of_attempt(frame.rounds);
        let mut draw = frame.key.child(frame.step_number() | tag).draw();
        let pauses = Pauses { backoff: self.policy.backoff, drawn: self.drawn_pauses };
        let mut pause = engine.plan.pause(pauses, tries, so_far, &mut draw);
        if self.policy.honours_retry_after {
            let asked = u64::from(frame.retry_after_received);
            pause = pause.max(SimDuration::from_millis(asked));
        }
        (engine.now + pause < frame.deadline).then_some(pause)
    }

    /// Tells the budget that a call will not be tried again.
    #[inline]
    fn end_tries(&self, call: Call<'_>, engine: &mut Engine<'_>) {
        if let Some(first) = self.first_budget {
            let held = engine.state.frames.held(call.index, call.position);
            let is_retry = matches!(held, Hold::Retry(Tries { count, .. }) if count > 1);
            let budget = call.of_caller(first, engine);
            engine.state.retry_budgets[budget].call_ends(is_retry);
        }
    }
}
