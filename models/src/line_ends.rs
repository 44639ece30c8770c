//! Ends of lines as YAML has them: `\n`, `\r\n`, and `\r` alone.

/// True if the byte at a place of a text is the last one of the end of a line.
pub fn ends_line(text: &[u8], place: usize) -> bool {
    match text.get(place) {
        Some(b'\n') => true,
        Some(b'\r') => text.get(place + 1) != Some(&b'\n'),
        _ => false,
    }
}

/// The line and the column, both from 1, of what follows the beginning of a text.
///
/// ```
/// # use sim_models::line_ends::line_and_column;
/// assert_eq!(line_and_column("a: 1\rb: 2\r\n\nä"), (4, 2));
/// ```
pub fn line_and_column(before: &str) -> (usize, usize) {
    let bytes = before.as_bytes();
    let ends = (0..bytes.len()).filter(|place| ends_line(bytes, *place));
    let (line, start) = ends.fold((1, 0), |(line, _), end| (line + 1, end + 1));
    (line, 1 + before[start..].chars().count())
}
