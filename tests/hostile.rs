//! Texts that would do something to whoever reads them: to a terminal, a spreadsheet, a parser, a shell or a folder.
//!
//! `texts` has the table of them, `places` where a scenario may have them, `outputs` what is shown of a run,
//! `elsewhere` texts that no scenario holds, `readers` the parsers that everything has to pass,
//! and `terminal` a terminal.

mod elsewhere;
mod outputs;
mod places;
mod readers;
mod terminal;
mod texts;
