//! Rules between settings: `calls.c -> d.timeout < calls.a -> c.timeout`.

use super::request::Request;
use crate::language::tree::{Node, Value, parse_path};
use crate::language::{Location, Placed, Problem, ProblemKind, Problems};
use crate::study::{Unit, number};

/// The order that a rule demands of its two sides.
type Order = fn(f64, f64) -> bool;

/// The signs of the orders; longer ones are tried first.
const RELATIONS: [(&str, Order); 4] = [
    (" <= ", |left, right| left <= right),
    (" >= ", |left, right| left >= right),
    (" < ", |left, right| left < right),
    (" > ", |left, right| left > right),
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
    let is_as_written = matches!(request, Request::Run);
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
    let found = RELATIONS
        .iter()
        .find_map(|(sign, holds)| rule.split_once(sign).map(|sides| (sides, holds)));
    let Some(((left, right), holds)) = found else {
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
    Ok(if holds(left, right) { Verdict::Holds } else { Verdict::Broken })
}

/// The number of a side; `None` if its path is not set.
fn side(text: &str, tree: &Node, at: Location) -> Result<Option<(f64, Unit)>, Problem> {
    let (factor, text) = match text.split_once(" * ") {
        Some((factor, rest)) => (factor.trim().parse::<f64>().ok(), rest.trim()),
        None => (Some(1.0), text.trim()),
    };
    let Some(factor) = factor.filter(|factor| factor.is_finite()) else {
        let message = format!("`{text}` is multiplied by something that is not a number");
        return Err(Problem::error(message, Some(at))
            .with_help("write a number before `*`, such as `2 * services.d.threads`"));
    };
    let scaled = |(value, unit): (f64, Unit)| (value * factor, unit);
    if let Some(value) = number(text) {
        return Ok(Some(scaled(value)));
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
        Some(value) => Ok(Some(scaled(value))),
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
