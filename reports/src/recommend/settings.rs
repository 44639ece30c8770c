//! The table of settings: now, recommended, the range in which each is safe, and what gives way
//! beyond it.

use sim_experiments::recommend::{Advice, Breach, Conclusion, Recommendation};
use sim_models::study::{Level, Parameter, Values};

use super::words::gives_way;
use crate::fitted::{Align, FittedTable, Row};
use crate::units::UNKNOWN;

/// A row for each setting, with the limits that give way below it.
pub(super) fn settings(recommendation: &Recommendation, columns: usize) -> String {
    let is_unmet = !recommendation.conclusion.is_met();
    let plan = &recommendation.plan;
    let settings = plan.names().zip(&plan.settings).zip(&recommendation.advice);
    let row = |((name, setting), advice): ((&str, &Parameter), &Advice)| {
        let recommended = advice.is_changed.then_some(&advice.recommended);
        let mut row = value(name, advice.now.as_ref(), recommended);
        if !is_unmet {
            row.cells.push(safe(setting, advice));
            row.remarks = ends(setting, advice);
        }
        row
    };
    let mut table = values(found(recommendation.conclusion), settings.map(row));
    if !is_unmet {
        table.columns.push(("safe", Align::Left));
    }
    table.lines(columns)
}

/// The header over what was found.
pub(super) fn found(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Unmet => "closest",
        Conclusion::Interrupted => "best so far",
        Conclusion::Keep | Conclusion::Change => "recommended",
    }
}

/// A table of present and recommended values.
pub(super) fn values(
    recommended: &'static str,
    rows: impl Iterator<Item = Row>,
) -> FittedTable<'static> {
    let columns = vec![("now", Align::Left), (recommended, Align::Left)];
    FittedTable { headers: ["setting", ""], columns, rows: rows.collect() }
}

/// A setting with its present and its recommended value; `None` keeps it.
pub(super) fn value(name: &str, now: Option<&Level>, recommended: Option<&Level>) -> Row {
    let now = now.map_or_else(|| UNKNOWN.to_owned(), |now| now.shown.clone());
    let recommended = recommended.map_or_else(|| "keep".to_owned(), |level| level.shown.clone());
    Row { title: name.to_owned(), cells: vec![now, recommended], ..Row::default() }
}

/// The values with which every limit is met.
fn safe(setting: &Parameter, advice: &Advice) -> String {
    match (&setting.values, &advice.safe) {
        (Values::Range(_), None) => UNKNOWN.to_owned(),
        (Values::Range(_), Some((from, to))) if from.number == to.number => from.shown.clone(),
        (Values::Range(_), Some((from, to))) => format!("{} to {}", from.shown, to.shown),
        (Values::Listed(_), _) => {
            let broken = advice.others.iter().filter(|(_, breach)| breach.is_some()).count();
            match advice.others.len() + 1 {
                1 => advice.recommended.shown.clone(),
                2 if broken == 0 => "both values".to_owned(),
                all if broken == 0 => format!("all {all} values"),
                all => format!("{} of {all} values", all - broken),
            }
        }
    }
}

/// The limits that give way at either end of the safe range, or with the other values of a list.
fn ends(setting: &Parameter, advice: &Advice) -> Vec<String> {
    let (Values::Range(_), Some((from, to))) = (&setting.values, &advice.safe) else {
        return others(advice);
    };
    let at = |breach: &Breach| format!("! at {}: {}", breach.at.shown, gives_way(breach));
    match (&advice.below, &advice.above) {
        (None, None) => vec!["+ every limit is met over its whole range".to_owned()],
        (Some(below), Some(above)) => vec![at(below), at(above)],
        (None, Some(above)) => {
            vec![
                format!("+ every limit is met down to {}, where its range ends", from.shown),
                at(above),
            ]
        }
        (Some(below), None) => {
            vec![
                at(below),
                format!("+ every limit is met up to {}, where its range ends", to.shown),
            ]
        }
    }
}

/// The other values of a list: those that meet every limit too, and what gives way with the rest.
fn others(advice: &Advice) -> Vec<String> {
    let sound = advice.others.iter().filter(|(_, breach)| breach.is_none());
    let sound: Vec<&str> = sound.map(|(level, _)| level.shown.as_str()).collect();
    let sound =
        (!sound.is_empty()).then(|| format!("+ every limit is met with {} too", sound.join(", ")));
    let broken = advice.others.iter().filter_map(|(level, breach)| {
        Some(format!("! with {}: {}", level.shown, gives_way(breach.as_ref()?)))
    });
    sound.into_iter().chain(broken).collect()
}
