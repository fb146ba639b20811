//! Spoken headings (language.md pass 1): 「主訴。」「本児の様子。」 route what follows.

use std::sync::LazyLock;

use record::{Annotation, Document, Entity};

use crate::chain::Pass;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::layout::{Layout, Start, back_to, ends_sentence};
use crate::words::{Words, lines};

const NAME: &str = "headings";
/// A heading starts an utterance: after a pause of this length, or at the start of a sentence.
const PAUSE_BEFORE_MS: u64 = 400;
/// Where no punctuation follows a heading, a pause of this length does.
const PAUSE_AFTER_MS: u64 = 300;
/// Words that a heading may follow directly where the recogniser has dropped the punctuation.
const FORM_WORDS: &[&str] = &["家庭訪問", "訪問", "面接", "面談", "来所", "電話"];
/// Ends of sentences, also without a full stop.
const POLITE_ENDINGS: &[&str] = &["です", "でした", "ます", "ました", "ません"];
/// What closes a heading: 「提出理由ですが、」 and 「本児の様子については、」 do as 「主訴。」 does.
const CLOSING: &[&str] = &[
    "、",
    ":",
    " ",
    "については、",
    "としては、",
    "として、",
    "としましては、",
    "に関しては、",
    "に関して、",
];
/// What closes a heading and makes the words before it a title, whatever they are.
const TITLING: &[&str] = &[
    "。",
    "です。",
    "です、",
    "ですね。",
    "ですね、",
    "ですが、",
    "ですけど、",
    "ですけれど、",
    "ですけれども、",
    "ですけれども。",
    "なんですが、",
    "なんですけど、",
    "なんですけれど、",
    "なんですけれども、",
    "のことですが、",
    "についてです。",
    "についてですが、",
    "についてですけど、",
    "についてですけれども、",
    "に関してですが、",
    "に関してです。",
    "について。",
    "に関して。",
    "は次のとおりです。",
    "は次の通りです。",
    "は次のとおり。",
    "は次の通り。",
    "は以下のとおりです。",
    "は以下の通りです。",
    "は以下のとおり。",
    "は以下の通り。",
    "になります。",
    "から。",
    "からです。",
    "から言います。",
    "から話します。",
    "から申し上げます。",
    "を言います。",
    "を申し上げます。",
    "を述べます。",
    "を話します。",
    "をお伝えします。",
    "を記録します。",
    "に移ります。",
    "にいきます。",
    "\n",
];
/// What leads over to the next heading: 「続いて本児の様子。」「最後に、所見です。」
const LEADS: &[&str] = &[
    "続いては",
    "続いて",
    "続きまして",
    "次には",
    "次にですが",
    "次に",
    "次は",
    "次が",
    "次",
    "つぎに",
    "つぎは",
    "まずは",
    "まず",
    "はじめに",
    "初めに",
    "最初に",
    "最初は",
    "最後になりますが",
    "最後に",
    "最後は",
    "それでは",
    "それから",
    "それと",
    "では",
    "じゃあ",
    "で",
    "あとは",
    "あと",
    "さらに",
    "さて",
    "また",
    "そして",
    "今度は",
    "えー",
    "えーと",
    "えっと",
    "ええと",
    "あの",
    "その",
    "はい",
];
/// A lead is at most this long, in bytes.
const LEAD_BYTES: usize = 90;
/// Behind one of these particles the word is part of a clause: 所見では, 主訴の.
const PARTICLES: &[&str] =
    &["で", "の", "が", "を", "に", "も", "と", "から", "まで", "へ", "や", "な", "だ", "し"];

#[derive(Clone, Debug)]
struct Heading {
    canonical: String,
    /// Also after a comma.
    strong: bool,
    /// Also with は.
    topic: bool,
    /// Only as a title: in front of 。, です and their like.
    title: bool,
}

impl Heading {
    fn new(canonical: &str, flags: &str) -> Self {
        let canonical = canonical.to_owned();
        let has = |flag: char| flags.contains(flag);
        Self { canonical, strong: has('s'), topic: has('w'), title: has('c') }
    }
}

static LISTED: LazyLock<Words<Heading>> = LazyLock::new(|| Words::new(listed().chain(families())));

fn listed() -> impl Iterator<Item = (String, Heading)> {
    lines(include_str!("../data/headings.tsv")).filter_map(|line| {
        let mut columns = line.split('\t');
        let (word, canonical) = (columns.next()?, columns.next()?);
        let flags = columns.next().unwrap_or_default();
        Some((word.to_owned(), Heading::new(canonical, flags)))
    })
}

/// The headings that are said in many ways, each way written out.
fn families() -> impl Iterator<Item = (String, Heading)> {
    lines(include_str!("../data/heading_families.tsv")).flat_map(|line| {
        let mut columns = line.split('\t');
        let (pattern, canonical) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
        let heading = Heading::new(canonical, columns.next().unwrap_or_default());
        written_out(pattern).into_iter().map(move |word| (word, heading.clone()))
    })
}

/// 「(本児|児)の様子」 → 本児の様子, 児の様子.
fn written_out(pattern: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for part in pattern.split(['(', ')']).enumerate() {
        // Every second part stood between brackets.
        let branches: Vec<&str> = if part.0 % 2 == 1 { part.1.split('|').collect() } else { vec![part.1] };
        words = words.iter().flat_map(|w| branches.iter().map(move |b| format!("{w}{b}"))).collect();
    }
    words
}

/// Whether `word` is a heading of the built-in table.
pub(crate) fn is_listed(word: &str) -> bool {
    LISTED.get(word).is_some()
}

/// Pass 1: annotates headings.
///
/// A heading is a listed word at the start of an utterance, followed by 「。」「、」「:」「は」, a space or a pause. The words and
/// their canonical forms are `data/headings.tsv`; a template adds its own.
#[derive(Debug, Default)]
pub struct Headings {
    own: Option<Words<Heading>>,
}

impl Headings {
    /// The built-in words alone.
    #[must_use]
    pub const fn new() -> Self {
        Self { own: None }
    }

    /// The built-in words and those of a template. A word that is not built in is its own canonical form.
    #[must_use]
    pub fn with<S: AsRef<str>>(extra: &[S]) -> Self {
        let own = extra.iter().map(|word| {
            let word = word.as_ref().to_owned();
            (word.clone(), Heading { canonical: word, strong: true, topic: true, title: false })
        });
        // A family that leads to a heading of some forms only (衣服と清潔の状態) does so in those.
        let known = |canonical: &str| {
            is_listed(canonical)
                || listed().any(|(_, h)| h.canonical == canonical)
                || extra.iter().any(|word| word.as_ref() == canonical)
        };
        let families: Vec<_> = families().filter(|(_, heading)| known(&heading.canonical)).collect();
        Self { own: Some(Words::new(listed().chain(own).chain(families))) }
    }

    /// The canonical form of a heading word, `None` where it is no heading.
    #[must_use]
    pub fn canonical(&self, word: &str) -> Option<&str> {
        self.words().get(word).map(|heading| heading.canonical.as_str())
    }

    fn words(&self) -> &Words<Heading> {
        self.own.as_ref().unwrap_or(&LISTED)
    }
}

impl Pass for Headings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        let layout = Layout::new(doc);
        let text = doc.text();
        let mut found: Vec<Annotation> = Vec::new();
        let mut at = 0;
        let mut row_end = None;
        while let Some(c) = text[at..].chars().next() {
            let last_end = row_end.max(found.last().map(|a| a.range.end));
            // 「相談歴、通告歴、一時保護歴、」: each word of a row only names its matter, also the third.
            if last_end == Some(at) && layout.start(text, at, PAUSE_BEFORE_MS) == Start::Clause {
                let named = self.words().all_at(text, at).map(|(word, _)| word.len()).max();
                row_end = named
                    .map(|len| at + len)
                    .filter(|end| text[*end..].starts_with('、'))
                    .map(|end| end + '、'.len_utf8());
            }
            match self.find(text, at, &layout, last_end) {
                Some(heading) => {
                    at = heading.range.end;
                    found.push(heading);
                }
                None => at += c.len_utf8(),
            }
        }
        doc.retain_annotations(|a| !matches!(a.entity, Entity::Heading(_)));
        doc.annotate(found);
        Ok(())
    }
}

impl Headings {
    fn find(&self, text: &str, at: usize, layout: &Layout, last_end: Option<usize>) -> Option<Annotation> {
        let mut candidates = self.words().all_at(text, at).peekable();
        candidates.peek()?;
        if layout.is_quoted(at) {
            return None;
        }
        let lead = lead(text, at, layout).filter(|lead| last_end.is_none_or(|end| end <= *lead));
        let start = match layout.start(text, at, PAUSE_BEFORE_MS) {
            _ if lead.is_some() => Start::Sentence,
            // A recogniser's space that has stayed separates phrases; 「…です主訴は」 lacks only the stop.
            Start::Clause if text[..at].ends_with(' ') => Start::Sentence,
            Start::Inside if POLITE_ENDINGS.iter().any(|ending| text[..at].ends_with(ending)) => {
                Start::Sentence
            }
            start => start,
        };
        // 「主訴、所見、」: a row of heading words names them.
        let named = start == Start::Clause && last_end == Some(at);
        // 「手段は会議、相手は…」: further topics of a sentence that began with a heading.
        let goes_on = start == Start::Clause
            && last_end.is_some_and(|end| at - end <= LEAD_BYTES && !text[end..at].contains(ends_sentence));
        candidates.filter(|_| !named).find_map(|(word, heading)| {
            let from = if goes_on && heading.strong { Start::Sentence } else { start };
            let end = ending(text, at + word.len(), layout, heading, from)?;
            let placed = match start {
                Start::Sentence => true,
                // 「実父は、同意。」: behind a topic the word is what is said of it.
                Start::Clause => heading.strong && !is_predicate(text, at) && !is_answer(text, at, word),
                Start::Inside => heading.strong && FORM_WORDS.iter().any(|w| text[..at].ends_with(w)),
            };
            let entity = Entity::Heading(heading.canonical.clone());
            placed.then(|| Annotation { range: lead.unwrap_or(at)..end, entity, flags: vec![] })
        })
    }
}

/// Whether a topic stands directly in front of `at`: 「実父は、」, and not 「では、」 or 「次は、」.
fn is_predicate(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', '、']);
    before.ends_with('は')
        && !["では", "次は", "続いては", "あとは", "それは"].iter().any(|lead| before.ends_with(lead))
}

/// 「実母、同意。」: the word answers for the person in front of it.
fn is_answer(text: &str, at: usize, word: &str) -> bool {
    const ANSWERS: &[&str] = &["同意", "承諾", "了承"];
    const PEOPLE: &[&str] =
        &["父", "母", "父親", "母親", "さん", "親権者", "両親", "後見人", "祖父", "祖母", "とも"];
    let before = text[..at].trim_end_matches([' ', '、']);
    ANSWERS.contains(&word) && PEOPLE.iter().any(|person| before.ends_with(person))
}

/// Start of the words that lead over to `at` and fill their sentence: 「続いて、|本児の様子」.
fn lead(text: &str, at: usize, layout: &Layout) -> Option<usize> {
    let start = back_to(text, at, LEAD_BYTES, ends_sentence);
    let blank = |c: char| c == ' ' || c == '、';
    let mut rest = text[start..at].trim_matches(blank);
    let opens = layout.start(text, start, PAUSE_BEFORE_MS) == Start::Sentence;
    let first = start + (text[start..at].len() - text[start..at].trim_start_matches(blank).len());
    (opens && !rest.is_empty()).then_some(())?;
    while !rest.is_empty() {
        let word = LEADS.iter().filter(|w| rest.starts_with(**w)).max_by_key(|w| w.len())?;
        rest = rest[word.len()..].trim_start_matches(blank);
    }
    Some(first)
}

/// End of the heading with what closes it; `None` where the words go on.
fn ending(text: &str, at: usize, layout: &Layout, heading: &Heading, start: Start) -> Option<usize> {
    let mut cursor = Cursor::new(text, at);
    if cursor.any(TITLING).is_some() || (!heading.title && cursor.any(CLOSING).is_some()) {
        cursor.space();
        return Some(cursor.at());
    }
    if start != Start::Sentence {
        return None;
    }
    if heading.topic && cursor.eat("は") {
        cursor.any(&["、", " "]);
        return Some(cursor.at());
    }
    let stops = cursor.rest().is_empty() || layout.pause_at(at, PAUSE_AFTER_MS);
    (stops && !cursor.sees(PARTICLES) && !cursor.sees(&["は"])).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{found, shown, timed};
    use crate::{Chain, conformance};

    #[track_caller]
    fn headings(text: &str, expected: &[&str]) {
        let lines = found("heading", text);
        let short: Vec<_> = lines.iter().map(|l| l.replace(" | heading ", "→")).collect();
        assert_eq!(short, expected);
    }

    #[test]
    fn the_pass_conforms() {
        conformance::run(&Headings::new());
        conformance::run(&Headings::with(&["独自の見出し"]));
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        let data = include_str!("../data/headings.tsv");
        assert_eq!(listed().count(), lines(data).count());
        assert!(is_listed("主訴") && !is_listed("主"));
    }

    #[test]
    fn the_examples_of_language_md() {
        headings("主訴。近隣からの泣き声通告。", &["主訴。→主訴"]);
        headings("本児の様子。左の頬に青あざ。", &["本児の様子。→本児の様子"]);
        headings("今後の対応、明日園に電話", &["今後の対応、→今後の対応"]);
        headings("主訴は、夜間の泣き声", &["主訴は、→主訴"]);
        headings("医師の所見では骨折はない", &[]);
        headings("母の主訴は夫婦関係だった", &[]);
    }

    #[test]
    fn a_heading_may_be_introduced_in_a_clause() {
        headings("提出理由ですが、方針を確かめたい。", &["提出理由ですが、→提出理由"]);
        headings("本児の様子については、よく話した。", &["本児の様子については、→本児の様子"]);
        headings("所見ですがまだ書けない", &[]);
    }

    #[test]
    fn behind_a_topic_the_word_is_what_is_said_of_it() {
        headings("子どもの関心事は、本児の様子。", &[]);
        headings("では、所見。説明が食い違う。", &["では、所見。→所見"]);
    }

    #[test]
    fn a_heading_is_said_in_many_ways() {
        for (said, canonical) in [
            ("続いて本児の様子。", "本児の様子"),
            ("まず、子どもの様子からです。", "本児の様子"),
            ("母の様子ですけれど、", "保護者の様子"),
            ("で、家の中の様子。", "家庭内の様子"),
            ("次、生活状況です。", "居住環境"),
            ("聞き取った内容です。", "聴取内容"),
            ("指導した内容。", "告知内容"),
            ("こちらから伝えたこと。", "告知内容"),
            ("約束したことですが、", "約束"),
            ("本児の気持ちとしては、", "本児の意向"),
            ("保護者の希望については、", "保護者の意向"),
            ("見立てとしては、", "所見"),
            ("最後になりますが、このあとの対応。", "今後の対応"),
            ("今後についてですが、", "今後の対応"),
            ("どんなことがあったかですが、", "通告内容"),
            ("相談の内容は次のとおりです。", "通告内容"),
            ("今回の訪問のねらい。", "目的"),
        ] {
            let text = format!("訪問した。{said}泣いていた。");
            let found = found("heading", &text);
            assert!(
                found.iter().any(|line| line.ends_with(&format!("heading {canonical}"))),
                "{said} {found:?}"
            );
        }
        for text in [
            "次に本児の様子を見た。",
            "約束したことを忘れた。",
            "今後、泣くことが増えそうだ。",
            "本児の表情は硬い。",
        ] {
            headings(text, &[]);
        }
    }

    #[test]
    fn headings_after_other_sentences() {
        headings(
            "家庭訪問。対応者、私。主訴、泣き声。所見。なし。",
            &["対応者、→対応者", "主訴、→主訴", "所見。→所見"],
        );
    }

    #[test]
    fn spaces_and_commas_of_recognisers() {
        headings(
            "令和7年6月3日 火曜14時から15時20分家庭訪問対応者 私と保健師の佐藤さん 主訴 近隣からの泣き声通告",
            &["対応者 →対応者", "主訴 →主訴"],
        );
        headings(
            "病院に同行訪問しました 対応者 小川 目的は受傷状況の確認です 場所 家庭",
            &["対応者 →対応者", "目的は→目的", "場所 →場所"],
        );
        headings("電話で受理しました主訴は夜間の泣き声です", &["主訴は→主訴"]);
        headings("家庭訪問、子どもの様子、泣いている", &["子どもの様子、→本児の様子"]);
    }

    #[test]
    fn words_inside_clauses_and_quotations_are_none() {
        for text in [
            "所見については後で話す",
            "本児の様子を確認した",
            "母と目的、場所を話し合う",
            "「主訴。」と言う",
            "園での本児の様子、友人関係を聞く",
            "次回に持ち越し",
            "きょうだいはいない",
            "約束は守れなかった",
        ] {
            headings(text, &[]);
        }
    }

    #[test]
    fn pauses_stand_for_punctuation() {
        let run = |words: &[(&str, u64, u64)]| {
            let mut doc = timed(words);
            Chain::default().run(&mut doc).unwrap();
            shown("heading", &doc)
        };
        let paused = run(&[("家庭訪問", 0, 900), ("所見", 1_500, 1_900), ("説明が食い違う", 2_300, 3_000)]);
        assert_eq!(paused, ["所見 | heading 所見"]);
        let running = run(&[("家庭訪問", 0, 900), ("所見", 950, 1_300), ("説明が食い違う", 1_350, 3_000)]);
        assert!(running.is_empty());
        let clause = run(&[("医師が", 0, 900), ("所見", 1_500, 1_900), ("では骨折なし", 2_300, 3_000)]);
        assert!(clause.is_empty());
    }

    #[test]
    fn templates_add_words() {
        let mut doc = crate::testing::document("通園状況。休みがち。主訴。泣き声。", None);
        let own = Headings::with(&["通園状況", "子どもの様子"]);
        assert_eq!(own.canonical("子どもの様子"), Some("本児の様子"));
        Chain::default().with(own).run(&mut doc).unwrap();
        assert_eq!(shown("heading", &doc), ["通園状況。 | heading 通園状況", "主訴。 | heading 主訴"]);
    }
}
