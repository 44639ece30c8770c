//! Resolves names to dense ids.
//!
//! Stations come first, so that everything else can name them; then workloads and handlers, whose
//! calls discover the edges; then the guards of each edge; then faults. Whatever cannot be resolved
//! is a problem with a place.

mod admission;
mod balance;
mod breakers;
mod edges;
mod expectations;
mod fallbacks;
mod faults;
mod figures;
mod goals;
mod guards;
mod handlers;
mod operator;
mod places;
mod proxies;
mod queues;
mod readings;
mod stability;
mod stations;
mod workloads;

use std::path::Path;

use indexmap::IndexMap;
use sim_core::{Distribution, SimDuration};

use super::decode::Decoded;
use super::phrases::DurationPhrase;
use super::problem::{Location, Problem, Problems, Sources, did_you_mean};
use super::purpose::{GoalsRequest, Purpose};
use super::schema::{self, Scenario};
use super::tree::{Segment, parse_path};
use crate::study::{GoalsPlan, StabilityPlan, SweepPlan};
use crate::system::{Blueprint, DeadlinePlan, Ends, Limits, NONE, Prices, RunPlan};

/// Settings that apply when the file says nothing.
mod default {
    use sim_core::SimDuration;

    pub const DURATION: SimDuration = SimDuration::from_secs(60);
    pub const SEED: u64 = 1;
    pub const AVAILABILITY_LEVEL: f64 = 0.99;
    pub const EVENTS: u64 = 10_000_000_000;
    pub const IN_FLIGHT: u64 = 5_000_000;
    pub const MEMORY: u64 = 4_000_000_000;
}

/// Handlers longer than this, repetitions unrolled, are refused.
const MOST_STEPS: usize = 65_536;

/// Limits on what one scenario may describe: far above any real system, and far below any machine's
/// memory. What arises only while it runs has limits of its own, in the section `limits:`.
mod most {
    /// Instances of all services, databases and caches.
    pub const INSTANCES: u64 = 100_000;
    /// Pools, those of bulkheads included.
    pub const POOLS: u64 = 500_000;
    /// Breakers.
    pub const BREAKERS: u64 = 100_000;
    /// Calls, or seconds, that all breakers together look back.
    pub const LOOKED_BACK: u64 = 10_000_000;
    /// Beginnings of one fault that repeats.
    pub const REPETITIONS: u64 = 10_000;
    /// Keys of one cache.
    pub const KEYS: u64 = 1_000_000;
    /// Partitions of one queue of messages.
    pub const PARTITIONS: u64 = 10_000;
    /// Turns of a rate that follows the time of day.
    pub const TURNS: f64 = 10_000.0;
}

/// Whose steps are being compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    Workload(u32),
    Station(u32),
    Queue(u32),
}

/// An edge found in a handler, before its guards are known.
pub(super) struct FoundEdge {
    pub caller: Caller,
    pub callee: u32,
}

pub(super) struct Compiler<'a> {
    scenario: &'a Scenario,
    decoded: &'a Decoded<Scenario>,
    folder: &'a Path,
    sources: &'a Sources,
    problems: &'a mut Problems,
    blueprint: Blueprint,
    stations: IndexMap<String, u32>,
    /// First step of each operation of each station; the unnamed one is "".
    entries: IndexMap<(u32, String), u32>,
    /// The operation that each call site calls.
    called: Vec<(u32, String)>,
    edges: Vec<FoundEdge>,
    /// Calls, or seconds, that the breakers so far look back.
    looked_back: u64,
    /// Caches that know what is in them.
    keyed_caches: IndexMap<String, u32>,
    /// Whether some requests fail whenever they come.
    has_poison: bool,
}

/// What a scenario was compiled to.
pub(super) struct Compiled {
    /// The system.
    pub blueprint: Blueprint,
    /// What a sweep of it would be.
    pub sweep: SweepPlan,
    /// What is wanted of it, if anything is.
    pub goals: Option<GoalsPlan>,
    /// Which loads and triggers it is to be tried with, if any.
    pub stability: Option<StabilityPlan>,
}

/// Compiles typed sections; what is read off each run depends on the purpose. What comes back is of
/// use only if no error was added to `problems`.
pub(super) fn compile(
    decoded: &Decoded<Scenario>,
    name: &str,
    folder: &Path,
    sources: &Sources,
    problems: &mut Problems,
    purpose: &Purpose,
) -> Compiled {
    let scenario = &decoded.sections;
    let blueprint = Blueprint {
        name: scenario.name.clone().unwrap_or_else(|| name.to_owned()),
        run: run_plan(scenario),
        limits: limits(scenario),
        workloads: Vec::new(),
        stations: Vec::new(),
        instances: Vec::new(),
        pools: Vec::new(),
        edges: Vec::new(),
        sites: Vec::new(),
        program: Vec::new(),
        tables: Vec::new(),
        distributions: Vec::new(),
        breakers: Vec::new(),
        rate_limits: Vec::new(),
        gates: Vec::new(),
        retry_budgets: Vec::new(),
        deadlines: Vec::new(),
        queues: Vec::new(),
        caches: Vec::new(),
        autoscalers: Vec::new(),
        distances: Vec::new(),
        regions: 0,
        is_elaborate: false,
        customers: scenario.customers.unwrap_or(0),
        effects: Vec::new(),
        idempotency: Vec::new(),
        tracks_requests: false,
        faults: Vec::new(),
        orders: Vec::new(),
        experiment: 0..0,
        abort_when: Vec::new(),
        alerts: Vec::new(),
        expectations: Vec::new(),
        latency_windows: Vec::new(),
        readings: Vec::new(),
        prices: Prices::default(),
    };
    let mut compiler = Compiler {
        scenario,
        decoded,
        folder,
        sources,
        problems,
        blueprint,
        stations: IndexMap::new(),
        entries: IndexMap::new(),
        called: Vec::new(),
        edges: Vec::new(),
        looked_back: 0,
        keyed_caches: IndexMap::new(),
        has_poison: false,
    };
    compiler.run_section();
    compiler.regions();
    compiler.stations();
    compiler.workloads();
    compiler.queues();
    compiler.handlers();
    compiler.guards();
    compiler.resolve_sites();
    compiler.faults();
    compiler.operator();
    compiler.alerts();
    compiler.chaos();
    compiler.prices();
    compiler.expectations();
    let for_expectations = compiler.blueprint.latency_windows.len();
    let sweep = compiler.sweep();
    let goals = compiler.goals();
    let stability = compiler.stability();
    match purpose {
        Purpose::Run | Purpose::Point(_) => compiler.read_nothing(for_expectations),
        Purpose::Sweep(_) => {}
        Purpose::Goals(GoalsRequest { condition, .. }) => {
            compiler.read_nothing(for_expectations);
            let objectives = goals.as_ref().map_or(&[][..], |goals| &goals.objectives);
            compiler.blueprint.readings = compiler.goal_readings(condition.as_deref(), objectives);
        }
    }
    let has_poison = compiler.has_poison;
    let blueprint = &mut compiler.blueprint;
    blueprint.tracks_requests = has_poison
        || blueprint.customers > 0
        || !blueprint.caches.is_empty()
        || !blueprint.effects.is_empty()
        || !blueprint.idempotency.is_empty();
    blueprint.is_elaborate = blueprint.tracks_requests || !blueprint.distances.is_empty();
    Compiled { blueprint: compiler.blueprint, sweep, goals, stability }
}

fn run_plan(scenario: &Scenario) -> RunPlan {
    let run = &scenario.run;
    RunPlan {
        duration: run.duration.map_or(default::DURATION, |duration| duration.0),
        warmup: run.warmup.map_or(SimDuration::ZERO, |duration| duration.0),
        drain: run.drain.map_or(SimDuration::ZERO, |duration| duration.0),
        seed: run.seed.unwrap_or(default::SEED),
        availability_level: run.availability.map_or(default::AVAILABILITY_LEVEL, |share| share.0),
    }
}

fn limits(scenario: &Scenario) -> Limits {
    let limits = &scenario.limits;
    Limits {
        events: limits.events.unwrap_or(default::EVENTS),
        in_flight: limits.in_flight.unwrap_or(default::IN_FLIGHT),
        memory: limits.memory.map_or(default::MEMORY, |bytes| bytes.0),
    }
}

impl Compiler<'_> {
    /// Leaves only what is kept for expectations.
    fn read_nothing(&mut self, latency_windows: usize) {
        self.blueprint.readings.clear();
        self.blueprint.latency_windows.truncate(latency_windows);
    }

    fn run_section(&mut self) {
        let run = self.blueprint.run;
        if run.duration.is_zero() {
            let at = self.value_at("run.duration");
            self.problems.add(
                Problem::error("the duration is zero", at)
                    .with_help("write how long to simulate, such as `5m`"),
            );
        } else if run.warmup >= run.duration {
            let at = self.value_at("run.warmup");
            let message = format!(
                "the warm-up of {} leaves nothing of a run of {}",
                run.warmup, run.duration
            );
            self.problems.add(
                Problem::error(message, at)
                    .with_help("requests that begin during the warm-up are not counted"),
            );
        }
    }

    /// Where the value at a path lies; the nearest value around it if it was left out.
    #[allow(clippy::unnecessary_wraps, reason = "places are optional wherever they are used")]
    fn value_at(&self, path: &str) -> Option<Location> {
        Some(self.decoded.tree.nearest_location(&parse_path(path)))
    }

    /// Where the key at a path lies.
    fn key_at(&self, path: &str) -> Option<Location> {
        self.decoded.tree.key_location(&parse_path(path)).or_else(|| self.value_at(path))
    }

    /// Whether something at or below `path` was wrong and left out, so that its absence is no news.
    fn was_removed(&self, path: &str) -> bool {
        let path: Vec<Segment> = parse_path(path);
        self.decoded.removed.iter().any(|gone| gone.starts_with(&path) || path.starts_with(gone))
    }

    fn error(&mut self, at: Option<Location>, message: impl Into<String>, help: impl Into<String>) {
        self.problems.add(Problem::error(message, at).with_help(help));
    }

    /// The id of a station by name, or a problem with the place of `path`.
    fn station(&mut self, name: &str, path: &str) -> Option<u32> {
        if let Some(id) = self.stations.get(name) {
            return Some(*id);
        }
        if self.was_removed(&format!("services.{name}"))
            || self.was_removed(&format!("databases.{name}"))
        {
            return None;
        }
        let help = match did_you_mean(name, self.stations.keys().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!(
                "known are {}",
                self.stations.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        };
        let at = self.value_at(path);
        self.problems.add(
            Problem::error(format!("there is no service, database or cache `{name}`"), at)
                .with_help(help),
        );
        None
    }

    /// A distribution's dense id.
    fn distribution(&mut self, phrase: &DurationPhrase, path: &str) -> u32 {
        let distribution = self.read_distribution(phrase, path);
        if let Some(known) =
            self.blueprint.distributions.iter().position(|known| *known == distribution)
        {
            return known as u32;
        }
        self.blueprint.distributions.push(distribution);
        (self.blueprint.distributions.len() - 1) as u32
    }

    fn read_distribution(&mut self, phrase: &DurationPhrase, path: &str) -> Distribution {
        match phrase {
            DurationPhrase::Known(distribution) => distribution.clone(),
            DurationPhrase::Measured(file) => {
                self.measured(file, path).unwrap_or(Distribution::Constant { value: 0.0 })
            }
        }
    }

    /// A CSV of `value,weight`, values as durations; a header line is skipped.
    fn measured(&mut self, file: &str, path: &str) -> Option<Distribution> {
        let mut values = Vec::new();
        for (line, record) in self.csv(file, path)?.into_iter().enumerate() {
            let value =
                record.get(0).and_then(|text| text.parse::<super::quantity::Duration>().ok());
            let weight = record.get(1).map_or(Ok(1.0), str::parse::<f64>);
            match (value, weight) {
                (Some(value), Ok(weight)) => values.push((value.0.as_nanos() as f64, weight)),
                _ if line == 0 => {}
                _ => {
                    let at = self.value_at(path);
                    self.error(
                        at,
                        format!("{file}, line {}: not a value and a weight", line + 1),
                        "write lines such as `12ms,3`",
                    );
                    return None;
                }
            }
        }
        match Distribution::empirical(&values) {
            Ok(distribution) => Some(distribution),
            Err(error) => {
                let at = self.value_at(path);
                self.error(at, format!("{file}: {error}"), "write lines such as `12ms,3`");
                None
            }
        }
    }

    /// The records of a CSV file beside the scenario.
    fn csv(&mut self, file: &str, path: &str) -> Option<Vec<csv::StringRecord>> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .from_path(self.folder.join(file));
        let records = reader.and_then(|mut reader| reader.records().collect::<Result<Vec<_>, _>>());
        match records {
            Ok(records) => Some(records),
            Err(error) => {
                let at = self.value_at(path);
                self.error(
                    at,
                    format!("cannot read {file}: {error}"),
                    "files are looked for beside the scenario",
                );
                None
            }
        }
    }

    /// The dense id of a deadline that ends a wait; [`NONE`] for no deadline.
    fn deadline(&mut self, span: Option<super::quantity::Duration>, path: &str) -> u32 {
        span.map_or(NONE, |span| self.deadline_of(span, Ends::Wait, path))
    }

    /// A deadline's dense id.
    fn deadline_of(&mut self, span: super::quantity::Duration, ends: Ends, path: &str) -> u32 {
        if span.0.is_zero() {
            let at = self.value_at(path);
            self.error(
                at,
                "a limit of zero lets nothing through",
                "leave it out, or give it a length such as `1s`",
            );
        }
        self.blueprint.deadlines.push(DeadlinePlan { span: span.0, ends });
        (self.blueprint.deadlines.len() - 1) as u32
    }

    /// Whether a scenario may have so many of something; a problem if not.
    fn may_have(&mut self, count: u64, most: u64, what: &str, path: &str) -> bool {
        if count > most {
            let at = self.value_at(path);
            self.error(
                at,
                format!("this makes {count} {what} in all"),
                format!("a scenario may have {most}; make it smaller"),
            );
        }
        count <= most
    }

    /// Refuses a size of zero.
    fn at_least_one(&mut self, number: u32, what: &str, path: &str) -> u32 {
        if number == 0 {
            let at = self.value_at(path);
            self.error(at, format!("{what} must be at least 1"), "leave it out for the default");
        }
        number.max(1)
    }
}

/// `service` and `operation` of a target written as `service.operation`; the unnamed operation is
/// "".
fn split_target(target: &str) -> (&str, &str) {
    target.split_once('.').unwrap_or((target, ""))
}

impl From<schema::OnFailure> for crate::system::OnFailure {
    fn from(written: schema::OnFailure) -> Self {
        match written {
            schema::OnFailure::Fail => Self::Fail,
            schema::OnFailure::FailLater => Self::FailLater,
            schema::OnFailure::Degrade => Self::Degrade,
            schema::OnFailure::Ignore => Self::Ignore,
        }
    }
}
