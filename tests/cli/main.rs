//! The command line as a user meets it: what is printed, where, and with which exit code.

mod faults;
mod given_twice;
mod hostile;
#[cfg(unix)]
mod links;
mod notices;
mod runs;
mod timelines;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the project")
        .to_path_buf()
}

fn fusebox(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fusebox"));
    command.args(arguments).current_dir(root()).env("NO_COLOR", "1").env("FUSEBOX_QUIET", "1");
    command
}

fn run(arguments: &[&str]) -> Output {
    fusebox(arguments).output().expect("fusebox starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[test]
fn transcripts() {
    trycmd::TestCases::new()
        .case("../tests/cli/*.trycmd")
        .case("../docs/recommend.md")
        .env("NO_COLOR", "1")
        .env("FUSEBOX_QUIET", "1")
        .env("COLUMNS", "100");
}

/// The words of a shell line with simple quotes; what it would write goes into `folder`.
fn words(line: &str, folder: &Path) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    let words = parts.flat_map(|(index, part)| {
        let is_quoted = index % 2 == 1;
        if is_quoted {
            vec![part.to_owned()]
        } else {
            part.split_whitespace().map(str::to_owned).collect()
        }
    });
    let place = |word: String| match word.as_str() {
        "results/" | "my-system.yaml" => folder.join(&word).display().to_string(),
        _ => word,
    };
    words.map(place).collect()
}

/// The commands of README.md do what it says.
#[test]
fn readme_commands_run() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("readable");
    let commands = readme.lines().filter_map(|line| line.strip_prefix("cargo run --release -- "));
    let mut count = 0;
    for line in commands {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = words(line, folder.path());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = run(&arguments);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        count += 1;
    }
    assert!(count >= 4, "{count} commands");
}

/// `cargo run` without a package is the command line: the first line of README.md.
#[test]
fn the_command_line_is_what_a_bare_cargo_run_runs() {
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo starts");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let members = metadata["workspace_default_members"].as_array().expect("a list");
    assert!(
        members.len() == 1 && members[0].as_str().is_some_and(|id| id.contains("sim-cli")),
        "{members:?}"
    );
}

#[test]
fn a_new_scenario_is_sound_and_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.yaml");
    let file = path.to_str().expect("UTF-8");
    assert!(run(&["new", file]).status.success());
    let check = run(&["check", file]);
    assert!(
        check.status.success() && check.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&check.stderr)
    );
    std::fs::write(&path, "precious").expect("written");
    assert_eq!(run(&["new", file]).status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&path).expect("readable"), "precious");
}

#[test]
fn standard_input_is_read_and_json_is_printed() {
    use std::io::Write;
    let mut child = fusebox(&["run", "-", "--format", "json", "--seed", "5"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("fusebox starts");
    let text = std::fs::read(root().join("scenarios/cascade-protected.yaml")).expect("readable");
    child.stdin.take().expect("piped").write_all(&text).expect("written");
    let output = child.wait_with_output().expect("it ends");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["seed"], 5);
    assert_eq!(report["workloads"][0]["name"], "visitors");
    assert!(report["timeline"].as_array().is_some_and(|timeline| !timeline.is_empty()));
}

#[test]
fn a_limit_ends_with_exit_3_and_the_partial_result() {
    let output =
        run(&["run", "scenarios/cascade-unprotected.yaml", "--set", "limits.in flight=3000"]);
    assert_eq!(output.status.code(), Some(3));
    let text = stdout(&output).replace("\n  ", " ");
    assert!(text.contains("PARTIAL: more than 3000 requests and calls were in flight"), "{text}");
    assert!(text.contains("the queue of `gateway` is unbounded and grows by"), "{text}");
}

#[test]
fn a_record_of_unmet_limits_is_not_exported_unless_that_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8").to_owned();
    let goals = "goals={ settings: { calls.api -> db.breaker.wait: [ 5s, 10s ] }, limits: [ p99 of web is below 1ms ], runs: 8 }";
    let asked = ["recommend", "tests/cli/queue.yaml", "--set", goals];
    let searched = run(&[&asked[..], &["--out", &out]].concat());
    assert_eq!(searched.status.code(), Some(1));
    let record = format!("{out}/recommendation.json");
    let from = [&asked[..], &["--from", &record, "--export", "resilience4j"]].concat();
    let refused = run(&from);
    assert_eq!((refused.status.code(), stdout(&refused).as_str()), (Some(1), ""));
    let exported = run(&[&from[..], &["--even-if-unmet"]].concat());
    assert_eq!(exported.status.code(), Some(0));
    assert!(stdout(&exported).contains("not known to meet every limit"));
}

#[test]
fn a_recommendation_that_is_stopped_says_so_and_exports_nothing() {
    let asked = ["recommend", "scenarios/cascade-protected.yaml", "--export", "resilience4j"];
    let stopped = run(&[&asked[..], &["--time", "100ms"]].concat());
    assert_eq!((stopped.status.code(), stdout(&stopped).as_str()), (Some(3), ""));
    let unreadable = run(&[&asked[..], &["--time", "5"]].concat());
    assert_eq!(unreadable.status.code(), Some(2));
}

#[test]
fn a_recommendation_that_is_stopped_goes_on_with_its_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8").to_owned();
    let journal = folder.path().join("runs.jsonl");
    let goals = "goals={ settings: { calls.api -> db.breaker.wait: [ 5s, 10s ] }, limits: [ p99 of web is below 10s ], runs: 8 }";
    let asked = ["recommend", "tests/cli/queue.yaml", "--set", goals, "--out", &out];
    let with = |more: &[&str]| run(&[&asked[..], more].concat()).status.code();
    assert_eq!((with(&["--time", "0s"]), journal.exists()), (Some(3), true));
    assert_eq!(with(&[]), Some(2), "it would be lost");
    assert_eq!((with(&["--resume"]), journal.exists()), (Some(0), false));
    assert_eq!((with(&[]), with(&["--resume"])), (Some(0), Some(0)));
}

/// A sweep long enough to be killed midway, with points that are given up.
const SWEEP: [&str; 12] = [
    "sweep",
    "tests/cli/queue.yaml",
    "--vary",
    "services.api.threads=1..16 step 1",
    "--vary",
    "workloads.web.arrivals=poisson 30/s..90/s in 10",
    "--maximize",
    "availability of web",
    "--minimize",
    "capacity of api.threads",
    "--abandon",
    "--duration=4m",
];

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path());
    let mut files: Vec<_> = entries
        .map(|path| {
            (
                path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                std::fs::read(&path).expect("readable"),
            )
        })
        .collect();
    files.sort();
    files
}

fn sweep(more: &[&str]) -> Output {
    run(&[&SWEEP[..], more].concat())
}

#[cfg(unix)]
#[test]
fn a_sweep_that_was_killed_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    assert!(sweep(&["--out", &at("whole"), "--jobs", "2"]).status.success());
    let mut child = fusebox(&[&SWEEP[..], &["--out", &at("killed"), "--jobs", "2"]].concat())
        .stdout(Stdio::null())
        .spawn()
        .expect("fusebox starts");
    let journal = folder.path().join("killed/journal.jsonl");
    let lines = || std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count());
    while lines() < 30 {
        assert!(
            child.try_wait().expect("a child").is_none(),
            "it was done before it could be killed"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // A process that stands still has its lock all the same.
    let stop = ["-STOP", &child.id().to_string()];
    assert!(Command::new("kill").args(stop).status().expect("kill starts").success());
    let busy = at("killed");
    let second = [&SWEEP[..], &["--out", &busy, "--resume"]].concat();
    for other in [&second[..], &["merge", &at("whole"), "--out", &busy]] {
        let refused = run(other);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{told}");
        assert!(told.contains("another process is writing") && told.contains("another folder"));
    }
    child.kill().expect("killed");
    child.wait().expect("it has ended");
    let done = lines();
    assert!(done < 160, "{done} of 160 points were done");
    assert!(!folder.path().join("killed/points.csv").exists());
    let again = sweep(&["--out", &at("killed")]);
    assert_eq!(again.status.code(), Some(2), "nothing is lost by mistake");
    assert!(String::from_utf8_lossy(&again.stderr).contains("--resume"));
    let resumed = sweep(&["--out", &at("killed"), "--resume", "--jobs", "1"]);
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    assert!(files(&folder.path().join("whole")) == files(&folder.path().join("killed")));
}

#[test]
fn parts_merge_to_the_same_bytes_and_what_is_missing_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    assert!(sweep(&["--out", &at("whole")]).status.success());
    for part in ["1", "2", "3"] {
        assert!(sweep(&["--out", &at(part), "--shard", &format!("{part}/3")]).status.success());
    }
    let incomplete = run(&["merge", &at("1"), &at("3"), "--out", &at("merged")]);
    assert_eq!(incomplete.status.code(), Some(2));
    let told = String::from_utf8_lossy(&incomplete.stderr).into_owned();
    let named = format!("from {}/journal.jsonl, {}/journal.jsonl: ", at("1"), at("3"));
    assert!(told.contains("points are missing ") && told.contains(&named), "{told}");
    // An editor has left blank lines at the end.
    let journal = folder.path().join("2/journal.jsonl");
    let text = std::fs::read_to_string(&journal).expect("readable");
    std::fs::write(&journal, format!("{text}\n\r\n\n")).expect("written");
    let merged = run(&["merge", &at("3"), &at("1"), &at("2"), "--out", &at("merged")]);
    assert!(merged.status.success(), "{}", String::from_utf8_lossy(&merged.stderr));
    assert!(files(&folder.path().join("whole")) == files(&folder.path().join("merged")));
}

#[test]
fn a_folder_that_an_argument_allows_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("scenarios");
    std::fs::create_dir(&inner).expect("a folder");
    std::fs::write(folder.path().join("common.yaml"), TESTED).expect("written");
    std::fs::write(inner.join("shop.yaml"), "include: [ ../common.yaml ]\n").expect("written");
    let scenario = inner.join("shop.yaml").display().to_string();
    let allowed = folder.path().display().to_string();
    for command in ["check", "run", "test"] {
        let refused = run(&[command, &scenario]);
        assert_eq!(refused.status.code(), Some(2), "{command}");
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(told.contains("--allow-include"), "{told}");
        let read = run(&[command, &scenario, "--allow-include", &allowed]);
        assert_ne!(read.status.code(), Some(2), "{}", String::from_utf8_lossy(&read.stderr));
    }
}

/// A long run in a shell that has set the actions of signals, and the process that it becomes.
#[cfg(unix)]
fn long_run(trap: &str) -> std::process::Child {
    let program = env!("CARGO_BIN_EXE_fusebox");
    let command = format!("{trap} exec {program} run bench/chain.yaml --duration 10000h");
    Command::new("sh")
        .args(["-c", &command])
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sh starts")
}

#[cfg(unix)]
fn send(signal: &str, child: &std::process::Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.expect("kill starts").success());
}

/// A file that grows beyond `ulimit -f` is an error like a full disk: nothing of it is left.
#[cfg(unix)]
#[test]
fn a_file_beyond_the_largest_size_is_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("results");
    let limited = "ulimit -f 8; exec \"$0\" run scenarios/waits.yaml --out \"$1\"";
    let output = Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_fusebox")])
        .arg(&out)
        .current_dir(root())
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("cannot write"), "{told}");
    let entries = std::fs::read_dir(&out).expect("it was made").flatten();
    let names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
    let is_hidden = |name: &std::ffi::OsString| name.to_string_lossy().starts_with('.');
    assert!(!names.iter().any(is_hidden), "{names:?}");
}

/// False if whoever runs the tests ignores a signal, so that what they run ignores it too.
#[cfg(unix)]
fn is_heard(number: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (number - 1) & 1 == 0
}

#[cfg(unix)]
#[test]
fn a_signal_ends_with_exit_3_and_the_partial_result() {
    let signals = [("-INT", 2), ("-HUP", 1), ("-TERM", 15)];
    for (signal, _) in signals.into_iter().filter(|(_, number)| is_heard(*number)) {
        let child = long_run("");
        std::thread::sleep(std::time::Duration::from_millis(700));
        send(signal, &child);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(3), "{signal}");
        assert!(stdout(&output).contains("PARTIAL: interrupted"), "{}", stdout(&output));
    }
}

/// The output of a command that takes longer than anybody waits, and is asked to end once it has begun.
#[cfg(unix)]
fn interrupted(arguments: &[&str]) -> (String, String) {
    // Before it listens, a signal just ends it.
    for milliseconds in [100, 1_000, 10_000] {
        let child = fusebox(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("fusebox starts");
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        send("-TERM", &child);
        let output = child.wait_with_output().expect("it ends");
        if output.status.code().is_some() {
            assert_eq!(output.status.code(), Some(3), "{arguments:?}");
            let told = String::from_utf8(output.stderr.clone()).expect("UTF-8");
            return (stdout(&output), told);
        }
    }
    panic!("{arguments:?} was ended before it listened")
}

#[cfg(unix)]
#[test]
fn an_interrupted_map_or_sweep_shows_the_part_that_it_knows() {
    let map = [
        "stability",
        "tests/cli/queue.yaml",
        "--load=workloads.web.arrivals=poisson 20/s..120/s in 3",
        "--trigger=faults[0].by=3x,30x",
        "--duration=20h",
    ];
    let (shown, told) = interrupted(&map);
    let part = "\nPARTIAL: the map was interrupted; these are ";
    assert!(shown.contains(part) && !shown.contains("safe load"), "{shown}");
    assert_eq!(told, "fusebox: interrupted before the map was whole\n");
    let json = |shown: &str| -> serde_json::Value { serde_json::from_str(shown).expect("JSON") };
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("map");
    let into = ["--format=json", "--out", &out.display().to_string()];
    let (shown, told) = interrupted(&[&map[..], &into].concat());
    assert_eq!(json(&shown)["partial"]["of"], 9, "{shown}");
    assert!(told.contains("no file is written of a part") && !out.exists(), "{told}");

    let long = [&SWEEP[..11], &["--duration=20h"]].concat();
    let (shown, told) = interrupted(&[&long[..], &["--format=json"]].concat());
    assert_eq!(json(&shown)["partial"]["of"], 160, "{shown}");
    assert!(told.contains("only the finished points are shown"), "{told}");
    let (shown, _) = interrupted(&[&long[..], &["--format=csv"]].concat());
    assert!(shown.starts_with("point,state,replications,"), "{shown}");
}

/// As `nohup` starts a program, or a shell one in the background.
#[cfg(target_os = "linux")]
#[test]
fn signals_that_are_ignored_stay_ignored() {
    let mut child = long_run("trap '' HUP INT;");
    std::thread::sleep(std::time::Duration::from_millis(700));
    for signal in ["-HUP", "-INT"] {
        send(signal, &child);
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(child.try_wait().expect("a child").is_none(), "{signal} has ended it");
    }
    send("-TERM", &child);
    assert_eq!(child.wait_with_output().expect("it ends").status.code(), Some(3));
}

const TESTED: &str = "workloads: { web: { to: api, arrivals: constant 10/s } }
services: { api: { threads: 2, handle: [ { work: 10ms } ] } }
faults: [ { at: 20s, for: 10s, slow: api, by: 50x } ]
expect: [ availability of web is exactly 100%, api saturates during fault ]
variants: { quick: { faults: [], expect: [ p99 of web is below 20ms ] } }
";

#[test]
fn folders_within_a_folder_are_tested_where_files_expect_something() {
    let folder = tempfile::tempdir().expect("a folder");
    let nested = folder.path().join("outages");
    std::fs::create_dir_all(nested.join("deeper")).expect("a folder");
    std::fs::write(folder.path().join("shop.yaml"), TESTED).expect("written");
    std::fs::write(nested.join("of-a-year.yml"), TESTED).expect("written");
    // A part of scenarios, something else, and a folder further down.
    std::fs::write(nested.join("part.yaml"), "run: { duration: 1m }\n").expect("written");
    std::fs::write(nested.join("pod.yaml"), "kind: Pod\n").expect("written");
    std::fs::write(nested.join("deeper/shop.yaml"), TESTED).expect("written");
    let tested = |path: &Path| stdout(&run(&["test", path.to_str().expect("UTF-8")]));
    let all = tested(folder.path());
    assert!(all.contains("4 passed") && all.contains("of-a-year (quick)"), "{all}");
    assert!(run(&["test", folder.path().to_str().expect("UTF-8"), "--update"]).status.success());
    assert!(nested.join("of-a-year.timeline").exists());
    assert!(!nested.join("part.timeline").exists());
    // Named itself, a folder has to hold scenarios only.
    assert!(tested(&nested).contains("FAIL"));
}

#[test]
fn timelines_are_written_compared_and_dropped_with_their_variant() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.yaml");
    std::fs::write(&file, TESTED).expect("written");
    let test =
        |more: &[&str]| run(&[&["test", folder.path().to_str().expect("UTF-8")], more].concat());
    assert!(stdout(&test(&[])).contains("no timeline committed"));
    assert!(test(&["--update"]).status.success());
    let timeline = folder.path().join("shop.timeline");
    let written = std::fs::read_to_string(&timeline).expect("written");
    assert!(
        written.contains("== as written ==") && written.contains("== quick ==\nnothing changed"),
        "{written}"
    );
    assert!(stdout(&test(&[])).contains("2 passed"));
    let changed = test(&["--set", "faults[0].at=25s", "--variant", "quick"]);
    assert_eq!(
        changed.status.code(),
        Some(2),
        "the variant has no such fault: {}",
        stdout(&changed)
    );
    std::fs::write(&file, TESTED.replace("at: 20s", "at: 25s").replace("quick", "fast"))
        .expect("written");
    let changed = test(&[]);
    let shown = stdout(&changed);
    assert_eq!(changed.status.code(), Some(1));
    assert!(
        shown.contains("- ")
            && shown.contains("+ ")
            && shown.contains("shop (quick)")
            && shown.contains("a variant that no longer exists"),
        "{shown}"
    );
    assert!(test(&["--update"]).status.success() && test(&[]).status.success());
    assert!(!std::fs::read_to_string(&timeline).expect("written").contains("quick"));
}

#[test]
fn the_schemas_of_documents_are_printed_by_name() {
    let titles = [&["schema"][..], &["schema", "tests"]].map(|arguments| {
        let schema: serde_json::Value =
            serde_json::from_slice(&run(arguments).stdout).expect("JSON");
        schema["title"].clone()
    });
    assert_eq!(titles, ["Fusebox scenario", "fusebox-tests/1"]);
    let refused = run(&["schema", "sweeps"]);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && told.contains("'sweep'"), "{told}");
}

#[test]
fn a_failed_test_is_told_to_programs_as_junit_and_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.yaml");
    std::fs::write(&file, TESTED.replace("exactly 100%", "below 50%")).expect("written");
    let report = folder.path().join("results.xml");
    let arguments = [
        "test",
        file.to_str().expect("UTF-8"),
        "--format",
        "json",
        "--junit",
        report.to_str().expect("UTF-8"),
    ];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let tests = &document["tests"];
    assert_eq!(tests[0]["passes"], false);
    assert_eq!(tests[0]["expectations"][0]["measured"], "100.0%");
    assert_eq!((&tests[1]["variant"], &tests[1]["passes"]), (&"quick".into(), &true.into()));
    let junit = std::fs::read_to_string(&report).expect("written");
    assert!(
        junit.contains("tests=\"2\" failures=\"1\"")
            && junit.contains("availability of web is below 50%"),
        "{junit}"
    );
}

#[test]
fn an_experiment_that_is_called_off_ends_with_exit_3_and_what_it_saw() {
    let output = run(&["run", "scenarios/chaos.yaml", "--variant", "no-fallback"]);
    assert_eq!(output.status.code(), Some(3));
    let shown = stdout(&output);
    assert!(
        shown.contains("CALLED OFF at 2:") && shown.contains("called off and rolled back"),
        "{shown}"
    );
}

#[test]
fn several_files_are_reported_in_their_order_whatever_the_number_of_threads() {
    let files = [
        "run",
        "scenarios/online-boutique.yaml",
        "scenarios/cascade-protected.yaml",
        "scenarios/cascade-unprotected.yaml",
    ];
    let one = run(&[&files[..], &["--jobs", "1"]].concat());
    let two = run(&[&files[..], &["--jobs", "2"]].concat());
    assert!(one.status.success() && one.stdout == two.stdout);
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8");
    assert!(run(&[&files[..], &["--out", out]].concat()).status.success());
    assert!(folder.path().join("cascade-protected/overview.png").exists());
}

/// The scenario and the record of the transcripts, in a folder of their own.
fn goals_in(folder: &Path) -> (String, String) {
    let copy = |name: &str| {
        let to = folder.join(name);
        std::fs::copy(root().join("tests/cli").join(name), &to).expect("copied");
        to.display().to_string()
    };
    (copy("goals.yaml"), copy("recommendation.json"))
}

#[test]
fn recommended_values_are_written_into_the_file_itself_and_the_rest_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, record) = goals_in(folder.path());
    let before = std::fs::read_to_string(&file).expect("readable");
    let output = run(&["recommend", &file, "--from", &record, "--write", &file]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = before
        .replace("connections: 2,", "connections: 4,")
        .replace("timeout: 300ms #", "timeout: 250ms #")
        .replace("    retry: { attempts: 2, backoff: none }\n", "");
    assert_eq!(std::fs::read_to_string(&file).expect("readable"), expected);
    let again = run(&["recommend", &file, "--from", &record, "--diff"]);
    assert!(again.status.success() && again.stdout.is_empty(), "{}", stdout(&again));
    assert_eq!(files(folder.path()).len(), 2, "nothing else is left");
    let checked = run(&["check", &file]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// A shell reads the lines as one command.
#[test]
fn what_is_to_be_pasted_can_be_pasted() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, record) = goals_in(folder.path());
    let arguments = ["recommend", &file, "--from", &record];
    let output = fusebox(&arguments).env("COLUMNS", "60").output().expect("fusebox starts");
    let shown = stdout(&output);
    let pasted = &shown[shown.find("  --set").expect("changes")..];
    assert_eq!(pasted.matches(" \\\n").count(), 2, "{pasted}");
    let line = format!("exec {} run {file} {pasted}", env!("CARGO_BIN_EXE_fusebox"));
    let by_shell = Command::new("sh").args(["-c", &line]).output().expect("sh starts");
    let values = [
        "--set",
        "databases.db.connections=4",
        "--set",
        "calls.api -> db.timeout=250ms",
        "--set",
        "calls.api -> db.retry=null",
    ];
    let by_hand = run(&[&["run", &file], &values[..]].concat());
    assert!(by_shell.status.success(), "{}", String::from_utf8_lossy(&by_shell.stderr));
    assert_eq!(stdout(&by_shell), stdout(&by_hand));
}

#[test]
fn a_patch_makes_of_the_file_what_would_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, record) = goals_in(folder.path());
    let out = folder.path().join("out.yaml").display().to_string();
    let output = run(&["recommend", &file, "--from", &record, "--diff", "--write", &out]);
    let diff = stdout(&output);
    assert!(diff.starts_with(&format!("--- {file}\n+++ {out}\n@@ ")), "{diff}");
    let added = |line: &&str| line.starts_with('+') && !line.starts_with("+++");
    let new = std::fs::read_to_string(&out).expect("written");
    assert_eq!(diff.lines().filter(added).count(), 2);
    assert!(diff.lines().filter(added).all(|line| new.contains(&line[1..])), "{diff}");
}

#[test]
fn a_file_whose_value_others_share_is_refused_before_the_search_and_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, record) = goals_in(folder.path());
    let text = std::fs::read_to_string(&file)
        .expect("readable")
        .replace("calls:\n", "calls:\n  web -> api: { timeout: &patience 300ms }\n");
    let text = text.replace("timeout: 300ms #", "timeout: *patience #");
    let shared = text.replace("    calls.api -> db.timeout:", "    calls.web -> api.timeout:");
    std::fs::write(&file, &shared).expect("written");
    let output = run(&["recommend", &file, "--write", &file]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("calls.web -> api.timeout") && told.contains("anchor"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).expect("readable"), shared);
    // The reference itself is written out.
    std::fs::write(&file, &text).expect("written");
    let output = run(&["recommend", &file, "--from", &record, "--write", &file]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let new = std::fs::read_to_string(&file).expect("readable");
    assert!(new.contains("&patience 300ms") && new.contains("timeout: 250ms # longer"), "{new}");
}

#[test]
fn a_missed_limit_ends_a_recheck_with_exit_1_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, record) = goals_in(folder.path());
    let out = folder.path().join("out.yaml");
    let tight = "goals.limits[0]=p99 of web is below 20ms";
    let output = run(&[
        "recommend",
        &file,
        "--from",
        &record,
        "--recheck",
        "--runs",
        "3",
        "--format",
        "json",
        "--set",
        tight,
        "--write",
        &out.display().to_string(),
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["outcome"], "missed");
    assert_eq!(report["limits"][0]["missed_in_replications"][2], 2_000_002);
    assert!(!out.exists());
}

#[test]
fn a_record_is_exported_without_another_search() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, record) = goals_in(folder.path());
    let output = run(&["recommend", &file, "--from", &record, "--export", "resilience4j"]);
    assert!(stdout(&output).contains("timeoutDuration: 250ms"), "{}", stdout(&output));
}
