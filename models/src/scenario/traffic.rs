//! The sections about who sends requests and when. Their descriptions become those of the JSON
//! Schema.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::forms::OrNumber;
use super::phrases::{ArrivalPhrase, DurationPhrase, Process};
use super::quantity::{Duration, Rate, Share};
use super::schema::Step;

/// A source of requests: open with `arrivals`, closed with `users`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Workload {
    /// The service that is called, or one of its operations: `web` or `web.checkout`.
    pub to: Option<String>,
    /// What clients do instead, each with a weight.
    pub operations: IndexMap<String, ClientOperation>,
    /// What each user does once, before anything else.
    pub begin: Vec<Step>,
    /// When requests arrive, whatever happens to earlier ones.
    pub arrivals: Option<Arrivals>,
    /// Users who send, wait for the answer, think and repeat.
    pub users: Option<OrNumber<Users>>,
    /// Time between an answer and the user's next request; none if left out.
    pub think: Option<DurationPhrase>,
    /// The region of its clients.
    pub region: Option<String>,
    /// What an answer is worth; 1 if left out.
    pub value: Option<f64>,
    /// What an answer by a fallback is worth; as much if left out.
    #[serde(rename = "degraded value")]
    pub degraded_value: Option<f64>,
    /// The class of its requests, one of `priorities`; the last if left out.
    pub priority: Option<String>,
}

/// Something that clients do.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientOperation {
    /// How often, in proportion to the other operations.
    #[serde(default = "one")]
    pub weight: f64,
    /// Calls and pauses, one after the other; each call is a request.
    pub steps: Vec<Step>,
}

fn one() -> f64 {
    1.0
}

/// When requests arrive: `poisson 300/s`, or a process with a rate that changes, or recorded
/// instants.
#[derive(Clone, Debug)]
pub(super) enum Arrivals {
    Phrase(ArrivalPhrase),
    Profile(ArrivalProfile),
}

/// Arrivals whose rate changes. One of rate, steps, ramp, spike, diurnal and replay says how.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ArrivalProfile {
    /// Independent (poisson, if left out) or evenly spaced (constant).
    pub process: Option<Process>,
    /// The same rate for the whole run.
    pub rate: Option<Rate>,
    /// A rate from each instant on.
    pub steps: Option<Vec<RatePoint>>,
    /// A rate at each instant, and straight lines between.
    pub ramp: Option<Vec<RatePoint>>,
    /// A base rate with one peak.
    pub spike: Option<Spike>,
    /// A rate that rises and falls with the time of day.
    pub diurnal: Option<Diurnal>,
    /// A CSV file with one arrival a line, in seconds from the beginning.
    pub replay: Option<String>,
}

/// A rate at an instant.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RatePoint {
    /// The instant.
    pub at: Duration,
    /// The rate.
    pub rate: Rate,
}

/// A base rate with one peak.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Spike {
    /// The rate before and after.
    pub base: Rate,
    /// The rate of the peak.
    pub peak: Rate,
    /// When the peak begins.
    pub at: Duration,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: Duration,
}

/// A rate that follows a sine wave.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Diurnal {
    /// The mean rate.
    pub mean: Rate,
    /// How far it swings, as a share of the mean.
    pub swing: Share,
    /// The length of a day; 24h if left out.
    pub period: Option<Duration>,
    /// When in the day the rate is highest; half a period if left out.
    #[serde(rename = "peak at")]
    pub peak_at: Option<Duration>,
}

/// How many users there are over time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Users {
    /// Users at the beginning.
    pub from: u32,
    /// Stages that follow.
    #[serde(default)]
    pub stages: Vec<UserStage>,
}

/// A stretch of time over which the number of users moves to a target.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserStage {
    /// Users at its end.
    pub to: u32,
    /// How long it takes.
    pub over: Duration,
}
