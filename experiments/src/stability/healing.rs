//! The load up to which a system heals from every trigger.

use sim_models::study::Level;

use super::boundary::Boundary;
use super::map::Stability;

/// The loads between which a system ceases to heal from every trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Healing {
    /// The largest load at which it was seen to heal.
    pub up_to: f64,
    /// The least load at which it was seen not to; `None` if there is none.
    pub first_bad: Option<Failing>,
}

/// A load at which a system does not always heal, with the trigger that shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    /// The load.
    pub load: f64,
    /// The trigger.
    pub trigger: Level,
    /// The value of its second setting, if there is one.
    pub also: Option<Level>,
}

impl Stability {
    /// The loads between which the system ceases to heal from every trigger; `None` if it heals at
    /// no load.
    pub fn healing(&self) -> Option<Healing> {
        let boundaries = || {
            self.maps.iter().flat_map(|map| {
                map.boundaries
                    .iter()
                    .zip(&map.triggers)
                    .map(|(boundary, trigger)| (boundary, trigger.clone(), map.also.clone()))
            })
        };
        let last = self.loads.last().map(|load| load.number)?;
        let heals =
            boundaries().map(|(boundary, ..)| boundary.last_good).collect::<Option<Vec<f64>>>()?;
        let heals = heals.into_iter().fold(self.overload.last_good?.min(last), f64::min);
        let failing = |(boundary, trigger, also): (&Boundary, Level, Option<Level>)| {
            Some(Failing { load: boundary.first_bad?, trigger, also })
        };
        let first_bad = boundaries()
            .filter_map(failing)
            .reduce(|least, next| if next.load < least.load { next } else { least });
        Some(Healing { up_to: heals, first_bad })
    }
}
