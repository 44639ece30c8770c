//! A fault as it is simulated.

use sim_core::{SimDuration, SimTime};

use super::{Effect, InForce, Steps, Victim};
use crate::system::{Id, Ids, of};

/// A fault: an effect over a span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The instant at which it begins.
    pub begin: SimTime,
    /// The instant at which it ends; [`SimTime::MAX`] if never, its beginning if it takes no time.
    pub end: SimTime,
    /// The time from its beginning until it has reached its full size; it ends at once.
    pub ramp: SimDuration,
    /// Its effect.
    pub effect: Effect,
    /// The thing it strikes, in the words of the scenario: a service, `a -> b`, a workload.
    pub target: String,
    /// The instances that it strikes; none for edges and workloads.
    pub instances: Ids<of::Instance>,
    /// Its part in what the file calls one fault.
    pub part: Part,
    /// The place, from 0, of what the file calls one fault in its list of faults; `None` for faults of
    /// experiments and operators.
    pub place: Option<u32>,
    /// The trigger that it waits for; its beginning and its end then count from the instant
    /// at which that is met.
    pub trigger: Option<Id<of::Trigger>>,
    /// The draw by which each run chooses the instance it strikes; `None` if the file does.
    pub victim: Option<Victim>,
}

/// The part of a fault in what the file calls one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is all of it.
    Whole,
    /// It is one of many that together strike a region.
    OfRegion,
    /// It is the first of many that strike instances of a station; the timeline tells of all of them
    /// with it.
    First(Steps),
    /// It is one of the others.
    Later,
}

impl Fault {
    /// The share of its full size at `now`, from 0 before it begins to 1.
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

    /// The instant at which the last of the faults ends that the file calls one fault, if this one
    /// lasts from `begin` to `end` in a run; [`SimTime::MAX`] if never.
    pub fn end_of_all(&self, begin: SimTime, end: SimTime) -> SimTime {
        match &self.part {
            Part::First(steps) => begin + steps.length,
            Part::Whole | Part::OfRegion | Part::Later => end,
        }
    }

    /// True if it is over in the instant in which it begins, as a flush is.
    pub fn is_instantaneous(&self) -> bool {
        self.effect.is_instantaneous()
    }

    /// The effect in a few words, without its target.
    pub fn summary(&self) -> String {
        self.effect.summary()
    }

    /// The same for a share of its full size, from 0 to 1; `None` if that has no size of its own.
    pub fn summary_at(&self, share: f64) -> Option<String> {
        self.effect.summary_at(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::Id;

    #[test]
    fn a_ramp_grows_to_full_size_and_ends_at_once() {
        let seconds = SimTime::from_secs;
        let fault = Fault {
            begin: seconds(60),
            end: seconds(120),
            ramp: SimDuration::from_secs(10),
            effect: Effect::Crash(crate::faults::Crash),
            target: "d".into(),
            instances: Ids::one(Id::new(0)),
            part: Part::Whole,
            place: None,
            trigger: None,
            victim: None,
        };
        let intensities = [59, 60, 65, 70, 119, 120].map(|at| fault.intensity(seconds(at)));
        assert_eq!(intensities, [0.0, 0.0, 0.5, 1.0, 1.0, 0.0]);
    }
}
