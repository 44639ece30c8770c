//! What services turn away, and in which order they serve.

use sim_core::SimDuration;

use super::super::admission::{Admission, Concurrency, ConcurrencyAlgorithm, Order};
use super::Compiler;
use crate::resilience::adaptive_concurrency::{AimdSettings, Gradient2Settings, VegasSettings};
use crate::resilience::admission::{
    AdmissionSettings, CodelSettings, ConcurrencyLimit, RedSettings, UtilizationSettings,
};
use crate::resources::Discipline;

/// Settings that apply when the file says nothing: those of the sources.
mod default {
    use sim_core::SimDuration;

    pub const CODEL_TARGET: SimDuration = SimDuration::from_millis(5);
    pub const CODEL_INTERVAL: SimDuration = SimDuration::from_millis(100);
    pub const RED_PROBABILITY: f64 = 0.1;
    pub const RED_WEIGHT: f64 = 0.002;
    pub const RED_SERVICE_TIME: SimDuration = SimDuration::from_millis(1);
}

impl Compiler<'_> {
    /// The class of a workload's requests: its place among the priorities.
    pub(super) fn priority(&mut self, written: Option<&String>, path: &str) -> u8 {
        let classes = &self.scenario.priorities;
        let Some(name) = written else {
            return classes.len().saturating_sub(1).min(usize::from(u8::MAX)) as u8;
        };
        if let Some(position) = classes.iter().position(|class| class == name) {
            return position.min(usize::from(u8::MAX)) as u8;
        }
        let help = match super::did_you_mean(name, classes.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if classes.is_empty() => {
                "list them, the highest first, such as `priorities: [critical, normal, batch]`"
                    .to_owned()
            }
            None => format!("known are {}", classes.join(", ")),
        };
        let at = self.value_at(path);
        self.error(at, format!("there is no priority `{name}`"), help);
        0
    }

    /// The order of a queue and the gate in front of it; no gate if nothing is turned away and
    /// classes are not told apart.
    pub(super) fn admission(
        &mut self,
        written: Option<&Admission>,
        capacity: u32,
        path: &str,
    ) -> (Discipline, Option<AdmissionSettings>) {
        let Some(admission) = written else { return (Discipline::Fifo, None) };
        let discipline = self.discipline(admission, capacity, path);
        let settings = AdmissionSettings {
            concurrency: admission
                .concurrency
                .map(|limit| self.concurrency(&limit, &format!("{path}.concurrency"))),
            red: admission.red.map(|red| {
                if red.min < 0.0 || red.max <= red.min {
                    let at = self.value_at(&format!("{path}.red"));
                    self.error(
                        at,
                        "drops begin where they end",
                        "write `min` below `max`, such as `{ min: 20, max: 60 }`",
                    );
                }
                RedSettings {
                    min: red.min,
                    max: red.max,
                    max_probability: red
                        .probability
                        .map_or(default::RED_PROBABILITY, |share| share.0),
                    weight: self.number(
                        red.weight,
                        default::RED_WEIGHT,
                        0.0..=1.0,
                        &format!("{path}.red.weight"),
                    ),
                    service_time: red.service_time.map_or(default::RED_SERVICE_TIME, |time| time.0),
                }
            }),
            utilization: admission.utilization.map(|limit| UtilizationSettings {
                above: limit.above.0,
                over: limit.over.map_or(SimDuration::ZERO, |over| over.0),
            }),
            codel: admission.codel.map(|codel| CodelSettings {
                target: codel.target.map_or(default::CODEL_TARGET, |target| target.0),
                interval: codel.interval.map_or(default::CODEL_INTERVAL, |interval| interval.0),
            }),
            in_flight: None,
            memory: None,
            retry_after: admission
                .retry_after
                .map_or(0, super::super::quantity::Duration::as_millis),
        };
        let turns_away = settings
            != AdmissionSettings {
                retry_after: settings.retry_after,
                ..AdmissionSettings::default()
            };
        if settings.retry_after > 0 && !turns_away && discipline.classes() == 1 {
            let at = self.key_at(&format!("{path}.retry after"));
            self.error(
                at,
                "nobody is turned away",
                "`retry after` belongs to codel, red, utilization or concurrency",
            );
        }
        let has_gate = turns_away || discipline.classes() > 1;
        (discipline, has_gate.then_some(settings))
    }

    fn discipline(&mut self, admission: &Admission, capacity: u32, path: &str) -> Discipline {
        let order = admission.order.unwrap_or(Order::Fifo);
        let details = [
            ("above", admission.above.is_some(), Order::AdaptiveLifo, "adaptive lifo"),
            ("weights", admission.weights.is_some(), Order::Weighted, "weighted"),
            ("reserved", admission.reserved.is_some(), Order::Reserved, "reserved"),
        ];
        for (detail, is_there, owner, name) in details {
            if is_there && order != owner {
                let at = self.key_at(&format!("{path}.{detail}"));
                self.error(
                    at,
                    format!("`{detail}` means nothing to this order"),
                    format!("it belongs to `order: {name}`"),
                );
            }
        }
        let classes = self.scenario.priorities.len();
        if matches!(order, Order::Strict | Order::Weighted | Order::Reserved)
            && !(2..=64).contains(&classes)
        {
            let at = self.value_at(&format!("{path}.order"));
            let message = if classes > 64 {
                "too many classes to tell apart"
            } else {
                "there are no classes to tell apart"
            };
            self.error(at, message, "list two to 64, the highest first, such as `priorities: [critical, normal, batch]`");
            return Discipline::Fifo;
        }
        match order {
            Order::Fifo => Discipline::Fifo,
            Order::Lifo => Discipline::Lifo,
            Order::AdaptiveLifo => Discipline::AdaptiveLifo(self.wanted(
                admission.above,
                0,
                "above: 20",
                &format!("{path}.order"),
            )),
            Order::Strict => Discipline::Strict { classes: classes as u8 },
            Order::Weighted => {
                let weights = self.one_a_class(
                    admission.weights.as_deref(),
                    "weights: [5, 3, 1]",
                    &format!("{path}.weights"),
                );
                if weights.contains(&0) {
                    let at = self.value_at(&format!("{path}.weights"));
                    self.error(
                        at,
                        "a class without weight is never served",
                        "write weights of at least 1",
                    );
                }
                Discipline::Weighted(weights)
            }
            Order::Reserved => {
                let kept = self.one_a_class(
                    admission.reserved.as_deref(),
                    "reserved: [10, 5, 0]",
                    &format!("{path}.reserved"),
                );
                let all = kept.iter().fold(0_u32, |sum, kept| sum.saturating_add(*kept));
                if all > capacity {
                    let at = self.value_at(&format!("{path}.reserved"));
                    self.error(
                        at,
                        format!("{all} slots are kept, and there are {capacity}"),
                        "keep fewer",
                    );
                }
                if let Some(class) =
                    kept.iter().position(|kept| *kept == 0).filter(|_| all == capacity)
                {
                    let at = self.value_at(&format!("{path}.reserved"));
                    let message =
                        format!("nothing is left for `{}`", self.scenario.priorities[class]);
                    self.error(at, message, "keep fewer for the others, or some for it too");
                }
                Discipline::Reserved(kept)
            }
        }
    }

    fn wanted(&mut self, written: Option<u32>, otherwise: u32, example: &str, path: &str) -> u32 {
        if written.is_none() {
            let at = self.value_at(path);
            self.error(
                at,
                "something is missing for this order",
                format!("write `{example}` beside it"),
            );
        }
        written.unwrap_or(otherwise)
    }

    fn one_a_class(&mut self, written: Option<&[u32]>, example: &str, path: &str) -> Vec<u32> {
        let classes = self.scenario.priorities.len();
        let given = written.unwrap_or_default();
        if given.len() != classes {
            let at = self.value_at(path);
            let message =
                format!("there are {classes} priorities, and {} numbers here", given.len());
            self.error(
                at,
                message,
                format!("write one for each, the highest first, such as `{example}`"),
            );
            return vec![1; classes];
        }
        given.to_vec()
    }

    fn concurrency(&mut self, written: &Concurrency, path: &str) -> ConcurrencyLimit {
        use ConcurrencyAlgorithm::{Aimd, Gradient2, Vegas};
        let details: [(&str, bool, &[ConcurrencyAlgorithm]); 9] = [
            ("minLimit", written.min_limit.is_some(), &[Aimd, Gradient2]),
            ("maxLimit", written.max_limit.is_some(), &[Aimd]),
            ("maxConcurrency", written.at_most.is_some(), &[Gradient2, Vegas]),
            ("backoffRatio", written.backoff_ratio.is_some(), &[Aimd]),
            ("timeout", written.timeout.is_some(), &[Aimd]),
            ("rttTolerance", written.rtt_tolerance.is_some(), &[Gradient2]),
            ("smoothing", written.smoothing.is_some(), &[Gradient2, Vegas]),
            ("queueSize", written.queue_size.is_some(), &[Gradient2]),
            ("longWindow", written.long_window.is_some(), &[Gradient2]),
        ];
        for (detail, is_there, owners) in details {
            if is_there && !owners.contains(&written.limit) {
                let at = self.key_at(&format!("{path}.{detail}"));
                self.error(
                    at,
                    format!("`{detail}` means nothing to this limit"),
                    "leave it out, or choose another `limit`",
                );
            }
        }
        if written.probe_multiplier.is_some() && written.limit != Vegas {
            let at = self.key_at(&format!("{path}.probeMultiplier"));
            self.error(
                at,
                "`probeMultiplier` means nothing to this limit",
                "it belongs to `limit: vegas`",
            );
        }
        let initial = written
            .initial_limit
            .map(|limit| self.at_least_one(limit, "the limit", &format!("{path}.initialLimit")));
        let smoothing = written
            .smoothing
            .map(|weight| self.number(Some(weight), 1.0, 0.0..=1.0, &format!("{path}.smoothing")));
        match written.limit {
            Aimd => {
                let library = AimdSettings::default();
                ConcurrencyLimit::Aimd(AimdSettings {
                    initial_limit: initial.unwrap_or(library.initial_limit),
                    min_limit: written.min_limit.unwrap_or(library.min_limit),
                    max_limit: written.max_limit.unwrap_or(library.max_limit),
                    backoff_ratio: self.number(
                        written.backoff_ratio,
                        library.backoff_ratio,
                        0.5..=0.999_999,
                        &format!("{path}.backoffRatio"),
                    ),
                    timeout: written.timeout.map_or(library.timeout, |timeout| timeout.0),
                })
            }
            Gradient2 => {
                let library = Gradient2Settings::default();
                ConcurrencyLimit::Gradient2(Gradient2Settings {
                    initial_limit: initial.unwrap_or(library.initial_limit),
                    min_limit: written.min_limit.unwrap_or(library.min_limit),
                    max_concurrency: written.at_most.unwrap_or(library.max_concurrency),
                    rtt_tolerance: self.number(
                        written.rtt_tolerance,
                        library.rtt_tolerance,
                        1.0..=1_000.0,
                        &format!("{path}.rttTolerance"),
                    ),
                    smoothing: smoothing.unwrap_or(library.smoothing),
                    queue_size: written.queue_size.unwrap_or(library.queue_size),
                    long_window: written.long_window.unwrap_or(library.long_window),
                })
            }
            Vegas => {
                let library = VegasSettings::default();
                ConcurrencyLimit::Vegas(VegasSettings {
                    initial_limit: initial.unwrap_or(library.initial_limit),
                    max_concurrency: written.at_most.unwrap_or(library.max_concurrency),
                    smoothing: smoothing.unwrap_or(library.smoothing),
                    probe_multiplier: written.probe_multiplier.unwrap_or(library.probe_multiplier),
                })
            }
        }
    }
}
