//! Fallbacks: substitutes for the answer when a call has failed.

use crate::system::{Id, of};
use sim_core::random::{KeyedDraw, uniform};
use sim_core::{Distribution, SimDuration};

/// A substitute for the answer when a call has failed for good; one of a chain.
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
        /// The longest time since the last success of the call for which it is used.
        max_age: Option<SimDuration>,
    },
    /// Another service, by a call site: a call with guards of its own.
    Alternative {
        /// The call site.
        site: Id<of::CallSite>,
    },
    /// A message about the request is put into a queue, if there is room.
    Send {
        /// The queue.
        queue: Id<of::Queue>,
    },
    /// The request is accepted and done later, when the breakers of the call are closed.
    Later {
        /// The most requests that can wait at one time.
        capacity: u32,
        /// Time between two requests that are done later.
        interval: SimDuration,
    },
}

/// The time that a cached answer takes to fetch, in nanoseconds; `None` if it is not there, or is
/// too old. `age` is the time since the call last succeeded, if it ever has.
pub fn fetch(
    hit_rate: f64,
    latency: &Distribution,
    max_age: Option<SimDuration>,
    age: Option<SimDuration>,
    draw: &mut KeyedDraw,
) -> Option<f64> {
    let is_there = uniform(draw) < hit_rate;
    (is_there && max_age.is_none_or(|max_age| age.is_some_and(|age| age <= max_age)))
        .then(|| latency.sample(draw))
}

#[cfg(test)]
mod tests {
    use sim_core::random::DrawKey;

    use super::*;

    #[test]
    fn a_cached_answer_is_there_as_often_as_it_is_and_not_when_it_is_too_old() {
        let latency = Distribution::Constant { value: 2e6 };
        let hits = |max_age, age| {
            let fetched = |number| {
                fetch(
                    0.3,
                    &latency,
                    max_age,
                    Some(age),
                    &mut DrawKey::default().child(number).draw(),
                )
            };
            (0..2_000).filter_map(fetched).filter(|nanos| *nanos == 2e6).count()
        };
        let (minute, hour) = (SimDuration::from_secs(60), SimDuration::from_secs(3_600));
        assert!((550..650).contains(&hits(None, hour)));
        assert_eq!(hits(Some(minute), minute), hits(None, hour));
        assert_eq!(hits(Some(minute), hour), 0);
        let mut draw = DrawKey::default().draw();
        assert_eq!(
            fetch(1.0, &latency, Some(minute), None, &mut draw),
            None,
            "there has been no answer yet"
        );
    }
}
