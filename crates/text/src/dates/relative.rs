//! Days that count from another day, and words that fix none.

use crate::cursor::{Cursor, before};

use super::grammar::{Said, weekday};

/// Words for a day, in days from the anchor, longer ones first where one starts another.
const DAYS: &[(&str, i32)] = &[
    ("一昨々日", -3),
    ("一昨昨日", -3),
    ("さきおととい", -3),
    ("一昨日", -2),
    ("おととい", -2),
    ("おとつい", -2),
    ("昨日", -1),
    ("きのう", -1),
    ("昨夜", -1),
    ("昨晩", -1),
    ("昨夕", -1),
    ("ゆうべ", -1),
    ("本日", 0),
    ("今日", 0),
    ("きょう", 0),
    ("今朝", 0),
    ("けさ", 0),
    ("今夜", 0),
    ("今晩", 0),
    ("今夕", 0),
    ("明日", 1),
    ("あした", 1),
    ("あす", 1),
    ("明朝", 1),
    ("明晩", 1),
    ("明後日", 2),
    ("あさって", 2),
    ("明々後日", 3),
    ("しあさって", 3),
];
/// Words that count from the date said before.
const FROM_LAST: &[(&str, i32)] = &[
    ("翌々日", 2),
    ("翌日", 1),
    ("翌朝", 1),
    ("次の日", 1),
    ("前日", -1),
    ("前夜", -1),
    ("前の日", -1),
    ("同日", 0),
    ("同じ日", 0),
    ("当日", 0),
];
const WEEKS: &[(&str, i32)] =
    &[("先々週", -2), ("先先週", -2), ("先週", -1), ("今週", 0), ("再来週", 2), ("来週", 1)];
const MONTHS: &[(&str, i32)] =
    &[("先々月", -2), ("先先月", -2), ("先月", -1), ("今月", 0), ("再来月", 2), ("来月", 1)];
const YEARS: &[(&str, i32)] = &[
    ("一昨年", -2),
    ("おととし", -2),
    ("去年", -1),
    ("昨年", -1),
    ("今年", 0),
    ("本年", 0),
    ("再来年", 2),
    ("来年", 1),
];
/// Words for a stretch of days.
const STRETCHES: &[&str] = &[
    "先日",
    "先般",
    "週末",
    "週明け",
    "月末",
    "月初め",
    "年末年始",
    "年末",
    "年明け",
    "年度末",
    "年度初め",
    "翌週",
    "翌月",
    "翌年",
    "前月",
    "前週",
    "前年",
];
const PARTS: &[&str] = &[
    "上旬",
    "中旬",
    "下旬",
    "初旬",
    "初め",
    "はじめ",
    "始め",
    "半ば",
    "なかば",
    "頭",
    "末",
    "終わり",
    "中",
    "いっぱい",
    "明け",
    "前半",
    "後半",
    "あたり",
    "くらい",
    "ぐらい",
    "ごろ",
    "頃",
    "春",
    "夏",
    "秋",
    "冬",
];
const ABOUT: &[&str] = &["くらい", "ぐらい", "ほど", "ばかり", "近く", "程度", "以上", "半"];

/// The relative or vague expression at `at`, and the position behind it.
pub(crate) fn parse(text: &str, at: usize) -> Option<(Said, Cursor<'_>)> {
    let cursor = Cursor::new(text, at);
    let first = cursor.peek()?;
    if crate::number::starts_number(first) || matches!(first, '半' | '数' | '何') {
        return counted(cursor).or_else(|| words(text, at, cursor));
    }
    let starts = matches!(
        first,
        '一' | 'さ'
            | 'お'
            | '昨'
            | 'き'
            | 'ゆ'
            | '本'
            | '今'
            | 'け'
            | '明'
            | 'あ'
            | 'し'
            | '翌'
            | '次'
            | '前'
            | '同'
            | '当'
            | '先'
            | '再'
            | '来'
            | '去'
            | '週'
            | '月'
            | '年'
            | 'こ'
            | '火'
            | '水'
            | '木'
            | '金'
            | '土'
            | '日'
    );
    if starts { words(text, at, cursor) } else { None }
}

fn words<'t>(text: &'t str, at: usize, cursor: Cursor<'t>) -> Option<(Said, Cursor<'t>)> {
    day_word(cursor)
        .or_else(|| day_from_last(cursor))
        .or_else(|| week(cursor))
        .or_else(|| month(cursor))
        .or_else(|| year(cursor))
        .or_else(|| these(cursor))
        .or_else(|| loose_weekday(text, at, cursor))
        .or_else(|| stretch(text, at, cursor))
}

fn listed(cursor: &mut Cursor<'_>, table: &[(&str, i32)]) -> Option<i32> {
    table.iter().find(|(word, _)| cursor.eat(word)).map(|(_, value)| *value)
}

fn day_word(mut cursor: Cursor<'_>) -> Option<(Said, Cursor<'_>)> {
    let start = cursor;
    let days = listed(&mut cursor, DAYS)?;
    // きょうだい, あすか, 明日香, 今日的.
    let kana = start.sees(&["きょう", "あす", "けさ", "きのう", "あした", "ゆうべ"]);
    let goes_on = cursor.sees(&["香", "葉", "美", "的", "花"]);
    let closes = cursor.peek().is_none_or(|c| {
        matches!(
            c,
            '、' | '。' | ' ' | 'の' | 'は' | 'も' | 'に' | 'か' | 'ま' | '午' | '朝' | '夜' | '夕' | '昼'
        ) || crate::number::starts_number(c)
    });
    let other_word = goes_on || (kana && (!closes || cursor.sees(&["か、", "の木"])));
    (!other_word).then_some((Said::Days(days), cursor))
}

fn day_from_last(mut cursor: Cursor<'_>) -> Option<(Said, Cursor<'_>)> {
    let days = listed(&mut cursor, FROM_LAST)?;
    Some((Said::DaysFromLast(days), cursor))
}

/// 先週の火曜, and weeks without a day.
fn week(mut cursor: Cursor<'_>) -> Option<(Said, Cursor<'_>)> {
    let weeks = listed(&mut cursor, WEEKS)?;
    let alone = cursor;
    cursor.any(&["の", "、", " "]);
    if let Some(weekday) = weekday(&mut cursor) {
        return Some((Said::WeekdayOf { weeks, weekday }, cursor));
    }
    Some((Said::Vague, parts(alone)))
}

/// 先月の3日, and months without a day.
fn month(mut cursor: Cursor<'_>) -> Option<(Said, Cursor<'_>)> {
    let months = listed(&mut cursor, MONTHS)?;
    let alone = cursor;
    cursor.any(&["の", "、", " "]);
    if let Some(day) = cursor.integer(31).filter(|d| *d > 0)
        && cursor.eat("日")
        && !cursor.sees(&["間", "目", "前", "後", "分"])
    {
        return Some((Said::DayOfMonth { months, day: day as u8 }, cursor));
    }
    Some((Said::Vague, parts(alone)))
}

/// 去年の6月3日, and years without a day.
fn year(mut cursor: Cursor<'_>) -> Option<(Said, Cursor<'_>)> {
    let years = listed(&mut cursor, YEARS)?;
    let alone = cursor;
    cursor.any(&["の", "、", " "]);
    if let Some(month) = cursor.integer(12).filter(|m| *m > 0)
        && cursor.eat("月")
    {
        let year = Some(super::grammar::Year::Relative(years as i16));
        let month = Some(month as u8);
        let whole_month = cursor;
        if let Some(day) = cursor.integer(31).filter(|d| *d > 0)
            && cursor.eat("日")
        {
            return Some((Said::Calendar { year, month, day: Some(day as u8) }, cursor));
        }
        return Some((Said::Vague, parts(whole_month)));
    }
    let mut cursor = alone;
    cursor.eat("度");
    Some((Said::Vague, parts(cursor)))
}

/// 頭, 末, あたり … behind a week, month or year.
fn parts(mut cursor: Cursor<'_>) -> Cursor<'_> {
    cursor = {
        let mut ahead = cursor;
        ahead.eat("の");
        if ahead.any(PARTS).is_some() { ahead } else { return cursor }
    };
    while cursor.any(PARTS).is_some() {}
    cursor
}

/// 3日前, 2週間後, 3か月前から, 半年くらい前, 数日前.
fn counted(mut cursor: Cursor<'_>) -> Option<(Said, Cursor<'_>)> {
    let (count, mut about) = match cursor.any(&["数", "何", "半"]) {
        Some(_) => (None, true),
        None => (Some(cursor.integer(10_000)? as i32), false),
    };
    // 2、3日前
    if count.is_some() && {
        let mut ahead = cursor;
        ahead.any(&["、", "か", "〜"]).is_some()
            && ahead.integer(10_000).is_some()
            && unit(&mut ahead).is_some()
    } {
        cursor.any(&["、", "か", "〜"]);
        cursor.integer(10_000);
        about = true;
    }
    let unit = unit(&mut cursor)?;
    if count.is_none() {
        cursor.eat("か");
    }
    while cursor.any(ABOUT).is_some() {
        about = true;
    }
    let forward = match cursor.any(&["前後", "前", "まえ", "後", "あと"])? {
        "前後" => return Some((Said::Vague, cursor)),
        "後" | "あと" => 1,
        _ => -1,
    };
    // 三日前半, 年前期
    if cursor.sees(&["半", "期", "日の", "回"]) && forward < 0 {
        return None;
    }
    let day = count.filter(|_| !about).and_then(|count| match unit {
        "日" => count.checked_mul(forward),
        "週間" | "週" => count.checked_mul(7 * forward),
        _ => None,
    });
    let Some(days) = day else {
        cursor.any(&["ごろから", "頃から", "から", "ごろ", "頃"]);
        return Some((Said::Vague, cursor));
    };
    // 2週間後の火曜
    let mut ahead = cursor;
    if unit.starts_with('週')
        && ahead.eat("の")
        && let Some(weekday) = weekday(&mut ahead)
    {
        return Some((Said::WeekdayOf { weeks: days / 7, weekday }, ahead));
    }
    Some((Said::Days(days), cursor))
}

fn unit(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    const UNITS: &[&str] =
        &["日間", "日", "週間", "週", "か月", "カ月", "ヶ月", "ヵ月", "ケ月", "箇月", "年", "月"];
    cursor.any(UNITS)
}

/// ここ2週間くらい, ここ最近.
fn these(mut cursor: Cursor<'_>) -> Option<(Said, Cursor<'_>)> {
    if !cursor.eat("ここ") {
        return None;
    }
    if cursor.any(&["最近", "しばらく", "数日", "数週間", "数か月", "数カ月", "数ヶ月", "数年"]).is_none()
    {
        cursor.number()?;
        let mut ahead = cursor;
        if ahead.any(&["、", "か", "〜"]).is_some() && ahead.number().is_some() {
            cursor = ahead;
        }
        unit(&mut cursor)?;
    }
    while cursor.any(&["くらい", "ぐらい", "ほど", "間", "半", "程度", "ばかり"]).is_some() {}
    Some((Said::Vague, cursor))
}

/// A weekday that no week fixes: 次の火曜, 土曜日.
fn loose_weekday<'t>(text: &str, at: usize, mut cursor: Cursor<'t>) -> Option<(Said, Cursor<'t>)> {
    cursor.any(&["今度の", "次の", "前の", "この前の", "今の"]);
    if cursor.at() == at && before(text, at).is_some_and(|c| matches!(c, '毎' | '週' | '隔' | '各' | '('))
    {
        return None;
    }
    let start = cursor.at();
    weekday(&mut cursor)?;
    // (火) alone is no date, nor is 日曜大工.
    (!text[start..].starts_with('(') && !cursor.sees(&["大工", "学校", "参観"]))
        .then_some((Said::Vague, cursor))
}

fn stretch<'t>(text: &str, at: usize, mut cursor: Cursor<'t>) -> Option<(Said, Cursor<'t>)> {
    if before(text, at).is_some_and(|c| c.is_ascii_digit() || crate::number::starts_number(c) || c == '毎') {
        return None;
    }
    cursor.any(STRETCHES)?;
    Some((Said::Vague, parts(cursor)))
}
