//! Settings that are written as a phrase: `exponential 2ms`, `poisson 300/s`, `100 calls`.

use std::str::{FromStr, SplitWhitespace};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer};
use sim_core::{Distribution, SimDuration};

use super::quantity::{Duration, Factor, Rate, Share, Written, written};
use crate::resilience::circuit_breaker::{Wait, WindowKind};
use crate::resilience::{Backoff, Growth, Jitter};

/// The words of a phrase, read one by one.
struct Words<'a> {
    phrase: &'a str,
    form: &'static str,
    rest: SplitWhitespace<'a>,
}

impl<'a> Words<'a> {
    fn new(phrase: &'a str, form: &'static str) -> Self {
        Self { phrase, form, rest: phrase.split_whitespace() }
    }

    fn refuse(&self, what: &str) -> String {
        format!("`{}`: {what}; write `{}`", self.phrase, self.form)
    }

    fn peek(&self) -> Option<&'a str> {
        self.rest.clone().next()
    }

    fn take<T: FromStr>(&mut self, what: &str) -> Result<T, String> {
        let word = self.rest.next().ok_or_else(|| self.refuse(&format!("{what} is missing")))?;
        word.parse().map_err(|_| self.refuse(&format!("`{word}` is not {what}")))
    }

    /// A duration in nanoseconds.
    fn duration(&mut self, what: &str) -> Result<f64, String> {
        let word = self.rest.next().ok_or_else(|| self.refuse(&format!("{what} is missing")))?;
        word.parse::<Duration>()
            .map(|Duration(span)| span.as_nanos() as f64)
            .map_err(|message| self.refuse(&message.replace("; write", ", not")))
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), String> {
        if self.skip(keyword) {
            Ok(())
        } else {
            Err(self.refuse(&format!("`{keyword}` is missing")))
        }
    }

    fn skip(&mut self, keyword: &str) -> bool {
        let is_next = self.peek() == Some(keyword);
        if is_next {
            self.rest.next();
        }
        is_next
    }

    fn end(mut self) -> Result<(), String> {
        match self.rest.next() {
            None => Ok(()),
            Some(word) => Err(self.refuse(&format!("`{word}` is one word too many"))),
        }
    }
}

/// A distribution of durations: `exponential 2ms`, `lognormal mean 8ms p99 30ms`; a bare duration
/// is constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DurationPhrase {
    /// Given in full.
    Known(Distribution),
    /// Measured values in a CSV file of `value,weight`.
    Measured(String),
}

const DISTRIBUTIONS: [(&str, &str); 11] = [
    ("constant", "constant 2ms"),
    ("uniform", "uniform 1ms to 3ms"),
    ("exponential", "exponential 2ms"),
    ("erlang", "erlang 3 mean 6ms"),
    ("gamma", "gamma mean 2ms cv 1.5"),
    ("normal", "normal mean 10ms sd 2ms"),
    ("lognormal", "lognormal mean 8ms p99 30ms` or `lognormal mean 8ms cv 0.7"),
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
        let mut words = Words::new(text, form);
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
    match super::problem::did_you_mean(first, names) {
        Some(meant) => format!("`{first}` is not a distribution; did you mean `{meant}`?"),
        None => format!("`{first}` is not a distribution; known are {}", names.join(", ")),
    }
}

type Made = Result<Distribution, sim_core::distribution::DistributionError>;

fn read_distribution(name: &str, words: &mut Words<'_>) -> Result<Made, String> {
    let mean =
        |words: &mut Words<'_>| words.keyword("mean").and_then(|()| words.duration("the mean"));
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
        "lognormal" => {
            let mean = mean(words)?;
            if words.skip("cv") {
                Distribution::lognormal_mean_cv(mean, words.take("the coefficient of variation")?)
            } else {
                words.keyword("p99")?;
                Distribution::lognormal_mean_p99(mean, words.duration("the 99th percentile")?)
            }
        }
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

impl Written for DurationPhrase {
    const EXPECTED: &'static str =
        "a duration such as 2ms, or a distribution such as exponential 2ms";
    const PATTERN: &'static str = r"^([0-9.]+\s*(ns|us|µs|ms|s|m|h)|constant|uniform|exponential|erlang|gamma|normal|lognormal|pareto|weibull|hyperexponential|empirical)";
    const EXAMPLES: &'static [&'static str] = &[
        "2ms",
        "exponential 2ms",
        "lognormal mean 8ms p99 30ms",
        "uniform 1ms to 3ms",
        "erlang 3 mean 6ms",
        "empirical latencies.csv",
    ];
    fn suggestion(number: f64) -> Option<String> {
        Duration::suggestion(number)
    }
}
written!(DurationPhrase, "DurationDistribution");

/// How arrivals follow their rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Process {
    /// Independent arrivals.
    Poisson,
    /// Evenly spaced arrivals.
    Constant,
}

/// `poisson 300/s` or `constant 300/s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ArrivalPhrase {
    pub process: Process,
    pub rate: Rate,
}

impl FromStr for ArrivalPhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = Words::new(text, "poisson 300/s");
        let process = match words.take::<String>("an arrival process")?.as_str() {
            "poisson" => Process::Poisson,
            "constant" => Process::Constant,
            other => {
                return Err(words
                    .refuse(&format!("`{other}` is not an arrival process (poisson, constant)")));
            }
        };
        let rate = words.take("a rate")?;
        words.end()?;
        Ok(Self { process, rate })
    }
}

/// How far a breaker looks back: `100 calls`, `60s`, `60s in 10 buckets`, `every 60s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WindowPhrase(pub WindowKind);

impl FromStr for WindowPhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "100 calls`, `60s`, `60s in 10 buckets` or `every 60s";
        let refuse = |what: &str| Words::new(text, FORM).refuse(what);
        if let Some(calls) = text.strip_suffix("calls").or_else(|| text.strip_suffix("call")) {
            return match calls.trim().parse() {
                Ok(calls) if calls > 0 => Ok(Self(WindowKind::Calls(calls))),
                _ => Err(refuse("that is not a number of calls")),
            };
        }
        let mut words = Words::new(text, FORM);
        let is_fixed = words.skip("every");
        let span: Duration = words.take("a window").map_err(|_| refuse("that is not a window"))?;
        if span.0.is_zero() {
            return Err(refuse("nothing happens within a window of no length"));
        }
        if is_fixed {
            words.end()?;
            return Ok(Self(WindowKind::Buckets(1, span.0)));
        }
        if words.skip("in") {
            let buckets: u32 = words.take("a number of buckets")?;
            words.keyword("buckets")?;
            words.end()?;
            let length =
                span.0.as_nanos().checked_div(u64::from(buckets)).filter(|length| *length > 0);
            let length = length.ok_or_else(|| refuse("that is no number of buckets for it"))?;
            return Ok(Self(WindowKind::Buckets(buckets, SimDuration::from_nanos(length))));
        }
        words.end()?;
        let second = SimDuration::from_secs(1).as_nanos();
        if !span.0.as_nanos().is_multiple_of(second) {
            return Err(refuse(
                "a time window is made of whole seconds, unless it says `in 10 buckets`",
            ));
        }
        Ok(Self(WindowKind::Seconds(u32::try_from(span.0.as_nanos() / second).unwrap_or(u32::MAX))))
    }
}

impl Written for WindowPhrase {
    const EXPECTED: &'static str = "a window such as 100 calls or 60s";
    const PATTERN: &'static str = r"^(every )?[0-9.]+\s*(calls?|ms|s|m|h)( in [0-9]+ buckets)?$";
    const EXAMPLES: &'static [&'static str] =
        &["100 calls", "60s", "60s in 10 buckets", "every 60s"];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("{number} calls"))
    }
}
written!(WindowPhrase, "Window");

/// How long a breaker stays open: `30s`, `exponential 30s x2 max 5m`, `adaptive 30s min 5s max 5m`;
/// and by how much of it the wait is spread to either side: `jitter 20%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WaitPhrase {
    pub wait: Wait,
    pub jitter: f64,
}

impl FromStr for WaitPhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = Words::new(
            text,
            "30s`, `exponential 30s x2 max 5m`, `adaptive 30s min 5s max 5m` or `30s jitter 20%",
        );
        let span = |words: &mut Words<'_>, what: &str| {
            words.duration(what).map(SimDuration::from_nanos_f64)
        };
        let wait = if words.skip("exponential") {
            let (base, multiplier, max) = growth(&mut words)?;
            Wait::Exponential { base, multiplier, max }
        } else if words.skip("adaptive") {
            let initial = span(&mut words, "the first wait")?;
            let min = if words.skip("min") {
                span(&mut words, "the shortest")?
            } else {
                SimDuration::ZERO
            };
            let max = longest(&mut words)?;
            if min > max {
                return Err(words.refuse("the shortest wait is longer than the longest"));
            }
            Wait::Adaptive { initial, min, max }
        } else {
            words.skip("fixed");
            Wait::Fixed(span(&mut words, "the wait")?)
        };
        let jitter =
            if words.skip("jitter") { words.take::<Share>("a share such as 20%")?.0 } else { 0.0 };
        words.end()?;
        Ok(Self { wait, jitter })
    }
}

impl Written for WaitPhrase {
    const EXPECTED: &'static str = "a wait such as 30s or exponential 30s x2 max 5m";
    const PATTERN: &'static str = r"^(fixed |exponential |adaptive )?[0-9.]+\s*(ms|s|m|h)";
    const EXAMPLES: &'static [&'static str] =
        &["30s", "exponential 30s x2 max 5m", "adaptive 30s min 5s max 5m", "30s jitter 20%"];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("{number}s"))
    }
}
written!(WaitPhrase, "Wait");

/// The pause before a retry: `fixed 500ms`, `exponential 50ms x2 max 1s full jitter`, `none`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BackoffPhrase(pub Backoff);

impl FromStr for BackoffPhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = Words::new(
            text,
            "fixed 500ms`, `exponential 50ms x2 max 1s full jitter` or `fibonacci 100ms max 1s",
        );
        if words.skip("none") {
            words.end()?;
            let growth = Growth::Exponential(1.0);
            return Ok(Self(Backoff {
                base: SimDuration::ZERO,
                growth,
                max: SimDuration::ZERO,
                jitter: Jitter::None,
            }));
        }
        let (base, growth, max) = if words.skip("exponential") {
            let (base, multiplier, max) = growth(&mut words)?;
            (base, Growth::Exponential(multiplier), max)
        } else if words.skip("fibonacci") {
            let base = SimDuration::from_nanos_f64(words.duration("the first pause")?);
            (base, Growth::Fibonacci, longest(&mut words)?)
        } else {
            words.skip("fixed");
            let base = SimDuration::from_nanos_f64(words.duration("the pause")?);
            (base, Growth::Exponential(1.0), SimDuration::MAX)
        };
        let jitter = match words.peek() {
            Some("no") => Some(Jitter::None),
            Some("full") => Some(Jitter::Full),
            Some("equal") => Some(Jitter::Equal),
            Some("decorrelated") => Some(Jitter::Decorrelated),
            _ => None,
        };
        if jitter.is_some() {
            words.rest.next();
            words.keyword("jitter")?;
        }
        words.end()?;
        Ok(Self(Backoff { base, growth, max, jitter: jitter.unwrap_or(Jitter::None) }))
    }
}

/// `50ms x2 max 1s`: a base, a multiplier (2 if left out), a longest (none if left out).
fn growth(words: &mut Words<'_>) -> Result<(SimDuration, f64, SimDuration), String> {
    let base = SimDuration::from_nanos_f64(words.duration("the base")?);
    let has_factor =
        words.peek().is_some_and(|word| word.starts_with(['x', '×']) || word.ends_with(['x', '×']));
    let multiplier = if has_factor { words.take::<Factor>("a multiplier")?.0 } else { 2.0 };
    if multiplier < 1.0 {
        return Err(words.refuse("the multiplier is at least 1"));
    }
    Ok((base, multiplier, longest(words)?))
}

/// `max 1s`; no limit if left out.
fn longest(words: &mut Words<'_>) -> Result<SimDuration, String> {
    if words.skip("max") {
        words.duration("the longest").map(SimDuration::from_nanos_f64)
    } else {
        Ok(SimDuration::MAX)
    }
}

impl Written for BackoffPhrase {
    const EXPECTED: &'static str =
        "a backoff such as fixed 500ms or exponential 50ms x2 max 1s full jitter";
    const PATTERN: &'static str = r"^(none$|fixed |exponential |fibonacci |[0-9])";
    const EXAMPLES: &'static [&'static str] = &[
        "fixed 500ms",
        "exponential 50ms x2 max 1s full jitter",
        "fibonacci 100ms max 1s",
        "none",
    ];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("fixed {number}ms"))
    }
}
written!(BackoffPhrase, "Backoff");

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
        assert!(
            mean("uniform 3ms to 1ms")
                .is_err_and(|message| message.contains("below the upper bound"))
        );
        assert!(
            mean("exponential 2ms fast")
                .is_err_and(|message| message.contains("one word too many"))
        );
        assert!(
            "1500ms"
                .parse::<WindowPhrase>()
                .is_err_and(|message| message.contains("whole seconds"))
        );
    }

    #[test]
    fn waits_and_backoffs_are_read() {
        let seconds = SimDuration::from_secs;
        let wait = Wait::Exponential { base: seconds(30), multiplier: 2.0, max: seconds(300) };
        assert_eq!("exponential 30s x2 max 5m".parse(), Ok(WaitPhrase { wait, jitter: 0.0 }));
        assert_eq!(
            "exponential 30s x2 max 5m jitter 20%".parse(),
            Ok(WaitPhrase { wait, jitter: 0.2 })
        );
        let wait = Wait::Adaptive { initial: seconds(30), min: seconds(5), max: SimDuration::MAX };
        assert_eq!("adaptive 30s min 5s".parse(), Ok(WaitPhrase { wait, jitter: 0.0 }));
        let window = |text: &str| text.parse::<WindowPhrase>().map(|phrase| phrase.0);
        assert_eq!(
            window("10s in 4 buckets"),
            Ok(WindowKind::Buckets(4, SimDuration::from_millis(2_500)))
        );
        assert_eq!(window("every 1m"), Ok(WindowKind::Buckets(1, seconds(60))));
        assert!(
            window("10s in 0 buckets").is_err()
                && window("0s").is_err()
                && window("10s in 4").is_err()
        );
        let growth = Growth::Exponential(2.0);
        let backoff = Backoff {
            base: SimDuration::from_millis(50),
            growth,
            max: seconds(1),
            jitter: Jitter::Full,
        };
        assert_eq!("exponential 50ms x2 max 1s full jitter".parse(), Ok(BackoffPhrase(backoff)));
        let fibonacci = Backoff { growth: Growth::Fibonacci, jitter: Jitter::Equal, ..backoff };
        assert_eq!("fibonacci 50ms max 1s equal jitter".parse(), Ok(BackoffPhrase(fibonacci)));
        assert_eq!(
            "poisson 300/s".parse::<ArrivalPhrase>().map(|phrase| phrase.rate),
            Ok(Rate(300.0))
        );
    }
}
