//! Raising the probability of expected words while decoding.
//!
//! Shallow fusion, twice: with a prefix tree of token sequences, where a token that begins an expected word, or goes on
//! with one that has begun, gets a bonus on its logit before the next token is chosen (Zhao et al., "Shallow-Fusion
//! End-to-End Contextual Biasing", Interspeech 2019; without its subtractive cost, as greedy decoding cannot take a choice
//! back), and with n-grams of example sentences, where a token gets a bonus by how often it follows the last ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::exact;
use crate::ngram::Ngrams;
use crate::vocabulary::Vocabulary;

/// Probability of a token that follows no more often than any other: less gets no bonus.
const RARE: f32 = 0.003;

/// Words that are expected, and how strongly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bias {
    /// The words, as they are written. Never words of another case.
    pub terms: Vec<String>,
    /// Sentences of the kind that is expected, one a line; only what usually follows what is taken from them.
    pub sentences: Option<Arc<str>>,
    /// Factor on the logarithm of how much more often than one time in 300 a token follows in the sentences, 0.0..=2.0.
    #[serde(with = "exact::float")]
    pub weight: f32,
    /// Bonus in nats for a token that goes on with a word, 0.0..=20.0.
    #[serde(with = "exact::float")]
    pub boost: f32,
    /// Bonus in nats for a token that begins a word, 0.0..=20.0; many words share their first bytes, so it is smaller.
    #[serde(with = "exact::float")]
    pub start: f32,
    /// Only tokens within this many nats of the most probable one get a bonus: what was not heard is not written.
    #[serde(with = "exact::float")]
    pub cap: f32,
    /// Factor on the bonus for every earlier passage through the same word in the window, 0.0..=1.0; it keeps a word
    /// that was said once from being repeated.
    #[serde(with = "exact::float")]
    pub back_off: f32,
}

impl Bias {
    /// These words with the default strength.
    #[must_use]
    pub fn new(terms: Vec<String>) -> Self {
        Self { terms, sentences: None, weight: 0.6, boost: 2.0, start: 0.5, cap: 5.0, back_off: 0.5 }
    }

    /// Whether it raises nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.sentences.is_none()
    }
}

/// A [`Bias`] in the tokens of one vocabulary.
#[derive(Debug)]
pub(crate) struct TokenBias {
    nodes: Vec<Node>,
    depth: usize,
    ngrams: Ngrams,
    /// Tokens from here on are no text.
    text_end: i32,
    /// The token of 。, behind which a sentence begins.
    stop: i32,
    weight: f32,
    boost: f32,
    start: f32,
    cap: f32,
    back_off: f32,
}

#[derive(Debug, Default)]
struct Node {
    children: BTreeMap<i32, usize>,
}

/// The tree's root.
const ROOT: usize = 0;

impl TokenBias {
    /// Builds the tree and counts the sentences.
    pub(crate) fn new(bias: &Bias, vocabulary: &Vocabulary) -> Self {
        let mut nodes = vec![Node::default()];
        let mut depth = 0;
        for term in &bias.terms {
            let tokens = vocabulary.encode(term);
            depth = depth.max(tokens.len());
            let mut at = ROOT;
            for token in tokens {
                let free = nodes.len();
                at = *nodes[at].children.entry(token).or_insert(free);
                if at == free {
                    nodes.push(Node::default());
                }
            }
        }
        let lines: Vec<&str> = bias.sentences.as_deref().unwrap_or_default().lines().collect();
        // Repeats that stand together are cut into tokens once.
        let sentences =
            lines.chunk_by(|a, b| a == b).map(|same| (vocabulary.encode(same[0]), same.len() as u32));
        Self {
            nodes,
            depth,
            ngrams: Ngrams::new(sentences),
            text_end: vocabulary.len(),
            stop: vocabulary.encode("。").first().copied().unwrap_or(-1),
            weight: bias.weight,
            boost: bias.boost,
            start: bias.start,
            cap: bias.cap,
            back_off: bias.back_off,
        }
    }

    /// Adds the bonuses to the logits of the next token, given the tokens so far.
    pub(crate) fn apply(&self, history: &[i32], logits: &mut [f32]) {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if !largest.is_finite() {
            return;
        }
        let passed = self.passages(history);
        // The longest word that has begun decides about a token.
        let mut bonuses: BTreeMap<i32, f32> = BTreeMap::new();
        let first = history.len().saturating_sub(self.depth);
        for from in (first..=history.len()).rev() {
            let Some(node) = self.walk(&history[from..]) else { continue };
            let strength = if from == history.len() { self.start } else { self.boost };
            for (&token, child) in &self.nodes[node].children {
                let times = passed.get(child).copied().unwrap_or(0);
                bonuses.insert(token, strength * self.back_off.powi(times));
            }
        }
        self.expect(history, &mut bonuses);
        for (token, bonus) in bonuses {
            let Some(logit) = usize::try_from(token).ok().and_then(|token| logits.get_mut(token)) else {
                continue;
            };
            if *logit >= largest - self.cap {
                *logit += bonus;
            }
        }
    }

    /// Raises what usually follows; the larger of two bonuses counts.
    fn expect(&self, history: &[i32], bonuses: &mut BTreeMap<i32, f32>) {
        let begins = |token: &i32| *token >= self.text_end || *token == self.stop;
        let start = history.iter().rposition(begins).map_or(0, |at| at + 1);
        let mut shares: BTreeMap<i32, f32> = BTreeMap::new();
        self.ngrams.next(&history[start..], |token, share| *shares.entry(token).or_default() += share);
        for (token, share) in shares.into_iter().filter(|(_, share)| *share > RARE) {
            let bonus = self.weight * (share / RARE).ln();
            bonuses.entry(token).and_modify(|known| *known = known.max(bonus)).or_insert(bonus);
        }
    }

    /// The node that these tokens lead to.
    fn walk(&self, tokens: &[i32]) -> Option<usize> {
        tokens.iter().try_fold(ROOT, |at, token| self.nodes[at].children.get(token).copied())
    }

    /// How often the tokens so far passed through each node.
    fn passages(&self, history: &[i32]) -> BTreeMap<usize, i32> {
        let mut passed = BTreeMap::new();
        for from in 0..history.len() {
            let mut at = ROOT;
            for token in &history[from..] {
                let Some(&next) = self.nodes[at].children.get(token) else { break };
                *passed.entry(next).or_insert(0) += 1;
                at = next;
            }
        }
        passed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: usize = 300;

    /// Bytes as tokens.
    fn bytes() -> Vocabulary {
        Vocabulary::new((0..=255_u8).map(|byte| vec![byte]))
    }

    fn bias(terms: &[&str]) -> TokenBias {
        let bias = Bias {
            terms: terms.iter().map(|t| (*t).to_owned()).collect(),
            sentences: None,
            weight: 0.5,
            boost: 3.0,
            start: 1.0,
            cap: 10.0,
            back_off: 0.5,
        };
        TokenBias::new(&bias, &bytes())
    }

    fn applied(bias: &TokenBias, history: &str, logits: &[(char, f32)]) -> Vec<f32> {
        let mut all = vec![-100.0; SIZE];
        for (token, logit) in logits {
            all[*token as usize] = *logit;
        }
        let history: Vec<i32> = history.bytes().map(i32::from).collect();
        bias.apply(&history, &mut all);
        logits.iter().map(|(token, _)| all[*token as usize]).collect()
    }

    #[test]
    fn the_next_token_of_a_word_that_has_begun_gets_the_boost() {
        let bias = bias(&["abc"]);
        assert_eq!(applied(&bias, "xab", &[('c', 0.0), ('d', 2.0)]), [3.0, 2.0]);
    }

    #[test]
    fn the_first_token_of_a_word_gets_the_smaller_bonus() {
        let bias = bias(&["abc"]);
        assert_eq!(applied(&bias, "x", &[('a', 0.0), ('c', 0.0)]), [1.0, 0.0]);
    }

    #[test]
    fn a_token_that_was_not_heard_gets_nothing() {
        let bias = bias(&["abc"]);
        assert_eq!(applied(&bias, "ab", &[('c', -20.0), ('d', 0.0)]), [-20.0, 0.0]);
    }

    #[test]
    fn a_word_that_was_said_is_raised_less_the_next_time() {
        let bias = bias(&["abc"]);
        assert_eq!(applied(&bias, "abcab", &[('c', 0.0), ('d', 0.0)]), [1.5, 0.0]);
    }

    #[test]
    fn what_usually_follows_is_raised() {
        let sentences: Option<Arc<str>> = Some("xyz.\nxyz.\nxya.".into());
        let bias = TokenBias::new(&Bias { sentences, weight: 0.5, ..Bias::new(Vec::new()) }, &bytes());
        let raised = applied(&bias, "xy", &[('z', 0.0), ('a', 0.0), ('q', 0.0)]);
        assert!(raised[0] > raised[1] && raised[1] > 0.0, "{raised:?}");
        assert!(raised[2].abs() < f32::EPSILON, "{raised:?}");
        assert_eq!(applied(&bias, "xy", &[('z', -20.0), ('q', 0.0)]), [-20.0, 0.0], "it was not heard");
    }

    #[test]
    fn no_terms_change_nothing() {
        assert_eq!(applied(&bias(&[]), "ab", &[('a', 0.0)]), [0.0]);
    }

    proptest! {
        #[test]
        fn a_bonus_is_never_negative_and_never_more_than_the_boost(
            terms in proptest::collection::vec("[a-e]{1,5}", 0..8),
            history in "[a-e]{0,30}",
        ) {
            let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
            let logits: Vec<(char, f32)> = ('a'..='e').map(|c| (c, 0.0)).collect();
            for logit in applied(&bias(&terms), &history, &logits) {
                prop_assert!((0.0..=3.0).contains(&logit));
            }
        }
    }
}
