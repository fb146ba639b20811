//! Words that say that something is unknown, denied or absent (language.md §3 and pass 7).

use std::ops::Range;
use std::sync::LazyLock;

use record::Reason;
use regex::Regex;

/// A reason and the words that give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) reason: Reason,
    pub(crate) range: Range<usize>,
}

/// The more specific reasons first: 「確認できず」 is not 「ない」, 「聞いていない」 is not 「いない」.
static REASONS: LazyLock<Vec<(Reason, Regex)>> = LazyLock::new(|| {
    [
        (Reason::NotAsked, "未聴取|聞け(て|ず|ま)|聞いて(い)?(ない|ません)|聴取でき|尋ねて(い)?(ない|ません)"),
        (Reason::NotAnswered, "回答なし|回答はな|答えてもらえ|答えな(い|かった)|返答な"),
        (Reason::Refused, "拒否(?:した|する|され|。|、|$)|拒(?:んだ|まれ)|断られ|応じな"),
        (Reason::CouldNotConfirm, "確認でき(ず|な|ま|て(い)?(ない|ません))|確認が取れ|見せてもらえ"),
        (Reason::SaidUnknown, "不明|(?:わか|分か)(?:らな|りません|らず|っていな)|把握(?:していな|できていな|していません)"),
        (Reason::Denial, "否認|否定(?:した|する|し、|。|$)"),
        (
            Reason::None,
            "な(?:し|く)(?:。|、|です|で|と|$)|(?:は|も|が|に)?ない(?:。|、|です|と|$)|ありません|いない(?:。|、|です|と|$)|いません|なかった|無し",
        ),
    ]
    .into_iter()
    .filter_map(|(reason, pattern)| Some((reason, Regex::new(pattern).ok()?)))
    .collect()
});

/// Two negations say nothing certain (「与えていないわけではない」).
static DOUBLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("ない(?:わけ|こと|の)で?は(?:ない|ありません)|なくはない|ないことも?ない").ok()
});

/// The first reason that the words of `range` give.
pub(crate) fn status(text: &str, range: Range<usize>) -> Option<Status> {
    if is_double_negation(text, range.clone()) {
        return None;
    }
    REASONS.iter().find_map(|(reason, pattern)| {
        let found = pattern.find(&text[range.clone()])?;
        Some(Status { reason: *reason, range: range.start + found.start()..range.start + found.end() })
    })
}

/// Whether `range` holds two negations that cancel each other.
pub(crate) fn is_double_negation(text: &str, range: Range<usize>) -> bool {
    DOUBLE.as_ref().is_some_and(|pattern| pattern.is_match(&text[range]))
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
    }
}
