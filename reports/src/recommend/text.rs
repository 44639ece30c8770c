//! A recommendation as text for a terminal.

use std::fmt::Write;

use sim_core::stats::ConfidenceInterval;
use sim_experiments::recommend::{Advice, Breach, Conclusion, Formula, Recommendation, Standing};
use sim_models::observe::Unit;
use sim_models::study::{Level, Values};

use crate::Palette;
use crate::palette::Tone;
use crate::text::{section, table};
use crate::units::figure;
use crate::units::{count, duration, percent, significant};

/// The front is shown up to so many points.
const MOST_OF_FRONT: usize = 12;

/// What was found, what to set, and how sure it is.
pub fn report(recommendation: &Recommendation, scenario: &str, palette: Palette) -> String {
    let mut text = heading(recommendation, scenario, palette);
    section(&mut text, palette, "Settings", &settings(recommendation));
    let title = format!(
        "Limits, on {} runs each that were not searched on",
        recommendation.plan.validations
    );
    section(&mut text, palette, &title, &limits(recommendation));
    if !recommendation.objectives.is_empty() {
        section(
            &mut text,
            palette,
            "Objectives (mean over the conditions)",
            &objectives(recommendation),
        );
    }
    section(&mut text, palette, "How much room there is", &strained(recommendation));
    if !recommendation.front.is_empty() {
        section(
            &mut text,
            palette,
            "Where the objectives conflict: nothing better in all of them was found",
            &front(recommendation),
        );
    }
    if !recommendation.unmet.is_empty() {
        section(&mut text, palette, "What could not be met", &unmet(recommendation));
    }
    if !recommendation.estimates.is_empty() {
        section(
            &mut text,
            palette,
            "What formulas say, where the search began",
            &formulas(recommendation),
        );
    }
    text
}

fn heading(recommendation: &Recommendation, scenario: &str, palette: Palette) -> String {
    let changed = recommendation.advice.iter().filter(|advice| advice.is_changed).count();
    let of = recommendation.advice.len();
    let (verdict, tone) = match recommendation.conclusion {
        Conclusion::Keep => (
            "keep what you have: it keeps every limit, and nothing better was found".to_owned(),
            Tone::Better,
        ),
        Conclusion::Change => {
            (format!("change {changed} of {of} settings: every limit is kept then"), Tone::Better)
        }
        Conclusion::Unmet => {
            ("nothing that was tried keeps every limit; this comes nearest".to_owned(), Tone::Worse)
        }
    };
    let conditions = recommendation.plan.conditions.len();
    let conditions = if conditions == 1 {
        "one condition".to_owned()
    } else {
        format!("{conditions} conditions")
    };
    format!(
        "{}: {}\n{}\n",
        palette.paint(Tone::Heading, scenario),
        palette.paint(tone, &verdict),
        palette.paint(
            Tone::Faint,
            &format!(
                "{} candidates tried under {conditions} in {} runs, seed {}; ± is half of the 95% interval",
                count(recommendation.candidates),
                count(recommendation.runs),
                recommendation.seed
            )
        )
    )
}

fn settings(recommendation: &Recommendation) -> String {
    let header = ["setting", "now", "recommended", "safe", "below that", "above that"];
    let rows =
        recommendation.plan.settings.iter().zip(&recommendation.advice).map(|(setting, advice)| {
            let recommended = if advice.is_changed {
                advice.recommended.shown.clone()
            } else {
                "keep".to_owned()
            };
            let (safe, below, above) = match &setting.values {
                Values::Range(_) => (
                    range(&advice.safe),
                    side(advice.below.as_ref(), "nothing gives way"),
                    side(advice.above.as_ref(), "nothing gives way"),
                ),
                Values::Listed(_) => (kept(advice), others(advice), String::new()),
            };
            vec![setting.path.clone(), now(advice), recommended, safe, below, above]
        });
    table(&header, &[1, 2, 3, 4, 5], rows)
}

fn now(advice: &Advice) -> String {
    advice.now.as_ref().map_or_else(|| "-".to_owned(), |now| now.shown.clone())
}

fn range((from, to): &(Level, Level)) -> String {
    if from.number == to.number {
        from.shown.clone()
    } else {
        format!("{} to {}", from.shown, to.shown)
    }
}

fn side(breach: Option<&Breach>, otherwise: &str) -> String {
    breach.map_or_else(
        || otherwise.to_owned(),
        |breach| format!("at {}: {}", breach.at.shown, gives_way(breach)),
    )
}

/// What gives way, and under which condition.
pub(super) fn gives_way(breach: &Breach) -> String {
    match (&breach.condition, breach.figure) {
        (None, _) => breach.limit.clone(),
        (Some(condition), Some(value)) => {
            format!("{} ({}, {condition})", breach.limit, figure(value, breach.unit))
        }
        (Some(condition), None) => format!("{} (nothing to measure, {condition})", breach.limit),
    }
}

fn kept(advice: &Advice) -> String {
    let others = advice
        .others
        .iter()
        .filter(|(_, breach)| breach.is_none())
        .map(|(level, _)| level.shown.clone());
    std::iter::once(advice.recommended.shown.clone()).chain(others).collect::<Vec<_>>().join(", ")
}

fn others(advice: &Advice) -> String {
    let broken = advice.others.iter().filter_map(|(level, breach)| {
        Some(format!("{}: {}", level.shown, gives_way(breach.as_ref()?)))
    });
    broken.collect::<Vec<_>>().join("; ")
}

fn limits(recommendation: &Recommendation) -> String {
    let rows = recommendation.limits.iter().map(|limit| {
        let shown = |(interval, standing): (Option<ConfidenceInterval>, Standing)| {
            format!(
                "{} {}",
                mark(standing),
                interval.map_or_else(|| "-".to_owned(), |interval| estimate(interval, limit.unit))
            )
        };
        vec![
            limit.condition.clone(),
            limit.limit.clone(),
            shown(limit.now),
            shown(limit.recommended),
        ]
    });
    let legend = "+ kept, ~ kept on average but not surely, ! missed";
    format!("{}\n{legend}", table(&["condition", "limit", "now", "recommended"], &[1, 2, 3], rows))
}

fn mark(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "+",
        Standing::Unsure => "~",
        Standing::Misses => "!",
    }
}

fn estimate(interval: ConfidenceInterval, unit: Unit) -> String {
    if interval.half_width.is_finite() && interval.half_width > 0.0 {
        format!("{} ± {}", figure(interval.mean, unit), figure(interval.half_width, unit))
    } else {
        figure(interval.mean, unit)
    }
}

fn objectives(recommendation: &Recommendation) -> String {
    let shown = |value: Option<f64>, unit: Unit| {
        value.map_or_else(|| "-".to_owned(), |value| figure(value, unit))
    };
    let rows = recommendation.plan.objectives.iter().zip(&recommendation.objectives).map(
        |(plan, (now, then))| {
            let change = match (now, then) {
                (Some(now), Some(then)) if *now != 0.0 => {
                    format!("{:+.1}%", (then / now - 1.0) * 100.0)
                }
                _ => String::new(),
            };
            vec![plan.text.clone(), shown(*now, plan.unit), shown(*then, plan.unit), change]
        },
    );
    table(&["", "now", "recommended", "change"], &[], rows)
}

fn strained(recommendation: &Recommendation) -> String {
    let rows = recommendation.strained.iter().map(|strained| {
        let gives_way = match strained.breaches.as_slice() {
            [] => "+ every limit is kept".to_owned(),
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
    let header: Vec<&str> =
        objectives.chain(plan.settings.iter().map(|setting| setting.path.as_str())).collect();
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
        let best = unmet
            .best
            .map_or_else(|| "nothing to measure".to_owned(), |best| figure(best, unmet.unit));
        let why = match (&unmet.at_the_cost_of, unmet.is_met_by_others) {
            (Some((condition, limit)), _) => {
                format!("candidates that keep it miss `{limit}` ({condition})")
            }
            (None, true) => {
                "candidates that keep it were found, and did not hold on other random numbers"
                    .to_owned()
            }
            (None, false) => {
                format!(
                    "no candidate kept it; the best had {best}. The settings that may move cannot bring it about"
                )
            }
        };
        let _ = writeln!(text, "! {} ({}): {why}", unmet.limit, unmet.condition);
    }
    text
}

fn formulas(recommendation: &Recommendation) -> String {
    let mut rows = Vec::new();
    for estimate in &recommendation.estimates {
        let path = &recommendation.plan.settings[estimate.setting].path;
        for (place, formula) in estimate.formulas.iter().enumerate() {
            let (name, working, says) = words(*formula);
            rows.push(vec![
                if place == 0 { path.clone() } else { String::new() },
                name.to_owned(),
                working,
                says,
            ]);
        }
    }
    table(&["setting", "formula", "", "says"], &[1, 2], rows)
}

/// Its name, how it comes about, and what it says.
pub(super) fn words(formula: Formula) -> (&'static str, String, String) {
    let slots = format!("{}", formula.value());
    match formula {
        Formula::Little { rate, held } => (
            "Little's law",
            format!("{}/s x {} held", significant(rate), duration(held)),
            format!("at least {slots}"),
        ),
        Formula::ErlangC { load } => {
            ("Erlang C", format!("at most 5% wait, {} busy on average", significant(load)), slots)
        }
        Formula::ThreeTerms { expected, fair_share, tolerated } => {
            let terms = [
                Some(format!("expected x 1.5 = {}", significant(expected))),
                fair_share.map(|share| format!("fair share of threads {}", significant(share))),
                tolerated.map(|tolerated| {
                    format!("timeout x tolerated rejections {}", significant(tolerated))
                }),
            ];
            let terms: Vec<String> = terms.into_iter().flatten().collect();
            ("least of three terms", terms.join(", "), slots)
        }
        Formula::Percentile { latency } => {
            ("p99.9 without faults", percent(0.001) + " of calls take longer", duration(latency))
        }
    }
}
