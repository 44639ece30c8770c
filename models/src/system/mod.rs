//! The simulated system at work: services, instances, calls, requests in flight.
//!
//! A [`Blueprint`] describes the system; a [`System`] is its state and the [`sim_core::Model`] that handles events.
//! While an event is handled, an `Engine` holds the blueprint, the state and the schedule together. Its methods are
//! in the files of their subjects: `handler` (steps), `station` (queues and slots), `admission` (rejections), `call`
//! (attempts, replies), `guards` (protection on the way), `balancing` (choice of instance), `fallback` (substitutes for
//! failed calls), `deadlines` (deadlines, cancellation, hedges), `links` (messages that take turns), `messaging`
//! (message queues), `scaling` (instances that come and go), `process` (processes that die and start), `probing`
//! (probes of readiness and liveness), `memory` (what dies with a process), `tasks` (work in pools of threads), `reach`
//! (who can be reached), `regions` (distances, populations), `client` (workloads), `contention` (work that grows with
//! load), `faults` (crashes, lost slots), `triggers` (conditions at which they begin), `operator` (what operators do),
//! `errand` (calls on which that depends), `alerting` (alerts that need a service), `change` (settings that change).

mod activity;
mod admission;
mod alerting;
mod balancing;
mod blueprint;
mod call;
mod change;
mod client;
mod contention;
mod deadlines;
mod drained;
mod draw;
mod engine;
mod errand;
mod event;
mod fallback;
mod faults;
mod footprint;
mod frame;
mod handler;
mod id;
mod instance;
mod links;
mod memory;
mod messaging;
mod operator;
mod origin;
mod pool_plan;
mod prices;
mod probing;
mod process;
mod process_plan;
mod program;
mod reach;
mod regions;
mod role;
mod scaling;
mod scaling_plan;
mod state;
mod station;
mod tasks;
mod triggers;

pub use crate::guards::{Guard, Scope};
pub use crate::steps::Op;
pub(crate) use activity::Activity;
pub use blueprint::{
    Act, AnswerValue, BetweenRegions, Blueprint, BreakerPlan, CachePlan, Deadline, DeadlinePlan,
    EdgePlan, Ends, InstancePlan, Limits, OnFailure, OrderPlan, PartitionBy, Pauses, QueuePlan,
    RunPlan, Source, StationKind, StationPlan, ThroughPlan, UNLIMITED, WorkloadPlan,
};
pub use contention::Contention;
pub(crate) use draw::Draw;
pub(crate) use engine::Engine;
pub use engine::MOST_WITHIN_AN_INSTANT;
pub use errand::Errand;
pub use event::Event;
pub use footprint::{Footprint, Growth};
pub(crate) use frame::{FailedCall, Frame, Kept, NO_FRAME, Stage};
pub use id::{Id, Ids, Table, of};
pub(crate) use instance::Parked;
pub use links::{LinkPlan, LinkState};
pub use origin::Origin;
pub use pool_plan::{PoolKind, PoolPlan};
pub use prices::Prices;
pub use process_plan::{ProbeKind, ProbePlan, ProcessPlan};
pub use program::{BranchTable, CallSite};
pub(crate) use reach::Way;
pub(crate) use role::Role;
pub use scaling_plan::{AutoscalerPlan, Watched};
pub use state::{Aborted, LimitReached, System};
pub(crate) use state::{Next, QueueState, State};
