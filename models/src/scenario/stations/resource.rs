//! Pools that a service holds over several steps, such as a pool of database connections.

use super::slots::{self, Slots};
use crate::language::{Named, Problems, Short};
use crate::scenario::names::Names;
use crate::scenario::plan::{Plan, most};
use crate::system::{Ids, PoolKind, PoolPlan, of};

/// Adds the pools of the instances of a service.
pub(super) fn compile(
    service: &str,
    pools: &Named<Short<Slots>>,
    instances: Ids<of::Instance>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    if pools.is_empty() {
        return;
    }
    let kinds: Vec<PoolPlan> = pools
        .iter()
        .map(|(name, pool)| {
            let owner = format!("{service}.{name}");
            slots::compile(Some(pool), &owner, PoolKind::Connections, names, plan, problems)
        })
        .collect();
    let in_all =
        plan.blueprint.pools.len() as u64 + u64::from(instances.len()) * kinds.len() as u64;
    let at = pools.iter().next().map_or_else(Default::default, |(_, pool)| pool.key());
    if !problems.may_have(in_all, most::POOLS, "pools", at) {
        return;
    }
    for instance in instances.iter() {
        let first = plan.blueprint.pools.next_id();
        let number = if instances.len() == 1 { 0 } else { instances.number_of(instance) + 1 };
        for kind in &kinds {
            plan.push_pool(PoolPlan { number, instance: Some(instance), ..kind.clone() });
        }
        plan.blueprint.instances[instance].resources = Some(first);
    }
}
