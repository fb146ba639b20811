//! Two runs side by side: what has become slower.

use anyhow::{Result, ensure};

use super::report::{Report, Row};

/// A cell counts as slower from this ratio of real-time factors on: less is noise.
const SLOWER: f64 = 1.05;

/// Ratios now to before of the cells that both runs have.
///
/// # Errors
/// When the runs did not hear the same recordings.
pub(crate) fn compare(before: &Report, now: &Report) -> Result<String> {
    ensure!(
        before.audio == now.audio,
        "the baseline heard {}, this run {}",
        before.audio.join(", "),
        now.audio.join(", ")
    );
    let mut text = String::from("now / before\n");
    if (before.machine.cores, &before.machine.processor) != (now.machine.cores, &now.machine.processor) {
        text.push_str("The baseline is of another machine.\n");
    }
    let width = now.rows.iter().map(|row| row.cell.name().len()).max().unwrap_or(0);
    text.push_str(&format!("{:width$} {:>7} {:>7} {:>9}\n", "", "RTF", "CPU s", "CER +/-"));
    for row in &now.rows {
        let name = row.cell.name();
        match find(before, row) {
            Some(old) => text.push_str(&format!("{name:width$} {}\n", change(old, row))),
            None => text.push_str(&format!("{name:width$} only now\n")),
        }
    }
    for row in before.rows.iter().filter(|row| find(now, row).is_none()) {
        text.push_str(&format!("{:width$} only before\n", row.cell.name()));
    }
    Ok(text)
}

fn find<'r>(report: &'r Report, like: &Row) -> Option<&'r Row> {
    report.rows.iter().find(|row| row.cell == like.cell)
}

fn change(before: &Row, now: &Row) -> String {
    let slower = now.rtf.median / before.rtf.median;
    let cpu = before.cpu_s.zip(now.cpu_s).map_or("-".to_owned(), |(old, new)| format!("{:.3}", new / old));
    let cer = before.cer.zip(now.cer).map_or("-".to_owned(), |(old, new)| format!("{:+.4}", new - old));
    let mark = if slower > SLOWER { "  slower" } else { "" };
    format!("{slower:>7.3} {cpu:>7} {cer:>9}{mark}")
}
