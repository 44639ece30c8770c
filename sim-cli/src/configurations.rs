//! The configurations of libraries and proxies that commands print, or write into a folder.

use std::path::Path;

use clap::Args;
use sim_models::formats::{Document, Exporter};
use sim_models::system::Blueprint;
use sim_reports::exported::{Heading, file, render};
use sim_reports::files;

use crate::failure::Failure;
use crate::terminal;

/// The option `--caller` of a command that exports.
#[derive(Debug, Args)]
pub struct CallerOption {
    /// Only the calls of this service
    #[arg(id = "caller", long = "caller", value_name = "NAME")]
    pub name: Option<String>,
}

impl CallerOption {
    /// The configurations of the callers that are wanted.
    ///
    /// Without a folder, those of several callers are printed one after the other, which is an error if the format has
    /// one file for each application.
    pub fn documents(
        &self,
        format: &Exporter,
        blueprint: &Blueprint,
        folder: Option<&Path>,
    ) -> Result<Vec<Document>, Failure> {
        let documents = format.export(blueprint);
        let callers: Vec<&str> = documents.iter().map(|document| &*document.caller).collect();
        let callers = callers.join(", ");
        match &self.name {
            Some(caller) => match format.export_of(blueprint, caller) {
                Some(document) => Ok(vec![document]),
                None => Err(Failure::Usage(format!(
                    "`{caller}` makes no call with a guard that this format could express; these \
                     services do: {callers}"
                ))),
            },
            None if folder.is_none() && documents.len() > 1 && format.is_one_file() => {
                Err(Failure::Usage(format!(
                    "a file of this format is of one application, and several make calls: {callers}; \
                     choose one with `--caller`, or write a file for each with `--out`"
                )))
            }
            None => Ok(documents),
        }
    }
}

/// Prints configurations, or writes a file for each caller into a folder.
pub fn deliver(
    format: &Exporter,
    heading: &Heading,
    documents: &[Document],
    folder: Option<&Path>,
) -> Result<(), Failure> {
    let Some(folder) = folder else {
        return terminal::print(&render(format, heading, documents));
    };
    files::make_folder(folder)?;
    for document in documents {
        let name = format!("{}.{}", document.caller, format.extension());
        files::write(&folder.join(name), file(format, heading, document).as_bytes())?;
    }
    Ok(())
}
