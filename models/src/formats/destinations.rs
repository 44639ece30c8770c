//! Callees that are known by their hosts, and the names that a scenario has for them.

use std::collections::BTreeSet;

use super::carried::Carried;
use super::routes::RouteRetry;
use super::{Imported, ImportedCall, Remark};
use crate::scenario::is_name_letter;

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
    /// True if a policy of its own has been read.
    pub has_policy: bool,
    /// The groups of settings that its policy has.
    pub groups: Vec<PolicyGroup>,
    /// True if a route to it has been read.
    pub has_route: bool,
    /// The balancer's policy if none is written, and where it would be.
    pub default_balance: Option<(&'static str, &'static str)>,
    /// The retry if no route leads to it.
    pub default_retry: Option<RouteRetry>,
}

/// A group of settings of a policy. A policy that has the group takes the place of one further out with all of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PolicyGroup {
    /// Its key, which is the same in all policies.
    pub name: &'static str,
    /// Where it is written, and what; if it only shuts out that of a policy further out, it is nowhere.
    pub written: Option<Remark>,
    /// The settings of a call. Several groups may have entries of one of them.
    pub settings: Vec<(&'static str, Carried)>,
    pub assumptions: Vec<Remark>,
}

/// The groups of settings, in the order in which a call has them.
pub(super) const GROUPS: [&str; 4] =
    ["connectionPool", "retryBudget", "outlierDetection", "loadBalancer"];

/// A setting of a call.
type Setting = (&'static str, Carried);

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
    let written = imported.calls.clone();
    for host in &hosts {
        settle_host(host, &written, &mut imported.calls);
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
fn settle_host(host: &str, written: &[ImportedCall], calls: &mut Vec<ImportedCall>) {
    let is_of_host = |call: &ImportedCall| {
        call.destination.as_ref().is_some_and(|destination| destination.host == host)
    };
    let all = parts_of(host, written);
    let kind = (!all.iter().any(has_policy)).then(|| kind_of(host, written)).flatten();
    let policies: Vec<ImportedCall> = match &kind {
        Some(kind) => parts_of(kind, written),
        None => all.clone(),
    };
    let has_routes = all.iter().any(is_routed);
    let is_kept = |call: &ImportedCall| if has_routes { is_routed(call) } else { is_whole(call) };
    let mut used = BTreeSet::new();
    for call in calls.iter_mut().filter(|call| is_of_host(call) && is_kept(call)) {
        if let Some(kind) = &kind {
            call.assume("host", format!("the rule for {kind} applies, for there is no other"));
        }
        apply_policies(call, &policies, &mut used);
    }
    calls.retain(|call| !is_of_host(call) || is_kept(call));
    let Some(first) = calls.iter_mut().find(|call| is_of_host(call)) else { return };
    for lost in &all {
        lose(lost, is_kept(lost), &used, first);
    }
    for call in calls.iter_mut().filter(|call| is_of_host(call)) {
        assume_balance(call);
        assume_retry(call);
    }
}

fn has_policy(call: &ImportedCall) -> bool {
    call.destination.as_ref().is_some_and(|destination| destination.has_policy)
}

/// The parts of a host.
fn parts_of(host: &str, calls: &[ImportedCall]) -> Vec<ImportedCall> {
    let is_part = |call: &&ImportedCall| {
        call.destination.as_ref().is_some_and(|destination| destination.host == host)
    };
    calls.iter().filter(is_part).cloned().collect()
}

/// The wildcard that says most of those that a host matches and that have a policy (`MostSpecificHostMatch` in
/// `pilot/pkg/model`).
fn kind_of(host: &str, calls: &[ImportedCall]) -> Option<String> {
    let kinds = calls.iter().filter(|call| has_policy(call));
    let kinds = kinds.filter_map(|call| call.destination.as_ref().map(|it| it.host.as_str()));
    let matches = |kind: &&str| {
        kind.strip_prefix('*').is_some_and(|end| *kind != host && host.ends_with(end))
    };
    kinds.filter(matches).max_by_key(|kind| kind.len()).map(str::to_owned)
}

fn is_routed(call: &ImportedCall) -> bool {
    call.destination.as_ref().is_some_and(|destination| destination.has_route)
}

fn is_whole(call: &ImportedCall) -> bool {
    call.destination.as_ref().is_some_and(Destination::is_whole_host)
}

/// The parts whose policies apply to a call, the innermost first: that of its subset, where a port's settings take the
/// place of the subset's, and that of the port or else the whole host (`MergeSubsetTrafficPolicy` in
/// `pilot/pkg/networking/util/util.go` of istio/istio at 86c9f01).
fn policies_for<'a>(call: &ImportedCall, all: &'a [ImportedCall]) -> Vec<&'a ImportedCall> {
    let Some(Destination { subset, port, .. }) = &call.destination else { return Vec::new() };
    let of = |subset: &Option<String>, port: &Option<String>| {
        all.iter().find(|call| {
            has_policy(call)
                && call
                    .destination
                    .as_ref()
                    .is_some_and(|it| it.subset == *subset && it.port == *port)
        })
    };
    let at_port = |subset: &Option<String>| of(subset, port).or_else(|| of(subset, &None));
    let subsets = subset.as_ref().and_then(|_| at_port(subset));
    subsets.into_iter().chain(at_port(&None)).collect()
}

/// Gives a call the groups of settings of its policies, and notes which it has used: the part, by the name that it has
/// while the files are being read, and the group.
fn apply_policies(
    call: &mut ImportedCall,
    all: &[ImportedCall],
    used: &mut BTreeSet<(String, &'static str)>,
) {
    let policies = policies_for(call, all);
    let mut taken: Vec<(usize, &PolicyGroup)> = Vec::new();
    for (layer, part) in policies.iter().enumerate() {
        for group in groups_of(part) {
            if !taken.iter().any(|(_, known)| known.name == group.name) {
                taken.push((layer, group));
                used.insert((part.callee.clone(), group.name));
            }
        }
    }
    for (layer, part) in policies.iter().enumerate() {
        used.insert((part.callee.clone(), ""));
        if part.callee != call.callee {
            let is_taken = |group: &PolicyGroup| {
                taken.iter().any(|(it, known)| *it == layer && known.name == group.name)
            };
            let groups = groups_of(part).iter().filter(|group| !is_taken(group));
            let others: Vec<&str> = groups.filter_map(path_of).collect();
            let applies =
                |remark: &&Remark| !others.iter().any(|path| is_within(&remark.about, path));
            call.remarks.extend(part.remarks.iter().filter(applies).cloned());
            call.assumptions.extend(part.assumptions.iter().filter(applies).cloned());
        }
    }
    taken.sort_by_key(|(_, group)| GROUPS.iter().position(|name| *name == group.name));
    let mut settings: Vec<Setting> = Vec::new();
    for (_, group) in taken {
        for (key, value) in &group.settings {
            match settings.iter_mut().find(|(known, _)| known == key) {
                Some((_, known)) => known.merge(value.clone()),
                None => settings.push((key, value.clone())),
            }
        }
        call.assumptions.extend(group.assumptions.iter().cloned());
    }
    call.carried.settings.splice(0..0, settings);
}

fn groups_of(call: &ImportedCall) -> &[PolicyGroup] {
    call.destination.as_ref().map_or(&[], |destination| &destination.groups)
}

fn path_of(group: &PolicyGroup) -> Option<&str> {
    group.written.as_ref().map(|written| written.about.as_str())
}

fn is_within(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Notes what is lost of a part: its whole policy if no route leads there, or the groups that all calls have from
/// elsewhere.
fn lose(
    lost: &ImportedCall,
    is_kept: bool,
    used: &BTreeSet<(String, &'static str)>,
    kept: &mut ImportedCall,
) {
    let is_used =
        |group: &str| used.iter().any(|(part, name)| *part == lost.callee && *name == group);
    let Some(destination) = &lost.destination else { return };
    if !is_used("") && !is_kept {
        if let Some(policy) = &destination.policy {
            kept.remarks.push(policy.clone());
            return;
        }
        kept.remarks.extend(lost.remarks.iter().cloned());
    }
    let unused = destination.groups.iter().filter(|group| !is_used(group.name));
    kept.remarks.extend(unused.filter_map(|group| group.written.clone()));
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
    let labels = own.split(['.', '|', '/', ':']).filter(|label| !label.is_empty());
    let plain = |label: &str| match label {
        "*" => "any".to_owned(),
        label => label.chars().map(|c| if is_name_letter(c) { c } else { '-' }).collect(),
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
