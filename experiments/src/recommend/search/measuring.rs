//! Measuring candidates: how often each is simulated, and the score that follows.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::tried::{Tried, UNSOUND};
use super::{BATCH, INFEASIBLE, Search, key, squashed};
use crate::parallel::in_order;
use crate::recommend::assessment::Assessment;
use crate::recommend::confirm::{add_all, each_run, those_runs};
use crate::recommend::tunable_system::Candidate;
use crate::watch::Interrupted;

impl Search<'_> {
    /// The score of the candidate at a point, less being better. After an interruption, every new
    /// candidate is as bad as can be.
    pub fn score(&self, point: &[f64]) -> f64 {
        self.score_of(&self.system.candidate(point))
    }

    /// The scores of the candidates at several points, as [`Self::score`] gives them: all are simulated a
    /// first time, then those that may be the best are measured further, each on all threads.
    ///
    /// # Panics
    /// If another thread has panicked.
    pub fn scores(&self, points: &[Vec<f64>]) -> Vec<f64> {
        let terms = self.terms();
        let candidates: Vec<Candidate> =
            points.iter().map(|point| self.system.candidate(point)).collect();
        let is_new = |candidate: &&Candidate| {
            self.known(candidate).is_none()
                && (!terms.is_polishing || self.may_beat(candidate, terms.bar))
        };
        let new: BTreeMap<Vec<String>, &Candidate> =
            candidates.iter().filter(is_new).map(|candidate| (key(candidate), candidate)).collect();
        let new: Vec<&Candidate> = new.into_values().collect();
        let jobs = self.watch.jobs();
        for tried in in_order(&new, jobs, &|_, candidate| self.measure(candidate, 1)) {
            let is_measured = tried.and_then(|tried| {
                let (candidate, may_be_best) =
                    (tried.candidate.clone(), tried.score <= terms.contending);
                self.keep(tried);
                let is_worse = |known: &Assessment| self.score_from(known) > terms.contending;
                if may_be_best {
                    self.further(&candidate, terms.replications, &is_worse, jobs)?;
                }
                Ok(())
            });
            if is_measured.is_err() {
                self.is_interrupted.store(true, Ordering::Relaxed);
            }
        }
        let score = |candidate| self.known(candidate).map_or(f64::INFINITY, |tried| tried.score);
        candidates.iter().map(score).collect()
    }

    pub(super) fn score_of(&self, candidate: &Candidate) -> f64 {
        let terms = self.terms();
        let slot = self.slot(candidate);
        let mut known = slot.lock().expect("no thread has panicked");
        if let Some(known) = &*known {
            return known.score;
        }
        if terms.is_polishing && !self.may_beat(candidate, terms.bar) {
            return f64::INFINITY;
        }
        let Ok(tried) = self.measure(candidate, terms.replications) else {
            self.is_interrupted.store(true, Ordering::Relaxed);
            return UNSOUND;
        };
        known.insert(tried).score
    }

    /// Measures a candidate until it has had so many replications, or `is_enough` says that more would
    /// tell nothing. What is known of it already counts.
    ///
    /// # Errors
    /// [`Interrupted`] if the watch interrupts it.
    pub(in crate::recommend) fn further(
        &self,
        candidate: &Candidate,
        replications: u64,
        is_enough: &dyn Fn(&Assessment) -> bool,
        jobs: usize,
    ) -> Result<Tried, Interrupted> {
        let system = self.system;
        let slot = self.slot(candidate);
        let mut slot = slot.lock().expect("no thread has panicked");
        let mut known = slot.clone().unwrap_or_else(|| Tried::unknown(candidate.clone()));
        if known.refuted_by.is_some() {
            return Ok(known);
        }
        let mut assessment = known.assessment.take().unwrap_or_else(|| system.unmeasured());
        if let Ok(systems) = system.systems(candidate) {
            if known.is_given_up && !is_enough(&assessment) {
                assessment = system.unmeasured();
                known =
                    Tried { found_after: known.found_after, ..Tried::unknown(candidate.clone()) };
            }
            let terms = self.terms();
            'measuring: while known.replications < replications {
                let more = known.replications.clamp(1, BATCH);
                let next = replications.min(known.replications + more);
                let is_open = |of: &usize| !assessment.is_settled(*of, terms.room);
                let open: Vec<usize> = terms.order.iter().copied().filter(is_open).collect();
                let chunks = open.chunks(together(open.len(), (BATCH / more).max(1) as usize));
                let of = chunks.len();
                for (place, conditions) in chunks.enumerate() {
                    let new = terms.first + known.replications..terms.first + next;
                    let runs = each_run(system, &systems, new, conditions, self.watch, jobs)?;
                    known.runs += runs.len() as u64;
                    add_all(&mut assessment, &runs);
                    if place + 1 == of {
                        known.replications = next;
                    }
                    if is_enough(&assessment) {
                        known.is_given_up = place + 1 < of;
                        break 'measuring;
                    }
                }
                known.replications = next;
            }
            while known.replications >= terms.replications
                && known.hard < terms.hard.len()
                && !is_enough(&assessment)
            {
                let next = terms.hard.len().min(known.hard + BATCH as usize);
                let hard = &terms.hard[known.hard..next];
                let runs = those_runs(system, &systems, hard, self.watch, jobs)?;
                known.runs += runs.len() as u64;
                for run in &runs {
                    assessment.add_chosen(run.condition, &run.values);
                }
                known.hard = next;
            }
            known.score = self.score_from(&assessment);
            known.assessment = Some(assessment);
        }
        *slot = Some(known.clone());
        Ok(known)
    }

    /// Notes what the first so many replications, and those that have refuted others, have shown of a
    /// candidate, unless it has been refuted itself.
    pub(in crate::recommend) fn note_measured(
        &self,
        candidate: Candidate,
        known: Assessment,
        replications: u64,
    ) -> Tried {
        if let Some(refuted) = self.known(&candidate).filter(|known| known.refuted_by.is_some()) {
            return refuted;
        }
        let terms = self.terms();
        let runs = replications * terms.order.len() as u64 + terms.hard.len() as u64;
        let (score, hard) = (self.score_from(&known), terms.hard.len());
        let assessment = Some(known);
        let found_after = terms.runs;
        let unknown = Tried::unknown(candidate);
        let tried = Tried { score, assessment, replications, hard, runs, found_after, ..unknown };
        self.keep(tried.clone());
        tried
    }

    /// Simulates a candidate that has not been tried so often, or until it is clearly worse than the bar.
    pub(super) fn measure(
        &self,
        candidate: &Candidate,
        replications: u64,
    ) -> Result<Tried, Interrupted> {
        let (system, terms) = (self.system, self.terms());
        let mut tried = Tried { found_after: terms.runs, ..Tried::unknown(candidate.clone()) };
        let Ok(systems) = system.systems(candidate) else { return Ok(tried) };
        let bar = terms.bar.max(INFEASIBLE);
        let mut assessment = system.unmeasured();
        for replication in 0..replications {
            for condition in terms.order.iter().copied() {
                if assessment.is_settled(condition, terms.room) {
                    continue;
                }
                let number = terms.first + replication;
                let figures = system.figures(&systems, condition, number, self.watch)?;
                assessment.add(condition, &figures);
                tried.runs += 1;
                tried.score = self.score_from(&assessment);
                if tried.score > bar {
                    (tried.assessment, tried.is_given_up) = (Some(assessment), true);
                    return Ok(tried);
                }
            }
            tried.replications = replication + 1;
            // Every condition is simulated once, unless the bar is out of reach. More replications
            // are for candidates that may be the answer.
            if tried.score > terms.contending {
                break;
            }
        }
        tried.assessment = Some(assessment);
        Ok(tried)
    }

    /// The score of a candidate by Deb's rules: one that keeps the limits beats one that does not
    /// (Computer Methods in Applied Mechanics and Engineering 186, 2000).
    pub(super) fn score_from(&self, assessment: &Assessment) -> f64 {
        let violation = assessment.violation(self.caution());
        if violation > 0.0 {
            return INFEASIBLE + violation;
        }
        squashed(assessment.regret(&self.system.plan().objectives, &self.now))
    }
}

/// The number of conditions that are simulated at a time, of so many: about as many as are wanted, enough for
/// several threads and no more than tell something, with no single one left over.
fn together(all: usize, wanted: usize) -> usize {
    let times = ((all + wanted / 2) / wanted).max(1);
    all.div_ceil(times).next_multiple_of(2).max(2)
}
