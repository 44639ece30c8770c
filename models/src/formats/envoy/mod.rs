//! Envoy's clusters (connect timeout, balancing, thresholds, outliers, health checks) and the routes that lead to them
//! (timeouts and retries).

mod cluster;
mod export;
mod outliers;
mod ranges;
mod route;

use super::configuration::Configuration;
use super::destinations::Destination;
use super::durations::DurationForm;
use super::format::{Reader, Writer};
use super::section::Section;
use super::{ConfigurationFormat, Exporter, Imported, Importer, documents};

pub(super) const FORMAT: ConfigurationFormat = ConfigurationFormat {
    name: "envoy",
    import: Some(Importer {
        files: "clusters and routes",
        looks_for: "clusters, alone or in a list, and the routes of listeners and of route configurations",
        documents: Reader::Each(documents::yaml),
        durations: DurationForm::Protobuf,
        read,
    }),
    export: Some(Exporter {
        files: "clusters and routes",
        is_for_proxies: true,
        writer: Writer::Yaml(|calls, remarks| vec![export::write(calls, remarks)]),
    }),
};

/// The lists of a file that have resources: its own, those of a discovery response, and those of a dump (`/config_dump`),
/// whose items hold the resource.
const LISTS: [&str; 10] = [
    "clusters",
    "listeners",
    "resources",
    "configs",
    "static_clusters",
    "dynamic_active_clusters",
    "static_route_configs",
    "dynamic_route_configs",
    "static_listeners",
    "dynamic_listeners",
];

/// The key of the listener that is in force, in a dump of those of a control plane.
const ACTIVE_STATE: &str = "active_state";

/// The effect of a value outside its range.
const CONSEQUENCE: &str = "Envoy does not load a configuration with it";

/// The resources of a file, by kind.
#[derive(Default)]
struct Resources<'a> {
    clusters: Vec<Section<'a>>,
    /// Route configurations.
    routes: Vec<Section<'a>>,
}

fn read(configuration: &Configuration<'_>, imported: &mut Imported) {
    let mut resources = Resources::default();
    for root in configuration.roots() {
        resources.add(root);
    }
    for cluster in &resources.clusters {
        cluster::read(cluster, imported);
    }
    for routes in &resources.routes {
        route::read(routes, imported);
    }
}

impl<'a> Resources<'a> {
    /// Adds a resource, or all that a file or a discovery response has.
    fn add(&mut self, section: Section<'a>) {
        let root = section.section("static_resources");
        let is_list = root.is_there() || LISTS.iter().any(|key| section.has(key));
        for holder in [&section, &root] {
            for resource in LISTS.iter().flat_map(|key| holder.sections(key)) {
                self.add(resource);
            }
        }
        let dumped = section.section("cluster");
        if dumped.is_there() {
            self.clusters.push(dumped);
        }
        let state = section.section(ACTIVE_STATE);
        for holder in [&section, &state] {
            let listener = holder.section("listener");
            if listener.is_there() {
                self.add(listener);
            }
        }
        let route_config = section.section("route_config");
        if route_config.is_there() {
            self.routes.push(route_config);
        }
        for filter in
            section.sections("filter_chains").iter().flat_map(|chain| chain.sections("filters"))
        {
            let routes = filter.section("typed_config").section("route_config");
            if routes.is_there() {
                self.routes.push(routes);
            }
        }
        if section.has("virtual_hosts") {
            self.routes.push(section);
        } else if !is_list && is_cluster(&section) {
            self.clusters.push(section);
        }
    }
}

/// True for a resource that says so, or that has a name and is nothing else.
fn is_cluster(section: &Section<'_>) -> bool {
    let kind = section.peek("@type").and_then(|kind| kind.as_str());
    let is_of_kind = kind.is_none_or(|kind| kind.ends_with(".Cluster"));
    let is_listener = section.has("filter_chains") || section.has(ACTIVE_STATE);
    is_of_kind && section.has("name") && !is_listener
}

/// The destination that a cluster stands for. Istio names those that it makes itself `outbound|port|subset|host`.
fn destination(cluster: &str) -> Destination {
    let parts: Vec<&str> = cluster.split('|').collect();
    Destination::host(match parts[..] {
        [_, port, subset, host] => [host, subset, port].join("|"),
        _ => cluster.to_owned(),
    })
}
