//! Callees that are known by their hosts, and the names that a scenario has for them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::routes::RouteRetry;
use super::{Imported, ImportedCall, Remark};

/// The host that a call goes to, and the part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Destination {
    /// The full name of the host.
    pub host: String,
    /// True if its namespace is not written anywhere.
    pub is_namespace_assumed: bool,
    /// The subset of its instances.
    pub subset: Option<String>,
    /// The number of its port.
    pub port: Option<String>,
    /// The policy of the subset or port as it is written; it is lost if no route leads there.
    pub policy: Option<Remark>,
    /// True if a policy of the host has been read.
    pub has_policy: bool,
    /// True if a route to it has been read.
    pub has_route: bool,
    /// The balancer's policy if none is written, and where it would be.
    pub default_balance: Option<(&'static str, &'static str)>,
    /// The retry if no route leads to it.
    pub default_retry: Option<RouteRetry>,
}

/// The settings that come with a host, and not with a route.
const OF_HOSTS: [&str; 3] = ["connect timeout", "breaker", "balance"];

/// A setting of a call.
type Setting = (&'static str, Value);

impl Destination {
    pub fn host(host: impl Into<String>) -> Self {
        Self { host: host.into(), ..Self::default() }
    }

    /// The name of the call while the files are being read.
    fn key(&self) -> String {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        format!("{}|{}|{}", self.host, part(&self.subset), part(&self.port))
    }

    fn is_whole_host(&self) -> bool {
        self.subset.is_none() && self.port.is_none()
    }
}

impl Imported {
    /// The number of the call to this destination, which is added if there is none yet.
    pub(super) fn number_of_destination(&mut self, destination: Destination) -> usize {
        let number = self.number_of(&destination.key());
        self.calls[number].destination.get_or_insert(destination);
        number
    }
}

impl ImportedCall {
    /// Its destination, which it must have.
    pub(super) fn destination_mut(&mut self) -> &mut Destination {
        self.destination.as_mut().expect("the call was added with a destination")
    }
}

/// Gives the calls to hosts their names, after all files have been read: the shortest that is not ambiguous. Calls to
/// parts of a host that no route leads to become remarks on the host.
pub(super) fn settle(imported: &mut Imported) {
    find_namespaces(&mut imported.calls);
    let hosts = hosts_of(&imported.calls);
    for host in &hosts {
        settle_host(host, &mut imported.calls);
    }
    let names = names_of(&hosts);
    for (host, name) in hosts.iter().zip(&names) {
        name_calls(host, name, &mut imported.calls);
    }
}

/// Takes a host without a namespace for the only one of its name that has one, if there is just one.
fn find_namespaces(calls: &mut [ImportedCall]) {
    let known: BTreeSet<String> = calls
        .iter()
        .filter_map(|call| call.destination.as_ref())
        .filter(|it| !it.is_namespace_assumed && it.host.ends_with(".svc.cluster.local"))
        .map(|it| it.host.clone())
        .collect();
    let assumed = calls.iter_mut().filter_map(|call| call.destination.as_mut());
    for destination in assumed.filter(|destination| destination.is_namespace_assumed) {
        let name = destination.host.split('.').next().unwrap_or_default();
        let is_namesake = |host: &&String| host.split('.').next() == Some(name);
        let namesakes: Vec<&String> = known.iter().filter(is_namesake).collect();
        if let [only] = namesakes[..] {
            destination.host.clone_from(only);
        }
    }
}

fn hosts_of(calls: &[ImportedCall]) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for destination in calls.iter().filter_map(|call| call.destination.as_ref()) {
        if !hosts.contains(&destination.host) {
            hosts.push(destination.host.clone());
        }
    }
    hosts
}

/// Leaves the calls that routes lead to, or the one to the whole host if there are no routes.
fn settle_host(host: &str, calls: &mut Vec<ImportedCall>) {
    let is_of_host = |call: &ImportedCall| {
        call.destination.as_ref().is_some_and(|destination| destination.host == host)
    };
    let all: Vec<ImportedCall> = calls.iter().filter(|call| is_of_host(call)).cloned().collect();
    let has_routes = all.iter().any(is_routed);
    let is_kept = |call: &ImportedCall| if has_routes { is_routed(call) } else { is_whole(call) };
    let mut used = BTreeSet::new();
    for call in calls.iter_mut().filter(|call| is_of_host(call) && is_kept(call)) {
        if let Some(source) = policy_for(call, &all) {
            used.insert(source.callee.clone());
            inherit(call, source);
        }
    }
    calls.retain(|call| !is_of_host(call) || is_kept(call));
    let kept: Vec<ImportedCall> = calls.iter().filter(|call| is_of_host(call)).cloned().collect();
    let Some(first) = calls.iter_mut().find(|call| is_of_host(call)) else { return };
    let is_lost = |call: &&ImportedCall| !is_kept(call) && !used.contains(&call.callee);
    for lost in all.iter().filter(is_lost) {
        let is_elsewhere =
            |setting: &Setting| kept.iter().any(|call| call.settings.contains(setting));
        lose(lost, is_elsewhere, first);
    }
    for call in calls.iter_mut().filter(|call| is_of_host(call)) {
        assume_balance(call);
        assume_retry(call);
    }
}

fn is_routed(call: &ImportedCall) -> bool {
    call.destination.as_ref().is_some_and(|destination| destination.has_route)
}

fn is_whole(call: &ImportedCall) -> bool {
    call.destination.as_ref().is_some_and(Destination::is_whole_host)
}

/// The call whose policy applies to a route that leads to a place without one of its own: the subset's, or else the
/// host's.
fn policy_for<'a>(call: &ImportedCall, all: &'a [ImportedCall]) -> Option<&'a ImportedCall> {
    let wanted = call.destination.as_ref().filter(|destination| !destination.has_policy)?;
    let of = |subset: &Option<String>| {
        let is_source = |call: &&ImportedCall| {
            call.destination
                .as_ref()
                .is_some_and(|it| it.has_policy && it.port.is_none() && it.subset == *subset)
        };
        all.iter().find(is_source)
    };
    of(&wanted.subset).or_else(|| of(&None))
}

fn inherit(call: &mut ImportedCall, source: &ImportedCall) {
    let policy = source.settings.iter().filter(|(key, _)| OF_HOSTS.contains(key)).cloned();
    call.settings.splice(0..0, policy);
    call.remarks.extend(source.remarks.iter().cloned());
    call.assumptions.extend(source.assumptions.iter().cloned());
}

/// Notes what is lost with a call that no route leads to.
fn lose(lost: &ImportedCall, is_elsewhere: impl Fn(&Setting) -> bool, kept: &mut ImportedCall) {
    let policy = lost.destination.as_ref().and_then(|destination| destination.policy.clone());
    if let Some(policy) = policy {
        kept.remarks.push(policy);
        return;
    }
    let settings = lost.settings.iter().filter(|setting| !is_elsewhere(setting));
    let remark = |(key, value): &Setting| {
        Remark::new(*key, format!("{value}, for the other parts of the host"))
    };
    kept.remarks.extend(settings.map(remark));
    kept.remarks.extend(lost.remarks.iter().cloned());
}

fn assume_balance(call: &mut ImportedCall) {
    let default = call.destination.as_ref().and_then(|destination| destination.default_balance);
    if let Some((policy, about)) = default.filter(|_| call.setting("balance").is_none()) {
        call.set("balance", Some(policy.into()));
        call.assume(about, format!("not set, and the default is `{policy}`"));
    }
}

fn assume_retry(call: &mut ImportedCall) {
    let destination = call.destination.as_ref().filter(|destination| !destination.has_route);
    if let Some(retry) = destination.and_then(|destination| destination.default_retry.clone()) {
        call.set_default_retry("routes", &retry);
    }
}

/// A name for each host: as many of its labels as tell it from the others.
fn names_of(hosts: &[String]) -> Vec<String> {
    let labels: Vec<Vec<String>> = hosts.iter().map(|host| labels_of(host)).collect();
    let mut lengths: Vec<usize> = labels.iter().map(|labels| first_length(labels)).collect();
    loop {
        let names: Vec<String> =
            labels.iter().zip(&lengths).map(|(it, n)| it[..*n].join("-")).collect();
        let mut has_grown = false;
        for (index, name) in names.iter().enumerate() {
            let is_unique = names.iter().filter(|other| *other == name).count() == 1;
            if !is_unique && lengths[index] < labels[index].len() {
                lengths[index] += 1;
                has_grown = true;
            }
        }
        if !has_grown {
            return numbered(names);
        }
    }
}

/// The parts of a host's name that may be part of a callee's.
fn labels_of(host: &str) -> Vec<String> {
    let own = host.strip_suffix(".svc.cluster.local").unwrap_or(host);
    let is_plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let labels = own.split(['.', '|', '/', ':']).filter(|label| !label.is_empty());
    let plain = |label: &str| match label {
        "*" => "any".to_owned(),
        label => label.chars().map(|c| if is_plain(c) { c } else { '-' }).collect(),
    };
    let labels: Vec<String> = labels.map(plain).collect();
    if labels.is_empty() { vec!["any".to_owned()] } else { labels }
}

/// A wildcard alone says nothing.
fn first_length(labels: &[String]) -> usize {
    if labels[0] == "any" { labels.len().min(2) } else { 1 }
}

/// The names, with a number after those that have been given before.
fn numbered(names: Vec<String>) -> Vec<String> {
    let mut given = BTreeSet::new();
    let unused = |name: String| {
        let mut unused = name.clone();
        let mut number = 2;
        while !given.insert(unused.clone()) {
            unused = format!("{name}-{number}");
            number += 1;
        }
        unused
    };
    names.into_iter().map(unused).collect()
}

fn name_calls(host: &str, name: &str, calls: &mut [ImportedCall]) {
    let is_of_host = |call: &&mut ImportedCall| {
        call.destination.as_ref().is_some_and(|destination| destination.host == host)
    };
    let of_host: Vec<&mut ImportedCall> = calls.iter_mut().filter(is_of_host).collect();
    let is_alone = of_host.len() == 1;
    for call in of_host {
        let Destination { subset, port, .. } = call.destination_mut().clone();
        let parts = [subset.clone(), port.clone()];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        call.callee = if is_alone || parts.is_empty() {
            name.to_owned()
        } else {
            labels_of(&format!("{name}.{}", parts.join("."))).join("-")
        };
        let part = match (subset, port) {
            (Some(subset), Some(port)) => format!(", subset {subset}, port {port}"),
            (Some(subset), None) => format!(", subset {subset}"),
            (None, Some(port)) => format!(", port {port}"),
            (None, None) => String::new(),
        };
        if call.callee != host || !part.is_empty() {
            let meaning = Remark::new("host", format!("{} is {host}{part}", call.callee));
            call.assumptions.insert(0, meaning);
        }
        if host.contains('*') {
            call.remark("host", format!("{host} is every host of this kind; one stands for all"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(hosts: &[&str]) -> Vec<String> {
        names_of(&hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn names_are_as_short_as_they_can_be() {
        let hosts = [
            "ledger.blue.svc.cluster.local",
            "ledger.green.svc.cluster.local",
            "api.cards.example.com",
            "api.mail.example.net",
            "*.db.svc.cluster.local",
            "mail",
        ];
        let expected = ["ledger-blue", "ledger-green", "api-cards", "api-mail", "any-db", "mail"];
        assert_eq!(names(&hosts), expected);
        assert_eq!(
            names(&["ledger.blue", "ledger.blue.svc.cluster.local"]),
            ["ledger-blue", "ledger-blue-2"]
        );
        assert_eq!(names(&["*", ""]), ["any", "any-2"]);
    }
}
