//! Latencies.

use schemars::JsonSchema;
use serde::Serialize;
use sim_core::stats::Histogram;

/// A distribution of latencies in seconds. Quantiles carry an error of at most 0.4 %. If there are no
/// latencies, no figure is a number (NaN), which is `null` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Latency {
    /// Exact mean.
    #[schemars(with = "Option<f64>")]
    pub mean: f64,
    /// Median.
    #[schemars(with = "Option<f64>")]
    pub p50: f64,
    /// 90th percentile.
    #[schemars(with = "Option<f64>")]
    pub p90: f64,
    /// 95th percentile.
    #[schemars(with = "Option<f64>")]
    pub p95: f64,
    /// 99th percentile.
    #[schemars(with = "Option<f64>")]
    pub p99: f64,
    /// 99.9th percentile.
    #[schemars(with = "Option<f64>")]
    pub p999: f64,
    /// Exact maximum.
    #[schemars(with = "Option<f64>")]
    pub max: f64,
}

impl Latency {
    pub(super) fn of(histogram: &Histogram) -> Self {
        let is_known = histogram.count() > 0;
        let seconds = |nanos: u64| if is_known { nanos as f64 / 1e9 } else { f64::NAN };
        let quantile = |q| seconds(histogram.quantile(q));
        Self {
            mean: if is_known { histogram.mean() / 1e9 } else { f64::NAN },
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: seconds(histogram.max()),
        }
    }
}
