//! Numbers with a counter or a unit, and ranges of them.

use std::ops::Range;

use record::{Entity, Flag};

use crate::cursor::{Cursor, is_kanji};
use crate::layout::{back_to, ends_sentence};
use crate::number::counters::{self, Counter, Kind};
use crate::number::{self, Number, Script, address};

use super::Scan;

/// Behind these, 一時 is one o'clock.
const BEFORE_ONE_OCLOCK: &[&str] =
    &["から", "午前", "午後", "深夜", "夜中の", "夜", "朝", "昼", "夜の", "昼の", "〜"];
/// Before these, 一時 is one o'clock.
const AFTER_ONE_OCLOCK: &[&str] = &[
    "半",
    "から",
    "まで",
    "頃",
    "ごろ",
    "過ぎ",
    "すぎ",
    "間",
    "ちょうど",
    "に訪問",
    "に来所",
    "に面接",
    "に来庁",
];
/// Counters whose number is a name, not an amount.
const NAMED_BY_NUMBER: &[&str] = &["年", "月", "号", "号室", "号棟", "号車", "番", "番地", "番線", "丁目"];
/// Smaller lengths are sizes of injuries, whose words are kept.
const KEPT_LENGTH_CM: f64 = 30.0;

impl Scan<'_> {
    /// A number with its counter, or two of them: 二、三回, 三つか四つ, 二センチから四センチ.
    pub(super) fn counted(&mut self, first: &Number) -> Option<usize> {
        if let Some((first, second)) = self.range_of_two(first) {
            let (word, counter) = counters::at(self.text, second.end)?;
            if first.end == second.start {
                // 二三回: one edit, with the comma that the written form has.
                let new = format!("{}、{}", first.written(false, false), second.written(false, false));
                self.replace(first.start..second.end, new, "kanji numerals");
            } else {
                self.digits(&first, false, false);
                self.digits(&second, false, false);
            }
            self.unit(word, second.end, counter, second.value()?);
            let end = second.end + word.len();
            self.quantity(first.start..end, &first, &second, counter);
            return Some(end);
        }

        let (word, counter) = counters::at(self.text, first.end)?;
        if !self.counts(first, word) {
            return Some(first.end);
        }
        if let Some(end) = self.fraction(first) {
            return Some(end);
        }
        let keep_man = counter.unit.starts_with('円');
        self.digits(first, keep_man, counter.kind == Kind::Measure || keep_man);
        let mut end = first.end + word.len();
        self.unit(word, first.end, counter, first.value().unwrap_or_default());
        let mut last = first.clone();
        // A range with the counter said twice.
        let mut cursor = Cursor::new(self.text, end);
        if counter.kind != Kind::Calendar
            && cursor.any(&["から", "か", "〜", "ないし", "、か"]).is_some()
            && let Some(second) = cursor.number().filter(|s| s.value() > first.value())
            && let Some((again, same)) = counters::at(self.text, second.end)
            && same.unit == counter.unit
        {
            self.digits(&second, keep_man, counter.kind == Kind::Measure || keep_man);
            self.unit(again, second.end, same, second.value().unwrap_or_default());
            end = second.end + again.len();
            last = second;
        }
        self.quantity(first.start..end, first, &last, counter);
        self.address_tail(word, end).or(Some(end))
    }

    /// 三分の一 → 3分の1.
    fn fraction(&mut self, whole: &Number) -> Option<usize> {
        let mut cursor = Cursor::new(self.text, whole.end);
        if !cursor.eat("分の") {
            return None;
        }
        let part =
            cursor.number().filter(|n| counters::at(self.text, n.end).is_none() && !self.goes_on(n.end))?;
        self.digits(whole, false, false);
        self.digits(&part, false, false);
        Some(part.end)
    }

    /// The two numbers of 二、三回, 三か四歳, 二三回, 二十二三歳, with a counter behind the second.
    fn range_of_two(&self, first: &Number) -> Option<(Number, Number)> {
        if let Some(pair) = first.pair() {
            let (word, _) = counters::at(self.text, first.end)?;
            return (!NAMED_BY_NUMBER.contains(&word) && !matches!(word, "円" | "度" | "点" | "週"))
                .then_some(pair);
        }
        let low = first.integer()?;
        let mut cursor = Cursor::new(self.text, first.end);
        let joint = cursor.any(&["、", "から", "か", "〜", "・"]).unwrap_or_default();
        let second = cursor.number()?;
        let high = second.integer()?;
        counters::at(self.text, second.end)?;
        let near = match joint {
            "" => first.script == Script::Multiplied && high < 10 && low % 10 + 1 == high,
            "、" | "・" => high == low + 1 || (high < 10 && low > 10 && low % 10 + 1 == high),
            _ => high > low || (high < 10 && low % 10 < high),
        };
        near.then(|| (first.clone(), second))
    }

    /// Whether this numeral with this counter counts something.
    fn counts(&self, number: &Number, word: &str) -> bool {
        if number.script == Script::Digits {
            return true;
        }
        let (head, rest) = (&self.text[..number.start], &self.text[number.end + word.len()..]);
        let one = number.integer() == Some(1);
        match word {
            "時" if one => {
                BEFORE_ONE_OCLOCK.iter().any(|w| head.ends_with(w))
                    || AFTER_ONE_OCLOCK.iter().any(|w| rest.starts_with(w))
                    || rest.chars().next().is_some_and(number::starts_number)
            }
            // A numeral inside a name: 唯一人 is in the word list, 健一歳 is not worth a guess.
            _ if number.script == Script::Multiplied && number.end - number.start == 3 => {
                // A lone 十, 百 or 千 behind a kanji belongs to a name or a compound.
                !matches!(&self.text[number.start..number.end], "千" | "百") || !head.ends_with(is_kanji)
            }
            _ => true,
        }
    }

    /// 三丁目五 → 3丁目5, and the numbers behind it.
    fn address_tail(&mut self, word: &str, at: usize) -> Option<usize> {
        if !matches!(word, "丁目" | "番地") {
            return None;
        }
        let mut cursor = Cursor::new(self.text, at);
        if word == "番地" || cursor.sees(&["の", "ノ"]) {
            cursor.any(&["の", "ノ"])?;
        }
        if let Some(end) = address::parse(self.text, cursor.at()).and_then(|_| self.address(cursor.at())) {
            return Some(end);
        }
        let number = number::parse(self.text, cursor.at()).filter(|n| n.integer().is_some())?;
        if self.goes_on(number.end) || counters::at(self.text, number.end).is_some() {
            return None;
        }
        self.digits(&number, false, false);
        Some(number.end)
    }

    fn unit(&mut self, word: &str, at: usize, counter: &Counter, value: f64) {
        let symbol = match counter.kind {
            Kind::Measure => true,
            Kind::Length => centimetres(&counter.unit, value) >= KEPT_LENGTH_CM && counter.unit != "m",
            Kind::Count | Kind::Calendar => false,
        };
        if symbol {
            self.replace(at..at + word.len(), counter.unit.clone(), "unit of measure");
        }
    }

    fn quantity(&mut self, range: Range<usize>, low: &Number, high: &Number, counter: &Counter) {
        if counter.kind == Kind::Calendar || NAMED_BY_NUMBER.contains(&counter.unit.as_str()) {
            return;
        }
        let (Some(mut low), Some(mut high)) = (low.value(), high.value()) else { return };
        let mut range = range;
        if let Some(sign) = self.sign(range.start) {
            (low, high) = (-high, -low);
            range.start = sign;
        }
        // The high end of 二十二、三 is 23.
        let high = if high < low && high > 0.0 { high + (low - low % 10.0) } else { high };
        let unit = if counter.unit == "キロ" && self.is_weight(range.start) { "kg" } else { &counter.unit };
        let flags = if low < high { vec![Flag::Uncertain] } else { vec![] };
        let unit = unit.to_owned();
        self.annotate(range, Entity::Quantity { low, high, unit }, flags);
    }

    /// Start of a minus sign before `at`.
    fn sign(&self, at: usize) -> Option<usize> {
        let head = &self.text[..at];
        let rest = head.strip_suffix("マイナス").or_else(|| head.strip_suffix('-'))?;
        (!rest.ends_with(|c: char| c.is_alphanumeric() && !matches!(c, 'は' | 'が' | 'で' | 'の' | 'に')))
            .then_some(rest.len())
    }

    /// Whether the sentence so far speaks of a weight.
    fn is_weight(&self, at: usize) -> bool {
        let start = back_to(self.text, at, 60, ends_sentence);
        let near = &self.text[start..at];
        near.contains("体重") || near.contains("出生時")
    }
}

fn centimetres(unit: &str, value: f64) -> f64 {
    match unit {
        "mm" => value / 10.0,
        "m" => value * 100.0,
        _ => value,
    }
}
