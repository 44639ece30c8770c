//! Numbers as people read them.

use sim_models::observe::{FigureUnit, Portion};

/// Stands for a figure that is not known, because there is nothing to read it from.
pub const UNKNOWN: &str = "–";

/// A figure in its unit; [`UNKNOWN`] if it is not a number.
pub fn figure(value: f64, unit: FigureUnit) -> String {
    if value.is_nan() {
        return UNKNOWN.to_owned();
    }
    match unit {
        FigureUnit::Share => percent(value),
        FigureUnit::Time => duration(value),
        FigureUnit::Rate => rate(value),
        FigureUnit::Factor => format!("{}x", significant(value)),
        FigureUnit::Count if value.fract() == 0.0 && value >= 0.0 => count(value as u64),
        FigureUnit::Count if value >= 999.5 => count(value.round() as u64),
        FigureUnit::Count => significant(value),
    }
}

/// A mean and half the width of its confidence interval, if that is known: `12.0 ms ± 1.50 ms`.
pub fn with_error(mean: f64, half_width: Option<f64>, shown: impl Fn(f64) -> String) -> String {
    match half_width {
        Some(half_width) => format!("{} ± {}", shown(mean), shown(half_width)),
        None => shown(mean),
    }
}

/// Seconds in the unit that suits their size, with three significant digits: `1.23 ms`, `45.6 s`;
/// [`UNKNOWN`] if they are not a number.
pub fn duration(seconds: f64) -> String {
    let (scaled, unit) = match seconds {
        s if s.is_nan() => return UNKNOWN.to_owned(),
        s if s <= 0.0 => return "0".to_owned(),
        s if s < 0.999_5e-6 => (s * 1e9, "ns"),
        s if s < 0.999_5e-3 => (s * 1e6, "µs"),
        s if s < 0.999_5 => (s * 1e3, "ms"),
        s if s < 120.0 => (s, "s"),
        s if s < 7_200.0 => (s / 60.0, "min"),
        s => (s / 3_600.0, "h"),
    };
    format!("{} {unit}", significant(scaled))
}

/// Three significant digits; [`UNKNOWN`] if it is not a number.
pub fn significant(value: f64) -> String {
    match value.abs() {
        v if !v.is_finite() => UNKNOWN.to_owned(),
        v if v >= 999.5 => {
            format!("{}{}", if value < 0.0 { "-" } else { "" }, count((v + 0.5) as u64))
        }
        v if v >= 99.95 => format!("{value:.0}"),
        v if v >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A rate per second with three significant digits, or in whole numbers: `48.0/s`, `12 034/s`; [`UNKNOWN`] if it is not a
/// number.
pub fn rate(per_second: f64) -> String {
    match per_second {
        rate if rate.is_nan() => UNKNOWN.to_owned(),
        rate if rate >= 999.5 => format!("{}/s", count(rate.round() as u64)),
        rate => format!("{}/s", significant(rate)),
    }
}

/// A whole number with thin groups of three: `12 034`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of things: `1 run`, `12 034 runs`.
pub fn number_of(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{} {thing}s", count(number)) }
}

/// A share as a percentage that never rounds a failure away: 99.997 % is not shown as 100 %;
/// [`UNKNOWN`] if it is not a number.
pub fn percent(share: f64) -> String {
    if share.is_nan() {
        return UNKNOWN.to_owned();
    }
    let percentage = share * 100.0;
    for digits in 1..=6 {
        let shown = format!("{percentage:.digits$}");
        let is_rounded_to_an_end = (shown.parse() == Ok(100.0) && share < 1.0)
            || (shown.parse() == Ok(0.0) && share > 0.0);
        if !is_rounded_to_an_end {
            return format!("{shown}%");
        }
    }
    format!("{percentage}%")
}

/// A part of a rate: `73.0% of 480/s`; the number alone if it is of an instant.
pub fn portion(of: Portion) -> String {
    if of.time.is_zero() {
        return count(of.part);
    }
    format!("{} of {}", percent(of.share()), rate(of.rate()))
}

/// A point in simulated time: `1:05.250`, `2:00:00.000`.
pub fn clock(seconds: f64) -> String {
    let millis = (seconds * 1e3 + 0.5) as u64;
    let (hours, minutes, rest) = (millis / 3_600_000, millis / 60_000 % 60, millis % 60_000);
    let seconds = format!("{:02}.{:03}", rest / 1_000, rest % 1_000);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds}")
    } else {
        format!("{minutes}:{seconds}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_lose_nothing_that_matters() {
        assert_eq!(duration(0.001_234), "1.23 ms");
        assert_eq!(duration(0.999_9), "1.00 s");
        assert_eq!(duration(59.96), "60.0 s");
        assert_eq!(duration(0.0), "0");
        assert_eq!(count(12_034), "12 034");
        assert_eq!(number_of(1, "run"), "1 run");
        assert_eq!(number_of(12_034, "run"), "12 034 runs");
        assert_eq!(percent(0.999_97), "99.997%");
        assert_eq!(percent(1.0), "100.0%");
        assert_eq!(percent(0.000_01), "0.001%");
        assert_eq!(clock(65.25), "1:05.250");
        assert_eq!(clock(7_200.0), "2:00:00.000");
    }

    #[test]
    fn what_is_not_known_is_a_dash_in_every_unit() {
        let units = [
            FigureUnit::Share,
            FigureUnit::Time,
            FigureUnit::Rate,
            FigureUnit::Factor,
            FigureUnit::Count,
        ];
        let mut shown = units.map(|unit| figure(f64::NAN, unit)).to_vec();
        shown.extend([duration, percent, significant, rate].map(|shown| shown(f64::NAN)));
        shown.push(with_error(f64::NAN, None, duration));
        assert!(shown.iter().all(|shown| shown == UNKNOWN), "{shown:?}");
    }
}
