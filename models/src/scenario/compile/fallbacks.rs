//! What calls turn to when they have failed.

use sim_core::Distribution;

use super::super::call::{Fallback as Written, Fallbacks, LaterFallback};
use super::{Caller, Compiler, split_target};
use crate::OutcomeSet;
use crate::resilience::Fallback;
use crate::system::{CallSite, OnFailure, StationKind};

impl Compiler<'_> {
    pub(super) fn fallbacks(
        &mut self,
        caller: Caller,
        written: Option<&Fallbacks>,
        path: &str,
    ) -> Vec<(Fallback, OutcomeSet)> {
        let Some(Fallbacks(list)) = written else { return Vec::new() };
        let mut fallbacks = Vec::new();
        for (index, fallback) in list.iter().enumerate() {
            let listed = format!("{path}[{index}]");
            let is_list = self.decoded.tree.get(&super::parse_path(&listed)).is_some();
            let path = if is_list { &listed } else { path };
            let on = fallback
                .on
                .as_ref()
                .map_or(OutcomeSet::failures(), |outcomes| OutcomeSet::of(outcomes));
            fallbacks.extend(self.fallback(caller, fallback, path).map(|fallback| (fallback, on)));
            if fallback.default && index + 1 < list.len() {
                let at = self.value_at(path);
                self.error(
                    at,
                    "what follows is never tried",
                    "a default value is always at hand; put it last",
                );
            }
        }
        let later = fallbacks
            .iter()
            .filter(|(fallback, _)| matches!(fallback, Fallback::Later { .. }))
            .count();
        if later > 1 {
            let at = self.value_at(path);
            self.error(at, "this call is put off in two places", "one `later` is enough");
        }
        fallbacks
    }

    fn fallback(&mut self, caller: Caller, fallback: &Written, path: &str) -> Option<Fallback> {
        let given = [
            fallback.default,
            fallback.cached.is_some(),
            fallback.call.is_some(),
            fallback.send.is_some(),
            fallback.later.is_some(),
        ];
        let count = given.iter().filter(|is_there| **is_there).count();
        if count != 1 {
            if !self.was_removed(path) {
                let at = self.value_at(path);
                let message = if count == 0 {
                    "this fallback gives nothing"
                } else {
                    "this is more than one fallback"
                };
                self.error(at, message, "write one of `default`, `cached`, `call`, `send` and `later`, or a list of them");
            }
            return None;
        }
        if let Some(cached) = &fallback.cached {
            return Some(Fallback::Cached {
                hit_rate: cached.hit_rate.0,
                latency: match &cached.latency {
                    Some(latency) => {
                        self.read_distribution(latency, &format!("{path}.cached.latency"))
                    }
                    None => Distribution::Constant { value: 0.0 },
                },
                max_age: cached.max_age.map(|age| age.0),
            });
        }
        if let Some(target) = &fallback.call {
            return self.alternative(caller, target, &format!("{path}.call"));
        }
        if let Some(queue) = &fallback.send {
            return self
                .queue(queue, &format!("{path}.send"))
                .map(|queue| Fallback::Send { queue });
        }
        if let Some(LaterFallback { rate, capacity }) = fallback.later {
            if matches!(caller, Caller::Workload(_)) {
                let at = self.key_at(&format!("{path}.later"));
                self.error(at, "clients put nothing off", "let the service that they call do so");
                return None;
            }
            let interval = self.interval(Some(rate), &format!("{path}.later.rate"));
            return Some(Fallback::Later { capacity: capacity.unwrap_or(u32::MAX), interval });
        }
        Some(Fallback::Default)
    }

    fn alternative(&mut self, caller: Caller, target: &str, path: &str) -> Option<Fallback> {
        let (name, operation) = split_target(target);
        let callee = self.station(name, path)?;
        if self.blueprint.stations[callee as usize].kind == StationKind::Cache {
            let at = self.value_at(path);
            self.error(
                at,
                format!("`{name}` is a cache"),
                "write `cached: { hit rate: 90% }` for a cached answer",
            );
            return None;
        }
        self.check_operation(callee, name, operation, path);
        let edge = self.edge(caller, callee);
        self.blueprint.sites.push(CallSite { edge, entry: 0, on_failure: OnFailure::Fail });
        self.called.push((callee, operation.to_owned()));
        Some(Fallback::Alternative { site: self.blueprint.sites.len() as u32 - 1 })
    }

    /// A service that stands in for another has nobody to stand in for itself: one chain says it
    /// all.
    pub(super) fn check_alternatives(&mut self) {
        let stand_ins: Vec<u32> = self
            .blueprint
            .edges
            .iter()
            .flat_map(|edge| &edge.fallbacks)
            .filter_map(|fallback| match fallback {
                Fallback::Alternative { site } => Some(self.blueprint.sites[*site as usize].edge),
                _ => None,
            })
            .collect();
        for edge in stand_ins {
            if self.blueprint.edges[edge as usize].has_alternative() {
                let name = self
                    .edge_name(self.edges[edge as usize].caller, self.edges[edge as usize].callee);
                let at = self.value_at(&format!("calls.{name}.fallback"));
                let message = format!("`{name}` is itself an alternative, and has one");
                self.error(at, message, "list both, in order, as fallbacks of the first call");
            }
        }
    }
}
