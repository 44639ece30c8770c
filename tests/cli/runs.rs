//! What a run says about itself, several runs side by side, and folders that hold another one.

use serde_json::Value;

use super::{TESTED, run, stdout};

/// A folder with a scenario, and a part of one in a folder below.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("shop.yaml"), TESTED).expect("written");
    std::fs::create_dir(folder.path().join("parts")).expect("made");
    std::fs::write(folder.path().join("parts/part.yaml"), "services: {}\n").expect("written");
    folder
}

fn json(arguments: &[&str]) -> Value {
    let output = run(&[arguments, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The command that a report ends with gives the same run again, and JSON has it too.
#[test]
fn a_run_says_the_command_that_gives_it_again() {
    let folder = folder();
    let file = folder.path().join("shop.yaml");
    let file = file.to_str().expect("UTF-8");
    let arguments =
        ["run", file, "--variant", "quick", "--set", "workloads.web.arrivals=poisson 20/s"];
    let more = ["--seed", "7", "--duration", "30s", "--replication", "2"];
    let output = stdout(&run(&[&arguments[..], &more].concat()));
    assert!(output.lines().next().is_some_and(|line| line.contains("(quick): ")), "{output}");
    let changes = "with workloads.web.arrivals=poisson 20/s, run.seed=7, run.duration=30s";
    assert!(output.lines().any(|line| line == changes), "{output}");
    let again = output.lines().find_map(|line| line.strip_prefix("again: fusebox ")).expect("told");
    let words = super::words(again, folder.path());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(stdout(&run(&words)), output, "{again}");
    let document = json(&words);
    assert_eq!(document["command"], format!("fusebox {again}"));
    assert_eq!(document["invocation"]["variant"], "quick");
}

#[test]
fn all_variants_are_compared() {
    let folder = folder();
    let file = folder.path().join("shop.yaml");
    let file = file.to_str().expect("UTF-8");
    let output = stdout(&run(&["run", file, "--variant", "all"]));
    assert!(output.starts_with("shop: as written, and 1 variant\n"), "{output}");
    let rows = output
        .lines()
        .filter(|line| line.starts_with("  as written") || line.starts_with("  quick"));
    assert_eq!(rows.count(), 2, "{output}");
    let runs = json(&["run", file, "--variant", "all"])["runs"].clone();
    // Each is what it would be by itself.
    assert_eq!(runs[0], json(&["run", file]));
    assert_eq!(runs[1], json(&["run", file, "--variant", "quick"]));
    let out = folder.path().join("results");
    let out = out.to_str().expect("UTF-8");
    assert!(run(&["run", file, "--variant", "all", "--out", out]).status.success());
    for variant in ["as-written", "quick"] {
        assert!(folder.path().join("results").join(variant).join("summary.json").exists());
    }
}

#[test]
fn folders_are_run_and_checked_like_tested() {
    let folder = folder();
    let path = folder.path().to_str().expect("UTF-8");
    let checked = run(&["check", path]);
    assert!(checked.status.success() && stdout(&checked).ends_with("shop.yaml: fine\n"));
    assert_eq!(stdout(&checked).lines().count(), 1, "parts of scenarios are none");
    let ran = run(&["run", path]);
    assert!(ran.status.success() && stdout(&ran).starts_with("shop: "));
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).expect("made");
    for command in ["run", "check"] {
        let none = run(&[command, empty.to_str().expect("UTF-8")]);
        assert_eq!(none.status.code(), Some(2));
        let message = String::from_utf8_lossy(&none.stderr).into_owned();
        assert!(message.contains("there are no scenarios in"), "{message}");
    }
}

/// A folder is overwritten by the same run, by another one only if that is asked for, and never in part.
#[test]
fn the_results_of_another_run_are_not_overwritten() {
    let folder = folder();
    let file = folder.path().join("shop.yaml");
    let file = file.to_str().expect("UTF-8");
    let out = folder.path().join("results");
    let into = ["--out", out.to_str().expect("UTF-8")];
    let run_with = |more: &[&str]| run(&[&["run", file], &into[..], more].concat());
    let summary = || std::fs::read_to_string(out.join("summary.json")).expect("readable");
    assert!(run_with(&[]).status.success());
    let first = summary();
    assert!(run_with(&[]).status.success(), "the same again");
    for other in [
        &["--seed", "9"][..],
        &["--variant", "quick"],
        &["--set", "run.warmup=1s"],
        &["--replication", "1"],
    ] {
        let refused = run_with(other);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{other:?}: {message}");
        let expected = "holds the results of another run (fusebox run ";
        assert!(message.contains(expected) && message.contains("--overwrite"), "{message}");
        assert_eq!(summary(), first, "{other:?}");
        assert_eq!(stdout(&refused), "", "it is refused before anything is run");
    }
    assert!(run_with(&["--seed", "9", "--overwrite"]).status.success());
    assert_ne!(summary(), first);
    // What is no run's is not overwritten either.
    std::fs::write(out.join("summary.json"), "precious").expect("written");
    assert_eq!(run_with(&[]).status.code(), Some(2));
    assert_eq!(summary(), "precious");
}
