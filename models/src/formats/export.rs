//! The guarded calls of a compiled system, caller by caller.

use serde_json::Value;

use super::format::Writer;
use super::guarded_call::{GuardSettings, GuardedCall};
use super::remark::CallRemarks;
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
    /// Calls without guards and timeouts are left out, and calls of workloads and queues as well: a library is part of
    /// a service, and a proxy stands beside one.
    pub fn export(&self, blueprint: &Blueprint) -> Vec<Document> {
        self.export_those(blueprint, |_| true)
    }

    /// The guarded calls of one service; none if it makes no such calls.
    pub fn export_of(&self, blueprint: &Blueprint, caller: &str) -> Option<Document> {
        self.export_those(blueprint, |it| it == caller).pop()
    }

    fn export_those(
        &self,
        blueprint: &Blueprint,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<Document> {
        let has_settings =
            |call: &GuardedCall| call.is_guarded() || self.is_for_proxies && call.is_balanced();
        let is_of_service = |edge: &EdgePlan| {
            edge.is_caller_a_service
                && blueprint.stations.iter().any(|station| station.name == edge.caller)
        };
        let calls_of = |is_of_service_wanted: bool| -> Vec<GuardedCall> {
            let edges = blueprint.edges.iter().filter(|edge| !edge.is_for_probes);
            let edges = edges.filter(|edge| is_of_service(edge) == is_of_service_wanted);
            let edges = edges.filter(|edge| !is_of_service_wanted || is_wanted(&edge.caller));
            edges.map(|edge| GuardedCall::new(blueprint, edge)).collect()
        };
        let (calls, unguarded): (Vec<_>, Vec<_>) =
            calls_of(true).into_iter().partition(has_settings);
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
        let mut documents: Vec<Document> = callers.into_iter().map(document).collect();
        let mut others = calls_of(false);
        others.retain(has_settings);
        remark_on_others(&others, &mut documents);
        remark_on_unguarded(&unguarded, &mut documents);
        if self.is_for_proxies {
            merge_namesakes(&mut documents);
        }
        documents
    }
}

/// Notes the calls of workloads and queues, whose settings no library or proxy has.
fn remark_on_others(calls: &[GuardedCall], documents: &mut [Document]) {
    let Some(first) = documents.first_mut() else { return };
    for call in calls {
        let about = format!("{} -> {}", call.caller, call.callee);
        let guards: Vec<&str> = call.guards.iter().map(GuardSettings::name).collect();
        let settings = if guards.is_empty() { "balance".to_owned() } else { guards.join(", ") };
        let text =
            format!("no service makes this call, so nothing here has its settings: {settings}");
        first.remarks.push(Remark::new(about, text));
    }
}

/// Notes the settings of calls that are left out because they have no guard.
fn remark_on_unguarded(calls: &[GuardedCall], documents: &mut [Document]) {
    for call in calls {
        let is_of_caller = |document: &Document| document.caller == call.caller;
        let place = documents.iter().position(is_of_caller).unwrap_or_default();
        let Some(document) = documents.get_mut(place) else { return };
        let mut remarks = CallRemarks::new(call, &mut document.remarks);
        if let Some(timeout) = call.connect_timeout {
            remarks.add(format!("no guard, so nothing here has its connect timeout of {timeout}"));
        }
        remarks.add_if(call.is_balanced(), "no guard, so nothing here has its balance");
        call.remark_on_code(&mut remarks);
    }
}

/// Leaves one of several objects of one kind and name: a cluster of Kubernetes has only one. What the later ones would
/// say becomes a remark.
fn merge_namesakes(documents: &mut [Document]) {
    let mut known: Vec<(String, String, Value)> = Vec::new();
    for document in documents {
        let Content::Yaml(values) = &mut document.content else { continue };
        let (caller, remarks) = (&document.caller, &mut document.remarks);
        values.retain(|value| {
            let Some(identity) = identity_of(value) else { return true };
            let Some((_, other, first)) = known.iter().find(|(it, ..)| *it == identity) else {
                known.push((identity, caller.clone(), value.clone()));
                return true;
            };
            let text = if first["spec"] == value["spec"] {
                format!("is the same as for `{other}`, and stands there")
            } else {
                let spec = &value["spec"];
                format!(
                    "there can be only one, and `{other}` has settings of its own; here: {spec}"
                )
            };
            remarks.push(Remark::new(format!("{caller}, {identity}"), text));
            false
        });
    }
}

/// The kind and the name of an object of Kubernetes.
fn identity_of(value: &Value) -> Option<String> {
    Some(format!("{} {}", value["kind"].as_str()?, value["metadata"]["name"].as_str()?))
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
