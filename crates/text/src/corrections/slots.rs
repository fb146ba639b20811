//! Values that a speaker corrects, cut into the parts that are corrected one by one.

use std::ops::Range;
use std::sync::LazyLock;

use crate::cursor::{Cursor, after, before, is_kanji};
use crate::dates::{era_name, weekday};
use crate::layout::Layout;
use crate::number::{self, counters};
use crate::words::Words;

/// What a slot holds. Only a slot of the same kind corrects another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Year,
    Month,
    Day,
    Weekday,
    /// 昨日, 明日.
    DayWord,
    /// 先週, 来月.
    Stretch,
    /// 午前, 午後.
    Half,
    Hour,
    Minute,
    /// A number with its unit.
    Number(&'static str),
    Coin,
    Relation,
    Part,
    Colour,
    Side,
}

/// A value in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
}

const RELATIONS: &[&str] = &[
    "実父",
    "実母",
    "継父",
    "継母",
    "養父",
    "養母",
    "義父",
    "義母",
    "内夫",
    "内妻",
    "父方祖母",
    "父方祖父",
    "母方祖母",
    "母方祖父",
    "祖母",
    "祖父",
    "曽祖母",
    "曽祖父",
    "父親",
    "母親",
    "父",
    "母",
    "兄",
    "姉",
    "弟",
    "妹",
    "長男",
    "長女",
    "次男",
    "次女",
    "二男",
    "二女",
    "三男",
    "三女",
    "叔父",
    "叔母",
    "伯父",
    "伯母",
    "お父さん",
    "お母さん",
    "おばあちゃん",
    "おじいちゃん",
    "担任",
    "副担任",
    "校長",
    "副校長",
    "園長",
    "保健師",
    "本児",
    "交際相手",
    "同居男性",
];
const PARTS: &[&str] = &[
    "頭",
    "頭部",
    "後頭部",
    "側頭部",
    "前頭部",
    "額",
    "おでこ",
    "こめかみ",
    "目",
    "眼",
    "まぶた",
    "目の周り",
    "眼の周り",
    "目の下",
    "頬",
    "ほお",
    "ほっぺ",
    "鼻",
    "口",
    "唇",
    "顎",
    "あご",
    "耳",
    "首",
    "肩",
    "胸",
    "背中",
    "背",
    "腹",
    "腹部",
    "お腹",
    "おなか",
    "腰",
    "尻",
    "お尻",
    "臀部",
    "上腕",
    "前腕",
    "腕",
    "肘",
    "ひじ",
    "手首",
    "手の甲",
    "手",
    "指",
    "太もも",
    "大腿",
    "膝",
    "ひざ",
    "下腿",
    "すね",
    "ふくらはぎ",
    "足首",
    "足の甲",
    "足",
    "脚",
];
const COLOURS: &[&str] = &["赤", "青", "黄", "紫", "緑", "茶", "黒", "白"];
const SIDES: &[&str] = &["左側", "右側", "両側", "両方", "左", "右", "両"];
const DAY_WORDS: &[&str] = &[
    "一昨日",
    "おととい",
    "昨日",
    "きのう",
    "今日",
    "本日",
    "明日",
    "あした",
    "明後日",
    "あさって",
    "今朝",
    "昨夜",
    "昨晩",
    "今夜",
];
const STRETCHES: &[&str] = &[
    "先々週",
    "先週",
    "今週",
    "来週",
    "再来週",
    "先々月",
    "先月",
    "今月",
    "来月",
    "再来月",
    "一昨年",
    "去年",
    "昨年",
    "今年",
    "来年",
];
const COINS: &[u64] = &[1, 5, 10, 50, 100, 500];

static WORDS: LazyLock<Words<Kind>> = LazyLock::new(|| {
    let tables = [
        (RELATIONS, Kind::Relation),
        (PARTS, Kind::Part),
        (COLOURS, Kind::Colour),
        (SIDES, Kind::Side),
        (DAY_WORDS, Kind::DayWord),
        (STRETCHES, Kind::Stretch),
        (&["午前", "午後"], Kind::Half),
    ];
    Words::new(
        tables.into_iter().flat_map(|(words, kind)| words.iter().map(move |w| ((*w).to_owned(), kind))),
    )
});

/// All slots outside quotations, in order; they do not overlap.
pub(crate) fn all(text: &str, layout: &Layout) -> Vec<Slot> {
    let mut slots: Vec<Slot> = Vec::new();
    let mut at = 0;
    while let Some(c) = after(text, at) {
        if let Some(quote) = layout.quote_at(at) {
            at = quote.end;
            continue;
        }
        match slot(text, at) {
            Some(slot) => {
                at = slot.range.end;
                slots.push(slot);
            }
            None => at += c.len_utf8(),
        }
    }
    slots
}

fn slot(text: &str, at: usize) -> Option<Slot> {
    let mut cursor = Cursor::new(text, at);
    let kind = if let Some(kind) = numeric(&mut cursor) {
        kind
    } else if let Some(kind) = era(&mut cursor) {
        kind
    } else if weekday(&mut cursor).is_some() {
        Kind::Weekday
    } else if text[..at].ends_with('時') && cursor.eat("半") {
        Kind::Minute
    } else {
        let (word, kind) = WORDS.at(text, at)?;
        cursor = Cursor::new(text, at + word.len());
        let next = cursor.peek();
        let standing = match kind {
            Kind::Relation | Kind::Part => {
                let side = |c| matches!(c, '左' | '右' | '両');
                !before(text, at).is_some_and(|c| is_kanji(c) && !side(c)) && !next.is_some_and(is_kanji)
            }
            Kind::Colour => {
                cursor.any(&["色の", "色い", "色", "い", "の"]);
                !before(text, at).is_some_and(is_kanji)
            }
            Kind::Side => {
                next.is_none_or(|c| !is_kanji(c))
                    || WORDS.at(text, cursor.at()).is_some_and(|(_, k)| *k == Kind::Part)
            }
            _ => true,
        };
        standing.then_some(*kind)?
    };
    Some(Slot { range: at..cursor.at(), kind })
}

fn numeric(cursor: &mut Cursor<'_>) -> Option<Kind> {
    if !cursor.peek().is_some_and(number::starts_number) {
        return None;
    }
    let mut ahead = *cursor;
    let number = ahead.number()?;
    let rest = Cursor::new(ahead.rest(), 0);
    let (word, counter) = counters::at(rest.rest(), 0)?;
    ahead.eat(word);
    let kind = match counter.unit.as_str() {
        "年" if number.integer().is_some_and(|n| n >= 1800) => Kind::Year,
        "月" => Kind::Month,
        "日" => Kind::Day,
        "時" => Kind::Hour,
        "分" => Kind::Minute,
        "円玉" if number.integer().is_some_and(|n| COINS.contains(&n)) => Kind::Coin,
        unit => Kind::Number(unit),
    };
    *cursor = ahead;
    Some(kind)
}

fn era(cursor: &mut Cursor<'_>) -> Option<Kind> {
    let mut ahead = *cursor;
    era_name(&mut ahead)?;
    if !ahead.eat("元") {
        ahead.integer(99)?;
    }
    ahead.eat("年").then(|| {
        *cursor = ahead;
        Kind::Year
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(text: &str) -> Vec<(&str, Kind)> {
        all(text, &Layout::of(text)).into_iter().map(|s| (&text[s.range], s.kind)).collect()
    }

    #[test]
    fn a_date_is_several_slots() {
        assert_eq!(
            slots("令和7年6月3日火曜、午後3時半"),
            [
                ("令和7年", Kind::Year),
                ("6月", Kind::Month),
                ("3日", Kind::Day),
                ("火曜", Kind::Weekday),
                ("午後", Kind::Half),
                ("3時", Kind::Hour),
                ("半", Kind::Minute),
            ]
        );
    }

    #[test]
    fn coins_parts_and_persons() {
        assert_eq!(
            slots("左の頬に500円玉、父が3回"),
            [
                ("左", Kind::Side),
                ("頬", Kind::Part),
                ("500円玉", Kind::Coin),
                ("父", Kind::Relation),
                ("3回", Kind::Number("回"))
            ]
        );
    }

    #[test]
    fn words_that_hold_such_words_are_none() {
        assert!(slots("母子手帳、父子、相手、右折、白状").iter().all(|(_, k)| *k == Kind::Colour));
        assert!(slots("「3日」").is_empty());
    }
}
