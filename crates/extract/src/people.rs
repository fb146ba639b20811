//! People in the text: words for relations, and names.

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use record::template::Choice;

use crate::vocabulary::WORDS;
use crate::words::{ends_with_any, is_kanji, is_katakana, is_whole_word, starts_with_any};

/// A grandparent, uncle or aunt without a side.
const SIDELESS: &[&str] = &[
    "祖母",
    "祖父",
    "おばあちゃん",
    "おじいちゃん",
    "おばあさん",
    "おじいさん",
    "おばあさま",
    "おじいさま",
    "じいちゃん",
    "ばあちゃん",
    "おじ",
    "おば",
];
/// A partner named through a parent.
const PARTNER: &[&str] =
    &["母の交際相手", "実母の交際相手", "父の交際相手", "実父の交際相手", "母の彼氏", "母の内夫"];
/// What follows a name.
const HONORIFICS: &[&str] = &["さん", "先生", "くん", "ちゃん", "氏", "君", "様"];

/// Those of children.
pub(crate) const OF_CHILDREN: [&str; 3] = ["ちゃん", "くん", "君"];

/// A word for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) range: Range<usize>,
    /// Label of the relation list; `None` where the word leaves it open (祖母 without a side).
    pub(crate) relation: Option<String>,
}

/// Finds words for relations, the longest first, none inside a compound that is no person.
pub(crate) struct Relations {
    matcher: AhoCorasick,
    labels: Vec<Option<String>>,
    relevant: Vec<bool>,
    choices: Vec<Choice>,
}

impl Relations {
    pub(crate) fn new(choices: &[Choice]) -> Result<Self, aho_corasick::BuildError> {
        let mut patterns: Vec<&str> = Vec::new();
        let (mut labels, mut relevant) = (Vec::new(), Vec::new());
        let mut add = |word, label: Option<&str>, person| {
            patterns.push(word);
            labels.push(label.map(ToOwned::to_owned));
            relevant.push(person);
        };
        for choice in choices {
            add(&choice.label, Some(&choice.label), true);
            choice.spoken.iter().for_each(|word| add(word, Some(&choice.label), true));
        }
        for word in PARTNER {
            add(word, Some("交際相手"), true);
        }
        for word in SIDELESS {
            add(word, None, true);
        }
        for word in &WORDS.people.no_person {
            add(word, None, false);
        }
        let matcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns)?;
        Ok(Self { matcher, labels, relevant, choices: choices.to_vec() })
    }

    /// The choice with this label.
    pub(crate) fn choice(&self, label: &str) -> Option<&Choice> {
        self.choices.iter().find(|c| c.label == label)
    }

    /// Mentions in `range`, by position.
    pub(crate) fn mentions(&self, text: &str, range: Range<usize>) -> Vec<Mention> {
        self.matcher
            .find_iter(&text[range.clone()])
            .filter(|m| self.relevant[m.pattern()])
            .map(|m| Mention {
                range: range.start + m.start()..range.start + m.end(),
                relation: self.labels[m.pattern()].clone(),
            })
            .filter(|m| is_whole_word(text, &m.range) && stands_alone(text, &m.range))
            .collect()
    }
}

/// The child as he is called in running speech (「芽生ちゃん」), where one name alone is called so and belongs to no brother,
/// sister or friend.
pub(crate) fn called_child(text: &str, is_quoted: impl Fn(usize) -> bool) -> Option<String> {
    const OF_OTHERS: &[&str] = &[
        "兄",
        "姉",
        "弟",
        "妹",
        "きょうだい",
        "長男",
        "次男",
        "三男",
        "長女",
        "次女",
        "三女",
        "上の子",
        "下の子",
        "友",
        "同級生",
        "クラス",
        "いとこ",
    ];
    // So far in front of a name its sentence is looked at, in characters: an endless one takes no longer.
    const REACH: usize = 80;
    let mut names = BTreeSet::new();
    for honorific in OF_CHILDREN {
        for (end, _) in text.match_indices(honorific) {
            let near = text[..end].char_indices().rev().take(REACH).last().map_or(end, |(at, _)| at);
            let before = behind_last(&text[near..end], &['。', '\n']);
            let name =
                behind_last(before, &['、', '「', '」', ' ', 'は', 'が', 'を', 'に', 'と', 'の', 'で', 'も']);
            let count = name.chars().count();
            let spelt = (name.chars().all(|c| matches!(c, 'ぁ'..='ん') || is_katakana(c))
                && (2..=4).contains(&count))
                || (name.chars().all(is_kanji) && (1..=3).contains(&count));
            let kin = WORDS.people.no_names.iter().any(|w| name.ends_with(w));
            let others = OF_OTHERS.iter().any(|w| before.contains(w));
            if spelt && !kin && !others && !is_quoted(end) {
                names.insert(format!("{name}{honorific}"));
            }
        }
    }
    let only = names.pop_first()?;
    names.is_empty().then_some(only)
}

/// What stands behind the last of `marks`.
fn behind_last<'t>(text: &'t str, marks: &[char]) -> &'t str {
    text.rsplit(marks).next().unwrap_or(text)
}

/// The relative of a word without a side, as the labels end: おばあちゃん → 祖母.
pub(crate) fn sideless(word: &str) -> Option<&'static str> {
    let forms = [
        ("祖母", "祖母"),
        ("祖父", "祖父"),
        ("おばあ", "祖母"),
        ("おじい", "祖父"),
        ("ばあちゃん", "祖母"),
        ("じいちゃん", "祖父"),
        ("おば", "おば"),
        ("おじ", "おじ"),
    ];
    forms.into_iter().find(|(form, _)| word.starts_with(form)).map(|(_, relative)| relative)
}

/// A one-character word (父, 兄) must not touch another kanji: 兄弟, 叔父, 父方.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    if text[range.clone()].chars().count() > 1 {
        return true;
    }
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    ![before, after].into_iter().flatten().any(is_kanji)
}

/// The kanji behind the kana of a given name: とし子, ゆき江.
const GIVEN_ENDS: [char; 8] = ['子', '江', '美', '代', '枝', '恵', '乃', '香'];

/// The length in bytes of the given name that begins at the start of `rest`, behind a family name; 0 where a particle stands
/// there: 「早川のぞみさん」, but 「森田と、」「菊地はいない」.
fn given_name(rest: &str) -> usize {
    // 「柏木とし子さん」
    let kana = rest.find(|c: char| !matches!(c, 'ぁ'..='ん')).unwrap_or(rest.len());
    if (1..=2).contains(&rest[..kana].chars().count())
        && let Some(last) = rest[kana..].chars().next().filter(|c| GIVEN_ENDS.contains(c))
    {
        let end = kana + last.len_utf8();
        if rest.len() == end
            || starts_with_any(&rest[end..], &["、", "。"])
            || starts_with_any(&rest[end..], HONORIFICS)
        {
            return end;
        }
    }
    if !starts_with_any(rest, &WORDS.people.given) {
        return 0;
    }
    let run = rest.find(|c: char| !matches!(c, 'ぁ'..='ん')).unwrap_or(rest.len());
    let honorific = HONORIFICS.iter().filter_map(|h| rest[..run].find(h)).filter(|at| *at > 0).min();
    let ends = rest[run..].starts_with(['、', '。', '氏', '様', '君', '(', ' ']) || run == rest.len();
    let name = match honorific {
        Some(at) => &rest[..at],
        // 「菊地はるは、」: the topic's particle is no part of the name.
        None if ends => {
            rest[..run].strip_suffix("です").unwrap_or(&rest[..run]).trim_end_matches(['は', 'が', 'を'])
        }
        None => return 0,
    };
    let phrase = honorific.is_none() && ends_with_any(name, &WORDS.people.no_given);
    if (2..=4).contains(&name.chars().count()) && !phrase { name.len() } else { 0 }
}

/// A name at the start of `range`: up to an honorific, punctuation, or a particle behind kanji or katakana that begins no given
/// name.
pub(crate) fn name_at(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let words = &text[range.clone()];
    let mut end = words.len();
    let mut before: Option<char> = None;
    for (at, c) in words.char_indices() {
        let rest = &words[at..];
        if before.is_some_and(is_kanji) {
            let given = given_name(rest);
            if given > 0 {
                end = at + given;
                break;
            }
        }
        let particle = matches!(c, 'と' | 'で' | 'が' | 'は' | 'も' | 'に' | 'を' | 'の' | 'か')
            && before.is_some_and(|b| is_kanji(b) || is_katakana(b));
        let called = c == 'と' && starts_with_any(rest, &["という", "といい", "と言", "と申"]);
        let stops = called
            || matches!(c, '、' | '。' | '，' | ' ' | '　' | '「' | '」' | '(' | ')' | '\n')
            || c.is_ascii_digit()
            || particle
            || (before.is_some() && (rest.starts_with("です") || starts_with_any(rest, HONORIFICS)));
        if stops {
            end = at;
            break;
        }
        before = Some(c);
    }
    // 「妹のすずなは、」: the particle is no part of the name.
    let kana = words[..end].chars().all(|c| matches!(c, 'ぁ'..='ん'));
    if kana
        && words[end..].starts_with('、')
        && words[..end].chars().count() >= 3
        && words[..end].ends_with(['は', 'が', 'も'])
    {
        end -= 'は'.len_utf8();
    }
    let name = &words[..end];
    // A particle and a verb (「が目視」, 「ひざに座っ」) and an honorific alone are no names.
    let kana_first = name.starts_with(|c| matches!(c, 'ぁ'..='ん'));
    if (kana_first && name.contains(is_kanji)) || HONORIFICS.contains(&name) {
        return None;
    }
    // 「グエン・ティ・ハン」: names of several words are longer.
    let parted = name.contains('・') && !name.starts_with('・') && !name.ends_with('・');
    let longest = if parted { 24 } else { 10 };
    let plausible = (1..=longest).contains(&name.chars().count())
        && name.chars().all(|c| {
            is_kanji(c)
                || is_katakana(c)
                || matches!(c, 'ぁ'..='ん' | '○' | 'A'..='Z' | 'a'..='z')
                || (c == '・' && parted)
        });
    plausible.then(|| range.start..range.start + end)
}

/// The name in front of the honorific at `honorific`: it begins with `range` or behind 、 or の (「園長の沢田さん」「実母の早川のぞみさん」).
pub(crate) fn name_before(text: &str, range: Range<usize>, honorific: &Range<usize>) -> Option<Range<usize>> {
    let words = text.get(range.start..honorific.start)?;
    let behind =
        words.char_indices().filter(|(_, c)| matches!(c, '、' | 'の' | ' ')).map(|(at, c)| at + c.len_utf8());
    std::iter::once(0).chain(behind).find_map(|at| {
        let name = name_at(text, range.start + at..honorific.end).filter(|n| n.end == honorific.start)?;
        // の behind hiragana joins: 母方おばの大石. Within a name it follows the family name.
        let words = &text[name.clone()];
        let joined = words
            .match_indices('の')
            .any(|(at, _)| words[..at].ends_with(|c: char| matches!(c, 'ぁ'..='ん')));
        (!words.is_empty() && !joined && !WORDS.people.no_names.contains(&words)).then_some(name)
    })
}

/// The end of the honorific at `at`, or `at` where there is none.
pub(crate) fn skip_honorific(text: &str, at: usize) -> usize {
    HONORIFICS.iter().find(|h| text[at..].starts_with(*h)).map_or(at, |h| at + h.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relations() -> Relations {
        let choice = |label: &str, spoken: &[&str]| Choice {
            label: label.into(),
            spoken: spoken.iter().map(ToString::to_string).collect(),
        };
        Relations::new(&[
            choice("本児", &[]),
            choice("実父", &["お父さん", "父"]),
            choice("実母", &["お母さん", "母"]),
            choice("母方祖母", &["母方の祖母", "母方のおばあちゃん"]),
            choice("兄", &[]),
        ])
        .unwrap()
    }

    fn labels(text: &str) -> Vec<Option<String>> {
        relations().mentions(text, 0..text.len()).into_iter().map(|m| m.relation).collect()
    }

    #[test]
    fn words_for_relatives() {
        assert_eq!(labels("お母さんと本児"), [Some("実母".to_owned()), Some("本児".to_owned())]);
        assert_eq!(labels("母方のおばあちゃん"), [Some("母方祖母".to_owned())]);
        assert_eq!(labels("祖母から"), [None]);
        assert_eq!(labels("母の交際相手から"), [Some("交際相手".to_owned())]);
    }

    #[test]
    fn compounds_are_no_people() {
        assert!(labels("母子手帳と母乳と父の日").is_empty());
        assert!(labels("兄弟げんか、叔父").is_empty());
    }

    #[test]
    fn names_end_where_they_end() {
        let name = |text: &str| name_at(text, 0..text.len()).map(|r| text[r].to_owned());
        assert_eq!(name("森田と、保健師").as_deref(), Some("森田"));
        assert_eq!(name("高橋ゆかりさん、34歳").as_deref(), Some("高橋ゆかり"));
        assert_eq!(name("高橋ひなた、女の子です").as_deref(), Some("高橋ひなた"));
        assert_eq!(name("西村が家庭訪問").as_deref(), Some("西村"));
        assert_eq!(name("、森田"), None);
    }

    #[test]
    fn a_given_name_may_begin_like_a_particle() {
        let name = |text: &str| name_at(text, 0..text.len()).map(|r| text[r].to_owned());
        assert_eq!(name("野口のぞみさん、30歳").as_deref(), Some("野口のぞみ"));
        assert_eq!(name("三浦はる、女の子").as_deref(), Some("三浦はる"));
        assert_eq!(name("三浦ともえ。").as_deref(), Some("三浦ともえ"));
        assert_eq!(name("三浦かずまくん").as_deref(), Some("三浦かずま"));
        // Particles stay particles.
        assert_eq!(name("三浦はいない。").as_deref(), Some("三浦"));
        assert_eq!(name("三浦から、電話").as_deref(), Some("三浦"));
        assert_eq!(name("三浦とも話した").as_deref(), Some("三浦"));
        assert_eq!(name("三浦の妹").as_deref(), Some("三浦"));
    }

    #[test]
    fn the_name_in_front_of_an_honorific() {
        let name = |text: &str| {
            let at = text.find("さん").unwrap();
            name_before(text, 0..text.len(), &(at..at + "さん".len())).map(|r| text[r].to_owned())
        };
        assert_eq!(name("もみじ幼稚園の園長の沢村さん").as_deref(), Some("沢村"));
        assert_eq!(name("実母の野口のぞみさん").as_deref(), Some("野口のぞみ"));
        assert_eq!(name("小学校の教頭、三浦さん").as_deref(), Some("三浦"));
        assert_eq!(name("父方おばの沢村まゆさん").as_deref(), Some("沢村まゆ"));
        assert_eq!(name("近所のおばさん"), None);
    }
}
