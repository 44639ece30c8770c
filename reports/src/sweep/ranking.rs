//! The order of settings by how much they matter.

/// The places of `shares`, the largest share first; of equal ones, the first.
pub(super) fn largest_first(shares: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|one, other| shares[*other].total_cmp(&shares[*one]).then(one.cmp(other)));
    order
}
