//! Settings of several words, read one by one: `exponential 50ms x2 max 1s`.

use std::str::{FromStr, SplitWhitespace};

use super::quantity::Duration;

/// The words of a phrase, read one by one.
pub(crate) struct Phrase<'a> {
    text: &'a str,
    form: &'static str,
    rest: SplitWhitespace<'a>,
}

impl<'a> Phrase<'a> {
    pub fn new(text: &'a str, form: &'static str) -> Self {
        Self { text, form, rest: text.split_whitespace() }
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

    /// A duration in nanoseconds.
    pub fn duration(&mut self, what: &str) -> Result<f64, String> {
        let word = self.rest.next().ok_or_else(|| self.refuse(&format!("{what} is missing")))?;
        word.parse::<Duration>()
            .map(|Duration(span)| span.as_nanos() as f64)
            .map_err(|message| self.refuse(&message.replace("; write", ", not")))
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
