//! Quantiles of the normal distribution.

/// Returns the value below which a standard normal variable falls with probability `p` (0 < p < 1).
///
/// Newton's iteration on `erfc` from the approximation 26.2.23 of Abramowitz and Stegun; exact to
/// about 1e-12.
///
/// ```
/// use sim_core::stats::normal_quantile;
/// assert!((normal_quantile(0.99) - 2.326_347_874_040_841).abs() < 1e-12);
/// assert!((normal_quantile(0.5)).abs() < 1e-12);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let t = libm::sqrt(-2.0 * libm::log(p));
    let tail = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    let mut z = -tail;
    for _ in 0..4 {
        let density = libm::exp(-0.5 * z * z) / libm::sqrt(2.0 * std::f64::consts::PI);
        z -= (0.5 * libm::erfc(-z / std::f64::consts::SQRT_2) - p) / density;
    }
    z
}
