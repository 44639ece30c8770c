//! Operators and automation at work: orders that are carried out, and the services that they need.

use std::collections::VecDeque;
use std::sync::Arc;

use sim_core::Schedule;

use super::blueprint::Act;
use super::engine::Engine;
use super::errand::Errand;
use super::event::Event;
use super::id::{Id, of};
use super::state::{Next, System};
use crate::resilience::circuit_breaker::OperatorOrder;

/// The state of an operator's orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operator {
    /// Orders whose time has come and that have not been carried out, in order; the first is under
    /// way.
    pub pending: VecDeque<Id<of::Order>>,
    /// The change of settings that is due now.
    pub due_change: Option<Id<of::Change>>,
}

impl System {
    /// Handles an event of an operator, after which the system may have other settings.
    #[cold]
    pub(super) fn operate(&mut self, event: Event, schedule: &mut Schedule<Event>) {
        Engine::new(self, schedule).handle(event);
        while let Some(change) = self.state.operator.due_change.take() {
            let plan = Arc::clone(&self.blueprint.changes[change]);
            self.change_to(plan, schedule);
            Engine::new(self, schedule).go_on_with_orders();
        }
    }
}

impl Engine<'_> {
    /// Takes an order whose time has come. Orders are carried out one after the other: one that
    /// waits for a service holds up those behind it.
    pub fn order_given(&mut self, order: Id<of::Order>) -> Next {
        self.state.operator.pending.push_back(order);
        if self.state.operator.pending.len() > 1 { Next::Nothing } else { self.next_order() }
    }

    /// Goes on with the orders after one that has changed settings: they find the new ones.
    fn go_on_with_orders(&mut self) {
        let next = self.next_order();
        self.settle(next);
    }

    /// Goes on with the first order that has not been carried out, unless settings have to change
    /// before.
    fn next_order(&mut self) -> Next {
        while self.state.operator.due_change.is_none()
            && let Some(&order) = self.state.operator.pending.front()
        {
            if let Some(through) = self.plan.orders[order].through {
                return self.ask(Errand::Order(order), through, 0);
            }
            self.carry_out(order);
        }
        Next::Nothing
    }

    /// Lets the order be carried out whose call has been answered.
    pub fn order_may_go_on(&mut self, order: Id<of::Order>) {
        self.schedule.at(self.now, Event::OrderAnswered { order });
    }

    /// Carries out the order whose call has been answered, and goes on with the next.
    pub fn order_answered(&mut self, order: Id<of::Order>) -> Next {
        self.carry_out(order);
        self.next_order()
    }

    fn carry_out(&mut self, order: Id<of::Order>) {
        self.state.operator.pending.pop_front();
        let plan = &self.plan.orders[order];
        // A breaker's change of state tells of the order that brought it about.
        let shows_by_itself = match plan.act {
            Act::Breaker { order: what, edge, lasts } => {
                let has_changed = self.in_order(|engine| engine.order_breakers(edge, what));
                if let Some(lasts) = lasts {
                    self.schedule.after(lasts, Event::OrderEnds { order });
                }
                has_changed
            }
            Act::Change(change) => {
                self.state.operator.due_change = Some(change);
                false
            }
            Act::Begin(trigger) => {
                self.pull_trigger(Some(trigger));
                false
            }
            Act::Purge(queue) => {
                self.purge(queue);
                false
            }
        };
        if !shows_by_itself {
            self.state.recorder.order_carried_out(self.now, order);
        }
    }

    /// Enables the breakers again to which an order was given for some time.
    pub fn order_ends(&mut self, order: Id<of::Order>) {
        if let Act::Breaker { edge, .. } = self.plan.orders[order].act {
            self.in_order(|engine| engine.order_breakers(edge, OperatorOrder::Enable));
        }
    }

    /// Schedules all orders.
    pub fn schedule_orders(&mut self) {
        for (order, plan) in self.plan.orders.with_ids() {
            self.schedule.at(plan.at, Event::Order { order });
        }
    }
}
