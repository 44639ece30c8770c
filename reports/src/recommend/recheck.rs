//! The report of a recommendation that was checked again.

use serde_json::{Value, json};
use sim_experiments::recommend::{Kept, LimitStanding, Recheck, Rechecked, Standing};

use super::json::measured;
use super::text::{legend, mark, mean};
use crate::Palette;
use crate::json::pretty;
use crate::layout::{Page, table};
use crate::palette::Tone;
use crate::units::{count, number_of, percent};

/// Every limit with the recommended settings, and the replications that miss it by themselves.
pub fn recheck_report(recheck: &Recheck, scenario: &str, palette: Palette) -> String {
    let missed = recheck.limits.iter().filter(|limit| is_missed(limit)).count();
    let (tone, verdict) = match missed {
        0 => (Tone::Better, "every limit is met again".to_owned()),
        missed => {
            let limits = number_of(missed as u64, "limit");
            (Tone::Worse, format!("{limits} of {} missed", recheck.limits.len()))
        }
    };
    let mut page = Page::new(palette, scenario, &palette.paint(tone, &verdict));
    let runs = recheck.replications.end - recheck.replications.start;
    let effort = format!(
        "{} under each condition, replications {} to {} of seed {}; \
         ± is half the width of the 95% confidence interval",
        number_of(runs, "run"),
        recheck.replications.start,
        recheck.replications.end.saturating_sub(1),
        recheck.seed
    );
    page.remark(Tone::Faint, &effort);
    let rows = recheck.limits.iter().map(|limit| row(limit, runs));
    let header = ["condition", "limit", "kept in", "of all runs", "mean", "runs that miss it"];
    let table = table(&header, &[1, 2, 5], rows);
    page.section("Limits with the recommended settings", &format!("{table}\n{}", legend()));
    page.finish()
}

/// The same as an indented JSON document.
pub fn recheck_json(recheck: &Recheck, scenario: &str) -> String {
    let limits: Vec<Value> = recheck.limits.iter().map(of_limit).collect();
    pretty(&json!({
        "scenario": scenario,
        "version": env!("CARGO_PKG_VERSION"),
        "seed": recheck.seed,
        "first_replication": recheck.replications.start,
        "runs": recheck.replications.end - recheck.replications.start,
        "outcome": if recheck.misses() { "missed" } else { "met" },
        "limits": limits,
    }))
}

fn of_limit(limit: &Rechecked) -> Value {
    json!({
        "condition": limit.limit.condition,
        "limit": limit.limit.limit,
        "recommended": measured(&limit.limit.recommended),
        "missed_in_replications": limit.missed_in,
    })
}

fn is_missed(limit: &Rechecked) -> bool {
    limit.limit.recommended.standing == Standing::Misses
}

fn row(limit: &Rechecked, runs: u64) -> Vec<String> {
    let missed = match limit.missed_in.as_slice() {
        [] => "none".to_owned(),
        [first, ..] => format!("{} of {runs}, first replication {first}", limit.missed_in.len()),
    };
    let LimitStanding { condition, limit, unit, recommended, .. } = &limit.limit;
    let Kept { kept, runs } = recommended.kept;
    vec![
        condition.clone(),
        limit.clone(),
        format!("{} {} of {}", mark(recommended.standing), count(kept), count(runs)),
        format!("{} or more", percent(recommended.kept.at_least())),
        recommended.figure.map_or_else(|| "-".to_owned(), |figure| mean(figure, *unit)),
        missed,
    ]
}
