//! The edge cases that the article says circuit breakers should be tested for, each by its name.

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};
use sim_models::resilience::circuit_breaker::CallVerdict::{Failure, Success};
use sim_models::resilience::circuit_breaker::{
    BreakerState, CallVerdict, ComposedBreaker, ComposedSettings, HalfOpenPolicy, TripRule, Wait,
    WindowLength,
};

use crate::running::{self, ended, run_sections};

const SECOND: SimDuration = SimDuration::from_secs(1);

fn at(seconds: u64) -> SimTime {
    SimTime::from_secs(seconds)
}

fn breaker(trip: TripRule) -> ComposedBreaker {
    let half_open = HalfOpenPolicy { permitted_calls: 1, ..HalfOpenPolicy::default() };
    let settings = ComposedSettings {
        window: WindowLength::Calls(10),
        trip,
        wait: Wait::Fixed(SECOND * 30),
        half_open,
        ..ComposedSettings::default()
    };
    ComposedBreaker::new(settings, DrawKey::default())
}

fn by_rate(failure_rate: f64, minimum_calls: u32) -> ComposedBreaker {
    breaker(TripRule { failure_rate: Some(failure_rate), minimum_calls, ..TripRule::never() })
}

fn feed(breaker: &mut ComposedBreaker, seconds: u64, verdicts: &[CallVerdict]) -> BreakerState {
    for verdict in verdicts {
        let ticket = breaker.try_acquire(at(seconds)).ticket;
        breaker.complete(at(seconds), ticket, SimDuration::ZERO, *verdict);
    }
    breaker.state()
}

#[test]
fn trips_at_exactly_n_failures_not_one_less_and_not_one_more() {
    for n in 1..=9 {
        let rules = [
            TripRule { failures: Some(n), ..TripRule::never() },
            TripRule { consecutive_failures: Some(n), ..TripRule::never() },
            TripRule { failure_rate: Some(1.0), minimum_calls: n, ..TripRule::never() },
        ];
        for rule in rules {
            let mut breaker = breaker(rule);
            let states: Vec<BreakerState> =
                (0..n).map(|_| feed(&mut breaker, 0, &[Failure])).collect();
            let opened_at = states
                .iter()
                .position(|state| *state == BreakerState::Open)
                .map(|index| index as u32 + 1);
            assert_eq!(opened_at, Some(n), "{rule:?}");
        }
    }
}

#[test]
fn many_completions_at_the_same_instant_trip_once() {
    let mut breaker = breaker(TripRule { failures: Some(3), ..TripRule::never() });
    let tickets: Vec<_> = (0..9).map(|_| breaker.try_acquire(at(1)).ticket).collect();
    let openings = tickets
        .into_iter()
        .filter_map(|ticket| breaker.complete(at(1), ticket, SECOND, Failure))
        .count();
    assert_eq!((openings, breaker.state()), (1, BreakerState::Open));
}

#[test]
fn a_clock_that_jumps_cannot_break_a_window() {
    let trip = TripRule { failures: Some(3), ..TripRule::never() };
    let settings =
        ComposedSettings { window: WindowLength::Seconds(10), trip, ..ComposedSettings::default() };
    let mut breaker = ComposedBreaker::new(settings, DrawKey::default());
    feed(&mut breaker, 1_000, &[Failure, Failure]);
    assert_eq!(
        feed(&mut breaker, 2_000_000, &[Failure]),
        BreakerState::Closed,
        "a leap ahead: the window is empty"
    );
    feed(&mut breaker, 5, &[Failure]);
    assert_eq!(
        feed(&mut breaker, 1_999_999, &[Success]),
        BreakerState::Closed,
        "a step back: it counts as now"
    );
    assert_eq!(
        feed(&mut breaker, 2_000_001, &[Failure]),
        BreakerState::Open,
        "and nothing is lost"
    );
    assert!(
        !breaker.try_acquire(at(0)).is_permitted,
        "time before the opening is not after the wait"
    );
}

#[test]
fn flapping_opens_and_closes_each_time_and_forgets_in_between() {
    let mut breaker = by_rate(0.5, 4);
    for round in 0..5 {
        let second = round * 100;
        assert_eq!(
            feed(&mut breaker, second, &[Failure, Failure, Failure]),
            BreakerState::Closed,
            "round {round} begins from nothing"
        );
        assert_eq!(feed(&mut breaker, second, &[Failure]), BreakerState::Open);
        assert_eq!(feed(&mut breaker, second + 30, &[Success]), BreakerState::Closed);
    }
}

#[test]
fn the_first_calls_before_the_minimum_never_trip() {
    let mut breaker = by_rate(0.01, 5);
    assert_eq!(feed(&mut breaker, 0, &[Failure; 4]), BreakerState::Closed);
    assert_eq!(feed(&mut breaker, 0, &[Success]), BreakerState::Open, "four of five");
}

#[test]
fn mixed_outcomes_at_the_boundary_of_the_rate() {
    let states = |verdicts: &[CallVerdict]| feed(&mut by_rate(0.5, 4), 0, verdicts);
    assert_eq!(
        states(&[Failure, Success, Success, Failure]),
        BreakerState::Open,
        "2 of 4 is the threshold"
    );
    assert_eq!(
        states(&[Success, Success, Success, Failure, Failure]),
        BreakerState::Closed,
        "2 of 5 is below it"
    );
    assert_eq!(
        states(&[Success, Success, Success, Failure, Failure, Failure]),
        BreakerState::Open,
        "3 of 6 reaches it"
    );
}

/// Failures of each kind that `a` sees from `b`, and how often its breaker opened.
fn openings(handler: &str, faults: &str) -> (u64, sim_experiments::Finished) {
    let finished = run_sections(
        &format!(
            "run: {{ duration: 20s, drain: 10s }}
             workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
             services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {handler} ] }} }}
             calls: {{ a -> b: {{ timeout: 200ms, breaker: {{ failures: 5, wait: 5m }} }} }}
             faults: [ {faults} ]"
        ),
        &[],
    );
    (finished.summary.breakers[0].opened, finished)
}

#[test]
fn a_bad_request_does_not_count_and_an_unavailable_service_a_timeout_and_a_refused_connection_do() {
    let (opened, finished) = openings("{ fail: 100%, as: client error }", "");
    assert_eq!((opened, ended(&finished, "a -> b", "client error")), (0, 199));
    let cases = [
        ("{ fail: 100%, as: server error }", "", "server error"),
        ("{ work: 1s }", "", "timeout"),
        ("{ work: 1ms }", "{ at: 0s, refuse: b }", "refused"),
    ];
    for (handler, fault, kind) in cases {
        let (opened, finished) = openings(handler, fault);
        assert_eq!(opened, 1, "{kind}");
        let before_it_opened = if kind == "timeout" { 5..=7 } else { 5..=5 };
        assert!(
            before_it_opened.contains(&ended(&finished, "a -> b", kind)),
            "{kind}: {:?}",
            finished.summary.calls
        );
    }
}

#[test]
fn probes_that_never_return_leave_half_open_only_a_breaker_whose_library_does_so_too() {
    // b answers nothing from 5 s on, and no timeout ends the wait; calls from before fail, open the
    // breaker, and its probes hang.
    let seconds_half_open = |breaker: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 300s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ work: 1ms }} ] }} }}
                 calls: {{ a -> b: {{ breaker: {breaker} }} }}
                 faults: [ {{ at: 2s, for: 3s, errors: b, rate: 100% }}, {{ at: 5s, pause: b }} ]"
            ),
            &[],
        );
        finished.summary.breakers[0].seconds_in.half_open
    };
    let stuck = [
        "{ failures: 5, wait: 10s }",
        "{ preset: resilience4j, minimumNumberOfCalls: 5, waitDurationInOpenState: 10s }",
        "{ preset: gobreaker, Timeout: 10s }",
        "{ preset: article-go, Timeout: 10s }",
        "{ preset: polly, MinimumThroughput: 5, BreakDuration: 10s }",
    ];
    for breaker in stuck {
        assert!(seconds_half_open(breaker) > 280.0, "{breaker}: {}", seconds_half_open(breaker));
    }
    let released = [
        "{ failures: 5, wait: 10s, half-open max stay: 5s }",
        "{ preset: resilience4j, minimumNumberOfCalls: 5, waitDurationInOpenState: 10s, maxWaitDurationInHalfOpenState: 5s }",
    ];
    for breaker in released {
        let seconds = seconds_half_open(breaker);
        assert!((80.0..110.0).contains(&seconds), "{breaker}: 5 s of every 15: {seconds}");
    }
    // Timeouts that the library brings along end the probes.
    for breaker in [
        "{ preset: opossum, resetTimeout: 10s, timeout: 5s }",
        "{ preset: hystrix, circuitBreakerSleepWindowInMilliseconds: 10000, executionTimeoutInMilliseconds: 5000 }",
    ] {
        let seconds = seconds_half_open(breaker);
        assert!((80.0..110.0).contains(&seconds), "{breaker}: {seconds}");
    }
}

#[test]
fn a_breaker_for_the_service_trips_on_one_bad_instance_of_ten_and_one_for_each_instance_does_not() {
    let system = |scope: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 60s, warmup: 5s, drain: 10s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 100/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ instances: 10, handle: [ {{ work: 1ms }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 1s, breaker: {{ window: 100 calls, failure rate: 10%, wait: 30s, scope: {scope} }} }} }}
                 faults: [ {{ at: 1s, errors: b, rate: 100%, instances: 1 }} ]"
            ),
            &[],
        )
    };
    let whole = system("caller instance");
    assert!(
        whole.summary.workloads[0].availability < 0.3,
        "{}",
        whole.summary.workloads[0].availability
    );
    let each = system("callee instance");
    assert!(
        (each.summary.workloads[0].availability - 0.9).abs() < 0.01,
        "only calls to the bad instance fail"
    );
    assert_eq!(each.summary.breakers.iter().filter(|breaker| breaker.opened > 0).count(), 1);
}

#[test]
fn without_a_timeout_a_breaker_never_sees_the_failure_and_a_scenario_shows_it() {
    let shown = |variant| {
        let finished = running::run_scenario("no-timeout", variant, &[]);
        let saturated = finished
            .summary
            .pools
            .iter()
            .any(|pool| pool.owner == "shop" && !pool.saturated.is_empty());
        (finished.summary.breakers[0].opened > 0, saturated)
    };
    assert_eq!(shown(None), (false, true), "closed, while every thread of the caller waits");
    assert!(shown(Some("with-timeout")).0);
}
