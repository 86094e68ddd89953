//! Bar charts of medians with whiskers for the spread, as SVG.
//!
//! Colours are names here: the page's style defines a light and a dark value for each.

use anyhow::{Context as _, Result, anyhow};
use plotters::{
    coord::Shift,
    prelude::{
        DrawingArea, IntoDrawingArea as _, IntoFont as _, PathElement, Rectangle, SVGBackend, Text,
    },
    style::{
        Color as _, RGBColor,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{Comparison, Series, Unit};

const INK: RGBColor = RGBColor(1, 1, 1);
const FAINT: RGBColor = RGBColor(2, 2, 2);
const OURS: RGBColor = RGBColor(3, 3, 3);
const THEIRS: RGBColor = RGBColor(4, 4, 4);
const LINE: RGBColor = RGBColor(5, 5, 5);

/// The total width, the width of the names, and that of the numbers.
const WIDTH: i32 = 680;
const NAMES: i32 = 236;
const NUMBERS: i32 = 110;

/// The height of a bar with its padding, and the gap between two pairs.
const ROW: i32 = 26;
const BAR: i32 = 16;
const GAP: i32 = 12;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The bars of one measure, pair by pair.
pub(super) fn svg(comparisons: &[&Comparison]) -> Result<String> {
    let count = i32::try_from(comparisons.len()).context("there are too many bars")?;
    let height = count * (2 * ROW + GAP);
    let highest = comparisons
        .iter()
        .flat_map(|one| [one.ours.highest, one.theirs.highest])
        .fold(0.0, f64::max);
    let mut text = String::new();
    {
        let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let mut top = 0;
        for one in comparisons {
            if top > 0 {
                let line = vec![(0, top - GAP / 2), (WIDTH, top - GAP / 2)];
                draw(area.draw(&PathElement::new(line, LINE.stroke_width(1))))?;
            }
            row(&area, top, &one.ours, OURS, highest, one.unit)?;
            row(&area, top + ROW, &one.theirs, THEIRS, highest, one.unit)?;
            top += 2 * ROW + GAP;
        }
        draw(area.present())?;
    }
    Ok(text.replace(&format!("width=\"{WIDTH}\" height=\"{height}\" "), ""))
}

/// One contestant: its name, its bar with the whisker, its median.
fn row(
    area: &Area<'_>,
    top: i32,
    series: &Series,
    colour: RGBColor,
    highest: f64,
    unit: Unit,
) -> Result<()> {
    let middle = top + ROW / 2;
    let at = |number: f64| NAMES + along(number, highest);
    let font = ("sans-serif", 14).into_font();
    let end = font.color(&INK).pos(Pos::new(HPos::Right, VPos::Center));
    let start = font.color(&FAINT).pos(Pos::new(HPos::Left, VPos::Center));
    let name = series.name.clone();
    draw(area.draw(&Text::new(name, (NAMES - 10, middle), end)))?;
    let corners = [
        (NAMES, middle - BAR / 2),
        (at(series.median), middle + BAR / 2),
    ];
    draw(area.draw(&Rectangle::new(corners, colour.filled())))?;
    if series.lowest < series.highest {
        let (from, to) = (at(series.lowest), at(series.highest));
        let stroke = || INK.stroke_width(1);
        for line in [
            vec![(from, middle), (to, middle)],
            vec![(from, middle - 4), (from, middle + 4)],
            vec![(to, middle - 4), (to, middle + 4)],
        ] {
            draw(area.draw(&PathElement::new(line, stroke())))?;
        }
    }
    let place = (at(series.highest) + 8, middle);
    draw(area.draw(&Text::new(unit.show(series.median), place, start)))
}

/// The length of a bar, in proportion to the largest number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a share of the width of the plot"
)]
fn along(number: f64, highest: f64) -> i32 {
    let room = f64::from(WIDTH - NAMES - NUMBERS);
    (number / highest.max(f64::MIN_POSITIVE) * room).round() as i32
}

fn draw<T>(drawn: Result<T, impl std::error::Error>) -> Result<T> {
    drawn.map_err(|error| anyhow!("a plot cannot be drawn: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_leaves_room_for_its_number() {
        assert_eq!(along(0.0, 10.0), 0);
        assert_eq!(along(10.0, 10.0), WIDTH - NAMES - NUMBERS);
        assert_eq!(along(5.0, 10.0), (WIDTH - NAMES - NUMBERS) / 2);
        assert_eq!(along(0.0, 0.0), 0);
    }
}
