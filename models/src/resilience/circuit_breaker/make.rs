//! A breaker of any make: composed of parts, or a library's.

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::libraries::{
    ArticleGo, ArticleGoAnswer, ArticleGoSettings, ArticlePython, ArticlePythonSettings, Cockatiel,
    CockatielAnswer, CockatielBreaker, CockatielSettings, GoBreaker, GoBreakerAnswer,
    GoBreakerSettings, Hystrix, HystrixSettings, Opossum, OpossumAnswer, OpossumSettings, Polly,
    PollySettings, PyBreaker, PyBreakerSettings, Resilience4j, Resilience4jSettings,
    Resilience4jState,
};
use super::{BreakerState, CallVerdict, ComposedBreaker, ComposedSettings, Reason, Transition};
use crate::Outcome;

/// What a breaker wants back with the result of a call: the life and the generation in which it was
/// let through, and a number: of gobreaker's bucket, of cockatiel's test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticket {
    pub(super) number: u64,
    pub(super) generation: u32,
    /// Which of the machines that a breaker has had, one after the other; set by the breaker, not
    /// by the machine.
    pub(super) life: u32,
}

/// Which breaker, and how it is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BreakerSettings {
    /// Composed of parts.
    Composed(ComposedSettings),
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
    /// Polly v8.
    Polly(PollySettings),
    /// Hystrix.
    Hystrix(HystrixSettings),
}

impl BreakerSettings {
    /// Results, seconds or buckets that a breaker set like this remembers: what its memory depends
    /// on.
    pub fn remembered(&self) -> u64 {
        match self {
            Self::Composed(ComposedSettings { window, .. })
            | Self::Resilience4j(Resilience4jSettings { sliding_window: window, .. }) => {
                u64::from(window.size())
            }
            Self::GoBreaker(settings) if settings.bucket_period.is_zero() => 1,
            Self::GoBreaker(settings) => {
                settings.interval.as_nanos().div_ceil(settings.bucket_period.as_nanos())
            }
            Self::Opossum(settings) => u64::from(settings.rolling_count_buckets),
            Self::Cockatiel(CockatielSettings {
                breaker: CockatielBreaker::Count { size, .. },
                ..
            }) => u64::from(*size),
            Self::Cockatiel(CockatielSettings {
                breaker: CockatielBreaker::Sampling { duration, .. },
                ..
            }) => duration.as_nanos() / 1_000_000_000 + 5,
            Self::Hystrix(settings) => {
                settings.rolling_stats_time.as_nanos()
                    / settings.health_snapshot_interval.as_nanos().max(1)
            }
            Self::Polly(_) => 12,
            Self::Cockatiel(_)
            | Self::PyBreaker(_)
            | Self::ArticlePython(_)
            | Self::ArticleGo(_) => 1,
        }
    }
}

/// A state machine of any make, by itself.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "the usual one is not looked for behind a pointer")]
pub(super) enum Make {
    /// Composed of parts.
    Composed(ComposedBreaker),
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
    /// Polly v8.
    Polly(Box<Polly>),
    /// Hystrix.
    Hystrix(Box<Hystrix>),
}

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

impl Make {
    /// A closed breaker, built at the beginning of time.
    pub fn new(settings: BreakerSettings, key: DrawKey) -> Self {
        match settings {
            BreakerSettings::Composed(settings) => {
                Self::Composed(ComposedBreaker::new(settings, key))
            }
            BreakerSettings::Resilience4j(settings) => {
                Self::Resilience4j(Box::new(Resilience4j::new(settings)))
            }
            BreakerSettings::GoBreaker(settings) => {
                Self::GoBreaker(Box::new(GoBreaker::new(settings, SimTime::ZERO)))
            }
            BreakerSettings::PyBreaker(settings) => Self::PyBreaker(PyBreaker::new(settings)),
            BreakerSettings::ArticlePython(settings) => {
                Self::ArticlePython(Box::new(ArticlePython::new(settings)))
            }
            BreakerSettings::ArticleGo(settings) => {
                Self::ArticleGo(Box::new(ArticleGo::new(settings)))
            }
            BreakerSettings::Cockatiel(settings) => {
                Self::Cockatiel(Box::new(Cockatiel::new(settings)), 0)
            }
            BreakerSettings::Polly(settings) => Self::Polly(Box::new(Polly::new(settings))),
            BreakerSettings::Hystrix(settings) => Self::Hystrix(Box::new(Hystrix::new(settings))),
            BreakerSettings::Opossum(settings) => {
                Self::Opossum(Box::new(Opossum::new(settings, SimTime::ZERO)))
            }
        }
    }

    /// The next change of state that a timer brings about by `now`, and when.
    #[inline]
    pub fn due_transition(&mut self, now: SimTime) -> Option<(SimTime, Transition)> {
        let next = match self {
            Self::Composed(breaker) => breaker.next_timer(),
            Self::Resilience4j(breaker) => breaker.next_timer(),
            Self::Opossum(breaker) => breaker.half_opens_at(),
            Self::Hystrix(_) => return self.looked_at(now),
            _ => return None,
        };
        next.filter(|due| *due <= now).and_then(|due| self.timer_fires(due))
    }

    #[cold]
    fn timer_fires(&mut self, due: SimTime) -> Option<(SimTime, Transition)> {
        let before = self.state();
        match self {
            Self::Composed(breaker) => {
                return breaker.timer_fires(due).map(|transition| (due, transition));
            }
            Self::Resilience4j(breaker) => breaker.advance_to(due),
            Self::Opossum(breaker) => breaker.advance_to(due),
            _ => {}
        }
        self.change_since(before).map(|transition| (due, transition))
    }

    fn looked_at(&mut self, now: SimTime) -> Option<(SimTime, Transition)> {
        let Self::Hystrix(breaker) = self else { return None };
        let at = breaker.advance_to(now)?;
        Some((
            at,
            Transition {
                from: BreakerState::Closed,
                to: BreakerState::Open,
                reason: breaker.reason(),
            },
        ))
    }

    /// A call asks to pass; asking may change the state.
    #[inline]
    pub fn try_acquire(&mut self, now: SimTime) -> (BreakerAnswer, Option<Transition>) {
        let admission = |is_permitted: bool, ticket: Ticket| {
            if is_permitted {
                BreakerAnswer::Permitted(ticket)
            } else {
                BreakerAnswer::Rejected(Outcome::RejectedByBreaker)
            }
        };
        if let Self::Composed(breaker) = self {
            let decision = breaker.try_acquire(now);
            return (admission(decision.is_permitted, decision.ticket), decision.transition);
        }
        let before = self.state();
        let answer = match self {
            Self::Composed(_) => unreachable!("a composed breaker has answered"),
            Self::Resilience4j(breaker) => admission(breaker.try_acquire(now), Ticket::default()),
            Self::PyBreaker(breaker) => admission(breaker.try_acquire(now), Ticket::default()),
            Self::Polly(breaker) => admission(breaker.try_acquire(now), Ticket::default()),
            Self::Hystrix(breaker) => admission(breaker.try_acquire(now), Ticket::default()),
            Self::ArticlePython(breaker) => admission(breaker.try_acquire(now), Ticket::default()),
            Self::ArticleGo(breaker) => {
                admission(breaker.try_acquire(now) == ArticleGoAnswer::Permitted, Ticket::default())
            }
            Self::GoBreaker(breaker) => match breaker.try_acquire(now) {
                GoBreakerAnswer::Permitted(ticket) => BreakerAnswer::Permitted(ticket),
                GoBreakerAnswer::Open | GoBreakerAnswer::TooManyRequests => {
                    admission(false, Ticket::default())
                }
            },
            Self::Cockatiel(breaker, tests) => match breaker.try_acquire(now) {
                CockatielAnswer::Permitted => admission(true, Ticket::default()),
                CockatielAnswer::Open => admission(false, Ticket::default()),
                CockatielAnswer::Waits => BreakerAnswer::Waits(*tests),
                CockatielAnswer::Test => {
                    *tests += 1;
                    BreakerAnswer::Permitted(Ticket { number: *tests, ..Ticket::default() })
                }
            },
            Self::Opossum(breaker) => {
                breaker.advance_to(now);
                match breaker.try_acquire(now) {
                    OpossumAnswer::SemaphoreLocked => {
                        BreakerAnswer::Rejected(Outcome::RejectedByBulkhead)
                    }
                    answer => admission(answer == OpossumAnswer::Permitted, Ticket::default()),
                }
            }
        };
        (answer, self.change_since(before))
    }

    /// An admitted call has ended.
    #[inline]
    pub fn complete(
        &mut self,
        now: SimTime,
        ticket: Ticket,
        elapsed: SimDuration,
        verdict: CallVerdict,
    ) -> Option<Transition> {
        if let Self::Composed(breaker) = self {
            return breaker.complete(now, ticket, elapsed, verdict);
        }
        let before = self.state();
        let is_failure = matches!(verdict, CallVerdict::Failure | CallVerdict::TimedOut);
        match self {
            Self::Resilience4j(breaker) => breaker.complete(now, elapsed, verdict),
            Self::GoBreaker(breaker) => breaker.complete(now, ticket, verdict),
            Self::Polly(breaker) => breaker.complete(now, verdict),
            Self::Hystrix(breaker) => breaker.complete(now, verdict),
            Self::PyBreaker(breaker) if verdict != CallVerdict::Ignored => {
                breaker.complete(now, is_failure)
            }
            Self::ArticlePython(breaker) if verdict != CallVerdict::Ignored => {
                breaker.complete(now, elapsed, is_failure)
            }
            Self::ArticleGo(breaker) if verdict != CallVerdict::Ignored => {
                breaker.complete(now, is_failure)
            }
            Self::Cockatiel(breaker, _) if verdict == CallVerdict::Ignored => {
                breaker.ignore(ticket.number > 0)
            }
            Self::Cockatiel(breaker, _) => breaker.complete(now, ticket.number > 0, is_failure),
            Self::Opossum(breaker) if verdict == CallVerdict::TimedOut => breaker.time_out(now),
            // `errorFilter`: an error that does not count is a success.
            Self::Opossum(breaker) => {
                breaker.advance_to(now);
                breaker.complete(now, is_failure);
            }
            Self::Composed(_)
            | Self::PyBreaker(_)
            | Self::ArticlePython(_)
            | Self::ArticleGo(_) => {}
        }
        self.change_since(before)
    }

    /// The test whose end is awaited by calls that must ask again, now that the call with this
    /// ticket has ended.
    #[inline]
    pub fn test_ended(&self, ticket: Ticket) -> Option<u64> {
        matches!(self, Self::Cockatiel(..)).then_some(ticket.number).filter(|test| *test > 0)
    }

    /// The present state, without asking in a way that would change it.
    pub fn state(&self) -> BreakerState {
        match self {
            Self::Composed(breaker) => breaker.state(),
            Self::Resilience4j(breaker) => state_of(breaker.state()),
            Self::GoBreaker(breaker) => breaker.state_as_left(),
            Self::PyBreaker(breaker) => breaker.state(),
            Self::ArticlePython(breaker) => breaker.state_as_left(),
            Self::ArticleGo(breaker) => breaker.state_as_left(),
            Self::Opossum(breaker) => breaker.state(),
            Self::Cockatiel(breaker, _) => breaker.state(),
            Self::Polly(breaker) => breaker.state(),
            Self::Hystrix(breaker) => breaker.state(),
        }
    }

    fn change_since(&self, before: BreakerState) -> Option<Transition> {
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
            Self::Polly(breaker) => breaker.reason(),
            Self::Hystrix(breaker) => breaker.reason(),
        }
    }
}

/// An operator's overrides look like the states they force.
fn state_of(state: Resilience4jState) -> BreakerState {
    match state {
        Resilience4jState::Closed | Resilience4jState::Disabled => BreakerState::Closed,
        Resilience4jState::Open | Resilience4jState::ForcedOpen => BreakerState::Open,
        Resilience4jState::HalfOpen => BreakerState::HalfOpen,
    }
}
