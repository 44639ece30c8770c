//! All that was done to the system in a run: stages of load, faults, orders of operators; and the alerts that fired.

use std::collections::BTreeSet;
use std::ops::Range;

use sim_core::SimTime;
use sim_experiments::Finished;
use sim_models::faults::{Fault, Part};
use sim_models::observe::Change;
use sim_models::system::{Blueprint, Source};

use super::time_axis::end_of;
use crate::units::count;

/// A kind of event, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The number of users of a workload changes.
    Stage,
    /// A fault is in force, or an experiment is called off.
    Fault,
    /// An operator does something.
    Operator,
    /// An alert fires.
    Alert,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Stage, Self::Fault, Self::Operator, Self::Alert];

    pub fn title(self) -> &'static str {
        match self {
            Self::Stage => "Stages",
            Self::Fault => "Faults",
            Self::Operator => "Operators",
            Self::Alert => "Alerts",
        }
    }
}

/// Something with a name and a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub kind: Kind,
    pub name: String,
    /// Seconds.
    pub begin: f64,
    /// Seconds; the beginning if it takes no time.
    pub end: f64,
}

impl Event {
    pub fn span(&self) -> Range<f64> {
        self.begin..self.end
    }
}

/// The events that begin before the end of the run, kind by kind in order of time.
pub(super) fn events(finished: &Finished) -> Vec<Event> {
    let end = end_of(finished);
    let mut events = stages(finished.system.blueprint());
    events.extend(faults(finished));
    events.extend(told(finished));
    events.retain(|event| event.begin < end);
    for event in &mut events {
        event.end = event.end.min(end);
    }
    events.sort_by(|one, other| one.begin.total_cmp(&other.begin));
    events.dedup();
    events
}

/// The stages in which numbers of users change.
fn stages(blueprint: &Blueprint) -> Vec<Event> {
    let mut events = Vec::new();
    for workload in &blueprint.workloads {
        let Source::Closed { users, .. } = &workload.source else { continue };
        let (mut begin, mut from) = (0.0, users.start);
        for stage in &users.stages {
            let end = begin + stage.over.as_secs_f64();
            if stage.to != from {
                let (from, to) = (count(from.into()), count(stage.to.into()));
                let name = format!("{}: {from} to {to} users", workload.name);
                events.push(Event { kind: Kind::Stage, name, begin, end });
            }
            (begin, from) = (end, stage.to);
        }
    }
    events
}

fn faults(finished: &Finished) -> Vec<Event> {
    let system = &finished.system;
    let blueprint = system.blueprint();
    let mut names = Names { finished, given: BTreeSet::new() };
    let mut events = Vec::new();
    for (id, fault) in blueprint.faults.with_ids() {
        let Some((begin, end)) = system.span_of(fault).filter(|_| fault.part != Part::Later) else {
            continue;
        };
        // An experiment that was called off ends its faults, and those that had not begun never do.
        let is_staged = blueprint.experiment.contains(id);
        let called_off = system.aborted().filter(|_| is_staged).map(|aborted| aborted.at);
        let end = fault.end_of_all(begin, end);
        let end = called_off.map_or(end, |at| end.min(at));
        if begin < end || fault.is_instantaneous() && begin == end {
            let name = names.of(fault, begin);
            let (begin, end) = (begin.as_secs_f64(), end.as_secs_f64());
            events.push(Event { kind: Kind::Fault, name, begin, end });
        }
    }
    events
}

/// The names that the timeline has for faults, with their instances and stages.
struct Names<'a> {
    finished: &'a Finished,
    /// The places in the timeline of those that have been given.
    given: BTreeSet<usize>,
}

impl Names<'_> {
    fn of(&mut self, fault: &Fault, begin: SimTime) -> String {
        let timeline = &self.finished.timeline;
        let (first, summary) =
            (timeline.partition_point(|moment| moment.at < begin), fault.summary());
        let at_once = (first..timeline.len()).take_while(|place| timeline[*place].at == begin);
        let told = at_once.into_iter().find_map(|place| match &timeline[place].change {
            Change::FaultBegins { target, effect, .. }
                if target.starts_with(&fault.target)
                    && effect.contains(&summary)
                    // Many faults of a region are told as one.
                    && (fault.part == Part::OfRegion || !self.given.contains(&place)) =>
            {
                Some((place, format!("{target}: {effect}")))
            }
            _ => None,
        });
        let Some((place, name)) = told else { return format!("{}: {summary}", fault.target) };
        self.given.insert(place);
        name
    }
}

/// Orders, alerts and the end of an experiment, as the timeline tells them.
fn told(finished: &Finished) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let mut push = |kind, name, at: SimTime, end: f64| {
        events.push(Event { kind, name, begin: at.as_secs_f64(), end });
    };
    for (place, moment) in finished.timeline.iter().enumerate() {
        let at = moment.at.as_secs_f64();
        match &moment.change {
            Change::Operated { what, waits_for: None } => {
                push(Kind::Operator, what.clone(), moment.at, at);
            }
            Change::Operated { what, waits_for: Some(service) } => {
                push(Kind::Operator, format!("waits for {service}: {what}"), moment.at, at);
            }
            Change::Aborted { condition, .. } => {
                push(Kind::Fault, format!("called off: {condition}"), moment.at, at);
            }
            Change::AlertFires { alert, severity } => {
                let mut later = finished.timeline[place..].iter();
                let resolved = later.find(|later| {
                    matches!(&later.change, Change::AlertResolved { alert: same } if same == alert)
                });
                let end = resolved.map_or(f64::INFINITY, |moment| moment.at.as_secs_f64());
                push(Kind::Alert, format!("{alert} ({severity})"), moment.at, end);
            }
            _ => {}
        }
    }
    events
}
