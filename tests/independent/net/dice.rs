//! Numbers at random.

use super::SECOND;

/// Numbers at random (xorshift64*), and the scale of times: whole seconds, or anything.
pub struct Dice {
    state: u64,
    pub is_whole: bool,
    /// Settings that may still limit a time. On whole seconds there is one: the order of what
    /// different settings limit is no part of the guide.
    limits: u32,
}

/// A quarter of a second, so that most intervals of the series have one event or none.
const UNIT: u64 = SECOND / 4;

impl Dice {
    pub fn new(seed: u64, is_whole: bool) -> Self {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut dice = Self { state, is_whole, limits: if is_whole { 1 } else { 1_000 } };
        (0..10).for_each(|_| _ = dice.below(2));
        dice
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    pub fn up_to(&mut self, most: u64) -> u64 {
        1 + self.below(most)
    }

    pub fn one_in(&mut self, number: u64) -> bool {
        self.below(number) == 0
    }

    /// A time from one to `most` quarters of a second, or up to 4 whole seconds.
    pub fn time(&mut self, most: u64) -> u64 {
        if self.is_whole {
            self.up_to(4) * SECOND
        } else {
            // Numbers have 31 bits.
            UNIT + self.below(1 << 31) * most / 8 + self.below(1 << 20)
        }
    }

    /// Perhaps a limit of a time.
    pub fn limit(&mut self, number: u64, most: u64) -> Option<u64> {
        let limit = self.perhaps(number, most).filter(|_| self.limits > 0);
        self.limits -= u32::from(limit.is_some());
        limit
    }

    pub fn perhaps(&mut self, number: u64, most: u64) -> Option<u64> {
        self.one_in(number).then(|| self.time(most))
    }
}
