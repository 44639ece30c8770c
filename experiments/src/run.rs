//! One run from beginning to end.

use std::ops::ControlFlow;
use std::sync::Arc;

use sim_core::{SimDuration, SimTime, Simulation, Stop};
use sim_models::expect::read_off;
use sim_models::observe::{Moment, RunSummary, Stopped, summarize, timeline};
use sim_models::system::{Blueprint, LimitReached, System};

/// The observer is asked after this many events.
const EVENTS_BETWEEN_LOOKS: u64 = 65_536;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The simulated instant reached.
    pub now: SimTime,
    /// The instant at which the run will end at the latest.
    pub end: SimTime,
    /// Events handled so far.
    pub events: u64,
}

/// A run that is over.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its figures.
    pub summary: RunSummary,
    /// Its story.
    pub timeline: Vec<Moment>,
    /// The system as it was left, with all series.
    pub system: System,
    /// The simulated instant reached.
    pub now: SimTime,
}

impl Finished {
    /// Whether the run was stopped before its end.
    pub fn is_partial(&self) -> bool {
        self.summary.partial.is_some()
    }
}

/// Runs replication `replication` of a blueprint. `observe` is told the progress now and then and
/// can break the run off; what was simulated until then is returned, marked as partial.
///
/// ```
/// use std::ops::ControlFlow;
/// use sim_models::scenario::{Input, Overrides, load};
/// let text = "workloads: { web: { to: api, arrivals: poisson 100/s } }\n\
///             services: { api: { threads: 4, handle: [ { work: exponential 20ms } ] } }";
/// let input = Input { name: "example.yaml".into(), text: text.into(), folder: ".".into() };
/// let blueprint = load(&input, &Overrides::default()).blueprint.expect("a sound scenario");
/// let finished = sim_experiments::run(&blueprint, 0, &mut |_| ControlFlow::Continue(()));
/// assert!(finished.summary.workloads[0].ok > 5_000);
/// ```
pub fn run(
    blueprint: &Arc<Blueprint>,
    replication: u64,
    observe: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Finished {
    let (simulation, broken_off) = simulate(blueprint, replication, observe);
    finish(simulation, broken_off)
}

/// Runs replication `replication` of a blueprint and returns its readings only, in their order;
/// each is `None` if there was nothing to read.
///
/// # Errors
/// Why the run was stopped before its end, so that nothing can be read off it.
pub fn readings(
    blueprint: &Arc<Blueprint>,
    replication: u64,
    observe: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Vec<Option<f64>>, Cut> {
    let (mut simulation, broken_off) = simulate(blueprint, replication, observe);
    let now = simulation.now();
    let system = simulation.parts().0;
    system.close(now);
    if broken_off.is_some() {
        return Err(Cut::Interrupted);
    }
    if let Some(limit) = system.limit_reached() {
        return Err(Cut::Limit(limit));
    }
    Ok(blueprint.readings.iter().map(|reading| read_off(reading, system)).collect())
}

/// Why a run was stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// Its observer broke it off.
    Interrupted,
    /// A limit of the scenario was reached.
    Limit(LimitReached),
}

fn simulate(
    blueprint: &Arc<Blueprint>,
    replication: u64,
    observe: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> (Simulation<System>, Option<Stopped>) {
    let mut simulation = Simulation::new(System::new(Arc::clone(blueprint), replication));
    let (system, schedule) = simulation.parts();
    system.begin(schedule);
    let run = blueprint.run;
    let end = SimTime::ZERO + run.duration + run.drain;
    let mut broken_off = None;
    loop {
        let left = blueprint.limits.events.saturating_sub(simulation.events_handled());
        if left == 0 {
            simulation.parts().0.stop_at(LimitReached::Events(blueprint.limits.events));
            break;
        }
        if simulation.run_until(end, left.min(EVENTS_BETWEEN_LOOKS)) != Stop::Budget {
            break;
        }
        if observe(Progress { now: simulation.now(), end, events: simulation.events_handled() })
            .is_break()
        {
            broken_off = Some(Stopped { reason: "interrupted".to_owned() });
            break;
        }
    }
    (simulation, broken_off)
}

fn finish(mut simulation: Simulation<System>, broken_off: Option<Stopped>) -> Finished {
    let now = simulation.now();
    let system = simulation.parts().0;
    system.close(now);
    let (events, fingerprint) = (simulation.events_handled(), simulation.fingerprint());
    let system = simulation.into_model();
    Finished {
        summary: summarize(&system, now, events, fingerprint, broken_off),
        timeline: timeline(&system, now),
        system,
        now,
    }
}

impl Progress {
    /// The share of the run that is done, from 0 to 1.
    pub fn share(&self) -> f64 {
        let whole = self.end.since(SimTime::ZERO);
        if whole == SimDuration::ZERO { 1.0 } else { self.now.as_secs_f64() / whole.as_secs_f64() }
    }
}
