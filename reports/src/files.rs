//! Results in files, each written whole or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use sim_models::scenario::{is_name, is_name_letter};
use thiserror::Error;

use crate::plot::{DrawError, Drawing, png_of, svg};
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
        let svg = svg(drawing).map_err(failed)?;
        self.write(&format!("{name}.svg"), svg.as_bytes())?;
        self.write(&format!("{name}.png"), &png_of(&svg).map_err(failed)?)
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
    let target = behind_links(path);
    let before = target.metadata().ok();
    if before.as_ref().is_some_and(|before| !before.is_file() && !before.is_dir()) {
        let device = File::options().write(true).open(&target).map_err(failed)?;
        return written(&device, write, failed);
    }
    let folder =
        target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    remove_leftovers(folder);
    let file = locked_file(folder).map_err(failed)?;
    written(file.as_file(), write, failed)?;
    if let Some(before) = before {
        file.as_file().set_permissions(before.permissions()).map_err(failed)?;
    }
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The file that a path leads to, whether it is there or not: links stay, and it is replaced.
fn behind_links(path: &Path) -> PathBuf {
    /// The most links in a row, as operating systems follow them.
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = std::fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    path
}

fn written<E: From<WriteError>>(
    file: &File,
    write: impl FnOnce(&mut BufWriter<&File>) -> Result<(), E>,
    failed: impl Fn(std::io::Error) -> WriteError,
) -> Result<(), E> {
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    out.flush().map_err(failed)?;
    Ok(())
}

/// The name of a temporary file begins and ends like this.
const LEFTOVER: (&str, &str) = (".fusebox-", ".tmp");

/// Removes the temporary files of processes that were killed while they wrote. Whoever writes one holds its lock, which
/// the operating system takes from a process that ends. Where files cannot be locked, they stay.
fn remove_leftovers(folder: &Path) {
    let is_ours = |name: &str| name.starts_with(LEFTOVER.0) && name.ends_with(LEFTOVER.1);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_file || !entry.file_name().to_str().is_some_and(is_ours) {
            continue;
        }
        let file = File::options().write(true).open(entry.path());
        if let Ok(file) = file.as_ref()
            && file.try_lock().is_ok()
        {
            // If it cannot be removed, somebody else has done so, or may.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// A temporary file whose lock this process holds, if files can be locked there.
fn locked_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    loop {
        let file = temporary_file(folder)?;
        let is_locked = file.as_file().lock().is_ok();
        // Between its making and its locking, another process may have taken it for a leftover.
        if !is_locked || file.path().exists() {
            return Ok(file);
        }
    }
}

/// A temporary file with the permissions that a file has which the user makes.
fn temporary_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(LEFTOVER.0).suffix(LEFTOVER.1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is replaced keeps its permissions, and links to it stay.
    #[cfg(unix)]
    #[test]
    fn links_permissions_and_devices_stay_as_they_are() {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        let mode = |path: &Path| path.metadata().expect("it exists").permissions().mode() & 0o777;
        let made = folder.path().join("made");
        File::create(&made).expect("made");
        write(&file, b"one").expect("written");
        assert_eq!(mode(&file), mode(&made), "as the user makes files");
        for kept in [0o600, 0o640, 0o755] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(kept)).expect("set");
            write(&file, b"two").expect("written");
            assert_eq!(mode(&file), kept);
        }
        symlink("file", &link).expect("linked");
        write(&link, b"three").expect("written");
        assert_eq!(std::fs::read(&file).expect("readable"), b"three");
        assert!(link.symlink_metadata().expect("it exists").is_symlink());
        std::fs::remove_file(&file).expect("removed");
        let to_link = folder.path().join("to-link");
        symlink(&link, &to_link).expect("linked");
        write(&to_link, b"into nothing").expect("written");
        assert_eq!(std::fs::read(&file).expect("readable"), b"into nothing");
        assert!(to_link.symlink_metadata().expect("it exists").is_symlink());
        let to_device = folder.path().join("null");
        symlink("/dev/null", &to_device).expect("linked");
        write(&to_device, b"four").expect("written");
        assert!(to_device.metadata().expect("it exists").file_type().is_char_device());
    }

    /// A process that is killed closes its files and removes none: whoever writes next does. Files that are being
    /// written, and those of others, stay.
    #[test]
    fn leftovers_of_killed_processes_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = || {
            let entries = std::fs::read_dir(folder.path()).expect("readable").flatten();
            let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
            names.sort();
            names
        };
        let (_, leftover) = temporary_file(folder.path()).expect("made").keep().expect("kept");
        let held = locked_file(folder.path()).expect("made");
        for other in [".fusebox-notes", ".tmpAbCdEf", "fusebox-1.tmp"] {
            std::fs::write(folder.path().join(other), b"mine").expect("written");
        }
        std::fs::create_dir(folder.path().join(".fusebox-folder.tmp")).expect("made");
        let before = left();
        write(&folder.path().join("summary.json"), b"{}").expect("written");
        assert!(!leftover.exists() && held.path().exists());
        assert_eq!(left().len(), before.len(), "one is gone and one is there: {:?}", left());
    }

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
