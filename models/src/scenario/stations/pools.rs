//! Instances of services, databases and caches, and the pools that they hold.

use super::admission::AdmissionSection;
use super::contention::ContentionSection;
use super::memory::{Memory, with_memory};
use super::service::Service;
use super::slots::{self, Slots};
use super::{admission, autoscale, contention, host, regions, resource};
use crate::language::{Location, Placed, Problems, Short};
use crate::scenario::names::Names;
use crate::scenario::plan::{Plan, most};
use crate::system::{Id, Ids, InstancePlan, PoolKind, PoolPlan, StationKind, StationPlan, of};

/// Compiles the instances of all stations and their pools.
pub(crate) fn compile(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    let hosts = host::compile(names, plan, problems);
    for (name, service) in names.file.services.iter() {
        compile_service(name, service, &hosts, names, plan, problems);
    }
    for (name, database) in names.file.databases.iter() {
        let station = Station {
            instances: database.instances.as_ref(),
            slots: database.connections.as_ref(),
            contention: database.contention.as_ref(),
            clients: database.max_connections.as_ref(),
            ..Station::new(name, StationKind::Database, database.key())
        };
        station.compile(names, plan, problems);
    }
    for (name, cache) in names.file.caches.iter() {
        let station = Station {
            instances: cache.instances.as_ref(),
            slots: cache.connections.as_ref(),
            ..Station::new(name, StationKind::Cache, cache.key())
        };
        station.compile(names, plan, problems);
    }
}

fn compile_service(
    name: &str,
    service: &Placed<Service>,
    hosts: &[Id<of::Pool>],
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    if let (Some(_), Some(slots)) = (&service.threads, &service.slots) {
        let message = format!("`{name}` has both threads and slots");
        let help = "threads are for blocking services, slots for asynchronous ones";
        problems.error(slots.key(), message, help);
    }
    let (pool, slots) = match &service.slots {
        Some(slots) => (PoolKind::Slots, Some(&**slots)),
        None => (PoolKind::Threads, service.threads.as_ref()),
    };
    let ordered = names.ordered_instances.get(name);
    let station = Station {
        instances: service.instances.as_ref(),
        most: ordered.map(|ordered| &ordered.most),
        pool,
        slots,
        admission: service.admission.as_ref(),
        memory: service.memory.as_ref(),
        contention: service.contention.as_ref(),
        processors: processors(name, service, hosts, names, problems),
        ..Station::new(name, StationKind::Service, service.key())
    };
    let id = station.compile(names, plan, problems);
    let instances = plan.blueprint.stations[id].instances;
    resource::compile(name, &service.pools, instances, names, plan, problems);
    regions::place(service, instances, names, plan, problems);
    if let Some(autoscale) = &service.autoscale {
        autoscale::compile(autoscale, service.instances.as_ref(), id, names, plan, problems);
    } else if let Some(ordered) = ordered {
        autoscale::by_hand(service.instances.as_ref(), id, plan);
        plan.ordered_instances.insert(id, ordered.from.clone());
    }
    if let Some(idempotency) = &service.idempotency {
        let keys = plan.blueprint.idempotency.push(idempotency.keys_for.0);
        for instance in instances.iter() {
            plan.blueprint.instances[instance].keys = Some(keys);
        }
    }
}

/// The processors of a service: its own, those of a host, or unlimited ones.
fn processors(
    name: &str,
    service: &Service,
    hosts: &[Id<of::Pool>],
    names: &Names<'_>,
    problems: &mut Problems,
) -> Processors {
    if let (Some(_), Some(cpus)) = (&service.host, &service.cpus) {
        let message = format!("`{name}` has processors of its own and runs on a host");
        problems.error(cpus.key(), message, "keep one of `cpus` and `host`");
    }
    match (&service.host, &service.cpus) {
        (Some(host), _) => {
            let found = names.file.hosts.get_index_of(host.as_str());
            if found.is_none() && !names.file.hosts.mentions(host) {
                let help = "list it under `hosts:`, such as `box: { cpus: 4 }`";
                problems.error(host.at(), format!("there is no host `{}`", **host), help);
            }
            found.map_or(Processors::Unlimited, |host| Processors::Shared(hosts[host]))
        }
        (None, Some(_)) => Processors::Own(problems.at_least_one(service.cpus.as_ref(), 1, "cpus")),
        (None, None) => Processors::Unlimited,
    }
}

/// The processors that the instances of a station work with.
#[derive(Clone, Copy)]
enum Processors {
    /// No limit.
    Unlimited,
    /// Those of a host, as a pool.
    Shared(Id<of::Pool>),
    /// This many for each instance.
    Own(u32),
}

/// A service, database or cache that is about to be compiled.
struct Station<'a> {
    name: &'a str,
    kind: StationKind,
    key: Location,
    instances: Option<&'a Placed<u32>>,
    /// The most instances that operators ever set, if they set them.
    most: Option<&'a Placed<u32>>,
    pool: PoolKind,
    slots: Option<&'a Short<Slots>>,
    admission: Option<&'a AdmissionSection>,
    memory: Option<&'a Placed<Memory>>,
    contention: Option<&'a Placed<ContentionSection>>,
    clients: Option<&'a Placed<u32>>,
    processors: Processors,
}

impl<'a> Station<'a> {
    fn new(name: &'a str, kind: StationKind, key: Location) -> Self {
        Self {
            name,
            kind,
            key,
            instances: None,
            most: None,
            pool: PoolKind::Connections,
            slots: None,
            admission: None,
            memory: None,
            contention: None,
            clients: None,
            processors: Processors::Unlimited,
        }
    }

    fn compile(
        &self,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Id<of::Station> {
        let id = plan.blueprint.stations.next_id();
        let before = plan.blueprint.instances.len() as u32;
        let count = self.count(before, problems);
        let instances = Ids::new(plan.blueprint.instances.next_id(), count);
        let number_of = |number: u32| if count == 1 { 0 } else { number + 1 };
        let first_pool = plan.blueprint.pools.next_id();
        let pool = slots::compile(self.slots, self.name, self.pool, names, plan, problems);
        let (discipline, admission) =
            admission::compile(self.admission, pool.capacity, names, problems);
        let admission = with_memory(admission, self.memory, plan, problems);
        let pool = PoolPlan { discipline, ..pool };
        let contention = contention::compile(self.contention, names, problems);
        let contention = contention.map(|it| plan.blueprint.contentions.push(it));
        for place in 0..count {
            let (number, instance) = (number_of(place), Some(instances.nth(place)));
            plan.push_pool(PoolPlan { number, instance, ..pool.clone() });
        }
        for place in 0..count {
            let instance = Some(instances.nth(place));
            let processors = match self.processors {
                Processors::Unlimited => None,
                Processors::Shared(pool) => Some(pool),
                Processors::Own(capacity) => {
                    let pool = plan.push_processors(self.name, number_of(place), capacity);
                    plan.blueprint.pools[pool].instance = instance;
                    Some(pool)
                }
            };
            let admission = admission.map(|settings| plan.blueprint.admissions.push(settings));
            let slots = first_pool.offset(place);
            let (resources, keys, region) = (None, None, None);
            let clients = self.clients.map(|limit| {
                let capacity = problems.at_least_one(Some(limit), 1, "`max connections`");
                plan.push_pool(PoolPlan {
                    number: number_of(place),
                    instance,
                    capacity,
                    core: capacity,
                    queue_limit: 0,
                    ..PoolPlan::unlimited(self.name, PoolKind::Clients)
                })
            });
            plan.blueprint.instances.push(InstancePlan {
                station: id,
                slots,
                resources,
                processors,
                admission,
                keys,
                region,
                clients,
                contention,
            });
        }
        let station =
            StationPlan { name: self.name.to_owned(), kind: self.kind, instances, process: None };
        plan.blueprint.stations.push(station);
        id
    }

    fn count(&self, before: u32, problems: &mut Problems) -> u32 {
        let written = problems.at_least_one(self.instances, 1, "instances");
        let more = self.most.filter(|most| ***most > written);
        let count = more.map_or(written, |most| **most);
        let at = more.or(self.instances).map_or(self.key, Placed::at);
        let in_all = u64::from(before) + u64::from(count);
        if problems.may_have(in_all, most::INSTANCES, "instances", at) { count } else { 1 }
    }
}
