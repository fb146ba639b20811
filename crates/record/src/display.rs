//! How values are printed: 和暦, 午前/午後, rows as lines.

use jiff::civil::{Date, Weekday};

use crate::{ClockTime, Missing, NormalForm, Row};

/// The name of a reporter who gives none.
pub(crate) const ANONYMOUS: &str = "匿名";

/// First days of the eras since 1868, newest first.
const ERAS: [(&str, Date); 5] = [
    ("令和", Date::constant(2019, 5, 1)),
    ("平成", Date::constant(1989, 1, 8)),
    ("昭和", Date::constant(1926, 12, 25)),
    ("大正", Date::constant(1912, 7, 30)),
    ("明治", Date::constant(1868, 10, 23)),
];

/// 令和7年6月3日(火). Days before 明治 are printed with the western year.
#[must_use]
pub fn wareki(date: Date) -> String {
    let day = format!("{}月{}日({})", date.month(), date.day(), weekday(date.weekday()));
    match ERAS.iter().find(|(_, first)| date >= *first) {
        Some((era, first)) if date.year() == first.year() => format!("{era}元年{day}"),
        Some((era, first)) => format!("{era}{}年{day}", date.year() - first.year() + 1),
        None => format!("{}年{day}", date.year()),
    }
}

/// One character: 月 … 日.
#[must_use]
pub fn weekday(day: Weekday) -> char {
    match day {
        Weekday::Monday => '月',
        Weekday::Tuesday => '火',
        Weekday::Wednesday => '水',
        Weekday::Thursday => '木',
        Weekday::Friday => '金',
        Weekday::Saturday => '土',
        Weekday::Sunday => '日',
    }
}

/// 午後2時30分. A time whose half of the day is open is printed without it.
#[must_use]
pub fn clock(time: ClockTime) -> String {
    let (half, hour) = match (time.certain, time.hour) {
        (false, hour) => ("", hour),
        (true, hour @ 0..=11) => ("午前", hour),
        (true, 12) => ("午後", 0),
        (true, hour) => ("午後", hour - 12),
    };
    let minute = if time.minute == 0 { String::new() } else { format!("{}分", time.minute) };
    format!("{half}{hour}時{minute}")
}

/// `YYYY-MM-DDTHH:MM`, or the day alone where the time is open.
pub(crate) fn iso(date: Date, time: Option<ClockTime>) -> String {
    match time.filter(|t| t.certain) {
        Some(t) => {
            let day = if t.next_day { date.tomorrow().unwrap_or(date) } else { date };
            format!("{day}T{:02}:{:02}", t.hour, t.minute)
        }
        None => date.to_string(),
    }
}

/// `HH:MM`; `None` where the half of the day is open.
pub(crate) fn iso_time(time: ClockTime) -> Option<String> {
    time.certain.then(|| format!("{:02}:{:02}", time.hour, time.minute))
}

/// 〜午後3時10分 after a start; 〜3時10分 in the same half of the day.
fn until(start: Option<ClockTime>, end: ClockTime) -> String {
    let text = clock(end);
    let same_half = start.is_some_and(|s| s.certain && end.certain && (s.hour < 12) == (end.hour < 12));
    let text = if same_half && !end.next_day {
        text.trim_start_matches(['午', '前', '後']).to_owned()
    } else {
        text
    };
    if end.next_day { format!("〜翌日{text}") } else { format!("〜{text}") }
}

/// 26時間30分
fn minutes(minutes: i64) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (hours, rest) {
        (0, rest) => format!("{rest}分"),
        (hours, 0) => format!("{hours}時間"),
        (hours, rest) => format!("{hours}時間{rest}分"),
    }
}

fn incalculable(missing: Missing) -> String {
    let why = match missing {
        Missing::Day => "日付が不明",
        Missing::Time => "時刻が不明",
        Missing::HalfOfDay => "午前・午後が不明",
        Missing::Order => "日時の前後が合わない",
    };
    format!("計算不可({why})")
}

pub(crate) fn coin_size(coin: u32) -> String {
    format!("{coin}円玉大")
}

/// The printed form; `None` where the words themselves are printed.
pub(crate) fn normal_form(form: &NormalForm) -> Option<String> {
    Some(match form {
        NormalForm::Date(date) | NormalForm::Datetime(date, None) => wareki(*date),
        NormalForm::Datetime(date, Some(time)) => format!("{}{}", wareki(*date), clock(*time)),
        NormalForm::DatetimeRange(date, start, end) => {
            let start_text = start.map(clock).unwrap_or_default();
            let end_text = end.map(|end| until(*start, end));
            format!("{} {start_text}{}", wareki(*date), end_text.unwrap_or_default()).trim_end().to_owned()
        }
        NormalForm::DateRange(Some(start), Some(end)) if start == end => wareki(*start),
        NormalForm::DateRange(start, end) => {
            let day = |d: &Option<Date>| d.map(wareki).unwrap_or_default();
            format!("{}〜{}", day(start), day(end))
        }
        NormalForm::Time(time) => clock(*time),
        NormalForm::TimeRange(start, end) => {
            format!("{}{}", clock(*start), end.map(|end| until(Some(*start), end)).unwrap_or_default())
        }
        NormalForm::Minutes(length) => minutes(*length),
        NormalForm::Incalculable(missing) => incalculable(*missing),
        NormalForm::Phone(phone) => phone.clone(),
        NormalForm::CoinSize(coin) => coin_size(*coin),
        NormalForm::Present => "有".to_owned(),
        NormalForm::Anonymous => ANONYMOUS.to_owned(),
        NormalForm::Number(_) => return None,
    })
}

/// A row on one line: its cells in order, joined by a space.
pub(crate) fn row(row: &Row) -> String {
    let cell = |v: &serde_json::Value| match v {
        serde_json::Value::String(s) => s.clone(),
        serde_json::Value::Array(labels) => {
            labels.iter().filter_map(|l| l.as_str()).collect::<Vec<_>>().join("・")
        }
        other => other.to_string(),
    };
    row.cells.iter().map(|(_, v)| cell(v)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn eras_change_on_their_day() {
        assert_eq!(wareki(date(2025, 6, 3)), "令和7年6月3日(火)");
        assert_eq!(wareki(date(2019, 5, 1)), "令和元年5月1日(水)");
        assert_eq!(wareki(date(2019, 4, 30)), "平成31年4月30日(火)");
        assert_eq!(wareki(date(1989, 1, 7)), "昭和64年1月7日(土)");
        assert_eq!(wareki(date(1989, 1, 8)), "平成元年1月8日(日)");
    }

    #[test]
    fn a_visit_is_printed_as_on_the_form() {
        let time = |hour, minute| Some(ClockTime { hour, minute, certain: true, next_day: false });
        let form =
            |start, end| normal_form(&NormalForm::DatetimeRange(date(2025, 11, 18), start, end)).unwrap();
        assert_eq!(form(time(14, 30), time(15, 10)), "令和7年11月18日(火) 午後2時30分〜3時10分");
        assert_eq!(form(time(10, 0), time(13, 0)), "令和7年11月18日(火) 午前10時〜午後1時");
        assert_eq!(form(time(10, 0), None), "令和7年11月18日(火) 午前10時");
        let late = Some(ClockTime { hour: 1, minute: 0, certain: true, next_day: true });
        assert_eq!(form(time(23, 0), late), "令和7年11月18日(火) 午後11時〜翌日午前1時");
    }
}
