//! Rules between settings: `calls.c -> d.timeout < calls.a -> c.timeout`.

use super::request::Request;
use crate::language::tree::{Node, Value, parse_path};
use crate::language::{Location, Placed, Problem, ProblemKind, Problems};
use crate::study::{Parameter, Rule, Side, SideOf, Unit, number};

/// The order that a rule demands of its two sides.
#[derive(Clone, Copy)]
struct Order {
    /// True if it is the left side that must be less.
    is_ascending: bool,
    /// True if the sides must not be equal.
    is_strict: bool,
}

impl Order {
    fn holds(self, left: f64, right: f64) -> bool {
        let (lesser, greater) = self.sorted(left, right);
        lesser < greater || !self.is_strict && lesser == greater
    }

    /// The side that must be less, then the other.
    fn sorted<Side>(self, left: Side, right: Side) -> (Side, Side) {
        if self.is_ascending { (left, right) } else { (right, left) }
    }
}

/// The signs of the orders; longer ones are tried first.
const RELATIONS: [(&str, Order); 4] = [
    (" <= ", Order { is_ascending: true, is_strict: false }),
    (" >= ", Order { is_ascending: false, is_strict: false }),
    (" < ", Order { is_ascending: true, is_strict: true }),
    (" > ", Order { is_ascending: false, is_strict: true }),
];

/// Notes rules that do not hold: an error for a candidate, which is thereby ruled out, and only a
/// warning for the file as it is written.
pub(super) fn check_rules(
    rules: &[Placed<String>],
    tree: &Node,
    request: &Request,
    problems: &mut Problems,
) {
    let is_candidate = request.is_candidate();
    let is_as_written = request.is_as_written();
    for rule in rules {
        match verdict(rule, tree, rule.at()) {
            Ok(Verdict::Broken) => {
                let message = format!("the rule `{}` does not hold", **rule);
                let help = "change the settings it names, or the rule";
                let told = if is_candidate { Problem::error } else { Problem::warning };
                let problem = told(message, Some(rule.at())).of_kind(ProblemKind::BrokenRule);
                problems.add(problem.with_help(help));
            }
            // What a condition or a candidate takes out of a list is not set.
            Err(problem) if is_as_written || problem.kind != ProblemKind::NoSuchItem => {
                problems.add(problem);
            }
            Ok(Verdict::Holds) | Err(_) => {}
        }
    }
}

/// The result of checking a rule.
#[derive(Clone, Debug, PartialEq)]
enum Verdict {
    /// It holds, or one of its sides is not set.
    Holds,
    /// It does not.
    Broken,
}

/// Checks if a rule holds in a tree. Sides are paths or numbers, each with a factor in front of it
/// if need be: `2 * path`.
///
/// # Errors
/// A rule that cannot be read, or whose sides cannot be compared.
fn verdict(rule: &str, tree: &Node, at: Location) -> Result<Verdict, Problem> {
    let Some((left, order, right)) = parts(rule) else {
        let help = "write two paths or numbers with <, <=, > or >= between, such as \
                    `calls.c -> d.timeout < calls.a -> c.timeout`";
        return Err(Problem::error(format!("`{rule}` is not a rule"), Some(at)).with_help(help));
    };
    let (Some((left, left_unit)), Some((right, right_unit))) =
        (side(left, tree, at)?, side(right, tree, at)?)
    else {
        return Ok(Verdict::Holds);
    };
    let is_time = |unit: &Unit| *unit == Unit::Time;
    if is_time(&left_unit) != is_time(&right_unit) {
        return Err(Problem::error(format!("the sides of `{rule}` cannot be compared"), Some(at))
            .with_help("one of them is a span of time, the other is not"));
    }
    Ok(if order.holds(left, right) { Verdict::Holds } else { Verdict::Broken })
}

/// The sides of a rule and the order between them.
fn parts(rule: &str) -> Option<(&str, Order, &str)> {
    RELATIONS.iter().find_map(|(sign, order)| {
        let (left, right) = rule.split_once(sign)?;
        Some((left, *order, right))
    })
}

/// The rules that are about `settings`, for a search to keep them. One that cannot be read is noted
/// by [`check_rules`].
pub(super) fn compile_rules(
    rules: &[Placed<String>],
    settings: &[Parameter],
    tree: &Node,
) -> Vec<Rule> {
    let compiled = |rule: &Placed<String>| {
        let (left, order, right) = parts(rule)?;
        let side = |text| compiled_side(text, settings, tree, rule.at());
        let (lesser, greater) = order.sorted(side(left)?, side(right)?);
        Some(Rule { lesser, greater, is_strict: order.is_strict })
    };
    rules.iter().filter_map(compiled).collect()
}

/// A side of a rule; `None` if it cannot be read or is not set.
fn compiled_side(text: &str, settings: &[Parameter], tree: &Node, at: Location) -> Option<Side> {
    let (factor, of) = scaled(text);
    let factor = factor?;
    let place = |path: &str| tree.resolve(&parse_path(path), at).ok();
    let path = place(of)?;
    let is_it = |setting: &Parameter| place(&setting.path).as_ref() == Some(&path);
    if let Some(place) = settings.iter().position(is_it) {
        return Some(Side { factor, of: SideOf::Setting(place) });
    }
    let (number, _) = side(text, tree, at).ok().flatten()?;
    Some(Side { factor: 1.0, of: SideOf::Number(number) })
}

/// The factor in front of a side, and the rest; `None` if the factor is not a number.
fn scaled(text: &str) -> (Option<f64>, &str) {
    match text.split_once(" * ") {
        Some((factor, rest)) => (factor.trim().parse::<f64>().ok(), rest.trim()),
        None => (Some(1.0), text.trim()),
    }
}

/// The number of a side; `None` if its path is not set.
fn side(text: &str, tree: &Node, at: Location) -> Result<Option<(f64, Unit)>, Problem> {
    let (factor, text) = scaled(text);
    let Some(factor) = factor.filter(|factor| factor.is_finite()) else {
        let message = format!("`{text}` is multiplied by something that is not a number");
        return Err(Problem::error(message, Some(at))
            .with_help("write a number before `*`, such as `2 * services.d.threads`"));
    };
    let multiple = |(value, unit): (f64, Unit)| (value * factor, unit);
    if let Some(value) = number(text) {
        return Ok(Some(multiple(value)));
    }
    let path = parse_path(text);
    tree.resolve(&path, at)?;
    let Some(node) = tree.get(&path) else { return Ok(None) };
    let value = match &node.value {
        Value::Map(_) => node.get(&parse_path("max")).map(|node| &node.value),
        value => Some(value),
    };
    let value = match value {
        Some(Value::Integer(value)) => Some((*value as f64, Unit::Whole)),
        Some(Value::Float(value)) => Some((*value, Unit::Other(String::new()))),
        Some(Value::Text(text)) => number(text),
        _ => None,
    };
    match value {
        Some(value) => Ok(Some(multiple(value))),
        None => Err(Problem::error(
            format!("`{text}` is not a number that could be compared"),
            Some(at),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Location = Location { source: 0, start: 0, end: 1 };

    fn tree() -> Node {
        let text = "services: { d: { threads: 40 }, e: { threads: { max: 50, queue: 10 } } }\n\
                    calls: { c -> d: { timeout: 200ms }, a -> c: { timeout: 1s, balance: random } }";
        Node::parse(text, 0).expect("YAML")
    }

    #[test]
    fn rules_compare_paths_numbers_and_multiples() {
        let holds = |rule: &str| verdict(rule, &tree(), AT).expect("a rule");
        assert_eq!(holds("calls.c -> d.timeout < calls.a -> c.timeout"), Verdict::Holds);
        assert_eq!(holds("5 * calls.c -> d.timeout < calls.a -> c.timeout"), Verdict::Broken);
        assert_eq!(holds("services.d.threads >= services.e.threads"), Verdict::Broken);
        assert_eq!(holds("services.e.threads <= 50"), Verdict::Holds);
        assert_eq!(holds("calls.b -> c.timeout < 1s"), Verdict::Holds, "nothing is said there");
    }

    #[test]
    fn what_cannot_be_compared_is_told() {
        let refused = |rule: &str| verdict(rule, &tree(), AT).expect_err("no rule").message;
        assert!(refused("calls.c -> d.timeout").contains("not a rule"));
        assert!(
            refused("calls.c -> d.timeout < services.d.threads").contains("cannot be compared")
        );
        assert!(refused("calls.a -> c.balance < 3").contains("not a number"));
        assert!(refused("two * services.d.threads < 3").contains("multiplied"));
    }
}
