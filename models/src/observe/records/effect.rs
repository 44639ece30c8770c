//! The effects that handlers have on the world.

use sim_core::growth::KeyMap;

/// Something that handlers have done to the world, under one name.
#[derive(Clone, Debug, Default)]
pub struct EffectRecord {
    /// The number of times that it was done.
    pub count: u64,
    /// Those for a request for which it had been done before.
    pub duplicates: u64,
    done: KeyMap<()>,
}

impl EffectRecord {
    pub(in crate::observe) fn note(&mut self, request: u64) {
        self.count += 1;
        self.duplicates += u64::from(self.done.insert(request, ()).is_some());
    }

    /// Bytes held by the requests for which it has been done.
    pub(in crate::observe) fn bytes(&self) -> u64 {
        self.done.bytes()
    }
}
