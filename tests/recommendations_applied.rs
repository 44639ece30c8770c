//! Recommended settings put to use: written into the file, read from their record, checked again,
//! and replayed run by run.

use std::path::Path;

use sim_experiments::recommend::{
    Candidate, Conclusion, Misapplied, TunableSystem, block, changes, recheck, recommend,
};
use sim_experiments::{Trial, Unattended, figures};
use sim_models::scenario::{GoalsRequest, Input, Loaded, Overrides, Request, load};
use sim_reports::edit::edited;
use sim_reports::recommend::{json, read, recheck_json, recheck_report, report, set_line};
use sim_reports::{Palette, diagnostics};

const WATCH: Unattended = Unattended { jobs: 2 };

/// Settings of every kind, each written in another way.
const SHOP: &str = "# The shop, as it is
run: { duration: 20s, seed: 5 }
workloads:
  web: { to: api, arrivals: poisson 100/s } # steady
services:
  api:
    threads: { max: 30, queue: 100 }   # as on the hosts
    handle: [ { work: exponential 10ms }, { call: db } ]
  db: { threads: 20, handle: [ { work: 5ms } ] }
calls:
  'web->api': { \"timeout\": \"2s\" }
  api -> db:
    # Longer than any answer.
    timeout: 500ms # why
    breaker: { window: 50 calls, failure rate: 50%, wait: 10s }
    balance: round robin
    bulkhead: # permits
      semaphore: 12
      max wait: 10ms
prices: { thread: 1 }
goals:
  settings:
    web: 1..2
  limits: [ mean latency of web is below 55ms ]
";

fn input(text: &str, folder: &Path) -> Input {
    Input { name: "shop.yaml".into(), text: text.into(), folder: folder.into() }
}

/// The scenario with other settings that may change.
fn shop(settings: &str) -> String {
    SHOP.replace("    web: 1..2\n", settings)
}

fn system_of(input: &Input) -> TunableSystem {
    TunableSystem::prepare(input.clone(), Overrides::default()).unwrap_or_else(|why| {
        let sim_experiments::Unready::Problems(loaded) = why else { panic!("nothing is asked") };
        panic!("{}", loaded.iter().map(shown).collect::<String>())
    })
}

fn shown(loaded: &Loaded) -> String {
    diagnostics::render(&loaded.problems, &loaded.sources, Palette::Plain)
}

fn candidate(system: &TunableSystem, values: &[&str]) -> Candidate {
    let level = |(place, value): (usize, &&str)| {
        system.level(place, value).unwrap_or_else(|| panic!("{value} is no value"))
    };
    Candidate { levels: values.iter().enumerate().map(level).collect() }
}

/// The text with the values of a candidate in it.
fn written(text: &str, system: &TunableSystem, candidate: &Candidate) -> String {
    let changes = changes(system.plan(), candidate);
    let values: Vec<(String, String)> = changes
        .iter()
        .map(|change| (change.setting.path.clone(), change.value.to_owned()))
        .collect();
    edited(text, &values).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Each kind of setting: the values it may have, one of them, and the line of the file that changes
/// (`None`: one that is new), with what it becomes.
const KINDS: [(&str, &str, Option<&str>, &str); 14] = [
    (
        "calls.api -> db.timeout: 50ms..2s log",
        "137ms",
        Some("    timeout: 500ms # why"),
        "    timeout: 137ms # why",
    ),
    (
        "calls.web -> api.timeout: 1s..5s",
        "1.5s",
        Some("  'web->api': { \"timeout\": \"2s\" }"),
        "  'web->api': { \"timeout\": \"1.5s\" }",
    ),
    (
        "calls.api -> db.breaker.failure rate: 20%..80%",
        "32.5%",
        Some("    breaker: { window: 50 calls, failure rate: 50%, wait: 10s }"),
        "    breaker: { window: 50 calls, failure rate: 32.5%, wait: 10s }",
    ),
    (
        "calls.api -> db.breaker.window: 20..200 calls log",
        "64 calls",
        Some("    breaker: { window: 50 calls, failure rate: 50%, wait: 10s }"),
        "    breaker: { window: 64 calls, failure rate: 50%, wait: 10s }",
    ),
    (
        "services.api.threads: 10..200 log",
        "44",
        Some("    threads: { max: 30, queue: 100 }   # as on the hosts"),
        "    threads: { max: 44, queue: 100 }   # as on the hosts",
    ),
    (
        "services.api.threads.queue: 10..200",
        "44",
        Some("    threads: { max: 30, queue: 100 }   # as on the hosts"),
        "    threads: { max: 30, queue: 44 }   # as on the hosts",
    ),
    (
        "services.db.threads.max: 10..200",
        "44",
        Some("  db: { threads: 20, handle: [ { work: 5ms } ] }"),
        "  db: { threads: 44, handle: [ { work: 5ms } ] }",
    ),
    (
        "services.db.threads.queue: 10..200",
        "44",
        Some("  db: { threads: 20, handle: [ { work: 5ms } ] }"),
        "  db: { threads: { max: 20, queue: 44 }, handle: [ { work: 5ms } ] }",
    ),
    (
        "services.db.instances: 1..4",
        "3",
        Some("  db: { threads: 20, handle: [ { work: 5ms } ] }"),
        "  db: { threads: 20, handle: [ { work: 5ms } ], instances: 3 }",
    ),
    (
        "workloads.web.arrivals: poisson 50/s..200/s",
        "poisson 150/s",
        Some("  web: { to: api, arrivals: poisson 100/s } # steady"),
        "  web: { to: api, arrivals: poisson 150/s } # steady",
    ),
    (
        "calls.api -> db.balance: [ round robin, random ]",
        "random",
        Some("    balance: round robin"),
        "    balance: random",
    ),
    (
        "calls.api -> db.breaker: [ on, off ]",
        "off",
        Some("    breaker: { window: 50 calls, failure rate: 50%, wait: 10s }"),
        "",
    ),
    (
        "calls.api -> db.bulkhead: [ on, off, { semaphore: 40 } ]",
        "{\"semaphore\":40}",
        Some("    bulkhead: # permits"),
        "    bulkhead: { semaphore: 40 } # permits",
    ),
    ("services.api.instances: 1..4", "3", None, "    instances: 3"),
];

#[test]
fn a_setting_of_any_kind_is_written_where_it_belongs_and_has_its_value_when_read_again() {
    let folder = Path::new(".");
    for (setting, value, old, new) in KINDS {
        let text = shop(&format!("    {setting}\n"));
        let system = system_of(&input(&text, folder));
        let candidate = candidate(&system, &[value]);
        let after = written(&text, &system, &candidate);
        let again = input(&after, folder);
        system.check_written(&candidate, &again).unwrap_or_else(|why| panic!("{setting}: {why}"));
        let gone: Vec<&str> = text.lines().filter(|line| !after.contains(line)).collect();
        let came: Vec<&str> = after.lines().filter(|line| !text.contains(line)).collect();
        assert_eq!(gone.first().copied(), old, "{setting}: {after}");
        assert_eq!(came.concat(), new, "{setting}: {after}");
        let now = system_of(&again).plan().now[0].clone().map(|now| now.number);
        assert_eq!(now, Some(candidate.levels[0].number), "{setting}: {after}");
        let line = set_line(&changes(system.plan(), &candidate));
        assert!(
            line.starts_with("--set ") && line.contains("services.") != line.contains('\''),
            "{line}"
        );
    }
}

#[test]
fn all_settings_together_are_written_and_a_second_time_changes_nothing() {
    let places = [0, 1, 2, 3, 4, 8, 10, 12, 13];
    let settings: String =
        places.iter().map(|place| ["    ", KINDS[*place].0, "\n"].concat()).collect();
    let values: Vec<&str> = places.iter().map(|place| KINDS[*place].1).collect();
    let text = shop(&settings);
    let system = system_of(&input(&text, Path::new(".")));
    let candidate = candidate(&system, &values);
    let after = written(&text, &system, &candidate);
    let again = input(&after, Path::new("."));
    system.check_written(&candidate, &again).expect("the same system");
    let system = system_of(&again);
    assert!(changes(system.plan(), &system.as_it_is()).is_empty());
    let unchanged = changes(system.plan(), &candidate).is_empty();
    assert!(unchanged && written(&after, &system, &candidate) == after);
}

/// A value of an included file or of `defaults:` is overridden in the file itself.
#[test]
fn values_from_defaults_and_included_files_are_written_beside_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let part = "calls: { web -> api: { timeout: 3s }, api -> db: { breaker: { preset: resilience4j, slidingWindowSize: 60 } } }\n";
    std::fs::write(folder.path().join("part.yaml"), part).expect("written");
    let text = "include: [ part.yaml ]
run: { duration: 20s }
workloads: { web: { to: api, arrivals: poisson 100/s } }
services:
  api: { handle: [ { work: exponential 10ms }, { call: db } ] }
  db: { handle: [ { work: 5ms } ] }
defaults: { services: { threads: 40 } }
goals:
  settings: { calls.web -> api.timeout: 1s..5s, services.db.threads: 10..99 }
  limits: [ mean latency of web is below 55ms ]
";
    let system = system_of(&input(text, folder.path()));
    let all = candidate(&system, &["2s", "50"]);
    let after = written(text, &system, &all);
    let added = "  db: { handle: [ { work: 5ms } ], threads: 50 }\n";
    assert!(after.contains(added), "{after}");
    assert!(after.ends_with("calls:\n  web -> api: { timeout: 2s }\n"), "{after}");
    system.check_written(&all, &input(&after, folder.path())).expect("the same system");
    // Elsewhere the included file is not found.
    let elsewhere = system.check_written(&all, &input(&after, &folder.path().join("deeper")));
    assert!(matches!(elsewhere, Err(Misapplied::Problems(_))), "{elsewhere:?}");
    // A breaker without its preset would be another one: the whole of it comes from the other file.
    let text = text.replace(
        "calls.web -> api.timeout: 1s..5s",
        "calls.api -> db.breaker.slidingWindowSize: 20..99",
    );
    let system = system_of(&input(&text, folder.path()));
    let all = candidate(&system, &["30", "50"]);
    let after = written(&text, &system, &all);
    assert!(system.check_written(&all, &input(&after, folder.path())).is_err(), "{after}");
}

#[test]
fn a_condition_or_variant_that_sets_the_same_value_is_noticed() {
    let text = shop("    services.api.threads: 10..200\n").replace(
        "  limits:",
        "  conditions: { normal: {}, small: { services.api.threads: 5 } }\n  limits:",
    );
    let system = system_of(&input(&text, Path::new(".")));
    let candidate_ = candidate(&system, &["44"]);
    let after = written(&text, &system, &candidate_);
    match system.check_written(&candidate_, &input(&after, Path::new("."))) {
        Err(Misapplied::Differs { condition }) => assert_eq!(condition.as_deref(), Some("small")),
        other => panic!("{other:?}"),
    }
    let text = format!(
        "{}variants: {{ small: {{ services.api.threads: 5 }} }}\n",
        shop("    services.api.threads: 10..200\n")
    );
    let overrides = Overrides { variant: Some("small".into()), ..Overrides::default() };
    let system = TunableSystem::prepare(input(&text, Path::new(".")), overrides).expect("sound");
    let candidate_ = candidate(&system, &["44"]);
    let after = written(&text, &system, &candidate_);
    let checked = system.check_written(&candidate_, &input(&after, Path::new(".")));
    assert!(matches!(checked, Err(Misapplied::Differs { condition: None })), "{checked:?}");
}

/// An M/M/c queue whose mean sojourn is 58 ms with seven servers.
const QUEUE: &str = "run: { duration: 30s, warmup: 5s, seed: 5 }
workloads: { web: { to: api, arrivals: poisson 100/s } }
services: { api: { threads: 30, handle: [ { work: exponential 50ms } ] } }
prices: { thread: 1 }
goals:
  settings: { services.api.threads: 5..40 }
  conditions: { normal: {}, slow: { faults: [ { at: 10s, for: 5s, slow: api, by: 1.1x } ] }, both: [ normal, slow ] }
  limits:
    - mean latency of web is below 60ms
    - { limit: availability of web is at least 99%, in: [ slow ] }
  runs: 300
  validations: 3
expect: [ availability of web is at least 99% after fault ]
faults: [ { at: 10s, for: 1s, slow: api, by: 1.1x } ]
";

#[test]
fn a_record_is_read_back_and_every_way_in_which_it_does_not_fit_is_told() {
    let queue = input(QUEUE, Path::new("."));
    let system = system_of(&queue);
    let found = recommend(&system, &WATCH).expect("not interrupted");
    assert_eq!(found.conclusion, Conclusion::Change);
    let record = json(&found, "shop");
    let recorded = read(&record, "recommendation.json", &system).expect("it fits");
    assert_eq!(recorded.candidate, found.candidate());
    assert!(recorded.remarks.is_empty(), "{:?}", recorded.remarks);
    let line = set_line(&changes(system.plan(), &found.candidate()));
    assert!(report(&found, "shop", Palette::Plain).contains(&line), "{line}");
    // Written, the file has these values already, and the record still fits.
    let after = input(&written(QUEUE, &system, &found.candidate()), Path::new("."));
    system.check_written(&found.candidate(), &after).expect("the same system");
    let system = system_of(&after);
    let recorded = read(&record, "recommendation.json", &system).expect("it fits");
    assert!(changes(system.plan(), &recorded.candidate).is_empty());

    let now = QUEUE
        .replace("seed: 5", "seed: 6")
        .replace("below 60ms", "below 55ms")
        .replace("services.api.threads: 5..40", "services.api.threads: 5..40, run.drain: 1s..9s");
    let recorded = read(&record, "recommendation.json", &system_of(&input(&now, Path::new("."))))
        .expect("it fits");
    let told = diagnostics::render(&recorded.remarks, &recorded.sources, Palette::Plain);
    for part in ["seed 5", "run.drain", "no longer has this limit", "below 55ms"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_record_of_something_else_is_refused_at_its_place() {
    let system = system_of(&input(QUEUE, Path::new(".")));
    let refused = |record: &str| {
        let (problems, sources) = read(record, "r.json", &system).expect_err("it does not fit");
        diagnostics::render(&problems, &sources, Palette::Plain)
    };
    let records = [
        "{\n  \"settings\": [\n    { \"path\": \"services.apy.threads\", \"recommended\": \"8\" },\n    { \"path\": \"services.api.threads\", \"recommended\": \"99\" },\n    { \"path\": 3 }\n  ]\n}\n",
        "{ \"settings\": [ ,\n",
        "{ \"scenario\": \"queue\" }\n",
        "{ \"settings\": [\n  { \"path\": \"services.api.threads\", \"recommended\": \"8\" },\n  { \"path\": \"services.api.threads\", \"recommended\": \"9\" }\n] }\n",
    ];
    insta::assert_snapshot!(records.map(refused).join("----\n"));
}

#[test]
fn a_recheck_uses_other_random_numbers_and_each_of_its_runs_can_be_replayed() {
    let queue = input(QUEUE, Path::new("."));
    let system = system_of(&queue);
    let candidate = candidate(&system, &["7"]);
    let systems = system.systems(&candidate).expect("sound");
    let replications = block(2, 8).expect("few");
    assert_eq!(replications, 2_000_000..2_000_008);
    let checked =
        recheck(&system, &systems, replications.clone(), &WATCH).expect("not interrupted");
    let other =
        recheck(&system, &systems, block(3, 8).expect("few"), &WATCH).expect("not interrupted");
    assert_ne!(recheck_json(&checked, "queue"), recheck_json(&other, "queue"), "blocks differ");
    let text = recheck_report(&checked, "queue", Palette::Plain);
    assert!(text.contains("replications 2000000 to 2000007 of seed 5"), "{text}");
    let latency: Vec<_> =
        checked.limits.iter().filter(|limit| limit.limit.limit.contains("latency")).collect();
    assert_eq!(latency.len(), 3);
    assert!(latency.iter().any(|limit| (1..8).contains(&limit.missed_in.len())), "{text}");

    let text = written(QUEUE, &system, &candidate);
    for (place, condition) in ["normal", "slow", "both"].into_iter().enumerate() {
        let request = Request::Condition(condition.to_owned());
        let overrides = Overrides { request, ..Overrides::default() };
        let loaded = load(&input(&text, Path::new(".")), &overrides);
        let blueprint = loaded.blueprint.as_ref().unwrap_or_else(|| panic!("{}", shown(&loaded)));
        let limits = if condition == "slow" { 2 } else { 1 };
        assert_eq!(blueprint.expectations.len(), limits, "the limits of {condition}");
        let request = GoalsRequest { condition: Some(condition.to_owned()), values: Vec::new() };
        let overrides = Overrides { request: Request::Goals(request), ..Overrides::default() };
        let searched = load(&input(&text, Path::new(".")), &overrides).blueprint.expect("sound");
        for replication in replications.clone() {
            let trial = Trial::watched(blueprint, replication, &WATCH);
            let misses = latency[place].missed_in.contains(&replication);
            assert_eq!(trial.verdicts[0].holds, !misses, "{condition}, replication {replication}");
            let summary = sim_experiments::run(&searched, replication, &WATCH).summary;
            assert_eq!(summary.fingerprint, trial.finished.summary.fingerprint);
            assert_eq!(summary.replication, replication);
            assert!(figures(&searched, replication, &WATCH).is_ok());
        }
    }
}

#[test]
fn an_unknown_condition_is_refused_with_the_ones_there_are() {
    let told = |text: &str, condition: &str| {
        let request = Request::Condition(condition.to_owned());
        shown(&load(&input(text, Path::new(".")), &Overrides { request, ..Overrides::default() }))
    };
    assert!(told(QUEUE, "slwo").contains("did you mean `slow`?"));
    assert!(told(QUEUE, "x").contains("known conditions: normal, slow, both"));
    let none = shop("    services.api.threads: 10..200\n");
    assert!(told(&none, "slow").contains("this scenario has no conditions"));
    assert_eq!(told(&none, "as written"), "", "the only condition there is");
}
