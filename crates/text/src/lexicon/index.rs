//! Terms by their sounds: a trie of moras, and a search for those that a place of a text sounds like.

use super::mora::{KINDS, Mora, costs};

/// Terms shorter than this are found by their cues only: two moras agree by chance in every sentence.
pub(crate) const MIN_MORAS: usize = 3;
/// A search compares the text with at most this many moras of the trie.
const MAX_STEPS: usize = 1_500;
/// Moras by which a text may be ahead of a term or behind it.
const BAND: usize = 3;
/// The first sound of a term is heard at most this wrong; it keeps the search to a few branches.
const FIRST: f32 = 0.5;
/// Lengths of text that one row compares.
const WIDTH: usize = 2 * BAND + 1;

#[derive(Debug, Default)]
struct Node {
    /// By mora.
    children: Vec<(Mora, u32)>,
    /// Terms that end here.
    terms: Vec<u32>,
    /// Moras of the longest term below.
    longest: usize,
}

/// A term and how far it sounds from a stretch of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hit {
    /// Number that the term was added with.
    pub(crate) term: u32,
    /// Moras of the text.
    pub(crate) len: usize,
    pub(crate) distance: f32,
}

/// Readings of terms, ready to be searched.
#[derive(Debug)]
pub(crate) struct Index {
    nodes: Vec<Node>,
}

impl Default for Index {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

/// The largest distance at which a term of this many moras is found: a fifth of its sounds, at most two; less for short ones.
pub(crate) fn reach(moras: usize) -> f32 {
    match moras {
        0..=3 => 0.0,
        4 => 0.4,
        5 => 0.8,
        n => (0.2 * n as f32).min(2.0),
    }
}

impl Index {
    /// Adds a term; one that is too short is left out.
    pub(crate) fn add(&mut self, term: u32, reading: &[Mora]) {
        if reading.len() < MIN_MORAS {
            return;
        }
        let mut node = 0;
        self.nodes[0].longest = self.nodes[0].longest.max(reading.len());
        for mora in reading {
            node = match self.nodes[node].children.binary_search_by_key(mora, |(m, _)| *m) {
                Ok(i) => self.nodes[node].children[i].1 as usize,
                Err(i) => {
                    let new = self.nodes.len();
                    self.nodes[node].children.insert(i, (*mora, new as u32));
                    self.nodes.push(Node::default());
                    new
                }
            };
            self.nodes[node].longest = self.nodes[node].longest.max(reading.len());
        }
        self.nodes[node].terms.push(term);
    }

    /// Calls `found` for every term near a prefix of `text` whose length `ends` accepts. Time is bounded whatever the
    /// index holds: the search stops after a fixed number of steps, most likely terms first.
    pub(crate) fn search(&self, text: &[Mora], ends: impl Fn(usize) -> bool, mut found: impl FnMut(Hit)) {
        let text = &text[..text.len().min(self.nodes[0].longest + BAND)];
        let Some(opening) = text.first().map(|m| &costs()[m.number()]) else { return };
        let gaps: Vec<f32> =
            text.iter().enumerate().map(|(i, m)| m.gap(i.checked_sub(1).map(|i| text[i]))).collect();
        let sounds: Vec<usize> = text.iter().map(|m| m.number()).collect();
        let mut first = [f32::INFINITY; WIDTH];
        first[BAND] = 0.0;
        for j in 1..=BAND.min(text.len()) {
            first[BAND + j] = first[BAND + j - 1] + gaps[j - 1];
        }
        let mut steps = 0;
        let mut stack: Vec<Frame> = vec![Frame { node: 0, before: None, depth: 0, row: first }];
        let mut next: Vec<(f32, Frame)> = Vec::new();
        while let Some(frame) = stack.pop() {
            let node = &self.nodes[frame.node];
            let depth = frame.depth + 1;
            let allowed = reach(node.longest).min(0.4 + 0.2 * depth as f32);
            for (mora, child) in &node.children {
                if depth == 1 && opening[mora.number()] > FIRST {
                    continue;
                }
                steps += 1;
                let row = step(&frame, *mora, &sounds, &gaps, &costs()[mora.number()]);
                let least = row.iter().copied().fold(f32::INFINITY, f32::min);
                if least > allowed {
                    continue;
                }
                for term in &self.nodes[*child as usize].terms {
                    for (k, distance) in row.iter().enumerate() {
                        let len = (depth + k).saturating_sub(BAND);
                        if len > 0 && *distance <= reach(depth) && ends(len) {
                            found(Hit { term: *term, len, distance: *distance });
                        }
                    }
                }
                next.push((least, Frame { node: *child as usize, before: Some(*mora), depth, row }));
            }
            if steps > MAX_STEPS {
                return;
            }
            // The nearest on top of the stack.
            next.sort_by(|a, b| b.0.total_cmp(&a.0));
            stack.extend(next.drain(..).map(|(_, frame)| frame));
        }
    }
}

struct Frame {
    node: usize,
    before: Option<Mora>,
    depth: usize,
    /// Distance of the path to here from the prefixes of the text that are at most [`BAND`] shorter or longer.
    row: [f32; WIDTH],
}

/// The next row of the edit distance; its entry `k` is for the first `depth + k - BAND` moras of the text.
fn step(frame: &Frame, mora: Mora, text: &[usize], gaps: &[f32], costs: &[f32; KINDS]) -> [f32; WIDTH] {
    let gap = mora.gap(frame.before);
    let mut row = [f32::INFINITY; WIDTH];
    for k in 0..WIDTH {
        let Some(j) = (frame.depth + 1 + k).checked_sub(BAND).filter(|j| *j <= text.len()) else { continue };
        let mut best = f32::INFINITY;
        if let Some(above) = frame.row.get(k + 1) {
            best = above + gap;
        }
        if j > 0 {
            best = best.min(frame.row[k] + costs[text[j - 1]]);
            if k > 0 {
                best = best.min(row[k - 1] + gaps[j - 1]);
            }
        }
        row[k] = best;
    }
    row
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::mora::{distance, moras};
    use super::*;

    fn hits(terms: &[&str], text: &str) -> Vec<(u32, usize)> {
        let mut index = Index::default();
        for (i, term) in terms.iter().enumerate() {
            index.add(i as u32, &moras(term));
        }
        let mut hits = Vec::new();
        index.search(&moras(text), |_| true, |hit| hits.push((hit.term, hit.len)));
        hits
    }

    #[test]
    fn a_term_is_found_at_the_start_of_the_text() {
        assert!(hits(&["ぎゃくたい", "じどう"], "ぎゃくたいつうこく").contains(&(0, 4)));
        assert!(hits(&["つうこく"], "ぎゃくたいつうこく").is_empty());
    }

    #[test]
    fn a_term_is_found_by_what_it_sounds_like() {
        assert!(hits(&["ちょうしゅないよう"], "ちょうしないようを").iter().any(|h| h.0 == 0));
        assert!(hits(&["かていほうもん"], "かんごけん").is_empty());
    }

    #[test]
    fn two_moras_are_too_few() {
        assert!(hits(&["じそう"], "じそう").contains(&(0, 3)));
        assert!(hits(&["こけ"], "こけ").is_empty());
    }

    proptest! {
        #[test]
        fn what_is_found_is_as_far_as_the_distance_says(term in "[か-と]{3,9}", text in "[か-と]{3,9}") {
            let (reading, text) = (moras(&term), moras(&text));
            let mut index = Index::default();
            index.add(0, &reading);
            let mut hits = Vec::new();
            index.search(&text, |_| true, |hit| hits.push(hit));
            for hit in hits {
                // The band may only make it farther.
                prop_assert!(hit.distance + 1e-4 >= distance(&reading, &text[..hit.len]));
                prop_assert!(hit.distance <= reach(reading.len()));
            }
        }
    }
}
