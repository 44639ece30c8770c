//! Which changes are needed, and how far each setting may move.

use std::ops::{ControlFlow, Range};

use sim_models::observe::Unit;
use sim_models::study::{Level, Values};

use super::answer::{Advice, Breach};
use super::assessment::{Assessment, Caution, differs};
use super::subject::{Candidate, Subject};
use crate::parallel::in_order;

/// A range is cut in half so often to find where a limit gives way.
const HALVINGS: u32 = 4;
/// An objective that is worse by less than this share is as good.
const AS_GOOD: f64 = 0.005;

/// What is needed to try candidates around a recommendation.
pub(super) struct Refinement<'a> {
    pub subject: &'a Subject,
    pub jobs: usize,
    pub look: &'a (dyn Fn() -> ControlFlow<()> + Sync),
    /// The conditions, the hardest first.
    pub order: Vec<usize>,
    /// On which replications.
    pub replications: Range<u64>,
    /// The objectives of the file as written.
    pub now: &'a [Option<f64>],
}

/// What came of a candidate: the first limit that gave way, or what was measured.
enum Tried {
    Holds(Assessment),
    Breaks(Box<Breach>),
}

impl Refinement<'_> {
    fn regret(&self, assessment: &Assessment) -> f64 {
        assessment.regret(&self.subject.plan().objectives, self.now)
    }

    /// Takes back every change that nothing is gained by, one after the other. `None` if it is
    /// broken off.
    pub fn fewest_changes(&self, mut candidate: Candidate) -> Option<Candidate> {
        let as_it_is = self.subject.as_it_is();
        let Tried::Holds(mut best) = self.try_out(&candidate, 0, Caution::WithRoom)? else {
            return Some(candidate);
        };
        for place in 0..candidate.levels.len() {
            let is_set = self.subject.plan().now[place].is_some();
            if !is_set || !differs(&candidate.levels[place], &as_it_is.levels[place]) {
                continue;
            }
            let mut simpler = candidate.clone();
            simpler.levels[place] = as_it_is.levels[place].clone();
            if let Tried::Holds(assessment) = self.try_out(&simpler, place, Caution::WithRoom)?
                && self.regret(&assessment) <= self.regret(&best) + AS_GOOD
            {
                (candidate, best) = (simpler, assessment);
            }
        }
        Some(candidate)
    }

    /// How far each setting may move with all others as they are. `None` if it is broken off.
    pub fn advice(&self, candidate: &Candidate) -> Option<Vec<Advice>> {
        let places: Vec<usize> = (0..candidate.levels.len()).collect();
        in_order(&places, self.jobs, &|_, place| self.advice_on(candidate, *place))
            .into_iter()
            .collect()
    }

    fn advice_on(&self, candidate: &Candidate, place: usize) -> Option<Advice> {
        let setting = &self.subject.plan().settings[place];
        let now = self.subject.plan().now[place].clone();
        let recommended = candidate.levels[place].clone();
        let is_changed = now.as_ref().is_none_or(|now| differs(now, &recommended))
            && recommended.setting.is_some();
        let mut advice = Advice {
            now,
            safe: (recommended.clone(), recommended.clone()),
            recommended,
            is_changed,
            below: None,
            above: None,
            others: Vec::new(),
        };
        if let Values::Listed(_) = &setting.values {
            for level in setting
                .values
                .levels()
                .into_iter()
                .filter(|level| differs(level, &advice.recommended))
            {
                let breach = self.breach_with(candidate, place, level.clone())?;
                advice.others.push((level, breach));
            }
        } else if !advice.recommended.number.is_nan() {
            let share = setting.values.share_of(advice.recommended.number).clamp(0.0, 1.0);
            (advice.safe.0, advice.below) = self.edge(candidate, place, share, 0.0)?;
            (advice.safe.1, advice.above) = self.edge(candidate, place, share, 1.0)?;
        }
        Some(advice)
    }

    /// The furthest value towards an end with which everything held, and what gives way beyond it.
    fn edge(
        &self,
        candidate: &Candidate,
        place: usize,
        from: f64,
        end: f64,
    ) -> Option<(Level, Option<Breach>)> {
        let values = &self.subject.plan().settings[place].values;
        let last = values.at(end);
        if !differs(&last, &candidate.levels[place]) {
            return Some((candidate.levels[place].clone(), None));
        }
        let Some(mut breach) = self.breach_with(candidate, place, last.clone())? else {
            return Some((last, None));
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
        Some((safe, Some(breach)))
    }

    /// What gives way when one setting has another value.
    #[allow(clippy::option_option, reason = "broken off, nothing gives way, something does")]
    fn breach_with(
        &self,
        candidate: &Candidate,
        place: usize,
        level: Level,
    ) -> Option<Option<Breach>> {
        let mut moved = candidate.clone();
        moved.levels[place] = level;
        Some(match self.try_out(&moved, place, Caution::OnAverage)? {
            Tried::Holds(_) => None,
            Tried::Breaks(breach) => Some(*breach),
        })
    }

    /// Simulates a candidate until a limit gives way; the value at `place` is told with it.
    fn try_out(&self, candidate: &Candidate, place: usize, caution: Caution) -> Option<Tried> {
        let at = candidate.levels[place].clone();
        let systems = match self.subject.systems(candidate) {
            Ok(systems) => systems,
            Err(limit) => {
                return Some(Tried::Breaks(Box::new(Breach {
                    at,
                    condition: None,
                    limit,
                    figure: None,
                    unit: Unit::Count,
                })));
            }
        };
        let is_broken = |assessment: &Assessment| assessment.violation(caution) > 0.0;
        let assessment = self.subject.measure(
            &systems,
            &self.order,
            self.replications.clone(),
            self.look,
            &is_broken,
        )?;
        Some(match breaches(self.subject, &assessment, &at, caution).into_iter().next() {
            Some(breach) => Tried::Breaks(Box::new(breach)),
            None => Tried::Holds(assessment),
        })
    }
}

/// The limits that are missed, the one missed furthest first.
pub(super) fn breaches(
    subject: &Subject,
    assessment: &Assessment,
    at: &Level,
    caution: Caution,
) -> Vec<Breach> {
    let mut missed: Vec<(usize, usize, f64)> =
        assessment.misses(caution).filter(|(_, _, miss)| *miss > 0.0).collect();
    missed.sort_by(|one, other| other.2.total_cmp(&one.2));
    let breach = |(condition, place, _): (usize, usize, f64)| {
        let limit = &subject.limits()[condition][place];
        Breach {
            at: at.clone(),
            condition: Some(subject.plan().conditions[condition].clone()),
            limit: limit.text.clone(),
            figure: assessment.of_limit(condition, place).map(|interval| interval.mean),
            unit: limit.unit,
        }
    };
    missed.into_iter().map(breach).collect()
}
