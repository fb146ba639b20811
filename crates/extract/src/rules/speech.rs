//! What people said: statements, explanations of injuries, wishes.

use std::ops::Range;

use record::template::{Choice, FieldSpec};
use record::{Flag, Grounded, Kept, Reason, RowBuilder};

use super::section::whole_section;
use super::{Filled, Outcome, copied, without};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{ends_with_any, find_any, has_any, trim};

/// Verbs of explaining.
const EXPLAINING: &[&str] = &["説明", "言い分", "弁解"];

/// What was heard: the section, or the sentences that quote somebody and belong to no other field.
pub(super) fn statements(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if !headed.is_empty() {
        return Ok(whole_section(scene, headed));
    }
    let said = scene.headless().filter(|s| {
        let told_by_staff =
            has_any(scene.text(), s.range.clone(), &["を説明しました", "を説明した", "を案内", "を告知"]);
        let quoted = !scene.quotes(s.range.clone()).is_empty() || scene.words(&s.range).contains('「');
        let absent = has_any(scene.text(), s.range.clone(), &WORDS.speech.heard)
            && !has_any(scene.text(), s.range.clone(), &["らしい、と", "という噂", "といううわさ"]);
        // 「本児と実母に会い、祖父には会えなかった」 tells only who was met.
        let contact = !quoted
            && has_any(
                scene.text(),
                s.range.clone(),
                &["に会い", "と会い", "に面接", "と面接", "と面会", "に会え", "会えたのは", "会ったのは"],
            )
            && !has_any(
                scene.text(),
                s.range.clone(),
                &["と聞いて", "とのこと", "そうです", "から話を聞", "に話を聞", "から聴取"],
            );
        (quoted || absent) && !contact && !told_by_staff && !scene.is_wish(s) && !scene.is_plan(s)
    });
    Ok(copied(scene, said))
}

/// A wish, else what the child said of a feeling: where an opinion is asked for, 「こわい」 is one.
pub(super) fn opinion(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let wish = wish(scene, spec)?;
    if let Some(Outcome::Stated(_)) = wish {
        return Ok(wish);
    }
    let said_by_child = |who: &Range<usize>| is_child(scene, spec, who);
    let felt = scene.headless().filter(|s| {
        let quoted = scene.quotes(s.range.clone()).into_iter();
        let felt = |quote: &record::Quote, words: &Range<usize>| {
            has_any(scene.text(), words.clone(), &WORDS.speech.feelings)
                || scene.words(&quote.verb).contains("訴え")
        };
        !scene.is_plan(s)
            && quoted
                .filter(|(quote, words)| felt(quote, words))
                .any(|(quote, _)| quote.speaker.as_ref().is_some_and(said_by_child))
    });
    if let Some(felt) = copied(scene, felt) {
        return Ok(Some(felt));
    }
    // 「見つかるまではここでいい」: the child's own words that tell no act are what he thinks of the custody.
    let thought = scene.headless().filter(|s| {
        !scene.is_plan(s)
            && scene.quotes(s.range.clone()).into_iter().any(|(quote, words)| {
                scene.is_quoted(words.start)
                    && quote.speaker.as_ref().is_some_and(said_by_child)
                    && !has_any(scene.text(), words, &WORDS.speech.causes)
            })
    });
    Ok(copied(scene, thought).or(wish))
}

/// The child as a speaker: by the field's words for it, or by name.
pub(super) fn is_child(scene: &Scene<'_>, spec: &FieldSpec, who: &Range<usize>) -> bool {
    spec.cues.iter().any(|cue| scene.words(who).contains(cue.as_str()))
        || scene.mentions(who.clone()).iter().any(|m| m.relation.as_deref() == Some("本児"))
}

/// Who explained an injury, and how. Different explanations stand side by side.
pub(super) fn explanations(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let mut rows = Vec::new();
    for said in explained(scene) {
        let mut row = RowBuilder::new(scene.doc, spec);
        row.cite(said.whole);
        row.choose("speaker", &said.speaker.label, said.mention.clone())?;
        if scene.words(&said.mention) != said.speaker.label {
            row.keep("speaker", Kept::Detail, said.mention)?;
        }
        row.copy("words", said.words)?;
        if said.hearsay {
            row.flag(Flag::Hearsay);
        }
        rows.push(row);
    }
    for (title, words) in told_by_others(scene) {
        let mut row = RowBuilder::new(scene.doc, spec);
        row.cite(title.start..words.end);
        row.choose("speaker", "その他", title.clone())?;
        row.keep("speaker", Kept::Detail, title)?;
        row.copy("words", words)?;
        rows.push(row);
    }
    if let Some(grounded) = Grounded::rows(rows) {
        return Ok(Some(Outcome::Stated(grounded)));
    }
    let refused = scene.narrative().find(|s| {
        has_any(scene.text(), s.full.clone(), EXPLAINING)
            && has_any(scene.text(), s.full.clone(), &WORDS.speech.injuries)
            && matches!(without(scene, s), Some(Outcome::Without { reason, .. }) if reason != Reason::None)
    });
    Ok(refused.and_then(|s| without(scene, s)))
}

/// What somebody outside the family explained: 「担任は『朝からありました』と説明した」. The word for him, and what he said.
fn told_by_others(scene: &Scene<'_>) -> Vec<(Range<usize>, Range<usize>)> {
    let text = scene.text();
    let injured = scene.narrative().any(|s| {
        has_any(text, s.range.clone(), &WORDS.speech.injuries) && super::injury::is_asserted(scene, s)
    });
    let mut found = Vec::new();
    for sentence in scene.narrative().filter(|s| injured && !scene.is_wish(s)) {
        for (quote, words) in scene.quotes(sentence.range.clone()) {
            let explains = EXPLAINING.iter().any(|e| scene.words(&quote.verb).contains(e));
            let Some(speaker) = quote.speaker.clone().filter(|_| explains) else { continue };
            let related = scene.mentions(speaker.clone()).into_iter().any(|m| m.relation.is_some());
            if let Some(title) = find_any(text, speaker, &WORDS.speech.others).filter(|_| !related) {
                found.push((title, words));
            }
        }
    }
    found
}

/// One explanation of an injury.
pub(super) struct Explained<'s> {
    pub(super) speaker: &'s Choice,
    pub(super) mention: Range<usize>,
    pub(super) words: Range<usize>,
    pub(super) whole: Range<usize>,
    pub(super) hearsay: bool,
}

/// The quotations that explain an injury, when the dictation speaks of one.
pub(super) fn explained<'s>(scene: &'s Scene<'_>) -> Vec<Explained<'s>> {
    let injured = scene.narrative().any(|s| {
        has_any(scene.text(), s.range.clone(), &WORDS.speech.injuries) && super::injury::is_asserted(scene, s)
    });
    if !injured {
        return Vec::new();
    }
    // Where the form has no other field for what people say, their words explain.
    let only = ["wish", "opinion", "statements", "child_statements", "acts", "account", "evidence"]
        .iter()
        .all(|rule| scene.field(rule).is_none());
    let mut found = Vec::new();
    for sentence in scene.narrative().filter(|s| !scene.is_wish(s)) {
        for (quote, words) in scene.quotes(sentence.range.clone()) {
            let verb = scene.words(&quote.verb);
            let explains = (only && scene.is_quoted(words.start))
                || EXPLAINING.iter().any(|e| verb.contains(e))
                || sentence.heading.as_deref().is_some_and(|h| h.ends_with("説明"))
                || has_any(scene.text(), words.clone(), &WORDS.speech.causes);
            let Some(speaker) = quote.speaker.clone().filter(|_| explains) else { continue };
            let mention = scene.mentions(speaker.clone()).into_iter().find(|m| m.relation.is_some());
            let child = || {
                let words = find_any(scene.text(), speaker.clone(), &["本人", "女の子", "男の子", "子ども"])?;
                Some(crate::people::Mention { range: words, relation: Some("本児".to_owned()) })
            };
            let Some(mention) = mention.or_else(child) else { continue };
            // 「実父、本児が落ちたと説明」: the one in front of the comma speaks of the other.
            let first = scene.mentions(sentence.range.clone()).into_iter().next().filter(|m| {
                m.relation.is_some()
                    && m.range.start == sentence.range.start
                    && m.range.end <= mention.range.start
                    && m.range != mention.range
                    && scene.text()[m.range.end..].starts_with('、')
                    && scene.text()[mention.range.end..].starts_with('が')
            });
            let (mention, speaker, words) = match first {
                Some(first) => (first.clone(), first.range, mention.range.start..words.end),
                None => (mention, speaker, words),
            };
            let Some(choice) = mention.relation.as_deref().and_then(|label| scene.relations.choice(label))
            else {
                continue;
            };
            // 「副主任の先生に、椅子から落ちたと説明」: to whom is no part of what.
            let first = crate::words::clauses(scene.text(), words.clone()).into_iter().next();
            let listener = first.filter(|c| {
                c.end < words.end && scene.words(c).ends_with("に、") && scene.words(c).chars().count() <= 10
            });
            let words = listener.map_or(words.clone(), |c| c.end..words.end);
            found.push(Explained {
                speaker: choice,
                mention: mention.range,
                whole: speaker.start.min(words.start)..quote.verb.end,
                words,
                hearsay: has_any(
                    scene.text(),
                    quote.verb.end..sentence.range.end,
                    &["とのこと", "と聞いて", "そうです"],
                ),
            });
        }
    }
    for sentence in scene.narrative().filter(|s| !scene.is_wish(s)) {
        let headed = only || sentence.heading.as_deref().is_some_and(|h| h.ends_with("説明"));
        for (mention, words) in attributed(scene, sentence) {
            let explains = headed || has_any(scene.text(), words.clone(), &WORDS.speech.causes);
            let known = found.iter().any(|e| e.words.start < words.end && words.start < e.words.end);
            let speaker = mention.relation.as_deref().and_then(|label| scene.relations.choice(label));
            if let Some(speaker) = speaker.filter(|_| explains && !known) {
                let whole = mention.range.start..words.end;
                found.push(Explained { speaker, mention: mention.range, words, whole, hearsay: false });
            }
        }
    }
    found.sort_by_key(|e| e.words.start);
    found
}

/// The brackets directly behind a person: 「実父は『…』、実母は『…』、本児は『…』と話す」.
fn attributed(scene: &Scene<'_>, sentence: &Sentence) -> Vec<(crate::people::Mention, Range<usize>)> {
    let text = scene.text();
    let mut people = scene.mentions(sentence.range.clone());
    let child = ["本人", "女の子", "男の子"]
        .iter()
        .flat_map(|w| crate::words::find_all(text, sentence.range.clone(), w));
    people.extend(child.map(|range| crate::people::Mention { range, relation: Some("本児".to_owned()) }));
    let mut found = Vec::new();
    for mention in people {
        let behind = &text[mention.range.end..sentence.range.end];
        let lead =
            ["は、「", "は「", "も「", "が「", "、「", "「"].iter().find(|lead| behind.starts_with(**lead));
        let Some(lead) = lead else { continue };
        let start = mention.range.end + lead.len();
        if let Some(close) = text[start..sentence.range.end].find('」').filter(|close| *close > 0) {
            found.push((mention, start..start + close));
        }
    }
    found
}

/// A wish in the speaker's words: the section, or a quotation of the person that the cues name.
pub(super) fn wish(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    // 「意見、聴取不可。実母、『…』」: a parent who stands first under the child's heading speaks for himself.
    let of_child = spec.cues.iter().any(|cue| cue == "本児");
    let parents = |s: &Sentence| {
        let first = scene.mentions(s.range.clone()).into_iter().next();
        first.is_some_and(|m| m.range.start == s.range.start && super::family::is_guardian(&m))
    };
    let headed: Vec<&Sentence> = scene.under(&spec.headings).filter(|s| !(of_child && parents(s))).collect();
    if !headed.is_empty() {
        // 「3回に分けて聞きました。本人は『…』と言っています。」: the words themselves.
        let asked = |s: &Sentence| {
            let words = scene.words(&trim(scene.text(), s.range.clone()));
            ends_with_any(words, &["聞きました", "聞いています", "尋ねました", "確認しました"])
        };
        let quoted = headed.iter().any(|s| scene.words(&s.range).contains('「'));
        let own =
            headed.into_iter().filter(|s| !(quoted && !scene.words(&s.range).contains('「') && asked(s)));
        return Ok(whole_section(scene, own.collect()));
    }
    let wished = scene.headless().filter(|s| {
        let named = |who: &Range<usize>| spec.cues.iter().any(|cue| scene.words(who).contains(cue.as_str()));
        let said = scene.quotes(s.range.clone());
        let quoted = said.iter().any(|(quote, _)| quote.speaker.as_ref().is_some_and(named));
        scene.is_wish(s) && (quoted || speaker(scene, s).is_some_and(|who| named(&who)))
    });
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for sentence in wished {
        let said = scene.quotes(sentence.range.clone());
        let own = |who: &Range<usize>| spec.cues.iter().any(|cue| scene.words(who).contains(cue.as_str()));
        let others = said.iter().any(|(quote, _)| quote.speaker.as_ref().is_some_and(|who| !own(who)));
        if !others {
            ranges.push(sentence.range.clone());
            continue;
        }
        // 「本児は「…」と言い、実母は「…」と希望」: each in his own words.
        let parts = said.iter().filter_map(|(quote, words)| {
            let who = quote.speaker.clone().filter(own)?;
            Some(who.start.min(words.start)..quote.verb.end.max(words.end))
        });
        ranges.extend(parts);
    }
    if ranges.is_empty() {
        return Ok(not_asked(scene, spec));
    }
    Ok(Some(Outcome::Stated(Grounded::copied(scene.doc, &ranges))))
}

/// 「本人には、どこで暮らしたいか、まだ聞いていません」
fn not_asked(scene: &Scene<'_>, spec: &FieldSpec) -> Option<Outcome> {
    let text = scene.text();
    scene.headless().filter(|s| !scene.words(&s.range).contains('「')).find_map(|s| {
        let cue = find_any(text, s.range.clone(), &spec.cues)?;
        let wished = has_any(text, cue.end..s.range.end, &WORDS.wish.asked);
        let topical =
            crate::words::starts_with_any(&text[cue.end..], &["に", "は", "から", "の", "が", "、"]);
        without(scene, s).filter(|_| wished && topical).filter(
            |o| matches!(o, Outcome::Without { reason, .. } if reason.state() == record::State::Unknown),
        )
    })
}

/// The words before the quotation that name its speaker.
fn speaker(scene: &Scene<'_>, sentence: &Sentence) -> Option<Range<usize>> {
    let quoted =
        scene.quotes(sentence.range.clone()).into_iter().find_map(|(quote, _)| quote.speaker.clone());
    quoted.or_else(|| {
        let bracket = find_any(scene.text(), sentence.range.clone(), &["「"])?;
        let before = trim(scene.text(), sentence.range.start..bracket.start);
        let mentioned = scene.mentions(before.clone()).into_iter().next().map(|m| m.range);
        mentioned.or_else(|| find_any(scene.text(), before, &["本人", "女の子", "男の子", "子ども"]))
    })
}
