//! What `CTranslate2` refuses.

use std::borrow::Cow;
use std::path::PathBuf;

use record::{Explain, Lang};

use crate::ErrorKind;

/// The cases. `CTranslate2`'s own reasons speak of files, shapes and memory, never of what was said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("CTranslate2 refused the model directory ({reason}): {path}")]
    Load { path: PathBuf, reason: String },
    #[error("the model directory has no vocabulary of Whisper: {path}")]
    Vocabulary { path: PathBuf },
    #[error("CTranslate2 could not decode the windows: {reason}")]
    Decode { reason: String },
}

impl Fault {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Load { .. } | Self::Vocabulary { .. } => ErrorKind::Model,
            Self::Decode { .. } => ErrorKind::Decode,
        }
    }
}

impl Explain for Fault {
    fn explain(&self, lang: Lang) -> Cow<'static, str> {
        let ja = lang == Lang::Ja;
        match self {
            Self::Load { path, .. } | Self::Vocabulary { path } if ja => {
                format!("音声認識モデルのフォルダーが壊れているか、別の種類です: {}", path.display())
            }
            Self::Load { path, .. } | Self::Vocabulary { path } => {
                format!("The model directory is damaged or is something else: {}", path.display())
            }
            Self::Decode { reason } if ja => format!("この区間の音声を認識できませんでした: {reason}"),
            Self::Decode { reason } => format!("This stretch of speech could not be recognised: {reason}"),
        }
        .into()
    }
}
