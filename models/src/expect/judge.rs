//! Holds claims against a run that is over.

use sim_core::SimTime;

use super::measurement::Measurements;
use super::{
    Bound, Claim, Expectation, Measured, Occurrence, Throughout, TimeWindow, Times, Unknown,
    Verdict,
};
use crate::OutcomeSet;
use crate::observe::{Change, Measure, Moment, NotKept};
use crate::system::{Id, System, of};

/// Judges one expectation by a run that is over, and its timeline. If the run was stopped before its end, at
/// `stopped`, an expectation that was open then is not known, and does not hold; nor does one about changes that are
/// only counted.
pub fn judge(
    expectation: &Expectation,
    system: &System,
    timeline: &[Moment],
    stopped: Option<SimTime>,
) -> Verdict {
    let judge = Judge { system, timeline };
    let verdict = judge.claim(&expectation.claim);
    let stopped = stopped.filter(|at| !is_decided(&expectation.claim, &verdict, *at));
    let only_counted = || judge.only_counted(&expectation.claim, &verdict.measured);
    match stopped.map(Unknown::Stopped).or_else(|| only_counted().map(Unknown::OnlyCounted)) {
        Some(why) => Verdict { holds: false, measured: Measured::NotKnown(why), ..verdict },
        None => verdict,
    }
}

/// True if nothing after the instant at which a run was stopped could have changed a verdict.
fn is_decided(claim: &Claim, verdict: &Verdict, stopped: SimTime) -> bool {
    let is_over = |window: Option<TimeWindow>| window.is_some_and(|window| window.to <= stopped);
    match (claim, &verdict.measured) {
        (Claim::Figure { throughout: Throughout::Window, window, .. }, _) => is_over(*window),
        (Claim::Figure { window, .. }, measured) => {
            let has_failed = matches!(measured, Measured::Figure { value: Some(_), .. });
            is_over(*window) || (has_failed && !verdict.holds)
        }
        (Claim::Back { window, .. }, _) => verdict.holds || window.to <= stopped,
        (Claim::Happens { times, window, .. }, Measured::Times { count, .. }) => {
            is_over(*window) || times.is_decided_by(*count)
        }
        (_, Measured::Lost { failed, dropped, .. }) => *failed > 0 || *dropped > 0,
        _ => verdict.holds,
    }
}

struct Judge<'a> {
    system: &'a System,
    timeline: &'a [Moment],
}

impl<'a> Judge<'a> {
    fn claim(&self, claim: &Claim) -> Verdict {
        match claim {
            Claim::Figure { measure, throughout: Throughout::Window, bound, window } => {
                self.over_window(measure, *bound, *window)
            }
            Claim::Figure { measure, throughout: Throughout::EachInterval, bound, window } => {
                self.each_interval(measure, *bound, *window)
            }
            Claim::Back { measure, share, normal, window } => {
                self.back(measure, *share, *normal, *window)
            }
            Claim::Happens { event, times, window } => self.happens(event, *times, *window),
            Claim::InOrder(events) => self.in_order(events),
            Claim::NothingLost => self.nothing_lost(),
        }
    }

    /// A verdict with the moment nearest to `at` among those that `is_about` picks; among all of
    /// them if it picks none.
    fn verdict(
        &self,
        holds: bool,
        measured: Measured,
        at: SimTime,
        is_about: impl Fn(&Moment) -> bool,
    ) -> Verdict {
        let distance = |moment: &&Moment| moment.at.max(at).since(moment.at.min(at));
        let about = self.timeline.iter().filter(|moment| is_about(moment)).min_by_key(distance);
        let nearest = about.or_else(|| self.timeline.iter().min_by_key(distance)).cloned();
        Verdict { holds, measured, nearest }
    }

    fn measurements(&self) -> Measurements<'a> {
        Measurements { system: self.system }
    }

    fn over_window(&self, measure: &Measure, bound: Bound, window: Option<TimeWindow>) -> Verdict {
        let value = self.measurements().value(measure, window);
        let holds = value.is_some_and(|value| bound.holds(value));
        let at = window.map_or(SimTime::ZERO, |window| window.from);
        let measured = Measured::Figure { value, unit: measure.unit(), at: None };
        self.verdict(holds, measured, at, |_| true)
    }

    fn each_interval(
        &self,
        measure: &Measure,
        bound: Bound,
        window: Option<TimeWindow>,
    ) -> Verdict {
        let worst = self.measurements().worst(measure, bound, window);
        let (at, value) = worst.map(|worst| (worst.begins, worst.value)).unzip();
        let holds = value.is_some_and(|value| bound.holds(value));
        let nearest = at.unwrap_or(self.measurements().counted().from);
        let measured = Measured::Figure { value, unit: measure.unit(), at };
        self.verdict(holds, measured, nearest, |_| true)
    }

    fn back(
        &self,
        measure: &Measure,
        share: f64,
        normal: TimeWindow,
        window: TimeWindow,
    ) -> Verdict {
        let measurements = self.measurements();
        let normal = measurements.normal(measure, normal);
        let reached =
            normal.and_then(|normal| measurements.back_from(measure, share, normal, window.from));
        let best = normal.and_then(|normal| measurements.best_share(measure, normal, window));
        let holds = reached.is_some_and(|reached| reached <= window.to);
        self.verdict(holds, Measured::Back { normal, best, reached }, window.to, |_| true)
    }

    fn happens(
        &self,
        occurrence: &Occurrence,
        times: Times,
        window: Option<TimeWindow>,
    ) -> Verdict {
        let is_in_window =
            |moment: &&Moment| window.is_none_or(|window| window.contains(moment.at));
        let found = || {
            self.timeline.iter().filter(|moment| occurrence.event.is(moment)).filter(is_in_window)
        };
        let count = found().count() as u64;
        let first = found().next().map(|moment| moment.at);
        let at = first.or(window.map(|window| window.to)).unwrap_or(SimTime::ZERO);
        let measured = Measured::Times { count, first };
        self.verdict(times.holds(count), measured, at, |moment| occurrence.event.is_about(moment))
    }

    /// The instant from which on changes are only counted of which some may decide what is not decided by the others.
    fn only_counted(&self, claim: &Claim, measured: &Measured) -> Option<SimTime> {
        let (event, window) = match (claim, measured) {
            (Claim::Happens { event, times, window }, Measured::Times { count, .. }) => {
                (Some(event).filter(|_| !times.is_decided_by(*count)), *window)
            }
            (Claim::InOrder(events), Measured::Order { missing: Some(_), reached }) => {
                (events.get(reached.len()), None)
            }
            _ => return None,
        };
        let event = &event?.event;
        self.timeline.iter().find_map(|moment| match &moment.change {
            Change::NotTold { of, not_kept: NotKept { since, until, .. } } => {
                let is_inside =
                    window.is_none_or(|window| *since <= window.to && window.from <= *until);
                (is_inside && event.may_be_of(of)).then_some(*since)
            }
            _ => None,
        })
    }

    fn in_order(&self, events: &[Occurrence]) -> Verdict {
        let mut reached = Vec::new();
        let mut rest = self.timeline;
        for occurrence in events {
            let Some(position) = rest.iter().position(|moment| occurrence.event.is(moment)) else {
                let missing = Some(occurrence.text.clone());
                let at = reached.last().copied().unwrap_or(SimTime::ZERO);
                let measured = Measured::Order { reached, missing };
                return self
                    .verdict(false, measured, at, |moment| occurrence.event.is_about(moment));
            };
            reached.push(rest[position].at);
            rest = &rest[position + 1..];
        }
        self.verdict(true, Measured::Order { reached, missing: None }, SimTime::ZERO, |_| true)
    }

    fn nothing_lost(&self) -> Verdict {
        let lost @ Lost { failed, waiting, dropped } = Lost::of(self.system);
        let holds = lost == Lost::default();
        let is_failure = |moment: &Moment| {
            matches!(moment.change, Change::AvailabilityFalls { .. } | Change::OutageBegins { .. })
        };
        let measured = Measured::Lost { failed, waiting, dropped };
        self.verdict(holds, measured, SimTime::MAX, is_failure)
    }
}

/// The losses of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lost {
    /// Requests that failed.
    failed: u64,
    /// Requests, calls put off and messages that waited at the end.
    waiting: u64,
    /// Calls that could not be put off, and messages given up and not made up for.
    dropped: u64,
}

impl Lost {
    fn of(system: &System) -> Self {
        let recorder = system.recorder();
        let failures = OutcomeSet::failures();
        let failed =
            recorder.workloads().iter().map(|workload| failures.count(&workload.ended)).sum();
        let requests: u64 = system.requests_in_flight().iter().sum();
        let put_off: u64 = recorder.edges().ids().map(|edge| system.deferred(edge)).sum();
        let messages_in = |queue: Id<of::Queue>| {
            let (waiting, in_flight) = system.messages(queue);
            waiting + in_flight
        };
        let messages: u64 = recorder.queues().ids().map(messages_in).sum();
        let given_up = recorder.queues().iter().map(|queue| {
            queue.refused + queue.dead + queue.expired + queue.purged - queue.compensated
        });
        let not_deferred = recorder.edges().iter().map(|edge| edge.not_deferred);
        Self {
            failed,
            waiting: requests + put_off + messages,
            dropped: given_up.chain(not_deferred).sum(),
        }
    }
}
