//! Ranges that were read from a record, which are held to what a scenario can say.

use super::written::{MOST_LEVELS, UNITS};
use super::{Range, Spacing, Steps, Unit};

impl Range {
    /// Checks that the range can be written in a scenario.
    pub(super) fn check(&self) -> Result<(), String> {
        self.check_ends()?;
        self.check_steps()
    }

    fn check_ends(&self) -> Result<(), String> {
        let Self { from, to, unit, spacing, .. } = self;
        let ends = format!("{from}..{to}");
        if !from.is_finite() || !to.is_finite() {
            return Err(format!("the ends of `{ends}` are not numbers"));
        }
        if from > to {
            return Err(format!("the range `{ends}` goes downwards"));
        }
        if *spacing == Spacing::Log && *from <= 0.0 {
            return Err(format!("the range `{ends}` on a log scale does not begin above zero"));
        }
        match unit {
            Unit::Whole if from.fract() != 0.0 || to.fract() != 0.0 => {
                Err(format!("the ends of `{ends}` are not whole numbers"))
            }
            Unit::Time if *from < 0.0 => Err(format!("the time `{from}` is below zero")),
            Unit::Other(unit) if !UNITS.contains(&unit.as_str()) => {
                Err(format!("`{unit}` is no unit"))
            }
            _ => Ok(()),
        }
    }

    fn check_steps(&self) -> Result<(), String> {
        let most = f64::from(MOST_LEVELS);
        match self.steps {
            Steps::Of(_) if self.spacing == Spacing::Log => {
                Err("a range on a log scale has a number of levels, not a step".to_owned())
            }
            Steps::Of(step) if !(step.is_finite() && step > 0.0) => {
                Err(format!("a step is greater than zero, not {step}"))
            }
            Steps::Of(step) if (self.to - self.from) / step > most => {
                Err("the range has more than a million levels".to_owned())
            }
            Steps::Count(count) if !(1..=MOST_LEVELS).contains(&count) => {
                Err(format!("a range has from one to a million levels, not {count}"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::study::Values;

    fn range(changes: &[(&str, serde_json::Value)]) -> Result<Values, String> {
        let values: Values = "20..60 step 20".parse().expect("values");
        let mut record = serde_json::to_value(&values).expect("JSON");
        for (key, value) in changes {
            record["range"][*key] = value.clone();
        }
        serde_json::from_value(record).map_err(|error| error.to_string())
    }

    #[test]
    fn a_range_of_a_record_is_one_that_can_be_written() {
        let steps = |key: &str, number: f64| ("steps", serde_json::json!({ key: number }));
        let log = ("spacing", "log".into());
        assert!(range(&[]).is_ok());
        for impossible in [
            &[("from", 100.into())][..],
            &[("from", 20.5.into())],
            &[("unit", serde_json::json!({ "other": "parsec" }))],
            &[("unit", "time".into()), ("from", (-1).into())],
            &[steps("of", 0.0)],
            &[steps("of", -1.0)],
            &[steps("of", 1e-9)],
            &[("steps", serde_json::json!({ "count": 0 }))],
            &[("steps", serde_json::json!({ "count": 1_000_001 }))],
            std::slice::from_ref(&log),
            &[log.clone(), ("from", 0.into()), ("steps", serde_json::json!({ "count": 3 }))],
        ] {
            assert!(range(impossible).is_err(), "{impossible:?}");
        }
    }

    #[test]
    fn a_list_of_a_record_is_one_that_can_be_written() {
        let choice = serde_json::json!({ "shown": "5s", "setting": "5s" });
        let listed = |choices: &[&serde_json::Value]| {
            serde_json::from_value::<Values>(serde_json::json!({ "listed": choices }))
        };
        assert!(listed(&[&choice]).is_ok());
        assert!(listed(&[]).is_err() && listed(&[&choice, &choice]).is_err());
    }
}
