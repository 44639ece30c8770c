//! The influence of each setting on each figure.

use sim_experiments::sweep::analysis::Findings;

use super::drawings::MOST_PANELS;
use crate::plot::{Canvas, DrawError, Drawing, Drawn, Legend, Swatch, colour, fitted, font};
use crate::sweep::Header;
use crate::sweep::ranking::largest_first;
use crate::units::count;

const WIDTH: u32 = 1_000;
const ROW: u32 = 24;
/// Room for the title and the legend, and for the name of each figure.
const HEADER: u32 = 60;
const TITLE: u32 = 32;
const MARGIN: i32 = 16;
const INDENT: i32 = 36;
/// The left end of the bars, and the room they leave on the right.
const LEFT: i32 = 420;
const RIGHT: i32 = 130;
/// Of more settings than this, those that matter most are drawn.
const MOST_SETTINGS: usize = 24;

/// A bar for each figure and setting.
pub(super) struct Sensitivity<'a> {
    header: &'a Header,
    /// The meaning of a bar.
    measure: &'static str,
    /// Places of figures, and for each the shares of all settings.
    shares: Vec<(usize, Vec<Share>)>,
}

/// The share of a setting in a figure.
#[derive(Clone, Copy)]
struct Share {
    share: f64,
    /// Half the length of its 95 % interval, if that is known.
    half_width: Option<f64>,
}

/// The share of each setting in a figure; `None` if nothing is known of it.
type Shares = fn(&Findings, usize) -> Option<Vec<Share>>;

impl<'a> Sensitivity<'a> {
    /// The best measure that the sweep was made for; `None` if only one setting varies or nothing
    /// is known of any figure.
    pub fn new(header: &'a Header, findings: &Findings) -> Option<Self> {
        let (measure, share): (_, Shares) = if findings.indices.is_some() {
            ("total sensitivity index (share of the variance, interactions included)", indices)
        } else if findings.screening.is_some() {
            ("size of the elementary effects, the largest of each figure being 1", effects)
        } else {
            ("share of the variance that each setting explains by itself", explained)
        };
        let figures = 0..header.plan.figures.len().min(MOST_PANELS);
        let shares: Vec<_> =
            figures.filter_map(|place| Some((place, share(findings, place)?))).collect();
        let is_shown = !shares.is_empty() && header.plan.parameters.len() > 1;
        is_shown.then_some(Self { header, measure, shares })
    }

    /// The rows of each figure: its settings, and one for those that are left out.
    fn rows(&self) -> u32 {
        self.header.plan.parameters.len().min(MOST_SETTINGS + 1) as u32
    }
}

fn indices(findings: &Findings, place: usize) -> Option<Vec<Share>> {
    let indices = findings.indices.as_ref()?.of(place)?;
    let share = |index: &sim_experiments::sweep::analysis::Index| Share {
        share: index.total,
        half_width: Some(index.total_half_width),
    };
    Some(indices.iter().map(share).collect())
}

fn effects(findings: &Findings, place: usize) -> Option<Vec<Share>> {
    let screened = findings.screening.as_ref()?.of(place);
    let most = screened.iter().map(|screened| screened.size.mean).fold(0.0, f64::max);
    let share = |screened: &sim_experiments::sweep::analysis::Screened| Share {
        share: screened.size.mean / most,
        half_width: Some(screened.size.half_width / most),
    };
    (most > 0.0).then(|| screened.iter().map(share).collect())
}

fn explained(findings: &Findings, place: usize) -> Option<Vec<Share>> {
    let shares = findings.explained(place)?;
    Some(shares.into_iter().map(|share| Share { share, half_width: None }).collect())
}

impl Drawing for Sensitivity<'_> {
    fn name(&self) -> &'static str {
        "sensitivity"
    }

    fn size(&self) -> (u32, u32) {
        (WIDTH, HEADER + self.shares.len() as u32 * (TITLE + self.rows() * ROW) + ROW / 2)
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        const ROOM: i32 = WIDTH as i32 - 2 * MARGIN;
        let title = format!("{}: {}", self.header.scenario, self.measure);
        canvas.write(&fitted(&title, font::TITLE, ROOM), (MARGIN, 10), font::TITLE)?;
        let has_intervals =
            self.shares.iter().flat_map(|(_, shares)| shares).any(|it| it.half_width.is_some());
        let legend = [
            ("share", Swatch::Area(colour::BUSY)),
            ("95% interval", Swatch::Interval(colour::TEXT)),
        ];
        Legend(&legend[..if has_intervals { 2 } else { 1 }]).draw(canvas, (MARGIN, 36))?;
        let mut y = HEADER as i32;
        for (place, shares) in &self.shares {
            let figure = fitted(&self.header.plan.figures[*place].text, font::LABEL, ROOM);
            canvas.write(&figure, (MARGIN, y + 8), font::LABEL)?;
            y += TITLE as i32;
            y = self.draw_bars(canvas, shares, y)?;
        }
        Ok(())
    }
}

impl Sensitivity<'_> {
    /// Draws the bars of a figure below a height; returns the height below them.
    fn draw_bars(
        &self,
        canvas: &dyn Canvas,
        shares: &[Share],
        mut y: i32,
    ) -> Result<i32, DrawError> {
        let rows = shares.len().min(MOST_SETTINGS) as i32 * ROW as i32;
        for tenth in [0.0, 0.25, 0.5, 0.75, 1.0] {
            canvas.line(
                [(across(tenth), y - 4), (across(tenth), y + rows - 4)],
                colour::BLACK.opacity(0.12),
            )?;
        }
        let order = largest_first(&shares.iter().map(|it| it.share).collect::<Vec<_>>());
        for parameter in order.iter().take(MOST_SETTINGS) {
            self.draw_bar(canvas, *parameter, shares[*parameter], y)?;
            y += ROW as i32;
        }
        let more = shares.len().saturating_sub(MOST_SETTINGS);
        if more > 0 {
            let text = format!("and {} settings that matter less", count(more as u64));
            canvas.write(&text, (INDENT, y), font::LABEL)?;
            y += ROW as i32;
        }
        Ok(y)
    }

    fn draw_bar(&self, canvas: &dyn Canvas, parameter: usize, share: Share, y: i32) -> Drawn {
        const BESIDE: i32 = 12;
        let path = &self.header.plan.parameters[parameter].path;
        let name = fitted(path, font::LABEL, LEFT - INDENT - BESIDE);
        canvas.write(&name, (INDENT, y + 2), font::LABEL)?;
        let right = across(share.share);
        canvas.rectangle([(LEFT, y), (right.max(LEFT + 1), y + 14)], colour::BUSY)?;
        let mut end = right;
        let mut value = format!("{:.2}", share.share.clamp(0.0, 1.0));
        if let Some(half_width) = share.half_width.filter(|it| it.is_finite()) {
            let ends = [share.share - half_width, share.share + half_width].map(across);
            canvas.line([(ends[0], y + 7), (ends[1], y + 7)], colour::TEXT)?;
            for at in ends {
                canvas.line([(at, y + 3), (at, y + 11)], colour::TEXT)?;
            }
            end = end.max(ends[1]);
            value = format!("{value} ± {half_width:.2}");
        }
        canvas.write(&value, (end + 8, y + 2), font::LABEL)
    }
}

/// The place of a share along the bars.
fn across(share: f64) -> i32 {
    LEFT + (share.clamp(0.0, 1.0) * f64::from(WIDTH as i32 - LEFT - RIGHT)) as i32
}
