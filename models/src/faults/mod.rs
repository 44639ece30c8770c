//! What breaks, when, for how long, and how many instances of it.

use sim_core::{Distribution, SimDuration, SimTime};

use crate::Outcome;

/// A fault: an effect over a span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// When it begins.
    pub begin: SimTime,
    /// When it ends; [`SimTime::MAX`] if never.
    pub end: SimTime,
    /// Over this span from its beginning it grows to its full size; it ends at once.
    pub ramp: SimDuration,
    /// What it does.
    pub effect: Effect,
    /// What it strikes, in the words of the scenario: a service, `a -> b`, a workload.
    pub target: String,
    /// The instances it strikes, as dense ids of the system; empty for edges and workloads.
    pub instances: std::ops::Range<u32>,
    /// Whether it is one of many by which a whole region is struck.
    pub is_regional: bool,
}

/// What a fault does to its target.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Work takes longer.
    Slow {
        /// Service times are multiplied by this.
        factor: f64,
        /// And this is waited before, without holding a processor; in nanoseconds.
        added: Option<Distribution>,
    },
    /// Messages between two services take longer.
    SlowEdge {
        /// Dense id of the edge.
        edge: u32,
        /// Latencies are multiplied by this.
        factor: f64,
        /// And this is added to each direction, in nanoseconds.
        added: Option<Distribution>,
    },
    /// A share of requests is answered with a failure at once.
    Errors {
        /// The share, 0 to 1.
        rate: f64,
        /// With which failure.
        outcome: Outcome,
        /// How long callers are asked to stay away, in milliseconds.
        retry_after: u32,
    },
    /// The process is gone: connections are refused, work in flight is lost.
    Crash,
    /// The process is restarted: as a crash.
    Restart,
    /// A restarted process is slow, and less so by the moment.
    Cold {
        /// Service times are multiplied by this at first.
        factor: f64,
    },
    /// The process stands still but accepts connections: it answers nothing until it goes on.
    Pause,
    /// Packets on an edge disappear: only timeouts end the wait.
    BlackHole {
        /// Dense id of the edge.
        edge: u32,
    },
    /// Connections are refused at once.
    Refuse {
        /// Dense id of the edge, or none for all calls to the instances.
        edge: Option<u32>,
    },
    /// Threads or connections leak.
    LoseSlots {
        /// How many of each instance.
        count: u32,
    },
    /// The logic of the breakers on an edge fails; what becomes of calls then is set with each
    /// breaker.
    BreakGuard {
        /// Dense id of the edge.
        edge: u32,
    },
    /// Packets between two regions disappear, both ways.
    Cut {
        /// One region.
        from: u32,
        /// The other.
        to: u32,
    },
    /// Everything in a cache is forgotten.
    Flush {
        /// Dense id of the cache among those that know what is in them.
        cache: u32,
    },
    /// More traffic; built into the workload's rate profile.
    Surge {
        /// The factor on the arrival rate.
        factor: f64,
    },
}

impl Fault {
    /// How much of the fault is in force at `now`, from 0 before it to 1 at its full size.
    pub fn intensity(&self, now: SimTime) -> f64 {
        if now < self.begin || now >= self.end {
            return 0.0;
        }
        if self.ramp.is_zero() {
            return 1.0;
        }
        (now.since(self.begin).as_nanos() as f64 / self.ramp.as_nanos() as f64).min(1.0)
    }

    /// The share of its time that is left at `now`, from 1 at its beginning to 0 at its end.
    pub fn remaining(&self, now: SimTime) -> f64 {
        if now < self.begin || now >= self.end {
            return 0.0;
        }
        self.end.since(now).as_nanos() as f64 / self.end.since(self.begin).as_nanos() as f64
    }

    /// The effect in a few words, without its target.
    pub fn summary(&self) -> String {
        let factor_and_addition =
            |factor: f64, added: &Option<Distribution>| match (factor == 1.0, added) {
                (false, None) => format!("slow by {factor}x"),
                (true, Some(added)) => {
                    format!("slow by {} on average", SimDuration::from_nanos_f64(added.mean()))
                }
                (_, Some(added)) => format!(
                    "slow by {factor}x plus {} on average",
                    SimDuration::from_nanos_f64(added.mean())
                ),
                (true, None) => "slow by 1x".to_owned(),
            };
        match &self.effect {
            Effect::Slow { factor, added } | Effect::SlowEdge { factor, added, .. } => {
                factor_and_addition(*factor, added)
            }
            Effect::Errors { rate, outcome, .. } => {
                let kind = outcome.name();
                let plural = if kind.ends_with('d') { "" } else { "s" };
                format!("{}% {kind}{plural}", rate * 100.0)
            }
            Effect::Crash => "crashed".to_owned(),
            Effect::Restart => "restarted".to_owned(),
            Effect::Cold { factor } => format!("cold: slow by {factor}x at first"),
            Effect::Pause => "paused".to_owned(),
            Effect::BlackHole { .. } | Effect::Cut { .. } => "black hole".to_owned(),
            Effect::Refuse { .. } => "connections refused".to_owned(),
            Effect::LoseSlots { count } => format!("{count} slots lost"),
            Effect::Flush { .. } => "flushed".to_owned(),
            Effect::BreakGuard { .. } => "breaker broken".to_owned(),
            Effect::Surge { factor } => format!("surge of {factor}x"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_grows_to_full_size_and_ends_at_once() {
        let seconds = SimTime::from_secs;
        let fault = Fault {
            begin: seconds(60),
            end: seconds(120),
            ramp: SimDuration::from_secs(10),
            effect: Effect::Crash,
            target: "d".into(),
            instances: 0..1,
            is_regional: false,
        };
        let intensities = [59, 60, 65, 70, 119, 120].map(|at| fault.intensity(seconds(at)));
        assert_eq!(intensities, [0.0, 0.0, 0.5, 1.0, 1.0, 0.0]);
    }
}
