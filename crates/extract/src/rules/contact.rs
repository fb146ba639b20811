//! When, where, how and with whom the contact took place.

use std::ops::Range;
use std::sync::LazyLock;

use record::template::{FieldSpec, FieldType};
use record::{Flag, Grounded, Kept, NormalForm, RowBuilder};
use regex::Regex;
use text::hedge;

use super::{Filled, Outcome, stated};
use crate::people::{name_at, skip_honorific};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{
    clauses, ends_with_any, find_any, has_any, is_kanji, is_katakana, lead_of, spoken_choices,
    starts_with_any, trim,
};

/// The opening of a dictation: sentences before the first narrative heading, at most this many.
const OPENING: usize = 4;
/// A date further behind the start of a reported sentence is not the contact's, in bytes.
const HEAD_BYTES: usize = 15;
const MET: &str = "面接した";
const NOT_MET: &str = "会えなかった";
const REFUSED: &str = "面接拒否";

/// The day and the times: under the field's heading, else in the first sentence that has a time, else a date.
pub(super) fn occasion(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    let candidates: Vec<&Sentence> = if headed.is_empty() { scene.narrative().collect() } else { headed };
    let timed = candidates.iter().position(|s| !scene.times(s.range.clone()).is_empty());
    let dated = candidates.iter().position(|s| {
        let dates = scene.dates(s.range.clone());
        // 「警察から受電、昨夜臨場したとの連絡」 tells another day than the contact's.
        let told = spec.kind == FieldType::Date
            && hedge::flags(scene.words(&s.range)).contains(&Flag::Hearsay)
            && dates.first().is_some_and(|(_, a)| a.range.start > s.range.start + HEAD_BYTES);
        dates.iter().any(|(d, _)| d.is_some()) && !told
    });
    let at = match (timed, dated) {
        // The time may follow in the next sentence, not further away.
        (Some(time), Some(date)) if time <= date + 1 => date.min(time),
        (_, Some(date)) => date,
        (Some(time), None) => time,
        (None, None) => return Ok(None),
    };
    let span = candidates[at].range.start..candidates.get(at + 1).map_or(candidates[at].range.end, |s| {
        if timed == Some(at + 1) && dated == Some(at) { s.range.end } else { candidates[at].range.end }
    });
    let date = scene.dates(span.clone()).into_iter().find_map(|(d, a)| Some((d?, a)));
    let time = scene.times(span).into_iter().find(|(_, _, t)| {
        // 「今朝9時」: the day's word is part of the time.
        let holds = |d: &Range<usize>| d.start <= t.range.start && d.end < t.range.end;
        date.is_none_or(|(_, d)| t.range.start >= d.range.end || holds(&d.range))
    });

    if spec.kind == FieldType::TimeRange {
        return Ok(time.map(|(start, end, words)| {
            let form = NormalForm::TimeRange(start, end);
            let range = std::slice::from_ref(&words.range);
            let grounded = if start.certain {
                Grounded::normal(scene.doc, range, &form)
            } else {
                Grounded::words(scene.doc, range)
            };
            Outcome::Stated(grounded.with_flags(words.flags.iter().copied()))
        }));
    }
    let Some((day, day_words)) = date else {
        if spec.kind == FieldType::Date {
            return Ok(None);
        }
        let words = time.map(|(_, _, a)| a.range.clone()).into_iter().collect::<Vec<_>>();
        return Ok(Some(Outcome::Stated(Grounded::words(scene.doc, &words).with_flags([Flag::NoAnchor]))));
    };
    let mut ranges = vec![day_words.range.clone()];
    let mut flags = day_words.flags.clone();
    let time = time.filter(|_| spec.kind != FieldType::Date);
    if let Some((_, _, words)) = &time {
        // One citation from the day to the time where they stand close together.
        let apart = words.range.start.saturating_sub(day_words.range.end);
        if apart <= 12 {
            ranges[0].end = words.range.end;
        } else {
            ranges.push(words.range.clone());
        }
        flags.extend(words.flags.iter().copied());
    }
    let (start, end) = time.map_or((None, None), |(start, end, _)| (Some(start), end));
    let form = match spec.kind {
        FieldType::Date => NormalForm::Date(day),
        FieldType::Datetime => NormalForm::Datetime(day, start),
        _ => NormalForm::DatetimeRange(day, start, end),
    };
    Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, &ranges, &form).with_flags(flags))))
}

/// Where: the first place spoken in the opening, with its name as detail.
pub(super) fn place(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let Some((label, range)) = opening_choice(scene, spec) else { return Ok(None) };
    let mut grounded = Grounded::choice(scene.doc, &spec.choices, label, range.clone())?;
    let mut name = proper_name(scene.text(), &range);
    // 「10時家庭訪問」: the time is no part of the name.
    let moments = scene.doc.annotations_from(name.start.saturating_sub(60));
    let moment = moments
        .take_while(|a| a.range.start < range.start)
        .map(|a| a.range.end)
        .filter(|end| *end <= range.start);
    name.start = moment.max().unwrap_or(name.start).max(name.start);
    if name.start < range.start || (label == "その他" && spec.detail) {
        grounded = grounded.with_detail(scene.doc, name);
    }
    Ok(Some(Outcome::Stated(grounded)))
}

/// How: the first form spoken in the opening.
pub(super) fn form(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let Some((label, range)) = opening_choice(scene, spec) else { return Ok(None) };
    stated(scene, spec, label, range)
}

fn opening_choice<'s>(scene: &'s Scene<'_>, spec: &'s FieldSpec) -> Option<(&'s str, Range<usize>)> {
    let headed = scene.under(&spec.headings);
    let opening = scene.narrative().take(OPENING).filter(|s| s.heading.is_none());
    headed.chain(opening).find_map(|sentence| {
        spoken_choices(scene.text(), sentence.range.clone(), &spec.choices)
            .into_iter()
            // 「当所の児童福祉司」 is no place.
            .find(|s| {
                let ours = scene.words(&s.range) == "当所" && scene.text()[s.range.end..].starts_with('の');
                // 「保健センターの保健師」 neither.
                let there = starts_with_any(
                    &scene.text()[s.range.end..],
                    &[
                        "で",
                        "にて",
                        "。",
                        "、",
                        "内",
                        "の一室",
                        "の相談室",
                        "の更衣室",
                        "の面談室",
                        "のロビー",
                        "の中",
                        "に行",
                        "を訪",
                    ],
                );
                !scene.is_quoted(s.range.start) && !ours && (there || s.choice.label != "その他")
            })
            .map(|s| (s.choice.label.as_str(), s.range))
    })
}

/// The word with the kanji and katakana (and hiragana between them) in front of it: 市立みどり病院.
pub(super) fn proper_name(text: &str, word: &Range<usize>) -> Range<usize> {
    let mut start = word.start;
    for (at, c) in text[..word.start].char_indices().rev() {
        if is_kanji(c) || is_katakana(c) {
            start = at;
        } else if !matches!(c, 'ぁ'..='ん')
            || matches!(c, 'に' | 'で' | 'と' | 'を' | 'は' | 'が' | 'も' | 'へ')
        {
            break;
        }
    }
    // Hiragana at the front of a name (みどり病院) belongs to it.
    let hiragana: usize = text[..start]
        .chars()
        .rev()
        .take_while(|c| {
            matches!(c, 'ぁ'..='ん')
                && !matches!(c, 'に' | 'で' | 'と' | 'を' | 'は' | 'が' | 'も' | 'へ' | 'の')
        })
        .map(char::len_utf8)
        .sum();
    start - hiragana..word.end
}

/// Who was met, who was not, who refused.
pub(super) fn interviewees(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let mut people: Vec<Interviewee> = Vec::new();
    for sentence in scene.sentences.iter().filter(|s| !scene.is_plan(s) && !is_view(s)) {
        // 「会えたのは、本児と実母と、3歳の妹です」
        if let Some(cue) = listing(scene, sentence) {
            // 「お会いできたのは母と本児で、父は寝ていて会えずじまいでした」
            for clause in clauses(scene.text(), cue.end..sentence.range.end) {
                let met = met_in(scene, &clause).unwrap_or(MET);
                for m in scene.mentions(clause) {
                    if let Some(relation) = m.relation {
                        Interviewee::add(&mut people, relation, met, m.range, sentence.range.clone());
                    }
                }
            }
            continue;
        }
        let mut carried: Vec<(String, Range<usize>)> = Vec::new();
        let mut listed = false;
        for clause in clauses(scene.text(), sentence.range.clone()) {
            let outcome = met_in(scene, &clause);
            let mut mentions: Vec<_> = scene
                .mentions(clause.clone())
                .into_iter()
                .filter_map(|m| Some((m.relation?, m.range)))
                .collect();
            let has_quote = !scene.quotes(sentence.range.clone()).is_empty();
            // 「本児、弟、実母と面接」: clauses of a name alone go with what follows.
            let bare = is_list_item(scene, &clause);
            if mentions.is_empty() {
                mentions.extend(carried.last().cloned());
            } else if listed {
                let behind = std::mem::replace(&mut mentions, carried.clone());
                mentions.extend(behind);
            }
            listed = bare && outcome.is_none();
            carried.clone_from(&mentions);
            match outcome {
                Some(met) => mentions.into_iter().for_each(|(r, range)| {
                    Interviewee::add(&mut people, r, met, range, clause.clone());
                }),
                None if has_quote => {
                    for (quote, _) in scene.quotes(sentence.range.clone()) {
                        let Some(speaker) = &quote.speaker else { continue };
                        if let Some(m) = scene.mentions(speaker.clone()).into_iter().next()
                            && let Some(relation) = m.relation
                        {
                            Interviewee::add(
                                &mut people,
                                relation,
                                MET,
                                m.range,
                                speaker.start..quote.verb.end,
                            );
                        }
                    }
                }
                None => {}
            }
        }
    }
    // What stands under 本児の様子 was seen.
    let seen = scene.sentences.iter().find(|s| s.heading.as_deref() == Some("本児の様子"));
    if let Some(seen) = seen.filter(|s| super::without(scene, s).is_none()) {
        Interviewee::add(&mut people, "本児".to_owned(), MET, seen.full.clone(), seen.full.clone());
    }

    let mut rows = Vec::new();
    for person in people {
        let mut row = RowBuilder::new(scene.doc, spec);
        row.choose("relation", &person.relation, person.mention.clone())?;
        if scene.words(&person.mention) != person.relation && person.mention.len() < 40 {
            row.keep("relation", Kept::Detail, person.mention)?;
        }
        row.choose("met", person.met, trim(scene.text(), person.evidence))?;
        rows.push(row);
    }
    for sentence in scene.narrative().filter(|s| !is_view(s)) {
        match listing(scene, sentence) {
            Some(cue) => listed(scene, spec, sentence, &cue, &mut rows)?,
            None => professionals(scene, spec, sentence, &mut rows)?,
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// Under these headings stand wishes and views, and not who was met.
fn is_view(sentence: &Sentence) -> bool {
    const VIEWS: &[&str] = &["所見", "保護者の意向", "本児の意向", "告知内容", "目的"];
    sentence.heading.as_deref().is_some_and(|h| VIEWS.contains(&h))
}

/// The words that say that those behind them were met: 「お会いできたのは、」「会った人、」, or the heading of those who were met.
fn listing(scene: &Scene<'_>, sentence: &Sentence) -> Option<Range<usize>> {
    let text = scene.text();
    if sentence.heading.as_deref() == Some("面接対象者") && met_in(scene, &sentence.range).is_none() {
        // A name or a relation and no verb: 「本児、担任の相田先生」.
        let range = trim(text, sentence.range.clone());
        let told = ends_with_any(&text[range.clone()], &["です", "。", "、", "先生", "さん"])
            || text[range.clone()].ends_with(|c| is_kanji(c) || is_katakana(c));
        return told.then(|| sentence.head.clone()).flatten().map(|head| head.start..head.end);
    }
    let found = MET_WERE.as_ref()?.find(&text[sentence.range.clone()])?;
    Some(sentence.range.start + found.start()..sentence.range.start + found.end())
}

static MET_WERE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("(?:(?:お会い|面接|面会|面談|お話)(?:でき|し)た|会えた|会った|お会いした|お?話を(?:聞(?:いた|けた)|うかがった|伺った|お聞きした|うかがえた|伺えた)|聞き取りを(?:した|行った)|聞き取った|話ができた|話を聞くことができた|会うことができた|お会いした)(?:の|人|方|相手|かた)は、?").ok()
});

/// People of other organisations in a list of those who were met.
fn listed<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    sentence: &Sentence,
    cue: &Range<usize>,
    rows: &mut Vec<RowBuilder<'d>>,
) -> Result<(), record::GroundingError> {
    let mut from = cue.end.max(sentence.range.start);
    while let Some(title) = find_any(scene.text(), from..sentence.range.end, &WORDS.contact.professions) {
        from = title.end;
        rows.push(professional(scene, spec, sentence, title, sentence.range.end, (MET, cue))?);
    }
    Ok(())
}

/// 「病院のMSW、石井さんとも面接しました」「園長の石田先生、担任の小川先生から聴取」: people of other organisations.
fn professionals<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    sentence: &Sentence,
    rows: &mut Vec<RowBuilder<'d>>,
) -> Result<(), record::GroundingError> {
    let text = scene.text();
    for clause in clauses(text, sentence.range.clone()) {
        // 「校長は出張のため会えませんでした」
        let title = find_any(text, clause.clone(), &WORDS.contact.professions).filter(|t| {
            starts_with_any(&text[t.end..], &["は", "が", "とは", "には", "先生は", "先生には", "先生とは"])
        });
        let missed = find_any(text, clause.clone(), &["会えず", "会えな", "会えませ", "会えてい", "不在"]);
        if let (Some(title), Some(missed)) = (title, missed)
            && title.end < missed.start
            && scene.mentions(title.end..missed.start).is_empty()
            && !scene.is_quoted(title.start)
        {
            rows.push(professional(scene, spec, sentence, title, missed.start, (NOT_MET, &missed))?);
        }
    }
    let Some(met) = find_any(text, sentence.range.clone(), &WORDS.contact.met_with) else {
        return Ok(());
    };
    let mut from = sentence.range.start;
    while let Some(title) = find_any(text, from..met.start, &WORDS.contact.professions) {
        from = title.end;
        rows.push(professional(scene, spec, sentence, title, met.start, (MET, &met))?);
    }
    Ok(())
}

fn professional<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    sentence: &Sentence,
    title: Range<usize>,
    until: usize,
    (outcome, met): (&str, &Range<usize>),
) -> Result<RowBuilder<'d>, record::GroundingError> {
    let text = scene.text();
    let mut row = RowBuilder::new(scene.doc, spec);
    let gap = lead_of(&text[title.end..until], &["、", "の"]);
    if let Some(name) = name_at(text, title.end + gap..until)
        .filter(|n| skip_honorific(text, n.end) == until || skip_honorific(text, n.end) > n.end)
    {
        row.copy("name", name)?;
    }
    row.choose("relation", "その他", title.clone())?;
    row.keep("relation", Kept::Detail, title.clone())?;
    if let Some(org) =
        text[sentence.range.start..title.start].strip_suffix('の').filter(|o| !o.contains('、'))
    {
        row.copy("org", sentence.range.start..sentence.range.start + org.len())?;
    }
    row.choose("met", outcome, met.clone())?;
    row.cite(trim(text, sentence.range.clone()));
    Ok(row)
}

struct Interviewee {
    relation: String,
    met: &'static str,
    mention: Range<usize>,
    evidence: Range<usize>,
}

impl Interviewee {
    /// A refusal outranks an absence, an absence a meeting: 「面接拒否」 said once is not undone by words through a door.
    fn add(
        people: &mut Vec<Self>,
        relation: String,
        met: &'static str,
        mention: Range<usize>,
        evidence: Range<usize>,
    ) {
        let rank = |met: &str| [MET, NOT_MET, REFUSED].iter().position(|m| *m == met);
        match people.iter_mut().find(|p| p.relation == relation) {
            Some(known) if rank(met) > rank(known.met) => {
                (known.met, known.evidence) = (met, evidence);
            }
            Some(_) => {}
            None => people.push(Self { relation, met, mention, evidence }),
        }
    }
}

/// A clause of people and nothing else: 「本児、」「弟と」.
fn is_list_item(scene: &Scene<'_>, clause: &Range<usize>) -> bool {
    let text = scene.text();
    let words = trim(text, clause.clone());
    let people = scene.mentions(words.clone());
    let covered: usize = people.iter().map(|m| m.range.len()).sum();
    let age = scene.doc.annotations_in(words.clone()).map(|a| a.range.len()).sum::<usize>();
    !people.is_empty() && words.len() <= covered + age + "と".len() * people.len() + "の".len()
}

fn met_in(scene: &Scene<'_>, clause: &Range<usize>) -> Option<&'static str> {
    let has = |words: &[&str]| has_any(scene.text(), clause.clone(), words);
    if has(&["面接拒否", "面接を拒否", "面会拒否", "面会を拒否"]) {
        Some(REFUSED)
    } else if has(&[
        "不在",
        "会えず",
        "会えな",
        "会えませ",
        "会えてい",
        "会っていませ",
        "会っていな",
        "来られず",
        "不通",
        "電話に出ず",
        "連絡がつか",
    ]) {
        Some(NOT_MET)
    } else if has(&WORDS.contact.met) {
        Some(MET)
    } else {
        None
    }
}
