//! Files that a scenario includes.

use std::path::{Path, PathBuf};

use super::load::{Input, Loader};
use super::merge::merge_missing;
use crate::language::Problem;
use crate::language::tree::{Node, Value, parse_path};

/// The files that have been included so far.
pub(super) struct Includes<'a> {
    loader: &'a mut Loader,
    folder: &'a Path,
    own_path: PathBuf,
    included: Vec<PathBuf>,
}

impl<'a> Includes<'a> {
    /// The includes of a file, none of which has been read yet.
    pub fn of(input: &'a Input, loader: &'a mut Loader) -> Self {
        let own_path = input.folder.join(Path::new(&input.name).file_name().unwrap_or_default());
        let own_path = own_path.canonicalize().unwrap_or(own_path);
        Self { loader, folder: &input.folder, own_path, included: Vec::new() }
    }

    /// Merges what a file includes into its tree.
    pub fn merge_into(mut self, tree: &mut Node) {
        let mut trail = vec![self.own_path.clone()];
        self.include(tree, self.folder, &mut trail);
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
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) => {
                    let problem = Problem::error(
                        format!("cannot read {}: {error}", path.display()),
                        Some(file.at),
                    );
                    self.loader.problems.add(
                        problem.with_help("write its path relative to the file that includes it"),
                    );
                    continue;
                }
            };
            if let Some(mut fragment) = self.loader.parse(&path.display().to_string(), &text) {
                self.included.push(identity.clone());
                trail.push(identity);
                self.include(&mut fragment, path.parent().unwrap_or(folder), trail);
                trail.pop();
                fragment.remove(&parse_path("include"));
                merge_missing(tree, &fragment);
            }
        }
    }
}
