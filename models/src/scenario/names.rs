//! The meaning of the names in a file.

use indexmap::{IndexMap, IndexSet};

use super::changes::OrderedInstances;
use super::file::Scenario;
use super::folder::Folder;
use super::load::WrittenFile;
use super::operator::OPERATOR;
use super::plan::Caller;
use super::stressed::Stress;
use crate::language::{Location, Placed, Problem, Problems, Sources};
use crate::system::{Id, ProbeKind, StationKind, of};

/// The names of a file, resolved to dense ids. Compilation does not change them.
pub(crate) struct Names<'a> {
    /// The file that the names are from.
    pub file: &'a Scenario,
    /// The texts that places refer to.
    pub sources: &'a Sources,
    /// The folder that files named by the scenario are relative to.
    pub folder: &'a Folder,
    /// The numbers of instances of each service of which operators change them.
    pub ordered_instances: &'a IndexMap<String, OrderedInstances>,
    /// The stresses that limits on healing ask for, in the order of the limits.
    pub stresses: &'a [Stress],
    stations: IndexMap<&'a str, NamedStation>,
    keyed_caches: IndexSet<&'a str>,
}

/// A station that a name stands for.
#[derive(Clone, Copy)]
pub(crate) struct NamedStation {
    /// Its id.
    pub id: Id<of::Station>,
    /// Its kind.
    pub kind: StationKind,
}

impl<'a> Names<'a> {
    /// Resolves the names of a file; notes a problem if two things have one name.
    pub(super) fn new(
        written: &WrittenFile<'a>,
        sources: &'a Sources,
        problems: &mut Problems,
    ) -> Self {
        let WrittenFile { file, folder, ordered_instances, stresses, .. } = *written;
        let stations = stations_by_name(file, problems);
        let keyed = file.caches.iter().filter(|(_, cache)| cache.is_keyed());
        let keyed_caches = keyed.map(|(name, _)| name.as_str()).collect();
        Self { file, sources, folder, ordered_instances, stresses, stations, keyed_caches }
    }

    /// The station of a name, if there is one.
    pub fn find_station(&self, name: &str) -> Option<NamedStation> {
        self.stations.get(name).copied()
    }

    /// True if a workload, station or queue has this name.
    pub fn is_name_of_something(&self, name: &str) -> bool {
        self.find_station(name).is_some()
            || self.file.workloads.get_index_of(name).is_some()
            || self.file.queues.get_index_of(name).is_some()
    }

    /// The names of all stations.
    pub fn stations(&self) -> impl Iterator<Item = &'a str> {
        self.stations.keys().copied()
    }

    /// The station of a name, or a problem.
    pub fn station(
        &self,
        name: &str,
        at: Location,
        problems: &mut Problems,
    ) -> Option<NamedStation> {
        let found = self.find_station(name);
        let is_unreadable = self.file.services.mentions(name)
            || self.file.databases.mentions(name)
            || self.file.caches.mentions(name);
        if found.is_none() && !is_unreadable {
            let what = "service, database or cache";
            problems.no_such(what, name, at, self.stations(), "list it under `services:`");
        }
        found
    }

    /// The queue of messages with a name, or a problem.
    pub fn queue(&self, name: &Placed<String>, problems: &mut Problems) -> Option<Id<of::Queue>> {
        let queues = &self.file.queues;
        let found = queues.get_index_of(name.as_str());
        if found.is_none() && !queues.mentions(name) {
            let otherwise =
                format!("write one: `queues: {{ {}: {{ deliver to: SERVICE }} }}`", **name);
            problems.no_such("queue", name, name.at(), queues.names(), otherwise);
        }
        found.map(Id::new)
    }

    /// The region of a name, or a problem; `None` if there is no name.
    pub fn region(
        &self,
        name: Option<&Placed<String>>,
        problems: &mut Problems,
    ) -> Option<Id<of::Region>> {
        let name = name?;
        let found = self.find_region(name);
        if found.is_none() {
            self.no_region(name, name.at(), problems);
        }
        found
    }

    /// The region of a name, if there is one.
    pub fn find_region(&self, name: &str) -> Option<Id<of::Region>> {
        self.file.regions.get_index_of(name).map(Id::new)
    }

    /// Notes that there is no such region.
    pub fn no_region(&self, name: &str, at: Location, problems: &mut Problems) {
        let otherwise = format!("list them: `regions: {{ {name}: {{}} }}`");
        problems.no_such("region", name, at, self.file.regions.names(), otherwise);
    }

    /// The class of requests with a name, or a problem; the last class if there is no name.
    pub fn priority(&self, name: Option<&Placed<String>>, problems: &mut Problems) -> u8 {
        let classes = &self.file.priorities;
        let position = match name {
            None => classes.len().saturating_sub(1),
            Some(name) => classes.iter().position(|class| **class == **name).unwrap_or_else(|| {
                let otherwise =
                    "list them, the highest first, such as `priorities: [critical, normal, batch]`";
                let known = classes.iter().map(|class| &**class);
                problems.no_such("priority", name, name.at(), known, otherwise);
                0
            }),
        };
        position.min(usize::from(u8::MAX)) as u8
    }

    /// The id of a cache that knows its keys, if the name stands for one.
    pub fn keyed_cache(&self, name: &str) -> Option<Id<of::Cache>> {
        self.keyed_caches.get_index_of(name).map(Id::new)
    }

    /// The names of the caches that know their keys.
    pub fn keyed_caches(&self) -> Vec<&'a str> {
        self.keyed_caches.iter().copied().collect()
    }

    /// The callers with a name.
    pub fn callers(&self, name: &str) -> impl Iterator<Item = Caller> {
        let workload =
            self.file.workloads.get_index_of(name).map(|it| Caller::Workload(Id::new(it)));
        let station = self.find_station(name).map(|station| Caller::Station(station.id));
        let queue = self.file.queues.get_index_of(name).map(|it| Caller::Queue(Id::new(it)));
        let operator = (name == OPERATOR).then_some(Caller::Operator);
        let probe = ProbeKind::ALL.into_iter().find(|kind| kind.name() == name).map(Caller::Probe);
        [workload, station, queue, operator, probe].into_iter().flatten()
    }

    /// Notes that a name stands for two things, if it does.
    pub fn must_be_alone(&self, name: &str, at: Location, help: &str, problems: &mut Problems) {
        if self.stations.contains_key(name) {
            second_of_its_name(name, at, help, problems);
        }
    }
}

/// Notes that a name stands for two things.
pub(crate) fn second_of_its_name(name: &str, at: Location, help: &str, problems: &mut Problems) {
    let problem = Problem::error(format!("`{name}` is the name of two things"), Some(at));
    problems.add(problem.labelled("the second").with_help(help));
}

fn stations_by_name<'a>(
    file: &'a Scenario,
    problems: &mut Problems,
) -> IndexMap<&'a str, NamedStation> {
    let services =
        file.services.iter().map(|(name, it)| (name.as_str(), it.key(), StationKind::Service));
    let databases =
        file.databases.iter().map(|(name, it)| (name.as_str(), it.key(), StationKind::Database));
    let caches = file.caches.iter().map(|(name, it)| (name.as_str(), it.key(), StationKind::Cache));
    let mut stations = IndexMap::new();
    for (place, (name, key, kind)) in services.chain(databases).chain(caches).enumerate() {
        if stations.insert(name, NamedStation { id: Id::new(place), kind }).is_some() {
            let help = "rename one: a service, a database and a cache cannot have the same name";
            second_of_its_name(name, key, help, problems);
        }
    }
    stations
}

/// `service` and `operation` of a target written as `service.operation`; the unnamed operation is
/// "".
pub(crate) fn split_target(target: &str) -> (&str, &str) {
    target.split_once('.').unwrap_or((target, ""))
}
