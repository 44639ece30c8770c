//! The wait of an open breaker.

use std::fmt;

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
        /// The factor by which each further opening in a row lengthens it; at least 1.
        multiplier: f64,
        /// The longest wait.
        max: SimDuration,
    },
    /// As long as outages have lasted so far; after further openings in a row, the shortest wait.
    Adaptive {
        /// The wait before any outage has ended.
        initial: SimDuration,
        /// The shortest wait.
        min: SimDuration,
        /// The longest wait.
        max: SimDuration,
    },
}

impl Wait {
    /// The wait after an opening.
    ///
    /// `openings` counts the openings in a row since the breaker was last closed, from 1. `outage`
    /// is the smoothed length of the outages so far, if there has been one.
    pub fn after_opening(self, openings: u32, outage: Option<SimDuration>) -> SimDuration {
        match self {
            Self::Adaptive { initial, min, max } if openings <= 1 => {
                outage.unwrap_or(initial).max(min).min(max)
            }
            Self::Adaptive { min, .. } => min,
            Self::Fixed(wait) => wait,
            Self::Exponential { base, multiplier, max } => {
                base.scaled(libm::pow(multiplier, f64::from(openings.saturating_sub(1)))).min(max)
            }
        }
    }
}

impl fmt::Display for Wait {
    /// The wait as a scenario writes it: `exponential 30s x2 max 5m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = match self {
            Self::Fixed(wait) => return write!(f, "{wait}"),
            Self::Exponential { base, multiplier, max } => {
                write!(f, "exponential {base} x{multiplier}")?;
                max
            }
            Self::Adaptive { initial, min, max } => {
                write!(f, "adaptive {initial} min {min}")?;
                max
            }
        };
        if *longest == SimDuration::MAX { Ok(()) } else { write!(f, " max {longest}") }
    }
}

/// The smoothed length of outages after another one has lasted `latest`: the mean of that and the
/// length `known` so far, so that the last three outages make up seven eighths of it.
pub fn smoothed(known: Option<SimDuration>, latest: SimDuration) -> SimDuration {
    known.map_or(latest, |known| {
        SimDuration::from_nanos(known.as_nanos() / 2 + latest.as_nanos() / 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubling_from_30_seconds_is_capped_at_5_minutes() {
        let wait = Wait::Exponential {
            base: SimDuration::from_secs(30),
            multiplier: 2.0,
            max: SimDuration::from_secs(300),
        };
        let waits: Vec<f64> =
            (1..=6).map(|opening| wait.after_opening(opening, None).as_secs_f64()).collect();
        assert_eq!(waits, [30.0, 60.0, 120.0, 240.0, 300.0, 300.0]);
    }

    #[test]
    fn an_adaptive_wait_learns_how_long_outages_last() {
        let seconds = SimDuration::from_secs;
        let wait = Wait::Adaptive { initial: seconds(30), min: seconds(10), max: seconds(300) };
        assert_eq!(wait.after_opening(1, None), seconds(30));
        let known = smoothed(Some(smoothed(None, seconds(420))), seconds(60));
        assert_eq!((known, wait.after_opening(1, Some(known))), (seconds(240), seconds(240)));
        assert_eq!(
            wait.after_opening(2, Some(known)),
            seconds(10),
            "longer than usual: look often"
        );
        assert_eq!(wait.after_opening(1, Some(seconds(1))), seconds(10));
        assert_eq!(wait.after_opening(1, Some(seconds(900))), seconds(300));
    }
}
