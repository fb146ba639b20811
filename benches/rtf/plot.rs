//! Speed against error rate as an SVG: the lower left is best.

use std::fmt::Write;

use super::report::{Report, Row};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 600.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 930.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 540.0;
/// Height of a line of text, and the width of a character, about.
const LINE: f64 = 15.0;
const CHAR: f64 = 6.5;
const RADIUS: f64 = 5.0;
/// The smallest real-time factor that the axis can show.
const LEAST: f64 = 1e-4;
const TIERS: [(&str, &str); 3] = [("fast", "#2166ac"), ("auto", "#4d9221"), ("careful", "#b2182b")];
const OTHER: &str = "#555";

/// From values to pixels; the line between two ends of each.
struct Axis {
    values: (f64, f64),
    pixels: (f64, f64),
}

impl Axis {
    fn place(&self, value: f64) -> f64 {
        let share = (value - self.values.0) / (self.values.1 - self.values.0);
        self.pixels.0 + share * (self.pixels.1 - self.pixels.0)
    }
}

/// Draws the cells whose error rate is known.
pub(crate) fn svg(report: &Report) -> String {
    let points: Vec<(&Row, f64)> = report.rows.iter().filter_map(|row| Some((row, row.cer?))).collect();
    let ends = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)))
    };
    let fastest = points.iter().map(|(row, _)| row.rtf.min.max(LEAST));
    let (low, high) = ends(&mut fastest.chain(points.iter().map(|(row, _)| row.rtf.max)));
    let (low, high) = if points.is_empty() { (0.1, 1.0) } else { (low / 1.5, high * 1.5) };
    let x = Axis { values: (low.log10(), high.log10()), pixels: (LEFT, RIGHT) };
    let (best, worst) = ends(&mut points.iter().map(|(_, cer)| *cer));
    let (best, worst) = if points.is_empty() { (0.0, 1.0) } else { (best, worst) };
    let margin = ((worst - best) * 0.15).max(0.01);
    let y = Axis { values: ((best - margin).max(0.0), worst + margin), pixels: (BOTTOM, TOP) };

    let mut body = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(body, "<text x=\"{LEFT}\" y=\"25\" font-size=\"15\">{}</text>", escape(&title(report)));
    for value in decades(low, high) {
        tick(&mut body, (x.place(value.log10()), TOP), (0.0, BOTTOM - TOP), value);
    }
    for value in steps(y.values.0, y.values.1) {
        tick(&mut body, (LEFT, y.place(value)), (RIGHT - LEFT, 0.0), value);
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    let _ = writeln!(
        body,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">real-time factor (logarithmic)</text>\n\
         <text x=\"18\" y=\"{}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {})\">character error rate</text>",
        BOTTOM + 42.0,
        f64::midpoint(TOP, BOTTOM),
        f64::midpoint(TOP, BOTTOM),
    );
    let marks: Vec<Mark<'_>> = points.into_iter().map(|(row, cer)| Mark::new(row, cer, &x, &y)).collect();
    // No label covers a point or its bar.
    let mut taken: Vec<Rectangle> = marks.iter().map(Mark::area).collect();
    for mark in &marks {
        mark.draw(&mut body, &mut taken);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n{body}</svg>\n"
    )
}

fn title(report: &Report) -> String {
    let processor = report.machine.processor.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    format!("{}: {} cores{processor}", report.audio.join(", "), report.machine.cores)
}

/// A grid line with its value at the foot or on the left.
fn tick(out: &mut String, from: (f64, f64), along: (f64, f64), value: f64) {
    let (x, y) = from;
    let (to_x, to_y) = (x + along.0, y + along.1);
    let _ = writeln!(
        out,
        "<line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\" stroke=\"#ddd\"/>"
    );
    let (x, y, anchor) = if along.0 > 0.0 { (x - 8.0, y + 4.0, "end") } else { (x, to_y + 18.0, "middle") };
    let value = format!("{value:.4}");
    let value = value.trim_end_matches('0').trim_end_matches('.');
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#555\">{value}</text>"
    );
}

/// A cell: its point, the rounds as a bar through it, and its name where there is room.
struct Mark<'r> {
    row: &'r Row,
    cer: f64,
    /// Least, median and greatest real-time factor.
    xs: [f64; 3],
    y: f64,
}

impl<'r> Mark<'r> {
    fn new(row: &'r Row, cer: f64, x: &Axis, y: &Axis) -> Self {
        let xs = [row.rtf.min, row.rtf.median, row.rtf.max].map(|rtf| x.place(rtf.max(LEAST).log10()));
        Self { row, cer, xs, y: y.place(cer) }
    }

    fn area(&self) -> Rectangle {
        Rectangle { left: self.xs[0] - RADIUS, right: self.xs[2] + RADIUS, bottom: self.y + LINE / 2.0 }
    }

    fn draw(&self, out: &mut String, taken: &mut Vec<Rectangle>) {
        let tier = TIERS.iter().find(|(tier, _)| *tier == self.row.cell.tier);
        let colour = tier.map_or(OTHER, |(_, colour)| colour);
        let name = self.row.cell.name();
        let ([min, x, max], y) = (self.xs, self.y);
        let label = Rectangle::free(x, y, name.chars().count() as f64 * CHAR, taken);
        let base = label.bottom - 4.0;
        let (near, anchor) = if label.right < x { (label.right, "end") } else { (label.left, "start") };
        let name = escape(&name);
        let _ = writeln!(
            out,
            "<line x1=\"{min:.1}\" y1=\"{y:.1}\" x2=\"{max:.1}\" y2=\"{y:.1}\" stroke=\"{colour}\"/>\n\
             <line x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{near:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" stroke-width=\"0.5\"/>\n\
             <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{RADIUS}\" fill=\"{colour}\">\
             <title>{name}: {:.4} x, CER {:.4}</title></circle>\n\
             <text x=\"{near:.1}\" y=\"{base:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{name}</text>",
            base - 4.0,
            self.row.rtf.median,
            self.cer,
        );
        taken.push(label);
    }
}

/// A line of text, or what takes as much room.
struct Rectangle {
    left: f64,
    right: f64,
    bottom: f64,
}

impl Rectangle {
    /// Beside the point, on the side with room, and as near as earlier labels let it.
    fn free(x: f64, y: f64, width: f64, taken: &[Self]) -> Self {
        let left = if x + 10.0 + width > RIGHT { x - 10.0 - width } else { x + 10.0 };
        let at = |line: f64| Self { left, right: left + width, bottom: y + LINE / 2.0 + line * LINE };
        // Every other line above and below, ever farther; with more labels than lines some cross.
        let mut lines = (0..=60).map(|n| f64::from(if n % 2 == 0 { n / 2 } else { -(n + 1) / 2 }));
        let fits = |line: &f64| {
            let label = at(*line);
            label.bottom < BOTTOM
                && label.bottom - LINE > TOP
                && !taken.iter().any(|other| label.meets(other))
        };
        at(lines.find(fits).unwrap_or_default())
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && (self.bottom - other.bottom).abs() < LINE
    }
}

/// 1, 1.5, 2, 3, 5 and 7 times the powers of ten between two values.
fn decades(low: f64, high: f64) -> Vec<f64> {
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let values =
        powers.flat_map(|power| [1.0, 1.5, 2.0, 3.0, 5.0, 7.0].map(|digit| digit * 10_f64.powi(power)));
    values.filter(|value| (low..=high).contains(value)).collect()
}

/// About five round values between two others.
fn steps(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|n| n as f64 * step).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
