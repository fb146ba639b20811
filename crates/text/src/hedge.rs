//! Words that say how sure a statement is: uncertain (多分, くらい) and hearsay (とのこと, と聞いている).

use std::ops::Range;

use record::Flag;

/// Longer phrases before those that they contain.
const UNCERTAIN: &[&str] = &[
    "かもしれません",
    "かもしれない",
    "かも知れない",
    "だったと思います",
    "だったと思う",
    "だと思います",
    "だと思う",
    "と思います",
    "と思う",
    "らしいです",
    "らしい",
    "たぶん",
    "多分",
    "おそらく",
    "恐らく",
    "ようです",
    "ようだ",
    "みたいです",
    "みたいだ",
    "のではないか",
    "ではないか",
    "くらい",
    "ぐらい",
    "自信がない",
    "自信はない",
    "はっきりしない",
    "うろ覚え",
    "可能性",
    "推測",
    "思われる",
];
const HEARSAY: &[&str] = &[
    "とのことです",
    "とのことだった",
    "とのこと",
    "ということです",
    "と聞いています",
    "と聞いている",
    "と聞いた",
    "と聞く",
    "と聞きました",
    "によれば",
    "によると",
    "だそうです",
    "そうです",
    "だそうだ",
    "との情報",
    "との話",
    "と伝え聞",
    "いわく",
];
/// らしい and ようだ that are no guess: 子どもらしい, 寝るようになる.
const NOT_A_GUESS: &[&str] = &[
    "子どもらしい",
    "子供らしい",
    "男らしい",
    "女らしい",
    "すばらしい",
    "素晴らしい",
    "かわいらしい",
    "いやらしい",
    "めずらしい",
];

/// The hedges in `clause` with their byte ranges, by position: [`Flag::Uncertain`] and [`Flag::Hearsay`].
///
/// 「3週間くらい」 is uncertain, 「元気だそうです」 hearsay, 「元気そうです」 neither: that is what was seen.
#[must_use]
pub fn hedges(clause: &str) -> Vec<(Flag, Range<usize>)> {
    let mut found: Vec<(Flag, Range<usize>)> = Vec::new();
    for (words, flag) in [(UNCERTAIN, Flag::Uncertain), (HEARSAY, Flag::Hearsay)] {
        for word in words {
            for (at, _) in clause.match_indices(word) {
                let range = at..at + word.len();
                let inside = found.iter().any(|(_, r)| r.start <= range.start && range.end <= r.end);
                if !inside && is_hedge(clause, word, at) {
                    found.push((flag, range));
                }
            }
        }
    }
    found.sort_by_key(|(_, range)| range.start);
    found
}

/// The flags that the hedges of `clause` make, each once.
#[must_use]
pub fn flags(clause: &str) -> Vec<Flag> {
    let mut flags: Vec<Flag> = hedges(clause).into_iter().map(|(flag, _)| flag).collect();
    flags.sort_unstable();
    flags.dedup();
    flags
}

fn is_hedge(clause: &str, word: &str, at: usize) -> bool {
    let head = &clause[..at];
    match word {
        "らしい" | "らしいです" => {
            !NOT_A_GUESS.iter().any(|w| clause[..at + "らしい".len()].ends_with(w))
        }
        // 転んだそうです reports, 元気そうです describes.
        "そうです" => {
            head.ends_with(['だ', 'た', 'る', 'い', 'う', 'す', 'く', 'む', 'ぶ', 'つ', 'ぬ', 'ぐ'])
        }
        "くらい" => !clause[at + word.len()..].starts_with(['顔', '部']) && !head.ends_with('お'),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_uncertain() {
        for text in [
            "多分三歳",
            "三つか四つくらいだと思う",
            "転んだらしい",
            "寝ていたかもしれない",
            "ここ二週間くらい",
        ] {
            assert_eq!(flags(text), [Flag::Uncertain], "{text}");
        }
    }

    #[test]
    fn reports_are_hearsay() {
        for text in ["毎晩泣くと聞いている", "転んだとのこと", "祖母によると元気", "転んだそうです"]
        {
            assert_eq!(flags(text), [Flag::Hearsay], "{text}");
        }
    }

    #[test]
    fn observations_and_plain_words_are_neither() {
        for text in ["元気そうです", "子どもらしい笑顔", "左の頬に青あざ", "園に電話する"]
        {
            assert!(flags(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn both_can_stand_in_one_clause() {
        assert_eq!(flags("三歳くらいだと聞いている"), [Flag::Hearsay, Flag::Uncertain]);
        assert_eq!(hedges("多分いる").first().map(|(_, r)| r.clone()), Some(0..6));
    }
}
