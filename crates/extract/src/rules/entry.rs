//! One contact as an entry of the course record: means, direction, partner, result, account (language.md pass 9).
//!
//! The phrases are closed: they are the choices of the template with their spoken forms.

mod partner;

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Flag, Grounded};
use text::hedge;

pub(super) use partner::partner;

use super::{Filled, Outcome, copied, stated};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, ends_with_any, find_all, has_any, spoken_choices, starts_with_any, trim};

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
