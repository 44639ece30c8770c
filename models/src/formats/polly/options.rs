//! The options of one strategy.

use std::fmt::Display;
use std::ops::RangeInclusive;

use sim_core::SimDuration;

use super::time_span::TimeSpan;
use crate::formats::ImportedCall;
use crate::formats::carried::Carried;
use crate::formats::configuration::below;
use crate::formats::section::Section;
use crate::scenario::Problem;

/// The options of one strategy, while they are read.
///
/// A value that .NET could not convert, or that is out of its range, is a problem: the application
/// would not start.
pub(super) struct Options<'a, 'c> {
    section: Section<'a>,
    call: &'c mut ImportedCall,
    problems: &'c mut Vec<Problem>,
    /// The options that are left out, and their defaults.
    defaults: Vec<String>,
}

impl<'a, 'c> Options<'a, 'c> {
    pub fn new(
        section: Section<'a>,
        call: &'c mut ImportedCall,
        problems: &'c mut Vec<Problem>,
    ) -> Self {
        Self { section, call, problems, defaults: Vec::new() }
    }

    /// Adds a guard, and notes which of its options the library's defaults decide, or that the handler
    /// has the strategy although it is not configured.
    pub fn guard(self, key: &'static str, value: Carried, Origin(handler): Origin) {
        let defaults = self.defaults.join(", ");
        if !self.section.is_there() {
            let text = format!("not configured, but the {handler} handler has one: {defaults}");
            self.call.assume(self.section.path(), text);
        } else if !defaults.is_empty() {
            self.call.assume(self.section.path(), format!("by default, {defaults}"));
        }
        self.call.guard(key, value);
    }

    /// A value for a scenario that was made of an option, or of its default.
    pub fn carried(&self, key: &str, value: impl Into<Carried>) -> Carried {
        value.into().made_of(self.section.origin(key))
    }

    /// True if an option is written.
    pub fn has(&self, key: &str) -> bool {
        self.section.has(key)
    }

    /// Notes that an option is left to its default.
    pub fn default(&mut self, key: &str, value: impl Display) {
        self.defaults.push(format!("{key} {value}"));
    }

    /// The default of an option that is left out.
    pub fn default_value<T: Display>(&mut self, key: &str, value: T) -> T {
        self.default(key, &value);
        value
    }

    /// The same options, or those below a key if there are any.
    pub fn within(self, key: &str) -> Self {
        let inner = self.section.section(key);
        if inner.is_there() { Self { section: inner, ..self } } else { self }
    }

    /// Adds a remark on an option.
    pub fn remark(&mut self, key: &str, text: &str) {
        self.call.remark(below(self.section.path(), key), text);
    }

    /// An option that is a `TimeSpan`.
    pub fn span(&mut self, key: &str, range: RangeInclusive<SimDuration>) -> Option<SimDuration> {
        let (text, TimeSpan { is_negative, length }) = self.time_span(key)?;
        let span = length.within().filter(|span| !is_negative && range.contains(span));
        if span.is_none() {
            let sign = if is_negative { "-" } else { "" };
            let (from, to) = range.into_inner();
            self.out_of_range(key, &format!("{text}, which is {sign}{length}"), &from, &to);
        }
        span
    }

    /// An option that is a `TimeSpan` of any size, and its text.
    pub fn time_span(&mut self, key: &str) -> Option<(String, TimeSpan)> {
        let text = self.section.text(key)?;
        let parsed = TimeSpan::parse(&text);
        if parsed.is_none() {
            let what = "a TimeSpan: write `hh:mm:ss.fff`";
            self.unreadable(key, &text, what);
        }
        Some((text, parsed?))
    }

    /// An option that is a whole number.
    pub fn count(&mut self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let text = self.section.text(key)?;
        let Ok(number) = text.trim().parse::<i64>() else {
            self.unreadable(key, &text, "a whole number");
            return None;
        };
        let count = u32::try_from(number).ok().filter(|count| range.contains(count));
        if count.is_none() {
            let (from, to) = range.into_inner();
            self.out_of_range(key, &text, &from, &to);
        }
        count
    }

    /// An option that is a share from 0 to 1.
    pub fn ratio(&mut self, key: &str) -> Option<f64> {
        let text = self.section.text(key)?;
        let Ok(number) = text.trim().parse::<f64>() else {
            self.unreadable(key, &text, "a number");
            return None;
        };
        let is_share = (0.0..=1.0).contains(&number);
        if !is_share {
            self.out_of_range(key, &text, &0, &1);
        }
        is_share.then_some(number)
    }

    /// An option that is true or false.
    pub fn flag(&mut self, key: &str) -> Option<bool> {
        let text = self.section.text(key)?;
        let flag = text.trim().to_lowercase().parse().ok();
        if flag.is_none() {
            self.unreadable(key, &text, "true or false");
        }
        flag
    }

    /// An option with names for its values, which .NET also takes by their number.
    pub fn name(&mut self, key: &str, names: &[&'static str]) -> Option<&'static str> {
        let text = self.section.text(key)?;
        let by_number = text.trim().parse::<usize>().ok().and_then(|number| names.get(number));
        let by_name = || names.iter().find(|name| name.eq_ignore_ascii_case(text.trim()));
        let name = by_number.or_else(by_name).copied();
        if name.is_none() {
            self.unreadable(key, &text, &format!("one of {}", names.join(", ")));
        }
        name
    }

    fn unreadable(&mut self, key: &str, text: &str, wanted: &str) {
        let path = below(self.section.path(), key);
        self.problem(key, format!("`{path}` is {text}, which is not {wanted}"));
    }

    fn out_of_range(&mut self, key: &str, text: &str, from: &dyn Display, to: &dyn Display) {
        let path = below(self.section.path(), key);
        self.problem(key, format!("`{path}` is {text}; it must be from {from} to {to}"));
    }

    fn problem(&mut self, key: &str, message: String) {
        let problem = Problem::error(message, self.section.place(key))
            .with_help("the application would not start with it");
        self.problems.push(problem);
    }
}

/// The handler that a strategy belongs to: `standard`, `standard hedging`.
#[derive(Clone, Copy)]
pub(super) struct Origin(pub &'static str);
