//! Subjects whose answer is known, each from five seeds: never a false "cannot", "keep" or "safe".

use sim_experiments::recommend::{Advice, Conclusion, Formula, Recommendation};

use super::found;

/// The recommendations for a subject from five seeds.
fn from_five_seeds(text: &str) -> Vec<Recommendation> {
    from_seeds(text, 5)
}

fn from_seeds(text: &str, seeds: u32) -> Vec<Recommendation> {
    let from = |seed: u32| found(text, &[&format!("run.seed={seed}")], 2);
    (1..=seeds).map(from).collect()
}

fn numbers(advice: &Advice) -> (f64, f64, f64) {
    let (low, high) = advice.safe.as_ref().expect("every limit is met");
    (low.number, advice.recommended.number, high.number)
}

/// A window of 100 calls of which two fifths fail has 55 failures with a probability of 0.002, and 58
/// with one of 0.0002; one of which four fifths fail has less than 74 with one of 0.05.
#[test]
fn a_failure_rate_between_what_is_normal_and_what_is_not() {
    let subject = "run: { duration: 40s }
        workloads: { web: { to: a, arrivals: poisson 50/s } }
        services: { a: { threads: 200, handle: [ { call: b } ] }, b: { threads: 200, handle: [ { work: 5ms } ] } }
        calls: { a -> b: { timeout: 1s, breaker: { window: 100 calls, minimum calls: 100, failure rate: 50%, wait: 10s } } }
        faults: [ { at: 5s, for: 30s, errors: b, rate: 40% } ]
        goals: { settings: { calls.a -> b.breaker.failure rate: 20%..95% }, conditions: { noisy: {}, down: { 'faults[0].rate': 80% } }, limits: [ { limit: rejections of a -> b is below 1, in: [ noisy ] }, { limit: rejected share of a -> b is at least 40%, in: [ down ] } ], runs: 500, validations: 60 }";
    for found in from_five_seeds(subject) {
        let (low, value, high) = numbers(&found.advice[0]);
        assert_eq!(found.conclusion, Conclusion::Change);
        assert!((55.0..86.0).contains(&value), "{value}");
        assert!(low > 52.0 && high < 90.0, "{low} to {high}");
        assert_eq!(value.fract(), 0.0, "a value that people write");
        // Nothing is minimized: there is room on both sides.
        assert!(low < value - 3.0 && value + 3.0 < high, "{low}, {value}, {high}");
    }
}

/// A job of 15 s comes in one run of twelve, and takes the only thread.
#[test]
fn a_rare_event_that_breaks_a_limit() {
    let subject = |threads: u32| {
        format!(
            "run: {{ duration: 1m }}
            workloads: {{ web: {{ to: api.page, arrivals: constant 10/s }}, jobs: {{ to: api.job, arrivals: poisson 0.00145/s }} }}
            services: {{ api: {{ threads: {threads}, operations: {{ page: [ {{ work: 10ms }} ], job: [ {{ work: 15s }} ] }} }} }}
            prices: {{ thread: 1 }}
            goals: {{ settings: {{ services.api.threads: 1..6 }}, limits: [ p99 of web is below 100ms ], runs: 500, validations: 60 }}"
        )
    };
    for (threads, seeds) in [(1, 5), (2, 2), (5, 2)] {
        for found in from_seeds(&subject(threads), seeds) {
            assert_ne!(found.conclusion, Conclusion::Unmet, "{threads}");
            let (low, value, _) = numbers(&found.advice[0]);
            assert_eq!((low, value), (2.0, 2.0), "{threads}");
        }
    }
}

/// With eleven permits 0.8 % of five erlangs find none (Erlang B); with up to nineteen, five of 24
/// threads are left for one erlang of other requests when all permits are taken.
#[test]
fn a_bulkhead_in_the_middle_of_what_is_safe() {
    let subject = "run: { duration: 50s, warmup: 5s }
        workloads: { web: { to: a.page, arrivals: poisson 100/s }, other: { to: a.light, arrivals: poisson 100/s } }
        services: { a: { threads: { max: 24, queue: 0 }, operations: { page: [ { call: b } ], light: [ { work: exponential 10ms } ] } }, b: { threads: 200, handle: [ { work: exponential 50ms } ] } }
        calls: { a -> b: { timeout: 5s, bulkhead: { semaphore: 22 } } }
        faults: [ { at: 10s, for: 35s, slow: b, by: 10x } ]
        goals: { settings: { calls.a -> b.bulkhead.semaphore: 2..24 }, conditions: { normal: { faults: [] }, slow: {} }, limits: [ { limit: rejected share of a -> b is at most 1.5%, in: [ normal ] }, { limit: availability of other is at least 98% during fault, in: [ slow ] } ], runs: 900, validations: 60 }";
    for found in from_five_seeds(subject) {
        let (low, value, high) = numbers(&found.advice[0]);
        assert_eq!(found.conclusion, Conclusion::Change);
        assert!((11.0..=12.0).contains(&low) && (19.0..=20.0).contains(&high), "{low} to {high}");
        assert!((15.0..=16.0).contains(&value), "{value}");
        assert!(found.strained.iter().all(|strained| strained.breaches.is_empty()));
    }
}

/// A file at the optimum is kept, from any seed, also if a neighbour looks better by chance.
#[test]
fn a_file_at_the_optimum_is_kept() {
    for seed in 1..=5 {
        let settings = ["services.api.threads=8", &format!("run.seed={seed}")];
        let found = found(super::QUEUE, &settings, 2);
        assert_eq!(found.conclusion, Conclusion::Keep, "seed {seed}");
        assert_eq!(numbers(&found.advice[0]).1, 8.0, "seed {seed}");
    }
}

/// A load that goes up and down is sized for its top: 100/s at the mean of 60/s, with 50 ms each.
#[test]
fn formulas_take_the_load_at_its_busiest_time() {
    let subject = super::QUEUE
        .replace("poisson 100/s", "{ ramp: [ { at: 0s, rate: 20/s }, { at: 60s, rate: 100/s }, { at: 2m, rate: 20/s } ] }")
        .replace("run: { duration: 2m, warmup: 10s, seed: 5 }", "run: { duration: 2m, seed: 5 }");
    let found = found(&subject, &[], 2);
    let Formula::Little { rate, held } = found.estimates[0].formulas[0] else {
        panic!("no formula")
    };
    // The mean over the busiest twelve seconds is 96/s.
    assert!((rate - 96.0).abs() < 5.0 && (held - 0.05).abs() < 0.003, "{rate}/s x {held} s");
}
