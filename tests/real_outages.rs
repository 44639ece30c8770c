//! Public outages as scenarios: what each file has to say, and where the limits of their mechanisms are.

use crate::running::{blueprint, call, library, load_file, root, run};

/// Whoever reads a real outage must see what its report says and what is only assumed.
#[test]
fn every_outage_says_where_it_is_from_what_is_known_and_what_is_assumed() {
    let outages = library().into_iter().filter(|file| file.parent().is_some_and(is_of_outages));
    let mut count = 0;
    for file in outages {
        let text = std::fs::read_to_string(&file).expect("readable");
        let head: String = text
            .lines()
            .map_while(|line| line.strip_prefix('#'))
            .flat_map(|line| [line.trim(), " "])
            .collect();
        for part in
            ["Source: ", "https://", "A mechanism, not a prediction.", "Known: ", "Assumed: "]
        {
            assert!(head.contains(part), "{}: no {part:?} in its head", file.display());
        }
        for part in ["trigger ", "amplification ", "sustained ", "operators "] {
            assert!(head.contains(part), "{}: no {part:?} in its head", file.display());
        }
        let variants = load_file(&file, None, &[]).variants;
        let prevented = variants.iter().filter(|variant| *variant != "nobody-acts");
        assert!(prevented.count() > 0, "{}: what would have prevented it?", file.display());
        for variant in &variants {
            assert!(head.contains(variant.as_str()), "{}: {variant}", file.display());
        }
        count += 1;
    }
    assert!(count >= 12, "{count} outages");
}

fn is_of_outages(folder: &std::path::Path) -> bool {
    folder.ends_with("scenarios/outages")
}

/// A herd that a server of rate μ works off within the time T for which each of it waits comes
/// back by itself; one of twice that size never does, as everything takes longer than anybody waits.
#[test]
fn a_herd_comes_back_if_all_of_it_can_be_served_while_it_waits() {
    let path = root().join("scenarios/outages/google-2025.yaml");
    // 8 servers of 400 ms and a patience of 10 s: 200 tasks.
    for (tasks, comes_back) in [(50, true), (100, true), (200, true), (400, false), (600, false)] {
        let users = format!(
            "workloads.tasks.users={{ from: 0, stages: [ {{ to: {tasks}, over: 40s }} ] }}"
        );
        let loaded = load_file(&path, Some("nobody-acts"), &[&users, "expect=[]"]);
        let finished = run(&blueprint(&loaded));
        let checked = call(&finished, "tasks -> check").calls as f64;
        // Each task that runs makes a request about every 2 s for the eight minutes after the crash.
        let of_all = checked / (tasks as f64 / 2.0 * 8.0 * 60.0);
        assert!(if comes_back { of_all > 0.95 } else { of_all < 0.2 }, "{tasks}: {of_all}");
    }
}
