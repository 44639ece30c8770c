//! Adding entries to the text of a scenario without touching the rest of it.

use sim_models::scenario::Problem;
use sim_models::scenario::tree::{Node, Value, normalize_edge};

/// The text with an entry of the map at a path, which is added or replaced. `lines` is the entry in
/// block style, indented by two spaces a level.
///
/// # Errors
/// Fails if the text is no YAML, or if something at the path is no map.
pub(super) fn entry(text: &str, path: &[&str], key: &str, lines: &str) -> Result<String, Problem> {
    let tree = Node::parse(text, 0)?;
    let (mut node, mut owner) = (&tree, None);
    for (level, name) in path.iter().enumerate() {
        let Some((at, value)) = find(node, name)? else {
            return Ok(add(text, node, owner, &opened(&path[level..], lines, level)));
        };
        (node, owner) = (value, Some(at));
    }
    match find(node, key)? {
        Some((at, value)) => Ok(replace(text, at, value, lines)),
        None => Ok(add(text, node, owner, lines)),
    }
}

/// The entry of a map with a key: the place of the key, and the value.
fn find<'a>(map: &'a Node, key: &str) -> Result<Option<(usize, &'a Node)>, Problem> {
    match &map.value {
        Value::Null => Ok(None),
        Value::Map(entries) => {
            let found =
                entries.iter().find(|(it, _)| normalize_edge(&it.name) == normalize_edge(key));
            Ok(found.map(|(key, value)| (key.at.start, value)))
        }
        _ => Err(Problem::error("this is no map, so nothing can be added to it", Some(map.at))),
    }
}

/// The lines below the keys of a path that does not exist yet.
fn opened(path: &[&str], lines: &str, level: usize) -> String {
    let keys = path
        .iter()
        .enumerate()
        .map(|(below, key)| format!("{}{key}:\n", "  ".repeat(level + below)));
    keys.collect::<String>() + lines
}

/// Adds lines to a map; `owner` is the place of its key, none for the whole text.
fn add(text: &str, map: &Node, owner: Option<usize>, lines: &str) -> String {
    let Some(owner) = owner else {
        let separator = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return format!("{text}{separator}{lines}");
    };
    if let Some(brace) = flow_brace(text, owner) {
        let inner = flow(lines);
        let is_empty = matches!(&map.value, Value::Map(entries) if entries.is_empty());
        let comma = if is_empty { " " } else { ", " };
        let head = format!("{} {}{comma}", &text[..=brace], inner.entry);
        return with_comments(text, owner, &inner.comments, &head, text[brace + 1..].trim_start());
    }
    let end = end_of_block(text, owner);
    format!("{}{}{}", &text[..end], indented_as(text, owner, map, lines), &text[end..])
}

/// Replaces an entry, whose key is at a place.
fn replace(text: &str, key: usize, value: &Node, lines: &str) -> String {
    let line = line_start(text, key);
    let is_block = text[line..key].trim().is_empty();
    if is_block {
        let (end, width) = (end_of_block(text, key), key - line);
        return format!("{}{}{}", &text[..line], shifted(lines, width), &text[end..]);
    }
    let inner = flow(lines);
    let end = value.at.end.max(closing(text, value.at.start));
    with_comments(
        text,
        key,
        &inner.comments,
        &format!("{}{}", &text[..key], inner.entry),
        &text[end..],
    )
}

/// Puts comments on lines of their own above the line of a place.
fn with_comments(text: &str, place: usize, comments: &str, head: &str, tail: &str) -> String {
    let line = line_start(text, place);
    format!("{}{comments}{}{tail}", &head[..line], &head[line..])
}

/// An entry in flow style, and its comments.
struct Flow {
    entry: String,
    comments: String,
}

/// The lines of an entry in block style as one line.
fn flow(lines: &str) -> Flow {
    let is_comment = |line: &&str| line.trim_start().starts_with('#');
    let comments = lines.lines().filter(is_comment).map(|line| format!("{}\n", line.trim()));
    let plain: Vec<&str> = lines.lines().filter(|line| !is_comment(line)).collect();
    let json = Node::parse(&plain.join("\n"), 0).map(|tree| tree.to_json()).unwrap_or_default();
    let entries = json.as_object().into_iter().flatten();
    let entry = entries.map(|(key, value)| format!("{key}: {}", super::flow(value)));
    Flow { entry: entry.collect::<Vec<_>>().join(", "), comments: comments.collect() }
}

/// The opening brace of the value of a key, if the value is in flow style.
fn flow_brace(text: &str, key: usize) -> Option<usize> {
    let colon = key + text[key..].find(':')?;
    let rest = &text[colon + 1..];
    let blank = rest.len() - rest.trim_start_matches(' ').len();
    rest[blank..].starts_with('{').then_some(colon + 1 + blank)
}

/// The end of a value in flow style that begins at a place: behind its closing brace.
fn closing(text: &str, start: usize) -> usize {
    let mut depth = 0;
    for (offset, letter) in text[start..].char_indices() {
        match letter {
            '{' | '[' => depth += 1,
            '}' | ']' if depth <= 1 => return start + offset + usize::from(depth == 1),
            '}' | ']' => depth -= 1,
            ',' if depth == 0 => return start + offset,
            _ => {}
        }
    }
    text.len()
}

fn line_start(text: &str, place: usize) -> usize {
    text[..place].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The end of the entry whose key is at a place: the beginning of the next line that is indented no
/// deeper, less the blank lines and comments before it.
fn end_of_block(text: &str, key: usize) -> usize {
    let width = key - line_start(text, key);
    let mut place = text[key..].find('\n').map_or(text.len(), |newline| key + newline + 1);
    let mut end = place;
    for line in text[place..].split_inclusive('\n') {
        let trimmed = line.trim_start();
        let is_blank = trimmed.trim().is_empty() || trimmed.starts_with('#');
        let indent = line.len() - trimmed.len();
        if !is_blank && indent <= width {
            break;
        }
        place += line.len();
        // A comment that is indented deeper belongs to the entry.
        if !is_blank || (trimmed.starts_with('#') && indent > width) {
            end = place;
        }
    }
    end
}

/// The lines, indented as the other entries of the map are.
fn indented_as(text: &str, owner: usize, map: &Node, lines: &str) -> String {
    let first = match &map.value {
        Value::Map(entries) => entries.first().map(|(key, _)| key.at.start),
        _ => None,
    };
    let own = owner - line_start(text, owner);
    let width = first.map_or(own + 2, |first| first - line_start(text, first));
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let is_last = end_of_block(text, owner) == text.len();
    format!("{}{}", if is_last { end } else { "" }, shifted(lines, width))
}

/// The lines with their first at a width, the others as much deeper as they were.
fn shifted(lines: &str, width: usize) -> String {
    let first = lines.lines().find(|line| !line.trim_start().starts_with('#')).unwrap_or("");
    let before = first.len() - first.trim_start().len();
    let shift = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        format!("{}{}\n", " ".repeat((indent + width).saturating_sub(before)), line.trim_start())
    };
    lines.lines().map(shift).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = "  a -> c:\n    # assumed: x\n    timeout: 2s\n";

    fn inserted(text: &str) -> String {
        entry(text, &["calls"], "a -> c", CALL).expect("YAML")
    }

    #[test]
    fn an_entry_is_added_where_its_section_ends() {
        assert_eq!(
            inserted(
                "# head\ncalls:\n  a -> b: { timeout: 1s } # mine\n\n# about faults\nfaults: []\n"
            ),
            "# head\ncalls:\n  a -> b: { timeout: 1s } # mine\n  a -> c:\n    # assumed: x\n    timeout: 2s\n\n# about faults\nfaults: []\n"
        );
        assert_eq!(
            inserted("calls:\n    a -> b:\n        timeout: 1s"),
            "calls:\n    a -> b:\n        timeout: 1s\n    a -> c:\n      # assumed: x\n      timeout: 2s\n"
        );
    }

    #[test]
    fn a_section_is_added_if_there_is_none() {
        assert_eq!(inserted("run: {}"), format!("run: {{}}\ncalls:\n{CALL}"));
        assert_eq!(
            entry("services:\n  b: {}\n", &["services", "a"], "threads", "    threads: 5\n")
                .expect("YAML"),
            "services:\n  b: {}\n  a:\n    threads: 5\n"
        );
    }

    #[test]
    fn an_entry_is_replaced_and_what_follows_stays() {
        assert_eq!(
            inserted(
                "calls:\n  a->c:\n    timeout: 1s\n    retry: { attempts: 2 }\n  b -> c: {}\n"
            ),
            format!("calls:\n{CALL}  b -> c: {{}}\n")
        );
        assert_eq!(
            inserted("calls: { a -> c: { timeout: 1s }, b -> c: {} } # all\n"),
            "# assumed: x\ncalls: { a -> c: { timeout: 2s }, b -> c: {} } # all\n"
        );
    }

    #[test]
    fn maps_in_flow_style_take_entries_too() {
        assert_eq!(
            inserted("calls: { a -> b: {} }\n"),
            "# assumed: x\ncalls: { a -> c: { timeout: 2s }, a -> b: {} }\n"
        );
        assert_eq!(inserted("calls: {}\n"), "# assumed: x\ncalls: { a -> c: { timeout: 2s } }\n");
        assert!(entry("calls: [ 1 ]", &["calls"], "a -> c", CALL).is_err());
    }
}
