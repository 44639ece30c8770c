//! The files of Spring Boot: `application.yml` and `application.properties`.

use serde_json::{Map, Value};

use super::{ConfigurationFile, documents};

/// The YAML documents that a file stands for.
pub(super) fn documents(file: &ConfigurationFile) -> Vec<String> {
    let is_properties = std::path::Path::new(&file.name)
        .extension()
        .is_some_and(|extension| extension == "properties");
    if is_properties { vec![properties_as_yaml(&file.text)] } else { documents::yaml(file) }
}

/// `a.b.c=value` lines as the YAML that they stand for.
fn properties_as_yaml(text: &str) -> String {
    let mut root = Value::Object(Map::new());
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let Some((key, value)) = line.split_once(['=', ':']) else { continue };
        let mut place = &mut root;
        for part in key.trim().split('.') {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = place
                .as_object_mut()
                .expect("it has just been made one")
                .entry(part)
                .or_insert(Value::Null);
        }
        *place = Value::String(value.trim().to_owned());
    }
    root.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_nested_by_their_dots() {
        let yaml = properties_as_yaml("# limits\na.b.c=1\na.b.d = x y\n\na.e: 2s\n");
        assert_eq!(yaml, r#"{"a":{"b":{"c":"1","d":"x y"},"e":"2s"}}"#);
    }
}
