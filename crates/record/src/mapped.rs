//! Text that remembers where every character came from.

use std::ops::Range;

/// One change to make: the bytes of the current text, what to put there, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// Byte range of the current text, on character boundaries. An empty range inserts.
    pub range: Range<usize>,
    /// The new words; empty deletes.
    pub new: String,
    /// Why, for the reviewer.
    pub reason: String,
}

impl Replacement {
    /// A replacement with its reason.
    pub fn new(range: Range<usize>, new: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { range, new: new.into(), reason: reason.into() }
    }
}

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedEdit {
    /// Byte range of the original text that the change covers.
    pub original: Range<usize>,
    /// The words before the change.
    pub from: String,
    /// The words after.
    pub to: String,
    /// Name of the pass.
    pub pass: &'static str,
    /// Why.
    pub reason: String,
}

/// A replacement that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// A range ends before it starts, leaves the text, or cuts a character.
    #[error("edit range does not lie on characters of the text: {}..{}", .0.start, .0.end)]
    BadRange(Range<usize>),
    /// Two ranges of one call overlap or are out of order.
    #[error("edit ranges overlap at byte {0}")]
    Overlap(usize),
}

/// How byte positions moved in one [`MappedText::edit`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remap {
    /// (old range, new range), in order.
    moved: Vec<(Range<usize>, Range<usize>)>,
}

impl Remap {
    /// Where `range` of the old text is in the new text; `None` where an edit swallowed all of it.
    ///
    /// A range that an edit cuts keeps what lies outside the edit; a range around an edit grows or shrinks with it.
    #[must_use]
    pub fn range(&self, range: Range<usize>) -> Option<Range<usize>> {
        let next = self.moved.partition_point(|(old, _)| old.start <= range.start);
        let swallowed =
            next.checked_sub(1).is_some_and(|i| range.end <= self.moved[i].0.end && self.moved[i].0 != range);
        if swallowed {
            return None;
        }
        let start = self.position(range.start, false);
        let end = self.position(range.end, true);
        Some(start..end.max(start))
    }

    /// A position inside an edit goes to the edit's end, or to its start for the end of a range.
    fn position(&self, at: usize, is_end: bool) -> usize {
        let next = self
            .moved
            .partition_point(|(old, _)| old.start < at || (old.start == at && !is_end && old.is_empty()));
        let Some((old, new)) = next.checked_sub(1).map(|i| &self.moved[i]) else { return at };
        if at >= old.end {
            at - old.end + new.end
        } else if is_end {
            new.start
        } else {
            new.end
        }
    }
}

/// A run of the current text and the run of the original that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    current: Range<usize>,
    original: Range<usize>,
    /// Byte for byte equal to the original; otherwise the two runs correspond only as wholes.
    verbatim: bool,
}

/// A text, the text it was made from, and the map between them.
///
/// The map composes: however many passes edit the text, a range of the current text leads back to the original in one
/// step, and so to the token, the window and the second of audio.
///
/// ```
/// use record::{MappedText, Replacement};
///
/// let mut text = MappedText::new("令和七年、えっと、六月");
/// text.edit("numerals", vec![Replacement::new(6..9, "7", "kanji numeral")])?;
/// let filler = text.text().find("えっと、").unwrap();
/// text.edit("fillers", vec![Replacement::new(filler..filler + 12, "", "filler")])?;
/// assert_eq!(text.text(), "令和7年、六月");
/// let month = text.text().find("六月").unwrap();
/// assert_eq!(&text.original()[text.to_original(month..month + 6)], "六月");
/// # Ok::<(), record::EditError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappedText {
    original: String,
    current: String,
    pieces: Vec<Piece>,
    edits: Vec<AppliedEdit>,
}

impl MappedText {
    /// A text without changes.
    #[must_use]
    pub fn new(original: impl Into<String>) -> Self {
        let original = original.into();
        let whole = 0..original.len();
        let pieces = if original.is_empty() {
            Vec::new()
        } else {
            vec![Piece { current: whole.clone(), original: whole, verbatim: true }]
        };
        Self { current: original.clone(), original, pieces, edits: Vec::new() }
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.current
    }

    /// The text as it was at first.
    #[must_use]
    pub fn original(&self) -> &str {
        &self.original
    }

    /// All changes, oldest first.
    #[must_use]
    pub fn edits(&self) -> &[AppliedEdit] {
        &self.edits
    }

    /// Makes several changes at once; `replacements` are in order and do not overlap.
    ///
    /// Linear in the number of pieces and replacements. On an error nothing changes. A replacement by the same words is
    /// not a change and is left out.
    pub fn edit(
        &mut self,
        pass: &'static str,
        mut replacements: Vec<Replacement>,
    ) -> Result<Remap, EditError> {
        self.check(&replacements)?;
        replacements.retain(|r| self.current[r.range.clone()] != r.new);
        let mut remap = Remap::default();
        if replacements.is_empty() {
            return Ok(remap);
        }

        let mut text = String::with_capacity(self.current.len());
        let mut pieces = Vec::with_capacity(self.pieces.len() + 2 * replacements.len());
        let mut copied = Copied { at: 0, piece: 0 };
        let mut rest = replacements.as_slice();
        while !rest.is_empty() {
            let (group, hull) = self.group(&mut rest);
            self.copy_until(hull.start, &mut copied, &mut text, &mut pieces);
            let original = self.original_hull(&hull);
            let start = text.len();
            let mut at = hull.start;
            for r in group {
                text.push_str(&self.current[at..r.range.start]);
                let new_start = text.len();
                text.push_str(&r.new);
                remap.moved.push((r.range.clone(), new_start..text.len()));
                at = r.range.end;
                self.edits.push(AppliedEdit {
                    original: self.to_original(r.range.clone()),
                    from: self.current[r.range.clone()].to_owned(),
                    to: r.new.clone(),
                    pass,
                    reason: r.reason.clone(),
                });
            }
            text.push_str(&self.current[at..hull.end]);
            pieces.push(Piece { current: start..text.len(), original, verbatim: false });
            copied.skip_to(hull.end, &self.pieces);
        }
        self.copy_until(self.current.len(), &mut copied, &mut text, &mut pieces);
        // Deletions at the very end leave pieces of no length behind the last copied one.
        pieces.extend(
            self.pieces[copied.piece..]
                .iter()
                .filter(|p| p.current.is_empty())
                .map(|p| Piece { current: text.len()..text.len(), ..p.clone() }),
        );
        self.current = text;
        self.pieces = pieces;
        Ok(remap)
    }

    /// The smallest range of the original that `range` of the current text stands for.
    ///
    /// # Panics
    /// When the range is not inside the current text.
    #[must_use]
    pub fn to_original(&self, range: Range<usize>) -> Range<usize> {
        map(&self.pieces, &range, |p| (&p.current, &p.original), self.current.len(), self.original.len())
    }

    /// The smallest range of the current text that stands for `range` of the original.
    ///
    /// # Panics
    /// When the range is not inside the original text.
    #[must_use]
    pub fn to_current(&self, range: Range<usize>) -> Range<usize> {
        map(&self.pieces, &range, |p| (&p.original, &p.current), self.original.len(), self.current.len())
    }

    fn check(&self, replacements: &[Replacement]) -> Result<(), EditError> {
        let mut end = 0;
        for r in replacements {
            let text = &self.current;
            if r.range.start > r.range.end
                || !text.is_char_boundary(r.range.start)
                || !text.is_char_boundary(r.range.end)
            {
                return Err(EditError::BadRange(r.range.clone()));
            }
            if r.range.start < end {
                return Err(EditError::Overlap(r.range.start));
            }
            end = r.range.end;
        }
        Ok(())
    }

    /// Takes from `rest` the next replacements that must become one piece, because they touch the same changed piece.
    fn group<'r>(&self, rest: &mut &'r [Replacement]) -> (&'r [Replacement], Range<usize>) {
        let mut hull = rest[0].range.clone();
        let mut taken = 1;
        loop {
            let before = (hull.clone(), taken);
            let first = self.pieces.partition_point(|p| p.current.end <= hull.start);
            let end = hull.end;
            for p in self.pieces[first..].iter().take_while(|p| p.current.start < end) {
                if !p.verbatim {
                    hull = hull.start.min(p.current.start)..hull.end.max(p.current.end);
                }
            }
            // An insertion inside a changed piece.
            if hull.is_empty()
                && let Some(p) = self.pieces.get(first)
                && !p.verbatim
                && p.current.start < hull.start
            {
                hull = p.current.clone();
            }
            while let Some(next) = rest.get(taken).filter(|r| r.range.start < hull.end) {
                hull.end = hull.end.max(next.range.end);
                taken += 1;
            }
            if before == (hull.clone(), taken) {
                break;
            }
        }
        let (group, after) = rest.split_at(taken);
        *rest = after;
        (group, hull)
    }

    /// The original of a range whose edges do not cut a changed piece.
    fn original_hull(&self, hull: &Range<usize>) -> Range<usize> {
        if hull.is_empty() {
            let at = self.to_original(hull.clone()).start;
            return at..at;
        }
        self.to_original(hull.clone())
    }

    fn copy_until(&self, end: usize, copied: &mut Copied, text: &mut String, pieces: &mut Vec<Piece>) {
        while let Some(p) = self.pieces.get(copied.piece) {
            if p.current.start > end || (p.current.start == end && !p.current.is_empty()) {
                break;
            }
            let start = p.current.start.max(copied.at);
            let stop = p.current.end.min(end);
            let skipped = start - p.current.start;
            let original = if p.verbatim {
                p.original.start + skipped..p.original.start + (stop - p.current.start)
            } else {
                p.original.clone()
            };
            if stop > start || p.current.is_empty() {
                let at = text.len();
                text.push_str(&self.current[start..stop]);
                pieces.push(Piece { current: at..text.len(), original, verbatim: p.verbatim });
            }
            if p.current.end > end {
                copied.at = end;
                return;
            }
            copied.at = stop;
            copied.piece += 1;
        }
        copied.at = end;
    }
}

/// How far [`MappedText::edit`] has copied the old pieces.
struct Copied {
    at: usize,
    piece: usize,
}

impl Copied {
    fn skip_to(&mut self, end: usize, pieces: &[Piece]) {
        self.at = end;
        while pieces.get(self.piece).is_some_and(|p| p.current.end <= end && p.current.start < end) {
            self.piece += 1;
        }
    }
}

fn map(
    pieces: &[Piece],
    range: &Range<usize>,
    sides: impl Fn(&Piece) -> (&Range<usize>, &Range<usize>),
    from_len: usize,
    to_len: usize,
) -> Range<usize> {
    assert!(range.start <= range.end && range.end <= from_len, "range outside the text");
    let exact = |p: &Piece, at: usize| {
        let (from, to) = sides(p);
        to.start + (at - from.start)
    };
    if range.is_empty() {
        let i = pieces.partition_point(|p| sides(p).0.end <= range.start);
        let at = pieces
            .get(i)
            .map_or(to_len, |p| if p.verbatim { exact(p, range.start) } else { sides(p).1.start });
        return at..at;
    }
    let first = pieces.partition_point(|p| sides(p).0.end <= range.start);
    let last = pieces.partition_point(|p| sides(p).0.start < range.end) - 1;
    let (a, b) = (&pieces[first], &pieces[last]);
    let start = if a.verbatim { exact(a, range.start) } else { sides(a).1.start };
    let end = if b.verbatim { exact(b, range.end) } else { sides(b).1.end };
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edit(text: &mut MappedText, range: Range<usize>, new: &str) -> Remap {
        text.edit("test", vec![Replacement::new(range, new, "because")]).unwrap()
    }

    #[test]
    fn two_passes_lead_back_in_one_step() {
        let mut text = MappedText::new("abcdef");
        edit(&mut text, 1..2, "BBB");
        edit(&mut text, 5..6, "");
        assert_eq!(text.text(), "aBBBcef");
        assert_eq!(text.to_original(0..1), 0..1);
        assert_eq!(text.to_original(2..3), 1..2);
        assert_eq!(text.to_original(4..6), 2..5);
        assert_eq!(text.to_current(1..2), 1..4);
        assert_eq!(text.to_current(3..4), 5..5);
    }

    #[test]
    fn an_edit_of_an_edit_keeps_the_first_origin() {
        let mut text = MappedText::new("家電するも普通");
        edit(&mut text, 0..6, "架電");
        edit(&mut text, 3..6, "話");
        assert_eq!(text.text(), "架話するも普通");
        assert_eq!(text.to_original(0..3), 0..6);
        assert_eq!(text.edits().len(), 2);
    }

    #[test]
    fn the_same_words_are_no_change() {
        let mut text = MappedText::new("あいう");
        edit(&mut text, 0..3, "あ");
        assert!(text.edits().is_empty());
    }

    #[test]
    fn ranges_off_characters_are_refused_and_change_nothing() {
        let mut text = MappedText::new("あいう");
        let err = text.edit("test", vec![Replacement::new(1..3, "x", "")]).unwrap_err();
        assert_eq!(err, EditError::BadRange(1..3));
        let twice = vec![Replacement::new(0..6, "x", ""), Replacement::new(3..9, "y", "")];
        assert_eq!(text.edit("test", twice).unwrap_err(), EditError::Overlap(3));
        assert_eq!(text, MappedText::new("あいう"));
    }

    #[test]
    fn remap_moves_ranges_behind_and_around_an_edit() {
        let mut text = MappedText::new("0123456789");
        let remap = edit(&mut text, 2..5, "x");
        assert_eq!(remap.range(0..2), Some(0..2));
        assert_eq!(remap.range(6..8), Some(4..6));
        assert_eq!(remap.range(1..7), Some(1..5));
        assert_eq!(remap.range(3..4), None);
        assert_eq!(remap.range(3..7), Some(3..5));
        assert_eq!(remap.range(0..3), Some(0..2));
        assert_eq!(remap.range(2..5), Some(2..3));
    }

    fn steps() -> impl Strategy<Value = (String, Vec<(usize, usize, String)>)> {
        ("[aあ漢]{0,12}", prop::collection::vec((0..40usize, 0..6usize, "[xん]{0,3}"), 0..8))
    }

    /// The n-th character boundary, counted around.
    fn boundary(text: &str, n: usize) -> usize {
        let all: Vec<_> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
        all[n % all.len()]
    }

    proptest! {
        #[test]
        fn the_map_covers_both_texts_in_order((original, steps) in steps()) {
            let mut text = MappedText::new(original.clone());
            for (at, len, new) in steps {
                let start = boundary(text.text(), at);
                let end = boundary(&text.text()[start..], len) + start;
                let mut expected = text.text().to_owned();
                expected.replace_range(start..end, &new);
                edit(&mut text, start..end, &new);
                prop_assert_eq!(text.text(), expected);
            }
            prop_assert_eq!(text.original(), &original);
            let (mut current, mut before) = (0, 0);
            for p in &text.pieces {
                prop_assert_eq!(p.current.start, current);
                prop_assert_eq!(p.original.start, before);
                if p.verbatim {
                    prop_assert_eq!(&text.current[p.current.clone()], &text.original[p.original.clone()]);
                }
                (current, before) = (p.current.end, p.original.end);
            }
            prop_assert_eq!(current, text.current.len());
            prop_assert_eq!(before, text.original.len());
        }

        #[test]
        fn a_longer_range_maps_to_a_longer_range((original, steps) in steps(), a in 0..40usize, b in 0..40usize) {
            let mut text = MappedText::new(original);
            for (at, len, new) in steps {
                let start = boundary(text.text(), at);
                let end = boundary(&text.text()[start..], len) + start;
                edit(&mut text, start..end, &new);
            }
            let (a, b) = (boundary(text.text(), a), boundary(text.text(), b));
            let inner = text.to_original(a.min(b)..a.max(b));
            let outer = text.to_original(0..text.text().len());
            prop_assert!(outer.start <= inner.start && inner.end <= outer.end || inner.is_empty());
            prop_assert!(text.original().is_char_boundary(inner.start));
            prop_assert!(text.original().is_char_boundary(inner.end));
        }

        #[test]
        fn many_at_once_equal_one_by_one(original in "[a-e]{0,20}", cuts in prop::collection::btree_set(0..21usize, 0..8)) {
            let cuts: Vec<_> = cuts.into_iter().filter(|&c| c <= original.len()).collect();
            let batch: Vec<_> = cuts.chunks_exact(2).map(|c| Replacement::new(c[0]..c[1], "XY", "")).collect();
            let mut at_once = MappedText::new(original.clone());
            at_once.edit("test", batch.clone()).unwrap();
            let mut one_by_one = MappedText::new(original);
            for r in batch.into_iter().rev() {
                one_by_one.edit("test", vec![r]).unwrap();
            }
            prop_assert_eq!(at_once.text(), one_by_one.text());
            prop_assert_eq!(&at_once.pieces, &one_by_one.pieces);
        }
    }
}
