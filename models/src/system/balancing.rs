//! Picks the callee instance for each attempt, and tells the balancers how attempts end.

use super::blueprint::{EdgePlan, NONE};
use super::event::Event;
use super::turn::{Turn, draw_tag};
use crate::Outcome;
use crate::observe::InstanceChange;
use crate::resilience::load_balancer::{AttemptResult, BalancedCall};

impl Turn<'_> {
    /// The instance that a call goes to. It is chosen when it is first needed: when the attempt is
    /// sent, or before that by a guard that belongs to an instance. `None` if none is in order.
    #[inline]
    pub fn target(&mut self, index: u32, edge: &EdgePlan) -> Option<u32> {
        let target = self.state.frames[index].target;
        if target != NONE {
            return Some(target);
        }
        let chosen = self.choose_target(index, edge)?;
        self.state.frames[index].target = chosen;
        Some(chosen)
    }

    /// Chooses an instance for the next attempt of a frame; `None` if none is in order.
    pub fn choose_target(&mut self, index: u32, edge: &EdgePlan) -> Option<u32> {
        let edge_id = self.state.frames[index].called_edge;
        let first = edge.callee_instances.start;
        let frame = &self.state.frames[index];
        let key = frame.key.child(
            frame.step_number()
                | draw_tag::BALANCE
                | u64::from(frame.attempts) << draw_tag::SIBLING_SHIFT,
        );
        let (pools, instances, plan) = (&self.state.pools, &self.state.instances, self.plan);
        let outstanding = |instance: u32| {
            let pool = &pools[plan.instances[(first + instance) as usize].slots as usize];
            pool.in_use() + pool.queue_length() + instances[(first + instance) as usize].held_up
        };
        let call = BalancedCall {
            now: self.now,
            draw: || key.draw(),
            zone: edge.balance.locality.and_then(|_| self.zone_of(index, edge)),
            key: self.balance_key(index),
        };
        let chosen = self.state.edges[edge_id as usize].balancer.choose(call, outstanding)?;
        Some(first + chosen)
    }

    /// Returns the zone of a caller: its region, or else the number of its instance. `None` if it
    /// has no region, and the zones are regions.
    fn zone_of(&self, index: u32, edge: &EdgePlan) -> Option<u32> {
        match self.region_of(index) {
            NONE if self.plan.has_regions(edge.callee) => None,
            NONE => Some(self.state.frames[index].instance - edge.caller_first_instance),
            region => Some(region),
        }
    }

    /// Returns the key that a hashing balancer uses for a request: its customer, if there are
    /// customers.
    fn balance_key(&self, index: u32) -> Option<u64> {
        (self.plan.customers > 0).then(|| self.customer_of(index))
    }

    /// Schedules the first check of everything that watches the instances of an edge.
    pub fn begin_watching(&mut self, edge: u32) {
        let balance = &self.plan.edges[edge as usize].balance;
        if let Some(check) = balance.health_check {
            self.schedule.after(check.interval, Event::HealthCheck { edge });
        }
        if let Some(outliers) = balance.outlier_detection {
            self.schedule.after(outliers.interval, Event::Sweep { edge });
        }
    }

    /// Tells the balancer of an edge how an attempt ended.
    #[cold]
    pub fn note_attempt(&mut self, index: u32, edge: &EdgePlan, outcome: Outcome) {
        let frame = &self.state.frames[index];
        let (edge_id, target) = (frame.called_edge, frame.target);
        let elapsed = self.now.since(frame.since);
        let balancer = &mut self.state.edges[edge_id as usize].balancer;
        if let Some(ejection) = balancer.note_attempt(
            self.now,
            target - edge.callee_instances.start,
            elapsed,
            AttemptResult::of(outcome),
        ) {
            self.state.recorder.instance_changes(
                self.now,
                edge_id,
                target,
                InstanceChange::Ejected(ejection),
            );
        }
    }

    /// Checks every instance that an edge leads to: it passes if it can be reached and is not
    /// paused.
    #[cold]
    pub fn check_health(&mut self, edge: u32) {
        let callees = self.plan.edges[edge as usize].callee_instances.clone();
        for instance in callees.clone() {
            let condition = &self.state.instances[instance as usize];
            let has_passed = condition.crashes == 0
                && condition.pauses == 0
                && !self.is_unreachable(edge, instance);
            let balancer = &mut self.state.edges[edge as usize].balancer;
            if let Some(is_up) = balancer.note_check(self.now, instance - callees.start, has_passed)
            {
                let change = if is_up { InstanceChange::Up } else { InstanceChange::Down };
                self.state.recorder.instance_changes(self.now, edge, instance, change);
            }
            let balancer = &mut self.state.edges[edge as usize].balancer;
            if has_passed && balancer.readmits(self.now, instance - callees.start) {
                let change = InstanceChange::Readmitted;
                self.state.recorder.instance_changes(self.now, edge, instance, change);
            }
        }
        if let Some(check) = self.plan.edges[edge as usize].balance.health_check {
            self.schedule.after(check.interval, Event::HealthCheck { edge });
        }
    }

    /// Ends an interval of an edge's outlier detection.
    #[cold]
    pub fn sweep_outliers(&mut self, edge: u32) {
        let first = self.plan.edges[edge as usize].callee_instances.start;
        let recorder = &mut self.state.recorder;
        self.state.edges[edge as usize].balancer.sweep(self.now, |instance, ejection| {
            let change = ejection.map_or(InstanceChange::Readmitted, InstanceChange::Ejected);
            recorder.instance_changes(self.now, edge, first + instance, change);
        });
        if let Some(outliers) = self.plan.edges[edge as usize].balance.outlier_detection {
            self.schedule.after(outliers.interval, Event::Sweep { edge });
        }
    }
}
