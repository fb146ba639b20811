//! Who said what: 「…」と話す, 転んだと言う, との発言 (language.md pass 8).

mod speaker;
#[cfg(test)]
mod tests;
mod verb;

use std::ops::Range;

use record::{Annotation, Document, Entity, Quote};

use crate::chain::Pass;
use crate::cursor::{Cursor, after};
use crate::error::Result;
use crate::layout::{Layout, back_to, ends_sentence};
use speaker::{is_person, speaker_in};
use verb::{Verb, verb_at};

const NAME: &str = "quotes";
/// Farthest start of words without brackets, in bytes (about 100 characters).
const REACH: usize = 300;
/// Farthest verb behind a closing bracket, in bytes (about 15 characters).
const VERB_REACH: usize = 45;
/// Words that open the clause, not the quotation.
const OPENERS: &[&str] = &[
    "しばらくして",
    "しばらくすると",
    "その後は",
    "その後",
    "また",
    "さらに",
    "最後に",
    "後で",
    "そして",
    "それから",
    "続けて",
    "一方で",
    "一方",
    "なお",
    "ただし",
    "ただ",
    "今度は",
    "次に",
    "すると",
    "これに対し",
    "それに対し",
];

/// Pass 8: annotates quotations with their speaker and verb.
///
/// The range of a quotation is the words themselves, without the brackets. Two utterances stay two. The worker's view
/// (〜と思われる, 〜と考える) is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quotes;

impl Pass for Quotes {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        let layout = Layout::new(doc);
        let mut scan = Scan {
            text: doc.text(),
            layout: &layout,
            found: Vec::new(),
            waiting: Vec::new(),
            unsaid: 0,
            floor: 0,
            behind_verb: false,
        };
        scan.run();
        let found = scan.found;
        doc.retain_annotations(|a| !matches!(a.entity, Entity::Quote(_)));
        doc.annotate(found);
        Ok(())
    }
}

struct Scan<'t> {
    text: &'t str,
    layout: &'t Layout,
    found: Vec<Annotation>,
    /// Bracketed words that wait for the verb behind the next ones: 「…」「…」と話す.
    waiting: Vec<Range<usize>>,
    /// End of the last brackets without a verb: the next ones may have another speaker.
    unsaid: usize,
    /// Words before this position belong to an earlier sentence or quotation.
    floor: usize,
    /// Whether `floor` lies behind a verb, whose rest may follow.
    behind_verb: bool,
}

impl Scan<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(c) = after(self.text, at) {
            if let Some(quote) = self.layout.quote_at(at) {
                let quote = quote.clone();
                self.bracketed(&quote);
                at = quote.end;
                continue;
            }
            if ends_sentence(c) {
                (self.floor, self.behind_verb) = (at + c.len_utf8(), false);
                self.waiting.clear();
            }
            if c == 'と' || self.text[at..].starts_with("って") {
                self.unbracketed(at);
            }
            at += c.len_utf8();
        }
    }

    fn bracketed(&mut self, quote: &Range<usize>) {
        let mut cursor = Cursor::new(self.text, quote.end);
        let joined = cursor.any(&["、と", "との", "と", "って", "、", "・"]).unwrap_or_default();
        if cursor.sees(&["「", "『"]) {
            self.waiting.push(quote.clone());
            return;
        }
        let verb = match joined {
            "との" => verb::noun_at(self.text, cursor.at()),
            "、と" | "と" | "って" => self.verb_behind(cursor.at()),
            _ => None,
        };
        let waiting = std::mem::take(&mut self.waiting);
        let Some(verb) = verb else {
            self.unsaid = quote.end;
            return;
        };
        let first = waiting.first().map_or(quote.start, |q| q.start);
        let from = self.clause_floor(first);
        // 「…」と実母は話す
        let speaker = speaker_in(self.text, quote.end..verb.range.start, &verb)
            // 「母は『…』と泣き、父は『…』と話す」
            .or_else(|| speaker_in(self.text, self.unsaid.clamp(from, first)..first, &verb))
            .or_else(|| speaker_in(self.text, from..first, &verb))
            .map(|s| s.words)
            .or_else(|| self.last_speaker(first));
        for quote in waiting.iter().chain([quote]) {
            let bracket = '「'.len_utf8();
            self.add(quote.start + bracket..quote.end - bracket, speaker.clone(), &verb);
        }
        (self.floor, self.behind_verb) = (verb.range.end, true);
    }

    /// The verb of the clause behind a closing bracket: 「…」と泣きながら話す.
    fn verb_behind(&self, from: usize) -> Option<Verb> {
        let rest = &self.text[from..];
        let end = rest
            .char_indices()
            .find(|&(i, c)| i > VERB_REACH || ends_sentence(c) || matches!(c, '「' | '『'))
            .map_or(self.text.len(), |(i, _)| from + i);
        (from..=end).filter(|&at| self.text.is_char_boundary(at)).find_map(|at| verb_at(self.text, at))
    }

    fn unbracketed(&mut self, at: usize) {
        if self.text[..at].ends_with(['」', '』']) {
            return;
        }
        let mut cursor = Cursor::new(self.text, at);
        let noun = cursor.eat("との");
        if !noun {
            cursor.any(&["と", "って"]);
        }
        let joint_end = cursor.at();
        let mut named: Option<Range<usize>> = None;
        let verb = if noun {
            verb::noun_at(self.text, joint_end)
        } else {
            verb_at(self.text, joint_end).or_else(|| {
                // 〜と実母は話す
                let (words, end) = speaker::topic_at(self.text, joint_end)?;
                named = Some(words);
                verb_at(self.text, end)
            })
        };
        let Some(verb) = verb else { return };
        let from = self.clause_floor(at);
        let found = if named.is_some() { None } else { speaker_in(self.text, from..at, &verb) };
        let start = self.skip_openers(found.as_ref().map_or(from, |s| s.behind), at);
        let words = &self.text[start..at];
        // 母と話す, 園との話: a partner, not words.
        let partner =
            verb.is_talk && is_person(words.rsplit(['、', ' ', 'は', 'が']).next().unwrap_or(words));
        if words.is_empty() || is_person(words) || partner {
            return;
        }
        let speaker = named.or(found.map(|s| s.words)).or_else(|| self.last_speaker(at));
        self.add(start..at, speaker, &verb);
        (self.floor, self.behind_verb) = (verb.range.end, true);
    }

    /// Start of the clause: the sentence's, or behind the quotation before.
    fn clause_floor(&self, at: usize) -> usize {
        let start = back_to(self.text, at, REACH, ends_sentence).max(self.floor.min(at));
        let rest = &self.text[start..at];
        let rest = if start == self.floor && self.behind_verb {
            // 言い、 / 話しており、: the rest of the verb before.
            let tail = rest
                .char_indices()
                .take(8)
                .find(|(_, c)| matches!(c, '、' | ' '))
                .map_or(0, |(i, c)| i + c.len_utf8());
            &rest[tail..]
        } else {
            rest
        };
        at - rest.trim_start_matches(['、', ' ']).len()
    }

    fn skip_openers(&self, start: usize, end: usize) -> usize {
        let mut cursor = Cursor::new(self.text, start);
        loop {
            let before = cursor.at();
            while cursor.any(&["、", " "]).is_some() {}
            cursor.any(OPENERS);
            if cursor.at() == before || cursor.at() >= end {
                return before.min(end);
            }
        }
    }

    /// The speaker of the quotation before in the same sentence.
    fn last_speaker(&self, at: usize) -> Option<Range<usize>> {
        let last = self.found.last()?;
        let Entity::Quote(quote) = &last.entity else { return None };
        (!self.text[quote.verb.end..at].contains(ends_sentence)).then(|| quote.speaker.clone()).flatten()
    }

    fn add(&mut self, range: Range<usize>, speaker: Option<Range<usize>>, verb: &Verb) {
        if range.is_empty() {
            return;
        }
        let entity = Entity::Quote(Quote { speaker, verb: verb.range.clone() });
        self.found.push(Annotation { range, entity, flags: vec![] });
    }
}
