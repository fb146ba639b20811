//! Ages of persons (language.md pass 4).

use record::{Age, Annotation, Document, Entity, Flag};

use crate::chain::Pass;
use crate::cursor::{Cursor, before, in_kanji_number};
use crate::error::Result;
use crate::layout::{Layout, back_to, ends_sentence};

const NAME: &str = "ages";
/// Above this a number of years is no age.
const OLDEST: u64 = 130;
const MONTHS: &[&str] = &["か月", "カ月", "ヶ月", "ヵ月", "ケ月", "箇月", "ヵ月"];
const ABOUT: &[&str] = &["くらい", "ぐらい", "ほど", "前後", "程度", "頃", "ごろ", "位"];
/// Behind an age these make it a class, a check-up or a difference.
const NOT_A_PERSON: &[&str] = &[
    "児",
    "健診",
    "検診",
    "の健診",
    "の検診",
    "時健診",
    "上",
    "下",
    "違い",
    "ちがい",
    "差",
    "年上",
    "年下",
    "クラス",
    "離れ",
];
/// Counted with つ, these are things.
const THINGS: &[&str] = &[
    "あざ",
    "アザ",
    "痣",
    "傷",
    "きず",
    "痕",
    "跡",
    "やけど",
    "火傷",
    "箱",
    "袋",
    "個",
    "錠",
    "部屋",
    "約束",
    "理由",
    "点",
    "箇所",
    "か所",
    "菓子",
    "パン",
    "おもちゃ",
    "かばん",
    "荷物",
    "質問",
    "たんこぶ",
    "こぶ",
];

/// Pass 4: annotates ages.
///
/// 三歳児健診 and 四歳児クラス are no ages. 三つか四つくらい is one unless the sentence counts things. An age of about or between
/// carries [`Flag::Uncertain`]; months and corrected months of an infant are kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ages;

impl Pass for Ages {
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
            match age(text, at) {
                Some(annotation) => {
                    at = annotation.range.end;
                    found.push(annotation);
                }
                None => at += c.len_utf8(),
            }
        }
        doc.retain_annotations(|a| !matches!(a.entity, Entity::Age(_)));
        doc.annotate(found);
        Ok(())
    }
}

fn age(text: &str, at: usize) -> Option<Annotation> {
    let first = text[at..].chars().next()?;
    let (age, mut cursor) = if first == '生' || first == '月' || first == '修' {
        infant(text, at)?
    } else if first == 'は' {
        let mut cursor = Cursor::new(text, at);
        cursor.eat("はたち").then(|| (years(20, 20), cursor))?
    } else if crate::number::starts_number(first) && !in_kanji_number(text, at) {
        in_years(text, at)
            .or_else(|| in_words(text, at))
            .or_else(|| infant(text, at))
            .or_else(|| bare(text, at))?
    } else {
        return None;
    };
    let about = cursor.any(ABOUT).is_some();
    let uncertain = about || age.years < age.years_high;
    let flags = if uncertain { vec![Flag::Uncertain] } else { vec![] };
    Some(Annotation { range: at..cursor.at(), entity: Entity::Age(age), flags })
}

fn years(low: u64, high: u64) -> Age {
    Age { years: low as u16, years_high: high as u16, months: None, corrected_months: None }
}

/// 4歳, 4歳2か月, 3、4歳, 2歳半.
fn in_years(text: &str, at: usize) -> Option<(Age, Cursor<'_>)> {
    if before(text, at).is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | '数' | '何')) {
        return None;
    }
    let mut cursor = Cursor::new(text, at);
    let low = cursor.integer(OLDEST)?;
    let mut high = low;
    let unit = ["歳", "才"];
    let said = cursor.any(&unit).is_some();
    let mut ahead = cursor;
    if ahead.any(&["、か", "、", "から", "か", "〜", "・"]).is_some()
        && let Some(second) = ahead.integer(OLDEST)
        && ahead.any(&unit).is_some()
        && near(low, second, said)
    {
        // 22、3歳
        high = if second < low { low - low % 10 + second } else { second };
        cursor = ahead;
    } else if !said {
        return None;
    }
    let mut age = years(low, high);
    let mut ahead = cursor;
    if cursor.eat("半") {
        age.months = Some(6);
    } else if let Some(months) = ahead.integer(11)
        && ahead.any(MONTHS).is_some()
    {
        age.months = Some(months as u16);
        cursor = ahead;
    }
    if cursor.sees(NOT_A_PERSON) {
        return None;
    }
    age.corrected_months = corrected(&mut cursor);
    Some((age, cursor))
}

/// 「年は七十四だそうです」
fn bare(text: &str, at: usize) -> Option<(Age, Cursor<'_>)> {
    let lead = text[..at].strip_suffix("年は").or_else(|| text[..at].strip_suffix("年齢は"))?;
    if lead.ends_with(['昨', '去', '今', '来', '学', '毎', '前', '翌', '少', '青']) {
        return None;
    }
    let mut cursor = Cursor::new(text, at);
    let said = cursor.integer(OLDEST)?;
    let ends = cursor.rest().is_empty() || cursor.sees(&["だ", "で", "と", "、", "。", "くらい", "ぐらい"]);
    ends.then(|| (years(said, said), cursor))
}

/// Whether two numbers are one age: 3、4歳, 22、3歳. Two ages with 歳 on each and a comma are two persons.
fn near(low: u64, second: u64, said: bool) -> bool {
    let follows =
        second == low + 1 || second == low + 2 || (low > 10 && second < 10 && low % 10 + 1 == second);
    follows && !said
}

/// 三つか四つくらい, where persons are spoken of.
fn in_words(text: &str, at: usize) -> Option<(Age, Cursor<'_>)> {
    let mut cursor = Cursor::new(text, at);
    let low = cursor.integer(9).filter(|n| *n > 0)?;
    let counted = cursor.eat("つ");
    cursor.any(&["から", "か", "、"])?;
    let high = cursor.integer(9).filter(|n| *n == low + 1)?;
    if !cursor.eat("つ")
        || !(counted || cursor.sees(ABOUT))
        || !cursor.sees(&["くらい", "ぐらい", "だと思", "の子", "の男", "の女"])
    {
        return None;
    }
    let sentence = &text[back_to(text, at, 90, ends_sentence)..at];
    (!THINGS.iter().any(|thing| sentence.contains(thing))).then(|| (years(low, high), cursor))
}

/// 生後8か月, 8か月(修正6か月), 修正6か月.
fn infant(text: &str, at: usize) -> Option<(Age, Cursor<'_>)> {
    if before(text, at).is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | '歳' | '才')) {
        return None;
    }
    let mut cursor = Cursor::new(text, at);
    let mut age = Age { years: 0, years_high: 0, months: None, corrected_months: None };
    if let Some(corrected) = corrected(&mut cursor) {
        age.corrected_months = Some(corrected);
        return Some((age, cursor));
    }
    let marked = cursor.any(&["生後", "月齢は", "月齢"]).is_some();
    cursor.any(&["、", " "]);
    let count = cursor.integer(1000)?;
    if cursor.any(MONTHS).is_some() {
        if count > 47 || cursor.sees(&["児健", "健診", "検診", "間", "前", "後", "目", "分", "以", "健康"])
        {
            return None;
        }
        age.years = (count / 12) as u16;
        age.years_high = age.years;
        age.months = Some((count % 12) as u16);
        let child = cursor.sees(&[
            "の乳児",
            "の赤",
            "の男児",
            "の女児",
            "の本児",
            "の子",
            "の児",
            "の双子",
            "の長",
            "の次",
            "乳児",
        ]);
        age.corrected_months = corrected(&mut cursor);
        return (marked || child || age.corrected_months.is_some()).then_some((age, cursor));
    }
    // 生後10日, 生後3週: months not complete.
    if marked
        && (cursor.eat("日") || cursor.any(&["週間", "週"]).is_some())
        && !cursor.sees(&["健診", "検診"])
    {
        age.months = Some(0);
        return Some((age, cursor));
    }
    None
}

/// (修正6か月), 、修正月齢6か月.
fn corrected(cursor: &mut Cursor<'_>) -> Option<u16> {
    let mut ahead = *cursor;
    let bracket = ahead.any(&["(", "、", " "]) == Some("(");
    if !ahead.eat("修正") {
        return None;
    }
    ahead.any(&["月齢は", "月齢で", "月齢"]);
    ahead.any(&["、", " "]);
    let months = ahead.integer(47)?;
    ahead.any(MONTHS)?;
    if bracket && !ahead.eat(")") {
        return None;
    }
    *cursor = ahead;
    Some(months as u16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::conformance;
    use crate::testing::found;

    #[track_caller]
    fn ages(text: &str, expected: &[&str]) {
        let lines: Vec<_> = found("age", text).iter().map(|l| l.replace(" | age ", "→")).collect();
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn the_pass_conforms() {
        conformance::run(&Ages);
    }

    #[test]
    fn years_and_months() {
        ages("本児は四歳", &["4歳→4"]);
        ages("四歳二か月", &["4歳2か月→4 2 months"]);
        ages("二歳半", &["2歳半→2 6 months"]);
        ages("長男四歳、次男二歳", &["4歳→4", "2歳→2"]);
        ages("〇歳の弟", &["0歳→0"]);
        ages("きょうだいは二人、六歳と三歳", &["6歳→6", "3歳→3"]);
    }

    #[test]
    fn infants_keep_their_corrected_months() {
        ages("生後八か月、修正六か月", &["生後8か月、修正6か月→0 8 months (corrected 6)"]);
        ages("8か月(修正6か月)", &["8か月(修正6か月)→0 8 months (corrected 6)"]);
        ages("修正月齢6か月", &["修正月齢6か月→0 (corrected 6)"]);
        ages("生後10日", &["生後10日→0 0 months"]);
        ages("8か月の女児", &["8か月→0 8 months"]);
    }

    #[test]
    fn between_and_about() {
        ages("三、四歳", &["3、4歳→3..4 [Uncertain]"]);
        ages("二十二、三歳", &["22、3歳→22..23 [Uncertain]"]);
        ages("三つか四つくらいだと思います", &["3つか4つくらい→3..4 [Uncertain]"]);
        ages("四歳くらい", &["4歳くらい→4 [Uncertain]"]);
    }

    #[test]
    fn classes_check_ups_and_things_are_no_ages() {
        for text in [
            "三歳児健診で指摘",
            "四歳児クラスの担任",
            "一歳半健診",
            "一歳六か月児健診",
            "二歳上の姉",
            "三歳違い",
            "青あざが三つか四つくらい",
            "三か月前から",
            "八か月間",
            "「四歳」と話す",
            "数歳",
        ] {
            ages(text, &[]);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[0-9一二三十歳才か月生後修正つ、くらい半児健診 ()]{0,40}") {
            conformance::check(&Ages, &text);
        }
    }
}
