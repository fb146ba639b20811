//! What an error says to a person.

use std::borrow::Cow;

/// Language of the messages that a person reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// Japanese, for caseworkers; the default.
    #[default]
    Ja,
    /// English, for developers and `--lang en`.
    En,
}

/// An error that can tell a person what happened and what to do next.
///
/// `Display` is for logs: English, lower case, no full stop, never transcript text. `explain` is for the screen.
///
/// # For implementations
///
/// * `explain` is one sentence without a trailing full stop; the offending value comes last, after a colon.
/// * `hint` names an action ("run `kikitori models pull`"), not a restatement of the error.
/// * Neither contains words of a transcript.
pub trait Explain {
    /// What happened.
    fn explain(&self, lang: Lang) -> Cow<'static, str>;

    /// What to do next, where there is something to do.
    fn hint(&self, _lang: Lang) -> Option<Cow<'static, str>> {
        None
    }
}
