//! Events, and the order and the number of times in which they happen.

use winnow::Parser;
use winnow::combinator::{alt, opt, preceded};
use winnow::token::take_while;

use super::parsing::{Expected, Read, keyword, placed, spaces};
use super::target::target;
use super::verb::{
    alert_verb, breaker_verb, denied, experiment_verb, fault_verb, instance_verb, is_saturated,
    never_of_alert, outage_verb, pool_verb, queue_verb, service_verb,
};
use super::window::{fault_number, window_or_end};
use crate::expect::Times;
use crate::expect::sentence::{Sentence, Verb, WrittenEvent, WrittenSubject, WrittenTarget};

/// An event; with true if it must never happen.
fn event<'a>(text: &'a str, input: &mut &'a str) -> Read<(WrittenEvent, bool)> {
    let instance_verb =
        || alt((denied(instance_verb), keyword("is never ejected").value((Verb::IsEjected, true))));
    let both = |input: &mut &'a str| {
        alt((
            (named(text, "breaker", WrittenSubject::Breaker), denied(breaker_verb)),
            (named(text, "instance", WrittenSubject::Instance), instance_verb()),
            (named(text, "queue", WrittenSubject::Queue), denied(queue_verb)),
            (named(text, "link", WrittenSubject::Link), denied(pool_verb)),
            (
                named(text, "alert", WrittenSubject::Alert),
                alt((denied(alert_verb), never_of_alert)),
            ),
            (keyword("experiment").value(WrittenSubject::Experiment), experiment_verb),
            (fault, fault_verb.map(|verb| (verb, false))),
            (named(text, "outage of", WrittenSubject::Workload), outage_verb),
            (pool(text), alt((denied(pool_verb), is_saturated, denied(service_verb)))),
        ))
        .parse_next(input)
    };
    let ((subject, (verb, is_denied)), at) = placed(text, input, both)?;
    Ok((WrittenEvent { subject, verb, at }, is_denied))
}

/// A thing after the word that says its kind.
fn named<'a>(
    text: &'a str,
    kind: &'static str,
    subject: fn(WrittenTarget) -> WrittenSubject,
) -> impl Parser<&'a str, WrittenSubject, Expected> {
    preceded(keyword(kind), move |input: &mut &'a str| target(text, input)).map(subject)
}

fn fault(input: &mut &str) -> Read<WrittenSubject> {
    preceded(keyword("fault"), fault_number).map(WrittenSubject::Fault).parse_next(input)
}

fn pool<'a>(text: &'a str) -> impl Parser<&'a str, WrittenSubject, Expected> {
    preceded(opt(keyword("pool")), move |input: &mut &'a str| target(text, input))
        .map(WrittenSubject::Pool)
}

/// Events one after the other. An event without a verb has that of the one before; a verb without a
/// subject has its subject.
pub(super) fn order<'a>(text: &'a str, input: &mut &'a str) -> Read<Vec<WrittenEvent>> {
    let mut events = vec![event(text, input)?.0];
    let and_then = |input: &mut &'a str| {
        alt(((keyword(","), opt(keyword("then"))).void(), keyword("then"))).parse_next(input)
    };
    while opt(and_then).parse_next(input)?.is_some() {
        let last = &events[events.len() - 1];
        let next = alt((
            |input: &mut &'a str| event(text, input).map(|(event, _)| event),
            |input: &mut &'a str| verb_alone(text, last, input),
            |input: &mut &'a str| subject_alone(text, last, input),
        ))
        .parse_next(input)?;
        events.push(next);
    }
    Ok(events)
}

fn verb_alone<'a>(text: &'a str, last: &WrittenEvent, input: &mut &'a str) -> Read<WrittenEvent> {
    let verb = alt((breaker_verb, fault_verb, instance_verb, pool_verb, queue_verb, alert_verb));
    let (verb, at) = placed(text, input, verb)?;
    Ok(WrittenEvent { subject: last.subject.clone(), verb, at })
}

fn subject_alone<'a>(
    text: &'a str,
    last: &WrittenEvent,
    input: &mut &'a str,
) -> Read<WrittenEvent> {
    let of = target(text, input)?;
    let at = of.at.clone();
    let subject = match last.subject {
        WrittenSubject::Breaker(_) => WrittenSubject::Breaker(of),
        WrittenSubject::Workload(_) => WrittenSubject::Workload(of),
        WrittenSubject::Instance(_) => WrittenSubject::Instance(of),
        WrittenSubject::Queue(_) => WrittenSubject::Queue(of),
        WrittenSubject::Link(_) => WrittenSubject::Link(of),
        WrittenSubject::Alert(_) => WrittenSubject::Alert(of),
        WrittenSubject::Pool(_) | WrittenSubject::Fault(_) | WrittenSubject::Experiment => {
            WrittenSubject::Pool(of)
        }
    };
    Ok(WrittenEvent { subject, verb: last.verb, at })
}

/// A sentence that something happens, or that it never does.
pub(super) fn happens<'a>(text: &'a str, input: &mut &'a str) -> Read<Sentence> {
    let (event, is_denied) = event(text, input)?;
    let times = |input: &mut &'a str| if is_denied { Ok(Times::Exactly(0)) } else { times(input) };
    let (times, window) = alt((
        (times, |input: &mut &'a str| window_or_end(text, input)),
        (|input: &mut &'a str| window_or_end(text, input))
            .map(|window| (Times::AtLeast(1), window)),
    ))
    .parse_next(input)?;
    Ok(Sentence::Happens { event, times, window })
}

/// A number of times: `once`, `3 times`.
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

fn times(input: &mut &str) -> Read<Times> {
    alt((
        preceded(opt(keyword("exactly")), count).map(Times::Exactly),
        preceded(keyword("at least"), count).map(Times::AtLeast),
        preceded(keyword("at most"), count).map(Times::AtMost),
    ))
    .parse_next(input)
}
