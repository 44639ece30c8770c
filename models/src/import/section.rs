//! A map of a configuration, and which of its keys have been understood.

use std::cell::RefCell;

use serde_json::{Map, Value};
use sim_core::SimDuration;

/// A map whose keys are taken one by one; what nobody has taken is told in the end.
pub(super) struct Section<'a> {
    path: String,
    entries: Option<&'a Map<String, Value>>,
    taken: RefCell<Vec<String>>,
}

impl<'a> Section<'a> {
    pub fn new(value: Option<&'a Value>, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            entries: value.and_then(Value::as_object),
            taken: RefCell::default(),
        }
    }

    pub fn is_there(&self) -> bool {
        self.entries.is_some()
    }

    /// The value of a key, written in camel case, kebab case or snake case.
    pub fn take(&self, key: &str) -> Option<&'a Value> {
        self.take_as(key, Some)
    }

    /// What can be made of the value of a key. What nothing can be made of is not taken, and told
    /// in the end.
    fn take_as<T>(&self, key: &str, make: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let (name, value) = self.entries?.iter().find(|(name, _)| is_same_key(name, key))?;
        let made = make(value)?;
        self.taken.borrow_mut().push(name.clone());
        Some(made)
    }

    /// The section below a key.
    pub fn section(&self, key: &str) -> Section<'a> {
        let path =
            if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Section::new(self.take_as(key, |value| value.is_object().then_some(value)), &path)
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.take_as(key, |value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(is_set) => Some(is_set.to_string()),
            _ => None,
        })
    }

    /// A number, also one that is written as text, as in properties.
    pub fn number(&self, key: &str) -> Option<Value> {
        self.take_as(key, |value| match value {
            Value::Number(number) => Some(Value::Number(number.clone())),
            Value::String(text) => number_of(text),
            _ => None,
        })
    }

    pub fn is_set(&self, key: &str) -> Option<bool> {
        self.take_as(key, |value| match value {
            Value::Bool(is_set) => Some(*is_set),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// A duration in the words of a scenario; a bare number is so many milliseconds.
    pub fn duration(&self, key: &str) -> Option<Value> {
        self.take_as(key, duration_of).map(|span| span.to_string().into())
    }

    pub fn items(&self, key: &str) -> &'a [Value] {
        self.take(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.entries.into_iter().flatten()
    }

    /// A remark for each key that nobody has taken.
    pub fn remarks(&self) -> Vec<String> {
        let taken = self.taken.borrow();
        let left = self.entries().filter(|(name, _)| !taken.contains(name));
        left.map(|(name, value)| format!("{}.{name}: {}", self.path, shortened(value))).collect()
    }
}

fn is_same_key(written: &str, wanted: &str) -> bool {
    let letters = |key: &str| {
        key.chars()
            .filter(|c| *c != '-' && *c != '_')
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    written == wanted || letters(written) == letters(wanted)
}

fn number_of(text: &str) -> Option<Value> {
    let text = text.trim();
    text.parse::<u64>().map(Value::from).ok().or_else(|| text.parse::<f64>().ok().map(Value::from))
}

fn shortened(value: &Value) -> String {
    const LONGEST: usize = 80;
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = text.replace('\n', " ");
    if text.chars().count() > LONGEST {
        text.chars().take(LONGEST).collect::<String>() + " …"
    } else {
        text
    }
}

/// A duration as the formats write it: `10s`, `1m30s`, `0.25s`, `PT10S`, `00:00:30`, or
/// milliseconds.
pub(super) fn duration_of(value: &Value) -> Option<SimDuration> {
    let text = match value {
        Value::Number(millis) => {
            return millis.as_f64().map(|millis| SimDuration::from_nanos_f64(millis * 1e6));
        }
        Value::String(text) => text.trim(),
        _ => return None,
    };
    if let Ok(millis) = text.parse::<f64>() {
        return Some(SimDuration::from_nanos_f64(millis * 1e6));
    }
    if text.contains(':') {
        return time_span(text);
    }
    let iso = text.to_lowercase();
    units(iso.strip_prefix("pt").unwrap_or(&iso))
}

/// .NET's `[d.]hh:mm:ss[.fff]`.
fn time_span(text: &str) -> Option<SimDuration> {
    let parts: Vec<&str> = text.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else { return None };
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let number = |text: &str| text.parse::<f64>().ok();
    let seconds = ((number(days)? * 24.0 + number(hours)?) * 60.0 + number(minutes)?) * 60.0
        + number(seconds)?;
    Some(SimDuration::from_secs_f64(seconds))
}

/// Numbers with units, one after the other.
fn units(text: &str) -> Option<SimDuration> {
    let mut rest = text;
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let factor = match unit.trim() {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3_600e9,
            "d" => 86_400e9,
            _ => return None,
        };
        nanos += number.parse::<f64>().ok()? * factor;
        rest = tail;
    }
    (!text.is_empty()).then(|| SimDuration::from_nanos_f64(nanos))
}

/// A map of what is there.
pub(super) fn map<const N: usize>(entries: [(&str, Option<Value>); N]) -> Map<String, Value> {
    entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_read_in_every_form() {
        let cases = [
            (json!("10s"), "10s"),
            (json!("1m30s"), "90s"),
            (json!("0.25s"), "250ms"),
            (json!("PT0.5S"), "500ms"),
            (json!("PT1M"), "1m"),
            (json!("00:00:30"), "30s"),
            (json!("00:00:00.250"), "250ms"),
            (json!("1.00:00:00"), "24h"),
            (json!(500), "500ms"),
            (json!("500"), "500ms"),
        ];
        for (written, expected) in cases {
            assert_eq!(
                duration_of(&written).map(|span| span.to_string()).as_deref(),
                Some(expected),
                "{written}"
            );
        }
        assert_eq!(duration_of(&json!("soon")), None);
    }

    #[test]
    fn keys_are_found_in_every_spelling_and_what_is_left_is_told() {
        let value = json!({ "failure-rate-threshold": "50", "eventConsumerBufferSize": 10 });
        let section = Section::new(Some(&value), "a");
        assert_eq!(section.number("failureRateThreshold"), Some(json!(50)));
        assert_eq!(section.remarks(), ["a.eventConsumerBufferSize: 10"]);
        let value = json!({ "slidingWindowSize": "many", "waitDuration": "soon" });
        let section = Section::new(Some(&value), "a");
        assert_eq!(
            (section.number("slidingWindowSize"), section.duration("waitDuration")),
            (None, None)
        );
        assert_eq!(section.remarks().len(), 2, "what nothing can be made of is not lost");
    }
}
