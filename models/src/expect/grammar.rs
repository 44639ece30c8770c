//! The sentences under `expect:`, before their names mean anything.
//!
//! ```text
//! expectation = "no request is lost"
//!             | "order:" event { "," [ "then" ] event }
//!             | event [ times ] [ window ]
//!             | figure "of" target ( "is" | "stays" ) bound [ window ]
//!             | figure "of" target "is back to" share "of normal" window
//! ```

use std::ops::Range;

use winnow::Parser;
use winnow::combinator::{alt, eof, opt, preceded};
use winnow::error::{AddContext, ParserError};
use winnow::stream::Stream;
use winnow::token::{literal, take_while};

use super::sentence::{
    FaultNumber, Sentence, Subject, Target, Unreadable, Value, Verb, WindowKind, WrittenBound,
    WrittenCondition, WrittenEvent, WrittenFigure, WrittenReading, WrittenWindow,
};
use crate::Outcome;
use crate::language::quantity::{Duration, Factor, Rate, Share};
use crate::observe::figures::figure_names;
use crate::resilience::circuit_breaker::BreakerState;

/// Reads one sentence.
///
/// # Errors
/// The furthest place that makes no sense, and everything that could stand there.
pub(crate) fn read<'a>(text: &'a str) -> Result<Sentence, Unreadable> {
    let mut reader = text;
    let ended = |input: &mut &'a str| (spaces, eof).void().context(END).parse_next(input);
    let mut sentence = alt((
        (keyword("no request is lost"), ended).value(Sentence::NothingLost),
        (preceded(keyword("order:"), |input: &mut &'a str| order(text, input)), ended)
            .map(|(events, ())| Sentence::InOrder(events)),
        |input: &mut &'a str| figure_sentence(text, input),
        |input: &mut &'a str| happens(text, input),
    ));
    sentence.parse_next(&mut reader).map_err(|error: Expected| error.explained(text))
}

/// Reads one condition.
///
/// # Errors
/// The furthest place that makes no sense, and everything that could stand there.
pub(crate) fn read_condition<'a>(text: &'a str) -> Result<WrittenCondition, Unreadable> {
    let state = alt((
        keyword("is open").value(BreakerState::Open),
        keyword("is half-open").value(BreakerState::HalfOpen),
        keyword("is closed").value(BreakerState::Closed),
    ));
    let breaker = preceded(keyword("breaker"), |input: &mut &'a str| target(text, input));
    let breaker_is =
        (breaker, state).map(|(target, state)| WrittenCondition::BreakerIs(target, state));
    let figure = |input: &mut &'a str| {
        let (figure, of) = figure_of(text, input)?;
        let over = opt(preceded(keyword("over"), duration)).parse_next(input)?;
        keyword("is").parse_next(input)?;
        let (bound, at) = placed(text, input, |input: &mut &'a str| bound(input, false))?;
        Ok(WrittenCondition::Figure {
            figure: WrittenFigure { figure: figure.0, of, at: figure.1 },
            over,
            bound: WrittenBound { relation: bound.0, value: bound.1, at },
        })
    };
    let mut reader = text;
    let ended = |input: &mut &'a str| (spaces, eof).void().context(END).parse_next(input);
    (alt((breaker_is, figure)), ended)
        .map(|(condition, ())| condition)
        .parse_next(&mut reader)
        .map_err(|error: Expected| error.explained(text))
}

/// The share of what was normal that counts as recovered, if it is not said.
const RECOVERED: f64 = 0.95;

/// Reads what is to be measured.
///
/// # Errors
/// The furthest place that makes no sense, and everything that could stand there.
pub(crate) fn read_reading<'a>(text: &'a str) -> Result<WrittenReading, Unreadable> {
    let ended = |input: &mut &'a str| (spaces, eof).void().context(END).parse_next(input);
    let written = |input: &mut &'a str| {
        let ((figure, at), of) = figure_of(text, input)?;
        Ok(WrittenFigure { figure, of, at })
    };
    let recovery = |input: &mut &'a str| {
        keyword("recovery of").parse_next(input)?;
        let figure = written(input)?;
        let share = opt((preceded((keyword("to"), spaces), share_value), keyword("of normal")))
            .parse_next(input)?;
        let window = window(text, input)?;
        ended(input)?;
        Ok(WrittenReading::Recovery {
            figure,
            share: share.map_or(RECOVERED, |(share, ())| share),
            window,
        })
    };
    let figure = |input: &mut &'a str| {
        let figure = written(input)?;
        Ok(WrittenReading::Figure { figure, window: window_or_end(text, input)? })
    };
    let cost = (keyword("cost"), ended).value(WrittenReading::Cost);
    let mut reader = text;
    alt((cost, recovery, figure))
        .parse_next(&mut reader)
        .map_err(|error: Expected| error.explained(text))
}

/// What could stand at the furthest place reached; `left` bytes were left there.
#[derive(Clone, Debug, PartialEq)]
struct Expected {
    left: usize,
    words: Vec<&'static str>,
}

/// The end of the sentence, as something that could stand somewhere.
const END: &str = "the end";

impl Expected {
    fn explained(mut self, text: &str) -> Unreadable {
        let offset = text.len() - self.left;
        let start = offset + (text[offset..].len() - text[offset..].trim_start().len());
        let word = text[start..].split([' ', ',']).next().unwrap_or_default();
        let mut seen = Vec::new();
        self.words.retain(|word| {
            !seen.contains(word) && {
                seen.push(word);
                true
            }
        });
        Unreadable { at: start..start + word.len(), expected: self.words }
    }
}

impl<'a> ParserError<&'a str> for Expected {
    type Inner = Self;

    fn from_input(input: &&'a str) -> Self {
        Self { left: input.len(), words: Vec::new() }
    }

    fn or(mut self, mut other: Self) -> Self {
        match self.left.cmp(&other.left) {
            std::cmp::Ordering::Less => self,
            std::cmp::Ordering::Greater => other,
            std::cmp::Ordering::Equal => {
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

type Read<T> = Result<T, Expected>;

fn spaces(input: &mut &str) -> Read<()> {
    take_while(0.., char::is_whitespace).void().parse_next(input)
}

/// A word or a phrase, to its end.
fn keyword<'a>(phrase: &'static str) -> impl Parser<&'a str, (), Expected> {
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

/// A name; `->` is no part of it.
fn name<'a>(input: &mut &'a str) -> Read<&'a str> {
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

/// A parser with the place of what it has read, leading spaces excluded.
fn placed<'a, T>(
    text: &'a str,
    input: &mut &'a str,
    mut parser: impl Parser<&'a str, T, Expected>,
) -> Read<(T, Range<usize>)> {
    let before = *input;
    let read = parser.parse_next(input)?;
    let start = offset(text, before.trim_start());
    Ok((read, start..offset(text, input).max(start)))
}

fn target<'a>(text: &'a str, input: &mut &'a str) -> Read<Target> {
    let parts = |input: &mut &'a str| {
        let first = name.context("a name").parse_next(input)?;
        let number = opt(preceded('#', take_while(1.., char::is_numeric))).parse_next(input)?;
        let callee = opt(preceded((spaces, "->"), name.context("the name of a callee")))
            .parse_next(input)?;
        let part = opt(preceded('.', name.context("a kind of pool"))).parse_next(input)?;
        Ok((first, number, callee, part))
    };
    let ((first, number, callee, part), at) = placed(text, input, parts)?;
    Ok(Target {
        name: first.to_owned(),
        callee: callee.map(str::to_owned),
        part: part.map(str::to_owned),
        number: number.and_then(|number: &str| number.parse().ok()),
        is_queue: false,
        at,
    })
}

fn fault_number(input: &mut &str) -> Read<FaultNumber> {
    let number = opt(preceded(spaces, take_while(1.., char::is_numeric))).parse_next(input)?;
    // `fault 1` is the first; nobody has so many that the number does not fit.
    Ok(number.map(|number| number.parse::<usize>().unwrap_or(usize::MAX).wrapping_sub(1)))
}

fn breaker_verb(input: &mut &str) -> Read<Verb> {
    alt((
        keyword("opens").value(Verb::Opens),
        keyword("half-opens").value(Verb::HalfOpens),
        keyword("closes").value(Verb::Closes),
    ))
    .parse_next(input)
}

fn pool_verb(input: &mut &str) -> Read<Verb> {
    alt((keyword("saturates").value(Verb::Saturates), keyword("overflows").value(Verb::Overflows)))
        .parse_next(input)
}

fn instance_verb(input: &mut &str) -> Read<Verb> {
    alt((
        keyword("is ejected").value(Verb::IsEjected),
        keyword("is readmitted").value(Verb::IsReadmitted),
        keyword("goes down").value(Verb::GoesDown),
    ))
    .parse_next(input)
}

fn queue_verb(input: &mut &str) -> Read<Verb> {
    alt((keyword("piles up").value(Verb::PilesUp), keyword("drains").value(Verb::Drains)))
        .parse_next(input)
}

fn service_verb(input: &mut &str) -> Read<Verb> {
    let number = preceded(spaces, take_while(1.., char::is_numeric))
        .verify_map(|digits: &str| digits.parse().ok());
    alt((
        preceded(keyword("scales to"), number.context("a number of instances")).map(Verb::ScalesTo),
        keyword("runs out of memory").value(Verb::RunsOutOfMemory),
    ))
    .parse_next(input)
}

fn alert_verb(input: &mut &str) -> Read<Verb> {
    alt((keyword("fires").value(Verb::Fires), keyword("is resolved").value(Verb::IsResolved)))
        .parse_next(input)
}

fn experiment_verb(input: &mut &str) -> Read<(Verb, bool)> {
    alt((
        keyword("is called off").value((Verb::IsCalledOff, false)),
        keyword("is never called off").value((Verb::IsCalledOff, true)),
    ))
    .parse_next(input)
}

fn fault_verb(input: &mut &str) -> Read<Verb> {
    alt((keyword("begins").value(Verb::Begins), keyword("ends").value(Verb::Ends)))
        .parse_next(input)
}

/// `never` before a verb, or `is never ejected`: not once.
fn event<'a>(text: &'a str, input: &mut &'a str) -> Read<(WrittenEvent, bool)> {
    let both = |input: &mut &'a str| {
        alt((
            (subject_breaker(text), denied(breaker_verb)),
            (
                subject_instance(text),
                alt((
                    denied(instance_verb),
                    keyword("is never ejected").value((Verb::IsEjected, true)),
                )),
            ),
            (subject_queue(text), denied(queue_verb)),
            (subject_alert(text), denied(alert_verb)),
            (keyword("experiment").value(Subject::Experiment), experiment_verb),
            (subject_fault, fault_verb.map(|verb| (verb, false))),
            (
                subject_outage(text),
                opt(alt((keyword("never happens").value(true), keyword("happens").value(false))))
                    .map(|never| (Verb::GoesOut, never == Some(true))),
            ),
            (subject_pool(text), alt((denied(pool_verb), is_saturated, denied(service_verb)))),
        ))
        .parse_next(input)
    };
    let ((subject, (verb, never)), at) = placed(text, input, both)?;
    Ok((WrittenEvent { subject, verb, at }, never))
}

fn subject_breaker<'a>(text: &'a str) -> impl Parser<&'a str, Subject, Expected> {
    preceded(keyword("breaker"), move |input: &mut &'a str| target(text, input))
        .map(Subject::Breaker)
}

fn subject_instance<'a>(text: &'a str) -> impl Parser<&'a str, Subject, Expected> {
    preceded(keyword("instance"), move |input: &mut &'a str| target(text, input))
        .map(Subject::Instance)
}

fn subject_alert<'a>(text: &'a str) -> impl Parser<&'a str, Subject, Expected> {
    preceded(keyword("alert"), move |input: &mut &'a str| target(text, input)).map(Subject::Alert)
}

fn subject_queue<'a>(text: &'a str) -> impl Parser<&'a str, Subject, Expected> {
    preceded(keyword("queue"), move |input: &mut &'a str| target(text, input)).map(Subject::Queue)
}

fn subject_fault(input: &mut &str) -> Read<Subject> {
    preceded(keyword("fault"), fault_number).map(Subject::Fault).parse_next(input)
}

fn subject_outage<'a>(text: &'a str) -> impl Parser<&'a str, Subject, Expected> {
    preceded(keyword("outage of"), move |input: &mut &'a str| target(text, input))
        .map(Subject::Workload)
}

fn subject_pool<'a>(text: &'a str) -> impl Parser<&'a str, Subject, Expected> {
    preceded(opt(keyword("pool")), move |input: &mut &'a str| target(text, input))
        .map(Subject::Pool)
}

fn denied<'a>(
    mut verb: impl Parser<&'a str, Verb, Expected>,
) -> impl Parser<&'a str, (Verb, bool), Expected> {
    move |input: &mut &'a str| {
        let never = opt(keyword("never")).parse_next(input)?;
        // `never opens` and `opens`: the denial is put before the bare form.
        let verb = match never {
            Some(()) => verb.parse_next(input)?,
            None => verb.parse_next(input).map_err(|error: Expected| Expected {
                words: [error.words, vec!["never"]].concat(),
                ..error
            })?,
        };
        Ok((verb, never.is_some()))
    }
}

fn is_saturated(input: &mut &str) -> Read<(Verb, bool)> {
    alt((
        keyword("is saturated").value((Verb::Saturates, false)),
        keyword("is never saturated").value((Verb::Saturates, true)),
    ))
    .parse_next(input)
}

/// Events one after the other; one without a verb takes that of the one before, one without a
/// subject its subject.
fn order<'a>(text: &'a str, input: &mut &'a str) -> Read<Vec<WrittenEvent>> {
    let mut events = vec![event(text, input)?.0];
    let and_then = |input: &mut &'a str| {
        alt(((keyword(","), opt(keyword("then"))).void(), keyword("then"))).parse_next(input)
    };
    while opt(and_then).parse_next(input)?.is_some() {
        let last = events[events.len() - 1].clone();
        let verb_alone = |input: &mut &'a str| {
            let (verb, at) = placed(
                text,
                input,
                alt((breaker_verb, fault_verb, instance_verb, pool_verb, queue_verb, alert_verb)),
            )?;
            Ok(WrittenEvent { subject: last.subject.clone(), verb, at })
        };
        let subject_alone = |input: &mut &'a str| {
            let of = target(text, input)?;
            let at = of.at.clone();
            let subject = match last.subject {
                Subject::Breaker(_) => Subject::Breaker(of),
                Subject::Workload(_) => Subject::Workload(of),
                Subject::Instance(_) => Subject::Instance(of),
                Subject::Queue(_) => Subject::Queue(of),
                Subject::Alert(_) => Subject::Alert(of),
                Subject::Pool(_) | Subject::Fault(_) | Subject::Experiment => Subject::Pool(of),
            };
            Ok(WrittenEvent { subject, verb: last.verb, at })
        };
        let next = alt((
            |input: &mut &'a str| event(text, input).map(|(event, _)| event),
            verb_alone,
            subject_alone,
        ))
        .parse_next(input)?;
        events.push(next);
    }
    Ok(events)
}

fn happens<'a>(text: &'a str, input: &mut &'a str) -> Read<Sentence> {
    let (event, never) = event(text, input)?;
    let times =
        |input: &mut &'a str| if never { Ok(super::Times::Exactly(0)) } else { times(input) };
    let (times, window) = alt((
        (times, |input: &mut &'a str| window_or_end(text, input)),
        (|input: &mut &'a str| window_or_end(text, input))
            .map(|window| (super::Times::AtLeast(1), window)),
    ))
    .parse_next(input)?;
    Ok(Sentence::Happens { event, times, window })
}

fn count(input: &mut &str) -> Read<u64> {
    let digits = preceded(spaces, take_while(1.., char::is_numeric))
        .verify_map(|digits: &str| digits.parse().ok());
    alt((
        keyword("once").value(1),
        keyword("twice").value(2),
        (digits.context("a number"), keyword("times")).map(|(number, ())| number),
    ))
    .parse_next(input)
}

fn times(input: &mut &str) -> Read<super::Times> {
    alt((
        preceded(opt(keyword("exactly")), count).map(super::Times::Exactly),
        preceded(keyword("at least"), count).map(super::Times::AtLeast),
        preceded(keyword("at most"), count).map(super::Times::AtMost),
    ))
    .parse_next(input)
}

/// The name of a figure, or the outcome that is counted: `timeouts`, `rejected by breaker`. Where
/// one name begins another, the longer one is meant.
fn figure_name(input: &mut &str) -> Read<String> {
    let mut furthest = Expected::from_input(input);
    let mut longest = (0, "");
    let text = input.trim_start();
    for name in figure_names() {
        match keyword(name).parse_next(&mut { *input }) {
            Ok(()) => longest = longest.max((name.len(), name)),
            Err(error) => furthest = furthest.or(error),
        }
    }
    for name in Outcome::ALL.map(Outcome::name) {
        for written in [format!("{name}s"), name.to_owned()] {
            if text.strip_prefix(written.as_str()).is_some_and(|rest| rest.starts_with(' ')) {
                longest = longest.max((written.len(), name));
            }
        }
    }
    match longest {
        (0, _) => Err(furthest),
        (length, name) => {
            spaces(input)?;
            input.next_slice(length);
            Ok(name.to_owned())
        }
    }
}

/// A figure and what it is of, with its place.
fn figure_of<'a>(text: &'a str, input: &mut &'a str) -> Read<((String, Range<usize>), Target)> {
    let figure = placed(text, input, figure_name)?;
    keyword("of").parse_next(input)?;
    let is_queue = opt(keyword("queue")).parse_next(input)?.is_some();
    Ok((figure, Target { is_queue, ..target(text, input)? }))
}

fn figure_sentence<'a>(text: &'a str, input: &mut &'a str) -> Read<Sentence> {
    let ((figure, figure_at), of) = figure_of(text, input)?;
    let figure = WrittenFigure { figure, of, at: figure_at };
    if opt(keyword("is back to")).parse_next(input)?.is_some() {
        let share = preceded(spaces, share_value).parse_next(input)?;
        keyword("of normal").parse_next(input)?;
        let window = window(text, input)?;
        (spaces, eof).void().context(END).parse_next(input)?;
        return Ok(Sentence::Back { figure, share, window });
    }
    let is_throughout =
        alt((keyword("is").value(false), keyword("stays").value(true), keyword("=").value(false)));
    let before_relation = *input;
    let is_throughout = is_throughout.context("is` or `stays").parse_next(input)?;
    let is_equation = before_relation.trim_start().starts_with('=');
    let (bound, at) = placed(text, input, |input: &mut &'a str| bound(input, is_equation))?;
    let window = window_or_end(text, input)?;
    let bound = WrittenBound { relation: bound.0, value: bound.1, at };
    Ok(Sentence::Figure { figure, is_throughout, bound, window })
}

fn bound(input: &mut &str, is_equation: bool) -> Read<(super::Relation, Value)> {
    use super::Relation;
    let relation = alt((
        keyword("at least").value(Relation::AtLeast),
        keyword("at most").value(Relation::AtMost),
        keyword("above").value(Relation::Above),
        keyword("below").value(Relation::Below),
        keyword("exactly").value(Relation::Exactly),
    ));
    let relation = if is_equation {
        Relation::Exactly
    } else {
        opt(relation).parse_next(input)?.unwrap_or(Relation::Exactly)
    };
    let value = preceded(spaces, value)
        .context("a value such as 99%, 400ms, 100/s, 3x or 5")
        .parse_next(input)?;
    Ok((relation, value))
}

fn value(input: &mut &str) -> Read<Value> {
    let word = take_while(1.., |c: char| !c.is_whitespace() && c != ',');
    word.verify_map(|word: &str| {
        let number = || word.parse::<f64>().ok().filter(|number| number.is_finite());
        let share = || word.parse::<Share>().ok().map(|Share(share)| Value::Share(share));
        let time =
            || word.parse::<Duration>().ok().map(|Duration(span)| Value::Time(span.as_secs_f64()));
        let rate = || word.parse::<Rate>().ok().map(|Rate(rate)| Value::Rate(rate));
        let factor = || word.parse::<Factor>().ok().map(|Factor(factor)| Value::Factor(factor));
        share().or_else(time).or_else(rate).or_else(factor).or_else(|| number().map(Value::Count))
    })
    .parse_next(input)
}

fn share_value(input: &mut &str) -> Read<f64> {
    value
        .verify_map(|value| if let Value::Share(share) = value { Some(share) } else { None })
        .context("a share such as 95%")
        .parse_next(input)
}

fn duration(input: &mut &str) -> Read<sim_core::SimDuration> {
    let word = take_while(1.., |c: char| !c.is_whitespace() && c != ',');
    let span =
        word.verify_map(|word: &str| word.parse::<Duration>().ok().map(|Duration(span)| span));
    preceded(spaces, span).context("a duration such as 30s").parse_next(input)
}

fn window<'a>(text: &'a str, input: &mut &'a str) -> Read<WrittenWindow> {
    let (kind, at) = placed(text, input, window_kind)?;
    Ok(WrittenWindow { kind, at })
}

fn window_kind(input: &mut &str) -> Read<WindowKind> {
    let within = |input: &mut &str| {
        let span = preceded(keyword("within"), duration).parse_next(input)?;
        alt((
            preceded(keyword("of fault"), fault_number)
                .map(|fault| WindowKind::WithinOfFault(span, fault)),
            preceded(keyword("after fault"), fault_number)
                .map(|fault| WindowKind::WithinAfterFault(span, fault)),
        ))
        .parse_next(input)
    };
    alt((
        preceded(keyword("during fault"), fault_number).map(WindowKind::DuringFault),
        preceded(keyword("before fault"), fault_number).map(WindowKind::BeforeFault),
        preceded(keyword("after fault"), fault_number).map(WindowKind::AfterFault),
        within,
        (preceded(keyword("from"), duration), preceded(keyword("to"), duration))
            .map(|(from, to)| WindowKind::Between(from, to)),
        preceded(alt((keyword("by"), keyword("before"))), duration).map(WindowKind::Before),
        preceded(keyword("after"), duration).map(WindowKind::After),
    ))
    .parse_next(input)
}

/// A window, or nothing more.
fn window_or_end<'a>(text: &'a str, input: &mut &'a str) -> Read<Option<WrittenWindow>> {
    alt((
        (|input: &mut &'a str| window(text, input), (spaces, eof).void().context(END))
            .map(|(window, ())| Some(window)),
        (spaces, eof).void().context(END).value(None),
    ))
    .parse_next(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> (String, Vec<&'static str>) {
        let Unreadable { at, expected } = read(text).expect_err("a mistake");
        (text[at].to_owned(), expected)
    }

    #[test]
    fn sentences_of_every_form_are_read() {
        for text in [
            "no request is lost",
            "breaker c -> d opens within 10s of fault",
            "breaker c -> d never opens",
            "breaker c->d opens exactly 3 times during fault 2",
            "availability of web is at least 99% during fault",
            "goodput of web is back to 95% of normal within 30s after fault",
            "p99 of web stays below 400ms",
            "p99.9 of web is at most 2s after fault",
            "pool b.threads is never saturated",
            "c -> d.permits saturates before 2m",
            "order: d.threads saturates, then c.threads saturates, then gateway",
            "order: breaker a -> b opens, then half-opens then closes",
            "order: fault begins, outage of web, fault ends",
            "timeouts of a -> b = 0 from 1m to 2m",
            "rejected by breaker of a -> b is above 100",
            "amplification of a -> b is at most 1.5x",
            "instance api#3 is ejected once",
            "outage of web never happens",
        ] {
            assert!(read(text).is_ok(), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn a_mistake_is_found_at_its_word_with_what_could_stand_there() {
        let (word, expected) = mistake("breaker c -> d opns within 10s of fault");
        assert!(
            word == "opns" && expected.contains(&"opens") && expected.contains(&"never"),
            "{word} {expected:?}"
        );
        let (word, expected) = mistake("breaker c -> d opens wihtin 10s of fault");
        assert!(
            word == "wihtin" && expected.contains(&"within") && expected.contains(&"at least"),
            "{word} {expected:?}"
        );
        let (word, expected) = mistake("availability of web is at least 99% durng fault");
        assert!(word == "durng" && expected.contains(&"during fault"), "{word} {expected:?}");
        let (word, expected) = mistake("p99 of web stays below fast");
        assert!(word == "fast" && expected[0].contains("400ms"), "{word} {expected:?}");
        assert_eq!(mistake("p99 of web stays").0, "");
    }

    #[test]
    fn in_an_order_what_is_left_out_is_as_before() {
        let Ok(Sentence::InOrder(events)) =
            read("order: d.threads saturates, then c.threads, then gateway")
        else {
            panic!("an order")
        };
        let subjects: Vec<&str> =
            events
                .iter()
                .map(|event| {
                    if let Subject::Pool(target) = &event.subject {
                        target.name.as_str()
                    } else {
                        ""
                    }
                })
                .collect();
        assert_eq!(subjects, ["d", "c", "gateway"]);
        assert!(events.iter().all(|event| event.verb == Verb::Saturates));
    }
}
