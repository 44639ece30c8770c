//! Sessions of users that a failed request ends, and surges of users.

use sim_experiments::Finished;

use crate::running::{call, load_text, one_section_a_line, run_sections};

fn calls(finished: &Finished, edge: &str) -> u64 {
    call(finished, edge).calls
}

/// A hundred users log in and then load a page each second; the page is gone for a moment at
/// 11 s.
fn hundred_users(on_failure: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 30s, drain: 10s }}
             workloads: {{ web: {{ operations: {{ look: {{ steps: [ {{ call: page }}, {{ call: extras }} ] }} }}, users: 100, think: 1s{on_failure}, begin: [ {{ call: auth }} ] }} }}
             services: {{ auth: {{ handle: [ {{ work: 7ms }} ] }}, page: {{ handle: [ {{ work: 11ms }} ] }}, extras: {{ handle: [ {{ work: 13ms }} ] }} }}
             faults: [ {{ at: 11s, for: 700ms, crash: page }} ]"
        ),
        &[],
    )
}

/// Everyone does the same at the same time, so the crash fails one request of each.
#[test]
fn each_user_whose_request_failed_logs_in_again_once() {
    let plain = hundred_users("");
    let failed = |finished: &Finished| finished.summary.workloads[0].failed.values().sum::<u64>();
    assert_eq!((calls(&plain, "web -> auth"), failed(&plain)), (100, 100));
    assert_eq!(
        calls(&plain, "web -> extras"),
        calls(&plain, "web -> page"),
        "users go on after a failure"
    );

    let again = hundred_users(", on failure: { begin again after: 2s }");
    assert_eq!(failed(&again), 100, "after two seconds the page is back");
    assert_eq!(calls(&again, "web -> auth"), 100 + failed(&again));
    assert_eq!(
        calls(&again, "web -> extras") + failed(&again),
        calls(&again, "web -> page"),
        "the rest of an iteration is left out"
    );
    assert_eq!(again.summary.workloads[0].in_flight, 0);
}

/// Users never fetch anything in a crash that lasts: each goes on logging in, at the pace of its
/// pause, and nobody is there twice.
#[test]
fn a_session_whose_beginning_fails_begins_again() {
    let finished = run_sections(
        "run: { duration: 100s, drain: 10s }
         workloads: { web: { to: page, users: 10, think: 1s, on failure: { begin again after: 1s }, begin: [ { call: auth } ] } }
         services: { auth: { handle: [ { work: 250ms }, { fail: 100% } ] }, page: { handle: [ { work: 1ms } ] } }",
        &[],
    );
    assert_eq!(calls(&finished, "web -> auth"), 10 * 80);
    assert_eq!(calls(&finished, "web -> page"), 0);
}

#[test]
fn a_degraded_answer_is_no_failure() {
    let finished = run_sections(
        "run: { duration: 20s, drain: 1s }
         workloads: { web: { to: page, users: 5, think: 1s, on failure: { begin again after: 1s }, begin: [ { call: auth } ] } }
         services: { auth: { handle: [ { work: 1ms } ] }, page: { handle: [ { call: rest, on failure: degrade } ] }, rest: { handle: [ { fail: 100% } ] } }",
        &[],
    );
    assert_eq!(calls(&finished, "web -> auth"), 5);
}

/// Without failures, or with sessions that nothing ends, the draws are the same.
#[test]
fn sessions_that_never_fail_are_as_if_there_were_none() {
    let fingerprint = |on_failure: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 60s, seed: 5 }}
                 workloads: {{ web: {{ to: page, users: 20, think: exponential 1s{on_failure} }} }}
                 services: {{ page: {{ handle: [ {{ work: exponential 20ms }} ] }} }}"
            ),
            &[],
        )
        .summary
        .fingerprint
    };
    assert_eq!(fingerprint(", on failure: { begin again after: 1s }"), fingerprint(""));
}

/// Little's law for users without think time: throughput × 100 ms are the users.
#[test]
fn a_surge_multiplies_users_while_it_lasts() {
    let finished = run_sections(
        "run: { duration: 100s }
         workloads: { web: { to: page, users: 6 } }
         services: { page: { handle: [ { work: 100ms } ] } }
         faults: [ { at: 20s, for: 30s, surge: web, by: 2.5x } ]",
        &[],
    );
    let ok = finished.summary.workloads[0].ok;
    // 6 users for 70 s and 15 for 30 s, ten answers a second each.
    assert_eq!(ok, 6 * 10 * 70 + 15 * 10 * 30);
}

/// A surge that grows brings its users one by one.
#[test]
fn a_surge_of_users_has_a_shape() {
    let started = |fault: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 61s }}
                 workloads: {{ web: {{ to: page, users: 10, think: 1000s, begin: [ {{ call: auth }} ] }} }}
                 services: {{ auth: {{ handle: [ {{ work: 1ms }} ] }}, page: {{ handle: [ {{ work: 1ms }} ] }} }}
                 faults: [ {fault} ]"
            ),
            &[],
        )
    };
    let calls_until = |fault: &str| calls(&started(fault), "web -> auth");
    assert_eq!(calls_until("{ at: 10s, surge: web, by: 3x }"), 30);
    assert_eq!(calls_until("{ at: 10s, surge: web, by: 3x, ramp: 100s }"), 10 + 10);
    // The fifth would come in the instant in which it ends.
    assert_eq!(calls_until("{ at: 10s, for: 25s, surge: web, by: 3x, ramp: 100s }"), 10 + 4);
    assert_eq!(calls_until("{ at: 10s, surge: web, by: 0.5x }"), 10);
}

#[test]
fn sessions_that_cannot_be_read_are_errors() {
    let problems = |on_failure: &str| -> Vec<String> {
        let text = format!(
            "workloads: {{ web: {{ to: api, users: 2, on failure: {on_failure} }} }}
             services: {{ api: {{ handle: [ {{ work: 1ms }} ] }} }}
             calls: {{ web -> api: {{ latency: 1ms }} }}"
        );
        let loaded = load_text(&one_section_a_line(&text), &[]);
        loaded.problems.into_iter().map(|problem| problem.message).collect()
    };
    assert_eq!(problems("begin again"), [""; 0]);
    assert_eq!(problems("{ begin again after: exponential 2s }"), [""; 0]);
    assert_eq!(problems("begin agian"), ["`begin agian` means nothing here"]);
    assert_eq!(problems("{ begin again after: 2 }"), ["`2` has no unit"]);
    assert_eq!(problems("{ after: 2s }").len(), 2, "an unknown key and a missing one");
}

/// Without time between a failure and the next request, a failed request fails again in the same
/// instant.
#[test]
fn beginning_again_at_once_over_a_network_that_takes_no_time_is_a_warning() {
    let problems = |settings: &[&str]| -> usize {
        let text = "workloads: { web: { to: api, users: 2, think: 1s, on failure: begin again } }
             services: { api: { handle: [ { work: 1ms } ] } }";
        load_text(&one_section_a_line(text), settings).problems.len()
    };
    assert_eq!(problems(&[]), 1);
    assert_eq!(problems(&["calls={ web -> api: { latency: 1ms } }"]), 0);
    assert_eq!(problems(&["workloads.web.on failure={ begin again after: 1s }"]), 0);
}
