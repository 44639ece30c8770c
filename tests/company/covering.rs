//! Covering arrays: rows of values in which every two values of two factors meet.

/// Rows, one number for each factor, so that every pair of values of two factors is in one of them.
/// Each row is the best of a few that are made greedily (AETG: Cohen, Dalal, Fredman, Patton, 1997),
/// and the same every time.
pub fn covering(levels: &[usize]) -> Vec<Vec<usize>> {
    let mut open = Open::of(levels);
    let (mut rows, mut dice) = (Vec::new(), 1_u64);
    while open.number > 0 {
        let candidates = (0..20).map(|_| open.candidate(levels, &mut dice));
        let best = candidates.max_by_key(|row| open.gain(row)).expect("there are some");
        open.close(&best);
        rows.push(best);
    }
    rows
}

/// The pairs that are in no row yet.
struct Open {
    /// Number of the first value of each factor.
    first: Vec<usize>,
    values: usize,
    is_open: Vec<bool>,
    number: usize,
}

impl Open {
    fn of(levels: &[usize]) -> Self {
        let starts = levels.iter().scan(0, |sum, level| {
            *sum += level;
            Some(*sum - level)
        });
        let first: Vec<usize> = starts.collect();
        let values: usize = levels.iter().sum();
        let mut open = Self { first, values, is_open: vec![false; values * values], number: 0 };
        for (factor, level) in levels.iter().enumerate() {
            for (other, others) in levels.iter().enumerate().skip(factor + 1) {
                for (one, two) in (0..*level).flat_map(|it| (0..*others).map(move |to| (it, to))) {
                    let place = open.place((factor, one), (other, two));
                    open.is_open[place] = true;
                    open.number += 1;
                }
            }
        }
        open
    }

    fn place(&self, one: (usize, usize), other: (usize, usize)) -> usize {
        let (first, second) = if one.0 < other.0 { (one, other) } else { (other, one) };
        (self.first[first.0] + first.1) * self.values + self.first[second.0] + second.1
    }

    fn pairs(row: &[usize]) -> impl Iterator<Item = ((usize, usize), (usize, usize))> {
        let factors = 0..row.len();
        factors.flat_map(move |one| {
            (one + 1..row.len()).map(move |other| ((one, row[one]), (other, row[other])))
        })
    }

    fn gain(&self, row: &[usize]) -> usize {
        Self::pairs(row).filter(|(one, other)| self.is_open[self.place(*one, *other)]).count()
    }

    fn close(&mut self, row: &[usize]) {
        for (one, other) in Self::pairs(row) {
            let place = self.place(one, other);
            self.number -= usize::from(std::mem::take(&mut self.is_open[place]));
        }
    }

    /// Factor after factor, in an order at random, each with the value that closes most pairs; it
    /// begins with a value that has an open pair.
    fn candidate(&self, levels: &[usize], dice: &mut u64) -> Vec<usize> {
        let mut roll = |bound: usize| {
            *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (*dice >> 33) as usize % bound
        };
        let mut order: Vec<usize> = (0..levels.len()).collect();
        for place in (1..order.len()).rev() {
            order.swap(place, roll(place + 1));
        }
        let mut chosen: Vec<(usize, usize)> = Vec::new();
        for factor in order {
            let turn = roll(levels[factor]);
            let gain = |value: &usize| {
                let pairs = chosen.iter().map(|other| self.place((factor, *value), *other));
                let closed = pairs.filter(|place| self.is_open[*place]).count();
                (closed, self.left((factor, *value), levels))
            };
            let values = (0..levels[factor]).map(|value| (value + turn) % levels[factor]);
            let best = values.max_by_key(gain).expect("a factor has values");
            chosen.push((factor, best));
        }
        chosen.sort_unstable();
        chosen.into_iter().map(|(_, value)| value).collect()
    }

    /// Open pairs that a value is part of.
    fn left(&self, one: (usize, usize), levels: &[usize]) -> usize {
        let others = levels.iter().enumerate().filter(|(other, _)| *other != one.0);
        let pairs = others.flat_map(|(other, level)| (0..*level).map(move |it| (other, it)));
        pairs.filter(|other| self.is_open[self.place(one, *other)]).count()
    }
}

#[test]
fn every_two_values_meet() {
    let levels = [3, 2, 4, 2, 5];
    let rows = covering(&levels);
    assert!(rows.len() < 30, "{} rows, and 20 at least", rows.len());
    for (one, other) in (0..5).flat_map(|one| (one + 1..5).map(move |other| (one, other))) {
        let mut met: Vec<(usize, usize)> = rows.iter().map(|row| (row[one], row[other])).collect();
        met.sort_unstable();
        met.dedup();
        assert_eq!(met.len(), levels[one] * levels[other]);
    }
}
