//! Systems at random, as data for the oracle and as the text of a scenario. All times are in
//! nanoseconds.

use std::fmt::Write;

const SECOND: u64 = 1_000_000_000;

#[derive(Debug)]
pub enum Step {
    Work(u64),
    /// Calls side by side.
    Calls(Vec<usize>),
}

#[derive(Debug)]
pub struct Service {
    pub instances: usize,
    pub threads: u32,
    pub queue: Option<u32>,
    pub max_wait: Option<u64>,
    /// Regions that the instances get in turn.
    pub regions: Vec<usize>,
    pub steps: Vec<Step>,
}

impl Service {
    pub fn region_of(&self, instance: usize) -> usize {
        self.regions[instance % self.regions.len()]
    }
}

#[derive(Debug)]
pub struct Edge {
    pub caller: String,
    pub callee: usize,
    pub latency: u64,
    pub timeout: Option<u64>,
    pub call_timeout: Option<u64>,
    /// Attempts in all, and the wait between them.
    pub retry: (u32, u64),
    /// Delay, and requests in all.
    pub hedge: Option<(u64, usize)>,
    pub cancels_losers: bool,
}

#[derive(Debug)]
pub struct Workload {
    pub edge: usize,
    pub region: usize,
    pub rate: u64,
}

/// What a fault does: to an edge, between two regions, or to instances of a service.
#[derive(Debug)]
pub enum Strike {
    BlackHole(usize),
    Cut(usize, usize),
    Crash(Vec<(usize, usize)>),
    Pause(Vec<(usize, usize)>),
    Refuse(Vec<(usize, usize)>),
}

impl Strike {
    pub fn instances(&self) -> &[(usize, usize)] {
        match self {
            Strike::BlackHole(_) | Strike::Cut(..) => &[],
            Strike::Crash(all) | Strike::Pause(all) | Strike::Refuse(all) => all,
        }
    }
}

#[derive(Debug)]
pub struct Fault {
    pub at: u64,
    pub lasts: u64,
    pub strike: Strike,
}

#[derive(Debug)]
pub struct Net {
    pub duration: u64,
    pub workloads: Vec<Workload>,
    pub services: Vec<Service>,
    pub edges: Vec<Edge>,
    pub faults: Vec<Fault>,
    /// One-way latencies between regions; there is one region without any.
    pub regions: Vec<Vec<u64>>,
}

/// Numbers at random (xorshift64*), and the scale of times: whole seconds, or anything.
struct Dice {
    state: u64,
    is_whole: bool,
    /// Settings that may still limit a time. On whole seconds there is one: the order of what
    /// different settings limit is no part of the guide.
    limits: u32,
}

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        (self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    fn one_in(&mut self, number: u64) -> bool {
        self.below(number) == 0
    }

    /// A time up to `most` milliseconds, or up to 4 whole seconds.
    fn time(&mut self, most: u64) -> u64 {
        if self.is_whole {
            (1 + self.below(4)) * SECOND
        } else {
            1_000_000 + self.below(most * 1_000_000)
        }
    }

    /// Perhaps a limit of a time.
    fn limit(&mut self, number: u64, most: u64) -> Option<u64> {
        let limit = self.perhaps(number, most).filter(|_| self.limits > 0);
        self.limits -= u32::from(limit.is_some());
        limit
    }

    fn perhaps(&mut self, number: u64, most: u64) -> Option<u64> {
        self.one_in(number).then(|| self.time(most))
    }
}

impl Net {
    pub fn at_random(seed: u64, is_whole: bool) -> Self {
        let mut dice = Dice {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            is_whole,
            limits: if is_whole { 1 } else { 1_000 },
        };
        (0..10).for_each(|_| _ = dice.below(2));
        let mut net = Net {
            duration: if is_whole { 60 * SECOND } else { 4 * SECOND },
            workloads: Vec::new(),
            services: Vec::new(),
            edges: Vec::new(),
            faults: Vec::new(),
            regions: Vec::new(),
        };
        let number = if dice.one_in(2) { 1 } else { 2 + dice.below(2) as usize };
        net.regions = (0..number)
            .map(|from| (0..number).map(|to| if from == to { 0 } else { dice.time(9) }).collect())
            .collect();
        let services = 1 + dice.below(4) as usize;
        for index in 0..services {
            net.add_service(&mut dice, index, services);
        }
        for index in 0..=dice.below(2) {
            let edge = net.add_edge(&mut dice, format!("w{index}"), 0);
            let rate = if is_whole { 1 } else { 20 + dice.below(60) };
            let region = dice.below(number as u64) as usize;
            net.workloads.push(Workload { edge, region, rate });
        }
        for _ in 0..dice.below(4) {
            net.add_fault(&mut dice);
        }
        net
    }

    fn add_service(&mut self, dice: &mut Dice, index: usize, services: usize) {
        let mut steps = vec![Step::Work(dice.time(30))];
        // The next service is called in any case, so that all are.
        let mut callees: Vec<usize> =
            (index + 1..services).filter(|next| *next == index + 1 || dice.one_in(3)).collect();
        while !callees.is_empty() {
            let together = 1 + dice.below(callees.len() as u64) as usize;
            let now = callees.drain(..together);
            let edges = now.collect::<Vec<_>>().into_iter();
            let edges = edges.map(|callee| self.add_edge(dice, format!("s{index}"), callee));
            steps.push(Step::Calls(edges.collect()));
            if dice.one_in(2) {
                steps.push(Step::Work(dice.time(10)));
            }
        }
        let queue = dice.one_in(2).then(|| dice.below(4) as u32);
        let regions = self.regions.len() as u64;
        self.services.push(Service {
            instances: 1 + dice.below(3) as usize,
            threads: 1 + dice.below(4) as u32,
            queue,
            max_wait: dice.limit(3, 60),
            regions: (0..=dice.below(2)).map(|_| dice.below(regions) as usize).collect(),
            steps,
        });
    }

    /// One of the two timeouts is there unless all is on whole seconds.
    fn add_edge(&mut self, dice: &mut Dice, caller: String, callee: usize) -> usize {
        let call_timeout = dice.limit(2, 300);
        let attempts = if dice.one_in(2) { 1 } else { 2 + dice.below(2) as u32 };
        self.edges.push(Edge {
            caller,
            callee,
            latency: if dice.is_whole && dice.one_in(2) { SECOND } else { dice.time(3) },
            timeout: dice.limit(if call_timeout.is_none() { 1 } else { 2 }, 150),
            call_timeout,
            retry: (attempts, dice.time(40)),
            hedge: dice.limit(3, 50).map(|delay| (delay, 2 + dice.below(2) as usize)),
            cancels_losers: dice.one_in(2),
        });
        self.edges.len() - 1
    }

    /// On whole seconds one instance at a time, and no crashes: the guide has no order among those
    /// that are struck, nor among the requests that are lost together.
    fn add_fault(&mut self, dice: &mut Dice) {
        let service = dice.below(self.services.len() as u64) as usize;
        let all = self.services[service].instances;
        let others = (0..all).filter(|_| dice.one_in(2) && !dice.is_whole);
        let struck = others.chain([all - 1]);
        let mut struck: Vec<(usize, usize)> = struck.map(|it| (service, it)).collect();
        struck.dedup();
        let is_leaf = service + 1 == self.services.len();
        let is_paused = self.faults.iter().any(|fault| matches!(fault.strike, Strike::Pause(_)));
        // A request whose caller has given up gets through a cut if the caller could have been in
        // several regions.
        let callers = &self.services[..self.services.len() - 1];
        let callers_have_one_region = callers.iter().all(|it| it.regions.len() == 1);
        let strike = match dice.below(5) {
            0 => Strike::BlackHole(dice.below(self.edges.len() as u64) as usize),
            1 if self.regions.len() > 1 && callers_have_one_region => {
                Strike::Cut(0, 1 + dice.below(self.regions.len() as u64 - 1) as usize)
            }
            2 if !dice.is_whole => Strike::Crash(struck),
            3 if is_leaf && !is_paused => Strike::Pause(struck),
            _ => Strike::Refuse(struck),
        };
        let (at, lasts) = if dice.is_whole {
            (1 + dice.below(50), 1 + dice.below(15))
        } else {
            (1 + dice.below(3_000_000_000), 1 + dice.below(1_000_000_000))
        };
        let scale = if dice.is_whole { SECOND } else { 1 };
        self.faults.push(Fault { at: at * scale, lasts: lasts * scale, strike });
    }

    /// The latency of the way from one region to another.
    pub fn between(&self, from: usize, to: usize) -> u64 {
        self.regions[from][to]
    }

    /// The scenario.
    pub fn text(&self) -> String {
        let mut text = format!("run: {{ duration: {}ns, drain: 10h }}\nregions:\n", self.duration);
        for (from, ways) in self.regions.iter().enumerate() {
            let others = ways.iter().enumerate().filter(|(to, _)| *to != from);
            let ways: Vec<String> = others.map(|(to, way)| format!("r{to}: {way}ns")).collect();
            let _ = writeln!(text, "  r{from}: {{ {} }}", ways.join(", "));
        }
        text.push_str("workloads:\n");
        for (index, workload) in self.workloads.iter().enumerate() {
            let Workload { rate, region, .. } = workload;
            let _ = writeln!(
                text,
                "  w{index}: {{ to: s0, arrivals: constant {rate}/s, region: r{region} }}"
            );
        }
        text.push_str("services:\n");
        for (index, service) in self.services.iter().enumerate() {
            self.write_service(&mut text, index, service);
        }
        text.push_str("calls:\n");
        for edge in &self.edges {
            let _ = writeln!(text, "{}", edge.line());
        }
        if !self.faults.is_empty() {
            text.push_str("faults:\n");
        }
        for Fault { at, lasts, strike } in &self.faults {
            let _ = writeln!(text, "  - {{ at: {at}ns, for: {lasts}ns, {} }}", self.words(strike));
        }
        text
    }

    fn write_service(&self, text: &mut String, index: usize, service: &Service) {
        let call = |edge: &usize| format!("{{ call: s{} }}", self.edges[*edge].callee);
        let steps = service.steps.iter().map(|step| match step {
            Step::Work(length) if length % 2 == 0 => format!("{{ work: {length}ns }}"),
            Step::Work(length) => format!("{{ pause: {length}ns }}"),
            Step::Calls(edges) if edges.len() == 1 => call(&edges[0]),
            Step::Calls(edges) => {
                let branches: Vec<_> = edges.iter().map(|it| format!("[ {} ]", call(it))).collect();
                format!("{{ parallel: [ {} ] }}", branches.join(", "))
            }
        });
        let steps: Vec<String> = steps.collect();
        let regions: Vec<String> = service.regions.iter().map(|it| format!("r{it}")).collect();
        let queue = service.queue.map_or(String::new(), |queue| format!(", queue: {queue}"));
        let wait = service.max_wait.map_or(String::new(), |wait| format!(", max wait: {wait}ns"));
        let _ = writeln!(
            text,
            "  s{index}: {{ instances: {}, threads: {{ max: {}{queue}{wait} }}, regions: [ {} ], handle: [ {} ] }}",
            service.instances,
            service.threads,
            regions.join(", "),
            steps.join(", "),
        );
    }

    fn words(&self, strike: &Strike) -> String {
        let (kind, instances) = match strike {
            Strike::BlackHole(edge) => return format!("black hole: {}", self.edges[*edge].name()),
            Strike::Cut(from, to) => return format!("black hole: r{from} -> r{to}"),
            Strike::Crash(instances) => ("crash", instances),
            Strike::Pause(instances) => ("pause", instances),
            Strike::Refuse(instances) => ("refuse", instances),
        };
        let numbers: Vec<String> = instances.iter().map(|(_, it)| (it + 1).to_string()).collect();
        format!("{kind}: s{}, instances: [ {} ]", instances[0].0, numbers.join(", "))
    }
}

impl Edge {
    pub fn name(&self) -> String {
        format!("{} -> s{}", self.caller, self.callee)
    }

    fn line(&self) -> String {
        let mut line = format!("  {}: {{ latency: {}ns", self.name(), self.latency);
        let limits = [("timeout", self.timeout), ("call timeout", self.call_timeout)];
        for (name, limit) in limits {
            if let Some(limit) = limit {
                let _ = write!(line, ", {name}: {limit}ns");
            }
        }
        let (attempts, backoff) = self.retry;
        if attempts > 1 {
            let _ = write!(line, ", retry: {{ attempts: {attempts}, backoff: fixed {backoff}ns }}");
        }
        if let Some((delay, most)) = self.hedge {
            let cancels = self.cancels_losers;
            let _ = write!(
                line,
                ", hedge: {{ delay: {delay}ns, max: {most}, cancel losers: {cancels} }}"
            );
        }
        line + ", balance: round robin }"
    }
}
