//! Load balancing: policies that choose an instance of a callee, and mechanisms that keep some
//! instances out for a while.

mod balance;
mod balancer;
mod consistent_hash;
mod health_check;
mod locality;
mod outlier;
mod peak_ewma;
mod settings;
mod slow_start;
mod weighted;

pub(crate) use balance::{BalanceSection, compile_balance};
pub use balancer::{BalancedCall, LoadBalancer};
pub use consistent_hash::ConsistentHash;
pub(crate) use health_check::HealthCheckSection;
pub use health_check::{HealthCheck, HealthTally};
pub use locality::Locality;
pub(crate) use outlier::OutlierSection;
pub use outlier::{AttemptResult, Ejection, Enforcing, OutlierDetection, OutlierSettings};
pub use peak_ewma::PeakEwma;
pub use settings::{Balance, Balancing};
pub use slow_start::SlowStart;
pub(crate) use slow_start::SlowStartSection;
pub use weighted::SmoothWeighted;
