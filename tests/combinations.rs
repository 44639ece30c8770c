//! Every policy of a balancer together with everything that can stand beside it: slow start, zones,
//! ejection, health checks, autoscaling. What all of them must keep, whatever they are.

use sim_experiments::Finished;
use sim_models::Outcome;
use sim_models::observe::{Change, InstanceChange};
use sim_models::scenario::Severity;

use crate::running::{blueprint, load_text, one_section_a_line, run};
use sim_models::system::Id;

const POLICIES: [&str; 7] = [
    "policy: round robin",
    "policy: random",
    "policy: least outstanding",
    "policy: power of two",
    "policy: weighted, weights: [1, 1, 1, 1]",
    "policy: peak ewma",
    "policy: consistent hash",
];
const SLOW_STARTS: [&str; 2] = ["", ", slow start: { window: 10s }"];
/// Beside a balancer, and beside the two services.
const ZONES: [[&str; 2]; 3] =
    [["", ""], [", zones: 2", ""], [", zones: 2", ", regions: [ eu, us ]"]];
const WATCHES: [&str; 3] = [
    "",
    ", health check: { interval: 1s, unhealthy threshold: 1, healthy threshold: 1 }",
    ", outlier detection: { consecutive_5xx: 5, interval: 1s, base_ejection_time: 60s, max_ejection_percent: 50 }",
];
const SCALERS: [&str; 2] =
    ["", ", autoscale: { min: 3, from: 3, target: 90%, every: 1s, start-up: 0s, on: slots }"];

/// A system, and the number of instances of `b` that run in it.
struct System {
    text: String,
    running: usize,
    is_refused: bool,
    is_watched: bool,
    policy: &'static str,
}

fn all(faults: &str) -> Vec<System> {
    let mut systems = Vec::new();
    for policy in POLICIES {
        for slow_start in SLOW_STARTS {
            for [zones, regions] in ZONES {
                for watch in WATCHES {
                    for scaler in SCALERS {
                        let text = one_section_a_line(&format!(
                            "run: {{ duration: 20s }}
                             regions: {{ us: {{ eu: 5ms }}, eu: {{}} }}
                             workloads: {{ web: {{ to: a, arrivals: poisson 200/s }} }}
                             services: {{ a: {{ instances: 2, handle: [ {{ call: b }} ] {regions} }}, b: {{ instances: 4, threads: 50, handle: [ {{ work: 20ms }} ] {regions} {scaler} }} }}
                             calls: {{ a -> b: {{ timeout: 1s, balance: {{ {policy} {slow_start} {zones} {watch} }} }} }}
                             faults: [ {faults} ]"
                        ));
                        systems.push(System {
                            text,
                            running: if scaler.is_empty() { 4 } else { 3 },
                            is_refused: policy.contains("hash") && !slow_start.is_empty(),
                            is_watched: !watch.is_empty(),
                            policy,
                        });
                    }
                }
            }
        }
    }
    systems
}

fn run_if_accepted(system: &System) -> Option<Finished> {
    let loaded = load_text(&system.text, &[]);
    let errors: Vec<_> =
        loaded.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    if system.is_refused {
        let [error] = errors[..] else { panic!("{}: {:?}", system.text, loaded.problems) };
        assert!(error.message.contains("has no slow start"), "{}", error.message);
        assert!(error.help.as_deref().is_some_and(|help| help.contains("leave `slow start` out")));
        let at = error.at.expect("it has a place");
        assert_eq!(&system.text[at.start..at.end], "slow start", "{}", system.text);
        return None;
    }
    assert!(errors.is_empty(), "{}: {errors:?}", system.text);
    Some(run(&blueprint(&loaded)))
}

fn granted(finished: &Finished) -> Vec<u64> {
    let pools = finished.summary.pools.iter();
    pools.filter(|pool| pool.owner.starts_with("b#")).map(|pool| pool.granted).collect()
}

#[test]
fn instances_that_are_alike_get_alike_and_those_that_are_not_there_get_nothing() {
    for system in all("") {
        let Some(finished) = run_if_accepted(&system) else { continue };
        let granted = granted(&finished);
        let (there, others) = granted.split_at(system.running);
        assert!(others.iter().all(|calls| *calls == 0), "{}: {granted:?}", system.text);
        let all: u64 = there.iter().sum();
        assert!((3_700..4_300).contains(&all), "{}: {granted:?}", system.text);
        // With three instances, one of the two zones has two and the other one.
        let has_zones = system.text.contains("zones: 2");
        let expected: Vec<f64> = match (system.running, has_zones) {
            (3, true) => vec![0.25, 0.5, 0.25],
            (running, _) => vec![1.0 / running as f64; running],
        };
        for (calls, share) in there.iter().zip(expected) {
            let expected = all as f64 * share;
            // Points on a ring are spread by chance as well, 160 for each instance.
            let ring = if system.policy.contains("hash") { 0.3 * expected } else { 0.0 };
            let allowed = ring + 4.5 * (expected * (1.0 - share)).sqrt();
            let off = (*calls as f64 - expected).abs();
            assert!(off <= allowed, "{}: {granted:?}, expected {expected}", system.text);
        }
    }
}

#[test]
fn nothing_goes_to_an_instance_that_is_known_to_be_down_or_is_ejected() {
    let crash = "{ at: 5s, crash: b, instances: 1 }";
    for system in all(crash) {
        let Some(finished) = run_if_accepted(&system) else { continue };
        let out = finished.timeline.iter().find_map(|moment| match &moment.change {
            Change::Instance {
                instance,
                change: InstanceChange::Down | InstanceChange::Ejected(_),
                ..
            } => {
                assert_eq!(instance, "b#1", "{}", system.text);
                Some(moment.at)
            }
            _ => None,
        });
        assert_eq!(out.is_some(), system.is_watched, "{}", system.text);
        let series = &finished.system.recorder().workloads()[Id::new(0)].series;
        let failed = |second: usize| {
            let ended = series.ended[second].iter().sum::<u32>();
            ended - series.ended[second][Outcome::Ok as usize]
        };
        // Requests that were there when it crashed fail in the same second.
        let from = out.map_or(20, |at| at.as_nanos() as usize / 1_000_000_000 + 1);
        assert!(!system.is_watched || from <= 8, "{}: out at {from} s", system.text);
        for second in from..20 {
            assert_eq!(failed(second), 0, "{}: second {second}", system.text);
        }
    }
}
