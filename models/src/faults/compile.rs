//! Compilation of faults as they are written to those that are simulated.

use sim_core::{SimDuration, SimTime};

use super::idle::note_idle;
use super::instances::struck_instances;
use super::reach::{InForceSpan, repeated};
use super::steps::{Reach, in_steps};
use super::trigger::compile_trigger;
use super::{Effect, Fault, FaultTarget, Part, target_of};
use crate::language::quantity::Period;
use crate::language::tree::normalize_edge;
use crate::language::{Placed, Problems};
use crate::scenario::{Names, Plan};
use crate::system::{Id, Ids, of};

/// A kind of fault as it is written.
pub(crate) trait Strike {
    /// The key that it is written with.
    const KEY: &'static str;
    /// True if it can strike a region as a whole.
    const STRIKES_REGIONS: bool = false;

    /// The name of what it strikes.
    fn target(&self) -> &Placed<String>;

    /// The duration and the repetition, for kinds that have them.
    fn span(&self) -> Option<&InForceSpan>;

    /// The time from one beginning to the next, if it repeats.
    fn every(&self) -> Option<&Placed<Period>> {
        self.span().and_then(|span| span.every.as_ref())
    }

    /// The end of it if it begins at an instant; the same instant if it takes no time.
    fn end(&self, begin: SimTime) -> SimTime {
        self.span().map_or(SimTime::MAX, |span| span.end(begin))
    }

    /// The instances that it strikes, for kinds that can strike a part of them.
    fn reach(&self) -> Option<&Reach> {
        None
    }

    /// The time that it takes to reach its full size.
    fn ramp(&self) -> SimDuration {
        SimDuration::ZERO
    }

    /// Its effect on a station or an edge; `None` if it has none there.
    fn effect(
        &self,
        target: FaultTarget,
        names: &Names<'_>,
        plan: &Plan,
        problems: &mut Problems,
    ) -> Option<Effect>;

    /// The faults that it makes, beginning at an instant.
    fn strike(
        &self,
        begin: SimTime,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Vec<Fault> {
        strike(self, begin, names, plan, problems).unwrap_or_default()
    }

    /// The beginning and the end of it, all repetitions included.
    fn whole(&self, begin: SimTime, names: &Names<'_>, plan: &Plan) -> (SimTime, SimTime) {
        match self.every() {
            Some(_) => (begin, SimTime::ZERO + plan.blueprint.run.duration),
            None => (begin, self.end(begin) + self.time_to_leave(begin, names, plan)),
        }
    }

    /// The time from leaving the first instance to leaving the last.
    fn time_to_leave(&self, begin: SimTime, names: &Names<'_>, plan: &Plan) -> SimDuration {
        let reach = self.reach().filter(|reach| reach.end.is_some());
        let struck = reach.zip(names.find_station(self.target()));
        struck.map_or(SimDuration::ZERO, |(reach, station)| {
            // Mistakes have been noted when the fault was compiled.
            let mut noted = Problems::default();
            let there = plan.instances_at(station.id, begin);
            let struck = struck_instances(station.id, there, Some(reach), plan, &mut noted);
            reach.time_to_leave(struck.len())
        })
    }

    /// A fault of this kind, for the whole of its target.
    fn fault(&self, begin: SimTime, effect: Effect) -> Fault {
        Fault {
            begin,
            end: self.end(begin),
            ramp: self.ramp(),
            effect,
            target: normalize_edge(self.target()),
            instances: Ids::none(),
            part: Part::Whole,
            place: None,
            trigger: None,
            victim: None,
        }
    }
}

/// The faults that strike a station, an edge, or every instance of a region.
pub(super) fn strike<T: Strike + ?Sized>(
    kind: &T,
    begin: SimTime,
    names: &Names<'_>,
    plan: &Plan,
    problems: &mut Problems,
) -> Option<Vec<Fault>> {
    let target = kind.target();
    let region = names.find_region(target).filter(|_| T::STRIKES_REGIONS);
    if let Some(region) = region.filter(|_| names.find_station(target).is_none()) {
        return strike_region(kind, region, begin, names, plan, problems);
    }
    let struck = target_of(target, names, plan, problems)?;
    let Some(effect) = kind.effect(struck, names, plan, problems) else {
        strikes_something_else::<T>(struck, target, problems);
        return None;
    };
    let whole = kind.fault(begin, effect);
    Some(match struck {
        FaultTarget::Station(station) => {
            let there = plan.instances_at(station, begin);
            in_steps(&whole, station, there, kind.reach(), plan, problems)
        }
        FaultTarget::Edge(_) => {
            if let Some(reach) = kind.reach() {
                let help = "leave it out, or name a service";
                reach.must_be_empty("a call has no instances", help, problems);
            }
            vec![whole]
        }
    })
}

fn strike_region<T: Strike + ?Sized>(
    kind: &T,
    region: Id<of::Region>,
    begin: SimTime,
    names: &Names<'_>,
    plan: &Plan,
    problems: &mut Problems,
) -> Option<Vec<Fault>> {
    if let Some(reach) = kind.reach() {
        let help = "leave it out, or name a service";
        reach.must_be_empty("a fault strikes a region as a whole", help, problems);
    }
    let mut faults = Vec::new();
    for (id, station) in plan.blueprint.stations.with_ids() {
        let is_there = |id: &Id<of::Instance>| plan.blueprint.instances[*id].region == Some(region);
        for instance in station.instances.iter().filter(is_there) {
            let effect = kind.effect(FaultTarget::Station(id), names, plan, problems)?;
            let instances = Ids::one(instance);
            faults.push(Fault { instances, part: Part::OfRegion, ..kind.fault(begin, effect) });
        }
    }
    Some(faults)
}

fn strikes_something_else<T: Strike + ?Sized>(
    struck: FaultTarget,
    target: &Placed<String>,
    problems: &mut Problems,
) {
    let key = T::KEY;
    let (message, help) = match struck {
        FaultTarget::Station(_) => (
            format!("`{key}` strikes an edge, not a service, database or cache"),
            "write `caller -> callee`",
        ),
        FaultTarget::Edge(_) => (
            format!("`{key}` strikes a service, database or cache, not an edge"),
            "write only the name of the callee",
        ),
    };
    problems.error(target.at(), message, help);
}

/// Compiles all faults of a file but those of its experiment.
pub(crate) fn compile_faults(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    for (place, section) in names.file.faults.iter().enumerate() {
        let trigger = compile_trigger(section, names, plan, problems);
        let begin = if trigger.is_some() { SimTime::ZERO } else { section.begin() };
        let struck = section.kind.strike(begin, names, plan, problems);
        // A fault of several parts has an effect if one of them has.
        match struck.as_slice() {
            [fault] | [fault @ Fault { part: Part::First(_), .. }, ..] => {
                note_idle(fault, section.at(), plan, problems);
            }
            _ => {}
        }
        for once in struck {
            let place = Some(place as u32);
            let once = Fault { trigger: once.trigger.or(trigger), place, ..once };
            let faults = match section.kind.every() {
                Some(every) => repeated(&once, every, plan, problems),
                None => vec![once],
            };
            plan.blueprint.faults.extend(faults);
        }
    }
}
