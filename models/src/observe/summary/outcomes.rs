//! Counts by kind of outcome.

use indexmap::IndexMap;

use crate::Outcome;

/// The counts of the outcomes that are to be included and have occurred, by name.
pub(super) fn by_kind(
    counts: &[u64; Outcome::COUNT],
    include: impl Fn(Outcome) -> bool,
) -> IndexMap<&'static str, u64> {
    let occurred = |outcome: &Outcome| counts[*outcome as usize] > 0 && include(*outcome);
    Outcome::ALL
        .into_iter()
        .filter(occurred)
        .map(|outcome| (outcome.name(), counts[outcome as usize]))
        .collect()
}
