//! No key of a configuration is silent: whatever is taken away or changed changes the output, or is refused.

use serde_json::{Value, json};
use sim_models::formats::{ConfigurationFile, ConfigurationFormat, Imported};
use sim_reports::imported::render;

use crate::running::root;

/// The path of a leaf: keys of maps, and numbers of items.
type Path = Vec<String>;

/// Keys of Kubernetes that only tell objects apart.
const IDENTITY: [&str; 2] = ["apiVersion", "metadata.name"];

/// A file of properties, whose every entry must speak.
const PROPERTIES: [&str; 2] = ["application.properties", "orders.properties"];
/// The profile that is chosen for files of Spring Boot.
const PROFILE: &str = "production";

/// The format and the files in `tests/import` whose every leaf must speak.
const FILES: [(&str, &[&str]); 3] = [
    (
        "istio",
        &[
            "istio.yaml",
            "istio-shop.yaml",
            "istio-list.yaml",
            "istio-gateway.yaml",
            "cases/istio-consecutive-errors.yaml",
            "cases/istio-default-retries.yaml",
            "cases/istio-namesakes.yaml",
            "cases/istio-no-retries.yaml",
            "cases/istio-timeout-zero.yaml",
            "cases/istio-two-routes.yaml",
        ],
    ),
    (
        "envoy",
        &[
            "envoy.yaml",
            "envoy-front.yaml",
            "envoy-discovery.yaml",
            "envoy-dump.yaml",
            "cases/envoy-extensions.yaml",
            "cases/envoy-routes.yaml",
        ],
    ),
    (
        "resilience4j",
        &[
            "application.yml",
            "shop.yml",
            "orders.yml",
            "cases/spring-aspect-order.yml",
            "cases/spring-configurations.yml",
            "cases/spring-data-source.yml",
            "cases/spring-dotted-keys.yml",
            "cases/spring-mixed-keys.yml",
            "cases/spring-reactive.yml",
            "cases/spring-retry-over-breaker.yml",
            "cases/spring-time-limiter.yml",
        ],
    ),
];

#[test]
fn every_leaf_that_is_taken_away_or_changed_changes_the_output() {
    let mut silent = Vec::new();
    for (format, files) in FILES {
        for file in files {
            silent.extend(silent_leaves(format, file));
        }
    }
    assert!(silent.is_empty(), "{} leaves are silent:\n{}", silent.len(), silent.join("\n"));
}

fn silent_leaves(format: &str, file: &str) -> Vec<String> {
    let path = root().join("tests/import").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let documents: Vec<Value> = text
        .split("\n---\n")
        .map(|document| {
            serde_saphyr::from_str(document).unwrap_or_else(|error| panic!("{file}: {error}"))
        })
        .collect();
    let before = output(format, &documents);
    assert!(before.0.is_empty(), "{file}: {:?}", before.0);
    let mut silent = Vec::new();
    for index in 0..documents.len() {
        let speaks = |leaf: &Path| {
            let own = if leaf[0] == "items" { &leaf[2..] } else { leaf };
            !IDENTITY.contains(&own.join(".").as_str())
        };
        for leaf in leaves(&documents[index]).into_iter().filter(speaks) {
            let mut less = documents.clone();
            take_away(&mut less[index], &leaf);
            let mut other = documents.clone();
            let value = at(&mut other[index], &leaf);
            *value = change(value);
            let is_silent = |documents: &[Value]| output(format, documents) == before;
            if is_silent(&less) && is_silent(&other) {
                silent.push(format!("{file} {index}: {}", leaf.join(".")));
            }
        }
    }
    silent
}

/// The problems and the section.
fn output(format: &str, documents: &[Value]) -> (Vec<String>, String) {
    let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    output_of(format, "x.yaml", &texts.join("\n---\n"))
}

fn output_of(format: &str, name: &str, text: &str) -> (Vec<String>, String) {
    let importer = ConfigurationFormat::named(format).and_then(|format| format.import.as_ref());
    let file = ConfigurationFile { name: name.to_owned(), text: text.to_owned() };
    let importer = importer.expect("it can be imported");
    let profiles = if name == "x.yaml" { vec![PROFILE.to_owned()] } else { Vec::new() };
    let imported: Imported = importer.import_for(&[file], &profiles);
    let problems = imported.problems.iter().map(|problem| problem.message.clone()).collect();
    (problems, render(&imported, "app"))
}

#[test]
fn every_entry_of_properties_that_is_taken_away_or_changed_changes_the_output() {
    let mut silent = Vec::new();
    for file in PROPERTIES {
        let path = root().join("tests/import").join(file);
        let text = std::fs::read_to_string(&path).expect("readable");
        let entries = logical_lines(&text);
        let output = |entries: &[String]| output_of("resilience4j", file, &entries.concat());
        let before = output(&entries);
        assert!(before.0.is_empty(), "{file}: {:?}", before.0);
        for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| is_entry(entry)) {
            let mut less = entries.clone();
            less[index] = String::new();
            let mut other = entries.clone();
            other[index] = format!("{}1\n", entry.trim_end());
            if output(&less) == before && output(&other) == before {
                silent.push(format!("{file}: {entry}"));
            }
        }
    }
    assert!(silent.is_empty(), "{} entries are silent:\n{}", silent.len(), silent.concat());
}

/// The lines of properties, each with those that continue it.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        match lines.last_mut().filter(|last| last.ends_with("\\\n")) {
            Some(last) => last.push_str(line),
            None => lines.push(line.to_owned()),
        }
    }
    lines
}

fn is_entry(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

/// All values that are neither maps nor lists, and the empty ones of these.
fn leaves(value: &Value) -> Vec<Path> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    if inner.is_empty() {
        return vec![Vec::new()];
    }
    let below = |(key, value): (String, &Value)| -> Vec<Path> {
        leaves(value).into_iter().map(|path| [vec![key.clone()], path].concat()).collect()
    };
    inner.into_iter().flat_map(below).collect()
}

fn at<'a>(value: &'a mut Value, path: &[String]) -> &'a mut Value {
    path.iter().fold(value, |value, key| match value {
        Value::Object(entries) => entries.get_mut(key).expect("a key"),
        Value::Array(items) => &mut items[key.parse::<usize>().expect("a number")],
        _ => unreachable!("only maps and lists have something inside"),
    })
}

fn take_away(value: &mut Value, path: &[String]) {
    let (last, above) = path.split_last().expect("no document is a leaf");
    match at(value, above) {
        Value::Object(entries) => {
            entries.remove(last);
        }
        Value::Array(items) => {
            items.remove(last.parse().expect("a number"));
        }
        _ => unreachable!("only maps and lists have something inside"),
    }
}

/// Another value of the same kind: a number plus one, twice the duration, a text with one more letter.
fn change(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_u64() {
            Some(whole) => json!(whole + 1),
            None => json!(number.as_f64().expect("a number") + 1.0),
        },
        Value::Bool(is_set) => json!(!is_set),
        Value::String(text) => match doubled(text) {
            Some(duration) => json!(duration),
            None => json!(format!("{text}x")),
        },
        Value::Object(_) => json!({ "x": 1 }),
        _ => json!(["x"]),
    }
}

fn doubled(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().ok()?;
    ["s", "ms", "m", "h"].contains(&unit).then(|| format!("{}{unit}", number * 2.0))
}

#[test]
fn a_document_of_which_nothing_is_read_is_a_comment() {
    let guarded = [
        ("istio", "kind: DestinationRule\nmetadata: { name: a }\nspec: { host: a }"),
        ("envoy", "clusters: [ { name: a, connect_timeout: 1s } ]"),
        ("resilience4j", "resilience4j.retry.instances.a.maxAttempts: 2"),
    ];
    for (format, document) in guarded {
        for other in
            ["foreign: { key: 17 }", "admin: { port_value: 17 }", "[ 17 ]", "seventeen: 17"]
        {
            for text in
                [format!("{document}\n---\n{other}\n"), format!("{other}\n---\n{document}\n")]
            {
                let (problems, section) = output_of(format, "x.yaml", &text);
                let speaks =
                    section.lines().any(|line| line.starts_with("# ") && line.contains("17"));
                assert!(speaks || !problems.is_empty(), "{format}: {text}\n{section}");
            }
        }
    }
}

#[test]
fn a_map_that_has_an_effect_by_being_there_is_not_called_lost() {
    let empty = [
        (
            "istio",
            "kind: DestinationRule\nspec: { host: a, trafficPolicy: { outlierDetection: {} } }",
        ),
        (
            "istio",
            "kind: VirtualService\nspec: { hosts: [a], http: [ { route: [ { destination: { host: a } } ], retries: {} } ] }",
        ),
        (
            "istio",
            "kind: HTTPRoute\nspec: { rules: [ { backendRefs: [ { name: a } ], retry: {} } ] }",
        ),
        ("envoy", "clusters: [ { name: a, outlier_detection: {} } ]"),
        ("envoy", "virtual_hosts: [ { routes: [ { route: { cluster: a, retry_policy: {} } } ] } ]"),
        ("resilience4j", "resilience4j: { retry: { instances: { a: {} } } }"),
        ("polly", "{ \"a\": { \"Retry\": {} } }"),
        ("polly", "{ \"a\": { \"TotalRequestTimeout\": {} } }"),
    ];
    for (format, text) in empty {
        let (problems, section) = output_of(format, "x.yaml", text);
        let is_lost = |line: &str| line.contains("not carried over") && line.contains("{}");
        assert!(problems.is_empty(), "{text}: {problems:?}");
        assert!(!section.lines().any(is_lost), "{text}\n{section}");
    }
}

#[test]
fn a_property_that_stands_for_a_placeholder_is_not_called_lost() {
    let text =
        "wait: { short: 750 }\nresilience4j.retry.instances.a.wait-duration: ${WAIT.SHORT}\n";
    let (_, section) = output_of("resilience4j", "application.yml", text);
    assert!(
        section.contains("waitDuration: 750ms") && !section.contains("not carried over"),
        "{section}"
    );
    let elsewhere =
        "wait: 750\nresilience4j.retry.instances.a: { max-attempts: 2, unknown: \"${wait}\" }\n";
    let (_, section) = output_of("resilience4j", "application.yml", elsewhere);
    assert!(section.contains("unknown: 750"), "{section}");
}
