//! The guarded calls of a compiled system, caller by caller.

use serde_json::Value;

use super::format::Writer;
use super::guarded_call::GuardedCall;
use super::{Exporter, Remark};
use crate::system::{Blueprint, EdgePlan};

/// The configuration of one caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The caller whose calls it configures.
    pub caller: String,
    /// The settings that the format has no equivalent for.
    pub remarks: Vec<Remark>,
    /// The configuration itself.
    pub content: Content,
}

/// A configuration in the syntax of its format.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// YAML documents.
    Yaml(Vec<Value>),
    /// One JSON document.
    Json(Value),
    /// Text that is ready to be written.
    Text(String),
}

impl Exporter {
    /// The guarded calls of a system, a document for each caller.
    ///
    /// Calls without guards and timeouts are left out, and calls of workloads as well unless
    /// proxies are configured.
    pub fn export(&self, blueprint: &Blueprint) -> Vec<Document> {
        let is_configured = |edge: &&EdgePlan| {
            self.is_for_proxies
                || blueprint.stations.iter().any(|station| station.name == edge.caller)
        };
        let edges = blueprint.edges.iter().filter(is_configured);
        let calls: Vec<GuardedCall> = edges
            .map(|edge| GuardedCall::new(blueprint, edge))
            .filter(GuardedCall::is_guarded)
            .collect();
        let mut callers: Vec<&str> = Vec::new();
        for call in &calls {
            if !callers.contains(&call.caller.as_str()) {
                callers.push(&call.caller);
            }
        }
        let document = |caller: &str| {
            let calls: Vec<&GuardedCall> =
                calls.iter().filter(|call| call.caller == caller).collect();
            let mut remarks = Vec::new();
            let content = self.writer.write(&calls, &mut remarks);
            Document { caller: caller.to_owned(), remarks, content }
        };
        callers.into_iter().map(document).collect()
    }
}

impl Writer {
    fn write(&self, calls: &[&GuardedCall], remarks: &mut Vec<Remark>) -> Content {
        match self {
            Self::Yaml(write) => Content::Yaml(write(calls, remarks)),
            Self::Json(write) => Content::Json(write(calls, remarks)),
            Self::Text { write, .. } => Content::Text(write(calls, remarks)),
        }
    }
}
