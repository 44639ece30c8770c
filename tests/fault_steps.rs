//! Faults that strike chosen instances, and leave them one by one.

use sim_experiments::Trial;
use sim_models::observe::Change;
use sim_models::system::{Blueprint, Id};

use crate::running::{blueprint, load_text, one_section_a_line, run};

/// Ten instances in turn, a hundred requests a second: each gets ten.
fn text(fault: &str) -> String {
    one_section_a_line(&format!(
        "run: {{ duration: 60s, drain: 5s }}
         workloads: {{ web: {{ to: api, arrivals: constant 100/s }} }}
         services: {{ api: {{ instances: 10, threads: 50, handle: [ {{ work: 1ms }} ] }} }}
         faults: [ {fault} ]"
    ))
}

fn problems(fault: &str) -> Vec<String> {
    let loaded = load_text(&text(fault), &[]);
    loaded.problems.into_iter().map(|problem| problem.message).collect()
}

/// The failures of a whole run.
fn failed(fault: &str) -> u64 {
    let finished = run(&blueprint(&load_text(&text(fault), &[])));
    finished.summary.workloads[0].failed.values().sum()
}

/// The instances that are struck at an instant, by numbers from 1.
fn struck_at(blueprint: &Blueprint, seconds: u64) -> Vec<u32> {
    let now = sim_core::SimTime::from_secs(seconds);
    let in_force = blueprint.faults.iter().filter(|fault| fault.begin <= now && now < fault.end);
    let mut struck: Vec<u32> =
        in_force.flat_map(|fault| fault.instances.iter().map(Id::number)).collect();
    struck.sort_unstable();
    struck.iter().map(|instance| instance + 1).collect()
}

fn told(fault: &str) -> Vec<String> {
    told_of(&text(fault))
}

fn told_of(text: &str) -> Vec<String> {
    let finished = run(&blueprint(&load_text(text, &[])));
    let moments = finished.timeline.iter().filter_map(|moment| {
        let at = moment.at.as_secs_f64();
        match &moment.change {
            Change::FaultBegins { target, effect, lasts } => {
                let lasts = lasts.map_or("for ever".to_owned(), |lasts| format!("for {lasts}"));
                Some(format!("{at} {target} {effect}, {lasts}"))
            }
            Change::FaultEnds { target, effect } => Some(format!("{at} {target} {effect}: over")),
            _ => None,
        }
    });
    moments.collect()
}

#[test]
fn instances_are_numbered_from_one_and_both_ends_are_in() {
    let struck = |instances: &str| {
        let fault = format!("{{ at: 10s, for: 10s, crash: api, instances: {instances} }}");
        struck_at(&blueprint(&load_text(&text(&fault), &[])), 15)
    };
    assert_eq!(struck("4 to 6"), [4, 5, 6]);
    assert_eq!(struck("1 to 10"), (1..=10).collect::<Vec<u32>>());
    assert_eq!(struck("7 to 7"), [7]);
    assert_eq!(struck("3"), [1, 2, 3]);
    assert_eq!(struck("25%"), [1, 2, 3]);
    assert_eq!(struck("[1, 3, 10]"), [1, 3, 10]);
    assert_eq!(struck("[7]"), [7]);
}

/// Each instance that is gone fails ten requests a second: the sum over time of those that are gone
/// times ten, exactly.
#[test]
fn each_failure_is_that_of_an_instance_that_is_gone() {
    let crash = |more: &str| failed(&format!("{{ at: 10s, for: 20s, crash: api{more} }}"));
    assert_eq!(crash(", instances: 4 to 6"), 3 * 20 * 10);
    assert_eq!(crash(", instances: [2, 4, 9]"), 3 * 20 * 10);
    // Released at 30, 32 and 34 s.
    assert_eq!(crash(", instances: 4 to 6, end: one every 2s"), (20 + 22 + 24) * 10);
    // Struck at 10, 12 and 14 s.
    assert_eq!(crash(", instances: 4 to 6, begin: one every 2s"), (20 + 18 + 16) * 10);
    assert_eq!(crash(", begin: 5 every 4s, end: 2 every 1s"), {
        let begins = [0, 0, 0, 0, 0, 4, 4, 4, 4, 4];
        let ends = [20, 20, 21, 21, 22, 22, 23, 23, 24, 24];
        begins.iter().zip(ends).map(|(begin, end)| (end - begin) * 10).sum::<u64>()
    });
}

#[test]
fn every_kind_that_strikes_instances_does_so_step_by_step() {
    for kind in [
        "crash: api",
        "pause: api",
        "slow: api, by: 2x",
        "errors: api, rate: 50%",
        "refuse: api",
        "lose threads: api, count: 3",
    ] {
        let fault = format!(
            "{{ at: 10s, for: 10s, {kind}, instances: 8 to 10, begin: one every 3s, end: one every 5s }}"
        );
        let blueprint = blueprint(&load_text(&text(&fault), &[]));
        let over_time = [9, 10, 13, 16, 19, 20, 25, 29, 30].map(|at| struck_at(&blueprint, at));
        let expected: [&[u32]; 9] =
            [&[], &[8], &[8, 9], &[8, 9, 10], &[8, 9, 10], &[9, 10], &[10], &[10], &[]];
        assert_eq!(over_time.each_ref().map(Vec::as_slice), expected, "{kind}");
        let finished = run(&blueprint);
        assert_eq!(finished.summary.workloads[0].in_flight, 0, "{kind}");
    }
}

#[test]
fn the_timeline_tells_of_all_steps_in_one_line_each() {
    assert_eq!(
        told("{ at: 10s, for: 20s, crash: api, instances: 4 to 6, end: one every 2s }"),
        ["10 api#4–6 crashed, for 20s", "34 api#4–6 crashed, one every 2s: over"]
    );
    assert_eq!(
        told("{ at: 10s, pause: api, begin: 2 every 3s }"),
        ["10 api paused, 2 every 3s, for ever"]
    );
    assert_eq!(
        told("{ at: 10s, for: 5s, crash: api, instances: [2, 4, 5] }"),
        ["10 api#2, 4–5 crashed, for 5s", "15 api#2, 4–5 crashed: over"]
    );
    assert_eq!(
        told("{ at: 10s, for: 5s, crash: api, instances: 7 to 7, end: one every 2s }"),
        ["10 api#7 crashed, for 5s", "15 api#7 crashed: over"]
    );
    assert_eq!(
        told("{ at: 10s, for: 5s, every: 20s, crash: api, instances: 1 to 2, end: one every 2s }")
            .len(),
        6,
        "a repeated fault is told each time"
    );
}

#[test]
fn instances_and_paces_that_cannot_be_are_errors() {
    let crash = |more: &str| problems(&format!("{{ at: 10s, crash: api, {more} }}"));
    let absent = |number: u32| format!("`api` has 10 instances, so there is no instance {number}");
    assert_eq!(crash("instances: 11 to 20"), [absent(11)]);
    assert_eq!(crash("instances: 9 to 4000000000"), [absent(4_000_000_000)]);
    assert_eq!(crash("instances: 0 to 3"), [absent(0)]);
    assert_eq!(crash("instances: [1, 0]"), [absent(0)]);
    assert_eq!(crash("instances: [1, 11]"), [absent(11)]);
    assert_eq!(crash("instances: [2, 3, 2]"), ["instance 2 is listed twice"]);
    assert_eq!(crash("instances: []"), ["this fault strikes no instance"]);
    assert_eq!(crash("instances: 0%"), ["this fault strikes no instance"]);
    assert_eq!(crash("instances: 6 to 4"), ["`6 to 4` runs backwards"]);
    assert_eq!(crash("instances: 4-6"), ["`4-6` does not say which instances"]);
    assert_eq!(crash("instances: 11"), ["`api` has 10 instances, so this fault cannot strike 11"]);
    assert_eq!(crash("end: one every 30s"), ["this fault never ends"]);
    assert_eq!(
        crash("for: 10s, begin: one every 5s"),
        ["this fault leaves an instance before it has struck it"]
    );
    assert_eq!(crash("for: 10s, begin: 0 every 5s"), ["`0 every 5s`: a pace is above zero"]);
    assert_eq!(
        crash("for: 10s, every: 20s, end: one every 5s"),
        ["this fault begins again before it is over"]
    );
    assert_eq!(
        problems(
            "{ slow: web -> api, adding: 2ms, instances: 1 to 2, end: one every 1s, for: 1s }"
        ),
        ["a call has no instances"; 2]
    );
}

/// The end of the fault in a sentence is the instant at which it leaves the last instance.
#[test]
fn a_fault_lasts_until_it_has_left_the_last_instance() {
    let fault = "{ at: 10s, for: 20s, crash: api, instances: 4 to 6, end: one every 2s }";
    let text = text(fault)
        + "\nexpect: [ error rate of web is at most 0% after fault, error rate of web is above 0% during fault, fault ends once ]";
    let trial = Trial::of(&blueprint(&load_text(&text, &[])));
    let held: Vec<bool> = trial.verdicts.iter().map(|verdict| verdict.holds).collect();
    assert_eq!(held, [true, true, true]);
}

/// Four instances are there from the beginning and ten from 40 s on.
#[test]
fn shares_draws_and_paces_are_over_the_instances_that_are_there() {
    let text = |more: &str| {
        text("").replace("instances: 10", "instances: 4").replace("faults: [  ]", more).replace(
            "operator: [",
            "operator: [ { at: 40s, set: { services.api.instances: 10 } }, ",
        )
    };
    let told = |fault: &str| told_of(&text(&format!("faults: [ {fault} ]\noperator: [ ]")));
    assert_eq!(
        told("{ at: 10s, for: 5s, crash: api, begin: one every 2s, end: one every 2s }"),
        ["10 api#1–4 crashed, one every 2s, for 5s", "21 api#1–4 crashed, one every 2s: over"]
    );
    assert_eq!(
        told("{ at: 10s, for: 5s, crash: api, instances: 50% }"),
        ["10 api#1–2 crashed, for 5s", "15 api#1–2 crashed: over"]
    );
    assert_eq!(
        told("{ at: 41s, for: 5s, crash: api, instances: 50% }"),
        ["41 api#1–5 crashed, for 5s", "46 api#1–5 crashed: over"]
    );
    assert_eq!(
        told("{ at: 10s, for: 5s, crash: api, instances: 100% at random }"),
        ["10 api#1–4 crashed, for 5s", "15 api#1–4 crashed: over"],
        "all that are there"
    );
    let deploy = told("{ at: 10s, deploy: api, each: 5s }");
    assert_eq!(deploy.last().map(String::as_str), Some("30 api#4 restarted: over"), "{deploy:?}");
    let restart = "{ at: 10s, restart: api, for: 5s, begin: one every 2s, end: one every 2s }";
    let restart = told_of(&text(&format!("operator: [ {restart} ]")));
    assert_eq!(
        restart.last().map(String::as_str),
        Some("21 api#1–4 restarted, one every 2s: over")
    );
    let slow = told("{ at: 10s, slow: api, to: 1s }");
    assert_eq!(slow, ["10 api slow: takes 1s, for ever"], "what is added later is struck too");
    let strange =
        text("faults: [ { at: 10s, crash: api, instances: 5 at random } ]\noperator: [ ]");
    let problems = load_text(&strange, &[]).problems;
    let messages: Vec<&str> = problems.iter().map(|problem| &*problem.message).collect();
    assert_eq!(messages, ["`api` has 4 instances then, so this fault cannot strike 5"]);
}

/// Three of ten instances refuse ten requests a second each, for ten seconds, whichever they are.
#[test]
fn victims_are_drawn_for_each_replication() {
    let text = text("{ at: 20s, for: 10s, crash: api, instances: 3 at random }");
    let blueprint = blueprint(&load_text(&text, &[]));
    let struck = |replication| {
        let watch = sim_experiments::Unattended { jobs: 1 };
        let finished = sim_experiments::run(&blueprint, replication, &watch);
        assert_eq!(finished.summary.workloads[0].failed.values().sum::<u64>(), 300);
        let begins = finished.timeline.iter().find_map(|moment| match &moment.change {
            Change::FaultBegins { target, .. } => Some(target.clone()),
            _ => None,
        });
        begins.expect("the fault is in the timeline")
    };
    let drawn: Vec<String> = (0..20).map(struck).collect();
    assert_eq!(drawn[7], struck(7), "the same replication has the same victims");
    let mut different = drawn.clone();
    different.sort();
    different.dedup();
    assert!(different.len() > 10, "{drawn:?}");
    assert!(drawn.iter().all(|it| it.starts_with("api#") && it != "api#1–3"), "{drawn:?}");
}
