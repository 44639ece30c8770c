//! Changes that alternate many times in short succession, told about as one.

use std::mem::discriminant;

use indexmap::IndexMap;
use sim_core::{SimDuration, SimTime};

use super::{Change, Moment, Portion};

/// The most changes of one thing in short succession that are told about one by one.
const MOST_TOLD: usize = 12;

/// Changes follow each other in short succession if no more than this lies between them, or no more
/// than a twentieth of the run.
const SHORT: SimDuration = SimDuration::from_secs(30);

/// A timeline in which a thing that flaps has two moments: the first, which says how often, and the
/// last, which says how it ended.
pub(super) fn folded(timeline: Vec<Moment>, run: SimDuration) -> Vec<Moment> {
    let short = SHORT.max(run.scaled(0.05));
    let mut moments: Vec<Option<Moment>> = timeline.into_iter().map(Some).collect();
    for spell in spells(&moments, short) {
        fold(&mut moments, &spell);
    }
    moments.into_iter().flatten().collect()
}

/// The places of the moments of each thing that flaps.
fn spells(moments: &[Option<Moment>], short: SimDuration) -> Vec<Vec<usize>> {
    let mut strands: IndexMap<Strand<'_>, Vec<Vec<usize>>> = IndexMap::new();
    let at = |place: usize| moments[place].as_ref().map_or(SimTime::ZERO, |moment| moment.at);
    for (place, moment) in moments.iter().enumerate() {
        let Some(strand) = moment.as_ref().and_then(|moment| strand(&moment.change)) else {
            continue;
        };
        let spells = strands.entry(strand).or_default();
        let last = spells.last_mut().filter(|spell| {
            spell.last().is_some_and(|&before| at(place).since(at(before)) <= short)
        });
        match last {
            Some(spell) => spell.push(place),
            None => spells.push(vec![place]),
        }
    }
    strands.into_values().flatten().filter(|spell| spell.len() > MOST_TOLD).collect()
}

/// Replaces the moments of a spell by the first and the last of them.
fn fold(moments: &mut [Option<Moment>], spell: &[usize]) {
    let taken: Vec<Moment> = spell.iter().filter_map(|&place| moments[place].take()).collect();
    let ([first, ..], Some(last)) = (taken.as_slice(), taken.last()) else { return };
    let is_like_first = |moment: &&Moment| are_alike(&moment.change, &first.change);
    let times = taken.iter().filter(is_like_first).count();
    // Of several that concern as many, the last that `rev` yields is the first.
    let widest =
        taken.iter().rev().filter(|moment| is_like_first(moment) || spreads(first, moment));
    let widest = widest.max_by_key(|moment| affected(&moment.change));
    let mut change = Box::new(of_all(&taken, widest.unwrap_or(first)));
    if let Some(all) = portion(&mut change) {
        let portions =
            taken.iter().filter_map(|moment| portion(&mut moment.change.clone()).copied());
        *all = portions.reduce(Portion::with).unwrap_or_default();
    }
    let until = taken.iter().rfind(is_like_first).map_or(first.at, |moment| moment.at);
    let flaps = Change::Flaps { change, times, until };
    moments[spell[0]] = Some(Moment { at: first.at, change: flaps });
    if !are_alike(&last.change, &first.change) {
        moments[spell[spell.len() - 1]] = Some(last.clone());
    }
}

/// True if a saturation reaches more pools than at first.
fn spreads(first: &Moment, next: &Moment) -> bool {
    matches!(
        (&first.change, &next.change),
        (Change::Saturates { .. }, Change::SaturationSpreads { .. })
    )
}

/// The change of a moment, in the name of the service if instances of it change in the same way.
fn of_all(taken: &[Moment], told: &Moment) -> Change {
    if let Change::SaturationSpreads { pool } = &told.change {
        return Change::Saturates { pool: pool.clone() };
    }
    if let Change::Process { instance, change } = &told.change {
        let is_other = |moment: &Moment| matches!(&moment.change, Change::Process { instance: other, .. } if other != instance);
        if taken.iter().any(is_other) {
            return Change::Process { instance: service_of(instance).to_owned(), change: *change };
        }
    }
    told.change.clone()
}

/// The part that a change is about, if it is about a part of something.
fn portion(change: &mut Change) -> Option<&mut Portion> {
    match change {
        Change::Overflows { of, .. } | Change::TurnsAway { of, .. } => Some(of),
        Change::RetriesAmplify { calls, .. } => Some(calls),
        _ => None,
    }
}

/// The service of an instance: `a` of `a#2`.
fn service_of(instance: &str) -> &str {
    instance.split_once('#').map_or(instance, |(service, _)| service)
}

/// A thing that changes to and fro: its kind, and its name in one or two parts.
type Strand<'a> = (&'static str, &'a str, &'a str);

/// The thing that a change is of; `None` for what happens once.
fn strand(change: &Change) -> Option<Strand<'_>> {
    Some(match change {
        Change::FaultBegins { target, effect, .. }
        | Change::FaultGrows { target, effect, .. }
        | Change::FaultEnds { target, effect } => ("fault", target, effect),
        Change::QueueGrows { pool, .. } => ("growth", &pool.owner, pool.kind.name()),
        Change::TurnsAway { by, .. } | Change::TurnsNothingAway { by, .. } => {
            ("limit", &by.name, by.outcome.name())
        }
        Change::RetriesAmplify { edge, .. } | Change::RetriesAbate { edge, .. } => {
            ("retries", edge, "")
        }
        Change::Saturates { pool }
        | Change::SaturationSpreads { pool }
        | Change::Relieved { pool, .. } => ("saturation", &pool.owner, pool.kind.name()),
        Change::Overflows { pool, .. } | Change::OverflowEnds { pool } => {
            ("overflow", &pool.owner, pool.kind.name())
        }
        Change::LinkSaturates { link, direction }
        | Change::LinkRelieved { link, direction, .. } => ("link", link, direction),
        Change::Breaker { breaker, .. } => ("breaker", breaker, ""),
        Change::Breakers { edge, .. } => ("breakers", edge, ""),
        Change::Instance { edge, instance, .. } => ("instance", edge, instance),
        Change::Scaled { service, .. } => ("scale", service, ""),
        Change::OutOfMemory { instance, .. } => ("memory", instance, ""),
        Change::Forgot { instance, .. } => ("process", instance, ""),
        // The instances of a service share the fate of what they depend on.
        Change::Process { instance, .. } => ("life", service_of(instance), ""),
        Change::HeldUp { what, by, .. } => ("held up", what.name(), by),
        Change::AlertFires { alert, .. } | Change::AlertResolved { alert } => ("alert", alert, ""),
        Change::Backlog { queue, .. } | Change::Drained { queue, .. } => ("backlog", queue, ""),
        Change::AvailabilityFalls { workload, .. }
        | Change::AvailabilityRegained { workload, .. } => ("availability", workload, ""),
        Change::OutageBegins { workload } | Change::OutageEnds { workload, .. } => {
            ("outage", workload, "")
        }
        Change::Aborted { .. }
        | Change::Operated { .. }
        | Change::StillSuffers { .. }
        | Change::Flaps { .. } => return None,
    })
}

/// True if two changes of one thing lead to the same.
fn are_alike(one: &Change, other: &Change) -> bool {
    match (one, other) {
        (Change::Breaker { transition: one, .. }, Change::Breaker { transition: other, .. }) => {
            one.to == other.to
        }
        (Change::Breakers { state: one, .. }, Change::Breakers { state: other, .. }) => {
            one == other
        }
        (Change::Instance { change: one, .. }, Change::Instance { change: other, .. }) => {
            discriminant(one) == discriminant(other)
        }
        (Change::Process { change: one, .. }, Change::Process { change: other, .. }) => {
            discriminant(one) == discriminant(other)
        }
        (Change::Scaled { from, to, .. }, Change::Scaled { from: of, to: into, .. }) => {
            (from < to) == (of < into)
        }
        (Change::HeldUp { is_over: one, .. }, Change::HeldUp { is_over: other, .. }) => {
            one == other
        }
        _ => discriminant(one) == discriminant(other),
    }
}

/// The number of pools that a change concerns; the more, the more it says.
fn affected(change: &Change) -> u32 {
    match change {
        Change::Saturates { pool }
        | Change::SaturationSpreads { pool }
        | Change::Overflows { pool, .. } => pool.affected,
        _ => 0,
    }
}
