//! What is expected while decoding, and how strongly it is raised.

use std::io::Read;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use asr::Bias;
use flate2::read::GzDecoder;
use record::template::Template;

use crate::failure::Failure;
use crate::lexicon;

/// Sentences as caseworkers dictate them, made from the grammar of `crates/extract/data/train` (models/dictation.md).
const SENTENCES: &[u8] = include_bytes!("../../models/dictation.txt.gz");

/// `off`, or any of `sentences=0.6,boost=2,start=0.5,cap=5,back-off=0.5`; what is not named keeps its default.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BiasSetting {
    Off,
    /// The strength, without words.
    On(Bias),
}

impl Default for BiasSetting {
    fn default() -> Self {
        Self::On(Bias::new(Vec::new()))
    }
}

impl FromStr for BiasSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let mut bias = Bias::new(Vec::new());
        for part in text.split(',') {
            let number = |value: &str| value.trim().parse::<f32>().map_err(|e| format!("{part}: {e}"));
            match part.split_once('=').map(|(name, value)| (name.trim(), value)) {
                Some(("sentences", value)) => bias.weight = number(value)?,
                Some(("boost", value)) => bias.boost = number(value)?,
                Some(("start", value)) => bias.start = number(value)?,
                Some(("cap", value)) => bias.cap = number(value)?,
                Some(("back-off", value)) => bias.back_off = number(value)?,
                _ => {
                    return Err(format!(
                        "{part}: expected off, sentences=, boost=, start=, cap= or back-off="
                    ));
                }
            }
        }
        Ok(Self::On(bias))
    }
}

impl std::fmt::Display for BiasSetting {
    /// As it is read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On(Bias { weight, boost, start, cap, back_off, .. }) => {
                write!(f, "sentences={weight},boost={boost},start={start},cap={cap},back-off={back_off}")
            }
        }
    }
}

/// What is expected: the office's own terms, and with a form its headings, the terms of the field and what is usually
/// dictated.
pub(crate) fn expected(templates: &[Template]) -> Result<Bias, Failure> {
    let headings = templates.iter().flat_map(Template::headings).map(ToOwned::to_owned);
    let office = lexicon::imported()?.unwrap_or_default().into_iter().map(|term| term.written);
    let mut terms: Vec<String> = headings.chain(office).collect();
    if !templates.is_empty() {
        terms.extend(text::Lexicon::shipped().terms().iter().map(|term| term.written.clone()));
    }
    terms.sort();
    terms.dedup();
    let sentences = (!templates.is_empty()).then(sentences);
    Ok(Bias { sentences, ..Bias::new(terms) })
}

fn sentences() -> Arc<str> {
    static TEXT: LazyLock<Arc<str>> = LazyLock::new(|| {
        let mut text = String::new();
        // A test reads the file; a broken one would raise nothing.
        let _ = GzDecoder::new(SENTENCES).read_to_string(&mut text);
        text.into()
    });
    Arc::clone(&TEXT)
}

impl BiasSetting {
    /// The bias towards what is expected, with the strength of the setting.
    pub(crate) fn towards(&self, expected: Bias) -> Option<Arc<Bias>> {
        match self {
            Self::On(strength) if !expected.is_empty() => {
                let Bias { terms, sentences, .. } = expected;
                Some(Arc::new(Bias { terms, sentences, ..strength.clone() }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_keeps_its_default() {
        let default = Bias::new(Vec::new());
        let expected = Bias { boost: 3.5, back_off: 1.0, weight: 0.0, ..default };
        assert_eq!("boost=3.5, back-off=1, sentences=0".parse(), Ok(BiasSetting::On(expected)));
    }

    #[test]
    fn a_setting_is_written_as_it_is_read() {
        for text in ["off", "sentences=0.3,boost=2.25,start=0.5,cap=5,back-off=0.1"] {
            assert_eq!(text.parse::<BiasSetting>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn off_expects_nothing() {
        let off: BiasSetting = "off".parse().unwrap();
        let expected = || Bias::new(vec!["実母".into()]);
        assert_eq!(off.towards(expected()), None);
        assert!(BiasSetting::default().towards(expected()).is_some());
    }

    #[test]
    fn the_sentences_are_read() {
        let sentences = sentences();
        assert!(sentences.lines().count() > 1_000);
        assert!(sentences.lines().all(|line| line.ends_with('。')));
    }

    #[test]
    fn mistakes_are_named() {
        for text in ["", "boost", "boost=x", "strength=2"] {
            assert!(text.parse::<BiasSetting>().is_err(), "{text}");
        }
    }
}
