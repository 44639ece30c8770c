//! Checks of instances.

use std::fmt;

use sim_core::SimDuration;

use crate::language::quantity::Period;
use crate::language::{Placed, Problems, section};

/// The settings of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Time between two checks of an instance.
    pub interval: SimDuration,
    /// Failed checks in a row after which it counts as down.
    pub unhealthy_threshold: u32,
    /// Good checks in a row after which it counts as up again.
    pub healthy_threshold: u32,
}

/// Default number of checks in a row that change the health of an instance, which is Envoy's.
const UNHEALTHY_THRESHOLD: u32 = 3;
const HEALTHY_THRESHOLD: u32 = 2;

section! {
    /// Checks of instances.
    pub(crate) struct HealthCheckSection {
        /// The time between two checks, such as `5s`.
        "interval" => interval: Placed<Period>,
        /// Failed checks in a row after which an instance is down; 3 if left out.
        "unhealthy threshold" => unhealthy_threshold: Option<Placed<u32>>,
        /// Good checks in a row after which it is up again; 2 if left out.
        "healthy threshold" => healthy_threshold: Option<Placed<u32>>,
    }
}

impl HealthCheckSection {
    /// The settings of the section.
    pub(crate) fn compile(&self, problems: &mut Problems) -> HealthCheck {
        let (unhealthy, healthy) =
            (self.unhealthy_threshold.as_ref(), self.healthy_threshold.as_ref());
        HealthCheck {
            interval: self.interval.0,
            unhealthy_threshold: problems.at_least_one(
                unhealthy,
                UNHEALTHY_THRESHOLD,
                "the threshold",
            ),
            healthy_threshold: problems.at_least_one(healthy, HEALTHY_THRESHOLD, "the threshold"),
        }
    }
}

impl fmt::Display for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interval, unhealthy_threshold, healthy_threshold } = self;
        write!(
            f,
            "interval: {interval}, unhealthy threshold: {unhealthy_threshold}, \
             healthy threshold: {healthy_threshold}"
        )
    }
}

/// The result of checking one instance so far.
#[derive(Clone, Copy, Debug)]
pub struct HealthTally {
    is_healthy: bool,
    in_a_row: u32,
}

impl Default for HealthTally {
    /// A tally of an instance that is healthy until a check fails.
    fn default() -> Self {
        Self { is_healthy: true, in_a_row: 0 }
    }
}

impl HealthTally {
    /// A tally of an instance that is unhealthy until enough checks have passed.
    pub fn unhealthy() -> Self {
        Self { is_healthy: false, in_a_row: 0 }
    }

    /// Takes the result of a check; returns true if it changes the instance's health.
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

    /// True if the instance counts as up.
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
