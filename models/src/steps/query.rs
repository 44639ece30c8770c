//! Querying a database.

use super::Compile;
use super::call::{OnFailureWord, on_failure};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Caller, Names, Plan};
use crate::system::StationKind;

section! {
    /// Queries a database: `orders-db` or `orders-db.report`.
    pub(crate) struct Query {
        /// The database, or one of its kinds of query.
        "query" => query: Placed<String>,
        /// The reaction to a failure; the handler fails at once if left out.
        "on failure" => on_failure: Option<Placed<OnFailureWord>>,
    }
}

impl Compile for Query {
    fn compile(&self, caller: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        let on_failure = on_failure(self.on_failure.as_ref());
        plan.call(caller, &self.query, on_failure, StationKind::Database, names, problems);
    }
}
