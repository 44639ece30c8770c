//! What Fusebox shows people and programs: text, JSON, CSV, plots, diagnostics.
//!
//! Everything here turns typed records into bytes; nothing prints, and the same records give the
//! same bytes. Files are written beside their place and renamed into it ([`files`]), so that none
//! is ever half there.
#![forbid(unsafe_code)]

pub mod diagnostics;
pub mod exported;
pub mod files;
pub mod imported;
pub mod json;
mod narrate;
pub mod palette;
pub mod plot;
pub mod recommend;
pub mod run;
pub mod stability;
pub mod sweep;
pub mod tables;
pub mod testing;
pub mod text;
mod units;

pub use palette::Palette;
