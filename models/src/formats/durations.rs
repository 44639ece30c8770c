//! Durations as configurations write them.

use std::fmt;

use serde_json::Value;
use sim_core::SimDuration;

use super::polly::TimeSpan;
use crate::language::quantity::{Duration, decimal};

/// The form in which the files of a format write durations. Anything else is none there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum DurationForm {
    /// A whole number with one unit or none, which is milliseconds, or a duration of ISO 8601 (`DurationStyle` of
    /// Spring Boot).
    #[default]
    SpringBoot,
    /// Numbers with units, one after the other: `1m30s` (`time.ParseDuration`, with which Istio reads them).
    Go,
    /// The same of any length, as an import writes them for a scenario.
    Scenario,
    /// Seconds: `0.25s` (the JSON mapping of protobuf).
    Protobuf,
    /// `hh:mm:ss.fff` of .NET.
    TimeSpan,
}

/// A duration of a configuration, which may be longer than any of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Length {
    nanos: u128,
}

/// The longest time of a scenario that is whole hours: 584 years.
pub(super) const LONGEST: SimDuration = SimDuration::from_secs(5_124_095 * 3_600);

/// The longest durations that the readers take: the seconds of Java's `Duration` and the numbers before a unit of Spring
/// Boot, the nanoseconds of Go's, and the seconds of protobuf's (`Duration` in `duration.proto`).
const MOST_OF_JAVA: u128 = i64::MAX as u128;
const MOST_OF_GO: u128 = i64::MAX as u128;
const MOST_OF_PROTOBUF: u128 = 315_576_000_000;

const NANO: u128 = 1_000_000_000;

impl From<SimDuration> for Length {
    fn from(span: SimDuration) -> Self {
        Self { nanos: span.as_nanos().into() }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(nanos) = u64::try_from(self.nanos) {
            return SimDuration::from_nanos(nanos).fmt(f);
        }
        let text = format!("{}.{:09}", self.nanos / NANO, self.nanos % NANO);
        write!(f, "{}s", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Length {
    pub fn from_nanos(nanos: u128) -> Self {
        Self { nanos }
    }

    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// The same as a time of a scenario; none if it is longer than any.
    pub fn within(self) -> Option<SimDuration> {
        let span = SimDuration::from_nanos(u64::try_from(self.nanos).ok()?);
        span.to_string().parse::<Duration>().is_ok().then_some(span)
    }

    /// This many times the length.
    pub fn times(self, number: u64) -> Self {
        Self { nanos: self.nanos.saturating_mul(number.into()) }
    }
}

impl DurationForm {
    /// The duration that a value stands for, and true if it is negative.
    pub fn parse_signed(self, value: &Value) -> Option<(bool, Length)> {
        let text = match value {
            Value::Number(millis) if self == Self::SpringBoot => &millis.as_i64()?.to_string(),
            Value::String(text) => text,
            _ => return None,
        };
        let sign = |rest: &str| text.starts_with('-') && !rest.is_empty();
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let length = |nanos: u128, most: u128| (nanos <= most).then_some(Length { nanos });
        match self {
            Self::SpringBoot if unsigned.starts_with('P') => {
                let (is_negative, nanos) = iso_8601(text)?;
                Some((is_negative, length(nanos, MOST_OF_JAVA * NANO)?))
            }
            Self::SpringBoot => {
                let nanos = whole_with_unit(unsigned)?;
                Some((sign(unsigned), length(nanos, MOST_OF_JAVA * NANO)?))
            }
            Self::Scenario => Some((false, Length::from_nanos(numbers_with_units(text)?))),
            Self::Go if unsigned == "0" => Some((false, Length::from_nanos(0))),
            Self::Go => Some((sign(unsigned), length(numbers_with_units(unsigned)?, MOST_OF_GO)?)),
            Self::Protobuf => {
                let seconds = text.strip_prefix('-').unwrap_or(text).strip_suffix('s')?;
                let fraction = seconds.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                let is_number = !seconds.starts_with('.') && fraction <= 9;
                let nanos = is_number.then(|| decimal(seconds, NANO))??;
                Some((sign(unsigned), length(nanos, MOST_OF_PROTOBUF * NANO)?))
            }
            Self::TimeSpan => TimeSpan::parse(text).map(|it| (it.is_negative, it.length)),
        }
    }

    /// The duration that a value stands for, which is not negative.
    pub fn parse(self, value: &Value) -> Option<Length> {
        let (is_negative, length) = self.parse_signed(value)?;
        (!is_negative || length.is_zero()).then_some(length)
    }

    /// The way to write a duration, with an example.
    pub fn example(self) -> &'static str {
        match self {
            Self::SpringBoot => "`250ms`, `PT0.25S` or a whole number of milliseconds",
            Self::Go | Self::Scenario => "`250ms` or `1m30s`",
            Self::Protobuf => "seconds, such as `0.25s`",
            Self::TimeSpan => "`00:00:00.250`",
        }
    }
}

/// The nanoseconds of a unit.
fn unit_nanos(unit: &str) -> Option<u128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => NANO,
        "m" => 60 * NANO,
        "h" => 3_600 * NANO,
        _ => return None,
    })
}

const DAY: u128 = 86_400 * NANO;

fn whole_with_unit(text: &str) -> Option<u128> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.to_lowercase().as_str() {
        "" => 1_000_000,
        "d" => DAY,
        "µs" | "μs" => return None,
        unit => unit_nanos(unit)?,
    };
    // A `long` of Java.
    let number = number.parse::<i64>().ok()?;
    u128::try_from(number).ok()?.checked_mul(factor)
}

fn numbers_with_units(text: &str) -> Option<u128> {
    let mut rest = text;
    let mut nanos = 0_u128;
    while !rest.is_empty() {
        let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, tail) = rest.split_at(rest.find(|c: char| !is_of_number(c))?);
        let (unit, tail) = tail.split_at(tail.find(is_of_number).unwrap_or(tail.len()));
        nanos = nanos.checked_add(decimal(number, unit_nanos(unit)?)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(nanos)
}

/// `[-]PnDTnHnMn.nS` as `java.time.Duration.parse` reads it, where each number may have a sign of its own: true if it is
/// negative, and its nanoseconds.
fn iso_8601(text: &str) -> Option<(bool, u128)> {
    let lower = text.to_lowercase();
    let is_negated = lower.starts_with('-');
    let (days, time) = match lower.trim_start_matches(['-', '+']).strip_prefix('p')?.split_once('t')
    {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None => (lower.trim_start_matches(['-', '+']).strip_prefix('p')?, ""),
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let mut nanos = 0_i128;
    for (mut rest, units) in
        [(days, &[('d', DAY)][..]), (time, &[('h', 3_600 * NANO), ('m', 60 * NANO), ('s', NANO)])]
    {
        for (unit, factor) in units {
            let Some((number, tail)) = rest.split_once(*unit) else { continue };
            let unsigned = number.strip_prefix(['-', '+']).unwrap_or(number).replace(',', ".");
            let fraction = unsigned.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            if unsigned.starts_with('.') || fraction > if *unit == 's' { 9 } else { 0 } {
                return None;
            }
            let part = i128::try_from(decimal(&unsigned, *factor)?).ok()?;
            let part = if number.starts_with('-') { -part } else { part };
            nanos = nanos.checked_add(part)?;
            rest = tail;
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(((nanos < 0) != is_negated && nanos != 0, nanos.unsigned_abs()))
}

/// The duration as a whole number of the largest unit that allows one, such as `250ms`; Spring Boot
/// and Istio read it.
pub(super) fn with_unit(span: SimDuration) -> Value {
    let (count, unit) = in_largest_unit(span, ["s", "ms", "us", "ns"]);
    format!("{count}{unit}").into()
}

/// The duration as a whole number of the largest unit that allows one, and the name of that unit.
/// `names` has those of the second, millisecond, microsecond and nanosecond.
pub(super) fn in_largest_unit(span: SimDuration, names: [&'static str; 4]) -> (u64, &'static str) {
    let nanos = span.as_nanos();
    let sizes = [1_000_000_000, 1_000_000, 1_000, 1];
    let (size, unit) = sizes
        .into_iter()
        .zip(names)
        .find(|(size, _)| nanos.is_multiple_of(*size))
        .expect("every duration is a whole number of nanoseconds");
    (nanos / size, unit)
}

/// The duration as protobuf's JSON has it: seconds with a fraction, `0.25s`.
pub(super) fn in_seconds(span: SimDuration) -> Value {
    format!("{}s", span.as_secs_f64()).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_form_reads_what_its_library_does_and_nothing_else() {
        use DurationForm::{Go, Protobuf, SpringBoot};
        let cases = [
            (SpringBoot, json!("10s"), "10s"),
            (SpringBoot, json!("10S"), "10s"),
            (SpringBoot, json!("+5s"), "5s"),
            (SpringBoot, json!("PT0.5S"), "500ms"),
            (SpringBoot, json!("PT1M30S"), "90s"),
            (SpringBoot, json!("P1DT1H"), "25h"),
            (SpringBoot, json!("PT1M-30S"), "30s"),
            (SpringBoot, json!(500), "500ms"),
            (SpringBoot, json!("500"), "500ms"),
            (Go, json!("1m30s"), "90s"),
            (Go, json!("0.25s"), "250ms"),
            (Go, json!("0"), "0s"),
            (Protobuf, json!("0.25s"), "250ms"),
            (Protobuf, json!("90s"), "90s"),
        ];
        for (form, written, expected) in cases {
            let parsed = form.parse(&written).map(|span| span.to_string());
            assert_eq!(parsed.as_deref(), Some(expected), "{form:?}: {written}");
        }
        let refused = [
            (
                SpringBoot,
                &["1m30s", "1.5s", "1 s", "5min", "soon", "pt1s", "P", "PT", "PT1", "", "s"][..],
            ),
            (Go, &["10", "PT1S", "1d", "soon", "", "10S", "1 s"]),
            (
                Protobuf,
                &["10", "250ms", "1m30s", "1e3s", ".5s", "s", "", "1.5S", "+1s", "1.1234567891s"],
            ),
        ];
        for (form, texts) in refused {
            for text in texts {
                assert_eq!(form.parse_signed(&json!(text)), None, "{form:?}: {text}");
            }
        }
        assert_eq!(SpringBoot.parse_signed(&json!(0.5)), None);
        assert_eq!((Go.parse_signed(&json!(5)), Protobuf.parse_signed(&json!(5))), (None, None));
        let second = SimDuration::from_secs(1);
        for (form, text) in
            [(SpringBoot, "-PT1S"), (SpringBoot, "PT-1S"), (Go, "-1s"), (Protobuf, "-1s")]
        {
            assert_eq!(form.parse_signed(&json!(text)), Some((true, second.into())), "{text}");
            assert_eq!(form.parse(&json!(text)), None, "{text}");
        }
    }

    #[test]
    fn durations_that_are_written_are_read_back() {
        for millis in [0, 1, 250, 1_500, 90_000, 3_723_004] {
            let span = SimDuration::from_millis(millis);
            assert_eq!(DurationForm::SpringBoot.parse(&with_unit(span)), Some(span.into()));
            assert_eq!(DurationForm::Go.parse(&with_unit(span)), Some(span.into()));
            assert_eq!(DurationForm::Protobuf.parse(&in_seconds(span)), Some(span.into()));
        }
    }
}
