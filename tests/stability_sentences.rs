//! Every sentence about a stability map is true of the map that is drawn below it, for any map.
//!
//! The checker reads the report as a reader does: the letters of the map, and each sentence by its
//! words. It shares no code with what writes them.

use proptest::prelude::*;
use sim_experiments::stability::{Behaviour, Boundary, Cell, Hysteresis, LoadPass, Map, Stability};
use sim_models::scenario::StabilityPlan;
use sim_models::study::{Level, Parameter};
use sim_reports::stability::report;
use sim_reports::{Palette, Paper};

use crate::stability::of_library;
use sim_models::system::Id;

const BEHAVIOURS: [Behaviour; 5] = [
    Behaviour::Stable,
    Behaviour::Recovers,
    Behaviour::Degraded,
    Behaviour::Metastable,
    Behaviour::Overloaded,
];

/// A row of the map as a reader sees it: its name, its letters, and whether all runs of a cell heal.
struct Row {
    name: String,
    letters: Vec<String>,
    /// `None` if there was no run.
    heals: Vec<Option<bool>>,
}

/// A map as a reader sees it.
struct Reader {
    loads: Vec<f64>,
    rows: Vec<Row>,
}

impl Reader {
    fn of(stability: &Stability, text: &str) -> Self {
        let mut rows = vec![("without a trigger".to_owned(), &stability.untriggered)];
        for map in &stability.maps {
            for (trigger, cells) in map.triggers.iter().zip(&map.cells) {
                let first = format!("after {} = {}", stability.plan.trigger.path, trigger.shown);
                let second = stability.plan.also.as_ref().zip(map.also.as_ref());
                let second =
                    second.map(|(also, level)| format!(", {} = {}", also.path, level.shown));
                rows.push((first + &second.unwrap_or_default(), cells));
            }
        }
        let letters = letters_drawn(stability, text);
        let heals = |cell: &Cell| {
            let healed = cell
                .runs
                .iter()
                .filter(|(it, _)| matches!(it, Behaviour::Stable | Behaviour::Recovers));
            (!cell.runs.is_empty()).then_some(healed.count() == cell.runs.len())
        };
        let rows = rows.into_iter().zip(letters).map(|((name, cells), letters)| Row {
            name,
            letters,
            heals: cells.iter().map(heals).collect(),
        });
        Self {
            loads: stability.loads.iter().map(|load| load.number).collect(),
            rows: rows.collect(),
        }
    }

    fn row(&self, name: &str) -> &Row {
        self.rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"))
    }

    /// The loads between which a row ceases to heal: the last before the first that fails, and that.
    fn gap(&self, row: &Row) -> (Option<f64>, Option<f64>) {
        let known = || self.loads.iter().zip(&row.heals).filter(|(_, heals)| heals.is_some());
        let fails = known().find(|(_, heals)| **heals == Some(false)).map(|(load, _)| *load);
        let mut before = known().filter(|(load, _)| fails.is_none_or(|fails| **load < fails));
        (before.next_back().map(|(load, _)| *load), fails)
    }

    /// True if a row heals at every load up to this one, which lies below the first that fails.
    fn heals_up_to(&self, row: &Row, load: f64) -> bool {
        let (good, bad) = self.gap(row);
        good.is_some() && bad.is_none_or(|bad| load < bad)
    }

    /// True if this load lies above the last that heals, and not above the first that does not.
    fn fails_at(&self, row: &Row, load: f64) -> bool {
        let (good, bad) = self.gap(row);
        bad.is_some_and(|bad| load <= bad) && good.is_none_or(|good| good < load)
    }

    /// The loads at which any row has a letter.
    fn with_letter(&self, letter: &str) -> Vec<f64> {
        let has = |place: &usize| {
            self.rows.iter().any(|row| row.letters[*place].trim_end_matches('?') == letter)
        };
        (0..self.loads.len()).filter(has).map(|place| self.loads[place]).collect()
    }

    /// The loads in `100/s, 300/s to 500/s`.
    fn loads_in(&self, text: &str) -> Vec<f64> {
        let mut found = Vec::new();
        for part in text.split(", ") {
            let (from, to) = part.split_once(" to ").unwrap_or((part, part));
            let span = number(from)..=number(to);
            found.extend(self.loads.iter().filter(|load| span.contains(load)));
        }
        found
    }
}

/// The letters of each row, read off the maps in the text.
fn letters_drawn(stability: &Stability, text: &str) -> Vec<Vec<String>> {
    let (mut untriggered, mut rows) = (Vec::new(), Vec::new());
    let mut lines = text.lines();
    for map in &stability.maps {
        lines.by_ref().find(|line| line.starts_with("Map")).expect("a map");
        lines.next().expect("a header");
        let mut columns = vec![Vec::new(); map.triggers.len() + 1];
        for load in stability.loads.iter().rev() {
            let line = lines.next().expect("a row").trim();
            let marks = line.strip_prefix(&load.shown).expect("the load of the row");
            let marks: Vec<&str> = marks.split_whitespace().collect();
            assert_eq!(marks.len(), columns.len(), "{line}");
            marks
                .iter()
                .zip(&mut columns)
                .for_each(|(it, column)| column.insert(0, (*it).to_owned()));
        }
        untriggered = columns.remove(0);
        rows.extend(columns);
    }
    std::iter::once(untriggered).chain(rows).collect()
}

fn number(text: &str) -> f64 {
    text.trim_end_matches("/s").parse().unwrap_or_else(|_| panic!("`{text}` is not a load"))
}

/// The text between two others, if a line has this form.
fn between<'a>(line: &'a str, before: &str, after: &str) -> Option<&'a str> {
    line.strip_prefix(before)?.strip_suffix(after)
}

/// Checks the load before `, where the range ended` or `, the last that was run`.
fn end_of_range(reader: &Reader, text: &str) -> f64 {
    let (load, reason) = text.split_once(", ").expect("a reason");
    let is_end = reader.loads.last() == Some(&number(load));
    assert_eq!(reason, if is_end { "where the range ended" } else { "the last that was run" });
    number(load)
}

/// Checks the load before `, where the range began` or `, the first that was run`.
fn beginning_of_range(reader: &Reader, text: &str) -> f64 {
    let (load, reason) = text.split_once(", ").expect("a reason");
    let is_first = reader.loads.first() == Some(&number(load));
    assert_eq!(reason, if is_first { "where the range began" } else { "the first that was run" });
    number(load)
}

fn is_nine_tenths(safe: f64, heals: f64) -> bool {
    (safe - heals * 0.9).abs() <= heals * 0.005
}

/// Checks one sentence above the map; panics at one whose form it does not know.
fn check(reader: &Reader, line: &str) {
    let all = || reader.rows.iter();
    let ends = |load: f64| all().any(|row| reader.gap(row).1.is_some_and(|bad| bad > load));
    let tried = ", up to which it always heals after every trigger that was tried)";
    if let Some(text) = between(
        line,
        "safe load: at least ",
        "; it always heals after every trigger that was tried)",
    ) {
        let (safe, heals) = text.split_once(" (10.0% below ").expect("a margin");
        let heals = end_of_range(reader, heals);
        assert!(is_nine_tenths(number(safe), heals), "{line}");
        assert!(all().all(|row| reader.gap(row).1.is_none()), "{line}");
        assert!(all().all(|row| reader.gap(row).0 >= Some(heals)), "{line}");
    } else if let Some(text) = between(line, "safe load: ", tried) {
        let (safe, heals) = text.split_once(" (10.0% below ").expect("a margin");
        assert!(is_nine_tenths(number(safe), number(heals)), "{line}");
        assert!(all().all(|row| reader.heals_up_to(row, number(heals))), "{line}");
        assert!(ends(number(heals)), "nothing ends at {line}");
    } else if let Some(first) = line.strip_prefix("safe load: none, the boundary is at most ") {
        let fails = beginning_of_range(reader, first);
        assert!(all().any(|row| reader.gap(row) == (None, Some(fails))), "{line}");
    } else if line == "safe load: not known, a trigger was not run at any load" {
        assert!(all().any(|row| reader.gap(row) == (None, None)), "{line}");
    } else if let Some(text) = line.strip_prefix("at ") {
        if let Some((fails, name)) = text.split_once(" it does not always heal after ") {
            let row = reader.row(&format!("after {name}"));
            assert!(reader.fails_at(row, number(fails)), "{line}");
        } else {
            let fails = text.strip_suffix(" it is not always well even without a trigger");
            let fails = number(fails.unwrap_or_else(|| panic!("no known form: {line}")));
            assert!(reader.fails_at(&reader.rows[0], fails), "{line}");
        }
    } else if let Some(text) = line.strip_prefix("without a trigger it ") {
        check_overload(reader, text);
    } else if line == "metastable (M) at no load that was tried" {
        assert!(reader.with_letter("M").is_empty(), "{line}");
    } else if let Some(text) =
        between(line, "metastable (M) at ", ": it stays down after a trigger")
    {
        assert_eq!(reader.loads_in(text), reader.with_letter("M"), "{line}");
    } else if let Some(text) = between(
        line,
        "not run (–) at ",
        ": there the settings do not go together, or the trigger lasts until the run ends",
    ) {
        assert_eq!(reader.loads_in(text), reader.with_letter("–"), "{line}");
    } else {
        let again = line.strip_prefix("always heals again above a load at which it does not: ");
        let again = again.unwrap_or_else(|| panic!("no known form: {line}"));
        check_heals_again(reader, again);
    }
}

fn check_overload(reader: &Reader, text: &str) {
    let row = &reader.rows[0];
    if let Some(heals) = text.strip_prefix("is always well up to at least ") {
        let heals = end_of_range(reader, heals);
        assert_eq!(reader.gap(row), (Some(heals), None), "{text}");
    } else if let Some(text) = text.strip_prefix("is always well up to ") {
        let (heals, fails) = text.split_once(", not at ").expect("two loads");
        assert!(reader.heals_up_to(row, number(heals)), "{text}");
        assert!(reader.fails_at(row, number(fails)) && number(heals) < number(fails), "{text}");
    } else if let Some(fails) = text.strip_prefix("is not always well at ") {
        assert_eq!(reader.gap(row), (None, Some(beginning_of_range(reader, fails))), "{text}");
    } else {
        assert_eq!((text, reader.gap(row)), ("was not run", (None, None)));
    }
}

fn check_heals_again(reader: &Reader, text: &str) {
    let mut said: Vec<(&str, Vec<f64>)> = Vec::new();
    for part in text.split("; ") {
        let (name, loads) = part.rsplit_once(" at ").expect("loads");
        said.push((name, reader.loads_in(loads)));
    }
    let mut seen = Vec::new();
    for row in &reader.rows {
        let Some(first) = reader.gap(row).1 else { continue };
        let again = reader.loads.iter().zip(&row.heals);
        let again: Vec<f64> = again
            .filter(|(load, heals)| **load > first && **heals == Some(true))
            .map(|(load, _)| *load)
            .collect();
        if !again.is_empty() {
            seen.push((row.name.as_str(), again));
        }
    }
    assert_eq!(said, seen);
}

/// Checks the sentence below the way up and down.
fn check_hysteresis(reader: &Reader, stability: &Stability, line: &str) {
    let Some(hysteresis) = &stability.hysteresis else { return };
    let well = |share: f64| share >= stability.plan.well;
    let passes = || hysteresis.passes.iter();
    if let Some(text) = line.strip_prefix("at ") {
        let loads = text.split(" it is well going up and not coming down").next().expect("loads");
        let vulnerable = passes().filter(|pass| well(pass.up) && !well(pass.down));
        let vulnerable: Vec<f64> = vulnerable.map(|pass| pass.load.number).collect();
        assert_eq!(reader.loads_in(loads), vulnerable, "{line}");
    } else if line == "no load was well going up" {
        assert!(passes().all(|pass| !well(pass.up)), "{line}");
    } else if line == "every load that was well going up was well coming down too" {
        assert!(passes().all(|pass| !well(pass.up) || well(pass.down)), "{line}");
        assert!(passes().any(|pass| well(pass.up)), "{line}");
    } else {
        let text = "no load of the range brings it down, so this says nothing about coming back";
        let more = line.strip_prefix(text).unwrap_or_else(|| panic!("no known form: {line}"));
        assert!(passes().all(|pass| well(pass.up) && well(pass.down)), "{line}");
        let says_so = more == "; a trigger does bring it down (M)";
        assert!(says_so || more.is_empty(), "{line}");
        assert_eq!(says_so, !reader.with_letter("M").is_empty(), "{line}");
    }
}

/// Checks every sentence of the report of a map.
fn check_all(stability: &Stability) {
    let text = report(stability, "test", Paper::new(Palette::Plain, 10_000));
    let reader = Reader::of(stability, &text);
    // The first two lines say what was tried, and what "well" means.
    let sentences = text.lines().skip(2).take_while(|line| !line.is_empty());
    let sentences: Vec<&str> = sentences.collect();
    for line in &sentences {
        check(&reader, line);
    }
    let is_said = |what: &str| sentences.iter().any(|line| line.starts_with(what));
    let is_known = |row: &Row| row.heals.iter().any(Option::is_some);
    let heals_again = reader.rows.iter().any(|row| {
        let known: Vec<bool> = row.heals.iter().flatten().copied().collect();
        !known.is_sorted_by(|one, next| one >= next)
    });
    assert_eq!(is_said("always heals again"), heals_again, "{text}");
    assert_eq!(is_said("not run"), !reader.with_letter("–").is_empty(), "{text}");
    assert!(is_said("safe load") && is_said("metastable") && is_said("without a trigger"));
    assert_eq!(is_said("safe load: not known"), !reader.rows.iter().all(is_known), "{text}");
    if stability.hysteresis.is_some() {
        let last = text.lines().last().expect("a line").trim();
        check_hysteresis(&reader, stability, last);
    }
}

fn levels(values: &str) -> Vec<Level> {
    values.parse::<sim_models::study::Values>().expect("values").levels()
}

fn parameter(path: &str, values: &str) -> Parameter {
    Parameter { path: path.to_owned(), values: values.parse().expect("values") }
}

const LOADS: &str = "poisson 100/s..600/s in 6";
const TRIGGERS: &str = "5s, 20s, 40s";

/// A map with any cells: `cells` has the behaviours of each, without a trigger, then of each trigger;
/// those of a boundary lie anywhere between its loads.
fn any_map(
    cells: &[Vec<Behaviour>],
    parts: &[f64],
    passes: &[(f64, f64)],
    is_wide: bool,
) -> Stability {
    let (loads, triggers) = (levels(LOADS), levels(TRIGGERS));
    let cell = |runs: &Vec<Behaviour>| Cell { runs: runs.iter().map(|it| (*it, 0.5)).collect() };
    let mut rows = cells.chunks(loads.len()).map(|row| row.iter().map(cell).collect::<Vec<Cell>>());
    let mut rows = (0..=2 * triggers.len())
        .map(|_| rows.next().expect("cells"))
        .collect::<Vec<_>>()
        .into_iter();
    let boundary = |(cells, part): (&Vec<Cell>, &f64)| match Boundary::of_cells(&loads, cells) {
        Boundary::Between { heals, fails } => {
            let at = heals + libm::floor((fails - heals - 2.0) * part);
            Boundary::Between { heals: at, fails: at + 1.0 }
        }
        other => other,
    };
    let untriggered = rows.next().expect("a row");
    let overload = boundary((&untriggered, &parts[0]));
    let seconds: &[&str] = if is_wide { &["2x", "9x"] } else { &["2x"] };
    let maps = seconds.iter().map(|second| {
        let cells: Vec<Vec<Cell>> = rows.by_ref().take(triggers.len()).collect();
        let boundaries = cells.iter().zip(parts).map(boundary).collect();
        let also = is_wide.then(|| levels(second).remove(0));
        Map { also, triggers: triggers.clone(), cells, boundaries }
    });
    let maps = maps.collect();
    let pass = |(load, (up, down)): (&Level, &(f64, f64))| LoadPass {
        load: load.clone(),
        up: *up,
        down: *down,
    };
    Stability {
        plan: StabilityPlan {
            load: parameter("workloads.web.arrivals", LOADS),
            trigger: parameter("faults[0].for", TRIGGERS),
            also: is_wide.then(|| parameter("faults[0].by", "2x, 9x")),
            fault: 0,
            workload: Id::new(0),
            workload_name: "web".to_owned(),
            well: 0.95,
            replications: 2,
            dwell: 20.0,
        },
        hysteresis: Some(Hysteresis { passes: loads.iter().zip(passes).map(pass).collect() }),
        loads,
        untriggered,
        maps,
        overload,
        sensitivity: None,
        simulated_seconds: 60.0,
        seed: 1,
    }
}

/// The behaviours of a cell's runs: usually some, often alike, sometimes none.
fn behaviours() -> impl Strategy<Value = Vec<Behaviour>> {
    let one = || (0..5_usize).prop_map(|place| BEHAVIOURS[place]);
    prop_oneof![
        12 => one().prop_map(|it| vec![it; 2]),
        3 => proptest::collection::vec(one(), 2),
        1 => Just(Vec::new()),
    ]
}

/// All cells of a map: any cells, or those of rows that heal up to a load and then do not.
fn cells() -> impl Strategy<Value = Vec<Vec<Behaviour>>> {
    let orderly = proptest::collection::vec((0..=6_usize, 0..2_usize, 2..5_usize), 7);
    let orderly = orderly.prop_map(|rows| {
        let row = |(end, good, bad): (usize, usize, usize)| {
            (0..6).map(move |place| vec![BEHAVIOURS[if place < end { good } else { bad }]; 2])
        };
        rows.into_iter().flat_map(row).collect()
    });
    prop_oneof![proptest::collection::vec(behaviours(), 42), orderly]
}

fn shares() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let share = || prop_oneof![1 => Just(0.0), 1 => Just(0.5), 3 => Just(1.0)];
    let uniform =
        share().prop_flat_map(move |up| proptest::collection::vec((Just(up), share()), 6));
    prop_oneof![
        proptest::collection::vec((share(), share()), 6),
        uniform,
        Just(vec![(1.0, 1.0); 6])
    ]
}

proptest! {
    #[test]
    fn every_sentence_is_true_of_any_map(
        cells in cells(),
        parts in proptest::collection::vec(0.0..1.0, 7),
        passes in shares(),
        is_wide in any::<bool>(),
    ) {
        check_all(&any_map(&cells, &parts, &passes, is_wide));
    }
}

#[test]
fn the_extremes_are_told_as_what_they_are() {
    use Behaviour::{Metastable, Overloaded, Recovers, Stable};
    let said = |behaviour: [Behaviour; 2]| {
        let mut cells = vec![vec![behaviour[0]; 2]; 6];
        cells.extend(vec![vec![behaviour[1]; 2]; 36]);
        let map = any_map(&cells, &[0.5; 7], &[(1.0, 1.0); 6], false);
        check_all(&map);
        let text = report(&map, "test", Paper::new(Palette::Plain, 10_000));
        let lines = text.lines().skip(2).take_while(|line| !line.is_empty());
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        said([Stable, Recovers]),
        [
            "safe load: at least 540/s (10.0% below 600/s, where the range ended; it always heals after every trigger that was tried)",
            "without a trigger it is always well up to at least 600/s, where the range ended",
            "metastable (M) at no load that was tried",
        ],
        "nothing is metastable"
    );
    assert_eq!(
        said([Stable, Metastable]),
        [
            "safe load: none, the boundary is at most 100/s, where the range began",
            "at 100/s it does not always heal after faults[0].for = 5s",
            "without a trigger it is always well up to at least 600/s, where the range ended",
            "metastable (M) at 100/s to 600/s: it stays down after a trigger",
        ],
        "everything is metastable"
    );
    assert_eq!(
        said([Overloaded, Overloaded]),
        [
            "safe load: none, the boundary is at most 100/s, where the range began",
            "at 100/s it is not always well even without a trigger",
            "without a trigger it is not always well at 100/s, where the range began",
            "metastable (M) at no load that was tried",
        ],
        "everything is broken"
    );
}

/// The scenarios of the library that ask for a map.
#[test]
fn every_sentence_is_true_of_the_maps_of_the_library() {
    let mut count = 0;
    for path in glob::glob(&format!("{}/scenarios/**/*.yaml", crate::running::root().display()))
        .expect("a pattern")
        .flatten()
    {
        let text = std::fs::read_to_string(&path).expect("readable");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if text.lines().any(|line| line == "stability:") {
            check_all(&of_library(&name, None, &["stability.replications=1"]));
            count += 1;
        }
    }
    assert!(count >= 3);
}
