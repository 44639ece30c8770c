//! Faults: what breaks, when, for how long, and at how many instances. Each fault has a file, with
//! its settings, its compilation and what it does when it begins and ends.
//!
//! A fault is written as a `FaultSection` and compiled to [`Fault`]s with an [`Effect`]. Only
//! this file knows them all; a deployment has several effects, every other fault has one.

mod black_hole;
mod break_breaker;
mod chaos;
mod compile;
mod crash;
mod deploy;
mod errors;
mod fault;
mod flush;
mod idle;
mod instances;
mod lose_threads;
mod pause;
mod reach;
mod refuse;
mod slow;
mod steps;
mod surge;
mod target;
mod trigger;
mod victims;

pub use self::black_hole::{BlackHole, Cut};
pub use self::break_breaker::BreakGuard;
pub(crate) use self::chaos::{Chaos, compile_chaos};
use self::compile::Strike;
pub(crate) use self::compile::compile_faults;
pub use self::crash::Crash;
pub use self::deploy::{Cold, Restart};
pub use self::errors::Errors;
pub use self::fault::{Fault, Part};
pub use self::flush::Flush;
pub(crate) use self::instances::instances_in_words;
pub use self::lose_threads::LoseSlots;
pub use self::pause::Pause;
pub use self::refuse::Refuse;
pub use self::slow::Slow;
pub use self::steps::{Pace, Steps};
pub(crate) use self::steps::{Reach, in_steps};
pub use self::surge::Surge;
pub(crate) use self::target::{FaultTarget, must_have_breaker, target_of};
pub use self::trigger::{Trigger, TriggerOn};
pub use self::victims::Victim;
pub(crate) use self::victims::with_victims;
use crate::language::quantity::{Duration, Period};
use crate::language::{Placed, Problems, one_of, section};
use crate::scenario::{Names, Plan, span_or};
use crate::system::{Engine, Id, ThroughPlan, of};
use sim_core::{Distribution, SimDuration, SimTime};

section! {
    /// A fault.
    pub(crate) struct FaultSection {
        /// The time at which it begins; the beginning of the run if left out.
        "at" => at: Option<Placed<Duration>>,
        /// A condition on the figures of the run, such as `p99 of web is above 2s`, in place of a
        /// time: it begins when that is met for the first time.
        "when" => when: Option<Placed<String>>,
        .. => kind: FaultKind,
    }
}

impl FaultSection {
    /// The instant at which it begins for the first time; zero if a condition decides.
    fn begin(&self) -> SimTime {
        SimTime::ZERO + span_or(self.at.as_ref(), SimDuration::ZERO)
    }

    /// The call on which it depends.
    fn through(&self, plan: &Plan) -> Option<ThroughPlan> {
        match &self.kind {
            FaultKind::Deploy(deploy) => deploy.through.plan(plan),
            _ => None,
        }
    }

    /// The beginning and the end of it, all repetitions included.
    pub fn span(&self, names: &Names<'_>, plan: &Plan) -> (SimTime, SimTime) {
        self.kind.whole(self.begin(), names, plan)
    }
}

/// The behaviour of a fault while it is in force.
pub(crate) trait InForce {
    /// Puts the fault with this id into force.
    fn begin(&self, id: Id<of::Fault>, engine: &mut Engine<'_>);

    /// Makes it larger, if it grows step by step.
    fn grow(&self, _id: Id<of::Fault>, _turn: &mut Engine<'_>) {}

    /// Ends it.
    fn end(&self, id: Id<of::Fault>, engine: &mut Engine<'_>);

    /// True if it is over in the instant in which it begins.
    fn is_instantaneous(&self) -> bool {
        false
    }

    /// Makes it stronger by a factor; returns `false` if it has no size and can only last longer.
    fn strengthen(&mut self, _factor: f64) -> bool {
        false
    }

    /// A few words for the timeline, without the target.
    fn summary(&self) -> String;

    /// The same for a share of its full size, from 0 to 1; `None` if that has no size of its own.
    fn summary_at(&self, _share: f64) -> Option<String> {
        None
    }

    /// The reason why it changes nothing in a run, if one can be told from the scenario; `target`
    /// is its name, and `station` the station that it strikes.
    fn has_no_effect(
        &self,
        _target: &str,
        _station: Option<Id<of::Station>>,
        _plan: &Plan,
    ) -> Option<String> {
        None
    }

    /// The factor on service times at an instant.
    fn work_factor(&self, _fault: &Fault, _now: SimTime) -> f64 {
        1.0
    }

    /// The time to wait before work, in nanoseconds.
    fn added_work(&self) -> Option<&Distribution> {
        None
    }

    /// The service times in place of the usual ones, in nanoseconds.
    fn work_instead(&self) -> Option<&Distribution> {
        None
    }

    /// The failures that it answers with.
    fn errors(&self) -> Option<&Errors> {
        None
    }

    /// The trigger of the batch that begins after this one.
    fn next_batch(&self) -> Option<Id<of::Trigger>> {
        None
    }
}

/// A size as it is told, without the noise of its last digits: 7, not 7.000000000000001.
fn rounded(size: f64) -> f64 {
    format!("{size:.9e}").parse().unwrap_or(size)
}

/// Lists the kinds of faults by their keys, and the effects that they have.
macro_rules! faults {
    (
        kinds { $( $(#[doc = $doc:literal])* $key:literal => $kind:ident($section:ty) ),* $(,)? }
        effects { $( $(#[doc = $about:literal])* $effect:ident ),* $(,)? }
    ) => {
        one_of! {
            /// A fault and its target.
            pub(crate) enum FaultKind("fault") {
                $( $(#[doc = $doc])* $key => $kind($section), )*
            }
        }

        impl FaultKind {
            /// The keys that kinds of faults are written with.
            pub const KEYS: &[&str] = &[$( $key, )*];

            fn strike(
                &self,
                begin: SimTime,
                names: &Names<'_>,
                plan: &mut Plan,
                problems: &mut Problems,
            ) -> Vec<Fault> {
                match self {
                    $( Self::$kind(fault) => fault.strike(begin, names, plan, problems), )*
                }
            }

            fn whole(
                &self,
                begin: SimTime,
                names: &Names<'_>,
                plan: &Plan,
            ) -> (SimTime, SimTime) {
                match self {
                    $( Self::$kind(fault) => fault.whole(begin, names, plan), )*
                }
            }

            fn span(&self) -> Option<&reach::InForceSpan> {
                match self {
                    $( Self::$kind(fault) => fault.span(), )*
                }
            }

            fn every(&self) -> Option<&Placed<Period>> {
                match self {
                    $( Self::$kind(fault) => fault.every(), )*
                }
            }
        }

        /// The effect of a fault on its target.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Effect {
            $( $(#[doc = $about])* $effect($effect), )*
        }

        impl InForce for Effect {
            fn begin(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
                match self { $( Self::$effect(effect) => effect.begin(id, engine), )* }
            }

            fn grow(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
                match self { $( Self::$effect(effect) => effect.grow(id, engine), )* }
            }

            fn end(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
                match self { $( Self::$effect(effect) => effect.end(id, engine), )* }
            }

            fn is_instantaneous(&self) -> bool {
                match self { $( Self::$effect(effect) => effect.is_instantaneous(), )* }
            }

            fn strengthen(&mut self, factor: f64) -> bool {
                match self { $( Self::$effect(effect) => effect.strengthen(factor), )* }
            }

            fn summary(&self) -> String {
                match self { $( Self::$effect(effect) => effect.summary(), )* }
            }

            fn summary_at(&self, share: f64) -> Option<String> {
                match self { $( Self::$effect(effect) => effect.summary_at(share), )* }
            }

            fn has_no_effect(
                &self,
                target: &str,
                station: Option<Id<of::Station>>,
                plan: &Plan,
            ) -> Option<String> {
                match self {
                    $( Self::$effect(effect) => effect.has_no_effect(target, station, plan), )*
                }
            }

            fn work_factor(&self, fault: &Fault, now: SimTime) -> f64 {
                match self { $( Self::$effect(effect) => effect.work_factor(fault, now), )* }
            }

            fn added_work(&self) -> Option<&Distribution> {
                match self { $( Self::$effect(effect) => effect.added_work(), )* }
            }

            fn work_instead(&self) -> Option<&Distribution> {
                match self { $( Self::$effect(effect) => effect.work_instead(), )* }
            }

            fn errors(&self) -> Option<&Errors> {
                match self { $( Self::$effect(effect) => effect.errors(), )* }
            }

            fn next_batch(&self) -> Option<Id<of::Trigger>> {
                match self { $( Self::$effect(effect) => effect.next_batch(), )* }
            }
        }
    };
}

faults! {
    kinds {
        "slow" => Slow(slow::SlowSection),
        "errors" => Errors(errors::ErrorsSection),
        "crash" => Crash(crash::CrashSection),
        "pause" => Pause(pause::PauseSection),
        "black hole" => BlackHole(black_hole::BlackHoleSection),
        "refuse" => Refuse(refuse::RefuseSection),
        "lose threads" => LoseThreads(lose_threads::LoseThreadsSection),
        "break breaker" => BreakBreaker(break_breaker::BreakBreakerSection),
        "deploy" => Deploy(deploy::DeploySection),
        "flush" => Flush(flush::FlushSection),
        "surge" => Surge(surge::SurgeSection),
    }
    effects {
        /// Work, or messages on an edge, take longer.
        Slow,
        /// A share of requests is answered with a failure at once.
        Errors,
        /// The process is gone: connections are refused, and work in flight is lost.
        Crash,
        /// The process is restarted, which is like a crash.
        Restart,
        /// A restarted process is slow at first and gradually gets faster.
        Cold,
        /// The process stands still but accepts connections: it answers nothing until it goes on.
        Pause,
        /// Packets on an edge disappear: only timeouts end the wait.
        BlackHole,
        /// Packets between two regions disappear, both ways.
        Cut,
        /// Connections are refused at once.
        Refuse,
        /// Threads or connections leak.
        LoseSlots,
        /// The logic of the breakers on an edge fails; `broken` of each breaker decides what
        /// becomes of calls.
        BreakGuard,
        /// Makes a cache forget everything, or each key with a probability.
        Flush,
        /// More traffic; built into the workload's rate profile.
        Surge,
    }
}
