//! Caches with contents: hit rates against theory, synchronized expiry, beginnings and flushes.

use sim_experiments::Finished;

use crate::running::{call, load_text, run_text};

/// Look-ups of 1000 keys, each of which is asked for at the same rate unless `cache` says otherwise.
fn scenario(rate: u32, seconds: u32, cache: &str, rest: &str) -> String {
    format!(
        "run: {{ duration: {seconds}s, seed: 7 }}
workloads: {{ web: {{ to: a, arrivals: poisson {rate}/s }} }}
services: {{ a: {{ handle: [ {{ cache: c, miss: [ {{ query: d }} ] }} ] }} }}
databases: {{ d: {{ connections: 5000, query: 1us }} }}
caches: {{ c: {{ keys: 1000, {cache} }} }}
{rest}"
    )
}

fn hit_rate(finished: &Finished) -> f64 {
    1.0 - call(finished, "a -> d").calls as f64 / call(finished, "a -> c").calls as f64
}

/// The queries in each second.
fn misses(finished: &Finished) -> Vec<u32> {
    let blueprint = finished.system.blueprint();
    let edge = blueprint
        .edges
        .position(|it| it.caller == "a" && blueprint.stations[it.callee].name == "d")
        .expect("queried");
    finished.system.recorder().edges()[edge].series.calls.clone()
}

/// The hits of a key that is asked for at rate λ and kept for T after each miss: between two misses
/// lie λ E\\[T\\] hits on average, whatever the distribution of T.
fn theory(rate: f64, zipf: f64, mean_ttl: f64) -> f64 {
    let weights: Vec<f64> = (1..=1000).map(|rank| libm::pow(f64::from(rank), -zipf)).collect();
    let total: f64 = weights.iter().sum();
    let hit_of = |weight: &f64| {
        let asked = rate * weight / total * mean_ttl;
        weight / total * asked / (1.0 + asked)
    };
    weights.iter().map(hit_of).sum()
}

#[test]
fn hit_rates_are_those_of_theory_for_every_distribution_of_the_ttl() {
    for (zipf, ttl, mean) in [
        (0.0, "10s", 10.0),
        (1.0, "10s", 10.0),
        (0.0, "uniform 5s to 15s", 10.0),
        (0.8, "exponential 10s", 10.0),
        (1.0, "lognormal mean 20s cv 0.7", 20.0),
    ] {
        for starts in ["empty", "full"] {
            let cache = format!("zipf: {zipf}, ttl: {ttl}, starts: {starts}");
            let text = scenario(200, 600, &cache, "");
            let measured = hit_rate(&run_text(&text, &["run.warmup=60s"]));
            let expected = theory(200.0, zipf, mean);
            assert!(
                (measured - expected).abs() < 0.01,
                "zipf {zipf}, ttl {ttl}, {starts}: {measured} and not {expected}"
            );
        }
    }
}

/// Keys that begin in operation expire evenly: of n keys, n t / T in a time t.
#[test]
fn a_cache_that_begins_full_is_as_old_as_one_in_operation() {
    let misses_in = |ttl: &str, seconds: u32| {
        let text = scenario(10_000, seconds, &format!("ttl: {ttl}, starts: full"), "");
        f64::from(misses(&run_text(&text, &[])).iter().sum::<u32>())
    };
    for (ttl, seconds, expected) in [
        ("100s", 10, 100.0),
        ("100s", 50, 500.0),
        ("uniform 50s to 150s", 10, 100.0),
        // What is left of an exponential time is as long as the whole.
        ("exponential 100s", 50, 500.0),
    ] {
        let measured = misses_in(ttl, seconds);
        // Keys that come back within the time are few; those that expired late are not yet asked for.
        assert!((measured / expected - 1.0).abs() < 0.15, "{ttl}: {measured}, not {expected}");
    }
}

/// What is stored together expires together, one ttl later, unless the ttl varies.
#[test]
fn a_varying_ttl_spreads_the_second_herd() {
    let herd = |ttl: &str| {
        let cache = format!("ttl: {ttl}, starts: full");
        let flush = "faults: [ { at: 100s, flush: c } ]";
        let misses = misses(&run_text(&scenario(20_000, 200, &cache, flush), &[]));
        let most = |seconds: std::ops::Range<usize>| misses[seconds].iter().copied().max();
        (most(0..99), most(100..102), most(145..176))
    };
    let (before, first, second) = herd("60s");
    assert!(before < Some(50), "full from the beginning, so there is none at 60 s: {before:?}");
    assert!(first > Some(950) && second > Some(900), "{first:?}, {second:?}");
    let (_, first, second) = herd("uniform 50s to 70s");
    assert!(first > Some(950), "{first:?}");
    // A thousand keys over twenty seconds.
    assert!(second > Some(40) && second < Some(90), "{second:?}");
    let starts_empty = misses(&run_text(&scenario(20_000, 70, "ttl: 60s", ""), &[]));
    assert!(starts_empty[0] > 950 && starts_empty[60] > 900, "{starts_empty:?}");
}

#[test]
fn a_constant_ttl_is_the_same_however_it_is_written() {
    let fingerprint = |ttl: &str| {
        let text = scenario(200, 60, &format!("zipf: 1, ttl: {ttl}"), "");
        run_text(&text, &[]).summary.fingerprint
    };
    assert_eq!(fingerprint("10s"), fingerprint("constant 10s"));
    assert_eq!(fingerprint("10s"), fingerprint("10000ms"));
}

#[test]
fn a_flush_takes_its_share_of_the_keys_each_by_its_own_chance() {
    let forgotten = |share: &str, seed: u32| {
        let flush = format!("faults: [ {{ at: 10s, flush: c{share} }} ]");
        let text = scenario(20_000, 12, "ttl: 1000h, starts: full", &flush);
        let finished = run_text(&text, &[&format!("run.seed={seed}")]);
        misses(&finished).iter().sum::<u32>()
    };
    assert_eq!((forgotten(", share: 0%", 1), forgotten("", 1)), (0, 1_000));
    assert_eq!(forgotten(", share: 100%", 1), 1_000);
    let mut before = 0;
    for percent in [10, 25, 50, 90] {
        let share = format!(", share: {percent}%");
        let number = forgotten(&share, 1);
        // Five standard deviations of a binomial distribution.
        let expected = f64::from(percent) * 10.0;
        let deviation = (expected * (1.0 - f64::from(percent) / 100.0)).sqrt();
        assert!((f64::from(number) - expected).abs() < 5.0 * deviation, "{percent} %: {number}");
        assert_eq!(number, forgotten(&share, 1), "the same seed forgets the same");
        assert!(number > before, "a larger share forgets more");
        before = number;
    }
    let of_seeds = [1, 2, 3, 4].map(|seed| forgotten(", share: 50%", seed));
    assert!(of_seeds.iter().any(|number| *number != of_seeds[0]), "{of_seeds:?}");
}

#[test]
fn flushes_repeat_and_each_draws_anew() {
    let flush = "faults: [ { at: 10s, every: 10s, flush: c, share: 50% } ]";
    let misses = misses(&run_text(&scenario(20_000, 40, "ttl: 1000h, starts: full", flush), &[]));
    for at in [10, 20, 30] {
        let number: u32 = misses[at..at + 2].iter().sum();
        assert!((420..580).contains(&number), "at {at} s: {number}");
    }
    assert_eq!(
        misses.iter().sum::<u32>(),
        misses[10..12].iter().chain(&misses[20..22]).chain(&misses[30..32]).sum::<u32>()
    );
}

#[test]
fn what_a_flush_cannot_have_is_an_error() {
    for (fault, message) in [
        ("at: 1s, for: 1s, flush: c", "`for` does not belong to `flush`"),
        ("at: 1s, instances: 25%, flush: c", "`instances` does not belong to `flush`"),
        ("at: 1s, flush: c, share: 120%", "not between 0% and 100%"),
        ("at: 1s, flush: c, shar: 20%", "`shar` means nothing here"),
        ("at: 1s, flush: c, every: 0s", "0s is too short for something that comes again"),
        ("at: 1s, flush: d", "`d` is not a cache with keys"),
        ("at: 1s, crash: d, colour: red", "`colour` means nothing here"),
    ] {
        let text = scenario(10, 10, "ttl: 1s", &format!("faults: [ {{ {fault} }} ]"));
        let loaded = load_text(&text, &[]);
        let errors: Vec<&String> =
            loaded.problems.iter().filter(|it| it.is_error()).map(|it| &it.message).collect();
        assert!(
            errors.len() == 1 && errors[0].contains(message),
            "{fault}: {errors:?}, not {message}"
        );
        assert!(loaded.problems.iter().all(|it| it.at.is_some()), "{fault}");
    }
    let stage = "chaos: { stages: [ { flush: c } ] }";
    let loaded = load_text(&scenario(10, 10, "ttl: 1s", stage), &[]);
    assert!(loaded.blueprint.is_none(), "a stage lasts, and a flush does not");
}

#[test]
fn settings_of_contents_belong_to_a_cache_with_keys() {
    for setting in ["starts: full", "ttl: uniform 1s to 2s", "zipf: 1"] {
        let text = format!(
            "workloads: {{ web: {{ to: a, arrivals: poisson 1/s }} }}
services: {{ a: {{ handle: [ {{ cache: c, miss: [] }} ] }} }}
caches: {{ c: {{ hit rate: 50%, {setting} }} }}"
        );
        let problems = load_text(&text, &[]).problems;
        assert!(problems.iter().any(|it| it.message.contains("has no effect here")), "{setting}");
    }
}

/// Instances are replicas: the contents are gone when the last of them is.
#[test]
fn a_crash_takes_the_contents_when_it_takes_every_instance() {
    let missed = |crash: &str| {
        let rest = format!("faults: [ {{ at: 10s, for: 1s, crash: c{crash} }} ]");
        let text = scenario(20_000, 15, "ttl: 1000h, starts: full, instances: 4", &rest);
        misses(&run_text(&text, &[]))[11..].iter().sum::<u32>()
    };
    assert_eq!(missed(", instances: 1"), 0);
    assert_eq!(missed(", instances: 75%"), 0);
    assert!(missed("") > 0, "every key has to be fetched again");
}
