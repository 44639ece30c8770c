//! Things that happen in a run.

use super::resolver::{Place, Resolver, suggestion};
use crate::expect::sentence::{Verb, WrittenEvent, WrittenSubject, WrittenTarget};
use crate::expect::{Occurrence, TimelineEvent};
use crate::resilience::circuit_breaker::BreakerState;

impl Resolver<'_, '_> {
    pub fn occurrence(&mut self, written: &WrittenEvent, place: &Place<'_>) -> Option<Occurrence> {
        let verb = written.verb;
        let event = match &written.subject {
            WrittenSubject::Fault(fault) => {
                let instants = self.fault_instants(*fault, &written.at, place).ok()?;
                match verb {
                    Verb::Begins => TimelineEvent::FaultBegins(instants.map(|(begin, _)| begin)),
                    _ => TimelineEvent::FaultEnds(instants.map(|(_, end)| end)),
                }
            }
            WrittenSubject::Breaker(target) => self.event_of_breaker(target, verb, place)?,
            WrittenSubject::Pool(target) => self.event_of_pool(target, verb, place)?,
            WrittenSubject::Workload(target) => {
                self.workload_named(target, place)?;
                TimelineEvent::Outage(target.name.clone())
            }
            WrittenSubject::Alert(target) => self.event_of_alert(target, verb, place)?,
            WrittenSubject::Experiment => self.end_of_experiment(written, place)?,
            WrittenSubject::Queue(target) => {
                self.queue_named(target, place)?;
                match verb {
                    Verb::Drains => TimelineEvent::Drains(target.name.clone()),
                    _ => TimelineEvent::Backlog(target.name.clone()),
                }
            }
            WrittenSubject::Link(target) => {
                self.link_named(target, place)?;
                if verb != Verb::Saturates {
                    let help = "write `saturates`; what it loses is the figure `lost of link NAME`";
                    self.problem_in(place, &target.at, "a link only saturates", help);
                    return None;
                }
                TimelineEvent::LinkSaturates(target.name.clone())
            }
            WrittenSubject::Instance(target) => {
                let instance = self.instance_named(target, place)?;
                match verb {
                    Verb::IsEjected => TimelineEvent::Ejected(instance),
                    Verb::IsReadmitted => TimelineEvent::Readmitted(instance),
                    Verb::Lives(event) => TimelineEvent::Process(instance, event),
                    _ => TimelineEvent::Down(instance),
                }
            }
        };
        Some(Occurrence { text: place.text[written.at.clone()].trim().to_owned(), event })
    }

    fn event_of_breaker(
        &mut self,
        target: &WrittenTarget,
        verb: Verb,
        place: &Place<'_>,
    ) -> Option<TimelineEvent> {
        let state = match verb {
            Verb::Opens => BreakerState::Open,
            Verb::HalfOpens => BreakerState::HalfOpen,
            _ => BreakerState::Closed,
        };
        let edge = self.edge_named(target, place)?;
        let blueprint = &self.plan.blueprint;
        // A breaker that is refused for its size is not among them.
        let owner = |breaker| Some(blueprint.breakers.get(breaker)?.owner.clone());
        let owners: Vec<String> = blueprint.breakers_of(edge).filter_map(owner).collect();
        if blueprint.breakers_of(edge).next().is_none() {
            let help = "it neither opens nor closes";
            self.warning_in(place, &target.at, "this call has no breaker", help);
        }
        Some(TimelineEvent::Breaker(owners, state))
    }

    /// Scaling and lack of memory are written like the events of a pool.
    fn event_of_pool(
        &mut self,
        target: &WrittenTarget,
        verb: Verb,
        place: &Place<'_>,
    ) -> Option<TimelineEvent> {
        Some(match verb {
            Verb::ScalesTo(number) => {
                TimelineEvent::Scales(self.instance_named(target, place)?, Some(number))
            }
            Verb::RunsOutOfMemory => {
                TimelineEvent::OutOfMemory(self.instance_named(target, place)?)
            }
            _ => {
                let (owner, kind) = self.pool_named(target, place)?;
                match verb {
                    Verb::Overflows => TimelineEvent::Overflows(owner, kind),
                    _ => TimelineEvent::Saturates(owner, kind),
                }
            }
        })
    }

    fn event_of_alert(
        &mut self,
        target: &WrittenTarget,
        verb: Verb,
        place: &Place<'_>,
    ) -> Option<TimelineEvent> {
        let name = target.name.clone();
        let known: Vec<&str> = self.names.file.alerts.names().collect();
        if !known.contains(&name.as_str()) {
            let help = suggestion(&name, &known, self.problems);
            self.problem_in(place, &target.at, format!("there is no alert `{name}`"), help);
            return None;
        }
        let alert = self.names.file.alerts.get(&name);
        if verb == Verb::IsDelivered && alert.is_some_and(|it| it.through.service.is_none()) {
            let message = "this alert goes through no service: it is delivered when it fires";
            let help = "write `fires`, or give the alert `through: SERVICE`";
            self.problem_in(place, &target.at, message, help);
            return None;
        }
        Some(match verb {
            Verb::Fires => TimelineEvent::AlertFires(name),
            Verb::IsDelivered => TimelineEvent::AlertDelivered(name),
            _ => TimelineEvent::AlertResolved(name),
        })
    }

    fn end_of_experiment(
        &mut self,
        written: &WrittenEvent,
        place: &Place<'_>,
    ) -> Option<TimelineEvent> {
        if self.names.file.chaos.is_none() {
            let help = "write one under `chaos:`";
            self.problem_in(place, &written.at, "there is no experiment", help);
            return None;
        }
        Some(TimelineEvent::CalledOff)
    }
}
