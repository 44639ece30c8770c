//! The messages of a link.

use sim_core::SimTime;
use sim_core::growth::{Growing, push};

use crate::system::LinkState;

/// The messages that went over one link, in each interval, warm-up included.
#[derive(Clone, Debug, Default)]
pub struct LinkRecord {
    /// Messages sent in both directions.
    pub sent: Vec<u32>,
    /// Messages lost in both directions: on the way, or because the queue was full.
    pub lost: Vec<u32>,
    /// Most messages waiting at one time, in the direction where more did.
    pub waiting: Vec<u32>,
    /// The share of the interval in which the busier direction sent.
    pub utilization: Vec<f32>,
    /// The most that waited at one time in each direction.
    pub most_waiting: [u32; 2],
    closed: Closed,
}

/// Counts at the end of the last interval.
#[derive(Clone, Copy, Debug, Default)]
struct Closed {
    sent: u64,
    lost: u64,
    busy: [u128; 2],
}

impl LinkRecord {
    /// Bytes that the series take, and what else grows.
    pub(in crate::observe) fn bytes(&self) -> u64 {
        self.sent.bytes() + self.lost.bytes() + self.waiting.bytes() + self.utilization.bytes()
    }

    /// Closes an interval that is `span` nanoseconds long.
    pub(in crate::observe) fn close_interval(
        &mut self,
        now: SimTime,
        span: f64,
        link: &mut LinkState,
    ) {
        let directions = &mut link.directions;
        let busy = [directions[0].busy(now), directions[1].busy(now)];
        let sent = directions.iter().map(|it| it.sent).sum();
        let lost = directions.iter().map(|it| it.lost + it.dropped).sum();
        let most = directions.iter().map(|it| it.most_waiting.max(it.waiting(now))).max();
        let before = std::mem::replace(&mut self.closed, Closed { sent, lost, busy });
        push(&mut self.sent, (sent - before.sent) as u32);
        push(&mut self.lost, (lost - before.lost) as u32);
        push(&mut self.waiting, most.unwrap_or(0));
        let longest = busy.iter().zip(before.busy).map(|(busy, before)| busy - before).max();
        push(&mut self.utilization, (longest.unwrap_or(0) as f64 / span) as f32);
        for (link, most) in directions.iter_mut().zip(&mut self.most_waiting) {
            *most = (*most).max(link.most_waiting);
            link.most_waiting = 0;
        }
    }
}
