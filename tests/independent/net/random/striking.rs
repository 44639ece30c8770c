//! Faults at random.

use super::super::{Fault, SECOND, Slow, Strike, Struck};
use super::{Draft, Group};

impl Draft {
    /// On whole seconds one instance at a time, and no crashes: the guide has no order among those
    /// that are struck.
    pub(super) fn add_fault(&mut self) {
        let is_whole = self.dice.is_whole;
        let service = self.dice.below(self.net.services.len() as u64) as usize;
        let all = self.net.services[service].instances;
        let others = (0..all).filter(|_| self.dice.one_in(2) && !is_whole);
        let mut instances: Vec<usize> = others.chain([all - 1]).collect();
        instances.dedup();
        let struck = Struck { service, instances };
        let strike = if self.group.has(Group::Faults) && self.dice.one_in(2) {
            self.special_strike(struck)
        } else {
            self.strike(struck)
        };
        let (at, lasts) = if is_whole {
            (self.dice.up_to(50) * SECOND, self.dice.up_to(15) * SECOND)
        } else {
            (self.dice.time(2_000), self.dice.time(600))
        };
        self.net.faults.push(Fault { at, lasts, strike });
    }

    fn strike(&mut self, struck: Struck) -> Strike {
        let is_leaf = struck.service + 1 == self.net.services.len();
        let is_paused = self.net.faults.iter().any(|it| matches!(it.strike, Strike::Pause(_)));
        // A request whose caller has given up gets through a cut if the caller could have been in
        // several regions.
        let callers = &self.net.services[..self.net.services.len() - 1];
        let have_one_region = callers.iter().all(|it| it.regions.len() == 1);
        let regions = self.net.regions.len() as u64;
        match self.dice.below(5) {
            0 => Strike::BlackHole(self.dice.below(self.net.edges.len() as u64) as usize),
            1 if regions > 1 && have_one_region => {
                Strike::Cut(0, 1 + self.dice.below(regions - 1) as usize)
            }
            2 if !self.dice.is_whole => Strike::Crash(struck),
            3 if is_leaf && !is_paused => Strike::Pause(struck),
            _ => Strike::Refuse(struck),
        }
    }

    fn special_strike(&mut self, struck: Struck) -> Strike {
        let slow = match self.dice.below(3) {
            0 => Slow::By(1 + self.dice.up_to(4)),
            1 => Slow::Adding(self.dice.time(20)),
            _ => Slow::To(self.dice.time(40)),
        };
        let edge = self.dice.below(self.net.edges.len() as u64) as usize;
        match self.dice.below(5) {
            0 => Strike::RefuseEdge(edge),
            1 => Strike::SlowEdge(edge, slow),
            2 => Strike::Slow(struck, slow),
            3 => Strike::Errors(struck, "server error"),
            _ => Strike::Errors(struck, "client error"),
        }
    }
}
