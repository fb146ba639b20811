//! Self-corrections: 「三日、いや四日」 reads 「4日」 (language.md pass 11).

mod slots;
#[cfg(test)]
mod tests;

use std::ops::Range;

use record::{Annotation, Correction, Document, Entity, Flag, Replacement};

use crate::chain::{Pass, rounds};
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::layout::{Layout, Start, ends_clause, ends_sentence};
use slots::{Kind, Slot};

const NAME: &str = "corrections";
/// A correction follows within this time.
const WINDOW_MS: u64 = 5_000;
/// … and within this many bytes of text (about 25 characters).
const WINDOW_BYTES: usize = 75;
/// Slots looked at before a cue.
const LOOK_BACK: usize = 10;
/// A value that is corrected again and again keeps the last of what it replaced.
const MAX_TRACES: usize = 8;

/// Cues within a sentence.
const WEAK_CUES: &[&str] =
    &["いやいや", "いや", "いいえ", "いえいえ", "いえ", "もとい", "じゃなくて", "ではなくて", "じゃない"];
/// Cues that also reach back over a full stop.
const STRONG_CUES: &[&str] = &[
    "訂正いたします",
    "訂正します",
    "訂正です",
    "訂正",
    "失礼いたしました",
    "失礼しました",
    "失礼",
    "間違えました",
    "間違い",
    "違います",
    "違いました",
    "違った",
    "違う",
    "ちがう",
    "すみません",
];
/// Cues that may hang on the first value: 「三日じゃなくて四日」.
const HANGING_CUES: &[&str] = &["じゃなくて", "ではなくて"];
/// Between the wrong and the right value behind a cue: 「失礼、三日ではなく四日」.
const NOT_BUT: &[&str] = &["ではなくて", "じゃなくて", "でなくて", "ではなく", "じゃなく", "でなく"];
const COPULAS: &[&str] = &["でした", "です", "だった", "だ", "になります"];
const SIZE_WORDS: &[&str] = &["くらい", "ぐらい", "大", "ほど", "程度", "頃", "ごろ"];

/// Pass 11: the last value stays, the first and the cue go; the annotation on the value that stayed keeps what was first.
///
/// A cue (いや, いえ, 違う, 訂正, 失礼, じゃなくて …) corrects only a value of the same kind: part of a date or a time, a number
/// with its unit, a coin, a relation, a part of the body, a colour, a side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Corrections;

impl Pass for Corrections {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        let (_, _, end_ms) = doc.time_of_original(0..doc.mapped().original().len());
        for _ in 0..rounds(doc.text().len()) {
            let layout = Layout::new(doc);
            let mut scan = Scan {
                doc,
                text: doc.text(),
                timed: end_ms > 0,
                layout,
                slots: Vec::new(),
                fixes: Vec::new(),
            };
            scan.run();
            let (replacements, annotations) = scan.finish();
            if replacements.is_empty() {
                break;
            }
            doc.annotate(annotations);
            doc.edit(NAME, replacements).map_err(|source| Error::edit(NAME, source))?;
        }
        Ok(())
    }
}

/// One correction and how the text changes.
struct Fix {
    /// The words said first.
    first: Range<usize>,
    /// The words that stay.
    last: Range<usize>,
    change: Change,
}

enum Change {
    /// The words up to the last ones go.
    Delete(Range<usize>),
    /// The last words go where the first ones stand; they and their cue go.
    Move { delete: Range<usize> },
}

struct Cue {
    /// Start of the cue's words.
    start: usize,
    /// Start of what follows.
    end: usize,
    strong: bool,
    hanging: bool,
}

struct Scan<'d> {
    doc: &'d Document,
    text: &'d str,
    /// Whether the words have times.
    timed: bool,
    layout: Layout,
    slots: Vec<Slot>,
    fixes: Vec<Fix>,
}

impl Scan<'_> {
    fn run(&mut self) {
        if ![WEAK_CUES, STRONG_CUES].concat().iter().any(|cue| self.text.contains(cue)) {
            return;
        }
        self.slots = slots::all(self.text, &self.layout);
        let mut at = 0;
        while let Some(c) = self.text[at..].chars().next() {
            if let Some(quote) = self.layout.quote_at(at) {
                at = quote.end;
                continue;
            }
            match self.cue(at) {
                Some(cue) => {
                    if let Some(fix) = self.not_but(&cue).or_else(|| self.plain(&cue)) {
                        self.push(fix);
                    }
                    at = cue.end.max(at + c.len_utf8());
                }
                None => at += c.len_utf8(),
            }
        }
    }

    /// A row of cues with the commas between and behind them.
    fn cue(&self, at: usize) -> Option<Cue> {
        let mut cursor = Cursor::new(self.text, at);
        let hanging =
            cursor.sees(HANGING_CUES) && self.slot_ending_at(at).is_some_and(|s| s.kind != Kind::Relation);
        if !hanging && self.layout.start(self.text, at, 300) == Start::Inside {
            return None;
        }
        let mut strong = false;
        let mut found = false;
        loop {
            if cursor.any(STRONG_CUES).is_some() {
                strong = true;
            } else if cursor.any(WEAK_CUES).is_none() {
                break;
            }
            found = true;
            cursor.any(&["、", "。", " "]);
        }
        found.then_some(Cue { start: at, end: cursor.at(), strong, hanging })
    }

    /// Index of the first slot that does not end before `at`.
    fn slot_index(&self, at: usize) -> usize {
        self.slots.partition_point(|s| s.range.start < at)
    }

    fn slot_ending_at(&self, at: usize) -> Option<&Slot> {
        self.slot_index(at).checked_sub(1).map(|i| &self.slots[i]).filter(|s| s.range.end == at)
    }

    /// The slots that follow each other from `at` on, as one value.
    fn value_at(&self, at: usize) -> Option<&[Slot]> {
        let first = self.slot_index(at);
        if self.slots.get(first)?.range.start != at {
            return None;
        }
        let mut end = first + 1;
        while let (Some(a), Some(b)) = (self.slots.get(end - 1), self.slots.get(end)) {
            let part_of_one = is_date(a.kind) && is_date(b.kind) || is_time(a.kind) && is_time(b.kind);
            if a.range.end != b.range.start || !part_of_one {
                break;
            }
            end += 1;
        }
        Some(&self.slots[first..end])
    }

    /// 「失礼、三日ではなく四日」; an earlier 三日 is set right.
    fn not_but(&self, cue: &Cue) -> Option<Fix> {
        let wrong = self.value_at(cue.end)?;
        let wrong_range = span(wrong)?;
        let mut cursor = Cursor::new(self.text, wrong_range.end);
        cursor.any(NOT_BUT)?;
        cursor.any(&["、", " "]);
        let right = self.value_at(cursor.at())?;
        let right_range = span(right)?;
        if wrong.first()?.kind != right.first()?.kind
            || self.text[wrong_range.clone()] == self.text[right_range.clone()]
        {
            return None;
        }
        let words = &self.text[wrong_range.clone()];
        let (end, closed) = self.closing(right_range.end);
        let earlier = self
            .before(cue, right.first()?.kind)
            .find(|s| {
                self.text[s.range.start..].starts_with(words) && s.range.start + words.len() <= cue.start
            })
            .filter(|s| closed && self.in_time(&s.range, &right_range));
        let Some(slot) = earlier else {
            let change = Change::Delete(cue.start..right_range.start);
            return Some(Fix { first: wrong_range, last: right_range, change });
        };
        let first = slot.range.start..slot.range.start + words.len();
        let delete = self.sentence_of(cue, end);
        Some(Fix { first, last: right_range, change: Change::Move { delete } })
    }

    /// 「三日、いや四日」.
    fn plain(&self, cue: &Cue) -> Option<Fix> {
        let value = self.value_at(cue.end)?;
        let last = span(value)?;
        let kind = value.first()?.kind;
        let Some(wrong) = self.before(cue, kind).next() else { return self.bare_number(cue, kind, last) };
        let first_slot = wrong.range.clone();
        if !self.in_time(&first_slot, &last) {
            return None;
        }
        // What was said between the first value and the cue.
        let gap_end =
            first_slot.end + self.text[first_slot.end..cue.start].trim_end_matches(is_boundary).len();
        let gap = first_slot.end..gap_end;
        let tail = &self.text[last.end..];
        let said = &self.text[gap.clone()];
        // 午前9時頃、いや午前10時頃: the rest of the value, without 頃.
        let sized = SIZE_WORDS.iter().find(|word| said.ends_with(**word)).map_or(0, |word| word.len());
        let parts_end = gap.end - sized;
        let parts = self.parts_within(&(gap.start..parts_end));
        let replaced = |k: Kind| value.iter().any(|s| s.kind == k) || covers(kind, k);
        let whole = parts.as_ref().is_some_and(|parts| parts.iter().all(|k| replaced(*k)));
        if whole || (!said.is_empty() && tail.starts_with(said)) {
            let first_end = if whole { parts_end } else { first_slot.end };
            let first = first_slot.start..first_end;
            if self.text[first.clone()] == self.text[last.clone()] {
                return None;
            }
            return Some(Fix { first, change: Change::Delete(first_slot.start..last.start), last });
        }
        let (end, closed) = self.closing(last.end);
        if !closed || self.text[first_slot.clone()] == self.text[last.clone()] || value.len() > 1 {
            return None;
        }
        // 「母は不在、いや父」 would change who was absent; persons are corrected only side by side.
        if kind == Kind::Relation {
            return None;
        }
        let delete = self.sentence_of(cue, end);
        Some(Fix { first: first_slot, last, change: Change::Move { delete } })
    }

    /// 「三、いや四歳」: the first number has no unit yet.
    fn bare_number(&self, cue: &Cue, kind: Kind, last: Range<usize>) -> Option<Fix> {
        if !matches!(kind, Kind::Number(_) | Kind::Hour | Kind::Day | Kind::Month) {
            return None;
        }
        let head = self.text[..cue.start].trim_end_matches(is_boundary);
        let digits = head
            .chars()
            .rev()
            .take(4)
            .take_while(|c| crate::number::starts_number(*c))
            .map(char::len_utf8)
            .sum::<usize>();
        let first = head.len() - digits..head.len();
        let number = crate::number::parse(self.text, first.start).filter(|n| n.end == first.end)?;
        let alone = self.layout.start(self.text, number.start, 300) != Start::Inside
            || head[..first.start].ends_with(['は', 'が', 'を', 'に', 'の']);
        let corrected = alone && digits > 0 && self.in_time(&first, &last);
        corrected.then_some(Fix { change: Change::Delete(first.start..last.start), first, last })
    }

    /// Slots of this kind before the cue, nearest first, as far as a correction reaches.
    fn before<'s>(&'s self, cue: &'s Cue, kind: Kind) -> impl Iterator<Item = &'s Slot> {
        let index = self.slot_index(cue.start);
        self.slots[index.saturating_sub(LOOK_BACK)..index]
            .iter()
            .rev()
            .take_while(move |s| cue.start - s.range.start <= WINDOW_BYTES)
            .filter(move |s| s.kind == kind)
            .take_while(move |s| {
                let between = &self.text[s.range.end..cue.start];
                let stops = between.chars().filter(|c| ends_sentence(*c)).count();
                // A pause is heard as a full stop: 「午前10時。いや、10時半」.
                let directly = matches!(kind, Kind::Hour | Kind::Minute) && between.chars().count() == 1;
                stops == 0 || ((cue.strong || directly) && stops == 1 && between.ends_with(ends_sentence))
            })
            .filter(move |s| !cue.hanging || s.range.end == cue.start)
    }

    /// The kinds of the slots that make up all of `gap`; `None` where other words stand in it.
    fn parts_within(&self, gap: &Range<usize>) -> Option<Vec<Kind>> {
        let mut at = gap.start;
        let mut kinds = Vec::new();
        while at < gap.end {
            let slot = self.slots.get(self.slot_index(at)).filter(|s| s.range.start == at)?;
            kinds.push(slot.kind);
            at = slot.range.end;
        }
        Some(kinds)
    }

    /// Position behind a copula, and whether the clause ends there.
    fn closing(&self, at: usize) -> (usize, bool) {
        let mut cursor = Cursor::new(self.text, at);
        cursor.any(COPULAS);
        let closed = cursor.peek().is_none_or(|c| ends_sentence(c) || c == '、')
            || self.layout.pause_at(cursor.at(), 300);
        (cursor.at(), closed)
    }

    /// What goes with a cue whose value moves: the comma before it, or the stop behind its sentence.
    fn sentence_of(&self, cue: &Cue, end: usize) -> Range<usize> {
        let head = &self.text[..cue.start];
        if head.ends_with(ends_sentence) {
            let stop = self.text[end..].chars().next().filter(|c| ends_sentence(*c) && *c != '\n');
            cue.start..end + stop.map_or(0, char::len_utf8)
        } else {
            head.trim_end_matches(['、', ' ']).len()..end
        }
    }

    fn in_time(&self, first: &Range<usize>, last: &Range<usize>) -> bool {
        if !self.timed {
            return true;
        }
        let time =
            |range: &Range<usize>| self.doc.time_of_original(self.doc.mapped().to_original(range.clone()));
        let ((file, _, said), (other, again, _)) = (time(first), time(last));
        file == other && again.saturating_sub(said) <= WINDOW_MS
    }

    /// Adds a fix unless it meets one that changes the same words otherwise.
    fn push(&mut self, fix: Fix) {
        let (start, end) = fix.hull();
        if self.fixes.last().is_some_and(|f| f.hull().1 > start) || start >= end {
            return;
        }
        self.fixes.push(fix);
    }

    fn finish(self) -> (Vec<Replacement>, Vec<Annotation>) {
        let mut replacements = Vec::new();
        let mut annotations: Vec<Annotation> = Vec::new();
        for fix in &self.fixes {
            let last = self.text[fix.last.clone()].to_owned();
            let target = match &fix.change {
                Change::Delete(range) => {
                    // A value that was itself a correction hands on what it replaced.
                    let inside =
                        |a: &&mut Annotation| range.start <= a.range.start && a.range.end <= range.end;
                    for a in annotations.iter_mut().rev().take(MAX_TRACES).take_while(inside) {
                        a.range = fix.last.clone();
                        if let Entity::Correction(correction) = &mut a.entity {
                            correction.last.clone_from(&last);
                        }
                    }
                    replacements.push(Replacement::new(range.clone(), "", "self-correction"));
                    fix.last.clone()
                }
                Change::Move { delete } => {
                    replacements.push(Replacement::new(fix.first.clone(), last.clone(), "self-correction"));
                    replacements.push(Replacement::new(delete.clone(), "", "self-correction"));
                    fix.first.clone()
                }
            };
            let correction = Correction {
                first: self.text[fix.first.clone()].to_owned(),
                first_original: self.doc.mapped().to_original(fix.first.clone()),
                last,
            };
            let entity = Entity::Correction(correction);
            annotations.push(Annotation { range: target, entity, flags: vec![Flag::SelfCorrected] });
        }
        (replacements, annotations)
    }
}

impl Fix {
    /// All text that the fix changes.
    fn hull(&self) -> (usize, usize) {
        match &self.change {
            Change::Delete(range) => (range.start, range.end),
            Change::Move { delete } => (self.first.start, delete.end),
        }
    }
}

fn span(slots: &[Slot]) -> Option<Range<usize>> {
    Some(slots.first()?.range.start..slots.last()?.range.end)
}

fn is_date(kind: Kind) -> bool {
    matches!(kind, Kind::Year | Kind::Month | Kind::Day | Kind::Weekday)
}

fn is_time(kind: Kind) -> bool {
    matches!(kind, Kind::Half | Kind::Hour | Kind::Minute)
}

/// Parts that lose their meaning with the part before them: the minutes of another hour, the weekday of another day.
fn covers(kind: Kind, part: Kind) -> bool {
    matches!(
        (kind, part),
        (Kind::Hour | Kind::Half, Kind::Minute) | (Kind::Day | Kind::DayWord, Kind::Weekday)
    ) || (kind == Kind::Half && part == Kind::Hour)
}

fn is_boundary(c: char) -> bool {
    (ends_clause(c) && !matches!(c, '」' | '』' | ')')) || (ends_sentence(c) && c != '\n') || c == '…'
}
