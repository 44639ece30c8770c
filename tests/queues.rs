//! Queues of messages: partitions, order, the rate, what waits, and what is given up.

use proptest::prelude::*;
use sim_experiments::{Finished, Trial};
use sim_models::observe::{QueueRecord, QueueSummary};

use crate::running::{blueprint, call, ended, load_text, one_section_a_line, run_sections};
use sim_models::system::Id;

fn queue(finished: &Finished) -> &QueueSummary {
    &finished.summary.queues[0]
}

fn record(finished: &Finished) -> &QueueRecord {
    &finished.system.recorder().queues()[Id::new(0)]
}

/// The time from sending to the end of the delivery of each message, in seconds, shortest first.
fn latencies(finished: &Finished) -> Vec<f64> {
    let record = record(finished);
    let share = |index: u64| (index as f64 + 0.5) / record.delivered as f64;
    (0..record.delivered).map(|index| record.latency.quantile(share(index)) as f64 / 1e9).collect()
}

fn assert_close(measured: &[f64], expected: &[f64]) {
    let is_close = |(measured, expected): (&f64, &f64)| (measured - expected).abs() < 0.05;
    assert_eq!(measured.len(), expected.len(), "{measured:?}");
    assert!(measured.iter().zip(expected).all(is_close), "{measured:?} instead of {expected:?}");
}

/// A second each, one after the other, wherever in the work for a request they are sent.
#[test]
fn all_messages_of_a_request_go_to_the_same_partition() {
    for (sending, retry) in [
        ("{ send: q }, { send: q }", ""),
        ("{ send: q }, { pause: 1ms }, { send: q }", ""),
        ("{ parallel: [ [ { send: q } ], [ { send: q } ] ] }", ""),
        ("{ send: q }, { call: helper }", ""),
        ("{ send: q }, { fail: 100% }", "retry: { attempts: 2, backoff: none }"),
    ] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 20000s, drain: 60s }}
                 workloads: {{ w: {{ to: a, arrivals: constant 3/m }} }}
                 services: {{ a: {{ handle: [ {sending} ] }}, helper: {{ handle: [ {{ send: q }} ] }}, b: {{ threads: 100, handle: [ {{ pause: 1s }} ] }} }}
                 queues: {{ q: {{ deliver to: b, partitions: 8, partition by: request }} }}
                 calls: {{ w -> a: {{ {retry} }} }}"
            ),
            &[],
        );
        let mean = queue(&finished).latency.mean;
        assert!((mean - 1.5).abs() < 0.001, "{sending}: {mean} s");
        assert_eq!(queue(&finished).delivered, 2 * finished.summary.workloads[0].offered);
    }
}

/// Pearson's test of eight partitions: each is served a message a second, so the deliveries of a
/// second are the partitions that still have messages.
#[test]
fn requests_are_spread_evenly_over_partitions() {
    for workload in [
        "to: a, arrivals: poisson 8000/s",
        "users: 8, operations: { pay: { steps: [ { repeat: 1000, steps: [ { call: a }, { pause: 1ms } ] } ] } }, think: constant 1h",
    ] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 2s, drain: 2h }}
                 workloads: {{ w: {{ {workload} }} }}
                 services: {{ a: {{ handle: [ {{ send: q }} ] }}, b: {{ handle: [ {{ pause: 1s }} ] }} }}
                 queues: {{ q: {{ deliver to: b, partitions: 8 }} }}"
            ),
            &[],
        );
        let deliveries = &finished.system.recorder().edges()[Id::new(1)].series.calls;
        let sizes =
            (1..=8).map(|number| deliveries.iter().filter(|at_once| **at_once >= number).count());
        let expected = queue(&finished).sent as f64 / 8.0;
        assert!(expected > 900.0, "{expected}");
        let off = |size: usize| size as f64 - expected;
        let chi_squared: f64 = sizes.map(|size| off(size) * off(size) / expected).sum();
        assert!(
            chi_squared < 24.32,
            "{chi_squared}: one in a thousand of even spreads is as uneven"
        );
    }
}

/// Whatever makes several messages of a partition ready in one instant, a consumer with one thread
/// gets them in their order: any other order would make the longest latency longer.
#[test]
fn what_is_ready_in_one_instant_is_delivered_in_order() {
    let run = |sending: &str, queue: &str, rest: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 3900ms, drain: 30s }}
                 workloads: {{ w: {{ to: a, arrivals: constant 1/s }} }}
                 services: {{ a: {{ handle: [ {sending} ] }}, b: {{ threads: 1, handle: [ {{ pause: 1s }} ] }} }}
                 queues: {{ q: {{ deliver to: b, {queue} }} }}
                 {rest}"
            ),
            &[],
        );
        latencies(&finished)
    };
    // Rejected together at 2, 3, ... 9 s, and again until 10 s.
    let opened = "calls: { q -> b: { breaker: { consecutive failures: 5 } } }
                  operator: [ { at: 0s, for: 9900ms, force open: q -> b } ]";
    for concurrency in 1..=4 {
        let settings = format!("concurrency: {concurrency}, pause: 1s");
        assert_close(&run("{ send: q }", &settings, opened), &[10.0, 10.0, 10.0]);
    }
    // Refused at 1, 2 and 3 s, and tried again after nine, eight and seven seconds.
    let refused = "faults: [ { at: 0s, for: 5s, refuse: b } ]";
    assert_close(
        &run("{ send: q }", "concurrency: 3, backoff: fixed 9s", refused),
        &[10.0, 10.0, 10.0],
    );
    // Three messages of each request, all at the same time; three of the second wait for a second.
    let sending = "{ send: q }, { send: q }, { send: q }";
    assert_close(
        &run(sending, "concurrency: 9", ""),
        &[1.0, 2.0, 3.0, 3.0, 4.0, 5.0, 5.0, 6.0, 7.0],
    );
}

/// A breaker that opens puts deliveries of several messages back at once, in any order.
#[test]
fn messages_put_back_keep_their_order() {
    let finished = run_sections(
        "run: { duration: 6500ms, drain: 1m }
         workloads: { w: { to: a, arrivals: constant 1/s } }
         services: { a: { handle: [ { send: q } ] }, b: { threads: 1, handle: [ { pause: 500ms } ] } }
         queues: { q: { deliver to: b, concurrency: 6, pause: 7s } }
         calls: { q -> b: { breaker: { consecutive failures: 5 } } }
         operator: [ { at: 0s, for: 10s, force open: q -> b } ]",
        &[],
    );
    // Those of 1 to 6 s are worked off one after the other from 15 s on, after a rest from 8 s on.
    assert_close(&latencies(&finished), &[12.0, 12.5, 13.0, 13.5, 14.0, 14.5]);
}

/// Seven partitions are flooded, one has a message every twelve seconds: of eight turns a second
/// apart it gets the one it needs.
#[test]
fn no_partition_starves_behind_the_rate() {
    for quiet in 0..8 {
        let workloads: Vec<String> = (0..8)
            .map(|class| {
                let arrivals = if class == quiet { "constant 5/m" } else { "constant 1/s" };
                format!("w{class}: {{ to: a, priority: c{class}, arrivals: {arrivals} }}")
            })
            .collect();
        let finished = run_sections(
            &format!(
                "run: {{ duration: 600s }}
                 priorities: [c0, c1, c2, c3, c4, c5, c6, c7]
                 workloads: {{ {} }}
                 services: {{ a: {{ handle: [ {{ send: q }} ] }}, b: {{ handle: [ {{ pause: 1ms }} ] }} }}
                 queues: {{ q: {{ deliver to: b, partitions: 8, partition by: priority, rate: 1/s }} }}",
                workloads.join(", ")
            ),
            &[],
        );
        assert!(queue(&finished).delivered >= 597);
        let short = latencies(&finished).iter().filter(|latency| **latency <= 8.01).count();
        assert!(
            short >= 49,
            "{short} messages of partition {quiet} waited for eight turns at most"
        );
    }
}

/// D/D/1: a message a second, a turn every two seconds. The n-th waits for n - 1 seconds.
#[test]
fn a_rate_is_a_server_that_takes_its_interval() {
    let finished = run_sections(
        "run: { duration: 100500ms, drain: 5m }
         workloads: { w: { to: a, arrivals: constant 1/s } }
         services: { a: { handle: [ { send: q } ] }, b: { handle: [ { pause: 10ms } ] } }
         queues: { q: { deliver to: b, partitions: 4, concurrency: 3, rate: 30/m } }",
        &[],
    );
    let mean = queue(&finished).latency.mean;
    assert!((mean - (99.0 / 2.0 + 0.01)).abs() < 0.001, "{mean} s");
    assert_eq!(queue(&finished).delivered, 100);
    // At 100 s the 50 deliveries of 1, 3, ... 99 s have begun; the last message comes at 100 s.
    assert_eq!(queue(&finished).most_waiting, 50);
}

/// First deliveries, later ones and those that a breaker has put back: together not more than one
/// every three seconds, over any stretch of time.
#[test]
fn the_rate_is_that_of_all_deliveries() {
    for (guards, fault) in [
        ("", "errors: b, rate: 100%"),
        ("", "errors: b, rate: 50%"),
        ("breaker: { consecutive failures: 3, wait: 30s }", "errors: b, rate: 80%"),
        ("timeout: 5s", "pause: b"),
    ] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 1000s, drain: 1000s }}
                 workloads: {{ w: {{ to: a, arrivals: poisson 20/m }} }}
                 services: {{ a: {{ handle: [ {{ send: q }} ] }}, b: {{ handle: [ {{ work: 100ms }} ] }} }}
                 queues: {{ q: {{ deliver to: b, partitions: 3, concurrency: 4, rate: 20/m, attempts: 4, backoff: fixed 4s, pause: 1s }} }}
                 calls: {{ q -> b: {{ {guards} }} }}
                 faults: [ {{ at: 100s, for: 300s, {fault} }} ]"
            ),
            &[],
        );
        assert_rate(&finished, "q -> b", 3.0);
        let put_back = ended(&finished, "q -> b", "rejected by breaker");
        assert!(queue(&finished).failed_deliveries + put_back > 20, "{guards} {fault}");
    }
}

/// Deliveries begun over any stretch of seconds are at most one more than intervals in it.
fn assert_rate(finished: &Finished, edge: &str, interval: f64) {
    let edges = &finished.summary.calls;
    let number = edges.iter().position(|call| call.edge == edge).expect("an edge");
    let begun = &finished.system.recorder().edges()[Id::new(number)].series.calls;
    let most = |from: usize| {
        let sums = begun[from..].iter().scan(0, |sum, number| {
            *sum += number;
            Some(*sum)
        });
        let over =
            |(length, sum): (usize, u32)| f64::from(sum) - 1.0 - (length + 1) as f64 / interval;
        sums.enumerate().map(over).fold(f64::MIN, f64::max)
    };
    let excess = (0..begun.len()).map(most).fold(f64::MIN, f64::max);
    assert!(excess <= 0.0, "{excess} deliveries over {edge} too many");
}

/// While the consumer refuses, every message that has been accepted waits: at each instant it is
/// between two attempts.
#[test]
fn messages_between_attempts_wait() {
    let text = one_section_a_line(
        "run: { duration: 5m }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { handle: [ { send: q } ] }, w: { handle: [ { work: 1ms } ] } }
         queues: { q: { deliver to: w, concurrency: 100000, backoff: fixed 1s } }
         faults: [ { at: 1m, refuse: w } ]
         expect: [ depth of queue q is above 2300, age of queue q is above 3m, queue q piles up ]",
    );
    let trial = Trial::of(&blueprint(&load_text(&text, &[])));
    assert!(trial.verdicts.iter().all(|verdict| verdict.holds), "{:?}", trial.verdicts);
    let finished = crate::running::run_text(&text, &[]);
    let summary = queue(&finished);
    assert_eq!((summary.waiting, summary.in_flight), (summary.sent - summary.delivered, 0));
    assert!(summary.most_waiting.abs_diff(summary.waiting) <= 10, "{}", summary.most_waiting);
    assert!((summary.oldest - 240.0).abs() < 1.0, "{}", summary.oldest);
    // Ten more in each second of the fault, each right before its next attempt or right after.
    let depth = &record(&finished).depth;
    assert!((61..299).all(|second| depth[second] == 10 * (second as u64 - 59)), "{depth:?}");
}

/// Messages that wait for their turn after a rest wait too, and the rate of a caller may depend on
/// all of them.
#[test]
fn messages_that_are_due_but_have_no_turn_wait() {
    let finished = run_sections(
        "run: { duration: 10500ms, drain: 0s }
         workloads: { web: { to: a, arrivals: constant 1/s } }
         services: { a: { handle: [ { send: q } ] }, w: { handle: [ { work: 1ms } ] } }
         queues: { q: { deliver to: w, concurrency: 100, backoff: fixed 1s, rate: 30/m } }
         faults: [ { at: 0s, refuse: w } ]",
        &[],
    );
    assert_eq!((queue(&finished).waiting, queue(&finished).in_flight), (10, 0));
    assert_eq!(call(&finished, "q -> w").calls, 5, "at 1, 3, 5, 7 and 9 s");
}

/// The capacity is for messages that no consumer has had yet.
#[test]
fn messages_between_attempts_need_no_room() {
    let refused = |concurrency: u32| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 100500ms }}
                 workloads: {{ web: {{ to: a, arrivals: constant 1/s }} }}
                 services: {{ a: {{ handle: [ {{ send: q }} ] }}, w: {{ handle: [ {{ work: 1ms }} ] }} }}
                 queues: {{ q: {{ deliver to: w, capacity: 10, concurrency: {concurrency}, backoff: fixed 1h }} }}
                 faults: [ {{ at: 0s, refuse: w }} ]"
            ),
            &[],
        );
        assert_eq!(queue(&finished).waiting, 10 + u64::from(concurrency));
        queue(&finished).refused
    };
    assert_eq!([1, 20, 90].map(refused), [89, 70, 0]);
}

/// Three seconds after it was sent a message that waits is given up, also between two attempts, and
/// makes room for the next; one that is being delivered is not.
#[test]
fn messages_between_attempts_expire() {
    let run = |settings: &str, handler: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 20500ms, drain: 1m }}
                 workloads: {{ web: {{ to: a, arrivals: constant 1/s }} }}
                 services: {{ a: {{ handle: [ {{ send: q }} ] }}, w: {{ handle: [ {handler} ] }}, refunds: {{ handle: [ {{ work: 1ms }} ] }} }}
                 queues: {{ q: {{ deliver to: w, expire after: 3500ms, on expiry: refunds, {settings} }} }}"
            ),
            &[],
        );
        let summary = queue(&finished);
        assert_eq!(summary.sent, summary.delivered + summary.dead + summary.expired);
        assert_eq!(
            (summary.compensated, ended(&finished, "q -> refunds", "ok")),
            (summary.expired, summary.expired)
        );
        (
            summary.delivered,
            summary.dead,
            summary.expired,
            summary.failed_deliveries,
            finished.now.as_secs_f64(),
        )
    };
    let failing = "{ fail: 100% }";
    // Each is tried at 0 and 3 s of its age.
    assert_eq!(run("concurrency: 9, backoff: fixed 3s", failing), (0, 0, 20, 40, 23.501));
    assert_eq!(run("concurrency: 9, backoff: fixed 1h", failing), (0, 0, 20, 20, 23.501));
    assert_eq!(run("concurrency: 9, backoff: fixed 1s, attempts: 2", failing).1, 20);
    // Each has the only place until it is given up, a second before the next one is.
    let (_, _, expired, attempts, _) = run("backoff: fixed 1h", failing);
    assert_eq!((expired, attempts), (20, 20));
    // Work of four seconds is done though the message is too old by then.
    assert_eq!(run("concurrency: 9", "{ pause: 4s }").0, 20);
    // A delivery that fails when the message is too old is the last one.
    assert_eq!(run("concurrency: 9, backoff: fixed 1s", "{ pause: 4s }, { fail: 100% }").3, 20);
}

/// Within a partition the highest class is first, rested messages before those without a place.
#[test]
fn the_order_of_classes_holds_within_a_partition() {
    let finished = run_sections(
        "run: { duration: 100500ms, drain: 10m }
         priorities: [high, low]
         workloads: { h: { to: a, priority: high, arrivals: constant 1/s }, l: { to: a, priority: low, arrivals: constant 1/s } }
         services: { a: { handle: [ { send: q } ] }, b: { handle: [ { pause: 1ms } ] } }
         queues: { q: { deliver to: b, order: priority, rate: 1/s } }",
        &[],
    );
    // A turn a second is just enough for the high ones; the low ones follow afterwards, but one.
    let latencies = latencies(&finished);
    assert!(latencies[..100].iter().all(|latency| *latency < 1.1), "{:?}", &latencies[..100]);
    assert!((queue(&finished).latency.max - 100.0).abs() < 2.0, "{}", queue(&finished).latency.max);
}

#[derive(Clone, Debug)]
struct Random {
    text: String,
    interval: Option<u32>,
}

/// A random queue with a consumer that is disturbed in random ways.
fn random_queue() -> impl Strategy<Value = Random> {
    let settings = (1u32..9, 1u32..5, prop::option::of(1u32..8), 1u32..6, 1u32..40);
    let choices = (0usize..4, 0usize..3, 0usize..3, 0usize..6, 0usize..2);
    (settings, choices, 1u64..1_000).prop_map(|(settings, choices, seed)| {
        let (partitions, concurrency, interval, attempts, backoff) = settings;
        let (limits, order, guards, fault, expiry) = choices;
        let rate = interval.map_or(String::new(), |interval| format!(", rate: {}/m", 60.0 / f64::from(interval)));
        let limits = ["", ", capacity: 20", ", capacity: 0", ", capacity: 1"][limits];
        let order = ["", ", order: priority", ", partition by: priority"][order];
        let guards = ["timeout: 3s", "timeout: 3s, breaker: { consecutive failures: 3, wait: 10s }", ""][guards];
        let fault = ["pause: b", "crash: b", "errors: b, rate: 60%", "refuse: b", "slow: b, by: 9x", "lose threads: b, count: 2"][fault];
        let expiry = ["", ", expire after: 40s, on expiry: b"][expiry];
        let text = format!(
            "run: {{ duration: 200s, drain: 1h, seed: {seed} }}
             priorities: [high, low]
             workloads: {{ w: {{ to: a, arrivals: poisson 40/m }}, u: {{ to: a, priority: high, arrivals: poisson 10/m }} }}
             services: {{ a: {{ handle: [ {{ send: q }} ] }}, b: {{ threads: 4, handle: [ {{ work: exponential 500ms }}, {{ effect: done }} ] }} }}
             queues: {{ q: {{ deliver to: b, partitions: {partitions}, concurrency: {concurrency}, attempts: {attempts}, backoff: fixed {backoff}s, dead letters: dead{limits}{order}{rate}{expiry} }}, dead: {{}} }}
             calls: {{ q -> b: {{ {guards} }} }}
             faults: [ {{ at: 50s, for: 60s, {fault} }} ]"
        );
        Random { text, interval }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_queues_lose_nothing_and_keep_to_their_rate(random in random_queue()) {
        for drain in ["1h", "0s"] {
            let finished = run_sections(&random.text, &[&format!("run.drain={drain}")]);
            let summary = queue(&finished);
            let over = summary.delivered + summary.dead + summary.expired;
            prop_assert_eq!(summary.sent, over + summary.waiting + summary.in_flight);
            prop_assert_eq!(finished.summary.queues[1].waiting, summary.dead);
            if drain == "1h" {
                prop_assert_eq!((summary.waiting, summary.in_flight), (0, 0));
            }
            // Each delivery ends well, counts as failed, is put back, or is under way.
            let calls = call(&finished, "q -> b");
            let put_back = ended(&finished, "q -> b", "rejected by breaker");
            if !random.text.contains("on expiry") {
                let deliveries = summary.delivered + summary.failed_deliveries + put_back;
                prop_assert_eq!(calls.calls, deliveries + summary.in_flight);
                if let Some(interval) = random.interval {
                    assert_rate(&finished, "q -> b", f64::from(interval));
                }
            }
            // Nobody is delivered again without an attempt that failed.
            let done = &finished.summary.effects[0];
            prop_assert!(done.duplicates <= summary.failed_deliveries);
            if summary.failed_deliveries == 0 {
                prop_assert_eq!(done.duplicates, 0);
            }
        }
    }
}
