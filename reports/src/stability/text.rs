//! A stability map as text for a terminal.

use sim_experiments::stability::{Boundary, Hysteresis, Map, Moved, Sensitivity, Stability};

use super::sentences::{of_hysteresis, sentences};
use super::words::{load, mark, trigger, up_to};
use crate::Palette;
use crate::layout::{Page, table};
use crate::palette::Tone;
use crate::units::{UNKNOWN, duration, number_of, percent};

/// The loads and triggers from which the system recovers, and those from which it does not.
pub fn report(stability: &Stability, scenario: &str, palette: Palette) -> String {
    let mut page = Page::new(palette, scenario, &about(stability));
    page.remark(Tone::Faint, &well(stability));
    for (tone, sentence) in sentences(stability) {
        page.remark(tone, &sentence);
    }
    for map in &stability.maps {
        let title = match (&map.also, &stability.plan.also) {
            (Some(level), Some(setting)) => format!("Map, {} = {}", setting.path, level.shown),
            _ => "Map".to_owned(),
        };
        page.section(&title, &cells(stability, map));
    }
    page.section("Where it stops healing", &boundaries(stability));
    if let Some(sensitivity) = &stability.sensitivity {
        let trigger = trigger(stability, &sensitivity.trigger, sensitivity.also.as_ref());
        let title = format!("What moves the boundary of {trigger}, one setting at a time");
        page.section(&title, &moves(stability, sensitivity));
    }
    if let Some(hysteresis) = &stability.hysteresis {
        let title = format!(
            "Share answered going up through the loads and coming down again, {} at each, \
             without a trigger",
            duration(stability.plan.dwell)
        );
        page.section(&title, &up_and_down(stability, hysteresis));
    }
    page.finish()
}

fn about(stability: &Stability) -> String {
    let triggers: usize = stability.maps.iter().map(|map| map.triggers.len()).sum();
    format!(
        "{}, each without a trigger and with {}, {} of {} each, seed {}",
        number_of(stability.loads.len() as u64, "load"),
        number_of(triggers as u64, "trigger"),
        number_of(u64::from(stability.plan.replications), "run"),
        duration(stability.simulated_seconds),
        stability.seed
    )
}

fn well(stability: &Stability) -> String {
    format!(
        "well: at least {} of the requests of {} are answered in the last quarter of the time \
         after the last fault",
        percent(stability.plan.well),
        stability.plan.workload_name
    )
}

/// A map: loads upwards, triggers to the right.
fn cells(stability: &Stability, map: &Map) -> String {
    let corner = format!("{} \\ {}", stability.plan.load.path, stability.plan.trigger.path);
    let triggers = map.triggers.iter().map(|trigger| trigger.shown.as_str());
    let header: Vec<&str> = [corner.as_str(), "none"].into_iter().chain(triggers).collect();
    let rows = stability.loads.iter().enumerate().rev().map(|(place, level)| {
        let cells = map.cells.iter().map(|cells| mark(&cells[place]));
        [level.shown.clone(), mark(&stability.untriggered[place])]
            .into_iter()
            .chain(cells)
            .collect::<Vec<_>>()
    });
    format!("{}\n{LEGEND}", table(&header, &[], rows))
}

const LEGEND: &str = "s stable, r recovers by itself, d degraded: half is answered, \
                      M metastable: stays down after the trigger, O overloaded without one;\n\
                      ? not all runs agree, - not run";

/// The loads between which recovery ends, for each trigger and without one.
fn boundaries(stability: &Stability) -> String {
    let mut rows = vec![boundary_row(stability, "none".to_owned(), stability.overload)];
    for map in &stability.maps {
        for (level, boundary) in map.triggers.iter().zip(&map.boundaries) {
            let trigger = trigger(stability, level, map.also.as_ref());
            rows.push(boundary_row(stability, trigger, *boundary));
        }
    }
    table(&["trigger", "always heals", "not always"], &[1, 2], rows)
}

fn boundary_row(stability: &Stability, trigger: String, boundary: Boundary) -> Vec<String> {
    let fails = boundary.fails().map(|fails| format!("at {}", load(stability, fails)));
    vec![trigger, up_to(stability, boundary), fails.unwrap_or_else(|| UNKNOWN.to_owned())]
}

/// The boundary after each change of a setting.
fn moves(stability: &Stability, sensitivity: &Sensitivity) -> String {
    let as_is = ["as it is", "", ""].map(str::to_owned);
    let now = [up_to(stability, sensitivity.now), String::new()];
    let rows = sensitivity.changes.iter().map(|moved| {
        let change = &moved.change;
        let [path, now, then] = [&change.path, &change.now, &change.then].map(Clone::clone);
        vec![path, now, then, up_to(stability, moved.then), by(stability, moved, sensitivity.now)]
    });
    let rows = std::iter::once([as_is.to_vec(), now.to_vec()].concat()).chain(rows);
    table(&["setting", "now", "then", "always heals", "moves by"], &[1, 2, 3], rows)
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

fn up_and_down(stability: &Stability, hysteresis: &Hysteresis) -> String {
    let well = stability.plan.well;
    let rows = hysteresis.passes.iter().map(|pass| {
        let is_path_dependent = pass.up >= well && pass.down < well;
        let note = if is_path_dependent { "depends on the direction" } else { "" };
        vec![pass.load.shown.clone(), percent(pass.up), percent(pass.down), note.to_owned()]
    });
    let table = table(&["load", "going up", "coming down", ""], &[3], rows);
    format!("{table}\n{}", of_hysteresis(stability, hysteresis))
}
