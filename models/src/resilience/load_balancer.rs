//! Which instance of a callee gets the call.

use sim_core::random::{KeyedDraw, Rng};

/// How a caller spreads its calls over the instances of a callee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// One after the other.
    #[default]
    RoundRobin,
    /// By chance.
    Random,
    /// To the instance with the fewest requests in flight, the first of several.
    LeastOutstanding,
}

/// The balancer of one edge.
#[derive(Clone, Debug)]
pub struct LoadBalancer {
    balance: Balance,
    instances: u32,
    next: u32,
}

impl LoadBalancer {
    /// A balancer over `instances` instances, numbered from 0.
    pub fn new(balance: Balance, instances: u32) -> Self {
        Self { balance, instances: instances.max(1), next: 0 }
    }

    /// The instance for the next call. `outstanding` tells the requests in flight at an instance.
    #[inline]
    pub fn choose(&mut self, draw: impl FnOnce() -> KeyedDraw, outstanding: impl Fn(u32) -> u32) -> u32 {
        if self.instances == 1 {
            return 0;
        }
        match self.balance {
            Balance::RoundRobin => {
                let chosen = self.next;
                self.next = if chosen + 1 == self.instances { 0 } else { chosen + 1 };
                chosen
            }
            Balance::Random => ((u128::from(draw().next_u64()) * u128::from(self.instances)) >> 64) as u32,
            Balance::LeastOutstanding => (0..self.instances).min_by_key(|instance| outstanding(*instance)).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::{DrawKey, Streams};

    use super::*;

    fn choices(balance: Balance) -> Vec<u32> {
        let root = DrawKey::root(&mut Streams::new(1, 0).stream("balance"));
        let mut balancer = LoadBalancer::new(balance, 3);
        (0..3_000).map(|call| balancer.choose(|| root.child(call).draw(), |instance| [5, 2, 2][instance as usize])).collect()
    }

    #[test]
    fn each_policy_spreads_as_its_name_says() {
        assert_eq!(choices(Balance::RoundRobin)[..5], [0, 1, 2, 0, 1]);
        assert!(choices(Balance::LeastOutstanding).iter().all(|instance| *instance == 1));
        let to_first = choices(Balance::Random).iter().filter(|instance| **instance == 0).count();
        assert!((850..1_150).contains(&to_first), "{to_first} of 3000");
    }
}
