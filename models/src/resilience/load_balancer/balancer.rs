//! The balancer of one edge.

use sim_core::random::{DrawKey, KeyedDraw, Rng};
use sim_core::{SimDuration, SimTime};

use super::locality::{Zones, below};
use super::slow_start::ComeBacks;
use super::{
    AttemptResult, Balance, Balancing, ConsistentHash, Ejection, HealthTally, OutlierDetection,
    PeakEwma, SmoothWeighted,
};

/// A call for which an instance is chosen.
pub struct BalancedCall<D> {
    /// The instant.
    pub now: SimTime,
    /// Random numbers of its own.
    pub draw: D,
    /// The zone of its caller; `None` if it has none, and all instances are alike to it.
    pub zone: Option<u32>,
    /// The key of the request, if it has one; a [`Balance::ConsistentHash`] draws one otherwise.
    pub key: Option<u64>,
}

/// The balancer of one edge.
#[derive(Clone, Debug)]
pub struct LoadBalancer {
    settings: Balancing,
    instances: u32,
    /// The number of instances that exist, which are the first ones.
    present: u32,
    /// For each instance, true if it does not serve: to the balancer it is as if it did not exist.
    is_out_of_service: Vec<bool>,
    /// The next one in turn, as a position among the instances of each zone that are in order.
    next: Vec<u32>,
    /// Instances in order; all of them in a panic. Empty if none is in order and the panic
    /// threshold keeps the others out.
    eligible: Vec<u32>,
    /// The last time at which the eligible ones were found.
    updated_at: Option<SimTime>,
    /// The time at which changes that wait for others take effect; [`SimTime::MAX`] if there are
    /// none.
    held_until: SimTime,
    /// The eligible ones of a zone, while one of them is chosen.
    in_zone: Vec<u32>,
    health: Vec<HealthTally>,
    outliers: Option<OutlierDetection>,
    come_backs: ComeBacks,
    zones: Option<Zones>,
    costs: Vec<PeakEwma>,
    weighted: Option<SmoothWeighted>,
    ring: Option<ConsistentHash>,
}

impl LoadBalancer {
    /// A balancer over `instances` instances, numbered from 0, all of them in order. Outliers are
    /// ejected by chances drawn with `key`.
    pub fn new(settings: Balancing, instances: u32, key: DrawKey) -> Self {
        let instances = instances.max(1);
        Self {
            instances,
            present: instances,
            is_out_of_service: vec![false; instances as usize],
            next: vec![0; settings.locality.map_or(1, |locality| locality.zones.max(1)) as usize],
            eligible: (0..instances).collect(),
            updated_at: None,
            held_until: SimTime::MAX,
            in_zone: Vec::with_capacity(instances as usize),
            health: vec![HealthTally::default(); instances as usize],
            outliers: settings
                .outlier_detection
                .map(|outliers| OutlierDetection::new(outliers, instances, key)),
            come_backs: ComeBacks::new(settings.slow_start, instances),
            zones: settings.locality.map(|locality| Zones::in_turn(locality, instances)),
            costs: match settings.balance {
                Balance::PeakEwma { decay } => vec![PeakEwma::new(decay); instances as usize],
                _ => Vec::new(),
            },
            weighted: match &settings.balance {
                Balance::Weighted(weights) => Some(SmoothWeighted::new(weights)),
                _ => None,
            },
            ring: match settings.balance {
                Balance::ConsistentHash { bound, .. } => {
                    Some(ConsistentHash::new(instances, bound))
                }
                _ => None,
            },
            settings,
        }
    }

    /// The same balancer over instances in these regions, which are the zones of its locality.
    #[must_use]
    pub fn in_regions(mut self, regions: Vec<u32>) -> Self {
        self.zones = self.settings.locality.map(|locality| Zones::by_region(locality, regions));
        self.next = vec![0; self.zones.as_ref().map_or(1, Zones::end) as usize];
        self
    }

    /// The instance for the next call; `None` if none is in order. `outstanding` returns the
    /// requests in flight at an instance.
    #[inline]
    pub fn choose<D: FnOnce() -> KeyedDraw>(
        &mut self,
        call: BalancedCall<D>,
        outstanding: impl Fn(u32) -> u32,
    ) -> Option<u32> {
        if self.held_until <= call.now {
            self.find_eligible(self.held_until);
        }
        if self.eligible.is_empty() {
            return None;
        }
        Some(self.choose_eligible(call, &outstanding))
    }

    #[inline]
    fn choose_eligible<D: FnOnce() -> KeyedDraw>(
        &mut self,
        call: BalancedCall<D>,
        outstanding: &impl Fn(u32) -> u32,
    ) -> u32 {
        if self.zones.is_none() && !self.come_backs.are_recent(call.now) {
            if matches!(self.settings.balance, Balance::RoundRobin) {
                return in_turn(&mut self.next[0], &self.eligible);
            }
            return self.choose_among(None, (call.now, call.key), &mut (call.draw)(), outstanding);
        }
        let mut draw = (call.draw)();
        let existing = &self.is_out_of_service[..self.present as usize];
        let zone = self
            .zones
            .as_ref()
            .and_then(|zones| zones.of_call(call.zone, existing, &self.eligible, &mut draw));
        self.choose_among(zone, (call.now, call.key), &mut draw, outstanding)
    }

    fn choose_among(
        &mut self,
        zone: Option<u32>,
        (now, known_by): (SimTime, Option<u64>),
        draw: &mut KeyedDraw,
        outstanding: &impl Fn(u32) -> u32,
    ) -> u32 {
        let members = match (zone, &self.zones) {
            (Some(zone), Some(zones)) => {
                self.in_zone.clear();
                let eligible = self.eligible.iter().copied();
                self.in_zone.extend(eligible.filter(|instance| zones.of(*instance) == zone));
                &self.in_zone
            }
            _ => &self.eligible,
        };
        let next = &mut self.next[zone.unwrap_or(0) as usize];
        let weighed = self.come_backs.weigh(now, members);
        match (&self.settings.balance, weighed) {
            (Balance::RoundRobin, None) => in_turn(next, members),
            (Balance::RoundRobin, Some(weighed)) => weighed.in_turn(next, draw),
            (Balance::Random, None) => members[below(draw, members.len())],
            (Balance::Random, Some(weighed)) => weighed.by_chance(draw, |_| 1.0),
            (Balance::LeastOutstanding, None) => least_of(members, draw, outstanding),
            (Balance::PowerOfTwo, None) => {
                let (one, other) = two_of(members, draw);
                if outstanding(other) < outstanding(one) { other } else { one }
            }
            // Envoy's least request (`LeastRequestLoadBalancer::hostWeight`), as long as any
            // instance has less than its full weight.
            (Balance::LeastOutstanding | Balance::PowerOfTwo, Some(weighed)) => {
                weighed.by_chance(draw, |instance| 1.0 / (f64::from(outstanding(instance)) + 1.0))
            }
            (Balance::PeakEwma { .. }, weighed) => {
                let (one, other) = match weighed {
                    None => two_of(members, draw),
                    Some(weighed) => weighed.two_by_chance(draw),
                };
                let mut cost =
                    |instance: u32| self.costs[instance as usize].cost(now, outstanding(instance));
                if cost(other) < cost(one) { other } else { one }
            }
            (Balance::Weighted(_), weighed) => {
                let part = |position| weighed.map_or(1.0, |weighed| weighed.weight(position));
                self.weighted.as_mut().map_or(0, |weighted| weighted.choose(members, part))
            }
            (Balance::ConsistentHash { keys, .. }, _) => {
                let number = draw.next_u64();
                let drawn = keys.map_or(number, |keys| {
                    hash_of(((u128::from(number) * u128::from(keys)) >> 64) as u64)
                });
                let key = known_by.map_or(drawn, hash_of);
                let is_eligible = |instance| members.contains(&instance);
                self.ring.as_ref().map_or(0, |ring| ring.choose(key, is_eligible, outstanding))
            }
        }
    }

    /// Takes the end of an attempt at an instance; returns the reason if that ejects it.
    pub fn note_attempt(
        &mut self,
        now: SimTime,
        instance: u32,
        elapsed: SimDuration,
        result: AttemptResult,
    ) -> Option<Ejection> {
        if let Some(cost) = self.costs.get_mut(instance as usize) {
            cost.observe(now, elapsed);
        }
        let ejection = self.outliers.as_mut()?.note(now, instance, result);
        if ejection.is_some() {
            self.update(now);
        }
        ejection
    }

    /// Ends the ejection of an instance that is healthy and whose check has passed; returns true if
    /// it was ejected.
    pub fn readmits(&mut self, now: SimTime, instance: u32) -> bool {
        let is_healthy = self.health[instance as usize].is_healthy();
        let ends = is_healthy
            && self.outliers.as_mut().is_some_and(|it| it.health_check_passed(now, instance));
        if ends {
            self.come_back(now, instance, true);
        }
        ends
    }

    /// Takes a check of an instance; returns its health if that has changed.
    pub fn note_check(&mut self, now: SimTime, instance: u32, has_passed: bool) -> Option<bool> {
        let check = self.settings.health_check?;
        if !self.health[instance as usize].note(&check, has_passed) {
            return None;
        }
        self.come_back(now, instance, has_passed);
        Some(has_passed)
    }

    /// Ends an interval of the outlier detection. Calls `changed` for each instance that comes back
    /// (`None`) or is ejected.
    pub fn sweep(&mut self, now: SimTime, mut changed: impl FnMut(u32, Option<Ejection>)) {
        let Some(mut outliers) = self.outliers.take() else { return };
        let mut has_changed = false;
        outliers.sweep(now, |instance, ejection| {
            has_changed = true;
            if ejection.is_none() {
                self.come_backs.note(now, instance);
            }
            changed(instance, ejection);
        });
        self.outliers = Some(outliers);
        if has_changed {
            self.update(now);
        }
    }

    fn come_back(&mut self, now: SimTime, instance: u32, is_back: bool) {
        if is_back {
            self.come_backs.note(now, instance);
        }
        self.update(now);
    }

    /// Finds the eligible ones, now or, soon after the last time, together with changes to come.
    fn update(&mut self, now: SimTime) {
        let window = self.settings.update_merge_window;
        if self.held_until <= now {
            self.find_eligible(self.held_until);
        }
        if self.updated_at.is_none_or(|updated_at| now.since(updated_at) > window)
            || window.is_zero()
        {
            self.find_eligible(now);
        } else {
            self.held_until = self.held_until.min(now + window);
        }
    }

    /// True if the instance with a number exists.
    pub fn has(&self, number: u32) -> bool {
        number < self.present
    }

    /// Makes the first `present` instances exist, and no others.
    pub fn set_present(&mut self, now: SimTime, present: u32) {
        let before = std::mem::replace(&mut self.present, present.clamp(1, self.instances));
        if let Some(outliers) = &mut self.outliers {
            outliers.set_present(self.present);
        }
        for instance in before..self.present {
            self.come_back(now, instance, true);
        }
        // Envoy does not hold back instances that are added or removed.
        self.find_eligible(now);
    }

    /// Takes an instance out of service, or puts it back as a new one. Like those that are added or
    /// removed, it is not held back, and it counts in no panic.
    pub fn set_in_service(&mut self, now: SimTime, instance: u32, is_in_service: bool) {
        let is_out = &mut self.is_out_of_service[instance as usize];
        if std::mem::replace(is_out, !is_in_service) != is_in_service {
            return;
        }
        if is_in_service {
            if let Some(outliers) = &mut self.outliers {
                outliers.begin_anew(instance);
            }
            self.come_backs.note(now, instance);
        }
        self.find_eligible(now);
    }

    fn find_eligible(&mut self, now: SimTime) {
        self.updated_at = Some(now);
        self.held_until = SimTime::MAX;
        self.eligible.clear();
        let is_out = &self.is_out_of_service;
        let serving = || (0..self.present).filter(|instance| !is_out[*instance as usize]);
        for instance in serving() {
            let is_ejected =
                self.outliers.as_ref().is_some_and(|outliers| outliers.is_ejected(instance));
            if self.health[instance as usize].is_healthy() && !is_ejected {
                self.eligible.push(instance);
            }
        }
        let most_for_panic = self.settings.panic_threshold * serving().count() as f64;
        if (self.eligible.len() as f64) < most_for_panic {
            self.eligible.clear();
            self.eligible.extend(serving());
        }
    }
}

/// The member whose turn it is.
#[inline]
fn in_turn(next: &mut u32, members: &[u32]) -> u32 {
    let position = if *next as usize >= members.len() { 0 } else { *next };
    *next = position + 1;
    members.get(position as usize).copied().unwrap_or(0)
}

/// The member with the fewest requests in flight; one by chance if there are several, as in Envoy
/// (`LeastRequestLoadBalancer::unweightedHostPickFullScan`).
fn least_of(members: &[u32], draw: &mut KeyedDraw, outstanding: &impl Fn(u32) -> u32) -> u32 {
    let least = members.iter().map(|instance| outstanding(*instance)).min();
    let equals =
        || members.iter().copied().filter(|instance| Some(outstanding(*instance)) == least);
    let number = match equals().count() {
        0 | 1 => 0,
        count => below(draw, count),
    };
    equals().nth(number).unwrap_or(0)
}

/// Two different members by chance; the same one twice if there is only one.
fn two_of(members: &[u32], draw: &mut KeyedDraw) -> (u32, u32) {
    let one = below(draw, members.len());
    if members.len() < 2 {
        return (members[one], members[one]);
    }
    let other = below(draw, members.len() - 1);
    (members[one], members[if other >= one { other + 1 } else { other }])
}

fn hash_of(key: u64) -> u64 {
    sim_core::random::DrawKey::default().child(key).draw().next_u64()
}

#[cfg(test)]
mod tests {
    use sim_core::random::{DrawKey, Streams};

    use super::super::{HealthCheck, Locality, SlowStart};
    use super::*;

    fn root() -> DrawKey {
        DrawKey::root(&mut Streams::new(1, 0).stream("balance"))
    }

    fn choices(settings: Balancing, instances: u32) -> Vec<u32> {
        let mut balancer = LoadBalancer::new(settings, instances, root());
        let outstanding = |instance: u32| [5, 2, 2, 9][instance as usize % 4];
        let call = |number: u64| BalancedCall {
            now: SimTime::ZERO,
            draw: move || root().child(number).draw(),
            zone: Some(0),
            key: None,
        };
        (0..3_000).filter_map(|number| balancer.choose(call(number), outstanding)).collect()
    }

    fn share(choices: &[u32], instance: u32) -> f64 {
        choices.iter().filter(|chosen| **chosen == instance).count() as f64 / choices.len() as f64
    }

    fn by(balance: Balance) -> Balancing {
        Balancing { balance, ..Balancing::default() }
    }

    #[test]
    fn each_policy_spreads_as_its_name_says() {
        assert_eq!(choices(by(Balance::RoundRobin), 3)[..5], [0, 1, 2, 0, 1]);
        let least = choices(by(Balance::LeastOutstanding), 4);
        assert_eq!([0, 3].map(|instance| share(&least, instance)), [0.0, 0.0]);
        assert!((share(&least, 1) - 0.5).abs() < 0.03, "equals share: {}", share(&least, 1));
        assert!((share(&choices(by(Balance::Random), 3), 0) - 1.0 / 3.0).abs() < 0.05);
        let weighted = choices(by(Balance::Weighted(vec![1, 2, 3])), 3);
        assert_eq!(
            [0, 1, 2].map(|instance| share(&weighted, instance)),
            [1.0 / 6.0, 1.0 / 3.0, 0.5]
        );
        // The busiest of four wins no comparison; the second busiest only against it: one pair of
        // six.
        let two = choices(by(Balance::PowerOfTwo), 4);
        assert_eq!(share(&two, 3), 0.0);
        assert!((share(&two, 0) - 1.0 / 6.0).abs() < 0.03);
        let few_keys = choices(by(Balance::ConsistentHash { keys: Some(1), bound: None }), 4);
        assert_eq!(share(&few_keys, few_keys[0]), 1.0, "one key has one place");
    }

    #[test]
    fn changes_soon_after_another_take_effect_together() {
        let check = HealthCheck {
            interval: SimDuration::from_secs(1),
            unhealthy_threshold: 1,
            healthy_threshold: 1,
        };
        let update_merge_window = SimDuration::from_secs(1);
        let settings =
            Balancing { health_check: Some(check), update_merge_window, ..Balancing::default() };
        let mut balancer = LoadBalancer::new(settings, 4, root());
        let at = |millis| SimTime::ZERO + SimDuration::from_millis(millis);
        for (millis, instance) in [(500, 0), (600, 1), (1_100, 2)] {
            balancer.note_check(at(millis), instance, false);
        }
        let used = |balancer: &mut LoadBalancer, millis| {
            let call = || BalancedCall {
                now: at(millis),
                draw: || root().draw(),
                zone: Some(0),
                key: None,
            };
            let mut used: Vec<_> = (0..4).filter_map(|_| balancer.choose(call(), |_| 0)).collect();
            used.sort_unstable();
            used.dedup();
            used
        };
        assert_eq!(used(&mut balancer, 1_500), [1, 2, 3], "the first change at once");
        assert_eq!(used(&mut balancer, 1_600), [3], "the others a second after the first of them");
        balancer.note_check(at(2_601), 3, false);
        assert_eq!(used(&mut balancer, 2_601), [0; 0]);
    }

    #[test]
    fn peak_ewma_avoids_what_was_slow() {
        let mut balancer = LoadBalancer::new(
            by(Balance::PeakEwma { decay: SimDuration::from_secs(10) }),
            2,
            root(),
        );
        balancer.note_attempt(
            SimTime::ZERO,
            0,
            SimDuration::from_millis(100),
            AttemptResult::Success,
        );
        balancer.note_attempt(
            SimTime::ZERO,
            1,
            SimDuration::from_millis(10),
            AttemptResult::Success,
        );
        let call =
            BalancedCall { now: SimTime::ZERO, draw: || root().draw(), zone: Some(0), key: None };
        assert_eq!(balancer.choose(call, |_| 0), Some(1));
    }

    #[test]
    fn calls_stay_in_their_zone_and_overflow_as_it_gets_worse() {
        let locality = Some(Locality { zones: 2, overprovisioning: 1.4 });
        let check = HealthCheck {
            interval: SimDuration::from_secs(1),
            unhealthy_threshold: 1,
            healthy_threshold: 1,
        };
        let settings = Balancing { locality, health_check: Some(check), ..by(Balance::Random) };
        let mut balancer = LoadBalancer::new(settings, 8, root());
        let mut kept = |down: &[u32]| {
            for instance in down {
                balancer.note_check(SimTime::ZERO, *instance, false);
            }
            let call = |number: u64| BalancedCall {
                now: SimTime::ZERO,
                draw: move || root().child(number).draw(),
                zone: Some(0),
                key: None,
            };
            (0..2_000)
                .filter(|number| {
                    balancer.choose(call(*number), |_| 0).is_some_and(|it| it.is_multiple_of(2))
                })
                .count() as f64
                / 2_000.0
        };
        assert_eq!(kept(&[]), 1.0);
        assert_eq!(kept(&[0]), 1.0, "three of four, times 1.4, is enough");
        let at_half = kept(&[2]);
        assert!((at_half - 0.7).abs() < 0.04, "{at_half}");
        assert_eq!(kept(&[4, 6]), 0.0);
    }

    #[test]
    fn an_instance_that_came_back_is_spared_at_first_and_a_panic_uses_all() {
        let check = HealthCheck {
            interval: SimDuration::from_secs(1),
            unhealthy_threshold: 1,
            healthy_threshold: 1,
        };
        let slow_start =
            Some(SlowStart { window: SimDuration::from_secs(100), aggression: 1.0, least: 0.1 });
        let settings = Balancing {
            slow_start,
            health_check: Some(check),
            panic_threshold: 0.5,
            ..by(Balance::Random)
        };
        let mut balancer = LoadBalancer::new(settings, 4, root());
        let at = SimTime::from_secs;
        let share_of_first = |balancer: &mut LoadBalancer, seconds| {
            let call = |number: u64| BalancedCall {
                now: at(seconds),
                draw: move || root().child(number).draw(),
                zone: Some(0),
                key: None,
            };
            (0..4_000).filter(|number| balancer.choose(call(*number), |_| 0) == Some(0)).count()
                as f64
                / 4_000.0
        };
        balancer.note_check(at(1_000), 0, false);
        assert_eq!(share_of_first(&mut balancer, 1_000), 0.0);
        balancer.note_check(at(1_010), 0, true);
        let spared = share_of_first(&mut balancer, 1_060);
        assert!((spared - 0.5 / 3.5).abs() < 0.02, "half of a full weight: {spared}");
        for instance in [1, 2, 3] {
            balancer.note_check(at(2_000), instance, false);
        }
        assert!(
            (share_of_first(&mut balancer, 2_000) - 0.25).abs() < 0.03,
            "one of four left is a panic"
        );
    }
}
