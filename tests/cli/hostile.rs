//! Names of files, arguments and scenarios that would do something to a terminal or a folder.

use std::path::{Path, PathBuf};
use std::process::Output;

use super::run;

const SCENARIO: &str = "run: { duration: 1s }
workloads: { web: { to: a, arrivals: poisson 40/s } }
services: { a: { threads: 2, handle: [ { work: 1ms } ] } }
";

/// A colour, a control sequence of C1, a forged line and a mark of direction.
const HOSTILE: &str = "a\u{1b}[31m\u{9b}2J\nPASS \u{202e}b";

fn is_obeyed(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Fails if a terminal would obey anything that a command has printed.
fn assert_is_printable(output: &Output, arguments: &[&str]) {
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(is_obeyed), "{arguments:?}: {text:?}");
    }
}

#[cfg(unix)]
#[test]
fn no_name_of_a_file_and_no_argument_does_anything_to_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(format!("{HOSTILE}.yaml"));
    std::fs::write(&path, SCENARIO).expect("written");
    let timeline = format!("== as written ==\n\n {HOSTILE}\n== {HOSTILE} ==\n {HOSTILE}\n");
    std::fs::write(path.with_extension("timeline"), timeline).expect("written");
    let properties = folder.path().join("application.properties");
    let key = "resilience4j.retry.instances.a";
    std::fs::write(&properties, format!("{key}.maxAttempts=3\n{key}.foo=x\u{1b}[31my\u{9b}\n"))
        .expect("written");
    let file = path.to_str().expect("UTF-8");
    let [properties, here] =
        [&properties, folder.path()].map(|it: &Path| it.to_str().expect("UTF-8"));
    let missing = format!("nowhere/{HOSTILE}.yaml");
    let (set, option) = (format!("{HOSTILE}=1"), format!("--{HOSTILE}"));
    let out = folder.path().join("out").join(HOSTILE);
    let out = out.to_str().expect("UTF-8");
    let commands: &[&[&str]] = &[
        &["run", file],
        &["run", file, "--format", "json"],
        &["run", file, "--out", out],
        &["check", file],
        &["test", file],
        &["test", here],
        &["test", file, "--format", "json"],
        &["test", file, "--update"],
        &["test", file],
        &["run", &missing],
        &["test", &missing],
        &["run", file, "--set", &set],
        &["run", file, "--set", HOSTILE],
        &["run", file, "--variant", HOSTILE],
        &["run", file, "--condition", HOSTILE],
        &["run", file, "--duration", HOSTILE],
        &["run", file, &option],
        &["run", file, "--format", HOSTILE],
        &["sweep", file, "--vary", &set, "--figure", HOSTILE],
        &["sweep", file, "--vary", "services.a.threads=1,2", "--figure", HOSTILE],
        &["sweep", file, "--shard", HOSTILE, "--out", out],
        &["merge", &missing],
        &["recommend", file, "--from", &missing],
        &["stability", file, "--load", HOSTILE],
        &["export", "istio", file, "--caller", HOSTILE],
        &["export", "istio", file, "--set", &set],
        &["import", "resilience4j", properties],
        &["import", "resilience4j", properties, "--caller", HOSTILE],
        &["import", "resilience4j", file],
        &["import", HOSTILE, file],
        &["new", file],
        &["new", &missing],
        &["completions", HOSTILE],
        &[HOSTILE],
    ];
    for arguments in commands {
        let output = run(arguments);
        assert_is_printable(&output, arguments);
        assert_ne!(output.status.code(), Some(70), "{arguments:?}");
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            assert!(!line.starts_with("PASS \u{fffd}"), "{arguments:?}: {line}");
        }
    }
}

/// Every file below a folder, relative to it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(folder).expect("below").to_path_buf());
            }
        }
    }
    files
}

#[test]
fn results_stay_in_their_folder_whatever_a_scenario_is_called() {
    let outside = tempfile::tempdir().expect("a folder");
    let absolute = outside.path().join("absolute/results");
    let absolute = absolute.to_str().expect("UTF-8");
    for name in
        ["../../ESCAPED", absolute, "..", ".", "/", "a/b", "..\\..\\ESCAPED", "C:\\x", "con.", "~"]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let (plain, hostile) = (folder.path().join("ok.yaml"), folder.path().join("hostile.yaml"));
        std::fs::write(&plain, SCENARIO).expect("written");
        let name = serde_json::to_string(name).expect("a text");
        std::fs::write(&hostile, format!("name: {name}\n{SCENARIO}")).expect("written");
        let out = folder.path().join("in/side");
        let [plain, hostile, out] = [&plain, &hostile, &out].map(|it| it.to_str().expect("UTF-8"));
        let output = run(&["run", hostile, plain, "--out", out]);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let mut files = files_below(folder.path());
        files.retain(|file| file.extension().is_none_or(|it| it != "yaml"));
        assert_eq!(files.len(), 12, "{name}: {files:?}");
        let is_inside =
            |file: &PathBuf| file.starts_with("in/side") && file.components().count() == 4;
        assert!(files.iter().all(is_inside), "{name}: {files:?}");
    }
    assert_eq!(files_below(outside.path()), [] as [PathBuf; 0]);
}

#[test]
fn scenarios_whose_results_would_share_a_folder_are_not_run_together() {
    for (one, other) in [("shop", "shop"), ("shop", "SHOP"), ("a/b", "a:b"), ("..", ".")] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |file: &str, name: &str| {
            let path = folder.path().join(file);
            let name = serde_json::to_string(name).expect("a text");
            std::fs::write(&path, format!("name: {name}\n{SCENARIO}")).expect("written");
            path.to_str().expect("UTF-8").to_owned()
        };
        let (first, second) = (file("1.yaml", one), file("2.yaml", other));
        let out = folder.path().join("out");
        let output = run(&["run", &first, &second, "--out", out.to_str().expect("UTF-8")]);
        assert_eq!(output.status.code(), Some(2), "{one} and {other}");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains("would share the folder"), "{message}");
        assert!(!out.exists(), "nothing is half written");
    }
}

#[test]
fn a_scenario_needs_a_name_that_is_not_empty() {
    for name in ["\"\"", "\"  \""] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("shop.yaml");
        std::fs::write(&file, format!("name: {name}\n{SCENARIO}")).expect("written");
        let output = run(&["check", file.to_str().expect("UTF-8")]);
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains("the name is empty") && message.contains(":1:7"), "{message}");
    }
}

#[test]
fn a_file_that_is_no_text_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let latin = write("latin.yml", b"a: 1\nb:\n  - \xc3\xa4\xe4\n");
    let utf_16 = write("utf-16.yml", b"\xff\xfea\0");
    let mac = write("mac.yml", b"a: 1\rb: \xe4\r");
    let including =
        write("including.yaml", format!("include: [ latin.yml ]\n{SCENARIO}").as_bytes());
    let record = ["recommend", "tests/cli/goals.yaml", "--from"];
    for (arguments, place) in [
        (&["import", "resilience4j", &latin][..], "latin.yml:3:6: this is not UTF-8"),
        (&["import", "envoy", &utf_16], "utf-16.yml:1:1: this is UTF-16"),
        (&["import", "resilience4j", &mac], "mac.yml:2:4: this is not UTF-8"),
        (&[record[0], record[1], record[2], &latin], "latin.yml:3:6: this is not UTF-8"),
        (&["run", &latin], "latin.yml:3:6: this is not UTF-8"),
        (&["run", &including], "latin.yml:3:6: this is not UTF-8"),
    ] {
        let output = run(arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(place) && told.contains("save it as UTF-8"), "{arguments:?}: {told}");
    }
}

#[test]
fn a_carriage_return_alone_ends_a_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mac.yaml");
    let text = SCENARIO.replace('\n', "\r") + "workloadz: 1\r";
    std::fs::write(&path, text).expect("written");
    let output = run(&["check", path.to_str().expect("UTF-8")]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("mac.yaml:4:1\n") && told.contains("\n4 | workloadz: 1\n"), "{told}");
}
