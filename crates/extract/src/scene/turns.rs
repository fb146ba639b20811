//! Conversations written as turns: 受「…」通「…」. A turn is no quotation, and a question tells no fact.

use std::ops::Range;

/// Labels of the one who asks, and of the one who answers.
const ASKING: &[&str] = &["受", "受け手", "聞き手", "相談員", "職員", "問", "Q"];
const ANSWERING: &[&str] = &["通", "通告者", "相談者", "話し手", "相手", "答", "A"];

/// What one side says before the other speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// The words without the label and the brackets.
    pub(super) words: Range<usize>,
    /// Said by the one who asks.
    pub(super) asked: bool,
}

/// The turns of a conversation; none where the text is a dictation with quotations. `quoted` are the bracketed ranges.
pub(super) fn turns(text: &str, quoted: &[Range<usize>]) -> Vec<Turn> {
    let mut turns = Vec::new();
    let mut from = 0;
    for range in quoted {
        let label = text[from..range.start].trim().trim_end_matches([':', '：']);
        let label = label.rsplit(['\n', '。']).next().unwrap_or(label).trim();
        from = range.end;
        let asked = ASKING.contains(&label);
        if asked || ANSWERING.contains(&label) {
            let bracket = '「'.len_utf8();
            turns.push(Turn { words: range.start + bracket..range.end - bracket, asked });
        }
    }
    if turns.len() > 1 { turns } else { Vec::new() }
}

/// The sentences of a turn.
pub(super) fn sentences(text: &str, turn: &Turn) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = turn.words.start;
    for (at, c) in text[turn.words.clone()].char_indices() {
        if matches!(c, '。' | '？' | '！' | '?' | '!') {
            let end = turn.words.start + at + c.len_utf8();
            pieces.push(start..end);
            start = end;
        }
    }
    if start < turn.words.end {
        pieces.push(start..turn.words.end);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_have_a_side_and_sentences() {
        let text = "受「はい。」通「泣き声です。毎晩です。」";
        let quoted = [3..18, 21..text.len()];
        let found = turns(text, &quoted);
        assert_eq!(found.iter().map(|t| t.asked).collect::<Vec<_>>(), [true, false]);
        let said: Vec<_> = sentences(text, &found[1]).into_iter().map(|r| &text[r]).collect();
        assert_eq!(said, ["泣き声です。", "毎晩です。"]);
    }

    #[test]
    fn quotations_in_a_dictation_are_no_turns() {
        let text = "本児は「やだ」と話す。通「はい」";
        assert!(turns(text, &[9..21, 36..text.len()]).is_empty());
    }
}
