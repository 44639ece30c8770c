//! The report of a recommendation that was checked again.

use schemars::JsonSchema;
use serde::Serialize;
use sim_experiments::recommend::{LimitStanding, Recheck, Rechecked, Standing, StandingTogether};

use super::limits::{at_least, kept, legend, mean_of, share_at_least, share_kept, together};
use super::standing::{ConditionRecord, MeasuredRecord, MeasuredTogetherRecord};
use crate::Paper;
use crate::fitted::{Align, FittedTable, Row};
use crate::json::{Document, pretty};
use crate::layout::Page;
use crate::palette::Tone;
use crate::units::number_of;

/// Every limit with the recommended settings, and the replications that miss it by themselves.
pub fn recheck_report(recheck: &Recheck, scenario: &str, paper: impl Into<Paper>) -> String {
    let paper = paper.into();
    let missed = recheck.standings().filter(|standing| *standing == Standing::Misses).count();
    let (tone, verdict) = match missed {
        0 => (Tone::Better, "every limit is met again".to_owned()),
        missed => {
            let limits = number_of(missed as u64, "limit");
            (Tone::Worse, format!("{limits} of {} missed", recheck.standings().count()))
        }
    };
    let mut page = Page::toned(paper, scenario, tone, &verdict);
    let runs = recheck.replications.end - recheck.replications.start;
    let effort = format!(
        "{} under each condition, replications {} to {} of seed {}",
        number_of(runs, "run"),
        recheck.replications.start,
        recheck.replications.end.saturating_sub(1),
        recheck.seed
    );
    page.remark(Tone::Faint, &effort);
    let by_itself = recheck.limits.iter().map(|limit| row(limit, runs));
    let table = FittedTable {
        headers: ["limit", "runs that miss it"],
        columns: vec![
            ("kept in", Align::Left),
            ("of all runs", Align::Right),
            ("mean", Align::Right),
        ],
        rows: by_itself.chain(recheck.together.iter().map(row_together)).collect(),
    };
    let columns = paper.within_section();
    let body = format!("{}\n{}", table.lines(columns), legend(columns));
    page.section("Limits with the recommended settings", &body);
    page.finish()
}

/// The same as an indented JSON document.
pub fn recheck_json(recheck: &Recheck, scenario: &str) -> String {
    pretty(RecheckRecord {
        scenario,
        version: env!("CARGO_PKG_VERSION"),
        seed: recheck.seed,
        first_replication: recheck.replications.start,
        runs: recheck.replications.end - recheck.replications.start,
        outcome: if recheck.misses() { "missed" } else { "met" },
        limits: recheck.limits.iter().map(LimitRecord::new).collect(),
        together: recheck.together.iter().map(TogetherRecord::new).collect(),
    })
}

/// A recommendation that was checked again.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RecheckRecord<'a> {
    /// The scenario's name.
    scenario: &'a str,
    /// The version that produced it.
    version: &'static str,
    /// The seed.
    seed: u64,
    /// The number of the first replication.
    first_replication: u64,
    /// The number of runs under each condition.
    runs: u64,
    /// `met`, or `missed` if a promise is broken.
    outcome: &'static str,
    /// Every limit under every condition.
    limits: Vec<LimitRecord<'a>>,
    /// Every limit that is promised for several conditions together.
    together: Vec<TogetherRecord<'a>>,
}

impl Document for RecheckRecord<'_> {
    const NAME: &'static str = "recheck";
    const VERSION: u32 = 1;
    const MADE_BY: &'static str = "`recommend --recheck`";
}

/// A limit under a condition that was checked again.
#[derive(Serialize, JsonSchema)]
struct LimitRecord<'a> {
    /// The condition.
    condition: &'a str,
    /// The limit, as it is written.
    limit: &'a str,
    /// The measurements with the recommended settings.
    recommended: MeasuredRecord,
    /// The replications that miss it.
    missed_in_replications: &'a [u64],
}

/// A limit that is promised for several conditions together and was checked again.
#[derive(Serialize, JsonSchema)]
struct TogetherRecord<'a> {
    /// The conditions.
    conditions: Vec<ConditionRecord<'a>>,
    /// The limit, as it is written.
    limit: &'a str,
    /// The measurements with the recommended settings.
    recommended: MeasuredTogetherRecord,
}

impl<'a> LimitRecord<'a> {
    fn new(limit: &'a Rechecked) -> Self {
        Self {
            condition: &limit.limit.condition,
            limit: &limit.limit.limit,
            recommended: MeasuredRecord::new(&limit.limit.recommended),
            missed_in_replications: &limit.missed_in,
        }
    }
}

impl<'a> TogetherRecord<'a> {
    fn new(limit: &'a StandingTogether) -> Self {
        Self {
            conditions: ConditionRecord::all(limit),
            limit: &limit.limit,
            recommended: MeasuredTogetherRecord::new(&limit.recommended),
        }
    }
}

fn row_together(limit: &StandingTogether) -> Row {
    let measured = &limit.recommended;
    Row {
        group: together(limit),
        title: limit.limit.clone(),
        cells: vec![share_kept(measured), share_at_least(measured), String::new()],
        ..Row::default()
    }
}

fn row(limit: &Rechecked, runs: u64) -> Row {
    let missed = match limit.missed_in.as_slice() {
        [] => "none".to_owned(),
        [first, ..] => format!("{} of {runs}, first replication {first}", limit.missed_in.len()),
    };
    let standing = &limit.limit;
    let LimitStanding { condition, limit, unit, recommended, .. } = standing;
    Row {
        group: condition.clone(),
        title: limit.clone(),
        cells: vec![
            kept(standing, recommended),
            at_least(recommended),
            mean_of(recommended, *unit),
        ],
        text: missed,
        ..Row::default()
    }
}
