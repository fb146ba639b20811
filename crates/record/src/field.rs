//! The fields of a record, and the only ways to make one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::template::{FieldSpec, FieldType, Fill};
use crate::{Citation, Flag, Grounded, Trace, Value};

/// What the speech says about a field. Nothing turns `not_mentioned` into another state but words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The speech gives the value.
    Stated,
    /// The speech says that it is not known.
    Unknown,
    /// The person concerned denied it, or the speech says that there is none.
    Denied,
    /// The speech says nothing about it.
    #[default]
    NotMentioned,
}

/// Why a field is unknown or denied (language.md §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// 不明
    SaidUnknown,
    /// 未聴取
    NotAsked,
    /// 回答なし
    NotAnswered,
    /// 拒否
    Refused,
    /// 確認できず
    CouldNotConfirm,
    /// 否認
    Denial,
    /// なし
    None,
}

impl Reason {
    /// The word on the printed form.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::SaidUnknown => "不明",
            Self::NotAsked => "未聴取",
            Self::NotAnswered => "回答なし",
            Self::Refused => "拒否",
            Self::CouldNotConfirm => "確認できず",
            Self::Denial => "否認",
            Self::None => "なし",
        }
    }

    /// The state that goes with the reason.
    #[must_use]
    pub fn state(self) -> State {
        match self {
            Self::Denial | Self::None => State::Denied,
            _ => State::Unknown,
        }
    }
}

/// Who made a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A rule.
    Rule,
    /// The tagger.
    Model,
    /// Calculated from other fields.
    Computed,
    /// A person.
    Human,
}

/// One field of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    /// Id in the template.
    pub id: String,
    /// Printed name.
    pub label: String,
    /// Name of the field type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the speech says.
    pub state: State,
    /// The value; null unless `stated`, and where the words leave it open.
    pub value: Option<Value>,
    /// As the form prints it.
    pub display: String,
    /// Words beside the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Why it is unknown or denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Who denied it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Who made the value; null where there is none.
    pub origin: Option<Origin>,
    /// Geometric mean of the probabilities of the cited tokens, 0..=1; null for text and for people.
    pub confidence: Option<f32>,
    /// The words of the value.
    pub citations: Vec<Citation>,
    /// What corrections replaced.
    pub trace: Vec<Trace>,
    /// Review items.
    pub flags: Vec<Flag>,
    /// Belongs to the sealed sheet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
}

/// A value that the laws of the record forbid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroundingError {
    /// Only a person may fill this field.
    #[error("only a person fills this field: {0}")]
    PersonOnly(String),
    /// A stated value without words.
    #[error("a value without a citation: {0}")]
    NoCitation(String),
    /// The value's shape is not the field's type.
    #[error("a value of another type: {0}")]
    WrongType(String),
    /// A label that is not among the choices.
    #[error("not a choice of this field: {0}")]
    NotAChoice(String),
    /// A literal field whose value was not spoken.
    #[error("the value itself was not spoken: {0}")]
    NotLiteral(String),
    /// A column that the field does not have.
    #[error("no such column: {0}")]
    NoColumn(String),
}

impl Field {
    /// A field about which nothing was said.
    #[must_use]
    pub fn not_mentioned(spec: &FieldSpec) -> Self {
        Self {
            id: spec.id.clone(),
            label: spec.label.clone(),
            kind: spec.kind.name().to_owned(),
            state: State::NotMentioned,
            value: None,
            display: String::new(),
            detail: None,
            reason: None,
            by: None,
            origin: None,
            confidence: None,
            citations: Vec::new(),
            trace: Vec::new(),
            flags: Vec::new(),
            sealed: spec.sealed,
        }
    }

    /// A field with the value that the words give.
    pub fn stated(spec: &FieldSpec, grounded: Grounded, origin: Origin) -> Result<Self, GroundingError> {
        let id = || spec.id.clone();
        let by_program = matches!(origin, Origin::Rule | Origin::Model);
        if spec.fill == Fill::Human && origin != Origin::Human {
            return Err(GroundingError::PersonOnly(id()));
        }
        if grounded.citations.is_empty() && origin != Origin::Human {
            return Err(GroundingError::NoCitation(id()));
        }
        if let Some(value) = &grounded.value {
            check_value(spec, value)?;
        }
        if by_program && spec.fill == Fill::Literal {
            check_literal(spec, &grounded)?;
        }
        Ok(Self {
            state: State::Stated,
            value: grounded.value,
            display: grounded.display,
            detail: grounded.detail,
            origin: Some(origin),
            confidence: grounded.confidence,
            citations: grounded.citations,
            trace: grounded.trace,
            flags: grounded.flags,
            ..Self::not_mentioned(spec)
        })
    }

    /// A field that the speech says is unknown, denied or absent. `grounded` holds the words; its value is not used.
    pub fn without_value(
        spec: &FieldSpec,
        reason: Reason,
        by: Option<String>,
        grounded: Grounded,
    ) -> Result<Self, GroundingError> {
        if spec.fill == Fill::Human {
            return Err(GroundingError::PersonOnly(spec.id.clone()));
        }
        if grounded.citations.is_empty() {
            return Err(GroundingError::NoCitation(spec.id.clone()));
        }
        let display = if reason == Reason::Denial { grounded.display } else { reason.label().to_owned() };
        Ok(Self {
            state: reason.state(),
            display,
            reason: Some(reason),
            by,
            origin: Some(Origin::Rule),
            confidence: grounded.confidence,
            citations: grounded.citations,
            trace: grounded.trace,
            flags: grounded.flags,
            ..Self::not_mentioned(spec)
        })
    }
}

/// Whether a value has the shape of the field's type, its labels among the choices.
pub(crate) fn check_value(spec: &FieldSpec, value: &Value) -> Result<(), GroundingError> {
    use FieldType as T;
    let is_choice = |label: &String| spec.choices.iter().any(|c| c.label == *label);
    let fits = match (spec.kind, value) {
        (T::Enum, Value::Text(label)) => {
            if !is_choice(label) {
                return Err(GroundingError::NotAChoice(spec.id.clone()));
            }
            true
        }
        (T::Multi, Value::Labels(labels)) => {
            if !labels.iter().all(is_choice) {
                return Err(GroundingError::NotAChoice(spec.id.clone()));
            }
            true
        }
        (T::Bool3, Value::Text(label)) => label == "有",
        (T::Rows, Value::Rows(rows)) => rows.iter().all(|r| !r.citations.is_empty()),
        (T::Number, Value::Number(_))
        | (T::DateRange | T::TimeRange | T::DatetimeRange, Value::Range(_))
        | (T::Person, Value::Person(_))
        | (T::Date | T::Time | T::Datetime | T::Text | T::Quote, Value::Text(_)) => true,
        _ => false,
    };
    if fits { Ok(()) } else { Err(GroundingError::WrongType(spec.id.clone())) }
}

/// A literal field takes a label only when it, or a spoken form of it, stands in the cited words.
fn check_literal(spec: &FieldSpec, grounded: &Grounded) -> Result<(), GroundingError> {
    let spoken = |label: &String| {
        let choice = spec.choices.iter().find(|c| c.label == *label);
        let words = std::iter::once(label).chain(choice.iter().flat_map(|c| &c.spoken));
        words.into_iter().any(|w| grounded.citations.iter().any(|c| c.quote.contains(w.as_str())))
    };
    let all = match &grounded.value {
        Some(Value::Text(label)) if spec.kind == FieldType::Enum => spoken(label),
        Some(Value::Labels(labels)) => labels.iter().all(spoken),
        _ => true,
    };
    if all { Ok(()) } else { Err(GroundingError::NotLiteral(spec.id.clone())) }
}
