//! All sections of a scenario file.

use schemars::schema_for;

use super::analyses::{Goals, PriceSection, Stability, Sweep};
use super::calls::Call;
use super::operator::Operation;
use super::queues::Queue;
use super::run::{LimitSection, Run};
use super::sentences::{Alert, ExpectationSection};
use super::stations::{Cache, Database, Host, Service};
use super::variants::Overriding;
use super::workloads::Workload;
use crate::faults::{Chaos, FaultSection};
use crate::language::distribution::DurationPhrase;
use crate::language::{Named, Placed, section};

/// The JSON Schema of a scenario file, for completion in editors.
pub fn json_schema() -> serde_json::Value {
    let mut schema = schema_for!(Scenario);
    schema.insert("title".to_owned(), "Fusebox scenario".into());
    schema.to_value()
}

section! {
    /// A scenario: a graph of services, the load on it, and what breaks.
    pub(crate) struct Scenario {
        /// A short name; the file's name if left out.
        "name" => name: Option<String>,
        /// Settings for all services, databases, caches and calls that do not say otherwise.
        "defaults" => defaults: Defaults,
        /// How long to run, and from which seed.
        "run" => run: Run,
        /// What stops a run that would not end, or not fit.
        "limits" => limits: LimitSection,
        /// Machines whose processors are shared by the services placed on them.
        "hosts" => hosts: Named<Host>,
        /// Classes of requests, the highest first; workloads name one, and what they call belongs
        /// to it too.
        "priorities" => priorities: Vec<String>,
        /// Where requests come from.
        "workloads" => workloads: Named<Workload>,
        /// What answers them.
        "services" => services: Named<Service>,
        /// What is queried, through a pool of connections.
        "databases" => databases: Named<Database>,
        /// What is looked up before something slower is asked.
        "caches" => caches: Named<Cache>,
        /// Places far from each other: for each, the latency one way to others.
        "regions" => regions: Named<Named<DurationPhrase>>,
        /// How many customers all workloads together serve; each request is of one of them.
        "customers" => customers: Option<u64>,
        /// Messages that wait to be consumed.
        "queues" => queues: Named<Queue>,
        /// Guards, timeouts and latencies between a caller and a callee, by `caller -> callee`.
        "calls" => calls: Named<Call>,
        /// What breaks, when, and for how long.
        "faults" => faults: Vec<Placed<FaultSection>>,
        /// What operators do to breakers, and when.
        "operator" => operator: Vec<Placed<Operation>>,
        /// What a monitoring system would call people for, by name.
        "alerts" => alerts: Named<Alert>,
        /// An experiment: faults that grow stage by stage, and what calls it off.
        "chaos" => chaos: Option<Placed<Chaos>>,
        /// What is expected of a run: sentences that `fusebox test` holds it to.
        "expect" => expect: Vec<ExpectationSection>,
        /// What resources cost, for the figure `cost`.
        "prices" => prices: PriceSection,
        /// What `fusebox sweep` varies, and what it measures.
        "sweep" => sweep: Sweep,
        /// What `fusebox recommend` may move, and what is wanted.
        "goals" => goals: Goals,
        /// Which loads and triggers `fusebox stability` tries.
        "stability" => stability: Stability,
    }
    checked {
        /// The point of the scenario, in a sentence or two.
        "about" => Option<String>,
        /// Files whose sections are merged in; what this file says takes precedence.
        "include" => Vec<String>,
        /// Named sets of overrides, `path: value`, chosen with --variant.
        "variants" => Named<Overriding>,
    }
}

section! {
    /// Settings for everything that does not say otherwise.
    pub(crate) struct Defaults {
        /// For every call.
        "calls" => calls: Option<Placed<Call>>,
    }
    checked {
        /// For every service.
        "services" => Option<Service>,
        /// For every database.
        "databases" => Option<Database>,
        /// For every cache.
        "caches" => Option<Cache>,
    }
}
