//! Remembers which requests have been done, so that none is done twice.

use std::collections::{HashMap, VecDeque};

use sim_core::{SimDuration, SimTime};

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Whoever it is does it.
    UnderWay(u32),
    /// It was done then.
    Done(SimTime),
}

/// What becomes of a request with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// It is done for the first time, as far as anyone remembers.
    First,
    /// It has been done: the answer is the one given then.
    Replayed,
    /// It is being done just now: the caller is told so (409 Conflict, a client error, in
    /// draft-ietf-httpapi-idempotency-key-header, section 2.6).
    Conflict,
}

/// The idempotency keys of a service, shared by its instances: good answers are remembered for a
/// while, as payment providers do (Stripe: 24 hours). A request that fails leaves nothing behind
/// and can be repeated.
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
    known: HashMap<u64, Known>,
    /// What was done, in order of time: the oldest is forgotten first.
    done: VecDeque<(SimTime, u64)>,
}

impl IdempotencyKeys {
    /// No keys yet; each is remembered so long.
    pub fn new(lifetime: SimDuration) -> Self {
        Self { lifetime, known: HashMap::new(), done: VecDeque::new() }
    }

    /// Somebody is about to do the request with a key.
    pub fn begin(&mut self, now: SimTime, key: u64, who: u32) -> Repetition {
        while let Some((at, key)) =
            self.done.front().copied().filter(|(at, _)| *at + self.lifetime <= now)
        {
            self.done.pop_front();
            if self.known.get(&key) == Some(&Known::Done(at)) {
                self.known.remove(&key);
            }
        }
        match self.known.get(&key) {
            Some(Known::Done(_)) => Repetition::Replayed,
            Some(Known::UnderWay(_)) => Repetition::Conflict,
            None => {
                self.known.insert(key, Known::UnderWay(who));
                Repetition::First
            }
        }
    }

    /// Somebody has ended a request, with success or without; nothing happens if it was not they
    /// who did it.
    pub fn end(&mut self, now: SimTime, key: u64, who: u32, is_good: bool) {
        if self.known.get(&key) != Some(&Known::UnderWay(who)) {
            return;
        }
        if is_good {
            self.known.insert(key, Known::Done(now));
            self.done.push_back((now, key));
        } else {
            self.known.remove(&key);
        }
    }

    /// Keys remembered.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}
