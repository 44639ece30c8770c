//! Pools that are full: when, on how many instances, and what is asked of them against what they can do.

use crate::causes::{assert_tells, guarded, lines};
use crate::running::run_text;

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

/// A thread that does one a second of a hundred, for ten seconds before arrivals end, and for some time after: it is free again
/// before the run ends, or is not.
#[test]
fn a_load_is_not_diluted_after_arrivals_end() {
    for lasts in ["for: 30s", "for: 70s"] {
        let text = guarded("", 100)
            .replace("a: { handle", "a: { threads: 1, handle")
            .replace("duration: 40s, drain: 5s", "duration: 20s, drain: 1m")
            .replace("for: 10s", lasts);
        let finished = run_text(&text, &[]);
        let [load] = &*finished.summary.load else { panic!("{:?}", finished.summary.load) };
        assert_eq!((load.asked, load.possible), (100.0, 1.0), "{lasts}");
        assert!(load.to <= 20.0, "{load:?}");
    }
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

/// An operator takes eight of ten instances away, which fills the other two.
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

/// Ten of twenty threads are in use all the time. Two a second are lost from 10 s on, and ten are left up to 15.5 s.
#[test]
fn the_slots_that_are_left_are_those_of_the_instant() {
    let text = "run: { duration: 40s, drain: 5s }
workloads: { web: { to: a, arrivals: constant 10/s } }
services: { a: { threads: 20, handle: [ { work: 1s } ] } }
faults: [ { at: 10s, for: 20s, lose threads: a, count: 20, ramp: 10s } ]";
    assert_tells(text, &["0:15.400 pool ! a all 10 threads that are left of 20 in use"]);
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

/// Each of two instances takes one of two calls in one instant and turns the other away, which takes no time.
#[test]
fn what_begins_and_ends_in_one_instant_is_told() {
    let text = "run: { duration: 12s }
workloads: { web: { to: front, arrivals: constant 6/m } }
services:
  front: { handle: [ { parallel: [ [ { call: a } ], [ { call: a } ], [ { call: a } ], [ { call: a } ] ] } ] }
  a: { instances: 2, threads: { max: 1, queue: 0 }, handle: [ { work: 10ms } ] }";
    assert_tells(text, &["0:10.000 queue ! a turns 2 away: no threads free (all 2 instances)"]);
}
