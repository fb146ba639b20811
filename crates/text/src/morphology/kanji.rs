//! How each kanji is read inside words.

use std::collections::HashMap;
use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;

/// Found by `examples/kanji.rs` from the dictionary's words: kanji, readings.
const TABLE: &[u8] = include_bytes!("../../../../models/ipadic.kanji.gz");

/// The readings of a kanji inside words, the most frequent first; voicing and っ that a neighbour brings are left out. None
/// where no word of the dictionary has it.
pub(crate) fn readings(kanji: char) -> &'static [String] {
    static READINGS: LazyLock<HashMap<char, Vec<String>>> = LazyLock::new(|| {
        let mut table = String::new();
        // A table that cannot be unpacked is one without entries; the test below reads it.
        let _ = GzDecoder::new(TABLE).read_to_string(&mut table);
        let line = |line: &str| {
            let (kanji, readings) = line.split_once('\t')?;
            Some((kanji.chars().next()?, readings.split('|').map(ToOwned::to_owned).collect()))
        };
        table.lines().filter_map(line).collect()
    });
    READINGS.get(&kanji).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::readings;

    #[test]
    fn kanji_are_read_as_inside_words() {
        assert_eq!(readings('国'), ["こく", "くに"]);
        assert_eq!(readings('帯'), ["たい", "おび"]);
        assert_eq!(readings('罰'), ["ばつ"]);
        assert!(readings('か').is_empty());
    }
}
