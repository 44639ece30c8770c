//! From typed sections to a blueprint: the order in which sections are compiled.
//!
//! Stations come first, so that everything else can name them; then workloads, queues and handlers,
//! whose calls discover the edges; then the guards of each edge; then faults, expectations and the
//! analyses. A name that cannot be resolved becomes a problem with its place.

use std::borrow::Cow;

use super::analyses::{Analyses, compile_analyses, compile_prices};
use super::calls::compile_calls;
use super::links::compile_links;
use super::load::WrittenFile;
use super::names::Names;
use super::operator::compile_operations;
use super::plan::Plan;
use super::queues::compile_queues;
use super::request::Request;
use super::sentences::{compile_alerts, compile_expectations};
use super::stations::{compile_handlers, compile_regions, compile_stations};
use super::through::compile_through;
use super::workloads::compile_workloads;
use crate::faults::{compile_chaos, compile_faults};
use crate::language::{Problems, Sources};
use crate::printable::line;
use crate::steps::Op;
use crate::system::{Blueprint, Table, of};

/// A compiled scenario, and the plans of its analyses.
pub(super) struct Compiled {
    /// The system.
    pub blueprint: Blueprint,
    /// The plans of its analyses.
    pub analyses: Analyses,
    /// The operations of the handlers of each station.
    pub operations: Table<of::Station, Vec<Op>>,
}

/// Compiles typed sections; the request decides which figures are read off each run. The result may
/// be used only if no error was added to `problems`.
pub(super) fn compile(
    written: &WrittenFile<'_>,
    sources: &Sources,
    problems: &mut Problems,
    request: &Request,
) -> Compiled {
    let file = written.file;
    let name = name_of(written, problems);
    let blueprint = Blueprint {
        customers: file.customers.unwrap_or(0),
        ..Blueprint::new(&name, file.run.compile(problems), file.limits.compile())
    };
    let mut plan = Plan::new(blueprint);
    let names = &Names::new(written, sources, problems);
    compile_system(names, &mut plan, problems);
    compile_operations(names, &mut plan, problems);
    compile_alerts(names, &mut plan, problems);
    compile_chaos(names, &mut plan, problems);
    plan.blueprint.prices = compile_prices(&file.prices, problems);
    compile_expectations(names, &mut plan, problems);
    let analyses = compile_analyses(written.tree, request, names, &mut plan, problems);
    let stations = plan.blueprint.stations.ids();
    let operations = stations.map(|it| plan.operations_of(it).copied().collect()).collect();
    Compiled { blueprint: plan.finish(), analyses, operations }
}

/// The name that the file gives itself, or else that of the file, of which a folder may have any.
fn name_of<'a>(written: &WrittenFile<'a>, problems: &mut Problems) -> Cow<'a, str> {
    let Some(name) = &written.file.name else { return line(written.name) };
    if name.trim().is_empty() {
        let help = "write a short name, or leave it out: then the name of the file is used";
        problems.error(name.at(), "the name is empty", help);
    }
    Cow::Borrowed(name)
}

fn compile_system(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    compile_regions(names, plan, problems);
    compile_links(names, plan, problems);
    compile_stations(names, plan, problems);
    compile_workloads(names, plan, problems);
    compile_queues(names, plan, problems);
    compile_handlers(names, plan, problems);
    compile_through(names, plan, problems);
    compile_calls(names, plan, problems);
    plan.resolve_sites();
    compile_faults(names, plan, problems);
}

/// Compiles a system whose settings have changed in a run, from the one before. What is not of the
/// system, such as faults and expectations, stays; times and deadlines of the one before keep their
/// ids, because what is in flight refers to them.
pub(super) fn compile_change(
    written: &WrittenFile<'_>,
    sources: &Sources,
    problems: &mut Problems,
    before: &Blueprint,
) -> Blueprint {
    let blueprint = Blueprint {
        customers: before.customers,
        distributions: before.distributions.clone(),
        deadlines: before.deadlines.clone(),
        ..Blueprint::new(&before.name, before.run, before.limits)
    };
    let mut plan = Plan::new(blueprint);
    compile_system(&Names::new(written, sources, problems), &mut plan, problems);
    let (before, changed) = (before.clone(), plan.finish());
    Blueprint {
        is_elaborate: changed.is_elaborate || before.watched.has_requests(),
        faults: before.faults,
        triggers: before.triggers,
        orders: before.orders,
        experiment: before.experiment,
        abort_when: before.abort_when,
        alerts: before.alerts,
        expectations: before.expectations,
        latency_windows: before.latency_windows,
        watched: before.watched,
        readings: before.readings,
        prices: before.prices,
        ..changed
    }
}
