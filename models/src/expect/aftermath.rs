//! The answers of a system before and after a trigger, by which its stability is judged.

use sim_core::SimTime;

use crate::observe::Measure;
use crate::system::{Blueprint, Id, System, of};

/// The share of the time after the last fault, at the end of the run, by which the system is judged.
const JUDGED: f64 = 0.25;

/// True if a fault of the file, by its place there, is over before the run ends, so that there is time
/// to heal; also if a condition begins it.
pub fn leaves_time_to_heal(blueprint: &Blueprint, fault: u32) -> bool {
    let end = SimTime::ZERO + blueprint.run.duration;
    let mut parts = blueprint.faults.iter().filter(|part| part.place == Some(fault));
    parts.all(|part| part.trigger.is_some() || part.end < end)
}

/// The answers of a system to a workload in a run that is over.
pub struct Aftermath<'a> {
    system: &'a System,
    measure: Measure,
}

impl<'a> Aftermath<'a> {
    /// The answers to the requests of a workload.
    pub fn of(system: &'a System, workload: Id<of::Workload>) -> Self {
        Self { system, measure: Measure::availability(workload) }
    }

    /// The beginning and the end of a fault of the file, by its place there, with all its parts and
    /// repetitions; `None` if it has not begun.
    pub fn span_of(&self, fault: u32) -> Option<(SimTime, SimTime)> {
        let faults = &self.system.blueprint().faults;
        let parts = faults.iter().filter(|part| part.place == Some(fault));
        parts
            .filter_map(|part| self.system.span_of(part))
            .reduce(|(begin, end), (other, over)| (begin.min(other), end.max(over)))
    }

    /// The share of requests answered between two instants; zero if there were none.
    pub fn answered(&self, from: SimTime, to: SimTime) -> f64 {
        let (blueprint, recorder) = (self.system.blueprint(), self.system.recorder());
        let intervals = recorder.intervals_between(from, to);
        self.measure.over(blueprint, recorder, intervals).unwrap_or(0.0)
    }

    /// The share answered from the end of the warm-up to an instant.
    pub fn before(&self, at: SimTime) -> f64 {
        self.answered(SimTime::ZERO + self.system.blueprint().run.warmup, at)
    }

    /// The share answered in the last quarter of the time after the last fault. Faults that last, or
    /// come again, until the run ends do not count: there is no time after them.
    pub fn at_end(&self) -> f64 {
        let run = self.system.blueprint().run;
        let (warm, end) = (SimTime::ZERO + run.warmup, SimTime::ZERO + run.duration);
        let faults = self.system.blueprint().faults.iter();
        let ends = faults.filter_map(|fault| match fault.place {
            Some(place) => self.span_of(place),
            None => self.system.span_of(fault),
        });
        let after = ends.map(|(_, over)| over).filter(|over| *over < end).max();
        let after = after.unwrap_or(warm).max(warm);
        self.answered(after + end.since(after).scaled(1.0 - JUDGED), end)
    }

    /// The lesser of the shares answered before a fault and at the end: if it is enough, the system
    /// was well and is well again.
    pub fn healed(&self, fault: u32) -> f64 {
        let before = self.span_of(fault).map_or(1.0, |(begin, _)| self.before(begin));
        before.min(self.at_end())
    }
}
