//! The error breakdown as an SVG: which errors each form has, and which types of values are missed or invented.

use std::fmt::Write;

use super::report::Report;
use super::score::Verdict;

const WIDTH: usize = 900;
const LEFT: usize = 190;
const RIGHT: usize = 90;
const ROW: usize = 24;
const TITLE: usize = 40;
const COLOURS: [&str; 5] = ["#b2182b", "#ef8a62", "#fddbc7", "#92c5de", "#2166ac"];

/// One bar: its name, the counts of its parts, and a note at its end.
struct Bar {
    name: String,
    parts: Vec<usize>,
    note: String,
}

/// Draws the report's first run.
pub(crate) fn svg(report: &Report) -> String {
    let forms: Vec<Bar> = report
        .full
        .templates
        .iter()
        .map(|(name, score)| Bar {
            name: name.clone(),
            parts: Verdict::ERRORS.iter().map(|(_, e)| score.errors.get(*e).copied().unwrap_or(0)).collect(),
            note: format!("F1 {:.3}", score.values.f1()),
        })
        .collect();
    let types: Vec<Bar> = report
        .full
        .total
        .by_type
        .iter()
        .map(|(name, t)| Bar {
            name: name.clone(),
            parts: vec![t.found - t.right, 0, 0, 0, t.expected - t.right],
            note: format!("F1 {:.3}", t.f1()),
        })
        .collect();
    let errors: Vec<&str> = Verdict::ERRORS.iter().map(|(_, name)| *name).collect();
    let mut body = String::new();
    let mut y = panel(&mut body, 0, "Fields in error, by form", &forms, &errors);
    let title = "Values found that are wrong, and expected values that were not found, by type";
    y = panel(&mut body, y, title, &types, &["wrong", "", "", "", "not found"]);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{y}\" fill=\"#fff\"/>\n{body}</svg>\n"
    )
}

/// Draws bars below `top` and returns where they end.
fn panel(out: &mut String, top: usize, title: &str, bars: &[Bar], legend: &[&str]) -> usize {
    let longest = bars.iter().map(|b| b.parts.iter().sum::<usize>()).max().unwrap_or(0).max(1);
    let scale = (WIDTH - LEFT - RIGHT) as f64 / longest as f64;
    // Writing to a String cannot fail.
    let _ = writeln!(out, "<text x=\"10\" y=\"{}\" font-size=\"15\">{}</text>", top + 25, escape(title));
    let mut y = top + TITLE;
    for bar in bars {
        let middle = y + ROW / 2 + 4;
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>",
            LEFT - 8,
            escape(&bar.name)
        );
        let mut x = LEFT as f64;
        for ((count, colour), name) in bar.parts.iter().zip(COLOURS).zip(legend) {
            let width = *count as f64 * scale;
            if *count > 0 {
                let _ = writeln!(
                    out,
                    "<rect x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"{}\" fill=\"{colour}\">\
                     <title>{}: {count}</title></rect>",
                    y + 3,
                    ROW - 6,
                    escape(name)
                );
            }
            x += width;
        }
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{middle}\" fill=\"#555\">{}</text>",
            x + 6.0,
            escape(&bar.note)
        );
        y += ROW;
    }
    let mut x = LEFT;
    for (name, colour) in legend.iter().zip(COLOURS).filter(|(name, _)| !name.is_empty()) {
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            y + 8,
            x + 17,
            y + 18,
            escape(name)
        );
        x += 110;
    }
    y + TITLE
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::ablation::FULL;
    use super::super::report::Run;
    use super::super::score::Score;
    use super::super::tally::Tally;
    use super::*;

    #[test]
    fn every_form_has_its_bar_and_every_error_its_part() {
        let mut run = Run::new(FULL);
        let errors = [("missing".to_owned(), 2), ("wrong value".to_owned(), 1)].into();
        let by_type = [("text".to_owned(), Tally { right: 1, found: 2, expected: 4 })].into();
        let score = Score { by_type, errors, ..Score::default() };
        run.total.add(&score);
        run.templates.insert("visit".to_owned(), score);
        let svg = svg(&Report::new(false, vec![run]));
        for words in [">visit<", "missing: 2", "wrong value: 1", ">text<", "not found: 3", "wrong: 1"] {
            assert!(svg.contains(words), "{words}: {svg}");
        }
        assert!(!svg.contains("wrong fill: "), "{svg}");
    }
}
