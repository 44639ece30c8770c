//! Chaos experiments: faults stage by stage, and conditions that call them off.

use sim_core::{SimDuration, SimTime};

use super::{FaultKind, FaultSection};
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan, compile_condition, span_or};

section! {
    /// A chaos experiment.
    pub(crate) struct Chaos {
        /// The time at which the first stage begins; the beginning of the run if left out.
        "at" => at: Option<Placed<Duration>>,
        /// Faults that follow each other, each for the time that `for` gives it.
        "stages" => stages: Vec<Placed<FaultSection>>,
        /// Conditions that call it off, such as `error rate of web over 10s is above 10%`.
        "abort when" => abort_when: Vec<Placed<String>>,
    }
}

/// Compiles the stages of an experiment, one after the other, and the conditions that call it off.
pub(crate) fn compile_chaos(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    let Some(chaos) = &names.file.chaos else { return };
    if chaos.stages.is_empty() && chaos.is_whole() {
        let help = "write `stages: [ { for: 1m, slow: SERVICE, by: 2x, instances: 1% } ]`";
        problems.error(chaos.key(), "this experiment has no stages", help);
    }
    let first = plan.blueprint.faults.next_id();
    let mut begin = SimTime::ZERO + span_or(chaos.at.as_ref(), SimDuration::ZERO);
    for stage in &chaos.stages {
        if let Some(lasts) = check_stage(stage, problems) {
            let faults = stage.kind.strike(begin, names, plan, problems);
            plan.blueprint.faults.extend(faults);
            begin = begin + lasts;
        }
    }
    plan.blueprint.experiment = plan.blueprint.faults.since(first);
    for condition in &chaos.abort_when {
        let condition = compile_condition(condition, names, plan, problems);
        plan.blueprint.abort_when.extend(condition);
    }
}

/// The duration of a stage; notes a problem if it cannot be one.
fn check_stage(stage: &Placed<FaultSection>, problems: &mut Problems) -> Option<SimDuration> {
    let span = stage.kind.span();
    let repeats = stage.kind.every().is_some();
    let is_none =
        matches!(stage.kind, FaultKind::Surge(_) | FaultKind::Deploy(_) | FaultKind::Flush(_));
    if stage.at.is_some() || stage.when.is_some() || repeats || is_none {
        let message = "a stage begins once, when the one before it ends";
        let help =
            "leave out `at`, `when` and `every`; surges, deployments and flushes cannot be stages";
        problems.error(stage.at(), message, help);
        return None;
    }
    let lasts = span.and_then(|span| span.lasts.as_ref());
    if lasts.is_none() {
        let message = "this stage has no `for`: how long does it last?";
        problems.error(stage.at(), message, "write `for: 1m`");
    }
    lasts.map(|lasts| lasts.0)
}
