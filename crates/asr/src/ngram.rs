//! What is usually said next: token n-grams of example sentences.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// Most tokens that the next one is guessed from.
const CONTEXT: usize = 4;
/// Number that stands before the first token of a sentence.
const START: i32 = -1;

/// How often each token follows each context of up to [`CONTEXT`] tokens.
///
/// Shares of shorter contexts are mixed in by Witten and Bell's rule ("The zero-frequency problem", IEEE Transactions on
/// Information Theory 37(4), 1991): a context that many different tokens follow leaves much to the shorter ones.
#[derive(Debug, Default)]
pub(crate) struct Ngrams {
    /// Hash of a context to its part of `next` and its occurrences.
    contexts: HashMap<u64, Followers>,
    /// Tokens and how often each follows, by context.
    next: Vec<(i32, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Followers {
    first: u32,
    distinct: u32,
    total: u32,
}

impl Ngrams {
    /// Counts the tokens of sentences, each with how often it was said.
    pub(crate) fn new(sentences: impl IntoIterator<Item = (Vec<i32>, u32)>) -> Self {
        let mut seen: Vec<(u64, i32, u32)> = Vec::new();
        for (sentence, times) in sentences {
            let line: Vec<i32> = std::iter::once(START).chain(sentence).collect();
            for at in 1..line.len() {
                let first = at.saturating_sub(CONTEXT);
                seen.extend((first..at).map(|from| (key(&line[from..at]), line[at], times)));
            }
        }
        seen.sort_unstable();
        let mut ngrams = Self::default();
        for same in seen.chunk_by(|a, b| a.0 == b.0) {
            let first = ngrams.next.len();
            let runs = same.chunk_by(|a, b| a.1 == b.1);
            ngrams.next.extend(runs.map(|run| (run[0].1, run.iter().map(|seen| seen.2).sum())));
            let followers = Followers {
                first: first as u32,
                distinct: (ngrams.next.len() - first) as u32,
                total: same.iter().map(|seen| seen.2).sum(),
            };
            ngrams.contexts.insert(same[0].0, followers);
        }
        ngrams
    }

    /// Calls `give` for tokens that may follow `sentence`, the tokens since its start, with their probability; a token may
    /// come more than once, the parts of its probability add up.
    pub(crate) fn next(&self, sentence: &[i32], mut give: impl FnMut(i32, f32)) {
        let tail = &sentence[sentence.len().saturating_sub(CONTEXT)..];
        let whole = tail.len() == sentence.len() && sentence.len() < CONTEXT;
        let line: Vec<i32> = whole.then_some(START).into_iter().chain(tail.iter().copied()).collect();
        let mut weight = 1.0;
        for from in 0..line.len() {
            let Some(known) = self.contexts.get(&key(&line[from..])) else { continue };
            let (distinct, total) = (known.distinct as f32, known.total as f32);
            let first = known.first as usize;
            for &(token, count) in &self.next[first..first + known.distinct as usize] {
                give(token, weight * count as f32 / (total + distinct));
            }
            weight *= distinct / (total + distinct);
        }
    }
}

/// The same in every run: the default hasher without random keys. Two contexts in one hash would only mix their counts.
fn key(context: &[i32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    context.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn next(ngrams: &Ngrams, sentence: &[i32]) -> BTreeMap<i32, f32> {
        let mut shares = BTreeMap::new();
        ngrams.next(sentence, |token, share| *shares.entry(token).or_insert(0.0) += share);
        shares
    }

    #[test]
    fn what_followed_more_often_is_more_probable() {
        let ngrams = Ngrams::new([(vec![1, 2, 3], 2), (vec![1, 2, 4], 1)]);
        let shares = next(&ngrams, &[1, 2]);
        assert!(shares[&3] > shares[&4] && shares[&4] > 0.0, "{shares:?}");
    }

    #[test]
    fn the_start_of_a_sentence_is_a_context() {
        let ngrams = Ngrams::new([(vec![1, 2], 1), (vec![1, 3], 1)]);
        assert!(next(&ngrams, &[])[&1] > 0.5);
        assert!(!next(&ngrams, &[]).contains_key(&2));
    }

    #[test]
    fn an_unknown_context_falls_back_to_a_shorter_one() {
        let ngrams = Ngrams::new([(vec![1, 2, 3], 1)]);
        assert!(next(&ngrams, &[9, 9, 2]).contains_key(&3));
        assert!(next(&ngrams, &[9]).is_empty());
    }

    #[test]
    fn without_sentences_nothing_is_expected() {
        assert!(next(&Ngrams::new([]), &[1]).is_empty());
    }

    proptest! {
        #[test]
        fn shares_are_a_probability(
            sentences in proptest::collection::vec((proptest::collection::vec(0..6, 0..8), 1..4_u32), 0..12),
            sentence in proptest::collection::vec(0..7, 0..8),
        ) {
            let ngrams = Ngrams::new(sentences);
            let total: f32 = next(&ngrams, &sentence).values().sum();
            prop_assert!((0.0..=1.0001).contains(&total), "{total}");
        }
    }
}
