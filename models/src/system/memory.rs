//! The memory of a process, which dies with it: its breakers, limits, budgets and cached answers.
//!
//! What instances share through a store or a proxy stays: breakers and rate limits that all share,
//! idempotency keys, an Envoy's retry budget, the ejections of a balancer.

use super::engine::Engine;
use super::id::{Id, of};
use crate::resilience::Fallback;

impl Engine<'_> {
    /// Lets a process that has died begin anew, with nothing in its memory.
    #[cold]
    pub fn forget(&mut self, instance: Id<of::Instance>) {
        let mut forgotten = Vec::new();
        for edge_id in self.plan.edges.ids() {
            let edge = &self.plan.edges[edge_id];
            let Some(caller) = edge.caller_number(instance) else { continue };
            for guard in &edge.guards {
                forgotten.extend(guard.forget(edge, caller, self));
            }
            if edge.fallbacks.iter().any(|it| matches!(it, Fallback::Cached { .. })) {
                self.state.edges[edge_id].last_answers[caller as usize] = None;
                forgotten.push("cached answers");
            }
        }
        let admission = self.plan.instances[instance].admission;
        if admission.is_some_and(|id| self.state.admissions[id].begin_anew()) {
            forgotten.push("admission control");
        }
        self.empty_cache_of(instance);
        self.close_connections_to(instance);
        self.close_idle_connections_to(instance);
        forgotten.sort_unstable();
        forgotten.dedup();
        if !forgotten.is_empty() {
            self.state.recorder.forgot(self.now, instance, forgotten);
        }
    }

    /// Closes the idle connections that proxies keep to an instance; those in use end with their
    /// requests.
    fn close_connections_to(&mut self, instance: Id<of::Instance>) {
        for edge in self.plan.edges.iter().filter(|it| it.callee_instances.contains(instance)) {
            let host = edge.callee_instances.number_of(instance);
            for pool in edge.pools_of_hosts() {
                self.state.pools[pool].close_idle_to_host(host);
            }
        }
    }

    /// Empties a cache whose last instance has died.
    fn empty_cache_of(&mut self, instance: Id<of::Instance>) {
        let station = self.plan.instances[instance].station;
        for cache in self.plan.caches.ids() {
            let is_here = self.plan.caches[cache].station == station;
            if is_here && !self.is_cache_alive(cache) {
                self.state.caches[cache].flush();
            }
        }
    }
}
