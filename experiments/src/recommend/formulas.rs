//! Sizes of pools and timeouts from formulas, as a start for the search.

use std::sync::Arc;

use sim_core::stats::servers_for;
use sim_models::observe::{PoolSeries, PoolSummary};
use sim_models::system::{Blueprint, PoolKind, PoolPlan, Source, Table, UNLIMITED};
use sim_models::workload::ArrivalProcess;

use super::tunable_system::{Candidate, TunableSystem};
use crate::run::{Finished, complete};
use crate::watch::{Interrupted, Watch};

/// The share of requests that may find a pool full (Erlang C).
const WAITING_SHARE: f64 = 0.05;

/// A formula with the measurements that go into it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Formula {
    /// Little's law: the slots busy on average are the rate times the time that each is held
    /// (Little, Operations Research 9, 1961). Fewer slots cannot carry the load.
    Little {
        /// Slots granted per second.
        rate: f64,
        /// The time that each is held, in seconds.
        held: f64,
    },
    /// The fewest slots with which at most 5 % of the requests wait, if they arrive as a Poisson
    /// process (Erlang C).
    ErlangC {
        /// Slots busy on average.
        load: f64,
    },
    /// A bulkhead's size as the least of three terms: one and a half times the calls expected in
    /// flight, a fair share of the caller's threads, and the calls that may be turned away within a
    /// timeout.
    ThreeTerms {
        /// 1.5 times the calls expected in flight.
        expected: f64,
        /// 0.8 times the caller's threads, divided by the number of its dependencies; `None` if its
        /// threads are not limited.
        fair_share: Option<f64>,
        /// The timeout times the rate of rejections that the limits allow; `None` without a
        /// timeout.
        tolerated: Option<f64>,
    },
    /// A timeout at the latency that one call in a thousand exceeds while nothing is wrong
    /// ("Timeouts, retries, and backoff with jitter", Amazon Builders' Library, 2019).
    Percentile {
        /// The 99.9th percentile, in seconds.
        latency: f64,
    },
}

impl Formula {
    /// The result: a number of slots, or seconds.
    pub fn value(self) -> f64 {
        match self {
            Self::Little { rate, held } => libm::ceil(rate * held).max(1.0),
            Self::ErlangC { load } => f64::from(servers_for(load, WAITING_SHARE)),
            Self::ThreeTerms { expected, fair_share, tolerated } => {
                let terms = [Some(expected), fair_share, tolerated];
                libm::ceil(terms.into_iter().flatten().fold(f64::INFINITY, f64::min)).max(1.0)
            }
            Self::Percentile { latency } => latency,
        }
    }
}

/// The results of formulas for a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct FormulaEstimate {
    /// The place of the setting among all settings of the plan.
    pub setting: usize,
    /// The formulas that apply to it.
    pub formulas: Vec<Formula>,
    /// The slots granted per second in the busiest tenth of the run, if the formulas are fed with
    /// the load then, because it is planned to vary.
    pub busiest_tenth: Option<f64>,
}

/// The meaning of a setting for which there is a formula.
#[derive(Clone, Copy)]
enum Meaning<'a> {
    /// The size of a pool of this owner.
    PoolSize(&'a str, PoolKind),
    /// The timeout of this edge.
    Timeout(&'a str),
}

impl<'a> Meaning<'a> {
    /// The meaning of the setting with this path; `None` if there is no formula for it.
    fn of(path: &'a str) -> Option<Self> {
        let (section, rest) = path.split_once('.')?;
        let (owner, key) = rest.split_once('.')?;
        // In a list of guards, the only one of its kind.
        let key = key.strip_prefix("guards.").unwrap_or(key);
        Some(match (section, key.strip_suffix(".max").unwrap_or(key)) {
            ("services", "threads") => Self::PoolSize(owner, PoolKind::Threads),
            ("services", "slots") => Self::PoolSize(owner, PoolKind::Slots),
            ("databases" | "caches", "connections") => Self::PoolSize(owner, PoolKind::Connections),
            ("calls", "bulkhead.semaphore" | "bulkhead.threads" | "bulkhead.connections") => {
                Self::PoolSize(owner, PoolKind::Permits)
            }
            ("calls", "timeout") => Self::Timeout(owner),
            _ => return None,
        })
    }
}

/// Applies formulas to the settings, and returns their results with the candidate that follows.
///
/// They are fed with one run under each condition, without its faults and with every pool that may
/// change as large as it may become, so that nobody waits. The condition with the most work counts, and in it the busiest tenth of the
/// run if its load is planned to vary.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts it.
pub fn formulas(
    system: &TunableSystem,
    watch: &dyn Watch,
) -> Result<(Vec<FormulaEstimate>, Candidate), Interrupted> {
    let runs = measure_without_faults(system, watch)?;
    let mut candidate = system.as_it_is();
    let mut estimates = Vec::new();
    for (place, setting) in system.plan().settings.iter().enumerate() {
        let Some(meaning) = Meaning::of(&setting.path) else { continue };
        let Some((formulas, start, usage)) = estimate(system, &runs, meaning, &candidate) else {
            continue;
        };
        let share = setting.values.share_of(start);
        let mut with_it = candidate.clone();
        with_it.levels[place] =
            setting.values.at(if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 });
        // The value for one setting alone may not go together with the others.
        if system.systems(&with_it).is_ok() {
            candidate = with_it;
        }
        let busiest_tenth = usage.filter(|usage| usage.is_of_busiest_tenth).map(|usage| usage.rate);
        estimates.push(FormulaEstimate { setting: place, formulas, busiest_tenth });
    }
    Ok((estimates, candidate))
}

fn measure_without_faults(
    system: &TunableSystem,
    watch: &dyn Watch,
) -> Result<Vec<Finished>, Interrupted> {
    let run = |blueprint: &Arc<Blueprint>| {
        let mut healthy = Blueprint::clone(blueprint);
        healthy.faults = Table::default();
        system.count_run();
        complete(&Arc::new(healthy), 0, watch)
    };
    roomy(system).iter().map(run).collect()
}

/// The system under each condition, with every pool that may change as large as it may become.
fn roomy(system: &TunableSystem) -> Vec<Arc<Blueprint>> {
    let mut candidate = system.as_it_is();
    for (level, setting) in candidate.levels.iter_mut().zip(&system.plan().settings) {
        if matches!(Meaning::of(&setting.path), Some(Meaning::PoolSize(..))) {
            *level = setting.values.at(1.0);
        }
    }
    system.systems(&candidate).unwrap_or_else(|_| system.as_written().to_vec())
}

/// The formulas for a setting, the value to begin with, and the use of the pool that they are fed
/// with; `None` if there is nothing to measure.
fn estimate(
    system: &TunableSystem,
    runs: &[Finished],
    meaning: Meaning<'_>,
    so_far: &Candidate,
) -> Option<(Vec<Formula>, f64, Option<Usage>)> {
    let (owner, kind) = match meaning {
        Meaning::PoolSize(owner, kind) => (owner, kind),
        Meaning::Timeout(edge) => {
            let formula = percentile(runs, edge)?;
            return Some((vec![formula], formula.value(), None));
        }
    };
    let usage = usage(runs, owner, kind)?;
    let little = Formula::Little { rate: usage.rate, held: usage.busy / usage.rate };
    let erlang_c = Formula::ErlangC { load: usage.busy };
    if kind != PoolKind::Permits {
        let start = erlang_c.value().max(little.value());
        return Some((vec![little, erlang_c], start, Some(usage)));
    }
    let three_terms = three_terms(system, owner, usage, so_far);
    // A size below what Little's law needs would turn healthy requests away.
    let start = three_terms.value().max(erlang_c.value());
    Some((vec![little, erlang_c, three_terms], start, Some(usage)))
}

fn percentile(runs: &[Finished], edge: &str) -> Option<Formula> {
    let call = |run: &Finished| {
        run.summary.calls.iter().find(|call| call.edge == edge).map(|call| call.latency.p999)
    };
    let latency = runs.iter().filter_map(call).reduce(f64::max);
    latency.filter(|latency| *latency > 0.0).map(|latency| Formula::Percentile { latency })
}

/// The use of a pool under the condition with the most work, at its busiest time if the load is
/// planned to vary.
#[derive(Clone, Copy)]
struct Usage {
    /// Slots busy on average.
    busy: f64,
    /// Slots granted per second.
    rate: f64,
    /// True if that is in the busiest tenth of a run.
    is_of_busiest_tenth: bool,
}

impl Usage {
    /// The same slots and times at the load of the busiest tenth, which is larger by a factor.
    fn in_busiest_tenth(self, factor: f64) -> Self {
        Self { busy: self.busy * factor, rate: self.rate * factor, is_of_busiest_tenth: true }
    }
}

/// The use of the pools of an owner; those of a call are its bulkhead's, of whatever kind.
fn usage(runs: &[Finished], owner: &str, kind: PoolKind) -> Option<Usage> {
    let of_run = |run: &Finished| {
        let summary = &run.summary;
        let seconds = summary.simulated_seconds - summary.warmup_seconds;
        let peak = has_varying_load(run).then(|| peak(run, owner, kind));
        let of_pool = move |pool: &PoolSummary| Usage {
            busy: pool.busy_mean,
            rate: pool.granted as f64 / (seconds * pool.there.unwrap_or(1.0)),
            is_of_busiest_tenth: false,
        };
        let is_kind = |pool: &PoolSummary| pool.kind == kind.name() || kind == PoolKind::Permits;
        let is_it = |pool: &&PoolSummary| is_kind(pool) && owner_of(pool) == owner;
        let usages = summary.pools.iter().filter(is_it).map(of_pool);
        let at_peak = |usage: Usage| peak.map_or(usage, |peak| usage.in_busiest_tenth(peak));
        usages.map(at_peak).collect::<Vec<_>>()
    };
    runs.iter()
        .flat_map(of_run)
        .reduce(|most, next| if next.busy > most.busy { next } else { most })
        .filter(|usage| usage.rate > 0.0)
}

/// True if a workload has another load at one time than at another by plan, and not by chance.
fn has_varying_load(run: &Finished) -> bool {
    run.system.blueprint().workloads.iter().any(|workload| match &workload.source {
        Source::Open(ArrivalProcess::Constant(profile) | ArrivalProcess::Poisson(profile)) => {
            profile.knots().iter().any(|knot| knot.rate != profile.knots()[0].rate)
        }
        Source::Open(ArrivalProcess::Replay(_)) => true,
        Source::Closed { users, .. } => !users.stages.is_empty(),
    })
}

/// The use of the pools of an owner in their busiest tenth of a run, in a row, as a multiple of that
/// in the whole run.
fn peak(run: &Finished, owner: &str, kind: PoolKind) -> f64 {
    let plans = run.system.blueprint().pools.iter().zip(run.system.recorder().pools());
    let of_pool = |(plan, series): (&PoolPlan, &PoolSeries)| {
        let busy: Vec<f64> = series.busy.iter().map(|busy| f64::from(*busy)).collect();
        let mean = |busy: &[f64]| busy.iter().sum::<f64>() / busy.len() as f64;
        let stretches = busy.windows((busy.len() / 10).max(1)).map(mean);
        let most = stretches.fold(0.0, f64::max);
        let is_kind = plan.kind == kind || kind == PoolKind::Permits;
        (plan.owner == owner && is_kind && most > 0.0).then(|| most / mean(&busy))
    };
    plans.filter_map(of_pool).fold(1.0, f64::max)
}

fn three_terms(system: &TunableSystem, edge: &str, usage: Usage, so_far: &Candidate) -> Formula {
    let blueprint = &system.as_written()[0];
    let caller = edge.split(" -> ").next().unwrap_or_default();
    let is_of_caller = |pool: &&PoolPlan| pool.owner == caller && pool.kind == PoolKind::Threads;
    let threads = blueprint.pools.iter().find(is_of_caller).map(|pool| pool.capacity);
    let threads = threads.filter(|threads| *threads != UNLIMITED);
    let dependencies = blueprint.edges.iter().filter(|plan| plan.caller == caller).count().max(1);
    let timeout = timeout(system, edge, so_far);
    Formula::ThreeTerms {
        expected: 1.5 * usage.busy,
        fair_share: threads.map(|threads| 0.8 * f64::from(threads) / dependencies as f64),
        tolerated: timeout.map(|timeout| timeout * tolerated_share(system) * usage.rate),
    }
}

/// The timeout of an edge in seconds: the candidate's, or else the file's.
fn timeout(system: &TunableSystem, edge: &str, candidate: &Candidate) -> Option<f64> {
    let is_it = |path: &str| matches!(Meaning::of(path), Some(Meaning::Timeout(of)) if of == edge);
    let place = system.plan().settings.iter().position(|setting| is_it(&setting.path));
    let of_candidate = place.map(|place| candidate.levels[place].number);
    let blueprint = &system.as_written()[0];
    let of_file = || {
        let mut edges = blueprint.edges.with_ids();
        let (_, plan) = edges.find(|(id, _)| blueprint.name_of_edge(*id) == edge)?;
        Some(blueprint.deadline(plan.timeout?).span.as_secs_f64())
    };
    of_candidate.filter(|seconds| seconds.is_finite()).or_else(of_file)
}

/// The share of requests that the limits allow to be turned away.
fn tolerated_share(system: &TunableSystem) -> f64 {
    let limits = system.limits().iter().flatten();
    limits.filter_map(|limit| limit.tolerated).fold(1.0, f64::min)
}

/// The owner of a pool, without the number of its instance.
fn owner_of(pool: &PoolSummary) -> &str {
    pool.owner.split('#').next().unwrap_or(&pool.owner)
}
