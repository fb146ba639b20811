//! The terms: those of the program, those of the office, and what is written for them.

use std::collections::{HashMap, HashSet};

use aho_corasick::{AhoCorasick, MatchKind};

use super::index::Index;
use super::mistakes::{LineMistake, MistakeKind};
use super::mora::{Mora, moras};
use crate::error::{Cause, Error, Result};
use crate::morphology::hiragana;
use crate::numerals::in_figures;
use crate::words::lines;

/// Terms of child and family welfare: term, reading, category, what is written for it (predicted from its sound).
const TERMS: &str = include_str!("../../data/lexicon.tsv");
/// What the small model really wrote: term, written, how often.
const MEASURED: &str = include_str!("../../data/measured.tsv");

/// Characters of a term or of its reading.
const MAX_CHARS: usize = 64;
/// Lines of an office's lexicon.
const MAX_LINES: usize = 200_000;

/// A word of the field or of the office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As the form wants it written.
    pub written: String,
    /// Its reading in hiragana and ー.
    pub reading: String,
    /// What kind of word it is (機関, 職種, 続柄 …); free for an office.
    pub category: String,
    /// Whether it comes from the office's own list.
    pub office: bool,
}

/// Where a form that is written for a term comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Heard from the model, so many times.
    Measured(u32),
    /// Predicted from the sound.
    Predicted,
}

/// Terms with everything that finds them.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) list: Vec<Term>,
    /// Their readings as moras.
    pub(crate) readings: Vec<Vec<Mora>>,
    pub(crate) index: Index,
    /// Finds the terms as they are written, longest first; pattern numbers are those of the terms. `None` where they are
    /// more than a machine can hold.
    pub(crate) written: Option<AhoCorasick>,
    /// Finds the forms that are written for terms; pattern numbers are those of `meant`.
    pub(crate) heard: Option<AhoCorasick>,
    /// The term that each form stands for.
    pub(crate) meant: Vec<(u32, Source)>,
}

impl Terms {
    /// The program's terms and these of the office, which win where both have one.
    pub(crate) fn new(office: Vec<Term>) -> Self {
        let mut terms = office;
        let own = terms.len();
        let mut heard: Vec<(String, (u32, Source))> = Vec::new();
        let mut predicted = Vec::new();
        for line in lines(TERMS) {
            let mut columns = line.split('\t');
            let (Some(written), Some(reading)) = (columns.next(), columns.next()) else { continue };
            let category = columns.next().unwrap_or_default();
            let term = terms.len() as u32;
            for form in columns.next().unwrap_or_default().split('|').filter(|f| !f.is_empty()) {
                predicted.push((in_numbers(form), (term, Source::Predicted)));
            }
            terms.push(Term {
                written: in_numbers(written),
                reading: reading.to_owned(),
                category: category.to_owned(),
                office: false,
            });
        }
        let by_name: HashMap<&str, u32> =
            terms.iter().enumerate().skip(own).map(|(i, t)| (t.written.as_str(), i as u32)).collect();
        for line in lines(MEASURED) {
            let mut columns = line.split('\t');
            let (Some(written), Some(form)) = (columns.next(), columns.next()) else { continue };
            let times = columns.next().and_then(|n| n.parse().ok()).unwrap_or(1);
            if let Some(&term) = by_name.get(in_numbers(written).as_str()) {
                heard.push((form.to_owned(), (term, Source::Measured(times))));
            }
        }
        // The first entry of a form wins: what was measured before what was predicted.
        heard.extend(predicted);
        let readings: Vec<Vec<Mora>> = terms.iter().map(|t| moras(&t.reading)).collect();
        let mut index = Index::default();
        for (i, reading) in readings.iter().enumerate() {
            index.add(i as u32, reading);
        }
        let mut seen = HashSet::new();
        heard.retain(|(form, _)| seen.insert(form.clone()));
        let longest = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).clone();
        let written = longest.build(terms.iter().map(|t| &t.written)).ok();
        let forms = AhoCorasick::new(heard.iter().map(|(form, _)| form)).ok();
        let meant = heard.into_iter().map(|(_, term)| term).collect();
        Self { list: terms, readings, index, written, heard: forms, meant }
    }
}

/// A term as the earlier passes would leave it. Most have no numeral and need none of them.
fn in_numbers(written: &str) -> String {
    if !written.contains(['一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百']) {
        return written.to_owned();
    }
    in_figures(written)
}

/// Reads an office's lexicon: a term, its reading in kana and its category a line, separated by tabs; the category may be
/// missing. Empty lines, lines that start with # and a header line (語/term …) are skipped. Katakana readings become hiragana.
///
/// # Errors
/// [`ErrorKind::Lexicon`](crate::ErrorKind::Lexicon) with every line that is wrong.
///
/// ```
/// let terms = text::lexicon::read("さくら保育園\tさくらほいくえん\t機関\n".as_bytes())?;
/// assert_eq!(terms[0].written, "さくら保育園");
/// let error = text::lexicon::read("さくら保育園\t桜\n".as_bytes()).unwrap_err();
/// assert_eq!(error.kind(), text::ErrorKind::Lexicon);
/// # Ok::<(), text::Error>(())
/// ```
pub fn read(bytes: &[u8]) -> Result<Vec<Term>> {
    let mut terms = Vec::new();
    let mut mistakes = Vec::new();
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    for (i, line) in bytes.split(|&b| b == b'\n').enumerate() {
        let number = i + 1;
        if number > MAX_LINES {
            mistakes.push(LineMistake { line: number, kind: MistakeKind::TooMany });
            break;
        }
        let Ok(line) = std::str::from_utf8(line) else {
            mistakes.push(LineMistake { line: number, kind: MistakeKind::Encoding });
            continue;
        };
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim().is_empty() || line.starts_with('#') || (number == 1 && is_header(line)) {
            continue;
        }
        match term(line) {
            Ok(term) => match seen.insert((term.written.clone(), term.reading.clone()), number) {
                Some(first) => {
                    mistakes.push(LineMistake { line: number, kind: MistakeKind::Duplicate(first) });
                }
                None => terms.push(term),
            },
            Err(kind) => mistakes.push(LineMistake { line: number, kind }),
        }
    }
    if mistakes.is_empty() { Ok(terms) } else { Err(Error::from(Cause::Lexicon { mistakes })) }
}

fn is_header(line: &str) -> bool {
    matches!(line.split('\t').next(), Some("語" | "用語" | "term"))
}

fn term(line: &str) -> std::result::Result<Term, MistakeKind> {
    let columns: Vec<&str> = line.split('\t').collect();
    let (written, reading, category) = match columns[..] {
        [written, reading] => (written, reading, ""),
        [written, reading, category] => (written, reading, category),
        _ => return Err(MistakeKind::Columns(columns.len())),
    };
    if written.trim().is_empty() {
        return Err(MistakeKind::NoTerm);
    }
    if written.chars().count() > MAX_CHARS || reading.chars().count() > MAX_CHARS {
        return Err(MistakeKind::TooLong);
    }
    let bad =
        |c: char| c.is_control() || matches!(c, '「' | '」' | '『' | '』' | '。' | '、' | '|' | '\u{feff}');
    if written.trim() != written || written.contains(bad) || category.contains(char::is_control) {
        return Err(MistakeKind::BadTerm);
    }
    let reading = hiragana(reading.trim());
    let kana = |c: char| matches!(c, 'ぁ'..='ゔ' | 'ー');
    if reading.is_empty() || !reading.chars().all(kana) || moras(&reading).is_empty() {
        return Err(MistakeKind::NotKana);
    }
    Ok(Term { written: written.to_owned(), reading, category: category.trim().to_owned(), office: true })
}

#[cfg(test)]
mod tests {
    use record::{Explain, Lang};

    use super::*;

    #[test]
    fn an_offices_lexicon_is_read() {
        let terms = read(
            "語\t読み\t分類\r\n# 園\r\n\r\nさくら保育園\tサクラホイクエン\t機関\r\n第二小\tだいにしょう\r\n"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(terms.len(), 2);
        assert_eq!((terms[0].reading.as_str(), terms[0].category.as_str()), ("さくらほいくえん", "機関"));
    }

    #[test]
    fn every_wrong_line_is_named() {
        let file =
            "さくら保育園\n桜小\t桜小\n\tさくら\n桜小\tさくらしょう\n桜小\tさくらしょう\n「桜」\tさくら\n";
        let error = read(file.as_bytes()).unwrap_err();
        let told = error.explain(Lang::Ja);
        for part in [
            "1行目: 列が1個",
            "2行目: 読みがかな",
            "3行目: 語がありません",
            "5行目: 4行目と同じ",
            "6行目: 語に使えない",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(!told.contains("4行目: "), "{told}");
        assert!(error.explain(Lang::En).contains("line 5: repeats line 4"));
        assert!(error.hint(Lang::Ja).is_some());
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let error = read(b"\x93\x8c\tx\n").unwrap_err();
        assert!(error.explain(Lang::Ja).contains("UTF-8"));
    }

    #[test]
    fn fifty_thousand_terms_are_read() {
        let file: Vec<String> = (0..50_000u32)
            .map(|i| {
                let kana: String = (0..5)
                    .map(|k| char::from_u32(u32::from('か') + (i / 20u32.pow(k)) % 20).unwrap())
                    .collect();
                format!("語{i}\t{kana}\t学校\n")
            })
            .collect();
        let terms = read(file.concat().as_bytes()).unwrap();
        assert_eq!(Terms::new(terms).list.iter().filter(|t| t.office).count(), 50_000);
    }

    #[test]
    fn terms_with_numbers_are_written_as_the_passes_write_them() {
        let terms = Terms::new(Vec::new()).list;
        for written in ["48時間以内", "一時保護"] {
            assert!(terms.iter().any(|t| t.written == written), "{written}");
        }
    }

    #[test]
    fn shipped_readings_are_kana() {
        for term in Terms::new(Vec::new()).list {
            assert!(term.reading.chars().all(|c| matches!(c, 'ぁ'..='ゔ' | 'ー')), "{}", term.written);
        }
    }
}
