//! The decoders, registered once.

use std::sync::LazyLock;

use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error as Cause;

use crate::{Error, ErrorKind, Result};

static REGISTRY: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut registry);
    registry.register_audio_decoder::<symphonia_adapter_libopus::OpusDecoder>();
    registry
});

/// A decoder for `params`. `hint` names the codec where the registry does not know it.
pub(crate) fn decoder(params: &AudioCodecParameters, hint: Option<&str>) -> Result<Box<dyn AudioDecoder>> {
    REGISTRY.make_audio_decoder(params, &AudioDecoderOptions::default()).map_err(|error| match error {
        Cause::Unsupported(message) => {
            let (en, ja): (_, Option<String>) = match hint {
                _ if message.starts_with("aac") => (
                    "kind of AAC (HE-AAC or more than two channels)".into(),
                    Some("HE-AACか3チャンネル以上のAAC".into()),
                ),
                _ if message.starts_with("opus") => {
                    ("kind of Opus (more than two channels)".into(), Some("3チャンネル以上のOpus".into()))
                }
                Some(hint) => (format!("codec {hint}"), Some(hint.to_owned())),
                None => ("unknown codec".into(), None),
            };
            let unsupported = Error::new(ErrorKind::Unsupported, en).with_source(error);
            match ja {
                Some(ja) => unsupported.in_japanese(ja),
                None => unsupported,
            }
        }
        _ => Error::new(ErrorKind::Damaged, "broken codec description").with_source(error),
    })
}
