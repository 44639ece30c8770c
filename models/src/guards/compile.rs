//! Compilation of the guards that are written with a call to those of its edge.

use super::arrangement::Arrangement;
use super::breaker::{BreakerSection, Company};
use super::bulkhead::Permits;
use super::{Guard, Single, Site, Timeout, WrittenGuard};
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::Duration;
use crate::language::{Location, Placed, Problems, section};
use crate::resilience::RetryBudgetPolicy;
use crate::scenario::{Edge, Names, Plan};
use crate::system::{Deadline, Ends};

/// Most guards that a call may pass.
const MOST_GUARDS: usize = 16;

section! {
    /// The guards of a call: one by one, as a list, or all guards of a library.
    pub(crate) struct GuardsSection {
        .. => single: Single,
        /// The guards in another order, the outermost first, any of them more than once; or, with
        /// `preset`, all guards of a library.
        "guards" => arrangement: Option<Placed<Arrangement>>,
    }
}

impl GuardsSection {
    /// The guards that are written, the outermost first.
    pub fn written(&self) -> Vec<WrittenGuard> {
        match &self.arrangement {
            Some(arrangement) => arrangement.written(arrangement.at()),
            None => self.single.written(),
        }
    }

    /// The place of a guard: by itself, or in the list or set.
    pub fn place_of(&self, key: &str) -> Option<Location> {
        let single = self.single.keys().find(|(single, _)| *single == key).map(|(_, at)| at);
        single.or_else(|| self.arrangement.as_ref().map(Placed::key))
    }

    /// True if nobody can choose the order of the guards.
    pub fn has_fixed_order(&self) -> bool {
        self.arrangement.as_deref().is_some_and(Arrangement::has_fixed_order)
    }

    fn check(&self, problems: &mut Problems) {
        if let Some(arrangement) = &self.arrangement {
            self.single.keys().for_each(|(key, at)| arrangement.refuse(key, at, problems));
            arrangement.check(arrangement.key(), problems);
            return;
        }
        let breaker = self.single.breaker.as_deref();
        for (key, _) in breaker.map_or_else(Vec::new, BreakerSection::shared_with_call) {
            if let Some((_, at)) = self.single.keys().find(|(single, _)| *single == key) {
                let message = format!("the {key} of this call is written twice");
                problems.error(at, message, "write it either with the call or with its breaker");
                return;
            }
        }
    }
}

/// The guards of an edge.
pub(crate) struct Pipeline {
    /// The guards, the outermost first.
    pub guards: Vec<Guard>,
    /// The timeout of each attempt: the innermost guard if it is a timeout.
    pub attempt_timeout: Option<Deadline>,
}

/// A guard about to be compiled: one that is written, or one from the preset of a breaker.
enum Layer<'a> {
    Written(&'a WrittenGuard),
    Permits(Permits, Location),
    Timeout(Placed<DurationPhrase>),
}

impl Layer<'_> {
    fn is_hedge(&self) -> bool {
        matches!(self, Self::Written(WrittenGuard::Hedge(_)))
    }

    fn at(&self) -> Location {
        match self {
            Self::Written(written) => written.at(),
            Self::Permits(_, at) => *at,
            Self::Timeout(span) => span.at(),
        }
    }

    /// The span of a timeout, whether it is written or from a preset.
    fn timeout(&self) -> Option<Placed<DurationPhrase>> {
        match self {
            Self::Written(WrittenGuard::Timeout(span)) => Some(span.with(span.0.clone())),
            Self::Timeout(span) => Some(span.clone()),
            _ => None,
        }
    }

    fn is_bulkhead(&self) -> bool {
        matches!(self, Self::Written(WrittenGuard::Bulkhead(_)) | Self::Permits(..))
    }

    fn is_breaker(&self) -> bool {
        matches!(self, Self::Written(WrittenGuard::Breaker(_)))
    }
}

/// Compiles the guards of a call.
pub(crate) fn pipeline(
    section: &GuardsSection,
    edge: Edge,
    at: Location,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Pipeline {
    section.check(problems);
    let written = section.written();
    super::pool::check(&written, problems);
    let (mut layers, retries) = with_company(&written, problems);
    if layers.len() > MOST_GUARDS {
        let message = format!("this call has {} guards", layers.len());
        problems.error(at, message, format!("write at most {MOST_GUARDS}"));
        layers.truncate(MOST_GUARDS);
    }
    // A hedge lies within the timeout of an attempt, so that only the attempt follows it there.
    let hedge = layers.pop_if(|layer| layer.is_hedge());
    let of_attempts = layers.pop_if(|layer| layer.timeout().is_some());
    layers.extend(hedge);
    let mut guards = Vec::new();
    let (mut bulkheads, mut breakers) = (0, 0);
    for (index, layer) in layers.iter().enumerate() {
        bulkheads += u32::from(layer.is_bulkhead());
        breakers += u32::from(layer.is_breaker());
        let ordinal = if layer.is_breaker() { breakers } else { bulkheads };
        let site = Site { edge, position: guards.len() as u8, ordinal, at: layer.at() };
        if layer.is_hedge() && index + 1 < layers.len() {
            let help = "put it last in the list, after the timeout of each attempt";
            problems.error(site.at, "a hedge must be the innermost guard", help);
        }
        guards.extend(compile(layer, &site, retries, names, plan, problems));
    }
    let attempt_timeout = of_attempts.as_ref().and_then(Layer::timeout);
    Pipeline { guards, attempt_timeout: plan.deadline(attempt_timeout.as_ref(), names, problems) }
}

fn compile(
    layer: &Layer<'_>,
    site: &Site,
    retries: Option<RetryBudgetPolicy>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<Guard> {
    match layer {
        Layer::Permits(permits, _) => {
            permits.compile(site, names, plan, problems).map(Guard::Bulkhead)
        }
        Layer::Timeout(span) => {
            let deadline = plan.deadline_of(span, Ends::Guard(site.position), names, problems);
            Some(Guard::Timeout(Timeout { deadline }))
        }
        Layer::Written(written) => {
            let guard = written.compile(site, names, plan, problems)?;
            match (guard, retries) {
                (Guard::Retry(retry), Some(budget)) if retry.first_budget.is_none() => {
                    Some(Guard::Retry(retry.with_budget(budget, site, plan, problems)))
                }
                (guard, _) => Some(guard),
            }
        }
    }
}

/// The guards together with those of the presets of breakers, and a proxy's limit on retries. A
/// timeout that is written further in replaces the one of a preset.
fn with_company<'a>(
    written: &'a [WrittenGuard],
    problems: &mut Problems,
) -> (Vec<Layer<'a>>, Option<RetryBudgetPolicy>) {
    let is_timeout = |guard: &WrittenGuard| matches!(guard, WrittenGuard::Timeout(_));
    let last_timeout = written.iter().rposition(is_timeout);
    let (mut layers, mut retries) = (Vec::new(), None);
    for (index, guard) in written.iter().enumerate() {
        let WrittenGuard::Breaker(breaker) = guard else {
            layers.push(Layer::Written(guard));
            continue;
        };
        let at = breaker.at();
        let company: Company = breaker.company(at, problems);
        retries = retries.or(company.retries);
        let is_own = last_timeout.is_none_or(|last| last < index);
        let layer = |span| Layer::Timeout(Placed::new(Duration(span).into(), at));
        let around = company.timeout_around.filter(|_| is_own).map(layer);
        let timeout = company.timeout.filter(|_| is_own).map(layer);
        layers.extend(company.in_front.map(|permits| Layer::Permits(permits, at)));
        layers.push(match company.in_place {
            Some(permits) => Layer::Permits(permits, at),
            None => Layer::Written(guard),
        });
        layers.extend(around);
        layers.extend(company.behind.map(|permits| Layer::Permits(permits, at)));
        layers.extend(timeout);
    }
    (layers, retries)
}
