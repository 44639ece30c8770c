//! Presets have the defaults that docs/guards.md says their libraries have.

use std::sync::Arc;

use sim_models::system::Blueprint;

use crate::running::{load_text, root};

/// A row of the table: where the preset is written, its name, a key, the key's default, and other
/// settings that the key needs to have an effect. Dots in a key lead into maps.
struct Row {
    place: String,
    preset: String,
    key: String,
    default: String,
    needs: String,
}

fn rows() -> Vec<Row> {
    let guide = std::fs::read_to_string(root().join("docs/guards.md")).expect("the guide");
    let (_, section) = guide.split_once("## Presets: keys and defaults").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("a section after it");
    let cells = |line: &str| -> Vec<String> {
        line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let table = section.lines().filter(|line| line.starts_with("| `")).map(cells);
    table
        .map(|cells| Row {
            place: cells[1].clone(),
            preset: cells[2].clone(),
            key: cells[3].clone(),
            default: cells[4].clone(),
            needs: cells[6].clone(),
        })
        .collect()
}

/// A system with a preset and some of its settings.
fn system(row: &Row, settings: &str) -> Arc<Blueprint> {
    let Row { place, preset, needs, .. } = row;
    let (needs, retry) = match needs.as_str() {
        "retry" => (String::new(), "retry: { attempts: 3, backoff: none }, "),
        needs => (needs.to_owned(), ""),
    };
    let settings: Vec<&str> =
        [needs.as_str(), settings].into_iter().filter(|it| !it.is_empty()).collect();
    let written = format!("{{ preset: {preset}, {} }}", settings.join(", "));
    let (service, call) = match place.as_str() {
        "threads" => (format!("threads: {written}, "), String::new()),
        "pools" => (format!("pools: {{ p: {written} }}, "), String::new()),
        guard => (String::new(), format!("{retry}{guard}: {written}")),
    };
    let text = format!(
        "workloads: {{ web: {{ to: a, arrivals: constant 1/s }} }}
services: {{ a: {{ {service}handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ work: 1ms }} ] }} }}
calls: {{ a -> b: {{ {call} }} }}"
    );
    let loaded = load_text(&text, &[]);
    loaded.blueprint.unwrap_or_else(|| panic!("{text}\n{:?}", loaded.problems))
}

/// The setting of a key, with a map for each dot in it. Without a value the innermost map is empty.
fn setting(key: &str, value: Option<&str>) -> String {
    let mut keys = key.rsplit('.');
    let last = keys.next().zip(value);
    let innermost = last.map_or_else(String::new, |(key, value)| format!("{key}: {value}"));
    keys.fold(innermost, |inner, key| format!("{key}: {{ {inner} }}"))
}

/// Another value of the same kind.
fn other_than(value: &str) -> String {
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    match (value, value[..digits].parse::<f64>()) {
        ("true", _) => "false".to_owned(),
        ("false", _) => "true".to_owned(),
        ("COUNT_BASED", _) => "TIME_BASED".to_owned(),
        ("Constant" | "Exponential", _) => "Linear".to_owned(),
        ("THREAD", _) => "SEMAPHORE".to_owned(),
        ("decorrelatedJitterGenerator", _) => "fullJitterGenerator".to_owned(),
        ("{ ConstantBackoff: 0s }", _) => "{ ConstantBackoff: 1s }".to_owned(),
        // The orders of Spring's aspects: the outermost of them as the innermost, and vice versa.
        ("2147483642", _) => i32::MAX.to_string(),
        (order, _) if order.starts_with("21474836") => "1".to_owned(),
        ("65534", _) => "65533".to_owned(),
        ("-1", _) => "3".to_owned(),
        ("100", _) => "99".to_owned(),
        ("1024", _) => "999".to_owned(),
        ("50", _) => "51".to_owned(),
        ("0.1" | "0.5", _) => "0.3".to_owned(),
        ("500ms" | "10s" | "10000" | "500" | "10", Ok(number)) => {
            format!("{}{}", 2.0 * number, &value[digits..])
        }
        (_, Ok(number)) => format!("{}{}", number + 1.0, &value[digits..]),
        _ => "{ ConsecutiveFailures: 7 }".to_owned(),
    }
}

#[test]
fn every_preset_has_the_defaults_of_its_library() {
    let rows = rows();
    assert!(rows.len() > 100, "{} rows", rows.len());
    for row in rows {
        let seen = |settings: &str| format!("{:?}", system(&row, settings));
        let Row { place, preset, key, default, .. } = &row;
        let unsaid = seen(&setting(key, None));
        let name = format!("{place}, {preset}, {key}: {default}");
        assert_eq!(unsaid, seen(&setting(key, Some(default))), "{name} is not the default");
        let other = other_than(default);
        assert_ne!(
            unsaid,
            seen(&setting(key, Some(&other))),
            "{name}: {other} makes no difference"
        );
    }
}

/// Every preset that a file may name has rows in the table.
#[test]
fn every_preset_is_in_the_table_or_explained_by_itself() {
    let rows = rows();
    for preset in [
        "resilience4j",
        "polly",
        "polly standard handler",
        "cockatiel",
        "hystrix",
        "gobreaker",
        "opossum",
        "pybreaker",
        "envoy",
        "tomcat",
        "netty",
        "gunicorn",
        "uwsgi",
        "hikari",
        "resilience4j thread pool",
    ] {
        assert!(rows.iter().any(|row| row.preset == preset), "{preset}");
    }
}
