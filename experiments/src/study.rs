//! A scenario that an analysis reads again and again with other values.

use std::sync::Arc;

use sim_models::scenario::tree::{Node, Segment};
use sim_models::scenario::{
    Input, Loaded, Overrides, Parsed, Problem, ProblemKind, Request, SingleChange, load,
    single_changes,
};
use sim_models::study::{Level, Parameter, Values};
use sim_models::system::Blueprint;
use thiserror::Error;

/// A scenario under study: its text and overrides, read once as written and again for each point.
///
/// Anything that the file can say can therefore vary, and a value is checked as if the file said it.
#[derive(Clone, Debug)]
pub struct Study {
    text: String,
    parsed: Parsed,
    overrides: Overrides,
    as_written: Arc<Blueprint>,
}

/// The reasons why an analysis cannot begin.
#[derive(Clone, Debug, Error)]
pub enum Unready {
    /// The scenario has errors, as it is written or with a value that the analysis would try. Each
    /// reading that has some is here.
    #[error("the scenario has errors")]
    Problems(Vec<Loaded>),
    /// Neither the file nor its overrides say what to analyse.
    #[error("the scenario does not say what to analyse")]
    NothingAsked,
}

/// A hash over everything that a blueprint says, by Fowler, Noll and Vo (draft-eastlake-fnv).
pub(crate) fn identity(blueprint: &Blueprint) -> String {
    let text = format!("{blueprint:?}");
    let absorb = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, absorb))
}

impl Study {
    /// Reads a scenario as it is written. `plan` takes from it what the analysis needs to know, or
    /// returns `None` if the scenario does not ask for this analysis.
    ///
    /// # Errors
    /// [`Unready::Problems`] if the scenario has errors, [`Unready::NothingAsked`] without a plan.
    pub fn prepare<Plan>(
        input: Input,
        overrides: Overrides,
        plan: impl FnOnce(&Loaded) -> Option<Plan>,
    ) -> Result<(Self, Plan), Unready> {
        let loaded = load(&input, &overrides);
        let Some(as_written) = loaded.blueprint.clone() else {
            return Err(Unready::Problems(vec![loaded]));
        };
        let plan = plan(&loaded).ok_or(Unready::NothingAsked)?;
        let parsed = Parsed::read(&input);
        Ok((Self { text: input.text, parsed, overrides, as_written }, plan))
    }

    /// The system as it is written.
    pub fn as_written(&self) -> &Arc<Blueprint> {
        &self.as_written
    }

    /// The place to which a path leads in the text of the scenario; `None` if the text cannot tell.
    pub fn place_of(&self, path: &[Segment]) -> Option<Vec<Segment>> {
        let tree = Node::parse(&self.text, 0).ok()?;
        tree.resolve(path, tree.at).ok()
    }

    /// The request for which the scenario was read at first.
    pub fn request(&self) -> &Request {
        &self.overrides.request
    }

    /// Each single change of the settings of guards, pools and queues that the file speaks of.
    pub fn single_changes(&self) -> Vec<SingleChange> {
        single_changes(&self.parsed, &self.overrides)
    }

    /// Reads the scenario for a request, such as a point with other values.
    pub fn read_for(&self, request: Request) -> Loaded {
        self.parsed.load_again(&Overrides { request, ..self.overrides.clone() })
    }

    /// Reads another text with the overrides of this scenario.
    pub fn read_instead(&self, input: &Input, request: Request) -> Loaded {
        load(input, &Overrides { request, ..self.overrides.clone() })
    }
}

/// Returns the settings that give each parameter its level: a path, and a value in YAML. Levels
/// that leave what the file says are left out.
pub(crate) fn settings<'a>(
    values: impl IntoIterator<Item = (&'a Parameter, &'a Level)>,
) -> Vec<(String, String)> {
    let setting = |(parameter, level): (&Parameter, &Level)| {
        Some((parameter.path.clone(), level.setting.clone()?))
    };
    values.into_iter().filter_map(setting).collect()
}

/// The values that must be sound before an analysis begins: both ends of a range, every item of a
/// list.
pub(crate) fn ends(values: &Values) -> Vec<Level> {
    let mut levels = values.levels();
    if values.is_range() && levels.len() > 2 {
        levels.drain(1..levels.len() - 1);
    }
    levels
}

/// The settings of one parameter at one of its [`ends`], for each in turn.
pub(crate) fn ends_one_by_one(parameters: &[Parameter]) -> Vec<Vec<(String, String)>> {
    let of_parameter = |parameter: &Parameter| {
        let ends = ends(&parameter.values);
        ends.iter().map(|level| settings([(parameter, level)])).collect::<Vec<_>>()
    };
    parameters.iter().flat_map(of_parameter).filter(|settings| !settings.is_empty()).collect()
}

/// Fails if any of the readings has a mistake. A broken rule is none: several settings together may
/// keep it.
///
/// # Errors
/// [`Unready::Problems`] with the readings that have mistakes.
pub(crate) fn check_sound(readings: impl IntoIterator<Item = Loaded>) -> Result<(), Unready> {
    let is_mistake =
        |problem: &Problem| problem.is_error() && problem.kind != ProblemKind::BrokenRule;
    let unsound: Vec<Loaded> =
        readings.into_iter().filter(|loaded| loaded.problems.iter().any(is_mistake)).collect();
    if unsound.is_empty() { Ok(()) } else { Err(Unready::Problems(unsound)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_range_and_every_item_of_a_list_are_tried_by_themselves() {
        let parameter = |path: &str, values: &str| Parameter {
            path: path.to_owned(),
            values: values.parse().expect("values"),
        };
        let parameters = [
            parameter("threads", "10..50 step 10"),
            parameter("wait", "on, 5s, off"),
            parameter("seed", "3..3"),
        ];
        let tried: Vec<String> = ends_one_by_one(&parameters)
            .concat()
            .into_iter()
            .map(|(path, value)| format!("{path}={value}"))
            .collect();
        assert_eq!(tried, ["threads=10", "threads=50", "wait=5s", "wait=null", "seed=3"]);
    }
}
