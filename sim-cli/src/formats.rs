//! The names of configuration formats as values on the command line.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use sim_models::formats::{Exporter, FORMATS, Importer};

/// Accepts the name of a format that can be imported.
pub fn importer() -> impl TypedValueParser<Value = &'static Importer> {
    let importers =
        FORMATS.iter().filter_map(|format| Some((format.name, format.import.as_ref()?)));
    one_of(importers.map(|(name, importer)| (name, importer.files, importer)).collect())
}

/// Accepts the name of a format that can be exported.
pub fn exporter() -> impl TypedValueParser<Value = &'static Exporter> {
    let exporters =
        FORMATS.iter().filter_map(|format| Some((format.name, format.export.as_ref()?)));
    one_of(exporters.map(|(name, exporter)| (name, exporter.files, exporter)).collect())
}

/// Accepts the names of choices, each with its help.
fn one_of<T: Sync>(
    choices: Vec<(&'static str, &'static str, &'static T)>,
) -> impl TypedValueParser<Value = &'static T> {
    let names = choices.iter().map(|(name, help, _)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(names.collect::<Vec<_>>()).map(move |name| {
        let (_, _, choice) =
            choices.iter().find(|(known, ..)| *known == name).expect("only these names pass");
        *choice
    })
}
