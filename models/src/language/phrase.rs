//! Settings of several words, read one by one: `exponential 50ms x2 max 1s`.

use std::str::{FromStr, SplitWhitespace};

use super::quantity::{Bytes, Duration};

/// The words of a phrase, read one by one.
pub(crate) struct Phrase<'a> {
    text: &'a str,
    form: &'static str,
    rest: SplitWhitespace<'a>,
    /// True if its amounts are sizes and not durations.
    has_sizes: bool,
}

impl<'a> Phrase<'a> {
    pub fn new(text: &'a str, form: &'static str) -> Self {
        Self { text, form, rest: text.split_whitespace(), has_sizes: false }
    }

    /// A phrase whose amounts are sizes in bytes.
    pub fn of_sizes(text: &'a str, form: &'static str) -> Self {
        Self { has_sizes: true, ..Self::new(text, form) }
    }

    pub fn refuse(&self, what: &str) -> String {
        format!("`{}`: {what}; write `{}`", self.text, self.form)
    }

    pub fn peek(&self) -> Option<&'a str> {
        self.rest.clone().next()
    }

    pub fn take<T: FromStr>(&mut self, what: &str) -> Result<T, String> {
        let word = self.rest.next().ok_or_else(|| self.refuse(&format!("{what} is missing")))?;
        word.parse().map_err(|_| self.refuse(&format!("`{word}` is not {what}")))
    }

    /// A duration in nanoseconds, or a size in bytes.
    pub fn duration(&mut self, what: &str) -> Result<f64, String> {
        let word = self.rest.next().ok_or_else(|| self.refuse(&format!("{what} is missing")))?;
        let amount = if self.has_sizes {
            word.parse().map(|Bytes(bytes)| bytes as f64)
        } else {
            word.parse().map(|Duration(span)| span.as_nanos() as f64)
        };
        amount.map_err(|message: String| self.refuse(&message.replace("; write", ", not")))
    }

    pub fn keyword(&mut self, keyword: &str) -> Result<(), String> {
        if self.skip(keyword) {
            Ok(())
        } else {
            Err(self.refuse(&format!("`{keyword}` is missing")))
        }
    }

    pub fn skip(&mut self, keyword: &str) -> bool {
        let is_next = self.peek() == Some(keyword);
        if is_next {
            self.rest.next();
        }
        is_next
    }

    pub fn end(mut self) -> Result<(), String> {
        match self.rest.next() {
            None => Ok(()),
            Some(word) => Err(self.refuse(&format!("`{word}` is one word too many"))),
        }
    }
}
