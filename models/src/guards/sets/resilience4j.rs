//! Resilience4j's modules around one call, nested as Spring nests their aspects.

use super::WrittenGuard;
use crate::guards::breaker::BreakerSection;
use crate::guards::bulkhead::{BulkheadSection, Resilience4jBulkhead, Resilience4jThreadPool};
use crate::guards::timeout::Resilience4jTimeLimiter;
use crate::guards::{rate_limit, retry};
use crate::language::{Location, Placed, Problems, section};
use crate::resilience::circuit_breaker::libraries::Resilience4jSection;

section! {
    /// Resilience4j's modules around a call, under the names of its `application.yml`. Those that
    /// are written apply, in the order of Spring's aspects: retry, circuit breaker, rate limiter, time
    /// limiter, bulkhead, the outermost first.
    pub(crate) struct Resilience4jModules {
        /// Its `Retry`; `{}` for the library's own settings.
        "retry" => retry: Option<Placed<retry::Resilience4jModule>>,
        /// Its `CircuitBreaker`; `{}` for the library's own settings.
        "circuitbreaker" => circuit_breaker: Option<Placed<Resilience4jSection>>,
        /// Its `RateLimiter`; `{}` for the library's own settings.
        "ratelimiter" => rate_limiter: Option<Placed<rate_limit::Resilience4jModule>>,
        /// Its `TimeLimiter`; `{}` for the library's own settings.
        "timelimiter" => time_limiter: Option<Placed<Resilience4jTimeLimiter>>,
        /// Its `Bulkhead`, a semaphore; `{}` for the library's own settings.
        "bulkhead" => bulkhead: Option<Placed<Resilience4jBulkhead>>,
        /// Its `ThreadPoolBulkhead`; `{}` for the library's own settings.
        "thread-pool-bulkhead" => thread_pool: Option<Placed<Resilience4jThreadPool>>,
        /// The order of the retry's aspect, the lowest being the outermost; 2147483642 if left out.
        "retryAspectOrder" => retry_order: Option<Placed<i32>>,
        /// The order of the circuit breaker's aspect; 2147483643 if left out.
        "circuitBreakerAspectOrder" => circuit_breaker_order: Option<Placed<i32>>,
        /// The order of the rate limiter's aspect; 2147483644 if left out.
        "rateLimiterAspectOrder" => rate_limiter_order: Option<Placed<i32>>,
        /// The order of the time limiter's aspect; 2147483645 if left out.
        "timeLimiterAspectOrder" => time_limiter_order: Option<Placed<i32>>,
        /// The order of the aspect of both bulkheads; 2147483646 if left out.
        "bulkheadAspectOrder" => bulkhead_order: Option<Placed<i32>>,
    }
}

/// The order of an aspect that is innermost (`Ordered.LOWEST_PRECEDENCE`).
const LOWEST_PRECEDENCE: i32 = i32::MAX;

/// An aspect of Spring around the call.
struct Aspect<'a> {
    /// The key of its order.
    key: &'static str,
    /// The order that is written.
    written: Option<&'a Placed<i32>>,
    /// Its order, the lowest being the outermost.
    order: i32,
    /// The modules that are written of it.
    modules: Vec<Module>,
}

/// A module that is written.
struct Module {
    key: &'static str,
    at: Location,
    guard: WrittenGuard,
}

impl<'a> Aspect<'a> {
    /// An aspect whose order, if nothing is said, is the lowest precedence less `before_the_last`
    /// (`RetryConfigurationProperties` and its like in `resilience4j-spring6` at af9e7c9).
    fn new<const N: usize>(
        (key, written): (&'static str, Option<&'a Placed<i32>>),
        before_the_last: i32,
        modules: [Option<Module>; N],
    ) -> Self {
        let order = written.map_or(LOWEST_PRECEDENCE - before_the_last, |order| **order);
        Self { key, written, order, modules: modules.into_iter().flatten().collect() }
    }
}

impl Module {
    /// The module of a key, if it is written, with the settings of its guard.
    fn of<T, S>(
        key: &'static str,
        settings: Option<&Placed<T>>,
        section: impl FnOnce(&T) -> S,
        guard: fn(Placed<S>) -> WrittenGuard,
    ) -> Option<Self> {
        let settings = settings?;
        let guard = guard(settings.with(section(settings)));
        Some(Self { key, at: settings.key(), guard })
    }
}

impl Resilience4jModules {
    /// The guards of the modules that are written, the outermost first.
    pub(super) fn written(&self) -> Vec<WrittenGuard> {
        let modules = self.aspects().into_iter().flat_map(|aspect| aspect.modules);
        modules.map(|module| module.guard).collect()
    }

    /// Notes an order that Spring leaves open, or that orders nothing.
    pub(super) fn check(&self, at: Location, problems: &mut Problems) {
        let aspects = self.aspects();
        if aspects.iter().all(|aspect| aspect.modules.is_empty()) && !problems.has_errors() {
            let message = "these guards change nothing: no module is written";
            let help = "only modules that are written apply; `circuitbreaker: {}` has the library's own settings";
            problems.warning(at, message, help);
        }
        for aspect in &aspects {
            match (aspect.written, &aspect.modules[..]) {
                (Some(order), []) => {
                    let message = format!("`{}` has no effect without its module", aspect.key);
                    let help = "add the module, or leave the order out";
                    problems.warning(order.key(), message, help);
                }
                (_, [first, second, ..]) => {
                    let message =
                        format!("`{}` and `{}` exclude each other", first.key, second.key);
                    let help = "a call has one bulkhead of Spring's; keep one of them, or write all guards as a list";
                    problems.error(second.at, message, help);
                }
                _ => {}
            }
        }
        let ordered: Vec<(&Aspect<'_>, &Module)> =
            aspects.iter().filter_map(|it| Some((it, it.modules.first()?))).collect();
        for pair in ordered.windows(2) {
            let [(outer, first), (inner, second)] = pair else { continue };
            let written = inner.written.or(outer.written);
            if let Some(order) = written.filter(|_| outer.order == inner.order) {
                let (first, second) = (first.key, second.key);
                let message =
                    format!("`{first}` and `{second}` have the same aspect order, {}", **order);
                let help = "Spring does not say which of them is outside then; change one of them";
                problems.error(order.key(), message, help);
            }
        }
    }

    /// All aspects, the outermost first.
    fn aspects(&self) -> [Aspect<'_>; 5] {
        use WrittenGuard as Guard;
        let retry = Module::of(
            "retry",
            self.retry.as_ref(),
            retry::Resilience4jModule::retry,
            Guard::Retry,
        );
        let breaker = Module::of(
            "circuitbreaker",
            self.circuit_breaker.as_ref(),
            |breaker| BreakerSection::Resilience4j(breaker.clone()),
            Guard::Breaker,
        );
        let rate_limiter = Module::of(
            "ratelimiter",
            self.rate_limiter.as_ref(),
            rate_limit::Resilience4jModule::rate_limit,
            Guard::RateLimit,
        );
        let time_limiter = Module::of(
            "timelimiter",
            self.time_limiter.as_ref(),
            Resilience4jTimeLimiter::timeout,
            Guard::Timeout,
        );
        let semaphore = Module::of(
            "bulkhead",
            self.bulkhead.as_ref(),
            |bulkhead| BulkheadSection::Resilience4j(bulkhead.clone()),
            Guard::Bulkhead,
        );
        let threads = Module::of(
            "thread-pool-bulkhead",
            self.thread_pool.as_ref(),
            |pool| BulkheadSection::Resilience4jThreadPool(pool.clone()),
            Guard::Bulkhead,
        );
        let mut aspects = [
            Aspect::new(("retryAspectOrder", self.retry_order.as_ref()), 5, [retry]),
            Aspect::new(
                ("circuitBreakerAspectOrder", self.circuit_breaker_order.as_ref()),
                4,
                [breaker],
            ),
            Aspect::new(
                ("rateLimiterAspectOrder", self.rate_limiter_order.as_ref()),
                3,
                [rate_limiter],
            ),
            Aspect::new(
                ("timeLimiterAspectOrder", self.time_limiter_order.as_ref()),
                2,
                [time_limiter],
            ),
            Aspect::new(
                ("bulkheadAspectOrder", self.bulkhead_order.as_ref()),
                1,
                [semaphore, threads],
            ),
        ];
        aspects.sort_by_key(|aspect| aspect.order);
        aspects
    }
}
