//! Actions of clients: one call, or several operations.

use crate::language::{Named, Placed, Problems, one_of, section};
use crate::scenario::names::Names;
use crate::scenario::plan::{Caller, Plan};
use crate::steps::{Op, Step, sequence};
use crate::system::{BranchTable, OnFailure, StationKind};

one_of! {
    /// The actions of clients.
    pub(crate) enum Clients("workload") {
        /// They call one service.
        "to" => To(To),
        /// They do one of several things.
        "operations" => Operations(Operations),
    }
}

section! {
    /// Clients that call one service.
    pub(crate) struct To {
        /// The service that is called, or one of its operations: `web` or `web.checkout`.
        "to" => to: Placed<String>,
    }
}

section! {
    /// Clients that do one of several things.
    pub(crate) struct Operations {
        /// Operations that clients choose from by weight.
        "operations" => operations: Placed<Named<ClientOperation>>,
    }
}

section! {
    /// An operation of clients.
    pub(crate) struct ClientOperation {
        /// The weight among the operations; 1 if left out.
        "weight" => weight: Option<f64>,
        /// Calls and pauses, one after the other; each call is a request.
        "steps" => steps: Placed<Vec<Placed<Step>>>,
    }
}

impl ClientOperation {
    fn weight(&self) -> f64 {
        self.weight.unwrap_or(1.0)
    }
}

/// Compiles the steps of each request of a workload, or of each iteration of a user.
pub(super) fn compile(
    clients: &Clients,
    caller: Caller,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    match clients {
        Clients::To(To { to }) => {
            plan.call(caller, to, OnFailure::Ignore, StationKind::Service, names, problems);
            plan.push(Op::Answer);
        }
        Clients::Operations(Operations { operations }) => {
            compile_operations(operations, caller, names, plan, problems);
        }
    }
}

fn compile_operations(
    operations: &Placed<Named<ClientOperation>>,
    caller: Caller,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let total: f64 = operations.values().map(|operation| operation.weight()).sum();
    let are_sound = operations.values().all(|operation| operation.weight() >= 0.0);
    if !(total > 0.0 && total.is_finite() && are_sound) {
        let help = "give each operation a weight such as 1";
        problems.error(operations.key(), "the weights of the operations must be positive", help);
    }
    let table = plan.blueprint.tables.push(BranchTable::default());
    plan.push(Op::Choose(table));
    let (mut entries, mut cumulative, mut sum) = (Vec::new(), Vec::new(), 0.0);
    for operation in operations.values() {
        entries.push(plan.next_step());
        sum += operation.weight() / total;
        cumulative.push(sum);
        sequence(caller, &operation.steps, names, plan, problems);
        plan.push(Op::Answer);
    }
    plan.blueprint.tables[table] = BranchTable { entries, cumulative, join: None };
}
