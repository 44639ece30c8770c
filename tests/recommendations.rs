//! Recommendations: they agree with theory where there is one, and hold on random numbers that the
//! search has not used.

mod library;
mod probabilities;
mod regions;
mod subjects;
mod theory;

use std::sync::Arc;

use sim_experiments::recommend::{
    Conclusion, Formula, Recommendation, Standing, TunableSystem, recommend,
};
use sim_experiments::{Impatient, Interrupted, Trial, Unattended, Unready};
use sim_models::scenario::{Input, Overrides};
use sim_reports::recommend::{RUNS, RunJournal, json, report};
use sim_reports::{Palette, diagnostics};

use crate::running::{load_file, one_section_a_line, root};

/// An M/M/c queue with a load of five erlangs. Its mean sojourn is S + C(c, a) S / (c - a): 79 ms
/// with six servers, 58 ms with seven, 53 ms with eight.
const QUEUE: &str = "run: { duration: 2m, warmup: 10s, seed: 5 }
    workloads: { web: { to: api, arrivals: poisson 100/s } }
    services: { api: { threads: 30, handle: [ { work: exponential 50ms } ] } }
    prices: { thread: 1 }
    goals: { settings: { services.api.threads: 5..40 }, limits: [ mean latency of web is below 55ms ], runs: 500, validations: 60 }";

fn system(text: &str, settings: &[&str]) -> Result<TunableSystem, Unready> {
    let input =
        Input { name: "test.yaml".into(), text: one_section_a_line(text), folder: ".".into() };
    let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
    TunableSystem::prepare(input, Overrides { settings, ..Overrides::default() })
}

fn found(text: &str, settings: &[&str], jobs: usize) -> Recommendation {
    let system = system(text, settings).unwrap_or_else(|unready| panic!("{unready:?}"));
    recommend(&system, &Unattended { jobs }).expect("not interrupted")
}

#[test]
fn the_fewest_servers_are_those_that_erlang_says() {
    let found = found(QUEUE, &[], 2);
    assert_eq!((found.conclusion, found.advice[0].recommended.number), (Conclusion::Change, 8.0));
    assert_eq!(found.objectives[0], (Some(30.0), Some(8.0)));
    let below = found.advice[0].below.as_ref().expect("seven are too few");
    assert_eq!((below.at.number, below.limit.as_str()), (7.0, "mean latency of web is below 55ms"));
    assert!((below.figure.expect("measured") - 0.0581).abs() < 0.003, "{:?}", below.figure);
    assert!(
        found.advice[0].above.is_none()
            && found.advice[0].safe.as_ref().expect("met").1.number == 40.0
    );
    let formulas = &found.estimates[0].formulas;
    assert!(
        matches!(formulas[0], Formula::Little { rate, held } if (rate * held - 5.0).abs() < 0.2),
        "{formulas:?}"
    );
    assert!(
        matches!(formulas[1], Formula::ErlangC { .. }) && formulas[1].value() == 10.0,
        "{formulas:?}"
    );
}

#[test]
fn what_is_best_already_is_kept() {
    let found = found(QUEUE, &["services.api.threads=8"], 2);
    assert_eq!(found.conclusion, Conclusion::Keep);
    assert!(!found.advice[0].is_changed);
    let text = report(&found, "test", Palette::Plain);
    assert!(text.contains("keep what you have") && text.contains("nothing better was found in"));
}

#[test]
fn what_cannot_be_had_is_told_with_the_best_that_can() {
    let found = found(QUEUE, &["goals.limits=[ mean latency of web is below 45ms ]"], 2);
    assert_eq!(found.conclusion, Conclusion::Unmet);
    let unmet = &found.unmet[0];
    assert!(
        !unmet.is_met_by_others && (unmet.best.expect("measured") - 0.05).abs() < 0.003,
        "{unmet:?}"
    );
    let text = report(&found, "test", Palette::Plain);
    assert!(text.contains("no candidate met it") && text.contains("was found in"), "{text}");
    assert!(!text.contains("safe"), "{text}");
    let (kept, mean) = unmet.at_best_ends.expect("threads alone go together");
    assert!(kept.kept == 0 && (mean.expect("measured") - 0.05).abs() < 0.003, "{kept:?} {mean:?}");
    assert!(text.contains("best for it alone: 0 of 10 runs keep it"), "{text}");
    assert!(text.contains("nothing comes closer than what the search began with"), "{text}");
}

/// Whenever it is stopped, it has the best so far, as soon as the present settings are known: never worse
/// than them, and never said to be an answer.
#[test]
fn a_search_that_is_stopped_tells_the_best_so_far() {
    let system = system(QUEUE, &[]).expect("sound goals");
    let stopped = |asks: u64| recommend(&system, &Impatient::after(1, asks));
    assert_eq!(stopped(0).map(|_| ()), Err(Interrupted));
    let mut costs = Vec::new();
    for asks in [20, 60, 150] {
        let found = stopped(asks).expect("the present settings are known");
        assert_eq!(found.conclusion, Conclusion::Interrupted, "{asks}");
        assert_eq!(found.advice.len(), found.plan.settings.len());
        assert!(found.advice.iter().all(|advice| advice.safe.is_none()));
        let text = report(&found, "test", Palette::Plain);
        assert!(text.contains("stopped early: this was the best so far"), "{text}");
        assert!(!text.contains("not seen") && !text.contains("How much room"), "{text}");
        assert!(json(&found, "test").contains("\"outcome\": \"interrupted\""));
        costs.push(found.objectives[0].1.expect("it has a cost"));
    }
    assert!(costs.is_sorted_by(|before, after| before >= after), "{costs:?}");
}

/// Wherever it is stopped, also between one set of random numbers and the next, it says what it knows, and
/// the present settings have the figures that they had at the beginning.
#[test]
fn a_search_that_finds_nothing_can_be_stopped_anywhere() {
    let limit = "goals.limits=[ mean latency of web is below 45ms ]";
    let system = system(QUEUE, &[limit, "run.duration=20s"]).expect("sound goals");
    let mut seen = Vec::new();
    for asks in (0..400).step_by(7) {
        match recommend(&system, &Impatient::after(1, asks)) {
            Ok(found) if found.conclusion == Conclusion::Interrupted => {
                assert!(!report(&found, "test", Palette::Plain).is_empty());
                seen.push(found.limits[0].now.figure.expect("measured").mean);
            }
            Ok(_) => break,
            Err(Interrupted) => assert!(seen.is_empty(), "nothing is known after {asks}"),
        }
    }
    assert!(seen.len() > 10, "{seen:?}");
    assert!(seen.iter().all(|mean| *mean == seen[0]), "{seen:?}");
}

/// Stopped again and again, after more and more, it comes to the answer of a search that was not.
#[test]
fn a_search_that_goes_on_comes_to_the_same_answer() {
    let system = system(QUEUE, &[]).expect("sound goals");
    let whole = recommend(&system, &Unattended { jobs: 2 }).expect("not interrupted");
    let folder = tempfile::tempdir().expect("a folder");
    let mut stops = 0;
    let resumed = loop {
        let journal = Arc::new(RunJournal::resume(folder.path()).expect("a journal"));
        let remembering = system.clone().remembering(journal.clone());
        let found = recommend(&remembering, &Impatient::after(1, 40 + 20 * stops));
        journal.check().expect("written");
        match found {
            Ok(found) if found.conclusion != Conclusion::Interrupted => {
                journal.finish().expect("removed");
                break found;
            }
            _ => stops += 1,
        }
    };
    assert!(stops > 2 && !folder.path().join(RUNS).exists());
    assert_eq!(json(&resumed, "test"), json(&whole, "test"));
}

#[test]
fn a_journal_of_runs_that_is_damaged_or_of_another_version_is_refused_and_a_cut_line_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(RUNS);
    let system = system(QUEUE, &[]).expect("sound goals");
    let journal = Arc::new(RunJournal::create(folder.path()).expect("a journal"));
    let remembering = system.remembering(journal);
    let _ = recommend(&remembering, &Impatient::after(1, 60));
    drop(remembering);
    let text = std::fs::read_to_string(&path).expect("it was written");
    let resumed = |text: &str| {
        std::fs::write(&path, text).expect("written");
        RunJournal::resume(folder.path()).map(|_| ()).map_err(|error| error.to_string())
    };
    assert!(text.lines().count() > 5);
    assert_eq!(resumed(&text[..text.len() - 7]), Ok(()));
    let left = std::fs::read_to_string(&path).expect("readable");
    assert!(left.ends_with('\n') && text.starts_with(&left), "the cut line is gone");
    let refused = resumed(&text.replacen("replication", "replica", 1)).expect_err("damaged");
    assert!(refused.contains("line 2: it is not as it was written"), "{refused}");
    let refused = resumed(&text.replacen("\"0.", "\"9.", 1)).expect_err("another version");
    assert!(refused.contains("it was made by version 9."), "{refused}");
    for length in 0..text.find('\n').expect("lines") {
        assert_eq!(resumed(&text[..length]), Ok(()), "{length} bytes of its header");
        let left = std::fs::read_to_string(&path).expect("readable");
        assert!(left.ends_with('\n') && text.starts_with(&left), "{left}");
    }
    let (header, runs) = text.split_at(text.find('\n').expect("lines") + 1);
    assert_eq!(resumed(&format!("{header}{runs}{runs}")), Ok(()), "the same twice");
    let exists = RunJournal::create(folder.path()).expect_err("there is one").to_string();
    assert!(exists.contains("continue it with --resume"), "{exists}");
}

#[test]
fn limits_that_conflict_are_told_with_their_price() {
    let limits = "goals.limits=[ mean latency of web is below 51ms, utilization of api.threads is at least 60% ]";
    let found = found(QUEUE, &[limits], 2);
    assert_eq!(found.conclusion, Conclusion::Unmet);
    let costs: Vec<_> =
        found.unmet.iter().filter_map(|unmet| unmet.at_the_cost_of.as_ref()).collect();
    assert!(!costs.is_empty(), "{:?}", found.unmet);
}

#[test]
fn the_answer_is_the_same_for_any_number_of_threads() {
    let text = QUEUE.replace(
        "runs: 500",
        "runs: 500, maximize: [ goodput of web ], minimize: [ cost, p99 of web ]",
    );
    let text = text.replace(
        "settings: { services.api.threads: 5..40 }",
        "settings: { services.api.threads: 5..40, \
        calls.web -> api.timeout: 50ms..2s log, calls.web -> api.bulkhead: [ on, off, { semaphore: 20 } ] }",
    );
    let text = format!(
        "{text}\n    calls: {{ web -> api: {{ timeout: 1s, bulkhead: {{ semaphore: 60 }} }} }}"
    );
    let one = json(&found(&text, &[], 1), "test");
    assert_eq!(one, json(&found(&text, &[], 3), "test"));
    assert_ne!(one, json(&found(&text, &["run.seed=6"], 1), "test"), "the seed matters");
    let found = found(&text, &[], 2);
    assert!(found.front.len() > 1, "objectives conflict");
    let worse = |one: &[f64], other: &[f64]| {
        one[0] <= other[0] && one[1] >= other[1] && one[2] >= other[2] && one != other
    };
    for (_, point) in &found.front {
        assert!(!found.front.iter().any(|(_, other)| worse(point, other)), "{point:?} is beaten");
    }
}

#[test]
fn rules_bind_settings_together() {
    let text = QUEUE.replace("runs: 500", "runs: 500, rules: [ services.api.threads >= 12 ]");
    let found = found(&text, &[], 2);
    assert_eq!(found.advice[0].recommended.number, 12.0);
    let below = found.advice[0].below.as_ref().expect("a rule");
    assert!(
        below.condition.is_none() && below.limit.contains("services.api.threads >= 12"),
        "{below:?}"
    );
}

#[test]
fn the_protected_cascade_gets_settings_that_meet_every_goal_where_its_own_do_not() {
    let path = root().join("scenarios/cascade-protected.yaml");
    let text = std::fs::read_to_string(&path).expect("readable");
    let input = Input {
        name: "cascade-protected.yaml".into(),
        text,
        folder: root().join("scenarios").into(),
    };
    let settings = vec!["goals.runs=2000".to_owned(), "goals.validations=4".to_owned()];
    let system = TunableSystem::prepare(input, Overrides { settings, ..Overrides::default() })
        .expect("sound goals");
    let found = recommend(&system, &Unattended { jobs: 2 }).expect("not interrupted");
    assert_eq!(found.conclusion, Conclusion::Change);
    assert!(
        found.limits.iter().any(|limit| limit.now.standing == Standing::Misses),
        "the file's own settings miss something"
    );
    assert!(
        found.limits.iter().all(|limit| limit.recommended.standing == Standing::Holds),
        "{:#?}",
        found.limits
    );
    assert!(found.objectives[0].1 < found.objectives[0].0, "and cost less");
    // Checked independently: as expectations of an ordinary run, with a seed that nothing has used.
    let of_advice =
        found.plan.settings.iter().zip(&found.advice).filter(|(_, advice)| advice.is_changed);
    let mut settings: Vec<String> = of_advice
        .map(|(setting, advice)| format!("{}={}", setting.path, advice.recommended.shown))
        .collect();
    settings.extend(["run.seed=987654".to_owned(), "run.duration=3m".to_owned()]);
    settings.push(
        "expect=[ availability of visitors is at least 99.9%, p99 of visitors is below 150ms during fault, \
         degraded share of visitors is at most 5% after fault ]"
            .to_owned(),
    );
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let loaded = load_file(&path, None, &settings);
    let trial = Trial::of(loaded.blueprint.as_ref().expect("sound"));
    assert!(trial.holds(), "{settings:?}: {:?}", trial.verdicts);
}

/// A limit that mentions a fault can be combined with a condition that has no fault.
#[test]
fn a_file_may_ask_several_things_at_once() {
    let text =
        QUEUE.replace("goals: {", "goals: { conditions: { calm: { faults: [] }, slow: {} },");
    let text = format!(
        "{text}\n    faults: [ {{ at: 30s, for: 5s, slow: api, by: 2x }} ]
    stability: {{ load: {{ workloads.web.arrivals: poisson 50/s..60/s in 2 }}, trigger: {{ 'faults[0].by': 2x..4x }} }}
    sweep: {{ vary: {{ 'faults[0].for': 2s..9s }}, figures: [ p99 of web during fault ] }}"
    );
    let input =
        Input { name: "test.yaml".into(), text: one_section_a_line(&text), folder: ".".into() };
    let checked = sim_models::scenario::check(&input, &Overrides::default());
    assert_eq!(diagnostics::render(&checked.problems, &checked.sources, Palette::Plain), "");
    assert!(system(&text, &[]).is_ok());
}

#[test]
fn every_mistake_in_goals_is_told_at_its_place() {
    let text = "workloads: { web: { to: api, arrivals: poisson 100/s } }
services: { api: { threads: 4, handle: [ { work: 1ms } ] } }
calls: { web -> api: { timeout: 1s } }
goals:
  settings: { services.apy.threads: 5..40, calls.web -> api.timeout: 2s..1s }
  rules: [ services.api.threads, calls.web -> api.timeout < services.api.threads ]
  conditions: { peak: { workloads.wep.arrivals: poisson 200/s }, both: [ peak, slwo ], odd: 3 }
  limits:
    - availability of web is at least 99.9% durng fault
    - breaker web -> api opens within 5s of fault
    - { limit: p99 of web is below 300ms, in: [ pek ] }
    - p99 of web is below 90%
    - availability of web is at least 99% in most of runs
  minimize: [ costs ]
  validations: 1
";
    let input = Input { name: "goals.yaml".into(), text: text.into(), folder: ".".into() };
    let checked = sim_models::scenario::check(&input, &Overrides::default());
    insta::assert_snapshot!(diagnostics::render(
        &checked.problems,
        &checked.sources,
        Palette::Plain
    ));
    assert!(matches!(
        system(
            "workloads: { web: { to: api, arrivals: poisson 1/s } }
        services: { api: { threads: 4, handle: [ { work: 1ms } ] } }",
            &[]
        ),
        Err(Unready::NothingAsked)
    ));
}
