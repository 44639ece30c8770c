//! Work that grows with the load.

use crate::language::quantity::{Duration, Share};
use crate::language::{Placed, Problem, Problems, section};
use crate::scenario::names::Names;
use crate::system::Contention;

section! {
    /// Work that takes longer the more an instance has to do.
    pub(crate) struct ContentionSection {
        /// The share of the work that only one request in the instance can do at a time, such as
        /// `5%`: σ of the Universal Scalability Law; none if left out.
        "serial" => serial: Option<Placed<Share>>,
        /// The cost of keeping each pair of requests consistent, as a share of the work, such as
        /// `0.1%`: κ of the Universal Scalability Law; none if left out.
        "crosstalk" => crosstalk: Option<Placed<Share>>,
        /// The work that each other request in the instance adds, such as `10ms`; none if left out.
        "per request" => per_request: Option<Placed<Duration>>,
        /// The work that each message waiting in a queue adds; none if left out.
        "per message" => per_message: Option<Placed<PerMessage>>,
    }
}

section! {
    /// Work that grows with a queue of messages, as of a database that holds its table.
    pub(crate) struct PerMessage {
        /// The queue.
        "queue" => queue: Placed<String>,
        /// The work that each waiting message adds, such as `2ms`.
        "work" => work: Placed<Duration>,
    }
}

/// The contention of a station; `None` if it is not written or adds nothing.
pub(super) fn compile(
    written: Option<&Placed<ContentionSection>>,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<Contention> {
    let written = written?;
    let share = |share: &Option<Placed<Share>>| share.as_ref().map_or(0.0, |share| share.0);
    let nanos = |span: Option<&Placed<Duration>>| span.map_or(0.0, |span| span.0.as_nanos() as f64);
    let per_message = written.per_message.as_ref();
    let queue = per_message.and_then(|per_message| names.queue(&per_message.queue, problems));
    let contention = Contention {
        serial: share(&written.serial),
        crosstalk: share(&written.crosstalk),
        per_request: nanos(written.per_request.as_ref()),
        queue,
        per_message: nanos(per_message.map(|per_message| &per_message.work)),
    };
    let costs =
        [contention.serial, contention.crosstalk, contention.per_request, contention.per_message];
    if costs.iter().any(|cost| *cost > 0.0) {
        return Some(contention);
    }
    if written.is_whole() {
        let problem = Problem::warning("this contention costs nothing", Some(written.key()));
        let help = "write `serial: 5%`, `crosstalk: 0.1%` or `per request: 10ms`";
        problems.add(problem.labelled("no effect").with_help(help));
    }
    None
}
