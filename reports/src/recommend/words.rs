//! Limits that give way, and formulas, in words.

use sim_experiments::recommend::{Breach, Formula};
use sim_models::study::FigurePlan;

use crate::units::{UNKNOWN, duration, figure, percent, significant};

/// The limit that gives way, the runs that kept it, the mean of its figure, and the condition.
pub(super) fn gives_way(breach: &Breach) -> String {
    let Breach { condition: Some(condition), limit, kept, figure: mean, unit, .. } = breach else {
        return breach.limit.clone();
    };
    let kept = kept.map_or_else(String::new, |of| format!("{} of {} runs, ", of.kept, of.runs));
    let mean = mean.map_or_else(
        || "nothing to measure".to_owned(),
        |mean| format!("mean {}", figure(mean, *unit)),
    );
    format!("{limit} ({kept}{mean}, {condition})")
}

/// The best settings of a search so far, as words behind the name of its stage.
pub fn best_so_far(keeps_limits: bool, objectives: &[(FigurePlan, Option<f64>)]) -> String {
    if !keeps_limits {
        return "the best so far misses a limit".to_owned();
    }
    let objectives: Vec<String> = objectives
        .iter()
        .map(|(plan, value)| {
            let value = value.map_or_else(|| UNKNOWN.to_owned(), |value| figure(value, plan.unit));
            format!("{} {value}", plan.text)
        })
        .collect();
    if objectives.is_empty() {
        "the best so far keeps every limit".to_owned()
    } else {
        format!("the best so far: {}", objectives.join(", "))
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
