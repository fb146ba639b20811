//! The recordings inside the page.

use std::fs::File;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use record::Record;

use crate::error::Problem;
use crate::records::AudioSource;
use crate::{Error, Result};

/// Bytes that are read and encoded at a time; a multiple of 3, so that pieces join without padding.
const STEP: usize = 48 * 1024;
/// Bytes of sound in one element of the page: small enough for every browser's strings.
const PIECE: usize = 64 * STEP;

/// There is sound for every recording, or none at all.
pub(super) fn check(record: &Record, sources: &[AudioSource]) -> Result<()> {
    let files = record.source.files.len();
    if !sources.is_empty() && sources.len() != files {
        return Err(Problem::AudioCount { files, audio: sources.len() }.into());
    }
    match sources.iter().find(|source| !is_media_type(&source.mime)) {
        Some(source) => Err(Problem::MediaType { mime: source.mime.clone() }.into()),
        None => Ok(()),
    }
}

/// `audio/…`, or `video/…` for containers that may hold pictures as well.
fn is_media_type(mime: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '+' | '-' | ';' | '=' | ' ');
    (mime.starts_with("audio/") || mime.starts_with("video/")) && mime.chars().all(allowed)
}

/// Writes a recording as base64 in data blocks, which browsers neither run nor show.
pub(super) fn embed(number: usize, source: &AudioSource, out: &mut dyn Write) -> Result<()> {
    let failed =
        |source_error| -> Error { Problem::Audio { path: source.path.clone(), source: source_error }.into() };
    let mut file = File::open(&source.path).map_err(failed)?;
    let mut bytes = vec![0; STEP];
    let mut text = String::with_capacity(STEP / 3 * 4);
    let mut in_piece = 0;
    loop {
        let read = fill(&mut file, &mut bytes).map_err(failed)?;
        if read > 0 && in_piece == 0 {
            let open = format!("<script type=\"application/octet-stream\" data-audio=\"{number}\">");
            out.write_all(open.as_bytes()).map_err(Error::write)?;
        }
        text.clear();
        STANDARD.encode_string(&bytes[..read], &mut text);
        out.write_all(text.as_bytes()).map_err(Error::write)?;
        in_piece += read;
        let last = read < STEP;
        if in_piece > 0 && (last || in_piece >= PIECE) {
            out.write_all(b"</script>\n").map_err(Error::write)?;
            in_piece = 0;
        }
        if last {
            return Ok(());
        }
    }
}

/// Fills the buffer; less is read only at the end of the file.
fn fill(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn the_pieces_joined_are_the_recording() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wav");
        for len in [0, 1, STEP - 1, STEP, STEP + 1, PIECE, PIECE + 2] {
            let sound: Vec<u8> = (0..len).map(|i| (i * 7 % 251) as u8).collect();
            std::fs::write(&path, &sound).unwrap();
            let mut out = Vec::new();
            let source = AudioSource { mime: "audio/wav".to_owned(), path: path.clone() };
            embed(3, &source, &mut out).unwrap();
            let page = String::from_utf8(out).unwrap();
            let pieces = page.split("</script>\n").filter_map(|piece| piece.split_once('>'));
            let joined: Vec<u8> = pieces.flat_map(|(_, text)| STANDARD.decode(text).unwrap()).collect();
            assert!(joined == sound, "{len} bytes");
        }
    }

    #[test]
    fn media_types_hold_nothing_that_could_be_markup() {
        assert!(is_media_type("audio/ogg; codecs=opus"));
        assert!(is_media_type("video/webm"));
        for mime in ["", "text/html", "audio/x\"><script>", "audio/\n"] {
            assert!(!is_media_type(mime), "{mime}");
        }
    }

    #[test]
    fn a_missing_recording_is_named() {
        let source = AudioSource { mime: "audio/wav".to_owned(), path: "nowhere/visit.wav".into() };
        let error = embed(0, &source, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Audio);
        assert_eq!(error.to_string(), "the audio to be embedded cannot be read: nowhere/visit.wav");
    }
}
