//! `fusebox schema`.

use clap::Args;
use sim_models::scenario::json_schema;

use crate::failure::Failure;
use crate::terminal;

/// Print the JSON Schema of scenario files, for completion in editors
#[derive(Debug, Args)]
#[command(after_help = "Example:
  fusebox schema > fusebox.schema.json
  # first line of a scenario, for editors with a YAML language server:
  # yaml-language-server: $schema=fusebox.schema.json")]
pub struct SchemaCommand {}

impl SchemaCommand {
    /// Prints the schema.
    #[allow(clippy::unused_self, reason = "commands are executed alike")]
    pub fn execute(&self) -> Result<(), Failure> {
        let schema = serde_json::to_string_pretty(&json_schema()).unwrap_or_default();
        terminal::print(&(schema + "\n"))
    }
}
