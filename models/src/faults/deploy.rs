//! Rolling deployments: batch by batch, instances are down, and slow when they come back.

use sim_core::{SimDuration, SimTime};

use super::compile::Strike;
use super::reach::InForceSpan;
use super::{Effect, Fault, FaultTarget, InForce, TriggerOn, target_of};
use crate::language::quantity::{Duration, Factor};
use crate::language::{Placed, Problem, Problems, section, words};
use crate::scenario::{Names, Plan, Through, span_or};
use crate::system::{Engine, Id, Ids, of};

/// Default time for which a restarted instance is slow.
const WARM_UP: SimDuration = SimDuration::from_secs(30);

section! {
    /// Restarts the instances of a service, database or cache, batch by batch.
    pub(crate) struct DeploySection {
        /// The service, database or cache.
        "deploy" => deploy: Placed<String>,
        /// The time that each batch is down, such as `20s`.
        "each" => each: Placed<Duration>,
        /// The number of instances that are restarted at one time; 1 if left out.
        "batch" => batch: Option<Placed<u32>>,
        /// The condition that a batch must meet before the next one begins; its time is enough if
        /// left out.
        "wait until" => wait_until: Option<WaitUntil>,
        /// The factor by which an instance is slower at first; no slower if left out.
        "cold" => cold: Option<Factor>,
        /// The time that it takes to become as fast as before; 30s if left out.
        "warm-up" => warm_up: Option<Placed<Duration>>,
        .. => through: Through,
    }
}

words! {
    /// The condition that a batch must meet before the next one begins.
    pub(crate) enum WaitUntil {
        /// Its instances serve again: their start is done, and their readiness probes pass.
        "ready" => Ready,
    }
}

/// The process is restarted, which is like a crash.
#[derive(Clone, Debug, PartialEq)]
pub struct Restart {
    /// The trigger of the next batch, if that waits for this one.
    pub then: Option<Id<of::Trigger>>,
    /// True if that waits until this one serves again.
    pub until_ready: bool,
}

impl Restart {
    /// A restart that nothing waits for.
    pub fn alone() -> Self {
        Self { then: None, until_ready: false }
    }
}

/// A restarted process is slow at first and gradually gets faster.
#[derive(Clone, Debug, PartialEq)]
pub struct Cold {
    /// Service times are multiplied by this at first.
    pub factor: f64,
}

impl Strike for DeploySection {
    const KEY: &'static str = "deploy";

    fn target(&self) -> &Placed<String> {
        &self.deploy
    }

    fn span(&self) -> Option<&InForceSpan> {
        None
    }

    fn effect(
        &self,
        target: FaultTarget,
        _: &Names<'_>,
        _: &Plan,
        _: &mut Problems,
    ) -> Option<Effect> {
        matches!(target, FaultTarget::Station(_)).then(|| Effect::Restart(Restart::alone()))
    }

    fn whole(&self, begin: SimTime, names: &Names<'_>, plan: &Plan) -> (SimTime, SimTime) {
        let Some(station) = names.find_station(&self.deploy) else { return (begin, SimTime::MAX) };
        if self.waits(plan) {
            return (begin, SimTime::ZERO + plan.blueprint.run.duration);
        }
        let instances = plan.instances_at(station.id, begin).len();
        let batch = self.batch.as_ref().map_or(1, |batch| **batch).max(1);
        (begin, begin + self.each.0 * u64::from(instances.div_ceil(batch)))
    }

    fn strike(
        &self,
        begin: SimTime,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Vec<Fault> {
        let each = problems.above_zero(&self.each);
        let batch = problems.at_least_one(self.batch.as_ref(), 1, "the batch");
        if let (Some(warm_up), None) = (&self.warm_up, &self.cold) {
            let message = "`warm-up` changes nothing without `cold`";
            let problem = Problem::warning(message, Some(warm_up.key())).labelled("no effect");
            problems.add(problem.with_help("say how slow a process is at first: `cold: 10x`"));
        }
        match target_of(&self.deploy, names, plan, problems) {
            Some(FaultTarget::Station(station)) => self.batches(station, begin, each, batch, plan),
            Some(FaultTarget::Edge(_)) => {
                let message = "only a service, database or cache can be deployed";
                problems.error(self.deploy.at(), message, "write its name");
                Vec::new()
            }
            None => Vec::new(),
        }
    }
}

impl DeploySection {
    /// True if a batch waits for the one before it, and for more than its planned time.
    fn waits(&self, plan: &Plan) -> bool {
        self.wait_until.is_some() || self.through.plan(plan).is_some()
    }

    fn batches(
        &self,
        station: Id<of::Station>,
        begin: SimTime,
        each: SimDuration,
        batch: u32,
        plan: &mut Plan,
    ) -> Vec<Fault> {
        let all = plan.instances_at(station, begin);
        let warm_up = span_or(self.warm_up.as_ref(), WARM_UP);
        let (waits, through) = (self.waits(plan), self.through.plan(plan));
        let until_ready = self.wait_until.is_some();
        let mut faults = Vec::new();
        let (mut begin, mut trigger) = (begin, None);
        for first in all.iter().step_by(batch as usize) {
            let left = all.len() - all.number_of(first);
            let instances = Ids::new(first, batch.min(left));
            let is_awaited = waits && batch < left;
            let then = is_awaited.then(|| plan.trigger(TriggerOn::Batch, through));
            let of = |begin, end, effect| Fault {
                end,
                instances,
                target: (*self.deploy).clone(),
                trigger,
                ..self.fault(begin, effect)
            };
            let end = begin + each;
            faults.push(of(begin, end, Effect::Restart(Restart { then, until_ready })));
            if let Some(Factor(factor)) = self.cold {
                faults.push(of(end, end + warm_up, Effect::Cold(Cold { factor })));
            }
            (begin, trigger) = if is_awaited { (SimTime::ZERO, then) } else { (end, None) };
        }
        faults
    }
}

impl InForce for Restart {
    fn begin(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.crash_instances(id);
    }

    fn end(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.revive_instances(id);
        if self.then.is_some() && self.until_ready {
            engine.state.awaited_batches.push(id);
            engine.watch_batches();
        } else {
            engine.pull_trigger(self.then);
        }
    }

    fn next_batch(&self) -> Option<Id<of::Trigger>> {
        self.then
    }

    fn summary(&self) -> String {
        "restarted".to_owned()
    }
}

impl InForce for Cold {
    fn begin(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.disturb_instances(id, |state| state.slowed_by.push(id));
    }

    fn end(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.disturb_instances(id, |state| state.slowed_by.retain(|other| *other != id));
    }

    fn strengthen(&mut self, factor: f64) -> bool {
        self.factor *= factor;
        true
    }

    fn summary(&self) -> String {
        format!("cold: slow by {}x at first", self.factor)
    }

    fn work_factor(&self, fault: &Fault, now: SimTime) -> f64 {
        1.0 + (self.factor - 1.0) * fault.remaining(now)
    }
}
