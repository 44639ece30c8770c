//! Warnings about regions: distances that are missing, and balancers that keep to zones.

use std::collections::BTreeSet;

use super::Graph;
use crate::language::{Placed, Problem, Problems};
use crate::system::{EdgePlan, Id, of};

impl Graph<'_> {
    pub(super) fn regions(&self, problems: &mut Problems) {
        let mut known = BTreeSet::new();
        for (index, edge) in self.blueprint.edges.with_ids() {
            self.zones_that_are_regions(index, edge, problems);
            let callees = self.regions_of_callee(edge);
            for from in Self::regions_of_caller(edge) {
                for &to in callees.iter().filter(|to| **to != from) {
                    if known.insert((from.min(to), from.max(to))) {
                        self.distance(index, from, to, problems);
                    }
                }
            }
        }
    }

    fn regions_of_callee(&self, edge: &EdgePlan) -> BTreeSet<Id<of::Region>> {
        self.blueprint.regions_of(edge.callee).flatten().collect()
    }

    /// The regions of a workload or service; a queue has none.
    fn regions_of_caller(edge: &EdgePlan) -> BTreeSet<Id<of::Region>> {
        edge.caller_regions.iter().copied().flatten().collect()
    }

    /// Two regions between which messages take no time, because nobody has said how long.
    fn distance(
        &self,
        edge: Id<of::Edge>,
        from: Id<of::Region>,
        to: Id<of::Region>,
        problems: &mut Problems,
    ) {
        if self.blueprint.distances[from][to].is_some() {
            return;
        }
        let region = |id: Id<of::Region>| self.file.regions.get_index(id.index());
        let (Some((first, written)), Some((second, _))) = (region(from), region(to)) else {
            return;
        };
        let message = format!(
            "there is no latency between `{first}` and `{second}`, and `{}` crosses from one to the other in no time",
            self.name(edge)
        );
        let help = format!("write it, such as `regions: {{ {first}: {{ {second}: 40ms }} }}`");
        let problem = Problem::warning(message, Some(written.key())).labelled("no latency");
        problems.add(problem.with_help(help));
    }

    /// A number of zones beside regions, which are the zones whatever their number.
    fn zones_that_are_regions(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let regions = self.regions_of_callee(edge).len();
        let Some(locality) = edge.balance.locality.filter(|_| regions > 0) else { return };
        let callee = self.callee(edge);
        let (message, help) = if Self::regions_of_caller(edge).is_empty() {
            let message = format!(
                "`zones` changes nothing: `{callee}` has regions, and `{}` has none to keep to",
                edge.caller
            );
            (message, "give the caller a region, or leave `zones` out".to_owned())
        } else if locality.zones as usize != regions {
            let message = format!(
                "the zones of `{callee}` are its {}, not {} zones",
                if regions == 1 { "one region".to_owned() } else { format!("{regions} regions") },
                locality.zones
            );
            (message, format!("write `zones: {regions}`"))
        } else {
            return;
        };
        let call = self.call(&self.name(index));
        let mut calls = call.into_iter().chain(&self.file.defaults.calls);
        let zones = calls.find_map(|call| call.balance.as_ref()?.zones.as_ref());
        problems.add(Problem::warning(message, zones.map(Placed::key)).with_help(help));
    }
}
