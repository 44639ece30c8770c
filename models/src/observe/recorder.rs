//! The recorder, which is told of everything that happens while a system runs. Memory depends on
//! intervals and entities, never on requests.

use std::collections::BTreeMap;

use sim_core::stats::Histogram;
use sim_core::{SimDuration, SimTime};

use super::records::{
    BreakerRecord, EdgeRecord, EffectRecord, InstanceRecord, KeptLatencies, LinkRecord, NotKept,
    Phases, PoolSeries, ProcessChange, QueueRecord, ScaleRecord, WorkloadRecord,
};
use super::sampling::Sampling;
use crate::Outcome;
use crate::resilience::circuit_breaker::Transition;
use crate::system::{Blueprint, Errand, Id, Origin, PoolPlan, Table, of};

/// Everything recorded in a run.
#[derive(Clone, Debug)]
pub struct Recorder {
    pub(super) workloads: Table<of::Workload, WorkloadRecord>,
    pub(super) edges: Table<of::Edge, EdgeRecord>,
    pub(super) breakers: Table<of::Breaker, BreakerRecord>,
    pub(super) instances: Vec<InstanceRecord>,
    instances_not_kept: Option<NotKept>,
    pub(super) scales: Vec<(SimTime, ScaleRecord)>,
    scales_not_kept: Option<NotKept>,
    orders: Vec<(SimTime, Id<of::Order>)>,
    pub(super) errands: Vec<(SimTime, Errand, bool)>,
    held_up: Vec<Errand>,
    pub(super) queues: Table<of::Queue, QueueRecord>,
    pub(super) effects: Table<of::Effect, EffectRecord>,
    pub(super) pools: Table<of::Pool, PoolSeries>,
    /// The waits for slots of watched pools, by class, in nanoseconds.
    pub(super) waits: BTreeMap<Id<of::Pool>, Vec<Histogram>>,
    pub(super) links: Table<of::Link, LinkRecord>,
    pub(super) kept_latencies: Vec<KeptLatencies>,
    pub(super) sampling: Sampling,
    pub(super) phases: Phases,
}

impl Recorder {
    /// An empty record for the entities of a blueprint.
    pub fn new(blueprint: &Blueprint) -> Self {
        let sampling = Sampling::of(blueprint.run.duration + blueprint.run.drain);
        let run = blueprint.run;
        let windows = blueprint.latency_windows.iter();
        Self {
            workloads: blueprint.workloads.iter().map(|_| WorkloadRecord::default()).collect(),
            edges: blueprint.edges.iter().map(|_| EdgeRecord::default()).collect(),
            breakers: blueprint
                .breakers
                .ids()
                .map(|breaker| BreakerRecord::new(blueprint.watched.breakers.contains(&breaker)))
                .collect(),
            instances: Vec::new(),
            instances_not_kept: None,
            scales: Vec::new(),
            scales_not_kept: None,
            orders: Vec::new(),
            errands: Vec::new(),
            held_up: Vec::new(),
            queues: blueprint.queues.iter().map(|_| QueueRecord::default()).collect(),
            effects: blueprint.effects.iter().map(|_| EffectRecord::default()).collect(),
            pools: blueprint.pools.iter().map(|pool| series_of(pool, blueprint)).collect(),
            waits: BTreeMap::new(),
            links: blueprint.links.iter().map(|_| LinkRecord::default()).collect(),
            kept_latencies: windows.map(|window| sampling.kept_latencies(window)).collect(),
            sampling,
            phases: Phases::new(SimTime::ZERO + run.warmup..SimTime::ZERO + run.duration),
        }
    }

    /// A request of a workload begins.
    #[inline]
    pub fn request_begins(&mut self, workload: Id<of::Workload>, is_counted: bool) {
        let record = &mut self.workloads[workload];
        record.offered += u64::from(is_counted);
        record.interval.offered += 1;
        record.interval.in_flight += 1;
    }

    /// A request of a workload ends.
    #[inline(never)]
    pub fn request_ends(
        &mut self,
        now: SimTime,
        workload: Id<of::Workload>,
        is_counted: bool,
        elapsed: SimDuration,
        outcome: Outcome,
    ) {
        let record = &mut self.workloads[workload];
        let nanos = elapsed.as_nanos();
        record.interval.ended[outcome as usize] += 1;
        record.interval.latency.record(nanos);
        record.interval.in_flight -= 1;
        record.interval.ends.note(now, outcome.is_good());
        if !is_counted {
            return;
        }
        record.ended[outcome as usize] += 1;
        if outcome.is_good() {
            record.latency.record(nanos);
            record.mean_latency.add(nanos as f64);
        } else {
            record.failure_latency.record(nanos);
        }
    }

    /// A counted request of a workload, which has not been answered in full, began to fail at a call.
    #[cold]
    pub fn request_began_to_fail(
        &mut self,
        workload: Id<of::Workload>,
        outcome: Outcome,
        origin: Origin,
    ) {
        let [failed, degraded] = self.workloads[workload].began.entry(origin).or_default();
        *(if outcome.is_good() { degraded } else { failed }) += 1;
    }

    /// A counted call over an edge begins.
    #[inline]
    pub fn call_begins(&mut self, edge: Id<of::Edge>) {
        self.edges[edge].begun += 1;
    }

    /// An attempt of a counted call is made.
    #[inline]
    pub fn attempt_begins(&mut self, edge: Id<of::Edge>) {
        self.edges[edge].attempts += 1;
    }

    /// An attempt of a counted call is made that is not its first.
    #[cold]
    pub fn attempt_is_made_again(&mut self, edge: Id<of::Edge>) {
        self.edges[edge].retries += 1;
    }

    /// A hedge makes another attempt of a counted call.
    #[cold]
    pub fn attempt_is_hedged(&mut self, edge: Id<of::Edge>) {
        self.attempt_is_made_again(edge);
        self.edges[edge].hedges += 1;
    }

    /// A callee has worked on a counted request to the end, and its caller has gone.
    #[cold]
    pub fn worked_for_nobody(&mut self, edge: Id<of::Edge>) {
        self.edges[edge].for_nobody += 1;
    }

    /// A counted call over an edge ends.
    #[inline]
    pub fn call_ends(&mut self, edge: Id<of::Edge>, elapsed: SimDuration, outcome: Outcome) {
        let record = &mut self.edges[edge];
        record.ended[outcome as usize] += 1;
        record.latency.record(elapsed.as_nanos());
    }

    /// A counted call has failed and turns to a fallback.
    pub fn call_falls_back(&mut self, edge: Id<of::Edge>, failure: Outcome) {
        self.edges[edge].fell_back[failure as usize] += 1;
    }

    /// A counted call is abandoned: its caller has crashed.
    pub fn call_abandoned(&mut self, edge: Id<of::Edge>) {
        self.edges[edge].abandoned += 1;
    }

    /// A call is put off until later.
    pub fn call_deferred(&mut self, edge: Id<of::Edge>) {
        self.edges[edge].deferred += 1;
    }

    /// A call cannot be put off, because too many are.
    pub fn deferral_refused(&mut self, edge: Id<of::Edge>) {
        self.edges[edge].not_deferred += 1;
    }

    /// A call that was put off has been made up for.
    pub fn call_made_up(&mut self, edge: Id<of::Edge>) {
        self.edges[edge].made_up += 1;
    }

    /// An order of an operator has been carried out.
    pub fn order_carried_out(&mut self, at: SimTime, order: Id<of::Order>) {
        self.orders.push((at, order));
    }

    /// The orders that were carried out, with their times.
    pub fn orders(&self) -> &[(SimTime, Id<of::Order>)] {
        &self.orders
    }

    /// The call on which something depends has failed; only the first failure in a row is kept.
    pub fn errand_fails(&mut self, at: SimTime, errand: Errand) {
        if !self.held_up.contains(&errand) {
            self.held_up.push(errand);
            self.errands.push((at, errand, false));
        }
    }

    /// The call on which something depends has been answered, which is kept if it had failed before,
    /// or if nothing else shows it.
    pub fn errand_done(&mut self, at: SimTime, errand: Errand) {
        if matches!(errand, Errand::Alert(_)) || self.held_up.contains(&errand) {
            self.errands.push((at, errand, true));
            self.errand_dropped(errand);
        }
    }

    /// A call on which something depends is no longer needed, so the next for the same thing has not
    /// failed before.
    pub fn errand_dropped(&mut self, errand: Errand) {
        self.held_up.retain(|held_up| *held_up != errand);
    }

    /// The calls on which something depends that were answered, or (`false`) failed, with their
    /// times.
    pub fn errands(&self) -> &[(SimTime, Errand, bool)] {
        &self.errands
    }

    /// A pool has lost this number of slots from now on.
    pub fn pool_loses(&mut self, now: SimTime, pool: Id<of::Pool>, lost: u32) {
        self.pools[pool].loses(now, lost);
    }

    /// A pool has another number of slots, or another limit of its queue, from now on.
    pub fn pool_resized(&mut self, now: SimTime, pool: Id<of::Pool>, slots: u32, queue_limit: u32) {
        self.pools[pool].resized(now, slots, queue_limit);
    }

    /// Messages of a queue were dropped by an operator.
    pub fn messages_purged(&mut self, queue: Id<of::Queue>, count: u64) {
        self.queues[queue].purged += count;
    }

    /// An autoscaler has brought the instances of a station to another number.
    pub fn scaled(&mut self, at: SimTime, station: Id<of::Station>, from: u32, to: u32) {
        self.note_scale(at, ScaleRecord::Scaled { station, from, to });
    }

    /// Notes that from now on the first `running` instances of a station run, and no others.
    pub fn instances_run(
        &mut self,
        now: SimTime,
        blueprint: &Blueprint,
        station: Id<of::Station>,
        running: u32,
    ) {
        let instances = blueprint.stations[station].instances;
        for (pool, series) in blueprint.pools.iter().zip(&mut self.pools) {
            if let Some(instance) = pool.instance.filter(|it| instances.contains(*it)) {
                series.runs(now, instances.number_of(instance) < running);
            }
        }
    }

    /// A process ran out of memory.
    pub fn out_of_memory(&mut self, at: SimTime, instance: Id<of::Instance>, restart: SimDuration) {
        self.note_scale(at, ScaleRecord::OutOfMemory { instance, restart });
    }

    /// The process of an instance changes.
    pub fn process_changes(
        &mut self,
        at: SimTime,
        instance: Id<of::Instance>,
        change: ProcessChange,
    ) {
        self.note_scale(at, ScaleRecord::Process { instance, change });
    }

    /// A process died, and what it kept in memory with it.
    pub fn forgot(&mut self, at: SimTime, instance: Id<of::Instance>, what: Vec<&'static str>) {
        self.note_scale(at, ScaleRecord::Forgot { instance, what });
    }

    fn note_scale(&mut self, at: SimTime, record: ScaleRecord) {
        NotKept::keep(&mut self.scales, &mut self.scales_not_kept, at, (at, record));
    }

    /// A request of a customer has failed.
    pub fn customer_hit(&mut self, workload: Id<of::Workload>, customer: u64) {
        self.workloads[workload].customers_hit.insert(customer, ());
    }

    /// A request of a user of a closed workload has ended.
    pub fn user_answered(&mut self, workload: Id<of::Workload>, user: u32, is_good: bool) {
        let users = &mut self.workloads[workload].users;
        if users.len() <= user as usize {
            users.resize(user as usize + 1, None);
        }
        let is_hit = users[user as usize].get_or_insert(false);
        *is_hit |= !is_good;
    }

    /// A request of a class got a slot of a pool after a wait.
    pub fn slot_taken(&mut self, pool: Id<of::Pool>, class: u8, waited: SimDuration) {
        let waits = self.waits.entry(pool).or_default();
        if waits.len() <= usize::from(class) {
            waits.resize(usize::from(class) + 1, Histogram::default());
        }
        waits[usize::from(class)].record(waited.as_nanos());
    }

    /// A message is sent to a queue, which takes it or is full.
    pub fn message_sent(&mut self, queue: Id<of::Queue>, is_accepted: bool) {
        let record = &mut self.queues[queue];
        record.sent += u64::from(is_accepted);
        record.refused += u64::from(!is_accepted);
    }

    /// A message has been consumed; `elapsed` is the time since it was sent.
    pub fn message_delivered(&mut self, queue: Id<of::Queue>, elapsed: SimDuration) {
        let record = &mut self.queues[queue];
        record.delivered += 1;
        record.latency.record(elapsed.as_nanos());
    }

    /// A delivery has failed.
    pub fn delivery_failed(&mut self, queue: Id<of::Queue>) {
        self.queues[queue].failed_deliveries += 1;
    }

    /// The last delivery of a message has failed.
    pub fn message_dead(&mut self, queue: Id<of::Queue>) {
        self.queues[queue].dead += 1;
    }

    /// A message has waited too long.
    pub fn message_expired(&mut self, queue: Id<of::Queue>) {
        self.queues[queue].expired += 1;
    }

    /// A call that makes up for an expired message has ended.
    pub fn message_compensated(&mut self, queue: Id<of::Queue>, is_good: bool) {
        let record = &mut self.queues[queue];
        record.compensated += u64::from(is_good);
        record.not_compensated += u64::from(!is_good);
    }

    /// A handler does something for a request that should be done once.
    pub fn effect(&mut self, effect: Id<of::Effect>, request: u64) {
        self.effects[effect].note(request);
    }

    /// A breaker changes state.
    pub fn breaker_changes(
        &mut self,
        now: SimTime,
        breaker: Id<of::Breaker>,
        transition: Transition,
    ) {
        self.breakers[breaker].note(now, transition);
    }

    /// A breaker rejects a call.
    #[inline]
    pub fn breaker_rejects(&mut self, breaker: Id<of::Breaker>) {
        self.breakers[breaker].rejected += 1;
    }

    /// A balancer learns something about an instance.
    pub fn instance_changes(&mut self, record: InstanceRecord) {
        NotKept::keep(&mut self.instances, &mut self.instances_not_kept, record.at, record);
    }

    /// The requests of each workload.
    pub fn workloads(&self) -> &Table<of::Workload, WorkloadRecord> {
        &self.workloads
    }

    /// The calls over each edge.
    pub fn edges(&self) -> &Table<of::Edge, EdgeRecord> {
        &self.edges
    }

    /// The transitions and rejections of each breaker.
    pub fn breakers(&self) -> &Table<of::Breaker, BreakerRecord> {
        &self.breakers
    }

    /// The changes of instances that the balancers noticed; the first ten thousand.
    pub fn instances(&self) -> &[InstanceRecord] {
        &self.instances
    }

    /// The changes of instances that came after those; `None` if there are none.
    pub fn instances_not_kept(&self) -> Option<NotKept> {
        self.instances_not_kept
    }

    /// The changes in the number of instances, and of their processes and memory; the first ten thousand.
    pub fn scales(&self) -> &[(SimTime, ScaleRecord)] {
        &self.scales
    }

    /// The changes in the number of instances, and of their processes and memory, that came after those; `None` if there
    /// are none.
    pub fn scales_not_kept(&self) -> Option<NotKept> {
        self.scales_not_kept
    }

    /// The messages that went through each queue of messages.
    pub fn queues(&self) -> &Table<of::Queue, QueueRecord> {
        &self.queues
    }

    /// The effects on the world, by name.
    pub fn effects(&self) -> &Table<of::Effect, EffectRecord> {
        &self.effects
    }

    /// The waits for a slot of a pool, in nanoseconds: those of a class, or of all. Empty unless a
    /// sentence asks for them.
    pub fn waits(&self, pool: Id<of::Pool>, class: Option<u8>) -> impl Iterator<Item = &Histogram> {
        let by_class = self.waits.get(&pool).into_iter().flatten().enumerate();
        let is_it = move |it: usize| class.is_none_or(|class| usize::from(class) == it);
        by_class.filter_map(move |(it, waits)| is_it(it).then_some(waits))
    }

    /// The messages that went over each link.
    pub fn links(&self) -> &Table<of::Link, LinkRecord> {
        &self.links
    }

    /// The use of each pool, by interval.
    pub fn pools(&self) -> &Table<of::Pool, PoolSeries> {
        &self.pools
    }
}

fn series_of(pool: &PoolPlan, blueprint: &Blueprint) -> PoolSeries {
    let is_scaled = pool.instance.is_some_and(|instance| {
        let mut scaled = blueprint.autoscalers.iter().map(|scaler| scaler.station);
        scaled.any(|station| blueprint.stations[station].instances.contains(instance))
    });
    let is_resized = blueprint.changes.iter().any(|change| {
        let label = |it: &PoolPlan| (it.label(), it.kind) == (pool.label(), pool.kind);
        change.pools.iter().any(|other| label(other) && other.capacity != pool.capacity)
    });
    if is_scaled || is_resized {
        PoolSeries::of_changing(pool.capacity, !is_scaled)
    } else {
        PoolSeries::default()
    }
}
