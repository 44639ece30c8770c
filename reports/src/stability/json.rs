//! A stability map as JSON.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use sim_experiments::stability::{
    Boundary, Cell, Hysteresis, KnownCells, LoadPass, Moved, Sensitivity, Stability,
};
use sim_models::scenario::StabilityPlan;
use sim_models::study::Level;

use super::words::{BEHAVIOURS, MARGIN, letter, name, trigger};
use crate::json::{Document, pretty};

/// Everything about a stability map as an indented JSON document. Shares are from 0 to 1, times in
/// seconds.
pub fn json(stability: &Stability, scenario: &str) -> String {
    pretty(StabilityRecord::Whole(WholeMap::new(stability, scenario)))
}

/// The cells that are known of a map that was interrupted, with `partial`: how many of how many. Everything that
/// follows from a whole map is missing.
pub fn json_of_part(known: &KnownCells, scenario: &str) -> String {
    pretty(StabilityRecord::Part(PartOfMap::new(known, scenario)))
}

/// A stability map, or the part of one that was known when it was interrupted. Shares are from 0 to 1, times in
/// seconds, loads in the unit of the setting that is the load.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant, reason = "there is one of them, for a moment")]
pub(crate) enum StabilityRecord<'a> {
    Whole(WholeMap<'a>),
    Part(PartOfMap<'a>),
}

impl Document for StabilityRecord<'_> {
    const NAME: &'static str = "stability";
    const VERSION: u32 = 1;
    const MADE_BY: &'static str = "`stability`, and `stability.json`";
}

/// A whole map.
#[derive(Serialize, JsonSchema)]
pub(crate) struct WholeMap<'a> {
    #[serde(flatten)]
    asked: Asked<'a>,
    /// The kind of boundary up to which the system heals after every trigger: `between`, `at least`, `at most` or
    /// `not run`.
    boundary: &'static str,
    /// The largest load up to which it heals after every trigger; `null` if there is none.
    heals_up_to: Option<f64>,
    /// That load less the margin; `null` if there is none.
    safe_load: Option<f64>,
    /// The share by which the safe load lies below the largest at which the system heals.
    margin: f64,
    /// The row without a trigger.
    untriggered: Row<'a>,
    /// A row for each trigger.
    triggered: Vec<Row<'a>>,
    /// The boundary of the worst trigger after single changes; `null` if that was not asked for or there is none.
    sensitivity: Option<SensitivityRecord<'a>>,
    /// The way up through the loads and down again, without a trigger; `null` if the load is no arrival rate or number
    /// of users.
    hysteresis: Option<Vec<PassRecord<'a>>>,
}

/// A part of a map.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PartOfMap<'a> {
    #[serde(flatten)]
    asked: Asked<'a>,
    /// The number of cells that are known.
    partial: Known,
    /// The row without a trigger.
    untriggered: KnownRow<'a>,
    /// A row for each trigger.
    triggered: Vec<KnownRow<'a>>,
}

/// The scenario and what was asked of it.
#[derive(Serialize, JsonSchema)]
struct Asked<'a> {
    /// The scenario's name.
    scenario: &'a str,
    /// The version that produced it.
    version: &'static str,
    /// The seed.
    seed: u64,
    /// The length of each run.
    simulated_seconds: f64,
    /// The path of the setting that is the load.
    load: &'a str,
    /// The workload whose requests tell whether the system is well.
    workload: &'a str,
    /// The share of requests that a system answers which is well.
    well: f64,
    /// The behaviours by their letters.
    letters: IndexMap<&'static str, &'static str>,
}

/// The number of known cells.
#[derive(Serialize, JsonSchema)]
struct Known {
    /// Known cells.
    cells: usize,
    /// All cells.
    of: usize,
}

/// All loads with one trigger.
#[derive(Serialize, JsonSchema)]
struct Row<'a> {
    /// The trigger; `null` if there is none.
    trigger: Option<String>,
    #[serde(flatten)]
    boundary: BoundaryRecord,
    /// A cell for each load, in ascending order.
    loads: Vec<CellRecord<'a>>,
}

/// The known loads with one trigger.
#[derive(Serialize, JsonSchema)]
struct KnownRow<'a> {
    /// The trigger; `null` if there is none.
    trigger: Option<String>,
    /// The known cells, by load in ascending order.
    loads: Vec<CellRecord<'a>>,
}

/// The load up to which a system always heals.
#[derive(Serialize, JsonSchema)]
struct BoundaryRecord {
    /// `between` two loads, `at least` the last, `at most` the first that was tried, or `not run`.
    boundary: &'static str,
    /// The largest load up to which it always heals; `null` if there is none.
    heals_up_to: Option<f64>,
    /// The least load at which it does not; `null` if there is none.
    does_not_always_heal_at: Option<f64>,
}

/// The runs at one load with one trigger.
#[derive(Serialize, JsonSchema)]
struct CellRecord<'a> {
    /// The load, as it would be written.
    load: &'a str,
    /// The most frequent behaviour, and of several the worst; `null` without runs.
    behaviour: Option<&'static str>,
    /// Its letter; `null` without runs.
    letter: Option<&'static str>,
    /// The number of runs at whose end the system was well.
    healed: usize,
    /// The number of runs; none if the settings do not go together.
    runs: usize,
    /// The share of requests answered at the end, averaged over the runs; `null` without runs.
    answered_at_end: Option<f64>,
}

/// The boundary of the worst trigger after single changes.
#[derive(Serialize, JsonSchema)]
struct SensitivityRecord<'a> {
    /// The trigger.
    trigger: String,
    #[serde(flatten)]
    boundary: BoundaryRecord,
    /// The changes, those that move the boundary most first.
    changes: Vec<ChangeRecord<'a>>,
}

/// The boundary after a change of a setting.
#[derive(Serialize, JsonSchema)]
struct ChangeRecord<'a> {
    /// The path of the setting.
    setting: &'a str,
    /// Its value.
    now: &'a str,
    /// The value that it is changed to.
    then: &'a str,
    #[serde(flatten)]
    boundary: BoundaryRecord,
    /// The difference from the boundary before; the least that it can be if one of both lies outside the range.
    moves_by: f64,
}

/// A load that is passed on the way up and on the way down.
#[derive(Serialize, JsonSchema)]
struct PassRecord<'a> {
    /// The load, as it would be written.
    load: &'a str,
    /// The share of requests answered on the way up.
    up: f64,
    /// The share of requests answered on the way down.
    down: f64,
}

impl<'a> WholeMap<'a> {
    fn new(stability: &'a Stability, scenario: &'a str) -> Self {
        let boundary = BoundaryRecord::new(stability.healing().boundary);
        let heals_up_to = boundary.heals_up_to;
        let runs = (stability.simulated_seconds, stability.seed);
        let passes =
            |hysteresis: &'a Hysteresis| hysteresis.passes.iter().map(PassRecord::new).collect();
        Self {
            asked: Asked::new(scenario, &stability.plan, runs),
            boundary: boundary.boundary,
            heals_up_to,
            safe_load: heals_up_to.map(|heals| heals * (1.0 - MARGIN)),
            margin: MARGIN,
            untriggered: Row::new(stability, None, &stability.untriggered, stability.overload),
            triggered: triggered(stability),
            sensitivity: stability
                .sensitivity
                .as_ref()
                .map(|sensitivity| SensitivityRecord::new(stability, sensitivity)),
            hysteresis: stability.hysteresis.as_ref().map(passes),
        }
    }
}

impl<'a> PartOfMap<'a> {
    fn new(known: &'a KnownCells, scenario: &'a str) -> Self {
        let (cells, of) = known.count();
        Self {
            asked: Asked::new(scenario, &known.plan, (known.simulated_seconds, known.seed)),
            partial: Known { cells, of },
            untriggered: KnownRow::new(known, None, &known.untriggered),
            triggered: known_triggered(known),
        }
    }
}

impl<'a> Asked<'a> {
    fn new(scenario: &'a str, plan: &'a StabilityPlan, (seconds, seed): (f64, u64)) -> Self {
        Self {
            scenario,
            version: env!("CARGO_PKG_VERSION"),
            seed,
            simulated_seconds: seconds,
            load: &plan.load.path,
            workload: &plan.workload_name,
            well: plan.well,
            letters: BEHAVIOURS.iter().map(|it| (letter(*it), name(*it))).collect(),
        }
    }
}

impl<'a> Row<'a> {
    fn new(
        stability: &'a Stability,
        trigger: Option<String>,
        cells: &[Cell],
        boundary: Boundary,
    ) -> Self {
        let loads = stability.loads.iter().zip(cells);
        Self {
            trigger,
            boundary: BoundaryRecord::new(boundary),
            loads: loads.map(|(load, cell)| CellRecord::new(load, cell)).collect(),
        }
    }
}

impl<'a> KnownRow<'a> {
    fn new(known: &'a KnownCells, trigger: Option<String>, cells: &[Option<Cell>]) -> Self {
        let loads = known.loads.iter().zip(cells);
        let loads = loads.filter_map(|(load, cell)| Some(CellRecord::new(load, cell.as_ref()?)));
        Self { trigger, loads: loads.collect() }
    }
}

/// A row for each trigger.
fn triggered(stability: &Stability) -> Vec<Row<'_>> {
    let rows = stability.maps.iter().flat_map(|map| {
        let rows = map.triggers.iter().zip(&map.cells).zip(&map.boundaries);
        rows.map(|((level, cells), boundary)| {
            let trigger = trigger(&stability.plan, level, map.also.as_ref());
            Row::new(stability, Some(trigger), cells, *boundary)
        })
    });
    rows.collect()
}

/// A row for each trigger, with the cells that are known.
fn known_triggered(known: &KnownCells) -> Vec<KnownRow<'_>> {
    let rows = known.maps.iter().flat_map(|map| {
        known.triggers.iter().zip(&map.cells).map(|(level, cells)| {
            KnownRow::new(known, Some(trigger(&known.plan, level, map.also.as_ref())), cells)
        })
    });
    rows.collect()
}

impl BoundaryRecord {
    /// A boundary, its kind in a word or two: that of the range is not its own.
    fn new(boundary: Boundary) -> Self {
        Self {
            boundary: match boundary {
                Boundary::Between { .. } => "between",
                Boundary::AtLeast(_) => "at least",
                Boundary::AtMost(_) => "at most",
                Boundary::Unknown => "not run",
            },
            heals_up_to: boundary.heals(),
            does_not_always_heal_at: boundary.fails(),
        }
    }
}

impl<'a> CellRecord<'a> {
    fn new(load: &'a Level, cell: &Cell) -> Self {
        Self {
            load: &load.shown,
            behaviour: cell.usual().map(name),
            letter: cell.usual().map(letter),
            healed: cell.healed(),
            runs: cell.runs.len(),
            answered_at_end: cell.answered_at_end(),
        }
    }
}

impl<'a> SensitivityRecord<'a> {
    fn new(stability: &Stability, sensitivity: &'a Sensitivity) -> Self {
        Self {
            trigger: trigger(&stability.plan, &sensitivity.trigger, sensitivity.also.as_ref()),
            boundary: BoundaryRecord::new(sensitivity.now),
            changes: sensitivity.changes.iter().map(ChangeRecord::new).collect(),
        }
    }
}

impl<'a> ChangeRecord<'a> {
    fn new(moved: &'a Moved) -> Self {
        Self {
            setting: &moved.change.path,
            now: &moved.change.now,
            then: &moved.change.then,
            boundary: BoundaryRecord::new(moved.then),
            moves_by: moved.by,
        }
    }
}

impl<'a> PassRecord<'a> {
    fn new(pass: &'a LoadPass) -> Self {
        Self { load: &pass.load.shown, up: pass.up, down: pass.down }
    }
}
