//! Words of the calendar and the clock that were misheard: 「0は7年9月25日目よ、5個2時」 reads 「令和7年9月25日木曜、午後2時」.
//!
//! Only where the figures beside them leave no other reading: an era before a year and a month, 午前 and 午後 before an
//! hour, 半 and 分 behind one, a day in kana before a weekday or behind a month, and a weekday behind a day that falls on it.
//! A day that was heard with a weekday of another one is that other day where the two sound alike (よっか, ようか). What is
//! right stays, and any other weekday that contradicts its day is left to the reviewer.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use record::{Document, Replacement};

use crate::chain::Pass;
use crate::cursor::{Cursor, before};
use crate::error::{Error, Result};
use crate::layout::{Layout, is_stop};
use crate::lexicon::spoken_distance;
use crate::morphology::Morphology;
use crate::words::{Words, lines};
use crate::{dates, number};

const NAME: &str = "calendar";
/// kind, heard, meant; the file explains itself.
const TABLE: &str = include_str!("../data/calendar.tsv");

const WEEKDAYS: [(Weekday, &str, &str); 7] = [
    (Weekday::Monday, "月曜", "げつよう"),
    (Weekday::Tuesday, "火曜", "かよう"),
    (Weekday::Wednesday, "水曜", "すいよう"),
    (Weekday::Thursday, "木曜", "もくよう"),
    (Weekday::Friday, "金曜", "きんよう"),
    (Weekday::Saturday, "土曜", "どよう"),
    (Weekday::Sunday, "日曜", "にちよう"),
];
/// Days of the month that sound alike: よっか and ようか, ふつか and はつか, じゅういちにち and じゅうしちにち.
const SOUND_ALIKE: [(i8, i8); 4] = [(4, 8), (2, 20), (11, 17), (21, 27)];
/// Most characters that are written for a weekday.
const WEEKDAY_CHARS: usize = 4;
/// How far from the weekday's sound its letters may be: for characters that make no word, a share of its moras.
const FAR: f32 = 0.32;
/// What may follow a weekday.
const BEHIND_WEEKDAY: &[&str] =
    &["、", "。", " ", "午", "の", "に", "は", "で", "朝", "昼", "夕", "夜", "から", "まで", "五", "十"];
/// What may follow a time of day.
const BEHIND_TIME: &[&str] =
    &["、", "。", " ", "に", "から", "まで", "より", "頃", "ごろ", "で", "の", "と", "、", "開始", "着"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Era,
    Noon,
    Half,
    Minute,
    Weekday,
    /// A day in kana.
    Day,
    /// A day in kana that no other word sounds like.
    LoneDay,
}

/// What may follow a day of the month in kana.
const BEHIND_DAY: &[&str] = &["、", "に", "の朝", "の昼", "の夜", "の夕方", "まで", "から", "以降"];

/// What is meant by a word, by where it stands.
static HEARD: LazyLock<Words<Vec<(Kind, &str)>>> = LazyLock::new(|| {
    let mut words: Vec<(String, Vec<(Kind, &str)>)> = Vec::new();
    for line in lines(TABLE) {
        let mut columns = line.split('\t');
        let kind = match columns.next() {
            Some("era") => Kind::Era,
            Some("noon") => Kind::Noon,
            Some("half") => Kind::Half,
            Some("minute") => Kind::Minute,
            Some("day") => Kind::Day,
            Some("lone day") => Kind::LoneDay,
            _ => Kind::Weekday,
        };
        let (Some(heard), Some(meant)) = (columns.next(), columns.next()) else { continue };
        for word in heard.split('|') {
            match words.iter_mut().find(|(known, _)| known == word) {
                Some((_, meanings)) => meanings.push((kind, meant)),
                None => words.push((word.to_owned(), vec![(kind, meant)])),
            }
        }
    }
    Words::new(words)
});

/// Writes the era, the weekday, 午前, 午後, 半 and 分 where figures prove that they were said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calendar;

impl Pass for Calendar {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        let words = listed(doc);
        if !words.is_empty() {
            doc.edit(NAME, words).map_err(|source| Error::edit(NAME, source))?;
        }
        // A year that has its era gives its days their weekdays.
        let mut days = weekdays(doc)?;
        days.extend(other_days(doc));
        if !days.is_empty() {
            doc.edit(NAME, days).map_err(|source| Error::edit(NAME, source))?;
        }
        Ok(())
    }
}

/// Eras, halves of the day, halves of the hour, minutes.
fn listed(doc: &Document) -> Vec<Replacement> {
    let text = doc.text();
    let layout = Layout::new(doc);
    let mut replacements: Vec<Replacement> = Vec::new();
    let mut free = 0;
    for (at, _) in text.char_indices() {
        if at < free || layout.is_quoted(at) {
            continue;
        }
        let found = HEARD.all_at(text, at).find_map(|(word, meanings)| {
            let range = at..at + word.len();
            let fits = |kind| match kind {
                Kind::Era => is_era(text, &range, &layout),
                Kind::Noon => is_noon(text, &range),
                Kind::Half => is_half(text, &range),
                Kind::Minute => is_minute(text, &range),
                Kind::Day => is_day(text, &range),
                Kind::LoneDay => is_day(text, &range) || is_lone_day(text, &range, &layout),
                Kind::Weekday => false,
            };
            meanings.iter().find(|(kind, _)| fits(*kind)).map(|(_, meant)| (range.clone(), *meant))
        });
        if let Some((range, meant)) = found {
            free = range.end;
            replacements.push(Replacement::new(range, meant, format!("{meant}, by the figures beside it")));
        }
    }
    replacements
}

fn is_era(text: &str, range: &Range<usize>, layout: &Layout) -> bool {
    let figure = text[range.clone()].starts_with(|c: char| c.is_ascii_digit());
    let starts = before(text, range.start).is_none_or(is_stop) || layout.pause_at(range.start, 0);
    let joins_number = before(text, range.start).is_some_and(|c| c.is_ascii_digit() || c == '.');
    let mut cursor = Cursor::new(text, range.end);
    // An era's years; a number of years is not followed by a month.
    let dated = cursor.integer(64).is_some_and(|year| year > 0)
        && cursor.eat("年")
        && cursor.integer(12).is_some_and(|month| month > 0)
        && cursor.eat("月");
    (figure || starts) && !joins_number && dated
}

fn is_noon(text: &str, range: &Range<usize>) -> bool {
    let counted = before(text, range.start).is_some_and(number::starts_number);
    let mut cursor = Cursor::new(text, range.end);
    let hour = cursor.integer(12).is_some() && cursor.eat("時") && !cursor.sees(&["間"]);
    !counted && hour
}

fn is_half(text: &str, range: &Range<usize>) -> bool {
    text[..range.start].ends_with('時')
        && before(text, range.start - '時'.len_utf8()).is_some_and(number::starts_number)
        && closes(text, range.end, BEHIND_TIME)
}

fn is_minute(text: &str, range: &Range<usize>) -> bool {
    let head = text[..range.start].trim_end_matches(number::starts_number);
    head.len() < range.start
        && head.ends_with('時')
        && before(head, head.len() - '時'.len_utf8()).is_some_and(number::starts_number)
        && closes(text, range.end, BEHIND_TIME)
}

/// Behind a month, or before a weekday.
fn is_day(text: &str, range: &Range<usize>) -> bool {
    let month = text[..range.start].strip_suffix('月').and_then(|head| before(head, head.len()));
    let weekday = dates::weekday(&mut Cursor::new(text, range.end));
    month.is_some_and(number::starts_number) || weekday.is_some()
}

/// The first word of a clause, with what follows a day behind it.
fn is_lone_day(text: &str, range: &Range<usize>, layout: &Layout) -> bool {
    let starts = before(text, range.start).is_none_or(is_stop) || layout.pause_at(range.start, 0);
    starts && BEHIND_DAY.iter().any(|word| text[range.end..].starts_with(word))
}

fn closes(text: &str, at: usize, words: &[&str]) -> bool {
    at == text.len() || words.iter().any(|word| text[at..].starts_with(word))
}

/// Weekdays behind days that fall on them.
fn weekdays(doc: &Document) -> Result<Vec<Replacement>> {
    let text = doc.text();
    let mut replacements = Vec::new();
    for (range, day) in dates::days_without_weekday(doc) {
        if let Some((heard, meant, distance)) = weekday_behind(text, range.end, day)? {
            let reason = format!("{meant}, the weekday of {day}, distance {distance:.2}");
            replacements.push(Replacement::new(heard, meant, reason));
        }
    }
    Ok(replacements)
}

/// Days that were heard with the weekday of one that sounds like them. What was written is left to the reviewer.
fn other_days(doc: &Document) -> Vec<Replacement> {
    let mut replacements = Vec::new();
    for contradicted in dates::contradicted_days(doc) {
        let said = contradicted.day.day();
        let alike = SOUND_ALIKE.iter().find_map(|&(a, b)| match said {
            day if day == a => Some(b),
            day if day == b => Some(a),
            _ => None,
        });
        let meant = alike.and_then(|day| contradicted.day.with().day(day).build().ok());
        if let Some(meant) = meant.filter(|day| day.weekday() == contradicted.weekday)
            && doc.confidence(contradicted.number.clone()).is_some()
        {
            let reason = format!("{meant} has this weekday and sounds like {}", contradicted.day);
            replacements.push(Replacement::new(contradicted.number, meant.day().to_string(), reason));
        }
    }
    replacements
}

/// The characters behind a day that sound like its weekday, the best length of them.
fn weekday_behind(text: &str, at: usize, day: Date) -> Result<Option<(Range<usize>, &'static str, f32)>> {
    let Some(&(_, meant, reading)) = WEEKDAYS.iter().find(|(weekday, ..)| *weekday == day.weekday()) else {
        return Ok(None);
    };
    let tail = &text[at..];
    let run = tail
        .char_indices()
        .take(WEEKDAY_CHARS + 1)
        .find(|(_, c)| c.is_ascii_digit() || is_stop(*c))
        .map_or_else(
            || tail.char_indices().nth(WEEKDAY_CHARS + 1).map_or(tail.len(), |(at, _)| at),
            |(at, _)| at,
        );
    if tail[..run].contains(['曜', '「', '『']) {
        return Ok(None);
    }
    let mut best: Option<(Range<usize>, f32)> = None;
    for (start, c) in tail[..run].char_indices().take(WEEKDAY_CHARS) {
        let heard = &tail[..start + c.len_utf8()];
        let next = &text[at + heard.len()..];
        let closed =
            next.starts_with(|c: char| c.is_ascii_digit()) || closes(text, at + heard.len(), BEHIND_WEEKDAY);
        if !closed {
            continue;
        }
        let listed = HEARD.get(heard).is_some_and(|meanings| meanings.contains(&(Kind::Weekday, meant)));
        let distance = if listed { Some(0.0) } else { by_sound(heard, reading)? };
        if let Some(distance) = distance
            && best.as_ref().is_none_or(|(_, known)| distance < *known)
        {
            best = Some((at..at + heard.len(), distance));
        }
    }
    Ok(best.map(|(range, distance)| (range, meant, distance)))
}

/// Distance of characters that make no word from a reading, where it is small enough.
fn by_sound(heard: &str, reading: &str) -> Result<Option<f32>> {
    let morphology = Morphology::shared()?;
    let words = morphology.tokens(heard);
    let is_word = words.len() == 1 && words[0].known;
    let (distance, moras) = spoken_distance(&words, reading);
    Ok((!is_word && distance <= FAR * moras as f32).then_some(distance))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use record::{Segment, Token, Transcript};

    use super::*;
    use crate::conformance;
    use crate::testing::document;

    /// With an anchor of 2025-12-01.
    fn heard(text: &str) -> String {
        let mut doc = document(text, Some(jiff::civil::date(2025, 12, 1)));
        Calendar.apply(&mut doc).unwrap();
        doc.text().to_owned()
    }

    #[test]
    fn the_pass_conforms() {
        conformance::run(&Calendar);
    }

    #[test]
    fn words_of_the_table_are_spellings_of_the_meaning() {
        for line in lines(TABLE) {
            let kind = line.split('\t').next().unwrap();
            assert!(
                ["era", "noon", "half", "minute", "weekday", "day", "lone day"].contains(&kind),
                "{line}"
            );
            assert_eq!(line.split('\t').count(), 3, "{line}");
        }
    }

    #[test]
    fn eras_before_a_year_and_a_month() {
        for text in
            ["0は7年9月25日", "冷は7年9月25日", "0話7年9月25日", "0.7年9月25日", "例は七年九月二十五日"]
        {
            assert!(heard(text).starts_with("令和"), "{text}: {}", heard(text));
        }
        assert_eq!(heard("確認日時。0は7年9月4日"), "確認日時。令和7年9月4日");
    }

    #[test]
    fn weekdays_behind_a_day_that_falls_on_them() {
        for (text, read) in [
            ("令和7年9月25日目よ、", "令和7年9月25日木曜、"),
            ("令和7年9月4日目用。", "令和7年9月4日木曜。"),
            ("8月19日海洋の9時", "8月19日火曜の9時"),
            ("11月7日企業に家庭訪問", "11月7日金曜に家庭訪問"),
            ("令和7年10月22日すよ午後", "令和7年10月22日水曜午後"),
            ("7月22日かよ、作成", "7月22日火曜、作成"),
            ("7月7日月を9時10分", "7月7日月曜9時10分"),
        ] {
            assert_eq!(heard(text), read);
        }
    }

    #[test]
    fn halves_of_the_day_and_parts_of_the_hour() {
        for (text, read) in [
            ("5個2時から", "午後2時から"),
            ("五個二時十分から", "午後二時十分から"),
            ("5前11時に", "午前11時に"),
            ("午前9時5部、", "午前9時5分、"),
            ("9時版から", "9時半から"),
        ] {
            assert_eq!(heard(text), read);
        }
    }

    #[test]
    fn days_in_kana() {
        for (text, read) in [
            ("ここのか月曜の朝に、坂口が再訪問", "9日月曜の朝に、坂口が再訪問"),
            ("12月ようか月曜、", "12月8日月曜、"),
            ("面接した。初か、杉山から電話", "面接した。20日、杉山から電話"),
            ("ふつかに来所", "2日に来所"),
        ] {
            assert_eq!(heard(text), read);
        }
    }

    #[test]
    fn a_day_that_was_heard_is_the_one_that_has_the_weekday() {
        let read = |text: &str, tokens: Vec<Token>| {
            let segment = Segment { raw: text.into(), tokens, ..Segment::default() };
            let transcript = Transcript { segments: vec![segment], edits: vec![] };
            let mut doc = Document::new(&transcript, Some(jiff::civil::date(2026, 6, 9)));
            Calendar.apply(&mut doc).unwrap();
            doc.text().to_owned()
        };
        let heard = |text: &str| {
            let token = Token { text: text.into(), start_ms: 0, end_ms: 500, logprob: -0.1 };
            read(text, vec![token])
        };
        assert_eq!(heard("6月4日月曜、受理。"), "6月8日月曜、受理。");
        assert_eq!(heard("6月8日木曜、受理。"), "6月4日木曜、受理。");
        assert_eq!(heard("6月4日木曜、受理。"), "6月4日木曜、受理。");
        // Neither day is a Sunday; a text is as somebody wrote it.
        assert_eq!(heard("6月4日日曜、受理。"), "6月4日日曜、受理。");
        assert_eq!(read("6月4日月曜、受理。", vec![]), "6月4日月曜、受理。");
    }

    #[test]
    fn what_is_said_stays() {
        for text in [
            "令和7年9月25日木曜、",
            "令和7年9月25日実母宅を訪問",
            "令和7年9月25日、海洋教室に参加",
            "11月7日企業説明会",
            "11月6日企業に勤める実父",
            "8月19日通院。",
            "8月19日に電話",
            "11月8日緊急受理会議",
            "みかん5個、2時に",
            "15個2時",
            "名は7年前に改めた",
            "0.5年間",
            "例は3年6組の子",
            "9時本人が来所",
            "午後3時10分本児帰宅",
            "実母は「0は7年9月」と話す",
            "ようかいの話をした",
            "いつか、会いたい",
            "用か、聞いた",
        ] {
            assert_eq!(heard(text), text);
        }
    }

    proptest! {
        #[test]
        fn any_row_of_them_settles(text in "(0は|5個|7年|9月|4日|目用|海洋|2時|5分|部|版|、|。|「|」|母は){0,12}") {
            conformance::check(&Calendar, &text);
        }
    }
}
