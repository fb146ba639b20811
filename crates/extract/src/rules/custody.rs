//! Temporary custody: where, and what its tables share.

mod consents;
mod needs;
mod notices;
mod views;

use std::ops::Range;

use record::template::FieldSpec;
use record::{Grounded, Kept, NormalForm, RowBuilder};

use super::{Filled, Outcome, contact, family, moment};
use crate::people::Mention;
use crate::scene::{Scene, Sentence};
use crate::words::{find_any, has_any, spoken_choices};

pub(super) use consents::consents;
pub(super) use needs::needs;
pub(super) use notices::notices;
pub(super) use views::parent_views;

/// Where the child is kept: the place spoken with the custody or the placement.
pub(super) fn place(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let headed = scene.under(&spec.headings);
    let placed = |words: &'static [&'static str]| {
        scene.narrative().filter(move |s| has_any(text, s.full.clone(), words))
    };
    for sentence in
        headed.chain(placed(&["委託", "預け先"])).chain(placed(&["一時保護所", "保護場所", "入所"]))
    {
        let mut spoken = spoken_choices(text, sentence.full.clone(), &spec.choices);
        spoken.retain(|s| !scene.is_quoted(s.range.start) && s.choice.label != "その他");
        // 「一時保護所が満床のため、乳児院に委託」: the place in front of the placement.
        let placement = find_any(text, sentence.full.clone(), &["委託", "入所"]);
        let at = placement.and_then(|p| spoken.iter().rposition(|s| s.range.start <= p.start)).unwrap_or(0);
        if at >= spoken.len() {
            continue;
        }
        let found = spoken.swap_remove(at);
        let name = contact::proper_name(text, &found.range);
        let grounded = Grounded::choice(scene.doc, &spec.choices, &found.choice.label, found.range.clone())?;
        let named = name.start < found.range.start && spec.detail;
        let grounded = if named { grounded.with_detail(scene.doc, name) } else { grounded };
        return Ok(Some(Outcome::Stated(grounded)));
    }
    Ok(None)
}

fn adults(scene: &Scene<'_>, range: &Range<usize>) -> Vec<Mention> {
    let mut people = scene.mentions(range.clone());
    people.retain(|m| m.relation.as_deref().is_some_and(|r| family::GUARDIANS.contains(&r) || r == "後見人"));
    people
}

/// Day and time of `sentence` into the column `at`.
fn at(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    sentence: &Sentence,
    near: &Range<usize>,
) -> Result<(), record::GroundingError> {
    let own = scene.dates(sentence.full.clone()).is_empty() && scene.times(sentence.full.clone()).is_empty();
    if own {
        return Ok(());
    }
    let Some(moment) = moment::near(scene, sentence, near) else { return Ok(()) };
    let Some(words) = moment.ranges.last().cloned() else { return Ok(()) };
    if let Some(day) = moment.day {
        row.normal("at", &NormalForm::Datetime(day, moment.time), words.clone())?;
    }
    moment.flags.iter().for_each(|flag| row.flag(*flag));
    row.keep("at", Kept::Words, words)
}
