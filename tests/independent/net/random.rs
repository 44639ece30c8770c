//! Systems at random.

mod guarding;
mod striking;

use super::dice::Dice;
use super::text::called;
use super::{Caller, Edge, Net, OnFailure, SECOND, Service, Slots, Step, Workload};

/// The things that the systems of a test have, beside services, queues, timeouts, retries, hedges and faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Basics,
    WholeSeconds,
    Breakers,
    Bulkheads,
    Fallbacks,
    Faults,
    Cancellation,
    Resources,
    Orders,
    Everything,
}

impl Group {
    fn has(self, group: Group) -> bool {
        self == group || self == Group::Everything
    }

    fn is_whole(self) -> bool {
        self == Group::WholeSeconds
    }
}

/// A system in the making.
struct Draft {
    dice: Dice,
    group: Group,
    /// The number of services that there will be.
    services: usize,
    /// True if the last of them is a database.
    has_database: bool,
    net: Net,
}

impl Net {
    pub fn at_random(group: Group, seed: u64) -> Self {
        let is_whole = group.is_whole();
        let net = Net {
            duration: if is_whole { 60 } else { 600 } * SECOND,
            drain: 400 * SECOND,
            workloads: Vec::new(),
            services: Vec::new(),
            edges: Vec::new(),
            faults: Vec::new(),
            regions: Vec::new(),
        };
        // Groups have systems of their own.
        let dice = Dice::new(seed * 16 + group as u64, is_whole);
        let mut draft = Draft { dice, group, services: 0, has_database: false, net };
        draft.fill();
        draft.net
    }
}

impl Draft {
    fn fill(&mut self) {
        let number = if self.dice.one_in(2) { 1 } else { 1 + self.dice.up_to(2) as usize };
        let dice = &mut self.dice;
        let mut way = |from, to| if from == to { 0 } else { dice.time(9) };
        self.net.regions =
            (0..number).map(|from| (0..number).map(|to| way(from, to)).collect()).collect();
        self.services = self.dice.up_to(4) as usize;
        let may_have_one = self.group.has(Group::Resources) && self.services > 1;
        self.has_database = may_have_one && self.dice.one_in(2);
        (0..self.services).for_each(|index| self.add_service(index, self.services));
        for index in 0..=self.dice.below(2) as usize {
            let edge = self.edge_between(Caller::Workload(index), 0);
            let rate = if self.dice.is_whole { 60 } else { 4 + self.dice.below(16) };
            let region = self.dice.below(number as u64) as usize;
            self.net.workloads.push(Workload { edge, region, rate });
        }
        for _ in 0..self.dice.below(4) {
            self.add_fault();
        }
        self.keep_cancellations_apart();
    }

    /// Among what one cancellation ends in the same instant there is no order in the guide: in requests
    /// that wait for several calls side by side, and of hedges of which one has failed. (A call that
    /// waits for the permit of another of its request may even be sent when both are cancelled.)
    fn keep_cancellations_apart(&mut self) {
        let services = self.net.services.iter();
        let are_parallel: Vec<bool> =
            services.map(|it| it.steps.iter().any(|step| called(step).len() > 1)).collect();
        for edge in &mut self.net.edges {
            edge.cancels &= !are_parallel[edge.callee];
            if let Caller::Service(caller) = edge.caller {
                edge.cancels &= !are_parallel[caller];
            }
            if self.group.has(Group::Resources) {
                edge.cancels_losers &= !are_parallel[edge.callee];
            }
            // Calls of hedged requests would all end in the instant of their common deadline.
            edge.passes_deadline &= edge.hedge.is_none();
            if edge.cancels {
                edge.hedge = edge.hedge.map(|(delay, _)| (delay, 2));
            }
        }
    }

    fn add_service(&mut self, index: usize, services: usize) {
        let is_database = self.has_database && index + 1 == services;
        let mut steps = vec![Step::Work(self.dice.time(30))];
        if !is_database {
            self.add_calls(&mut steps, index, services);
        }
        let regions = self.net.regions.len() as u64;
        let has_more = self.group.has(Group::Resources) && !is_database;
        let regions = if is_database {
            Vec::new()
        } else {
            (0..=self.dice.below(2)).map(|_| self.dice.below(regions) as usize).collect()
        };
        let pool = steps.iter().any(|it| matches!(it, Step::Hold(_))).then(|| self.slots());
        let service = Service {
            is_database,
            instances: if is_database { 1 } else { self.dice.up_to(3) as usize },
            slots: self.slots(),
            processors: (has_more && self.dice.one_in(2)).then(|| self.dice.up_to(2) as u32),
            pool,
            regions,
            steps,
        };
        self.net.services.push(service);
    }

    fn slots(&mut self) -> Slots {
        Slots {
            max: self.dice.up_to(4) as u32,
            queue: self.dice.one_in(2).then(|| self.dice.below(4) as u32),
            max_wait: self.dice.limit(3, 60),
        }
    }

    /// The next service is called in any case, so that all are.
    fn add_calls(&mut self, steps: &mut Vec<Step>, index: usize, services: usize) {
        let mut callees: Vec<usize> = (index + 1..services)
            .filter(|next| *next == index + 1 || self.dice.one_in(3))
            .collect();
        while !callees.is_empty() {
            let together = self.dice.up_to(callees.len() as u64) as usize;
            let now: Vec<usize> = callees.drain(..together).collect();
            let mut calls: Vec<Step> = now.iter().map(|it| self.call(index, *it)).collect();
            let step = if calls.len() == 1 {
                calls.remove(0)
            } else {
                Step::Parallel(calls.into_iter().map(|it| vec![it]).collect())
            };
            let step = self.wrapped(step, index, services);
            steps.push(step);
            if self.dice.one_in(2) {
                let length = self.dice.time(10);
                steps.push(if self.dice.one_in(2) {
                    Step::Work(length)
                } else {
                    Step::Pause(length)
                });
            }
        }
    }

    fn call(&mut self, index: usize, callee: usize) -> Step {
        let edge = self.edge_between(Caller::Service(index), callee);
        let others = [OnFailure::FailLater, OnFailure::Degrade, OnFailure::Ignore];
        let is_query = self.has_database && callee + 1 == self.services;
        let is_special = self.group.has(Group::Fallbacks) && !is_query && self.dice.one_in(3);
        let other = others[self.dice.below(3) as usize];
        Step::Call { edge, on_failure: if is_special { other } else { OnFailure::Fail } }
    }

    /// A step with others around it.
    fn wrapped(&mut self, step: Step, index: usize, services: usize) -> Step {
        if !self.group.has(Group::Resources) {
            return step;
        }
        let length = self.dice.time(8);
        match self.dice.below(6) {
            0 => Step::Repeat(2, vec![step, Step::Pause(length)]),
            1 => Step::Hold(vec![step]),
            2 => Step::Hold(vec![Step::Work(length), step]),
            3 => {
                let again = index + 1 + self.dice.below((services - index - 1) as u64) as usize;
                let again = self.call(index, again);
                Step::Parallel(vec![
                    vec![step, Step::Work(length)],
                    vec![Step::Pause(length), again],
                ])
            }
            _ => step,
        }
    }

    /// The edge between two, which there is once.
    fn edge_between(&mut self, caller: Caller, callee: usize) -> usize {
        let mut edges = self.net.edges.iter();
        let found = edges.position(|it| it.caller == caller && it.callee == callee);
        found.unwrap_or_else(|| self.add_edge(caller, callee))
    }

    fn add_edge(&mut self, caller: Caller, callee: usize) -> usize {
        let is_whole = self.dice.is_whole;
        let hedge = self.dice.limit(3, 50).map(|delay| (delay, 1 + self.dice.up_to(2) as usize));
        let guards = self.guards();
        let cancels = self.group.has(Group::Cancellation);
        self.net.edges.push(Edge {
            caller,
            callee,
            latency: if is_whole && self.dice.one_in(2) { SECOND } else { self.dice.time(3) },
            guards,
            is_listed: false,
            hedge,
            cancels_losers: self.dice.one_in(2),
            cancels: cancels && self.dice.one_in(2),
            passes_deadline: self.group == Group::Cancellation && self.dice.one_in(3),
            chooses_anew: cancels && self.dice.one_in(3),
            fallbacks: Vec::new(),
        });
        let edge = self.net.edges.len() - 1;
        if self.group.has(Group::Orders) && self.dice.one_in(2) {
            self.reorder(edge);
        }
        if self.group.has(Group::Fallbacks) && self.dice.one_in(2) {
            self.add_fallbacks(edge);
        }
        edge
    }
}
