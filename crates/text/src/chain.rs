//! The passes by name, and a configured row of them.

use std::sync::LazyLock;

use record::Document;

use crate::error::{Cause, Error, Result};
use crate::{
    Ages, Calendar, Corrections, Dates, Fillers, Headings, Labels, Lexicon, Normalize, Numerals, Pauses,
    PlainStyle, Quotes, Times,
};

/// One rule pass over a document.
///
/// # For implementations
///
/// * Deterministic: the same document gives the same edits and annotations.
/// * Edits are as small as the change itself (「令和七年」 changes 「七」 only), each with its reason, so that citations stay
///   exact. Nothing is written that was not said.
/// * What stands in 「」 or 『』 is not touched, widths of characters excepted; a transcript of turns (「受「…」通「…」」) is not
///   a quotation.
/// * Running twice is running once: the second run finds nothing to edit and leaves the same annotations.
/// * Time is linear in the length of the text, also where it is one sentence of 100,000 characters.
pub trait Pass: Send + Sync {
    /// Registry name: lower-case ASCII words with `_`; it stays in records, so it never changes.
    fn name(&self) -> &'static str;

    /// Edits and annotates `doc`.
    fn apply(&self, doc: &mut Document) -> Result<()>;
}

impl<P: Pass + ?Sized> Pass for &P {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        (**self).apply(doc)
    }
}

/// How often a pass, or the chain, may go over a text of `len` bytes until it stays as it is.
///
/// What people say settles in two rounds. A short text gets enough rounds for any nesting that fits into it; a long one
/// gets a few, so that the time stays linear.
pub(crate) fn rounds(len: usize) -> usize {
    8 + 2_000_000 / (len + 1)
}

static HEADINGS: Headings = Headings::new();
static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::shipped);
static PASSES: LazyLock<[&dyn Pass; 12]> = LazyLock::new(|| {
    [
        &Normalize,
        &Pauses,
        &Fillers,
        &Calendar,
        &Numerals,
        &Corrections,
        &Dates,
        &Times,
        &Ages,
        &*LEXICON,
        &HEADINGS,
        &Quotes,
    ]
});
/// Passes of house style, which change how the record is worded: an office switches them on.
static STYLE_PASSES: [&dyn Pass; 3] = [&PlainStyle, &Labels::KANJI, &Labels::LATIN];

/// The passes of the default chain, in their order.
///
/// Corrections come before dates because the corrected date is the one that later relative dates count from. The lexicon
/// comes behind dates, times and ages, so that it leaves alone what they recognise, and before headings and quotes, which look
/// for exact words; where it changes something, [`Chain::run`] asks the earlier passes again.
#[must_use]
pub fn passes() -> &'static [&'static dyn Pass] {
    &*PASSES
}

/// Passes that no chain runs unless it names them.
#[must_use]
pub fn style_passes() -> &'static [&'static dyn Pass] {
    &STYLE_PASSES
}

/// The pass with this name, of the default chain or of [`style_passes`].
///
/// # Errors
/// [`ErrorKind::UnknownPass`](crate::ErrorKind::UnknownPass), with the names that exist.
pub fn by_name(name: &str) -> Result<&'static dyn Pass> {
    let all = || passes().iter().chain(style_passes()).copied();
    all().find(|pass| pass.name() == name).ok_or_else(|| {
        let known = all().map(Pass::name).collect::<Vec<_>>().join(", ");
        Error::from(Cause::UnknownPass { known, name: name.to_owned() })
    })
}

/// Passes in the order in which they run.
pub struct Chain {
    passes: Vec<Box<dyn Pass>>,
}

impl Default for Chain {
    fn default() -> Self {
        Self { passes: passes().iter().map(|&pass| Box::new(pass) as Box<dyn Pass>).collect() }
    }
}

impl Chain {
    /// The passes with these names, in this order. Where every name has a sign in front, they change the default row: `-dates`
    /// leaves a pass out, `+plain_style` adds one at the end.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownPass`](crate::ErrorKind::UnknownPass) or [`ErrorKind::RepeatedPass`](crate::ErrorKind::RepeatedPass).
    pub fn from_names<S: AsRef<str>>(names: &[S]) -> Result<Self> {
        let signs = ['+', '-'];
        let changes = !names.is_empty() && names.iter().all(|name| name.as_ref().starts_with(signs));
        let mut chain =
            if changes { Self::default() } else { Self { passes: Vec::with_capacity(names.len()) } };
        for name in names.iter().map(AsRef::as_ref) {
            let pass = by_name(if changes { name.trim_start_matches(signs) } else { name })?;
            if changes && name.starts_with('-') {
                chain.passes.retain(|known| known.name() != pass.name());
            } else if chain.names().any(|known| known == pass.name()) {
                return Err(Error::from(Cause::RepeatedPass { name: pass.name().to_owned() }));
            } else {
                chain.passes.push(Box::new(pass));
            }
        }
        Ok(chain)
    }

    /// The same chain with another pass in the place of the one that has its name; unchanged where none has.
    #[must_use]
    pub fn with(mut self, pass: impl Pass + 'static) -> Self {
        let name = pass.name();
        if let Some(slot) = self.passes.iter_mut().find(|p| p.name() == name) {
            *slot = Box::new(pass);
        }
        self
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.passes.iter().map(|pass| pass.name())
    }

    /// Runs the passes in their order, and again those behind which the text has changed, until it stays.
    ///
    /// A second round is short: it finds what an edit of a later pass has made possible, such as a space that no longer
    /// separates long phrases.
    pub fn run(&self, doc: &mut Document) -> Result<()> {
        // How many edits the text had when a pass last left it.
        let mut left: Vec<Option<usize>> = vec![None; self.passes.len()];
        for _ in 0..rounds(doc.text().len()) {
            for (pass, left) in self.passes.iter().zip(&mut left) {
                if *left != Some(doc.mapped().edits().len()) {
                    pass.apply(doc)?;
                    *left = Some(doc.mapped().edits().len());
                }
            }
            if left.iter().all(|left| *left == Some(doc.mapped().edits().len())) {
                break;
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests;
