//! Sentences: one text as an expectation, as the condition of an alert, as a limit, and as a figure of a sweep.

use sim_models::scenario::{Overrides, Request, SweepRequest, load, utf_8};

use crate::system::{SYSTEM, input, limited, run_if_sound};

/// Reads the sentence in each of its places, and judges it after a run.
pub fn target(bytes: &[u8]) {
    let Ok(text) = utf_8(bytes.to_vec()) else { return };
    let quoted = serde_json::to_string(&text).expect("a text");
    let places = [
        format!("expect: [ {quoted} ]"),
        format!("alerts: {{ page: {{ when: {quoted} }} }}"),
        format!("goals: {{ settings: {{ services.a.threads: 1..8 }}, limits: [ {quoted} ] }}"),
    ];
    for place in places {
        run_if_sound(&load(&input(format!("{SYSTEM}{place}\n")), &limited(&[])));
    }
    let sweep = SweepRequest {
        vary: vec!["services.a.threads=1,2".to_owned()],
        figures: vec![text],
        ..SweepRequest::default()
    };
    let overrides = Overrides { request: Request::Sweep(sweep), ..limited(&[]) };
    run_if_sound(&load(&input(SYSTEM), &overrides));
}
