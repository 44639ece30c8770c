//! Things that happen in a run.

use super::resolver::{Place, Resolver, suggestion};
use crate::expect::sentence::{Verb, WrittenEvent, WrittenSubject};
use crate::expect::{Occurrence, TimelineEvent};
use crate::resilience::circuit_breaker::BreakerState;

impl Resolver<'_, '_> {
    pub fn occurrence(&mut self, written: &WrittenEvent, place: &Place<'_>) -> Option<Occurrence> {
        let event = match (&written.subject, written.verb) {
            (WrittenSubject::Fault(fault), Verb::Begins) => TimelineEvent::FaultBegins(
                self.fault_instants(*fault, &written.at, place).ok()?.map(|(begin, _)| begin),
            ),
            (WrittenSubject::Fault(fault), _) => TimelineEvent::FaultEnds(
                self.fault_instants(*fault, &written.at, place).ok()?.map(|(_, end)| end),
            ),
            (WrittenSubject::Breaker(target), verb) => {
                let state = match verb {
                    Verb::Opens => BreakerState::Open,
                    Verb::HalfOpens => BreakerState::HalfOpen,
                    _ => BreakerState::Closed,
                };
                let edge = self.edge_named(target, place)?;
                let breakers = self.plan.blueprint.breakers_of(edge);
                let owners: Vec<String> = breakers
                    .map(|breaker| self.plan.blueprint.breakers[breaker as usize].owner.clone())
                    .collect();
                if owners.is_empty() {
                    self.warning_in(
                        place,
                        &target.at,
                        "this call has no breaker",
                        "it neither opens nor closes",
                    );
                }
                TimelineEvent::Breaker(owners, state)
            }
            (WrittenSubject::Pool(target), verb @ (Verb::ScalesTo(_) | Verb::RunsOutOfMemory)) => {
                let name = self.instance_named(target, place)?;
                match verb {
                    Verb::ScalesTo(number) => TimelineEvent::Scales(name, Some(number)),
                    _ => TimelineEvent::OutOfMemory(name),
                }
            }
            (WrittenSubject::Pool(target), verb) => {
                let (owner, kind) = self.pool_named(target, place)?;
                if verb == Verb::Overflows {
                    TimelineEvent::Overflows(owner, kind)
                } else {
                    TimelineEvent::Saturates(owner, kind)
                }
            }
            (WrittenSubject::Workload(target), _) => {
                self.workload_named(target, place)?;
                TimelineEvent::Outage(target.name.clone())
            }
            (WrittenSubject::Alert(target), verb) => {
                let known: Vec<&str> = self.names.file.alerts.names().collect();
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
                    TimelineEvent::AlertFires(name)
                } else {
                    TimelineEvent::AlertResolved(name)
                }
            }
            (WrittenSubject::Experiment, _) => {
                if self.names.file.chaos.is_none() {
                    self.problem_in(
                        place,
                        &written.at,
                        "there is no experiment",
                        "write one under `chaos:`",
                    );
                    return None;
                }
                TimelineEvent::CalledOff
            }
            (WrittenSubject::Queue(target), verb) => {
                self.queue_named(target, place)?;
                let name = target.name.clone();
                if verb == Verb::Drains {
                    TimelineEvent::Drains(name)
                } else {
                    TimelineEvent::Backlog(name)
                }
            }
            (WrittenSubject::Instance(target), verb) => {
                let instance = self.instance_named(target, place)?;
                match verb {
                    Verb::IsEjected => TimelineEvent::Ejected(instance),
                    Verb::IsReadmitted => TimelineEvent::Readmitted(instance),
                    _ => TimelineEvent::Down(instance),
                }
            }
        };
        Some(Occurrence { text: place.text[written.at.clone()].trim().to_owned(), event })
    }
}
