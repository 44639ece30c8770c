//! Sentences under `expect:`.

use winnow::Parser;
use winnow::combinator::{alt, opt, preceded};
use winnow::token::take_while;

use super::event::{happens, order};
use super::figure::figure_of;
use super::parsing::{Expected, Read, end, keyword, placed, spaces};
use super::value::{bound, share};
use super::window::{window, window_or_end};
use crate::expect::Throughout;
use crate::expect::sentence::{Sentence, Unreadable, WrittenHealing};

/// Reads a sentence.
///
/// # Errors
/// Returns the furthest place reached, and everything that could stand there.
pub(crate) fn read<'a>(text: &'a str) -> Result<Sentence, Unreadable> {
    let mut reader = text;
    let mut sentence = alt((
        (keyword("no request is lost"), end).value(Sentence::NothingLost),
        (preceded(keyword("order:"), |input: &mut &'a str| order(text, input)), end)
            .map(|(events, ())| Sentence::InOrder(events)),
        (preceded(keyword("heals up to"), |input: &mut &'a str| healing(text, input)), end)
            .map(|(healing, ())| Sentence::Heals(healing)),
        |input: &mut &'a str| figure_sentence(text, input),
        |input: &mut &'a str| happens(text, input),
    ));
    sentence.parse_next(&mut reader).map_err(|error: Expected| error.explained(text))
}

/// A load, and the trigger after which a system heals.
fn healing<'a>(text: &'a str, input: &mut &'a str) -> Read<WrittenHealing> {
    let word = |input: &mut &'a str| {
        preceded(spaces, take_while(1.., |c: char| !c.is_whitespace())).parse_next(input)
    };
    let load = |input: &mut &'a str| word.context("a load such as 400/s").parse_next(input);
    let (load, at) = placed(text, input, load)?;
    let trigger = if opt(keyword("after")).parse_next(input)?.is_some() {
        let size = |input: &mut &'a str| {
            word.context("the size or length of the trigger, such as 20s").parse_next(input)
        };
        let (trigger, at) = placed(text, input, size)?;
        Some((trigger.to_owned(), at))
    } else {
        None
    };
    Ok(WrittenHealing { load: load.to_owned(), at, trigger })
}

/// A sentence about a figure.
fn figure_sentence<'a>(text: &'a str, input: &mut &'a str) -> Read<Sentence> {
    let figure = figure_of(text, input)?;
    if opt(keyword("is back to")).parse_next(input)?.is_some() {
        let share = preceded(spaces, share).parse_next(input)?;
        keyword("of normal").parse_next(input)?;
        let window = window(text, input)?;
        end(input)?;
        return Ok(Sentence::Back { figure, share, window });
    }
    let mut relation = alt((
        keyword("is").value((Throughout::Window, false)),
        keyword("stays").value((Throughout::EachInterval, false)),
        keyword("=").value((Throughout::Window, true)),
    ))
    .context("is` or `stays");
    let (throughout, is_equation) = relation.parse_next(input)?;
    let bound = bound(text, input, is_equation)?;
    let window = window_or_end(text, input)?;
    Ok(Sentence::Figure { figure, throughout, bound, window })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::sentence::{Verb, WrittenEvent, WrittenSubject};

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
            "heals up to 400/s",
            "heals up to 30 after 5x",
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
        let pool = |event: &WrittenEvent| match &event.subject {
            WrittenSubject::Pool(target) => target.name.clone(),
            other => panic!("{other:?} instead of a pool"),
        };
        assert_eq!(events.iter().map(pool).collect::<Vec<_>>(), ["d", "c", "gateway"]);
        assert!(events.iter().all(|event| event.verb == Verb::Saturates));
    }
}
