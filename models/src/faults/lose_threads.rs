//! Threads, slots or connections that leak.

use sim_core::SimDuration;

use super::compile::Strike;
use super::reach::InForceSpan;
use super::steps::Reach;
use super::{Effect, FaultTarget, InForce};
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan, span_or};
use crate::system::{Engine, Event, Id, UNLIMITED, of};

/// Most steps in which a leak with a ramp loses its slots.
const LEAK_STEPS: u32 = 100;

section! {
    /// Takes threads, slots or connections away from a service, database or cache.
    pub(crate) struct LoseThreadsSection {
        /// The service, database or cache.
        "lose threads" => lose_threads: Placed<String>,
        /// The number that each instance loses, such as `10`.
        "count" => count: u32,
        /// The time that it takes to reach its full size; none if left out.
        "ramp" => ramp: Option<Placed<Duration>>,
        .. => reach: Reach,
        .. => span: InForceSpan,
    }
}

/// Threads or connections leak.
#[derive(Clone, Debug, PartialEq)]
pub struct LoseSlots {
    /// The number that each instance loses.
    pub count: u32,
}

impl Strike for LoseThreadsSection {
    const KEY: &'static str = "lose threads";

    fn target(&self) -> &Placed<String> {
        &self.lose_threads
    }

    fn span(&self) -> Option<&InForceSpan> {
        Some(&self.span)
    }

    fn reach(&self) -> Option<&Reach> {
        Some(&self.reach)
    }

    fn ramp(&self) -> SimDuration {
        span_or(self.ramp.as_ref(), SimDuration::ZERO)
    }

    fn effect(
        &self,
        target: FaultTarget,
        _: &Names<'_>,
        _: &Plan,
        _: &mut Problems,
    ) -> Option<Effect> {
        let effect = LoseSlots { count: self.count };
        matches!(target, FaultTarget::Station(_)).then_some(Effect::LoseSlots(effect))
    }
}

impl InForce for LoseSlots {
    fn has_no_effect(
        &self,
        target: &str,
        station: Option<Id<of::Station>>,
        plan: &Plan,
    ) -> Option<String> {
        if self.count == 0 {
            return Some("it takes none".to_owned());
        }
        let mut instances = plan.blueprint.stations[station?].instances.iter();
        let is_unlimited = instances.all(|instance| {
            let slots = plan.blueprint.instances[instance].slots;
            plan.blueprint.pools[slots].capacity == UNLIMITED
        });
        is_unlimited.then(|| format!("`{target}` has no limit that it could come closer to"))
    }

    fn begin(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        self.grow(id, engine);
    }

    fn grow(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        let fault = &engine.plan.faults[id];
        let now = engine.clock_of(fault);
        let lost = (f64::from(self.count) * fault.intensity(now)) as u32;
        engine.set_lost_slots(id, lost);
        let full = fault.begin + fault.ramp;
        let steps = u64::from(self.count.clamp(1, LEAK_STEPS));
        let step = SimDuration::from_nanos((fault.ramp.as_nanos() / steps).max(1));
        let next = (now + step).min(full);
        if now < next && next < fault.end {
            engine.schedule.after(next.since(now), Event::FaultGrows { fault: id });
        }
    }

    fn end(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.set_lost_slots(id, 0);
    }

    fn strengthen(&mut self, factor: f64) -> bool {
        self.count = self.count.saturating_mul(factor as u32);
        true
    }

    fn summary(&self) -> String {
        format!("{} slots lost", self.count)
    }

    fn summary_at(&self, share: f64) -> Option<String> {
        Some(Self { count: (f64::from(self.count) * share) as u32 }.summary())
    }
}
