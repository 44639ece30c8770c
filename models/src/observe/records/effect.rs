//! The effects that handlers have on the world.

use std::collections::HashSet;

/// Something that handlers have done to the world, under one name.
#[derive(Clone, Debug, Default)]
pub struct EffectRecord {
    /// The number of times that it was done.
    pub count: u64,
    /// Those for a request for which it had been done before.
    pub duplicates: u64,
    done: HashSet<u64>,
}

impl EffectRecord {
    pub(in crate::observe) fn note(&mut self, request: u64) {
        self.count += 1;
        self.duplicates += u64::from(!self.done.insert(request));
    }

    /// Bytes held by the requests for which it has been done.
    pub(in crate::observe) fn bytes(&self) -> usize {
        self.done.len() * 2 * size_of::<u64>()
    }
}
