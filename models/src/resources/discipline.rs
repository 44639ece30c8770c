//! Queue disciplines: the order in which waiting requests are served.

use std::collections::VecDeque;

use sim_core::growth::Growing;

use super::Waiter;

/// The order in which a queue is served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Discipline {
    /// First come, first served.
    #[default]
    Fifo,
    /// Last come, first served.
    Lifo,
    /// First come, first served, until more than this many requests wait; then last come, first
    /// served (Maurer, "Fail at scale", 2015).
    AdaptiveLifo(u32),
    /// By class; a lower class is served only when no higher class waits.
    Strict {
        /// Number of classes.
        classes: u8,
    },
    /// By class, in proportion to these weights while all classes wait.
    Weighted(Vec<u32>),
    /// By class, the highest first, with this many slots reserved for each class.
    Reserved(Vec<u32>),
}

impl Discipline {
    /// Number of classes that this discipline distinguishes.
    pub fn classes(&self) -> usize {
        match self {
            Self::Fifo | Self::Lifo | Self::AdaptiveLifo(_) => 1,
            Self::Strict { classes } => usize::from(*classes),
            Self::Weighted(shares) | Self::Reserved(shares) => shares.len(),
        }
    }
}

/// The queues of a pool that distinguishes classes of requests, and the slots that each class
/// holds.
#[derive(Clone, Debug)]
pub(super) struct ClassQueues {
    discipline: Discipline,
    queues: Vec<VecDeque<Waiter>>,
    in_use: Vec<u32>,
    /// Credit of each class in the smooth weighted round-robin among the waiting classes.
    gained: Vec<i64>,
}

impl ClassQueues {
    pub fn new(discipline: Discipline) -> Self {
        let classes = discipline.classes();
        Self {
            discipline,
            queues: vec![VecDeque::new(); classes],
            in_use: vec![0; classes],
            gained: vec![0; classes],
        }
    }

    /// Returns the index of the queue for a class; classes that are too high use the last one.
    fn class(&self, class: u8) -> usize {
        usize::from(class).min(self.queues.len() - 1)
    }

    pub fn push(&mut self, class: u8, waiter: Waiter) {
        let class = self.class(class);
        self.queues[class].make_room();
        self.queues[class].push_back(waiter);
    }

    /// Bytes that the queues take.
    pub fn bytes(&self) -> u64 {
        self.queues.iter().map(Growing::bytes).sum()
    }

    /// Removes the newest waiter of the lowest class below `class`, to make room.
    pub fn evict_below(&mut self, class: u8, is_live: impl Fn(Waiter) -> bool) -> Option<Waiter> {
        let class = self.class(class);
        self.queues[class + 1..].iter_mut().rev().find_map(|queue| {
            while let Some(waiter) = queue.pop_back() {
                if is_live(waiter) {
                    return Some(waiter);
                }
            }
            None
        })
    }

    /// True if a request of this class may take one of `free` slots.
    pub fn may_take(&self, class: u8, free: u32) -> bool {
        let Discipline::Reserved(shares) = &self.discipline else { return free > 0 };
        let class = self.class(class);
        if free == 0 {
            return false;
        }
        let unused = |other: usize| shares[other].saturating_sub(self.in_use[other]);
        let kept_for_others: u32 =
            (0..shares.len()).filter(|other| *other != class).map(unused).sum();
        self.in_use[class] < shares[class] || free > kept_for_others
    }

    pub fn note_taken(&mut self, class: u8) {
        let class = self.class(class);
        self.in_use[class] += 1;
    }

    pub fn note_given_back(&mut self, class: u8) {
        let class = self.class(class);
        self.in_use[class] -= 1;
    }

    /// Takes the next waiter and its class, if one of those waiting may take one of `free` slots.
    pub fn pop(&mut self, free: u32, is_live: impl Fn(Waiter) -> bool) -> Option<(Waiter, u8)> {
        for queue in &mut self.queues {
            while queue.front().is_some_and(|waiter| !is_live(*waiter)) {
                queue.pop_front();
            }
        }
        let class = match &self.discipline {
            Discipline::Weighted(weights) => {
                let waiting = || (0..weights.len()).filter(|class| !self.queues[*class].is_empty());
                let total: i64 = waiting().map(|class| i64::from(weights[class])).sum();
                for ((weight, gained), queue) in
                    weights.iter().zip(&mut self.gained).zip(&self.queues)
                {
                    *gained += if queue.is_empty() { 0 } else { i64::from(*weight) };
                }
                let chosen = (0..weights.len())
                    .filter(|class| !self.queues[*class].is_empty())
                    .max_by_key(|class| (self.gained[*class], std::cmp::Reverse(*class)))?;
                self.gained[chosen] -= total;
                chosen
            }
            _ => (0..self.queues.len()).find(|class| {
                !self.queues[*class].is_empty() && self.may_take(*class as u8, free)
            })?,
        };
        let waiter = self.queues[class].pop_front()?;
        Some((waiter, class as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(discipline: Discipline, waiting: [u32; 3], times: usize) -> Vec<u8> {
        let mut queues = ClassQueues::new(discipline);
        for (class, count) in waiting.into_iter().enumerate() {
            (0..count).for_each(|frame| queues.push(class as u8, Waiter { frame, epoch: 0 }));
        }
        (0..times).filter_map(|_| queues.pop(1, |_| true)).map(|(_, class)| class).collect()
    }

    #[test]
    fn strict_order_serves_the_highest_and_weights_share() {
        assert_eq!(served(Discipline::Strict { classes: 3 }, [2, 2, 2], 6), [0, 0, 1, 1, 2, 2]);
        assert_eq!(served(Discipline::Weighted(vec![3, 2, 1]), [9, 9, 9], 6), [0, 1, 0, 2, 1, 0]);
        assert_eq!(served(Discipline::Weighted(vec![3, 2, 1]), [0, 9, 9], 3), [1, 2, 1]);
    }

    #[test]
    fn reserved_slots_are_kept_for_their_class() {
        let mut queues = ClassQueues::new(Discipline::Reserved(vec![2, 1, 0]));
        // Of four slots, the last class may have only one: three are reserved for the others.
        assert!(queues.may_take(2, 4));
        queues.note_taken(2);
        assert!(!queues.may_take(2, 3));
        assert!(queues.may_take(1, 3));
        queues.note_taken(1);
        assert!(!queues.may_take(1, 2) && queues.may_take(0, 2));
    }

    #[test]
    fn the_newest_of_the_lowest_class_makes_room() {
        let mut queues = ClassQueues::new(Discipline::Strict { classes: 3 });
        let waiter = |frame| Waiter { frame, epoch: 0 };
        for (class, frame) in [(1, 1), (2, 2), (2, 3)] {
            queues.push(class, waiter(frame));
        }
        assert_eq!(queues.evict_below(0, |_| true), Some(waiter(3)));
        assert_eq!(queues.evict_below(1, |_| true), Some(waiter(2)));
        assert_eq!(queues.evict_below(1, |_| true), None);
        assert_eq!(queues.evict_below(0, |_| true), Some(waiter(1)));
    }
}
