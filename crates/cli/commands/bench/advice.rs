//! From measurements to options.

use super::plan::{Cell, Model};
use crate::stats::Stats;

/// A caseworker waits at most half as long as the dictation took.
pub(super) const COMFORTABLE_RTF: f64 = 0.5;

/// A measurement.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) cell: Cell,
    pub(super) outcome: Outcome,
}

/// What came of a measurement.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Measured(Stats),
    /// Slower than the sound.
    GivenUp,
    /// The reason has been reported.
    Failed,
}

impl Outcome {
    /// Seconds of work for each second of sound, without loading the model.
    pub(super) fn rtf(&self) -> Option<f64> {
        let stats = self.stats()?;
        Some(stats.wall_s / stats.audio_s.max(f64::EPSILON))
    }

    pub(super) fn stats(&self) -> Option<&Stats> {
        if let Self::Measured(stats) = self { Some(stats) } else { None }
    }
}

/// A row that is recommended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'r> {
    pub(super) cell: &'r Cell,
    pub(super) rtf: f64,
    pub(super) peak_mb: Option<f64>,
    /// Other sessions and threads were measured as well and took longer.
    pub(super) is_compared: bool,
}

/// Which options suit the machine.
#[derive(Debug)]
pub(super) struct Advice<'r> {
    /// Model and tier: the largest model whose careful tier is comfortable, else the largest of the next tier. Where
    /// nothing is comfortable, the fastest.
    pub(super) fits: Option<Choice<'r>>,
    /// Sessions and threads for a batch of recordings.
    pub(super) batch: Option<Choice<'r>>,
    /// Sessions and threads for a short dictation.
    pub(super) short: Option<Choice<'r>>,
}

impl<'r> Advice<'r> {
    /// `models` and `tiers` as for [`Plan`](super::plan::Plan).
    pub(super) fn new(rows: &'r [Row], models: &[Model], tiers: &[&str]) -> Self {
        let fits = fitting(rows, models, tiers);
        let of = |batch: bool| {
            let fits = fits?;
            let alike = |row: &&Row| {
                row.cell.model == fits.cell.model
                    && row.cell.tier == fits.cell.tier
                    && row.cell.is_batch() == batch
            };
            fastest(rows.iter().filter(alike))
        };
        Self { fits, batch: of(true), short: of(false) }
    }

    /// Whether the recommended model and tier leave the time that people have.
    pub(super) fn is_comfortable(&self) -> bool {
        self.fits.is_some_and(|fits| fits.rtf <= COMFORTABLE_RTF)
    }

    /// The most memory that a recommendation takes.
    pub(super) fn peak_mb(&self) -> Option<f64> {
        [self.batch, self.short].into_iter().flatten().filter_map(|choice| choice.peak_mb).reduce(f64::max)
    }
}

fn fitting<'r>(rows: &'r [Row], models: &[Model], tiers: &[&str]) -> Option<Choice<'r>> {
    for tier in tiers {
        // Of models as large as each other the earlier one: the usual one, or the smaller file.
        let mut best: Option<(u64, Choice<'r>)> = None;
        for model in models {
            let alike = rows.iter().filter(|row| row.cell.model == model.name && row.cell.tier == *tier);
            let Some(choice) = fastest(alike).filter(|choice| choice.rtf <= COMFORTABLE_RTF) else {
                continue;
            };
            if best.is_none_or(|(parameters, _)| model.parameters > parameters) {
                best = Some((model.parameters, choice));
            }
        }
        if let Some((_, choice)) = best {
            return Some(choice);
        }
    }
    fastest(rows.iter())
}

/// The fastest of measurements.
pub(super) fn fastest<'r>(rows: impl Iterator<Item = &'r Row>) -> Option<Choice<'r>> {
    let mut count = 0;
    let mut best: Option<Choice<'r>> = None;
    for row in rows {
        count += 1;
        let Some((stats, rtf)) = row.outcome.stats().zip(row.outcome.rtf()) else { continue };
        if best.is_none_or(|best| rtf < best.rtf) {
            best = Some(Choice { cell: &row.cell, rtf, peak_mb: stats.peak_mb, is_compared: false });
        }
    }
    best.map(|best| Choice { is_compared: count > 1, ..best })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A measurement with a real-time factor, or one that was given up.
    pub(in super::super) fn row(
        model: &str,
        tier: &'static str,
        (sessions, threads): (usize, usize),
        recordings: usize,
        rtf: Option<f64>,
    ) -> Row {
        let stats = |rtf: f64| {
            serde_json::from_value(serde_json::json!({
                "schema_version": 1, "model": model, "tier": tier, "window_ms": 28_000,
                "sessions": sessions, "threads": threads,
                "audio_s": 48.0, "load_s": 0.1, "wall_s": 48.0 * rtf, "cpu_s": 9.0, "peak_mb": 200 * sessions,
                "windows": 2, "decodings": 2, "retried": 0, "tokens": 100,
            }))
            .unwrap()
        };
        Row {
            cell: Cell { model: model.to_owned(), tier, sessions, threads, recordings },
            outcome: rtf.map_or(Outcome::GivenUp, |rtf| Outcome::Measured(stats(rtf))),
        }
    }

    fn models() -> Vec<Model> {
        let model = |name: &str, parameters| Model { name: name.to_owned(), parameters };
        vec![model("usual", 70), model("same size", 70), model("small", 240), model("medium", 770)]
    }

    const TIERS: [&str; 3] = ["careful", "auto", "fast"];

    fn fits(rows: &[Row]) -> (String, &'static str) {
        let advice = Advice::new(rows, &models(), &TIERS);
        advice.fits.map(|fits| (fits.cell.model.clone(), fits.cell.tier)).unwrap()
    }

    #[test]
    fn the_largest_model_that_leaves_half_the_time_fits() {
        let rows = [
            row("usual", "careful", (1, 2), 1, Some(0.1)),
            row("same size", "careful", (1, 2), 1, Some(0.09)),
            row("small", "careful", (1, 2), 1, Some(0.45)),
            row("medium", "careful", (1, 2), 1, None),
            row("medium", "fast", (1, 2), 1, Some(0.4)),
        ];
        assert_eq!(fits(&rows), ("small".to_owned(), "careful"));
        assert_eq!(fits(&rows[..2]), ("usual".to_owned(), "careful"), "not the faster one of the same size");
    }

    #[test]
    fn a_slow_machine_gets_a_faster_tier_and_the_slowest_what_is_fastest() {
        let rows = [
            row("usual", "careful", (1, 2), 1, Some(0.9)),
            row("usual", "auto", (1, 2), 1, Some(0.6)),
            row("usual", "fast", (1, 2), 1, Some(0.3)),
        ];
        assert_eq!(fits(&rows), ("usual".to_owned(), "fast"));
        assert_eq!(fits(&rows[..2]), ("usual".to_owned(), "auto"));
        assert!(!Advice::new(&rows[..2], &models(), &TIERS).is_comfortable());
        assert!(Advice::new(&rows[..2], &models(), &TIERS).short.is_some());
        assert!(Advice::new(&[row("usual", "careful", (1, 2), 1, None)], &models(), &TIERS).fits.is_none());
    }

    #[test]
    fn sessions_and_threads_are_those_of_the_fastest_batch_and_dictation() {
        let rows = [
            row("usual", "careful", (1, 2), 1, Some(0.2)),
            row("usual", "careful", (2, 1), 1, Some(0.25)),
            row("usual", "careful", (1, 2), 2, Some(0.2)),
            row("usual", "careful", (2, 1), 2, Some(0.15)),
            row("usual", "fast", (2, 1), 2, Some(0.01)),
        ];
        let advice = Advice::new(&rows, &models(), &TIERS);
        let shape =
            |choice: Option<Choice<'_>>| choice.map(|c| (c.cell.sessions, c.cell.threads, c.is_compared));
        assert_eq!(shape(advice.batch), Some((2, 1, true)));
        assert_eq!(shape(advice.short), Some((1, 2, true)));
        assert_eq!(advice.peak_mb(), Some(400.0));
        let one = Advice::new(&rows[..1], &models(), &TIERS);
        assert_eq!((shape(one.batch), shape(one.short)), (None, Some((1, 2, false))));
    }
}
