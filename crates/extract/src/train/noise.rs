//! What a recogniser does to a sentence: lost punctuation and brackets, words that sound alike, wrong characters.

use std::sync::LazyLock;

use fastrand::Rng;

use super::grammar::Tagged;

/// `heard` and `meant`, tab-separated.
const CONFUSIONS: &str = include_str!("../../data/train/confusions.tsv");

static PAIRS: LazyLock<Vec<(Vec<char>, Vec<char>)>> = LazyLock::new(|| {
    let lines = CONFUSIONS.lines().filter(|l| !l.starts_with('#'));
    let pairs = lines.filter_map(|l| l.split_once('\t'));
    pairs.map(|(heard, meant)| (meant.chars().collect(), heard.chars().collect())).collect()
});

/// How one dictation is written down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    stops: Marks,
    commas: Marks,
    brackets: bool,
    /// Share of words that sound alike and are exchanged.
    confused: f32,
    /// Share of characters that are lost or wrong.
    wrong: f32,
    kanji_digits: bool,
}

#[derive(Clone, Copy, Debug)]
enum Marks {
    Kept,
    Lost,
    Spaces,
}

impl Manner {
    /// A manner at random; four in ten are without a fault.
    pub(super) fn random(rng: &mut Rng) -> Self {
        let clean = rng.f32() < 0.4;
        let marks = |rng: &mut Rng| match rng.u8(0..6) {
            0..3 => Marks::Kept,
            3 | 4 => Marks::Lost,
            _ => Marks::Spaces,
        };
        Self {
            stops: if clean { Marks::Kept } else { marks(rng) },
            commas: if clean { Marks::Kept } else { marks(rng) },
            brackets: rng.bool(),
            confused: if clean { 0.0 } else { 0.3 * rng.f32() },
            wrong: if clean { 0.0 } else { 0.04 * rng.f32() },
            kanji_digits: rng.u8(0..4) == 0,
        }
    }

    /// The sentence as it is written down.
    pub(super) fn write(&self, sentence: Vec<Tagged>, rng: &mut Rng) -> Vec<Tagged> {
        let mut written = self.confuse(sentence, rng);
        written.retain_mut(|t| self.keep(t, rng));
        written
    }

    fn keep(&self, tagged: &mut Tagged, rng: &mut Rng) -> bool {
        match tagged.c {
            '。' => apply(self.stops, &mut tagged.c),
            '、' => apply(self.commas, &mut tagged.c),
            '「' | '」' => self.brackets,
            '1'..='9' if self.kanji_digits => {
                let digits = ['一', '二', '三', '四', '五', '六', '七', '八', '九'];
                tagged.c = digits[tagged.c as usize - '1' as usize];
                true
            }
            _ if rng.f32() < self.wrong => {
                let hiragana = rng.u32('ぁ' as u32..='ん' as u32);
                let kanji = rng.u32(0x4e00..=0x9000);
                tagged.c = char::from_u32(if rng.bool() { hiragana } else { kanji }).unwrap_or(tagged.c);
                rng.u8(0..3) > 0
            }
            _ => true,
        }
    }

    fn confuse(&self, sentence: Vec<Tagged>, rng: &mut Rng) -> Vec<Tagged> {
        if self.confused == 0.0 {
            return sentence;
        }
        let mut out = Vec::with_capacity(sentence.len());
        let mut at = 0;
        while at < sentence.len() {
            let here = &sentence[at..];
            let fits: Vec<_> = PAIRS
                .iter()
                .filter(|(meant, _)| {
                    meant.len() <= here.len() && meant.iter().zip(here).all(|(m, t)| *m == t.c)
                })
                .collect();
            if let Some((meant, heard)) = rng.choice(&fits)
                && rng.f32() < self.confused
            {
                let span = here[0].span;
                out.extend(heard.iter().map(|c| Tagged { c: *c, span }));
                at += meant.len();
            } else {
                out.push(here[0]);
                at += 1;
            }
        }
        out
    }
}

fn apply(marks: Marks, c: &mut char) -> bool {
    match marks {
        Marks::Kept => true,
        Marks::Lost => false,
        Marks::Spaces => {
            *c = ' ';
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(text: &str) -> Vec<Tagged> {
        text.chars().map(|c| Tagged { c, span: None }).collect()
    }

    #[test]
    fn a_word_is_exchanged_for_one_that_sounds_alike() {
        let manner = Manner {
            stops: Marks::Lost,
            commas: Marks::Spaces,
            brackets: false,
            confused: 1.0,
            wrong: 0.0,
            kanji_digits: true,
        };
        let written = manner.write(tagged("「3日」、約束。"), &mut Rng::with_seed(1));
        let text: String = written.iter().map(|t| t.c).collect();
        assert_eq!(text, "三日 約そく");
    }
}
