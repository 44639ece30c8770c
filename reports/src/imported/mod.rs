//! Imported calls as a section of a scenario.

mod insert;
mod trace;

use std::fmt::Write;

use serde_json::Value;
use sim_models::formats::{Imported, ImportedCall, Remark};
use sim_models::printable::line;
use sim_models::scenario::{Problem, is_name_letter};

pub use trace::{Unwritten, traced};

/// The longest line, in characters, that a map is written on.
const WIDTH: usize = 110;

/// The settings of the caller and the `calls:` section, with a comment for everything that is not
/// carried over or was assumed.
pub fn render(imported: &Imported, caller: &str) -> String {
    let mut text = String::new();
    for line in comments(imported) {
        let _ = writeln!(text, "{line}");
    }
    if !imported.caller.is_empty() {
        let _ = writeln!(text, "services:\n  {caller}:");
    }
    for (key, value) in &imported.caller {
        text.push_str(&entry("    ", key, value));
    }
    if imported.calls.is_empty() {
        return text;
    }
    text.push_str("calls:\n");
    for call in &imported.calls {
        text.push_str(&render_call(call, caller));
    }
    text
}

/// The text of a scenario with what was imported in it; everything else stays as it is, comments
/// included. A call that the scenario has already is replaced.
///
/// # Errors
/// Fails if the scenario is no YAML, or if a section is no map.
pub fn merge_into(scenario: &str, imported: &Imported, caller: &str) -> Result<String, Problem> {
    let mut text = scenario.to_owned();
    for (key, value) in &imported.caller {
        text = insert::entry(&text, &["services", caller], key, &entry("    ", key, value))?;
    }
    for call in &imported.calls {
        let edge = format!("{caller} -> {}", call.callee);
        text = insert::entry(&text, &["calls"], &edge, &render_call(call, caller))?;
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for line in comments(imported) {
        if !text.lines().any(|known| known == line) {
            let _ = writeln!(text, "{line}");
        }
    }
    Ok(text)
}

/// The comments that belong to no call.
fn comments(imported: &Imported) -> impl Iterator<Item = String> {
    remarks(&imported.remarks, &imported.assumptions)
}

/// A comment, which ends with its line, for each of these.
fn remarks(left_out: &[Remark], assumed: &[Remark]) -> impl Iterator<Item = String> {
    let left_out = left_out.iter().map(|remark| format!("# not carried over: {remark}"));
    let assumed = assumed.iter().map(|remark| format!("# assumed: {remark}"));
    left_out.chain(assumed).map(|comment| line(&comment).into_owned())
}

fn render_call(call: &ImportedCall, caller: &str) -> String {
    let mut text = format!("  {caller} -> {}:\n", call.callee);
    for remark in remarks(&call.remarks, &call.assumptions) {
        let _ = writeln!(text, "    {remark}");
    }
    for (key, value) in &call.settings {
        text.push_str(&entry("    ", key, value));
    }
    if !call.guards.is_empty() {
        text.push_str("    guards:\n");
    }
    for (key, value) in &call.guards {
        let line = entry("        ", key, value);
        let _ = write!(text, "      - {}", line.trim_start());
    }
    if call.settings.is_empty() && call.guards.is_empty() {
        text.push_str("    {}\n");
    }
    text
}

fn entry(indent: &str, key: &str, value: &Value) -> String {
    let line = format!("{indent}{key}: {}\n", flow(value));
    match value.as_object() {
        Some(entries) if line.chars().count() > WIDTH => {
            let deeper = format!("{indent}  ");
            let lines: String =
                entries.iter().map(|(key, value)| entry(&deeper, key, value)).collect();
            format!("{indent}{key}:\n{lines}")
        }
        _ => line,
    }
}

pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::String(text) if text.chars().all(|c| is_name_letter(c) || " .%>".contains(c)) => {
            text.clone()
        }
        Value::String(text) => Value::from(line(text)).to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_imported_twice_is_there_once_and_the_rest_stays() {
        let mut call = ImportedCall::default();
        call.callee = "db".to_owned();
        call.settings = vec![("timeout", json!("2s"))];
        let mut imported = Imported::default();
        imported.caller = vec![("threads", json!({ "preset": "tomcat" }))];
        imported.calls = vec![call];
        let before = "services:
  # the shop
  shop:
    pools: { mail: 3 } # others
  db: {}
";
        let once = merge_into(before, &imported, "shop").expect("YAML");
        assert_eq!(
            once,
            "services:
  # the shop
  shop:
    pools: { mail: 3 } # others
    threads: { preset: tomcat }
  db: {}
calls:
  shop -> db:
    timeout: 2s
"
        );
        assert_eq!(merge_into(&once, &imported, "shop").expect("YAML"), once);
    }
}
