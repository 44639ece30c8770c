//! A cache that knows what is in it: keys that expire, and look-ups that wait for one another.

use sim_core::{SimDuration, SimTime};

use super::Waiter;

/// How a cache is set.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheSettings {
    /// The probability of a look-up of this key, or one before it.
    pub cumulative: Vec<f64>,
    /// How long what was put in is of use.
    pub lifetime: SimDuration,
    /// Whether only one look-up of a key that is missing goes on to fetch it, and the others wait
    /// for that one and share its answer, also if it fails (Go's `singleflight`; request
    /// coalescing).
    pub coalesces: bool,
}

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// The key is there.
    Hit,
    /// It is not, and whoever looked it up should fetch it.
    Miss,
    /// It is not, and somebody is fetching it.
    Wait,
}

/// A look-aside cache: whoever misses fetches from elsewhere, and puts it in.
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
    /// When each key expires.
    expires: Vec<SimTime>,
    /// Which frame fetches which key.
    fetches: Vec<(u32, u32)>,
    /// Who waits for which key.
    waiting: Vec<(u32, Waiter)>,
}

impl KeyedCache {
    /// An empty cache.
    pub fn new(settings: &CacheSettings) -> Self {
        Self {
            lifetime: settings.lifetime,
            coalesces: settings.coalesces,
            expires: vec![SimTime::ZERO; settings.cumulative.len()],
            fetches: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Looks a key up for a frame. After [`LookUp::Wait`] it is among those who are woken when the
    /// fetch is over.
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

    /// Puts a key in.
    pub fn put(&mut self, now: SimTime, key: u32) {
        self.expires[key as usize] = now + self.lifetime;
    }

    /// A frame fetches no longer, because it has put its key in or because it has failed: those who
    /// waited for it, in the order in which they came.
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

    /// Whether anybody is fetching anything that others may wait for.
    pub fn has_fetches(&self) -> bool {
        !self.fetches.is_empty()
    }

    /// Forgets everything.
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
