//! Inputs that are meant to do harm: each ends soon, with a sentence, and shows nothing that it should not.

use std::fmt::Write;
use std::path::Path;

use sim_experiments::{Trial, cases};
use sim_models::expect::Measured;
use sim_models::scenario::{Folder, Input, Loaded, Overrides, check, load};
use sim_reports::{Palette, diagnostics};

use crate::running::root;

/// A sound scenario, to which more is added.
const SOUND: &str = "run: { duration: 4s }
workloads: { web: { to: a, arrivals: poisson 40/s } }
services: { a: { handle: [ { work: 1ms } ] } }
faults: [ { at: 3s, for: 500ms, slow: a, by: 2x } ]
";

fn told(loaded: &Loaded) -> String {
    diagnostics::render(&loaded.problems, &loaded.sources, Palette::Plain)
}

fn load_text(text: &str) -> Loaded {
    crate::running::load_text(text, &[])
}

fn in_folder(folder: impl Into<Folder>, text: &str) -> Input {
    Input { name: "pull-request.yaml".into(), text: text.into(), folder: folder.into() }
}

/// Every kind of expectation about a time that the run does not reach, or not wholly.
#[test]
fn expectations_at_the_end_of_a_run_and_beyond_are_judged() {
    let sentences = [
        "goodput of web is back to 95% of normal within 1s after fault",
        "goodput of web is back to 95% of normal within 1ms after fault",
        "availability of web is at least 99%",
        "p99 of web stays below 1s",
        "a.threads is never saturated",
        "no request is lost",
    ];
    for sentence in sentences {
        let loaded = load_text(&format!("{SOUND}expect: [ {sentence} ]\n"));
        let blueprint = loaded.blueprint.as_ref().unwrap_or_else(|| panic!("{}", told(&loaded)));
        assert_eq!(Trial::of(blueprint).verdicts.len(), 1, "{sentence}");
    }
}

/// A run is stopped after each number of events: what was open then is not known, and what is known is what
/// the whole run shows.
#[test]
fn what_was_open_when_a_run_was_stopped_is_not_known() {
    let text = std::fs::read_to_string(root().join("scenarios/cascade-protected.yaml"))
        .expect("the scenario can be read");
    let input = in_folder(root().join("scenarios"), &text);
    let trial = |settings: Vec<String>| {
        let overrides = Overrides { settings, ..Overrides::default() };
        Trial::of(load(&input, &overrides).blueprint.as_ref().expect("a sound scenario"))
    };
    let whole = trial(Vec::new());
    let mut known = 0;
    for events in [1_u64, 10, 1_000, 30_000, 100_000, 300_000] {
        let stopped = trial(vec![format!("limits.events={events}")]);
        assert!(stopped.finished.is_partial() && !stopped.holds(), "{events}");
        for (stopped, whole) in stopped.verdicts.iter().zip(&whole.verdicts) {
            if matches!(stopped.measured, Measured::NotKnown(_)) {
                assert!(!stopped.holds);
            } else {
                assert_eq!(stopped.holds, whole.holds, "{stopped:?} after {events} events");
                known += 1;
            }
        }
    }
    assert!(known > 0, "the breaker opens before the run is stopped");
}

/// A breaker that is refused for its size is missing where sentences look for it.
#[test]
fn sentences_about_what_is_refused_are_read() {
    for breaker in ["window: 4294967295 calls", "window: 1s in 1000000000 buckets"] {
        for sentence in ["breaker a -> b never opens", "breaker a -> b opens, then closes"] {
            let text = format!(
                "workloads: {{ web: {{ to: a, arrivals: poisson 10/s }} }}
services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ work: 1ms }} ] }} }}
calls: {{ a -> b: {{ breaker: {{ {breaker} }} }} }}
expect: [ {sentence} ]
"
            );
            assert!(told(&load_text(&text)).contains("error"), "{breaker}, {sentence}");
        }
    }
}

/// A file with a secret, in every place and form that could be named: none of it is shown.
#[test]
fn a_scenario_shows_nothing_of_files_that_are_not_its_own() {
    const SECRET: &str = "hunter2";
    let outside = tempfile::tempdir().expect("a folder");
    let folder = outside.path().join("scenarios");
    std::fs::create_dir_all(folder.join("parts")).expect("a folder");
    let forms = [
        ("plain", format!("PASSWORD={SECRET}\n")),
        ("keys.yaml", format!("password: {SECRET}\n")),
        ("list.yaml", format!("- {SECRET}\n")),
        ("broken.yaml", format!("password: [ {SECRET}\n")),
        ("twice.yaml", format!("password: {SECRET}\npassword: {SECRET}\n")),
        ("bytes", format!("\u{feff}{SECRET}\0\n")),
        ("cells.csv", format!("{SECRET},{SECRET}\n{SECRET},{SECRET}\n")),
    ];
    for (name, text) in &forms {
        for place in [outside.path(), &folder, &folder.join("parts")] {
            std::fs::write(place.join(name), text).expect("it can be written");
        }
    }
    link(&outside.path().join("plain"), &folder.join("link.yaml"));
    let mut paths: Vec<String> = vec!["link.yaml".into(), "parts".into(), ".".into()];
    for (name, _) in &forms {
        paths.extend([(*name).into(), format!("../{name}"), format!("parts/../../{name}")]);
        paths.push(outside.path().join(name).display().to_string());
    }
    for path in paths {
        let written = [
            format!("include: [ '{path}' ]\n{SOUND}"),
            SOUND.replace("poisson 40/s", &format!("{{ replay: '{path}' }}")),
            SOUND.replace("work: 1ms", &format!("work: 'empirical {path}'")),
        ];
        for text in written {
            let checked = check(&in_folder(folder.as_path(), &text), &Overrides::default());
            let told = told(&checked);
            assert!(!told.contains(SECRET), "{path}:\n{told}");
            assert!(checked.blueprint.is_none(), "{path} is read:\n{text}");
        }
    }
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) {
    std::os::unix::fs::symlink(to, at).expect("it can be linked");
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) {}

#[test]
fn folders_that_are_allowed_are_read_too() {
    let outside = tempfile::tempdir().expect("a folder");
    let folder = outside.path().join("scenarios");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(outside.path().join("common.yaml"), SOUND).expect("it can be written");
    let own: Folder = folder.as_path().into();
    let text = "include: [ ../common.yaml ]\n";
    let refused = load(&in_folder(own.clone(), text), &Overrides::default());
    assert!(told(&refused).contains("not below the folder of the scenario"), "{}", told(&refused));
    let allowed = own.allowing(&[outside.path().to_path_buf()]);
    assert!(load(&in_folder(allowed, text), &Overrides::default()).blueprint.is_some());
}

/// A link is what it leads to: a file of the folder, or one beside it.
#[cfg(unix)]
#[test]
fn links_are_followed_within_the_folder() {
    let outside = tempfile::tempdir().expect("a folder");
    let folder = outside.path().join("scenarios");
    std::fs::create_dir_all(folder.join("parts")).expect("a folder");
    for place in [outside.path(), &folder.join("parts")] {
        std::fs::write(place.join("common.yaml"), SOUND).expect("it can be written");
    }
    link(&folder.join("parts"), &folder.join("inside"));
    link(outside.path(), &folder.join("upwards"));
    let read = |path: &str| {
        let text = format!("include: [ {path} ]\n");
        load(&in_folder(folder.as_path(), &text), &Overrides::default())
    };
    assert!(read("inside/common.yaml").blueprint.is_some());
    let refused = read("upwards/common.yaml");
    assert!(told(&refused).contains("not below the folder of the scenario"), "{}", told(&refused));
}

/// Devices, steps that add nothing however often, and rates beyond the clock.
#[test]
fn everything_that_is_read_ends() {
    let nested = (0..9)
        .fold("[]".to_owned(), |steps, _| format!("[ {{ repeat: 4294967295, steps: {steps} }} ]"));
    let handle = |steps: &str| SOUND.replace("[ { work: 1ms } ]", steps);
    assert!(load_text(&handle(&nested)).blueprint.is_some(), "nothing is done any number of times");
    let wrong = nested.replace("[]", "[ { call: nobody } ]");
    assert!(told(&load_text(&handle(&wrong))).contains("nobody"));
    let many = nested.replace("[]", "[ { work: 1ms } ]");
    assert!(told(&load_text(&handle(&many))).contains("more than 65536 steps"));
    for device in ["/dev/zero", "/dev/urandom", "/proc/self/environ"] {
        let text = format!("include: [ {device} ]\n{SOUND}");
        assert!(told(&load_text(&text)).contains("error"), "{device}");
    }
    let rate = SOUND.replace("40/s", "1e308/s");
    assert!(load_text(&rate).blueprint.is_none());
}

/// Every service calls one that is misspelt: the first hundred are told, with some of the names.
#[test]
fn many_mistakes_are_counted_and_the_first_are_told() {
    let mut text = "workloads: { web: { to: s0, arrivals: poisson 10/s } }\nservices:\n".to_owned();
    for service in 0..3_000 {
        let _ = writeln!(text, "  s{service}: {{ handle: [ {{ call: zz{service} }} ] }}");
    }
    let told = told(&load_text(&text));
    assert!(told.contains("and 2 900 more") && told.contains("3 000 errors"), "{told}");
    assert!(told.len() < 100_000, "{}", told.len());
}

/// A variant costs its difference: hundreds are read without reading all of them for each.
#[test]
fn many_variants_are_read() {
    let mut text = format!("{SOUND}variants:\n");
    for variant in 0..400 {
        let _ = writeln!(text, "  v{variant}: {{ run.seed: {variant}, services.a.threads: 3 }}");
    }
    let input = in_folder(".", &text);
    assert!(check(&input, &Overrides::default()).blueprint.is_some());
    assert_eq!(cases(&input, &Overrides::default()).len(), 401);
}
