//! Guards and fallbacks at random.

use super::super::{
    Backoff, Breaker, Bulkhead, Caller, Fallback, Guard, RateLimit, Retry, Scope, Window,
};
use super::{Draft, Group};

impl Draft {
    /// Guards in the usual order. One of the two timeouts is there unless all is on whole seconds.
    pub(super) fn guards(&mut self) -> Vec<Guard> {
        let mut guards = Vec::new();
        let has_orders = self.group.has(Group::Orders);
        if has_orders && self.dice.one_in(4) {
            guards.push(Guard::RateLimit(self.rate_limit()));
        }
        let call_timeout = self.dice.limit(2, 300);
        guards.extend(call_timeout.map(Guard::Timeout));
        if (self.group.has(Group::Bulkheads) || has_orders) && self.dice.one_in(2) {
            guards.push(Guard::Bulkhead(self.bulkhead()));
        }
        if (self.group.has(Group::Breakers) || has_orders) && !self.dice.one_in(3) {
            guards.push(Guard::Breaker(self.breaker()));
        }
        if self.dice.one_in(2) {
            guards.push(Guard::Retry(self.retry()));
        }
        let timeout = self.dice.limit(if call_timeout.is_none() { 1 } else { 2 }, 150);
        guards.extend(timeout.map(Guard::Timeout));
        guards
    }

    /// Shuffles guards, and perhaps adds one.
    pub(super) fn reorder(&mut self, edge: usize) {
        let mut guards = std::mem::take(&mut self.net.edges[edge].guards);
        if self.dice.one_in(2) {
            guards.push(Guard::Bulkhead(self.bulkhead()));
        }
        if self.dice.one_in(3) {
            guards.push(Guard::Timeout(self.dice.time(200)));
        }
        for last in (1..guards.len()).rev() {
            guards.swap(last, self.dice.below(last as u64 + 1) as usize);
        }
        let plan = &mut self.net.edges[edge];
        (plan.guards, plan.is_listed) = (guards, true);
    }

    fn rate_limit(&mut self) -> RateLimit {
        RateLimit {
            span: self.dice.time(100),
            calls: self.dice.up_to(5) as u32,
            is_sliding: self.dice.one_in(2),
        }
    }

    fn retry(&mut self) -> Retry {
        let attempts = 1 + self.dice.up_to(2) as u32;
        let first = self.dice.time(40);
        let has_others = self.group.has(Group::Orders) || self.group.has(Group::Cancellation);
        let backoff = match self.dice.below(4) {
            0 if has_others => Backoff::Exponential { first, most: first + self.dice.time(40) },
            1 if has_others => Backoff::Fibonacci { first, most: first + self.dice.time(40) },
            _ => Backoff::Fixed(first),
        };
        Retry { attempts: attempts + u32::from(has_others), backoff }
    }

    fn bulkhead(&mut self) -> Bulkhead {
        let slots = self.slots();
        match self.dice.below(3) {
            0 => Bulkhead::Semaphore { max: slots.max, max_wait: slots.max_wait },
            1 => Bulkhead::Connections(slots),
            _ => Bulkhead::Threads {
                core: self.dice.up_to(u64::from(slots.max)) as u32,
                slots,
                is_interruptible: self.dice.one_in(2),
            },
        }
    }

    fn breaker(&mut self) -> Breaker {
        let dice = &mut self.dice;
        let window = match dice.below(4) {
            0 => Window::Calls(dice.up_to(12) as u32),
            1 => Window::Seconds(dice.up_to(60)),
            2 => {
                let number = dice.up_to(6);
                Window::Buckets { span: number * dice.up_to(10_000) * 1_000_000, number }
            }
            _ => Window::Every(dice.time(200)),
        };
        let rules = 1 + dice.below(15);
        let rule = |bit: u64| rules >> bit & 1 == 1;
        let wait = dice.time(100);
        let half_open_calls = dice.up_to(4);
        Breaker {
            scope: match dice.below(4) {
                0 => Scope::CalleeInstance,
                1 => Scope::Shared,
                _ => Scope::CallerInstance,
            },
            window,
            failure_rate: rule(0).then(|| dice.up_to(100)),
            slow_rate: rule(1).then(|| dice.up_to(100)),
            slow_call: rule(1).then(|| dice.time(60)),
            minimum: match window {
                Window::Calls(most) => dice.up_to(u64::from(most)),
                _ => dice.up_to(8),
            },
            failures: rule(2).then(|| match window {
                Window::Calls(most) => dice.up_to(u64::from(most).min(5)),
                _ => dice.up_to(5),
            }),
            consecutive: rule(3).then(|| dice.up_to(4)),
            wait,
            doubles_up_to: dice.one_in(3).then(|| wait * dice.up_to(5)),
            is_from_last_failure: dice.one_in(3),
            is_by_timer: dice.one_in(3),
            half_open_calls,
            is_concurrent: dice.one_in(2),
            success_threshold: dice.one_in(2).then(|| dice.up_to(half_open_calls)),
            max_stay: dice.perhaps(3, 100),
            drops_late: dice.one_in(2),
        }
    }

    /// Perhaps one or two that may fail, and one that always has an answer.
    pub(super) fn add_fallbacks(&mut self, edge: usize) {
        let (caller, callee) = (self.net.edges[edge].caller, self.net.edges[edge].callee);
        let mut fallbacks = Vec::new();
        if self.dice.one_in(2) {
            let max_age = self.dice.perhaps(1, 100);
            fallbacks.push(Fallback::Cached { latency: self.dice.time(4), max_age });
        }
        if matches!(caller, Caller::Service(_)) && callee + 1 < self.services && self.dice.one_in(2)
        {
            let other = self.edge_between(caller, callee + 1);
            // What is a fallback has none of its own.
            self.net.edges[other].fallbacks.clear();
            fallbacks.push(Fallback::Call(other));
        }
        if fallbacks.is_empty() || self.dice.one_in(2) {
            fallbacks.push(Fallback::Default);
        }
        self.net.edges[edge].fallbacks = fallbacks;
    }
}
