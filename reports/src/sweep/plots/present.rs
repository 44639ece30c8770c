//! The present value of a setting among the levels of a plot.

use sim_experiments::sweep::analysis::LevelOrPart;

/// The place of a value among levels in order: between two if it lies between them; `None` outside of them.
pub(super) fn place_of(levels: &[LevelOrPart], value: f64) -> Option<f64> {
    if let Some(place) = levels.iter().position(|level| level.number == value) {
        return Some(place as f64);
    }
    let place =
        levels.windows(2).position(|pair| pair[0].number < value && value < pair[1].number)?;
    let (from, to) = (levels[place].number, levels[place + 1].number);
    Some(place as f64 + (value - from) / (to - from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_a_place_at_or_between_levels_and_none_outside() {
        let level = |number: f64| LevelOrPart { shown: number.to_string(), number };
        let levels = [4.0, 8.0, 16.0].map(level);
        assert_eq!(place_of(&levels, 8.0), Some(1.0));
        assert_eq!(place_of(&levels, 12.0), Some(1.5));
        assert_eq!(place_of(&levels, 17.0), None);
        assert_eq!(place_of(&[], 17.0), None);
    }
}
