//! Scopes: owners of a guard's state.

use super::Call;
use crate::language::words;
use crate::system::{EdgePlan, Engine, Id, Ids};

/// The owner of a guard's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each instance of the caller has its own.
    CallerInstance,
    /// Each pair of a caller's and a callee's instance has its own.
    CalleeInstance,
    /// One for the whole edge.
    Edge,
}

impl Scope {
    /// The guards, from `first` on, that are responsible for calls of an instance of the caller, by
    /// its number.
    pub(crate) fn of_caller<K>(self, first: Id<K>, caller: u32, edge: &EdgePlan) -> Ids<K> {
        let callees = edge.callee_instances.len();
        match self {
            Self::Edge => Ids::new(first, 1),
            Self::CallerInstance => Ids::new(first.offset(caller), 1),
            Self::CalleeInstance => Ids::new(first.offset(caller * callees), callees),
        }
    }

    /// The guards that lie in the memory of an instance of the caller, and of no other.
    pub(crate) fn in_memory_of<K>(self, first: Id<K>, caller: u32, edge: &EdgePlan) -> Ids<K> {
        match self {
            Self::Edge => Ids::new(first, 0),
            _ => self.of_caller(first, caller, edge),
        }
    }
}

words! {
    /// The owner of a guard's state.
    pub(crate) enum ScopeWord {
        /// Each instance of the caller has its own.
        "caller instance" => CallerInstance,
        /// Each pair of a caller's and a callee's instance has its own.
        "callee instance" => CalleeInstance,
        /// All share one, as in a mesh.
        "shared" => Shared,
        /// All share one through a store, and see changes of its state with a delay.
        "store" => Store,
    }
}

impl ScopeWord {
    /// The scope that is written, or the usual one.
    pub fn scope(written: Option<Self>) -> Scope {
        match written {
            None | Some(Self::CallerInstance) => Scope::CallerInstance,
            Some(Self::CalleeInstance) => Scope::CalleeInstance,
            Some(Self::Shared | Self::Store) => Scope::Edge,
        }
    }
}

impl Call<'_> {
    /// The guard of the calling instance, from `first` on; each instance of the caller has one.
    #[inline]
    pub fn of_caller<K>(&self, first: Id<K>, engine: &Engine<'_>) -> Id<K> {
        first.offset(self.edge.number_of_caller(engine.state.frames[self.index].place))
    }

    /// The guard that is responsible for a call, from `first` on; `None` if it belongs to an
    /// instance of the callee and none is in order.
    #[inline]
    pub fn scoped<K>(&self, first: Id<K>, scope: Scope, engine: &mut Engine<'_>) -> Option<Id<K>> {
        let caller = self.edge.number_of_caller(engine.state.frames[self.index].place);
        Some(match scope {
            Scope::Edge => first,
            Scope::CallerInstance => first.offset(caller),
            Scope::CalleeInstance => {
                let callees = self.edge.callee_instances;
                let target = engine.target(self.index, self.edge)?;
                first.offset(caller * callees.len() + callees.number_of(target))
            }
        })
    }
}

/// The name of something that belongs to an edge; with a number if it is not the first of its kind.
pub(crate) fn one_of_several(owner: String, kind: &str, ordinal: u32) -> String {
    if ordinal == 1 { owner } else { format!("{owner} ({kind} {ordinal})") }
}
