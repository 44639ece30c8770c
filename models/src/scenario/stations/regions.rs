//! Regions: the distances between them, and which instances are where.

use super::service::Service;
use crate::language::Problems;
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;
use crate::system::{Id, Ids, of};

/// Compiles the distances between regions: a distance in one direction holds for the other too,
/// unless that is written as well.
pub(crate) fn compile_regions(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    let regions = &names.file.regions;
    plan.blueprint.regions = regions.names().map(str::to_owned).collect();
    let row = || regions.iter().map(|_| None).collect();
    plan.blueprint.distances = regions.iter().map(|_| row()).collect();
    for (from, (name, others)) in plan.blueprint.regions.ids().zip(regions.iter()) {
        for (other, latency) in others.iter() {
            let distribution = plan.distribution(latency, names, problems);
            match names.find_region(other) {
                Some(to) if to != from => {
                    plan.blueprint.distances[from][to] = Some(distribution);
                    if !regions[other].contains_key(name) {
                        plan.blueprint.distances[to][from] = Some(distribution);
                    }
                }
                Some(_) => {
                    let message = "a region has no distance to itself";
                    let help = "remove it; latency within a region is the `latency` of a call";
                    problems.error(latency.key(), message, help);
                }
                None => names.no_region(other, latency.key(), problems),
            }
        }
    }
}

/// Places the instances of a service in its regions in turn.
pub(super) fn place(
    service: &Service,
    instances: Ids<of::Instance>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let regions: Vec<Option<Id<of::Region>>> = match (&service.region, &service.regions) {
        (Some(_), Some(regions)) => {
            let message = "this service is in one region and in several";
            problems.error(regions.key(), message, "keep one of `region` and `regions`");
            return;
        }
        (region @ Some(_), None) => vec![names.region(region.as_ref(), problems)],
        (None, Some(regions)) => {
            regions.iter().map(|region| names.region(Some(region), problems)).collect()
        }
        (None, None) => return,
    };
    for (instance, region) in instances.iter().zip(regions.iter().cycle()) {
        plan.blueprint.instances[instance].region = *region;
    }
}
