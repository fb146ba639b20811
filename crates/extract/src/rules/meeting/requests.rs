//! Tasks that are asked of somebody: 「学校には見守りをお願いする」「調査は児童相談所に依頼する」.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::is_bearer;
use crate::scene::{Scene, Sentence};
use crate::words::{clauses, trim, trim_end_of};

/// What is asked of whom.
pub(super) struct Request {
    pub(super) who: Range<usize>,
    pub(super) task: Range<usize>,
    /// Where its deadline stands.
    pub(super) whole: Range<usize>,
}

const ASKS: &str = "(?:お願いし(?:て、|ます)|お願いする|お願いしたい|頼む|頼みます|頼みたい|依頼し(?:て、|ます)|依頼する|依頼予定|任せ(?:て、|る|ます)|引き受けてもら(?:う|い)|担ってもら(?:う|い))";

/// 「学校には登校時の見守りをお願いする」
static TO_WHOM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!("^([^、はがを]{{2,16}}?)に(?:は、?|も、?|、)?([^。「」]{{2,40}}?)[をも]{ASKS}")).ok()
});
/// 「家の調査は児童相談所に7月25日までにお願いして、」
static WHAT_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        "^([^、。「」]{{2,30}}?)[はを]、?([^、。「」はがを]{{2,16}}?)に(?:、|[^。「」]{{1,16}}?に)?、?{ASKS}"
    ))
    .ok()
});

/// The requests of a sentence, clause by clause.
pub(super) fn requests(scene: &Scene<'_>, sentence: &Sentence) -> Vec<Request> {
    let text = scene.text();
    let mut found: Vec<Request> = Vec::new();
    for clause in clauses(text, sentence.range.clone()) {
        if found.last().is_some_and(|last| clause.start < last.whole.end) {
            continue;
        }
        let rest = &text[clause.start..sentence.range.end];
        let at = |m: regex::Match<'_>| clause.start + m.start()..clause.start + m.end();
        let first = TO_WHOM.as_ref().and_then(|r| r.captures(rest));
        let second = || WHAT_FIRST.as_ref().and_then(|r| r.captures(rest));
        let asked = |c: regex::Captures<'_>, who: usize, task: usize| {
            let who = trim_end_of(text, at(c.get(who)?), &["さん"]);
            is_bearer(text, &who)
                .then_some(Some(Request { who, task: trim(text, at(c.get(task)?)), whole: at(c.get(0)?) }))
                .flatten()
        };
        found.extend(first.and_then(|c| asked(c, 1, 2)).or_else(|| second().and_then(|c| asked(c, 2, 1))));
    }
    found
}
