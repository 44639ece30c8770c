//! Texts that no scenario holds and no rule binds: names of files, committed timelines, journals, configurations to be
//! imported. Every report shows them without obeying them.

use std::time::Duration;

use sim_experiments::sweep::{Shard, Sweep};
use sim_models::formats::{ConfigurationFile, ConfigurationFormat, Imported, ImportedCall, Remark};
use sim_models::scenario::{Input, Overrides, Request, SweepRequest};
use sim_reports::sweep::{Header, JOURNAL, Journal};
use sim_reports::testing::{self, Committed, TestResult, Tested, Timeline};
use sim_reports::{Palette, diagnostics, files, imported, printable, run, sweep};

use super::readers;
use super::texts::all;
use crate::running;

const QUEUE: &str = "run: { duration: 1s }
workloads: { web: { to: api, arrivals: poisson 20/s } }
services: { api: { threads: 1, handle: [ { work: 1ms } ] } }
sweep: { vary: { services.api.threads: [ 1, 2 ] }, figures: [ p99 of web ] }
";

#[test]
fn a_committed_timeline_is_shown_and_not_obeyed() {
    for (kind, text) in all() {
        let file = format!("== as written ==\n\n {text}\n\n== {text} ==\nnothing changed\n");
        let committed = Committed::parse(&file);
        let compared = committed.compared(None, "nothing changed\n");
        assert!(matches!(compared, Timeline::Differs(_)), "{kind}: {compared:?}");
        let of = |variant: Option<String>, timeline| Tested {
            name: text.to_owned(),
            variant,
            took: Duration::ZERO,
            result: TestResult::Ran {
                expectations: Vec::new(),
                seeds: 1,
                stopped: Some(text.to_owned()),
                timeline,
            },
        };
        let mut tests = vec![of(None, compared)];
        let orphans = committed.timelines.orphans(&[]);
        tests.extend(orphans.into_iter().map(|it| of(Some(it), Timeline::Orphaned)));
        readers::report(|palette| testing::list(&tests, Duration::ZERO, palette), kind);
        readers::xml(&testing::junit(&tests, Duration::ZERO).expect("XML"), kind);
        assert_eq!(
            readers::json(&testing::json(&tests), kind)["tests"][0]["scenario"],
            text,
            "{kind}"
        );
        let written = committed.timelines.render(text);
        assert_eq!(Committed::parse(&written), Committed::from(committed.timelines), "{kind}");
    }
}

#[test]
fn a_scenario_without_a_name_is_called_like_its_file() {
    for (kind, text) in all() {
        let input =
            Input { name: format!("{text}.yaml"), text: QUEUE.to_owned(), folder: ".".into() };
        let loaded = sim_models::scenario::load(&input, &Overrides::default());
        let finished = running::run(&running::blueprint(&loaded));
        readers::report(
            |palette| run::report(&finished, &run::Invocation::default(), palette),
            kind,
        );
        readers::json(&run::json(&finished, &run::Invocation::default()), kind);
        let into = tempfile::tempdir().expect("a folder");
        run::write_all(&finished, &run::Invocation::default(), into.path()).expect("written");
        let drawn = std::fs::read_to_string(into.path().join("overview.svg")).expect("readable");
        readers::xml(&drawn, kind);
    }
}

#[test]
fn a_journal_of_someone_else_is_shown_and_not_obeyed() {
    for (kind, text) in all() {
        let input = Input { name: "test.yaml".into(), text: QUEUE.to_owned(), folder: ".".into() };
        let overrides =
            Overrides { request: Request::Sweep(SweepRequest::default()), ..Overrides::default() };
        let prepared = Sweep::prepare(input, overrides).unwrap_or_else(|why| panic!("{why:?}"));
        let mut header = Header::of(&prepared, Shard::WHOLE);
        text.clone_into(&mut header.scenario);
        text.clone_into(&mut header.plan.parameters[0].path);
        text.clone_into(&mut header.plan.figures[0].text);
        let into = tempfile::tempdir().expect("a folder");
        let journal = Journal::create(&into.path().join(JOURNAL), &header).expect("a journal");
        let keep = |points: &[sim_experiments::sweep::Point]| {
            for point in points {
                journal.append(point).expect("written");
            }
            Ok::<(), sim_experiments::Interrupted>(())
        };
        let watch = sim_experiments::Unattended { jobs: 1 };
        prepared.run(Shard::WHOLE, &|_| false, &watch, &keep).expect("not interrupted");
        let journals = [journal];
        let findings = sweep::findings(&header, &journals).expect("whole");
        let report = |palette| {
            let report = sweep::report(&header, &journals, &findings, palette).expect("read");
            printable::terminal(&report, palette).into_owned()
        };
        readers::report(report, kind);
        sweep::write_all(&header, &journals, &findings, into.path()).expect("written");
        let read = |name: &str| std::fs::read(into.path().join(name)).expect("readable");
        readers::csv(&read("points.csv"), kind);
        let document = String::from_utf8(read("sweep.json")).expect("UTF-8");
        assert_eq!(readers::json(&document, kind)["sweep"]["scenario"], text);
    }
}

#[test]
fn an_imported_configuration_brings_along_only_what_can_be_seen() {
    let expected =
        |text: &str| text.lines().filter(|line| !line.trim_start().starts_with('#')).count();
    let of = |text: &str| {
        let mut call = ImportedCall::default();
        call.callee = "db".to_owned();
        call.settings = vec![("timeout", text.into())];
        let remark = Remark { about: text.to_owned(), text: text.to_owned() };
        (call.remarks, call.assumptions) = (vec![remark.clone()], vec![remark.clone()]);
        let mut imported = Imported::default();
        imported.calls = vec![call];
        (imported.remarks, imported.assumptions) = (vec![remark.clone()], vec![remark]);
        imported
    };
    let lines = expected(&imported::render(&of("fine"), "shop"));
    for (kind, text) in all() {
        let shown = imported::render(&of(text), "shop");
        readers::plain(&shown, kind);
        assert_eq!(expected(&shown), lines, "{kind}: a comment ends with its line: {shown}");
        let tree = sim_models::scenario::tree::Node::parse(&shown, 0);
        assert!(tree.is_ok(), "{kind}: {tree:?} in {shown}");
        let merged = imported::merge_into("calls: {}\n", &of(text), "shop").expect("YAML");
        readers::plain(&merged, kind);
    }
}

#[test]
fn a_configuration_of_any_content_is_imported_or_refused_in_visible_words() {
    let format = ConfigurationFormat::named("resilience4j").expect("a format");
    let importer = format.import.as_ref().expect("an importer");
    for (kind, text) in all() {
        let prefix = "resilience4j.retry.instances";
        let file = |name: &str, text: String| ConfigurationFile { name: name.to_owned(), text };
        let units: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let escaped = units.concat();
        let known = format!("{prefix}.a.maxAttempts=3\n");
        for written in [
            format!("{known}{prefix}.a.foo={escaped}\n{prefix}.a.{escaped}=1\n"),
            format!("{known}{prefix}.{escaped}.maxAttempts=3\n"),
            format!("{prefix}.a.maxAttempts={escaped}\n"),
        ] {
            let imported = importer.import(&[file("a.properties", written)]);
            let shown = diagnostics::render(&imported.problems, &imported.sources, Palette::Plain);
            readers::plain(&shown, kind);
            readers::plain(&imported::render(&imported, "shop"), kind);
        }
    }
}

#[test]
fn the_name_of_a_folder_is_one_part_of_a_path() {
    use std::path::Component;
    for (kind, text) in all() {
        let name = files::name_for(text);
        let parts: Vec<Component<'_>> = std::path::Path::new(&name).components().collect();
        assert!(matches!(parts.as_slice(), [Component::Normal(_)]), "{kind}: {name:?}");
        assert!(!name.contains(['/', '\\', ':']) && name.len() < 255, "{kind}: {name:?}");
        readers::plain(&name, kind);
    }
    assert!(files::name_for(&"é".repeat(1000)).len() < 255);
}
