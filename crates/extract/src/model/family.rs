//! The family out of what is told of each of its members: rows for the guardians, the brothers and sisters, the household.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Grounded, GroundingError, NormalForm, RowBuilder};

use super::labels::{Party, SpanKind};
use super::people::Facts;
use crate::Outcome;
use crate::people::Mention;
use crate::rules::family;

/// A fact farther behind the member's last one is another's: bytes.
const NEAR: usize = 120;

/// A relative, and what is told of him.
#[derive(Debug)]
struct Member {
    who: Mention,
    name: Option<Range<usize>>,
    age: Option<Range<usize>>,
    occupation: Option<Range<usize>>,
    phone: Option<(String, Range<usize>)>,
    /// Where the last of it ends.
    end: usize,
}

impl Member {
    /// A word for a relative alone may be said of anything that he does.
    fn is_described(&self) -> bool {
        self.name.is_some() || self.age.is_some() || self.occupation.is_some()
    }
}

/// Rows for those who bring the child up.
pub(super) fn guardians(facts: &Facts<'_>, spec: &FieldSpec) -> Option<Outcome> {
    rows(facts, spec, family::is_guardian)
}

/// Rows for the brothers and sisters.
pub(super) fn siblings(facts: &Facts<'_>, spec: &FieldSpec) -> Option<Outcome> {
    rows(facts, spec, family::is_sibling)
}

/// Rows for everybody but the child, and those who have a table of their own.
pub(super) fn household(facts: &Facts<'_>, spec: &FieldSpec) -> Option<Outcome> {
    let has = |rule| facts.scene.field(rule).is_some();
    let (guardians, siblings) = (has("guardians"), has("siblings"));
    rows(facts, spec, |who| !(guardians && family::is_guardian(who) || siblings && family::is_sibling(who)))
}

/// That there are brothers and sisters.
pub(super) fn siblings_known(facts: &Facts<'_>, _spec: &FieldSpec) -> Option<Outcome> {
    let sibling = members(facts).into_iter().find(|m| family::is_sibling(&m.who))?;
    Some(Outcome::Stated(Grounded::normal(facts.scene.doc, &[sibling.who.range], &NormalForm::Present)))
}

fn rows(facts: &Facts<'_>, spec: &FieldSpec, belongs: impl Fn(&Mention) -> bool) -> Option<Outcome> {
    let told = members(facts).into_iter().filter(|m| belongs(&m.who));
    let rows = told.take(spec.max_rows.unwrap_or(usize::MAX)).map(|member| row(facts, spec, member));
    Grounded::rows(rows.collect::<Result<_, _>>().ok()?).map(Outcome::Stated)
}

fn row<'d>(facts: &Facts<'d>, spec: &'d FieldSpec, member: Member) -> Result<RowBuilder<'d>, GroundingError> {
    let mut row = RowBuilder::new(facts.scene.doc, spec);
    family::relation(facts.scene, &mut row, &member.who)?;
    if let Some(name) = member.name {
        row.copy("name", name)?;
    }
    if let Some(age) = member.age {
        family::age(facts.scene, &mut row, age)?;
    }
    if let Some(work) = member.occupation.filter(|_| spec.column("occupation").is_some()) {
        row.copy("occupation", work)?;
    }
    if let Some((number, words)) = member.phone.filter(|_| spec.column("phone").is_some()) {
        row.normal("phone", &NormalForm::Phone(number), words)?;
    }
    Ok(row)
}

/// The members of the family in the order in which they are named. What follows a word for a relative is told of him, up
/// to the next such word.
fn members(facts: &Facts<'_>) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    let mut open: Option<usize> = None;
    for (range, told) in told(facts) {
        if let Told::Relative(who) = told {
            let known = members.iter().position(|m| m.who.relation == who.relation);
            open = Some(known.unwrap_or(members.len()));
            match known {
                Some(at) => members[at].end = range.end,
                None => members.push(Member {
                    who,
                    name: None,
                    age: None,
                    occupation: None,
                    phone: None,
                    end: range.end,
                }),
            }
            continue;
        }
        let Some(member) = open.and_then(|at| members.get_mut(at)) else { continue };
        if range.start.saturating_sub(member.end) > NEAR {
            open = None;
            continue;
        }
        member.end = range.end;
        match told {
            // A second name is that of somebody whom no word introduced.
            Told::Name if member.name.is_some() => open = None,
            Told::Name => member.name = Some(range),
            Told::Age => member.age = member.age.take().or(Some(range)),
            Told::Occupation => member.occupation = member.occupation.take().or(Some(range)),
            Told::Phone(number) => member.phone = member.phone.take().or(Some((number, range))),
            Told::Relative(_) => {}
        }
    }
    members.retain(Member::is_described);
    members
}

enum Told {
    Relative(Mention),
    Name,
    Age,
    Occupation,
    Phone(String),
}

/// What is told of the family, by position.
fn told(facts: &Facts<'_>) -> Vec<(Range<usize>, Told)> {
    let relatives = facts
        .spans(SpanKind::Relation, Party::Family)
        .flat_map(|words| facts.scene.mentions(words))
        .filter(|m| m.relation.as_deref().is_some_and(|r| r != "本児"))
        .map(|m| (m.range.clone(), Told::Relative(m)));
    let names = facts.names(Party::Family).map(|name| (name, Told::Name));
    let work = facts.spans(SpanKind::Occupation, Party::Family).map(|words| (words, Told::Occupation));
    let noted = facts.scene.doc.annotations().iter().filter(|a| facts.is_of(Party::Family, &a.range));
    let noted = noted.filter_map(|a| match &a.entity {
        Entity::Age(_) => Some((a.range.clone(), Told::Age)),
        Entity::Phone(number) => Some((a.range.clone(), Told::Phone(number.clone()))),
        _ => None,
    });
    let mut told: Vec<_> = relatives.chain(names).chain(work).chain(noted).collect();
    told.sort_by_key(|(range, _)| range.start);
    told
}
