//! How strongly expected words are raised while decoding.

use std::str::FromStr;
use std::sync::Arc;

use asr::Bias;
use record::template::Template;

use crate::failure::Failure;
use crate::lexicon;

/// `off`, or any of `boost=2,start=0.5,cap=5,back-off=0.5`; what is not named keeps its default.
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
                Some(("boost", value)) => bias.boost = number(value)?,
                Some(("start", value)) => bias.start = number(value)?,
                Some(("cap", value)) => bias.cap = number(value)?,
                Some(("back-off", value)) => bias.back_off = number(value)?,
                _ => return Err(format!("{part}: expected off, boost=, start=, cap= or back-off=")),
            }
        }
        Ok(Self::On(bias))
    }
}

/// Words that are expected: the headings of the forms and the office's own terms.
pub(crate) fn terms(templates: &[Template]) -> Result<Vec<String>, Failure> {
    let headings = templates.iter().flat_map(Template::headings).map(ToOwned::to_owned);
    let office = lexicon::imported()?.unwrap_or_default().into_iter().map(|term| term.written);
    let mut terms: Vec<String> = headings.chain(office).collect();
    terms.sort();
    terms.dedup();
    Ok(terms)
}

impl BiasSetting {
    /// The bias towards these words.
    pub(crate) fn towards(&self, terms: Vec<String>) -> Option<Arc<Bias>> {
        match self {
            Self::On(strength) if !terms.is_empty() => Some(Arc::new(Bias { terms, ..strength.clone() })),
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
        let expected = Bias { boost: 3.5, back_off: 1.0, ..default };
        assert_eq!("boost=3.5, back-off=1".parse(), Ok(BiasSetting::On(expected)));
    }

    #[test]
    fn off_expects_nothing() {
        let off: BiasSetting = "off".parse().unwrap();
        assert_eq!(off.towards(vec!["実母".into()]), None);
        assert!(BiasSetting::default().towards(vec!["実母".into()]).is_some());
    }

    #[test]
    fn mistakes_are_named() {
        for text in ["", "boost", "boost=x", "strength=2"] {
            assert!(text.parse::<BiasSetting>().is_err(), "{text}");
        }
    }
}
