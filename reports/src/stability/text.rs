//! A stability map as text for a terminal.

use sim_experiments::stability::{
    Boundary, Cell, Hysteresis, KnownCells, Moved, Sensitivity, Stability,
};
use sim_models::scenario::StabilityPlan;
use sim_models::study::Level;

use super::sentences::{of_hysteresis, sentences};
use super::words::{NOT_KNOWN, load, mark, trigger, up_to};
use crate::Paper;
use crate::layout::Page;
use crate::palette::Tone;
use crate::tables::Table;
use crate::units::{UNKNOWN, count, duration, number_of, percent};

/// The loads and triggers from which the system recovers, and those from which it does not.
pub fn report(stability: &Stability, scenario: &str, paper: impl Into<Paper>) -> String {
    let triggers = stability.maps.iter().map(|map| map.triggers.len()).sum();
    let runs = (stability.simulated_seconds, stability.seed);
    let about = about(&stability.plan, (stability.loads.len(), triggers), runs);
    let mut page = Page::new(paper.into(), scenario, &about);
    page.remark(Tone::Faint, &well(&stability.plan));
    for (tone, sentence) in sentences(stability) {
        page.remark(tone, &sentence);
    }
    let (plan, loads) = (&stability.plan, &stability.loads);
    for map in &stability.maps {
        let columns = std::iter::once(&stability.untriggered).chain(&map.cells);
        let table = map_table(plan, loads, &map.triggers, columns, mark);
        let table = table.lines(page.within_section());
        page.section(&map_title(plan, map.also.as_ref()), &format!("{table}\n{LEGEND}"));
    }
    page.table("Where it stops healing", &boundaries(stability));
    if let Some(sensitivity) = &stability.sensitivity {
        let trigger = trigger(&stability.plan, &sensitivity.trigger, sensitivity.also.as_ref());
        let title = format!("What moves the boundary of {trigger}, one setting at a time");
        page.table(&title, &moves(stability, sensitivity));
    }
    if let Some(hysteresis) = &stability.hysteresis {
        let title = format!(
            "Share answered going up through the loads and coming down again, {} at each, \
             without a trigger",
            duration(stability.plan.dwell)
        );
        page.section(&title, &up_and_down(stability, hysteresis, page.within_section()));
    }
    page.finish()
}

/// The cells that are known of a map that was interrupted; there are no conclusions, which other cells might refute.
pub fn report_of_part(known: &KnownCells, scenario: &str, paper: impl Into<Paper>) -> String {
    let (plan, loads) = (&known.plan, &known.loads);
    let triggers = known.triggers.len() * known.maps.len();
    let about = about(plan, (loads.len(), triggers), (known.simulated_seconds, known.seed));
    let mut page = Page::new(paper.into(), scenario, &about);
    page.remark(Tone::Worse, &part(known));
    page.remark(Tone::Faint, &well(plan));
    for map in &known.maps {
        let columns = std::iter::once(&known.untriggered).chain(&map.cells);
        let mark = |cell: &Option<Cell>| cell.as_ref().map_or_else(|| NOT_KNOWN.to_owned(), mark);
        let table = map_table(plan, loads, &known.triggers, columns, mark);
        let legend = format!("{LEGEND}, {NOT_KNOWN} not known: interrupted before");
        let table = table.lines(page.within_section());
        page.section(&map_title(plan, map.also.as_ref()), &format!("{table}\n{legend}"));
    }
    page.finish()
}

fn part(known: &KnownCells) -> String {
    let (number, all) = known.count();
    if known.is_whole() {
        return format!(
            "PARTIAL: the map was interrupted; all {all} cells are known, the boundaries between them are not"
        );
    }
    let all = number_of(all as u64, "cell");
    format!("PARTIAL: the map was interrupted; these are {} of {all}", count(number as u64))
}

/// The number of loads, of triggers, and of runs with their length and their seed.
fn about(
    plan: &StabilityPlan,
    (loads, triggers): (usize, usize),
    (seconds, seed): (f64, u64),
) -> String {
    format!(
        "{}, each without a trigger and with {}, {} of {} each, seed {seed}",
        number_of(loads as u64, "load"),
        number_of(triggers as u64, "trigger"),
        number_of(u64::from(plan.replications), "run"),
        duration(seconds),
    )
}

fn well(plan: &StabilityPlan) -> String {
    format!(
        "well: at least {} of the requests of {} are answered in the last quarter of the time \
         after the last fault",
        percent(plan.well),
        plan.workload_name
    )
}

fn map_title(plan: &StabilityPlan, also: Option<&Level>) -> String {
    match (also, &plan.also) {
        (Some(level), Some(setting)) => format!("Map, {} = {}", setting.path, level.shown),
        _ => "Map".to_owned(),
    }
}

/// A map: loads upwards, triggers to the right. `columns` has the cells without a trigger, then with each.
fn map_table<'a, Known: 'a>(
    plan: &StabilityPlan,
    loads: &[Level],
    triggers: &[Level],
    columns: impl Iterator<Item = &'a Vec<Known>>,
    mark: impl Fn(&Known) -> String,
) -> Table {
    let corner = format!("{} \\ {}", plan.load.path, plan.trigger.path);
    let triggers = triggers.iter().map(|trigger| trigger.shown.as_str());
    let header: Vec<&str> = [corner.as_str(), "none"].into_iter().chain(triggers).collect();
    let columns: Vec<&Vec<Known>> = columns.collect();
    let rows = loads.iter().enumerate().rev().map(|(place, level)| {
        let marks = columns.iter().map(|cells| mark(&cells[place]));
        std::iter::once(level.shown.clone()).chain(marks).collect::<Vec<_>>()
    });
    Table::new(&header, &[], rows)
}

const LEGEND: &str = "s stable, r recovers by itself, d degraded: half is answered, \
                      M metastable: stays down after the trigger, O overloaded without one;\n\
                      ? not all runs agree, – not run";

/// The loads between which recovery ends, for each trigger and without one.
fn boundaries(stability: &Stability) -> Table {
    let mut rows = vec![boundary_row(stability, "none".to_owned(), stability.overload)];
    for map in &stability.maps {
        for (level, boundary) in map.triggers.iter().zip(&map.boundaries) {
            let trigger = trigger(&stability.plan, level, map.also.as_ref());
            rows.push(boundary_row(stability, trigger, *boundary));
        }
    }
    Table::new(&["trigger", "always heals", "not always"], &[1, 2], rows)
}

fn boundary_row(stability: &Stability, trigger: String, boundary: Boundary) -> Vec<String> {
    let fails = boundary.fails().map(|fails| format!("at {}", load(stability, fails)));
    vec![trigger, up_to(stability, boundary), fails.unwrap_or_else(|| UNKNOWN.to_owned())]
}

/// The boundary after each change of a setting.
fn moves(stability: &Stability, sensitivity: &Sensitivity) -> Table {
    let as_is = ["as it is", "", ""].map(str::to_owned);
    let now = [up_to(stability, sensitivity.now), String::new()];
    let rows = sensitivity.changes.iter().map(|moved| {
        let change = &moved.change;
        let [path, now, then] = [&change.path, &change.now, &change.then].map(Clone::clone);
        vec![path, now, then, up_to(stability, moved.then), by(stability, moved, sensitivity.now)]
    });
    let rows = std::iter::once([as_is.to_vec(), now.to_vec()].concat()).chain(rows);
    Table::new(&["setting", "now", "then", "always heals", "moves by"], &[1, 2, 3], rows)
}

/// The way that a boundary moves; `at least` if one of its ends is that of the range.
fn by(stability: &Stability, moved: &Moved, now: Boundary) -> String {
    if moved.by == 0.0 {
        return UNKNOWN.to_owned();
    }
    let is_known = |boundary| matches!(boundary, Boundary::Between { .. });
    let bound = if is_known(now) && is_known(moved.then) { "" } else { "at least " };
    let sign = if moved.by < 0.0 { "-" } else { "+" };
    format!("{bound}{sign}{}", load(stability, moved.by.abs()))
}

fn up_and_down(stability: &Stability, hysteresis: &Hysteresis, width: usize) -> String {
    let well = stability.plan.well;
    let rows = hysteresis.passes.iter().map(|pass| {
        let is_path_dependent = pass.up >= well && pass.down < well;
        let note = if is_path_dependent { "depends on the direction" } else { "" };
        vec![pass.load.shown.clone(), percent(pass.up), percent(pass.down), note.to_owned()]
    });
    let table = Table::new(&["load", "going up", "coming down", ""], &[3], rows);
    format!("{}\n{}", table.lines(width), of_hysteresis(stability, hysteresis))
}
