//! Distributions of durations: `exponential 2ms`, `lognormal mean 8ms p99 30ms`.

use std::str::FromStr;

use sim_core::distribution::Percentile;
use sim_core::{Distribution, SimDuration};

use super::phrase::Phrase;
use super::problem::did_you_mean;
use super::quantity::Duration;
use super::written::{Written, written};

/// A distribution of durations: `exponential 2ms`, `lognormal mean 8ms p99 30ms`; a bare duration
/// is constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DurationPhrase {
    /// Given in full.
    Known(Distribution),
    /// Measured values in a CSV file of `value,weight`.
    Measured(String),
}

impl DurationPhrase {
    /// The duration, if it is always the same.
    pub fn constant(&self) -> Option<SimDuration> {
        match self {
            Self::Known(distribution) => {
                distribution.as_constant().map(SimDuration::from_nanos_f64)
            }
            Self::Measured(_) => None,
        }
    }

    /// True if a text begins like a distribution, and not like a bare duration.
    pub fn is_begun_by(text: &str) -> bool {
        let first = text.split_whitespace().next();
        DISTRIBUTIONS.iter().any(|(name, _)| first == Some(name))
    }
}

impl From<Duration> for DurationPhrase {
    fn from(duration: Duration) -> Self {
        constant(duration).expect("a duration is not negative")
    }
}

const DISTRIBUTIONS: [(&str, &str); 11] = [
    ("constant", "constant 2ms"),
    ("uniform", "uniform 1ms to 3ms"),
    ("exponential", "exponential 2ms"),
    ("erlang", "erlang 3 mean 6ms"),
    ("gamma", "gamma mean 2ms cv 1.5"),
    ("normal", "normal mean 10ms sd 2ms"),
    (
        "lognormal",
        "lognormal mean 8ms p99 30ms` or `lognormal p50 80ms p99 900ms` or `lognormal mean 8ms cv 0.7",
    ),
    ("pareto", "pareto 1.5 from 1ms to 1s"),
    ("weibull", "weibull mean 2ms shape 0.7"),
    ("hyperexponential", "hyperexponential mean 2ms cv 3"),
    ("empirical", "empirical latencies.csv"),
];

impl FromStr for DurationPhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(&(name, form)) =
            DISTRIBUTIONS.iter().find(|(name, _)| text.split_whitespace().next() == Some(name))
        else {
            return text
                .parse::<Duration>()
                .map_err(|_| unknown_distribution(text))
                .and_then(constant);
        };
        let mut words = Phrase::new(text, form);
        words.keyword(name)?;
        if name == "empirical" {
            let file: String = words.take("the name of a CSV file")?;
            words.end()?;
            return Ok(Self::Measured(file));
        }
        let distribution = read_distribution(name, &mut words)?;
        let distribution = distribution.map_err(|error| format!("`{text}`: {error}"))?;
        words.end()?;
        Ok(Self::Known(distribution))
    }
}

fn constant(duration: Duration) -> Result<DurationPhrase, String> {
    Distribution::constant(duration.0.as_nanos() as f64)
        .map(DurationPhrase::Known)
        .map_err(|error| error.to_string())
}

fn unknown_distribution(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let names = DISTRIBUTIONS.map(|(name, _)| name);
    if first.starts_with(|c: char| c.is_ascii_digit()) {
        return format!(
            "`{text}` is neither a duration nor a distribution; write `2ms` or `exponential 2ms`"
        );
    }
    match did_you_mean(first, names) {
        Some(meant) => format!("`{first}` is not a distribution; did you mean `{meant}`?"),
        None => format!("`{first}` is not a distribution; known names: {}", names.join(", ")),
    }
}

pub(super) type Made = Result<Distribution, sim_core::distribution::DistributionError>;

pub(super) fn read_distribution(name: &str, words: &mut Phrase<'_>) -> Result<Made, String> {
    let mean =
        |words: &mut Phrase<'_>| words.keyword("mean").and_then(|()| words.duration("the mean"));
    Ok(match name {
        "constant" => Distribution::constant(words.duration("the value")?),
        "exponential" => {
            words.skip("mean");
            Distribution::exponential(words.duration("the mean")?)
        }
        "uniform" => {
            let low = words.duration("the lower bound")?;
            words.keyword("to")?;
            Distribution::uniform(low, words.duration("the upper bound")?)
        }
        "erlang" => {
            let phases = words.take("the number of phases")?;
            Distribution::erlang(phases, mean(words)?)
        }
        "gamma" => {
            let mean = mean(words)?;
            words.keyword("cv")?;
            Distribution::gamma(mean, words.take("the coefficient of variation")?)
        }
        "normal" => {
            let mean = mean(words)?;
            words.keyword("sd")?;
            Distribution::truncated_normal(mean, words.duration("the standard deviation")?)
        }
        "lognormal" => read_lognormal(words)?,
        "pareto" => {
            let alpha = words.take("the tail index")?;
            words.keyword("from")?;
            let low = words.duration("the smallest value")?;
            words.keyword("to")?;
            Distribution::bounded_pareto(alpha, low, words.duration("the largest value")?)
        }
        "weibull" => {
            let mean = mean(words)?;
            words.keyword("shape")?;
            Distribution::weibull(mean, words.take("the shape")?)
        }
        _ => {
            let mean = mean(words)?;
            words.keyword("cv")?;
            Distribution::hyperexponential(mean, words.take("the coefficient of variation")?)
        }
    })
}

/// `mean 8ms cv 0.7`, or two of `mean`, `p50`, `p90`, `p95`, `p99` and `p99.9`, in any order.
fn read_lognormal(words: &mut Phrase<'_>) -> Result<Made, String> {
    let (mut mean, mut percentiles) = (None, Vec::new());
    while usize::from(mean.is_some()) + percentiles.len() < 2 {
        if mean.is_none() && words.skip("mean") {
            let value = words.duration("the mean")?;
            if words.skip("cv") {
                let cv = words.take("the coefficient of variation")?;
                return Ok(Distribution::lognormal_mean_cv(value, cv));
            }
            mean = Some(value);
            continue;
        }
        let found = Percentile::ALL.into_iter().find(|it| words.skip(&it.to_string()));
        let Some(percentile) = found else {
            return Err(words.refuse("it needs two of `mean`, `p50`, `p90`, `p95`, `p99`, `p99.9`"));
        };
        percentiles.push((percentile, words.duration("the percentile")?));
    }
    Ok(match (mean, percentiles.as_slice()) {
        (Some(mean), [(percentile, value), ..]) => {
            Distribution::lognormal_mean_percentile(mean, *percentile, *value)
        }
        (_, [one, other, ..]) => Distribution::lognormal_percentiles(*one, *other),
        _ => unreachable!("two parameters were read"),
    })
}

impl Written for DurationPhrase {
    const EXPECTED: &'static str =
        "a duration such as 2ms, or a distribution such as exponential 2ms";
    const PATTERN: &'static str = r"^([0-9.]+\s*(ns|us|µs|ms|s|m|h)|constant|uniform|exponential|erlang|gamma|normal|lognormal|pareto|weibull|hyperexponential|empirical)";
    const EXAMPLES: &'static [&'static str] = &[
        "2ms",
        "exponential 2ms",
        "lognormal mean 8ms p99 30ms",
        "lognormal p50 80ms p99 900ms",
        "uniform 1ms to 3ms",
        "erlang 3 mean 6ms",
        "empirical latencies.csv",
    ];
    fn suggestion(number: f64) -> Option<String> {
        Duration::suggestion(number)
    }
}
written!(DurationPhrase, "DurationDistribution");

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(text: &str) -> Result<f64, String> {
        match text.parse()? {
            DurationPhrase::Known(distribution) => Ok((distribution.mean() / 1e3).round() / 1e3),
            DurationPhrase::Measured(file) => Err(file),
        }
    }

    #[test]
    fn every_distribution_is_read_as_its_form_says() {
        for (name, forms) in DISTRIBUTIONS.iter().filter(|(name, _)| *name != "empirical") {
            for form in forms.split("` or `") {
                assert!(mean(form).is_ok(), "{name}: {form}: {:?}", mean(form));
            }
        }
        assert_eq!(mean("250us"), Ok(0.25));
        assert_eq!(mean("erlang 3 mean 6ms"), Ok(6.0));
        // exp(ln 80 + sigma^2 / 2) with sigma = ln(900 / 80) / 2.326
        for text in ["lognormal p50 80ms p99 900ms", "lognormal p99 900ms p50 80ms"] {
            assert_eq!(mean(text), Ok(137.45));
        }
        for percentile in ["p50 7ms", "p90 10ms", "p95 20ms", "p99 30ms", "p99.9 90ms"] {
            assert_eq!(mean(&format!("lognormal mean 8ms {percentile}")), Ok(8.0));
            assert_eq!(mean(&format!("lognormal {percentile} mean 8ms")), Ok(8.0));
        }
    }

    #[test]
    fn a_wrong_phrase_says_what_would_be_right() {
        assert!(
            mean("exponentiel 2ms")
                .is_err_and(|message| message.contains("did you mean `exponential`"))
        );
        assert!(mean("exponential 2").is_err_and(|message| message.contains("has no unit")));
        assert!(
            mean("lognormal mean 8ms p99 800ms").is_err_and(|message| message.contains("14.97"))
        );
        assert!(mean("lognormal p99 10ms p50 20ms").is_err_and(|it| it.contains("above the p50")));
        assert!(mean("lognormal p50 10ms p50 20ms").is_err());
        assert!(mean("lognormal mean 8ms p90 80ms").is_err_and(|it| it.contains("2.27")));
        assert!(mean("lognormal mean 8ms p50 9ms").is_err_and(|it| it.contains("1.00")));
        assert!(mean("lognormal mean 8ms").is_err_and(|it| it.contains("`p95`")));
        assert!(
            mean("uniform 3ms to 1ms")
                .is_err_and(|message| message.contains("below the upper bound"))
        );
        assert!(
            mean("exponential 2ms fast")
                .is_err_and(|message| message.contains("one word too many"))
        );
    }
}
