//! A stability map as JSON.

use serde_json::{Map, Value, json};
use sim_experiments::stability::{
    Boundary, Cell, Hysteresis, KnownCells, Moved, Sensitivity, Stability,
};
use sim_models::scenario::StabilityPlan;
use sim_models::study::Level;

use super::words::{BEHAVIOURS, MARGIN, letter, name, trigger};
use crate::json::pretty;

/// Everything about a stability map as an indented JSON document. Shares are from 0 to 1, times in
/// seconds.
pub fn json(stability: &Stability, scenario: &str) -> String {
    let boundary = stability.healing().boundary;
    let heals_up_to = boundary.heals();
    let runs = (stability.simulated_seconds, stability.seed);
    let mut record = head(scenario, &stability.plan, runs);
    record.extend(entries(json!({
        "boundary": kind(boundary),
        "heals_up_to": heals_up_to,
        "safe_load": heals_up_to.map(|heals| heals * (1.0 - MARGIN)),
        "margin": MARGIN,
        "untriggered": row(stability, None, &stability.untriggered, &stability.overload),
        "triggered": triggered(stability),
        "sensitivity": stability.sensitivity.as_ref().map(|it| moves(stability, it)),
        "hysteresis": stability.hysteresis.as_ref().map(passes),
    })));
    pretty(&record)
}

/// The cells that are known of a map that was interrupted, with `partial`: how many of how many. Everything that
/// follows from a whole map is missing.
pub fn json_of_part(known: &KnownCells, scenario: &str) -> String {
    let (cells, of) = known.count();
    let mut record = head(scenario, &known.plan, (known.simulated_seconds, known.seed));
    record.extend(entries(json!({
        "partial": { "cells": cells, "of": of },
        "untriggered": known_row(known, None, &known.untriggered),
        "triggered": known_triggered(known),
    })));
    pretty(&record)
}

/// The scenario and what was asked of it.
fn head(scenario: &str, plan: &StabilityPlan, (seconds, seed): (f64, u64)) -> Map<String, Value> {
    let letters: Map<String, Value> =
        BEHAVIOURS.iter().map(|it| (letter(*it).to_owned(), json!(name(*it)))).collect();
    entries(json!({
        "scenario": scenario,
        "version": env!("CARGO_PKG_VERSION"),
        "seed": seed,
        "simulated_seconds": seconds,
        "load": plan.load.path,
        "workload": plan.workload_name,
        "well": plan.well,
        "letters": letters,
    }))
}

/// The entries of an object.
fn entries(object: Value) -> Map<String, Value> {
    if let Value::Object(entries) = object { entries } else { Map::new() }
}

/// A row for each trigger.
fn triggered(stability: &Stability) -> Vec<Value> {
    let mut rows = Vec::new();
    for map in &stability.maps {
        for ((level, cells), boundary) in map.triggers.iter().zip(&map.cells).zip(&map.boundaries) {
            let trigger = trigger(&stability.plan, level, map.also.as_ref());
            rows.push(row(stability, Some(&trigger), cells, boundary));
        }
    }
    rows
}

fn row(stability: &Stability, trigger: Option<&str>, cells: &[Cell], boundary: &Boundary) -> Value {
    let loads = stability.loads.iter().zip(cells).map(|(load, it)| cell(load, it));
    json!({
        "trigger": trigger,
        "boundary": kind(*boundary),
        "heals_up_to": boundary.heals(),
        "does_not_always_heal_at": boundary.fails(),
        "loads": loads.collect::<Vec<_>>(),
    })
}

fn cell(load: &Level, cell: &Cell) -> Value {
    json!({
        "load": load.shown,
        "behaviour": cell.usual().map(name),
        "letter": cell.usual().map(letter),
        "healed": cell.healed(),
        "runs": cell.runs.len(),
        "answered_at_end": cell.answered_at_end(),
    })
}

/// A row for each trigger, with the cells that are known.
fn known_triggered(known: &KnownCells) -> Vec<Value> {
    let rows = known.maps.iter().flat_map(|map| {
        known.triggers.iter().zip(&map.cells).map(|(level, cells)| {
            known_row(known, Some(&trigger(&known.plan, level, map.also.as_ref())), cells)
        })
    });
    rows.collect()
}

fn known_row(known: &KnownCells, trigger: Option<&str>, cells: &[Option<Cell>]) -> Value {
    let loads = known.loads.iter().zip(cells);
    let loads = loads.filter_map(|(load, it)| Some(cell(load, it.as_ref()?)));
    json!({ "trigger": trigger, "loads": loads.collect::<Vec<_>>() })
}

/// A boundary in a word or two: that of the range is not its own.
fn kind(boundary: Boundary) -> &'static str {
    match boundary {
        Boundary::Between { .. } => "between",
        Boundary::AtLeast(_) => "at least",
        Boundary::AtMost(_) => "at most",
        Boundary::Unknown => "not run",
    }
}

/// The boundary after each change of a setting, those that move it most first.
fn moves(stability: &Stability, sensitivity: &Sensitivity) -> Value {
    let moved = |moved: &Moved| {
        json!({
            "setting": moved.change.path,
            "now": moved.change.now,
            "then": moved.change.then,
            "boundary": kind(moved.then),
            "heals_up_to": moved.then.heals(),
            "does_not_always_heal_at": moved.then.fails(),
            "moves_by": moved.by,
        })
    };
    json!({
        "trigger": trigger(&stability.plan, &sensitivity.trigger, sensitivity.also.as_ref()),
        "boundary": kind(sensitivity.now),
        "heals_up_to": sensitivity.now.heals(),
        "does_not_always_heal_at": sensitivity.now.fails(),
        "changes": sensitivity.changes.iter().map(moved).collect::<Vec<_>>(),
    })
}

fn passes(hysteresis: &Hysteresis) -> Vec<Value> {
    let passes = hysteresis.passes.iter();
    passes
        .map(|pass| json!({ "load": pass.load.shown, "up": pass.up, "down": pass.down }))
        .collect()
}
