//! What the MP4 reader does not tell: whether the index exists, and the edit list, which says how many samples the AAC
//! encoder put in front of the sound (its priming). Without it every citation of an M4A file would be 23–48 ms late.
//!
//! Boxes: ISO/IEC 14496-12 §4.2; edit list §8.6.6; `iTunSMPB`: Apple TN2258. Only box headers and small boxes are read.

use std::ops::Range;

use crate::error::Hint;
use crate::source::Bytes;
use crate::{Error, ErrorKind, Result};

/// Boxes that are looked at in one file; a real file has a few hundred.
const MAX_BOXES: usize = 100_000;
/// A box that is read as a whole is at most this long.
const MAX_BODY: u64 = 4_096;

/// The part of the media that is the recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edit {
    /// Where the recording starts in the media, in seconds.
    pub(crate) start: f64,
    /// Silence before it, in seconds: the track starts later than the movie.
    pub(crate) delay: f64,
    /// Its length in seconds, where it is known.
    pub(crate) len: Option<f64>,
}

/// What [`scan`] finds.
pub(super) struct Movie {
    pub(super) edit: Option<Edit>,
    /// Four-letter code of the first sound track.
    pub(super) codec: Option<String>,
    /// Where the last box says that it ends: past the file's end where the file was cut short.
    pub(super) end: u64,
}

#[derive(Default)]
struct Track {
    is_sound: bool,
    timescale: u32,
    codec: Option<String>,
    /// (segment duration, media time) per edit; −1 is an empty edit.
    edits: Vec<(u64, i64)>,
}

struct Walker<'a> {
    bytes: &'a mut Bytes,
    boxes_left: usize,
}

/// Looks through the boxes of an MP4 file.
pub(super) fn scan(bytes: &mut Bytes) -> Result<Movie> {
    let end = bytes.len();
    let mut walker = Walker { bytes, boxes_left: MAX_BOXES };
    let (mut index, mut media, mut last_end) = (None, false, 0);
    walker.each(0..end, |_, kind, body| {
        last_end = last_end.max(body.end);
        match &kind {
            b"moov" => index = index.take().or(Some(body)),
            b"mdat" | b"moof" => media = true,
            _ => {}
        }
        Ok(())
    })?;
    let Some(index) = index else {
        let error = if media {
            Error::new(ErrorKind::Damaged, "MP4 file without its index (moov)")
                .in_japanese("MP4の索引がありません")
        } else {
            Error::new(ErrorKind::NoAudio, "only the start of an MP4 file").in_japanese("MP4の先頭だけです")
        };
        return Err(error.with_hint(Hint::MissingIndex));
    };
    if index.end > end {
        return Err(Error::new(ErrorKind::Damaged, "MP4 file that ends in its index")
            .in_japanese("MP4の索引の途中で切れています"));
    }
    let (mut movie_scale, mut tracks, mut gapless) = (0, Vec::new(), None);
    walker.each(index, |walker, kind, body| {
        match &kind {
            b"mvhd" => movie_scale = walker.timescale(body)?,
            b"trak" => tracks.push(walker.track(body)?),
            b"udta" => gapless = walker.itunes_gapless(body)?,
            _ => {}
        }
        Ok(())
    })?;
    let Some(track) = tracks.into_iter().find(|track| track.is_sound) else {
        return Err(Error::new(ErrorKind::NoAudio, "MP4 file without a sound track"));
    };
    let edit = edit_of(&track, movie_scale).or_else(|| {
        let (priming, len): (u64, u64) = gapless?;
        let scale = f64::from(track.timescale.max(1));
        Some(Edit { start: priming as f64 / scale, delay: 0.0, len: Some(len as f64 / scale) })
    });
    Ok(Movie { edit, codec: track.codec, end: last_end })
}

fn edit_of(track: &Track, movie_scale: u32) -> Option<Edit> {
    let (movie_scale, media_scale) = (f64::from(movie_scale.max(1)), f64::from(track.timescale.max(1)));
    let mut delay = 0.0;
    for &(duration, media_time) in &track.edits {
        let duration = duration as f64 / movie_scale;
        if media_time < 0 {
            delay += duration;
            continue;
        }
        // A duration of 0 means "all of it" (fragmented files). Later edits would be cuts inside the recording; no
        // recorder writes them.
        let only = track.edits.iter().filter(|edit| edit.1 >= 0).count() == 1;
        let len = (only && duration > 0.0).then_some(duration);
        return Some(Edit { start: media_time as f64 / media_scale, delay, len });
    }
    None
}

impl Walker<'_> {
    /// Calls `visit` with the kind and body of each box in `range`. A body may end past the file where a size lies.
    fn each(
        &mut self,
        range: Range<u64>,
        mut visit: impl FnMut(&mut Self, [u8; 4], Range<u64>) -> Result<()>,
    ) -> Result<()> {
        let mut at = range.start;
        while at + 8 <= range.end && self.boxes_left > 0 {
            self.boxes_left -= 1;
            let Some([a, b, c, d, kind @ ..]) = self.bytes.array_at::<8>(at)? else { break };
            let (header, size) = match u32::from_be_bytes([a, b, c, d]) {
                0 => (8, range.end - at),
                1 => match self.bytes.array_at::<8>(at + 8)? {
                    Some(size) => (16, u64::from_be_bytes(size)),
                    None => break,
                },
                size => (8, u64::from(size)),
            };
            let Some(end) = at.checked_add(size).filter(|_| size >= header) else { break };
            visit(self, kind, at + header..end)?;
            at = end;
        }
        Ok(())
    }

    fn body(&mut self, range: &Range<u64>) -> Result<Vec<u8>> {
        let len = range.end.saturating_sub(range.start).min(MAX_BODY);
        self.bytes.read_at(range.start, len as usize)
    }

    /// The timescale of an `mvhd` or `mdhd` box.
    fn timescale(&mut self, range: Range<u64>) -> Result<u32> {
        let body = self.body(&range)?;
        let at = if body.first() == Some(&1) { 20 } else { 12 };
        Ok(be_u32(&body, at).unwrap_or(0))
    }

    fn track(&mut self, range: Range<u64>) -> Result<Track> {
        let mut track = Track::default();
        self.each(range, |walker, kind, body| {
            match &kind {
                b"edts" => walker.each(body, |walker, kind, body| {
                    if &kind == b"elst" {
                        track.edits = edits(&walker.body(&body)?);
                    }
                    Ok(())
                })?,
                b"mdia" => walker.media(body, &mut track)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(track)
    }

    fn media(&mut self, range: Range<u64>, track: &mut Track) -> Result<()> {
        self.each(range, |walker, kind, body| {
            match &kind {
                b"mdhd" => track.timescale = walker.timescale(body)?,
                b"hdlr" => track.is_sound = walker.body(&body)?.get(8..12) == Some(b"soun"),
                // Containers whose children lead to the sample description.
                b"minf" | b"stbl" => walker.media(body, track)?,
                b"stsd" => {
                    let body = walker.body(&body)?;
                    let code = body.get(12..16).filter(|code| code.iter().all(u8::is_ascii_graphic));
                    track.codec = code.map(|code| String::from_utf8_lossy(code).into_owned());
                }
                _ => {}
            }
            Ok(())
        })
    }

    /// Priming and length in samples from iTunes' `iTunSMPB` comment in a `udta` box.
    fn itunes_gapless(&mut self, range: Range<u64>) -> Result<Option<(u64, u64)>> {
        let mut found = None;
        self.each(range, |walker, kind, body| {
            if &kind != b"meta" {
                return Ok(());
            }
            // A `meta` box starts with version and flags.
            walker.each(body.start + 4..body.end, |walker, kind, body| {
                if &kind != b"ilst" {
                    return Ok(());
                }
                walker.each(body, |walker, kind, body| {
                    if &kind == b"----" && found.is_none() {
                        found = parse_smpb(&walker.body(&body)?);
                    }
                    Ok(())
                })
            })
        })?;
        Ok(found)
    }
}

/// ` 00000000 00000840 000001C0 0000000000046C00 …`: hexadecimal reserved, priming, padding, length.
fn parse_smpb(comment: &[u8]) -> Option<(u64, u64)> {
    let text = String::from_utf8_lossy(comment);
    let values = text.split_once("iTunSMPB")?.1;
    let mut numbers = values.split([' ', '\0']).filter(|word| word.len() >= 8);
    let mut number = || u64::from_str_radix(numbers.next()?, 16).ok();
    let (_reserved, priming, _padding, len) = (number()?, number()?, number()?, number()?);
    Some((priming, len))
}

fn edits(body: &[u8]) -> Vec<(u64, i64)> {
    let wide = body.first() == Some(&1);
    let count = be_u32(body, 4).unwrap_or(0) as usize;
    let entries = body.get(8..).unwrap_or_default().chunks_exact(if wide { 20 } else { 12 });
    let read = |entry: &[u8]| {
        if wide {
            let duration = entry.first_chunk::<8>().map_or(0, |b| u64::from_be_bytes(*b));
            let time = entry[8..].first_chunk::<8>().map_or(0, |b| i64::from_be_bytes(*b));
            (duration, time)
        } else {
            let duration = be_u32(entry, 0).unwrap_or(0);
            let time = be_u32(entry, 4).unwrap_or(0).cast_signed();
            (u64::from(duration), i64::from(time))
        }
    };
    entries.take(count).map(read).collect()
}

fn be_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|b| u32::from_be_bytes(*b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxed(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
        [(body.len() as u32 + 8).to_be_bytes().as_slice(), &kind, body].concat()
    }

    fn movie(elst: &[u8]) -> Vec<u8> {
        let mut movie_header = vec![0; 100];
        movie_header[12..16].copy_from_slice(&1_000_u32.to_be_bytes());
        let mut media_header = vec![0; 24];
        media_header[12..16].copy_from_slice(&44_100_u32.to_be_bytes());
        let hdlr = b"\0\0\0\0\0\0\0\0soun\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        let mdia = [boxed(*b"mdhd", &media_header), boxed(*b"hdlr", &hdlr)].concat();
        let trak = [boxed(*b"edts", &boxed(*b"elst", elst)), boxed(*b"mdia", &mdia)].concat();
        let moov = [boxed(*b"mvhd", &movie_header), boxed(*b"trak", &trak)].concat();
        [boxed(*b"ftyp", b"M4A \0\0\0\0"), boxed(*b"moov", &moov), boxed(*b"mdat", &[0; 4])].concat()
    }

    fn scanned(file: &[u8]) -> Result<Movie> {
        scan(&mut Bytes::spool(file).unwrap())
    }

    #[test]
    fn the_edit_list_gives_delay_start_and_length() {
        let mut elst = vec![0, 0, 0, 0, 0, 0, 0, 2];
        for (duration, time) in [(500_u32, -1_i32), (2_000, 2_205)] {
            elst.extend(duration.to_be_bytes());
            elst.extend(time.to_be_bytes());
            elst.extend([0, 1, 0, 0]);
        }
        let edit = scanned(&movie(&elst)).unwrap().edit.unwrap();
        assert_eq!(edit, Edit { start: 0.05, delay: 0.5, len: Some(2.0) });
    }

    #[test]
    fn a_file_without_its_index_says_so() {
        let file = [boxed(*b"ftyp", b"M4A \0\0\0\0"), boxed(*b"mdat", &[0; 64])].concat();
        let error = scanned(&file).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(error.to_string().contains("moov"));
    }

    #[test]
    fn itunes_comments_are_read() {
        let comment = b"\0\0\0\x1cmean....iTunSMPB\0\0\0\x84data\0\0\0\x01 00000000 00000840 000001C0 0000000000046C00 0";
        assert_eq!(parse_smpb(comment), Some((0x840, 0x46c00)));
    }

    proptest! {
        #[test]
        fn no_change_of_bytes_makes_it_panic(
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..20),
            cut in any::<proptest::sample::Index>(),
        ) {
            let mut elst = vec![1, 0, 0, 0, 0, 0, 0, 1];
            elst.extend([0; 20]);
            let mut file = movie(&elst);
            for (at, byte) in changes {
                let at = at.index(file.len());
                file[at] = byte;
            }
            file.truncate(cut.index(file.len()).max(1));
            let _ = scanned(&file);
        }
    }
}
