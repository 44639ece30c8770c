//! Imports: configurations of libraries and proxies become calls that a scenario can run with.

use sim_models::formats::{ConfigurationFile, ConfigurationFormat, FORMATS, Imported};
use sim_models::scenario::{Input, Overrides, Problem, check};
use sim_reports::imported::{Unwritten, merge_into, render, traced};

use crate::running::{load_text, root};

pub fn import(format: &str, name: &str, text: &str) -> Imported {
    let importer = ConfigurationFormat::named(format).and_then(|format| format.import.as_ref());
    let file = ConfigurationFile { name: name.to_owned(), text: text.to_owned() };
    importer.expect("a format that can be imported").import(&[file])
}

pub fn imported(format: &str, file: &str) -> Imported {
    let path = root().join("tests/import").join(file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    import(format, file, &text)
}

/// The imported section, after checking that a scenario with it is sound.
pub fn sound_section(format: &str, file: &str) -> String {
    sound(file, &imported(format, file))
}

/// The section of imported calls, after checking that a scenario with it is sound.
pub fn sound(file: &str, imported: &Imported) -> String {
    assert!(imported.problems.is_empty(), "{file}: {:?}", imported.problems);
    let section = render(imported, "app");
    let callees: Vec<&str> = imported.calls.iter().map(|call| call.callee.as_str()).collect();
    let calls: Vec<String> = callees.iter().map(|callee| format!("{{ call: {callee} }}")).collect();
    let services: Vec<String> = callees
        .iter()
        .map(|callee| format!("  {callee}: {{ instances: 3, handle: [ {{ work: 1ms }} ] }}\n"))
        .collect();
    let scenario = format!(
        "workloads: {{ web: {{ to: app, arrivals: poisson 10/s }} }}\nservices:\n  app: {{ handle: [ {} ] }}\n{}",
        calls.join(", "),
        services.concat()
    );
    let scenario = merge_into(&scenario, imported, "app").expect("YAML");
    let problems = load_text(&scenario, &[]).problems;
    let errors: Vec<_> = problems
        .iter()
        .filter(|problem| problem.severity == sim_models::scenario::Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{file}: {errors:?}\n{scenario}");
    section
}

#[test]
fn resilience4j_is_read_from_yaml() {
    insta::assert_snapshot!(sound_section("resilience4j", "application.yml"));
}

#[test]
fn resilience4j_is_read_from_properties() {
    insta::assert_snapshot!(sound_section("resilience4j", "application.properties"));
}

#[test]
fn a_shop_of_resilience4j() {
    insta::assert_snapshot!(sound_section("resilience4j", "shop.yml"));
}

#[test]
fn an_application_with_profiles_and_placeholders() {
    insta::assert_snapshot!(sound_section("resilience4j", "orders.properties"));
}

#[test]
fn a_base_that_does_not_exist_is_shown_at_its_place() {
    let text = "resilience4j.retry:
  configs: { one: { baseConfig: two }, two: { baseConfig: one } }
  instances: { ledger: { baseConfig: three }, stock: { baseConfig: one } }
";
    let problems = import("resilience4j", "application.yml", text).problems;
    let shown: Vec<(&str, &str)> = problems
        .iter()
        .map(|problem| {
            let at = problem.at.expect("a place");
            (&text[at.start..at.end], problem.message.rsplit(": ").next().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        shown,
        [("three", "there is no configuration `three`"), ("one", "`one` builds on itself")]
    );
}

#[test]
fn istio_is_read_from_both_of_its_kinds() {
    insta::assert_snapshot!(sound_section("istio", "istio.yaml"));
}

#[test]
fn envoy_is_read_from_a_list_of_clusters() {
    insta::assert_snapshot!(sound_section("envoy", "envoy.yaml"));
}

#[test]
fn polly_is_read_from_whatever_section_holds_its_options() {
    insta::assert_snapshot!(sound_section("polly", "appsettings.json"));
}

#[test]
fn what_is_nothing_of_the_kind_is_a_problem_with_a_place() {
    let problem = |text: &str| {
        let imported = import("istio", "x.yaml", text);
        assert!(imported.calls.is_empty());
        imported
            .problems
            .into_iter()
            .map(|problem| (problem.message, problem.at.is_some()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        problem("kind: Service"),
        [("x.yaml: there is nothing to import in it".to_owned(), true)]
    );
    assert!(problem("kind: [")[0].1);
    assert!(!problem("").is_empty());
}

#[test]
fn every_format_is_in_the_guide() {
    let guide = std::fs::read_to_string(root().join("docs/import-export.md")).expect("readable");
    for format in FORMATS {
        assert!(guide.contains(&format!("\n| `{}` |", format.name)), "{}", format.name);
    }
}

#[test]
fn what_an_import_prints_is_a_part_without_errors() {
    let only_threads = "server: { tomcat: { threads: { max: 50 } } }";
    let with_calls = "spring.datasource.hikari.maximum-pool-size: 7
resilience4j.retry.instances.ledger.maxAttempts: 2";
    for text in [only_threads, with_calls] {
        let text = render(&import("resilience4j", "application.yml", text), "orders");
        let part = Input { name: "part.yaml".to_owned(), text, folder: ".".into() };
        let checked = check(&part, &Overrides::default());
        assert!(checked.blueprint.is_some(), "{:?}\n{}", checked.problems, part.text);
    }
}

#[test]
fn a_number_of_the_server_that_is_not_positive_leaves_its_default() {
    for (number, is_carried) in [("1", true), ("2147483647", true), ("0", false), ("-1", false)] {
        for (key, setting) in [
            ("threads.max", "maxThreads"),
            ("max-threads", "maxThreads"),
            ("max-connections", "maxConnections"),
            ("accept-count", "acceptCount"),
        ] {
            let text = format!("server.tomcat.{key}: {number}\n");
            let text = render(&import("resilience4j", "application.yml", &text), "orders");
            assert_eq!(text.contains(&format!("{setting}: {number}")), is_carried, "{text}");
            assert_eq!(text.contains("not carried over"), !is_carried, "{text}");
        }
    }
}

/// The problems of a scenario with an import in it: the file, what it says at the place, and the message.
fn unwritten(before: &str, file: (&str, &str, &str)) -> Vec<(String, String, String)> {
    let (format, name, text) = file;
    let imported = import(format, name, text);
    assert_eq!(imported.problems, [], "{text}");
    let merged = merge_into(before, &imported, "app").expect("YAML");
    let input = Input { name: "shop.yaml".to_owned(), text: merged.clone(), folder: ".".into() };
    let checked = check(&input, &Overrides::default());
    assert!(checked.blueprint.is_none(), "{merged}");
    let sources = &checked.sources;
    let unwritten = Unwritten { name: "shop.yaml", before, merged: &merged, sources };
    let (problems, sources) = traced(&checked.problems, &unwritten, &imported, "app");
    let shown = |problem: Problem| {
        let at = problem.at.expect("a place");
        let source = sources.get(at.source).expect("a file");
        (source.name.clone(), source.text[at.start..at.end].to_owned(), problem.message)
    };
    problems.into_iter().map(shown).collect()
}

#[test]
fn a_mistake_of_a_scenario_with_an_import_is_shown_in_a_file_that_there_is() {
    let yaml = "resilience4j.retry.instances.ledger.maxAttempts: 2\n";
    let application = ("resilience4j", "application.yml", yaml);
    // Nobody takes the call.
    let before = "workloads: { web: { to: app, arrivals: poisson 10/s } }
services: { app: { handle: [ { work: 1ms } ] } }
run: { duration: 1 minute }
";
    let shown = unwritten(before, application);
    assert!(!shown.is_empty());
    for (file, at, message) in shown {
        match file.as_str() {
            "application.yml" => {
                assert!(yaml.contains(&at) && message.contains("ledger"), "{message}");
            }
            _ => assert_eq!((file.as_str(), at.as_str()), ("shop.yaml", "1 minute"), "{message}"),
        }
    }
    // The import comes before a mistake that the scenario has already, whose line stays what it is.
    let before = "calls:
  app -> stock: { timeout: 1s }
services:
  app: { handle: [ { call: ledger }, { call: stock } ] }
  ledger: { handle: [ { work: 1ms } ] }
  stock: { handle: [ { work: 1ms } ] }
workloads: { web: { to: app, arrivals: poisson 10/s } }
run: { duration: soon }
";
    let shown = unwritten(before, application);
    let [(file, at, _)] = &shown[..] else { panic!("{shown:?}") };
    assert_eq!((file.as_str(), at.as_str()), ("shop.yaml", "soon"));
}
