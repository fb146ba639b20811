//! `kikitori map`

use std::fs;
use std::io::Read;
use std::path::Path;

use export::{RecordOptions, read_transcript, record_by_name};

use super::{map_options, parse_recorded_at, recorded_at, tagger};
use crate::args::{Global, MapArgs};
use crate::failure::Failure;
use crate::sheets::Sheets;

/// A longer text is no dictation: eight hours of speech are about 150,000 characters.
const MAX_BYTES: u64 = 64 << 20;

pub(crate) fn run(args: &MapArgs, global: &Global) -> Result<(), Failure> {
    let sheets = Sheets::new(&args.form, record_by_name(&args.format)?, &args.output, Some(&args.file))?;
    let bytes = read(&args.file)?;
    let name = args.file.file_name().unwrap_or(args.file.as_os_str()).to_string_lossy();
    let file = read_transcript(&bytes, &name)?;
    let recorded_at = match (&args.recorded.recorded_at, &file.recorded_at) {
        (None, Some(own)) => Some(parse_recorded_at(own)?),
        _ => recorded_at(&args.recorded, Some(&args.file))?,
    };
    let tagger = tagger(args.form.no_model_pass)?;
    let map = map_options(&args.form, recorded_at, tagger.as_ref())?;
    let options = RecordOptions { lang: global.lang(), ..RecordOptions::default() };
    sheets.write(&file.transcript, &file.source, &map, &options)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
    };
    read.map_err(|e| Failure::io(path, &e))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::bad_input(
            format!("文字起こしとしては大きすぎます: {}", path.display()),
            format!("too large for a transcript: {}", path.display()),
        ));
    }
    Ok(bytes)
}
