//! The values that a setting can take.

mod recorded;
mod written;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::SimDuration;

pub(crate) use written::number;

/// The values that a setting can take: `20..200 step 20`, `100ms..10s log`, `5s, 30s, 2m`, `[on,
/// off]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Values {
    /// One of these.
    Listed(Vec<Choice>),
    /// Anything between two ends.
    Range(Range),
}

/// One of several values that have no order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    /// The name that reports give it.
    pub shown: String,
    /// The value to set, as YAML; `None` keeps the value in the file.
    pub setting: Option<String>,
}

/// Numbers between two ends, inside a text if they are written in one: `poisson 100/s..600/s`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// The words before the number.
    pub before: String,
    /// The words after it.
    pub after: String,
    /// The unit of the number.
    pub unit: Unit,
    /// The lower end, in seconds for times.
    pub from: f64,
    /// The upper end.
    pub to: f64,
    /// The spacing of the steps.
    pub spacing: Spacing,
    /// The levels in a grid.
    pub steps: Steps,
}

/// The unit of the numbers of a range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Whole numbers.
    Whole,
    /// Spans of time, as seconds.
    Time,
    /// Numbers with this suffix: `%`, `x`, `/s`, or none.
    Other(String),
}

/// The spacing of steps: equal differences or equal ratios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Spacing {
    /// Equal differences.
    Linear,
    /// Equal ratios.
    Log,
}

/// The levels of a range in a grid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Steps {
    /// From the lower end on, this far apart.
    Of(f64),
    /// This many, both ends included.
    Count(u32),
}

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The name that reports give it.
    pub shown: String,
    /// The value to set, as YAML; `None` keeps the value in the file.
    pub setting: Option<String>,
    /// Its position: the number of a range, the index in a list.
    pub number: f64,
}

impl Values {
    /// The levels that a grid combines, in order.
    pub fn levels(&self) -> Vec<Level> {
        match self {
            Self::Listed(choices) => {
                choices.iter().enumerate().map(|(place, choice)| choice.level(place)).collect()
            }
            Self::Range(range) => {
                let mut levels = Vec::new();
                for number in range.numbers() {
                    let level = range.level(number);
                    if levels.last() != Some(&level) {
                        levels.push(level);
                    }
                }
                levels
            }
        }
    }

    /// The value at a share of the way, from 0 to 1.
    pub fn at(&self, share: f64) -> Level {
        match self {
            Self::Listed(choices) => {
                let place = ((share * choices.len() as f64) as usize).min(choices.len() - 1);
                choices[place].level(place)
            }
            Self::Range(range) => range.level(range.number_at(share)),
        }
    }

    /// The position of a value between the ends, from 0 to 1; for a value of a list, the middle of
    /// its part.
    pub fn share_of(&self, number: f64) -> f64 {
        match self {
            Self::Listed(choices) => (number + 0.5) / choices.len() as f64,
            Self::Range(range) if range.from == range.to => 0.5,
            Self::Range(Range { from, to, spacing: Spacing::Linear, .. }) => {
                (number - from) / (to - from)
            }
            Self::Range(Range { from, to, spacing: Spacing::Log, .. }) => {
                libm::log(number / from) / libm::log(to / from)
            }
        }
    }

    /// The position of a value that is written as `text`: the number of a range, the index in a
    /// list. `None` if it is not one of the values.
    pub fn number_of(&self, text: &str) -> Option<f64> {
        match self {
            Self::Listed(choices) => {
                let is_it = |choice: &Choice| {
                    choice.setting.as_deref() == Some(text) || choice.shown == text
                };
                choices.iter().position(is_it).map(|place| place as f64)
            }
            Self::Range(range) => {
                let inner = text
                    .strip_prefix(range.before.as_str())?
                    .trim()
                    .strip_suffix(range.after.as_str())?
                    .trim();
                let (number, unit) = number(inner)?;
                let fits = unit == range.unit
                    || matches!((&unit, &range.unit), (Unit::Whole, Unit::Other(_)));
                fits.then_some(number)
            }
        }
    }

    /// All its values, if they are whole numbers and few.
    pub fn few(&self, most: usize) -> Option<Vec<Level>> {
        match self {
            Self::Range(range)
                if range.unit == Unit::Whole && range.to - range.from < most as f64 =>
            {
                Some(
                    (range.from as i64..=range.to as i64)
                        .map(|number| range.level(number as f64))
                        .collect(),
                )
            }
            _ => None,
        }
    }

    /// True if one of them keeps the value in the file.
    pub(crate) fn keep_what_is_written(&self) -> bool {
        match self {
            Self::Listed(choices) => choices.iter().any(|choice| choice.setting.is_none()),
            Self::Range(_) => false,
        }
    }

    /// True if its values are numbers with an order.
    pub fn is_range(&self) -> bool {
        matches!(self, Self::Range(_))
    }
}

impl Choice {
    fn level(&self, place: usize) -> Level {
        Level { shown: self.shown.clone(), setting: self.setting.clone(), number: place as f64 }
    }
}

impl Range {
    fn numbers(&self) -> Vec<f64> {
        match self.steps {
            Steps::Of(step) => {
                // A hair beyond the end, so that rounding does not cost the last level.
                let count = libm::floor((self.to - self.from) / step + 1e-9) as u64;
                (0..=count).map(|number| self.from + step * number as f64).collect()
            }
            Steps::Count(1) => vec![self.from],
            Steps::Count(count) => {
                let share = |number: u32| f64::from(number) / f64::from(count - 1);
                (0..count).map(|number| self.between(share(number))).collect()
            }
        }
    }

    /// The number at a share of the way between the ends.
    fn between(&self, share: f64) -> f64 {
        match self.spacing {
            Spacing::Linear => self.from + (self.to - self.from) * share,
            Spacing::Log => self.from * libm::pow(self.to / self.from, share),
        }
    }

    /// The number at a share of the way; each of several whole numbers has an equal part of it.
    fn number_at(&self, share: f64) -> f64 {
        let share = share.clamp(0.0, 1.0);
        if self.unit == Unit::Whole && self.spacing == Spacing::Linear {
            return (self.from + libm::floor((self.to - self.from + 1.0) * share)).min(self.to);
        }
        self.between(share)
    }

    /// The value nearest to a number that can be written in few digits.
    pub fn level(&self, number: f64) -> Level {
        let number = number.clamp(self.from, self.to);
        let (number, text) = match &self.unit {
            Unit::Whole => {
                let whole = libm::round(number);
                (whole, format!("{whole}"))
            }
            Unit::Time => {
                let span = SimDuration::from_nanos_f64(libm::round(shortened(number * 1e9)));
                (span.as_secs_f64(), span.to_string())
            }
            Unit::Other(unit) => {
                let short = shortened(number);
                (short, format!("{short}{unit}"))
            }
        };
        let parts = [self.before.as_str(), text.as_str(), self.after.as_str()];
        let shown = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        Level { setting: Some(shown.clone()), shown, number }
    }
}

/// Rounds to three significant digits: settings that people would write, and that are the same on
/// every machine.
fn shortened(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        text.parse::<Values>()
            .expect("values")
            .levels()
            .into_iter()
            .map(|level| level.shown)
            .collect()
    }

    #[test]
    fn ranges_have_the_levels_that_are_written() {
        assert_eq!(shown("20..60 step 20"), ["20", "40", "60"]);
        assert_eq!(shown("10..20 step 3"), ["10", "13", "16", "19"]);
        assert_eq!(shown("100ms..10s log in 3"), ["100ms", "1s", "10s"]);
        assert_eq!(shown("10%..90% in 3"), ["10%", "50%", "90%"]);
        assert_eq!(
            shown("poisson 100/s..300/s step 100/s"),
            ["poisson 100/s", "poisson 200/s", "poisson 300/s"]
        );
        assert_eq!(
            shown("lognormal mean 5ms..10ms p99 40ms in 2"),
            ["lognormal mean 5ms p99 40ms", "lognormal mean 10ms p99 40ms"]
        );
        assert_eq!(shown("1..3"), ["1", "2", "3"], "five levels of three whole numbers");
        assert_eq!(shown("0.1..0.3 step 0.1"), ["0.1", "0.2", "0.3"]);
    }

    #[test]
    fn a_share_of_the_way_and_back() {
        for text in ["20..200", "100ms..10s log", "poisson 1/s..9/s"] {
            let values: Values = text.parse().expect("values");
            for share in [0.0, 0.3, 1.0] {
                assert!(
                    (values.share_of(values.at(share).number) - share).abs() < 0.01,
                    "{text} at {share}"
                );
            }
        }
    }

    #[test]
    fn what_is_written_now_has_its_place_among_the_values() {
        let number_of =
            |values: &str, now: &str| values.parse::<Values>().expect("values").number_of(now);
        assert_eq!(number_of("20..200", "40"), Some(40.0));
        assert_eq!(number_of("100ms..10s log", "1500ms"), Some(1.5));
        assert_eq!(number_of("poisson 100/s..600/s", "poisson 300/s"), Some(300.0));
        assert_eq!(number_of("10%..90%", "50%"), Some(50.0));
        assert_eq!(number_of("round robin, random", "random"), Some(1.0));
        assert_eq!(number_of("20..200", "many"), None);
    }
}
