//! Records of everything that the oracle has seen.

use std::collections::BTreeMap;

use super::pool::PoolRecord;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Closed,
    Open,
    HalfOpen,
}

/// One thing that happens, to a workload or to an edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noted {
    Offered(usize),
    RequestEnded { workload: usize, outcome: &'static str, latency: u64 },
    Begun(usize),
    Attempt(usize),
    Ended { edge: usize, outcome: &'static str, latency: u64 },
    FellBack { edge: usize, outcome: &'static str },
    Abandoned(usize),
    Breaker { name: String, state: State },
    BreakerRejects(String),
}

#[derive(Debug, Default)]
pub struct Records {
    pub log: Vec<(u64, Noted)>,
    pub pools: Vec<PoolRecord>,
}

impl Records {
    /// The numbers of what a key is made of, by key.
    pub fn count<K: Ord>(&self, key: impl Fn(u64, &Noted) -> Option<K>) -> BTreeMap<K, u64> {
        let mut counts = BTreeMap::new();
        for key in self.log.iter().filter_map(|(at, noted)| key(*at, noted)) {
            *counts.entry(key).or_default() += 1;
        }
        counts
    }

    pub fn sum(&self, number: impl Fn(&Noted) -> Option<u64>) -> u128 {
        self.log.iter().filter_map(|(_, noted)| number(noted)).map(u128::from).sum()
    }
}
