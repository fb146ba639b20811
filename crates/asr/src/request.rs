//! What all Whisper engines check of a request, and put into tokens.

use std::sync::{Arc, Mutex, PoisonError};

use record::{SAMPLE_RATE, Window};

use crate::bias::TokenBias;
use crate::error::Cause;
use crate::vocabulary::Vocabulary;
use crate::{Bias, DecodeOptions, MAX_WINDOW_SAMPLES, Result, Search};

/// Shorter windows are padded with silence to 1.1 s: whisper.cpp gives nothing for less than a second.
pub(crate) const MIN_SAMPLES: usize = SAMPLE_RATE as usize * 11 / 10;
/// Samples per encoder position: 20 ms.
pub(crate) const SAMPLES_PER_POSITION: usize = SAMPLE_RATE as usize / 50;
/// Half of the decoder's context holds the prompt, less the token that opens it.
const MAX_PROMPT_TOKENS: usize = 223;
/// Bytes of a prompt that are cut into tokens: more than [`MAX_PROMPT_TOKENS`] of any text.
const MAX_PROMPT_BYTES: usize = 4_000;

/// Refuses options that are outside their range for this window and a model of so many encoder and decoder positions.
pub(crate) fn check(
    window: &Window,
    options: &DecodeOptions,
    encoder_positions: usize,
    decoder_positions: usize,
) -> Result<()> {
    within("threads", options.threads, 1, 64)?;
    match options.search {
        Search::Greedy { best_of } => within("best_of", best_of, 1, 8)?,
        Search::Beam { size } => within("beam size", size, 2, 8)?,
    }
    if options.temperatures.is_empty() || options.temperatures.iter().any(|t| !(0.0..=1.0).contains(t)) {
        let value = format!("{:?}", options.temperatures);
        return Err(Cause::Option { name: "temperatures", allowed: "numbers in 0..=1".into(), value }.into());
    }
    if let Some(positions) = options.audio_ctx {
        let needed = window.samples.len().clamp(MIN_SAMPLES, MAX_WINDOW_SAMPLES);
        within("audio_ctx", positions, needed.div_ceil(SAMPLES_PER_POSITION), encoder_positions)?;
    }
    if let Some(tokens) = options.max_tokens {
        within("max_tokens", tokens, 1, decoder_positions / 2)?;
    }
    Ok(())
}

/// Refuses a number outside `low..=high`.
fn within(name: &'static str, value: usize, low: usize, high: usize) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Cause::Option { name, allowed: format!("{low}..={high}").into(), value: value.to_string() }.into())
}

/// The prompt's last tokens.
pub(crate) fn prompt(text: Option<&str>, vocabulary: &Vocabulary) -> Vec<i32> {
    let text = text.unwrap_or_default();
    let start = text.ceil_char_boundary(text.len().saturating_sub(MAX_PROMPT_BYTES));
    let mut tokens = vocabulary.encode(&text[start..]);
    let surplus = tokens.len().saturating_sub(MAX_PROMPT_TOKENS);
    tokens.split_off(surplus)
}

/// What is expected and its tokens.
type Expected = (Arc<Bias>, Arc<TokenBias>);

/// The tokens of what is expected; all sessions of an engine share the last.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedBias(Arc<Mutex<Option<Expected>>>);

impl SharedBias {
    /// The bias in tokens; `None` where it raises nothing.
    pub(crate) fn tokens(
        &self,
        bias: Option<&Arc<Bias>>,
        vocabulary: &Vocabulary,
    ) -> Result<Option<Arc<TokenBias>>> {
        let Some(bias) = bias.filter(|bias| !bias.is_empty()) else { return Ok(None) };
        for (name, value, high) in [
            ("bias weight", bias.weight, 2.0),
            ("bias boost", bias.boost, 20.0),
            ("bias start", bias.start, 20.0),
            ("bias cap", bias.cap, 100.0),
            ("bias back-off", bias.back_off, 1.0),
        ] {
            if !(0.0..=high).contains(&value) {
                let (allowed, value) = (format!("0..={high}").into(), value.to_string());
                return Err(Cause::Option { name, allowed, value }.into());
            }
        }
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, tokens)) = &*last
            && (Arc::ptr_eq(known, bias) || known == bias)
        {
            return Ok(Some(Arc::clone(tokens)));
        }
        let tokens = Arc::new(TokenBias::new(bias, vocabulary));
        *last = Some((Arc::clone(bias), Arc::clone(&tokens)));
        Ok(Some(tokens))
    }
}
