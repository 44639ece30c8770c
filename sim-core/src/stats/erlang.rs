//! Erlang's formulas for queues with several servers.

/// Returns the probability that a customer of an M/M/c queue has to wait, with `servers` servers
/// and `load` erlangs (arrival rate times mean service time): Erlang's C formula, computed with the
/// recurrence for B (Erlang 1917; Gross et al., *Fundamentals of Queueing Theory*, section 3.5).
/// Returns 1 if the load exceeds what the servers can handle.
///
/// ```
/// use sim_core::stats::erlang_c;
/// assert!((erlang_c(2, 1.0) - 1.0 / 3.0).abs() < 1e-12);
/// assert_eq!(erlang_c(4, 5.0), 1.0);
/// ```
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    if load >= f64::from(servers) {
        return 1.0;
    }
    let blocking = (1..=servers)
        .fold(1.0, |blocking, server| load * blocking / (f64::from(server) + load * blocking));
    let utilization = load / f64::from(servers);
    blocking / (1.0 - utilization * (1.0 - blocking))
}

/// Returns the smallest number of servers with which at most this share of the customers of an
/// M/M/c queue has to wait.
///
/// ```
/// use sim_core::stats::{erlang_c, servers_for};
/// let servers = servers_for(10.0, 0.05);
/// assert!(erlang_c(servers, 10.0) <= 0.05 && erlang_c(servers - 1, 10.0) > 0.05);
/// ```
///
/// # Panics
/// If the share is not positive: then no number of servers is enough.
pub fn servers_for(load: f64, waiting_share: f64) -> u32 {
    assert!(waiting_share > 0.0, "the waiting share must be positive");
    let least = (libm::floor(load.max(0.0)) as u32).saturating_add(1);
    (least..u32::MAX).find(|servers| erlang_c(*servers, load) <= waiting_share).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_agrees_with_its_textbook_values() {
        // Gross et al., table of M/M/c: c = 8 at 6.4 erlangs.
        let direct = |servers: u32, load: f64| {
            let term = |n: u32| (1..=n).fold(1.0, |term, k| term * load / f64::from(k));
            let last = term(servers) * f64::from(servers) / (f64::from(servers) - load);
            last / ((0..servers).map(term).sum::<f64>() + last)
        };
        for (servers, load) in [(1, 0.5), (2, 1.0), (8, 6.4), (30, 22.0)] {
            assert!(
                (erlang_c(servers, load) - direct(servers, load)).abs() < 1e-12,
                "{servers} servers, {load} erlangs"
            );
        }
        assert_eq!(servers_for(0.0, 0.05), 1);
    }
}
