//! The values that a setting can take.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use sim_core::SimDuration;

use crate::language::quantity::Duration;
use crate::language::tree::{Node, Value};
use crate::language::{Decode, Found, Problems, expected, unreadable};

/// Default number of levels of a range.
const LEVELS: u32 = 5;
/// Most levels; a range with more is surely a mistake.
const MOST_LEVELS: f64 = 1e6;

/// The values that a setting can take: `20..200 step 20`, `100ms..10s log`, `5s, 30s, 2m`, `[on,
/// off]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Values {
    /// One of these.
    Listed(Vec<Choice>),
    /// Anything between two ends.
    Range(Range),
}

/// One of several values that have no order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The name that reports give it.
    pub shown: String,
    /// The value to set, as YAML; `None` keeps the value in the file.
    pub setting: Option<String>,
}

/// Numbers between two ends, inside a text if they are written in one: `poisson 100/s..600/s`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The words before the number.
    pub before: String,
    /// The words after it.
    pub after: String,
    /// The unit of the number.
    pub unit: Unit,
    /// The lower end, in seconds for times.
    pub from: f64,
    /// The upper end.
    pub to: f64,
    /// The spacing of the steps.
    pub spacing: Spacing,
    /// The levels in a grid.
    pub steps: Steps,
}

/// The unit of the numbers of a range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Whole numbers.
    Whole,
    /// Spans of time, as seconds.
    Time,
    /// Numbers with this suffix: `%`, `x`, `/s`, or none.
    Other(String),
}

/// The spacing of steps: equal differences or equal ratios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spacing {
    /// Equal differences.
    Linear,
    /// Equal ratios.
    Log,
}

/// The levels of a range in a grid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Steps {
    /// From the lower end on, this far apart.
    Of(f64),
    /// This many, both ends included.
    Count(u32),
}

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The name that reports give it.
    pub shown: String,
    /// The value to set, as YAML; `None` keeps the value in the file.
    pub setting: Option<String>,
    /// Its position: the number of a range, the index in a list.
    pub number: f64,
}

impl Values {
    /// The levels that a grid combines, in order.
    pub fn levels(&self) -> Vec<Level> {
        match self {
            Self::Listed(choices) => {
                choices.iter().enumerate().map(|(place, choice)| choice.level(place)).collect()
            }
            Self::Range(range) => {
                let mut levels = Vec::new();
                for number in range.numbers() {
                    let level = range.level(number);
                    if levels.last() != Some(&level) {
                        levels.push(level);
                    }
                }
                levels
            }
        }
    }

    /// The value at a share of the way, from 0 to 1.
    pub fn at(&self, share: f64) -> Level {
        match self {
            Self::Listed(choices) => {
                let place = ((share * choices.len() as f64) as usize).min(choices.len() - 1);
                choices[place].level(place)
            }
            Self::Range(range) => range.level(range.number_at(share)),
        }
    }

    /// The position of a value between the ends, from 0 to 1; for a value of a list, the middle of
    /// its part.
    pub fn share_of(&self, number: f64) -> f64 {
        match self {
            Self::Listed(choices) => (number + 0.5) / choices.len() as f64,
            Self::Range(range) if range.from == range.to => 0.5,
            Self::Range(Range { from, to, spacing: Spacing::Linear, .. }) => {
                (number - from) / (to - from)
            }
            Self::Range(Range { from, to, spacing: Spacing::Log, .. }) => {
                libm::log(number / from) / libm::log(to / from)
            }
        }
    }

    /// The position of a value that is written as `text`: the number of a range, the index in a
    /// list. `None` if it is not one of the values.
    pub fn number_of(&self, text: &str) -> Option<f64> {
        match self {
            Self::Listed(choices) => {
                let is_it = |choice: &Choice| {
                    choice.setting.as_deref() == Some(text) || choice.shown == text
                };
                choices.iter().position(is_it).map(|place| place as f64)
            }
            Self::Range(range) => {
                let inner = text
                    .strip_prefix(range.before.as_str())?
                    .trim()
                    .strip_suffix(range.after.as_str())?
                    .trim();
                let (number, unit) = number(inner)?;
                let fits = unit == range.unit
                    || matches!((&unit, &range.unit), (Unit::Whole, Unit::Other(_)));
                fits.then_some(number)
            }
        }
    }

    /// All its values, if they are whole numbers and few.
    pub fn few(&self, most: usize) -> Option<Vec<Level>> {
        match self {
            Self::Range(range)
                if range.unit == Unit::Whole && range.to - range.from < most as f64 =>
            {
                Some(
                    (range.from as i64..=range.to as i64)
                        .map(|number| range.level(number as f64))
                        .collect(),
                )
            }
            _ => None,
        }
    }

    /// True if its values are numbers with an order.
    pub fn is_range(&self) -> bool {
        matches!(self, Self::Range(_))
    }
}

impl Choice {
    fn level(&self, place: usize) -> Level {
        Level { shown: self.shown.clone(), setting: self.setting.clone(), number: place as f64 }
    }

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

impl Range {
    fn numbers(&self) -> Vec<f64> {
        match self.steps {
            Steps::Of(step) => {
                // A hair beyond the end, so that rounding does not cost the last level.
                let count = libm::floor((self.to - self.from) / step + 1e-9) as u64;
                (0..=count).map(|number| self.from + step * number as f64).collect()
            }
            Steps::Count(1) => vec![self.from],
            Steps::Count(count) => {
                let share = |number: u32| f64::from(number) / f64::from(count - 1);
                (0..count).map(|number| self.between(share(number))).collect()
            }
        }
    }

    /// The number at a share of the way between the ends.
    fn between(&self, share: f64) -> f64 {
        match self.spacing {
            Spacing::Linear => self.from + (self.to - self.from) * share,
            Spacing::Log => self.from * libm::pow(self.to / self.from, share),
        }
    }

    /// The number at a share of the way; each of several whole numbers has an equal part of it.
    fn number_at(&self, share: f64) -> f64 {
        let share = share.clamp(0.0, 1.0);
        if self.unit == Unit::Whole && self.spacing == Spacing::Linear {
            return (self.from + libm::floor((self.to - self.from + 1.0) * share)).min(self.to);
        }
        self.between(share)
    }

    /// The value nearest to a number that can be written in few digits.
    pub fn level(&self, number: f64) -> Level {
        let number = number.clamp(self.from, self.to);
        let (number, text) = match &self.unit {
            Unit::Whole => {
                let whole = libm::round(number);
                (whole, format!("{whole}"))
            }
            Unit::Time => {
                let span = SimDuration::from_nanos_f64(libm::round(shortened(number * 1e9)));
                (span.as_secs_f64(), span.to_string())
            }
            Unit::Other(unit) => {
                let short = shortened(number);
                (short, format!("{short}{unit}"))
            }
        };
        let parts = [self.before.as_str(), text.as_str(), self.after.as_str()];
        let shown = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Level { setting: Some(shown.clone()), shown, number }
    }
}

/// Rounds to three significant digits: settings that people would write, and that are the same on
/// every machine.
fn shortened(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
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
                if (to - from) / step > MOST_LEVELS {
                    return Err(format!("`{text}` has more than a million levels"));
                }
                steps = Some(Steps::Of(step));
            }
            "in" => {
                let count = rest.next().copied().unwrap_or_default();
                let count = count.parse().ok().filter(|count| (1..=1_000_000).contains(count));
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
    let is_known = ["", "%", "x", "/s", "/m", "/h", "B", "KB", "MB", "GB"].contains(&unit);
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
                    serde_json::from_value(choices.clone())
                        .map(Self::Listed)
                        .map_err(D::Error::custom)
                }
                Some((kind, range)) if kind == "range" => {
                    serde_json::from_value(range.clone()).map(Self::Range).map_err(D::Error::custom)
                }
                _ => Err(D::Error::custom(
                    "not values; write some such as `20..200 step 20` or `[5s, 30s, 2m]`",
                )),
            },
            other => Ok(Self::Listed(vec![of(other)])),
        }
    }
}

impl JsonSchema for Values {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Values".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
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
    fn ranges_have_the_levels_that_are_written() {
        assert_eq!(shown("20..60 step 20"), ["20", "40", "60"]);
        assert_eq!(shown("10..20 step 3"), ["10", "13", "16", "19"]);
        assert_eq!(shown("100ms..10s log in 3"), ["100ms", "1s", "10s"]);
        assert_eq!(shown("10%..90% in 3"), ["10%", "50%", "90%"]);
        assert_eq!(
            shown("poisson 100/s..300/s step 100/s"),
            ["poisson 100/s", "poisson 200/s", "poisson 300/s"]
        );
        assert_eq!(
            shown("lognormal mean 5ms..10ms p99 40ms in 2"),
            ["lognormal mean 5ms p99 40ms", "lognormal mean 10ms p99 40ms"]
        );
        assert_eq!(shown("1..3"), ["1", "2", "3"], "five levels of three whole numbers");
        assert_eq!(shown("0.1..0.3 step 0.1"), ["0.1", "0.2", "0.3"]);
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
    fn a_share_of_the_way_and_back() {
        for text in ["20..200", "100ms..10s log", "poisson 1/s..9/s"] {
            let values: Values = text.parse().expect("values");
            for share in [0.0, 0.3, 1.0] {
                assert!(
                    (values.share_of(values.at(share).number) - share).abs() < 0.01,
                    "{text} at {share}"
                );
            }
        }
    }

    #[test]
    fn what_is_written_now_has_its_place_among_the_values() {
        let number_of =
            |values: &str, now: &str| values.parse::<Values>().expect("values").number_of(now);
        assert_eq!(number_of("20..200", "40"), Some(40.0));
        assert_eq!(number_of("100ms..10s log", "1500ms"), Some(1.5));
        assert_eq!(number_of("poisson 100/s..600/s", "poisson 300/s"), Some(300.0));
        assert_eq!(number_of("10%..90%", "50%"), Some(50.0));
        assert_eq!(number_of("round robin, random", "random"), Some(1.0));
        assert_eq!(number_of("20..200", "many"), None);
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
