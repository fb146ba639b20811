//! How days are said with numbers, and the start of every date expression.

use std::ops::Range;

use jiff::civil::Weekday;

use crate::cursor::{Cursor, after, before, in_kanji_number, is_kanji};

use super::era::Era;
use super::relative;

/// A year as it was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Year {
    Western(i16),
    Era(Era, u16),
    /// 去年, 今年: years from the anchor's.
    Relative(i16),
}

/// What the words say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    /// Parts of a calendar day; a day has a month.
    Calendar { year: Option<Year>, month: Option<u8>, day: Option<u8> },
    /// A day of an earlier date's month, or with nothing but its weekday.
    DayOnly { day: u8, inherits: bool },
    /// A day of a month counted from the anchor's: 先月の3日.
    DayOfMonth { months: i32, day: u8 },
    /// Days from the anchor: 昨日, 3日前.
    Days(i32),
    /// Days from the date said before: 翌日.
    DaysFromLast(i32),
    /// A weekday of a week counted from the anchor's; weeks start on Monday.
    WeekdayOf { weeks: i32, weekday: Weekday },
    /// Words that fix no day.
    Vague,
}

/// A date expression in a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression {
    /// The words, with the weekday.
    pub(crate) range: Range<usize>,
    pub(crate) said: Said,
    pub(crate) weekday: Option<Weekday>,
    /// 頃, あたり, くらい was said.
    pub(crate) about: bool,
}

impl Expression {
    /// A month and a day by number.
    pub(crate) fn is_calendar_day(&self) -> bool {
        !self.about && matches!(self.said, Said::Calendar { month: Some(_), day: Some(_), .. })
    }

    /// Whether it may fix the month of a lone day that follows: a day near the dictation, not a birth in an earlier year.
    pub(crate) fn is_of_this_case(&self) -> bool {
        let relative = matches!(self.said, Said::Days(days) if (-31..=31).contains(&days));
        relative || self.is_calendar_day()
    }
}

const ERAS: &[&str] = &["令和", "平成", "昭和", "大正", "明治"];
/// Behind a lone day: 「9日深夜」「16日の夜」.
const PARTS_OF_DAY: &[&str] = &[
    "深夜",
    "未明",
    "早朝",
    "夕方",
    "の朝",
    "の夜",
    "の夕方",
    "の深夜",
    "の未明",
    "の晩",
    "の昼",
    "の早朝",
    "の午前",
    "の午後",
];
const ABOUT: &[&str] = &["ごろ", "頃", "あたり", "前後", "くらい", "ぐらい"];
const PARTS_OF_MONTH: &[&str] = &[
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
    "末日",
    "末",
    "終わり",
];
/// Behind a day these make a count of it.
const COUNTS_DAYS: &[&str] = &[
    "間",
    "目",
    "分",
    "前",
    "後",
    "おき",
    "ごと",
    "以内",
    "以上",
    "連続",
    "程度",
    "ほど",
    "くらい",
    "ぐらい",
    "も",
    "ずつ",
    "ぶり",
];

/// The name of an era at the cursor.
pub(crate) fn era_name<'w>(cursor: &mut Cursor<'_>) -> Option<&'w str> {
    cursor.any(ERAS)
}

/// The date expression at `at`; `last` is the one before it, `known` whether any before it fixes the month of a lone day.
pub(crate) fn expression(
    text: &str,
    at: usize,
    last: Option<&Expression>,
    known: bool,
) -> Option<Expression> {
    let first = after(text, at)?;
    if in_kanji_number(text, at) {
        return None;
    }
    let found = if matches!(first, 'R' | 'H' | 'S' | 'T' | 'M' | '令' | '平' | '昭' | '大' | '明' | '西')
    {
        era_date(text, at).or_else(|| relative::parse(text, at))
    } else if crate::number::starts_number(first) {
        numeric(text, at, last, known).or_else(|| relative::parse(text, at))
    } else {
        relative::parse(text, at)
    };
    found.map(|(said, mut cursor)| {
        let weekday = weekday_behind(text, &mut cursor, &said);
        let is_vague = said == Said::Vague;
        let about = !is_vague && cursor.any(ABOUT).is_some();
        Expression { range: at..cursor.at(), said, weekday, about }
    })
}

type Found<'t> = Option<(Said, Cursor<'t>)>;

/// 令和7年6月3日, R7.6.3, 西暦2025年6月3日.
fn era_date(text: &str, at: usize) -> Found<'_> {
    let mut cursor = Cursor::new(text, at);
    if cursor.eat("西暦") {
        return western(cursor);
    }
    let letter = after(text, at).is_some_and(|c| c.is_ascii_alphabetic());
    if letter && before(text, at).is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let name = era_name(&mut cursor).or_else(|| cursor.any(&["R", "H", "S", "T", "M"]))?;
    let era = Era::named(name)?;
    let n = if cursor.eat("元") { 1 } else { cursor.integer(99)? as u16 };
    if n == 0 {
        return None;
    }
    behind_year(cursor, Year::Era(era, n), letter)
}

fn western(mut cursor: Cursor<'_>) -> Found<'_> {
    let year = cursor.integer(2200).filter(|y| *y >= 1800)? as i16;
    behind_year(cursor, Year::Western(year), true)
}

/// Month and day behind a year. A year alone counts when it is not `needs_month` or 年 follows.
fn behind_year(mut cursor: Cursor<'_>, year: Year, needs_month: bool) -> Found<'_> {
    let spoken = cursor.eat("年");
    if spoken && cursor.sees(&["度", "生", "間", "前", "後", "目", "代", "組"]) {
        return None;
    }
    let alone = cursor;
    let joint = cursor.any(&["/", ".", "-", "・", "の", "、", " ", ","]);
    if !spoken && joint.is_none_or(|j| matches!(j, "、" | " ")) {
        return None;
    }
    if let Some((month, day, end)) = month_and_day(cursor, joint) {
        return Some((Said::Calendar { year: Some(year), month: Some(month), day }, end));
    }
    (spoken || !needs_month)
        .then_some(alone)
        .filter(|_| spoken)
        .map(|end| (Said::Calendar { year: Some(year), month: None, day: None }, end))
}

/// 6月3日, 6/3, 6.3, 6月; `joint` is what stood between the year and the month.
fn month_and_day<'t>(mut cursor: Cursor<'t>, joint: Option<&str>) -> Option<(u8, Option<u8>, Cursor<'t>)> {
    let start = cursor;
    // 「6.3」 after R7. reads as a decimal number: take it apart.
    let number = cursor.number()?;
    if !number.is_whole() {
        let (month, day, end) = split_decimal(start)?;
        return Some((month, Some(day), end));
    }
    let month = number.integer().filter(|m| (1..=12).contains(m))? as u8;
    if cursor.eat("月") {
        if cursor.sees(&["分", "号", "齢"]) {
            return None;
        }
        let alone = cursor;
        let spaced = cursor.space();
        cursor.any(&["の", "/"]);
        let day = cursor.integer(31).filter(|d| *d > 0);
        // 「6月3日」, and 「7月18」 at the end of what was said.
        if let Some(day) = day
            && (cursor.eat("日") || (!spaced && cursor.rest().is_empty()))
        {
            return Some((month, Some(day as u8), cursor));
        }
        return Some((month, None, alone));
    }
    let separator = cursor.any(&["/", ".", "-", "・", ","])?;
    if joint.is_some_and(|j| matches!(j, "/" | "." | "-" | "・" | ",") && j != separator) {
        return None;
    }
    let day = cursor.integer(31).filter(|d| *d > 0)? as u8;
    cursor.eat("日");
    Some((month, Some(day), cursor))
}

fn split_decimal(mut cursor: Cursor<'_>) -> Option<(u8, u8, Cursor<'_>)> {
    let mut digits = |max: u8| {
        let mut value: u8 = 0;
        for _ in 0..2 {
            let Some(c) = cursor.eat_char(|c| c.is_ascii_digit()) else { break };
            value = value * 10 + (c as u8 - b'0');
        }
        let closes = max == 31 || cursor.eat(".");
        (closes && (1..=max).contains(&value)).then_some(value)
    };
    let month = digits(12)?;
    let day = digits(31)?;
    (!cursor.peek().is_some_and(|c| c.is_ascii_digit())).then_some((month, day, cursor))
}

/// What starts with a number: a western year, a month, a day, or 「3日前」.
fn numeric<'t>(text: &'t str, at: usize, last: Option<&Expression>, known: bool) -> Found<'t> {
    let digit_before =
        |c: char| c.is_ascii_digit() || matches!(c, '.' | '/' | '-' | ',') || c.is_ascii_alphabetic();
    if before(text, at).is_some_and(digit_before) && after(text, at).is_some_and(|c| c.is_ascii_digit()) {
        return None;
    }
    let start = Cursor::new(text, at);
    // 2021.7.18 is no decimal number.
    if let Some(year) = four_digits(start) {
        return behind_year(year.1, Year::Western(year.0), true);
    }
    let mut cursor = start;
    let number = cursor.number()?;
    let value = number.integer()?;
    if cursor.sees(&["年"]) {
        return (1800..=2200)
            .contains(&value)
            .then(|| behind_year(cursor, Year::Western(value as i16), true))
            .flatten();
    }
    if cursor.sees(&["月"]) {
        let (month, day, end) = month_and_day(start, None)?;
        return Some((Said::Calendar { year: None, month: Some(month), day }, end));
    }
    if cursor.sees(&["/"]) {
        return slashed(text, at, start);
    }
    if cursor.eat("日") {
        return day_only(text, at, value, cursor, last, known);
    }
    None
}

/// A western year in four digits that a separator or 年 follows.
fn four_digits(mut cursor: Cursor<'_>) -> Option<(i16, Cursor<'_>)> {
    let mut year = 0_i16;
    for _ in 0..4 {
        let c = cursor.eat_char(|c| c.is_ascii_digit())?;
        year = year * 10 + i16::from(c as u8 - b'0');
    }
    (cursor.sees(&["年", "/", "-", ".", "・", ","]) && (1800..=2200).contains(&year))
        .then_some((year, cursor))
}

/// 6/3 without a year, where it cannot be a fraction.
fn slashed<'t>(text: &'t str, at: usize, cursor: Cursor<'t>) -> Found<'t> {
    if before(text, at).is_some_and(|c| matches!(c, 'を' | 'が' | '約' | '、') && !text[..at].ends_with("、"))
    {
        return None;
    }
    let (month, day, end) = month_and_day(cursor, None)?;
    day?;
    let next = end.peek();
    let closes = next.is_none_or(|c| matches!(c, '、' | '。' | ' ' | '(' | 'に' | 'の' | 'は' | '〜' | '\n'))
        || end.sees(&["から", "まで", "午前", "午後"])
        || weekday(&mut end.clone()).is_some();
    closes.then_some((Said::Calendar { year: None, month: Some(month), day }, end))
}

/// 3日 alone is a date where a weekday or a time follows, or where an earlier date gives its month.
fn day_only<'t>(
    text: &'t str,
    at: usize,
    day: u64,
    cursor: Cursor<'t>,
    last: Option<&Expression>,
    known: bool,
) -> Found<'t> {
    if !(1..=31).contains(&day) || cursor.sees(COUNTS_DAYS) {
        return None;
    }
    let day = day as u8;
    if let Some(last) =
        last.filter(|l| l.is_calendar_day() || matches!(l.said, Said::DayOnly { inherits: true, .. }))
    {
        let between = &text[last.range.end..at];
        if matches!(
            between,
            "から" | "〜" | "と" | "、" | "・" | "か" | "や" | "-" | "から、" | "と、" | "および"
        ) {
            return Some((Said::DayOnly { day, inherits: true }, cursor));
        }
    }
    let mut behind = cursor;
    if weekday(&mut behind).is_some() {
        return Some((Said::DayOnly { day, inherits: false }, cursor));
    }
    // Behind a date, 「9日深夜」 is a day of the same month, and so is 「20日、」 at the start of a sentence.
    if known {
        let opens = text[..at].trim_end().ends_with(['。', '\n']) && cursor.sees(&["、", "に、", "までに"]);
        if opens || cursor.sees(PARTS_OF_DAY) {
            return Some((Said::DayOnly { day, inherits: false }, cursor));
        }
    }
    // 「10日に園へ出向く」 once a day has been said; not 「3日に1回」.
    let mut behind = cursor;
    if last.is_some() && (behind.eat("に") || behind.sees(&["までに", "の昼", "の午前中", "の午後"]))
    {
        let paused = behind.any(&["、"]).is_some();
        let often = !paused && (behind.number().is_some() || behind.sees(&["一", "数", "何"]));
        let counted = ["この", "ここ", "その", "ほぼ", "約", "丸"].iter().any(|w| text[..at].ends_with(w));
        if !often && !counted {
            return Some((Said::DayOnly { day, inherits: false }, cursor));
        }
    }
    let mut behind = cursor;
    behind.any(&["、", " ", "の"]);
    behind.any(&["午前", "午後", "朝の", "朝", "夜の", "夜", "夕方", "昼"]);
    let timed = behind.number().is_some() && behind.sees(&["時", ":"]) && !behind.sees(&["時間"]);
    // 「8月4日に受理。5日、午前11時に訪問」; without a date before, a day of the month of the dictation.
    timed.then_some((Said::DayOnly { day, inherits: false }, cursor))
}

/// A weekday with its 曜, or in brackets.
pub(crate) fn weekday(cursor: &mut Cursor<'_>) -> Option<Weekday> {
    let mut ahead = *cursor;
    let bracket = ahead.eat("(");
    let c = ahead.eat_char(|c| "月火水木金土日".contains(c))?;
    if ahead.eat("曜") {
        ahead.eat("日");
    } else if !bracket {
        return None;
    }
    if bracket && !ahead.eat(")") {
        return None;
    }
    let day = match c {
        '月' => Weekday::Monday,
        '火' => Weekday::Tuesday,
        '水' => Weekday::Wednesday,
        '木' => Weekday::Thursday,
        '金' => Weekday::Friday,
        '土' => Weekday::Saturday,
        _ => Weekday::Sunday,
    };
    *cursor = ahead;
    Some(day)
}

/// The weekday behind a day; behind a comma only where nothing else is said of it.
fn weekday_behind(text: &str, cursor: &mut Cursor<'_>, said: &Said) -> Option<Weekday> {
    let fixed = match said {
        Said::Calendar { day, .. } => day.is_some(),
        Said::DayOnly { .. } | Said::DayOfMonth { .. } | Said::Days(_) => true,
        Said::DaysFromLast(_) | Said::WeekdayOf { .. } => false,
        Said::Vague => {
            // 月上旬, 月末 belong to the words.
            while text[..cursor.at()].ends_with(['月', '年']) && cursor.any(PARTS_OF_MONTH).is_some() {}
            false
        }
    };
    if let Said::Calendar { day: None, .. } = said {
        cursor.any(PARTS_OF_MONTH);
    }
    if !fixed {
        return None;
    }
    let mut ahead = *cursor;
    let mut twice = *cursor;
    // 「11月27日、日木曜」 is how a recogniser writes a day that was said with a pause.
    if twice.eat("、日")
        && let Some(day) = weekday(&mut twice)
    {
        *cursor = twice;
        return Some(day);
    }
    let apart = ahead.any(&["、", " ", "の"]);
    let day = weekday(&mut ahead)?;
    let next = ahead.peek();
    let closed = next.is_none_or(|c| !is_kanji(c) && !matches!(c, 'に' | 'は' | 'も' | 'の' | 'が'));
    let numbered = next.is_some_and(crate::number::starts_number);
    let belongs = match apart {
        // 「10月14日の火曜にまとめました」
        None | Some(" " | "の") => true,
        _ => {
            closed
                || numbered
                || ahead.sees(&[
                    "午前",
                    "午後",
                    "の午前",
                    "の午後",
                    "の朝",
                    "の昼",
                    "の夕方",
                    "の夜",
                    "の晩",
                    "の深夜",
                ])
        }
    };
    belongs.then(|| {
        *cursor = ahead;
        day
    })
}
