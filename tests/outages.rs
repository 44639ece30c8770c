//! What was met while public outages were modelled: each case, and the class that it stands for.

use sim_experiments::Finished;
use sim_models::observe::{Change, Moment, condensed};
use sim_models::scenario::Problem;
use sim_reports::{Palette, Paper, run};

use crate::running::{load_text, pool, run_text};
use sim_models::system::Id;

fn timeline(finished: &Finished) -> Vec<Moment> {
    condensed(&finished.timeline, finished.system.blueprint())
}

fn messages(text: &str) -> Vec<String> {
    load_text(text, &[]).problems.into_iter().map(|problem| problem.message).collect()
}

/// A request of a session counts by when it begins, whenever the session began.
#[test]
fn requests_of_a_session_that_began_in_the_warm_up_count() {
    let text = "
workloads: { c: { users: 10, think: 1s, operations: { session: { steps: [ { repeat: 1000, steps: [ { call: g }, { pause: 1s } ] } ] } } } }
services: { g: { handle: [ { work: 1ms } ] } }
faults: [ { at: 1m, for: 20s, crash: g } ]
run: { duration: 4m, drain: 10s }";
    let counts = |settings: &[&str]| {
        let web = &run_text(text, settings).summary.workloads[0];
        (web.offered, web.failed.values().sum::<u64>())
    };
    // Ten users, each with a request a second (and a millisecond, but for the refused), until the
    // drain is over.
    assert_eq!(counts(&[]), (2_500, 200));
    assert_eq!(counts(&["run.warmup=30s"]), (2_200, 200));
    assert_eq!(counts(&["run.warmup=70s"]), (1_800, 100), "half of the crash is in the warm-up");
}

/// A queue of B requests in front of a server with rate μ and arrivals λ is gone after B / (μ − λ).
#[test]
fn a_saturation_ends_with_the_queue() {
    for arrivals in [50.0, 200.0, 400.0, 600.0, 800.0] {
        let text = format!(
            "run: {{ duration: 4m, seed: 1 }}
workloads: {{ web: {{ to: one, arrivals: poisson {arrivals}/s }} }}
services: {{ one: {{ threads: 1, handle: [ {{ work: exponential 1ms }} ] }} }}
faults: [ {{ at: 1m, for: 10s, pause: one }} ]"
        );
        let finished = run_text(&text, &[]);
        let backlog = pool(&finished, "one").queue_max as f64;
        let expected = 70.0 + backlog / (1_000.0 - arrivals);
        let relieved = |moment: &&Moment| matches!(moment.change, Change::Relieved { .. });
        let ends: Vec<f64> =
            finished.timeline.iter().filter(relieved).map(|it| it.at.as_secs_f64()).collect();
        // A queue shorter than a second is none to speak of. The time to work a long one off has a
        // standard deviation of sqrt(B (λ + μ) / (μ − λ)³) (a busy period of B customers).
        if expected - 70.0 < 1.0 {
            assert!(ends.is_empty(), "{arrivals}/s: {ends:?}");
            continue;
        }
        let rest = 1_000.0 - arrivals;
        let deviation = (backlog * (1_000.0 + arrivals) / (rest * rest * rest)).sqrt();
        assert!(
            ends.len() == 1 && (ends[0] - expected).abs() < 4.0 * deviation + 0.1,
            "{arrivals}/s: {ends:?}, not {expected} ± {deviation}"
        );
    }
}

const SILENT: &str = "
run: { duration: 1m }
workloads: { web: { to: a, arrivals: { process: constant, steps: [ { at: 0s, rate: 0/s }, { at: 2m, rate: 5/s } ] } } }
services: { a: { threads: 4, handle: [ { send: q } ] }, b: { handle: [ { work: 1ms } ] } }
queues: { q: { deliver to: b } }
";

#[test]
fn nothing_is_shown_as_zero_where_there_is_nothing() {
    let finished = run_text(SILENT, &[]);
    let paper = Paper::new(Palette::Plain, 1_000);
    let text = run::report(&finished, &run::Invocation::default(), paper);
    let row = |title: &str, name: &str| -> Vec<String> {
        let section = text.split("\n\n").find(|section| section.starts_with(title));
        let lines = section.unwrap_or_else(|| panic!("{title} in\n{text}")).lines();
        let mut rows = lines.filter(|line| line.trim_start().starts_with(name));
        rows.next().expect("a row").split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(row("Latency", "web"), ["web", "–", "–", "–", "–", "–", "–"]);
    assert_eq!(row("Workloads", "web")[6..], ["–", "0.00/s"], "availability, goodput");
    assert_eq!(row("Calls", "web -> a")[3..], ["0", "–", "–", "–", "–"], "attempts, latencies");
    assert_eq!(row("Messages", "q")[9..], ["–", "–", "–"], "oldest, p50, p99");

    let record: serde_json::Value =
        serde_json::from_str(&run::json(&finished, &run::Invocation::default())).expect("JSON");
    let web = &record["workloads"][0];
    assert!(web["availability"].is_null() && web["latency"]["p99"].is_null(), "{web}");
    assert!(web["latency_with_failures"]["mean"].is_null() && web["goodput"] == 0.0, "{web}");
    assert!(record["calls"][0]["latency"]["max"].is_null(), "{record}");
    assert!(record["queues"][0]["oldest"].is_null(), "{record}");
    assert!(record["pools"][0]["wait_mean"].is_null() && record["pools"][0]["utilization"] == 0.0);
}

#[test]
fn cells_of_tables_are_empty_where_there_is_nothing() {
    let finished = run_text(SILENT, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    run::write_all(&finished, &run::Invocation::default(), folder.path()).expect("written");
    let table = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("a table");
    assert!(table("latency.csv").lines().nth(1).is_some_and(|row| row == "answers,web,0,,,,,,,"));
    let series = table("series.csv");
    let column =
        |name: &str| series.lines().next().and_then(|row| row.split(',').position(|it| it == name));
    let p99 = column("web.p99_s").expect("a column");
    let mut rows = series.lines().skip(1).map(|row| row.split(',').nth(p99));
    assert!(rows.all(|cell| cell == Some("")), "{series}");
}

/// Where everything fails at once, nothing is answered; the failures have a latency of zero.
#[test]
fn a_latency_of_zero_is_shown_where_it_was_measured() {
    let text = "
run: { duration: 1m }
workloads: { web: { to: a, arrivals: poisson 10/s } }
services: { a: { handle: [ { fail: 100%, as: server error } ] } }
expect: [ p99 of web is below 100ms, mean latency of web is below 1s ]";
    let finished = run_text(text, &[]);
    let web = &finished.summary.workloads[0];
    assert!(web.latency.p99.is_nan() && web.latency_with_failures.p99 == 0.0);
    assert_eq!((web.availability, web.goodput), (0.0, 0.0));
}

/// An expectation about a figure of which nothing is known does not hold, either way.
#[test]
fn what_is_not_known_meets_no_expectation() {
    let expect = "expect: [ p99 of web is below 1h, p99 of web is above 0s, availability of web is above 1%, error rate of web is below 99% ]";
    let blueprint = load_text(&format!("{SILENT}{expect}\n"), &[]).blueprint.expect("sound");
    let finished = crate::running::run(&blueprint);
    let holds = blueprint
        .expectations
        .iter()
        .map(|it| sim_models::expect::judge(it, &finished.system, &finished.timeline, None).holds);
    assert_eq!(holds.collect::<Vec<_>>(), [false; 4]);
}

/// Lines about one thing are few, however often it changes; the first says how often.
#[test]
fn what_flaps_is_told_in_a_few_lines() {
    let queue = "
run: { duration: 20m, seed: 1 }
workloads: { web: { to: a, arrivals: poisson 75/s } }
services: { a: { threads: { max: 8, queue: 8 }, handle: [ { work: exponential 80ms } ] } }";
    let breaker = "
run: { duration: 5m, seed: 1 }
workloads: { web: { to: a, arrivals: poisson 100/s } }
services: { a: { handle: [ { call: b } ] }, b: { handle: [ { work: 1ms } ] } }
calls: { a -> b: { timeout: 1s, breaker: { window: 10 calls, minimum calls: 10, wait: 2s } } }
faults: [ { at: 1m, for: 3m, errors: b, rate: 100% } ]";
    let ejections = "
run: { duration: 5m, seed: 1 }
workloads: { web: { to: a, arrivals: poisson 100/s } }
services: { a: { handle: [ { call: b } ] }, b: { instances: 4, handle: [ { work: 1ms } ] } }
calls: { a -> b: { timeout: 1s, balance: { health check: { interval: 1s, unhealthy threshold: 1, healthy threshold: 1 } } } }
faults: [ { at: 10s, for: 1s, every: 4s, crash: b, instances: 1 } ]";
    let alerts = "
run: { duration: 5m, seed: 1 }
workloads: { web: { to: a, arrivals: poisson 100/s } }
services: { a: { handle: [ { work: 1ms } ] } }
alerts: { Bad: { when: error rate of web over 1s is above 50% } }
faults: [ { at: 10s, for: 2s, every: 5s, crash: a } ]";
    for text in [queue, breaker, ejections, alerts] {
        let finished = run_text(text, &[]);
        let told = timeline(&finished);
        assert!(finished.timeline.len() > 60, "it flaps: {}", finished.timeline.len());
        let folded = told.iter().filter(|it| matches!(it.change, Change::Flaps { .. })).count();
        assert!(folded > 0 && 4 * told.len() < finished.timeline.len(), "{text}: {told:#?}");
        let times = |moment: &Moment| match &moment.change {
            Change::Flaps { times, .. } => *times,
            _ => 1,
        };
        let begins = |change: &Change| match change {
            Change::Flaps { change, .. } => matches!(**change, Change::Overflows { .. }),
            change => matches!(change, Change::Overflows { .. }),
        };
        let all = finished.timeline.iter().filter(|it| begins(&it.change)).count();
        let of_told: usize = told.iter().filter(|it| begins(&it.change)).map(times).sum();
        assert_eq!(all, of_told, "every full queue is counted");
        assert!(told.iter().filter(|it| begins(&it.change)).count() <= 2);
        assert!(told.is_sorted_by_key(|moment| moment.at));
    }
}

#[test]
fn a_story_of_a_few_changes_is_told_in_full() {
    let text = "
run: { duration: 5m, seed: 1 }
workloads: { web: { to: a, arrivals: poisson 100/s } }
services: { a: { handle: [ { work: 1ms } ] } }
faults: [ { at: 10s, for: 20s, every: 1m, crash: a } ]";
    let finished = run_text(text, &[]);
    assert_eq!(timeline(&finished), finished.timeline);
}

#[test]
fn a_flush_is_told_as_an_instant() {
    let text = "
run: { duration: 3m }
workloads: { web: { to: a, arrivals: poisson 100/s } }
services: { a: { handle: [ { cache: c, miss: [ { query: d } ] } ] } }
databases: { d: { connections: 10, query: 10ms } }
caches: { c: { keys: 100, ttl: 60s } }
faults: [ { at: 1m, flush: c }, { at: 2m, flush: c, share: 25% } ]";
    let text = run::report(&run_text(text, &[]), &run::Invocation::default(), Palette::Plain);
    let faults: Vec<&str> = text.lines().filter(|line| line.contains("  fault  ")).collect();
    assert!(faults[0].ends_with("* c  flushed"), "{faults:?}");
    assert!(faults[1].ends_with("* c  25% of it flushed") && faults.len() == 2, "{faults:?}");
}

/// Every way in which a window can be empty, and the reason that is given.
#[test]
fn an_empty_window_says_why() {
    let faults = "{ at: 0s, for: 1m, lose threads: a, count: 1 }, { at: 2m, for: 10s, crash: a }, { at: 100s, flush: c }, { at: 170s, for: 70s, pause: a }, { at: 4m, for: 10s, crash: a }";
    for (expectation, reason) in [
        ("before fault", "the first fault begins at 0s, inside the warm-up of 30s"),
        ("before fault 1", "fault 1 begins at 0s, inside the warm-up of 30s"),
        ("during fault 3", "fault 3 is over in the instant"),
        ("during fault 5", "fault 5 begins at 4m, when nothing arrives any more"),
        ("after fault 4", "fault 4 ends at 4m, when nothing arrives any more"),
        ("within 0s of fault 2", "no length"),
        ("within 0s after fault 2", "no length"),
        ("from 2m to 1m", "ends at 1m, before it begins"),
        ("from 5m to 6m", "the run is over before that"),
        ("before 0s", "nothing is before the beginning"),
        ("after 190s", "nothing arrives any more"),
        ("after 10m", "the run is over before that"),
        ("from 10.2s to 10.8s", "no whole interval of 1s lies in this stretch of time"),
        ("within 500ms of fault 2", "no whole interval of 1s"),
    ] {
        let text = format!(
            "run: {{ duration: 3m, warmup: 30s, drain: 20s }}
workloads: {{ web: {{ to: a, arrivals: poisson 10/s }} }}
services: {{ a: {{ threads: 2, handle: [ {{ cache: c, miss: [] }} ] }} }}
caches: {{ c: {{ keys: 5, ttl: 1s }} }}
faults: [ {faults} ]
expect: [ availability of web is at least 99% {expectation} ]"
        );
        let problems = load_text(&text, &[]).problems;
        let told: Vec<_> = problems.iter().filter(|it| it.is_error()).collect();
        assert!(
            told.len() == 1 && told[0].message.contains(reason) && told[0].help.is_some(),
            "{expectation}: {told:#?}, not {reason}"
        );
    }
    let text = "
run: { duration: 3m, warmup: 30s }
workloads: { web: { to: a, arrivals: poisson 10/s } }
services: { a: { threads: 2, handle: [ { work: 1ms } ] } }
faults: [ { at: 20s, for: 1m, lose threads: a, count: 1 } ]
expect: [ availability of web is at least 99% before fault ]";
    let told = |settings: &[&str]| load_text(text, settings).problems[0].message.clone();
    assert!(told(&[]).contains("begins at 20s, inside the warm-up of 30s"));
    assert!(told(&["run.warmup=0s", "faults[0].at=0s"]).contains("begins with the run"));
}

#[test]
fn a_factor_of_zero_is_for_surges() {
    let scenario = |fault: &str| {
        format!(
            "run: {{ duration: 3m }}
workloads: {{ web: {{ to: a, arrivals: poisson 100/s }} }}
services: {{ a: {{ instances: 2, handle: [ {{ work: 1ms }} ] }} }}
faults: [ {{ at: 1m, {fault} }} ]"
        )
    };
    let finished = run_text(&scenario("for: 1m, surge: web, by: 0x"), &[]);
    let offered = &finished.system.recorder().workloads()[Id::new(0)].series.offered;
    assert!(offered[..60].iter().all(|number| *number > 0));
    assert!(offered[60..120].iter().all(|number| *number == 0));
    assert!(offered[120..180].iter().all(|number| *number > 0));
    let begins = finished.timeline.iter().any(
        |it| matches!(&it.change, Change::FaultBegins { effect, .. } if effect == "switched off"),
    );
    assert!(begins);
    for fault in ["slow: a, by: 0x", "deploy: a, each: 5s, cold: 0x"] {
        let told = messages(&scenario(fault));
        assert!(told.len() == 1 && told[0] == "`0x` is not above zero", "{fault}: {told:?}");
    }
    for by in ["-1x", "x", "nanx", "1e400x"] {
        let told = messages(&scenario(&format!("surge: web, by: {by}")));
        assert!(told.len() == 1 && told[0].contains("is not a factor"), "{by}: {told:?}");
    }
}

#[test]
fn many_attempts_without_a_pause_have_a_warning() {
    let warned = |retry: &str| {
        let text = format!(
            "run: {{ duration: 1m }}
workloads: {{ web: {{ to: a, arrivals: poisson 10/s }} }}
services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ work: 1ms }} ] }} }}
calls: {{ a -> b: {{ timeout: 100ms, retry: {{ {retry} }} }} }}"
        );
        messages(&text).iter().any(|it| it.contains("attempts with"))
    };
    for retry in [
        "attempts: 500, backoff: none",
        "attempts: 11, backoff: none",
        "attempts: 11, backoff: fixed 10us",
        "attempts: 4000000000, backoff: none",
        "preset: cockatiel, maxAttempts: 20",
        "preset: polly, MaxRetryAttempts: 20, Delay: 0s",
    ] {
        assert!(warned(retry), "{retry}");
    }
    for retry in [
        "attempts: 10, backoff: none",
        "attempts: 500, backoff: fixed 100ms",
        "attempts: 500, backoff: exponential 1ms x2 max 1s full jitter",
        "attempts: 20, backoff: uniform 10ms to 30ms",
        "attempts: 20, backoff: none, budget: { preset: grpc, maxTokens: 10, tokenRatio: 0.1 }",
    ] {
        assert!(!warned(retry), "{retry}");
    }
    let delivers = |settings: &str| {
        let text = format!(
            "workloads: {{ web: {{ to: a, arrivals: poisson 10/s }} }}
services: {{ a: {{ handle: [ {{ send: q }} ] }}, b: {{ handle: [ {{ work: 1ms }} ] }} }}
queues: {{ q: {{ deliver to: b{settings} }} }}"
        );
        messages(&text).iter().any(|it| it.contains("delivers a message"))
    };
    assert!(delivers(", backoff: none") && delivers(", attempts: 50, backoff: none"));
    assert!(!delivers("") && !delivers(", attempts: 5, backoff: none"));
}

/// Intervals that straddle a fault do not make its effects come before it.
#[test]
fn no_effect_is_told_before_its_cause() {
    for tenths in 0..20_u32 {
        for (duration, width) in [("3m", 1), ("8h", 2)] {
            let begin = 120_000 + tenths * 100;
            let text = format!(
                "run: {{ duration: {duration}, seed: 3 }}
workloads: {{ web: {{ to: a, arrivals: {{ process: poisson, steps: [ {{ at: 0s, rate: 200/s }}, {{ at: 3m, rate: 0/s }} ] }} }} }}
services: {{ a: {{ handle: [ {{ work: 1ms }} ] }} }}
faults: [ {{ at: {begin}ms, for: 20300ms, crash: a }} ]"
            );
            let finished = run_text(&text, &[]);
            assert_eq!(finished.system.recorder().sample_width().as_secs_f64(), f64::from(width));
            let at = |is_it: fn(&Change) -> bool| {
                finished.timeline.iter().find(|it| is_it(&it.change)).map(|it| it.at)
            };
            let fault = at(|it| matches!(it, Change::FaultBegins { .. })).expect("a fault");
            let over = at(|it| matches!(it, Change::FaultEnds { .. })).expect("its end");
            let falls = at(|it| matches!(it, Change::AvailabilityFalls { .. })).expect("a fall");
            let outage = at(|it| matches!(it, Change::OutageBegins { .. })).expect("an outage");
            let answers = at(|it| matches!(it, Change::OutageEnds { .. })).expect("its end");
            let regained = at(|it| matches!(it, Change::AvailabilityRegained { .. }));
            assert!(fault <= falls && fault <= outage, "{tenths}, {duration}");
            assert!(
                over <= answers && regained.is_some_and(|it| over <= it),
                "{tenths}, {duration}"
            );
            let first = finished.timeline.first().expect("a moment");
            assert!(matches!(first.change, Change::FaultBegins { .. }), "{tenths}, {duration}");
        }
    }
}

/// A warning that something changes nothing waits until everything can be read.
#[test]
fn a_mistake_hides_the_warnings_that_may_follow_from_it() {
    let text = "
run: { duration: 1m }
workloads: { web: { to: a, arrivals: poisson 10/s } }
services: { a: { handle: [ { call: b } ] }, b: { hadle: [ { work: 1ms } ] } }
calls: { a -> c: { timeout: 1s }, b -> a: { timeout: 1s } }
faults: [ { at: 1s, for: 1s, slow: b, by: 2x }, { at: 2m, crash: a } ]";
    let problems = load_text(text, &[]).problems;
    assert!(!problems.is_empty() && problems.iter().all(Problem::is_error), "{problems:#?}");
    let mended = text.replace("hadle", "handle").replace("a -> c: { timeout: 1s }, ", "");
    let told = messages(&mended);
    assert!(told.iter().any(|it| it.contains("when the run is over")), "{told:?}");
    assert!(told.iter().all(|it| !it.contains("neither works nor waits")), "{told:?}");
}

/// A fault that lasts no time changes nothing, and ends nothing that it did not begin.
#[test]
fn a_fault_of_no_length_is_a_warning_and_not_an_event() {
    for fault in
        ["crash: a", "pause: a", "slow: a, by: 5x", "refuse: a", "lose threads: a, count: 1"]
    {
        let text = format!(
            "run: {{ duration: 1m }}
workloads: {{ web: {{ to: a, arrivals: poisson 10/s }} }}
services: {{ a: {{ threads: 2, handle: [ {{ work: 1ms }} ] }} }}
faults: [ {{ at: 10s, for: 0s, {fault} }} ]"
        );
        assert!(messages(&text)[0].contains("lasts no time"), "{fault}");
        let finished = run_text(&text, &[]);
        assert!(finished.timeline.is_empty() && finished.summary.workloads[0].availability == 1.0);
    }
}
