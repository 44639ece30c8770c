//! The folder of a scenario, and the files that it may read.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::line_ends::line_and_column;

/// The most bytes of a file: more than any scenario or recording needs, less than any machine has.
const MOST_BYTES: u64 = 64 << 20;
/// The marks with which texts in UTF-16 begin.
const MARKS_OF_UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// The folder that the files of a scenario are relative to.
///
/// A scenario may come from somebody who is not to see what else this machine has. So it reads regular files
/// below this folder, and below others only if they are allowed.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    path: PathBuf,
    allowed: Vec<PathBuf>,
}

/// The reason why a file that the user has not named is not read.
#[derive(Debug)]
pub enum Unread {
    /// It lies neither below the folder nor below one that is allowed.
    Outside,
    /// It cannot be read.
    Failed(io::Error),
}

/// The reason why a file that a scenario names is not read.
pub(super) struct Refused {
    /// The mistake.
    pub message: String,
    /// The way to mend it.
    pub help: String,
}

impl From<PathBuf> for Folder {
    fn from(path: PathBuf) -> Self {
        Self { path, allowed: Vec::new() }
    }
}

impl From<&Path> for Folder {
    fn from(path: &Path) -> Self {
        path.to_owned().into()
    }
}

impl From<&str> for Folder {
    fn from(path: &str) -> Self {
        PathBuf::from(path).into()
    }
}

impl Folder {
    /// The same, of which a scenario may also read what is below other folders.
    #[must_use]
    pub fn allowing(self, folders: &[PathBuf]) -> Self {
        Self { allowed: folders.to_vec(), ..self }
    }

    /// The same for a scenario that is elsewhere: it may still read what it could read here.
    #[must_use]
    pub fn moved_to(&self, path: PathBuf) -> Self {
        let allowed = std::iter::once(&self.path).chain(&self.allowed).cloned().collect();
        Self { path, allowed }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path behind all links of a file or folder that may be read.
    ///
    /// # Errors
    /// If that path does not lie below this folder or an allowed one, or if there is nothing.
    pub fn real(&self, path: &Path) -> Result<PathBuf, Unread> {
        let real = path.canonicalize().map_err(|error| {
            let leads_nowhere = error.kind() == ErrorKind::NotFound && path.is_symlink();
            let kind = ErrorKind::InvalidInput;
            Unread::Failed(if leads_nowhere {
                io::Error::new(kind, "it is a link that leads nowhere")
            } else {
                error
            })
        })?;
        if self.holds(&real) { Ok(real) } else { Err(Unread::Outside) }
    }

    /// The bytes of a regular file that may be read.
    ///
    /// # Errors
    /// Those of [`real`](Self::real), or if it is no regular file, too large, or cannot be read.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, Unread> {
        read_regular(&self.real(path)?).map_err(Unread::Failed)
    }

    /// The text of a file, whose name is relative to `base`.
    pub(super) fn read_named(&self, base: &Path, name: &str) -> Result<String, Refused> {
        let path = base.join(name);
        let failed = |error: io::Error| Refused {
            message: format!("cannot read {}: {error}", path.display()),
            help: "write its path relative to the file that names it".to_owned(),
        };
        let bytes = self.read(&path).map_err(|unread| match unread {
            Unread::Failed(error) => failed(error),
            Unread::Outside => Refused {
                message: format!("{name} is not below the folder of the scenario"),
                help: "move it there, or name its folder with `--allow-include`".to_owned(),
            },
        })?;
        utf_8(bytes).map_err(|reason| Refused {
            message: format!(
                "cannot read {}:{}:{}: {reason}",
                path.display(),
                reason.line,
                reason.column
            ),
            help: "include files that are text".to_owned(),
        })
    }

    fn holds(&self, real: &Path) -> bool {
        let own = if self.path.as_os_str().is_empty() { Path::new(".") } else { &self.path };
        let folders = std::iter::once(own).chain(self.allowed.iter().map(PathBuf::as_path));
        folders
            .filter_map(|folder| folder.canonicalize().ok())
            .any(|folder| real.starts_with(folder))
    }
}

/// The bytes of a regular file.
///
/// # Errors
/// If it cannot be read, if it is a folder, a device or a pipe, which may have no end, or if it is too
/// large.
pub fn read_regular(path: &Path) -> Result<Vec<u8>, io::Error> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    read_within_limit(File::open(path)?)
}

/// The bytes that a reader has.
///
/// # Errors
/// If it cannot be read, or if there are too many.
pub fn read_within_limit(reader: impl Read) -> Result<Vec<u8>, io::Error> {
    let mut bytes = Vec::new();
    reader.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("it is larger than {} MiB", MOST_BYTES >> 20);
        return Err(io::Error::new(ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// The reason why bytes are not UTF-8, and the place of the first one that is not.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("this is {encoding}; save it as UTF-8")]
pub struct NotUtf8 {
    encoding: &'static str,
    /// The number of the line, from 1.
    pub line: usize,
    /// The number of the letter in it, from 1.
    pub column: usize,
}

/// The text of some bytes.
///
/// # Errors
/// If they are not UTF-8: where, or what they are instead.
pub fn utf_8(bytes: Vec<u8>) -> Result<String, NotUtf8> {
    if MARKS_OF_UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(NotUtf8 { encoding: "UTF-16", line: 1, column: 1 });
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let (line, column) = line_and_column(&String::from_utf8_lossy(before));
        NotUtf8 { encoding: "not UTF-8", line, column }
    })
}

/// The place behind the beginning of a text, in words.
pub(super) fn place_after(before: &str) -> String {
    let (line, column) = line_and_column(before);
    format!("line {line}, column {column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf_8_is_told_with_its_place() {
        let of = |bytes: &[u8]| utf_8(bytes.to_vec());
        assert_eq!(of("a: ä\n".as_bytes()), Ok("a: ä\n".to_owned()));
        assert!(of(b"\xff\xfea\0").is_err_and(|reason| reason.to_string().contains("UTF-16")));
        assert!(of(b"\xfe\xff\0a").is_err_and(|reason| reason.to_string().contains("UTF-16")));
        let place = |bytes: &[u8]| of(bytes).map_err(|it| (it.line, it.column));
        assert_eq!(place(b"\xff"), Err((1, 1)));
        assert_eq!(place(b"a: 1\n\xc3\xa4: 2\nb\xe4"), Err((3, 2)));
        assert_eq!(place(b"a: 1\rb: 2\r\nb\xe4"), Err((3, 2)));
    }

    #[test]
    fn no_more_is_read_than_the_limit() {
        let endless = std::io::repeat(b'a');
        assert!(
            read_within_limit(endless).is_err_and(|error| error.kind() == ErrorKind::FileTooLarge)
        );
        assert_eq!(read_within_limit(&b"abc"[..]).expect("short"), b"abc");
    }
}
