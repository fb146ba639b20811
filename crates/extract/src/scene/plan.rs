//! Sentences of what staff will do.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{ends_with_any, is_kanji, is_katakana, trim};

/// Under these headings the speaker tells what will be done.
const PLAN_SECTIONS: &[&str] = &["今後の対応"];

impl Scene<'_> {
    /// Whether the sentence says what staff will do.
    pub(crate) fn is_plan(&self, sentence: &Sentence) -> bool {
        if let Some(heading) = &sentence.heading {
            // 「…が記録しました。」 closes the entry under any heading.
            let recorded =
                ["が記録しました", "が記録した", "が記録", "が作成しました", "が作成した", "が記入しました"];
            let words = self.words(&trim(self.text(), sentence.range.clone()));
            let closing = ends_with_any(words, &recorded);
            return PLAN_SECTIONS.contains(&heading.as_str()) && !closing;
        }
        let words = self.words(&trim(self.text(), sentence.range.clone()));
        // 「本日午後1時に、園からかけ直します」
        let later_today = words.ends_with("ます")
            && is_to_come(words)
            && self
                .dates(sentence.range.clone())
                .iter()
                .any(|(date, _)| date.is_some() && *date == self.doc.anchor())
            && !self.times(sentence.range.clone()).is_empty();
        let future = later_today
            || self.dates(sentence.range.clone()).iter().any(|(date, _)| match (date, self.doc.anchor()) {
                (Some(date), Some(anchor)) => *date > anchor,
                _ => false,
            })
            || WORDS.plan.to_come.iter().any(|w| words.contains(w));
        let ends = ends_with_any(words, &WORDS.plan.endings) || is_to_come(words);
        let certain = ends_with_any(words, &WORDS.plan.certain);
        if certain && self.quotes(sentence.range.clone()).is_empty() {
            return true;
        }
        self.quotes(sentence.range.clone()).is_empty() && ends && (future || self.is_for_supervisor(sentence))
    }

    /// Whether the sentence ends in a verb of what is to come, or of what is done as a rule, and quotes nobody.
    pub(crate) fn is_undertaking(&self, sentence: &Sentence) -> bool {
        let words = self.words(&trim(self.text(), sentence.range.clone()));
        self.quotes(sentence.range.clone()).is_empty() && is_to_come(words)
    }

    /// Whether the sentence asks the supervisor (「SVに確認」).
    pub(crate) fn is_for_supervisor(&self, sentence: &Sentence) -> bool {
        supervisor_marker(self.text(), sentence.range.clone()).is_some()
    }
}

/// A polite or plain verb that is neither past nor a state: 「調べます」「付き添う」「決める」; a noun behind a deadline:
/// 「野口、月末までに心理検査」.
fn is_to_come(words: &str) -> bool {
    if ends_with_any(words, &WORDS.plan.states) {
        return false;
    }
    if words.ends_with("です") && !words.ends_with("予定です") {
        return false;
    }
    if words.ends_with("ます") || words.ends_with(['る', 'す', 'う', 'く', 'む', 'つ', 'ぶ', 'ぐ'])
    {
        return !ends_with_any(words, &["そう", "よう", "とのことで", "と話す", "と言う", "と訴える"]);
    }
    words.contains("までに") && words.ends_with(|c| is_kanji(c) || is_katakana(c))
}

/// 「SVに確認」「スーパーバイザーの大野さんに相談」: the words for the supervisor, a name, the particle and what is asked for.
static SUPERVISOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "(SV|スーパーバイザー)(?:の[一-龠ァ-ヴー]{1,6}(?:さん|係長|課長)?)?(?:に|へ|にも|と)、?(?:確認|相談|報告|協議|判断を|指示を|助言を|意見を|諮)",
    )
    .ok()
});

/// 「SVに確認」 and its like: the range from SV to the verb.
pub(crate) fn supervisor_marker(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = SUPERVISOR.as_ref()?.find(text.get(range.clone())?)?;
    Some(range.start + found.start()..range.start + found.end())
}
