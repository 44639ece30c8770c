//! Probes of readiness and liveness, which something outside sends to each instance, as the kubelet
//! does: through no balancer, guard or network, but through the queue, threads and pools of the
//! instance.

use sim_core::SimDuration;

use super::engine::Engine;
use super::event::Event;
use super::id::{Id, of};
use super::process::Exit;
use super::process_plan::ProbeKind;
use super::program::CallSite;
use super::role::Role;
use super::state::Next;
use crate::Outcome;
use crate::observe::ProcessChange;
use crate::resilience::load_balancer::{HealthCheck, HealthTally};
use crate::resources::Waiter;

/// The probes of one kind of an instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbeState {
    /// The results so far.
    tally: HealthTally,
    /// True while a probe is under way.
    is_under_way: bool,
    /// Number of probes sent so far in this life.
    sent: u32,
}

impl ProbeState {
    /// The state in which an instance counts as good until probes fail.
    pub fn passing() -> Self {
        Self { tally: HealthTally::default(), is_under_way: false, sent: 0 }
    }

    /// The state in which an instance counts as bad until probes pass.
    pub fn failing() -> Self {
        Self { tally: HealthTally::unhealthy(), ..Self::passing() }
    }
}

impl Engine<'_> {
    /// Schedules the first probes of all instances, which the middle of operation finds at any point
    /// of their period: those of the n-th of k instances come after n/k of it.
    pub fn begin_probing(&mut self) {
        for station in &self.plan.stations {
            let Some(plan) = station.process else { continue };
            for instance in station.instances.iter() {
                let number = u128::from(station.instances.number_of(instance)) + 1;
                for kind in ProbeKind::ALL {
                    if let Some(probe) = plan.probe(kind).filter(|_| self.is_present(instance)) {
                        let period = u128::from(probe.check.interval.as_nanos());
                        let nanos = period * number / station.instances.len() as u128;
                        let first = SimDuration::from_nanos(nanos as u64);
                        self.schedule.after(first, Event::Probe { kind, instance, life: 0 });
                    }
                }
            }
        }
    }

    /// Sends a probe to an instance, unless the one before is still under way.
    #[cold]
    pub fn probe(&mut self, kind: ProbeKind, instance: Id<of::Instance>, life: u32) -> Next {
        let Some(plan) = self.process_plan(instance) else { return Next::Nothing };
        let process = &mut self.state.processes[instance];
        let Some(probe) = plan.probe(kind).filter(|_| process.life == life) else {
            return Next::Nothing;
        };
        self.schedule.after(probe.check.interval, Event::Probe { kind, instance, life });
        if self.state.instances[instance].crashes > 0 {
            if kind == ProbeKind::Readiness {
                self.no_process_to_probe(instance);
            }
            return Next::Nothing;
        }
        let state = &mut process.probes[kind as usize];
        if std::mem::replace(&mut state.is_under_way, true) {
            return Next::Nothing;
        }
        state.sent += 1;
        let number = u64::from(state.sent) << 1 | kind as u64;
        let key = process.key.child(u64::from(life)).child(number);
        let CallSite { edge, entry, .. } = self.plan.sites[probe.site];
        let is_counted = self.state.has_warmed_up;
        let index = self.allocate(key, Role::Probe, Id::at(instance), Id::FIRST, is_counted);
        self.state.frames.set_request(index, key.bits());
        let frame = &mut self.state.frames[index];
        frame.caller = Waiter { frame: kind as u32, epoch: life };
        frame.priority = plan.priority;
        (frame.attempts, frame.rounds) = (0, 1);
        self.send_to(index, edge, entry, Some(instance))
    }

    /// Takes the result of a probe.
    #[cold]
    pub fn probe_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let frame = &self.state.frames[index];
        let (instance, Waiter { frame: kind, epoch: life }) = (frame.instance(), frame.caller);
        self.state.frames.release(index);
        let is_gone = self.state.instances[instance].crashes > 0;
        let Some((kind, plan)) = ProbeKind::ALL.get(kind as usize).zip(self.process_plan(instance))
        else {
            return Next::Nothing;
        };
        let process = &mut self.state.processes[instance];
        if process.life != life {
            return Next::Nothing;
        }
        process.probes[*kind as usize].is_under_way = false;
        if let Some(probe) = plan.probe(*kind).filter(|_| !is_gone) {
            self.note_probe(*kind, instance, &probe.check, outcome.is_good());
        }
        Next::Nothing
    }

    fn note_probe(
        &mut self,
        kind: ProbeKind,
        instance: Id<of::Instance>,
        check: &HealthCheck,
        passes: bool,
    ) {
        let tally = &mut self.state.processes[instance].probes[kind as usize].tally;
        if !tally.note(check, passes) {
            return;
        }
        let failures = check.unhealthy_threshold;
        match kind {
            ProbeKind::Readiness => {
                let failures = Some(failures);
                let change = if passes {
                    ProcessChange::Ready
                } else {
                    ProcessChange::NotReady { failures }
                };
                self.state.recorder.process_changes(self.now, instance, change);
                self.set_in_service(instance, passes);
            }
            ProbeKind::Liveness if !passes => self.exit(instance, Exit::Killed(failures)),
            ProbeKind::Liveness => {}
        }
    }

    /// Takes an instance out of service whose process is gone (`doProbe` in kubelet's
    /// `pkg/kubelet/prober/worker.go`: a container that does not run fails at once).
    fn no_process_to_probe(&mut self, instance: Id<of::Instance>) {
        let process = &mut self.state.processes[instance];
        process.probes[ProbeKind::Readiness as usize].tally = HealthTally::unhealthy();
        if process.is_in_service {
            let change = ProcessChange::NotReady { failures: None };
            self.state.recorder.process_changes(self.now, instance, change);
            self.set_in_service(instance, false);
        }
    }
}
