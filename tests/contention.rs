//! Work that grows with load, against the Universal Scalability Law and direct calculation.

use crate::running::{load_text, one_section_a_line, run_sections};

/// `users` without think time at a service of 100 ms, for 1000 s after a warm-up.
fn closed(users: u32, contention: &str) -> sim_experiments::Finished {
    run_sections(
        &format!(
            "run: {{ duration: 1100s, warmup: 100s }}
             workloads: {{ web: {{ to: api, users: {users} }} }}
             services: {{ api: {{ handle: [ {{ work: 100ms }} ], contention: {contention} }} }}"
        ),
        &[],
    )
}

/// With n users who do not think, each step of work begins with all n inside: the throughput is
/// n / (work × (1 + σ(n − 1) + κn(n − 1))).
#[test]
fn the_throughput_is_that_of_the_universal_scalability_law() {
    for (serial, crosstalk) in [(5.0, 0.0), (0.0, 0.1), (5.0, 0.1), (20.0, 2.0), (100.0, 0.0)] {
        for users in 1..=32_u32 {
            let written = format!("{{ serial: {serial}%, crosstalk: {crosstalk}% }}");
            let finished = closed(users, &written);
            let n = f64::from(users);
            let factor = 1.0 + serial / 100.0 * (n - 1.0) + crosstalk / 100.0 * n * (n - 1.0);
            let expected = n * 1_000.0 / (0.1 * factor);
            let done = finished.summary.workloads[0].ok as f64;
            assert!(
                (done - expected).abs() <= 2.0 * n + 1.0,
                "{users} users with {written}: {done}, not {expected}"
            );
            let mean = finished.summary.workloads[0].latency.mean;
            let longest = 0.1 * factor;
            assert!((mean / longest - 1.0).abs() < 1e-6, "{mean} s, not {longest} s");
        }
    }
}

/// The law has its maximum at N = √((1 − σ) / κ): more users get less done.
#[test]
fn beyond_the_peak_more_users_get_less_done() {
    let done = |users| closed(users, "{ serial: 4%, crosstalk: 1.5% }").summary.workloads[0].ok;
    let peak = 8; // √(0.96 / 0.015)
    let throughput: Vec<u64> = (1..=16).map(done).collect();
    let most = throughput.iter().max().expect("sixteen runs");
    assert_eq!(throughput.iter().position(|done| done == most), Some(peak - 1));
    assert!(throughput[15] < throughput[3]);
}

#[test]
fn each_other_request_adds_a_span() {
    for users in [1_u32, 2, 7, 30] {
        let finished = closed(users, "{ per request: 10ms }");
        let n = f64::from(users);
        let each = 0.1 + 0.01 * (n - 1.0);
        let done = finished.summary.workloads[0].ok as f64;
        assert!((done - n * 1_000.0 / each).abs() <= 2.0 * n + 1.0, "{users} users: {done}");
    }
}

/// Requests in the queue are not in the instance yet, and other instances do not count.
#[test]
fn only_those_who_hold_a_slot_of_the_instance_count() {
    let finished = run_sections(
        "run: { duration: 1100s, warmup: 100s }
         workloads: { web: { to: api, users: 12 } }
         services: { api: { instances: 3, threads: 2, handle: [ { work: 100ms } ], contention: { per request: 100ms } } }",
        &[],
    );
    let done = finished.summary.workloads[0].ok as f64;
    assert!((done - 6.0 * 1_000.0 / 0.2).abs() <= 13.0, "{done}");
}

/// Messages arrive every second and nobody takes them away: after n seconds there are n, and the
/// query that begins then takes n × 2 ms more.
#[test]
fn each_waiting_message_adds_work() {
    let finished = run_sections(
        "run: { duration: 100.5s, drain: 10s }
         workloads: { forge: { to: hooks, arrivals: constant 1/s }, web: { to: api, arrivals: { process: constant, steps: [ { at: 0s, rate: 0/s }, { at: 50.25s, rate: 2/s }, { at: 51s, rate: 0/s } ] } } }
         services: { hooks: { handle: [ { send: builds } ] }, api: { handle: [ { query: db } ] } }
         databases: { db: { query: 10ms, contention: { per message: { queue: builds, work: 2ms } } } }
         queues: { builds: {} }",
        &[],
    );
    let web = &finished.summary.workloads[1];
    assert_eq!(web.ok, 1);
    assert!((web.latency.mean - 0.110).abs() < 1e-9, "{}", web.latency.mean);
}

/// With constant work, σ and a time for each other request say the same.
#[test]
fn the_same_system_in_other_words_has_the_same_fingerprint() {
    let fingerprint = |contention: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 60s, drain: 10s, seed: 4 }}
                 workloads: {{ web: {{ to: api, arrivals: poisson 20/s }} }}
                 services: {{ api: {{ threads: 20, cpus: 6, handle: [ {{ work: 100ms }} ]{contention} }} }}"
            ),
            &[],
        )
        .summary
        .fingerprint
    };
    let none = fingerprint("");
    for idle in ["serial: 0%", "crosstalk: 0%, per request: 0ms", "serial: 0.0000000001%"] {
        assert_eq!(fingerprint(&format!(", contention: {{ {idle} }}")), none, "{idle}");
    }
    let serial = fingerprint(", contention: { serial: 5% }");
    assert_ne!(serial, none);
    assert_eq!(fingerprint(", contention: { per request: 5ms }"), serial);
}

/// A slowdown multiplies work as it is under contention, and a pause is no work.
#[test]
fn faults_act_on_contended_work() {
    let mean = |settings: &[&str]| {
        run_sections(
            "run: { duration: 1100s, warmup: 100s }
             workloads: { web: { to: api, users: 5 } }
             services: { api: { handle: [ { work: 100ms } ], contention: { serial: 25% } } }",
            settings,
        )
        .summary
        .workloads[0]
            .latency
            .mean
    };
    assert!((mean(&[]) - 0.2).abs() < 1e-6);
    assert!((mean(&["faults=[ { slow: api, by: 3x } ]"]) - 0.6).abs() < 1e-6);
    assert!((mean(&["faults=[ { slow: api, to: 50ms } ]"]) - 0.05).abs() < 1e-6);
    let paused = mean(&["services.api.handle=[ { pause: 100ms }, { work: 0ms } ]"]);
    assert!((paused - 0.1).abs() < 1e-6, "{paused}");
}

#[test]
fn contention_that_cannot_be_is_an_error_and_one_that_does_nothing_a_warning() {
    let problems = |services: &str| -> Vec<String> {
        let text = format!(
            "workloads: {{ web: {{ to: api, users: 2 }} }}
             services: {{ api: {services} }}
             queues: {{ builds: {{}} }}"
        );
        let loaded = load_text(&one_section_a_line(&text), &[]);
        loaded.problems.into_iter().map(|problem| problem.message).collect()
    };
    let with = |contention: &str| {
        problems(&format!("{{ handle: [ {{ work: 1ms }} ], contention: {contention} }}"))
    };
    assert_eq!(with("{ serial: 5%, crosstalk: 0.1% }"), [""; 0]);
    assert_eq!(with("{}"), ["this contention costs nothing"]);
    assert_eq!(with("{ serial: 150% }"), ["`150%` is not between 0% and 100%"]);
    assert_eq!(with("{ per message: { queue: build, work: 1ms } }"), ["there is no queue `build`"]);
    assert_eq!(
        problems("{ threads: 1, handle: [ { work: 1ms } ], contention: { serial: 5% } }"),
        ["`contention` changes nothing: `api` lets in one request at a time"]
    );
    assert_eq!(
        problems("{ handle: [ { pause: 1ms } ], contention: { serial: 5% } }"),
        ["`contention` changes nothing: `api` does no work"]
    );
}
