//! Sections: maps whose keys are known.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::json;

use super::decode::{Decode, Found, expected, unknown_key};
use super::problem::{Location, Problem, Problems};
use super::tree::{Key, Node, Value};

/// A key of a section, as the JSON Schema and the documentation list it.
#[derive(Clone)]
pub(crate) struct Field {
    /// The key.
    pub key: &'static str,
    /// Its description, from the doc comment.
    pub doc: &'static str,
    /// The schema of its value.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// The only text that its value can be, if it tells one kind from the others.
    pub only: Option<&'static str>,
    /// True if it cannot be left out.
    pub is_required: bool,
}

/// The keys of one way in which a part of a section can be written.
pub(crate) type Form = Vec<Field>;

/// A group of keys of a map: a whole section, or keys that several sections share.
pub(crate) trait Part: Sized {
    /// The ways in which it can be written: one, or one for each kind.
    fn forms() -> Vec<Form>;

    /// Reads it from the entries of a map. `None` if a key that it needs is missing or wrong, which
    /// has then been noted.
    fn read(entries: &mut Entries<'_>, problems: &mut Problems) -> Option<Self>;
}

/// A part that is left out if it cannot be read, so that the rest can be checked.
impl<T: Part> Part for Option<T> {
    fn forms() -> Vec<Form> {
        T::forms()
    }

    fn read(entries: &mut Entries<'_>, problems: &mut Problems) -> Option<Self> {
        Some(T::read(entries, problems))
    }
}

/// The entries of a map that is being read.
///
/// It remembers which keys were looked for: all others are unknown.
pub(crate) struct Entries<'a> {
    found: Found<'a>,
    pub(super) written: &'a [(Key, Node)],
    known: Vec<&'static str>,
    elsewhere: Vec<Elsewhere>,
    /// The place of the key that chooses a kind, and of its value.
    kind: Option<(Location, Location)>,
    otherwise: Vec<Problem>,
}

/// A key that belongs to another kind than the one that is written.
struct Elsewhere {
    key: &'static str,
    owner: String,
    here: String,
}

impl<'a> Entries<'a> {
    fn of(found: Found<'a>, problems: &mut Problems) -> Option<Self> {
        let Value::Map(entries) = &found.node.value else {
            expected("a map of settings", found, problems);
            return None;
        };
        Some(Self {
            found,
            written: entries,
            known: Vec::new(),
            elsewhere: Vec::new(),
            kind: None,
            otherwise: Vec::new(),
        })
    }

    /// The place where the map begins.
    pub fn at(&self) -> Location {
        self.found.node.at
    }

    /// The entry with a key, if it is written.
    pub fn find(&mut self, key: &'static str) -> Option<Found<'a>> {
        self.note_known(key);
        let entry = self.written.iter().find(|(written, _)| written.name == key);
        entry.map(|(written, node)| Found { node, key: written.at })
    }

    /// Reads the value of a key, which `doc` describes. If the key is not written, or its value is
    /// wrong, returns the value of a key that is left out; `None` if the key is required.
    pub fn take<T: Decode>(
        &mut self,
        key: &'static str,
        doc: &str,
        problems: &mut Problems,
    ) -> Option<T> {
        match self.find(key) {
            Some(found) => T::decode(found, problems).or_else(T::left_out),
            None => T::left_out().or_else(|| {
                let problem = Problem::error(format!("`{key}` is missing"), Some(self.found.key));
                problems.add(problem.labelled("missing here").with_help(as_question(doc)));
                None
            }),
        }
    }

    /// Adds a key to the known ones.
    pub fn note_known(&mut self, key: &'static str) {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
    }

    /// The place of a part: the key that chooses its kind, or else the beginning of the map.
    pub(super) fn part_locations(&self) -> (Location, Location) {
        self.kind.unwrap_or((self.found.key, self.found.node.at))
    }

    /// Sets the place of the key that chooses a kind.
    pub(super) fn set_kind(&mut self, found: Found<'_>) {
        self.kind = Some((found.key, found.node.at));
    }

    /// Notes that a key belongs to another kind than the one that is here.
    pub fn note_elsewhere(&mut self, key: &'static str, owner: String, here: String) {
        self.elsewhere.push(Elsewhere { key, owner, here });
    }

    /// A problem to be noted if no unknown key explains it.
    pub fn note_unless_misspelt(&mut self, problem: Problem) {
        self.otherwise.push(problem);
    }

    /// Reports every key that was not looked for.
    fn refuse_the_rest(self, problems: &mut Problems) {
        let mut is_explained = false;
        for (key, _) in self.written {
            if self.known.contains(&key.name.as_str()) {
                continue;
            }
            is_explained = true;
            // Libraries spell their keys alike but for the case: `Retry` here, `retry` there.
            let is_other_case =
                self.known.iter().any(|known| known.eq_ignore_ascii_case(&key.name));
            let elsewhere: Vec<&Elsewhere> = self
                .elsewhere
                .iter()
                .filter(|elsewhere| elsewhere.key == key.name && !is_other_case)
                .collect();
            match elsewhere.first() {
                None => problems.add(unknown_key(&key.name, &self.known, Some(key.at))),
                Some(Elsewhere { here, .. }) => {
                    let owners: Vec<&str> =
                        elsewhere.iter().map(|elsewhere| elsewhere.owner.as_str()).collect();
                    let message = format!("`{}` does not belong to {here}", key.name);
                    problems.add(Problem::error(message, Some(key.at)).with_help(advice(&owners)));
                }
            }
        }
        if !is_explained {
            self.otherwise.into_iter().for_each(|problem| problems.add(problem));
        }
    }
}

/// The advice to write what a description says: "write how long it stays open".
fn as_question(doc: &str) -> String {
    let doc = doc.trim().trim_end_matches('.').replace('\n', "");
    let mut letters = doc.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("write {}", first.to_lowercase().chain(letters).collect::<String>())
    })
}

/// Advice that names the owners of a key, if there are not too many.
fn advice(owners: &[&str]) -> String {
    match owners {
        [] | [_, _, _, _, _, ..] => "leave it out".to_owned(),
        owners => format!("it belongs to {}", owners.join(" and ")),
    }
}

/// Reads a whole map as a part, and notes the keys that do not belong to it.
pub(crate) fn decode_part<T: Part>(found: Found<'_>, problems: &mut Problems) -> Option<T> {
    let mut entries = Entries::of(found, problems)?;
    let part = T::read(&mut entries, problems);
    entries.refuse_the_rest(problems);
    part
}

/// The part that an empty map describes; `None` if it needs any of its keys.
pub(crate) fn part_left_out<T: Part>() -> Option<T> {
    let node = Node { value: Value::map([]), at: Location::default() };
    let mut problems = Problems::default();
    let mut entries = Entries::of(Found { node: &node, key: node.at }, &mut problems)?;
    let part = T::read(&mut entries, &mut problems)?;
    (!problems.has_errors()).then_some(part)
}

/// The schema of the values of a type.
pub(crate) fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The schema of a map that is a part and nothing else.
pub(crate) fn part_schema<T: Part>(doc: &str, generator: &mut SchemaGenerator) -> Schema {
    let mut forms: Vec<serde_json::Value> =
        T::forms().iter().map(|form| form_schema(form, generator)).collect();
    let mut schema = match forms.len() {
        1 => forms.remove(0),
        _ => json!({ "oneOf": forms }),
    };
    if !doc.is_empty()
        && let Some(object) = schema.as_object_mut()
    {
        object.insert("description".to_owned(), doc.trim().into());
    }
    Schema::try_from(schema).expect("an object is a schema")
}

fn form_schema(form: &Form, generator: &mut SchemaGenerator) -> serde_json::Value {
    let mut properties = serde_json::Map::new();
    for field in form {
        let mut schema = match field.only {
            Some(only) => json!({ "const": only }),
            None => (field.schema)(generator).to_value(),
        };
        if let Some(object) = schema.as_object_mut()
            && !field.doc.is_empty()
        {
            object.insert("description".to_owned(), field.doc.trim().into());
        }
        properties.insert(field.key.to_owned(), schema);
    }
    let required: Vec<&str> =
        form.iter().filter(|field| field.is_required).map(|field| field.key).collect();
    let mut schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

/// Defines a map of settings: the struct, how it is read, and its JSON Schema.
///
/// Each field is written `"key" => name: Type`, with a doc comment that describes it; a type that
/// can be [left out](Decode::left_out) need not be written. `.. => name: Type` takes in another
/// [`Part`], whose keys stand in the same map. Keys under `checked` are read and not kept: they are
/// used before the file is read.
macro_rules! section {
    (
        $(#[doc = $about:literal])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $($key:literal)? $(..)? => $field:ident: $type:ty
            ),* $(,)?
        }
        $(checked {
            $( $(#[doc = $checked_doc:literal])* $checked_key:literal => $checked_type:ty ),* $(,)?
        })?
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug)]
        #[allow(clippy::struct_field_names, reason = "fields are named after their keys")]
        $vis struct $name {
            $( $(#[doc = $doc])* pub $field: $type, )*
        }

        impl $crate::language::Part for $name {
            fn forms() -> Vec<$crate::language::Form> {
                #[allow(unused_mut, reason = "a section may have no keys")]
                let mut forms = vec![$crate::language::Form::new()];
                $( $crate::language::section!(@form forms, [$($key)?], concat!($($doc, "\n"),*), $type); )*
                $($( $crate::language::section!(
                    @form forms, [$checked_key], concat!($($checked_doc, "\n"),*), $checked_type
                ); )*)?
                forms
            }

            fn read(
                entries: &mut $crate::language::Entries<'_>,
                problems: &mut $crate::language::Problems,
            ) -> Option<Self> {
                let _ = (&entries, &problems);
                $( let $field = $crate::language::section!(
                    @read entries, problems, [$($key)?], concat!($($doc, "\n"),*), $type
                ); )*
                $($( entries.take::<$checked_type>($checked_key, "", problems); )*)?
                Some(Self { $( $field: $field?, )* })
            }
        }

        $crate::language::section!(@decode $name, concat!($($about, "\n"),*));
    };
    (@form $forms:ident, [], $doc:expr, $type:ty) => {
        $forms = $crate::language::schema_forms::<$type>(&$forms);
    };
    (@form $forms:ident, [$key:literal], $doc:expr, $type:ty) => {
        for form in &mut $forms {
            form.push($crate::language::Field {
                key: $key,
                doc: $doc,
                schema: $crate::language::schema_of::<$type>,
                only: None,
                is_required: <$type as $crate::language::Decode>::left_out().is_none(),
            });
        }
    };
    (@read $entries:ident, $problems:ident, [], $doc:expr, $type:ty) => {
        <$type as $crate::language::Part>::read($entries, $problems)
    };
    (@read $entries:ident, $problems:ident, [$key:literal], $doc:expr, $type:ty) => {
        $entries.take::<$type>($key, $doc, $problems)
    };
    (@decode $name:ident, $about:expr) => {
        impl $crate::language::Decode for $name {
            fn decode(
                found: $crate::language::Found<'_>,
                problems: &mut $crate::language::Problems,
            ) -> Option<Self> {
                $crate::language::decode_part(found, problems)
            }

            fn left_out() -> Option<Self> {
                $crate::language::part_left_out()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($name)).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::language::part_schema::<Self>($about, generator)
            }
        }
    };
}
pub(crate) use section;
