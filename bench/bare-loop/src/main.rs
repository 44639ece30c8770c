//! The reference chain A → B → C → D → database with nothing but what it needs: event list, pools,
//! draws, timeouts and one histogram per hop. The five stations are known at compile time, so this
//! is as fast as the model can run on this kernel.
//!
//! Prints one line: requests, events, mean latency in milliseconds.
#![forbid(unsafe_code)]

use std::collections::VecDeque;

use sim_core::random::{Stream, Streams, standard_exponential};
use sim_core::stats::Histogram;
use sim_core::{DeadlineRing, EventList, SimDuration, SimTime};

const STATIONS: usize = 5;
const SLOTS: [u32; STATIONS] = [32, 32, 32, 32, 16];
const MEAN_SERVICE_NANOS: [f64; STATIONS] = [2e6, 2e6, 2e6, 2e6, 20e6];
const MEAN_GAP_NANOS: f64 = 1e9 / 400.0;
const TIMEOUT: SimDuration = SimDuration::from_secs(1);

#[derive(Clone, Copy)]
enum Event {
    Arrival,
    Served { call: u32, generation: u32 },
    Timeout { station: u8 },
}

/// A call at one station. Its caller is another call, or the client.
#[derive(Clone, Copy)]
struct Call {
    entered: SimTime,
    caller: u32,
    caller_generation: u32,
    generation: u32,
    station: u8,
}

const CLIENT: u32 = u32::MAX;

struct Chain {
    events: EventList<Event>,
    random: Stream,
    calls: Vec<Call>,
    free: Vec<u32>,
    busy: [u32; STATIONS],
    waiting: [VecDeque<u32>; STATIONS],
    timeouts: [DeadlineRing<(u32, u32)>; STATIONS],
    latency: [Histogram; STATIONS],
    answered: u64,
    handled: u64,
}

fn main() {
    let requests: u64 =
        std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(2_000_000);
    let mut chain = Chain {
        events: EventList::new(),
        random: Streams::new(1, 0).stream("bare loop"),
        calls: Vec::new(),
        free: Vec::new(),
        busy: [0; STATIONS],
        waiting: std::array::from_fn(|_| VecDeque::new()),
        timeouts: std::array::from_fn(|_| DeadlineRing::new(TIMEOUT)),
        latency: std::array::from_fn(|_| Histogram::default()),
        answered: 0,
        handled: 0,
    };
    chain.run(requests);
    println!(
        "{} requests, {} events, mean latency {:.3} ms",
        chain.answered,
        chain.handled,
        chain.latency[0].mean() / 1e6
    );
}

impl Chain {
    fn run(&mut self, requests: u64) {
        self.events.schedule(SimTime::ZERO, Event::Arrival);
        while self.answered < requests {
            let Some((now, event)) = self.events.pop() else { return };
            self.handled += 1;
            match event {
                Event::Arrival => {
                    let gap = self.draw(MEAN_GAP_NANOS);
                    self.events.schedule(now + gap, Event::Arrival);
                    self.enter(now, 0, CLIENT, 0);
                }
                Event::Served { call, generation } => {
                    if self.calls[call as usize].generation == generation {
                        self.served(now, call);
                    }
                }
                Event::Timeout { station } => self.timeouts_due(now, usize::from(station)),
            }
        }
    }

    fn draw(&mut self, mean: f64) -> SimDuration {
        SimDuration::from_nanos_f64(mean * standard_exponential(&mut self.random))
    }

    fn enter(&mut self, now: SimTime, station: usize, caller: u32, caller_generation: u32) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.calls.push(Call {
                entered: now,
                caller,
                caller_generation,
                generation: 0,
                station: 0,
            });
            (self.calls.len() - 1) as u32
        });
        let call = &mut self.calls[index as usize];
        let generation = call.generation;
        *call =
            Call { entered: now, caller, caller_generation, generation, station: station as u8 };
        let place = self.events.reserve();
        if let Some(due) = self.timeouts[station].push(now, place, (index, generation)) {
            self.events.schedule_reserved(due, 0, place, Event::Timeout { station: station as u8 });
        }
        if self.busy[station] < SLOTS[station] {
            self.busy[station] += 1;
            self.serve(now, index);
        } else {
            self.waiting[station].push_back(index);
        }
    }

    fn serve(&mut self, now: SimTime, index: u32) {
        let Call { station, generation, .. } = self.calls[index as usize];
        let span = self.draw(MEAN_SERVICE_NANOS[usize::from(station)]);
        self.events.schedule(now + span, Event::Served { call: index, generation });
    }

    fn served(&mut self, now: SimTime, index: u32) {
        let Call { station, generation, .. } = self.calls[index as usize];
        if usize::from(station) + 1 < STATIONS {
            self.enter(now, usize::from(station) + 1, index, generation);
        } else {
            self.answer(now, index);
        }
    }

    /// Handles the answer of the last station: every station before it answers too.
    fn answer(&mut self, now: SimTime, mut index: u32) {
        loop {
            let Call { entered, caller, caller_generation, station, .. } =
                self.calls[index as usize];
            let station = usize::from(station);
            self.latency[station].record(now.since(entered).as_nanos());
            self.leave(now, index, station);
            if caller == CLIENT {
                self.answered += 1;
                return;
            }
            if self.calls[caller as usize].generation != caller_generation {
                return;
            }
            index = caller;
        }
    }

    fn leave(&mut self, now: SimTime, index: u32, station: usize) {
        let call = &mut self.calls[index as usize];
        call.generation = call.generation.wrapping_add(1);
        self.free.push(index);
        match self.waiting[station].pop_front() {
            Some(next) => self.serve(now, next),
            None => self.busy[station] -= 1,
        }
    }

    /// Drops the timeouts that are due. At this load no call times out; a call that did would be
    /// answered without waiting for its callee.
    fn timeouts_due(&mut self, now: SimTime, station: usize) {
        while let Some((index, generation)) = self.timeouts[station].pop_due(now) {
            if self.calls[index as usize].generation == generation {
                self.answer(now, index);
            }
        }
        let calls = &self.calls;
        if let Some((due, place)) = self.timeouts[station]
            .next_live(|(index, generation)| calls[*index as usize].generation == *generation)
        {
            self.events.schedule_reserved(due, 0, place, Event::Timeout { station: station as u8 });
        }
    }
}
