//! The machine of a breaker: composed of parts, or a library's.

use std::fmt;

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::libraries::{self, LibraryBreaker};
use super::{
    BreakerAnswer, BreakerState, CallVerdict, ComposedBreaker, ComposedSettings, Ticket,
    Transition, WindowGauges,
};

/// Writes one enum over the settings of all breakers and one over their machines, with a variant
/// for each library of the list.
///
/// The machine passes each operation on to the variant at hand. That of a library lies in a box;
/// the composed one, which most scenarios use, does not.
macro_rules! machines {
    ($( $(#[doc = $doc:literal])* $preset:literal => $library:ident($section:ident) ),+ $(,)?) => {
        /// The settings of a breaker, by the machine that they are for.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum BreakerSettings {
            /// A breaker composed of parts.
            Composed(ComposedSettings),
            $(
                #[doc = concat!(
                    "A breaker like [`", stringify!($library),
                    "`](libraries::", stringify!($library), ").",
                )]
                $library(<libraries::$library as LibraryBreaker>::Settings),
            )+
        }

        impl BreakerSettings {
            /// The number of results, seconds or buckets that a breaker with these settings keeps,
            /// which is what its memory grows with.
            pub fn remembered(&self) -> u64 {
                match self {
                    Self::Composed(settings) => u64::from(settings.window.size()),
                    $(Self::$library(settings) => libraries::$library::remembered(settings),)+
                }
            }
        }

        impl fmt::Display for BreakerSettings {
            /// The settings as a scenario writes them.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Composed(settings) => write!(f, "{settings}"),
                    $(Self::$library(settings) => {
                        write!(f, concat!("preset: ", $preset, ", {}"), settings)
                    })+
                }
            }
        }

        /// A breaker's state machine.
        #[derive(Clone, Debug)]
        #[allow(clippy::large_enum_variant, reason = "the usual one is not behind a pointer")]
        pub(super) enum Machine {
            Composed(ComposedBreaker),
            $($library(Box<libraries::$library>),)+
        }

        impl Machine {
            /// A closed breaker, built at `now`.
            pub fn new(settings: BreakerSettings, key: DrawKey, now: SimTime) -> Self {
                match settings {
                    BreakerSettings::Composed(settings) => {
                        Self::Composed(ComposedBreaker::new(settings, key))
                    }
                    $(BreakerSettings::$library(settings) => {
                        Self::$library(Box::new(LibraryBreaker::build(settings, key, now)))
                    })+
                }
            }

            /// Lets the next timer fire that is due by `now`; returns the change of state that it
            /// brings about, and its time.
            #[inline]
            pub fn due_transition(&mut self, now: SimTime) -> Option<(SimTime, Transition)> {
                match self {
                    Self::Composed(breaker) => breaker.due_transition(now),
                    $(Self::$library(breaker) => fire_timer(&mut **breaker, now),)+
                }
            }

            /// Answers a call that asks to pass, which may change the state.
            #[inline]
            pub fn try_acquire(&mut self, now: SimTime) -> (BreakerAnswer, Option<Transition>) {
                match self {
                    Self::Composed(breaker) => {
                        let decision = breaker.try_acquire(now);
                        (decision.answer(), decision.transition)
                    }
                    $(Self::$library(breaker) => {
                        watch(&mut **breaker, |breaker| breaker.admit(now))
                    })+
                }
            }

            /// Counts the result of an admitted call, which may change the state.
            #[inline]
            pub fn complete(
                &mut self,
                now: SimTime,
                ticket: Ticket,
                elapsed: SimDuration,
                verdict: CallVerdict,
            ) -> Option<Transition> {
                match self {
                    Self::Composed(breaker) => breaker.complete(now, ticket, elapsed, verdict),
                    $(Self::$library(breaker) => {
                        watch(&mut **breaker, |breaker| {
                            breaker.record(now, ticket, elapsed, verdict);
                        })
                        .1
                    })+
                }
            }

            /// The number of the test that ended with the call of this ticket, if calls wait for
            /// its end.
            #[inline]
            pub fn test_ended(&self, ticket: Ticket) -> Option<u64> {
                match self {
                    Self::Composed(_) => None,
                    $(Self::$library(breaker) => breaker.test_ended(ticket),)+
                }
            }

            /// Bytes that grow with the calls, and which no setting bounds.
            pub fn bytes(&self) -> u64 {
                match self {
                    Self::Composed(_) => 0,
                    $(Self::$library(breaker) => breaker.bytes(),)+
                }
            }

            /// The shares in its window; reading them changes nothing.
            pub fn window(&self, now: SimTime) -> WindowGauges {
                match self {
                    Self::Composed(breaker) => breaker.window(now),
                    $(Self::$library(breaker) => LibraryBreaker::window(&**breaker, now),)+
                }
            }

            /// The present state; reading it changes nothing.
            pub fn state(&self) -> BreakerState {
                match self {
                    Self::Composed(breaker) => breaker.state(),
                    $(Self::$library(breaker) => breaker.current_state(),)+
                }
            }
        }
    };
}

libraries::libraries!(machines);

#[inline]
fn fire_timer<B: LibraryBreaker>(breaker: &mut B, now: SimTime) -> Option<(SimTime, Transition)> {
    let (at, transition) = watch(breaker, |breaker| breaker.fire_timer(now));
    Some((at?, transition?))
}

/// Acts on a library's breaker; returns the result and the change of state that it brought about.
#[inline]
fn watch<B: LibraryBreaker, T>(
    breaker: &mut B,
    act: impl FnOnce(&mut B) -> T,
) -> (T, Option<Transition>) {
    let from = breaker.current_state();
    let result = act(breaker);
    let to = breaker.current_state();
    (result, (from != to).then(|| Transition { from, to, reason: breaker.last_reason() }))
}
