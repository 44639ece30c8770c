//! Links: what messages of several calls, or between two regions, have to get through.

use sim_core::SimDuration;

use super::names::Names;
use super::plan::Plan;
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::{Duration, Rate, Share};
use crate::language::{Placed, Problems, section};
use crate::system::{Id, LinkPlan, UNLIMITED, of};

section! {
    /// A link: requests go over it one way, answers the other, and neither hinders the other.
    pub(crate) struct LinkSection {
        /// The messages that it sends in each direction, such as `1000/s`, in order; no limit if
        /// left out.
        "rate" => rate: Option<Placed<Rate>>,
        /// The most messages that wait in each direction; one more is lost. No limit if left out.
        "queue" => queue: Option<Placed<u32>>,
        /// The share of messages that are lost on the way; none if left out.
        "loss" => loss: Option<Share>,
        /// Time that it adds to each message; none if left out.
        "latency" => latency: Option<Placed<DurationPhrase>>,
        /// The time after which a lost message is sent again, twice as long each further time; if
        /// left out, it is lost for good.
        "retransmit after" => retransmit_after: Option<Placed<Duration>>,
        /// The two regions all of whose messages to each other go over it; if left out, those of
        /// the calls that name it.
        "between" => between: Option<Placed<Vec<Placed<String>>>>,
    }
}

/// Compiles all links.
pub(crate) fn compile_links(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    for (name, link) in names.file.links.iter() {
        let interval = link.rate.as_ref().map_or(SimDuration::ZERO, |rate| problems.interval(rate));
        let latency = link.latency.as_ref().map(|it| plan.distribution(it, names, problems));
        let loss = link.loss.map_or(0.0, |it| it.0);
        if let (Some(queue), None) = (&link.queue, &link.rate) {
            let help = "write the `rate` that makes messages wait, or leave the queue out";
            problems.error(queue.key(), "nothing waits at a link without a rate", help);
        }
        let retransmit_after = link.retransmit_after.as_ref().map(|it| problems.above_zero(it));
        let id = plan.blueprint.links.push(LinkPlan {
            name: name.clone(),
            directions: ["requests", "answers"].map(str::to_owned),
            interval,
            queue: link.queue.as_deref().copied().unwrap_or(UNLIMITED),
            loss,
            latency,
            retransmit_after,
        });
        if let Some(between) = &link.between {
            if plan.blueprint.links_between.is_empty() {
                let regions = &plan.blueprint.regions;
                let row = || regions.iter().map(|_| None).collect();
                plan.blueprint.links_between = regions.iter().map(|_| row()).collect();
            }
            connect(between, id, names, plan, problems);
        }
    }
}

/// Connects two regions by a link.
fn connect(
    between: &Placed<Vec<Placed<String>>>,
    link: Id<of::Link>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let ends: Vec<Option<Id<of::Region>>> =
        between.iter().map(|it| names.region(Some(it), problems)).collect();
    let [one, other] = ends[..] else {
        let help = "write the two regions, such as `between: [us, eu]`";
        problems.error(between.at(), "a link is between two regions", help);
        return;
    };
    let (Some(one), Some(other)) = (one, other) else { return };
    let name = |region: Id<of::Region>| plan.blueprint.regions[region].clone();
    let (first, second) = (name(one.min(other)), name(one.max(other)));
    plan.blueprint.links[link].directions =
        [format!("{first} -> {second}"), format!("{second} -> {first}")];
    for (from, to) in [(one, other), (other, one)] {
        let place = &mut plan.blueprint.links_between[from][to];
        if one == other || place.is_some_and(|other| other != link) {
            let help = "name two regions that no other link is between";
            problems.error(between.at(), "no link fits between these regions", help);
            return;
        }
        *place = Some(link);
    }
}

/// The link of a call, if it has one.
pub(super) fn link_of(
    written: Option<&Placed<String>>,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<Id<of::Link>> {
    let name = written?;
    let links = &names.file.links;
    let found = links.get_index_of(name.as_str());
    if found.is_none() && !links.mentions(name) {
        let otherwise = format!("list it: `links: {{ {}: {{ rate: 1000/s }} }}`", **name);
        problems.no_such("link", name, name.at(), links.names(), otherwise);
    }
    if let Some(between) = found.and_then(|_| links.get(name.as_str())?.between.as_ref()) {
        let help = "leave one of them out";
        let message = "this link is for all messages between two regions, and for a call";
        problems.error(between.key(), message, help);
    }
    found.map(Id::new)
}
