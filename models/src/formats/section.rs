//! A map of a configuration whose keys are read one by one.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::carried::{Carried, Origin};
use super::configuration::{Configuration, below, in_one_line};
use super::durations::{DurationForm, Length};
use crate::scenario::Location;

/// A map whose keys are read by any spelling: camel case, kebab case or snake case.
///
/// A value of the wrong kind is not read. The [`Configuration`] knows in the end what has not been.
#[derive(Clone)]
pub(super) struct Section<'a> {
    path: String,
    entries: Option<&'a Map<String, Value>>,
    configuration: &'a Configuration<'a>,
}

impl<'a> Section<'a> {
    /// The map at a path. If the value is absent or no map, the section is not there.
    pub fn new(value: Option<&'a Value>, path: &str, configuration: &'a Configuration<'a>) -> Self {
        let entries = value.and_then(Value::as_object);
        Self { path: path.to_owned(), entries, configuration }
    }

    pub fn is_there(&self) -> bool {
        self.entries.is_some()
    }

    /// Notes that it has an effect by being there, even if nothing of it is read.
    pub fn note_opened(&self) {
        if self.is_there() {
            self.configuration.note_opened(&self.path);
        }
    }

    /// The map as it is written; it stays unread.
    pub fn written(&self) -> Option<Value> {
        self.entries.cloned().map(Value::Object)
    }

    /// Its path in the document.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Notes that what nobody reads of it belongs to the call of this number.
    pub fn belongs_to(&self, call: usize) {
        self.configuration.note_owner(&self.path, call);
    }

    /// The place of the value of a key, or else its own.
    pub fn place(&self, key: &str) -> Option<Location> {
        let path = self.find(key).map_or_else(|| self.path.clone(), |(name, _)| self.path_to(name));
        self.configuration.place(&path)
    }

    /// A key as it is written.
    pub fn spelling<'k>(&self, key: &'k str) -> &'k str
    where
        'a: 'k,
    {
        self.find(key).map_or(key, |(name, _)| name)
    }

    /// True if it has a key.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Any value, which counts as read with everything below it.
    pub fn take(&self, key: &str) -> Option<&'a Value> {
        self.take_as(key, Some)
    }

    /// A value that stays unread.
    pub fn peek(&self, key: &str) -> Option<&'a Value> {
        self.find(key).map(|(_, value)| value)
    }

    /// The section below a key.
    pub fn section(&self, key: &str) -> Section<'a> {
        let found = self.find(key);
        let path = self.path_to(found.map_or(key, |(name, _)| name));
        Section::new(found.map(|(_, value)| value), &path, self.configuration)
    }

    /// The sections of a list of maps; items that are no maps are left.
    pub fn sections(&self, key: &str) -> Vec<Section<'a>> {
        let Some((name, Value::Array(items))) = self.find(key) else { return Vec::new() };
        let path = self.path_to(name);
        let section = |(index, item): (usize, &'a Value)| {
            let section = Section::new(Some(item), &format!("{path}[{index}]"), self.configuration);
            section.is_there().then_some(section)
        };
        items.iter().enumerate().filter_map(section).collect()
    }

    /// The sections below all keys, with their names; values that are no maps are left.
    pub fn named(&self) -> Vec<(&'a str, Section<'a>)> {
        let names = self.entries.into_iter().flatten();
        let section = |(name, value): (&'a String, &'a Value)| {
            let section = Section::new(Some(value), &self.path_to(name), self.configuration);
            section.is_there().then_some((name.as_str(), section))
        };
        names.filter_map(section).collect()
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

    /// A whole number from zero to 2^32 - 1, which may be written as text: properties have nothing else.
    pub fn count(&self, key: &str) -> Option<u32> {
        self.take_as(key, |value| match value {
            Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// The same for a scenario.
    pub fn limit(&self, key: &str) -> Option<Carried> {
        let count = self.count(key)?;
        Some(Carried::from(count).made_of(self.origin(key)))
    }

    /// True or false, which may be written as text, and in other words as well (`StringToBooleanConverter` of Spring).
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.take_as(key, |value| match value {
            Value::Bool(is_set) => Some(*is_set),
            Value::String(text) => match text.trim().to_lowercase().as_str() {
                "true" | "on" | "yes" | "1" => Some(true),
                "false" | "off" | "no" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        })
    }

    /// A duration in the words of a scenario.
    pub fn duration(&self, key: &str) -> Option<Carried> {
        self.carry(key, |value| Some(self.duration_form().parse(value)?.to_string()))
    }

    /// A duration.
    pub fn span(&self, key: &str) -> Option<Length> {
        self.take_as(key, |value| self.duration_form().parse(value))
    }

    /// A duration that stays unread.
    pub fn peek_span(&self, key: &str) -> Option<Length> {
        self.peek(key).and_then(|value| self.duration_form().parse(value))
    }

    /// The form in which its durations are written.
    pub fn duration_form(&self) -> DurationForm {
        self.configuration.duration_form()
    }

    /// A duration above zero in the words of a scenario.
    pub fn lasting(&self, key: &str) -> Option<Carried> {
        let above_zero = |value| self.duration_form().parse(value).filter(|span| !span.is_zero());
        self.carry(key, |value| Some(above_zero(value)?.to_string()))
    }

    /// True if a duration is written as zero.
    pub fn is_zero(&self, key: &str) -> bool {
        self.peek_span(key).is_some_and(Length::is_zero)
    }

    /// A whole number of per cent, up to 100.
    pub fn percentage(&self, key: &str) -> Option<Carried> {
        self.carry(key, |value| value.as_u64().filter(|percent| *percent <= 100))
    }

    /// A number of per cent, up to 100, with or without a fraction.
    pub fn share(&self, key: &str) -> Option<Carried> {
        self.carry(key, |value| {
            value.as_f64().filter(|percent| (0.0..=100.0).contains(percent)).map(|_| value.clone())
        })
    }

    /// A value that a function makes of what is written; it is left if there is none.
    pub fn take_as<T>(&self, key: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let (name, value) = self.find(key)?;
        let read = read(value)?;
        self.configuration.note_read(&self.path_to(name));
        Some(read)
    }

    /// A value for a scenario that a function makes of what is written; it is left if there is none.
    pub fn carry<T: Into<Value>>(
        &self,
        key: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<Carried> {
        let value = self.take_as(key, read)?.into();
        Some(Carried::from(value).made_of(self.origin(key)))
    }

    /// The value of a key, for what is made of it.
    pub fn origin(&self, key: &str) -> Option<Arc<Origin>> {
        let (name, value) = self.find(key)?;
        let length = self.duration_form().parse(value);
        Some(Arc::new(Origin {
            about: self.path_to(name),
            written: in_one_line(value),
            at: self.place(key),
            beyond: length.filter(|length| length.within().is_none()),
        }))
    }

    fn find(&self, key: &str) -> Option<(&'a str, &'a Value)> {
        self.configuration.note_asked(self.path_to(key));
        let entry = self.entries?.iter().find(|(name, _)| is_same_key(name, key))?;
        Some((entry.0, entry.1))
    }

    fn path_to(&self, key: &str) -> String {
        below(&self.path, key)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_found_in_every_spelling() {
        let value = json!({ "failure-rate-threshold": "50", "SLIDING_WINDOW_SIZE": 10, "eventConsumerBufferSize": 1 });
        let configuration = Configuration::new(&value);
        let section = configuration.root();
        assert_eq!(section.count("failureRateThreshold"), Some(50));
        assert_eq!(section.count("slidingWindowSize"), Some(10));
        assert_eq!(configuration.unread().len(), 1);
    }
}
