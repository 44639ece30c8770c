//! Queues of messages, and the calls that consume them.

use sim_core::SimDuration;

use super::names::{Names, second_of_its_name};
use super::plan::{Caller, Plan, most};
use crate::guards::BackoffPhrase;
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::{Duration, Rate};
use crate::language::{Location, Placed, Problems, section, words};
use crate::resilience::{Backoff, Growth, Jitter};
use crate::resources::MessageLimits;
use crate::steps::Op;
use crate::system::{Id, OnFailure, PartitionBy, Pauses, QueuePlan, StationKind, of};

/// Defaults of the settings.
const PAUSE: SimDuration = SimDuration::from_secs(1);
const BACKOFF: Backoff = Backoff {
    base: SimDuration::from_secs(1),
    growth: Growth::Exponential(1.0),
    max: SimDuration::from_secs(1),
    jitter: Jitter::None,
};

section! {
    /// A durable queue of messages, or a log in partitions. Services `send` to it; an operation of
    /// a service consumes it.
    pub(crate) struct Queue {
        /// The service, or one of its operations, that is called for each message; nobody consumes
        /// the queue if left out.
        "deliver to" => deliver_to: Option<Placed<String>>,
        /// Partitions, each delivered in order; 1 if left out.
        "partitions" => partitions: Option<Placed<u32>>,
        /// The partition that a message goes to: by its request, evenly, if left out.
        "partition by" => partition_by: Option<PartitionByWord>,
        /// The order in which a partition is delivered; first in, first out if left out.
        "order" => order: Option<QueueOrder>,
        /// The most messages that may wait for their first delivery; no limit if left out. Messages
        /// between two attempts do not count.
        "capacity" => capacity: Option<u64>,
        /// The time that it takes to accept a message; none if left out.
        "latency" => latency: Option<Placed<DurationPhrase>>,
        /// The most deliveries under way at one time in each partition; 1 if left out.
        "concurrency" => concurrency: Option<Placed<u32>>,
        /// The most deliveries begun per second, evenly spaced, first ones and others; no limit if
        /// left out. Partitions take turns.
        "rate" => rate: Option<Placed<Rate>>,
        /// Deliveries of a message, the first included, before it is a dead letter; tried for ever
        /// if left out.
        "attempts" => attempts: Option<Placed<u32>>,
        /// The pause before a message is delivered again, during which its partition waits; `fixed
        /// 1s` if left out.
        "backoff" => backoff: Option<Placed<BackoffPhrase>>,
        /// The time that a partition pauses when the breaker of its deliveries rejects one, which
        /// does not count as an attempt; 1s if left out.
        "pause" => pause: Option<Placed<Duration>>,
        /// Another queue for dead letters; they are only counted if left out.
        "dead letters" => dead_letters: Option<Placed<String>>,
        /// The age at which a waiting message is given up, also between two attempts; never if left
        /// out.
        "expire after" => expire_after: Option<Placed<Duration>>,
        /// With `expire after`: the operation that is called for each message given up, such as a
        /// refund; none if left out.
        "on expiry" => on_expiry: Option<Placed<String>>,
    }
}

words! {
    /// The partition that a message goes to.
    pub(crate) enum PartitionByWord {
        /// By the identity of its request: all messages of a request go to the same partition.
        "request" => Request,
        /// By the class of its request: the highest to the first.
        "priority" => Priority,
    }
}

words! {
    /// The order in which a partition is delivered.
    pub(crate) enum QueueOrder {
        /// First in, first out.
        "fifo" => Fifo,
        /// By the class of the request, the highest first.
        "priority" => Priority,
    }
}

/// Compiles all queues of messages.
pub(crate) fn compile_queues(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    for (place, (name, queue)) in names.file.queues.iter().enumerate() {
        if names.find_station(name).is_some() || names.file.workloads.contains_key(name) {
            let help = "rename one: a queue cannot have the name of a service or a workload";
            second_of_its_name(name, queue.key(), help, problems);
        }
        check(queue, names, problems);
        let compiled = compile(Caller::Queue(Id::new(place)), name, queue, names, plan, problems);
        plan.blueprint.queues.push(compiled);
    }
}

fn compile(
    caller: Caller,
    name: &str,
    queue: &Queue,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> QueuePlan {
    let partitions = problems.at_least_one(queue.partitions.as_ref(), 1, "partitions");
    if let Some(written) = &queue.partitions {
        problems.may_have(u64::from(partitions), most::PARTITIONS, "partitions", written.at());
    }
    let classes = names.file.priorities.len().max(1) as u32;
    QueuePlan {
        name: name.to_owned(),
        messages: MessageLimits {
            partitions: partitions.min(most::PARTITIONS as u32),
            lanes: if queue.order == Some(QueueOrder::Priority) { classes } else { 1 },
            capacity: queue.capacity.unwrap_or(u64::MAX),
            concurrency: problems.at_least_one(queue.concurrency.as_ref(), 1, "concurrency"),
        },
        partition_by: match queue.partition_by {
            Some(PartitionByWord::Priority) => PartitionBy::Priority,
            Some(PartitionByWord::Request) | None => PartitionBy::Request,
        },
        latency: queue.latency.as_ref().map(|latency| plan.distribution(latency, names, problems)),
        entry: delivery(caller, queue.deliver_to.as_ref(), names, plan, problems),
        interval: queue.rate.as_ref().map_or(SimDuration::ZERO, |rate| problems.interval(rate)),
        attempts: problems.at_least_one(queue.attempts.as_ref(), u32::MAX, "attempts"),
        pauses: match &queue.backoff {
            Some(backoff) => BackoffPhrase::compile(backoff, names, plan, problems),
            None => Pauses { backoff: BACKOFF, drawn: None },
        },
        pause: queue.pause.as_ref().map_or(PAUSE, |pause| pause.0),
        dead_letters: dead_letters(name, queue.dead_letters.as_ref(), names, problems),
        lifetime: queue.expire_after.as_ref().map(|span| span.0),
        on_expiry: delivery(caller, queue.on_expiry.as_ref(), names, plan, problems),
    }
}

fn check(queue: &Placed<Queue>, names: &Names<'_>, problems: &mut Problems) {
    if queue.deliver_to.is_none() && queue.is_whole() {
        for (detail, at) in details_of_deliveries(queue) {
            let message = format!("`{detail}` has no effect: nobody consumes this queue");
            problems.error(at, message, "write `deliver to: SERVICE.OPERATION`");
        }
    }
    if let (Some(on_expiry), None) = (&queue.on_expiry, &queue.expire_after) {
        let message = "messages of this queue never expire";
        problems.error(on_expiry.key(), message, "write `expire after: 24h`");
    }
    for span in [&queue.expire_after, &queue.pause].into_iter().flatten() {
        if span.0.is_zero() {
            let message = "this must be longer than zero";
            problems.error(span.at(), message, "give it a length such as `1s`");
        }
    }
    let is_by_class = queue.order == Some(QueueOrder::Priority)
        || queue.partition_by == Some(PartitionByWord::Priority);
    if is_by_class && names.file.priorities.is_empty() {
        let help = "list them, the highest first, such as `priorities: [critical, normal, batch]`";
        problems.error(queue.key(), "there are no priorities", help);
    }
}

/// The settings that have no effect where nothing is delivered, and their places.
fn details_of_deliveries(queue: &Queue) -> impl Iterator<Item = (&'static str, Location)> {
    let details = [
        ("concurrency", queue.concurrency.as_ref().map(Placed::key)),
        ("rate", queue.rate.as_ref().map(Placed::key)),
        ("attempts", queue.attempts.as_ref().map(Placed::key)),
        ("backoff", queue.backoff.as_ref().map(Placed::key)),
        ("pause", queue.pause.as_ref().map(Placed::key)),
        ("dead letters", queue.dead_letters.as_ref().map(Placed::key)),
    ];
    details.into_iter().filter_map(|(detail, at)| Some((detail, at?)))
}

/// Compiles the steps of one delivery. The call is the second one: its draws are keyed by the number
/// of its step, so the first, which does nothing, keeps them as they were in earlier versions.
fn delivery(
    caller: Caller,
    target: Option<&Placed<String>>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<Id<of::Step>> {
    let target = target?;
    let entry = plan.next_step();
    plan.push(Op::Jump(entry.offset(1)));
    plan.call(caller, target, OnFailure::Ignore, StationKind::Service, names, problems);
    plan.push(Op::Answer);
    Some(entry)
}

fn dead_letters(
    own: &str,
    written: Option<&Placed<String>>,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<Id<of::Queue>> {
    let name = written?;
    if **name == own {
        let message = "dead letters of this queue would go back into it";
        problems.error(name.at(), message, "name another queue");
    }
    names.queue(name, problems)
}
