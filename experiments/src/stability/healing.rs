//! The load up to which a system heals from every trigger.

use sim_models::study::Level;

use super::boundary::Boundary;
use super::map::Stability;

/// The load up to which a system heals from every trigger, and is well without one.
#[derive(Clone, Debug, PartialEq)]
pub struct Healing {
    /// The boundary.
    pub boundary: Boundary,
    /// The reason why it lies no higher; `None` if nothing that was tried says so.
    pub ended_by: Option<EndedBy>,
}

/// The event that a system does not always survive at the least load of all.
#[derive(Clone, Debug, PartialEq)]
pub enum EndedBy {
    /// None: it is not well even without a trigger.
    Load,
    /// A trigger, with the value of its second setting if there is one.
    Trigger(Level, Option<Level>),
}

impl Stability {
    /// The load up to which the system heals from every trigger, and is well without one. It is
    /// unknown if that is unknown of a trigger.
    pub fn healing(&self) -> Healing {
        let of_triggers = self.maps.iter().flat_map(|map| {
            let ended_by = |trigger: &Level| EndedBy::Trigger(trigger.clone(), map.also.clone());
            map.boundaries.iter().zip(&map.triggers).map(move |(it, by)| (*it, ended_by(by)))
        });
        let all: Vec<(Boundary, EndedBy)> =
            std::iter::once((self.overload, EndedBy::Load)).chain(of_triggers).collect();
        if all.iter().any(|(boundary, _)| *boundary == Boundary::Unknown) {
            return Healing { boundary: Boundary::Unknown, ended_by: None };
        }
        // Where one row of the map does not heal at its first load, there is no load for all.
        let is_at_most = |boundary| matches!(boundary, Boundary::AtMost(_));
        let has_none = all.iter().any(|(boundary, _)| is_at_most(*boundary));
        let first = all
            .iter()
            .filter(|(boundary, _)| !has_none || is_at_most(*boundary))
            .filter_map(|(boundary, by)| Some((boundary.fails()?, by)))
            .reduce(|least, next| if next.0 < least.0 { next } else { least });
        let heals = all.iter().filter_map(|(boundary, _)| boundary.heals()).reduce(f64::min);
        let boundary = match (heals.filter(|_| !has_none), first) {
            (Some(heals), Some((fails, _))) => Boundary::Between { heals, fails },
            (Some(heals), None) => Boundary::AtLeast(heals),
            (None, Some((fails, _))) => Boundary::AtMost(fails),
            (None, None) => Boundary::Unknown,
        };
        Healing { boundary, ended_by: first.map(|(_, by)| by.clone()) }
    }

    /// The boundary of a trigger and the trigger that has the least; the first of several. `None` if
    /// that of none is known.
    pub fn worst_trigger(&self) -> Option<(Boundary, &Level, Option<&Level>)> {
        let rows = self.maps.iter().flat_map(|map| {
            let also = map.also.as_ref();
            map.boundaries.iter().zip(&map.triggers).map(move |(it, by)| (*it, by, also))
        });
        let known = rows.filter(|row| row.0 != Boundary::Unknown);
        let known = known.map(|row| (row.0.heals().unwrap_or(f64::NEG_INFINITY), row));
        let worst = known.reduce(|least, next| if next.0 < least.0 { next } else { least });
        worst.map(|(_, row)| row)
    }
}
