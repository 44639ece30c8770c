//! The file that describes a system: reading it, finding everything that is wrong with it,
//! compiling it.
//!
//! A file goes through four forms. [`tree`] is the YAML with the place of every value, after
//! includes, variants and overrides; `schema` holds the typed sections, which also give the JSON
//! Schema; `lint` looks for what is legal and unwise; `compile` resolves names to dense ids and
//! yields a [`Blueprint`](crate::system::Blueprint). Problems are collected along the way and
//! reported together.

mod admission;
mod asked;
mod balance;
mod breaker;
mod call;
mod circles;
mod compile;
mod decode;
mod forms;
mod lint;
mod load;
mod phrases;
mod problem;
mod purpose;
pub(crate) mod quantity;
mod rules;
mod schema;
mod traffic;
pub mod tree;

pub use load::{Input, Loaded, Overrides, check, load};
pub use problem::{Location, Problem, Problems, Severity, Source, Sources};
pub use purpose::{GoalsRequest, Purpose, SweepRequest};
pub use schema::json_schema;
