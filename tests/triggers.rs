//! Faults that begin when a condition is met.

use sim_models::observe::Change;

use crate::running::{blueprint, load_text, one_section_a_line, run};

/// Ten messages a second pile up: at second k, 10k − 1 have been sent before the interval ends.
fn text(fault: &str) -> String {
    one_section_a_line(&format!(
        "run: {{ duration: 30s, drain: 5s }}
         workloads: {{ feed: {{ to: sender, arrivals: constant 10/s }}, web: {{ to: api, arrivals: constant 10/s }} }}
         services: {{ sender: {{ handle: [ {{ send: jobs }} ] }}, api: {{ instances: 2, threads: 8, handle: [ {{ work: 120ms }} ] }} }}
         queues: {{ jobs: {{}} }}
         calls: {{ web -> api: {{ timeout: 1s, latency: 1ms }} }}
         faults: [ {fault} ]"
    ))
}

fn fingerprint(fault: &str) -> String {
    run(&blueprint(&load_text(&text(fault), &[]))).summary.fingerprint
}

fn told(fault: &str) -> Vec<String> {
    let finished = run(&blueprint(&load_text(&text(fault), &[])));
    let moments = finished.timeline.iter().filter_map(|moment| {
        let at = moment.at.as_secs_f64();
        match &moment.change {
            Change::FaultBegins { target, effect, .. } => Some(format!("{at} {target} {effect}")),
            Change::FaultEnds { target, effect } => Some(format!("{at} {target} {effect}: over")),
            _ => None,
        }
    });
    moments.collect()
}

const AT_THREE_SECONDS: &str = "when: depth of queue jobs is above 28";

#[test]
fn a_fault_begins_in_the_second_in_which_its_condition_is_first_met() {
    let fault = format!("{{ {AT_THREE_SECONDS}, for: 5s, crash: api }}");
    assert_eq!(
        told(&fault),
        ["3 api crashed when depth of queue jobs is above 28", "8 api crashed: over"]
    );
    let finished = run(&blueprint(&load_text(&text(&fault), &[])));
    let failed: u64 = finished.summary.workloads[1].failed.values().sum();
    // 50 arrive in those five seconds, the last of them on the network when it ends; two were at
    // work when it began, and another on the network.
    let at_three = run(&blueprint(&load_text(&text("{ at: 3s, for: 5s, crash: api }"), &[])));
    assert_eq!(failed, at_three.summary.workloads[1].failed.values().sum::<u64>());
    assert!((50..=52).contains(&failed), "{failed}");
    let later = "{ when: depth of queue jobs is above 29, for: 5s, crash: api }";
    assert!(told(later)[0].starts_with("4 api crashed"), "29 messages are not above 29");
}

/// Whatever counts from the beginning of a fault counts from its trigger: with all of its shape, it
/// is the fault that begins at that time.
#[test]
fn a_triggered_fault_is_the_same_as_one_at_that_time() {
    for fault in [
        "for: 5s, crash: api",
        "crash: api, instances: 2 to 2",
        "for: 5s, crash: api, begin: one every 2s, end: one every 3s",
        "for: 10s, slow: api, by: 5x, ramp: 4s",
        "for: 10s, slow: api, adding: 100ms, ramp: 4s",
        "for: 10s, slow: api, to: exponential 50ms, ramp: 4s",
        "for: 10s, slow: web -> api, adding: 30ms, ramp: 4s",
        "for: 10s, errors: api, rate: 80%, ramp: 4s",
        "for: 10s, lose threads: api, count: 8, ramp: 5s",
        "for: 10s, pause: api",
        "for: 10s, black hole: web -> api",
        "deploy: api, each: 5s, cold: 4x, warm-up: 6s",
    ] {
        let triggered = fingerprint(&format!("{{ {AT_THREE_SECONDS}, {fault} }}"));
        assert_eq!(triggered, fingerprint(&format!("{{ at: 3s, {fault} }}")), "{fault}");
    }
}

#[test]
fn a_condition_that_is_never_met_changes_nothing() {
    let fault = "{ when: depth of queue jobs is above 1000, for: 5s, crash: api }";
    let loaded = load_text(&text(fault), &[]);
    assert_eq!(loaded.problems, []);
    assert_eq!(told(fault), [""; 0]);
    assert_eq!(fingerprint(fault), fingerprint(""));
}

#[test]
fn a_trigger_acts_once() {
    // The pause makes the error rate rise again and again; the fault comes once.
    let fault = "{ when: load of web is above 5/s, for: 2s, crash: api }";
    assert_eq!(told(fault).len(), 2);
}

#[test]
fn triggers_that_cannot_be_are_errors_with_their_places() {
    let problems = |fault: &str| {
        let loaded = load_text(&text(fault), &[]);
        assert!(loaded.problems.iter().all(|problem| problem.at.is_some()), "{fault}");
        loaded.problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
    };
    let with = |condition: &str| problems(&format!("{{ when: {condition}, crash: api }}"));
    assert_eq!(with("depth of queue jobs is above 28"), [""; 0]);
    assert_eq!(with("depth of queue job is above 28").len(), 1);
    assert_eq!(with("dept of queue jobs is above 28").len(), 1);
    assert_eq!(with("depth of queue jobs is above").len(), 1);
    assert_eq!(with("p90 of web is above 1s").len(), 1, "p90 is not kept for each interval");
    assert_eq!(
        problems(&format!("{{ at: 1s, {AT_THREE_SECONDS}, crash: api }}")),
        ["this fault begins at a time and when a condition is met"]
    );
    assert_eq!(
        problems(&format!("{{ {AT_THREE_SECONDS}, for: 1s, every: 3s, crash: api }}")),
        ["a fault that a condition begins does not repeat"]
    );
    assert_eq!(
        problems(&format!("{{ {AT_THREE_SECONDS}, surge: web, by: 2x }}")),
        ["a surge cannot wait for a condition"]
    );
}

#[test]
fn a_sentence_about_a_fault_whose_time_nobody_knows_is_an_error() {
    let with = |faults: &str| -> Vec<String> {
        let text = text(faults) + "\nexpect: [ availability of web is above 10% during fault ]";
        load_text(&text, &[]).problems.into_iter().map(|problem| problem.message).collect()
    };
    let triggered = format!("{{ {AT_THREE_SECONDS}, for: 5s, crash: api }}");
    let unknown = "nobody knows before the run when this fault begins";
    assert_eq!(with(&triggered), [unknown]);
    assert_eq!(with(&format!("{{ at: 1s, for: 5s, slow: api, by: 2x }}, {triggered}")), [""; 0]);
}
