//! Learning from fresh random numbers: candidates that they refute, and more that is demanded of others.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::tried::Tried;
use super::{INFEASIBLE, Search, Terms};
use crate::recommend::confirm::Evidence;
use crate::recommend::tunable_system::Candidate;
use crate::watch::Interrupted;

/// The room that candidates must leave besides whenever fresh random numbers have refuted one.
const MORE_ROOM: f64 = 0.3;

impl Search<'_> {
    /// Goes on with other random numbers, if no candidate has kept every limit with those so far: there
    /// may be a rare event among them that the promises allow for. The best candidates are tried again.
    ///
    /// # Errors
    /// [`Interrupted`] if the watch interrupts it.
    ///
    /// # Panics
    /// If another thread has panicked.
    pub fn take_other_numbers(&self) -> Result<(), Interrupted> {
        /// The number of best candidates that are tried again.
        const AGAIN: usize = 12;
        /// The replications from one set of random numbers to the next.
        const APART: u64 = 1_000;
        let ranking = self.ranking();
        let is_unsound = |tried: &Tried| tried.assessment.is_none();
        let best = ranking.iter().filter(|tried| !is_unsound(tried) && tried.refuted_by.is_none());
        let found_after: Vec<u64> =
            best.clone().take(AGAIN).map(|tried| tried.found_after).collect();
        let best: Vec<Candidate> = best.take(AGAIN).map(|tried| tried.candidate.clone()).collect();
        self.slots().retain(|_, slot| {
            let slot = slot.lock().expect("no thread has panicked");
            slot.as_ref().is_some_and(|tried| tried.refuted_by.is_some() || is_unsound(tried))
        });
        self.forgotten.fetch_add(ranking.len() as u64 - self.candidates_now(), Ordering::Relaxed);
        {
            let mut terms = self.terms.lock().expect("no thread has panicked");
            let bar = f64::INFINITY;
            *terms = Arc::new(Terms { first: terms.first + APART, bar, ..(**terms).clone() });
        }
        self.try_all(&best)?;
        for (candidate, found_after) in best.iter().zip(found_after) {
            if let Some(tried) =
                self.slot(candidate).lock().expect("no thread has panicked").as_mut()
            {
                tried.found_after = found_after;
            }
        }
        self.forgotten.fetch_sub(best.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Notes that a candidate keeps too few of its promises. If the search has taken it for one that keeps
    /// them, contenders go through some of the runs that missed a limit, from now on, and must leave more
    /// room.
    pub(in crate::recommend) fn refute(&self, candidate: &Candidate, evidence: &Evidence) {
        if self.note_refuted(candidate, evidence) {
            self.demand_more(&evidence.missed);
        }
    }

    /// Adds the evidence of fresh random numbers that a candidate keeps too few of its promises. True if
    /// the search has taken it for one that keeps them.
    pub(in crate::recommend) fn note_refuted(
        &self,
        candidate: &Candidate,
        evidence: &Evidence,
    ) -> bool {
        let slot = self.slot(candidate);
        let mut slot = slot.lock().expect("no thread has panicked");
        let mut tried = slot.take().unwrap_or_else(|| Tried::unknown(candidate.clone()));
        let is_surprise = tried.score < INFEASIBLE;
        let shown = evidence.known.clone();
        let known = tried.assessment.take();
        let known = known.map_or_else(|| shown.clone(), |known| known.together(shown.clone()));
        tried.score = self.score_from(&known).max(INFEASIBLE);
        (tried.assessment, tried.refuted_by) = (Some(known), Some(shown));
        *slot = Some(tried);
        is_surprise
    }

    /// Demands more of contenders: more room, and that they go through some of these runs.
    fn demand_more(&self, missed: &[(usize, u64)]) {
        /// The most runs of one refuted candidate that others go through.
        const MOST_HARD: usize = 6;
        {
            let mut terms = self.terms.lock().expect("no thread has panicked");
            let mut harder = (**terms).clone();
            harder.room += MORE_ROOM;
            harder.hard.extend(missed.iter().take(MOST_HARD));
            *terms = Arc::new(harder);
        }
        self.score_again();
    }

    /// Scores all candidates again, on new terms.
    fn score_again(&self) {
        for slot in self.slots().values() {
            if let Some(tried) = slot.lock().expect("no thread has panicked").as_mut()
                && let Some(assessment) = &tried.assessment
            {
                let least = if tried.refuted_by.is_some() { INFEASIBLE } else { f64::NEG_INFINITY };
                tried.score = self.score_from(assessment).max(least);
            }
        }
    }
}
