//! `fusebox schema`.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use sim_models::scenario::json_schema;
use sim_reports::documents::{DOCUMENTS, DocumentKind};

use crate::failure::Failure;
use crate::terminal;

/// Print the JSON Schema of scenario files, or of what `--format json` prints
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  fusebox schema > fusebox.schema.json
  # first line of a scenario, for editors with a YAML language server:
  # yaml-language-server: $schema=fusebox.schema.json

  fusebox schema run > run.schema.json   # of what `fusebox run --format json` prints")]
pub struct SchemaCommand {
    /// The document that these commands print; scenario files if left out
    #[arg(value_parser = PossibleValuesParser::new(documents()))]
    document: Option<String>,
}

/// The names of all documents, each with the commands that print it.
fn documents() -> impl Iterator<Item = PossibleValue> {
    DOCUMENTS.iter().map(|kind| PossibleValue::new(kind.name).help(kind.made_by.replace('`', "")))
}

impl SchemaCommand {
    /// Prints the schema.
    pub fn execute(&self) -> Result<(), Failure> {
        let wanted = self.document.as_deref();
        let document = wanted.and_then(|name| DOCUMENTS.iter().find(|kind| kind.name == name));
        let schema = document.map_or_else(json_schema, DocumentKind::schema);
        terminal::print(&(serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"))
    }
}
