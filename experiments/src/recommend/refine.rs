//! The changes that are needed, and how far each setting may move.

use std::sync::Arc;

use sim_models::observe::FigureUnit;
use sim_models::study::{Level, Values};
use sim_models::system::Blueprint;

use super::assessment::{Assessment, Caution, Miss, differs};
use super::confirm::{Looks, MOST, decide};
use super::recommendation::{Advice, Breach, Standing};
use super::search::{INFEASIBLE, Search, Tried};
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The number of replications that show where a limit gives way, before fresh ones do.
const FEW: u64 = 1;
/// The replications that it takes about to find an end of a safe range.
const PROBES: u64 = 5;
/// The most times that a range is cut in half to find the value at which a limit gives way.
const MOST_HALVINGS: u32 = 5;
/// The distance between the last value that holds and the first that does not, as a share of the way
/// that a setting may move: so fine is an end of a safe range.
const FINE: f64 = 0.15;
/// The largest share by which a value moves to become a round one.
const MOST_MOVED: f64 = 0.1;
/// The first replication that checks the end of a safe range, which nothing before has seen.
const FRESH_FOR_ENDS: u64 = 400_000;
/// The fewest runs that check an end.
const FEWEST_OF_END: u64 = 10;
/// An objective that is worse by less than this share is as good.
const AS_GOOD: f64 = 0.005;
/// The share by which an objective must be better for the search to go on from the end of a safe
/// range.
const GAIN: f64 = 0.01;

/// Tries candidates around a recommendation.
pub(super) struct Refinement<'a> {
    pub search: &'a Search<'a>,
    pub system: &'a TunableSystem,
    pub watch: &'a dyn Watch,
    /// The number of replications for a candidate that may be the answer.
    pub replications: u64,
    /// The number of replications for one that is not.
    pub few: u64,
}

impl<'a> Refinement<'a> {
    /// Candidates around the best ones of a search, measured as often as its contenders.
    pub fn of(search: &'a Search<'a>) -> Self {
        let (system, watch) = (search.system(), search.watch());
        let few = u64::from(system.plan().replications);
        Self { search, system, watch, replications: search.replications(), few }
    }

    /// The candidate with as many settings of another one as make it better: one that misses a limit,
    /// though not by all of its settings.
    pub fn with_settings_of(&self, best: Tried, other: &Candidate) -> Result<Tried, Interrupted> {
        let levels = best.candidate.levels.iter().zip(&other.levels).enumerate();
        let differ = levels.filter(|(_, (mine, theirs))| differs(mine, theirs));
        let theirs: Vec<(usize, Level)> =
            differ.map(|(place, (_, theirs))| (place, theirs.clone())).collect();
        let measure = |candidate: &Candidate| self.measured(candidate);
        self.replacing(best, &theirs, &measure, &|tried, best| tried.score < best.score)
    }

    /// The candidate measured as often as one that may be the answer, or until it misses a limit.
    pub fn measured(&self, candidate: &Candidate) -> Result<Tried, Interrupted> {
        let caution = self.search.caution();
        let is_missed = |known: &Assessment| known.violation(caution) > 0.0;
        self.search.further(candidate, self.replications, &is_missed, self.watch.jobs())
    }

    /// The candidate measured as often as one that may be the answer, or until a promise is clearly
    /// broken: a run that misses a limit does not show that yet.
    pub fn unless_broken(&self, candidate: &Candidate) -> Result<Tried, Interrupted> {
        let is_broken = |known: &Assessment| known.standing() == Standing::Misses;
        self.search.further(candidate, self.replications, &is_broken, self.watch.jobs())
    }

    /// Takes back every change that brings nothing.
    pub fn fewest_changes(&self, best: Tried) -> Result<Tried, Interrupted> {
        let simpler = self.changes_to_take_back(&best);
        self.replacing(best, &simpler, &|candidate| self.measured(candidate), &|tried, best| {
            self.is_as_good(tried, best)
        })
    }

    /// The candidate that misses the limits by no more than another one, with as few changes as
    /// possible: every change that moves no missed figure is taken back.
    pub fn fewest_changes_of_nearest(&self, nearest: &Candidate) -> Result<Tried, Interrupted> {
        let nearest = self.whole(nearest)?;
        let violation = |tried: &Tried| {
            let known = tried.assessment.as_ref();
            known.map_or(f64::INFINITY, |known| known.violation(Caution::AsPromised))
        };
        let simpler = self.changes_to_take_back(&nearest);
        let is_as_near = |tried: &Tried, best: &Tried| violation(tried) <= violation(best);
        self.replacing(nearest, &simpler, &|candidate| self.whole(candidate), &is_as_near)
    }

    /// The candidate measured a few times under every condition, whatever it misses, so that it can be
    /// compared.
    fn whole(&self, candidate: &Candidate) -> Result<Tried, Interrupted> {
        self.search.further(candidate, self.few, &|_| false, self.watch.jobs())
    }

    fn changes_to_take_back(&self, of: &Tried) -> Vec<(usize, Level)> {
        let as_it_is = self.system.as_it_is().levels;
        let now = self.system.plan().now.iter().zip(as_it_is).enumerate();
        now.filter(|(place, (now, as_it_is))| {
            now.is_some() && differs(&of.candidate.levels[*place], as_it_is)
        })
        .map(|(place, (_, as_it_is))| (place, as_it_is))
        .collect()
    }

    /// The candidate with round numbers in place of those that a search happened to try, wherever that
    /// keeps the limits and costs nothing.
    pub fn with_round_values(&self, mut best: Tried) -> Result<Tried, Interrupted> {
        for digits in [2, 1] {
            let rounder = self.round_values(&best.candidate, digits);
            let measure = |candidate: &Candidate| self.measured(candidate);
            best = self
                .replacing(best, &rounder, &measure, &|tried, best| self.is_as_good(tried, best))?;
        }
        Ok(best)
    }

    /// The settings that are near a number with so few digits, and that number.
    fn round_values(&self, candidate: &Candidate, digits: i32) -> Vec<(usize, Level)> {
        let settings = self.system.plan().settings.iter().zip(&candidate.levels).enumerate();
        settings
            .filter_map(|(place, (setting, level))| {
                if matches!(setting.values, Values::Listed(_)) || level.setting.is_none() {
                    return None;
                }
                let round = rounded(level.number, digits);
                let is_near = (round - level.number).abs() <= MOST_MOVED * level.number.abs();
                let rounder = setting.values.at(setting.values.share_of(round).clamp(0.0, 1.0));
                (is_near && differs(&rounder, level)).then_some((place, rounder))
            })
            .collect()
    }

    /// Replaces the levels of settings where the candidate stays as good: all at once, or else those of
    /// each half, and so on (as in Zeller and Hildebrandt, "Simplifying and isolating
    /// failure-inducing input", IEEE Transactions on Software Engineering 28, 2002).
    fn replacing(
        &self,
        best: Tried,
        replacements: &[(usize, Level)],
        measure: &dyn Fn(&Candidate) -> Result<Tried, Interrupted>,
        is_as_good: &dyn Fn(&Tried, &Tried) -> bool,
    ) -> Result<Tried, Interrupted> {
        if replacements.is_empty() {
            return Ok(best);
        }
        let mut candidate = best.candidate.clone();
        for (place, level) in replacements {
            candidate.levels[*place] = level.clone();
        }
        if best.score >= INFEASIBLE || self.search.may_beat(&candidate, best.score + AS_GOOD) {
            let tried = measure(&candidate)?;
            if is_as_good(&tried, &best) {
                return Ok(tried);
            }
        }
        if replacements.len() == 1 {
            return Ok(best);
        }
        let (first, second) = replacements.split_at(replacements.len() / 2);
        let best = self.replacing(best, first, measure, is_as_good)?;
        self.replacing(best, second, measure, is_as_good)
    }

    /// True if every limit holds and the objectives are no worse than those of the best candidate.
    fn is_as_good(&self, tried: &Tried, best: &Tried) -> bool {
        tried.score < INFEASIBLE && self.regret(tried) <= self.regret(best) + AS_GOOD
    }

    fn regret(&self, tried: &Tried) -> f64 {
        let objectives = &self.system.plan().objectives;
        let known = tried.assessment.as_ref();
        known.map_or(f64::INFINITY, |known| known.regret(objectives, self.search.now()))
    }

    /// The candidate with one setting at an end of its safe range that serves the objectives best, if
    /// that is better than the recommended one and nothing has refuted it.
    pub fn better_end(
        &self,
        chosen: &Tried,
        advice: &[Advice],
    ) -> Result<Option<Tried>, Interrupted> {
        let mut best: Option<Tried> = None;
        for (place, advice) in advice.iter().enumerate() {
            let ends = advice.safe.iter().flat_map(|(low, high)| [low, high]);
            for end in ends.filter(|end| differs(end, &advice.recommended)) {
                let mut moved = chosen.candidate.clone();
                moved.levels[place] = end.clone();
                let to_beat = match &best {
                    Some(best) => self.regret(best),
                    None => self.regret(chosen) - GAIN,
                };
                let moved = self.whole(&moved)?;
                if moved.refuted_by.is_none() && self.regret(&moved) < to_beat {
                    best = Some(moved);
                }
            }
        }
        Ok(best)
    }

    /// The advice on each setting of a candidate that misses a limit: only its value.
    pub fn values_of_nearest(&self, nearest: &Candidate) -> Vec<Advice> {
        (0..nearest.levels.len()).map(|place| self.value_of(nearest, place)).collect()
    }

    /// The advice on each setting: how far it may move with all others as they are.
    /// Each end of a range goes through `runs` fresh runs under each condition.
    pub fn advice(&self, candidate: &Candidate, runs: u64) -> Result<Vec<Advice>, Interrupted> {
        let places: Vec<usize> = (0..candidate.levels.len()).collect();
        in_order(&places, self.watch.jobs(), &|_, place| self.advice_on(candidate, *place, runs))
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

    fn advice_on(
        &self,
        candidate: &Candidate,
        place: usize,
        runs: u64,
    ) -> Result<Advice, Interrupted> {
        let setting = &self.system.plan().settings[place];
        let mut advice = self.value_of(candidate, place);
        let (mut low, mut high) = (advice.recommended.clone(), advice.recommended.clone());
        if let Values::Listed(_) = &setting.values {
            for level in setting.values.levels() {
                if differs(&level, &advice.recommended) {
                    let breach = self.breach_of_other(candidate, place, level.clone(), runs)?;
                    advice.others.push((level, breach));
                }
            }
        } else if !advice.recommended.number.is_nan() {
            let share = setting.values.share_of(advice.recommended.number).clamp(0.0, 1.0);
            (low, advice.below) = self.safe_end(candidate, place, [share, 0.0], runs)?;
            (high, advice.above) = self.safe_end(candidate, place, [share, 1.0], runs)?;
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
            let (low, _) = self.edge(&candidate, place, [share, 0.0], self.few)?;
            let (high, _) = self.edge(&candidate, place, [share, 1.0], self.few)?;
            let middle = f64::midpoint(values.share_of(low.number), values.share_of(high.number));
            candidate.levels[place] = values.at(middle.clamp(0.0, 1.0));
        }
        Ok(candidate)
    }

    /// The number of runs under each condition that each end of a safe range can go through, if
    /// `left` runs are left for all of them.
    pub fn runs_of_end(&self, left: u64) -> u64 {
        let plan = self.system.plan();
        let ends = 2 * (plan.settings.len() * plan.conditions.len()) as u64;
        // Finding an end takes about as many as a candidate with few replications.
        let affordable = (left / ends.max(1)).saturating_sub(PROBES);
        affordable.max(FEWEST_OF_END).min(u64::from(plan.validations))
    }

    /// An end of the range in which a setting is safe: as many of fresh runs kept every limit there
    /// as promised. With it, the limit that gives way beyond.
    fn safe_end(
        &self,
        candidate: &Candidate,
        place: usize,
        [from, end]: [f64; 2],
        runs: u64,
    ) -> Result<(Level, Option<Breach>), Interrupted> {
        let values = &self.system.plan().settings[place].values;
        let recommended = candidate.levels[place].clone();
        let (mut safe, mut beyond) = self.edge(candidate, place, [from, end], FEW)?;
        let (mut good, mut bad) = (from, None);
        for _ in 0..MOST_HALVINGS {
            if !differs(&safe, &recommended) {
                break;
            }
            let mut moved = candidate.clone();
            moved.levels[place] = safe.clone();
            match (self.fresh_breach(&moved, place, runs)?, bad) {
                (None, None) => return Ok((safe, beyond)),
                (None, Some(_)) => good = values.share_of(safe.number),
                (Some(breach), _) => {
                    bad = Some(values.share_of(safe.number));
                    beyond = Some(breach);
                }
            }
            let bad = bad.expect("an end that holds at first has been returned");
            let next = values.at(f64::midpoint(good, bad));
            let is_fine = (bad - good).abs() <= FINE * (good - from).abs();
            if is_fine || !differs(&next, &values.at(good)) || !differs(&next, &safe) {
                break;
            }
            safe = next;
        }
        // The last value that held.
        let safe = if good == from { recommended } else { values.at(good) };
        Ok((safe, beyond))
    }

    /// The limit that another value of a list misses, in a few runs or in fresh ones.
    fn breach_of_other(
        &self,
        candidate: &Candidate,
        place: usize,
        level: Level,
        runs: u64,
    ) -> Result<Option<Breach>, Interrupted> {
        let breach = self.breach_with(candidate, place, level.clone(), FEW)?;
        if breach.is_some() {
            return Ok(breach);
        }
        let mut moved = candidate.clone();
        moved.levels[place] = level;
        self.fresh_breach(&moved, place, runs)
    }

    /// The limit that fresh runs of a candidate keep less often than promised, or the reason why its
    /// settings do not go together; `None` if there is neither.
    fn fresh_breach(
        &self,
        candidate: &Candidate,
        place: usize,
        runs: u64,
    ) -> Result<Option<Breach>, Interrupted> {
        let systems = match self.sound(candidate, place) {
            Ok(systems) => systems,
            Err(breach) => return Ok(Some(*breach)),
        };
        let is_affordable = runs == u64::from(self.system.plan().validations);
        let most = if is_affordable { MOST * runs } else { runs };
        let looks = Looks { first: FRESH_FOR_ENDS, least: runs, most };
        // The settings are looked at on all threads, so each of them takes one.
        let assessment = decide(self.system, &systems, looks, self.watch, 1)?.known;
        let at = &candidate.levels[place];
        Ok(breaches(self.system, &assessment, at, Caution::AsPromised).into_iter().next())
    }

    /// The furthest value towards an end with which every limit held in a few runs, and the limit
    /// that gives way beyond it.
    fn edge(
        &self,
        candidate: &Candidate,
        place: usize,
        [from, end]: [f64; 2],
        replications: u64,
    ) -> Result<(Level, Option<Breach>), Interrupted> {
        let values = &self.system.plan().settings[place].values;
        let last = values.at(end);
        if !differs(&last, &candidate.levels[place]) {
            return Ok((candidate.levels[place].clone(), None));
        }
        let Some(mut breach) = self.breach_with(candidate, place, last.clone(), replications)?
        else {
            return Ok((last, None));
        };
        let (mut good, mut bad) = (from, end);
        let mut safe = candidate.levels[place].clone();
        for _ in 0..MOST_HALVINGS {
            if (bad - good).abs() <= FINE * (good - from).abs() {
                break;
            }
            let middle = f64::midpoint(good, bad);
            let level = values.at(middle);
            if !differs(&level, &safe) || !differs(&level, &breach.at) {
                break;
            }
            if let Some(nearer) = self.breach_with(candidate, place, level.clone(), replications)? {
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
        replications: u64,
    ) -> Result<Option<Breach>, Interrupted> {
        let mut moved = candidate.clone();
        moved.levels[place] = level;
        if let Err(breach) = self.sound(&moved, place) {
            return Ok(Some(*breach));
        }
        let is_missed = |known: &Assessment| known.violation(Caution::AsPromised) > 0.0;
        let tried = self.search.further(&moved, replications, &is_missed, 1)?;
        let known = tried.assessment.expect("its settings go together");
        let at = &moved.levels[place];
        Ok(breaches(self.system, &known, at, Caution::AsPromised).into_iter().next())
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
