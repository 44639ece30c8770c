//! A scenario file that is run again and again, each time with something changed.

use std::path::Path;
use std::sync::Arc;

use sim_experiments::Trial;
use sim_models::scenario::{Input, Overrides, Parsed};
use sim_models::system::Blueprint;

/// The effect of a change on a case of a scenario.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// At least one expectation fails.
    Noticed,
    /// Every expectation still holds.
    Unnoticed,
    /// The scenario has errors with the change, of which this is the first.
    Impossible(String),
}

/// A scenario file, read once.
pub struct Scenario {
    parsed: Parsed,
    /// The names of its variants.
    pub variants: Vec<String>,
}

impl Scenario {
    /// Reads a file.
    pub fn read(file: &Path) -> Self {
        let parsed = Parsed::read(&Input {
            name: file.display().to_string(),
            text: std::fs::read_to_string(file)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display())),
            folder: file.parent().expect("a folder").into(),
        });
        let variants = parsed.load(&Overrides::default()).variants;
        Self { parsed, variants }
    }

    /// The plan of a case with settings that replace its own, or the first error.
    pub fn blueprint(
        &self,
        variant: Option<&str>,
        settings: &[String],
    ) -> Result<Arc<Blueprint>, String> {
        let loaded = self.parsed.load_again(&Overrides {
            variant: variant.map(str::to_owned),
            settings: settings.to_vec(),
            ..Overrides::default()
        });
        let error = || loaded.problems.iter().find(|problem| problem.is_error());
        loaded.blueprint.ok_or_else(|| error().map_or_else(String::new, |it| it.message.clone()))
    }

    /// Runs a case with changed settings and looks for an expectation that fails.
    ///
    /// If nobody makes a call any more that only a fallback made, the settings of that call and the
    /// expectations about it go as well, and one of the others must fail.
    pub fn effect_of(&self, variant: Option<&str>, settings: &[String]) -> Effect {
        let changed = self.blueprint(variant, settings).or_else(|message| {
            let edge = unused_call(&message).ok_or_else(|| message.clone())?;
            let mut settings = settings.to_vec();
            settings.push(format!("calls.{edge}=null"));
            settings.push(format!("expect={}", self.others(variant, edge)));
            self.blueprint(variant, &settings)
        });
        match changed {
            Ok(changed) if Trial::of(&changed).holds() => Effect::Unnoticed,
            Ok(_) => Effect::Noticed,
            Err(message) => Effect::Impossible(message),
        }
    }

    /// The expectations of a case that are not about a call, as a list.
    fn others(&self, variant: Option<&str>, edge: &str) -> String {
        let blueprint = self.blueprint(variant, &[]).expect("a sound scenario");
        let texts = blueprint.expectations.iter().map(|expectation| &expectation.text);
        let others: Vec<&String> = texts.filter(|text| !text.contains(edge)).collect();
        serde_json::to_string(&others).expect("texts")
    }
}

/// The call that a message says nobody makes.
fn unused_call(message: &str) -> Option<&str> {
    message.strip_prefix("no call goes over `")?.strip_suffix('`')
}
