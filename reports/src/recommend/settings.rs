//! The table of settings: now, recommended, and the range in which each is safe.

use sim_experiments::recommend::{Advice, Breach, Conclusion, Recommendation};
use sim_models::study::{Level, Parameter, Values};

use super::words::gives_way;
use crate::layout::table;

/// A row for each setting.
pub(super) fn settings(recommendation: &Recommendation) -> String {
    let settings = recommendation.plan.settings.iter().zip(&recommendation.advice);
    if recommendation.conclusion == Conclusion::Unmet {
        let header = ["setting", "now", "closest"];
        return table(&header, &[1, 2], settings.map(|(setting, advice)| value(setting, advice)));
    }
    let header = ["setting", "now", "recommended", "safe", "below", "above"];
    table(&header, &[1, 2, 3, 4, 5], settings.map(|(setting, advice)| row(setting, advice)))
}

/// A setting with its present and its recommended value.
fn value(setting: &Parameter, advice: &Advice) -> Vec<String> {
    let now = advice.now.as_ref().map_or_else(|| "-".to_owned(), |now| now.shown.clone());
    let recommended =
        if advice.is_changed { advice.recommended.shown.clone() } else { "keep".to_owned() };
    vec![setting.path.clone(), now, recommended]
}

fn row(setting: &Parameter, advice: &Advice) -> Vec<String> {
    let mut row = value(setting, advice);
    let (safe, below, above) = match &setting.values {
        Values::Range(_) => {
            (range(advice.safe.as_ref()), side(advice.below.as_ref()), side(advice.above.as_ref()))
        }
        Values::Listed(_) => (safe_values(advice), unsafe_values(advice), String::new()),
    };
    row.extend([safe, below, above]);
    row
}

fn range(safe: Option<&(Level, Level)>) -> String {
    let Some((from, to)) = safe else { return "-".to_owned() };
    if from.number == to.number {
        from.shown.clone()
    } else {
        format!("{} to {}", from.shown, to.shown)
    }
}

/// The limit that gives way beyond one end of the safe range.
fn side(breach: Option<&Breach>) -> String {
    breach.map_or_else(
        || "every limit is met".to_owned(),
        |breach| format!("at {}: {}", breach.at.shown, gives_way(breach)),
    )
}

/// The recommended value, and the others that meet every limit.
fn safe_values(advice: &Advice) -> String {
    let others = advice.others.iter().filter(|(_, breach)| breach.is_none());
    let all = std::iter::once(&advice.recommended).chain(others.map(|(level, _)| level));
    all.map(|level| level.shown.clone()).collect::<Vec<_>>().join(", ")
}

/// The values that miss a limit, each with the one that gives way.
fn unsafe_values(advice: &Advice) -> String {
    let broken = advice.others.iter().filter_map(|(level, breach)| {
        Some(format!("{}: {}", level.shown, gives_way(breach.as_ref()?)))
    });
    broken.collect::<Vec<_>>().join("; ")
}
