//! The timeline names causes at the second they begin. Arrivals and times are constant, so every figure is known.

use sim_core::SimTime;
use sim_experiments::Trial;
use sim_models::expect::{Measured, Unknown};
use sim_reports::testing::snapshot;

use crate::running::{blueprint, call, load_text, run_text};

/// The lines of the timeline of a system, with one space between words.
fn lines(text: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    snapshot(&run_text(text, &[])).lines().map(words).collect()
}

fn assert_tells(text: &str, expected: &[&str]) {
    let lines = lines(text);
    for line in expected {
        assert!(lines.iter().any(|it| it == line), "no `{line}` in\n{}", lines.join("\n"));
    }
}

/// A hundred calls a second over `web -> a`, which takes 10 ms, or 1 s from 10 s to 20 s.
fn guarded(call: &str, rate: u32) -> String {
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

/// Ten threads do ten requests a second, so ninety pile up each second; a queue for fifty lets ninety go.
#[test]
fn a_queue_says_how_fast_it_grows_or_what_it_turns_away() {
    let with_threads = |threads: &str| {
        guarded("", 100).replace("a: { handle", &format!("a: {{ threads: {threads}, handle"))
    };
    assert_tells(
        &with_threads("10"),
        &["0:10.090 queue ! a for threads grows by 90.0/s until 0:20.000"],
    );
    let lines = lines(&with_threads("{ max: 10, queue: 50 }"));
    let told = lines.iter().find(|line| line.contains("queue of 50 full")).expect("it is told");
    assert!(told.contains("turns 8") && told.contains("% of 100/s away"), "{told}");
    assert!(!lines.iter().any(|line| line.contains("grows")), "{lines:?}");
}

/// A queue of a thousand is worked off at 100/s while 300 attempts a second come: the service never recovers.
#[test]
fn what_has_not_recovered_says_what_is_short() {
    let text = "run: { duration: 3m }
workloads: { web: { to: front, arrivals: constant 90/s } }
services:
  front: { handle: [ { query: db } ] }
databases: { db: { connections: 1, query: 10ms } }
calls: { front -> db: { timeout: 500ms, retry: { attempts: 3, backoff: fixed 0ms } } }
faults: [ { at: 10s, for: 10s, pause: db } ]";
    let lines = lines(text);
    let told = lines.iter().find(|line| line.contains("still below")).expect("it is told");
    let expected = "1:20.000 availability ! web still below 99.0% 1m after the fault: 0.0%; db: 270/s asked, 100/s possible, 66.7% retries";
    assert_eq!(told, expected, "{}", lines.join("\n"));
}

#[test]
fn what_recovers_in_time_is_not_told() {
    let lines = lines(&guarded("timeout: 100ms", 100));
    assert!(!lines.iter().any(|line| line.contains("still below")), "{}", lines.join("\n"));
    assert!(lines.iter().any(|line| line.contains("availability +")), "{}", lines.join("\n"));
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

/// Ten threads do ten requests a second while a hundred come.
#[test]
fn the_load_of_a_full_pool_is_told_against_what_it_can_do() {
    let finished =
        run_text(&guarded("", 100).replace("a: { handle", "a: { threads: 10, handle"), &[]);
    let [load] = &*finished.summary.load else { panic!("{:?}", finished.summary.load) };
    assert_eq!((&*load.owner, load.kind), ("a", "threads"));
    // It is full from 10.09 s on, for ten whole intervals and until the pile has been worked off.
    assert_eq!((load.from, load.to), (11.0, 21.0));
    let short = run_text(
        &guarded("", 100)
            .replace("a: { handle", "a: { threads: 10, handle")
            .replace("duration: 40s, drain: 5s", "duration: 20s"),
        &[],
    );
    let [load] = &*short.summary.load else { panic!("{:?}", short.summary.load) };
    assert_eq!((load.from, load.to, load.asked, load.possible), (11.0, 20.0, 100.0, 10.0));
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

/// A pool of ten that grants nothing while a hundred a second ask.
#[test]
fn a_pool_that_grants_nothing_can_do_nothing() {
    let text = guarded("", 100)
        .replace("a: { handle", "a: { threads: 10, handle")
        .replace("to: 1s", "to: 100s")
        .replace(", drain: 5s", "");
    let finished = run_text(&text, &[]);
    let [load] = &*finished.summary.load else { panic!("{:?}", finished.summary.load) };
    assert_eq!((load.asked, load.possible), (100.0, 0.0));
    assert!(load.overload().is_infinite());
}

/// Fifty threads that wait for a dependency of which nothing is heard for a minute, and then work off what has piled up.
#[test]
fn nothing_is_possible_while_all_slots_are_stuck() {
    let text = "run: { duration: 3m, drain: 30s }
workloads: { web: { to: api, arrivals: constant 100/s } }
services: { api: { threads: 50, handle: [ { call: dep } ] }, dep: { handle: [ { pause: 10ms } ] } }
faults: [ { at: 1m, for: 60s, pause: dep } ]";
    let finished = run_text(text, &[]);
    let [load] = &*finished.summary.load else { panic!("{:?}", finished.summary.load) };
    assert_eq!((load.asked, load.possible), (100.0, 0.0));
    assert_eq!((load.from, load.to), (61.0, 120.0));
}

/// Four instances get 25 requests a second each. The four threads of one take 400 ms, not 20 ms, for each.
#[test]
fn only_the_instances_that_are_full_count_as_load() {
    let text = "run: { duration: 60s, drain: 30s }
workloads: { web: { to: api, arrivals: constant 100/s } }
services: { api: { instances: 4, threads: 4, handle: [ { pause: 20ms } ] } }
calls: { web -> api: { balance: round robin } }
faults: [ { at: 20s, for: 30s, slow: api, by: 20x, instances: [1] } ]";
    let finished = run_text(text, &[]);
    let [load] = &*finished.summary.load else { panic!("{:?}", finished.summary.load) };
    assert_eq!((load.full, load.pools), (1.0, 4));
    assert_eq!((load.asked, load.possible), (25.0, 10.0));
}

/// A thread that does one a second of a hundred, for ten seconds before arrivals end, and for a minute after.
#[test]
fn a_load_is_not_diluted_after_arrivals_end() {
    let text = guarded("", 100)
        .replace("a: { handle", "a: { threads: 1, handle")
        .replace("duration: 40s, drain: 5s", "duration: 20s, drain: 1m")
        .replace("for: 10s", "for: 70s");
    let finished = run_text(&text, &[]);
    let [load] = &*finished.summary.load else { panic!("{:?}", finished.summary.load) };
    assert_eq!((load.asked, load.possible), (100.0, 1.0));
    assert!(load.to <= 20.0, "{load:?}");
}

/// Ten threads of a second each, of which an operator takes five away: five a second are possible.
#[test]
fn the_load_of_a_pool_with_another_number_of_slots_is_against_those() {
    let text = guarded("", 100)
        .replace("a: { handle", "a: { threads: 10, handle")
        .replace("for: 10s", "for: 30s")
        + "\noperator: [ { at: 12500ms, set: { services.a.threads: 5 } } ]";
    let finished = run_text(&text, &[]);
    let [load] = &*finished.summary.load else { panic!("{:?}", finished.summary.load) };
    assert_eq!((load.asked, load.possible), (100.0, 5.0));
}

/// The first instance is full ten seconds before the second.
#[test]
fn pools_are_told_when_the_first_is_full_and_when_the_most_are() {
    let text = "run: { duration: 60s, drain: 5s }
workloads: { web: { to: a, arrivals: constant 20/s } }
services: { a: { instances: 2, threads: 1, handle: [ { work: 10ms } ] } }
faults: [ { at: 10s, for: 30s, slow: a, instances: 1, to: 1s }, { at: 20s, for: 20s, slow: a, to: 1s } ]";
    assert_tells(
        text,
        &[
            "0:10.050 pool ! a its only thread in use on 1 of 2 instances",
            "0:20.000 pool ! a its only thread in use on all 2 instances",
        ],
    );
}

/// Four instances are paused one after the other. Sixteen requests come to the first up to the end of its pause and one in the
/// 30 ms after, and it has two threads and ten places. The others turn four, four and five away, the fourth at 21.820 s.
#[test]
fn full_queues_that_follow_each_other_are_one_spell() {
    let pause =
        |at, instance| format!("{{ at: {at}ms, for: 300ms, pause: api, instances: [{instance}] }}");
    let faults = [(20_000, 1), (20_500, 2), (21_000, 3), (21_500, 4), (40_000, 1)];
    let text = format!(
        "run: {{ duration: 60s, drain: 5s }}
workloads: {{ web: {{ to: api, arrivals: constant 200/s }} }}
services: {{ api: {{ instances: 4, threads: {{ max: 2, queue: 10 }}, handle: [ {{ pause: 30ms }} ] }} }}
faults: [ {} ]",
        faults.map(|(at, instance)| pause(at, instance)).join(", ")
    );
    let mut lines = lines(&text);
    lines.retain(|line| line.contains("queue"));
    assert_eq!(
        lines,
        [
            "0:20.300 queue ! api queue of 10 full: turns 18 away (all 4 instances)",
            "0:21.820 queue + api turns nothing away any more",
            "0:40.300 queue ! api queue of 10 full: turns 5 away (1 of 4 instances)",
            "0:40.325 queue + api turns nothing away any more",
        ]
    );
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

/// A hundred calls a second fail from 10.5 s on, those first that arrive 10 ms before.
#[test]
fn an_outage_begins_in_the_middle_of_a_second() {
    let text = guarded("", 100).replace(
        "at: 10s, for: 10s, slow: a, to: 1s",
        "at: 10500ms, for: 10s, errors: a, rate: 100%",
    );
    assert_tells(
        &text,
        &[
            "0:10.500 outage ! web complete outage: nothing is answered",
            "0:20.510 outage + web first answers after 10.0 s of complete outage",
        ],
    );
}

/// Two services fail in the same second, for ten seconds each, and each has callers of its own.
#[test]
fn a_fault_elsewhere_moves_no_line() {
    let text = "run: { duration: 60s }
workloads: { buyers: { to: shop, arrivals: constant 20/s }, readers: { to: mail, arrivals: constant 20/s } }
services: { shop: { handle: [ { work: 5ms } ] }, mail: { handle: [ { work: 5ms } ] } }
faults: [ { at: 20100ms, for: 10s, crash: shop }, { at: 20900ms, for: 10s, crash: mail } ]";
    assert_tells(
        text,
        &[
            "0:20.100 availability ! buyers below 99.0%: 9.1%",
            "0:20.100 outage ! buyers complete outage: nothing is answered",
            "0:20.900 outage ! readers complete outage: nothing is answered",
            "0:30.105 outage + buyers first answers after 10.0 s of complete outage",
            "0:30.905 outage + readers first answers after 10.0 s of complete outage",
        ],
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

/// Nothing ends for ten seconds, neither of a workload that sends on nor of users who wait.
#[test]
fn silence_is_an_outage_from_its_first_instant() {
    let open = "workloads: { web: { to: api, arrivals: constant 100/s } }";
    let users = "workloads: { web: { to: api, users: 50, think: 400ms } }";
    for workloads in [open, users] {
        let text = format!(
            "run: {{ duration: 60s }}
{workloads}
services: {{ api: {{ handle: [ {{ work: 50ms }} ] }} }}
faults: [ {{ at: 20350ms, for: 10s, pause: api }} ]"
        );
        let lines = lines(&text);
        let outage: Vec<&String> = lines.iter().filter(|line| line.contains("outage")).collect();
        assert!(outage[0].starts_with("0:20.350 outage !"), "{outage:?}");
        assert!(outage[1].starts_with("0:30.") && outage.len() == 2, "{outage:?}");
    }
}

/// An operator gives ten threads of 50 ms and a queue of twenty, of a hundred requests a second, other sizes.
#[test]
fn pools_have_the_size_that_an_operator_gave_them() {
    let text = "run: { duration: 60s }
workloads: { web: { to: api, arrivals: constant 100/s } }
services: { api: { threads: { max: 10, queue: 20 }, handle: [ { work: 50ms } ] } }
operator:
  - { at: 10s, set: { services.api.threads.max: 2, services.api.threads.queue: 7 } }
  - { at: 40s, set: { services.api.threads.max: 30 } }";
    assert_tells(
        text,
        &[
            "0:10.000 pool ! api all 2 threads in use",
            "0:10.110 queue ! api queue of 7 full: turns 59.8% of 100/s away",
        ],
    );
    let wider = "run: { duration: 60s }
workloads: { web: { to: api, arrivals: constant 100/s } }
services: { api: { threads: 10, handle: [ { work: 50ms } ] } }
operator: [ { at: 30s, set: { services.api.threads: 100 } } ]";
    let finished = run_text(wider, &[]);
    let [pool] = &*finished.summary.pools else { panic!("{:?}", finished.summary.pools) };
    let near = |value: f64, expected: f64| (value - expected).abs() < 0.01 * expected;
    assert!(near(pool.busy_mean, 5.0), "{}", pool.busy_mean);
    assert!(pool.utilization.is_some_and(|it| near(it, 5.0 / 55.0)), "{:?}", pool.utilization);
}

/// Of ten instances, an operator takes eight away, which fills the other two.
#[test]
fn instances_that_are_gone_are_not_counted_with_those_that_are_there() {
    let text = "run: { duration: 60s }
workloads: { web: { to: api, arrivals: constant 100/s } }
services: { api: { instances: 10, threads: 2, handle: [ { work: 100ms } ] } }
operator: [ { at: 35300ms, set: { services.api.instances: 2 } } ]";
    assert_tells(text, &["0:35.330 pool ! api all 2 threads in use on all 2 instances"]);
}

/// The first of four instances loses eight of its ten threads before all of them are full.
#[test]
fn threads_that_one_instance_has_lost_are_not_told_of_all() {
    let text = "run: { duration: 60s }
workloads: { web: { to: api, arrivals: { process: constant, steps: [ { at: 0s, rate: 16/s }, { at: 20s, rate: 200/s } ] } } }
services: { api: { instances: 4, threads: 10, handle: [ { work: 300ms } ] } }
faults: [ { at: 10s, for: 50s, lose threads: api, count: 8, instances: 1 } ]";
    let told = lines(text).into_iter().find(|line| line.contains("all 4 instances"));
    let expected = "api all threads that are left of 10 in use on all 4 instances";
    assert!(told.as_ref().is_some_and(|line| line.ends_with(expected)), "{told:?}");
}

/// A thread that is held for 1.05 s turns away all who come but one, which are fewer than those of the seconds around.
#[test]
fn a_short_overflow_has_a_number_and_no_share() {
    let text = "run: { duration: 30s }
workloads: { web: { to: a, arrivals: constant 100/s } }
services: { a: { threads: { max: 1, queue: 1 }, handle: [ { work: 1ms } ] } }
faults: [ { at: 9965ms, for: 10ms, slow: a, by: 1050x } ]";
    assert_tells(text, &["0:09.990 queue ! a queue of 1 full: turns 103 away"]);
}

/// What is sent in a second is lost and given up 30 s later. Nobody asks from a minute on.
#[test]
fn an_outage_of_a_workload_that_asks_no_more_is_over() {
    let text = "run: { duration: 2m, drain: 40s }
workloads: { copies: { to: api, arrivals: { process: constant, steps: [ { at: 0s, rate: 100/s }, { at: 60s, rate: 0/s } ] } } }
services: { api: { handle: [ { pause: 20ms } ] } }
calls: { copies -> api: { timeout: 30s } }
faults: [ { at: 50s, for: 1s, black hole: copies -> api } ]";
    let mut lines = lines(text);
    lines.retain(|line| line.contains("availability"));
    assert_eq!(
        lines,
        [
            "1:00.010 availability ! copies below 99.0%: 0.0%",
            "1:20.990 availability ~ copies nobody asks any more, after 21.0 s below 99.0%",
        ]
    );
}

/// Ten of twenty threads are in use all the time. Two a second are lost from 10 s on, and ten are left up to 15.5 s.
#[test]
fn the_slots_that_are_left_are_those_of_the_instant() {
    let text = "run: { duration: 40s, drain: 5s }
workloads: { web: { to: a, arrivals: constant 10/s } }
services: { a: { threads: 20, handle: [ { work: 1s } ] } }
faults: [ { at: 10s, for: 20s, lose threads: a, count: 20, ramp: 10s } ]";
    assert_tells(text, &["0:15.400 pool ! a all 10 threads that are left of 20 in use"]);
}

/// A request a second: one that fails alone is not a fall of the availability, three in a row are.
#[test]
fn a_single_failure_is_no_fall_of_the_availability() {
    let fails = |seconds: u32| {
        guarded("", 1).replace(
            "for: 10s, slow: a, to: 1s",
            &format!("for: {seconds}s, errors: a, rate: 100%"),
        )
    };
    assert!(!lines(&fails(2)).iter().any(|line| line.contains("availability")));
    assert_tells(
        &fails(3),
        &[
            "0:10.000 availability ! web below 99.0%: 0.0%",
            "0:13.010 availability + web 99.0% or more again after 3.01 s",
        ],
    );
}

/// Nothing is answered while the callers wait for two and a half seconds, and then everything fails.
#[test]
fn an_outage_begins_with_the_silence_before_the_failures() {
    let text = guarded("timeout: 2500ms", 100).replace("slow: a, to: 1s", "pause: a");
    assert_tells(
        &text,
        &[
            "0:10.000 availability ! web below 99.0%: 0.0%",
            "0:10.000 outage ! web complete outage: nothing is answered",
        ],
    );
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

/// Fifteen of twenty threads leak, each of which does ten requests a second.
#[test]
fn what_has_leaked_is_no_capacity() {
    let text = "run: { duration: 60s, drain: 20s }
workloads: { web: { to: api, arrivals: constant 100/s } }
services: { api: { threads: { max: 20, queue: 50 }, handle: [ { work: 100ms } ] } }
faults: [ { at: 20s, for: 20s, lose threads: api, count: 15 } ]";
    assert_tells(
        text,
        &[
            "0:20.000 pool ! api all 5 threads that are left of 20 in use",
            "0:21.000 availability ! web below 99.0%: 50.0%",
        ],
    );
    let finished = run_text(text, &[]);
    let [load] = &*finished.summary.load else { panic!("{:?}", finished.summary.load) };
    assert_eq!((load.asked, load.possible), (100.0, 50.0));
}

/// Nine of ten instances crash; the two threads of the other do twenty requests a second.
#[test]
fn instances_that_are_down_are_no_capacity() {
    let text = "run: { duration: 90s, drain: 10s }
workloads: { web: { to: api, arrivals: constant 100/s } }
services: { api: { instances: 10, threads: { max: 2, queue: 20 }, handle: [ { work: 100ms } ] } }
calls: { web -> api: { timeout: 5s, balance: { policy: round robin, panic threshold: 0%, health check: { interval: 1s, unhealthy threshold: 1, healthy threshold: 1 } } } }
faults: [ { at: 30s, for: 30s, crash: api, instances: 1 to 9 } ]";
    let finished = run_text(text, &[]);
    let [load] = &*finished.summary.load else { panic!("{:?}", finished.summary.load) };
    assert_eq!((load.asked, load.possible), (100.0, 20.0));
}

/// Requests of four seconds are often under way while nothing ends.
#[test]
fn requests_that_take_long_are_no_outage() {
    let text = "run: { duration: 2m, drain: 10s }
workloads: { batch: { to: api, arrivals: constant 4/m }, web: { to: api, arrivals: constant 10/s } }
services: { api: { handle: [ { work: 4s } ] } }";
    assert_eq!(lines(text), ["nothing changed"]);
}

/// Nobody asks any more when the minute after the fault is over.
#[test]
fn a_workload_without_requests_does_not_suffer() {
    let text = "run: { duration: 40s, drain: 60s }
workloads: { web: { to: a, arrivals: constant 10/s } }
services: { a: { handle: [ { work: 10ms } ] } }
faults: [ { at: 20s, for: 10s, errors: a, rate: 100% }, { at: 31s, for: 9s, errors: a, rate: 100% } ]";
    assert!(!lines(text).iter().any(|line| line.contains("still below")));
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

/// Two instances take turns: a request every five seconds finds one idle in the instant in which the other has done its own.
#[test]
fn an_instance_that_is_full_as_another_becomes_free_is_not_full_with_it() {
    let text = "run: { duration: 23s, drain: 5s }
workloads: { web: { to: a, arrivals: constant 12/m } }
services: { a: { instances: 2, threads: 1, handle: [ { work: 5s } ] } }
calls: { web -> a: { balance: round robin } }";
    let pools: Vec<String> = lines(text).into_iter().filter(|it| it.contains(" pool ")).collect();
    let expected = [
        "0:05.000 pool ! a its only thread in use on 1 of 2 instances",
        "0:25.000 pool + a threads free again after 20.0 s",
    ];
    assert_eq!(pools, expected);
}

/// Of four calls in one instant, each of two instances takes one and turns one away, which takes no time.
#[test]
fn what_begins_and_ends_in_one_instant_is_told() {
    let text = "run: { duration: 12s }
workloads: { web: { to: front, arrivals: constant 6/m } }
services:
  front: { handle: [ { parallel: [ [ { call: a } ], [ { call: a } ], [ { call: a } ], [ { call: a } ] ] } ] }
  a: { instances: 2, threads: { max: 1, queue: 0 }, handle: [ { work: 10ms } ] }";
    assert_tells(text, &["0:10.000 queue ! a turns 2 away: no threads free (all 2 instances)"]);
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
