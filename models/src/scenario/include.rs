//! Files that a scenario includes.

use std::path::{Path, PathBuf};

use super::file::Scenario;
use super::folder::{Folder, Refused, place_after};
use super::load::{Input, Loader};
use super::merge::merge_missing;
use crate::language::tree::{Key, Node, Value, parse_path};
use crate::language::{Part, Problem};

/// The files that have been included so far.
pub(super) struct Includes<'a> {
    loader: &'a mut Loader,
    folder: &'a Folder,
    own_path: PathBuf,
    included: Vec<PathBuf>,
}

impl<'a> Includes<'a> {
    /// The includes of a file, none of which has been read yet.
    pub fn of(input: &'a Input, loader: &'a mut Loader) -> Self {
        let own_path =
            input.folder.path().join(Path::new(&input.name).file_name().unwrap_or_default());
        let own_path = own_path.canonicalize().unwrap_or(own_path);
        Self { loader, folder: &input.folder, own_path, included: Vec::new() }
    }

    /// Merges what a file includes into its tree.
    pub fn merge_into(mut self, tree: &mut Node) {
        let mut trail = vec![self.own_path.clone()];
        self.include(tree, self.folder.path(), &mut trail);
    }

    /// Merges the files listed under `include:` into `tree`, which was included along `trail`. A
    /// file that is included a second time adds nothing.
    fn include(&mut self, tree: &mut Node, folder: &Path, trail: &mut Vec<PathBuf>) {
        let Some(Node { value: Value::List(files), .. }) =
            tree.get(&parse_path("include")).cloned()
        else {
            return;
        };
        for file in files {
            let Value::Text(name) = &file.value else { continue };
            let path = folder.join(name);
            let identity = path.canonicalize().unwrap_or_else(|_| path.clone());
            if trail.contains(&identity) {
                self.loader.problems.add(
                    Problem::error("files include each other in a circle", Some(file.at))
                        .with_help("remove one of the includes"),
                );
                continue;
            }
            if self.included.contains(&identity) {
                continue;
            }
            match self.fragment(folder, name, &path) {
                Ok(mut fragment) => {
                    self.included.push(identity.clone());
                    trail.push(identity);
                    self.include(&mut fragment, path.parent().unwrap_or(folder), trail);
                    trail.pop();
                    fragment.remove(&parse_path("include"));
                    merge_missing(tree, &fragment);
                }
                Err(Refused { message, help }) => {
                    let problem = Problem::error(message, Some(file.at)).with_help(help);
                    self.loader.problems.add(problem);
                }
            }
        }
    }

    /// The tree of a file that is included. Nothing of a file that is no part of a scenario is shown: it may
    /// be a secret.
    fn fragment(&mut self, folder: &Path, name: &str, path: &Path) -> Result<Node, Refused> {
        let text = self.folder.read_named(folder, name)?;
        let shown = path.display().to_string();
        let source = self.loader.sources.add(&shown, &text);
        let node = Node::parse(&text, source).map_err(|problem| {
            let before = problem.at.and_then(|at| text.get(..at.start));
            let place =
                before.map_or_else(String::new, |before| format!(": {}", place_after(before)));
            Refused {
                message: format!("{shown} cannot be read as YAML{place}"),
                help: format!("`fusebox check {shown}` shows what is wrong"),
            }
        })?;
        let sections = Scenario::forms();
        let is_section = |key: &Key| sections.iter().flatten().any(|field| field.key == key.name);
        if node.keys().any(is_section) {
            return Ok(node);
        }
        Err(Refused {
            message: format!("{shown} is no part of a scenario: it has none of its sections"),
            help: "include files with sections such as `services:`".to_owned(),
        })
    }
}
