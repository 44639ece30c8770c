//! Systems under the load and the trigger of a limit on healing: `heals up to 400/s`.

use std::ops::Range;
use std::sync::Arc;

use super::analyses::{StabilitySection, promised};
use super::load::{Loader, Parsed};
use super::overrides::leave_analysis;
use super::replay::sentence;
use super::request::{GoalsRequest, Request};
use super::triggers::fault;
use crate::expect::grammar::read;
use crate::expect::sentence::{Sentence, WrittenHealing};
use crate::expect::{Reading, Wanted, leaves_time_to_heal};
use crate::language::tree::{Node, Segment, Value, parse_path};
use crate::language::{Decode, Found, Problems};
use crate::system::{Blueprint, Id};

/// The load and the trigger of a limit on healing.
#[derive(Clone, Debug)]
pub(crate) struct Stress {
    /// The path of the load, and its value.
    pub load: (String, String),
    /// The fault that is the trigger, as the file has it.
    pub trigger: Node,
    /// Settings of the fault: paths within it, and their values.
    pub settings: Vec<(String, String)>,
    /// The workload whose answers count.
    pub workload: String,
    /// The share of requests that must be answered for the system to be well.
    pub well: f64,
}

/// The reason why a limit on healing asks for no stress.
pub(crate) enum StressMistake {
    /// The file has no `stability:` from which load and trigger could be taken.
    NoSection,
    /// The load or the trigger is none of the section.
    NoValue {
        /// The place in the sentence.
        at: Range<usize>,
        /// The path of the setting.
        path: String,
        /// Its values in the section.
        values: String,
    },
}

/// The stresses that the limits of a condition ask for, if the request is for one: a file is read for
/// a condition without its `stability:`, which may be about what the condition removes. Mistakes are
/// noted when the file is read as it is written.
pub(super) fn stresses(tree: &Node, request: &Request) -> Vec<Stress> {
    let Request::Goals(GoalsRequest { condition, .. }) = request else { return Vec::new() };
    let Some(Node { value: Value::List(limits), .. }) = tree.get(&parse_path("goals.limits"))
    else {
        return Vec::new();
    };
    let condition = condition.as_deref().unwrap_or_default();
    let holding = limits.iter().filter_map(|limit| sentence(limit, condition));
    let healings: Vec<WrittenHealing> = holding.filter_map(healing).collect();
    let Some(node) = tree.get(&parse_path("stability")).filter(|_| !healings.is_empty()) else {
        return Vec::new();
    };
    let mut noted = Problems::default();
    let section = StabilitySection::decode(Found { node, key: node.at }, &mut noted);
    let stress = |healing: WrittenHealing| section.as_ref()?.stress(&healing, tree).ok();
    healings.into_iter().filter_map(stress).collect()
}

/// The load and the trigger of a limit, if it is one on healing.
pub(super) fn healing(limit: &Node) -> Option<WrittenHealing> {
    let Value::Text(text) = &limit.value else { return None };
    let sentence = promised(text).map_or(text.as_str(), |(sentence, _)| sentence);
    match read(sentence) {
        Ok(Sentence::Heals(healing)) => Some(healing),
        _ => None,
    }
}

impl Loader {
    /// Compiles the system under each stress, from the tree that the system itself was compiled from.
    pub(super) fn compile_stressed(
        &mut self,
        stresses: &[Stress],
        tree: &Node,
        parsed: &Parsed,
        blueprint: &mut Blueprint,
    ) {
        for stress in stresses {
            let sources = std::mem::take(&mut self.sources);
            let (problems, unused) = (Problems::default(), Vec::new());
            let mut loader = Self { sources, problems, unused, ..*self };
            let stressed = loader.stressed(stress, tree.clone(), parsed);
            let Self { sources, problems, .. } = loader;
            self.sources = sources;
            let errors = problems.sorted().into_iter().filter(crate::language::Problem::is_error);
            errors.for_each(|error| self.problems.add(error));
            blueprint.stressed.extend(stressed.map(Arc::new));
        }
    }

    fn stressed(&mut self, stress: &Stress, mut tree: Node, parsed: &Parsed) -> Option<Blueprint> {
        leave_analysis(&mut tree, None);
        let place = put_trigger(stress, &mut tree);
        let (path, value) = &stress.load;
        self.apply_value(&mut tree, "limit", path, value);
        for (path, value) in &stress.settings {
            self.apply_value(&mut tree, "limit", &format!("faults[{place}].{path}"), value);
        }
        let mut keys = tree.get(&parse_path("workloads"))?.keys();
        let workload = keys.position(|key| key.name == stress.workload).map(Id::new)?;
        let compiled = self.compile(&tree, parsed, &Request::Point(Vec::new()), &[])?;
        if !leaves_time_to_heal(&compiled.blueprint, place as u32) {
            let message = "this trigger of a limit on healing lasts until the run ends";
            let help = "give it a shorter `for`, or the run a longer `duration`";
            self.problems.error(stress.trigger.at, message, help);
            return None;
        }
        let wanted = Wanted::Healed { workload, fault: place as u32 };
        let reading = Reading { text: String::new(), wanted, bound: None, share: 1.0 };
        Some(Blueprint { readings: vec![reading], ..compiled.blueprint })
    }
}

/// The place of the trigger in the list of faults. A condition may have another list: if the fault is
/// not in it, it is added.
fn put_trigger(stress: &Stress, tree: &mut Node) -> usize {
    let path = [Segment::Key("faults".to_owned())];
    if !matches!(tree.get(&path), Some(Node { value: Value::List(_), .. }))
        && let Value::Map(entries) = &mut tree.value
    {
        let key = crate::language::tree::Key { name: "faults".to_owned(), at: stress.trigger.at };
        entries.retain(|(key, _)| key.name != "faults");
        entries.push((key, Node { value: Value::list([]), at: stress.trigger.at }));
    }
    let Some(Node { value: Value::List(faults), .. }) = tree.get_mut(&path) else { return 0 };
    let named = fault(&stress.trigger);
    let mut alike = (0..faults.len()).filter(|place| fault(&faults[*place]) == named);
    let same = faults.iter().position(|other| *other == stress.trigger);
    let only = alike.next().filter(|_| alike.next().is_none());
    same.or(only).unwrap_or_else(|| {
        faults.push(stress.trigger.clone());
        faults.len() - 1
    })
}
