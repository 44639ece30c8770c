//! The Pareto front of the candidates that keep every limit.

use sim_models::study::{FigurePlan, Level};

use super::search::{INFEASIBLE, Tried};
use super::tunable_system::TunableSystem;
use crate::pareto::dominates;

/// The candidates that keep every limit and that no other one beats, with their objectives, in the
/// order of the first objective; empty unless there are several objectives.
pub(super) fn front(ranking: &[Tried], system: &TunableSystem) -> Vec<(Vec<Level>, Vec<f64>)> {
    let objectives = &system.plan().objectives;
    if objectives.len() < 2 {
        return Vec::new();
    }
    let values = |tried: &Tried| -> Option<Vec<f64>> {
        let assessment = tried.assessment.as_ref().filter(|_| tried.score < INFEASIBLE)?;
        (0..objectives.len()).map(|place| assessment.objective(place)).collect()
    };
    let gains = |values: &[f64]| -> Vec<f64> {
        let gain = |(objective, value): (&FigurePlan, &f64)| {
            objective.better.map_or(0.0, |better| better.gain(*value))
        };
        objectives.iter().zip(values).map(gain).collect()
    };
    let known: Vec<(&Tried, Vec<f64>)> =
        ranking.iter().filter_map(|tried| Some((tried, values(tried)?))).collect();
    let all_gains: Vec<Vec<f64>> = known.iter().map(|(_, values)| gains(values)).collect();
    let is_on_it = |gains: &Vec<f64>| !all_gains.iter().any(|other| dominates(other, gains));
    let mut front: Vec<(Vec<Level>, Vec<f64>)> = known
        .iter()
        .zip(&all_gains)
        .filter(|(_, gains)| is_on_it(gains))
        .map(|((tried, values), _)| (tried.candidate.levels.clone(), values.clone()))
        .collect();
    front.sort_by(|one, other| one.1[0].total_cmp(&other.1[0]));
    front.dedup_by(|one, other| one.1 == other.1);
    front
}
