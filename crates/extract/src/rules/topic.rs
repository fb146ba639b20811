//! Whom the items of a form are told of: 「通告者は、支援員。住所は、拒否。」 is the reporter's address and not the child's.

use std::ops::Range;

use super::reporter;
use crate::people::name_before;
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{find_any, has_any, starts_with_any, trim};

/// The reporter, named as such.
const REPORTER: &[&str] = &["通告者", "相談者", "通報者", "通告元", "通報元", "情報提供者"];

/// The sentences, by their whole ranges, that tell an item of the reporter.
pub(crate) fn of_reporter(scene: &Scene<'_>) -> Vec<Range<usize>> {
    let text = scene.text();
    let source = reporter::sentence(scene);
    // 「匿名の女性から電話がありました。名前は聞いていません。」 An item with a value may already be the child's.
    let reception = source.as_ref().map(|(s, _)| s.full.end);
    let mut after_reception = false;
    let called: Vec<&str> = source.map_or_else(Vec::new, |(_, words)| {
        let honorific = find_any(text, words.clone(), &["さん", "先生"]);
        let name = honorific.and_then(|h| name_before(text, words.clone(), &h)).map(|n| &text[n]);
        WORDS.topic.called.iter().copied().filter(|c| text[words.clone()].contains(c)).chain(name).collect()
    });
    let mut open = false;
    let mut told = Vec::new();
    for sentence in &scene.sentences {
        let words = &text[trim(text, sentence.full.clone())];
        let item =
            |words: &str| {
                WORDS.topic.items.iter().any(|i| {
                    words.strip_prefix(i).is_some_and(|rest| starts_with_any(rest, &WORDS.topic.topics))
                })
            };
        let own = called.iter().any(|c| {
            let rest = words.strip_prefix(c);
            rest.map(|r| r.trim_start_matches("さん").trim_start_matches("先生").trim_start_matches("の"))
                .is_some_and(item)
        });
        if own || starts_with_any(words, REPORTER) {
            open = true;
            told.push(sentence.full.clone());
        } else if item(words) && (open || (after_reception && is_callers(text, sentence, words))) {
            told.push(sentence.full.clone());
        } else {
            after_reception = false;
            if has_any(text, sentence.full.clone(), &WORDS.topic.others) {
                open = false;
            }
        }
        after_reception |= reception == Some(sentence.full.end);
    }
    told
}

/// Behind the reception only the telephone, or what is not known, is surely the caller's.
fn is_callers(text: &str, sentence: &Sentence, words: &str) -> bool {
    const OWN: &[&str] = &["電話", "お電話", "お店の", "店の", "勤め先の", "ご住所"];
    let unnamed = has_any(text, sentence.full.clone(), &WORDS.reporter.anonymous);
    starts_with_any(words, OWN) || unnamed || status(text, sentence.full.clone()).is_some()
}
