//! The same file, seed and version give the same bytes.

use sim_experiments::{Finished, Unattended, run_all};
use sim_reports::run::{Invocation, json, write_all};

use crate::running::{LibraryRun, library_cases, library_runs, run_scenario, run_text};

/// Checks that every scenario of the library handles exactly the events that it is known to handle.
/// Debug and release builds must give the same values on every machine; a change to the model that
/// changes them must do so on purpose.
#[test]
fn fingerprints_of_the_library_stand_still() {
    let fingerprint =
        |run: &LibraryRun| format!("{}: {}", run.title(), run.finished.summary.fingerprint);
    let lines: Vec<String> = library_runs().iter().map(fingerprint).collect();
    let fingerprints = lines.join("\n");
    insta::assert_snapshot!("fingerprints", fingerprints);
}

#[test]
fn any_number_of_threads_gives_the_same_reports() {
    let blueprints: Vec<_> = library_cases().into_iter().map(|case| case.blueprint).collect();
    let report = |run: &Finished| json(run, &Invocation::default());
    let two: Vec<String> = library_runs().iter().map(|run| report(&run.finished)).collect();
    for jobs in [1, 7] {
        let runs = run_all(&blueprints, &Unattended { jobs });
        assert_eq!(two, runs.iter().map(report).collect::<Vec<_>>(), "{jobs} threads");
    }
}

#[test]
fn every_file_written_is_the_same_again() {
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    for folder in &folders {
        write_all(
            &run_scenario("cascade-protected", None, &[]),
            &Invocation::default(),
            folder.path(),
        )
        .expect("written");
    }
    for name in [
        "summary.json",
        "timeline.csv",
        "series.csv",
        "latency.csv",
        "overview.svg",
        "overview.png",
    ] {
        let [first, second] = [&folders[0], &folders[1]]
            .map(|folder| std::fs::read(folder.path().join(name)).expect(name));
        assert!(first == second && first.len() > 200, "{name}");
    }
    let names = std::fs::read_dir(folders[0].path()).expect("a folder").count();
    assert_eq!(names, 6, "nothing half-written is left");
}

#[test]
fn another_seed_is_another_run() {
    let first = run_scenario("cascade-protected", None, &[]).summary;
    let second = run_scenario("cascade-protected", None, &["run.seed=8"]).summary;
    assert_ne!(first.fingerprint, second.fingerprint);
}

/// Common random numbers: adding a service beside the others leaves the work of every other request
/// as it was.
#[test]
fn adding_a_service_leaves_the_others_draws_untouched() {
    const SYSTEM: &str = "
        run: { duration: 60s, seed: 3 }
        workloads: { web: { to: a, arrivals: poisson 50/s } EXTRA_LOAD }
        services: { EXTRA_SERVICE a: { threads: 8, handle: [ { work: exponential 20ms }, { call: b } ] }, b: { handle: [ { work: lognormal mean 5ms cv 1 } ] } }";
    let alone = run_text(&SYSTEM.replace("EXTRA_LOAD", "").replace("EXTRA_SERVICE", ""), &[]);
    let beside = SYSTEM.replace("EXTRA_LOAD", ", batch: { to: other, arrivals: poisson 9/s }");
    let beside = run_text(
        &beside.replace(
            "EXTRA_SERVICE",
            "other: { threads: 2, handle: [ { work: exponential 90ms } ] },",
        ),
        &[],
    );
    let of_web = |finished: &sim_experiments::Finished| {
        let web = finished
            .summary
            .workloads
            .iter()
            .find(|workload| workload.name == "web")
            .expect("web")
            .clone();
        (web.offered, web.latency, web.ok)
    };
    assert_eq!(of_web(&alone), of_web(&beside));
}
