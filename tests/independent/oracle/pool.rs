//! Slots, and who waits for them.

use std::collections::VecDeque;

use super::super::net::{Bulkhead, Guard, Net, SECOND, Slots};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolName {
    Threads { service: usize, instance: usize },
    Processors { service: usize, instance: usize },
    Own { service: usize, instance: usize },
    Bulkhead { edge: usize, layer: usize, instance: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiter {
    Visit(usize),
    Processor(usize),
    Pool(usize),
    Call { call: usize, layer: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Granted,
    /// Waits; the number finds it again.
    Waits(u64),
    Full,
}

#[derive(Clone, Debug)]
pub struct PoolRecord {
    /// The name in a report: the owner, and the kind of its slots.
    pub owner: String,
    pub kind: &'static str,
    pub granted: u64,
    pub rejected: u64,
    pub expired: u64,
    pub waited: u64,
    pub most_busy: u64,
    pub most_waiting: u64,
    /// Slots in use and waiting, times nanoseconds, in each second.
    pub busy: Vec<u64>,
    pub waiting: Vec<u64>,
}

pub struct Pool {
    pub name: PoolName,
    /// Slots that are used before anybody waits, and slots that there are when nobody more can wait.
    core: u32,
    max: u32,
    queue: Option<u32>,
    pub max_wait: Option<u64>,
    busy: u32,
    waiting: VecDeque<(u64, Waiter, u64)>,
    tickets: u64,
    known_until: u64,
    span: (u64, u64),
    pub record: PoolRecord,
}

impl Pool {
    pub fn new(net: &Net, name: PoolName, now: u64) -> Self {
        let free = |max| Slots { max, queue: None, max_wait: None };
        let (slots, core) = match name {
            PoolName::Threads { service, .. } => (net.services[service].slots, None),
            PoolName::Processors { service, .. } => {
                (free(net.services[service].processors.unwrap_or(u32::MAX)), None)
            }
            PoolName::Own { service, .. } => {
                (net.services[service].pool.unwrap_or(free(u32::MAX)), None)
            }
            PoolName::Bulkhead { edge, layer, .. } => match net.edges[edge].guards[layer] {
                Guard::Bulkhead(Bulkhead::Connections(slots)) => (slots, None),
                Guard::Bulkhead(Bulkhead::Threads { core, slots, .. }) => {
                    (Slots { queue: Some(slots.queue.unwrap_or(0)), ..slots }, Some(core))
                }
                Guard::Bulkhead(Bulkhead::Semaphore { max, max_wait }) => {
                    let queue = max_wait.is_none().then_some(0);
                    (Slots { max, queue, max_wait }, None)
                }
                _ => (free(u32::MAX), None),
            },
        };
        let (owner, kind) = label(net, name);
        // Whole seconds before the first who asks have passed without anybody.
        let passed = vec![0; (now / SECOND) as usize];
        Pool {
            name,
            core: core.unwrap_or(slots.max),
            max: slots.max,
            queue: slots.queue,
            max_wait: slots.max_wait,
            busy: 0,
            waiting: VecDeque::new(),
            tickets: 0,
            known_until: now,
            span: (0, 0),
            record: PoolRecord {
                owner,
                kind,
                granted: 0,
                rejected: 0,
                expired: 0,
                waited: 0,
                most_busy: 0,
                most_waiting: 0,
                busy: passed.clone(),
                waiting: passed,
            },
        }
    }

    pub fn take(&mut self, now: u64, waiter: Waiter) -> Taken {
        self.go_on_to(now);
        let has_room = self.queue.is_none_or(|queue| (self.waiting.len() as u32) < queue);
        if self.busy < self.core || (!has_room && self.busy < self.max) {
            self.busy += 1;
            self.record.granted += 1;
            self.record.most_busy = self.record.most_busy.max(u64::from(self.busy));
            return Taken::Granted;
        }
        if !has_room {
            self.record.rejected += 1;
            return Taken::Full;
        }
        self.tickets += 1;
        self.waiting.push_back((self.tickets, waiter, now));
        self.record.most_waiting = self.record.most_waiting.max(self.waiting.len() as u64);
        Taken::Waits(self.tickets)
    }

    /// Gives a slot back, and to the first that waits.
    pub fn release(&mut self, now: u64) -> Option<Waiter> {
        self.go_on_to(now);
        let Some((_, waiter, since)) = self.waiting.pop_front() else {
            self.busy -= 1;
            return None;
        };
        self.record.granted += 1;
        self.record.waited += now - since;
        Some(waiter)
    }

    /// The one with a number, if it still waits; its wait has been too long.
    pub fn expire(&mut self, now: u64, ticket: u64) -> Option<Waiter> {
        let (_, waiter, _) = *self.waiting.iter().find(|(it, ..)| *it == ticket)?;
        self.forget(now, waiter);
        self.record.expired += 1;
        Some(waiter)
    }

    /// The one with a number, if it still waits.
    pub fn waits(&self, ticket: u64) -> Option<Waiter> {
        self.waiting.iter().find(|(it, ..)| *it == ticket).map(|(_, waiter, _)| *waiter)
    }

    pub fn has(&self, waiter: Waiter) -> bool {
        self.waiting.iter().any(|(_, it, _)| *it == waiter)
    }

    /// Takes somebody who waits out.
    pub fn forget(&mut self, now: u64, waiter: Waiter) {
        self.go_on_to(now);
        self.waiting.retain(|(_, it, _)| *it != waiter);
    }

    /// Puts another in the place of somebody who waits.
    pub fn replace(&mut self, waiter: Waiter, other: Waiter) {
        for (_, it, _) in &mut self.waiting {
            if *it == waiter {
                *it = other;
            }
        }
    }

    /// The process that it is in has died.
    pub fn die(&mut self, now: u64) {
        self.go_on_to(now);
        self.busy = 0;
        self.waiting.clear();
    }

    pub fn go_on_to(&mut self, now: u64) {
        let passed = now - self.known_until;
        self.span.0 += passed * u64::from(self.busy);
        self.span.1 += passed * self.waiting.len() as u64;
        self.known_until = now;
    }

    pub fn close_interval(&mut self, now: u64) {
        self.go_on_to(now);
        let (busy, waiting) = std::mem::take(&mut self.span);
        self.record.busy.push(busy);
        self.record.waiting.push(waiting);
    }
}

fn label(net: &Net, name: PoolName) -> (String, &'static str) {
    let numbered = |name: String, instance: usize, all: usize| {
        if all == 1 { name } else { format!("{name}#{}", instance + 1) }
    };
    match name {
        PoolName::Threads { service, instance } => {
            let kind = if net.services[service].is_database { "connections" } else { "threads" };
            let all = net.services[service].instances;
            (numbered(net.service_name(service), instance, all), kind)
        }
        PoolName::Processors { service, instance } => {
            let all = net.services[service].instances;
            (numbered(net.service_name(service), instance, all), "processors")
        }
        PoolName::Own { service, instance } => {
            let all = net.services[service].instances;
            (numbered(format!("{}.p", net.service_name(service)), instance, all), "connections")
        }
        PoolName::Bulkhead { edge, layer, instance } => {
            let plan = &net.edges[edge];
            let kind = match plan.guards[layer] {
                Guard::Bulkhead(Bulkhead::Connections(_)) => "connections",
                Guard::Bulkhead(Bulkhead::Threads { .. }) => "threads",
                _ => "permits",
            };
            let before = plan.guards[..layer].iter();
            let before = before.filter(|it| matches!(it, Guard::Bulkhead(_))).count();
            let more =
                if before == 0 { String::new() } else { format!(" (bulkhead {})", before + 1) };
            (numbered(net.name(plan) + &more, instance, net.callers(plan)), kind)
        }
    }
}
