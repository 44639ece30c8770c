//! A breaker of any make: composed of parts, or a library's.

use sim_core::{SimDuration, SimTime};

use super::libraries::{
    ArticlePython, ArticlePythonSettings, GoBreaker, GoBreakerAnswer, GoBreakerSettings, PyBreaker, PyBreakerSettings,
    Resilience4j, Resilience4jSettings, Resilience4jState, Ticket,
};
use super::{CircuitBreaker, Decision, Reason, Settings, State, Transition, Verdict, WindowKind};

/// Which breaker, and how it is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BreakerSettings {
    /// Composed of parts.
    Composed(Settings),
    /// Resilience4j.
    Resilience4j(Resilience4jSettings),
    /// gobreaker.
    GoBreaker(GoBreakerSettings),
    /// pybreaker.
    PyBreaker(PyBreakerSettings),
    /// The article's Python breaker.
    ArticlePython(ArticlePythonSettings),
}

impl BreakerSettings {
    /// Results, seconds or buckets that a breaker set like this remembers: what its memory depends on.
    pub fn remembered(&self) -> u64 {
        match self {
            Self::Composed(Settings { window, .. }) | Self::Resilience4j(Resilience4jSettings { sliding_window: window, .. }) => {
                let (WindowKind::Calls(size) | WindowKind::Seconds(size)) = *window;
                u64::from(size)
            }
            Self::GoBreaker(settings) if settings.bucket_period.is_zero() => 1,
            Self::GoBreaker(settings) => settings.interval.as_nanos().div_ceil(settings.bucket_period.as_nanos()),
            Self::PyBreaker(_) | Self::ArticlePython(_) => 1,
        }
    }
}

/// A breaker of any make.
///
/// Whoever drives it asks for [`due_transition`](Self::due_transition) first, until there is none, and keeps the ticket of
/// each admitted call for its completion.
#[derive(Clone, Debug)]
pub enum Breaker {
    /// Composed of parts.
    Composed(CircuitBreaker),
    /// Resilience4j.
    Resilience4j(Box<Resilience4j>),
    /// gobreaker.
    GoBreaker(Box<GoBreaker>),
    /// pybreaker.
    PyBreaker(PyBreaker),
    /// The article's Python breaker.
    ArticlePython(Box<ArticlePython>),
}

impl Breaker {
    /// A closed breaker, built at the beginning of time.
    pub fn new(settings: BreakerSettings) -> Self {
        match settings {
            BreakerSettings::Composed(settings) => Self::Composed(CircuitBreaker::new(settings)),
            BreakerSettings::Resilience4j(settings) => Self::Resilience4j(Box::new(Resilience4j::new(settings))),
            BreakerSettings::GoBreaker(settings) => Self::GoBreaker(Box::new(GoBreaker::new(settings, SimTime::ZERO))),
            BreakerSettings::PyBreaker(settings) => Self::PyBreaker(PyBreaker::new(settings)),
            BreakerSettings::ArticlePython(settings) => Self::ArticlePython(Box::new(ArticlePython::new(settings))),
        }
    }

    /// The next change of state that a timer brings about by `now`, and when.
    #[inline]
    pub fn due_transition(&mut self, now: SimTime) -> Option<(SimTime, Transition)> {
        let Self::Resilience4j(breaker) = self else { return None };
        let due = breaker.next_timer().filter(|due| *due <= now)?;
        let from = state_of(breaker.state());
        breaker.advance_to(due);
        let transition = Transition { from, to: state_of(breaker.state()), reason: breaker.reason() };
        Some((due, transition))
    }

    /// A call asks to pass; with the answer comes the ticket to complete it with.
    #[inline]
    pub fn try_acquire(&mut self, now: SimTime) -> (Decision, Ticket) {
        if let Self::Composed(breaker) = self {
            return (breaker.try_acquire(now), Ticket::default());
        }
        let before = self.state();
        let (is_permitted, ticket) = match self {
            Self::Composed(_) => unreachable!("a composed breaker has answered"),
            Self::Resilience4j(breaker) => (breaker.try_acquire(now), Ticket::default()),
            Self::PyBreaker(breaker) => (breaker.try_acquire(now), Ticket::default()),
            Self::ArticlePython(breaker) => (breaker.try_acquire(now), Ticket::default()),
            Self::GoBreaker(breaker) => match breaker.try_acquire(now) {
                GoBreakerAnswer::Permitted(ticket) => (true, ticket),
                GoBreakerAnswer::Open | GoBreakerAnswer::TooManyRequests => (false, Ticket::default()),
            },
        };
        (Decision { is_permitted, transition: self.change_since(before) }, ticket)
    }

    /// An admitted call has ended.
    #[inline]
    pub fn complete(&mut self, now: SimTime, ticket: Ticket, elapsed: SimDuration, verdict: Verdict) -> Option<Transition> {
        if let Self::Composed(breaker) = self {
            return breaker.complete(now, elapsed, verdict);
        }
        let before = self.state();
        let is_failure = verdict == Verdict::Failure;
        match self {
            Self::Resilience4j(breaker) => breaker.complete(now, elapsed, verdict),
            Self::GoBreaker(breaker) => breaker.complete(now, ticket, verdict),
            Self::PyBreaker(breaker) if verdict != Verdict::Ignored => breaker.complete(now, is_failure),
            Self::ArticlePython(breaker) if verdict != Verdict::Ignored => breaker.complete(now, elapsed, is_failure),
            Self::Composed(_) | Self::PyBreaker(_) | Self::ArticlePython(_) => {}
        }
        self.change_since(before)
    }

    /// The present state, without asking in a way that would change it.
    pub fn state(&self) -> State {
        match self {
            Self::Composed(breaker) => breaker.state(),
            Self::Resilience4j(breaker) => state_of(breaker.state()),
            Self::GoBreaker(breaker) => breaker.state_as_left(),
            Self::PyBreaker(breaker) => breaker.state(),
            Self::ArticlePython(breaker) => breaker.state_as_left(),
        }
    }

    fn change_since(&self, before: State) -> Option<Transition> {
        let after = self.state();
        (after != before).then(|| Transition { from: before, to: after, reason: self.reason() })
    }

    fn reason(&self) -> Reason {
        match self {
            Self::Composed(_) => unreachable!("a composed breaker tells its transitions itself"),
            Self::Resilience4j(breaker) => breaker.reason(),
            Self::GoBreaker(breaker) => breaker.reason(),
            Self::PyBreaker(breaker) => breaker.reason(),
            Self::ArticlePython(breaker) => breaker.reason(),
        }
    }
}

/// An operator's overrides look like the states they force.
fn state_of(state: Resilience4jState) -> State {
    match state {
        Resilience4jState::Closed | Resilience4jState::Disabled => State::Closed,
        Resilience4jState::Open | Resilience4jState::ForcedOpen => State::Open,
        Resilience4jState::HalfOpen => State::HalfOpen,
    }
}
