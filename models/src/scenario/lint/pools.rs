//! Warnings about pools of connections and the limit of the database that they lead to.

use super::Graph;
use crate::language::{Placed, Problem, Problems};
use crate::system::{EdgePlan, Id, of};

impl Graph<'_> {
    pub(super) fn pools(&self, problems: &mut Problems) {
        for (name, database) in self.file.databases.iter() {
            let Some(limit) = &database.max_connections else { continue };
            let Some(station) = self.station(name) else { continue };
            let callers: Vec<(Id<of::Edge>, &EdgePlan)> = self.edges_to(station).collect();
            self.more_than_it_takes(name, station, limit, &callers, problems);
            for (index, edge) in callers.iter().filter(|(_, edge)| edge.pool().is_none()) {
                let message = format!(
                    "`{}` keeps no connections: its calls do not count against `max connections` of `{name}`",
                    self.name(*index)
                );
                let at = self.call(&self.name(*index)).map_or(limit.key(), Placed::key);
                let help = format!("write `{} -> {name}: {{ pool: {{ max: 10 }} }}`", edge.caller);
                problems
                    .add(Problem::warning(message, Some(at)).labelled("no pool").with_help(help));
            }
        }
    }

    /// Pools that together can open more connections than there may be. Of a service that scales,
    /// all the instances count that it may have.
    fn more_than_it_takes(
        &self,
        name: &str,
        station: Id<of::Station>,
        limit: &Placed<u32>,
        callers: &[(Id<of::Edge>, &EdgePlan)],
        problems: &mut Problems,
    ) {
        let pools = callers.iter().filter_map(|(_, edge)| {
            let max = self.blueprint.pools[edge.pool()?.first_pool].capacity;
            Some((edge, u64::from(edge.caller_instances), u64::from(max)))
        });
        let parts: Vec<(String, u64)> = pools
            .map(|(edge, instances, max)| {
                (format!("{instances} x {max} of `{}`", edge.caller), instances * max)
            })
            .collect();
        let instances = self.blueprint.stations[station].instances;
        let has_limit = |it: Id<of::Instance>| self.blueprint.instances[it].clients.is_some();
        debug_assert!(instances.iter().all(has_limit), "it has a limit");
        let takes = u64::from(**limit) * u64::from(instances.len());
        let wanted: u64 = parts.iter().map(|(_, wanted)| wanted).sum();
        if wanted <= takes {
            return;
        }
        let parts: Vec<String> = parts.into_iter().map(|(part, _)| part).collect();
        let message = format!(
            "the pools of `{name}` can open {wanted} connections, but it takes {takes}: {}",
            parts.join(", ")
        );
        problems.add(
            Problem::warning(message, Some(limit.at()))
                .labelled("fewer than all pools together")
                .with_help("make the pools smaller, raise the limit, or put a pooler in between; what goes beyond it is refused"),
        );
    }
}
