//! Warnings about links.

use std::collections::BTreeSet;

use super::Graph;
use super::idle::without_effect;
use crate::guards::Guard;
use crate::language::{Placed, Problem, Problems};
use crate::system::UNLIMITED;

impl Graph<'_> {
    pub(super) fn links(&self, problems: &mut Problems) {
        let blueprint = self.blueprint;
        let named: BTreeSet<_> = blueprint.edges.iter().filter_map(|edge| edge.link).collect();
        for ((id, plan), (name, link)) in blueprint.links.with_ids().zip(self.file.links.iter()) {
            if !named.contains(&id) && link.between.is_none() {
                let message = format!("nothing goes over the link `{name}`");
                let help = format!("name it in a call: `calls: {{ a -> b: {{ link: {name} }} }}`");
                problems.add(
                    Problem::warning(message, Some(link.key()))
                        .labelled("never used")
                        .with_help(help),
                );
            }
            let again = link.retransmit_after.as_ref();
            if let Some(again) = again.filter(|_| plan.loss <= 0.0 && plan.queue == UNLIMITED) {
                let message =
                    format!("`retransmit after` changes nothing: `{name}` loses no message");
                let help = "give it a `loss` or a `queue`, or leave it out";
                without_effect(message, Some(again.key()), help, problems);
            }
        }
        for (index, edge) in blueprint.edges.with_ids() {
            let Some(id) = edge.link else { continue };
            let link = &blueprint.links[id];
            let loses = link.loss > 0.0 || link.queue != UNLIMITED;
            let gives_up = edge.timeout.is_some()
                || edge.guards.iter().any(|guard| matches!(guard, Guard::Timeout(_)));
            if loses && link.retransmit_after.is_none() && !gives_up {
                let name = self.name(index);
                let at = self.call(&name).and_then(|call| call.link.as_ref()).map(Placed::at);
                problems.add(
                    Problem::warning(
                        format!("`{name}` waits for ever for a message that `{}` loses", link.name),
                        at,
                    )
                    .labelled("no timeout")
                    .with_help("add `timeout: 1s`, or let the link `retransmit after: 200ms`"),
                );
            }
        }
    }
}
