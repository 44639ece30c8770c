//! Calls on which actions of operators and automation depend: `through: SERVICE`.

use indexmap::IndexMap;
use sim_core::SimDuration;

use super::names::{Names, split_target};
use super::operator::OPERATOR;
use super::plan::{Caller, Plan, span_or};
use crate::faults::FaultKind;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};
use crate::steps::Op;
use crate::system::{OnFailure, StationKind, ThroughPlan};

/// Default pause before a call is tried again.
const AGAIN_AFTER: SimDuration = SimDuration::from_secs(10);

section! {
    /// A service that must answer first.
    pub(crate) struct Through {
        /// The operation of a service that must answer first, such as `apiserver` or
        /// `deployer.start`; none if left out.
        "through" => service: Option<Placed<String>>,
        /// The pause before it is asked again when it has failed; 10s if left out.
        "again after" => again_after: Option<Placed<Duration>>,
    }
}

impl Through {
    /// The call, which has been compiled; `None` if nothing must answer.
    pub fn plan(&self, plan: &Plan) -> Option<ThroughPlan> {
        let service = self.service.as_ref()?;
        plan.through.get(&service.at()).copied()
    }
}

/// Compiles all these calls of a file, each where it is written: settings that several things have
/// from one place share it.
pub(super) fn compile_through(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    let written = written(names);
    for through in &written {
        through.compile(names, plan, problems);
    }
    let first = written.iter().find_map(|it| it.service.as_ref());
    if let Some(first) = first.filter(|_| names.is_name_of_something(OPERATOR)) {
        let message = "something else is called `operator`, so nothing can go through a service";
        problems.error(first.key(), message, "give the other thing another name");
    }
    let mut of_stations = IndexMap::new();
    for (name, service) in names.file.services.iter() {
        let Some(station) = names.find_station(name) else { continue };
        let through = service.autoscale.as_ref().and_then(|it| it.through.plan(plan));
        of_stations.insert(station.id, through);
    }
    for scaler in plan.blueprint.autoscalers.iter_mut().filter(|scaler| !scaler.is_manual) {
        if let Some(through) = of_stations.get(&scaler.station) {
            scaler.through = *through;
        }
    }
}

/// True if anything goes through a service.
pub(super) fn is_anything_through(names: &Names<'_>) -> bool {
    written(names).iter().any(|through| through.service.is_some())
}

fn written<'a>(names: &Names<'a>) -> Vec<&'a Through> {
    let file = names.file;
    let operators = file.operator.iter().map(|it| &it.through);
    let services = file.services.iter();
    let scalers =
        services.filter_map(|(_, it)| it.autoscale.as_ref()).map(|autoscale| &autoscale.through);
    let deployments = file.faults.iter().filter_map(|fault| match &fault.kind {
        FaultKind::Deploy(deploy) => Some(&deploy.through),
        _ => None,
    });
    let alerts = file.alerts.iter().map(|(_, alert)| &alert.through);
    operators.chain(scalers).chain(deployments).chain(alerts).collect()
}

impl Through {
    fn compile(&self, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        if let (Some(again), None) = (&self.again_after, &self.service) {
            let message = "`again after` means nothing without `through`";
            problems.error(again.key(), message, "write `through: SERVICE`, or leave it out");
        }
        if let Some(again) = self.again_after.as_ref().filter(|again| again.0.is_zero()) {
            let message = "a service that fails would be asked over and over in one instant";
            problems.error(again.at(), message, "write a pause such as `10s`");
        }
        let again_after = span_or(self.again_after.as_ref(), AGAIN_AFTER);
        let Some(service) = self.service.as_ref().filter(|_| self.plan(plan).is_none()) else {
            return;
        };
        let entry = plan.next_step();
        let (name, _) = split_target(service);
        let kind = StationKind::Service;
        if names.find_station(name).is_some_and(|station| station.kind == kind) {
            plan.call(Caller::Operator, service, OnFailure::Ignore, kind, names, problems);
        } else {
            let known = names.file.services.names();
            problems.no_such("service", name, service.at(), known, "list it under `services:`");
        }
        plan.push(Op::Answer);
        plan.through.insert(service.at(), ThroughPlan { entry, again_after });
    }
}
