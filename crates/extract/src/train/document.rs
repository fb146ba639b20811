//! Dictations made of sentences: some with headings, some without, in the manner of a recogniser or of a careful writer.

use std::ops::Range;

use fastrand::Rng;

use super::grammar::{Grammar, Mark, Pattern, Script, Tagged};
use super::noise::Manner;
use crate::model::{Section, party_class, tag_class};

/// A dictation is cut at about so many characters.
const LENGTH: usize = 220;
/// One sentence of a script in so many is left out.
const LEFT_OUT: u8 = 10;
/// Words between sentences.
const LINKS: &[&str] =
    &["また、", "なお、", "それから、", "あと、", "で、", "一方、", "その後、", "ちなみに、"];

/// A dictation with its answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Dictation {
    pub(super) chars: Vec<char>,
    /// The span of each character.
    pub(super) marks: Vec<Option<Mark>>,
    /// Class of the tag head for each character.
    pub(super) tags: Vec<u32>,
    /// 1 where a sentence ends, otherwise 0.
    pub(super) ends: Vec<u32>,
    /// Class of the party head for each character; empty where the grammar does not say.
    pub(super) parties: Vec<u32>,
    pub(super) sentences: Vec<(Range<usize>, Section)>,
}

/// Which patterns are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patterns {
    Trained,
    HeldOut,
}

impl Patterns {
    fn of(self, grammar: &Grammar, section: Section) -> Vec<&Pattern> {
        grammar.patterns.iter().filter(|p| p.section == section && self.uses(p.held_out)).collect()
    }

    /// Those among the scripts.
    pub(super) fn scripts(self, grammar: &Grammar) -> Vec<&Script> {
        grammar.scripts.iter().filter(|s| self.uses(s.held_out)).collect()
    }

    fn uses(self, held_out: bool) -> bool {
        held_out == (self == Self::HeldOut)
    }
}

/// A dictation after a script, of which some sentences are left out. Empty where no script is used.
pub(super) fn scripted(grammar: &Grammar, patterns: Patterns, rng: &mut Rng) -> Dictation {
    let manner = Manner::random(rng);
    let mut made = Dictation::default();
    let Some(script) = rng.choice(patterns.scripts(grammar)) else { return made };
    for pattern in &script.sentences {
        if rng.u8(0..LEFT_OUT) > 0 {
            made.push(&manner.write(sentence(grammar, pattern, rng), rng), pattern.section);
        }
    }
    let classes = made.marks.iter().map(|mark| mark.and_then(|m| m.party).map_or(0, party_class));
    made.parties = classes.collect();
    made
}

/// A dictation after a script as a recogniser should write it: every sentence, no brackets, numbers in figures.
pub(super) fn read_out(grammar: &Grammar, script: &Script, rng: &mut Rng) -> String {
    let spoken =
        script.sentences.iter().flat_map(|pattern| sentence(grammar, pattern, rng)).map(|tagged| tagged.c);
    let text = spoken.filter(|c| !"「」『』".contains(*c)).collect::<String>().replace("。。", "。");
    text::in_figures(&text)
}

/// A sentence with what may stand before it.
fn sentence(grammar: &Grammar, pattern: &Pattern, rng: &mut Rng) -> Vec<Tagged> {
    let mut sentence = Vec::new();
    let with_filler = rng.u8(0..8) == 0;
    let with_link = !with_filler && rng.u8(0..8) == 0;
    if with_filler {
        sentence.extend(grammar.words("filler", rng));
        sentence.push(Tagged { c: '、', span: None });
    } else if with_link {
        let link = rng.choice(LINKS).copied().unwrap_or_default();
        sentence.extend(link.chars().map(|c| Tagged { c, span: None }));
    }
    sentence.extend(grammar.sentence(pattern, rng));
    sentence.push(Tagged { c: '。', span: None });
    sentence
}

/// A dictation of sentences at random.
pub(super) fn dictation(grammar: &Grammar, patterns: Patterns, rng: &mut Rng) -> Dictation {
    let manner = Manner::random(rng);
    let with_headings = rng.u8(0..10) < 3;
    let mut made = Dictation::default();
    while made.chars.len() < LENGTH {
        let Some(section) = rng.choice(Section::ALL).copied() else { break };
        let fitting = patterns.of(grammar, section);
        if fitting.is_empty() {
            continue;
        }
        if with_headings && section != Section::Other && rng.bool() {
            let heading: Vec<Tagged> =
                section.name().chars().chain(['。']).map(|c| Tagged { c, span: None }).collect();
            made.push(&manner.write(heading, rng), section);
        }
        for _ in 0..rng.usize(1..=3) {
            let Some(pattern) = rng.choice(&fitting) else { break };
            made.push(&manner.write(sentence(grammar, pattern, rng), rng), section);
        }
    }
    made
}

impl Dictation {
    fn push(&mut self, sentence: &[Tagged], section: Section) {
        if sentence.is_empty() {
            return;
        }
        let start = self.chars.len();
        let mut before = None;
        for tagged in sentence {
            self.chars.push(tagged.c);
            self.marks.push(tagged.span);
            self.tags.push(tagged.span.map_or(0, |mark| tag_class(mark.kind, before != tagged.span)));
            self.ends.push(0);
            before = tagged.span;
        }
        if let Some(last) = self.ends.last_mut() {
            *last = 1;
        }
        self.sentences.push((start..self.chars.len(), section));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictation_is_covered_by_its_sentences() {
        let grammar = Grammar::shipped().unwrap();
        for seed in 0..50 {
            let made = dictation(&grammar, Patterns::Trained, &mut Rng::with_seed(seed));
            let mut at = 0;
            for (range, _) in &made.sentences {
                assert_eq!(range.start, at);
                assert_eq!(made.ends[range.clone()].iter().sum::<u32>(), 1);
                at = range.end;
            }
            assert_eq!((at, at, at), (made.chars.len(), made.tags.len(), made.ends.len()));
        }
    }

    #[test]
    fn training_sees_no_pattern_that_is_held_out() {
        let grammar = Grammar::shipped().unwrap();
        for section in Section::ALL {
            assert!(Patterns::Trained.of(&grammar, *section).iter().all(|p| !p.held_out));
        }
    }
}
