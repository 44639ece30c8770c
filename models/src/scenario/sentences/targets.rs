//! Things that sentences are about.

use super::resolver::{Place, Resolver, suggestion};
use crate::expect::sentence::WrittenTarget;
use crate::system::PoolKind;

impl Resolver<'_, '_> {
    pub fn queue_named(&mut self, target: &WrittenTarget, place: &Place<'_>) -> Option<u32> {
        let found = self.names.file.queues.get_index_of(&target.name);
        if found.is_none() {
            let known: Vec<&str> = self.names.file.queues.names().collect();
            let help = suggestion(&target.name, &known);
            self.problem_in(
                place,
                &target.at,
                format!("there is no queue of messages `{}`", target.name),
                help,
            );
        }
        found.map(|index| index as u32)
    }

    pub fn link_named(&mut self, target: &WrittenTarget, place: &Place<'_>) -> Option<u32> {
        let found = self.names.file.links.get_index_of(&target.name);
        if found.is_none() {
            let known: Vec<&str> = self.names.file.links.names().collect();
            let help = suggestion(&target.name, &known);
            let message = format!("there is no link `{}`", target.name);
            self.problem_in(place, &target.at, message, help);
        }
        found.map(|index| index as u32)
    }

    pub fn effect_named(&mut self, target: &WrittenTarget, place: &Place<'_>) -> Option<u32> {
        let found = self.plan.blueprint.effects.iter().position(|effect| *effect == target.name);
        if found.is_none() {
            let known = self.plan.blueprint.effects.clone();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let help = suggestion(&target.name, &known);
            self.problem_in(
                place,
                &target.at,
                format!("no handler has the effect `{}`", target.name),
                help,
            );
        }
        found.map(|index| index as u32)
    }

    pub fn workload_named(&mut self, target: &WrittenTarget, place: &Place<'_>) -> Option<u32> {
        let found = self.names.file.workloads.get_index_of(&target.name);
        if found.is_none() {
            let known: Vec<&str> = self.names.file.workloads.names().collect();
            let help = suggestion(&target.name, &known);
            self.problem_in(
                place,
                &target.at,
                format!("there is no workload `{}`", target.name),
                help,
            );
        }
        found.map(|index| index as u32)
    }

    pub fn instance_named(&mut self, target: &WrittenTarget, place: &Place<'_>) -> Option<String> {
        let station = self.names.station(&target.name, place.at, self.problems)?;
        let count = self.plan.blueprint.stations[station.id as usize].instances.len() as u32;
        match target.number {
            Some(number) if number == 0 || number > count => {
                let message = format!(
                    "`{}` has {count} instance{}",
                    target.name,
                    if count == 1 { "" } else { "s" }
                );
                self.problem_in(
                    place,
                    &target.at,
                    message,
                    format!("they are numbered from 1: `{}#1`", target.name),
                );
                None
            }
            Some(number) => Some(format!("{}#{number}", target.name)),
            None => Some(target.name.clone()),
        }
    }

    pub fn edge_named(&mut self, target: &WrittenTarget, place: &Place<'_>) -> Option<u32> {
        let Some(callee) = &target.callee else {
            self.problem_in(
                place,
                &target.at,
                format!("`{}` is not a call", target.name),
                "write `caller -> callee`",
            );
            return None;
        };
        let wanted = format!("{} -> {callee}", target.name);
        let edges: Vec<String> = self.plan.edge_names(self.names);
        let found = edges.iter().position(|edge| *edge == wanted);
        if found.is_none() {
            let known: Vec<&str> = edges.iter().map(String::as_str).collect();
            let help = suggestion(&wanted, &known);
            self.problem_in(place, &target.at, format!("no call goes over `{wanted}`"), help);
        }
        found.map(|edge| edge as u32)
    }

    /// The owner and the kind of a pool: `b.threads`, `c -> d.permits`; of a service, database or
    /// cache its slots, if no kind is named.
    pub fn pool_named(
        &mut self,
        target: &WrittenTarget,
        place: &Place<'_>,
    ) -> Option<(String, PoolKind)> {
        let owner = match &target.callee {
            Some(callee) => format!("{} -> {callee}", target.name),
            None => target.name.clone(),
        };
        let resource = target.part.as_ref().map(|part| format!("{owner}.{part}"));
        let pools = &self.plan.blueprint.pools;
        if let Some(pool) = pools.iter().find(|pool| resource.as_ref() == Some(&pool.owner)) {
            return Some((pool.owner.clone(), pool.kind));
        }
        let kinds: Vec<PoolKind> = self
            .plan
            .blueprint
            .pools
            .iter()
            .filter(|pool| pool.owner == owner)
            .map(|pool| pool.kind)
            .collect();
        let found = match &target.part {
            None => kinds.first().copied(),
            Some(part) => kinds.iter().copied().find(|kind| kind.name() == part),
        };
        if kinds.is_empty() && target.callee.is_some() {
            self.edge_named(target, place)?;
            self.warning_in(place, &target.at, "this call has no bulkhead", "it is never full");
            return Some((owner, PoolKind::Permits));
        }
        if found.is_none() {
            let labels = || {
                self.plan
                    .blueprint
                    .pools
                    .iter()
                    .map(|pool| format!("{}.{}", pool.owner, pool.kind.name()))
            };
            let mut known: Vec<String> =
                labels().filter(|label| label.starts_with(&format!("{owner}."))).collect();
            if known.is_empty() {
                known = labels().collect();
            }
            known.dedup();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let written = &place.text[target.at.clone()];
            let help = suggestion(written, &known);
            self.problem_in(place, &target.at, format!("there is no pool `{written}`"), help);
        }
        found.map(|kind| (owner, kind))
    }
}
