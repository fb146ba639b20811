//! Who was there for the office: staff rows and the listener.

use std::ops::Range;

use record::template::{Choice, FieldSpec};
use record::{Grounded, PersonBuilder, RowBuilder};

use super::{Filled, Outcome};
use crate::people::{name_at, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::words::{clauses, find_all, find_any, has_any, spoken_choices, trim};

/// Words of the speaker for himself.
const SELF: &[&str] = &["私", "わたし", "記録者"];
/// Words that make the people of a sentence the staff who attended.
pub(super) const ATTENDED: &[&str] = &["で対応", "が対応", "と対応", "が受理", "が聴取", "が受付"];
const OTHER: &str = "その他";

struct Member<'c> {
    title: Option<(&'c Choice, Range<usize>)>,
    name: Option<Range<usize>>,
    org: Option<Range<usize>>,
    words: Range<usize>,
}

/// The staff rows: 「対応者、児福司の森田と、保健師の大西さん」, or 「児童福祉司の西村と、児童心理司の上田で対応しました」.
pub(super) fn staff(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let titles = spec.column("title").map_or(&[][..], |c| c.choices.as_slice());
    let mut rows = Vec::new();
    for member in members(scene, spec, titles) {
        let mut row = RowBuilder::new(scene.doc, spec);
        if let Some(name) = member.name {
            row.copy("name", name)?;
        }
        if let Some((choice, trigger)) = member.title {
            row.choose("title", &choice.label, trigger)?;
        }
        if let Some(org) = member.org {
            row.copy("org", org)?;
        }
        row.cite(member.words);
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// A sentence about who took the report begins so …
const TOOK: &[&str] = &[
    "受けたのは",
    "聞き取りをしたのは",
    "聞き取ったのは",
    "聴き取ったのは",
    "対応したのは",
    "受理したのは",
    "電話を取ったのは",
    "電話に出たのは",
    "聴取したのは",
    "話を聞いたのは",
    "受付は",
    "聞き取りは",
];
/// … or ends so: 「家庭相談員の若林が受ける」.
const TAKEN: &[&str] = &[
    "が受ける",
    "が聞きました",
    "が聞いた",
    "が受けた",
    "が受けました",
    "が受理",
    "が受付",
    "が聞き取り",
    "が聞き取った",
    "が聴取",
    "が対応",
    "が電話を受け",
    "が応対",
];

/// The first member as a person; in running speech the one of whom it is said that he took the report.
pub(super) fn listener(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let titles = scene.codes("staff_title");
    let Some(member) = members(scene, spec, titles).into_iter().next() else { return took(scene, titles) };
    let mut person = PersonBuilder::new(scene.doc);
    if let Some(name) = member.name {
        person.name(name);
    }
    if let Some((choice, trigger)) = &member.title {
        person.role(choice, trigger.clone());
    }
    Ok((!person.is_empty()).then(|| Outcome::Stated(Grounded::person(person))))
}

/// 「受けたのは、当直の久米です」「家庭相談員の若林が受ける」
fn took(scene: &Scene<'_>, titles: &[Choice]) -> Filled {
    let text = scene.text();
    for sentence in scene.narrative().filter(|s| !has_any(text, s.full.clone(), &["通告者", "相談者", "「"]))
    {
        let words = trim(text, sentence.full.clone());
        let lead = TOOK.iter().find(|lead| text[words.clone()].starts_with(**lead));
        let end = find_any(text, words.clone(), TAKEN);
        let own = match (lead, end) {
            (Some(lead), _) => trim(text, words.start + lead.len()..words.end),
            (None, Some(end)) => words.start..end.start,
            (None, None) => continue,
        };
        let mut person = PersonBuilder::new(scene.doc);
        if let Some(member) = members_of(scene, &own, titles).into_iter().find(|m| m.title.is_some()) {
            if let Some(name) = member.name {
                person.name(name);
            }
            if let Some((choice, trigger)) = &member.title {
                person.role(choice, trigger.clone());
            }
        } else if let (Some(_), Some(at)) = (lead, text[own.clone()].find('の')) {
            // A title of the office's own: 当直の久米.
            let name = name_at(text, own.start + at + "の".len()..own.end);
            if let Some(name) = name.filter(|n| (1..=6).contains(&text[n.clone()].chars().count())) {
                person.name(name);
                person.role_words(own.start..own.start + at);
            }
        }
        if !person.is_empty() {
            return Ok(Some(Outcome::Stated(Grounded::person(person))));
        }
    }
    Ok(None)
}

fn members<'c>(scene: &Scene<'_>, spec: &FieldSpec, titles: &'c [Choice]) -> Vec<Member<'c>> {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    let sentences = if headed.is_empty() {
        let cued = |s: &&Sentence| has_any(scene.text(), s.full.clone(), &spec.cues);
        let attended = |s: &&Sentence| has_any(scene.text(), s.full.clone(), ATTENDED);
        let told = scene.narrative().filter(|s| s.heading.is_none() && (cued(s) || attended(s)));
        let mut found: Vec<&Sentence> =
            told.filter(|s| !members_of(scene, &s.range, titles).is_empty()).take(1).collect();
        if found.is_empty() {
            found.extend(scene.narrative().find(|s| s.heading.is_none() && introduces(scene, s, titles)));
        }
        found
    } else {
        headed
    };
    let found: Vec<Member<'c>> = sentences.iter().flat_map(|s| members_of(scene, &s.range, titles)).collect();
    let names = || scene.under(&spec.headings).flat_map(|s| names_of(scene, &s.range)).collect();
    if found.is_empty() { names() } else { found }
}

/// Names without a title, under the heading of the staff: 「対応者、松本。」
fn names_of<'c>(scene: &Scene<'_>, range: &Range<usize>) -> Vec<Member<'c>> {
    let text = scene.text();
    let clauses = clauses(text, range.clone()).into_iter().map(|clause| trim(text, clause));
    let named = clauses.filter_map(|words| {
        let name = name_at(text, words.clone())?;
        let whole =
            skip_honorific(text, name.end) >= words.end || text[name.end..words.end].starts_with("です");
        whole.then_some(Member { title: None, name: Some(name), org: None, words })
    });
    named.collect()
}

/// 「児童福祉司の森田です」, 「受けたのは家庭相談員の平田です」, 「私と保健師の大西さんで本児に会いました」: a title with a name, at the end of
/// the sentence or in front of what they did.
fn introduces(scene: &Scene<'_>, sentence: &Sentence, titles: &[Choice]) -> bool {
    const DID: &[&str] =
        &["訪問", "面接", "面談", "会い", "会っ", "会う", "確認", "目視", "聴取", "受け", "同行"];
    let text = scene.text();
    let members = members_of(scene, &sentence.range, titles);
    let Some(last) = members.iter().rev().find(|m| m.name.is_some()) else { return false };
    let behind = trim(text, last.words.end..sentence.range.end);
    let behind = &text[behind];
    let ends = behind.is_empty() || ["です", "でした", "が記録", "記録"].contains(&behind);
    let did =
        ["で", "が", "と"].iter().any(|p| behind.starts_with(p)) && DID.iter().any(|d| behind.contains(d));
    (ends || did) && scene.quotes(sentence.range.clone()).is_empty()
}

fn members_of<'c>(scene: &Scene<'_>, range: &Range<usize>, titles: &'c [Choice]) -> Vec<Member<'c>> {
    let text = scene.text();
    let mut members: Vec<Member<'c>> = Vec::new();
    for word in SELF {
        if let Some(at) = find_all(text, range.clone(), word).next() {
            members.push(Member { title: None, name: None, org: None, words: at });
            break;
        }
    }
    let spoken = spoken_choices(text, range.clone(), titles);
    for (i, title) in spoken.iter().enumerate().filter(|(_, t)| t.choice.label != OTHER) {
        let until = spoken.get(i + 1).map_or(range.end, |next| next.range.start);
        // 「保健師の大西」「MSW、石井さん」「保健師大西」「地区担当は、大久保です」
        let gaps: &[&str] =
            if title.choice.label == "地区担当" { &["の", "、", "は、"] } else { &["の", "、"] };
        let gap = gaps.iter().find(|p| text[title.range.end..until].starts_with(**p)).map_or(0, |p| p.len());
        let start = title.range.end + gap;
        let particle = text[start..until].starts_with(['が', 'は', 'と', 'で', 'に', 'を', 'も', 'へ']);
        let name = name_at(text, start..until).filter(|n| !n.is_empty() && !particle);
        let end = name.as_ref().map_or(title.range.end, |n| skip_honorific(text, n.end));
        members.push(Member {
            title: Some((title.choice, title.range.clone())),
            name,
            org: org_before(text, range.start, title.range.start),
            words: title.range.start..end,
        });
    }
    members.sort_by_key(|m| m.words.start);
    members
}

/// 「みどり病院のMSW」: the words before の, back to the last punctuation.
fn org_before(text: &str, from: usize, title: usize) -> Option<Range<usize>> {
    let words = text[from..title].strip_suffix('の')?;
    let start = words
        .rfind(['、', '。', ' ', 'と'])
        .map_or(0, |at| at + words[at..].chars().next().map_or(0, char::len_utf8));
    let org = from + start..from + words.len();
    ["病院", "学校", "センター", "園", "所", "署", "課", "市", "区"]
        .iter()
        .any(|e| text[org.clone()].ends_with(e))
        .then_some(org)
}

/// The titles of the staff rows, with their words.
pub(super) fn titles_of(scene: &Scene<'_>, spec: &FieldSpec) -> Vec<(String, Range<usize>)> {
    let titles = spec.column("title").map_or(&[][..], |c| c.choices.as_slice());
    members(scene, spec, titles)
        .into_iter()
        .filter_map(|m| m.title.map(|(choice, words)| (choice.label.clone(), words)))
        .collect()
}

/// The words of the staff as they were said, person by person.
pub(super) fn worker_words(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let titles = scene.codes("staff_title");
    let words: Vec<_> = members(scene, spec, titles).into_iter().map(|m| m.words).collect();
    Ok((!words.is_empty()).then(|| Outcome::Stated(Grounded::copied(scene.doc, &words[..1]))))
}

/// Rows of role and name: 「担当は、地区担当の佐藤と、児童心理司の田中」.
pub(super) fn workers(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let roles = spec.column("role").map_or(&[][..], |c| c.choices.as_slice());
    let mut rows = Vec::new();
    for member in members(scene, spec, roles) {
        let (Some((choice, trigger)), name) = (member.title, member.name) else { continue };
        let mut row = RowBuilder::new(scene.doc, spec);
        row.choose("role", &choice.label, trigger)?;
        if let Some(name) = name {
            row.copy("name", name)?;
        }
        row.cite(member.words);
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}
