//! A run and what the oracle has seen of the same system, side by side.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};

use sim_experiments::Finished;
use sim_models::Outcome;
use sim_models::resilience::circuit_breaker::BreakerState;

use super::net::{Net, SECOND, smaller};
use super::oracle::{Noted, Oracle, Records, State};
use crate::running::{blueprint, load_text, run};

/// Seconds and outcomes, and how often.
type Series = BTreeMap<(u64, &'static str), u64>;

/// The differences, or nothing.
pub fn difference(net: &Net) -> Option<String> {
    let finished = run(&blueprint(&load_text(&net.text(), &[])));
    let expected = Oracle::records(net, finished.now.as_nanos());
    let seconds = finished.now.as_nanos() / SECOND;
    let mut found = Differences { seconds, ..Differences::default() };
    workloads(&finished, &expected, net, &mut found);
    edges(&finished, &expected, net, &mut found);
    breakers(&finished, &expected, &mut found);
    pools(&finished, &expected, &mut found);
    (!found.text.is_empty()).then_some(found.text)
}

/// The smallest system that can be found which still shows a difference, with its text.
pub fn smallest(net: Net) -> String {
    let mut net = net;
    while let Some(lesser) = smaller(&net).into_iter().find(|it| difference(it).is_some()) {
        net = lesser;
    }
    format!("{}{}", difference(&net).unwrap_or_default(), net.text())
}

#[derive(Default)]
struct Differences {
    text: String,
    /// The number of whole seconds: what happens in the last instant is in no interval.
    seconds: u64,
}

impl Differences {
    #[allow(clippy::needless_pass_by_value, reason = "callers have values")]
    fn compare<T: PartialEq + Debug>(&mut self, what: &str, counted: T, expected: T) {
        if counted != expected {
            let _ = writeln!(self.text, "{what}: {counted:?}, expected {expected:?}");
        }
    }

    fn compare_totals(&mut self, what: &str, counted: &[u64; Outcome::COUNT], expected: &Series) {
        for (outcome, counted) in Outcome::ALL.iter().zip(counted) {
            let name = outcome.name();
            let seconds = expected.iter().filter(|(key, _)| key.1 == name);
            let expected = seconds.map(|(_, count)| count).sum();
            self.compare(&format!("{what}: {name}"), *counted, expected);
        }
    }

    /// Compares up to the first difference.
    fn compare_series(&mut self, what: &str, counted: &Series, expected: &Series) {
        if counted == expected {
            return;
        }
        let keys = counted.keys().chain(expected.keys());
        let of = |series: &Series, key| series.get(key).copied().unwrap_or(0);
        let keys = keys.filter(|key| key.0 < self.seconds);
        let first = keys.filter(|key| of(counted, key) != of(expected, key)).min();
        if let Some(key) = first {
            let (counted, expected) = (of(counted, key), of(expected, key));
            let _ = writeln!(
                self.text,
                "{what}, second {}: {counted} {}, expected {expected}",
                key.0, key.1
            );
        }
    }
}

/// Counts by outcome in each interval.
fn by_outcome(series: &[[u32; Outcome::COUNT]]) -> Series {
    let mut found = Series::new();
    for (second, counts) in series.iter().enumerate() {
        for (outcome, count) in Outcome::ALL.iter().zip(counts).filter(|(_, count)| **count > 0) {
            found.insert((second as u64, outcome.name()), u64::from(*count));
        }
    }
    found
}

fn plain(series: &[u32], name: &'static str) -> Series {
    let counts = series.iter().enumerate().filter(|(_, count)| **count > 0);
    counts.map(|(second, count)| ((second as u64, name), u64::from(*count))).collect()
}

fn workloads(finished: &Finished, expected: &Records, net: &Net, found: &mut Differences) {
    for (index, record) in finished.system.recorder().workloads().iter().enumerate() {
        let name = format!("w{index}");
        if index >= net.workloads.len() {
            continue;
        }
        let begun = expected
            .count(|at, noted| (*noted == Noted::Offered(index)).then_some((at / SECOND, "begun")));
        let ended = expected.count(|at, noted| match noted {
            Noted::RequestEnded { workload, outcome, .. } if *workload == index => {
                Some((at / SECOND, *outcome))
            }
            _ => None,
        });
        found.compare_series(&name, &plain(&record.series.offered, "begun"), &begun);
        found.compare_series(&name, &by_outcome(&record.series.ended), &ended);
        found.compare_totals(&name, &record.ended, &ended);
        let latency = expected.sum(|noted| match noted {
            Noted::RequestEnded { workload, latency, .. } if *workload == index => Some(*latency),
            _ => None,
        });
        let counted = record.latency.sum() + record.failure_latency.sum();
        found.compare(&format!("latency of {name}"), counted, latency);
    }
}

fn edges(finished: &Finished, expected: &Records, net: &Net, found: &mut Differences) {
    let recorded = finished.summary.calls.iter().zip(finished.system.recorder().edges());
    for index in net.reached() {
        let name = net.name(&net.edges[index]);
        let Some((_, record)) = recorded.clone().find(|it| it.0.edge == name) else {
            let _ = writeln!(found.text, "{name} is missing");
            continue;
        };
        let count = |wanted: &dyn Fn(&Noted) -> Option<&'static str>| -> Series {
            expected.count(|at, noted| wanted(noted).map(|outcome| (at / SECOND, outcome)))
        };
        let begun = count(&|noted| (*noted == Noted::Begun(index)).then_some("begun"));
        let attempts = count(&|noted| (*noted == Noted::Attempt(index)).then_some("attempts"));
        let ended = count(&|noted| match noted {
            Noted::Ended { edge, outcome, .. } if *edge == index => Some(*outcome),
            _ => None,
        });
        let fell_back = count(&|noted| match noted {
            Noted::FellBack { edge, outcome } if *edge == index => Some(*outcome),
            _ => None,
        });
        let latency = expected.sum(|noted| match noted {
            Noted::Ended { edge, latency, .. } if *edge == index => Some(*latency),
            _ => None,
        });
        let abandoned = expected.sum(|noted| (*noted == Noted::Abandoned(index)).then_some(1));
        found.compare_series(&name, &plain(&record.series.calls, "begun"), &begun);
        found.compare_series(&name, &plain(&record.series.attempts, "attempts"), &attempts);
        found.compare_series(&name, &by_outcome(&record.series.ended), &ended);
        found.compare_totals(&name, &record.ended, &ended);
        found.compare_series(
            &format!("{name} falling back"),
            &by_outcome(&record.series.fell_back),
            &fell_back,
        );
        found.compare(&format!("latency of {name}"), record.latency.sum(), latency);
        found.compare(&format!("abandoned of {name}"), u128::from(record.abandoned), abandoned);
    }
}

fn breakers(finished: &Finished, expected: &Records, found: &mut Differences) {
    let records = finished.system.recorder().breakers();
    for (summary, record) in finished.summary.breakers.iter().zip(records) {
        let counted: Vec<(u64, State)> = record
            .transitions
            .iter()
            .map(|(at, transition)| (at.as_nanos(), state(transition.to)))
            .collect();
        let changes = expected.log.iter().filter_map(|(at, noted)| match noted {
            Noted::Breaker { name, state } if *name == summary.edge => Some((*at, *state)),
            _ => None,
        });
        let changes: Vec<(u64, State)> = changes.collect();
        let same = counted.iter().zip(&changes).take_while(|(one, other)| one == other).count();
        found.compare(
            &format!("change {same} of breaker {}", summary.edge),
            counted.get(same),
            changes.get(same),
        );
        let rejected = expected.sum(|it| {
            matches!(it, Noted::BreakerRejects(name) if *name == summary.edge).then_some(1)
        });
        found.compare(
            &format!("rejected by breaker {}", summary.edge),
            u128::from(record.rejected),
            rejected,
        );
    }
}

fn state(state: BreakerState) -> State {
    match state {
        BreakerState::Closed => State::Closed,
        BreakerState::Open => State::Open,
        BreakerState::HalfOpen => State::HalfOpen,
    }
}

/// Compares pools by owner and kind; those of one owner and kind in their order.
fn pools(finished: &Finished, expected: &Records, found: &mut Differences) {
    let series = finished.system.recorder().pools();
    for (summary, series) in finished.summary.pools.iter().zip(series) {
        let name = format!("{} of {}", summary.kind, summary.owner);
        let same = |it: &&super::oracle::PoolRecord| {
            (it.owner.as_str(), it.kind) == (summary.owner.as_str(), summary.kind)
        };
        let Some(record) = expected.pools.iter().find(same) else {
            found.compare(&format!("{name}: granted"), summary.granted, 0);
            continue;
        };
        let counted = [
            summary.granted,
            summary.rejected,
            summary.expired,
            summary.busy_max,
            summary.queue_max,
        ];
        let wanted = [
            record.granted,
            record.rejected,
            record.expired,
            record.most_busy,
            record.most_waiting,
        ];
        found.compare(
            &format!("{name}: granted, rejected, expired, most busy, most waiting"),
            counted,
            wanted,
        );
        let mean = |waited: u64| waited as f64 / record.granted as f64 / 1e9;
        if record.granted > 0 {
            found.compare(&format!("{name}: mean wait"), summary.wait_mean, mean(record.waited));
        }
        for (what, counted, wanted) in
            [("busy", &series.busy, &record.busy), ("waiting", &series.waiting, &record.waiting)]
        {
            let mean = |sum: &u64| (*sum as f64 / SECOND as f64) as f32;
            let second = (0..found.seconds as usize)
                .find(|it| counted.get(*it).copied() != wanted.get(*it).map(mean));
            if let Some(second) = second {
                found.compare(
                    &format!("{name}: {what} in second {second}"),
                    counted.get(second).copied(),
                    wanted.get(second).map(mean),
                );
            }
        }
    }
}
