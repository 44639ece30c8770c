//! Exports to Resilience4j say what a breaker counts by exceptions, which come back as the same outcomes.

use std::sync::Arc;

use sim_models::OutcomeSet;
use sim_models::guards::{Breaker, Guard};
use sim_models::system::Blueprint;

use crate::exports::{blueprint, there_and_back, written};

/// A system whose only guarded call has this breaker.
fn with(breaker: &str) -> String {
    format!(
        "workloads: {{ web: {{ to: app, arrivals: poisson 10/s }} }}
services:
  app: {{ handle: [ {{ call: payment }} ] }}
  payment: {{ handle: [ {{ work: 1ms }} ] }}
calls:
  app -> payment: {{ breaker: {breaker} }}
"
    )
}

/// The outcomes that the breaker counts, and those that it ignores, which it does not count in any case.
fn outcomes(blueprint: &Arc<Blueprint>) -> (OutcomeSet, OutcomeSet) {
    let guards = blueprint.edges.iter().flat_map(|edge| &edge.guards);
    let mut breakers = guards.filter_map(|guard| match guard {
        Guard::Breaker(Breaker { counts, ignores, .. }) => Some((counts.less(*ignores), *ignores)),
        _ => None,
    });
    breakers.next_back().expect("a breaker")
}

#[test]
fn what_exceptions_can_say_comes_back() {
    let breakers = [
        "{ failure rate: 50% }",
        "{ preset: resilience4j }",
        "{ preset: resilience4j, ignores: [ client error ] }",
        "{ preset: resilience4j, counts: [ timeout ] }",
        "{ failure rate: 50%, counts: [ timeout, rejected by bulkhead ] }",
        "{ failure rate: 50%, ignores: [ client error, rejected by rate limit ] }",
        "{ failure rate: 50%, counts: [ refused, no healthy instance ], ignores: [ timeout ] }",
    ];
    for breaker in breakers {
        let (before, after, exported) =
            there_and_back(&with(breaker), "resilience4j", "application.yml");
        assert_eq!(outcomes(&before), outcomes(&after), "{breaker}\n{exported}");
        assert!(!exported.contains("no exception stands"), "{exported}");
        assert!(!exported.contains("the breaker counts"), "{exported}");
    }
}

#[test]
fn an_outcome_without_an_exception_is_a_comment() {
    let exported = |breaker: &str| written("resilience4j", &blueprint(&with(breaker)));
    let text =
        exported("{ failure rate: 50%, counts: [ timeout, queue full ], ignores: [ shed ] }");
    assert!(text.contains("no exception stands for `queue full`, which is counted here"), "{text}");
    assert!(text.contains("no exception stands for `shed`, which is ignored here"), "{text}");
    let none = exported("{ failure rate: 50%, counts: [ queue full ] }");
    assert!(none.contains("without a list every exception is counted here"), "{none}");
    assert!(!none.contains("recordExceptions"), "{none}");
    for format in ["polly", "gobreaker", "envoy", "istio"] {
        let breaker = "{ failure rate: 50%, counts: [ timeout ], ignores: [ shed ] }";
        let text = written(format, &blueprint(&with(breaker)));
        assert!(text.contains("the breaker counts timeout and ignores shed"), "{text}");
    }
}
