//! The reporter (通告者): every one of these fields belongs to the sealed sheet.

use std::ops::Range;
use std::sync::LazyLock;

use record::template::FieldSpec;
use record::{Entity, Flag, Grounded, NormalForm, PersonBuilder};
use regex::Regex;

use super::child::words_after_cue;
use super::{Filled, Outcome, stated, without};
use crate::people::{name_at, name_before, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{
    clauses, ends_with_any, find_all, find_any, has_any, is_kanji, spoken_choices, starts_with_any, trim,
    trim_end_of,
};

/// Words that name the reporter as such; who he is follows: 「通告者は」「かけてこられたのは」「通告元についてですが、」.
static REPORTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "(?:通告者|相談者|通報者|通告元|通報元|相談元|情報提供者|通告された方|通告した方|相談された方|連絡者)(?:については、|についてですが、|ですが、|ですけど、|ですけれど、|ですけれども、|は|、|。)|電話の主は|(?:^|電話の)相手は|(?:(?:お電話|電話|ご連絡|連絡|ご相談|相談|通告|通報)(?:を|に)?(?:して|し|かけて|入れて|寄せて|され)?(?:きた|こられた|来られた|くださった|くれた|いただいた|た)|かけて(?:きた|こられた|来た|来られた)|話して(?:きた|こられた))(?:の|方|人|かた)は",
    )
    .ok()
});

/// The words in `range` that name the reporter, with what closes them.
pub(super) fn cue(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = REPORTER.as_ref()?.find(text.get(range.clone())?)?;
    Some(range.start + found.start()..range.start + found.end())
}
/// The reporter stands in front of these: 「担任の先生からの通告」.
const REPORTED: &[&str] = &["からの通告", "から通告", "より通告", "からの相談", "から相談"];
/// The reporter in front of the way in which he came: 「園長の沢田さんから、電話で受理」「実母の…さんが来所し、相談を受理」.
static CAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "(?:から|より)、?の?(?:匿名|お?電話|来電|入電|受電|189|文書|書面|手紙|FAX|ファックス|メール|来所|通報|連絡)|が、?(?:来所|来庁|窓口に|相談に(?:来|訪)|直接来)",
    )
    .ok()
});
/// The reception is told at the beginning.
const OPENING: usize = 4;
const END: &[&str] = &[
    "さんです",
    "だそうです",
    "ということです",
    "とのことです",
    "だという",
    "です",
    "だそう",
    "とのこと",
    "さん",
    "だ",
];
/// Lines on what the reporter is to the child.
const STANDING: &[&str] =
    &["関係", "本児との関係", "子どもとの関係", "お子さんとの関係", "続柄", "間柄", "立場", "職業"];

/// The sentence that says who reported, and where the words about him are.
pub(crate) fn sentence<'s>(scene: &'s Scene<'_>) -> Option<(&'s Sentence, Range<usize>)> {
    let text = scene.text();
    let named = scene.sentences.iter().find_map(|s| {
        let cue = cue(text, s.full.clone()).filter(|c| !scene.is_quoted(c.start))?;
        Some((s, trim(text, cue.end..s.full.end)))
    });
    // 「通告者、氏名は匿名希望」 tells an item of his, and not who he is.
    let item = |words: &Range<usize>| {
        starts_with_any(
            &text[words.clone()],
            &["氏名", "名前", "お名前", "住所", "住まい", "電話", "連絡先", "年齢"],
        )
    };
    let (named, only_item) = match named {
        Some((s, words)) if item(&words) => (None, Some((s, words))),
        named => (named, None),
    };
    // 「近所の者なんですけど」
    let introduced = || {
        scene.narrative().find_map(|s| {
            let cue = find_any(text, s.range.clone(), &["の者です", "の者なんです", "の者ですが"])?;
            let start = clauses(text, s.range.start..cue.start).pop().map_or(s.range.start, |c| c.start);
            Some((s, trim(text, start..cue.start)))
        })
    };
    named
        .or_else(introduced)
        .or_else(|| {
            // Why a meeting is held is not who reported.
            let told = scene.sentences.iter().filter(|s| s.heading.as_deref() != Some("提出理由"));
            told.into_iter().find_map(|s| {
                let cue = find_any(text, s.full.clone(), REPORTED).filter(|c| !scene.is_quoted(c.start))?;
                Some((s, person_before(scene, s.range.start..cue.start)?))
            })
        })
        .or_else(|| {
            scene
                .narrative()
                .take(OPENING)
                .filter(|s| has_any(text, s.full.clone(), &WORDS.reporter.reception))
                .find_map(|s| {
                    let came = CAME.as_ref()?.find(&text[s.range.clone()])?;
                    let at = s.range.start + came.start();
                    (!scene.is_quoted(at)).then_some(())?;
                    Some((s, person_before(scene, s.range.start..at)?))
                })
        })
        .or(only_item)
}

/// The last clause of `range`, behind the day and the time.
fn person_before(scene: &Scene<'_>, range: Range<usize>) -> Option<Range<usize>> {
    let text = scene.text();
    let clause = clauses(text, range).pop()?;
    let moments = scene
        .doc
        .annotations_in(clause.clone())
        .filter(|a| matches!(a.entity, Entity::Date(_) | Entity::Time(_)));
    let from = moments.map(|a| a.range.end).max().unwrap_or(clause.start);
    let from = from + if text[from..].starts_with('に') { "に".len() } else { 0 };
    let words = trim(text, from..clause.end);
    (!words.is_empty()).then_some(words)
}

/// The words that belong to the reporter alone: up to the clause that speaks of his name, address or telephone.
fn own_words(text: &str, words: &Range<usize>) -> Range<usize> {
    let other = clauses(text, words.clone())
        .into_iter()
        .find(|c| starts_with_any(&text[c.clone()], &["氏名", "名前", "住所", "電話", "連絡先"]));
    words.start..other.map_or(words.end, |c| c.start)
}

/// Name, office and organisation, or that the reporter gives no name.
pub(super) fn name(scene: &Scene<'_>, _spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let Some((sentence, words)) = sentence(scene) else { return Ok(unnamed(scene)) };
    // 「通告者は、学童の支援員。氏名は、回答なし。」
    let items = scene.sentences.iter().filter(|s| scene.is_of_reporter(s));
    let told: Vec<&Sentence> = items
        .filter(|s| begins_with(text, s, &["氏名", "名前", "お名前", "通告者", "相談者", "通報者"]))
        .chain([sentence])
        .collect();
    let own = own_words(text, &words);
    let mut person = PersonBuilder::new(scene.doc);
    if let Some(said) = told.iter().find_map(|s| find_any(text, s.full.clone(), &WORDS.reporter.anonymous)) {
        person.anonymous(said);
        relative(scene, &mut person, own);
        return Ok(Some(Outcome::Stated(Grounded::person(person))));
    }
    for s in &told {
        let item = find_any(text, s.full.clone(), &["氏名", "名前"]);
        let unknown = item.and_then(|at| crate::status::status(text, at.end..s.full.end));
        if let Some(found) = unknown {
            return Ok(Some(super::without_as(scene, s, found.reason, None)));
        }
    }
    // 「かけてこられたのは実父で、名前は柏さん、32歳」
    let named = told.iter().find_map(|s| {
        // 「46歳、伏木という名字だけ教えてくれました」
        let called = find_any(text, s.full.clone(), &["という名字", "という苗字", "という名前", "と名乗"]);
        if let Some(called) = called {
            let clause = clauses(text, s.full.start..called.start).pop()?;
            let name = name_at(text, trim(text, clause))?;
            return (name.end == called.start && text[name.clone()].chars().any(is_kanji)).then_some(name);
        }
        let item = find_any(text, s.full.clone(), &["お名前は", "名前は", "氏名は", "氏名、", "名前、"])?;
        let start = item.end + if text[item.end..].starts_with('、') { "、".len() } else { 0 };
        let name = name_at(text, start..s.full.end)?;
        let whole = skip_honorific(text, name.end) > name.end
            || starts_with_any(&text[name.end..], &["です", "。", "、", "と名乗", "という"]);
        (whole && text[name.clone()].chars().any(is_kanji)).then_some(name)
    });
    if let Some(name) = named {
        relative(scene, &mut person, own.clone());
        person.name(name);
        return Ok(Some(Outcome::Stated(Grounded::person(person))));
    }
    // The name is the last thing before an honorific: 「あおば小学校の教頭、清水さん」「母方祖母の山本和子さん」.
    let honorific = ["さん", "先生", "氏"]
        .iter()
        .flat_map(|h| find_all(text, own.clone(), h))
        .filter(|h| !text[h.end..].starts_with('名'))
        .find_map(|h| Some((name_before(text, own.clone(), &h)?, h)));
    if let Some((name, _)) = honorific {
        office(scene, &mut person, own.start..name.start);
        person.name(name);
    } else {
        let mut parts = clauses(text, own.clone()).into_iter().map(|c| trim(text, c));
        let (first, second) = (parts.next(), parts.next());
        let post = first.filter(|c| ends_with_any(&text[c.clone()], &WORDS.entry.offices));
        let family = second.as_ref().and_then(|c| family_name(text, c));
        if let (Some(post), Some(name)) = (post, family) {
            // 「どんぐり保育園の園長、古賀谷」
            office(scene, &mut person, post);
            person.name(name);
        } else {
            relative(scene, &mut person, own);
            // 「母方祖父、野々村しげる」
            let bare = second.and_then(|c| full_name(text, &c)).filter(|_| !person.is_empty());
            if let Some(name) = bare {
                person.name(name);
            }
        }
    }
    Ok((!person.is_empty()).then(|| Outcome::Stated(Grounded::person(person))))
}

/// `clause` where it is a name in kanji and nothing else.
fn family_name(text: &str, clause: &Range<usize>) -> Option<Range<usize>> {
    let name = name_at(text, clause.clone()).filter(|name| name == clause)?;
    let chars = text[name.clone()].chars();
    (chars.clone().all(is_kanji) && (1..=5).contains(&chars.count())).then_some(name)
}

/// `clause` where it is a family name in kanji with a given name, and nothing else.
pub(super) fn full_name(text: &str, clause: &Range<usize>) -> Option<Range<usize>> {
    let name = name_at(text, clause.clone()).filter(|name| name == clause)?;
    let chars: Vec<char> = text[name.clone()].chars().collect();
    let kana = chars.iter().filter(|c| matches!(c, 'ぁ'..='ん')).count();
    let kanji = chars.iter().filter(|c| is_kanji(**c)).count();
    let told = kanji > 0 && kanji + kana == chars.len() && (3..=7).contains(&chars.len());
    (told && chars.first().is_some_and(|c| is_kanji(*c))).then_some(name)
}

fn begins_with(text: &str, sentence: &Sentence, items: &[&str]) -> bool {
    let words = &text[trim(text, sentence.full.clone())];
    starts_with_any(words, items)
}

/// The relation to the child where the words are one: 「相談者、実父、…」.
fn relative(scene: &Scene<'_>, person: &mut PersonBuilder<'_>, own: Range<usize>) {
    let text = scene.text();
    let first = clauses(text, own.clone()).into_iter().next().unwrap_or(own);
    let words = trim_end_of(text, trim(text, first), &["です", "で"]);
    let mention = scene.mentions(words.clone()).into_iter().find(|m| m.range == words);
    let choice = mention.and_then(|m| scene.relations.choice(m.relation.as_deref()?));
    if let Some(choice) = choice.filter(|c| c.label != "本児") {
        person.relation(choice, words);
    }
}

/// A reporter who gives no name and is not introduced.
fn unnamed(scene: &Scene<'_>) -> Option<Outcome> {
    let said =
        scene.narrative().find_map(|s| find_any(scene.text(), s.full.clone(), &WORDS.reporter.anonymous))?;
    let mut person = PersonBuilder::new(scene.doc);
    person.anonymous(said);
    Some(Outcome::Stated(Grounded::person(person)))
}

/// 「あおば小学校の教頭、」 → organisation and office; 「母方祖母の」 → relation.
fn office(scene: &Scene<'_>, person: &mut PersonBuilder<'_>, range: Range<usize>) {
    let text = scene.text();
    let words = trim_end_of(text, trim(text, range), &["の"]);
    let relation = scene.mentions(words.clone()).into_iter().find(|m| m.range == words);
    if let Some(choice) = relation.as_ref().and_then(|m| scene.relations.choice(m.relation.as_deref()?)) {
        person.relation(choice, words);
        return;
    }
    // 「高校生の本人で、17歳の女子、」 is no office.
    if text[words.clone()].contains(['、', 'で'])
        || text[words.clone()].contains(|c: char| c.is_ascii_digit())
    {
        return;
    }
    match text[words.clone()].rfind('の') {
        Some(at) => {
            person.org(words.start..words.start + at);
            person.role_words(words.start + at + "の".len()..words.end);
        }
        // 「栄町警察署生活安全課の堀内さん」
        None if ends_with_any(&text[words.clone()], &WORDS.entry.orgs) => person.org(words),
        None if !words.is_empty() => person.role_words(words),
        None => {}
    }
}

/// What the reporter is to the child, in the words that were said.
pub(super) fn relation(scene: &Scene<'_>, _spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let Some((_, words)) = sentence(scene) else { return Ok(None) };
    // 「関係は、向かいの家の方です」
    let line = scene.sentences.iter().filter(|s| scene.is_of_reporter(s)).find_map(|s| {
        let start = trim(text, s.full.clone()).start;
        let item = STANDING.iter().filter(|i| text[start..].starts_with(**i)).max_by_key(|i| i.len())?;
        let rest = &text[start + item.len()..s.full.end];
        let topic = ["は、", "は", "ですが、", "、", "も"].iter().find(|t| rest.starts_with(**t))?;
        Some((s, trim(text, start + item.len() + topic.len()..s.full.end)))
    });
    let words = match line {
        Some((s, own)) => match without(scene, s) {
            Some(status) => return Ok(Some(status)),
            None => own,
        },
        None => words,
    };
    let clause = clauses(text, words.clone()).into_iter().next().unwrap_or(words);
    let mut relation = trim_end_of(text, trim(text, clause), END);
    relation = trim_end_of(text, relation, &["で"]);
    // 「母方祖母の山本和子さん」: without the name.
    let end = relation.end;
    // 「実父の田所健」: a relative with his bare name.
    let first = scene.mentions(relation.clone()).into_iter().find(|m| m.range.start == relation.start);
    if let Some(mention) = first.filter(|m| m.relation.is_some()) {
        let bare = text[mention.range.end..relation.end].strip_prefix('の').is_some_and(|name| {
            (2..=8).contains(&name.chars().count())
                && name.starts_with(is_kanji)
                && !name.contains(['、', 'の'])
        });
        if bare {
            relation.end = mention.range.end;
        }
    }
    let named = text[relation.clone()].match_indices('の').map(|(at, _)| relation.start + at).find(|at| {
        let name = name_at(text, at + "の".len()..end + "さん".len().min(text.len() - end));
        name.is_some_and(|n| {
            n.end <= end && skip_honorific(text, n.end) > n.end && skip_honorific(text, n.end) >= end
        })
    });
    if let Some(at) = named {
        relation.end = at;
    }
    // 「匿名の女性」 is no standing.
    let standing = !relation.is_empty() && !text[relation.clone()].starts_with("匿名");
    Ok(standing.then(|| Outcome::Stated(Grounded::copied(scene.doc, &[relation]))))
}

/// The route, only from explicit words about the reporter.
pub(super) fn route(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let Some((sentence, words)) = sentence(scene) else { return Ok(None) };
    let lines = scene.sentences.iter().filter(|s| scene.is_of_reporter(s) && begins_with(text, s, STANDING));
    let known = std::iter::once(words)
        .chain(lines.map(|s| s.full.clone()))
        .find_map(|words| spoken_choices(text, words, &spec.choices).into_iter().next());
    let reported = || has_any(text, sentence.full.clone(), REPORTED).then(|| sentence.full.clone());
    let whole = || spoken_choices(text, reported()?, &spec.choices).into_iter().next();
    let Some(spoken) = known.or_else(whole) else { return Ok(None) };
    let grounded = Grounded::choice(scene.doc, &spec.choices, &spoken.choice.label, spoken.range)?;
    Ok(Some(Outcome::Stated(grounded.with_flags([Flag::ReporterIdentity]))))
}

/// Lines of the reporter's address.
const ADDRESS: &[&str] = &["住所", "住まい", "所在地", "居所"];

/// The reporter's address, or why it is not there.
pub(super) fn address(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    Ok(scene.sentences.iter().find_map(|s| {
        let own = scene.is_of_reporter(s) && has_any(text, s.full.clone(), ADDRESS);
        if own { of_reporter(scene, s, ADDRESS) } else { after_any_cue(scene, s, spec) }
    }))
}

/// An item of the reporter: what stands behind the cue, or the status of the sentence (「住所も電話も、聞けていません」).
fn of_reporter(scene: &Scene<'_>, sentence: &Sentence, cues: &[&str]) -> Option<Outcome> {
    let cues: Vec<String> = cues.iter().map(ToString::to_string).collect();
    without(scene, sentence).or_else(|| words_after_cue(scene, sentence, &cues))
}

/// 「通告者の住所と電話は、聞いていません」 is about both.
fn after_any_cue(scene: &Scene<'_>, sentence: &Sentence, spec: &FieldSpec) -> Option<Outcome> {
    let both = has_any(
        scene.text(),
        sentence.full.clone(),
        &["通告者の住所と電話", "通告者の住所、電話", "住所や電話", "住所も電話も"],
    );
    if both { without(scene, sentence) } else { words_after_cue(scene, sentence, &spec.cues) }
}

/// The reporter's telephone number, or why it is not there.
pub(super) fn phone(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    // 「通告者は隣室の田中さん、電話は…」
    let named = sentence(scene).map(|(s, _)| s);
    if let Some(number) = named.and_then(|s| number_in(scene, s)) {
        return Ok(Some(number));
    }
    let text = scene.text();
    for sentence in &scene.sentences {
        let own = scene.is_of_reporter(sentence)
            && has_any(text, sentence.full.clone(), &["電話", "連絡先", "携帯", "番号"]);
        let about = own
            || has_any(text, sentence.full.clone(), &spec.cues)
            || has_any(text, sentence.full.clone(), &["通告者の住所と電話", "住所や電話"]);
        if !about {
            continue;
        }
        if let Some(outcome) = number_in(scene, sentence).or_else(|| without(scene, sentence)) {
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}

fn number_in(scene: &Scene<'_>, sentence: &Sentence) -> Option<Outcome> {
    let (number, words) = scene.phone(sentence.full.clone())?;
    Some(Outcome::Stated(Grounded::normal(scene.doc, &[words], &NormalForm::Phone(number))))
}

/// Whether the reporter may be asked again or contacted: 「調査協力は、できる」「連絡は、しないでほしい」.
pub(super) fn cooperation(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    // Not what the family was told or asked.
    const FAMILY: &[&str] = &["保護者に", "保護者へ", "関係機関"];
    let text = scene.text();
    for sentence in scene.narrative() {
        let Some(cue) = find_any(text, sentence.full.clone(), &spec.cues) else { continue };
        if scene.is_quoted(cue.start) || has_any(text, sentence.full.clone(), FAMILY) {
            continue;
        }
        let behind = cue.start..sentence.full.end;
        for (label, words) in [("否", &WORDS.reporter.refuses), ("諾", &WORDS.reporter.agrees)] {
            if let Some(found) = find_any(text, behind.clone(), words) {
                // 「連絡は希望されませんでした」
                let label = if label == "諾" && scene.is_negated(found.clone()) { "否" } else { label };
                let trigger = cue.start..found.end.max(cue.end);
                return stated(scene, spec, label, trigger);
            }
        }
        if let Some(outcome) = without(scene, sentence) {
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}
