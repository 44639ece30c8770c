//! Other regions of settings that are about as good as the recommended ones.

use sim_models::study::Level;

use super::answer::Answer;
use super::recommendation::Advice;
use super::refine::Refinement;
use super::search::{INFEASIBLE, Tried};
use super::tunable_system::TunableSystem;
use crate::watch::Interrupted;

/// The share by which the objectives of another region may be worse.
pub const ABOUT_AS_GOOD: f64 = 0.05;
/// The most regions that are told.
const MOST: usize = 3;
/// The most candidates that are measured further to find them.
const MOST_LOOKED_AT: usize = 8;
/// The share of its range by which a setting of one region must differ from that of another.
const APART: f64 = 0.1;

/// Settings of another region. They kept every limit in the search, and nothing has confirmed them.
#[derive(Clone, Debug)]
pub struct Region {
    /// The value of each setting.
    pub levels: Vec<Level>,
    /// The indices of the settings whose values are well apart from the recommended ones.
    pub apart: Vec<usize>,
    /// The objectives.
    pub objectives: Vec<f64>,
    /// The number of replications in which they kept the limits.
    pub replications: u64,
}

/// The best candidates of a search that are about as good as the recommended one and lie outside of its safe
/// ranges, each apart from the others, and keep the limits as often as contenders are measured. None if
/// nothing is minimized or maximized.
pub(super) fn regions(
    refinement: &Refinement<'_>,
    answer: &Answer,
) -> Result<Vec<Region>, Interrupted> {
    let system = refinement.system;
    if system.plan().objectives.is_empty()
        || answer.advice.iter().any(|advice| advice.safe.is_none())
    {
        return Ok(Vec::new());
    }
    refinement.watch.begin("looking at other regions", None);
    let regret = refinement.regret(&answer.chosen);
    let most = regret + ABOUT_AS_GOOD * regret.abs();
    let is_as_good = |tried: &Tried| tried.score < INFEASIBLE && refinement.regret(tried) <= most;
    let (mut found, mut looked_at): (Vec<Region>, Vec<Region>) = (Vec::new(), Vec::new());
    for tried in refinement.search.ranking().iter().filter(|tried| is_as_good(tried)) {
        let is_another = |region: &Region, other: &Region| {
            let mut places = region.apart.iter().chain(&other.apart);
            places.any(|place| {
                is_apart(system, *place, &region.levels[*place], &other.levels[*place])
            })
        };
        let Some(another) = region(system, &answer.advice, tried) else { continue };
        if found.len() == MOST || looked_at.len() == MOST_LOOKED_AT {
            break;
        }
        if !looked_at.iter().all(|other| is_another(&another, other)) {
            continue;
        }
        looked_at.push(another);
        let measured = refinement.measured(&tried.candidate)?;
        if is_as_good(&measured) {
            found.extend(region(system, &answer.advice, &measured));
        }
    }
    Ok(found)
}

/// The region of a candidate; `None` if it lies within the safe ranges.
fn region(system: &TunableSystem, advice: &[Advice], tried: &Tried) -> Option<Region> {
    let levels = tried.candidate.levels.clone();
    let places = 0..levels.len();
    let is_elsewhere = |place: usize| is_outside(system, &advice[place], place, &levels[place]);
    let known = tried.assessment.as_ref().filter(|_| places.clone().any(is_elsewhere))?;
    let is_apart =
        |place: &usize| is_apart(system, *place, &levels[*place], &advice[*place].recommended);
    let apart = places.filter(is_apart).collect();
    let objectives = 0..system.plan().objectives.len();
    let objectives = objectives.map(|place| known.objective(place)).collect::<Option<_>>()?;
    Some(Region { levels, apart, objectives, replications: tried.replications })
}

/// True if a value of a setting is outside of the safe range by more than a hair.
fn is_outside(system: &TunableSystem, advice: &Advice, place: usize, level: &Level) -> bool {
    let Some((low, high)) = &advice.safe else { return false };
    let is_within = (low.number..=high.number).contains(&level.number);
    !is_within && is_apart(system, place, level, low) && is_apart(system, place, level, high)
}

fn is_apart(system: &TunableSystem, place: usize, one: &Level, other: &Level) -> bool {
    let values = &system.plan().settings[place].values;
    (values.share_of(one.number) - values.share_of(other.number)).abs() >= APART
}
