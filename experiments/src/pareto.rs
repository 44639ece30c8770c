//! Pareto dominance, where several objectives count at once.

/// True if `one` is nowhere worse than `other` and somewhere better. Of both, more is better.
pub(crate) fn dominates(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).all(|(one, other)| one >= other)
        && one.iter().zip(other).any(|(one, other)| one > other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_dominates_what_is_nowhere_better_and_somewhere_worse() {
        assert!(dominates(&[2.0, 1.0], &[1.0, 1.0]));
        assert!(!dominates(&[1.0, 1.0], &[1.0, 1.0]));
        assert!(!dominates(&[2.0, 0.0], &[1.0, 1.0]));
    }
}
