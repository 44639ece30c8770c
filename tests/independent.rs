//! Random systems in which nothing is left to chance, run here and by a simulator of its own
//! (`oracle`) that was written from the guide alone: all counts and times are the same, to the
//! nanosecond.

mod compare;
mod net;
mod oracle;

use compare::{difference, smallest};
use net::{Group, Net};

/// Compares the systems of a group, and shows the smallest that can be made of one that is different.
///
/// `FUSEBOX_SYSTEMS` is the number of systems of each group, `FUSEBOX_SYSTEM` the number of a single one.
fn assert_alike(group: Group, systems: u64) {
    let only = std::env::var("FUSEBOX_SYSTEM").ok().and_then(|it| it.parse().ok());
    let more = std::env::var("FUSEBOX_SYSTEMS").ok().and_then(|it| it.parse().ok());
    let seeds = only.map_or(1..=more.unwrap_or(systems), |seed: u64| seed..=seed);
    let all = seeds.clone().count();
    let different: Vec<u64> =
        seeds.filter(|seed| difference(&Net::at_random(group, *seed)).is_some()).collect();
    let texts = different.iter().map(|seed| Net::at_random(group, *seed));
    let shown = texts.min_by_key(|net| net.text().len()).map(smallest);
    assert!(
        different.is_empty(),
        "{} of {all} systems are different: {different:?}\n{}",
        different.len(),
        shown.unwrap_or_default()
    );
}

#[test]
fn calls_queues_timeouts_retries_and_hedges_are_simulated_alike() {
    assert_alike(Group::Basics, 100);
}

/// Everything falls on whole seconds, so the order of one instant decides. What the guide leaves open
/// is left out: of what different settings limit, of requests that are lost together.
#[test]
fn systems_on_whole_seconds_are_simulated_alike() {
    assert_alike(Group::WholeSeconds, 100);
}

#[test]
fn breakers_are_simulated_alike() {
    assert_alike(Group::Breakers, 100);
}

#[test]
fn bulkheads_are_simulated_alike() {
    assert_alike(Group::Bulkheads, 100);
}

#[test]
fn fallbacks_are_simulated_alike() {
    assert_alike(Group::Fallbacks, 100);
}

#[test]
fn faults_are_simulated_alike() {
    assert_alike(Group::Faults, 100);
}

#[test]
fn cancellation_is_simulated_alike() {
    assert_alike(Group::Cancellation, 100);
}

#[test]
fn processors_pools_and_databases_are_simulated_alike() {
    assert_alike(Group::Resources, 100);
}

#[test]
fn guards_in_any_order_are_simulated_alike() {
    assert_alike(Group::Orders, 100);
}

#[test]
fn everything_together_is_simulated_alike() {
    assert_alike(Group::Everything, 100);
}
