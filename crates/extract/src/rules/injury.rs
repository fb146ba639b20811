//! Injury rows (language.md pass 14, columns of forms.md T9).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use record::template::{ColumnSpec, FieldSpec};
use record::{Entity, Flag, Grounded, Kept, NormalForm, Reason, RowBuilder};
use regex::Regex;

use super::speech::explained;
use super::{Filled, Outcome, without_as};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{
    Spoken, clauses, find_all, find_any, has_any, is_kanji, spoken_choices, trim, trim_end_of,
};

/// Diameters in cm of the coins that people compare with (forms.md T9, 要確認).
const COINS: &[(u32, f64)] = &[(1, 2.0), (5, 2.2), (50, 2.1), (10, 2.35), (100, 2.26), (500, 2.65)];
/// Parts that people have two of.
const PAIRED: &[&str] = &["眼周囲", "頬", "耳", "上腕", "前腕", "手", "大腿", "下腿", "足"];
const OTHER: &str = "その他";
/// Words for two colours at once.
const TWO_COLOURS: &[(&str, &[&str])] =
    &[("青紫", &["青", "紫"]), ("赤紫", &["赤", "紫"]), ("黄緑", &["黄", "緑"]), ("赤茶", &["赤", "茶"])];
/// Above this number of rows nobody speaks of one again: the comparison stays cheap.
const MANY: usize = 100;
/// Longest words for a side in front of a part, in bytes.
const SIDE_REACH: usize = 12;

static COIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(500|100|50|10|5|1|五百|百|五十|十|五|一)円(?:玉|硬貨)(?:くらい|ぐらい|ほど|大|程度)*(?:の大きさ)?",
    )
    .ok()
});
static LENGTH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:直径|横幅|約|およそ)?(\d+(?:\.\d+)?)(cm|センチ(?:メートル)?|mm|ミリ(?:メートル)?)(?:(?:から|〜|、)(\d+(?:\.\d+)?)(?:cm|センチ(?:メートル)?|mm|ミリ))?(?:くらい|ぐらい|ほど|大|程度|前後|弱|強|未満|以上)?")
        .ok()
});

static PHOTO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"写真(?:の?番号|ナンバー)?(?:は|、|の|が)*((?:[A-Z]-?)?\d+(?:から\d+|、\d+)?)").ok()
});
/// 「二の腕が1」 in a sentence about the photographs: the number behind a part.
static NUMBERED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:の(?:もの|ほう|傷|あざ|写真)?)?(?:が|は|、|:)?(?:番号)?((?:[A-Z]-?)?\d+)番?").ok()
});
/// Who found it, at the end of his words: 「着替えを手伝った副主任の先生」 → 副主任の先生.
static FINDER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:[一-龠々ァ-ヴーA-Z]+の)*[一-龠々ァ-ヴーA-Z]+(?:さん|先生)?$").ok());

/// One row for each kind of injury at a place of the body.
pub(super) fn injuries(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let (Some(part), Some(kind)) = (spec.column("part"), spec.column("kind")) else {
        return Ok(None);
    };
    let mut rows: Vec<RowBuilder<'_>> = Vec::new();
    // What a visit is for is no finding: 「目的は、顔のあざの確認」.
    for sentence in scene.narrative().filter(|s| s.heading.as_deref() != Some("目的")) {
        if photographed(scene, sentence, part, &mut rows)? {
            continue;
        }
        let areas = if is_asserted(scene, sentence) && !is_gone(scene, sentence) {
            areas(scene, sentence, part, kind)
        } else {
            Vec::new()
        };
        if areas.is_empty() {
            if let Some(last) = rows.last_mut() {
                described(scene, spec, last, sentence)?;
            }
            continue;
        }
        for area in areas {
            if !is_somebody_elses(scene, sentence, &area) {
                let row = row(scene, spec, &area)?;
                // 「目のあざについて、本児は…」 takes up what was found.
                let taken_up = scene.text()[area.kind.range.end..].starts_with("について") && !adds(&row);
                if taken_up && !rows.is_empty() {
                    continue;
                }
                // 「ふくらはぎのものは古い傷です」 describes the one at that part.
                let unnamed =
                    row.text("kind") == Some(OTHER) && row.text("side").is_none_or(|side| side == "不明");
                let same =
                    rows.iter().position(|known| known.text("part") == row.text("part") && !known.has("age"));
                if let Some(known) = same.filter(|_| unnamed && row.has("age") && rows.len() < MANY) {
                    choices(scene.text(), spec, &mut rows[known], "age", &sentence.range)?;
                    continue;
                }
                // 「頬のあざは、手が当たったと説明」 speaks of a bruise that has its row.
                let again = rows.iter().rposition(|known| is_repeated(known, &row));
                match again.filter(|_| rows.len() < MANY) {
                    Some(_) if !adds(&row) => {}
                    Some(known) if !adds(&rows[known]) => rows[known] = row,
                    _ => rows.push(row),
                }
            }
        }
    }
    found(scene, part, &mut rows)?;
    let explanations = explained(scene);
    if let [only] = rows.as_mut_slice() {
        let said: Vec<_> = explanations.into_iter().map(|e| (e.speaker, e.words)).collect();
        if !said.is_empty() {
            only.statements("explanation", &said)?;
        }
    } else {
        // 「頬について『…』と話す」: the part in front of the words tells which injury they explain.
        let mut of_part: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for e in explanations {
            let parts =
                spoken_choices(scene.text(), e.whole.start..e.words.start.max(e.whole.start), &part.choices);
            if let Some(named) = parts.first().filter(|p| p.choice.label != OTHER) {
                of_part.entry(&named.choice.label).or_default().push((e.speaker, e.words));
            }
        }
        for row in &mut rows {
            if let Some(said) = row.text("part").and_then(|part| of_part.remove(part)) {
                row.statements("explanation", &said)?;
            }
        }
    }
    if let Some(grounded) = Grounded::rows(rows) {
        return Ok(Some(Outcome::Stated(grounded)));
    }
    Ok(scene.narrative().find_map(|s| absent(scene, s)))
}

/// A sentence behind a row that tells its photograph, size or number: 「写真番号は2」「大きさは3センチ」.
fn described(
    scene: &Scene<'_>,
    spec: &FieldSpec,
    row: &mut RowBuilder<'_>,
    sentence: &Sentence,
) -> Result<(), record::GroundingError> {
    let text = scene.text();
    let said = |lead: &[&str]| lead.iter().any(|l| text[sentence.range.clone()].starts_with(l));
    if said(&["写真"])
        && !row.has("photo")
        && let Some(number) = photo(text, &sentence.range)
    {
        row.copy("photo", number)?;
    }
    if said(&["大きさ", "長さ", "直径", "横幅", "幅", "縦", "横", "太さ", "範囲"]) && !row.has("size")
    {
        size(text, row, &sentence.range)?;
    }
    if said(&["数は"]) && !row.has("count") {
        count(scene, row, &sentence.range)?;
    }
    if said(&["色は", "色が"]) && !row.has("colour") {
        choices(text, spec, row, "colour", &sentence.range)?;
    }
    if said(&["形は", "形が"]) && !row.has("shape") {
        choices(text, spec, row, "shape", &sentence.range)?;
    }
    // 「古いものではなく新しいあざだと園長は言う」「これは古い傷だそうです」
    let thing = ["もの", "傷", "あざ", "やけど", "痕", "跡"];
    if !row.has("age") && has_any(text, sentence.range.clone(), &thing) && !is_gone(scene, sentence) {
        choices(text, spec, row, "age", &sentence.range)?;
    }
    Ok(())
}

/// The labels of `column` that are spoken in `range`, without those that are set aside: 「古いものではなく」.
fn choices(
    text: &str,
    spec: &FieldSpec,
    row: &mut RowBuilder<'_>,
    column: &str,
    range: &Range<usize>,
) -> Result<(), record::GroundingError> {
    let known = spec.column(column).map_or(&[][..], |c| c.choices.as_slice());
    for spoken in spoken_choices(text, range.clone(), known) {
        let rest = &text[spoken.range.end..range.end];
        let behind = ["もの", "傷", "あざ", "の", "痕", "跡"]
            .iter()
            .find_map(|w| rest.strip_prefix(w))
            .unwrap_or(rest);
        let aside = ["ではな", "じゃな", "くはな", "わけではな"].iter().any(|p| behind.starts_with(p));
        if spoken.choice.label != OTHER && !aside {
            row.choose(column, &spoken.choice.label, spoken.range)?;
        }
    }
    Ok(())
}

/// 「去年もあざがあったが、今日は残っていなかった」: an injury that is not there any more.
fn is_gone(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    has_any(scene.text(), sentence.range.clone(), &WORDS.injury.gone)
}

/// 「写真の番号は、二の腕が1、前腕が2です」: the numbers, each to the injury at its part. Whether the sentence was one of these.
fn photographed(
    scene: &Scene<'_>,
    sentence: &Sentence,
    part: &ColumnSpec,
    rows: &mut [RowBuilder<'_>],
) -> Result<bool, record::GroundingError> {
    let text = scene.text();
    if !text[sentence.range.clone()].contains("写真") {
        return Ok(false);
    }
    let mut any = false;
    for named in spoken_choices(text, sentence.range.clone(), &part.choices) {
        let number = NUMBERED.as_ref().and_then(|r| r.captures(&text[named.range.end..sentence.range.end]));
        let Some(number) = number.and_then(|c| c.get(1)) else { continue };
        let at = named.range.end + number.start()..named.range.end + number.end();
        // 「頬が3センチ」 measures.
        if ["センチ", "cm", "ミリ", "mm", "か所", "本", "個", "枚", "つ"]
            .iter()
            .any(|u| text[at.end..].starts_with(u))
        {
            continue;
        }
        let label = named.choice.label.as_str();
        if let Some(row) = rows.iter_mut().find(|row| row.text("part") == Some(label) && !row.has("photo")) {
            row.copy("photo", at)?;
            any = true;
        }
    }
    Ok(any)
}

/// 「弟の腕の傷」, 「実母には頬にあざ」: the injury of somebody who is not the child.
fn is_somebody_elses(scene: &Scene<'_>, sentence: &Sentence, area: &Area<'_>) -> bool {
    let text = scene.text();
    let first = area.part.range.start.min(area.kind.range.start);
    scene.mentions(sentence.range.start..first).pop().is_some_and(|m| {
        let owned = ["の", "には", "にも"].iter().any(|p| text[m.range.end..].starts_with(p));
        let near = !text[m.range.end..first].contains(['、', '。']);
        owned && near && m.relation.as_deref() != Some("本児")
    })
}

/// The same part and kind again.
fn is_repeated(known: &RowBuilder<'_>, row: &RowBuilder<'_>) -> bool {
    let same = |column| known.text(column) == row.text(column);
    let side = row.text("side").is_none_or(|side| side == "不明") || same("side");
    // 「すねの傷について」 names again what was told as a graze.
    let vague = row.text("kind").is_none_or(|kind| kind == OTHER) && !adds(row);
    same("part") && (same("kind") || vague) && side
}

/// Whether the row says more than what is where.
fn adds(row: &RowBuilder<'_>) -> bool {
    ["colour", "size", "count", "shape", "age", "photo"].iter().any(|column| row.has(column))
}

/// When and by whom the injuries were found, where one sentence says it of all: 「6月2日に担任が発見」.
fn found(
    scene: &Scene<'_>,
    part: &ColumnSpec,
    rows: &mut [RowBuilder<'_>],
) -> Result<(), record::GroundingError> {
    let text = scene.text();
    let told = scene.narrative().filter_map(|s| {
        let verb = find_any(text, s.full.clone(), &["発見", "見つけ", "見つかっ", "気づい", "気付い"])?;
        (!scene.is_quoted(verb.start)).then_some((s, verb))
    });
    for (sentence, verb) in told {
        let finder = finder(scene, sentence, &verb);
        let before = scene.dates(sentence.full.start..verb.start).into_iter().next_back();
        let date = before.or_else(|| scene.dates(verb.end..sentence.full.end).into_iter().next());
        // 「このふくらはぎのものは、…が見つけた」 is about the one at that part.
        let parts = spoken_choices(text, sentence.full.start..verb.start, &part.choices);
        let of = |row: &RowBuilder<'_>| {
            parts
                .iter()
                .filter(|p| p.choice.label != OTHER)
                .any(|p| row.text("part") == Some(p.choice.label.as_str()))
        };
        let some = rows.iter().any(of);
        for row in rows.iter_mut().filter(|row| !some || of(row)) {
            if let Some((day, annotation)) = date.as_ref().filter(|_| !row.has("found_at")) {
                if let Some(day) = day {
                    row.normal("found_at", &NormalForm::Date(*day), annotation.range.clone())?;
                }
                row.keep("found_at", Kept::Words, annotation.range.clone())?;
            }
            if let Some(finder) = finder.clone().filter(|_| !row.has("found_by")) {
                row.copy("found_by", finder)?;
            }
        }
    }
    Ok(())
}

/// Who found it: behind 「発見者は」 or 「見つけたのは」, or the person in front of the verb.
fn finder(scene: &Scene<'_>, sentence: &Sentence, verb: &Range<usize>) -> Option<Range<usize>> {
    let text = scene.text();
    let named = find_any(
        text,
        sentence.full.clone(),
        &[
            "発見者は",
            "発見者、",
            "発見者。",
            "発見者が",
            "見つけたのは",
            "気づいたのは",
            "気付いたのは",
            "発見したのは",
            "最初に見たのは",
            "発見は",
        ],
    );
    let words = if let Some(cue) = &named {
        let behind = trim(text, cue.end..sentence.range.end.max(cue.end));
        // 「発見は5月1日、保育士の小林」
        let clause = clauses(text, behind).into_iter().find(|c| scene.dates(c.clone()).is_empty())?;
        trim_end_of(
            text,
            trim(text, clause),
            &["とのことです", "だそうです", "とのこと", "でした", "です", "だ", "で"],
        )
    } else {
        let before = sentence.range.start.min(verb.start)..verb.start;
        let mention = scene.mentions(before.clone()).pop().map(|m| m.range);
        let mention = mention.filter(|m| text[m.end..].starts_with(['が', 'に', 'は']));
        if mention.is_some() {
            return mention;
        }
        let end = ['が', 'に'].iter().filter_map(|p| text[before.clone()].rfind(*p)).max()?;
        before.start..before.start + end
    };
    let found = FINDER.as_ref()?.find(&text[words.clone()])?;
    let person = words.start + found.start()..words.start + found.end();
    let name = trim_end_of(text, person.clone(), &["さん"]);
    let known = named.is_some()
        || WORDS.injury.finders.iter().any(|f| text[person.clone()].ends_with(f))
        || text[person.clone()].contains('の');
    (known && !name.is_empty() && status(text, words).is_none()).then_some(name)
}

/// A sentence about injuries in general that says there is none, or that it is not known.
fn absent(scene: &Scene<'_>, sentence: &Sentence) -> Option<Outcome> {
    let words = ["外傷", "けが", "怪我", "あざ", "痣", "傷"];
    let found = find_any(scene.text(), sentence.full.clone(), &words)?;
    // 「けがについて、実母は説明を拒否」 is about the explanation, 「けがの時期も不明」 about the time.
    let behind = &scene.text()[found.end..sentence.full.end];
    let general = ["の有無については", "の有無ですが", "については", "についてですが"]
        .iter()
        .any(|w| behind.starts_with(w))
        && has_any(
            scene.text(),
            found.end..sentence.full.end,
            &["外傷は", "けがは", "あざは", "傷は", "異常は", "見当たら", "見られま"],
        );
    if !general && has_any(scene.text(), found.end..sentence.full.end, &["説明", "について", "時期", "原因"])
    {
        return None;
    }
    let reason = status(scene.text(), found.end..sentence.full.end)?.reason;
    // A person's denial is no observation.
    (reason != Reason::Denial && reason != Reason::Refused).then(|| without_as(scene, sentence, reason, None))
}

/// Whether the sentence speaks of an injury that it does not take back: 「骨折はないが打撲がある」 does.
pub(super) fn is_asserted(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let words =
        WORDS.speech.injuries.iter().flat_map(|word| find_all(scene.text(), sentence.range.clone(), word));
    words.into_iter().any(|word| is_stated(scene, &word))
}

/// Neither negated nor said to be unknown or absent in its clause.
fn is_stated(scene: &Scene<'_>, word: &Range<usize>) -> bool {
    let clause = scene.scope(word.clone());
    !scene.is_negated(word.clone()) && status(scene.text(), word.start..clause.end.max(word.end)).is_none()
}

/// The words of one injury: its part, its kind, and the stretch that describes it.
struct Area<'c> {
    part: Spoken<'c>,
    kind: Spoken<'c>,
    range: Range<usize>,
    /// Where the words of the injury before end.
    from: usize,
}

/// Pairs each kind with the part before it. A part without a kind is no injury (「泣いて頬が赤い」).
fn areas<'c>(
    scene: &Scene<'_>,
    sentence: &Sentence,
    part: &'c ColumnSpec,
    kind: &'c ColumnSpec,
) -> Vec<Area<'c>> {
    let text = scene.text();
    let outside = |r: &Range<usize>| !scene.is_quoted(r.start);
    let parts: Vec<_> = spoken_choices(text, sentence.range.clone(), &part.choices)
        .into_iter()
        .filter(|s| outside(&s.range) && is_part(text, s))
        .collect();
    let kinds: Vec<_> = spoken_choices(text, sentence.range.clone(), &kind.choices)
        .into_iter()
        .filter(|s| outside(&s.range) && is_kind(text, s) && is_stated(scene, &s.range))
        .collect();
    // 「やけどの跡」 is one injury.
    let kinds: Vec<_> = kinds
        .iter()
        .enumerate()
        .filter(|(i, k)| {
            let last = i.checked_sub(1).and_then(|i| kinds.get(i));
            let trace = k.choice.label == OTHER
                && last.is_some_and(|last| &text[last.range.end..k.range.start] == "の");
            // 「歯型のついたあざ」
            let marks = ["のついた", "の付いた"].iter().any(|w| text[k.range.end..].starts_with(w));
            let leads = marks && i + 1 < kinds.len();
            !trace && !leads
        })
        .map(|(_, k)| k.clone())
        .collect();
    let mut areas: Vec<Area<'c>> = Vec::new();
    for (i, kind) in kinds.iter().enumerate() {
        let next = kinds.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
        // The part stands before its injury, or directly behind it: 「青あざが左の頬にある」.
        let before = parts.iter().rfind(|p| p.range.start < kind.range.end);
        let behind = || parts.iter().find(|p| p.range.start >= kind.range.end && p.range.end <= next);
        let Some(part) = before.or_else(behind) else { continue };
        let start = areas.last().map_or(sentence.range.start, |a: &Area<'_>| a.range.end).max(side_start(
            text,
            part.range.start,
            sentence.range.start,
        ));
        let end = kinds.get(i + 1).map_or(sentence.range.end, |next| {
            let next_part =
                parts.iter().find(|p| p.range.start > kind.range.end && p.range.start < next.range.start);
            // What describes the next injury stands in front of it: 「古いあざと、新しい紫のあざ」.
            let between = || kind.range.end..next.range.start;
            let joint =
                || find_any(text, between(), &["と", "、", "や"]).map_or(next.range.start, |at| at.end);
            next_part.map_or_else(joint, |p| side_start(text, p.range.start, kind.range.end))
        });
        let end = clause_of_kind(text, kind.range.end, end);
        let from = areas.last().map_or(sentence.range.start, |a| a.range.end).min(part.range.start);
        // 「お尻と太ももに」: the injury is at both.
        let joined = parts.iter().find(|p| {
            let between = text.get(p.range.end..part.range.start).unwrap_or_default();
            ["と", "や", "と左の", "と右の", "と左", "と右"].contains(&between)
                && p.range.start >= start.min(part.range.start)
        });
        let shared = joined.or_else(|| {
            parts.iter().find(|p| {
                p.range.end < part.range.start && ["と", "や"].contains(&&text[p.range.end..part.range.start])
            })
        });
        if let Some(first) =
            shared.filter(|p| p.range.start >= areas.last().map_or(0, |a: &Area<'_>| a.range.end))
        {
            let start = side_start(text, first.range.start, sentence.range.start);
            areas.push(Area { part: first.clone(), kind: kind.clone(), range: start..end, from });
        }
        areas.push(Area { part: part.clone(), kind: kind.clone(), range: start..end, from });
    }
    areas
}

/// 手 in 手形 or 相手, 口 in 口調, 足 in 不足 are no parts of the body, nor is the label その他.
fn is_part(text: &str, spoken: &Spoken<'_>) -> bool {
    let word = &text[spoken.range.clone()];
    if word.chars().count() > 1 {
        return word != OTHER;
    }
    let before = text[..spoken.range.start].chars().next_back();
    let after = text[spoken.range.end..].chars().next();
    let side = before.is_some_and(|c| matches!(c, '左' | '右' | '両'));
    !after.is_some_and(is_kanji) && (side || !before.is_some_and(is_kanji))
}

/// 傷 in 受傷 or 傷ついた, あと as a conjunction are no injuries.
fn is_kind(text: &str, spoken: &Spoken<'_>) -> bool {
    let words = &text[spoken.range.clone()];
    let before = text[..spoken.range.start].chars().next_back();
    let after = &text[spoken.range.end..];
    match words {
        "傷" => !before.is_some_and(is_kanji) && !after.starts_with(['つ', '付', '害', '病']),
        "あと" | "跡" => {
            let described = text[..spoken.range.start].ends_with(['な', 'い', 'の', 'た']);
            described && after.starts_with(['が', 'を', 'も', '、', '。', 'は', '1', '2', '3'])
        }
        OTHER => false,
        "腫れ" | "はれ" | "こぶ" => before != Some('晴'),
        _ => true,
    }
}

/// The start of 左の, 右の, 両 in front of a part.
fn side_start(text: &str, part: usize, from: usize) -> usize {
    ["左の", "右の", "両方の", "両", "左", "右", "左側の", "右側の", "古い", "新しい"]
        .iter()
        .filter(|side| part - from >= side.len() && text[from..part].ends_with(**side))
        .map(|side| part - side.len())
        .min()
        .unwrap_or(part)
}

/// A count or size may follow the kind (「青あざがひとつ」): to the end of the sentence, or 「と」 before the next.
fn clause_of_kind(text: &str, kind_end: usize, limit: usize) -> usize {
    text[kind_end..limit].find('。').map_or(limit, |at| kind_end + at)
}

fn row<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    area: &Area<'_>,
) -> Result<RowBuilder<'d>, record::GroundingError> {
    let text = scene.text();
    let mut row = RowBuilder::new(scene.doc, spec);
    row.cite(trim(text, area.range.clone()));
    row.choose("part", &area.part.choice.label, area.part.range.clone())?;
    if area.part.choice.label == OTHER {
        row.keep("part", Kept::Detail, area.part.range.clone())?;
    }
    side(text, &mut row, spec, area)?;
    row.choose("kind", &area.kind.choice.label, area.kind.range.clone())?;
    if area.kind.choice.label == OTHER {
        row.keep("kind", Kept::Detail, area.kind.range.clone())?;
    }
    for column in ["colour", "shape", "age"] {
        let choices = spec.column(column).map_or(&[][..], |c| c.choices.as_slice());
        // 「青紫」 is both colours.
        for (word, labels) in TWO_COLOURS.iter().filter(|_| column == "colour") {
            if let Some(at) = find_any(text, area.range.clone(), &[word]) {
                for label in *labels {
                    row.choose(column, label, at.clone())?;
                }
            }
        }
        let single = spoken_choices(text, area.range.clone(), choices).into_iter().filter(|s| {
            column != "colour" || !TWO_COLOURS.iter().any(|(word, _)| text[s.range.start..].starts_with(word))
        });
        for spoken in single {
            if spoken.choice.label != OTHER {
                row.choose(column, &spoken.choice.label, spoken.range)?;
            }
        }
    }
    size(text, &mut row, &area.range)?;
    if let Some(number) = photo(text, &area.range) {
        row.copy("photo", number)?;
    }
    count(scene, &mut row, &area.range)?;
    Ok(row)
}

/// 「写真番号3」, 「写真3番」, 「写真は2枚目」: the number.
fn photo(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let found = PHOTO.as_ref()?.captures(&text[range.clone()])?.get(1)?;
    // 「写真は4番まで」, 「写真2枚を撮影」 number none.
    let behind = &text[range.start + found.end()..];
    if behind.starts_with("番まで") || (behind.starts_with('枚') && !behind.starts_with("枚目")) {
        return None;
    }
    Some(range.start + found.start()..range.start + found.end())
}

fn side(
    text: &str,
    row: &mut RowBuilder<'_>,
    spec: &FieldSpec,
    area: &Area<'_>,
) -> Result<(), record::GroundingError> {
    let choices = spec.column("side").map_or(&[][..], |c| c.choices.as_slice());
    // 「額の真ん中に」
    if let Some(at) = ["の真ん中", "の中央", "のまん中", "の真中", "の中心"].iter().find_map(|w| {
        text[area.part.range.end..].starts_with(w).then(|| area.part.range.end..area.part.range.end + w.len())
    }) {
        return row.choose("side", "正中", at);
    }
    // 「首の左側に」
    let behind = ["の左側", "の右側", "の左の", "の右の", "の左に", "の右に", "左側", "右側"];
    let at = behind.iter().find_map(|w| {
        let rest = &text[area.part.range.end..];
        rest.starts_with(w).then(|| area.part.range.end..area.part.range.end + w.len())
    });
    if let Some(spoken) = at.and_then(|at| spoken_choices(text, at, choices).into_iter().next()) {
        return row.choose("side", &spoken.choice.label, spoken.range);
    }
    // 「お尻の左側に」「太ももの右の外側に」
    let behind = [
        ("の左", "左"),
        ("の右", "右"),
        ("の両側", "両側"),
        ("の両方", "両側"),
        ("、左", "左"),
        ("、右", "右"),
    ];
    if let Some((words, label)) = behind.iter().find(|(w, _)| text[area.part.range.end..].starts_with(w)) {
        let at = area.part.range.end..area.part.range.end + words.len();
        let other = text[at.end..].trim_start_matches(['側', 'の']);
        let parts = spec.column("part").map_or(&[][..], |c| c.choices.as_slice());
        // 「額の右の頬」 does not happen; 「腕、左の頬に」 does.
        let next = parts.iter().any(|c| {
            other.starts_with(c.label.as_str()) || c.spoken.iter().any(|w| other.starts_with(w.as_str()))
        });
        if !next {
            return row.choose("side", label, at);
        }
    }
    // A second injury at the same part stands behind it and takes its side.
    let part = area.part.range.start;
    let reach = (part.saturating_sub(SIDE_REACH)..part).find(|at| text.is_char_boundary(*at)).unwrap_or(part);
    let before = area.range.start.min(side_start(text, part, reach))..part;
    // 「右腕の肘の下」: the side may stand before another part of the same phrase.
    let phrase =
        text[area.from..part].rfind(['、', '。', ' ', 'に', 'と']).map_or(area.from, |at| area.from + at);
    let further = || spoken_choices(text, phrase..part, choices).into_iter().last();
    match spoken_choices(text, before, choices).into_iter().last().or_else(further) {
        Some(spoken) => row.choose("side", &spoken.choice.label, spoken.range),
        // 「太ももの青あざ、左右ひとつずつ」
        None if text[area.range.clone()].contains("左右") => {
            let at = find_any(text, area.range.clone(), &["左右"]).unwrap_or(area.part.range.clone());
            row.choose("side", "両側", at)
        }
        None if PAIRED.contains(&area.part.choice.label.as_str()) => {
            row.flag(Flag::SideMissing);
            row.choose("side", "不明", area.part.range.clone())
        }
        None => Ok(()),
    }
}

/// The coin's worth; a recogniser may leave it in kanji (一円玉).
fn coin(words: &str) -> Option<u32> {
    const KANJI: &[(&str, u32)] =
        &[("五百", 500), ("百", 100), ("五十", 50), ("十", 10), ("五", 5), ("一", 1)];
    words.parse().ok().or_else(|| KANJI.iter().find(|(kanji, _)| *kanji == words).map(|(_, yen)| *yen))
}

fn size(text: &str, row: &mut RowBuilder<'_>, range: &Range<usize>) -> Result<(), record::GroundingError> {
    let words = &text[range.clone()];
    let at = |m: regex::Match<'_>| range.start + m.start()..range.start + m.end();
    if let Some(found) = COIN.as_ref().and_then(|r| r.captures(words))
        && let (Some(whole), Some(coin)) = (found.get(0), found.get(1).and_then(|m| coin(m.as_str())))
    {
        row.normal("size", &NormalForm::CoinSize(coin), at(whole))?;
        if let Some((_, cm)) = COINS.iter().find(|(c, _)| *c == coin) {
            row.normal("size_cm", &NormalForm::Number(*cm), at(whole))?;
        }
        return Ok(());
    }
    if let Some(found) = LENGTH.as_ref().and_then(|r| r.captures(words))
        && let (Some(whole), Some(number), Some(unit)) = (found.get(0), found.get(1), found.get(2))
    {
        row.copy("size", at(whole))?;
        if let (Ok(number), None) = (number.as_str().parse::<f64>(), found.get(3)) {
            let cm = if unit.as_str().starts_with(['m', 'ミ']) { number / 10.0 } else { number };
            row.normal("size_cm", &NormalForm::Number(cm), at(whole))?;
        }
    }
    Ok(())
}

/// A count of injuries: 本, 個, か所, つ. 「いくつか」 is kept as words.
fn count(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    range: &Range<usize>,
) -> Result<(), record::GroundingError> {
    const UNITS: &[&str] = &["本", "個", "つ", "か所", "ヶ所", "カ所", "箇所", "ヵ所"];
    const KANA: &[(&str, f64)] =
        &[("ひとつ", 1.0), ("ふたつ", 2.0), ("みっつ", 3.0), ("よっつ", 4.0), ("いつつ", 5.0)];
    let annotated = scene.doc.annotations_in(range.clone()).find_map(|a| match &a.entity {
        Entity::Quantity { low, high, unit } if UNITS.contains(&unit.as_str()) => {
            Some((*low, *high, a.range.clone()))
        }
        _ => None,
    });
    let kana = KANA
        .iter()
        .find_map(|(word, n)| find_any(scene.text(), range.clone(), &[word]).map(|at| (*n, *n, at)));
    if let Some((low, high, words)) = annotated.or(kana) {
        // 「ひとつずつ」 is the number at each side, not of all.
        if scene.text()[words.end..].starts_with("ずつ") {
            return row.keep("count", Kept::Words, words);
        }
        if (low - high).abs() < f64::EPSILON {
            row.normal("count", &NormalForm::Number(low), words.clone())?;
        }
        return row.keep("count", Kept::Words, words);
    }
    if let Some(words) =
        find_any(scene.text(), range.clone(), &["いくつか", "数か所", "数カ所", "多数", "複数"])
    {
        row.keep("count", Kept::Words, words)?;
    }
    Ok(())
}
