//! Processes of a service: what they do before they serve, and the probes that watch them.

use sim_core::SimDuration;

use super::service::Service;
use crate::language::quantity::{Duration, Period};
use crate::language::{Location, Placed, Problems, section};
use crate::resilience::Balancing;
use crate::resilience::load_balancer::HealthCheck;
use crate::scenario::names::{Names, split_target};
use crate::scenario::plan::{Caller, Edge, Plan, check_operation};
use crate::steps::{Step, handler, sequence};
use crate::system::{
    Deadline, DeadlinePlan, EdgePlan, Ends, Id, OnFailure, ProbeKind, ProbePlan, ProcessPlan, of,
};

/// The operation that stands for the start of a process; no name in a file can be this.
const START: &str = " start";

/// First pause of a container that exits again and again (kubelet's `backOffPeriod`,
/// `pkg/kubelet/kubelet.go`).
const RESTART_AFTER: SimDuration = SimDuration::from_secs(10);

/// Defaults of probes, which are those of Kubernetes (`SetDefaults_Probe` in
/// `pkg/apis/core/v1/defaults.go`).
const PERIOD: SimDuration = SimDuration::from_secs(10);
const TIMEOUT: SimDuration = SimDuration::from_secs(1);
const FAILURES: u32 = 3;
const SUCCESSES: u32 = 1;

section! {
    /// The life of a process.
    pub(crate) struct ProcessSection {
        /// The steps that a process takes after it has come back, before it serves; it serves at once
        /// if left out.
        "start" => start: Vec<Placed<Step>>,
        /// The time between the exit of a process whose start has failed and its next start, which
        /// doubles each time, up to 5m; 10s if left out.
        "restart after" => restart_after: Option<Placed<Duration>>,
        /// Probes that take an instance out of all balancers when they fail.
        "readiness" => readiness: Option<Placed<ProbeSection>>,
        /// Probes that kill the process of an instance when they fail.
        "liveness" => liveness: Option<Placed<ProbeSection>>,
    }
}

section! {
    /// Probes of each instance of a service, after those of Kubernetes.
    pub(crate) struct ProbeSection {
        /// The operation of the service itself that each probe calls, such as `self.health`; `self`
        /// if it has only one.
        "call" => call: Placed<String>,
        /// The time between two probes of an instance; 10s if left out.
        "every" => every: Option<Placed<Period>>,
        /// The time after which a probe without an answer has failed; 1s if left out.
        "timeout" => timeout: Option<Placed<Duration>>,
        /// The failures in a row that count; 3 if left out.
        "failures" => failures: Option<Placed<u32>>,
        /// The good answers in a row that count; 1 if left out.
        "successes" => successes: Option<Placed<u32>>,
    }
}

impl ProcessSection {
    /// The probes of a kind.
    fn probe(&self, kind: ProbeKind) -> Option<&Placed<ProbeSection>> {
        match kind {
            ProbeKind::Readiness => self.readiness.as_ref(),
            ProbeKind::Liveness => self.liveness.as_ref(),
        }
    }
}

/// Adds the start and the probes of the processes of a service.
pub(super) fn compile(
    name: &str,
    service: &Placed<Service>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let ProcessSection { start, restart_after, readiness, liveness } = &service.process;
    let Some(station) = names.find_station(name) else { return };
    if start.is_empty() && readiness.is_none() && liveness.is_none() {
        if let Some(written) = restart_after.as_ref().filter(|_| service.is_whole()) {
            let message = "`restart after` has no effect without `start` or `liveness`";
            let help = "leave it out, or write what a process does before it serves";
            problems.error(written.key(), message, help);
        }
        return;
    }
    let entry = (!start.is_empty()).then(|| plan.next_step());
    if let Some(first) = start.first() {
        handler(station.id, START, first.at(), plan, problems, |plan, problems| {
            sequence(Caller::Station(station.id), start, names, plan, problems);
        });
    }
    let probes = ProbeKind::ALL.map(|kind| {
        let section = service.process.probe(kind)?;
        section.compile(kind, name, station.id, names, plan, problems)
    });
    let restart_after = restart_after.as_ref();
    plan.blueprint.stations[station.id].process = Some(ProcessPlan {
        start: entry,
        restart_after: restart_after.map_or(RESTART_AFTER, |span| problems.above_zero(span)),
        priority: names.priority(None, problems),
        probes,
    });
}

impl ProbeSection {
    fn compile(
        &self,
        kind: ProbeKind,
        name: &str,
        station: Id<of::Station>,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<ProbePlan> {
        must_be_free(kind, self.call.key(), names, problems);
        let successes =
            problems.at_least_one(self.successes.as_ref(), SUCCESSES, "the number of successes");
        if let Some(written) =
            self.successes.as_ref().filter(|_| kind == ProbeKind::Liveness && successes > 1)
        {
            let message = "one good answer is enough for a process to live on";
            let help = "leave `successes` out; Kubernetes takes no other number than 1 here";
            problems.error(written.at(), message, help);
        }
        let check = HealthCheck {
            interval: self.every.as_ref().map_or(PERIOD, |every| every.0),
            unhealthy_threshold: problems.at_least_one(
                self.failures.as_ref(),
                FAILURES,
                "the number of failures",
            ),
            healthy_threshold: successes,
        };
        let (callee, operation) = split_target(&self.call);
        if callee != "self" && callee != name {
            let message = format!("a probe of `{name}` goes to the instance itself");
            let help =
                "write `self.health`, with an operation of this service that may call others";
            problems.error(self.call.at(), message, help);
            return None;
        }
        let dot = if operation.is_empty() { "" } else { "." };
        check_operation(&self.call.with(format!("{name}{dot}{operation}")), names, problems);
        let site = plan.call_site(Caller::Probe(kind), station, operation, OnFailure::Ignore);
        Some(ProbePlan { site, check })
    }
}

/// Notes a problem if the name under which probes appear is that of something else.
fn must_be_free(kind: ProbeKind, at: Location, names: &Names<'_>, problems: &mut Problems) {
    let (name, file) = (kind.name(), names.file);
    let is_taken = file.workloads.names().chain(file.queues.names()).any(|known| known == name)
        || names.find_station(name).is_some();
    if is_taken {
        let message = format!("the calls of these probes would be those of `{name}`");
        let help = format!("give `{name}` another name: reports call the probes so");
        problems.error(at, message, &help);
    }
}

/// The edge of the probes of a service: without guards, a balancer or latency.
pub(crate) fn probe_edge(
    kind: ProbeKind,
    edge: Edge,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> EdgePlan {
    let callee = plan.blueprint.stations[edge.callee].clone();
    let section =
        names.file.services.get(&callee.name).and_then(|service| service.process.probe(kind));
    let written = section.and_then(|section| section.timeout.as_ref());
    let span = written.map_or(TIMEOUT, |timeout| problems.above_zero(timeout));
    let timeout = DeadlinePlan { span, drawn: None, ends: Ends::Wait };
    let timeout = Deadline::Constant(plan.blueprint.deadlines.push(timeout));
    EdgePlan {
        caller: kind.name().to_owned(),
        is_caller_a_service: false,
        is_for_probes: true,
        first_caller: Id::NOWHERE,
        caller_instances: 1,
        caller_regions: vec![None],
        link: None,
        callee: edge.callee,
        only_instance: None,
        callee_instances: callee.instances,
        guards: Vec::new(),
        latency: None,
        timeout: Some(timeout),
        connect_timeout: None,
        balance: Balancing::default(),
        observes_attempts: false,
        is_balanced_per_attempt: false,
        propagates_deadline: false,
        cancels: false,
        is_elaborate: false,
        fallbacks: Vec::new(),
        fallbacks_on: Vec::new(),
    }
}
