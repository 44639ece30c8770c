//! Results in files, each written whole or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use sim_models::scenario::{is_name, is_name_letter};
use thiserror::Error;

use crate::plot::{DrawError, Drawing, png, svg};
use crate::printable;

/// A failure to write results.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The folder or a file in it cannot be made.
    #[error("cannot write {}: {cause}", printable::path(path))]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        cause: std::io::Error,
    },
    /// A table cannot be encoded.
    #[error("cannot encode a table: {0}")]
    Table(#[from] csv::Error),
    /// A plot cannot be drawn.
    #[error("cannot draw {what}: {cause}")]
    Plot {
        /// The name of the plot.
        what: &'static str,
        /// The reason.
        cause: DrawError,
    },
}

/// A folder of results.
pub(crate) struct Folder<'a>(&'a Path);

impl<'a> Folder<'a> {
    /// Makes the folder and those above it, unless they exist.
    pub fn make(path: &'a Path) -> Result<Self, WriteError> {
        make_folder(path)?;
        Ok(Self(path))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, whole or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
        write(&self.path(name), bytes)
    }

    /// Writes a file piece by piece, whole or not at all.
    pub fn write_with<E: From<WriteError>>(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
    ) -> Result<(), E> {
        write_with(&self.path(name), write)
    }

    /// Writes a drawing as `NAME.svg` and `NAME.png`.
    pub fn draw(&self, drawing: &dyn Drawing) -> Result<(), WriteError> {
        let name = drawing.name();
        let failed = |cause| WriteError::Plot { what: name, cause };
        self.write(&format!("{name}.svg"), svg(drawing).map_err(failed)?.as_bytes())?;
        self.write(&format!("{name}.png"), &png(drawing).map_err(failed)?)
    }

    /// Writes several drawings.
    pub fn draw_all(&self, drawings: &[Box<dyn Drawing + '_>]) -> Result<(), WriteError> {
        drawings.iter().try_for_each(|drawing| self.draw(&**drawing))
    }
}

/// The name of a file or folder for something that is called `text`: one part of a path, which leads nowhere else.
///
/// ```
/// # use sim_reports::files::name_for;
/// assert_eq!(name_for("cascade-protected"), "cascade-protected");
/// assert_eq!(name_for("Shop, 2 regions"), "Shop- 2 regions");
/// assert_eq!(name_for("../../etc/cron.d"), "etc-cron.d");
/// assert_eq!(name_for(".."), "scenario");
/// ```
pub fn name_for(text: &str) -> String {
    const LONGEST: usize = 60;
    if is_name(text) && text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let allowed = |c: char| if is_name_letter(c) || c == ' ' || c == '.' { c } else { '-' };
    let name: String = text.chars().map(allowed).collect();
    let name: String = name.trim_matches([' ', '.', '-']).chars().take(LONGEST).collect();
    let name = name.trim_end_matches([' ', '.', '-']);
    if name.is_empty() { "scenario".to_owned() } else { name.to_owned() }
}

/// Makes a folder and those above it, unless they exist.
///
/// # Errors
/// If it cannot be made.
pub fn make_folder(folder: &Path) -> Result<(), WriteError> {
    std::fs::create_dir_all(folder)
        .map_err(|cause| WriteError::File { path: folder.to_owned(), cause })
}

/// Writes a temporary file beside `path` and renames it: readers see the old bytes or the new ones,
/// never a mixture.
///
/// # Errors
/// If the file cannot be written or renamed.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_with(path, |out| {
        out.write_all(bytes).map_err(|cause| WriteError::File { path: path.to_owned(), cause })
    })
}

/// Like [`write()`], for a file that is written piece by piece.
fn write_with<E: From<WriteError>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |cause| WriteError::File { path: path.to_owned(), cause };
    let folder =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let mut out = BufWriter::new(file.as_file());
    write(&mut out)?;
    out.flush().map_err(failed)?;
    drop(out);
    make_readable(&file).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Temporary files are private to their owner; results are not.
#[cfg(unix)]
fn make_readable(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_fails_halfway_keeps_its_old_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let results = Folder::make(folder.path()).expect("made");
        results.write("points.csv", b"old").expect("written");
        let failed: Result<(), WriteError> = results.write_with("points.csv", |out| {
            out.write_all(b"new").expect("buffered");
            let cause = std::io::Error::other("the disk is full");
            Err(WriteError::File { path: "points.csv".into(), cause })
        });
        assert!(failed.is_err());
        let left: Vec<_> = std::fs::read_dir(folder.path()).expect("readable").collect();
        assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
        assert_eq!(std::fs::read(folder.path().join("points.csv")).expect("readable"), b"old");
    }
}
