//! Settings that change nothing in a run: each has a warning that names the reason.

use crate::running::load_text;
use sim_models::scenario::{Input, Overrides, check, load};

/// A system of two services, with sections added or changed.
fn warnings(services: &str, rest: &str) -> Vec<String> {
    let text = format!(
        "run: {{ duration: 60s }}
workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
services: {{ {services} }}
{rest}"
    );
    let loaded = load_text(&text, &[]);
    assert!(loaded.blueprint.is_some(), "{:?}", loaded.problems);
    loaded.problems.into_iter().map(|problem| problem.message).collect()
}

const TWO: &str = "a: { threads: 20, handle: [ { call: b } ] }, b: { handle: [ { work: 5ms } ] }";

#[test]
fn faults_that_change_nothing_say_why() {
    let cases = [
        ("at: 10s, for: 5s, slow: a, by: 5x", "`a` neither works nor waits"),
        ("at: 10s, for: 5s, slow: b, by: 1x", "a factor of 1"),
        ("at: 10s, for: 5s, slow: a -> b, by: 5x", "take no time that could be multiplied"),
        ("at: 10m, for: 5s, slow: b, by: 5x", "when the run is over"),
        ("at: 10s, for: 0s, slow: b, by: 5x", "it lasts no time"),
        ("at: 10s, for: 5s, errors: b, rate: 0%", "no request fails"),
        ("at: 10s, for: 5s, lose threads: b, count: 5", "`b` has no limit"),
        ("at: 10s, for: 5s, surge: web, by: 1x", "a factor of 1"),
        ("at: 10s, for: 5s, crash: c", "nothing calls `c`"),
    ];
    for (fault, reason) in cases {
        let services = format!("{TWO}, c: {{ handle: [ {{ work: 1ms }} ] }}");
        let warnings = warnings(&services, &format!("faults: [ {{ {fault} }} ]"));
        let idle: Vec<&String> =
            warnings.iter().filter(|it| it.starts_with("this fault changes nothing")).collect();
        assert!(idle.len() == 1 && idle[0].contains(reason), "{fault}: {warnings:?}");
    }
}

#[test]
fn faults_that_change_something_have_no_warning() {
    for fault in [
        "at: 10s, for: 5s, slow: b, by: 5x",
        "at: 10s, for: 5s, slow: b, adding: 5ms",
        "at: 10s, for: 5s, slow: b, to: 50ms",
        "at: 10s, for: 5s, slow: a -> b, adding: 5ms",
        "at: 10s, for: 5s, errors: b, rate: 1%",
        "at: 10s, for: 5s, lose threads: a, count: 5",
        "at: 10s, crash: b",
        "at: 59s, surge: web, by: 2x",
    ] {
        let warnings = warnings(TWO, &format!("faults: [ {{ {fault} }} ]"));
        assert!(warnings.is_empty(), "{fault}: {warnings:?}");
    }
    let pauses = "a: { handle: [ { call: b } ] }, b: { handle: [ { pause: 5ms } ] }";
    assert!(warnings(pauses, "faults: [ { at: 10s, slow: b, by: 5x } ]").is_empty());
}

#[test]
fn guards_that_change_nothing_say_why() {
    let cases = [
        ("retry: { attempts: 1, backoff: none }", "it has one attempt"),
        ("bulkhead: { semaphore: 20 }", "is never full: `a` has 20 threads"),
        ("balance: random", "`b` has one instance"),
        ("new instance per attempt: true", "`b` has one instance"),
    ];
    for (setting, reason) in cases {
        let warnings = warnings(TWO, &format!("calls: {{ a -> b: {{ {setting} }} }}"));
        assert!(warnings.len() == 1 && warnings[0].contains(reason), "{setting}: {warnings:?}");
    }
    for setting in ["bulkhead: { semaphore: 19 }", "timeout: 1s"] {
        let warnings = warnings(TWO, &format!("calls: {{ a -> b: {{ {setting} }} }}"));
        assert!(warnings.is_empty(), "{setting}: {warnings:?}");
    }
    let three = TWO.replace("b: { ", "b: { instances: 3, ");
    let detection = "outlier detection: { consecutive_5xx: 5";
    let rare =
        warnings(&three, &format!("calls: {{ a -> b: {{ balance: {{ {detection} }} }} }} }}"));
    assert!(rare.len() == 1 && rare[0].contains("one of 3 is more than 10 %"), "{rare:?}");
    let enough = format!(
        "calls: {{ a -> b: {{ balance: {{ {detection}, max_ejection_percent: 34 }} }} }} }}"
    );
    assert!(warnings(&three, &enough).is_empty());
}

#[test]
fn processors_that_nobody_needs_say_why() {
    let idle = |handle: &str| {
        let services = format!(
            "a: {{ handle: [ {{ call: b }} ] }}, b: {{ cpus: 2, handle: [ {handle} ] }}, c: {{ handle: [ {{ work: 1ms }} ] }}"
        );
        warnings(&services, "").into_iter().find(|it| it.contains("`cpus`"))
    };
    assert_eq!(idle("{ work: 1ms }"), None);
    assert!(idle("{ pause: 1ms }").is_some_and(|it| it.contains("`b` only pauses")));
    assert!(idle("{ call: c }").is_some_and(|it| it.contains("`b` only calls others")));
}

#[test]
fn orders_and_guards_that_do_nothing_say_so() {
    let of_call = |call: &str, rest: &str| {
        let services =
            "a: { handle: [ { call: b } ] }, b: { instances: 2, handle: [ { work: 5ms } ] }";
        warnings(services, &format!("calls: {{ a -> b: {{ timeout: 1s, {call} }} }}\n{rest}"))
    };
    for (order, reason) in [
        ("at: 60s, reset: a -> b", "it comes at 1m, when the run is over"),
        ("at: 5s, for: 0s, force open: a -> b", "it lasts no time"),
    ] {
        let said = of_call("breaker: {}", &format!("operator: [ {{ {order} }} ]"));
        assert_eq!(said, [format!("this order changes nothing: {reason}")], "{order}");
    }
    assert!(of_call("breaker: {}", "operator: [ { at: 59s, reset: a -> b } ]").is_empty());
    assert_eq!(
        of_call("retry: { attempts: 3, backoff: none, on: [] }", ""),
        ["the retry of `a -> b` changes nothing: `on` has no outcomes"]
    );
    let slow_start =
        |rest: &str| of_call(&format!("balance: {{ slow start: {{ window: 9s }}, {rest} }}"), "");
    assert!(slow_start("policy: random")[0].starts_with("`slow start` changes nothing"));
    let window = of_call("breaker: { preset: envoy, update_merge_window: 1s }", "");
    assert!(window[0].starts_with("`update merge window` changes nothing"), "{window:?}");
    assert!(slow_start("health check: { interval: 1s }").is_empty());
}

#[test]
fn pools_and_modules_that_do_nothing_say_so() {
    let said = |service: &str, rest: &str| {
        let services = format!("a: {{ {service} }}, b: {{ handle: [ {{ work: 5ms }} ] }}");
        warnings(&services, rest)
    };
    let held = "pools: { db: 3 }, handle: [ { hold: db, steps: [ { call: b } ] } ]";
    assert!(said(held, "").is_empty());
    assert_eq!(
        said(
            "pools: { db: 3, other: 2 }, handle: [ { parallel: [ [ { hold: db, steps: [ { call: b } ] } ] ] } ]",
            ""
        ),
        ["the pool `other` changes nothing: `a` never holds it"]
    );
    assert_eq!(
        said("pools: { db: 3 }, handle: [ { hold: db, steps: [] }, { call: b } ]", ""),
        ["this changes nothing: `db` is given back at once"]
    );
    let calls = |guards: &str| said(held, &format!("calls: {{ a -> b: {{ guards: {guards} }} }}"));
    assert_eq!(
        calls("{ preset: resilience4j }"),
        ["these guards change nothing: no module is written"]
    );
    assert!(calls("{ preset: resilience4j, retry: {} }").is_empty());
}

#[test]
fn paces_warm_ups_and_retransmissions_that_change_nothing_say_so() {
    let three = "a: { instances: 3, threads: 20, handle: [ { work: 5ms } ] }";
    let fault = |fault: &str| warnings(three, &format!("faults: [ {{ at: 5s, {fault} }} ]"));
    for (written, reason) in [
        ("for: 9s, crash: a, instances: 1, begin: one every 5s", "it is for one instance"),
        ("for: 9s, crash: a, instances: [2], end: one every 5s", "it is for one instance"),
        ("for: 9s, crash: a, begin: 3 every 5s", "all 3 instances have their turn at once"),
    ] {
        let warnings = fault(written);
        assert_eq!(warnings, [format!("this pace changes nothing: {reason}")], "{written}");
    }
    assert!(fault("for: 9s, crash: a, begin: 2 every 5s").is_empty());
    assert_eq!(
        fault("deploy: a, each: 5s, warm-up: 30s"),
        ["`warm-up` changes nothing without `cold`"]
    );
    assert!(fault("deploy: a, each: 5s, cold: 2x, warm-up: 30s").is_empty());
    let link = |link: &str| {
        let calls = "calls: { web -> a: { link: wan, timeout: 1s } }";
        warnings(three, &format!("links: {{ wan: {{ {link} }} }}\n{calls}"))
    };
    let loses_none = ["`retransmit after` changes nothing: `wan` loses no message"];
    assert_eq!(link("rate: 100/s, retransmit after: 1s"), loses_none);
    assert_eq!(link("loss: 0%, retransmit after: 1s"), loses_none);
    assert!(link("loss: 1%, retransmit after: 1s").is_empty());
    assert!(link("rate: 100/s, queue: 5, retransmit after: 1s").is_empty());
}

#[test]
fn variants_and_settings_that_say_what_the_file_says_have_a_warning() {
    let text = format!(
        "run: {{ duration: 60s }}\nworkloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}\nservices: {{ {TWO} }}\nvariants: {{ same: {{ services.a.threads: 20 }}, other: {{ services.a.threads: 30 }} }}"
    );
    let folder = std::path::PathBuf::from(".");
    let input = Input { name: "x.yaml".to_owned(), text, folder: folder.into() };
    let messages = |loaded: sim_models::scenario::Loaded| -> Vec<String> {
        loaded.problems.into_iter().map(|problem| problem.message).collect()
    };
    let checked = messages(check(&input, &Overrides::default()));
    assert_eq!(checked, ["variant `same` changes nothing: it says what the file says"]);
    let with = |setting: &str| {
        let settings = vec![setting.to_owned()];
        messages(load(&input, &Overrides { settings, ..Overrides::default() }))
    };
    assert_eq!(with("services.a.threads=20"), ["`--set services.a.threads=20` changes nothing"]);
    assert!(with("services.a.threads=21").is_empty());
}
