//! Things whose figures are kept only if a sentence asks for them.

use std::collections::BTreeSet;

/// Things whose figures have to be kept while a run lasts, because a sentence asks for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Breakers whose windows are looked at, as dense ids.
    pub breakers: BTreeSet<u32>,
}
