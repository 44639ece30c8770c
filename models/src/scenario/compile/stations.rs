//! Services, databases and caches: their instances and pools.

use super::super::admission::Admission;
use super::super::forms::OrNumber;
use super::super::problem::Problem;
use super::super::schema::{Idempotency, Memory, Slots};
use super::{Compiler, most};
use crate::resources::Discipline;
use crate::system::{InstancePlan, NONE, PoolKind, PoolPlan, StationKind, StationPlan, UNLIMITED};

impl Compiler<'_> {
    pub(super) fn stations(&mut self) {
        let scenario = self.scenario;
        let hosts = self.hosts();
        for (name, service) in &scenario.services {
            let path = format!("services.{name}");
            let (kind, slots, key) = match (&service.threads, &service.slots) {
                (Some(_), Some(_)) => {
                    let at = self.key_at(&format!("{path}.slots"));
                    self.error(
                        at,
                        format!("`{name}` has both threads and slots"),
                        "threads are for blocking services, slots for asynchronous ones",
                    );
                    continue;
                }
                (None, Some(slots)) => (PoolKind::Slots, Some(slots), "slots"),
                (threads, None) => (PoolKind::Threads, threads.as_ref(), "threads"),
            };
            let host = service.host.as_ref().and_then(|host| {
                let found = hosts.iter().find(|(known, _)| known == host).map(|(_, pool)| *pool);
                if found.is_none() {
                    let at = self.value_at(&format!("{path}.host"));
                    self.error(
                        at,
                        format!("there is no host `{host}`"),
                        "hosts are listed under `hosts:`, such as `box: { cpus: 4 }`",
                    );
                }
                found
            });
            let processors = match (host, service.cpus) {
                (Some(_), Some(_)) => {
                    let at = self.key_at(&format!("{path}.cpus"));
                    self.error(
                        at,
                        format!("`{name}` has processors of its own and runs on a host"),
                        "keep one of `cpus` and `host`",
                    );
                    Processors::Unlimited
                }
                (Some(pool), None) => Processors::Shared(pool),
                (None, Some(count)) => {
                    Processors::Own(self.at_least_one(count, "cpus", &format!("{path}.cpus")))
                }
                (None, None) => Processors::Unlimited,
            };
            let pool = SlotPlan {
                kind,
                slots,
                admission: service.admission.as_ref(),
                memory: service.memory,
                path: format!("{path}.{key}"),
            };
            let first = self.blueprint.instances.len();
            self.station_plan(name, StationKind::Service, service.instances, &pool, processors);
            self.place(name, service, first);
            self.autoscaler(name, service);
            if let Some(Idempotency { keys_for }) = service.idempotency {
                let keys = self.blueprint.idempotency.len() as u32;
                self.blueprint.idempotency.push(keys_for.0);
                self.blueprint.instances[first..]
                    .iter_mut()
                    .for_each(|instance| instance.keys = keys);
            }
        }
        for (name, database) in &scenario.databases {
            let pool = SlotPlan {
                kind: PoolKind::Connections,
                slots: database.connections.as_ref(),
                admission: None,
                memory: None,
                path: format!("databases.{name}.connections"),
            };
            self.station_plan(
                name,
                StationKind::Database,
                database.instances,
                &pool,
                Processors::Unlimited,
            );
        }
        for (name, cache) in &scenario.caches {
            let pool = SlotPlan {
                kind: PoolKind::Connections,
                slots: cache.connections.as_ref(),
                admission: None,
                memory: None,
                path: format!("caches.{name}.connections"),
            };
            self.station_plan(
                name,
                StationKind::Cache,
                cache.instances,
                &pool,
                Processors::Unlimited,
            );
        }
    }

    fn hosts(&mut self) -> Vec<(String, u32)> {
        let scenario = self.scenario;
        let mut hosts = Vec::new();
        for (name, host) in &scenario.hosts {
            let cpus = self.at_least_one(host.cpus, "cpus", &format!("hosts.{name}.cpus"));
            hosts.push((name.clone(), self.blueprint.pools.len() as u32));
            self.push_processors(name, 0, cpus);
        }
        hosts
    }

    fn push_processors(&mut self, owner: &str, number: u32, capacity: u32) -> u32 {
        let plan = PoolPlan {
            owner: owner.to_owned(),
            number,
            kind: PoolKind::Processors,
            capacity,
            core: capacity,
            queue_limit: UNLIMITED,
            wait_deadline: NONE,
            discipline: Discipline::Fifo,
        };
        self.blueprint.pools.push(plan);
        (self.blueprint.pools.len() - 1) as u32
    }

    fn station_plan(
        &mut self,
        name: &str,
        kind: StationKind,
        instances: Option<u32>,
        slots: &SlotPlan<'_>,
        processors: Processors,
    ) {
        let section = match kind {
            StationKind::Service => "services",
            StationKind::Database => "databases",
            StationKind::Cache => "caches",
        };
        let id = self.blueprint.stations.len() as u32;
        self.check_name(name, section);
        if self.stations.insert(name.to_owned(), id).is_some() {
            let at = self.key_at(&format!("{section}.{name}"));
            self.problems.add(
                Problem::error(format!("`{name}` is the name of two things"), at)
                    .labelled("the second")
                    .with_help("services, databases and caches share their names"),
            );
        }
        let path = format!("{section}.{name}.instances");
        let count = self.at_least_one(instances.unwrap_or(1), "instances", &path);
        let first = self.blueprint.instances.len() as u32;
        let is_possible =
            self.may_have(u64::from(first) + u64::from(count), most::INSTANCES, "instances", &path);
        let count = if is_possible { count } else { 1 };
        let number_of = |instance: u32| if count == 1 { 0 } else { instance + 1 };
        let first_pool = self.blueprint.pools.len() as u32;
        let plan = self.slot_plan(name, slots);
        let (discipline, gate) =
            self.admission(slots.admission, plan.capacity, &format!("{section}.{name}.admission"));
        let gate = self.with_memory(gate, slots.memory, &format!("{section}.{name}.memory"));
        let plan = PoolPlan { discipline, ..plan };
        for instance in 0..count {
            self.blueprint.pools.push(PoolPlan { number: number_of(instance), ..plan.clone() });
        }
        for instance in 0..count {
            let processors = match processors {
                Processors::Unlimited => NONE,
                Processors::Shared(pool) => pool,
                Processors::Own(capacity) => {
                    self.push_processors(name, number_of(instance), capacity)
                }
            };
            let gate_of_instance = gate.map_or(NONE, |settings| {
                self.blueprint.gates.push(settings);
                (self.blueprint.gates.len() - 1) as u32
            });
            let slots = first_pool + instance;
            self.blueprint.instances.push(InstancePlan {
                station: id,
                slots,
                processors,
                gate: gate_of_instance,
                keys: NONE,
                region: NONE,
            });
        }
        self.blueprint.stations.push(StationPlan {
            name: name.to_owned(),
            kind,
            instances: first..first + count,
        });
    }

    fn slot_plan(
        &mut self,
        name: &str,
        SlotPlan { kind, slots, path, .. }: &SlotPlan<'_>,
    ) -> PoolPlan {
        let unlimited = Slots { max: UNLIMITED, queue: None, max_wait: None };
        let slots = slots.map_or(&unlimited, |OrNumber(slots)| slots);
        let capacity = self.at_least_one(slots.max, kind.name(), path);
        PoolPlan {
            owner: name.to_owned(),
            number: 0,
            kind: *kind,
            capacity,
            core: capacity,
            queue_limit: slots.queue.unwrap_or(UNLIMITED),
            wait_deadline: self.deadline(slots.max_wait, &format!("{path}.max wait")),
            discipline: Discipline::Fifo,
        }
    }

    /// Names become parts of paths and edges.
    pub(super) fn check_name(&mut self, name: &str, section: &str) {
        let is_sound =
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
        if !is_sound {
            let at = self.key_at(&format!("{section}.{name}")).or_else(|| self.key_at(section));
            self.error(
                at,
                format!("`{name}` cannot be a name"),
                "names are made of letters, digits, `-` and `_`",
            );
        }
    }
}

struct SlotPlan<'a> {
    kind: PoolKind,
    slots: Option<&'a OrNumber<Slots>>,
    admission: Option<&'a Admission>,
    memory: Option<Memory>,
    path: String,
}

#[derive(Clone, Copy)]
enum Processors {
    Unlimited,
    Shared(u32),
    Own(u32),
}
