//! Calls of a scenario as configurations of libraries and proxies: the way back of
//! [`crate::import`].
//!
//! Each file writes one format, from the compiled system, so that defaults, presets and overrides
//! are in. What a format has no words for becomes a remark, so that nothing is lost silently.

mod call;
mod envoy;
mod gobreaker;
mod istio;
mod polly;
mod resilience4j;

use serde_json::Value;

use crate::resilience::circuit_breaker::libraries::GoBreakerSettings;
use crate::system::{Blueprint, EdgePlan};
use call::Call;

/// A format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Resilience4j in an `application.yml` of Spring Boot.
    Resilience4j,
    /// Istio's `DestinationRule` and `VirtualService`.
    Istio,
    /// Envoy's clusters.
    Envoy,
    /// Options of Polly v8 in an `appsettings.json`.
    Polly,
    /// Settings of gobreaker, in Go.
    GoBreaker,
}

/// What is written for one caller, or for all.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Whose calls it is about.
    pub caller: String,
    /// What has no equivalent, a line each, with the call it is about.
    pub remarks: Vec<String>,
    /// What is to be written.
    pub content: Content,
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A document of a configuration; several if the format has several.
    Configuration(Vec<Value>),
    /// Breakers with their names.
    GoBreakers(Vec<(String, GoBreakerSettings)>),
}

/// The guarded calls of a system in a format, a document for each caller. Calls without guards and
/// timeouts are left out, and those of workloads unless a proxy makes them: nobody configures a
/// library of one's visitors.
pub fn export(format: Format, blueprint: &Blueprint) -> Vec<Document> {
    let is_proxy = matches!(format, Format::Istio | Format::Envoy);
    let is_configured = |edge: &&EdgePlan| {
        is_proxy || blueprint.stations.iter().any(|station| station.name == edge.caller)
    };
    let edges = blueprint.edges.iter().filter(is_configured);
    let calls: Vec<Call> =
        edges.map(|edge| Call::of(blueprint, edge)).filter(Call::is_guarded).collect();
    let mut callers: Vec<&str> = Vec::new();
    for call in &calls {
        if !callers.contains(&call.caller.as_str()) {
            callers.push(&call.caller);
        }
    }
    let of_caller =
        |caller: &str| calls.iter().filter(|call| call.caller == caller).collect::<Vec<_>>();
    let write = |calls: &[&Call], remarks: &mut Vec<String>| match format {
        Format::Resilience4j => Content::Configuration(vec![resilience4j::write(calls, remarks)]),
        Format::Istio => Content::Configuration(istio::write(calls, remarks)),
        Format::Envoy => Content::Configuration(vec![envoy::write(calls, remarks)]),
        Format::Polly => Content::Configuration(vec![polly::write(calls, remarks)]),
        Format::GoBreaker => Content::GoBreakers(gobreaker::write(calls, remarks)),
    };
    let document = |caller: &str| {
        let mut remarks = Vec::new();
        let content = write(&of_caller(caller), &mut remarks);
        Document { caller: caller.to_owned(), remarks, content }
    };
    callers.into_iter().map(document).collect()
}
