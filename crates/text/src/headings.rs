//! Spoken headings (language.md pass 1): 「主訴。」「本児の様子。」 route what follows.

use std::sync::LazyLock;

use record::{Annotation, Document, Entity};

use crate::chain::Pass;
use crate::cursor::Cursor;
use crate::error::Result;
use crate::layout::{Layout, Start, back_to, ends_sentence};
use crate::words::{Words, lines, written_out};

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
    "のほうは、",
    "の方は、",
    "のほう、",
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
    "からお話しします。",
    "からお話しいたします。",
    "からいきます。",
    "から行きます。",
    "から始めます。",
    "から述べます。",
    "いきます。",
    "行きます。",
    "です、これは",
    "、これは",
    "、こちらは",
    "のほうですが、",
    "のほうですけど、",
    "の方ですが、",
    "の方ですけど、",
    "のほうです。",
    "のことです。",
    "のことですけど、",
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
    "に行きます。",
    "に入ります。",
    "に進みます。",
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
/// Headings that are people.
const PEOPLE: &[&str] =
    &["担当", "担当者", "対応者", "確認者", "保護者", "通告者", "相談者", "記録者", "受付者", "訪問者"];
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
            // 「担当としては、…」 gives a view and opens no section.
            if PEOPLE.contains(&word) && text[at + word.len()..].starts_with("として") {
                return None;
            }
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
mod tests;
