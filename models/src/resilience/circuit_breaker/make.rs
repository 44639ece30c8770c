//! A breaker of any make: composed of parts, or a library's.

use sim_core::{SimDuration, SimTime};

use super::libraries::{
    ArticleGo, ArticleGoAnswer, ArticleGoSettings, ArticlePython, ArticlePythonSettings, Cockatiel, CockatielAnswer,
    CockatielBreaker, CockatielSettings, GoBreaker, GoBreakerAnswer, GoBreakerSettings, Opossum, OpossumAnswer, OpossumSettings,
    PyBreaker, PyBreakerSettings, Resilience4j, Resilience4jSettings, Resilience4jState,
};
use super::{CircuitBreaker, Reason, Settings, State, Transition, Verdict, WindowKind};
use crate::Outcome;

/// What a breaker wants back with the result of a call: the generation and the bucket in which gobreaker let it through; the
/// number of the test that it is for cockatiel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticket {
    pub(super) generation: u64,
    pub(super) number: u64,
}

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
    /// The article's Go breaker; its bulkhead is a pool in front of it.
    ArticleGo(ArticleGoSettings),
    /// opossum.
    Opossum(OpossumSettings),
    /// cockatiel.
    Cockatiel(CockatielSettings),
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
            Self::Opossum(settings) => u64::from(settings.rolling_count_buckets),
            Self::Cockatiel(CockatielSettings { breaker: CockatielBreaker::Count { size, .. }, .. }) => u64::from(*size),
            Self::Cockatiel(CockatielSettings { breaker: CockatielBreaker::Sampling { duration, .. }, .. }) => {
                duration.as_nanos() / 1_000_000_000 + 5
            }
            Self::Cockatiel(_) | Self::PyBreaker(_) | Self::ArticlePython(_) | Self::ArticleGo(_) => 1,
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
    /// The article's Go breaker.
    ArticleGo(Box<ArticleGo>),
    /// opossum.
    Opossum(Box<Opossum>),
    /// cockatiel, and how many tests it has made.
    Cockatiel(Box<Cockatiel>, u64),
}

/// The answer to a call that asks to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It passes; the ticket comes back with its result.
    Permitted(Ticket),
    /// It is turned away with this outcome.
    Rejected(Outcome),
    /// It waits for the end of the test with this number, and then asks again.
    Waits(u64),
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
            BreakerSettings::ArticleGo(settings) => Self::ArticleGo(Box::new(ArticleGo::new(settings))),
            BreakerSettings::Cockatiel(settings) => Self::Cockatiel(Box::new(Cockatiel::new(settings)), 0),
            BreakerSettings::Opossum(settings) => Self::Opossum(Box::new(Opossum::new(settings, SimTime::ZERO))),
        }
    }

    /// The next change of state that a timer brings about by `now`, and when.
    #[inline]
    pub fn due_transition(&mut self, now: SimTime) -> Option<(SimTime, Transition)> {
        let next = match self {
            Self::Resilience4j(breaker) => breaker.next_timer(),
            Self::Opossum(breaker) => breaker.half_opens_at(),
            _ => return None,
        };
        let due = next.filter(|due| *due <= now)?;
        let before = self.state();
        match self {
            Self::Resilience4j(breaker) => breaker.advance_to(due),
            Self::Opossum(breaker) => breaker.advance_to(due),
            _ => {}
        }
        self.change_since(before).map(|transition| (due, transition))
    }

    /// A call asks to pass; asking may change the state.
    #[inline]
    pub fn try_acquire(&mut self, now: SimTime) -> (Admission, Option<Transition>) {
        let admission = |is_permitted: bool, ticket: Ticket| {
            if is_permitted { Admission::Permitted(ticket) } else { Admission::Rejected(Outcome::RejectedByBreaker) }
        };
        if let Self::Composed(breaker) = self {
            let decision = breaker.try_acquire(now);
            return (admission(decision.is_permitted, Ticket::default()), decision.transition);
        }
        let before = self.state();
        let answer = match self {
            Self::Composed(_) => unreachable!("a composed breaker has answered"),
            Self::Resilience4j(breaker) => admission(breaker.try_acquire(now), Ticket::default()),
            Self::PyBreaker(breaker) => admission(breaker.try_acquire(now), Ticket::default()),
            Self::ArticlePython(breaker) => admission(breaker.try_acquire(now), Ticket::default()),
            Self::ArticleGo(breaker) => admission(breaker.try_acquire(now) == ArticleGoAnswer::Permitted, Ticket::default()),
            Self::GoBreaker(breaker) => match breaker.try_acquire(now) {
                GoBreakerAnswer::Permitted(ticket) => Admission::Permitted(ticket),
                GoBreakerAnswer::Open | GoBreakerAnswer::TooManyRequests => admission(false, Ticket::default()),
            },
            Self::Cockatiel(breaker, tests) => match breaker.try_acquire(now) {
                CockatielAnswer::Permitted => admission(true, Ticket::default()),
                CockatielAnswer::Open => admission(false, Ticket::default()),
                CockatielAnswer::Waits => Admission::Waits(*tests),
                CockatielAnswer::Test => {
                    *tests += 1;
                    Admission::Permitted(Ticket { generation: 0, number: *tests })
                }
            },
            Self::Opossum(breaker) => {
                breaker.advance_to(now);
                match breaker.try_acquire(now) {
                    OpossumAnswer::SemaphoreLocked => Admission::Rejected(Outcome::RejectedByBulkhead),
                    answer => admission(answer == OpossumAnswer::Permitted, Ticket::default()),
                }
            }
        };
        (answer, self.change_since(before))
    }

    /// An admitted call has ended.
    #[inline]
    pub fn complete(&mut self, now: SimTime, ticket: Ticket, elapsed: SimDuration, verdict: Verdict) -> Option<Transition> {
        if let Self::Composed(breaker) = self {
            return breaker.complete(now, elapsed, verdict);
        }
        let before = self.state();
        let is_failure = matches!(verdict, Verdict::Failure | Verdict::TimedOut);
        match self {
            Self::Resilience4j(breaker) => breaker.complete(now, elapsed, verdict),
            Self::GoBreaker(breaker) => breaker.complete(now, ticket, verdict),
            Self::PyBreaker(breaker) if verdict != Verdict::Ignored => breaker.complete(now, is_failure),
            Self::ArticlePython(breaker) if verdict != Verdict::Ignored => breaker.complete(now, elapsed, is_failure),
            Self::ArticleGo(breaker) if verdict != Verdict::Ignored => breaker.complete(now, is_failure),
            Self::Cockatiel(breaker, _) if verdict == Verdict::Ignored => breaker.ignore(ticket.number > 0),
            Self::Cockatiel(breaker, _) => breaker.complete(now, ticket.number > 0, is_failure),
            Self::Opossum(breaker) if verdict == Verdict::TimedOut => breaker.time_out(now),
            // `errorFilter`: an error that does not count is a success.
            Self::Opossum(breaker) => {
                breaker.advance_to(now);
                breaker.complete(now, is_failure);
            }
            Self::Composed(_) | Self::PyBreaker(_) | Self::ArticlePython(_) | Self::ArticleGo(_) => {}
        }
        self.change_since(before)
    }

    /// The test whose end is awaited by calls that must ask again, now that the call with this ticket has ended.
    #[inline]
    pub fn test_ended(&self, ticket: Ticket) -> Option<u64> {
        matches!(self, Self::Cockatiel(..)).then_some(ticket.number).filter(|test| *test > 0)
    }

    /// The present state, without asking in a way that would change it.
    pub fn state(&self) -> State {
        match self {
            Self::Composed(breaker) => breaker.state(),
            Self::Resilience4j(breaker) => state_of(breaker.state()),
            Self::GoBreaker(breaker) => breaker.state_as_left(),
            Self::PyBreaker(breaker) => breaker.state(),
            Self::ArticlePython(breaker) => breaker.state_as_left(),
            Self::ArticleGo(breaker) => breaker.state_as_left(),
            Self::Opossum(breaker) => breaker.state(),
            Self::Cockatiel(breaker, _) => breaker.state(),
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
            Self::ArticleGo(breaker) => breaker.reason(),
            Self::Opossum(breaker) => breaker.reason(),
            Self::Cockatiel(breaker, _) => breaker.reason(),
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
