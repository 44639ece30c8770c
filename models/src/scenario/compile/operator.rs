//! What operators do to breakers.

use sim_core::{SimDuration, SimTime};

use super::super::schema::Operation;
use super::Compiler;
use super::faults::Target;
use crate::resilience::circuit_breaker::Order;
use crate::system::OrderPlan;

/// The things an operator can do, by key.
const ACTIONS: &str = "force open, force closed, disable, enable or reset";

impl Compiler<'_> {
    pub(super) fn operator(&mut self) {
        let scenario = self.scenario;
        for (index, operation) in scenario.operator.iter().enumerate() {
            self.operation(operation, &format!("operator[{index}]"));
        }
    }

    fn operation(&mut self, operation: &Operation, path: &str) {
        let actions = [
            ("force open", Order::ForceOpen, &operation.force_open),
            ("force closed", Order::ForceClosed, &operation.force_closed),
            ("disable", Order::Disable, &operation.disable),
            ("enable", Order::Enable, &operation.enable),
            ("reset", Order::Reset, &operation.reset),
        ];
        let given: Vec<_> = actions
            .iter()
            .filter_map(|(key, order, target)| Some((*key, *order, (*target).as_ref()?)))
            .collect();
        let [(key, order, target)] = given[..] else {
            if !given.is_empty() || !self.was_removed(path) {
                let at = self.value_at(path);
                let message = if given.is_empty() {
                    "the operator does nothing here"
                } else {
                    "the operator does several things"
                };
                self.error(
                    at,
                    message,
                    format!("write one of {ACTIONS}, with a call such as `a -> b`"),
                );
            }
            return;
        };
        let at = SimTime::ZERO + operation.at.map_or(SimDuration::ZERO, |at| at.0);
        let target_path = format!("{path}.{key}");
        let edge = match self.fault_target(target, &target_path) {
            Some(Target::Edge(edge)) => edge,
            Some(Target::Station(_)) => {
                let at = self.value_at(&target_path);
                self.error(
                    at,
                    "operators act on the breaker of a call",
                    "write `caller -> callee`",
                );
                return;
            }
            None => return,
        };
        self.must_have_breaker(edge, &target_path);
        self.blueprint.orders.push(OrderPlan { at, order, edge });
        let Some(lasts) = operation.lasts else { return };
        if matches!(order, Order::Enable | Order::Reset) {
            let at = self.key_at(&format!("{path}.for"));
            self.error(at, format!("`{key}` does not last"), "leave `for` out");
            return;
        }
        self.blueprint.orders.push(OrderPlan { at: at + lasts.0, order: Order::Enable, edge });
    }
}
