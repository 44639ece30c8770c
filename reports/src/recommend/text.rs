//! A recommendation as text for a terminal.

use std::fmt::Write;

use sim_experiments::recommend::{
    ABOUT_AS_GOOD, Conclusion, Kept, Recommendation, Region, Unmet, changes,
};
use sim_models::observe::FigureUnit;
use sim_models::study::Level;

use super::limits::limits;
use super::settings::{found, settings};
use super::words::{FormulaWords, gives_way};
use crate::Paper;
use crate::fitted::{Align, FittedTable, Row};
use crate::layout::Page;
use crate::palette::Tone;
use crate::paper::{paragraph, wrapped};
use crate::units::{UNKNOWN, count, figure, number_of, percent, significant};

/// The front is shown up to this many points.
const MOST_OF_FRONT: usize = 12;

/// The settings to use, the reasons, and how certain they are.
pub fn report(recommendation: &Recommendation, scenario: &str, paper: impl Into<Paper>) -> String {
    let paper = paper.into();
    let columns = paper.within_section();
    let (tone, verdict) = verdict(recommendation);
    let mut page = Page::toned(paper, scenario, tone, &verdict);
    page.remark(Tone::Faint, &effort(recommendation));
    let ends = match recommendation.conclusion {
        Conclusion::Unmet | Conclusion::Interrupted => String::new(),
        Conclusion::Keep | Conclusion::Change => paragraph(&ends(recommendation), columns),
    };
    let settings = settings(recommendation, columns);
    page.section("Settings", format!("{settings}\n{ends}").trim_end());
    let candidate = recommendation.candidate();
    page.section_of_changes(&changes(&recommendation.plan, &candidate), paper);
    let title = match recommendation.conclusion {
        Conclusion::Interrupted => "Limits, and how many runs of the search kept them",
        _ => "Limits, and how many of the runs kept them that the search has not seen",
    };
    page.section(title, &limits(recommendation, columns));
    if !recommendation.objectives.is_empty() {
        let is_weighted = recommendation.plan.probabilities.iter().any(Option::is_some);
        let title = if is_weighted {
            "Objectives (mean over the conditions, each as often as it occurs)"
        } else {
            "Objectives (mean over the conditions)"
        };
        let body = format!(
            "{}\n{}",
            objectives(recommendation, columns),
            regions(recommendation, columns)
        );
        page.section(title, body.trim_end());
    }
    if !recommendation.strained.is_empty() {
        page.section("How much room is left", &strained(recommendation, columns));
    }
    if !recommendation.front.is_empty() {
        let title = "Where the objectives conflict: no candidate was better in all of them";
        page.section(title, &front(recommendation, columns));
    }
    if !recommendation.unmet.is_empty() {
        page.section("Limits that could not be met", &unmet(recommendation, columns));
    }
    if !recommendation.estimates.is_empty() {
        page.section(title_of_formulas(recommendation), &formulas(recommendation, columns));
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
        Conclusion::Interrupted => (
            Tone::Worse,
            "stopped early: this was the best so far, and nothing has confirmed it".to_owned(),
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
    let most = u64::from(recommendation.plan.validations);
    let more = if most > runs {
        format!(" ({} at most, if one failed)", count(most))
    } else {
        String::new()
    };
    format!(
        "safe: at both ends the promised share of {} more under each condition{more} kept every limit, \
         everything else being as recommended; if none failed, at least {} of all runs keep it",
        number_of(runs, "run"),
        percent(all.at_least())
    )
}

fn objectives(recommendation: &Recommendation, columns: usize) -> String {
    let cell = |value: Option<f64>, unit: FigureUnit| {
        value.map_or_else(|| UNKNOWN.to_owned(), |value| figure(value, unit))
    };
    let objectives = recommendation.plan.objectives.iter().zip(&recommendation.objectives);
    let rows = objectives.map(|(plan, (now, then))| {
        let change = match (now, then) {
            (Some(now), Some(then)) if *now != 0.0 => {
                format!("{:+.1}%", (then / now - 1.0) * 100.0)
            }
            _ => String::new(),
        };
        let cells = vec![cell(*now, plan.unit), cell(*then, plan.unit), change];
        Row { title: plan.text.clone(), cells, ..Row::default() }
    });
    let headers = ["now", found(recommendation.conclusion), "change"];
    let columns_of_values = headers.map(|header| (header, Align::Right)).to_vec();
    let rows = rows.collect();
    FittedTable { headers: ["", ""], columns: columns_of_values, rows }.lines(columns)
}

/// The other regions that are about as good.
fn regions(recommendation: &Recommendation, columns: usize) -> String {
    if !recommendation.conclusion.is_met() {
        return String::new();
    }
    let plan = &recommendation.plan;
    let share = percent(ABOUT_AS_GOOD);
    if recommendation.regions.is_empty() {
        let text =
            format!("outside of the safe ranges, the search found nothing within {share} of that");
        return paragraph(&text, columns);
    }
    let names: Vec<&str> = plan.names().collect();
    let region = |region: &Region| {
        let figures = region.objectives.iter().zip(&plan.objectives);
        let figures: Vec<String> = figures
            .map(|(value, plan)| format!("{} {}", plan.text, figure(*value, plan.unit)))
            .collect();
        let apart = region.apart.iter();
        let settings: Vec<String> = apart
            .map(|place| format!("{} {}", names[*place], region.levels[*place].shown))
            .collect();
        let runs = number_of(region.replications, "run");
        let text = format!("{} with {} ({runs})", figures.join(", "), settings.join(", "));
        wrapped(&text, columns, 2, 4).join("\n")
    };
    let intro = format!(
        "other regions within {share} of that, which the search found; each kept every limit in the number of \
         runs in brackets, under each condition, and no fresh runs have confirmed it:"
    );
    let regions: Vec<String> = recommendation.regions.iter().map(region).collect();
    format!("{}\n{}", paragraph(&intro, columns), regions.join("\n"))
}

fn strained(recommendation: &Recommendation, columns: usize) -> String {
    let rows = recommendation.strained.iter().map(|strained| {
        let text = match strained.breaches.as_slice() {
            [] => "+ every limit is met".to_owned(),
            [only] => format!("! {}", gives_way(only)),
            [worst, others @ ..] => format!("! {}, and {} more", gives_way(worst), others.len()),
        };
        Row { title: strained.strain.name().to_owned(), text, ..Row::default() }
    });
    FittedTable { headers: ["under", ""], columns: Vec::new(), rows: rows.collect() }.lines(columns)
}

/// The points of the front with their objectives, and the settings in which they differ.
fn front(recommendation: &Recommendation, columns: usize) -> String {
    let plan = &recommendation.plan;
    let objectives = plan.objectives.iter().map(|plan| (plan.text.as_str(), Align::Right));
    let step = recommendation.front.len().div_ceil(MOST_OF_FRONT).max(1);
    let points: Vec<_> = recommendation.front.iter().step_by(step).collect();
    let differs = |place: &usize| {
        points.iter().any(|(levels, _)| levels[*place].shown != points[0].0[*place].shown)
    };
    let (different, same): (Vec<usize>, Vec<usize>) = (0..plan.settings.len()).partition(differs);
    let names: Vec<&str> = plan.names().collect();
    let settings = |levels: &[Level], places: &[usize]| {
        let setting = |place: &usize| format!("{} {}", names[*place], levels[*place].shown);
        places.iter().map(setting).collect::<Vec<_>>().join(", ")
    };
    let rows = points.iter().map(|(levels, values)| {
        let figures = values.iter().zip(&plan.objectives);
        Row {
            cells: figures.map(|(value, plan)| figure(*value, plan.unit)).collect(),
            text: settings(levels, &different),
            ..Row::default()
        }
    });
    let (objectives, rows) = (objectives.collect(), rows.collect());
    let mut text = FittedTable { headers: ["", "with"], columns: objectives, rows }.lines(columns);
    if let (Some((levels, _)), false) = (points.first(), same.is_empty()) {
        let same = format!("all of them with {}", settings(levels, &same));
        text = format!("{text}\n{}", wrapped(&same, columns, 0, 2).join("\n"));
    }
    text
}

fn unmet(recommendation: &Recommendation, columns: usize) -> String {
    let mut lines = Vec::new();
    for unmet in &recommendation.unmet {
        let text = format!("! {} ({}): {}", unmet.limit, unmet.condition, reason(unmet));
        lines.extend(wrapped(&text, columns, 0, 2));
        if let Some((of, mean)) = &unmet.at_best_ends {
            let mean = mean.map_or_else(
                || "nothing to measure".to_owned(),
                |mean| format!("mean {}", figure(mean, unmet.unit)),
            );
            let text = format!(
                "every setting at the end of its range that is best for it alone: {} of {} runs keep \
                 it, {mean}",
                of.kept, of.runs
            );
            lines.extend(wrapped(&text, columns, 2, 4));
        }
    }
    if let Some(after) = recommendation.nearest_after {
        lines.extend(wrapped(&was_rising(after), columns, 0, 2));
    }
    lines.join("\n")
}

/// The runs after which the search came closest, and what that says about more of them.
fn was_rising((after, searched): (u64, u64)) -> String {
    if after == 0 {
        return "nothing comes closer than what the search began with".to_owned();
    }
    let came =
        format!("what comes closest was found after {} of {} runs", count(after), count(searched));
    if after * 4 >= searched * 3 {
        format!("{came}: it was still coming closer, so more --runs may find better")
    } else {
        format!("{came}; the others brought it no closer")
    }
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

fn title_of_formulas(recommendation: &Recommendation) -> &'static str {
    if recommendation.estimates.iter().any(|estimate| estimate.busiest_tenth.is_some()) {
        "Formulas that the search began with, with the load at its busiest interval"
    } else {
        "Formulas that the search began with"
    }
}

fn formulas(recommendation: &Recommendation, columns: usize) -> String {
    let names: Vec<&str> = recommendation.plan.names().collect();
    let mut rows = Vec::new();
    for estimate in &recommendation.estimates {
        let mut group = names[estimate.setting].to_owned();
        if let Some(rate) = estimate.busiest_tenth {
            let _ = write!(group, " (busiest tenth: {}/s)", significant(rate));
        }
        for formula in &estimate.formulas {
            let FormulaWords { name, working, result } = FormulaWords::new(*formula);
            let (title, cells) = (name.to_owned(), vec![result]);
            let (group, remarks) = (group.clone(), Vec::new());
            rows.push(Row { group, title, cells, text: working, remarks });
        }
    }
    let result = vec![("result", Align::Left)];
    FittedTable { headers: ["formula", "from"], columns: result, rows }.lines(columns)
}
