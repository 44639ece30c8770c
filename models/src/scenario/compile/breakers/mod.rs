//! Breakers: composed of parts, or of a library.

mod composed;
mod keys;
mod presets;

use sim_core::SimDuration;

use super::super::breaker::{Breaker, Broken, Preset, Scope as Written};
use super::guards::{one_of_several, scope};
use super::{Caller, Compiler, most};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::system::{BreakerPlan, Guard, Scope};
use crate::{Outcome, OutcomeSet};

/// How long callers who share a breaker through a store take to learn of its state.
const PROPAGATION: SimDuration = SimDuration::from_millis(100);

/// What a breaker counts as a failure if nobody says otherwise. Hystrix's thread pool lies within
/// its breaker, and a call that finds no thread is a failure.
fn counted_by(preset: Option<Preset>) -> OutcomeSet {
    let failures = OutcomeSet::callee_failures();
    if preset == Some(Preset::Hystrix) {
        failures.with(Outcome::RejectedByBulkhead)
    } else {
        failures
    }
}

/// What a breaker ignores if nobody says otherwise. Hystrix wraps a bad request in an exception
/// that it does not count.
fn ignored_by(preset: Option<Preset>) -> OutcomeSet {
    if preset == Some(Preset::Hystrix) {
        OutcomeSet::of(&[Outcome::ClientError])
    } else {
        OutcomeSet::of(&[])
    }
}

impl Compiler<'_> {
    pub(super) fn breaker(
        &mut self,
        caller: Caller,
        callee: u32,
        breaker: &Breaker,
        ordinal: u32,
        path: &str,
    ) -> Guard {
        let settings = self.breaker_settings(breaker, path);
        let scope = scope(breaker.scope);
        let counts =
            breaker.counts.as_deref().map_or_else(|| counted_by(breaker.preset), OutcomeSet::of);
        let ignores =
            breaker.ignores.as_deref().map_or_else(|| ignored_by(breaker.preset), OutcomeSet::of);
        if let Some(outcome) = Outcome::ALL.into_iter().find(|outcome| {
            ignores.contains(*outcome)
                && breaker.counts.as_ref().is_some_and(|counts| counts.contains(outcome))
        }) {
            let at = self.key_at(&format!("{path}.ignores"));
            self.error(
                at,
                format!("`{}` is both counted and ignored", outcome.name()),
                "keep it in one of the two lists",
            );
        }
        let store_delay = (breaker.scope == Some(Written::Store))
            .then(|| breaker.propagation.map_or(PROPAGATION, |propagation| propagation.0));
        if breaker.propagation.is_some() && store_delay.is_none() {
            let at = self.key_at(&format!("{path}.propagation"));
            self.error(
                at,
                "`propagation` means nothing to this scope",
                "it belongs to `scope: store`",
            );
        }
        let fails_open = breaker.broken != Some(Broken::FailClosed);
        let first = self.blueprint.breakers.len() as u32;
        let count = self.count_in(scope, caller, callee);
        self.looked_back =
            self.looked_back.saturating_add(count.saturating_mul(settings.remembered()));
        if self.may_have(u64::from(first) + count, most::BREAKERS, "breakers", path)
            && self.may_have(
                self.looked_back,
                most::LOOKED_BACK,
                "calls or seconds for breakers to remember",
                path,
            )
        {
            for owner in self.breaker_owners(caller, callee, scope) {
                let owner = one_of_several(owner, "breaker", ordinal);
                self.blueprint.breakers.push(BreakerPlan {
                    owner,
                    settings,
                    fails_open,
                    store_delay,
                });
            }
        }
        Guard::Breaker { first, scope, counts, ignores }
    }

    fn breaker_owners(&self, caller: Caller, callee: u32, scope: Scope) -> Vec<String> {
        let (from, to) =
            (self.caller_name(caller), self.blueprint.stations[callee as usize].name.clone());
        let numbered = |name: &str, instances: u32| -> Vec<String> {
            if instances == 1 {
                vec![name.to_owned()]
            } else {
                (1..=instances).map(|number| format!("{name}#{number}")).collect()
            }
        };
        let callers = numbered(&from, self.caller_instances(caller));
        match scope {
            Scope::Edge => vec![format!("{from} -> {to}")],
            Scope::CallerInstance => callers.iter().map(|from| format!("{from} -> {to}")).collect(),
            Scope::CalleeInstance => {
                let callees =
                    numbered(&to, self.blueprint.stations[callee as usize].instances.len() as u32);
                callers
                    .iter()
                    .flat_map(|from| callees.iter().map(move |to| format!("{from} -> {to}")))
                    .collect()
            }
        }
    }

    fn breaker_settings(&mut self, breaker: &Breaker, path: &str) -> BreakerSettings {
        match breaker.preset {
            None => BreakerSettings::Composed(self.composed(breaker, path)),
            Some(Preset::Envoy | Preset::Istio) => {
                unreachable!("the limits of a proxy are a bulkhead")
            }
            Some(Preset::Resilience4j) => {
                BreakerSettings::Resilience4j(self.resilience4j(breaker, path))
            }
            Some(Preset::GoBreaker) => BreakerSettings::GoBreaker(self.gobreaker(breaker, path)),
            Some(Preset::PyBreaker) => BreakerSettings::PyBreaker(self.pybreaker(breaker, path)),
            Some(Preset::ArticlePython) => {
                BreakerSettings::ArticlePython(self.article_python(breaker, path))
            }
            Some(Preset::ArticleGo) => BreakerSettings::ArticleGo(self.article_go(breaker, path)),
            Some(Preset::Opossum) => BreakerSettings::Opossum(self.opossum(breaker, path)),
            Some(Preset::Cockatiel) => BreakerSettings::Cockatiel(self.cockatiel(breaker, path)),
            Some(Preset::Polly) => BreakerSettings::Polly(self.polly(breaker, path)),
            Some(Preset::Hystrix) => BreakerSettings::Hystrix(self.hystrix(breaker, path)),
        }
    }
}
