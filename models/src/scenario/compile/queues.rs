//! Queues of messages, and the calls that consume them.

use sim_core::SimDuration;

use super::super::problem::did_you_mean;
use super::super::schema::{PartitionBy as WrittenPartitionBy, Queue as Written, QueueOrder};
use super::{Caller, Compiler, most};
use crate::resilience::{Backoff, Growth, Jitter};
use crate::system::{NONE, OnFailure, PartitionBy, QueuePlan, StationKind, Step};

/// Settings that apply when the file says nothing.
const PAUSE: SimDuration = SimDuration::from_secs(1);
const BACKOFF: Backoff = Backoff {
    base: SimDuration::from_secs(1),
    growth: Growth::Exponential(1.0),
    max: SimDuration::from_secs(1),
    jitter: Jitter::None,
};

impl Compiler<'_> {
    pub(super) fn queues(&mut self) {
        let scenario = self.scenario;
        for (index, (name, queue)) in scenario.queues.iter().enumerate() {
            let path = format!("queues.{name}");
            self.check_name(name, "queues");
            if self.stations.contains_key(name) || scenario.workloads.contains_key(name) {
                let at = self.key_at(&path);
                self.error(
                    at,
                    format!("`{name}` is the name of two things"),
                    "queues share their names with services and workloads",
                );
            }
            let plan = self.queue_plan(Caller::Queue(index as u32), name, queue, &path);
            self.blueprint.queues.push(plan);
        }
    }

    fn queue_plan(&mut self, caller: Caller, name: &str, queue: &Written, path: &str) -> QueuePlan {
        self.check_queue_details(queue, path);
        let partitions = self.at_least_one(
            queue.partitions.unwrap_or(1),
            "partitions",
            &format!("{path}.partitions"),
        );
        self.may_have(
            u64::from(partitions),
            most::PARTITIONS,
            "partitions",
            &format!("{path}.partitions"),
        );
        QueuePlan {
            name: name.to_owned(),
            partitions: partitions.min(most::PARTITIONS as u32),
            partition_by: match queue.partition_by {
                Some(WrittenPartitionBy::Priority) => PartitionBy::Priority,
                _ => PartitionBy::Request,
            },
            lanes: match queue.order {
                Some(QueueOrder::Priority) => self.scenario.priorities.len().max(1) as u32,
                _ => 1,
            },
            capacity: queue.capacity.unwrap_or(u64::MAX),
            latency: queue
                .latency
                .as_ref()
                .map_or(NONE, |latency| self.distribution(latency, &format!("{path}.latency"))),
            entry: self.delivery(caller, queue.deliver_to.as_ref(), &format!("{path}.deliver to")),
            concurrency: self.at_least_one(
                queue.concurrency.unwrap_or(1),
                "concurrency",
                &format!("{path}.concurrency"),
            ),
            interval: queue.rate.map_or(SimDuration::ZERO, |rate| {
                self.interval(Some(rate), &format!("{path}.rate"))
            }),
            attempts: self.at_least_one(
                queue.attempts.unwrap_or(u32::MAX),
                "attempts",
                &format!("{path}.attempts"),
            ),
            backoff: queue.backoff.map_or(BACKOFF, |backoff| backoff.0),
            pause: queue.pause.map_or(PAUSE, |pause| pause.0),
            dead_letters: self.dead_letters(
                name,
                queue.dead_letters.as_ref(),
                &format!("{path}.dead letters"),
            ),
            lifetime: queue.expire_after.map(|span| span.0),
            on_expiry: self.delivery(
                caller,
                queue.on_expiry.as_ref(),
                &format!("{path}.on expiry"),
            ),
        }
    }

    /// Details of deliveries mean nothing where nothing is delivered.
    fn check_queue_details(&mut self, queue: &Written, path: &str) {
        let details = [
            ("concurrency", queue.concurrency.is_some()),
            ("rate", queue.rate.is_some()),
            ("attempts", queue.attempts.is_some()),
            ("backoff", queue.backoff.is_some()),
            ("pause", queue.pause.is_some()),
            ("dead letters", queue.dead_letters.is_some()),
        ];
        if queue.deliver_to.is_none() && !self.was_removed(&format!("{path}.deliver to")) {
            for (detail, _) in details.into_iter().filter(|(_, is_there)| *is_there) {
                let at = self.key_at(&format!("{path}.{detail}"));
                self.error(
                    at,
                    format!("`{detail}` means nothing: nobody consumes this queue"),
                    "write `deliver to: SERVICE.OPERATION`",
                );
            }
        }
        if queue.on_expiry.is_some() && queue.expire_after.is_none() {
            let at = self.key_at(&format!("{path}.on expiry"));
            self.error(at, "messages of this queue never expire", "write `expire after: 24h`");
        }
        if queue.expire_after.is_some_and(|span| span.0.is_zero())
            || queue.pause.is_some_and(|span| span.0.is_zero())
        {
            let at = self.key_at(path);
            self.error(
                at,
                "a span of zero makes no sense here",
                "give `expire after` and `pause` a length such as `1s`",
            );
        }
        let is_by_class = queue.order == Some(QueueOrder::Priority)
            || queue.partition_by == Some(WrittenPartitionBy::Priority);
        if is_by_class && self.scenario.priorities.is_empty() {
            let at = self.key_at(path);
            self.error(
                at,
                "there are no priorities",
                "list them, the highest first, such as `priorities: [critical, normal, batch]`",
            );
        }
    }

    /// The steps of one delivery. The first does nothing: a delivery that is tried again pauses
    /// there.
    fn delivery(&mut self, caller: Caller, target: Option<&String>, path: &str) -> u32 {
        let Some(target) = target else { return NONE };
        let entry = self.blueprint.program.len() as u32;
        self.push(Step::Jump(entry + 1));
        self.call(caller, target, OnFailure::Ignore, StationKind::Service, path);
        self.push(Step::Answer);
        entry
    }

    fn dead_letters(&mut self, own: &str, written: Option<&String>, path: &str) -> u32 {
        let Some(name) = written else { return NONE };
        if name == own {
            let at = self.value_at(path);
            self.error(at, "dead letters would come back for ever", "name another queue");
        }
        self.queue(name, path).unwrap_or(NONE)
    }

    /// The id of a queue by name, or a problem with the place of `path`.
    pub(super) fn queue(&mut self, name: &str, path: &str) -> Option<u32> {
        let found = self.scenario.queues.get_index_of(name);
        if found.is_none() && !self.was_removed(&format!("queues.{name}")) {
            let known = self.scenario.queues.keys().map(String::as_str);
            let help = match did_you_mean(name, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if self.scenario.queues.is_empty() => {
                    format!("write one: `queues: {{ {name}: {{ deliver to: SERVICE }} }}`")
                }
                None => format!(
                    "known are {}",
                    self.scenario.queues.keys().cloned().collect::<Vec<_>>().join(", ")
                ),
            };
            let at = self.value_at(path);
            self.error(at, format!("there is no queue `{name}`"), help);
        }
        found.map(|index| index as u32)
    }
}
