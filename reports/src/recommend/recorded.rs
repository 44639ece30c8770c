//! Reading `recommendation.json` back.

use std::collections::BTreeSet;

use sim_experiments::recommend::{Candidate, TunableSystem};
use sim_models::scenario::tree::{Node, Value, parse_path};
use sim_models::scenario::{Location, Problem, Sources};

use super::json::{INTERRUPTED, UNMET};

/// A recommendation that was read from its record, for the scenario that it is about.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The recommended values; a setting that the record does not have stays as it is.
    pub candidate: Candidate,
    /// True if the recommended values do not meet every limit, as far as the search has found out.
    pub is_unmet: bool,
    /// The ways in which the record is about another search than the scenario asks for now.
    pub remarks: Vec<Problem>,
    /// The text of the record.
    pub sources: Sources,
}

/// Reads a record, which messages call `name`.
///
/// # Errors
/// Everything for which it cannot be a recommendation for this scenario, and the text that the
/// places of the problems refer to.
pub fn read(
    text: &str,
    name: &str,
    system: &TunableSystem,
) -> Result<Recorded, (Vec<Problem>, Sources)> {
    let mut sources = Sources::default();
    sources.add(name, text);
    let record = match parsed(text) {
        Ok(record) => record,
        Err(problem) => return Err((vec![problem], sources)),
    };
    let mut reader = Reader {
        system,
        candidate: system.as_it_is(),
        seen: BTreeSet::new(),
        problems: Vec::new(),
    };
    reader.settings(&record);
    if reader.problems.is_empty()
        && let Err(reason) = system.systems(&reader.candidate)
    {
        let message = format!("the recommended settings do not go together: {reason}");
        let at = record.key_location(&parse_path("settings"));
        reader.problems.push(Problem::error(message, at));
    }
    if !reader.problems.is_empty() {
        return Err((reader.problems, sources));
    }
    reader.compare(&record);
    Ok(Recorded {
        candidate: reader.candidate,
        is_unmet: is_unmet(&record),
        remarks: reader.problems,
        sources,
    })
}

/// The record with the place of every value. JSON is YAML, but has messages of its own.
fn parsed(text: &str) -> Result<Node, Problem> {
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        let before: usize =
            text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let start = (before + error.column().saturating_sub(1)).min(text.len());
        let at = Location { source: 0, start, end: start };
        let message = error.to_string();
        let message = message.split(" at line").next().unwrap_or_default().to_owned();
        return Err(Problem::error(format!("this is not valid JSON: {message}"), Some(at)));
    }
    Node::parse(text, 0)
}

fn is_unmet(record: &Node) -> bool {
    text(record, "outcome").is_some_and(|(outcome, _)| outcome == UNMET || outcome == INTERRUPTED)
}

/// A record on its way to a candidate.
struct Reader<'a> {
    system: &'a TunableSystem,
    candidate: Candidate,
    /// The settings that were read.
    seen: BTreeSet<usize>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn settings(&mut self, record: &Node) {
        let Some(Node { value: Value::List(settings), .. }) = get(record, "settings") else {
            let problem = Problem::error("there are no settings in this file", Some(record.at));
            let help = "give the recommendation.json that `fusebox recommend --out DIR` writes";
            self.problems.push(problem.with_help(help));
            return;
        };
        for setting in settings {
            if let (Some(path), Some(value)) = (text(setting, "path"), text(setting, "recommended"))
            {
                self.setting(path, value);
            } else {
                let message = "a setting has a `path` and its `recommended` value";
                self.problems.push(Problem::error(message, Some(setting.at)));
            }
        }
    }

    fn setting(&mut self, (path, path_at): (&str, Location), (value, at): (&str, Location)) {
        let plan = self.system.plan();
        let Some(place) = self.system.setting(path) else {
            let known: Vec<&str> = plan.settings.iter().map(|setting| &*setting.path).collect();
            let message = format!("`{path}` is no setting that may change in this scenario");
            let help = format!("under `goals: settings:` it has {}", known.join(", "));
            self.problems.push(Problem::error(message, Some(path_at)).with_help(help));
            return;
        };
        if !self.seen.insert(place) {
            let problem = Problem::error(format!("`{path}` is there twice"), Some(path_at));
            self.problems.push(problem.with_help("keep the value that was recommended"));
            return;
        }
        if let Some(level) = self.system.level(place, value) {
            self.candidate.levels[place] = level;
        } else {
            let values = &plan.settings[place].values;
            let message = format!("`{value}` is not among the values of `{path}`");
            let help = format!("its values under `goals:` are `{values}`");
            self.problems.push(Problem::error(message, Some(at)).with_help(help));
        }
    }

    fn remark(&mut self, message: String, at: Option<Location>) {
        self.problems.push(Problem::warning(message, at));
    }

    /// Notes what was other when the recommendation was made.
    fn compare(&mut self, record: &Node) {
        let blueprint = &self.system.as_written()[0];
        if let Some((name, at)) = text(record, "scenario")
            && name != blueprint.name
        {
            let here = &blueprint.name;
            self.remark(
                format!("this was recommended for `{name}`; the scenario is `{here}`"),
                Some(at),
            );
        }
        if let Some(Node { value: Value::Integer(seed), at }) = get(record, "seed")
            && *seed as u64 != blueprint.run.seed
        {
            let here = blueprint.run.seed;
            self.remark(
                format!("this was found with seed {seed}; the scenario has {here}"),
                Some(*at),
            );
        }
        self.compare_settings(record);
        self.compare_limits(record);
    }

    fn compare_settings(&mut self, record: &Node) {
        let known: Vec<usize> = items(record, "settings")
            .filter_map(|setting| text(setting, "path"))
            .filter_map(|(path, _)| self.system.setting(path))
            .collect();
        let at = record.key_location(&parse_path("settings"));
        for (place, setting) in self.system.plan().settings.iter().enumerate() {
            if !known.contains(&place) {
                let message = format!("`{}` is not among these; it stays as it is", setting.path);
                self.remark(message, at);
            }
        }
    }

    fn compare_limits(&mut self, record: &Node) {
        let plan = self.system.plan();
        let here: Vec<(&str, &str)> = plan
            .conditions
            .iter()
            .zip(self.system.limits())
            .flat_map(|(condition, limits)| {
                limits.iter().map(move |limit| (condition.as_str(), limit.text.as_str()))
            })
            .collect();
        let mut there = Vec::new();
        for limit in items(record, "limits") {
            let (Some((condition, _)), Some((sentence, at))) =
                (text(limit, "condition"), text(limit, "limit"))
            else {
                continue;
            };
            there.push((condition, sentence));
            if !here.contains(&(condition, sentence)) {
                let message = format!("the scenario no longer has this limit under `{condition}`");
                self.remark(message, Some(at));
            }
        }
        let at = record.key_location(&parse_path("limits"));
        for (condition, sentence) in here.iter().filter(|limit| !there.contains(limit)) {
            let message = format!("`{sentence}` is not among these limits under `{condition}`");
            self.remark(message, at);
        }
    }
}

fn get<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(&parse_path(key))
}

fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> {
    let list = match get(node, key).map(|node| &node.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    list.iter()
}

fn text<'a>(node: &'a Node, key: &str) -> Option<(&'a str, Location)> {
    let node = get(node, key)?;
    if let Value::Text(text) = &node.value { Some((text, node.at)) } else { None }
}
