//! Limits on healing, `heals up to 400/s`, held against the loads and triggers of the file.

use crate::expect::grammar::read;
use crate::expect::sentence::Sentence;
use crate::language::Problems;
use crate::language::tree::Node;
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;
use crate::scenario::sentences::{Place, Resolver};
use crate::scenario::stressed::StressMistake;

/// Notes limits on healing whose load or trigger the file's `stability:`, with the faults of `tree`,
/// does not have.
pub(super) fn check_healing(
    tree: &Node,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    let section = &names.file.analyses.stability;
    for limit in names.file.analyses.goals.limits() {
        let place = Place::of(limit.sentence());
        let Ok(Sentence::Heals(healing)) = read(place.text) else { continue };
        let mut resolver = Resolver { names, plan: &mut *plan, problems: &mut *problems };
        match section.stress(&healing, tree) {
            Ok(_) => {}
            Err(StressMistake::NoSection) => {
                let message = "there is no load and no trigger from which the system should heal";
                let help = "write `stability: { load: { workloads.web.arrivals: poisson 100/s..900/s }, trigger: { 'faults[0].for': 5s..60s } }`";
                resolver.problem_in(&place, &(0..place.text.len()), message, help);
            }
            Err(StressMistake::NoValue { at, path, values }) => {
                let message = format!("this is no value of `{path}`");
                let help = format!("under `stability:` its values are written `{values}`");
                resolver.problem_in(&place, &at, message, help);
            }
        }
    }
}
