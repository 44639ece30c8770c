//! All sections of a scenario file.

use schemars::schema_for;

use super::acknowledged::Acknowledgement;
use super::analyses::{AnalysisSections, PriceSection};
use super::calls::CallSection;
use super::links::LinkSection;
use super::operator::Operation;
use super::queues::Queue;
use super::run::{LimitSection, Run};
use super::sentences::{Alert, ExpectationSection};
use super::stations::{Cache, Database, Host, Service};
use super::variants::Overriding;
use super::workloads::Workload;
use crate::faults::{Chaos, FaultSection};
use crate::language::distribution::DurationPhrase;
use crate::language::{AnyPath, Name, Named, Placed, Prose, section};

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
        "name" => name: Option<Placed<String>>,
        /// Defaults for all services, databases, caches and calls.
        "defaults" => defaults: Defaults,
        /// The duration of the run, and the seed of its random numbers.
        "run" => run: Run,
        /// Limits that stop a run that would not end, or would not fit into memory.
        "limits" => limits: LimitSection,
        /// Machines whose processors are shared by the services placed on them.
        "hosts" => hosts: Named<Host>,
        /// Classes of requests, the highest first; a workload names one, and the calls made for its
        /// requests belong to it too.
        "priorities" => priorities: Vec<Name>,
        /// Sources of requests.
        "workloads" => workloads: Named<Workload>,
        /// Services, which answer requests.
        "services" => services: Named<Service>,
        /// Databases, which are queried through a pool of connections.
        "databases" => databases: Named<Database>,
        /// Caches, which are asked before something slower.
        "caches" => caches: Named<Cache>,
        /// Regions far from each other, each with its one-way latencies to others.
        "regions" => regions: Named<Named<DurationPhrase>>,
        /// Links with a rate, a queue and a loss, which messages of calls or between regions go
        /// over.
        "links" => links: Named<LinkSection>,
        /// The number of customers of all workloads together; each request comes from one of them.
        "customers" => customers: Option<u64>,
        /// Queues of messages that wait to be consumed.
        "queues" => queues: Named<Queue>,
        /// Guards, timeouts and latencies between a caller and a callee, by `caller -> callee`.
        "calls" => calls: Named<CallSection, AnyPath>,
        /// Faults: what breaks, when, and for how long.
        "faults" => faults: Vec<Placed<FaultSection>>,
        /// Actions of operators on breakers.
        "operator" => operator: Vec<Placed<Operation>>,
        /// Alerts of a monitoring system, by name.
        "alerts" => alerts: Named<Alert>,
        /// A chaos experiment: faults that grow stage by stage, and the conditions that call it
        /// off.
        "chaos" => chaos: Option<Placed<Chaos>>,
        /// Expectations of a run: sentences that `fusebox test` checks.
        "expect" => expect: Vec<ExpectationSection>,
        /// Warnings that are no mistakes in this scenario, each with the reason.
        "acknowledged" => acknowledged: Vec<Acknowledgement>,
        /// Prices of resources, for the figure `cost`.
        "prices" => prices: PriceSection,
        .. => analyses: AnalysisSections,
    }
    checked {
        /// The point of the scenario, in a sentence or two.
        "about" => Option<Prose>,
        /// Files whose sections are merged in; what this file says takes precedence.
        "include" => Vec<String>,
        /// Named sets of overrides, `path: value`, chosen with --variant.
        "variants" => Named<Overriding>,
    }
}

section! {
    /// Settings that apply wherever nothing else is written.
    pub(crate) struct Defaults {
        /// Defaults of every call.
        "calls" => calls: Option<Placed<CallSection>>,
    }
    checked {
        /// Defaults of every service.
        "services" => Option<Service>,
        /// Defaults of every database.
        "databases" => Option<Database>,
        /// Defaults of every cache.
        "caches" => Option<Cache>,
    }
}
