//! Reading a scenario takes work in proportion to its size, counted in allocations; a comparison that allocates nothing
//! is not seen. This is a binary of its own because the counter replaces the allocator.
#![forbid(unsafe_code)]

use std::fmt::Write;

use allocation_counter::measure;
use sim_experiments::{Unattended, run};
use sim_models::scenario::{
    Folder, Input, Overrides, Parsed, Problem, Request, SweepRequest, check,
};

/// The smaller size; the other is twice as large.
const SIZE: usize = 300;
/// The growth that is allowed when the size doubles: what is linear grows by two, n log n by a little more, and what is
/// quadratic by four.
const MOST_GROWTH: f64 = 2.4;

/// A way in which a scenario can be large.
struct Kind {
    name: &'static str,
    scenario: fn(usize) -> String,
}

const KINDS: [Kind; 20] = [
    Kind { name: "services, each with six calls that have guards", scenario: mesh },
    Kind { name: "services in a ring", scenario: ring },
    Kind { name: "calls that nobody makes", scenario: unused_calls },
    Kind { name: "calls of services that do not exist", scenario: unknown_callees },
    Kind { name: "settings of unknown names", scenario: unknown_keys },
    Kind { name: "steps", scenario: steps },
    Kind { name: "operations", scenario: operations },
    Kind { name: "effects", scenario: effects },
    Kind { name: "distributions", scenario: distributions },
    Kind { name: "caches with keys", scenario: caches },
    Kind { name: "workloads", scenario: workloads },
    Kind { name: "faults", scenario: faults },
    Kind { name: "faults of calls that do not exist", scenario: faults_of_nothing },
    Kind { name: "expectations", scenario: expectations },
    Kind { name: "alerts", scenario: alerts },
    Kind { name: "variants", scenario: variants },
    Kind { name: "settings of a variant", scenario: settings_of_a_variant },
    Kind { name: "values that vary", scenario: values },
    Kind { name: "settings that vary", scenario: settings_that_vary },
    Kind { name: "settings to recommend", scenario: settings_to_recommend },
];

const CLIENT: &str =
    "run: { duration: 1s }\nworkloads: { w: { to: s0, arrivals: constant 1/s } }\n";

fn lines(head: &str, size: usize, line: impl Fn(usize) -> String) -> String {
    (0..size).fold(head.to_owned(), |mut text, number| {
        let _ = writeln!(text, "{}", line(number));
        text
    })
}

fn service(handle: &str) -> String {
    format!("services: {{ s0: {{ handle: [ {handle} ] }} }}\n")
}

fn mesh(size: usize) -> String {
    let callees = |caller: usize| (caller + 1..size.min(caller + 7)).map(|it| format!("s{it}"));
    let services = lines("services:\n", size, |number| {
        let calls =
            callees(number).map(|it| format!("{{ branch: 1%, then: [ {{ call: {it} }} ] }}"));
        let calls: Vec<String> = calls.collect();
        format!("  s{number}: {{ threads: 20, handle: [ {{ work: 1ms }}, {} ] }}", calls.join(", "))
            .replace(", ]", "]")
    });
    let calls = lines("calls:\n", size - 1, |number| {
        let guards =
            "{ timeout: 1s, retry: { attempts: 2, backoff: none }, bulkhead: { semaphore: 9 } }";
        let calls = callees(number).map(|it| format!("  s{number} -> {it}: {guards}"));
        calls.collect::<Vec<_>>().join("\n")
    });
    format!("{CLIENT}{services}{calls}")
}

fn ring(size: usize) -> String {
    lines(&format!("{CLIENT}services:\n"), size, |number| {
        format!("  s{number}: {{ handle: [ {{ call: s{} }} ] }}", (number + 1) % size)
    })
}

fn unused_calls(size: usize) -> String {
    let services = lines(&format!("{CLIENT}services:\n"), size, |number| {
        format!("  s{number}: {{ handle: [ {{ work: 1ms }} ] }}")
    });
    lines(&format!("{services}calls:\n"), size, |number| {
        format!("  s{number} -> s0: {{ timeout: 1s }}")
    })
}

fn unknown_callees(size: usize) -> String {
    lines(&format!("{CLIENT}services:\n"), size, |number| {
        format!("  s{number}: {{ handle: [ {{ call: t{number} }} ] }}")
    })
}

fn unknown_keys(size: usize) -> String {
    lines(&format!("{CLIENT}services:\n"), size, |number| {
        format!("  s{number}: {{ thraeds: 1, handle: [ {{ work: 1ms }} ] }}")
    })
}

fn steps(size: usize) -> String {
    lines(&format!("{CLIENT}services:\n  s0:\n    handle:\n"), size, |_| "      - work: 1ms".into())
}

fn operations(size: usize) -> String {
    let operations = lines("services:\n  s0:\n    operations:\n", size, |number| {
        format!("      o{number}: [ {{ work: 1ms }} ]")
    });
    let client = "run: { duration: 1s }\nworkloads:\n";
    let workloads =
        lines(client, size, |it| format!("  w{it}: {{ to: s0.o{it}, arrivals: constant 1/s }}"));
    format!("{workloads}{operations}")
}

fn effects(size: usize) -> String {
    let head = format!("{CLIENT}services:\n  s0:\n    handle:\n      - work: 1ms\n");
    lines(&head, size, |number| format!("      - effect: e{number}"))
}

fn distributions(size: usize) -> String {
    lines(&format!("{CLIENT}services:\n  s0:\n    handle:\n"), size, |number| {
        format!("      - work: exponential {}us", number + 1)
    })
}

fn caches(size: usize) -> String {
    let reads = lines(&format!("{CLIENT}services:\n  s0:\n    handle:\n"), size, |number| {
        format!("      - {{ cache: c{number}, on miss: [ {{ work: 1ms }} ] }}")
    });
    lines(&format!("{reads}caches:\n"), size, |it| format!("  c{it}: {{ keys: 1, ttl: 1s }}"))
}

fn workloads(size: usize) -> String {
    let head = "run: { duration: 1s }\nworkloads:\n";
    let workloads =
        lines(head, size, |it| format!("  w{it}: {{ to: s0, arrivals: constant 1/s }}"));
    workloads + &service("{ work: 1ms }")
}

fn two_services() -> String {
    format!(
        "{CLIENT}services: {{ s0: {{ handle: [ {{ call: s1 }} ] }}, s1: {{ handle: [ {{ work: 1ms }} ] }} }}\n"
    )
}

fn faults(size: usize) -> String {
    lines(&(two_services() + "faults:\n"), size, |_| {
        "  - { slow: s0 -> s1, by: 10ms, at: 100ms, for: 100ms }".into()
    })
}

fn faults_of_nothing(size: usize) -> String {
    lines(&(two_services() + "faults:\n"), size, |number| {
        format!("  - {{ slow: s0 -> t{number}, by: 10ms, at: 100ms, for: 100ms }}")
    })
}

fn expectations(size: usize) -> String {
    lines(&(two_services() + "expect:\n"), size, |number| {
        format!("  - p99 of s0 -> s1 is below {}ms", number + 1)
    })
}

fn alerts(size: usize) -> String {
    lines(&(two_services() + "alerts:\n"), size, |number| {
        format!("  a{number}: {{ when: availability of w is below 99%, for: 1s }}")
    })
}

fn variants(size: usize) -> String {
    lines(&(two_services() + "variants:\n"), size, |number| {
        format!("  v{number}: {{ services.s1.threads: {} }}", number + 1)
    })
}

fn settings_of_a_variant(size: usize) -> String {
    lines(&(mesh(size) + "variants:\n  v:\n"), size, |number| {
        format!("    services.s{number}.threads: 7")
    })
}

fn values(size: usize) -> String {
    let values: Vec<String> = (1..=size).map(|value| value.to_string()).collect();
    let vary = values.join(", ");
    two_services()
        + &format!(
            "sweep: {{ vary: {{ services.s1.threads: [{vary}] }}, figures: [ goodput of w ] }}\n"
        )
}

fn settings_that_vary(size: usize) -> String {
    lines(&(mesh(size) + "sweep:\n  figures: [ goodput of w ]\n  vary:\n"), size, |number| {
        format!("    services.s{number}.threads: [1]")
    })
}

fn settings_to_recommend(size: usize) -> String {
    let limits = "goals:\n  limits: [ goodput of w is above 0/s ]\n  settings:\n";
    lines(&(mesh(size) + limits), size, |number| format!("    services.s{number}.threads: 1..9"))
}

fn conditions(size: usize) -> String {
    let goals = "goals:\n  limits: [ goodput of w is above 0/s ]\n  settings: { services.s1.threads: 1..9 }\n";
    lines(&(two_services() + goals + "  conditions:\n"), size, |number| {
        format!("    c{number}: {{ services.s0.threads: {} }}", number + 1)
    })
}

fn orders(size: usize) -> String {
    lines(&(two_services() + "operator:\n"), size, |number| {
        format!("  - {{ set: {{ services.s1.threads: {} }}, at: {number}ms }}", number + 1)
    })
}

fn input(text: String) -> Input {
    Input { name: "growth.yaml".to_owned(), text, folder: Folder::from(".") }
}

/// The allocations and the bytes of `work`.
fn counted(work: impl FnOnce()) -> [f64; 2] {
    let counted = measure(work);
    [counted.count_total as f64, counted.bytes_total as f64]
}

fn assert_grows_with(name: &str, smaller: [f64; 2], larger: [f64; 2]) {
    for (what, smaller, larger) in
        [("allocations", smaller[0], larger[0]), ("bytes", smaller[1], larger[1])]
    {
        let growth = larger / smaller;
        assert!(growth < MOST_GROWTH, "twice as many {name}: {growth:.2} times the {what}");
    }
}

#[test]
fn an_include_grows_with_what_it_includes() {
    let of = |size: usize| {
        let folder = tempfile::tempdir().expect("a folder");
        let services =
            |file: usize| format!("services: {{ s{file}: {{ handle: [ {{ work: 1ms }} ] }} }}\n");
        for file in 0..size {
            let path = folder.path().join(format!("{file}.yaml"));
            std::fs::write(path, services(file)).expect("a file");
        }
        let text = lines(&format!("{CLIENT}include:\n"), size, |file| format!("  - {file}.yaml"));
        let input = Input { folder: Folder::from(folder.path()), ..input(text) };
        counted(|| drop(check(&input, &Overrides::default())))
    };
    assert_grows_with("included files", of(SIZE), of(2 * SIZE));
}

#[test]
fn conditions_that_repeat_conditions_are_refused() {
    let repeated = lines(&conditions(1), 40, |number| {
        format!("    c{}: [ c{number}, c{number} ]", number + 1)
    });
    let checked = check(&input(repeated), &Overrides::default());
    assert!(
        checked
            .problems
            .iter()
            .any(|it| it.message.ends_with("is made of 1000 conditions or more"))
    );
}

#[test]
fn a_point_costs_as_much_of_a_long_list_as_of_a_short_one() {
    let of = |size: usize| {
        let parsed = Parsed::read(&input(values(size)));
        let values = vec![("services.s1.threads".to_owned(), "3".to_owned())];
        let request = Request::Sweep(SweepRequest { values, ..SweepRequest::default() });
        let point = Overrides { request, ..Overrides::default() };
        counted(|| drop(parsed.load_again(&point)))
    };
    assert_eq!(of(SIZE), of(2 * SIZE));
}

#[test]
fn conditions_and_orders_that_each_make_a_system_are_bounded() {
    let errors = |scenario: String| {
        let loaded = Parsed::read(&input(scenario)).load(&Overrides::default());
        loaded.problems.into_iter().filter(Problem::is_error).count()
    };
    assert_eq!((errors(conditions(1_000)), errors(conditions(1_001))), (0, 1));
    assert_eq!((errors(orders(200)), errors(orders(201))), (0, 1));
}

#[test]
fn a_check_grows_with_what_is_written() {
    for Kind { name, scenario } in KINDS {
        let of = |size: usize| {
            let input = input(scenario(size));
            counted(|| drop(check(&input, &Overrides::default())))
        };
        assert_grows_with(name, of(SIZE), of(2 * SIZE));
    }
}

/// Services of one thread each that a fault fills, so that every pool, call and workload has lines in the timeline.
fn full_services(size: usize) -> String {
    let run = "run: { duration: 40s }\nworkloads:\n";
    let workloads =
        lines(run, size, |it| format!("  w{it}: {{ to: s{it}, arrivals: constant 5/s }}"));
    let services = lines("services:\n", size, |it| {
        format!("  s{it}: {{ threads: {{ max: 1, queue: 5 }}, handle: [ {{ work: 10ms }} ] }}")
    });
    let calls = lines("calls:\n", size, |it| {
        format!(
            "  w{it} -> s{it}: {{ timeout: 1s, retry: {{ attempts: 2, backoff: fixed 10ms }} }}"
        )
    });
    let faults =
        lines("faults:\n", size, |it| format!("  - {{ at: 10s, for: 20s, slow: s{it}, to: 2s }}"));
    [workloads, services, calls, faults].concat()
}

#[test]
fn a_run_and_what_is_told_of_it_grow_with_what_happens() {
    let of = |size: usize| {
        let loaded = check(&input(full_services(size)), &Overrides::default());
        let blueprint = loaded.blueprint.expect("a sound scenario");
        let mut told = 0;
        let counted = counted(|| told = run(&blueprint, 0, &Unattended { jobs: 1 }).timeline.len());
        assert!(told >= 8 * size, "{told} moments of {size} services");
        counted
    };
    assert_grows_with("services that are full", of(60), of(120));
}
