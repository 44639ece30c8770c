//! Throttling by the client.

use sim_core::random::uniform;

use super::{Call, Entry, Exit, Guards, Hold, Site};
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};
use crate::resilience::{AdaptiveThrottle, ThrottleSettings};
use crate::scenario::{Names, Plan};
use crate::system::{Draw, EdgePlan, Engine, Id, of};
use crate::{Outcome, OutcomeSet};

section! {
    /// Client-side adaptive throttling, as in Google's book on site reliability engineering.
    pub(crate) struct ThrottleSection {
        /// The number of calls that are sent for each that is accepted, at least 1; 2 if left out.
        "k" => multiplier: Option<Placed<f64>>,
        /// The time over which calls are counted; 2m if left out.
        "over" => window: Option<Placed<Duration>>,
        /// Outcomes that count as not accepted; server errors, timeouts, refusals and full queues if
        /// left out.
        "counts" => counts: Option<Vec<Outcome>>,
    }
}

/// Rejects calls by chance, the more the fewer the callee accepts; each instance of the caller for
/// itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Throttle {
    /// The first of its throttles; one for each instance of the caller.
    pub first: Id<of::Throttle>,
    /// Outcomes that count as not accepted.
    pub counts: OutcomeSet,
}

impl Guards for Throttle {
    type Section = ThrottleSection;

    fn compile(
        section: &ThrottleSection,
        site: &Site,
        _: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Self> {
        let usual = ThrottleSettings::default();
        let window = section.window.as_ref();
        let settings = ThrottleSettings {
            multiplier: problems.within(section.multiplier.as_ref(), usual.multiplier, 1.0..=1e6),
            window: window.map_or(usual.window, |window| problems.above_zero(window)),
        };
        let first = plan.blueprint.throttles.next_id();
        let instances = plan.caller_instances(site.edge.caller);
        let guards = (first.index(), u64::from(instances), "throttles");
        if !plan.may_add_guards(guards, 1, site.at, problems) {
            return None;
        }
        plan.blueprint.throttles.extend(std::iter::repeat_n(settings, instances as usize));
        let counts =
            section.counts.as_deref().map_or_else(OutcomeSet::callee_failures, OutcomeSet::of);
        Some(Self { first, counts })
    }

    fn enter(&self, call: Call<'_>, engine: &mut Engine<'_>) -> Entry {
        *engine.state.frames.hold(call.index, call.position) = Hold::Nothing;
        let frame = &engine.state.frames[call.index];
        let tag = Draw::Throttle.of_attempt(frame.rounds);
        let key = frame.key.child(frame.step_number() | tag).child(u64::from(call.position));
        let throttle = call.of_caller(self.first, engine);
        let throttle = &mut engine.state.throttles[throttle];
        let chance = throttle.chance_to_reject(engine.now);
        throttle.note_request(engine.now);
        if chance > 0.0 && uniform(&mut key.draw()) < chance {
            return Entry::Rejected(Outcome::RejectedByThrottle);
        }
        Entry::Passed
    }

    fn leave(&self, call: Call<'_>, outcome: Outcome, engine: &mut Engine<'_>) -> Exit {
        if !self.counts.contains(outcome) {
            let throttle = call.of_caller(self.first, engine);
            engine.state.throttles[throttle].note_accept(engine.now);
        }
        Exit::Passed
    }

    fn forget(&self, _: &EdgePlan, caller: u32, engine: &mut Engine<'_>) -> Option<&'static str> {
        let throttle = self.first.offset(caller);
        engine.state.throttles[throttle] = AdaptiveThrottle::new(engine.plan.throttles[throttle]);
        Some("throttles")
    }
}
