//! One time of day as it was said.

use record::ClockTime;

use crate::cursor::{Cursor, before};
use crate::layout::{back_to, ends_sentence};

/// What was said beside the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    Morning,
    Noon,
    Afternoon,
    Night,
}

/// A time of day in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Byte position behind the words.
    pub(crate) end: usize,
    hour: u8,
    minute: u8,
    pub(crate) half: Option<Half>,
    /// 頃, 過ぎ, 前 was said.
    pub(crate) about: bool,
    /// Written with a leading zero (09:30), which only the 24-hour clock has.
    padded: bool,
}

const HALVES: &[(&str, Half)] = &[
    ("午前", Half::Morning),
    ("AM", Half::Morning),
    ("am", Half::Morning),
    ("早朝", Half::Morning),
    ("明け方", Half::Morning),
    ("今朝", Half::Morning),
    ("朝", Half::Morning),
    ("午後", Half::Afternoon),
    ("PM", Half::Afternoon),
    ("pm", Half::Afternoon),
    ("夕方", Half::Afternoon),
    ("夕刻", Half::Afternoon),
    ("お昼", Half::Noon),
    ("昼", Half::Noon),
    ("深夜", Half::Night),
    ("夜中", Half::Night),
    ("真夜中", Half::Night),
    ("今夜", Half::Night),
    ("今晩", Half::Night),
    ("昨夜", Half::Night),
    ("昨晩", Half::Night),
    ("夜", Half::Night),
    ("晩", Half::Night),
];
/// Words for a half of the day that may stand in front of the date.
const IN_FRONT: &[(&str, Half)] = &[
    ("今朝", Half::Morning),
    ("けさ", Half::Morning),
    ("昨夜", Half::Night),
    ("昨晩", Half::Night),
    ("今夜", Half::Night),
    ("今晩", Half::Night),
];
/// Farthest start of such a word, in bytes.
const IN_FRONT_BYTES: usize = 60;

/// 「今朝、1月9日金曜の8時20分」: the half of the day in front of the date, and nothing between but that date.
fn half_before(text: &str, at: usize) -> Option<Half> {
    let window = &text[back_to(text, at, IN_FRONT_BYTES, ends_sentence)..at];
    let dated = |c: char| c.is_ascii_digit() || "月日の、曜火水木金土".contains(c);
    IN_FRONT.iter().find_map(|(word, half)| {
        let between = &window[window.rfind(word)? + word.len()..];
        (between.contains('日') && between.chars().all(dated)).then_some(*half)
    })
}

/// Behind 1時 these make another word of it.
const ONE_TIME: &[&str] = &[
    "保護", "預", "的", "期", "金", "帰宅", "停", "避", "休", "滞", "中断", "しの", "入所", "利用", "保育",
    "外泊",
];

/// Whether 正午 or a word for a part of the day can start with `c`.
pub(crate) fn starts_word(c: char) -> bool {
    c == '正' || HALVES.iter().any(|(word, _)| word.starts_with(c))
}

/// The time of day at `at`.
pub(crate) fn said_time(text: &str, at: usize) -> Option<Said> {
    let mut cursor = Cursor::new(text, at);
    if cursor.eat("正午") {
        let noon = Said {
            end: cursor.at(),
            hour: 12,
            minute: 0,
            half: Some(Half::Noon),
            about: false,
            padded: false,
        };
        return Some(with_about(cursor, noon));
    }
    let own = HALVES.iter().find(|(word, _)| cursor.eat(word)).map(|(_, half)| *half);
    let half = own.or_else(|| half_before(text, at));
    match own {
        Some(_) => {
            cursor.any(&["の", " ", "、"]);
        }
        None if before(text, at)
            .is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | ':' | '/' | '数' | '何')) =>
        {
            return None;
        }
        None => {}
    }
    let padded = cursor.rest().starts_with('0');
    let hour = cursor.integer(29)? as u8;
    let mut said = Said { end: 0, hour, minute: 0, half, about: false, padded: false };
    if cursor.eat("時") {
        if cursor.sees(&["間", "点", "限", "給", "期", "々", "計", "速", "代"])
            || (hour == 1 && half.is_none() && cursor.sees(ONE_TIME))
        {
            return None;
        }
        let mut ahead = cursor;
        // 「11時、20分から」 is one time with a pause in it, 「11時、20分で」 need not be.
        let paused = ahead.eat("、");
        ahead.space();
        if cursor.eat("半") {
            said.minute = 30;
        } else if let Some(minute) = ahead.integer(59)
            && ahead.eat("分")
            && !ahead.sees(&["間"])
            && (!paused || ahead.sees(&["から", "より", "まで", "に", "頃", "ごろ"]))
        {
            if ahead.sees(&["前"]) && !ahead.sees(&["前後", "前半"]) {
                // 10時5分前
                ahead.eat("前");
                let minutes = u16::from(hour) * 60 + 1440 - minute as u16;
                said.hour = (minutes / 60 % 24) as u8;
                said.minute = (minutes % 60) as u8;
                // 1時5分前 is 12:55: of the same half.
                if hour <= 12 && said.hour == 0 {
                    said.hour = 12;
                }
                said.end = ahead.at();
                return said.is_possible().then_some(said);
            }
            said.minute = minute as u8;
            cursor = ahead;
        }
    } else if cursor.eat(":") {
        let digits = cursor.rest().bytes().take_while(u8::is_ascii_digit).count();
        if digits != 2 {
            return None;
        }
        said.minute = cursor.integer(59)? as u8;
        said.padded = padded;
        let mut ahead = cursor;
        if ahead.eat(":") && ahead.integer(59).is_some() {
            cursor = ahead;
        }
        let mut ahead = cursor;
        ahead.space();
        let behind =
            [("AM", Half::Morning), ("am", Half::Morning), ("PM", Half::Afternoon), ("pm", Half::Afternoon)];
        if let Some((_, half)) = behind.iter().find(|(word, _)| ahead.eat(word)) {
            said.half = Some(*half);
            cursor = ahead;
        }
    } else {
        return None;
    }
    said.end = cursor.at();
    said.is_possible().then(|| with_about(cursor, said))
}

fn with_about(mut cursor: Cursor<'_>, mut said: Said) -> Said {
    if cursor.sees(&["前後", "過ぎ", "すぎ", "頃", "ごろ", "くらい", "ぐらい", "前"])
        && !cursor.sees(&["前半", "前日", "前回"])
    {
        while cursor.any(&["前後", "過ぎ", "すぎ", "頃", "ごろ", "くらい", "ぐらい", "前"]).is_some()
        {
        }
        said.about = true;
        said.end = cursor.at();
    }
    said
}

impl Said {
    /// An hour that its half of the day can have: 午後14時 is said, 午前15時 is not.
    fn is_possible(self) -> bool {
        self.hour <= if self.half == Some(Half::Morning) { 12 } else { 29 }
    }

    /// The time without the other end of a range.
    pub(crate) fn alone(self) -> ClockTime {
        let Self { hour, minute, .. } = self;
        let at = |hour: u8, next_day: bool| ClockTime { hour, minute, certain: true, next_day };
        match (self.half, hour) {
            (_, 24..) => at(hour - 24, true),
            (Some(Half::Morning), 12) => at(0, false),
            (Some(Half::Afternoon), 0..12) | (Some(Half::Noon), 0..6) | (Some(Half::Night), 5..12) => {
                at(hour + 12, false)
            }
            (Some(Half::Night), 12) => at(0, true),
            (Some(_), _) | (None, 0 | 13..) => at(hour, false),
            (None, _) => ClockTime { hour, minute, certain: self.padded, next_day: false },
        }
    }
}
