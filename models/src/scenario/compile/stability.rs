//! Which loads and triggers are tried to find out what a system recovers from.

use super::super::problem::did_you_mean;
use super::super::tree::{Segment, parse_path};
use super::Compiler;
use crate::study::{Parameter, StabilityPlan, Values};

/// Share of answered requests with which a system is well, if nothing is said.
const WELL: f64 = 0.95;
/// Replications of each combination, if nothing is said.
const REPLICATIONS: u32 = 3;
/// Seconds for which a load is held, if nothing is said.
const DWELL: f64 = 20.0;
/// More combinations than this are a slip of the pen.
const MOST_CELLS: usize = 10_000;

impl Compiler<'_> {
    /// The plan of a stability map; `None` if none is asked for.
    pub(super) fn stability(&mut self) -> Option<StabilityPlan> {
        let stability = &self.scenario.stability;
        if stability.load.is_empty() && stability.trigger.is_empty() {
            return None;
        }
        let parameter = |(path, values): (&String, &Values)| Parameter {
            path: path.clone(),
            values: values.clone(),
        };
        let load = stability.load.iter().next().map(parameter);
        let mut triggers = stability.trigger.iter().map(parameter);
        let (trigger, also) = (triggers.next(), triggers.next());
        let is_one_too_many = triggers.next().is_some() || stability.load.len() > 1;
        let owner = load.as_ref().and_then(|load| self.workload_of_load(load));
        let at = self.value_at("stability");
        if load.is_none() || trigger.is_none() || is_one_too_many {
            let help = "write `load: { workloads.web.arrivals: poisson 100/s..900/s }` and `trigger: { 'faults[0].for': 5s..60s }`";
            self.error(
                at,
                "a map of stability has one load, and one or two settings of a trigger",
                help,
            );
            return None;
        }
        let (load, trigger, owner) = (load?, trigger?, owner?);
        for setting in [Some(&trigger), also.as_ref()].into_iter().flatten() {
            self.check_trigger(setting);
        }
        let cells = [Some(&load), Some(&trigger), also.as_ref()].into_iter().flatten();
        if cells.map(|setting| setting.values.levels().len()).fold(1, usize::saturating_mul)
            > MOST_CELLS
        {
            self.error(
                at,
                format!("these are more than {MOST_CELLS} combinations"),
                "take fewer levels: `100/s..900/s in 9`",
            );
        }
        let workload_name = stability.workload.clone().unwrap_or(owner);
        let workload = self.scenario.workloads.get_index_of(&workload_name);
        if workload.is_none() {
            let at = self.value_at("stability.workload");
            let known: Vec<&str> = self.scenario.workloads.keys().map(String::as_str).collect();
            let help = did_you_mean(&workload_name, known.iter().copied()).map_or_else(
                || format!("known are {}", known.join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            );
            self.error(at, format!("there is no workload `{workload_name}`"), help);
        }
        if stability.replications == Some(0) {
            let at = self.value_at("stability.replications");
            self.error(at, "no replications at all", "write at least 1");
        }
        Some(StabilityPlan {
            load,
            trigger,
            also,
            workload: workload? as u32,
            workload_name,
            well: stability.well.map_or(WELL, |share| share.0),
            replications: stability.replications.unwrap_or(REPLICATIONS),
            dwell: stability.dwell.map_or(DWELL, |dwell| dwell.0.as_secs_f64()),
        })
    }

    /// The workload whose setting is the load.
    fn workload_of_load(&mut self, load: &Parameter) -> Option<String> {
        let path = parse_path(&load.path);
        let owner = match path.as_slice() {
            [Segment::Key(section), Segment::Key(name), ..] if section == "workloads" => {
                Some(name.clone())
            }
            _ => None,
        };
        if owner.is_none() || !load.values.is_range() {
            let at = self.value_at("stability.load");
            let help = "write a range of a workload's setting, such as `workloads.web.arrivals: poisson 100/s..900/s in 9`";
            self.error(at, "the load is a range that one can go up and come down", help);
            return None;
        }
        owner
    }

    fn check_trigger(&mut self, trigger: &Parameter) {
        let path = parse_path(&trigger.path);
        let is_of_a_fault = matches!(path.as_slice(), [Segment::Key(section), _, Segment::Key(_), ..] if section == "faults");
        if !is_of_a_fault {
            let at = self.value_at("stability.trigger");
            let help = "write the size or the length of a fault, such as `'faults[0].by': 2x..20x` or `'faults[0].for': 5s..60s`";
            self.error(at, format!("`{}` is not a setting of a fault", trigger.path), help);
        }
    }
}
