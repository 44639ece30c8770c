//! Values as they are written in a scenario or on the command line, and as records keep them.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::{Choice, Range, Spacing, Steps, Unit, Values};
use crate::language::quantity::Duration;
use crate::language::tree::{Node, Value};
use crate::language::{Decode, Found, Problems, expected, unreadable};

/// Default number of levels of a range.
const LEVELS: u32 = 5;
/// Most levels; a range with more is surely a mistake.
pub(super) const MOST_LEVELS: u32 = 1_000_000;
/// The units of numbers that are no times.
pub(super) const UNITS: [&str; 10] = ["", "%", "x", "/s", "/m", "/h", "B", "KB", "MB", "GB"];

impl Choice {
    /// Reads `on`, which keeps the value in the file, `off`, which removes it, or a value.
    fn of_text(text: &str) -> Self {
        let setting = match text {
            "on" | "as written" => None,
            "off" => Some("null".to_owned()),
            other => Some(other.to_owned()),
        };
        Self { shown: text.to_owned(), setting }
    }
}

impl FromStr for Values {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match split_outside_braces(text).as_slice() {
            [single] if single.contains("..") => read_range(single).map(Self::Range),
            [""] => {
                Err("there are no values; write some such as `20..200 step 20` or `5s, 30s, 2m`"
                    .to_owned())
            }
            parts if parts.iter().any(|part| part.is_empty()) => {
                Err(format!("`{text}` has an empty value"))
            }
            parts => Self::listed(parts.iter().map(|part| Choice::of_text(part)).collect()),
        }
    }
}

impl Values {
    fn listed(choices: Vec<Choice>) -> Result<Self, String> {
        for (place, choice) in choices.iter().enumerate() {
            if choices[..place].contains(choice) {
                return Err(format!("`{}` is written twice", choice.shown));
            }
        }
        if choices.is_empty() {
            return Err(
                "there are no values; write some such as `20..200 step 20` or `[5s, 30s, 2m]`"
                    .to_owned(),
            );
        }
        Ok(Self::Listed(choices))
    }
}

/// The parts between commas that are in no brackets or quotes, trimmed; a list in brackets is its
/// items.
fn split_outside_braces(text: &str) -> Vec<&str> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let (mut depth, mut quote, mut start) = (0_i32, None, 0);
    let mut parts = Vec::new();
    for (at, letter) in inner.char_indices() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => quote = Some(letter),
            ('{' | '[' | '(', None) => depth += 1,
            ('}' | ']' | ')', None) => depth -= 1,
            (',', None) if depth == 0 => {
                parts.push(inner[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inner[start..].trim());
    parts
}

/// `20..200 step 20`, `100ms..10s log in 7`, `poisson 100/s..600/s`.
fn read_range(text: &str) -> Result<Range, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|word| word.contains("..")).unwrap_or(0);
    let (low, high) = words[at].split_once("..").unwrap_or((words[at], ""));
    let help = "; write two ends such as `20..200`, `100ms..10s` or `10%..90%`";
    let (from, low_unit) = number(low).ok_or_else(|| format!("`{low}` is not a number{help}"))?;
    let (to, high_unit) = number(high).ok_or_else(|| format!("`{high}` is not a number{help}"))?;
    let unit = match (low_unit, high_unit) {
        (Unit::Whole, unit @ Unit::Other(_)) | (unit @ Unit::Other(_), Unit::Whole)
            if unit == Unit::Other(String::new()) =>
        {
            unit
        }
        (one, other) if one == other => one,
        _ => return Err(format!("the ends `{low}` and `{high}` have different units{help}")),
    };
    if from > to {
        return Err(format!("`{low}..{high}` goes downwards; write the lower end first"));
    }
    let (mut spacing, mut steps, mut after) = (Spacing::Linear, None, Vec::new());
    let mut rest = words[at + 1..].iter();
    while let Some(word) = rest.next() {
        match *word {
            "log" if from > 0.0 => spacing = Spacing::Log,
            "log" => {
                return Err(format!("a range on a log scale begins above zero, not at `{low}`"));
            }
            "step" => {
                let step = rest.next().copied().unwrap_or_default();
                let (step, step_unit) =
                    number(step).ok_or_else(|| format!("`step {step}` is not a step"))?;
                let fits =
                    step_unit == unit || step_unit == Unit::Whole && matches!(unit, Unit::Other(_));
                if !fits || step <= 0.0 {
                    return Err("the step has another unit than the ends, or none".to_owned());
                }
                if (to - from) / step > f64::from(MOST_LEVELS) {
                    return Err(format!("`{text}` has more than a million levels"));
                }
                steps = Some(Steps::Of(step));
            }
            "in" => {
                let count = rest.next().copied().unwrap_or_default();
                let count = count.parse().ok().filter(|count| (1..=MOST_LEVELS).contains(count));
                steps = Some(Steps::Count(count.ok_or("write how many levels: `in 7`")?));
            }
            other => after.push(other),
        }
    }
    if spacing == Spacing::Log && matches!(steps, Some(Steps::Of(_))) {
        return Err(
            "steps on a log scale are ratios; write a number of levels: `log in 7`".to_owned()
        );
    }
    let steps = steps.unwrap_or(Steps::Count(if from == to { 1 } else { LEVELS }));
    Ok(Range {
        before: words[..at].join(" "),
        after: after.join(" "),
        unit,
        from,
        to,
        spacing,
        steps,
    })
}

/// A number and its unit.
pub(crate) fn number(text: &str) -> Option<(f64, Unit)> {
    if let Ok(Duration(span)) = text.parse::<Duration>() {
        return Some((span.as_secs_f64(), Unit::Time));
    }
    let digits =
        text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    let value: f64 = text[..digits].parse().ok().filter(|value: &f64| value.is_finite())?;
    let unit = &text[digits..];
    let is_known = UNITS.contains(&unit);
    let is_whole = unit.is_empty() && !text.contains('.');
    is_known.then(|| (value, if is_whole { Unit::Whole } else { Unit::Other(unit.to_owned()) }))
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(choices) => {
                let shown: Vec<&str> = choices.iter().map(|choice| choice.shown.as_str()).collect();
                f.write_str(&shown.join(", "))
            }
            Self::Range(range) => {
                let plain = Range { before: String::new(), after: String::new(), ..range.clone() };
                let ends = [range.from, range.to].map(|end| plain.level(end).shown);
                let parts = [range.before.clone(), ends.join(".."), range.after.clone()];
                f.write_str(
                    &parts
                        .iter()
                        .filter(|part| !part.is_empty())
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(" "),
                )?;
                match range.steps {
                    Steps::Of(step) => write!(
                        f,
                        " step {}",
                        Range { from: step, to: step, ..plain }.level(step).shown
                    ),
                    Steps::Count(_) if range.spacing == Spacing::Log => f.write_str(" log"),
                    Steps::Count(_) => Ok(()),
                }
            }
        }
    }
}

impl Decode for Values {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        let choice = |node: &Node| match node.to_json() {
            serde_json::Value::String(text) => Choice::of_text(&text),
            other => Choice { shown: other.to_string(), setting: Some(other.to_string()) },
        };
        let values = match &found.node.value {
            Value::Text(text) => text.parse(),
            Value::List(items) => Self::listed(items.iter().map(choice).collect()),
            Value::Map(_) => {
                expected("values such as `20..200 step 20` or `[5s, 30s, 2m]`", found, problems);
                return None;
            }
            _ => Ok(Self::Listed(vec![choice(found.node)])),
        };
        match values {
            Ok(values) => Some(values),
            Err(message) => {
                problems.add(unreadable(&message, found));
                None
            }
        }
    }
}

/// Reads a text, a list, or one bare value, as in a scenario. A record that was serialized is read
/// back unchanged.
impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let of = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => Choice::of_text(text),
            other => Choice { shown: other.to_string(), setting: Some(other.to_string()) },
        };
        match &value {
            serde_json::Value::String(text) => text.parse().map_err(D::Error::custom),
            serde_json::Value::Array(items) => {
                Self::listed(items.iter().map(of).collect()).map_err(D::Error::custom)
            }
            serde_json::Value::Object(entries) => match entries.iter().next() {
                Some((kind, choices)) if kind == "listed" => {
                    let choices = serde_json::from_value(choices.clone());
                    Self::listed(choices.map_err(D::Error::custom)?).map_err(D::Error::custom)
                }
                Some((kind, range)) if kind == "range" => {
                    let range: Range =
                        serde_json::from_value(range.clone()).map_err(D::Error::custom)?;
                    range.check().map_err(D::Error::custom)?;
                    Ok(Self::Range(range))
                }
                _ => Err(D::Error::custom(
                    "not values; write some such as `20..200 step 20` or `[5s, 30s, 2m]`",
                )),
            },
            other => Ok(Self::Listed(vec![of(other)])),
        }
    }
}

/// As it is written in a scenario, or as a record of it is serialized.
impl JsonSchema for Values {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Values".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_serialize() {
            let (listed, range) =
                (generator.subschema_for::<Vec<Choice>>(), generator.subschema_for::<Range>());
            return json_schema!({
                "description": "One of several values, or anything between two ends.",
                "oneOf": [
                    { "type": "object", "required": ["listed"], "properties": { "listed": listed } },
                    { "type": "object", "required": ["range"], "properties": { "range": range } }
                ]
            });
        }
        json_schema!({
            "description": "values such as 20..200 step 20, 100ms..10s log, or a list",
            "anyOf": [
                { "type": "string", "examples": ["20..200 step 20", "100ms..10s log in 7", "poisson 100/s..600/s", "on, off"] },
                { "type": "array", "minItems": 1 },
                { "type": "number" }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        text.parse::<Values>()
            .expect("values")
            .levels()
            .into_iter()
            .map(|level| level.shown)
            .collect()
    }

    fn refused(text: &str) -> String {
        text.parse::<Values>().expect_err("no values")
    }

    #[test]
    fn lists_hold_switches_and_maps() {
        let values: Values = "on, off, { window: 10 calls, wait: 5s }".parse().expect("values");
        let settings: Vec<Option<String>> =
            values.levels().into_iter().map(|level| level.setting).collect();
        assert_eq!(
            settings,
            [None, Some("null".to_owned()), Some("{ window: 10 calls, wait: 5s }".to_owned())]
        );
        assert_eq!(shown("[5s, 30s, 2m]"), ["5s", "30s", "2m"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_could() {
        assert!(refused("200..20").contains("downwards"));
        assert!(refused("20ms..2").contains("different units"));
        assert!(refused("0s..10s log").contains("above zero"));
        assert!(refused("5s, 5s").contains("twice"));
        assert!(refused("10..20 step 1s").contains("another unit"));
        assert!(refused("a..b").contains("not a number"));
        assert!(refused("5s,,6s").contains("empty"));
    }

    #[test]
    fn records_are_read_back_as_they_were() {
        for text in ["20..200 step 20", "100ms..10s log in 4", "on, off"] {
            let values: Values = text.parse().expect("values");
            let json = serde_json::to_string(&values).expect("JSON");
            assert_eq!(serde_json::from_str::<Values>(&json).expect("a record"), values);
        }
    }
}
