//! Configurations of libraries and proxies, read as calls of a scenario and written from them.
//!
//! A format describes itself in one file: its name on the command line, the files that it reads and
//! writes, how they become calls, and how calls become files. [`FORMATS`] lists them all; the
//! command line and the reports name none of them. A format that outgrows its file becomes
//! a folder of the same name.
//!
//! To add a format, write its file with a `FORMAT` and add it to the list. The rest is shared:
//!
//! - `format` is the shape of a description: a [`ConfigurationFormat`] with an [`Importer`], an
//!   [`Exporter`], or both;
//! - `import` runs an importer over files and collects [`ImportedCall`]s. `documents` parses YAML
//!   (`spring_boot` puts the files of an application together); a `configuration` remembers which of
//!   its values have been read through its `section`s, and whatever nobody has read becomes a remark;
//! - a value on its way is `carried` with its origin, and in the end `acceptance` holds all of them against the language
//!   of scenarios: what that refuses is not written, but named in a comment;
//! - `export` runs an exporter over a compiled system, so that defaults, presets and overrides are in.
//!   A format sees each call as a `guarded_call`: settings without ids;
//! - `destinations` give callees that are known by their hosts names that a scenario can use;
//! - `retry_conditions` are Envoy's names for the outcomes that a retry repeats, and a `proxied_call` is a call in the
//!   settings that proxies share: those of Envoy and Istio;
//! - `breaker_remarks` are what several libraries lack of a breaker composed of parts;
//! - `remark` is a line about a setting that has no equivalent on the other side. A format adds one
//!   for whatever it leaves out, so that nothing is lost silently;
//! - `ranges` are the values with which the real thing starts; one outside is an error at its place;
//! - `durations` and `values` read and write them in the notations of configurations.
//!
//! Importers use the names of the scenario file, mostly by way of a preset that has the library's own
//! names. Turning values into YAML or JSON is the work of `sim-reports`.

mod acceptance;
mod breaker_remarks;
mod carried;
mod configuration;
mod destinations;
mod documents;
mod durations;
mod export;
mod format;
mod guarded_call;
mod import;
mod proxied_call;
mod ranges;
mod remark;
mod retry_conditions;
mod routes;
mod section;
mod spring_boot;
mod values;

mod envoy;
mod gobreaker;
mod istio;
mod polly;
mod resilience4j;

pub use export::{Content, Document};
pub use format::{ConfigurationFormat, Exporter, Importer};
pub use import::{ConfigurationFile, Imported, ImportedCall};
pub use remark::Remark;

/// Every format, in the order in which the command line shows them.
pub static FORMATS: &[ConfigurationFormat] =
    &[resilience4j::FORMAT, istio::FORMAT, envoy::FORMAT, polly::FORMAT, gobreaker::FORMAT];
