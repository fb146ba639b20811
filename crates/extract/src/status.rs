//! Words that say that something is unknown, denied or absent (language.md §3 and pass 7), by their place in the document.

use std::ops::Range;

use record::Reason;
use text::polarity;

/// A reason and the words that give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) reason: Reason,
    pub(crate) range: Range<usize>,
}

/// The reason that the words of `range` give.
pub(crate) fn status(text: &str, range: Range<usize>) -> Option<Status> {
    let (reason, found) = polarity::answer(&text[range.clone()])?;
    Some(Status { reason, range: range.start + found.start..range.start + found.end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Option<Reason> {
        status(text, 0..text.len()).map(|s| s.reason)
    }

    #[test]
    fn reasons_of_the_language_reference() {
        assert_eq!(reason("きょうだいの有無は不明"), Some(Reason::SaidUnknown));
        assert_eq!(reason("きょうだいについては聞けていません"), Some(Reason::NotAsked));
        assert_eq!(reason("聞いたけど答えてもらえなかった"), Some(Reason::NotAnswered));
        assert_eq!(reason("背中の外傷は確認できず"), Some(Reason::CouldNotConfirm));
        assert_eq!(reason("実母は叩いたことは否認"), Some(Reason::Denial));
        assert_eq!(reason("外傷なし"), Some(Reason::None));
        assert_eq!(reason("きょうだいはいない。"), Some(Reason::None));
        assert_eq!(reason("けがやあざはありませんでした。"), Some(Reason::None));
        assert_eq!(reason("聞いてないです"), Some(Reason::NotAsked));
        assert_eq!(reason("わからないそうです"), Some(Reason::SaidUnknown));
    }

    #[test]
    fn not_every_negation_is_a_reason() {
        assert_eq!(reason("食事を与えていないわけではない"), None);
        assert_eq!(reason("左の頬に青あざ"), None);
        assert_eq!(reason("ぬいぐるみを離しませんでした"), None);
        assert_eq!(reason("発達は問題ない"), None);
    }
}
