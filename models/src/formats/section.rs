//! A map of a configuration that knows which of its keys have been read.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::{Remark, durations};

/// A map whose keys are taken one by one, by any spelling: camel case, kebab case or snake case.
///
/// A value of the wrong kind is not taken. [`Section::remarks`] lists the keys that are left in the
/// end.
pub(super) struct Section<'a> {
    path: String,
    entries: Option<&'a Map<String, Value>>,
    taken: RefCell<Vec<String>>,
}

impl<'a> Section<'a> {
    /// The map at a path. If the value is absent or no map, the section is not there.
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

    /// Any value.
    pub fn take(&self, key: &str) -> Option<&'a Value> {
        self.take_as(key, Some)
    }

    /// The section below a key.
    pub fn section(&self, key: &str) -> Section<'a> {
        let value = self.take_as(key, |value| value.is_object().then_some(value));
        Section::new(value, &self.path_to(key))
    }

    /// A text; numbers and truth values count as such.
    pub fn text(&self, key: &str) -> Option<String> {
        self.take_as(key, |value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(is_set) => Some(is_set.to_string()),
            _ => None,
        })
    }

    /// A number, which may be written as text: properties have nothing else.
    pub fn number(&self, key: &str) -> Option<Value> {
        self.take_as(key, |value| match value {
            Value::Number(number) => Some(Value::Number(number.clone())),
            Value::String(text) => number_of(text),
            _ => None,
        })
    }

    /// True or false, which may be written as text.
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.take_as(key, |value| match value {
            Value::Bool(is_set) => Some(*is_set),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// A duration in the words of a scenario.
    pub fn duration(&self, key: &str) -> Option<Value> {
        self.take_as(key, durations::parse).map(|span| span.to_string().into())
    }

    /// The items of a list.
    pub fn items(&self, key: &str) -> &'a [Value] {
        self.take(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// All entries, taken or not.
    pub fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.entries.into_iter().flatten()
    }

    /// A remark for each key that nobody has taken.
    pub fn remarks(&self) -> Vec<Remark> {
        let taken = self.taken.borrow();
        let left = self.entries().filter(|(name, _)| !taken.contains(name));
        left.map(|(name, value)| Remark::new(self.path_to(name), shortened(value))).collect()
    }

    fn take_as<T>(&self, key: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let (name, value) = self.entries?.iter().find(|(name, _)| is_same_key(name, key))?;
        let read = read(value)?;
        self.taken.borrow_mut().push(name.clone());
        Some(read)
    }

    fn path_to(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_found_in_every_spelling_and_those_left_have_a_remark() {
        let value = json!({ "failure-rate-threshold": "50", "eventConsumerBufferSize": 10 });
        let section = Section::new(Some(&value), "a");
        assert_eq!(section.number("failureRateThreshold"), Some(json!(50)));
        assert_eq!(section.remarks(), [Remark::new("a.eventConsumerBufferSize", "10")]);
    }

    #[test]
    fn values_that_cannot_be_read_are_not_lost() {
        let value = json!({ "slidingWindowSize": "many", "waitDuration": "soon" });
        let section = Section::new(Some(&value), "a");
        assert_eq!(
            (section.number("slidingWindowSize"), section.duration("waitDuration")),
            (None, None)
        );
        assert_eq!(section.remarks().len(), 2);
    }
}
