//! Expectations: messages about wrong sentences, and verdicts that can be worked out by hand.

use sim_experiments::Trial;
use sim_models::Outcome;
use sim_models::expect::Measured;
use sim_reports::{Palette, diagnostics};

use crate::running::{blueprint, call, load_text};

const SYSTEM: &str = "
run: { duration: 60s, drain: 10s }
workloads: { web: { to: api, arrivals: constant 10/s } }
services:
  api: { threads: 4, handle: [ { work: 10ms }, { call: db-service } ] }
  db-service: { handle: [ { work: 10ms }, { effect: stored } ] }
queues: { mail: { deliver to: db-service } }
calls: { api -> db-service: { timeout: 1s, breaker: { consecutive failures: 3, wait: 5s } } }
alerts: { Open: { when: breaker api -> db-service is open } }
faults: [ { at: 20s, for: 10s, errors: db-service, rate: 100% } ]
";

fn expecting(sentences: &[&str]) -> String {
    format!("{SYSTEM}expect:\n  - {}\n", sentences.join("\n  - "))
}

/// For each sentence, true if it holds.
fn verdicts(sentences: &[&str]) -> Vec<bool> {
    let trial = Trial::of(&blueprint(&load_text(&expecting(sentences), &[])));
    trial.verdicts.iter().map(|verdict| verdict.holds).collect()
}

#[test]
fn every_mistake_in_a_sentence_is_shown_at_its_word() {
    let text = expecting(&[
        "breaker api -> db-service opns within 10s of fault",
        "breaker api -> db opens",
        "breaker web -> api opens",
        "availability of wep is at least 99%",
        "availability of web is at least 99",
        "availability of web is at most 100%",
        "availability of web is at least 99% during fault 2",
        "\"p90 of web stays below 1s\"",
        "p99 of api -> db-service is below 1s during fault",
        "utilization of web is below 5%",
        "api.thread saturates",
        "order: api saturates, then opns",
        "alert Opne fires",
        "queue male drains",
        "duplicates of charge = 0",
        "api scales to many",
        "goodput of web is back to 95% of normal",
        "instance api#2 is ejected",
        "requests of web = 5 from 2m to 3m",
    ]);
    let loaded = load_text(&text, &[]);
    insta::assert_snapshot!(diagnostics::render(&loaded.problems, &loaded.sources, Palette::Plain));
}

/// Sentences of letters of several bytes that end anywhere: what is missing is shown at the last letter.
#[test]
fn places_of_mistakes_are_whole_letters() {
    let sentence = "ϝϝaϝaϝϝ@aϝϝϝ p99 of größe ϝ注文 is below ϝms within é";
    for (end, _) in sentence.char_indices().skip(1) {
        let sentence = &sentence[..end];
        let list = expecting(&[&format!("\"{sentence}\"")]);
        let in_a_file = load_text(&list, &[]);
        let in_an_argument = load_text(SYSTEM, &[&format!("expect=[ \"{sentence}\" ]")]);
        let escaped = expecting(&[&format!("\"{}\"", sentence.replace('a', "\\x61"))]);
        let escaped = load_text(&escaped, &[]);
        for loaded in [in_a_file, in_an_argument, escaped] {
            assert!(!loaded.problems.is_empty(), "{sentence}");
            for problem in &loaded.problems {
                let at = problem.at.expect("it has a place");
                let text = &loaded.sources.get(at.source).expect("it is in a text").text;
                assert!(text.get(at.start..at.end).is_some(), "{sentence}: {at:?} of {text}");
            }
        }
    }
}

#[test]
fn a_misspelt_bound_is_recognized() {
    for (written, meant) in [("abov", "above"), ("belwo", "below"), ("exactl", "exactly")] {
        let text = expecting(&[&format!("requests of web is {written} 5")]);
        let problems = load_text(&text, &[]).problems;
        let help = problems.iter().find_map(|problem| problem.help.clone()).unwrap_or_default();
        assert_eq!(help, format!("did you mean `{meant}`?"), "{written}");
    }
}

#[test]
fn figures_and_windows_are_what_can_be_counted_by_hand() {
    // Ten a second, the first after a tenth of a second; from 20 s on three failures open the
    // breaker, which asks again every five seconds or so, and the first probe that fails opens it
    // again.
    let held = verdicts(&[
        "requests of web = 599",
        "requests of web = 100 during fault",
        "answers of web = 199 before fault",
        "availability of web is exactly 100% before fault",
        "breaker api -> db-service opens exactly 2 times",
        "breaker api -> db-service opens within 400ms of fault",
        "breaker api -> db-service never opens before 20s",
        "server errors of api -> db-service = 4",
        "queue full of api -> db-service = 0",
        "load of web is exactly 10/s from 30s to 40s",
        "calls of api -> db-service = 599",
        "amplification of api -> db-service is below 1x",
        "p50 of web is above 19ms before fault",
        "p50 of web is below 21ms before fault",
        "order: fault begins, breaker api -> db-service opens, then half-opens, fault ends, breaker api -> db-service closes",
        "alert Open fires within 2s of fault",
    ]);
    assert_eq!(held, vec![true; held.len()]);
}

#[test]
fn what_is_not_so_fails_and_says_what_is() {
    let sentences = [
        "requests of web = 600",
        "availability of web is at least 99% during fault",
        "availability of web stays above 99%",
        "breaker api -> db-service opens exactly 3 times",
        "breaker api -> db-service never opens",
        "order: fault ends, breaker api -> db-service opens",
        "goodput of web is back to 95% of normal within 1s of fault",
        "api.threads saturates",
        "no request is lost",
        "depth of queue mail is above 0",
    ];
    let trial = Trial::of(&blueprint(&load_text(&expecting(&sentences), &[])));
    assert!(trial.verdicts.iter().all(|verdict| !verdict.holds), "{:?}", trial.verdicts);
    assert!(matches!(trial.verdicts[0].measured, Measured::Figure { value: Some(599.0), .. }));
    assert!(matches!(trial.verdicts[3].measured, Measured::Times { count: 2, .. }));
    assert!(trial.verdicts[3].nearest.is_some());
}

#[test]
fn an_outcome_is_counted_before_a_fallback_makes_something_else_of_it() {
    let text = expecting(&[
        "rejections of api -> db-service is above 80",
        "degraded share of web is above 95% during fault",
        "availability of api -> db-service is exactly 100%",
    ]);
    let trial =
        Trial::of(&blueprint(&load_text(&text, &["calls.api -> db-service.fallback=default"])));
    assert!(trial.holds(), "{:?}", trial.verdicts);
}

#[test]
fn an_edge_without_its_breaker_is_worth_a_warning_and_fails() {
    let text = expecting(&["breaker api -> db-service opens"]);
    let loaded = load_text(&text, &["calls.api -> db-service.breaker=null"]);
    assert_eq!(loaded.problems.len(), 2, "the expectation and the alert: {:?}", loaded.problems);
    assert!(!Trial::of(&blueprint(&loaded)).holds());
}

#[test]
fn a_pile_is_worked_off_before_the_queue_is_ever_empty() {
    // 100 messages a second against six partitions that deliver 20 a second each: a pause of two
    // minutes leaves 12,000, and the 20 a second to spare take ten minutes for them. Keys are spread
    // by chance: in 13 minutes a partition has 13,000 ± 104 messages, and 3.3 a second to spare.
    let text = "run: { duration: 30m }
workloads: { feed: { to: api, arrivals: constant 100/s } }
services:
  api: { handle: [ { send: log } ] }
  worker: { handle: [ { work: 50ms } ] }
queues:
  log: { deliver to: worker, partitions: 6, concurrency: 1 }
faults: [ { at: 60s, for: 2m, pause: worker } ]
expect:
  - queue log piles up exactly 1 times
  - queue log drains exactly 1 times
  - queue log never drains before 12m30s
  - queue log drains by 14m30s
  - depth of queue log is at least 1 from 15m to 30m
";
    let trial = Trial::of(&blueprint(&load_text(text, &[])));
    let held: Vec<bool> = trial.verdicts.iter().map(|verdict| verdict.holds).collect();
    assert_eq!(held, [true; 5]);
}

/// Whatever ends a call is a figure of it, in the singular and the plural, wherever figures are
/// written, and says how many ended this way.
#[test]
fn every_outcome_is_a_figure_of_calls_and_workloads() {
    let words = Outcome::ALL.map(Outcome::name);
    let numbers = words.map(|word| format!("{word}s of api -> db-service is at most 1000"));
    let of_calls =
        words.map(|word| format!("{word} of api -> db-service is at most 1000 during fault"));
    let of_workloads = words.map(|word| format!("{word} of web stays below 1000"));
    let sentences = [numbers, of_calls, of_workloads].concat();
    let sentences: Vec<&str> = sentences.iter().map(String::as_str).collect();
    let alerts = words.map(|word| {
        let name: String = word.chars().filter(char::is_ascii_alphabetic).collect();
        format!("alerts.{name}.when={word} of api -> db-service over 10s is above 5")
    });
    let alerts: Vec<&str> = alerts.iter().map(String::as_str).collect();
    let loaded = load_text(&expecting(&sentences), &alerts);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let trial = Trial::of(&blueprint(&loaded));
    assert!(trial.holds(), "{:?}", trial.verdicts);
    let ended = &call(&trial.finished, "api -> db-service").ended;
    for (word, verdict) in words.iter().zip(&trial.verdicts) {
        let Measured::Figure { value: Some(measured), .. } = verdict.measured else {
            panic!("{word}: {verdict:?}")
        };
        assert_eq!(measured as u64, ended.get(*word).copied().unwrap_or(0), "{word}");
    }
    assert!(ended["server error"] > 0 && ended["rejected by breaker"] > 0, "{ended:?}");
}

/// A call to a service whose queue is full.
#[test]
fn a_full_queue_is_a_figure_though_its_name_begins_like_another() {
    let text = "run: { duration: 1m }
workloads: { web: { to: a, arrivals: poisson 100/s } }
services: { a: { handle: [ { call: b } ] }, b: { threads: { max: 1, queue: 0 }, handle: [ { work: 20ms } ] } }
expect: [ queue full of a -> b is above 3000, queue of b.threads = 0, busy of b.threads is above 0.5 ]";
    let trial = Trial::of(&blueprint(&load_text(text, &[])));
    assert!(trial.holds(), "{:?}", trial.verdicts);
}
