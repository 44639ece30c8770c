//! The cost of guards for a call: `cargo bench -p sim-models`.

use divan::Bencher;
use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};
use sim_models::resilience::circuit_breaker::{
    CallVerdict, ComposedBreaker, ComposedSettings, TripRule, WindowLength,
};
use sim_models::resources::{Pool, Waiter};

fn main() {
    divan::main();
}

fn acquire_and_complete(bencher: Bencher, window: WindowLength) {
    let trip = TripRule {
        slow_call_rate: Some(1.0),
        slow_call: SimDuration::from_secs(2),
        ..ComposedSettings::default().trip
    };
    let mut breaker = ComposedBreaker::new(
        ComposedSettings { window, trip, ..ComposedSettings::default() },
        DrawKey::default(),
    );
    let mut now = 0;
    bencher.bench_local(|| {
        now += 2_500_000;
        let at = SimTime::from_nanos(now);
        let decision = breaker.try_acquire(at);
        let verdict =
            if now % 100_000_000 == 0 { CallVerdict::Failure } else { CallVerdict::Success };
        (decision, breaker.complete(at, decision.ticket, SimDuration::from_millis(8), verdict))
    });
}

/// Acquire and complete on a closed breaker over the last hundred calls.
#[divan::bench]
fn breaker_count_window(bencher: Bencher) {
    acquire_and_complete(bencher, WindowLength::Calls(100));
}

/// The same over the last sixty seconds.
#[divan::bench]
fn breaker_time_window(bencher: Bencher) {
    acquire_and_complete(bencher, WindowLength::Seconds(60));
}

/// The same through the breakers of the libraries, closed and healthy.
mod libraries {
    use divan::Bencher;
    use sim_core::{SimDuration, SimTime};
    use sim_models::resilience::circuit_breaker::CallVerdict;
    use sim_models::resilience::circuit_breaker::libraries::{
        GoBreaker, GoBreakerAnswer, GoBreakerSettings, Resilience4j, Resilience4jSettings,
    };

    const CALL: SimDuration = SimDuration::from_millis(5);

    #[divan::bench]
    fn resilience4j(bencher: Bencher) {
        let mut breaker = Resilience4j::new(Resilience4jSettings::default());
        let mut now = 0;
        bencher.bench_local(|| {
            now += 1_000_000;
            let at = SimTime::from_nanos(now);
            let is_permitted = breaker.try_acquire(at);
            breaker.complete(at, CALL, CallVerdict::Success);
            is_permitted
        });
    }

    #[divan::bench]
    fn gobreaker(bencher: Bencher) {
        let mut breaker = GoBreaker::new(GoBreakerSettings::default(), SimTime::ZERO);
        let mut now = 0;
        bencher.bench_local(|| {
            now += 1_000_000;
            let at = SimTime::from_nanos(now);
            if let GoBreakerAnswer::Permitted(ticket) = breaker.try_acquire(at) {
                breaker.complete(at, ticket, CallVerdict::Success);
            }
        });
    }
}

/// Takes a permit of a bulkhead and gives it back.
#[divan::bench]
fn bulkhead_acquire_and_release(bencher: Bencher) {
    let mut pool = Pool::new(25, u32::MAX);
    let mut now = 0;
    bencher.bench_local(|| {
        now += 1_000;
        let at = SimTime::from_nanos(now);
        let is_granted = pool.try_acquire(at);
        (is_granted, pool.release(at, SimDuration::from_nanos(500), |_: Waiter| true))
    });
}
