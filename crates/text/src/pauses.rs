//! Pauses that end nothing: inside a word, in front of its particle (「着衣の下は実 … 施」, 「通告の受理 … は」), and between a day
//! and its time (「6月10日火曜、… 午前10時15分」).
//!
//! Speakers hesitate there, and an engine's times of single tokens are not exact. Later passes and the rules take a pause
//! for the border of a clause or of a sentence, so these are forgotten first. No word is changed.

use record::Document;

use crate::chain::Pass;
use crate::cursor::{after, before};
use crate::error::Result;
use crate::layout::{back_to, is_stop};
use crate::morphology::{Morphology, Pos};
use crate::number;

const NAME: &str = "pauses";
/// How far around a pause the words are looked at, in bytes.
const REACH: usize = 60;
/// Particles that also open a sentence where a comma follows: 「で、次の日は」.
const OPENERS: &[&str] = &["で", "が", "と", "けど", "けれど", "から"];

/// Ends of a day, and words that begin a time of it.
const DAY_ENDS: &[&str] = &["日", "曜"];
const TIMES_OF_DAY: &[&str] = &["午前", "午後", "正午", "早朝", "朝", "昼", "夕方", "夜", "深夜", "未明"];

/// Forgets the pauses inside words, in front of particles, and between a day and its time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pauses;

impl Pass for Pauses {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        let text = doc.text();
        let inside: Vec<usize> = doc
            .breaks()
            .filter(|(at, pause_ms)| pause_ms.is_some() && before(text, *at).is_some_and(|c| !is_stop(c)))
            .map(|(at, _)| at)
            .filter(|at| after(text, *at).is_some_and(|c| !is_stop(c)))
            .collect();
        let mut goes_on: Vec<usize> = doc
            .breaks()
            .filter(|(at, pause_ms)| pause_ms.is_some() && is_before_time(text, *at))
            .map(|(at, _)| at)
            .collect();
        if !inside.is_empty() {
            let morphology = Morphology::shared()?;
            goes_on.extend(inside.into_iter().filter(|at| goes_on_word(morphology, text, *at)));
        }
        if goes_on.is_empty() {
            return Ok(());
        }
        goes_on.sort_unstable();
        doc.retain_breaks(|at, pause_ms| pause_ms.is_none() || goes_on.binary_search(&at).is_err());
        Ok(())
    }
}

/// Whether a day ends at `at`, a comma left out, and a time of day begins there.
fn is_before_time(text: &str, at: usize) -> bool {
    let comma = |c: char| matches!(c, '、' | ' ');
    let (day, time) = (text[..at].trim_end_matches(comma), text[at..].trim_start_matches(comma));
    let clock = time.trim_start_matches(number::starts_number);
    DAY_ENDS.iter().any(|end| day.ends_with(end))
        && (TIMES_OF_DAY.iter().any(|word| time.starts_with(word))
            || (clock.len() < time.len() && clock.starts_with('時') && !clock.starts_with("時間")))
}

/// Whether a word lies across `at`, or a particle or an auxiliary verb stands behind it.
fn goes_on_word(morphology: &Morphology, text: &str, at: usize) -> bool {
    let start = back_to(text, at, REACH, is_stop);
    let behind = text[at..].char_indices().find(|(i, c)| *i >= REACH || is_stop(*c));
    let end = behind.map_or(text.len(), |(i, _)| at + i);
    let tokens = morphology.tokens(&text[start..end]);
    match tokens.iter().find(|token| start + token.range.start == at) {
        None => true,
        Some(token) => {
            let opens =
                OPENERS.contains(&token.surface) && text[at + token.surface.len()..].starts_with('、');
            matches!(token.pos, Pos::Particle | Pos::Auxiliary) && !opens
        }
    }
}

#[cfg(test)]
mod tests {
    use record::{Segment, Token, Transcript};

    use super::*;
    use crate::conformance;

    /// The words with a pause of a second at each |, and the pauses that are left.
    fn left(words: &str) -> String {
        let mut tokens = Vec::new();
        let mut at_ms = 0;
        for part in words.split('|') {
            tokens.push(Token { text: part.into(), start_ms: at_ms, end_ms: at_ms + 500, logprob: -0.1 });
            at_ms += 1_500;
        }
        let raw = words.replace('|', "");
        let segment = Segment { end_ms: at_ms, raw, tokens, ..Segment::default() };
        let mut doc = Document::new(&Transcript { segments: vec![segment], edits: vec![] }, None);
        Pauses.apply(&mut doc).unwrap();
        let mut out = doc.text().to_owned();
        let mut breaks: Vec<usize> = doc.breaks().map(|(at, _)| at).collect();
        breaks.sort_unstable();
        breaks.into_iter().rev().for_each(|at| out.insert(at, '|'));
        out
    }

    #[test]
    fn a_pause_inside_a_word_or_before_its_particle_ends_nothing() {
        assert_eq!(left("通告の受理|は、令和7年6月10日"), "通告の受理は、令和7年6月10日");
        assert_eq!(left("着衣の下の確認は、実|施、外傷なし"), "着衣の下の確認は、実施、外傷なし");
        assert_eq!(left("本児は保育園|に通っている"), "本児は保育園に通っている");
    }

    #[test]
    fn a_pause_between_a_day_and_its_time_ends_nothing() {
        assert_eq!(left("6月10日火曜、|午前10時15分。|安全確認"), "6月10日火曜、午前10時15分。|安全確認");
        assert_eq!(left("11月28日|十五時から"), "11月28日十五時から");
        assert_eq!(left("通告は6月10日火曜|、夜に聞いた"), "通告は6月10日火曜、夜に聞いた");
    }

    #[test]
    fn other_pauses_stay() {
        for words in [
            "10日火曜、|2時間面接した",
            "表情は硬い|実父は応じる",
            "家庭訪問した|で、次の日は電話した",
            "所見。|なし",
            "主訴|泣き声",
        ] {
            assert_eq!(left(words), words);
        }
    }

    #[test]
    fn the_end_of_a_recording_stays() {
        let of = |file, raw: &str| Segment { file, raw: raw.into(), ..Segment::default() };
        let transcript =
            Transcript { segments: vec![of(0, "本児は実"), of(1, "施した")], edits: vec![] };
        let mut doc = Document::new(&transcript, None);
        Pauses.apply(&mut doc).unwrap();
        assert_eq!(doc.breaks().count(), 1);
    }

    #[test]
    fn conforms() {
        conformance::run(&Pauses);
    }
}
