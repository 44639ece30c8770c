//! Durations as configurations write them.

use serde_json::Value;
use sim_core::SimDuration;

/// Reads a duration in any of the forms in use: `10s`, `1m30s`, `0.25s`, `PT10S`, or a
/// bare number of milliseconds.
pub(super) fn parse(value: &Value) -> Option<SimDuration> {
    let text = match value {
        Value::Number(millis) => return millis.as_f64().and_then(from_millis),
        Value::String(text) => text.trim(),
        _ => return None,
    };
    if let Ok(millis) = text.parse() {
        return from_millis(millis);
    }
    let iso = text.to_lowercase();
    parse_units(iso.strip_prefix("pt").unwrap_or(&iso))
}

/// A duration in any of these forms with a sign: true if it is negative.
pub(super) fn parse_signed(value: &Value) -> Option<(bool, SimDuration)> {
    match value {
        Value::Number(millis) => {
            let millis = millis.as_f64()?;
            Some((millis < 0.0, from_millis(millis.abs())?))
        }
        Value::String(text) if text.contains('-') => {
            Some((true, parse(&text.replacen('-', "", 1).into())?))
        }
        _ => Some((false, parse(value)?)),
    }
}

/// Milliseconds that are not negative.
fn from_millis(millis: f64) -> Option<SimDuration> {
    (millis >= 0.0).then(|| SimDuration::from_nanos_f64(millis * 1e6))
}

/// Reads numbers with units, one after the other.
fn parse_units(text: &str) -> Option<SimDuration> {
    let mut rest = text;
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let factor = match unit.trim() {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3_600e9,
            "d" => 86_400e9,
            _ => return None,
        };
        nanos += number.parse::<f64>().ok()? * factor;
        rest = tail;
    }
    (!text.is_empty()).then(|| SimDuration::from_nanos_f64(nanos))
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
    fn durations_are_read_in_every_form() {
        let cases = [
            (json!("10s"), "10s"),
            (json!("1m30s"), "90s"),
            (json!("0.25s"), "250ms"),
            (json!("PT0.5S"), "500ms"),
            (json!("PT1M"), "1m"),
            (json!(500), "500ms"),
            (json!("500"), "500ms"),
        ];
        for (written, expected) in cases {
            let parsed = parse(&written).map(|span| span.to_string());
            assert_eq!(parsed.as_deref(), Some(expected), "{written}");
        }
        assert_eq!(parse(&json!("soon")), None);
        assert_eq!(parse(&json!("00:00:30")), None);
    }

    #[test]
    fn durations_that_are_written_are_read_back() {
        for millis in [0, 1, 250, 1_500, 90_000, 3_723_004] {
            let span = SimDuration::from_millis(millis);
            for write in [with_unit, in_seconds] {
                assert_eq!(parse(&write(span)), Some(span), "{}", write(span));
            }
        }
    }
}
