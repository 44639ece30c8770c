//! More traffic.

use sim_core::{SimDuration, SimTime};

use super::compile::Strike;
use super::reach::InForceSpan;
use super::{Effect, Fault, FaultKind, FaultTarget, InForce, rounded};
use crate::language::quantity::{Duration, FactorOrNone};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan, span_or};
use crate::system::{Engine, Id, of};
use crate::workload::{Knot, RateProfile};

section! {
    /// Multiplies the arrivals of an open workload, or the users of a closed one.
    pub(crate) struct SurgeSection {
        /// The workload.
        "surge" => surge: Placed<String>,
        /// The factor on its arrival rate, or on its number of users, such as `3x`; `0x` switches the workload off.
        "by" => by: FactorOrNone,
        /// The time that it takes to reach its full size; none if left out.
        "ramp" => ramp: Option<Placed<Duration>>,
        .. => span: InForceSpan,
    }
}

/// More traffic; built into the workload's rate profile, or its plan of users.
#[derive(Clone, Debug, PartialEq)]
pub struct Surge {
    /// The factor on the arrival rate, or on the number of users.
    pub factor: f64,
}

impl Strike for SurgeSection {
    const KEY: &'static str = "surge";

    fn target(&self) -> &Placed<String> {
        &self.surge
    }

    fn span(&self) -> Option<&InForceSpan> {
        Some(&self.span)
    }

    fn ramp(&self) -> SimDuration {
        span_or(self.ramp.as_ref(), SimDuration::ZERO)
    }

    fn effect(
        &self,
        _: FaultTarget,
        names: &Names<'_>,
        _: &Plan,
        problems: &mut Problems,
    ) -> Option<Effect> {
        let (name, at) = (&*self.surge, self.surge.at());
        let workloads = &names.file.workloads;
        if workloads.get(name).is_none() {
            if !workloads.mentions(name) {
                let otherwise = || "a surge strikes a workload".to_owned();
                let help = problems.meant(name, workloads.names(), otherwise);
                problems.error(at, format!("there is no workload `{name}`"), help);
            }
            return None;
        }
        if let Some(every) = &self.span.every {
            let help = "leave `every` out, or write `steps` or a `diurnal` rate for the workload";
            problems.error(every.at(), "a surge does not repeat", help);
        }
        Some(Effect::Surge(Surge { factor: self.by.0 }))
    }

    fn strike(
        &self,
        begin: SimTime,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Vec<Fault> {
        let effect = self.effect(FaultTarget::Station(Id::FIRST), names, plan, problems);
        effect.map(|effect| self.fault(begin, effect)).into_iter().collect()
    }
}

impl InForce for Surge {
    fn has_no_effect(&self, _: &str, _: Option<Id<of::Station>>, _: &Plan) -> Option<String> {
        (self.factor == 1.0).then(|| "a factor of 1 leaves everything as it is".to_owned())
    }

    fn begin(&self, _: Id<of::Fault>, _: &mut Engine<'_>) {}

    fn end(&self, _: Id<of::Fault>, _: &mut Engine<'_>) {}

    fn strengthen(&mut self, factor: f64) -> bool {
        self.factor *= factor;
        true
    }

    fn summary(&self) -> String {
        if self.factor == 0.0 {
            "switched off".to_owned()
        } else {
            format!("surge of {}x", self.factor)
        }
    }

    fn summary_at(&self, share: f64) -> Option<String> {
        Some(Self { factor: rounded(1.0 + (self.factor - 1.0) * share) }.summary())
    }
}

impl Surge {
    /// The factor over time of each surge on a workload.
    pub(crate) fn all_on(workload: &str, names: &Names<'_>) -> Vec<RateProfile> {
        let surges = names.file.faults.iter().filter_map(|fault| match &fault.kind {
            FaultKind::Surge(surge) if *surge.surge == workload => Some((surge, &fault.at)),
            _ => None,
        });
        surges
            .map(|(surge, at)| {
                let begin = span_or(at.as_ref(), SimDuration::ZERO).as_secs_f64();
                surge.factor_over_time(begin)
            })
            .collect()
    }
}

impl SurgeSection {
    fn factor_over_time(&self, begin: f64) -> RateProfile {
        let factor = self.by.0;
        let full = begin + self.ramp().as_secs_f64();
        let mut knots = vec![
            Knot { at: 0.0, rate: 1.0 },
            Knot { at: begin, rate: 1.0 },
            Knot { at: full, rate: factor },
        ];
        if let Some(lasts) = &self.span.lasts {
            let end = begin + lasts.0.as_secs_f64();
            let at_end = if full > end {
                1.0 + (factor - 1.0) * (end - begin) / (full - begin)
            } else {
                factor
            };
            knots.truncate(if full > end { 2 } else { 3 });
            knots.extend([Knot { at: end, rate: at_end }, Knot { at: end, rate: 1.0 }]);
        }
        RateProfile::new(knots)
    }
}
