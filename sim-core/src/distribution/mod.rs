//! Distributions of non-negative quantities, described by the parameters that people measure.

mod empirical;
mod sampling;

use std::sync::Arc;

use thiserror::Error;

use crate::SimDuration;
use crate::random::Rng;
use crate::stats::normal_quantile;

pub use empirical::Empirical;

/// The percentiles that dashboards show.
///
/// ```
/// use sim_core::distribution::Percentile;
/// assert_eq!(Percentile::P999.to_string(), "p99.9");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Percentile {
    /// The median.
    P50,
    /// The 90th percentile.
    P90,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The 99.9th percentile.
    P999,
}

impl Percentile {
    /// All of them, the lowest first.
    ///
    /// ```
    /// assert_eq!(sim_core::distribution::Percentile::ALL.len(), 5);
    /// ```
    pub const ALL: [Self; 5] = [Self::P50, Self::P90, Self::P95, Self::P99, Self::P999];

    /// The same percentile of the standard normal distribution.
    fn of_standard_normal(self) -> f64 {
        match self {
            Self::P50 => 0.0,
            Self::P90 => 1.281_551_565_544_600_4,
            Self::P95 => 1.644_853_626_951_472_7,
            Self::P99 => 2.326_347_874_040_841,
            Self::P999 => 3.090_232_306_167_813_5,
        }
    }
}

impl std::fmt::Display for Percentile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::P999 => "p99.9",
        })
    }
}

/// The reason why parameters do not describe a distribution.
///
/// ```
/// use sim_core::Distribution;
/// let error = Distribution::exponential(-1.0).unwrap_err();
/// assert_eq!(error.to_string(), "the mean must be positive, not -1");
/// ```
#[derive(Clone, Debug, Error, PartialEq)]
pub enum DistributionError {
    /// A parameter is not positive and finite, as it must be.
    #[error("the {parameter} must be positive, not {value}")]
    NotPositive {
        /// Name of the parameter.
        parameter: &'static str,
        /// Value that was given.
        value: f64,
    },
    /// A parameter is negative and must not be.
    #[error("the {parameter} must not be negative, not {value}")]
    Negative {
        /// Name of the parameter.
        parameter: &'static str,
        /// Value that was given.
        value: f64,
    },
    /// The lower bound is not below the upper.
    #[error("the lower bound {low} must lie below the upper bound {high}")]
    EmptyRange {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// No lognormal distribution has this mean and this percentile.
    #[error(
        "a lognormal {percentile} lies between {least} and {most:.2} times the mean, not at {ratio} times"
    )]
    ImpossibleTail {
        /// The percentile.
        percentile: Percentile,
        /// The percentile divided by the mean, as it was given.
        ratio: f64,
        /// What it must be more than.
        least: f64,
        /// The most that it can be.
        most: f64,
    },
    /// A percentile is not above a lower one.
    #[error("the {higher} must lie above the {lower}")]
    Unordered {
        /// The lower percentile.
        lower: Percentile,
        /// The higher one.
        higher: Percentile,
    },
    /// The coefficient of variation is below 1; a hyperexponential distribution varies at least as
    /// much as an exponential one.
    #[error("a hyperexponential distribution has a cv of at least 1, not {cv}")]
    TooRegular {
        /// The coefficient of variation asked for.
        cv: f64,
    },
    /// No value of an empirical distribution has a positive weight, or a value or weight is
    /// negative.
    #[error(
        "an empirical distribution needs at least one value with a positive weight, and no negative value or weight"
    )]
    NoWeight,
}

/// A distribution of a non-negative quantity.
///
/// Values are in the same unit as the parameters; [`sample_duration`](Self::sample_duration) reads
/// them as nanoseconds.
///
/// ```
/// use sim_core::{Distribution, random::Streams};
/// let service_time = Distribution::lognormal_mean_p99(8e6, 30e6)?;
/// let span = service_time.sample_duration(&mut Streams::new(7, 0).stream("example"));
/// assert!(span.as_nanos() > 0);
/// assert!((service_time.mean() - 8e6).abs() < 1.0);
/// # Ok::<(), sim_core::distribution::DistributionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same value.
    Constant {
        /// The value.
        value: f64,
    },
    /// Every value between two bounds is equally likely.
    Uniform {
        /// Lower bound, inclusive.
        low: f64,
        /// Upper bound, exclusive.
        high: f64,
    },
    /// Memoryless; coefficient of variation 1.
    Exponential {
        /// The mean.
        mean: f64,
    },
    /// Gamma; an Erlang distribution when `shape` is whole.
    Gamma {
        /// Shape k: the number of phases of an Erlang distribution.
        shape: f64,
        /// Scale θ: the mean of each phase.
        scale: f64,
    },
    /// Normal; negative draws are repeated.
    TruncatedNormal {
        /// Mean before truncation.
        mean: f64,
        /// Standard deviation before truncation.
        standard_deviation: f64,
    },
    /// Lognormal: the logarithm is normal.
    Lognormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Pareto between two bounds: a power-law tail cut off at `high`.
    BoundedPareto {
        /// Tail index α.
        alpha: f64,
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// Weibull.
    Weibull {
        /// Shape k; below 1 the tail is heavier than exponential.
        shape: f64,
        /// Scale λ.
        scale: f64,
    },
    /// One of two exponentials, picked at random for each draw.
    Hyperexponential {
        /// Probability of the first phase.
        first_probability: f64,
        /// Mean of the first phase.
        first_mean: f64,
        /// Mean of the second phase.
        second_mean: f64,
    },
    /// Measured values with weights.
    Empirical(Arc<Empirical>),
}

fn positive(parameter: &'static str, value: f64) -> Result<f64, DistributionError> {
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(DistributionError::NotPositive { parameter, value })
    }
}

fn not_negative(parameter: &'static str, value: f64) -> Result<f64, DistributionError> {
    if value >= 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(DistributionError::Negative { parameter, value })
    }
}

fn range(low: f64, high: f64) -> Result<(), DistributionError> {
    if low < high && high.is_finite() {
        Ok(())
    } else {
        Err(DistributionError::EmptyRange { low, high })
    }
}

impl Distribution {
    /// Always `value`.
    ///
    /// # Errors
    /// If `value` is negative.
    ///
    /// ```
    /// assert_eq!(sim_core::Distribution::constant(3.0)?.mean(), 3.0);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn constant(value: f64) -> Result<Self, DistributionError> {
        Ok(Self::Constant { value: not_negative("value", value)? })
    }

    /// Uniform between `low` and `high`.
    ///
    /// # Errors
    /// If `low` is negative or not below `high`.
    ///
    /// ```
    /// assert_eq!(sim_core::Distribution::uniform(1.0, 3.0)?.mean(), 2.0);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn uniform(low: f64, high: f64) -> Result<Self, DistributionError> {
        range(not_negative("lower bound", low)?, high)?;
        Ok(Self::Uniform { low, high })
    }

    /// Exponential with `mean`.
    ///
    /// # Errors
    /// If `mean` is not positive.
    ///
    /// ```
    /// assert_eq!(sim_core::Distribution::exponential(2.0)?.mean(), 2.0);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn exponential(mean: f64) -> Result<Self, DistributionError> {
        Ok(Self::Exponential { mean: positive("mean", mean)? })
    }

    /// Erlang: the sum of `phases` exponentials with a total mean of `mean`.
    ///
    /// # Errors
    /// If `phases` is zero or `mean` is not positive.
    ///
    /// ```
    /// assert_eq!(sim_core::Distribution::erlang(4, 2.0)?.variance(), 1.0);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn erlang(phases: u32, mean: f64) -> Result<Self, DistributionError> {
        let shape = positive("number of phases", f64::from(phases))?;
        Ok(Self::Gamma { shape, scale: positive("mean", mean)? / shape })
    }

    /// Gamma with `mean` and coefficient of variation `cv`.
    ///
    /// # Errors
    /// If a parameter is not positive.
    ///
    /// ```
    /// assert_eq!(sim_core::Distribution::gamma(2.0, 0.5)?.variance(), 1.0);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn gamma(mean: f64, cv: f64) -> Result<Self, DistributionError> {
        let squared_cv = positive("cv", cv)? * cv;
        Ok(Self::Gamma { shape: 1.0 / squared_cv, scale: positive("mean", mean)? * squared_cv })
    }

    /// Normal with `mean` and `standard_deviation`, truncated at zero.
    ///
    /// The parameters describe the distribution before truncation; [`mean`](Self::mean) gives the
    /// mean after it.
    ///
    /// # Errors
    /// If `mean` is negative (most draws would be rejected) or `standard_deviation` is not
    /// positive.
    ///
    /// ```
    /// let distribution = sim_core::Distribution::truncated_normal(10.0, 1.0)?;
    /// assert!((distribution.mean() - 10.0).abs() < 1e-9);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn truncated_normal(mean: f64, standard_deviation: f64) -> Result<Self, DistributionError> {
        Ok(Self::TruncatedNormal {
            mean: not_negative("mean", mean)?,
            standard_deviation: positive("standard deviation", standard_deviation)?,
        })
    }

    /// Lognormal with `mean` and 99th percentile `p99`, the two figures that dashboards show.
    ///
    /// # Errors
    /// If a parameter is not positive, or `p99` is not between 1 and 14.97 times the mean: no such
    /// lognormal exists.
    ///
    /// ```
    /// let distribution = sim_core::Distribution::lognormal_mean_p99(8.0, 30.0)?;
    /// assert!((distribution.quantile_estimate(0.99).unwrap() - 30.0).abs() < 1e-6);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn lognormal_mean_p99(mean: f64, p99: f64) -> Result<Self, DistributionError> {
        Self::lognormal_mean_percentile(mean, Percentile::P99, p99)
    }

    /// Lognormal with `mean` and a percentile; of two that fit, the one that varies less.
    ///
    /// # Errors
    /// If a parameter is not positive, or no lognormal distribution has both.
    ///
    /// ```
    /// use sim_core::{Distribution, distribution::Percentile};
    /// let distribution = Distribution::lognormal_mean_percentile(10.0, Percentile::P50, 8.0)?;
    /// assert!((distribution.mean() - 10.0).abs() < 1e-9);
    /// assert!((distribution.quantile_estimate(0.5).unwrap() - 8.0).abs() < 1e-6);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn lognormal_mean_percentile(
        mean: f64,
        percentile: Percentile,
        value: f64,
    ) -> Result<Self, DistributionError> {
        let ratio = positive("percentile", value)? / positive("mean", mean)?;
        let z = percentile.of_standard_normal();
        // ln ratio = z sigma - sigma^2 / 2
        let discriminant = z * z - 2.0 * libm::log(ratio);
        let least = if percentile == Percentile::P50 { 0.0 } else { 1.0 };
        if ratio <= least || discriminant < 0.0 {
            let most = libm::exp(z * z / 2.0);
            return Err(DistributionError::ImpossibleTail { percentile, ratio, least, most });
        }
        let root = libm::sqrt(discriminant);
        let sigma = if percentile == Percentile::P50 { root } else { z - root };
        Ok(Self::Lognormal { mu: libm::log(mean) - sigma * sigma / 2.0, sigma })
    }

    /// Lognormal with two percentiles, in any order.
    ///
    /// # Errors
    /// If a value is not positive, or the higher percentile is not above the lower.
    ///
    /// ```
    /// use sim_core::{Distribution, distribution::Percentile::{P50, P99}};
    /// let distribution = Distribution::lognormal_percentiles((P50, 80.0), (P99, 900.0))?;
    /// assert!((distribution.quantile_estimate(0.5).unwrap() - 80.0).abs() < 1e-6);
    /// assert!((distribution.quantile_estimate(0.99).unwrap() - 900.0).abs() < 1e-6);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn lognormal_percentiles(
        one: (Percentile, f64),
        other: (Percentile, f64),
    ) -> Result<Self, DistributionError> {
        let ((lower, low), (higher, high)) =
            if one.0 <= other.0 { (one, other) } else { (other, one) };
        if lower == higher || positive("percentile", low)? >= positive("percentile", high)? {
            return Err(DistributionError::Unordered { lower, higher });
        }
        let (from, to) = (lower.of_standard_normal(), higher.of_standard_normal());
        let sigma = libm::log(high / low) / (to - from);
        Ok(Self::Lognormal { mu: libm::log(low) - sigma * from, sigma })
    }

    /// Lognormal with `mean` and coefficient of variation `cv`.
    ///
    /// # Errors
    /// If a parameter is not positive.
    ///
    /// ```
    /// let distribution = sim_core::Distribution::lognormal_mean_cv(8.0, 0.5)?;
    /// assert!((distribution.variance() - 16.0).abs() < 1e-9);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn lognormal_mean_cv(mean: f64, cv: f64) -> Result<Self, DistributionError> {
        let squared_sigma = libm::log1p(positive("cv", cv)? * cv);
        Ok(Self::Lognormal {
            mu: libm::log(positive("mean", mean)?) - squared_sigma / 2.0,
            sigma: libm::sqrt(squared_sigma),
        })
    }

    /// Pareto with tail index `alpha` between `low` and `high`.
    ///
    /// # Errors
    /// If a parameter is not positive or `low` is not below `high`.
    ///
    /// ```
    /// let distribution = sim_core::Distribution::bounded_pareto(1.5, 1.0, 1000.0)?;
    /// assert!(distribution.mean() > 1.0);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn bounded_pareto(alpha: f64, low: f64, high: f64) -> Result<Self, DistributionError> {
        range(positive("smallest value", low)?, high)?;
        Ok(Self::BoundedPareto { alpha: positive("alpha", alpha)?, low, high })
    }

    /// Weibull with `mean` and `shape`.
    ///
    /// # Errors
    /// If a parameter is not positive.
    ///
    /// ```
    /// let distribution = sim_core::Distribution::weibull(2.0, 0.7)?;
    /// assert!((distribution.mean() - 2.0).abs() < 1e-9);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn weibull(mean: f64, shape: f64) -> Result<Self, DistributionError> {
        let scale = positive("mean", mean)? / libm::tgamma(1.0 + 1.0 / positive("shape", shape)?);
        Ok(Self::Weibull { shape, scale: positive("scale", scale)? })
    }

    /// Two-phase hyperexponential with `mean`, coefficient of variation `cv` and balanced means
    /// (each phase contributes half of the mean).
    ///
    /// # Errors
    /// If `mean` is not positive or `cv` is below 1.
    ///
    /// ```
    /// let distribution = sim_core::Distribution::hyperexponential(2.0, 3.0)?;
    /// assert!((distribution.mean() - 2.0).abs() < 1e-9);
    /// assert!((distribution.variance() - 36.0).abs() < 1e-9);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn hyperexponential(mean: f64, cv: f64) -> Result<Self, DistributionError> {
        let squared_cv = cv * cv;
        if squared_cv < 1.0 || !squared_cv.is_finite() {
            return Err(DistributionError::TooRegular { cv });
        }
        let mean = positive("mean", mean)?;
        let first_probability = 0.5 * (1.0 + libm::sqrt((squared_cv - 1.0) / (squared_cv + 1.0)));
        Ok(Self::Hyperexponential {
            first_probability,
            first_mean: mean / (2.0 * first_probability),
            second_mean: mean / (2.0 * (1.0 - first_probability)),
        })
    }

    /// Measured values, each with a weight.
    ///
    /// # Errors
    /// If no weight is positive, or a value or weight is negative.
    ///
    /// ```
    /// let distribution = sim_core::Distribution::empirical(&[(1.0, 3.0), (5.0, 1.0)])?;
    /// assert_eq!(distribution.mean(), 2.0);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn empirical(values_and_weights: &[(f64, f64)]) -> Result<Self, DistributionError> {
        Empirical::new(values_and_weights).map(|empirical| Self::Empirical(Arc::new(empirical)))
    }

    /// Returns the distribution of `factor` times the quantity; the same random numbers give
    /// `factor` times the values.
    ///
    /// ```
    /// let distribution = sim_core::Distribution::lognormal_mean_cv(8.0, 0.5)?.scaled(1.5);
    /// assert!((distribution.mean() - 12.0).abs() < 1e-9 && (distribution.variance() - 36.0).abs() < 1e-9);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        match *self {
            Self::Constant { value } => Self::Constant { value: value * factor },
            Self::Uniform { low, high } => Self::Uniform { low: low * factor, high: high * factor },
            Self::Exponential { mean } => Self::Exponential { mean: mean * factor },
            Self::Gamma { shape, scale } => Self::Gamma { shape, scale: scale * factor },
            Self::TruncatedNormal { mean, standard_deviation } => Self::TruncatedNormal {
                mean: mean * factor,
                standard_deviation: standard_deviation * factor,
            },
            Self::Lognormal { mu, sigma } => Self::Lognormal { mu: mu + libm::log(factor), sigma },
            Self::BoundedPareto { alpha, low, high } => {
                Self::BoundedPareto { alpha, low: low * factor, high: high * factor }
            }
            Self::Weibull { shape, scale } => Self::Weibull { shape, scale: scale * factor },
            Self::Hyperexponential { first_probability, first_mean, second_mean } => {
                Self::Hyperexponential {
                    first_probability,
                    first_mean: first_mean * factor,
                    second_mean: second_mean * factor,
                }
            }
            Self::Empirical(ref measured) => Self::Empirical(Arc::new(measured.scaled(factor))),
        }
    }

    /// Draws one value.
    ///
    /// ```
    /// use sim_core::{Distribution, random::Streams};
    /// let value = Distribution::uniform(1.0, 3.0)?.sample(&mut Streams::new(7, 0).stream("example"));
    /// assert!((1.0..3.0).contains(&value));
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    #[inline]
    pub fn sample(&self, random: &mut impl Rng) -> f64 {
        sampling::sample(self, random)
    }

    /// Draws one value and reads it as nanoseconds.
    ///
    /// ```
    /// use sim_core::{Distribution, SimDuration, random::Streams};
    /// let span = Distribution::constant(2e9)?.sample_duration(&mut Streams::new(7, 0).stream("example"));
    /// assert_eq!(span, SimDuration::from_secs(2));
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    #[inline]
    pub fn sample_duration(&self, random: &mut impl Rng) -> SimDuration {
        SimDuration::from_nanos_f64(self.sample(random))
    }

    /// The value, if it is always the same.
    ///
    /// ```
    /// use sim_core::Distribution;
    /// assert_eq!(Distribution::constant(2.0)?.as_constant(), Some(2.0));
    /// assert_eq!(Distribution::exponential(2.0)?.as_constant(), None);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn as_constant(&self) -> Option<f64> {
        match self {
            Self::Constant { value } => Some(*value),
            _ => None,
        }
    }

    /// The exact mean.
    ///
    /// ```
    /// assert_eq!(sim_core::Distribution::erlang(3, 6.0)?.mean(), 6.0);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn mean(&self) -> f64 {
        sampling::moments(self).0
    }

    /// The exact variance.
    ///
    /// ```
    /// assert_eq!(sim_core::Distribution::exponential(3.0)?.variance(), 9.0);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn variance(&self) -> f64 {
        let (mean, second_moment) = sampling::moments(self);
        (second_moment - mean * mean).max(0.0)
    }

    /// Returns the quantile `q`, or `None` if there is no closed form (there is one for constant,
    /// uniform, exponential, lognormal and Weibull).
    ///
    /// ```
    /// let median = sim_core::Distribution::exponential(1.0)?.quantile_estimate(0.5);
    /// assert!((median.unwrap() - 0.693_147).abs() < 1e-6);
    /// # Ok::<(), sim_core::distribution::DistributionError>(())
    /// ```
    pub fn quantile_estimate(&self, q: f64) -> Option<f64> {
        match *self {
            Self::Constant { value } => Some(value),
            Self::Uniform { low, high } => Some(low + q * (high - low)),
            Self::Exponential { mean } => Some(-mean * libm::log1p(-q)),
            Self::Lognormal { mu, sigma } => Some(libm::exp(mu + sigma * normal_quantile(q))),
            Self::Weibull { shape, scale } => {
                Some(scale * libm::pow(-libm::log1p(-q), 1.0 / shape))
            }
            _ => None,
        }
    }
}
