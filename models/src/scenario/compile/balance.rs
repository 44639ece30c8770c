//! Load balancers.

use sim_core::SimDuration;

use super::super::balance::{
    Balance as Written, BalanceForm, HealthCheck as WrittenCheck, OutlierDetection, Policy,
    SlowStart as WrittenStart,
};
use super::Compiler;
use crate::resilience::load_balancer::{
    Balance, Balancing, HealthCheck, Locality, OutlierSettings, SlowStart,
};

/// Settings that apply when the file says nothing; Finagle's and Envoy's own.
mod default {
    use sim_core::SimDuration;

    pub const DECAY: SimDuration = SimDuration::from_secs(10);
    pub const OVERPROVISIONING: f64 = 1.4;
    pub const LEAST_WEIGHT: f64 = 0.1;
    pub const UNHEALTHY_THRESHOLD: u32 = 3;
    pub const HEALTHY_THRESHOLD: u32 = 2;
    pub const PANIC_THRESHOLD: f64 = 0.5;
}

impl Compiler<'_> {
    pub(super) fn balancing(
        &mut self,
        callee: u32,
        written: Option<&Written>,
        path: &str,
    ) -> Balancing {
        let Some(Written(form)) = written else {
            return Balancing { panic_threshold: default::PANIC_THRESHOLD, ..Balancing::default() };
        };
        self.check_balance_details(form, path);
        Balancing {
            balance: self.policy(callee, form, path),
            locality: form.zones.map(|zones| Locality {
                zones: self.at_least_one(zones, "zones", &format!("{path}.zones")),
                overprovisioning: self.number(
                    form.overprovisioning,
                    default::OVERPROVISIONING,
                    1.0..=100.0,
                    &format!("{path}.overprovisioning"),
                ),
            }),
            health_check: form
                .health_check
                .map(|check| self.health_check(check, &format!("{path}.health check"))),
            outlier_detection: form.outlier_detection.map(|outliers| {
                self.outlier_detection(outliers, &format!("{path}.outlier detection"))
            }),
            slow_start: form
                .slow_start
                .map(|start| self.slow_start(start, &format!("{path}.slow start"))),
            panic_threshold: form.panic_threshold.map_or(default::PANIC_THRESHOLD, |share| share.0),
        }
    }

    fn policy(&mut self, callee: u32, form: &BalanceForm, path: &str) -> Balance {
        match form.policy.unwrap_or_default() {
            Policy::RoundRobin => Balance::RoundRobin,
            Policy::Random => Balance::Random,
            Policy::LeastOutstanding => Balance::LeastOutstanding,
            Policy::PowerOfTwo => Balance::PowerOfTwo,
            Policy::Weighted => Balance::Weighted(self.weights(callee, form, path)),
            Policy::PeakEwma => {
                Balance::PeakEwma { decay: form.decay.map_or(default::DECAY, |decay| decay.0) }
            }
            Policy::ConsistentHash => Balance::ConsistentHash {
                keys: form.keys.map(|keys| keys.max(1)),
                bound: form.bound.map(|bound| {
                    self.number(Some(bound), 1.25, 1.0..=1_000.0, &format!("{path}.bound"))
                }),
            },
        }
    }

    fn weights(&mut self, callee: u32, form: &BalanceForm, path: &str) -> Vec<u32> {
        let station = &self.blueprint.stations[callee as usize];
        let (name, instances) = (station.name.clone(), station.instances.len());
        let weights = form.weights.clone().unwrap_or_default();
        if weights.len() != instances || weights.iter().all(|weight| *weight == 0) {
            if !self.was_removed(path) {
                let at = self.value_at(&format!("{path}.weights"));
                let message = match weights.len() {
                    given if given == instances => "all weights are zero".to_owned(),
                    given => {
                        format!("`{name}` has {instances} instances, and there are {given} weights")
                    }
                };
                self.error(
                    at,
                    message,
                    "write one weight for each instance, such as `weights: [1, 1, 2]`",
                );
            }
            return vec![1; instances];
        }
        weights
    }

    /// Details that belong to another policy would be ignored; they are problems instead.
    fn check_balance_details(&mut self, form: &BalanceForm, path: &str) {
        let policy = form.policy.unwrap_or_default();
        let details = [
            ("weights", form.weights.is_some(), policy == Policy::Weighted, "`policy: weighted`"),
            ("decay", form.decay.is_some(), policy == Policy::PeakEwma, "`policy: peak ewma`"),
            (
                "keys",
                form.keys.is_some(),
                policy == Policy::ConsistentHash,
                "`policy: consistent hash`",
            ),
            (
                "bound",
                form.bound.is_some(),
                policy == Policy::ConsistentHash,
                "`policy: consistent hash`",
            ),
            ("overprovisioning", form.overprovisioning.is_some(), form.zones.is_some(), "`zones`"),
        ];
        for (detail, is_there, belongs, owner) in details {
            if is_there && !belongs {
                let at = self.key_at(&format!("{path}.{detail}"));
                self.error(
                    at,
                    format!("`{detail}` means nothing to this balancer"),
                    format!("it belongs to {owner}"),
                );
            }
        }
    }

    fn health_check(&mut self, check: WrittenCheck, path: &str) -> HealthCheck {
        HealthCheck {
            interval: self.span_above_zero(check.interval.0, &format!("{path}.interval")),
            unhealthy_threshold: self.at_least_one(
                check.unhealthy_threshold.unwrap_or(default::UNHEALTHY_THRESHOLD),
                "the threshold",
                &format!("{path}.unhealthy threshold"),
            ),
            healthy_threshold: self.at_least_one(
                check.healthy_threshold.unwrap_or(default::HEALTHY_THRESHOLD),
                "the threshold",
                &format!("{path}.healthy threshold"),
            ),
        }
    }

    fn slow_start(&mut self, start: WrittenStart, path: &str) -> SlowStart {
        SlowStart {
            window: self.span_above_zero(start.window.0, &format!("{path}.window")),
            aggression: self.number(
                start.aggression,
                1.0,
                0.001..=1_000.0,
                &format!("{path}.aggression"),
            ),
            least: start.least.map_or(default::LEAST_WEIGHT, |share| share.0),
        }
    }

    pub(super) fn outlier_detection(
        &mut self,
        written: OutlierDetection,
        path: &str,
    ) -> OutlierSettings {
        let envoy = OutlierSettings::default();
        let percent = written.max_ejection_percent.unwrap_or(envoy.max_ejection_percent);
        if percent > 100 {
            let at = self.value_at(&format!("{path}.max_ejection_percent"));
            self.error(
                at,
                format!("{percent} per cent is more than all"),
                "write a number from 0 to 100",
            );
        }
        let interval = written.interval.map_or(envoy.interval, |interval| interval.0);
        OutlierSettings {
            consecutive_5xx: written.consecutive_5xx.unwrap_or(envoy.consecutive_5xx),
            interval: self.span_above_zero(interval, &format!("{path}.interval")),
            base_ejection_time: written
                .base_ejection_time
                .map_or(envoy.base_ejection_time, |time| time.0),
            max_ejection_time: written
                .max_ejection_time
                .map_or(envoy.max_ejection_time, |time| time.0),
            max_ejection_percent: percent.min(100),
            success_rate_minimum_hosts: written
                .success_rate_minimum_hosts
                .unwrap_or(envoy.success_rate_minimum_hosts),
            success_rate_request_volume: written
                .success_rate_request_volume
                .unwrap_or(envoy.success_rate_request_volume),
            success_rate_stdev_factor: written
                .success_rate_stdev_factor
                .unwrap_or(envoy.success_rate_stdev_factor),
        }
    }

    fn span_above_zero(&mut self, span: SimDuration, path: &str) -> SimDuration {
        if span.is_zero() {
            let at = self.value_at(path);
            self.error(at, "this must take some time", "write a span such as `10s`");
            return SimDuration::from_secs(1);
        }
        span
    }
}
