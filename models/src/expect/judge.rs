//! Holds claims against a run that is over.

use std::ops::Range;

use sim_core::SimTime;

use super::{Claim, Event, Expectation, Occurrence, Reading, Throughout, Wanted, Window};
use crate::observe::{Change, FigureUnit, InstanceChange, Measure, Moment};
use crate::system::System;
use crate::{Outcome, OutcomeSet};

/// A figure counts as back when its mean over so many intervals is.
const BACK_AFTER: usize = 5;

/// Whether an expectation came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether it did.
    pub holds: bool,
    /// What was measured.
    pub measured: Measured,
    /// The moment of the timeline that comes nearest to what was expected, if there is one.
    pub nearest: Option<Moment>,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Measured {
    /// A figure; in the interval that begins at `at`, or over the whole window.
    Figure {
        /// Its value; `None` if there was nothing to measure.
        value: Option<f64>,
        /// What it is counted in.
        unit: FigureUnit,
        /// Where it was worst, if it was wanted in each interval.
        at: Option<SimTime>,
    },
    /// How a figure came back.
    Back {
        /// What it was before the faults.
        normal: Option<f64>,
        /// The share of it that was reached in time.
        best: Option<f64>,
        /// When the share asked for was reached, be it too late.
        reached: Option<SimTime>,
    },
    /// How often something happened, and when first.
    Times {
        /// How often.
        count: u64,
        /// When first.
        first: Option<SimTime>,
    },
    /// How far an order was kept: the instants of what happened, up to the first that is missing.
    Order {
        /// When each happened.
        reached: Vec<SimTime>,
        /// What did not follow.
        missing: Option<String>,
    },
    /// What was lost.
    Lost {
        /// Requests that failed.
        failed: u64,
        /// Requests, calls put off and messages that waited at the end.
        waiting: u64,
        /// Calls that could not be put off, and messages given up and not made up for.
        dropped: u64,
    },
}

/// Judges one expectation by a run that is over, and its timeline.
pub fn judge(expectation: &Expectation, system: &System, timeline: &[Moment]) -> Verdict {
    let judge = Judge { system, timeline };
    match &expectation.claim {
        Claim::Figure { measure, throughout: Throughout::Window, bound, window } => {
            let value = judge.figure(measure, *window);
            let holds = value.is_some_and(|value| bound.holds(value));
            let at = window.map_or(SimTime::ZERO, |window| window.from);
            judge.verdict(
                holds,
                Measured::Figure { value, unit: measure.unit(), at: None },
                at,
                |_| true,
            )
        }
        Claim::Figure { measure, throughout: Throughout::EachInterval, bound, window } => {
            judge.each_interval(measure, *bound, *window)
        }
        Claim::Back { measure, share, normal, window } => {
            judge.back(measure, *share, *normal, *window)
        }
        Claim::Happens { event, times, window } => judge.happens(event, *times, *window),
        Claim::InOrder(events) => judge.in_order(events),
        Claim::NothingLost => judge.nothing_lost(),
    }
}

/// The value of a reading in a run that is over; `None` if there is nothing to tell.
pub fn read_off(reading: &Reading, system: &System) -> Option<f64> {
    let judge = Judge { system, timeline: &[] };
    match &reading.wanted {
        Wanted::Cost => Some(system.blueprint().cost()),
        Wanted::Figure { measure, window } => judge.figure(measure, *window),
        Wanted::Worst { measure, bound, window } => {
            judge.worst_interval(measure, *bound, *window).map(|(_, value)| value)
        }
        Wanted::Recovery { measure, share, normal, window } => {
            judge.figure(measure, Some(*normal)).filter(|normal| *normal > 0.0)?;
            let rest = window.to.since(window.from).as_secs_f64();
            Some(
                judge
                    .reached(measure, *share, *normal, window.from)
                    .map_or(rest, |at| at.since(window.from).as_secs_f64()),
            )
        }
    }
}

struct Judge<'a> {
    system: &'a System,
    timeline: &'a [Moment],
}

impl Judge<'_> {
    /// A verdict with the moment nearest to an instant among those that are about the matter.
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

    fn intervals(&self, window: Window) -> Range<usize> {
        self.system.recorder().intervals_between(window.from, window.to)
    }

    fn figure(&self, measure: &Measure, window: Option<Window>) -> Option<f64> {
        let (plan, recorder) = (self.system.blueprint(), self.system.recorder());
        match window {
            None => measure.over_all(plan, recorder),
            Some(window) => measure.over(plan, recorder, self.intervals(window)),
        }
    }

    fn each_interval(
        &self,
        measure: &Measure,
        bound: super::Bound,
        window: Option<Window>,
    ) -> Verdict {
        let worst = self.worst_interval(measure, bound, window);
        let at = worst.map(|(interval, _)| {
            SimTime::ZERO + self.system.recorder().sample_width() * interval as u64
        });
        let value = worst.map(|(_, value)| value);
        let measured = Measured::Figure { value, unit: measure.unit(), at };
        let nearest = at.unwrap_or(self.counted().from);
        self.verdict(value.is_some_and(|value| bound.holds(value)), measured, nearest, |_| true)
    }

    /// What is counted of the run.
    fn counted(&self) -> Window {
        let run = self.system.blueprint().run;
        Window { from: SimTime::ZERO + run.warmup, to: SimTime::ZERO + run.duration }
    }

    /// The interval in which a figure is furthest on the wrong side of a bound, or least on the
    /// right one.
    fn worst_interval(
        &self,
        measure: &Measure,
        bound: super::Bound,
        window: Option<Window>,
    ) -> Option<(usize, f64)> {
        let (plan, recorder) = (self.system.blueprint(), self.system.recorder());
        let intervals = self.intervals(window.unwrap_or(self.counted()));
        let value_in = |interval: usize| {
            Some((interval, measure.over(plan, recorder, interval..interval + 1)?))
        };
        let is_worse = |value: f64, worst: f64| match bound.relation {
            super::Relation::AtLeast | super::Relation::Above => value < worst,
            super::Relation::AtMost | super::Relation::Below => value > worst,
            super::Relation::Exactly => (value - bound.value).abs() > (worst - bound.value).abs(),
        };
        intervals
            .filter_map(value_in)
            .reduce(|worst, next| if is_worse(next.1, worst.1) { next } else { worst })
    }

    /// The instant from which a figure is back to a share of what it was before the faults.
    fn reached(
        &self,
        measure: &Measure,
        share: f64,
        normal: Window,
        from: SimTime,
    ) -> Option<SimTime> {
        let (plan, recorder) = (self.system.blueprint(), self.system.recorder());
        let normal = self.figure(measure, Some(normal)).filter(|normal| *normal > 0.0)?;
        let first = self.intervals(Window { from, to: SimTime::MAX }).start + BACK_AFTER;
        let is_back = |end: &usize| {
            let value = end
                .checked_sub(BACK_AFTER)
                .and_then(|begin| measure.over(plan, recorder, begin..*end));
            value.is_some_and(|value| value / normal >= share)
        };
        let end = (first..=recorder.intervals()).find(is_back)?;
        Some(SimTime::ZERO + recorder.sample_width() * (end - BACK_AFTER) as u64)
    }

    fn back(&self, measure: &Measure, share: f64, normal: Window, window: Window) -> Verdict {
        let (plan, recorder) = (self.system.blueprint(), self.system.recorder());
        let reached = self.reached(measure, share, normal, window.from);
        let normal = self.figure(measure, Some(normal)).filter(|normal| *normal > 0.0);
        let share_before = |end: usize| {
            Some(measure.over(plan, recorder, end.checked_sub(BACK_AFTER)?..end)? / normal?)
        };
        let first =
            self.intervals(Window { from: window.from, to: SimTime::MAX }).start + BACK_AFTER;
        let in_time = self.intervals(window).end;
        let best = (first..=in_time.max(first)).filter_map(share_before).reduce(f64::max);
        let holds = reached.is_some_and(|reached| reached <= window.to);
        self.verdict(holds, Measured::Back { normal, best, reached }, window.to, |_| true)
    }

    fn happens(
        &self,
        occurrence: &Occurrence,
        times: super::Times,
        window: Option<Window>,
    ) -> Verdict {
        let is_in_window =
            |moment: &&Moment| window.is_none_or(|window| window.contains(moment.at));
        let found = || {
            self.timeline.iter().filter(|moment| is(&occurrence.event, moment)).filter(is_in_window)
        };
        let count = found().count() as u64;
        let first = found().next().map(|moment| moment.at);
        let at = first.or(window.map(|window| window.to)).unwrap_or(SimTime::ZERO);
        let measured = Measured::Times { count, first };
        self.verdict(times.holds(count), measured, at, |moment| is_about(&occurrence.event, moment))
    }

    fn in_order(&self, events: &[Occurrence]) -> Verdict {
        let mut reached = Vec::new();
        let mut rest = self.timeline;
        for occurrence in events {
            let Some(position) = rest.iter().position(|moment| is(&occurrence.event, moment))
            else {
                let missing = Some(occurrence.text.clone());
                let at = reached.last().copied().unwrap_or(SimTime::ZERO);
                let measured = Measured::Order { reached, missing };
                return self
                    .verdict(false, measured, at, |moment| is_about(&occurrence.event, moment));
            };
            reached.push(rest[position].at);
            rest = &rest[position + 1..];
        }
        self.verdict(true, Measured::Order { reached, missing: None }, SimTime::ZERO, |_| true)
    }

    fn nothing_lost(&self) -> Verdict {
        let recorder = self.system.recorder();
        let failures = OutcomeSet::failures();
        let failed = |ended: &[u64; Outcome::COUNT]| -> u64 {
            Outcome::ALL
                .into_iter()
                .filter(|outcome| failures.contains(*outcome))
                .map(|outcome| ended[outcome as usize])
                .sum()
        };
        let in_flight: u64 = self.system.requests_in_flight().iter().sum();
        let put_off: u64 = (0..recorder.edges().len()).map(|edge| self.system.deferred(edge)).sum();
        let queues = recorder.queues();
        let messages = |index: usize| {
            let (waiting, in_flight) = self.system.messages(index);
            waiting + in_flight
        };
        let messages: u64 = (0..queues.len()).map(messages).sum();
        let given_up: u64 = queues
            .iter()
            .map(|queue| queue.refused + queue.dead + queue.expired - queue.compensated)
            .sum();
        let failed = recorder.workloads().iter().map(|workload| failed(&workload.ended)).sum();
        let dropped = given_up + recorder.edges().iter().map(|edge| edge.not_deferred).sum::<u64>();
        let waiting = in_flight + put_off + messages;
        let measured = Measured::Lost { failed, waiting, dropped };
        let is_failure = |moment: &Moment| {
            matches!(moment.change, Change::AvailabilityFalls { .. } | Change::OutageBegins { .. })
        };
        self.verdict(failed + waiting + dropped == 0, measured, SimTime::MAX, is_failure)
    }
}

/// Whether a moment is the occurrence of an event.
fn is(event: &Event, moment: &Moment) -> bool {
    match (event, &moment.change) {
        (Event::FaultBegins(at), Change::FaultBegins { .. })
        | (Event::FaultEnds(at), Change::FaultEnds { .. }) => at.is_none_or(|at| at == moment.at),
        (Event::Breaker(owners, state), Change::Breaker { breaker, transition }) => {
            transition.to == *state && owners.contains(breaker)
        }
        (Event::Saturates(owner, kind), Change::Saturates { pool })
        | (Event::Overflows(owner, kind), Change::Overflows { pool, .. }) => {
            pool.owner == *owner && pool.kind == *kind
        }
        (Event::Outage(name), Change::OutageBegins { workload }) => workload == name,
        (Event::AlertFires(name), Change::AlertFires { alert, .. })
        | (Event::AlertResolved(name), Change::AlertResolved { alert }) => name == alert,
        (Event::CalledOff, Change::Aborted { .. }) => true,
        (Event::Scales(name, number), Change::Scaled { service, to, .. }) => {
            name == service && number.is_none_or(|number| number == *to)
        }
        (Event::Backlog(name), Change::Backlog { queue, .. })
        | (Event::Drains(name), Change::Drained { queue, .. }) => name == queue,
        (Event::OutOfMemory(name), Change::OutOfMemory { instance, .. })
        | (
            Event::Ejected(name),
            Change::Instance { instance, change: InstanceChange::Ejected(_), .. },
        )
        | (
            Event::Readmitted(name),
            Change::Instance { instance, change: InstanceChange::Readmitted, .. },
        )
        | (Event::Down(name), Change::Instance { instance, change: InstanceChange::Down, .. }) => {
            is_instance(name, instance)
        }
        _ => false,
    }
}

/// `api#2` is itself, and `api` any instance of it.
fn is_instance(wanted: &str, instance: &str) -> bool {
    wanted == instance || instance.split_once('#').is_some_and(|(station, _)| station == wanted)
}

/// Whether a moment tells of the same thing as an event, in whatever way.
fn is_about(event: &Event, moment: &Moment) -> bool {
    match (event, &moment.change) {
        (
            Event::FaultBegins(_) | Event::FaultEnds(_),
            Change::FaultBegins { .. } | Change::FaultEnds { .. },
        ) => true,
        (Event::Breaker(owners, _), Change::Breaker { breaker, .. }) => owners.contains(breaker),
        (
            Event::Saturates(owner, _) | Event::Overflows(owner, _),
            Change::Saturates { pool }
            | Change::Relieved { pool, .. }
            | Change::Overflows { pool, .. }
            | Change::OverflowEnds { pool },
        ) => pool.owner == *owner,
        (
            Event::Outage(name),
            Change::OutageBegins { workload }
            | Change::OutageEnds { workload, .. }
            | Change::AvailabilityFalls { workload, .. }
            | Change::AvailabilityRegained { workload, .. },
        ) => workload == name,
        (
            Event::AlertFires(name) | Event::AlertResolved(name),
            Change::AlertFires { alert, .. } | Change::AlertResolved { alert },
        ) => name == alert,
        (Event::Scales(name, _), Change::Scaled { service, .. }) => name == service,
        (Event::OutOfMemory(name), Change::OutOfMemory { instance, .. }) => {
            is_instance(name, instance)
        }
        (
            Event::Backlog(name) | Event::Drains(name),
            Change::Backlog { queue, .. } | Change::Drained { queue, .. },
        ) => name == queue,
        (
            Event::Ejected(name) | Event::Readmitted(name) | Event::Down(name),
            Change::Instance { instance, .. },
        ) => is_instance(name, instance),
        _ => false,
    }
}
