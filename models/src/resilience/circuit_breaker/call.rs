//! A call at a breaker: the answer that it gets, the ticket that it carries, the verdict on it.

use crate::Outcome;

/// The answer to a call that asks to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerAnswer {
    /// It passes; the ticket comes back with its result.
    Permitted(Ticket),
    /// It is turned away with this outcome.
    Rejected(Outcome),
    /// It waits for the end of the test with this number, and then asks again.
    Waits(u64),
}

/// The token of an admitted call, which the caller hands back with the result.
///
/// It identifies the machine and the generation that admitted the call, and has room for one number
/// of the library's: the bucket in gobreaker, the test in cockatiel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticket {
    pub(super) number: u64,
    pub(super) generation: u32,
    /// Numbers the machines that a breaker in service has had, one after the other. The breaker in
    /// service sets it, not the machine.
    pub(super) life: u32,
}

/// A breaker's view of a finished call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallVerdict {
    /// It succeeded.
    Success,
    /// It failed.
    Failure,
    /// It failed by taking too long; some libraries count that apart.
    TimedOut,
    /// It does not count; the permission is given back.
    Ignored,
}

impl BreakerAnswer {
    /// The answer of a library that says yes or no and needs nothing back with the result.
    #[inline]
    pub(super) fn permitted_if(is_permitted: bool) -> Self {
        if is_permitted {
            Self::Permitted(Ticket::default())
        } else {
            Self::Rejected(Outcome::RejectedByBreaker)
        }
    }
}

impl CallVerdict {
    /// True if the call failed, in whatever way.
    #[inline]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failure | Self::TimedOut)
    }
}
