//! The settings that breakers of every library share.

use crate::Outcome;
use crate::guards::ScopeWord;
use crate::language::quantity::Duration;
use crate::language::{Placed, section, words};

section! {
    /// The settings that breakers of every library share.
    pub(crate) struct ServiceSection {
        /// The owner of its state; each instance of the caller has its own if left out.
        "scope" => scope: Option<ScopeWord>,
        /// Outcomes that count as failures; server errors, timeouts, refusals and full queues if
        /// left out.
        "counts" => counts: Option<Vec<Outcome>>,
        /// Outcomes that count neither as failures nor as successes; rejections by guards further
        /// in if left out.
        "ignores" => ignores: Option<Placed<Vec<Outcome>>>,
        /// The fate of calls while its own logic fails (fault `break breaker`): `fail open` if
        /// left out.
        "broken" => broken: Option<Broken>,
        /// With `scope: store`: how long callers take to learn of a change of state; 100ms if left
        /// out.
        "propagation" => propagation: Option<Placed<Duration>>,
    }
}

words! {
    /// The fate of calls while a breaker's own logic fails.
    pub(crate) enum Broken {
        /// They pass.
        "fail open" => FailOpen,
        /// They are rejected.
        "fail closed" => FailClosed,
    }
}
