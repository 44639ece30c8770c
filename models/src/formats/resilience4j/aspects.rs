//! The order of Spring's aspects, which nest the guards of all calls of an application alike.

use super::MODULES;

/// The aspects in Spring's order, the outermost first: the section that has the key of its order, and
/// the key. Both bulkheads have the last.
const ASPECTS: [(&str, &str); 5] = [
    ("retry", "retryAspectOrder"),
    ("circuitbreaker", "circuitBreakerAspectOrder"),
    ("ratelimiter", "rateLimiterAspectOrder"),
    ("timelimiter", "timeLimiterAspectOrder"),
    ("bulkhead", "bulkheadAspectOrder"),
];

/// The aspects of an application, and which of them must be outside which.
#[derive(Clone, Default)]
pub(super) struct AspectOrder {
    outside: [[bool; ASPECTS.len()]; ASPECTS.len()],
    is_used: [bool; ASPECTS.len()],
}

impl AspectOrder {
    /// Adds the modules of a call, by their places in [`MODULES`], the outermost first. Returns false,
    /// and leaves everything as it was, if no order suits this call and those before.
    pub fn admit(&mut self, modules: &[usize]) -> bool {
        let mut aspects: Vec<usize> =
            modules.iter().map(|it| (*it).min(ASPECTS.len() - 1)).collect();
        aspects.dedup();
        let mut with = self.clone();
        for (place, outer) in aspects.iter().enumerate() {
            with.is_used[*outer] = true;
            for inner in &aspects[place + 1..] {
                with.outside[*outer][*inner] = true;
            }
        }
        let is_possible = with.outermost_first().is_some();
        if is_possible {
            *self = with;
        }
        is_possible
    }

    /// The keys of the orders and their sections, if Spring's own order does not suit all calls.
    pub fn keys(&self) -> Vec<(&'static str, &'static str, usize)> {
        let order = self.outermost_first().unwrap_or_default();
        if order.is_sorted() {
            return Vec::new();
        }
        let key =
            |(place, aspect): (usize, usize)| (ASPECTS[aspect].0, ASPECTS[aspect].1, place + 1);
        order.into_iter().enumerate().map(key).collect()
    }

    /// The aspects that are used, in an order that suits all calls and is as near to Spring's as can
    /// be; none if there is no such order.
    fn outermost_first(&self) -> Option<Vec<usize>> {
        let mut left: Vec<usize> = (0..ASPECTS.len()).filter(|it| self.is_used[*it]).collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            let is_free = |aspect: &usize| !left.iter().any(|other| self.outside[*other][*aspect]);
            let next = left.iter().position(is_free)?;
            order.push(left.remove(next));
        }
        Some(order)
    }
}

/// Names of modules in an order, for a remark.
pub(super) fn in_words(modules: &[usize]) -> String {
    modules.iter().map(|place| MODULES[*place]).collect::<Vec<_>>().join(" around ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn springs_own_order_needs_no_keys_and_any_other_has_them() {
        let mut order = AspectOrder::default();
        assert!(order.admit(&[0, 1, 3]) && order.admit(&[2, 4, 5]));
        assert_eq!(order.keys(), []);
        assert!(order.admit(&[5, 1]));
        let keys: Vec<_> = order.keys().into_iter().map(|(section, _, _)| section).collect();
        assert_eq!(keys, ["retry", "ratelimiter", "bulkhead", "circuitbreaker", "timelimiter"]);
    }

    #[test]
    fn calls_that_want_opposite_orders_do_not_get_both() {
        let mut order = AspectOrder::default();
        assert!(order.admit(&[1, 0]));
        assert!(!order.admit(&[0, 1]));
        assert!(!order.admit(&[3, 1, 3]), "a guard twice, around another");
        let expected =
            [("circuitbreaker", "circuitBreakerAspectOrder", 1), ("retry", "retryAspectOrder", 2)];
        assert_eq!(order.keys(), expected);
    }
}
