//! The interface that the breakers of all libraries share.

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, Reason, Ticket, WindowGauges,
};

/// A library's breaker as the system drives it.
///
/// Each library implements this in its own file, beside its machine. The machine's own methods
/// answer in the library's terms, and recordings of the library are replayed through them; this
/// trait translates.
///
/// No method reports a change of state: the caller compares [`current_state`](Self::current_state)
/// before and after, and asks for the [`last_reason`](Self::last_reason).
pub trait LibraryBreaker: Sized {
    /// The settings, under the library's own names.
    type Settings;

    /// A closed breaker, built at `now`. A library whose waits are random draws them with `key`.
    fn build(settings: Self::Settings, key: DrawKey, now: SimTime) -> Self;

    /// The number of results, seconds or buckets that a breaker with these settings keeps, which is
    /// what its memory grows with.
    fn remembered(_settings: &Self::Settings) -> u64 {
        1
    }

    /// Bytes that grow with the calls, and which no setting bounds.
    fn bytes(&self) -> u64 {
        0
    }

    /// Answers a call that asks to pass.
    fn admit(&mut self, now: SimTime) -> BreakerAnswer;

    /// Takes in the result of an admitted call, which has ended at `now` after `elapsed`.
    fn record(&mut self, now: SimTime, ticket: Ticket, elapsed: SimDuration, verdict: CallVerdict);

    /// Lets the next timer fire that is due by `now` and may change the state; returns its time.
    fn fire_timer(&mut self, _now: SimTime) -> Option<SimTime> {
        None
    }

    /// The number of the test that ended with the call of this ticket, if calls wait for its end.
    fn test_ended(&self, _ticket: Ticket) -> Option<u64> {
        None
    }

    /// The shares in its window at `now`, as far as the library knows them; reading them changes
    /// nothing.
    fn window(&self, _now: SimTime) -> WindowGauges {
        WindowGauges::default()
    }

    /// The state as the last call or timer left it; reading it changes nothing.
    fn current_state(&self) -> BreakerState;

    /// The reason for the last change of state.
    fn last_reason(&self) -> Reason;
}
