//! Cost of the kernel's parts; run with `cargo bench -p sim-core`.

use divan::{Bencher, black_box};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use sim_core::random::{DrawKey, Streams, standard_exponential};
use sim_core::stats::Histogram;
use sim_core::{DeadlineRing, EventList, SimDuration, SimTime};

fn main() {
    divan::main();
}

/// Takes the next event and schedules another, with `events` events in the list.
#[divan::bench(args = [16, 256, 4_096, 65_536])]
fn event_list_pop_and_schedule(bencher: Bencher, events: u64) {
    let mut random = Streams::new(1, 0).stream("bench");
    let mut list = EventList::new();
    for event in 0..events {
        list.schedule(SimTime::from_nanos(random.next_u64() % 1_000_000), event);
    }
    bencher.bench_local(|| {
        if let Some((now, event)) = list.pop() {
            list.schedule(now + SimDuration::from_nanos(random.next_u64() % 1_000_000), event);
        }
    });
}

/// Sets a deadline and drops the previous one, which was cancelled.
#[divan::bench]
fn deadline_set_and_called_off(bencher: Bencher) {
    let mut ring = DeadlineRing::new(SimDuration::from_secs(1));
    let mut now = 0;
    bencher.bench_local(|| {
        now += 1_000_000;
        ring.push(SimTime::from_nanos(now), now, now);
        ring.next_live(|set| *set == now)
    });
}

/// An exponential draw from a running stream.
#[divan::bench]
fn draw_from_a_stream(bencher: Bencher) {
    let mut random = Streams::new(1, 0).stream("bench");
    bencher.bench_local(|| standard_exponential(&mut random));
}

/// An exponential draw under a key of its own, as the simulator does it.
#[divan::bench]
fn draw_by_key(bencher: Bencher) {
    let root = DrawKey::root(&mut Streams::new(1, 0).stream("bench"));
    let mut request = 0;
    bencher.bench_local(|| {
        request += 1;
        standard_exponential(&mut root.child(black_box(request)).child(3).draw())
    });
}

/// The alternative we rejected: a ChaCha8 generator seeded for each key.
#[divan::bench]
fn draw_by_chacha_block(bencher: Bencher) {
    let mut request = 0_u64;
    bencher.bench_local(|| {
        request += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&black_box(request).to_le_bytes());
        standard_exponential(&mut ChaCha8Rng::from_seed(seed))
    });
}

#[divan::bench]
fn histogram_record(bencher: Bencher) {
    let mut random = Streams::new(1, 0).stream("bench");
    let mut histogram = Histogram::default();
    bencher.bench_local(|| histogram.record(random.next_u64() >> 36));
}
