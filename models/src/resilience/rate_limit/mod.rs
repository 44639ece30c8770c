//! Limits on calls over time: one file an algorithm, and the enum over them that the system drives.

mod cyclic_permits;
mod fixed_window;
mod gcra;
mod leaky_bucket;
mod limiter;
mod sliding_counter;
mod sliding_log;
mod token_bucket;

pub use cyclic_permits::CyclicPermits;
pub use fixed_window::FixedWindow;
pub use gcra::Gcra;
pub use leaky_bucket::LeakyBucket;
pub use limiter::{Pass, RateLimitPolicy, RateLimiter};
pub use sliding_counter::SlidingCounter;
pub use sliding_log::SlidingLog;
pub use token_bucket::TokenBucket;
