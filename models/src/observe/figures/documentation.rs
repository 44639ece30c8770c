//! Holds the list of figures in `docs/testing.md` against the table.

use super::{
    BreakersSubject, CallSubject, EffectSubject, FigureSubject, FigureUnit, Known, LinkSubject,
    PoolsSubject, QueueSubject, Reads, Row, WorkloadSubject,
};

const TESTING: &str = include_str!("../../../../docs/testing.md");

/// The list as it should be.
fn list() -> String {
    let lines = [
        lines_of::<WorkloadSubject>(),
        lines_of::<CallSubject>(),
        lines_of::<BreakersSubject>(),
        lines_of::<PoolsSubject>(),
        lines_of::<QueueSubject>(),
        lines_of::<LinkSubject>(),
        lines_of::<EffectSubject>(),
    ];
    format!(
        "| thing | figure | unit | meaning | known for |\n|---|---|---|---|---|\n{}",
        lines.concat()
    )
}

fn lines_of<S: FigureSubject>() -> String {
    let things: Vec<String> = S::EXAMPLES.iter().map(|thing| format!("`{thing}`")).collect();
    let first = format!("{}, {}", S::DESCRIPTION, things.join(", "));
    let of = std::iter::once(first.as_str()).chain(std::iter::repeat(""));
    let line = |(of, row): (&str, &Row<S>)| {
        let (figures, unit, known) = (names(row), unit(row.unit), known(row.known));
        format!("| {of} | {figures} | {unit} | {} | {known} |\n", row.means)
    };
    of.zip(S::ROWS).map(line).collect()
}

fn names<S>(row: &Row<S>) -> String {
    let names: Vec<String> = row.names().iter().map(|name| format!("`{name}`")).collect();
    match row.reads {
        Reads::Outcomes(_) => {
            format!("{}, an outcome (`timeouts`, `client errors`)", names.join(", "))
        }
        Reads::One(..) | Reads::Several(_) | Reads::Quantiles(..) => names.join(", "),
    }
}

fn unit(unit: FigureUnit) -> &'static str {
    match unit {
        FigureUnit::Share => "share",
        FigureUnit::Time => "time",
        FigureUnit::Rate => "per second",
        FigureUnit::Count => "number",
        FigureUnit::Factor => "factor",
    }
}

fn known(known: Known) -> &'static str {
    match known {
        Known::WholeRun => "the whole run",
        Known::KeptWindows => "the whole run, WHEN",
        Known::KeptWindowsAndIntervals => "the whole run, WHEN, each interval",
        Known::AnyStretch => "any time",
    }
}

#[test]
fn the_documentation_lists_exactly_the_figures_of_the_table() {
    let list = list();
    assert!(TESTING.contains(&list), "docs/testing.md should have this list of figures:\n{list}");
}
