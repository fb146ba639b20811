//! Terms won back from their sounds (language.md pass 12): 「逆体通告」 reads 「虐待通告」.
//!
//! A small model hears the sounds right and writes the wrong characters. The pass reads the text aloud ([`Morphology`]),
//! looks for terms that sound alike, and writes a term only where what stands there is no word: see `repair.rs` for the
//! conditions. Real words that are written for a term (普通 for 不通) need a cue beside them, and those that turn the meaning
//! around (ナイフ for 内夫) are only marked for the reviewer.
//!
//! ```
//! use record::{Document, Segment, Transcript};
//! use text::{Lexicon, Pass};
//!
//! let raw = "逆体通告を受理した。".to_owned();
//! let transcript = Transcript { segments: vec![Segment { raw, ..Segment::default() }], edits: vec![] };
//! let mut doc = Document::new(&transcript, None);
//! Lexicon::shipped().apply(&mut doc)?;
//! assert_eq!(doc.text(), "虐待通告を受理した。");
//! assert_eq!(doc.mapped().edits()[0].from, "逆体通告");
//! # Ok::<(), text::Error>(())
//! ```

mod aloud;
mod check;
mod cues;
mod dictated;
mod index;
pub mod measure;
pub(crate) mod mistakes;
mod mora;
mod repair;
mod terms;
#[cfg(test)]
mod tests;
mod window;

use std::sync::{Arc, LazyLock};

use record::{Annotation, Document, Entity, Flag};

use crate::chain::Pass;
use crate::error::{Error, Result};
use crate::morphology::{Morpheme, Morphology};
use terms::Terms;

pub use check::{Clash, ClashKind};
pub use mistakes::{LineMistake, MistakeKind};
pub use terms::{Term, read};

/// How far words, read aloud in the way that suits best, are from a reading, and the moras of the reading.
pub(crate) fn spoken_distance(words: &[Morpheme<'_>], reading: &str) -> (f32, usize) {
    let target = mora::moras(reading);
    let distance = (0..aloud::choices(words))
        .map(|choice| mora::distance(&aloud::Aloud::chosen(words, choice).moras, &target))
        .fold(f32::INFINITY, f32::min);
    (distance, target.len())
}

const NAME: &str = "lexicon";
/// A repaired word may be the cue of the next one, and that of a third; speech has no longer rows.
const ROUNDS: usize = 6;

/// Pass 12: terms in the place of what was written for them.
///
/// It comes behind the passes of numbers, corrections, dates, times and ages, whose findings it leaves alone, and before
/// headings and quotes, which look for exact words (調子内容 is no heading, 聴取内容 is). Where it has changed something, the
/// chain asks the earlier passes again.
#[derive(Clone, Debug)]
pub struct Lexicon {
    terms: Arc<LazyLock<Terms, Box<dyn FnOnce() -> Terms + Send>>>,
}

impl Lexicon {
    /// The terms that come with the program.
    #[must_use]
    pub fn shipped() -> Self {
        static SHIPPED: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::with_office(Vec::new()));
        SHIPPED.clone()
    }

    /// The program's terms and the office's own, as [`read`] gives them.
    #[must_use]
    pub fn with_office(office: Vec<Term>) -> Self {
        let build: Box<dyn FnOnce() -> Terms + Send> = Box::new(move || Terms::new(office));
        Self { terms: Arc::new(LazyLock::new(build)) }
    }

    /// All terms, the office's first.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms.list
    }

    /// What a new entry of the office would wrongly hit: terms and ordinary words that sound the same or nearly so.
    ///
    /// # Errors
    /// [`ErrorKind::Dictionary`](crate::ErrorKind::Dictionary).
    pub fn check(&self, term: &Term) -> Result<Vec<Clash>> {
        check::clashes(&self.terms, term)
    }
}

impl Default for Lexicon {
    fn default() -> Self {
        Self::shipped()
    }
}

impl Pass for Lexicon {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        // A text without kana and kanji needs no dictionary.
        if !doc.text().chars().any(|c| c >= '\u{3041}') {
            return Ok(());
        }
        let morphology = Morphology::shared()?;
        let mut questions = Vec::new();
        for _ in 0..ROUNDS {
            let plan = repair::plan(&self.terms, morphology, doc);
            questions = plan.questions;
            if plan.replacements.is_empty() {
                break;
            }
            doc.edit(NAME, plan.replacements).map_err(|source| Error::edit(NAME, source))?;
        }
        doc.retain_annotations(|a| !matches!(a.entity, Entity::Homophone(_)));
        doc.annotate(questions.into_iter().map(|q| Annotation {
            range: q.range,
            entity: Entity::Homophone(q.intended),
            flags: vec![Flag::ReplayNeeded],
        }));
        Ok(())
    }
}
