//! The guards between a caller and the attempts of its call: one file each, with its settings, its
//! compilation, its data about a call, and its behaviour when a call enters and leaves.
//!
//! The state machines that guards drive are in [`resilience`](crate::resilience) and know neither
//! files nor events. Only the list below knows every guard; `onion` takes calls through them.

mod arrangement;
pub(crate) mod breaker;
mod bulkhead;
mod compile;
mod hedge;
mod onion;
mod pool;
mod rate_limit;
mod retry;
mod scope;
mod sets;
mod throttle;
mod timeout;

pub use self::breaker::Breaker;
pub(crate) use self::breaker::{ENVOYS_MERGE_WINDOW, outlier_detection_of};
pub use self::bulkhead::Bulkhead;
pub(crate) use self::bulkhead::Permits;
pub(crate) use self::compile::{GuardsSection, pipeline};
pub use self::hedge::{Hedge, MOST_REQUESTS};
pub(crate) use self::pool::Connection;
pub use self::pool::ConnectionPool;
pub use self::rate_limit::{BacklogAbove, RateLimit};
pub(crate) use self::retry::BackoffPhrase;
pub use self::retry::Retry;
pub use self::scope::Scope;
pub(crate) use self::scope::{ScopeWord, one_of_several};
pub use self::throttle::Throttle;
pub use self::timeout::Timeout;
pub(crate) use self::timeout::TimeoutSection;
use crate::Outcome;
use crate::language::{Decode, Location, Placed, Problems, one_of, section};
use crate::scenario::{Edge, Names, Plan};
use crate::system::{EdgePlan, Engine};

/// A guard of a call that is being compiled: its place, and its number among guards of its kind.
pub(crate) struct Site {
    /// The edge of the call.
    pub edge: Edge,
    /// Its place among the guards of the call, the outermost being 0.
    pub position: u8,
    /// Its number among the guards of its kind, from 1.
    pub ordinal: u32,
    /// The place where it is written.
    pub at: Location,
}

/// A call as a guard sees it.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    /// The frame that makes it.
    pub index: u32,
    /// The edge that it takes.
    pub edge: &'a EdgePlan,
    /// The place of the guard among those of the edge.
    pub position: u8,
}

/// The answer of a guard to a call that comes in.
pub(crate) enum Entry {
    /// It has passed.
    Passed,
    /// It waits, and something will wake it.
    Waits,
    /// It has passed, but goes on inwards only when something wakes it.
    GoesOnLater,
    /// It is turned away.
    Rejected(Outcome),
}

/// The answer of a guard to the outcome of a call.
pub(crate) enum Exit {
    /// It goes on outwards.
    Passed,
    /// The call is not over: it has been sent in again, or waits for another answer.
    Kept,
}

/// A kind of guard.
pub(crate) trait Guards: Sized {
    /// Its settings, as they are written.
    type Section: Decode + Clone + std::fmt::Debug;

    /// The guard that settings stand for; `None` if they do not make one, which has been noted.
    fn compile(
        settings: &Self::Section,
        site: &Site,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Self>;

    /// Takes a call that comes in.
    fn enter(&self, call: Call<'_>, engine: &mut Engine<'_>) -> Entry;

    /// Takes the outcome of a call that has passed.
    fn leave(&self, _call: Call<'_>, _outcome: Outcome, _turn: &mut Engine<'_>) -> Exit {
        Exit::Passed
    }

    /// Gives back what a call holds that has passed and will never come back.
    fn abandon(&self, _call: Call<'_>, _turn: &mut Engine<'_>) {}

    /// Begins anew for an instance of the caller, by its number, whose process has died; returns the
    /// name of what has been forgotten.
    fn forget(
        &self,
        _edge: &EdgePlan,
        _caller: u32,
        _turn: &mut Engine<'_>,
    ) -> Option<&'static str> {
        None
    }
}

/// Lists the guards by their keys, in the order in which a call meets them by default, with the
/// data that each keeps about a call that has passed it.
macro_rules! guards {
    ($(
        $(#[doc = $doc:literal])*
        $key:literal => $guard:ident as $name:ident $(keeps $(#[doc = $kept_doc:literal])* $kept:ty)?
    ),* $(,)?) => {
        /// A guard on an edge.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Guard {
            $( $(#[doc = $doc])* $guard($guard), )*
        }

        impl Guard {
            /// Its key in the scenario file.
            pub fn key(&self) -> &'static str {
                match self { $( Self::$guard(_) => $key, )* }
            }

            #[inline]
            fn enter(&self, call: Call<'_>, engine: &mut Engine<'_>) -> Entry {
                match self { $( Self::$guard(guard) => guard.enter(call, engine), )* }
            }

            #[inline]
            fn leave(&self, call: Call<'_>, outcome: Outcome, engine: &mut Engine<'_>) -> Exit {
                match self { $( Self::$guard(guard) => guard.leave(call, outcome, engine), )* }
            }

            fn abandon(&self, call: Call<'_>, engine: &mut Engine<'_>) {
                match self { $( Self::$guard(guard) => guard.abandon(call, engine), )* }
            }

            /// Begins anew for an instance of the caller whose process has died.
            pub(crate) fn forget(
                &self,
                edge: &EdgePlan,
                caller: u32,
                engine: &mut Engine<'_>,
            ) -> Option<&'static str> {
                match self { $( Self::$guard(guard) => guard.forget(edge, caller, engine), )* }
            }
        }

        /// The data that a guard, or a fallback, keeps about a call.
        #[derive(Clone, Copy, Debug, Default)]
        pub(crate) enum Hold {
            /// Nothing.
            #[default]
            Nothing,
            $( $( $(#[doc = $kept_doc])* $guard($kept), )? )*
            /// A call that has failed, while another service is asked in its place.
            Failed(crate::system::FailedCall),
        }

        /// A guard as it is written.
        #[derive(Clone, Debug)]
        #[allow(clippy::large_enum_variant, reason = "a file has few of them")]
        pub(crate) enum WrittenGuard {
            $( $(#[doc = $doc])* $guard(Placed<<$guard as Guards>::Section>), )*
        }

        impl WrittenGuard {
            /// True for the limits of a proxy.
            fn is_proxy(&self) -> bool {
                matches!(self, Self::Breaker(breaker) if breaker.proxy().is_some())
            }

            /// The place where it is written.
            fn at(&self) -> Location {
                match self { $( Self::$guard(settings) => settings.at(), )* }
            }

            fn compile(
                &self,
                site: &Site,
                names: &Names<'_>,
                plan: &mut Plan,
                problems: &mut Problems,
            ) -> Option<Guard> {
                match self {
                    $( Self::$guard(settings) => {
                        <$guard as Guards>::compile(settings, site, names, plan, problems)
                            .map(Guard::$guard)
                    } )*
                }
            }
        }

        /// Guards in a list: each is a map with one of the keys.
        pub(crate) mod listed {
            use super::{Guards, Placed, section};

            $( section! {
                /// A guard in a list.
                pub(crate) struct $guard {
                    $(#[doc = $doc])*
                    $key => settings: Placed<<super::$guard as Guards>::Section>,
                    /// The name by which paths call it, such as `outer` in
                    /// `calls.a -> b.guards.outer.max wait`; its kind if it is the only one in the list.
                    "name" => name: Option<Placed<String>>,
                }
            } )*
        }

        one_of! {
            /// One guard in a list.
            pub(crate) enum Listed("place in the list") {
                $( $(#[doc = $doc])* $key => $guard(listed::$guard), )*
            }
        }

        impl Listed {
            fn written(&self) -> WrittenGuard {
                match self {
                    $( Self::$guard(guard) => WrittenGuard::$guard(guard.settings.clone()), )*
                }
            }

            /// Its key, and its name if it has one.
            fn key_and_name(&self) -> (&'static str, Option<&Placed<String>>) {
                match self { $( Self::$guard(guard) => ($key, guard.name.as_ref()), )* }
            }
        }

        section! {
            /// Guards that are written one by one, in the usual order.
            pub(crate) struct Single {
                $( $(#[doc = $doc])* $key => $name: Option<Placed<<$guard as Guards>::Section>>, )*
                /// The longest time for the whole call, with all waiting and all attempts; no limit
                /// if left out.
                "call timeout" => whole_timeout: Option<Placed<TimeoutSection>>,
            }
        }

        impl Single {
            /// The guards that are written, the outermost first.
            fn written(&self) -> Vec<WrittenGuard> {
                let mut written = Vec::new();
                $( written.extend(self.$name.clone().map(WrittenGuard::$guard)); )*
                // A proxy's limits lie within its retries: each attempt takes a connection.
                let is_retry = |guard: &WrittenGuard| matches!(guard, WrittenGuard::Retry(_));
                let proxy = written.iter().position(WrittenGuard::is_proxy);
                if let (Some(proxy), Some(retry)) = (proxy, written.iter().position(is_retry)) {
                    written[proxy..=retry].rotate_left(1);
                }
                let is_outside = |guard: &WrittenGuard| {
                    matches!(guard, WrittenGuard::RateLimit(_) | WrittenGuard::Throttle(_))
                };
                let inside = written.iter().take_while(|guard| is_outside(guard)).count();
                if let Some(timeout) = &self.whole_timeout {
                    written.insert(inside, WrittenGuard::Timeout(timeout.clone()));
                }
                written
            }

            /// The keys and places of the guards that are written.
            fn keys(&self) -> impl Iterator<Item = (&'static str, Location)> {
                let keys = [
                    $( ($key, self.$name.as_ref().map(Placed::key)), )*
                    ("call timeout", self.whole_timeout.as_ref().map(Placed::key)),
                ];
                keys.into_iter().filter_map(|(key, at)| Some((key, at?)))
            }
        }

        /// The keys of guards that are written one by one.
        pub(crate) const KEYS: &[&str] = &[$( $key, )* "call timeout"];
    };
}

guards! {
    /// Limits calls over time.
    "rate limit" => RateLimit as rate_limit,
    /// Rejects calls by chance when few are accepted.
    "throttle" => Throttle as throttle,
    /// Limits calls in flight.
    "bulkhead" => Bulkhead as bulkhead keeps
        /// A permit of a bulkhead, or a place in the queue for one.
        bulkhead::Permit,
    /// Stops calling what keeps failing.
    "breaker" => Breaker as breaker keeps
        /// A permission of a breaker.
        breaker::Permission,
    /// Tries again.
    "retry" => Retry as retry keeps
        /// The tries of a retry.
        retry::Tries,
    /// Gives each call a connection of a pool that the caller keeps.
    "pool" => ConnectionPool as pool keeps
        /// A place in a pool of connections, and the connection there.
        pool::Lease,
    /// Limits the time for everything inside it.
    "timeout" => Timeout as timeout keeps
        /// A timeout that is set.
        timeout::Set,
    /// Sends another request when an attempt takes long, and takes the first good answer; the
    /// innermost guard.
    "hedge" => Hedge as hedge keeps
        /// The requests that a hedge has sent for one attempt.
        hedge::Hedged,
}
