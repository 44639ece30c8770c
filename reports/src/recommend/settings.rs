//! The table of settings: now, recommended, and the range in which each is safe.

use sim_experiments::recommend::{Advice, Breach, Recommendation};
use sim_models::study::{Level, Parameter, Values};

use super::words::gives_way;
use crate::layout::table;

/// A row for each setting.
pub(super) fn settings(recommendation: &Recommendation) -> String {
    let header = ["setting", "now", "recommended", "safe", "below", "above"];
    let settings = recommendation.plan.settings.iter().zip(&recommendation.advice);
    table(&header, &[1, 2, 3, 4, 5], settings.map(|(setting, advice)| row(setting, advice)))
}

fn row(setting: &Parameter, advice: &Advice) -> Vec<String> {
    let now = advice.now.as_ref().map_or_else(|| "-".to_owned(), |now| now.shown.clone());
    let recommended =
        if advice.is_changed { advice.recommended.shown.clone() } else { "keep".to_owned() };
    let (safe, below, above) = match &setting.values {
        Values::Range(_) => {
            (range(&advice.safe), side(advice.below.as_ref()), side(advice.above.as_ref()))
        }
        Values::Listed(_) => (safe_values(advice), unsafe_values(advice), String::new()),
    };
    vec![setting.path.clone(), now, recommended, safe, below, above]
}

fn range((from, to): &(Level, Level)) -> String {
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
