//! From goals to a recommendation.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use sim_core::stats::ConfidenceInterval;
use sim_models::study::{Strain, strained};
use sim_models::system::Blueprint;

use super::answer::{LimitStanding, Outcome, Recommendation, Standing, Strained, Unmet};
use super::assessment::{Assessment, Caution, LimitHere, differs};
use super::cma_es::CmaEs;
use super::coordinate::Coordinate;
use super::refine::{Refinement, breaches};
use super::search::{INFEASIBLE, Search, Tried};
use super::start::formulas;
use super::subject::{Candidate, Subject};
use crate::parallel::in_order;

/// So many of the best candidates are looked at again on other random numbers.
const FINALISTS: usize = 6;
/// The share of a budget that is for directions together.
const TOGETHER: f64 = 0.6;
/// What was only lucky is replaced at most so often.
const MOST_ROUNDS: u32 = 3;
/// The answer is confirmed on replications from here on, which nothing before has seen.
const FRESH: u64 = 1_000_000;
/// What is recommended must be better than what is there by this share, or keep limits that the
/// other does not.
const WORTH_A_CHANGE: f64 = 0.01;

/// How far a recommendation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Measuring the file as it is written, and working formulas out.
    Start,
    /// Trying candidates: how many runs of how many.
    Search(u64, u64),
    /// Looking at the best again on other random numbers.
    Compare,
    /// Taking back changes that nothing is gained by.
    Simplify,
    /// Looking how far each setting may move.
    Ranges,
    /// Confirming the answer on fresh random numbers, also under strain.
    Confirm,
}

/// Finds settings that keep every limit under every condition and serve the objectives best. The
/// answer depends on the scenario and its seed alone, not on the number of threads. `None` if
/// `look` breaks it off.
pub fn recommend(
    subject: &Subject,
    jobs: usize,
    look: &(dyn Fn() -> ControlFlow<()> + Sync),
    tell: &(dyn Fn(Stage) + Sync),
) -> Option<Recommendation> {
    let plan = subject.plan();
    let course = Course { subject, jobs, look };
    tell(Stage::Start);
    let search = Search::new(subject, jobs, look)?;
    let (estimates, start) = formulas(subject, look)?;
    let seed = subject.as_written()[0].run.seed;
    look_for(&search, subject, &[subject.as_it_is(), start], u64::from(plan.runs), seed, tell);
    let (best, keeps_limits) = course.best(&search, tell)?;
    let ranking = search.ranking();
    tell(Stage::Simplify);
    let replications = 0..u64::from(plan.replications);
    let refinement =
        Refinement { subject, jobs, look, order: search.order(), replications, now: search.now() };
    let is_worth_it = !keeps_limits || course.is_worth_a_change(&ranking, &best, search.now());
    let chosen = match (keeps_limits, is_worth_it) {
        (true, false) => subject.as_it_is(),
        (true, true) => course.simplified(&refinement, best)?,
        (false, _) => best,
    };
    tell(Stage::Ranges);
    let advice = refinement.advice(&chosen)?;
    tell(Stage::Confirm);
    let confirmed = course.confirm(&chosen)?;
    let as_it_is = course.confirm(&subject.as_it_is())?;
    let is_unchanged = advice.iter().all(|advice| !advice.is_changed);
    let outcome = match (confirmed.violation(Caution::OnAverage) > 0.0, is_unchanged) {
        (true, _) => Outcome::Unmet,
        (false, true) => Outcome::Keep,
        (false, false) => Outcome::Change,
    };
    let objectives = (0..plan.objectives.len())
        .map(|place| (as_it_is.objective(place), confirmed.objective(place)))
        .collect();
    Some(Recommendation {
        outcome,
        advice,
        estimates,
        limits: course.standings(&as_it_is, &confirmed),
        objectives,
        strained: course.strained(&chosen)?,
        front: front(&ranking, plan.objectives.len(), subject),
        unmet: if outcome == Outcome::Unmet {
            course.unmet(&ranking, &confirmed)
        } else {
            Vec::new()
        },
        candidates: search.candidates(),
        runs: search.runs(),
        seed,
        plan: plan.clone(),
    })
}

/// Tries candidates: around each start in many directions at once, then one setting of the best
/// found there at a time.
pub fn look_for(
    search: &Search<'_>,
    subject: &Subject,
    starts: &[Candidate],
    runs: u64,
    seed: u64,
    tell: &(dyn Fn(Stage) + Sync),
) {
    search.try_all(starts);
    let score = |point: &[f64]| search.score(point);
    let mut told = |done: u64| tell(Stage::Search(done.min(runs), runs));
    let share = runs as f64 / starts.len() as f64;
    for (place, start) in starts.iter().enumerate() {
        let point = subject.point(start);
        let known = search.score(&point);
        let mut together = CmaEs::new(&point, seed.wrapping_add(place as u64), &score);
        search.run(&mut together, (share * (place as f64 + TOGETHER)) as u64, &mut told);
        let (found, best) = together.best();
        let (found, best) = if known < found { (known, point) } else { (found, best) };
        search.run(
            &mut Coordinate::new(best, found, &score),
            (share * (place + 1) as f64) as u64,
            &mut told,
        );
    }
}

struct Course<'a> {
    subject: &'a Subject,
    jobs: usize,
    look: &'a (dyn Fn() -> ControlFlow<()> + Sync),
}

impl Course<'_> {
    /// The best candidate that keeps every limit on random numbers that the search has not seen,
    /// and whether there is one. What was only lucky is found out by them; then the search goes on,
    /// with more replications.
    fn best(
        &self,
        search: &Search<'_>,
        tell: &(dyn Fn(Stage) + Sync),
    ) -> Option<(Candidate, bool)> {
        for round in 0.. {
            if search.is_broken_off() {
                return None;
            }
            tell(Stage::Compare);
            if let Some(best) = self.best_of_finalists(search)? {
                return Some((best, true));
            }
            let ranking = search.ranking();
            let is_hopeless =
                ranking.first().is_none_or(|best| best.score >= INFEASIBLE) && round > 0;
            if round == MOST_ROUNDS || is_hopeless {
                return ranking.first().map(|tried| (tried.candidate.clone(), false));
            }
            let all = search.runs() + u64::from(self.subject.plan().runs) / 4;
            let score = |point: &[f64]| search.score(point);
            if let Some(best) = ranking.into_iter().next() {
                let mut strategy =
                    Coordinate::new(self.subject.point(&best.candidate), best.score, &score);
                search.run(&mut strategy, all, &mut |done| tell(Stage::Search(done.min(all), all)));
            }
        }
        None
    }

    /// The best of the finalists that keep every limit on other random numbers; what these show is
    /// kept with what is known.
    #[allow(clippy::option_option, reason = "broken off, none, one")]
    fn best_of_finalists(&self, search: &Search<'_>) -> Option<Option<Candidate>> {
        let plan = self.subject.plan();
        let first = u64::from(plan.replications);
        let ranking = search.ranking();
        let finalists: Vec<&Tried> =
            ranking.iter().filter(|tried| tried.score < INFEASIBLE).take(FINALISTS).collect();
        let again = |_: usize, tried: &&Tried| {
            self.measure(&tried.candidate, first..first + u64::from(plan.validations))
        };
        let measured: Vec<Assessment> =
            in_order(&finalists, self.jobs, &again).into_iter().collect::<Option<_>>()?;
        let regret = |assessment: &Assessment| assessment.regret(&plan.objectives, search.now());
        let kept =
            finalists.iter().zip(&measured).filter(|(_, assessment)| assessment.surely_holds());
        let best =
            kept.reduce(|best, next| if regret(next.1) < regret(best.1) { next } else { best });
        if best.is_none() {
            for (tried, assessment) in finalists.iter().zip(&measured) {
                search.revise(tried, assessment);
            }
        }
        Some(best.map(|(tried, _)| tried.candidate.clone()))
    }

    /// Whether what was found keeps limits that the file as written does not, or is better by more
    /// than a hair.
    fn is_worth_a_change(&self, ranking: &[Tried], best: &Candidate, now: &[Option<f64>]) -> bool {
        let as_it_is = self.subject.as_it_is();
        let of = |candidate: &Candidate| ranking.iter().find(|tried| tried.candidate == *candidate);
        let (Some(present), Some(found)) = (of(&as_it_is), of(best)) else { return true };
        let regret = |tried: &Tried| {
            tried.assessment.as_ref().map_or(f64::INFINITY, |assessment| {
                assessment.regret(&self.subject.plan().objectives, now)
            })
        };
        present.score >= INFEASIBLE || regret(found) < regret(present) - WORTH_A_CHANGE
    }

    /// The recommendation with the fewest changes that is as good, unless it turns out to be luck.
    fn simplified(&self, refinement: &Refinement<'_>, best: Candidate) -> Option<Candidate> {
        let simpler = refinement.fewest_changes(best.clone())?;
        if simpler.levels.iter().zip(&best.levels).all(|(one, other)| !differs(one, other)) {
            return Some(best);
        }
        let first = u64::from(self.subject.plan().replications);
        let assessment =
            self.measure(&simpler, first..first + u64::from(self.subject.plan().validations))?;
        Some(if assessment.surely_holds() { simpler } else { best })
    }

    fn measure(&self, candidate: &Candidate, replications: Range<u64>) -> Option<Assessment> {
        let systems = self.subject.systems(candidate).ok()?;
        self.subject
            .measure(&systems, &self.subject.in_order(), replications, self.look, &|_| false)
    }

    /// A candidate on fresh random numbers, on all threads.
    fn confirm(&self, candidate: &Candidate) -> Option<Assessment> {
        self.confirm_systems(
            &self.subject.systems(candidate).ok()?,
            self.subject.plan().validations,
        )
    }

    fn confirm_systems(&self, systems: &[Arc<Blueprint>], validations: u32) -> Option<Assessment> {
        let validations: Vec<u64> = (0..u64::from(validations)).collect();
        let order = self.subject.in_order();
        let one = |_: usize, number: &u64| {
            self.subject.measure(
                systems,
                &order,
                FRESH + number..FRESH + number + 1,
                self.look,
                &|_| false,
            )
        };
        let parts: Vec<Assessment> =
            in_order(&validations, self.jobs, &one).into_iter().collect::<Option<_>>()?;
        parts.into_iter().reduce(Assessment::together)
    }

    fn standings(&self, as_it_is: &Assessment, confirmed: &Assessment) -> Vec<LimitStanding> {
        let subject = self.subject;
        let standing = |limit: &LimitHere, interval: Option<ConfidenceInterval>| {
            let standing = match interval {
                Some(interval) if limit.surely_holds(interval) => Standing::Holds,
                Some(interval) if limit.bound.holds(interval.mean) => Standing::Unsure,
                _ => Standing::Misses,
            };
            (interval, standing)
        };
        let conditions = subject.limits().iter().zip(&subject.plan().conditions).enumerate();
        conditions
            .flat_map(|(condition, (limits, name))| {
                limits.iter().enumerate().map(move |(place, limit)| LimitStanding {
                    condition: name.clone(),
                    limit: limit.text.clone(),
                    unit: limit.unit,
                    now: standing(limit, as_it_is.of_limit(condition, place)),
                    recommended: standing(limit, confirmed.of_limit(condition, place)),
                })
            })
            .collect()
    }

    fn strained(&self, candidate: &Candidate) -> Option<Vec<Strained>> {
        let systems = self.subject.systems(candidate).ok()?;
        let under = |strain: Strain| {
            let systems: Vec<Arc<Blueprint>> =
                systems.iter().map(|system| Arc::new(strained(system, strain))).collect();
            let assessment =
                self.confirm_systems(&systems, self.subject.plan().validations.div_ceil(2))?;
            let breaches =
                breaches(self.subject, &assessment, &candidate.levels[0], Caution::OnAverage);
            Some(Strained { strain, breaches })
        };
        Strain::ALL.into_iter().map(under).collect()
    }

    /// The limits that the nearest candidate misses, and what meeting them would have cost.
    fn unmet(&self, ranking: &[Tried], nearest: &Assessment) -> Vec<Unmet> {
        let missed: Vec<(usize, usize, f64)> =
            nearest.misses(Caution::OnAverage).filter(|(_, _, miss)| *miss > 0.0).collect();
        missed
            .into_iter()
            .map(|(condition, place, _)| self.unmet_limit(ranking, condition, place))
            .collect()
    }

    fn unmet_limit(&self, ranking: &[Tried], condition: usize, place: usize) -> Unmet {
        let limit = &self.subject.limits()[condition][place];
        let figure = |tried: &Tried| {
            tried
                .assessment
                .as_ref()
                .and_then(|assessment| assessment.of_limit(condition, place))
                .map(|interval| interval.mean)
        };
        let known = || ranking.iter().filter_map(|tried| Some((tried, figure(tried)?)));
        let best = known()
            .min_by(|one, other| limit.miss(Some(one.1)).total_cmp(&limit.miss(Some(other.1))));
        let meets = known().find(|(_, figure)| limit.bound.holds(*figure)).map(|(tried, _)| tried);
        let cost = meets.and_then(|tried| {
            let assessment = tried.assessment.as_ref()?;
            let breach =
                breaches(self.subject, assessment, &tried.candidate.levels[0], Caution::OnAverage)
                    .into_iter()
                    .next()?;
            Some((breach.condition?, breach.limit))
        });
        Unmet {
            condition: self.subject.plan().conditions[condition].clone(),
            limit: limit.text.clone(),
            unit: limit.unit,
            best: best.map(|(_, figure)| figure),
            is_met_by_others: meets.is_some(),
            at_the_cost_of: cost,
        }
    }
}

/// Candidates that keep every limit and that no other beats in every objective, in the order of the
/// first objective.
fn front(
    ranking: &[Tried],
    objectives: usize,
    subject: &Subject,
) -> Vec<(Vec<sim_models::study::Level>, Vec<f64>)> {
    if objectives < 2 {
        return Vec::new();
    }
    let plan = subject.plan();
    let values = |tried: &Tried| -> Option<Vec<f64>> {
        let assessment = tried.assessment.as_ref().filter(|_| tried.score < INFEASIBLE)?;
        (0..objectives).map(|place| assessment.objective(place)).collect()
    };
    let gain = |place: usize, value: f64| {
        plan.objectives[place].better.map_or(0.0, |better| better.gain(value))
    };
    let known: Vec<(&Tried, Vec<f64>)> =
        ranking.iter().filter_map(|tried| Some((tried, values(tried)?))).collect();
    let dominates = |one: &[f64], other: &[f64]| {
        let pairs =
            || (0..objectives).map(|place| (gain(place, one[place]), gain(place, other[place])));
        pairs().all(|(one, other)| one >= other) && pairs().any(|(one, other)| one > other)
    };
    let is_on_it = |values: &Vec<f64>| !known.iter().any(|(_, other)| dominates(other, values));
    let mut front: Vec<(Vec<sim_models::study::Level>, Vec<f64>)> = known
        .iter()
        .filter(|(_, values)| is_on_it(values))
        .map(|(tried, values)| (tried.candidate.levels.clone(), values.clone()))
        .collect();
    front.sort_by(|one, other| one.1[0].total_cmp(&other.1[0]));
    front.dedup_by(|one, other| one.1 == other.1);
    front
}
