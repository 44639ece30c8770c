//! Named ChaCha8 streams.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::keyed::mix;

/// The generator behind a name: ChaCha with eight rounds (Bernstein, 2008), which gives the same
/// numbers on every platform.
///
/// ```
/// use sim_core::random::{Rng, Streams};
/// let mut arrivals = Streams::new(1, 0).stream("web/arrivals");
/// assert_ne!(arrivals.next_u64(), arrivals.next_u64());
/// ```
pub type Stream = ChaCha8Rng;

/// The random streams of one replication under one seed.
///
/// ```
/// use sim_core::random::{Rng, Streams};
/// let streams = Streams::new(42, 0);
/// let first = streams.stream("web/arrivals").next_u64();
/// let _unrelated = streams.stream("batch/arrivals").next_u64();
/// assert_eq!(streams.stream("web/arrivals").next_u64(), first, "a stream belongs to its name");
/// assert_ne!(Streams::new(42, 1).stream("web/arrivals").next_u64(), first, "replications differ");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    seed: u64,
    replication: u64,
}

impl Streams {
    /// Creates the streams for a `replication` of `seed`.
    ///
    /// ```
    /// let streams = sim_core::random::Streams::new(7, 0);
    /// # let _ = streams;
    /// ```
    pub fn new(seed: u64, replication: u64) -> Self {
        Self { seed, replication }
    }

    /// Returns the stream called `name`, from its beginning.
    ///
    /// ```
    /// use sim_core::random::{Rng, Streams};
    /// let streams = Streams::new(7, 0);
    /// assert_ne!(streams.stream("a").next_u64(), streams.stream("b").next_u64());
    /// ```
    pub fn stream(&self, name: &str) -> Stream {
        let words = [
            self.seed,
            self.replication,
            hash_name(name, 0xcbf2_9ce4_8422_2325),
            hash_name(name, 0x6c62_272e_07bb_0142),
        ];
        let mut seed = [0; 32];
        for (bytes, word) in seed.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        ChaCha8Rng::from_seed(seed)
    }
}

/// FNV-1a over the bytes, then mixed: two offsets give 128 bits, so distinct names get distinct
/// streams.
fn hash_name(name: &str, offset: u64) -> u64 {
    mix(name
        .bytes()
        .fold(offset, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)))
}
