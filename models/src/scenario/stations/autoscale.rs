//! Autoscalers.

use std::str::FromStr;

use sim_core::SimDuration;

use crate::language::quantity::{Duration, Period, Share};
use crate::language::{
    HasShortForm, Placed, Problems, Short, Written, one_of, section, words, written,
};
use crate::resilience::{AutoscalerSettings, ScaleUpLimit};
use crate::scenario::Through;
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;
use crate::system::{AutoscalerPlan, Id, PoolKind, UNLIMITED, Watched, of};

/// Defaults of the settings, which are those of Kubernetes
/// (`pkg/apis/autoscaling/v2/defaults.go`).
const LOOK_EVERY: SimDuration = SimDuration::from_secs(15);
const SCALE_DOWN_AFTER: SimDuration = SimDuration::from_secs(300);
const SCALE_UP: ScaleUpLimit =
    ScaleUpLimit { pods: 4, share: 1.0, every: SimDuration::from_secs(15) };

section! {
    /// An autoscaler, after Kubernetes' `HorizontalPodAutoscaler`; `instances` is the largest
    /// number of instances.
    pub(crate) struct Autoscale {
        /// The number of instances that always run, such as `2`.
        "min" => min: Placed<u32>,
        /// The number of instances at the beginning; `min` if left out.
        "from" => from: Option<u32>,
        /// The load that it looks at; `slots` if left out.
        "on" => on: Option<Placed<Short<Watch>>>,
        /// The share of threads or slots, or of processors, that should be in use, such as `60%`.
        "target" => target: Option<Placed<Share>>,
        /// The time between two decisions; 15s if left out.
        "every" => every: Option<Period>,
        /// The time that a new instance takes until it serves, such as `30s`.
        "start-up" => start_up: Duration,
        /// The most instances that are added over a while, or `no limit`; four, or as many again if
        /// that is more, in 15s if left out.
        "scale up" => scale_up: Option<Placed<Short<ScaleUp>>>,
        /// The time to look back for the lowest number wanted when scaling up; 0s if left out.
        "scale up after" => scale_up_after: Option<Duration>,
        /// The time to look back for the highest number wanted when scaling down; 5m if left out.
        "scale down after" => scale_down_after: Option<Duration>,
        .. => through: Through,
    }
}

section! {
    /// The load that an autoscaler looks at.
    pub(crate) struct Watch {
        .. => kind: WatchKind,
    }
}

one_of! {
    /// The load that an autoscaler looks at.
    pub(crate) enum WatchKind("load") {
        /// The share of something in use.
        "share of" => Share(WatchShare),
        /// The messages that wait in a queue.
        "queue" => Queue(WatchQueue),
    }
}

section! {
    /// The share of something in use.
    pub(crate) struct WatchShare {
        /// The thing.
        "share of" => of: Shared,
    }
}

words! {
    /// The thing whose share in use an autoscaler looks at.
    pub(crate) enum Shared {
        /// Threads or slots.
        "slots" => Slots,
        /// Processors.
        "cpu" => Processors,
    }
}

section! {
    /// The messages that wait in a queue.
    pub(crate) struct WatchQueue {
        /// The queue, such as `orders`.
        "queue" => queue: Placed<String>,
        /// The number of waiting messages for each instance, such as `100`.
        "messages" => messages: Placed<u32>,
    }
}

impl HasShortForm for Watch {
    const KEY: &'static str = "share of";
    type Value = Shared;
}

section! {
    /// The most instances that are added over a while: the higher of two numbers.
    pub(crate) struct ScaleUp {
        /// No limit at all.
        "limit" => limit: Option<Placed<NoLimit>>,
        /// A number of instances; if left out, only `percent` counts.
        "pods" => pods: Option<Placed<u32>>,
        /// A percentage of the instances at the beginning of the time, such as `100%`; if left out,
        /// only `pods` counts.
        "percent" => percent: Option<Placed<Percent>>,
        /// The time; 15s if left out.
        "every" => every: Option<Placed<Period>>,
    }
}

words! {
    /// No limit.
    pub(crate) enum NoLimit {
        /// No limit.
        "no limit" => NoLimit,
    }
}

impl HasShortForm for ScaleUp {
    const KEY: &'static str = "limit";
    type Value = NoLimit;
}

/// A percentage that may be above 100: `150%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Percent(f64);

/// More than any number of instances can grow by.
const MOST_PERCENT: f64 = 1e6;

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let percent = text.strip_suffix('%').and_then(|it| it.trim().parse::<f64>().ok());
        match percent {
            Some(percent) if percent > 0.0 && percent <= MOST_PERCENT => Ok(Self(percent / 100.0)),
            _ => Err(format!("`{text}` is not a percentage above 0%; write `100%`")),
        }
    }
}

impl Written for Percent {
    const EXPECTED: &'static str = "a percentage such as 100%";
    const PATTERN: &'static str = r"^[0-9.]+\s*%$";
    const EXAMPLES: &'static [&'static str] = &["100%", "50%"];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("{number}%"))
    }
}
written!(Percent, "Percent");

/// Adds the autoscaler of a station.
pub(super) fn compile(
    autoscale: &Placed<Autoscale>,
    instances: Option<&Placed<u32>>,
    station: Id<of::Station>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let there = plan.blueprint.stations[station].instances.len();
    let max = instances.map_or(1, |instances| **instances).clamp(1, there);
    let min = problems.at_least_one(Some(&autoscale.min), 1, "min");
    let from = autoscale.from.unwrap_or(min);
    if min > max || from > max || from < min {
        let message =
            format!("the number of instances cannot go from {min} to {max} and begin with {from}");
        let help =
            "`instances` is the most there can be and `min` the least; `from` lies between them";
        problems.error(autoscale.at(), message, help);
    }
    let (watches, target) = watched(autoscale, station, names, plan, problems);
    let interval = autoscale.every.map_or(LOOK_EVERY, |every| every.0);
    if target <= 0.0 {
        problems.error(autoscale.at(), "`target` must be above zero", "write `target: 60%`");
        return;
    }
    let scale_up = autoscale.scale_up.as_ref();
    let settings = AutoscalerSettings {
        min: min.min(max),
        max,
        target,
        interval,
        start_up: autoscale.start_up.0,
        scale_up: scale_up.map_or(Some(SCALE_UP), |written| limit(written, problems)),
        scale_up_after: autoscale.scale_up_after.map_or(SimDuration::ZERO, |span| span.0),
        scale_down_after: autoscale.scale_down_after.map_or(SCALE_DOWN_AFTER, |span| span.0),
    };
    let from = from.clamp(min.min(max), max);
    plan.blueprint.autoscalers.push(AutoscalerPlan {
        station,
        watches,
        from,
        is_manual: false,
        // Calls are compiled after all services.
        through: None,
        settings,
    });
}

/// Lets operators set the number of instances of a station, of which this many run at first.
pub(super) fn by_hand(instances: Option<&Placed<u32>>, station: Id<of::Station>, plan: &mut Plan) {
    let from = instances.map_or(1, |instances| **instances);
    let settings = AutoscalerSettings {
        min: from,
        max: from,
        target: 1.0,
        interval: LOOK_EVERY,
        start_up: SimDuration::ZERO,
        scale_up: None,
        scale_up_after: SimDuration::ZERO,
        scale_down_after: SimDuration::ZERO,
    };
    let watches = Watched::Slots;
    plan.blueprint.autoscalers.push(AutoscalerPlan {
        station,
        watches,
        from,
        is_manual: true,
        through: None,
        settings,
    });
}

/// The load to look at, and its target.
fn watched(
    autoscale: &Placed<Autoscale>,
    station: Id<of::Station>,
    names: &Names<'_>,
    plan: &Plan,
    problems: &mut Problems,
) -> (Watched, f64) {
    let kind = autoscale.on.as_ref().map(|on| &on.kind);
    if let Some(WatchKind::Queue(WatchQueue { queue, messages })) = kind {
        if let Some(target) = &autoscale.target {
            let message = "`target` means nothing to an autoscaler on a queue";
            problems.error(target.key(), message, "`messages` is its target; leave `target` out");
        }
        let each = problems.at_least_one(Some(messages), 1, "messages");
        let queue = names.queue(queue, problems).unwrap_or(Id::FIRST);
        return (Watched::Queue(queue), f64::from(each));
    }
    let stations = &plan.blueprint.stations;
    let first = stations[station].instances.nth(0);
    let instance = &plan.blueprint.instances[first];
    let pools = &plan.blueprint.pools;
    let watches = if let Some(WatchKind::Share(WatchShare { of: Shared::Processors })) = kind {
        let is_own = instance.processors.is_some_and(|processors| {
            pools[processors].instance == Some(first)
                && pools[processors].kind == PoolKind::Processors
        });
        if let Some(on) = autoscale.on.as_ref().filter(|_| !is_own) {
            let message = "this service has no processors of its own to look at";
            problems.error(on.at(), message, "give it `cpus`, or look at its `slots`");
        }
        Watched::Processors
    } else {
        if pools[instance.slots].capacity == UNLIMITED {
            let message =
                "an autoscaler goes by the share of slots in use, and this service has no limit";
            problems.error(autoscale.key(), message, "give it `threads` or `slots`");
        }
        Watched::Slots
    };
    if autoscale.target.is_none() && autoscale.is_whole() {
        let message = "`target` is missing";
        let help = "which share should be in use? Write it, such as `target: 60%`";
        problems.error(autoscale.key(), message, help);
    }
    (watches, autoscale.target.as_ref().map_or(1.0, |target| target.0))
}

/// The limit that is written; as with Kubernetes, one number alone has no other beside it.
fn limit(written: &Placed<Short<ScaleUp>>, problems: &mut Problems) -> Option<ScaleUpLimit> {
    let ScaleUp { limit, pods, percent, every } = &written.0;
    if let Some(limit) = limit {
        if pods.is_some() || percent.is_some() || every.is_some() {
            let help = "keep `no limit`, or the numbers";
            problems.error(limit.at(), "there is no limit, and then there is one", help);
        }
        return None;
    }
    let every = every.as_ref().map_or(SCALE_UP.every, |every| every.0);
    if pods.is_none() && percent.is_none() {
        return Some(ScaleUpLimit { every, ..SCALE_UP });
    }
    Some(ScaleUpLimit {
        pods: pods.as_ref().map_or(0, |pods| problems.at_least_one(Some(pods), 1, "pods")),
        share: percent.as_ref().map_or(0.0, |percent| percent.0),
        every,
    })
}
