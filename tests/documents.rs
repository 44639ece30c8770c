//! The documents for programs: each is as its published JSON Schema says.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jsonschema::Validator;
use serde_json::{Value, json};
use sim_experiments::recommend::{
    Conclusion, Recommendation, TunableSystem, block, recheck, recommend,
};
use sim_experiments::stability::{StressedSystem, map, sensitivity};
use sim_experiments::sweep::{Point, Shard, Sweep};
use sim_experiments::{Finished, Impatient, Interrupted, Trial, Unattended, replicate};
use sim_models::scenario::{Input, Overrides, Request, SweepRequest};
use sim_reports::documents::{DOCUMENTS, DocumentKind};
use sim_reports::run::{self, Invocation};
use sim_reports::sweep::{Header, Journal};
use sim_reports::testing::{self, Held, TestResult, Tested, Timeline};
use sim_reports::{recommend as recommended, stability, sweep};

use crate::running::{self, blueprint, library_runs, load_text, run_text};

/// A system with something of everything, and `none`, a workload whose requests are never answered.
const SHOP: &str = "name: shop
run: { duration: 6s, seed: 3 }
workloads: { web: { to: api, arrivals: poisson 40/s }, none: { to: stuck, arrivals: constant 1/s } }
services:
  api: { threads: 4, handle: [ { work: exponential 20ms }, { call: db } ] }
  db: { threads: 2, handle: [ { work: exponential 10ms } ] }
  stuck: { threads: 20, handle: [ { work: 1h } ] }
calls: { api -> db: { timeout: 100ms, breaker: { window: 10 calls, minimum calls: 5 } } }
faults: [ { at: 1s, for: 1s, slow: db, by: 20x } ]
expect: [ availability of web is exactly 100%, p99 of none is below 1ms ]
";

const WATCH: Unattended = Unattended { jobs: 2 };

fn input(more: &str) -> Input {
    Input { name: "test.yaml".into(), text: format!("{SHOP}{more}"), folder: ".".into() }
}

fn schema(name: &str) -> Value {
    let kind = DOCUMENTS.iter().find(|kind| kind.name == name).expect("a document");
    kind.schema()
}

pub fn validator(name: &str) -> Validator {
    jsonschema::validator_for(&schema(name)).expect("a sound schema")
}

pub fn flaws(validator: &Validator, document: &Value) -> Vec<String> {
    let errors = validator.iter_errors(document);
    errors.map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn read(document: &str) -> Value {
    serde_json::from_str(document).expect("JSON")
}

/// Fails unless a document begins with its format and is as its schema says, which asks for every field but the
/// `optional` ones and allows fields that a later program adds.
fn is_described(name: &str, document: &str, optional: &[&str]) -> Value {
    let (validator, document) = (validator(name), read(document));
    assert_eq!(flaws(&validator, &document), Vec::<String>::new(), "{name}: {document:#}");
    let fields = document.as_object().expect("an object");
    assert_eq!(fields.keys().next().map(String::as_str), Some("format"), "{name}");
    for field in fields.keys() {
        let mut without = document.clone();
        without.as_object_mut().expect("an object").remove(field);
        let is_optional = optional.contains(&field.as_str());
        assert_eq!(validator.is_valid(&without), is_optional, "{name} without {field}");
    }
    let mut later = document.clone();
    later["added later"] = json!([1, 2]);
    assert!(validator.is_valid(&later), "{name} takes no new field");
    later["format"] = json!("fusebox-other/1");
    assert!(!validator.is_valid(&later), "{name} takes any format");
    document
}

#[test]
fn every_document_has_a_format_of_its_own() {
    let formats: BTreeSet<String> = DOCUMENTS.iter().map(DocumentKind::format).collect();
    assert_eq!(formats.len(), DOCUMENTS.len());
    for kind in DOCUMENTS {
        let schema = kind.schema();
        assert_eq!(schema["properties"]["format"]["const"], kind.format());
        assert!(jsonschema::meta::is_valid(&schema), "{}", kind.name);
        assert_eq!(undescribed(&schema), Vec::<String>::new(), "{}", kind.name);
    }
}

/// The fields of a schema without a description, but for the one that stands for a choice between several.
fn undescribed(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(fields) = schema["properties"].as_object()
        && fields.len() > 1
    {
        let silent = fields.iter().filter(|(_, field)| !field["description"].is_string());
        found.extend(silent.map(|(name, field)| format!("{name}: {field}")));
    }
    let parts: Vec<&Value> = match schema {
        Value::Object(entries) => entries.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    found.extend(parts.into_iter().flat_map(undescribed));
    found
}

#[test]
fn the_documentation_lists_every_document() {
    let path = running::root().join("docs/results.md");
    let text = std::fs::read_to_string(path).expect("readable");
    for kind in DOCUMENTS {
        let row =
            format!("| `{}` | {} | `fusebox schema {}` |", kind.format(), kind.made_by, kind.name);
        assert!(text.contains(&row), "{row}");
    }
}

/// A change of a document is seen in review: a new field keeps the version, any other change raises it.
#[test]
fn the_schemas_are_as_published() {
    for kind in DOCUMENTS {
        let schema = serde_json::to_string_pretty(&kind.schema()).expect("JSON");
        insta::assert_snapshot!(kind.name, schema);
    }
}

#[test]
fn the_run_of_every_scenario_of_the_library_is_as_described() {
    let validator = validator("run");
    let as_written = library_runs().iter().filter(|run| run.variant.is_none());
    let wrong: Vec<String> = as_written
        .filter_map(|run| {
            let document = run::json(&run.finished, &Invocation::of_file(&run.file));
            let flaws = flaws(&validator, &read(&document));
            (!flaws.is_empty()).then(|| format!("{}: {flaws:#?}", run.title()))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_run_is_as_described_also_where_there_is_nothing_to_read() {
    let finished = run_text(SHOP, &[]);
    let invocation = Invocation::of_file(Path::new("shop.yaml"));
    let document = is_described("run", &run::json(&finished, &invocation), &["load"]);
    let none = &document["workloads"][1];
    assert!(none["latency"]["p99"].is_null() && none["availability"] == 0.0, "{none:#}");
    let mut without = document.clone();
    let latency = &mut without["workloads"][0]["latency"];
    latency.as_object_mut().expect("an object").remove("p99");
    assert!(!validator("run").is_valid(&without));
    let other = run_text(SHOP, &["services.db.threads=1"]);
    let runs: [(&Finished, &Invocation); 2] = [(&finished, &invocation), (&other, &invocation)];
    let document = is_described("variants", &run::comparison_json(&runs), &[]);
    assert_eq!(document["runs"][0], read(&run::json(&finished, &invocation)));
    // No request has begun, and the warm-up does not end.
    let silent = run_text(
        SHOP,
        &["workloads.web.arrivals=constant 0/s", "run.warmup=3s", "limits.events=2"],
    );
    let document = is_described("run", &run::json(&silent, &invocation), &["partial"]);
    let web = &document["workloads"][0];
    assert!(web["availability"].is_null() && web["goodput"].is_null(), "{web:#}");
}

#[test]
fn replications_are_as_described() {
    let loaded = load_text(SHOP, &[]);
    let invocation = Invocation::of_file(Path::new("shop.yaml"));
    for wanted in [0, 1, 3] {
        let mut replicated = replicate(&blueprint(&loaded), wanted, &WATCH);
        let document = run::replications_json(&replicated, &invocation);
        let document = is_described("replications", &document, &["stopped"]);
        if wanted > 0 {
            assert!(document["workloads"][1]["p99_latency"]["mean"].is_null(), "{document:#}");
            let mut without = document.clone();
            without["pools"][0].as_object_mut().expect("an object").remove("utilization");
            assert!(!validator("replications").is_valid(&without));
        }
        replicated.stopped = Some("it was interrupted".to_owned());
        let document = run::replications_json(&replicated, &invocation);
        is_described("replications", &document, &["stopped"]);
    }
}

#[test]
fn tests_are_as_described() {
    let timelines = [
        Timeline::Same,
        Timeline::Differs("- a\n+ b".to_owned()),
        Timeline::Stray(3),
        Timeline::NotCommitted,
    ];
    let trial = Trial::of(&blueprint(&load_text(SHOP, &[])));
    let expectations = &trial.finished.system.blueprint().expectations;
    let held: Vec<Held> = expectations
        .iter()
        .zip(trial.verdicts)
        .map(|(expectation, verdict)| Held {
            expectation: expectation.clone(),
            seeds: u64::from(verdict.holds),
            fails_for: if verdict.holds { Vec::new() } else { vec![3] },
            verdict,
        })
        .collect();
    let mut results: Vec<TestResult> = timelines
        .into_iter()
        .map(|timeline| TestResult::Ran {
            expectations: held.clone(),
            seeds: 1,
            stopped: (timeline == Timeline::Same).then(|| "limits.events".to_owned()),
            timeline,
        })
        .collect();
    results.push(TestResult::Unreadable);
    let tested = |(place, result)| Tested {
        name: "shop".to_owned(),
        variant: (place == 1).then(|| "slow".to_owned()),
        took: Duration::from_millis(7),
        result,
    };
    let tests: Vec<Tested> = results.into_iter().enumerate().map(tested).collect();
    is_described("tests", &testing::json(&[]), &[]);
    is_described("tests", &testing::json(&tests), &[]);
}

#[test]
fn maps_of_stability_are_as_described_whole_and_in_part() {
    let map_of = |load: &str| {
        let plan = format!(
            "stability: {{ load: {{ {load} }}, trigger: {{ 'faults[0].for': [ 500ms, 1s ] }}, workload: web }}\n"
        );
        StressedSystem::prepare(input(&plan), Overrides::default())
            .unwrap_or_else(|why| panic!("{why:?}"))
    };
    let system = map_of("workloads.web.arrivals: poisson 20/s..200/s in 3");
    let mut found = map(&system, &WATCH).expect("not interrupted");
    let without = is_described("stability", &stability::json(&found, "shop"), &[]);
    assert!(without["sensitivity"].is_null() && without["hysteresis"].is_array());
    found.sensitivity = sensitivity(&system, &found, &WATCH).expect("not interrupted");
    let with = is_described("stability", &stability::json(&found, "shop"), &[]);
    assert!(with["sensitivity"]["changes"].as_array().is_some_and(|it| !it.is_empty()), "{with:#}");
    for asks in [0, 9] {
        let part = map(&system, &Impatient::after(1, asks)).expect_err("interrupted");
        is_described("stability", &stability::json_of_part(&part, "shop"), &[]);
    }
    found.hysteresis = None;
    let document = is_described("stability", &stability::json(&found, "shop"), &[]);
    assert!(document["hysteresis"].is_null());
}

/// A search under two conditions, for which a limit is promised together.
fn searched(limit: &str) -> (TunableSystem, Recommendation) {
    let goals = format!(
        "prices: {{ thread: 1 }}\ngoals: {{ settings: {{ services.api.threads: 1..8, calls.api -> db.breaker: [ on, off ] }}, \
         conditions: {{ day: {{}}, night: {{ run.seed: 9 }} }}, probabilities: {{ day: 90%, night: 10% }}, \
         limits: [ {limit} ], minimize: [ cost, p99 of web ], runs: 60, validations: 3 }}\n"
    );
    let system = TunableSystem::prepare(input(&goals), Overrides::default())
        .unwrap_or_else(|why| panic!("{why:?}"));
    let found = recommend(&system, &WATCH).expect("not interrupted");
    (system, found)
}

#[test]
fn recommendations_are_as_described() {
    let (system, found) = searched("availability of web is at least 10% in 80% of runs");
    let document = is_described("recommendation", &recommended::json(&found, "shop"), &[]);
    for list in ["settings", "limits", "together", "objectives", "strained", "front", "formulas"] {
        assert!(document[list].as_array().is_some_and(|it| !it.is_empty()), "{list}: {document:#}");
    }
    let (_, unmet) = searched("p99 of web is below 1ms");
    assert_eq!(unmet.conclusion, Conclusion::Unmet);
    let document = is_described("recommendation", &recommended::json(&unmet, "shop"), &[]);
    assert!(document["unmet"][0]["best"].is_number(), "{document:#}");
    let systems = system.systems(&found.candidate()).expect("sound");
    let checked = recheck(&system, &systems, block(2, 3).expect("few"), &WATCH);
    let checked = checked.expect("not interrupted");
    let document = is_described("recheck", &recommended::recheck_json(&checked, "shop"), &[]);
    assert!(document["together"].as_array().is_some_and(|it| !it.is_empty()), "{document:#}");
}

#[test]
fn sweeps_are_as_described_whole_and_in_part() {
    for design in ["grid", "sobol 8"] {
        let plan = format!(
            "sweep: {{ vary: {{ services.api.threads: 1..4, 'calls.api -> db.breaker': [ on, off ] }}, design: {design}, \
             minimize: [ p99 of web ], figures: [ p99 of none ], replications: 2 }}\n"
        );
        let overrides =
            Overrides { request: Request::Sweep(SweepRequest::default()), ..Overrides::default() };
        let prepared =
            Sweep::prepare(input(&plan), overrides).unwrap_or_else(|why| panic!("{why:?}"));
        let header = Header::of(&prepared, Shard::WHOLE);
        let journal = Journal::temporary(&header).expect("a journal");
        let mut document = Vec::new();
        sweep::json_of_part(&header, &journal, &mut document).expect("written");
        let document = String::from_utf8(document).expect("UTF-8");
        let part = is_described("sweep", &document, &["partial"]);
        assert_eq!(part["partial"]["points"], 0);
        let keep = |points: &[Point]| {
            for point in points {
                journal.append(point).expect("written");
            }
            Ok::<(), Interrupted>(())
        };
        prepared.run(Shard::WHOLE, &|_| false, &WATCH, &keep).expect("not interrupted");
        let mut document = Vec::new();
        sweep::json(&header, &[journal], &mut document).expect("written");
        let document = String::from_utf8(document).expect("UTF-8");
        let whole = is_described("sweep", &document, &["partial"]);
        assert!(whole["points"][0]["figures"]["p99 of none"].is_null(), "{whole:#}");
        assert!(whole["points"][0]["figures"]["p99 of web"]["mean"].is_number(), "{whole:#}");
    }
}
