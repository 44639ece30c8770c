//! Workloads: sources of requests and what clients do.

use sim_core::{SimDuration, SimTime};

use super::super::forms::OrNumber;
use super::super::phrases::{ArrivalPhrase, Process};
use super::super::problem::Problem;
use super::super::quantity::Factor;
use super::super::traffic::{ArrivalProfile, Arrivals, Diurnal, RatePoint, Spike, Users, Workload};
use super::{Caller, Compiler, most};
use crate::system::{AnswerValue, BranchTable, OnFailure, Source, StationKind, Step, WorkloadPlan};
use crate::workload::{ArrivalProcess, Knot, RateProfile, Stage, UserPlan};

/// A sine wave is followed in this many straight pieces a period: the error stays below 0.01 % of
/// its swing.
const DIURNAL_PIECES: u32 = 288;

/// The period of a rate that follows the time of day, if none is given.
const DAY: SimDuration = SimDuration::from_secs(86_400);

impl Compiler<'_> {
    pub(super) fn workloads(&mut self) {
        let scenario = self.scenario;
        if scenario.workloads.is_empty() && !self.was_removed("workloads") {
            self.problems.add(
                Problem::error("there is no workload", None)
                    .with_help("write where requests come from:\n\nworkloads:\n  web: { to: SERVICE, arrivals: poisson 100/s }"),
            );
        }
        for (index, (name, workload)) in scenario.workloads.iter().enumerate() {
            let path = format!("workloads.{name}");
            self.check_name(name, "workloads");
            if self.stations.contains_key(name) {
                let at = self.key_at(&path);
                self.problems.add(
                    Problem::error(format!("`{name}` is the name of two things"), at)
                        .labelled("the second")
                        .with_help("workloads share their names with services, databases and caches: both can be callers"),
                );
            }
            let begin = self.blueprint.program.len() as u32;
            if !workload.begin.is_empty() {
                self.sequence(
                    Caller::Workload(index as u32),
                    &workload.begin,
                    &format!("{path}.begin"),
                );
                self.push(Step::Answer);
            }
            let entry = self.blueprint.program.len() as u32;
            self.client_program(Caller::Workload(index as u32), workload, &path);
            let source = self.source(name, workload, &path);
            let region = self.region(workload.region.as_ref(), &format!("{path}.region"));
            let priority =
                self.priority(workload.priority.as_ref(), &format!("workloads.{name}.priority"));
            self.blueprint.workloads.push(WorkloadPlan {
                name: name.clone(),
                source,
                begin,
                entry,
                priority,
                value: answer_value(workload),
                region,
            });
        }
    }

    fn client_program(&mut self, caller: Caller, workload: &Workload, path: &str) {
        match (&workload.to, workload.operations.is_empty()) {
            (Some(target), true) => {
                self.call(
                    caller,
                    target,
                    OnFailure::Ignore,
                    StationKind::Service,
                    &format!("{path}.to"),
                );
                self.push(Step::Answer);
            }
            (None, false) => self.client_operations(caller, workload, path),
            (Some(_), false) => {
                let at = self.key_at(&format!("{path}.to"));
                self.error(
                    at,
                    "a workload has either `to` or `operations`",
                    "make the call one of the operations",
                );
            }
            (None, true) => {
                if !self.was_removed(path) {
                    let at = self.key_at(path);
                    self.error(at, "this workload calls nothing", "write `to: SERVICE`");
                }
            }
        }
    }

    fn client_operations(&mut self, caller: Caller, workload: &Workload, path: &str) {
        let total: f64 = workload.operations.values().map(|operation| operation.weight).sum();
        let is_sound = total > 0.0
            && total.is_finite()
            && workload.operations.values().all(|operation| operation.weight >= 0.0);
        if !is_sound {
            let at = self.key_at(&format!("{path}.operations"));
            self.error(
                at,
                "the weights are not positive",
                "give each operation a weight such as 1",
            );
        }
        let table = self.blueprint.tables.len();
        self.blueprint.tables.push(BranchTable::default());
        self.push(Step::Choose(table as u32));
        let (mut entries, mut cumulative, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for (name, operation) in &workload.operations {
            let path = format!("{path}.operations.{name}");
            self.check_name(name, &path);
            entries.push(self.blueprint.program.len() as u32);
            sum += operation.weight / total;
            cumulative.push(sum);
            self.sequence(caller, &operation.steps, &format!("{path}.steps"));
            self.push(Step::Answer);
        }
        self.blueprint.tables[table] = BranchTable { entries, cumulative, join: 0 };
    }

    fn source(&mut self, name: &str, workload: &Workload, path: &str) -> Source {
        match (&workload.arrivals, &workload.users) {
            (Some(arrivals), None) => {
                if workload.think.is_some() {
                    let at = self.key_at(&format!("{path}.think"));
                    self.error(at, "arrivals do not think", "think times belong to `users`");
                }
                if !workload.begin.is_empty() {
                    let at = self.key_at(&format!("{path}.begin"));
                    self.error(
                        at,
                        "arrivals do not begin with anything",
                        "`begin` belongs to `users`",
                    );
                }
                Source::Open(self.arrivals(name, arrivals, path))
            }
            (None, Some(OrNumber(users))) => {
                let think = match &workload.think {
                    Some(think) => self.distribution(think, &format!("{path}.think")),
                    None => self.distribution(
                        &super::super::phrases::DurationPhrase::Known(
                            sim_core::Distribution::Constant { value: 0.0 },
                        ),
                        path,
                    ),
                };
                Source::Closed { users: self.users(users, path), think }
            }
            (arrivals, _) => {
                if arrivals.is_some() || !self.was_removed(path) {
                    let at = self.key_at(path);
                    self.error(
                        at,
                        "a workload has either `arrivals` or `users`",
                        "write `arrivals: poisson 100/s`, or `users: 50` with `think: 1s`",
                    );
                }
                Source::Open(ArrivalProcess::Replay(Vec::new()))
            }
        }
    }

    fn users(&mut self, users: &Users, path: &str) -> UserPlan {
        let stages: Vec<Stage> =
            users.stages.iter().map(|stage| Stage { to: stage.to, over: stage.over.0 }).collect();
        let plan = UserPlan { start: users.from, stages };
        if plan.most() == 0 {
            let at = self.value_at(&format!("{path}.users"));
            self.error(at, "there are never any users", "write how many, such as `users: 50`");
        }
        plan
    }

    fn arrivals(&mut self, name: &str, arrivals: &Arrivals, path: &str) -> ArrivalProcess {
        let path = format!("{path}.arrivals");
        let (process, profile) = match arrivals {
            Arrivals::Phrase(ArrivalPhrase { process, rate }) => {
                (*process, RateProfile::constant(rate.0))
            }
            Arrivals::Profile(ArrivalProfile { replay: Some(file), .. }) => {
                return self.replay(file, &format!("{path}.replay"));
            }
            Arrivals::Profile(profile) => {
                (profile.process.unwrap_or(Process::Poisson), self.profile(profile, &path))
            }
        };
        let profile = self.surges(name).iter().fold(profile, |profile, surge| profile.times(surge));
        match process {
            Process::Poisson => ArrivalProcess::Poisson(profile),
            Process::Constant => ArrivalProcess::Constant(profile),
        }
    }

    fn profile(&mut self, profile: &ArrivalProfile, path: &str) -> RateProfile {
        let forms = [
            profile.rate.is_some(),
            profile.steps.is_some(),
            profile.ramp.is_some(),
            profile.spike.is_some(),
            profile.diurnal.is_some(),
        ];
        if forms.iter().filter(|is_there| **is_there).count() != 1 && !self.was_removed(path) {
            let at = self.value_at(path);
            self.error(
                at,
                "there is no telling how the rate changes",
                "write one of rate, steps, ramp, spike, diurnal and replay",
            );
        }
        if let Some(points) = &profile.steps {
            self.points(points, false, &format!("{path}.steps"))
        } else if let Some(points) = &profile.ramp {
            self.points(points, true, &format!("{path}.ramp"))
        } else if let Some(spike) = &profile.spike {
            spike_profile(spike)
        } else if let Some(diurnal) = &profile.diurnal {
            self.diurnal_profile(diurnal, &format!("{path}.diurnal"))
        } else {
            RateProfile::constant(profile.rate.map_or(0.0, |rate| rate.0))
        }
    }

    fn diurnal_profile(&mut self, diurnal: &Diurnal, path: &str) -> RateProfile {
        let period = diurnal.period.map_or(DAY, |period| period.0);
        let duration = self.blueprint.run.duration;
        let turns = duration.as_secs_f64() / period.as_secs_f64();
        if period.is_zero() || turns > most::TURNS {
            let at = self.value_at(&format!("{path}.period"));
            let most = most::TURNS;
            self.error(
                at,
                format!("a period of {period} goes round too often in a run of {duration}"),
                format!("{most} times is the most; write the length of a day, such as `24h`"),
            );
            return RateProfile::constant(0.0);
        }
        let peak_at = diurnal.peak_at.map_or(period.as_secs_f64() / 2.0, |at| at.0.as_secs_f64());
        let step = period.as_secs_f64() / f64::from(DIURNAL_PIECES);
        let pieces = libm::ceil(turns * f64::from(DIURNAL_PIECES)) as u32;
        let rate = |at: f64| {
            let phase = std::f64::consts::TAU * (at - peak_at) / period.as_secs_f64();
            diurnal.mean.0 * (1.0 + diurnal.swing.0 * libm::cos(phase))
        };
        RateProfile::new(
            (0..=pieces)
                .map(|piece| f64::from(piece) * step)
                .map(|at| Knot { at, rate: rate(at) })
                .collect(),
        )
    }

    fn points(&mut self, points: &[RatePoint], is_ramp: bool, path: &str) -> RateProfile {
        if points.is_empty() || !points.is_sorted_by(|a, b| a.at < b.at) {
            let at = self.value_at(path);
            self.error(
                at,
                "the points are not in order of time",
                "write `[ { at: 0s, rate: 100/s }, { at: 1m, rate: 300/s } ]`",
            );
            return RateProfile::constant(0.0);
        }
        let mut knots = Vec::new();
        let mut before = if is_ramp { points[0].rate.0 } else { 0.0 };
        for point in points {
            let at = point.at.0.as_secs_f64();
            if !is_ramp {
                knots.push(Knot { at, rate: before });
            }
            knots.push(Knot { at, rate: point.rate.0 });
            before = point.rate.0;
        }
        RateProfile::new(knots)
    }

    fn replay(&mut self, file: &str, path: &str) -> ArrivalProcess {
        let Some(records) = self.csv(file, path) else { return ArrivalProcess::Replay(Vec::new()) };
        let mut times = Vec::new();
        for (line, record) in records.iter().enumerate() {
            match record
                .get(0)
                .and_then(|text| text.parse::<f64>().ok())
                .filter(|seconds| *seconds >= 0.0)
            {
                Some(seconds) => times.push(SimTime::ZERO + SimDuration::from_secs_f64(seconds)),
                None if line == 0 => {}
                None => {
                    let at = self.value_at(path);
                    self.error(
                        at,
                        format!("{file}, line {}: not a number of seconds", line + 1),
                        "write one arrival a line, such as `0.250`",
                    );
                    return ArrivalProcess::Replay(Vec::new());
                }
            }
        }
        if !times.is_sorted() {
            let at = self.value_at(path);
            self.error(
                at,
                format!("the arrivals in {file} are not in order of time"),
                "sort the file",
            );
        }
        ArrivalProcess::Replay(times)
    }

    /// The factor over time of each surge on a workload.
    fn surges(&mut self, workload: &str) -> Vec<RateProfile> {
        let faults = &self.scenario.faults;
        let surges = faults.iter().filter(|fault| fault.surge.as_deref() == Some(workload));
        surges
            .map(|fault| {
                let factor = fault.by.map_or(1.0, |Factor(factor)| factor);
                let begin = fault.at.map_or(0.0, |at| at.0.as_secs_f64());
                let full = begin + fault.ramp.map_or(0.0, |ramp| ramp.0.as_secs_f64());
                let mut knots = vec![
                    Knot { at: 0.0, rate: 1.0 },
                    Knot { at: begin, rate: 1.0 },
                    Knot { at: full, rate: factor },
                ];
                if let Some(lasts) = fault.lasts {
                    let end = begin + lasts.0.as_secs_f64();
                    let at_end = if full > end {
                        1.0 + (factor - 1.0) * (end - begin) / (full - begin)
                    } else {
                        factor
                    };
                    knots.truncate(if full > end { 2 } else { 3 });
                    knots.extend([Knot { at: end, rate: at_end }, Knot { at: end, rate: 1.0 }]);
                }
                RateProfile::new(knots)
            })
            .collect()
    }
}

fn answer_value(workload: &Workload) -> AnswerValue {
    let ok = workload.value.unwrap_or(1.0);
    AnswerValue { ok, degraded: workload.degraded_value.unwrap_or(ok) }
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
