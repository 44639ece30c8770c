//! A system whose settings change while it runs.
//!
//! The file with other values is compiled to a blueprint of its own. If it has the same shape (the
//! same services, pools, guards, steps, each at its place), the system goes on with it: what is in
//! flight keeps its place, and whatever had a setting that is different now takes the new one.

use std::mem::discriminant;
use std::sync::Arc;

use sim_core::{DeadlineRing, Schedule};

use super::blueprint::{Blueprint, EdgePlan, QueuePlan, Source};
use super::engine::Engine;
use super::event::Event;
use super::id::{Id, Table, of};
use super::pool_plan::{PoolKind, PoolPlan};
use super::process_plan::ProcessPlan;
use super::state::{Next, System, balancers};
use crate::guards::Guard;
use crate::resilience::{AdaptiveThrottle, RateLimiter, RetryBudget};

/// True if a relation holds between each two things at the same place.
fn all_are<'a, T: 'a>(
    ones: impl IntoIterator<Item = &'a T>,
    others: impl IntoIterator<Item = &'a T>,
    is_related: impl Fn(&T, &T) -> bool,
) -> bool {
    ones.into_iter().zip(others).all(|(one, other)| is_related(one, other))
}

/// True if two values are of one variant.
fn is_same_kind<T>(one: &T, other: &T) -> bool {
    discriminant(one) == discriminant(other)
}

impl Blueprint {
    /// The first thing that keeps a system from going on with another blueprint; `None` if it can.
    pub fn obstacle_to(&self, other: &Self) -> Option<&'static str> {
        let [mine, others] = [self, other].map(Blueprint::counts);
        if let Some(place) = (0..mine.len()).find(|&it| mine[it].1 != others[it].1) {
            return Some(mine[place].0);
        }
        let checks = [
            (
                all_are(&self.pools, &other.pools, PoolPlan::has_same_order),
                "the order of a queue, or the limits of a proxy",
            ),
            (all_are(&self.program, &other.program, is_same_kind), "steps"),
            (self.instances == other.instances, "the regions, hosts or pools of instances"),
            (all_are(&self.edges, &other.edges, EdgePlan::has_same_ends), "who calls whom"),
            (
                all_are(&self.autoscalers, &other.autoscalers, |one, other| {
                    (one.station, one.is_manual) == (other.station, other.is_manual)
                }),
                "the services that are scaled",
            ),
            (
                all_are(&self.workloads, &other.workloads, |one, other| {
                    is_same_kind(&one.source, &other.source)
                }),
                "a workload from arrivals to users, or back",
            ),
            (
                all_are(&self.queues, &other.queues, QueuePlan::has_same_lanes),
                "the partitions, the order or the consumer of a queue",
            ),
            (
                all_are(&self.caches, &other.caches, |one, other| {
                    one.settings.cumulative.len() == other.settings.cumulative.len()
                }),
                "the keys of a cache",
            ),
            (
                all_are(&self.stations, &other.stations, |one, other| {
                    one.process.map(|it| it.kinds()) == other.process.map(|it| it.kinds())
                }),
                "the start or the probes of a service",
            ),
            (all_are(&self.edges, &other.edges, EdgePlan::has_same_guards), "the guards of a call"),
        ];
        checks.into_iter().find(|(is_same, _)| !is_same).map(|(_, what)| what)
    }

    /// The number of each thing that has a state or a place in it.
    fn counts(&self) -> [(&'static str, usize); 21] {
        [
            ("the number of workloads", self.workloads.len()),
            ("the number of stations", self.stations.len()),
            ("the number of instances", self.instances.len()),
            ("the pools or bulkheads that there are", self.pools.len()),
            ("who calls whom", self.edges.len()),
            ("steps", self.program.len()),
            ("calls", self.sites.len()),
            ("branches", self.tables.len()),
            ("the breakers that there are", self.breakers.len()),
            ("the rate limits that there are", self.rate_limits.len()),
            ("the throttles that there are", self.throttles.len()),
            ("the admission rules that there are", self.admissions.len()),
            ("the retry budgets that there are", self.retry_budgets.len()),
            ("the queues that there are", self.queues.len()),
            ("the caches that know their contents", self.caches.len()),
            ("the autoscalers that there are", self.autoscalers.len()),
            ("the regions", self.distances.len()),
            ("the links", self.links.len()),
            ("the idempotency keys that there are", self.idempotency.len()),
            ("the contention that there is", self.contentions.len()),
            (
                "what a request carries with it",
                self.depth() * 4 + usize::from(self.tracks_requests),
            ),
        ]
    }
}

impl EdgePlan {
    /// True if another plan is of calls from the same caller to the same callee.
    fn has_same_ends(&self, other: &Self) -> bool {
        let ends = |plan: &Self| (plan.first_caller, plan.callee, plan.link);
        (&self.caller, &self.caller_regions, ends(self))
            == (&other.caller, &other.caller_regions, ends(other))
    }

    /// True if calls in flight can go on under the guards of another plan.
    fn has_same_guards(&self, other: &Self) -> bool {
        let is_same = |one: &Guard, other: &Guard| match (one, other) {
            (Guard::Retry(_), Guard::Retry(_))
            | (Guard::Timeout(_), Guard::Timeout(_))
            | (Guard::Hedge(_), Guard::Hedge(_)) => true,
            (Guard::ConnectionPool(one), Guard::ConnectionPool(other)) => {
                one.first_pool == other.first_pool
            }
            (one, other) => one == other,
        };
        self.guards.len() == other.guards.len()
            && all_are(&self.guards, &other.guards, is_same)
            && self.fallbacks.len() == other.fallbacks.len()
            && all_are(&self.fallbacks, &other.fallbacks, is_same_kind)
    }
}

impl PoolPlan {
    fn has_same_order(&self, other: &Self) -> bool {
        (self.kind, &self.owner, &self.discipline, &self.hosts)
            == (other.kind, &other.owner, &other.discipline, &other.hosts)
    }
}

impl ProcessPlan {
    /// The things that a process has: the steps of a start, and each kind of probe.
    fn kinds(&self) -> (bool, [bool; 2]) {
        (self.start.is_some(), self.probes.map(|probe| probe.is_some()))
    }
}

impl QueuePlan {
    fn has_same_lanes(&self, other: &Self) -> bool {
        let lanes =
            |plan: &Self| (plan.messages.partitions, plan.messages.lanes, plan.partition_by);
        let steps = |plan: &Self| (plan.entry, plan.on_expiry, plan.dead_letters);
        lanes(self) == lanes(other) && steps(self) == steps(other)
    }
}

impl System {
    /// Goes on with another blueprint of the same shape.
    pub(super) fn change_to(&mut self, plan: Arc<Blueprint>, schedule: &mut Schedule<Event>) {
        let before = std::mem::replace(&mut self.plan, plan);
        let mut engine = Engine::new(self, schedule);
        engine.change_deadlines();
        engine.change_pools(&before);
        engine.close_surplus_connections();
        engine.change_guards(&before);
        engine.change_balancers(&before);
        engine.change_memories(&before);
        engine.change_instances(&before);
        engine.change_workloads(&before);
        engine.settle(Next::Nothing);
    }
}

impl Engine<'_> {
    /// Adds the rings of deadlines that the plan before did not have; it has all of those before.
    fn change_deadlines(&mut self) {
        for plan in self.plan.deadlines.iter().skip(self.state.rings.len()) {
            self.state.rings.push(DeadlineRing::new(plan.span));
        }
    }

    fn change_pools(&mut self, before: &Blueprint) {
        for (id, plan) in self.plan.pools.with_ids() {
            let known = &before.pools[id];
            if (plan.capacity, plan.queue_limit, plan.core)
                == (known.capacity, known.queue_limit, known.core)
            {
                continue;
            }
            self.state.pools[id].resize(self.now, plan.capacity, plan.queue_limit, plan.core);
            self.state.recorder.pool_resized(self.now, id, plan.capacity, plan.queue_limit);
            let frames = &self.state.frames;
            let mut granted = Vec::new();
            while let Some(waiter) =
                self.state.pools[id].grant_free(self.now, |waiter| frames.is_live(waiter))
            {
                granted.push(self.granted(id, waiter.frame));
            }
            self.state.ready.extend(granted.into_iter().rev());
        }
    }

    /// What follows when a waiting frame gets a slot of a pool.
    fn granted(&self, pool: Id<of::Pool>, frame: u32) -> Next {
        let instances = &self.plan.instances;
        if instances.iter().any(|instance| instance.slots == pool) {
            Next::Start(frame)
        } else if self.plan.pools[pool].kind == PoolKind::Processors {
            Next::Work(frame)
        } else if self.plan.pools[pool].owner.contains("->") {
            Next::Permit(frame)
        } else {
            Next::Resource(frame)
        }
    }

    /// Breakers, limits, budgets and admission rules whose settings change begin anew.
    fn change_guards(&mut self, before: &Blueprint) {
        let plan = self.plan;
        for (id, breaker) in plan.breakers.with_ids() {
            if breaker.settings != before.breakers[id].settings {
                self.state.run_timers_of(id, self.now);
                let change = self.state.breakers[id].change(self.now, breaker.settings);
                if let Some(transition) = change {
                    self.state.recorder.breaker_changes(self.now, id, transition);
                }
            }
        }
        let state = &mut *self.state;
        renew(&plan.rate_limits, &before.rate_limits, &mut state.rate_limiters, |limit| {
            RateLimiter::new(*limit)
        });
        renew(&plan.throttles, &before.throttles, &mut state.throttles, |settings| {
            AdaptiveThrottle::new(*settings)
        });
        renew(&plan.retry_budgets, &before.retry_budgets, &mut state.retry_budgets, |policy| {
            RetryBudget::new(*policy)
        });
        for (id, settings) in plan.admissions.with_ids() {
            if *settings != before.admissions[id] {
                state.admissions[id].change(*settings);
            }
        }
    }

    /// Balancers whose settings change begin anew, and all instances that exist are in order to them.
    fn change_balancers(&mut self, before: &Blueprint) {
        let plan = self.plan;
        let changed = |id: &Id<of::Edge>| plan.edges[*id].balance != before.edges[*id].balance;
        let changed: Vec<Id<of::Edge>> = plan.edges.ids().filter(changed).collect();
        for &id in &changed {
            let edge = &plan.edges[id];
            let key = self.state.edges[id].balancer_key.child(self.now.as_nanos());
            self.state.edges[id].balancers = balancers(plan, edge, key);
            for instance in edge.callee_instances.iter() {
                let process = self.state.processes.get(instance);
                if process.is_some_and(|process| !process.is_in_service) {
                    for balancer in &mut self.state.edges[id].balancers {
                        balancer.set_in_service(
                            self.now,
                            edge.callee_instances.number_of(instance),
                            false,
                        );
                    }
                }
            }
            self.begin_watching(id, Some(&before.edges[id].balance));
        }
        for (scaler, scaled) in plan.autoscalers.with_ids() {
            let station = scaled.station;
            if changed.iter().any(|id| plan.edges[*id].callee == station) {
                self.show_running(scaler);
            }
        }
    }

    fn change_memories(&mut self, before: &Blueprint) {
        let plan = self.plan;
        for (id, cache) in plan.caches.with_ids() {
            if cache.settings != before.caches[id].settings {
                self.state.caches[id].change(&cache.settings);
            }
        }
        for (id, lifetime) in plan.idempotency.with_ids() {
            self.state.keys[id].change(*lifetime);
        }
        for (id, queue) in plan.queues.with_ids() {
            self.state.queues[id].messages.change(queue.messages);
            self.queue_changed(id);
        }
    }

    /// The instances that exist by hand, and the settings of autoscalers.
    fn change_instances(&mut self, before: &Blueprint) {
        let plan = self.plan;
        for (id, scaler) in plan.autoscalers.with_ids() {
            let known = &before.autoscalers[id];
            self.state.autoscalers[id].scaler.change(scaler.settings);
            if scaler.is_manual && scaler.from != known.from {
                self.resize(id, scaler.from);
            }
        }
    }

    fn change_workloads(&mut self, before: &Blueprint) {
        let plan = self.plan;
        for (id, workload) in plan.workloads.with_ids() {
            match (&workload.source, &before.workloads[id].source) {
                (Source::Open(process), Source::Open(known)) if process != known => {
                    let arrivals = self.state.workloads[id].arrivals.as_mut();
                    let next = arrivals.and_then(|it| it.change(self.now, process.clone()));
                    self.expect_arrival(id, next);
                }
                (Source::Closed { users, .. }, Source::Closed { users: known, .. })
                    if users != known =>
                {
                    self.users_change(id);
                }
                _ => {}
            }
        }
    }
}

/// Makes those state machines anew whose settings are different.
fn renew<K, S: PartialEq, M>(
    settings: &Table<K, S>,
    before: &Table<K, S>,
    machines: &mut Table<K, M>,
    make: impl Fn(&S) -> M,
) {
    for ((settings, before), machine) in settings.iter().zip(before).zip(machines) {
        if settings != before {
            *machine = make(settings);
        }
    }
}
