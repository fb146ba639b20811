//! Words, their parts of speech and their readings: IPADIC through `vibrato`, without a model and without I/O.
//!
//! ```
//! let words = text::Morphology::shared()?.tokens("実父に架電した。");
//! let readings: Vec<_> = words.iter().map(|w| w.reading.as_str()).collect();
//! assert_eq!(readings, ["じっぷ", "に", "か", "でん", "し", "た", ""]);
//! # Ok::<(), text::Error>(())
//! ```
//!
//! The dictionary is `models/ipadic.dic.gz`, its ordinary words `models/ipadic.words.gz`, how each
//! kanji is read inside them `models/ipadic.kanji.gz`; the examples `dictionary` and `kanji` build them from IPADIC's source.

mod kanji;
mod reading;

use std::collections::HashMap;
use std::io::Read;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

use flate2::read::GzDecoder;
use vibrato::dictionary::LexType;
use vibrato::{Dictionary, Tokenizer};

use crate::error::{Cause, Error, Result};

pub(crate) use kanji::readings as kanji_readings;
pub use reading::hiragana;

/// IPADIC, its features cut down to part of speech and reading (licence: `models/NOTICE.md`).
const DICTIONARY: &[u8] = include_bytes!("../../../models/ipadic.dic.gz");
/// Its ordinary nouns, one a line with the reading.
const WORDS: &[u8] = include_bytes!("../../../models/ipadic.words.gz");
/// Text without any of these is cut here, at a place that no word of the dictionary crosses.
const MAX_RUN_CHARS: usize = 2_000;

/// What kind of word a [`Morpheme`] is; the classes of IPADIC that the passes tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pos {
    /// 名詞,一般 and nouns of no other class here.
    Noun,
    /// 名詞,サ変接続: with する a verb.
    VerbalNoun,
    /// 名詞,形容動詞語幹.
    AdjectivalNoun,
    /// 名詞,副詞可能: 以降, 本日, 普通.
    AdverbialNoun,
    /// 名詞,固有名詞 of persons.
    PersonName,
    /// 名詞,固有名詞,地域.
    PlaceName,
    /// 名詞,固有名詞 of organisations and others.
    ProperNoun,
    /// 名詞,数.
    Number,
    /// 名詞,接尾,助数詞.
    Counter,
    /// 名詞,接尾 of other kinds.
    Suffix,
    /// 接頭詞.
    Prefix,
    /// 名詞,代名詞.
    Pronoun,
    /// 名詞,非自立 (こと, の, よう) and the like: words of grammar.
    Bound,
    /// 動詞,自立.
    Verb,
    /// 動詞 of other kinds (いる, もらう behind て).
    AuxiliaryVerb,
    /// 形容詞.
    Adjective,
    /// 副詞.
    Adverb,
    /// 連体詞, 接続詞, 感動詞, フィラー.
    Other,
    /// 助詞.
    Particle,
    /// 助動詞.
    Auxiliary,
    /// 記号: punctuation, brackets, spaces, and letters that make no word.
    Symbol,
}

impl Pos {
    /// One letter of the dictionary's features; `dictionary.rs` among the examples writes them.
    fn from_code(code: u8) -> Self {
        match code {
            b's' => Self::VerbalNoun,
            b'a' => Self::AdjectivalNoun,
            b't' => Self::AdverbialNoun,
            b'm' => Self::PersonName,
            b'l' => Self::PlaceName,
            b'o' => Self::ProperNoun,
            b'c' => Self::Number,
            b'k' => Self::Counter,
            b'x' => Self::Suffix,
            b'f' => Self::Prefix,
            b'p' => Self::Pronoun,
            b'b' => Self::Bound,
            b'v' => Self::Verb,
            b'w' => Self::AuxiliaryVerb,
            b'i' => Self::Adjective,
            b'd' => Self::Adverb,
            b'r' => Self::Other,
            b'j' => Self::Particle,
            b'u' => Self::Auxiliary,
            b'e' => Self::Symbol,
            _ => Self::Noun,
        }
    }

    /// Whether this is a word of grammar: particles, auxiliaries, bound nouns and verbs.
    #[must_use]
    pub fn is_grammar(self) -> bool {
        matches!(self, Self::Particle | Self::Auxiliary | Self::Bound | Self::AuxiliaryVerb)
    }

    /// Whether this is a noun of any class.
    #[must_use]
    pub fn is_noun(self) -> bool {
        matches!(
            self,
            Self::Noun
                | Self::VerbalNoun
                | Self::AdjectivalNoun
                | Self::AdverbialNoun
                | Self::PersonName
                | Self::PlaceName
                | Self::ProperNoun
                | Self::Number
                | Self::Counter
                | Self::Suffix
                | Self::Prefix
                | Self::Pronoun
        )
    }
}

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Morpheme<'t> {
    /// Byte range of the text.
    pub range: Range<usize>,
    /// The word as it is written.
    pub surface: &'t str,
    /// Its class.
    pub pos: Pos,
    /// Its reading in hiragana with ー; empty for punctuation and for what nobody can read aloud.
    pub reading: String,
    /// Further readings that the dictionary gives for the same characters.
    pub other_readings: Vec<String>,
    /// Whether the dictionary has this word; numbers and letters count as known.
    pub known: bool,
    /// Cost of the word and of the join before it, as IPADIC weighs them: about 0 for the most common, 10,000 and more for
    /// what is hardly ever written.
    pub cost: i32,
}

/// The dictionary, loaded.
///
/// Loading takes about a tenth of a second and 100 MB; [`Self::shared`] does it once.
pub struct Morphology {
    tokenizer: Tokenizer,
    /// Readings of single characters that stand in no word of the dictionary, for words that it does not have.
    chars: Mutex<HashMap<char, String>>,
}

impl Morphology {
    /// Loads the dictionary that comes with the program.
    ///
    /// # Errors
    /// [`ErrorKind::Dictionary`](crate::ErrorKind::Dictionary) when the program was built with a broken one.
    pub fn load() -> Result<Self> {
        let mut bytes = Vec::with_capacity(64 << 20);
        GzDecoder::new(DICTIONARY)
            .read_to_end(&mut bytes)
            .map_err(|e| Error::from(Cause::Dictionary { source: e.into() }))?;
        let dictionary = Dictionary::read(bytes.as_slice())
            .map_err(|e| Error::from(Cause::Dictionary { source: Box::new(e) }))?;
        Ok(Self { tokenizer: Tokenizer::new(dictionary).max_grouping_len(24), chars: Mutex::default() })
    }

    /// The dictionary, loaded when it is first asked for.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: LazyLock<Result<Morphology>> = LazyLock::new(Morphology::load);
        match &*SHARED {
            Ok(morphology) => Ok(morphology),
            Err(_) => Err(Error::from(Cause::Dictionary { source: "dictionary is broken".into() })),
        }
    }

    /// The words of `text` in order; together they are the whole text. Time is linear in its length.
    #[must_use]
    pub fn tokens<'t>(&self, text: &'t str) -> Vec<Morpheme<'t>> {
        let mut words = Vec::with_capacity(text.len() / 5);
        let mut worker = self.tokenizer.new_worker();
        for run in runs(text) {
            worker.reset_sentence(&text[run.clone()]);
            worker.tokenize();
            let mut before = 0;
            for token in worker.token_iter() {
                let range = token.range_byte();
                let range = run.start + range.start..run.start + range.end;
                let surface = &text[range.clone()];
                let plain = surface.bytes().all(|b| b.is_ascii_alphanumeric());
                let known = plain || token.lex_type() == LexType::System;
                let (pos, readings) = feature(token.feature());
                let mut readings = readings.map(ToOwned::to_owned);
                let reading = match readings.next().filter(|r| known && !plain && !r.is_empty()) {
                    Some(reading) => reading,
                    None if pos == Pos::Symbol && known && !plain => String::new(),
                    None => reading::spell(surface, |c| self.reading_of(c)),
                };
                let cost = token.total_cost() - before;
                before = token.total_cost();
                words.push(Morpheme {
                    range,
                    surface,
                    pos,
                    reading,
                    other_readings: readings.collect(),
                    known,
                    cost,
                });
            }
        }
        reading::numbers(&mut words);
        words
    }

    /// Reading of one kanji by itself, as a word that the dictionary does not have needs it; empty where it has none.
    fn reading_of(&self, c: char) -> String {
        if let Some(reading) = kanji::readings(c).first() {
            return reading.clone();
        }
        let mut chars = self.chars.lock().unwrap_or_else(PoisonError::into_inner);
        chars
            .entry(c)
            .or_insert_with(|| {
                let mut worker = self.tokenizer.new_worker();
                worker.reset_sentence(c.to_string());
                worker.tokenize();
                let token = (worker.num_tokens() == 1).then(|| worker.token(0));
                token
                    .filter(|t| t.lex_type() == LexType::System)
                    .and_then(|t| feature(t.feature()).1.next().map(ToOwned::to_owned))
                    .unwrap_or_default()
            })
            .clone()
    }
}

impl std::fmt::Debug for Morphology {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Morphology(IPADIC)")
    }
}

/// The ordinary nouns of the dictionary with their readings in hiragana; names are not among them.
pub(crate) fn ordinary_words() -> Result<Vec<(String, String)>> {
    let mut list = String::new();
    GzDecoder::new(WORDS)
        .read_to_string(&mut list)
        .map_err(|e| Error::from(Cause::Dictionary { source: e.into() }))?;
    Ok(list.lines().filter_map(|l| l.split_once('\t')).map(|(w, r)| (w.to_owned(), r.to_owned())).collect())
}

/// (class, readings) of a feature: a letter, then readings separated by `|`.
fn feature(feature: &str) -> (Pos, impl Iterator<Item = &str>) {
    let code = feature.bytes().next().unwrap_or(b'n');
    (Pos::from_code(code), feature.get(1..).unwrap_or_default().split('|'))
}

/// Pieces of text that no word crosses: lines and sentences, and of an endless one at most 2,000 characters.
fn runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = &text[start..];
        let mut end = rest.len();
        for (count, (at, c)) in rest.char_indices().enumerate() {
            if matches!(c, '。' | '\n') || count + 1 == MAX_RUN_CHARS {
                end = at + c.len_utf8();
                break;
            }
        }
        let run = start..start + end;
        start = run.end;
        (!run.is_empty()).then_some(run)
    })
}
