//! The blueprint while it is being compiled.

use indexmap::{IndexMap, IndexSet};
use sim_core::{Distribution, SimDuration, SimTime};

use super::csv_file::records;
use super::names::{Names, split_target};
use super::operator::OPERATOR;
use crate::faults::{Trigger, TriggerOn};
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::Duration;
use crate::language::{Location, Placed, Problems, some_of};
use crate::steps::Op;
use crate::system::{
    Blueprint, CallSite, Deadline, DeadlinePlan, Ends, Id, Ids, OnFailure, PoolKind, PoolPlan,
    ProbeKind, QueuePlan, Scope, StationKind, ThroughPlan, of,
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
    /// Orders that set something, each of which makes another system.
    pub const CHANGES: usize = 200;
    /// Conditions of the goals of a scenario.
    pub const CONDITIONS: usize = 1_000;
    /// Periods in a run of a rate that follows the time of day.
    pub const TURNS: f64 = 10_000.0;
}

/// The caller whose steps are being compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// A workload.
    Workload(Id<of::Workload>),
    /// A station.
    Station(Id<of::Station>),
    /// A queue of messages.
    Queue(Id<of::Queue>),
    /// The operator, whose actions go through services.
    Operator,
    /// Probes of a kind.
    Probe(ProbeKind),
}

/// An edge found in a handler, before its guards are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Edge {
    /// The caller.
    pub caller: Caller,
    /// The station called.
    pub callee: Id<of::Station>,
}

/// The blueprint while it is being compiled, and what is known only until it is finished.
pub(crate) struct Plan {
    /// The blueprint as compiled so far.
    pub blueprint: Blueprint,
    /// The edges that calls have been found to take.
    pub edges: IndexSet<Edge>,
    /// The stations at the ends of these edges.
    called_stations: IndexSet<Id<of::Station>>,
    /// The kinds of the pools of each owner, in the order in which they were added.
    pool_kinds: IndexMap<String, IndexSet<PoolKind>>,
    /// The ids of the distributions, by what they say.
    distributions: IndexMap<String, Id<of::Distribution>>,
    /// Calls or seconds that the windows of the guards so far cover.
    looked_back: u64,
    /// The number of resources that the steps being compiled hold, one inside the other.
    held: u32,
    /// True if some requests fail each time they are sent.
    pub has_poison: bool,
    /// The first step of each operation of each station, in the order of the program; the unnamed one is "".
    entries: IndexMap<(Id<of::Station>, String), Id<of::Step>>,
    /// The places in this order of the operations of each station.
    operations: IndexMap<Id<of::Station>, Vec<usize>>,
    /// The operation that each call site calls.
    called: Vec<(Id<of::Station>, String)>,
    /// The numbers of instances that operators order of stations, each with the time from which it holds.
    pub ordered_instances: IndexMap<Id<of::Station>, Vec<(SimTime, u32)>>,
    /// The calls on which actions depend, with the places where they are written.
    pub through: IndexMap<Location, ThroughPlan>,
}

impl Plan {
    /// A plan in which nothing has been compiled yet.
    pub fn new(blueprint: Blueprint) -> Self {
        let known = blueprint.distributions.with_ids();
        Self {
            distributions: known.map(|(id, known)| (format!("{known:?}"), id)).collect(),
            blueprint,
            edges: IndexSet::new(),
            called_stations: IndexSet::new(),
            pool_kinds: IndexMap::new(),
            looked_back: 0,
            held: 0,
            has_poison: false,
            ordered_instances: IndexMap::new(),
            entries: IndexMap::new(),
            operations: IndexMap::new(),
            called: Vec::new(),
            through: IndexMap::new(),
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
        blueprint.is_elaborate = blueprint.tracks_requests
            || !blueprint.distances.is_empty()
            || blueprint.watched.has_requests();
        self.blueprint
    }

    /// The operations of all handlers of a station.
    pub fn operations_of(&self, station: Id<of::Station>) -> impl Iterator<Item = &Op> {
        let begin = |place: usize| self.entries.get_index(place).map(|(_, step)| *step);
        self.operations.get(&station).into_iter().flatten().flat_map(move |&place| {
            let program = &self.blueprint.program;
            let end = begin(place + 1).unwrap_or(program.next_id());
            let first = begin(place).unwrap_or(end);
            &program[Ids::new(first, end.number() - first.number())]
        })
    }

    /// Compiles steps that hold one more resource.
    pub fn holding(&mut self, steps: impl FnOnce(&mut Self)) {
        self.held += 1;
        self.blueprint.nesting = self.blueprint.nesting.max(self.held);
        steps(self);
        self.held -= 1;
    }

    /// The id of a distribution.
    pub fn distribution(
        &mut self,
        phrase: &Placed<DurationPhrase>,
        names: &Names<'_>,
        problems: &mut Problems,
    ) -> Id<of::Distribution> {
        self.known_distribution(read_distribution(phrase, names, problems))
    }

    /// The id of a distribution of sizes.
    pub fn sizes(&mut self, sizes: &Distribution) -> Id<of::Distribution> {
        self.known_distribution(sizes.clone())
    }

    /// The id of the distribution of times that are zero.
    pub fn instant(&mut self) -> Id<of::Distribution> {
        self.known_distribution(NOTHING)
    }

    fn known_distribution(&mut self, distribution: Distribution) -> Id<of::Distribution> {
        let known = &mut self.blueprint.distributions;
        *self
            .distributions
            .entry(format!("{distribution:?}"))
            .or_insert_with(|| known.push(distribution))
    }

    /// The deadline that ends a wait, if it is written.
    pub fn deadline(
        &mut self,
        span: Option<&Placed<DurationPhrase>>,
        names: &Names<'_>,
        problems: &mut Problems,
    ) -> Option<Deadline> {
        span.map(|span| self.deadline_of(span, Ends::Wait, names, problems))
    }

    /// A deadline.
    pub fn deadline_of(
        &mut self,
        span: &Placed<DurationPhrase>,
        ends: Ends,
        names: &Names<'_>,
        problems: &mut Problems,
    ) -> Deadline {
        let Some(constant) = span.constant() else {
            let drawn = self.distribution(span, names, problems);
            let mean = self.blueprint.distributions[drawn].mean();
            let span = SimDuration::from_nanos_f64(mean);
            let plan = DeadlinePlan { span, drawn: Some(drawn), ends };
            return Deadline::Drawn(self.blueprint.deadlines.push(plan));
        };
        if constant.is_zero() {
            let help = "leave it out, or give it a length such as `1s`";
            problems.error(span.at(), "a limit of zero lets nothing through", help);
        }
        let plan = DeadlinePlan { span: constant, drawn: None, ends };
        Deadline::Constant(self.blueprint.deadlines.push(plan))
    }

    /// Adds something that faults wait for and returns its id.
    pub fn trigger(&mut self, on: TriggerOn, through: Option<ThroughPlan>) -> Id<of::Trigger> {
        self.blueprint.triggers.push(Trigger { on, through })
    }

    /// Adds a pool and returns its id.
    pub fn push_pool(&mut self, pool: PoolPlan) -> Id<of::Pool> {
        if let Some(kinds) = self.pool_kinds.get_mut(&pool.owner) {
            kinds.insert(pool.kind);
        } else {
            self.pool_kinds.insert(pool.owner.clone(), IndexSet::from([pool.kind]));
        }
        self.blueprint.pools.push(pool)
    }

    /// The kinds of the pools of an owner.
    pub fn pool_kinds(&self, owner: &str) -> impl Iterator<Item = PoolKind> {
        self.pool_kinds.get(owner).into_iter().flatten().copied()
    }

    /// The names of all pools: `b.threads`.
    pub fn pool_names(&self) -> impl Iterator<Item = String> {
        let pools = self.pool_kinds.iter();
        pools.flat_map(|(owner, kinds)| {
            kinds.iter().map(move |kind| format!("{owner}.{}", kind.name()))
        })
    }

    /// Adds a step and returns its id.
    pub fn push(&mut self, op: Op) -> Id<of::Step> {
        self.blueprint.program.push(op)
    }

    /// The id of the step that will be added next.
    pub fn next_step(&self) -> Id<of::Step> {
        self.blueprint.program.next_id()
    }

    /// Notes that an operation of a station begins with the step that will be added next.
    pub fn begin_operation(&mut self, station: Id<of::Station>, operation: &str) {
        let entry = self.next_step();
        // Of two things with one name, which is an error, the first counts: entries are in the order of the program.
        let known = self.entries.entry((station, operation.to_owned()));
        let place = known.index();
        known.or_insert(entry);
        self.operations.entry(station).or_default().push(place);
    }

    /// The id of an edge.
    pub fn edge(&mut self, caller: Caller, callee: Id<of::Station>) -> Id<of::Edge> {
        self.called_stations.insert(callee);
        Id::new(self.edges.insert_full(Edge { caller, callee }).0)
    }

    /// True if anything calls a station.
    pub fn is_called(&self, station: Id<of::Station>) -> bool {
        self.called_stations.contains(&station)
    }

    /// Adds a call site: a call of an operation, written as `service` or `service.operation`.
    pub fn call_site(
        &mut self,
        caller: Caller,
        callee: Id<of::Station>,
        operation: &str,
        on_failure: OnFailure,
    ) -> Id<of::CallSite> {
        let edge = self.edge(caller, callee);
        self.called.push((callee, operation.to_owned()));
        self.blueprint.sites.push(CallSite { edge, entry: Id::FIRST, on_failure })
    }

    /// Fills in the target of each call, once all handlers are compiled.
    pub fn resolve_sites(&mut self) {
        for (site, operation) in self.blueprint.sites.iter_mut().zip(&self.called) {
            site.entry = self.entries.get(operation).copied().unwrap_or(Id::FIRST);
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
            Caller::Workload(id) => {
                nth(names.file.workloads.get_index(id.index()).map(|(name, _)| name))
            }
            Caller::Station(id) => self.blueprint.stations[id].name.clone(),
            Caller::Queue(id) => nth(names.file.queues.get_index(id.index()).map(|(name, _)| name)),
            Caller::Operator => OPERATOR.to_owned(),
            Caller::Probe(kind) => kind.name().to_owned(),
        }
    }

    /// The name of an edge: `a -> b`.
    pub fn edge_name(&self, edge: Edge, names: &Names<'_>) -> String {
        let callee = &self.blueprint.stations[edge.callee].name;
        format!("{} -> {callee}", self.caller_name(edge.caller, names))
    }

    /// The id of the edge of a name, if there is one.
    pub fn find_edge(&self, name: &str, names: &Names<'_>) -> Option<Id<of::Edge>> {
        let (caller, callee) = name.split_once(" -> ")?;
        let callee = names.find_station(callee)?.id;
        let edges = names
            .callers(caller)
            .filter_map(|caller| self.edges.get_index_of(&Edge { caller, callee }).map(Id::new));
        edges.min()
    }

    /// The names of all edges found so far.
    pub fn edge_names(&self, names: &Names<'_>) -> Vec<String> {
        self.edges.iter().map(|edge| self.edge_name(*edge, names)).collect()
    }

    /// The names of the first edges, and the number of the others.
    pub fn some_edge_names(&self, names: &Names<'_>) -> String {
        some_of(self.edges.iter().map(|edge| self.edge_name(*edge, names)))
    }

    /// The number of instances that a caller has.
    pub fn caller_instances(&self, caller: Caller) -> u32 {
        match caller {
            Caller::Workload(_) | Caller::Queue(_) | Caller::Operator | Caller::Probe(_) => 1,
            Caller::Station(id) => self.blueprint.stations[id].instances.len(),
        }
    }

    /// The instances of a station that are there at a time, as far as orders of operators say; all that it may
    /// have if an autoscaler decides.
    pub fn instances_at(&self, station: Id<of::Station>, time: SimTime) -> Ids<of::Instance> {
        let all = self.blueprint.stations[station].instances;
        let ordered = self.ordered_instances.get(&station);
        let latest = ordered.and_then(|it| it.iter().rev().find(|(from, _)| *from <= time));
        latest.and_then(|(_, count)| Some(Ids::new(all.first()?, *count))).unwrap_or(all)
    }

    /// The regions of a caller's instances, each once.
    pub fn caller_regions(&self, caller: Caller) -> Vec<Option<Id<of::Region>>> {
        let Blueprint { stations, instances, workloads, .. } = &self.blueprint;
        match caller {
            Caller::Workload(id) => vec![workloads[id].region],
            Caller::Queue(_) | Caller::Operator | Caller::Probe(_) => vec![None],
            Caller::Station(id) => {
                let all = stations[id].instances.iter();
                let regions = all.map(|instance| instances[instance].region);
                regions.collect::<IndexSet<_>>().into_iter().collect()
            }
        }
    }

    /// The number of instances of a guard that an edge has in a scope.
    pub fn count_in(&self, scope: Scope, edge: Edge) -> u64 {
        let callees = u64::from(self.blueprint.stations[edge.callee].instances.len());
        match scope {
            Scope::Edge => 1,
            Scope::CallerInstance => u64::from(self.caller_instances(edge.caller)),
            Scope::CalleeInstance => u64::from(self.caller_instances(edge.caller)) * callees,
        }
    }

    /// Adds the processors of an instance or a host, and returns the id of their pool.
    pub fn push_processors(&mut self, owner: &str, number: u32, capacity: u32) -> Id<of::Pool> {
        self.push_pool(PoolPlan {
            number,
            capacity,
            core: capacity,
            ..PoolPlan::unlimited(owner, PoolKind::Processors)
        })
    }

    /// True if the limits allow further guards beside those before, each with a window of
    /// `remembered` calls or seconds; notes a problem otherwise.
    pub fn may_add_guards(
        &mut self,
        (before, count, what): (usize, u64, &str),
        remembered: u64,
        at: Location,
        problems: &mut Problems,
    ) -> bool {
        self.looked_back = self.looked_back.saturating_add(count.saturating_mul(remembered));
        let memory = "calls or seconds for guards to remember";
        problems.may_have(before as u64 + count, most::BREAKERS, what, at)
            && problems.may_have(self.looked_back, most::LOOKED_BACK, memory, at)
    }
}

/// Notes a call of an operation that its callee does not have.
pub(crate) fn check_operation(target: &Placed<String>, names: &Names<'_>, problems: &mut Problems) {
    let (name, operation) = split_target(target);
    let file = names.file;
    let (service, database) = (file.services.get(name), file.databases.get(name));
    let exists = match (operation, service, database) {
        ("", Some(service), _) => !service.handle.is_empty() || service.operations.is_empty(),
        ("", None, Some(database)) => database.query.is_some(),
        (_, Some(service), _) => service.operations.contains_key(operation),
        (_, None, Some(database)) => database.queries.contains_key(operation),
        ("", None, None) => true,
        (_, None, None) => false,
    };
    if exists || !service.is_none_or(Placed::is_whole) || !database.is_none_or(Placed::is_whole) {
        return;
    }
    let operations = service.map(|service| service.operations.names().collect());
    let queries = || database.map(|database| database.queries.names().collect());
    let named: Vec<&str> = operations.or_else(queries).unwrap_or_default();
    let message = match (operation, named.is_empty()) {
        ("", true) => return,
        ("", false) => format!("`{name}` has several operations"),
        _ => format!("`{name}` has no operation `{operation}`"),
    };
    let help = if named.is_empty() {
        format!("write `{name}`")
    } else {
        format!("write one of {}", some_of(named.iter().map(|it| format!("`{name}.{it}`"))))
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
