//! Scenarios put to the test: expectations, and verdicts on a run.

use std::sync::Arc;

use sim_models::expect::{Verdict, judge};
use sim_models::scenario::{Input, Loaded, Overrides, Parsed, Request, load};
use sim_models::system::Blueprint;

use crate::run::{Finished, run};
use crate::watch::{Unattended, Watch};

/// A scenario as it is written, or one of its variants.
#[derive(Clone, Debug)]
pub struct Case {
    /// The variant; `None` for the scenario as it is written.
    pub variant: Option<String>,
    /// The scenario as read, with its problems.
    pub loaded: Loaded,
}

/// A run and the verdicts on it.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The run.
    pub finished: Finished,
    /// One verdict for each expectation, in their order.
    pub verdicts: Vec<Verdict>,
}

/// Reads a scenario with each of its variants, or only with the one that is chosen; under a
/// condition of its goals, only that.
///
/// ```
/// use sim_models::scenario::{Input, Overrides};
/// let text = "workloads: { web: { to: api, arrivals: poisson 100/s } }\n\
///             services: { api: { threads: 4, handle: [ { work: exponential 20ms } ] } }\n\
///             expect: [ availability of web is above 99% ]\n\
///             variants: { slow: { run.duration: 2m } }";
/// let input = Input { name: "example.yaml".into(), text: text.into(), folder: ".".into() };
/// let cases = sim_experiments::cases(&input, &Overrides::default());
/// assert_eq!(cases.len(), 2);
/// let trial = sim_experiments::Trial::of(cases[0].loaded.blueprint.as_ref().expect("a sound scenario"));
/// assert!(trial.holds());
/// ```
pub fn cases(input: &Input, overrides: &Overrides) -> Vec<Case> {
    let first = Case { variant: overrides.variant.clone(), loaded: load(input, overrides) };
    let is_one_case =
        overrides.variant.is_some() || matches!(overrides.request, Request::Condition(_));
    let others = if is_one_case { Vec::new() } else { first.loaded.variants.clone() };
    let parsed = Parsed::read(input);
    let variant = |name: String| {
        let overrides = Overrides { variant: Some(name.clone()), ..overrides.clone() };
        Case { variant: Some(name), loaded: parsed.load_again(&overrides) }
    };
    std::iter::once(first).chain(others.into_iter().map(variant)).collect()
}

/// The same system with another seed: the file's own, plus `further`.
pub fn reseeded(blueprint: &Arc<Blueprint>, further: u64) -> Arc<Blueprint> {
    if further == 0 {
        return Arc::clone(blueprint);
    }
    let mut blueprint = Blueprint::clone(blueprint);
    blueprint.run.seed = blueprint.run.seed.wrapping_add(further);
    Arc::new(blueprint)
}

impl Trial {
    /// Runs a blueprint to its end and judges it.
    pub fn of(blueprint: &Arc<Blueprint>) -> Self {
        Self::watched(blueprint, 0, &Unattended { jobs: 1 })
    }

    /// Runs a replication of a blueprint until `watch` interrupts it, and judges it.
    pub fn watched(blueprint: &Arc<Blueprint>, replication: u64, watch: &dyn Watch) -> Self {
        let finished = run(blueprint, replication, watch);
        let stopped = finished.is_partial().then_some(finished.now);
        let judged =
            |expectation| judge(expectation, &finished.system, &finished.timeline, stopped);
        let verdicts = blueprint.expectations.iter().map(judged).collect();
        Self { finished, verdicts }
    }

    /// True if the run came to its end and met every expectation.
    pub fn holds(&self) -> bool {
        !self.finished.is_partial() && self.verdicts.iter().all(|verdict| verdict.holds)
    }
}
