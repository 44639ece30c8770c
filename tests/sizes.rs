//! Requests that take different amounts of memory.

use crate::running::{blueprint, load_text, run};
use sim_experiments::Trial;

/// Requests that take 900 ms each, in a process with 10 MB.
fn text(rate: u32, memory: &str, expect: &str) -> String {
    format!(
        "
run: {{ duration: 60s }}
workloads: {{ web: {{ to: api, arrivals: constant {rate}/s }} }}
services:
  api:
    memory: {{ limit: 10MB, {memory} }}
    handle: [ {{ work: 900ms }} ]
expect: [ {expect} ]
"
    )
}

fn holds(rate: u32, memory: &str, sentence: &str) -> bool {
    let trial = Trial::of(&blueprint(&load_text(&text(rate, memory, sentence), &[])));
    trial.verdicts.iter().all(|verdict| verdict.holds)
}

const SIZES: &str = "each: uniform 1.9MB to 2.1MB";

/// Four requests take at most 8.4 MB, and six at least 11.4 MB.
#[test]
fn a_process_is_killed_when_the_sizes_add_up_to_too_much() {
    assert!(holds(4, SIZES, "api never runs out of memory"));
    assert!(holds(7, SIZES, "api runs out of memory"));
}

/// Three requests take less than 6.5 MB and a fourth more than 7.5 MB: there are never more than three.
#[test]
fn what_would_not_fit_is_turned_away() {
    let shed = format!("{SIZES}, shed above: 7MB");
    assert!(holds(7, &shed, "api never runs out of memory"));
    assert!(holds(7, &shed, "busy of api.threads is at most 3 from 10s to 60s"));
    assert!(holds(7, &shed, "busy of api.threads is above 2.5 from 10s to 60s"));
}

#[test]
fn a_constant_size_is_the_size() {
    let figures = |memory: &str| {
        let finished = run(&blueprint(&load_text(&text(7, memory, ""), &[])));
        format!("{:?}", finished.summary.workloads)
    };
    assert_eq!(
        figures("each: 2MB, shed above: 7MB"),
        figures("each: constant 2MB, shed above: 7MB")
    );
}

/// Sizes have draws of their own: what they do not kill or turn away is as it was.
#[test]
fn sizes_move_no_other_draw() {
    let figures = |each: &str| {
        let text = text(4, &format!("each: {each}"), "")
            .replace("constant 4/s", "poisson 4/s")
            .replace("limit: 10MB", "limit: 1GB")
            .replace("work: 900ms", "work: exponential 900ms");
        format!("{:?}", run(&blueprint(&load_text(&text, &[]))).summary.workloads)
    };
    assert_eq!(figures("1KB"), figures("lognormal mean 1KB p99 5KB"));
}

#[test]
fn a_wrong_size_says_what_would_be_right() {
    for (each, message) in [
        ("exponential 2ms", "not an amount of memory"),
        ("uniform 3MB to 1MB", "below the upper bound"),
        ("exponential 20MB", "at most `limit`"),
        ("0MB", "above zero"),
    ] {
        let loaded = load_text(&text(4, &format!("each: {each}"), ""), &[]);
        let found: Vec<String> = loaded.problems.into_iter().map(|it| it.message).collect();
        assert!(found.iter().any(|it| it.contains(message)), "{each}: {found:?}");
    }
}
