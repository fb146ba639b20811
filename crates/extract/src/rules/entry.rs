//! One contact as an entry of the course record: means, direction, partner, result, account (language.md pass 9).
//!
//! The phrases are closed: they are the choices of the template with their spoken forms.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Flag, Grounded, PersonBuilder};
use text::hedge;

use super::reporter::full_name;
use super::{Filled, Outcome, copied, stated, without};
use crate::people::{name_at, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{
    clauses, ends_with_any, find_all, find_any, has_any, lead_of, spoken_choices, starts_with_any, trim,
};

/// Ways in which a contact is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Call,
    Answered,
    Visit,
    Received,
}

const WAYS: &[(&str, Way)] = &[
    ("架電", Way::Call),
    ("電話した", Way::Call),
    ("電話しました", Way::Call),
    ("電話し、", Way::Call),
    ("電話をかけ", Way::Call),
    ("電話を入れ", Way::Call),
    ("電話をし", Way::Call),
    ("電話するも", Way::Call),
    ("電話連絡", Way::Call),
    ("留守電", Way::Call),
    ("着信拒否", Way::Call),
    ("受電", Way::Answered),
    ("入電", Way::Answered),
    ("着電", Way::Answered),
    ("から電話", Way::Answered),
    ("より電話", Way::Answered),
    ("からの電話", Way::Answered),
    ("から折り返し", Way::Answered),
    ("電話があ", Way::Answered),
    ("訪問", Way::Visit),
    ("に会いに行", Way::Visit),
    ("宅まで行", Way::Visit),
    ("宅に行", Way::Visit),
    ("宅へ行", Way::Visit),
    ("来所", Way::Received),
    ("来庁", Way::Received),
    ("所に訪ねて", Way::Received),
    ("窓口に来", Way::Received),
    ("窓口へ来", Way::Received),
];
/// Words around 訪問 that make no visit of ours.
const NO_VISIT: &[&str] = &["訪問連絡票", "訪問看護", "訪問介護", "訪問販売", "訪問者", "訪問診療"];
/// Results of a call, and of a visit or a meeting. A result that is in neither goes with every way.
const OF_CALLS: &[&str] = &["通話", "不通", "留守電", "折返し待ち", "着信拒否"];
const OF_VISITS: &[&str] = &["不在", "面会できた", "面会拒否", "訪問連絡票投函"];
/// A line that is dead for want of payment is how the family lives, not a call.
const DEAD_LINE: &[&str] = &["滞納", "未払", "止まって", "止められ", "不通の", "不通になっている"];
const ANSWERED: &[&str] = &["電話に出", "つながり", "つながった", "通話", "話ができ", "応答あり", "応答があ"];

/// A contact in the text.
struct Contact<'s> {
    way: Way,
    word: Range<usize>,
    sentence: &'s Sentence,
    /// A result stands in the same sentence: a closed phrase.
    closed: bool,
}

fn contacts<'s>(scene: &'s Scene<'_>) -> Vec<Contact<'s>> {
    let text = scene.text();
    let mut found = Vec::new();
    let told = scene.narrative().filter(|s| !has_any(text, s.full.clone(), DEAD_LINE));
    for sentence in told {
        let words = WAYS.iter().flat_map(|(word, way)| {
            find_all(text, sentence.full.clone(), word).map(|at| (*way, at)).collect::<Vec<_>>()
        });
        let mut words: Vec<(Way, Range<usize>)> = words
            .filter(|(_, at)| !scene.is_quoted(at.start) && !starts_other_word(text, at.start))
            .filter(|(_, at)| !is_reported(text, at.start, sentence))
            .collect();
        words.sort_by_key(|(_, at)| at.start);
        for (way, word) in words {
            // 「実母宅を訪問。実母は玄関先で面会拒否」: the result may follow in the next sentence.
            let next = scene.sentences.iter().find(|s| s.full.start >= sentence.full.end);
            let follows =
                || next.is_some_and(|next| next.heading == sentence.heading && has_result(scene, next, way));
            if is_others_visit(scene, sentence, &word) {
                continue;
            }
            let closed =
                way == Way::Answered || has_result(scene, sentence, way) || (way == Way::Visit && follows());
            found.push(Contact { way, word, sentence, closed });
        }
    }
    found
}

/// What somebody else tells: 「祖母は、実母から着信拒否にされたと話していた」 is no contact of the office. The report closes the
/// clause of `at`; in 「面会拒否、『来ないで』と言う」 it is another.
fn is_reported(text: &str, at: usize, sentence: &Sentence) -> bool {
    let clause = clauses(text, sentence.full.clone()).into_iter().find(|c| c.contains(&at));
    clause.is_some_and(|clause| is_reported_in(text, at..clause.end))
}

/// Whether words of a report stand in `range`.
pub(super) fn is_reported_in(text: &str, range: Range<usize>) -> bool {
    has_any(text, range, &WORDS.entry.reports)
}

/// 「月に1回の家庭訪問が続いていたとのこと」 tells of a visit that others made.
fn is_others_visit(scene: &Scene<'_>, sentence: &Sentence, word: &Range<usize>) -> bool {
    scene.words(word).contains("訪問")
        && hedge::flags(scene.words(&sentence.full)).contains(&Flag::Hearsay)
        && !has_result(scene, sentence, Way::Visit)
}

fn starts_other_word(text: &str, at: usize) -> bool {
    starts_with_any(&text[at..], NO_VISIT)
}

fn has_result(scene: &Scene<'_>, sentence: &Sentence, way: Way) -> bool {
    let words = scene.words(&sentence.full);
    match way {
        Way::Call => ["不通", "留守", "着信拒否", "折り返し", "折返し", "出ず", "出な", "つながら", "応答"]
            .iter()
            .chain(ANSWERED)
            .any(|r| words.contains(r)),
        Way::Visit => ["不在", "連絡票", "留守", "応答", "面会", "会え", "面接", "拒否"]
            .iter()
            .any(|r| words.contains(r)),
        Way::Answered | Way::Received => true,
    }
}

/// The contact of the entry: the first closed phrase, else the first contact.
fn main_of<'c, 's>(all: &'c [Contact<'s>]) -> Option<&'c Contact<'s>> {
    all.iter().find(|c| c.closed).or(all.first())
}

/// 電話, 訪問, 来所 by the contact's words; else the first means that is spoken.
pub(super) fn means(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let label = |way: Way| match way {
        Way::Call | Way::Answered => "電話",
        Way::Visit => "訪問",
        Way::Received => "来所",
    };
    chosen(scene, spec, label)
}

/// 架電, 受電, 訪問 or 来所, by the contact's words.
pub(super) fn direction(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let label = |way: Way| match way {
        Way::Call => "架電",
        Way::Answered => "受電",
        Way::Visit => "訪問",
        Way::Received => "来所",
    };
    chosen(scene, spec, label)
}

fn chosen(scene: &Scene<'_>, spec: &FieldSpec, label: impl Fn(Way) -> &'static str) -> Filled {
    let headed = scene.under(&spec.headings).next();
    if let Some(sentence) = headed
        && let Some(spoken) =
            spoken_choices(scene.text(), sentence.range.clone(), &spec.choices).into_iter().next()
    {
        return stated(scene, spec, &spoken.choice.label, spoken.range);
    }
    let all = contacts(scene);
    let contact = main_of(&all).filter(|c| spec.choices.iter().any(|choice| choice.label == label(c.way)));
    if let Some(contact) = contact {
        return stated(scene, spec, label(contact.way), contact.word.clone());
    }
    // A meeting, a letter, a mail: their own words in the opening.
    let opening = scene
        .narrative()
        .filter(|s| s.heading.is_none() && !has_any(scene.text(), s.full.clone(), DEAD_LINE));
    for sentence in opening.take(3) {
        let spoken = spoken_choices(scene.text(), sentence.range.clone(), &spec.choices);
        let own = |at: &Range<usize>| !scene.is_quoted(at.start) && !is_others_visit(scene, sentence, at);
        if let Some(spoken) = spoken.into_iter().find(|s| own(&s.range)) {
            return stated(scene, spec, &spoken.choice.label, spoken.range);
        }
    }
    Ok(None)
}

/// Every result of the contact's kind that is spoken and not negated.
pub(super) fn results(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    // An entry may hold a visit and the call after it.
    let all = contacts(scene);
    let contact = main_of(&all);
    let made = |ways: [Way; 2]| all.iter().filter(|c| c.closed).chain(contact).any(|c| ways.contains(&c.way));
    let fits = |label: &str| {
        let calls = !OF_CALLS.contains(&label) || made([Way::Call, Way::Answered]);
        let visits = !OF_VISITS.contains(&label) || made([Way::Visit, Way::Received]);
        contact.is_none() || (calls && visits)
    };
    let mut spoken: Vec<(&str, Range<usize>)> = Vec::new();
    let told = scene.narrative().filter(|s| !has_any(text, s.full.clone(), DEAD_LINE));
    for sentence in told {
        for found in spoken_choices(text, sentence.full.clone(), &spec.choices) {
            // 不在着信 is a missed call.
            // 「担当不在のため」 is about the office.
            let ours = ends_with_any(
                &text[..found.range.start],
                &["担当", "担当者", "職員", "担当が", "担当者が", "担当は"],
            );
            let missed =
                found.choice.label == "不在" && (text[found.range.end..].starts_with("着信") || ours);
            // 「つながらないときは」 is a condition.
            let ifs = ["とき", "時は", "場合", "なら", "れば", "ければ", "たら"];
            let rest = text[found.range.end..sentence.full.end].trim_start_matches(['い', 'か', 'っ', 'た']);
            let conditional = starts_with_any(rest, &ifs);
            let certain = !conditional
                && !scene.is_quoted(found.range.start)
                && !is_reported(text, found.range.start, sentence)
                && !scene.is_negated(found.range.clone());
            if certain && !missed && fits(&found.choice.label) {
                spoken.push((&found.choice.label, found.range));
            }
        }
    }
    // A call that came in was a conversation (「園から受電」), and so was one whose news is told.
    let talked = "通話";
    if let Some(contact) =
        contact.filter(|c| c.way == Way::Answered || (c.way == Way::Call && has_news(scene, c)))
        && !spoken.iter().any(|(label, _)| OF_CALLS.contains(label))
        && spec.choices.iter().any(|c| c.label == talked)
    {
        spoken.push((talked, contact.word.clone()));
    }
    Ok(Grounded::labels(scene.doc, &spec.choices, &spoken)?.map(Outcome::Stated))
}

/// What the other side told stands directly behind the call: 「副校長に架電。本児は、遅刻が増えたとのこと。」
fn has_news(scene: &Scene<'_>, contact: &Contact<'_>) -> bool {
    const FAILED: &[&str] =
        &["不通", "留守", "着信拒否", "出ず", "出な", "つながら", "応答な", "折り返しを依頼", "不在"];
    let text = scene.text();
    let here = contact.word.end..contact.sentence.full.end;
    let next = scene.sentences.iter().find(|s| s.full.start >= contact.sentence.full.end);
    !has_any(text, contact.sentence.full.clone(), FAILED)
        && (has_any(text, here, &WORDS.entry.news)
            || next.is_some_and(|s| has_any(text, s.full.clone(), &WORDS.entry.news)))
}

/// Whom the contact was with: a relative, or an organisation with an office and a name.
pub(super) fn partner(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some(sentence) = scene.under(&spec.headings).next() {
        return Ok(person(scene, trim(text, sentence.range.clone())).or_else(|| without(scene, sentence)));
    }
    let all = contacts(scene);
    let Some(contact) = main_of(&all) else { return Ok(correspondent(scene)) };
    let before = contact.sentence.full.start..contact.word.start;
    let clause = clauses(text, before.clone()).into_iter().next_back().map(|c| with_office(text, &before, c));
    // 「実母が妹を連れて来所」: the one who comes, not whom the sentence names beside.
    let comes = clause.clone().filter(|_| contact.way == Way::Received).and_then(|c| {
        let mut people = scene.mentions(c).into_iter().filter(|m| m.relation.is_some());
        people.find(|m| starts_with_any(&text[m.range.end..], &["が", "は"]))
    });
    if let Some(mention) = comes {
        return Ok(person(scene, mention.range));
    }
    // 「訪問し副校長の清水先生と面談」: who was met, behind the visit.
    let met =
        find_any(text, contact.sentence.full.clone(), &["と面談", "と面接", "と面会", "と話し", "と協議"]);
    let met = met.filter(|m| matches!(contact.way, Way::Visit | Way::Received) && m.start > contact.word.end);
    let met = met.and_then(|m| {
        let clause = clauses(text, contact.word.end..m.start + "と".len()).pop()?;
        partner_words(scene, skip_verb(text, clause))
    });
    let own = met
        .and_then(|words| person(scene, words))
        .or_else(|| clause.and_then(|c| partner_words(scene, c)).and_then(|words| person(scene, words)));
    if own.is_some() {
        return Ok(own);
    }
    // 「実父は不在、架電するも不通」, 「訪問し、実母と面接」: the person of the sentence, then of the next.
    let people: Vec<_> =
        scene.mentions(contact.sentence.full.clone()).into_iter().filter(|m| m.relation.is_some()).collect();
    // 「実母が妹を連れて来所」: the one who acts, not whom the sentence names beside.
    let acts = people.iter().find(|m| starts_with_any(&text[m.range.end..], &["が", "は"])).cloned();
    let here = acts.or_else(|| people.into_iter().find(|m| !text[m.range.end..].starts_with('の')));
    let met = || {
        let met = ["と面接", "と面会", "と話", "が対応", "は不在", "が応対", "に会", "宅"];
        scene.narrative().filter(|s| s.full.start > contact.word.start).find_map(|s| {
            let people = scene.mentions(s.full.clone()).into_iter();
            people.filter(|m| m.relation.is_some()).find(|m| {
                let after = &text[m.range.end..s.full.end];
                // 「呼び鈴を鳴らすと、母がドア越しに出てきて」
                let answers = after.starts_with('が')
                    && has_any(text, m.range.end..s.full.end, &["出てき", "出てこられ"]);
                starts_with_any(after, &met) || answers
            })
        })
    };
    Ok(here.or_else(met).and_then(|m| person(scene, m.range)))
}

/// 「中学校のSSW、大橋さんからメールがあった」: who wrote, or to whom the office wrote.
fn correspondent(scene: &Scene<'_>) -> Option<Outcome> {
    let text = scene.text();
    scene.narrative().find_map(|sentence| {
        let word = find_any(text, sentence.full.clone(), &WORDS.entry.letters)
            .filter(|w| !scene.is_quoted(w.start))?;
        let before = sentence.full.start..word.start;
        let clause = clauses(text, before.clone()).pop()?;
        let words = partner_words(scene, with_office(text, &before, clause.start..word.start))?;
        person(scene, words)
    })
}

/// The clause of a name with the office in front of it: 「保育園の園長、武井さん」.
fn with_office(text: &str, before: &Range<usize>, clause: Range<usize>) -> Range<usize> {
    let own = trim(text, clause.clone());
    let named = ["さん", "氏", "先生", "様"].iter().any(|h| {
        let words = &text[own.clone()];
        words.ends_with(h)
            || ["から", "に", "へ", "より", "と"].iter().any(|p| words.ends_with(&format!("{h}{p}")))
    });
    let office = clauses(text, before.start..clause.start).pop().map(|c| trim(text, c));
    match office {
        Some(office) if named && ends_with_any(&text[office.clone()], &WORDS.entry.offices) => {
            office.start..clause.end
        }
        _ => clause,
    }
}

/// 「し副校長の清水先生と」: without the rest of the verb before.
fn skip_verb(text: &str, clause: Range<usize>) -> Range<usize> {
    let rest = lead_of(&text[clause.clone()], &["して", "し、", "し", "の際", "時に"]);
    clause.start + rest..clause.end
}

/// The words in front of に, から, と … at the end of `clause`, without what stands before the person.
fn partner_words(scene: &Scene<'_>, clause: Range<usize>) -> Option<Range<usize>> {
    let text = scene.text();
    let moments = scene
        .doc
        .annotations_in(clause.clone())
        .filter(|a| matches!(a.entity, Entity::Date(_) | Entity::Time(_) | Entity::TimeRange(..)));
    let from = moments.map(|a| a.range.end).max().unwrap_or(clause.start);
    let mut words = trim(text, from..clause.end);
    while let Some(rest) = ["に", "は", "頃", "ごろ", "曜日", "その後", "再度", "再び"]
        .iter()
        .find(|p| text[words.clone()].starts_with(**p))
    {
        words = trim(text, words.start + rest.len()..words.end);
    }
    // から of 「から電話」 belongs to the contact's own word.
    if let Some(particle) = WORDS.entry.particles.iter().find(|p| text[words.clone()].ends_with(**p)) {
        words.end -= particle.len();
    } else if !text[clause.end..].starts_with("から")
        && !text[clause.end..].starts_with("より")
        && text[words.clone()].chars().count() > 12
    {
        return None;
    }
    // 「担当から園に」: the one who is called stands last.
    let head = &text[words.clone()];
    if let Some((at, particle)) =
        ["から", "が", "は"].iter().filter_map(|p| head.rfind(p).map(|at| (at, *p))).max_by_key(|(at, _)| *at)
    {
        words.start += at + particle.len();
    }
    let words = trim(text, words);
    let plausible = (1..=20).contains(&text[words.clone()].chars().count())
        && !["家庭", "電話", "本日", "夜間", "同行", "自宅", "再"].contains(&&text[words.clone()]);
    plausible.then_some(words)
}

/// 実父 · 園 · ○○小学校の副校長 · ○○病院のMSW、石井さん
pub(super) fn person(scene: &Scene<'_>, words: Range<usize>) -> Option<Outcome> {
    let text = scene.text();
    let mut person = PersonBuilder::new(scene.doc);
    if let Some(mention) = scene.mentions(words.clone()).into_iter().next()
        && let Some(choice) = mention.relation.as_deref().and_then(|label| scene.relations.choice(label))
    {
        if text[mention.range.end..].starts_with('の')
            && let Some(name) =
                name_at(text, mention.range.end + "の".len()..words.end.max(mention.range.end + 3))
                    .filter(|n| skip_honorific(text, n.end) > n.end)
        {
            person.name(name);
        } else if text[mention.range.end..words.end.max(mention.range.end)].starts_with('、')
            && let Some(name) = full_name(text, &trim(text, mention.range.end..words.end))
        {
            // 「実父、西岡たかし」
            person.name(name);
        }
        person.relation(choice, mention.range);
        return Some(Outcome::Stated(Grounded::person(person)));
    }
    let head = &text[words.clone()];
    let (org, rest) = match head.find('の') {
        Some(at) => (words.start..words.start + at, words.start + at + "の".len()..words.end),
        None => (words.clone(), words.end..words.end),
    };
    // 「こども家庭課係長の日下部」: the office stands at the end of the organisation.
    let own = WORDS.entry.offices.iter().filter(|o| text[org.clone()].ends_with(**o)).map(|o| o.len()).max();
    let split = own
        .map(|len| org.start..org.end - len)
        .filter(|o| !rest.is_empty() && ends_with_any(&text[o.clone()], &WORDS.entry.orgs));
    if let Some(whole) = split
        && let Some(name) = name_at(text, rest.clone())
    {
        person.role_words(whole.end..org.end);
        person.org(whole);
        person.name(name);
        return Some(Outcome::Stated(Grounded::person(person)));
    }
    let is_org = ends_with_any(&text[org.clone()], &WORDS.entry.orgs);
    let office = if is_org { rest.clone() } else { words.clone() };
    let title =
        WORDS.entry.offices.iter().find_map(|o| {
            text[office.clone()].find(o).map(|at| office.start + at..office.start + at + o.len())
        });
    if is_org {
        person.org(org);
    }
    if let Some(title) = title {
        // 副校長, 養護教諭: with what stands before it.
        let title = office.start..title.end;
        let after = title.end + lead_of(&text[title.end..], &["の", "、"]);
        if after < words.end
            && let Some(name) = name_at(text, after..words.end)
        {
            person.name(name);
        }
        // 「県立南高校定時制の学年主任」
        let of = (!is_org).then(|| text[title.clone()].rfind('の')).flatten().map(|at| title.start + at);
        match of {
            Some(at) => {
                person.org(title.start..at);
                person.role_words(at + "の".len()..title.end);
            }
            None => person.role_words(title),
        }
    } else if !is_org
        && let Some(name) = name_at(text, words.clone()).filter(|n| skip_honorific(text, n.end) > n.end)
        && !starts_with_any(
            &text[skip_honorific(text, name.end)..],
            &["のお宅", "宅", "のおうち", "の家", "の自宅"],
        )
    {
        person.name(name);
    }
    (!person.is_empty()).then(|| Outcome::Stated(Grounded::person(person)))
}

/// What happened and what was said: all of the narrative but the entry's own head (day, time, who attended).
pub(super) fn account(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let told = scene.sentences.iter().filter(|s| match &s.heading {
        Some(heading) => spec.headings.contains(heading),
        None => !scene.is_plan(s) && !is_head(scene, s) && !tells_recorder(scene, s),
    });
    Ok(copied(scene, told))
}

/// 「記録は児童福祉司の北。」「電話を受けたのは、…です。」: who wrote the entry.
fn tells_recorder(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let words = &text[trim(text, sentence.full.clone())];
    starts_with_any(words, &WORDS.entry.recorder_leads)
        && words.chars().count() <= 40
        && !words.contains('「')
}

/// A sentence of a day, a time, the way of the contact and the staff, and nothing else.
pub(super) fn is_head(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let attended = has_any(text, sentence.full.clone(), super::staff::ATTENDED);
    let mut rest = String::new();
    let mut at = sentence.range.start;
    let mut moments = 0;
    for a in scene.doc.annotations_in(sentence.range.clone()) {
        if matches!(a.entity, Entity::Date(_) | Entity::Time(_) | Entity::TimeRange(..))
            && a.range.start >= at
        {
            rest.push_str(&text[at..a.range.start]);
            at = a.range.end;
            moments += 1;
        }
    }
    rest.push_str(&text[at..sentence.range.end]);
    for word in &WORDS.entry.head_words {
        rest = rest.replace(word, "");
    }
    moments > 0 && (attended || rest.chars().count() <= 2)
}
