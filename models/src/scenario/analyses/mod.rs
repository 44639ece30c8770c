//! The analyses of many runs that a file can ask for, one file each with its section and its plan,
//! and prices.

mod goals;
mod healing;
mod prices;
mod stability;
mod sweep;

pub use goals::{GoalsPlan, LimitPlan};
pub(crate) use prices::{PriceSection, compile_prices};
pub use stability::StabilityPlan;
pub use sweep::SweepPlan;

pub(super) use goals::promised;
use goals::{Goals, compile_goals, goal_readings};
use healing::check_healing;
pub(super) use stability::StabilitySection;
use stability::compile_stability;
use sweep::{SweepSection, compile_sweep};

use crate::language::tree::Node;
use crate::language::{AnyPath, Named, Problems, section};
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;
use crate::scenario::request::{GoalsRequest, Request};
use crate::study::{Parameter, Values};

section! {
    /// The analyses that a file asks for.
    pub(crate) struct AnalysisSections {
        /// Settings that `fusebox sweep` varies, and figures that it measures.
        "sweep" => sweep: SweepSection,
        /// Settings that `fusebox recommend` may change, and the conditions and limits to meet.
        "goals" => goals: Goals,
        /// Loads and triggers that `fusebox stability` tries.
        "stability" => stability: StabilitySection,
    }
}

/// The keys of the sections above.
pub(super) const KEYS: [&str; 3] = ["sweep", "goals", "stability"];

/// The maps whose keys are paths of settings that vary.
pub(super) const VARIED: [&str; 4] =
    ["sweep.vary", "goals.settings", "stability.load", "stability.trigger"];

/// The plans of the analyses that a file asks for.
#[derive(Clone, Debug, Default)]
pub struct Analyses {
    /// The plan of its sweep; `None` if the file has errors.
    pub sweep: Option<SweepPlan>,
    /// The goals of a recommendation, if the file has any.
    pub goals: Option<GoalsPlan>,
    /// The loads and triggers of a stability map, if the file asks for one.
    pub stability: Option<StabilityPlan>,
}

/// Compiles the analyses of a file, which is written as `tree`; the request decides which figures
/// are read off each run.
pub(super) fn compile_analyses(
    tree: &Node,
    request: &Request,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Analyses {
    let for_expectations = plan.blueprint.latency_windows.len();
    let sweep = Some(compile_sweep(tree, names, plan, problems));
    let goals = compile_goals(tree, names, plan, problems);
    if request.is_as_written() {
        check_healing(tree, names, plan, problems);
    }
    let stability = compile_stability(tree, names, problems);
    match request {
        Request::Run | Request::Stability | Request::Condition(_) | Request::Point(_) => {
            plan.read_nothing(for_expectations);
        }
        Request::Sweep(_) => {}
        Request::Goals(GoalsRequest { condition, .. }) => {
            plan.read_nothing(for_expectations);
            let objectives = goals.as_ref().map_or(&[][..], |goals| &goals.objectives);
            let condition = condition.as_deref();
            let readings = goal_readings(condition, objectives, names, plan, problems);
            plan.blueprint.readings = readings;
        }
    }
    Analyses { sweep, goals, stability }
}

/// The settings that vary.
fn parameters(varied: &Named<Values, AnyPath>) -> Vec<Parameter> {
    let parameter = |(path, values): (&String, &crate::language::Placed<Values>)| Parameter {
        path: path.clone(),
        values: (**values).clone(),
    };
    varied.iter().map(parameter).collect()
}
