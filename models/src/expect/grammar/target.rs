//! Names of things, as sentences write them: `web`, `b.threads`, `c -> d`, `api#2`.

use winnow::Parser;
use winnow::combinator::{opt, preceded};
use winnow::token::take_while;

use super::parsing::{Read, name, placed, spaces};
use crate::expect::sentence::WrittenTarget;

/// A name, with the parts that say more closely which thing is meant.
pub(super) fn target<'a>(text: &'a str, input: &mut &'a str) -> Read<WrittenTarget> {
    let parts = |input: &mut &'a str| {
        let first = name.context("a name").parse_next(input)?;
        let number = opt(preceded('#', take_while(1.., char::is_numeric))).parse_next(input)?;
        let callee = opt(preceded((spaces, "->"), name.context("the name of a callee")))
            .parse_next(input)?;
        let part = opt(preceded('.', name.context("a kind of pool"))).parse_next(input)?;
        Ok((first, number, callee, part))
    };
    let ((first, number, callee, part), at) = placed(text, input, parts)?;
    Ok(WrittenTarget {
        name: first.to_owned(),
        callee: callee.map(str::to_owned),
        part: part.map(str::to_owned),
        number: number.and_then(|number: &str| number.parse().ok()),
        is_queue: false,
        is_link: false,
        at,
    })
}
