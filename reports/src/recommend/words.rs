//! Limits that give way, and formulas, in words.

use sim_experiments::recommend::{Breach, Formula};

use crate::units::{duration, figure, percent, significant};

/// The limit that gives way, the figure it has then, and the condition.
pub(super) fn gives_way(breach: &Breach) -> String {
    match (&breach.condition, breach.figure) {
        (None, _) => breach.limit.clone(),
        (Some(condition), Some(value)) => {
            format!("{} ({}, {condition})", breach.limit, figure(value, breach.unit))
        }
        (Some(condition), None) => format!("{} (nothing to measure, {condition})", breach.limit),
    }
}

/// A formula in words.
pub(super) struct FormulaWords {
    /// Its name.
    pub name: &'static str,
    /// The figures that go into it.
    pub working: String,
    /// Its result.
    pub result: String,
}

impl FormulaWords {
    pub fn new(formula: Formula) -> Self {
        let slots = format!("{}", formula.value());
        match formula {
            Formula::Little { rate, held } => Self {
                name: "Little's law",
                working: format!("{}/s x {} held", significant(rate), duration(held)),
                result: format!("at least {slots}"),
            },
            Formula::ErlangC { load } => Self {
                name: "Erlang C",
                working: format!("at most 5% wait, {} busy on average", significant(load)),
                result: slots,
            },
            Formula::ThreeTerms { expected, fair_share, tolerated } => Self {
                name: "least of three terms",
                working: three_terms(expected, fair_share, tolerated),
                result: slots,
            },
            Formula::Percentile { latency } => Self {
                name: "p99.9 without faults",
                working: format!("{} of calls take longer", percent(0.001)),
                result: duration(latency),
            },
        }
    }
}

fn three_terms(expected: f64, fair_share: Option<f64>, tolerated: Option<f64>) -> String {
    let terms = [
        Some(format!("expected x 1.5 = {}", significant(expected))),
        fair_share.map(|share| format!("fair share of threads {}", significant(share))),
        tolerated
            .map(|tolerated| format!("timeout x tolerated rejections {}", significant(tolerated))),
    ];
    terms.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
