//! The studies of `validation/`, row by row.

use sim_tests::study::{Limit, Row, Study};

fn assert_holds(study: &Study) {
    let failed: Vec<String> =
        study.rows.iter().filter(|row| !row.holds()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{}:\n{}", study.name, failed.join("\n"));
}

/// The distances in standard errors of rows that chance enters.
fn distances(study: &Study) -> Vec<f64> {
    let is_random = |limit| matches!(limit, Limit::StandardErrors { .. });
    let rows = study.rows.iter().filter(|row| is_random(row.limit));
    rows.map(Row::distance).filter(|distance| *distance != 0.0).collect()
}

#[test]
fn four_strategies_of_retrying_are_those_of_brooker() {
    let study = sim_tests::brooker_retries::study();
    assert_eq!(study.rows.len(), 136);
    assert_holds(&study);
    // Standard errors that were estimated too large would hide what differs.
    let distances = distances(&study);
    let squares: f64 = distances.iter().map(|distance| distance * distance).sum();
    let spread = (squares / distances.len() as f64).sqrt();
    assert!(spread > 0.8, "{spread}");
}

#[test]
fn a_spike_makes_retries_collapse_as_with_brooker() {
    let study = sim_tests::brooker_collapse::study();
    assert_eq!(study.rows.len(), 90);
    assert_holds(&study);
}
