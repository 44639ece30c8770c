//! The parsers that all sentences share, for words, names and places, and their error.

use std::cmp::Ordering;
use std::ops::Range;

use indexmap::IndexSet;
use winnow::Parser;
use winnow::combinator::eof;
use winnow::error::{AddContext, ParserError};
use winnow::stream::Stream;
use winnow::token::{literal, take_while};

use crate::expect::sentence::Unreadable;

/// The error of a parser: what could stand at the furthest place reached, where `left` bytes were
/// left.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    left: usize,
    words: Vec<&'static str>,
}

impl Expected {
    /// The same with one more word that could stand there.
    pub fn or_word(mut self, word: &'static str) -> Self {
        self.words.push(word);
        self
    }

    /// The word at that place in the text, with what could stand there instead.
    pub fn explained(self, text: &str) -> Unreadable {
        let offset = text.len() - self.left;
        let start = offset + (text[offset..].len() - text[offset..].trim_start().len());
        let word = text[start..].split([' ', ',']).next().unwrap_or_default();
        let expected: IndexSet<&str> = self.words.into_iter().collect();
        Unreadable { at: start..start + word.len(), expected: expected.into_iter().collect() }
    }
}

impl<'a> ParserError<&'a str> for Expected {
    type Inner = Self;

    fn from_input(input: &&'a str) -> Self {
        Self { left: input.len(), words: Vec::new() }
    }

    fn or(mut self, mut other: Self) -> Self {
        match self.left.cmp(&other.left) {
            Ordering::Less => self,
            Ordering::Greater => other,
            Ordering::Equal => {
                self.words.append(&mut other.words);
                self
            }
        }
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

impl<'a> AddContext<&'a str, &'static str> for Expected {
    fn add_context(
        self,
        input: &&'a str,
        start: &<&'a str as Stream>::Checkpoint,
        word: &'static str,
    ) -> Self {
        let mut at_start = *input;
        at_start.reset(start);
        Self { left: at_start.len(), words: vec![word] }
    }
}

/// The result of a parser.
pub(super) type Read<T> = Result<T, Expected>;

pub(super) fn spaces(input: &mut &str) -> Read<()> {
    take_while(0.., char::is_whitespace).void().parse_next(input)
}

/// The end of the sentence.
pub(super) fn end(input: &mut &str) -> Read<()> {
    (spaces, eof).void().context("the end").parse_next(input)
}

/// A word or a phrase, to its end.
pub(super) fn keyword<'a>(phrase: &'static str) -> impl Parser<&'a str, (), Expected> {
    let bare = move |input: &mut &'a str| {
        spaces(input)?;
        literal(phrase).void().parse_next(input)?;
        let goes_on = phrase.ends_with(is_name_char) && input.starts_with(is_name_char);
        if goes_on { Err(Expected::from_input(input)) } else { Ok(()) }
    };
    bare.context(phrase)
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// A name. A hyphen may be part of it, but `->` is not.
pub(super) fn name<'a>(input: &mut &'a str) -> Read<&'a str> {
    spaces(input)?;
    let is_end = |(at, c): &(usize, char)| !is_name_char(*c) || input[*at..].starts_with("->");
    let end = input.char_indices().find(is_end).map_or(input.len(), |(at, _)| at);
    if end == 0 {
        return Err(Expected::from_input(input));
    }
    Ok(input.next_slice(end))
}

fn offset(text: &str, input: &str) -> usize {
    text.len() - input.len()
}

/// Reads with a parser, and tells the place of what was read, without leading spaces.
pub(super) fn placed<'a, T>(
    text: &'a str,
    input: &mut &'a str,
    mut parser: impl Parser<&'a str, T, Expected>,
) -> Read<(T, Range<usize>)> {
    let before = *input;
    let read = parser.parse_next(input)?;
    let start = offset(text, before.trim_start());
    Ok((read, start..offset(text, input).max(start)))
}
