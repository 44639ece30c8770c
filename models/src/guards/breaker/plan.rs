//! From the settings of a breaker to the breakers of an edge.

use sim_core::SimDuration;

use super::BreakerSection;
use super::service::{Broken, ServiceSection};
use crate::guards::{Scope, ScopeWord, Site, one_of_several};
use crate::language::{Placed, Problems};
use crate::scenario::{Edge, Names, Plan};
use crate::system::{BreakerPlan, Id, of};
use crate::{Outcome, OutcomeSet};

/// The time that callers who share a breaker through a store take to learn of its state.
const PROPAGATION: SimDuration = SimDuration::from_millis(100);

/// Stops calling what keeps failing.
#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    /// The first of its breakers.
    pub first: Id<of::Breaker>,
    /// The order of the others.
    pub scope: Scope,
    /// Outcomes that count as failures.
    pub counts: OutcomeSet,
    /// Outcomes that do not count.
    pub ignores: OutcomeSet,
}

/// Compiles a breaker that has a state machine.
pub(super) fn compile(
    section: &BreakerSection,
    site: &Site,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<Breaker> {
    let machine = section.machine()?;
    let settings = machine.settings(problems);
    let service = machine.service();
    let scope = ScopeWord::scope(service.scope);
    let counts = service.counts.as_deref().map_or_else(|| machine.counts(), OutcomeSet::of);
    let ignores =
        service.ignores.as_ref().map_or_else(|| machine.ignores(), |it| OutcomeSet::of(it));
    check_outcomes(service, problems);
    let store_delay = store_delay(service, problems);
    let fails_open = service.broken != Some(Broken::FailClosed);
    let has_own_outcomes = service.counts.is_some() || service.ignores.is_some();
    let first = plan.blueprint.breakers.next_id();
    let count = plan.count_in(scope, site.edge);
    let guards = (first.index(), count, "breakers");
    if plan.may_add_guards(guards, settings.remembered(), site.at, problems) {
        for owner in owners(site.edge, scope, names, plan) {
            let owner = one_of_several(owner, "breaker", site.ordinal);
            let breaker =
                BreakerPlan { owner, settings, fails_open, store_delay, has_own_outcomes };
            plan.blueprint.breakers.push(breaker);
        }
    }
    Some(Breaker { first, scope, counts, ignores })
}

fn check_outcomes(service: &ServiceSection, problems: &mut Problems) {
    let (Some(ignores), Some(counts)) = (&service.ignores, &service.counts) else { return };
    let is_both = |outcome: &Outcome| ignores.contains(outcome) && counts.contains(outcome);
    if let Some(outcome) = Outcome::ALL.into_iter().find(is_both) {
        let message = format!("`{}` is both counted and ignored", outcome.name());
        problems.error(ignores.key(), message, "keep it in one of the two lists");
    }
}

fn store_delay(service: &ServiceSection, problems: &mut Problems) -> Option<SimDuration> {
    let propagation = service.propagation.as_ref();
    if service.scope == Some(ScopeWord::Store) {
        return Some(propagation.map_or(PROPAGATION, |propagation| propagation.0));
    }
    if let Some(at) = propagation.map(Placed::key) {
        let message = "`propagation` means nothing to this scope";
        problems.error(at, message, "it belongs to `scope: store`");
    }
    None
}

/// The names of the breakers of an edge in a scope.
fn owners(edge: Edge, scope: Scope, names: &Names<'_>, plan: &Plan) -> Vec<String> {
    let station = &plan.blueprint.stations[edge.callee];
    let (from, to) = (plan.caller_name(edge.caller, names), &station.name);
    let callers = numbered(&from, plan.caller_instances(edge.caller));
    match scope {
        Scope::Edge => vec![format!("{from} -> {to}")],
        Scope::CallerInstance => callers.iter().map(|from| format!("{from} -> {to}")).collect(),
        Scope::CalleeInstance => {
            let callees = numbered(to, station.instances.len());
            let of = |from: &String| -> Vec<String> {
                callees.iter().map(|to| format!("{from} -> {to}")).collect()
            };
            callers.iter().flat_map(of).collect()
        }
    }
}

/// A name with the number of each instance, if there are several.
fn numbered(name: &str, instances: u32) -> Vec<String> {
    if instances == 1 {
        return vec![name.to_owned()];
    }
    (1..=instances).map(|number| format!("{name}#{number}")).collect()
}
