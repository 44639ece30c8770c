//! Hostile texts.

/// Texts with characters that cannot be seen: no scenario may have them, and every report shows them.
pub const HIDDEN: &[(&str, &str)] = &[
    ("a colour", "a\u{1b}[31mred"),
    ("a title and a bell", "a\u{1b}]0;pwned\u{7}b"),
    ("a clear screen", "\u{1b}[2J\u{1b}[H"),
    ("a bare escape", "\u{1b}"),
    ("a control sequence of C1", "a\u{9b}31mred"),
    ("an operating system command of C1", "a\u{9d}0;pwned\u{9c}"),
    ("a next line of C1", "a\u{85}PASS b"),
    ("a null", "a\0b"),
    ("backspaces", "FAIL\u{8}\u{8}\u{8}\u{8}PASS"),
    ("a carriage return", "FAIL\rPASS fake"),
    ("a forged line", "a\nPASS fake line"),
    ("a forged line of another system", "a\r\nPASS fake line"),
    ("a section of a timeline", "a\n== b =="),
    ("a tab", "a\tb"),
    ("a delete", "a\u{7f}b"),
    ("an override of direction", "a\u{202e}lmay.b"),
    ("an isolate", "a\u{2066}b\u{2069}"),
    ("a mark of direction", "a\u{200f}b"),
    ("an Arabic mark", "a\u{61c}b"),
    ("a space of no width", "a\u{200b}b"),
    ("a joiner", "a\u{200d}b"),
    ("a word joiner", "a\u{2060}b"),
    ("a byte order mark", "\u{feff}a"),
    ("a soft hyphen", "a\u{ad}b"),
    ("a filler that is a letter", "a\u{3164}b"),
    ("a variation selector", "a\u{fe0f}"),
    ("a separator of lines", "a\u{2028}PASS b"),
    ("a separator of paragraphs", "a\u{2029}PASS b"),
    ("an interlinear mark", "a\u{fff9}b"),
    ("a reversed byte order mark", "a\u{fffe}"),
    ("no character", "a\u{ffff}b"),
    ("no character of another plane", "a\u{1fffe}b"),
    ("a tag", "a\u{e0041}\u{e007f}"),
];

/// Texts that can be seen, but mean something to a reader.
pub const VISIBLE: &[(&str, &str)] = &[
    ("a formula", "=1+1"),
    ("a command of a spreadsheet", "=cmd|'/C calc'!A1"),
    ("a formula with a plus", "+1+1"),
    ("a formula with a minus", "-1+1"),
    ("a formula with an at", "@SUM(A1:A9)"),
    ("markup", "<script>alert('x')</script>"),
    ("an entity", "a & b &lt; &#27; &unknown;"),
    ("the end of a section of data", "]]>"),
    ("a comment of markup", "<!-- a -->"),
    ("quotes", "a\"b'c`d"),
    ("separators", "a,b;c|d"),
    ("backslashes", "a\\n\\u001b\\x1b"),
    ("a folder above", "../../ESCAPED"),
    ("an absolute path", "/tmp/fusebox-absolute/ABSOLUTE"),
    ("the folder above", ".."),
    ("this folder", "."),
    ("a path of another system", "..\\..\\C:\\ESCAPED"),
    ("a comment", "a # b"),
    ("a template", "${HOME} $(id) `id` {{x}}"),
];

/// All of them.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    HIDDEN.iter().chain(VISIBLE).copied()
}
