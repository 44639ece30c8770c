//! The stories that scenarios must show, and the exact text of their reports.

use sim_experiments::Finished;
use sim_models::observe::{Change, Moment};
use sim_reports::Palette;
use sim_reports::run::{Invocation, report};

use crate::running::run_scenario;
use sim_models::system::Id;

/// The time at which something first happened.
fn first(finished: &Finished, what: impl Fn(&Change) -> bool) -> f64 {
    let moment: &Moment =
        finished.timeline.iter().find(|moment| what(&moment.change)).expect("it happened");
    moment.at.as_secs_f64()
}

fn saturates(owner: &str) -> impl Fn(&Change) -> bool + '_ {
    move |change| matches!(change, Change::Saturates { pool } if pool.owner == owner && pool.affected == pool.pools)
}

#[test]
fn unprotected_the_platform_falls_over_stage_by_stage() {
    let finished = run_scenario("cascade-unprotected", None, &[]);
    let fault = first(&finished, |change| matches!(change, Change::FaultBegins { .. }));
    let stages: Vec<f64> = ["d-db", "d", "c", "a", "b", "gateway"]
        .map(|owner| first(&finished, saturates(owner)))
        .to_vec();
    let outage = first(&finished, |change| matches!(change, Change::OutageBegins { .. }));
    let (a, b) = (stages[3], stages[4]);
    let order = [fault, stages[0], stages[1], stages[2], a.min(b), a.max(b), stages[5], outage];
    assert!(order.is_sorted_by(|earlier, later| earlier < later), "{order:?}");
}

#[test]
fn unprotected_the_platform_comes_back_only_after_its_queues_are_worked_off() {
    let finished = run_scenario("cascade-unprotected", None, &[]);
    let fault_over = first(&finished, |change| matches!(change, Change::FaultEnds { .. }));
    let regained = first(&finished, |change| matches!(change, Change::AvailabilityRegained { .. }));
    assert!(regained > fault_over + 3.0, "regained at {regained}, fault over at {fault_over}");
    let longest = finished.timeline.iter().find_map(|moment| match &moment.change {
        Change::Relieved { pool, longest_queue, .. } if pool.owner == "gateway" => {
            Some(*longest_queue)
        }
        _ => None,
    });
    assert!(longest.is_some_and(|longest| longest > 5_000), "{longest:?} requests had piled up");
}

#[test]
fn protected_the_failure_stays_where_it_is() {
    let finished = run_scenario("cascade-protected", None, &[]);
    let platform = &finished.summary.workloads[0];
    assert!(platform.availability > 0.99 && platform.degraded > 10_000);
    let series = &finished.system.recorder().workloads()[Id::new(0)].series;
    let worst = (0..series.offered.len())
        .filter_map(|interval| series.availability(interval))
        .fold(1.0, f64::min);
    assert!(worst > 0.99, "the worst second had {worst}");
    let has_spread = |owner: &str| {
        finished.summary.pools.iter().any(|pool| {
            pool.owner.starts_with(owner) && pool.kind == "threads" && !pool.saturated.is_empty()
        })
    };
    assert!(!["gateway", "a#", "b#", "c"].into_iter().any(has_spread), "only d may suffer");
    let breaker = &finished.summary.breakers[0];
    assert!(
        breaker.opened >= 2 && breaker.seconds_in.half_open > 0.0,
        "it opened, probed and opened again"
    );
    let last = finished.timeline.iter().rev().find_map(|moment| match &moment.change {
        Change::Breaker { transition, .. } => Some(transition.to),
        _ => None,
    });
    assert_eq!(
        last,
        Some(sim_models::resilience::circuit_breaker::BreakerState::Closed),
        "it recovered through half-open"
    );
}

#[test]
fn one_guard_less_and_the_failure_spreads() {
    let unguarded = [
        "calls.c -> d.breaker=null",
        "calls.c -> d.bulkhead=null",
        "calls.c -> d.timeout=null",
        "calls.a -> c.fallback=null",
        "calls.b -> c.fallback=null",
    ];
    let finished = run_scenario("cascade-protected", None, &unguarded);
    assert!(finished.summary.workloads[0].availability < 0.95);
}

#[test]
fn the_shop_degrades_when_its_catalogue_slows_down() {
    let finished = run_scenario("online-boutique", None, &["workloads.users.users=500"]);
    let slow = &finished
        .summary
        .calls
        .iter()
        .find(|call| call.edge == "frontend -> productcatalog")
        .expect("called")
        .latency;
    assert!(slow.p99 > 20.0 * slow.p50);
    first(&finished, saturates("productcatalog"));
}

#[test]
fn reports_are_told_in_these_words() {
    for (name, variant) in [
        ("cascade-unprotected", None),
        ("cascade-protected", None),
        ("order-chain", Some("latency-protected")),
        ("online-boutique", None),
    ] {
        let finished = run_scenario(name, variant, &[]);
        insta::assert_snapshot!(name, report(&finished, &Invocation::default(), Palette::Plain));
    }
}
