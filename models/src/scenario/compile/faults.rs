//! Faults: what they strike and how.

use std::ops::Range;

use sim_core::{SimDuration, SimTime};

use super::super::problem::did_you_mean;
use super::super::quantity::{Duration, Factor, Share};
use super::super::schema::{Fault as Written, InstanceShare};
use super::super::tree::normalize_edge;
use super::{Compiler, most};
use crate::Outcome;
use crate::faults::{Effect, Fault};

/// The kinds of fault, by key.
const KINDS: &str = "slow, errors, crash, pause, black hole, refuse, lose threads, break breaker, deploy, flush or surge";

/// Where details belong that only a deployment does without.
const EVERYTHING_ELSE: &str = "other kinds";

/// How long a restarted instance is slow, if nothing is said.
const WARM_UP: SimDuration = SimDuration::from_secs(30);

/// What a fault strikes.
pub(super) enum Target {
    Station(u32),
    Edge(u32),
}

impl Compiler<'_> {
    pub(super) fn faults(&mut self) {
        let scenario = self.scenario;
        for (index, fault) in scenario.faults.iter().enumerate() {
            let path = format!("faults[{index}]");
            if fault.deploy.is_some() {
                self.deployment(fault, &path);
            } else if let Some(region) = self.struck_region(fault) {
                self.regional(fault, region, &path);
            } else if let Some(once) = self.fault(fault, &path) {
                self.repeated(fault, once, &path);
            }
        }
    }

    /// Two regions written as `a -> b`.
    fn pair_of_regions(&self, target: &str) -> Option<(u32, u32)> {
        let (from, to) = target.split_once("->")?;
        let region = |name: &str| {
            self.scenario.regions.get_index_of(name.trim()).map(|region| region as u32)
        };
        Some((region(from)?, region(to)?))
    }

    /// The region that a fault strikes, if its target is one.
    fn struck_region(&self, fault: &Written) -> Option<u32> {
        let targets = [&fault.slow, &fault.errors, &fault.crash, &fault.pause, &fault.refuse];
        let target = targets.into_iter().flatten().next()?;
        let is_station = self.stations.contains_key(target);
        self.scenario
            .regions
            .get_index_of(target)
            .filter(|_| !is_station)
            .map(|region| region as u32)
    }

    /// A fault that strikes every instance in a region.
    fn regional(&mut self, fault: &Written, region: u32, path: &str) {
        let Some((kind, name)) = self.kind_and_target(fault, path) else { return };
        if fault.instances.is_some() {
            let at = self.key_at(&format!("{path}.instances"));
            self.error(
                at,
                "a region is struck as a whole",
                "leave out `instances`, or name a service",
            );
        }
        for station in 0..self.blueprint.stations.len() {
            let own = self.blueprint.stations[station].name.clone();
            let instances = self.blueprint.stations[station].instances.clone();
            for instance in instances
                .filter(|instance| self.blueprint.instances[*instance as usize].region == region)
                .collect::<Vec<_>>()
            {
                let mut of_station = fault.clone();
                for target in [
                    &mut of_station.slow,
                    &mut of_station.errors,
                    &mut of_station.crash,
                    &mut of_station.pause,
                    &mut of_station.refuse,
                ] {
                    if target.is_some() {
                        *target = Some(own.clone());
                    }
                }
                let Some(once) = self.fault(&of_station, path) else { return };
                let once = Fault {
                    target: name.clone(),
                    instances: instance..instance + 1,
                    is_regional: true,
                    ..once
                };
                self.repeated(fault, once, path);
            }
        }
        debug_assert!(!kind.is_empty());
    }

    /// The stages of an experiment, one after the other.
    pub(super) fn chaos(&mut self) {
        let scenario = self.scenario;
        let Some(chaos) = &scenario.chaos else { return };
        if chaos.stages.is_empty() && !self.was_removed("chaos.stages") {
            let at = self.key_at("chaos");
            self.error(
                at,
                "this experiment has no stages",
                "write `stages: [ { for: 1m, slow: SERVICE, by: 2x, instances: 1% } ]`",
            );
        }
        let first = self.blueprint.faults.len();
        let mut at = chaos.at.unwrap_or(Duration(SimDuration::ZERO));
        for (index, stage) in chaos.stages.iter().enumerate() {
            let path = format!("chaos.stages[{index}]");
            if stage.at.is_some()
                || stage.every.is_some()
                || stage.surge.is_some()
                || stage.deploy.is_some()
            {
                let place = self.value_at(&path);
                self.error(
                    place,
                    "a stage begins when the one before it ends, once",
                    "leave out `at` and `every`; surges and deployments are no stages",
                );
                continue;
            }
            let Some(lasts) = stage.lasts else {
                let place = self.value_at(&path);
                self.error(
                    place,
                    "there is no telling how long this stage lasts",
                    "write `for: 1m`",
                );
                continue;
            };
            let placed = Written { at: Some(at), ..stage.clone() };
            if let Some(fault) = self.fault(&placed, &path) {
                self.blueprint.faults.push(fault);
            }
            at = Duration(at.0 + lasts.0);
        }
        self.blueprint.experiment = first..self.blueprint.faults.len();
        for (index, text) in chaos.abort_when.iter().enumerate() {
            let condition = self.condition(text, &format!("chaos.abort when[{index}]"));
            self.blueprint.abort_when.extend(condition);
        }
    }

    /// A fault that may begin again and again.
    fn repeated(&mut self, written: &Written, once: Fault, path: &str) {
        let Some(Duration(every)) = written.every else {
            self.blueprint.faults.push(once);
            return;
        };
        let end = SimTime::ZERO + self.blueprint.run.duration;
        let at = self.value_at(&format!("{path}.every"));
        let Some(Duration(lasts)) = written.lasts.filter(|lasts| lasts.0 < every) else {
            self.error(
                at,
                "this fault begins again before it is over",
                "give it a `for` that is shorter than `every`",
            );
            return;
        };
        if matches!(once.effect, Effect::Surge { .. }) {
            self.error(
                at,
                "a surge does not repeat",
                "write `steps` or a `diurnal` rate for the workload",
            );
            return;
        }
        let times = end.since(once.begin.min(end)).as_nanos() / every.as_nanos().max(1);
        if !self.may_have(
            times,
            most::REPETITIONS,
            "repetitions of this fault",
            &format!("{path}.every"),
        ) {
            return;
        }
        let mut begin = once.begin;
        while begin < end {
            self.blueprint.faults.push(Fault { begin, end: begin + lasts, ..once.clone() });
            begin = begin + every;
        }
    }

    /// A rolling deployment: batch by batch, instances are down, and slow when they come back.
    fn deployment(&mut self, written: &Written, path: &str) {
        let Some((kind, target)) = self.kind_and_target(written, path) else { return };
        self.check_details(written, kind, path);
        let target_path = format!("{path}.deploy");
        let Some(Target::Station(station)) = self.fault_target(&target, &target_path) else {
            if target.contains("->") {
                let at = self.value_at(&target_path);
                self.error(at, "a deployment is of a service, database or cache", "write its name");
            }
            return;
        };
        let Some(Duration(each)) = written.each.filter(|each| !each.0.is_zero()) else {
            if !self.was_removed(path) {
                let at = self.value_at(path);
                self.error(
                    at,
                    "there is no telling how long an instance is down",
                    "write `each: 20s`",
                );
            }
            return;
        };
        let batch =
            self.at_least_one(written.batch.unwrap_or(1), "the batch", &format!("{path}.batch"));
        let instances = self.blueprint.stations[station as usize].instances.clone();
        let warm_up = written.warm_up.map_or(WARM_UP, |warm_up| warm_up.0);
        let mut begin = SimTime::ZERO + written.at.map_or(SimDuration::ZERO, |at| at.0);
        for first in instances.clone().step_by(batch as usize) {
            let instances = first..(first + batch).min(instances.end);
            let of = |begin, end, effect| Fault {
                begin,
                end,
                ramp: SimDuration::ZERO,
                effect,
                target: target.clone(),
                instances: instances.clone(),
                is_regional: false,
            };
            let end = begin + each;
            let restart = of(begin, end, Effect::Restart);
            let cold =
                written.cold.map(|Factor(factor)| of(end, end + warm_up, Effect::Cold { factor }));
            self.blueprint.faults.push(restart);
            self.blueprint.faults.extend(cold);
            begin = end;
        }
    }

    fn fault(&mut self, fault: &Written, path: &str) -> Option<Fault> {
        let (kind, target) = self.kind_and_target(fault, path)?;
        self.check_details(fault, kind, path);
        let begin = SimTime::ZERO + fault.at.map_or(SimDuration::ZERO, |at| at.0);
        let (effect, instances) = self.effect(fault, kind, &target, path)?;
        Some(Fault {
            begin,
            end: fault.lasts.map_or(SimTime::MAX, |lasts| begin + lasts.0),
            ramp: fault.ramp.map_or(SimDuration::ZERO, |ramp| ramp.0),
            effect,
            target: normalize_edge(&target),
            instances,
            is_regional: false,
        })
    }

    fn kind_and_target(&mut self, fault: &Written, path: &str) -> Option<(&'static str, String)> {
        let kinds = [
            ("slow", &fault.slow),
            ("errors", &fault.errors),
            ("crash", &fault.crash),
            ("pause", &fault.pause),
            ("black hole", &fault.black_hole),
            ("refuse", &fault.refuse),
            ("lose threads", &fault.lose_threads),
            ("break breaker", &fault.break_breaker),
            ("deploy", &fault.deploy),
            ("flush", &fault.flush),
            ("surge", &fault.surge),
        ];
        let given: Vec<_> =
            kinds.iter().filter_map(|(kind, target)| Some((*kind, (*target).clone()?))).collect();
        match given.as_slice() {
            [one] => Some(one.clone()),
            several => {
                if !several.is_empty() || !self.was_removed(path) {
                    let at = self.value_at(path);
                    let message = if several.is_empty() {
                        "this fault does nothing"
                    } else {
                        "this fault does several things"
                    };
                    self.error(at, message, format!("write one of {KINDS}, with its target"));
                }
                None
            }
        }
    }

    /// Details that belong to another kind of fault would be ignored; they are problems instead.
    fn check_details(&mut self, fault: &Written, kind: &str, path: &str) {
        let details = [
            ("by", fault.by.is_some(), &["slow", "surge"][..]),
            ("adding", fault.adding.is_some(), &["slow"]),
            ("rate", fault.rate.is_some(), &["errors"]),
            ("as", fault.fails_as.is_some(), &["errors"]),
            ("retry after", fault.retry_after.is_some(), &["errors"]),
            ("count", fault.count.is_some(), &["lose threads"]),
            ("ramp", fault.ramp.is_some(), &["slow", "errors", "lose threads", "surge"]),
            ("each", fault.each.is_some(), &["deploy"]),
            ("batch", fault.batch.is_some(), &["deploy"]),
            ("cold", fault.cold.is_some(), &["deploy"]),
            ("warm-up", fault.warm_up.is_some(), &["deploy"]),
            ("for", fault.lasts.is_some() && kind == "deploy", &[EVERYTHING_ELSE]),
            ("every", fault.every.is_some() && kind == "deploy", &[EVERYTHING_ELSE]),
            ("instances", fault.instances.is_some() && kind == "deploy", &[EVERYTHING_ELSE]),
        ];
        for (detail, is_there, kinds) in details {
            if is_there && !kinds.contains(&kind) {
                let at = self.key_at(&format!("{path}.{detail}"));
                self.error(
                    at,
                    format!("`{detail}` means nothing to `{kind}`"),
                    format!("it belongs to {}", kinds.join(", ")),
                );
            }
        }
    }

    fn effect(
        &mut self,
        fault: &Written,
        kind: &str,
        target: &str,
        path: &str,
    ) -> Option<(Effect, Range<u32>)> {
        let target_path = format!("{path}.{kind}");
        if kind == "surge" {
            return self.surge(fault, target, path);
        }
        if kind == "flush" {
            let cache = self.keyed_cache(target);
            if cache.is_none() {
                let at = self.value_at(&target_path);
                let known = self.keyed_caches.keys().cloned().collect::<Vec<_>>().join(", ");
                let help = if known.is_empty() {
                    "give a cache `keys` and `ttl`".to_owned()
                } else {
                    format!("known are {known}")
                };
                self.error(at, format!("`{target}` is no cache that knows what is in it"), help);
            }
            return cache.map(|cache| (Effect::Flush { cache }, 0..0));
        }
        if kind == "black hole"
            && let Some((from, to)) = self.pair_of_regions(target)
        {
            return Some((Effect::Cut { from, to }, 0..0));
        }
        let target = self.fault_target(target, &target_path)?;
        let needs = |compiler: &mut Self, what: &str| {
            if !compiler.was_removed(path) {
                let at = compiler.value_at(path);
                compiler.error(at, format!("there is no telling how {what}"), "give it a size");
            }
        };
        let added = fault
            .adding
            .as_ref()
            .map(|phrase| self.read_distribution(phrase, &format!("{path}.adding")));
        let factor = fault.by.map_or(1.0, |by| by.0);
        if kind == "slow" && fault.by.is_none() && fault.adding.is_none() {
            needs(self, "much slower: write `by: 20x` or `adding: 100ms`");
        }
        let instances = match &target {
            Target::Station(id) => self.struck_instances(*id, fault.instances, path),
            Target::Edge(_) => 0..0,
        };
        let effect = match (kind, target) {
            ("slow", Target::Station(_)) => Effect::Slow { factor, added },
            ("slow", Target::Edge(edge)) => Effect::SlowEdge { edge, factor, added },
            ("errors", Target::Station(_)) => {
                if fault.rate.is_none() {
                    needs(self, "many fail: write `rate: 50%`");
                }
                Effect::Errors {
                    rate: fault.rate.map_or(1.0, |rate| rate.0),
                    outcome: fault.fails_as.unwrap_or(Outcome::ServerError),
                    retry_after: fault.retry_after.map_or(0, Duration::as_millis),
                }
            }
            ("crash", Target::Station(_)) => Effect::Crash,
            ("pause", Target::Station(_)) => Effect::Pause,
            ("lose threads", Target::Station(_)) => {
                if fault.count.is_none() {
                    needs(self, "many are lost: write `count: 20`");
                }
                Effect::LoseSlots { count: fault.count.unwrap_or(0) }
            }
            ("refuse", Target::Station(_)) => Effect::Refuse { edge: None },
            ("refuse", Target::Edge(edge)) => Effect::Refuse { edge: Some(edge) },
            ("black hole", Target::Edge(edge)) => Effect::BlackHole { edge },
            ("break breaker", Target::Edge(edge)) => {
                self.must_have_breaker(edge, &target_path);
                Effect::BreakGuard { edge }
            }
            (_, Target::Station(_)) => {
                let at = self.value_at(&target_path);
                self.error(at, format!("`{kind}` strikes an edge"), "write `caller -> callee`");
                return None;
            }
            (_, Target::Edge(_)) => {
                let at = self.value_at(&target_path);
                self.error(
                    at,
                    format!("`{kind}` strikes a service, database or cache, not an edge"),
                    "write the name of the callee",
                );
                return None;
            }
        };
        Some((effect, instances))
    }

    /// An edge without a breaker cannot have it broken or forced.
    pub(super) fn must_have_breaker(&mut self, edge: u32, path: &str) {
        if self.blueprint.breakers_of(edge).next().is_none() {
            let at = self.value_at(path);
            self.error(
                at,
                "this call has no breaker",
                "give it one under `calls:`, or name another call",
            );
        }
    }

    fn surge(&mut self, fault: &Written, target: &str, path: &str) -> Option<(Effect, Range<u32>)> {
        let at = self.value_at(&format!("{path}.surge"));
        let Some(workload) = self.scenario.workloads.get(target) else {
            let known = self.scenario.workloads.keys().map(String::as_str);
            let help = did_you_mean(target, known).map_or_else(
                || "a surge strikes a workload".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            self.error(at, format!("there is no workload `{target}`"), help);
            return None;
        };
        if workload.arrivals.is_none() {
            self.error(
                at,
                format!("`{target}` has users, not arrivals"),
                "a surge multiplies arrivals; for users write a stage",
            );
        }
        if fault.by.is_none() && !self.was_removed(path) {
            let at = self.value_at(path);
            self.error(at, "there is no telling how large the surge is", "write `by: 3x`");
        }
        Some((Effect::Surge { factor: fault.by.map_or(1.0, |by| by.0) }, 0..0))
    }

    pub(super) fn fault_target(&mut self, target: &str, path: &str) -> Option<Target> {
        if !target.contains("->") {
            return self.station(target, path).map(Target::Station);
        }
        let wanted = normalize_edge(target);
        let edges: Vec<String> =
            self.edges.iter().map(|edge| self.edge_name(edge.caller, edge.callee)).collect();
        let found = edges.iter().position(|edge| *edge == wanted);
        if found.is_none() {
            let at = self.value_at(path);
            let help = did_you_mean(&wanted, edges.iter().map(String::as_str)).map_or_else(
                || format!("calls that are made: {}", edges.join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            );
            self.error(at, format!("no call goes over `{wanted}`"), help);
        }
        found.map(|edge| Target::Edge(edge as u32))
    }

    fn struck_instances(
        &mut self,
        station: u32,
        share: Option<InstanceShare>,
        path: &str,
    ) -> Range<u32> {
        let all = self.blueprint.stations[station as usize].instances.clone();
        let available = all.len() as u32;
        let count = match share {
            None => available,
            Some(InstanceShare::Count(count)) => count,
            Some(InstanceShare::Share(Share(share))) => {
                libm::ceil(share * f64::from(available) - 1e-9) as u32
            }
        };
        if count > available || count == 0 {
            let at = self.value_at(&format!("{path}.instances"));
            let name = self.blueprint.stations[station as usize].name.clone();
            self.error(
                at,
                format!("`{name}` has {available} instances, and {count} are to be struck"),
                "write a number up to that, or a share such as `30%`",
            );
        }
        all.start..all.start + count.min(available)
    }
}
