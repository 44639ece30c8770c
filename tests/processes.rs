//! Processes: what they do before they serve, and the probes that watch them.

use sim_experiments::Finished;
use sim_models::observe::{Change, ProcessChange};

use crate::running::{call, ended, load_text, one_section_a_line, pool, run_sections};

/// The changes of processes, with the second and the instance.
fn changes(finished: &Finished) -> Vec<(f64, String, ProcessChange)> {
    let changes = finished.timeline.iter().filter_map(|moment| match &moment.change {
        Change::Process { instance, change } => {
            Some((moment.at.as_secs_f64(), instance.clone(), *change))
        }
        _ => None,
    });
    changes.collect()
}

/// The seconds of the changes of one kind.
fn times(finished: &Finished, is_wanted: impl Fn(ProcessChange) -> bool) -> Vec<f64> {
    let wanted = changes(finished).into_iter().filter(|(_, _, change)| is_wanted(*change));
    wanted.map(|(at, _, _)| at).collect()
}

fn is_started(change: ProcessChange) -> bool {
    matches!(change, ProcessChange::Started { .. })
}

fn is_not_ready(change: ProcessChange) -> bool {
    matches!(change, ProcessChange::NotReady { .. })
}

fn is_ready(change: ProcessChange) -> bool {
    change == ProcessChange::Ready
}

/// The pauses in seconds after exits.
fn pauses(finished: &Finished) -> Vec<f64> {
    let pause = |(_, _, change)| match change {
        ProcessChange::StartFailed { pause, .. } | ProcessChange::Killed { pause, .. } => {
            Some(pause.as_secs_f64())
        }
        _ => None,
    };
    changes(finished).into_iter().filter_map(pause).collect()
}

/// A run in which every request has an outcome, and after which nothing is held.
fn drained(text: &str) -> Finished {
    let finished = run_sections(text, &[]);
    assert!(finished.system.is_drained(), "something is held at the end:\n{text}");
    for workload in &finished.summary.workloads {
        let failed: u64 = workload.failed.values().sum();
        let accounted = workload.ok + workload.degraded + failed + workload.in_flight;
        assert_eq!(workload.offered, accounted, "{}:\n{text}", workload.name);
        assert_eq!(workload.in_flight, 0, "{}:\n{text}", workload.name);
    }
    finished
}

#[test]
fn an_instance_that_comes_back_serves_after_its_start() {
    let text = |start: &str| {
        format!(
            "run: {{ duration: 30s, drain: 10s }}
             workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
             services: {{ a: {{ {start} handle: [ {{ work: 10ms }} ] }} }}
             faults: [ {{ at: 10s, for: 5s, crash: a }} ]"
        )
    };
    let finished = drained(&text("start: [ { work: 5s } ],"));
    assert_eq!(times(&finished, is_started), [20.0]);
    // Down from 10 s, when callers still believe in it, and absent from 15 s to 20 s.
    assert_eq!(ended(&finished, "web -> a", "refused"), 50);
    assert_eq!(ended(&finished, "web -> a", "no healthy instance"), 50);
    let without = drained(&text(""));
    assert_eq!(ended(&without, "web -> a", "refused"), 50);
    assert_eq!(ended(&without, "web -> a", "no healthy instance"), 0);
}

#[test]
fn a_run_begins_in_the_middle_of_operation() {
    let finished = drained(
        "run: { duration: 10s, drain: 1s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { instances: 3, start: [ { work: 5s } ], readiness: { call: self }, liveness: { call: self }, handle: [ { work: 10ms } ] } }",
    );
    assert_eq!(finished.summary.workloads[0].ok, finished.summary.workloads[0].offered);
    assert_eq!(changes(&finished), []);
}

#[test]
fn instances_that_start_are_absent_and_no_reason_to_panic() {
    // Three of four start for 20 s; the panic threshold of 50 % is about the one that is left.
    let finished = drained(
        "run: { duration: 40s, drain: 1s }
         workloads: { web: { to: a, arrivals: constant 40/s } }
         services: { a: { instances: 4, start: [ { pause: 20s } ], handle: [ { work: 10ms } ] } }
         calls: { web -> a: { balance: { policy: round robin, health check: { interval: 100s } } } }
         faults: [ { at: 10s, for: 1s, crash: a, instances: 3 } ]",
    );
    let failed: u64 = finished.summary.workloads[0].failed.values().sum();
    assert_eq!((ended(&finished, "web -> a", "refused"), failed), (30, 30));
    assert_eq!(times(&finished, is_started), [31.0, 31.0, 31.0]);
}

#[test]
fn a_start_that_fails_begins_again_later_and_later() {
    let text = |after: &str, config: &str, restarts: &str| {
        format!(
            "run: {{ duration: 20m, drain: 10s }}
             workloads: {{ web: {{ to: a, arrivals: constant 1/s }} }}
             services: {{ a: {{ {after} start: [ {{ query: config }} ], handle: [ {{ work: 10ms }} ] }} }}
             databases: {{ config: {{ query: 1s }} }}
             calls: {{ a -> config: {{ retry: {{ attempts: 2, backoff: fixed 1s }} }} }}
             faults: [ {config}, {restarts} ]"
        )
    };
    let gone = "{ at: 5s, for: 30m, crash: config }";
    let once = "{ at: 10s, for: 1s, crash: a }";
    let finished = drained(&text("", gone, once));
    // Each start makes two attempts, a second apart, over the edge of all its calls.
    let expected = [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0];
    assert_eq!(pauses(&finished), expected);
    assert_eq!(ended(&finished, "a -> config", "refused"), 8);
    assert_eq!(call(&finished, "a -> config").attempts, 16);
    assert_eq!(
        pauses(&drained(&text("restart after: 1s,", gone, once)))[..4],
        [1.0, 2.0, 4.0, 8.0]
    );
    // Well for ten minutes is well: the exits before are forgotten.
    let twice = "{ at: 5s, for: 15s, every: 11m, crash: config }";
    let again = "{ at: 10s, for: 1s, every: 11m, crash: a }";
    assert_eq!(pauses(&drained(&text("", twice, again))), [10.0, 10.0]);
    let again = "{ at: 10s, for: 1s, every: 6m, crash: a }";
    let twice = "{ at: 5s, for: 15s, every: 6m, crash: config }";
    assert_eq!(pauses(&drained(&text("", twice, again))), [10.0, 20.0, 40.0, 80.0]);
}

#[test]
fn a_process_that_runs_out_of_memory_takes_its_start() {
    let finished = drained(
        "run: { duration: 60s, drain: 10s }
         workloads: { web: { to: a, arrivals: { process: constant, steps: [ { at: 0s, rate: 1/s }, { at: 10s, rate: 100/s }, { at: 11s, rate: 1/s } ] } } }
         services: { a: { memory: { limit: 10MB, each: 1MB, restart: 20s }, start: [ { work: 5s } ], handle: [ { pause: 1s } ] } }",
    );
    // The eleventh in flight comes a tenth of a second after 10 s.
    assert_eq!(times(&finished, is_started).len(), 1);
    let at = times(&finished, is_started)[0];
    assert!((at - 35.1).abs() < 0.03, "{at}");
}

#[test]
fn an_instance_of_an_autoscaler_serves_after_start_up_and_start() {
    let finished = drained(
        "run: { duration: 60s, drain: 10s }
         workloads: { web: { to: a, arrivals: constant 30/s } }
         services: { a: { instances: 4, threads: 10, start: [ { pause: 7s } ], handle: [ { work: 100ms } ], autoscale: { min: 1, target: 20%, start-up: 10s } } }",
    );
    // Three of ten threads are busy: two instances, asked for at 15 s, there at 25 s.
    assert_eq!(times(&finished, is_started)[0], 32.0);
    assert_eq!(finished.summary.workloads[0].ok, finished.summary.workloads[0].offered);
    let second = pool(&finished, "a#2");
    assert!(second.there.is_some_and(|there| (there - 35.0 / 60.0).abs() < 0.001), "{second:?}");
    // One and a half threads are busy from 32 s on, and none before.
    assert!((second.busy_mean - 1.5 * 28.0 / 35.0).abs() < 0.01, "{second:?}");
}

#[test]
fn probes_that_time_out_take_an_instance_out_of_the_choice() {
    let finished = drained(
        "run: { duration: 30s, drain: 5s }
         workloads: { web: { to: a.get, arrivals: constant 10/s } }
         services: { a: { operations: { get: [ { work: 10ms } ], health: [ { work: 1ms } ] }, readiness: { call: self.health, every: 1s, timeout: 500ms, failures: 2 } } }
         calls: { web -> a: { timeout: 20s } }
         faults: [ { at: 10s, for: 10s, pause: a } ]",
    );
    // Those of 10 s and 11 s fail half a second later; that of 20 s takes a millisecond.
    assert_eq!(times(&finished, is_not_ready), [11.5]);
    assert_eq!(times(&finished, is_ready), [20.001]);
    assert_eq!(ended(&finished, "web -> a", "no healthy instance"), 86);
    assert_eq!(ended(&finished, "web -> a", "ok"), 299 - 86);
    let probes = call(&finished, "readiness -> a");
    assert_eq!(probes.ended.get("timeout").copied(), Some(10));
    assert_eq!(probes.ended.get("ok").copied(), Some(19));
}

#[test]
fn an_instance_without_a_process_is_not_ready_at_the_next_probe() {
    let finished = drained(
        "run: { duration: 60s, drain: 5s }
         workloads: { web: { to: a, arrivals: constant 1/s } }
         services: { a: { handle: [ { work: 1ms } ], readiness: { call: self } } }
         faults: [ { at: 11500ms, for: 30s, crash: a } ]",
    );
    assert_eq!(times(&finished, is_not_ready), [20.0]);
    // The first probe of the new process comes with it.
    assert_eq!(times(&finished, is_ready), [41.501]);
    assert_eq!(ended(&finished, "web -> a", "refused"), 8);
    assert_eq!(ended(&finished, "web -> a", "no healthy instance"), 22);
}

/// A lease that each instance renews elsewhere, and that is lost after a minute.
#[test]
fn a_lease_is_readiness_by_an_operation_that_renews_it() {
    let finished = drained(
        "run: { duration: 90s, drain: 5s }
         workloads: { web: { to: a.get, arrivals: constant 1/s } }
         services: { a: { instances: 2, operations: { get: [ { work: 1ms } ], renew: [ { query: store } ] }, readiness: { call: self.renew, failures: 6 } } }
         databases: { store: { query: 2ms } }
         faults: [ { at: 12s, for: 60s, crash: store } ]",
    );
    let near = |times: Vec<f64>, expected: [f64; 2]| {
        assert!(times.iter().zip(expected).all(|(at, it)| (at - it).abs() < 0.01), "{times:?}");
        assert_eq!(times.len(), 2);
    };
    near(times(&finished, is_not_ready), [65.0, 70.0]);
    near(times(&finished, is_ready), [75.0, 80.0]);
    assert_eq!(ended(&finished, "web -> a", "no healthy instance"), 6);
}

/// The first classic trap: the health check takes a connection from the pool that slow calls to
/// somebody else have emptied, and all instances go, although the database has nothing to do.
#[test]
fn a_health_check_through_a_full_pool_takes_all_instances_out() {
    let text = |health: &str| {
        format!(
            "run: {{ duration: 60s, drain: 5m }}
             workloads: {{ web: {{ to: orders.buy, arrivals: constant 40/s }} }}
             services: {{ orders: {{ instances: 4, pools: {{ hikari: 2 }}, operations: {{ buy: [ {{ hold: hikari, steps: [ {{ query: db }}, {{ call: payment }} ] }} ], health: [ {health} ] }}, readiness: {{ call: self.health }} }}, payment: {{ handle: [ {{ pause: 10ms }} ] }} }}
             databases: {{ db: {{ connections: 20, query: 1ms }} }}
             calls: {{ web -> orders: {{ timeout: 2s }}, orders -> payment: {{ timeout: 100s }} }}
             faults: [ {{ at: 20s, for: 40s, slow: payment, adding: 90s }} ]"
        )
    };
    let finished = run_sections(&text("{ hold: hikari, steps: [ { query: db } ] }"), &[]);
    // Four instances have their probes 2.5 s apart; three failures and a timeout of one second.
    assert_eq!(times(&finished, is_not_ready)[..4], [43.5, 46.0, 48.5, 51.0]);
    assert_eq!(ended(&finished, "web -> orders", "no healthy instance"), 360);
    assert!(pool(&finished, "db").utilization < Some(0.01));
    let shallow = run_sections(&text("{ work: 1ms }"), &[]);
    assert_eq!(changes(&shallow), []);
}

#[test]
fn a_process_whose_liveness_probes_fail_is_killed_and_starts_again() {
    // A request each minute holds the only thread for ever.
    let finished = drained(
        "run: { duration: 179s, drain: 5m }
         workloads: { web: { to: a.get, arrivals: constant 1/m } }
         services: { a: { threads: 1, operations: { get: [ { pause: 1000s } ], health: [ { work: 1ms } ] }, start: [ { work: 5s } ], liveness: { call: self.health, every: 1s, timeout: 500ms } } }",
    );
    let killed = times(&finished, |change| matches!(change, ProcessChange::Killed { .. }));
    assert_eq!(killed, [63.5, 123.0]);
    // A container that has not exited lately starts again at once, the next time after ten seconds.
    assert_eq!(pauses(&finished), [0.0, 10.0]);
    assert_eq!(times(&finished, is_started), [68.5, 138.0]);
    assert_eq!(ended(&finished, "web -> a", "refused"), 2);
}

/// The second classic trap: the health check waits in the same queue as everybody; under load, it
/// kills processes, and those that are left have more to do.
#[test]
fn liveness_under_load_makes_it_worse() {
    let text = |liveness: &str| {
        format!(
            "run: {{ duration: 3m, drain: 2m }}
             workloads: {{ web: {{ to: a.get, arrivals: {{ process: constant, spike: {{ base: 105/s, peak: 150/s, at: 30s, for: 10s }} }} }} }}
             services: {{ a: {{ instances: 3, threads: 4, operations: {{ get: [ {{ work: 100ms }} ], health: [ {{ work: 1ms }} ] }}, start: [ {{ work: 20s }} ], {liveness} }} }}
             calls: {{ web -> a: {{ timeout: 10s }} }}"
        )
    };
    let with = drained(&text("liveness: { call: self.health, every: 3s }"));
    let without = drained(&text(""));
    let killed = times(&with, |change| matches!(change, ProcessChange::Killed { .. }));
    let (bad, good) = (&with.summary.workloads[0], &without.summary.workloads[0]);
    assert_eq!(
        good.ok, good.offered,
        "120/s are enough for 105/s and a burst that lasts ten seconds"
    );
    assert!(killed.len() >= 10 && killed.last() > Some(&120.0), "it never recovers: {killed:?}");
    assert!(bad.ok < bad.offered / 2, "{} of {}", bad.ok, bad.offered);
}

#[test]
fn a_batch_waits_until_the_one_before_serves() {
    let began = |deploy: &str| -> Vec<f64> {
        let finished = drained(&format!(
            "run: {{ duration: 2m, drain: 5s }}
             workloads: {{ web: {{ to: a.get, arrivals: constant 10/s }} }}
             services: {{ a: {{ instances: 3, start: [ {{ work: 10s }} ], readiness: {{ call: self.health, every: 3s, successes: 2 }}, operations: {{ get: [ {{ work: 1ms }} ], health: [ {{ work: 1ms }} ] }} }} }}
             faults: [ {{ at: 10s, deploy: a, each: 5s, {deploy} }} ]"
        ));
        let begins = finished.timeline.iter().filter(|moment| {
            matches!(&moment.change, Change::FaultBegins { effect, .. } if effect == "restarted")
        });
        begins.map(|moment| moment.at.as_secs_f64()).collect()
    };
    assert_eq!(began("batch: 1"), [10.0, 15.0, 20.0]);
    // Down until 15 s, started at 25 s, a probe then and another 3 s later.
    assert_eq!(began("wait until: ready"), [10.0, 28.001, 46.002]);
    assert_eq!(began("wait until: ready, batch: 2"), [10.0, 28.001]);
    // The start takes twice as long, and the last probe finds 7 of 30 s of the warm-up left.
    let cold = began("wait until: ready, cold: 2x");
    let each = 28.001 + 0.001 * 7.0 / 30.0;
    assert!(cold.windows(2).all(|it| (it[1] - it[0] - each).abs() < 1e-6), "{cold:?}");
    assert_eq!(cold.len(), 3);
}

#[test]
fn a_service_without_a_start_is_ready_when_it_is_back() {
    let text = |wait: &str| {
        format!(
            "run: {{ duration: 1m, drain: 5s }}
             workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
             services: {{ a: {{ instances: 4, handle: [ {{ work: 1ms }} ] }} }}
             faults: [ {{ at: 10s, deploy: a, each: 5s, batch: 2, cold: 3x{wait} }} ]"
        )
    };
    let (waiting, fixed) = (drained(&text(", wait until: ready")), drained(&text("")));
    assert_eq!(waiting.summary.workloads[0].ok, fixed.summary.workloads[0].ok);
    assert_eq!(waiting.timeline, fixed.timeline);
}

#[test]
fn probes_are_no_requests_and_change_none() {
    let text = |readiness: &str| {
        format!(
            "run: {{ duration: 30s, drain: 5s }}
             workloads: {{ web: {{ to: a.get, arrivals: poisson 50/s }} }}
             services: {{ a: {{ instances: 2, {readiness} operations: {{ get: [ {{ work: exponential 20ms }} ], health: [ {{ work: 1ms }} ] }} }} }}"
        )
    };
    let (with, without) =
        (drained(&text("readiness: { call: self.health, every: 1s },")), drained(&text("")));
    assert_eq!(with.summary.workloads[0].ok, without.summary.workloads[0].ok);
    assert_eq!(call(&with, "web -> a").ended, call(&without, "web -> a").ended);
}

/// Whatever happens in whatever order, every request has an outcome, and nothing is held.
#[test]
fn nothing_is_lost_in_systems_that_start_and_are_probed() {
    let starts = [
        "",
        "start: [ { query: db } ],",
        "start: [ { hold: p, steps: [ { query: db } ] }, { parallel: [ [ { work: 2s } ], [ { query: db } ] ] } ], restart after: 1s,",
    ];
    let probes = [
        "readiness: { call: self.health, every: 2s },",
        "liveness: { call: self.health, every: 1s, timeout: 100ms },",
        "readiness: { call: self.health, every: 1s, timeout: 3s }, liveness: { call: self.health, every: 3s, failures: 1 },",
    ];
    let faults = [
        "{ at: 10s, for: 20s, every: 35s, crash: db }",
        "{ at: 10s, for: 7s, every: 15s, crash: a, instances: 2 }, { at: 12s, for: 9s, slow: db, by: 200x }",
        "{ at: 10s, for: 20s, pause: a, instances: 1 }, { at: 15s, for: 5s, every: 20s, slow: a, adding: 500ms }",
        "{ at: 10s, deploy: a, each: 2s, wait until: ready, cold: 4x }, { at: 11s, for: 5s, crash: a, instances: 2 }",
    ];
    for start in starts {
        for probe in probes {
            for fault in faults {
                drained(&format!(
                    "run: {{ duration: 60s, drain: 30m }}
                     workloads: {{ web: {{ to: a.get, arrivals: poisson 60/s }} }}
                     services: {{ a: {{ instances: 3, threads: {{ max: 4, queue: 20 }}, pools: {{ p: 2 }}, memory: {{ limit: 22MB, each: 1MB, restart: 3s }}, {start} {probe} operations: {{ get: [ {{ hold: p, steps: [ {{ query: db }} ] }}, {{ work: exponential 20ms }} ], health: [ {{ query: db }} ] }} }} }}
                     databases: {{ db: {{ connections: 4, query: exponential 10ms }} }}
                     calls: {{ web -> a: {{ timeout: 2s, retry: {{ attempts: 2, backoff: fixed 100ms }} }}, a -> db: {{ timeout: 1s }} }}
                     faults: [ {fault} ]"
                ));
            }
        }
    }
}

#[test]
fn expectations_speak_of_processes() {
    let text = one_section_a_line(
        "run: { duration: 60s, drain: 5s }
         workloads: { web: { to: a.get, arrivals: constant 10/s } }
         services: { a: { instances: 2, threads: 1, start: [ { work: 2s } ], readiness: { call: self.health, every: 1s }, liveness: { call: self.health, every: 2s }, operations: { get: [ { work: 1ms } ], health: [ { work: 1ms } ] } } }
         faults: [ { at: 10s, for: 20s, slow: a, adding: 20s, instances: 1 } ]
         expect: [ { order: 'instance a#1 becomes unready, then instance a#1 is killed, then instance a#1 starts, then instance a#1 becomes ready' }, instance a#2 never becomes unready, instance a never is killed ]",
    );
    let trial = sim_experiments::Trial::of(&crate::running::blueprint(&load_text(&text, &[])));
    let holds: Vec<bool> = trial.verdicts.iter().map(|verdict| verdict.holds).collect();
    assert_eq!(holds, [true, true, false], "{:?}", trial.verdicts);
}

#[test]
fn every_mistake_of_a_process_has_a_message() {
    let errors = |service: &str, rest: &str| {
        let text = one_section_a_line(&format!(
            "run: {{ duration: 10s }}
             workloads: {{ w: {{ to: a.get, arrivals: constant 1/s }} }}
             services: {{ a: {{ {service}, operations: {{ get: [ {{ work: 1ms }} ], health: [ {{ work: 1ms }} ] }} }} }}
             {rest}"
        ));
        let loaded = load_text(&text, &[]);
        assert!(loaded.problems.iter().all(|problem| problem.at.is_some()), "{text}");
        let messages: Vec<String> = loaded.problems.into_iter().map(|it| it.message).collect();
        messages.join("; ")
    };
    for (service, message) in [
        ("readiness: { call: self.health }", ""),
        ("readiness: { call: a.health }, liveness: { call: self.health, successes: 1 }", ""),
        ("start: [ { work: 1s } ], restart after: 1s", ""),
        ("restart after: 1s", "`restart after` has no effect without `start` or `liveness`"),
        ("start: [ { work: 1s } ], restart after: 0s", "this must be longer than zero"),
        ("readiness: { call: other.health }", "a probe of `a` goes to the instance itself"),
        ("readiness: { call: self.helth }", "`a` has no operation `helth`"),
        ("readiness: { call: self }", "`a` has several operations"),
        ("readiness: { every: 1s }", "`call` is missing"),
        (
            "readiness: { call: self.health, every: 0s }",
            "0s is too short for something that comes again",
        ),
        ("readiness: { call: self.health, timeout: 0s }", "this must be longer than zero"),
        (
            "liveness: { call: self.health, successes: 2 }",
            "one good answer is enough for a process to live on",
        ),
        (
            "liveness: { call: self.health, failures: 0 }",
            "the number of failures must be at least 1",
        ),
        ("start: [ { call: b } ]", "there is no service, database or cache `b`"),
    ] {
        let told = errors(service, "");
        assert!(
            told.contains(message) && message.is_empty() == told.is_empty(),
            "{service}: {told}"
        );
    }
    let taken =
        errors("readiness: { call: self.health }", "databases: { readiness: { query: 1ms } }");
    assert!(taken.contains("the calls of these probes would be those of `readiness`"), "{taken}");
    let settings =
        errors("liveness: { call: self.health }", "calls: { liveness -> a: { timeout: 1s } }");
    assert!(settings.contains("there is no `liveness`"), "{settings}");
}
