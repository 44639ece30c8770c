//! Sampling and the first two moments of each distribution.

use std::f64::consts::{PI, SQRT_2};

use super::Distribution;
use crate::random::{Rng, standard_exponential, standard_normal, uniform, uniform_positive};

#[inline]
pub(super) fn sample(distribution: &Distribution, random: &mut impl Rng) -> f64 {
    match distribution {
        Distribution::Constant { value } => *value,
        Distribution::Exponential { mean } => mean * standard_exponential(random),
        Distribution::Lognormal { mu, sigma } => libm::exp(mu + sigma * standard_normal(random)),
        Distribution::Uniform { low, high } => low + (high - low) * uniform(random),
        Distribution::Gamma { shape, scale } => scale * standard_gamma(*shape, random),
        Distribution::TruncatedNormal { mean, standard_deviation } => {
            truncated_normal(*mean, *standard_deviation, random)
        }
        Distribution::BoundedPareto { alpha, low, high } => {
            bounded_pareto(*alpha, *low, *high, random)
        }
        Distribution::Weibull { shape, scale } => {
            scale * libm::pow(standard_exponential(random), 1.0 / shape)
        }
        Distribution::Hyperexponential { first_probability, first_mean, second_mean } => {
            let mean = if uniform(random) < *first_probability { first_mean } else { second_mean };
            mean * standard_exponential(random)
        }
        Distribution::Empirical(empirical) => empirical.sample(random),
    }
}

/// Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000); below
/// shape 1, their boost by a power of a uniform number.
fn standard_gamma(shape: f64, random: &mut impl Rng) -> f64 {
    if shape < 1.0 {
        let boost = libm::pow(uniform_positive(random), 1.0 / shape);
        return standard_gamma(shape + 1.0, random) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = standard_normal(random);
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        if libm::log(uniform_positive(random)) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// Draws again while the value is negative: at most two draws on average, because the mean is not
/// negative.
fn truncated_normal(mean: f64, standard_deviation: f64, random: &mut impl Rng) -> f64 {
    loop {
        let value = mean + standard_deviation * standard_normal(random);
        if value >= 0.0 {
            return value;
        }
    }
}

fn bounded_pareto(alpha: f64, low: f64, high: f64, random: &mut impl Rng) -> f64 {
    let cut_off = 1.0 - libm::pow(low / high, alpha);
    low * libm::pow(1.0 - uniform(random) * cut_off, -1.0 / alpha)
}

/// Returns the mean and the mean of squares.
pub(super) fn moments(distribution: &Distribution) -> (f64, f64) {
    match *distribution {
        Distribution::Constant { value } => (value, value * value),
        Distribution::Uniform { low, high } => {
            (f64::midpoint(low, high), (low * low + low * high + high * high) / 3.0)
        }
        Distribution::Exponential { mean } => (mean, 2.0 * mean * mean),
        Distribution::Gamma { shape, scale } => {
            (shape * scale, shape * (shape + 1.0) * scale * scale)
        }
        Distribution::TruncatedNormal { mean, standard_deviation } => {
            truncated_normal_moments(mean, standard_deviation)
        }
        Distribution::Lognormal { mu, sigma } => {
            (libm::exp(mu + sigma * sigma / 2.0), libm::exp(2.0 * mu + 2.0 * sigma * sigma))
        }
        Distribution::BoundedPareto { alpha, low, high } => (
            bounded_pareto_moment(alpha, low, high, 1.0),
            bounded_pareto_moment(alpha, low, high, 2.0),
        ),
        Distribution::Weibull { shape, scale } => (
            scale * libm::tgamma(1.0 + 1.0 / shape),
            scale * scale * libm::tgamma(1.0 + 2.0 / shape),
        ),
        Distribution::Hyperexponential { first_probability: p, first_mean, second_mean } => (
            p * first_mean + (1.0 - p) * second_mean,
            2.0 * (p * first_mean * first_mean + (1.0 - p) * second_mean * second_mean),
        ),
        Distribution::Empirical(ref empirical) => empirical.moments(),
    }
}

/// Johnson, Kotz and Balakrishnan, *Continuous Univariate Distributions*, volume 1, section 13.10.
fn truncated_normal_moments(mean: f64, standard_deviation: f64) -> (f64, f64) {
    let cut = -mean / standard_deviation;
    let hazard =
        libm::exp(-0.5 * cut * cut) / libm::sqrt(2.0 * PI) / (0.5 * libm::erfc(cut / SQRT_2));
    let truncated_mean = mean + standard_deviation * hazard;
    let variance = standard_deviation * standard_deviation * (1.0 + cut * hazard - hazard * hazard);
    (truncated_mean, variance + truncated_mean * truncated_mean)
}

fn bounded_pareto_moment(alpha: f64, low: f64, high: f64, order: f64) -> f64 {
    let normalization = alpha * libm::pow(low, alpha) / (1.0 - libm::pow(low / high, alpha));
    if alpha == order {
        return normalization * libm::log(high / low);
    }
    normalization * (libm::pow(high, order - alpha) - libm::pow(low, order - alpha))
        / (order - alpha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::DistributionError;
    use crate::random::Streams;
    use crate::stats::Welford;

    fn every_distribution() -> Result<Vec<Distribution>, DistributionError> {
        Ok(vec![
            Distribution::constant(3.0)?,
            Distribution::uniform(1.0, 4.0)?,
            Distribution::exponential(2.0)?,
            Distribution::erlang(3, 6.0)?,
            Distribution::gamma(2.0, 1.5)?,
            Distribution::truncated_normal(1.0, 1.0)?,
            Distribution::lognormal_mean_p99(8.0, 30.0)?,
            Distribution::lognormal_mean_cv(8.0, 0.7)?,
            Distribution::bounded_pareto(2.5, 1.0, 50.0)?,
            Distribution::bounded_pareto(1.0, 1.0, 20.0)?,
            Distribution::weibull(2.0, 0.8)?,
            Distribution::hyperexponential(2.0, 2.0)?,
            Distribution::empirical(&[(1.0, 5.0), (2.0, 3.0), (10.0, 1.0), (4.0, 0.0)])?,
        ])
    }

    #[test]
    fn samples_have_the_moments_of_their_distribution() -> Result<(), DistributionError> {
        for distribution in every_distribution()? {
            let mut stream = Streams::new(9, 0).stream("moments");
            let mut sample = Welford::default();
            (0..400_000).for_each(|_| sample.add(distribution.sample(&mut stream)));
            let standard_error = libm::sqrt(distribution.variance() / 400_000.0);
            let (mean, variance) = (distribution.mean(), distribution.variance());
            assert!(
                (sample.mean() - mean).abs() <= 4.5 * standard_error + 1e-12,
                "{distribution:?}: mean {} for {mean}",
                sample.mean()
            );
            assert!(
                (sample.variance() - variance).abs() <= 0.05 * variance + 1e-12,
                "{distribution:?}: variance {} for {variance}",
                sample.variance()
            );
        }
        Ok(())
    }

    #[test]
    fn quantiles_in_closed_form_agree_with_samples() -> Result<(), DistributionError> {
        for distribution in every_distribution()? {
            let Some(p90) = distribution.quantile_estimate(0.9) else { continue };
            let mut stream = Streams::new(9, 0).stream("quantiles");
            let below = (0..200_000).filter(|_| distribution.sample(&mut stream) <= p90).count();
            let is_constant = distribution.variance() == 0.0;
            assert!(
                is_constant || (below as f64 / 200_000.0 - 0.9).abs() < 0.003,
                "{distribution:?}: {below}"
            );
        }
        Ok(())
    }
}
