//! Faults that strike instance after instance, and leave them one by one.

use std::fmt;
use std::str::FromStr;

use sim_core::{SimDuration, SimTime};

use super::fault::Part;
use super::instances::{InstanceChoice, instances_in_words, runs, struck_instances};
use super::{Fault, Victim};
use crate::language::phrase::Phrase;
use crate::language::quantity::Period;
use crate::language::{Placed, Problem, Problems, Written, section, written};
use crate::scenario::Plan;
use crate::system::{Id, Ids, of};

section! {
    /// The instances that a fault strikes, and the pace at which it does.
    pub(crate) struct Reach {
        /// The instances that it strikes: the first ones, as a number or a share; `11 to 20`, by
        /// numbers from 1; a list such as `[1, 3, 5]`; or any of them, drawn by each run, such as `3 at random`. All if
        /// left out.
        "instances" => instances: Option<Placed<InstanceChoice>>,
        /// The pace at which it strikes them in their order, such as `one every 30s`; all at once if
        /// left out.
        "begin" => begin: Option<Placed<Pace>>,
        /// The pace at which it leaves them in their order, such as `one every 30s`; all at once if
        /// left out. `for` counts until it leaves the first.
        "end" => end: Option<Placed<Pace>>,
    }
}

/// A pace: `one every 30s`, `2 every 30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The number of instances at a time, 1 at least.
    pub number: u32,
    /// The time from one such group to the next.
    pub every: SimDuration,
}

impl Pace {
    /// The time until the turn of the instance at a position, counted from 0.
    pub fn until(self, position: usize) -> SimDuration {
        self.every * (position as u64 / u64::from(self.number))
    }
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut phrase = Phrase::new(text, "one every 30s");
        let number = if phrase.skip("one") { 1 } else { phrase.take("a number of instances")? };
        phrase.keyword("every")?;
        let every = SimDuration::from_nanos_f64(phrase.duration("the time between two")?);
        if number == 0 {
            return Err(phrase.refuse("a pace is above zero"));
        }
        let Period(every) = Period::of(every)?;
        phrase.end()?;
        Ok(Self { number, every })
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => write!(f, "one every {}", self.every),
            number => write!(f, "{number} every {}", self.every),
        }
    }
}

impl Written for Pace {
    const EXPECTED: &'static str = "a pace such as one every 30s";
    const PATTERN: &'static str = r"^(one|[0-9]+) every [0-9.]+\s*(ns|us|µs|ms|s|m|h)$";
    const EXAMPLES: &'static [&'static str] = &["one every 30s", "2 every 1m"];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("one every {number}s"))
    }
}
written!(Pace, "Pace");

/// A fault that is simulated as several, as the timeline tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The instances that it strikes, in words: `a#11–20`.
    pub target: String,
    /// The pace at which it strikes them.
    pub begin: Option<Pace>,
    /// The pace at which it leaves them.
    pub end: Option<Pace>,
    /// The time from the beginning of the first to the end of the last; [`SimDuration::MAX`] if it
    /// never ends.
    pub length: SimDuration,
}

/// The faults that one fault of a station is simulated as: one for the instances that it strikes
/// and leaves together, of those that are there when it begins.
pub(crate) fn in_steps(
    whole: &Fault,
    station: Id<of::Station>,
    there: Ids<of::Instance>,
    reach: Option<&Reach>,
    plan: &Plan,
    problems: &mut Problems,
) -> Vec<Fault> {
    let choice = reach.and_then(|reach| reach.instances.as_ref());
    let struck = struck_instances(station, there, reach, plan, problems);
    let pace = |of: fn(&Reach) -> &Option<Placed<Pace>>| reach.and_then(|reach| of(reach).as_ref());
    let (begin, end) = (pace(|reach| &reach.begin), pace(|reach| &reach.end));
    if let Some(end) = end.filter(|_| whole.end == SimTime::MAX) {
        let help = "say with `for` how long until it leaves the first instance";
        problems.error(end.key(), "this fault never ends", help);
    }
    let until = |pace: Option<&Placed<Pace>>, position| {
        pace.map_or(SimDuration::ZERO, |pace| pace.until(position))
    };
    for pace in begin.into_iter().chain(end) {
        pace_of_one_step(pace, struck.len(), problems);
    }
    let drawn = match choice.map(|choice| &**choice) {
        Some(InstanceChoice::AtRandom(_)) => {
            Some(Victim::first_of(struck.len(), there, &whole.target, plan))
        }
        _ => None,
    };
    let mut faults: Vec<Fault> = Vec::new();
    for (position, &instance) in struck.iter().enumerate() {
        let (begins, ends) =
            (whole.begin + until(begin, position), whole.end + until(end, position));
        if let Some(begin) = begin.filter(|_| begins >= ends && whole.begin < whole.end) {
            let message = "this fault leaves an instance before it has struck it";
            let help = "`for` counts from its beginning until it leaves the first instance; give it a longer one, or a slower `end`";
            problems.error(begin.key(), message, help);
            break;
        }
        match faults.last_mut() {
            Some(last)
                if drawn.is_none()
                    && (last.begin, last.end) == (begins, ends)
                    && last.instances.end() == instance =>
            {
                last.instances = last.instances.and_next();
            }
            _ => faults.push(Fault {
                begin: begins,
                end: ends,
                instances: Ids::one(instance),
                part: Part::Later,
                victim: drawn.as_ref().map(|first| first.at(position)),
                ..whole.clone()
            }),
        }
    }
    let last_end = faults.last().map_or(whole.end, |last| last.end);
    let all = plan.blueprint.stations[station].instances;
    let is_whole = faults.len() == 1;
    if let Some(first) = faults.first_mut() {
        let never = last_end == SimTime::MAX;
        first.part = if is_whole {
            Part::Whole
        } else {
            Part::First(Steps {
                target: instances_in_words(&whole.target, &runs(&struck), all),
                begin: begin.map(|pace| **pace),
                end: end.map(|pace| **pace),
                length: if never { SimDuration::MAX } else { last_end.since(whole.begin) },
            })
        };
    }
    faults
}

/// Warns of a pace with which all instances have their turn at once.
fn pace_of_one_step(pace: &Placed<Pace>, instances: usize, problems: &mut Problems) {
    if instances > 0 && pace.until(instances - 1).is_zero() {
        let reason = match instances {
            1 => "it is for one instance".to_owned(),
            _ => format!("all {instances} instances have their turn at once"),
        };
        let message = format!("this pace changes nothing: {reason}");
        let help = "strike more `instances`, or leave it out";
        let problem = Problem::warning(message, Some(pace.key()));
        problems.add(problem.labelled("no effect").with_help(help));
    }
}

impl Reach {
    /// True if it strikes or leaves instances one after the other.
    pub fn is_paced(&self) -> bool {
        self.begin.is_some() || self.end.is_some()
    }

    /// The time from leaving the first of `count` instances to leaving the last.
    pub fn time_to_leave(&self, count: usize) -> SimDuration {
        self.end.as_ref().map_or(SimDuration::ZERO, |end| end.until(count.saturating_sub(1)))
    }

    /// Notes a problem if instances or a pace are written for something that has no instances of
    /// its own.
    pub fn must_be_empty(&self, why: &str, help: &str, problems: &mut Problems) {
        let keys = [
            self.instances.as_ref().map(Placed::key),
            self.begin.as_ref().map(Placed::key),
            self.end.as_ref().map(Placed::key),
        ];
        for key in keys.into_iter().flatten() {
            problems.error(key, why, help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_read_and_written_alike() {
        let pace = |text: &str| text.parse::<Pace>();
        assert_eq!(
            pace("one every 30s"),
            Ok(Pace { number: 1, every: SimDuration::from_secs(30) })
        );
        assert_eq!(pace("3 every 1m").map(|pace| pace.to_string()), Ok("3 every 1m".to_owned()));
        for strange in ["0 every 30s", "one 30s", "every 30s", "one every 30s x"] {
            assert!(pace(strange).is_err_and(|message| message.contains("one every 30s")));
        }
        assert!(pace("one every 0s").is_err_and(|message| message.contains("at least `1ms`")));
    }
}
