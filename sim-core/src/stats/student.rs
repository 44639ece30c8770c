//! Quantiles of Student's t distribution.

use super::normal_quantile;

/// Returns the value that Student's t with `degrees` of freedom exceeds in absolute value with
/// probability `two_sided` (0 < `two_sided` < 1); 0.05 gives the factor of a 95 % confidence
/// interval.
///
/// G. W. Hill, "Algorithm 396: Student's t-quantiles", Communications of the ACM 13 (1970): six
/// significant digits from three degrees of freedom on, exact for one and two. Zero degrees give
/// infinity, because nothing is known.
///
/// ```
/// use sim_core::stats::student_t_quantile;
/// assert!((student_t_quantile(0.05, 10) - 2.228_139).abs() < 1e-5);
/// assert!(student_t_quantile(0.05, 0).is_infinite());
/// ```
#[allow(clippy::many_single_char_names, reason = "the names of the published algorithm")]
pub fn student_t_quantile(two_sided: f64, degrees: u64) -> f64 {
    use std::f64::consts::{FRAC_PI_2, PI};
    match degrees {
        0 => return f64::INFINITY,
        1 => return libm::cos(two_sided * FRAC_PI_2) / libm::sin(two_sided * FRAC_PI_2),
        2 => return libm::sqrt(2.0 / (two_sided * (2.0 - two_sided)) - 2.0),
        _ => {}
    }
    let n = degrees as f64;
    let a = 1.0 / (n - 0.5);
    let b = 48.0 / (a * a);
    let mut c = ((20_700.0 * a / b - 98.0) * a - 16.0) * a + 96.36;
    let d = ((94.5 / (b + c) - 3.0) / b + 1.0) * libm::sqrt(a * PI / 2.0) * n;
    let mut y = libm::pow(d * two_sided, 2.0 / n);
    if y > 0.05 + a {
        let x = normal_quantile(two_sided * 0.5);
        y = x * x;
        if degrees < 5 {
            c += 0.3 * (n - 4.5) * (x + 0.6);
        }
        c += (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b;
        y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x;
        y = a * y * y;
        y = if y > 0.002 { libm::expm1(y) } else { 0.5 * y * y + y };
    } else {
        y = ((1.0 / (((n + 6.0) / (n * y) - 0.089 * d - 0.822) * (n + 2.0) * 3.0)
            + 0.5 / (n + 4.0))
            * y
            - 1.0)
            * (n + 1.0)
            / (n + 2.0)
            + 1.0 / y;
    }
    libm::sqrt(n * y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_published_tables() {
        let tables = [
            (0.05, 1, 12.706_205),
            (0.05, 2, 4.302_653),
            (0.05, 3, 3.182_446),
            (0.05, 5, 2.570_582),
            (0.05, 19, 2.093_024),
            (0.05, 31, 2.039_513),
            (0.05, 63, 1.998_341),
            (0.01, 30, 2.749_996),
            (0.05, 1_000, 1.962_339),
        ];
        for (two_sided, degrees, expected) in tables {
            let got = student_t_quantile(two_sided, degrees);
            assert!(
                (got / expected - 1.0).abs() < 2e-5,
                "t({two_sided}, {degrees}) = {got}, tables say {expected}"
            );
        }
    }
}
