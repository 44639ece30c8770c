//! Everything Fusebox shows people and programs: text, JSON, CSV, Parquet, plots, diagnostics.
//!
//! This crate turns records into bytes and writes files. It prints nothing, and the same records
//! give the same bytes.
//!
//! Each report is a folder with the same entry points: `report` is the text for a terminal, `json`
//! the document for programs, and `write_all` puts everything into a folder. [`run`], [`sweep`],
//! [`recommend`] and [`stability`] are such reports; a new analysis adds one folder and one line
//! here. What they share lives beside them: [`documents`] lists the documents with their schemas, [`plot`] draws, `narrate` puts the timeline into words,
//! [`printable`] shows what cannot be seen, `layout` sets pages of a width, `tables` the tables of figures on them, `fitted` tables with sentences, `units` writes numbers, [`edit`] changes values in the text of a scenario, [`files`] writes each file whole
//! or not at all, and [`journal`] adds to a file whatever is done, so that it survives the program.
#![forbid(unsafe_code)]

pub mod diagnostics;
pub mod documents;
pub mod edit;
pub mod exported;
pub mod files;
mod fitted;
pub mod imported;
pub mod journal;
mod json;
mod layout;
mod narrate;
mod palette;
mod paper;
pub mod plot;
pub mod printable;
pub mod recommend;
pub mod run;
pub mod stability;
pub mod sweep;
mod tables;
pub mod testing;
mod units;

pub use palette::Palette;
pub use paper::Paper;
