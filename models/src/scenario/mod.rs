//! The file that describes a system: reading it, finding everything that is wrong with it,
//! compiling it.
//!
//! A file goes through four forms. A [`tree`] is the YAML with the place of every value, after
//! includes, variants and overrides; `file` has the typed sections, which also give the JSON Schema;
//! `compile` resolves their names to dense ids and yields a
//! [`Blueprint`](crate::system::Blueprint); `lint` looks for what is legal and unwise. Problems are
//! collected along the way and reported together.
//!
//! A section and its compilation share a file. Steps, faults and guards have folders of their own:
//! `steps`, [`faults`](crate::faults), [`guards`](crate::guards).

mod acknowledged;
mod analyses;
mod calls;
mod changes;
mod compile;
mod csv_file;
mod cycles;
mod fallbacks;
mod file;
mod folder;
mod given_twice;
mod include;
mod links;
mod lint;
mod load;
mod merge;
mod names;
mod operator;
mod overrides;
mod plan;
mod queues;
mod replay;
mod request;
mod rules;
mod run;
mod sentences;
mod short_forms;
mod single_changes;
mod stand_ins;
mod stations;
mod stressed;
mod through;
mod triggers;
mod variants;
mod workloads;

pub use crate::language::{
    Location, NAME_RULE, Problem, ProblemKind, Problems, Severity, SourceText, Sources, is_name,
    is_name_letter, tree,
};
pub use analyses::{Analyses, GoalsPlan, LimitPlan, StabilityPlan, SweepPlan};
pub use file::json_schema;
pub use folder::{Folder, NotUtf8, Unread, read_within_limit, utf_8};
pub(crate) use load::errors_of_part;
pub use load::{Input, Loaded, Overrides, Parsed, check, load};
pub(crate) use names::Names;
pub(crate) use plan::{Caller, Edge, MOST_STEPS, Plan, most, read_distribution, span_or};
pub use request::{GoalsRequest, Request, SweepRequest};
pub(crate) use sentences::compile_condition;
pub use short_forms::short_form;
pub use single_changes::{SingleChange, single_changes};
pub(crate) use through::Through;
