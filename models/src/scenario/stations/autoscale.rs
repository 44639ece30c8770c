//! Autoscalers.

use sim_core::SimDuration;

use crate::language::quantity::{Duration, Share};
use crate::language::{Placed, Problems, section};
use crate::resilience::AutoscalerSettings;
use crate::scenario::plan::Plan;
use crate::system::{AutoscalerPlan, UNLIMITED};

/// Defaults of the settings, which are those of Kubernetes.
const LOOK_EVERY: SimDuration = SimDuration::from_secs(15);
const SCALE_DOWN_AFTER: SimDuration = SimDuration::from_secs(300);

section! {
    /// An autoscaler, after Kubernetes' `HorizontalPodAutoscaler`; `instances` is the largest
    /// number of instances.
    pub(crate) struct Autoscale {
        /// The number of instances that always run, such as `2`.
        "min" => min: Placed<u32>,
        /// The number of instances at the beginning; `min` if left out.
        "from" => from: Option<u32>,
        /// The share of threads or slots that should be in use, such as `60%`.
        "target" => target: Share,
        /// The time between two decisions; 15s if left out.
        "every" => every: Option<Duration>,
        /// The time that a new instance takes until it serves, such as `30s`.
        "start-up" => start_up: Duration,
        /// The time to look back for the highest number wanted when scaling down; 5m if left out.
        "scale down after" => scale_down_after: Option<Duration>,
    }
}

/// Adds the autoscaler of a station.
pub(super) fn compile(
    autoscale: &Placed<Autoscale>,
    station: u32,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let blueprint = &mut plan.blueprint;
    let instances = blueprint.stations[station as usize].instances.clone();
    let max = instances.len() as u32;
    let min = problems.at_least_one(Some(&autoscale.min), 1, "min");
    let from = autoscale.from.unwrap_or(min);
    if min > max || from > max || from < min {
        let message =
            format!("the number of instances cannot go from {min} to {max} and begin with {from}");
        let help =
            "`instances` is the most there can be and `min` the least; `from` lies between them";
        problems.error(autoscale.at(), message, help);
    }
    let slots = blueprint.instances[instances.start as usize].slots;
    if blueprint.pools[slots as usize].capacity == UNLIMITED {
        let message =
            "an autoscaler goes by the share of slots in use, and this service has no limit";
        problems.error(autoscale.key(), message, "give it `threads` or `slots`");
    }
    let interval = autoscale.every.map_or(LOOK_EVERY, |every| every.0);
    if autoscale.target.0 <= 0.0 || interval.is_zero() {
        let message = "`target` and `every` must be above zero";
        problems.error(autoscale.at(), message, "write `target: 60%` and `every: 15s`");
        return;
    }
    let settings = AutoscalerSettings {
        min: min.min(max),
        max,
        target: autoscale.target.0,
        interval,
        start_up: autoscale.start_up.0,
        stabilization: autoscale.scale_down_after.map_or(SCALE_DOWN_AFTER, |span| span.0),
    };
    let from = from.clamp(min.min(max), max);
    blueprint.autoscalers.push(AutoscalerPlan { station, from, settings });
}
