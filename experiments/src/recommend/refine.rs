//! The changes that are needed, and how far each setting may move.

use std::collections::BTreeSet;
use std::sync::Arc;

use sim_models::observe::FigureUnit;
use sim_models::study::{Level, Values};
use sim_models::system::Blueprint;

use super::answer::End;
use super::assessment::{Assessment, Caution, Miss, differs};
use super::confirm::{CHECKS_OF_END, Effort, Looks, MOST, until_broken};
use super::recommendation::{Advice, Breach, Standing};
use super::search::{INFEASIBLE, Search, Tried, squashed};
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The replications that show where a limit gives way, before fresh ones do.
const FEW: u64 = 3;
/// The replications that it takes about to find an end of a safe range.
const PROBES: u64 = 5;
/// The distance between the last value that holds and the first that does not, as a share of the way
/// that a setting may move: so fine is an end of a safe range.
const FINE: f64 = 0.15;
/// The least such distance that is of interest, as a share of the range.
const FINEST: f64 = 0.01;
/// The largest share by which a value moves to become a round one.
const MOST_MOVED: f64 = 0.1;
/// The first replication that checks the end of a safe range, which nothing before has seen.
pub(super) const FRESH_FOR_ENDS: u64 = 400_000;
/// The most values that are checked with fresh runs to find an end.
const MOST_CHECKS: u32 = 4;
/// The fewest runs that check an end.
const FEWEST_OF_END: u64 = 10;
/// An objective that is worse by less than this share is as good.
const AS_GOOD: f64 = 0.005;

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
    pub fn whole(&self, candidate: &Candidate) -> Result<Tried, Interrupted> {
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

    pub fn regret(&self, tried: &Tried) -> f64 {
        let objectives = &self.system.plan().objectives;
        let known = tried.assessment.as_ref();
        known.map_or(f64::INFINITY, |known| known.regret(objectives, self.search.now()))
    }

    /// The advice on each setting of a candidate that misses a limit: only its value.
    pub fn values_of_nearest(&self, nearest: &Candidate) -> Vec<Advice> {
        (0..nearest.levels.len()).map(|place| self.value_of(nearest, place)).collect()
    }

    /// The advice on each setting: how far it may move with all others as they are.
    /// The effort is that of each end of a range.
    pub fn advice(
        &self,
        candidate: &Candidate,
        effort: Effort,
    ) -> Result<Vec<Advice>, Interrupted> {
        let places = 0..candidate.levels.len();
        let sides: Vec<(usize, f64)> =
            places.clone().flat_map(|place| [(place, 0.0), (place, 1.0)]).collect();
        let end_at =
            |_: usize, (place, end): &(usize, f64)| self.safe_end(candidate, *place, *end, effort);
        let ends = in_order(&sides, self.watch.jobs(), &end_at);
        let ends: Vec<_> = ends.into_iter().collect::<Result<_, _>>()?;
        let advice = |(place, ends): (usize, &[(Level, Option<Breach>)])| {
            let [(low, below), (high, above)] = ends else { unreachable!("a range has two ends") };
            Ok(Advice {
                safe: Some((low.clone(), high.clone())),
                below: below.clone(),
                above: above.clone(),
                others: self.others(candidate, place, effort)?,
                ..self.value_of(candidate, place)
            })
        };
        places.zip(ends.chunks(2)).map(advice).collect()
    }

    /// The ends of safe ranges in the directions in which the objectives may be better by this share, as
    /// far as can be told without a run. They are found by few runs.
    pub fn ends(&self, of: &Tried, runs: u64, gain: f64) -> Result<Vec<End>, Interrupted> {
        let to_beat = squashed(self.regret(of) - gain);
        let settings = self.system.plan().settings.iter().enumerate();
        let sides = settings.flat_map(|(place, _)| [(place, 0.0), (place, 1.0)]);
        let may_be_better = |(place, side): &(usize, f64)| {
            let mut moved = of.candidate.clone();
            moved.levels[*place] = self.system.plan().settings[*place].values.at(*side);
            self.system.cost(&moved).is_err() || self.search.may_beat(&moved, to_beat)
        };
        let sides: Vec<(usize, f64)> = sides.filter(may_be_better).collect();
        let effort = Effort { least: runs, most: runs, room: None, caution: Caution::ByShare };
        let end = |_: usize, (place, side): &(usize, f64)| {
            let (level, _) = self.safe_end(&of.candidate, *place, *side, effort)?;
            Ok(End { place: *place, side: *side, level })
        };
        in_order(&sides, self.watch.jobs(), &end).into_iter().collect()
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

    /// The other values of a list, each with the limit that gives way; none if the setting has a range.
    fn others(
        &self,
        candidate: &Candidate,
        place: usize,
        effort: Effort,
    ) -> Result<Vec<(Level, Option<Breach>)>, Interrupted> {
        let values = &self.system.plan().settings[place].values;
        if !matches!(values, Values::Listed(_)) {
            return Ok(Vec::new());
        }
        let is_other = |level: &Level| differs(level, &candidate.levels[place]);
        let others: Vec<Level> = values.levels().into_iter().filter(is_other).collect();
        let breach = |_: usize, level: &Level| {
            let moved = moved(candidate, place, level.clone());
            Ok((level.clone(), self.fresh_breach(&moved, place, effort)?))
        };
        in_order(&others, self.watch.jobs(), &breach).into_iter().collect()
    }

    /// The middle of the range in which every limit held, for one setting after the other.
    pub fn centred(&self, mut candidate: Candidate) -> Result<Candidate, Interrupted> {
        for place in 0..candidate.levels.len() {
            let values = &self.system.plan().settings[place].values;
            let number = candidate.levels[place].number;
            if matches!(values, Values::Listed(_)) || number.is_nan() {
                continue;
            }
            let (least, caution) = (self.few, Caution::ByShare);
            let few = Effort { least, most: least, room: None, caution };
            let (low, _) = self.safe_end(&candidate, place, 0.0, few)?;
            let (high, _) = self.safe_end(&candidate, place, 1.0, few)?;
            let middle = f64::midpoint(values.share_of(low.number), values.share_of(high.number));
            candidate.levels[place] = values.at(middle.clamp(0.0, 1.0));
        }
        Ok(candidate)
    }

    /// The effort that each end of a safe range is worth, if `left` runs are left for all of them.
    pub fn effort_of_end(&self, left: u64) -> Effort {
        let plan = self.system.plan();
        let ends = 2 * (plan.settings.len() * plan.conditions.len()) as u64;
        // Finding an end takes about as many as a candidate with few replications.
        let affordable = (left / ends.max(1)).saturating_sub(PROBES) / CHECKS_OF_END;
        let validations = u64::from(plan.validations);
        let least = affordable.max(FEWEST_OF_END).min(validations);
        let (most, caution) = if least < validations {
            (validations, Caution::ByShare)
        } else {
            (MOST * validations, Caution::AsPromised)
        };
        Effort { least, most, room: None, caution }
    }

    /// The end of the range in which a setting is safe: as many fresh runs under each condition
    /// kept every limit there as promised. With it, the limit that gives way beyond. The value itself if
    /// it has no range.
    pub fn safe_end(
        &self,
        candidate: &Candidate,
        place: usize,
        end: f64,
        effort: Effort,
    ) -> Result<(Level, Option<Breach>), Interrupted> {
        let values = &self.system.plan().settings[place].values;
        let mut safe = candidate.levels[place].clone();
        if matches!(values, Values::Listed(_)) || safe.number.is_nan() {
            return Ok((safe, None));
        }
        let mut edge = Edge {
            good: values.share_of(safe.number).clamp(0.0, 1.0),
            bad: end,
            from: values.share_of(safe.number).clamp(0.0, 1.0),
            beyond: None,
        };
        let mut suspects = BTreeSet::new();
        let (mut next, mut checks) = (values.at(end), 0);
        while checks < MOST_CHECKS && differs(&next, &safe) {
            let moved = moved(candidate, place, next.clone());
            match self.fresh_breach(&moved, place, effort)? {
                None => safe.clone_from(&next),
                Some(breach) => {
                    suspects.extend(breach.condition.as_deref().and_then(|of| self.condition(of)));
                    edge.bad = values.share_of(next.number);
                    edge.beyond = Some(breach);
                }
            }
            edge.good = values.share_of(safe.number).clamp(0.0, 1.0);
            if edge.beyond.is_none() || edge.is_fine() {
                break;
            }
            checks += 1;
            next = if checks > 1 {
                let halfway = values.at(f64::midpoint(edge.good, edge.bad));
                let is_bad = |breach: &Breach| !differs(&halfway, &breach.at);
                if edge.beyond.as_ref().is_some_and(is_bad) { safe.clone() } else { halfway }
            } else {
                self.approached(&mut edge, candidate, place, &suspects)?
            };
        }
        Ok((safe, edge.beyond))
    }

    /// The furthest value towards an edge with which every limit held in a few runs under the conditions
    /// in which one has given way before. The edge comes nearer by that.
    fn approached(
        &self,
        edge: &mut Edge,
        candidate: &Candidate,
        place: usize,
        suspects: &BTreeSet<usize>,
    ) -> Result<Level, Interrupted> {
        let values = &self.system.plan().settings[place].values;
        let suspects: Vec<usize> = suspects.iter().copied().collect();
        let mut good = values.at(edge.good);
        while !edge.is_fine() {
            let middle = f64::midpoint(edge.good, edge.bad);
            let level = values.at(middle);
            if !differs(&level, &good) || !differs(&level, &values.at(edge.bad)) {
                break;
            }
            let caution = Caution::AsPromised;
            let looks = Looks { first: 0, least: FEW, most: FEW, caution };
            let moved = moved(candidate, place, level.clone());
            if let Some(breach) = self.breach(&moved, place, &suspects, looks)? {
                (edge.bad, edge.beyond) = (middle, Some(breach));
            } else {
                (edge.good, good) = (middle, level);
            }
        }
        Ok(good)
    }

    /// The index of a condition.
    fn condition(&self, name: &str) -> Option<usize> {
        self.system.plan().conditions.iter().position(|condition| condition == name)
    }

    /// The limit that fresh runs of a candidate keep less often than promised, or the reason why its
    /// settings do not go together; `None` if there is neither.
    fn fresh_breach(
        &self,
        candidate: &Candidate,
        place: usize,
        Effort { least, most, caution, .. }: Effort,
    ) -> Result<Option<Breach>, Interrupted> {
        let tried = self.search.further(candidate, 0, &|_| true, 1)?;
        if let Some(known) = &tried.refuted_by {
            return Ok(self.first_breach(known, candidate, place, Caution::AsPromised));
        }
        let looks = Looks { first: FRESH_FOR_ENDS, least, most, caution };
        self.breach(candidate, place, &self.search.order(), looks)
    }

    /// The effort of confirming an answer: `most` is a multiple of the runs that the plan asks for.
    pub fn effort(&self, most: u64, room: Option<f64>) -> Effort {
        let least = u64::from(self.system.plan().validations);
        Effort { least, most: most * least, room, caution: Caution::AsPromised }
    }

    /// The limit that gives way in runs of a candidate under some conditions, or the reason why its
    /// settings do not go together; `None` if there is neither.
    fn breach(
        &self,
        candidate: &Candidate,
        place: usize,
        conditions: &[usize],
        looks: Looks,
    ) -> Result<Option<Breach>, Interrupted> {
        let systems = match self.sound(candidate, place) {
            Ok(systems) => systems,
            Err(breach) => return Ok(Some(*breach)),
        };
        let known = until_broken(self.system, &systems, looks, conditions, self.watch)?;
        Ok(self.first_breach(&known, candidate, place, looks.caution))
    }

    /// The limit that is missed furthest.
    fn first_breach(
        &self,
        known: &Assessment,
        candidate: &Candidate,
        place: usize,
        caution: Caution,
    ) -> Option<Breach> {
        let at = &candidate.levels[place];
        breaches(self.system, known, at, caution).into_iter().next()
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
            Box::new(Breach { at, condition: None, limit, kept: None, figure: None, unit })
        })
    }
}

/// The last value of a setting known to be good and the first known to be bad, as shares of its range.
struct Edge {
    good: f64,
    bad: f64,
    /// The share of the recommended value.
    from: f64,
    /// The limit that gives way at the bad value; `None` if no bad value is known.
    beyond: Option<Breach>,
}

impl Edge {
    /// True if it is known finely enough for the width of the range.
    fn is_fine(&self) -> bool {
        (self.bad - self.good).abs() <= (FINE * (self.good - self.from).abs()).max(FINEST)
    }
}

/// A candidate with one setting at another level.
pub(super) fn moved(candidate: &Candidate, place: usize, level: Level) -> Candidate {
    let mut moved = candidate.clone();
    moved.levels[place] = level;
    moved
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
            kept: Some(assessment.kept(condition, place)),
            figure: assessment.of_limit(condition, place).map(|interval| interval.mean),
            unit: limit.unit,
        }
    };
    missed.into_iter().map(breach).collect()
}
