//! Fallbacks: substitutes for the answer when a call has failed.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::names::{Names, split_target};
use super::plan::{Caller, NOTHING, Plan, check_operation, read_distribution};
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::{Duration, Rate, Share};
use crate::language::tree::{Node, Value};
use crate::language::{
    Decode, Found, Placed, Problem, Problems, expected, one_of, schema_of, section,
};
use crate::resilience::Fallback;
use crate::system::{OnFailure, StationKind};
use crate::{Outcome, OutcomeSet};

/// A list of fallbacks that is tried in order, or one of them.
#[derive(Clone, Debug)]
pub(crate) struct FallbackList(Vec<Placed<FallbackSection>>);

const EXPECTED: &str =
    "`default`, a map with one of cached, call, send and later, or a list of those";

impl Decode for FallbackList {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match &found.node.value {
            Value::List(_) => Vec::decode(found, problems).map(Self),
            _ => Placed::decode(found, problems).map(|fallback| Self(vec![fallback])),
        }
    }
}

impl JsonSchema for FallbackList {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fallbacks".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = schema_of::<FallbackSection>(generator);
        json_schema!({ "description": EXPECTED, "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// A fallback: a value that is always available, or a substitute for certain failures.
#[derive(Clone, Debug)]
pub(crate) enum FallbackSection {
    /// A value that is always available; written as `default`.
    Default,
    /// A substitute for certain failures.
    Instead(Instead),
}

impl Decode for FallbackSection {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match &found.node.value {
            Value::Map(_) => Instead::decode(found, problems).map(Self::Instead),
            Value::Text(text) if text == "default" => Some(Self::Default),
            Value::Text(text) => {
                problems.add(no_fallback(text, found.node));
                None
            }
            _ => {
                expected(EXPECTED, found, problems);
                None
            }
        }
    }
}

fn no_fallback(text: &str, node: &Node) -> Problem {
    let help = "write `default`, `{ cached: { hit rate: 90%, latency: 2ms } }`, `{ call: backup }`, `{ send: queue }` or `{ later: { rate: 10/s } }`";
    Problem::error(format!("`{text}` is not a fallback"), Some(node.at)).with_help(help)
}

impl JsonSchema for FallbackSection {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fallback".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let instead = schema_of::<Instead>(generator);
        json_schema!({ "anyOf": [{ "const": "default" }, instead] })
    }
}

section! {
    /// A substitute for a call that has failed for good.
    pub(crate) struct Instead {
        /// The failures that it answers for; all if left out.
        "on" => on: Option<Vec<Outcome>>,
        .. => substitute: Substitute,
    }
}

one_of! {
    /// A substitute for the answer to a call.
    pub(crate) enum Substitute("fallback") {
        /// The last good answer, if it is cached.
        "cached" => Cached(WithCached),
        /// Another service, or one of its operations, with guards of its own.
        "call" => Call(WithCall),
        /// A queue to which a message about the request is sent; the request is accepted.
        "send" => Send(WithSend),
        /// The request is accepted now, and done later when the breakers of the call are closed.
        "later" => Later(WithLater),
    }
}

section! {
    /// The last good answer, if it is cached.
    pub(crate) struct WithCached {
        /// The hit rate of the cache, and its latency.
        "cached" => cached: CachedFallback,
    }
}

section! {
    /// Another service, or one of its operations, with guards of its own.
    pub(crate) struct WithCall {
        /// The service, or one of its operations.
        "call" => call: Placed<String>,
    }
}

section! {
    /// A queue to which a message about the request is sent; the request is accepted.
    pub(crate) struct WithSend {
        /// The queue.
        "send" => send: Placed<String>,
    }
}

section! {
    /// The request is accepted now, and done later when the breakers of the call are closed.
    pub(crate) struct WithLater {
        /// The rate at which such requests are done later, and the most that can wait.
        "later" => later: Placed<LaterFallback>,
    }
}

section! {
    /// The last good answer, if it is cached.
    pub(crate) struct CachedFallback {
        /// The share of requests for which it is there, such as `90%`.
        "hit rate" => hit_rate: Share,
        /// The time that it takes to fetch; none if left out.
        "latency" => latency: Option<Placed<DurationPhrase>>,
        /// The longest time since the last success of the call for which the cached answer is used;
        /// no limit if left out.
        "max age" => max_age: Option<Duration>,
    }
}

section! {
    /// Requests that are accepted now and done later.
    pub(crate) struct LaterFallback {
        /// The rate at which they are done later, such as `10/s`.
        "rate" => rate: Placed<Rate>,
        /// The most requests that can wait at one time; no limit if left out.
        "capacity" => capacity: Option<u32>,
    }
}

/// Compiles the fallbacks of a call, each with the failures that it answers for.
pub(super) fn compile_fallbacks(
    caller: Caller,
    list: Option<&FallbackList>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Vec<(Fallback, OutcomeSet)> {
    let Some(FallbackList(list)) = list else { return Vec::new() };
    let mut fallbacks = Vec::new();
    for (index, fallback) in list.iter().enumerate() {
        let compiled = match &**fallback {
            FallbackSection::Default => {
                if index + 1 < list.len() {
                    let help = "a default value is always available; put `default` last";
                    problems.error(
                        fallback.at(),
                        "the fallbacks after `default` are never tried",
                        help,
                    );
                }
                Some((Fallback::Default, OutcomeSet::failures()))
            }
            FallbackSection::Instead(instead) => {
                let on = instead.on.as_deref().map_or_else(OutcomeSet::failures, OutcomeSet::of);
                let substitute = &instead.substitute;
                let compiled = substitute.compile(caller, names, plan, problems);
                compiled.map(|fallback| (fallback, on))
            }
        };
        let puts_off = |fallback: &Fallback| matches!(fallback, Fallback::Later { .. });
        let is_put_off = fallbacks.iter().any(|(fallback, _)| puts_off(fallback));
        if is_put_off && compiled.as_ref().is_some_and(|(fallback, _)| puts_off(fallback)) {
            let message = "this call has two `later` fallbacks";
            problems.error(fallback.at(), message, "keep one of them");
        }
        fallbacks.extend(compiled);
    }
    fallbacks
}

impl Substitute {
    fn compile(
        &self,
        caller: Caller,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Fallback> {
        match self {
            Self::Cached(WithCached { cached }) => Some(Fallback::Cached {
                hit_rate: cached.hit_rate.0,
                latency: match &cached.latency {
                    Some(latency) => read_distribution(latency, names, problems),
                    None => NOTHING,
                },
                max_age: cached.max_age.map(|age| age.0),
            }),
            Self::Call(WithCall { call }) => alternative(caller, call, names, plan, problems),
            Self::Send(WithSend { send }) => {
                names.queue(send, problems).map(|queue| Fallback::Send { queue })
            }
            Self::Later(WithLater { later }) => {
                if matches!(caller, Caller::Workload(_)) {
                    let help = "write `later` for a call that the service makes";
                    problems.error(
                        later.key(),
                        "clients cannot put requests off until later",
                        help,
                    );
                    return None;
                }
                let interval = problems.interval(&later.rate);
                Some(Fallback::Later { capacity: later.capacity.unwrap_or(u32::MAX), interval })
            }
        }
    }
}

fn alternative(
    caller: Caller,
    target: &Placed<String>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<Fallback> {
    let (name, operation) = split_target(target);
    let callee = names.station(name, target.at(), problems)?;
    if callee.kind == StationKind::Cache {
        let help = "write `cached: { hit rate: 90% }` for a cached answer";
        problems.error(target.at(), format!("`{name}` is a cache, not a service"), help);
        return None;
    }
    check_operation(target, names, problems);
    let site = plan.call_site(caller, callee.id, operation, OnFailure::Fail);
    Some(Fallback::Alternative { site })
}

/// Notes a fallback whose own call has another service as its fallback: one list should name both.
pub(super) fn check_alternatives(names: &Names<'_>, plan: &Plan, problems: &mut Problems) {
    let edges = &plan.blueprint.edges;
    let stand_ins = edges.iter().flat_map(|edge| &edge.fallbacks).filter_map(|fallback| {
        let Fallback::Alternative { site } = fallback else { return None };
        Some(plan.blueprint.sites[*site].edge)
    });
    for edge in stand_ins.filter(|edge| edges[*edge].has_alternative()) {
        let name = plan.edge_name(plan.edges[edge.index()], names);
        let at = names.file.calls.get(&name).map(Placed::key);
        let message = format!("`{name}` is a fallback and has a fallback of its own");
        let help = "list both, in order, as fallbacks of the first call";
        problems.add(Problem::error(message, at).with_help(help));
    }
}
