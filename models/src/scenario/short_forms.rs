//! Keys whose maps can be written as a bare number.

/// The key of the map that a bare number stands for, by the key that leads to the map.
const SHORT_FORMS: [(&str, &str); 4] =
    [("threads", "max"), ("slots", "max"), ("connections", "max"), ("users", "from")];

/// The key that a bare number stands for, if there can be one.
pub fn short_form(key: &str) -> Option<&'static str> {
    SHORT_FORMS.iter().find(|(short, _)| *short == key).map(|(_, key)| *key)
}
