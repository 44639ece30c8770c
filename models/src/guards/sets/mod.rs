//! Sets of guards: all guards of a library around one call, nested in the library's own order, with
//! its own defaults. One file a set.
//!
//! A set stands for guards that could be written as a list, and nothing else: what compiles, warns
//! and exports sees only those.

mod polly;
mod resilience4j;

use self::polly::StandardHandler;
use self::resilience4j::Resilience4jModules;
use super::WrittenGuard;
use crate::language::{Location, Problems, one_of};

one_of! {
    /// All guards of a library around a call, in the library's own order.
    pub(crate) enum GuardSet("set of guards") by "preset" {
        /// The modules of Resilience4j (Java) as aspects of Spring.
        "resilience4j" => Resilience4j(Resilience4jModules),
        /// The standard resilience handler of .NET, made of Polly's strategies.
        "polly standard handler" => StandardHandler(StandardHandler),
    }
}

impl GuardSet {
    /// The guards that it stands for, the outermost first; `at` is where it is written.
    pub fn written(&self, at: Location) -> Vec<WrittenGuard> {
        match self {
            Self::Resilience4j(modules) => modules.written(),
            Self::StandardHandler(handler) => handler.written(at),
        }
    }

    /// Notes what the library would refuse, or leave open; `at` is where it is written.
    pub fn check(&self, at: Location, problems: &mut Problems) {
        match self {
            Self::Resilience4j(modules) => modules.check(at, problems),
            Self::StandardHandler(handler) => handler.check(problems),
        }
    }

    /// True if the library lets nobody choose the order.
    pub fn has_fixed_order(&self) -> bool {
        matches!(self, Self::StandardHandler(_))
    }
}
