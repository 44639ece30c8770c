//! Bounds on a share of which only a sample is known.

/// The share of all trials that surely succeed, with a confidence, if `successes` of `trials` did:
/// the one-sided lower bound of Clopper and Pearson (Biometrika 26, 1934), which is exact and errs
/// on the safe side.
///
/// ```
/// use sim_core::stats::share_at_least;
/// // Nothing has failed in 59 trials: at least 95% succeed, with a confidence of 95%.
/// assert!((share_at_least(59, 59, 0.95) - 0.05_f64.powf(1.0 / 59.0)).abs() < 1e-9);
/// assert_eq!(share_at_least(0, 10, 0.95), 0.0);
/// ```
pub fn share_at_least(successes: u64, trials: u64, confidence: f64) -> f64 {
    if successes == 0 {
        return 0.0;
    }
    let is_too_low = |share: f64| at_least(successes, trials, share) < 1.0 - confidence;
    let (mut low, mut high) = (0.0, 1.0);
    // Each step halves the error.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if is_too_low(middle) { low = middle } else { high = middle }
    }
    low
}

/// The share of all trials that may succeed at most, with a confidence, if `successes` of `trials`
/// did; the counterpart of [`share_at_least`].
///
/// ```
/// use sim_core::stats::share_at_most;
/// assert!((share_at_most(0, 59, 0.95) - (1.0 - 0.05_f64.powf(1.0 / 59.0))).abs() < 1e-9);
/// ```
pub fn share_at_most(successes: u64, trials: u64, confidence: f64) -> f64 {
    1.0 - share_at_least(trials - successes, trials, confidence)
}

/// The probability that at least `successes` of `trials` succeed, each with probability `share`.
fn at_least(successes: u64, trials: u64, share: f64) -> f64 {
    let term = |count: u64| {
        let ways = choices(trials, count);
        libm::exp(ways + power(share, count) + power(1.0 - share, trials - count))
    };
    (successes..=trials).map(term).sum()
}

/// The logarithm of the number of ways in which `count` of `all` can be chosen.
fn choices(all: u64, count: u64) -> f64 {
    let factorial = |number: u64| libm::lgamma(number as f64 + 1.0);
    factorial(all) - factorial(count) - factorial(all - count)
}

/// The logarithm of a power.
fn power(base: f64, exponent: u64) -> f64 {
    if exponent == 0 { 0.0 } else { exponent as f64 * libm::log(base) }
}
