//! The cost of a system.

use super::blueprint::{Blueprint, StationKind, UNLIMITED};
use super::pool_plan::{PoolKind, PoolPlan};

/// Prices of resources, in any unit; zero if the scenario does not give them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// Price of an instance of a service.
    pub instance: f64,
    /// Price of a thread.
    pub thread: f64,
    /// Price of a slot of an asynchronous service.
    pub slot: f64,
    /// Price of a connection.
    pub connection: f64,
}

impl Prices {
    /// True if any price is set.
    pub fn are_set(&self) -> bool {
        [self.instance, self.thread, self.slot, self.connection].iter().any(|price| *price > 0.0)
    }
}

impl Blueprint {
    /// Returns the cost of all instances, threads, slots and connections that exist at the start of
    /// the run; unlimited pools are not counted.
    pub fn cost(&self) -> f64 {
        let services = self.stations.iter().filter(|station| station.kind == StationKind::Service);
        let instances: f64 =
            services.map(|station| station.instances.len() as f64 * self.prices.instance).sum();
        let price = |pool: &&PoolPlan| match pool.kind {
            PoolKind::Threads => self.prices.thread,
            PoolKind::Slots => self.prices.slot,
            PoolKind::Connections => self.prices.connection,
            PoolKind::Processors | PoolKind::Permits | PoolKind::Clients => 0.0,
        };
        let limited = self.pools.iter().filter(|pool| pool.capacity != UNLIMITED);
        instances + limited.map(|pool| f64::from(pool.capacity) * price(&pool)).sum::<f64>()
    }
}
