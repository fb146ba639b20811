//! The words for review items and moments that all formats share.

use record::{Citation, Edit, Flag, Lang, SourceFile};

/// Every flag with its Japanese and English words. The Japanese ones are also the marks of the txt format.
const FLAGS: [(Flag, &str, &str); 26] = [
    (Flag::LowConfidence, "聞き取り不確か", "heard with low confidence"),
    (Flag::PossibleHallucination, "無音の疑い", "possibly nothing was said"),
    (Flag::Repetition, "繰り返しの疑い", "repetition loop"),
    (Flag::DecodeFailed, "聞き取り不能", "could not be decoded"),
    (Flag::AmbiguousTime, "午前・午後が不明", "morning or afternoon is open"),
    (Flag::NoAnchor, "基準日が不明", "no date to count from"),
    (Flag::WeekdayMismatch, "曜日が日付と合わない", "weekday does not fit the date"),
    (Flag::EraOutOfRange, "元号にない年", "year outside its era"),
    (Flag::AgeMismatch, "年齢・生年月日・学年が合わない", "age, birth date and grade disagree"),
    (Flag::SelfCorrected, "言い直しあり", "the speaker corrected this"),
    (Flag::Hearsay, "伝聞", "hearsay"),
    (Flag::Uncertain, "不確かな言い方", "the speaker was not sure"),
    (Flag::ReporterIdentity, "通告者の特定につながるおそれ", "may identify the reporter"),
    (Flag::NumberForm, "数か番地か不明", "number or address"),
    (Flag::SchoolType, "学校の種別が不明", "kind of school is open"),
    (Flag::RelationChoice, "続柄を要確認", "which relation"),
    (Flag::WhichCentre, "どのセンターか不明", "which centre"),
    (Flag::Cohabiting, "同居の有無を要確認", "living together or not"),
    (Flag::DoubleNegation, "二重否定", "double negation"),
    (Flag::SideMissing, "左右の別なし", "left or right is missing"),
    (Flag::ActorMissing, "誰がするか不明", "who does it is missing"),
    (Flag::NotAnswered, "回答なし", "not answered"),
    (Flag::ReplayNeeded, "要再聴取", "listen again"),
    (Flag::Contradiction, "食い違いあり", "statements differ"),
    (Flag::Overdue, "期限超過", "past the deadline"),
    (Flag::ModelDiffers, "欄の割り当てを要確認", "which field is to be checked"),
];

/// What a reviewer reads for a flag.
#[must_use]
pub fn flag(flag: Flag, lang: Lang) -> &'static str {
    let words = FLAGS.iter().find(|(known, ..)| *known == flag);
    match lang {
        Lang::Ja => words.map_or("要確認", |(_, ja, _)| ja),
        Lang::En => words.map_or("to be checked", |(.., en)| en),
    }
}

/// The flag with these Japanese words.
pub(crate) fn flag_of_words(words: &str) -> Option<Flag> {
    FLAGS.iter().find(|(_, ja, _)| *ja == words).map(|(flag, ..)| *flag)
}

/// A position in a recording: `m:ss`, from an hour on `h:mm:ss`.
#[must_use]
pub fn moment(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Where a citation starts: `m:ss`, with the recording's number where there are several. `None` where the input was text.
#[must_use]
pub fn citation(citation: &Citation, files: &[SourceFile], lang: Lang) -> Option<String> {
    place(citation.file, citation.start_ms, citation.end_ms, files, lang)
}

pub(crate) fn place(
    file: usize,
    start_ms: u64,
    end_ms: u64,
    files: &[SourceFile],
    lang: Lang,
) -> Option<String> {
    // Text has no times: all are 0.
    (end_ms > 0).then(|| match (files.len(), lang) {
        (0 | 1, _) => moment(start_ms),
        (_, Lang::Ja) => format!("録音{} {}", file + 1, moment(start_ms)),
        (_, Lang::En) => format!("file {} {}", file + 1, moment(start_ms)),
    })
}

/// What a reviewer calls the text passes; a pass without a word of its own goes by its name.
const PASSES: [(&str, &str); 10] = [
    ("normalize", "表記をそろえる"),
    ("fillers", "言いよどみ"),
    ("corrections", "言い直し"),
    ("numerals", "漢数字"),
    ("dates", "日付"),
    ("times", "時刻"),
    ("ages", "年齢"),
    ("headings", "見出し"),
    ("quotes", "発言のかっこ"),
    ("lexicon", "用語"),
];

/// Which pass changed the words, and why. Reasons are English but for the Japanese they hold, so in Japanese one
/// without any is left out.
pub(crate) fn edit(edit: &Edit, lang: Lang) -> String {
    let (pass, reason) = (one_line(&edit.pass), one_line(&edit.reason));
    if lang == Lang::En {
        return format!("{pass}: {reason}");
    }
    let name = PASSES.iter().find(|(name, _)| *name == pass).map_or(pass.as_str(), |(_, ja)| ja);
    if reason.is_ascii() { name.to_owned() } else { format!("{name}: {reason}") }
}

/// The words with everything dropped that moves a cursor or turns the direction of writing: a hostile transcript must
/// not steer a terminal or make a line read as another.
pub(crate) fn clean(words: &str) -> String {
    let is_layout = |c: char| matches!(c, '\n' | '\t');
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    words.chars().filter(|c| is_layout(*c) || !(c.is_control() || turns(*c))).collect()
}

/// The words on one line, cleaned.
pub(crate) fn one_line(words: &str) -> String {
    let breaks =
        |c: char| matches!(c, '\n' | '\r' | '\u{0b}' | '\u{0c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let parts: Vec<String> = words.split(breaks).map(|part| clean(part).trim().to_owned()).collect();
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_has_words_of_its_own() {
        let schema = serde_json::to_value(schemars::schema_for!(Flag)).unwrap();
        let names: Vec<Flag> = schema["oneOf"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| serde_json::from_value(one["const"].clone()).unwrap())
            .collect();
        assert!(names.len() >= 24, "{names:?}");
        for name in &names {
            assert!(FLAGS.iter().any(|(known, ..)| known == name), "no words for {name:?}");
            assert_eq!(
                flag_of_words(flag(*name, Lang::Ja)),
                Some(*name),
                "the words of {name:?} are not its own"
            );
        }
    }

    #[test]
    fn moments_are_minutes_and_seconds() {
        assert_eq!(moment(0), "0:00");
        assert_eq!(moment(65_999), "1:05");
        assert_eq!(moment(3_661_000), "1:01:01");
    }
}
