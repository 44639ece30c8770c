//! Caches: how often a look-up finds something, or which keys there are.

use super::slots::Slots;
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::Share;
use crate::language::{Placed, Problems, Short, section, words};
use crate::resources::CacheSettings;
use crate::scenario::names::Names;
use crate::scenario::plan::{NOTHING, Plan, most, read_distribution};
use crate::steps::{Op, handler};
use crate::system::CachePlan;

/// The largest exponent: with it, all but one look-up in a thousand are of the first key.
const MOST_ZIPF: f64 = 10.0;

section! {
    /// A cache.
    pub(crate) struct Cache {
        /// The number of instances; 1 if left out.
        "instances" => instances: Option<Placed<u32>>,
        /// Connections of each instance; not limited if left out.
        "connections" => connections: Option<Short<Slots>>,
        /// The number of keys, in place of a hit rate: a look-up finds what was put in and has not
        /// expired.
        "keys" => keys: Option<Placed<u32>>,
        /// With `keys`: the exponent by which some keys are more popular: the n-th is looked up
        /// with a probability in proportion to 1 / n^zipf, 0 to 10; all alike if left out.
        "zipf" => zipf: Option<Placed<f64>>,
        /// With `keys`: the time until an entry expires; of a distribution such as `uniform 50s to
        /// 70s`, each value that is stored has a time of its own.
        "ttl" => ttl: Option<Placed<DurationPhrase>>,
        /// With `keys`: the contents at the beginning; empty if left out.
        "starts" => starts: Option<Placed<Contents>>,
        /// With `keys`: if true, only one of several that miss the same key fetches it, and the
        /// others wait; false if left out.
        "coalesce" => coalesce: Option<Placed<bool>>,
        /// The share of look-ups that find something, such as `90%`.
        "hit rate" => hit_rate: Option<Placed<Share>>,
        /// The time that a look-up takes; none if left out.
        "latency" => latency: Option<Placed<DurationPhrase>>,
    }
}

words! {
    /// The contents of a cache at the beginning of a run.
    pub(crate) enum Contents {
        /// Nothing is in it.
        "empty" => Empty,
        /// Every key is in it, as old as after a long time of operation.
        "full" => Full,
    }
}

impl Cache {
    /// True if the cache knows which keys are in it.
    pub fn is_keyed(&self) -> bool {
        self.keys.is_some()
    }
}

/// Compiles the contents of a cache: its keys, or a hit rate.
pub(crate) fn compile_contents(
    name: &str,
    cache: &Placed<Cache>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let Some(keys) = &cache.keys else { return check_hit_rate(name, cache, problems) };
    if let Some(hit_rate) = &cache.hit_rate {
        let help = "leave out `hit rate` or `keys`";
        problems.error(hit_rate.key(), "a cache with `keys` has no fixed hit rate", help);
    }
    let count = problems.at_least_one(Some(keys), 1, "keys");
    if cache.ttl.is_none() && cache.is_whole() {
        let message = "this cache has no `ttl`: when does something expire?";
        problems.error(cache.key(), message, "write `ttl: 1m`");
    }
    let is_possible = problems.may_have(u64::from(count), most::KEYS, "keys", keys.at());
    let count = if is_possible { count } else { 1 };
    let zipf_exponent = problems.within(cache.zipf.as_ref(), 0.0, 0.0..=MOST_ZIPF);
    let ttl = cache.ttl.as_ref();
    let lifetime = ttl.map_or(NOTHING, |ttl| read_distribution(ttl, names, problems));
    let settings = CacheSettings {
        cumulative: zipf(count, zipf_exponent),
        lifetime,
        starts_full: cache.starts.as_ref().is_some_and(|starts| **starts == Contents::Full),
        coalesces: cache.coalesce.as_ref().is_some_and(|coalesces| **coalesces),
    };
    let Some(station) = names.find_station(name) else { return };
    plan.blueprint.caches.push(CachePlan { station: station.id, settings });
}

/// The probability of each key and all before it, the n-th in proportion to 1 / n^exponent.
fn zipf(keys: u32, exponent: f64) -> Vec<f64> {
    let weights: Vec<f64> = (1..=keys).map(|rank| libm::pow(f64::from(rank), -exponent)).collect();
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    let cumulative = weights.iter().map(|weight| {
        sum += weight / total;
        sum
    });
    cumulative.collect()
}

fn check_hit_rate(name: &str, cache: &Placed<Cache>, problems: &mut Problems) {
    let details = [
        ("zipf", cache.zipf.as_ref().map(Placed::key)),
        ("ttl", cache.ttl.as_ref().map(Placed::key)),
        ("starts", cache.starts.as_ref().map(Placed::key)),
        ("coalesce", cache.coalesce.as_ref().map(Placed::key)),
    ];
    for (detail, at) in details {
        if let Some(at) = at {
            let message = format!("`{detail}` has no effect here");
            problems.error(at, message, "it belongs to a cache with `keys`");
        }
    }
    if cache.hit_rate.is_none() && cache.is_whole() {
        let message = format!("`{name}` has no `hit rate`: how often does it find something?");
        let help = "write `hit rate: 90%`, or `keys: 1000` and `ttl: 1m`";
        problems.error(cache.key(), message, help);
    }
}

/// Compiles the look-up of a cache: it takes its latency.
pub(crate) fn compile_look_up(
    name: &str,
    cache: &Placed<Cache>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let Some(station) = names.find_station(name) else { return };
    handler(station.id, "", cache.key(), plan, problems, |plan, problems| {
        if let Some(latency) = &cache.latency {
            let distribution = plan.distribution(latency, names, problems);
            plan.push(Op::Work(distribution));
        }
    });
}
