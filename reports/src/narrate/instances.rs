//! Instances: ejected, down, scaled, or out of memory.

use sim_core::SimDuration;
use sim_models::observe::{InstanceChange, ProcessChange};
use sim_models::resilience::load_balancer::Ejection;

use super::Line;
use crate::palette::Tone;
use crate::units::{count, number_of, percent};

pub(super) fn changes(edge: &str, instance: &str, change: &InstanceChange) -> Line {
    let (tone, text) = match change {
        InstanceChange::Ejected(ejection) => {
            (Tone::Worse, format!("ejected: {}", reason(ejection)))
        }
        InstanceChange::Readmitted => (Tone::Better, "readmitted".to_owned()),
        InstanceChange::Down => (Tone::Worse, "down: health checks fail".to_owned()),
        InstanceChange::Up => (Tone::Better, "up again: health checks pass".to_owned()),
    };
    Line::new(tone, "balancer", edge, format!("{instance} {text}"))
}

fn reason(ejection: &Ejection) -> String {
    match ejection {
        Ejection::ConsecutiveFailures(failures) => {
            format!("{} in a row", number_of(u64::from(*failures), "failure"))
        }
        Ejection::ConsecutiveGatewayFailures(failures) => {
            format!("{} in a row", number_of(u64::from(*failures), "gateway failure"))
        }
        Ejection::ConsecutiveLocalOriginFailures(failures) => {
            format!("not reached {} in a row", number_of(u64::from(*failures), "time"))
        }
        Ejection::SuccessRate { rate, threshold } => {
            format!("{} succeed, and others {} or more", percent(*rate), percent(*threshold))
        }
        Ejection::FailureShare { share, threshold } => {
            format!("{} fail, and {} is too many", percent(*share), percent(*threshold))
        }
    }
}

pub(super) fn scaled(service: &str, from: u32, to: u32) -> Line {
    let tone = if to > from { Tone::Better } else { Tone::Probing };
    let to = number_of(u64::from(to), "instance");
    Line::new(tone, "scale", service, format!("{to} in place of {}", count(u64::from(from))))
}

pub(super) fn process(instance: &str, change: &ProcessChange) -> Line {
    let failed = |failures: u32, probe| format!("{} failed", number_of(u64::from(failures), probe));
    let again = |pause: SimDuration| {
        if pause.is_zero() {
            "starts again at once".to_owned()
        } else {
            format!("starts again in {pause}")
        }
    };
    let (tone, text) = match change {
        ProcessChange::Started { after } => (Tone::Better, format!("started after {after}")),
        ProcessChange::StartFailed { outcome, pause } => {
            (Tone::Worse, format!("start failed: {}; {}", outcome.name(), again(*pause)))
        }
        ProcessChange::NotReady { failures: Some(failures) } => {
            (Tone::Worse, format!("not ready: {}", failed(*failures, "probe")))
        }
        ProcessChange::NotReady { failures: None } => {
            (Tone::Worse, "not ready: no process to probe".to_owned())
        }
        ProcessChange::Ready => (Tone::Better, "ready again".to_owned()),
        ProcessChange::Killed { failures, pause } => (
            Tone::Worse,
            format!("killed: {}; {}", failed(*failures, "liveness probe"), again(*pause)),
        ),
    };
    Line::new(tone, "process", instance, text)
}

pub(super) fn forgot(instance: &str, what: &[&str]) -> Line {
    let text = format!("its memory is lost and begins anew: {}", what.join(", "));
    Line::new(Tone::Probing, "memory", instance, text)
}

pub(super) fn out_of_memory(instance: &str, restart: SimDuration) -> Line {
    let text = format!("out of memory: killed with all its work, back in {restart}");
    Line::worse("memory", instance, text)
}
