//! The duration of a run, and limits that stop it early.

use sim_core::SimDuration;

use crate::language::quantity::{Bytes, Duration, Share};
use crate::language::{Placed, Problem, Problems, section};
use crate::system::{Limits, RunPlan};

/// Defaults of the settings.
const DURATION: SimDuration = SimDuration::from_secs(60);
const SEED: u64 = 1;
const AVAILABILITY_LEVEL: f64 = 0.99;
const EVENTS: u64 = 10_000_000_000;
const IN_FLIGHT: u64 = 5_000_000;
const MEMORY: u64 = 4_000_000_000;

section! {
    /// The duration of the run, and the seed of its random numbers.
    pub(crate) struct Run {
        /// The time until requests stop arriving; 1m if left out.
        "duration" => duration: Option<Placed<Duration>>,
        /// The time at the beginning whose requests are simulated but not counted; none if left
        /// out.
        "warmup" => warmup: Option<Placed<Duration>>,
        /// The time that work in flight may go on after the last arrival; not at all if left out.
        "drain" => drain: Option<Duration>,
        /// The seed of all random streams; 1 if left out.
        "seed" => seed: Option<u64>,
        /// The availability below which the timeline says that a workload suffers; 99% if left out.
        "availability" => availability: Option<Share>,
    }
}

section! {
    /// Limits that stop a run that would not end, or would not fit into memory.
    pub(crate) struct LimitSection {
        /// The most events; ten thousand million if left out.
        "events" => events: Option<u64>,
        /// The most requests and calls in flight at one time; five million if left out.
        "in flight" => in_flight: Option<u64>,
        /// The most memory of the simulated system; 4GB if left out.
        "memory" => memory: Option<Bytes>,
    }
}

impl Run {
    /// The plan of the run.
    pub fn compile(&self, problems: &mut Problems) -> RunPlan {
        let span = |written: &Option<Placed<Duration>>, default| {
            written.as_ref().map_or(default, |duration| duration.0)
        };
        let plan = RunPlan {
            duration: span(&self.duration, DURATION),
            warmup: span(&self.warmup, SimDuration::ZERO),
            drain: self.drain.map_or(SimDuration::ZERO, |drain| drain.0),
            seed: self.seed.unwrap_or(SEED),
            availability_level: self.availability.map_or(AVAILABILITY_LEVEL, |share| share.0),
        };
        if plan.duration.is_zero() {
            let at = self.duration.as_ref().map(Placed::at);
            let problem = Problem::error("the duration is zero", at);
            problems.add(problem.with_help("write how long to simulate, such as `5m`"));
        } else if plan.warmup >= plan.duration {
            let at = self.warmup.as_ref().map(Placed::at);
            let message = format!(
                "the warm-up of {} leaves nothing of a run of {}",
                plan.warmup, plan.duration
            );
            let help = "make it shorter than the run: requests of the warm-up are not counted";
            problems.add(Problem::error(message, at).with_help(help));
        }
        plan
    }
}

impl LimitSection {
    /// The limits of the run.
    pub fn compile(&self) -> Limits {
        Limits {
            events: self.events.unwrap_or(EVENTS),
            in_flight: self.in_flight.unwrap_or(IN_FLIGHT),
            memory: self.memory.map_or(MEMORY, |bytes| bytes.0),
        }
    }
}
