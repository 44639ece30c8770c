//! Recommended settings written into the scenario file, or shown as a patch of it.

use std::path::{Path, PathBuf};

use clap::Args;
use sim_experiments::recommend::{Candidate, Change, Misapplied, TunableSystem, changes};
use sim_models::scenario::tree::{Node, Segment, parse_path};
use sim_models::scenario::{Input, Problem, Sources};
use sim_reports::edit::{edited, unified_diff};
use sim_reports::{files, printable};

use crate::failure::Failure;
use crate::{scenario, terminal};

/// The options that put recommended values into the scenario file.
#[derive(Debug, Args)]
pub struct ApplyOptions {
    /// Write the scenario with the recommended values to this file, which may be FILE itself;
    /// everything else stays as it is written, comments included
    #[arg(long, value_name = "OUT")]
    pub write: Option<PathBuf>,
    /// Instead of the report, print what --write changes, as a unified diff
    #[arg(long, conflicts_with = "export")]
    pub diff: bool,
}

/// A scenario file that recommended values can be put into.
pub struct Target<'a> {
    pub options: &'a ApplyOptions,
    pub system: &'a TunableSystem,
    /// The scenario as it was read.
    pub input: &'a Input,
    pub file: &'a Path,
    /// The settings given with `--set`.
    pub settings: &'a [String],
}

impl Target<'_> {
    /// Refuses what cannot be written before a search that takes long: tries the outermost values
    /// of each setting.
    pub fn rehearse(&self) -> Result<(), Failure> {
        if self.options.write.is_none() && !self.options.diff {
            return Ok(());
        }
        self.check_options()?;
        let mut problems: Vec<(usize, Vec<Problem>)> = Vec::new();
        for (setting, candidate) in self.system.one_setting_at_a_time() {
            let is_told = problems.iter().any(|(told, _)| *told == setting);
            if is_told || self.system.systems(&candidate).is_err() {
                continue;
            }
            if let Err(found) = self.written(&candidate) {
                problems.push((setting, found));
            }
        }
        let problems: Vec<Problem> = problems.into_iter().flat_map(|(_, found)| found).collect();
        if problems.is_empty() { Ok(()) } else { Err(self.refused(&problems)) }
    }

    /// Refuses to write what cannot be written.
    pub fn check(&self, candidate: &Candidate) -> Result<(), Failure> {
        if self.options.write.is_none() {
            return Ok(());
        }
        self.check_options()?;
        self.written(candidate).map(|_| ()).map_err(|problems| self.refused(&problems))
    }

    /// Prints the changes as a patch.
    pub fn print(&self, candidate: &Candidate) -> Result<(), Failure> {
        self.check_options()?;
        let new = self.written(candidate).map_err(|problems| self.refused(&problems))?;
        let out = self.options.write.as_deref().map(|path| path.display().to_string());
        let (old_name, new_name) = (&self.input.name, out.as_ref().unwrap_or(&self.input.name));
        let diff = unified_diff(&self.input.text, &new.text, old_name, new_name);
        if diff.is_empty() {
            terminal::explain(&format!("{old_name} has the recommended values already\n"));
        }
        terminal::print(&diff)
    }

    /// Writes the file if the user wants it.
    pub fn write(&self, candidate: &Candidate) -> Result<(), Failure> {
        let Some(out) = &self.options.write else { return Ok(()) };
        let new = self.written(candidate).map_err(|problems| self.refused(&problems))?;
        // A link stays one.
        let path = out.canonicalize().unwrap_or_else(|_| out.clone());
        if self.file.canonicalize().is_ok_and(|file| file == path)
            && scenario::input(self.file)?.text != self.input.text
        {
            return Err(Failure::Usage(format!(
                "{} has changed since it was read, so nothing is written",
                printable::path(out)
            )));
        }
        files::write(&path, new.text.as_bytes())?;
        let count = changes(self.system.plan(), candidate).len();
        let settings = if count == 1 { "setting" } else { "settings" };
        terminal::explain(&format!("{}: {count} {settings} changed\n", printable::path(out)));
        Ok(())
    }

    /// The scenario with the values of a candidate, checked to be the system that was tried.
    fn written(&self, candidate: &Candidate) -> Result<Input, Vec<Problem>> {
        let changes = changes(self.system.plan(), candidate);
        let values: Vec<(String, String)> = changes
            .iter()
            .map(|change| (change.setting.path.clone(), change.value.to_owned()))
            .collect();
        let text = edited(&self.input.text, &values)?;
        let (name, folder) = match &self.options.write {
            Some(out) => {
                let folder = out.parent().map_or_else(PathBuf::new, Path::to_path_buf);
                (out.display().to_string(), self.input.folder.moved_to(folder))
            }
            None => (self.input.name.clone(), self.input.folder.clone()),
        };
        let written = Input { name, text, folder };
        match self.system.check_written(candidate, &written) {
            Ok(()) => Ok(written),
            Err(why) => Err(vec![self.misapplied(&why, &changes)]),
        }
    }

    fn misapplied(&self, why: &Misapplied, changes: &[Change<'_>]) -> Problem {
        let paths: Vec<String> =
            changes.iter().map(|change| format!("`{}`", change.setting.path)).collect();
        let paths = paths.join(", ");
        let place = changes.first().and_then(|change| self.place_of(&change.setting.path));
        let (message, help) = match why {
            Misapplied::Problems(loaded) => {
                let first = loaded.problems.iter().find(|problem| problem.is_error());
                let first = first.map_or("", |problem| &problem.message);
                let message = format!("with {paths} in it, the file would have an error: {first}");
                (message, "files that it includes or reads are looked for in the folder of OUT")
            }
            Misapplied::Differs { condition: Some(condition) } => {
                let message = format!(
                    "with {paths} in it, the file would not be what was tried under `{condition}`"
                );
                (
                    message,
                    "does the condition set the same values, or take away what they belong to?",
                )
            }
            Misapplied::Differs { condition: None } => {
                let message = format!("with {paths} in it, the file would not be what was tried");
                (
                    message,
                    "does a variant or an included file set the same values? Change them there",
                )
            }
        };
        Problem::error(message, place).with_help(help)
    }

    /// The place of a setting among those that may change.
    fn place_of(&self, path: &str) -> Option<sim_models::scenario::Location> {
        let tree = Node::parse(&self.input.text, 0).ok()?;
        let key = Segment::Key(path.to_owned());
        tree.key_location(&[parse_path("goals.settings"), vec![key]].concat())
    }

    fn refused(&self, problems: &[Problem]) -> Failure {
        let mut sources = Sources::default();
        sources.add(&self.input.name, &self.input.text);
        scenario::show(problems, &sources);
        let kept = self.options.write.as_deref().map(printable::path);
        if let Some(out) = kept {
            terminal::complain(&format!("{out} is not written"));
        }
        Failure::Scenario
    }

    fn check_options(&self) -> Result<(), Failure> {
        if self.options.write.as_deref() == Some(Path::new("-")) {
            let message = "`--write` takes a file; `--diff` prints the changes";
            return Err(Failure::Usage(message.to_owned()));
        }
        for setting in self.settings {
            let given = self.system.place_of(setting.split('=').next().unwrap_or_default());
            let overlaps = |path: &str| {
                let path = self.system.place_of(path);
                path.starts_with(&given) || given.starts_with(&path)
            };
            let settings = &self.system.plan().settings;
            if let Some(known) = settings.iter().find(|known| overlaps(&known.path)) {
                return Err(Failure::Usage(format!(
                    "`--set {setting}` sets `{}`, which may change: write it into the file first, \
                     or leave it out",
                    known.path
                )));
            }
        }
        Ok(())
    }
}
