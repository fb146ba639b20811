//! What the text passes recognise in the text: dates, times, numbers, headings, quotations.

use std::ops::Range;

use jiff::civil::Date;

use crate::Flag;

/// A recognised stretch of the current text.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// Byte range of the current text.
    pub range: Range<usize>,
    /// What it is.
    pub entity: Entity,
    /// Review items that go with the value.
    pub flags: Vec<Flag>,
}

/// What a stretch of text means, in normal form. Made only by rule passes, from the words of its range.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Entity {
    /// A spoken heading (「主訴。」); the range takes in the punctuation that ends it. Holds the canonical heading word.
    Heading(String),
    /// A day. `None` where the words fix none (今月頭, 昨日 without an anchor).
    Date(Option<Date>),
    /// A time of day.
    Time(ClockTime),
    /// From a time to a time.
    TimeRange(ClockTime, ClockTime),
    /// A length of time in minutes.
    Duration(u32),
    /// A person's age.
    Age(Age),
    /// A number with its unit (cm, g, 週, 人, 回 …).
    Quantity {
        /// Smallest value said.
        low: f64,
        /// Largest value said; equal to `low` unless a range was said (2、3回).
        high: f64,
        /// The counter or unit as written in the normal form.
        unit: String,
    },
    /// A telephone number in its written form, digits and hyphens.
    Phone(String),
    /// Words that somebody said, without the brackets.
    Quote(Quote),
    /// A word that may have been heard for another one, which this holds; only a person who listens can tell.
    Homophone(String),
    /// The place where a self-correction was resolved; the range is the value that stayed.
    Correction(Correction),
}

impl Entity {
    /// Whether the words are one expression with a value of its own: a date, a time, a number. It is not cut or respelt.
    #[must_use]
    pub const fn is_expression(&self) -> bool {
        matches!(
            self,
            Self::Date(_)
                | Self::Time(_)
                | Self::TimeRange(..)
                | Self::Duration(_)
                | Self::Age(_)
                | Self::Quantity { .. }
                | Self::Phone(_)
        )
    }
}

/// A time of day, as far as it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockTime {
    /// Hour as a 24-hour number, 0..=23; where `certain` is false, the 12-hour number that was said.
    pub hour: u8,
    /// Minute, 0..=59.
    pub minute: u8,
    /// 午前/午後 was said, or the number is 13 or more, or the other end of the range settles it.
    pub certain: bool,
    /// On the day after the start (23時から1時).
    pub next_day: bool,
}

/// An age in completed years, or months for an infant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// Completed years, lowest said.
    pub years: u16,
    /// Highest years said; equal to `years` unless a range was said (3、4歳).
    pub years_high: u16,
    /// Months beyond the years, where said.
    pub months: Option<u16>,
    /// Corrected months of a premature child (修正月齢), where said.
    pub corrected_months: Option<u16>,
}

/// A quotation: its range is the words themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Byte range of the speaker's words (本児, 実母) in the current text, where the sentence names one.
    pub speaker: Option<Range<usize>>,
    /// Byte range of the verb (言う, 話す, 説明).
    pub verb: Range<usize>,
}

/// What a self-correction replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The words said first.
    pub first: String,
    /// Byte range of the first words in the original text.
    pub first_original: Range<usize>,
    /// The words that stayed.
    pub last: String,
}
