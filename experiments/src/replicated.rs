//! Several replications of one blueprint, in numbers.

use std::sync::Arc;

use sim_models::observe::RunSummary;
use sim_models::system::Blueprint;

use crate::parallel::in_order;
use crate::run::run;
use crate::watch::Watch;

/// Replications of a blueprint: the same system and seed, each with other random numbers.
#[derive(Clone, Debug)]
pub struct Replicated {
    /// The summaries of those that came to their end, in order.
    pub summaries: Vec<RunSummary>,
    /// The number of replications that were wanted.
    pub wanted: u64,
    /// The reason why some are missing; `None` if none is.
    pub stopped: Option<String>,
}

/// Runs the first replications of a blueprint, as many as wanted, on the threads of `watch`. One that a limit
/// or an interruption stops is left out.
pub fn replicate(blueprint: &Arc<Blueprint>, wanted: u64, watch: &dyn Watch) -> Replicated {
    watch.begin("running replications", Some(wanted));
    let numbers: Vec<u64> = (0..wanted).collect();
    let summaries = in_order(&numbers, watch.jobs(), &|_, replication| {
        // Many short runs in a row would otherwise never consult the watch.
        watch.check().map_err(|interrupted| interrupted.to_string())?;
        let summary = run(blueprint, *replication, watch).summary;
        watch.advance(1);
        match &summary.partial {
            Some(stopped) => Err(stopped.reason.clone()),
            None => Ok(summary),
        }
    });
    let (mut complete, mut stopped) = (Vec::new(), None);
    for summary in summaries {
        match summary {
            Ok(summary) => complete.push(summary),
            Err(reason) => stopped = stopped.or(Some(reason)),
        }
    }
    Replicated { summaries: complete, wanted, stopped }
}
