//! The kinds of things that have figures, and all the names together.

use indexmap::IndexSet;

use super::{
    CallSubject, EffectSubject, Figure, LinkSubject, Measure, PoolsSubject, QueueSubject, Row,
    WorkloadSubject,
};

/// A kind of thing that has figures.
pub trait FigureSubject: Sized + 'static {
    /// The kind in a message: "a workload".
    const DESCRIPTION: &'static str;
    /// Such things, as they are written in sentences.
    const EXAMPLES: &'static [&'static str];
    /// The figures of such a thing, in the order in which messages list them.
    const ROWS: &'static [Row<Self>];

    /// A figure of this thing.
    fn measure(self, figure: Figure<Self>) -> Measure;

    /// The figure of this name.
    fn figure(name: &str) -> Option<Figure<Self>> {
        Self::ROWS.iter().find_map(|row| row.named(name))
    }

    /// The names of all figures, for messages; single kinds of outcomes are left out.
    fn names() -> Vec<&'static str> {
        Self::ROWS.iter().flat_map(Row::names).collect()
    }
}

/// The names of the figures of every subject, each once; single kinds of outcomes are left out.
pub(crate) fn figure_names() -> Vec<&'static str> {
    let names = [
        WorkloadSubject::names(),
        CallSubject::names(),
        PoolsSubject::names(),
        QueueSubject::names(),
        LinkSubject::names(),
        EffectSubject::names(),
    ];
    names.into_iter().flatten().collect::<IndexSet<_>>().into_iter().collect()
}
