//! Locality: instances in the caller's own zone come first.

use std::fmt;

use sim_core::random::{KeyedDraw, Rng, uniform};

/// Preference for instances in the caller's own zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Locality {
    /// Zones of the callee, over which its instances are spread in turn unless they have regions.
    pub zones: u32,
    /// With the share `h` of its instances in order, a zone keeps `min(1, h × overprovisioning)` of
    /// its calls (Envoy's overprovisioning factor); the others overflow.
    pub overprovisioning: f64,
}

impl fmt::Display for Locality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "zones: {}, overprovisioning: {}", self.zones, self.overprovisioning)
    }
}

/// The zones of a callee's instances.
#[derive(Clone, Debug)]
pub(super) struct Zones {
    overprovisioning: f64,
    /// The zone of each instance.
    of: Vec<u32>,
    /// The number of zones over which callers are spread too; `None` if zones are regions.
    in_turn: Option<u32>,
}

impl Zones {
    /// Spreads instances over the zones in turn.
    pub fn in_turn(locality: Locality, instances: u32) -> Self {
        let zones = locality.zones.max(1);
        Self {
            overprovisioning: locality.overprovisioning,
            of: (0..instances).map(|instance| instance % zones).collect(),
            in_turn: Some(zones),
        }
    }

    /// Zones that are the regions of the instances.
    pub fn by_region(locality: Locality, regions: Vec<u32>) -> Self {
        Self { overprovisioning: locality.overprovisioning, of: regions, in_turn: None }
    }

    /// The number above all zones.
    pub fn end(&self) -> u32 {
        self.of.iter().max().map_or(1, |last| last + 1)
    }

    /// The zone of an instance.
    pub fn of(&self, instance: u32) -> u32 {
        self.of[instance as usize]
    }

    /// The zone that a call is kept in: the caller's own, as far as enough of its instances are in
    /// order; that of any other eligible instance otherwise. `None` if there is none to keep to,
    /// or the caller is in no zone. `is_out_of_service` has the instances that exist, and is true
    /// for those that do not serve.
    pub fn of_call(
        &self,
        callers: Option<u32>,
        is_out_of_service: &[bool],
        eligible: &[u32],
        draw: &mut KeyedDraw,
    ) -> Option<u32> {
        let callers = callers?;
        let own = self.in_turn.map_or(callers, |zones| callers % zones);
        let existing = self.of.iter().zip(is_out_of_service);
        let members = existing.filter(|(zone, is_out)| **zone == own && !**is_out).count();
        let zones = || eligible.iter().map(|instance| self.of(*instance));
        let in_order = zones().filter(|zone| *zone == own).count();
        let kept = (in_order as f64 / members.max(1) as f64 * self.overprovisioning).min(1.0);
        if in_order > 0 && uniform(draw) < kept {
            return Some(own);
        }
        let elsewhere = || zones().filter(|zone| *zone != own);
        match elsewhere().count() {
            0 => None,
            count => elsewhere().nth(below(draw, count)),
        }
    }
}

/// A whole number from zero to below `count`.
pub(super) fn below(draw: &mut KeyedDraw, count: usize) -> usize {
    ((u128::from(draw.next_u64()) * count as u128) >> 64) as usize
}
