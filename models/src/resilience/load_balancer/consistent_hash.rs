//! A ring of hashes.

use sim_core::random::{DrawKey, Rng};

/// Points of each instance on the ring.
const POINTS: u64 = 160;

/// A ring on which each instance has 160 points; a key belongs to the first point at or after it.
/// With a load bound, an instance that already has more than `bound` times the average passes a key
/// on to the next (Mirrokni, Thorup, Zadimoghaddam, "Consistent hashing with bounded loads", 2016).
#[derive(Clone, Debug)]
pub struct ConsistentHash {
    ring: Vec<(u64, u32)>,
    instances: u32,
    bound: Option<f64>,
}

impl ConsistentHash {
    /// A ring of `instances`. `bound` is at least 1.
    pub fn new(instances: u32, bound: Option<f64>) -> Self {
        let point = |instance: u32, number: u64| {
            (
                DrawKey::default().child(u64::from(instance)).child(number).draw().next_u64(),
                instance,
            )
        };
        let mut ring: Vec<_> = (0..instances)
            .flat_map(|instance| (0..POINTS).map(move |number| point(instance, number)))
            .collect();
        ring.sort_unstable();
        Self { ring, instances, bound }
    }

    /// The instance for a key among those that are eligible; `outstanding` returns the calls under
    /// way at an instance.
    pub fn choose(
        &self,
        key: u64,
        is_eligible: impl Fn(u32) -> bool,
        outstanding: impl Fn(u32) -> u32,
    ) -> u32 {
        let limit = self.bound.map(|bound| {
            let members = (0..self.instances).filter(|instance| is_eligible(*instance));
            let (count, load) = members.fold((0, 0), |(count, load), instance| {
                (count + 1, load + u64::from(outstanding(instance)))
            });
            libm::ceil(bound * (load + 1) as f64 / f64::from(count.max(1))) as u32
        });
        let has_room = |instance: u32| limit.is_none_or(|limit| outstanding(instance) < limit);
        let begin = self.ring.partition_point(|(point, _)| *point < key);
        let clockwise =
            self.ring[begin..].iter().chain(&self.ring[..begin]).map(|(_, instance)| *instance);
        let mut first_eligible = None;
        for instance in clockwise.filter(|instance| is_eligible(*instance)) {
            if has_room(instance) {
                return instance;
            }
            first_eligible.get_or_insert(instance);
        }
        first_eligible.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> u64 {
        DrawKey::default().child(77).child(number).draw().next_u64()
    }

    #[test]
    fn keys_stay_where_they_are_when_another_instance_goes() {
        let ring = ConsistentHash::new(5, None);
        let owners = |gone: u32| {
            (0..2_000)
                .map(|number| ring.choose(key(number), |i| i != gone, |_| 0))
                .collect::<Vec<_>>()
        };
        let (all, without) = (owners(9), owners(3));
        assert!(all.iter().zip(&without).all(|(before, after)| before == after || *before == 3));
        let of_first = all.iter().filter(|owner| **owner == 0).count();
        assert!((300..500).contains(&of_first), "{of_first} of 2000 keys at one of five");
    }

    #[test]
    fn nobody_has_more_than_the_bound_allows() {
        let ring = ConsistentHash::new(5, Some(1.25));
        let mut load = [0_u32; 5];
        for _ in 0..1_000 {
            let chosen = ring.choose(key(1), |_| true, |instance| load[instance as usize]);
            load[chosen as usize] += 1;
        }
        assert!(
            load.iter().all(|load| *load <= 250),
            "one hot key, spread to at most 1.25 times the average: {load:?}"
        );
    }
}
