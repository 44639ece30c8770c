//! Regions and zones: which instances are near a caller, and what is missing between regions.

use crate::running::{load_text, one_section_a_line, pool, run_sections};

const REGIONS: &str = "regions: { us: { eu: 100ms, asia: 150ms }, eu: { asia: 80ms }, asia: {} }";

fn mean(finished: &sim_experiments::Finished, workload: usize) -> f64 {
    finished.summary.workloads[workload].latency.mean
}

/// Two callers, in `us` and in `eu`, of a service with four instances.
fn from_us_and_eu(place: &str, balance: &str) -> sim_experiments::Finished {
    run_sections(
        &format!(
            "run: {{ duration: 20s, drain: 10s }}
             {REGIONS}
             workloads: {{ wu: {{ to: a, arrivals: poisson 50/s, region: us }}, we: {{ to: a, arrivals: poisson 50/s, region: eu }} }}
             services: {{ a: {{ instances: 6, {place} handle: [ {{ work: 1ms }} ] }} }}
             calls: {{ wu -> a: {{ balance: {balance} }}, we -> a: {{ balance: {balance} }} }}"
        ),
        &[],
    )
}

#[test]
fn calls_stay_in_the_callers_region_whatever_the_order_and_number_of_zones() {
    for place in ["[us, eu]", "[eu, us]", "[eu, us, asia]", "[asia, us, eu]", "[asia, eu, us, us]"]
    {
        for zones in 1..=4 {
            for policy in
                ["round robin", "random", "least outstanding", "power of two", "peak ewma"]
            {
                let balance = format!("{{ policy: {policy}, zones: {zones} }}");
                let finished = from_us_and_eu(&format!("regions: {place},"), &balance);
                for workload in [0, 1] {
                    let mean = mean(&finished, workload);
                    assert!((mean - 0.001).abs() < 1e-9, "{place}, {balance}: {mean}");
                }
            }
        }
    }
}

#[test]
fn a_caller_far_from_all_instances_goes_to_any_of_them() {
    // wu crosses to eu, 100 ms each way, or to asia, 150 ms.
    let finished = from_us_and_eu("regions: [asia, eu],", "{ zones: 2 }");
    assert!((mean(&finished, 0) - 0.251).abs() < 0.01, "{}", mean(&finished, 0));
    assert!((mean(&finished, 1) - 0.001).abs() < 1e-9, "{}", mean(&finished, 1));
}

#[test]
fn a_caller_without_a_region_keeps_to_none() {
    let finished = run_sections(
        &format!(
            "run: {{ duration: 20s, drain: 10s }}
             {REGIONS}
             workloads: {{ web: {{ to: a, arrivals: constant 60/s }} }}
             services: {{ a: {{ instances: 6, regions: [eu, us], handle: [ {{ work: 1ms }} ] }} }}
             calls: {{ web -> a: {{ balance: {{ zones: 2 }} }} }}"
        ),
        &[],
    );
    for number in 1..=6 {
        let granted = pool(&finished, &format!("a#{number}")).granted;
        assert!((199..=200).contains(&granted), "a#{number}: {granted}");
    }
    assert!((mean(&finished, 0) - 0.001).abs() < 1e-9);
}

#[test]
fn without_regions_instances_are_in_zones_in_turn() {
    let finished = run_sections(
        "run: { duration: 20s, drain: 10s }
         workloads: { web: { to: a, arrivals: constant 60/s } }
         services: { a: { instances: 3, handle: [ { call: b } ] }, b: { instances: 6, handle: [ { work: 1ms } ] } }
         calls: { web -> a: {}, a -> b: { balance: { zones: 6 } } }",
        &[],
    );
    let granted: Vec<u64> =
        (1..=6).map(|number| pool(&finished, &format!("b#{number}")).granted).collect();
    assert!(granted[..3].iter().all(|it| (399..=400).contains(it)), "{granted:?}");
    assert_eq!(granted[3..], [0, 0, 0]);
}

fn warnings(text: &str) -> Vec<String> {
    let loaded = load_text(&one_section_a_line(text), &[]);
    assert!(loaded.blueprint.is_some(), "{:?}", loaded.problems);
    loaded.problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn a_missing_latency_is_a_warning_once_for_each_pair_that_is_used() {
    let of = |regions: &str| {
        warnings(&format!(
            "run: {{ duration: 20s }}
             regions: {{ {regions} }}
             workloads: {{ wu: {{ to: a, arrivals: constant 1/s, region: us }}, wv: {{ to: a, arrivals: constant 1/s, region: us }}, wn: {{ to: a, arrivals: constant 1/s }} }}
             services: {{ a: {{ instances: 2, regions: [us, eu], handle: [ {{ call: b }} ] }}, b: {{ region: asia, handle: [ {{ work: 1ms }} ] }} }}"
        ))
    };
    let all = of("us: {}, eu: {}, asia: {}, africa: {}");
    assert_eq!(all.len(), 3, "{all:?}");
    for pair in ["`us` and `eu`", "`us` and `asia`", "`eu` and `asia`"] {
        assert_eq!(all.iter().filter(|it| it.contains(pair)).count(), 1, "{pair}: {all:?}");
    }
    let one = of("us: { eu: 10ms, asia: 0ms }, eu: {}, asia: {}");
    assert_eq!(one.len(), 1, "{one:?}");
    assert!(one[0].contains("no latency between `eu` and `asia`"), "{one:?}");
    assert!(one[0].contains("`a -> b` crosses"), "{one:?}");
    assert!(of("us: { eu: 10ms }, eu: {}, asia: { us: 1ms, eu: 1ms }").is_empty());
}

#[test]
fn zones_that_regions_replace_have_a_warning() {
    let of = |caller: &str, zones: u32| {
        warnings(&format!(
            "run: {{ duration: 20s }}
             regions: {{ us: {{ eu: 10ms }}, eu: {{}} }}
             workloads: {{ web: {{ to: a, arrivals: constant 1/s {caller} }} }}
             services: {{ a: {{ instances: 4, regions: [us, eu], handle: [ {{ work: 1ms }} ] }} }}
             calls: {{ web -> a: {{ balance: {{ zones: {zones} }} }} }}"
        ))
    };
    assert!(of(", region: us", 2).is_empty());
    assert_eq!(of(", region: us", 3), ["the zones of `a` are its 2 regions, not 3 zones"]);
    let without = of("", 2);
    assert!(without.len() == 1 && without[0].contains("`web` has none to keep to"), "{without:?}");
}
