//! Reading a transcript: our JSON, or plain text in the encodings that offices have.

use encoding_rs::{Encoding, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};
use record::{Flag, RECORD_SCHEMA, Segment, Source, SourceFile, Transcript};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::Problem;
use crate::transcript_file::Broken;
use crate::{Result, TRANSCRIPT_SCHEMA, TranscriptFile, label};

/// Reads a transcript. `name` is the file's name; a directory before it is dropped.
///
/// * JSON of [`TRANSCRIPT_SCHEMA`], checked: positions run forwards, tokens joined are the raw words, numbers of files
///   and segments exist.
/// * Otherwise plain text in UTF-8, in UTF-16 with a byte order mark, or in `Shift_JIS`: each line with words in it
///   becomes a segment without times. Marks of the txt format at the start of a line (`[無音の疑い]`) become flags
///   again, so that speech that was kept out of a record does not come back as words.
///
/// # Errors
/// [`ErrorKind::NotATranscript`](crate::ErrorKind::NotATranscript) for a file that is empty, binary, in another
/// encoding or of another schema; [`ErrorKind::InvalidTranscript`](crate::ErrorKind::InvalidTranscript) for our JSON
/// with a mistake, naming its place.
pub fn read_transcript(bytes: &[u8], name: &str) -> Result<TranscriptFile> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let text = decode(bytes, name)?;
    if text.trim().is_empty() {
        return Err(Problem::Empty { name: name.to_owned() }.into());
    }
    let is_json = name.rsplit_once('.').is_some_and(|(_, ext)| ext.eq_ignore_ascii_case("json"));
    if is_json || text.trim_start().starts_with('{') {
        from_json(&text, name)
    } else {
        Ok(from_lines(&text, bytes, name))
    }
}

/// The characters of a text file.
fn decode(bytes: &[u8], name: &str) -> Result<String> {
    let marked = Encoding::for_bom(bytes);
    // NUL is a sign of binary data in every encoding here but UTF-16.
    if !matches!(marked, Some((encoding, _)) if encoding == UTF_16LE || encoding == UTF_16BE)
        && bytes.contains(&0)
    {
        return Err(Problem::Binary { name: name.to_owned() }.into());
    }
    let text = match marked {
        Some((encoding, skip)) => {
            encoding.decode_without_bom_handling_and_without_replacement(&bytes[skip..])
        }
        None => [UTF_8, SHIFT_JIS]
            .iter()
            .find_map(|e| e.decode_without_bom_handling_and_without_replacement(bytes)),
    };
    let Some(text) = text else {
        let binary = bytes.iter().any(|b| b.is_ascii_control() && !is_layout(char::from(*b)));
        let name = name.to_owned();
        return Err(if binary { Problem::Binary { name } } else { Problem::Encoding { name } }.into());
    };
    if text.chars().any(|c| c.is_control() && !is_layout(c)) {
        return Err(Problem::Binary { name: name.to_owned() }.into());
    }
    Ok(text.into_owned())
}

fn is_layout(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{0c}')
}

fn from_json(text: &str, name: &str) -> Result<TranscriptFile> {
    #[derive(Deserialize)]
    struct Head {
        #[serde(default)]
        schema: Option<String>,
    }
    let mistake =
        |e: &serde_json::Error| Problem::Json { name: name.to_owned(), line: e.line(), column: e.column() };
    let head: Head = serde_json::from_str(text).map_err(|e| mistake(&e))?;
    match head.schema.as_deref() {
        Some(TRANSCRIPT_SCHEMA) => {}
        Some(RECORD_SCHEMA) => return Err(Problem::IsRecord { name: name.to_owned() }.into()),
        _ => return Err(Problem::Schema { name: name.to_owned() }.into()),
    }
    let file: TranscriptFile = serde_json::from_str(text).map_err(|e| mistake(&e))?;
    match file.broken() {
        None => Ok(file),
        Some(Broken { place, law }) => Err(Problem::Invalid { name: name.to_owned(), place, law }.into()),
    }
}

fn from_lines(text: &str, bytes: &[u8], name: &str) -> TranscriptFile {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let segments = lines.map(|line| {
        let (flags, words) = marks(line);
        Segment { raw: words.to_owned(), text: words.to_owned(), flags, ..Segment::default() }
    });
    let sha256 = Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let source = Source {
        files: vec![SourceFile { name: name.to_owned(), sha256, duration_ms: 0, partial: false }],
        engine: None,
    };
    TranscriptFile::new(None, source, Transcript { segments: segments.collect(), edits: Vec::new() })
}

/// The marks at the start of a line of the txt format, and the words after them.
fn marks(line: &str) -> (Vec<Flag>, &str) {
    let mut flags = Vec::new();
    let mut rest = line;
    while let Some((mark, after)) = rest.strip_prefix('[').and_then(|r| r.split_once(']'))
        && let Some(flag) = label::flag_of_words(mark)
    {
        flags.push(flag);
        rest = after;
    }
    if flags.is_empty() { (flags, line) } else { (flags, rest.trim_start()) }
}
