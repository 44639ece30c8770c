//! The part of its range in which each setting keeps every limit.

use sim_experiments::recommend::{Advice, Recommendation};
use sim_models::study::{Level, Parameter, Values};

use crate::plot::{Canvas, Colour, DrawError, Drawing, Drawn, Mark, colour, font};
use crate::recommend::words::gives_way;

const WIDTH: u32 = 1_200;
const HEADER: u32 = 64;
const ROW: u32 = 76;
/// The left and right ends of the bars.
const BAR: (i32, i32) = (330, 1_120);
const SAFE: Colour = colour::OK.opacity(0.5);
const UNSAFE: Colour = colour::FAINT.opacity(0.25);
const NOW: Mark = Mark::Triangle(7);
const RECOMMENDED: Mark = Mark::Dot(6);

/// A bar for each setting, with its present and its recommended value.
pub(super) struct SafeRanges<'a> {
    pub recommendation: &'a Recommendation,
    pub scenario: &'a str,
}

impl Drawing for SafeRanges<'_> {
    fn name(&self) -> &'static str {
        "settings"
    }

    fn size(&self) -> (u32, u32) {
        (WIDTH, HEADER + self.recommendation.advice.len() as u32 * ROW)
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        let title = format!(
            "{}: where each setting keeps every limit, the others being as recommended",
            self.scenario
        );
        canvas.write(&title, (16, 10), font::TITLE)?;
        draw_legend(canvas)?;
        let plan = &self.recommendation.plan;
        let settings = plan.names().zip(&plan.settings).zip(&self.recommendation.advice);
        for (row, ((name, setting), advice)) in settings.enumerate() {
            let top = (HEADER + row as u32 * ROW) as i32;
            canvas.write(name, (16, top + 8), font::LABEL)?;
            match &setting.values {
                Values::Range(_) => draw_range(canvas, setting, advice, top)?,
                Values::Listed(_) => draw_list(canvas, setting, advice, top)?,
            }
        }
        Ok(())
    }
}

fn draw_legend(canvas: &dyn Canvas) -> Drawn {
    canvas.rectangle([(16, 38), (46, 50)], SAFE)?;
    canvas.write("safe", (54, 36), font::LABEL)?;
    canvas.mark((120, 44), RECOMMENDED, colour::MEDIAN)?;
    canvas.write("recommended", (132, 36), font::LABEL)?;
    canvas.mark((250, 46), NOW, colour::FAILED)?;
    canvas.write("now", (262, 36), font::LABEL)
}

/// Draws a bar over the whole range, the safe part of it coloured.
fn draw_range(canvas: &dyn Canvas, setting: &Parameter, advice: &Advice, top: i32) -> Drawn {
    let across = |level: &Level| {
        let share = setting.values.share_of(level.number).clamp(0.0, 1.0);
        BAR.0 + (share * f64::from(BAR.1 - BAR.0)) as i32
    };
    canvas.rectangle([(BAR.0, top + 10), (BAR.1, top + 22)], UNSAFE)?;
    if let Some((from, to)) = &advice.safe {
        let (from, to) = (across(from), across(to));
        canvas.rectangle([(from, top + 10), (to.max(from + 2), top + 22)], SAFE)?;
    }
    if let Some(now) = advice.now.as_ref().filter(|now| now.number.is_finite()) {
        canvas.mark((across(now), top + 30), NOW, colour::FAILED)?;
    }
    if advice.recommended.number.is_finite() {
        canvas.mark((across(&advice.recommended), top + 16), RECOMMENDED, colour::MEDIAN)?;
    }
    canvas.write(&setting.values.at(0.0).shown, (BAR.0 - 4, top - 8), font::SMALL)?;
    canvas.write(&setting.values.at(1.0).shown, (BAR.1 - 20, top - 8), font::SMALL)?;
    let now = advice.now.as_ref().map_or("not set", |now| now.shown.as_str());
    let values = format!("{now} now, {} recommended", advice.recommended.shown);
    canvas.write(&values, (16, top + 26), font::LABEL)?;
    canvas.write(&ends(advice), (BAR.0, top + 40), font::SMALL)
}

/// The limits that give way below and above the safe part.
fn ends(advice: &Advice) -> String {
    let sides = [("below", &advice.below), ("above", &advice.above)];
    let ends = sides
        .iter()
        .filter_map(|(side, breach)| Some(format!("{side}: {}", gives_way(breach.as_ref()?))));
    ends.collect::<Vec<_>>().join("    ")
}

/// Draws a box for each value, those that keep every limit coloured.
fn draw_list(canvas: &dyn Canvas, setting: &Parameter, advice: &Advice, top: i32) -> Drawn {
    let levels = setting.values.levels();
    let width = (BAR.1 - BAR.0) / levels.len().max(1) as i32;
    for (place, level) in levels.iter().enumerate() {
        let left = BAR.0 + place as i32 * width;
        let is_broken = advice
            .others
            .iter()
            .any(|(other, breach)| other.number == level.number && breach.is_some());
        let ground = if is_broken { UNSAFE } else { SAFE };
        canvas.rectangle([(left, top + 4), (left + width - 4, top + 26)], ground)?;
        canvas.write(&level.shown, (left + 18, top + 8), font::LABEL)?;
        if level.number == advice.recommended.number {
            canvas.mark((left + 9, top + 15), Mark::Dot(5), colour::MEDIAN)?;
        }
        if advice.now.as_ref().is_some_and(|now| now.number == level.number) {
            canvas.mark((left + 9, top + 36), NOW, colour::FAILED)?;
        }
    }
    Ok(())
}
