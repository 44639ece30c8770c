//! Conditions with a probability: promises about all of them together.

use std::fmt::Write;

use sim_experiments::recommend::{Conclusion, Recommendation, Standing};
use sim_reports::recommend::{json, report};
use sim_reports::{Palette, diagnostics};

use super::{found, system};

/// Five erlangs, or eleven during the surge. The mean sojourn is S + C(c, a) S / (c - a): 53 ms with eight
/// servers at five erlangs, 55 ms with fourteen at eleven.
const SURGE: &str = "run: { duration: 2m, warmup: 10s }
    workloads: { web: { to: api, arrivals: poisson 100/s } }
    services: { api: { threads: 30, handle: [ { work: exponential 50ms } ] } }
    prices: { thread: 1 }
    goals: { settings: { services.api.threads: 5..40 }, conditions: { normal: {}, surge: { workloads.web.arrivals: poisson 220/s } }, limits: [ mean latency of web is below 57ms ], runs: 700 }";

fn with(probabilities: &str) -> Recommendation {
    let settings: &[&str] = if probabilities.is_empty() {
        &[]
    } else {
        &[&format!("goals.probabilities={probabilities}")]
    };
    found(SURGE, settings, 2)
}

fn threads(found: &Recommendation) -> f64 {
    found.advice[0].recommended.number
}

#[test]
fn a_condition_is_survived_unless_it_is_rarer_than_the_promise_allows() {
    let by_themselves = with("");
    let rare = with("{ normal: 99%, surge: 1% }");
    let common = with("{ normal: 80%, surge: 20% }");
    for found in [&by_themselves, &rare, &common] {
        assert_eq!(found.conclusion, Conclusion::Change);
    }
    assert_eq!(threads(&rare), 8.0);
    // Of a fifth of all runs, a quarter may be missed.
    assert_eq!((threads(&common), threads(&by_themselves)), (14.0, 15.0));

    let [together] = rare.together.as_slice() else { panic!("{:?}", rare.together) };
    assert_eq!(together.recommended.standing, Standing::Holds);
    assert!((together.recommended.kept - 0.99).abs() < 0.001, "{together:?}");
    assert!((0.93..0.99).contains(&together.recommended.at_least), "{together:?}");
    assert!(rare.limits.iter().all(|limit| limit.is_part));
    assert_eq!(rare.limits[1].recommended.kept.kept, 0, "the surge is not survived");
    assert!(by_themselves.together.is_empty());

    let text = report(&rare, "test", Palette::Plain);
    assert!(text.contains("normal 99.0%, surge 1.0%"), "{text}");
    assert!(text.contains("each as often as it occurs"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&json(&rare, "test")).expect("it is JSON");
    assert_eq!(json["together"][0]["conditions"][1]["probability"], 0.01);
    assert_eq!(json["probabilities"][0], 0.99);
}

/// The latency is the work, so the mean over the conditions is known.
#[test]
fn objectives_are_weighted_and_drills_are_not_part_of_them() {
    let text = "run: { duration: 20s }
        workloads: { web: { to: api, arrivals: constant 10/s } }
        services: { api: { threads: 5, handle: [ { work: 10ms } ] } }
        goals: { settings: { services.api.threads: 2..8 }, limits: [ availability of web is at least 99% ], minimize: [ mean latency of web ], conditions: { normal: {}, heavy: { 'services.api.handle[0].work': 60ms }, drill: { 'services.api.handle[0].work': 90ms } }, probabilities: { normal: 90%, heavy: 10% } }";
    let found = found(text, &[], 2);
    let (now, then) = found.objectives[0];
    assert!((now.expect("measured") - 0.015).abs() < 1e-9, "{now:?}");
    assert!((then.expect("measured") - 0.015).abs() < 1e-9, "{then:?}");
    let drill = &found.limits[2];
    assert!(drill.condition == "drill" && !drill.is_part, "{drill:?}");
}

#[test]
fn probabilities_that_are_none_are_refused_where_they_are_written() {
    let mut all = String::new();
    for probabilities in [
        "{ normal: 90% }",
        "{ normal: 90%, surge: 20% }",
        "{ normal: 100%, surge: 0% }",
        "{ normal: 90%, surg: 10% }",
        "{ normal: often, surge: 10% }",
        "{ normal: 90, surge: 10 }",
        "[ 90%, 10% ]",
    ] {
        let text = SURGE.replace("limits:", &format!("probabilities: {probabilities}, limits:"));
        let Err(unready) = system(&text, &[]) else { panic!("{probabilities} is accepted") };
        let sim_experiments::Unready::Problems(readings) = unready else { panic!("{unready:?}") };
        let _ = writeln!(all, "# {probabilities}");
        for loaded in readings.iter().take(1) {
            all += &diagnostics::render(&loaded.problems, &loaded.sources, Palette::Plain);
        }
    }
    insta::assert_snapshot!(all);
}
