//! The instances that a fault strikes, as they are written.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::steps::Reach;
use crate::language::quantity::Share;
use crate::language::tree::Value;
use crate::language::{Decode, Found, Placed, Problem, Problems, expected};
use crate::scenario::Plan;
use crate::system::{Id, Ids, of};

/// The instances of a station that a fault strikes, by numbers from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum InstanceChoice {
    /// The first ones.
    First(Amount),
    /// Any of them: each run draws which.
    AtRandom(Amount),
    /// From one number to another, both included: `11 to 20`.
    Span(u32, u32),
    /// One by one, in this order.
    List(Vec<u32>),
}

/// A number of instances.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Amount {
    /// This many.
    Count(u32),
    /// This share of all, rounded up.
    Share(Share),
}

const EXPECTED: &str = "a number of instances, a share such as 30%, either of them at random, numbers such as 11 to 20, or a list of numbers";

impl Decode for InstanceChoice {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match &found.node.value {
            Value::Integer(_) => u32::decode(found, problems).map(Amount::Count).map(Self::First),
            Value::Text(text) if text.trim_end().ends_with('%') => {
                Share::decode(found, problems).map(Amount::Share).map(Self::First)
            }
            Value::Text(text) => match at_random(text).unwrap_or_else(|| span(text)) {
                Ok(choice) => Some(choice),
                Err(message) => {
                    let problem = Problem::error(message, Some(found.node.at));
                    problems.add(
                        problem.with_help("write `11 to 20`, `30%`, `3 at random` or `[1, 3, 5]`"),
                    );
                    None
                }
            },
            Value::List(_) => Vec::<u32>::decode(found, problems).map(Self::List),
            _ => {
                expected(EXPECTED, found, problems);
                None
            }
        }
    }
}

/// Reads `3 at random` and `30% at random`; `None` if a text does not end like that.
fn at_random(text: &str) -> Option<Result<InstanceChoice, String>> {
    let amount = text.trim_end().strip_suffix("at random")?.trim();
    let share = || amount.parse().map(Amount::Share);
    let amount = if amount.ends_with('%') {
        share()
    } else {
        amount
            .parse()
            .map(Amount::Count)
            .map_err(|_| format!("`{amount}` is not a number of instances"))
    };
    Some(amount.map(InstanceChoice::AtRandom))
}

/// Reads `11 to 20`.
fn span(text: &str) -> Result<InstanceChoice, String> {
    let numbers = text.split_once(" to ").and_then(|(first, last)| {
        Some((first.trim().parse::<u32>().ok()?, last.trim().parse::<u32>().ok()?))
    });
    match numbers {
        Some((first, last)) if first > last => Err(format!("`{text}` runs backwards")),
        Some((first, last)) => Ok(InstanceChoice::Span(first, last)),
        None => Err(format!("`{text}` does not say which instances")),
    }
}

impl JsonSchema for InstanceChoice {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "InstanceChoice".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": EXPECTED, "anyOf": [
            { "type": "integer", "minimum": 1 },
            { "type": "string", "pattern": "^[0-9.]+\\s*%$", "examples": ["30%"] },
            { "type": "string", "pattern": "^[0-9.]+\\s*%?\\s+at random$", "examples": ["3 at random", "30% at random"] },
            { "type": "string", "pattern": "^[0-9]+ to [0-9]+$", "examples": ["11 to 20"] },
            { "type": "array", "items": { "type": "integer", "minimum": 1 }, "minItems": 1 },
        ] })
    }
}

/// The instances of a station that a fault strikes, in the order in which it does; all of them if nothing is
/// written. Shares, paces and draws are over those that are there when it begins. In place of those that
/// each run draws it has the first ones.
pub(super) fn struck_instances(
    station: Id<of::Station>,
    there: Ids<of::Instance>,
    reach: Option<&Reach>,
    plan: &Plan,
    problems: &mut Problems,
) -> Vec<Id<of::Instance>> {
    let station = &plan.blueprint.stations[station];
    let all = station.instances;
    let Some(choice) = reach.and_then(|reach| reach.instances.as_ref()) else {
        let is_paced = reach.is_some_and(Reach::is_paced);
        return if is_paced { there } else { all }.iter().collect();
    };
    let available = match &**choice {
        InstanceChoice::AtRandom(_) | InstanceChoice::First(Amount::Share(_)) => there.len(),
        _ => all.len(),
    };
    let has = match available {
        some if some < all.len() => format!("`{}` has {some} instances then", station.name),
        all => format!("`{}` has {all} instances", station.name),
    };
    let numbers: Vec<u32> = match &**choice {
        InstanceChoice::First(amount) | InstanceChoice::AtRandom(amount) => {
            let count = match amount {
                Amount::Count(count) if *count == 0 || *count > available => {
                    let message = format!("{has}, so this fault cannot strike {count}");
                    let help = "write a number from 1 to the number of instances, or a share such as `30%`";
                    problems.error(choice.at(), message, help);
                    available
                }
                Amount::Count(count) => *count,
                Amount::Share(Share(share)) if *share == 0.0 => {
                    problems.error(choice.at(), "this fault strikes no instance", "write `30%`");
                    available
                }
                Amount::Share(Share(share)) => {
                    libm::ceil(share * f64::from(available) - 1e-9) as u32
                }
            };
            (1..=count.min(available)).collect()
        }
        InstanceChoice::Span(first, last) => numbers_from(*first, *last, available),
        InstanceChoice::List(numbers) => numbers.clone(),
    };
    let strange = match &**choice {
        InstanceChoice::Span(first, last) => {
            [*first, *last].into_iter().find(|number| !(1..=available).contains(number))
        }
        _ => numbers.iter().copied().find(|number| !(1..=available).contains(number)),
    };
    if let Some(number) = strange {
        let message = format!("{has}, so there is no instance {number}");
        problems.error(choice.at(), message, "instances are numbered from 1");
        return all.iter().collect();
    }
    check_list(choice, &numbers, problems);
    numbers.into_iter().map(|number| all.nth(number - 1)).collect()
}

/// The numbers of a span, without those that lie far beyond the last instance.
fn numbers_from(first: u32, last: u32, available: u32) -> Vec<u32> {
    (first.max(1)..=last.min(available)).collect()
}

fn check_list(choice: &Placed<InstanceChoice>, numbers: &[u32], problems: &mut Problems) {
    if numbers.is_empty() {
        problems.error(choice.at(), "this fault strikes no instance", "write `[1, 3, 5]`");
    }
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    if let Some([twice, ..]) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        let message = format!("instance {twice} is listed twice");
        problems.error(choice.at(), message, "list each instance once");
    }
}

/// Runs of instances that follow each other, in the order given.
pub(super) fn runs(instances: &[Id<of::Instance>]) -> Vec<Ids<of::Instance>> {
    let mut runs: Vec<Ids<of::Instance>> = Vec::new();
    for &instance in instances {
        match runs.last_mut() {
            Some(run) if run.end() == instance => *run = run.and_next(),
            _ => runs.push(Ids::one(instance)),
        }
    }
    runs
}

/// The instances of a station in words: `a` for all, `a#7`, `a#11–20`, `a#1, 3–5`.
pub(crate) fn instances_in_words(
    name: &str,
    struck: &[Ids<of::Instance>],
    all: Ids<of::Instance>,
) -> String {
    if struck == [all] {
        return name.to_owned();
    }
    let numbers: Vec<String> = struck
        .iter()
        .map(|run| match (all.number_of(run.nth(0)) + 1, all.number_of(run.nth(0)) + run.len()) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}–{last}"),
        })
        .collect();
    format!("{name}#{}", numbers.join(", "))
}
