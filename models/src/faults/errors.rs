//! Failures that are answered at once.

use sim_core::SimDuration;

use super::compile::Strike;
use super::reach::InForceSpan;
use super::steps::Reach;
use super::{Effect, FaultTarget, InForce, rounded};
use crate::Outcome;
use crate::language::quantity::{Duration, RetryAfter, Share};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan, span_or};
use crate::system::{Engine, Id, of};

section! {
    /// Makes a service, database, cache or region answer errors at once.
    pub(crate) struct ErrorsSection {
        /// The service, database, cache or region.
        "errors" => errors: Placed<String>,
        /// The share of requests that fail, such as `30%`.
        "rate" => rate: Share,
        /// The outcome of those requests; a server error if left out.
        "as" => fails_as: Option<Outcome>,
        /// The time for which callers should stay away (`Retry-After`); none if left out.
        "retry after" => retry_after: Option<RetryAfter>,
        /// The time that it takes to reach its full size; none if left out.
        "ramp" => ramp: Option<Placed<Duration>>,
        .. => reach: Reach,
        .. => span: InForceSpan,
    }
}

/// A share of requests is answered with a failure at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Errors {
    /// The share, 0 to 1.
    pub rate: f64,
    /// The failure.
    pub outcome: Outcome,
    /// The time for which callers should stay away, in milliseconds.
    pub retry_after: u32,
}

impl Strike for ErrorsSection {
    const KEY: &'static str = "errors";
    const STRIKES_REGIONS: bool = true;

    fn target(&self) -> &Placed<String> {
        &self.errors
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
        let effect = Errors {
            rate: self.rate.0,
            outcome: self.fails_as.unwrap_or(Outcome::ServerError),
            retry_after: self.retry_after.map_or(0, |after| after.0),
        };
        matches!(target, FaultTarget::Station(_)).then_some(Effect::Errors(effect))
    }
}

impl InForce for Errors {
    fn has_no_effect(&self, _: &str, _: Option<Id<of::Station>>, _: &Plan) -> Option<String> {
        (self.rate == 0.0).then(|| "no request fails".to_owned())
    }

    fn begin(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.disturb_instances(id, |state| state.failing_by.push(id));
    }

    fn end(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.disturb_instances(id, |state| state.failing_by.retain(|other| *other != id));
    }

    fn strengthen(&mut self, factor: f64) -> bool {
        self.rate = (self.rate * factor).min(1.0);
        true
    }

    fn summary(&self) -> String {
        let kind = self.outcome.name();
        let plural = if kind.ends_with('d') { "" } else { "s" };
        format!("{}% {kind}{plural}", rounded(self.rate * 100.0))
    }

    fn summary_at(&self, share: f64) -> Option<String> {
        Some(Self { rate: rounded(self.rate * share), ..*self }.summary())
    }

    fn errors(&self) -> Option<&Errors> {
        Some(self)
    }
}
