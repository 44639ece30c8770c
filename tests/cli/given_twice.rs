//! Settings to which two arguments of an analysis give values: none of the two is ignored.

use super::run;

/// The exit code of a sweep with more arguments, and its complaints.
fn sweep(arguments: &[&str]) -> (Option<i32>, String) {
    let asked = ["sweep", "tests/cli/queue.yaml", "--figure=p99 of web", "--replications=1"];
    let output = run(&[&asked[..], arguments].concat());
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn what_varies_is_not_set_as_well() {
    let (threads, breaker) =
        ("--vary=services.api.threads=1,2", "--vary=calls.api -> db.breaker.wait=5s,10s");
    for (arguments, one, other) in [
        (
            &[threads, "--set=services.api.threads=8"][..],
            "--vary services.api.threads",
            "--set services.api.threads",
        ),
        (
            &[threads, "--set=services.api={ threads: 8, handle: [ { work: 1ms } ] }"],
            "--vary services.api.threads",
            "--set services.api",
        ),
        (&["--vary=run.seed=1,2", "--seed=5"], "--vary run.seed", "--seed"),
        (
            &["--vary=run.seed=1,2", "--set=run={ seed: 5, duration: 2s }"],
            "--vary run.seed",
            "--set run",
        ),
        (
            &["--vary=run.seed=1,2", "--set=sweep.vary={}", "--set=run.seed=5"],
            "--vary run.seed",
            "--set run.seed",
        ),
        (&["--vary=run.duration=1s,2s", "--duration=3s"], "--vary run.duration", "--duration"),
        (
            &["--set=sweep={ vary: { run.seed: [ 1, 2 ] } }", "--seed=5"],
            "run.seed` under `sweep.vary",
            "--seed",
        ),
        (
            &[breaker, "--set=calls.api->db.breaker.wait=7s"],
            "--vary calls.api -> db.breaker.wait",
            "--set calls.api->db.breaker.wait",
        ),
        (
            &["--vary=faults[0].by=2x,3x", "--set=faults.0.by=4x"],
            "--vary faults[0].by",
            "--set faults.0.by",
        ),
        (
            &["--vary=faults[0].by=2x,3x", "--vary=faults.0.by=4x,5x"],
            "--vary faults[0].by",
            "--vary faults.0.by",
        ),
        (
            &[
                "--vary=calls.api -> db.breaker=off,{ preset: hystrix }",
                "--set=calls.api -> db.breaker.wait=7s",
            ],
            "--vary calls.api -> db.breaker",
            "--set calls.api -> db.breaker.wait",
        ),
    ] {
        let (code, told) = sweep(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {told}");
        let is_told = |it: &str| told.contains(&format!("`{it}`"));
        assert!(is_told(one) && is_told(other), "{arguments:?}: {told}");
        assert!(told.contains("leave out one of the two"), "{told}");
    }
    let (code, told) = sweep(&[threads, "--vary=services.api.threads=3,4"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("`--vary services.api.threads` is given twice"), "{told}");
}

#[test]
fn what_is_set_for_some_of_the_points_or_beside_what_varies_is_kept() {
    for arguments in [
        &["--vary=services.api.threads=1,2", "--seed=5", "--duration=4s"][..],
        &["--vary=calls.api -> db.breaker=on,off", "--set=calls.api -> db.breaker.wait=7s"],
        &["--vary=services.api.threads.queue=10,20", "--set=services.api.threads=3"],
    ] {
        let (code, told) = sweep(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {told}");
    }
}

/// The exit code of a map of stability with more arguments, and its complaints.
fn stability(arguments: &[&str]) -> (Option<i32>, String) {
    let asked = ["stability", "tests/cli/queue.yaml", "--set=stability.replications=1"];
    let output = run(&[&asked[..], arguments].concat());
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn loads_and_triggers_are_not_set_as_well() {
    let load = "--load=workloads.web.arrivals=poisson 50/s..100/s in 2";
    let trigger = "--trigger=faults[0].for=1s,2s";
    let section = "--set=stability={ load: { workloads.web.arrivals: 'poisson 50/s..100/s in 2' }, trigger: { 'faults[0].for': '1s,2s' } }";
    for (arguments, one, other) in [
        (
            &[load, trigger, "--set=workloads.web.arrivals=constant 10/s"][..],
            "--load workloads.web.arrivals",
            "--set workloads.web.arrivals",
        ),
        (
            &[load, trigger, "--set=faults.0.for=3s"],
            "--trigger faults[0].for",
            "--set faults.0.for",
        ),
        (
            &[section, "--set=workloads.web.arrivals=constant 10/s"],
            "workloads.web.arrivals` under `stability.load",
            "--set workloads.web.arrivals",
        ),
    ] {
        let (code, told) = stability(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {told}");
        let is_told = |it: &str| told.contains(&format!("`{it}`"));
        assert!(is_told(one) && is_told(other), "{arguments:?}: {told}");
        assert!(told.contains("leave out one of the two"), "{told}");
    }
    let (code, told) = stability(&[load, trigger, "--set=faults[0].by=4x", "--seed=5"]);
    assert_eq!(code, Some(0), "{told}");
}
