//! Every place of a scenario that takes a text: what cannot be seen is refused there, and names follow their rule.

use sim_models::printable;
use sim_models::scenario::{Input, Loaded, Overrides, check, is_name};
use sim_reports::diagnostics;

use super::readers;
use super::texts::{HIDDEN, all};

/// The rule that the text of a place follows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// One word of letters, digits, `-` and `_`.
    Name,
    /// Several such words.
    Names,
    /// Anything that can be seen.
    Line,
    /// It has to be something that exists or a word that is known.
    Known,
}

/// A scenario into which places are put.
const SYSTEM: &str = "run: { duration: 1s }
workloads: { web: { to: a, arrivals: constant 20/s } }
services: { a: { threads: 2, handle: [ { work: 1ms }, { call: b } ] }, b: { handle: [ { work: 1ms } ] } }
calls: { a -> b: { timeout: 1s, breaker: { window: 10 calls } } }
";

/// A place, its rule, and its lines; `@` is the text. Sections that the system has already are merged into it.
const PLACES: &[(&str, Rule, &str)] = {
    use Rule::{Known, Line, Name, Names};
    &[
        ("name", Line, "name: @"),
        ("workload", Name, "workloads: { @: { to: a, arrivals: constant 5/s } }"),
        ("service", Name, "services: { @: { handle: [ { work: 1ms } ] } }"),
        ("operation", Name, "services: { c: { operations: { @: [ { work: 1ms } ] } } }"),
        ("pool", Name, "services: { c: { pools: { @: 3 }, handle: [ { work: 1ms } ] } }"),
        ("effect", Name, "services: { c: { handle: [ { effect: @ } ] } }"),
        ("database", Name, "databases: { @: { connections: 2, query: 1ms } }"),
        ("query", Name, "databases: { d: { connections: 2, queries: { @: 1ms } } }"),
        ("cache", Name, "caches: { @: { hit rate: 50%, latency: 1ms } }"),
        ("host", Name, "hosts: { @: { cpus: 2 } }"),
        ("region", Name, "regions: { @: {} }"),
        ("link", Name, "links: { @: { rate: 100/s } }"),
        ("queue", Name, "queues: { @: { deliver to: a } }"),
        ("priority", Name, "priorities: [ @ ]"),
        ("alert", Name, "alerts: { @: { when: breaker a -> b is open } }"),
        ("severity", Name, "alerts: { x: { when: breaker a -> b is open, severity: @ } }"),
        ("variant", Name, "variants: { @: { run.seed: 2 } }"),
        (
            "condition",
            Names,
            "goals: { conditions: { @: { run.seed: 2 } }, settings: { services.a.threads: 1..4 }, limits: [ availability of web is at least 1% ] }",
        ),
        (
            "label",
            Line,
            "goals: { settings: { services.a.threads: { values: 1..4, label: @ } }, limits: [ availability of web is at least 1% ] }",
        ),
        (
            "setting",
            Known,
            "goals: { settings: { @: 1..4 }, limits: [ availability of web is at least 1% ] }",
        ),
        ("limit", Known, "goals: { settings: { services.a.threads: 1..4 }, limits: [ @ ] }"),
        (
            "condition of a limit",
            Known,
            "goals: { settings: { services.a.threads: 1..4 }, limits: [ { limit: availability of web is at least 1%, in: [ @ ] } ] }",
        ),
        (
            "rule",
            Known,
            "goals: { rules: [ @ ], settings: { services.a.threads: 1..4 }, limits: [ availability of web is at least 1% ] }",
        ),
        ("path of a variant", Known, "variants: { v: { @: 1 } }"),
        ("expectation", Known, "expect: [ @ ]"),
        ("expectation about something", Known, "expect: [ { order: @ } ]"),
        ("condition of an alert", Known, "alerts: { x: { when: @ } }"),
        ("target of a fault", Known, "faults: [ { at: 0s, crash: @ } ]"),
        ("condition of a fault", Known, "faults: [ { when: @, crash: a } ]"),
        ("varied setting", Known, "sweep: { vary: { @: 1..4 } }"),
        ("varied values", Known, "sweep: { vary: { services.a.threads: @ } }"),
        ("listed values", Known, "sweep: { vary: { services.a.threads: [ 1, @ ] } }"),
        ("figure", Known, "sweep: { vary: { services.a.threads: 1..4 }, figures: [ @ ] }"),
        ("duration", Known, "run: { warmup: @ }"),
        ("arrivals", Known, "workloads: { w: { to: a, arrivals: @ } }"),
        ("recorded arrivals", Known, "workloads: { w: { to: a, arrivals: { replay: @ } } }"),
        ("file that is included", Known, "include: [ @ ]"),
        ("edge", Known, "calls: { @: { timeout: 1s } }"),
        ("preset", Known, "calls: { web -> a: { breaker: { preset: @ } } }"),
        ("fallback", Known, "calls: { web -> a: { fallback: @ } }"),
        ("guard", Known, "calls: { web -> a: { guards: [ { @: {} } ] } }"),
        ("key", Known, "@: 1"),
    ]
};

/// A text as YAML, in ASCII.
fn written(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        _ => format!("\\U{:08x}", c as u32),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// The system with lines of a place in it.
fn with(lines: &str, text: &str) -> String {
    let lines = lines.replace('@', &written(text));
    let (section, body) = lines.split_once(':').expect("a section");
    let Some(known) = SYSTEM.lines().find(|line| line.starts_with(&format!("{section}:"))) else {
        return format!("{SYSTEM}{lines}\n");
    };
    let inner = body.trim().trim_start_matches('{').trim_end_matches('}');
    let merged = format!("{}, {inner} }}", known.trim_end_matches('}').trim_end());
    SYSTEM.replace(known, &merged)
}

fn read(name: &str, text: String, settings: &[String]) -> Loaded {
    let input = Input { name: name.to_owned(), text, folder: ".".into() };
    check(&input, &Overrides { settings: settings.to_vec(), ..Overrides::default() })
}

fn shown(loaded: &Loaded, about: &str) {
    let render = |palette| diagnostics::render(&loaded.problems, &loaded.sources, palette);
    readers::report(render, about);
}

#[test]
fn every_place_is_one_of_a_sound_scenario() {
    for (place, rule, lines) in PLACES {
        if *rule != Rule::Known {
            let loaded = read("test.yaml", with(lines, "fine"), &[]);
            let problems: Vec<_> = loaded.problems.iter().filter(|it| it.is_error()).collect();
            assert!(problems.is_empty(), "{place}: {problems:#?}");
        }
    }
}

#[test]
fn no_place_takes_what_cannot_be_seen_and_names_follow_their_rule() {
    for (place, rule, lines) in PLACES {
        for (kind, text) in all() {
            let about = format!("{kind} as {place}");
            let loaded = read("test.yaml", with(lines, text), &[]);
            shown(&loaded, &about);
            let is_hidden = text.chars().any(printable::is_hidden);
            let may_be = match rule {
                Rule::Name => is_name(text),
                Rule::Names => text.split(' ').all(is_name),
                Rule::Line => !is_hidden,
                // A path may be quoted, a file may exist: what matters is what is shown.
                Rule::Known => continue,
            };
            assert_eq!(loaded.blueprint.is_some(), may_be, "{about}: {:#?}", loaded.problems);
        }
    }
}

#[test]
fn settings_from_outside_are_read_like_the_file() {
    for (kind, text) in all() {
        let settings = [
            format!("name={}", written(text)),
            format!("{text}=1"),
            format!("run.seed={text}"),
            text.to_owned(),
        ];
        for setting in settings {
            shown(&read("test.yaml", SYSTEM.to_owned(), &[setting]), kind);
        }
    }
}

#[test]
fn what_cannot_be_seen_is_shown_where_it_is_written() {
    for (kind, text) in HIDDEN {
        // Raw, as an editor would save it; most of these are no YAML.
        let raw = format!("{SYSTEM}# {text}\n'{text}': {{ x: '{text}' }}\nnowhere: '{text}'\n");
        shown(&read("test.yaml", raw, &[]), kind);
        shown(&read(text, format!("{SYSTEM}nowhere: 1\n"), &[]), kind);
    }
}
