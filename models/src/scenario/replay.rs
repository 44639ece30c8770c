//! A condition of the goals, run by itself.

use super::load::Loader;
use super::overrides::leave_analysis;
use super::short_forms::short_form;
use super::stressed::healing;
use crate::language::tree::{Node, Value, parse_path};
use crate::language::{Problem, did_you_mean};

/// The name that reports give to the only condition of goals without conditions.
pub(super) const AS_WRITTEN: &str = "as written";

impl Loader {
    /// Applies a condition of the goals to the tree. The limits that hold under it become the
    /// expectations: the expectations of the file may refer to things that the condition removes.
    pub(super) fn replay(&mut self, tree: &mut Node, condition: &str) {
        let conditions = tree.get(&parse_path("goals.conditions"));
        let known: Vec<&str> = conditions.map_or_else(Vec::new, |conditions| {
            conditions.keys().map(|key| key.name.as_str()).collect()
        });
        let has_goals = tree.get(&parse_path("goals")).is_some();
        let is_only_one = has_goals && known.is_empty() && condition == AS_WRITTEN;
        if !known.contains(&condition) && !is_only_one {
            self.problems.add(unknown(condition, &known));
            return;
        }
        leave_analysis(tree, Some("goals"));
        self.apply_condition(tree, condition);
        let Some(limits) = tree.get(&parse_path("goals.limits")) else { return };
        let at = limits.at;
        let items = if let Value::List(items) = &limits.value { items.as_slice() } else { &[] };
        let holding = items.iter().filter_map(|limit| sentence(limit, condition));
        // Limits on healing are about another run than this one.
        let holding = holding.filter(|limit| healing(limit).is_none()).cloned();
        let expectations = Node { value: Value::List(holding.collect()), at };
        if let Err(problem) = tree.set(&parse_path("expect"), expectations, at, short_form) {
            self.problems.add(problem);
        }
    }
}

fn unknown(condition: &str, known: &[&str]) -> Problem {
    let help = match did_you_mean(condition, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() => {
            "this scenario has no conditions; name some under `goals: conditions:`".to_owned()
        }
        None => format!("known conditions: {}", known.join(", ")),
    };
    Problem::error(format!("there is no condition `{condition}`"), None).with_help(help)
}

/// The sentence of a limit that holds under a condition. What is no limit at all is an error of the
/// goals.
pub(super) fn sentence<'a>(limit: &'a Node, condition: &str) -> Option<&'a Node> {
    match &limit.value {
        Value::Text(_) => Some(limit),
        Value::Map(_) => {
            let Value::List(names) = &limit.get(&parse_path("in"))?.value else { return None };
            let is_it = |name: &Node| matches!(&name.value, Value::Text(name) if name == condition);
            names.iter().any(is_it).then(|| limit.get(&parse_path("limit")))?
        }
        _ => None,
    }
}
