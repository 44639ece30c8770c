//! What to answer instead.

use sim_core::{Distribution, random::KeyedDraw, random::uniform};

/// What a caller uses when a call has failed for good.
#[derive(Clone, Debug, PartialEq)]
pub enum Fallback {
    /// A default value, at once.
    Default,
    /// The last good answer, if it is cached.
    Cached {
        /// Probability that it is, 0 to 1.
        hit_rate: f64,
        /// Time to fetch it, in nanoseconds.
        latency: Distribution,
    },
}

impl Fallback {
    /// The time it takes to come up with the substitute, in nanoseconds; `None` if there is none.
    pub fn attempt(&self, draw: &mut KeyedDraw) -> Option<f64> {
        match self {
            Self::Default => Some(0.0),
            Self::Cached { hit_rate, latency } => (uniform(draw) < *hit_rate).then(|| latency.sample(draw)),
        }
    }
}
