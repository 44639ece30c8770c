//! Random draws keyed by what they are used for.

use std::convert::Infallible;

use rand_core::{Rng, TryRng};

use super::stream::Stream;

/// Weyl increment of SplitMix64: 2⁶⁴ divided by the golden ratio, made odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A bijection of 64 bits in which every input bit flips every output bit about half of the time:
/// variant 13 of Stafford's search, as used by SplitMix64 (Steele, Lea, Flood, "Fast splittable
/// pseudorandom number generators", 2014).
#[inline]
pub(crate) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Identifies one thing that can happen, so that it draws the same numbers in every variant of a
/// model.
///
/// Keys form a tree: a root from a named stream, requests below it, and the steps and attempts of
/// each request below that.
///
/// ```
/// use sim_core::random::{DrawKey, Rng, Streams};
/// let workload = DrawKey::root(&mut Streams::new(7, 0).stream("web/requests"));
/// let request = workload.child(17);
/// let step_three = request.child(3);
/// assert_eq!(step_three.draw().next_u64(), workload.child(17).child(3).draw().next_u64());
/// assert_ne!(step_three.draw().next_u64(), request.child(4).draw().next_u64());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrawKey(u64);

impl DrawKey {
    /// Returns the root of a tree of keys, drawn from a named stream.
    ///
    /// ```
    /// use sim_core::random::{DrawKey, Streams};
    /// let root = DrawKey::root(&mut Streams::new(7, 0).stream("web"));
    /// # let _ = root;
    /// ```
    pub fn root(stream: &mut Stream) -> Self {
        Self(stream.next_u64())
    }

    /// Returns the key of the `index`-th child of this one.
    ///
    /// ```
    /// # use sim_core::random::{DrawKey, Streams};
    /// let root = DrawKey::root(&mut Streams::new(7, 0).stream("web"));
    /// assert_ne!(root.child(1), root.child(2));
    /// ```
    #[inline]
    pub fn child(self, index: u64) -> Self {
        Self(mix(self.0 ^ index.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// The key as a number. It differs between keys and has no other meaning.
    ///
    /// ```
    /// use sim_core::random::DrawKey;
    /// assert_ne!(DrawKey::default().child(1).bits(), DrawKey::default().child(2).bits());
    /// ```
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Returns the sequence of numbers drawn under this key, from the start.
    ///
    /// ```
    /// # use sim_core::random::{DrawKey, Rng, Streams};
    /// let key = DrawKey::root(&mut Streams::new(7, 0).stream("web"));
    /// assert_eq!(key.draw().next_u64(), key.draw().next_u64());
    /// ```
    pub fn draw(self) -> KeyedDraw {
        KeyedDraw(self.0)
    }
}

/// The sequence of random numbers under one [`DrawKey`]: SplitMix64 started at that key.
///
/// ```
/// use sim_core::random::{DrawKey, Rng, Streams};
/// let mut draw = DrawKey::root(&mut Streams::new(7, 0).stream("web")).draw();
/// assert_ne!(draw.next_u64(), draw.next_u64());
/// ```
#[derive(Clone, Debug)]
pub struct KeyedDraw(u64);

impl TryRng for KeyedDraw {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|bits| (bits >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(GOLDEN);
        Ok(mix(self.0))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Streams, uniform};

    fn request_key(request: u64) -> DrawKey {
        DrawKey::root(&mut Streams::new(11, 0).stream("test")).child(request)
    }

    /// Pearson's statistic over `cells` equally likely cells; its mean is cells − 1 and its
    /// variance 2 (cells − 1).
    fn chi_squared(counts: &[u64]) -> f64 {
        let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
        counts
            .iter()
            .map(|count| (*count as f64 - expected) * (*count as f64 - expected) / expected)
            .sum()
    }

    #[test]
    fn the_first_draw_of_successive_requests_is_uniform() {
        let mut counts = [0; 256];
        for request in 0..200_000 {
            counts[(uniform(&mut request_key(request).child(3).draw()) * 256.0) as usize] += 1;
        }
        let statistic = chi_squared(&counts);
        assert!(
            (160.0..355.0).contains(&statistic),
            "chi-squared {statistic} lies outside 4.5 standard deviations of 255"
        );
    }

    #[test]
    fn draws_of_neighbouring_keys_are_independent() {
        let mut pairs_by_step = [0; 256];
        let mut pairs_by_request = [0; 256];
        for request in 0..200_000 {
            let cell = |key: DrawKey| (uniform(&mut key.draw()) * 16.0) as usize;
            let here = cell(request_key(request).child(3));
            pairs_by_step[here * 16 + cell(request_key(request).child(4))] += 1;
            pairs_by_request[here * 16 + cell(request_key(request + 1).child(3))] += 1;
        }
        for statistic in [chi_squared(&pairs_by_step), chi_squared(&pairs_by_request)] {
            assert!((160.0..355.0).contains(&statistic), "chi-squared {statistic}");
        }
    }

    #[test]
    fn flipping_one_bit_of_the_index_flips_half_of_the_key() {
        let mut flipped = 0;
        for request in 0..1_000_u64 {
            for bit in 0..64 {
                flipped +=
                    (request_key(request).0 ^ request_key(request ^ (1 << bit)).0).count_ones();
            }
        }
        let mean = f64::from(flipped) / 64_000.0;
        assert!((mean - 32.0).abs() < 0.1, "{mean} of 64 bits flip on average");
    }
}
