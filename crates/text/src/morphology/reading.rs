//! Readings by rule: kana as they are, letters by their names, numbers as they are counted.

use super::{Morpheme, Pos};

/// Katakana as hiragana; everything else, ー too, stays.
///
/// ```
/// assert_eq!(text::hiragana("カウンセラー"), "かうんせらー");
/// ```
#[must_use]
pub fn hiragana(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'ァ'..='ヶ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
            c => c,
        })
        .collect()
}

/// Names of the letters as Japanese speakers say them.
const LETTERS: [&str; 26] = [
    "えー",
    "びー",
    "しー",
    "でぃー",
    "いー",
    "えふ",
    "じー",
    "えいち",
    "あい",
    "じぇー",
    "けー",
    "える",
    "えむ",
    "えぬ",
    "おー",
    "ぴー",
    "きゅー",
    "あーる",
    "えす",
    "てぃー",
    "ゆー",
    "ぶい",
    "だぶりゅー",
    "えっくす",
    "わい",
    "ぜっと",
];
const DIGITS: [&str; 10] = ["ぜろ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"];

/// Reading of a word that the dictionary does not have; `kanji` reads one character.
pub(super) fn spell(surface: &str, kanji: impl Fn(char) -> String) -> String {
    let mut reading = String::new();
    for c in surface.chars() {
        match c {
            'ぁ'..='ゖ' | 'ー' => reading.push(c),
            'ァ'..='ヶ' => reading.push_str(&hiragana(c.encode_utf8(&mut [0; 4]))),
            'a'..='z' | 'A'..='Z' => {
                reading.push_str(LETTERS[usize::from(c.to_ascii_lowercase() as u8 - b'a')]);
            }
            '0'..='9' => reading.push_str(DIGITS[usize::from(c as u8 - b'0')]),
            c if c.is_alphabetic() => reading.push_str(&kanji(c)),
            _ => {}
        }
    }
    reading
}

/// Gives runs of digits the reading of the whole number, on their first word; the words behind it read as nothing.
pub(super) fn numbers(words: &mut [Morpheme<'_>]) {
    let digits = |w: &Morpheme<'_>| w.surface.bytes().all(|b| b.is_ascii_digit());
    let mut at = 0;
    while at < words.len() {
        let count = words[at..].iter().take_while(|w| digits(w)).count();
        if count == 0 {
            at += 1;
            continue;
        }
        let run = &mut words[at..at + count];
        let number: String = run.iter().map(|w| w.surface).collect();
        if let Some(reading) = number.parse().ok().filter(|_| !number.starts_with('0')).and_then(count_out) {
            for word in run.iter_mut() {
                word.reading.clear();
            }
            run[0].reading = reading;
        }
        for word in run {
            (word.pos, word.known) = (Pos::Number, true);
        }
        at += count;
    }
}

/// A number from 1 to 99,999,999 as it is said; larger ones are read digit by digit.
fn count_out(number: u32) -> Option<String> {
    if number == 0 || number > 99_999_999 {
        return None;
    }
    let mut reading = String::new();
    if number >= 10_000 {
        below_ten_thousand(number / 10_000, &mut reading);
        reading.push_str("まん");
    }
    below_ten_thousand(number % 10_000, &mut reading);
    Some(reading)
}

fn below_ten_thousand(number: u32, reading: &mut String) {
    let digit = |n: u32| DIGITS[(n % 10) as usize];
    match number / 1_000 {
        0 => {}
        1 => reading.push_str("せん"),
        3 => reading.push_str("さんぜん"),
        8 => reading.push_str("はっせん"),
        n => reading.push_str(&format!("{}せん", digit(n))),
    }
    match number / 100 % 10 {
        0 => {}
        1 => reading.push_str("ひゃく"),
        3 => reading.push_str("さんびゃく"),
        6 => reading.push_str("ろっぴゃく"),
        8 => reading.push_str("はっぴゃく"),
        n => reading.push_str(&format!("{}ひゃく", digit(n))),
    }
    match number / 10 % 10 {
        0 => {}
        1 => reading.push_str("じゅう"),
        n => reading.push_str(&format!("{}じゅう", digit(n))),
    }
    if !number.is_multiple_of(10) {
        reading.push_str(digit(number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Morphology;

    fn readings(text: &str) -> String {
        let words = Morphology::shared().unwrap().tokens(text);
        words.iter().map(|w| w.reading.as_str()).collect()
    }

    #[test]
    fn numbers_are_read_as_they_are_counted() {
        assert_eq!(count_out(48).as_deref(), Some("よんじゅうはち"));
        assert_eq!(count_out(2_850).as_deref(), Some("にせんはっぴゃくごじゅう"));
        assert_eq!(count_out(13_300).as_deref(), Some("いちまんさんぜんさんびゃく"));
        assert_eq!(readings("48時間"), "よんじゅうはちじかん");
        assert_eq!(readings("03"), "ぜろさん");
    }

    #[test]
    fn letters_are_read_by_their_names() {
        assert_eq!(readings("SV"), "えすぶい");
        assert_eq!(readings("SSW"), "えすえすだぶりゅー");
    }

    #[test]
    fn words_of_the_dictionary_have_its_reading() {
        assert_eq!(readings("家庭訪問の目的"), "かていほうもんのもくてき");
        assert_eq!(readings("加伝"), "かでん");
    }

    #[test]
    fn punctuation_is_silent() {
        assert_eq!(readings("、。「」"), "");
    }
}
