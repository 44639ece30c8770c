//! Reports for people: they fit the terminal, cut no figure, and fold rows that are alike.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use sim_experiments::Finished;
use sim_reports::run::{Invocation, comparison, json, replications, report};
use sim_reports::testing::{self, TestResult, Tested, Timeline};
use sim_reports::{Palette, Paper};
use unicode_width::UnicodeWidthStr;

use crate::running::{LibraryRun, blueprint, library_runs, load_text, run, run_scenario, run_text};

const WIDTHS: [usize; 3] = [80, 100, 120];

/// The lines of a report that are wider than its paper. A command stays whole, so that one can copy it.
fn too_wide(text: &str, columns: usize) -> Vec<&str> {
    let is_wide = |line: &&str| line.width() > columns && !line.starts_with("again: ");
    text.lines().filter(is_wide).collect()
}

/// The words of a report without what joins them, and without dashes: a row may go that has nothing else.
fn words(text: &str) -> BTreeSet<&str> {
    let words = text.split_whitespace().map(|word| word.trim_matches([',', ';', '(', ')']));
    words.filter(|word| *word != "–").collect()
}

/// Checks a report at all widths against itself on an endless line.
fn check(title: &str, of: impl Fn(Paper) -> String) {
    let whole = of(Paper::new(Palette::Plain, 100_000));
    for columns in WIDTHS {
        let text = of(Paper::new(Palette::Plain, columns));
        assert_eq!(too_wide(&text, columns), Vec::<&str>::new(), "{title} at {columns}");
        let narrow = words(&text);
        let missing: Vec<&str> =
            words(&whole).into_iter().filter(|word| !narrow.contains(word)).collect();
        assert_eq!(missing, Vec::<&str>::new(), "cut from {title} at {columns}:\n{text}");
    }
}

#[test]
fn reports_of_the_library_fit_and_nothing_is_cut() {
    let mut tests = Vec::new();
    let invocation_of =
        |run: &LibraryRun| Invocation { variant: run.variant.clone(), ..Invocation::default() };
    for runs in library_runs().chunk_by(|one, next| one.file == next.file) {
        let runs: Vec<(&Finished, Invocation)> =
            runs.iter().map(|run| (&run.finished, invocation_of(run))).collect();
        for (finished, invocation) in &runs {
            let name = invocation.title(&finished.summary.scenario);
            check(&name, |paper| report(finished, invocation, paper));
            let result = TestResult::Ran {
                expectations: Vec::new(),
                seeds: 12,
                stopped: None,
                timeline: Timeline::Stray(100),
            };
            let variant = invocation.variant.clone();
            let name = finished.summary.scenario.clone();
            tests.push(Tested { name, variant, took: Duration::ZERO, result });
        }
        let asked: Vec<_> = runs.iter().map(|(finished, asked)| (*finished, asked)).collect();
        let title = &runs[0].0.summary.scenario;
        check(title, |paper| comparison(&asked, paper));
        let replicated = sim_experiments::Replicated {
            summaries: vec![runs[0].0.summary.clone(); 2],
            wanted: 2,
            stopped: None,
        };
        check("replications", |paper| replications(&replicated, &Invocation::default(), paper));
    }
    check("tests", |paper| testing::list(&tests, Duration::ZERO, paper));
}

/// Two hundred clients of one kind, of which one sends ten times as much.
fn clients() -> String {
    let mut text = "name: clients
run: { duration: 60s, warmup: 5s, seed: 1 }
services:
  web: { instances: 40, threads: 8, handle: [ { work: exponential 15ms } ] }
workloads:
"
    .to_owned();
    for client in 1..=200 {
        let rate = if client == 17 { 50 } else { 5 };
        let _ = writeln!(text, "  client-{client}: {{ to: web, arrivals: poisson {rate}/s }}");
    }
    text
}

#[test]
fn clients_that_are_alike_share_a_row_and_the_other_has_its_own() {
    let finished = run_text(&clients(), &[]);
    let text = report(&finished, &Invocation::default(), Palette::Plain);
    let mut sections = text.split("\n\n");
    let workloads = sections.find(|section| section.starts_with("Workloads")).expect("a table");
    let names: Vec<&str> = workloads
        .lines()
        .skip(2)
        .map(|row| row.trim_start().split("  ").next().unwrap_or(""))
        .collect();
    assert_eq!(names.last(), Some(&"client-17"), "{text}");
    assert!(names.contains(&"client-1…200 (199 of 200)"), "{text}");
    insta::assert_snapshot!(text);
    let document: serde_json::Value =
        serde_json::from_str(&json(&finished, &Invocation::default())).expect("JSON");
    assert_eq!(document["workloads"].as_array().map(Vec::len), Some(200));
}

/// An instance that is paused has a queue, and its utilization does not tell.
#[test]
fn an_instance_that_stands_out_in_one_figure_keeps_its_row() {
    let finished = run_scenario("per-instance", None, &[]);
    let text = report(&finished, &Invocation::default(), Palette::Plain);
    assert!(text.contains("  payment#1  "), "{text}");
    assert!(text.contains("  payment#2…10 (9 of 10)  "), "{text}");
}

/// Services in a row are numbered too, but no two of them are alike.
#[test]
fn rows_that_differ_are_not_folded() {
    let mut text = "name: chain
run: { duration: 20s, warmup: 1s, seed: 1 }
workloads:
  web: { to: s1, arrivals: poisson 50/s }
services:
"
    .to_owned();
    for service in 1..=6 {
        let work = 1 << service;
        let next =
            if service < 6 { format!(", {{ call: s{} }}", service + 1) } else { String::new() };
        let _ = writeln!(
            text,
            "  s{service}: {{ threads: {}, handle: [ {{ work: {work}ms }}{next} ] }}",
            10 * work
        );
    }
    let text = report(&run_text(&text, &[]), &Invocation::default(), Palette::Plain);
    for service in 1..=6 {
        assert!(text.contains(&format!("  s{service}  ")), "{text}");
    }
    assert!(!text.contains('…'), "{text}");
}

/// Names may be longer than any terminal is wide.
#[test]
fn only_a_name_that_leaves_no_room_is_cut() {
    let long = |letter: &str| letter.repeat(110);
    let text = format!(
        "name: long
run: {{ duration: 20s, warmup: 1s, seed: 1 }}
workloads:
  {a}: {{ to: {b}, arrivals: poisson 50/s }}
  short: {{ to: {b}, arrivals: poisson 50/s }}
services:
  {b}: {{ threads: 1, handle: [ {{ work: 11ms }} ] }}
faults:
  - {{ at: 5s, for: 5s, slow: {b}, by: 3x }}
",
        a = long("a"),
        b = long("b")
    );
    let finished = run(&blueprint(&load_text(&text, &[])));
    let numbers = |text: &str| -> BTreeSet<String> {
        let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
        words(text).into_iter().filter(is_number).map(str::to_owned).collect()
    };
    let of =
        |columns| report(&finished, &Invocation::default(), Paper::new(Palette::Plain, columns));
    let whole = numbers(&of(100_000));
    for columns in WIDTHS {
        let text = of(columns);
        assert_eq!(too_wide(&text, columns), Vec::<&str>::new(), "{text}");
        assert!(whole.is_subset(&numbers(&text)), "{text}");
        assert!(text.contains('…') && text.contains("short"), "{text}");
    }
}
