//! Moras, and how far apart two of them sound.
//!
//! A cost of 1 is another sound altogether. Below it stand the pairs that recognisers, telephones and quick speech mix up:
//!
//! | pair | cost |
//! |---|---|
//! | long vowel or ー, heard or not | 0.25 |
//! | っ, heard or not; っ and つ | 0.3 |
//! | ん, heard or not | 0.4 |
//! | voicing (か/が, た/だ, は/ば/ぱ) | 0.3 |
//! | ざ/だ rows 0.2, さ/た 0.5, な/ま 0.4, ま/ば 0.5, ら/だ 0.5, ら/な 0.6, は and none 0.5, や and none 0.4, わ and none 0.3 | |
//! | small ゃゅょ, heard or not (か/きゃ) | 0.3; し/しゅ and their row 0.2 |
//! | vowels i/e, u/o, u/i 0.4; a/o, a/e 0.5; e/o 0.6; others 0.7 | |
//! | a vowel of its own, heard or not | 0.5 |
//! | the same mora once or twice | 0.5 |
//! | the vowels that are whispered in き, く, し, す, ち, つ, ふ: such a mora heard or not | 0.7 |
//!
//! ぢ and づ are じ and ず, を is お. The particles は and へ are read わ and え by their word class.

use std::sync::LazyLock;

/// One mora: consonant, palatal glide, vowel. Small: a term is compared with every place of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mora {
    row: Row,
    glide: bool,
    vowel: Vowel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Row {
    /// A vowel alone.
    A,
    K,
    G,
    S,
    Z,
    T,
    D,
    N,
    H,
    B,
    P,
    M,
    Y,
    R,
    W,
    /// ん
    Nasal,
    /// っ
    Stop,
    /// ー, and the second half of a long vowel.
    Long,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Vowel {
    A,
    I,
    U,
    E,
    O,
    None,
}

/// How many moras there are, those that nobody says among them.
pub(crate) const KINDS: usize = 18 * 2 * 6;

/// The most that two moras differ.
const OTHER: f32 = 1.0;

impl Mora {
    /// Cost of hearing `other` for this one, 0..=1; the same both ways.
    pub(crate) fn cost(self, other: Self) -> f32 {
        if self == other {
            return 0.0;
        }
        let (a, b) = if self.row <= other.row { (self, other) } else { (other, self) };
        match (a.row, b.row) {
            (Row::Nasal, Row::Stop | Row::Long) | (Row::N | Row::M, Row::Nasal) => 0.5,
            (Row::T, Row::Stop) if a.vowel == Vowel::U => 0.3,
            (Row::A, Row::Long) => 0.25,
            (_, Row::Nasal | Row::Stop | Row::Long) => 0.9,
            _ => {
                let softened = a.row == b.row
                    && matches!(a.row, Row::S | Row::Z | Row::T)
                    && a.glide != b.glide
                    && matches!((a.vowel, b.vowel), (Vowel::I, Vowel::U) | (Vowel::U, Vowel::I));
                if softened {
                    return 0.2;
                }
                let glide = if a.glide == b.glide { 0.0 } else { 0.3 };
                (rows(a.row, b.row) + glide + vowels(a.vowel, b.vowel)).min(OTHER)
            }
        }
    }

    /// A number for each mora, below [`KINDS`].
    pub(crate) fn number(self) -> usize {
        (self.row as usize * 2 + usize::from(self.glide)) * 6 + self.vowel as usize
    }

    /// Cost of this mora being heard where there is none, or not heard; `before` is the mora before it.
    pub(crate) fn gap(self, before: Option<Self>) -> f32 {
        match self.row {
            Row::Long => 0.25,
            Row::Stop => 0.3,
            Row::Nasal => 0.4,
            _ if before == Some(self) => 0.5,
            Row::A => 0.5,
            Row::K | Row::S | Row::T | Row::H if !self.glide && matches!(self.vowel, Vowel::I | Vowel::U) => {
                0.7
            }
            _ => OTHER,
        }
    }
}

/// [`Mora::cost`] of every two moras, by their numbers.
pub(crate) fn costs() -> &'static [[f32; KINDS]] {
    static COSTS: LazyLock<Vec<[f32; KINDS]>> = LazyLock::new(|| {
        let mut costs = vec![[0.0; KINDS]; KINDS];
        for a in every() {
            for b in every() {
                costs[a.number()][b.number()] = a.cost(b);
            }
        }
        costs
    });
    &COSTS
}

fn every() -> impl Iterator<Item = Mora> {
    const ROWS: [Row; 18] = [
        Row::A,
        Row::K,
        Row::G,
        Row::S,
        Row::Z,
        Row::T,
        Row::D,
        Row::N,
        Row::H,
        Row::B,
        Row::P,
        Row::M,
        Row::Y,
        Row::R,
        Row::W,
        Row::Nasal,
        Row::Stop,
        Row::Long,
    ];
    const VOWELS: [Vowel; 6] = [Vowel::A, Vowel::I, Vowel::U, Vowel::E, Vowel::O, Vowel::None];
    ROWS.into_iter().flat_map(|row| {
        [false, true]
            .into_iter()
            .flat_map(move |glide| VOWELS.into_iter().map(move |vowel| Mora { row, glide, vowel }))
    })
}

fn rows(a: Row, b: Row) -> f32 {
    match (a, b) {
        _ if a == b => 0.0,
        (Row::K, Row::G)
        | (Row::S, Row::Z)
        | (Row::T, Row::D)
        | (Row::A, Row::W)
        | (Row::H, Row::B | Row::P)
        | (Row::B, Row::P) => 0.3,
        (Row::Z, Row::D) => 0.2,
        (Row::N, Row::M) | (Row::A, Row::Y) => 0.4,
        (Row::S, Row::T | Row::H) | (Row::B, Row::M) | (Row::A, Row::H) | (Row::D, Row::R) => 0.5,
        (Row::N, Row::R) | (Row::Z, Row::T) | (Row::P, Row::M) => 0.6,
        (Row::K, Row::T | Row::P | Row::H) | (Row::D | Row::B, Row::G) | (Row::G, Row::D | Row::B) => 0.7,
        _ => OTHER,
    }
}

fn vowels(a: Vowel, b: Vowel) -> f32 {
    use Vowel::{A, E, I, O, U};
    match if a <= b { (a, b) } else { (b, a) } {
        (a, b) if a == b => 0.0,
        (I, E | U) | (U, O) => 0.4,
        (A, E | O) => 0.5,
        (E, O) => 0.6,
        _ => 0.7,
    }
}

/// The moras of a reading in hiragana; characters that are no kana are left out.
pub(crate) fn moras(reading: &str) -> Vec<Mora> {
    let mut moras = Vec::with_capacity(reading.len() / 3);
    append(reading, &mut moras);
    moras
}

/// Adds the moras of `reading` to `moras`; long vowels are seen across the border of two words, as they are heard.
pub(crate) fn append(reading: &str, moras: &mut Vec<Mora>) {
    for c in reading.chars() {
        if let Some((glide, vowel)) = small(c) {
            // A small vowel takes the place of the vowel before it.
            if let Some(last) = moras.last_mut().filter(|m| m.vowel != Vowel::None) {
                *last = Mora {
                    row: last.row,
                    glide: glide && !matches!(last.row, Row::A | Row::Y | Row::W),
                    vowel,
                };
                continue;
            }
        }
        let Some((row, vowel)) = kana(c) else { continue };
        let mut mora = Mora { row, glide: false, vowel };
        if row == Row::A
            && let Some(long) = moras.last().and_then(|last| lengthened(*last, moras))
            && (vowel == long || matches!((long, vowel), (Vowel::O, Vowel::U) | (Vowel::E, Vowel::I)))
        {
            mora = Mora { row: Row::Long, glide: false, vowel: Vowel::None };
        }
        moras.push(mora);
    }
}

/// The vowel that a further vowel would lengthen.
fn lengthened(last: Mora, moras: &[Mora]) -> Option<Vowel> {
    match last.row {
        Row::Nasal | Row::Stop => None,
        Row::Long => moras.iter().rev().find(|m| m.row != Row::Long).map(|m| m.vowel),
        _ => Some(last.vowel),
    }
}

fn small(c: char) -> Option<(bool, Vowel)> {
    Some(match c {
        'ゃ' => (true, Vowel::A),
        'ゅ' => (true, Vowel::U),
        'ょ' => (true, Vowel::O),
        'ぁ' => (false, Vowel::A),
        'ぃ' => (false, Vowel::I),
        'ぅ' => (false, Vowel::U),
        'ぇ' => (false, Vowel::E),
        'ぉ' => (false, Vowel::O),
        _ => return None,
    })
}

fn kana(c: char) -> Option<(Row, Vowel)> {
    const ROWS: [(Row, &str); 15] = [
        (Row::A, "あいうえお"),
        (Row::K, "かきくけこ"),
        (Row::G, "がぎぐげご"),
        (Row::S, "さしすせそ"),
        (Row::Z, "ざじずぜぞ"),
        (Row::T, "たちつてと"),
        (Row::D, "だ？？でど"),
        (Row::N, "なにぬねの"),
        (Row::H, "はひふへほ"),
        (Row::B, "ばびぶべぼ"),
        (Row::P, "ぱぴぷぺぽ"),
        (Row::M, "まみむめも"),
        (Row::Y, "や？ゆ？よ"),
        (Row::R, "らりるれろ"),
        (Row::W, "わ？？？？"),
    ];
    const VOWELS: [Vowel; 5] = [Vowel::A, Vowel::I, Vowel::U, Vowel::E, Vowel::O];
    match c {
        'ん' => return Some((Row::Nasal, Vowel::None)),
        'っ' => return Some((Row::Stop, Vowel::None)),
        'ー' => return Some((Row::Long, Vowel::None)),
        'ぢ' => return Some((Row::Z, Vowel::I)),
        'づ' => return Some((Row::Z, Vowel::U)),
        'を' => return Some((Row::A, Vowel::O)),
        'ゔ' => return Some((Row::B, Vowel::U)),
        'ゃ' | 'ゅ' | 'ょ' | 'ぁ' | 'ぃ' | 'ぅ' | 'ぇ' | 'ぉ' => {
            return small(c).map(|(_, vowel)| (Row::A, vowel));
        }
        _ => {}
    }
    ROWS.iter().find_map(|(row, kana)| kana.chars().position(|k| k == c).map(|v| (*row, VOWELS[v])))
}

/// Weighted edit distance of two readings: 0 for the same sounds, about 1 for each sound that differs.
pub(crate) fn distance(a: &[Mora], b: &[Mora]) -> f32 {
    let before = |moras: &[Mora], i: usize| i.checked_sub(1).map(|i| moras[i]);
    let mut row: Vec<f32> = vec![0.0; b.len() + 1];
    for (j, mora) in b.iter().enumerate() {
        row[j + 1] = row[j] + mora.gap(before(b, j));
    }
    for (i, mora) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] += mora.gap(before(a, i));
        for (j, other) in b.iter().enumerate() {
            let best = (diagonal + mora.cost(*other))
                .min(row[j + 1] + mora.gap(before(a, i)))
                .min(row[j] + other.gap(before(b, j)));
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn between(a: &str, b: &str) -> f32 {
        distance(&moras(a), &moras(b))
    }

    #[test]
    fn the_same_sounds_written_differently_are_no_distance_apart() {
        for (a, b) in [
            ("こうえん", "こーえん"),
            ("おおきい", "おーきー"),
            ("けいかく", "けーかく"),
            ("つづき", "つずき"),
            ("はなぢ", "はなじ"),
            ("でんわを", "でんわお"),
        ] {
            assert!(between(a, b) < f32::EPSILON, "{a} {b}");
        }
    }

    #[test]
    fn what_is_mixed_up_by_ear_is_near() {
        for (a, b, most) in [
            ("ちょうしゅないよう", "ちょうしないよう", 0.3),
            ("かていほうもん", "かていほうむ", 0.9),
            ("じどうふくしし", "じどうふくし", 0.5),
            ("ほんじのいこう", "ほんじつのいこう", 0.7),
            ("けいかん", "げいかん", 0.3),
            ("しょっけん", "しょけん", 0.3),
            ("たいおうしゃ", "たいようしゃ", 0.5),
        ] {
            let d = between(a, b);
            assert!(d > 0.0 && d <= most, "{a} {b}: {d}");
        }
    }

    #[test]
    fn other_words_are_far() {
        for (a, b) in
            [("よういく", "きょういく"), ("けいか", "けいかく"), ("じっぷ", "じつぼ"), ("そふ", "そぼ")]
        {
            assert!(between(a, b) >= 0.5, "{a} {b}: {}", between(a, b));
        }
        assert!(between("じどうそうだんじょ", "かていほうもん") > 4.0);
    }

    #[test]
    fn small_kana_belong_to_the_mora_before() {
        assert_eq!(moras("しゃっきん").len(), 4);
        assert_eq!(moras("ふぁみさぽ").len(), 4);
        assert_eq!(moras("ゃ").len(), 1);
    }

    proptest! {
        #[test]
        fn distance_is_a_symmetric_measure(a in "[ぁ-んー]{0,12}", b in "[ぁ-んー]{0,12}") {
            let (a, b) = (moras(&a), moras(&b));
            prop_assert!(distance(&a, &a).abs() < 1e-6);
            prop_assert!((distance(&a, &b) - distance(&b, &a)).abs() < 1e-4);
            prop_assert!(distance(&a, &b) <= (a.len() + b.len()) as f32);
        }
    }
}
