//! Watching over an analysis: its threads, its interruption, its progress.

use thiserror::Error;

use crate::run::Progress;

/// Someone who watches over an analysis: says how many threads it may use and when to stop, and
/// hears how far it is.
///
/// An analysis announces each stage with [`begin`](Watch::begin) and then reports the steps that
/// are done with [`advance`](Watch::advance), from any of its threads. Nothing that a watch says or
/// does reaches a result, except that an interrupted analysis has none.
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
