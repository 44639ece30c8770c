//! The blueprint while it is being compiled.

use indexmap::{IndexMap, IndexSet};
use sim_core::{Distribution, SimDuration};

use super::csv_file::records;
use super::names::{Names, split_target};
use super::operator::OPERATOR;
use crate::faults::{Trigger, TriggerOn};
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::Duration;
use crate::language::{Location, Placed, Problems};
use crate::steps::Op;
use crate::system::{
    Blueprint, CallSite, DRAWN, DeadlinePlan, Ends, NONE, OnFailure, PoolKind, PoolPlan, ProbeKind,
    QueuePlan, Scope, StationKind, ThroughPlan,
};

/// Handlers longer than this, repetitions unrolled, are refused.
pub(crate) const MOST_STEPS: usize = 65_536;

/// Limits on the size of one scenario: far above any real system, and far below the memory of any
/// machine. The section `limits:` has those for a run.
pub(crate) mod most {
    /// Instances of all services, databases and caches.
    pub const INSTANCES: u64 = 100_000;
    /// Pools, those of bulkheads included.
    pub const POOLS: u64 = 500_000;
    /// Breakers.
    pub const BREAKERS: u64 = 100_000;
    /// Calls or seconds that the windows of all breakers together cover.
    pub const LOOKED_BACK: u64 = 10_000_000;
    /// Beginnings of one fault that repeats.
    pub const REPETITIONS: u64 = 10_000;
    /// Keys of one cache.
    pub const KEYS: u64 = 1_000_000;
    /// Partitions of one queue of messages.
    pub const PARTITIONS: u64 = 10_000;
    /// Periods in a run of a rate that follows the time of day.
    pub const TURNS: f64 = 10_000.0;
}

/// The caller whose steps are being compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// A workload.
    Workload(u32),
    /// A station.
    Station(u32),
    /// A queue of messages.
    Queue(u32),
    /// The operator, whose actions go through services.
    Operator,
    /// Probes of a kind.
    Probe(ProbeKind),
}

/// An edge found in a handler, before its guards are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The caller.
    pub caller: Caller,
    /// The station called.
    pub callee: u32,
}

/// The blueprint while it is being compiled, and what is known only until it is finished.
pub(crate) struct Plan {
    /// The blueprint as compiled so far.
    pub blueprint: Blueprint,
    /// The edges that calls have been found to take.
    pub edges: Vec<Edge>,
    /// Calls or seconds that the windows of the guards so far cover.
    looked_back: u64,
    /// The number of resources that the steps being compiled hold, one inside the other.
    held: u32,
    /// True if some requests fail each time they are sent.
    pub has_poison: bool,
    /// The first step of each operation of each station; the unnamed one is "".
    entries: IndexMap<(u32, String), u32>,
    /// The operation that each call site calls.
    called: Vec<(u32, String)>,
    /// The calls on which actions depend, with the places where they are written.
    pub through: Vec<(Location, ThroughPlan)>,
}

impl Plan {
    /// A plan in which nothing has been compiled yet.
    pub fn new(blueprint: Blueprint) -> Self {
        Self {
            blueprint,
            edges: Vec::new(),
            looked_back: 0,
            held: 0,
            has_poison: false,
            entries: IndexMap::new(),
            called: Vec::new(),
            through: Vec::new(),
        }
    }

    /// Drops the readings of runs, and all windows of latencies but the first ones, which
    /// expectations need.
    pub fn read_nothing(&mut self, latency_windows: usize) {
        self.blueprint.readings.clear();
        self.blueprint.latency_windows.truncate(latency_windows);
    }

    /// The blueprint, once everything is compiled.
    pub fn finish(mut self) -> Blueprint {
        let blueprint = &mut self.blueprint;
        blueprint.tracks_requests = self.has_poison
            || blueprint.customers > 0
            || !blueprint.caches.is_empty()
            || !blueprint.effects.is_empty()
            || !blueprint.idempotency.is_empty()
            || blueprint.queues.iter().any(QueuePlan::parts_requests);
        blueprint.is_elaborate = blueprint.tracks_requests || !blueprint.distances.is_empty();
        self.blueprint
    }

    /// The operations of all handlers of a station.
    pub fn operations_of(&self, station: u32) -> impl Iterator<Item = &Op> {
        let entries = self.entries.iter().filter(move |((owner, _), _)| *owner == station);
        entries.flat_map(|(_, &entry)| {
            let later = self.entries.values().filter(|other| **other > entry);
            let end = later.min().map_or(self.blueprint.program.len(), |end| *end as usize);
            &self.blueprint.program[entry as usize..end]
        })
    }

    /// Compiles steps that hold one more resource.
    pub fn holding(&mut self, steps: impl FnOnce(&mut Self)) {
        self.held += 1;
        self.blueprint.nesting = self.blueprint.nesting.max(self.held);
        steps(self);
        self.held -= 1;
    }

    /// The dense id of a distribution.
    pub fn distribution(
        &mut self,
        phrase: &Placed<DurationPhrase>,
        names: &Names<'_>,
        problems: &mut Problems,
    ) -> u32 {
        self.known_distribution(read_distribution(phrase, names, problems))
    }

    /// The dense id of the distribution of times that are zero.
    pub fn instant(&mut self) -> u32 {
        self.known_distribution(NOTHING)
    }

    fn known_distribution(&mut self, distribution: Distribution) -> u32 {
        let known = &mut self.blueprint.distributions;
        let position = known.iter().position(|known| *known == distribution);
        position.unwrap_or_else(|| {
            known.push(distribution);
            known.len() - 1
        }) as u32
    }

    /// The id of a deadline that ends a wait; [`NONE`] for no deadline.
    pub fn deadline(
        &mut self,
        span: Option<&Placed<DurationPhrase>>,
        names: &Names<'_>,
        problems: &mut Problems,
    ) -> u32 {
        span.map_or(NONE, |span| self.deadline_of(span, Ends::Wait, names, problems))
    }

    /// The id of a deadline.
    pub fn deadline_of(
        &mut self,
        span: &Placed<DurationPhrase>,
        ends: Ends,
        names: &Names<'_>,
        problems: &mut Problems,
    ) -> u32 {
        let index = self.blueprint.deadlines.len() as u32;
        let Some(constant) = span.constant() else {
            let drawn = self.distribution(span, names, problems);
            let mean = self.blueprint.distributions[drawn as usize].mean();
            let span = SimDuration::from_nanos_f64(mean);
            self.blueprint.deadlines.push(DeadlinePlan { span, drawn, ends });
            return index | DRAWN;
        };
        if constant.is_zero() {
            let help = "leave it out, or give it a length such as `1s`";
            problems.error(span.at(), "a limit of zero lets nothing through", help);
        }
        self.blueprint.deadlines.push(DeadlinePlan { span: constant, drawn: NONE, ends });
        index
    }

    /// Adds something that faults wait for and returns its dense id.
    pub fn trigger(&mut self, on: TriggerOn, through: Option<ThroughPlan>) -> u32 {
        self.blueprint.triggers.push(Trigger { on, through });
        (self.blueprint.triggers.len() - 1) as u32
    }

    /// Adds a pool and returns its dense id.
    pub fn push_pool(&mut self, pool: PoolPlan) -> u32 {
        self.blueprint.pools.push(pool);
        (self.blueprint.pools.len() - 1) as u32
    }

    /// Adds a step and returns its number.
    pub fn push(&mut self, op: Op) -> usize {
        self.blueprint.program.push(op);
        self.blueprint.program.len() - 1
    }

    /// The number of the step that will be added next.
    pub fn next_step(&self) -> u32 {
        self.blueprint.program.len() as u32
    }

    /// Notes that an operation of a station begins with the step that will be added next.
    pub fn begin_operation(&mut self, station: u32, operation: &str) {
        let entry = self.next_step();
        self.entries.insert((station, operation.to_owned()), entry);
    }

    /// The dense id of an edge.
    pub fn edge(&mut self, caller: Caller, callee: u32) -> u32 {
        let edge = Edge { caller, callee };
        let known = self.edges.iter().position(|known| *known == edge);
        known.unwrap_or_else(|| {
            self.edges.push(edge);
            self.edges.len() - 1
        }) as u32
    }

    /// Adds a call site: a call of an operation, written as `service` or `service.operation`.
    pub fn call_site(
        &mut self,
        caller: Caller,
        callee: u32,
        operation: &str,
        on_failure: OnFailure,
    ) -> u32 {
        let edge = self.edge(caller, callee);
        self.blueprint.sites.push(CallSite { edge, entry: 0, on_failure });
        self.called.push((callee, operation.to_owned()));
        self.blueprint.sites.len() as u32 - 1
    }

    /// Fills in the target of each call, once all handlers are compiled.
    pub fn resolve_sites(&mut self) {
        for (site, operation) in self.blueprint.sites.iter_mut().zip(&self.called) {
            site.entry = self.entries.get(operation).copied().unwrap_or(0);
        }
    }

    /// Adds a call as a step: of a service, a query of a database, a look-up in a cache.
    pub fn call(
        &mut self,
        caller: Caller,
        target: &Placed<String>,
        on_failure: OnFailure,
        kind: StationKind,
        names: &Names<'_>,
        problems: &mut Problems,
    ) {
        let (name, operation) = split_target(target);
        let Some(callee) = names.station(name, target.at(), problems) else { return };
        if callee.kind != kind {
            let (is, verb) = match callee.kind {
                StationKind::Service => ("a service", "call"),
                StationKind::Database => ("a database", "query"),
                StationKind::Cache => ("a cache", "cache"),
            };
            let help = format!("write `{verb}: {}`", **target);
            problems.error(target.at(), format!("`{name}` is {is}"), help);
            return;
        }
        let site = self.call_site(caller, callee.id, operation, on_failure);
        check_operation(target, names, problems);
        self.push(Op::Call(site));
    }

    /// The name of a caller.
    pub fn caller_name(&self, caller: Caller, names: &Names<'_>) -> String {
        let nth = |name: Option<&String>| name.cloned().unwrap_or_default();
        match caller {
            Caller::Workload(index) => {
                nth(names.file.workloads.get_index(index as usize).map(|(name, _)| name))
            }
            Caller::Station(id) => self.blueprint.stations[id as usize].name.clone(),
            Caller::Queue(index) => {
                nth(names.file.queues.get_index(index as usize).map(|(name, _)| name))
            }
            Caller::Operator => OPERATOR.to_owned(),
            Caller::Probe(kind) => kind.name().to_owned(),
        }
    }

    /// The name of an edge: `a -> b`.
    pub fn edge_name(&self, edge: Edge, names: &Names<'_>) -> String {
        let callee = &self.blueprint.stations[edge.callee as usize].name;
        format!("{} -> {callee}", self.caller_name(edge.caller, names))
    }

    /// The names of all edges found so far.
    pub fn edge_names(&self, names: &Names<'_>) -> Vec<String> {
        self.edges.iter().map(|edge| self.edge_name(*edge, names)).collect()
    }

    /// The number of instances that a caller has.
    pub fn caller_instances(&self, caller: Caller) -> u32 {
        match caller {
            Caller::Workload(_) | Caller::Queue(_) | Caller::Operator | Caller::Probe(_) => 1,
            Caller::Station(id) => self.blueprint.stations[id as usize].instances.len() as u32,
        }
    }

    /// The regions of a caller's instances, each once.
    pub fn caller_regions(&self, caller: Caller) -> Vec<u32> {
        let Blueprint { stations, instances, workloads, .. } = &self.blueprint;
        match caller {
            Caller::Workload(id) => vec![workloads[id as usize].region],
            Caller::Queue(_) | Caller::Operator | Caller::Probe(_) => vec![NONE],
            Caller::Station(id) => {
                let all = stations[id as usize].instances.clone();
                let regions = all.map(|instance| instances[instance as usize].region);
                regions.collect::<IndexSet<u32>>().into_iter().collect()
            }
        }
    }

    /// The number of instances of a guard that an edge has in a scope.
    pub fn count_in(&self, scope: Scope, edge: Edge) -> u64 {
        let callees = self.blueprint.stations[edge.callee as usize].instances.len() as u64;
        match scope {
            Scope::Edge => 1,
            Scope::CallerInstance => u64::from(self.caller_instances(edge.caller)),
            Scope::CalleeInstance => u64::from(self.caller_instances(edge.caller)) * callees,
        }
    }

    /// Adds the processors of an instance or a host, and returns the id of their pool.
    pub fn push_processors(&mut self, owner: &str, number: u32, capacity: u32) -> u32 {
        self.push_pool(PoolPlan {
            number,
            capacity,
            core: capacity,
            ..PoolPlan::unlimited(owner, PoolKind::Processors)
        })
    }

    /// True if the limits allow further guards after the first ones, each with a window of
    /// `remembered` calls or seconds; notes a problem otherwise.
    pub fn may_add_guards(
        &mut self,
        (first, count, what): (u32, u64, &str),
        remembered: u64,
        at: Location,
        problems: &mut Problems,
    ) -> bool {
        self.looked_back = self.looked_back.saturating_add(count.saturating_mul(remembered));
        let memory = "calls or seconds for guards to remember";
        problems.may_have(u64::from(first) + count, most::BREAKERS, what, at)
            && problems.may_have(self.looked_back, most::LOOKED_BACK, memory, at)
    }
}

/// Notes a call of an operation that its callee does not have.
pub(crate) fn check_operation(target: &Placed<String>, names: &Names<'_>, problems: &mut Problems) {
    let (name, operation) = split_target(target);
    let file = names.file;
    let (has_unnamed, named): (bool, Vec<&str>) = if let Some(service) = file.services.get(name) {
        let has_unnamed = !service.handle.is_empty() || service.operations.is_empty();
        (has_unnamed, service.operations.names().collect())
    } else if let Some(database) = file.databases.get(name) {
        (database.query.is_some(), database.queries.names().collect())
    } else {
        (true, Vec::new())
    };
    let exists = if operation.is_empty() { has_unnamed } else { named.contains(&operation) };
    let is_whole = file.services.get(name).is_none_or(Placed::is_whole)
        && file.databases.get(name).is_none_or(Placed::is_whole);
    if exists || !is_whole {
        return;
    }
    let message = match (operation, named.is_empty()) {
        ("", true) => return,
        ("", false) => format!("`{name}` has several operations"),
        _ => format!("`{name}` has no operation `{operation}`"),
    };
    let known: Vec<String> = named.iter().map(|known| format!("`{name}.{known}`")).collect();
    let help = if known.is_empty() {
        format!("write `{name}`")
    } else {
        format!("write one of {}", known.join(", "))
    };
    problems.error(target.at(), message, help);
}

/// The distribution that a phrase stands for; zero if it cannot be read.
pub(crate) fn read_distribution(
    phrase: &Placed<DurationPhrase>,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Distribution {
    match &**phrase {
        DurationPhrase::Known(distribution) => distribution.clone(),
        DurationPhrase::Measured(file) => {
            measured(&phrase.with(file.clone()), names, problems).unwrap_or(NOTHING)
        }
    }
}

/// A time of zero.
pub(crate) const NOTHING: Distribution = Distribution::Constant { value: 0.0 };

/// A CSV of `value,weight`, values as durations; a header line is skipped.
fn measured(
    file: &Placed<String>,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<Distribution> {
    const FORM: &str = "write lines such as `12ms,3`";
    let mut values = Vec::new();
    for (line, record) in records(file, names.folder, problems)?.into_iter().enumerate() {
        let value = record.get(0).and_then(|text| text.parse::<Duration>().ok());
        let weight = record.get(1).map_or(Ok(1.0), str::parse::<f64>);
        match (value, weight) {
            (Some(value), Ok(weight)) => values.push((value.0.as_nanos() as f64, weight)),
            _ if line == 0 => {}
            _ => {
                let message = format!("{}, line {}: not a value and a weight", **file, line + 1);
                problems.error(file.at(), message, FORM);
                return None;
            }
        }
    }
    match Distribution::empirical(&values) {
        Ok(distribution) => Some(distribution),
        Err(error) => {
            problems.error(file.at(), format!("{}: {error}", **file), FORM);
            None
        }
    }
}

/// The span that is written, or the default.
pub(crate) fn span_or(written: Option<&Placed<Duration>>, default: SimDuration) -> SimDuration {
    written.map_or(default, |span| span.0)
}
