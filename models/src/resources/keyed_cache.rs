//! A cache that knows its contents: keys expire, and look-ups can wait for each other.

use sim_core::growth::Growing;
use sim_core::random::{DrawKey, KeyedDraw, uniform};
use sim_core::{Distribution, SimDuration, SimTime};

use super::Waiter;

/// Lifetimes in a row that are looked into to find out how much of one is left at a random time.
const LIFETIMES: usize = 32;

/// Settings of a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheSettings {
    /// For each key, the probability that a look-up is of this key or one before it.
    pub cumulative: Vec<f64>,
    /// Time for which an entry stays valid, in nanoseconds; one draw for each value stored.
    pub lifetime: Distribution,
    /// True if every key is present at the beginning, as long before its expiry as a key is at a
    /// random time.
    pub starts_full: bool,
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
/// use sim_core::random::DrawKey;
/// use sim_core::{Distribution, SimTime};
/// use sim_models::resources::{CacheSettings, KeyedCache, LookUp, Waiter};
/// let lifetime = Distribution::constant(60e9)?;
/// let settings =
///     CacheSettings { cumulative: vec![1.0], lifetime, starts_full: false, coalesces: false };
/// let mut cache = KeyedCache::new(&settings, DrawKey::default());
/// let reader = Waiter { frame: 0, epoch: 0 };
/// assert_eq!(cache.look_up(SimTime::ZERO, 0, reader), LookUp::Miss);
/// cache.put(SimTime::ZERO, 0);
/// assert_eq!(cache.look_up(SimTime::from_secs(59), 0, reader), LookUp::Hit);
/// assert_eq!(cache.look_up(SimTime::from_secs(60), 0, reader), LookUp::Miss);
/// # Ok::<(), sim_core::distribution::DistributionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyedCache {
    lifetime: Distribution,
    coalesces: bool,
    /// Key of its draws.
    key: DrawKey,
    /// Expiry time of each key.
    expires: Vec<SimTime>,
    /// Number of times that each key has been stored; empty if lifetimes are all the same.
    stored: Vec<u32>,
    /// Number of times that it was made to forget.
    flushes: u64,
    /// Frames that are fetching, with the keys they fetch.
    fetches: Vec<(u32, u32)>,
    /// Keys that are awaited, with those waiting for them.
    waiting: Vec<(u32, Waiter)>,
}

impl KeyedCache {
    /// Creates a cache, empty or full; `key` is the key of its draws.
    pub fn new(settings: &CacheSettings, key: DrawKey) -> Self {
        let keys = settings.cumulative.len();
        let is_drawn = settings.lifetime.as_constant().is_none();
        let left_of = |number: usize| {
            let mut draw = key.child(draw_tag::REST).child(number as u64).draw();
            SimTime::ZERO + rest(&settings.lifetime, &mut draw)
        };
        Self {
            lifetime: settings.lifetime.clone(),
            coalesces: settings.coalesces,
            key,
            expires: if settings.starts_full {
                (0..keys).map(left_of).collect()
            } else {
                vec![SimTime::ZERO; keys]
            },
            stored: if is_drawn { vec![0; keys] } else { Vec::new() },
            flushes: 0,
            fetches: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Takes other settings for as many keys; what is stored keeps its time.
    pub fn change(&mut self, settings: &CacheSettings) {
        self.lifetime = settings.lifetime.clone();
        self.coalesces = settings.coalesces;
        let is_drawn = settings.lifetime.as_constant().is_none();
        if is_drawn && self.stored.is_empty() {
            self.stored = vec![0; self.expires.len()];
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

    /// Bytes that those who fetch and those who wait take.
    pub fn bytes(&self) -> u64 {
        self.fetches.bytes() + self.waiting.bytes()
    }

    /// Stores a key until its lifetime ends.
    pub fn put(&mut self, now: SimTime, key: u32) {
        let lifetime = if let Some(stored) = self.stored.get_mut(key as usize) {
            let value = self.key.child(draw_tag::LIFETIME).child(u64::from(key));
            let draw = value.child(u64::from(*stored));
            *stored = stored.wrapping_add(1);
            self.lifetime.sample_duration(&mut draw.draw())
        } else {
            SimDuration::from_nanos_f64(self.lifetime.mean())
        };
        self.expires[key as usize] = now + lifetime;
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

    /// Removes each entry with a probability of `share`, by a draw of its own: of two caches with
    /// the same keys, the one with the larger share forgets all that the other forgets.
    pub fn forget(&mut self, share: f64) {
        let flush = self.key.child(draw_tag::FLUSH).child(self.flushes);
        self.flushes += 1;
        for (number, expires) in self.expires.iter_mut().enumerate() {
            if uniform(&mut flush.child(number as u64).draw()) < share {
                *expires = SimTime::ZERO;
            }
        }
    }
}

/// Numbers that keep the draws of a cache apart.
mod draw_tag {
    /// The lifetimes of values.
    pub const LIFETIME: u64 = 1;
    /// The rests of lifetimes at the beginning.
    pub const REST: u64 = 2;
    /// The chances of being forgotten.
    pub const FLUSH: u64 = 3;
}

/// The part that is left, at a random time, of the lifetime that is running then: uniform over a
/// constant lifetime. Longer lifetimes are met more often (the inspection paradox), so a random
/// instant is looked for in a row of lifetimes.
fn rest(lifetime: &Distribution, draw: &mut KeyedDraw) -> SimDuration {
    let row: [f64; LIFETIMES] = std::array::from_fn(|_| lifetime.sample(draw));
    let mut instant = row.iter().sum::<f64>() * uniform(draw);
    for length in row {
        if instant < length {
            return SimDuration::from_nanos_f64(length - instant);
        }
        instant -= length;
    }
    SimDuration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fetches_and_the_others_wait_also_when_it_fails() {
        let settings = CacheSettings {
            cumulative: vec![0.5, 1.0],
            lifetime: Distribution::constant(1e9).expect("not negative"),
            starts_full: false,
            coalesces: true,
        };
        let mut cache = KeyedCache::new(&settings, DrawKey::default());
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
