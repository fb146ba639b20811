//! From what the tagger sees to proposals: each sentence under no heading is put under the one where it would stand, and
//! the field's own rule makes a value of it.

use std::ops::Range;

use record::template::{FieldSpec, FieldType, Fill, Template};
use record::{Document, Grounded, PersonBuilder, Reason};
use text::polarity;

use super::labels::{Section, SpanKind};
use super::people;
use super::tagger::{Reading, Tagger, best};
use crate::rules::section::{is_told_elsewhere, says_only_status};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{has_any, is_kanji, trim};
use crate::{Error, Outcome, Proposal, Proposer, relations, rules};

/// A sentence is routed when its section is at least this probable (precision 0.90 on sentences held out).
const LIKELY: f32 = 0.8;
/// A sentence without a full stop is cut where its end is at least this probable.
const END: f32 = 0.4;
/// Shorter pieces are not cut off: characters.
const SHORTEST: usize = 6;
/// Words with which a speaker marks a view as such; without one of them nothing is a view.
const VIEW_MARKS: &[&str] = &["所見", "見立て", "アセスメント", "評価として"];
/// Longer pieces are no sentence of anybody: characters.
const LONGEST: usize = 250;
/// What has fields of its own, and what tells nothing.
const APART: &[Section] =
    &[Section::Other, Section::Reporter, Section::Staff, Section::Occasion, Section::Identity];
/// The views of others.
const OTHERS_VIEWS: &[&str] = &["の所見", "医師", "検査所見"];

/// Words for parents that are no relation of the list.
const PARENTS: &[&str] = &["保護者", "両親", "父母", "母親", "父親"];

/// A sentence under no heading, with the probability of each section.
struct Piece {
    range: Range<usize>,
    probabilities: Vec<f32>,
}

/// A sentence with the heading under which the tagger puts it.
struct Routed {
    sentence: Sentence,
    probability: f32,
}

impl Proposer for Tagger {
    fn propose(&self, document: &Document, template: &Template) -> Result<Vec<Proposal>, Error> {
        let relations = relations(template)?;
        let scene = Scene::new(document, template, &relations);
        let reading = self.read(document.text())?;
        let pieces = self.pieces(&scene, &reading)?;
        let routed = route(&scene, &pieces);
        let fields = template.fields.iter().filter(|f| f.fill == Fill::Program);

        let mut proposals = Vec::new();
        let mut under: Option<Scene<'_>> = None;
        for spec in fields {
            let own: Vec<&Routed> = routed.iter().filter(|r| stands_under(spec, &r.sentence)).collect();
            let Some(probability) = own.iter().map(|r| r.probability).min_by(f32::total_cmp) else {
                continue;
            };
            match spec.kind {
                FieldType::Text | FieldType::Quote => {
                    proposals.extend(own.iter().map(|r| Proposal::Sentence {
                        field: spec.id.clone(),
                        range: r.sentence.range.clone(),
                        probability: r.probability,
                    }));
                }
                FieldType::Rows | FieldType::Person => {
                    let routed_scene = under.get_or_insert_with(|| scene_of(&scene, &routed));
                    let outcome =
                        by_rule(routed_scene, spec).or_else(|| person(document, spec, &own, &reading));
                    if let Some(outcome) = outcome {
                        proposals.push(Proposal::Value {
                            field: spec.id.clone(),
                            outcome: outcome.into(),
                            probability,
                        });
                    }
                }
                // Choices, dates and numbers have closed words; the rules know them.
                _ => {}
            }
        }
        proposals.extend(pieces.iter().map(apart));
        proposals.extend(people::propose(&scene, &reading));
        Ok(proposals)
    }
}

impl Tagger {
    /// The sentences under no heading, each with the probability of every section.
    fn pieces(&self, scene: &Scene<'_>, reading: &Reading) -> Result<Vec<Piece>, Error> {
        let mut pieces = ranges(scene, &reading.ends(END));
        pieces.retain(|range| scene.text()[range.clone()].chars().count() <= LONGEST);
        let probabilities = self.sections(reading, &pieces)?;
        let seen = pieces.into_iter().zip(probabilities);
        Ok(seen.map(|(range, probabilities)| Piece { range, probabilities }).collect())
    }
}

/// The sentences of whose section the tagger is sure.
fn route(scene: &Scene<'_>, pieces: &[Piece]) -> Vec<Routed> {
    // A report tells of the child what happened to it, in the same words as how it looks: the rules alone tell these apart.
    let mixed = |heading: &str| ["本児の様子", "生育歴"].contains(&heading) && scene.field("acts").is_some();
    let likely = pieces.iter().filter_map(|Piece { range, probabilities }| {
        let (heading, probability) =
            likeliest(scene, range, probabilities).filter(|(heading, p)| *p >= LIKELY && !mixed(heading))?;
        let (range, full) = (range.clone(), range.clone());
        let sentence = Sentence { range, full, heading: Some(heading.to_owned()), head: None };
        Some(Routed { sentence, probability })
    });
    likely.collect()
}

/// How probable it is that the sentence belongs into no field that takes what is left.
fn apart(piece: &Piece) -> Proposal {
    let sections = Section::ALL.iter().zip(&piece.probabilities);
    let elsewhere = sections.filter(|(section, _)| APART.contains(section));
    Proposal::Apart { range: piece.range.clone(), probability: elsewhere.map(|(_, p)| p).sum() }
}

/// The heading of the most probable section, with the probability of all sections that lead to it in this form. `None`
/// where the form has no place for it.
fn likeliest(scene: &Scene<'_>, range: &Range<usize>, probabilities: &[f32]) -> Option<(&'static str, f32)> {
    let (section, _) = best(probabilities);
    let heading = heading(scene.template, section).filter(|_| may_route(scene, section, range))?;
    let same = Section::ALL.iter().zip(probabilities).filter(|(other, _)| {
        self::heading(scene.template, **other) == Some(heading) && may_route(scene, **other, range)
    });
    Some((heading, same.map(|(_, p)| p).sum()))
}

/// The sentences under no heading, cut also where the tagger hears an end.
fn ranges(scene: &Scene<'_>, ends: &[usize]) -> Vec<Range<usize>> {
    let quoted = scene.doc.quoted();
    let text = scene.text();
    let long = |range: Range<usize>| text[trim(text, range.clone())].chars().count() >= SHORTEST;
    let mut pieces = Vec::new();
    for sentence in scene.headless() {
        let mut start = sentence.range.start;
        for end in ends.iter().copied().filter(|e| sentence.range.start < *e && *e < sentence.range.end) {
            let inside = quoted.iter().any(|q| q.start < end && end < q.end);
            if !inside && long(start..end) && long(end..sentence.range.end) {
                pieces.push(start..end);
                start = end;
            }
        }
        pieces.push(start..sentence.range.end);
    }
    pieces
}

/// The first of the section's headings that a field of the form lists.
fn heading(template: &Template, section: Section) -> Option<&'static str> {
    let listed = |heading: &&&str| template.fields.iter().any(|f| f.headings.iter().any(|h| h == **heading));
    section.headings().iter().find(listed).copied()
}

/// What no tagger may decide: a view that nobody marked, a plan in somebody's words, words that say only "unknown" or "none".
fn may_route(scene: &Scene<'_>, section: Section, range: &Range<usize>) -> bool {
    let text = scene.text();
    let quotes = !scene.quotes(range.clone()).is_empty();
    // The tagger has learned Japanese only.
    if !text[range.clone()].chars().any(|c| matches!(c, 'ぁ'..='ヿ') || is_kanji(c)) {
        return false;
    }
    let wishes = quotes || has_any(text, range.clone(), &WORDS.wish.marks);
    match section {
        Section::View => {
            has_any(text, range.clone(), VIEW_MARKS) && !has_any(text, range.clone(), OTHERS_VIEWS) && !quotes
        }
        Section::Next | Section::Roles => !quotes,
        // Whose wish it is must be said: a quotation alone may be anybody's.
        Section::ParentWish => {
            names_parent(scene, range) && wishes && (quotes || !leaves_open(&text[range.clone()]))
        }
        Section::ChildWish => {
            wishes && !says_only_status(scene, range) && (quotes || !leaves_open(&text[range.clone()]))
        }
        Section::Notice | Section::Advice if is_told_elsewhere(scene, range) => false,
        Section::Contact | Section::Injury | Section::Talk => true,
        _ => !says_only_status(scene, range) && (quotes || !leaves_open(&text[range.clone()])),
    }
}

/// 「どこで暮らしたいか、まだ聞いていません」: that nobody knows is no value.
fn leaves_open(sentence: &str) -> bool {
    polarity::answer(sentence).is_some_and(|(reason, _)| !matches!(reason, Reason::None | Reason::Denial))
}

fn names_parent(scene: &Scene<'_>, range: &Range<usize>) -> bool {
    has_any(scene.text(), range.clone(), PARENTS)
        || scene.mentions(range.clone()).iter().any(|m| m.relation.as_deref() != Some("本児"))
}

fn stands_under(spec: &FieldSpec, sentence: &Sentence) -> bool {
    sentence.is_under(&spec.headings)
}

/// The dictation with the routed sentences under their headings.
fn scene_of<'d>(scene: &Scene<'d>, routed: &[Routed]) -> Scene<'d> {
    let mut sentences: Vec<Sentence> =
        scene.sentences.iter().filter(|s| s.heading.is_some()).cloned().collect();
    let is_routed = |s: &Sentence| routed.iter().any(|r| overlap(&r.sentence.range, &s.range));
    sentences.extend(scene.headless().filter(|s| !is_routed(s)).cloned());
    sentences.extend(routed.iter().map(|r| r.sentence.clone()));
    sentences.sort_by_key(|s| s.range.start);
    scene.with_sentences(sentences)
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// What the field's rule makes of the routed dictation. A rule that does not fit the field says nothing.
fn by_rule(scene: &Scene<'_>, spec: &FieldSpec) -> Option<Outcome> {
    let rule = rules::by_name(spec.rule.as_deref()?).ok()?;
    let outcome = rule.fill(scene, spec).ok()??;
    matches!(outcome, Outcome::Stated(_)).then_some(outcome)
}

/// Whether no kanji stands right before or behind: 倉 of 浅倉 is half a name.
fn is_whole(text: &str, name: &Range<usize>) -> bool {
    !text[..name.start].ends_with(is_kanji) && !text[name.end..].starts_with(is_kanji)
}

/// A person out of the spans of the field's sentences: a name, with the agency beside it.
fn person(document: &Document, spec: &FieldSpec, own: &[&Routed], reading: &Reading) -> Option<Outcome> {
    if spec.kind != FieldType::Person {
        return None;
    }
    let inside = |kind: SpanKind, range: &Range<usize>| {
        let spans = reading.spans().iter().filter(move |s| s.kind == kind);
        spans.map(|s| s.range.clone()).find(|s| range.start <= s.start && s.end <= range.end)
    };
    own.iter().find_map(|routed| {
        let range = &routed.sentence.range;
        let name = inside(SpanKind::Person, range).filter(|name| is_whole(document.text(), name))?;
        let mut person = PersonBuilder::new(document);
        person.name(name);
        if let Some(org) = inside(SpanKind::Organisation, range) {
            person.org(org);
        }
        Some(Outcome::Stated(Grounded::person(person)))
    })
}

#[cfg(test)]
mod tests {
    use record::template::shipped_templates;
    use record::{Segment, Transcript};

    use super::*;

    fn template(id: &str) -> Template {
        let forms = shipped_templates(rules::names()).unwrap();
        forms.into_iter().find(|t| t.id == id).unwrap()
    }

    fn document(text: &str) -> Document {
        let segment = Segment { raw: text.into(), text: text.into(), ..Segment::default() };
        Document::new(&Transcript { segments: vec![segment], edits: vec![] }, None)
    }

    #[test]
    fn the_form_decides_where_a_section_goes() {
        let (visit, intake) = (template("visit"), template("intake"));
        assert_eq!(heading(&visit, Section::Home), Some("家庭内の様子"));
        assert_eq!(heading(&visit, Section::Health), Some("聴取内容"));
        assert_eq!(heading(&intake, Section::School), None);
        assert_eq!(heading(&intake, Section::Talk), Some("通告内容"));
        assert_eq!(heading(&intake, Section::Health), None);
        assert_eq!(heading(&visit, Section::Other), None);
    }

    #[test]
    fn no_section_leads_to_a_heading_that_only_a_speaker_may_set() {
        for section in Section::ALL {
            for heading in ["主訴", "援助方針案", "総合所見"] {
                assert!(!section.headings().contains(&heading), "{section:?}");
            }
        }
    }

    #[test]
    fn a_sentence_is_cut_at_heard_ends_outside_quotations() {
        let visit = template("visit");
        let relations = relations(&visit).unwrap();
        let text = "本児は笑っていた「母は怒らない帰る」と言っていた部屋は暗かったよ";
        let doc = document(text);
        let scene = Scene::new(&doc, &visit, &relations);
        let at = |words: &str| text.find(words).unwrap() + words.len();
        let ends = [at("本児"), at("笑っていた"), at("怒らない"), at("と言っていた"), at("暗かった")];
        let pieces: Vec<&str> = ranges(&scene, &ends).into_iter().map(|r| &text[r]).collect();
        assert_eq!(pieces, ["本児は笑っていた", "「母は怒らない帰る」と言っていた", "部屋は暗かったよ"]);
    }

    fn may(section: Section, text: &str) -> bool {
        let visit = template("visit");
        let relations = relations(&visit).unwrap();
        let doc = document(text);
        may_route(&Scene::new(&doc, &visit, &relations), section, &(0..text.len()))
    }

    #[test]
    fn a_wish_of_parents_names_them() {
        let may = |text| may(Section::ParentWish, text);
        assert!(may("実母は少し休みたいと話した。"));
        assert!(may("両親とも様子を見てほしいと話す。"));
        assert!(!may("保育園に行きたいと話す。"));
    }

    #[test]
    fn that_nobody_knows_is_no_value() {
        let may = |text| may(Section::ChildWish, text);
        assert!(!may("本人には、どこで暮らしたいか、まだ聞いていません。"));
        assert!(may("家に帰りたくないとのこと。"));
    }

    #[test]
    fn half_a_name_is_none() {
        let text = "記録は浅倉。SSWの原さん";
        let at = |word: &str| text.find(word).map(|i| i..i + word.len()).unwrap();
        assert!(!is_whole(text, &at("倉")) && is_whole(text, &at("浅倉")) && is_whole(text, &at("原")));
    }

    #[test]
    fn another_language_is_left_alone() {
        let visit = template("visit");
        let relations = relations(&visit).unwrap();
        let doc = document("The weather is fine today.");
        let scene = Scene::new(&doc, &visit, &relations);
        assert!(Section::ALL.iter().all(|section| !may_route(&scene, *section, &(0..doc.text().len()))));
    }

    #[test]
    fn a_view_needs_its_mark() {
        let may = |text| may(Section::View, text);
        assert!(may("見立てとしては、育児疲れが背景にあると思われる。"));
        assert!(!may("育児疲れが背景にあると思われる。"));
        assert!(!may("医師の所見では、骨折はない。"));
    }
}
