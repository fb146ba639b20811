//! The organisations that are involved.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Grounded, NormalForm, RowBuilder};

use super::headed_or_cued;
use crate::people::{name_at, skip_honorific};
use crate::rules::{Filled, Outcome, contact, without};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, ends_with_any, find_any, lead_of, trim, trim_end_of};

/// The name of an organisation in `range`.
pub(in crate::rules) fn agency_in(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let word = find_any(text, range.clone(), &WORDS.agencies.ends)?;
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
pub(in crate::rules) fn agencies(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows: Vec<RowBuilder<'_>> = Vec::new();
    let mut status = None;
    let mut told = headed_or_cued(scene, spec);
    if told.is_empty() {
        told = scene.headless().filter(|s| is_of_helper(scene, s)).collect();
    }
    for sentence in told {
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
            let words = trim_end_of(text, trim(text, clause.clone()), &WORDS.agencies.role_endings);
            // 「担当は小田さん」
            let leads = ["担当者は", "担当は", "窓口は", "相談員は", "役割は", "内容は"];
            let words = words.start + lead_of(&text[words.clone()], &leads)..words.end;
            let phone = scene.phone(clause);
            if let Some((number, words)) = phone {
                row.normal("contact", &NormalForm::Phone(number), words)?;
            } else if is_officer(text, &words) && !row.has("person") {
                row.copy("person", trim_end_of(text, words, &["さん"]))?;
            } else if let Some((who, role)) = officer_and_role(text, &words).filter(|_| !row.has("person")) {
                row.copy("person", who)?;
                row.copy("role", role)?;
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

/// 「若者サポートステーションの梶浦さんが、履歴書の書き方を教えてくれています」: somebody of an organisation who goes on helping.
fn is_of_helper(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let range = sentence.range.clone();
    let Some(agency) = agency_in(text, &range).filter(|a| a.start == trim(text, range.clone()).start) else {
        return false;
    };
    let who = find_any(text, agency.end..range.end, &["さんが", "先生が"]);
    let near = who.is_some_and(|who| text[agency.end..who.start].chars().count() <= 12);
    let goes_on = [
        "くれています",
        "くれている",
        "くれます",
        "くれる",
        "受け持っています",
        "担当しています",
        "しています",
        "支えています",
    ];
    text[agency.end..].starts_with('の')
        && near
        && ends_with_any(&text[trim(text, range.clone())], &goes_on)
        && scene.quotes(range.clone()).is_empty()
        && !text[range].contains('「')
}

/// 「保健師の上村さんが月1回訪問」: who, and what he does.
fn officer_and_role(text: &str, words: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
    let particle = find_any(text, words.clone(), &["さんが", "先生が", "氏が"])?;
    let end = particle.end - "が".len();
    let who = trim_end_of(text, words.start..end, &["さん"]);
    let role = trim(text, particle.end..words.end);
    (is_officer(text, &(words.start..end)) && !role.is_empty()).then_some((who, role))
}

/// 「佐伯先生」「館長の多田さん」, and in a list without honorifics 「相談員の尾崎」.
fn is_officer(text: &str, words: &Range<usize>) -> bool {
    let said = &text[words.clone()];
    let post = said.split_once('の').is_some_and(|(post, name)| {
        ends_with_any(post, &WORDS.agencies.posts)
            && (1..=5).contains(&name.chars().count())
            && name.chars().all(|c| crate::words::is_kanji(c) || crate::words::is_katakana(c))
    });
    post || ends_with_any(said, &["さん", "先生", "氏"])
}

/// 「担任の山田先生」, 「山田さん」: the name.
fn officer(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let start = text[range.clone()].rfind('の').map_or(range.start, |at| range.start + at + "の".len());
    name_at(text, start..range.end).filter(|n| skip_honorific(text, n.end) > n.end)
}
