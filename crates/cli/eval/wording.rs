//! How well the words were heard, and what the repair made of them.

use record::Transcript;
use serde::{Deserialize, Serialize};
use text::cer::{self, normal};

use super::tally::Part;

/// Names of the text passes that replace what the engine wrote by what was meant.
pub(crate) const REPAIR_PASSES: &[&str] = &["lexicon"];

/// Counts about words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Wording {
    /// Spoken terms that the engine wrote as they are written.
    pub(crate) terms_heard: Part,
    /// Spoken terms that stand in the text after the passes.
    pub(crate) terms_kept: Part,
    /// Repairs of words that were right.
    pub(crate) wrong_replacements: usize,
    /// Repairs in all.
    pub(crate) replacements: usize,
    /// Character errors of the engine's words against the script.
    pub(crate) raw: Part,
    /// Character errors after the repair passes alone.
    pub(crate) repaired: Part,
    /// Character errors after all passes, against the script after the same passes.
    pub(crate) written: Part,
}

impl Wording {
    pub(crate) fn add(&mut self, other: &Self) {
        self.terms_heard.add(&other.terms_heard);
        self.terms_kept.add(&other.terms_kept);
        self.wrong_replacements += other.wrong_replacements;
        self.replacements += other.replacements;
        self.raw.add(&other.raw);
        self.repaired.add(&other.repaired);
        self.written.add(&other.written);
    }
}

/// Character errors of `heard` against `script`.
pub(crate) fn errors(heard: &str, script: &str) -> Part {
    let errors = cer::errors(heard, script);
    Part { count: errors.count, of: errors.of }
}

/// How often the spoken terms stand in `text`; a term counts as often as the script has it.
pub(crate) fn terms(text: &str, script: &str, terms: &[String]) -> Part {
    let mut part = Part::default();
    for term in terms {
        let spoken = script.matches(term.as_str()).count();
        part.of += spoken;
        part.count += text.matches(term.as_str()).count().min(spoken);
    }
    part
}

/// Repairs in all, and those that took away words of the script: the words before stand in it and, where the script was
/// not the input itself, the words after do not.
pub(crate) fn replacements(transcript: &Transcript, script: &str, from_script: bool) -> (usize, usize) {
    let repairs = transcript.edits.iter().filter(|e| REPAIR_PASSES.contains(&e.pass.as_str()));
    let script: String = normal(script).into_iter().collect();
    let has = |words: &str| {
        let words: String = normal(words).into_iter().collect();
        !words.is_empty() && script.contains(&words)
    };
    repairs.fold((0, 0), |(all, wrong), edit| {
        let is_wrong = has(&edit.from) && (from_script || !has(&edit.to));
        (all + 1, wrong + usize::from(is_wrong))
    })
}

/// The engine's words of all segments that a record may use.
pub(crate) fn raw(transcript: &Transcript) -> String {
    transcript.segments.iter().filter(|s| s.is_mapped()).map(|s| s.raw.as_str()).collect()
}

/// The words after the passes.
pub(crate) fn text(transcript: &Transcript) -> String {
    transcript.segments.iter().filter(|s| s.is_mapped()).map(|s| s.text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use record::Edit;

    use super::*;

    #[test]
    fn a_term_counts_as_often_as_it_is_spoken() {
        let terms_of = |text| terms(text, "架電するも不通。再度架電。", &["架電".into(), "不通".into()]);
        assert_eq!(terms_of("家電するも普通。再度架電。"), Part { count: 1, of: 3 });
        assert_eq!(terms_of("架電、架電、架電、不通"), Part { count: 3, of: 3 });
    }

    #[test]
    fn only_repairs_of_right_words_are_wrong() {
        let edit = |from: &str, to: &str, pass: &str| Edit {
            segment: 0,
            from: from.to_owned(),
            to: to.to_owned(),
            pass: pass.to_owned(),
            reason: String::new(),
        };
        let edits = vec![
            edit("普通", "不通", "lexicon"),
            edit("家電", "架電", "lexicon"),
            edit("ええと", "", "fillers"),
        ];
        let transcript = Transcript { segments: vec![], edits };
        let script = "ええと、普通学級に在籍。架電した。";
        assert_eq!(replacements(&transcript, script, false), (2, 1));
        let both = "普通に話す。架電するも不通。";
        assert_eq!(replacements(&transcript, both, false), (2, 0));
        assert_eq!(replacements(&transcript, both, true), (2, 1));
    }
}
