//! The pauses between attempts, as they are written.

use std::str::FromStr;

use sim_core::SimDuration;

use crate::language::distribution::DurationPhrase;
use crate::language::phrase::Phrase;
use crate::language::quantity::{Factor, Share};
use crate::language::{Placed, Problems, Written, written};
use crate::resilience::{Backoff, Growth, Jitter};
use crate::scenario::{Names, Plan};
use crate::system::Pauses;

/// The pause before a retry: `fixed 500ms`, `exponential 50ms x2 max 1s full jitter`, `none`, or a
/// distribution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BackoffPhrase {
    /// A pause that follows from the number of attempts, and may be spread.
    Grows(Backoff),
    /// A pause that is drawn from the same distribution each time.
    Drawn(DurationPhrase),
}

impl BackoffPhrase {
    /// The pauses that the phrase stands for.
    pub fn compile(
        written: &Placed<Self>,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Pauses {
        match &**written {
            Self::Grows(backoff) => Pauses { backoff: *backoff, drawn: None },
            Self::Drawn(phrase) => {
                let drawn = plan.distribution(&written.with(phrase.clone()), names, problems);
                let mean = plan.blueprint.distributions[drawn].mean();
                Pauses {
                    backoff: Backoff::fixed(SimDuration::from_nanos_f64(mean)),
                    drawn: Some(drawn),
                }
            }
        }
    }
}

impl FromStr for BackoffPhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_exponential = text.starts_with("exponential mean ");
        if is_exponential || DurationPhrase::is_begun_by(text) && !text.starts_with("exponential ")
        {
            return text.parse().map(Self::Drawn);
        }
        let mut words = Phrase::new(
            text,
            "fixed 500ms`, `exponential 50ms x2 max 1s full jitter` or `fibonacci 100ms max 1s",
        );
        if words.skip("none") {
            words.end()?;
            return Ok(Self::Grows(Backoff {
                max: SimDuration::ZERO,
                ..Backoff::fixed(SimDuration::ZERO)
            }));
        }
        let (base, growth, max) = if words.skip("exponential") {
            let (base, multiplier, max) = growing(&mut words)?;
            (base, Growth::Exponential(multiplier), max)
        } else if words.skip("fibonacci") {
            let base = SimDuration::from_nanos_f64(words.duration("the first pause")?);
            (base, Growth::Fibonacci, longest(&mut words)?)
        } else {
            words.skip("fixed");
            let base = SimDuration::from_nanos_f64(words.duration("the pause")?);
            (base, Growth::Exponential(1.0), SimDuration::MAX)
        };
        let jitter = jitter(&mut words)?;
        words.end()?;
        Ok(Self::Grows(Backoff { base, growth, max, jitter }))
    }
}

fn jitter(words: &mut Phrase<'_>) -> Result<Jitter, String> {
    let jitters = [
        ("no", Jitter::None),
        ("full", Jitter::Full),
        ("equal", Jitter::Equal),
        ("decorrelated", Jitter::Decorrelated),
    ];
    match jitters.into_iter().find(|(word, _)| words.skip(word)) {
        Some((_, jitter)) => words.keyword("jitter").map(|()| jitter),
        None if words.skip("jitter") => {
            words.take::<Share>("a share").map(|share| Jitter::Around(share.0))
        }
        None => Ok(Jitter::None),
    }
}

/// `50ms x2 max 1s`: a base, a multiplier (2 if left out), a longest (none if left out).
pub(in crate::guards) fn growing(
    words: &mut Phrase<'_>,
) -> Result<(SimDuration, f64, SimDuration), String> {
    let base = SimDuration::from_nanos_f64(words.duration("the base")?);
    let has_factor =
        words.peek().is_some_and(|word| word.starts_with(['x', '×']) || word.ends_with(['x', '×']));
    let multiplier = if has_factor { words.take::<Factor>("a multiplier")?.0 } else { 2.0 };
    if multiplier < 1.0 {
        return Err(words.refuse("the multiplier must be at least 1"));
    }
    Ok((base, multiplier, longest(words)?))
}

/// `max 1s`; no limit if left out.
pub(in crate::guards) fn longest(words: &mut Phrase<'_>) -> Result<SimDuration, String> {
    if words.skip("max") {
        words.duration("the longest").map(SimDuration::from_nanos_f64)
    } else {
        Ok(SimDuration::MAX)
    }
}

impl Written for BackoffPhrase {
    const EXPECTED: &'static str =
        "a backoff such as fixed 500ms or exponential 50ms x2 max 1s full jitter";
    const PATTERN: &'static str = r"^(none$|fixed |exponential |fibonacci |[0-9]|constant |uniform |erlang |gamma |normal |lognormal |pareto |weibull |hyperexponential |empirical )";
    const EXAMPLES: &'static [&'static str] = &[
        "fixed 500ms",
        "exponential 50ms x2 max 1s full jitter",
        "fibonacci 100ms max 1s",
        "none",
        "exponential mean 2s",
    ];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("fixed {number}ms"))
    }
}
written!(BackoffPhrase, "Backoff");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoffs_are_read() {
        let growth = Growth::Exponential(2.0);
        let max = SimDuration::from_secs(1);
        let backoff =
            Backoff { base: SimDuration::from_millis(50), growth, max, jitter: Jitter::Full };
        let read = |text: &str| text.parse::<BackoffPhrase>();
        let grows = |backoff| Ok(BackoffPhrase::Grows(backoff));
        assert_eq!(read("exponential 50ms x2 max 1s full jitter"), grows(backoff));
        let around = Backoff { jitter: Jitter::Around(0.5), ..backoff };
        assert_eq!(read("exponential 50ms x2 max 1s jitter 50%"), grows(around));
        let fibonacci = Backoff { growth: Growth::Fibonacci, jitter: Jitter::Equal, ..backoff };
        assert_eq!(read("fibonacci 50ms max 1s equal jitter"), grows(fibonacci));
        for drawn in ["exponential mean 2s", "uniform 1s to 3s", "lognormal p50 1s p99 9s"] {
            assert!(matches!(read(drawn), Ok(BackoffPhrase::Drawn(_))), "{drawn}");
        }
        assert!(read("fixed 50ms full").is_err() && read("exponential 50ms x0.5").is_err());
    }
}
