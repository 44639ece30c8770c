//! Colours that people with any colour vision can tell apart (Okabe and Ito, 2008).

use plotters::style::RGBAColor;

/// A colour and its opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour(RGBAColor);

pub(crate) const OK: Colour = Colour::new(0, 158, 115);
pub(crate) const DEGRADED: Colour = Colour::new(230, 159, 0);
pub(crate) const FAILED: Colour = Colour::new(213, 94, 0);
pub(crate) const MEDIAN: Colour = Colour::new(0, 114, 178);
pub(crate) const TAIL: Colour = Colour::new(204, 121, 167);
pub(crate) const BUSY: Colour = Colour::new(86, 180, 233);
pub(crate) const FULL: Colour = Colour::new(213, 94, 0);
pub(crate) const FAULT: Colour = Colour::new(120, 120, 120);
pub(crate) const TEXT: Colour = Colour::new(40, 40, 40);
pub(crate) const FAINT: Colour = Colour::new(140, 140, 140);
pub(crate) const BLACK: Colour = Colour::new(0, 0, 0);
pub(crate) const WHITE: Colour = Colour::new(255, 255, 255);
/// Lines across an area, which tell it from others without its colour.
pub(crate) const ACROSS: Colour = BLACK.opacity(0.35);
pub(super) const TRANSPARENT: Colour = BLACK.opacity(0.0);

impl Colour {
    /// An opaque colour.
    pub(crate) const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self(RGBAColor(red, green, blue, 1.0))
    }

    /// This colour with an opacity from 0 to 1.
    pub(crate) const fn opacity(self, opacity: f64) -> Self {
        let RGBAColor(red, green, blue, _) = self.0;
        Self(RGBAColor(red, green, blue, opacity))
    }

    pub(super) fn rgba(self) -> RGBAColor {
        self.0
    }
}

/// The colour for a share from 0 to 1 of a heat map, from light to dark.
///
/// The order is the same in grey and for any colour vision: five stops of the viridis colour map.
pub(crate) fn heat(share: f64) -> Colour {
    const STOPS: [(f64, f64, f64); 5] = [
        (253.0, 231.0, 37.0),
        (94.0, 201.0, 98.0),
        (33.0, 145.0, 140.0),
        (59.0, 82.0, 139.0),
        (68.0, 1.0, 84.0),
    ];
    let at = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let (from, to) = (STOPS[at as usize], STOPS[(at as usize + 1).min(STOPS.len() - 1)]);
    let part = at - at.floor();
    let mix = |from: f64, to: f64| (from + (to - from) * part) as u8;
    Colour::new(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}
