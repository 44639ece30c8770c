//! Number of users of a closed workload over time.

use sim_core::{SimDuration, SimTime};

use super::{Knot, RateProfile};

/// A time span during which the number of users moves linearly to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Number of users at its end.
    pub to: u32,
    /// Length of the span; zero makes a step.
    pub over: SimDuration,
}

/// The planned number of users over time: an initial number, then stages; after the last stage the
/// number stays as it is.
///
/// A user that the plan no longer includes finishes what it is doing and leaves.
///
/// ```
/// use sim_core::{SimDuration, SimTime};
/// use sim_models::workload::{Stage, UserPlan};
/// let plan = UserPlan { start: 1, stages: vec![Stage { to: 50, over: SimDuration::from_secs(30) }] };
/// assert_eq!(plan.users_at(SimTime::from_secs(0)), 1);
/// assert_eq!(plan.users_at(SimTime::from_secs(15)), 25);
/// assert_eq!(plan.users_at(SimTime::from_secs(99)), 50);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPlan {
    /// Number of users at time zero.
    pub start: u32,
    /// Stages that follow, in order.
    pub stages: Vec<Stage>,
}

impl UserPlan {
    /// Returns the number of users planned at `now`: a user joins or leaves when the plan reaches a
    /// whole number.
    pub fn users_at(&self, now: SimTime) -> u32 {
        let mut begin = SimTime::ZERO;
        let mut from = self.start;
        for stage in &self.stages {
            let elapsed = now.since(begin);
            if elapsed < stage.over {
                let moved = u128::from(stage.to.abs_diff(from)) * u128::from(elapsed.as_nanos())
                    / u128::from(stage.over.as_nanos());
                return if stage.to > from { from + moved as u32 } else { from - moved as u32 };
            }
            begin = begin + stage.over;
            from = stage.to;
        }
        from
    }

    /// Returns the first instant after `now` at which the number of users may differ, or `None` if
    /// it never will.
    pub fn next_change(&self, now: SimTime) -> Option<SimTime> {
        let mut begin = SimTime::ZERO;
        let mut from = self.start;
        for stage in &self.stages {
            let end = begin + stage.over;
            if now < end {
                let steps = u64::from(stage.to.abs_diff(from));
                if steps == 0 {
                    return Some(end);
                }
                let done = u128::from(now.since(begin).as_nanos()) * u128::from(steps)
                    / u128::from(stage.over.as_nanos());
                let next = (done + 1) * u128::from(stage.over.as_nanos());
                return Some(
                    begin + SimDuration::from_nanos(next.div_ceil(u128::from(steps)) as u64),
                );
            }
            begin = end;
            from = stage.to;
        }
        None
    }

    /// The plan with every number of users multiplied by a factor that changes over time, such as a
    /// surge; rounded to whole users at each corner.
    #[must_use]
    pub fn times(&self, factor: &RateProfile) -> Self {
        let mut at = 0.0;
        let mut knots = vec![Knot { at, rate: f64::from(self.start) }];
        for stage in &self.stages {
            at += stage.over.as_secs_f64();
            knots.push(Knot { at, rate: f64::from(stage.to) });
        }
        let product = RateProfile::new(knots).times(factor);
        let users = |rate: f64| libm::round(rate) as u32;
        let mut plan = Self { start: users(product.rate_at(0.0)), stages: Vec::new() };
        let mut from = SimTime::ZERO;
        for knot in product.knots().iter().filter(|knot| knot.at > 0.0) {
            let at = SimTime::ZERO + SimDuration::from_secs_f64(knot.at);
            plan.stages.push(Stage { to: users(knot.rate), over: at.since(from) });
            from = at;
        }
        plan
    }

    /// The largest number of users at any time.
    pub fn most(&self) -> u32 {
        self.stages.iter().map(|stage| stage.to).fold(self.start, u32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn following_the_changes_visits_every_number_of_users() {
        let seconds = SimDuration::from_secs;
        let plan = UserPlan {
            start: 1,
            stages: vec![
                Stage { to: 5, over: seconds(30) },
                Stage { to: 9, over: seconds(10) },
                Stage { to: 0, over: seconds(7) },
            ],
        };
        let mut now = SimTime::ZERO;
        let mut seen = vec![plan.users_at(now)];
        while let Some(next) = plan.next_change(now) {
            assert!(next > now);
            now = next;
            seen.push(plan.users_at(now));
        }
        seen.dedup();
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn a_surge_multiplies_the_users_while_it_lasts() {
        let seconds = SimTime::from_secs;
        let plan = UserPlan {
            start: 10,
            stages: vec![
                Stage { to: 10, over: SimDuration::from_secs(20) },
                Stage { to: 30, over: SimDuration::from_secs(20) },
            ],
        };
        let surge = RateProfile::new(vec![
            Knot { at: 0.0, rate: 1.0 },
            Knot { at: 5.0, rate: 1.0 },
            Knot { at: 10.0, rate: 3.0 },
            Knot { at: 30.0, rate: 3.0 },
            Knot { at: 30.0, rate: 1.0 },
        ]);
        let surged = plan.times(&surge);
        let at = |second| surged.users_at(seconds(second));
        assert_eq!([0, 5, 10, 20, 29, 30, 40, 99].map(at), [10, 10, 30, 30, 57, 20, 30, 30]);
        assert_eq!(plan.times(&RateProfile::constant(1.0)).users_at(seconds(35)), 25);
    }
}
