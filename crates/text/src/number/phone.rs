//! Telephone numbers, read out digit by digit.

use crate::cursor::Cursor;

use super::kanji_digit;

/// Digits as words, longer ones first where one starts another.
const DIGIT_WORDS: &[(&str, char)] = &[
    ("ゼロ", '0'),
    ("ぜろ", '0'),
    ("レイ", '0'),
    ("れい", '0'),
    ("マル", '0'),
    ("まる", '0'),
    ("イチ", '1'),
    ("いち", '1'),
    ("ニー", '2'),
    ("ニイ", '2'),
    ("にー", '2'),
    ("にい", '2'),
    ("ニ", '2'),
    ("に", '2'),
    ("サン", '3'),
    ("さん", '3'),
    ("ヨン", '4'),
    ("よん", '4'),
    ("シチ", '7'),
    ("しち", '7'),
    ("シ", '4'),
    ("し", '4'),
    ("ゴー", '5'),
    ("ごー", '5'),
    ("ゴ", '5'),
    ("ご", '5'),
    ("ロク", '6'),
    ("ろく", '6'),
    ("ナナ", '7'),
    ("なな", '7'),
    ("ハチ", '8'),
    ("はち", '8'),
    ("キュー", '9'),
    ("キュウ", '9'),
    ("きゅう", '9'),
    ("ク", '9'),
    ("く", '9'),
];
const SEPARATORS: &[&str] = &["、", "-", "の", "ノ", "(", ")", "・", " "];

/// A telephone number of 10 or 11 digits with its leading zero, at `at`: its end and its written form.
pub(crate) fn parse(text: &str, at: usize) -> Option<(usize, String)> {
    let behind_digit = |c: char| c.is_ascii_digit() || c == '-' || kanji_digit(c).is_some();
    if text[..at].ends_with(behind_digit) {
        return None;
    }
    let mut cursor = Cursor::new(text, at);
    let mut groups = vec![String::new()];
    let mut end = at;
    let mut count = 0;
    loop {
        if let Some(digit) = digit(&mut cursor) {
            count += 1;
            if count > 11 || (count == 1 && digit != '0') || (count == 2 && digit == '0') {
                return None;
            }
            if let Some(group) = groups.last_mut() {
                group.push(digit);
            }
            end = cursor.at();
            continue;
        }
        if groups.last().is_some_and(String::is_empty) || cursor.any(SEPARATORS).is_none() {
            break;
        }
        // 「)-」 and 「、 」 are one separator.
        cursor.any(SEPARATORS);
        groups.push(String::new());
    }
    groups.retain(|g| !g.is_empty());
    if count != 10 && count != 11 {
        return None;
    }
    // A counter behind it shows that the last digits count something else.
    let next = Cursor::new(text, end);
    if next.sees(&["年", "月", "日", "時", "分", "歳", "人", "回", "円"]) {
        return None;
    }
    Some((end, join(&groups)?))
}

fn digit(cursor: &mut Cursor<'_>) -> Option<char> {
    if let Some(digit) = cursor.eat_char(|c| c.is_ascii_digit()) {
        return Some(digit);
    }
    if let Some(kanji) = cursor.peek().and_then(kanji_digit) {
        cursor.eat_char(|_| true);
        return Some(char::from(b'0' + kanji));
    }
    DIGIT_WORDS.iter().find(|(word, _)| cursor.eat(word)).map(|(_, digit)| *digit)
}

/// The groups as spoken where they are the parts of a number; else the usual division.
fn join(groups: &[String]) -> Option<String> {
    let lengths: Vec<_> = groups.iter().map(String::len).collect();
    if matches!(lengths[..], [2..=5, 1..=4, 4] | [4, 3, 3]) {
        return Some(groups.join("-"));
    }
    let all = groups.concat();
    let area = match all.get(..4)? {
        "0120" | "0800" => 4,
        _ if all.len() == 11 => 3,
        two if two.starts_with("03") || two.starts_with("06") => 2,
        _ => 3,
    };
    let last = if area == 4 && all.len() == 10 { 3 } else { 4 };
    let split = all.len().checked_sub(last)?;
    Some(format!("{}-{}-{}", all.get(..area)?, all.get(area..split)?, all.get(split..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<String> {
        parse(text, 0).map(|(_, written)| written)
    }

    #[test]
    fn spoken_digits() {
        assert_eq!(number("ゼロサン、イチニーサンヨン、ゴーロクナナハチ").as_deref(), Some("03-1234-5678"));
        assert_eq!(number("ゼロ九ゼロの一二三四の五六七八").as_deref(), Some("090-1234-5678"));
        assert_eq!(number("〇三一二三四五六七八").as_deref(), Some("03-1234-5678"));
    }

    #[test]
    fn digits_as_recognisers_write_them() {
        assert_eq!(number("0312345678").as_deref(), Some("03-1234-5678"));
        assert_eq!(number("090 1234 5678").as_deref(), Some("090-1234-5678"));
        assert_eq!(number("03(1234)5678").as_deref(), Some("03-1234-5678"));
        assert_eq!(number("0120-123-456").as_deref(), Some("0120-123-456"));
        assert_eq!(number("0120123456").as_deref(), Some("0120-123-456"));
    }

    #[test]
    fn too_few_and_too_many_digits_are_none() {
        assert_eq!(number("03-1234"), None);
        assert_eq!(number("031234567890123"), None);
        assert_eq!(number("1234567890"), None);
        assert_eq!(number("〇〇、イチニーサンヨン、ゴーロクナナハチ"), None);
    }
}
