//! Other regions of settings that are as good as the recommended ones.

use sim_experiments::recommend::{Advice, Conclusion};
use sim_reports::Palette;
use sim_reports::recommend::{json, report};

use super::found;

/// Calls that a turns away go to b, which has the same work: together they are one M/M/n/n, of which Erlang's loss
/// formula knows only the sum. Five erlangs lose 3.7 % with nine threads and 1.8 % with ten.
#[test]
fn threads_that_may_be_in_either_of_two_places_are_told() {
    let subject = "run: { duration: 100s, warmup: 5s, seed: 3 }
        workloads: { web: { to: a, arrivals: poisson 50/s } }
        services: { a: { threads: { max: 9, queue: 0 }, handle: [ { work: exponential 100ms } ] }, b: { threads: { max: 9, queue: 0 }, handle: [ { work: exponential 100ms } ] } }
        calls: { web -> a: { fallback: { call: b } } }
        prices: { thread: 1 }
        goals: { settings: { services.a.threads: 1..12, services.b.threads: 1..12 }, limits: [ availability of web is at least 96.5% ], runs: 2000 }";
    let found = found(subject, &[], 2);
    assert_eq!(found.conclusion, Conclusion::Change);
    let sum = |threads: &[f64]| threads.iter().sum::<f64>();
    let recommended: Vec<f64> =
        found.advice.iter().map(|advice| advice.recommended.number).collect();
    assert!((10.0..=11.0).contains(&sum(&recommended)), "{recommended:?}");
    assert!(!found.regions.is_empty(), "the others have as many in other places");
    for region in &found.regions {
        let threads: Vec<f64> = region.levels.iter().map(|level| level.number).collect();
        assert!((10.0..=11.0).contains(&sum(&threads)), "{threads:?}");
        let is_outside = |(advice, threads): (&Advice, &f64)| {
            let (low, high) = advice.safe.as_ref().expect("met");
            !(low.number..=high.number).contains(threads)
        };
        assert!(found.advice.iter().zip(&threads).any(is_outside), "{region:?}");
        assert_eq!(region.apart, [0, 1], "more in one place, fewer in the other");
    }
    let text = report(&found, "test", Palette::Plain);
    assert!(text.contains("other regions within 5.0% of that"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&json(&found, "test")).expect("it is JSON");
    assert!(json["regions"][0]["replications"].as_u64().is_some_and(|runs| runs >= 3), "{json}");
}
