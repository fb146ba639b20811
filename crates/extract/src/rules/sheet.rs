//! The face sheet: items of one line, certificates, authority, relatives, past contacts, agencies, the family as a line.

use std::ops::Range;
use std::sync::LazyLock;

use record::template::{FieldSpec, FieldType};
use record::{Entity, Grounded, Kept, NormalForm, RowBuilder};
use regex::Regex;

use super::section::whole_section;
use super::{Filled, Outcome, child, contact, copied, family, without};
use crate::people::{Mention, name_at, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{Spoken, clauses, find_any, has_any, spoken_choices, trim, trim_end_of};

/// Grades of certificates as they are spoken: 愛の手帳3度, 療育手帳B2, 身体障害者手帳2級.
static GRADE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:マル?[AB]|[ABC][12]?|\d+(?:度|級|種))(?:\d級)?").ok());

/// When something was where no day was said: 「小学6年のとき」「3歳の頃」「出生直後」「数年前」.
static PERIOD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:昨年|去年|一昨年|おととし|今年|前年)の?(?:\d+月|春|夏|秋|冬|[^、。は]{0,4}学期)?|(?:小学校?|中学校?|高校|小|中|高)の?\d年生?の?(?:とき|時|頃|ころ)|\d+歳(?:\d+か月)?の?(?:とき|時|頃|ころ)|(?:年少|年中|年長|保育園|幼稚園|乳児|出生|生後)[^、。は]{0,6}(?:とき|時|頃|ころ|直後)|(?:\d+|数)(?:年|か月)前").ok()
});

fn headed_or_cued<'s>(scene: &'s Scene<'_>, spec: &'s FieldSpec) -> Vec<&'s Sentence> {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if headed.is_empty() { scene.about(spec).collect() } else { headed }
}

/// The sections under the field's headings, and the sentences with its cues elsewhere in the narrative.
pub(super) fn facts(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    told_facts(scene, spec, |_| true)
}

/// The same of the child alone: the illness of a parent is no illness of the child.
pub(super) fn child_facts(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    told_facts(scene, spec, |s| {
        let first = scene.mentions(s.range.clone()).into_iter().next();
        first.is_none_or(|m| {
            m.relation.as_deref() == Some("本児")
                || m.range.start != trim(scene.text(), s.range.clone()).start
        })
    })
}

fn told_facts(scene: &Scene<'_>, spec: &FieldSpec, own: impl Fn(&Sentence) -> bool) -> Filled {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    let text = scene.text();
    if let [only] = headed.as_slice()
        // 「アレルギーはなし」 answers one of several topics, 「アレルギーは不明、服薬も不明」 all that were told.
        && (clauses(text, only.range.clone()).len() > 1
            || (is_one_clause(&text[trim(text, only.range.clone())])
                && !(spec.label.contains('・') && topic(text, only).is_some())))
        && let Some(outcome) =
            whole_section(scene, vec![only]).filter(|o| matches!(o, Outcome::Without { .. }))
    {
        return Ok(Some(outcome));
    }
    // 「既往歴、なし。アレルギー、なし。」
    let reason = |s: &&Sentence| match without(scene, s) {
        Some(Outcome::Without { reason, .. }) => Some(reason),
        _ => None,
    };
    if headed.len() > 1
        && headed.iter().all(|s| super::section::says_only_status(scene, &s.range))
        && headed.iter().all(|s| reason(s) == reason(&headed[0]))
    {
        return Ok(whole_section(scene, headed));
    }
    if !headed.is_empty() {
        return Ok(with_topics(scene, spec, headed, own));
    }
    let told: Vec<&Sentence> = scene
        .headless()
        .filter(|s| {
            find_any(text, s.full.clone(), &spec.cues).is_some_and(|cue| !scene.is_quoted(cue.start))
                && own(s)
                && !scene.is_plan(s)
                && !scene.is_wish(s)
        })
        .collect();
    if let [only] = told.as_slice()
        && is_one_clause(&text[trim(text, only.range.clone())])
        && let Some(outcome) =
            whole_section(scene, vec![only]).filter(|o| matches!(o, Outcome::Without { .. }))
    {
        return Ok(Some(outcome));
    }
    Ok(copied(scene, told))
}

/// One clause, or a topic and its clause: 「妊娠経過は、不明」, not 「3,000gで生まれ、健診の指摘はない」.
fn is_one_clause(words: &str) -> bool {
    words.match_indices('、').all(|(at, _)| words[..at].ends_with(['は', 'も', 'が']))
}

/// The sentence with its heading, where the heading is its topic: 「アレルギーは卵」.
fn topic(text: &str, sentence: &Sentence) -> Option<Range<usize>> {
    let head = sentence.head.clone()?;
    let joined =
        text[head.clone()].trim_end_matches(['、', ' ']).ends_with('は') && head.end == sentence.range.start;
    // 「既往歴は、…」 names the field and not one of its matters.
    let whole = ["健康", "健康面", "健康状態", "体調", "生育歴", "既往歴", "病歴", "家庭状況", "生活歴"];
    // 「アレルギー、不明。」 says nothing without its matter.
    let bare = sentence.full.start <= head.start
        && crate::status::status(text, sentence.range.clone()).is_some()
        && text[trim(text, sentence.range.clone())].chars().count() <= 4;
    let joined = joined || bare;
    let word = text[head.clone()].trim_end_matches(['、', ' ']).trim_end_matches('は');
    (joined && !whole.contains(&word)).then_some(head.start..sentence.range.end)
}

/// The sections with the topic of each (「アレルギーは卵」), and the sentences with the cues that stand elsewhere.
fn with_topics(
    scene: &Scene<'_>,
    spec: &FieldSpec,
    headed: Vec<&Sentence>,
    own: impl Fn(&Sentence) -> bool,
) -> Option<Outcome> {
    let text = scene.text();
    let told = scene
        .headless()
        .filter(|s| find_any(text, s.full.clone(), &spec.cues).is_some() && own(s) && !scene.is_plan(s));
    let mut ranges: Vec<Range<usize>> = headed
        .into_iter()
        .map(|s| topic(text, s).unwrap_or(s.range.clone()))
        .chain(told.map(|s| s.range.clone()))
        .collect();
    ranges.sort_by_key(|r| r.start);
    (!ranges.is_empty()).then(|| Outcome::Stated(Grounded::copied(scene.doc, &ranges)))
}

/// A telephone number that is not the reporter's or a guardian's.
pub(super) fn telephone(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in headed_or_cued(scene, spec) {
        let sealed = !spec.sealed_when.is_empty();
        // A number of the child's sheet is not the reporter's and not a relative's.
        let own = sentence.heading.as_ref().is_none_or(|h| spec.headings.contains(h));
        // 「連絡先は、母方祖母の携帯」 is the number by which the family is reached.
        let relatives = sentence.heading.is_none() && has_any(text, sentence.full.clone(), &["祖母", "祖父"]);
        let others = relatives || has_any(text, sentence.full.clone(), &["通告者", "相談者", "保護者は"]);
        if !sealed && (others || !own) {
            continue;
        }
        let phone = scene.doc.annotations_in(sentence.full.clone()).find_map(|a| match &a.entity {
            Entity::Phone(number) => Some((number.clone(), a.range.clone())),
            _ => None,
        });
        if let Some((number, words)) = phone {
            let form = NormalForm::Phone(number);
            return Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, &[words], &form))));
        }
        if let Some(outcome) = without(scene, sentence) {
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}

/// Certificates with grade and day of issue.
pub(super) fn certificates(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let kinds = spec.column("kind").map_or(&[][..], |c| c.choices.as_slice());
    let mut rows = Vec::new();
    let mut status = None;
    for sentence in headed_or_cued(scene, spec) {
        let spoken = spoken_choices(text, sentence.full.clone(), kinds);
        if spoken.is_empty() || spoken.iter().all(|s| scene.is_negated(s.range.clone())) {
            status = status.or_else(|| without(scene, sentence));
            continue;
        }
        for (i, found) in spoken.iter().enumerate().filter(|(_, s)| !scene.is_negated(s.range.clone())) {
            let end = spoken.get(i + 1).map_or(sentence.full.end, |next| next.range.start);
            let behind = found.range.end..end;
            let mut row = RowBuilder::new(scene.doc, spec);
            row.choose("kind", &found.choice.label, found.range.clone())?;
            let grade = GRADE.as_ref().and_then(|r| r.find(&text[behind.clone()]));
            if let Some(grade) = grade {
                row.copy("grade", behind.start + grade.start()..behind.start + grade.end())?;
            }
            if let Some((day, annotation)) = scene.dates(behind).into_iter().next() {
                if let Some(day) = day {
                    row.normal("since", &NormalForm::Date(day), annotation.range.clone())?;
                }
                row.keep("since", Kept::Words, annotation.range.clone())?;
            }
            row.cite(trim(text, sentence.full.clone()));
            rows.push(row);
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// Who holds parental authority or custody, and on what ground.
pub(super) fn authority(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let roles = spec.column("role").map_or(&[][..], |c| c.choices.as_slice());
    let mut rows = Vec::new();
    let mut status = None;
    for sentence in headed_or_cued(scene, spec) {
        let mut people = scene.mentions(sentence.range.clone());
        people.retain(|m| m.relation.as_deref().is_some_and(|r| r != "本児"));
        // 「母が病気で亡くなり、親権者は父」: who is only in the ground holds nothing.
        let grounded = |m: &Mention| {
            clauses(text, sentence.range.clone()).into_iter().any(|c| {
                c.start <= m.range.start
                    && m.range.end <= c.end
                    && has_any(text, c.clone(), &WORDS.sheet.grounds)
                    && spoken_choices(text, c, roles).is_empty()
            })
        };
        if people.iter().any(|m| !grounded(m)) {
            people.retain(|m| !grounded(m));
        }
        if people.is_empty() {
            status = status.or_else(|| without(scene, sentence));
            continue;
        }
        let mut spoken = spoken_choices(text, sentence.full.clone(), roles);
        if spoken.is_empty() {
            // 「親権者。実母。」
            spoken
                .extend(sentence.head.clone().into_iter().flat_map(|head| spoken_choices(text, head, roles)));
        }
        for (i, person) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            // 「親権者は実母、監護者は母方祖母」: the role in front of the person, else the one behind.
            let before = spoken.iter().rfind(|s| s.range.end <= person.range.start);
            let role = before.or(spoken.iter().find(|s| s.range.start >= person.range.end));
            let Some(role) = role else { continue };
            let mut row = RowBuilder::new(scene.doc, spec);
            let name = family::named(text, person, end);
            if name != person.range {
                row.copy("name", name)?;
            }
            family::relation(scene, &mut row, person)?;
            row.choose("role", &role.choice.label, role.range.clone())?;
            let behind = clauses(text, person.range.end..sentence.range.end).into_iter();
            // In front of the role it is the ground of who holds the authority.
            let in_front = || {
                (role.choice.label == "親権者" && i == 0)
                    .then(|| clauses(text, sentence.full.start..person.range.start))?
                    .into_iter()
                    .find(|c| has_any(text, c.clone(), &WORDS.sheet.grounds))
            };
            let ground =
                behind.clone().find(|c| has_any(text, c.clone(), &WORDS.sheet.grounds)).or_else(in_front);
            if let Some(ground) = ground {
                let ground = trim_end_of(
                    text,
                    trim(text, ground),
                    &[
                        "していますが",
                        "していて",
                        "しており",
                        "しています",
                        "しました",
                        "しているため",
                        "したため",
                        "している",
                        "して",
                        "した",
                    ],
                );
                let words = text[ground.clone()]
                    .trim_matches(|c| matches!(c, '(' | ')' | '、' | '。' | 'は' | 'が' | ' '));
                let start = ground.start + text[ground.clone()].find(words).unwrap_or(0);
                row.copy("basis", start..start + words.len())?;
            }
            row.cite(trim(text, sentence.full.clone()));
            rows.push(row);
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// Relatives and others who help: where they are, how they are reached, what they do.
pub(super) fn kin(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    let mut status = None;
    let mut told = headed_or_cued(scene, spec);
    told.extend(scene.sentences.iter().filter(|s| {
        !s.heading.as_ref().is_some_and(|h| spec.headings.contains(h))
            && family::helps_from_elsewhere(scene, s)
    }));
    told.sort_by_key(|s| s.full.start);
    told.dedup_by_key(|s| s.full.start);
    for sentence in told {
        let people = scene.mentions(sentence.range.clone());
        if people.is_empty() {
            status = status.or_else(|| without(scene, sentence));
        }
        for (i, person) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let own = person.range.end..end;
            let mut row = RowBuilder::new(scene.doc, spec);
            let name = family::named(text, person, end);
            if name != person.range {
                row.copy("name", name)?;
            }
            family::relation(scene, &mut row, person)?;
            // 「隣町に住む母方の祖母」
            let before = sentence.range.start..person.range.start;
            let lives = text[before.clone()]
                .rfind("に住む")
                .filter(|at| before.start + at + "に住む".len() == before.end);
            if let Some(at) = lives.filter(|_| i == 0) {
                let words = &text[before.start..before.start + at];
                let from = words.rfind(['、', 'は', 'が']).map_or(0, |p| p + '、'.len_utf8());
                row.copy("place", before.start + from..before.start + at)?;
            }
            for clause in clauses(text, own.clone()) {
                let words = trim(text, clause);
                let living = find_any(
                    text,
                    words.clone(),
                    &["在住", "に住", "にい", "市内", "県内", "県外", "近隣", "隣町", "近所"],
                );
                if let Some(living) = living.filter(|_| !row.has("place")) {
                    let tail = if text[living.clone()].starts_with("在住")
                        || text[living.clone()].starts_with("にい")
                        || text[living.clone()].starts_with("に住")
                    {
                        living.start
                    } else {
                        living.end
                    };
                    let start = words.start
                        + ["は、", "は", "が", "も"]
                            .iter()
                            .find(|p| text[words.clone()].starts_with(**p))
                            .map_or(0, |p| p.len());
                    // 「マイさんが市内に」
                    let subject = text[start..tail.max(start)]
                        .rfind(['が', 'は'])
                        .map_or(start, |at| start + at + 'が'.len_utf8());
                    let place = trim(text, subject..tail.max(subject));
                    if !place.is_empty() {
                        row.copy("place", place)?;
                    }
                }
                if has_any(text, words.clone(), &WORDS.family.help) && !row.has("support") {
                    let tails = [
                        "との返事です",
                        "との返事",
                        "とのことです",
                        "とのこと",
                        "と言っています",
                        "と話しています",
                        "そうです",
                        "です",
                    ];
                    row.copy("support", trim_end_of(text, words, &tails))?;
                }
            }
            let phone = scene.doc.annotations_in(own).find_map(|a| match &a.entity {
                Entity::Phone(number) => Some((number.clone(), a.range.clone())),
                _ => None,
            });
            if let Some((number, words)) = phone {
                row.normal("phone", &NormalForm::Phone(number), words)?;
            }
            row.cite(trim(text, sentence.full.clone()));
            let relation = row.text("relation").map(ToOwned::to_owned);
            // 「祖父の電話は、…」 adds to the row of the grandfather.
            match rows.iter_mut().find(|known: &&mut RowBuilder<'_>| {
                known.text("relation") == relation.as_deref() && relation.as_deref() != Some("その他")
            }) {
                Some(_) => {}
                None => rows.push(row),
            }
        }
    }
    for sentence in scene.narrative() {
        let Some(person) = scene.mentions(sentence.range.clone()).into_iter().next() else { continue };
        let number = scene.doc.annotations_in(sentence.range.clone()).find_map(|a| match &a.entity {
            Entity::Phone(number) => Some((number.clone(), a.range.clone())),
            _ => None,
        });
        let known = rows
            .iter_mut()
            .find(|row| row.text("relation") == person.relation.as_deref() && !row.has("phone"));
        if let (Some((number, words)), Some(row)) = (number, known) {
            row.normal("phone", &NormalForm::Phone(number), words)?;
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// Earlier consultations, reports and custodies: one row each, or that there is none.
pub(super) fn past_contacts(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let kinds = spec.column("kind").map_or(&[][..], |c| c.choices.as_slice());
    let mut rows = Vec::new();
    let mut status = None;
    for sentence in headed_or_cued(scene, spec) {
        if let Some(outcome) = without(scene, sentence) {
            status = status.or(Some(outcome));
            continue;
        }
        // The kind behind the heading's own words: 「過去の相談歴は、去年、泣き声通告が一回」.
        let headings = ["歴は", "歴、", "歴。", "歴ですが", "歴については", "歴としては"];
        let inner = headings
            .iter()
            .filter_map(|cue| {
                text[sentence.full.clone()].rfind(cue).map(|at| sentence.full.start + at + cue.len())
            })
            .max()
            .unwrap_or(sentence.range.start)
            .max(sentence.range.start);
        let kinds_in = |range: Range<usize>| {
            // 相談 in 児童相談所 is a place.
            let place =
                |s: &Spoken<'_>| ["所", "セ", "員", "室"].iter().any(|p| text[s.range.end..].starts_with(p));
            spoken_choices(text, range, kinds).into_iter().find(|s| !place(s))
        };
        let spoken = kinds_in(inner.min(sentence.range.end)..sentence.range.end)
            .or_else(|| kinds_in(sentence.full.clone()))
            .or_else(|| kinds_in(sentence.head.clone()?));
        let Some(kind) = spoken else { continue };
        let mut row = RowBuilder::new(scene.doc, spec);
        row.choose("kind", &kind.choice.label, kind.range.clone())?;
        if let Some((day, annotation)) = scene.dates(sentence.range.clone()).into_iter().next() {
            if let Some(day) = day {
                row.normal("at", &NormalForm::Date(day), annotation.range.clone())?;
            }
            row.keep("at", Kept::Words, annotation.range.clone())?;
        } else if let Some(at) = PERIOD.as_ref().and_then(|r| r.find(&text[sentence.range.clone()])) {
            row.keep("at", Kept::Words, sentence.range.start + at.start()..sentence.range.start + at.end())?;
        }
        // 「学校から当所に通告」: who reported, where no name is said.
        let agency = agency_in(text, &sentence.range).or_else(|| {
            find_any(text, sentence.range.clone(), &["学校", "警察", "園"])
                .filter(|a| text[a.end..].starts_with("から"))
        });
        if let Some(agency) = agency {
            row.copy("agency", agency)?;
        }
        if let Some(result) = clauses(text, sentence.range.clone())
            .into_iter()
            .rfind(|c| has_any(text, c.clone(), &WORDS.sheet.results))
        {
            row.copy(
                "result",
                trim_end_of(text, trim(text, result), &["している", "しました", "した", "となった"]),
            )?;
        }
        row.cite(trim(text, sentence.full.clone()));
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// The name of an organisation in `range`.
pub(super) fn agency_in(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let word = find_any(text, range.clone(), &WORDS.sheet.agencies)?;
    let name = contact::proper_name(text, &word);
    // 「かわ市の家庭児童相談室」: the town belongs to an office that every town has.
    let town = text[range.start..name.start.max(range.start)]
        .strip_suffix('の')
        .filter(|t| t.ends_with(['市', '区', '町', '村', '県']));
    let start = town.map_or(name.start, |town| {
        let from = town.rfind(['、', '。', 'に', 'で', 'は', ' ']);
        range.start + from.map_or(0, |at| at + town[at..].chars().next().map_or(0, char::len_utf8))
    });
    Some(start.max(range.start)..name.end)
}

/// The organisations that are involved: name, person, what they do, number.
pub(super) fn agencies(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows: Vec<RowBuilder<'_>> = Vec::new();
    let mut status = None;
    for sentence in headed_or_cued(scene, spec) {
        let mut any = false;
        for clause in clauses(text, sentence.range.clone()) {
            // 「担当は市役所の…」 goes on about the agency before.
            let named =
                agency_in(text, &clause).filter(|a| !any || trim(text, clause.clone()).start == a.start);
            if let Some(agency) = named {
                let mut row = RowBuilder::new(scene.doc, spec);
                let behind = agency.end..clause.end;
                row.copy("agency", agency)?;
                let person = text[behind.clone()].find("の").map(|at| behind.start + at + "の".len());
                // 「つばめ野小学校は佐伯先生が窓口で」
                let said = trim(text, behind.clone());
                let said = trim_end_of(
                    text,
                    said,
                    &[
                        "が窓口です",
                        "が窓口で",
                        "が担当です",
                        "が担当で",
                        "が対応で",
                        "が窓口",
                        "が担当",
                        "です",
                        "で",
                    ],
                );
                let topic = ["は", "が", "の"]
                    .iter()
                    .find(|p| text[said.clone()].starts_with(**p))
                    .map(|p| said.start + p.len()..said.end);
                if let Some(whole) = topic.filter(|t| is_officer(text, t)) {
                    row.copy("person", trim_end_of(text, whole, &["さん"]))?;
                } else if let Some(name) = person.and_then(|from| officer(text, from..behind.end)) {
                    row.copy("person", name)?;
                }
                row.cite(trim(text, clause));
                rows.push(row);
                any = true;
                continue;
            }
            let Some(row) = rows.last_mut().filter(|_| any) else { continue };
            let words = trim_end_of(text, trim(text, clause.clone()), &WORDS.sheet.role_endings);
            // 「担当は小田さん」
            let lead = ["担当者は", "担当は", "窓口は", "相談員は", "役割は", "内容は"]
                .iter()
                .find(|l| text[words.clone()].starts_with(**l));
            let words = words.start + lead.map_or(0, |l| l.len())..words.end;
            let phone = scene.doc.annotations_in(clause).find_map(|a| match &a.entity {
                Entity::Phone(number) => Some((number.clone(), a.range.clone())),
                _ => None,
            });
            if let Some((number, words)) = phone {
                row.normal("contact", &NormalForm::Phone(number), words)?;
            } else if is_officer(text, &words) && !row.has("person") {
                row.copy("person", trim_end_of(text, words, &["さん"]))?;
            } else if !words.is_empty() && !row.has("role") {
                row.copy("role", words)?;
            }
        }
        if !any {
            status = status.or_else(|| without(scene, sentence));
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// 「佐伯先生」「館長の多田さん」, and in a list without honorifics 「相談員の尾崎」.
fn is_officer(text: &str, words: &Range<usize>) -> bool {
    let said = &text[words.clone()];
    let post = said.split_once('の').is_some_and(|(post, name)| {
        WORDS.sheet.posts.iter().any(|p| post.ends_with(p))
            && (1..=5).contains(&name.chars().count())
            && name.chars().all(|c| crate::words::is_kanji(c) || crate::words::is_katakana(c))
    });
    post || ["さん", "先生", "氏"].iter().any(|h| said.ends_with(h))
}

/// 「担任の山田先生」, 「山田さん」: the name.
fn officer(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let start = text[range.clone()].rfind('の').map_or(range.start, |at| range.start + at + "の".len());
    name_at(text, start..range.end).filter(|n| skip_honorific(text, n.end) > n.end)
}

/// The family as a line of relations and ages, from the household's words. A person draws the genogram.
pub(super) fn genogram(scene: &Scene<'_>, _spec: &FieldSpec) -> Filled {
    let Some(table) = scene.template.fields.iter().find(|f| f.rule.as_deref() == Some("household")) else {
        return Ok(None);
    };
    let relations = scene.codes("relation");
    let mut members: Vec<(&str, Option<u16>, Range<usize>)> = Vec::new();
    for sentence in family::household_sentences(scene, table) {
        let people = scene.mentions(sentence.range.clone());
        for (i, person) in people.iter().enumerate() {
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let label = person.relation.as_deref().and_then(|r| relations.iter().find(|c| c.label == r));
            let Some(label) = label.map(|c| c.label.as_str()) else { continue };
            if members.iter().all(|(known, ..)| *known != label) {
                let age = scene.doc.annotations_in(person.range.start..end).find_map(|a| match &a.entity {
                    Entity::Age(age) if age.years == age.years_high => Some((age.years, a.range.end)),
                    _ => None,
                });
                let words = person.range.start..age.map_or(person.range.end, |(_, end)| end);
                members.push((label, age.map(|(years, _)| years), words));
            }
        }
    }
    Ok(Grounded::family(scene.doc, relations, &members)?.map(Outcome::Stated))
}

/// The age that was said; where only the birth was said, the completed years on the day of the recording.
pub(super) fn age_or_birth(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(said) = child::age(scene, spec)? {
        return Ok(Some(said));
    }
    let birth = scene
        .template
        .fields
        .iter()
        .find(|f| f.rule.as_deref() == Some("birth") && f.kind == FieldType::Date);
    let (Some(birth), Some(today)) = (birth, scene.doc.anchor()) else { return Ok(None) };
    let Some((born, words)) = child::born(scene, birth) else { return Ok(None) };
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    let years = today.year() - born.year() - i16::from(!had_birthday);
    if years < 0 {
        return Ok(None);
    }
    let form = NormalForm::Number(f64::from(years));
    Ok(Some(Outcome::Stated(Grounded::computed(scene.doc, &[words], &form))))
}
