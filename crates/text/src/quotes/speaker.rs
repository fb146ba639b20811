//! Who speaks: the person whom the clause is about.

use std::ops::Range;
use std::sync::LazyLock;

use crate::cursor::{Cursor, after, before, is_kanji, is_katakana};
use crate::words::Words;

use super::verb::Verb;

const PERSONS: &[&str] = &[
    "本児",
    "児",
    "子ども",
    "子供",
    "本人",
    "長男",
    "長女",
    "次男",
    "次女",
    "二男",
    "二女",
    "三男",
    "三女",
    "四男",
    "四女",
    "兄",
    "姉",
    "弟",
    "妹",
    "異父兄",
    "異父姉",
    "異父弟",
    "異父妹",
    "実父",
    "実母",
    "父",
    "母",
    "父親",
    "母親",
    "継父",
    "継母",
    "養父",
    "養母",
    "義父",
    "義母",
    "内夫",
    "内妻",
    "両親",
    "父母",
    "保護者",
    "世帯主",
    "祖父",
    "祖母",
    "祖父母",
    "父方祖父",
    "父方祖母",
    "母方祖父",
    "母方祖母",
    "曽祖父",
    "曽祖母",
    "叔父",
    "叔母",
    "伯父",
    "伯母",
    "親族",
    "交際相手",
    "同居男性",
    "男性",
    "女性",
    "友人",
    "里親",
    "里父",
    "里母",
    "担任",
    "副担任",
    "教諭",
    "教員",
    "校長",
    "副校長",
    "教頭",
    "主幹",
    "養護教諭",
    "園長",
    "副園長",
    "主任",
    "保育士",
    "担当保育士",
    "保健師",
    "助産師",
    "看護師",
    "医師",
    "主治医",
    "担当医",
    "心理士",
    "心理司",
    "福祉司",
    "相談員",
    "支援員",
    "指導員",
    "民生委員",
    "児童委員",
    "主任児童委員",
    "警察官",
    "警察",
    "警官",
    "弁護士",
    "通告者",
    "相談者",
    "近隣",
    "近隣住民",
    "隣人",
    "住民",
    "大家",
    "管理人",
    "家主",
    "職員",
    "担当",
    "担当者",
    "園",
    "学校",
    "病院",
    "保育園",
    "幼稚園",
    "小学校",
    "中学校",
    "児相",
    "SSW",
    "SC",
    "SW",
    "CW",
    "MSW",
    "PHN",
    "Fa",
    "Mo",
    "MGM",
    "MGF",
    "PGM",
    "PGF",
    "パパ",
    "ママ",
    "お父さん",
    "お母さん",
    "おばあちゃん",
    "おじいちゃん",
    "おばさん",
    "おじさん",
    "お兄ちゃん",
    "お姉ちゃん",
];
/// A child's words for persons: inside what the child says rather than the worker's name for the speaker.
const CHILD_WORDS: &[&str] = &[
    "パパ",
    "ママ",
    "お父さん",
    "お母さん",
    "おばあちゃん",
    "おじいちゃん",
    "お兄ちゃん",
    "お姉ちゃん",
    "おばさん",
    "おじさん",
];
/// Endings of names.
const TITLES: &[&str] = &["さん", "ちゃん", "くん", "君", "先生", "氏"];
/// Longest name before a title, in characters.
const NAME_CHARS: usize = 8;

static WORDS: LazyLock<Words<()>> = LazyLock::new(|| Words::from_list(PERSONS));

/// A person whom a clause is about.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    /// The person's words.
    pub(crate) words: Range<usize>,
    /// Behind the particle and its comma.
    pub(crate) behind: usize,
    topic: bool,
    child_word: bool,
}

/// Whether the words are a person and nothing else.
pub(crate) fn is_person(words: &str) -> bool {
    let words = words.trim_matches(['、', ' ']);
    WORDS.get(words).is_some()
        || words.rsplit('の').next().is_some_and(|w| WORDS.get(w).is_some())
        || named(words)
}

fn named(words: &str) -> bool {
    TITLES.iter().any(|title| {
        words.strip_suffix(title).is_some_and(|name| {
            (1..=NAME_CHARS).contains(&name.chars().count())
                && name.chars().all(|c| is_kanji(c) || is_katakana(c) || c == '〇')
        })
    })
}

/// A person with は or が at `at`, and the position behind it.
pub(crate) fn topic_at(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let end = at + WORDS.len_at(text, at)?;
    let mut cursor = Cursor::new(text, end);
    cursor.any(&["は", "が", "も"])?;
    cursor.any(&["、", " "]);
    Some((at..end, cursor.at()))
}

/// The speaker of `verb` in `range`.
///
/// The last person with は, else the first with が or も; a person who comes directly behind another one with は is spoken
/// of, not speaking (「本児は、ママは怒らないと話す」).
pub(crate) fn speaker_in(text: &str, range: Range<usize>, verb: &Verb) -> Option<Speaker> {
    let found = candidates(text, range, verb.passive);
    if verb.passive {
        return found.into_iter().next();
    }
    let mut chosen: Option<&Speaker> = None;
    for candidate in found.iter().filter(|c| c.topic) {
        let spoken_of = chosen.is_some_and(|c| c.behind == candidate.words.start || candidate.child_word);
        if !spoken_of {
            chosen = Some(candidate);
        }
    }
    chosen.or(found.first()).cloned()
}

fn candidates(text: &str, range: Range<usize>, passive: bool) -> Vec<Speaker> {
    let mut found = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let Some(c) = after(text, at) else { break };
        let Some(words) = person_at(text, at, range.start).filter(|w| w.end <= range.end) else {
            at += c.len_utf8();
            continue;
        };
        let mut cursor = Cursor::new(text, words.end);
        let particle = if passive {
            cursor.any(&["からは", "から", "より", "には", "に"])
        } else {
            cursor.any(&["からは", "によると", "によれば", "は", "が", "も"])
        };
        at = words.end;
        if let Some(particle) = particle {
            let topic = !matches!(particle, "が" | "も");
            cursor.any(&["、", " "]);
            if cursor.at() <= range.end {
                let child_word = CHILD_WORDS.contains(&&text[words.clone()]);
                found.push(Speaker { words, behind: cursor.at(), topic, child_word });
            }
        }
    }
    found
}

/// The words of a person at `at`, or a name that a title at `at` ends.
fn person_at(text: &str, at: usize, floor: usize) -> Option<Range<usize>> {
    if let Some(title) = TITLES.iter().find(|title| text[at..].starts_with(**title)) {
        let mut start = at;
        for (i, c) in text[floor..at].char_indices().rev().take(NAME_CHARS) {
            if !(is_kanji(c) || is_katakana(c) || c == '〇') {
                break;
            }
            start = floor + i;
        }
        return (start < at).then(|| start..at + title.len());
    }
    let end = at + WORDS.len_at(text, at)?;
    // 父 in 継父 was found as 継父; in other compounds it is no person. A title may follow: 担任の先生, 警察官さん.
    let compound = before(text, at).is_some_and(is_kanji) || after(text, end).is_some_and(is_kanji);
    (!compound).then_some(at..end)
}
