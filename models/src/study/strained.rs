//! A system under more load, stronger faults or longer work than its scenario says.

use std::sync::Arc;

use sim_core::SimTime;

use crate::faults::{Effect, Fault, InForce};
use crate::steps::Op;
use crate::system::{Blueprint, Id, Source, Table, of};
use crate::workload::{ArrivalProcess, Knot, RateProfile};

/// A strain on a scenario that shows how much room a recommendation leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strain {
    /// Load that is a fifth higher.
    Load,
    /// Faults twice as strong; those without a strength last twice as long.
    Faults,
    /// Work that takes three tenths longer.
    ServiceTimes,
}

impl Strain {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Load, Self::Faults, Self::ServiceTimes];

    /// The strain in a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load +20%",
            Self::Faults => "faults x2",
            Self::ServiceTimes => "service times +30%",
        }
    }
}

const MORE_LOAD: f64 = 1.2;
const STRONGER_FAULTS: f64 = 2.0;
const LONGER_WORK: f64 = 1.3;

/// The same system under a strain.
pub fn strained(blueprint: &Blueprint, strain: Strain) -> Blueprint {
    let mut blueprint = blueprint.clone();
    for stressed in &mut blueprint.stressed {
        *stressed = Arc::new(strained(stressed, strain));
    }
    match strain {
        Strain::Load => blueprint
            .workloads
            .ids()
            .for_each(|workload| scale_load(&mut blueprint, workload, MORE_LOAD)),
        Strain::Faults => strengthen_faults(&mut blueprint),
        Strain::ServiceTimes => lengthen_work(&mut blueprint),
    }
    blueprint
}

/// Multiplies the arrivals, or the users, of a workload; recorded arrivals follow each other
/// faster.
pub fn scale_load(blueprint: &mut Blueprint, workload: Id<of::Workload>, factor: f64) {
    match &mut blueprint.workloads[workload].source {
        Source::Open(ArrivalProcess::Constant(profile) | ArrivalProcess::Poisson(profile)) => {
            *profile = profile.times(&RateProfile::constant(factor));
        }
        Source::Open(ArrivalProcess::Replay(times)) => {
            for at in times {
                *at = SimTime::ZERO + at.since(SimTime::ZERO).scaled(1.0 / factor);
            }
        }
        Source::Closed { users, .. } => {
            let scaled = |users: u32| libm::round(f64::from(users) * factor) as u32;
            users.start = scaled(users.start);
            users.stages.iter_mut().for_each(|stage| stage.to = scaled(stage.to));
        }
    }
}

fn strengthen_faults(blueprint: &mut Blueprint) {
    let surges: Vec<Fault> = blueprint
        .faults
        .iter()
        .filter(|fault| matches!(fault.effect, Effect::Surge(_)))
        .cloned()
        .collect();
    for fault in surges {
        let workload =
            blueprint.workloads.iter_mut().find(|workload| workload.name == fault.target);
        match workload.map(|workload| &mut workload.source) {
            Some(Source::Open(
                ArrivalProcess::Constant(profile) | ArrivalProcess::Poisson(profile),
            )) => *profile = profile.times(&doubled_during(&fault)),
            Some(Source::Closed { users, .. }) => *users = users.times(&doubled_during(&fault)),
            _ => {}
        }
    }
    blueprint.faults.iter_mut().for_each(strengthen);
}

/// A rate profile of one before and after a fault, and of two at its full size.
fn doubled_during(fault: &Fault) -> RateProfile {
    let (begin, ramp) = (fault.begin.as_secs_f64(), fault.ramp.as_secs_f64());
    let mut knots =
        vec![Knot { at: begin, rate: 1.0 }, Knot { at: begin + ramp, rate: STRONGER_FAULTS }];
    if fault.end != SimTime::MAX {
        let end = fault.end.as_secs_f64();
        knots.retain(|knot| knot.at <= end);
        knots.extend([Knot { at: end, rate: STRONGER_FAULTS }, Knot { at: end, rate: 1.0 }]);
    }
    RateProfile::new(knots)
}

fn strengthen(fault: &mut Fault) {
    let has_size = fault.effect.strengthen(STRONGER_FAULTS);
    if !has_size && fault.end != SimTime::MAX {
        fault.end = fault.end + fault.end.since(fault.begin).scaled(STRONGER_FAULTS - 1.0);
    }
}

/// Makes all computing take longer, but not waiting.
fn lengthen_work(blueprint: &mut Blueprint) {
    let Blueprint { program, distributions, contentions, .. } = blueprint;
    for contention in contentions {
        contention.per_request *= LONGER_WORK;
        contention.per_message *= LONGER_WORK;
    }
    let mut longer: Table<of::Distribution, Option<Id<of::Distribution>>> =
        distributions.iter().map(|_| None).collect();
    for step in program {
        let Op::Work(id) = step else { continue };
        let of_longer = *longer[*id].get_or_insert_with(|| {
            let of_longer = distributions[*id].scaled(LONGER_WORK);
            distributions.push(of_longer)
        });
        *id = of_longer;
    }
}

#[cfg(test)]
mod tests {
    use sim_core::SimDuration;

    use super::*;
    use crate::scenario::{Input, Overrides, load};

    fn blueprint() -> Blueprint {
        let text = "workloads: { web: { to: api, arrivals: poisson 100/s } }\n\
                    services: { api: { threads: 4, handle: [ { work: exponential 20ms }, { pause: 5ms } ] } }\n\
                    faults: [ { at: 10s, for: 5s, slow: api, by: 3x }, { at: 20s, for: 5s, surge: web, by: 2x }, \
                    { at: 30s, for: 5s, pause: api } ]";
        let input = Input { name: "example.yaml".into(), text: text.into(), folder: ".".into() };
        Blueprint::clone(&load(&input, &Overrides::default()).blueprint.expect("a sound scenario"))
    }

    fn rate(blueprint: &Blueprint, at: f64) -> f64 {
        match &blueprint.workloads[Id::new(0)].source {
            Source::Open(ArrivalProcess::Poisson(profile)) => profile.rate_at(at),
            other => panic!("{other:?}"),
        }
    }

    fn means_of_work(blueprint: &Blueprint) -> Vec<f64> {
        let work = |step: &Op| {
            if let Op::Work(id) | Op::Pause(id) = step { Some(*id) } else { None }
        };
        blueprint
            .program
            .iter()
            .filter_map(work)
            .map(|id| blueprint.distributions[id].mean())
            .collect()
    }

    #[test]
    fn each_strain_changes_what_it_says_and_nothing_else() {
        let plain = blueprint();
        let load = strained(&plain, Strain::Load);
        assert_eq!((rate(&plain, 1.0), rate(&load, 1.0), rate(&load, 21.0)), (100.0, 120.0, 240.0));
        assert_eq!(means_of_work(&load), means_of_work(&plain));
        let work = strained(&plain, Strain::ServiceTimes);
        assert_eq!(means_of_work(&work), [26e6, 5e6], "waiting does not take longer");
        let faults = strained(&plain, Strain::Faults);
        assert_eq!(
            (rate(&faults, 1.0), rate(&faults, 21.0), rate(&faults, 26.0)),
            (100.0, 400.0, 100.0)
        );
        assert!(matches!(
            faults.faults[Id::new(0)].effect,
            Effect::Slow(crate::faults::Slow { factor: 6.0, .. })
        ));
        assert_eq!(
            faults.faults[Id::new(2)].end,
            SimTime::ZERO + SimDuration::from_secs(40),
            "a pause has no strength: it lasts longer"
        );
    }
}
