//! The dictation, read once for all rules: sentences, the heading each stands under, and what kind of sentence it is.

mod items;
mod plan;
mod sentences;
mod split;
mod turns;
mod wish;

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::civil::Date;
use record::template::{Choice, FieldSpec, Template};
use record::{Annotation, ClockTime, Document, Entity, Quote};
use text::polarity;

use crate::people::{Mention, OF_CHILDREN, Relations, called_child};
use crate::words::{find_all, has_any};

pub(crate) use plan::supervisor_marker;
use sentences::{conversation, sentences};

/// Label of the child in the list of relations.
const CHILD: &str = "本児";
/// What the questions of a conversation stand under: no form has this heading.
const QUESTION: &str = "質問";

/// One sentence, or the part of one behind a heading.
#[derive(Clone, Debug)]
pub(crate) struct Sentence {
    /// Byte range without the heading.
    pub(crate) range: Range<usize>,
    /// Byte range with the heading, where it stands in the same sentence.
    pub(crate) full: Range<usize>,
    /// Canonical heading that it stands under.
    pub(crate) heading: Option<String>,
    /// Where that heading was spoken.
    pub(crate) head: Option<Range<usize>>,
}

impl Sentence {
    /// Whether the sentence stands under any of the headings.
    pub(crate) fn is_under(&self, headings: &[String]) -> bool {
        self.heading.as_ref().is_some_and(|h| headings.contains(h))
    }
}

/// What the rules look at.
pub(crate) struct Scene<'d> {
    pub(crate) doc: &'d Document,
    pub(crate) template: &'d Template,
    pub(crate) relations: &'d Relations,
    pub(crate) sentences: Vec<Sentence>,
    quoted: Vec<Range<usize>>,
    /// Whole ranges of the sentences about the reporter's own items, in order.
    of_reporter: Vec<Range<usize>>,
    /// The relatives that were named with their side, each once.
    sided: BTreeSet<String>,
    /// What the child is called: 芽生ちゃん.
    called: Option<String>,
}

impl<'d> Scene<'d> {
    pub(crate) fn new(doc: &'d Document, template: &'d Template, relations: &'d Relations) -> Self {
        let mut quoted = doc.quoted();
        let turns = turns::turns(doc.text(), &quoted);
        let sentences = if turns.is_empty() {
            sentences(doc, template, &quoted)
        } else {
            // The brackets of a turn quote nobody.
            let is_turn =
                |q: &Range<usize>| turns.iter().any(|t| q.start <= t.words.start && t.words.end <= q.end);
            quoted.retain(|q| !is_turn(q));
            conversation(doc.text(), &turns)
        };
        let has_side = |label: &String| label.starts_with("父方") || label.starts_with("母方");
        let named = relations.mentions(doc.text(), 0..doc.text().len());
        let sided = named.into_iter().filter_map(|m| m.relation).filter(has_side).collect();
        let called = called_child(doc.text(), |at| split::is_quoted(&quoted, at));
        let mut scene =
            Self { doc, template, relations, sentences, quoted, of_reporter: Vec::new(), sided, called };
        scene.of_reporter = crate::rules::of_reporter(&scene);
        scene
    }

    /// Whether the sentence tells an item (name, address, telephone) of the reporter.
    pub(crate) fn is_of_reporter(&self, sentence: &Sentence) -> bool {
        self.of_reporter.binary_search_by_key(&sentence.full.start, |r| r.start).is_ok()
    }

    /// The same document with these sentences.
    #[cfg(feature = "model")]
    pub(crate) fn with_sentences(&self, sentences: Vec<Sentence>) -> Self {
        let Self { doc, template, relations, quoted, sided, called, .. } = self;
        let (quoted, sided, called) = (quoted.clone(), sided.clone(), called.clone());
        let mut scene =
            Self { doc, template, relations, sentences, quoted, of_reporter: Vec::new(), sided, called };
        scene.of_reporter = crate::rules::of_reporter(&scene);
        scene
    }

    /// Whether `at` stands in 「」.
    pub(crate) fn is_quoted(&self, at: usize) -> bool {
        split::is_quoted(&self.quoted, at)
    }

    /// The text up to the end of the sentence that `at` stands in: what is negated behind it negates nothing before.
    fn up_to_sentence_end(&self, at: usize) -> &'d str {
        let next = self.sentences.partition_point(|s| s.range.end <= at);
        let end = self.sentences.get(next).map_or(self.text().len(), |s| s.range.end);
        &self.text()[..end]
    }

    /// Whether the words of `range` are negated in their sentence.
    pub(crate) fn is_negated(&self, range: Range<usize>) -> bool {
        // 「血腫があり意識がない」: what is there is not negated by what follows.
        let behind = &self.text()[range.end..];
        let there = ["があり", "もあり", "があっ"].iter().find_map(|p| behind.strip_prefix(p));
        if there.is_some_and(|rest| !rest.starts_with("ませ")) {
            return false;
        }
        polarity::is_negated(self.up_to_sentence_end(range.start), range)
    }

    /// The clause of `range`, as far as a negation reaches.
    pub(crate) fn scope(&self, range: Range<usize>) -> Range<usize> {
        polarity::scope(self.up_to_sentence_end(range.start), range)
    }

    /// The field of the form that `rule` fills.
    pub(crate) fn field(&self, rule: &str) -> Option<&'d FieldSpec> {
        self.template.fields.iter().find(|f| f.rule.as_deref() == Some(rule))
    }

    /// The choices of a code list of the form; none where the list does not exist.
    pub(crate) fn codes(&self, id: &str) -> &'d [Choice] {
        self.template.codes.get(id).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &'d str {
        self.doc.text()
    }

    pub(crate) fn words(&self, range: &Range<usize>) -> &'d str {
        &self.doc.text()[range.clone()]
    }

    /// Sentences under any of the headings.
    pub(crate) fn under<'s>(&'s self, headings: &'s [String]) -> impl Iterator<Item = &'s Sentence> {
        self.sentences.iter().filter(move |s| s.is_under(headings))
    }

    /// Sentences under no heading.
    pub(crate) fn headless(&self) -> impl Iterator<Item = &Sentence> {
        self.sentences.iter().filter(|s| s.heading.is_none())
    }

    /// Sentences that say what happened or is so: under no heading or a heading of the narrative, and no plan.
    pub(crate) fn narrative(&self) -> impl Iterator<Item = &Sentence> {
        self.sentences.iter().filter(|s| self.is_narrative(s))
    }

    fn is_narrative(&self, sentence: &Sentence) -> bool {
        let view = matches!(
            sentence.heading.as_deref(),
            Some("所見" | "本児の意向" | "保護者の意向" | "告知内容" | QUESTION)
        );
        !view && !self.is_plan(sentence)
    }

    /// Sentences with any of the words, outside headings of plans and views.
    pub(crate) fn with_words<'s, S: AsRef<str>>(
        &'s self,
        words: &'s [S],
    ) -> impl Iterator<Item = &'s Sentence> {
        self.narrative().filter(move |s| has_any(self.text(), s.full.clone(), words))
    }

    /// Sentences that a field is about: under its headings, or with its cues.
    pub(crate) fn about<'s>(&'s self, spec: &'s FieldSpec) -> impl Iterator<Item = &'s Sentence> {
        self.sentences.iter().filter(move |s| {
            s.is_under(&spec.headings)
                || (self.is_narrative(s) && has_any(self.text(), s.full.clone(), &spec.cues))
        })
    }

    pub(crate) fn mentions(&self, range: Range<usize>) -> Vec<Mention> {
        let mut mentions = self.relations.mentions(self.text(), range.clone());
        if let Some(called) = &self.called {
            for at in find_all(self.text(), range, called) {
                if mentions.iter().all(|m| m.range.end <= at.start || at.end <= m.range.start) {
                    mentions.push(Mention { range: at, relation: Some(CHILD.to_owned()) });
                }
            }
            mentions.sort_by_key(|m| m.range.start);
        }
        mentions.retain(|m| !self.is_quoted(m.range.start));
        for mention in mentions.iter_mut().filter(|m| m.relation.is_none()) {
            mention.relation = self.sided(&self.doc.text()[mention.range.clone()]);
        }
        mentions
    }

    /// The first place where the child is called by name, without the honorific.
    pub(crate) fn called_name(&self) -> Option<Range<usize>> {
        let called = self.called.as_ref()?;
        let first =
            find_all(self.text(), 0..self.text().len(), called).find(|at| !self.is_quoted(at.start))?;
        let honorific = OF_CHILDREN.iter().find(|h| called.ends_with(**h))?;
        Some(first.start..first.end - honorific.len())
    }

    /// 「母方の祖母」, then 「祖母」: where one side alone was named, the word without a side is of it.
    fn sided(&self, word: &str) -> Option<String> {
        let relative = crate::people::sideless(word)?;
        let mut named = self.sided.iter().filter(|label| label.ends_with(relative));
        let only = named.next()?;
        named.next().is_none().then(|| only.clone())
    }

    /// What was quoted in `range`, with the range of the words.
    pub(crate) fn quotes(&self, range: Range<usize>) -> Vec<(&'d Quote, Range<usize>)> {
        self.doc
            .annotations_in(range)
            .filter_map(|a| match &a.entity {
                Entity::Quote(quote) => Some((quote, a.range.clone())),
                _ => None,
            })
            .collect()
    }

    /// Days said in `range`; `None` for words that fix no day.
    pub(crate) fn dates(&self, range: Range<usize>) -> Vec<(Option<Date>, &'d Annotation)> {
        self.doc
            .annotations_in(range)
            .filter_map(|a| match a.entity {
                Entity::Date(date) => Some((date, a)),
                _ => None,
            })
            .collect()
    }

    /// The first telephone number said in `range`, with its words.
    pub(crate) fn phone(&self, range: Range<usize>) -> Option<(String, Range<usize>)> {
        self.doc.annotations_in(range).find_map(|a| match &a.entity {
            Entity::Phone(number) => Some((number.clone(), a.range.clone())),
            _ => None,
        })
    }

    /// Times said in `range`: start and, for a range, end.
    pub(crate) fn times(&self, range: Range<usize>) -> Vec<(ClockTime, Option<ClockTime>, &'d Annotation)> {
        self.doc
            .annotations_in(range)
            .filter_map(|a| match a.entity {
                Entity::TimeRange(start, end) => Some((start, Some(end), a)),
                Entity::Time(time) => Some((time, None, a)),
                _ => None,
            })
            .collect()
    }
}
