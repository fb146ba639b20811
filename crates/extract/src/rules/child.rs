//! The child of a report: name, birth, age, sex, address, school.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use record::template::FieldSpec;
use record::{Age, Entity, Flag, Grounded, NormalForm, PersonBuilder, Reason, State};
use regex::Regex;

use text::hedge;

use super::{Filled, Outcome, stated, without};
use crate::people::{name_at, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{
    clauses, ends_with_any, find_any, has_any, is_kanji, is_katakana, lead_of, spoken_choices,
    starts_with_any, trim, trim_end_of,
};

/// The child as the subject.
const CHILD: &[&str] = &["本児", "本人", "当人", "子ども", "こども", "お子さん", "児童", "当該児", "対象児"];
/// From this age on nobody is the child of a sheet.
pub(super) const ADULT: u16 = 20;
/// What a caller calls the child, at the start of a sentence.
const KIN: &[&str] = &["姪", "甥", "めい", "おい", "孫", "お孫さん", "娘さん", "娘", "息子さん", "息子"];
/// An address without the word for it: 「うみ市西浜3丁目9-1」.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^[^\s、。「」0-9はがをにで]{1,12}[市区町村郡][^\s、。「」はがを]{0,20}?\d+(?:丁目[-0-9]*|番地?[-0-9]*|-\d+[-0-9]*)(?:号)?(?:、?[^、。はがを]{1,12}(?:号室|号|階|棟))?$",
    )
    .ok()
});

/// Sentences about the child and nobody else.
fn about_child<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = &'s Sentence> {
    scene.narrative().filter(|s| {
        !s.heading.as_deref().is_some_and(|h| WORDS.child.other_sections.contains(&h))
            && !scene.is_of_reporter(s)
            && !has_any(scene.text(), s.full.clone(), &WORDS.child.others)
            && super::reporter::cue(scene.text(), s.full.clone()).is_none()
            && (scene.quotes(s.range.clone()).is_empty() || tells_name(scene.words(&s.full)))
    })
}

/// 「名前は、長谷川りょうと言います」 quotes nobody.
fn tells_name(words: &str) -> bool {
    ["名前は", "氏名は"].iter().any(|cue| words.contains(cue)) && !words.contains('「')
}

/// The ages that are told of the child, with their words.
pub(super) fn ages(scene: &Scene<'_>) -> Vec<(Age, Range<usize>)> {
    let other_child = ["長男", "次男", "三男", "長女", "次女", "三女", "歳児"];
    let told = about_child(scene).filter(|s| !has_any(scene.text(), s.full.clone(), &other_child));
    told.flat_map(|s| {
        scene.doc.annotations_in(s.range.clone()).filter_map(|a| match &a.entity {
            Entity::Age(age) if is_childs(scene, s, a.range.start) => Some((*age, a.range.clone())),
            _ => None,
        })
    })
    .collect()
}

/// 「子どもの氏名は、高橋ひなた、女の子です」「本児は、石川みなと、男、…」
pub(super) fn name(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in scene.under(&spec.headings) {
        if let Some(name) = name_at(text, trim(text, sentence.range.clone())) {
            return Ok(Some(named(scene, name)));
        }
        if let Some(outcome) = without(scene, sentence) {
            return Ok(Some(outcome));
        }
    }
    for sentence in about_child(scene) {
        let Some(cue) = find_any(text, sentence.full.clone(), &spec.cues) else { continue };
        // 「学校の名前は答えたくない」
        if ends_with_any(&text[..cue.start], &["学校の", "園の", "会社の", "店の"]) {
            continue;
        }
        // A child has a name: 「名前は言いたくない」 is the reporter's.
        if let Some(found) = status(text, cue.end..sentence.range.end) {
            if found.reason.state() == State::Unknown {
                return Ok(Some(super::without_as(scene, sentence, found.reason, None)));
            }
            continue;
        }
        let Some(start) = after_topic(text, cue.end, sentence.range.end) else { continue };
        // 「お名前は平野さん、33歳」 is a caller's.
        let adult = scene
            .doc
            .annotations_in(sentence.range.clone())
            .any(|a| matches!(&a.entity, Entity::Age(age) if age.years >= ADULT));
        if let Some(name) = name_at(text, start..sentence.range.end).filter(|_| !adult) {
            return Ok(Some(named(scene, name)));
        }
    }
    let name = introduced(scene).map(|(_, name)| name).or_else(|| aged_name(scene));
    let name = name.or_else(|| opening_name(scene)).or_else(|| scene.called_name());
    Ok(name.map(|name| named(scene, name)))
}

/// The sentence that introduces the child, and the name: 「本児は、石川みなと、男、…」, 「姪、三浦もえ、8歳」, or the bare line
/// 「三浦もえ、みうらもえ、女、8歳」. A name only when sex, birth or age follows it.
pub(super) fn introduced<'s>(scene: &'s Scene<'_>) -> Option<(&'s Sentence, Range<usize>)> {
    let text = scene.text();
    let told = about_child(scene).find_map(|sentence| {
        let words = trim(text, sentence.full.clone());
        let subject = find_any(text, sentence.full.clone(), CHILD).map(|s| s.end).or_else(|| {
            let kin = KIN.iter().filter(|k| text[words.clone()].starts_with(**k)).max_by_key(|k| k.len())?;
            Some(words.start + kin.len())
        })?;
        // 「孫の内田あやか、小学3年生」
        let kin = ends_with_any(&text[..subject], KIN) && text[subject..].starts_with('の');
        let start = if kin { subject + "の".len() } else { after_topic(text, subject, sentence.range.end)? };
        let name = name_at(text, start..sentence.range.end)?;
        // 「息子さんは、平野だいちくんです」
        if starts_with_any(&text[name.end..], &["くん", "ちゃん", "君"]) {
            return Some((sentence, name));
        }
        let next = behind_reading(text, after_name(text, &name, sentence.range.end)?);
        starts_with_person_fact(scene, &next).then_some((sentence, name))
    });
    told.or_else(|| {
        about_child(scene).filter(|s| s.heading.is_none()).find_map(|sentence| {
            let name = name_at(text, sentence.range.clone())?;
            let next = behind_reading(text, after_name(text, &name, sentence.range.end)?);
            let sex = clauses(text, next).into_iter().next()?;
            let sex = ["男", "女", "男の子", "女の子", "男児", "女児"].contains(&&text[trim(text, sex)]);
            sex.then_some((sentence, name))
        })
    })
    .filter(|(_, name)| {
        let is_word =
            ["男", "女", "男児", "女児", "不明", "匿名", "在宅", "未就学"].contains(&&text[name.clone()]);
        !is_word && scene.mentions(name.clone()).is_empty()
    })
}

/// What follows the reading that may stand behind a name.
fn behind_reading(text: &str, range: Range<usize>) -> Range<usize> {
    let reading = clauses(text, range.clone()).into_iter().next();
    let reading =
        reading.filter(|r| text[trim(text, r.clone())].chars().all(|c| matches!(c, 'ぁ'..='ん' | 'ー')));
    reading.map_or(range.clone(), |r| trim(text, r.end..range.end))
}

/// What follows the name behind a comma, with its honorific (「…りくくん、男の子」).
fn after_name(text: &str, name: &Range<usize>, limit: usize) -> Option<Range<usize>> {
    let end = skip_honorific(text, name.end);
    text[end..limit].starts_with('、').then(|| trim(text, end..limit))
}

/// Whether the words begin with a sex, a birth or an age.
fn starts_with_person_fact(scene: &Scene<'_>, range: &Range<usize>) -> bool {
    const SCHOOL: &[&str] = &["小学", "中学", "高校", "保育園", "幼稚園", "年長", "年中", "年少"];
    let begins = |a: &record::Annotation| {
        a.range.start == range.start && matches!(a.entity, Entity::Date(_) | Entity::Age(_))
    };
    let words = scene.words(range);
    words.starts_with(['男', '女'])
        || starts_with_any(words, SCHOOL)
        || scene.doc.annotations_in(range.clone()).any(begins)
}

/// 「2年1組の高橋ひなたさん8歳」: a name in front of the child's age.
fn aged_name(scene: &Scene<'_>) -> Option<Range<usize>> {
    let text = scene.text();
    ages(scene).into_iter().find_map(|(_, age)| {
        let before = &text[..age.start];
        let honorific = ["さん", "ちゃん", "くん", "君"]
            .into_iter()
            .find(|h| before.trim_end_matches('、').ends_with(h))?;
        let end = before.trim_end_matches('、').len() - honorific.len();
        let start = text[..end]
            .rfind(['、', '。', ' ', 'の', '\n'])
            .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
        let spelt = text[start..end].chars().any(is_kanji) && scene.mentions(start..end).is_empty();
        name_at(text, start..end).filter(|name| name.end == end && spelt)
    })
}

/// 「高橋ひなたさん、平成29年5月10日生まれ」 at the start of a dictation: a name only when the sheet's facts follow it.
fn opening_name(scene: &Scene<'_>) -> Option<Range<usize>> {
    const FACTS: &[&str] = &["ふりがな", "生まれ", "男", "女"];
    let text = scene.text();
    for sentence in scene.sentences.iter().take(3).filter(|s| s.heading.is_none()) {
        let words = trim(text, sentence.range.clone());
        let Some(name) = name_at(text, words) else { continue };
        let behind = skip_honorific(text, name.end);
        let next = text[behind..].strip_prefix('、').map(|rest| text.len() - rest.len());
        let Some(next) = next.filter(|_| (2..=8).contains(&text[name.clone()].chars().count())) else {
            continue;
        };
        let aged = scene.doc.annotations_from(next).take_while(|a| a.range.start == next);
        let aged = aged.into_iter().any(|a| matches!(a.entity, Entity::Age(_) | Entity::Date(_)));
        let spelt = text[name.clone()].chars().any(is_kanji) && !text[name.clone()].contains(NO_NAME);
        let moment = scene.doc.annotations_in(name.clone()).next().is_some()
            || ["今夜", "今朝", "今晩", "昨夜", "昨晩", "昨日", "本日", "先日", "明朝"]
                .contains(&&text[name.clone()]);
        let person = scene.mentions(name.clone()).is_empty() && spelt && !moment;
        if person && (aged || starts_with_any(&text[next..], FACTS)) {
            return Some(name);
        }
    }
    None
}

/// Characters of words that open a dictation and are no name: 訪問, 電話, 本日, 会議.
const NO_NAME: [char; 10] = ['訪', '電', '日', '会', '議', '面', '児', '所', '園', '校'];

fn named(scene: &Scene<'_>, name: Range<usize>) -> Outcome {
    let mut person = PersonBuilder::new(scene.doc);
    person.name(name);
    Outcome::Stated(Grounded::person(person))
}

/// Where the words begin after 「…は、」.
fn after_topic(text: &str, from: usize, limit: usize) -> Option<usize> {
    let particle = WORDS.child.topics.iter().find(|p| text[from..limit].starts_with(**p))?;
    Some(from + particle.len())
}

/// A date that 「生まれ」 follows or 「生年月日」 leads.
pub(super) fn birth(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some((date, words)) = born(scene, spec) {
        let flags = scene.dates(words.clone()).first().map_or_else(Vec::new, |(_, a)| a.flags.clone());
        let grounded = Grounded::normal(scene.doc, &[words], &NormalForm::Date(date));
        return Ok(Some(Outcome::Stated(grounded.with_flags(flags))));
    }
    for sentence in about_child(scene).filter(|s| has_any(text, s.full.clone(), &spec.cues)) {
        if let Some(cue) = find_any(text, sentence.full.clone(), &["生年月日", "誕生日"])
            && let Some(found) = status(text, cue.end..sentence.full.end)
        {
            return Ok(Some(super::without_as(scene, sentence, found.reason, None)));
        }
    }
    Ok(None)
}

/// The day of birth, and its words.
pub(super) fn born(scene: &Scene<'_>, spec: &FieldSpec) -> Option<(Date, Range<usize>)> {
    let text = scene.text();
    about_child(scene).filter(|s| is_about(scene, s, spec)).find_map(|sentence| {
        scene.dates(sentence.full.clone()).into_iter().find_map(|(date, a)| {
            let after = &text[a.range.end..sentence.full.end];
            let told = after.starts_with("生")
                || after.starts_with("日生")
                || text[..a.range.start].ends_with(['は', '、'])
                || a.range.start == sentence.range.start;
            date.filter(|_| told).map(|date| (date, a.range.clone()))
        })
    })
}

/// Under the field's heading, or with its cues.
fn is_about(scene: &Scene<'_>, sentence: &Sentence, spec: &FieldSpec) -> bool {
    sentence.is_under(&spec.headings) || has_any(scene.text(), sentence.full.clone(), &spec.cues)
}

/// Completed years. A range keeps its words and no value; an infant is 0 with the months in words.
pub(super) fn age(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in about_child(scene) {
        let found = scene.doc.annotations_in(sentence.range.clone()).find_map(|a| match &a.entity {
            Entity::Age(age) if age.years < ADULT && is_childs(scene, sentence, a.range.start) => {
                Some((age, a))
            }
            _ => None,
        });
        let Some((age, annotation)) = found else {
            if has_any(text, sentence.full.clone(), &spec.cues)
                && let Some(outcome) = without(scene, sentence)
            {
                return Ok(Some(outcome));
            }
            continue;
        };
        // 「4歳か5歳くらい」 is no certain number.
        let joint = ["か", "から", "、", "〜", "ないし"]
            .iter()
            .find(|j| text[annotation.range.end..].starts_with(**j));
        let next = joint.and_then(|joint| {
            let at = annotation.range.end + joint.len();
            let mut behind = scene.doc.annotations_from(at).take_while(|a| a.range.start == at);
            behind.find(|a| matches!(&a.entity, Entity::Age(_))).map(|a| a.range.end)
        });
        if let Some(end) = next {
            let about = lead_of(&text[end..], &["くらい", "ぐらい", "ほど"]);
            let words = annotation.range.start..end + about;
            let grounded =
                Grounded::words(scene.doc, std::slice::from_ref(&words)).with_flags([Flag::Uncertain]);
            return Ok(Some(Outcome::Stated(grounded)));
        }
        let words = annotation.range.clone();
        let number = NormalForm::Number(f64::from(age.years));
        let grounded = Grounded::normal(scene.doc, std::slice::from_ref(&words), &number)
            .showing(scene.doc, words.clone());
        let open = age.years != age.years_high || annotation.flags.contains(&Flag::Uncertain);
        let flags = annotation.flags.iter().copied().chain(open.then_some(Flag::Uncertain));
        let grounded = if age.years == age.years_high { grounded } else { grounded.open() };
        return Ok(Some(Outcome::Stated(grounded.with_flags(flags))));
    }
    Ok(None)
}

/// Whether what stands at `at` is said of the child: the last person named before it in the sentence is nobody else.
fn is_childs(scene: &Scene<'_>, sentence: &Sentence, at: usize) -> bool {
    let last = scene.mentions(sentence.full.start..at).pop();
    last.is_none_or(|m| m.relation.as_deref() == Some("本児"))
}

/// The first sex in a sentence about the child.
pub(super) fn sex(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in about_child(scene) {
        for clause in clauses(text, sentence.range.clone()) {
            let words = trim(text, clause.clone());
            let spoken = spoken_choices(text, words.clone(), &spec.choices).into_iter().find(|s| {
                let whole = s.range == words;
                let long = text[s.range.clone()].chars().count() > 1;
                let adult = starts_with_any(&text[s.range.start..], &["男の人", "女の人", "男性", "女性"])
                    && !is_minor_before(scene, s.range.start);
                s.choice.label.chars().count() == 1 && (whole || long) && !adult
            });
            if let Some(spoken) = spoken {
                return stated(scene, spec, &spoken.choice.label, spoken.range);
            }
        }
    }
    // 「娘さんは…」 of a parent who calls.
    for (word, label) in [("娘さん", "女"), ("娘", "女"), ("息子さん", "男"), ("息子", "男")] {
        let said = about_child(scene).find_map(|s| {
            let words = trim(text, s.full.clone());
            let topic = starts_with_any(text[words.clone()].strip_prefix(word)?, &["は", "の", "、", "が"]);
            topic.then_some(words.start..words.start + word.len())
        });
        if let Some(said) = said.filter(|_| spec.choices.iter().any(|c| c.label == label)) {
            return stated(scene, spec, label, said);
        }
    }
    Ok(None)
}

/// 「16歳の女性」: the age of a child stands directly in front.
fn is_minor_before(scene: &Scene<'_>, at: usize) -> bool {
    let end = at - if scene.text()[..at].ends_with('の') { "の".len() } else { 0 };
    scene
        .doc
        .annotations_in(at.saturating_sub(30)..at)
        .any(|a| a.range.end == end && matches!(&a.entity, Entity::Age(age) if age.years_high < ADULT))
}

/// The words after 「住所は、」; else a line that is an address.
pub(super) fn address(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some(sentence) = scene.under(&spec.headings).find(|s| !scene.is_of_reporter(s)) {
        let own = own_address(text, set_aside(text, sentence.range.clone()));
        let words = trim_end_of(text, trim(text, own), &WORDS.child.tail);
        let copied = || Outcome::Stated(Grounded::copied(scene.doc, std::slice::from_ref(&words)));
        return Ok(without(scene, sentence).or_else(|| (!words.is_empty()).then(copied)));
    }
    let told = about_child(scene).find_map(|s| words_after_cue(scene, s, &spec.cues));
    Ok(told.or_else(|| {
        about_child(scene).filter(|s| s.heading.is_none()).find_map(|s| {
            let words = trim_end_of(text, trim(text, s.range.clone()), &WORDS.child.tail);
            let address = ADDRESS.as_ref().is_some_and(|r| r.is_match(&text[words.clone()]));
            address.then(|| Outcome::Stated(Grounded::copied(scene.doc, &[words])))
        })
    }))
}

/// 「東町の市営団地3号棟401ですが、住民票は…」: up to what is said of something else.
fn own_address(text: &str, range: Range<usize>) -> Range<usize> {
    let other = find_any(text, range.clone(), &["ですが、", "ですけど、", "、住民票", "、本籍", "、電話"]);
    // 「家はたずねたんですが、…」 tells none.
    let told = |end: &usize| {
        text[range.start..*end].contains(|c: char| c.is_ascii_digit() || "市区町村".contains(c))
    };
    range.start..other.map(|at| at.start).filter(told).unwrap_or(range.end)
}

/// 「前の栄町じゃなくて、西原市…」: what holds stands behind.
fn set_aside(text: &str, range: Range<usize>) -> Range<usize> {
    let aside = find_any(text, range.clone(), &["じゃなくて、", "ではなくて、", "ではなく、", "でなく、"]);
    let aside = aside.filter(|_| !text[range.clone()].contains('「'));
    aside.map_or(range.clone(), |at| at.end..range.end)
}

/// The words after a cue and は, to the end of the sentence without its ending; or the status that stands there.
pub(super) fn words_after_cue(scene: &Scene<'_>, sentence: &Sentence, cues: &[String]) -> Option<Outcome> {
    let text = scene.text();
    let cue = find_any(text, sentence.full.clone(), cues)?;
    let told = own_address(text, cue.end..sentence.full.end).end;
    if let Some(found) = status(text, cue.end..told)
        && found.reason != Reason::Denial
    {
        return Some(super::without_as(scene, sentence, found.reason, None));
    }
    // A cue may hold its は: 「自宅は、…」.
    let start = if text[cue.clone()].ends_with('は') {
        cue.end
    } else {
        after_topic(text, cue.end, sentence.full.end)?
    };
    // 「住所は朝日町3丁目1番、電話は…」: up to the next item.
    let next = clauses(text, start..sentence.full.end)
        .into_iter()
        .skip(1)
        .find(|c| starts_with_any(&text[c.clone()], &WORDS.child.next_items));
    let end = next.map_or(sentence.full.end, |c| c.start);
    let own = own_address(text, set_aside(text, start..end));
    let range = trim_end_of(text, trim(text, own), &WORDS.child.tail);
    let flags = hedge::flags(&text[range.end..sentence.full.end]);
    (!range.is_empty()).then(|| Outcome::Stated(Grounded::copied(scene.doc, &[range]).with_flags(flags)))
}

/// The label of a child who goes to no school: spoken as a clause of its own (「未就学です」「在宅」).
const NO_SCHOOL: &str = "未就学";

/// The school with its name, grade and class as detail.
pub(super) fn school(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let reporter = super::reporter::sentence(scene).map(|(s, _)| s.full.clone());
    for sentence in about_child(scene).filter(|s| reporter.as_ref() != Some(&s.full)) {
        for clause in clauses(text, sentence.range.clone()) {
            let words = trim(text, clause.clone());
            let words = trim_end_of(text, words, &["です", "だそうです", "とのことです", "とのこと"]);
            let home = spoken_choices(text, words.clone(), &spec.choices)
                .into_iter()
                .find(|s| s.choice.label == NO_SCHOOL && s.range == words);
            if let Some(home) = home {
                return stated(scene, spec, NO_SCHOOL, home.range);
            }
            let words = trim_end_of(text, trim(text, clause), &WORDS.child.attends);
            let spoken = spoken_choices(text, words.clone(), &spec.choices);
            let Some(spoken) =
                spoken.into_iter().find(|s| s.choice.label != "その他" && is_school(text, &s.range))
            else {
                continue;
            };
            let named = text[..spoken.range.start].chars().next_back().is_some_and(|c| {
                spoken.range.start > words.start
                    && (is_kanji(c) || is_katakana(c) || matches!(c, 'ぁ'..='ん'))
            });
            let graded = text[spoken.range.end..words.end].contains(['年', '組', '児']);
            if !(named || graded)
                || has_any(
                    text,
                    words.clone(),
                    &["にいま", "にいる", "教頭", "担任", "病院", "から電話", "からの"],
                )
            {
                continue;
            }
            let grounded = Grounded::choice(scene.doc, &spec.choices, &spoken.choice.label, spoken.range)?;
            return Ok(Some(Outcome::Stated(grounded.with_detail(scene.doc, words))));
        }
    }
    // 「所属、不明」
    let item = |s: &&Sentence| {
        let words = &text[trim(text, s.full.clone())];
        !scene.is_of_reporter(s) && starts_with_any(words, &WORDS.child.school_items)
    };
    Ok(scene.sentences.iter().filter(item).find_map(|s| without(scene, s)))
}

/// 小, 中 and 高 alone are schools only with a grade or the rest of the word: 小2, 中の1年, not 入院中.
fn is_school(text: &str, word: &Range<usize>) -> bool {
    if text[word.clone()].chars().count() > 1 {
        return true;
    }
    let after = text[word.end..].trim_start_matches('の');
    after.starts_with(|c: char| c == '学' || c == '校' || c.is_ascii_digit())
}
