//! The handlers of all stations.

use super::{cache, database, service};
use crate::language::Problems;
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;

/// Compiles the handlers of services, databases and caches.
pub(crate) fn compile_handlers(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    let file = names.file;
    for (name, cache) in file.caches.iter() {
        cache::compile_contents(name, cache, names, plan, problems);
    }
    for (name, service) in file.services.iter() {
        service::compile_handlers(name, service, names, plan, problems);
    }
    for (name, database) in file.databases.iter() {
        database::compile_queries(name, database, names, plan, problems);
    }
    for (name, cache) in file.caches.iter() {
        cache::compile_look_up(name, cache, names, plan, problems);
    }
}
