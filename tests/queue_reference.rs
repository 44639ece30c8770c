//! A queue of messages against a simulation of its own, written from the guide alone: time goes on
//! in steps of a millisecond, and nothing is shared with the program but the scenario.

use std::collections::VecDeque;
use std::fmt::Write;
use std::ops::Range;

use proptest::prelude::*;
use sim_experiments::Finished;

use crate::running::{blueprint, load_file, run};
use sim_models::system::Id;

/// Length of a run, in milliseconds.
const END: u64 = 90_000;
const ARRIVALS: u64 = 40_000;

/// A queue and what happens to it; times in milliseconds.
#[derive(Clone, Debug)]
struct Case {
    /// The times at which messages are sent to each partition.
    sent: Vec<Vec<u64>>,
    concurrency: usize,
    /// Time between two deliveries; zero without a rate.
    interval: u64,
    work: u64,
    attempts: u32,
    backoff: u64,
    /// The time in which the consumer refuses every call.
    refused: Range<u64>,
}

/// The outcome for all messages together.
#[derive(Debug, Default)]
struct Expected {
    latencies: Vec<u64>,
    dead: u64,
    /// Messages waiting right before each full second, and the age of the oldest.
    levels: Vec<(u64, u64)>,
}

#[derive(Clone, Copy)]
struct Sent {
    at: u64,
    failures: u32,
}

struct Partition {
    places: usize,
    fresh: VecDeque<Sent>,
    rested: VecDeque<Sent>,
    resting: Vec<(u64, Sent)>,
}

struct Reference<'a> {
    case: &'a Case,
    partitions: Vec<Partition>,
    /// The ends of the work under way, and its partitions.
    at_work: VecDeque<(u64, usize, Sent)>,
    turn: usize,
    next: u64,
    expected: Expected,
}

impl Reference<'_> {
    fn of(case: &Case) -> Expected {
        let empty = || Partition {
            places: 0,
            fresh: VecDeque::new(),
            rested: VecDeque::new(),
            resting: Vec::new(),
        };
        let partitions = case.sent.iter().map(|_| empty()).collect();
        let mut reference = Reference {
            case,
            partitions,
            at_work: VecDeque::new(),
            turn: 0,
            next: 0,
            expected: Expected::default(),
        };
        (0..=END).for_each(|now| reference.step(now));
        reference.expected.latencies.sort_unstable();
        reference.expected
    }

    fn step(&mut self, now: u64) {
        if now > 0 && now.is_multiple_of(1000) {
            let waiting = self.partitions.iter().flat_map(|partition| {
                let awake = partition.fresh.iter().chain(&partition.rested);
                awake.chain(partition.resting.iter().map(|(_, sent)| sent)).map(|sent| sent.at)
            });
            let oldest = waiting.clone().min().map_or(0, |at| now - at);
            self.expected.levels.push((waiting.count() as u64, oldest));
        }
        // All work takes the same time, so what has begun first ends first.
        while self.at_work.front().is_some_and(|(end, ..)| *end == now) {
            let Some((_, which, sent)) = self.at_work.pop_front() else { break };
            self.partitions[which].places -= 1;
            self.expected.latencies.push(now - sent.at);
            self.deliver(now);
        }
        for partition in &mut self.partitions {
            while partition.resting.first().is_some_and(|(until, _)| *until <= now) {
                partition.rested.push_back(partition.resting.remove(0).1);
            }
            partition.rested.make_contiguous().sort_by_key(|sent| sent.at);
        }
        self.deliver(now);
        for which in 0..self.partitions.len() {
            if self.case.sent[which].contains(&now) {
                self.partitions[which].fresh.push_back(Sent { at: now, failures: 0 });
                self.deliver(now);
            }
        }
    }

    /// Each partition has its turn until none has anything to deliver.
    fn deliver(&mut self, now: u64) {
        let mut idle = 0;
        let mut which = self.turn;
        while idle < self.partitions.len() && now >= self.next {
            let partition = &mut self.partitions[which];
            let mut next = partition.rested.pop_front();
            if next.is_none() && partition.places < self.case.concurrency {
                next = partition.fresh.pop_front();
                partition.places += usize::from(next.is_some());
            }
            idle += 1;
            if let Some(sent) = next {
                idle = 0;
                self.next = now + self.case.interval;
                self.turn = (which + 1) % self.partitions.len();
                self.attempt(which, sent, now);
            }
            which = (which + 1) % self.partitions.len();
        }
    }

    fn attempt(&mut self, which: usize, sent: Sent, now: u64) {
        let partition = &mut self.partitions[which];
        if !self.case.refused.contains(&now) {
            self.at_work.push_back((now + self.case.work, which, sent));
        } else if sent.failures + 1 < self.case.attempts {
            let sent = Sent { failures: sent.failures + 1, ..sent };
            partition.resting.push((now + self.case.backoff, sent));
        } else {
            partition.places -= 1;
            self.expected.dead += 1;
        }
    }
}

fn simulated(case: &Case) -> Finished {
    let folder = tempfile::tempdir().expect("a folder");
    let classes: Vec<String> = (0..case.sent.len()).map(|class| format!("c{class}")).collect();
    let rate = match case.interval {
        0 => String::new(),
        interval => format!(", rate: {}/s", 1000.0 / interval as f64),
    };
    let mut text = format!(
        "run: {{ duration: {ARRIVALS}ms, drain: {}ms }}\npriorities: [{}]\nservices: {{ a: {{ handle: [ {{ send: q }} ] }}, b: {{ handle: [ {{ pause: {}ms }} ] }} }}\nqueues: {{ q: {{ deliver to: b, partitions: {}, partition by: priority, concurrency: {}, attempts: {}, backoff: fixed {}ms{rate} }} }}\nfaults: [ {{ at: {}ms, for: {}ms, refuse: b }} ]\nworkloads:\n",
        END - ARRIVALS,
        classes.join(", "),
        case.work,
        classes.len(),
        case.concurrency,
        case.attempts,
        case.backoff,
        case.refused.start,
        case.refused.end - case.refused.start,
    );
    for (class, sent) in classes.iter().zip(&case.sent) {
        let times = sent.iter().map(|at| format!("{}.{:03}\n", at / 1000, at % 1000));
        std::fs::write(folder.path().join(format!("{class}.csv")), times.collect::<String>())
            .expect("a file");
        let _ = writeln!(
            text,
            "  {class}: {{ to: a, priority: {class}, arrivals: {{ replay: {class}.csv }} }}"
        );
    }
    let file = folder.path().join("case.yaml");
    std::fs::write(&file, text).expect("a file");
    run(&blueprint(&load_file(&file, None, &[])))
}

fn case() -> impl Strategy<Value = Case> {
    let times = proptest::collection::btree_set(1..ARRIVALS, 8..80);
    let intervals = proptest::sample::select(vec![0u64, 100, 200, 250, 500, 1000]);
    (
        (times, 1usize..9, 1usize..5, intervals),
        (1u64..3_000, 1u32..12, 1u64..4_000, 1_000u64..20_000, 1u64..20_000),
        any::<u64>(),
    )
        .prop_map(|((times, partitions, concurrency, interval), numbers, spread)| {
            let (work, attempts, backoff, begin, length) = numbers;
            let mut sent = vec![Vec::new(); partitions];
            // Each partition has something, and some have more than others.
            for (index, at) in times.into_iter().enumerate() {
                let at_random = spread.rotate_right(5 * index as u32) as usize % (2 * partitions);
                let any = if at_random >= partitions { 0 } else { at_random };
                sent[if index < partitions { index } else { any }].push(at);
            }
            let refused = begin..begin + length;
            Case { sent, concurrency, interval, work, attempts, backoff, refused }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_queue_does_what_the_guide_says(case in case()) {
        let expected = Reference::of(&case);
        let finished = simulated(&case);
        let record = &finished.system.recorder().queues()[Id::new(0)];
        prop_assert_eq!(record.dead, expected.dead);
        let levels: Vec<(u64, u64)> =
            record.depth.iter().zip(&record.age).map(|(depth, age)| (*depth, age / 1_000_000)).collect();
        let wanted = &expected.levels[..levels.len().min(expected.levels.len())];
        prop_assert_eq!(&levels[..wanted.len()], wanted);
        let number = expected.latencies.len();
        prop_assert_eq!(record.delivered as usize, number);
        for (index, latency) in expected.latencies.iter().enumerate() {
            let measured = record.latency.quantile((index as f64 + 0.5) / number as f64) as f64 / 1e6;
            prop_assert!((measured / *latency as f64 - 1.0).abs() < 0.005, "{measured} ms, {latency} ms");
        }
    }
}
