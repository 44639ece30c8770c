//! Things that happen in a run.

use super::resolver::{Place, Resolver, suggestion};
use crate::expect::sentence::{Subject, Verb, WrittenEvent};
use crate::expect::{Event, Occurrence};
use crate::resilience::circuit_breaker::BreakerState;

impl Resolver<'_, '_> {
    pub fn occurrence(&mut self, written: &WrittenEvent, place: &Place<'_>) -> Option<Occurrence> {
        let event = match (&written.subject, written.verb) {
            (Subject::Fault(fault), Verb::Begins) => Event::FaultBegins(
                self.fault_instants(*fault, &written.at, place).ok()?.map(|(begin, _)| begin),
            ),
            (Subject::Fault(fault), _) => Event::FaultEnds(
                self.fault_instants(*fault, &written.at, place).ok()?.map(|(_, end)| end),
            ),
            (Subject::Breaker(target), verb) => {
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
                    Event::AlertFires(name)
                } else {
                    Event::AlertResolved(name)
                }
            }
            (Subject::Experiment, _) => {
                if self.names.file.chaos.is_none() {
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
}
