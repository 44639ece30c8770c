//! Every number of the article matters: half of it or twice as much fails an expectation.

use std::path::Path;

use sim_experiments::in_order;

use super::mutation::{Effect, Scenario};
use crate::running::root;

/// A number of the article, the place where a scenario has it, and the values that it is changed to.
struct Number {
    /// Its words in the article.
    says: &'static str,
    /// The scenario.
    file: &'static str,
    /// The path of the setting.
    setting: &'static str,
    /// The setting with the number of the article.
    is: &'static str,
    /// Half of it, and twice as much; something near if that cannot be written.
    changed: [&'static str; 2],
}

const fn number(
    says: &'static str,
    file: &'static str,
    setting: &'static str,
    is: &'static str,
    changed: [&'static str; 2],
) -> Number {
    Number { says, file, setting, is, changed }
}

/// The numbers in the order of the article.
#[rustfmt::skip]
const NUMBERS: &[Number] = &[
    // Failure thresholds and counting strategies; the parameter reference.
    number("failure_threshold: 5", "boundaries", "calls.shop -> pricing.breaker.failures", "5", ["2", "10"]),
    number("sliding window of 60 s", "boundaries", "calls.shop -> pricing.breaker.window", "60s", ["30s", "120s"]),
    number("failure_threshold: 5", "thresholds-count", "calls.shop -> inventory.breaker.consecutive failures", "5", ["2", "10"]),
    number("failure_rate_threshold: 50%", "boundaries", "calls.shop -> pricing.breaker.failure rate", "50%", ["25%", "100%"]),
    number("failure_rate_threshold: 50%", "thresholds-rate", "calls.shop -> inventory.breaker.failure rate", "50%", ["25%", "100%"]),
    number("minimum_calls: 10", "boundaries", "calls.shop -> pricing.breaker.minimum calls", "10", ["5", "20"]),
    number("slow_call_threshold: 5s", "boundaries", "calls.shop -> pricing.breaker.slow call", "5s", ["2500ms", "10s"]),
    number("slow_call_rate_threshold: 80%", "boundaries", "calls.shop -> pricing.breaker.slow call rate", "80%", ["40%", "100%"]),
    number("the last 5 calls", "boundaries", "calls.shop -> pricing.breaker.window", "5 calls", ["2 calls", "10 calls"]),
    number("2 failures of 5 = 40%", "boundaries", "calls.shop -> pricing.breaker.failure rate", "40%", ["20%", "80%"]),
    number("last 100 calls", "windows", "calls.shop -> stock.breaker.window", "100 calls", ["50 calls", "200 calls"]),
    number("60s", "windows", "calls.shop -> stock.breaker.window", "60s", ["30s", "120s"]),
    number("3 probe requests", "boundaries", "calls.shop -> pricing.breaker.half-open calls", "3", ["1", "6"]),
    number("3 consecutive successes", "boundaries", "calls.shop -> pricing.breaker.success threshold", "3", ["1", "6"]),
    number("3 probe requests", "three-states", "calls.shop -> pricing.breaker.half-open calls", "3", ["1", "6"]),
    // Timeout strategies.
    number("wait_duration: 30s", "boundaries", "calls.shop -> pricing.breaker.wait", "30s", ["15s", "60s"]),
    number("wait_duration: 30s", "three-states", "calls.shop -> pricing.breaker.wait", "30s", ["15s", "60s"]),
    number("wait_duration: 30s", "waits", "calls.client -> api.breaker.wait", "30s", ["15s", "60s"]),
    number("base: 30s", "boundaries", "calls.shop -> pricing.breaker.wait", "exponential 30s x2 max 5m", ["exponential 15s x2 max 5m", "exponential 60s x2 max 5m"]),
    number("multiplier: 2", "boundaries", "calls.shop -> pricing.breaker.wait", "exponential 30s x2 max 5m", ["exponential 30s x1 max 5m", "exponential 30s x4 max 5m"]),
    number("max: 5m", "boundaries", "calls.shop -> pricing.breaker.wait", "exponential 30s x2 max 5m", ["exponential 30s x2 max 150s", "exponential 30s x2 max 10m"]),
    number("base: 30s", "waits", "calls.client -> api.breaker.wait", "exponential 30s x2 max 300s", ["exponential 15s x2 max 300s", "exponential 60s x2 max 300s"]),
    number("call_timeout: 5s", "boundaries", "calls.shop -> pricing.timeout", "5s", ["2500ms", "10s"]),
    number("call_timeout less than the client's", "fast-failures", "calls.shop -> stock.timeout", "5s", ["2500ms", "10s"]),
    // The bulkhead pattern.
    number("Thread 1 to Thread 4", "compartments", "services.shop.threads.max", "4", ["2", "8"]),
    number("Service A Pool (2)", "compartments", "calls.shop -> a.bulkhead.threads", "2", ["1", "4"]),
    number("Service B Pool (2)", "compartments", "calls.shop -> b.bulkhead.threads", "2", ["1", "4"]),
    number("Service C Pool (2)", "compartments", "calls.shop -> c.bulkhead.threads", "2", ["1", "4"]),
    number("Service D Pool (2)", "compartments", "calls.shop -> d.bulkhead.threads", "2", ["1", "4"]),
    number("payment_pool: max=10", "bulkheads", "calls.shop -> payment.bulkhead.threads", "10", ["5", "20"]),
    number("inventory_pool: max=20", "bulkheads", "calls.shop -> inventory.bulkhead.threads", "20", ["10", "40"]),
    number("notification_pool: max=5", "bulkheads", "calls.shop -> notification.bulkhead.threads", "5", ["2", "10"]),
    number("max_concurrent_calls: 25", "bulkheads", "calls.shop -> recommendations.bulkhead.semaphore", "25", ["12", "50"]),
    number("max_wait_duration: 100ms", "bulkheads", "calls.shop -> recommendations.bulkhead.max wait", "100ms", ["50ms", "200ms"]),
    number("db_primary: max_conn=50", "bulkheads", "calls.shop -> primary.bulkhead.connections", "50", ["25", "100"]),
    number("db_replica: max_conn=100", "bulkheads", "calls.shop -> replica.bulkhead.connections", "100", ["50", "200"]),
    number("cache: max_conn=25", "bulkheads", "calls.shop -> session.bulkhead.connections", "25", ["12", "50"]),
    number("Semaphore(25)", "layered-client", "calls.portal -> reports.guards.permits.semaphore", "25", ["12", "50"]),
    number("acquire(timeout=0.1)", "layered-client", "calls.portal -> reports.guards.permits.max wait", "100ms", ["50ms", "200ms"]),
    number("failure_threshold=5", "layered-client", "calls.portal -> reports.guards.breaker.consecutive failures", "5", ["2", "10"]),
    number("timeout_seconds=30", "layered-client", "calls.portal -> reports.guards.breaker.wait", "30s", ["15s", "60s"]),
    number("max_workers=10", "layered-client", "calls.portal -> reports.guards.workers.threads", "10", ["5", "20"]),
    number("future.result(timeout=5.0)", "layered-client", "calls.portal -> reports.guards.timeout", "5s", ["2500ms", "10s"]),
    // Cascading failures, with the numbers of the sections before.
    number("call_timeout: 5s", "chain", "calls.c -> d.timeout", "5s", ["2500ms", "10s"]),
    number("max_concurrent_calls: 25", "chain", "calls.c -> d.bulkhead.semaphore", "25", ["12", "50"]),
    number("max_wait_duration: 100ms", "chain", "calls.c -> d.bulkhead.max wait", "100ms", ["50ms", "200ms"]),
    number("wait_duration: 30s", "chain", "calls.c -> d.breaker.wait", "30s", ["15s", "60s"]),
    number("3 probe requests", "chain", "calls.c -> d.breaker.half-open calls", "3", ["1", "6"]),
    // The Python and the Go breaker.
    number("failure_threshold: int = 5", "python-breaker", "calls.shop -> pricing.breaker.failure_threshold", "5", ["2", "10"]),
    number("success_threshold: int = 3", "python-breaker", "calls.shop -> pricing.breaker.success_threshold", "3", ["1", "6"]),
    number("timeout_seconds: float = 30.0", "python-breaker", "calls.shop -> pricing.breaker.timeout_seconds", "30", ["15", "60"]),
    number("sliding_window_seconds: float = 60.0", "python-breaker", "calls.shop -> pricing.breaker.sliding_window_seconds", "60", ["30", "120"]),
    number("half_open_max_calls: int = 3", "python-breaker", "calls.shop -> pricing.breaker.half_open_max_calls", "3", ["1", "6"]),
    number("FailureThreshold: 5", "go-breaker", "calls.shop -> pricing.breaker.FailureThreshold", "5", ["2", "10"]),
    number("SuccessThreshold: 3", "go-breaker", "calls.shop -> pricing.breaker.SuccessThreshold", "3", ["1", "6"]),
    number("Timeout: 30 * time.Second", "go-breaker", "calls.shop -> pricing.breaker.Timeout", "30s", ["15s", "60s"]),
    number("HalfOpenMaxCalls: 3", "go-breaker", "calls.shop -> pricing.breaker.HalfOpenMaxCalls", "3", ["1", "6"]),
    number("BulkheadMaxConcurrent: 25", "go-breaker", "calls.shop -> pricing.breaker.BulkheadMaxConcurrent", "25", ["12", "50"]),
    number("BulkheadMaxWait: 100 * time.Millisecond", "go-breaker", "calls.shop -> pricing.breaker.BulkheadMaxWait", "100ms", ["50ms", "200ms"]),
    // Multi-region, payments, sizing, chaos, alerts.
    number("5s for same-region", "multi-region", "calls.site-us -> store-east.breaker.slow call", "5s", ["2500ms", "10s"]),
    number("15s for cross-region", "multi-region", "calls.site-us -> store-west.breaker.slow call", "15s", ["7500ms", "30s"]),
    number("5 failures in 60 seconds", "payments", "calls.payments -> stripe.breaker.failures", "5", ["2", "10"]),
    number("queue.depth > 1000", "payments", "alerts.QueueDepth.when", "depth of queue pending is above 1000", ["depth of queue pending is above 500", "depth of queue pending is above 2000"]),
    number("age > 2 hours", "payments", "alerts.QueueAge.when", "age of queue pending is above 2h", ["age of queue pending is above 1h", "age of queue pending is above 4h"]),
    number("valid for 24 hours", "payment-keys", "services.provider.idempotency.keys for", "24h", ["12h", "48h"]),
    number("processed within 24 hours", "payment-keys", "queues.pending.expire after", "24h", ["12h", "48h"]),
    number("error_rate > 0.1", "abort-conditions", "chaos.abort when[0]", "error rate of visitors over 10s is above 10%", ["error rate of visitors over 10s is above 5%", "error rate of visitors over 10s is above 20%"]),
    number("p99_latency > 5000", "abort-conditions", "chaos.abort when[1]", "p99 of visitors is above 5s", ["p99 of visitors is above 2500ms", "p99 of visitors is above 10s"]),
    number("revenue_drop > 0.05", "abort-conditions", "chaos.abort when[2]", "revenue loss of buyers over 10s is above 5%", ["revenue loss of buyers over 10s is above 2.5%", "revenue loss of buyers over 10s is above 10%"]),
    number("20 concurrent slots", "sizing", "calls.portal -> warehouse.bulkhead.semaphore", "20", ["10", "40"]),
    number("max_expected * 1.5", "sizing", "calls.portal -> warehouse.bulkhead.semaphore", "15", ["7", "30"]),
    number("100 RPS", "sizing", "workloads.reports.arrivals", "poisson 100/s", ["poisson 50/s", "poisson 200/s"]),
    number("0.1s latency", "sizing", "services.warehouse.handle[0].work", "exponential 100ms", ["exponential 50ms", "exponential 200ms"]),
    number("timeout is 5s", "sizing", "calls.portal -> warehouse.timeout", "5s", ["2500ms", "10s"]),
    number("for: 1m", "monitoring", "alerts.CircuitBreakerOpen.for", "1m", ["30s", "2m"]),
    number("increase > 5", "monitoring", "alerts.CircuitBreakerFlapping.when", "changes of shop -> stock over 5m is above 5", ["changes of shop -> stock over 5m is above 2", "changes of shop -> stock over 5m is above 10"]),
    number("for: 5m", "monitoring", "alerts.CircuitBreakerFlapping.for", "5m", ["150s", "10m"]),
    number("rate > 10", "monitoring", "alerts.HighRejectionRate.when", "rejection rate of shop -> stock over 5m is above 10/s", ["rejection rate of shop -> stock over 5m is above 5/s", "rejection rate of shop -> stock over 5m is above 20/s"]),
    number("for: 2m", "monitoring", "alerts.HighRejectionRate.for", "2m", ["1m", "4m"]),
    number("[5m]", "monitoring", "alerts.CircuitBreakerFlapping.when", "changes of shop -> stock over 5m is above 5", ["changes of shop -> stock over 150s is above 5", "changes of shop -> stock over 10m is above 5"]),
    number("[5m]", "monitoring", "alerts.HighRejectionRate.when", "rejection rate of shop -> stock over 5m is above 10/s", ["rejection rate of shop -> stock over 150s is above 10/s", "rejection rate of shop -> stock over 10m is above 10/s"]),
];

/// Numbers of the article that a scenario has and does not depend on, with the reason.
#[rustfmt::skip]
const INDIFFERENT: &[(Number, &str)] = &[
    (
        number("failure_rate_threshold: float = 0.5", "python-breaker", "calls.shop -> pricing.breaker.failure_rate_threshold", "0.5", ["0.25", "1"]),
        "half of at least ten calls are five failures, and five failures have opened it already",
    ),
    (
        number("minimum_calls: int = 10", "python-breaker", "calls.shop -> pricing.breaker.minimum_calls", "10", ["5", "20"]),
        "the same",
    ),
    (
        number("slow_call_threshold_seconds: float = 5.0", "python-breaker", "calls.shop -> pricing.breaker.slow_call_threshold_seconds", "5", ["2.5", "10"]),
        "the article's code counts slow calls and decides nothing by them",
    ),
    (
        number("slow_call_rate_threshold: float = 0.5", "python-breaker", "calls.shop -> pricing.breaker.slow_call_rate_threshold", "0.5", ["0.25", "1"]),
        "the article's code never reads it",
    ),
    (
        number("5 failures in 60 seconds", "payments", "calls.payments -> stripe.breaker.window", "60s", ["30s", "20s"]),
        "in an outage the five come within seconds; boundaries spreads them over a minute (120 s do matter here)",
    ),
    (
        number("5 failures", "chain", "calls.c -> d.breaker.failures", "5", ["2", "10"]),
        "25 calls are given up within a quarter of a second; boundaries counts to five",
    ),
    (
        number("3 probe requests", "recovery-herd", "calls.gateway -> search.breaker.half-open calls", "3", ["2", "6"]),
        "of twenty breakers any few probes are a trickle; the variant without a limit is the herd",
    ),
    (
        number("slow_call_rate_threshold: 80%", "thresholds-slow", "calls.shop -> inventory.breaker.slow call rate", "80%", ["60%", "100%"]),
        "all calls become slow at once; boundaries has seven slow ones among ten",
    ),
];

/// Messages that refuse a number, and say what does not go with it.
const REFUSALS: [&str; 2] = ["never give", "never holds"];

impl Number {
    fn name(&self) -> String {
        format!("{} ({}: {})", self.says, self.file, self.setting)
    }

    /// The complaints about it: the scenario has another number, or does not notice a change.
    fn complaints(&self) -> Vec<String> {
        let file = root().join("scenarios").join(self.file).with_extension("yaml");
        let scenario = Scenario::read(Path::new(&file));
        let set = |value: &str| vec![format!("{}={value}", self.setting)];
        let described = |variant: Option<&str>, settings: &[String]| {
            scenario.blueprint(variant, settings).map(|blueprint| format!("{blueprint:?}"))
        };
        let mut cases = vec![None];
        cases.extend(scenario.variants.iter().cloned().map(Some));
        // A variant with another number shows something else.
        cases.retain(|case| {
            let with = described(case.as_deref(), &set(self.is));
            with.is_ok() && with == described(case.as_deref(), &[])
        });
        if cases.is_empty() {
            return vec![format!("{} is not {}", self.name(), self.is)];
        }
        let mut complaints = Vec::new();
        for value in self.changed {
            let effects = cases.iter().map(|case| scenario.effect_of(case.as_deref(), &set(value)));
            let is_noticed = |effect: Effect| match effect {
                Effect::Noticed => true,
                Effect::Unnoticed => false,
                Effect::Impossible(message) => REFUSALS.iter().any(|it| message.contains(it)),
            };
            if !effects.into_iter().any(is_noticed) {
                complaints.push(format!("{} may be {value}", self.name()));
            }
        }
        complaints
    }
}

#[test]
fn half_and_twice_every_number_fail_an_expectation() {
    let complaints: Vec<String> =
        in_order(NUMBERS, 2, &|_, number| number.complaints()).into_iter().flatten().collect();
    assert!(
        complaints.is_empty(),
        "{} numbers, {} complaints:\n{}",
        NUMBERS.len(),
        complaints.len(),
        complaints.join("\n")
    );
}

/// The list of exceptions stays as short as it can be.
#[test]
fn what_is_listed_as_indifferent_is_indifferent() {
    let needless: Vec<String> = in_order(INDIFFERENT, 2, &|_, (number, reason)| {
        let is_noticed = number.complaints().len() < number.changed.len();
        is_noticed.then(|| format!("{}: {reason}", number.name()))
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(needless.is_empty(), "an expectation notices these:\n{}", needless.join("\n"));
}
