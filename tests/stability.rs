//! Stability: the theory of retries, and the three known shapes of metastable failures.

use std::collections::BTreeSet;

use sim_experiments::recommend::{Conclusion, TunableSystem, recommend};
use sim_experiments::stability::{
    Behaviour, Boundary, Cell, KnownCells, Sensitivity, Stability, StressedSystem, map, sensitivity,
};
use sim_experiments::{Impatient, Unattended};
use sim_models::scenario::{Input, Overrides};
use sim_reports::stability::{json, json_of_part, report, report_of_part};
use sim_reports::{Palette, Paper, diagnostics};

use crate::running::root;

fn input(name: &str, text: &str) -> Input {
    let (name, folder) = (format!("{name}.yaml"), root().join("scenarios"));
    Input { name, text: text.to_owned(), folder: folder.into() }
}

fn overrides(variant: Option<&str>, settings: &[&str]) -> Overrides {
    let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
    Overrides { variant: variant.map(str::to_owned), settings, ..Overrides::default() }
}

fn found(
    name: &str,
    text: &str,
    variant: Option<&str>,
    settings: &[&str],
    jobs: usize,
) -> Stability {
    let system = StressedSystem::prepare(input(name, text), overrides(variant, settings))
        .unwrap_or_else(|unready| panic!("{unready:?}"));
    map(&system, &Unattended { jobs }).expect("not interrupted")
}

pub(crate) fn of_library(name: &str, variant: Option<&str>, settings: &[&str]) -> Stability {
    let text = std::fs::read_to_string(root().join("scenarios").join(format!("{name}.yaml")))
        .expect("readable");
    found(name, &text, variant, settings, 2)
}

/// A database that can do 100 queries a second. Each query is tried `attempts` times, and an
/// attempt gives up sooner than a full queue would be worked off.
fn retries(attempts: u32) -> String {
    format!(
        "run: {{ duration: 150s, warmup: 10s, drain: 10s, seed: 4 }}
workloads: {{ web: {{ to: api, arrivals: poisson 50/s }} }}
services: {{ api: {{ handle: [ {{ query: db }} ] }} }}
databases: {{ db: {{ connections: {{ max: 10, queue: 300 }}, query: 100ms }} }}
calls: {{ api -> db: {{ timeout: 500ms, retry: {{ attempts: {attempts}, backoff: none }} }} }}
faults: [ {{ at: 20s, for: 20s, slow: db, by: 10x }} ]
stability:
  load: {{ workloads.web.arrivals: poisson 10/s..110/s in 11 }}
  trigger: {{ 'faults[0].by': 10x }}
  well: 80%
  replications: 2
"
    )
}

/// The theory of retries: with r retries and capacity C, a load below C/(1 + r) always heals, and a
/// load above C never runs well (Bronson et al., `HotOS` 2021).
#[test]
fn the_vulnerable_band_lies_between_capacity_with_retries_and_without() {
    for attempts in [2, 3, 5] {
        let stability = found("retries", &retries(attempts), None, &[], 2);
        let healing = 100.0 / f64::from(attempts);
        let boundary = stability.maps[0].boundaries[0];
        let Boundary::Between { heals: good, fails: bad } = boundary else {
            panic!("{attempts} attempts: {boundary:?}")
        };
        assert!(
            good >= healing * 0.9 && bad <= healing * 1.15,
            "{attempts} attempts: {good} to {bad}, theory {healing}"
        );
        let overload = stability.overload;
        assert!(
            overload.heals() >= Some(85.0) && overload.fails() <= Some(110.0),
            "{attempts} attempts: {overload:?}"
        );
        for (load, (triggered, untriggered)) in stability
            .loads
            .iter()
            .zip(stability.maps[0].cells[0].iter().zip(&stability.untriggered))
        {
            let is_vulnerable = load.number > healing * 1.15 && load.number <= 80.0;
            if is_vulnerable {
                assert_eq!(
                    triggered.usual(),
                    Some(Behaviour::Metastable),
                    "{attempts} attempts at {}",
                    load.shown
                );
                assert_eq!(
                    untriggered.usual(),
                    Some(Behaviour::Stable),
                    "{attempts} attempts at {}",
                    load.shown
                );
            }
        }
        let hysteresis = stability.hysteresis.as_ref().expect("a rate");
        let vulnerable = hysteresis.vulnerable(0.8);
        let load = |place: Option<&usize>| {
            stability.loads[*place.expect("it depends on where it comes from")].number
        };
        let (from, to) = (load(vulnerable.first()), load(vulnerable.last()));
        assert!(from >= healing * 0.8 && from <= healing * 1.3 && to >= 80.0, "{from} to {to}");
    }
}

/// Each shape at the load of its file: the system stays down after the trigger, and recovers with
/// the cure.
#[test]
fn the_three_known_shapes_stay_down_and_their_cures_end_them() {
    let shapes = [
        (
            "retry-storm",
            "budget",
            "stability.load={ workloads.web.arrivals: poisson 600/s..600/s }",
        ),
        (
            "cache-stampede",
            "coalesce",
            "stability.load={ 'workloads.web.arrivals.ramp[1].rate': 1000/s..1000/s }",
        ),
        (
            "slow-errors",
            "sampled",
            "stability.load={ workloads.web.arrivals: poisson 600/s..600/s }",
        ),
    ];
    for (name, cure, load) in shapes {
        let usual = |stability: &Stability| {
            stability.maps[0].cells.iter().map(|cells| cells[0].usual()).collect::<Vec<_>>()
        };
        let settings = [load, "stability.replications=1"];
        let ill = of_library(name, None, &settings);
        assert!(
            usual(&ill).iter().all(|behaviour| *behaviour == Some(Behaviour::Metastable)),
            "{name}: {:?}",
            usual(&ill)
        );
        assert_eq!(ill.untriggered[0].usual(), Some(Behaviour::Stable), "{name}");
        let cured = of_library(name, Some(cure), &settings);
        assert!(
            usual(&cured).iter().all(|behaviour| *behaviour <= Some(Behaviour::Recovers)),
            "{name}: {:?}",
            usual(&cured)
        );
    }
}

#[test]
fn a_map_tells_the_same_for_any_number_of_threads() {
    let settings = [
        "stability.load={ workloads.web.arrivals: poisson 30/s..110/s in 3 }",
        "stability.trigger={ 'faults[0].by': [ 2x, 10x ], 'faults[0].for': [ 5s, 20s ] }",
    ];
    let one = found("retries", &retries(3), None, &settings, 1);
    assert_eq!(
        json(&one, "test"),
        json(&found("retries", &retries(3), None, &settings, 3), "test")
    );
    assert_eq!((one.maps.len(), one.maps[0].cells.len()), (2, 2), "a map for each length");
    insta::assert_snapshot!(report(&one, "retries", Palette::Plain));
}

#[test]
fn every_mistake_in_a_question_is_told_at_its_place() {
    let told = |stability: &str| {
        let text = format!(
            "{}stability: {stability}\n",
            retries(2).split("stability:").next().expect("a beginning")
        );
        let input = Input { name: "stability.yaml".into(), text, folder: ".".into() };
        let checked = sim_models::scenario::check(&input, &Overrides::default());
        diagnostics::render(&checked.problems, &checked.sources, Palette::Plain)
    };
    insta::assert_snapshot!(
        [
            told("{ load: { workloads.web.arrivals: [ poisson 1/s ] }, trigger: { 'faults[0].by': 2x..4x } }"),
            told("{ load: { services.api.threads: 1..4 }, trigger: { calls.api -> db.timeout: 1s..2s } }"),
            told("{ load: { workloads.web.arrivals: poisson 1/s..9/s }, workload: wep, trigger: { 'faults[7].by': 2x } }"),
            told("{ trigger: { 'faults[0].by': 2x } }"),
        ]
        .concat()
    );
}

/// The mistakes of a scenario, as they are told.
fn told(text: &str, variant: Option<&str>) -> String {
    let loaded = sim_models::scenario::load(&input("retries", text), &overrides(variant, &[]));
    diagnostics::render(&loaded.problems, &loaded.sources, Palette::Plain)
}

/// Faults before the trigger in the list of the blueprint, which the file writes as one, do not shift
/// it, and a name finds it wherever it is in the list.
#[test]
fn a_trigger_is_found_by_its_place_in_the_file_or_by_its_name() {
    let fault = "{ at: 20s, for: 20s, slow: db, by: 10x }";
    let gentle = "{ at: 11s, for: 1s, slow: api, by: 1.01x, every: 2s }";
    let settings = ["stability.load={ workloads.web.arrivals: poisson 30/s..70/s in 2 }"];
    let plain = retries(3);
    let rows = |text: &str, variant| {
        let stability = found("retries", text, variant, &settings, 2);
        (stability.maps[0].cells.clone(), stability.maps[0].boundaries.clone())
    };
    let expected = rows(&plain, None);
    assert_eq!(expected.0[0][1].usual(), Some(Behaviour::Metastable));
    let later = plain.replace(fault, &format!("{gentle}, {fault}"));
    assert_eq!(rows(&later.replace("faults[0].by", "faults[1].by"), None), expected);
    let named = plain.replace("faults[0].by", "faults[slow db].by");
    assert_eq!(rows(&named, None), expected);
    let variant = format!("variants: {{ more: {{ faults: [ {gentle}, {fault} ] }} }}\n");
    assert_eq!(rows(&(named + &variant), Some("more")), expected);
    assert_eq!(told(&plain, None), "");
    let two = plain.replace(fault, &format!("{fault}, {fault}"));
    insta::assert_snapshot!(
        [
            told(&(plain.clone() + &variant), Some("more")),
            told(&plain.replace("faults[0].by", "faults[slow api].by"), None),
            told(&two.replace("faults[0].by", "faults[slow db].by"), None),
            told(&(plain + "variants: { none: { faults: [] } }\n"), Some("none")),
        ]
        .concat()
    );
}

fn moves(text: &str, settings: &[&str], jobs: usize) -> (Stability, Sensitivity) {
    let system = StressedSystem::prepare(input("retries", text), overrides(None, settings))
        .unwrap_or_else(|unready| panic!("{unready:?}"));
    let watch = Unattended { jobs };
    let stability = map(&system, &watch).expect("not interrupted");
    let moved = sensitivity(&system, &stability, &watch).expect("not interrupted");
    (stability, moved.expect("a boundary"))
}

/// With r retries and capacity C the boundary is C/(1 + r), so what each change does is known: half
/// the attempts, twice the connections.
#[test]
fn single_changes_move_the_boundary_as_theory_says() {
    let (_, sensitivity) = moves(&retries(4), &[], 2);
    let then = |path: &str, then: &str| {
        let mut changes = sensitivity.changes.iter();
        let is_it = |change: &&sim_experiments::stability::Moved| {
            change.change.path == path && change.change.then == then
        };
        changes.find(is_it).unwrap_or_else(|| panic!("no {path} = {then}")).then
    };
    let near = |boundary: Boundary, theory: f64| {
        let (heals, fails) = (boundary.heals().expect("heals"), boundary.fails().expect("ends"));
        assert!(heals >= theory * 0.88 && fails <= theory * 1.15, "{boundary:?}, theory {theory}");
    };
    near(sensitivity.now, 25.0);
    near(then("calls.api -> db.retry.attempts", "2"), 50.0);
    near(then("calls.api -> db.retry.attempts", "8"), 12.5);
    near(then("databases.db.connections.max", "20"), 50.0);
    near(then("databases.db.connections.max", "5"), 12.5);
    near(then("calls.api -> db.retry", "off"), 97.0);
    let by: Vec<f64> = sensitivity.changes.iter().map(|moved| moved.by.abs()).collect();
    assert!(by.is_sorted_by(|one, next| one >= next), "{by:?}");
    let paths = sensitivity.changes.iter().map(|moved| moved.change.path.as_str());
    assert!(paths.clone().any(|path| path == "databases.db.connections.queue"));
    assert!(!paths.clone().any(|path| path.contains("workloads")), "only guards, pools and queues");
}

#[test]
fn a_boundary_that_leaves_the_range_is_told_as_at_least_or_at_most() {
    let load = ["stability.load={ workloads.web.arrivals: poisson 15/s..40/s in 3 }"];
    let (mut stability, sensitivity) = moves(&retries(4), &load, 2);
    let of = |path: &str, then: &str| {
        let is_it = |moved: &&sim_experiments::stability::Moved| {
            moved.change.path == path && moved.change.then == then
        };
        sensitivity.changes.iter().find(is_it).expect("a change").then
    };
    assert_eq!(of("calls.api -> db.retry.attempts", "2"), Boundary::AtLeast(40.0));
    assert_eq!(of("calls.api -> db.retry.attempts", "8"), Boundary::AtMost(15.0));
    assert_eq!(sensitivity, moves(&retries(4), &load, 1).1, "for any number of threads");
    stability.sensitivity = Some(sensitivity);
    let text = report(&stability, "retries", Paper::new(Palette::Plain, 10_000));
    for said in [
        "at least 40/s, where the range ended",
        "at most 15/s, where the range began",
        "at least +",
        "at least -",
    ] {
        assert!(text.contains(said), "{said} in\n{text}");
    }
    let record: serde_json::Value = serde_json::from_str(&json(&stability, "test")).expect("JSON");
    assert_eq!(record["letters"]["M"], "metastable");
    assert_eq!(record["untriggered"]["boundary"], "at least");
    assert_eq!(record["sensitivity"]["boundary"], "between");
}

/// A search for the most attempts with which the system still heals at a load. More attempts answer
/// more requests while one query in three fails, and the map of each number of attempts says up to
/// which load the system heals.
#[test]
fn a_limit_on_healing_agrees_with_the_maps() {
    let most = |load: f64, seed: u64| {
        let heals = |attempts: &u32| {
            let setting = format!("run.seed={seed}");
            let stability = found("retries", &retries(*attempts), None, &[&setting], 2);
            stability.maps[0].boundaries[0].heals() >= Some(load)
        };
        (1..=6).rev().find(heals).expect("one attempt heals")
    };
    for seed in 1..=5 {
        let load = [22.0, 28.0, 36.0, 44.0, 30.0][seed as usize - 1];
        let goals = format!(
            "goals:
  settings: {{ calls.api -> db.retry.attempts: 1..6 }}
  conditions:
    flaky: {{ faults: [ {{ at: 20s, for: 100s, errors: db, rate: 30% }} ], workloads.web.arrivals: poisson 10/s }}
    calm: {{ faults: [] }}
  limits: [ {{ limit: heals up to {load}/s, in: [ calm ] }} ]
  maximize: [ availability of web ]
  runs: 300
"
        );
        let settings = [format!("run.seed={seed}")];
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let text = retries(3) + &goals;
        let system = TunableSystem::prepare(input("retries", &text), overrides(None, &settings))
            .unwrap_or_else(|unready| panic!("{unready:?}"));
        let recommendation = recommend(&system, &Unattended { jobs: 2 }).expect("not interrupted");
        assert_ne!(recommendation.conclusion, Conclusion::Unmet, "seed {seed}");
        let attempts = recommendation.candidate().levels[0].number;
        let of_maps = f64::from(most(load, seed));
        assert!(
            (attempts - of_maps).abs() <= 1.0,
            "seed {seed}: {attempts} attempts, the maps say {of_maps}, theory {}",
            100.0 / load
        );
    }
}

#[test]
fn a_limit_on_healing_needs_a_load_and_a_trigger_of_the_file() {
    let goals = |limit: &str| {
        format!(
            "goals: {{ settings: {{ calls.api -> db.retry.attempts: 1..6 }}, limits: [ {limit} ] }}\n"
        )
    };
    let retries = retries(3);
    let without = retries.split("stability:").next().expect("a beginning");
    insta::assert_snapshot!(
        [
            told(&(without.to_owned() + &goals("heals up to 30/s")), None),
            told(&(retries.clone() + &goals("heals up to 30ms in all runs")), None),
            told(&(retries.clone() + &goals("heals up to 30/s after 5x")), None),
            told(&(retries.clone() + &goals("heals up to")), None),
            told(&(retries.clone() + "expect: [ heals up to 30/s ]\n"), None),
        ]
        .concat()
    );
    assert_eq!(told(&(retries + &goals("heals up to 30/s after 10x in 90% of runs")), None), "");
}

/// Each cell of a part as the whole map has it, without a trigger and then with each.
fn check_cells(part: &KnownCells, whole: &Stability) -> usize {
    assert_eq!(part.maps.len(), whole.maps.len());
    let rows = part.maps.iter().flat_map(|map| &map.cells);
    let whole_rows = whole.maps.iter().flat_map(|map| &map.cells);
    let rows = std::iter::once(&part.untriggered).chain(rows);
    let rows = rows.zip(std::iter::once(&whole.untriggered).chain(whole_rows));
    let cells = rows.flat_map(|(row, whole): (&Vec<Option<Cell>>, &Vec<Cell>)| {
        assert_eq!(row.len(), whole.len());
        row.iter().zip(whole)
    });
    let known = cells.filter_map(|(cell, whole)| Some((cell.as_ref()?, whole)));
    known.map(|(cell, whole)| assert_eq!(cell, whole)).count()
}

/// The marks of a map in a report, without loads and triggers.
fn marks(text: &str) -> Vec<Vec<&str>> {
    let maps = text.split("\nMap").skip(1);
    let rows = maps.flat_map(|map| map.lines().skip(2).take_while(|line| line.contains("poisson")));
    rows.map(|row| row.split_whitespace().skip(2).collect()).collect()
}

/// Wherever it is stopped, it shows the cells that are known, as the whole map has them, says how many they are, and
/// concludes nothing.
#[test]
fn a_map_that_is_stopped_shows_the_cells_that_it_knows() {
    let also = "stability.trigger={ 'faults[0].by': '4x, 10x', 'faults[0].for': '5s, 20s' }";
    let load = "stability.load={ workloads.web.arrivals: poisson 30/s..90/s in 3 }";
    let settings = overrides(None, &[also, load, "run.duration=60s"]);
    let system = StressedSystem::prepare(input("retries", &retries(3)), settings)
        .unwrap_or_else(|unready| panic!("{unready:?}"));
    let whole = map(&system, &Unattended { jobs: 2 }).expect("not interrupted");
    let whole_text = report(&whole, "retries", Paper::new(Palette::Plain, 10_000));
    let (all, mut seen) = (3 * 5, BTreeSet::new());
    for asks in (0..).map(|step| step * 9) {
        let jobs = 1 + asks as usize % 2;
        let Err(part) = map(&system, &Impatient::after(jobs, asks)) else { break };
        let known = check_cells(&part, &whole);
        assert_eq!((part.count(), part.is_whole()), ((known, all), known == all));
        seen.insert(known);

        let text = report_of_part(&part, "retries", Paper::new(Palette::Plain, 10_000));
        let said = if known == all {
            "all 15 cells are known, the boundaries between them are not".to_owned()
        } else {
            format!("these are {known} of 15 cells")
        };
        let said = format!("PARTIAL: the map was interrupted; {said}");
        let above: Vec<&str> = text.lines().skip(1).take_while(|line| !line.is_empty()).collect();
        assert!(above.len() == 2 && above[0] == said && above[1].starts_with("well: "), "{text}");
        let sections = text.lines().filter(|line| line.starts_with(char::is_alphabetic)).skip(3);
        assert!(sections.clone().all(|line| line.starts_with("Map, ")), "{text}");
        assert!(text.contains("– not run, . not known: interrupted before"), "{text}");
        let (part_marks, whole_marks) = (marks(&text), marks(&whole_text));
        assert_eq!(part_marks.len(), whole_marks.len());
        for (mark, whole) in part_marks.iter().flatten().zip(whole_marks.iter().flatten()) {
            assert!(*mark == "." || mark == whole, "{text}\n{whole_text}");
        }
        assert_eq!(part_marks.iter().flatten().any(|mark| *mark == "."), known < all, "{text}");

        let record: serde_json::Value =
            serde_json::from_str(&json_of_part(&part, "retries")).expect("JSON");
        assert_eq!(record["partial"], serde_json::json!({ "cells": known, "of": all }));
        let rows = record["triggered"].as_array().expect("rows").iter();
        let rows = rows.chain([&record["untriggered"]]);
        let loads = rows.map(|row| row["loads"].as_array().expect("loads").len());
        assert_eq!(loads.sum::<usize>(), known);
        for concluded in ["boundary", "heals_up_to", "safe_load", "sensitivity", "hysteresis"] {
            assert!(!record.to_string().contains(concluded), "{record}");
        }
    }
    assert!(seen.contains(&0) && seen.contains(&all) && seen.len() > 4, "{seen:?}");
}
