//! The steps of handlers: one file each, with its settings, its compilation and its behaviour in a
//! run.
//!
//! A [`Step`] is written in a file and compiled to [`Op`]s, which follow each other in the program
//! of a blueprint and are carried out by `Engine::run`. Only this file knows them all.

mod branch;
mod cache;
mod call;
mod effect;
mod fail;
mod handler;
mod hold;
mod parallel;
mod pause;
mod poison;
mod query;
mod repeat;
mod send;
mod work;

use sim_core::random::uniform;

use self::branch::Branch;
use self::cache::LookUpStep;
use self::call::CallStep;
use self::effect::EffectStep;
use self::fail::Fail;
pub(crate) use self::handler::{handler, sequence};
use self::hold::Hold;
use self::parallel::Parallel;
use self::pause::PauseStep;
use self::poison::Poison;
use self::query::Query;
use self::repeat::Repeat;
use self::send::Send;
use self::work::Work;
use crate::Outcome;
use crate::language::{Placed, Problems, one_of};
use crate::scenario::{Caller, Names, Plan};
use crate::system::{Engine, Id, Next, OnFailure, of};

/// A step as it is written in a file.
pub(crate) trait Compile {
    /// True if clients can take it: they call and pause, but do not compute.
    const IS_FOR_CLIENTS: bool = false;

    /// Adds its operations to the program.
    fn compile(&self, caller: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems);
}

/// Lists the steps by their keys.
macro_rules! steps {
    ($( $(#[doc = $doc:literal])* $key:literal => $step:ident ),* $(,)?) => {
        one_of! {
            /// One step of a handler.
            pub(crate) enum Step("step") {
                $( $(#[doc = $doc])* $key => $step($step), )*
            }
        }

        impl Step {
            fn is_for_clients(&self) -> bool {
                match self {
                    $( Self::$step(_) => <$step as Compile>::IS_FOR_CLIENTS, )*
                }
            }

            fn add(
                &self,
                caller: Caller,
                names: &Names<'_>,
                plan: &mut Plan,
                problems: &mut Problems,
            ) {
                match self {
                    $( Self::$step(step) => step.compile(caller, names, plan, problems), )*
                }
            }
        }
    };
}

steps! {
    "work" => Work,
    "pause" => PauseStep,
    "call" => CallStep,
    "query" => Query,
    "cache" => LookUpStep,
    "send" => Send,
    "effect" => EffectStep,
    "parallel" => Parallel,
    "branch" => Branch,
    "repeat" => Repeat,
    "hold" => Hold,
    "fail" => Fail,
    "poison" => Poison,
}

impl Step {
    /// Adds the operations of a step to the program.
    pub fn compile(
        step: &Placed<Self>,
        caller: Caller,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) {
        if matches!(caller, Caller::Workload(_)) && !step.is_for_clients() {
            let help = "write one of the steps of a client: `call`, `pause`, `branch` or `repeat`";
            problems.error(step.at(), "clients cannot take this step", help);
            return;
        }
        step.add(caller, names, plan, problems);
    }
}

/// An operation of a handler: a step is compiled to several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Computes for a time drawn from a distribution; holds a processor if those are limited.
    Work(Id<of::Distribution>),
    /// Waits for a time drawn from a distribution; holds only the thread.
    Pause(Id<of::Distribution>),
    /// Makes the call of a call site.
    Call(Id<of::CallSite>),
    /// Goes on with the next step with `probability`, else at `otherwise`.
    Chance {
        /// 0 to 1.
        probability: f32,
        /// The step to go on with otherwise.
        otherwise: Id<of::Step>,
        /// True if a failure of the call before leads to `otherwise`: a look-up that failed is a
        /// miss.
        needs_answer: bool,
    },
    /// Goes on at one of the branches of a table, chosen by weight.
    Choose(Id<of::Branches>),
    /// Runs all branches of a table side by side and goes on after the last.
    Fork(Id<of::Branches>),
    /// Goes on elsewhere.
    Jump(Id<of::Step>),
    /// Sends a message to a queue.
    Send(Id<of::Queue>),
    /// Looks a key up in a cache: goes on with the next step if it is there, else at `miss`.
    LookUp {
        /// The cache.
        cache: Id<of::Cache>,
        /// The step to go on with on a miss.
        miss: Id<of::Step>,
    },
    /// Puts the key that was looked up into a cache.
    Fill(Id<of::Cache>),
    /// Takes one of a pool of the service, and waits for it.
    Take {
        /// The number of the pool among those of the service.
        resource: u32,
        /// The reaction if none becomes free in time.
        on_failure: OnFailure,
        /// The step to go on with then, if the handler goes on.
        otherwise: Id<of::Step>,
    },
    /// Gives back what was taken last.
    GiveBack,
    /// Does something to the outside world that should happen once for each request.
    Effect(Id<of::Effect>),
    /// Fails with `probability`.
    Fail {
        /// 0 to 1.
        probability: f32,
        /// The outcome.
        outcome: Outcome,
        /// The time for which callers should stay away, in milliseconds.
        retry_after: u32,
    },
    /// Fails for a share of requests, and for the same ones each time they are sent.
    Poison {
        /// 0 to 1.
        share: f32,
        /// The outcome.
        outcome: Outcome,
    },
    /// The end of a handler or branch.
    Answer,
}

impl Engine<'_> {
    /// Runs the present step.
    #[inline]
    pub fn run(&mut self, index: u32) -> Next {
        let frame = &self.state.frames[index];
        let op = self.plan.program[frame.step];
        if frame.deadline <= self.now && !matches!(op, Op::Answer) {
            return self.finish(index, Outcome::Expired);
        }
        match op {
            Op::Work(_) => self.begin_work(index),
            Op::Call(site) => self.begin_call(index, site),
            Op::Answer => self.handler_ends(index),
            Op::Fork(table) => self.fork(index, table),
            Op::Pause(distribution) => pause::run(self, index, distribution),
            Op::Fail { probability, outcome, retry_after } => {
                fail::run(self, index, probability, outcome, retry_after)
            }
            Op::Chance { probability, otherwise, needs_answer } => {
                let is_missing_answer = needs_answer && frame.has_failed_call;
                let goes_on = !is_missing_answer && self.chance(index, probability);
                self.go_to(index, if goes_on { frame.step.offset(1) } else { otherwise })
            }
            Op::Choose(table) => {
                let draw = uniform(&mut frame.key.child(frame.step_number()).draw());
                let table = &self.plan.tables[table];
                let branch = table
                    .cumulative
                    .partition_point(|cumulative| *cumulative <= draw)
                    .min(table.entries.len() - 1);
                self.go_to(index, table.entries[branch])
            }
            Op::Poison { share, outcome } => poison::run(self, index, share, outcome),
            Op::Jump(to) => self.go_to(index, to),
            Op::LookUp { cache, miss } => self.look_up(index, cache, miss),
            Op::Fill(cache) => self.fill(index, cache),
            Op::Send(queue) => self.begin_sending(index, queue),
            Op::Take { resource, .. } => hold::take(self, index, resource),
            Op::GiveBack => {
                self.give_back(index);
                self.go_to_next(index)
            }
            Op::Effect(effect) => effect::run(self, index, effect),
        }
    }
}
