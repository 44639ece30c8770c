//! Labels cut to the room they have.

/// `text`, or its first `kept` characters and an ellipsis if it has more than `longest`.
pub(crate) fn shortened(text: &str, longest: usize, kept: usize) -> String {
    if text.chars().count() <= longest {
        text.to_owned()
    } else {
        text.chars().take(kept).chain(['…']).collect()
    }
}

/// The name of a value, short enough for a place beside an axis.
pub(crate) fn short_name(text: &str) -> String {
    shortened(text, 14, 12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_by_characters() {
        assert_eq!(short_name("lognormal 8ms"), "lognormal 8ms");
        assert_eq!(short_name("exponentiell für 8ms"), "exponentiell…");
        assert_eq!(short_name("größer als 99,9 %"), "größer als 9…");
    }
}
