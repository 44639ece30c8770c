//! `limits.memory`: everything that grows is counted, and as much as the operating system sees. This is a binary of its
//! own because it starts processes, and a process that is just being started holds the locks of journals open.
#![forbid(unsafe_code)]

use sim_experiments::{Unattended, run};
use sim_models::scenario::{Input, Overrides, load};
use sim_models::system::Growth;

/// The limit of a run that is to be short, in MB.
const LOW: u64 = 10;
/// The limit of a run whose memory is measured, in MB.
#[cfg(target_os = "linux")]
const HIGH: u64 = 100;

/// For each thing that grows, a run in which it takes most of the memory.
fn growing(what: Growth) -> String {
    const ARRIVALS: &str = "workloads: { web: { to: a, arrivals: constant 50000/s } }";
    let of = |rest: &str| format!("run: {{ duration: 1h }}\n{ARRIVALS}\n{rest}\n");
    match what {
        Growth::InFlight => of("services: { a: { threads: 1, handle: [ { work: 1h } ] } }"),
        Growth::Waiting => of("services: { a: { handle: [ { call: b } ] }, b: { handle: [ { fail: 100% } ] } }
calls: { a -> b: { fallback: { later: { rate: 1/s, capacity: 100000000 } } } }"),
        Growth::Events => of("services: { a: { handle: [ { call: b } ] }, b: { handle: [ { work: 1us } ] } }
calls: { a -> b: { timeout: 1h } }"),
        Growth::Messages => of("services: { a: { handle: [ { send: q } ] }, b: { threads: 1, handle: [ { work: 1s } ] } }
queues: { q: { deliver to: b } }"),
        Growth::Effects => of("services: { a: { handle: [ { effect: charge } ] } }"),
        Growth::Keys => of("services: { a: { idempotency: { keys for: 24h }, handle: [ { work: 1us } ] } }"),
        Growth::Customers => of("services: { a: { handle: [ { fail: 100% } ] } }\ncustomers: 100000000"),
        Growth::Windows => of("services: { a: { handle: [ { call: b } ] }, b: { handle: [ { work: 1us } ] } }
calls: { a -> b: { breaker: { preset: article-python, sliding_window_seconds: 86400 } } }"),
        Growth::Series => {
            let workload = |number| format!("w{number}: {{ to: a, arrivals: constant 0.01/s }}");
            let workloads: Vec<String> = (0..100).map(workload).collect();
            format!(
                "run: {{ duration: 20000s }}
workloads: {{ {} }}
services: {{ a: {{ handle: [ {{ work: 1us }} ] }} }}
",
                workloads.join(", ")
            )
        }
    }
}

fn stopped(what: Growth, limit: u64) -> String {
    let input = Input { name: "test.yaml".into(), text: growing(what), folder: ".".into() };
    let settings = vec![format!("limits.memory={limit}MB")];
    let loaded = load(&input, &Overrides { settings, ..Overrides::default() });
    let finished = run(&loaded.blueprint.expect("it is sound"), 0, &Unattended { jobs: 1 });
    finished.summary.partial.map(|stopped| stopped.reason).unwrap_or_default()
}

#[test]
fn whatever_grows_reaches_the_limit_and_is_named() {
    for what in Growth::ALL {
        let reason = stopped(*what, LOW);
        let wanted = format!("{LOW} MB (limits.memory), most of it for {}", what.words());
        assert!(reason.contains(&wanted), "{what:?}: {reason}");
    }
}

/// One process for each thing that grows, since the operating system tells the most that a process has had.
#[cfg(target_os = "linux")]
#[test]
fn the_operating_system_sees_as_much_as_the_limit_says() {
    const CHILD: &str = "FUSEBOX_TEST_GROWING";
    let most_resident = || {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        kib.expect("the most memory so far, in KiB") * 1_024
    };
    let named = |name: String| Growth::ALL.iter().find(|what| format!("{what:?}") == name);
    if let Some(what) = std::env::var(CHILD).ok().and_then(named) {
        let before = most_resident();
        assert!(!stopped(*what, HIGH).is_empty());
        let share = (most_resident() - before) as f64 / (HIGH * 1_000_000) as f64;
        assert!((0.9..=1.1).contains(&share), "{what:?} takes {share:.3} of the limit");
        return;
    }
    let this = std::env::current_exe().expect("a program knows itself");
    let test = "the_operating_system_sees_as_much_as_the_limit_says";
    let failed: Vec<String> = Growth::ALL
        .iter()
        .filter_map(|what| {
            let mut child = std::process::Command::new(&this);
            let child = child.args(["--exact", test]).env(CHILD, format!("{what:?}"));
            let output = child.output().expect("it starts");
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            (!output.status.success()).then_some(told)
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
