//! The calls over an edge, of requests that began after the warm-up.

use sim_core::growth::{Growing, push};
use sim_core::stats::Histogram;

use crate::Outcome;

/// The calls over one edge, of requests that began after the warm-up.
#[derive(Clone, Debug, Default)]
pub struct EdgeRecord {
    /// Calls begun.
    pub begun: u64,
    /// Attempts made for them.
    pub attempts: u64,
    /// Attempts that were not the first of their call.
    pub retries: u64,
    /// Attempts among these that a hedge made, and no retry.
    pub hedges: u64,
    /// Requests that the callee worked on to the end although their caller had gone.
    pub for_nobody: u64,
    /// The outcomes, in the order of [`Outcome::ALL`].
    pub ended: [u64; Outcome::COUNT],
    /// Calls that turned to a fallback, by the failure that made them, in the order of
    /// [`Outcome::ALL`].
    pub fell_back: [u64; Outcome::COUNT],
    /// Calls whose caller crashed before they ended.
    pub abandoned: u64,
    /// Calls put off until later, warm-up included.
    pub deferred: u64,
    /// Calls that could not be put off, because too many were.
    pub not_deferred: u64,
    /// Calls put off that have been made up for.
    pub made_up: u64,
    /// Latency as the caller saw it, guards and retries included, in nanoseconds.
    pub latency: Histogram,
    /// The same by interval.
    pub series: EdgeSeries,
    closed: Totals,
}

/// The calls over an edge when the last interval was closed.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    begun: u64,
    attempts: u64,
    retries: u64,
    ended: [u64; Outcome::COUNT],
    fell_back: [u64; Outcome::COUNT],
}

/// The calls over an edge in each interval, of requests that began after the warm-up.
#[derive(Clone, Debug, Default)]
pub struct EdgeSeries {
    /// Calls begun.
    pub calls: Vec<u32>,
    /// Attempts made.
    pub attempts: Vec<u32>,
    /// Attempts that retries made, hedges left out.
    pub retries: Vec<u32>,
    /// Calls ended, by outcome in the order of [`Outcome::ALL`].
    pub ended: Vec<[u32; Outcome::COUNT]>,
    /// Calls that turned to a fallback, by the failure that made them.
    pub fell_back: Vec<[u32; Outcome::COUNT]>,
}

impl EdgeRecord {
    /// Bytes that the series take, and what else grows.
    pub(in crate::observe) fn bytes(&self) -> u64 {
        self.series.calls.bytes()
            + self.series.attempts.bytes()
            + self.series.retries.bytes()
            + self.series.ended.bytes()
            + self.series.fell_back.bytes()
            + self.latency.bytes()
    }

    /// Attempts that retries made, hedges left out.
    pub fn retried(&self) -> u64 {
        self.retries - self.hedges
    }

    pub(in crate::observe) fn close_interval(&mut self) {
        let Totals { begun, attempts, retries, ended, fell_back } = self.closed;
        push(&mut self.series.calls, (self.begun - begun) as u32);
        push(&mut self.series.attempts, (self.attempts - attempts) as u32);
        let retried = self.retried();
        push(&mut self.series.retries, (retried - retries) as u32);
        push(&mut self.series.ended, added(&self.ended, &ended));
        push(&mut self.series.fell_back, added(&self.fell_back, &fell_back));
        self.closed = Totals {
            begun: self.begun,
            attempts: self.attempts,
            retries: retried,
            ended: self.ended,
            fell_back: self.fell_back,
        };
    }
}

/// The differences between two totals by outcome.
fn added(now: &[u64; Outcome::COUNT], before: &[u64; Outcome::COUNT]) -> [u32; Outcome::COUNT] {
    std::array::from_fn(|outcome| (now[outcome] - before[outcome]) as u32)
}
