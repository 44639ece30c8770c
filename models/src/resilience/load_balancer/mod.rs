//! Which instance of a callee gets a request: policies, and what keeps some instances out for a
//! while.

mod balancer;
mod consistent_hash;
mod health_check;
mod outlier;
mod peak_ewma;
mod slow_start;
mod weighted;

pub use balancer::{Balance, Balancing, Call, LoadBalancer, Locality};
pub use consistent_hash::ConsistentHash;
pub use health_check::{HealthCheck, HealthTally};
pub use outlier::{Ejection, OutlierDetection, OutlierSettings};
pub use peak_ewma::PeakEwma;
pub use slow_start::SlowStart;
pub use weighted::SmoothWeighted;
