//! The timeline names causes at the second they begin. Arrivals and times are constant, so every figure is known.

use sim_core::SimTime;
use sim_experiments::Trial;
use sim_models::expect::{Measured, Unknown};
use sim_reports::testing::snapshot;

use crate::running::{blueprint, call, load_text, run_text};

/// The lines of the timeline of a system, with one space between words.
pub fn lines(text: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    snapshot(&run_text(text, &[])).lines().map(words).collect()
}

pub fn assert_tells(text: &str, expected: &[&str]) {
    let lines = lines(text);
    for line in expected {
        assert!(lines.iter().any(|it| it == line), "no `{line}` in\n{}", lines.join("\n"));
    }
}

/// A hundred calls a second over `web -> a`, which takes 10 ms, or 1 s from 10 s to 20 s.
pub fn guarded(call: &str, rate: u32) -> String {
    format!(
        "run: {{ duration: 40s, drain: 5s }}
workloads: {{ web: {{ to: front, arrivals: constant {rate}/s }} }}
services:
  front: {{ handle: [ {{ call: a }} ] }}
  a: {{ handle: [ {{ work: 10ms }} ] }}
calls: {{ front -> a: {{ {call} }} }}
faults: [ {{ at: 10s, for: 10s, slow: a, to: 1s }} ]"
    )
}

/// Of a hundred calls a second that take a second, forty find a permit.
#[test]
fn a_bulkhead_says_the_share_that_it_turns_away() {
    assert_tells(
        &guarded("bulkhead: { semaphore: 40 }", 100),
        &[
            "0:10.000 bulkhead ! front -> a turns 60.0% of 100/s away: no permit of 40 free",
            "0:20.000 bulkhead + front -> a turns next to nothing away any more, after 10.0 s and 600 calls",
        ],
    );
}

/// A fallback hides the failure from the client, and not from the timeline.
#[test]
fn a_fallback_hides_no_guard() {
    let call = "bulkhead: { semaphore: 40 }, fallback: default";
    let expected = "0:10.000 bulkhead ! front -> a turns 60.0% of 100/s away: no permit of 40 free";
    assert_tells(&guarded(call, 100), &[expected]);
}

#[test]
fn a_rate_limit_that_always_bites_is_told_once() {
    let lines = lines(&guarded("rate limit: { token bucket: 50/s, burst: 1 }", 100));
    let told: Vec<&String> = lines.iter().filter(|line| line.contains("rate limit")).collect();
    assert_eq!(told.len(), 1, "{lines:?}");
    assert_eq!(told[0], "0:00.000 rate limit ! front -> a turns 50.0% of 100/s away");
}

/// Three attempts at once, after 100 ms and after 200 ms: 2 970 in the ten seconds for the 1 000 calls of them.
#[test]
fn retries_that_multiply_the_load_are_told() {
    let call = "timeout: 100ms, retry: { attempts: 3, backoff: fixed 0ms }";
    let lines = lines(&guarded(call, 100));
    let told = lines.iter().find(|line| line.contains("retries !")).expect("they are told");
    assert_eq!(
        told,
        "0:10.000 retries ! front -> a amplify the load 2.97x: 297/s attempts for 100/s calls"
    );
    let over = "0:20.000 retries + front -> a hardly any more, after 10.0 s";
    assert!(lines.iter().any(|line| line == over), "{}", lines.join("\n"));
}

/// A hundred calls a second fail until 30 s and are made again twenty seconds later, when ten a second begin: the load is
/// amplified by more than the attempts that a call may make.
#[test]
fn the_load_is_that_of_retries_for_earlier_calls_too() {
    let text = guarded("retry: { attempts: 2, backoff: fixed 20s }", 100)
        .replace("duration: 40s", "duration: 70s")
        .replace(
            "constant 100/s",
            "{ process: constant, steps: [ { at: 0s, rate: 100/s }, { at: 30s, rate: 10/s } ] }",
        )
        .replace("for: 10s, slow: a, to: 1s", "for: 20s, errors: a, rate: 100%");
    assert_tells(
        &text,
        &[
            "0:30.000 retries ! front -> a amplify the load 11.00x: 110/s attempts for 10.0/s calls",
            "0:50.000 retries + front -> a hardly any more, after 20.0 s",
        ],
    );
}

#[test]
fn ramps_and_stages_say_where_they_stand() {
    let ramp = guarded("", 10).replace("to: 1s", "by: 21x, ramp: 4s");
    assert_tells(
        &ramp,
        &[
            "0:10.000 fault * a slow by 21x, growing over 4s, for 10s",
            "0:12.000 fault * a slow by 11x so far",
            "0:14.000 fault * a slow by 21x: fully grown",
            "0:20.000 fault * a slow by 21x: over",
        ],
    );
    let errors = guarded("", 10).replace("slow: a, to: 1s", "errors: a, rate: 7%");
    assert_tells(&errors, &["0:10.000 fault * a 7% server errors, for 10s"]);
    let faults = "faults: [ { at: 10s, for: 10s, slow: a, to: 1s } ]";
    let stages = "chaos: { at: 5s, stages: [ { for: 5s, slow: a, by: 2x }, { for: 5s, errors: a, rate: 50% } ] }";
    assert_tells(
        &guarded("", 10).replace(faults, stages),
        &[
            "0:05.000 fault * a stage 1 of 2: slow by 2x, for 5s",
            "0:10.000 fault * a stage 2 of 2: 50% server errors, for 5s",
        ],
    );
}

/// The first two of four probes come while the callee still fails, and half of them may.
#[test]
fn probes_that_failed_did_not_go_well() {
    let breaker = "breaker: { window: 10 calls, failure rate: 60%, minimum calls: 4, wait: 3s, half-open calls: 4 }";
    let fails_for = |time: &str| {
        let fault = format!("at: 10s, for: {time}, errors: a, rate: 100%");
        guarded(breaker, 100).replace("at: 10s, for: 10s, slow: a, to: 1s", &fault)
    };
    let closes = |text: &str, probes: &str| {
        let lines = lines(text);
        let expected = format!("breaker + front -> a closed: {probes} went well");
        assert!(lines.iter().any(|line| line.ends_with(&expected)), "{}", lines.join("\n"));
    };
    closes(&fails_for("2s"), "4 probes");
    // It opens with the tenth result at the latest, and its probes are sent every 10 ms, three seconds later.
    closes(&fails_for("3065ms"), "2 of 4 probes");
}

/// An order that changes no state, here because the breaker rejects all though it is closed, is told as such.
#[test]
fn an_order_to_a_broken_breaker_is_told_and_obeyed() {
    let breaker = "breaker: { consecutive failures: 5, wait: 3s, broken: fail closed }";
    let text = format!(
        "{}\noperator: [ {{ at: 15s, force closed: front -> a }} ]",
        guarded(breaker, 100).replace("slow: a, to: 1s", "break breaker: front -> a")
    );
    assert_tells(
        &text,
        &[
            "0:10.000 outage ! web complete outage: nothing is answered",
            "0:15.000 operator * forces closed the breaker of front -> a",
            "0:15.010 outage + web first answers after 5.01 s of complete outage",
        ],
    );
}

/// Guards whose turns alternate many times are told once, with what they turned away in all those times.
#[test]
fn a_guard_that_flaps_is_told_with_the_sum_of_its_spells() {
    // For a second in ten, sixty calls in a hundred are turned away.
    let text = guarded("bulkhead: { semaphore: 40 }", 100)
        .replace("duration: 40s", "duration: 3m")
        .replace("at: 10s, for: 10s", "at: 10s, for: 1s, every: 10s");
    let lines = lines(&text);
    let told = lines.iter().find(|line| line.contains("bulkhead !")).expect("it is told");
    assert!(told.contains("turns 60.0% of 100/s away: no permit of 40 free; 17 times"), "{told}");
}

/// A queue that is empty for an instant, because an operator purges it while its consumer stands still, is not worked
/// off; its pile is when its messages have been consumed, and one that has come since may wait.
#[test]
fn a_pile_is_worked_off_when_no_message_is_old_for_a_while() {
    let text = "run: { duration: 2m, drain: 5s }
workloads: { web: { to: front, arrivals: constant 20/s } }
services:
  front: { handle: [ { send: jobs } ] }
  worker: { handle: [ { work: 10ms } ] }
queues: { jobs: { deliver to: worker } }
faults: [ { at: 10s, for: 40s, pause: worker } ]
operator: [ { at: 30s, purge: jobs } ]";
    let lines = lines(text);
    let drained: Vec<&String> =
        lines.iter().filter(|line| line.contains("jobs down to 1 after")).collect();
    assert_eq!(drained.len(), 1, "{}", lines.join("\n"));
    assert!(drained[0].starts_with("0:5"), "{drained:?}");
}

/// Fifty messages a second are consumed, and two hundred come from 10 s to 50 s: the oldest of t seconds later was sent a
/// quarter of that after 10 s. Of the 6 000 that wait at 50 s, eight fewer do each second; the oldest are from before
/// 50 s up to 2:50, and 40 of 42 a second are left at 13:15, 0.95 s old.
#[test]
fn a_pile_is_told_by_what_waits_when_it_begins_and_when_it_is_worked_off() {
    let text = "run: { duration: 14m }
workloads:
  web: { to: front, arrivals: { process: constant, steps: [ { at: 0s, rate: 20/s }, { at: 10s, rate: 200/s }, { at: 50s, rate: 42/s } ] } }
services:
  front: { handle: [ { send: jobs } ] }
  worker: { threads: 1, handle: [ { work: 20ms } ] }
queues: { jobs: { deliver to: worker, concurrency: 1 } }";
    let lines = lines(text);
    let told: Vec<&String> = lines.iter().filter(|line| line.contains("messages")).collect();
    let expected = [
        "0:24.000 messages ! jobs messages pile up: 2 100 waiting, the oldest for 10.5 s",
        "13:15.000 messages + jobs down to 40 after 12.8 min; up to 6 000 waited, for up to 2.00 min",
    ];
    assert_eq!(told, expected);
}

/// Of a thousand calls that take a second, each attempt is given up after 100 ms: 1 000 first ones, 990 second ones
/// and 980 third ones are sent while it is slow, and each of these 2 970 is worked on for nobody.
#[test]
fn retries_and_work_for_callers_who_had_gone_are_counted() {
    let call_settings = "timeout: 100ms, retry: { attempts: 3, backoff: fixed 0ms }";
    let finished = run_text(&guarded(call_settings, 100), &[]);
    let call = call(&finished, "front -> a");
    assert_eq!((call.calls, call.attempts), (3_999, 3_999 + 1_000 + 990));
    assert_eq!((call.retries, call.for_nobody), (1_000 + 990, 2_970));
    assert_eq!(call.share_of_work, Some(2_970.0 / 5_989.0), "all of them were begun");
}

/// What made calls turn to a fallback stays visible where they are counted.
#[test]
fn failures_are_counted_before_fallbacks() {
    let finished = run_text(&guarded("bulkhead: { semaphore: 40 }, fallback: default", 100), &[]);
    let call = call(&finished, "front -> a");
    assert_eq!(call.ended.get("degraded"), Some(&600));
    assert_eq!(call.fell_back.get("rejected by bulkhead"), Some(&600), "{:?}", call.fell_back);
}

/// Threads of a pool go on with what the caller has given up. Each of the thousand slow calls is worked on for nobody.
#[test]
fn tasks_that_nobody_waits_for_are_work_for_nobody() {
    let guards = "guards: [ timeout: 100ms, bulkhead: { threads: 200 } ]";
    let finished = run_text(&guarded(guards, 100), &[]);
    let call = call(&finished, "front -> a");
    assert_eq!((call.calls, call.for_nobody), (3_999, 1_000));
    assert_eq!(call.share_of_work, Some(1_000.0 / 3_999.0));
}

/// The first of two instances is full for 50 s, the second from 45 s to 55 s; from 70 s on, the first is full every three seconds.
#[test]
fn what_flaps_hides_no_end_of_what_was_before() {
    let text = "run: { duration: 120s, drain: 5s }
workloads: { web: { to: a, arrivals: constant 2/s } }
services: { a: { instances: 2, threads: 1, handle: [ { work: 10ms } ] } }
calls: { web -> a: { balance: round robin } }
faults:
  - { at: 10s, for: 1s, slow: a, to: 50s, instances: [1] }
  - { at: 45s, for: 1s, slow: a, to: 10s, instances: [2] }
  - { at: 70s, for: 1s, every: 3s, slow: a, to: 1200ms, instances: [1] }";
    let mut lines = lines(text);
    lines.retain(|line| line.contains(" pool "));
    assert_eq!(
        lines,
        [
            "0:10.500 pool ! a its only thread in use on 1 of 2 instances",
            "0:45.000 pool ! a its only thread in use on all 2 instances",
            "1:01.000 pool + a threads free again after 50.5 s; up to 49 waited at one",
            "1:10.500 pool ! a its only thread in use on up to 1 of 2 instances; 17 times until 1:58.500",
            "1:59.710 pool + a threads free again after 1.21 s; up to 1 waited at one",
        ]
    );
}

/// A hundred calls a second, of which forty find a permit while each takes a second. The fault begins within a second.
#[test]
fn rates_are_those_of_whole_intervals() {
    let text = guarded("bulkhead: { semaphore: 40 }", 100)
        .replace("at: 10s, for: 10s", "at: 10500ms, for: 9500ms");
    let lines = lines(&text);
    let told = lines.iter().find(|line| line.contains("turns")).expect("a bulkhead that is full");
    assert!(told.starts_with("0:10.500 bulkhead") && told.contains("of 100/s away"), "{told}");
}

/// A breaker opens with the fifth failure, ten milliseconds apart, and again with a probe a second later, nine times.
#[test]
fn what_flaps_is_told_until_the_last_time_of_its_kind() {
    let breaker = "breaker: { consecutive failures: 5, wait: 1s }";
    let text = guarded(breaker, 100).replace("slow: a, to: 1s", "errors: a, rate: 100%");
    assert_tells(
        &text,
        &[
            "0:10.040 breaker ! front -> a open: 5 failures in a row; 10 times until 0:19.040",
            "0:20.070 breaker + front -> a closed: 3 probes went well",
        ],
    );
}

/// A link of 50/s takes a hundred requests a second; the server answers every 40 ms.
#[test]
fn each_direction_of_a_link_has_a_queue_of_its_own() {
    let text = "run: { duration: 60s, drain: 20s }
links: { wan: { rate: 50/s, queue: 100 } }
workloads: { web: { to: api, arrivals: constant 100/s } }
services: { api: { threads: { max: 1 }, handle: [ { work: 40ms } ] } }
calls: { web -> api: { link: wan, timeout: 1s } }";
    let finished = run_text(text, &[]);
    let waiting: Vec<u32> = finished.summary.links.iter().map(|link| link.most_waiting).collect();
    assert_eq!(waiting, [100, 0]);
}

/// Processes that cannot start are told, though the instances flap in other ways too.
#[test]
fn each_kind_of_change_for_the_worse_is_told() {
    let text = "run: { duration: 4m, drain: 10s }
workloads: { web: { to: orders.buy, arrivals: constant 40/s } }
services:
  orders:
    instances: 3
    operations:
      buy: [ { query: db }, { work: 5ms } ]
      health: [ { work: 1ms } ]
    start: [ { query: db }, { work: 5s } ]
    readiness: { call: self.health, every: 5s }
databases: { db: { connections: 40, query: 5ms } }
calls: { orders -> db: { timeout: 1s } }
faults: [ { at: 30s, for: 40s, refuse: db }, { at: 40s, for: 2s, crash: orders } ]";
    let lines = lines(text);
    let starts = "0:42.000 process ! orders start failed: server error; starts again in 10s; 6 times until 0:52.000";
    assert!(lines.iter().any(|line| line == starts), "{}", lines.join("\n"));
}

/// A breaker opens with the first call, and with each of those that probe it, every 10 ms: after 5 000 openings and as many
/// half-open states, the last at 50.01 s, its changes are only counted, up to the last call.
const OPENS_ALL_THE_TIME: &str = "run: { duration: 60s }
workloads: { web: { to: front, arrivals: constant 100/s } }
services:
  front: { handle: [ { call: a } ] }
  a: { handle: [ { fail: 100% } ] }
calls: { front -> a: { breaker: { consecutive failures: 1, wait: 5ms } } }";

#[test]
fn what_flaps_beyond_what_is_kept_is_not_told_to_end() {
    let lines = lines(OPENS_ALL_THE_TIME);
    let told: Vec<&String> = lines.iter().filter(|line| line.contains("front -> a")).collect();
    let expected = [
        "0:00.010 breaker ! front -> a open: 1 failure in a row; at least 5 000 times until 0:50.000 or later",
        "0:50.010 and ~ front -> a 1 997 changes more until 0:59.990, too many to tell",
    ];
    assert_eq!(told, expected);
}

/// A sentence is judged by changes that are kept only if no other could decide it.
#[test]
fn what_changes_that_are_only_counted_might_decide_is_not_known() {
    let known = [
        ("opens at least 100 times", true),
        ("never opens from 10s to 20s", false),
        ("opens at least 5000 times", true),
    ];
    let unknown = ["opens at most 5999 times", "never opens from 51s to 59s", "closes"];
    let sentences: Vec<&str> = known.iter().map(|(sentence, _)| *sentence).chain(unknown).collect();
    let list = sentences.iter().map(|it| format!("\n  - breaker front -> a {it}"));
    let text = format!("{OPENS_ALL_THE_TIME}\nexpect:{}", list.collect::<String>());
    let trial = Trial::of(&blueprint(&load_text(&text, &[])));
    let (decided, undecided) = trial.verdicts.split_at(known.len());
    for ((sentence, holds), verdict) in known.iter().zip(decided) {
        assert_eq!(verdict.holds, *holds, "{sentence}");
    }
    let only_counted = Unknown::OnlyCounted(SimTime::from_nanos(50_010_000_000));
    for (sentence, verdict) in unknown.iter().zip(undecided) {
        let (holds, measured) = (verdict.holds, &verdict.measured);
        assert_eq!((holds, measured), (false, &Measured::NotKnown(only_counted)), "{sentence}");
    }
}

/// Fifty instances crash every second for half of it, which health checks see at once: ten thousand changes in a hundred
/// seconds, and 1 900 after them. That another service is scaled later is told.
#[test]
fn changes_of_instances_are_counted_from_the_first_that_is_not_kept() {
    let text = "run: { duration: 120s }
workloads: { web: { to: front, arrivals: constant 1/s } }
services:
  front: { handle: [ { call: a, on failure: ignore } ] }
  a: { instances: 50, handle: [ { work: 1ms } ] }
calls: { front -> a: { balance: { policy: round robin, health check: { interval: 100ms, unhealthy threshold: 1, healthy threshold: 1 } } } }
faults: [ { at: 1s, for: 500ms, every: 1s, crash: a } ]
operator: [ { at: 110s, set: { services.front.instances: 2 } } ]";
    let lines = lines(text);
    let told: Vec<&String> = lines
        .iter()
        .filter(|line| ["a#50 ", "and ~", "scale"].iter().any(|it| line.contains(it)))
        .collect();
    let expected = [
        "0:01.000 balancer ! front -> a a#50 down: health checks fail; at least 100 times until 1:40.000 or later",
        "1:41.000 and ~ balancers 1 900 changes more until 1:59.500, too many to tell",
        "1:50.000 scale + front 2 instances in place of 1",
    ];
    assert_eq!(told, expected);
}

/// Nine breakers, each as above and a ninth of 10 ms after the one before. From the 10 001st change of the first on, 1 999
/// of its own, 2 000 of each of the next seven and 1 998 of the last are only counted.
#[test]
fn changes_of_many_breakers_are_counted_from_the_first_that_is_not_kept() {
    let text = "run: { duration: 60s }
workloads: { web: { to: front, arrivals: constant 900/s } }
services:
  front: { instances: 9, handle: [ { call: a } ] }
  a: { handle: [ { fail: 100% } ] }
calls:
  web -> front: { balance: round robin }
  front -> a: { breaker: { consecutive failures: 1, wait: 5ms } }";
    let lines = lines(text);
    let told: Vec<&String> = lines.iter().filter(|line| line.contains("front")).collect();
    let expected = [
        "0:00.001 breaker ! front#1 -> a open: 1 failure in a row",
        "0:00.006 breaker ! front -> a open: most of the 9 breakers",
        "0:50.001 and ~ front -> a 17 997 changes more until 0:59.999, too many to tell",
    ];
    assert_eq!(told, expected);
}
