//! The memory that a run takes, by what takes it.

use sim_core::Schedule;
use sim_core::growth::Growing;

use super::event::Event;
use super::state::{EdgeState, State, System};
use crate::observe::Recorder;
use crate::resilience::{BreakerInService, RateLimiter};
use crate::resources::{IdempotencyKeys, KeyedCache, Pool};

/// Lists all that can grow in a run, with the words for it in messages and the bytes that it takes.
macro_rules! grows {
    ($( $(#[doc = $doc:literal])* $kind:ident = $words:literal, |$state:ident| $bytes:expr; )+) => {
        /// Something that grows in a run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Growth {
            $( $(#[doc = $doc])* $kind, )+
        }

        impl Growth {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Its name in messages.
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$kind => $words,)+
                }
            }

            /// The bytes that it takes in a state.
            fn bytes_in(self, state: &State) -> u64 {
                match self {
                    $(Self::$kind => { let $state = state; $bytes })+
                }
            }
        }
    };
}

grows! {
    /// Requests and calls that have begun and not ended, the users who make them, and the connections kept for them.
    InFlight = "requests and calls in flight", |state| state.frames.bytes()
        + state.ready.bytes()
        + sum(&state.workloads, |workload| workload.users.bytes())
        + sum(&state.test_waiters, Growing::bytes)
        + sum(&state.kept, Growing::bytes)
        + sum(&state.caches, KeyedCache::bytes);
    /// Queues of pools, calls that are put off, and events that paused instances have missed.
    Waiting = "waiting requests", |state| sum(&state.pools, Pool::bytes)
        + sum(&state.instances, |instance| instance.parked.bytes())
        + sum(&state.edges, |edge: &EdgeState| edge.deferred.bytes());
    /// Future events and timeouts.
    Events = "future events and timeouts", |state| sum(&state.rings, sim_core::DeadlineRing::bytes);
    /// Messages in queues.
    Messages = "messages in queues", |state| sum(&state.queues, |queue| {
        queue.messages.bytes() + queue.begun.bytes()
    });
    /// Requests for which an effect was done.
    Effects = "the requests that effects remember", |state| state.recorder.bytes_of_effects();
    /// Requests that a service remembers.
    Keys = "idempotency keys", |state| sum(&state.keys, IdempotencyKeys::bytes);
    /// Customers of whom a request failed.
    Customers = "customers of failed requests", |state| state.recorder.bytes_of_customers();
    /// Results and calls in the windows of guards.
    Windows = "the windows of breakers and rate limits", |state| {
        sum(&state.breakers, BreakerInService::bytes) + sum(&state.rate_limiters, RateLimiter::bytes)
    };
    /// Series and histograms.
    Series = "series and histograms", |state| Recorder::bytes(&state.recorder);
}

fn sum<'a, T: 'a>(things: impl IntoIterator<Item = &'a T>, bytes: impl Fn(&T) -> u64) -> u64 {
    things.into_iter().map(bytes).sum()
}

/// The memory that a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Bytes that everything takes.
    pub bytes: u64,
    /// The growth that takes most of them.
    pub most: Growth,
}

impl System {
    /// The memory that everything takes, with the room that it has for more.
    pub fn footprint(&self, schedule: &Schedule<Event>) -> Footprint {
        let bytes_of = |growth: Growth| {
            let scheduled = if growth == Growth::Events { schedule.bytes() } else { 0 };
            growth.bytes_in(&self.state) + scheduled
        };
        let (mut bytes, mut most) = (0, (0, Growth::InFlight));
        for growth in Growth::ALL {
            let grown = bytes_of(*growth);
            bytes += grown;
            if grown > most.0 {
                most = (grown, *growth);
            }
        }
        Footprint { bytes, most: most.1 }
    }
}
