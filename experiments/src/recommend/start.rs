//! Where formulas say to begin: sizes of pools and timeouts from what is measured without faults.

use std::ops::ControlFlow;
use std::sync::Arc;

use sim_core::stats::servers_for;
use sim_models::expect::Relation;
use sim_models::observe::{CallSummary, PoolSummary, RunSummary, Unit};
use sim_models::system::Blueprint;

use super::subject::{Candidate, Subject};
use crate::run::run;

/// At most this share of the requests should find a pool full (Erlang C).
const WAITING_SHARE: f64 = 0.05;

/// What a formula says of a setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Formula {
    /// Little's law: what is busy on average is the rate times the time that each is held (Little,
    /// Operations Research 9, 1961). Fewer slots cannot carry the load.
    Little {
        /// Slots granted per second.
        rate: f64,
        /// How long each is held, in seconds.
        held: f64,
    },
    /// The fewest slots with which at most 5 % have to wait, if the load is Poisson (Erlang C).
    ErlangC {
        /// Slots busy on average.
        load: f64,
    },
    /// A bulkhead's size as the least of three terms: half as much again as what is expected at one
    /// time, a fair share of the caller's threads, and what may be turned away within a timeout.
    ThreeTerms {
        /// 1.5 times the most expected at one time.
        expected: f64,
        /// 0.8 times the caller's threads by the number of its dependencies; none if its threads
        /// are not limited.
        fair_share: Option<f64>,
        /// The timeout times the rate of rejections that the limits allow; none without a timeout.
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
    /// What it says: a number of slots, or seconds.
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

/// What formulas say of a setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Which setting, by its place.
    pub setting: usize,
    /// What each formula says.
    pub formulas: Vec<Formula>,
}

/// What a setting is the size or the length of.
enum Meaning<'a> {
    /// A pool, by its owner.
    Pool(&'a str, &'static str),
    /// A timeout, by its edge.
    Timeout(&'a str),
}

/// What the path of a setting stands for, if there is a formula for it.
fn meaning(path: &str) -> Option<Meaning<'_>> {
    let (section, rest) = path.split_once('.')?;
    let (owner, key) = rest.split_once('.')?;
    Some(match (section, key.strip_suffix(".max").unwrap_or(key)) {
        ("services", "threads") => Meaning::Pool(owner, "threads"),
        ("services", "slots") => Meaning::Pool(owner, "slots"),
        ("databases" | "caches", "connections") => Meaning::Pool(owner, "connections"),
        ("calls", "bulkhead.semaphore" | "bulkhead.threads" | "bulkhead.connections") => {
            Meaning::Pool(owner, "permits")
        }
        ("calls", "timeout") => Meaning::Timeout(owner),
        _ => return None,
    })
}

/// What formulas say of the settings, and the candidate that follows from them. `None` if `look`
/// breaks it off.
///
/// Measured under each condition without its faults, with every pool that may move as large as it
/// may become, so that nobody waits; the condition with the most work counts.
pub fn formulas(
    subject: &Subject,
    look: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Option<(Vec<Estimate>, Candidate)> {
    let systems = roomy(subject);
    let mut summaries: Vec<RunSummary> = Vec::new();
    for system in &systems {
        let mut healthy = Blueprint::clone(system);
        healthy.faults.clear();
        let finished = run(&Arc::new(healthy), 0, &mut |_| look());
        if look().is_break() {
            return None;
        }
        summaries.push(finished.summary);
    }
    let mut candidate = subject.as_it_is();
    let mut estimates = Vec::new();
    for (place, setting) in subject.plan().settings.iter().enumerate() {
        let said = meaning(&setting.path)
            .and_then(|meaning| estimate(subject, &summaries, &meaning, &candidate));
        if let Some((formulas, start)) = said {
            let share = setting.values.share_of(start);
            let mut with_it = candidate.clone();
            with_it.levels[place] =
                setting.values.at(if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 });
            // What formulas say of one setting alone may not go together with the others.
            if subject.systems(&with_it).is_ok() {
                candidate = with_it;
            }
            estimates.push(Estimate { setting: place, formulas });
        }
    }
    Some((estimates, candidate))
}

/// The system under each condition with every pool that may move as large as it may become.
fn roomy(subject: &Subject) -> Vec<Arc<Blueprint>> {
    let mut candidate = subject.as_it_is();
    for (level, setting) in candidate.levels.iter_mut().zip(&subject.plan().settings) {
        if matches!(meaning(&setting.path), Some(Meaning::Pool(..))) {
            *level = setting.values.at(1.0);
        }
    }
    subject.systems(&candidate).unwrap_or_else(|_| subject.as_written().to_vec())
}

fn estimate(
    subject: &Subject,
    summaries: &[RunSummary],
    meaning: &Meaning<'_>,
    so_far: &Candidate,
) -> Option<(Vec<Formula>, f64)> {
    match meaning {
        Meaning::Timeout(edge) => {
            let latencies = summaries
                .iter()
                .filter_map(|summary| call(summary, edge))
                .map(|call| call.latency.p999);
            let formula = Formula::Percentile {
                latency: latencies.reduce(f64::max).filter(|latency| *latency > 0.0)?,
            };
            Some((vec![formula], formula.value()))
        }
        Meaning::Pool(owner, kind) => {
            let of_pool = |summary: &RunSummary| {
                let pools = summary
                    .pools
                    .iter()
                    .filter(|pool| pool.kind == *kind && owner_of(pool) == *owner);
                pools
                    .map(|pool| {
                        (
                            pool.busy_mean,
                            pool.granted as f64
                                / (summary.simulated_seconds - summary.warmup_seconds),
                        )
                    })
                    .reduce(|most, next| if next.0 > most.0 { next } else { most })
            };
            let most =
                |most: (f64, f64), next: (f64, f64)| if next.0 > most.0 { next } else { most };
            let (load, rate) = summaries
                .iter()
                .filter_map(of_pool)
                .reduce(most)
                .filter(|(_, rate)| *rate > 0.0)?;
            let little = Formula::Little { rate, held: load / rate };
            let erlang_c = Formula::ErlangC { load };
            if *kind != "permits" {
                return Some((vec![little, erlang_c], erlang_c.value().max(little.value())));
            }
            let three_terms = three_terms(subject, owner, (load, rate), so_far);
            // A term below what Little's law needs would turn healthy requests away.
            let start = three_terms.value().max(erlang_c.value());
            Some((vec![little, erlang_c, three_terms], start))
        }
    }
}

fn three_terms(
    subject: &Subject,
    edge: &str,
    (load, rate): (f64, f64),
    so_far: &Candidate,
) -> Formula {
    let blueprint = &subject.as_written()[0];
    let caller = edge.split(" -> ").next().unwrap_or_default();
    let of_caller = |summary: &&sim_models::system::PoolPlan| {
        summary.owner == caller && summary.kind.name() == "threads"
    };
    let threads = blueprint.pools.iter().find(of_caller).map(|pool| pool.capacity);
    let threads = threads.filter(|threads| *threads != sim_models::system::UNLIMITED);
    let dependencies = blueprint.edges.iter().filter(|plan| plan.caller == caller).count().max(1);
    let position = subject
        .plan()
        .settings
        .iter()
        .position(|setting| setting.path == format!("calls.{edge}.timeout"));
    let moved = position
        .map(|position| so_far.levels[position].number)
        .filter(|seconds| seconds.is_finite());
    let written = blueprint.edges.iter().find(|plan| {
        format!("{} -> {}", plan.caller, blueprint.stations[plan.callee as usize].name) == edge
    });
    let written = written
        .and_then(|plan| blueprint.deadlines.get(plan.timeout as usize))
        .map(|deadline| deadline.span.as_secs_f64());
    Formula::ThreeTerms {
        expected: 1.5 * load,
        fair_share: threads.map(|threads| 0.8 * f64::from(threads) / dependencies as f64),
        tolerated: moved.or(written).map(|timeout| timeout * tolerated_share(subject) * rate),
    }
}

/// The share of requests that the limits allow to be turned away.
fn tolerated_share(subject: &Subject) -> f64 {
    let shares =
        subject.limits().iter().flatten().filter(|limit| limit.unit == Unit::Share).map(|limit| {
            match limit.bound.relation {
                Relation::AtLeast | Relation::Above => 1.0 - limit.bound.value,
                Relation::AtMost | Relation::Below | Relation::Exactly => limit.bound.value,
            }
        });
    shares.fold(1.0, f64::min)
}

fn call<'a>(summary: &'a RunSummary, edge: &str) -> Option<&'a CallSummary> {
    summary.calls.iter().find(|call| call.edge == edge)
}

/// The owner of a pool without the number of its instance.
fn owner_of(pool: &PoolSummary) -> &str {
    pool.owner.split('#').next().unwrap_or(&pool.owner)
}
