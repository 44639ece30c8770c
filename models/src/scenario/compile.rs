//! From typed sections to a blueprint: the order in which sections are compiled.
//!
//! Stations come first, so that everything else can name them; then workloads, queues and handlers,
//! whose calls discover the edges; then the guards of each edge; then faults, expectations and the
//! analyses. A name that cannot be resolved becomes a problem with its place.

use super::analyses::{
    compile_goals, compile_prices, compile_stability, compile_sweep, goal_readings,
};
use super::calls::compile_calls;
use super::load::WrittenFile;
use super::names::Names;
use super::operator::compile_operations;
use super::plan::Plan;
use super::queues::compile_queues;
use super::request::{GoalsRequest, Request};
use super::sentences::{compile_alerts, compile_expectations};
use super::stations::{compile_handlers, compile_regions, compile_stations};
use super::workloads::compile_workloads;
use crate::faults::{compile_chaos, compile_faults};
use crate::language::{Problems, Sources};
use crate::study::{GoalsPlan, StabilityPlan, SweepPlan};
use crate::system::Blueprint;

/// A compiled scenario, and the plans of its analyses.
pub(super) struct Compiled {
    /// The system.
    pub blueprint: Blueprint,
    /// Its sweep.
    pub sweep: SweepPlan,
    /// The goals of a recommendation, if the file has any.
    pub goals: Option<GoalsPlan>,
    /// The loads and triggers of a stability map, if the file asks for one.
    pub stability: Option<StabilityPlan>,
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
    let name = file.name.as_deref().unwrap_or(written.name);
    let blueprint = Blueprint {
        customers: file.customers.unwrap_or(0),
        ..Blueprint::new(name, file.run.compile(problems), file.limits.compile())
    };
    let mut plan = Plan::new(blueprint);
    let names = &Names::new(file, sources, written.folder, problems);
    compile_system(names, &mut plan, problems);
    plan.blueprint.prices = compile_prices(&file.prices, problems);
    compile_expectations(names, &mut plan, problems);
    let for_expectations = plan.blueprint.latency_windows.len();
    let sweep = compile_sweep(names, &mut plan, problems);
    let goals = compile_goals(written.tree, names, &mut plan, problems);
    let stability = compile_stability(names, problems);
    match request {
        Request::Run | Request::Point(_) => plan.read_nothing(for_expectations),
        Request::Sweep(_) => {}
        Request::Goals(GoalsRequest { condition, .. }) => {
            plan.read_nothing(for_expectations);
            let objectives = goals.as_ref().map_or(&[][..], |goals| &goals.objectives);
            let condition = condition.as_deref();
            let readings = goal_readings(condition, objectives, names, &mut plan, problems);
            plan.blueprint.readings = readings;
        }
    }
    Compiled { blueprint: plan.finish(), sweep, goals, stability }
}

fn compile_system(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    compile_regions(names, plan, problems);
    compile_stations(names, plan, problems);
    compile_workloads(names, plan, problems);
    compile_queues(names, plan, problems);
    compile_handlers(names, plan, problems);
    compile_calls(names, plan, problems);
    plan.resolve_sites();
    compile_faults(names, plan, problems);
    compile_operations(names, plan, problems);
    compile_alerts(names, plan, problems);
    compile_chaos(names, plan, problems);
}
