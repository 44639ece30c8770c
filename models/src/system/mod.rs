//! The simulated system at work: services, instances, calls, requests in flight.
//!
//! A [`Blueprint`] says what there is; a [`System`] is its state and the [`sim_core::Model`] that
//! events act on. While one event is handled, a `Turn` holds the blueprint, the state and the
//! schedule together; its methods live in the file of what they bring about: `handler` (steps),
//! `station` (queues and slots), `gate` (what is turned away), `call` (attempts, replies), `guards`
//! (what stands between), `balancing` (which instance), `fallback` (what a failed call turns to),
//! `patience` (deadlines, cancellation, hedges), `messaging` (queues of messages), `scaling`
//! (instances that come and go), `regions` (distances, populations), `client` (workloads), `outage`
//! (faults).

mod balancing;
mod blueprint;
mod call;
mod client;
mod event;
mod fallback;
mod frame;
mod gate;
mod handler;
mod messaging;
mod outage;
mod patience;
mod program;
mod regions;
mod scaling;
mod state;
mod station;
mod turn;

pub use crate::guards::{Guard, Scope};
pub use crate::steps::Op;
pub use blueprint::{
    AnswerValue, AutoscalerPlan, Blueprint, BreakerPlan, DeadlinePlan, EdgePlan, Ends,
    InstancePlan, Limits, NONE, OnFailure, OrderPlan, PartitionBy, PoolKind, PoolPlan, Prices,
    QueuePlan, RunPlan, Source, StationKind, StationPlan, UNLIMITED, WorkloadPlan,
};
pub use event::Event;
pub(crate) use frame::{Activity, FailedCall};
pub use program::{BranchTable, CallSite};
pub use state::{Aborted, LimitReached, System};
pub(crate) use state::{Next, Parked, QueueState, State};
pub(crate) use turn::{Turn, draw_tag};
