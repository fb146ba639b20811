//! Builds `ipadic.kanji.gz` from `ipadic.words.gz` in the same directory: how each kanji is read inside words.
//!
//! ```text
//! cargo run -p text --release --example kanji -- models
//! ```
//!
//! The dictionary reads words, not their characters. Which part of a reading belongs to which kanji is found by
//! expectation maximisation over all words of two to four kanji (as in Pagel, Lenzo and Black, "Letter to sound rules for
//! accented lexicon compression", ICSLP 1998). One line for each kanji: the character, a tab, its readings, the most
//! frequent first, separated by `|`. Rare readings are left out, and those that a neighbour makes of another one by voicing
//! its start or by っ at its end.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

const ROUNDS: usize = 6;
/// Most kana of one kanji.
const LONGEST: usize = 4;
/// A reading stands in this many words and this share of a kanji's words at least.
const WORDS: f64 = 1.5;
const SHARE: f64 = 0.04;
/// Weight of a reading that no round has counted yet.
const UNSEEN: f64 = 1e-6;

type Counts = HashMap<(char, String), f64>;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err("usage: kanji DIRECTORY".into());
    };
    let mut list = String::new();
    GzDecoder::new(fs::File::open(directory.join("ipadic.words.gz"))?).read_to_string(&mut list)?;
    let words: Vec<(Vec<char>, Vec<char>)> = list.lines().filter_map(word).collect();

    let mut counts = Counts::new();
    for _ in 0..ROUNDS {
        counts = count(&words, &counts);
    }
    let mut kanji: BTreeMap<char, Vec<(f64, String)>> = BTreeMap::new();
    for ((c, reading), count) in counts {
        kanji.entry(c).or_default().push((count, reading));
    }
    let mut lines = String::new();
    for (c, mut readings) in kanji {
        let total: f64 = readings.iter().map(|(count, _)| count).sum();
        readings.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        readings.retain(|(count, _)| *count >= WORDS && *count >= SHARE * total);
        let kept: Vec<&str> = readings
            .iter()
            .map(|(_, reading)| reading.as_str())
            .filter(|reading| !readings.iter().any(|(_, other)| changes_into(other, reading)))
            .collect();
        if !kept.is_empty() {
            lines.push_str(&format!("{c}\t{}\n", kept.join("|")));
        }
    }
    let mut out = GzEncoder::new(fs::File::create(directory.join("ipadic.kanji.gz"))?, Compression::best());
    out.write_all(lines.as_bytes())?;
    out.finish()?.flush()?;
    writeln!(std::io::stderr(), "{} kanji from {} words", lines.lines().count(), words.len())?;
    Ok(())
}

/// A word of two to four kanji and its kana.
fn word(line: &str) -> Option<(Vec<char>, Vec<char>)> {
    let (surface, reading) = line.split_once('\t')?;
    let (surface, reading): (Vec<char>, Vec<char>) = (surface.chars().collect(), reading.chars().collect());
    let kanji = surface.iter().all(|c| ('一'..='鿿').contains(c));
    let kana = reading.iter().all(|c| ('ぁ'..='ゖ').contains(c));
    ((2..=4).contains(&surface.len()) && kanji && kana).then_some((surface, reading))
}

/// How often each kanji is read so, as far as the counts of the round before tell.
fn count(words: &[(Vec<char>, Vec<char>)], before: &Counts) -> Counts {
    let mut totals: HashMap<char, f64> = HashMap::new();
    for ((c, _), count) in before {
        *totals.entry(*c).or_default() += count;
    }
    let share = |c: char, reading: &str| {
        let count = before.get(&(c, reading.to_owned())).copied().unwrap_or(UNSEEN);
        count / (totals.get(&c).copied().unwrap_or_default() + 2.0)
    };
    let mut counts = Counts::new();
    for (surface, reading) in words {
        let ways = ways(reading, surface.len());
        let weights: Vec<f64> = ways
            .iter()
            .map(|way| surface.iter().zip(way).map(|(c, part)| share(*c, part)).product())
            .collect();
        let sum: f64 = weights.iter().sum();
        for (way, weight) in ways.iter().zip(&weights) {
            for (c, part) in surface.iter().zip(way) {
                *counts.entry((*c, part.clone())).or_default() += weight / sum;
            }
        }
    }
    counts
}

/// Every way to cut a reading into `parts`; no part starts with what cannot start a sound.
fn ways(reading: &[char], parts: usize) -> Vec<Vec<String>> {
    if parts == 1 {
        let whole = (1..=LONGEST).contains(&reading.len()).then(|| vec![reading.iter().collect()]);
        return whole.into_iter().collect();
    }
    let mut all = Vec::new();
    for end in 1..reading.len().min(LONGEST + 1) {
        if "ぁぃぅぇぉゃゅょ".contains(reading[end]) {
            continue;
        }
        for mut rest in ways(&reading[end..], parts - 1) {
            rest.insert(0, reading[..end].iter().collect());
            all.push(rest);
        }
    }
    all
}

/// Whether `reading` is what a neighbour makes of `other`: voiced at its start, or with っ at its end.
fn changes_into(other: &str, reading: &str) -> bool {
    const VOICED: &str = "がぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽ";
    const VOICELESS: &str = "かきくけこさしすせそたちつてとはひふへほはひふへほ";
    let (Some(first), Some(last)) = (reading.chars().next(), reading.chars().next_back()) else {
        return false;
    };
    let tail = &reading[first.len_utf8()..];
    let voiceless =
        VOICED.chars().zip(VOICELESS.chars()).find(|(voiced, _)| *voiced == first).map(|(_, c)| c);
    let stem = &reading[..reading.len() - last.len_utf8()];
    let voiced = voiceless.is_some_and(|c| other.strip_prefix(c) == Some(tail));
    let stopped = last == 'っ'
        && other.strip_prefix(stem).is_some_and(|end| matches!(end, "く" | "つ" | "ち" | "き" | "ふ"));
    voiced || stopped
}
