//! Two evaluations side by side: what has become better, what worse.

use std::path::Path;

use super::read_report;
use super::report::{Measure, Report, measures};
use super::score::{Score, Verdict};
use crate::failure::Failure;
use crate::output;

/// Compares two JSON reports and prints the differences.
pub(crate) fn run(before: &Path, after: &Path) -> Result<(), Failure> {
    let text = compare(&read_report(before)?, &read_report(after)?)?;
    output::to_stdout(|out| out.write_all(text.as_bytes()).map_err(|e| Failure::io(Path::new("-"), &e)))
}

fn compare(before: &Report, after: &Report) -> Result<String, Failure> {
    if before.input != after.input {
        return Err(Failure::bad_input(
            format!("入力の種類が違います: {} と {}", before.input, after.input),
            format!("one run read {}, the other {}", before.input, after.input),
        ));
    }
    let audio = before.is_from_audio();
    let mut text = format!("{:<28} {:>12} {:>12}\n", "", "before", "after");
    let pairs = measures(&before.full.total, audio).into_iter().zip(measures(&after.full.total, audio));
    for (a, b) in pairs {
        text.push_str(&format!("{:<28} {:>12} {:>12} {}\n", a.name, a.show(), b.show(), trend(&a, &b)));
    }
    let (mut better, mut worse, mut alone) = (String::new(), String::new(), String::new());
    for (stem, a) in &before.full.cases {
        let Some(b) = after.full.cases.get(stem) else {
            alone.push_str(&format!("  only before: {stem}\n"));
            continue;
        };
        for change in changes(a, b) {
            let list = if change.is_better { &mut better } else { &mut worse };
            list.push_str(&format!("  {stem} {}: {} -> {}\n", change.field, change.before, change.after));
        }
    }
    for stem in after.full.cases.keys().filter(|stem| !before.full.cases.contains_key(*stem)) {
        alone.push_str(&format!("  only after: {stem}\n"));
    }
    for (title, list) in [("better", better), ("worse", worse), ("not in both", alone)] {
        text.push_str(&format!("\n{title}: {}\n{list}", list.lines().count()));
    }
    Ok(text)
}

fn trend(before: &Measure, after: &Measure) -> &'static str {
    if before.show() == after.show() {
        return "";
    }
    match before.up {
        Some(up) if (after.value > before.value) == up => "better",
        Some(_) => "worse",
        None => "",
    }
}

/// A field whose verdict is another one.
#[derive(Debug, PartialEq)]
struct Change {
    field: String,
    before: String,
    after: String,
    is_better: bool,
}

/// Right is better than any error; a missing value is better than a wrong one.
fn changes(before: &Score, after: &Score) -> Vec<Change> {
    let rank = |verdict: Option<&Verdict>| match verdict {
        None | Some(Verdict::Right) => usize::MAX,
        Some(error) => Verdict::ERRORS.iter().position(|(e, _)| e == error).unwrap_or_default(),
    };
    let name = |verdict: Option<&Verdict>| {
        let error = verdict.and_then(|v| Verdict::ERRORS.iter().find(|(e, _)| e == v));
        error.map_or("right", |(_, name)| *name).to_owned()
    };
    let mut fields: Vec<&String> = before.verdicts.keys().chain(after.verdicts.keys()).collect();
    fields.sort();
    fields.dedup();
    fields
        .into_iter()
        .map(|field| (field, before.verdicts.get(field), after.verdicts.get(field)))
        .filter(|(_, a, b)| rank(*a) != rank(*b))
        .map(|(field, a, b)| Change {
            field: field.clone(),
            before: name(a),
            after: name(b),
            is_better: rank(b) > rank(a),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::ablation::FULL;
    use super::super::report::Run;
    use super::*;

    fn score(verdicts: &[(&str, Verdict)]) -> Score {
        let verdicts = verdicts.iter().map(|(field, v)| ((*field).to_owned(), *v)).collect();
        Score { records: 1, verdicts, ..Score::default() }
    }

    fn report(score: &Score) -> Report {
        let mut run = Run::new(FULL);
        run.total.add(score);
        run.cases.insert("visit-a".to_owned(), score.clone());
        Report::new(false, vec![run])
    }

    #[test]
    fn a_field_is_better_when_right_and_worse_when_wrongly_filled() {
        let before = score(&[("at", Verdict::Missing), ("place", Verdict::Right)]);
        let after =
            score(&[("at", Verdict::Right), ("place", Verdict::WrongValue), ("talk", Verdict::WrongFill)]);
        let changes: Vec<(String, bool)> =
            changes(&before, &after).into_iter().map(|c| (c.field, c.is_better)).collect();
        assert_eq!(changes, [("at".into(), true), ("place".into(), false), ("talk".into(), false)]);
    }

    #[test]
    fn the_comparison_counts_both_sides() {
        let (a, b) = (score(&[("at", Verdict::Missing)]), score(&[("at", Verdict::Right)]));
        let text = compare(&report(&a), &report(&b)).ok().unwrap();
        assert!(text.contains("better: 1\n  visit-a at: missing -> right\n"), "{text}");
        assert!(text.contains("worse: 0\n"), "{text}");
    }

    #[test]
    fn a_run_from_text_is_not_compared_with_one_from_audio() {
        let text = report(&Score::default());
        let audio = Report::new(true, vec![text.full.clone()]);
        assert!(compare(&text, &audio).is_err());
    }
}
