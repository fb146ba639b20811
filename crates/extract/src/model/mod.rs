//! The model pass: a small tagger of our own that routes sentences where the rules find no heading and no cue.
//!
//! It sees characters, so that a wrong character does not break it, and the meaning of the words that it finds in them. What it says becomes a value only through the rule of
//! the field, on words of the document.

mod family;
mod input;
mod labels;
mod net;
mod people;
mod route;
mod tagger;
mod weights;
mod words;

pub use labels::{Party, Section, SpanKind};
pub use tagger::{Reading, Span, Tagger, best};

#[cfg(feature = "train")]
pub(crate) use {
    input::CharIds,
    labels::{label_hash, party_class, tag_class, tag_of},
    net::{Batch, Net, shapes},
    weights::{FORMAT, FORMAT_KEY, LABELS_KEY},
    words::WordVectors,
};
