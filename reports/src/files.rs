//! Writing results to a folder, each file at once or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use sim_experiments::Finished;
use thiserror::Error;

use crate::plot::{self, DrawError, Drawing};
use crate::run::Overview;
use crate::{json, tables};

/// Why results could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The folder or a file in it cannot be made.
    #[error("cannot write {path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A table cannot be encoded.
    #[error("cannot encode a table: {0}")]
    Table(#[from] csv::Error),
    /// A plot cannot be drawn.
    #[error("cannot draw {what}: {cause}")]
    Plot {
        /// Which plot.
        what: &'static str,
        /// Why.
        cause: DrawError,
    },
}

/// Writes everything about a run into `folder`: `summary.json`, `timeline.csv`, `series.csv`,
/// `latency.csv`, `overview.svg` and `overview.png`. The folder is made if it is missing.
///
/// # Errors
/// If a file cannot be encoded or written; files already written stay.
pub fn write_all(finished: &Finished, folder: &Path) -> Result<(), WriteError> {
    make_folder(folder)?;
    write(&folder.join("summary.json"), json::report(finished).as_bytes())?;
    write(&folder.join("timeline.csv"), &tables::timeline(finished)?)?;
    write(&folder.join("series.csv"), &tables::series(finished)?)?;
    write(&folder.join("latency.csv"), &tables::latency(finished)?)?;
    write_drawings(&[Box::new(Overview::new(finished))], folder)
}

/// Writes each drawing as `NAME.svg` and `NAME.png`.
pub(crate) fn write_drawings(
    drawings: &[Box<dyn Drawing + '_>],
    folder: &Path,
) -> Result<(), WriteError> {
    for drawing in drawings {
        let name = drawing.name();
        let failed = |cause| WriteError::Plot { what: name, cause };
        let svg = plot::svg(&**drawing).map_err(failed)?;
        write(&folder.join(format!("{name}.svg")), svg.as_bytes())?;
        write(&folder.join(format!("{name}.png")), &plot::png(&**drawing).map_err(failed)?)?;
    }
    Ok(())
}

/// Makes a folder and those above it, unless it is there.
///
/// # Errors
/// If it cannot be made.
pub fn make_folder(folder: &Path) -> Result<(), WriteError> {
    std::fs::create_dir_all(folder)
        .map_err(|cause| WriteError::File { path: folder.to_owned(), cause })
}

/// Writes a file beside its place and renames it into it: readers see the old bytes or the new
/// ones, never some.
///
/// # Errors
/// If the file cannot be written or renamed.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_with(path, |out| {
        out.write_all(bytes).map_err(|cause| WriteError::File { path: path.to_owned(), cause })
    })
}

/// The same for a file that is written piece by piece.
///
/// # Errors
/// If the file cannot be written or renamed, or `write` fails.
pub fn write_with<E: From<WriteError>>(
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
