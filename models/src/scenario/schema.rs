//! The sections of a scenario file. Their descriptions become those of the JSON Schema.

use indexmap::IndexMap;
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;

use super::admission::Admission;
use super::asked::{Goals, Prices, Stability, Sweep};
use super::call::Call;
use super::forms::OrNumber;
use super::phrases::{BackoffPhrase, DurationPhrase};
use super::quantity::{Bytes, Duration, Factor, Rate, Share};
use super::traffic::Workload;
use crate::Outcome;

/// The JSON Schema of a scenario file, for completion in editors.
pub fn json_schema() -> serde_json::Value {
    let mut schema = schema_for!(Scenario);
    schema.insert("title".to_owned(), "Fusebox scenario".into());
    schema.to_value()
}

/// A scenario: a graph of services, what is asked of it, and what breaks.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Scenario {
    /// A short name; the file's name if left out.
    pub name: Option<String>,
    /// What the scenario shows, in a sentence or two.
    pub about: Option<String>,
    /// Files whose sections are merged in; what this file says takes precedence.
    pub include: Vec<String>,
    /// Settings for all services, databases, caches and calls that do not say otherwise.
    pub defaults: Defaults,
    /// How long to run, and from which seed.
    pub run: Run,
    /// What stops a run that would not end, or not fit.
    pub limits: LimitSection,
    /// Machines whose processors are shared by the services placed on them.
    pub hosts: IndexMap<String, Host>,
    /// Classes of requests, the highest first; workloads name one, and what they call belongs to it
    /// too.
    pub priorities: Vec<String>,
    /// Where requests come from.
    pub workloads: IndexMap<String, Workload>,
    /// What answers them.
    pub services: IndexMap<String, Service>,
    /// What is queried, through a pool of connections.
    pub databases: IndexMap<String, Database>,
    /// What is looked up before something slower is asked.
    pub caches: IndexMap<String, Cache>,
    /// Places far from each other: for each, the latency one way to others.
    pub regions: IndexMap<String, IndexMap<String, DurationPhrase>>,
    /// How many customers all workloads together serve; each request is of one of them.
    pub customers: Option<u64>,
    /// Messages that wait to be consumed.
    pub queues: IndexMap<String, Queue>,
    /// Guards, timeouts and latencies between a caller and a callee, by `caller -> callee`.
    pub calls: IndexMap<String, Call>,
    /// What breaks, when, and for how long.
    pub faults: Vec<Fault>,
    /// What operators do to breakers, and when.
    pub operator: Vec<Operation>,
    /// What a monitoring system would call people for, by name.
    pub alerts: IndexMap<String, Alert>,
    /// An experiment: faults that grow stage by stage, and what calls it off.
    pub chaos: Option<Chaos>,
    /// What is expected of a run: sentences that `fusebox test` holds it to.
    pub expect: Vec<Sentence>,
    /// What resources cost, for the figure `cost`.
    pub prices: Prices,
    /// What `fusebox sweep` varies, and what it measures.
    pub sweep: Sweep,
    /// What `fusebox recommend` may move, and what is wanted.
    pub goals: Goals,
    /// Which loads and triggers `fusebox stability` tries.
    pub stability: Stability,
    /// Named sets of overrides, `path: value`, chosen with --variant.
    pub variants: IndexMap<String, IndexMap<String, serde_json::Value>>,
}

/// Settings for everything that does not say otherwise.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Defaults {
    /// For every call.
    pub calls: Option<Call>,
    /// For every service.
    pub services: Option<Service>,
    /// For every database.
    pub databases: Option<Database>,
    /// For every cache.
    pub caches: Option<Cache>,
}

/// How long to run, and from which seed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Run {
    /// When requests stop arriving; 1m if left out.
    pub duration: Option<Duration>,
    /// Requests that begin before this are simulated but not counted.
    pub warmup: Option<Duration>,
    /// How long work in flight may go on after the last arrival.
    pub drain: Option<Duration>,
    /// The seed of all random streams; 1 if left out.
    pub seed: Option<u64>,
    /// Availability below which the timeline says that a workload suffers; 99% if left out.
    pub availability: Option<Share>,
}

/// What stops a run that would not end, or not fit.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitSection {
    /// Events handled; ten thousand million if left out.
    pub events: Option<u64>,
    /// Requests and calls in flight at one time; five million if left out.
    #[serde(rename = "in flight")]
    pub in_flight: Option<u64>,
    /// Memory of the simulated system; 4GB if left out.
    pub memory: Option<Bytes>,
}

/// A machine.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    /// Its processors.
    pub cpus: u32,
}

/// A service: instances with threads (or asynchronous slots) that run a handler.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Service {
    /// How many instances; 1 if left out.
    pub instances: Option<u32>,
    /// Threads of each instance, held from dequeue to reply. Without threads or slots, concurrency
    /// is not limited.
    pub threads: Option<OrNumber<Slots>>,
    /// Requests in flight of each instance, for an asynchronous service.
    pub slots: Option<OrNumber<Slots>>,
    /// Processors of each instance, held while working; not limited if left out.
    pub cpus: Option<u32>,
    /// The machine whose processors it uses.
    pub host: Option<String>,
    /// The region that its instances are in.
    pub region: Option<String>,
    /// The regions that its instances are dealt out to in turn.
    pub regions: Option<Vec<String>>,
    /// How many of its instances run; all of them if left out.
    pub autoscale: Option<Autoscale>,
    /// The memory of each instance, and what its requests take of it.
    pub memory: Option<Memory>,
    /// What it does with a request.
    pub handle: Vec<Step>,
    /// Several named operations instead, called as `service.operation`.
    pub operations: IndexMap<String, Vec<Step>>,
    /// Whether repeating a request does no harm; true if left out.
    pub idempotent: Option<bool>,
    /// Keys by which it knows a request that comes again; none if left out.
    pub idempotency: Option<Idempotency>,
    /// What each instance turns away, and in which order it serves its queue.
    pub admission: Option<Admission>,
}

/// Slots and the queue in front of them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Slots {
    /// How many.
    pub max: u32,
    /// How many requests may wait for one; not limited if left out.
    pub queue: Option<u32>,
    /// How long a request may wait for one; not limited if left out.
    #[serde(rename = "max wait")]
    pub max_wait: Option<Duration>,
}

/// A database behind a pool of connections.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Database {
    /// How many instances; 1 if left out.
    pub instances: Option<u32>,
    /// Connections of each instance; not limited if left out.
    pub connections: Option<OrNumber<Slots>>,
    /// How long a query takes.
    pub query: Option<DurationPhrase>,
    /// Further kinds of query, called as `database.kind`.
    pub queries: IndexMap<String, DurationPhrase>,
}

/// A durable queue of messages, or a log in partitions. Services `send` to it; an operation of a
/// service consumes it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Queue {
    /// The service, or one of its operations, that is called for each message; nobody consumes the
    /// queue if left out.
    #[serde(rename = "deliver to")]
    pub deliver_to: Option<String>,
    /// Partitions, each delivered in order; 1 if left out.
    pub partitions: Option<u32>,
    /// Which partition a message goes to: by request (evenly) if left out.
    #[serde(rename = "partition by")]
    pub partition_by: Option<PartitionBy>,
    /// The order in which a partition is delivered; first in, first out if left out.
    pub order: Option<QueueOrder>,
    /// Messages that may wait; not limited if left out.
    pub capacity: Option<u64>,
    /// How long it takes to accept a message; no time if left out.
    pub latency: Option<DurationPhrase>,
    /// Deliveries under way at one time in each partition; 1 if left out.
    pub concurrency: Option<u32>,
    /// Deliveries begun per second at most; not limited if left out.
    pub rate: Option<Rate>,
    /// Deliveries of a message, the first included, before it is a dead letter; tried for ever if
    /// left out.
    pub attempts: Option<u32>,
    /// The pause between two deliveries of a message, which its partition waits out; `fixed 1s` if
    /// left out.
    pub backoff: Option<BackoffPhrase>,
    /// How long a partition pauses when the breaker of its deliveries rejects one, which is then no
    /// attempt; 1s if left out.
    pub pause: Option<Duration>,
    /// Another queue, to which dead letters go; they are only counted if left out.
    #[serde(rename = "dead letters")]
    pub dead_letters: Option<String>,
    /// Messages that have waited so long are given up; never if left out.
    #[serde(rename = "expire after")]
    pub expire_after: Option<Duration>,
    /// With `expire after`: the operation that is called for each message given up, such as a
    /// refund.
    #[serde(rename = "on expiry")]
    pub on_expiry: Option<String>,
}

/// Which partition a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum PartitionBy {
    /// Evenly.
    Request,
    /// By the class of its request: the highest to the first.
    Priority,
}

/// The order in which a partition is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum QueueOrder {
    /// First in, first out.
    Fifo,
    /// By the class of the request, the highest first.
    Priority,
}

/// An autoscaler, after Kubernetes' `HorizontalPodAutoscaler`; `instances` is the most there can
/// be.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Autoscale {
    /// Instances that always run.
    pub min: u32,
    /// Instances at the beginning; `min` if left out.
    pub from: Option<u32>,
    /// The share of threads or slots that should be in use.
    pub target: Share,
    /// Time between two looks; 15s if left out.
    pub every: Option<Duration>,
    /// How long a new instance takes until it serves.
    #[serde(rename = "start-up")]
    pub start_up: Duration,
    /// Scaling down goes to the highest number wanted over so long; 5m if left out.
    #[serde(rename = "scale down after")]
    pub scale_down_after: Option<Duration>,
}

/// The memory of each instance.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Memory {
    /// What there is for requests.
    pub limit: Bytes,
    /// What each request in flight takes, those that queue included.
    pub each: Bytes,
    /// How long a process that is killed takes to start again; 30s if left out.
    pub restart: Option<Duration>,
    /// Requests are turned away when those in flight would take more than this.
    #[serde(rename = "shed above")]
    pub shed_above: Option<Bytes>,
}

/// What a service remembers of requests that it has done.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Idempotency {
    /// How long a good answer is remembered: a request that comes again gets it, and is not done
    /// again.
    #[serde(rename = "keys for")]
    pub keys_for: Duration,
}

/// A cache.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Cache {
    /// How many instances; 1 if left out.
    pub instances: Option<u32>,
    /// Connections of each instance; not limited if left out.
    pub connections: Option<OrNumber<Slots>>,
    /// How many keys there are, in place of a hit rate: a look-up finds what was put in and has not
    /// expired.
    pub keys: Option<u32>,
    /// With `keys`: how much more often the first are looked up: the n-th with a probability in
    /// proportion to 1 / n^zipf; all alike if left out.
    pub zipf: Option<f64>,
    /// With `keys`: how long what was put in is of use.
    pub ttl: Option<Duration>,
    /// With `keys`: whether of several that miss the same key only one fetches it, and the others
    /// wait; false if left out.
    pub coalesce: Option<bool>,
    /// Share of look-ups that find something.
    #[serde(rename = "hit rate")]
    pub hit_rate: Option<Share>,
    /// How long a look-up takes; nothing if left out.
    pub latency: Option<DurationPhrase>,
}

/// One step of a handler: exactly one of work, pause, call, query, cache, send, effect, parallel,
/// branch, repeat, fail and poison.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    /// Computes for a while.
    pub work: Option<DurationPhrase>,
    /// Waits on its thread without computing.
    pub pause: Option<DurationPhrase>,
    /// Calls a service, or one of its operations: `payment` or `payment.charge`.
    pub call: Option<String>,
    /// Queries a database: `orders-db` or `orders-db.report`.
    pub query: Option<String>,
    /// Looks something up in a cache; `miss` follows if it is not there.
    pub cache: Option<String>,
    /// With `cache`: what is done on a miss.
    pub miss: Option<Vec<Step>>,
    /// With `call`, `query`: what follows a failure; the handler fails at once if left out.
    #[serde(rename = "on failure")]
    pub on_failure: Option<OnFailure>,
    /// Sends a message to a queue and goes on.
    pub send: Option<String>,
    /// Does something to the world that should be done once for each request, such as `charge`; how
    /// often it is done again is counted.
    pub effect: Option<String>,
    /// Runs lists of steps side by side.
    pub parallel: Option<Vec<Vec<Step>>>,
    /// Chooses by chance: this is the probability of `then`.
    pub branch: Option<Share>,
    /// With `branch`: what is done with that probability.
    pub then: Option<Vec<Step>>,
    /// With `branch`: what is done otherwise.
    #[serde(rename = "else")]
    pub otherwise: Option<Vec<Step>>,
    /// Does `steps` so many times.
    pub repeat: Option<u32>,
    /// With `repeat`: what is done.
    pub steps: Option<Vec<Step>>,
    /// Fails with this probability.
    pub fail: Option<Share>,
    /// Fails for this share of requests, and for the same ones whenever they come again: poison.
    pub poison: Option<Share>,
    /// With `fail`, `poison`: how; a server error if left out.
    #[serde(rename = "as")]
    pub fails_as: Option<Outcome>,
    /// With `fail`: how long callers are asked to stay away (`Retry-After`); not at all if left
    /// out.
    #[serde(rename = "retry after")]
    pub retry_after: Option<Duration>,
}

/// What follows a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum OnFailure {
    /// The handler fails at once.
    #[serde(rename = "fail")]
    Fail,
    /// The handler goes on and fails when it is done.
    #[serde(rename = "fail later")]
    FailLater,
    /// The handler goes on; its answer counts as degraded.
    #[serde(rename = "degrade")]
    Degrade,
    /// The handler goes on as if nothing had happened.
    #[serde(rename = "ignore")]
    Ignore,
}

/// A fault: exactly one of slow, errors, crash, pause, black hole, refuse, lose threads, break
/// breaker, deploy, flush and surge.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fault {
    /// When it begins.
    pub at: Option<Duration>,
    /// How long it lasts; to the end of the run if left out.
    #[serde(rename = "for")]
    pub lasts: Option<Duration>,
    /// Begins anew so long after each beginning, to the end of the run; once if left out.
    pub every: Option<Duration>,
    /// How long it takes to grow to its full size; none if left out.
    pub ramp: Option<Duration>,
    /// How many instances it strikes: a share or a number; all if left out.
    pub instances: Option<InstanceShare>,
    /// Slows a service, database or cache, or the messages of an edge `a -> b`.
    pub slow: Option<String>,
    /// With `slow`, `surge`: the factor.
    pub by: Option<Factor>,
    /// With `slow`: what is added to each service time or message.
    pub adding: Option<DurationPhrase>,
    /// Makes a service, database or cache answer errors at once.
    pub errors: Option<String>,
    /// With `errors`: the share of requests.
    pub rate: Option<Share>,
    /// With `errors`: how they fail; a server error if left out.
    #[serde(rename = "as")]
    pub fails_as: Option<Outcome>,
    /// With `errors`: how long callers are asked to stay away (`Retry-After`); not at all if left
    /// out.
    #[serde(rename = "retry after")]
    pub retry_after: Option<Duration>,
    /// Crashes a service, database or cache: work in flight is lost, connections are refused.
    pub crash: Option<String>,
    /// Makes a service, database or cache stand still: it accepts requests and answers nothing.
    pub pause: Option<String>,
    /// Swallows the requests on an edge `a -> b`.
    #[serde(rename = "black hole")]
    pub black_hole: Option<String>,
    /// Refuses connections: of a service, database or cache, or on an edge `a -> b`.
    pub refuse: Option<String>,
    /// Takes threads, slots or connections away from a service, database or cache.
    #[serde(rename = "lose threads")]
    pub lose_threads: Option<String>,
    /// With `lose threads`: how many of each instance.
    pub count: Option<u32>,
    /// Makes the logic of the breakers of an edge `a -> b` fail; the breaker's `broken` says what
    /// becomes of calls.
    #[serde(rename = "break breaker")]
    pub break_breaker: Option<String>,
    /// Restarts the instances of a service, database or cache, batch by batch.
    pub deploy: Option<String>,
    /// With `deploy`: how long each batch is down.
    pub each: Option<Duration>,
    /// With `deploy`: instances that are restarted at one time; 1 if left out.
    pub batch: Option<u32>,
    /// With `deploy`: how much slower an instance is at first.
    pub cold: Option<Factor>,
    /// With `deploy`: how long it takes to become as fast as before; 30s if left out.
    #[serde(rename = "warm-up")]
    pub warm_up: Option<Duration>,
    /// Makes a cache with `keys` forget everything.
    pub flush: Option<String>,
    /// Multiplies the arrivals of an open workload.
    pub surge: Option<String>,
}

/// Something that an operator does to the breakers of an edge `a -> b`: exactly one of force open,
/// force closed, disable, enable and reset.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Operation {
    /// When.
    pub at: Option<Duration>,
    /// With `force open`, `force closed`, `disable`: until it is taken back; to the end of the run
    /// if left out.
    #[serde(rename = "for")]
    pub lasts: Option<Duration>,
    /// Rejects every call.
    #[serde(rename = "force open")]
    pub force_open: Option<String>,
    /// Lets every call pass, and forgets what was counted.
    #[serde(rename = "force closed")]
    pub force_closed: Option<String>,
    /// Lets every call pass, uncounted; enabled again, the breaker goes on where it was.
    pub disable: Option<String>,
    /// Takes one of these back.
    pub enable: Option<String>,
    /// Begins anew, closed.
    pub reset: Option<String>,
}

/// How many instances a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum InstanceShare {
    Count(u32),
    Share(Share),
}

/// An alert.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Alert {
    /// The condition, such as `breaker a -> b is open` or `rejection rate of a -> b over 5m is
    /// above 10/s`.
    pub when: String,
    /// How long it must hold before the alert fires; not at all if left out.
    #[serde(rename = "for")]
    pub hold: Option<Duration>,
    /// How bad it is; warning if left out.
    pub severity: Option<String>,
}

/// A chaos experiment.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Chaos {
    /// When the first stage begins.
    pub at: Option<Duration>,
    /// Faults that follow each other, without a time of their own; each lasts `for`.
    pub stages: Vec<Fault>,
    /// Conditions that call it off, such as `error rate of web over 10s is above 10%`.
    #[serde(rename = "abort when")]
    pub abort_when: Vec<String>,
}

/// One expectation, such as `breaker c -> d opens within 10s of fault`.
#[derive(Clone, Debug)]
pub(super) struct Sentence(pub String);

/// An expectation that YAML takes for a map: `order: a saturates, then b saturates`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderSentence {
    /// What happens, one after the other.
    pub order: String,
}
