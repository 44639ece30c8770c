//! Operators and automation at work: orders that are carried out, and the services that they need.

use std::collections::VecDeque;
use std::sync::Arc;

use sim_core::random::DrawKey;
use sim_core::{Schedule, SimDuration};

use super::blueprint::Act;
use super::event::Event;
use super::frame::{Activity, Role};
use super::state::{Next, System};
use super::turn::{Turn, draw_tag};
use crate::Outcome;

/// The state of an operator's orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operator {
    /// Orders whose time has come and that have not been carried out, in order; the first is under
    /// way.
    pub pending: VecDeque<u32>,
    /// The change of settings that is due now.
    pub due_change: Option<u32>,
}

impl System {
    /// Handles an event of an operator, after which the system may have other settings.
    #[cold]
    pub(super) fn operate(&mut self, event: Event, schedule: &mut Schedule<Event>) {
        Turn::new(self, schedule).handle(event);
        while let Some(change) = self.state.operator.due_change.take() {
            let plan = Arc::clone(&self.blueprint.changes[change as usize]);
            self.change_to(plan, schedule);
        }
    }
}

impl Turn<'_> {
    /// Takes an order whose time has come. Orders are carried out one after the other: one that
    /// waits for a service holds up those behind it.
    pub fn order_given(&mut self, order: u32) -> Next {
        self.state.operator.pending.push_back(order);
        if self.state.operator.pending.len() > 1 { Next::Nothing } else { self.next_order() }
    }

    /// Goes on with the first order that has not been carried out.
    fn next_order(&mut self) -> Next {
        while let Some(&order) = self.state.operator.pending.front() {
            if let Some(through) = self.plan.orders[order as usize].through {
                let key = DrawKey::default()
                    .child(draw_tag::ORDER | u64::from(order))
                    .child(self.state.workloads.first().map_or(0, |first| first.key.bits()));
                let is_counted = self.state.has_warmed_up;
                let index = self.allocate(key, Role::Operator, 0, through.entry, is_counted);
                self.state.frames[index].admitted_as = order;
                self.state.frames.set_request(index, key.bits());
                return Next::Run(index);
            }
            self.carry_out(order);
        }
        Next::Nothing
    }

    /// Handles the end of the call on which an order depends: the order is carried out, or tried
    /// again after a pause.
    pub fn order_call_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let order = self.state.frames[index].admitted_as;
        if outcome.is_good() {
            self.state.frames.release(index);
            // Goes through the event list: the settings may change, and nothing of this instant may
            // still be on its way.
            self.schedule.at(self.now, Event::OrderAnswered { order });
            return Next::Nothing;
        }
        let through = self.plan.orders[order as usize].through;
        self.state.recorder.order_delayed(self.now, order);
        let frame = &mut self.state.frames[index];
        frame.key = frame.key.child(1);
        frame.step = frame.entry;
        let pause = through.map_or(SimDuration::ZERO, |through| through.again_after);
        self.wait(index, Activity::Pausing, pause)
    }

    /// Carries out the order whose call has been answered, and goes on with the next.
    pub fn order_answered(&mut self, order: u32) -> Next {
        self.carry_out(order);
        self.next_order()
    }

    fn carry_out(&mut self, order: u32) {
        self.state.operator.pending.pop_front();
        let plan = &self.plan.orders[order as usize];
        if !plan.summary.is_empty() {
            self.state.recorder.order_carried_out(self.now, order);
        }
        match plan.act {
            Act::Breaker { order, edge } => self.order_breakers(edge, order),
            Act::Change(change) => self.state.operator.due_change = Some(change),
            Act::Begin(trigger) => self.pull_trigger(Some(trigger)),
            Act::Purge(queue) => self.purge(queue),
        }
    }

    /// Schedules all orders.
    pub fn schedule_orders(&mut self) {
        for (index, order) in self.plan.orders.iter().enumerate() {
            self.schedule.at(order.at, Event::Order { order: index as u32 });
        }
    }
}
