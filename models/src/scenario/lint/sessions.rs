//! Warnings about users who begin again.

use super::Graph;
use crate::language::{Placed, Problem, Problems};
use crate::system::Source;

impl Graph<'_> {
    /// Users who begin again in the very instant in which their request failed, and fail again.
    pub(super) fn sessions_without_end(&self, problems: &mut Problems) {
        for workload in &self.blueprint.workloads {
            let Source::Closed { begin_again, .. } = workload.source else { continue };
            let is_at_once =
                begin_again.is_some_and(|id| self.blueprint.distributions[id].mean() == 0.0);
            let mut edges = self.edges_from(&workload.name);
            let is_instant = edges.any(|(_, edge)| edge.latency.is_none());
            if !is_at_once || !is_instant {
                continue;
            }
            let message = format!(
                "a user of `{}` who is refused begins again in the same instant, without end",
                workload.name
            );
            let help = "write `on failure: { begin again after: exponential 1s }`, or give the calls a `latency`";
            let at = self.file.workloads.get(&workload.name).map(Placed::key);
            problems.add(Problem::warning(message, at).with_help(help));
        }
    }
}
