//! A consultation by telephone: who called, what about, how long, who takes over.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Grounded, NormalForm, PersonBuilder, Reason};

use super::child::ADULT;
use super::section::whole_section;
use super::{Filled, Outcome, copied, entry, without, without_as};
use crate::people::{name_at, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{ends_with_any, find_any, has_any, starts_with_any, trim};

/// What the caller is to the child.
pub(super) fn relation(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let Some((_, mention)) = caller(scene, spec) else { return unrelated(scene, spec) };
    let Some(label) = mention.relation.as_deref() else { return Ok(None) };
    let grounded = Grounded::choice(scene.doc, &spec.choices, label, mention.range.clone())?;
    let same = scene.words(&mention.range) == label;
    let grounded =
        if same || !spec.detail { grounded } else { grounded.with_detail(scene.doc, mention.range) };
    Ok(Some(Outcome::Stated(grounded)))
}

/// A caller who is no relative: 「相談者は匿名、同じ階に住む女性」「近所の方から電話」.
fn unrelated(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let Some((_, words)) = super::reporter::sentence(scene) else { return Ok(None) };
    let own = crate::words::clauses(text, words).into_iter().map(|c| trim(text, c));
    let mut own = own.map(|c| {
        crate::words::trim_end_of(text, c, &["だそうです", "とのことです", "です", "だという", "で"])
    });
    let Some(clause) = own.find(|c| has_any(text, c.clone(), &WORDS.call.standing)) else { return Ok(None) };
    let grounded = Grounded::choice(scene.doc, &spec.choices, "その他", clause.clone())?;
    Ok(Some(Outcome::Stated(grounded.with_detail(scene.doc, clause))))
}

/// The caller's age: the one in the caller's sentence.
pub(super) fn age(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    // 「相談者、実父、氏名は…。年齢、不明。」
    let item = scene
        .sentences
        .iter()
        .filter(|s| scene.is_of_reporter(s))
        .find(|s| scene.words(&trim(scene.text(), s.full.clone())).starts_with("年齢"));
    if let Some(outcome) = item.and_then(|s| without(scene, s)) {
        return Ok(Some(outcome));
    }
    let headed = scene.under(&spec.headings);
    if let Some(outcome) =
        headed.into_iter().find_map(|s| without(scene, s).or_else(|| age_of_line(scene, s)))
    {
        return Ok(Some(outcome));
    }
    let Some((sentence, mention)) = caller(scene, spec) else { return Ok(None) };
    let next = scene.mentions(mention.range.end..sentence.full.end).into_iter().next();
    let end = next.map_or(sentence.full.end, |m| m.range.start);
    // 「かけてきたのは、71歳の男性で、父方の祖父」
    let before = super::reporter::cue(text, sentence.full.clone()).map(|cue| cue.end..mention.range.start);
    let before = before.filter(|r| r.start < r.end).into_iter().flat_map(|r| scene.doc.annotations_in(r));
    let before = before.filter(|a| {
        let behind = text[a.range.end..].trim_start_matches('の');
        starts_with_any(behind, &["男性", "女性", "方", "人", "男の人", "女の人"])
    });
    let adult = before.into_iter().find_map(|a| match &a.entity {
        Entity::Age(age) if age.years == age.years_high => Some((age.years, a)),
        _ => None,
    });
    let behind = || {
        scene.doc.annotations_in(mention.range.end..end).find_map(|a| match &a.entity {
            Entity::Age(age) if age.years == age.years_high && is_own(text, &mention.range, &a.range) => {
                Some((age.years, a))
            }
            _ => None,
        })
    };
    // 「お名前は柏木とし子さん、68歳、父方のおばあちゃんです」
    let told = || {
        let named = introduced_caller(scene).filter(|(s, _)| s.full == sentence.full)?;
        scene.doc.annotations_in(named.0.full.clone()).find_map(|a| match &a.entity {
            Entity::Age(age) if is_adult(&a.entity) && age.years == age.years_high => Some((age.years, a)),
            _ => None,
        })
    };
    Ok(adult.or_else(behind).or_else(told).map(|(years, a)| years_of(scene, years, a)))
}

/// A certain age in its own words.
fn years_of(scene: &Scene<'_>, years: u16, said: &record::Annotation) -> Outcome {
    let form = NormalForm::Number(f64::from(years));
    let grounded = Grounded::normal(scene.doc, std::slice::from_ref(&said.range), &form);
    Outcome::Stated(grounded.showing(scene.doc, said.range.clone()).with_flags(said.flags.iter().copied()))
}

/// The age of a line that tells nothing else; 「40代前半くらい」 is no certain number: its words.
fn age_of_line(scene: &Scene<'_>, sentence: &Sentence) -> Option<Outcome> {
    let words = trim(scene.text(), sentence.range.clone());
    let number = scene.doc.annotations_in(words.clone()).find_map(|a| match &a.entity {
        Entity::Age(age) if age.years == age.years_high => Some((age.years, a)),
        _ => None,
    });
    if let Some((years, a)) = number {
        return Some(years_of(scene, years, a));
    }
    let about = find_any(scene.text(), words.clone(), &["0代"])?;
    let digits = scene.text()[words.start..about.start].chars().all(|c| c.is_ascii_digit());
    digits.then(|| {
        let said = Grounded::words(scene.doc, std::slice::from_ref(&words));
        Outcome::Stated(said.with_flags([record::Flag::Uncertain]))
    })
}

/// The age directly behind the caller, and not 「5歳の娘」.
fn is_own(text: &str, caller: &Range<usize>, age: &Range<usize>) -> bool {
    let behind = &text[age.end..];
    text[caller.end..age.start].chars().count() <= 24
        && (!behind.starts_with('の') || behind.starts_with("の方"))
}

/// The sentence about the caller, and the word for him: behind 「相談者は」, in front of 「から電話」, or at the start of a line near the
/// top that names him (「母方おばの石井さん、50歳」).
fn caller<'s>(scene: &'s Scene<'_>, spec: &FieldSpec) -> Option<(&'s Sentence, crate::people::Mention)> {
    let text = scene.text();
    let cued = scene.sentences.iter().find_map(|s| {
        let cue = super::reporter::cue(text, s.full.clone())
            .or_else(|| find_any(text, s.full.clone(), &spec.cues))?;
        let comes_after = text[cue.clone()].ends_with(['者', 'は', '、', '。']);
        // A child who calls is named as the caller; elsewhere 本児 is whom the call is about.
        let mentions = scene.mentions(s.full.clone()).into_iter().filter(|m| {
            m.relation.as_deref().is_some_and(|r| r != "本児" || text[cue.clone()].ends_with('は'))
        });
        let mention = if comes_after {
            mentions.into_iter().find(|m| m.range.start >= cue.end)
        } else {
            mentions.into_iter().rfind(|m| m.range.end <= cue.start)
        }?;
        Some((s, mention))
    });
    cued.or_else(|| named_caller(scene)).or_else(|| introduced_caller(scene))
}

/// 「お名前は柏木とし子さん、68歳、父方のおばあちゃんです」: a relative whose name is told with an adult's age.
fn introduced_caller<'s>(scene: &'s Scene<'_>) -> Option<(&'s Sentence, crate::people::Mention)> {
    let text = scene.text();
    scene.narrative().find_map(|s| {
        let cue = find_any(text, trim(text, s.full.clone()), &["お名前は", "名前は"])?;
        let adult = scene.doc.annotations_in(s.full.clone()).any(|a| is_adult(&a.entity));
        let opens = cue.start == trim(text, s.full.clone()).start;
        let mut people = scene.mentions(s.full.clone()).into_iter();
        let mention = people.find(|m| m.relation.as_deref().is_some_and(|r| r != "本児"))?;
        (opens && adult).then_some((s, mention))
    })
}

fn is_adult(entity: &Entity) -> bool {
    matches!(entity, Entity::Age(age) if age.years >= ADULT)
}

/// A line of a relative with a name and an honorific, and nothing else than an age, before anything is told.
fn named_caller<'s>(scene: &'s Scene<'_>) -> Option<(&'s Sentence, crate::people::Mention)> {
    const TOP: usize = 4;
    let text = scene.text();
    scene.narrative().take(TOP).filter(|s| s.heading.is_none()).find_map(|s| {
        let mention = scene.mentions(s.range.clone()).into_iter().next()?;
        let start = mention.range.start == trim(text, s.range.clone()).start;
        let relative = mention.relation.as_deref().is_some_and(|r| r != "本児");
        let name = named_after(text, &mention, s.range.end)?;
        let rest = scene.words(&trim(text, skip_honorific(text, name.end)..s.range.end));
        let own = rest.split('、').next().unwrap_or(rest);
        let only = own.is_empty() || (own.ends_with('歳') && own.chars().count() <= 5);
        (start && relative && only).then_some((s, mention))
    })
}

/// The name behind 「…の」, with its honorific.
fn named_after(text: &str, mention: &crate::people::Mention, limit: usize) -> Option<Range<usize>> {
    let rest = text[mention.range.end..limit].strip_prefix('の')?;
    name_at(text, limit - rest.len()..limit).filter(|n| skip_honorific(text, n.end) > n.end)
}

/// The caller's name: as for the reporter of a report; else in the line that names him.
pub(super) fn name(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(told) = super::reporter::name(scene, spec)? {
        return Ok(Some(told));
    }
    let Some((sentence, mention)) = named_caller(scene) else { return Ok(None) };
    let Some(name) = named_after(scene.text(), &mention, sentence.range.end) else { return Ok(None) };
    let mut person = PersonBuilder::new(scene.doc);
    if let Some(choice) = mention.relation.as_deref().and_then(|label| scene.relations.choice(label)) {
        person.relation(choice, mention.range);
    }
    person.name(name);
    Ok(Some(Outcome::Stated(Grounded::person(person))))
}

/// Lines of the sheet's other fields: who took the call, who called, the child, the disposition, the time.
fn is_line(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let label = || {
        let lists = scene.template.fields.iter().filter(|f| f.rule.as_deref() == Some("choice"));
        lists.into_iter().any(|f| super::choice::whole_choice(scene, f, sentence).is_some())
    };
    is_length(scene, sentence)
        || label()
        || scene.is_of_reporter(sentence)
        || has_any(text, sentence.full.clone(), &WORDS.call.lines)
        || is_bare(scene, sentence)
}

/// A sentence about the length of the call: 「時間は、10分くらいです」「話した時間は25分」.
fn is_length(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let length = |a: &record::Annotation| matches!(a.entity, Entity::Duration(_));
    let told = ["時間は", "時間、", "通話は", "電話は", "いたのは", "のは"].iter().any(|cue| {
        let words = trim(text, sentence.full.clone());
        let words = [
            "話した",
            "話して",
            "電話の",
            "通話の",
            "相談の",
            "面談の",
            "かかった",
            "やりとりの",
            "話をしていた",
        ]
        .iter()
        .find_map(|lead| text[words.clone()].strip_prefix(lead))
        .unwrap_or(&text[words.clone()]);
        words.starts_with(cue)
    });
    let words = trim(text, sentence.full.clone());
    // 「25分ほどお話ししました」
    let only = text[words.clone()].chars().count() <= 20
        && ["話しました", "話した", "話していました", "話をしました"]
            .iter()
            .any(|v| text[words.clone()].ends_with(v))
        && scene
            .doc
            .annotations_in(words.clone())
            .next()
            .is_some_and(|a| length(a) && a.range.start == words.start);
    // 「緊急性はなし、所要時間40分」
    let closing = scene
        .doc
        .annotations_in(words.clone())
        .any(|a| length(a) && a.range.end == words.end && text[..a.range.start].ends_with("時間"));
    only || closing || (told && scene.doc.annotations_in(sentence.full.clone()).any(length))
}

/// A line of a day, an age, sexes, schools and durations without a predicate: 「16歳の女性、高校1年。」「20分。」
fn is_bare(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let words = trim(text, sentence.range.clone());
    let facts = scene.doc.annotations_in(words.clone()).any(|a| {
        matches!(a.entity, Entity::Age(_) | Entity::Duration(_) | Entity::Date(Some(_)))
            && a.range.start == words.start
    });
    // 「孫は小学校5年の女の子、11歳」: facts behind the child.
    let child =
        ["孫", "お孫さん", "本児", "お子さん", "子ども", "娘", "息子", "対象児", "児童"].iter().any(|k| {
            text[words.clone()].strip_prefix(k).is_some_and(|rest| rest.starts_with(['は', '、', 'が']))
        });
    let aged = text[words.clone()]
        .trim_end_matches("です")
        .trim_end_matches("だという")
        .ends_with(['歳', '子', '児']);
    let facts = facts || (child && aged && !text[words.clone()].contains(['を', 'に', '「']));
    let ends = ["る", "た", "い", "です", "ます", "とのこと", "う", "ず"];
    facts && text[words.clone()].chars().count() <= 30 && !ends_with_any(&text[words.clone()], &ends)
}

/// What the consultation is about: the section, else what was told, without the call's own head and what was advised.
pub(super) fn consultation(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if !headed.is_empty() {
        return Ok(whole_section(scene, headed));
    }
    let people = [named_caller(scene).map(|(s, _)| s), super::child::introduced(scene).map(|(s, _)| s)];
    let told = scene.headless().filter(|s| {
        people.iter().flatten().all(|known| known.full != s.full)
            && !entry::is_head(scene, s)
            && !scene.is_plan(s)
            && !is_line(scene, s)
            && !advises(scene, s)
            && !is_other(scene, s)
    });
    Ok(copied(scene, told))
}

/// A sentence of another field; one that only says that somebody called.
fn is_other(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    const CALLED: &[&str] = &["から電話", "からの電話"];
    const DWELLS: &[&str] =
        &["に住んでいるという", "に住んでいるそう", "に住んでいるとのこと", "に住む方", "に住む人", "の住人"];
    let text = scene.text();
    let short = text[trim(text, sentence.range.clone())].chars().count() <= 14;
    has_any(text, sentence.full.clone(), &WORDS.call.other_fields)
        || (short && has_any(text, sentence.full.clone(), CALLED))
        || (text[trim(text, sentence.range.clone())].chars().count() <= 20
            && has_any(text, sentence.full.clone(), DWELLS)
            && scene.mentions(sentence.full.clone()).is_empty())
}

/// Whether another field of the form, the advice, takes the sentence by its cues.
fn advises(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let advice = scene.field("notice");
    advice.is_some_and(|f| has_any(scene.text(), sentence.full.clone(), &f.cues))
}

/// Who takes over: the words in front of 引継ぎ.
pub(super) fn handover_to(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some(sentence) = scene.under(&spec.headings).next() {
        // 「引き継ぎ先は地区担当の久住、24日の9時半」: up to the moment.
        let all = crate::words::clauses(text, sentence.range.clone());
        let timed = |c: &Range<usize>| {
            let start = trim(text, c.clone()).start;
            scene.doc.annotations_in(c.clone()).any(|a| {
                a.range.start == start
                    && matches!(a.entity, Entity::Date(_) | Entity::Time(_) | Entity::TimeRange(..))
            })
        };
        if let Some(moment) = all.iter().skip(1).find(|c| timed(c)) {
            let words = trim(text, sentence.range.start..moment.start);
            let words =
                crate::words::trim_end_of(text, words, &["さんへ", "さんに", "へ", "に", "さん", "です"]);
            return Ok(Some(Outcome::Stated(Grounded::copied(scene.doc, &[words]))));
        }
        return Ok(whole_section(scene, vec![sentence]));
    }
    for sentence in &scene.sentences {
        let Some(cue) = find_any(text, sentence.full.clone(), &spec.cues) else { continue };
        if scene.is_negated(cue.clone()) {
            return Ok(Some(without_as(scene, sentence, Reason::None, None)));
        }
        // 「引き継ぎは、当直の喜多さんへ、22時40分」
        if let Some(to) = handed_to(text, cue.end..sentence.full.end) {
            return Ok(Some(Outcome::Stated(Grounded::copied(scene.doc, &[to]))));
        }
        let before = trim(text, sentence.full.start..cue.start);
        let Some(words) = ["に", "へ"].iter().find_map(|p| {
            let end = text[before.clone()].strip_suffix(p)?;
            Some(before.start..before.start + end.len())
        }) else {
            continue;
        };
        // Behind the moment, the comma, は and を.
        let moment = scene
            .doc
            .annotations_in(words.clone())
            .filter(|a| matches!(a.entity, Entity::Date(_) | Entity::Time(_)));
        let from = moment.map(|a| a.range.end).max().unwrap_or(words.start);
        let cut = text[from..words.end]
            .rfind(['、', 'は', 'を', ' '])
            .map_or(from, |at| from + at + text[from + at..].chars().next().map_or(0, char::len_utf8));
        let cut = cut + if text[cut..words.end].starts_with('に') { "に".len() } else { 0 };
        let words = trim(text, cut..words.end);
        if !words.is_empty() {
            return Ok(Some(Outcome::Stated(Grounded::copied(scene.doc, &[words]))));
        }
    }
    Ok(None)
}

/// The words between 「引き継ぎは、」 or 「引き継ぎ先は」 and へ or に.
fn handed_to(text: &str, behind: Range<usize>) -> Option<Range<usize>> {
    let rest = &text[behind.clone()];
    let lead = WORDS.call.handover_leads.iter().find(|lead| rest.starts_with(**lead))?;
    let start = behind.start + lead.len();
    let end = find_any(text, start..behind.end, &["へ", "に、", "にしました", "に引"])
        .map(|at| at.start)
        .or_else(|| text[behind.clone()].starts_with('先').then(|| trim(text, start..behind.end).end))?;
    let words = crate::words::trim_end_of(text, trim(text, start..end), &["です", "さん"]);
    let plain = (1..=24).contains(&text[words.clone()].chars().count())
        && !text[words.clone()].contains(['を', 'が'])
        && !text[words.clone()].starts_with(|c: char| c.is_ascii_digit());
    plain.then_some(words)
}

/// Minutes that were said for the call, else from its start to its end.
pub(super) fn duration(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let only = |s: &&Sentence| {
        let words = trim(scene.text(), s.range.clone());
        let whole = |a: &record::Annotation| matches!(a.entity, Entity::Duration(_)) && a.range == words;
        s.heading.is_none() && (scene.doc.annotations_in(words.clone()).any(whole) || is_length(scene, s))
    };
    for sentence in scene.about(spec).chain(scene.narrative().filter(only)) {
        let said = scene.doc.annotations_in(sentence.full.clone()).find_map(|a| match a.entity {
            Entity::Duration(minutes) => Some((minutes, a.range.clone())),
            _ => None,
        });
        if let Some((minutes, words)) = said {
            let form = NormalForm::Minutes(minutes.into());
            return Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, &[words], &form))));
        }
        if let Some(outcome) = without(scene, sentence) {
            return Ok(Some(outcome));
        }
    }
    let spans = scene.narrative().take(3).flat_map(|s| scene.times(s.range.clone()));
    let span = spans.into_iter().find_map(|(start, end, a)| Some((start, end?, a)));
    Ok(span.filter(|(start, end, _)| start.certain && end.certain).map(|(start, end, a)| {
        let minute = |t: record::ClockTime| {
            i64::from(t.hour) * 60 + i64::from(t.minute) + i64::from(t.next_day) * 24 * 60
        };
        let form = NormalForm::Minutes(minute(end) - minute(start));
        Outcome::Stated(Grounded::computed(scene.doc, std::slice::from_ref(&a.range), &form))
    }))
}

/// 有 or 無 only where the words themselves follow the cue: 「緊急性あり」, 「緊急性はなし」. A judgement in other words
/// (「緊急性が高い」) sets nothing.
pub(super) fn literal_presence(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in &scene.sentences {
        let headed = sentence.is_under(&spec.headings);
        let cue = find_any(text, sentence.full.clone(), &spec.cues);
        let Some(from) = cue
            .filter(|c| !scene.is_quoted(c.start))
            .map(|c| c.end)
            .or(headed.then_some(sentence.range.start))
        else {
            continue;
        };
        let behind =
            text[from..sentence.full.end].trim_start_matches(['は', 'が', 'も', '、', '。', ' ', 'の', 'に']);
        let behind =
            behind.trim_start_matches("有無は").trim_start_matches("ついては").trim_start_matches('、');
        let behind =
            behind.trim_start_matches("今のところ").trim_start_matches("現時点では").trim_start_matches('、');
        let starts = |words: &[&str]| starts_with_any(behind, words);
        let whole = || -> Range<usize> { sentence.full.clone() };
        if starts(&["ありません", "ありませんでした", "あるとは"]) {
            return Ok(starts(&["ありません"]).then(|| without_as(scene, sentence, Reason::None, None)));
        }
        if starts(&["あり", "有り", "有。", "有、", "ある。", "ある、", "あると"])
            || behind == "有"
            || behind == "ある"
        {
            return Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, &[whole()], &NormalForm::Present))));
        }
        if starts(&["なし", "無し", "無。", "無、", "ない。", "ない、", "ないと", "ありません"])
            || behind == "無"
            || behind == "ない"
        {
            return Ok(Some(without_as(scene, sentence, Reason::None, None)));
        }
        if starts(&["不明", "未定"]) {
            return Ok(Some(without_as(scene, sentence, Reason::SaidUnknown, None)));
        }
    }
    Ok(None)
}
