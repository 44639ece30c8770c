//! Who can be reached: cuts, black holes, crashes, pauses and refusals, as hedges, health checks,
//! balancers, answers, timeouts and cancellations see them.

use sim_experiments::Finished;
use sim_models::expect::judge;
use sim_models::observe::Change;

use crate::running::{call, ended, load_text, one_section_a_line, run, run_sections};
use sim_models::system::Id;

fn availability(finished: &Finished) -> f64 {
    finished.summary.workloads[0].availability
}

/// Two instances, one in each of two regions, and one fault in force from 10 s on at the second.
fn two_instances(guards: &str, fault: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 60s, drain: 30s }}
             regions: {{ us: {{ eu: 1ms }}, eu: {{}} }}
             workloads: {{ w: {{ to: a, region: us, arrivals: constant 50/s }} }}
             services: {{ a: {{ instances: 2, regions: [us, eu], threads: 1000, handle: [ {{ work: 10ms }} ] }} }}
             calls: {{ w -> a: {{ {guards} }} }}
             faults: [ {fault} ]"
        ),
        &[],
    )
}

/// What never answers, and what refuses at once.
const SILENT: [&str; 2] = ["{ at: 10s, black hole: us -> eu }", "{ at: 10s, pause: eu }"];
const REFUSING: [&str; 2] = ["{ at: 10s, crash: eu }", "{ at: 10s, refuse: eu }"];

/// Half of the first requests go to the instance that does not answer, and half of their hedges as
/// well: three quarters of all calls after the first ten seconds are answered.
#[test]
fn a_hedge_is_sent_whatever_keeps_the_first_request_from_being_answered() {
    for fault in SILENT {
        let finished =
            two_instances("timeout: 2s, balance: random, hedge: { delay: 100ms }", fault);
        let expected = (10.0 + 50.0 * 0.75) / 60.0;
        let found = availability(&finished);
        assert!((found - expected).abs() < 0.02, "{fault}: {found} instead of {expected}");
        let attempts = call(&finished, "w -> a").attempts as f64;
        let expected = 3_000.0 + 2_500.0 / 2.0;
        assert!((attempts / expected - 1.0).abs() < 0.02, "{fault}: {attempts} attempts");
    }
}

/// A request that was lost may still be answered, as far as its caller can know: that another of
/// the same attempt fails does not end it, and nothing answers.
#[test]
fn a_hedge_that_fails_does_not_end_an_attempt_whose_first_request_was_lost() {
    for silent in SILENT {
        let faults = format!("{silent}, {{ at: 10s, refuse: us }}");
        let finished =
            two_instances("timeout: 2s, balance: round robin, hedge: { delay: 100ms }", &faults);
        let timeouts = ended(&finished, "w -> a", "timeout");
        assert_eq!(timeouts + ended(&finished, "w -> a", "refused"), 2_501 - 1, "{silent}");
        assert!((timeouts as f64 / 2_500.0 - 0.5).abs() < 0.05, "{silent}: {timeouts}");
    }
}

#[test]
fn health_checks_find_whatever_cannot_be_reached() {
    for fault in SILENT.iter().chain(&REFUSING) {
        let balance = "{ policy: random, health check: { interval: 1s, unhealthy threshold: 2, healthy threshold: 2 } }";
        let finished = two_instances(&format!("timeout: 500ms, balance: {balance}"), fault);
        let failed: u64 = finished.summary.workloads[0].failed.values().sum();
        // Two checks fail, at 10 s or 11 s and a second later; half of the requests go there until
        // then.
        assert!((10..=60).contains(&failed), "{fault}: {failed}");
        let is_down = |change: &Change| matches!(change, Change::Instance { instance, .. } if instance == "a#2");
        assert!(finished.timeline.iter().any(|moment| is_down(&moment.change)), "{fault}");
    }
}

/// Callers on both sides of a cut each know their own side.
#[test]
fn the_callers_of_each_region_see_what_they_can_reach() {
    let finished = run_sections(
        "run: { duration: 60s, drain: 10s }
         regions: { us: { eu: 1ms }, eu: {} }
         workloads: { us: { to: front, region: us, arrivals: constant 50/s }, eu: { to: front, region: eu, arrivals: constant 50/s } }
         services: { front: { instances: 2, regions: [us, eu], threads: 1000, handle: [ { call: back } ] }, back: { instances: 2, regions: [us, eu], threads: 1000, handle: [ { work: 10ms } ] } }
         defaults: { calls: { timeout: 1s, balance: { policy: round robin, health check: { interval: 1s, unhealthy threshold: 1, healthy threshold: 1 } } } }
         faults: [ { at: 20s, black hole: us -> eu, for: 20s } ]
         expect: [ error rate of us is 0% from 23s to 39s, error rate of eu is 0% from 23s to 39s ]",
        &[],
    );
    let timeline: Vec<String> = finished
        .timeline
        .iter()
        .filter_map(|moment| match &moment.change {
            Change::Instance { edge, instance, .. } => Some(format!("{edge} {instance}")),
            _ => None,
        })
        .collect();
    assert!(timeline.contains(&"front in us -> back back#2".to_owned()), "{timeline:?}");
    assert!(timeline.contains(&"front in eu -> back back#1".to_owned()), "{timeline:?}");
    for expectation in &finished.system.blueprint().expectations {
        let verdict = judge(expectation, &finished.system, &finished.timeline, None);
        assert!(verdict.holds, "{verdict:?}");
    }
}

/// An instance that swallows requests has as many outstanding as one that stands still, so a
/// balancer that counts them stays away from both.
#[test]
fn least_outstanding_stays_away_from_what_does_not_answer() {
    let failed = |fault| {
        let finished = two_instances("timeout: 2s, balance: least outstanding", fault);
        finished.summary.workloads[0].failed.values().sum::<u64>()
    };
    let [cut, paused] = SILENT.map(failed);
    assert!(cut < 100 && paused < 100, "{cut} cut off, {paused} paused");
}

/// Nothing gets through, both ways: requests that are under way when it begins, and answers.
#[test]
fn answers_are_lost_like_requests() {
    let answered = |fault: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 60s, drain: 60s }}
                 regions: {{ us: {{ eu: 50ms }}, eu: {{}} }}
                 workloads: {{ w: {{ to: a, region: us, arrivals: constant 1/s }} }}
                 services: {{ a: {{ threads: 1000, region: eu, handle: [ {{ work: 5s }} ] }} }}
                 calls: {{ w -> a: {{ timeout: 10s }} }}
                 faults: [ {fault} ]"
            ),
            &[],
        );
        (finished.summary.workloads[0].ok, ended(&finished, "w -> a", "timeout"))
    };
    // Requests of 1 s to 59 s. An answer to one of 15 s arrives at 20.1 s; one to 36 s would have
    // to leave at 41.05 s, but its request does not arrive; requests of 20 s to 39 s are lost.
    for fault in ["black hole: us -> eu", "black hole: w -> a"] {
        let (ok, timeouts) = answered(&format!("{{ at: 20s, for: 20s, {fault} }}"));
        assert_eq!((ok, timeouts), (59 - 25, 25), "{fault}");
    }
    assert_eq!(answered("{ at: 59s, for: 0.5s, pause: a }").0, 59);
}

/// The connect timeout ends the wait for a host that cannot be reached; a process that stands
/// still has a kernel that accepts, and one that is gone has one that refuses.
#[test]
fn a_connect_timeout_ends_only_what_never_connects() {
    let mean_failure = |fault: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 60s, drain: 30s }}
                 regions: {{ us: {{ eu: 1ms }}, eu: {{}} }}
                 workloads: {{ w: {{ to: a, region: us, arrivals: constant 10/s }} }}
                 services: {{ a: {{ region: eu, threads: 1000, handle: [ {{ work: 10ms }} ] }} }}
                 calls: {{ w -> a: {{ timeout: 2s, connect timeout: 200ms }} }}
                 faults: [ {{ at: 0s, {fault} }} ]"
            ),
            &[],
        );
        assert_eq!(finished.summary.workloads[0].ok, 0, "{fault}");
        finished.summary.workloads[0].latency_with_failures.mean
    };
    for (fault, expected) in [
        ("black hole: us -> eu", 0.2),
        ("black hole: w -> a", 0.2),
        ("pause: a", 2.0),
        ("crash: a", 0.002),
        ("refuse: a", 0.0),
        ("refuse: w -> a", 0.0),
    ] {
        let found = mean_failure(fault);
        assert!((found - expected).abs() < 1e-9, "{fault}: {found} instead of {expected}");
    }
}

/// A paused process that crashes refuses what it had accepted, also what came over a network.
#[test]
fn nobody_waits_for_a_process_that_died_while_it_stood_still() {
    for latency in ["0ms", "5ms"] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 20s, drain: 60s }}
                 workloads: {{ w: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ threads: 1000, handle: [ {{ work: 10ms }} ] }} }}
                 calls: {{ w -> a: {{ latency: {latency} }} }}
                 faults: [ {{ at: 5s, for: 10s, pause: a }}, {{ at: 8s, for: 10s, crash: a }} ]"
            ),
            &[],
        );
        let web = &finished.summary.workloads[0];
        assert_eq!(web.in_flight, 0, "{latency}");
        assert!(finished.system.is_drained(), "{latency}");
    }
}

/// A cancellation takes as long as any other message, and is lost like any other.
#[test]
fn cancellations_travel_like_requests() {
    let busy = |fault: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 10s, drain: 60s }}
                 regions: {{ us: {{ eu: 100ms }}, eu: {{}} }}
                 workloads: {{ w: {{ to: a, region: us, arrivals: constant 1/s }} }}
                 services: {{ a: {{ region: eu, threads: 1000, handle: [ {{ work: 10s }} ] }} }}
                 calls: {{ w -> a: {{ timeout: 1s, cancellation: true }} }}
                 faults: [ {fault} ]"
            ),
            &[],
        );
        finished.system.pools()[Id::new(0)].busy_time(finished.now) as f64 / 1e9
    };
    // Nine requests arrive after 100 ms, and their cancellations at 1.1 s: a second each.
    assert!((busy("") - 9.0).abs() < 1e-9, "{}", busy(""));
    // The requests of 1 s to 4 s are cancelled in time; the fifth is at work, its cancellation is
    // lost, and the others do not arrive.
    let cut = busy("{ at: 5.5s, black hole: us -> eu }");
    assert!((cut - 14.0).abs() < 1e-9, "{cut}");
}

/// Requests that were lost leave nothing behind once nobody waits for them, whoever gave them up.
#[test]
fn what_was_lost_is_forgotten_with_its_caller() {
    let guards = [
        "timeout: 300ms",
        "timeout: 300ms, hedge: { delay: 50ms, max: 4 }, balance: random",
        "timeout: 300ms, hedge: { delay: 50ms, max: 3, cancel losers: false }, balance: random",
        "call timeout: 350ms, retry: { attempts: 3, backoff: fixed 10ms }, timeout: 200ms, balance: random",
        "timeout: 1s, cancellation: true, propagate deadline: true, hedge: { delay: 50ms }",
        "bulkhead: { threads: 5, queue: 20 }, timeout: 300ms, balance: least outstanding",
    ];
    let faults = [
        "{ at: 2s, for: 3s, black hole: us -> eu }",
        "{ at: 2s, for: 3s, black hole: a -> b }, { at: 4s, for: 2s, crash: a }",
        "{ at: 2s, for: 6s, black hole: us -> eu }, { at: 3s, for: 1s, pause: a }, { at: 5s, for: 1s, crash: b }",
        "{ at: 2s, every: 200ms, for: 50ms, black hole: us -> eu }, { at: 2s, every: 500ms, for: 90ms, black hole: w -> a }",
    ];
    for guards in guards {
        for fault in faults {
            let text = one_section_a_line(&format!(
                "run: {{ duration: 10s, drain: 30s }}
                 regions: {{ us: {{ eu: 20ms }}, eu: {{}} }}
                 workloads: {{ w: {{ to: a, region: us, arrivals: poisson 100/s }} }}
                 services: {{ a: {{ instances: 2, regions: [us, eu], threads: 50, handle: [ {{ parallel: [ [ {{ call: b, on failure: ignore }} ], [ {{ work: 10ms }} ] ] }} ] }}, b: {{ instances: 2, regions: [eu, us], threads: 50, handle: [ {{ work: exponential 30ms }} ] }} }}
                 calls: {{ w -> a: {{ {guards} }}, a -> b: {{ {guards} }} }}
                 faults: [ {fault} ]"
            ));
            let loaded = load_text(&text, &[]);
            let finished = run(&crate::running::blueprint(&loaded));
            let web = &finished.summary.workloads[0];
            let failed: u64 = web.failed.values().sum();
            assert_eq!(web.offered, web.ok + web.degraded + failed, "{guards} {fault}");
            assert!(finished.system.is_drained(), "{guards} {fault}");
        }
    }
}

/// Who gives a deadline sees it pass, whichever of the two clocks is read first.
#[test]
fn a_deadline_that_was_passed_on_is_a_timeout_to_its_client() {
    for latency in ["0ms", "1ms"] {
        for handle in ["work: 1s", "call: b", "call: b, on failure: fail later"] {
            let finished = run_sections(
                &format!(
                    "run: {{ duration: 10s, drain: 10s }}
                     workloads: {{ w: {{ to: a, arrivals: constant 10/s }} }}
                     services: {{ a: {{ threads: 1000, handle: [ {{ {handle} }}, {{ work: 1ms }} ] }}, b: {{ threads: 1000, handle: [ {{ work: 1s }} ] }} }}
                     calls: {{ w -> a: {{ timeout: 250ms, propagate deadline: true, latency: {latency} }}, a -> b: {{ propagate deadline: true }} }}"
                ),
                &[],
            );
            let web = &finished.summary.workloads[0];
            assert_eq!(
                web.failed.get("timeout"),
                Some(&99),
                "{latency} {handle}: {:?}",
                web.failed
            );
        }
    }
}

/// A paused process answers nothing, not even that a request has waited for too long: whoever waits
/// hears of it when the pause is over, or gives up before.
#[test]
fn a_paused_instance_does_not_answer_that_a_wait_was_too_long() {
    let run = |timeout: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 20s, drain: 30s }}
                 workloads: {{ w: {{ to: a, arrivals: constant 1/s }} }}
                 services: {{ a: {{ threads: {{ max: 1, max wait: 2500ms }}, handle: [ {{ work: 1900ms }} ] }} }}
                 calls: {{ w -> a: {{ {timeout} }} }}
                 faults: [ {{ at: 3500ms, for: 10s, pause: a }} ]"
            ),
            &[],
        )
    };
    let patient = run("");
    let series = &patient.system.recorder().workloads()[Id::new(0)].series.ended;
    let ends = |second: usize| series[second].iter().sum::<u32>();
    assert_eq!((4..13).map(ends).sum::<u32>(), 0, "{series:?}");
    assert!(ends(13) > 0, "it goes on at 13.5 s");
    let hasty = run("timeout: 5s");
    assert!(ended(&hasty, "w -> a", "timeout") >= 6);
}
