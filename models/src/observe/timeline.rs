//! The story of a run: one entry for each thing that changed.

use sim_core::{SimDuration, SimTime};

use super::{FigureUnit, InstanceChange, InstanceRecord, Recorder, ScaleRecord, WorkloadSeries};
use crate::faults::Fault;
use crate::resilience::circuit_breaker::{BreakerState, Transition};
use crate::resources::{Episode, Episodes};
use crate::system::{Blueprint, PoolKind, System, UNLIMITED};

/// Availability counts as regained when it has held for so many intervals in a row.
const REGAINED_AFTER: usize = 5;
/// A complete outage is reported when nothing succeeded for so many intervals in a row.
const OUTAGE_AFTER: usize = 3;

/// Something that changed, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The time.
    pub at: SimTime,
    /// The change.
    pub change: Change,
}

/// Something that changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A fault begins.
    FaultBegins {
        /// The target.
        target: String,
        /// The effect, in a few words.
        effect: String,
        /// The time that it lasts; `None` if for ever.
        lasts: Option<SimDuration>,
    },
    /// A fault ends.
    FaultEnds {
        /// The target.
        target: String,
        /// The effect, in a few words.
        effect: String,
    },
    /// All slots of a pool are in use, and stay so for a second or more.
    Saturates {
        /// The pool.
        pool: PoolGroup,
    },
    /// A saturated pool has free slots again.
    Relieved {
        /// The pool.
        pool: PoolGroup,
        /// The time for which it was saturated.
        after: SimDuration,
        /// The longest that its queue has ever been.
        longest_queue: u64,
    },
    /// A full queue begins to turn requests away.
    Overflows {
        /// The pool.
        pool: PoolGroup,
        /// The most that its queue may hold.
        limit: u32,
    },
    /// It no longer does.
    OverflowEnds {
        /// The pool.
        pool: PoolGroup,
    },
    /// A breaker changes state.
    Breaker {
        /// Its edge.
        breaker: String,
        /// From which state to which, and why.
        transition: Transition,
    },
    /// Most of the many breakers of an edge are in another state than before.
    Breakers {
        /// The edge.
        edge: String,
        /// The state that most of them are in now.
        state: BreakerState,
        /// The number of all.
        of: usize,
    },
    /// A balancer learns something about an instance.
    Instance {
        /// The edge that the balancer serves.
        edge: String,
        /// The instance, by name and number.
        instance: String,
        /// The change.
        change: InstanceChange,
    },
    /// An autoscaler has brought the instances of a service to another number.
    Scaled {
        /// The service.
        service: String,
        /// From how many.
        from: u32,
        /// To how many.
        to: u32,
    },
    /// A process ran out of memory and was killed.
    OutOfMemory {
        /// The instance, by name and number.
        instance: String,
        /// The time that it takes to start again.
        restart: SimDuration,
    },
    /// An alert fires.
    AlertFires {
        /// Its name.
        alert: String,
        /// The severity.
        severity: String,
    },
    /// It is resolved.
    AlertResolved {
        /// Its name.
        alert: String,
    },
    /// An experiment is called off, and its faults are taken back.
    Aborted {
        /// The condition that was met.
        condition: String,
        /// The figure then.
        value: f64,
        /// Its unit.
        unit: FigureUnit,
    },
    /// Messages pile up in a queue: the oldest has waited for ten seconds.
    Backlog {
        /// The queue.
        queue: String,
        /// The number that wait.
        waiting: u64,
    },
    /// The queue is empty again.
    Drained {
        /// The queue.
        queue: String,
        /// The time since messages began to pile up.
        after: SimDuration,
        /// The most that waited meanwhile.
        most: u64,
        /// The greatest age of a message meanwhile.
        oldest: SimDuration,
    },
    /// The availability of a workload falls below its level.
    AvailabilityFalls {
        /// The workload.
        workload: String,
        /// The level, 0 to 1.
        level: f64,
        /// The availability in that interval, 0 to 1.
        to: f64,
    },
    /// The availability of a workload is back at its level.
    AvailabilityRegained {
        /// The workload.
        workload: String,
        /// The level, 0 to 1.
        level: f64,
        /// The time for which it was below.
        after: SimDuration,
    },
    /// Nothing succeeds any more.
    OutageBegins {
        /// The workload.
        workload: String,
    },
    /// Something succeeds again.
    OutageEnds {
        /// The workload.
        workload: String,
        /// The time for which nothing did.
        after: SimDuration,
    },
}

/// The pools of one owner: one, or one an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolGroup {
    /// A station, host or edge.
    pub owner: String,
    /// The kind of the slots.
    pub kind: PoolKind,
    /// Slots of each pool.
    pub capacity: u32,
    /// The number of pools that it concerns.
    pub affected: u32,
    /// The number of all.
    pub pools: u32,
}

/// Everything that changed in a run up to `now`, in order of time; at one instant causes come
/// before effects: faults, pools, breakers, availability.
pub fn timeline(system: &System, now: SimTime) -> Vec<Moment> {
    let blueprint = system.blueprint();
    let mut moments = fault_moments(system, now);
    for group in pool_groups(blueprint) {
        moments.extend(pool_moments(system, &group, now));
    }
    moments.extend(breaker_moments(blueprint, system.recorder()));
    moments.extend(instance_moments(blueprint, system.recorder()));
    moments.extend(super::alerts::alert_moments(blueprint, system.recorder()));
    moments.extend(system.aborted().map(|aborted| {
        let condition = &blueprint.abort_when[aborted.condition];
        let change = Change::Aborted {
            condition: condition.text.clone(),
            value: aborted.value,
            unit: condition.measure.unit(),
        };
        Moment { at: aborted.at, change }
    }));
    moments.extend(scale_moments(blueprint, system.recorder()));
    moments.extend(queue_moments(blueprint, system.recorder()));
    moments.extend(availability_moments(blueprint, system.recorder()));
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// With more breakers than this an edge is told about as a whole.
const MOST_BREAKERS: usize = 8;

/// The same story, shorter: of an edge with many breakers only the first change is told, and when
/// most of them are in another state than before.
pub fn condensed(timeline: &[Moment], blueprint: &Blueprint) -> Vec<Moment> {
    let mut crowds: Vec<Crowd> =
        (0..blueprint.edges.len() as u32).filter_map(|edge| Crowd::of(blueprint, edge)).collect();
    let tell = |moment: &Moment| match &moment.change {
        Change::Breaker { breaker, transition } => {
            match crowds.iter_mut().find(|crowd| crowd.members.contains_key(breaker.as_str())) {
                Some(crowd) => crowd.note(moment, breaker, *transition),
                None => Some(moment.clone()),
            }
        }
        _ => Some(moment.clone()),
    };
    timeline.iter().filter_map(tell).collect()
}

/// The many breakers of one edge.
struct Crowd<'a> {
    edge: String,
    members: indexmap::IndexMap<&'a str, BreakerState>,
    /// The number in each state.
    counts: [usize; 3],
    /// The state that most of them are in, as far as it has been told.
    told: BreakerState,
    has_changed: bool,
}

impl<'a> Crowd<'a> {
    fn of(blueprint: &'a Blueprint, edge: u32) -> Option<Self> {
        let owners = blueprint
            .breakers_of(edge)
            .map(|breaker| (&*blueprint.breakers[breaker as usize].owner, BreakerState::Closed));
        let members: indexmap::IndexMap<&str, BreakerState> = owners.collect();
        let plan = &blueprint.edges[edge as usize];
        (members.len() > MOST_BREAKERS).then(|| Self {
            edge: format!("{} -> {}", plan.caller, blueprint.stations[plan.callee as usize].name),
            counts: [members.len(), 0, 0],
            members,
            told: BreakerState::Closed,
            has_changed: false,
        })
    }

    /// Notes a change of one of them; what is to be told about it, if anything.
    fn note(&mut self, moment: &Moment, breaker: &str, transition: Transition) -> Option<Moment> {
        let before =
            self.members.get_mut(breaker).map(|state| std::mem::replace(state, transition.to))?;
        self.counts[before as usize] -= 1;
        self.counts[transition.to as usize] += 1;
        if !std::mem::replace(&mut self.has_changed, true) {
            return Some(moment.clone());
        }
        let is_news = transition.to != self.told
            && 2 * self.counts[transition.to as usize] > self.members.len();
        is_news.then(|| {
            self.told = transition.to;
            let change = Change::Breakers {
                edge: self.edge.clone(),
                state: transition.to,
                of: self.members.len(),
            };
            Moment { at: moment.at, change }
        })
    }
}

fn fault_moments(system: &System, now: SimTime) -> Vec<Moment> {
    let blueprint = system.blueprint();
    let mut moments = Vec::new();
    for (index, fault) in blueprint.faults.iter().enumerate() {
        // An experiment that was called off ends its faults, and those that had not begun never do.
        let called_off = system
            .aborted()
            .filter(|_| blueprint.experiment.contains(&index))
            .map(|aborted| aborted.at);
        let end = called_off.map_or(fault.end, |at| fault.end.min(at));
        if fault.begin > now || fault.begin >= end {
            continue;
        }
        let (target, effect) = (struck(blueprint, fault), fault.summary());
        let lasts = (fault.end < SimTime::MAX).then(|| fault.end.since(fault.begin));
        // A region is struck in many places, and told about once.
        let mut tell = |at, change| {
            let moment = Moment { at, change };
            if !moments.contains(&moment) {
                moments.push(moment);
            }
        };
        tell(
            fault.begin,
            Change::FaultBegins { target: target.clone(), effect: effect.clone(), lasts },
        );
        if end <= now {
            tell(end, Change::FaultEnds { target, effect });
        }
    }
    moments
}

/// The target of a fault, with the numbers of the instances if it does not strike all of them.
fn struck(blueprint: &Blueprint, fault: &Fault) -> String {
    let Some(first) = blueprint
        .instances
        .get(fault.instances.start as usize)
        .filter(|_| !fault.instances.is_empty() && !fault.is_regional)
    else {
        return fault.target.clone();
    };
    let all = &blueprint.stations[first.station as usize].instances;
    let (from, to) = (fault.instances.start - all.start + 1, fault.instances.end - all.start);
    match fault.instances.len() {
        count if count == all.len() => fault.target.clone(),
        1 => format!("{}#{from}", fault.target),
        _ => format!("{}#{from}–{to}", fault.target),
    }
}

/// Neighbouring pools of one owner and kind.
fn pool_groups(blueprint: &Blueprint) -> Vec<std::ops::Range<usize>> {
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, pool) in blueprint.pools.iter().enumerate() {
        match groups.last_mut() {
            Some(group)
                if blueprint.pools[group.start].owner == pool.owner
                    && blueprint.pools[group.start].kind == pool.kind =>
            {
                group.end = index + 1;
            }
            _ => groups.push(index..index + 1),
        }
    }
    groups
}

fn pool_moments(system: &System, group: &std::ops::Range<usize>, now: SimTime) -> Vec<Moment> {
    let plan = &system.blueprint().pools[group.start];
    let named = |affected| PoolGroup {
        owner: plan.owner.clone(),
        kind: plan.kind,
        capacity: plan.capacity,
        affected,
        pools: group.len() as u32,
    };
    let mut moments = Vec::new();
    if plan.capacity != UNLIMITED {
        for cluster in clusters(group, now, |index| system.pools()[index].saturation()) {
            let pool = named(cluster.most);
            moments
                .push(Moment { at: cluster.at, change: Change::Saturates { pool: pool.clone() } });
            if let Some(end) = cluster.end {
                let longest_queue = group
                    .clone()
                    .map(|index| system.pools()[index].usage().waiting.max())
                    .max()
                    .unwrap_or(0);
                let change = Change::Relieved { pool, after: end.since(cluster.at), longest_queue };
                moments.push(Moment { at: end, change });
            }
        }
    }
    for cluster in clusters(group, now, |index| system.pools()[index].overflow()) {
        let pool = named(cluster.most);
        moments.push(Moment {
            at: cluster.at,
            change: Change::Overflows { pool: pool.clone(), limit: plan.queue_limit },
        });
        if let Some(end) = cluster.end.filter(|end| now.since(*end) > SimDuration::from_secs(5)) {
            moments.push(Moment { at: end, change: Change::OverflowEnds { pool } });
        }
    }
    moments
}

/// Overlapping episodes of several pools, told as one.
struct Cluster {
    /// The first time at which the most pools were affected.
    at: SimTime,
    end: Option<SimTime>,
    /// The most pools that were affected at one time.
    most: u32,
}

fn clusters<'a>(
    group: &std::ops::Range<usize>,
    now: SimTime,
    episodes: impl Fn(usize) -> &'a Episodes,
) -> Vec<Cluster> {
    let mut boundaries: Vec<(SimTime, bool)> = Vec::new();
    for index in group.clone() {
        for Episode { begin, end } in episodes(index).finish(now) {
            boundaries.push((begin, true));
            boundaries.extend(end.map(|end| (end, false)));
        }
    }
    boundaries.sort_by_key(|(at, begins)| (*at, !begins));
    let (mut clusters, mut affected) = (Vec::<Cluster>::new(), 0);
    for (at, begins) in boundaries {
        affected = if begins { affected + 1 } else { affected - 1 };
        match clusters.last_mut() {
            Some(cluster) if cluster.end.is_none() => {
                if affected > cluster.most {
                    (cluster.at, cluster.most) = (at, affected);
                }
                cluster.end = (affected == 0).then_some(at);
            }
            _ => clusters.push(Cluster { at, end: None, most: affected }),
        }
    }
    clusters
}

fn breaker_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let breakers = blueprint.breakers.iter().zip(recorder.breakers());
    breakers
        .flat_map(|(plan, record)| {
            record.transitions.iter().map(|(at, transition)| Moment {
                at: *at,
                change: Change::Breaker { breaker: plan.owner.clone(), transition: *transition },
            })
        })
        .collect()
}

fn instance_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let moment = |record: &InstanceRecord| {
        let edge = &blueprint.edges[record.edge as usize];
        let callee = &blueprint.stations[edge.callee as usize];
        let change = Change::Instance {
            edge: format!("{} -> {}", edge.caller, callee.name),
            instance: format!("{}#{}", callee.name, record.instance - callee.instances.start + 1),
            change: record.change,
        };
        Moment { at: record.at, change }
    };
    recorder.instances().iter().map(moment).collect()
}

fn scale_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let moment = |(at, record): &(SimTime, ScaleRecord)| {
        let change = match *record {
            ScaleRecord::Scaled { station, from, to } => Change::Scaled {
                service: blueprint.stations[station as usize].name.clone(),
                from,
                to,
            },
            ScaleRecord::OutOfMemory { instance, restart } => {
                let station =
                    &blueprint.stations[blueprint.instances[instance as usize].station as usize];
                let number = instance - station.instances.start + 1;
                let name = &station.name;
                let instance = if station.instances.len() == 1 {
                    name.clone()
                } else {
                    format!("{name}#{number}")
                };
                Change::OutOfMemory { instance, restart }
            }
        };
        Moment { at: *at, change }
    };
    recorder.scales().iter().map(moment).collect()
}

/// Messages count as piling up when the oldest has waited for so long.
const BACKLOG_AFTER: SimDuration = SimDuration::from_secs(10);

fn queue_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let width = recorder.sample_width();
    let mut moments = Vec::new();
    // Nobody waits for what nobody consumes.
    let consumed = blueprint
        .queues
        .iter()
        .zip(recorder.queues())
        .filter(|(plan, _)| plan.entry != crate::system::NONE);
    for (plan, record) in consumed {
        let queue = || plan.name.clone();
        let mut since = None;
        for interval in 0..record.depth.len() {
            let at = instant(width, interval + 1);
            match since {
                None if record.age[interval] >= BACKLOG_AFTER.as_nanos() => {
                    moments.push(Moment {
                        at,
                        change: Change::Backlog { queue: queue(), waiting: record.depth[interval] },
                    });
                    since = Some(interval);
                }
                Some(begin) if record.depth[interval] == 0 => {
                    let most =
                        |levels: &[u64]| levels[begin..interval].iter().copied().max().unwrap_or(0);
                    let change = Change::Drained {
                        queue: queue(),
                        after: at.since(instant(width, begin + 1)),
                        most: most(&record.depth),
                        oldest: SimDuration::from_nanos(most(&record.age)),
                    };
                    moments.push(Moment { at, change });
                    since = None;
                }
                _ => {}
            }
        }
    }
    moments
}

fn availability_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let level = blueprint.run.availability_level;
    let width = recorder.sample_width();
    let mut moments = Vec::new();
    for (plan, record) in blueprint.workloads.iter().zip(recorder.workloads()) {
        let series = &record.series;
        for (begin, end) in spells(series, REGAINED_AFTER, 1, |availability| availability < level) {
            let to = series.availability(begin).unwrap_or(0.0);
            let workload = plan.name.clone();
            moments.push(Moment {
                at: instant(width, begin),
                change: Change::AvailabilityFalls { workload: workload.clone(), level, to },
            });
            if let Some(end) = end {
                let after = width * (end - begin) as u64;
                moments.push(Moment {
                    at: instant(width, end),
                    change: Change::AvailabilityRegained { workload, level, after },
                });
            }
        }
        for (begin, end) in spells(series, 1, OUTAGE_AFTER, |availability| availability == 0.0) {
            let workload = plan.name.clone();
            moments.push(Moment {
                at: instant(width, begin),
                change: Change::OutageBegins { workload: workload.clone() },
            });
            if let Some(end) = end {
                let after = width * (end - begin) as u64;
                moments.push(Moment {
                    at: instant(width, end),
                    change: Change::OutageEnds { workload, after },
                });
            }
        }
    }
    moments
}

fn instant(width: SimDuration, interval: usize) -> SimTime {
    SimTime::ZERO + width * interval as u64
}

/// Spells of intervals whose availability is bad: begun by at least `shortest` bad ones in a row,
/// ended by `calm` good ones in a row. Each is (first interval, first good interval after it).
fn spells(
    series: &WorkloadSeries,
    calm: usize,
    shortest: usize,
    is_bad: impl Fn(f64) -> bool,
) -> Vec<(usize, Option<usize>)> {
    let mut spells: Vec<(usize, Option<usize>)> = Vec::new();
    let (mut bad_since, mut good_since) = (None, None);
    let mut is_in_spell = false;
    for interval in 0..series.offered.len() {
        let Some(availability) = series.availability(interval) else { continue };
        if is_bad(availability) {
            good_since = None;
            let begin = *bad_since.get_or_insert(interval);
            if !is_in_spell && interval + 1 - begin >= shortest {
                spells.push((begin, None));
                is_in_spell = true;
            }
        } else {
            bad_since = None;
            let first_good = *good_since.get_or_insert(interval);
            if is_in_spell && interval + 1 - first_good >= calm {
                if let Some(spell) = spells.last_mut() {
                    spell.1 = Some(first_good);
                }
                is_in_spell = false;
            }
        }
    }
    spells
}
