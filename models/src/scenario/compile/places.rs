//! Regions, autoscalers, memory, and what caches hold.

use sim_core::SimDuration;

use super::super::problem::did_you_mean;
use super::super::schema::{Cache, Memory, Service};
use super::{Compiler, most};
use crate::resilience::AutoscalerSettings;
use crate::resilience::admission::{AdmissionSettings, MemoryLimit};
use crate::resources::CacheSettings;
use crate::system::{AutoscalerPlan, NONE, UNLIMITED};

/// Settings that apply when the file says nothing.
const LOOK_EVERY: SimDuration = SimDuration::from_secs(15);
const SCALE_DOWN_AFTER: SimDuration = SimDuration::from_secs(300);
const RESTART: SimDuration = SimDuration::from_secs(30);

impl Compiler<'_> {
    /// Distances between regions: what is said of one direction holds for the other, unless that is
    /// said as well.
    pub(super) fn regions(&mut self) {
        let scenario = self.scenario;
        let count = scenario.regions.len();
        self.blueprint.regions = count as u32;
        self.blueprint.distances = vec![NONE; count * count];
        for (from, (name, others)) in scenario.regions.iter().enumerate() {
            self.check_name(name, "regions");
            for (other, latency) in others {
                let path = format!("regions.{name}.{other}");
                let distribution = self.distribution(latency, &path);
                match scenario.regions.get_index_of(other) {
                    Some(to) if to != from => {
                        self.blueprint.distances[from * count + to] = distribution;
                        let is_told = scenario.regions[other].contains_key(name);
                        if !is_told {
                            self.blueprint.distances[to * count + from] = distribution;
                        }
                    }
                    Some(_) => {
                        let at = self.key_at(&path);
                        self.error(
                            at,
                            "a region has no distance to itself",
                            "latency within a region is the `latency` of a call",
                        );
                    }
                    None => {
                        let at = self.key_at(&path);
                        self.no_region(other, at);
                    }
                }
            }
        }
    }

    fn no_region(&mut self, name: &str, at: Option<super::Location>) {
        let known: Vec<&str> = self.scenario.regions.keys().map(String::as_str).collect();
        let help = match did_you_mean(name, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known.is_empty() => format!("list them: `regions: {{ {name}: {{}} }}`"),
            None => format!("known are {}", known.join(", ")),
        };
        self.error(at, format!("there is no region `{name}`"), help);
    }

    /// A region by name; [`NONE`] if nothing is said.
    pub(super) fn region(&mut self, name: Option<&String>, path: &str) -> u32 {
        let Some(name) = name else { return NONE };
        let found = self.scenario.regions.get_index_of(name);
        if found.is_none() {
            let at = self.value_at(path);
            self.no_region(name, at);
        }
        found.map_or(NONE, |region| region as u32)
    }

    /// Says where the instances of a service are, from the `first` on.
    pub(super) fn place(&mut self, name: &str, service: &Service, first: usize) {
        let path = format!("services.{name}");
        let regions: Vec<u32> = match (&service.region, &service.regions) {
            (Some(_), Some(_)) => {
                let at = self.key_at(&format!("{path}.regions"));
                self.error(
                    at,
                    "this service is in one region and in several",
                    "keep one of `region` and `regions`",
                );
                return;
            }
            (region @ Some(_), None) => {
                vec![self.region(region.as_ref(), &format!("{path}.region"))]
            }
            (None, Some(regions)) => {
                let places = regions.iter().enumerate();
                places
                    .map(|(index, name)| {
                        self.region(Some(name), &format!("{path}.regions[{index}]"))
                    })
                    .collect()
            }
            (None, None) => return,
        };
        if !regions.is_empty() {
            let instances = &mut self.blueprint.instances[first..];
            instances
                .iter_mut()
                .zip(regions.iter().cycle())
                .for_each(|(instance, region)| instance.region = *region);
        }
    }

    pub(super) fn autoscaler(&mut self, name: &str, service: &Service) {
        let Some(autoscale) = service.autoscale else { return };
        let path = format!("services.{name}.autoscale");
        let Some(&station) = self.stations.get(name) else { return };
        let instances = self.blueprint.stations[station as usize].instances.clone();
        let max = instances.len() as u32;
        let min = self.at_least_one(autoscale.min, "min", &format!("{path}.min"));
        let from = autoscale.from.unwrap_or(min);
        if min > max || from > max || from < min {
            let at = self.value_at(&path);
            let message =
                format!("from {min} to {max} instances, beginning with {from}, is no range");
            self.error(at, message, "`instances` is the most there can be, `min` the least");
        }
        let slots = self.blueprint.instances[instances.start as usize].slots;
        if self.blueprint.pools[slots as usize].capacity == UNLIMITED {
            let at = self.key_at(&path);
            self.error(
                at,
                "there is no telling how busy this service is",
                "give it `threads` or `slots`",
            );
        }
        let interval = autoscale.every.map_or(LOOK_EVERY, |every| every.0);
        if autoscale.target.0 <= 0.0 || interval.is_zero() {
            let at = self.value_at(&path);
            self.error(
                at,
                "a target or an interval of zero makes no sense",
                "write `target: 60%` and `every: 15s`",
            );
            return;
        }
        let settings = AutoscalerSettings {
            min: min.min(max),
            max,
            target: autoscale.target.0,
            interval,
            start_up: autoscale.start_up.0,
            stabilization: autoscale.scale_down_after.map_or(SCALE_DOWN_AFTER, |span| span.0),
        };
        self.blueprint.autoscalers.push(AutoscalerPlan {
            station,
            from: from.clamp(min.min(max), max),
            settings,
        });
    }

    /// What a service turns away, and what kills it, because of memory.
    pub(super) fn with_memory(
        &mut self,
        gate: Option<AdmissionSettings>,
        memory: Option<Memory>,
        path: &str,
    ) -> Option<AdmissionSettings> {
        let Some(Memory { limit, each, restart, shed_above }) = memory else { return gate };
        if each.0 == 0 || each.0 > limit.0 {
            let at = self.value_at(path);
            self.error(
                at,
                "a request takes no memory, or more than there is",
                "write `{ limit: 512MB, each: 2MB }`",
            );
            return gate;
        }
        if shed_above.is_some_and(|shed| shed.0 > limit.0) {
            let at = self.value_at(&format!("{path}.shed above"));
            self.error(
                at,
                "nothing is turned away before memory runs out",
                "write less than the limit",
            );
        }
        let requests = |bytes: u64| u32::try_from(bytes / each.0).unwrap_or(u32::MAX);
        let restart = restart.map_or(RESTART, |restart| restart.0);
        Some(AdmissionSettings {
            memory: Some(MemoryLimit { requests: requests(limit.0), restart }),
            in_flight: shed_above.map(|shed| requests(shed.0)),
            ..gate.unwrap_or_default()
        })
    }

    /// What a cache finds: by a hit rate, or because it knows what is in it.
    pub(super) fn cache_contents(&mut self, name: &str, cache: &Cache) {
        let path = format!("caches.{name}");
        let Some(keys) = cache.keys else {
            let details = [
                ("zipf", cache.zipf.is_some()),
                ("ttl", cache.ttl.is_some()),
                ("coalesce", cache.coalesce.is_some()),
            ];
            for (detail, _) in details.into_iter().filter(|(_, is_there)| *is_there) {
                let at = self.key_at(&format!("{path}.{detail}"));
                self.error(
                    at,
                    format!("`{detail}` means nothing here"),
                    "it belongs to a cache with `keys`",
                );
            }
            if cache.hit_rate.is_none() && !self.was_removed(&path) {
                let at = self.key_at(&path);
                let help = "write `hit rate: 90%`, or `keys: 1000` and `ttl: 1m`";
                self.error(
                    at,
                    format!("there is no telling how often `{name}` finds something"),
                    help,
                );
            }
            return;
        };
        if cache.hit_rate.is_some() {
            let at = self.key_at(&format!("{path}.hit rate"));
            self.error(
                at,
                "a cache with keys finds what is in it",
                "leave out `hit rate` or `keys`",
            );
        }
        let keys = self.at_least_one(keys, "keys", &format!("{path}.keys"));
        let Some(ttl) = cache.ttl else {
            let at = self.key_at(&path);
            self.error(at, "there is no telling when something expires", "write `ttl: 1m`");
            return;
        };
        if !self.may_have(u64::from(keys), most::KEYS, "keys", &format!("{path}.keys")) {
            return;
        }
        let exponent = cache.zipf.unwrap_or(0.0);
        let weights: Vec<f64> =
            (1..=keys).map(|rank| libm::pow(f64::from(rank), -exponent)).collect();
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let cumulative = weights.iter().map(|weight| {
            sum += weight / total;
            sum
        });
        let settings = CacheSettings {
            cumulative: cumulative.collect(),
            lifetime: ttl.0,
            coalesces: cache.coalesce.unwrap_or(false),
        };
        self.keyed_caches.insert(name.to_owned(), self.blueprint.caches.len() as u32);
        self.blueprint.caches.push(settings);
    }

    /// The id of a cache that knows what is in it. Handlers are compiled before all caches are
    /// known, so the id is given out here.
    pub(super) fn keyed_cache(&self, name: &str) -> Option<u32> {
        self.keyed_caches.get(name).copied()
    }
}
