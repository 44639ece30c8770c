//! Checks that many settings share.

use std::fmt::Display;
use std::ops::RangeInclusive;

use sim_core::SimDuration;

use super::Placed;
use super::problem::{Location, Problem, Problems, did_you_mean, some_of};
use super::quantity::{Duration, Rate};

impl Problems {
    /// Notes an error at a place.
    pub(crate) fn error(
        &mut self,
        at: Location,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Problem::error(message, Some(at)).with_help(help));
    }

    /// Notes a warning at a place.
    pub(crate) fn warning(
        &mut self,
        at: Location,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Problem::warning(message, Some(at)).with_help(help));
    }

    /// A number of at least one, or the default.
    pub(crate) fn at_least_one(
        &mut self,
        written: Option<&Placed<u32>>,
        default: u32,
        what: &str,
    ) -> u32 {
        let Some(number) = written else { return default };
        if **number == 0 {
            self.error(number.at(), format!("{what} must be at least 1"), "write a number from 1");
        }
        (**number).max(1)
    }

    /// A number within a range, or the default.
    pub(crate) fn within<T: Copy + PartialOrd + Display>(
        &mut self,
        written: Option<&Placed<T>>,
        default: T,
        range: RangeInclusive<T>,
    ) -> T {
        match written {
            None => default,
            Some(number) if range.contains(number) => **number,
            Some(number) => {
                let help = format!("write a number from {} to {}", range.start(), range.end());
                self.error(number.at(), format!("`{}` is out of range", **number), help);
                default
            }
        }
    }

    /// A span of time that is not zero.
    pub(crate) fn above_zero(&mut self, span: &Placed<Duration>) -> SimDuration {
        if span.0.is_zero() {
            self.error(span.at(), "this must be longer than zero", "write a span such as `10s`");
            return SimDuration::from_secs(1);
        }
        span.0
    }

    /// The time between two events at a rate.
    pub(crate) fn interval(&mut self, rate: &Placed<Rate>) -> SimDuration {
        if rate.0 <= 0.0 {
            let help = "write a rate such as `100/s`";
            self.error(rate.at(), "a rate of zero lets nothing through", help);
            return SimDuration::from_secs(1);
        }
        let nanos = 1e9 / rate.0;
        if !(0.5..u64::MAX as f64).contains(&nanos) {
            let help = "write a rate between one in 584 years and one in a nanosecond";
            self.error(rate.at(), format!("`{}` is out of range", **rate), help);
        }
        SimDuration::from_nanos_f64(nanos)
    }

    /// True if a scenario may have this many of something; notes a problem otherwise.
    pub(crate) fn may_have(&mut self, count: u64, most: u64, what: &str, at: Location) -> bool {
        if count > most {
            let help = format!("a scenario may have at most {most}; make it smaller");
            self.error(at, format!("this makes {count} {what} in all"), help);
        }
        count <= most
    }

    /// Notes that there is nothing of this name, with the name that was probably meant. `otherwise`
    /// is the advice if nothing of this kind has a name.
    pub(crate) fn no_such<'a>(
        &mut self,
        what: &str,
        name: &str,
        at: Location,
        known: impl IntoIterator<Item = &'a str>,
        otherwise: impl Into<String>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let help = self.meant(name, known.iter().copied(), || match known.as_slice() {
            [] => otherwise.into(),
            known => format!("known names: {}", some_of(known.iter())),
        });
        self.error(at, format!("there is no {what} `{name}`"), help);
    }

    /// Advice for an unknown name: the known name that it resembles, or `otherwise`.
    pub(crate) fn meant<'a>(
        &self,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
        otherwise: impl FnOnce() -> String,
    ) -> String {
        match self.are_read().then(|| did_you_mean(name, known)).flatten() {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => otherwise(),
        }
    }

    /// True as long as anybody reads the advice that comes with the next error: to find a name that one of thousands
    /// resembles takes long.
    pub(crate) fn are_read(&self) -> bool {
        const MOST_READ: usize = 100;
        self.errors() < MOST_READ
    }
}

/// Names in backticks, to choose one from: "`a`, `b` or `c`".
pub(crate) fn listed(names: &[&str]) -> String {
    joined(names, "or")
}

/// Names in backticks: "`a`, `b` and `c`".
pub(crate) fn all(names: &[&str]) -> String {
    joined(names, "and")
}

fn joined(names: &[&str], last_word: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {last_word} {last}", others.join(", ")),
        None => String::new(),
    }
}
