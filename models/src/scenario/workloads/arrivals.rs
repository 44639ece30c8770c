//! Arrivals of requests of an open workload.

use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sim_core::{SimDuration, SimTime};

use crate::faults::Surge;
use crate::language::phrase::Phrase;
use crate::language::quantity::{Duration, Period, Rate, Share};
use crate::language::tree::Value;
use crate::language::{
    Decode, Found, Placed, Problems, decode_part, expected, one_of, schema_of, section, unreadable,
    words,
};
use crate::scenario::csv_file::records;
use crate::scenario::names::Names;
use crate::scenario::plan::most;
use crate::workload::{ArrivalProcess, Knot, RateProfile};

/// Number of straight pieces a period that stand for a sine wave: the error stays below 0.01 % of
/// its swing.
const DIURNAL_PIECES: u32 = 288;

/// The period of a rate that follows the time of day, if none is given.
const DAY: SimDuration = SimDuration::from_secs(86_400);

/// The arrivals of requests: `poisson 300/s`, or a process with a rate that changes, or recorded
/// instants.
#[derive(Clone, Debug)]
pub(crate) enum ArrivalsSection {
    /// A process and its rate.
    Phrase(ArrivalPhrase),
    /// A process whose rate changes, or recorded instants.
    Profile(ArrivalProfile),
}

const ARRIVALS: &str = "arrivals such as poisson 300/s, or a map with a changing rate";

impl Decode for ArrivalsSection {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match &found.node.value {
            Value::Map(_) => decode_part(found, problems).map(Self::Profile),
            Value::Text(text) => match text.parse() {
                Ok(phrase) => Some(Self::Phrase(phrase)),
                Err(message) => {
                    problems.add(unreadable(&message, found));
                    None
                }
            },
            _ => {
                expected(ARRIVALS, found, problems);
                None
            }
        }
    }
}

impl JsonSchema for ArrivalsSection {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Arrivals".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let profile = schema_of::<ArrivalProfile>(generator);
        let examples = ["poisson 300/s", "constant 10/s"];
        json_schema!({
            "anyOf": [{ "type": "string", "description": ARRIVALS, "examples": examples }, profile],
        })
    }
}

/// `poisson 300/s` or `constant 300/s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ArrivalPhrase {
    process: Process,
    rate: Rate,
}

impl FromStr for ArrivalPhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = Phrase::new(text, "poisson 300/s");
        let process = match words.take::<String>("an arrival process")?.as_str() {
            "poisson" => Process::Poisson,
            "constant" => Process::Constant,
            other => {
                let what = format!("`{other}` is not an arrival process (poisson, constant)");
                return Err(words.refuse(&what));
            }
        };
        let rate = words.take("a rate")?;
        words.end()?;
        Ok(Self { process, rate })
    }
}

words! {
    /// The way in which arrivals follow their rate.
    pub(crate) enum Process {
        /// Independent arrivals.
        "poisson" => Poisson,
        /// Evenly spaced arrivals.
        "constant" => Constant,
    }
}

section! {
    /// Arrivals whose rate changes.
    pub(crate) struct ArrivalProfile {
        /// Independent (poisson, if left out) or evenly spaced (constant).
        "process" => process: Option<Process>,
        .. => shape: Shape,
    }
}

one_of! {
    /// The rate of arrivals over time.
    pub(crate) enum Shape("rate") {
        /// The same rate for the whole run.
        "rate" => Constant(Constant),
        /// A rate from each instant on.
        "steps" => Steps(RateSteps),
        /// A rate at each instant, and straight lines between.
        "ramp" => Ramp(Ramp),
        /// A base rate with one peak.
        "spike" => Spike(WithSpike),
        /// A rate that rises and falls with the time of day.
        "diurnal" => Diurnal(WithDiurnal),
        /// Recorded instants.
        "replay" => Replay(Replay),
    }
}

section! {
    /// The same rate for the whole run.
    pub(crate) struct Constant {
        /// The rate.
        "rate" => rate: Rate,
    }
}

section! {
    /// A rate from each instant on.
    pub(crate) struct RateSteps {
        /// The instants and their rates.
        "steps" => steps: Placed<Vec<RatePoint>>,
    }
}

section! {
    /// A rate at each instant, and straight lines between.
    pub(crate) struct Ramp {
        /// The instants and their rates.
        "ramp" => ramp: Placed<Vec<RatePoint>>,
    }
}

section! {
    /// A base rate with one peak.
    pub(crate) struct WithSpike {
        /// The base and the peak.
        "spike" => spike: Spike,
    }
}

section! {
    /// A rate that rises and falls with the time of day.
    pub(crate) struct WithDiurnal {
        /// The mean rate and its swing.
        "diurnal" => diurnal: Placed<Diurnal>,
    }
}

section! {
    /// Recorded instants.
    pub(crate) struct Replay {
        /// A CSV file with one arrival a line, in seconds from the beginning.
        "replay" => replay: Placed<String>,
    }
}

section! {
    /// A rate at an instant.
    pub(crate) struct RatePoint {
        /// The instant, such as `1m`.
        "at" => at: Duration,
        /// The rate, such as `300/s`.
        "rate" => rate: Rate,
    }
}

section! {
    /// A base rate with one peak.
    pub(crate) struct Spike {
        /// The rate before and after, such as `100/s`.
        "base" => base: Rate,
        /// The rate of the peak, such as `500/s`.
        "peak" => peak: Rate,
        /// The time at which the peak begins, such as `1m`.
        "at" => at: Duration,
        /// The time that the peak lasts, such as `30s`.
        "for" => lasts: Duration,
    }
}

section! {
    /// A rate that follows a sine wave.
    pub(crate) struct Diurnal {
        /// The mean rate, such as `100/s`.
        "mean" => mean: Rate,
        /// The swing of the rate as a share of the mean, such as `50%`.
        "swing" => swing: Share,
        /// The length of a day; 24h if left out.
        "period" => period: Option<Placed<Period>>,
        /// The time of day at which the rate is highest; half a period if left out.
        "peak at" => peak_at: Option<Duration>,
    }
}

/// Compiles the arrivals of a workload, surges included, for a run of the given duration.
pub(super) fn compile(
    arrivals: &ArrivalsSection,
    workload: &str,
    duration: SimDuration,
    names: &Names<'_>,
    problems: &mut Problems,
) -> ArrivalProcess {
    let (process, profile) = match arrivals {
        ArrivalsSection::Phrase(ArrivalPhrase { process, rate }) => {
            (*process, RateProfile::constant(rate.0))
        }
        ArrivalsSection::Profile(ArrivalProfile { shape: Shape::Replay(replay), .. }) => {
            return recorded(&replay.replay, names, problems);
        }
        ArrivalsSection::Profile(profile) => {
            let process = profile.process.unwrap_or(Process::Poisson);
            (process, rate_profile(&profile.shape, duration, problems))
        }
    };
    let surges = Surge::all_on(workload, names);
    let profile = surges.iter().fold(profile, |profile, surge| profile.times(surge));
    match process {
        Process::Poisson => ArrivalProcess::Poisson(profile),
        Process::Constant => ArrivalProcess::Constant(profile),
    }
}

fn rate_profile(shape: &Shape, duration: SimDuration, problems: &mut Problems) -> RateProfile {
    match shape {
        Shape::Constant(Constant { rate }) => RateProfile::constant(rate.0),
        Shape::Steps(RateSteps { steps }) => steps_profile(steps, problems),
        Shape::Ramp(Ramp { ramp }) => ramp_profile(ramp, problems),
        Shape::Spike(WithSpike { spike }) => spike_profile(spike),
        Shape::Diurnal(WithDiurnal { diurnal }) => diurnal_profile(diurnal, duration, problems),
        Shape::Replay(_) => RateProfile::constant(0.0),
    }
}

fn are_in_order(points: &Placed<Vec<RatePoint>>, problems: &mut Problems) -> bool {
    let are_sorted = !points.is_empty() && points.is_sorted_by(|a, b| a.at < b.at);
    if !are_sorted {
        let help = "write `[ { at: 0s, rate: 100/s }, { at: 1m, rate: 300/s } ]`";
        problems.error(points.at(), "the points are not in order of time", help);
    }
    are_sorted
}

fn steps_profile(points: &Placed<Vec<RatePoint>>, problems: &mut Problems) -> RateProfile {
    if !are_in_order(points, problems) {
        return RateProfile::constant(0.0);
    }
    let mut knots = Vec::new();
    let mut before = 0.0;
    for point in points.iter() {
        let at = point.at.0.as_secs_f64();
        knots.extend([Knot { at, rate: before }, Knot { at, rate: point.rate.0 }]);
        before = point.rate.0;
    }
    RateProfile::new(knots)
}

fn ramp_profile(points: &Placed<Vec<RatePoint>>, problems: &mut Problems) -> RateProfile {
    if !are_in_order(points, problems) {
        return RateProfile::constant(0.0);
    }
    let knot = |point: &RatePoint| Knot { at: point.at.0.as_secs_f64(), rate: point.rate.0 };
    RateProfile::new(points.iter().map(knot).collect())
}

fn spike_profile(spike: &Spike) -> RateProfile {
    let (begin, end) = (spike.at.0.as_secs_f64(), (spike.at.0 + spike.lasts.0).as_secs_f64());
    let knot = |at, rate| Knot { at, rate };
    RateProfile::new(vec![
        knot(0.0, spike.base.0),
        knot(begin, spike.base.0),
        knot(begin, spike.peak.0),
        knot(end, spike.peak.0),
        knot(end, spike.base.0),
    ])
}

fn diurnal_profile(
    diurnal: &Placed<Diurnal>,
    duration: SimDuration,
    problems: &mut Problems,
) -> RateProfile {
    let period = diurnal.period.as_ref().map_or(DAY, |period| period.0);
    let turns = duration.as_secs_f64() / period.as_secs_f64();
    if period.is_zero() || turns > most::TURNS {
        let at = diurnal.period.as_ref().map_or(diurnal.at(), Placed::at);
        let message = format!("a period of {period} repeats too often in a run of {duration}");
        let most = most::TURNS;
        let help = format!("{most} times is the most; write the length of a day, such as `24h`");
        problems.error(at, message, help);
        return RateProfile::constant(0.0);
    }
    let peak_at = diurnal.peak_at.map_or(period.as_secs_f64() / 2.0, |at| at.0.as_secs_f64());
    let step = period.as_secs_f64() / f64::from(DIURNAL_PIECES);
    let pieces = libm::ceil(turns * f64::from(DIURNAL_PIECES)) as u32;
    let rate = |at: f64| {
        let phase = std::f64::consts::TAU * (at - peak_at) / period.as_secs_f64();
        diurnal.mean.0 * (1.0 + diurnal.swing.0 * libm::cos(phase))
    };
    let knots = (0..=pieces).map(|piece| f64::from(piece) * step);
    RateProfile::new(knots.map(|at| Knot { at, rate: rate(at) }).collect())
}

/// Arrivals at recorded instants.
fn recorded(file: &Placed<String>, names: &Names<'_>, problems: &mut Problems) -> ArrivalProcess {
    let nothing = ArrivalProcess::Replay(Vec::new());
    let Some(records) = records(file, names.folder, problems) else { return nothing };
    let mut times = Vec::new();
    for (line, record) in records.iter().enumerate() {
        let seconds = record.get(0).and_then(|text| text.parse::<f64>().ok());
        match seconds.filter(|seconds| *seconds >= 0.0) {
            Some(seconds) => times.push(SimTime::ZERO + SimDuration::from_secs_f64(seconds)),
            None if line == 0 => {}
            None => {
                let message = format!("{}, line {}: not a number of seconds", **file, line + 1);
                problems.error(file.at(), message, "write one arrival a line, such as `0.250`");
                return nothing;
            }
        }
    }
    if times.is_empty() {
        let message = format!("{} has no arrivals", **file);
        problems.error(file.at(), message, "write one arrival a line, such as `0.250`");
    }
    if !times.is_sorted() {
        let message = format!("the arrivals in {} are not in order of time", **file);
        problems.error(file.at(), message, "sort the file");
    }
    ArrivalProcess::Replay(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_of_arrivals_is_read() {
        let rate = "poisson 300/s".parse::<ArrivalPhrase>().map(|phrase| phrase.rate);
        assert_eq!(rate, Ok(Rate(300.0)));
        assert!("poison 300/s".parse::<ArrivalPhrase>().is_err());
    }
}
