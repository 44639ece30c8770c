//! Pools that a service holds over several steps, such as a pool of database connections.

use super::slots::{self, Slots};
use crate::language::{Named, Problems, Short};
use crate::scenario::names::Names;
use crate::scenario::plan::{Plan, most};
use crate::system::{PoolKind, PoolPlan};

/// Adds the pools of the instances of a service.
pub(super) fn compile(
    service: &str,
    pools: &Named<Short<Slots>>,
    first_instance: usize,
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
    let instances = plan.blueprint.instances.len() - first_instance;
    let in_all = plan.blueprint.pools.len() as u64 + (instances * kinds.len()) as u64;
    let at = pools.iter().next().map_or_else(Default::default, |(_, pool)| pool.key());
    if !problems.may_have(in_all, most::POOLS, "pools", at) {
        return;
    }
    for number in 0..instances as u32 {
        let first = plan.blueprint.pools.len() as u32;
        let number_shown = if instances == 1 { 0 } else { number + 1 };
        for kind in &kinds {
            let instance = first_instance as u32 + number;
            plan.push_pool(PoolPlan { number: number_shown, instance, ..kind.clone() });
        }
        plan.blueprint.instances[first_instance + number as usize].resources = first;
    }
}
