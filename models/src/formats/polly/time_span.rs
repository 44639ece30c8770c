//! .NET's `TimeSpan`, as text.

use sim_core::SimDuration;

use crate::formats::durations::Length;

/// Nanoseconds in a tick, the unit that .NET counts in.
const TICK: u64 = 100;
const TICKS_PER_SECOND: u64 = 10_000_000;
/// The most days and ticks that a `TimeSpan` holds.
const MOST_DAYS: u64 = 10_675_199;
const MOST_TICKS: u64 = i64::MAX as u64;

/// A span, which may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats) struct TimeSpan {
    pub is_negative: bool,
    pub length: Length,
}

impl TimeSpan {
    /// Reads `[-]{ d | [d.]hh:mm[:ss[.fffffff]] }` as `TimeSpan.Parse` does; a number alone is days.
    ///
    /// Two forms are less well known: `d:hh:mm:ss` has days as well, and so has `d:hh:mm` if its first
    /// number is more than an hour can be (`24:00:00` is 24 days).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let rest = text.strip_prefix('-');
        let ticks = parse_ticks(rest.unwrap_or(text))?;
        let length = Length::from_nanos(u128::from(ticks) * u128::from(TICK));
        Some(Self { is_negative: rest.is_some() && !length.is_zero(), length })
    }
}

fn parse_ticks(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [days] => ticks(number(days)?, 0, 0, 0, 0),
        [hours, minutes] => {
            let (days, hours) = days_and(hours)?;
            ticks(days, hours, number(minutes)?, 0, 0)
        }
        [hours, minutes, seconds] => {
            let (days, first) = days_and(hours)?;
            let (second, minutes) = (number(minutes)?, seconds);
            let (seconds, fraction) = seconds_and_fraction(minutes)?;
            ticks(days, first, second, seconds, fraction).or_else(|| {
                let has_only_colons = !hours.contains('.') && !minutes.contains('.');
                has_only_colons.then(|| ticks(first, second, seconds, 0, 0))?
            })
        }
        [days, hours, minutes, seconds] => {
            let (seconds, fraction) = seconds_and_fraction(seconds)?;
            ticks(number(days)?, number(hours)?, number(minutes)?, seconds, fraction)
        }
        _ => None,
    }
}

fn days_and(hours: &str) -> Option<(u64, u64)> {
    match hours.split_once('.') {
        Some((days, hours)) => Some((number(days)?, number(hours)?)),
        None => Some((0, number(hours)?)),
    }
}

fn seconds_and_fraction(seconds: &str) -> Option<(u64, u64)> {
    let Some((seconds, fraction)) = seconds.split_once('.') else {
        return Some((number(seconds)?, 0));
    };
    let digits = number(fraction)?;
    let missing = 7_u32.checked_sub(fraction.len() as u32)?;
    Some((number(seconds)?, digits * 10_u64.pow(missing)))
}

/// A number of up to eight digits and no sign.
fn number(text: &str) -> Option<u64> {
    let is_number = (1..=8).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// The ticks of a span, unless it or one of its parts is too large.
fn ticks(days: u64, hours: u64, minutes: u64, seconds: u64, fraction: u64) -> Option<u64> {
    let is_sound = days <= MOST_DAYS && hours < 24 && minutes < 60 && seconds < 60;
    let whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
    let ticks = whole.checked_mul(TICKS_PER_SECOND)?.checked_add(fraction)?;
    (is_sound && ticks <= MOST_TICKS).then_some(ticks)
}

/// Writes `[d.]hh:mm:ss[.fffffff]`, as `TimeSpan.ToString` does.
pub(super) fn write(span: SimDuration) -> String {
    let ticks = span.as_nanos() / TICK;
    let seconds = ticks / TICKS_PER_SECOND;
    let days = match seconds / 86_400 {
        0 => String::new(),
        days => format!("{days}."),
    };
    let (hours, minutes) = (seconds / 3_600 % 24, seconds / 60 % 60);
    let fraction = match ticks % TICKS_PER_SECOND {
        0 => String::new(),
        fraction => format!(".{fraction:07}"),
    };
    format!("{days}{hours:02}:{minutes:02}:{:02}{fraction}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_dot_net_reads_them() {
        let cases = [
            ("3", "72h"),
            ("00:15", "15m"),
            ("00:00:30", "30s"),
            (" 00:00:00.250 ", "250ms"),
            ("00:00:00.0000001", "100ns"),
            ("1.00:00:00", "24h"),
            ("1.02:03", "26.05h"),
            ("6:12:14:45", "156.24583333333334h"),
            ("24:00:00", "576h"),
            ("0", "0s"),
        ];
        for (text, shown) in cases {
            let span = TimeSpan::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert!(!span.is_negative);
            let hours = shown.strip_suffix('h').and_then(|hours| hours.parse::<f64>().ok());
            let expected = hours.map(|hours| SimDuration::from_secs_f64(hours * 3_600.0));
            match expected {
                Some(expected) => assert_eq!(span.length, expected.into(), "{text}"),
                None => assert_eq!(span.length.to_string(), shown, "{text}"),
            }
        }
        assert!(TimeSpan::parse("-00:00:01").is_some_and(|span| span.is_negative));
        for text in
            ["", "10s", "24:00", "00:60:00", "1.5", "00:00:00.12345678", "1:2:3:4:5", "+1", "PT3S"]
        {
            assert_eq!(TimeSpan::parse(text), None, "{text}");
        }
    }

    #[test]
    fn spans_that_are_written_are_read_back() {
        for millis in [0, 1, 250, 1_500, 90_000, 3_723_004, 86_400_000, 200_000_001] {
            let span = SimDuration::from_millis(millis);
            let read = TimeSpan::parse(&write(span));
            let length = span.into();
            assert_eq!(read, Some(TimeSpan { is_negative: false, length }), "{}", write(span));
        }
    }
}
