//! Whose name, age, address and telephone number it is: proposals for fields about the child and about who called.
//!
//! The tagger says what a stretch of words names and of whom it tells; the value is a copy of the words, the normal form
//! that a text pass found in them, or a choice of the field's list with its words.

use std::ops::Range;

use record::template::{FieldSpec, Fill};
use record::{Entity, Flag, Grounded, NormalForm, PersonBuilder};

use super::family;
use super::labels::{Party, SpanKind};
use super::tagger::Reading;
use crate::people::name_at;
use crate::scene::Scene;
use crate::words::{has_any, is_kanji, spoken_choices, trim};
use crate::{Outcome, Proposal};

/// A fact is proposed when it is at least this probable that it tells of the party.
const LIKELY: f32 = 0.7;
/// Farthest that an agency, an office or a reading stands from the name: bytes.
const NEAR: usize = 90;
/// From this age on nobody is the child of a sheet.
const ADULT: u16 = 20;

/// Makes a value of what is told of a party.
type Make = fn(&Facts<'_>, Party, &FieldSpec) -> Option<Outcome>;

/// By the rule of a field: of whom it asks, and what makes a value of that.
const FIELDS: &[(&str, Party, Make)] = &[
    ("guardians", Party::Family, |facts, _, spec| family::guardians(facts, spec)),
    ("household", Party::Family, |facts, _, spec| family::household(facts, spec)),
    ("siblings", Party::Family, |facts, _, spec| family::siblings(facts, spec)),
    ("siblings_known", Party::Family, |facts, _, spec| family::siblings_known(facts, spec)),
    ("child_name", Party::Child, person),
    ("kana", Party::Child, kana),
    ("child_age", Party::Child, age),
    ("child_address", Party::Child, address),
    ("reporter_name", Party::Caller, person),
    ("reporter_address", Party::Caller, address),
    ("reporter_phone", Party::Caller, phone),
    ("reporter_relation", Party::Caller, standing),
    ("route", Party::Caller, route),
    ("caller_name", Party::Caller, person),
    ("caller_relation", Party::Caller, relation),
    ("caller_age", Party::Caller, age),
    ("contact_partner", Party::Caller, person),
];

/// Proposals for the fields that ask about one person.
pub(super) fn propose(scene: &Scene<'_>, reading: &Reading) -> Vec<Proposal> {
    let facts = Facts { scene, reading };
    let mut proposals = Vec::new();
    for spec in scene.template.fields.iter().filter(|f| f.fill == Fill::Program) {
        let asked = FIELDS.iter().find(|(rule, ..)| spec.rule.as_deref() == Some(rule));
        let Some((_, party, make)) = asked else { continue };
        let Some(outcome) = make(&facts, *party, spec) else { continue };
        let told = outcome.ranges().iter().map(|words| reading.party(words).1);
        let probability = told.min_by(f32::total_cmp).unwrap_or_default();
        proposals.push(Proposal::Value { field: spec.id.clone(), outcome: outcome.into(), probability });
    }
    proposals
}

/// A dictation with what the tagger sees in it.
pub(super) struct Facts<'a> {
    pub(super) scene: &'a Scene<'a>,
    reading: &'a Reading,
}

impl Facts<'_> {
    /// Whether words surely tell of the party.
    pub(super) fn is_of(&self, party: Party, range: &Range<usize>) -> bool {
        let (said, probability) = self.reading.party(range);
        said == Some(party) && probability >= LIKELY && !self.scene.is_quoted(range.start)
    }

    /// Words of a kind that tell of the party, in their order.
    pub(super) fn spans(&self, kind: SpanKind, party: Party) -> impl Iterator<Item = Range<usize>> {
        let text = self.scene.text();
        let own = self.reading.spans().iter().filter(move |s| s.kind == kind);
        own.map(|s| trim(text, s.range.clone())).filter(move |r| begins(text, r) && self.is_of(party, r))
    }

    /// Whole names of the party.
    pub(super) fn names(&self, party: Party) -> impl Iterator<Item = Range<usize>> {
        self.spans(SpanKind::Person, party).filter(|name| is_name(self.scene, name))
    }

    fn near(&self, kind: SpanKind, party: Party, name: &Range<usize>) -> Option<Range<usize>> {
        let distance = |r: &Range<usize>| {
            if r.end <= name.start { name.start - r.end } else { r.start.saturating_sub(name.end) }
        };
        self.spans(kind, party).filter(|r| distance(r) <= NEAR).min_by_key(distance)
    }

    /// What the party is: an agency with the office there, or a word for a relative.
    fn standing(&self, party: Party) -> Option<Range<usize>> {
        let text = self.scene.text();
        let office = self.spans(SpanKind::Relation, party).next();
        let org = self.spans(SpanKind::Organisation, party).next();
        match (org, office) {
            (Some(org), Some(office)) if org.end <= office.start && &text[org.end..office.start] == "の" => {
                Some(org.start..office.end)
            }
            (_, Some(office)) => Some(office),
            (org, None) => org,
        }
    }
}

/// Whether words begin where a word may: 長 of 所長 does not.
fn begins(text: &str, words: &Range<usize>) -> bool {
    let inside = text[..words.start].ends_with(is_kanji) && text[words.clone()].starts_with(is_kanji);
    !words.is_empty() && !inside
}

/// A name, with the agency and the office beside it, or with its reading.
fn person(facts: &Facts<'_>, party: Party, _spec: &FieldSpec) -> Option<Outcome> {
    let name = facts.names(party).next()?;
    let mut person = PersonBuilder::new(facts.scene.doc);
    if party == Party::Child {
        let kana = facts.near(SpanKind::Kana, party, &name);
        if let Some(kana) = kana.filter(|words| is_reading(facts.scene, words)) {
            person.kana(kana);
        }
    } else {
        if let Some(org) = facts.near(SpanKind::Organisation, party, &name) {
            person.org(org);
        }
        if let Some(words) = facts.near(SpanKind::Relation, party, &name) {
            let mention = facts.scene.mentions(words.clone()).into_iter().find(|m| m.range == words);
            let choice = mention.and_then(|m| facts.scene.relations.choice(m.relation.as_deref()?).cloned());
            match choice {
                Some(choice) => person.relation(&choice, words),
                None => person.role_words(words),
            }
        }
    }
    person.name(name);
    Some(Outcome::Stated(Grounded::person(person)))
}

/// Whether the words are a whole name, and not a part of one or a word for a person.
fn is_name(scene: &Scene<'_>, words: &Range<usize>) -> bool {
    let text = scene.text();
    name_at(text, words.clone()).as_ref() == Some(words)
        && scene.mentions(words.clone()).is_empty()
        && text[words.clone()].chars().count() >= 2
}

/// Whether the words are said to be a reading: 「ふりがなは、…」「…と読みます」.
fn is_reading(scene: &Scene<'_>, words: &Range<usize>) -> bool {
    const BEFORE: usize = 30;
    const BEHIND: usize = 15;
    let text = scene.text();
    let start = text.floor_char_boundary(words.start.saturating_sub(BEFORE));
    let around = start..text.ceil_char_boundary(words.end + BEHIND);
    has_any(text, around, &["がな", "かな", "カナ", "読み", "よみ", "読む"])
}

fn kana(facts: &Facts<'_>, party: Party, _spec: &FieldSpec) -> Option<Outcome> {
    facts
        .spans(SpanKind::Kana, party)
        .find(|words| is_reading(facts.scene, words))
        .map(|words| copied(facts, words))
}

fn address(facts: &Facts<'_>, party: Party, _spec: &FieldSpec) -> Option<Outcome> {
    facts.spans(SpanKind::Address, party).next().map(|words| copied(facts, words))
}

fn standing(facts: &Facts<'_>, party: Party, _spec: &FieldSpec) -> Option<Outcome> {
    facts.standing(party).map(|words| copied(facts, words))
}

fn copied(facts: &Facts<'_>, words: Range<usize>) -> Outcome {
    Outcome::Stated(Grounded::copied(facts.scene.doc, &[words]))
}

/// An age that a text pass found.
fn age(facts: &Facts<'_>, party: Party, _spec: &FieldSpec) -> Option<Outcome> {
    let told = facts.scene.doc.annotations().iter().find_map(|a| match &a.entity {
        Entity::Age(age)
            if age.years == age.years_high
                && (party != Party::Child || age.years < ADULT)
                && facts.is_of(party, &a.range) =>
        {
            Some((age.years, a))
        }
        _ => None,
    });
    told.map(|(years, a)| {
        let form = NormalForm::Number(f64::from(years));
        let grounded = Grounded::normal(facts.scene.doc, std::slice::from_ref(&a.range), &form);
        Outcome::Stated(
            grounded.showing(facts.scene.doc, a.range.clone()).with_flags(a.flags.iter().copied()),
        )
    })
}

/// A telephone number that a text pass found.
fn phone(facts: &Facts<'_>, party: Party, _spec: &FieldSpec) -> Option<Outcome> {
    let told = facts.scene.doc.annotations().iter().find_map(|a| match &a.entity {
        Entity::Phone(number) if facts.is_of(party, &a.range) => Some((number.clone(), a.range.clone())),
        _ => None,
    });
    told.map(|(number, words)| {
        Outcome::Stated(Grounded::normal(facts.scene.doc, &[words], &NormalForm::Phone(number)))
    })
}

/// The word for a relative, as the form's list has it.
fn relation(facts: &Facts<'_>, party: Party, spec: &FieldSpec) -> Option<Outcome> {
    let mut told = facts.spans(SpanKind::Relation, party).flat_map(|words| facts.scene.mentions(words));
    let (label, words) = told.find_map(|m| Some((m.relation?, m.range)))?;
    let grounded = Grounded::choice(facts.scene.doc, &spec.choices, &label, words.clone()).ok()?;
    let detail = spec.detail && facts.scene.words(&words) != label;
    Some(Outcome::Stated(if detail { grounded.with_detail(facts.scene.doc, words) } else { grounded }))
}

/// The route by which a report comes, from what the reporter is.
fn route(facts: &Facts<'_>, party: Party, spec: &FieldSpec) -> Option<Outcome> {
    let words = facts.standing(party)?;
    let spoken = spoken_choices(facts.scene.text(), words, &spec.choices).into_iter().next()?;
    let grounded =
        Grounded::choice(facts.scene.doc, &spec.choices, &spoken.choice.label, spoken.range).ok()?;
    Some(Outcome::Stated(grounded.with_flags([Flag::ReporterIdentity])))
}
