//! The life of a process: it begins, takes the steps of its start, serves, and dies.
//!
//! A process that dies for whatever reason comes back through [`Engine::is_back`] or, with an
//! autoscaler, for the first time through [`Engine::begin_process`]. Until it serves, and while its
//! readiness probes fail, it is out of service: to balancers it is as if its instance did not exist.

use sim_core::random::{DrawKey, Streams};
use sim_core::{SimDuration, SimTime};

use super::activity::Activity;
use super::blueprint::Blueprint;
use super::engine::Engine;
use super::event::Event;
use super::frame::NO_FRAME;
use super::id::{Id, Table, of};
use super::probing::ProbeState;
use super::process_plan::{ProbeKind, ProcessPlan};
use super::role::Role;
use super::state::Next;
use crate::Outcome;
use crate::faults::InForce;
use crate::observe::ProcessChange;
use crate::resources::Waiter;

/// The longest time between the exit of a process and its next start (kubelet's
/// `MaxContainerBackOff`).
const LONGEST_PAUSE: SimDuration = SimDuration::from_secs(300);

/// A process that has run for longer exits as if it had never exited before (`hasExpired` in
/// `client-go/util/flowcontrol/backoff.go`: twice the longest pause).
const STABLE_AFTER: SimDuration = SimDuration::from_secs(600);

/// The state of the process of an instance.
#[derive(Clone, Debug)]
pub(crate) struct ProcessState {
    /// Key for the random draws of its starts and probes.
    pub key: DrawKey,
    /// The number of times that it has begun; whatever belongs to another life is stale.
    pub life: u32,
    /// The time at which it began.
    pub began: SimTime,
    /// True if balancers choose it.
    pub is_in_service: bool,
    /// True if it has been in service in this life.
    pub has_served: bool,
    /// The results of its probes, by kind.
    pub probes: [ProbeState; 2],
    /// The time between its next exit and the start after that.
    pause: SimDuration,
    /// The reason for which it is about to exit.
    exit: Option<Exit>,
}

/// The reason for the exit of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Its start has failed.
    StartFailed(Outcome),
    /// This many of its liveness probes have failed in a row.
    Killed(u32),
}

/// The processes at the beginning of a run, in the middle of operation; none if nothing depends on
/// them.
pub(super) fn initial_processes(
    blueprint: &Blueprint,
    streams: &Streams,
) -> Table<of::Instance, ProcessState> {
    if blueprint.stations.iter().all(|station| station.process.is_none()) {
        return Table::default();
    }
    let of_station = |station: &super::StationPlan| {
        let name = format!("{}/processes", station.name);
        let key = DrawKey::root(&mut streams.stream(&name));
        (0..u64::from(station.instances.len())).map(move |number| ProcessState {
            key: key.child(number),
            life: 0,
            began: SimTime::ZERO,
            is_in_service: true,
            has_served: true,
            probes: [ProbeState::passing(); 2],
            pause: SimDuration::ZERO,
            exit: None,
        })
    };
    blueprint.stations.iter().flat_map(of_station).collect()
}

impl Engine<'_> {
    /// The plan of the process of an instance, if it has one.
    pub fn process_plan(&self, instance: Id<of::Instance>) -> Option<ProcessPlan> {
        let station = self.plan.instances[instance].station;
        self.plan.stations[station].process
    }

    /// True if an instance has been in service since its process began.
    pub fn has_served(&self, instance: Id<of::Instance>) -> bool {
        self.state.processes.get(instance).is_none_or(|process| process.has_served)
    }

    /// True if an autoscaler lets this instance run, or there is none.
    pub fn is_present(&self, instance: Id<of::Instance>) -> bool {
        let station = self.plan.instances[instance].station;
        let number = self.plan.stations[station].instances.number_of(instance);
        let mut scalers = self.plan.autoscalers.iter().zip(&self.state.autoscalers);
        let scaler = scalers.find(|(plan, _)| plan.station == station);
        scaler.is_none_or(|(_, scaler)| number < scaler.running)
    }

    /// Restarts the process of an instance now: everything that runs or waits there is lost, with
    /// what it kept in memory. It is down for a while, takes the steps of its start, and serves.
    ///
    /// Call this only while an event is being handled, and not in the middle of what follows from
    /// it, so that nothing from this instant is still on its way to the frames of the instance.
    #[cold]
    pub fn restart_instance(&mut self, instance: Id<of::Instance>, down: SimDuration) {
        let state = &mut self.state.instances[instance];
        state.crashes += 1;
        state.note_disturbance();
        self.state.faults_in_force += 1;
        self.schedule.after(down, Event::Restarted { instance });
        self.in_order(|engine| engine.lose_work_of(instance));
    }

    /// Lets a process begin whose restart is over.
    #[cold]
    pub fn restarted(&mut self, instance: Id<of::Instance>) {
        self.state.instances[instance].is_dying = false;
        self.state.faults_in_force -= 1;
        self.is_back(instance);
    }

    /// Ends one of the reasons for which a process is gone; it begins anew after the last.
    #[cold]
    pub fn is_back(&mut self, instance: Id<of::Instance>) {
        let state = &mut self.state.instances[instance];
        state.crashes -= 1;
        state.note_disturbance();
        self.begin_process(instance);
    }

    /// Begins a process, unless it is still gone: it takes the steps of its start, or serves at once.
    #[cold]
    pub fn begin_process(&mut self, instance: Id<of::Instance>) {
        let is_gone = self.state.instances[instance].crashes > 0;
        let Some(plan) = self.process_plan(instance) else { return };
        if is_gone || !self.is_present(instance) {
            return;
        }
        self.stop_starting(instance);
        let process = &mut self.state.processes[instance];
        process.life += 1;
        process.began = self.now;
        process.exit = None;
        process.has_served = false;
        process.probes = [ProbeState::failing(), ProbeState::passing()];
        if plan.has_to_become_ready() {
            self.set_in_service(instance, false);
        }
        let Some(first_step) = plan.start else { return self.serve(instance, plan) };
        let state = &mut self.state.instances[instance];
        state.is_starting = true;
        state.note_disturbance();
        self.state.faults_in_force += 1;
        let process = &self.state.processes[instance];
        let (key, life) = (process.key.child(u64::from(process.life)), process.life);
        let has_warmed_up = self.state.has_warmed_up;
        let start = self.allocate(key, Role::Start, Id::at(instance), first_step, has_warmed_up);
        let frame = &mut self.state.frames[start];
        (frame.caller, frame.priority) = (Waiter { frame: NO_FRAME, epoch: life }, plan.priority);
        self.state.frames.set_request(start, key.bits());
        // Faults that begin in this instant, such as that of a cold process, act on its first step.
        self.wait(start, Activity::Starting, SimDuration::ZERO);
    }

    /// Handles the end of the start of a process: it serves, or exits and starts again later.
    #[cold]
    pub fn start_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let frame = &self.state.frames[index];
        let (instance, life) = (frame.instance(), frame.caller.epoch);
        if !self.state.caches.is_empty() {
            self.fetches_over(index, false);
        }
        self.state.frames.release(index);
        let process = &self.state.processes[instance];
        let is_starting = self.state.instances[instance].is_starting;
        let Some(plan) = self.process_plan(instance).filter(|_| is_starting) else {
            return Next::Nothing;
        };
        if process.life != life {
            return Next::Nothing;
        }
        if !outcome.is_good() {
            self.exit(instance, Exit::StartFailed(outcome));
            return Next::Nothing;
        }
        let after = self.now.since(process.began);
        self.stop_starting(instance);
        self.state.recorder.process_changes(self.now, instance, ProcessChange::Started { after });
        self.serve(instance, plan);
        Next::Nothing
    }

    /// Lets a process accept requests; its probes begin, and it is in service unless it has to pass
    /// some of them first.
    fn serve(&mut self, instance: Id<of::Instance>, plan: ProcessPlan) {
        let life = self.state.processes[instance].life;
        for kind in ProbeKind::ALL {
            if plan.probe(kind).is_some() {
                let event = Event::Probe { kind, instance, life };
                self.schedule.after(SimDuration::ZERO, event);
            }
        }
        if plan.probe(ProbeKind::Readiness).is_none() {
            self.set_in_service(instance, true);
        }
    }

    /// Ends the start of a process before its time, if it has one: it serves, or is gone.
    pub fn stop_starting(&mut self, instance: Id<of::Instance>) {
        let state = &mut self.state.instances[instance];
        if std::mem::replace(&mut state.is_starting, false) {
            state.note_disturbance();
            self.state.faults_in_force -= 1;
        }
    }

    /// Notes that an autoscaler takes an instance away: what it does for itself ends.
    pub fn process_is_taken_away(&mut self, instance: Id<of::Instance>) {
        self.stop_starting(instance);
        if let Some(process) = self.state.processes.get_mut(instance) {
            process.life += 1;
        }
    }

    /// Lets a process exit. This always goes through the event list, so that nothing from this
    /// instant is still on its way to its frames.
    pub fn exit(&mut self, instance: Id<of::Instance>, exit: Exit) {
        if self.state.processes[instance].exit.replace(exit).is_none() {
            self.schedule.after(SimDuration::ZERO, Event::Exits { instance });
        }
    }

    /// Handles the exit of a process: it starts again, the later the more often it has exited.
    #[cold]
    pub fn exits(&mut self, instance: Id<of::Instance>) {
        let exit = self.state.processes[instance].exit.take();
        let is_gone = self.state.instances[instance].crashes > 0;
        let Some((exit, plan)) = exit.zip(self.process_plan(instance)).filter(|_| !is_gone) else {
            return;
        };
        let pause = self.pause_after(exit, instance, plan);
        let change = match exit {
            Exit::StartFailed(outcome) => ProcessChange::StartFailed { outcome, pause },
            Exit::Killed(failures) => ProcessChange::Killed { failures, pause },
        };
        self.state.recorder.process_changes(self.now, instance, change);
        self.set_in_service(instance, false);
        self.restart_instance(instance, pause);
    }

    /// The time until a process starts again: none if it has run well until now, then twice as long
    /// each time.
    fn pause_after(
        &mut self,
        exit: Exit,
        instance: Id<of::Instance>,
        plan: ProcessPlan,
    ) -> SimDuration {
        self.forget_old_exits(instance);
        let process = &mut self.state.processes[instance];
        // The start that has failed was a restart, or the first of a new instance.
        let is_restart = matches!(exit, Exit::StartFailed(_));
        let least = if is_restart { plan.restart_after } else { SimDuration::ZERO };
        let pause = process.pause.max(least);
        let longest = LONGEST_PAUSE.max(plan.restart_after);
        process.pause = (pause * 2).max(plan.restart_after).min(longest);
        pause
    }

    /// Forgets the exits of a process that has run well since, now that it dies.
    pub fn forget_old_exits(&mut self, instance: Id<of::Instance>) {
        if let Some(process) = self.state.processes.get_mut(instance)
            && self.now.since(process.began) > STABLE_AFTER
        {
            process.pause = SimDuration::ZERO;
        }
    }

    /// Takes an instance out of service or puts it back, for all balancers at once.
    pub fn set_in_service(&mut self, instance: Id<of::Instance>, is_in_service: bool) {
        let process = &mut self.state.processes[instance];
        process.is_in_service = is_in_service;
        process.has_served |= is_in_service;
        for (edge, state) in self.plan.edges.iter().zip(&mut self.state.edges) {
            if edge.callee_instances.contains(instance) && !edge.is_for_probes {
                let number = edge.callee_instances.number_of(instance);
                for balancer in &mut state.balancers {
                    balancer.set_in_service(self.now, number, is_in_service);
                }
            }
        }
        if is_in_service {
            self.watch_batches();
        }
    }

    /// Begins the next batch of each deployment whose last one is back in service.
    pub fn watch_batches(&mut self) {
        let mut next = 0;
        while let Some(&fault) = self.state.awaited_batches.get(next) {
            let batch = &self.plan.faults[fault];
            if batch.instances.iter().all(|instance| self.is_in_service(instance)) {
                self.state.awaited_batches.remove(next);
                self.pull_trigger(batch.effect.next_batch());
            } else {
                next += 1;
            }
        }
    }

    /// True if an instance serves, or does not run at all because an autoscaler has not started it.
    fn is_in_service(&self, instance: Id<of::Instance>) -> bool {
        let is_gone = self.state.instances[instance].crashes > 0;
        let process = self.state.processes.get(instance);
        let serves = !is_gone && process.is_none_or(|process| process.is_in_service);
        serves || !self.is_present(instance)
    }
}
