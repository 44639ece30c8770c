//! Outputs for a scenario whose texts can be seen and are hostile all the same: each output is read back.

use std::path::Path;
use std::time::Duration;

use sim_experiments::recommend::{TunableSystem, recommend};
use sim_experiments::stability::{StressedSystem, map};
use sim_experiments::sweep::{Point, Shard, Sweep};
use sim_experiments::{Case, Impatient, Interrupted, Trial, Unattended, cases};
use sim_models::formats::{Exporter, FORMATS};
use sim_models::scenario::{Input, Overrides, Request, SweepRequest};
use sim_reports::exported::{self, Heading};
use sim_reports::sweep::{Header, JOURNAL, Journal};
use sim_reports::testing::{self, Held, TestResult, Tested, Timeline};
use sim_reports::{run, stability, sweep};

use super::readers;
use super::texts::VISIBLE;
use crate::pictures;

/// A scenario with all kinds of things, called `name`. Names are as hostile as their rule allows.
fn scenario(name: &str) -> Input {
    let name = serde_json::to_string(name).expect("a text");
    let text = format!(
        "name: {name}
run: {{ duration: 4s, seed: 3 }}
hosts: {{ -1-1: {{ cpus: 2 }} }}
workloads: {{ -web: {{ to: -a, arrivals: poisson 40/s }} }}
services:
  -a: {{ threads: 4, handle: [ {{ work: exponential 20ms }}, {{ effect: -charge }}, {{ call: -b }} ] }}
  -b: {{ threads: 2, host: -1-1, handle: [ {{ work: exponential 10ms }} ] }}
links: {{ -l: {{ rate: 1000/s }} }}
calls: {{ -a -> -b: {{ link: -l, timeout: 100ms, breaker: {{ window: 10 calls, minimum calls: 5 }} }} }}
faults: [ {{ at: 1s, for: 1s, slow: -b, by: 20x }} ]
alerts: {{ -page: {{ when: error rate of -a -> -b over 1s is above 1%, severity: -bad }} }}
variants: {{ -v: {{ run.seed: 4 }} }}
expect: [ availability of -web is exactly 100%, p99 of -web is below 1ns ]
"
    );
    Input { name: "test.yaml".into(), text, folder: ".".into() }
}

fn sections(name: &str, more: &str) -> Input {
    let input = scenario(name);
    let text = input.text.split_once("variants:").map_or("", |(before, _)| before);
    Input { text: format!("{text}{more}"), ..input }
}

/// Fails if any file in a folder does something to its reader. Returns the texts of all drawings.
fn folder(path: &Path, about: &str) -> Vec<String> {
    let mut drawn = Vec::new();
    for entry in std::fs::read_dir(path).expect("a folder") {
        let file = entry.expect("an entry").path();
        let about = format!("{about} in {}", file.display());
        let bytes = std::fs::read(&file).expect("readable");
        match file.extension().and_then(|it| it.to_str()) {
            Some("csv") => drop(readers::csv(&bytes, &about)),
            Some("json") => drop(readers::json(&String::from_utf8(bytes).expect("UTF-8"), &about)),
            Some("svg") => {
                let svg = String::from_utf8(bytes).expect("UTF-8");
                assert_eq!(pictures::flaws(&svg), [""; 0], "{about}");
                drawn.extend(readers::xml(&svg, &about));
            }
            Some("png") => assert!(bytes.starts_with(b"\x89PNG"), "{about}"),
            Some("jsonl" | "parquet") => {}
            other => panic!("{about}: {other:?}"),
        }
    }
    drawn
}

fn tested(case: &Case, trial: &Trial) -> Tested {
    let expectations = trial.finished.system.blueprint().expectations.iter().zip(&trial.verdicts);
    let held = expectations.map(|(expectation, verdict)| Held {
        expectation: expectation.clone(),
        seeds: u64::from(verdict.holds),
        fails_for: if verdict.holds { Vec::new() } else { vec![3] },
        verdict: verdict.clone(),
    });
    Tested {
        name: trial.finished.summary.scenario.clone(),
        variant: case.variant.clone(),
        took: Duration::from_millis(1),
        result: TestResult::Ran {
            expectations: held.collect(),
            seeds: 1,
            stopped: None,
            timeline: Timeline::NotCommitted,
        },
    }
}

#[test]
fn a_run_and_its_tests_are_read_back() {
    for (kind, text) in VISIBLE {
        let mut tests = Vec::new();
        for case in cases(&scenario(text), &Overrides::default()) {
            let trial = Trial::of(
                case.loaded
                    .blueprint
                    .as_ref()
                    .unwrap_or_else(|| panic!("{:#?}", case.loaded.problems)),
            );
            readers::report(
                |palette| run::report(&trial.finished, &run::Invocation::default(), palette),
                kind,
            );
            assert_eq!(
                readers::json(&run::json(&trial.finished, &run::Invocation::default()), kind)["scenario"],
                *text
            );
            readers::plain(&testing::snapshot(&trial.finished), kind);
            let into = tempfile::tempdir().expect("a folder");
            run::write_all(&trial.finished, &run::Invocation::default(), into.path())
                .expect("written");
            let drawn = folder(into.path(), kind);
            assert!(drawn.iter().any(|it| it.contains(*text)), "{kind}: {drawn:?}");
            tests.push(tested(&case, &trial));
        }
        let took = Duration::from_secs(1);
        readers::report(|palette| testing::list(&tests, took, palette), kind);
        assert_eq!(readers::json(&testing::json(&tests), kind)["tests"][0]["scenario"], *text);
        let junit = readers::xml(&testing::junit(&tests, took).expect("XML"), kind);
        assert!(junit.iter().any(|it| it == text), "{kind}: {junit:?}");
    }
}

/// One name for what takes long to compute.
const NAME: &str = "=1+1 <&\"'> ]]> ../../x";

#[test]
fn a_sweep_is_read_back() {
    let input = sections(
        NAME,
        "sweep: { vary: { services.-a.threads: [ 1, 4 ], 'calls.-a -> -b.timeout': [ 10ms, 1s ] }, minimize: [ p99 of -web ], replications: 2 }\n",
    );
    let overrides =
        Overrides { request: Request::Sweep(SweepRequest::default()), ..Overrides::default() };
    let prepared = Sweep::prepare(input, overrides).unwrap_or_else(|why| panic!("{why:?}"));
    let into = tempfile::tempdir().expect("a folder");
    let header = Header::of(&prepared, Shard::WHOLE);
    let journal = Journal::create(&into.path().join(JOURNAL), &header).expect("a journal");
    let keep = |points: &[Point]| {
        for point in points {
            journal.append(point).expect("written");
        }
        Ok::<(), Interrupted>(())
    };
    prepared
        .run(Shard::WHOLE, &|_| false, &Unattended { jobs: 1 }, &keep)
        .expect("not interrupted");
    swept(&header, &[journal], into.path());
}

fn swept(header: &Header, journals: &[Journal], into: &Path) {
    let findings = sweep::findings(header, journals).expect("whole");
    let report = |palette| sweep::report(header, journals, &findings, palette).expect("read");
    readers::report(report, "a sweep");
    sweep::write_all(header, journals, &findings, into).expect("written");
    let drawn = folder(into, "a sweep");
    assert!(drawn.iter().any(|it| it.contains(&header.scenario)), "{drawn:?}");
}

#[test]
fn a_recommendation_is_read_back() {
    let input = sections(
        NAME,
        "goals: { settings: { services.-a.threads: { values: 1..8, label: \"=cmd|'<&>\" } }, conditions: { -bad night: { run.seed: 9 } }, limits: [ availability of -web is at least 10% ], runs: 6, validations: 3 }\n",
    );
    let system =
        TunableSystem::prepare(input, Overrides::default()).unwrap_or_else(|why| panic!("{why:?}"));
    let found = recommend(&system, &Unattended { jobs: 1 }).expect("not interrupted");
    let report = |palette| sim_reports::recommend::report(&found, NAME, palette);
    readers::report(report, "a recommendation");
    let values = |palette| sim_reports::recommend::values(&system, &found.candidate(), palette);
    readers::report(values, "its values");
    let into = tempfile::tempdir().expect("a folder");
    sim_reports::recommend::write_all(&found, NAME, into.path()).expect("written");
    folder(into.path(), "a recommendation");
}

#[test]
fn a_map_of_stability_is_read_back() {
    let input = sections(
        NAME,
        "stability: { load: { workloads.-web.arrivals: poisson 20/s..60/s in 2 }, trigger: { 'faults[0].for': [ 500ms, 1s ] } }\n",
    );
    let system = StressedSystem::prepare(input, Overrides::default())
        .unwrap_or_else(|why| panic!("{why:?}"));
    let found = map(&system, &Unattended { jobs: 1 }).expect("not interrupted");
    readers::report(|palette| stability::report(&found, NAME, palette), "a map");
    readers::json(&stability::json(&found, NAME), "a map");
    let into = tempfile::tempdir().expect("a folder");
    stability::write_all(&found, NAME, into.path()).expect("written");
    folder(into.path(), "a map");
    let part = map(&system, &Impatient::after(1, 9)).expect_err("interrupted");
    readers::report(|palette| stability::report_of_part(&part, NAME, palette), "a part of a map");
    readers::json(&stability::json_of_part(&part, NAME), "a part of a map");
}

#[test]
fn an_exported_configuration_says_what_it_would_say_of_any_name() {
    let heading = |scenario: &str| Heading {
        scenario: scenario.to_owned(),
        seed: 1,
        warning: None,
        changes: vec![format!("{scenario} is 1")],
    };
    let of = |name: &str, exporter: &Exporter| {
        let case = cases(&scenario(name), &Overrides::default()).swap_remove(0);
        let documents = exporter.export(&case.loaded.blueprint.expect("a sound scenario"));
        exported::render(exporter, &heading(name), &documents)
    };
    let settings = |text: &str, comment: &str| {
        let is_setting = |line: &&str| !line.trim_start().starts_with(comment);
        text.lines().filter(is_setting).map(str::to_owned).collect::<Vec<_>>()
    };
    for exporter in FORMATS.iter().filter_map(|format| format.export.as_ref()) {
        let expected = settings(&of("fine", exporter), exporter.comment());
        for (kind, text) in VISIBLE {
            let shown = of(text, exporter);
            // A format is code, which is indented by tabs.
            readers::plain(&shown.replace('\t', "  "), kind);
            assert_eq!(settings(&shown, exporter.comment()), expected, "{kind}");
        }
    }
}
