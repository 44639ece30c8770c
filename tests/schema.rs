//! The JSON Schema of scenario files: it takes every scenario of the library, and refuses what the
//! program refuses.

use jsonschema::Validator;
use serde_json::Value;
use sim_models::scenario::json_schema;

use crate::running::library;

fn validator() -> Validator {
    let schema = serde_json::to_value(json_schema()).expect("JSON");
    jsonschema::validator_for(&schema).expect("a sound schema")
}

fn value_of(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("YAML")
}

const SHOP: &str = "
workloads: { web: { to: api, arrivals: poisson 10/s } }
services: { api: { threads: 2, handle: [ { work: 10ms } ] } }
calls: { web -> api: { timeout: 1s, breaker: { preset: gobreaker, MaxRequests: 3 } } }
faults: [ { at: 20s, slow: api, by: 50x, for: 5s } ]
";

#[test]
fn every_scenario_of_the_library_is_valid() {
    let validator = validator();
    for path in library() {
        let value = value_of(&std::fs::read_to_string(&path).expect("readable"));
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
}

#[test]
fn keys_of_different_kinds_are_refused_together() {
    let validator = validator();
    assert!(validator.is_valid(&value_of(SHOP)));
    for (written, nonsense) in [
        ("{ work: 10ms }", "{ work: 10ms, pause: 5ms }"),
        ("MaxRequests: 3", "slidingWindowSize: 3"),
        ("preset: gobreaker", "preset: polly"),
        ("preset: gobreaker, ", ""),
        ("by: 50x", "by: 50x, crash: api"),
        ("slow: api, by: 50x", "crash: api, by: 50x"),
        ("preset: gobreaker, MaxRequests: 3", "preset: cockatiel, ConsecutiveBreaker: 5"),
        ("arrivals: poisson 10/s", "arrivals: poisson 10/s, colour: red"),
    ] {
        let text = SHOP.replace(written, nonsense);
        assert_ne!(text, SHOP);
        assert!(!validator.is_valid(&value_of(&text)), "the schema takes `{nonsense}`");
    }
}
