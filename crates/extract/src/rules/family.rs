//! Guardians, brothers and sisters, the household.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Grounded, Kept, NormalForm, RowBuilder};

use super::{Filled, Outcome, without};
use crate::people::{Mention, name_at, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, find_any, has_any, is_kanji, is_katakana, trim, trim_end_of};

pub(super) const GUARDIANS: &[&str] =
    &["実父", "実母", "継父", "継母", "養父", "養母", "内夫", "内妻", "里父", "里母"];
/// Ends of the names of occupations: 建設業, 警備員, 美容師, 運転手.
const OCCUPATION_ENDS: &[&str] = &["業", "員", "師", "士", "手", "職", "工", "大工", "農家", "学生"];
/// 「工場で働いている」「漁協に勤めています」: the place of work stands in front.
const WORKING: &[&str] = &["で働い", "で働く", "に勤め", "に勤務", "で勤務"];

/// The occupation that a clause tells: 「建設業」, 「漁協に勤めています」 → 漁協.
fn occupation(text: &str, clause: Range<usize>) -> Option<Range<usize>> {
    let words = trim(text, clause);
    if let Some(working) = find_any(text, words.clone(), WORKING) {
        let start = text[words.start..working.start]
            .rfind(['は', 'が'])
            .map_or(words.start, |at| words.start + at + 'は'.len_utf8());
        let place = trim(text, start..working.start);
        return (!place.is_empty()).then_some(place);
    }
    let words = strip_ending(text, words);
    let told = &text[words.clone()];
    let listed = WORDS.family.occupations.iter().any(|o| told.contains(o));
    let ends = OCCUPATION_ENDS.iter().any(|end| told.ends_with(end))
        && !WORDS.family.no_occupation.iter().any(|no| told.ends_with(no))
        && !told.contains(['は', 'が', 'を', 'に'])
        && told.chars().count() <= 12;
    (listed || ends).then_some(words)
}

/// Without です, だそうです and the like.
pub(super) fn strip_ending(text: &str, range: Range<usize>) -> Range<usize> {
    trim_end_of(text, range, &WORDS.family.endings)
}

/// 有 with the words, 無 or 不明 from a sentence about brothers and sisters.
pub(super) fn siblings_known(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    for sentence in sibling_sentences(scene, spec) {
        let named = !siblings_in(scene, &sentence.range).is_empty();
        if !named && let Some(outcome) = without(scene, sentence) {
            return Ok(Some(outcome));
        }
        if named || has_any(scene.text(), sentence.range.clone(), &["いる", "います", "あり", "人"]) {
            let whole = std::slice::from_ref(&sentence.full);
            return Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, whole, &NormalForm::Present))));
        }
    }
    Ok(None)
}

/// Sentences about brothers and sisters: with the field's cues, or one that says that there is one (「弟がひとり、…」「姉がいます」).
fn sibling_sentences<'s>(scene: &'s Scene<'_>, spec: &'s FieldSpec) -> impl Iterator<Item = &'s Sentence> {
    let told: Vec<usize> = scene.about(spec).map(|s| s.range.start).collect();
    scene.sentences.iter().filter(move |s| {
        told.binary_search(&s.range.start).is_ok() || (is_account(s) && says_there_is(scene, s))
    })
}

/// Under no heading, or one of what happened.
fn is_account(sentence: &Sentence) -> bool {
    sentence.heading.as_deref().is_none_or(|h| ["通告内容", "相談内容", "聴取内容", "主訴"].contains(&h))
}

/// 「弟がひとり」「妹が2人います」「上に姉がいる」 at the start of the sentence.
pub(super) fn says_there_is(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let range = trim(text, sentence.range.clone());
    let Some(first) = siblings_in(scene, &range).into_iter().next() else { return false };
    let lead = text[range.start..first.range.start].trim_end_matches('、');
    let behind = text[first.range.end..range.end].strip_prefix('が').unwrap_or_default();
    ["", "上に", "下に", "ほかに", "他に", "本児には", "本児に", "家には"].contains(&lead)
        && WORDS.family.there.iter().any(|t| behind.starts_with(t))
        && !text[range].contains('「')
}

/// The name of a brother or sister: behind the word (「弟の湊くん」), or a clause of its own in front of the age (「弟がひとり、早見湊、5歳」).
fn sibling_name(scene: &Scene<'_>, mention: &Mention, end: usize) -> Option<Range<usize>> {
    let text = scene.text();
    let own = named(text, mention, end);
    if own != mention.range && text[own.clone()].chars().any(|c| is_kanji(c) || is_katakana(c)) {
        return Some(own);
    }
    let all = clauses(text, mention.range.end..end);
    all.windows(2).skip(1).chain(all.windows(2).take(1)).find_map(|pair| {
        let words = trim(text, pair[0].clone());
        let name = name_at(text, words.clone())?;
        let whole = name.end == words.end || skip_honorific(text, name.end) == words.end;
        let next = trim(text, pair[1].clone());
        let aged = scene
            .doc
            .annotations_in(next.clone())
            .any(|a| a.range.start == next.start && matches!(a.entity, Entity::Age(_)));
        let spelt = text[name.clone()].chars().any(is_kanji) && scene.mentions(words).is_empty();
        (whole && aged && spelt && text[name.clone()].chars().count() >= 2).then_some(name)
    })
}

/// A row for each brother or sister: 「弟が一人、四歳、わかば保育園です」「三歳の姉が一人」.
pub(super) fn siblings(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    for sentence in sibling_sentences(scene, spec) {
        let found = siblings_in(scene, &sentence.range);
        for (i, mention) in found.iter().enumerate() {
            let start = if i == 0 { sentence.range.start } else { mention.range.start };
            let end = found.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let mut row = RowBuilder::new(scene.doc, spec);
            row.cite(trim(text, start..end));
            relation(scene, &mut row, mention)?;
            if let Some(name) = sibling_name(scene, mention, end) {
                row.copy("name", name)?;
            }
            age(scene, &mut row, start..end)?;
            for clause in clauses(text, mention.range.end..end) {
                let words = strip_ending(text, trim(text, clause));
                let words = trim_end_of(text, words, &["に通っている", "に通っています", "に在籍", "に通園"]);
                if ["園", "小学校", "中学校", "高校", "学校"].iter().any(|s| text[words.clone()].contains(s))
                {
                    row.copy("school", words)?;
                    break;
                }
            }
            living(text, &mut row, start..end)?;
            rows.push(row);
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

pub(super) fn siblings_in(scene: &Scene<'_>, range: &Range<usize>) -> Vec<Mention> {
    scene.mentions(range.clone()).into_iter().filter(is_sibling).collect()
}

/// Whether the word is for a brother or a sister.
pub(super) fn is_sibling(mention: &Mention) -> bool {
    mention.relation.as_deref().is_some_and(|r| WORDS.family.siblings.contains(&r))
}

/// 「保護者は、実母の高橋ゆかりさん、三十四歳、パート勤務、電話は、…」, and what follows in the next sentence.
pub(super) fn guardians(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let limit = spec.max_rows.unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    let mut open = false;
    let mut status = None;
    for sentence in &scene.sentences {
        let about = is_about(scene, spec, sentence);
        let people: Vec<Mention> = scene
            .mentions(sentence.range.clone())
            .into_iter()
            .filter(|m| m.relation.as_deref().is_some_and(|r| GUARDIANS.contains(&r)))
            .filter(|m| {
                text[m.range.end..].starts_with('の')
                    || about
                    || (open && text[m.range.end..].starts_with('、'))
            })
            .collect();
        // A second guardian follows directly: 「実母の石川あやさん、…」「もう一人は、継母の…」.
        let begins = people.first().is_some_and(|m| {
            ["もう一人は", "もう1人は", "もうひとりは"]
                .iter()
                .fold(&text[sentence.range.start..m.range.start], |lead, more| lead.trim_start_matches(more))
                .trim_matches('、')
                .is_empty()
        });
        let follows = open && begins;
        if !(about || follows) {
            open = false;
            continue;
        }
        // 「保護者は、2名です。実父の…」
        let counted = people.is_empty()
            && has_any(text, sentence.full.clone(), &["2名", "2人", "ふたり", "二人", "次のとおり", "両親"]);
        open = !people.is_empty() || (about && counted);
        if people.is_empty() && status.is_none() && scene.mentions(sentence.range.clone()).is_empty() {
            status = without(scene, sentence).filter(|_| names_guardians(scene, spec, sentence));
        }
        for (i, mention) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            if let Some(row) = guardian(scene, spec, mention, mention.range.start..end)?
                && rows.len() < limit
            {
                rows.push(row);
            }
        }
    }
    if rows.is_empty() && status.is_none() {
        rows = named_guardians(scene, spec, limit)?;
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// 「保護者については、回答なし」 is about the guardians themselves; 「保護者には知らせていない」 is not.
fn names_guardians(scene: &Scene<'_>, spec: &FieldSpec, sentence: &Sentence) -> bool {
    let words = scene.words(&trim(scene.text(), sentence.full.clone()));
    sentence.heading.as_ref().is_some_and(|h| spec.headings.contains(h))
        || ["保護者は", "保護者については", "保護者の氏名", "保護者、"]
            .iter()
            .any(|cue| words.starts_with(cue))
}

/// Guardians in running speech: 「実母の小山なつみさんが…」, and what 「実母は29歳で、工場で働いている」 adds.
fn named_guardians<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    limit: usize,
) -> Result<Vec<RowBuilder<'d>>, record::GroundingError> {
    let text = scene.text();
    let mut rows: Vec<(usize, RowBuilder<'d>)> = Vec::new();
    for label in GUARDIANS {
        let mut told: Vec<(Option<Range<usize>>, Mention, Range<usize>)> = Vec::new();
        for sentence in scene.narrative() {
            let people = scene.mentions(sentence.range.clone());
            for (i, mention) in
                people.iter().enumerate().filter(|(_, m)| m.relation.as_deref() == Some(*label))
            {
                let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
                let name = named(text, mention, end);
                // 「実父は早見剛志、36歳」: an age follows the bare name.
                let next = text[name.end..end].strip_prefix('、').map(|rest| end - rest.len());
                let dated = next.is_some_and(|next| {
                    let mut behind = scene.doc.annotations_from(next).take_while(|a| a.range.start == next);
                    behind.any(|a| matches!(a.entity, Entity::Age(_)))
                });
                let called = skip_honorific(text, name.end) > name.end || dated;
                let name = (name != mention.range && called).then_some(name);
                let behind = text[mention.range.end..end].trim_start_matches(['は', '、']).len();
                let aged = scene
                    .doc
                    .annotations_in(end - behind..end)
                    .any(|a| matches!(a.entity, Entity::Age(_)) && a.range.start == end - behind);
                if name.is_some() || aged {
                    told.push((name, mention.clone(), mention.range.start..end));
                }
            }
        }
        let Some((_, first, _)) = told.first() else { continue };
        let mut row = RowBuilder::new(scene.doc, spec);
        relation(scene, &mut row, first)?;
        for (name, mention, range) in &told {
            row.cite(trim(text, range.clone()));
            if let Some(name) = name.clone().filter(|_| !row.has("name")) {
                row.copy("name", name)?;
            }
            if !row.has("age") {
                age(scene, &mut row, range.clone())?;
            }
            let from = name.as_ref().map_or(mention.range.end, |n| skip_honorific(text, n.end));
            let work = clauses(text, from..range.end).into_iter().find_map(|c| occupation(text, c));
            if let Some(work) = work.filter(|_| !row.has("occupation")) {
                row.copy("occupation", work)?;
            }
            let phone = scene.doc.annotations_in(range.clone()).find_map(|a| match &a.entity {
                Entity::Phone(number) => Some((number.clone(), a.range.clone())),
                _ => None,
            });
            if let Some((number, words)) =
                phone.filter(|_| spec.column("phone").is_some() && !row.has("phone"))
            {
                row.normal("phone", &NormalForm::Phone(number), words)?;
            }
        }
        rows.push((first.range.start, row));
    }
    rows.sort_by_key(|(at, _)| *at);
    Ok(rows.into_iter().map(|(_, row)| row).take(limit).collect())
}

/// Under the heading, or a sentence that begins with the cue.
fn is_about(scene: &Scene<'_>, spec: &FieldSpec, sentence: &Sentence) -> bool {
    let words = scene.words(&trim(scene.text(), sentence.full.clone()));
    sentence.heading.as_ref().is_some_and(|h| spec.headings.contains(h))
        || spec.cues.iter().any(|cue| words.starts_with(cue.as_str()))
}

fn guardian<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    mention: &Mention,
    range: Range<usize>,
) -> Result<Option<RowBuilder<'d>>, record::GroundingError> {
    let text = scene.text();
    let mut row = RowBuilder::new(scene.doc, spec);
    row.cite(trim(text, range.clone()));
    let after =
        mention.range.end + if text[mention.range.end..].starts_with('の') { "の".len() } else { 0 };
    let name = name_at(text, after..range.end).filter(|_| after > mention.range.end).or_else(|| {
        let name = named(text, mention, range.end);
        (name != mention.range).then_some(name)
    });
    if let Some(name) = name.clone() {
        row.copy("name", name)?;
    }
    relation(scene, &mut row, mention)?;
    age(scene, &mut row, range.clone())?;
    let rest = name.map_or(after, |n| skip_honorific(text, n.end))..range.end;
    if let Some(work) = clauses(text, rest.clone()).into_iter().find_map(|c| occupation(text, c)) {
        row.copy("occupation", work)?;
    }
    let phone = scene.doc.annotations_in(rest.clone()).find_map(|a| match &a.entity {
        Entity::Phone(number) => Some((number.clone(), a.range.clone())),
        _ => None,
    });
    if let Some((number, words)) = phone {
        row.normal("phone", &NormalForm::Phone(number), words)?;
    }
    if let Some(cue) = find_any(text, rest.clone(), &["住所は、", "住所は"]) {
        let words = text[cue.end..rest.end].find(['、', '。']).map_or(rest.end, |at| cue.end + at);
        row.copy("addr", trim_end_of(text, trim(text, cue.end..words), &["です"]))?;
    }
    let found = row.has("name") || row.has("age") || row.has("occupation") || row.has("phone");
    Ok(found.then_some(row))
}

/// The sentences about the household: under its heading, or with its cues.
pub(super) fn household_sentences<'s>(scene: &'s Scene<'_>, spec: &'s FieldSpec) -> Vec<&'s Sentence> {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if spec.cues.is_empty() && !headed.is_empty() {
        return headed;
    }
    let about: Vec<&Sentence> = scene.about(spec).collect();
    if spec.cues.is_empty() {
        return about;
    }
    let starts: Vec<usize> = about.iter().map(|s| s.range.start).collect();
    scene
        .sentences
        .iter()
        .filter(|s| starts.binary_search(&s.range.start).is_ok() || introduces_member(scene, s))
        .filter(|s| !helps_from_elsewhere(scene, s))
        .collect()
}

/// 「お母さんは、北村ゆりさん、40歳、看護師です」: a relative at the start of a sentence, told with an age.
fn introduces_member(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let people = scene.mentions(sentence.range.clone());
    let leads = |m: &&Mention| {
        let before = scene.text()[sentence.range.start..m.range.start].trim_end_matches('、');
        before.is_empty() || WORDS.family.leads.contains(&before)
    };
    let Some(first) = people.first().filter(leads) else { return false };
    let until = people.get(1).map_or(sentence.range.end, |next| next.range.start);
    let aged = |a: &record::Annotation| matches!(a.entity, Entity::Age(_));
    sentence.heading.is_none()
        && first.relation.as_deref().is_some_and(|r| r != "本児")
        && scene.doc.annotations_in(first.range.end..until).any(aged)
        && !has_any(scene.text(), sentence.full.clone(), &["「", "から聞", "のとき", "の時"])
}

/// A relative who lives somewhere else and helps is no member of the household but 親族・協力者.
pub(super) fn helps_from_elsewhere(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let range = sentence.range.clone();
    has_any(
        scene.text(),
        range.clone(),
        &["市内に", "県内に", "近くに", "近所に", "隣町に", "隣の市に", "に住", "在住"],
    ) && has_any(scene.text(), range.clone(), &WORDS.family.help)
        && !scene.mentions(range.clone()).is_empty()
        && !has_any(scene.text(), range, &["同居"])
}

/// The people of the household.
pub(super) fn household(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows: Vec<RowBuilder<'_>> = Vec::new();
    let mut status = None;
    for sentence in household_sentences(scene, spec) {
        let told = sentence.heading.as_ref().is_some_and(|h| spec.headings.contains(h));
        if told && status.is_none() && scene.mentions(sentence.range.clone()).is_empty() {
            status = without(scene, sentence)
                .filter(|o| matches!(o, Outcome::Without { reason, .. } if *reason != record::Reason::None));
        }
        let people = scene.mentions(sentence.range.clone());
        for (i, mention) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let own = mention.range.start..end;
            // 「2人とも本児と同居です」 is no member of her own household.
            if mention.relation.as_deref() == Some("本児") {
                continue;
            }
            let mut row = RowBuilder::new(scene.doc, spec);
            row.cite(trim(text, own.clone()));
            relation(scene, &mut row, mention)?;
            let name = named(text, mention, end);
            if name != mention.range {
                row.copy("name", name)?;
            }
            age(scene, &mut row, own.clone())?;
            member_facts(scene, spec, &mut row, &own)?;
            // 「一緒に暮らしているのは祖母の…さん」: said in front of the first.
            let before = sentence.full.start..mention.range.start;
            living(text, &mut row, if i == 0 { before.start..own.end } else { own })?;
            // 「同居しているのは実母だけ」
            let lead = sentence.head.clone().filter(|h| told && text[h.clone()].contains("同居"));
            if let Some(lead) = lead.filter(|_| spec.column("living").is_some() && !row.has("living")) {
                row.choose("living", "同居", lead)?;
            }
            // The same person in two sentences (保護者は…, 家族構成…) is one row.
            if !rows.iter().any(|known| known.text("relation") == row.text("relation") && !is_plural(known)) {
                rows.push(row);
            }
        }
    }
    together(scene, &mut rows)?;
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// 「2人とも本児と同居です」「ここまでが同居です」: of all who were named before.
fn together(scene: &Scene<'_>, rows: &mut [RowBuilder<'_>]) -> Result<(), record::GroundingError> {
    const ALL: &[&str] = &[
        "人とも",
        "ここまで",
        "以上",
        "全員",
        "みんな",
        "みな",
        "いずれも",
        "どちらも",
        "両方とも",
        "家族は",
    ];
    let text = scene.text();
    let told = scene.narrative().find(|s| {
        has_any(text, s.range.clone(), ALL)
            && has_any(text, s.range.clone(), &["同居", "一緒に住", "一緒に暮ら"])
            && !scene.mentions(s.range.clone()).iter().any(|m| m.relation.as_deref() != Some("本児"))
    });
    if let Some(sentence) = told {
        for row in rows.iter_mut().filter(|row| !row.has("living")) {
            living(text, row, sentence.range.clone())?;
        }
    }
    Ok(())
}

/// A family has several brothers and sisters, and one of each parent.
fn is_plural(row: &RowBuilder<'_>) -> bool {
    row.text("relation").is_some_and(|r| WORDS.family.siblings.contains(&r) || r == "その他" || r == "同居人")
}

/// Birth, work and health, where the table has the columns.
fn member_facts(
    scene: &Scene<'_>,
    spec: &FieldSpec,
    row: &mut RowBuilder<'_>,
    range: &Range<usize>,
) -> Result<(), record::GroundingError> {
    let text = scene.text();
    if spec.column("birth").is_some()
        && let Some((Some(day), annotation)) =
            scene.dates(range.clone()).into_iter().find(|(_, a)| text[a.range.end..].starts_with("生"))
    {
        row.normal("birth", &NormalForm::Date(day), annotation.range.clone())?;
        row.keep("birth", Kept::Words, annotation.range.clone())?;
    }
    // First behind the name and the age: 「実母の高橋ゆかり34歳パート」.
    let age = scene.doc.annotations_in(range.clone()).find(|a| matches!(a.entity, Entity::Age(_)));
    let from = age.map_or(range.start, |a| a.range.end);
    for clause in clauses(text, from..range.end).into_iter().chain(clauses(text, range.start..from)) {
        let clause_words = clause.clone();
        let words = trim_end_of(
            text,
            strip_ending(text, trim(text, clause.clone())),
            &["しています", "している", "していて"],
        );
        let words = match text[words.clone()].find('の') {
            Some(at) if text[words.start + at..words.end].contains("暮らし") => {
                words.start..words.start + at
            }
            _ => words,
        };
        let has = |list: &[&str]| list.iter().any(|w| text[words.clone()].contains(w));
        let school = has(&WORDS.family.schools);
        let work = if school { Some(words.clone()) } else { occupation(text, clause) };
        if let Some(work) = work.filter(|_| !row.has("occupation")) {
            row.copy("occupation", work)?;
        } else if spec.column("note").is_some() && !row.has("note") && has(&["認知の", "認知は", "認知し"])
        {
            row.copy("note", words)?;
        } else if spec.column("health").is_some() && !row.has("health") && has(&WORDS.family.health) {
            // 「健康状態は良好」 without its topic.
            let topic = ["健康状態は、", "健康状態は", "健康は、", "健康は"];
            // 「通院しています」 is 通院, 「ひざを悪くしています」 no noun.
            let words = if text[words.clone()].ends_with('く') {
                strip_ending(text, trim(text, clause_words.clone()))
            } else {
                words
            };
            let lead = topic.iter().find(|t| text[words.clone()].starts_with(**t)).map_or(0, |t| t.len());
            row.copy("health", words.start + lead..words.end)?;
        }
    }
    Ok(())
}

pub(super) fn relation(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    mention: &Mention,
) -> Result<(), record::GroundingError> {
    let label = mention.relation.as_deref().unwrap_or("その他");
    row.choose("relation", label, mention.range.clone())?;
    if scene.words(&mention.range) == label {
        Ok(())
    } else {
        row.keep("relation", Kept::Detail, mention.range.clone())
    }
}

pub(super) fn age(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    range: Range<usize>,
) -> Result<(), record::GroundingError> {
    let found = scene.doc.annotations_in(range).find_map(|a| match &a.entity {
        Entity::Age(age) => Some((*age, a)),
        _ => None,
    });
    let Some((age, annotation)) = found else { return Ok(()) };
    if age.years == age.years_high {
        row.normal("age", &NormalForm::Number(f64::from(age.years)), annotation.range.clone())?;
    }
    annotation.flags.iter().for_each(|f| row.flag(*f));
    row.keep("age", Kept::Words, annotation.range.clone())
}

pub(super) fn living(
    text: &str,
    row: &mut RowBuilder<'_>,
    range: Range<usize>,
) -> Result<(), record::GroundingError> {
    for (label, words) in [
        ("同居", &["同居", "一緒に住", "一緒に暮ら", "いっしょに暮ら", "いっしょに住", "ともに暮ら"][..]),
        (
            "別居",
            &[
                "別居",
                "離れて暮ら",
                "別に部屋",
                "別に暮ら",
                "別々に",
                "別の家",
                "別世帯",
                "単身赴任",
                "家を出て",
                "別に住",
            ][..],
        ),
    ] {
        if let Some(at) = find_any(text, range.clone(), words) {
            return row.choose("living", label, at);
        }
    }
    Ok(())
}

/// The person's name where one follows の (「妹のあおい」), or stands before an honorific or an age (「実母、北村ゆり、40歳」), else the
/// word for him.
pub(super) fn named(text: &str, mention: &Mention, end: usize) -> Range<usize> {
    let behind = &text[mention.range.end..end.max(mention.range.end)];
    let name = if let Some(rest) = behind.strip_prefix('の') {
        name_at(text, end - rest.len()..end)
    } else {
        ["は、", "は", "で、", "、"].iter().find_map(|p| behind.strip_prefix(*p)).and_then(|rest| {
            let name = name_at(text, end - rest.len()..end)?;
            let after = &text[name.end..end];
            let polite = skip_honorific(text, name.end) > name.end;
            let aged = after.strip_prefix('、').is_some_and(|a| {
                a.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('歳')
                    && a.starts_with(|c: char| c.is_ascii_digit())
            });
            let work = occupation(text, name.clone()).is_some();
            ((polite || aged) && !work).then_some(name)
        })
    };
    name.filter(|n| !WORDS.family.no_names.contains(&&text[n.clone()]))
        .unwrap_or_else(|| mention.range.clone())
}
