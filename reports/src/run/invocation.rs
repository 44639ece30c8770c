//! The command that a run comes from.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

/// The request of a user to run a file, with changes to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Invocation {
    /// The path of the scenario file as it was given; `-` for standard input.
    pub file: String,
    /// The variant; absent if it is run as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The condition of `goals:` that applies; absent if none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The settings that were changed, `path=value`; absent if none was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
    /// The replication of the seed; absent if it is the first, number 0.
    #[serde(skip_serializing_if = "is_first")]
    pub replication: u64,
}

impl Invocation {
    /// The run of a file as it is written.
    pub fn of_file(file: &Path) -> Self {
        Self { file: file.display().to_string(), ..Self::default() }
    }

    /// The command that does it again, for a POSIX shell.
    ///
    /// ```
    /// use sim_reports::run::Invocation;
    /// let run = Invocation {
    ///     file: "shop.yaml".to_owned(),
    ///     variant: Some("slow".to_owned()),
    ///     settings: vec!["calls.a -> b.timeout=1s".to_owned()],
    ///     ..Invocation::default()
    /// };
    /// assert_eq!(run.command(), "fusebox run shop.yaml --variant slow --set 'calls.a -> b.timeout=1s'");
    /// ```
    pub fn command(&self) -> String {
        let mut words = vec!["fusebox".to_owned(), "run".to_owned(), quoted(&self.file)];
        let mut option = |name: &str, value: &str| {
            words.extend([name.to_owned(), quoted(value)]);
        };
        if let Some(variant) = &self.variant {
            option("--variant", variant);
        }
        if let Some(condition) = &self.condition {
            option("--condition", condition);
        }
        for setting in &self.settings {
            option("--set", setting);
        }
        if self.replication > 0 {
            option("--replication", &self.replication.to_string());
        }
        words.join(" ")
    }

    /// The name of a scenario with the variant: `shop (slow)`.
    pub fn title(&self, scenario: &str) -> String {
        match &self.variant {
            Some(variant) => format!("{scenario} ({variant})"),
            None => scenario.to_owned(),
        }
    }

    /// The changes besides the variant in words; empty if there are none.
    pub fn changes(&self) -> String {
        let condition = self.condition.iter().map(|condition| format!("condition {condition}"));
        condition.chain(self.settings.iter().cloned()).collect::<Vec<_>>().join(", ")
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_first(replication: &u64) -> bool {
    *replication == 0
}

/// A word as a shell reads it, in single quotes if it has letters that mean something to one.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./=:,%+@".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted("services.api.threads=20"), "services.api.threads=20");
        assert_eq!(quoted("calls.c -> d.timeout=1s"), "'calls.c -> d.timeout=1s'");
        assert_eq!(quoted("x='a'"), r"'x='\''a'\'''");
        assert_eq!(quoted("faults[0].by=2x"), "'faults[0].by=2x'");
        assert_eq!(quoted(""), "''");
    }
}
