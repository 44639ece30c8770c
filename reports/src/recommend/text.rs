//! A recommendation as text for a terminal.

use std::fmt::Write;

use sim_core::stats::ConfidenceInterval;
use sim_experiments::recommend::{
    Conclusion, Kept, MeasuredLimit, Recommendation, Standing, Unmet, changes,
};
use sim_models::observe::FigureUnit;
use sim_models::scenario::GoalsPlan;

use super::settings::settings;
use super::words::{FormulaWords, gives_way};
use crate::Palette;
use crate::layout::{Page, table};
use crate::palette::Tone;
use crate::units::{count, figure, number_of, percent, with_error};

/// The front is shown up to this many points.
const MOST_OF_FRONT: usize = 12;

/// The settings to use, the reasons, and how certain they are.
pub fn report(recommendation: &Recommendation, scenario: &str, palette: Palette) -> String {
    let (tone, verdict) = verdict(recommendation);
    let mut page = Page::new(palette, scenario, &palette.paint(tone, &verdict));
    page.remark(Tone::Faint, &effort(recommendation));
    let ends = match recommendation.conclusion {
        Conclusion::Unmet => String::new(),
        Conclusion::Keep | Conclusion::Change => ends(recommendation),
    };
    page.section("Settings", format!("{}\n{ends}", settings(recommendation)).trim_end());
    page.section_of_changes(&changes(&recommendation.plan, &recommendation.candidate()));
    let title = "Limits, and how many of the runs kept them that the search has not seen";
    page.section(title, &limits(recommendation));
    if !recommendation.objectives.is_empty() {
        page.section("Objectives (mean over the conditions)", &objectives(recommendation));
    }
    page.section("How much room is left", &strained(recommendation));
    if !recommendation.front.is_empty() {
        let title = "Where the objectives conflict: no candidate was better in all of them";
        page.section(title, &front(recommendation));
    }
    if !recommendation.unmet.is_empty() {
        page.section("Limits that could not be met", &unmet(recommendation));
    }
    if !recommendation.estimates.is_empty() {
        page.section("Formulas that the search began with", &formulas(recommendation));
    }
    page.finish()
}

fn verdict(recommendation: &Recommendation) -> (Tone, String) {
    let changed = recommendation.advice.iter().filter(|advice| advice.is_changed).count();
    let of = recommendation.advice.len();
    match recommendation.conclusion {
        Conclusion::Keep => (
            Tone::Better,
            format!(
                "keep what you have: it meets every limit, and nothing better was found in {}",
                number_of(recommendation.runs, "run")
            ),
        ),
        Conclusion::Change => {
            (Tone::Better, format!("change {changed} of {of} settings, and every limit is met"))
        }
        Conclusion::Unmet => (
            Tone::Worse,
            format!(
                "nothing that meets every limit was found in {}; this comes closest",
                number_of(recommendation.runs, "run")
            ),
        ),
    }
}

fn effort(recommendation: &Recommendation) -> String {
    format!(
        "{} under {}: {}, of which the search made {}; seed {}",
        number_of(recommendation.candidates, "candidate"),
        number_of(recommendation.plan.conditions.len() as u64, "condition"),
        number_of(recommendation.runs, "run"),
        count(recommendation.searched),
        recommendation.seed
    )
}

/// The runs behind the ends of the safe ranges, and the share of all runs that they support.
fn ends(recommendation: &Recommendation) -> String {
    let runs = recommendation.runs_of_end;
    let all = Kept { kept: runs, runs };
    format!(
        "safe: at both ends every limit was kept as promised in {} more under each condition, everything \n\
         else being as recommended; if none failed, at least {} of all runs keep it",
        number_of(runs, "run"),
        percent(all.at_least())
    )
}

fn limits(recommendation: &Recommendation) -> String {
    let rows = recommendation.limits.iter().map(|limit| {
        let kept = |measured: &MeasuredLimit| {
            let Kept { kept, runs } = measured.kept;
            format!("{} {} of {}", mark(measured.standing), count(kept), count(runs))
        };
        let figure = |measured: &MeasuredLimit| {
            let figure = measured.figure.map(|interval| mean(interval, limit.unit));
            figure.unwrap_or_else(|| "-".to_owned())
        };
        vec![
            limit.condition.clone(),
            limit.limit.clone(),
            kept(&limit.now),
            figure(&limit.now),
            kept(&limit.recommended),
            format!("{} or more", percent(limit.recommended.kept.at_least())),
            figure(&limit.recommended),
        ]
    });
    let header = ["condition", "limit", "now", "mean", "recommended", "of all runs", "mean"];
    format!("{}\n{}", table(&header, &[1, 2, 4], rows), legend())
}

pub(super) fn legend() -> String {
    format!(
        "{} of all runs must keep a limit that says nothing else: + none missed it, or the others are enough, \
         ! too few kept it,\n~ undecided; of all runs: with a confidence of 95%; \
         ± is half the width of the 95% confidence interval",
        percent(GoalsPlan::PROMISE)
    )
}

pub(super) fn mark(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "+",
        Standing::Unsure => "~",
        Standing::Misses => "!",
    }
}

/// A mean, and its uncertainty unless all runs agree.
pub(super) fn mean(interval: ConfidenceInterval, unit: FigureUnit) -> String {
    let half_width = Some(interval.half_width).filter(|width| width.is_finite() && *width > 0.0);
    with_error(interval.mean, half_width, |value| figure(value, unit))
}

fn objectives(recommendation: &Recommendation) -> String {
    let cell = |value: Option<f64>, unit: FigureUnit| {
        value.map_or_else(|| "-".to_owned(), |value| figure(value, unit))
    };
    let objectives = recommendation.plan.objectives.iter().zip(&recommendation.objectives);
    let rows = objectives.map(|(plan, (now, then))| {
        let change = match (now, then) {
            (Some(now), Some(then)) if *now != 0.0 => {
                format!("{:+.1}%", (then / now - 1.0) * 100.0)
            }
            _ => String::new(),
        };
        vec![plan.text.clone(), cell(*now, plan.unit), cell(*then, plan.unit), change]
    });
    table(&["", "now", "recommended", "change"], &[], rows)
}

fn strained(recommendation: &Recommendation) -> String {
    let rows = recommendation.strained.iter().map(|strained| {
        let gives_way = match strained.breaches.as_slice() {
            [] => "+ every limit is met".to_owned(),
            [only] => format!("! {}", gives_way(only)),
            [worst, others @ ..] => format!("! {}, and {} more", gives_way(worst), others.len()),
        };
        vec![strained.strain.name().to_owned(), gives_way]
    });
    table(&["under", ""], &[1], rows)
}

fn front(recommendation: &Recommendation) -> String {
    let plan = &recommendation.plan;
    let objectives = plan.objectives.iter().map(|objective| objective.text.as_str());
    let settings = plan.settings.iter().map(|setting| setting.path.as_str());
    let header: Vec<&str> = objectives.chain(settings).collect();
    let step = recommendation.front.len().div_ceil(MOST_OF_FRONT).max(1);
    let rows = recommendation.front.iter().step_by(step).map(|(levels, values)| {
        let figures = values
            .iter()
            .zip(&plan.objectives)
            .map(|(value, objective)| figure(*value, objective.unit));
        figures.chain(levels.iter().map(|level| level.shown.clone())).collect::<Vec<_>>()
    });
    table(&header, &[], rows)
}

fn unmet(recommendation: &Recommendation) -> String {
    let mut text = String::new();
    for unmet in &recommendation.unmet {
        let _ = writeln!(text, "! {} ({}): {}", unmet.limit, unmet.condition, reason(unmet));
    }
    text
}

/// The reason why no candidate meets a limit together with all others.
fn reason(unmet: &Unmet) -> String {
    if let Some((condition, limit)) = &unmet.at_the_cost_of {
        return format!("candidates that meet it miss `{limit}` ({condition})");
    }
    if unmet.is_met_by_others {
        return "candidates met it in the search, but too few fresh runs did".to_owned();
    }
    let best =
        unmet.best.map_or_else(|| "nothing to measure".to_owned(), |best| figure(best, unmet.unit));
    format!("no candidate met it; the best reached {best}")
}

fn formulas(recommendation: &Recommendation) -> String {
    let mut rows = Vec::new();
    for estimate in &recommendation.estimates {
        let path = &recommendation.plan.settings[estimate.setting].path;
        for (place, formula) in estimate.formulas.iter().enumerate() {
            let setting = if place == 0 { path.clone() } else { String::new() };
            let FormulaWords { name, working, result } = FormulaWords::new(*formula);
            rows.push(vec![setting, name.to_owned(), working, result]);
        }
    }
    table(&["setting", "formula", "", "result"], &[1, 2], rows)
}
