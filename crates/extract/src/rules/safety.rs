//! The safety check: who saw the child and how, what was seen under the clothes, brothers and sisters.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Grounded, NormalForm, Reason, RowBuilder};

use super::section::whole_section;
use super::speech::is_child;
use super::{Filled, Outcome, copied, family, staff, stated, without, without_as};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{clauses, find_all, find_any, has_any, spoken_choices, starts_with_any, trim};

const BY_OFFICE: &str = "児相職員の直接目視";
const BY_TOWN: &str = "市区町村職員の目視";
const BY_SCHOOL: &str = "所属機関(園・学校)による目視";
const BY_POLICE: &str = "警察";
const BY_HOSPITAL: &str = "医療機関";
const UNSEEN: &str = "未確認";
/// Who sees, by the words for them in front of the seeing.
fn seers() -> [(&'static str, &'static [&'static str]); 5] {
    let words = &WORDS.safety;
    [
        (BY_POLICE, &words.police),
        (BY_HOSPITAL, &words.hospital),
        (BY_SCHOOL, &words.school),
        (BY_TOWN, &words.town),
        (BY_OFFICE, &words.office),
    ]
}

/// Words that take back what stands in front of them.
const TAKEN_BACK: &[&str] = &["じゃなくて", "ではなく", "いや、", "訂正、", "失礼、"];

/// Who saw the child with his own eyes; 未確認 where the dictation says that nobody could.
pub(super) fn check_method(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some(sentence) = scene.under(&spec.headings).next() {
        // 「警察、じゃなくて、学校による目視」: what stands behind the correction.
        let from = TAKEN_BACK
            .iter()
            .filter_map(|cue| {
                text[sentence.range.clone()].find(cue).map(|at| sentence.range.start + at + cue.len())
            })
            .max()
            .unwrap_or(sentence.range.start);
        let said = from..sentence.range.end;
        if let Some(spoken) = spoken_choices(text, said.clone(), &spec.choices).into_iter().next() {
            return stated(scene, spec, &spoken.choice.label, spoken.range);
        }
        if let Some((label, words)) =
            seers().into_iter().find_map(|(label, words)| Some((label, find_any(text, said.clone(), words)?)))
        {
            return stated(scene, spec, label, words);
        }
    }
    // 「医療機関の目視」: the label with its verb, wherever it is said.
    for sentence in scene.narrative().filter(|s| s.heading.is_none()) {
        let spoken = spoken_choices(text, sentence.range.clone(), &spec.choices).into_iter().find(|s| {
            let seen = ["の目視", "による目視", "が目視", "の直接目視", "が直接目視"];
            !scene.is_quoted(s.range.start) && starts_with_any(&text[s.range.end..], &seen)
        });
        if let Some(spoken) = spoken.filter(|s| !scene.is_negated(s.range.clone())) {
            return stated(scene, spec, &spoken.choice.label, spoken.range);
        }
    }
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    let told = scene.narrative().filter(|s| s.heading.as_deref() != Some("所見"));
    let mut unseen = None;
    for sentence in headed.into_iter().chain(told) {
        // The last word for it: a heading (「安全確認、」) may stand in front.
        let words = WORDS.safety.seen.iter().flat_map(|word| find_all(text, sentence.full.clone(), word));
        let Some(word) = words.filter(|w| !scene.is_quoted(w.start)).max_by_key(|w| (w.start, w.end)) else {
            continue;
        };
        let negated = scene.is_negated(word.clone())
            || status(text, word.end..sentence.range.end).is_some()
            || has_any(text, word.end..sentence.full.end, &["未", "できず", "できていない", "には至らず"]);
        if negated {
            unseen = unseen.or(Some(word));
            continue;
        }
        // A heading word alone (「安全確認。」) tells nothing.
        if trim(text, sentence.full.clone()) == word
            || has_any(text, word.end..sentence.full.end, &["期限", "のため", "を依頼", "以内"])
        {
            continue;
        }
        let before = sentence.full.start..word.start;
        // The seer nearest to the word.
        let seer = seers()
            .into_iter()
            .flat_map(|(label, words)| words.iter().map(move |w| (label, *w)))
            .filter_map(|(label, w)| text[before.clone()].rfind(w).map(|at| (before.start + at, label, w)))
            // 「警察から通告を受理して」: who reported has not seen.
            .filter(|(at, _, w)| {
                !starts_with_any(&text[at + w.len()..], &["から", "より", "へ", "の通告", "に"])
            })
            .max_by_key(|(at, _, w)| (at + w.len(), w.len()));
        // 「児童福祉司と保健師が」: the office saw, with whoever came along.
        let titles = WORDS.safety.office.iter().filter(|w| !["職員", "担当"].contains(w));
        let office = titles
            .filter_map(|w| text[before.clone()].rfind(w).map(|at| (before.start + at, BY_OFFICE, *w)))
            .max_by_key(|(at, ..)| *at);
        let seer = match seer {
            Some((_, BY_TOWN, _)) => office.or(seer),
            _ => seer,
        };
        if let Some((at, label, w)) = seer {
            return stated(scene, spec, label, at..at + w.len());
        }
        if let Some((label, words)) = by_staff(scene) {
            return stated(scene, spec, label, words);
        }
    }
    let absent = || {
        scene.narrative().find_map(|s| {
            let child = has_any(text, s.full.clone(), &["本児", "子ども"]);
            find_any(text, s.full.clone(), &WORDS.safety.absent).filter(|_| child)
        })
    };
    // 「自宅に行きましたが、まだ未確認です」, and nothing else that could be meant.
    let open = || {
        let of_other = ["着衣", "衣服", "けが", "傷", "あざ", "全身", "健診", "通園", "所属"];
        let mut told = scene.narrative();
        told.find_map(|s| {
            let other =
                has_any(text, s.full.clone(), &of_other) || !family::siblings_in(scene, &s.full).is_empty();
            find_any(text, s.full.clone(), &["まだ未確認", "未確認のまま", "安全は未確認"]).filter(|_| !other)
        })
    };
    match unseen.or_else(absent).or_else(open) {
        Some(words) => stated(scene, spec, UNSEEN, words),
        None => Ok(None),
    }
}

/// The office whose people attended: where no sentence names the one who saw.
fn by_staff(scene: &Scene<'_>) -> Option<(&'static str, Range<usize>)> {
    let rows = scene.field("staff")?;
    let titles = staff::titles_of(scene, rows);
    let office =
        titles.iter().find(|(label, _)| matches!(label.as_str(), "児童福祉司" | "児童心理司" | "SV"));
    let town = titles.iter().find(|(label, _)| matches!(label.as_str(), "保健師" | "家庭相談員"));
    office.map(|(_, w)| (BY_OFFICE, w.clone())).or(town.map(|(_, w)| (BY_TOWN, w.clone())))
}

/// 有 / 無 / 不明 of an interview without the parents.
pub(super) fn interviewed_alone(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in scene.about(spec) {
        let Some(cue) = find_any(text, sentence.full.clone(), &spec.cues) else { continue };
        if scene.is_quoted(cue.start) {
            continue;
        }
        let behind = cue.end..sentence.full.end;
        let words = &text[cue.clone()];
        let apart = !words.starts_with("同席") || scene.is_negated(cue.clone());
        let failed = has_any(text, behind.clone(), &WORDS.safety.not_alone);
        if apart
            && let Some(found) = status(text, behind.clone())
            && found.reason.state() == record::State::Unknown
            && !failed
        {
            return Ok(Some(without_as(scene, sentence, found.reason, None)));
        }
        if apart && !failed {
            let about_talk =
                has_any(text, sentence.full.clone(), &["面接", "面会", "話", "聞", "聴", "会", "確認"]);
            if !about_talk && !words.starts_with("同席") {
                continue;
            }
            let whole = std::slice::from_ref(&sentence.full);
            return Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, whole, &NormalForm::Present))));
        }
        // 「実母同席で面接」, 「離れては話を聞けず」
        if has_any(text, sentence.full.clone(), &["面接", "面会", "話", "聞", "聴", "確認"]) {
            return Ok(Some(without_as(scene, sentence, Reason::None, None)));
        }
    }
    Ok(None)
}

/// 実施, 一部 or 未実施, with the reason in the words that give it.
pub(super) fn body_check(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in scene.about(spec) {
        let Some(cue) = find_any(text, sentence.full.clone(), &spec.cues)
            .or_else(|| sentence.heading.is_some().then_some(sentence.full.start..sentence.full.start))
        else {
            continue;
        };
        if scene.is_quoted(cue.start) {
            continue;
        }
        let behind = cue.start..sentence.full.end;
        let partly = find_any(text, behind.clone(), &WORDS.safety.partly);
        let not_done = find_any(text, behind.clone(), &WORDS.safety.not_done);
        let done = find_any(text, behind, &WORDS.safety.done);
        // 「腕は見たが、背中は見ていない」
        let both = done.as_ref().zip(not_done.as_ref()).is_some_and(|(done, not)| {
            done.end <= not.start
                && has_any(text, done.end..not.start, &["が、", "けど", "けれど", "ものの", "一方"])
        });
        let partly = partly.or_else(|| not_done.clone().filter(|_| both));
        let (label, words) = match (partly, not_done, done) {
            (Some(words), ..) => ("一部", words),
            (None, Some(words), _) => ("未実施", words),
            (None, None, Some(words)) => ("実施", words),
            (None, None, None) => continue,
        };
        let grounded = Grounded::choice(scene.doc, &spec.choices, label, words.clone())?;
        let grounded = match reason(scene, sentence, &words).filter(|_| label != "実施" && spec.detail) {
            Some(reason) => grounded.with_detail(scene.doc, reason),
            None => grounded,
        };
        return Ok(Some(Outcome::Stated(grounded)));
    }
    Ok(None)
}

/// 「本児が嫌がったため」, 「見せてもらえず」: why it was not done.
fn reason(scene: &Scene<'_>, sentence: &Sentence, words: &Range<usize>) -> Option<Range<usize>> {
    let text = scene.text();
    for clause in clauses(text, sentence.range.clone()) {
        for because in ["ため", "ので", "により", "から、"] {
            if let Some(at) = text[clause.clone()].find(because) {
                return Some(trim(text, clause.start..clause.start + at));
            }
        }
    }
    let told = starts_with_any(&text[words.clone()], &["見せてもらえ", "拒否", "嫌が", "見せてくれ"]);
    told.then(|| words.clone())
}

/// 有 where the injury table finds one; 無 or 不明 as the words say.
pub(super) fn injury_present(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let present = |ranges: &[Range<usize>]| {
        Some(Outcome::Stated(Grounded::normal(scene.doc, ranges, &NormalForm::Present)))
    };
    let table = scene.field("injuries");
    if let Some(table) = table {
        match super::by_name("injuries")?.fill(scene, table)? {
            Some(Outcome::Stated(rows)) => return Ok(present(rows.ranges().get(..1).unwrap_or_default())),
            Some(without) => return Ok(Some(without)),
            None => {}
        }
    }
    for sentence in scene.about(spec) {
        let Some(cue) = find_any(text, sentence.full.clone(), &spec.cues) else { continue };
        let behind = text[cue.end..sentence.full.end].trim_start_matches(['は', 'が', 'も', '、', '。', ' ']);
        if starts_with_any(behind, &["あり", "有", "ある", "が見られ", "見られた", "認め"])
            && !scene.is_negated(cue)
        {
            return Ok(present(std::slice::from_ref(&sentence.full)));
        }
    }
    // 「背中は見せてもらえず確認できず」: whether there is an injury could not be seen.
    let hidden = scene.narrative().find(|s| {
        has_any(text, s.full.clone(), &["全身", "着衣の下", "衣服の下", "服の下", "背中", "腹部"])
            && status(text, s.full.clone()).is_some_and(|s| s.reason == Reason::CouldNotConfirm)
    });
    Ok(hidden.map(|s| without_as(scene, s, Reason::CouldNotConfirm, None)))
}

/// What the child said, sentence by sentence.
pub(super) fn child_statements(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if let Some(first) = headed.first() {
        if let Some(outcome @ Outcome::Without { .. }) = whole_section(scene, vec![first]) {
            return Ok(Some(outcome));
        }
        // The section ends where nobody is quoted any more, but not before its first sentence.
        let quoting =
            |s: &Sentence| !scene.quotes(s.range.clone()).is_empty() || text[s.range.clone()].contains('「');
        let kept = headed.iter().enumerate().take_while(|(i, s)| *i == 0 || quoting(s)).map(|(_, s)| *s);
        return Ok(copied(scene, kept));
    }
    let said = scene.narrative().filter(|s| {
        // 「本児が話したのは『…』だけ」
        let only = [
            "本児が話した",
            "本児が言った",
            "本児が口にした",
            "本児が発した",
            "本児の言葉は",
            "子どもが話した",
            "子どもが言った",
        ];
        if text[s.range.clone()].contains('「') && has_any(text, s.range.clone(), &only) {
            return true;
        }
        // 「腕は『ころんだ』と話す」: without a speaker it is the child who is seen.
        let others = scene.mentions(s.range.clone()).iter().any(|m| m.relation.as_deref() != Some("本児"))
            || has_any(text, s.range.clone(), &["先生", "担任", "園長", "看護師", "医師", "さん"]);
        let unnamed = !others
            && scene.quotes(s.range.clone()).iter().any(|(quote, _)| {
                let verb = scene.words(&quote.verb);
                quote.speaker.is_none()
                    && ["話", "言", "答", "つぶや", "訴え"].iter().any(|v| verb.contains(v))
            });
        unnamed
            || scene
                .quotes(s.range.clone())
                .iter()
                .any(|(quote, _)| quote.speaker.clone().is_some_and(|who| is_child(scene, spec, &who)))
    });
    Ok(copied(scene, said))
}

/// A row for each brother or sister: whether he or she was seen.
pub(super) fn siblings_checked(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows: Vec<(String, RowBuilder<'_>)> = Vec::new();
    let mut status = None;
    for sentence in scene.about(spec) {
        let mut people = family::siblings_in(scene, &sentence.range);
        // 「5歳の弟がいて、弟の姿は…」: the same one again.
        people.dedup_by(|later, first| {
            later.relation == first.relation && text[later.range.end..].starts_with("の")
        });
        if people.is_empty() {
            let about = has_any(text, sentence.full.clone(), &["きょうだい", "兄弟", "姉妹"]);
            status = status.or_else(|| without(scene, sentence).filter(|_| about));
            continue;
        }
        for (i, person) in people.iter().enumerate() {
            let start = if i == 0 { sentence.range.start } else { person.range.start };
            let end = people.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
            let label = person.relation.clone().unwrap_or_default();
            if rows.iter().any(|(known, row)| *known == label && row.has("confirmed")) {
                continue;
            }
            let mut row = RowBuilder::new(scene.doc, spec);
            // Without a name the word for the child says whom the row is about.
            let name = family::named(text, person, end);
            let column = if name == person.range { "note" } else { "name" };
            row.copy(column, name)?;
            family::age(scene, &mut row, start..end)?;
            // 「兄と妹は学校で確認」: what is said of the last holds for all.
            let said = person.range.end..sentence.range.end;
            if let Some(words) = find_any(text, said.clone(), &WORDS.safety.sibling_unseen) {
                row.choose("confirmed", "無", words)?;
            } else if let Some(words) = find_any(text, said.clone(), &WORDS.safety.sibling_seen) {
                let label = if scene.is_negated(words.clone()) { "無" } else { "有" };
                row.choose("confirmed", label, words)?;
            } else if let Some(words) = find_any(text, said, &["不明"]) {
                row.choose("confirmed", "不明", words)?;
            }
            row.cite(trim(text, sentence.range.clone()));
            rows.retain(|(known, _)| *known != label);
            rows.push((label, row));
        }
    }
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}
