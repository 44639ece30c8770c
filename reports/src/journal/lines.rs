//! Reading a journal line by line.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::record::{DAMAGED, Record};
use super::{JournalError, LineOfFile};

/// The most bytes of a line: as many as a scenario may have, whose lists of values the header repeats.
const MOST_BYTES: u64 = 64 << 20;
/// The reason for which a longer one is refused.
const TOO_LONG: &str = "it is longer than 64 MiB, and no record is";
/// The beginning of every header.
const BEGINNING: &[u8] = b"{\"fusebox\":\"";

/// The lines of a journal, from the first to the last whole one.
#[derive(Debug)]
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    /// The number of the last line that was read, from 1.
    line: usize,
    end: u64,
}

/// The header of a journal, as far as it was written.
pub(crate) enum Head<Header> {
    /// Nothing of it, or less than all: the journal holds nothing.
    CutOff,
    /// All of it, perhaps without the end of its line.
    Whole {
        /// The header.
        header: Header,
        /// True if its line ends.
        has_end: bool,
    },
}

/// The entry of a header that every version can read.
#[derive(Deserialize)]
struct Version {
    fusebox: String,
}

impl Lines {
    /// Opens a journal to read it from the beginning.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = |cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound => JournalError::Missing(path.to_owned()),
            _ => JournalError::Read { path: path.to_owned(), cause },
        };
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is not a file")));
        }
        let reader = BufReader::new(File::open(path).map_err(failed)?);
        Ok(Self { path: path.to_owned(), reader, line: 0, end: 0 })
    }

    /// Reads the header, which is the first line.
    pub fn head<Header: DeserializeOwned>(&mut self) -> Result<Head<Header>, JournalError> {
        let mut line = self.read()?;
        let has_end = line.pop_if(|last| *last == b'\n').is_some();
        if let Ok(Version { fusebox: made }) = serde_json::from_slice(&line)
            && made != env!("CARGO_PKG_VERSION")
        {
            return Err(JournalError::Version { path: self.path.clone(), made });
        }
        let refused = |cause: String| JournalError::Header { path: self.path.clone(), cause };
        match Record::of_line(&line) {
            Some(record) => {
                let header = serde_json::from_slice(&record.json)
                    .map_err(|error| refused(error.to_string()))?;
                self.line = 1;
                self.end = line.len() as u64 + u64::from(has_end);
                Ok(Head::Whole { header, has_end })
            }
            None if !has_end && is_cut_off(&line) => Ok(Head::CutOff),
            None if line.starts_with(BEGINNING) => Err(refused(DAMAGED.to_owned())),
            None => Err(refused("it is not the header of a journal".to_owned())),
        }
    }

    /// Reads the next record; `None` at the end. A last line without an end was being written when the
    /// journal was cut off, and an editor may have left blank lines there: they are not read.
    pub fn record(&mut self) -> Result<Option<Record>, JournalError> {
        let mut follows_blanks = false;
        loop {
            let mut line = self.read()?;
            let length = line.len() as u64;
            if line.pop_if(|last| *last == b'\n').is_none() {
                return Ok(None);
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                follows_blanks = true;
                continue;
            }
            self.line += 1;
            if follows_blanks {
                // Between records, no accident leaves any: somebody has changed the file.
                return Err(self.refused(&DAMAGED));
            }
            self.end += length;
            return Record::of_line(&line).map(Some).ok_or_else(|| self.refused(&DAMAGED));
        }
    }

    /// The line that was read last.
    pub fn place(&self) -> LineOfFile {
        LineOfFile { path: self.path.clone(), line: self.line }
    }

    /// The end of the last whole line, in bytes.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The error that refuses the record that was read last.
    pub fn refused(&self, cause: &dyn fmt::Display) -> JournalError {
        JournalError::Record { at: self.place(), cause: cause.to_string() }
    }

    fn read(&mut self) -> Result<Vec<u8>, JournalError> {
        let mut line = Vec::new();
        let read = self.reader.by_ref().take(MOST_BYTES + 1).read_until(b'\n', &mut line);
        let read = read.map_err(|cause| JournalError::Read { path: self.path.clone(), cause })?;
        if read as u64 <= MOST_BYTES {
            return Ok(line);
        }
        let (path, cause) = (self.path.clone(), TOO_LONG.to_owned());
        Err(match self.line {
            0 => JournalError::Header { path, cause },
            before => JournalError::Record { at: LineOfFile { path, line: before + 1 }, cause },
        })
    }
}

/// True for the beginning of a header, and for the zeros that a file system may leave in the place of what
/// it had no time to write.
fn is_cut_off(line: &[u8]) -> bool {
    line.iter().zip(BEGINNING).all(|(byte, expected)| byte == expected)
        || line.iter().all(|byte| *byte == 0)
}
