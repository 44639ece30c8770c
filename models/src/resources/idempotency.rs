//! Remembers which requests have been done, so that none is done twice.

use std::collections::VecDeque;

use sim_core::growth::{Growing, KeyMap};
use sim_core::{SimDuration, SimTime};

/// State of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// This frame is working on the request.
    UnderWay(u32),
    /// The request was completed at this time.
    Done(SimTime),
}

/// Result of presenting an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// The request is new, as far as the service remembers.
    First,
    /// The request was done before: the caller gets the same answer again.
    Replayed,
    /// The request is in progress: the caller gets an error saying so (409 Conflict, a client
    /// error, in draft-ietf-httpapi-idempotency-key-header, section 2.6).
    Conflict,
}

/// The idempotency keys of a service, shared by its instances. Good answers are remembered for a
/// while, as payment providers do (Stripe: 24 hours). A request that fails leaves no trace and can
/// be repeated.
///
/// ```
/// use sim_core::{SimDuration, SimTime};
/// use sim_models::resources::{IdempotencyKeys, Repetition};
/// let mut keys = IdempotencyKeys::new(SimDuration::from_secs(60));
/// assert_eq!(keys.begin(SimTime::ZERO, 7, 0), Repetition::First);
/// assert_eq!(keys.begin(SimTime::ZERO, 7, 1), Repetition::Conflict);
/// keys.end(SimTime::ZERO, 7, 0, true);
/// assert_eq!(keys.begin(SimTime::from_secs(59), 7, 2), Repetition::Replayed);
/// assert_eq!(keys.begin(SimTime::from_secs(61), 7, 3), Repetition::First);
/// ```
#[derive(Clone, Debug)]
pub struct IdempotencyKeys {
    lifetime: SimDuration,
    known: KeyMap<Known>,
    /// Completed requests in order of time, so that the oldest is forgotten first.
    done: VecDeque<(SimTime, u64)>,
}

impl IdempotencyKeys {
    /// Creates an empty set of keys, each remembered for `lifetime`.
    pub fn new(lifetime: SimDuration) -> Self {
        Self { lifetime, known: KeyMap::default(), done: VecDeque::new() }
    }

    /// Remembers keys for another time from now on.
    pub fn change(&mut self, lifetime: SimDuration) {
        self.lifetime = lifetime;
    }

    /// Looks up the key of a request that `who` is about to do, and records it if it is new.
    pub fn begin(&mut self, now: SimTime, key: u64, who: u32) -> Repetition {
        while let Some((at, key)) =
            self.done.front().copied().filter(|(at, _)| *at + self.lifetime <= now)
        {
            self.done.pop_front();
            if self.known.get(key) == Some(Known::Done(at)) {
                self.known.remove(key);
            }
        }
        match self.known.get(key) {
            Some(Known::Done(_)) => Repetition::Replayed,
            Some(Known::UnderWay(_)) => Repetition::Conflict,
            None => {
                self.known.insert(key, Known::UnderWay(who));
                Repetition::First
            }
        }
    }

    /// Records that `who` has finished a request, successfully or not; does nothing if somebody
    /// else was working on it.
    pub fn end(&mut self, now: SimTime, key: u64, who: u32, is_good: bool) {
        if self.known.get(key) != Some(Known::UnderWay(who)) {
            return;
        }
        if is_good {
            self.known.insert(key, Known::Done(now));
            self.done.make_room();
            self.done.push_back((now, key));
        } else {
            self.known.remove(key);
        }
    }

    /// Number of keys remembered.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Bytes that the keys take.
    pub fn bytes(&self) -> u64 {
        self.known.bytes() + self.done.bytes()
    }

    /// True if no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}
