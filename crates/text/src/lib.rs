//! The rule passes: from the recogniser's words to clean words with dates, times, numbers, headings and quotations marked.
//!
//! ```text
//! Document ─▶ normalize ─▶ pauses ─▶ fillers ─▶ calendar ─▶ numerals ─▶ corrections
//!             └ edits, but pauses only forgets breaks ────────────────────────────┘
//!          ─▶ dates ─▶ times ─▶ ages ─▶ lexicon ─▶ headings ─▶ quotes
//!             └─── annotations ───┘   └ edits ┘   └─ annotations ──┘
//! ```
//!
//! Beside them stand passes of house style (plain sentence ends, person labels), which run only where they are named.
//!
//! Every pass is a [`Pass`] with a name; a [`Chain`] runs the ones that the configuration names, in its order.
//!
//! ```
//! use record::{Document, Entity, Segment, Transcript};
//! use text::Chain;
//!
//! let raw = "ええと、令和七年六月三日火曜、十四時から十五時二十分、家庭訪問。".to_owned();
//! let transcript = Transcript { segments: vec![Segment { raw, ..Segment::default() }], edits: vec![] };
//! let mut doc = Document::new(&transcript, None);
//! Chain::default().run(&mut doc)?;
//! assert_eq!(doc.text(), "令和7年6月3日火曜、14時から15時20分、家庭訪問。");
//! assert!(matches!(doc.annotations()[0].entity, Entity::Date(Some(day)) if day.to_string() == "2025-06-03"));
//! # Ok::<(), text::Error>(())
//! ```
//!
//! # Adding a pass
//!
//! 1. A module with a type that implements [`Pass`]; the duties are on the trait.
//! 2. One line in `chain.rs`.
//! 3. A test that calls [`conformance::run`].
//!
//! Beside the passes stand the questions that the field rules ask: [`polarity`], [`hedge`], [`guard`] for what an engine
//! writes over silence, and [`cer`], which measures how well it heard.

mod ages;
mod calendar;
pub mod cer;
mod chain;
pub mod conformance;
mod corrections;
mod cursor;
mod dates;
mod error;
mod fillers;
pub mod guard;
mod headings;
pub mod hedge;
mod labels;
mod layout;
pub mod lexicon;
mod morphology;
mod normalize;
mod number;
mod numerals;
mod pauses;
mod plain_style;
pub mod polarity;
mod quotes;
#[cfg(test)]
mod testing;
mod times;
mod words;

pub use ages::Ages;
pub use calendar::Calendar;
pub use chain::{Chain, Pass, by_name, passes, style_passes};
pub use corrections::Corrections;
pub use dates::{Dates, anchor};
pub use error::{Error, ErrorKind, Result};
pub use fillers::Fillers;
pub use headings::Headings;
pub use labels::Labels;
pub use lexicon::Lexicon;
pub use morphology::{Morpheme, Morphology, Pos, hiragana};
pub use normalize::Normalize;
pub use numerals::{Numerals, in_figures};
pub use pauses::Pauses;
pub use plain_style::PlainStyle;
pub use quotes::Quotes;
pub use times::Times;
