//! The table of limits, and how many of the runs kept them.

use sim_experiments::recommend::{
    Kept, LimitStanding, MeasuredLimit, MeasuredTogether, Recommendation, Standing,
    StandingTogether,
};
use sim_models::observe::FigureUnit;
use sim_models::scenario::GoalsPlan;

use super::settings::found;
use crate::fitted::{Align, FittedTable, Row};
use crate::paper::paragraph;
use crate::units::{UNKNOWN, count, figure, percent, with_error};

/// Every limit, below the condition under which it holds, or the conditions for which it is promised
/// together.
pub(super) fn limits(recommendation: &Recommendation, columns: usize) -> String {
    let row = |limit: &LimitStanding| Row {
        group: limit.condition.clone(),
        title: limit.limit.clone(),
        cells: vec![
            kept(limit, &limit.now),
            mean_of(&limit.now, limit.unit),
            kept(limit, &limit.recommended),
            at_least(&limit.recommended),
            mean_of(&limit.recommended, limit.unit),
        ],
        ..Row::default()
    };
    let row_together = |limit: &StandingTogether| Row {
        group: together(limit),
        title: limit.limit.clone(),
        cells: vec![
            share_kept(&limit.now),
            String::new(),
            share_kept(&limit.recommended),
            share_at_least(&limit.recommended),
            String::new(),
        ],
        ..Row::default()
    };
    let by_itself = recommendation.limits.iter().map(row);
    let table = FittedTable {
        headers: ["limit", ""],
        columns: vec![
            ("now", Align::Left),
            ("mean now", Align::Right),
            (found(recommendation.conclusion), Align::Left),
            ("of all", Align::Right),
            ("mean", Align::Right),
        ],
        rows: by_itself.chain(recommendation.together.iter().map(row_together)).collect(),
    };
    format!("{}\n{}", table.lines(columns), legend(columns))
}

/// The conditions for which a limit is promised together, each with its share of the runs.
pub(super) fn together(limit: &StandingTogether) -> String {
    let condition = |(name, share): &(String, f64)| format!("{name} {}", percent(*share));
    let conditions: Vec<String> = limit.conditions.iter().map(condition).collect();
    format!("as often as they occur: {}", conditions.join(", "))
}

/// The share of the runs that kept a limit, behind the mark of its standing.
pub(super) fn share_kept(measured: &MeasuredTogether) -> String {
    format!("{} {}", mark(measured.standing), percent(measured.kept))
}

/// The share of all runs that surely keep a limit.
pub(super) fn share_at_least(measured: &MeasuredTogether) -> String {
    format!("≥ {}", percent(measured.at_least))
}

/// The runs that kept a limit, behind the mark of its standing, unless that depends on other conditions too.
pub(super) fn kept(limit: &LimitStanding, measured: &MeasuredLimit) -> String {
    let Kept { kept, runs } = measured.kept;
    let mark = if limit.is_part { " " } else { mark(measured.standing) };
    format!("{mark} {} of {}", count(kept), count(runs))
}

/// The share of all runs that surely keep a limit.
pub(super) fn at_least(measured: &MeasuredLimit) -> String {
    format!("≥ {}", percent(measured.kept.at_least()))
}

/// The mean of the figure of a limit, and its uncertainty unless all runs agree.
pub(super) fn mean_of(measured: &MeasuredLimit, unit: FigureUnit) -> String {
    let Some(interval) = measured.figure else { return UNKNOWN.to_owned() };
    let half_width = Some(interval.half_width).filter(|width| width.is_finite() && *width > 0.0);
    with_error(interval.mean, half_width, |value| figure(value, unit))
}

fn mark(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "+",
        Standing::Unsure => "~",
        Standing::Misses => "!",
    }
}

/// The meaning of the marks and figures of a table of limits.
pub(super) fn legend(columns: usize) -> String {
    let promise = percent(GoalsPlan::PROMISE);
    let legend = format!(
        "{promise} of all runs must keep a limit that says nothing else. + none missed it, or the \
         others are enough, ! too few kept it, ~ undecided; ≥ the share of all runs that keep it, \
         with a confidence of 95%; ± half the width of the 95% confidence interval"
    );
    paragraph(&legend, columns)
}
