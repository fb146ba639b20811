//! What the Ogg reader does not tell: the names of codecs that we have not, and whether the last page is there.

use crate::source::Bytes;
use crate::{Error, ErrorKind, Result};

/// A page is at most 65,307 bytes long (RFC 3533 §6).
const MAX_PAGE: u64 = 65_307;

/// Refuses streams of codecs that the reader would pass over in silence.
pub(super) fn check_codec(bytes: &mut Bytes) -> Result<()> {
    const OTHERS: [(&[u8], &str); 3] =
        [(b"Speex   ", "Speex"), (b"\x80theora", "Theora video"), (b"PCM     ", "Ogg PCM")];
    let page = bytes.read_at(0, 27 + 255 + 16)?;
    let body = page.get(26).and_then(|segments| page.get(27 + usize::from(*segments)..)).unwrap_or_default();
    match OTHERS.iter().find(|(magic, _)| body.starts_with(magic)) {
        Some((_, codec)) => {
            Err(Error::new(ErrorKind::Unsupported, format!("codec {codec}")).in_japanese(*codec))
        }
        None => Ok(()),
    }
}

/// Whether the last page in the file is marked as the last of its stream (RFC 3533 §6, flag 0x04). A recording that was
/// interrupted, or a copy that was cut, has none.
pub(super) fn has_last_page(bytes: &mut Bytes) -> Result<bool> {
    let start = bytes.len().saturating_sub(2 * MAX_PAGE);
    let tail = bytes.read_at(start, 2 * MAX_PAGE as usize)?;
    let last = tail.windows(6).rposition(|page| page.starts_with(b"OggS\0"));
    Ok(last.is_some_and(|at| tail[at + 5] & 4 != 0 && page_is_whole(&tail[at..])))
}

fn page_is_whole(page: &[u8]) -> bool {
    let Some(&segments) = page.get(26) else { return false };
    let lacing_end = 27 + usize::from(segments);
    let Some(lacing) = page.get(27..lacing_end) else { return false };
    page.len() >= lacing_end + lacing.iter().map(|len| usize::from(*len)).sum::<usize>()
}
