//! The use of a pool.

use sim_core::SimTime;

use crate::resources::Pool;

/// The use of a pool in each interval.
#[derive(Clone, Debug, Default)]
pub struct PoolSeries {
    /// Slots in use, averaged over the interval.
    pub busy: Vec<f32>,
    /// Requests waiting, averaged over the interval.
    pub waiting: Vec<f32>,
    closed: Integrals,
}

/// Slots in use and requests waiting, each times nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Integrals {
    busy: i128,
    waiting: i128,
}

impl PoolSeries {
    /// Closes an interval that is `span` nanoseconds long.
    pub(in crate::observe) fn close_interval(&mut self, now: SimTime, span: f64, pool: &Pool) {
        let Integrals { busy, waiting } = Integrals::of(pool, now);
        self.busy.push(((busy - self.closed.busy) as f64 / span) as f32);
        self.waiting.push(((waiting - self.closed.waiting) as f64 / span) as f32);
        self.closed = Integrals { busy, waiting };
    }

    /// Keeps what belongs to the present interval, when the pool is about to forget what it has
    /// counted.
    pub(in crate::observe) fn pool_forgets(&mut self, now: SimTime, pool: &Pool) {
        let Integrals { busy, waiting } = Integrals::of(pool, now);
        self.closed.busy -= busy;
        self.closed.waiting -= waiting;
    }
}

impl Integrals {
    fn of(pool: &Pool, now: SimTime) -> Self {
        Self {
            busy: pool.usage().busy.integral(now) as i128,
            waiting: pool.usage().waiting.integral(now) as i128,
        }
    }
}
