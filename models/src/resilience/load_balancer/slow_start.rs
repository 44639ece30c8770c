//! Slow start: traffic that grows for an instance that has come back.

use std::fmt;

use sim_core::random::{KeyedDraw, uniform};
use sim_core::{SimDuration, SimTime};

use crate::language::quantity::{Duration, Share};
use crate::language::{Placed, Problems, section};

/// The growth of an instance's weight from `least` to 1 over `window` after it has come back
/// (Envoy, slow start mode; `EdfLoadBalancerBase::applySlowStartFactor` in
/// `source/extensions/load_balancing_policies/common/load_balancer_impl.cc`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowStart {
    /// The time until the weight is 1.
    pub window: SimDuration,
    /// The shape: 1 grows evenly, more grows faster at first. Envoy's `aggression`; above 0.
    pub aggression: f64,
    /// The least weight, 0 to 1. Envoy's `min_weight_percent`.
    pub least: f64,
}

/// The default of the least weight, which is Envoy's.
const LEAST_WEIGHT: f64 = 0.1;

section! {
    /// Traffic that grows for an instance that has come back.
    pub(crate) struct SlowStartSection {
        /// The time that the weight takes to grow, such as `30s`.
        "window" => window: Placed<Duration>,
        /// The shape: 1 grows evenly, more grows faster at first; 1 if left out.
        "aggression" => aggression: Option<Placed<f64>>,
        /// The least weight; 10% if left out.
        "least weight" => least: Option<Share>,
    }
}

impl SlowStartSection {
    /// The settings of the section.
    pub(crate) fn compile(&self, problems: &mut Problems) -> SlowStart {
        SlowStart {
            window: problems.above_zero(&self.window),
            aggression: problems.within(self.aggression.as_ref(), 1.0, 0.001..=1_000.0),
            least: self.least.map_or(LEAST_WEIGHT, |share| share.0),
        }
    }
}

impl fmt::Display for SlowStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, aggression, least } = self;
        let least = Share(*least);
        write!(f, "window: {window}, aggression: {aggression}, least weight: {least}")
    }
}

impl SlowStart {
    /// The weight of an instance that came back at `since`.
    pub fn weight(&self, now: SimTime, since: SimTime) -> f64 {
        let elapsed = now.since(since);
        if elapsed >= self.window {
            return 1.0;
        }
        let share = elapsed.as_nanos() as f64 / self.window.as_nanos() as f64;
        libm::pow(share, 1.0 / self.aggression).max(self.least)
    }
}

/// The instances of a balancer that have come back lately.
#[derive(Clone, Debug)]
pub(super) struct ComeBacks {
    settings: Option<SlowStart>,
    /// The last time at which each instance came back; `None` if it has been there all along, for a
    /// run begins in the middle of operation.
    at: Vec<Option<SimTime>>,
    /// The time at which the last of them has its full weight.
    until: SimTime,
    /// The weights of the members of a choice, while it is made.
    weights: Vec<f64>,
}

impl ComeBacks {
    pub fn new(settings: Option<SlowStart>, instances: u32) -> Self {
        let remembered = if settings.is_some() { instances as usize } else { 0 };
        Self { settings, at: vec![None; remembered], until: SimTime::ZERO, weights: Vec::new() }
    }

    /// An instance comes back.
    pub fn note(&mut self, now: SimTime, instance: u32) {
        if let Some(settings) = self.settings {
            self.at[instance as usize] = Some(now);
            self.until = now + settings.window;
        }
    }

    /// True if any instance may have less than its full weight.
    #[inline]
    pub fn are_recent(&self, now: SimTime) -> bool {
        now < self.until
    }

    /// Weighs the members of a choice; `None` if all weigh the same.
    pub fn weigh<'a>(&'a mut self, now: SimTime, members: &'a [u32]) -> Option<Weighed<'a>> {
        let settings = self.settings.filter(|_| self.are_recent(now))?;
        let at = &self.at;
        let weight =
            |instance: &u32| at[*instance as usize].map_or(1.0, |at| settings.weight(now, at));
        self.weights.clear();
        self.weights.extend(members.iter().map(weight));
        let least = self.weights.iter().copied().fold(1.0, f64::min);
        let most = self.weights.iter().copied().fold(0.0, f64::max);
        if least == most {
            return None;
        }
        self.weights.iter_mut().for_each(|weight| *weight /= most);
        Some(Weighed { members, weights: &self.weights })
    }
}

/// The members of a choice and the weight of each, 0 to 1; one of them has the weight 1.
#[derive(Clone, Copy)]
pub(super) struct Weighed<'a> {
    members: &'a [u32],
    weights: &'a [f64],
}

impl Weighed<'_> {
    /// The weight of the member at a position.
    pub fn weight(&self, position: usize) -> f64 {
        self.weights[position]
    }

    /// The next in turn. A member is passed over with the chance that its weight lacks, so that it
    /// gets the share of its weight in all weights, as with Envoy's scheduler.
    pub fn in_turn(&self, next: &mut u32, draw: &mut KeyedDraw) -> u32 {
        loop {
            let position = if *next as usize >= self.members.len() { 0 } else { *next as usize };
            *next = position as u32 + 1;
            let weight = self.weights[position];
            if weight >= 1.0 || uniform(draw) < weight {
                return self.members[position];
            }
        }
    }

    /// One by chance, in proportion to its weight times `factor`, which is above 0.
    pub fn by_chance(&self, draw: &mut KeyedDraw, factor: impl Fn(u32) -> f64) -> u32 {
        let position = self.position(draw, |position| factor(self.members[position]));
        self.members[position.unwrap_or(0)]
    }

    /// Two different ones by chance, each in proportion to its weight; the same one twice if no
    /// other has a weight.
    pub fn two_by_chance(&self, draw: &mut KeyedDraw) -> (u32, u32) {
        let one = self.position(draw, |_| 1.0).unwrap_or(0);
        let others = self.position(draw, |position| f64::from(u8::from(position != one)));
        let other = others.unwrap_or(one);
        (self.members[one], self.members[other])
    }

    /// A position by chance; `None` if all weights are zero.
    fn position(&self, draw: &mut KeyedDraw, factor: impl Fn(usize) -> f64) -> Option<usize> {
        let chances =
            || self.weights.iter().enumerate().map(|(position, it)| it * factor(position));
        let mut left = uniform(draw) * chances().sum::<f64>();
        let mut last = None;
        for (position, chance) in chances().enumerate().filter(|(_, chance)| *chance > 0.0) {
            last = Some(position);
            if left < chance {
                break;
            }
            left -= chance;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weight_grows_from_the_least_to_one() {
        let at = SimTime::from_secs;
        let even = SlowStart { window: SimDuration::from_secs(100), aggression: 1.0, least: 0.1 };
        assert_eq!(
            [10, 15, 60, 110, 300].map(|second| even.weight(at(second), at(10))),
            [0.1, 0.1, 0.5, 1.0, 1.0]
        );
        let fast = SlowStart { aggression: 2.0, ..even };
        assert!((fast.weight(at(35), at(10)) - 0.5).abs() < 1e-12, "the root of a quarter");
    }
}
