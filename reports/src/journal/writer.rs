//! Adding lines to a journal: one process at a time, each line whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::{JournalError, write_record};

/// A file to which this process, and no other, adds lines.
///
/// The operating system releases the lock together with the process, however it ends. On file systems
/// without locks there is none: lines are still added at the end and have checksums, so that two writers
/// there cannot make a wrong result.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    tail: Mutex<Tail>,
}

/// The file, and how far it is whole.
#[derive(Debug)]
struct Tail {
    file: File,
    end: u64,
    /// The first failure: after it, nothing more is added.
    failure: Option<Failure>,
}

/// An error that can be told more than once.
#[derive(Clone, Debug)]
struct Failure {
    kind: io::ErrorKind,
    message: String,
}

impl Writer {
    /// A new file.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let file = OpenOptions::new().append(true).create_new(true).open(path);
        let file = file.map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => JournalError::Exists(path.to_owned()),
            _ => JournalError::Append { path: path.to_owned(), cause },
        })?;
        lock(&file, path)?;
        Ok(Self::of(path, file, 0))
    }

    /// A file that is there, or a new one.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = |cause| JournalError::Append { path: path.to_owned(), cause };
        if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Err(failed(io::Error::other("it is not a file")));
        }
        loop {
            let file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
            lock(&file, path)?;
            if is_at(&file, path).map_err(failed)? {
                let end = file.metadata().map_err(failed)?.len();
                return Ok(Self::of(path, file, end));
            }
        }
    }

    /// An empty file that nobody else knows.
    pub fn unshared(path: &Path, file: File) -> Self {
        Self::of(path, file, 0)
    }

    fn of(path: &Path, file: File, end: u64) -> Self {
        Self { path: path.to_owned(), tail: Mutex::new(Tail { file, end, failure: None }) }
    }

    /// Cuts the file off behind its last whole line, where the next one is added.
    pub fn cut(&self, end: u64) -> Result<(), JournalError> {
        self.with_tail(|tail| {
            tail.file.set_len(end)?;
            tail.end = end;
            Ok(())
        })
    }

    /// Ends a line that was cut off before its end.
    pub fn end_line(&self) -> Result<(), JournalError> {
        self.with_tail(|tail| tail.add(b"\n"))
    }

    /// Adds a record, whole or not at all.
    pub fn append(&self, record: &impl Serialize) -> Result<(), JournalError> {
        self.with_tail(|tail| {
            let mut line = Vec::new();
            write_record(&mut line, record)?;
            tail.add(&line)
        })
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn with_tail(&self, act: impl FnOnce(&mut Tail) -> io::Result<()>) -> Result<(), JournalError> {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut tail).map_err(|cause| JournalError::Append { path: self.path.clone(), cause })
    }
}

impl Tail {
    /// Adds bytes. If a part of them cannot be written, that part is removed, and nothing more is added:
    /// a line behind half a line would be lost together with it.
    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(Failure { kind, message }) = self.failure.clone() {
            return Err(io::Error::new(kind, message));
        }
        let written = self.file.write_all(bytes);
        match &written {
            Ok(()) => self.end += bytes.len() as u64,
            Err(cause) => {
                self.failure = Some(Failure { kind: cause.kind(), message: cause.to_string() });
                // What cannot be removed is half a line at the end, which is dropped on reading.
                let _ = self.file.set_len(self.end);
            }
        }
        written
    }
}

/// Fails if another process is writing a journal, for those who are about to replace it.
///
/// # Errors
/// [`JournalError::InUse`].
pub fn check_not_being_written(path: &Path) -> Result<(), JournalError> {
    match File::open(path) {
        Ok(file) => lock(&file, path),
        Err(_) => Ok(()),
    }
}

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse(path.to_owned())),
        // File systems without locks say so.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// True if the file is still the one at `path`: while this process waited for it, another one may have put
/// its finished journal there, or removed it.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let here = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((here.dev(), here.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Number {
        number: u32,
    }

    #[test]
    fn after_a_failure_nothing_is_added_and_the_failure_is_told_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.jsonl");
        File::create(&path).expect("a file");
        // A file that is open for reading fails like a full disk.
        let writer = Writer::unshared(&path, File::open(&path).expect("readable"));
        for _ in 0..2 {
            let told = writer.append(&Number { number: 1 }).expect_err("read only").to_string();
            assert!(told.contains("cannot write") && told.contains("--resume"), "{told}");
        }
        assert_eq!(std::fs::read(&path).expect("readable"), b"");
    }

    #[test]
    fn one_writer_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.jsonl");
        let writer = Writer::create(&path).expect("a new file");
        let told = Writer::open(&path).expect_err("it is being written").to_string();
        assert!(told.starts_with("another process is writing "), "{told}");
        assert!(check_not_being_written(&path).is_err());
        drop(writer);
        assert!(check_not_being_written(&path).is_ok() && Writer::open(&path).is_ok());
    }
}
