//! Moments of the timeline in words.

use sim_models::expect::{Measured, Verdict};
use sim_models::observe::{Change, InstanceChange, Moment, PoolGroup, Unit};
use sim_models::resilience::circuit_breaker::{Order, Reason, State, Transition};
use sim_models::resilience::load_balancer::Ejection;
use sim_models::system::PoolKind;

use crate::palette::Tone;
use crate::units::{clock, count, duration, percent, significant};

/// One line of the timeline.
pub(crate) struct Line {
    /// What it is about: a station, an edge, a workload.
    pub subject: String,
    /// What kind of thing changed, in one word.
    pub kind: &'static str,
    /// What changed, in words.
    pub text: String,
    /// Whether it is for better or worse.
    pub tone: Tone,
}

impl Line {
    /// A mark that says the tone without colour.
    pub fn mark(&self) -> &'static str {
        match self.tone {
            Tone::Fault => "*",
            Tone::Worse => "!",
            Tone::Probing => "~",
            Tone::Better => "+",
            Tone::Heading | Tone::Faint => " ",
        }
    }
}

pub(crate) fn line(moment: &Moment) -> Line {
    let (subject, kind, text, tone) = match &moment.change {
        Change::FaultBegins { target, effect, lasts } => {
            let span =
                lasts.map_or_else(|| "to the end".to_owned(), |lasts| format!("for {lasts}"));
            (target.clone(), "fault", format!("{effect}, {span}"), Tone::Fault)
        }
        Change::FaultEnds { target, effect } => {
            (target.clone(), "fault", format!("{effect}: over"), Tone::Fault)
        }
        Change::Saturates { pool } => (pool.owner.clone(), "pool", saturation(pool), Tone::Worse),
        Change::Relieved { pool, after, longest_queue } => {
            let queue = match longest_queue {
                0 => String::new(),
                longest => format!(", a queue of up to {} worked off", count(*longest)),
            };
            let text = format!(
                "{} free again after {}{queue}",
                pool.kind.name(),
                duration(after.as_secs_f64())
            );
            (pool.owner.clone(), "pool", text, Tone::Better)
        }
        Change::Overflows { pool, limit } if *limit == 0 => (
            pool.owner.clone(),
            "queue",
            format!("turns calls away: no {} free{}", pool.kind.name(), of_several(pool)),
            Tone::Worse,
        ),
        Change::Overflows { pool, limit } => {
            let text = format!(
                "queue of {} full: requests are turned away{}",
                count(u64::from(*limit)),
                of_several(pool)
            );
            (pool.owner.clone(), "queue", text, Tone::Worse)
        }
        Change::OverflowEnds { pool } => {
            (pool.owner.clone(), "queue", "turns nothing away any more".to_owned(), Tone::Better)
        }
        Change::Breaker { breaker, transition } => {
            let (text, tone) = breaker_words(transition);
            (breaker.clone(), "breaker", text, tone)
        }
        Change::Breakers { edge, state, of } => {
            let text =
                format!("{}: most of the {} breakers", state_name(*state), count(*of as u64));
            (edge.clone(), "breaker", text, tone_of(*state))
        }
        Change::Instance { edge, instance, change } => {
            let (text, tone) = instance_words(instance, change);
            (edge.clone(), "balancer", text, tone)
        }
        Change::Scaled { service, from, to } => {
            let tone = if to > from { Tone::Better } else { Tone::Probing };
            (
                service.clone(),
                "scale",
                format!(
                    "{} instances in place of {}",
                    count(u64::from(*to)),
                    count(u64::from(*from))
                ),
                tone,
            )
        }
        Change::OutOfMemory { instance, restart } => (
            instance.clone(),
            "memory",
            format!("out of memory: killed with all its work, back in {restart}"),
            Tone::Worse,
        ),
        Change::AlertFires { alert, severity } => {
            (alert.clone(), "alert", format!("fires ({severity})"), Tone::Worse)
        }
        Change::AlertResolved { alert } => {
            (alert.clone(), "alert", "resolved".to_owned(), Tone::Better)
        }
        Change::Aborted { condition, value, unit } => (
            "experiment".to_owned(),
            "chaos",
            format!("called off and rolled back: {condition}; measured {}", figure(*value, *unit)),
            Tone::Worse,
        ),
        Change::Backlog { queue, waiting } => {
            let text =
                format!("messages pile up: {} waiting, the oldest for 10 s", count(*waiting));
            (queue.clone(), "messages", text, Tone::Worse)
        }
        Change::Drained { queue, after, most, oldest } => {
            let text = format!(
                "empty again after {}; up to {} waited, for up to {}",
                duration(after.as_secs_f64()),
                count(*most),
                duration(oldest.as_secs_f64())
            );
            (queue.clone(), "messages", text, Tone::Better)
        }
        Change::AvailabilityFalls { workload, level, to } => (
            workload.clone(),
            "availability",
            format!("below {}: {}", percent(*level), percent(*to)),
            Tone::Worse,
        ),
        Change::AvailabilityRegained { workload, level, after } => (
            workload.clone(),
            "availability",
            format!("{} or more again after {}", percent(*level), duration(after.as_secs_f64())),
            Tone::Better,
        ),
        Change::OutageBegins { workload } => (
            workload.clone(),
            "outage",
            "complete outage: nothing is answered".to_owned(),
            Tone::Worse,
        ),
        Change::OutageEnds { workload, after } => (
            workload.clone(),
            "outage",
            format!("first answers after {} of complete outage", duration(after.as_secs_f64())),
            Tone::Better,
        ),
    };
    Line { subject, kind, text, tone }
}

fn instance_words(instance: &str, change: &InstanceChange) -> (String, Tone) {
    match change {
        InstanceChange::Ejected(Ejection::ConsecutiveFailures(failures)) => {
            (format!("{instance} ejected: {failures} failures in a row"), Tone::Worse)
        }
        InstanceChange::Ejected(Ejection::SuccessRate { rate, threshold }) => (
            format!(
                "{instance} ejected: {} succeed, and others {} or more",
                percent(*rate),
                percent(*threshold)
            ),
            Tone::Worse,
        ),
        InstanceChange::Readmitted => (format!("{instance} readmitted"), Tone::Better),
        InstanceChange::Down => (format!("{instance} down: health checks fail"), Tone::Worse),
        InstanceChange::Up => (format!("{instance} up again: health checks pass"), Tone::Better),
    }
}

fn saturation(pool: &PoolGroup) -> String {
    let of = if pool.pools == 1 {
        String::new()
    } else if pool.affected == pool.pools {
        format!(" on all {} instances", pool.pools)
    } else {
        format!(" on {} of {} instances", pool.affected, pool.pools)
    };
    let verb = if pool.kind == PoolKind::Processors { "busy" } else { "in use" };
    format!("all {} {} {verb}{of}", count(u64::from(pool.capacity)), pool.kind.name())
}

fn of_several(pool: &PoolGroup) -> String {
    if pool.pools == 1 {
        String::new()
    } else {
        format!(" ({} of {} instances)", pool.affected, pool.pools)
    }
}

/// A breaker's state in one word.
pub(crate) fn state_name(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open => "open",
        State::HalfOpen => "half-open",
    }
}

fn tone_of(state: State) -> Tone {
    match state {
        State::Closed => Tone::Better,
        State::Open => Tone::Worse,
        State::HalfOpen => Tone::Probing,
    }
}

fn breaker_words(transition: &Transition) -> (String, Tone) {
    let reason = match transition.reason {
        Reason::FailureRate { rate, calls } => format!("{} of {calls} calls failed", percent(rate)),
        Reason::SlowCallRate { rate, calls } => {
            format!("{} of {calls} calls were slow", percent(rate))
        }
        Reason::ConsecutiveFailures(failures) => format!("{failures} failures in a row"),
        Reason::WaitOver(wait) => format!("{wait} have passed"),
        Reason::ProbesSucceeded(1) => "1 probe went well".to_owned(),
        Reason::ProbesSucceeded(probes) => format!("{probes} probes went well"),
        Reason::Failures(failures) => format!("{failures} failures in its window"),
        Reason::StayOver(stay) => format!("half-open for {stay} without a decision"),
        Reason::ProbeFailed => "a probe failed".to_owned(),
        Reason::Operator(order) => order_in_words(order).to_owned(),
    };
    let tone = tone_of(transition.to);
    (format!("{}: {reason}", state_name(transition.to)), tone)
}

fn order_in_words(order: Order) -> &'static str {
    match order {
        Order::ForceOpen => "an operator forced it open",
        Order::ForceClosed => "an operator forced it closed",
        Order::Disable => "an operator disabled it",
        Order::Enable => "an operator let it go on",
        Order::Reset => "an operator reset it",
    }
}

/// A figure in its unit.
pub(crate) fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => percent(value),
        Unit::Time => duration(value),
        Unit::Rate => format!("{}/s", significant(value)),
        Unit::Factor => format!("{}x", significant(value)),
        Unit::Count if value.fract() == 0.0 && value >= 0.0 => count(value as u64),
        Unit::Count => significant(value),
    }
}

/// What was measured for an expectation.
pub(crate) fn measured(verdict: &Verdict) -> String {
    let moment = |at: sim_core::SimTime| clock(at.as_secs_f64());
    match &verdict.measured {
        Measured::Figure { value: None, .. } => "nothing: nothing ended in that time".to_owned(),
        Measured::Figure { value: Some(value), unit, at: None } => figure(*value, *unit),
        Measured::Figure { value: Some(value), unit, at: Some(at) } => {
            format!("{} at the worst, from {}", figure(*value, *unit), moment(*at))
        }
        Measured::Back { normal: None, .. } => {
            "nothing before the fault that could be called normal".to_owned()
        }
        Measured::Back { best, reached, .. } => {
            let best = best.map_or_else(|| "nothing".to_owned(), percent);
            match reached {
                Some(at) => format!("{best} of normal in that time; back at {}", moment(*at)),
                None => format!("{best} of normal in that time; not back by the end"),
            }
        }
        Measured::Times { count: 0, .. } => "not once".to_owned(),
        Measured::Times { count: times, first } => {
            let times = match times {
                1 => "once".to_owned(),
                2 => "twice".to_owned(),
                times => format!("{} times", count(*times)),
            };
            first.map_or(times.clone(), |at| format!("{times}, first at {}", moment(at)))
        }
        Measured::Order { reached, missing } => {
            let reached = reached.iter().map(|at| moment(*at)).collect::<Vec<_>>().join(", then ");
            match (missing, reached.is_empty()) {
                (None, _) => reached,
                (Some(missing), true) => format!("`{missing}` never came about"),
                (Some(missing), false) => format!("{reached}; after that, not `{missing}`"),
            }
        }
        Measured::Lost { failed, waiting, dropped } => {
            format!(
                "{} failed, {} still waited at the end, {} were given up",
                count(*failed),
                count(*waiting),
                count(*dropped)
            )
        }
    }
}

/// A moment in one line, with its time.
pub(crate) fn told(moment: &Moment) -> String {
    let line = line(moment);
    format!(
        "{}  {} {} {}  {}",
        clock(moment.at.as_secs_f64()),
        line.kind,
        line.mark(),
        line.subject,
        line.text
    )
}
