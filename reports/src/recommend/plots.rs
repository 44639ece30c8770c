//! The pictures of a recommendation: where in its range each setting is safe, and where objectives
//! conflict.

use plotters::coord::Shift;
use plotters::prelude::*;
use sim_experiments::recommend::{Advice, Recommendation};
use sim_models::study::{Direction, Level, Parameter, Values};

use super::text::gives_way;
use crate::plot::{Drawn, FONT_NAME, Picture, colour};
use crate::words::figure;

const TITLE: i32 = 16;
const LABEL: i32 = 13;
const WIDTH: u32 = 1_200;
const ABOVE: u32 = 64;
const ROW: u32 = 76;
/// Where the bars begin and end.
const BAR: (i32, i32) = (330, 1_120);
const FRONT: (u32, u32) = (900, 560);

/// A picture of a recommendation.
pub(super) enum RecommendationPicture<'a> {
    /// A bar for each setting.
    Settings(&'a Recommendation, &'a str),
    /// The first two objectives against each other.
    Front(&'a Recommendation, &'a str),
}

/// The pictures that a recommendation has anything for, with their names.
pub(super) fn pictures<'a>(
    recommendation: &'a Recommendation,
    scenario: &'a str,
) -> Vec<(&'static str, RecommendationPicture<'a>)> {
    let mut pictures =
        vec![("settings", RecommendationPicture::Settings(recommendation, scenario))];
    if recommendation.front.len() > 1 {
        pictures.push(("front", RecommendationPicture::Front(recommendation, scenario)));
    }
    pictures
}

impl Picture for RecommendationPicture<'_> {
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Settings(recommendation, _) => {
                (WIDTH, ABOVE + recommendation.advice.len() as u32 * ROW)
            }
            Self::Front(..) => FRONT,
        }
    }

    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Drawn<DB> {
        match self {
            Self::Settings(recommendation, scenario) => settings(root, recommendation, scenario),
            Self::Front(recommendation, scenario) => front(root, recommendation, scenario),
        }
    }
}

fn write<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    text: &str,
    at: (i32, i32),
    size: i32,
) -> Drawn<DB> {
    area.draw(&Text::new(text.to_owned(), at, (FONT_NAME, size).into_font().color(&colour::TEXT)))
}

fn settings<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    recommendation: &Recommendation,
    scenario: &str,
) -> Drawn<DB> {
    write(
        root,
        &format!(
            "{scenario}: where each setting keeps every limit, the others being as recommended"
        ),
        (16, 10),
        TITLE,
    )?;
    root.draw(&Rectangle::new([(16, 38), (46, 50)], colour::OK.mix(0.5).filled()))?;
    write(root, "safe", (54, 36), LABEL)?;
    root.draw(&Circle::new((120, 44), 6, colour::MEDIAN.filled()))?;
    write(root, "recommended", (132, 36), LABEL)?;
    root.draw(&TriangleMarker::new((250, 46), 7, colour::FAILED.filled()))?;
    write(root, "now", (262, 36), LABEL)?;
    for (row, (setting, advice)) in
        recommendation.plan.settings.iter().zip(&recommendation.advice).enumerate()
    {
        let top = (ABOVE + row as u32 * ROW) as i32;
        write(root, &setting.path, (16, top + 8), LABEL)?;
        match &setting.values {
            Values::Range(_) => range(root, setting, advice, top)?,
            Values::Listed(_) => list(root, setting, advice, top)?,
        }
    }
    Ok(())
}

fn range<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    setting: &Parameter,
    advice: &Advice,
    top: i32,
) -> Drawn<DB> {
    let across = |level: &Level| {
        let share = setting.values.share_of(level.number).clamp(0.0, 1.0);
        BAR.0 + (share * f64::from(BAR.1 - BAR.0)) as i32
    };
    let ends = [setting.values.at(0.0), setting.values.at(1.0)];
    root.draw(&Rectangle::new(
        [(BAR.0, top + 10), (BAR.1, top + 22)],
        colour::FAINT.mix(0.25).filled(),
    ))?;
    let safe = [
        (across(&advice.safe.0), top + 10),
        (across(&advice.safe.1).max(across(&advice.safe.0) + 2), top + 22),
    ];
    root.draw(&Rectangle::new(safe, colour::OK.mix(0.5).filled()))?;
    if let Some(now) = advice.now.as_ref().filter(|now| now.number.is_finite()) {
        root.draw(&TriangleMarker::new((across(now), top + 30), 7, colour::FAILED.filled()))?;
    }
    if advice.recommended.number.is_finite() {
        root.draw(&Circle::new(
            (across(&advice.recommended), top + 16),
            6,
            colour::MEDIAN.filled(),
        ))?;
    }
    write(root, &ends[0].shown, (BAR.0 - 4, top - 8), LABEL - 2)?;
    write(root, &ends[1].shown, (BAR.1 - 20, top - 8), LABEL - 2)?;
    let now = advice.now.as_ref().map_or("not set", |now| now.shown.as_str());
    write(
        root,
        &format!("{now} now, {} recommended", advice.recommended.shown),
        (16, top + 26),
        LABEL,
    )?;
    let sides = [("below", &advice.below), ("above", &advice.above)];
    let told = sides
        .iter()
        .filter_map(|(side, breach)| Some(format!("{side}: {}", gives_way(breach.as_ref()?))));
    write(root, &told.collect::<Vec<_>>().join("    "), (BAR.0, top + 40), LABEL - 2)
}

fn list<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    setting: &Parameter,
    advice: &Advice,
    top: i32,
) -> Drawn<DB> {
    let levels = setting.values.levels();
    let width = (BAR.1 - BAR.0) / levels.len().max(1) as i32;
    for (place, level) in levels.iter().enumerate() {
        let left = BAR.0 + place as i32 * width;
        let is_broken = advice
            .others
            .iter()
            .any(|(other, breach)| other.number == level.number && breach.is_some());
        let ground = if is_broken { colour::FAINT.mix(0.25) } else { colour::OK.mix(0.5) };
        root.draw(&Rectangle::new(
            [(left, top + 4), (left + width - 4, top + 26)],
            ground.filled(),
        ))?;
        write(root, &level.shown, (left + 18, top + 8), LABEL)?;
        if level.number == advice.recommended.number {
            root.draw(&Circle::new((left + 9, top + 15), 5, colour::MEDIAN.filled()))?;
        }
        if advice.now.as_ref().is_some_and(|now| now.number == level.number) {
            root.draw(&TriangleMarker::new((left + 9, top + 36), 7, colour::FAILED.filled()))?;
        }
    }
    Ok(())
}

fn front<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    recommendation: &Recommendation,
    scenario: &str,
) -> Drawn<DB> {
    let plans = [&recommendation.plan.objectives[0], &recommendation.plan.objectives[1]];
    let words = |place: usize| {
        let wish = if plans[place].better == Some(Direction::Higher) {
            "more is better"
        } else {
            "less is better"
        };
        format!("{} ({wish})", plans[place].text)
    };
    write(root, &format!("{scenario}: where the objectives conflict"), (16, 10), TITLE)?;
    write(root, &format!("upwards: {}", words(1)), (16, 34), LABEL)?;
    write(root, &format!("to the right: {}", words(0)), (110, FRONT.1 as i32 - 24), LABEL)?;
    let points: Vec<(f64, f64)> =
        recommendation.front.iter().map(|(_, values)| (values[0], values[1])).collect();
    let scale = |of: fn(&(f64, f64)) -> f64| {
        let least = points.iter().map(of).fold(f64::INFINITY, f64::min);
        let most = points.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        let room = ((most - least) * 0.1).max(most.abs() * 0.01).max(1e-9);
        least - room..most + room
    };
    let mut chart = ChartBuilder::on(root)
        .margin_top(60)
        .margin_right(24)
        .margin_bottom(30)
        .set_label_area_size(LabelAreaPosition::Left, 90)
        .set_label_area_size(LabelAreaPosition::Bottom, 30)
        .build_cartesian_2d(scale(|point| point.0), scale(|point| point.1))?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.1))
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|value| figure(*value, plans[0].unit))
        .y_label_formatter(&|value| figure(*value, plans[1].unit))
        .label_style((FONT_NAME, LABEL).into_font().color(&colour::TEXT))
        .draw()?;
    chart.draw_series(LineSeries::new(points.iter().copied(), colour::MEDIAN.stroke_width(1)))?;
    chart
        .draw_series(points.iter().map(|point| Circle::new(*point, 5, colour::MEDIAN.filled())))?;
    Ok(())
}
