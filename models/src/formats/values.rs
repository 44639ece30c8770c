//! Values as configurations write them.

use serde_json::{Map, Value};

use crate::scenario::is_name_letter;
use crate::{Outcome, OutcomeSet};

/// A map of the entries that have a value.
pub(super) fn map<const N: usize>(entries: [(&str, Option<Value>); N]) -> Map<String, Value> {
    entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// The map as a value, unless it is empty.
pub(super) fn unless_empty(entries: Map<String, Value>) -> Option<Value> {
    (!entries.is_empty()).then_some(Value::Object(entries))
}

/// A number, without a fraction if it has none.
pub(super) fn number(value: f64) -> Value {
    // Shares come from percentages; nobody writes more than six digits of them.
    let rounded: f64 = format!("{value:.6}").parse().unwrap_or(value);
    if rounded == libm::trunc(rounded) && rounded.abs() < 1e15 {
        Value::from(rounded as i64)
    } else {
        Value::from(rounded)
    }
}

/// The names of outcomes, as a scenario lists them.
pub(super) fn names_of(outcomes: OutcomeSet) -> Value {
    let contained = Outcome::ALL.into_iter().filter(|outcome| outcomes.contains(*outcome));
    contained.map(|outcome| Value::from(outcome.name())).collect::<Vec<_>>().into()
}

/// A key as the name of a service, which has letters, digits, `-` and `_`.
pub(super) fn service_name(key: &str) -> String {
    let name: String = key.chars().map(|c| if is_name_letter(c) { c } else { '-' }).collect();
    if name.is_empty() { "callee".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_lose_the_noise_of_percentages() {
        assert_eq!(number(0.07 * 100.0), json!(7));
        assert_eq!(number(42.5), json!(42.5));
    }
}
