//! Sentence patterns with slots, and the sentences they make.
//!
//! `{slot}` inserts a slot, `(a|b)` chooses, `[a]` and `(a)?` may be left out. A slot with a tag marks its characters; so does
//! `<party kind:…>`, which also says of whom they tell.

use std::collections::HashMap;

use fastrand::Rng;

use crate::Error;
use crate::model::{Party, Section, SpanKind};

const SLOTS: &str = include_str!("../../data/train/slots.txt");
const PATTERNS: &str = include_str!("../../data/train/patterns.txt");
const SCRIPTS: &str = include_str!("../../data/train/scripts.txt");
const FRAMES: &str = include_str!("../../data/train/frames.txt");
const COMMON_FRAMES: &str = include_str!("../../data/train/frames_common.txt");
const FRAME_SLOTS: &str = include_str!("../../data/train/frame_slots.txt");
/// Slots inside slots inside slots …: more is a circle.
const MAX_DEPTH: usize = 12;
/// One pattern, and one script, in so many is held out.
const HELD_OUT: u32 = 12;

/// A piece of a pattern.
#[derive(Clone, Debug)]
enum Node {
    Text(String),
    Slot(String),
    Mark(Party, SpanKind, Vec<Vec<Node>>),
    Choice(Vec<Vec<Node>>),
    Maybe(Vec<Node>),
}

/// A character with the span that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tagged {
    pub(super) c: char,
    pub(super) span: Option<Mark>,
}

/// The span of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) kind: SpanKind,
    /// Of whom it tells. `None`: the grammar does not say.
    pub(super) party: Option<Party>,
    /// Differs between neighbouring spans.
    number: u32,
}

/// A sentence pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) section: Section,
    /// Never seen in training.
    pub(super) held_out: bool,
    nodes: Vec<Node>,
}

impl Pattern {
    fn read(line: &str, section: Section) -> Result<Self, Error> {
        let nodes = Parser { rest: line }.sequence(None)?;
        Ok(Self { section, held_out: hash(line).is_multiple_of(HELD_OUT), nodes })
    }
}

/// A whole dictation: sentences that follow each other, with the parties of all marks.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// Never seen in training.
    pub(super) held_out: bool,
    pub(super) sentences: Vec<Pattern>,
}

/// Alternatives by name, with the tag that a slot gives to its characters.
type Slots = HashMap<String, (Option<SpanKind>, Vec<Vec<Node>>)>;

/// The patterns and the slots.
#[derive(Debug)]
pub(super) struct Grammar {
    pub(super) patterns: Vec<Pattern>,
    pub(super) scripts: Vec<Script>,
    slots: Slots,
}

impl Grammar {
    /// Reads the grammar of the tagger's training in `data/train`.
    pub(super) fn shipped() -> Result<Self, Error> {
        let mut patterns = Vec::new();
        let mut section = None;
        for line in PATTERNS.lines().filter(|l| !l.trim().is_empty()) {
            if let Some(name) = line.strip_prefix("## ") {
                section = Some(self::section(name)?);
            } else if !line.starts_with('#') {
                let section = section.ok_or_else(|| Error::training("a pattern before its section"))?;
                patterns.push(Pattern::read(line, section)?);
            }
        }
        Self::new(patterns, scripts(SCRIPTS)?, slots(SLOTS)?)
    }

    /// Reads the frames of whole dictations in `data/train`, those of every dictation or the others; they have no
    /// sections.
    pub(super) fn frames(common: bool) -> Result<Self, Error> {
        let lines = if common { COMMON_FRAMES } else { FRAMES }
            .lines()
            .filter(|l| !l.trim().is_empty() && !l.starts_with('#'));
        let patterns = lines.map(|line| Pattern::read(line, Section::Other)).collect::<Result<_, _>>()?;
        let mut all = slots(SLOTS)?;
        all.extend(slots(FRAME_SLOTS)?);
        Self::new(patterns, Vec::new(), all)
    }

    /// A slot that is missing or goes in a circle shows here, not in the middle of the training.
    fn new(patterns: Vec<Pattern>, scripts: Vec<Script>, slots: Slots) -> Result<Self, Error> {
        let grammar = Self { patterns, scripts, slots };
        let mut rng = Rng::with_seed(0);
        let spoken = grammar.scripts.iter().flat_map(|script| &script.sentences);
        for pattern in grammar.patterns.iter().chain(spoken) {
            grammar.check(&pattern.nodes, 0)?;
            grammar.sentence(pattern, &mut rng);
        }
        Ok(grammar)
    }

    fn check(&self, nodes: &[Node], depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::training("slots go in a circle"));
        }
        for node in nodes {
            match node {
                Node::Text(_) => {}
                Node::Slot(name) => {
                    let (_, alternatives) =
                        self.slots.get(name).ok_or_else(|| Error::training(&format!("no slot {name}")))?;
                    alternatives.iter().try_for_each(|a| self.check(a, depth + 1))?;
                }
                Node::Choice(alternatives) | Node::Mark(_, _, alternatives) => {
                    alternatives.iter().try_for_each(|a| self.check(a, depth))?;
                }
                Node::Maybe(nodes) => self.check(nodes, depth)?,
            }
        }
        Ok(())
    }

    /// One sentence of the pattern, without its full stop.
    pub(super) fn sentence(&self, pattern: &Pattern, rng: &mut Rng) -> Vec<Tagged> {
        let mut out = Vec::new();
        let mut spans = 0;
        self.expand(&pattern.nodes, None, rng, &mut spans, &mut out);
        out
    }

    /// Words of a slot, without tags.
    pub(super) fn words(&self, slot: &str, rng: &mut Rng) -> Vec<Tagged> {
        let mut out = Vec::new();
        self.expand(&[Node::Slot(slot.to_owned())], None, rng, &mut 0, &mut out);
        out
    }

    fn expand(
        &self,
        nodes: &[Node],
        span: Option<Mark>,
        rng: &mut Rng,
        spans: &mut u32,
        out: &mut Vec<Tagged>,
    ) {
        for node in nodes {
            match node {
                Node::Text(text) => out.extend(text.chars().map(|c| Tagged { c, span })),
                Node::Slot(name) => {
                    let Some((tag, alternatives)) = self.slots.get(name) else { continue };
                    let inner = span.or_else(|| {
                        *spans += 1;
                        tag.map(|kind| Mark { kind, party: None, number: *spans })
                    });
                    if let Some(chosen) = rng.choice(alternatives) {
                        self.expand(chosen, inner, rng, spans, out);
                    }
                }
                Node::Mark(party, kind, alternatives) => {
                    *spans += 1;
                    let mark = Mark { kind: *kind, party: Some(*party), number: *spans };
                    if let Some(chosen) = rng.choice(alternatives) {
                        self.expand(chosen, Some(mark), rng, spans, out);
                    }
                }
                Node::Choice(alternatives) => {
                    if let Some(chosen) = rng.choice(alternatives) {
                        self.expand(chosen, span, rng, spans, out);
                    }
                }
                Node::Maybe(nodes) => {
                    if rng.bool() {
                        self.expand(nodes, span, rng, spans, out);
                    }
                }
            }
        }
    }
}

fn slots(text: &str) -> Result<Slots, Error> {
    let mut slots = HashMap::new();
    for line in text.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()) {
        let (head, body) =
            line.split_once('=').ok_or_else(|| Error::training(&format!("no = in slot {line}")))?;
        let (name, tag) = match head.trim().split_once(':') {
            Some((name, tag)) => (name, Some(kind(tag)?)),
            None => (head.trim(), None),
        };
        slots.insert(name.to_owned(), (tag, Parser { rest: body.trim() }.alternatives(None)?));
    }
    Ok(slots)
}

/// Reads the whole dictations: `# title` begins one, each other line is a section, a tab and a pattern.
fn scripts(text: &str) -> Result<Vec<Script>, Error> {
    let mut scripts: Vec<Script> = Vec::new();
    for line in text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with("##")) {
        if line.starts_with("# ") {
            scripts.push(Script { held_out: false, sentences: Vec::new() });
            continue;
        }
        let (section, pattern) =
            line.split_once('\t').ok_or_else(|| Error::training(&format!("no tab in 「{line}」")))?;
        let script = scripts.last_mut().ok_or_else(|| Error::training("a sentence before its script"))?;
        script.held_out |= script.sentences.is_empty() && hash(line).is_multiple_of(HELD_OUT);
        script.sentences.push(Pattern::read(pattern, self::section(section)?)?);
    }
    Ok(scripts)
}

fn section(name: &str) -> Result<Section, Error> {
    let found = Section::ALL.iter().find(|s| s.name() == name);
    found.copied().ok_or_else(|| Error::training(&format!("no section {name}")))
}

/// The party and the kind of a mark: `caller name`.
fn mark(label: &str) -> Result<(Party, SpanKind), Error> {
    let unknown = || Error::training(&format!("no mark {label}"));
    let (party, what) = label.split_once(' ').ok_or_else(unknown)?;
    let party = Party::ALL.iter().find(|p| p.name() == party).ok_or_else(unknown)?;
    let kind = match what {
        "name" => SpanKind::Person,
        "birth" => SpanKind::Time,
        "org" => SpanKind::Organisation,
        "title" => SpanKind::Relation,
        "job" => SpanKind::Occupation,
        same => kind(same)?,
    };
    Ok((*party, kind))
}

fn kind(name: &str) -> Result<SpanKind, Error> {
    let found = SpanKind::ALL.iter().find(|k| k.name() == name.trim());
    found.copied().ok_or_else(|| Error::training(&format!("no tag {name}")))
}

/// FNV-1a, so that what is held out does not depend on the order of the file.
fn hash(line: &str) -> u32 {
    line.bytes().fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193)) >> 7
}

struct Parser<'s> {
    rest: &'s str,
}

impl Parser<'_> {
    /// Sequences separated by |, up to `close`.
    fn alternatives(&mut self, close: Option<char>) -> Result<Vec<Vec<Node>>, Error> {
        let mut alternatives = vec![self.sequence(close)?];
        while self.take('|') {
            alternatives.push(self.sequence(close)?);
        }
        if close.is_some_and(|c| !self.take(c)) {
            return Err(Error::training(&format!("a bracket is open before 「{}」", self.rest)));
        }
        Ok(alternatives)
    }

    fn sequence(&mut self, close: Option<char>) -> Result<Vec<Node>, Error> {
        let mut nodes = Vec::new();
        while let Some(c) = self.rest.chars().next() {
            if Some(c) == close || c == '|' {
                break;
            }
            if self.take('{') {
                let (name, rest) =
                    self.rest.split_once('}').ok_or_else(|| Error::training("a { without its }"))?;
                self.rest = rest;
                nodes.push(Node::Slot(name.to_owned()));
            } else if self.take('(') {
                let choice = Node::Choice(self.alternatives(Some(')'))?);
                nodes.push(if self.take('?') { Node::Maybe(vec![choice]) } else { choice });
            } else if self.take('[') {
                nodes.push(Node::Maybe(vec![Node::Choice(self.alternatives(Some(']'))?)]));
            } else if self.take('<') {
                let (label, rest) =
                    self.rest.split_once(':').ok_or_else(|| Error::training("a < without its :"))?;
                self.rest = rest;
                let (party, kind) = mark(label)?;
                nodes.push(Node::Mark(party, kind, self.alternatives(Some('>'))?));
            } else {
                let end = self.rest.find(['{', '(', '[', '<', '|', ')', ']', '>']).unwrap_or(self.rest.len());
                if end == 0 {
                    return Err(Error::training(&format!("a bracket too many before 「{}」", self.rest)));
                }
                nodes.push(Node::Text(self.rest[..end].to_owned()));
                self.rest = &self.rest[end..];
            }
        }
        Ok(nodes)
    }

    fn take(&mut self, c: char) -> bool {
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_patterns_of_which_some_are_trained() {
        let grammar = Grammar::shipped().unwrap();
        for section in Section::ALL {
            let of_it = grammar.patterns.iter().filter(|p| p.section == *section);
            assert!(of_it.clone().any(|p| !p.held_out), "{section:?}");
        }
        assert!(grammar.patterns.iter().filter(|p| p.held_out).count() >= 20);
    }

    #[test]
    fn same_seed_same_sentence() {
        let grammar = Grammar::shipped().unwrap();
        let make = |seed| grammar.sentence(&grammar.patterns[3], &mut Rng::with_seed(seed));
        assert_eq!(make(5), make(5));
    }

    #[test]
    fn an_open_bracket_is_an_error() {
        assert!(Parser { rest: "本児は(泣く|笑う" }.sequence(None).is_err());
        assert!(Parser { rest: "本児は)泣く" }.sequence(None).is_err());
    }
}
