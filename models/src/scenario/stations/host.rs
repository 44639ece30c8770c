//! Machines whose processors several services share.

use crate::language::{Placed, Problems, section};
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;
use crate::system::{Id, of};

section! {
    /// A machine.
    pub(crate) struct Host {
        /// The number of its processors, such as `4`.
        "cpus" => cpus: Placed<u32>,
    }
}

/// Adds the processors of every host, and returns the ids of their pools in the order of the file.
pub(super) fn compile(
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Vec<Id<of::Pool>> {
    let hosts = names.file.hosts.iter();
    hosts
        .map(|(name, host)| {
            let cpus = problems.at_least_one(Some(&host.cpus), 1, "cpus");
            plan.push_processors(name, 0, cpus)
        })
        .collect()
}
