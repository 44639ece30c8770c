//! Looking whether an instance is there.

use sim_core::SimDuration;

/// How instances are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Time between two checks of an instance.
    pub interval: SimDuration,
    /// Failed checks in a row after which it counts as down.
    pub unhealthy_threshold: u32,
    /// Good checks in a row after which it counts as up again.
    pub healthy_threshold: u32,
}

/// What is known of one instance by checking.
#[derive(Clone, Copy, Debug)]
pub struct HealthTally {
    is_healthy: bool,
    in_a_row: u32,
}

impl Default for HealthTally {
    /// Healthy until seen otherwise.
    fn default() -> Self {
        Self { is_healthy: true, in_a_row: 0 }
    }
}

impl HealthTally {
    /// A check has ended; whether it changes the instance's health.
    pub fn note(&mut self, check: &HealthCheck, has_passed: bool) -> bool {
        if has_passed == self.is_healthy {
            self.in_a_row = 0;
            return false;
        }
        self.in_a_row += 1;
        let needed =
            if self.is_healthy { check.unhealthy_threshold } else { check.healthy_threshold };
        if self.in_a_row < needed {
            return false;
        }
        *self = Self { is_healthy: has_passed, in_a_row: 0 };
        true
    }

    /// Whether the instance counts as up.
    pub fn is_healthy(&self) -> bool {
        self.is_healthy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_changes_after_so_many_checks_in_a_row() {
        let check = HealthCheck {
            interval: SimDuration::from_secs(1),
            unhealthy_threshold: 3,
            healthy_threshold: 2,
        };
        let mut tally = HealthTally::default();
        let checks = [false, false, true, false, false, false, true, false, true, true];
        let healthy = checks.map(|has_passed| {
            tally.note(&check, has_passed);
            tally.is_healthy()
        });
        assert_eq!(healthy, [true, true, true, true, true, false, false, false, false, true]);
    }
}
