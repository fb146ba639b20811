//! Temporary custody: where, who agreed, why, what was told.

use std::ops::Range;
use std::sync::LazyLock;

use record::template::FieldSpec;
use record::{Entity, Grounded, Kept, NormalForm, RowBuilder};
use regex::Regex;

use super::evidence::speaker_of;
use super::{Filled, Outcome, contact, family, moment, without};
use crate::people::Mention;
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, find_all, find_any, has_any, spoken_choices, trim};

/// Where the child is kept: the place spoken with the custody or the placement.
pub(super) fn place(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let headed = scene.under(&spec.headings);
    let placed = |words: &'static [&'static str]| {
        scene.narrative().filter(move |s| has_any(text, s.full.clone(), words))
    };
    for sentence in headed.chain(placed(&["委託"])).chain(placed(&["一時保護所", "保護場所", "入所"]))
    {
        let mut spoken = spoken_choices(text, sentence.full.clone(), &spec.choices);
        spoken.retain(|s| !scene.is_quoted(s.range.start) && s.choice.label != "その他");
        // 「一時保護所が満床のため、乳児院に委託」: the place in front of the placement.
        let placement = find_any(text, sentence.full.clone(), &["委託", "入所"]);
        let at = placement.and_then(|p| spoken.iter().rposition(|s| s.range.start <= p.start)).unwrap_or(0);
        if at >= spoken.len() {
            continue;
        }
        let found = spoken.swap_remove(at);
        let name = contact::proper_name(text, &found.range);
        let grounded = Grounded::choice(scene.doc, &spec.choices, &found.choice.label, found.range.clone())?;
        let named = name.start < found.range.start && spec.detail;
        let grounded = if named { grounded.with_detail(scene.doc, name) } else { grounded };
        return Ok(Some(Outcome::Stated(grounded)));
    }
    Ok(None)
}

/// The answers of the consent, with their words: a refusal holds the word for its opposite and stands first.
fn answers() -> [(&'static str, &'static [&'static str]); 3] {
    let words = &WORDS.custody;
    [("不同意", &words.refused), ("不明", &words.open), ("同意", &words.given)]
}

/// One row for each holder of parental authority: agreed, refused, or not known.
pub(super) fn consents(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows: Vec<(String, RowBuilder<'_>)> = Vec::new();
    let about = scene.sentences.iter().filter(|s| {
        has_any(text, s.full.clone(), &spec.cues)
            || s.heading.as_ref().is_some_and(|h| spec.headings.contains(h))
    });
    for sentence in about.filter(|s| s.heading.as_deref() != Some("所見")) {
        let people = adults(scene, &sentence.range);
        for (i, person) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let said = person.range.end..end;
            // 「実母と実父は同意」: the answer behind the last holds for both.
            let said = if has_answer(text, &said) { said } else { person.range.end..sentence.range.end };
            let own = person.range.end..end;
            let open = ["不明", "未確認", "確認できず"];
            // 「実父は不同意、実母は不明」: where consent is the subject, 不明 alone answers.
            let unknown =
                !has_answer(text, &own) && topical(text, person) && has_any(text, own.clone(), &open);
            let answer = answers()
                .into_iter()
                .find_map(|(label, words)| Some((label, find_any(text, said.clone(), words)?)));
            let answer = if unknown {
                Some(("不明", find_any(text, own.clone(), &open).unwrap_or(said.clone())))
            } else {
                answer
            };
            let Some((label, words)) = answer else { continue };
            let who = person.relation.clone().unwrap_or_default();
            if rows.iter().any(|(known, _)| *known == who) {
                continue;
            }
            let mut row = RowBuilder::new(scene.doc, spec);
            speaker_of(scene, &mut row, "who", person.range.clone())?;
            row.choose("answer", label, words)?;
            at(scene, &mut row, sentence, &said)?;
            let quote = scene.quotes(sentence.range.clone()).into_iter().find(|(quote, _)| {
                quote
                    .speaker
                    .as_ref()
                    .is_some_and(|s| s.start <= person.range.start && person.range.end <= s.end)
            });
            // 「実父、不同意、『勝手に連れて行くな』と電話口で」
            let bracket = || {
                let open = text[own.clone()].find('「').map(|at| own.start + at + '「'.len_utf8())?;
                let close = text[open..own.end].find('」')?;
                (!text[open..open + close].is_empty()).then_some(open..open + close)
            };
            if let Some(words) = quote.map(|(_, words)| words).or_else(bracket) {
                row.copy("words", words)?;
            }
            row.cite(trim(text, sentence.range.clone()));
            rows.push((who, row));
        }
    }
    if rows.is_empty() {
        return Ok(scene.about(spec).find_map(|s| without(scene, s)));
    }
    Ok(Grounded::rows(rows.into_iter().map(|(_, row)| row).collect()).map(Outcome::Stated))
}

fn topical(text: &str, person: &Mention) -> bool {
    ["は", "の同意は", "については"].iter().any(|p| text[person.range.end..].starts_with(p))
}

fn has_answer(text: &str, range: &Range<usize>) -> bool {
    answers().into_iter().any(|(_, words)| has_any(text, range.clone(), words))
}

fn adults(scene: &Scene<'_>, range: &Range<usize>) -> Vec<Mention> {
    let mut people = scene.mentions(range.clone());
    people.retain(|m| m.relation.as_deref().is_some_and(|r| family::GUARDIANS.contains(&r) || r == "後見人"));
    people
}

/// Day and time of `sentence` into the column `at`.
fn at(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    sentence: &Sentence,
    near: &Range<usize>,
) -> Result<(), record::GroundingError> {
    let own = scene.dates(sentence.full.clone()).is_empty() && scene.times(sentence.full.clone()).is_empty();
    if own {
        return Ok(());
    }
    let Some(moment) = moment::near(scene, sentence, near) else { return Ok(()) };
    let Some(words) = moment.ranges.last().cloned() else { return Ok(()) };
    if let Some(day) = moment.day {
        row.normal("at", &NormalForm::Datetime(day, moment.time), words.clone())?;
    }
    moment.flags.iter().for_each(|flag| row.flag(*flag));
    row.keep("at", Kept::Words, words)
}

/// The facts that make custody needed, one row a sentence, each with its day and its source.
pub(super) fn needs(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    let announced = announced(scene);
    let told: Vec<&Sentence> = if !announced.is_empty() {
        announced
    } else if headed.is_empty() {
        scene
            .headless()
            .filter(|s| !scene.is_plan(s) && !has_any(text, s.full.clone(), &WORDS.custody.no_need))
            .filter(|s| {
                let cued = has_any(text, s.full.clone(), &spec.cues) && !asserts_nothing(scene, s, spec);
                cued || is_done_to_child(scene, s) || is_professional_warning(scene, s)
            })
            .filter(|s| !scene.is_wish(s) || has_any(text, s.range.clone(), &["交番", "逃げ", "助けを求め"]))
            .collect()
    } else {
        headed
    };
    let mut rows = Vec::new();
    for sentence in told {
        let mut row = RowBuilder::new(scene.doc, spec);
        row.copy("fact", trim(text, sentence.range.clone()))?;
        if let Some((day, annotation)) = scene.dates(sentence.full.clone()).into_iter().next() {
            if let Some(day) = day {
                row.normal("date", &NormalForm::Date(day), annotation.range.clone())?;
            }
            row.keep("date", Kept::Words, annotation.range.clone())?;
        }
        if let Some(material) = find_any(text, sentence.range.clone(), &WORDS.custody.materials) {
            row.copy("material", described(text, &sentence.range, &material))?;
        }
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// 「保護が必要と考えた事情は3つあります。」: the sentences that follow, as many as were announced.
fn announced<'s>(scene: &'s Scene<'_>) -> Vec<&'s Sentence> {
    const GROUNDS: &[&str] = &["理由", "事情", "材料", "根拠", "必要", "判断", "決め手", "背景", "経緯"];
    let text = scene.text();
    let is_announcement = |s: &Sentence| {
        let words = trim(text, s.full.clone());
        has_any(text, words.clone(), &["保護"])
            && has_any(text, words.clone(), GROUNDS)
            && WORDS.custody.announcements.iter().any(|end| text[words.clone()].ends_with(end))
            && text[words].chars().count() <= 40
    };
    let Some(at) = scene.sentences.iter().position(|s| !scene.is_plan(s) && is_announcement(s)) else {
        return Vec::new();
    };
    let said = &text[scene.sentences[at].full.clone()];
    let spoken = ["一", "二", "三", "四", "五", "六"];
    let count = ["つ", "点"].iter().find_map(|unit| {
        let before = said[..said.rfind(unit)?].chars().next_back()?;
        let kanji = || spoken.iter().position(|n| n.starts_with(before)).map(|n| n + 1);
        before.to_digit(10).and_then(|n| usize::try_from(n).ok()).or_else(kanji)
    });
    let behind = scene.sentences[at + 1..].iter();
    match count {
        Some(count) => behind.take(count).collect(),
        None => behind
            .take_while(|s| {
                s.heading.is_none()
                    && !scene.is_plan(s)
                    && !scene.is_wish(s)
                    && !has_any(text, s.full.clone(), &WORDS.custody.no_need)
            })
            .collect(),
    }
}

/// The material with what describes it: 「交番で撮った写真」「校医の診断書」.
fn described(text: &str, sentence: &Range<usize>, word: &Range<usize>) -> Range<usize> {
    let clause =
        clauses(text, sentence.clone()).into_iter().find(|c| c.start <= word.start && word.end <= c.end);
    let start = clause.map_or(sentence.start, |c| c.start);
    let cut = text[start..word.start].rfind(['は', 'が', 'を', 'に', 'と', 'も', 'へ', '」']);
    let from = cut.map_or(start, |at| start + at + 'は'.len_utf8());
    trim(text, from..word.end)
}

/// 「実父が病室で本児の点滴を抜こうとした」: what a parent did to the child.
fn is_done_to_child(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let people = scene.mentions(sentence.range.clone());
    let follows =
        |m: &Mention, particles: &[&str]| particles.iter().any(|p| text[m.range.end..].starts_with(p));
    let parent = people.iter().find(|m| {
        m.relation.as_deref().is_some_and(|r| family::GUARDIANS.contains(&r)) && follows(m, &["が", "は"])
    });
    parent.is_some_and(|parent| {
        people.iter().any(|m| {
            m.relation.as_deref() == Some("本児")
                && m.range.start > parent.range.end
                && follows(m, &["を", "の", "に"])
        })
    }) && scene.quotes(sentence.range.clone()).is_empty()
}

/// 「主治医からは、退院させると命に関わると聞いています」
fn is_professional_warning(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    has_any(text, sentence.range.clone(), &["医師", "主治医", "看護師"])
        && has_any(
            text,
            sentence.range.clone(),
            &["命に", "危険", "入院が必要", "入院をすすめ", "入院を勧め"],
        )
}

/// Every cue of the sentence is negated: 「傷はない」.
fn asserts_nothing(scene: &Scene<'_>, sentence: &Sentence, spec: &FieldSpec) -> bool {
    let text = scene.text();
    let mut found = spec.cues.iter().flat_map(|cue| find_all(text, sentence.full.clone(), cue));
    found.all(|word| scene.is_negated(word))
}

/// What each parent holds, in his own words.
pub(super) fn parent_views(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    let headed = scene.under(&spec.headings).map(|s| (s, true));
    // 「意見、聴取不可。実母、『…』」 stands under the child's heading and is hers.
    let childs = ["本児の意向", "子どもの意見", "本児の意見", "意見"];
    let wished = scene
        .sentences
        .iter()
        .filter(|s| s.heading.as_deref().is_none_or(|h| childs.contains(&h)) && !scene.is_plan(s))
        .map(|s| (s, false));
    for (sentence, headed) in headed.chain(wished) {
        let mut said: Vec<(Range<usize>, Range<usize>)> = scene
            .quotes(sentence.range.clone())
            .into_iter()
            .filter_map(|(quote, words)| Some((quote.speaker.clone()?, words)))
            .filter(|(who, _)| !adults(scene, who).is_empty())
            // 「同意しない」 is the answer of the consent, and words without brackets may be a report of facts.
            .filter(|(_, words)| {
                headed || (scene.is_quoted(words.start) && !has_any(text, words.clone(), &["同意"]))
            })
            .collect();
        // 「実母、『迎えに行きたい』」: without a verb the bracket behind the person is his.
        if said.is_empty() {
            said.extend(bracketed(scene, sentence));
        }
        // 「実父の意見、『…』」: the heading names him.
        if said.is_empty() && headed && adults(scene, &sentence.range).is_empty() {
            let whole =
                sentence.head.clone().map_or(sentence.full.clone(), |head| head.start..sentence.range.end);
            let open = text[sentence.range.clone()].starts_with('「');
            said.extend(adults(scene, &whole).into_iter().next().filter(|_| open).and_then(|m| {
                let start = sentence.range.start + '「'.len_utf8();
                let end = start + text[start..sentence.range.end].find('」')?;
                Some((m.range, start..end))
            }));
        }
        if said.is_empty() && headed {
            // 「保護者の意向。実母は引き取りを希望。」
            said.extend(adults(scene, &sentence.range).into_iter().next().map(|m| {
                let after = trim(text, m.range.end..sentence.range.end);
                let words = ["は、", "は", "も"]
                    .iter()
                    .find(|p| text[after.clone()].starts_with(**p))
                    .map_or(0, |p| p.len());
                (m.range, after.start + words..after.end)
            }));
        }
        for (who, words) in said.into_iter().filter(|(_, words)| !words.is_empty()) {
            let mut row = RowBuilder::new(scene.doc, spec);
            speaker_of(scene, &mut row, "who", who)?;
            row.copy("words", words.clone())?;
            at(scene, &mut row, sentence, &words)?;
            if let Some(how) = heard(text, &sentence.range, &words) {
                row.copy("how", how)?;
            }
            row.cite(trim(text, sentence.full.clone()));
            rows.push(row);
        }
    }
    if let Some(grounded) = Grounded::rows(rows) {
        return Ok(Some(Outcome::Stated(grounded)));
    }
    Ok(scene.under(&spec.headings).find_map(|s| without(scene, s)))
}

/// A parent at the start of the sentence and the bracket that follows: 「実父『…』」「お父さんの意見は『…』」「母としては『…』」.
fn bracketed(scene: &Scene<'_>, sentence: &Sentence) -> Option<(Range<usize>, Range<usize>)> {
    let text = scene.text();
    let who = adults(scene, &sentence.range)
        .into_iter()
        .next()
        .filter(|m| text[sentence.range.start..m.range.start].trim_matches('、').chars().count() <= 6)?;
    let mut behind = &text[who.range.end..sentence.range.end];
    if let Some(view) = behind.strip_prefix('の') {
        behind = WORDS.custody.views.iter().find_map(|word| view.strip_prefix(word))?;
    }
    let behind = ["としては", "からは", "は", "も", "から"]
        .iter()
        .find_map(|particle| behind.strip_prefix(particle))
        .unwrap_or(behind)
        .trim_start_matches('、');
    // 「実母は電話で『…』」
    let led = behind.find('「').filter(|at| {
        let way = behind[..*at].trim_end_matches('、');
        way.chars().count() <= 14 && ["で", "にて"].iter().any(|p| way.ends_with(p))
    });
    let words = behind[led.unwrap_or(0)..].strip_prefix('「')?;
    let start = sentence.range.end - words.len();
    let end = start + words.find('」')?;
    Some((who.range, start..end))
}

/// How somebody was heard: 「来所面接」「病棟での面接」「病院の会議室で直接」, the words up to it in their clause.
fn heard(text: &str, sentence: &Range<usize>, words: &Range<usize>) -> Option<Range<usize>> {
    let outside = [words.end..sentence.end, sentence.start..words.start];
    outside.into_iter().find_map(|range| {
        clauses(text, range).into_iter().find_map(|clause| {
            let clause = trim(text, clause);
            let at = WORDS
                .custody
                .ways
                .iter()
                .filter_map(|way| text[clause.clone()].rfind(way).map(|at| at + way.len()))
                .max()?;
            let end = clause.start + at;
            let from = text[clause.start..end]
                .rfind(['は', 'が', 'に', '」', 'も'])
                .map_or(clause.start, |at| clause.start + at + 'は'.len_utf8());
            let goes_on = text[end..clause.end].is_empty()
                || ["で", "にて", "し", "に", "聞", "う", "お", "話", "「"]
                    .iter()
                    .any(|p| text[end..].starts_with(p));
            (goes_on && from < end).then_some(trim(text, from..end))
        })
    })
}

/// When, how and to whom the custody was announced.
pub(super) fn notices(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    let mut status = None;
    let about = scene.sentences.iter().filter(|s| {
        let headed = s.heading.as_ref().is_some_and(|h| spec.headings.contains(h));
        headed || (has_any(text, s.full.clone(), &spec.cues) && !scene.is_plan(s))
    });
    for sentence in about {
        let told = find_any(text, sentence.full.clone(), &spec.cues);
        let negated = told.clone().is_some_and(|word| scene.is_negated(word));
        let status_only = super::section::whole_section(scene, vec![sentence])
            .filter(|o| matches!(o, Outcome::Without { .. }));
        if negated || status_only.is_some() {
            status = status.or(status_only);
            continue;
        }
        let mut row = RowBuilder::new(scene.doc, spec);
        let to = scene.mentions(sentence.range.clone()).into_iter().find(|m| {
            let after = &text[m.range.end..sentence.range.end];
            m.relation.is_some() && (["に", "へ", "と"].iter().any(|p| after.starts_with(p)))
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
        let only_handed = has_any(text, told.clone(), &["手渡", "交付", "郵送", "送付"])
            && !has_any(text, told.clone(), &["理由", "期間", "こと", "請求", "申立", "申し立"]);
        if !told.is_empty() && !only_handed {
            row.copy("content", told)?;
        }
        row.cite(trim(text, sentence.range.clone()));
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// How it was told: 「口頭と書面」「文書を手渡し」.
static METHOD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:来所面接|来所での面接|口頭|書面|文書|通知書|電話|対面|面接|面談|郵送|来所|メール)(?:(?:と|および|及び|、|や)(?:口頭|書面|文書|通知書|電話|郵送))*(?:を(?:手渡し|交付|郵送|送付))?").ok()
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
        .custody
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
        .filter(|m| ["に", "へ"].iter().any(|p| text[m.range.end..].starts_with(p)))
        .map(|m| m.range.end);
    let how = METHOD.as_ref().and_then(|r| r.find(&text[whole.start..verb])).map(|m| whole.start + m.end());
    let how = how.filter(|at| {
        *at == whole.end || ["で", "にて", "、", "により"].iter().any(|p| text[*at..].starts_with(p))
    });
    let start = moments.chain(people).chain(how).max().unwrap_or(whole.start);
    let mut cut = trim(text, start..verb.max(start));
    let leads = ["には", "にて", "により", "に", "へ", "は", "で", "頃", "ごろ"];
    while let Some(lead) = leads.iter().find(|p| text[cut.clone()].starts_with(**p)) {
        cut = trim(text, cut.start + lead.len()..cut.end);
    }
    cut
}
