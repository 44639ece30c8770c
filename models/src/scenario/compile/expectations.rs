//! Expectations: sentences whose names are resolved.

use std::ops::Range;

use sim_core::{SimDuration, SimTime};

use super::super::problem::{Location, Problem, did_you_mean};
use super::super::schema::Sentence as Written;
use super::super::tree::Value as TreeValue;
use super::Compiler;
use crate::expect::grammar::{read, read_condition};
use crate::expect::sentence::{
    Sentence, Subject, Target, Unreadable, Verb, WindowKind, WrittenCondition, WrittenEvent,
    WrittenFigure, WrittenWindow,
};
use crate::expect::{Bound, Claim, Event, Expectation, Occurrence, Relation, Throughout, Window};
use crate::observe::{AlertPlan, BreakerFigure, Condition, Measure, Unit};
use crate::resilience::circuit_breaker::State;
use crate::system::PoolKind;

/// Something is wrong, and has been reported.
pub(super) struct Reported;

/// A sentence and its place in the file.
pub(super) struct Place<'a> {
    pub path: String,
    pub text: &'a str,
}

impl Compiler<'_> {
    pub(super) fn alerts(&mut self) {
        let scenario = self.scenario;
        for (name, alert) in &scenario.alerts {
            let path = format!("alerts.{name}");
            self.check_name(name, "alerts");
            let Some(condition) = self.condition(&alert.when, &format!("{path}.when")) else {
                continue;
            };
            self.blueprint.alerts.push(AlertPlan {
                name: name.clone(),
                severity: alert.severity.clone().unwrap_or_else(|| "warning".to_owned()),
                condition,
                hold: alert.hold.map_or(SimDuration::ZERO, |span| span.0),
            });
        }
    }

    /// A condition on the figures of a run.
    pub(super) fn condition(&mut self, text: &str, path: &str) -> Option<Condition> {
        let place = Place { path: path.to_owned(), text };
        let (measure, over, bound) = match read_condition(text) {
            Err(unreadable) => {
                self.unreadable(&unreadable, &place);
                return None;
            }
            Ok(WrittenCondition::BreakerIs(target, state)) => {
                let edge = self.edge_named(&target, &place)?;
                let breakers: Vec<u32> = self.blueprint.breakers_of(edge).collect();
                if breakers.is_empty() {
                    self.warning_in(
                        &place,
                        &target.at,
                        "this call has no breaker",
                        "this is never met",
                    );
                }
                let bound = Bound { relation: Relation::Above, value: 0.0 };
                (Measure::Breakers(breakers, BreakerFigure::In(state)), None, bound)
            }
            Ok(WrittenCondition::Figure { figure, over, bound }) => {
                let measure = self.measure(&figure, &place)?;
                let bound = self.bound(&measure, &bound, &place)?;
                let is_long = over.is_some()
                    && measure.unit() == Unit::Time
                    && !matches!(measure, Measure::Queue(..));
                if !measure.is_known_of_each_interval() || is_long {
                    let message = format!("`{}` is not kept for stretches of a run", figure.figure);
                    self.problem_in(
                        &place,
                        &figure.at,
                        message,
                        "ask for p50 or p99, without `over`, or for another figure",
                    );
                    return None;
                }
                (measure, over, bound)
            }
        };
        Some(Condition {
            text: text.to_owned(),
            measure,
            over: over.unwrap_or(SimDuration::ZERO),
            bound,
        })
    }

    pub(super) fn expectations(&mut self) {
        let scenario = self.scenario;
        for (index, Written(text)) in scenario.expect.iter().enumerate() {
            let place = Place { path: format!("expect[{index}]"), text };
            match read(text) {
                Ok(sentence) => {
                    if let Some(claim) = self.claim(&sentence, &place) {
                        self.blueprint.expectations.push(Expectation { text: text.clone(), claim });
                    }
                }
                Err(unreadable) => self.unreadable(&unreadable, &place),
            }
        }
    }

    pub(super) fn unreadable(
        &mut self,
        Unreadable { at, expected }: &Unreadable,
        place: &Place<'_>,
    ) {
        let word = &place.text[at.clone()];
        let first_words =
            expected.iter().map(|expected| expected.split(' ').next().unwrap_or(expected));
        let meant = did_you_mean(word, first_words).filter(|_| !word.is_empty());
        let meant =
            meant.and_then(|meant| expected.iter().find(|expected| expected.starts_with(meant)));
        let message = if word.is_empty() {
            "this expectation is not complete".to_owned()
        } else {
            format!("`{word}` means nothing here")
        };
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                format!(
                    "what can stand here: {}",
                    expected.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
                )
            }
        };
        self.problem_in(place, at, message, help);
    }

    pub(super) fn problem_in(
        &mut self,
        place: &Place<'_>,
        at: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let location = self.location_in(place, at);
        self.problems.add(Problem::error(message, location).with_help(help));
    }

    /// What is expected of a guard that has been taken away is not wrong, it will only not come
    /// about.
    fn warning_in(
        &mut self,
        place: &Place<'_>,
        at: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let location = self.location_in(place, at);
        self.problems.add(Problem::warning(message, location).with_help(help));
    }

    /// Where a part of a sentence lies in the file: quotes, and the key of an order, come before
    /// it.
    fn location_in(&self, place: &Place<'_>, at: &Range<usize>) -> Option<Location> {
        let whole = self.value_at(&place.path)?;
        let node = self.decoded.tree.get(&super::parse_path(&place.path))?;
        let (start, before) = match &node.value {
            TreeValue::Map(entries) => (entries.first()?.1.at.start, "order: ".len()),
            _ => (node.at.start, 0),
        };
        let start = start + usize::from(self.is_quoted_at(start, whole.source));
        let shifted = |offset: usize| start + offset.saturating_sub(before);
        // Where something is missing at the end, the last letter is shown.
        let first = if at.is_empty() { at.start.saturating_sub(1) } else { at.start };
        Some(Location {
            source: whole.source,
            start: shifted(first),
            end: shifted(at.end).max(shifted(first) + 1),
        })
    }

    fn is_quoted_at(&self, start: usize, source: u32) -> bool {
        self.sources.get(source).is_some_and(|source| {
            source.text[start.min(source.text.len())..].starts_with(['"', '\''])
        })
    }

    pub(super) fn claim(&mut self, sentence: &Sentence, place: &Place<'_>) -> Option<Claim> {
        match sentence {
            Sentence::NothingLost => Some(Claim::NothingLost),
            Sentence::InOrder(events) => {
                let events: Vec<Option<Occurrence>> =
                    events.iter().map(|event| self.occurrence(event, place)).collect();
                events.into_iter().collect::<Option<_>>().map(Claim::InOrder)
            }
            Sentence::Happens { event, times, window } => {
                let event = self.occurrence(event, place);
                let window = self.optional_window(window.as_ref(), place).ok()?;
                Some(Claim::Happens { event: event?, times: *times, window })
            }
            Sentence::Figure { figure, is_throughout, bound, window } => {
                let measure = self.measure(figure, place);
                let window = self.optional_window(window.as_ref(), place).ok()?;
                let measure = measure?;
                let bound = self.bound(&measure, bound, place)?;
                let throughout =
                    if *is_throughout { Throughout::EachInterval } else { Throughout::Window };
                self.check_known_then(&measure, figure, *is_throughout || window.is_some(), place)?;
                if *is_throughout && !measure.is_known_of_each_interval() {
                    let message = format!("`{}` is not kept for each interval", figure.figure);
                    self.problem_in(
                        place,
                        &figure.at,
                        message,
                        "write `is` in place of `stays`, or ask for p50 or p99",
                    );
                    return None;
                }
                self.keep_latencies(&measure, throughout, window);
                Some(Claim::Figure { measure, throughout, bound, window })
            }
            Sentence::Back { figure, share, window } => {
                let (measure, normal, window) = self.coming_back(figure, window, place)?;
                Some(Claim::Back { measure, share: *share, normal, window })
            }
        }
    }

    /// A figure that comes back within a window to what it was before the faults.
    pub(super) fn coming_back(
        &mut self,
        figure: &WrittenFigure,
        written: &WrittenWindow,
        place: &Place<'_>,
    ) -> Option<(Measure, Window, Window)> {
        let measure = self.measure(figure, place)?;
        if !measure.is_known_of_each_interval() || measure.unit() == Unit::Time {
            let help = "ask for availability, goodput, load or error rate";
            self.problem_in(
                place,
                &figure.at,
                format!("`{}` is not kept for each interval", figure.figure),
                help,
            );
            return None;
        }
        let window = self.window(written, place)?;
        let normal = self.window(
            &WrittenWindow { kind: WindowKind::BeforeFault(None), at: written.at.clone() },
            place,
        )?;
        Some((measure, normal, window))
    }

    pub(super) fn check_known_then(
        &mut self,
        measure: &Measure,
        figure: &WrittenFigure,
        is_partial: bool,
        place: &Place<'_>,
    ) -> Option<()> {
        if is_partial && measure.is_of_whole_runs_only() {
            let message = format!("`{}` of an edge is known of the whole run only", figure.figure);
            self.problem_in(
                place,
                &figure.at,
                message,
                "leave the window out and write `is`, or ask for the latency of a workload",
            );
            return None;
        }
        Some(())
    }

    fn occurrence(&mut self, written: &WrittenEvent, place: &Place<'_>) -> Option<Occurrence> {
        let event = match (&written.subject, written.verb) {
            (Subject::Fault(fault), Verb::Begins) => Event::FaultBegins(
                self.fault_instants(*fault, &written.at, place).ok()?.map(|(begin, _)| begin),
            ),
            (Subject::Fault(fault), _) => Event::FaultEnds(
                self.fault_instants(*fault, &written.at, place).ok()?.map(|(_, end)| end),
            ),
            (Subject::Breaker(target), verb) => {
                let state = match verb {
                    Verb::Opens => State::Open,
                    Verb::HalfOpens => State::HalfOpen,
                    _ => State::Closed,
                };
                let edge = self.edge_named(target, place)?;
                let breakers = self.blueprint.breakers_of(edge);
                let owners: Vec<String> = breakers
                    .map(|breaker| self.blueprint.breakers[breaker as usize].owner.clone())
                    .collect();
                if owners.is_empty() {
                    self.warning_in(
                        place,
                        &target.at,
                        "this call has no breaker",
                        "it neither opens nor closes",
                    );
                }
                Event::Breaker(owners, state)
            }
            (Subject::Pool(target), verb @ (Verb::ScalesTo(_) | Verb::RunsOutOfMemory)) => {
                let name = self.instance_named(target, place)?;
                match verb {
                    Verb::ScalesTo(number) => Event::Scales(name, Some(number)),
                    _ => Event::OutOfMemory(name),
                }
            }
            (Subject::Pool(target), verb) => {
                let (owner, kind) = self.pool_named(target, place)?;
                if verb == Verb::Overflows {
                    Event::Overflows(owner, kind)
                } else {
                    Event::Saturates(owner, kind)
                }
            }
            (Subject::Workload(target), _) => {
                self.workload_named(target, place)?;
                Event::Outage(target.name.clone())
            }
            (Subject::Alert(target), verb) => {
                let known: Vec<&str> = self.scenario.alerts.keys().map(String::as_str).collect();
                if !known.contains(&target.name.as_str()) {
                    let help = suggestion(&target.name, &known);
                    self.problem_in(
                        place,
                        &target.at,
                        format!("there is no alert `{}`", target.name),
                        help,
                    );
                    return None;
                }
                let name = target.name.clone();
                if verb == Verb::Fires {
                    Event::AlertFires(name)
                } else {
                    Event::AlertResolved(name)
                }
            }
            (Subject::Experiment, _) => {
                if self.scenario.chaos.is_none() {
                    self.problem_in(
                        place,
                        &written.at,
                        "there is no experiment",
                        "write one under `chaos:`",
                    );
                    return None;
                }
                Event::CalledOff
            }
            (Subject::Queue(target), verb) => {
                self.queue_named(target, place)?;
                let name = target.name.clone();
                if verb == Verb::Drains { Event::Drains(name) } else { Event::Backlog(name) }
            }
            (Subject::Instance(target), verb) => {
                let instance = self.instance_named(target, place)?;
                match verb {
                    Verb::IsEjected => Event::Ejected(instance),
                    Verb::IsReadmitted => Event::Readmitted(instance),
                    _ => Event::Down(instance),
                }
            }
        };
        Some(Occurrence { text: place.text[written.at.clone()].trim().to_owned(), event })
    }

    pub(super) fn queue_named(&mut self, target: &Target, place: &Place<'_>) -> Option<u32> {
        let found = self.scenario.queues.get_index_of(&target.name);
        if found.is_none() {
            let known: Vec<&str> = self.scenario.queues.keys().map(String::as_str).collect();
            let help = suggestion(&target.name, &known);
            self.problem_in(
                place,
                &target.at,
                format!("there is no queue of messages `{}`", target.name),
                help,
            );
        }
        found.map(|index| index as u32)
    }

    pub(super) fn effect_named(&mut self, target: &Target, place: &Place<'_>) -> Option<u32> {
        let found = self.blueprint.effects.iter().position(|effect| *effect == target.name);
        if found.is_none() {
            let known = self.blueprint.effects.clone();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let help = suggestion(&target.name, &known);
            self.problem_in(
                place,
                &target.at,
                format!("no handler has the effect `{}`", target.name),
                help,
            );
        }
        found.map(|index| index as u32)
    }

    pub(super) fn workload_named(&mut self, target: &Target, place: &Place<'_>) -> Option<u32> {
        let found = self.scenario.workloads.get_index_of(&target.name);
        if found.is_none() {
            let known: Vec<&str> = self.scenario.workloads.keys().map(String::as_str).collect();
            let help = suggestion(&target.name, &known);
            self.problem_in(
                place,
                &target.at,
                format!("there is no workload `{}`", target.name),
                help,
            );
        }
        found.map(|index| index as u32)
    }

    fn instance_named(&mut self, target: &Target, place: &Place<'_>) -> Option<String> {
        let path = place.path.clone();
        let station = self.station(&target.name, &path)?;
        let count = self.blueprint.stations[station as usize].instances.len() as u32;
        match target.number {
            Some(number) if number == 0 || number > count => {
                let message = format!(
                    "`{}` has {count} instance{}",
                    target.name,
                    if count == 1 { "" } else { "s" }
                );
                self.problem_in(
                    place,
                    &target.at,
                    message,
                    format!("they are numbered from 1: `{}#1`", target.name),
                );
                None
            }
            Some(number) => Some(format!("{}#{number}", target.name)),
            None => Some(target.name.clone()),
        }
    }

    pub(super) fn edge_named(&mut self, target: &Target, place: &Place<'_>) -> Option<u32> {
        let Some(callee) = &target.callee else {
            self.problem_in(
                place,
                &target.at,
                format!("`{}` is not a call", target.name),
                "write `caller -> callee`",
            );
            return None;
        };
        let wanted = format!("{} -> {callee}", target.name);
        let edges: Vec<String> =
            self.edges.iter().map(|edge| self.edge_name(edge.caller, edge.callee)).collect();
        let found = edges.iter().position(|edge| *edge == wanted);
        if found.is_none() {
            let known: Vec<&str> = edges.iter().map(String::as_str).collect();
            let help = suggestion(&wanted, &known);
            self.problem_in(place, &target.at, format!("no call goes over `{wanted}`"), help);
        }
        found.map(|edge| edge as u32)
    }

    /// The owner and the kind of a pool: `b.threads`, `c -> d.permits`; of a service, database or
    /// cache its slots, if no kind is named.
    pub(super) fn pool_named(
        &mut self,
        target: &Target,
        place: &Place<'_>,
    ) -> Option<(String, PoolKind)> {
        let owner = match &target.callee {
            Some(callee) => format!("{} -> {callee}", target.name),
            None => target.name.clone(),
        };
        let kinds: Vec<PoolKind> = self
            .blueprint
            .pools
            .iter()
            .filter(|pool| pool.owner == owner)
            .map(|pool| pool.kind)
            .collect();
        let found = match &target.part {
            None => kinds.first().copied(),
            Some(part) => kinds.iter().copied().find(|kind| kind.name() == part),
        };
        if kinds.is_empty() && target.callee.is_some() {
            self.edge_named(target, place)?;
            self.warning_in(place, &target.at, "this call has no bulkhead", "it is never full");
            return Some((owner, PoolKind::Permits));
        }
        if found.is_none() {
            let labels = || {
                self.blueprint
                    .pools
                    .iter()
                    .map(|pool| format!("{}.{}", pool.owner, pool.kind.name()))
            };
            let mut known: Vec<String> =
                labels().filter(|label| label.starts_with(&format!("{owner}."))).collect();
            if known.is_empty() {
                known = labels().collect();
            }
            known.dedup();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let written = &place.text[target.at.clone()];
            let help = suggestion(written, &known);
            self.problem_in(place, &target.at, format!("there is no pool `{written}`"), help);
        }
        found.map(|kind| (owner, kind))
    }

    pub(super) fn optional_window(
        &mut self,
        window: Option<&WrittenWindow>,
        place: &Place<'_>,
    ) -> Result<Option<Window>, Reported> {
        match window {
            None => Ok(None),
            Some(window) => self.window(window, place).map(Some).ok_or(Reported),
        }
    }

    fn window(&mut self, written: &WrittenWindow, place: &Place<'_>) -> Option<Window> {
        let run = self.blueprint.run;
        let end = SimTime::ZERO + run.duration + run.drain;
        let at = &written.at;
        let whole = |compiler: &mut Self, fault| {
            Some(
                compiler
                    .fault_instants(fault, at, place)
                    .ok()?
                    .unwrap_or_else(|| compiler.all_faults()),
            )
        };
        let (from, to) = match written.kind {
            WindowKind::BeforeFault(fault) => (SimTime::ZERO + run.warmup, whole(self, fault)?.0),
            WindowKind::DuringFault(fault) => {
                let (begin, over) = whole(self, fault)?;
                (begin, over.min(SimTime::ZERO + run.duration))
            }
            WindowKind::AfterFault(fault) => {
                let span = whole(self, fault)?;
                (self.end_of(span, at, place)?, SimTime::ZERO + run.duration)
            }
            WindowKind::WithinOfFault(span, fault) => {
                let begin = whole(self, fault)?.0;
                (begin, begin + span)
            }
            WindowKind::WithinAfterFault(span, fault) => {
                let faults = whole(self, fault)?;
                let over = self.end_of(faults, at, place)?;
                (over, over + span)
            }
            WindowKind::Between(from, to) => (SimTime::ZERO + from, SimTime::ZERO + to),
            WindowKind::Before(to) => (SimTime::ZERO, SimTime::ZERO + to),
            WindowKind::After(from) => (SimTime::ZERO + from, SimTime::ZERO + run.duration),
        };
        if from >= to || from >= end {
            let message = if from >= to {
                "this stretch of time is empty"
            } else {
                "the run is over before that"
            };
            self.problem_in(
                place,
                at,
                message,
                format!("the run ends at {}", end.since(SimTime::ZERO)),
            );
            return None;
        }
        Some(Window { from, to: to.min(end) })
    }

    fn end_of(
        &mut self,
        (_, over): (SimTime, SimTime),
        at: &Range<usize>,
        place: &Place<'_>,
    ) -> Option<SimTime> {
        if over == SimTime::MAX {
            self.problem_in(place, at, "this fault never ends", "give it a length: `for: 1m`");
            return None;
        }
        Some(over)
    }

    /// When a fault begins and ends, if a number says which.
    fn fault_instants(
        &mut self,
        fault: Option<usize>,
        at: &Range<usize>,
        place: &Place<'_>,
    ) -> Result<Option<(SimTime, SimTime)>, Reported> {
        let count = self.scenario.faults.len();
        if count == 0 && !self.was_removed("faults") {
            self.problem_in(
                place,
                at,
                "there is no fault",
                "write one under `faults:`, or name a time such as `after 1m`",
            );
        }
        let Some(number) = fault.filter(|_| count > 0) else {
            return if count > 0 { Ok(None) } else { Err(Reported) };
        };
        let Some(fault) = self.scenario.faults.get(number) else {
            let faults =
                if count == 1 { "one fault".to_owned() } else { format!("{count} faults") };
            self.problem_in(
                place,
                at,
                format!("there is no fault {}", number.wrapping_add(1)),
                format!("there is {faults}, counted from 1"),
            );
            return Err(Reported);
        };
        Ok(Some(self.span_of(fault)))
    }

    /// From when to when a fault strikes: all its repetitions, all batches of a deployment.
    fn span_of(&self, fault: &super::super::schema::Fault) -> (SimTime, SimTime) {
        let begin = SimTime::ZERO + fault.at.map_or(SimDuration::ZERO, |at| at.0);
        let deployed = fault.deploy.as_ref().and_then(|service| self.stations.get(service));
        if let (Some(&station), Some(each)) = (deployed, fault.each) {
            let instances = self.blueprint.stations[station as usize].instances.len() as u32;
            return (
                begin,
                begin + each.0 * u64::from(instances.div_ceil(fault.batch.unwrap_or(1).max(1))),
            );
        }
        if fault.every.is_some() {
            return (begin, SimTime::ZERO + self.blueprint.run.duration);
        }
        (begin, fault.lasts.map_or(SimTime::MAX, |lasts| begin + lasts.0))
    }

    /// From the beginning of the first fault to the end of the last.
    fn all_faults(&self) -> (SimTime, SimTime) {
        let spans = || self.scenario.faults.iter().map(|fault| self.span_of(fault));
        let begin = spans().map(|(begin, _)| begin).min().unwrap_or(SimTime::ZERO);
        (begin, spans().map(|(_, end)| end).max().unwrap_or(SimTime::MAX))
    }
}

fn suggestion(written: &str, known: &[&str]) -> String {
    match did_you_mean(written, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!(
            "known are {}",
            known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    }
}
