//! A scenario accepts everything that an import writes: every key that a format knows is tried with values at the ends of what
//! its library takes, and beyond. Each is an error with its place in the file, or is kept as it is, or a comment names it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sim_models::formats::{ConfigurationFile, ConfigurationFormat, Imported};
use sim_models::scenario::{Input, Overrides, check};
use sim_reports::imported::render;

/// The files that keys are looked for in: whatever has keys of its own is there.
const FILES: [(&str, &str, &str); 17] = [
    (
        "resilience4j",
        "application.yml",
        r#"{ "server": { "tomcat": { "threads": { "max": 9 } } } }"#,
    ),
    (
        "resilience4j",
        "application.yml",
        r#"{ "resilience4j": { "retry": { "instances": { "a": { "enableExponentialBackoff": true } } } } }"#,
    ),
    (
        "resilience4j",
        "application.yml",
        r#"{ "resilience4j": { "circuitbreaker": { "instances": { "a": {} } } } }"#,
    ),
    (
        "resilience4j",
        "application.yml",
        r#"{ "resilience4j": { "circuitbreaker": { "instances": { "a": { "slidingWindowType": "TIME_BASED", "enableExponentialBackoff": true } } } } }"#,
    ),
    (
        "resilience4j",
        "application.yml",
        r#"{ "resilience4j": { "circuitbreaker": { "instances": { "a": { "enableRandomizedWait": true } } } } }"#,
    ),
    (
        "resilience4j",
        "application.yml",
        r#"{ "resilience4j": { "ratelimiter": { "instances": { "a": {} } } } }"#,
    ),
    (
        "resilience4j",
        "application.yml",
        r#"{ "resilience4j": { "timelimiter": { "instances": { "a": {} } } } }"#,
    ),
    (
        "resilience4j",
        "application.yml",
        r#"{ "resilience4j": { "bulkhead": { "instances": { "a": {} } } } }"#,
    ),
    (
        "resilience4j",
        "application.yml",
        r#"{ "resilience4j": { "thread-pool-bulkhead": { "instances": { "a": {} } } } }"#,
    ),
    (
        "resilience4j",
        "application.yml",
        r#"{ "spring": { "datasource": { "url": "jdbc:postgresql://db/x", "hikari": {} } } }"#,
    ),
    (
        "resilience4j",
        "application.yml",
        r#"{ "spring": { "r2dbc": { "url": "r2dbc:postgresql://db/x", "pool": {
            "max-acquire-time": "1s", "acquire-retry": 0 } } } }"#,
    ),
    (
        "envoy",
        "x.yaml",
        r#"{ "clusters": [ {
            "name": "a",
            "circuit_breakers": { "thresholds": [ { "retry_budget": { "budget_percent": {} } } ] },
            "outlier_detection": {},
            "health_checks": [ { "interval": "1s", "timeout": "1s" } ],
            "common_lb_config": { "healthy_panic_threshold": {} },
            "round_robin_lb_config": { "slow_start_config": {
                "slow_start_window": "1s", "aggression": {}, "min_weight_percent": {} } },
            "least_request_lb_config": {},
            "load_balancing_policy": {},
            "typed_extension_protocol_options": {}
        } ] }"#,
    ),
    (
        "envoy",
        "x.yaml",
        r#"{ "virtual_hosts": [ { "routes": [ { "match": { "prefix": "/" }, "route": {
            "cluster": "a",
            "retry_policy": { "retry_on": "5xx", "num_retries": 2, "retry_back_off": { "base_interval": "1s" } }
        } } ] } ] }"#,
    ),
    (
        "envoy",
        "x.yaml",
        r#"{ "virtual_hosts": [ { "routes": [ { "match": { "prefix": "/" }, "route": {
            "cluster": "a",
            "retry_policy": { "retry_on": "5xx", "per_try_timeout": "1s" },
            "hedge_policy": { "hedge_on_per_try_timeout": true }
        } } ] } ] }"#,
    ),
    (
        "istio",
        "x.yaml",
        r#"{ "kind": "DestinationRule", "spec": { "host": "a", "trafficPolicy": {
            "connectionPool": { "tcp": {}, "http": {} },
            "outlierDetection": { "splitExternalLocalOriginErrors": true },
            "retryBudget": {},
            "loadBalancer": { "simple": "ROUND_ROBIN", "warmup": { "duration": "1s" } }
        } } }"#,
    ),
    (
        "istio",
        "x.yaml",
        r#"{ "kind": "List", "items": [
            { "kind": "VirtualService", "spec": { "hosts": ["a"], "http": [ {
                "route": [ { "destination": { "host": "a" } } ],
                "retries": { "attempts": 2, "backoff": "1s" } } ] } },
            { "kind": "HTTPRoute", "spec": { "rules": [ {
                "backendRefs": [ { "name": "b" } ], "timeouts": {}, "retry": { "attempts": 2 } } ] } }
        ] }"#,
    ),
    (
        "polly",
        "appsettings.json",
        r#"{
            "standard": { "RateLimiter": {}, "TotalRequestTimeout": {}, "Retry": {}, "CircuitBreaker": {},
                "AttemptTimeout": {} },
            "hedging": { "TotalRequestTimeout": {}, "Hedging": {}, "Endpoint": {
                "RateLimiter": {}, "CircuitBreaker": {}, "Timeout": {} } },
            "own": { "RateLimiter": { "DefaultRateLimiterOptions": {} }, "Retry": { "ShouldRetryAfterHeader": true },
                "CircuitBreaker": {}, "Timeout": {}, "Hedging": {} }
        }"#,
    ),
];

/// Numbers at the ends of what the types of the libraries hold, and of what a scenario takes.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "1",
    "0.5",
    "101",
    "10000001",
    "2147483647",
    "2147483648",
    "4294967295",
    "9223372036854775807",
    "9223372036854775808",
    "1e308",
    "1e400",
    "99999999999999999999999999999999999999999",
];

/// Texts that no number is, in files of any format.
const TEXTS: [&str; 4] = ["", "NaN", "true", "x"];

/// Durations of a format, from the least to the longest that its reader takes, and one more.
fn durations(format: &str) -> &'static [&'static str] {
    match format {
        "resilience4j" => &[
            "0s",
            "1ns",
            "1ms",
            "9007199254740993ns",
            "18446744073709551ms",
            "18446744073709552ms",
            "213503d",
            "213504d",
            "9223372036854775807ms",
            "9223372036854775808ms",
            "9223372036854775807ns",
            "106751991167d",
            "106751991167301d",
            "PT2562047788015215H",
            "PT2562047788015216H",
            "PT0.000000001S",
            "-1s",
        ],
        "envoy" => &[
            "0s",
            "0.000000001s",
            "9007199.254740993s",
            "18446744073s",
            "18446744074s",
            "9223372036854s",
            "315576000000s",
            "315576000001s",
            "-1s",
        ],
        "istio" => &[
            "0s",
            "1ns",
            "1ms",
            "9007199254740993ns",
            "2562047h47m16.854775807s",
            "2562047h47m16.854775808s",
            "5124095h",
            "5124096h",
            "315576000000s",
            "-1s",
        ],
        _ => &[
            "00:00:00",
            "00:00:00.0000001",
            "00:00:00.001",
            "1.00:00:00",
            "1.00:00:00.0000001",
            "213503.00:00:00",
            "213504.00:00:00",
            "10675199.02:48:05.4775807",
            "10675199.02:48:05.4775808",
            "-00:00:01",
        ],
    }
}

/// Each value in the forms that a file has for it.
fn values(format: &str) -> Vec<Value> {
    let number = |text: &&str| serde_json::from_str::<Value>(text).ok();
    let numbers = NUMBERS.iter().filter_map(number);
    let texts = NUMBERS.iter().chain(&TEXTS).chain(durations(format)).map(|text| json!(text));
    numbers.chain(texts).chain([json!(true), json!(false)]).collect()
}

/// One try: a key of a file with a value.
struct Try<'a> {
    format: &'a str,
    name: &'a str,
    text: String,
    key: &'a str,
    value: String,
}

impl Try<'_> {
    fn import(&self) -> Imported {
        let importer = ConfigurationFormat::named(self.format).and_then(|it| it.import.as_ref());
        let file = ConfigurationFile { name: self.name.to_owned(), text: self.text.clone() };
        importer.expect("it can be imported").import(&[file])
    }

    /// The mistake of the import, if it made one.
    fn mistake(&self, unset: &str) -> Option<String> {
        let imported = self.import();
        for problem in &imported.problems {
            let Some(at) = problem.at else { return Some(format!("no place: {problem:?}")) };
            if self.text.get(at.start..at.end).is_none() {
                return Some(format!("no such place: {problem:?}"));
            }
        }
        if !imported.problems.is_empty() {
            return None;
        }
        let section = render(&imported, "app");
        let part = Input { name: "part".to_owned(), text: section.clone(), folder: ".".into() };
        let checked = check(&part, &Overrides::default());
        let is_empty = imported.calls.is_empty() && imported.caller.is_empty();
        if checked.blueprint.is_none() && !is_empty {
            return Some(format!("{:?}\n{section}", checked.problems));
        }
        (!self.is_kept(&section, unset)).then(|| format!("neither kept nor named\n{section}"))
    }

    /// True if the value is in the settings as it is, or in a comment under its key.
    fn is_kept(&self, section: &str, unset: &str) -> bool {
        let (comments, settings): (Vec<&str>, Vec<&str>) =
            section.lines().partition(|line| line.trim_start().starts_with('#'));
        let key = last(self.key);
        let ends = self.key.match_indices('.').map(|(end, _)| format!("{}:", &self.key[..end]));
        let above: Vec<String> = ends.collect();
        let is_named = |line: &&str| {
            line.contains(key) || above.iter().any(|path| line.contains(path.as_str()))
        };
        let named: Vec<&str> = comments.into_iter().filter(is_named).collect();
        if named.iter().any(|line| line.contains(&self.value)) {
            return true;
        }
        let letters = |c: char| c.is_whitespace() || "{},[]:`\"#".contains(c);
        let words = settings.iter().chain(&named).flat_map(|line| line.split(letters));
        let words: BTreeSet<&str> = words.map(|word| word.trim_end_matches('%')).collect();
        let exact = Exact::of(self.format, &self.value).filter(|_| !NAMES.contains(&key));
        let Some(value) = exact else { return section != unset };
        let is_it = |word: &&str| {
            let found = Exact::of("istio", word);
            found.is_some_and(|found| value.is_kept_as(found)) || value.is_flag(word)
        };
        words.iter().any(is_it)
    }
}

/// A number, or nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Exact {
    Whole(i128),
    WholeOrDays(i128),
    Other(f64),
    Nanos(u128),
}

impl Exact {
    fn of(format: &str, text: &str) -> Option<Self> {
        match text.parse() {
            // A number alone is days.
            Ok(days) if format == "polly" && days > 1 => {
                return Some(Self::WholeOrDays(days));
            }
            Ok(whole) => return Some(Self::Whole(whole)),
            Err(_) => {}
        }
        if let Ok(number) = text.parse::<f64>() {
            return number.is_finite().then_some(Self::Other(number));
        }
        let nanos = match format {
            "polly" => nanos_of_time_span(text)?,
            _ => match text.strip_prefix("PT") {
                Some(time) => nanos_of(&time.to_lowercase())?,
                None => nanos_of(text)?,
            },
        };
        Some(Self::Nanos(nanos))
    }

    /// True if the value of a configuration became this one.
    fn is_kept_as(self, found: Self) -> bool {
        match (self, found) {
            // Retries are one less than attempts.
            (Self::Whole(written), Self::Whole(found)) => found == written || found == written + 1,
            // `double` is the type of some settings, and so it is that of whole numbers without a type.
            (Self::Whole(written), Self::Other(found)) => written as f64 == found,
            // A number alone is milliseconds.
            (Self::Whole(written), Self::Nanos(found)) => {
                u128::try_from(written).is_ok_and(|millis| millis * 1_000_000 == found)
            }
            (Self::WholeOrDays(written), Self::Nanos(found)) => {
                u128::try_from(written).is_ok_and(|days| days * NANOS_OF_A_DAY == found)
            }
            (Self::WholeOrDays(written), found) => Self::Whole(written).is_kept_as(found),
            _ => self == found,
        }
    }

    /// True if it is read as true or false, and is this word.
    fn is_flag(self, word: &str) -> bool {
        self == Self::Whole(0) && word == "false" || self == Self::Whole(1) && word == "true"
    }
}

const NANOS_OF_A_DAY: u128 = 86_400_000_000_000;

/// The nanoseconds of numbers with units.
fn nanos_of(text: &str) -> Option<u128> {
    let units: [(&str, u128); 7] = [
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("d", NANOS_OF_A_DAY),
    ];
    let (mut rest, mut nanos) = (text, 0_u128);
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (_, size) = units.iter().find(|(unit, _)| *unit == &tail[..end])?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        nanos += whole.parse::<u128>().ok()?.checked_mul(*size)?;
        nanos += fraction.parse::<u128>().ok()? * size / 10_u128.pow(fraction.len() as u32);
        rest = &tail[end..];
    }
    (!text.is_empty()).then_some(nanos)
}

fn nanos_of_time_span(text: &str) -> Option<u128> {
    let [hours, minutes, seconds] = text.split(':').collect::<Vec<_>>()[..] else { return None };
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    nanos_of(&format!("{days}d{hours}h{minutes}m{seconds}s"))
}

/// Puts a value at a path, whose lists and maps are made on the way. False if the path leads through something else.
fn put(tree: &mut Value, path: &str, value: &Value) {
    let mut node = tree;
    for step in path.replace('[', ".[").split('.').filter(|step| !step.is_empty()) {
        let index = step.strip_prefix('[').and_then(|step| step.strip_suffix(']'));
        node = if let Some(index) = index.and_then(|index| index.parse::<usize>().ok()) {
            if !node.is_array() {
                *node = json!([]);
            }
            let items = node.as_array_mut().expect("a list");
            items.resize(items.len().max(index + 1), json!({}));
            &mut items[index]
        } else {
            if !node.is_object() {
                *node = json!({});
            }
            node.as_object_mut().expect("a map").entry(step).or_insert_with(|| json!({}))
        };
    }
    *node = value.clone();
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

fn known_keys(format: &str, name: &str, text: &str) -> BTreeSet<String> {
    let whole = Try { format, name, text: text.to_owned(), key: "", value: String::new() };
    let imported = whole.import();
    assert!(imported.problems.is_empty(), "{text}: {:?}", imported.problems);
    imported.known.into_iter().collect()
}

/// The keys and values that a file is tried with; what goes wrong is added to the mistakes.
fn try_all(format: &str, name: &str, text: &str, mistakes: &mut Vec<String>) -> (usize, usize) {
    let tree: Value = serde_json::from_str(text).expect("JSON");
    let keys = known_keys(format, name, text);
    let unset = |text: String| {
        render(&Try { format, name, text, key: "", value: String::new() }.import(), "app")
    };
    let before = unset(text.to_owned());
    let values = values(format);
    let mut tries = 0;
    let is_own = |key: &&String| owners(format, key).contains(&text);
    for key in keys.iter().filter(|key| !is_silent(key)).filter(is_own) {
        let is_above = |other: &String| {
            other.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        let few = if keys.iter().any(is_above) { FOR_A_MAP } else { values.len() };
        for value in values.iter().take(few) {
            let mut changed = tree.clone();
            put(&mut changed, key, value);
            let is_as_before =
                tree.pointer(&pointer(key)).is_some_and(|it| shown(it) == shown(value));
            let tried = Try { format, name, text: changed.to_string(), key, value: shown(value) };
            if is_as_before || is_default(key, &shown(value)) {
                continue;
            }
            tries += 1;
            if let Some(mistake) = tried.mistake(&before) {
                mistakes.push(format!("{format} {key} = {value}: {mistake}\n"));
            }
        }
    }
    (keys.iter().filter(is_own).count(), tries)
}

/// The files that a key is tried in: those that have something else where it would be, or else the first of its format.
fn owners(format: &str, key: &str) -> Vec<&'static str> {
    let of_format = || FILES.iter().filter(|file| file.0 == format).map(|file| file.2);
    let above = key.rsplit_once(['.', '[']).map_or("", |(above, _)| above);
    let has_its_map = |text: &&str| {
        let tree: Value = serde_json::from_str(text).expect("JSON");
        !above.is_empty() && tree.pointer(&pointer(above)).is_some_and(Value::is_object)
    };
    let own: Vec<&str> = of_format().filter(has_its_map).collect();
    if own.is_empty() { of_format().take(1).collect() } else { own }
}

/// The values that are enough for a key that leads to a map.
const FOR_A_MAP: usize = 3;

/// True for keys that only tell objects of Kubernetes apart, and for those whose value is nobody's business.
fn is_silent(key: &str) -> bool {
    ["apiVersion", "metadata.name", "password"].iter().any(|end| key.ends_with(end))
}

/// Keys that tell things apart; in a scenario they are part of a name or of the choice between two calls.
const NAMES: [&str; 8] =
    ["name", "namespace", "host", "cluster", "number", "subset", "url", "jdbc-url"];

/// True for a value that says what there is without it.
fn is_default(key: &str, value: &str) -> bool {
    match last(key) {
        "baseConfig" => value.is_empty(),
        "enabled" => ["true", "1"].contains(&value),
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('[', ".").replace(']', "").replace('.', "/"))
}

/// The same for the options of an address, which are texts without a place of their own.
fn try_options(mistakes: &mut Vec<String>) -> (usize, usize) {
    let (format, name) = ("resilience4j", "application.yml");
    let url = |options: &str| json!({ "spring": { "r2dbc": { "url": format!("r2dbc:pool:postgresql://db/x{options}") } } });
    let before = json!({ "spring": { "r2dbc": { "url": "r2dbc:postgresql://db/x", "pool": {} } } });
    let known = known_keys(format, name, &before.to_string());
    let keys = known.iter().filter_map(|key| key.strip_prefix("spring.r2dbc.pool."));
    let keys: Vec<&str> = keys.filter(|key| *key != "enabled").collect();
    let whole = |key: &str, value: &str| {
        let retry = if key == "acquire-retry" { "" } else { "&acquire-retry=0" };
        url(&format!("?{key}={value}{retry}")).to_string()
    };
    let texts: Vec<&str> = NUMBERS.iter().chain(durations(format)).copied().collect();
    for key in &keys {
        for value in &texts {
            let text = whole(key, value);
            let about = format!("spring.r2dbc.url?{key}");
            let tried = Try { format, name, text, key: &about, value: (*value).to_owned() };
            if let Some(mistake) = tried.mistake("") {
                mistakes.push(format!("{about} = {value}: {mistake}\n"));
            }
        }
    }
    (keys.len(), keys.len() * texts.len())
}

#[test]
fn whatever_is_imported_is_accepted_by_the_language() {
    let mut mistakes = Vec::new();
    let tried = |(format, name, text): &(&'static str, &'static str, &'static str)| {
        let (format, name, text) = (*format, *name, *text);
        std::thread::spawn(move || {
            let mut mistakes = Vec::new();
            (try_all(format, name, text, &mut mistakes), mistakes)
        })
    };
    let threads: Vec<_> = FILES.iter().map(tried).collect();
    let mut counts = vec![try_options(&mut mistakes)];
    for thread in threads {
        let (count, found) = thread.join().expect("no panic");
        counts.push(count);
        mistakes.extend(found);
    }
    let keys: usize = counts.iter().map(|(keys, _)| keys).sum();
    let tries: usize = counts.iter().map(|(_, tries)| tries).sum();
    eprintln!("{keys} keys, {tries} tries");
    assert!(mistakes.is_empty(), "{} mistakes in {tries}:\n{}", mistakes.len(), mistakes.concat());
    assert!(keys > 500 && tries > 15_000, "{keys} keys, {tries} tries");
}

/// The section of an import without mistakes.
fn section(format: &'static str, text: &str) -> String {
    let tried = Try { format, name: "x.yml", text: text.to_owned(), key: "", value: String::new() };
    assert_eq!(tried.mistake(""), None, "{text}");
    render(&tried.import(), "app")
}

#[test]
fn a_time_without_end_is_no_limit() {
    for value in ["9223372036854775807ms", "106751991167d", "PT2562047788015215H"] {
        let limiter = format!("resilience4j.timelimiter.instances.a.timeoutDuration: {value}");
        let path = "resilience4j.timelimiter.instances.a.timeoutDuration";
        let text = format!("{path}: {value}: longer than 584 years, so there is no timeout");
        let section = section("resilience4j", &limiter);
        assert!(section.contains(&text) && !section.contains("timeout: {"), "{section}");
    }
    // The default in its place would let no call wait.
    let bulkhead = "resilience4j.bulkhead.instances.a.maxWaitDuration: 9223372036854775807ms";
    let section = section("resilience4j", bulkhead);
    assert!(section.contains("maxWaitDuration: 5124095h }"), "{section}");
    assert!(section.contains("9223372036854775807ms: longer than any time"), "{section}");
}

#[test]
fn of_a_guard_only_the_value_that_is_refused_is_left_out() {
    let breaker = "resilience4j.circuitbreaker.instances.a: { slidingWindowType: TIME_BASED, slidingWindowSize: 2147483647, \
                   minimumNumberOfCalls: 7 }";
    let section = section("resilience4j", breaker);
    let kept =
        "breaker: { preset: resilience4j, slidingWindowType: TIME_BASED, minimumNumberOfCalls: 7 }";
    assert!(section.contains(kept), "{section}");
    assert_eq!(section.matches("not carried over").count(), 1, "{section}");
}

#[test]
fn durations_are_read_to_the_nanosecond() {
    let cases = [
        (
            "resilience4j",
            "resilience4j.retry.instances.a.waitDuration: 9007199254740993ns",
            "9007199.254740993s",
        ),
        (
            "envoy",
            "clusters: [ { name: a, connect_timeout: 9007199.254740993s } ]",
            "9007199.254740993s",
        ),
        (
            "istio",
            "kind: VirtualService\nspec: { http: [ { route: [ { destination: { host: a } } ], timeout: 2562047h47m16.854775807s } ] }",
            "9223372036.854775807s",
        ),
    ];
    for (format, text, span) in cases {
        let section = section(format, text);
        assert!(section.contains(span), "{section}");
    }
}

#[test]
fn what_only_all_calls_together_are_too_much_for_is_left_out() {
    let breaker = |number: usize| format!("c{number}: {{ slidingWindowSize: 6000000 }}");
    let breakers: Vec<String> = (0..3).map(breaker).collect();
    let text = format!("resilience4j.circuitbreaker.instances: {{ {} }}", breakers.join(", "));
    let section = section("resilience4j", &text);
    assert_eq!(section.matches("slidingWindowSize: 6000000 }").count(), 1, "{section}");
    assert_eq!(section.matches("not carried over").count(), 2, "{section}");
}
