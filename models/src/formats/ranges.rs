//! Ranges of values with which a library or a proxy starts. A value outside is an error, as it would be there.

use std::fmt;

use serde_json::Value;
use sim_core::SimDuration;

use super::configuration::below;
use super::durations::{DurationForm, Length};
use super::section::Section;
use crate::scenario::Problem;

/// The keys that lead to a value, with dots between them, and the values that are taken.
pub(super) struct Rule(pub &'static str, pub Range);

/// Values that are taken.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Range {
    /// Whole numbers from one to another.
    Whole(i64, i64),
    /// Numbers from one to another.
    Within(f64, f64),
    /// Numbers from one to another, without the last.
    Below(f64, f64),
    /// Numbers above this.
    Above(f64),
    /// Spans of this length and more.
    Span(SimDuration),
    /// Spans of any length above zero.
    Lasting,
    /// Spans of this length and more, and zero, which switches off.
    SpanOrZero(SimDuration),
    /// Spans of any length, negative ones included.
    AnySpan,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// The numbers of Java's `int` and of protobuf's `int32` from zero, and from one.
pub(super) const INT: Range = Range::Whole(0, i32::MAX as i64);
pub(super) const POSITIVE_INT: Range = Range::Whole(1, i32::MAX as i64);
/// The numbers of protobuf's `UInt32Value`.
pub(super) const UNSIGNED: Range = Range::Whole(0, u32::MAX as i64);
/// Percentages, with or without a fraction.
pub(super) const PERCENT: Range = Range::Within(0.0, 100.0);
/// Percentages that are whole numbers.
pub(super) const WHOLE_PERCENT: Range = Range::Whole(0, 100);
/// Spans that are not negative.
pub(super) const SPAN: Range = Range::Span(SimDuration::ZERO);
/// Spans of a millisecond and more, and with zero.
pub(super) const MILLISECOND: Range = Range::Span(SimDuration::from_millis(1));
pub(super) const MILLISECOND_OR_ZERO: Range = Range::SpanOrZero(SimDuration::from_millis(1));

impl Section<'_> {
    /// Adds an error for each value that breaks a rule; `consequence` says what the real reader does.
    pub fn refuse(&self, rules: &[Rule], consequence: &str, problems: &mut Vec<Problem>) {
        for Rule(path, range) in rules {
            let (above, key) = path.rsplit_once('.').unwrap_or(("", path));
            let sections = above.split('.').filter(|key| !key.is_empty());
            let section = sections.fold(self.clone(), |section, key| section.section(key));
            let form = section.duration_form();
            let Some(value) = section.peek(key).filter(|value| range.refuses(value, form)) else {
                continue;
            };
            let written = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let path = below(section.path(), section.spelling(key));
            let message = if range.is_of_spans() && form.parse_signed(value).is_none() {
                format!("`{path}` is {written}, which is no duration: write {}", form.example())
            } else {
                format!("`{path}` is {written}; it must be {range}")
            };
            problems.push(Problem::error(message, section.place(key)).with_help(consequence));
        }
    }
}

impl Range {
    /// True if the value is outside, or of another kind. Placeholders and empty texts are let pass.
    fn refuses(self, value: &Value, form: DurationForm) -> bool {
        if matches!(value, Value::String(text) if text.contains("${")) {
            return false;
        }
        // No range has the number that is none.
        let is_outside = |has: &dyn Fn(f64) -> bool| number_of(value).is_some_and(|it| !has(it));
        match self {
            Self::Whole(least, most) => {
                let range = least as f64..=most as f64;
                is_outside(&|it| it == libm::trunc(it) && range.contains(&it))
            }
            Self::Within(least, most) => is_outside(&|it| (least..=most).contains(&it)),
            Self::Below(least, most) => is_outside(&|it| (least..most).contains(&it)),
            Self::Above(least) => is_outside(&|it| it > least),
            Self::Span(_) | Self::Lasting | Self::SpanOrZero(_) | Self::AnySpan => match value {
                Value::Number(_) | Value::String(_) if *value != "" => {
                    form.parse_signed(value).is_none_or(|(is_negative, span)| {
                        is_negative && self != Self::AnySpan || self.refuses_span(span)
                    })
                }
                _ => false,
            },
            Self::Word(words) => match value {
                Value::String(text) if text.is_empty() => false,
                Value::String(text) => {
                    !words.iter().any(|word| word.eq_ignore_ascii_case(text.trim()))
                }
                Value::Number(_) | Value::Bool(_) => true,
                _ => false,
            },
        }
    }
}

impl Range {
    fn is_of_spans(self) -> bool {
        matches!(self, Self::Span(_) | Self::Lasting | Self::SpanOrZero(_) | Self::AnySpan)
    }

    fn refuses_span(self, span: Length) -> bool {
        match self {
            Self::Span(least) => span < least.into(),
            Self::Lasting => span.is_zero(),
            Self::SpanOrZero(least) => span < least.into() && !span.is_zero(),
            _ => false,
        }
    }
}

/// The number that a value is, which is not a number for a text of something else; none for other kinds of values.
fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let is_hexadecimal = text.trim().to_lowercase().starts_with("0x");
            (!is_hexadecimal).then(|| text.trim().parse().unwrap_or(f64::NAN))
        }
        _ => None,
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Within(least, most) => write!(f, "from {least} to {most}"),
            Self::Below(least, most) => write!(f, "at least {least} and below {most}"),
            Self::Above(least) => write!(f, "above {least}"),
            Self::Span(least) => write!(f, "at least {least}"),
            Self::Lasting => f.write_str("above 0s"),
            Self::SpanOrZero(least) => write!(f, "0s, or at least {least}"),
            Self::AnySpan => f.write_str("a duration"),
            Self::Word(words) => write!(f, "one of {}", words.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_outside_are_refused_and_placeholders_are_not() {
        let refused = [
            (POSITIVE_INT, json!(0)),
            (POSITIVE_INT, json!("2.5")),
            (POSITIVE_INT, json!("many")),
            (POSITIVE_INT, json!(3_000_000_000_u64)),
            (Range::Below(0.0, 1.0), json!(1)),
            (Range::Above(0.0), json!("0")),
            (PERCENT, json!(100.5)),
            (SPAN, json!("-1s")),
            (SPAN, json!("PT-1S")),
            (SPAN, json!(-5)),
            (SPAN, json!("soon")),
            (SPAN, json!("1m30s")),
            (Range::AnySpan, json!("soon")),
            (MILLISECOND, json!("999us")),
            (Range::Lasting, json!("0s")),
            (Range::Word(&["COUNT_BASED"]), json!("CALLS")),
        ];
        for (range, value) in refused {
            assert!(range.refuses(&value, DurationForm::SpringBoot), "{value} is {range}");
        }
        let taken = [
            (POSITIVE_INT, json!("7")),
            (POSITIVE_INT, json!("${ATTEMPTS}")),
            (POSITIVE_INT, json!({})),
            (SPAN, json!("0")),
            (SPAN, json!("P1D")),
            (Range::AnySpan, json!("-1s")),
            (SPAN, json!("")),
            (SPAN, json!({})),
            (PERCENT, json!(100)),
            (MILLISECOND_OR_ZERO, json!("0s")),
            (Range::Word(&["COUNT_BASED"]), json!("count_based")),
        ];
        for (range, value) in taken {
            assert!(!range.refuses(&value, DurationForm::SpringBoot), "{value} is {range}");
        }
    }
}
