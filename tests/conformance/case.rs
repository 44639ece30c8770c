//! One recording: its configuration and its rows.

use serde_json::{Map, Value};
use sim_core::{SimDuration, SimTime};

use super::presets;

/// Columns with what was done; all others hold what the library answered.
const INPUTS: [&str; 8] =
    ["at_ms", "op", "call", "duration_ms", "outcome", "rtt_ns", "inflight", "dropped"];
/// The tolerance within which rates are compared.
const TOLERANCE: f64 = 1e-3;

pub struct Case {
    name: String,
    pub library: String,
    pub config: Config,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// The library's settings, under its own names.
pub struct Config(Map<String, Value>);

/// One row: an operation and the answer to it.
pub struct Row<'a> {
    columns: &'a [String],
    values: &'a [Value],
}

/// The answer of a preset, by column; columns that are left out are empty.
pub type Answer = Vec<(&'static str, Value)>;

/// A preset that is being replayed.
pub trait Preset {
    fn answer(&mut self, row: &Row<'_>) -> Answer;
}

impl Case {
    pub fn read(line: &str) -> Self {
        let mut case: Map<String, Value> = serde_json::from_str(line).expect("a recording is JSON");
        let mut take =
            |key: &str| case.remove(key).unwrap_or_else(|| panic!("a recording has `{key}`"));
        let text = |value: Value| value.as_str().expect("a text").to_owned();
        let list = |value: Value| {
            if let Value::Array(items) = value { items } else { panic!("a list is expected") }
        };
        let Value::Object(config) = take("config") else { panic!("the configuration is a map") };
        Self {
            name: text(take("case")),
            library: text(take("library")),
            config: Config(config),
            columns: list(take("columns")).into_iter().map(text).collect(),
            rows: list(take("rows")).into_iter().map(list).collect(),
        }
    }

    /// The number of rows if all of them agree, or the first that does not.
    pub fn replay(&self) -> Result<usize, String> {
        let mut preset = presets::build(self);
        for (number, values) in self.rows.iter().enumerate() {
            let row = Row { columns: &self.columns, values };
            let answer = preset.answer(&row);
            let answered = |column: &str| {
                answer
                    .iter()
                    .find(|(name, _)| *name == column)
                    .map_or(&Value::Null, |(_, value)| value)
            };
            let differs = |column: &&String| {
                !INPUTS.contains(&column.as_str()) && !is_same(row.get(column), answered(column))
            };
            if let Some(column) = self.columns.iter().find(differs) {
                return Err(format!(
                    "{}, row {number}, {}: expected {column} {}, got {}\n  row: {}\n  got: {answer:?}",
                    self.name,
                    Value::Object(self.config.0.clone()),
                    row.get(column),
                    answered(column),
                    Value::Array(values.clone()),
                ));
            }
        }
        Ok(self.rows.len())
    }
}

fn is_same(expected: &Value, got: &Value) -> bool {
    match (expected.as_f64(), got.as_f64()) {
        (Some(expected), Some(got)) => (expected - got).abs() < TOLERANCE,
        _ => expected == got,
    }
}

impl Config {
    pub fn number(&self, key: &str) -> f64 {
        self.0[key].as_f64().unwrap_or_else(|| panic!("{key} is a number"))
    }

    pub fn count(&self, key: &str) -> u32 {
        self.number(key) as u32
    }

    pub fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_else(|| panic!("{key} is a text"))
    }

    pub fn flag(&self, key: &str) -> bool {
        self.0[key].as_bool().unwrap_or_else(|| panic!("{key} is true or false"))
    }

    pub fn millis(&self, key: &str) -> SimDuration {
        SimDuration::from_nanos_f64(self.number(key) * 1e6)
    }

    pub fn seconds(&self, key: &str) -> SimDuration {
        SimDuration::from_nanos_f64(self.number(key) * 1e9)
    }
}

impl Row<'_> {
    pub fn get(&self, column: &str) -> &Value {
        self.columns
            .iter()
            .position(|name| name == column)
            .map_or(&Value::Null, |index| &self.values[index])
    }

    pub fn at(&self) -> SimTime {
        SimTime::ZERO
            + SimDuration::from_nanos_f64(self.get("at_ms").as_f64().expect("a time") * 1e6)
    }

    pub fn op(&self) -> &str {
        self.get("op").as_str().expect("an operation")
    }

    pub fn call(&self) -> u64 {
        self.get("call").as_u64().expect("a call")
    }

    pub fn elapsed(&self) -> SimDuration {
        SimDuration::from_nanos_f64(self.get("duration_ms").as_f64().expect("a duration") * 1e6)
    }

    pub fn outcome(&self) -> &str {
        self.get("outcome").as_str().expect("an outcome")
    }

    pub fn is_failure(&self) -> bool {
        matches!(self.outcome(), "failure" | "timeout")
    }
}
