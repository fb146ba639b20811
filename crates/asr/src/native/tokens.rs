//! What the numbers of the vocabulary mean.

use crate::ggml::Header;
use crate::vocabulary::Vocabulary;

/// Languages in the order of their tokens (`whisper/tokenizer.py`, `LANGUAGES`).
const LANGUAGES: [&str; 100] = [
    "en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "tr", "pl", "ca", "nl", "ar", "sv", "it", "id",
    "hi", "fi", "vi", "he", "uk", "el", "ms", "cs", "ro", "da", "hu", "ta", "no", "th", "ur", "hr", "bg",
    "lt", "la", "mi", "ml", "cy", "sk", "te", "fa", "lv", "bn", "sr", "az", "sl", "kn", "et", "mk", "br",
    "eu", "is", "hy", "ne", "mn", "bs", "kk", "sq", "sw", "gl", "mr", "pa", "si", "km", "sn", "yo", "so",
    "af", "oc", "ka", "be", "tg", "sd", "gu", "am", "yi", "lo", "uz", "fo", "ht", "ps", "tk", "nn", "mt",
    "sa", "lb", "my", "bo", "tl", "mg", "as", "tt", "haw", "ln", "ha", "ba", "jw", "su", "yue",
];

/// What nobody says (`whisper/tokenizer.py`, `non_speech_tokens`); with and without a space before it.
const NON_SPEECH: [&str; 54] = [
    "\"",
    "#",
    "(",
    ")",
    "*",
    "+",
    "/",
    ":",
    ";",
    "<",
    "=",
    ">",
    "@",
    "[",
    "\\",
    "]",
    "^",
    "_",
    "`",
    "{",
    "|",
    "}",
    "~",
    "「",
    "」",
    "『",
    "』",
    "<<",
    ">>",
    "<<<",
    ">>>",
    "--",
    "---",
    "-(",
    "-[",
    "('",
    "(\"",
    "((",
    "))",
    "(((",
    ")))",
    "[[",
    "]]",
    "{{",
    "}}",
    "♪♪",
    "♪♪♪",
    "♩",
    "♪",
    "♫",
    "♬",
    "♭",
    "♮",
    "♯",
];

/// Numbers of the special tokens, which follow the text in all vocabularies in this order.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    /// Bytes of the text tokens.
    text: Vec<Vec<u8>>,
    pub(super) end: i32,
    pub(super) start: i32,
    languages: i32,
    pub(super) transcribe: i32,
    pub(super) previous: i32,
    pub(super) no_speech: i32,
    pub(super) no_timestamps: i32,
    /// The timestamp 0.00; the following ones are 0.02 s apart.
    pub(super) first_timestamp: i32,
    /// Never written: what opens a transcript.
    pub(super) control: Vec<i32>,
    pub(super) non_speech: Vec<i32>,
    /// A space alone.
    pub(super) blank: Option<i32>,
}

impl Tokens {
    /// The tokens of a model with these entries; `None` where there are fewer entries than the model has text tokens.
    pub(super) fn new(header: &Header, mut entries: Vec<Vec<u8>>, vocabulary: &Vocabulary) -> Option<Self> {
        // English-only vocabularies lack one text token and have tokens for 99 languages all the same.
        let multilingual = i32::from(header.is_multilingual());
        let end = 50_256 + multilingual;
        let languages = header.n_vocab as i32 - 51_765 - multilingual;
        entries.truncate(end as usize);
        if entries.len() < end as usize || !(1..=LANGUAGES.len() as i32).contains(&languages) {
            return None;
        }
        let start = end + 1;
        let translate = start + languages + 1;
        let only = |text: &str| match vocabulary.encode(text)[..] {
            [token] => Some(token),
            _ => None,
        };
        let non_speech = NON_SPEECH
            .iter()
            .flat_map(|text| [only(text), only(&format!(" {text}"))])
            .chain([only(" -"), only(" '")])
            .flatten()
            .collect();
        Some(Self {
            text: entries,
            end,
            start,
            languages,
            transcribe: translate + 1,
            previous: translate + 3,
            no_speech: translate + 4,
            no_timestamps: translate + 5,
            first_timestamp: translate + 6,
            control: (start..=translate + 5).collect(),
            non_speech,
            blank: only(" "),
        })
    }

    /// Bytes of a text token.
    pub(super) fn text(&self, token: i32) -> Option<&[u8]> {
        self.text.get(usize::try_from(token).ok()?).map(Vec::as_slice)
    }

    /// Steps of 20 ms since the start that a timestamp stands for.
    pub(super) fn timestamp(&self, token: i32) -> Option<usize> {
        usize::try_from(token - self.first_timestamp).ok()
    }

    /// The token of a language code.
    pub(super) fn language(&self, code: &str) -> Option<i32> {
        let known = &LANGUAGES[..self.languages as usize];
        known.iter().position(|known| *known == code).map(|at| self.start + 1 + at as i32)
    }

    /// The languages' tokens.
    pub(super) fn language_tokens(&self) -> std::ops::Range<i32> {
        self.start + 1..self.start + 1 + self.languages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(n_vocab: u32) -> Tokens {
        let header = Header {
            n_vocab,
            n_audio_ctx: 1_500,
            n_audio_state: 64,
            n_audio_head: 1,
            n_audio_layer: 1,
            n_text_ctx: 448,
            n_text_state: 64,
            n_text_head: 1,
            n_text_layer: 1,
            n_mels: 80,
            ftype: 1,
        };
        let entries: Vec<Vec<u8>> = (0..50_257_u32).map(|i| i.to_string().into_bytes()).collect();
        let vocabulary = Vocabulary::new(entries.clone());
        Tokens::new(&header, entries, &vocabulary).unwrap()
    }

    #[test]
    fn the_numbers_are_those_of_the_published_models() {
        let base = tokens(51_865);
        assert_eq!((base.end, base.start, base.transcribe), (50_257, 50_258, 50_359));
        assert_eq!((base.previous, base.no_speech, base.no_timestamps), (50_361, 50_362, 50_363));
        assert_eq!((base.first_timestamp, base.language("ja")), (50_364, Some(50_266)));
        assert_eq!(tokens(51_866).first_timestamp, 50_365, "large-v3 has a language more");
        assert_eq!((tokens(51_864).end, tokens(51_864).first_timestamp), (50_256, 50_363), "English only");
        assert_eq!((base.language("yue"), base.language("auto")), (None, None));
    }
}
