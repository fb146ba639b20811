//! One dictation as the passes and the field rules see it: a mapped text with times, breaks and annotations.

use std::ops::Range;

use jiff::civil::Date;

use crate::{
    Annotation, Citation, Edit, EditError, Entity, Flag, MappedText, Remap, Replacement, Transcript,
};

/// A pause of at least this many milliseconds between two tokens is kept as a [`Break`].
const BREAK_MS: u64 = 300;

/// A place where the speaker stopped, or where one line or recording ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// Byte position in the original text.
    pub original: usize,
    /// Length of the pause; `None` at the end of a line of a text or of a recording.
    pub pause_ms: Option<u64>,
}

/// A run of the original text with its own time.
#[derive(Clone, Debug)]
struct Timed {
    original: Range<usize>,
    file: usize,
    start_ms: u64,
    end_ms: u64,
    /// Natural-log probability, where the engine gives one.
    logprob: Option<f32>,
}

/// The mapped segments of a transcript as one text.
///
/// Segments that a guard has barred (see [`crate::Segment::is_mapped`]) are not in it. All ranges are byte ranges of the
/// current text unless a name says `original`.
#[derive(Clone, Debug, Default)]
pub struct Document {
    text: MappedText,
    timed: Vec<Timed>,
    /// (index into the transcript, original range) of each mapped segment.
    segments: Vec<(usize, Range<usize>)>,
    breaks: Vec<Break>,
    annotations: Vec<Annotation>,
    anchor: Option<Date>,
}

impl Document {
    /// Joins the mapped segments' raw words. `anchor` is the day that relative dates count from.
    #[must_use]
    pub fn new(transcript: &Transcript, anchor: Option<Date>) -> Self {
        let mut raw = String::new();
        let mut doc = Self { anchor, ..Self::default() };
        let mut last: Option<(usize, u64)> = None;
        for (index, segment) in transcript.segments.iter().enumerate().filter(|(_, s)| s.is_mapped()) {
            let start = raw.len();
            if let Some((file, end_ms)) = last {
                let same = file == segment.file && (segment.end_ms > 0 || end_ms > 0);
                let pause_ms = same.then(|| segment.start_ms.saturating_sub(end_ms));
                doc.breaks.push(Break { original: start, pause_ms });
            }
            raw.push_str(&segment.raw);
            doc.segments.push((index, start..raw.len()));
            last = Some((segment.file, segment.end_ms));

            let joined = segment.tokens.iter().map(|t| t.text.len()).sum::<usize>() == segment.raw.len();
            if segment.tokens.is_empty() || !joined {
                let (file, start_ms, end_ms) = (segment.file, segment.start_ms, segment.end_ms);
                let logprob = segment.avg_logprob;
                doc.timed.push(Timed { original: start..raw.len(), file, start_ms, end_ms, logprob });
                continue;
            }
            let mut at = start;
            let mut before = None;
            for token in &segment.tokens {
                if let Some(end_ms) = before
                    && token.start_ms.saturating_sub(end_ms) >= BREAK_MS
                {
                    doc.breaks.push(Break { original: at, pause_ms: Some(token.start_ms - end_ms) });
                }
                let original = at..at + token.text.len();
                at = original.end;
                let (start_ms, end_ms) = (token.start_ms, token.end_ms);
                let logprob = Some(token.logprob);
                doc.timed.push(Timed { original, file: segment.file, start_ms, end_ms, logprob });
                before = Some(end_ms);
            }
        }
        doc.text = MappedText::new(raw);
        doc
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.text()
    }

    /// The text with its map and its edits.
    #[must_use]
    pub fn mapped(&self) -> &MappedText {
        &self.text
    }

    /// The day that relative dates count from: the recording's, where it is known.
    #[must_use]
    pub fn anchor(&self) -> Option<Date> {
        self.anchor
    }

    /// What the passes have recognised, by start, then longest first.
    #[must_use]
    pub fn annotations(&self) -> &[Annotation] {
        &self.annotations
    }

    /// Keeps only the breaks that `keep` accepts, by their position in the current text and the length of their pause.
    pub fn retain_breaks(&mut self, mut keep: impl FnMut(usize, Option<u64>) -> bool) {
        let mut breaks = std::mem::take(&mut self.breaks);
        breaks.retain(|b| keep(self.boundary(b.original), b.pause_ms));
        self.breaks = breaks;
    }

    /// The annotations that lie wholly inside `range`.
    pub fn annotations_in(&self, range: Range<usize>) -> impl Iterator<Item = &Annotation> {
        let first = self.annotations.partition_point(|a| a.range.start < range.start);
        self.annotations[first..]
            .iter()
            .take_while(move |a| a.range.start < range.end)
            .filter(move |a| a.range.end <= range.end)
    }

    /// The annotations that start at `from` or behind it, by start.
    pub fn annotations_from(&self, from: usize) -> impl Iterator<Item = &Annotation> {
        let first = self.annotations.partition_point(|a| a.range.start < from);
        self.annotations[first..].iter()
    }

    /// Adds annotations.
    pub fn annotate(&mut self, annotations: impl IntoIterator<Item = Annotation>) {
        self.annotations.extend(annotations);
        self.sort();
    }

    /// Keeps only the annotations that `keep` accepts.
    pub fn retain_annotations(&mut self, keep: impl FnMut(&Annotation) -> bool) {
        self.annotations.retain(keep);
    }

    /// Changes the text; annotations move along, and those whose words are gone are dropped.
    pub fn edit(&mut self, pass: &'static str, replacements: Vec<Replacement>) -> Result<(), EditError> {
        let remap = self.text.edit(pass, replacements)?;
        self.annotations.retain_mut(|a| move_annotation(a, &remap).is_some());
        self.sort();
        Ok(())
    }

    fn sort(&mut self) {
        self.annotations.sort_by_key(|a| (a.range.start, usize::MAX - a.range.end));
    }

    /// Places where the speaker stopped for at least 300 ms, and ends of lines and recordings; by position.
    pub fn breaks(&self) -> impl Iterator<Item = (usize, Option<u64>)> {
        self.breaks.iter().map(|b| (self.boundary(b.original), b.pause_ms))
    }

    /// Where each mapped segment starts in the current text, in order.
    pub fn segment_starts(&self) -> impl Iterator<Item = usize> {
        self.segments.iter().map(|(_, original)| self.boundary(original.start))
    }

    /// Ranges inside 「」 and 『』, brackets included. An unclosed bracket protects nothing.
    #[must_use]
    pub fn quoted(&self) -> Vec<Range<usize>> {
        quoted(self.text())
    }

    /// The sentences in order; together they are the whole text.
    ///
    /// A sentence ends after 。！？!? outside brackets, at the end of a line or of a recording, and at a pause of at least
    /// `pause_ms` milliseconds that no date, time, number or the like goes across (「12月 … 10日」) and that no particle goes
    /// on from (「生年月日は、 … 」).
    #[must_use]
    pub fn sentences(&self, pause_ms: u64) -> Vec<Range<usize>> {
        let text = self.text();
        let quoted = self.quoted();
        let mut ends: Vec<usize> = text
            .char_indices()
            .filter(|&(at, c)| {
                let inside = quoted.partition_point(|q| q.end <= at);
                matches!(c, '。' | '！' | '？' | '!' | '?' | '\n')
                    && quoted.get(inside).is_none_or(|q| at < q.start)
            })
            .map(|(at, c)| at + c.len_utf8())
            .chain(
                self.breaks()
                    .filter(|&(at, p)| {
                        let open = |at| self.is_inside_expression(at) || goes_on(&text[..at]);
                        p.is_none_or(|p| p >= pause_ms && !open(at))
                    })
                    .map(|(at, _)| at),
            )
            .chain([text.len()])
            .collect();
        ends.sort_unstable();
        ends.dedup();
        let mut start = 0;
        let mut sentences = Vec::with_capacity(ends.len());
        for end in ends.into_iter().filter(|&end| end > 0) {
            sentences.push(start..end);
            start = end;
        }
        sentences
    }

    /// Whether an expression of one meaning stands on both sides of `at`.
    fn is_inside_expression(&self, at: usize) -> bool {
        let before = self.annotations.partition_point(|a| a.range.start < at);
        // Such expressions overlap each other by little: a few entries back are enough.
        self.annotations[before.saturating_sub(8)..before]
            .iter()
            .any(|a| a.entity.is_expression() && at < a.range.end)
    }

    /// Where and when the words of `range` were spoken.
    ///
    /// Inside a token the time is divided by characters. A range that leaves its recording ends with it.
    ///
    /// # Panics
    /// When the range is not on characters of the current text.
    #[must_use]
    pub fn citation(&self, range: Range<usize>) -> Citation {
        let quote = self.text()[range.clone()].to_owned();
        let (file, start_ms, end_ms) = self.time_of_original(self.text.to_original(range));
        Citation { file, start_ms, end_ms, quote }
    }

    /// (file, start, end) in milliseconds of a range of the original text.
    #[must_use]
    pub fn time_of_original(&self, original: Range<usize>) -> (usize, u64, u64) {
        let first = self.timed.partition_point(|t| t.original.end <= original.start);
        let Some(head) = self.timed.get(first).or(self.timed.last()) else { return (0, 0, 0) };
        let start_ms = self.moment(head, original.start);
        let after = self.timed.partition_point(|t| t.original.start < original.end);
        let tail = self.timed[..after].iter().rfind(|t| t.file == head.file).unwrap_or(head);
        (head.file, start_ms, self.moment(tail, original.end).max(start_ms))
    }

    /// Geometric mean of the probabilities of the tokens of `range`; `None` where the input was text.
    ///
    /// # Panics
    /// When the range is not inside the current text.
    #[must_use]
    pub fn confidence(&self, range: Range<usize>) -> Option<f32> {
        let original = self.text.to_original(range);
        let first = self.timed.partition_point(|t| t.original.end <= original.start);
        let after = self.timed.partition_point(|t| t.original.start < original.end);
        let logprobs: Vec<f32> = self.timed.get(first..after)?.iter().filter_map(|t| t.logprob).collect();
        let mean = logprobs.iter().sum::<f32>() / logprobs.len() as f32;
        (!logprobs.is_empty()).then(|| mean.min(0.0).exp())
    }

    /// The moment of a position in a timed run, its characters taken as equally long.
    fn moment(&self, run: &Timed, original: usize) -> u64 {
        // A text has no times, and its one run is as long as the text.
        if run.start_ms >= run.end_ms {
            return run.start_ms;
        }
        let words = &self.text.original()[run.original.clone()];
        let at = original.clamp(run.original.start, run.original.end) - run.original.start;
        let total = words.chars().count().max(1) as u64;
        let before = words.char_indices().take_while(|(i, _)| *i < at).count() as u64;
        run.start_ms + (run.end_ms - run.start_ms.min(run.end_ms)) * before / total
    }

    /// Writes the words after the passes and the list of edits into the transcript that this document was made from, and
    /// marks the segments with words to listen to again.
    pub fn write_back(&self, transcript: &mut Transcript) {
        let replay = |a: &&Annotation| a.flags.contains(&Flag::ReplayNeeded);
        for annotation in self.annotations.iter().filter(replay) {
            let original = self.text.to_original(annotation.range.clone());
            let at = self.segments.partition_point(|(_, r)| r.end <= original.start);
            let segment = self.segments.get(at).and_then(|(index, _)| transcript.segments.get_mut(*index));
            if let Some(segment) = segment.filter(|s| !s.flags.contains(&Flag::ReplayNeeded)) {
                segment.flags.push(Flag::ReplayNeeded);
            }
        }
        for (index, original) in &self.segments {
            let range = self.boundary(original.start)..self.boundary(original.end);
            self.text()[range].clone_into(&mut transcript.segments[*index].text);
        }
        transcript.edits.extend(self.text.edits().iter().map(|edit| {
            let at = self.segments.partition_point(|(_, r)| r.end <= edit.original.start);
            Edit {
                segment: self.segments.get(at).or(self.segments.last()).map_or(0, |(index, _)| *index),
                from: edit.from.clone(),
                to: edit.to.clone(),
                pass: edit.pass.to_owned(),
                reason: edit.reason.clone(),
            }
        }));
    }

    /// The current position of an original one; a change across it counts as before it.
    fn boundary(&self, original: usize) -> usize {
        self.text.to_current(0..original).end
    }
}

fn move_annotation(annotation: &mut Annotation, remap: &Remap) -> Option<()> {
    annotation.range = remap.range(annotation.range.clone()).filter(|r| !r.is_empty())?;
    if let Entity::Quote(quote) = &mut annotation.entity {
        quote.verb = remap.range(quote.verb.clone())?;
        quote.speaker = quote.speaker.clone().and_then(|r| remap.range(r));
    }
    Some(())
}

/// Whether the words end in a particle that something must follow, with or without a comma.
fn goes_on(words: &str) -> bool {
    words.trim_end_matches(['、', ' ']).ends_with(['は', 'を', 'の', 'に', 'へ'])
}

/// Ranges inside 「」 and 『』, brackets included; nested ones count as one.
fn quoted(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '「' | '『' => open.push(at),
            '」' | '』' => {
                if let Some(start) = open.pop()
                    && open.is_empty()
                {
                    ranges.push(start..at + c.len_utf8());
                }
            }
            _ => {}
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Segment, Token};

    fn token(text: &str, start_ms: u64, end_ms: u64) -> Token {
        Token { text: text.into(), start_ms, end_ms, logprob: -0.1 }
    }

    fn segment(file: usize, tokens: Vec<Token>) -> Segment {
        Segment {
            file,
            start_ms: tokens[0].start_ms,
            end_ms: tokens[tokens.len() - 1].end_ms,
            raw: tokens.iter().map(|t| t.text.as_str()).collect(),
            tokens,
            ..Segment::default()
        }
    }

    fn two_files() -> Transcript {
        Transcript {
            segments: vec![
                segment(0, vec![token("えっと", 0, 600), token("四歳", 1_000, 1_400)]),
                segment(0, vec![token("です。", 1_500, 1_900)]),
                segment(1, vec![token("所見", 200, 600), token("なし", 700, 1_100)]),
            ],
            edits: vec![],
        }
    }

    #[test]
    fn a_value_leads_back_to_its_second_through_edits() {
        let mut doc = Document::new(&two_files(), None);
        doc.edit("fillers", vec![Replacement::new(0..9, "", "filler")]).unwrap();
        doc.edit("numerals", vec![Replacement::new(0..3, "4", "kanji numeral")]).unwrap();
        assert_eq!(doc.text(), "4歳です。所見なし");
        let age = doc.citation(0..4);
        assert_eq!((age.file, age.start_ms, age.end_ms, age.quote.as_str()), (0, 1_000, 1_400, "4歳"));
        let view = doc.citation(13..doc.text().len());
        assert_eq!((view.file, view.start_ms, view.end_ms, view.quote.as_str()), (1, 200, 1_100, "所見なし"));
    }

    #[test]
    fn the_segments_texts_joined_are_the_document() {
        let mut transcript = two_files();
        let mut doc = Document::new(&transcript, None);
        // Across the border of two segments.
        doc.edit("test", vec![Replacement::new(12..21, "さいで", "test")]).unwrap();
        doc.write_back(&mut transcript);
        let joined: String = transcript.segments.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(joined, doc.text());
        assert_eq!(transcript.edits[0].segment, 0);
        assert_eq!(transcript.edits[0].from, "歳です");
    }

    #[test]
    fn sentences_end_at_stops_and_recordings_and_long_pauses_but_not_in_quotes() {
        let mut transcript = two_files();
        transcript.segments.push(segment(1, vec![token("「嫌。帰る」と話す。", 1_200, 1_900)]));
        let doc = Document::new(&transcript, None);
        let sentences =
            |pause| -> Vec<&str> { doc.sentences(pause).into_iter().map(|r| &doc.text()[r]).collect() };
        assert_eq!(sentences(10_000), ["えっと四歳です。", "所見なし「嫌。帰る」と話す。"]);
        assert_eq!(sentences(400), ["えっと", "四歳です。", "所見なし「嫌。帰る」と話す。"]);
    }

    #[test]
    fn a_pause_inside_a_date_ends_no_sentence() {
        let words = vec![token("12月", 0, 400), token("10日水曜、", 2_300, 3_400)];
        let transcript = Transcript { segments: vec![segment(0, words)], edits: vec![] };
        let mut doc = Document::new(&transcript, None);
        assert_eq!(doc.sentences(1_500).len(), 2);
        let end = "12月10日水曜".len();
        doc.annotate([Annotation { range: 0..end, entity: Entity::Date(None), flags: vec![] }]);
        assert_eq!(doc.sentences(1_500).len(), 1);
    }

    #[test]
    fn annotations_move_with_the_text() {
        let mut doc = Document::new(&two_files(), None);
        let age = Annotation { range: 9..15, entity: Entity::Duration(1), flags: vec![] };
        let gone = Annotation { range: 0..3, entity: Entity::Duration(2), flags: vec![] };
        doc.annotate([age, gone]);
        doc.edit("fillers", vec![Replacement::new(0..9, "", "filler")]).unwrap();
        assert_eq!(doc.annotations().len(), 1);
        assert_eq!(doc.annotations()[0].range, 0..6);
    }

    #[test]
    fn barred_segments_stay_out() {
        let mut transcript = two_files();
        transcript.segments[1].flags.push(crate::Flag::PossibleHallucination);
        let doc = Document::new(&transcript, None);
        assert_eq!(doc.text(), "えっと四歳所見なし");
    }
}
