//! Options of Polly v8 in an `appsettings.json`: of a pipeline of one's own, or of the standard handlers
//! of `Microsoft.Extensions.Http.Resilience`.
//!
//! A section that holds strategies is a call, named after the section. With `AttemptTimeout` or
//! `TotalRequestTimeout` it is the standard handler, which has all of its five strategies whether they
//! are configured or not.
//!
//! - `appsettings` parses the JSON as .NET's configuration does;
//! - `time_span` reads and writes .NET's `TimeSpan`;
//! - `ranges` has the limits of the options;
//! - `options` reads options of one strategy.

mod appsettings;
mod export;
mod import;
mod options;
mod ranges;
mod time_span;

pub(super) use time_span::TimeSpan;

use super::durations::DurationForm;
use super::format::{Reader, Writer};
use super::{ConfigurationFormat, Exporter, Importer};
use crate::{Outcome, OutcomeSet};

pub(super) const FORMAT: ConfigurationFormat = ConfigurationFormat {
    name: "polly",
    import: Some(Importer {
        files: "appsettings.json of .NET",
        looks_for: "a section with `CircuitBreaker`, `Retry`, `Timeout` or another strategy",
        documents: Reader::Together(appsettings::documents),
        durations: DurationForm::TimeSpan,
        read: import::read,
    }),
    export: Some(Exporter {
        files: "appsettings.json of .NET",
        is_for_proxies: false,
        writer: Writer::Json(export::write),
    }),
};

/// The outcomes that are exceptions, all of which `RetryStrategyOptions` handles. An answer that refuses the request is
/// none.
fn every_exception() -> OutcomeSet {
    OutcomeSet::failures().less(OutcomeSet::of(&[Outcome::ClientError]))
}
