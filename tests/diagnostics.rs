//! Messages about scenarios that are wrong.

use proptest::prelude::*;
use sim_models::scenario::{Input, Overrides, Parsed, Problem, Severity, check};
use sim_reports::{Palette, diagnostics};

use crate::running::{self, library, load_file, load_text};

fn shown(text: &str, settings: &[&str]) -> String {
    let loaded = load_text(text, settings);
    diagnostics::render(&loaded.problems, &loaded.sources, Palette::Plain)
}

const SOUND: &str = "\
run: { duration: 10s }
workloads:
  web: { to: gateway, arrivals: poisson 100/s }
services:
  gateway: { threads: 10, handle: [ { work: 1ms }, { call: orders } ] }
  orders: { threads: 10, handle: [ { query: orders-db } ] }
databases:
  orders-db: { connections: 4, query: exponential 5ms }
calls:
  gateway -> orders: { timeout: 1s }
";

#[test]
fn a_sound_scenario_has_no_problems() {
    assert_eq!(shown(SOUND, &[]), "");
}

#[test]
fn every_mistake_of_a_file_is_reported_at_once() {
    let everything = shown(
        "\
run: { duration: 60, warmup: 1d }
workloads:
  web: { to: gatway, arrivals: poisson 300 }
services:
  gateway: { thread: 10, handle: [ { call: orders }, { call: nowhere } ] }
  orders: { threads: 0, handle: [ { query: orders-db, wrk: 1ms } ] }
databases:
  orders-db: { connections: 4, query: exponentail 5ms }
calls:
  gateway -> orders:
    breaker: { failure rate: 150%, window: 5 calls, minimum calls: 10 }
  orders -> gateway: {}
faults:
  - { at: 1s, slow: orders-bd, by: 20 }
  - { at: 1s, crash: orders, pause: orders }
",
        &[],
    );
    insta::assert_snapshot!(everything);
}

#[test]
fn what_is_legal_but_unwise_is_a_warning() {
    let warnings = shown(
        "\
workloads:
  web: { to: a, arrivals: poisson 10/s }
services:
  a: { handle: [ { call: b } ] }
  b: { handle: [ { call: c } ], idempotent: false }
  c: { handle: [ { branch: 1%, then: [ { call: b } ] } ] }
  idle: { handle: [ { work: 1ms } ] }
calls:
  web -> a: { timeout: 1s }
  a -> b: { timeout: 2s, retry: { attempts: 3, backoff: fixed 10ms } }
  b -> c: { breaker: {} }
",
        &[],
    );
    insta::assert_snapshot!(warnings);
}

#[test]
fn an_override_is_checked_like_the_file() {
    let answers = [
        shown(SOUND, &["services.gateway.threads=many"]),
        shown(SOUND, &["services.gatway.threads=5"]),
        shown(SOUND, &["services.gateway.thread=5"]),
        shown(SOUND, &["calls.gateway -> orders.timeout=5"]),
        shown(SOUND, &["nonsense"]),
        shown(SOUND, &["calls.gateway -> orders.timout=null"]),
        shown(SOUND, &["calls.gateway -> order.timeout=5s"]),
    ];
    let answers = answers.join("----\n");
    insta::assert_snapshot!(answers);
}

#[test]
fn a_text_that_is_no_scenario_says_so() {
    let texts = [
        "",
        "- 1\n- 2\n",
        "services: { a: [1, 2 }\n",
        "run: 5\n",
        "run: { duration: 5s }\nrun: { seed: 1 }\n",
        "\u{0}",
    ];
    let answers = texts.map(|text| shown(text, &[])).join("----\n");
    insta::assert_snapshot!(answers);
}

#[test]
fn the_library_has_no_errors() {
    for file in library() {
        let loaded = load_file(&file, None, &[]);
        let errors: Vec<_> =
            loaded.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", file.display());
        for variant in &loaded.variants {
            let loaded = load_file(&file, Some(variant), &[]);
            assert!(
                loaded.blueprint.is_some(),
                "{} {variant}: {:?}",
                file.display(),
                loaded.problems
            );
        }
    }
}

#[test]
fn a_check_looks_into_every_variant() {
    let text = format!(
        "{SOUND}variants:
  sound: {{ services.gateway.threads: 20 }}
  wrong: {{ services.gateway.threads: many, services.orders.thread: 4, services.oders.threads: 4 }}
  unwise: {{ calls.gateway -> orders.timeout: null, calls.gateway -> orders.breaker: {{}} }}
"
    );
    let input = Input { name: "test.yaml".to_owned(), text, folder: "".into() };
    let checked = check(&input, &Overrides::default());
    assert!(checked.blueprint.is_none());
    insta::assert_snapshot!(diagnostics::render(
        &checked.problems,
        &checked.sources,
        Palette::Plain
    ));
}

#[test]
fn the_examples_of_the_guide_to_guards_are_sound() {
    let guide = std::fs::read_to_string(running::root().join("docs/guards.md"))
        .expect("the guide is there");
    let examples: Vec<&str> =
        guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 20, "{} examples", examples.len());
    for example in examples {
        let is_whole = example.contains("services:");
        let system = if is_whole {
            ""
        } else {
            "workloads: { web: { to: a, arrivals: poisson 1/s } }
services: { a: { handle: [ { call: b } ] }, b: { instances: 2, handle: [ { work: 1ms } ] } }
"
        };
        assert_eq!(shown(&format!("{system}{example}"), &[]), "", "{example}");
    }
}

#[test]
fn the_whole_examples_of_the_description_of_the_file_are_sound() {
    let guide = std::fs::read_to_string(running::root().join("docs/scenario-file.md"))
        .expect("the guide is there");
    let examples = guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let whole: Vec<&str> = examples.filter(|example| example.contains("services:")).collect();
    assert!(whole.len() >= 2, "{} examples", whole.len());
    for example in whole {
        assert_eq!(shown(example, &[]), "", "{example}");
    }
}

#[test]
fn the_examples_of_the_guides_to_sweeps_goals_and_stability_are_sound() {
    let system = "run: { duration: 3m }
workloads: { web: { to: api, arrivals: poisson 100/s } }
services: { api: { threads: 20, handle: [ { work: 1ms }, { query: db } ] } }
databases: { db: { connections: 16, query: 5ms } }
calls: { web -> api: { timeout: 5s }, api -> db: { timeout: 500ms, breaker: { wait: 5s } } }
faults: [ { at: 1m, for: 30s, slow: db, by: 20x } ]
";
    for guide in ["sweep", "recommend", "stability"] {
        let path = running::root().join("docs").join(format!("{guide}.md"));
        let text = std::fs::read_to_string(&path).expect("the guide is there");
        let examples: Vec<&str> =
            text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!examples.is_empty(), "{guide}");
        for example in examples {
            let input = Input {
                name: "example.yaml".into(),
                text: format!("{system}{example}"),
                folder: ".".into(),
            };
            let checked = sim_models::scenario::check(&input, &Overrides::default());
            let shown = diagnostics::render(&checked.problems, &checked.sources, Palette::Plain);
            assert_eq!(shown, "", "{guide}: {example}");
        }
    }
}

#[test]
fn mistakes_in_queues_regions_caches_and_experiments() {
    let text = "
priorities: [large, normal]
regions: { east: { west: 35ms, wset: 1ms, east: 1ms }, west: {} }
workloads: { web: { to: api, arrivals: poisson 1/s, region: eats } }
services:
  api:
    instances: 2
    region: west
    regions: [east, west]
    autoscale: { min: 3, target: 0%, start-up: 1m }
    memory: { limit: 1MB, each: 2MB }
    handle: [ { send: mial }, { effect: charge, work: 1ms }, { poison: 200% }, { cache: memory, miss: [] } ]
caches:
  memory: { keys: 10, hit rate: 90% }
  other: { hit rate: 90%, ttl: 1m }
queues:
  mail: { deliver to: apu, dead letters: mail, on expiry: api, partitions: 0 }
  silent: { attempts: 3 }
  api: {}
faults:
  - { at: 1s, for: 10s, every: 5s, pause: api }
  - { at: 1s, deploy: api, for: 1m }
  - { at: 1s, for: 1s, flush: other }
  - { at: 1s, for: 1s, crash: east, instances: 1 }
  - { at: 1s, for: 1s, black hole: east -> wset }
chaos:
  stages: [ { slow: api, by: 2x }, { for: 1s, at: 2s, slow: api, by: 2x } ]
  abort when: [ errr rate of web is above 10%, p90 of web is above 1s ]
alerts: { Bad: { when: breaker web -> api is opened } }
";
    insta::assert_snapshot!(shown(text, &[]));
}

#[test]
fn a_breaker_takes_the_keys_of_its_own_preset_only() {
    let shown_with = |breaker: &str| {
        shown(
            &SOUND.replace("{ timeout: 1s }", &format!("{{ timeout: 1s, breaker: {breaker} }}")),
            &[],
        )
    };
    let answers = [
        "{ preset: resilience4j, window: 10 calls, MaxRequests: 2, failureRateThreshold: 150 }",
        "{ preset: resilence4j }",
        "{ slidingWindowSize: 5 }",
        "{ preset: gobreaker, ReadyToTrip: { Requests: 3 } }",
        "{ preset: article-python, timeout_seconds: -1, successThreshold: 2 }",
        "{ preset: cockatiel, halfOpenAfter: 1s, CountBreaker: { threshold: 100%, size: 5, minimumNumberOfCalls: 6 } }",
        "{ preset: resilience4j, enableExponentialBackoff: true, exponentialBackoffMultiplier: 0.5, failureRateThreshold: 50% }",
    ];
    let answers = answers.map(shown_with).join("----\n");
    insta::assert_snapshot!(answers);
}

#[test]
fn a_preset_takes_nothing_from_defaults_for_another_breaker() {
    let own = SOUND.replace("{ timeout: 1s }", "{ timeout: 1s, breaker: { preset: pybreaker } }");
    assert_eq!(
        shown(
            &format!(
                "{own}defaults: {{ calls: {{ timeout: 1s, breaker: {{ window: 10 calls, minimum calls: 5 }} }} }}\n"
            ),
            &[]
        ),
        ""
    );
}

#[test]
fn what_no_machine_can_hold_is_refused() {
    let answers = [
        &["services.orders.instances=4000000000"][..],
        &["calls.gateway -> orders.breaker={ window: 4000000000 calls }"],
        &["calls.gateway -> orders.breaker={ window: 10000000h }"],
        &[
            "services.gateway.instances=20000",
            "services.orders.instances=20000",
            "calls.gateway -> orders.breaker={ scope: callee instance }",
        ],
        &[
            "run.duration=10000h",
            "workloads.web.arrivals={ diurnal: { mean: 1/h, swing: 10%, period: 1s } }",
        ],
    ];
    let answers = answers.map(|settings| shown(SOUND, settings)).join("----\n");
    insta::assert_snapshot!(answers);
}

/// Advice follows the text that it is about, whatever that has in it.
#[test]
fn advice_is_told_from_the_text_that_is_wrong() {
    let settings = [
        "run.duration",
        "workloads.web.arrivals",
        "calls.web -> a.retry.backoff",
        "faults[0].at",
        "faults[0].by",
        "faults[0].instances",
        "faults[0].begin",
        "services.a.memory.limit",
        "sweep.design",
    ];
    let text = "workloads: { web: { to: a, arrivals: poisson 1/s } }
services: { a: { instances: 2, memory: { limit: 1GB, each: 1MB }, handle: [ { work: 1ms } ] } }
calls: { web -> a: { timeout: 1s, retry: { attempts: 2, backoff: none } } }
faults: [ { slow: a, by: 2x, instances: 1, begin: one every 1s } ]
sweep: { design: grid, vary: { run.seed: [ 1, 2 ] } }";
    for setting in settings {
        let loaded = load_text(text, &[&format!("{setting}=x; y`; z")]);
        let about = |problem: &&Problem| problem.message.contains("x; y");
        let problem = loaded.problems.iter().find(about);
        let problem = problem.unwrap_or_else(|| panic!("{setting}: {:?}", loaded.problems));
        assert!(problem.message.contains("x; y`; z"), "{setting}: {}", problem.message);
        assert!(
            !problem.help.iter().any(|help| help.contains('z')),
            "{setting}: {:?}",
            problem.help
        );
    }
}

#[test]
fn a_name_may_be_a_number() {
    let answers = [
        shown(
            "workloads: { w: { to: '1', arrivals: poisson 1/s } }\nservices: { 1: { thread: 4, handle: [ { work: 1 } ] } }",
            &[],
        ),
        shown(
            "workloads: { w: { to: '1', arrivals: poisson 1/s } }\nservices: { 1: { handle: [ { work: 1ms } ] } }",
            &["services.1.threads=4"],
        ),
    ];
    let answers = answers.join("----\n");
    insta::assert_snapshot!(answers);
}

#[test]
fn a_workload_and_a_service_cannot_share_a_name() {
    let answer = shown(
        "workloads: { a: { to: a, arrivals: poisson 1/s } }\nservices: { a: { handle: [ { work: 1ms } ] } }",
        &[],
    );
    assert!(answer.contains("`a` is the name of two things"), "{answer}");
}

#[test]
fn two_things_of_one_name_are_an_error_in_whatever_order_they_are_written() {
    let sections = [
        ("services", "{ a: { handle: [ { work: 1ms } ] }, b: { handle: [ { work: 1ms } ] } }"),
        ("databases", "{ a: { connections: 4, query: 5ms }, b: { connections: 4, query: 5ms } }"),
        ("caches", "{ a: { hit rate: 90%, latency: 1ms }, b: { hit rate: 90%, latency: 1ms } }"),
    ];
    for (first, things) in &sections {
        for (second, others) in sections.iter().filter(|(section, _)| section != first) {
            let answer = shown(&format!("{first}: {things}\n{second}: {others}\n"), &[]);
            for name in ["a", "b"] {
                let message = format!("`{name}` is the name of two things");
                assert!(answer.contains(&message), "{first}, {second}: {answer}");
            }
        }
    }
}

#[test]
fn a_part_may_call_what_it_has_itself() {
    let parts = [
        "databases: { b: { connections: 4, query: 5ms } }",
        "caches: { b: { hit rate: 90%, latency: 1ms } }",
        "services: { b: { threads: 3 } }",
        "",
    ];
    for part in parts {
        let text = format!("calls: {{ a -> b: {{ timeout: 1s }} }}\n{part}\n");
        let input = Input { name: "part.yaml".to_owned(), text, folder: ".".into() };
        let checked = check(&input, &Overrides::default());
        assert!(checked.blueprint.is_some(), "{part}: {:?}", checked.problems);
    }
}

#[test]
fn files_that_include_each_other_are_found_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("main.yaml", SOUND.replace("run:", "include: [ one.yaml, two.yaml ]\nrun:").as_str());
    write("one.yaml", "include: [ two.yaml ]\n");
    write("two.yaml", "include: [ one.yaml, main.yaml ]\n");
    let loaded = load_file(&folder.path().join("main.yaml"), None, &[]);
    let messages: Vec<&str> =
        loaded.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["files include each other in a circle"; 2]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// No input causes a panic, whatever is cut out of it, repeated in it or inserted into it.
    #[test]
    fn mangled_scenarios_are_refused_or_run_but_never_panic(at in 0usize..400, length in 0usize..60, insert in "[ -~\n]{0,12}") {
        let text = std::fs::read_to_string(&library()[usize::from(at % 2 == 0)]).expect("readable");
        let body: String = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
        let start = at * body.len() / 400;
        let end = (start + length).min(body.len());
        if body.is_char_boundary(start) && body.is_char_boundary(end) {
            let mangled = format!("{}{insert}{}", &body[..start], &body[end..]);
            shown(&mangled, &["run.duration=1s", "limits.events=2000", "limits.in flight=500"]);
            if let Some(blueprint) = load_text(&mangled, &["run.duration=1s", "limits.events=2000", "limits.in flight=500"]).blueprint {
                running::run(&blueprint);
            }
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        shown(&text, &[]);
        shown(SOUND, &[&text]);
        shown(SOUND, &[&format!("{text}=1"), &format!("run.duration={text}")]);
    }
}

/// A point of a sweep is loaded again with the settings of the command line.
#[test]
fn settings_that_are_about_variants_hold_for_each_load() {
    let text = format!("{SOUND}variants: {{ slow: {{ run.seed: 2 }} }}\n");
    let input = Input { name: "x.yaml".into(), text, folder: ".".into() };
    for setting in ["variants.slow=null", "variants.slow.run.seed=3"] {
        let overrides = Overrides { settings: vec![setting.into()], ..Overrides::default() };
        let loaded = Parsed::read(&input).load_again(&overrides);
        assert!(loaded.blueprint.is_some(), "{setting}: {:?}", loaded.problems);
    }
}
