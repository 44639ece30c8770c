//! Changes that alternate many times in short succession, told about as one.

use std::mem::discriminant;

use indexmap::IndexMap;
use sim_core::{SimDuration, SimTime};

use super::{Change, Counted, Moment, Portion};
use crate::observe::{InstanceChange, ProcessChange};
use crate::resilience::circuit_breaker::BreakerState;

/// The most changes of one thing in short succession that are told about one by one.
const MOST_TOLD: usize = 12;

/// Changes follow each other in short succession if no more than this lies between them, or no more
/// than a twentieth of the run.
const SHORT: SimDuration = SimDuration::from_secs(30);
/// The longest time between two changes in short succession, however long the run is.
const LONG: SimDuration = SimDuration::from_secs(300);

/// A timeline in which a thing that flaps has few moments: the first of each kind of change for the worse, which says how
/// often, and the last, which says how it ended, if that is known.
pub(super) fn folded(timeline: Vec<Moment>, run: SimDuration) -> Vec<Moment> {
    let short = run.scaled(0.05).clamp(SHORT, LONG);
    let mut moments: Vec<Option<Moment>> = timeline.into_iter().map(Some).collect();
    for spell in spells(&moments, short) {
        fold(&mut moments, &spell);
    }
    moments.into_iter().flatten().collect()
}

/// A time in which a thing flaps.
struct Spell {
    /// The places of its moments.
    places: Vec<usize>,
    /// True if changes that are only counted may follow in short succession.
    goes_on: bool,
}

/// The times in which each thing flaps.
fn spells(moments: &[Option<Moment>], short: SimDuration) -> Vec<Spell> {
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
    let is_counted = |moment: &&Moment| matches!(moment.change, Change::NotTold { .. });
    let counted: Vec<&Moment> = moments.iter().flatten().filter(is_counted).collect();
    let told = strands.into_iter().flat_map(|(strand, spells)| {
        let not_told = counted.iter().find(|moment| counts(&moment.change, strand));
        let goes_on = move |last| not_told.is_some_and(|from| from.at.since(at(last)) <= short);
        let spells = spells.into_iter().filter(|places| places.len() > MOST_TOLD);
        spells.map(move |places| Spell {
            goes_on: places.last().is_some_and(|last| goes_on(*last)),
            places,
        })
    });
    told.collect()
}

/// True if further changes of a strand are only counted from a moment on.
fn counts(change: &Change, (kind, name, _): Strand<'_>) -> bool {
    let Change::NotTold { of, .. } = change else { return false };
    match of {
        Counted::Breaker(breaker) => matches!(kind, "breaker" | "breakers") && breaker == name,
        Counted::Balancers => kind == "instance",
        Counted::Instances => matches!(kind, "scale" | "memory" | "process" | "life"),
    }
}

/// Replaces the moments of a spell by the first of each kind of change for the worse, which says how often it comes, and by
/// the last, which says how it ended, unless it goes on; how what came before it ended is told too.
fn fold(moments: &mut [Option<Moment>], spell: &Spell) {
    let taken: Vec<(usize, Moment)> =
        spell.places.iter().filter_map(|&place| Some((place, moments[place].take()?))).collect();
    let mut kinds: Vec<Vec<&(usize, Moment)>> = Vec::new();
    for told in taken.iter().filter(|(_, moment)| !undoes(&moment.change)) {
        let is_alike =
            |kind: &&mut Vec<&(usize, Moment)>| are_alike(&kind[0].1.change, &told.1.change);
        match kinds.iter_mut().find(is_alike) {
            Some(kind) => kind.push(told),
            None => kinds.push(vec![told]),
        }
    }
    let (of_before, flapping) =
        taken.split_at(taken.iter().take_while(|(_, moment)| undoes(&moment.change)).count());
    let last = taken.last().filter(|_| !spell.goes_on);
    for (place, moment) in [of_before.first(), of_before.last(), last].into_iter().flatten() {
        if undoes(&moment.change) {
            moments[*place] = Some(moment.clone());
        }
    }
    for kind in kinds {
        let (place, first) = kind[0];
        let members: Vec<&Moment> = kind.iter().map(|(_, moment)| moment).collect();
        let spread = flapping.iter().map(|(_, moment)| moment);
        let spread = spread.filter(|moment| spreads(first, moment));
        moments[*place] = Some(one_of(&members, spread, spell.goes_on));
    }
}

/// The first of several changes of a kind, which says how often it comes and how wide it spreads.
fn one_of<'a>(
    alike: &[&'a Moment],
    spread: impl Iterator<Item = &'a Moment>,
    goes_on: bool,
) -> Moment {
    let (first, last) = (alike[0], alike[alike.len() - 1]);
    if alike.len() == 1 {
        return first.clone();
    }
    // Of several that concern as many, the last that `rev` yields is the first.
    let widest = alike.iter().rev().copied().chain(spread);
    let widest = widest.max_by_key(|moment| affected(&moment.change));
    let mut change = Box::new(of_all(alike, widest.unwrap_or(first)));
    if let Some(all) = portion(&mut change) {
        let portions =
            alike.iter().filter_map(|moment| portion(&mut moment.change.clone()).copied());
        *all = portions.reduce(Portion::with).unwrap_or_default();
    }
    let (times, until) = (alike.len(), last.at);
    Moment { at: first.at, change: Change::Flaps { change, times, until, goes_on } }
}

/// True if a change takes back another of its thing, is on the way to that, or widens it.
fn undoes(change: &Change) -> bool {
    match change {
        Change::FaultEnds { .. }
        | Change::FaultGrows { .. }
        | Change::SaturationSpreads { .. }
        | Change::Relieved { .. }
        | Change::OverflowEnds { .. }
        | Change::TurnsNothingAway { .. }
        | Change::RetriesAbate { .. }
        | Change::LinkRelieved { .. }
        | Change::AlertResolved { .. }
        | Change::Drained { .. }
        | Change::AvailabilityRegained { .. }
        | Change::AsksNoMore { .. }
        | Change::OutageEnds { .. }
        | Change::Instance { change: InstanceChange::Readmitted | InstanceChange::Up, .. }
        | Change::Process {
            change: ProcessChange::Started { .. } | ProcessChange::Ready, ..
        }
        | Change::HeldUp { is_over: true, .. } => true,
        Change::Breaker { transition, .. } => transition.to != BreakerState::Open,
        Change::Breakers { state, .. } => *state != BreakerState::Open,
        _ => false,
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
fn of_all(taken: &[&Moment], told: &Moment) -> Change {
    if let Change::SaturationSpreads { pool } = &told.change {
        return Change::Saturates { pool: pool.clone() };
    }
    if let Change::Process { instance, change } = &told.change {
        let is_other = |moment: &&Moment| matches!(&moment.change, Change::Process { instance: other, .. } if other != instance);
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
        | Change::AvailabilityRegained { workload, .. }
        | Change::AsksNoMore { workload, .. } => ("availability", workload, ""),
        Change::OutageBegins { workload } | Change::OutageEnds { workload, .. } => {
            ("outage", workload, "")
        }
        Change::Aborted { .. }
        | Change::Operated { .. }
        | Change::StillSuffers { .. }
        | Change::NotTold { .. }
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
