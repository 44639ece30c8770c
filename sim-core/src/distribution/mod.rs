//! Distributions of non-negative quantities, described by the parameters that people measure.

mod empirical;
mod sampling;

use std::sync::Arc;

use thiserror::Error;

use crate::SimDuration;
use crate::random::Rng;
use crate::stats::normal_quantile;

pub use empirical::Empirical;

/// The 99th percentile of the standard normal distribution.
const Z99: f64 = 2.326_347_874_040_841;

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
    /// No lognormal distribution has this mean and 99th percentile.
    #[error("a lognormal p99 lies between 1 and 14.97 times the mean, not at {ratio} times")]
    ImpossibleTail {
        /// The 99th percentile divided by the mean.
        ratio: f64,
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
        let ratio = positive("p99", p99)? / positive("mean", mean)?;
        let discriminant = Z99 * Z99 - 2.0 * libm::log(ratio);
        if ratio <= 1.0 || discriminant < 0.0 {
            return Err(DistributionError::ImpossibleTail { ratio });
        }
        let sigma = Z99 - libm::sqrt(discriminant);
        Ok(Self::Lognormal { mu: libm::log(mean) - sigma * sigma / 2.0, sigma })
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
