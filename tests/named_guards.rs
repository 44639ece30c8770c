//! Guards of a list that a path calls by number, name or kind: all mean the same, wherever a path is
//! written, and what means none or several is told with what there is.

use std::path::Path;

use proptest::prelude::*;
use sim_experiments::Unready;
use sim_experiments::recommend::{Candidate, TunableSystem, changes};
use sim_models::scenario::tree::{Node, parse_path};
use sim_models::scenario::{Input, Loaded, Overrides, Problem, Request, SweepRequest, load};
use sim_reports::edit::edited;
use sim_reports::recommend::read;
use sim_reports::{Palette, diagnostics};

/// A call with two bulkheads, of which one has a name.
const SHOP: &str = "run: { duration: 10s }
workloads: { web: { to: a, arrivals: poisson 20/s } }
services:
  a: { threads: 60, handle: [ { work: 1ms }, { call: b } ] }
  b: { threads: 60, handle: [ { work: 5ms } ] }
calls:
  a -> b:
    guards:
      - name: outer # calls that wait
        bulkhead: { semaphore: 25, max wait: 100ms }
      - breaker: { consecutive failures: 5, wait: 5s }
      - bulkhead: { threads: 10 } # the inner one
      - timeout: 300ms
";

fn input(text: &str) -> Input {
    Input { name: "shop.yaml".into(), text: text.into(), folder: ".".into() }
}

fn loaded(text: &str, settings: &[&str]) -> Loaded {
    let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
    load(&input(text), &Overrides { settings, ..Overrides::default() })
}

fn shown(loaded: &Loaded) -> String {
    diagnostics::render(&loaded.problems, &loaded.sources, Palette::Plain)
}

/// The system that a file describes, in words.
fn system(text: &str, overrides: &Overrides) -> String {
    let loaded = load(&input(text), overrides);
    assert!(loaded.problems.is_empty(), "{}", shown(&loaded));
    format!("{:?}", loaded.blueprint.expect("sound"))
}

fn with_set(setting: &str) -> String {
    let settings = vec![setting.to_owned()];
    system(SHOP, &Overrides { settings, ..Overrides::default() })
}

#[test]
fn a_guard_is_called_by_its_number_its_name_or_its_kind() {
    let same = [
        [
            "calls.a -> b.guards[0].bulkhead.semaphore=7",
            "calls.a -> b.guards.outer.semaphore=7",
            "calls.a->b.guards.outer.bulkhead.semaphore=7",
        ],
        [
            "calls.a -> b.guards.1.breaker.wait=7s",
            "calls.a -> b.guards.breaker.wait=7s",
            "calls.a -> b.guards.breaker.breaker.wait=7s",
        ],
        [
            "calls.a -> b.guards[3].timeout=1s",
            "calls.a -> b.guards.timeout=1s",
            "calls.a -> b.guards.timeout.timeout=1s",
        ],
        [
            "calls.a -> b.guards[1]=null",
            "calls.a -> b.guards.breaker=null",
            "calls.a -> b.guards[1].breaker=null",
        ],
    ];
    let as_written = system(SHOP, &Overrides::default());
    for settings in same {
        let [number, name, kind] = settings.map(with_set);
        assert!(number == name && number == kind, "{settings:?}");
        assert_ne!(number, as_written, "{settings:?}");
    }
}

#[test]
fn wherever_a_path_is_written_it_may_name_a_guard() {
    let expected = with_set("calls.a -> b.guards[0].bulkhead.semaphore=7");
    let path = "calls.a -> b.guards.outer.semaphore";
    let variant = format!("{SHOP}variants: {{ small: {{ {path}: 7 }} }}\n");
    let overrides = Overrides { variant: Some("small".to_owned()), ..Overrides::default() };
    assert_eq!(system(&variant, &overrides), expected);

    let goals = format!(
        "{SHOP}goals: {{ settings: {{ {path}: 5..40 }}, conditions: {{ small: {{ {path}: 7 }} }}, \
         limits: [ p99 of web is below 1s ], rules: [ {path} < services.b.threads ] }}\n"
    );
    let request = Request::Condition("small".to_owned());
    let condition = load(&input(&goals), &Overrides { request, ..Overrides::default() });
    assert!(condition.blueprint.is_some(), "{}", shown(&condition));
    let guards = |loaded: &Loaded| {
        let blueprint = loaded.blueprint.as_ref().expect("sound");
        format!("{:?} {:?}", blueprint.edges, blueprint.pools)
    };
    let small = loaded(SHOP, &["calls.a -> b.guards[0].bulkhead.semaphore=7"]);
    assert_eq!(guards(&condition), guards(&small));
    let broken = loaded(&goals, &[&format!("{path}=80")]);
    assert!(shown(&broken).contains("does not hold"), "{}", shown(&broken));

    let vary = vec![format!("{path}=5..9 step 2")];
    let values = vec![(path.to_owned(), "7".to_owned())];
    let sweep = Request::Sweep(SweepRequest { vary, values, ..SweepRequest::default() });
    let point = load(&input(SHOP), &Overrides { request: sweep, ..Overrides::default() });
    assert!(point.blueprint.is_some(), "{}", shown(&point));
    assert_eq!(guards(&point), guards(&small));

    let operator = format!("{SHOP}operator: [ {{ at: 5s, set: {{ {path}: 7 }} }} ]\n");
    let by_number = operator.replace(path, "'calls.a -> b.guards[0].bulkhead.semaphore'");
    let changes = |text: &str| {
        let loaded = loaded(text, &[]);
        let blueprint = loaded.blueprint.as_ref().unwrap_or_else(|| panic!("{}", shown(&loaded)));
        let last = blueprint.changes.iter().last().expect("a change");
        assert!(last.pools.iter().any(|pool| pool.capacity == 7), "{:?}", last.pools);
        format!("{:?} {:?}", last.edges, last.pools)
    };
    assert_eq!(changes(&operator), changes(&by_number));
}

#[test]
fn items_of_other_lists_are_called_by_their_kind_if_they_say_nothing_else() {
    assert_eq!(with_set("services.a.handle[0].work=3ms"), with_set("services.a.handle.work=3ms"));
    let text = format!("{SHOP}faults: [ {{ at: 1s, for: 2s, slow: b, by: 3x }} ]\n");
    let refused = loaded(&text, &["faults.slow.by=4x"]);
    assert!(shown(&refused).contains("`faults[0]` (at, for, slow, by)"), "{}", shown(&refused));
}

/// The modules of a library are keys of a map, so that the same path leads to them.
#[test]
fn the_guards_of_a_library_have_the_same_paths() {
    let set = SHOP.replace(
        &SHOP[SHOP.find("    guards:").expect("guards")..],
        "    guards: { preset: resilience4j, bulkhead: { maxConcurrentCalls: 10 } }\n",
    );
    let small = set.replace("maxConcurrentCalls: 10", "maxConcurrentCalls: 4");
    let settings = vec!["calls.a -> b.guards.bulkhead.maxConcurrentCalls=4".to_owned()];
    let overrides = Overrides { settings, ..Overrides::default() };
    assert_eq!(system(&set, &overrides), system(&small, &Overrides::default()));
}

#[test]
fn what_means_no_guard_or_several_is_told_with_what_there_is() {
    let refused = [
        "calls.a -> b.guards.bulkhead.semaphore=3",
        "calls.a -> b.guards.braker.wait=3s",
        "calls.a -> b.guards.retry.attempts=3",
        "goals={ settings: { calls.a -> b.guards.bulkhead.threads: 1..9 }, limits: [ p99 of web is below 1s ], \
         rules: [ calls.a -> b.guards.inner.threads < 9 ], conditions: { small: { calls.a -> b.guards.otter.semaphore: 3 } } }",
        "operator=[ { at: 5s, set: { calls.a -> b.guards.bulkhead.threads: 3 } } ]",
        "sweep={ vary: { calls.a -> b.guards.bulkhead.threads: 3..9 } }",
    ];
    let mut told: Vec<String> =
        refused.iter().map(|setting| shown(&loaded(SHOP, &[setting]))).collect();
    let variant =
        format!("{SHOP}variants: {{ small: {{ calls.a -> b.guards.inner.threads: 3 }} }}\n");
    told.push(shown(&loaded(&variant, &[])));
    insta::assert_snapshot!(told.join("----\n"));
}

#[test]
fn names_that_no_path_could_use_are_errors_at_every_place() {
    let names = "outer, outer, breaker, 'a.b', '12', ''";
    let guards = names.split(", ").map(|name| {
        format!("      - {{ name: {name}, bulkhead: {{ semaphore: 25, max wait: 100ms }} }}\n")
    });
    let at = SHOP.find("      - name: outer").expect("a guard");
    let text = format!("{}{}", &SHOP[..at], guards.collect::<String>());
    insta::assert_snapshot!(shown(&loaded(&text, &[])));
    let own = SHOP.replace("name: outer", "name: bulkhead");
    assert!(loaded(&own, &["calls.a -> b.guards.bulkhead.semaphore=3"]).problems.is_empty());
}

/// A rule about a guard that a candidate takes out of the list holds, as for any other setting that
/// is not there.
#[test]
fn a_rule_about_a_guard_that_is_taken_out_holds() {
    let goals = format!(
        "{SHOP}goals: {{ settings: {{ services.b.threads: 50..60 }}, limits: [ p99 of web is below 1s ], \
         conditions: {{ as it is: {{}}, open: {{ calls.a -> b.guards.timeout: null }} }}, \
         rules: [ calls.a -> b.guards.timeout < 1s ] }}\n"
    );
    let system = TunableSystem::prepare(input(&goals), Overrides::default());
    let told = |why: Unready| match why {
        Unready::Problems(all) => all.iter().map(shown).collect(),
        Unready::NothingAsked => "nothing asked".to_owned(),
    };
    assert_eq!(system.map(|_| ()).map_err(told), Ok(()));
}

#[test]
fn a_recommended_value_is_written_to_the_guard_that_has_the_name() {
    let goals = "goals:\n  settings:\n    calls.a -> b.guards.outer.semaphore: 5..40\n    \
                 calls.a -> b.guards.timeout: 100ms..1s\n    calls.a -> b.guards[2].bulkhead.threads: 5..20\n  \
                 limits: [ p99 of web is below 1s ]\n";
    let text = format!("{SHOP}{goals}");
    let system = TunableSystem::prepare(input(&text), Overrides::default()).expect("sound");
    let levels = ["9", "200ms", "8"].iter().enumerate();
    let level = |(place, value): (usize, &&str)| system.level(place, value).expect("a value");
    let candidate = Candidate { levels: levels.map(level).collect() };
    let values: Vec<(String, String)> = changes(system.plan(), &candidate)
        .iter()
        .map(|change| (change.setting.path.clone(), change.value.to_owned()))
        .collect();
    let new = edited(&text, &values).expect("written");
    let expected = text
        .replace("semaphore: 25", "semaphore: 9")
        .replace("- timeout: 300ms", "- timeout: 200ms")
        .replace("threads: 10 }", "threads: 8 }");
    assert_eq!(new, expected);
    let written = Input { folder: Path::new(".").into(), ..input(&new) };
    system.check_written(&candidate, &written).expect("the system that was tried");

    // A record may have called them otherwise.
    let record = r#"{ "settings": [
        { "path": "calls.a->b.guards[0].bulkhead.semaphore", "recommended": "9" },
        { "path": "calls.a -> b.guards.timeout.timeout", "recommended": "200ms" },
        { "path": "calls.a -> b.guards[2].bulkhead.threads", "recommended": "8" } ] }"#;
    let recorded = read(record, "r.json", &system).expect("it fits");
    assert_eq!(recorded.candidate, candidate);
    let stays = |problem: &Problem| problem.message.contains("stays as it is");
    assert!(!recorded.remarks.iter().any(stays), "{:?}", recorded.remarks);
}

#[test]
fn a_guard_that_is_switched_off_leaves_the_list_and_the_text() {
    let off = [("calls.a -> b.guards.breaker", "null"), ("calls.a -> b.guards.timeout", "1s")];
    let off = off.map(|(path, value)| (path.to_owned(), value.to_owned()));
    let expected = SHOP
        .replace("      - breaker: { consecutive failures: 5, wait: 5s }\n", "")
        .replace("timeout: 300ms", "timeout: 1s");
    assert_eq!(edited(SHOP, &off).as_deref(), Ok(expected.as_str()));
    let unknown = [("calls.a -> b.guards.bulkhead".to_owned(), "null".to_owned())];
    let problems = edited(SHOP, &unknown).expect_err("which one?");
    assert!(problems[0].message.contains("any of 2"), "{problems:?}");
}

/// A kind, a number of some setting of it, and another such number.
const KINDS: [(&str, &str, &str); 4] = [
    ("bulkhead", "semaphore", "{ semaphore: 25, max wait: 5ms }"),
    ("retry", "attempts", "{ attempts: 2 }"),
    ("breaker", "consecutive failures", "{ consecutive failures: 5 }"),
    ("throttle", "k", "{ k: 3 }"),
];

/// The ways in which a path could call the item at a place, apart from its number.
fn calls(list: &[(usize, Option<u8>)], place: usize) -> Vec<String> {
    let (kind, name) = list[place];
    let mut calls: Vec<String> = name.map(|name| format!("n{name}")).into_iter().collect();
    if list.iter().filter(|(other, _)| *other == kind).count() == 1 {
        calls.push(KINDS[kind].0.to_owned());
    }
    calls
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// In any list with any names, each address leads to the guard whose number it stands for, in the
    /// tree and in the text; a name that several have leads to none.
    #[test]
    fn every_address_leads_to_its_guard(
        list in proptest::collection::vec((0..KINDS.len(), proptest::option::of(0_u8..4)), 0..7)
    ) {
        let item = |(kind, name): &(usize, Option<u8>)| {
            let name = name.map_or_else(String::new, |name| format!("name: n{name}, "));
            format!("      - {{ {name}{}: {} }}\n", KINDS[*kind].0, KINDS[*kind].2)
        };
        let text = format!("calls:\n  a -> b:\n    guards:\n{}x: 1\n", list.iter().map(item).collect::<String>());
        let tree = Node::parse(&text, 0).expect("YAML");
        let at = |path: &str| tree.resolve(&parse_path(path), tree.at);
        for (place, (kind, name)) in list.iter().enumerate() {
            let (kind, setting, _) = KINDS[*kind];
            let number = format!("calls.a -> b.guards[{place}].{kind}.{setting}");
            let is_shared = name.is_some()
                && list.iter().filter(|(_, other)| other == name).count() > 1;
            for (nth, call) in calls(&list, place).iter().enumerate() {
                for path in [format!("{call}.{setting}"), format!("{call}.{kind}.{setting}")] {
                    let path = format!("calls.a -> b.guards.{path}");
                    if is_shared && nth == 0 {
                        let told = at(&path).expect_err("several").message;
                        prop_assert!(told.contains("could be any of"), "{}", told);
                        continue;
                    }
                    prop_assert_eq!(at(&path).expect("found"), at(&number).expect("found"));
                    let value = |path: &str| [(path.to_owned(), "77".to_owned())];
                    prop_assert_eq!(edited(&text, &value(&path)).expect("written"), edited(&text, &value(&number)).expect("written"));
                }
            }
        }
        prop_assert_eq!(at("calls.a -> b.guards.hedge.max").is_ok(), list.is_empty());
    }
}
