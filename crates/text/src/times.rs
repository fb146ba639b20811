//! Times of day, ranges of them and lengths of time (language.md pass 3).

mod clock;
#[cfg(test)]
mod tests;

use std::ops::Range;

use record::{Annotation, ClockTime, Document, Entity, Flag};

use crate::chain::Pass;
use crate::cursor::{Cursor, before, in_kanji_number};
use crate::error::Result;
use crate::layout::Layout;
use clock::{Half, Said, said_time};

const NAME: &str = "times";
/// From this hour of the 24-hour clock on, an end that lies earlier is on the next day (23時から1時).
const EVENING: u8 = 18;
const CONNECTORS: &[&str] = &["から", "より", "〜", "~", "-", "–"];

/// Pass 3: annotates times, ranges and durations.
///
/// Without 午前, 午後 or a word like 夜 a time below 13 is kept as it was said, not certain, and flagged
/// [`Flag::AmbiguousTime`]; in a range one end can settle the other (「午後2時半から3時10分」, 「10時から14時」).
#[derive(Clone, Copy, Debug, Default)]
pub struct Times;

impl Pass for Times {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        let layout = Layout::new(doc);
        let text = doc.text();
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            if let Some(quote) = layout.quote_at(at) {
                at = quote.end;
                continue;
            }
            match starts_time(text, at, c)
                .then(|| time_or_range(text, at).or_else(|| duration(text, at)))
                .flatten()
            {
                Some(annotation) => {
                    at = annotation.range.end;
                    found.push(annotation);
                }
                None => at += c.len_utf8(),
            }
        }
        doc.retain_annotations(|a| {
            !matches!(a.entity, Entity::Time(_) | Entity::TimeRange(..) | Entity::Duration(_))
        });
        doc.annotate(found);
        Ok(())
    }
}

/// Whether a time can start with this character.
fn starts_time(text: &str, at: usize, c: char) -> bool {
    clock::starts_word(c) || (crate::number::starts_number(c) && !in_kanji_number(text, at))
}

fn time_or_range(text: &str, at: usize) -> Option<Annotation> {
    let first = said_time(text, at)?;
    if let Some(second) = range_end(text, &first) {
        return Some(range(at..second.1, &first, &second.0));
    }
    let time = first.alone();
    let mut flags = Vec::new();
    if !time.certain {
        flags.push(Flag::AmbiguousTime);
    }
    if first.about {
        flags.push(Flag::Uncertain);
    }
    Some(Annotation { range: at..first.end, entity: Entity::Time(time), flags })
}

/// The second time of a range and the end of the range, まで included.
fn range_end(text: &str, first: &Said) -> Option<(Said, usize)> {
    let mut cursor = Cursor::new(text, first.end);
    cursor.space();
    cursor.any(CONNECTORS)?;
    cursor.any(&["、", " "]);
    let second = said_time(text, cursor.at())?;
    let mut cursor = Cursor::new(text, second.end);
    cursor.eat("まで");
    Some((second, cursor.at()))
}

fn range(range: Range<usize>, first: &Said, second: &Said) -> Annotation {
    let (start, end) = settle(first, second);
    let mut flags = Vec::new();
    if !(start.certain && end.certain) {
        flags.push(Flag::AmbiguousTime);
    }
    if first.about || second.about {
        flags.push(Flag::Uncertain);
    }
    Annotation { range, entity: Entity::TimeRange(start, end), flags }
}

/// Both ends of a range, each settled by itself or by the other.
fn settle(first: &Said, second: &Said) -> (ClockTime, ClockTime) {
    let (mut start, mut end) = (first.alone(), second.alone());
    let minutes = |t: ClockTime| u16::from(t.hour) * 60 + u16::from(t.minute);
    let afternoon = |t: ClockTime| ClockTime { hour: t.hour + 12, certain: true, ..t };
    match (start.certain, end.certain) {
        (true, false) => {
            if first.half == Some(Half::Afternoon) && end.hour < 12 {
                if minutes(afternoon(end)) > minutes(start) {
                    end = afternoon(end);
                } else {
                    end = ClockTime { certain: true, next_day: true, ..end };
                }
            } else if minutes(end) > minutes(start) {
                // 午前10時から11時半, 10時半 after 9:00 of the 24-hour clock.
                end.certain = true;
            } else if start.hour >= EVENING {
                end = ClockTime { certain: true, next_day: true, ..end };
            }
        }
        (false, true) => {
            // 10時から14時 and 10時から午後1時: the start is the morning's. 2時から午後3時 stays open.
            let spoken24 = second.half.is_none() && end.hour >= 13;
            let morning = start.hour > 0
                && (spoken24 || u16::from(end.hour % 12) * 60 + u16::from(end.minute) < minutes(start));
            if second.half == Some(Half::Morning) || (morning && minutes(start) < minutes(end)) {
                start.certain = true;
            }
        }
        (true, true) if minutes(end) < minutes(start) && !end.next_day && !start.next_day => {
            end.next_day = true;
        }
        _ => {}
    }
    (start, end)
}

/// 1時間半, 90分, 2時間15分間.
fn duration(text: &str, at: usize) -> Option<Annotation> {
    let mut cursor = Cursor::new(text, at);
    if before(text, at).is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | '時' | '第')) {
        return None;
    }
    let first = cursor.number()?;
    let value = first.value().filter(|v| *v < 100_000.0)?;
    let minutes = if cursor.eat("時間") {
        if cursor.sees(&["目", "割", "帯", "外", "給"]) {
            return None;
        }
        let mut minutes = value * 60.0;
        let mut ahead = cursor;
        if cursor.eat("半") {
            minutes += 30.0;
        } else if let Some(rest) = ahead.integer(59)
            && ahead.eat("分")
        {
            minutes += rest as f64;
            cursor = ahead;
            cursor.eat("間");
        }
        minutes
    } else if cursor.eat("分") {
        // 三分の一, 10分食べている, 5分袖
        let talk =
            ["の通話", "の電話", "の相談", "の面接", "の面談", "の会話", "の会議", "の訪問", "のやりとり"];
        if cursor.sees(&["の", "袖", "丈", "目", "割", "食", "な", "注意", "理解", "配慮", "睡眠"])
            && !cursor.sees(&talk)
        {
            return None;
        }
        let half = cursor.eat("半");
        cursor.eat("間");
        value + if half { 0.5 } else { 0.0 }
    } else {
        return None;
    };
    let mut flags = Vec::new();
    let mut end = cursor.at();
    if cursor.any(&["くらい", "ぐらい", "ほど", "程度", "弱", "強"]).is_some() {
        flags.push(Flag::Uncertain);
        end = cursor.at();
    }
    Some(Annotation { range: at..end, entity: Entity::Duration(minutes.round() as u32), flags })
}
