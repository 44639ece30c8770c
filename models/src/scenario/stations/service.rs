//! Services: instances with threads or slots that run a handler.

use super::admission::AdmissionSection;
use super::autoscale::Autoscale;
use super::contention::ContentionSection;
use super::memory::Memory;
use super::process::{self, ProcessSection};
use super::slots::Slots;
use crate::language::Problem;
use crate::language::quantity::Duration;
use crate::language::{Named, Placed, Problems, Short, section};
use crate::scenario::names::Names;
use crate::scenario::plan::{Caller, Plan};
use crate::steps::{Step, handler, sequence};

section! {
    /// A service: instances with threads (or asynchronous slots) that run a handler.
    pub(crate) struct Service {
        /// The number of instances; 1 if left out.
        "instances" => instances: Option<Placed<u32>>,
        /// Threads of each instance, held from dequeue to reply. Without threads or slots,
        /// concurrency is not limited.
        "threads" => threads: Option<Short<Slots>>,
        /// Requests in flight at each instance, for an asynchronous service.
        "slots" => slots: Option<Placed<Short<Slots>>>,
        /// Pools of each instance that its handlers hold over several steps, by name.
        "pools" => pools: Named<Short<Slots>>,
        /// Processors of each instance, held while working; not limited if left out.
        "cpus" => cpus: Option<Placed<u32>>,
        /// The machine whose processors it uses.
        "host" => host: Option<Placed<String>>,
        /// The region that its instances are in.
        "region" => region: Option<Placed<String>>,
        /// The regions over which its instances are spread in turn.
        "regions" => regions: Option<Placed<Vec<Placed<String>>>>,
        /// An autoscaler, which decides how many of its instances run; all of them if left out.
        "autoscale" => autoscale: Option<Placed<Autoscale>>,
        /// The memory of each instance, and what its requests take of it.
        "memory" => memory: Option<Placed<Memory>>,
        /// The growth of its work with its load; none if left out.
        "contention" => contention: Option<Placed<ContentionSection>>,
        /// The steps that it takes for a request.
        "handle" => handle: Vec<Placed<Step>>,
        /// Several named operations instead, called as `service.operation`.
        "operations" => operations: Named<Vec<Placed<Step>>>,
        .. => process: ProcessSection,
        /// True if repeating a request does no harm; true if left out.
        "idempotent" => idempotent: Option<bool>,
        /// Keys by which it recognizes a request that comes again; none if left out.
        "idempotency" => idempotency: Option<Idempotency>,
        /// Rules for turning requests away from an instance, and the order in which it serves its
        /// queue.
        "admission" => admission: Option<AdmissionSection>,
    }
}

section! {
    /// The memory of a service for requests that it has done.
    pub(crate) struct Idempotency {
        /// The time that a good answer is remembered, such as `24h`; a request that comes again
        /// gets it, and is not done again.
        "keys for" => keys_for: Duration,
    }
}

/// Compiles the handlers of a service: one, or one for each operation.
pub(crate) fn compile_handlers(
    name: &str,
    service: &Placed<Service>,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let Some(station) = names.find_station(name) else { return };
    let caller = Caller::Station(station.id);
    if service.handle.is_empty() && service.operations.is_empty() && service.is_whole() {
        let problem = Problem::error(format!("`{name}` does nothing"), Some(service.key()));
        let help = "write what it does with a request, such as `handle: [ { work: 2ms } ]`";
        problems.add(problem.labelled("no handler").with_help(help));
    }
    if !service.handle.is_empty() || service.operations.is_empty() {
        handler(station.id, "", service.key(), plan, problems, |plan, problems| {
            sequence(caller, &service.handle, names, plan, problems);
        });
    }
    for (operation, steps) in service.operations.iter() {
        handler(station.id, operation, steps.key(), plan, problems, |plan, problems| {
            sequence(caller, steps, names, plan, problems);
        });
    }
    process::compile(name, service, names, plan, problems);
}
