//! Warnings that a scenario acknowledges, with the reason.

use sim_models::scenario::{Input, Overrides, check, load};

/// Breakers without a timeout around them, in the file and in a variant.
const FILE: &str = "workloads: { web: { to: shop, arrivals: poisson 10/s } }
services: { shop: { handle: [ { call: a }, { call: b } ] }, a: { handle: [ { work: 1ms } ] }, b: { handle: [ { work: 1ms } ] } }
calls: { shop -> a: { breaker: { consecutive failures: 5 } } }
variants: { more: { calls.shop -> b.breaker: { consecutive failures: 5 } } }
";
const OF_A: &str = "the breaker of `shop -> a` guards a call without a timeout";
const OF_B: &str = "the breaker of `shop -> b` guards a call without a timeout";

fn input(acknowledged: &[(&str, &str)]) -> Input {
    let items = acknowledged.iter().map(|(warning, because)| {
        format!("  - {{ warning: \"{warning}\", because: \"{because}\" }}\n")
    });
    let list = if acknowledged.is_empty() { String::new() } else { "acknowledged:\n".to_owned() };
    let text = format!("{FILE}{list}{}", items.collect::<String>());
    Input { name: "test.yaml".into(), text, folder: ".".into() }
}

fn checked(acknowledged: &[(&str, &str)]) -> Vec<String> {
    let checked = check(&input(acknowledged), &Overrides::default());
    checked.problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn an_acknowledged_warning_is_not_told_in_any_variant() {
    assert_eq!(checked(&[]), [OF_A, &format!("variant `more`: {OF_B}")]);
    assert_eq!(checked(&[(OF_A, "it never hangs")]), [format!("variant `more`: {OF_B}")]);
    assert_eq!(checked(&[(OF_A, "it never hangs"), (OF_B, "nor that")]), [""; 0]);
    let loaded = load(&input(&[(OF_A, "it never hangs")]), &Overrides::default());
    assert!(loaded.problems.is_empty() && loaded.blueprint.is_some(), "{:?}", loaded.problems);
}

#[test]
fn an_acknowledgement_of_nothing_is_told() {
    let stale = "the breaker of `shop -> c` guards a call without a timeout";
    let told = checked(&[(OF_A, "it never hangs"), (OF_B, "nor that"), (stale, "gone")]);
    assert_eq!(told, [format!("no warning says `{stale}`")]);
}

#[test]
fn an_acknowledgement_needs_a_reason() {
    let told = checked(&[(OF_A, " ")]);
    assert_eq!(told, ["an acknowledged warning needs a reason"]);
    let text = format!("{FILE}acknowledged: [ {{ warning: \"{OF_A}\" }} ]\n");
    let without = Input { text, ..input(&[]) };
    assert!(check(&without, &Overrides::default()).blueprint.is_none());
}

/// Errors are not acknowledged away.
#[test]
fn an_error_stays() {
    let error = "there is no service or database `c`";
    let text = format!("{}\n", input(&[(error, "no")]).text).replace("{ call: b }", "{ call: c }");
    let wrong = check(&Input { text, ..input(&[]) }, &Overrides::default());
    assert!(wrong.blueprint.is_none());
}
