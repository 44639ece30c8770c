//! Links in the folder of somebody else: what lies behind them outside of it is neither shown nor replaced.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::run;

const SECRET: &str = "TOKEN=hunter2";
const SOUND: &str = "run: { duration: 2s }
workloads: { web: { to: api, arrivals: constant 10/s } }
services: { api: { threads: 2, handle: [ { work: 10ms } ] } }
expect: [ availability of web is exactly 100% ]
";

/// A folder with a scenario, in one with a secret and a sound scenario.
struct Checkout {
    outside: tempfile::TempDir,
}

impl Checkout {
    fn new() -> Self {
        let outside = tempfile::tempdir().expect("a folder");
        let checkout = Self { outside };
        for (name, text) in [
            ("secret.env", &*format!("== as written ==\n{SECRET}\n")),
            ("elsewhere/other.yaml", &format!("expect:\n{SOUND}{SECRET}\n")),
            ("elsewhere/sound.yaml", SOUND),
            ("repo/ok.yaml", SOUND),
        ] {
            let path = checkout.at(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        checkout
    }

    fn at(&self, name: &str) -> PathBuf {
        // Without a slash at the end, if the name is empty.
        self.outside.path().join(name).components().collect()
    }

    fn link(&self, to: impl AsRef<Path>, from: &str) {
        symlink(to, self.at(from)).expect("linked");
    }

    /// The exit code of `fusebox test` in the folder, and what it tells.
    fn test(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let arguments: Vec<String> = arguments
            .iter()
            .map(|argument| match argument.strip_prefix('@') {
                Some(name) => self.at(name).display().to_string(),
                None => (*argument).to_owned(),
            })
            .collect();
        let arguments: Vec<&str> =
            std::iter::once("test").chain(arguments.iter().map(String::as_str)).collect();
        let output = run(&arguments);
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).expect("UTF-8"))
    }

    /// Fails unless a test is refused with the name of a file and its fence, shows nothing of the secret and writes nothing.
    fn refused(&self, arguments: &[&str], file: &str, fence: &str) {
        let secret = fs::read(self.at("secret.env")).expect("readable");
        for more in [&[][..], &["--update"], &["--format", "json"]] {
            let (code, told) = self.test(&[arguments, more].concat());
            assert_eq!(code, Some(2), "{told}");
            assert!(!told.contains("TOKEN") && !told.contains("hunter2"), "{told}");
            let expected = format!(
                "fusebox: cannot read {}: it leads out of {}; put the file there, or allow its folder with --allow-include\n",
                self.at(file).display(),
                self.at(fence).display()
            );
            assert!(told.ends_with(&expected), "{told}");
        }
        assert!(!self.at("repo/ok.timeline").is_file() || self.at("repo/ok.timeline").is_symlink());
        assert_eq!(fs::read(self.at("secret.env")).expect("readable"), secret);
    }
}

#[test]
fn a_file_found_in_a_folder_lies_below_it() {
    let links = ["../secret.env", "/proc/self/environ", "../elsewhere/sound.yaml"];
    for to in links.into_iter().filter(|to| !to.starts_with("/proc") || Path::new(to).exists()) {
        let checkout = Checkout::new();
        checkout.link(to, "repo/evil.yaml");
        checkout.refused(&["@repo"], "repo/evil.yaml", "repo");
        checkout.refused(&["@repo/*.yaml"], "repo/evil.yaml", "repo");
        if to.starts_with('/') {
            checkout.refused(&["@rep?/e*.yaml"], "repo/evil.yaml", "");
        }
    }
}

#[test]
fn a_linked_folder_is_not_followed_out_of_the_folder() {
    let checkout = Checkout::new();
    checkout.link("../elsewhere", "repo/more");
    checkout.refused(&["@repo"], "repo/more/other.yaml", "repo");
    // A link back does not make its neighbours part of the folder.
    let checkout = Checkout::new();
    for file in ["elsewhere/other.yaml", "elsewhere/sound.yaml"] {
        fs::remove_file(checkout.at(file)).expect("removed");
    }
    checkout.link("../repo/ok.yaml", "elsewhere/back.yaml");
    checkout.link("../elsewhere", "repo/more");
    checkout.refused(&["@repo"], "repo/more/back.yaml", "repo");
}

#[test]
fn a_committed_timeline_lies_below_the_folder_of_its_scenario() {
    for scenario in ["@repo", "@repo/ok.yaml"] {
        let checkout = Checkout::new();
        checkout.link("../secret.env", "repo/ok.timeline");
        checkout.refused(&[scenario], "repo/ok.timeline", "repo");
    }
}

#[test]
fn nothing_is_written_where_a_link_leads_nowhere_yet() {
    let checkout = Checkout::new();
    checkout.link("../new.timeline", "repo/ok.timeline");
    let (code, told) = checkout.test(&["@repo", "--update"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("ok.timeline: it is a link that leads nowhere"), "{told}");
    assert!(!checkout.at("new.timeline").exists());
}

#[test]
fn links_within_the_folder_and_to_allowed_folders_are_followed() {
    let checkout = Checkout::new();
    fs::create_dir(checkout.at("repo/kept")).expect("made");
    fs::write(checkout.at("repo/kept/ok.txt"), "").expect("written");
    checkout.link("kept/ok.txt", "repo/ok.timeline");
    checkout.link("ok.yaml", "repo/again.yaml");
    // Editors mark the files that they have open.
    checkout.link("user@host.17", "repo/.#ok.yaml");
    let (code, told) = checkout.test(&["@repo", "--update"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(checkout.at("repo/ok.timeline").is_symlink());
    let written = fs::read_to_string(checkout.at("repo/kept/ok.txt")).expect("readable");
    assert!(written.contains("== as written =="), "{written}");

    checkout.link("../elsewhere/sound.yaml", "repo/far.yaml");
    checkout.link("../far.txt", "repo/far.timeline");
    fs::write(checkout.at("far.txt"), &written).expect("written");
    assert_eq!(checkout.test(&["@repo"]).0, Some(2));
    let (code, told) = checkout.test(&["@repo", "--allow-include", "@"]);
    assert_eq!(code, Some(0), "{told}");
}

/// A file that the user names has been chosen.
#[test]
fn a_scenario_that_is_named_may_be_a_link() {
    let checkout = Checkout::new();
    checkout.link("../elsewhere/sound.yaml", "repo/far.yaml");
    let (code, told) = checkout.test(&["@repo/far.yaml"]);
    assert_eq!(code, Some(0), "{told}");
}
