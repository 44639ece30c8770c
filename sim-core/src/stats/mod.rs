//! Statistics that need no memory for each observation.

mod batch_means;
mod bucketed_series;
mod erlang;
mod histogram;
mod normal;
mod proportion;
mod student;
mod time_weighted;
mod welford;

pub use batch_means::{BatchMeans, ConfidenceInterval};
pub use bucketed_series::BucketedSeries;
pub use erlang::{erlang_c, servers_for};
pub use histogram::Histogram;
pub use normal::normal_quantile;
pub use proportion::{share_at_least, share_at_most};
pub use student::student_t_quantile;
pub use time_weighted::TimeWeighted;
pub use welford::Welford;
