//! Smaller systems than a given one, to find the smallest that still shows a difference.

use super::{Edge, Net, SECOND, Service, Step, Strike};

type Change<'a, T> = &'a dyn Fn(&mut T);

/// Systems that lack one thing each.
pub fn smaller(net: &Net) -> Vec<Net> {
    let with = |change: Change<'_, Net>| {
        let mut net = net.clone();
        change(&mut net);
        net
    };
    let mut found = Vec::new();
    if net.duration > 20 * SECOND {
        found.push(with(&|it| it.duration /= 2));
    }
    if net.drain > 20 * SECOND {
        found.push(with(&|it| it.drain /= 2));
    }
    found.extend((0..net.faults.len()).map(|at| with(&|it| _ = it.faults.remove(at))));
    if net.workloads.len() > 1 {
        found.push(with(&|it| _ = it.workloads.pop()));
    }
    if net.regions.len() > 1 && !net.faults.iter().any(|it| matches!(it.strike, Strike::Cut(..))) {
        found.push(with(&in_one_region));
    }
    for (at, edge) in net.edges.iter().enumerate() {
        if net.reached().contains(&at) {
            let lesser = lesser_edges(edge).into_iter();
            found.extend(lesser.map(|edge| with(&|it| it.edges[at] = edge.clone())));
        }
    }
    for (at, service) in net.services.iter().enumerate() {
        let lesser = lesser_services(service).into_iter();
        found.extend(lesser.map(|service| {
            with(&|it| {
                it.services[at] = service.clone();
                keep_to_instances(it);
            })
        }));
    }
    found
}

fn in_one_region(net: &mut Net) {
    net.regions = vec![vec![0]];
    net.workloads.iter_mut().for_each(|it| it.region = 0);
    net.services.iter_mut().filter(|it| !it.is_database).for_each(|it| it.regions = vec![0]);
}

/// Takes instances that no longer exist out of the faults.
fn keep_to_instances(net: &mut Net) {
    for fault in &mut net.faults {
        let instances: Vec<usize> = net.services.iter().map(|it| it.instances).collect();
        if let Strike::Crash(struck)
        | Strike::Pause(struck)
        | Strike::Refuse(struck)
        | Strike::Errors(struck, _)
        | Strike::Slow(struck, _) = &mut fault.strike
        {
            let all = instances[struck.service];
            struck.instances.iter_mut().for_each(|it| *it = (*it).min(all - 1));
            struck.instances.dedup();
        }
    }
}

fn lesser_edges(edge: &Edge) -> Vec<Edge> {
    let with = |change: Change<'_, Edge>| {
        let mut edge = edge.clone();
        change(&mut edge);
        edge
    };
    let mut found: Vec<Edge> =
        (0..edge.guards.len()).map(|at| with(&|it| _ = it.guards.remove(at))).collect();
    found.extend((0..edge.fallbacks.len()).map(|at| with(&|it| _ = it.fallbacks.remove(at))));
    if edge.hedge.is_some() {
        found.push(with(&|it| it.hedge = None));
    }
    if edge.cancels {
        found.push(with(&|it| it.cancels = false));
    }
    if edge.passes_deadline {
        found.push(with(&|it| it.passes_deadline = false));
    }
    if edge.chooses_anew {
        found.push(with(&|it| it.chooses_anew = false));
    }
    found
}

fn lesser_services(service: &Service) -> Vec<Service> {
    let with = |change: Change<'_, Service>| {
        let mut service = service.clone();
        change(&mut service);
        service
    };
    let mut found = Vec::new();
    if service.instances > 1 {
        found.push(with(&|it| it.instances -= 1));
    }
    if service.slots.queue.is_some() {
        found.push(with(&|it| it.slots.queue = None));
    }
    if service.slots.max_wait.is_some() {
        found.push(with(&|it| it.slots.max_wait = None));
    }
    if service.processors.is_some() {
        found.push(with(&|it| it.processors = None));
    }
    if service.pool.is_some_and(|it| it.queue.is_some() || it.max_wait.is_some()) {
        found.push(with(&|it| {
            if let Some(pool) = &mut it.pool {
                (pool.queue, pool.max_wait) = (None, None);
            }
        }));
    }
    let steps = lesser_steps(&service.steps).into_iter().filter(|it| !it.is_empty());
    found.extend(steps.map(|steps| with(&|it| it.steps.clone_from(&steps))));
    found
}

fn lesser_steps(steps: &[Step]) -> Vec<Vec<Step>> {
    let mut found = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let with = |others: &[Step]| [&steps[..at], others, &steps[at + 1..]].concat();
        found.push(with(&[]));
        match step {
            Step::Parallel(branches) => {
                found.extend(branches.iter().map(|branch| with(branch)));
                for (number, branch) in branches.iter().enumerate() {
                    let lesser = lesser_steps(branch).into_iter().filter(|it| !it.is_empty());
                    found.extend(lesser.map(|it| {
                        let mut branches = branches.clone();
                        branches[number] = it;
                        with(&[Step::Parallel(branches)])
                    }));
                }
            }
            Step::Repeat(_, inner) | Step::Hold(inner) => found.push(with(inner)),
            _ => {}
        }
    }
    found
}
