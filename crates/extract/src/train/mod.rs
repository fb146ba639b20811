//! How the tagger's weights come about: a grammar of sentences, noise like a recogniser's, and the training itself.
//!
//! Everything follows from a seed. The grammar's data is in `data/train`; no sentence of a real case is in it.

mod document;
mod grammar;
mod noise;
mod score;
mod sentences;
mod trainer;

pub use score::{Counts, Score};
pub use sentences::{dictations, sentences};
pub use trainer::{Options, Report, train};
