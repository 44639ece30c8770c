//! Faults of the machine that a command must survive: a full disk, a reader that goes away, a folder that cannot be written, too
//! little memory for threads, and an end at any moment.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{files, fusebox, run, stdout};

/// Commands that print something, in every format.
const PRINTING: [&[&str]; 11] = [
    &["--help"],
    &["--version"],
    &["licenses"],
    &["run", "scenarios/waits.yaml"],
    &["run", "scenarios/waits.yaml", "--format", "json"],
    &["check", "scenarios/waits.yaml"],
    &["test", "scenarios/waits.yaml"],
    &["export", "resilience4j", "scenarios/cascade-protected.yaml"],
    &["import", "polly", "tests/import/appsettings.json"],
    &["schema"],
    &["completions", "bash"],
];

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_an_error() {
    for arguments in PRINTING {
        let full = File::options().write(true).open("/dev/full").expect("Linux has it");
        let output = fusebox(arguments).stdout(full).stderr(Stdio::piped()).output();
        let output = output.expect("fusebox starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains("No space left on device"), "{arguments:?}: {told}");
    }
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    for arguments in PRINTING {
        let mut child = fusebox(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("fusebox starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "here").expect("writable");
    let below = file.join("out").display().to_string();
    let sweep = ["sweep", "scenarios/waits.yaml", "--vary", "services.api.threads=10,20"];
    for arguments in [&["run", "scenarios/waits.yaml"][..], &sweep] {
        let output = run(&[arguments, &["--out", &below]].concat());
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains("cannot") && told.contains(&below), "{arguments:?}: {told}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn fewer_threads_than_asked_for_give_the_same() {
    let limited =
        "ulimit -v 400000; exec \"$0\" test scenarios/waits.yaml --jobs 400 --format json";
    let mut command = Command::new("sh");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_fusebox")]).current_dir(super::root());
    let few = command.output().expect("a shell");
    assert_eq!(few.status.code(), Some(0), "{}", String::from_utf8_lossy(&few.stderr));
    let one = run(&["test", "scenarios/waits.yaml", "--jobs", "1", "--format", "json"]);
    assert_eq!(without_times(&stdout(&few)), without_times(&stdout(&one)));
}

#[cfg(target_os = "linux")]
#[test]
fn a_small_stack_is_enough() {
    for kilobytes in [64, 128, 256] {
        for arguments in ["check scenarios/payments.yaml", "run scenarios/waits.yaml"] {
            let limited = format!("ulimit -s {kilobytes}; exec \"$0\" {arguments}");
            let mut command = Command::new("sh");
            command.args(["-c", &limited, env!("CARGO_BIN_EXE_fusebox")]);
            let output = command.current_dir(super::root()).output().expect("a shell");
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{kilobytes}, {arguments}: {told}");
        }
    }
}

/// The lines of a report but those that tell how long something took.
fn without_times(report: &str) -> Vec<&str> {
    report.lines().filter(|line| !line.contains("seconds")).collect()
}

#[cfg(unix)]
#[test]
fn an_end_at_any_moment_leaves_what_the_next_run_makes_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = |name: &str| folder.path().join(name);
    let command = |out: &Path| {
        let mut command = fusebox(&["run", "scenarios/cascade-protected.yaml", "--out"]);
        command.arg(out).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    assert!(command(&out("whole")).status().expect("fusebox starts").success());
    let mut killed = 0;
    for moment in 0..20 {
        let mut child = command(&out("killed")).spawn().expect("fusebox starts");
        std::thread::sleep(Duration::from_millis(moment * moment * 3));
        killed += u32::from(child.try_wait().expect("a child").is_none());
        child.kill().expect("killed, or over");
        child.wait().expect("it has ended");
    }
    assert!(killed > 0, "every run was over before it could be killed");
    assert!(command(&out("killed")).status().expect("fusebox starts").success());
    assert_eq!(files(&out("killed")), files(&out("whole")));
}
