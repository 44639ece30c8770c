//! Loads and triggers that are tried to see which of them a system recovers from.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::parameters;
use crate::expect::sentence::WrittenHealing;
use crate::language::quantity::{Duration, Share};
use crate::language::tree::{Node, Segment, parse_path};
use crate::language::{AnyPath, Location, Named, Placed, Problems, section};
use crate::scenario::names::Names;
use crate::scenario::stressed::{Stress, StressMistake};
use crate::study::{Parameter, Values};
use crate::system::{Id, of};

/// Default share of answered requests with which a system counts as well.
const WELL: f64 = 0.95;
/// Default number of replications of each combination.
const REPLICATIONS: u32 = 3;
/// Default number of seconds for which a load is held.
const DWELL: f64 = 20.0;
/// Most combinations; a map with more is surely a mistake.
const MOST_CELLS: usize = 10_000;

/// The loads and triggers to try, and the measure of a system that is well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StabilityPlan {
    /// The setting that is the load: `workloads.web.arrivals` or another one of a workload, over a
    /// range.
    pub load: Parameter,
    /// The setting that is the size or the length of the trigger: `faults[0].by`, `faults[0].for`,
    /// over a range or a list.
    pub trigger: Parameter,
    /// A second setting of the trigger, such as its length; a map is made for each of its values.
    pub also: Option<Parameter>,
    /// The fault that is the trigger, by its place, from 0, in the list of faults.
    pub fault: u32,
    /// The workload whose answers count.
    pub workload: Id<of::Workload>,
    /// Its name.
    pub workload_name: String,
    /// The share of requests that must be answered for the system to be well, 0 to 1.
    pub well: f64,
    /// The number of simulations of each combination.
    pub replications: u32,
    /// The time that a load is held before the next on the way up and down, in seconds.
    pub dwell: f64,
}

impl StabilityPlan {
    /// The path of the fault that is the trigger: `faults[0]` for `faults[0].for`.
    pub fn fault_path(&self) -> &str {
        fault_and_setting(&self.trigger.path).0
    }
}

/// The path of a fault, and that of a setting in it: `faults[0]` and `for` for `faults[0].for`.
fn fault_and_setting(path: &str) -> (&str, &str) {
    let key = path.split_once('.').map_or(path, |(key, _)| key);
    // `faults.0` is the same as `faults[0]`.
    let dot = path.match_indices('.').nth(usize::from(key == "faults"));
    dot.map_or((path, ""), |(dot, _)| (&path[..dot], &path[dot + 1..]))
}

section! {
    /// Loads and triggers that `fusebox stability` tries.
    pub(crate) struct StabilitySection {
        /// The setting of a workload that is the load, and its range, such as `{
        /// workloads.web.arrivals: poisson 100/s..900/s in 9 }`.
        "load" => load: Placed<Named<Values, AnyPath>>,
        /// The setting of a fault that is the trigger, such as `{ 'faults[0].for': 5s..60s in 5 }`;
        /// with a second one, there is a map for each of its values.
        "trigger" => trigger: Placed<Named<Values, AnyPath>>,
        /// The workload whose answers count; the workload of the load if left out.
        "workload" => workload: Option<Placed<String>>,
        /// The share of requests that must be answered for the system to count as well; 95% if left
        /// out.
        "well" => well: Option<Share>,
        /// The number of simulations of each combination; 3 if left out.
        "replications" => replications: Option<Placed<u32>>,
        /// The time that each load is held on the way up and on the way down; 20s if left out.
        "dwell" => dwell: Option<Duration>,
    }
}

/// Compiles a stability map of a file, which is written as `tree`; `None` if it asks for none.
pub(super) fn compile_stability(
    tree: &Node,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<StabilityPlan> {
    let stability = &names.file.analyses.stability;
    if stability.load.is_empty() && stability.trigger.is_empty() {
        return None;
    }
    let mut loads = parameters(&stability.load).into_iter();
    let mut triggers = parameters(&stability.trigger).into_iter();
    let load = loads.next();
    let (trigger, also) = (triggers.next(), triggers.next());
    let is_one_too_many = triggers.next().is_some() || loads.next().is_some();
    let owner = load.as_ref().and_then(|load| stability.workload_of(load, problems));
    let at = stability.at();
    if load.is_none() || trigger.is_none() || is_one_too_many {
        let message = "a stability map needs one load, and one or two settings of a trigger";
        let help = "write `load: { workloads.web.arrivals: poisson 100/s..900/s }` and `trigger: { 'faults[0].for': 5s..60s }`";
        problems.error(at, message, help);
        return None;
    }
    let (load, trigger, owner) = (load?, trigger?, owner?);
    let settings = [Some(&trigger), also.as_ref()].into_iter().flatten();
    let faults = settings.map(|setting| stability.fault_of(setting, tree, problems));
    let faults: Vec<Option<u32>> = faults.collect();
    if faults.windows(2).any(|pair| pair[0] != pair[1]) {
        let message = "these are settings of two faults";
        problems.error(stability.trigger.at(), message, "a trigger is one fault");
    }
    let settings = [Some(&load), Some(&trigger), also.as_ref()].into_iter().flatten();
    let levels = settings.map(|setting| setting.values.levels().len());
    if levels.fold(1, usize::saturating_mul) > MOST_CELLS {
        let message = format!("these are more than {MOST_CELLS} combinations");
        problems.error(at, message, "take fewer levels: `100/s..900/s in 9`");
    }
    if let Some(number) = stability.replications.as_ref().filter(|number| ***number == 0) {
        problems.error(
            number.at(),
            "there must be at least one replication",
            "write a number from 1",
        );
    }
    let workload_name = stability.workload.as_ref().map_or(owner, |name| (**name).clone());
    Some(StabilityPlan {
        load,
        trigger,
        also,
        fault: faults[0]?,
        workload: stability.counted_workload(&workload_name, names, problems)?,
        workload_name,
        well: stability.well.map_or(WELL, |share| share.0),
        replications: stability.replications.as_ref().map_or(REPLICATIONS, |number| **number),
        dwell: stability.dwell.map_or(DWELL, |dwell| dwell.0.as_secs_f64()),
    })
}

impl StabilitySection {
    /// The stress that a limit on healing asks for, with the fault that `tree` has as the trigger.
    pub fn stress(&self, healing: &WrittenHealing, tree: &Node) -> Result<Stress, StressMistake> {
        let mut triggers = parameters(&self.trigger).into_iter();
        let load = parameters(&self.load).into_iter().next();
        let (Some(load), Some(trigger)) = (load, triggers.next()) else {
            return Err(StressMistake::NoSection);
        };
        let no_value = |at: &Range<usize>, parameter: &Parameter| StressMistake::NoValue {
            at: at.clone(),
            path: parameter.path.clone(),
            values: parameter.values.to_string(),
        };
        let fault = tree.get(&parse_path(fault_and_setting(&trigger.path).0));
        let fault = fault.ok_or(StressMistake::NoSection)?;
        let Values::Range(range) = &load.values else { return Err(StressMistake::NoSection) };
        let parts = [range.before.as_str(), healing.load.as_str(), range.after.as_str()];
        let value = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        if load.values.number_of(&value).is_none() {
            return Err(no_value(&healing.at, &load));
        }
        let strongest =
            |parameter: &Parameter| parameter.values.levels().pop().and_then(|level| level.setting);
        let first = match &healing.trigger {
            Some((value, at)) if trigger.values.number_of(value).is_none() => {
                return Err(no_value(at, &trigger));
            }
            Some((value, _)) => Some(value.clone()),
            None => strongest(&trigger),
        };
        let second = triggers.next().map(|also| (also.path.clone(), strongest(&also)));
        let settings = std::iter::once((trigger.path.clone(), first)).chain(second);
        let in_fault = |(path, value): (String, Option<String>)| {
            Some((fault_and_setting(&path).1.to_owned(), value?))
        };
        let owner = load.path.split('.').nth(1).unwrap_or_default();
        Ok(Stress {
            trigger: fault.clone(),
            settings: settings.filter_map(in_fault).collect(),
            workload: self.workload.as_ref().map_or(owner, |name| name.as_str()).to_owned(),
            well: self.well.map_or(WELL, |share| share.0),
            load: (load.path, value),
        })
    }

    /// The place where it is written.
    fn at(&self) -> Location {
        if self.load.is_empty() { self.trigger.key() } else { self.load.key() }
    }

    /// The workload whose setting is the load.
    fn workload_of(&self, load: &Parameter, problems: &mut Problems) -> Option<String> {
        let path = parse_path(&load.path);
        let owner = match path.as_slice() {
            [Segment::Key(section), Segment::Key(name), ..] if section == "workloads" => {
                Some(name.clone())
            }
            _ => None,
        };
        if owner.is_none() || !load.values.is_range() {
            let message = "the load must be a range, to be raised and lowered again";
            let help = "write a range of a workload's setting, such as `workloads.web.arrivals: poisson 100/s..900/s in 9`";
            problems.error(self.load.at(), message, help);
            return None;
        }
        owner
    }

    /// The fault whose setting is the trigger, by its place; `None` if there is none, which has been
    /// noted.
    fn fault_of(&self, trigger: &Parameter, tree: &Node, problems: &mut Problems) -> Option<u32> {
        let path = parse_path(&trigger.path);
        let is_of_a_fault = matches!(path.as_slice(), [Segment::Key(section), _, Segment::Key(_), ..] if section == "faults");
        if !is_of_a_fault {
            let message = format!("`{}` is not a setting of a fault", trigger.path);
            let help = "write the size or the length of a fault, such as `'faults[0].by': 2x..20x` or `'faults[0].for': 5s..60s`";
            problems.error(self.trigger.at(), message, help);
            return None;
        }
        // A fault that is not there has been noted when the path was followed.
        match tree.resolve(&path[..2], self.trigger.at()).ok()?.get(1)? {
            Segment::Index(place) => u32::try_from(*place).ok(),
            Segment::Key(_) | Segment::Item(_) => None,
        }
    }

    fn counted_workload(
        &self,
        name: &str,
        names: &Names<'_>,
        problems: &mut Problems,
    ) -> Option<Id<of::Workload>> {
        let workloads = &names.file.workloads;
        let found = workloads.get_index_of(name);
        if found.is_none() {
            let at = self.workload.as_ref().map_or(self.load.at(), Placed::at);
            problems.no_such(
                "workload",
                name,
                at,
                workloads.names(),
                "write one under `workloads:`",
            );
        }
        found.map(Id::new)
    }
}
