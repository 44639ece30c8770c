//! The changes that are needed, and how far each setting may move.

use std::ops::Range;
use std::sync::Arc;

use sim_models::observe::FigureUnit;
use sim_models::study::{Level, Values};
use sim_models::system::Blueprint;

use super::assessment::{Assessment, Caution, Miss, differs};
use super::confirm::MOST;
use super::recommendation::{Advice, Breach, Standing};
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The number of times that a range is cut in half to find the value at which a limit gives way.
const HALVINGS: u32 = 4;
/// The largest share by which a value moves to become a round one.
const MOST_MOVED: f64 = 0.1;
/// The first replication that checks the end of a safe range, which nothing before has seen.
const FRESH_FOR_ENDS: u64 = 400_000;
/// The runs for all ends of safe ranges, as a multiple of those of the search.
const EFFORT_FOR_ENDS: u64 = 2;
/// The fewest runs that check an end.
const FEWEST_OF_END: u64 = 10;
/// An objective that is worse by less than this share is as good.
const AS_GOOD: f64 = 0.005;

/// Tries candidates around a recommendation.
pub(super) struct Refinement<'a> {
    pub system: &'a TunableSystem,
    pub watch: &'a dyn Watch,
    /// The conditions, the hardest first.
    pub order: Vec<usize>,
    /// The replications to simulate.
    pub replications: Range<u64>,
    /// The objectives of the file as written.
    pub now: &'a [Option<f64>],
}

/// The result of trying a candidate: every limit holds, or one gives way.
enum Attempt {
    Holds(Assessment),
    Breaks(Box<Breach>),
}

impl Refinement<'_> {
    /// Takes back every change that brings nothing, one after the other.
    pub fn fewest_changes(&self, candidate: Candidate) -> Result<Candidate, Interrupted> {
        let Attempt::Holds(mut best) = self.attempt(&candidate, 0, Caution::WithRoom)? else {
            return Ok(candidate);
        };
        self.taking_back(candidate, |simpler, place| {
            let attempt = self.attempt(simpler, place, Caution::WithRoom)?;
            Ok(self.is_as_good(attempt, &mut best))
        })
    }

    /// The candidate that misses the limits by no more than another one, with as few changes as
    /// possible: every change that moves no missed figure is taken back.
    pub fn fewest_changes_of_nearest(&self, nearest: Candidate) -> Result<Candidate, Interrupted> {
        let mut least = self.violation(&nearest)?;
        self.taking_back(nearest, |simpler, _| {
            let violation = self.violation(simpler)?;
            let is_as_near = violation <= least;
            least = least.min(violation);
            Ok(is_as_near)
        })
    }

    /// Takes back each change without which a candidate `is_as_good`; that is also given the place
    /// of the setting.
    fn taking_back(
        &self,
        mut candidate: Candidate,
        mut is_as_good: impl FnMut(&Candidate, usize) -> Result<bool, Interrupted>,
    ) -> Result<Candidate, Interrupted> {
        let as_it_is = self.system.as_it_is();
        for (place, now) in self.system.plan().now.iter().enumerate() {
            if now.is_none() || !differs(&candidate.levels[place], &as_it_is.levels[place]) {
                continue;
            }
            let mut simpler = candidate.clone();
            simpler.levels[place] = as_it_is.levels[place].clone();
            if is_as_good(&simpler, place)? {
                candidate = simpler;
            }
        }
        Ok(candidate)
    }

    /// True if every limit holds and the objectives are no worse than in the best assessment, in
    /// whose place this one is put.
    fn is_as_good(&self, attempt: Attempt, best: &mut Assessment) -> bool {
        let Attempt::Holds(assessment) = attempt else { return false };
        let is_as_good = self.regret(&assessment) <= self.regret(best) + AS_GOOD;
        if is_as_good {
            *best = assessment;
        }
        is_as_good
    }

    /// The candidate with round numbers in place of those that a search happened to try, wherever that
    /// keeps the limits and costs nothing.
    pub fn with_round_values(&self, mut candidate: Candidate) -> Result<Candidate, Interrupted> {
        let Attempt::Holds(mut best) = self.attempt(&candidate, 0, Caution::WithRoom)? else {
            return Ok(candidate);
        };
        for (place, setting) in self.system.plan().settings.iter().enumerate() {
            let number = candidate.levels[place].number;
            let is_own = candidate.levels[place].setting.is_some();
            if matches!(setting.values, Values::Listed(_)) || !is_own {
                continue;
            }
            for digits in [1, 2] {
                let round = rounded(number, digits);
                let is_near = (round - number).abs() <= MOST_MOVED * number.abs();
                let level = setting.values.at(setting.values.share_of(round).clamp(0.0, 1.0));
                if !is_near || !differs(&level, &candidate.levels[place]) {
                    continue;
                }
                let mut rounder = candidate.clone();
                rounder.levels[place] = level;
                let attempt = self.attempt(&rounder, place, Caution::WithRoom)?;
                if self.is_as_good(attempt, &mut best) {
                    candidate = rounder;
                    break;
                }
            }
        }
        Ok(candidate)
    }

    fn regret(&self, assessment: &Assessment) -> f64 {
        assessment.regret(&self.system.plan().objectives, self.now)
    }

    /// The distance by which a candidate misses the limits; infinite if its settings do not go
    /// together.
    fn violation(&self, candidate: &Candidate) -> Result<f64, Interrupted> {
        let Ok(systems) = self.system.systems(candidate) else { return Ok(f64::INFINITY) };
        let replications = self.replications.clone();
        let assessment =
            self.system.measure(&systems, &self.order, replications, self.watch, &|_| false)?;
        Ok(assessment.violation(Caution::AsPromised))
    }

    /// The advice on each setting of a candidate that misses a limit: only its value.
    pub fn values_of_nearest(&self, nearest: &Candidate) -> Vec<Advice> {
        (0..nearest.levels.len()).map(|place| self.value_of(nearest, place)).collect()
    }

    /// The advice on each setting: how far it may move with all others as they are.
    pub fn advice(&self, candidate: &Candidate) -> Result<Vec<Advice>, Interrupted> {
        let places: Vec<usize> = (0..candidate.levels.len()).collect();
        in_order(&places, self.watch.jobs(), &|_, place| self.advice_on(candidate, *place))
            .into_iter()
            .collect()
    }

    /// The value of a setting, and nothing about others that it might have.
    fn value_of(&self, candidate: &Candidate, place: usize) -> Advice {
        let now = self.system.plan().now[place].clone();
        let recommended = candidate.levels[place].clone();
        let is_changed = now.as_ref().is_none_or(|now| differs(now, &recommended))
            && recommended.setting.is_some();
        Advice {
            now,
            safe: None,
            recommended,
            is_changed,
            below: None,
            above: None,
            others: Vec::new(),
        }
    }

    fn advice_on(&self, candidate: &Candidate, place: usize) -> Result<Advice, Interrupted> {
        let setting = &self.system.plan().settings[place];
        let mut advice = self.value_of(candidate, place);
        let (mut low, mut high) = (advice.recommended.clone(), advice.recommended.clone());
        if let Values::Listed(_) = &setting.values {
            for level in setting.values.levels() {
                if differs(&level, &advice.recommended) {
                    let breach = self.breach_of_other(candidate, place, level.clone())?;
                    advice.others.push((level, breach));
                }
            }
        } else if !advice.recommended.number.is_nan() {
            let share = setting.values.share_of(advice.recommended.number).clamp(0.0, 1.0);
            (low, advice.below) = self.safe_end(candidate, place, share, 0.0)?;
            (high, advice.above) = self.safe_end(candidate, place, share, 1.0)?;
        }
        advice.safe = Some((low, high));
        Ok(advice)
    }

    /// The middle of the range in which every limit held, for one setting after the other.
    pub fn centred(&self, mut candidate: Candidate) -> Result<Candidate, Interrupted> {
        for place in 0..candidate.levels.len() {
            let values = &self.system.plan().settings[place].values;
            let number = candidate.levels[place].number;
            if matches!(values, Values::Listed(_)) || number.is_nan() {
                continue;
            }
            let share = values.share_of(number).clamp(0.0, 1.0);
            let (low, _) = self.edge(&candidate, place, share, 0.0)?;
            let (high, _) = self.edge(&candidate, place, share, 1.0)?;
            let middle = f64::midpoint(values.share_of(low.number), values.share_of(high.number));
            candidate.levels[place] = values.at(middle.clamp(0.0, 1.0));
        }
        Ok(candidate)
    }

    /// The number of runs under each condition that an end of a safe range must go through: fewer if
    /// there are many ends, as the runs of the search suggest.
    pub fn runs_of_end(&self) -> u64 {
        let plan = self.system.plan();
        let ends = 2 * (plan.settings.len() * plan.conditions.len()) as u64;
        let affordable = (EFFORT_FOR_ENDS * u64::from(plan.runs) / ends).max(FEWEST_OF_END);
        affordable.min(u64::from(plan.validations))
    }

    /// An end of the range in which a setting is safe: as many of fresh runs kept every limit there
    /// as promised. With it, the limit that gives way beyond.
    fn safe_end(
        &self,
        candidate: &Candidate,
        place: usize,
        from: f64,
        end: f64,
    ) -> Result<(Level, Option<Breach>), Interrupted> {
        let values = &self.system.plan().settings[place].values;
        let recommended = candidate.levels[place].clone();
        let (mut safe, mut beyond) = self.edge(candidate, place, from, end)?;
        while differs(&safe, &recommended) {
            let mut moved = candidate.clone();
            moved.levels[place] = safe.clone();
            let Some(breach) = self.fresh_breach(&moved, place)? else { break };
            let nearer = values.at(f64::midpoint(from, values.share_of(safe.number)));
            safe = if differs(&nearer, &safe) { nearer } else { recommended.clone() };
            beyond = Some(breach);
        }
        Ok((safe, beyond))
    }

    /// The limit that another value of a list misses, in a few runs or in fresh ones.
    fn breach_of_other(
        &self,
        candidate: &Candidate,
        place: usize,
        level: Level,
    ) -> Result<Option<Breach>, Interrupted> {
        let breach = self.breach_with(candidate, place, level.clone())?;
        if breach.is_some() {
            return Ok(breach);
        }
        let mut moved = candidate.clone();
        moved.levels[place] = level;
        self.fresh_breach(&moved, place)
    }

    /// The limit that fresh runs of a candidate keep less often than promised, or the reason why its
    /// settings do not go together; `None` if there is neither.
    fn fresh_breach(
        &self,
        candidate: &Candidate,
        place: usize,
    ) -> Result<Option<Breach>, Interrupted> {
        let systems = match self.sound(candidate, place) {
            Ok(systems) => systems,
            Err(breach) => return Ok(Some(*breach)),
        };
        let (mut done, mut runs) = (0, self.runs_of_end());
        let is_affordable = runs == u64::from(self.system.plan().validations);
        let most = if is_affordable { MOST * runs } else { runs };
        let mut assessment = self.system.unmeasured();
        while runs <= most && (done == 0 || assessment.standing() == Standing::Unsure) {
            let is_lost = |more: &Assessment| more.standing() == Standing::Misses;
            let replications = FRESH_FOR_ENDS + done..FRESH_FOR_ENDS + runs;
            let more =
                self.system.measure(&systems, &self.order, replications, self.watch, &is_lost)?;
            assessment = assessment.together(more);
            (done, runs) = (runs, 2 * runs);
        }
        let at = &candidate.levels[place];
        Ok(breaches(self.system, &assessment, at, Caution::AsPromised).into_iter().next())
    }

    /// The furthest value towards an end with which every limit held in a few runs, and the limit
    /// that gives way beyond it.
    fn edge(
        &self,
        candidate: &Candidate,
        place: usize,
        from: f64,
        end: f64,
    ) -> Result<(Level, Option<Breach>), Interrupted> {
        let values = &self.system.plan().settings[place].values;
        let last = values.at(end);
        if !differs(&last, &candidate.levels[place]) {
            return Ok((candidate.levels[place].clone(), None));
        }
        let Some(mut breach) = self.breach_with(candidate, place, last.clone())? else {
            return Ok((last, None));
        };
        let (mut good, mut bad) = (from, end);
        let mut safe = candidate.levels[place].clone();
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(good, bad);
            let level = values.at(middle);
            if !differs(&level, &safe) || !differs(&level, &breach.at) {
                break;
            }
            if let Some(nearer) = self.breach_with(candidate, place, level.clone())? {
                (bad, breach) = (middle, nearer);
            } else {
                (good, safe) = (middle, level);
            }
        }
        Ok((safe, Some(breach)))
    }

    /// The limit that gives way when one setting has another value; `None` if all hold.
    fn breach_with(
        &self,
        candidate: &Candidate,
        place: usize,
        level: Level,
    ) -> Result<Option<Breach>, Interrupted> {
        let mut moved = candidate.clone();
        moved.levels[place] = level;
        Ok(match self.attempt(&moved, place, Caution::AsPromised)? {
            Attempt::Holds(_) => None,
            Attempt::Breaks(breach) => Some(*breach),
        })
    }

    /// The systems of a candidate, or the reason why its settings do not go together, as a breach that
    /// names the value at `place`.
    fn sound(
        &self,
        candidate: &Candidate,
        place: usize,
    ) -> Result<Vec<Arc<Blueprint>>, Box<Breach>> {
        self.system.systems(candidate).map_err(|limit| {
            let at = candidate.levels[place].clone();
            let unit = FigureUnit::Count;
            Box::new(Breach { at, condition: None, limit, figure: None, unit })
        })
    }

    /// Simulates a candidate until a limit gives way. The breach names the value at `place`.
    fn attempt(
        &self,
        candidate: &Candidate,
        place: usize,
        caution: Caution,
    ) -> Result<Attempt, Interrupted> {
        let at = candidate.levels[place].clone();
        let systems = match self.sound(candidate, place) {
            Ok(systems) => systems,
            Err(breach) => return Ok(Attempt::Breaks(breach)),
        };
        let is_broken = |assessment: &Assessment| assessment.violation(caution) > 0.0;
        let assessment = self.system.measure(
            &systems,
            &self.order,
            self.replications.clone(),
            self.watch,
            &is_broken,
        )?;
        Ok(match breaches(self.system, &assessment, &at, caution).into_iter().next() {
            Some(breach) => Attempt::Breaks(Box::new(breach)),
            None => Attempt::Holds(assessment),
        })
    }
}

/// A number with so many digits that are not zero.
fn rounded(number: f64, digits: i32) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let exponent = libm::floor(libm::log10(number.abs())) as i32 + 1 - digits;
    let unit = libm::pow(10.0, f64::from(exponent));
    libm::round(number / unit) * unit
}

/// The limits that are missed, the one missed furthest first. Each breach names the value `at`.
pub(super) fn breaches(
    system: &TunableSystem,
    assessment: &Assessment,
    at: &Level,
    caution: Caution,
) -> Vec<Breach> {
    let mut missed: Vec<Miss> = assessment.misses(caution).collect();
    missed.sort_by(|one, other| other.distance.total_cmp(&one.distance));
    let breach = |Miss { condition, limit: place, .. }: Miss| {
        let limit = &system.limits()[condition][place];
        Breach {
            at: at.clone(),
            condition: Some(system.plan().conditions[condition].clone()),
            limit: limit.text.clone(),
            figure: assessment.of_limit(condition, place).map(|interval| interval.mean),
            unit: limit.unit,
        }
    };
    missed.into_iter().map(breach).collect()
}
