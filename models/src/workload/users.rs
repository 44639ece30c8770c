//! How many users a closed workload has.

use sim_core::{SimDuration, SimTime};

/// A stretch of time over which the number of users moves to a target in a straight line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Users at its end.
    pub to: u32,
    /// How long it takes; zero makes a step.
    pub over: SimDuration,
}

/// The planned number of users over time: a start, then stages, then whatever the last stage ended
/// with.
///
/// A user that is no longer planned finishes what it is doing and leaves.
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
    /// Users at time zero.
    pub start: u32,
    /// What follows.
    pub stages: Vec<Stage>,
}

impl UserPlan {
    /// Users planned at `now`: a user comes or goes when a whole one is due.
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

    /// The first instant after `now` at which the number of users may differ; `None` if it never
    /// will.
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

    /// The most users there ever are.
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
}
