//! What goes through the pipes between a program and its engine's process.
//!
//! Each direction begins with [`MAGIC`] and [`VERSION`]; frames follow:
//!
//! | bytes | meaning |
//! |---|---|
//! | 4 | length of the message in bytes, at most [`MAX_MESSAGE`]; little-endian, as all numbers here |
//! | 4 | number of samples, at most [`MAX_WINDOW_SAMPLES`] |
//! | … | the message, a [`Request`] or an [`Answer`], in JSON |
//! | 4 each | the samples of a window, 32-bit floats |
//!
//! Whatever comes in, reading gives a message or an error, and takes no more memory than the bytes that came.

use std::io::{self, Read};
use std::sync::Arc;

use record::{EngineInfo, Explain, Lang, Piece, TimeMap, Window};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Cause;
use crate::{Bias, DecodeOptions, EngineConfig, Error, ErrorKind, Hypothesis, MAX_WINDOW_SAMPLES};

/// The first bytes of each direction.
pub const MAGIC: [u8; 8] = *b"kkengine";
/// The version of these messages, after the magic.
pub const VERSION: u32 = 2;
/// Most bytes of a message: 16 MiB, as expected sentences are megabytes.
pub const MAX_MESSAGE: usize = 16 << 20;

/// Why bytes are no message. It never holds anything of a message.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The other side is no engine's process of kikitori, or something else wrote into its pipe.
    #[error("the other side does not speak this protocol")]
    Foreign,
    /// The other side is a kikitori of another version.
    #[error("the other side speaks another version: {theirs} instead of {VERSION}")]
    Version {
        /// Its version.
        theirs: u32,
    },
    /// A frame promises more than [`MAX_MESSAGE`] bytes or more samples than a window has.
    #[error("a frame is too long: {message} bytes and {samples} samples")]
    TooLong {
        /// Bytes of its message.
        message: usize,
        /// Number of its samples.
        samples: usize,
    },
    /// The bytes end inside a frame.
    #[error("a frame was cut short")]
    Cut,
    /// A frame's message is not one that is known.
    #[error("a message is not understood: byte {at}")]
    Message {
        /// Where in the message, from 0.
        at: usize,
    },
    /// A message came where another one is due.
    #[error("a message came out of order: {what}")]
    Order {
        /// Which message.
        what: &'static str,
    },
    /// The pipe failed.
    #[error("the pipe failed")]
    Pipe(#[from] io::Error),
}

/// What the program asks of the engine's process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Open an engine and a session; the first request, and the only one of its kind.
    Open {
        /// Number of the request; its answers repeat it.
        id: u64,
        /// The engine's registered name.
        engine: String,
        /// What it is opened with.
        config: EngineConfig,
    },
    /// Keep these words for the windows that name them, in the place of those before. It has no answer.
    Expect {
        /// Number of the request.
        id: u64,
        /// The words.
        bias: Arc<Bias>,
    },
    /// Keep the window whose samples are in this frame for a decoding. It has no answer of its own.
    Add {
        /// Number of the decoding.
        id: u64,
        /// The window, without its samples.
        window: Cut,
        /// How; without its expected words.
        options: DecodeOptions,
        /// Number of the [`Request::Expect`] with the words that are expected.
        bias: Option<u64>,
    },
    /// Decode the windows that were added, together.
    Decode {
        /// Number of the decoding; its answers repeat it.
        id: u64,
    },
    /// Stop the decoding with this number. It has no answer of its own.
    Cancel {
        /// Number of the decoding.
        id: u64,
    },
}

/// What the engine's process says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Number of the request.
    pub id: u64,
    /// What about it.
    pub what: What,
}

/// What an [`Answer`] says about its request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// The engine is open.
    Ready {
        /// What it is.
        info: EngineInfo,
        /// How many windows it likes to get at once.
        batch: usize,
    },
    /// The decoding has advanced since the last time; no answer yet.
    Progress,
    /// A window of the decoding is done.
    Heard {
        /// Which one, in the order in which they were added, from 0.
        place: usize,
        /// What was heard in it, or why nothing.
        heard: std::result::Result<Hypothesis, Box<Report>>,
    },
    /// All windows of the decoding are.
    Done,
    /// The engine could not be opened.
    Failed(Report),
}

/// A window's description, without its samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    index: usize,
    file: usize,
    /// Start in the window, start in the recording and length, in samples.
    pieces: Vec<(u64, u64, u64)>,
}

impl Cut {
    /// The description of a window.
    #[must_use]
    pub fn of(window: &Window) -> Self {
        let pieces = window.map.pieces().iter();
        let pieces = pieces.map(|piece| (piece.window_start, piece.file_start, piece.len)).collect();
        Self { index: window.index, file: window.file, pieces }
    }

    /// The window.
    ///
    /// # Errors
    /// [`WireError::Message`] when the pieces are empty or not in order.
    pub fn window(&self, samples: Vec<f32>) -> Result<Window, WireError> {
        let mut map = TimeMap::default();
        let (mut window_end, mut file_end) = (0, 0);
        for &(window_start, file_start, len) in &self.pieces {
            let ends = window_start.checked_add(len).zip(file_start.checked_add(len));
            let follows = window_start >= window_end && file_start >= file_end;
            let Some(ends) = ends.filter(|_| len > 0 && follows) else {
                return Err(WireError::Message { at: 0 });
            };
            (window_end, file_end) = ends;
            map.push(Piece { window_start, file_start, len });
        }
        Ok(Window { index: self.index, file: self.file, samples, map })
    }
}

/// An [`Error`] as it is told on the other side: by what to do about it, and in words for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    ja: String,
    en: String,
    hint_ja: Option<String>,
    hint_en: Option<String>,
}

impl From<&Error> for Report {
    fn from(error: &Error) -> Self {
        let hint = |lang| error.hint(lang).map(Into::into);
        Self {
            kind: error.kind(),
            message: error.to_string(),
            ja: error.explain(Lang::Ja).into(),
            en: error.explain(Lang::En).into(),
            hint_ja: hint(Lang::Ja),
            hint_en: hint(Lang::En),
        }
    }
}

impl Report {
    pub(crate) fn explanation(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }

    pub(crate) fn advice(&self, lang: Lang) -> Option<&str> {
        match lang {
            Lang::Ja => self.hint_ja.as_deref(),
            Lang::En => self.hint_en.as_deref(),
        }
    }
}

/// The first bytes of a direction.
#[must_use]
pub fn greeting() -> Vec<u8> {
    [&MAGIC[..], &VERSION.to_le_bytes()].concat()
}

/// Reads the first bytes of a direction.
///
/// # Errors
/// [`WireError::Foreign`], [`WireError::Version`], [`WireError::Cut`] where nothing or too little comes, and
/// [`WireError::Pipe`].
pub fn greet(input: &mut impl Read) -> Result<(), WireError> {
    let bytes = take(input, MAGIC.len() + 4)?;
    if !MAGIC.starts_with(&bytes[..bytes.len().min(MAGIC.len())]) {
        return Err(WireError::Foreign);
    }
    match number(&bytes, MAGIC.len())? {
        VERSION => Ok(()),
        theirs => Err(WireError::Version { theirs }),
    }
}

/// A frame with this message and these samples.
///
/// # Errors
/// [`WireError::TooLong`].
pub fn frame(message: &impl Serialize, samples: &[f32]) -> Result<Vec<u8>, WireError> {
    let message = serde_json::to_vec(message).map_err(|error| WireError::Message { at: error.column() })?;
    check(message.len(), samples.len())?;
    let mut frame = Vec::with_capacity(8 + message.len() + 4 * samples.len());
    frame.extend((message.len() as u32).to_le_bytes());
    frame.extend((samples.len() as u32).to_le_bytes());
    frame.extend(message);
    frame.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    Ok(frame)
}

/// Reads a frame: its message and its samples; `None` where the input ends before one.
///
/// # Errors
/// Every [`WireError`] but those of [`greet`] and [`WireError::Order`].
pub fn read<M: DeserializeOwned>(input: &mut impl Read) -> Result<Option<(M, Vec<f32>)>, WireError> {
    let lengths = take(input, 8)?;
    if lengths.is_empty() {
        return Ok(None);
    }
    let (message, samples) = (number(&lengths, 0)? as usize, number(&lengths, 4)? as usize);
    check(message, samples)?;
    let text = take(input, message)?;
    let bytes = take(input, 4 * samples)?;
    if (text.len(), bytes.len()) != (message, 4 * samples) {
        return Err(WireError::Cut);
    }
    // The error's own text may quote the message.
    let message = serde_json::from_slice(&text).map_err(|error| WireError::Message { at: error.column() })?;
    let (samples, _) = bytes.as_chunks();
    Ok(Some((message, samples.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())))
}

fn check(message: usize, samples: usize) -> Result<(), WireError> {
    if message > MAX_MESSAGE || samples > MAX_WINDOW_SAMPLES {
        return Err(WireError::TooLong { message, samples });
    }
    Ok(())
}

/// The next `count` bytes, or as many as there are.
fn take(input: &mut impl Read, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.by_ref().take(count as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn number(bytes: &[u8], at: usize) -> Result<u32, WireError> {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(WireError::Cut)?;
    Ok(u32::from_le_bytes(*bytes))
}

impl From<Report> for Error {
    fn from(report: Report) -> Self {
        Box::new(report).into()
    }
}

impl From<Box<Report>> for Error {
    fn from(report: Box<Report>) -> Self {
        Cause::Remote(report).into()
    }
}

#[cfg(test)]
mod tests;
