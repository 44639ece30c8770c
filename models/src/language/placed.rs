//! Values that remember where they were written.

use std::borrow::Cow;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::problem::{Location, Problems};
use super::section::{Entries, Form, Part};
use super::{Decode, Found};

/// A value with the place of its text and of the key that leads to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<T> {
    value: T,
    value_location: Location,
    key_location: Location,
    has_all: bool,
}

impl<T> Placed<T> {
    /// A value whose key and text are at the same place.
    pub fn new(value: T, at: Location) -> Self {
        Self { value, value_location: at, key_location: at, has_all: true }
    }

    /// The place where the value is written; its beginning, for lists and maps.
    pub fn at(&self) -> Location {
        self.value_location
    }

    /// The place of the key that leads to the value; the value itself for items of lists.
    pub fn key(&self) -> Location {
        self.key_location
    }

    /// True if every part of the value could be read, so that a part that is missing was not
    /// written.
    pub fn is_whole(&self) -> bool {
        self.has_all
    }

    /// Another value at the same place.
    pub fn with<U>(&self, value: U) -> Placed<U> {
        Placed {
            value,
            value_location: self.value_location,
            key_location: self.key_location,
            has_all: self.has_all,
        }
    }
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Decode> Decode for Placed<T> {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        let before = problems.errors();
        let value = T::decode(found, problems)?;
        let has_all = problems.errors() == before;
        Some(Self { value, value_location: found.node.at, key_location: found.key, has_all })
    }

    fn left_out() -> Option<Self> {
        T::left_out().map(|value| Self::new(value, Location::default()))
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: Part> Part for Placed<T> {
    fn forms() -> Vec<Form> {
        T::forms()
    }

    fn read(entries: &mut Entries<'_>, problems: &mut Problems) -> Option<Self> {
        let before = problems.errors();
        let value = T::read(entries, problems)?;
        let (key_location, value_location) = entries.part_locations();
        let has_all = problems.errors() == before;
        Some(Self { value, value_location, key_location, has_all })
    }
}
