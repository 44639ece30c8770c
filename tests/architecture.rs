//! An example of testing an architecture from Rust: a scenario as text, its expectations, and its
//! timeline as an insta snapshot.

use sim_experiments::{Trial, cases};
use sim_models::scenario::{Input, Overrides};
use sim_reports::testing::snapshot;

const SHOP: &str = "
run: { duration: 3m, warmup: 10s, drain: 5s }
workloads: { web: { to: shop, arrivals: poisson 50/s } }
services:
  shop: { threads: 40, handle: [ { work: exponential 2ms }, { call: pricing } ] }
  pricing: { handle: [ { work: exponential 10ms } ] }
calls:
  shop -> pricing: { timeout: 500ms, breaker: { window: 20 calls, wait: 20s }, fallback: default }
faults: [ { at: 1m, for: 30s, pause: pricing } ]
expect:
  - breaker shop -> pricing opens within 2s of fault
  - availability of web is exactly 100%
variants:
  unguarded:
    calls: {}
    expect: [ shop.threads saturates within 5s of fault ]
";

#[test]
fn a_shop_survives_a_pricing_service_that_hangs() {
    let input = Input { name: "shop.yaml".into(), text: SHOP.into(), folder: ".".into() };
    for case in cases(&input, &Overrides::default()) {
        let trial = Trial::of(&case.loaded.blueprint.expect("a sound scenario"));
        for (expectation, verdict) in
            trial.finished.system.blueprint().expectations.iter().zip(&trial.verdicts)
        {
            assert!(verdict.holds, "{}: {:?}", expectation.text, verdict.measured);
        }
        insta::assert_snapshot!(
            case.variant.as_deref().unwrap_or("shop"),
            snapshot(&trial.finished)
        );
    }
}
