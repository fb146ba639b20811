//! The sentences of a dictation, and the heading that each stands under.

use std::ops::Range;

use record::template::{FieldType, Template};
use record::{Document, Entity};

use super::{QUESTION, Sentence, items, split, turns};
use crate::words::{ends_with_any, has_any, starts_with_any, trim};

/// A pause of this length ends a sentence that has no full stop.
const SENTENCE_PAUSE_MS: u64 = 700;
/// Headings whose text is one sentence, even when a full stop stands between.
const SHORT_SECTIONS: &[&str] =
    &["目的", "場所", "形態", "実施日時", "対応者", "面接対象者", "受付方法", "保護者", "確認者"];
/// Headings of a view: its words end where somebody is quoted or a plan begins.
const VIEWS: &[&str] = &["所見", "診断", "提出理由", "援助方針案", "短期目標", "中期目標", "長期目標"];

pub(super) fn sentences(doc: &Document, template: &Template, quoted: &[Range<usize>]) -> Vec<Sentence> {
    let text = doc.text();
    let headings: Vec<(&str, Range<usize>)> = doc
        .annotations()
        .iter()
        .filter_map(|a| match &a.entity {
            Entity::Heading(canonical) => Some((canonical.as_str(), a.range.clone())),
            _ => None,
        })
        .collect();

    let mut sentences = Vec::new();
    let mut current: Option<(&str, Range<usize>)> = None;
    // The heading holds for one sentence only: 「目的、安全確認。」「保護者は、…」.
    let mut once = false;
    let mut next = headings.iter().peekable();
    let wholes = doc.sentences(SENTENCE_PAUSE_MS);
    for whole in wholes.into_iter().flat_map(|whole| split::split(doc, whole, quoted)) {
        let (mut at, mut start) = (whole.start, whole.start);
        while let Some((canonical, range)) = next.next_if(|(_, r)| r.start < whole.end) {
            push(text, start, at..range.start.max(at), current.as_ref(), &mut sentences);
            (start, at) = (range.start, range.end.max(at));
            current = Some((canonical, range.clone()));
            let spoken = text[range.clone()].trim_end_matches(['、', ' ']);
            once = (spoken.ends_with('は') && !spoken.ends_with("としては"))
                || SHORT_SECTIONS.contains(canonical)
                || is_item(template, canonical);
        }
        // 「主訴。夜に一人でいる。…とのことです。」: what is told of it is no more the complaint in short.
        let complaint = current.as_ref().is_some_and(|(h, _)| *h == "主訴")
            && template.fields.iter().any(|f| f.rule.as_deref() == Some("acts"));
        let last = || sentences.last().filter(|s: &&Sentence| s.heading.as_deref() == Some("主訴"));
        if at == whole.start
            && complaint
            && is_hearsay(&text[whole.clone()])
            && last().is_some_and(|s| !is_hearsay(&text[s.range.clone()]))
        {
            current = None;
        }
        if at == whole.start
            && current.as_ref().is_some_and(|(h, _)| items::opens(template, h, &text[whole.clone()]))
        {
            current = None;
        }
        if at == whole.start
            && current.as_ref().is_some_and(|(h, _)| ends_with_any(h, VIEWS))
            && ends_view(doc, &whole)
        {
            current = None;
        }
        let words = trim(text, at.min(whole.end)..whole.end);
        let announced = once && is_announcement(&text[words.clone()]);
        // 「関係機関は2か所。」: what is announced follows, as much as it may be.
        once &= !(announced && is_count(&text[words]));
        if push(text, start, at.min(whole.end)..whole.end, current.as_ref(), &mut sentences)
            && once
            && !announced
        {
            current = None;
        }
    }
    leave_answers(text, template, &mut sentences);
    sentences
}

/// Under a heading that asks for an answer (「同意」「告知」) a later sentence without a word of the answer stands for itself.
fn leave_answers(text: &str, template: &Template, sentences: &mut [Sentence]) {
    const ANSWERED: &[&str] = &["consents", "notices"];
    let fields = template.fields.iter().filter(|f| f.rule.as_deref().is_some_and(|r| ANSWERED.contains(&r)));
    for field in fields {
        for i in 1..sentences.len() {
            let (before, rest) = sentences.split_at_mut(i);
            let (Some(last), Some(sentence)) = (before.last(), rest.first_mut()) else { continue };
            let headed = sentence.is_under(&field.headings);
            let follows = last.head != sentence.head;
            let polite = ends_with_any(
                &text[trim(text, sentence.range.clone())],
                &["です", "ます", "した", "た", "る"],
            );
            if headed
                && !follows
                && polite
                && !has_any(text, sentence.range.clone(), &field.cues)
                && !has_any(
                    text,
                    outside_quote(text, &sentence.range),
                    &["不明", "わから", "分から", "拒否", "署名", "返事", "説明", "伝え"],
                )
            {
                sentence.heading = None;
                sentence.head = None;
            }
        }
    }
}

/// The words in front of the first 「.
fn outside_quote(text: &str, range: &Range<usize>) -> Range<usize> {
    range.start..text[range.clone()].find('「').map_or(range.end, |at| range.start + at)
}

/// The sentences of a conversation. The first answer holds the question in `full`: 「きょうだいはいますか」「いません」.
pub(super) fn conversation(text: &str, turns: &[turns::Turn]) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut question: Option<usize> = None;
    for turn in turns {
        for range in turns::sentences(text, turn) {
            let full = question.take().filter(|_| !turn.asked).unwrap_or(range.start)..range.end;
            let heading = turn.asked.then(|| QUESTION.to_owned());
            sentences.push(Sentence { range: range.clone(), full, heading, head: None });
            if turn.asked {
                question = Some(range.start);
            }
        }
    }
    sentences
}

/// 「…だそうです」「…とのこと」: told by somebody else.
fn is_hearsay(sentence: &str) -> bool {
    let words = sentence.trim_end_matches(['。', '、', ' ', '\n']);
    ends_with_any(
        words,
        &[
            "そうです",
            "そうだ",
            "とのこと",
            "とのことです",
            "とのことでした",
            "ということです",
            "と話しています",
            "らしい",
            "らしいです",
        ],
    )
}

/// A sentence behind a view that is none: somebody is quoted, or the next step is told.
fn ends_view(doc: &Document, sentence: &Range<usize>) -> bool {
    let quoted = doc
        .annotations_in(sentence.clone())
        .any(|a| matches!(&a.entity, Entity::Quote(quote) if quote.speaker.is_some()));
    let words = doc.text()[sentence.clone()].trim_start();
    quoted || starts_with_any(words, &["今後", "次回", "見直し", "来週", "明日"])
}

/// 「2か所です」「3回に分けて聞きました」: how much follows, or that it was asked.
fn is_announcement(words: &str) -> bool {
    const ASKED: &[&str] =
        &["聞きました", "聞いています", "確認しました", "尋ねました", "聞き取りました", "聴取しました"];
    let asked = words.chars().count() <= 20 && !words.contains('「') && ends_with_any(words, ASKED);
    asked || is_count(words)
}

/// 「2か所です」「次のとおりです」
fn is_count(words: &str) -> bool {
    const COUNTS: &[&str] = &["つ", "か所", "カ所", "点", "機関", "名", "人", "とおり", "通り"];
    let counted = words.trim_end_matches("です").trim_end_matches("あります");
    let number = counted.starts_with(|c: char| c.is_ascii_digit() || "一二三四五六次以".contains(c));
    number && ends_with_any(counted, COUNTS) && counted.chars().count() <= 8
}

/// A heading that only fields of one value stand under: 「生年月日。」「性別。」.
fn is_item(template: &Template, heading: &str) -> bool {
    let mut fields = template.fields.iter().filter(|f| f.headings.iter().any(|h| h == heading)).peekable();
    fields.peek().is_some()
        && fields.all(|f| !matches!(f.kind, FieldType::Text | FieldType::Quote | FieldType::Rows))
}

/// Adds a sentence unless it is only punctuation; tells whether it was added.
fn push(
    text: &str,
    full_start: usize,
    range: Range<usize>,
    heading: Option<&(&str, Range<usize>)>,
    sentences: &mut Vec<Sentence>,
) -> bool {
    let trimmed = trim(text, range.clone());
    if trimmed.is_empty() {
        return false;
    }
    sentences.push(Sentence {
        range: trimmed.start..range.end,
        full: full_start..range.end,
        heading: heading.map(|(canonical, _)| (*canonical).to_owned()),
        head: heading.map(|(_, range)| range.clone()),
    });
    true
}
