//! Who was there for the office: staff rows and the listener.

use std::ops::Range;

use record::template::{Choice, FieldSpec};
use record::{Grounded, Kept, PersonBuilder, RowBuilder};

use super::{Filled, Outcome, entry};
use crate::people::{name_at, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{
    clauses, ends_with_any, find_all, find_any, has_any, is_kanji, spoken_choices, starts_with_any, trim,
    trim_end_of,
};

/// Words of the speaker for himself.
const SELF: &[&str] = &["私", "わたし", "記録者"];
/// Words that make the people of a sentence the staff who attended.
pub(super) const ATTENDED: &[&str] =
    &["で対応", "が対応", "と対応", "が受理", "が聴取", "が受付", "対応したのは", "受けたのは"];
const OTHER: &str = "その他";
/// Between two members of one title these take the first back: 「児童心理司の片山、失礼、児童心理司は片岡」.
const TAKEN_BACK: &[&str] = &["失礼", "訂正", "いや、", "いえ、", "じゃなくて", "ではなく", "間違え"];

struct Member<'c> {
    title: Option<(&'c Choice, Range<usize>)>,
    /// The word for somebody who has no title of the office.
    profession: Option<Range<usize>>,
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
        if let Some(words) = member.profession {
            row.choose("title", OTHER, words.clone())?;
            row.keep("title", Kept::Detail, words)?;
        }
        if let Some(org) = member.org {
            row.copy("org", org)?;
        }
        row.cite(member.words);
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// The first member as a person; in running speech the one of whom it is said that he took the report.
pub(super) fn listener(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let titles = scene.codes("staff_title");
    if scene.under(&spec.headings).next().is_none()
        && let Some(speaker) = own_speaker(scene, titles)
    {
        return Ok(Some(speaker));
    }
    let all = members(scene, spec, titles);
    let first = all.iter().position(|m| m.name.is_some() || m.title.is_some()).unwrap_or(0);
    let Some(member) = all.into_iter().nth(first) else {
        // 「受付者は夜間相談員の島さん」: a title of the office's own.
        let headed = scene.under(&spec.headings).next().map(|s| trim(scene.text(), s.range.clone()));
        let own = headed.and_then(|words| own_title(scene, words));
        return own.map_or_else(|| took(scene, titles), |person| Ok(Some(person)));
    };
    // 「夜間相談員の島」 under the heading: the words in front of the name are the title.
    if member.title.is_none() && member.profession.is_none() {
        let headed = scene.under(&spec.headings).next().map(|s| trim(scene.text(), s.range.clone()));
        if let Some(person) = headed.and_then(|words| own_title(scene, words)) {
            return Ok(Some(person));
        }
    }
    let mut person = PersonBuilder::new(scene.doc);
    if let Some(name) = member.name {
        person.name(name);
    }
    if let Some((choice, trigger)) = &member.title {
        person.role(choice, trigger.clone());
    }
    if let Some(words) = member.profession {
        person.role_words(words);
    }
    if let Some(org) = member.org {
        person.org(org);
    }
    Ok((!person.is_empty()).then(|| Outcome::Stated(Grounded::person(person))))
}

/// 「夜間相談員の当山です。」 at the opening: a title of the office's own, which no list has.
fn own_speaker(scene: &Scene<'_>, titles: &[Choice]) -> Option<Outcome> {
    let text = scene.text();
    scene.narrative().take(2).filter(|s| s.heading.is_none()).find_map(|s| {
        let words = trim(text, s.range.clone());
        let title = words.start..words.start + text[words.clone()].find('の')?;
        let ours = ends_with_any(scene.words(&title), &["員", "直"])
            && spoken_choices(text, title.clone(), titles).is_empty()
            && scene.mentions(title).is_empty();
        if ours { own_title(scene, words) } else { None }
    })
}

/// 「夜間相談員の島です」: kanji before の and a name behind it.
fn own_title(scene: &Scene<'_>, words: Range<usize>) -> Option<Outcome> {
    let text = scene.text();
    let at = words.start + text[words.clone()].find('の')?;
    let title = words.start..at;
    let plain = (2..=10).contains(&text[title.clone()].chars().count())
        && text[title.clone()].chars().all(|c| is_kanji(c) || crate::words::is_katakana(c));
    let name = name_at(text, at + "の".len()..words.end).filter(|_| plain)?;
    let whole = skip_honorific(text, name.end) >= words.end || text[name.end..].starts_with("です");
    (whole && (1..=6).contains(&text[name.clone()].chars().count())).then(|| {
        let mut person = PersonBuilder::new(scene.doc);
        person.name(name);
        person.role_words(title);
        Outcome::Stated(Grounded::person(person))
    })
}

/// 「受けたのは、当直の久米です」「家庭相談員の若林が受ける」
fn took(scene: &Scene<'_>, titles: &[Choice]) -> Filled {
    let text = scene.text();
    for sentence in scene.narrative().filter(|s| !has_any(text, s.full.clone(), &["通告者", "相談者", "「"]))
    {
        let words = trim(text, sentence.full.clone());
        let lead = WORDS.staff.took.iter().find(|lead| text[words.clone()].starts_with(**lead));
        let end = find_any(text, words.clone(), &WORDS.staff.taken);
        let own = match (lead, end) {
            (Some(lead), _) => trim(text, words.start + lead.len()..words.end),
            (None, Some(end)) => words.start..end.start,
            (None, None) => continue,
        };
        let mut person = PersonBuilder::new(scene.doc);
        if let Some(member) = members_of(scene, &own, titles, false).into_iter().find(|m| m.title.is_some()) {
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
        // 「当直の橘が受電」
        let last = if lead.is_none() { clauses(text, own.clone()).pop() } else { None };
        if let Some(person) = last.and_then(|clause| own_title(scene, trim(text, clause))) {
            return Ok(Some(person));
        }
    }
    Ok(None)
}

fn members<'c>(scene: &Scene<'_>, spec: &FieldSpec, titles: &'c [Choice]) -> Vec<Member<'c>> {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if headed.is_empty() {
        return headless(scene, spec, titles);
    }
    let found: Vec<Member<'c>> =
        headed.iter().flat_map(|s| members_of(scene, &s.range, titles, true)).collect();
    if found.is_empty() {
        return headed.iter().flat_map(|s| names_of(scene, &s.range)).collect();
    }
    // 「同行者、保健師の宮地さん。私は児童福祉司の荻野です。」
    let selves = scene.narrative().filter(|s| starts_with_any(scene.words(&s.range), &["私は", "わたしは"]));
    let own = selves.flat_map(|s| members_of(scene, &s.range, titles, false));
    let own = own.filter(|m| m.name.is_some() && m.title.is_some());
    let more: Vec<Member<'c>> = own.filter(|m| found.iter().all(|known| !is_same(scene, known, m))).collect();
    found.into_iter().chain(more).collect()
}

fn is_same(scene: &Scene<'_>, one: &Member<'_>, other: &Member<'_>) -> bool {
    one.name.as_ref().map(|name| scene.words(name)) == other.name.as_ref().map(|name| scene.words(name))
}

/// Names without a title, under the heading of the staff: 「対応者、松本。」
fn names_of<'c>(scene: &Scene<'_>, range: &Range<usize>) -> Vec<Member<'c>> {
    let text = scene.text();
    let clauses = clauses(text, range.clone()).into_iter().map(|clause| trim(text, clause));
    let named = clauses.filter_map(|words| {
        let name = name_at(text, words.clone())?;
        let whole =
            skip_honorific(text, name.end) >= words.end || text[name.end..words.end].starts_with("です");
        whole.then_some(Member { title: None, profession: None, name: Some(name), org: None, words })
    });
    named.collect()
}

/// 「児童福祉司の森田です」, 「私と保健師の大西さんで本児に会いました」: a title with a name, at the end of the sentence or in front of
/// what they did.
fn introduces(scene: &Scene<'_>, sentence: &Sentence, members: &[Member<'_>]) -> bool {
    let text = scene.text();
    let Some(last) = members.iter().rev().find(|m| m.name.is_some() && m.title.is_some()) else {
        return false;
    };
    let behind = trim(text, last.words.end..sentence.range.end);
    let behind = &text[behind];
    let ends = behind.is_empty() || ["です", "でした", "が記録", "記録"].contains(&behind);
    let did =
        starts_with_any(behind, &["で", "が", "と"]) && WORDS.staff.did.iter().any(|d| behind.contains(d));
    (ends || did) && scene.quotes(sentence.range.clone()).is_empty()
}

/// The members of the first sentence that says who attended: by the field's cues, by its verb, or because it names
/// people and nothing else (「児福司の上原と、同行の保健師、玉城。」).
fn headless<'c>(scene: &Scene<'_>, spec: &FieldSpec, titles: &'c [Choice]) -> Vec<Member<'c>> {
    let text = scene.text();
    let told: Vec<&Sentence> = scene.narrative().filter(|s| s.heading.is_none()).collect();
    for sentence in &told {
        let cued = has_any(text, sentence.full.clone(), &spec.cues)
            || starts_with_any(&text[sentence.range.clone()], &WORDS.staff.leads);
        let mut members = members_of(scene, &sentence.range, titles, cued);
        // Somebody else's profession alone (「担任が確認」) names no member.
        members.retain(|m| m.profession.is_none() || m.name.is_some());
        let all_named = members.iter().all(|m| m.name.is_some() || m.title.is_none());
        let came = all_named
            && members.iter().any(|m| m.name.is_some())
            && has_any(text, sentence.full.clone(), &WORDS.staff.came)
            && !entry::is_reported_in(text, sentence.full.clone());
        let attended = came || has_any(text, sentence.full.clone(), ATTENDED);
        if !members.is_empty() && (cued || attended || is_roster(text, sentence, &members)) {
            if has_any(text, sentence.full.clone(), &["で対応", "が対応"]) {
                untitled(scene, sentence, &mut members);
            }
            return with_speaker(scene, &told, titles, members);
        }
    }
    for sentence in told {
        let members = members_of(scene, &sentence.range, titles, false);
        if introduces(scene, sentence, &members) && !entry::is_reported_in(text, sentence.full.clone()) {
            return members;
        }
    }
    Vec::new()
}

/// 「ただいま戻りました、児童福祉司の蔵前です。」 in front of whom he went with.
fn with_speaker<'c>(
    scene: &Scene<'_>,
    told: &[&Sentence],
    titles: &'c [Choice],
    members: Vec<Member<'c>>,
) -> Vec<Member<'c>> {
    const OPENING: usize = 2;
    let first = members.first().map_or(0, |m| m.words.start);
    let speaker = told.iter().take(OPENING).filter(|s| s.range.end <= first).find_map(|s| {
        let mut own = members_of(scene, &s.range, titles, false);
        let last = own.pop().filter(|m| m.name.is_some() && m.title.is_some() && own.is_empty())?;
        let name = last.name.clone()?;
        scene.text()[name.end..].starts_with("です").then_some(last)
    });
    let speaker = speaker.filter(|s| members.iter().all(|m| !is_same(scene, m, s)));
    speaker.into_iter().chain(members).collect()
}

/// Whether the sentence names people with their titles and says nothing else.
fn is_roster(text: &str, sentence: &Sentence, members: &[Member<'_>]) -> bool {
    let mut rest = String::new();
    let mut at = sentence.range.start;
    for member in members {
        rest.push_str(text.get(at..member.words.start).unwrap_or_default());
        at = member.words.end;
    }
    rest.push_str(&text[at..sentence.range.end]);
    for joint in &WORDS.staff.joints {
        rest = rest.replace(joint, "");
    }
    rest.is_empty() && members.iter().all(|m| m.name.is_some())
}

/// A colleague in front of the others may have no title: 「杉山、児心司の野口で対応」.
fn untitled(scene: &Scene<'_>, sentence: &Sentence, members: &mut Vec<Member<'_>>) {
    let text = scene.text();
    let Some(first) = members.first().map(|m| m.words.start) else { return };
    let Some(clause) = clauses(text, sentence.range.start..first).pop() else { return };
    let words = trim_end_of(text, trim(text, clause), &["さんと", "と", "さん"]);
    let name = &text[words.clone()];
    let short = (1..=3).contains(&name.chars().count());
    if short
        && name.chars().all(is_kanji)
        && !has_any(text, words.clone(), &WORDS.staff.no_colleagues)
        && !has_any(text, words.clone(), &WORDS.staff.professions)
        && scene.mentions(words.clone()).is_empty()
        && scene.doc.annotations_in(words.clone()).next().is_none()
    {
        let member = Member { title: None, profession: None, name: Some(words.clone()), org: None, words };
        members.insert(0, member);
    }
}

fn members_of<'c>(
    scene: &Scene<'_>,
    range: &Range<usize>,
    titles: &'c [Choice],
    with_professions: bool,
) -> Vec<Member<'c>> {
    let text = scene.text();
    let mut members: Vec<Member<'c>> = Vec::new();
    for word in SELF {
        if let Some(at) = find_all(text, range.clone(), word).next() {
            members.push(Member { title: None, profession: None, name: None, org: None, words: at });
            break;
        }
    }
    let spoken = spoken_choices(text, range.clone(), titles);
    let mut named: Vec<(Option<&'c Choice>, Range<usize>)> = spoken
        .iter()
        .filter(|t| t.choice.label != OTHER && !scene.is_quoted(t.range.start))
        .map(|t| (Some(t.choice), t.range.clone()))
        .collect();
    if with_professions {
        for word in &WORDS.staff.professions {
            // 「校長室で」 is a place.
            let person = |at: &Range<usize>| !scene.is_quoted(at.start) && !text[at.end..].starts_with('室');
            for at in find_all(text, range.clone(), word).filter(person) {
                if named.iter().all(|(_, known)| known.end <= at.start || at.end <= known.start) {
                    named.push((None, at));
                }
            }
        }
    }
    named.sort_by_key(|(_, at)| at.start);
    let mut speaker_named = false;
    for (i, (choice, title)) in named.iter().enumerate() {
        let until = named.get(i + 1).map_or(range.end, |(_, next)| next.start);
        let behind = name_behind(text, title.end, until).map(|name| {
            // 「児福司の私、野村です」
            let own = SELF.contains(&&text[name.clone()]) && text[name.end..].starts_with('、');
            let said = own.then(|| name_at(text, name.end + '、'.len_utf8()..until)).flatten();
            speaker_named |= said.is_some();
            said.unwrap_or(name)
        });
        // 「地区担当が私、堀内で」
        let behind = behind.filter(|name| !SELF.contains(&&text[name.clone()])).or_else(|| {
            let rest = text[title.end..until]
                .strip_prefix('が')
                .or_else(|| text[title.end..until].strip_prefix('は'))?;
            let word = SELF.iter().find(|word| rest.starts_with(**word))?;
            let name = name_at(text, until - rest[word.len()..].strip_prefix('、')?.len()..until)?;
            speaker_named = true;
            Some(name)
        });
        let end = behind.as_ref().map_or(title.end, |n| skip_honorific(text, n.end));
        let name = behind.or_else(|| name_before(text, range.start, title.start));
        let office = choice.map(|choice| (choice, title.clone()));
        members.push(Member {
            profession: office.is_none().then(|| title.clone()),
            title: office,
            org: org_before(text, range.start, title.start),
            words: name.as_ref().map_or(title.start, |n| n.start.min(title.start))..end,
            name,
        });
    }
    members.sort_by_key(|m| m.words.start);
    // 「私、児童福祉司の江端と」: the title and the name are the speaker's.
    let own = members.windows(2).position(|pair| {
        let [own, next] = pair else { return false };
        let bare = own.title.is_none() && own.profession.is_none() && own.name.is_none();
        let gap = &text[own.words.end..next.words.start.max(own.words.end)];
        bare && ["、", "は", "は、", "が", "", "、同じく"].contains(&gap)
    });
    if let Some(own) = own {
        members.remove(own);
    }
    members.retain(|m| !SELF.contains(&&text[m.words.clone()]) || !speaker_named);
    take_back(text, &mut members);
    members
}

/// 「永井医師」「石田園長」: two or three kanji directly in front of the title that are no part of it.
fn name_before(text: &str, from: usize, title: usize) -> Option<Range<usize>> {
    let length: usize =
        text[from..title].chars().rev().take_while(|c| is_kanji(*c)).map(char::len_utf8).sum();
    let name = title - length..title;
    let count = text[name.clone()].chars().count();
    let plain = (2..=3).contains(&count) && !ends_with_any(&text[name.clone()], &WORDS.staff.no_names);
    plain.then_some(name)
}

/// 「保健師の大西」「MSW、石井さん」「保健師大西」「児童心理司は片岡です」
fn name_behind(text: &str, title: usize, until: usize) -> Option<Range<usize>> {
    let gap = ["の", "、", "は、", "は"].iter().find(|p| text[title..until].starts_with(**p)).copied();
    let name = name_at(text, title + gap.map_or(0, str::len)..until)?;
    // 「児童福祉司と保健師の大西」 names one of the two.
    if text[name.clone()].chars().count() < 2 && !text[name.clone()].chars().any(is_kanji) {
        return None;
    }
    // 「児童心理司の見立て」 is what he gives.
    if gap == Some("の") && WORDS.diagnosis.views.contains(&&text[name.clone()]) {
        return None;
    }
    let whole = !gap.is_some_and(|gap| gap.starts_with('は'))
        || starts_with_any(&text[name.end..], &["です", "。", "、", "さん", "先生"]);
    whole.then_some(name)
}

/// Drops a member whom the speaker took back: the next of the same title stands behind words of a correction.
fn take_back(text: &str, members: &mut Vec<Member<'_>>) {
    let label = |m: &Member<'_>| m.title.as_ref().map(|(choice, _)| choice.label.clone());
    let mut i = 0;
    while i + 1 < members.len() {
        let between = members[i].words.end..members[i + 1].words.start;
        let same = label(&members[i]).is_some() && label(&members[i]) == label(&members[i + 1]);
        if same && has_any(text, between, TAKEN_BACK) {
            members.remove(i);
        } else {
            i += 1;
        }
    }
}

/// 「みどり病院のMSW」: the words before の, back to the last punctuation.
fn org_before(text: &str, from: usize, title: usize) -> Option<Range<usize>> {
    let words = text[from..title].strip_suffix('の')?;
    let start = words
        .rfind(['、', '。', ' ', 'と', 'は', 'が'])
        .map_or(0, |at| at + words[at..].chars().next().map_or(0, char::len_utf8));
    let org = from + start..from + words.len();
    ends_with_any(
        &text[org.clone()],
        &["病院", "学校", "センター", "園", "所", "署", "課", "市", "区", "町", "村", "県", "支所", "役場"],
    )
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
