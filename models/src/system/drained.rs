//! Checks that a system has come to rest: nothing is held, and nothing waits.

use super::id::{Id, Table, of};
use super::state::{State, System};
use crate::resources::Pool;

impl System {
    /// True if no resource is held and nothing waits: every frame, slot, permit and connection has
    /// been given back. Connections that callers keep are open as long as they are idle there.
    pub fn is_drained(&self) -> bool {
        let State { frames, pools, kept, .. } = &self.state;
        let clients = |instance: Id<of::Instance>| self.blueprint.instances[instance].clients;
        let mut held: Table<of::Pool, u32> = pools.iter().map(Pool::in_use).collect();
        for pool in kept.iter().flatten().filter_map(|kept| clients(kept.to)) {
            held[pool] = held[pool].wrapping_sub(1);
        }
        frames.in_use() == 0
            && held.iter().all(|held| *held == 0)
            && pools.iter().all(|pool| pool.queue_length() == 0)
    }

    /// Number of calls over an edge that were deferred and have not been made yet.
    pub fn deferred(&self, edge: Id<of::Edge>) -> u64 {
        self.state.edges[edge].deferred.len() as u64
    }

    /// Number of waiting messages of a queue, and of its deliveries in progress.
    pub fn messages(&self, queue: Id<of::Queue>) -> (u64, u64) {
        let messages = &self.state.queues[queue].messages;
        (messages.depth(), messages.deliveries())
    }

    /// Number of frames in use: clients, requests at stations, branches.
    pub fn frames_in_use(&self) -> u64 {
        self.state.frames.in_use() as u64
    }
}
