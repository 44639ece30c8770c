//! Values on their way from a configuration into a scenario.

use std::sync::Arc;

use serde_json::Value;

use super::durations::{LONGEST, Length};
use crate::scenario::Location;

/// A value for a scenario, with the values of the configuration that it was made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Carried {
    content: Content,
    origins: Vec<Arc<Origin>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Plain(Value),
    Map(Vec<(String, Carried)>),
}

/// A value of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Origin {
    /// Its path.
    pub about: String,
    /// The value as it is written.
    pub written: String,
    pub at: Option<Location>,
    /// The duration that it is, if a scenario has none as long.
    pub beyond: Option<Length>,
}

impl<T: Into<Value>> From<T> for Carried {
    fn from(value: T) -> Self {
        Self { content: Content::Plain(value.into()), origins: Vec::new() }
    }
}

impl Carried {
    /// A map of the entries that have a value.
    pub fn map<const N: usize>(entries: [(&str, Option<Self>); N]) -> Self {
        entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    /// The same, made of these values as well.
    pub fn made_of(mut self, origins: impl IntoIterator<Item = Arc<Origin>>) -> Self {
        self.origins.extend(origins);
        self
    }

    /// The same in other words.
    pub fn reworded<T: Into<Value>>(self, words: impl FnOnce(&Value) -> T) -> Self {
        let content = Content::Plain(words(&self.value()).into());
        Self { content, ..self }
    }

    /// Sets an entry of a map, in the place of an earlier one with this key.
    pub fn insert(&mut self, key: &str, value: impl Into<Self>) {
        let Content::Map(entries) = &mut self.content else { return };
        match entries.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = value.into(),
            None => entries.push((key.to_owned(), value.into())),
        }
    }

    /// True if it is a map with this key.
    pub fn has(&self, key: &str) -> bool {
        self.entries().iter().any(|(known, _)| known == key)
    }

    /// The value, unless it is a map without entries.
    pub fn unless_empty(self) -> Option<Self> {
        (!matches!(&self.content, Content::Map(entries) if entries.is_empty())).then_some(self)
    }

    /// Adds the entries of another map, or takes its place if one of them is none.
    pub fn merge(&mut self, other: Self) {
        match other.content {
            Content::Map(entries) if matches!(self.content, Content::Map(_)) => {
                for (key, value) in entries {
                    self.insert(&key, value);
                }
            }
            _ => *self = other,
        }
    }

    /// The value for the scenario.
    pub fn value(&self) -> Value {
        match &self.content {
            Content::Plain(value) => value.clone(),
            Content::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.clone(), value.value()));
                Value::Object(entries.collect())
            }
        }
    }

    /// The entries of a map; none of any other value.
    pub fn entries(&self) -> &[(String, Self)] {
        match &self.content {
            Content::Map(entries) => entries,
            Content::Plain(_) => &[],
        }
    }

    /// The values that it and everything in it were made of, each once.
    pub fn origins(&self) -> Vec<Arc<Origin>> {
        let inner = self.entries().iter().flat_map(|(_, value)| value.origins());
        let mut all: Vec<Arc<Origin>> = Vec::new();
        for origin in self.origins.iter().cloned().chain(inner) {
            if !all.contains(&origin) {
                all.push(origin);
            }
        }
        all
    }

    /// The paths of the values in a map at a path that were made of one of the configuration.
    fn paths_within(&self, path: &[String]) -> Vec<Vec<String>> {
        let inner = |(key, value): &(String, Self)| {
            let path = [path, std::slice::from_ref(key)].concat();
            let own = (!value.origins.is_empty()).then(|| path.clone());
            own.into_iter().chain(value.paths_within(&path)).collect::<Vec<_>>()
        };
        self.entries().iter().flat_map(inner).collect()
    }

    /// The value at a path, as far as the path leads.
    pub fn follow(&self, path: &[String]) -> &Self {
        let Some((first, rest)) = path.split_first() else { return self };
        let inner = self.entries().iter().find(|(key, _)| key == first);
        inner.map_or(self, |(_, value)| value.follow(rest))
    }

    /// Takes out the value at a path, which is not empty.
    pub fn remove(&mut self, path: &[String]) -> Option<Self> {
        let Content::Map(entries) = &mut self.content else { return None };
        let (first, rest) = path.split_first()?;
        let place = entries.iter().position(|(key, _)| key == first)?;
        match rest {
            [] => Some(entries.remove(place).1),
            rest => entries[place].1.remove(rest),
        }
    }

    /// Puts the longest time of a scenario in place of each longer one in the value at a path, and returns where these
    /// come from.
    pub fn shorten(&mut self, path: &[String]) -> Vec<Arc<Origin>> {
        match (&mut self.content, path.split_first()) {
            (Content::Map(entries), Some((first, rest))) => {
                let inner = entries.iter_mut().find(|(key, _)| key == first);
                inner.map(|(_, value)| value.shorten(rest)).unwrap_or_default()
            }
            (Content::Plain(Value::String(text)), None) => {
                let is_in = |length: Length| text.contains(&length.to_string());
                let beyond = self.origins.iter().filter(|it| it.beyond.is_some_and(is_in));
                let beyond: Vec<Arc<Origin>> = beyond.cloned().collect();
                for length in beyond.iter().filter_map(|origin| origin.beyond) {
                    *text = text.replace(&length.to_string(), &LONGEST.to_string());
                }
                beyond
            }
            _ => Vec::new(),
        }
    }
}

impl FromIterator<(String, Carried)> for Carried {
    fn from_iter<I: IntoIterator<Item = (String, Carried)>>(entries: I) -> Self {
        Self { content: Content::Map(entries.into_iter().collect()), origins: Vec::new() }
    }
}

/// The settings of a call, or of the service that makes the calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CarriedSettings {
    /// The settings, in order.
    pub settings: Vec<(&'static str, Carried)>,
    /// The guards of a call, the outermost first.
    pub guards: Vec<(&'static str, Carried)>,
}

/// The key under which a call has its guards.
const GUARDS: &str = "guards";

impl CarriedSettings {
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.guards.is_empty()
    }

    /// Sets a setting, in place of an earlier one of the same name.
    pub fn set(&mut self, key: &'static str, value: Carried) {
        self.settings.retain(|(known, _)| *known != key);
        self.settings.push((key, value));
    }

    /// A setting that has been set.
    pub fn setting(&self, key: &str) -> Option<&Carried> {
        self.settings.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// The values at the paths that a scenario has for them.
    pub fn values(&self) -> impl Iterator<Item = (Vec<String>, &Carried)> {
        let settings = self.settings.iter().map(|(key, value)| (vec![(*key).to_owned()], value));
        let guards = self.guards.iter().enumerate().map(|(index, (key, value))| {
            (vec![GUARDS.to_owned(), index.to_string(), (*key).to_owned()], value)
        });
        settings.chain(guards)
    }

    /// The setting or guard that a path leads into, with the rest of the path.
    fn entry_of<'p>(&self, path: &'p [String]) -> Option<(Entry, &'p [String])> {
        match path {
            [guards, index, rest @ ..] if guards == GUARDS => {
                let index = index.parse().ok().filter(|index| *index < self.guards.len())?;
                Some((Entry::Guard(index), rest.get(1..).unwrap_or_default()))
            }
            [key, rest @ ..] => {
                let index = self.settings.iter().position(|(known, _)| known == key)?;
                Some((Entry::Setting(index), rest))
            }
            [] => None,
        }
    }

    fn at(&self, entry: Entry) -> &(&'static str, Carried) {
        match entry {
            Entry::Setting(index) => &self.settings[index],
            Entry::Guard(index) => &self.guards[index],
        }
    }

    fn at_mut(&mut self, entry: Entry) -> &mut (&'static str, Carried) {
        match entry {
            Entry::Setting(index) => &mut self.settings[index],
            Entry::Guard(index) => &mut self.guards[index],
        }
    }

    /// The place in the configuration of the value at a path, or of what is nearest to it.
    pub fn place(&self, path: &[String]) -> Option<Location> {
        let (entry, rest) = self.entry_of(path)?;
        let whole = &self.at(entry).1;
        let nearest = [whole.follow(rest), whole].map(Carried::origins);
        nearest.iter().flatten().find_map(|origin| origin.at)
    }

    /// The name of the setting or guard that a path leads into.
    pub fn name(&self, path: &[String]) -> Option<&'static str> {
        let (entry, _) = self.entry_of(path)?;
        Some(self.at(entry).0)
    }

    /// The values that the one at a path was made of.
    pub fn origins(&self, path: &[String]) -> Vec<Arc<Origin>> {
        let found = self.entry_of(path);
        found.map(|(entry, rest)| self.at(entry).1.follow(rest).origins()).unwrap_or_default()
    }

    /// The paths of the values of the configuration within the map at a path.
    pub fn paths_within(&self, path: &[String]) -> Vec<Vec<String>> {
        let found = self.entry_of(path);
        let map = found.map(|(entry, rest)| self.at(entry).1.follow(rest));
        map.map(|map| map.paths_within(path)).unwrap_or_default()
    }

    /// Takes out the value at a path; the whole setting or guard if the path leads no further.
    pub fn remove(&mut self, path: &[String]) -> Option<Carried> {
        let (entry, rest) = self.entry_of(path)?;
        match (entry, rest) {
            (Entry::Setting(index), []) => Some(self.settings.remove(index).1),
            (Entry::Guard(index), []) => Some(self.guards.remove(index).1),
            (entry, rest) => self.at_mut(entry).1.remove(rest),
        }
    }

    /// Takes out the setting or guard that a path leads into.
    pub fn remove_whole(&mut self, path: &[String]) -> Option<Carried> {
        match self.entry_of(path)?.0 {
            Entry::Setting(index) => Some(self.settings.remove(index).1),
            Entry::Guard(index) => Some(self.guards.remove(index).1),
        }
    }

    /// Puts the longest time of a scenario in place of each longer one at a path, as [`Carried::shorten`] does.
    pub fn shorten(&mut self, path: &[String]) -> Vec<Arc<Origin>> {
        let Some((entry, rest)) = self.entry_of(path) else { return Vec::new() };
        self.at_mut(entry).1.shorten(rest)
    }
}

/// The place of a setting or of a guard.
#[derive(Clone, Copy)]
enum Entry {
    Setting(usize),
    Guard(usize),
}
