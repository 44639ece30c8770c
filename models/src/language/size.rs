//! Distributions of sizes: `exponential 2MB`, `lognormal mean 2MB p99 10MB`.

use std::str::FromStr;

use sim_core::Distribution;

use super::distribution::read_distribution;
use super::phrase::Phrase;
use super::quantity::Bytes;
use super::written::{Written, written};

/// A distribution of sizes in bytes; a bare size is constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SizePhrase(pub Distribution);

impl SizePhrase {
    /// The size, if it is always the same.
    pub fn constant(&self) -> Option<u64> {
        self.0.as_constant().map(|bytes| bytes as u64)
    }
}

const FORMS: [(&str, &str); 10] = [
    ("constant", "constant 2MB"),
    ("uniform", "uniform 1MB to 3MB"),
    ("exponential", "exponential 2MB"),
    ("erlang", "erlang 3 mean 6MB"),
    ("gamma", "gamma mean 2MB cv 1.5"),
    ("normal", "normal mean 10MB sd 2MB"),
    ("lognormal", "lognormal mean 2MB p99 10MB"),
    ("pareto", "pareto 1.5 from 1MB to 1GB"),
    ("weibull", "weibull mean 2MB shape 0.7"),
    ("hyperexponential", "hyperexponential mean 2MB cv 3"),
];

impl FromStr for SizePhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let first = text.split_whitespace().next();
        let Some(&(name, form)) = FORMS.iter().find(|(name, _)| first == Some(name)) else {
            let Bytes(bytes) = text.parse()?;
            let constant = Distribution::constant(bytes as f64);
            return constant.map(Self).map_err(|error| error.to_string());
        };
        let mut words = Phrase::of_sizes(text, form);
        words.keyword(name)?;
        let distribution = read_distribution(name, &mut words)?;
        let distribution = distribution.map_err(|error| format!("`{text}`: {error}"))?;
        words.end()?;
        Ok(Self(distribution))
    }
}

impl Written for SizePhrase {
    const EXPECTED: &'static str = "a size such as 2MB, or a distribution such as exponential 2MB";
    const PATTERN: &'static str = r"^([0-9.]+\s*(B|KB|MB|GB)$|constant|uniform|exponential|erlang|gamma|normal|lognormal|pareto|weibull|hyperexponential)";
    const EXAMPLES: &'static [&'static str] =
        &["1MB", "exponential 2MB", "uniform 1MB to 3MB", "lognormal mean 2MB p99 10MB"];
    fn suggestion(number: f64) -> Option<String> {
        Bytes::suggestion(number)
    }
}
written!(SizePhrase, "SizeDistribution");

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(text: &str) -> Result<f64, String> {
        text.parse().map(|SizePhrase(distribution)| distribution.mean().round())
    }

    #[test]
    fn every_distribution_is_read_as_its_form_says() {
        for (name, form) in FORMS {
            assert!(mean(form).is_ok(), "{name}: {:?}", mean(form));
        }
        assert_eq!(mean("2MB"), Ok(2e6));
        assert_eq!(mean("uniform 1MB to 3MB"), Ok(2e6));
        assert_eq!(mean("lognormal mean 2MB p99 10MB"), Ok(2e6));
        assert!(mean("exponential 2ms").is_err_and(|it| it.contains("not an amount of memory")));
        assert!(mean("2 megs").is_err_and(|it| it.contains("write `512MB`")));
    }
}
