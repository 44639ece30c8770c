//! A simulator of a part of what scenarios can say, written from the guide alone: one heap of
//! events, ordered by time, by their place in an instant and by when they were planned. It is slow
//! and obvious: it looks for things by going through all of them, and forgets nothing.

mod breaker;
mod calling;
mod guarding;
mod pool;
mod records;
mod sending;
mod serving;
mod stepping;
mod striking;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use super::net::{Caller as Calling, Net, SECOND, Step};
use breaker::BreakerState;
pub use pool::PoolRecord;
use pool::{Pool, PoolName, Waiter};
pub use records::{Noted, Records, State};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    IntervalEnds,
    FaultEnds(usize),
    FaultBegins(usize),
    /// Work or a pause of a strand ends, or a wait that a fault has added before work.
    StrandGoesOn(usize),
    WorkBegins(usize),
    Answer {
        request: usize,
        outcome: &'static str,
    },
    /// A timeout of a call, by its number.
    TimesOut(u64),
    WaitEnds {
        pool: usize,
        ticket: u64,
    },
    Hedge {
        call: usize,
        sending: u64,
    },
    BreakerTurns {
        breaker: usize,
        number: u64,
    },
    /// The time is up that a call was given from further out.
    DeadlinePasses(usize),
    CacheAnswers(usize),
    Cancelled(usize),
    Arrives(usize),
    /// A request that a paused instance has accepted.
    Accepted(usize),
    Retry(u64),
    Arrival {
        workload: usize,
        number: u64,
    },
}

impl Event {
    /// The place in the list of what happens in one instant.
    fn place(self) -> u8 {
        match self {
            Event::IntervalEnds => 1,
            Event::FaultEnds(_) => 2,
            Event::FaultBegins(_) => 3,
            Event::StrandGoesOn(_)
            | Event::WorkBegins(_)
            | Event::Answer { .. }
            | Event::CacheAnswers(_) => 5,
            Event::TimesOut(_)
            | Event::DeadlinePasses(_)
            | Event::WaitEnds { .. }
            | Event::Hedge { .. }
            | Event::BreakerTurns { .. } => 6,
            Event::Cancelled(_) => 7,
            Event::Arrives(_) | Event::Accepted(_) | Event::Retry(_) => 8,
            Event::Arrival { .. } => 9,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Caller {
    Workload {
        which: usize,
        since: u64,
    },
    Strand(usize),
    /// A fallback of a call.
    Call(usize),
    /// Work that goes on in a pool of threads though nobody waits for it.
    Nobody,
}

/// Things that a guard keeps about a call.
#[derive(Clone, Debug, Default)]
struct Layer {
    /// The number of its timer; 0 if none runs.
    timer: u64,
    since: u64,
    attempts: u32,
    is_held: bool,
    breaker: usize,
    generation: u64,
    /// True if the breaker has let the call through and waits for the result.
    is_watched: bool,
}

#[derive(Clone, Debug)]
struct Call {
    edge: usize,
    caller: Caller,
    /// The region and the number of the calling instance.
    region: usize,
    instance: usize,
    began: u64,
    deadline: Option<u64>,
    /// The instance that it goes to, and the guard at which it was chosen.
    target: Option<(usize, usize)>,
    layers: Vec<Layer>,
    /// The number of guards that it has entered.
    depth: usize,
    /// The guards further out than this have nothing to do with it any more.
    floor: usize,
    /// Requests of this attempt: all, and how many may still be answered.
    sending: u64,
    requests: Vec<usize>,
    open: usize,
    failure: &'static str,
    fallback: usize,
    is_over: bool,
}

struct Request {
    call: usize,
    sending: u64,
    edge: usize,
    region: usize,
    target: usize,
    deadline: Option<u64>,
    visit: Option<usize>,
    /// True if a cancellation has overtaken it.
    is_cancelled: bool,
}

/// A request in an instance.
struct Visit {
    request: usize,
    service: usize,
    instance: usize,
    deadline: Option<u64>,
    is_waiting: bool,
    is_gone: bool,
    is_degraded: bool,
    fails_later: Option<&'static str>,
}

/// Steps that a visit takes one after the other; those side by side are strands of their own.
struct Strand<'a> {
    visit: usize,
    parent: Option<usize>,
    steps: &'a [Step],
    next: usize,
    rounds: u32,
    /// Strands to wait for, and the failure of one.
    pending: usize,
    failure: Option<&'static str>,
    has_processor: bool,
    holds: bool,
}

#[derive(Default)]
struct Instance {
    crashed: u32,
    paused: u32,
    refusing: u32,
    /// Things that a paused instance has not noticed yet.
    missed: VecDeque<Event>,
}

pub struct Oracle<'a> {
    net: &'a Net,
    now: u64,
    planned: u64,
    events: BinaryHeap<Reverse<(u64, u8, u64, Event)>>,
    instances: Vec<Vec<Instance>>,
    pools: Vec<Pool>,
    breakers: Vec<BreakerState<'a>>,
    turns: BTreeMap<(usize, usize), usize>,
    /// Calls and the guards whose timers run, by the number of the timer.
    timers: BTreeMap<u64, (usize, usize)>,
    calls: Vec<Call>,
    requests: Vec<Request>,
    visits: Vec<Visit>,
    strands: Vec<Strand<'a>>,
    /// The last success of the calls over an edge, by calling instance.
    successes: BTreeMap<(usize, usize), u64>,
    admitted: BTreeMap<(usize, usize, usize), Vec<u64>>,
    /// Those that have got what they waited for.
    going_on: VecDeque<Waiter>,
    records: Records,
}

impl<'a> Oracle<'a> {
    /// Everything that happens up to an instant.
    pub fn records(net: &'a Net, end: u64) -> Records {
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
            pools: Vec::new(),
            breakers: Vec::new(),
            turns: BTreeMap::new(),
            timers: BTreeMap::new(),
            calls: Vec::new(),
            requests: Vec::new(),
            visits: Vec::new(),
            strands: Vec::new(),
            successes: BTreeMap::new(),
            admitted: BTreeMap::new(),
            going_on: VecDeque::new(),
            records: Records::default(),
        };
        for (index, fault) in net.faults.iter().enumerate() {
            oracle.plan(fault.at, Event::FaultBegins(index));
            oracle.plan(fault.at + fault.lasts, Event::FaultEnds(index));
        }
        (0..net.workloads.len()).for_each(|workload| oracle.plan_arrival(workload, 1));
        oracle.plan(SECOND, Event::IntervalEnds);
        while let Some(Reverse((at, _, _, event))) = oracle.events.pop()
            && at <= end
        {
            oracle.now = at;
            oracle.handle(event);
            oracle.go_on_with_those_that_waited();
        }
        for pool in &mut oracle.pools {
            pool.go_on_to(end);
        }
        oracle.records.pools = oracle.pools.iter().map(|pool| pool.record.clone()).collect();
        oracle.records
    }

    fn plan(&mut self, at: u64, event: Event) {
        self.planned += 1;
        self.events.push(Reverse((at, event.place(), self.planned, event)));
    }

    fn plan_arrival(&mut self, workload: usize, number: u64) {
        let rate = self.net.workloads[workload].rate;
        let at = (number * 60 * SECOND + rate / 2) / rate;
        if at < self.net.duration {
            self.plan(at, Event::Arrival { workload, number });
        }
    }

    fn note(&mut self, noted: Noted) {
        self.records.log.push((self.now, noted));
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::IntervalEnds => {
                self.pools.iter_mut().for_each(|pool| pool.close_interval(self.now));
                self.plan(self.now + SECOND, Event::IntervalEnds);
            }
            Event::FaultBegins(fault) => self.fault_begins(&self.net.faults[fault]),
            Event::FaultEnds(fault) => self.fault_ends(&self.net.faults[fault]),
            Event::StrandGoesOn(strand) => self.work_ends(strand),
            Event::WorkBegins(strand) => self.work_begins(strand),
            Event::Answer { request, outcome } => self.answered(request, outcome),
            Event::TimesOut(timer) => self.times_out(timer),
            Event::WaitEnds { pool, ticket } => self.wait_ends(pool, ticket),
            Event::Hedge { call, sending } => self.hedge(call, sending),
            Event::BreakerTurns { breaker, number } => {
                self.breakers[breaker].turn(self.now, number);
                self.breaker_changed(breaker);
            }
            Event::DeadlinePasses(call) => self.deadline_passes(call),
            Event::CacheAnswers(call) => self.cache_answers(call),
            Event::Cancelled(request) => self.cancelled(request),
            Event::Arrives(request) => self.arrives(request),
            Event::Accepted(request) => self.accepted(request),
            Event::Retry(timer) => self.retry(timer),
            Event::Arrival { workload, number } => {
                self.plan_arrival(workload, number + 1);
                let plan = &self.net.workloads[workload];
                self.note(Noted::Offered(workload));
                let caller = Caller::Workload { which: workload, since: self.now };
                self.begin_call(plan.edge, plan.region, 0, caller);
            }
        }
    }

    /// The number of a pool, which is made when somebody asks for it first.
    fn pool(&mut self, name: PoolName) -> usize {
        if let Some(found) = self.pools.iter().position(|pool| pool.name == name) {
            return found;
        }
        let pool = Pool::new(self.net, name, self.now);
        self.pools.push(pool);
        self.pools.len() - 1
    }

    /// Somebody has got what he has waited for.
    fn granted(&mut self, waiter: Waiter) {
        match waiter {
            Waiter::Visit(visit) => self.visit_begins(visit),
            Waiter::Processor(strand) => self.strands[strand].has_processor = true,
            Waiter::Pool(strand) => self.strands[strand].holds = true,
            Waiter::Call { call, layer } => {
                self.calls[call].layers[layer].is_held = true;
                self.calls[call].depth = layer + 1;
            }
        }
        if !matches!(waiter, Waiter::Visit(_)) {
            self.going_on.push_back(waiter);
        }
    }

    /// Those that have waited go on after the one that has made room for them.
    fn go_on_with_those_that_waited(&mut self) {
        while let Some(waiter) = self.going_on.pop_front() {
            match waiter {
                Waiter::Call { call, layer }
                    if !self.calls[call].is_over && self.calls[call].depth == layer + 1 =>
                {
                    self.descend(call, layer + 1);
                }
                Waiter::Processor(strand) if self.strands[strand].has_processor => {
                    self.work(strand);
                }
                Waiter::Pool(strand) if self.strands[strand].holds => self.holds(strand),
                _ => {}
            }
        }
    }

    fn release(&mut self, pool: usize) {
        if let Some(waiter) = self.pools[pool].release(self.now) {
            self.granted(waiter);
        }
    }

    /// The instance that calls, if it is one of a service.
    fn calling_instance(&self, call: usize) -> Option<(usize, usize)> {
        match self.net.edges[self.calls[call].edge].caller {
            Calling::Workload(_) => None,
            Calling::Service(service) => Some((service, self.calls[call].instance)),
        }
    }
}
