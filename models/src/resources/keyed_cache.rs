//! A cache that knows its contents: keys expire, and look-ups can wait for each other.

use sim_core::{SimDuration, SimTime};

use super::Waiter;

/// Settings of a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheSettings {
    /// For each key, the probability that a look-up is of this key or one before it.
    pub cumulative: Vec<f64>,
    /// Time for which an entry stays valid.
    pub lifetime: SimDuration,
    /// True if only one look-up of a missing key goes on to fetch it while the others wait and
    /// share its answer, even if it fails (Go's `singleflight`; request coalescing).
    pub coalesces: bool,
}

/// Result of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// The key is present.
    Hit,
    /// The key is missing, and the reader should fetch it.
    Miss,
    /// The key is missing, and another frame is already fetching it.
    Wait,
}

/// A look-aside cache: a reader that misses fetches the value from elsewhere and puts it in.
///
/// ```
/// use sim_core::{SimDuration, SimTime};
/// use sim_models::resources::{CacheSettings, KeyedCache, LookUp, Waiter};
/// let settings = CacheSettings { cumulative: vec![1.0], lifetime: SimDuration::from_secs(60), coalesces: false };
/// let mut cache = KeyedCache::new(&settings);
/// let reader = Waiter { frame: 0, epoch: 0 };
/// assert_eq!(cache.look_up(SimTime::ZERO, 0, reader), LookUp::Miss);
/// cache.put(SimTime::ZERO, 0);
/// assert_eq!(cache.look_up(SimTime::from_secs(59), 0, reader), LookUp::Hit);
/// assert_eq!(cache.look_up(SimTime::from_secs(60), 0, reader), LookUp::Miss);
/// ```
#[derive(Clone, Debug)]
pub struct KeyedCache {
    lifetime: SimDuration,
    coalesces: bool,
    /// Expiry time of each key.
    expires: Vec<SimTime>,
    /// Frames that are fetching, with the keys they fetch.
    fetches: Vec<(u32, u32)>,
    /// Keys that are awaited, with those waiting for them.
    waiting: Vec<(u32, Waiter)>,
}

impl KeyedCache {
    /// Creates an empty cache.
    pub fn new(settings: &CacheSettings) -> Self {
        Self {
            lifetime: settings.lifetime,
            coalesces: settings.coalesces,
            expires: vec![SimTime::ZERO; settings.cumulative.len()],
            fetches: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Looks up a key for a frame. If the result is [`LookUp::Wait`], the frame is woken when the
    /// fetch ends.
    pub fn look_up(&mut self, now: SimTime, key: u32, reader: Waiter) -> LookUp {
        if self.expires[key as usize] > now {
            return LookUp::Hit;
        }
        if !self.coalesces {
            return LookUp::Miss;
        }
        if self.fetches.iter().any(|(_, fetched)| *fetched == key) {
            self.waiting.push((key, reader));
            return LookUp::Wait;
        }
        self.fetches.push((reader.frame, key));
        LookUp::Miss
    }

    /// Stores a key until its lifetime ends.
    pub fn put(&mut self, now: SimTime, key: u32) {
        self.expires[key as usize] = now + self.lifetime;
    }

    /// Ends the fetch of a frame, because it has stored its key or because it failed. Returns the
    /// frames that waited for it, in the order in which they came.
    pub fn fetch_over(&mut self, frame: u32) -> Vec<Waiter> {
        let Some(position) = self.fetches.iter().position(|(who, _)| *who == frame) else {
            return Vec::new();
        };
        let (_, key) = self.fetches.swap_remove(position);
        let (woken, others) =
            std::mem::take(&mut self.waiting).into_iter().partition(|(awaited, _)| *awaited == key);
        self.waiting = others;
        Vec::into_iter(woken).map(|(_, waiter)| waiter).collect()
    }

    /// True if a fetch is in progress that others may wait for.
    pub fn has_fetches(&self) -> bool {
        !self.fetches.is_empty()
    }

    /// Removes all entries.
    pub fn flush(&mut self) {
        self.expires.fill(SimTime::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fetches_and_the_others_wait_also_when_it_fails() {
        let settings = CacheSettings {
            cumulative: vec![0.5, 1.0],
            lifetime: SimDuration::from_secs(1),
            coalesces: true,
        };
        let mut cache = KeyedCache::new(&settings);
        let reader = |frame| Waiter { frame, epoch: 1 };
        let now = SimTime::ZERO;
        let looked_up = [(0, 0), (1, 0), (2, 1), (3, 0)]
            .map(|(frame, key)| cache.look_up(now, key, reader(frame)));
        assert_eq!(looked_up, [LookUp::Miss, LookUp::Wait, LookUp::Miss, LookUp::Wait]);
        assert_eq!(cache.fetch_over(0), [reader(1), reader(3)], "the first has failed");
        assert_eq!(cache.look_up(now, 0, reader(1)), LookUp::Miss);
        cache.put(now, 0);
        assert_eq!(cache.look_up(now, 0, reader(3)), LookUp::Hit);
        cache.flush();
        assert_eq!(cache.look_up(now, 1, reader(4)), LookUp::Wait);
    }
}
