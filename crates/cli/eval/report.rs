//! The results of an evaluation: as a table for people, as JSON for programs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Named;
use super::ablation::FULL;
use super::score::Score;
use super::source::Case;
use super::tally::Tally;
use crate::failure::Failure;

/// Version of the JSON.
const SCHEMA: &str = "kikitori.eval/1";

/// The scores under one setting.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Run {
    /// `all`, or `-` and the name of what was switched off.
    pub(crate) name: String,
    pub(crate) total: Score,
    /// By the id of the form.
    pub(crate) templates: Named,
    /// By manner of speaking: `headings`, `headless`, and the styles that the references name.
    pub(crate) styles: Named,
    /// By the stem of the file.
    pub(crate) cases: Named,
}

impl Run {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(crate) fn add(&mut self, case: &Case, score: Score) {
        self.total.add(&score);
        self.templates.entry(case.expected.template.clone()).or_default().add(&score);
        if let Some(style) = &case.expected.style {
            // A style that is called as one of the two groups is that group.
            let group = if case.expected.headless { "headless" } else { "headings" };
            for name in [Some(group), Some(style.as_str()).filter(|s| *s != group)].into_iter().flatten() {
                self.styles.entry(name.to_owned()).or_default().add(&score);
            }
        }
        self.cases.insert(case.stem.clone(), score);
    }
}

/// A whole evaluation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    schema: String,
    schema_version: u32,
    /// `text` or `audio`.
    pub(crate) input: String,
    /// With everything on.
    #[serde(flatten)]
    pub(crate) full: Run,
    /// With one part off each.
    pub(crate) ablations: Vec<Run>,
}

/// One figure of a score.
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) kind: Kind,
    /// Whether more is better; `None` for what is neither.
    pub(crate) up: Option<bool>,
}

/// How a figure is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Share,
    Count,
    Milliseconds,
}

impl Measure {
    pub(crate) fn show(&self) -> String {
        match self.kind {
            Kind::Share => format!("{:.4}", self.value),
            Kind::Count => format!("{:.0}", self.value),
            Kind::Milliseconds => format!("{:.1}", self.value),
        }
    }
}

/// The figures of a score. Error rates are given for recordings, times of citations where they could be checked.
pub(crate) fn measures(score: &Score, from_audio: bool) -> Vec<Measure> {
    let mut measures = Vec::new();
    let mut put = |name, value: f64, kind, up| measures.push(Measure { name, value, kind, up });
    let (words, citations) = (&score.wording, &score.citations);
    let count = |n: usize| n as f64;
    put("field_precision", score.values.precision(), Kind::Share, Some(true));
    put("field_recall", score.values.recall(), Kind::Share, Some(true));
    put("field_f1", score.values.f1(), Kind::Share, Some(true));
    put("fields_correct", count(score.correct) / count(score.expected.max(1)), Kind::Share, Some(true));
    put("dates_times_numbers_exact", score.exact.recall(), Kind::Share, Some(true));
    put("state_accuracy", score.state_part().share(), Kind::Share, Some(true));
    put("wrong_fills", count(score.wrong_fills), Kind::Count, Some(false));
    put("wrong_fill_share", score.wrong_fill_part().rate(), Kind::Share, Some(false));
    put("unsupported_characters", count(score.unsupported_characters), Kind::Count, Some(false));
    put("person_only_filled", count(score.person_only_filled), Kind::Count, Some(false));
    put("polarity_errors", count(score.polarity_errors), Kind::Count, Some(false));
    put("citation_quotes", citations.quotes.share(), Kind::Share, Some(true));
    if from_audio {
        put("citation_times", citations.times.share(), Kind::Share, Some(true));
        put("citations_unchecked", count(citations.unchecked), Kind::Count, None);
    }
    put("gap_recall", score.gap_part().share(), Kind::Share, Some(true));
    put("gaps_extra", count(score.gaps_extra), Kind::Count, Some(false));
    put("term_recall_before", words.terms_heard.share(), Kind::Share, Some(true));
    put("term_recall_after", words.terms_kept.share(), Kind::Share, Some(true));
    put("replacements", count(words.replacements), Kind::Count, None);
    put("wrong_replacements", count(words.wrong_replacements), Kind::Count, Some(false));
    if from_audio {
        put("cer_raw", words.raw.rate(), Kind::Share, Some(false));
        put("cer_repaired", words.repaired.rate(), Kind::Share, Some(false));
        put("cer_written", words.written.rate(), Kind::Share, Some(false));
    }
    put("mapping_ms_mean", score.mapping_ms / count(score.records.max(1)), Kind::Milliseconds, Some(false));
    put("mapping_ms_max", score.mapping_ms_max, Kind::Milliseconds, Some(false));
    measures
}

impl Report {
    /// `runs` begins with the one that has everything on.
    pub(crate) fn new(from_audio: bool, runs: Vec<Run>) -> Self {
        let mut runs = runs.into_iter();
        Self {
            schema: SCHEMA.to_owned(),
            schema_version: 1,
            input: if from_audio { "audio" } else { "text" }.to_owned(),
            full: runs.next().unwrap_or_else(|| Run::new(FULL)),
            ablations: runs.collect(),
        }
    }

    pub(crate) fn is_from_audio(&self) -> bool {
        self.input == "audio"
    }

    /// Reads the JSON of [`Report::json`].
    pub(crate) fn parse(source: &str) -> Result<Self, serde_json::Error> {
        let report: Self = serde_json::from_str(source)?;
        if report.schema == SCHEMA {
            return Ok(report);
        }
        Err(serde::de::Error::custom(format!("the schema is not {SCHEMA}")))
    }

    /// The counts, and beside each set of counts its figures under `rates`.
    pub(crate) fn json(&self) -> Result<String, Failure> {
        let internal = |e: serde_json::Error| Failure::internal(e.into());
        let mut json = serde_json::to_value(self).map_err(internal)?;
        let audio = self.is_from_audio();
        add_rates(&mut json, &self.full, audio);
        for (json, run) in json["ablations"].as_array_mut().into_iter().flatten().zip(&self.ablations) {
            add_rates(json, run, audio);
        }
        let text = serde_json::to_string_pretty(&json).map_err(internal)?;
        Ok(text + "\n")
    }

    /// The tables.
    pub(crate) fn table(&self, details: bool) -> String {
        let run = &self.full;
        let mut text = format!(
            "{:<28} {:>10} {:>10} {:>6} {:>7} {:>6}\n",
            "", "correct", "states", "wrong", "gaps", "F1"
        );
        let total = BTreeMap::from([("total".to_owned(), run.total.clone())]);
        for (name, score) in run.cases.iter().chain(&total) {
            text.push_str(&line(name, score));
            if details {
                for d in &score.differences {
                    text.push_str(&format!("    {}: expected {}, is {}\n", d.field, d.expected, d.found));
                }
            }
        }
        for (title, group) in [("by form", &run.templates), ("by style", &run.styles)] {
            if group.len() > 1 {
                text.push_str(&format!("\n{title}\n"));
                for (name, score) in group {
                    text.push_str(&line(name, score));
                }
            }
        }
        text.push_str(&format!(
            "\n{:<28} {:>9} {:>9} {:>9} {:>9}\n",
            "by type", "precision", "recall", "F1", "values"
        ));
        for (name, tally) in &run.total.by_type {
            text.push_str(&by_type(name, tally));
        }
        text.push_str(&self.figures());
        text
    }

    /// The figures of the totals, a column for each setting.
    fn figures(&self) -> String {
        let runs: Vec<&Run> = std::iter::once(&self.full).chain(&self.ablations).collect();
        let columns: Vec<Vec<Measure>> =
            runs.iter().map(|run| measures(&run.total, self.is_from_audio())).collect();
        let mut text = format!("\n{:<28}", self.input);
        for run in &runs {
            text.push_str(&format!(" {:>12}", run.name));
        }
        text.push('\n');
        for (row, measure) in columns[0].iter().enumerate() {
            text.push_str(&format!("{:<28}", measure.name));
            for column in &columns {
                text.push_str(&format!(" {:>12}", column[row].show()));
            }
            text.push('\n');
        }
        text
    }
}

fn add_rates(json: &mut Json, run: &Run, audio: bool) {
    let rates = |score: &Score| -> Json {
        let pairs = measures(score, audio).into_iter().map(|m| (m.name.to_owned(), Json::from(m.value)));
        Json::Object(pairs.collect())
    };
    json["total"]["rates"] = rates(&run.total);
    for (key, group) in [("templates", &run.templates), ("styles", &run.styles), ("cases", &run.cases)] {
        for (name, score) in group {
            json[key][name]["rates"] = rates(score);
        }
    }
}

fn line(name: &str, s: &Score) -> String {
    let share = if s.expected == 0 { 1.0 } else { s.correct as f64 / s.expected as f64 };
    format!(
        "{name:<28} {:>4}/{:<4} {:>4.0}% {:>4}/{:<4} {:>4} {:>3}/{:<3} {:>5.3}\n",
        s.correct,
        s.expected,
        share * 100.0,
        s.states,
        s.fields,
        s.wrong_fills,
        s.gaps_found,
        s.gaps_expected,
        s.values.f1()
    )
}

fn by_type(name: &str, tally: &Tally) -> String {
    let (precision, recall, f1) = (tally.precision(), tally.recall(), tally.f1());
    format!("{name:<28} {precision:>9.3} {recall:>9.3} {f1:>9.3} {:>9}\n", tally.expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut run = Run::new(FULL);
        let values = Tally { right: 3, found: 4, expected: 6 };
        let score = Score { records: 1, values, expected: 6, correct: 3, ..Score::default() };
        run.total.add(&score);
        run.cases.insert("visit-a".to_owned(), score);
        Report::new(false, vec![run])
    }

    #[test]
    fn the_json_holds_counts_and_rates_and_can_be_read_again() {
        let text = report().json().ok().unwrap();
        let json: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(json["schema"], SCHEMA);
        assert_eq!(json["total"]["correct"], 3);
        assert_eq!(json["cases"]["visit-a"]["rates"]["field_precision"], 0.75);
        let again = Report::parse(&text).unwrap();
        assert_eq!(again.full.total, report().full.total);
    }

    #[test]
    fn another_json_is_refused() {
        assert!(Report::parse("{}").is_err());
        let other = report().json().ok().unwrap().replace(SCHEMA, "kikitori.eval/2");
        assert!(Report::parse(&other).is_err());
    }

    #[test]
    fn error_rates_belong_to_recordings() {
        let names = |audio| measures(&Score::default(), audio).iter().map(|m| m.name).collect::<Vec<_>>();
        assert!(!names(false).contains(&"cer_raw"));
        assert!(names(true).contains(&"cer_raw"));
    }
}
