//! Numbers in digits, kanji and the mixtures that recognisers write.

pub(crate) mod address;
pub(crate) mod counters;
pub(crate) mod phone;

/// More digits than this are a code, not a value.
const MAX_DIGITS: usize = 15;

/// How a number was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Digits only.
    Digits,
    /// Kanji digits one after the other: 二〇二六.
    Positional,
    /// With 十, 百, 千, 万: 二千八百五十, 2千.
    Multiplied,
}

/// A number that stands in a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    /// Byte position where it starts.
    pub(crate) start: usize,
    /// Byte position behind it.
    pub(crate) end: usize,
    pub(crate) script: Script,
    /// Whole part; `None` for a run of more than 15 digits.
    value: Option<u64>,
    /// Digits of a positional number, with leading zeros.
    digits: String,
    /// Digits behind the point.
    decimals: String,
}

impl Number {
    /// The value, when it is whole.
    pub(crate) fn integer(&self) -> Option<u64> {
        self.value.filter(|_| self.decimals.is_empty())
    }

    /// The value; `None` for a run of more than 15 digits.
    pub(crate) fn value(&self) -> Option<f64> {
        let whole = self.value? as f64;
        let places = self.decimals.len().min(MAX_DIGITS) as i32;
        let fraction: f64 = self.decimals[..places as usize].parse().unwrap_or(0.0);
        Some(whole + fraction / 10_f64.powi(places))
    }

    /// The number in half-width digits. From a million up 万 and 億 stay (「400万」), and where `keep_man` says so.
    pub(crate) fn written(&self, keep_man: bool, separate: bool) -> String {
        let whole = match (self.script, self.value) {
            (Script::Multiplied, Some(value)) if value >= 1_000_000 || (keep_man && value >= 10_000) => {
                with_multipliers(value, separate)
            }
            (Script::Multiplied, Some(value)) => group(&value.to_string(), separate),
            _ => group(&self.digits, separate),
        };
        if self.decimals.is_empty() { whole } else { format!("{whole}.{}", self.decimals) }
    }

    /// Number of digits of a number without 十, 百, 千, 万.
    pub(crate) fn digits(&self) -> &str {
        &self.digits
    }

    /// Two digits in a row as two numbers: 二三回 is 2 or 3 times.
    pub(crate) fn pair(&self) -> Option<(Number, Number)> {
        let [a, b] = *self.digits.as_bytes() else { return None };
        if self.script != Script::Positional || a == b'0' || b != a + 1 {
            return None;
        }
        let middle = self.start + (self.end - self.start) / 2;
        let part = |start, end, digit: u8| Number {
            start,
            end,
            script: Script::Positional,
            value: Some(u64::from(digit - b'0')),
            digits: char::from(digit).to_string(),
            decimals: String::new(),
        };
        Some((part(self.start, middle, a), part(middle, self.end, b)))
    }

    /// A run of more digits than a value has.
    pub(crate) fn is_code(&self) -> bool {
        self.value.is_none()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.decimals.is_empty()
    }
}

fn with_multipliers(value: u64, separate: bool) -> String {
    let mut out = String::new();
    let mut rest = value;
    for (unit, name) in [(1_000_000_000_000, "兆"), (100_000_000, "億"), (10_000, "万")] {
        if rest >= unit {
            out.push_str(&(rest / unit).to_string());
            out.push_str(name);
            rest %= unit;
        }
    }
    if rest > 0 {
        out.push_str(&group(&rest.to_string(), separate));
    }
    out
}

/// Digits with a comma before every third from the right.
fn group(digits: &str, separate: bool) -> String {
    if !separate || digits.len() < 4 || digits.starts_with('0') {
        return digits.to_owned();
    }
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// The value of a kanji digit.
pub(crate) fn kanji_digit(c: char) -> Option<u8> {
    Some(match c {
        '〇' | '零' => 0,
        '一' | '壱' => 1,
        '二' | '弐' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

/// Whether a number in digits or kanji can start with `c`.
pub(crate) fn starts_number(c: char) -> bool {
    c.is_ascii_digit() || kanji_digit(c).is_some() || small_unit(c).is_some() || c == '参'
}

fn small_unit(c: char) -> Option<u64> {
    match c {
        '十' => Some(10),
        '百' => Some(100),
        '千' => Some(1000),
        _ => None,
    }
}

fn big_unit(c: char) -> Option<u64> {
    match c {
        '万' | '萬' => Some(10_000),
        '億' => Some(100_000_000),
        '兆' => Some(1_000_000_000_000),
        _ => None,
    }
}

/// The longest number at `at`. 〇〇, which stands for a name, is none, nor is a run that starts in the middle of digits.
pub(crate) fn parse(text: &str, at: usize) -> Option<Number> {
    let rest = text.get(at..)?;
    let first = rest.chars().next().filter(|&c| starts_number(c))?;
    let inside_a_name = first == '〇' && text[..at].ends_with('〇');
    if inside_a_name || (first.is_ascii_digit() && in_digits(text, at)) {
        return None;
    }
    let mut reader = Reader { rest, used: 0, state: State::default() };
    while reader.step() {}
    reader.finish(at)
}

/// In the middle of 2026 or of 2,850.
fn in_digits(text: &str, at: usize) -> bool {
    let ends_in_digit = |s: &str| s.ends_with(|c: char| c.is_ascii_digit());
    let run = text.as_bytes()[at..].iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let group = text[..at].strip_suffix(',').filter(|_| run == 3);
    ends_in_digit(&text[..at]) || group.is_some_and(ends_in_digit)
}

#[derive(Default)]
struct State {
    total: u64,
    section: u64,
    /// Value and digits read since the last multiplier.
    current: Option<(u64, String, Script)>,
    last_small: Option<u64>,
    last_big: Option<u64>,
    multiplied: bool,
    /// More digits than a value has.
    code: bool,
    decimals: String,
}

struct Reader<'t> {
    rest: &'t str,
    used: usize,
    state: State,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest[self.used..].chars().next()
    }

    /// Takes one more digit run or multiplier.
    fn step(&mut self) -> bool {
        let Some(c) = self.peek() else { return false };
        if !self.state.decimals.is_empty() || (self.state.code && kanji_digit(c).is_none()) {
            return false;
        }
        if c.is_ascii_digit() {
            return self.arabic();
        }
        if let Some(digit) = kanji_digit(c).or_else(|| self.formal_three(c)) {
            return self.kanji(c, digit);
        }
        if let Some(unit) =
            small_unit(c).or_else(|| (c == '拾' && self.state.current.is_some()).then_some(10))
        {
            return self.small(c, unit);
        }
        if let Some(unit) = big_unit(c) {
            return self.big(c, unit);
        }
        matches!(c, '点' | '.') && self.point(c)
    }

    /// 参 is a digit only before a multiplier or 円; else it belongs to 参加, 参る.
    fn formal_three(&self, c: char) -> Option<u8> {
        let next = self.rest[self.used + c.len_utf8()..].chars().next();
        (c == '参' && next.is_some_and(|n| matches!(n, '拾' | '百' | '千' | '万' | '萬' | '円'))).then_some(3)
    }

    fn arabic(&mut self) -> bool {
        if self.state.current.is_some() {
            return false;
        }
        let run = &self.rest[self.used..];
        let first = run.bytes().take_while(u8::is_ascii_digit).count();
        let mut digits = run[..first].to_owned();
        let mut len = first;
        // Separated thousands: every further group has exactly three digits.
        if first <= 3 {
            while let Some(group) = run[len..].strip_prefix(',') {
                if group.bytes().take_while(u8::is_ascii_digit).count() != 3 {
                    break;
                }
                digits.push_str(&group[..3]);
                len += 4;
            }
        }
        self.used += len;
        let value = digits.parse().ok().filter(|_| digits.len() <= MAX_DIGITS);
        self.state.code = value.is_none();
        self.state.current = Some((value.unwrap_or_default(), digits, Script::Digits));
        true
    }

    fn kanji(&mut self, c: char, digit: u8) -> bool {
        let value = u64::from(digit);
        match &mut self.state.current {
            None => {
                if self.state.last_small.is_some() && digit == 0 && !self.zero_fills() {
                    return false;
                }
                self.state.current = Some((value, value.to_string(), Script::Positional));
            }
            Some((number, digits, Script::Positional)) => {
                // 二十二三歳 is 22 to 23 years: behind a multiplier more digits follow only with zeros (千六〇〇).
                if let Some(unit) = self.state.last_small {
                    let zeros = digit == 0 || digits.contains('0');
                    if !zeros || digits.len() >= unit.ilog10() as usize {
                        return false;
                    }
                }
                match number.checked_mul(10).filter(|_| digits.len() < MAX_DIGITS) {
                    Some(tens) => *number = tens + value,
                    None => self.state.code = true,
                }
                digits.push(char::from(b'0' + digit));
            }
            Some(_) => return false,
        }
        self.used += c.len_utf8();
        true
    }

    /// Whether the kanji digits from here fill the places of the last multiplier: 百〇七.
    fn zero_fills(&self) -> bool {
        let run = self.rest[self.used..].chars().take(4).take_while(|&c| kanji_digit(c).is_some()).count();
        self.state.last_small.is_some_and(|unit| unit.ilog10() as usize == run)
    }

    fn small(&mut self, c: char, unit: u64) -> bool {
        if self.state.last_small.is_some_and(|last| unit >= last) {
            return false;
        }
        let factor = self.state.current.as_ref().map_or(1, |(value, ..)| *value);
        if factor == 0 || factor > 9 {
            return false;
        }
        self.state.section += factor * unit;
        self.state.current = None;
        self.state.last_small = Some(unit);
        self.state.multiplied = true;
        self.used += c.len_utf8();
        true
    }

    fn big(&mut self, c: char, unit: u64) -> bool {
        let section = self.state.section + self.state.current.as_ref().map_or(0, |(value, ..)| *value);
        let smaller = self.state.last_big.is_none_or(|last| unit < last);
        let Some(value) =
            section.checked_mul(unit).filter(|_| smaller && section > 0 && section < 10_000_000)
        else {
            return false;
        };
        let Some(total) = self.state.total.checked_add(value) else { return false };
        self.state.total = total;
        self.state.section = 0;
        self.state.current = None;
        self.state.last_small = None;
        self.state.last_big = Some(unit);
        self.state.multiplied = true;
        self.used += c.len_utf8();
        true
    }

    /// 三点五 and 3.5; the digits run to the end of the number.
    fn point(&mut self, c: char) -> bool {
        if self.state.current.is_none() && !self.state.multiplied {
            return false;
        }
        let behind = &self.rest[self.used + c.len_utf8()..];
        let mut len = 0;
        for d in behind.chars() {
            let digit =
                if d.is_ascii_digit() { Some(d as u8 - b'0') } else { kanji_digit(d).filter(|_| c == '点') };
            let Some(digit) = digit else { break };
            self.state.decimals.push(char::from(b'0' + digit));
            len += d.len_utf8();
        }
        // 7.18.3 is no decimal number, and in 三点五つ the point counts.
        let next = behind[len..].chars().next();
        if len == 0
            || (c == '.' && next == Some('.'))
            || (c == '点' && matches!(next, Some('つ' | '十' | '月')))
        {
            self.state.decimals.clear();
            return false;
        }
        self.used += c.len_utf8() + len;
        true
    }

    fn finish(self, at: usize) -> Option<Number> {
        let State { total, section, current, multiplied, code, decimals, .. } = self.state;
        let (last, digits, script) = current.unwrap_or((0, String::new(), Script::Positional));
        if self.used == 0 {
            return None;
        }
        let script = if multiplied { Script::Multiplied } else { script };
        // 〇〇さん: zeros that stand for a name.
        if script == Script::Positional && digits.len() > 1 && digits.bytes().all(|b| b == b'0') {
            return None;
        }
        let value = if code { None } else { total.checked_add(section)?.checked_add(last) };
        Some(Number { start: at, end: at + self.used, script, value, digits, decimals })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Option<f64> {
        parse(text, 0).filter(|n| n.end == text.len()).and_then(|n| n.value())
    }

    fn written(text: &str) -> String {
        parse(text, 0).unwrap().written(false, false)
    }

    #[test]
    fn kanji_with_multipliers() {
        for (text, expected) in [
            ("一", 1.0),
            ("十", 10.0),
            ("十四", 14.0),
            ("二千八百五十", 2850.0),
            ("一千二百三十四", 1234.0),
            ("千百", 1100.0),
            ("一万二千三百四十五", 12345.0),
            ("二十万二", 200_002.0),
            ("一億五千万", 150_000_000.0),
            ("一千一百万", 11_000_000.0),
            ("壱万参千円", 13_000.0),
        ] {
            let text = text.trim_end_matches('円');
            assert_eq!(value(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn positional_and_mixed() {
        assert_eq!(value("二〇二六"), Some(2026.0));
        assert_eq!(value("千六〇〇"), Some(1600.0));
        assert_eq!(value("百〇七"), Some(107.0));
        assert_eq!(value("2千850"), Some(2850.0));
        assert_eq!(value("20万"), Some(200_000.0));
        assert_eq!(value("2,850"), Some(2850.0));
        assert_eq!(value("三点五"), Some(3.5));
        assert_eq!(value("37.5"), Some(37.5));
    }

    #[test]
    fn million_and_more_keep_their_multipliers() {
        assert_eq!(written("二十万二千百"), "202100");
        assert_eq!(written("四百万"), "400万");
        assert_eq!(written("三百二十万五千"), "320万5000");
        assert_eq!(written("一百万千百十一"), "100万1111");
        assert_eq!(parse("二千八百五十", 0).unwrap().written(false, true), "2,850");
        assert_eq!(parse("三万五千", 0).unwrap().written(true, true), "3万5,000");
    }

    #[test]
    fn what_is_no_number() {
        assert_eq!(parse("〇〇小", "〇".len()), None);
        assert_eq!(parse("〇〇さん", 0), None);
        assert_eq!(parse("万一", 0), None);
        assert_eq!(parse("参加", 0), None);
        assert_eq!(value("12,34"), None);
    }

    #[test]
    fn a_second_unit_digit_starts_another_number() {
        let number = parse("二十二三歳", 0).unwrap();
        assert_eq!(number.integer(), Some(22));
        assert_eq!(&"二十二三歳"[number.end..], "三歳");
    }

    proptest! {
        #[test]
        fn every_kanji_reading_leads_back_to_its_value(value in 1..100_000_000u64) {
            let mut kanji = String::new();
            for (unit, name) in [(10_000, "万"), (1, "")] {
                let mut section = value / unit % 10_000;
                if section == 0 { continue; }
                for (small, word) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
                    let digit = (section / small) as usize;
                    section %= small;
                    if digit == 0 { continue; }
                    if digit > 1 || small == 1 { kanji.push("一二三四五六七八九".chars().nth(digit - 1).unwrap()); }
                    kanji.push_str(word);
                }
                kanji.push_str(name);
            }
            let number = parse(&kanji, 0).unwrap();
            prop_assert_eq!(number.integer(), Some(value));
            prop_assert_eq!(number.end, kanji.len());
        }

        #[test]
        fn any_text_is_read_without_panic(text in "[〇一二三十百千万億点0-9.,参拾零あ ]{0,30}") {
            for (at, _) in text.char_indices() {
                if let Some(number) = parse(&text, at) {
                    prop_assert!(number.end > at && text.is_char_boundary(number.end));
                    let _ = number.written(true, true);
                }
            }
        }
    }
}
