//! Autoscaling: the numbers that Kubernetes' controller would arrive at, and figures of services
//! whose instances come and go.

use sim_experiments::{Finished, Trial};
use sim_models::observe::Change;

use crate::running::{blueprint, load_text, one_section_a_line, pool, run, run_sections};

/// The times in seconds at which the number of instances changed, and the number.
fn scalings(finished: &Finished) -> Vec<(f64, u32)> {
    let scaled = finished.timeline.iter().filter_map(|moment| match &moment.change {
        Change::Scaled { to, .. } => Some((moment.at.as_secs_f64(), *to)),
        _ => None,
    });
    // Instances that are ready at one instant are one change.
    let mut changes: Vec<(f64, u32)> = Vec::new();
    for (at, to) in scaled {
        changes.retain(|(before, _)| *before != at);
        changes.push((at, to));
    }
    changes
}

/// A hundred requests a second that take 100 ms each: ten slots in use.
fn ten_busy(autoscale: &str) -> Finished {
    run_sections(&system_with_ten_busy(autoscale, ""), &[])
}

fn system_with_ten_busy(autoscale: &str, rest: &str) -> String {
    one_section_a_line(&format!(
        "run: {{ duration: 100s }}
         workloads: {{ w: {{ to: a, arrivals: constant 100/s }} }}
         services: {{ a: {{ instances: 50, threads: 10, handle: [ {{ work: 100ms }} ], autoscale: {{ min: 2, every: 15s, {autoscale} }} }} }}
         {rest}"
    ))
}

#[test]
fn it_adds_four_or_doubles_every_fifteen_seconds() {
    // Ten slots of ten instances at 10 %; the default of Kubernetes gets there in two steps.
    let of = |rest: &str| scalings(&ten_busy(&format!("target: 10%, start-up: 0s, {rest}")));
    assert_eq!(of(""), [(15.0, 6), (30.0, 10)]);
    assert_eq!(of("scale up: no limit"), [(15.0, 10)]);
    assert_eq!(of("scale up: { percent: 50% }"), [(15.0, 3), (30.0, 5), (45.0, 8), (60.0, 10)]);
    assert_eq!(of("scale up: { pods: 3, every: 30s }"), [(15.0, 5), (45.0, 8), (75.0, 10)]);
    assert_eq!(of("scale up: { pods: 1, percent: 100% }"), [(15.0, 4), (30.0, 8), (45.0, 10)]);
    assert_eq!(of("scale up after: 40s"), [(60.0, 6), (75.0, 10)]);
}

#[test]
fn instances_that_start_are_not_asked_for_twice_and_go_first() {
    let finished = ten_busy("target: 10%, start-up: 30s, scale up: no limit");
    assert_eq!(scalings(&finished), [(45.0, 10)], "asked for once, at 15 s");
    // The load is gone at 20 s; half a minute later those that start are not needed.
    let brief = run_sections(
        "run: { duration: 5m }
         workloads: { w: { to: a, arrivals: { steps: [ { at: 0s, rate: 100/s }, { at: 20s, rate: 1/s } ] } } }
         services: { a: { instances: 50, threads: 10, handle: [ { work: 100ms } ], autoscale: { min: 2, target: 10%, every: 15s, start-up: 2m, scale down after: 30s } } }",
        &[],
    );
    assert_eq!(scalings(&brief), [], "taken away before they were ready");
}

#[test]
fn an_autoscaler_may_look_at_processors_and_at_queues() {
    // 100/s × 20 ms of computing = 2 processors; ceil(2 / (2 × 25 %)) = 4 instances. Slots are held
    // five times as long, and no matter.
    let cpu = run_sections(
        "run: { duration: 100s }
         workloads: { w: { to: a, arrivals: constant 100/s } }
         services: { a: { instances: 50, threads: 100, cpus: 2, handle: [ { work: 20ms }, { pause: 80ms } ], autoscale: { min: 2, on: cpu, target: 25%, start-up: 0s } } }",
        &[],
    );
    assert_eq!(scalings(&cpu), [(15.0, 4)]);
    // 100/s arrive, two deliveries of 100 ms at a time take 20/s away: 80 more wait each second,
    // 1 200 after 15 s, and a hundred of them for each instance are twelve.
    let queue = |each: u32| {
        scalings(&run_sections(
            &format!(
                "run: {{ duration: 16s }}
                 workloads: {{ w: {{ to: front, arrivals: constant 100/s }} }}
                 services: {{ front: {{ handle: [ {{ send: jobs }} ] }}, a: {{ instances: 50, threads: 10, handle: [ {{ work: 100ms }} ], autoscale: {{ min: 2, on: {{ queue: jobs, messages: {each} }}, scale up: no limit, start-up: 0s }} }} }}
                 queues: {{ jobs: {{ deliver to: a, concurrency: 2 }} }}"
            ),
            &[],
        ))
    };
    assert_eq!(queue(100), [(15.0, 12)]);
    assert_eq!(queue(400), [(15.0, 3)]);
    assert_eq!(queue(600), [], "two are enough");
    assert_eq!(queue(10), [(15.0, 50)], "the most there can be");
}

#[test]
fn figures_are_of_the_instances_that_run() {
    let text = system_with_ten_busy(
        "target: 50%, start-up: 0s",
        "alerts: { full: { when: utilization of a.threads over 10s is above 45% } }
         expect: [ utilization of a.threads is at least 49% from 50s to 90s, utilization of a.threads is at most 51% from 50s to 90s, busy of a.threads is at least 4.9, busy of a.threads is at most 5.1, capacity of a.threads is exactly 20 from 50s to 90s, alert full fires ]",
    );
    let plan = blueprint(&load_text(&text, &[]));
    let trial = Trial::of(&plan);
    assert!(trial.verdicts.iter().all(|verdict| verdict.holds), "{:?}", trial.verdicts);
    let finished = run(&plan);
    let (first, last) = (pool(&finished, "a#1"), pool(&finished, "a#50"));
    assert!(first.utilization.is_some_and(|it| (it - 0.5).abs() < 0.01), "{first:?}");
    assert_eq!((last.there, last.utilization), (Some(0.0), None));
}

/// Five seconds with two instances and the others with four: each is measured while it runs.
#[test]
fn an_instance_that_came_later_is_measured_from_then_on() {
    let finished = ten_busy("target: 25%, start-up: 0s, scale up: no limit");
    assert_eq!(scalings(&finished), [(15.0, 4)]);
    let third = pool(&finished, "a#3");
    assert!(third.there.is_some_and(|there| (there - 0.85).abs() < 1e-9), "{third:?}");
    assert!(third.utilization.is_some_and(|it| (it - 0.25).abs() < 0.01), "{third:?}");
    assert!((third.busy_mean - 2.5).abs() < 0.05, "{third:?}");
}

#[test]
fn every_mistake_of_an_autoscaler_has_a_message() {
    let errors = |service: &str, autoscale: &str| {
        let text = one_section_a_line(&format!(
            "run: {{ duration: 10s }}
             workloads: {{ w: {{ to: a, arrivals: constant 1/s }} }}
             services: {{ a: {{ instances: 4, {service} handle: [ {{ work: 1ms }} ], autoscale: {{ min: 1, start-up: 1s, {autoscale} }} }} }}
             queues: {{ jobs: {{ deliver to: a }} }}"
        ));
        let loaded = load_text(&text, &[]);
        assert!(loaded.problems.iter().all(|problem| problem.at.is_some()), "{text}");
        let is_accepted = loaded.blueprint.is_some();
        let messages: Vec<String> = loaded.problems.into_iter().map(|it| it.message).collect();
        if is_accepted { String::new() } else { messages.join("; ") }
    };
    for (service, autoscale, message) in [
        ("threads: 5,", "target: 50%", ""),
        ("threads: 5,", "on: slots, target: 50%", ""),
        ("cpus: 2,", "on: cpu, target: 50%", ""),
        ("", "on: { queue: jobs, messages: 10 }", ""),
        ("threads: 5,", "target: 50%, scale up: { pods: 1, percent: 250%, every: 1m }", ""),
        ("", "target: 50%", "this service has no limit"),
        ("threads: 5,", "on: slots", "`target` is missing"),
        ("threads: 5,", "on: cpu, target: 50%", "no processors of its own"),
        ("", "on: { queue: jbs, messages: 10 }", "there is no queue `jbs`"),
        ("", "on: { queue: jobs, messages: 0 }", "messages must be at least 1"),
        ("", "on: { queue: jobs }", "`messages` is missing"),
        ("", "on: { queue: jobs, messages: 10 }, target: 50%", "`target` means nothing"),
        ("threads: 5,", "on: memory, target: 50%", "`memory`"),
        ("threads: 5,", "target: 50%, scale up: { pods: 0 }", "pods must be at least 1"),
        ("threads: 5,", "target: 50%, scale up: { percent: 0% }", "not a percentage"),
        (
            "threads: 5,",
            "target: 50%, scale up: { pods: 2, every: 0s }",
            "0s is too short for something that comes again",
        ),
        ("threads: 5,", "target: 50%, scale up: { limit: no limit, pods: 2 }", "there is no limit"),
        ("threads: 5,", "target: 50%, scale up: fast", "`fast`"),
    ] {
        let got = errors(service, autoscale);
        let is_right = if message.is_empty() { got.is_empty() } else { got.contains(message) };
        assert!(is_right, "{service} {autoscale}: {got}");
    }
}
