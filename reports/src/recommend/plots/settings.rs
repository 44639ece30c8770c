//! The part of its range in which each setting keeps every limit.

use sim_experiments::recommend::{Advice, Breach, Recommendation};
use sim_models::study::{Level, Parameter, Values};

use crate::plot::{
    Anchor, Canvas, Colour, DrawError, Drawing, Drawn, Ink, Legend, NOW, RECOMMENDED, Swatch,
    colour, fitted, font, wrapped_to,
};
use crate::recommend::settings::found;
use crate::recommend::words::gives_way;

const WIDTH: u32 = 1_200;
const HEADER: i32 = 64;
const MARGIN: i32 = 16;
/// The heights of the name of a setting, of its bar with the mark below, and of a line about a limit.
const NAME: i32 = 24;
const BAR_ROW: i32 = 40;
const LINE: i32 = 17;
/// Room between two settings.
const GAP: i32 = 18;
/// The left and right ends of the bars, and the room that is left for words below them.
const BAR: (i32, i32) = (130, 1_070);
const WORDS: i32 = WIDTH as i32 - MARGIN - BAR.0;
const SAFE: Colour = colour::OK.opacity(0.6);
const UNSAFE: Colour = colour::FAINT.opacity(0.35);
/// Of more values of a list than this, or limits that give way, the first are shown.
const MOST_BOXES: usize = 12;
const MOST_LINES: usize = 8;

/// A bar for each setting, with its present and its recommended value.
pub(super) struct SafeRanges<'a> {
    scenario: &'a str,
    /// The word for the values that were found.
    found: &'static str,
    settings: Vec<Setting<'a>>,
}

struct Setting<'a> {
    name: &'a str,
    values: &'a Values,
    advice: &'a Advice,
    /// The limits that give way, in lines.
    lines: Vec<String>,
}

impl<'a> SafeRanges<'a> {
    pub fn new(recommendation: &'a Recommendation, scenario: &'a str) -> Self {
        let plan = &recommendation.plan;
        let settings = plan.names().zip(&plan.settings).zip(&recommendation.advice);
        let setting = |((name, setting), advice): ((&'a str, &'a Parameter), &'a Advice)| Setting {
            name,
            values: &setting.values,
            advice,
            lines: lines(&setting.values, advice),
        };
        Self {
            scenario,
            found: found(recommendation.conclusion),
            settings: settings.map(setting).collect(),
        }
    }
}

impl Drawing for SafeRanges<'_> {
    fn name(&self) -> &'static str {
        "settings"
    }

    fn size(&self) -> (u32, u32) {
        let heights = self.settings.iter().map(Setting::height);
        (WIDTH, (HEADER + heights.sum::<i32>()) as u32)
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        let title = format!(
            "{}: where each setting keeps every limit, the others being as {}",
            self.scenario, self.found
        );
        let room = WIDTH as i32 - 2 * MARGIN;
        canvas.write(&fitted(&title, font::TITLE, room), (MARGIN, 10), font::TITLE)?;
        Legend(&[
            ("keeps every limit: high", Swatch::Area(SAFE)),
            ("does not, or is not known to: low, lined", Swatch::Lined(UNSAFE)),
            (self.found, Swatch::Mark(RECOMMENDED, colour::MEDIAN)),
            ("now", Swatch::Mark(NOW, colour::TEXT)),
        ])
        .draw(canvas, (MARGIN, 36))?;
        let mut top = HEADER;
        for setting in &self.settings {
            setting.draw(canvas, self.found, top)?;
            top += setting.height();
        }
        Ok(())
    }
}

impl Setting<'_> {
    fn height(&self) -> i32 {
        NAME + BAR_ROW + self.lines.len() as i32 * LINE + GAP
    }

    fn draw(&self, canvas: &dyn Canvas, found: &str, top: i32) -> Drawn {
        let now = self.advice.now.as_ref().map_or("not set", |now| now.shown.as_str());
        let values = format!("{now} now, {} {found}", self.advice.recommended.shown);
        let values = fitted(&values, font::TITLE, WORDS / 2);
        let right = WIDTH as i32 - MARGIN;
        let ink = Ink { colour: colour::TEXT, size: font::TITLE, anchor: Anchor::Right };
        canvas.write_in(ink, &values, (right, top))?;
        let room = right - MARGIN - font::width(&values, font::TITLE) - 20;
        canvas.write(&fitted(self.name, font::TITLE, room), (MARGIN, top), font::TITLE)?;
        match self.values {
            Values::Range(_) => self.draw_range(canvas, top + NAME)?,
            Values::Listed(_) => self.draw_list(canvas, top + NAME)?,
        }
        for (place, line) in self.lines.iter().enumerate() {
            let at = (BAR.0, top + NAME + BAR_ROW + place as i32 * LINE);
            canvas.write(line, at, font::LABEL)?;
        }
        Ok(())
    }

    /// Draws a bar over the whole range, the safe part of it higher.
    fn draw_range(&self, canvas: &dyn Canvas, top: i32) -> Drawn {
        const BESIDE: i32 = 10;
        let across = |level: &Level| {
            let share = self.values.share_of(level.number).clamp(0.0, 1.0);
            BAR.0 + (share * f64::from(BAR.1 - BAR.0)) as i32
        };
        canvas.rectangle([(BAR.0, top + 6), (BAR.1, top + 18)], UNSAFE)?;
        canvas.line([(BAR.0, top + 10), (BAR.1, top + 10)], colour::ACROSS)?;
        canvas.line([(BAR.0, top + 14), (BAR.1, top + 14)], colour::ACROSS)?;
        if let Some((from, to)) = &self.advice.safe {
            let (from, to) = (across(from), across(to));
            let corners = [(from, top), (to.max(from + 3), top + 24)];
            canvas.rectangle(corners, colour::WHITE)?;
            canvas.rectangle(corners, SAFE)?;
        }
        if let Some(now) = self.advice.now.as_ref().filter(|now| now.number.is_finite()) {
            canvas.mark((across(now), top + 31), NOW, colour::TEXT)?;
        }
        if self.advice.recommended.number.is_finite() {
            let at = (across(&self.advice.recommended), top + 12);
            canvas.mark(at, RECOMMENDED, colour::MEDIAN)?;
        }
        let (least, most) = (self.values.at(0.0).shown, self.values.at(1.0).shown);
        let ink = Ink { colour: colour::TEXT, size: font::LABEL, anchor: Anchor::Right };
        let room = BAR.0 - BESIDE - MARGIN;
        let least = fitted(&least, font::LABEL, room);
        canvas.write_in(ink, &least, (BAR.0 - BESIDE, top + 7))?;
        canvas.write(&fitted(&most, font::LABEL, room), (BAR.1 + BESIDE, top + 7), font::LABEL)
    }

    /// Draws a box for each value, those that miss a limit with lines.
    fn draw_list(&self, canvas: &dyn Canvas, top: i32) -> Drawn {
        const BETWEEN: i32 = 4;
        const BEFORE: i32 = 22;
        let levels = self.values.levels();
        let width = (BAR.1 - BAR.0) / levels.len().clamp(1, MOST_BOXES) as i32;
        for (place, level) in levels.iter().take(MOST_BOXES).enumerate() {
            let left = BAR.0 + place as i32 * width;
            let right = left + width - BETWEEN;
            if self.is_broken(level) {
                canvas.rectangle([(left, top), (right, top + 24)], UNSAFE)?;
                for y in [3, 21] {
                    canvas.line([(left, top + y), (right, top + y)], colour::ACROSS)?;
                }
            } else {
                canvas.rectangle([(left, top), (right, top + 24)], SAFE)?;
            }
            let name = fitted(&level.shown, font::LABEL, width - BETWEEN - BEFORE - 4);
            canvas.write(&name, (left + BEFORE, top + 7), font::LABEL)?;
            if level.number == self.advice.recommended.number {
                canvas.mark((left + 11, top + 12), RECOMMENDED, colour::MEDIAN)?;
            }
            if self.advice.now.as_ref().is_some_and(|now| now.number == level.number) {
                canvas.mark((left + 11, top + 31), NOW, colour::TEXT)?;
            }
        }
        Ok(())
    }

    fn is_broken(&self, level: &Level) -> bool {
        let mut others = self.advice.others.iter();
        others.any(|(other, breach)| other.number == level.number && breach.is_some())
    }
}

/// The limits that give way below and above the safe part, or with other values of a list.
fn lines(values: &Values, advice: &Advice) -> Vec<String> {
    let ends = [("below", 0, &advice.below), ("above", 1, &advice.above)];
    let at_end = |(side, end, breach): (&str, usize, &Option<Breach>)| {
        let of = advice.safe.as_ref().map(|(from, to)| if end == 0 { from } else { to });
        let of = of.map_or_else(String::new, |level| format!(" {}", level.shown));
        Some(format!("{side}{of}: {}", gives_way(breach.as_ref()?)))
    };
    let texts: Vec<String> = match values {
        Values::Range(_) => ends.into_iter().filter_map(at_end).collect(),
        Values::Listed(_) => {
            let others = advice.others.iter();
            let text = |(level, breach): &(Level, Option<Breach>)| {
                Some(format!("{}: {}", level.shown, gives_way(breach.as_ref()?)))
            };
            others.filter_map(text).collect()
        }
    };
    let mut lines: Vec<String> =
        texts.iter().flat_map(|text| wrapped_to(text, font::LABEL, WORDS)).collect();
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES - 1);
        lines.push("and others".to_owned());
    }
    lines
}
