//! Holding a resource over several steps.

use super::call::{OnFailureWord, on_failure};
use super::{Compile, Op, Step, sequence};
use crate::Outcome;
use crate::language::{Placed, Problems, section};
use crate::scenario::{Caller, Names, Plan};
use crate::system::{Activity, Engine, Kept, Next, OnFailure};

section! {
    /// Takes `steps` while it holds one of a pool that the service has under `pools`.
    pub(crate) struct Hold {
        /// The pool.
        "hold" => hold: Placed<String>,
        /// The steps.
        "steps" => steps: Vec<Placed<Step>>,
        /// The reaction if none becomes free in time; the handler fails at once if left out.
        "on failure" => on_failure: Option<Placed<OnFailureWord>>,
    }
}

impl Compile for Hold {
    fn compile(&self, caller: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        let Some(resource) = self.resource(caller, names, plan, problems) else {
            return sequence(caller, &self.steps, names, plan, problems);
        };
        if self.steps.is_empty() {
            let message = format!("this changes nothing: `{}` is given back at once", *self.hold);
            let help = "list the steps that need it under `steps`";
            problems.warning(self.hold.key(), message, help);
        }
        let on_failure = on_failure(self.on_failure.as_ref());
        let take = plan.push(Op::Take { resource, on_failure, otherwise: plan.next_step() });
        plan.holding(|plan| sequence(caller, &self.steps, names, plan, problems));
        plan.push(Op::GiveBack);
        let otherwise = plan.next_step();
        plan.blueprint.program[take] = Op::Take { resource, on_failure, otherwise };
    }
}

impl Hold {
    /// The number of the pool among those of the service.
    fn resource(
        &self,
        caller: Caller,
        names: &Names<'_>,
        plan: &Plan,
        problems: &mut Problems,
    ) -> Option<u32> {
        let owner = plan.caller_name(caller, names);
        let pools = names.file.services.get(&owner).map(|service| &service.pools);
        let found = pools.and_then(|pools| pools.get_index_of(self.hold.as_str()));
        if let Some(resource) = found {
            return Some(resource as u32);
        }
        if !pools.is_some_and(|pools| pools.mentions(&self.hold)) {
            let known = pools.map_or_else(Vec::new, |pools| pools.names().collect::<Vec<_>>());
            let name = &**self.hold;
            let help = problems.meant(name, known.iter().copied(), || {
                format!("write `pools: {{ {name}: 10 }}` under `{owner}`")
            });
            problems.error(self.hold.at(), format!("`{owner}` has no pool `{name}`"), help);
        }
        None
    }
}

/// Takes one of a pool, or waits for one.
pub(super) fn take(engine: &mut Engine<'_>, index: u32, resource: u32) -> Next {
    let instance = engine.state.frames[index].instance();
    let first = engine.plan.instances[instance].resources;
    let pool = first.expect("a service whose steps hold something has pools").offset(resource);
    engine.state.frames.keep(index, Kept { pool, since: engine.now });
    if engine.state.pools[pool].try_acquire(engine.now) {
        return engine.go_to_next(index);
    }
    let waiter = engine.state.frames.begin_wait(index, Activity::AwaitingResource);
    if !engine.state.pools[pool].enqueue(engine.now, waiter) {
        return engine.resource_refused(index);
    }
    engine.set_deadline(engine.plan.pools[pool].wait_deadline, waiter);
    Next::Nothing
}

impl Engine<'_> {
    /// Goes on with a frame that was first in the queue of a pool and has got one.
    pub fn resource_granted(&mut self, index: u32) -> Next {
        if let Some(kept) = self.state.frames.last_kept(index) {
            let waited = self.now.since(kept.since);
            kept.since = self.now;
            let pool = kept.pool;
            self.state.pools[pool].note_wait(waited);
        }
        self.go_to_next(index)
    }

    /// Ends the wait for one of a pool, which has lasted as long as it may.
    #[cold]
    pub fn resource_wait_exceeded(&mut self, index: u32) -> Next {
        if let Some(kept) = self.state.frames.last_kept(index) {
            let pool = kept.pool;
            self.state.pools[pool].leave_queue(self.now, true);
        }
        self.resource_refused(index)
    }

    /// Goes on without one of a pool: the handler fails, or passes over the steps that need it.
    fn resource_refused(&mut self, index: u32) -> Next {
        self.state.frames.forget_last_kept(index);
        let frame = &mut self.state.frames[index];
        let Op::Take { on_failure, otherwise, .. } = self.plan.program[frame.step] else {
            unreachable!("only this step waits for a resource")
        };
        let worse = match on_failure {
            OnFailure::Ignore => Outcome::Ok,
            OnFailure::Degrade => Outcome::Degraded,
            OnFailure::Fail | OnFailure::FailLater => Outcome::ServerError,
        };
        let is_worse = worse > frame.outcome;
        frame.outcome = frame.outcome.max(worse);
        if is_worse {
            self.fails_by_itself(index);
        }
        if on_failure == OnFailure::Fail {
            return self.finish(index, Outcome::ServerError);
        }
        self.go_to(index, otherwise)
    }

    /// Gives back what the frame has taken last.
    pub fn give_back(&mut self, index: u32) {
        let Some(kept) = self.state.frames.last_kept(index).copied() else { return };
        self.state.frames.forget_last_kept(index);
        let held = self.now.since(kept.since);
        let frames = &self.state.frames;
        let pool = &mut self.state.pools[kept.pool];
        if let Some(waiter) = pool.release(self.now, held, |waiter| frames.is_live(waiter)) {
            self.state.ready.push(Next::Resource(waiter.frame));
        }
    }

    /// Gives back all that a frame still holds because its handler ends early.
    #[inline]
    pub fn give_all_back(&mut self, index: u32) {
        if self.state.frames.can_keep() {
            self.give_back_everything(index);
        }
    }

    #[cold]
    fn give_back_everything(&mut self, index: u32) {
        while self.state.frames.last_kept(index).is_some() {
            self.give_back(index);
        }
    }
}
