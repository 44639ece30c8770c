//! Picks the callee instance for each attempt, and tells the balancers how attempts end.

use super::blueprint::EdgePlan;
use super::draw::Draw;
use super::engine::Engine;
use super::event::Event;
use super::id::{Id, of};
use crate::Outcome;
use crate::observe::{InstanceChange, InstanceRecord};
use crate::resilience::Balancing;
use crate::resilience::load_balancer::{AttemptResult, BalancedCall};

impl Engine<'_> {
    /// The instance that a call goes to. It is chosen when it is first needed: when the attempt is
    /// sent, or before that by a guard that belongs to an instance. `None` if none is in order.
    #[inline]
    pub fn target(&mut self, index: u32, edge: &EdgePlan) -> Option<Id<of::Instance>> {
        let target = self.state.frames[index].target;
        if target.is_some() {
            return target;
        }
        let chosen = self.choose_target(index, edge);
        self.state.frames[index].target = chosen;
        chosen
    }

    /// Chooses an instance for the next attempt of a frame; `None` if none is in order.
    pub fn choose_target(&mut self, index: u32, edge: &EdgePlan) -> Option<Id<of::Instance>> {
        let edge_id = self.state.frames[index].called_edge;
        let callees = edge.callee_instances;
        let frame = &self.state.frames[index];
        let key = frame.key.child(frame.step_number() | Draw::Balance.of_attempt(frame.attempts));
        let view = self.view_of(index, edge);
        let (pools, instances, plan) = (&self.state.pools, &self.state.instances, self.plan);
        let outstanding = |number: u32| {
            let id = callees.nth(number);
            let (pool, instance) = (&pools[plan.instances[id].slots], &instances[id]);
            pool.in_use() + pool.queue_length() + instance.held_up + instance.lost
        };
        let call = BalancedCall {
            now: self.now,
            draw: || key.draw(),
            zone: edge.balance.locality.and_then(|_| self.zone_of(index, edge)),
            key: self.balance_key(index),
        };
        let chosen = self.state.edges[edge_id].balancers[view].choose(call, outstanding)?;
        Some(callees.nth(chosen))
    }

    /// Returns the number of the balancer that a caller asks: that of its region.
    #[inline]
    fn view_of(&self, index: u32, edge: &EdgePlan) -> usize {
        if let [_] = edge.caller_regions[..] {
            return 0;
        }
        let region = self.region_of(index);
        edge.caller_regions.iter().position(|it| *it == region).unwrap_or(0)
    }

    /// Returns the zone of a caller: its region, or else the number of its instance. `None` if it
    /// has no region, and the zones are regions.
    fn zone_of(&self, index: u32, edge: &EdgePlan) -> Option<u32> {
        match self.region_of(index) {
            None if self.plan.has_regions(edge.callee) => None,
            None => Some(edge.number_of_caller(self.state.frames[index].place)),
            Some(region) => Some(region.number()),
        }
    }

    /// Returns the key that a hashing balancer uses for a request: its customer, if there are
    /// customers.
    fn balance_key(&self, index: u32) -> Option<u64> {
        (self.plan.customers > 0).then(|| self.customer_of(index))
    }

    /// Schedules the first check of everything that watches the instances of an edge and did not
    /// do so `before`.
    pub fn begin_watching(&mut self, edge: Id<of::Edge>, before: Option<&Balancing>) {
        let balance = &self.plan.edges[edge].balance;
        if let Some(check) = balance.health_check
            && before.is_none_or(|before| before.health_check.is_none())
        {
            self.schedule.after(check.interval, Event::HealthCheck { edge });
        }
        if let Some(outliers) = balance.outlier_detection
            && before.is_none_or(|before| before.outlier_detection.is_none())
        {
            self.schedule.after(outliers.interval, Event::Sweep { edge });
        }
    }

    /// Tells the balancer of an edge how an attempt ended.
    #[cold]
    pub fn note_attempt(&mut self, index: u32, edge: &EdgePlan, outcome: Outcome) {
        let frame = &self.state.frames[index];
        let edge_id = frame.called_edge;
        let Some(target) = frame.target else { return };
        let elapsed = self.now.since(frame.since);
        let view = self.view_of(index, edge);
        let balancer = &mut self.state.edges[edge_id].balancers[view];
        if let Some(ejection) = balancer.note_attempt(
            self.now,
            edge.callee_instances.number_of(target),
            elapsed,
            AttemptResult::of(outcome),
        ) {
            let change = InstanceChange::Ejected(ejection);
            let record = self.seen(edge_id, view, target, change);
            self.state.recorder.instance_changes(record);
        }
    }

    /// A change of an instance as a balancer of an edge sees it now.
    fn seen(
        &self,
        edge: Id<of::Edge>,
        view: usize,
        instance: Id<of::Instance>,
        change: InstanceChange,
    ) -> InstanceRecord {
        let regions = &self.plan.edges[edge].caller_regions;
        let seen_from = if regions.len() > 1 { regions[view] } else { None };
        InstanceRecord { at: self.now, edge, seen_from, instance, change }
    }

    /// Checks every instance that an edge leads to, from each region of its callers.
    #[cold]
    pub fn check_health(&mut self, edge: Id<of::Edge>) {
        let plan = &self.plan.edges[edge];
        for (view, region) in plan.caller_regions.iter().enumerate() {
            for instance in plan.callee_instances.iter() {
                self.check_instance(edge, view, *region, instance);
            }
        }
        if let Some(check) = plan.balance.health_check {
            self.schedule.after(check.interval, Event::HealthCheck { edge });
        }
    }

    fn check_instance(
        &mut self,
        edge: Id<of::Edge>,
        view: usize,
        region: Option<Id<of::Region>>,
        instance: Id<of::Instance>,
    ) {
        let has_passed = self.answers_checks(edge, region, instance);
        let number = self.plan.edges[edge].callee_instances.number_of(instance);
        let balancer = &mut self.state.edges[edge].balancers[view];
        let health = balancer
            .note_check(self.now, number, has_passed)
            .map(|is_up| if is_up { InstanceChange::Up } else { InstanceChange::Down });
        let readmission = (has_passed && balancer.readmits(self.now, number))
            .then_some(InstanceChange::Readmitted);
        if !balancer.has(number) {
            return;
        }
        for change in health.into_iter().chain(readmission) {
            let record = self.seen(edge, view, instance, change);
            self.state.recorder.instance_changes(record);
        }
    }

    /// Ends an interval of an edge's outlier detection.
    #[cold]
    pub fn sweep_outliers(&mut self, edge: Id<of::Edge>) {
        let plan = &self.plan.edges[edge];
        for view in 0..plan.caller_regions.len() {
            let mut changes = Vec::new();
            self.state.edges[edge].balancers[view].sweep(self.now, |number, ejection| {
                let change = ejection.map_or(InstanceChange::Readmitted, InstanceChange::Ejected);
                changes.push((plan.callee_instances.nth(number), change));
            });
            for (instance, change) in changes {
                let record = self.seen(edge, view, instance, change);
                self.state.recorder.instance_changes(record);
            }
        }
        if let Some(outliers) = plan.balance.outlier_detection {
            self.schedule.after(outliers.interval, Event::Sweep { edge });
        }
    }
}
