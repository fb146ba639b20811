//! The size of an injury.

use std::ops::Range;
use std::sync::LazyLock;

use record::{Flag, NormalForm, RowBuilder};
use regex::Regex;

use crate::vocabulary::WORDS;
use crate::words::ends_with_any;

/// Diameters in cm of the coins that people compare with (forms.md T9, 要確認).
const COINS: &[(u32, f64)] = &[(1, 2.0), (5, 2.2), (50, 2.1), (10, 2.35), (100, 2.26), (500, 2.65)];

static COIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(500|100|50|10|5|1|五百|百|五十|十|五|一)円(?:玉|硬貨)(?:くらい|ぐらい|ほど|大|程度)*(?:の大きさ)?",
    )
    .ok()
});

static LENGTH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:直径|長径|短径|横幅|幅|縦|横|約|およそ)?(\d+(?:\.\d+)?)(cm|センチ(?:メートル)?|mm|ミリ(?:メートル)?)(?:(?:から|〜|、)(\d+(?:\.\d+)?)(?:cm|センチ(?:メートル)?|mm|ミリ))?(?:くらい|ぐらい|ほど|大|程度|前後|弱|強|未満|以上)?")
        .ok()
});

/// 「縦3センチ、横2センチ」
static BOTH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:縦|たて|長さ)(?:は|が|に)?\d+(?:\.\d+)?(?:cm|センチ|mm|ミリ)、?(?:横|よこ|幅)(?:は|が|に)?\d+(?:\.\d+)?(?:cm|センチ|mm|ミリ)(?:くらい|ぐらい|ほど|程度)?")
        .ok()
});

/// Words that put the next value in place of the one before.
const CORRECTED: &[&str] = &["いや", "いえ", "違う", "訂正", "失礼", "じゃなくて", "ではなくて", "ではなく"];
/// Behind a thing with which a size is compared.
pub(super) const DEGREES: &[&str] = &["大", "くらい", "ぐらい", "ほど", "程度", "サイズ", "の大きさ"];

/// The coin's worth; a recogniser may leave it in kanji (一円玉).
fn coin(words: &str) -> Option<u32> {
    const KANJI: &[(&str, u32)] =
        &[("五百", 500), ("百", 100), ("五十", 50), ("十", 10), ("五", 5), ("一", 1)];
    words.parse().ok().or_else(|| KANJI.iter().find(|(kanji, _)| *kanji == words).map(|(_, yen)| *yen))
}

pub(super) fn size(
    text: &str,
    row: &mut RowBuilder<'_>,
    range: &Range<usize>,
) -> Result<(), record::GroundingError> {
    let words = &text[range.clone()];
    let at = |m: regex::Match<'_>| range.start + m.start()..range.start + m.end();
    if let Some(found) = COIN.as_ref().and_then(|r| r.captures(words))
        && let (Some(whole), Some(coin)) = (found.get(0), found.get(1).and_then(|m| coin(m.as_str())))
    {
        row.normal("size", &NormalForm::CoinSize(coin), at(whole))?;
        // 「500円玉、居住円玉」: a second coin that was misheard may be the one that counts.
        if words.matches("円玉").count() > COIN.as_ref().map_or(0, |r| r.find_iter(words).count()) {
            row.flag(Flag::Uncertain);
            return Ok(());
        }
        if let Some((_, cm)) = COINS.iter().find(|(c, _)| *c == coin) {
            row.normal("size_cm", &NormalForm::Number(*cm), at(whole))?;
        }
        return Ok(());
    }
    if let Some(both) = BOTH.as_ref().and_then(|r| r.find(words)) {
        return row.copy("size", at(both));
    }
    // 「1センチ、いや8ミリ」: the last that was put in place of another.
    let mut lengths = LENGTH.as_ref().into_iter().flat_map(|r| r.captures_iter(words));
    let first = lengths.next();
    let corrected = lengths.find(|c| {
        c.get(0).is_some_and(|m| ends_with_any(words[..m.start()].trim_end_matches('、'), CORRECTED))
    });
    if let Some(found) = corrected.or(first)
        && let (Some(whole), Some(number), Some(unit)) = (found.get(0), found.get(1), found.get(2))
    {
        row.copy("size", at(whole))?;
        if let (Ok(number), None) = (number.as_str().parse::<f64>(), found.get(3)) {
            let cm = if unit.as_str().starts_with(['m', 'ミ']) { number / 10.0 } else { number };
            row.normal("size_cm", &NormalForm::Number(cm), at(whole))?;
        }
        return Ok(());
    }
    // 「手のひら大」「米粒くらい」
    let compared = WORDS.injury.compared.iter().find_map(|thing| {
        let start = range.start + words.find(thing)?;
        let behind = start + thing.len();
        let rest = &text[behind..range.end];
        let degree = DEGREES.iter().find(|d| rest.starts_with(**d))?;
        Some(start..behind + degree.len())
    });
    match compared {
        Some(words) => row.copy("size", words),
        None => Ok(()),
    }
}
