//! One run from beginning to end, and several replications in order.

use std::ops::Range;
use std::sync::Arc;

use sim_core::{SimDuration, SimTime, Simulation, Stop};
use sim_models::expect::{Wanted, read_off};
use sim_models::observe::{Moment, RunSummary, Stopped, summarize, timeline};
use sim_models::system::{Blueprint, LimitReached, MOST_WITHIN_AN_INSTANT, System};

use crate::watch::{Interrupted, Watch};

/// The watch is consulted after this many events: every few milliseconds.
const EVENTS_BETWEEN_LOOKS: u64 = 65_536;
/// The number of events and the simulated time in which a run would not come to its end.
const STANDSTILL_EVENTS: u64 = MOST_WITHIN_AN_INSTANT;
const STANDSTILL: SimDuration = SimDuration::from_millis(1);

/// The progress of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The simulated instant reached.
    pub now: SimTime,
    /// The instant at which the run ends at the latest.
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
    /// The system as the run left it, with all series.
    pub system: System,
    /// The simulated instant reached.
    pub now: SimTime,
}

/// The figures that a blueprint asks for, read off one run.
#[derive(Clone, Debug, PartialEq)]
pub enum Figures {
    /// The values in the order of the blueprint's readings; `None` where there was nothing to read.
    Measured(Vec<Option<f64>>),
    /// A limit of the scenario stopped the run, so there are none.
    Stopped(LimitReached),
}

/// Runs replication `replication` of a blueprint. If `watch` interrupts the run, the result covers
/// what was simulated until then and is marked as partial.
///
/// ```
/// use sim_experiments::Unattended;
/// use sim_models::scenario::{Input, Overrides, load};
/// let text = "workloads: { web: { to: api, arrivals: poisson 100/s } }\n\
///             services: { api: { threads: 4, handle: [ { work: exponential 20ms } ] } }";
/// let input = Input { name: "example.yaml".into(), text: text.into(), folder: ".".into() };
/// let blueprint = load(&input, &Overrides::default()).blueprint.expect("a sound scenario");
/// let finished = sim_experiments::run(&blueprint, 0, &Unattended { jobs: 1 });
/// assert!(finished.summary.workloads[0].ok > 5_000);
/// ```
pub fn run(blueprint: &Arc<Blueprint>, replication: u64, watch: &dyn Watch) -> Finished {
    run_and_tell(blueprint, replication, watch, &|_| ())
}

/// Does the same as [`run`] and calls `tell` with the progress each time it consults `watch`.
pub(crate) fn run_and_tell(
    blueprint: &Arc<Blueprint>,
    replication: u64,
    watch: &dyn Watch,
    tell: &dyn Fn(Progress),
) -> Finished {
    let (mut simulation, interrupted) = simulate(blueprint, replication, watch, tell);
    let now = simulation.now();
    let system = simulation.parts().0;
    system.close(now);
    let (events, fingerprint) = (simulation.events_handled(), simulation.fingerprint());
    let system = simulation.into_model();
    let stopped = interrupted.err().map(|interrupted| Stopped { reason: interrupted.to_string() });
    Finished {
        summary: summarize(&system, now, events, fingerprint, stopped),
        timeline: timeline(&system, now),
        system,
        now,
    }
}

/// Runs replication `replication` of a blueprint to its end.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts it.
pub fn complete(
    blueprint: &Arc<Blueprint>,
    replication: u64,
    watch: &dyn Watch,
) -> Result<Finished, Interrupted> {
    let finished = run(blueprint, replication, watch);
    watch.check()?;
    Ok(finished)
}

/// Runs replications of a blueprint one after the other, each as [`complete`] does.
pub fn replications<'a>(
    blueprint: &'a Arc<Blueprint>,
    replications: Range<u64>,
    watch: &'a dyn Watch,
) -> impl Iterator<Item = Result<Finished, Interrupted>> + 'a {
    replications.map(move |replication| complete(blueprint, replication, watch))
}

/// Runs replication `replication` of a blueprint and returns only the figures that it asks for.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts the run.
pub fn figures(
    blueprint: &Arc<Blueprint>,
    replication: u64,
    watch: &dyn Watch,
) -> Result<Figures, Interrupted> {
    // Many short runs in a row would otherwise never consult the watch.
    watch.check()?;
    let (mut simulation, interrupted) = simulate(blueprint, replication, watch, &|_| ());
    interrupted?;
    let now = simulation.now();
    let system = simulation.parts().0;
    system.close(now);
    if let Some(limit) = system.limit_reached() {
        return Ok(Figures::Stopped(limit));
    }
    let values = blueprint.readings.iter().map(|reading| match reading.wanted {
        Wanted::OfStressed(id) => {
            of_stressed(&blueprint.stressed[id as usize], replication, watch).map(Some)
        }
        _ => Ok(read_off(reading, system)),
    });
    Ok(Figures::Measured(values.collect::<Result<_, _>>()?))
}

/// The only figure that a system under stress is asked for; zero if it had to be stopped.
fn of_stressed(
    stressed: &Arc<Blueprint>,
    replication: u64,
    watch: &dyn Watch,
) -> Result<f64, Interrupted> {
    Ok(match figures(stressed, replication, watch)? {
        Figures::Measured(values) => values.into_iter().flatten().next().unwrap_or(0.0),
        Figures::Stopped(_) => 0.0,
    })
}

/// Simulates until the end, a limit or an interruption.
fn simulate(
    blueprint: &Arc<Blueprint>,
    replication: u64,
    watch: &dyn Watch,
    tell: &dyn Fn(Progress),
) -> (Simulation<System>, Result<(), Interrupted>) {
    let mut simulation = Simulation::new(System::new(Arc::clone(blueprint), replication));
    let (system, schedule) = simulation.parts();
    system.begin(schedule);
    let end = SimTime::ZERO + blueprint.run.duration + blueprint.run.drain;
    let mut mark = (0, SimTime::ZERO);
    let mut next_look = EVENTS_BETWEEN_LOOKS;
    let mut memory = MemoryGauge::new(blueprint.limits.memory);
    loop {
        let handled = simulation.events_handled();
        let left = blueprint.limits.events.saturating_sub(handled);
        if left == 0 {
            simulation.parts().0.stop_at(LimitReached::Events(blueprint.limits.events));
            return (simulation, Ok(()));
        }
        let budget = left.min(memory.events_until_next).min(next_look - handled);
        if simulation.run_until(end, budget) != Stop::Budget {
            return (simulation, Ok(()));
        }
        let (system, schedule) = simulation.parts();
        let footprint = system.footprint(schedule);
        if !memory.holds(footprint.bytes, budget) {
            let limit = blueprint.limits.memory;
            system.stop_at(LimitReached::Memory { limit, most: footprint.most });
            return (simulation, Ok(()));
        }
        let (events, now) = (simulation.events_handled(), simulation.now());
        if events < next_look {
            continue;
        }
        next_look = events + EVENTS_BETWEEN_LOOKS;
        if events - mark.0 >= STANDSTILL_EVENTS {
            if now.since(mark.1) < STANDSTILL {
                simulation.parts().0.stop_at(LimitReached::Standstill(events - mark.0));
                return (simulation, Ok(()));
            }
            mark = (events, now);
        }
        tell(Progress { now, end, events });
        if let Err(interrupted) = watch.check() {
            return (simulation, Err(interrupted));
        }
    }
}

/// Measures the memory of a run, the more often the sooner it may reach the limit. It counts in events, so that a run
/// stops at the same one everywhere.
#[derive(Debug)]
struct MemoryGauge {
    limit: u64,
    bytes: u64,
    /// The most bytes that an event has taken so far, averaged between two looks.
    fastest: u64,
    events_until_next: u64,
}

impl MemoryGauge {
    const FIRST: u64 = 16;

    fn new(limit: u64) -> Self {
        Self { limit, bytes: 0, fastest: 1, events_until_next: Self::FIRST }
    }

    /// Takes what is used, and the number of events since the last time; returns false if it is more than the limit.
    fn holds(&mut self, bytes: u64, events: u64) -> bool {
        let grown = bytes.saturating_sub(self.bytes) / events.max(1);
        self.fastest = self.fastest.max(grown);
        self.bytes = bytes;
        // Growth may become faster: the next look comes in a quarter of the time that is left.
        let left = self.limit.saturating_sub(bytes) / self.fastest / 4;
        let most = EVENTS_BETWEEN_LOOKS.min(2 * self.events_until_next);
        self.events_until_next = left.clamp(Self::FIRST, most);
        bytes <= self.limit
    }
}

impl Finished {
    /// True if the run was stopped before its end.
    pub fn is_partial(&self) -> bool {
        self.summary.partial.is_some()
    }
}

impl Progress {
    /// The share of the run that is done, from 0 to 1.
    pub fn share(&self) -> f64 {
        let whole = self.end.since(SimTime::ZERO);
        if whole == SimDuration::ZERO { 1.0 } else { self.now.as_secs_f64() / whole.as_secs_f64() }
    }
}
