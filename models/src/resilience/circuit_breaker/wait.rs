//! How long an open breaker stays shut to traffic.

use sim_core::SimDuration;

/// The wait of an open breaker before it lets its first probe through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wait {
    /// The same every time.
    Fixed(SimDuration),
    /// Longer after each opening in a row.
    Exponential {
        /// The wait after the first opening.
        base: SimDuration,
        /// What each further opening in a row multiplies it by; at least 1.
        multiplier: f64,
        /// The longest wait.
        max: SimDuration,
    },
}

impl Wait {
    /// The wait after the `openings`-th opening in a row since the breaker was last closed, counted from 1.
    pub fn after_opening(self, openings: u32) -> SimDuration {
        match self {
            Self::Fixed(wait) => wait,
            Self::Exponential { base, multiplier, max } => {
                base.scaled(libm::pow(multiplier, f64::from(openings.saturating_sub(1)))).min(max)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubling_from_30_seconds_is_capped_at_5_minutes() {
        let wait = Wait::Exponential { base: SimDuration::from_secs(30), multiplier: 2.0, max: SimDuration::from_secs(300) };
        let waits: Vec<f64> = (1..=6).map(|opening| wait.after_opening(opening).as_secs_f64()).collect();
        assert_eq!(waits, [30.0, 60.0, 120.0, 240.0, 300.0, 300.0]);
    }
}
