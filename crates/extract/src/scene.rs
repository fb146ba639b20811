//! The dictation, read once for all rules: sentences, the heading each stands under, and what kind of sentence it is.

mod items;
mod split;
mod turns;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use record::template::{Choice, FieldSpec, FieldType, Template};
use record::{Annotation, ClockTime, Document, Entity, Quote};
use regex::Regex;
use text::polarity;

use crate::people::{Mention, Relations};
use crate::vocabulary::WORDS;
use crate::words::{find_all, has_any, is_kanji, is_katakana, trim};

/// A pause of this length ends a sentence that has no full stop.
const SENTENCE_PAUSE_MS: u64 = 700;
/// Headings whose text is one sentence, even when a full stop stands between.
const SHORT_SECTIONS: &[&str] =
    &["目的", "場所", "形態", "実施日時", "対応者", "面接対象者", "受付方法", "保護者", "確認者"];
/// Under these headings the speaker tells what will be done.
const PLAN_SECTIONS: &[&str] = &["今後の対応"];
/// What the questions of a conversation stand under: no form has this heading.
const QUESTION: &str = "質問";
/// Headings of a view: its words end where somebody is quoted or a plan begins.
const VIEWS: &[&str] = &["所見", "診断", "提出理由", "援助方針案", "短期目標", "中期目標", "長期目標"];

/// One sentence, or the part of one behind a heading.
#[derive(Clone, Debug)]
pub(crate) struct Sentence {
    /// Byte range without the heading.
    pub(crate) range: Range<usize>,
    /// Byte range with the heading, where it stands in the same sentence.
    pub(crate) full: Range<usize>,
    /// Canonical heading that it stands under.
    pub(crate) heading: Option<String>,
    /// Where that heading was spoken.
    pub(crate) head: Option<Range<usize>>,
}

/// What the rules look at.
pub(crate) struct Scene<'d> {
    pub(crate) doc: &'d Document,
    pub(crate) template: &'d Template,
    pub(crate) relations: &'d Relations,
    pub(crate) sentences: Vec<Sentence>,
    quoted: Vec<Range<usize>>,
    /// Whole ranges of the sentences about the reporter's own items, in order.
    of_reporter: Vec<Range<usize>>,
    /// The relatives that were named with their side, each once.
    sided: BTreeSet<String>,
}

impl<'d> Scene<'d> {
    pub(crate) fn new(doc: &'d Document, template: &'d Template, relations: &'d Relations) -> Self {
        let mut quoted = doc.quoted();
        let turns = turns::turns(doc.text(), &quoted);
        let sentences = if turns.is_empty() {
            sentences(doc, template, &quoted)
        } else {
            // The brackets of a turn quote nobody.
            let is_turn =
                |q: &Range<usize>| turns.iter().any(|t| q.start <= t.words.start && t.words.end <= q.end);
            quoted.retain(|q| !is_turn(q));
            conversation(doc.text(), &turns)
        };
        let has_side = |label: &String| label.starts_with("父方") || label.starts_with("母方");
        let named = relations.mentions(doc.text(), 0..doc.text().len());
        let sided = named.into_iter().filter_map(|m| m.relation).filter(has_side).collect();
        let mut scene = Self { doc, template, relations, sentences, quoted, of_reporter: Vec::new(), sided };
        scene.of_reporter = crate::rules::of_reporter(&scene);
        scene
    }

    /// Whether the sentence tells an item (name, address, telephone) of the reporter.
    pub(crate) fn is_of_reporter(&self, sentence: &Sentence) -> bool {
        self.of_reporter.binary_search_by_key(&sentence.full.start, |r| r.start).is_ok()
    }

    /// The same document with these sentences.
    #[cfg(feature = "model")]
    pub(crate) fn with_sentences(&self, sentences: Vec<Sentence>) -> Self {
        let Self { doc, template, relations, quoted, sided, .. } = self;
        let (quoted, sided) = (quoted.clone(), sided.clone());
        let mut scene = Self { doc, template, relations, sentences, quoted, of_reporter: Vec::new(), sided };
        scene.of_reporter = crate::rules::of_reporter(&scene);
        scene
    }

    /// Whether `at` stands in 「」.
    pub(crate) fn is_quoted(&self, at: usize) -> bool {
        split::is_quoted(&self.quoted, at)
    }

    /// The text up to the end of the sentence that `at` stands in: what is negated behind it negates nothing before.
    fn up_to_sentence_end(&self, at: usize) -> &'d str {
        let next = self.sentences.partition_point(|s| s.range.end <= at);
        let end = self.sentences.get(next).map_or(self.text().len(), |s| s.range.end);
        &self.text()[..end]
    }

    /// Whether the words of `range` are negated in their sentence.
    pub(crate) fn is_negated(&self, range: Range<usize>) -> bool {
        // 「血腫があり意識がない」: what is there is not negated by what follows.
        let behind = &self.text()[range.end..];
        let there = ["があり", "もあり", "があっ"].iter().find_map(|p| behind.strip_prefix(p));
        if there.is_some_and(|rest| !rest.starts_with("ませ")) {
            return false;
        }
        polarity::is_negated(self.up_to_sentence_end(range.start), range)
    }

    /// The clause of `range`, as far as a negation reaches.
    pub(crate) fn scope(&self, range: Range<usize>) -> Range<usize> {
        polarity::scope(self.up_to_sentence_end(range.start), range)
    }

    /// The choices of a code list of the form; none where the list does not exist.
    pub(crate) fn codes(&self, id: &str) -> &'d [Choice] {
        self.template.codes.get(id).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &'d str {
        self.doc.text()
    }

    pub(crate) fn words(&self, range: &Range<usize>) -> &'d str {
        &self.doc.text()[range.clone()]
    }

    /// Sentences under any of the headings.
    pub(crate) fn under<'s>(&'s self, headings: &'s [String]) -> impl Iterator<Item = &'s Sentence> {
        self.sentences.iter().filter(move |s| s.heading.as_ref().is_some_and(|h| headings.contains(h)))
    }

    /// Sentences under no heading.
    pub(crate) fn headless(&self) -> impl Iterator<Item = &Sentence> {
        self.sentences.iter().filter(|s| s.heading.is_none())
    }

    /// Sentences that say what happened or is so: under no heading or a heading of the narrative, and no plan.
    pub(crate) fn narrative(&self) -> impl Iterator<Item = &Sentence> {
        self.sentences.iter().filter(|s| self.is_narrative(s))
    }

    fn is_narrative(&self, sentence: &Sentence) -> bool {
        let view = matches!(
            sentence.heading.as_deref(),
            Some("所見" | "本児の意向" | "保護者の意向" | "告知内容" | QUESTION)
        );
        !view && !self.is_plan(sentence)
    }

    /// Sentences with any of the words, outside headings of plans and views.
    pub(crate) fn with_words<'s, S: AsRef<str>>(
        &'s self,
        words: &'s [S],
    ) -> impl Iterator<Item = &'s Sentence> {
        self.narrative().filter(move |s| has_any(self.text(), s.full.clone(), words))
    }

    /// Sentences that a field is about: under its headings, or with its cues.
    pub(crate) fn about<'s>(&'s self, spec: &'s FieldSpec) -> impl Iterator<Item = &'s Sentence> {
        self.sentences.iter().filter(move |s| {
            s.heading.as_ref().is_some_and(|h| spec.headings.contains(h))
                || (self.is_narrative(s) && has_any(self.text(), s.full.clone(), &spec.cues))
        })
    }

    pub(crate) fn mentions(&self, range: Range<usize>) -> Vec<Mention> {
        let mut mentions = self.relations.mentions(self.text(), range);
        mentions.retain(|m| !self.is_quoted(m.range.start));
        for mention in mentions.iter_mut().filter(|m| m.relation.is_none()) {
            mention.relation = self.sided(&self.doc.text()[mention.range.clone()]);
        }
        mentions
    }

    /// 「母方の祖母」, then 「祖母」: where one side alone was named, the word without a side is of it.
    fn sided(&self, word: &str) -> Option<String> {
        let relative = crate::people::sideless(word)?;
        let mut named = self.sided.iter().filter(|label| label.ends_with(relative));
        let only = named.next()?;
        named.next().is_none().then(|| only.clone())
    }

    /// What was quoted in `range`, with the range of the words.
    pub(crate) fn quotes(&self, range: Range<usize>) -> Vec<(&'d Quote, Range<usize>)> {
        self.doc
            .annotations_in(range)
            .filter_map(|a| match &a.entity {
                Entity::Quote(quote) => Some((quote, a.range.clone())),
                _ => None,
            })
            .collect()
    }

    /// Days said in `range`; `None` for words that fix no day.
    pub(crate) fn dates(&self, range: Range<usize>) -> Vec<(Option<Date>, &'d Annotation)> {
        self.doc
            .annotations_in(range)
            .filter_map(|a| match a.entity {
                Entity::Date(date) => Some((date, a)),
                _ => None,
            })
            .collect()
    }

    /// Times said in `range`: start and, for a range, end.
    pub(crate) fn times(&self, range: Range<usize>) -> Vec<(ClockTime, Option<ClockTime>, &'d Annotation)> {
        self.doc
            .annotations_in(range)
            .filter_map(|a| match a.entity {
                Entity::TimeRange(start, end) => Some((start, Some(end), a)),
                Entity::Time(time) => Some((time, None, a)),
                _ => None,
            })
            .collect()
    }

    /// Whether the sentence says what staff will do.
    pub(crate) fn is_plan(&self, sentence: &Sentence) -> bool {
        if let Some(heading) = &sentence.heading {
            // 「…が記録しました。」 closes the entry under any heading.
            let recorded =
                ["が記録しました", "が記録した", "が記録", "が作成しました", "が作成した", "が記入しました"];
            let words = self.words(&trim(self.text(), sentence.range.clone()));
            let closing = recorded.iter().any(|end| words.ends_with(end));
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
            || WORDS.scene.plan_words.iter().any(|w| words.contains(w));
        let ends = WORDS.scene.plan_endings.iter().any(|e| words.ends_with(e)) || is_to_come(words);
        let certain = WORDS.scene.certain_plans.iter().any(|e| words.ends_with(e));
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

    /// 「自分で育てたいけれど、夜が心配」: a verb of wanting inside 「」, which need not be its end.
    fn is_desired(&self, sentence: &Sentence) -> bool {
        const WANTED: &[&str] = &["たい", "ほしい", "欲しい", "たくない"];
        const NO_WISH: &[&str] =
            &["みたい", "つめたい", "冷たい", "重たい", "眠たい", "ぜったい", "いったい", "会いたいわけ"];
        let text = self.text();
        WANTED.iter().flat_map(|word| find_all(text, sentence.range.clone(), word)).any(|at| {
            self.is_quoted(at.start)
                && WORDS.scene.behind_wish.iter().any(|word| text[at.end..].starts_with(word))
                && !NO_WISH.iter().any(|word| text[..at.end].ends_with(word))
        })
    }

    /// Whether the sentence is somebody's wish in direct or reported speech.
    pub(crate) fn is_wish(&self, sentence: &Sentence) -> bool {
        (has_any(self.text(), sentence.range.clone(), &WORDS.scene.wish_words) || self.is_desired(sentence))
            && (!self.quotes(sentence.range.clone()).is_empty() || self.words(&sentence.range).contains('「'))
    }
}

/// A polite or plain verb that is neither past nor a state: 「調べます」「付き添う」「決める」; a noun behind a deadline:
/// 「野口、月末までに心理検査」.
fn is_to_come(words: &str) -> bool {
    if WORDS.scene.states.iter().any(|state| words.ends_with(state)) {
        return false;
    }
    if words.ends_with("です") && !words.ends_with("予定です") {
        return false;
    }
    if words.ends_with("ます") || words.ends_with(['る', 'す', 'う', 'く', 'む', 'つ', 'ぶ', 'ぐ'])
    {
        return !["そう", "よう", "とのことで", "と話す", "と言う", "と訴える"]
            .iter()
            .any(|e| words.ends_with(e));
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

fn sentences(doc: &Document, template: &Template, quoted: &[Range<usize>]) -> Vec<Sentence> {
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
            && current.as_ref().is_some_and(|(h, _)| VIEWS.iter().any(|v| h.ends_with(v)))
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
            let headed = sentence.heading.as_ref().is_some_and(|h| field.headings.contains(h));
            let follows = last.head != sentence.head;
            let polite = ["です", "ます", "した", "た", "る"]
                .iter()
                .any(|e| text[trim(text, sentence.range.clone())].ends_with(e));
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
fn conversation(text: &str, turns: &[turns::Turn]) -> Vec<Sentence> {
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
    [
        "そうです",
        "そうだ",
        "とのこと",
        "とのことです",
        "とのことでした",
        "ということです",
        "と話しています",
        "らしい",
        "らしいです",
    ]
    .iter()
    .any(|end| words.ends_with(end))
}

/// A sentence behind a view that is none: somebody is quoted, or the next step is told.
fn ends_view(doc: &Document, sentence: &Range<usize>) -> bool {
    let quoted = doc
        .annotations_in(sentence.clone())
        .any(|a| matches!(&a.entity, Entity::Quote(quote) if quote.speaker.is_some()));
    let words = doc.text()[sentence.clone()].trim_start();
    quoted || ["今後", "次回", "見直し", "来週", "明日"].iter().any(|w| words.starts_with(w))
}

/// 「2か所です」「3回に分けて聞きました」: how much follows, or that it was asked.
fn is_announcement(words: &str) -> bool {
    const ASKED: &[&str] =
        &["聞きました", "聞いています", "確認しました", "尋ねました", "聞き取りました", "聴取しました"];
    let asked =
        words.chars().count() <= 20 && !words.contains('「') && ASKED.iter().any(|end| words.ends_with(end));
    asked || is_count(words)
}

/// 「2か所です」「次のとおりです」
fn is_count(words: &str) -> bool {
    const COUNTS: &[&str] = &["つ", "か所", "カ所", "点", "機関", "名", "人", "とおり", "通り"];
    let counted = words.trim_end_matches("です").trim_end_matches("あります");
    let number = counted.starts_with(|c: char| c.is_ascii_digit() || "一二三四五六次以".contains(c));
    number && COUNTS.iter().any(|c| counted.ends_with(c)) && counted.chars().count() <= 8
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
