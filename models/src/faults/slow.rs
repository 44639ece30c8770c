//! Slowness: of work, or of messages on an edge.

use sim_core::{Distribution, SimDuration, SimTime};

use super::compile::Strike;
use super::idle::takes_no_time;
use super::reach::InForceSpan;
use super::steps::Reach;
use super::{Effect, Fault, FaultTarget, InForce, rounded};
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::{Duration, Factor};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan, read_distribution, span_or};
use crate::system::{Engine, Id, of};

section! {
    /// Slows a service, database, cache or region, or the messages of an edge `a -> b`.
    pub(crate) struct SlowSection {
        /// The service, database, cache, region or edge.
        "slow" => slow: Placed<String>,
        .. => size: Placed<Slowness>,
        /// The time that it takes to reach its full size; none if left out.
        "ramp" => ramp: Option<Placed<Duration>>,
        .. => reach: Reach,
        .. => span: InForceSpan,
    }
}

section! {
    /// The strength of a slowdown.
    pub(crate) struct Slowness {
        /// The factor on service times or latencies; 1 if left out.
        "by" => by: Option<Factor>,
        /// The time that is added to each service time or message; none if left out.
        "adding" => adding: Option<Placed<DurationPhrase>>,
        /// The service times or latencies while it lasts, in place of `by` and `adding`.
        "to" => to: Option<Placed<DurationPhrase>>,
    }
}

/// Work, or messages on an edge, take longer.
#[derive(Clone, Debug, PartialEq)]
pub struct Slow {
    /// The edge whose messages are slow; `None` if work is.
    pub edge: Option<Id<of::Edge>>,
    /// The factor on service times or latencies.
    pub factor: f64,
    /// The time that is added, in nanoseconds; before work, it passes without a processor.
    pub added: Option<Distribution>,
    /// The service times or latencies while it lasts, in nanoseconds.
    pub to: Option<Distribution>,
}

impl Strike for SlowSection {
    const KEY: &'static str = "slow";
    const STRIKES_REGIONS: bool = true;

    fn target(&self) -> &Placed<String> {
        &self.slow
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
        names: &Names<'_>,
        _: &Plan,
        problems: &mut Problems,
    ) -> Option<Effect> {
        let size = &self.size;
        let is_sized = size.by.is_some() || size.adding.is_some();
        match &size.to {
            None if !is_sized && size.is_whole() => {
                let message = "this fault has no size: how much slower does it make things?";
                let help = "write `by: 20x`, `adding: 100ms` or `to: lognormal p50 1s p99 5s`";
                problems.error(self.slow.key(), message, help);
            }
            Some(to) if is_sized => {
                let message = "`to` says how long everything takes, so `by` and `adding` cannot";
                problems.error(to.key(), message, "keep `to` or the others");
            }
            _ => {}
        }
        let mut read = |phrase: &Option<Placed<DurationPhrase>>| {
            phrase.as_ref().map(|phrase| read_distribution(phrase, names, problems))
        };
        let (added, to) = (read(&size.adding), read(&size.to));
        let factor = size.by.map_or(1.0, |by| by.0);
        let edge = if let FaultTarget::Edge(edge) = target { Some(edge) } else { None };
        Some(Effect::Slow(Slow { edge, factor, added, to }))
    }
}

impl InForce for Slow {
    fn begin(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        match self.edge {
            Some(edge) => engine.state.edges[edge].slowed_by.push(id),
            None => engine.disturb_instances(id, |state| state.slowed_by.push(id)),
        }
    }

    fn end(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        match self.edge {
            Some(edge) => {
                engine.state.edges[edge].slowed_by.retain(|other| *other != id);
            }
            None => {
                engine.disturb_instances(id, |state| state.slowed_by.retain(|other| *other != id));
            }
        }
    }

    fn strengthen(&mut self, factor: f64) -> bool {
        if self.factor != 1.0 {
            self.factor *= factor;
        }
        if let Some(added) = &mut self.added {
            *added = added.scaled(factor);
        }
        if let Some(to) = &mut self.to {
            *to = to.scaled(factor);
        }
        true
    }

    fn summary(&self) -> String {
        let factor = self.factor;
        if let Some(to) = &self.to {
            return format!("slow: takes {}", in_the_mean(to));
        }
        match (factor == 1.0, &self.added) {
            (false, None) => format!("slow by {factor}x"),
            (true, Some(added)) => format!("slow by {}", in_the_mean(added)),
            (_, Some(added)) => format!("slow by {factor}x plus {}", in_the_mean(added)),
            (true, None) => "slow by 1x".to_owned(),
        }
    }

    fn summary_at(&self, share: f64) -> Option<String> {
        let added = self.added.as_ref().map(|added| added.scaled(share));
        let factor = rounded(1.0 + (self.factor - 1.0) * share);
        self.to.is_none().then(|| Self { edge: self.edge, factor, added, to: None }.summary())
    }

    fn has_no_effect(
        &self,
        target: &str,
        station: Option<Id<of::Station>>,
        plan: &Plan,
    ) -> Option<String> {
        if self.to.is_none() && self.added.is_none() && self.factor == 1.0 {
            return Some("a factor of 1 leaves everything as it is".to_owned());
        }
        let Some(edge) = self.edge else { return takes_no_time(target, station, plan) };
        let is_instant = plan.blueprint.edges[edge].latency.is_none();
        let only_multiplies = self.to.is_none() && self.added.is_none();
        (is_instant && only_multiplies)
            .then(|| format!("messages over `{target}` take no time that could be multiplied"))
    }

    fn work_factor(&self, fault: &Fault, now: SimTime) -> f64 {
        1.0 + (self.factor - 1.0) * fault.intensity(now)
    }

    fn added_work(&self) -> Option<&Distribution> {
        self.added.as_ref()
    }

    fn work_instead(&self) -> Option<&Distribution> {
        self.to.as_ref()
    }
}

/// A time that may be drawn, in words.
fn in_the_mean(time: &Distribution) -> String {
    let mean = SimDuration::from_nanos_f64(time.mean());
    match time {
        Distribution::Constant { .. } => mean.to_string(),
        _ => format!("{mean} on average"),
    }
}
