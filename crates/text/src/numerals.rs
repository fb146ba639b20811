//! Kanji and kana numerals to half-width digits, where they count something (language.md pass 5).
//!
//! A numeral becomes digits when a counter follows it (三回), a word that takes a number comes before it (令和七), when it
//! is a positional number of three or more digits (二〇三), or when it stands alone with 十, 百, 千 (二十). It stays as it is
//! inside words (三軒茶屋, 一時保護) and quotations.

mod counted;

use std::ops::Range;
use std::sync::LazyLock;

use record::{Annotation, Document, Entity, Flag, Replacement, Segment, Transcript};

use crate::Normalize;
use crate::chain::{Pass, rounds};
use crate::cursor::{Cursor, after, before, is_kanji};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::number::counters;
use crate::number::{self, Number, Script, address, phone};
use crate::words::{Words, lines};

const NAME: &str = "numerals";

/// Words that a number follows without a counter.
const PREFIXES: &[&str] = &[
    "令和",
    "R",
    "平成",
    "昭和",
    "大正",
    "明治",
    "西暦",
    "第",
    "要介護",
    "要支援",
    "区分",
    "IQ",
    "DQ",
    "体重",
    "身長",
    "体温",
    "番号",
    "番号は",
    "小",
    "中",
    "高",
    "週",
];
/// Prefixes that are also the end of other words: the number must end its word.
const GRADES: &[&str] = &["小", "中", "高", "週"];
/// Before these, 十分 is ten minutes.
const AFTER_TEN_MINUTES: &[&str] = &[
    "間",
    "後",
    "前",
    "ほど",
    "程度",
    "くらい",
    "ぐらい",
    "おき",
    "ごと",
    "以内",
    "以上",
    "遅",
    "早",
    "単位",
    "置き",
    "から",
    "まで",
    "経",
    "過",
    "待",
];

static KEPT_WORDS: LazyLock<Words<bool>> = LazyLock::new(|| {
    Words::new(lines(include_str!("../data/number_words.txt")).map(|line| match line.strip_prefix('+') {
        Some(word) => (word.to_owned(), false),
        None => (line.to_owned(), true),
    }))
});

/// `words` as the passes for numbers leave them: 四十八時間以内 is 48時間以内.
#[must_use]
pub fn in_figures(words: &str) -> String {
    let segment = Segment { raw: words.to_owned(), ..Segment::default() };
    let mut doc = Document::new(&Transcript { segments: vec![segment], edits: Vec::new() }, None);
    match Normalize.apply(&mut doc).and_then(|()| Numerals.apply(&mut doc)) {
        Ok(()) => doc.text().to_owned(),
        Err(_) => words.to_owned(),
    }
}

/// Pass 5: numerals, with quantities and telephone numbers annotated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numerals;

impl Pass for Numerals {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        doc.retain_annotations(|a| !matches!(a.entity, Entity::Quantity { .. } | Entity::Phone(_)));
        // A number that became digits can show that the word before it is one.
        for _ in 0..rounds(doc.text().len()) {
            let layout = Layout::new(doc);
            let mut scan = Scan {
                text: doc.text(),
                kept: kept_words(doc.text()),
                replacements: Vec::new(),
                annotations: Vec::new(),
            };
            scan.run(&layout);
            let Scan { replacements, annotations, .. } = scan;
            if replacements.is_empty() {
                doc.annotate(annotations);
                break;
            }
            doc.edit(NAME, replacements).map_err(|source| Error::edit(NAME, source))?;
        }
        Ok(())
    }
}

/// Ranges of words whose numerals are no numbers.
fn kept_words(text: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut free = 0;
    for (at, _) in text.char_indices() {
        if let Some((word, kept)) = KEPT_WORDS.at(text, at) {
            let end = at + word.len();
            if *kept && at >= free {
                match ranges.last_mut() {
                    Some(last) if at <= last.end => last.end = last.end.max(end),
                    _ => ranges.push(at..end),
                }
            } else if !kept {
                free = end;
            }
        }
    }
    ranges
}

struct Scan<'t> {
    text: &'t str,
    kept: Vec<Range<usize>>,
    replacements: Vec<Replacement>,
    annotations: Vec<Annotation>,
}

impl Scan<'_> {
    fn run(&mut self, layout: &Layout) {
        let mut at = 0;
        while let Some(c) = after(self.text, at) {
            if let Some(quote) = layout.quote_at(at) {
                at = quote.end;
            } else {
                at = self.step(at, c).unwrap_or(at + c.len_utf8());
            }
        }
    }

    /// Reads what starts at `at` and returns where to go on; `None` where nothing starts.
    fn step(&mut self, at: usize, c: char) -> Option<usize> {
        if matches!(c, '0' | '〇' | '零' | 'ゼ' | 'ぜ' | 'レ' | 'れ' | 'マ' | 'ま')
            && let Some(end) = self.phone(at)
        {
            return Some(end);
        }
        let kept = self.kept_end(at);
        if let Some(end) = self.ten_minutes(at) {
            return Some(end);
        }
        if kept.is_some() {
            return kept;
        }
        if let Some(end) = self.words_for_numbers(at).or_else(|| self.minus(at)) {
            return Some(end);
        }
        let first = number::parse(self.text, at)?;
        let joins = |c: char| c.is_ascii_digit() || matches!(c, '数' | '何' | '幾');
        if before(self.text, at).is_some_and(joins)
            || after(self.text, first.end).is_some_and(|c| matches!(c, '数' | '何' | '余'))
        {
            return Some(first.end);
        }
        if let Some(end) = self.address(at) {
            return Some(end);
        }
        self.counted(&first).or_else(|| self.bare(&first)).or(Some(first.end))
    }

    fn kept_end(&self, at: usize) -> Option<usize> {
        let i = self.kept.partition_point(|k| k.end <= at);
        self.kept.get(i).filter(|k| k.start <= at).map(|k| k.end)
    }

    fn phone(&mut self, at: usize) -> Option<usize> {
        let (end, written) = phone::parse(self.text, at)?;
        self.annotate(at..end, Entity::Phone(written.clone()), vec![]);
        self.replace(at..end, written, "telephone number");
        Some(end)
    }

    /// 十分 is 10分 only among minutes; alone it is 「enough」.
    fn ten_minutes(&mut self, at: usize) -> Option<usize> {
        let rest = self.text[at..].strip_prefix("十分")?;
        let minutes = self.text[..at].ends_with(['時', '約'])
            || self.text[..at].ends_with("あと")
            || AFTER_TEN_MINUTES.iter().any(|word| rest.starts_with(word));
        if minutes {
            self.replace(at..at + "十".len(), "10".to_owned(), "kanji numeral");
        }
        Some(at + "十分".len())
    }

    /// ゼロ歳, and the native numbers in kana: ひとつ, ふたり.
    fn words_for_numbers(&mut self, at: usize) -> Option<usize> {
        const NATIVE: &[(&str, f64, &str)] = &[
            ("ひとつ", 1.0, "つ"),
            ("ふたつ", 2.0, "つ"),
            ("みっつ", 3.0, "つ"),
            ("よっつ", 4.0, "つ"),
            ("いつつ", 5.0, "つ"),
            ("むっつ", 6.0, "つ"),
            ("ななつ", 7.0, "つ"),
            ("やっつ", 8.0, "つ"),
            ("ここのつ", 9.0, "つ"),
            ("ひとり", 1.0, "人"),
            ("ふたり", 2.0, "人"),
        ];
        if !after(self.text, at).is_some_and(|c| "ゼ零ひふみよいむなやこ".contains(c)) {
            return None;
        }
        let mut cursor = Cursor::new(self.text, at);
        if cursor.any(&["ゼロ", "零"]).is_some() && cursor.sees(&["歳", "時", "回", "件", "点", "か月"])
        {
            self.replace(at..cursor.at(), "0".to_owned(), "number word");
            return Some(cursor.at());
        }
        let (word, value, unit) = NATIVE.iter().find(|(word, ..)| self.text[at..].starts_with(word))?;
        let end = at + word.len();
        let idiom = self.text[..at].ends_with("もう")
            || Cursor::new(self.text, end).sees(&[
                "ひとつ",
                "ひとり",
                "親",
                "で",
                "っ",
                "ぼっち",
                "暮",
                "言",
                "きり",
            ]);
        if !idiom {
            let entity = Entity::Quantity { low: *value, high: *value, unit: (*unit).to_owned() };
            self.annotate(at..end, entity, vec![]);
        }
        Some(end)
    }

    /// 五の二の二百四 → 5-2-204. Two numbers outside an address are only marked.
    fn address(&mut self, at: usize) -> Option<usize> {
        let chain = address::parse(self.text, at)?;
        if self.goes_on(chain.end) {
            return None;
        }
        if !chain.certain {
            let (low, high) = (chain.numbers.first()?.value()?, chain.numbers.last()?.value()?);
            let entity = Entity::Quantity { low, high, unit: "の".to_owned() };
            self.annotate(at..chain.end, entity, vec![Flag::NumberForm]);
            return Some(chain.end);
        }
        let mut last: Option<usize> = None;
        for number in &chain.numbers {
            if let Some(end) = last {
                self.replace(end..number.start, "-".to_owned(), "block and house number");
            }
            self.digits(number, false, false);
            last = Some(number.end);
        }
        Some(chain.end)
    }

    /// Whether a number follows directly, so that the digits of both would run together.
    fn goes_on(&self, at: usize) -> bool {
        after(self.text, at).is_some_and(number::starts_number)
    }

    /// マイナス before a number that becomes digits.
    fn minus(&mut self, at: usize) -> Option<usize> {
        let end = at + "マイナス".len();
        if !self.text[at..].starts_with("マイナス")
            || before(self.text, at).is_some_and(number::starts_number)
        {
            return None;
        }
        let number = number::parse(self.text, end)?;
        let counted = counters::at(self.text, number.end).is_some()
            || number.script != Script::Positional
            || !number.is_whole();
        if counted && !self.goes_on(number.end) {
            self.replace(at..end, "-".to_owned(), "minus sign");
        }
        Some(end)
    }

    /// Numbers without a counter.
    fn bare(&mut self, number: &Number) -> Option<usize> {
        let (head, next) = (&self.text[..number.start], after(self.text, number.end));
        let ends_word = !next.is_some_and(|c| is_kanji(c) || c.is_ascii_digit());
        let prefix = PREFIXES.iter().filter(|p| head.ends_with(**p)).max_by_key(|p| p.len());
        let fits = match prefix {
            Some(p) if GRADES.contains(p) => {
                let own_word = !head[..head.len() - p.len()].ends_with(is_kanji);
                own_word && ends_word && number.script != Script::Multiplied
            }
            Some(&"第") => true,
            Some(_) => ends_word || next.is_some_and(|c| matches!(c, '年' | '月')),
            None => match number.script {
                Script::Digits => false,
                Script::Positional => {
                    !number.is_code()
                        && number.digits().len() > 2
                        && (ends_word || number.digits().contains('0'))
                }
                Script::Multiplied => {
                    let long = self.text[number.start..number.end].chars().count() > 1;
                    let fraction = self.text[number.end..].starts_with("分の");
                    long && ends_word && !head.ends_with(is_kanji) && !fraction
                }
            },
        } || (!number.is_whole() && number.script != Script::Digits);
        if fits {
            self.digits(number, false, false);
        }
        fits.then_some(number.end)
    }

    /// Replaces the numeral by digits where it is not written so already.
    fn digits(&mut self, number: &Number, keep_man: bool, separate: bool) {
        let reason = if number.script == Script::Digits { "thousands separator" } else { "kanji numeral" };
        let written = number.written(keep_man, separate);
        if number.script == Script::Digits && !separate {
            return;
        }
        self.replace(number.start..number.end, written, reason);
    }

    fn annotate(&mut self, range: Range<usize>, entity: Entity, flags: Vec<Flag>) {
        self.annotations.push(Annotation { range, entity, flags });
    }

    fn replace(&mut self, range: Range<usize>, new: String, reason: &str) {
        if self.text[range.clone()] != new {
            self.replacements.push(Replacement::new(range, new, reason));
        }
    }
}

#[cfg(test)]
mod tests;
