//! Imports of .NET's `appsettings.json`: as .NET reads it, with the defaults of Polly's handlers.

use serde_json::Value;
use sim_models::formats::{ConfigurationFile, ConfigurationFormat, Imported};
use sim_models::scenario::Severity;
use sim_reports::imported::render;

use crate::running::{load_text, root};

fn import_files(files: &[(&str, &str)]) -> Imported {
    let polly = ConfigurationFormat::named("polly").and_then(|format| format.import.as_ref());
    let files: Vec<ConfigurationFile> = files
        .iter()
        .map(|(name, text)| ConfigurationFile {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    polly.expect("it can be imported").import(&files)
}

fn import(text: &str) -> Imported {
    import_files(&[("appsettings.json", text)])
}

/// The imported section, after checking that a scenario with it is sound.
fn section(text: &str) -> String {
    let imported = import(text);
    assert!(imported.problems.is_empty(), "{:?}", imported.problems);
    let section = render(&imported, "app");
    let of_callees = |write: fn(&str) -> String| -> Vec<String> {
        imported.calls.iter().map(|call| write(&call.callee)).collect()
    };
    let scenario = format!(
        "workloads: {{ web: {{ to: app, arrivals: poisson 10/s }} }}\nservices:\n  app: {{ handle: [ {} ] }}\n{}{section}",
        of_callees(|callee| format!("{{ call: {callee} }}")).join(", "),
        of_callees(|callee| format!("  {callee}: {{ handle: [ {{ work: 1ms }} ] }}\n")).concat(),
    );
    let problems = load_text(&scenario, &[]).problems;
    let is_error = |severity| severity == Severity::Error;
    let errors: Vec<_> = problems.iter().filter(|problem| is_error(problem.severity)).collect();
    assert!(errors.is_empty(), "{errors:?}\n{scenario}");
    section
}

fn problems(text: &str) -> Vec<String> {
    import(text).problems.into_iter().map(|problem| problem.message).collect()
}

fn file(name: &str) -> String {
    std::fs::read_to_string(root().join("tests/import").join(name)).expect("readable")
}

#[test]
fn the_standard_handlers_are_read_with_what_they_have_by_default() {
    insta::assert_snapshot!(section(&file("orders.appsettings.json")));
}

#[test]
fn pipelines_of_ones_own_are_read_as_they_are_written() {
    insta::assert_snapshot!(section(&file("shipping.appsettings.json")));
}

#[test]
fn comments_are_no_part_of_a_name() {
    let text = "{
  // the shop's own
  \"Resilience\": {
    \"Retry\": { \"MaxRetryAttempts\": 5 },
    \"AttemptTimeout\": { \"Timeout\": \"00:00:03\" },
    \"TotalRequestTimeout\": { \"Timeout\": \"00:00:20\" }
  }
}";
    insta::assert_snapshot!(section(text));
}

#[test]
fn a_bare_number_is_days_and_out_of_range() {
    let text = "{ \"Ledger\": {
  \"AttemptTimeout\": { \"Timeout\": \"3\" },
  \"TotalRequestTimeout\": { \"Timeout\": 30 },
  \"CircuitBreaker\": { \"SamplingDuration\": \"00:00:30\", \"BreakDuration\": \"00:15\" } } }";
    let imported = import(text);
    let shown = |problem: &sim_models::scenario::Problem| {
        let at = problem.at.expect("a place");
        (problem.message.clone(), &text[at.start..at.end])
    };
    let problems: Vec<_> = imported.problems.iter().map(shown).collect();
    let sentence = |key: &str, text: &str| {
        format!("`Ledger.{key}.Timeout` is {text}; it must be from 10ms to 24h")
    };
    assert_eq!(
        problems,
        [
            (sentence("TotalRequestTimeout", "30, which is 720h"), "30"),
            (sentence("AttemptTimeout", "3, which is 72h"), "\"3\""),
        ]
    );
    // `00:15` is a quarter of an hour.
    let breaker = "{ \"A\": { \"CircuitBreaker\": { \"BreakDuration\": \"00:15\" } } }";
    assert!(section(breaker).contains("BreakDuration: 15m"));
}

#[test]
fn every_option_has_its_range() {
    let of = |strategy: &str, option: &str, value: &str| {
        problems(&format!("{{ \"A\": {{ \"{strategy}\": {{ \"{option}\": {value} }} }} }}"))
    };
    let wrong = [
        ("Timeout", "Timeout", "\"00:00:00.009\""),
        ("Timeout", "Timeout", "\"1.00:00:00.0000001\""),
        ("Timeout", "Timeout", "\"-00:00:01\""),
        ("Timeout", "Timeout", "\"10s\""),
        ("Retry", "MaxRetryAttempts", "0"),
        ("Retry", "MaxRetryAttempts", "2147483648"),
        ("Retry", "MaxRetryAttempts", "2.5"),
        ("Retry", "Delay", "\"1.00:00:01\""),
        ("Retry", "MaxDelay", "\"-00:00:01\""),
        ("Retry", "BackoffType", "\"Quadratic\""),
        ("Retry", "UseJitter", "\"perhaps\""),
        ("CircuitBreaker", "FailureRatio", "1.5"),
        ("CircuitBreaker", "MinimumThroughput", "1"),
        ("CircuitBreaker", "SamplingDuration", "\"00:00:00.4\""),
        ("CircuitBreaker", "BreakDuration", "\"1.00:00:01\""),
        ("Hedging", "MaxHedgedAttempts", "11"),
        ("RateLimiter", "PermitLimit", "0"),
        ("RateLimiter", "QueueLimit", "-1"),
    ];
    for (strategy, option, value) in wrong {
        let problems = of(strategy, option, value);
        assert!(problems.len() == 1 && problems[0].contains(option), "{option}: {problems:?}");
    }
    let right = [
        ("Timeout", "Timeout", "\"00:00:00.010\""),
        ("Timeout", "Timeout", "1"),
        ("Retry", "Delay", "\"00:00:00\""),
        ("Retry", "MaxRetryAttempts", "2147483647"),
        ("CircuitBreaker", "FailureRatio", "0"),
        ("CircuitBreaker", "SamplingDuration", "\"00:00:00.5\""),
        ("Hedging", "MaxHedgedAttempts", "10"),
        ("Hedging", "Delay", "\"-00:00:00.001\""),
    ];
    for (strategy, option, value) in right {
        assert_eq!(of(strategy, option, value), Vec::<String>::new(), "{option}: {value}");
        section(&format!("{{ \"A\": {{ \"{strategy}\": {{ \"{option}\": {value} }} }} }}"));
    }
}

#[test]
fn pipelines_of_one_name_stay_apart() {
    let pipeline = "{ \"Timeout\": { \"Timeout\": \"00:00:01\" } }";
    let callees = |text: &str| -> Vec<String> {
        import(&text.replace('@', pipeline)).calls.into_iter().map(|call| call.callee).collect()
    };
    assert_eq!(callees("{ \"a\": @, \"b\": { \"c\": @ } }"), ["a", "c"]);
    assert_eq!(callees("{ \"a\": { \"x\": @ }, \"b\": { \"x\": @ } }"), ["a-x", "b-x"]);
    assert_eq!(callees("{ \"a b\": @, \"a.b\": @, \"a?b\": @ }"), ["a-b", "a-b-2", "a-b-3"]);
}

#[test]
fn a_file_of_an_environment_is_over_the_first() {
    let base = "{ \"A\": { \"Retry\": { \"MaxRetryAttempts\": 4, \"Delay\": \"00:00:01\" } } }";
    let production = "{ \"a:retry\": { \"maxretryattempts\": 1 } }";
    let files = [("appsettings.json", base), ("appsettings.Production.json", production)];
    let section = render(&import_files(&files), "app");
    for kept in ["MaxRetryAttempts: 1", "Delay: 1s"] {
        assert!(section.contains(kept), "{section}");
    }
    assert!(
        section
            .contains("A.Retry.MaxRetryAttempts: 4, which appsettings.Production.json replaces: 1"),
        "{section}"
    );
}

#[test]
fn settings_that_the_standard_handler_refuses_are_noted() {
    let text = "{ \"A\": { \"AttemptTimeout\": { \"Timeout\": \"00:00:20\" }, \"TotalRequestTimeout\": { \"Timeout\": \"00:00:15\" } } }";
    let section = section(text);
    assert!(section.contains("15s, less than the AttemptTimeout of 20s"), "{section}");
    assert!(section.contains("30s, less than twice the AttemptTimeout of 20s"), "{section}");
}

/// A path to a leaf: keys of maps, and numbers of items.
type Path = Vec<String>;

fn leaves(value: &Value, path: &Path, found: &mut Vec<Path>) {
    let mut below = |key: String, value: &Value| {
        let mut path = path.clone();
        path.push(key);
        leaves(value, &path, found);
    };
    match value {
        Value::Object(entries) => entries.iter().for_each(|(key, value)| below(key.clone(), value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| below(index.to_string(), value));
        }
        _ => found.push(path.clone()),
    }
}

/// The value with a change at a path; the change removes the leaf if it makes nothing of it.
fn changed(
    value: &Value,
    path: &[String],
    change: &dyn Fn(&Value) -> Option<Value>,
) -> Option<Value> {
    let Some((first, rest)) = path.split_first() else { return change(value) };
    let mut value = value.clone();
    match &mut value {
        Value::Object(entries) => match changed(&entries[first], rest, change) {
            Some(inner) => entries[first] = inner,
            None => drop(entries.shift_remove(first)),
        },
        Value::Array(items) => {
            let index: usize = first.parse().expect("the number of an item");
            match changed(&items[index], rest, change) {
                Some(inner) => items[index] = inner,
                None => drop(items.remove(index)),
            }
        }
        _ => unreachable!("the path leads through it"),
    }
    Some(value)
}

/// Another value of the same kind.
fn another(value: &Value) -> Value {
    match value {
        Value::Bool(is_set) => (!is_set).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => (whole + 1).into(),
            None => (number.as_f64().expect("a number") / 2.0).into(),
        },
        Value::String(text)
            if text.contains(':') && text.ends_with(|c: char| c.is_ascii_digit()) =>
        {
            let (rest, last) = text.split_at(text.len() - 1);
            let digit = (last.parse::<u8>().expect("a digit") + 1) % 10;
            format!("{rest}{digit}").into()
        }
        Value::String(text) => format!("{text}x").into(),
        other => other.clone(),
    }
}

#[test]
fn no_key_is_silent() {
    for name in ["appsettings.json", "orders.appsettings.json", "shipping.appsettings.json"] {
        let text: String =
            file(name).lines().filter(|line| !is_comment(line)).collect::<Vec<_>>().join("\n");
        let value: Value = serde_json::from_str(&without_trailing_commas(&text)).expect("JSON");
        let shown = |value: &Value| {
            let imported = import(&value.to_string());
            let problems: Vec<&str> =
                imported.problems.iter().map(|problem| problem.message.as_str()).collect();
            format!("{}{problems:?}", render(&imported, "app"))
        };
        let before = shown(&value);
        let mut paths = Vec::new();
        leaves(&value, &Vec::new(), &mut paths);
        assert!(paths.len() > 15, "{name}");
        for path in &paths {
            let removed = changed(&value, path, &|_| None).expect("more than a leaf");
            assert_ne!(shown(&removed), before, "{name}: without {path:?}");
            let other = changed(&value, path, &|leaf| Some(another(leaf))).expect("more");
            assert_ne!(shown(&other), before, "{name}: with another {path:?}");
        }
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//") || line.trim_start().starts_with("/*")
}

fn without_trailing_commas(text: &str) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        if matches!(c, '}' | ']') && kept.trim_end().ends_with(',') {
            kept.truncate(kept.trim_end().len() - 1);
        }
        kept.push(c);
    }
    kept
}
