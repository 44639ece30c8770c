//! Numbers with units.

use std::fmt;
use std::str::FromStr;

use sim_core::SimDuration;

use super::written::{Written, written};

/// A span of time: `250ms`, `1.5s`, `2m`, `1m30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) struct Duration(pub SimDuration);

const DURATION_UNITS: [(&str, u128); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "`{text}` is not a duration; write a number and a unit, such as `250ms`, `1.5s`, `2m` or `1h`"
            )
        };
        let mut rest = text;
        let mut nanos = 0_u128;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let letters = rest[digits..]
                .find(|c: char| c.is_ascii_digit())
                .map_or(rest.len(), |length| digits + length);
            let number = &rest[..digits];
            if letters == digits {
                let amount = number.parse().map_err(|_| refuse())?;
                let suggestion = suggested_duration(amount);
                return Err(format!("`{text}` has no unit; write `{suggestion}`"));
            }
            whole_and_fraction(number).ok_or_else(refuse)?;
            let unit = rest[digits..letters].trim();
            let (_, size) =
                DURATION_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| {
                    let days = if unit.starts_with('d') {
                        "; write days as hours, such as `24h`"
                    } else {
                        "; known units are ns, us, ms, s, m and h"
                    };
                    format!("`{unit}` is not a unit of time{days}")
                })?;
            let half_nanos = decimal(number, 2 * size).unwrap_or(u128::MAX);
            nanos = nanos.saturating_add(half_nanos.div_ceil(2));
            rest = &rest[letters..];
        }
        if text.is_empty() {
            Err(refuse())
        } else {
            // The largest number of nanoseconds stands for no limit.
            let nanos = u64::try_from(nanos).ok().filter(|nanos| *nanos < u64::MAX);
            let span = nanos.map(|nanos| Self(SimDuration::from_nanos(nanos)));
            span.ok_or_else(|| format!("`{text}` is longer than 584 years; write a shorter time"))
        }
    }
}

/// The digits before and after the point of a number without a sign. None if it is none.
fn whole_and_fraction(number: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = whole.len() + fraction.len() > 0 && digits(whole) && digits(fraction);
    is_number.then_some((whole, fraction))
}

/// A number without a sign times a unit, exactly, without what is less than one. None if it is no number, or too large
/// for any time.
pub(crate) fn decimal(number: &str, unit: u128) -> Option<u128> {
    /// Digits of a fraction that can make a nanosecond of a day.
    const MOST_DIGITS: usize = 20;
    let (whole, fraction) = whole_and_fraction(number)?;
    let fraction = &fraction[..fraction.len().min(MOST_DIGITS)];
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u128>().ok() };
    let part = digits(fraction)? * unit / 10_u128.pow(fraction.len() as u32);
    digits(whole)?.checked_mul(unit)?.checked_add(part)
}

fn suggested_duration(number: f64) -> String {
    format!("{number}ms` or `{number}s")
}

impl Written for Duration {
    const EXPECTED: &'static str = "a duration such as 250ms";
    const PATTERN: &'static str = r"^([0-9.]+\s*(ns|us|µs|ms|s|m|h))+$";
    const EXAMPLES: &'static [&'static str] = &["250ms", "1.5s", "2m"];
    fn suggestion(number: f64) -> Option<String> {
        Some(suggested_duration(number))
    }
}
written!(Duration, "Duration");

/// The time from one of many to the next: `15s`, and no less than a millisecond. Whatever is done that often in a
/// system is done all the time, and a run of it would not end. Kubernetes and Istio allow no less either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) struct Period(pub SimDuration);

/// The shortest period.
const SHORTEST_PERIOD: SimDuration = SimDuration::from_millis(1);

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Duration(span) = text.parse()?;
        Self::of(span)
    }
}

impl Period {
    /// The period of a length.
    ///
    /// # Errors
    /// If it is too short.
    pub(crate) fn of(span: SimDuration) -> Result<Self, String> {
        if span < SHORTEST_PERIOD {
            return Err(format!(
                "{span} is too short for something that comes again and again; write at least `{SHORTEST_PERIOD}`"
            ));
        }
        Ok(Self(span))
    }
}

impl Written for Period {
    const EXPECTED: &'static str = "a duration of at least 1ms, such as 15s";
    const PATTERN: &'static str = Duration::PATTERN;
    const EXAMPLES: &'static [&'static str] = &["15s", "500ms"];
    fn suggestion(number: f64) -> Option<String> {
        Duration::suggestion(number)
    }
}
written!(Period, "Period");

/// The time for which a callee asks callers to stay away, in whole milliseconds: `2s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetryAfter(pub u32);

impl FromStr for RetryAfter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const MILLI: u64 = 1_000_000;
        let nanos = text.parse::<Duration>()?.0.as_nanos();
        let millis = u32::try_from(nanos / MILLI).ok().filter(|_| nanos.is_multiple_of(MILLI));
        millis.map(Self).ok_or_else(|| {
            format!("`{text}` is not made of whole milliseconds, 4294967295 at most; write `2s`")
        })
    }
}

impl Written for RetryAfter {
    const EXPECTED: &'static str = "a duration such as 2s, in whole milliseconds";
    const PATTERN: &'static str = Duration::PATTERN;
    const EXAMPLES: &'static [&'static str] = &["2s", "500ms"];
    fn suggestion(number: f64) -> Option<String> {
        Duration::suggestion(number)
    }
}
written!(RetryAfter, "RetryAfter");

/// The highest rate: the clock counts nanoseconds.
const MOST_PER_SECOND: f64 = 1e9;

/// Events per second: `400/s`, `90/m`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Rate(pub f64);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "`{text}` is not a rate; write a number per unit of time, such as `400/s` or `90/m`"
            )
        };
        let (amount, unit) = text.split_once('/').ok_or_else(refuse)?;
        let seconds = match unit.trim() {
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            _ => return Err(refuse()),
        };
        let amount: f64 = amount.trim().parse().map_err(|_| refuse())?;
        let rate = amount / seconds;
        if rate > MOST_PER_SECOND {
            return Err(format!("`{text}` is more than one in a nanosecond"));
        }
        if rate >= 0.0 { Ok(Self(rate)) } else { Err(refuse()) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", Rounded(self.0))
    }
}

impl Written for Rate {
    const EXPECTED: &'static str = "a rate such as 400/s";
    const PATTERN: &'static str = r"^[0-9.]+\s*/\s*(ms|s|m|h)$";
    const EXAMPLES: &'static [&'static str] = &["400/s", "90/m"];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("{number}/s"))
    }
}
written!(Rate, "Rate");

/// A share or probability: `50%` or `0.5`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Share(pub f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("`{text}` is not a share; write a percentage such as `50%`");
        let percent = text.strip_suffix('%').ok_or_else(refuse)?;
        let percent: f64 = percent.trim().parse().map_err(|_| refuse())?;
        share_of(percent / 100.0, text)
    }
}

fn share_of(value: f64, written: &str) -> Result<Share, String> {
    if (0.0..=1.0).contains(&value) {
        return Ok(Share(value));
    }
    let help = if value > 1.0 && value <= 100.0 && !written.ends_with('%') {
        format!("; did you mean `{written}%`?")
    } else {
        String::new()
    };
    Err(format!("`{written}` is not between 0% and 100%{help}"))
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", Rounded(self.0 * 100.0))
    }
}

/// A number without the noise of a conversion: nobody writes more than six digits behind the point.
pub(crate) struct Rounded(pub f64);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:.6}", self.0);
        f.write_str(digits.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Written for Share {
    const EXPECTED: &'static str = "a share such as 50%";
    const PATTERN: &'static str = r"^[0-9.]+\s*%$";
    const EXAMPLES: &'static [&'static str] = &["50%", "0.1%"];
    fn suggestion(_: f64) -> Option<String> {
        None
    }
    fn from_number(number: f64) -> Result<Self, String> {
        share_of(number, &number.to_string())
    }
}
written!(Share, "Share");

/// A factor: `20x`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Factor(pub f64);

impl FromStr for Factor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match factor_of(text)? {
            0.0 => Err(format!("`{text}` is not above zero; write a factor such as `20x`")),
            factor => Ok(Self(factor)),
        }
    }
}

/// A number of at least zero with an `x` on either side.
fn factor_of(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix(['x', '×']).or_else(|| text.strip_prefix(['x', '×']));
    number
        .and_then(|number| number.trim().parse::<f64>().ok())
        .filter(|factor| *factor >= 0.0 && factor.is_finite())
        .ok_or_else(|| format!("`{text}` is not a factor; write `20x`"))
}

impl Written for Factor {
    const EXPECTED: &'static str = "a factor such as 20x";
    const PATTERN: &'static str = r"^[0-9.]+\s*x$";
    const EXAMPLES: &'static [&'static str] = &["20x", "1.5x"];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("{number}x"))
    }
}
written!(Factor, "Factor");

/// A factor where none at all means something: `3x`, `0x`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct FactorOrNone(pub f64);

impl FromStr for FactorOrNone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        factor_of(text).map(Self)
    }
}

impl Written for FactorOrNone {
    const EXPECTED: &'static str = "a factor such as 3x, or 0x for none";
    const PATTERN: &'static str = Factor::PATTERN;
    const EXAMPLES: &'static [&'static str] = &["3x", "0.5x", "0x"];
    fn suggestion(number: f64) -> Option<String> {
        Factor::suggestion(number)
    }
}
written!(FactorOrNone, "FactorOrNone");

/// A part or a multiple of something: `20%`, `2x`, `0%`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Multiple(pub f64);

impl Multiple {
    /// More than any load grows.
    const MOST: f64 = 1_000_000.0;
}

impl FromStr for Multiple {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (factor, unit) = match text.strip_suffix('%') {
            Some(percent) => (format!("{}x", percent.trim()), 0.01),
            None => (text.to_owned(), 1.0),
        };
        match factor_of(&factor).map(|factor| factor * unit) {
            Ok(factor) if factor <= Self::MOST => Ok(Self(factor)),
            Ok(_) => Err(format!("`{text}` is too much; write at most `{}x`", Self::MOST)),
            Err(_) => Err(format!("`{text}` is neither a share nor a factor; write `20%` or `2x`")),
        }
    }
}

impl Written for Multiple {
    const EXPECTED: &'static str = "a share such as 20%, or a factor such as 2x";
    const PATTERN: &'static str = r"^[0-9.]+\s*(%|x)$";
    const EXAMPLES: &'static [&'static str] = &["20%", "2x", "0%"];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("{number}%"))
    }
}
written!(Multiple, "Multiple");

/// An amount of memory: `512MB`, `2GB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(crate) struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const UNITS: [(&str, f64); 4] = [("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("B", 1.0)];
        let parsed = UNITS.iter().find_map(|(unit, size)| {
            Some(text.strip_suffix(unit)?.trim().parse::<f64>().ok()? * size)
        });
        match parsed {
            Some(bytes) if bytes >= u64::MAX as f64 => {
                Err(format!("`{text}` is more than any machine has; write `512MB` or `2GB`"))
            }
            Some(bytes) if bytes >= 0.0 => Ok(Self(bytes as u64)),
            _ => Err(format!("`{text}` is not an amount of memory; write `512MB` or `2GB`")),
        }
    }
}

impl Written for Bytes {
    const EXPECTED: &'static str = "an amount of memory such as 2GB";
    const PATTERN: &'static str = r"^[0-9.]+\s*(B|KB|MB|GB)$";
    const EXAMPLES: &'static [&'static str] = &["512MB", "2GB"];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("{number}MB"))
    }
}
written!(Bytes, "Bytes");

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(text: &str) -> Result<u64, String> {
        text.parse().map(|Duration(span)| span.as_nanos())
    }

    #[test]
    fn durations_are_read_in_every_unit_and_mixed() {
        assert_eq!(nanos("250ms"), Ok(250_000_000));
        assert_eq!(nanos("1m30s"), Ok(90_000_000_000));
        assert_eq!(nanos("1.5s"), Ok(1_500_000_000));
        assert_eq!(nanos("7us"), Ok(7_000));
    }

    #[test]
    fn a_duration_is_exact_however_long_it_is() {
        assert_eq!(nanos("9999999999.999999999s"), Ok(9_999_999_999_999_999_999));
        assert_eq!(nanos("5000000h1ns"), Ok(18_000_000_000_000_000_001));
        assert_eq!([nanos("1.4ns"), nanos("1.5ns"), nanos(".5us")], [Ok(1), Ok(2), Ok(500)]);
        assert_eq!(nanos("0.1s0.2s"), Ok(300_000_000));
        assert_eq!(nanos("18446744073709551614ns"), Ok(u64::MAX - 1));
        for long in ["18446744073709551615ns", "6000000h", &format!("{}h", "9".repeat(60))] {
            assert!(nanos(long).is_err_and(|message| message.contains("584 years")), "{long}");
        }
        for wrong in [".s", "1.2.3s", "1..s", "..1s"] {
            assert!(nanos(wrong).is_err_and(|message| message.contains("not a duration")));
        }
    }

    #[test]
    fn a_wrong_quantity_says_what_would_be_right() {
        assert_eq!(nanos("250"), Err("`250` has no unit; write `250ms` or `250s`".to_owned()));
        assert!(nanos("2d").is_err_and(|message| message.contains("24h")));
        assert!(nanos("").is_err() && nanos("ms").is_err() && nanos("-1s").is_err());
        assert!("300".parse::<Rate>().is_err() && "x/s".parse::<Rate>().is_err());
        assert!(
            "150%".parse::<Share>().is_err_and(|message| message.contains("between 0% and 100%"))
        );
        assert!(
            Share::from_number(50.0).is_err_and(|message| message.contains("did you mean `50%`"))
        );
    }

    #[test]
    fn rates_shares_and_factors_are_read() {
        assert_eq!("90/m".parse(), Ok(Rate(1.5)));
        assert_eq!("0.1%".parse(), Ok(Share(0.001)));
        assert_eq!("20x".parse(), Ok(Factor(20.0)));
        assert_eq!("2GB".parse(), Ok(Bytes(2_000_000_000)));
    }
}
