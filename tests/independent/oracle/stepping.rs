//! The steps of requests, one after the other and side by side.

use super::super::net::{OnFailure, Slow, Step, Strike};
use super::pool::{PoolName, Taken, Waiter};
use super::sending::slowed;
use super::{Caller, Event, Oracle, Strand};

impl<'a> Oracle<'a> {
    pub(super) fn add_strand(
        &mut self,
        visit: usize,
        parent: Option<usize>,
        steps: &'a [Step],
        rounds: u32,
    ) -> usize {
        self.strands.push(Strand {
            visit,
            parent,
            steps,
            next: 0,
            rounds,
            pending: 0,
            failure: None,
            has_processor: false,
            holds: false,
        });
        self.strands.len() - 1
    }

    /// Takes the next step of a strand.
    pub(super) fn go_on(&mut self, strand: usize) {
        if self.is_expired(self.strands[strand].visit) {
            return self.strand_ends(strand, Some("expired"));
        }
        let state = &mut self.strands[strand];
        if state.next == state.steps.len() {
            state.rounds -= 1;
            state.next = 0;
            if state.rounds == 0 {
                return self.strand_ends(strand, None);
            }
        }
        let state = &mut self.strands[strand];
        let step = &state.steps[state.next];
        let visit = state.visit;
        state.next += 1;
        match step {
            Step::Work(_) => match self.added(strand) {
                0 => self.work_begins(strand),
                added => self.plan(self.now + added, Event::WorkBegins(strand)),
            },
            Step::Pause(length) => {
                let slow = self.slowness(visit);
                let length = slowed(*length, slow.into_iter());
                self.plan(self.now + length, Event::StrandGoesOn(strand));
            }
            Step::Call { edge, .. } => {
                let (service, instance) = (self.visits[visit].service, self.visits[visit].instance);
                let region = self.net.services[service].region_of(instance);
                self.begin_call(*edge, region, instance, Caller::Strand(strand));
            }
            Step::Parallel(branches) => {
                let inner: Vec<usize> = branches
                    .iter()
                    .map(|steps| self.add_strand(visit, Some(strand), steps, 1))
                    .collect();
                self.strands[strand].pending = inner.len();
                for strand in inner {
                    if !self.visits[visit].is_gone {
                        self.go_on(strand);
                    }
                }
            }
            Step::Repeat(rounds, steps) => self.begin_inner(strand, steps, *rounds),
            Step::Hold(_) => self.take_own(strand),
        }
    }

    fn begin_inner(&mut self, strand: usize, steps: &'a [Step], rounds: u32) {
        self.strands[strand].pending = 1;
        let inner = self.add_strand(self.strands[strand].visit, Some(strand), steps, rounds);
        self.go_on(inner);
    }

    /// The faults that slow the instance of a visit down.
    fn slowness(&self, visit: usize) -> Vec<Slow> {
        let visit = &self.visits[visit];
        let slow = self.in_force().filter_map(|fault| match &fault.strike {
            Strike::Slow(struck, slow)
                if struck.service == visit.service
                    && struck.instances.contains(&visit.instance) =>
            {
                Some(*slow)
            }
            _ => None,
        });
        slow.collect()
    }

    /// The wait that faults add before work.
    fn added(&self, strand: usize) -> u64 {
        let slow = self.slowness(self.strands[strand].visit).into_iter();
        slow.map(|it| if let Slow::Adding(time) = it { time } else { 0 }).sum()
    }

    pub(super) fn work_begins(&mut self, strand: usize) {
        let visit = self.strands[strand].visit;
        if self.visits[visit].is_gone || self.is_missed(visit, Event::WorkBegins(strand)) {
            return;
        }
        let (service, instance) = (self.visits[visit].service, self.visits[visit].instance);
        if self.net.services[service].processors.is_none() {
            return self.work(strand);
        }
        let pool = self.pool(PoolName::Processors { service, instance });
        if self.pools[pool].take(self.now, Waiter::Processor(strand)) == Taken::Granted {
            self.strands[strand].has_processor = true;
            self.work(strand);
        }
    }

    pub(super) fn work(&mut self, strand: usize) {
        let state = &self.strands[strand];
        let Step::Work(length) = state.steps[state.next - 1] else { return };
        let slow = self.slowness(state.visit).into_iter();
        let length = slowed(length, slow.filter(|it| !matches!(it, Slow::Adding(_))));
        self.plan(self.now + length, Event::StrandGoesOn(strand));
    }

    pub(super) fn work_ends(&mut self, strand: usize) {
        let visit = self.strands[strand].visit;
        if self.visits[visit].is_gone || self.is_missed(visit, Event::StrandGoesOn(strand)) {
            return;
        }
        self.release_processor(strand);
        self.go_on(strand);
    }

    fn release_processor(&mut self, strand: usize) {
        if std::mem::take(&mut self.strands[strand].has_processor) {
            let visit = &self.visits[self.strands[strand].visit];
            let (service, instance) = (visit.service, visit.instance);
            let pool = self.pool(PoolName::Processors { service, instance });
            self.release(pool);
        }
    }

    fn own_pool(&mut self, strand: usize) -> usize {
        let visit = &self.visits[self.strands[strand].visit];
        let (service, instance) = (visit.service, visit.instance);
        self.pool(PoolName::Own { service, instance })
    }

    fn take_own(&mut self, strand: usize) {
        let pool = self.own_pool(strand);
        match (self.pools[pool].take(self.now, Waiter::Pool(strand)), self.pools[pool].max_wait) {
            (Taken::Granted, _) => self.holds(strand),
            (Taken::Full, _) => self.strand_ends(strand, Some("server error")),
            (Taken::Waits(ticket), Some(most)) => {
                self.plan(self.now + most, Event::WaitEnds { pool, ticket });
            }
            _ => {}
        }
    }

    pub(super) fn holds(&mut self, strand: usize) {
        self.strands[strand].holds = true;
        let state = &self.strands[strand];
        if let Step::Hold(steps) = &state.steps[state.next - 1] {
            self.begin_inner(strand, steps, 1);
        }
    }

    fn let_go(&mut self, strand: usize) {
        if std::mem::take(&mut self.strands[strand].holds) {
            let pool = self.own_pool(strand);
            self.release(pool);
        }
    }

    pub(super) fn strand_ends(&mut self, strand: usize, failure: Option<&'static str>) {
        let (visit, parent) = (self.strands[strand].visit, self.strands[strand].parent);
        let Some(parent) = parent else {
            let later = self.visits[visit].fails_later;
            let good = if self.visits[visit].is_degraded { "degraded" } else { "ok" };
            return self.leave(visit, failure.or(later).unwrap_or(good));
        };
        let state = &mut self.strands[parent];
        state.pending -= 1;
        state.failure = worse(state.failure, failure);
        if state.pending > 0 {
            return;
        }
        let failure = state.failure.take();
        self.let_go(parent);
        match failure {
            Some(_) => self.strand_ends(parent, failure),
            None => self.go_on(parent),
        }
    }

    /// A call that a strand has made is over.
    pub(super) fn call_ended(&mut self, strand: usize, edge: usize, outcome: &'static str) {
        let state = &self.strands[strand];
        let Step::Call { on_failure, .. } = state.steps[state.next - 1] else {
            unreachable!("a strand calls over {edge} in a step that calls")
        };
        let visit = &mut self.visits[state.visit];
        let failure = match outcome {
            "ok" | "degraded" | "client error" => outcome,
            _ => "server error",
        };
        match (failure, on_failure) {
            ("ok", _) | (_, OnFailure::Ignore) => {}
            ("degraded", _) | (_, OnFailure::Degrade) => visit.is_degraded = true,
            (_, OnFailure::FailLater) => {
                visit.fails_later = worse(visit.fails_later, Some(failure));
            }
            (_, OnFailure::Fail) => return self.strand_ends(strand, Some(failure)),
        }
        self.go_on(strand);
    }

    /// A visit that is cancelled gives back what its strands have, the innermost first.
    pub(super) fn release_strands(&mut self, visit: usize) {
        for strand in (0..self.strands.len()).rev() {
            if self.strands[strand].visit == visit {
                for waiter in [Waiter::Processor(strand), Waiter::Pool(strand)] {
                    self.pools.iter_mut().for_each(|pool| pool.forget(self.now, waiter));
                }
                self.release_processor(strand);
                self.let_go(strand);
            }
        }
    }
}

/// Of several failures a server error counts, and a client error only if there is no other.
fn worse(one: Option<&'static str>, other: Option<&'static str>) -> Option<&'static str> {
    if one == Some("server error") { one } else { other.or(one) }
}
