//! What a reviewer must know about a segment, a value or a row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A review item on a segment, a field or a row. The set grows with the program; a file with a flag that this version
/// does not know is refused, not misread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Flag {
    /// The recogniser was unsure of these words (average log-probability below its threshold).
    LowConfidence,
    /// Text where voice activity, energy or the no-speech probability say that nobody spoke. Not mapped to fields.
    PossibleHallucination,
    /// A repetition loop. Not mapped to fields.
    Repetition,
    /// Speech that could not be decoded. The time is kept, the words are missing.
    DecodeFailed,
    /// A time without 午前/午後.
    AmbiguousTime,
    /// A relative date with nothing to count from.
    NoAnchor,
    /// The spoken weekday is not the date's.
    WeekdayMismatch,
    /// A year that its era does not have.
    EraOutOfRange,
    /// Age, birth date and grade disagree.
    AgeMismatch,
    /// The speaker corrected himself; the trace keeps what was said first.
    SelfCorrected,
    /// Reported by somebody else (〜とのこと).
    Hearsay,
    /// The speaker was not sure (多分、くらい、かもしれない).
    Uncertain,
    /// May tell who the 通告者 is.
    ReporterIdentity,
    /// 四の七 outside an address.
    NumberForm,
    /// A grade without the kind of school.
    SchoolType,
    /// 継父, 養父 and 内夫 cannot be told apart.
    RelationChoice,
    /// センター alone names no organisation.
    WhichCentre,
    /// A partner who may live with the family.
    Cohabiting,
    /// Two negations; no value is set.
    DoubleNegation,
    /// A paired body part without left or right.
    SideMissing,
    /// A plan without a person.
    ActorMissing,
    /// Asked, and not answered.
    NotAnswered,
    /// The words may be wrong in a way that matters; listen again.
    ReplayNeeded,
    /// Two statements about one thing differ.
    Contradiction,
    /// A deadline that was missed.
    Overdue,
    /// The rules and the model put these words into different fields.
    ModelDiffers,
}

impl Flag {
    /// Whether a segment with this flag is kept out of the record's fields.
    #[must_use]
    pub fn bars_mapping(self) -> bool {
        matches!(self, Self::PossibleHallucination | Self::Repetition | Self::DecodeFailed)
    }
}
