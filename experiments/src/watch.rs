//! Watching over an analysis: its threads, its interruption, its progress.

use std::sync::atomic::{AtomicU64, Ordering};

use sim_models::study::FigurePlan;
use thiserror::Error;

use crate::run::Progress;

/// Someone who watches over an analysis: says how many threads it may use and when to stop, and
/// hears how far it is.
///
/// An analysis announces each stage with [`begin`](Watch::begin) and then reports the steps that
/// are done with [`advance`](Watch::advance), from any of its threads. Nothing that a watch says or
/// does reaches a result, except that an interrupted analysis has none or a part of it.
pub trait Watch: Sync {
    /// The number of threads to simulate on, at least 1.
    fn jobs(&self) -> usize;

    /// True once the analysis should stop; it must stay true. Asked every few milliseconds.
    fn is_interrupted(&self) -> bool {
        false
    }

    /// Notes that a stage begins, and how many steps it takes if that is known; it may turn out to
    /// take more. `stage` names it for people, such as "trying candidates".
    fn begin(&self, stage: &'static str, steps: Option<u64>) {
        let _ = (stage, steps);
    }

    /// Notes that `steps` more steps of the stage are done.
    fn advance(&self, steps: u64) {
        let _ = steps;
    }

    /// Notes the best settings of a search so far: whether they kept every limit, and each objective with
    /// its value if it is known.
    fn found(&self, keeps_limits: bool, objectives: &[(FigurePlan, Option<f64>)]) {
        let _ = (keeps_limits, objectives);
    }

    /// Notes how far the run with this index is, of several that are shown one by one.
    fn reached(&self, run: usize, progress: Progress) {
        let _ = (run, progress);
    }

    /// Fails once the analysis should stop.
    ///
    /// # Errors
    /// [`Interrupted`] if [`is_interrupted`](Watch::is_interrupted) is true.
    fn check(&self) -> Result<(), Interrupted> {
        if self.is_interrupted() { Err(Interrupted) } else { Ok(()) }
    }
}

/// The user stopped the analysis before it had a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("interrupted")]
pub struct Interrupted;

/// The watch over an analysis that nobody looks at and nobody interrupts.
///
/// ```
/// use sim_experiments::{Unattended, Watch};
/// let watch = Unattended { jobs: 2 };
/// assert!(watch.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Unattended {
    /// The number of threads to simulate on, at least 1.
    pub jobs: usize,
}

impl Watch for Unattended {
    fn jobs(&self) -> usize {
        self.jobs
    }
}

/// The watch of someone who stops an analysis at the same point each time, for tests of what it then knows.
///
/// ```
/// use sim_experiments::{Impatient, Watch};
/// let watch = Impatient::after(1, 2);
/// assert!(watch.check().is_ok() && watch.check().is_ok() && watch.check().is_err());
/// ```
#[derive(Debug)]
pub struct Impatient {
    jobs: usize,
    left: AtomicU64,
}

impl Impatient {
    /// Interrupts once it has been asked this many times. With several threads, it is not always the same one that
    /// hears of it first.
    pub fn after(jobs: usize, asks: u64) -> Self {
        Self { jobs, left: AtomicU64::new(asks) }
    }
}

impl Watch for Impatient {
    fn jobs(&self) -> usize {
        self.jobs
    }

    fn is_interrupted(&self) -> bool {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }
}

#[cfg(test)]
mod tests {
    use sim_models::scenario::{Input, Overrides, Request, SweepRequest};

    use super::*;
    use crate::recommend::{Conclusion, TunableSystem, recommend};
    use crate::stability::{StressedSystem, map};
    use crate::sweep::{Point, Shard, Sweep};

    fn input() -> Input {
        let text = "run: { duration: 5s, warmup: 1s }\n\
                    workloads: { web: { to: api, arrivals: poisson 50/s } }\n\
                    services: { api: { threads: 4, handle: [ { work: exponential 20ms } ] } }\n\
                    prices: { thread: 1 }\n\
                    faults: [ { at: 2s, for: 1s, slow: api, by: 2x } ]\n\
                    sweep: { vary: { services.api.threads: 1..4 }, figures: [ p99 of web ] }\n\
                    goals: { settings: { services.api.threads: 1..9 }, limits: [ p99 of web is below 90ms ] }\n\
                    stability: { load: { workloads.web.arrivals: poisson 10/s..50/s in 3 }, \
                    trigger: { 'faults[0].by': 2x..4x in 2 } }\n";
        Input { name: "example.yaml".into(), text: text.into(), folder: ".".into() }
    }

    #[test]
    fn an_interruption_ends_every_analysis_soon_though_its_runs_are_short() {
        let swept =
            Overrides { request: Request::Sweep(SweepRequest::default()), ..Overrides::default() };
        let sweep = Sweep::prepare(input(), swept).expect("a sound sweep");
        let tunable = TunableSystem::prepare(input(), Overrides::default()).expect("sound goals");
        let stressed = StressedSystem::prepare(input(), Overrides::default()).expect("sound loads");
        for asks in [0, 1, 7] {
            let watch = || Impatient::after(2, asks);
            let keep = |_: &[Point]| Ok::<(), Interrupted>(());
            assert_eq!(sweep.run(Shard::WHOLE, &|_| false, &watch(), &keep), Err(Interrupted));
            let recommended = recommend(&tunable, &watch()).map(|found| found.conclusion);
            assert!(matches!(recommended, Err(Interrupted) | Ok(Conclusion::Interrupted)));
            assert!(map(&stressed, &watch()).is_err());
        }
    }
}
