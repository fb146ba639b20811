//! Items of one line of the face sheet: the words behind a heading or a cue.

use std::ops::Range;
use std::sync::LazyLock;

use record::Grounded;
use record::template::FieldSpec;
use regex::Regex;

use super::child::words_after_cue;
use super::section::whole_section;
use super::{Filled, Outcome, child};
use crate::people::skip_honorific;
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, has_any, trim, trim_end_of};

/// Languages in front of their verb: 「タガログ語と日本語を使って」.
static LANGUAGES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"((?:[一-龠ァ-ヴー]+語)(?:[と、や](?:[一-龠ァ-ヴー]+語))*)(?:を(?:使|話|用い)|で(?:会話|話|やりとり))").ok()
});

/// A reading in front of its verb.
static READ: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"([ぁ-んー]{3,14})と(?:読み|読む|よみ|よむ|読んで|発音)").ok());

/// The words behind a heading or 「…は、」: one line of the sheet.
pub(super) fn item(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some(sentence) = scene.under(&spec.headings).next() {
        if let Some(outcome) =
            whole_section(scene, vec![sentence]).filter(|o| matches!(o, Outcome::Without { .. }))
        {
            return Ok(Some(outcome));
        }
        let words = line(scene, spec, sentence.range.clone());
        return Ok((!words.is_empty()).then(|| Outcome::Stated(Grounded::copied(scene.doc, &[words]))));
    }
    let reporter = |s: &Sentence| has_any(text, s.full.clone(), &["通告者", "相談者"]);
    for sentence in scene.narrative().filter(|s| !reporter(s)) {
        let Some(outcome) = words_after_cue(scene, sentence, &spec.cues) else { continue };
        if let (Outcome::Stated(_), [words]) = (&outcome, outcome.ranges()) {
            let words = line(scene, spec, words.clone());
            return Ok((!words.is_empty()).then(|| Outcome::Stated(Grounded::copied(scene.doc, &[words]))));
        }
        return Ok(Some(outcome));
    }
    Ok(None)
}

/// The words of one line: up to the clause that begins another (「日本語、通訳は不要」「フィリピンで、家では…」), without its ending.
fn line(scene: &Scene<'_>, spec: &FieldSpec, range: Range<usize>) -> Range<usize> {
    let text = scene.text();
    let others = |words: &str| {
        let fields = scene.template.fields.iter().filter(|f| f.id != spec.id);
        fields.flat_map(|f| f.headings.iter().chain(&f.cues)).any(|w| words.starts_with(w.as_str()))
    };
    let mut end = range.end;
    for clause in clauses(text, range.clone()).into_iter().skip(1) {
        let words = text[clause.clone()].trim_end_matches(['。', '、']);
        let predicate =
            text[..clause.start].trim_end_matches('、').ends_with('で') && words.contains(['は', 'が', 'を']);
        let sex = ["男", "女", "男の子", "女の子"].contains(&words);
        if others(words) || predicate || sex {
            end = clause.start;
            break;
        }
    }
    let words = trim(text, range.start..end);
    let words = trim_end_of(text, words, &WORDS.item.endings);
    // で only where the line was cut behind it.
    if end < range.end { trim_end_of(text, words, &["で"]) } else { words }
}

/// The languages: the line, else those that somebody uses or speaks (「家ではタガログ語と日本語を使っています」).
pub(super) fn languages(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(told) = item(scene, spec)? {
        return Ok(Some(told));
    }
    let text = scene.text();
    let spoken =
        scene.narrative().filter(|s| !has_any(text, s.full.clone(), &["「", "通告者"])).find_map(|s| {
            let found = LANGUAGES.as_ref()?.captures(&text[s.range.clone()])?.get(1)?;
            Some(s.range.start + found.start()..s.range.start + found.end())
        });
    Ok(spoken.map(|words| Outcome::Stated(Grounded::copied(scene.doc, &[words]))))
}

/// The reading of the child's name: kana behind its words.
pub(super) fn kana(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let is_kana = |words: &str| {
        words.chars().all(|c| matches!(c, 'ぁ'..='ん' | 'ァ'..='ヴ' | 'ー' | ' ' | '　' | '・'))
            && !words.is_empty()
    };
    if let Some(words) = first_clause(scene, spec, is_kana) {
        return Ok(Some(Outcome::Stated(Grounded::copied(scene.doc, &[words]))));
    }
    match item(scene, spec)? {
        Some(Outcome::Stated(grounded)) if is_kana(grounded.display()) => Ok(Some(Outcome::Stated(grounded))),
        Some(Outcome::Stated(_)) => Ok(None),
        None => {
            // 「三浦もえ、みうらもえ、女」: the reading behind the bare name.
            let text = scene.text();
            let reading = child::introduced(scene).and_then(|(sentence, name)| {
                let behind = skip_honorific(text, name.end)..sentence.range.end;
                let clause = clauses(text, trim(text, behind)).into_iter().next()?;
                let words = trim(text, clause);
                (is_kana(&text[words.clone()]) && text[words.clone()].chars().count() > 2).then_some(words)
            });
            // 「たかはしかいとと読みます」
            let read = || {
                scene.narrative().find_map(|s| {
                    let found = READ.as_ref()?.captures(&text[s.range.clone()])?.get(1)?;
                    Some(s.range.start + found.start()..s.range.start + found.end())
                })
            };
            // 「児童の氏名は久保ひなた、くぼひなた、男児です」
            let listed = || {
                scene
                    .narrative()
                    .filter(|s| has_any(text, s.full.clone(), &["氏名は", "名前は", "氏名、", "名前、"]))
                    .find_map(|s| {
                        let clause =
                            clauses(text, s.range.clone()).into_iter().skip(1).map(|c| trim(text, c));
                        clause
                            .into_iter()
                            .find(|c| is_kana(&text[c.clone()]) && text[c.clone()].chars().count() > 2)
                    })
            };
            let reading = reading.or_else(read).or_else(listed);
            Ok(reading.map(|words| Outcome::Stated(Grounded::copied(scene.doc, &[words]))))
        }
        without => Ok(without),
    }
}

/// The first words of the section up to a comma, where they are kana.
fn first_clause(scene: &Scene<'_>, spec: &FieldSpec, is_kana: impl Fn(&str) -> bool) -> Option<Range<usize>> {
    let text = scene.text();
    let sentence = scene.under(&spec.headings).next()?;
    let words = trim(text, clauses(text, sentence.range.clone()).into_iter().next()?);
    let words = trim_end_of(text, words, &["だそうです", "です"]);
    is_kana(&text[words.clone()]).then_some(words)
}
