//! Warnings about guards that are in the wrong place, have no effect, or multiply retries.

use sim_core::SimDuration;
use sim_core::random::DrawKey;

use super::super::cycles::components;
use super::Graph;
use crate::OutcomeSet;
use crate::guards::{Breaker, Guard, Retry, Scope, Timeout};
use crate::language::{Location, Placed, Problem, Problems};
use crate::resilience::retry::PausesSoFar;
use crate::resilience::{Backoff, Jitter, RetryPolicy};
use crate::system::{EdgePlan, Id, Table, of};

/// The number of attempts at one service for a single client request from which on there is a
/// warning.
const MANY_ATTEMPTS: u64 = 6;

/// The most attempts that may follow each other without a pause. No client goes near: gRPC allows 5
/// in all (gRFC A6), Envoy and the AWS SDKs make 2 and 3 by default.
const MOST_WITHOUT_PAUSE: u32 = 10;

/// Rounds through a cycle of calls after which attempts have multiplied beyond all bounds, if they do.
const MOST_ROUNDS: usize = 64;

/// The most attempts of a series whose pauses are looked at.
const MOST_LOOKED_AT: u32 = 1_000;

/// Pauses that are shorter on average are none: the callee notices no relief.
const LEAST_PAUSE: SimDuration = SimDuration::from_millis(1);

impl Graph<'_> {
    pub(super) fn guards(&self, problems: &mut Problems) {
        for (index, edge) in self.blueprint.edges.with_ids() {
            self.breaker_without_timeout(index, edge, problems);
            self.breaker_for_each_of_one(index, edge, problems);
            self.retry_outside_the_breaker(index, edge, problems);
            self.timeout_too_short_for_what_is_inside(index, edge, problems);
            self.hedge_that_comes_too_late(index, edge, problems);
            self.deadline_that_nobody_sets(index, edge, problems);
            self.repeats_what_is_not_idempotent(index, edge, problems);
            self.attempts_without_a_pause(index, edge, problems);
        }
        self.deliveries_without_a_pause(problems);
        self.retries_that_multiply(problems);
    }

    fn breaker_without_timeout(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let has = |is_it: fn(&Guard) -> bool| edge.guards.iter().any(is_it);
        // One outside of the breaker is told to it as well.
        let has_timeout = edge.timeout.is_some() || has(|guard| matches!(guard, Guard::Timeout(_)));
        if has(|guard| matches!(guard, Guard::Breaker(_))) && !has_timeout {
            problems.add(
                Problem::warning(
                    format!("the breaker of `{}` guards a call without a timeout", self.name(index)),
                    self.at(index, "breaker"),
                )
                .labelled("no timeout")
                .with_help("a call that hangs never ends, so the breaker never sees it fail; add `timeout: 1s`"),
            );
        }
    }

    fn breaker_for_each_of_one(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let is_each = |guard: &Guard| {
            matches!(guard, Guard::Breaker(Breaker { scope: Scope::CalleeInstance, .. }))
        };
        if edge.guards.iter().any(is_each) && edge.callee_instances.len() == 1 {
            problems.add(
                Problem::warning(
                    format!(
                        "`{}` has only one instance: a breaker for each instance is a single breaker",
                        self.callee(edge)
                    ),
                    self.at(index, "breaker"),
                )
                .with_help("leave `scope` out"),
            );
        }
    }

    /// Warns of a retry outside a breaker, unless a library has put it there for good.
    fn retry_outside_the_breaker(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let retry = edge.guards.iter().position(
            |guard| matches!(guard, Guard::Retry(Retry { policy, .. }) if policy.attempts > 1),
        );
        let breaker = edge.guards.iter().rposition(|guard| matches!(guard, Guard::Breaker(_)));
        if let (Some(retry), Some(breaker)) = (retry, breaker)
            && retry < breaker
            && !self.has_fixed_order(index)
        {
            problems.add(
                Problem::warning(
                    format!("the retry of `{}` is outside its breaker", self.name(index)),
                    self.at(index, "guards"),
                )
                .labelled("every attempt counts by itself")
                .with_help(
                    "one bad call can open the breaker, and retries keep running into an open one; put the retry inside the breaker",
                ),
            );
        }
    }

    /// Warns of a timeout that ends the attempts inside it midway: the last ones are never made.
    fn timeout_too_short_for_what_is_inside(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let Some(attempt) = self.timeout(index) else { return };
        for (position, guard) in edge.guards.iter().enumerate() {
            let Guard::Timeout(Timeout { deadline }) = guard else { continue };
            let whole = self.blueprint.deadline(*deadline).span;
            let inside = &edge.guards[position + 1..];
            let needed = inside.iter().rev().fold(attempt, |inner, guard| match guard {
                Guard::Retry(Retry { policy, .. }) => longest_series(policy, inner),
                Guard::Timeout(Timeout { deadline }) => {
                    self.blueprint.deadline(*deadline).span.min(inner)
                }
                _ => inner,
            });
            if needed <= whole {
                continue;
            }
            let message = if needed == attempt {
                format!(
                    "an attempt over `{}` may take {attempt}, but the call is given up after {whole}",
                    self.name(index)
                )
            } else {
                format!(
                    "the attempts over `{}` can take {needed} in all, but the call is given up after {whole}",
                    self.name(index)
                )
            };
            let at = self.at(index, "call timeout");
            problems.add(
                Problem::warning(message, at)
                    .labelled("too short for all of them")
                    .with_help("shorten the timeout of an attempt, or try less often; what cannot be finished is wasted work"),
            );
            return;
        }
    }

    fn hedge_that_comes_too_late(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let (Some((hedge, _)), Some(timeout)) = (edge.hedge(), self.timeout(index)) else { return };
        if let Some(delay) =
            Some(self.blueprint.deadline(hedge.delay).span).filter(|delay| *delay >= timeout)
        {
            problems.add(
                Problem::warning(
                    format!("a hedge after {delay} comes too late: an attempt is given up after {timeout}"),
                    self.at(index, "hedge"),
                )
                .labelled("never sent")
                .with_help("hedge after about the 95th percentile of the latency"),
            );
        }
    }

    fn deadline_that_nobody_sets(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let has_own = edge.timeout.is_some()
            || edge.guards.iter().any(|guard| matches!(guard, Guard::Timeout(_)));
        if !edge.propagates_deadline || has_own {
            return;
        }
        let mut callers = self.station(&edge.caller).into_iter().flat_map(|it| self.edges_to(it));
        if !callers.any(|(_, other)| other.propagates_deadline) {
            problems.add(
                Problem::warning(
                    format!("`{}` passes a deadline on, but nobody sets one", self.name(index)),
                    self.at(index, "propagate deadline"),
                )
                .with_help("add a `timeout`, or let the caller's own callers pass theirs on"),
            );
        }
    }

    fn repeats_what_is_not_idempotent(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let callee = self.callee(edge);
        if self.file.services.get(callee).is_none_or(|service| service.idempotent != Some(false)) {
            return;
        }
        let retries = edge.guards.iter().any(
            |guard| matches!(guard, Guard::Retry(Retry { policy, .. }) if policy.attempts > 1),
        );
        let does =
            [("retry", retries, "tries again"), ("hedge", edge.hedge().is_some(), "asks twice")];
        for (setting, _, what) in does.into_iter().filter(|(_, does, _)| *does) {
            problems.add(
                Problem::warning(
                    format!("`{callee}` is not idempotent, but `{}` {what}", self.name(index)),
                    self.at(index, setting),
                )
                .labelled("may do it twice")
                .with_help(
                    "an attempt that timed out may have succeeded; retry only what can be repeated, or make it idempotent",
                ),
            );
        }
    }

    /// Many attempts that follow each other at once: the callee has no time to recover, and each
    /// caller multiplies its load.
    fn attempts_without_a_pause(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        for guard in &edge.guards {
            let Guard::Retry(Retry { policy, drawn_pauses: None, first_budget: None }) = guard
            else {
                continue;
            };
            if let Some(how) = hardly_pauses(policy.attempts, policy) {
                let message = format!(
                    "`{}` makes up to {} attempts {how}",
                    self.name(index),
                    policy.attempts
                );
                add_hammering(message, self.at(index, "retry"), problems);
            }
        }
    }

    /// The same of messages that are delivered again and again.
    fn deliveries_without_a_pause(&self, problems: &mut Problems) {
        for queue in self.blueprint.queues.iter().filter(|queue| queue.entry.is_some()) {
            let policy = RetryPolicy {
                attempts: queue.attempts,
                backoff: queue.pauses.backoff,
                on: OutcomeSet::failures(),
                honours_retry_after: false,
            };
            if queue.pauses.drawn.is_some() {
                continue;
            }
            if let Some(how) = hardly_pauses(queue.attempts, &policy) {
                let name = queue.name.as_str();
                let times = match queue.attempts {
                    u32::MAX => "for ever".to_owned(),
                    attempts => format!("up to {attempts} times"),
                };
                let section = self.file.queues.get(name);
                let at = section.and_then(|it| it.backoff.as_ref()).map(Placed::at);
                let message = format!("`{name}` delivers a message {times} {how}");
                add_hammering(message, at, problems);
            }
        }
    }

    /// Retries at several levels of a call graph multiply ("Addressing cascading failures", Site
    /// Reliability Engineering, 2016).
    fn retries_that_multiply(&self, problems: &mut Problems) {
        let edges = &self.blueprint.edges;
        let attempts = |edge: &EdgePlan| {
            let of = |guard: &Guard| match guard {
                Guard::Retry(Retry { policy, .. }) => u64::from(policy.attempts),
                _ => 1,
            };
            edge.guards.iter().map(of).fold(1_u64, u64::saturating_mul)
        };
        let mut at_station: Table<of::Station, u64> =
            self.blueprint.stations.iter().map(|_| 1).collect();
        let above = |edge: &EdgePlan, at_station: &Table<of::Station, u64>| {
            self.station(&edge.caller).map_or(1, |caller| at_station[caller])
        };
        for stations in components(&self.calls()) {
            // In a cycle of calls attempts would multiply for ever.
            for _ in 0..stations.len().min(MOST_ROUNDS) {
                for station in stations.iter().copied().map(Id::new) {
                    let into = self.edges_to(station).map(|(_, edge)| edge);
                    let products =
                        into.map(|edge| above(edge, &at_station).saturating_mul(attempts(edge)));
                    at_station[station] = products.fold(at_station[station], u64::max);
                }
            }
        }
        for (index, edge) in edges.with_ids().filter(|(_, edge)| attempts(edge) > 1) {
            let above = above(edge, &at_station);
            let product = above.saturating_mul(attempts(edge));
            if above > 1 && product >= MANY_ATTEMPTS {
                problems.add(
                    Problem::warning(
                        format!(
                            "retries multiply: `{}` is called up to {product} times for one request",
                            self.callee(edge)
                        ),
                        self.at(index, "retry"),
                    )
                    .labelled("retried further up as well")
                    .with_help("retry at one level only, or give the retries a `budget`"),
                );
            }
        }
    }
}

/// The words for pauses that are none, if many attempts have no others.
fn hardly_pauses(attempts: u32, policy: &RetryPolicy) -> Option<String> {
    let looked_at = RetryPolicy { attempts: attempts.min(MOST_LOOKED_AT), ..*policy };
    let pauses = longest_series(&looked_at, SimDuration::ZERO);
    let is_short = pauses < LEAST_PAUSE * u64::from(looked_at.attempts);
    (attempts > MOST_WITHOUT_PAUSE && is_short).then(|| {
        if pauses.is_zero() {
            "without a pause".to_owned()
        } else {
            format!("with pauses of less than {LEAST_PAUSE}")
        }
    })
}

fn add_hammering(message: String, at: Option<Location>, problems: &mut Problems) {
    problems.add(
        Problem::warning(message, at).labelled("one after the other").with_help(
            "what failed a moment ago fails again, and a callee in trouble gets many times its load; add a `backoff`, or try less often",
        ),
    );
}

/// The longest that a series of attempts can take, if each takes `attempt`.
fn longest_series(policy: &RetryPolicy, attempt: SimDuration) -> SimDuration {
    // A pause with jitter is at most the pause that it is drawn from.
    let backoff = match policy.backoff.jitter {
        Jitter::Decorrelated => {
            Backoff { base: policy.backoff.max.min(policy.backoff.base * 3), ..policy.backoff }
        }
        Jitter::Around(part) => {
            Backoff { base: policy.backoff.base.scaled(1.0 + part), ..policy.backoff }
        }
        _ => policy.backoff,
    };
    let unspread = Backoff { jitter: Jitter::None, ..backoff };
    let mut draw = DrawKey::default().draw();
    (1..policy.attempts.min(MOST_LOOKED_AT)).fold(attempt, |sum, tries| {
        sum + unspread.wait(tries, &mut PausesSoFar::default(), &mut draw) + attempt
    })
}
