//! The duration of a fault, its repetition, and the instances that it strikes.

use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sim_core::SimTime;

use super::Fault;
use crate::language::quantity::{Duration, Share};
use crate::language::tree::Value;
use crate::language::{Decode, Found, Placed, Problems, expected, section};
use crate::scenario::{Plan, most};

section! {
    /// The duration of a fault, and its repetition.
    pub(crate) struct InForceSpan {
        /// The time that it lasts; to the end of the run if left out.
        "for" => lasts: Option<Placed<Duration>>,
        /// The time from one beginning of the fault to the next, repeated to the end of the run; it
        /// strikes once if left out.
        "every" => every: Option<Placed<Duration>>,
    }
}

impl InForceSpan {
    /// The end of a fault that begins at an instant.
    pub fn end(&self, begin: SimTime) -> SimTime {
        self.lasts.as_ref().map_or(SimTime::MAX, |lasts| begin + lasts.0)
    }
}

/// A fault and its repetitions.
pub(super) fn repeated(
    once: &Fault,
    every: &Placed<Duration>,
    plan: &Plan,
    problems: &mut Problems,
) -> Vec<Fault> {
    let end = SimTime::ZERO + plan.blueprint.run.duration;
    let lasts = once.end.since(once.begin);
    if lasts >= every.0 {
        let (message, help) = if once.is_instantaneous() {
            ("this must be longer than zero", "write a span such as `10s`")
        } else {
            (
                "this fault begins again before it is over",
                "give it a `for` that is shorter than `every`",
            )
        };
        problems.error(every.at(), message, help);
        return Vec::new();
    }
    let times = end.since(once.begin.min(end)).as_nanos() / every.0.as_nanos().max(1);
    if !problems.may_have(times, most::REPETITIONS, "repetitions of this fault", every.at()) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let mut begin = once.begin;
    while begin < end {
        faults.push(Fault { begin, end: begin + lasts, ..once.clone() });
        begin = begin + every.0;
    }
    faults
}

/// The number of instances that a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum InstanceShare {
    /// This many.
    Count(u32),
    /// This share of them, rounded up.
    Share(Share),
}

impl Decode for InstanceShare {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match found.node.value {
            Value::Integer(_) => u32::decode(found, problems).map(Self::Count),
            Value::Text(_) => Share::decode(found, problems).map(Self::Share),
            _ => {
                expected("a number of instances, or a share such as 30%", found, problems);
                None
            }
        }
    }
}

impl JsonSchema for InstanceShare {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "InstanceShare".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let share = json_schema!({
            "type": "string", "pattern": "^[0-9.]+\\s*%$", "examples": ["30%"],
        });
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 1 }, share] })
    }
}

/// The instances of a station that a fault strikes: the first ones, or all.
pub(super) fn struck_instances(
    station: u32,
    share: Option<&Placed<InstanceShare>>,
    plan: &Plan,
    problems: &mut Problems,
) -> Range<u32> {
    let station = &plan.blueprint.stations[station as usize];
    let all = station.instances.clone();
    let Some(share) = share else { return all };
    let available = all.len() as u32;
    let count = match **share {
        InstanceShare::Count(count) => count,
        InstanceShare::Share(Share(share)) => {
            libm::ceil(share * f64::from(available) - 1e-9) as u32
        }
    };
    if count > available || count == 0 {
        let message = format!(
            "`{}` has {available} instances, so this fault cannot strike {count}",
            station.name
        );
        let help = "write a number from 1 to the number of instances, or a share such as `30%`";
        problems.error(share.at(), message, help);
    }
    all.start..all.start + count.min(available)
}
