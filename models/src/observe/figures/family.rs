//! Families of figures: quantiles and kinds of outcomes.

use crate::{Outcome, OutcomeSet};

/// A quantile of a distribution of latencies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// Its name: `p99`.
    pub name: &'static str,
    /// The share of the latencies that are at most as long, 0 to 1.
    pub share: f64,
}

pub(super) const P50: Quantile = Quantile { name: "p50", share: 0.5 };
pub(super) const P90: Quantile = Quantile { name: "p90", share: 0.9 };
pub(super) const P95: Quantile = Quantile { name: "p95", share: 0.95 };
pub(super) const P99: Quantile = Quantile { name: "p99", share: 0.99 };
pub(super) const P99_9: Quantile = Quantile { name: "p99.9", share: 0.999 };

/// The quantiles of waits that have a name.
pub(super) const WAITS: &[Quantile] = &[
    Quantile { name: "p50 wait", share: 0.5 },
    Quantile { name: "p90 wait", share: 0.9 },
    Quantile { name: "p95 wait", share: 0.95 },
    Quantile { name: "p99 wait", share: 0.99 },
    Quantile { name: "p99.9 wait", share: 0.999 },
];

/// Every quantile that has a name.
pub(super) const QUANTILES: &[Quantile] = &[P50, P90, P95, P99, P99_9];

/// A name, and the outcomes that it stands for.
type NamedOutcomes = (&'static str, fn() -> OutcomeSet);

/// The sets of outcomes that have a name of their own.
pub(super) const OUTCOME_SETS: [NamedOutcomes; 3] = [
    ("failures", OutcomeSet::failures),
    ("answers", OutcomeSet::good),
    ("rejections", OutcomeSet::rejections),
];

/// The outcomes that a name stands for, and the name as it is written in the table: a set, or a
/// single outcome.
pub(super) fn outcomes_named(name: &str) -> Option<(&'static str, OutcomeSet)> {
    let sets = OUTCOME_SETS.iter().map(|(own, outcomes)| (*own, outcomes()));
    let single = Outcome::ALL.iter().map(|outcome| (outcome.name(), OutcomeSet::of(&[*outcome])));
    sets.chain(single).find(|(own, _)| *own == name)
}
