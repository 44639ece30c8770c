//! Things that sentences are about.

use super::resolver::{Place, Resolver, suggestion};
use crate::expect::sentence::WrittenTarget;
use crate::system::{Id, PoolKind, of};

impl Resolver<'_, '_> {
    pub fn queue_named(
        &mut self,
        target: &WrittenTarget,
        place: &Place<'_>,
    ) -> Option<Id<of::Queue>> {
        let found = self.names.file.queues.get_index_of(&target.name);
        if found.is_none() {
            let known: Vec<&str> = self.names.file.queues.names().collect();
            let help = suggestion(&target.name, &known, self.problems);
            self.problem_in(
                place,
                &target.at,
                format!("there is no queue of messages `{}`", target.name),
                help,
            );
        }
        found.map(Id::new)
    }

    pub fn link_named(
        &mut self,
        target: &WrittenTarget,
        place: &Place<'_>,
    ) -> Option<Id<of::Link>> {
        let found = self.names.file.links.get_index_of(&target.name);
        if found.is_none() {
            let known: Vec<&str> = self.names.file.links.names().collect();
            let help = suggestion(&target.name, &known, self.problems);
            let message = format!("there is no link `{}`", target.name);
            self.problem_in(place, &target.at, message, help);
        }
        found.map(Id::new)
    }

    pub fn effect_named(
        &mut self,
        target: &WrittenTarget,
        place: &Place<'_>,
    ) -> Option<Id<of::Effect>> {
        let found = self.plan.blueprint.effects.position(|effect| *effect == target.name);
        if found.is_none() {
            let known = self.plan.blueprint.effects.clone();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let help = suggestion(&target.name, &known, self.problems);
            self.problem_in(
                place,
                &target.at,
                format!("no handler has the effect `{}`", target.name),
                help,
            );
        }
        found
    }

    pub fn workload_named(
        &mut self,
        target: &WrittenTarget,
        place: &Place<'_>,
    ) -> Option<Id<of::Workload>> {
        let found = self.names.file.workloads.get_index_of(&target.name);
        if found.is_none() {
            let known: Vec<&str> = self.names.file.workloads.names().collect();
            let help = suggestion(&target.name, &known, self.problems);
            self.problem_in(
                place,
                &target.at,
                format!("there is no workload `{}`", target.name),
                help,
            );
        }
        found.map(Id::new)
    }

    pub fn instance_named(&mut self, target: &WrittenTarget, place: &Place<'_>) -> Option<String> {
        let station = self.names.station(&target.name, place.at, self.problems)?;
        let count = self.plan.blueprint.stations[station.id].instances.len();
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

    pub fn edge_named(
        &mut self,
        target: &WrittenTarget,
        place: &Place<'_>,
    ) -> Option<Id<of::Edge>> {
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
        let found = self.plan.find_edge(&wanted, self.names);
        if found.is_none() {
            let is_read = self.problems.are_read();
            let edges = if is_read { self.plan.edge_names(self.names) } else { Vec::new() };
            let help = self.problems.meant(&wanted, edges.iter().map(String::as_str), || {
                format!("known are {}", self.plan.some_edge_names(self.names))
            });
            self.problem_in(place, &target.at, format!("no call goes over `{wanted}`"), help);
        }
        found
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
        if let Some(part) = &target.part {
            let resource = format!("{owner}.{part}");
            let kind = self.plan.pool_kinds(&resource).next();
            if let Some(kind) = kind {
                return Some((resource, kind));
            }
        }
        let kinds: Vec<PoolKind> = self.plan.pool_kinds(&owner).collect();
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
            let start = format!("{owner}.");
            let names = || self.plan.pool_names();
            let mut known: Vec<String> = names().filter(|name| name.starts_with(&start)).collect();
            if known.is_empty() {
                known = names().collect();
            }
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let written = &place.text[target.at.clone()];
            let help = suggestion(written, &known, self.problems);
            self.problem_in(place, &target.at, format!("there is no pool `{written}`"), help);
        }
        found.map(|kind| (owner, kind))
    }
}
