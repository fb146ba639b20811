//! Hesitations: ええと, あのー, まあ (deleted outside quotations).

use record::{Document, Replacement};

use crate::chain::{Pass, rounds};
use crate::cursor::{Cursor, before, is_hiragana};
use crate::error::{Error, Result};
use crate::layout::{Layout, ends_sentence, is_stop};
use crate::words::Words;

use std::sync::LazyLock;

const NAME: &str = "fillers";

/// Nothing else sounds like these; they may run on into the next word.
const CLEAR: &[&str] = &[
    "ええと",
    "ええっと",
    "えーと",
    "えーっと",
    "えっと",
    "えっとー",
    "えっとね",
    "えーとー",
    "えーとね",
    "え〜と",
    "え〜っと",
    "えー",
    "え〜",
    "えーー",
    "あのー",
    "あの〜",
    "あのう",
    "あのうー",
    "うーん",
    "うーんと",
    "うーんとー",
    "んー",
    "んーと",
    "ん〜",
    "んっと",
    "あー",
    "あ〜",
    "まー",
    "そのー",
    "その〜",
    "そのう",
    "なんかー",
];
/// These are also words; they hesitate only with a comma or a pause behind them.
const UNCLEAR: &[&str] =
    &["あの", "その", "まあ", "えと", "ま", "あ", "え", "ん", "う", "あのね", "まあその"];
/// Behind these the hesitation is what somebody said: 「ええと言った」.
const SAID: &[&str] = &["言", "い", "思", "話", "答", "返", "聞", "つぶや", "うな", "のこと", "する", "した"];

static WORDS: LazyLock<Words<bool>> = LazyLock::new(|| {
    let clear = CLEAR.iter().map(|&word| (word.to_owned(), true));
    Words::new(clear.chain(UNCLEAR.iter().map(|&word| (word.to_owned(), false))))
});

/// Deletes hesitations with the comma behind them.
///
/// At the start of a clause all of them; the clear ones also behind a particle (「左の頬にえっと」).
#[derive(Clone, Copy, Debug, Default)]
pub struct Fillers;

impl Pass for Fillers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        // A deleted filler can bring together another one: 「その、えっとー」.
        for _ in 0..rounds(doc.text().len()) {
            let replacements = find(doc.text(), &Layout::new(doc));
            if replacements.is_empty() {
                break;
            }
            doc.edit(NAME, replacements).map_err(|source| Error::edit(NAME, source))?;
        }
        Ok(())
    }
}

fn find(text: &str, layout: &Layout) -> Vec<Replacement> {
    let mut replacements: Vec<Replacement> = Vec::new();
    // The last character that stays, and whether a clause starts behind it.
    let mut kept: Option<char> = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if let Some(quote) = layout.quote_at(at) {
            kept = before(text, quote.end);
            at = quote.end;
            continue;
        }
        let starts = kept.is_none_or(|c| is_stop(c) || c == '「') || layout.pause_at(at, 0);
        let Some(end) = filler(text, at, starts, kept, layout) else {
            kept = Some(c);
            at += c.len_utf8();
            continue;
        };
        // A comma before the filler is not needed where a stop follows.
        let adjoins = replacements.last().is_some_and(|last| last.range.end == at);
        let comma = !adjoins && kept == Some('、') && text[end..].starts_with(['。', '、']);
        let start = if comma { at - '、'.len_utf8() } else { at };
        replacements.push(Replacement::new(start..end, "", "filler"));
        at = end;
    }
    replacements
}

/// End of the filler at `at` with its comma.
fn filler(text: &str, at: usize, starts: bool, kept: Option<char>, layout: &Layout) -> Option<usize> {
    let particle = kept.is_some_and(|c| matches!(c, 'は' | 'に' | 'が' | 'を' | 'で' | 'も' | 'の'));
    WORDS.all_at(text, at).find_map(|(word, &clear)| {
        let mut cursor = Cursor::new(text, at + word.len());
        let stretched = word.ends_with(['ー', '〜', 'う']);
        if stretched {
            while cursor.eat_char(|c| matches!(c, 'ー' | '〜')).is_some() {}
        }
        let end = cursor.at();
        let alone = kept.is_none_or(ends_sentence);
        if cursor.any(&["、", " ", "…"]).is_some() || (alone && cursor.eat("。")) {
            return (starts || (clear && particle)).then_some(cursor.at());
        }
        if starts && cursor.sees(&["。"]) {
            return Some(end);
        }
        if end == text.len() || layout.pause_at(end, 0) {
            return (starts && (clear || end < text.len())).then_some(end);
        }
        // 「あーちゃん」「えーん」: a stretched vowel that a word goes on with.
        let runs_on = word.chars().count() == 2 && stretched && cursor.peek().is_some_and(is_hiragana);
        (clear && (starts || particle) && !runs_on && !cursor.sees(SAID) && !cursor.sees(&["と", "っ"]))
            .then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::conformance;
    use crate::testing::document;

    fn without(text: &str) -> String {
        let mut doc = document(text, None);
        Fillers.apply(&mut doc).unwrap();
        doc.text().to_owned()
    }

    #[test]
    fn the_pass_conforms() {
        conformance::run(&Fillers);
    }

    #[test]
    fn hesitations_go_with_their_comma() {
        assert_eq!(without("ええと、令和7年6月3日"), "令和7年6月3日");
        assert_eq!(without("えー主訴。あの、泣き声通告"), "主訴。泣き声通告");
        assert_eq!(without("本児は、まあ、元気。うーん、所見は"), "本児は、元気。所見は");
        assert_eq!(without("ええと、あの、まあ、実母は不在"), "実母は不在");
        assert_eq!(without("左の頬にえっと500円玉くらい"), "左の頬に500円玉くらい");
        assert_eq!(without("えっと。家庭訪問"), "家庭訪問");
        assert_eq!(without("実母は不在、えっと。"), "実母は不在。");
        assert_eq!(without("その、左の頬に"), "左の頬に");
    }

    #[test]
    fn words_stay() {
        for text in [
            "あの子は元気",
            "その後、帰宅",
            "まあまあ食べる",
            "ええと言った",
            "えーんと泣く",
            "あーちゃんは元気",
            "「えっと、転んだ」と話す",
            "家にあの、",
            "その子、この子",
        ] {
            assert_eq!(without(text), text);
        }
    }

    #[test]
    fn a_deleted_filler_leaves_its_comma_in_the_edit() {
        let mut doc = document("母は、えっと、不在", None);
        Fillers.apply(&mut doc).unwrap();
        let edit = &doc.mapped().edits()[0];
        assert_eq!((edit.from.as_str(), edit.to.as_str(), edit.reason.as_str()), ("えっと、", "", "filler"));
    }

    proptest! {
        #[test]
        fn any_row_of_fillers_goes_at_once(text in "(えっと|ええと|あの|まあ|その|、|。| |母は|ー|「|」){0,12}") {
            conformance::check(&Fillers, &text);
        }
    }
}
