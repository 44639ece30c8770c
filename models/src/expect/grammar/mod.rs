//! Reads the sentences under `expect:` and elsewhere, before their names mean anything.
//!
//! ```text
//! expectation = "no request is lost"
//!             | "order:" event { "," [ "then" ] event }
//!             | event [ times ] [ window ]
//!             | figure "of" target ( "is" | "stays" ) bound [ window ]
//!             | figure "of" target "is back to" share "of normal" window
//!             | "heals up to" load [ "after" size ]            (only as a limit)
//!
//! condition   = "breaker" target ( "is open" | "is half-open" | "is closed" )
//!             | figure "of" target [ "over" duration ] "is" bound
//!
//! reading     = "cost"
//!             | "recovery of" figure "of" target [ "to" share "of normal" ] window
//!             | figure "of" target [ window ]
//! ```
//!
//! A mistake is reported at the furthest place reached, with everything that could stand there.

mod condition;
mod event;
mod expectation;
mod figure;
mod parsing;
mod reading;
mod target;
mod value;
mod verb;
mod window;

pub(crate) use condition::read_condition;
pub(crate) use expectation::read;
pub(crate) use reading::read_reading;
