//! The language that scenario files are written in: values with their places, and how types are
//! read from them.
//!
//! [`tree`] is YAML with the place of every value; [`Placed`] carries a place on into a typed value.
//! A type that can be read from a tree implements [`Decode`]. [`section!`] defines a map of settings,
//! [`one_of!`] a choice between several such maps, [`words!`] a choice between words, [`written!`] a
//! value with a unit; each yields the type, its reading with every mistake noted in one pass, and
//! its JSON Schema.
//!
//! Nothing here knows a service, a guard or a fault.

mod check;
mod decode;
pub(crate) mod distribution;
mod kinds;
mod name;
mod path;
pub(crate) mod phrase;
mod placed;
mod problem;
pub(crate) mod quantity;
mod section;
mod shared;
mod short;
pub(crate) mod size;
pub mod tree;
mod words;
mod written;
mod yaml;
mod yaml_error;

pub(crate) use decode::{Decode, Found, Named, expected, unknown_key};
pub(crate) use kinds::{Kind, Kinds, forms_of_kinds, one_of, read_kind, schema_forms};
pub(crate) use name::{AnyPath, Name, Prose, SomeWords};
pub use name::{NAME_RULE, is_name, is_name_letter};
pub(crate) use placed::Placed;
pub use problem::{Location, Problem, ProblemKind, Problems, Severity, SourceText, Sources};
pub(crate) use problem::{did_you_mean, some_of};
pub(crate) use section::{
    Entries, Field, Form, Part, decode_part, part_left_out, part_schema, schema_of, section,
};
pub(crate) use short::{HasShortForm, Short};
pub(crate) use words::{Words, decode_word, words, words_schema};
pub(crate) use written::{Written, decode_written, unreadable, written, written_schema};
