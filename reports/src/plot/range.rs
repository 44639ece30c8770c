//! The range of an axis that shows some values.

use std::ops::Range;

use sim_models::observe::FigureUnit;

/// The lowest and the highest of `values`; of none, infinity and minus infinity.
pub(crate) fn extremes(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    values.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
        (value.min(least), value.max(most))
    })
}

/// The range of an axis for values between `least` and `most`: with a little room on both sides,
/// from zero unless all values lie far from it, and within 0 and 1 for shares.
pub(crate) fn padded((least, most): (f64, f64), unit: FigureUnit) -> Range<f64> {
    if least > most {
        return 0.0..1.0;
    }
    let room = if most > least { (most - least) * 0.08 } else { most.abs() * 0.1 };
    let room = if room > 0.0 { room } else { 1.0 };
    let low = if least >= 0.0 && least < most * 0.6 { 0.0 } else { least - room };
    let top = most + room;
    if unit == FigureUnit::Share {
        low.max(0.0)..top.min(1.0)
    } else {
        (if least >= 0.0 { low.max(0.0) } else { low })..top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_begins_at_zero_unless_its_values_lie_far_from_it() {
        assert_eq!(padded((1.0, 11.0), FigureUnit::Count), 0.0..11.8);
        assert_eq!(padded((100.0, 110.0), FigureUnit::Count), 99.2..110.8);
        assert_eq!(padded((-5.0, -5.0), FigureUnit::Count), -5.5..-4.5);
    }

    #[test]
    fn an_axis_of_shares_stays_within_them() {
        assert_eq!(padded((0.9, 1.0), FigureUnit::Share).end, 1.0);
    }

    #[test]
    fn an_axis_without_values_is_drawn_all_the_same() {
        assert_eq!(padded(extremes([]), FigureUnit::Time), 0.0..1.0);
    }
}
