//! Calling a service.

use super::Compile;
use crate::language::{Placed, Problems, section, words};
use crate::scenario::{Caller, Names, Plan};
use crate::system::{OnFailure, StationKind};

section! {
    /// Calls a service, or one of its operations: `payment` or `payment.charge`.
    pub(crate) struct CallStep {
        /// The service, or one of its operations.
        "call" => call: Placed<String>,
        /// The reaction to a failure; the handler fails at once if left out.
        "on failure" => on_failure: Option<Placed<OnFailureWord>>,
    }
}

words! {
    /// The reaction to a failed call.
    pub(crate) enum OnFailureWord {
        /// The handler fails at once.
        "fail" => Fail,
        /// The handler goes on and fails when it is done.
        "fail later" => FailLater,
        /// The handler goes on; its answer counts as degraded.
        "degrade" => Degrade,
        /// The handler goes on as if the call had succeeded.
        "ignore" => Ignore,
    }
}

impl From<OnFailureWord> for OnFailure {
    fn from(word: OnFailureWord) -> Self {
        match word {
            OnFailureWord::Fail => Self::Fail,
            OnFailureWord::FailLater => Self::FailLater,
            OnFailureWord::Degrade => Self::Degrade,
            OnFailureWord::Ignore => Self::Ignore,
        }
    }
}

impl Compile for CallStep {
    const IS_FOR_CLIENTS: bool = true;

    fn compile(&self, caller: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        if let (Some(word), Caller::Workload(_)) = (&self.on_failure, caller) {
            let help = "leave `on failure` out; the request of a client simply fails";
            problems.error(word.key(), "clients cannot react to a failure", help);
        }
        let on_failure = on_failure(self.on_failure.as_ref());
        plan.call(caller, &self.call, on_failure, StationKind::Service, names, problems);
    }
}

/// The reaction to a failed call; the handler fails if nothing is written.
pub(super) fn on_failure(word: Option<&Placed<OnFailureWord>>) -> OnFailure {
    word.map_or(OnFailure::Fail, |word| (**word).into())
}
