//! A workload as a whole.

use super::arrivals::ArrivalsSection;
use super::client::Clients;
use super::users::Closed;
use super::{arrivals, client, users};
use crate::language::quantity::Multiple;
use crate::language::{Location, Placed, Problem, Problems, one_of, section};
use crate::scenario::names::Names;
use crate::scenario::plan::{Caller, Plan};
use crate::steps::{Op, sequence};
use crate::system::{AnswerValue, Id, Source, WorkloadPlan};
use crate::workload::{ArrivalProcess, RateProfile};

section! {
    /// A source of requests: open with `arrivals`, closed with `users`.
    pub(crate) struct Workload {
        .. => clients: Option<Clients>,
        .. => source: Option<SourceSection>,
        /// The part or multiple of its arrivals or users that there is, such as `20%` or `2x`;
        /// 100% if left out.
        "rate" => rate: Option<Placed<Multiple>>,
        /// The region of its clients.
        "region" => region: Option<Placed<String>>,
        /// The worth of an answer; 1 if left out.
        "value" => value: Option<f64>,
        /// The worth of an answer by a fallback; the same if left out.
        "degraded value" => degraded_value: Option<f64>,
        /// The class of its requests, one of `priorities`; the last if left out.
        "priority" => priority: Option<Placed<String>>,
    }
}

one_of! {
    /// The source of requests.
    pub(crate) enum SourceSection("workload") {
        /// They arrive, whatever happens to earlier ones.
        "arrivals" => Open(Open),
        /// Users send, wait for the answer, think and repeat.
        "users" => Closed(Closed),
    }
}

section! {
    /// Requests that arrive, whatever happens to earlier ones.
    pub(crate) struct Open {
        /// The arrivals of requests, such as `poisson 100/s`, whatever happens to earlier ones.
        "arrivals" => arrivals: Placed<ArrivalsSection>,
    }
}

/// Compiles all workloads.
pub(crate) fn compile_workloads(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    let workloads = &names.file.workloads;
    if workloads.is_empty() && !workloads.has_unreadable() {
        let help = "write where requests come from:\n\nworkloads:\n  web: { to: SERVICE, arrivals: poisson 100/s }";
        problems
            .add(Problem::error("there is no workload", Some(Location::default())).with_help(help));
    }
    for (place, (name, workload)) in workloads.iter().enumerate() {
        let caller = Caller::Workload(Id::new(place));
        let help = "rename one: a workload cannot have the name of a service, database or cache";
        names.must_be_alone(name, workload.key(), help, problems);
        let begin = plan.next_step();
        if let Some(SourceSection::Closed(closed)) = &workload.source
            && !closed.begin.is_empty()
        {
            sequence(caller, &closed.begin, names, plan, problems);
            plan.push(Op::Answer);
        }
        let entry = plan.next_step();
        if let Some(clients) = &workload.clients {
            client::compile(clients, caller, names, plan, problems);
        }
        let source = match &workload.source {
            Some(SourceSection::Open(open)) => {
                let duration = plan.blueprint.run.duration;
                Source::Open(arrivals::compile(&open.arrivals, name, duration, names, problems))
            }
            Some(SourceSection::Closed(closed)) => {
                users::compile(closed, name, names, plan, problems)
            }
            None => Source::Open(ArrivalProcess::Replay(Vec::new())),
        };
        let source = match &workload.rate {
            Some(rate) => at_rate(source, rate, problems),
            None => source,
        };
        let ok = workload.value.unwrap_or(1.0);
        let compiled = WorkloadPlan {
            name: name.clone(),
            source,
            begin,
            entry,
            region: names.region(workload.region.as_ref(), problems),
            priority: names.priority(workload.priority.as_ref(), problems),
            value: AnswerValue { ok, degraded: workload.degraded_value.unwrap_or(ok) },
        };
        plan.blueprint.workloads.push(compiled);
    }
}

/// A part or a multiple of what a source brings.
fn at_rate(source: Source, rate: &Placed<Multiple>, problems: &mut Problems) -> Source {
    let factor = RateProfile::constant(rate.0);
    match source {
        Source::Open(ArrivalProcess::Constant(profile)) => {
            Source::Open(ArrivalProcess::Constant(profile.times(&factor)))
        }
        Source::Open(ArrivalProcess::Poisson(profile)) => {
            Source::Open(ArrivalProcess::Poisson(profile.times(&factor)))
        }
        Source::Closed { users, think, begin_again } => {
            if f64::from(users.most()) * rate.0 > f64::from(u32::MAX) {
                let message = "these are more users than there can be";
                problems.error(rate.at(), message, "write a smaller factor");
            }
            Source::Closed { users: users.times(&factor), think, begin_again }
        }
        Source::Open(ArrivalProcess::Replay(_)) if rate.0 == 0.0 => {
            Source::Open(ArrivalProcess::Replay(Vec::new()))
        }
        replay @ Source::Open(ArrivalProcess::Replay(_)) => {
            if rate.0 != 1.0 {
                let message = "arrivals that were recorded have the rate that they had";
                problems.error(rate.at(), message, "write `0%` or `100%`, or leave `rate` out");
            }
            replay
        }
    }
}
