//! The answer: a candidate that fresh random numbers confirm, moved to the better ends of its safe ranges.

use std::collections::BTreeSet;

use sim_models::study::Level;

use super::assessment::{Assessment, differs};
use super::confirm::{Effort, Evidence, MOST, MOST_ROUNDS_OF_BLOCK, MOST_ROUNDS_OF_WALK};
use super::recommendation::{Advice, Standing};
use super::refine::Refinement;
use super::search::Tried;
use super::tunable_system::Candidate;
use crate::parallel::in_order;
use crate::watch::Interrupted;

/// The share by which an objective must be better at an end of a safe range for it to be taken.
const GAIN: f64 = 0.01;
/// The most runs as a multiple of those that the plan allows, rather than to leave a better end of a safe
/// range untried.
const MOST_OVERRUN: f64 = 1.3;
/// The most runs that decide about a step, as a multiple of those that the plan asks for: one that needs
/// more to be confirmed is hardly worth it.
const MOST_OF_STEP: u64 = 2;
/// The runs under each condition that find an end of a safe range to move to.
const RUNS_OF_STEP: u64 = 3;

/// The candidate to recommend, with what fresh random numbers have shown.
pub(super) struct Answer {
    pub chosen: Tried,
    pub confirmed: Assessment,
    pub advice: Vec<Advice>,
    /// The round of confirmation.
    pub round: u64,
    /// The runs under each condition that each end of a safe range went through.
    pub runs_of_end: u64,
    /// The number of runs after which the search found what it has for the best, and when it ended.
    pub found_after: (u64, u64),
}

/// A candidate, and what fresh random numbers have shown of it.
pub(super) struct Confirmed {
    pub tried: Tried,
    pub evidence: Evidence,
    /// True if it keeps its promises, as far as they have shown.
    pub holds: bool,
    /// The confirmed candidate that a step led from, if it is not the first.
    before: Option<Box<Confirmed>>,
}

impl Confirmed {
    /// The same, by a step from another one.
    fn after(self, before: Confirmed) -> Self {
        Self { before: Some(Box::new(before)), ..self }
    }
}

/// The candidate without changes that bring nothing and with round values, or else as it is, on fresh
/// random numbers. What they refute goes back into the search.
pub(super) fn confirmed(
    refinement: &Refinement<'_>,
    chosen: Tried,
    round: u64,
) -> Result<Confirmed, Interrupted> {
    let simpler = simplified(refinement, chosen.clone())?;
    if simpler.candidate != chosen.candidate {
        let simpler = decided(refinement, simpler, round, MOST_OF_STEP)?;
        if simpler.holds {
            return Ok(simpler);
        }
        refinement.search.refute(&simpler.tried.candidate, &simpler.evidence);
    }
    let found = decided(refinement, chosen, round, MOST)?;
    if !found.holds {
        refinement.search.refute(&found.tried.candidate, &found.evidence);
    }
    Ok(found)
}

/// A candidate without changes that bring nothing and with round values. Where nothing is minimized,
/// it has been chosen for its room, and stays as it is.
fn simplified(refinement: &Refinement<'_>, chosen: Tried) -> Result<Tried, Interrupted> {
    if refinement.system.plan().objectives.is_empty() {
        return Ok(chosen);
    }
    refinement.watch.begin("taking back changes that bring nothing", None);
    let simpler = refinement.fewest_changes(chosen)?;
    refinement.with_round_values(simpler)
}

/// A candidate on the fresh random numbers of a round. Conditions in which it keeps every limit clearly are
/// not simulated as often as the answer will be.
fn decided(
    refinement: &Refinement<'_>,
    tried: Tried,
    round: u64,
    most: u64,
) -> Result<Confirmed, Interrupted> {
    let evidence = Evidence::of_round(refinement.system, round);
    let found = Confirmed { tried, evidence, holds: false, before: None };
    further(refinement, found, refinement.effort(most, Some(refinement.search.room())))
}

/// A candidate as often as the answer is simulated under every condition, on the fresh random numbers of another
/// round if it is the last of several: the luckiest of them has been chosen on those of its own.
fn completed(
    refinement: &Refinement<'_>,
    mut found: Confirmed,
    round: &mut u64,
) -> Result<Confirmed, Interrupted> {
    if *round > 0 && *round < MOST_ROUNDS_OF_BLOCK {
        *round += 1;
        found.evidence = Evidence::of_round(refinement.system, *round);
    }
    further(refinement, found, refinement.effort(MOST, None))
}

fn further(
    refinement: &Refinement<'_>,
    mut found: Confirmed,
    effort: Effort,
) -> Result<Confirmed, Interrupted> {
    let watch = refinement.watch;
    watch.begin("confirming on fresh random numbers", None);
    found.evidence.decide(refinement.system, &found.tried.candidate, effort, watch)?;
    found.holds = found.evidence.standing() == Standing::Holds;
    Ok(found)
}

/// The confirmed candidate that a step led from to one that fresh random numbers refute. `None` if there is
/// none: then they go back into the search.
fn fallen_back(refinement: &Refinement<'_>, refuted: &mut Confirmed) -> Option<Confirmed> {
    let search = refinement.search;
    let before = refuted.before.take();
    if before.is_some() {
        search.note_refuted(&refuted.tried.candidate, &refuted.evidence);
    } else {
        search.refute(&refuted.tried.candidate, &refuted.evidence);
    }
    before.map(|before| *before)
}

/// A confirmed candidate with the advice on each setting; in its place, one with settings at the ends of
/// its safe ranges as long as that is better and fresh random numbers confirm it. An end that they refute
/// is not safe. The candidate without advice if at last it is refuted itself.
pub(super) fn best_of_neighbourhood(
    refinement: &Refinement<'_>,
    found: Confirmed,
    round: &mut u64,
) -> Result<Result<Answer, Confirmed>, Interrupted> {
    let (search, watch) = (refinement.search, refinement.watch);
    let all = u64::from(search.system().plan().runs);
    let may_go_on =
        |round| round < MOST_ROUNDS_OF_WALK && search.runs() < (all as f64 * MOST_OVERRUN) as u64;
    let mut found = walked(refinement, found, round, &may_go_on)?;
    loop {
        found = completed(refinement, found, round)?;
        if !found.holds {
            let Some(before) = fallen_back(refinement, &mut found) else { return Ok(Err(found)) };
            found = before;
            continue;
        }
        watch.begin("finding how far each setting may move", None);
        let effort = refinement.effort_of_end(all.saturating_sub(search.runs()));
        let candidate = found.tried.candidate.clone();
        let mut advice = refinement.advice(&candidate, effort)?;
        loop {
            let ends = better_ends(refinement, &found.tried, ends_of(&advice))?;
            if ends.is_empty() || !may_go_on(*round) {
                let Confirmed { tried: chosen, evidence, .. } = found;
                let confirmed = evidence.known;
                let (round, found_after) = (*round, (chosen.found_after, search.runs()));
                return Ok(Ok(Answer {
                    chosen,
                    confirmed,
                    advice,
                    round,
                    runs_of_end: effort.least,
                    found_after,
                }));
            }
            found = with_ends(refinement, found, &ends, round)?;
            if found.tried.candidate != candidate {
                break;
            }
            let end_of = |_: usize, End { place, side, .. }: &End| {
                refinement.safe_end(&candidate, *place, *side, effort)
            };
            let found_again = in_order(&ends, watch.jobs(), &end_of);
            for (End { place, side, .. }, end) in ends.into_iter().zip(found_again) {
                advice[place].set_end(side, end?);
            }
        }
    }
}

/// A confirmed candidate moved to better ends of its safe ranges, which a few runs find, as long as fresh
/// random numbers confirm it.
fn walked(
    refinement: &Refinement<'_>,
    mut found: Confirmed,
    round: &mut u64,
    may_go_on: &dyn Fn(u64) -> bool,
) -> Result<Confirmed, Interrupted> {
    refinement.watch.begin("walking to the better ends", None);
    while may_go_on(*round) {
        let ends = refinement.ends(&found.tried, RUNS_OF_STEP, GAIN)?;
        let ends = better_ends(refinement, &found.tried, ends)?;
        let before = found.tried.candidate.clone();
        found = with_ends(refinement, found, &ends, round)?;
        if found.tried.candidate == before {
            break;
        }
    }
    Ok(found)
}

/// An end of a safe range.
#[derive(Clone)]
pub(super) struct End {
    /// The index of the setting.
    pub place: usize,
    /// Zero for the lower end, one for the upper one.
    pub side: f64,
    pub level: Level,
}

/// All ends of safe ranges.
fn ends_of(advice: &[Advice]) -> Vec<End> {
    let ends = advice.iter().enumerate().filter_map(|(place, advice)| {
        let (low, high) = advice.safe.clone()?;
        Some([End { place, side: 0.0, level: low }, End { place, side: 1.0, level: high }])
    });
    ends.flatten().collect()
}

/// The ends of safe ranges that serve the objectives better than the candidate, no more than one of each
/// setting, the best first.
fn better_ends(
    refinement: &Refinement<'_>,
    chosen: &Tried,
    ends: Vec<End>,
) -> Result<Vec<End>, Interrupted> {
    let to_beat = refinement.regret(chosen) - GAIN;
    let mut better = Vec::new();
    for end in
        ends.into_iter().filter(|end| differs(&end.level, &chosen.candidate.levels[end.place]))
    {
        let mut moved = chosen.candidate.clone();
        moved.levels[end.place] = end.level.clone();
        let moved = refinement.whole(&moved)?;
        let regret = refinement.regret(&moved);
        if moved.refuted_by.is_none() && regret < to_beat {
            better.push((regret, end));
        }
    }
    better.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let mut seen = BTreeSet::new();
    better.retain(|(_, end)| seen.insert(end.place));
    Ok(better.into_iter().map(|(_, end)| end).collect())
}

/// A confirmed candidate with as many settings at better ends as fresh random numbers confirm: all of
/// them, or else those of each half, and so on.
fn with_ends(
    refinement: &Refinement<'_>,
    found: Confirmed,
    ends: &[End],
    round: &mut u64,
) -> Result<Confirmed, Interrupted> {
    if ends.is_empty() {
        return Ok(found);
    }
    let mut moved = found.tried.candidate.clone();
    for end in ends {
        moved.levels[end.place] = end.level.clone();
    }
    if let Some(moved) = if_better(refinement, &found.tried, &moved, round)? {
        return Ok(moved.after(found));
    }
    if let [end] = ends {
        return part_of_the_way(refinement, found, end, round);
    }
    let (first, second) = ends.split_at(ends.len() / 2);
    let found = with_ends(refinement, found, first, round)?;
    with_ends(refinement, found, second, round)
}

/// A confirmed candidate with a setting moved towards an end that is refuted: half of the way, or a
/// quarter, and so on, as long as that is better.
fn part_of_the_way(
    refinement: &Refinement<'_>,
    found: Confirmed,
    end: &End,
    round: &mut u64,
) -> Result<Confirmed, Interrupted> {
    let values = &refinement.system.plan().settings[end.place].values;
    let share = |level: &Level| values.share_of(level.number).clamp(0.0, 1.0);
    let (from, mut refuted) = (share(&found.tried.candidate.levels[end.place]), end.level.clone());
    loop {
        let level = values.at(f64::midpoint(from, share(&refuted)));
        if !differs(&level, &refuted) {
            return Ok(found);
        }
        let mut moved = found.tried.candidate.clone();
        moved.levels[end.place] = level.clone();
        let regret = refinement.regret(&refinement.whole(&moved)?);
        if regret > refinement.regret(&found.tried) - GAIN {
            return Ok(found);
        }
        if let Some(moved) = if_better(refinement, &found.tried, &moved, round)? {
            return Ok(moved.after(found));
        }
        refuted = level;
    }
}

/// A candidate if it is better than another one and fresh random numbers confirm it.
fn if_better(
    refinement: &Refinement<'_>,
    best: &Tried,
    candidate: &Candidate,
    round: &mut u64,
) -> Result<Option<Confirmed>, Interrupted> {
    if refinement.system.systems(candidate).is_err() || *round >= MOST_ROUNDS_OF_WALK {
        return Ok(None);
    }
    let moved = refinement.whole(candidate)?;
    if moved.refuted_by.is_some() || refinement.regret(&moved) >= refinement.regret(best) {
        return Ok(None);
    }
    *round += 1;
    let moved = decided(refinement, moved, *round, MOST_OF_STEP)?;
    if !moved.holds {
        refinement.search.note_refuted(&moved.tried.candidate, &moved.evidence);
    }
    Ok(Some(moved).filter(|moved| moved.holds))
}
