//! A simulator of a part of what scenarios can say, written from the guide alone: one heap of
//! events, ordered by time, by their place in an instant and by when they were planned.

mod calling;
mod serving;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use super::net::Net;

/// The outcomes of calls, and for workloads the sum of their latencies in nanoseconds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub ended: BTreeMap<&'static str, u64>,
    pub latency: u64,
    pub attempts: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    FaultEnds(usize),
    FaultBegins(usize),
    WorkEnds(usize),
    Answer {
        request: usize,
        outcome: &'static str,
    },
    AttemptTimesOut {
        call: usize,
        attempt: u32,
    },
    CallTimesOut(usize),
    WaitEnds(usize),
    Hedge {
        call: usize,
        attempt: u32,
    },
    Cancelled(usize),
    Arrives(usize),
    /// A request that a paused instance has accepted.
    Accepted(usize),
    Retry(usize),
    Arrival {
        workload: usize,
        number: u64,
    },
}

impl Event {
    /// The place in the list of what happens in one instant.
    fn place(self) -> u8 {
        match self {
            Event::FaultEnds(_) => 2,
            Event::FaultBegins(_) => 3,
            Event::WorkEnds(_) | Event::Answer { .. } => 5,
            Event::AttemptTimesOut { .. }
            | Event::CallTimesOut(_)
            | Event::WaitEnds(_)
            | Event::Hedge { .. } => 6,
            Event::Cancelled(_) => 7,
            Event::Arrives(_) | Event::Accepted(_) | Event::Retry(_) => 8,
            Event::Arrival { .. } => 9,
        }
    }
}

#[derive(Clone, Copy)]
enum Caller {
    Workload { which: usize, since: u64 },
    Visit(usize),
}

struct Call {
    edge: usize,
    caller: Caller,
    region: usize,
    attempt: u32,
    target: usize,
    /// Requests of this attempt: all, and those that may still be answered.
    requests: Vec<usize>,
    open: usize,
    is_over: bool,
}

struct Request {
    call: usize,
    attempt: u32,
    target: usize,
    visit: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Queue,
    Work,
    Calls { pending: usize, has_failed: bool },
    Gone,
}

struct Visit {
    request: usize,
    instance: (usize, usize),
    step: usize,
    at: At,
}

#[derive(Default)]
struct Instance {
    busy: u32,
    queue: VecDeque<usize>,
    crashed: u32,
    paused: u32,
    refusing: u32,
    /// What a paused instance has not noticed yet.
    missed: VecDeque<Event>,
}

pub struct Oracle<'a> {
    net: &'a Net,
    now: u64,
    planned: u64,
    events: BinaryHeap<Reverse<(u64, u8, u64, Event)>>,
    instances: Vec<Vec<Instance>>,
    turns: BTreeMap<(usize, usize), usize>,
    calls: Vec<Call>,
    requests: Vec<Request>,
    visits: Vec<Visit>,
    workloads: Vec<Counts>,
    edges: Vec<Counts>,
}

impl<'a> Oracle<'a> {
    /// The counts of all workloads and of all edges at the end.
    pub fn of(net: &'a Net) -> (Vec<Counts>, Vec<Counts>) {
        let instances = net
            .services
            .iter()
            .map(|service| (0..service.instances).map(|_| Instance::default()).collect::<Vec<_>>());
        let mut oracle = Oracle {
            net,
            now: 0,
            planned: 0,
            events: BinaryHeap::new(),
            instances: instances.collect(),
            turns: BTreeMap::new(),
            calls: Vec::new(),
            requests: Vec::new(),
            visits: Vec::new(),
            workloads: net.workloads.iter().map(|_| Counts::default()).collect(),
            edges: net.edges.iter().map(|_| Counts::default()).collect(),
        };
        for (index, fault) in net.faults.iter().enumerate() {
            oracle.plan(fault.at, Event::FaultBegins(index));
            oracle.plan(fault.at + fault.lasts, Event::FaultEnds(index));
        }
        (0..net.workloads.len()).for_each(|workload| oracle.plan_arrival(workload, 1));
        while let Some(Reverse((at, _, _, event))) = oracle.events.pop() {
            oracle.now = at;
            oracle.handle(event);
        }
        (oracle.workloads, oracle.edges)
    }

    fn plan(&mut self, at: u64, event: Event) {
        self.planned += 1;
        self.events.push(Reverse((at, event.place(), self.planned, event)));
    }

    fn plan_arrival(&mut self, workload: usize, number: u64) {
        let rate = self.net.workloads[workload].rate;
        let at = (number * 1_000_000_000 + rate / 2) / rate;
        if at < self.net.duration {
            self.plan(at, Event::Arrival { workload, number });
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::FaultBegins(fault) => self.fault_begins(&self.net.faults[fault]),
            Event::FaultEnds(fault) => self.fault_ends(&self.net.faults[fault]),
            Event::WorkEnds(visit) => {
                if self.visits[visit].at != At::Gone && !self.is_missed(visit, event) {
                    self.visits[visit].step += 1;
                    self.step(visit);
                }
            }
            Event::Answer { request, outcome } => self.answered(request, outcome),
            Event::AttemptTimesOut { call, attempt } => {
                let state = &self.calls[call];
                if !state.is_over && state.attempt == attempt && state.open > 0 {
                    self.attempt_ended(call, "timeout");
                }
            }
            Event::CallTimesOut(call) => {
                if !self.calls[call].is_over {
                    self.call_ended(call, "timeout");
                }
            }
            Event::WaitEnds(visit) => {
                if self.visits[visit].at == At::Queue && !self.is_missed(visit, event) {
                    let (service, instance) = self.visits[visit].instance;
                    self.instances[service][instance].queue.retain(|it| *it != visit);
                    self.visits[visit].at = At::Gone;
                    self.respond(self.visits[visit].request, "wait exceeded");
                }
            }
            Event::Hedge { call, attempt } => self.hedge(call, attempt),
            Event::Cancelled(request) => self.cancelled(request),
            Event::Arrives(request) => self.arrives(request),
            Event::Accepted(request) => self.accepted(request),
            Event::Retry(call) => {
                if !self.calls[call].is_over {
                    self.attempt(call);
                }
            }
            Event::Arrival { workload, number } => {
                self.plan_arrival(workload, number + 1);
                let plan = &self.net.workloads[workload];
                let caller = Caller::Workload { which: workload, since: self.now };
                self.begin_call(plan.edge, plan.region, caller);
            }
        }
    }
}
