//! Changes to values in the text of a scenario that leave everything else byte for byte.
//!
//! [`edited`] finds the places of the values and splices their new spellings in. The text that comes
//! out is read again and must say what the old one said but for these values; where that cannot be
//! had, as with a value that others use by its anchor, the change is refused.

mod change;
mod diff;
mod edited;
mod place;
mod spelling;

pub use diff::unified_diff;
pub use edited::edited;
