//! Markov chains solved numerically, for queues that have no closed form.

use std::collections::HashMap;
use std::hash::Hash;

/// Steady state of a chain that is described by the ways out of each state, with their rates or probabilities.
///
/// Ways to states that are not listed are left out, so a chain without end is cut off where the list ends. The fewer
/// places in the list a transition skips, the less there is to compute.
///
/// States are eliminated one after the other from the last, and what is left always stays a chain (Grassmann, Taksar and
/// Heyman, "Regenerative analysis and steady state distributions for Markov chains", Operations Research 33, 1985). There
/// is no subtraction, so rounding does no harm.
pub fn steady_state<S, Ways>(states: &[S], ways: impl Fn(S) -> Ways) -> Vec<(S, f64)>
where
    S: Copy + Eq + Hash,
    Ways: IntoIterator<Item = (S, f64)>,
{
    let index: HashMap<S, usize> =
        (0..).zip(states).map(|(place, state)| (*state, place)).collect();
    let mut rates = vec![vec![0.0; states.len()]; states.len()];
    let mut farthest = 0;
    for (from, state) in states.iter().enumerate() {
        for (next, rate) in ways(*state) {
            let Some(&to) = index.get(&next).filter(|to| **to != from && rate > 0.0) else {
                continue;
            };
            rates[from][to] += rate;
            farthest = farthest.max(from.abs_diff(to));
        }
    }
    for last in (1..states.len()).rev() {
        let near = last.saturating_sub(farthest)..last;
        let leaving: f64 = rates[last][near.clone()].iter().sum();
        for from in near.clone() {
            let share = rates[from][last] / leaving;
            rates[from][last] = share;
            for to in near.clone() {
                rates[from][to] += share * rates[last][to];
            }
        }
    }
    let mut weights = vec![1.0];
    while weights.len() < states.len() {
        let next = weights.len();
        let near = next.saturating_sub(farthest)..next;
        weights.push(near.map(|from| weights[from] * rates[from][next]).sum());
    }
    let total: f64 = weights.iter().sum();
    states.iter().zip(weights).map(|(state, weight)| (*state, weight / total)).collect()
}

/// Steady-state probabilities of a birth-death process from its ratios of birth to death rates.
pub fn birth_death(ratios: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut weights = vec![1.0];
    for ratio in ratios {
        weights.push(weights[weights.len() - 1] * ratio);
    }
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
}

/// Expected value of a figure of the states.
pub fn mean<S: Copy>(states: &[(S, f64)], figure: impl Fn(S) -> f64) -> f64 {
    states.iter().map(|(state, probability)| figure(*state) * probability).sum()
}

#[test]
fn a_chain_of_births_and_deaths_is_one_of_states() {
    let states: Vec<usize> = (0..20).collect();
    let ways = |state: usize| [(state + 1, 3.0), (state.wrapping_sub(1), 4.0 + state as f64)];
    let expected = birth_death((1..20).map(|state| 3.0 / (4.0 + f64::from(state))));
    for ((_, probability), expected) in steady_state(&states, ways).into_iter().zip(expected) {
        assert!((probability - expected).abs() < 1e-14, "{probability}, {expected}");
    }
}
