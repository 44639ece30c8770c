//! The resources that requests hold and wait for: threads, connections, processors and permits are
//! all [`Pool`]s, messages wait in [`MessageQueue`]s, and [`IdempotencyKeys`] remember which
//! requests have been done.

mod discipline;
mod episodes;
mod host_pools;
mod idempotency;
mod keyed_cache;
mod link;
mod message_queue;
mod pool;

pub use discipline::Discipline;
pub use episodes::{Episode, Episodes};
pub use host_pools::{Answer, HostLimits, ProxyLimits};
pub use idempotency::{IdempotencyKeys, Repetition};
pub use keyed_cache::{CacheSettings, KeyedCache, LookUp};
pub use link::Link;
pub use message_queue::{Message, MessageLimits, MessageQueue};
pub use pool::{Pool, PoolUsage, Waiter};
