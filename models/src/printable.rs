//! Characters that cannot be seen, and texts that show them.
//!
//! A control character can move the cursor of a terminal or end a line, a mark of direction can show a text in another
//! order, and a character of no width can make two names look like one. Texts of a scenario must not have any
//! (see `language`), and reports show those of other texts (see `sim-reports`).

use std::borrow::Cow;

/// True for a character that cannot be seen as itself: the controls C0 and C1, those that Unicode lists as
/// `Default_Ignorable_Code_Point` (zero width, direction, joiners, variation selectors, tags), other format
/// characters without a shape, separators of lines and paragraphs, and code points that are no characters, such as
/// U+FFFE and U+FFFF.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
        || c as u32 & 0xfffe == 0xfffe
}

/// The character that stands for another one on a screen: itself if it can be seen, the picture of a C0 control, or else
/// U+FFFD.
pub fn shown(c: char) -> char {
    const PICTURES: u32 = 0x2400;
    match c {
        c if !is_hidden(c) => c,
        '\u{0}'..='\u{1f}' => {
            char::from_u32(PICTURES + c as u32).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\u{7f}' => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// A text on one line, with a visible character in place of each hidden one.
///
/// ```
/// # use sim_models::printable::line;
/// assert_eq!(line("a\u{1b}[31mb\nc"), "a␛[31mb␊c");
/// ```
pub fn line(text: &str) -> Cow<'_, str> {
    shown_unless(text, |_| false)
}

/// A text of several lines, with a visible character in place of each hidden one but tabs and the ends of lines.
pub fn lines(text: &str) -> Cow<'_, str> {
    shown_unless(text, |c| c == '\n' || c == '\t')
}

fn shown_unless(text: &str, is_kept: fn(char) -> bool) -> Cow<'_, str> {
    let is_shown = |c: char| is_hidden(c) && !is_kept(c);
    if !text.contains(is_shown) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_shown(c) { shown(c) } else { c }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_signs_and_emoji_can_be_seen() {
        let text = "größer – 99,9 % → 注文 café 👍 � \u{600}";
        assert!(!text.contains(is_hidden));
        assert!(matches!(line(text), Cow::Borrowed(_)));
    }

    #[test]
    fn each_hidden_character_becomes_one_that_can_be_seen() {
        let hidden = (0..=0x0010_ffff_u32).filter_map(char::from_u32).filter(|c| is_hidden(*c));
        for c in hidden {
            assert!(!is_hidden(shown(c)), "U+{:04X}", c as u32);
        }
        assert_eq!(
            line("\u{9b}\u{202e}\u{feff}\u{ffff}\r\t"),
            "\u{fffd}\u{fffd}\u{fffd}\u{fffd}␍␉"
        );
        assert_eq!(lines("a\tb\nc\r\n\u{7f}"), "a\tb\nc␍\n␡");
    }
}
