//! The office's own terms.

use std::fs;
use std::path::Path;

use text::Lexicon;
use text::lexicon::{Term, read};

use crate::failure::Failure;
use crate::places;

/// 200,000 terms of the longest kind; nobody's list is longer.
const MAX_BYTES: u64 = 64 << 20;

/// The imported terms in front of the program's; `None` where the office has none.
pub(crate) fn office() -> Result<Option<Lexicon>, Failure> {
    Ok(imported()?.map(Lexicon::with_office))
}

/// The imported terms.
pub(crate) fn imported() -> Result<Option<Vec<Term>>, Failure> {
    let path = places::lexicon()?;
    if path.is_file() { Ok(Some(read(&bytes(&path)?)?)) } else { Ok(None) }
}

/// The bytes of a list of terms.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let size = fs::metadata(path).map_err(|e| Failure::io(path, &e))?.len();
    if size > MAX_BYTES {
        return Err(Failure::bad_input(
            format!("用語集としては大きすぎます: {}", path.display()),
            format!("too large for a lexicon: {}", path.display()),
        ));
    }
    fs::read(path).map_err(|e| Failure::io(path, &e))
}
