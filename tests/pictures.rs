//! Pictures: everything in them is there, and can be read.

use resvg::usvg::{Group, Node, Options, TextChunk, Tree};
use sim_experiments::Finished;
use sim_models::resilience::circuit_breaker::BreakerState;
use sim_reports::plot::{Drawing, png_of, svg};
use sim_reports::run::Overview;

use crate::running::{run_scenario, run_text};

/// A text as it is drawn.
#[derive(Debug)]
struct Label {
    text: String,
    /// Its left, upper, right and lower edge.
    edges: [f32; 4],
}

/// The texts of an SVG, set with the font of the project by the renderer and not by our own measure.
fn labels(svg: &str) -> (Vec<Label>, [f32; 2]) {
    let mut options = Options::default();
    let font = include_bytes!("../reports/fonts/DejaVuSans-subset.ttf");
    options.fontdb_mut().load_font_data(font.to_vec());
    let tree = Tree::from_str(svg, &options).expect("an SVG");
    let mut labels = Vec::new();
    collect(tree.root(), &mut labels);
    (labels, [tree.size().width(), tree.size().height()])
}

fn collect(group: &Group, labels: &mut Vec<Label>) {
    for node in group.children() {
        match node {
            Node::Group(group) => collect(group, labels),
            Node::Text(text) => {
                let area = text.abs_bounding_box();
                labels.push(Label {
                    text: text.chunks().iter().map(TextChunk::text).collect(),
                    edges: [area.left(), area.top(), area.right(), area.bottom()],
                });
            }
            _ => {}
        }
    }
}

/// The flaws of a picture: texts that leave it or overlap, and a PNG that is not twice as large.
pub fn flaws(svg: &str) -> Vec<String> {
    // The boxes of texts are as high as the font; letters are not.
    const ABOVE_AND_BELOW: f32 = 3.0;
    let (labels, [width, height]) = labels(svg);
    let mut flaws = Vec::new();
    for (place, label) in labels.iter().enumerate() {
        let [left, top, right, bottom] = label.edges;
        if left < 0.0
            || top < -ABOVE_AND_BELOW
            || right > width
            || bottom > height + ABOVE_AND_BELOW
        {
            flaws.push(format!("outside of the picture: {label:?}"));
        }
        let overlaps = labels[..place].iter().filter(|other| {
            let across = left < other.edges[2] && other.edges[0] < right;
            across
                && top + ABOVE_AND_BELOW < other.edges[3] - ABOVE_AND_BELOW
                && other.edges[1] + ABOVE_AND_BELOW < bottom - ABOVE_AND_BELOW
        });
        flaws.extend(overlaps.map(|other| format!("{label:?} overlaps {other:?}")));
    }
    let png = png_of(svg).expect("drawn");
    let [wide, high] =
        [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().expect("4 bytes")));
    if [wide as f32, high as f32] != [2.0 * width, 2.0 * height] {
        flaws.push(format!("{wide} x {high} pixels for {width} x {height}"));
    }
    flaws
}

fn overview(finished: &Finished) -> String {
    svg(&Overview::new(finished)).expect("drawn")
}

/// The number of bars for a half-open breaker, which are half as high as a row and blue.
fn half_open_bars(svg: &str) -> usize {
    let bars =
        svg.lines().filter(|line| line.contains(" height=\"10\"") && line.contains("#0072B2"));
    bars.count()
}

fn half_open_phases(finished: &Finished) -> usize {
    let breakers = finished.system.recorder().breakers().iter();
    let transitions = breakers.flat_map(|breaker| &breaker.transitions);
    transitions.filter(|(_, transition)| transition.to == BreakerState::HalfOpen).count()
}

#[test]
fn every_half_open_phase_is_in_the_picture_however_short() {
    let finished = run_scenario("cascade-protected", None, &[]);
    assert_eq!(half_open_phases(&finished), 3);
    assert_eq!(half_open_bars(&overview(&finished)), 3);
    let finished = run_scenario("payments", None, &[]);
    let (phases, bars) = (half_open_phases(&finished), half_open_bars(&overview(&finished)));
    assert!(phases > 70 && bars * 10 >= phases * 9, "{bars} of {phases}");
}

#[test]
fn whatever_was_done_is_named_and_what_is_idle_is_folded() {
    let texts = |name: &str| -> Vec<String> {
        let svg = overview(&run_scenario(name, None, &[]));
        labels(&svg).0.into_iter().map(|label| label.text).collect()
    };
    let has = |texts: &[String], wanted: &str| texts.iter().any(|text| text.contains(wanted));
    let payments = texts("payments");
    for wanted in [
        "stripe: slow by 10s",
        "stripe: connections refused",
        "paypal: connections refused",
        "settler: paused",
        "QueueDepth (high)",
        "QueueAge (medium)",
        "2 pools below 5% throughout: shop: 50 threads, intents: 20 connections",
    ] {
        assert!(has(&payments, wanted), "{wanted}: {payments:?}");
    }
    assert!(has(&payments, "orders: availability "), "{payments:?}");
    let chaos = texts("chaos");
    assert!((1..=6).all(|stage| has(&chaos, &format!(": stage {stage} of 6: "))), "{chaos:?}");
    let orders = texts("kept-connections");
    assert!(has(&orders, "sets services.api.instances to 16"), "{orders:?}");
}

#[test]
fn names_of_any_length_in_any_script_and_very_many_rows_can_be_drawn() {
    let long = "überlänge-".repeat(40);
    let system = format!(
        "run: {{ duration: 3s, seed: 1 }}
workloads: {{ web: {{ to: {long}, arrivals: poisson 50/s }}, 東京: {{ to: Привет, arrivals: constant 1/s }} }}
services:
  {long}: {{ instances: 100, threads: 4, handle: [ {{ work: 1ms }}, {{ call: Привет }} ] }}
  Привет: {{ instances: 100, threads: 2, handle: [ {{ work: 5ms }} ] }}
calls:
  {long} -> Привет: {{ timeout: 1s, breaker: {{ scope: callee instance, window: 10 calls, failure rate: 50%, wait: 100ms }} }}
faults: [ {{ at: 1s, for: 1s, slow: Привет, by: 20x }}, {{ at: 1s, for: 1ms, pause: {long} }} ]
"
    );
    let finished = run_text(&system, &[]);
    assert_eq!(finished.system.recorder().breakers().len(), 10_000);
    let drawing = Overview::new(&finished);
    assert!(drawing.size().1 < 2_000, "{:?}", drawing.size());
    assert_eq!(flaws(&svg(&drawing).expect("drawn")), [""; 0]);
}

#[test]
fn a_run_without_intervals_or_faults_has_a_picture() {
    let finished = run_text(
        "run: { duration: 1ms }
workloads: { web: { to: api, arrivals: constant 1/s } }
services: { api: { handle: [ { work: 1ms } ] } }
",
        &[],
    );
    assert_eq!(flaws(&overview(&finished)), [""; 0]);
}
