//! What was told of the custody, when, how and to whom.

use std::ops::Range;
use std::sync::LazyLock;

use record::template::FieldSpec;
use record::{Entity, Grounded, Kept, NormalForm, RowBuilder};
use regex::Regex;

use super::at;
use crate::rules::evidence::speaker_of;
use crate::rules::{Filled, Outcome, moment, section};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{find_any, has_any, starts_with_any, trim};

/// When, how and to whom the custody was announced.
pub(in crate::rules) fn notices(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    let mut status = None;
    let mut announced = false;
    let about = scene.sentences.iter().filter(|s| {
        let headed = s.is_under(&spec.headings);
        let cued = has_any(text, s.full.clone(), &spec.cues) && !scene.is_plan(s);
        // 「実父には翌日に書面で渡した」 goes on about what the other was told.
        announced = headed || cued || is_told(scene, s, announced);
        announced
    });
    for sentence in about {
        let told = find_any(text, sentence.full.clone(), &spec.cues);
        let negated = told.clone().is_some_and(|word| scene.is_negated(word));
        let status_only =
            section::whole_section(scene, vec![sentence]).filter(|o| matches!(o, Outcome::Without { .. }));
        if negated || status_only.is_some() {
            status = status.or(status_only);
            continue;
        }
        let mut row = RowBuilder::new(scene.doc, spec);
        let to = scene.mentions(sentence.range.clone()).into_iter().find(|m| {
            let after = &text[m.range.end..sentence.range.end];
            m.relation.is_some() && starts_with_any(after, &["に", "へ", "と"])
        });
        if let Some(to) = to {
            speaker_of(scene, &mut row, "to", to.range)?;
        }
        told_at(scene, &mut row, sentence)?;
        let method = METHOD.as_ref().and_then(|r| r.find(&text[sentence.range.clone()]));
        if let Some(method) = method {
            row.copy("method", sentence.range.start + method.start()..sentence.range.start + method.end())?;
        }
        let told = content(scene, sentence);
        // 「文書を手渡し」 says how and not what.
        let only_handed = has_any(text, told.clone(), &["手渡", "交付", "郵送", "送付", "渡し"])
            && !has_any(text, told.clone(), &["理由", "期間", "こと", "請求", "申立", "申し立"]);
        if !told.is_empty() && !only_handed {
            row.copy("content", told)?;
        }
        row.cite(trim(text, sentence.range.clone()));
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// 「実母には午後7時に電話で、預かっていることを伝えた」: when or how somebody of the family was told of the custody.
fn is_told(scene: &Scene<'_>, sentence: &Sentence, announced: bool) -> bool {
    let text = scene.text();
    let range = sentence.range.clone();
    let Some(to) = scene.mentions(range.clone()).into_iter().find(|m| m.relation.is_some()) else {
        return false;
    };
    let first = text[range.start..to.range.start].trim_matches('、').chars().count() <= TO_LEAD;
    let to_whom = starts_with_any(&text[to.range.end..], &["には", "にも", "に", "へは", "へ"]);
    let verb = WORDS.notices.verbs.iter().filter_map(|v| text[range.clone()].rfind(v)).max();
    let how = METHOD.as_ref().is_some_and(|r| r.is_match(&text[range.clone()]));
    let moment = !scene.times(range.clone()).is_empty();
    first
        && to_whom
        && sentence.heading.is_none()
        && verb.is_some()
        && (how || moment)
        && (announced || has_any(text, range.clone(), &WORDS.notices.matters))
        && !text[range].contains('「')
        && !scene.is_plan(sentence)
}

/// At most so many characters stand in front of the one who is told.
const TO_LEAD: usize = 10;

/// How it was told: 「口頭と書面」「文書を手渡し」.
static METHOD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:来所面接|来所での面接|口頭|書面|文書|通知書|説明書|告知書|決定書|説明資料|リーフレット|パンフレット|手紙|電話|対面|面接|面談|郵送|来所|メール)(?:(?:と|および|及び|、|や)(?:口頭|書面|文書|通知書|電話|郵送))*(?:を(?:手渡し|交付|郵送|送付))?").ok()
});

/// A time without a day is one of the day on which custody began, not of the facts told in between.
fn told_at(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    sentence: &Sentence,
) -> Result<(), record::GroundingError> {
    let end = sentence.full.end..sentence.full.end;
    if !scene.dates(sentence.full.clone()).is_empty() {
        return at(scene, row, sentence, &end);
    }
    let Some((time, _, words)) = scene.times(sentence.full.clone()).into_iter().next() else { return Ok(()) };
    match moment::custody_start(scene) {
        Some(day) => {
            row.normal("at", &NormalForm::Datetime(day, Some(time)), words.range.clone())?;
            words.flags.iter().for_each(|flag| row.flag(*flag));
            row.keep("at", Kept::Words, words.range.clone())
        }
        // No day is taken from the facts told in between.
        None => row.keep("at", Kept::Words, words.range.clone()),
    }
}

/// What was told: the words in front of the verb, behind when, to whom and how.
fn content(scene: &Scene<'_>, sentence: &Sentence) -> Range<usize> {
    let text = scene.text();
    let whole = trim(text, sentence.range.clone());
    let verb = WORDS
        .notices
        .told
        .iter()
        .filter_map(|v| text[whole.clone()].rfind(v))
        .max()
        .map_or(whole.end, |at| whole.start + at);
    // When, to whom and how stand in front of what: 「実父には21時に電話で理由を伝えた」.
    let moments = scene
        .doc
        .annotations_in(whole.start..verb)
        .filter(|a| matches!(a.entity, Entity::Date(_) | Entity::Time(_)))
        .map(|a| a.range.end);
    let people = scene
        .mentions(whole.start..verb)
        .into_iter()
        .filter(|m| starts_with_any(&text[m.range.end..], &["に", "へ"]))
        .map(|m| m.range.end);
    let how = METHOD.as_ref().and_then(|r| r.find(&text[whole.start..verb])).map(|m| whole.start + m.end());
    let shown = [
        "を渡して",
        "を手渡して",
        "を渡し、",
        "を見せながら",
        "を見せて",
        "を使って",
        "を示して",
        "を示しながら",
        "をもとに",
        "を用いて",
    ];
    let how = how.filter(|at| {
        *at == whole.end
            || starts_with_any(&text[*at..], &["で", "にて", "、", "により"])
            || starts_with_any(&text[*at..], &shown)
    });
    let start = moments.chain(people).chain(how).max().unwrap_or(whole.start);
    let mut cut = trim(text, start..verb.max(start));
    if let Some(lead) = shown.iter().find(|p| text[cut.clone()].starts_with(**p)) {
        cut = trim(text, cut.start + lead.len()..cut.end);
    }
    // 「電話で告知し、一時保護の理由を伝えました」
    let leads =
        ["告知し、", "連絡し、", "通知し、", "には", "にて", "により", "に", "へ", "は", "で", "頃", "ごろ"];
    while let Some(lead) = leads.iter().find(|p| text[cut.clone()].starts_with(**p)) {
        cut = trim(text, cut.start + lead.len()..cut.end);
    }
    cut
}
