//! WAV headers as they are in the wild.
//!
//! A recorder that lost power leaves sizes of 0 or 0xFFFFFFFF, long recordings are RF64 or W64, and many writers get the
//! `fmt ` chunk's extension wrong. This module finds the samples by what is in the file and gives the decoder a plain
//! header of our own in front of them. Only chunk headers are read, so declared sizes cost nothing.

use crate::source::Bytes;
use crate::{Error, ErrorKind, Result};

/// Channels that are accepted. Recorders have at most 8; the bound keeps a frame's size inside 16 bits.
const MAX_CHANNELS: u16 = 255;
/// Chunks that are walked over before giving up.
const MAX_CHUNKS: usize = 4_096;

/// Where the samples are.
#[derive(Debug)]
pub(super) struct Layout {
    /// A header that describes the samples plainly.
    pub(super) header: Vec<u8>,
    /// First byte of the samples.
    pub(super) start: u64,
    /// Number of bytes of samples, whole blocks.
    pub(super) len: u64,
    /// The file ends before the length that its header declares.
    pub(super) cut_short: bool,
}

struct Fmt {
    tag: u16,
    channels: u16,
    rate: u32,
    block_align: u16,
    bits: u16,
    /// What follows the first 16 bytes; ADPCM needs it.
    extension: Vec<u8>,
}

/// Finds the samples of a WAV, RF64, BW64 or W64 file.
pub(super) fn layout(bytes: &mut Bytes) -> Result<Layout> {
    let wide = bytes.array_at::<4>(0)? == Some(*b"riff");
    let mut at: u64 = if wide { 40 } else { 12 };
    let (mut fmt, mut wide_data_len) = (None, None);
    for _ in 0..MAX_CHUNKS {
        let Some((id, declared, body)) = chunk_at(bytes, at, wide)? else { break };
        match &id {
            b"fmt " => fmt = Some(read_fmt(bytes, body, declared)?),
            b"ds64" => wide_data_len = bytes.array_at::<8>(body + 8)?.map(u64::from_le_bytes),
            b"data" => {
                let fmt = fmt.ok_or_else(|| {
                    Error::new(ErrorKind::Damaged, "WAV file without a format chunk")
                        .in_japanese("WAVの形式情報がありません")
                })?;
                let declared = match wide_data_len {
                    Some(len) if declared == u64::from(u32::MAX) => len,
                    _ => declared,
                };
                return samples(&fmt, body, declared, bytes.len());
            }
            _ => {}
        }
        let padded = declared.checked_next_multiple_of(if wide { 8 } else { 2 });
        let Some(next) = padded.and_then(|len| body.checked_add(len)) else { break };
        at = next;
    }
    Err(Error::new(ErrorKind::NoAudio, "WAV header without samples"))
}

/// Name, declared length and body position of the chunk at `at`.
fn chunk_at(bytes: &mut Bytes, at: u64, wide: bool) -> Result<Option<([u8; 4], u64, u64)>> {
    if !wide {
        let header = bytes.array_at::<8>(at)?;
        return Ok(
            header.map(|[a, b, c, d, len @ ..]| ([a, b, c, d], u64::from(u32::from_le_bytes(len)), at + 8))
        );
    }
    // W64: a 16-byte GUID whose first four bytes are the name, then a 64-bit length that includes these 24 bytes.
    let header = bytes.array_at::<24>(at)?;
    Ok(header.map(|h| {
        let len = h[16..].iter().rev().fold(0, |len, byte| len << 8 | u64::from(*byte));
        ([h[0], h[1], h[2], h[3]], len.saturating_sub(24), at + 24)
    }))
}

fn read_fmt(bytes: &mut Bytes, body: u64, declared: u64) -> Result<Fmt> {
    let damaged = || Error::new(ErrorKind::Damaged, "broken WAV format chunk").in_japanese("WAVの形式情報");
    let raw = bytes.read_at(body, declared.min(128) as usize)?;
    let (base, extension) = raw.split_first_chunk::<16>().ok_or_else(damaged)?;
    let word = |at: usize| u16::from_le_bytes([base[at], base[at + 1]]);
    let mut fmt = Fmt {
        tag: word(0),
        channels: word(2),
        rate: u32::from_le_bytes([base[4], base[5], base[6], base[7]]),
        block_align: word(12),
        bits: word(14),
        extension: extension.to_vec(),
    };
    if fmt.tag == 0xfffe {
        // WAVE_FORMAT_EXTENSIBLE: the real tag is the first two bytes of the sub-format GUID.
        let tag = extension.get(8..10).ok_or_else(damaged)?;
        fmt.tag = u16::from_le_bytes([tag[0], tag[1]]);
        fmt.extension.clear();
    }
    Ok(fmt)
}

fn samples(fmt: &Fmt, start: u64, declared: u64, file_len: u64) -> Result<Layout> {
    if fmt.channels == 0 || fmt.channels > MAX_CHANNELS {
        return Err(Error::new(ErrorKind::Damaged, format!("WAV header with {} channels", fmt.channels))
            .in_japanese(format!("WAVのチャンネル数が{}です", fmt.channels)));
    }
    let (bits, extension): (u16, &[u8]) = match fmt.tag {
        // Odd widths such as 12 or 20 bits are stored in whole bytes.
        1 => (fmt.bits.checked_next_multiple_of(8).unwrap_or(0), &[]),
        3 => (fmt.bits, &[]),
        6 | 7 => (8, &[0, 0]),
        2 | 0x11 => (fmt.bits, &fmt.extension),
        tag => {
            let codec = match tag {
                0x31 => "GSM 6.10".into(),
                0x55 => "MP3".into(),
                0x161 => "WMA".into(),
                _ => format!("codec 0x{tag:04x}"),
            };
            return Err(Error::new(ErrorKind::Unsupported, format!("WAV file with {codec}"))
                .in_japanese(format!("WAVの中身が{codec}")));
        }
    };
    let block = match fmt.tag {
        2 | 0x11 => u64::from(fmt.block_align),
        _ => u64::from(fmt.channels) * u64::from(bits / 8),
    };
    if block == 0 {
        return Err(Error::new(ErrorKind::Damaged, "broken WAV format chunk").in_japanese("WAVの形式情報"));
    }
    let present = file_len.saturating_sub(start);
    // Sizes that writers leave when they cannot go back to the header: 0, and the largest that fit.
    let placeholder =
        declared == 0 || (0x7fff_f000..=0x8000_0000).contains(&declared) || declared >= 0xffff_f000;
    let cut_short = declared > present && !placeholder;
    let len = if declared == 0 { present } else { declared.min(present) };
    let len = len - len % block;
    if len == 0 {
        return Err(Error::new(ErrorKind::NoAudio, "WAV header without samples"));
    }
    Ok(Layout { header: header(fmt, bits, block, len, extension), start, len, cut_short })
}

fn header(fmt: &Fmt, bits: u16, block: u64, len: u64, extension: &[u8]) -> Vec<u8> {
    let fmt_len = 16 + extension.len() as u32;
    let mut header = Vec::with_capacity(44 + extension.len());
    header.extend(b"RIFF\xff\xff\xff\xffWAVEfmt ");
    header.extend(fmt_len.to_le_bytes());
    header.extend(fmt.tag.to_le_bytes());
    header.extend(fmt.channels.to_le_bytes());
    header.extend(fmt.rate.to_le_bytes());
    header.extend(u32::try_from(u64::from(fmt.rate) * block).unwrap_or(u32::MAX).to_le_bytes());
    header.extend((block as u16).to_le_bytes());
    header.extend(bits.to_le_bytes());
    header.extend(extension);
    if fmt_len % 2 == 1 {
        header.push(0);
    }
    header.extend(b"data");
    // Beyond 4 GiB the largest number stands for "to the end", which is the end of the section.
    header.extend(u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wav(fmt: &[u8], declared: u32, data: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        file.extend((fmt.len() as u32).to_le_bytes());
        file.extend(fmt);
        file.extend(b"data");
        file.extend(declared.to_le_bytes());
        file.extend(data);
        file
    }

    const PCM: [u8; 16] = [1, 0, 1, 0, 0x80, 0x3e, 0, 0, 0, 0x7d, 0, 0, 2, 0, 16, 0];

    fn of(file: &[u8]) -> Result<Layout> {
        layout(&mut Bytes::spool(file).unwrap())
    }

    #[test]
    fn sizes_that_were_never_written_mean_the_rest_of_the_file() {
        for declared in [0, u32::MAX, 0x7fff_ffff] {
            let found = of(&wav(&PCM, declared, &[7; 11])).unwrap();
            assert_eq!((found.len, found.cut_short), (10, false), "{declared}");
        }
    }

    #[test]
    fn a_missing_end_is_noticed() {
        let found = of(&wav(&PCM, 1_000, &[7; 10])).unwrap();
        assert_eq!((found.len, found.cut_short), (10, true));
    }

    #[test]
    fn a_header_alone_holds_no_audio() {
        assert_eq!(of(&wav(&PCM, 0, &[])).unwrap_err().kind(), ErrorKind::NoAudio);
        assert_eq!(of(b"RIFF\x04\0\0\0WAVE").unwrap_err().kind(), ErrorKind::NoAudio);
    }

    #[test]
    fn rf64_takes_its_length_from_ds64() {
        let mut file = b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0".to_vec();
        file.extend([0; 8]);
        file.extend(6_u64.to_le_bytes());
        file.extend([0; 12]);
        file.extend(&wav(&PCM, u32::MAX, &[1, 2, 3, 4, 5, 6, 9, 9, 9, 9])[12..]);
        assert_eq!(of(&file).unwrap().len, 6);
    }

    #[test]
    fn w64_takes_its_lengths_of_64_bits() {
        let chunk = |name: &[u8; 4], body: &[u8]| {
            let mut chunk = [name.as_slice(), &[0; 12]].concat();
            chunk.extend((24 + body.len() as u64).to_le_bytes());
            chunk.extend(body);
            chunk.resize(chunk.len().next_multiple_of(8), 0);
            chunk
        };
        let head = [b"riff".as_slice(), &[0; 20], b"wave", &[0; 12]].concat();
        let file = [head, chunk(b"fmt ", &PCM), chunk(b"data", &[1, 2, 3, 4, 5, 6]), chunk(b"note", &[9; 8])];
        let found = of(&file.concat()).unwrap();
        assert_eq!((found.len, found.cut_short), (6, false));
    }

    #[test]
    fn impossible_channel_counts_are_damage() {
        let mut fmt = PCM;
        fmt[2] = 0;
        assert_eq!(of(&wav(&fmt, 4, &[0; 4])).unwrap_err().kind(), ErrorKind::Damaged);
        fmt[2..4].copy_from_slice(&u16::MAX.to_le_bytes());
        assert_eq!(of(&wav(&fmt, 4, &[0; 4])).unwrap_err().kind(), ErrorKind::Damaged);
    }

    proptest! {
        #[test]
        fn a_layout_never_leaves_the_file(
            fmt in proptest::collection::vec(any::<u8>(), 0..48),
            tag in prop_oneof![Just(1_u8), Just(3), Just(7), Just(0x11), any::<u8>()],
            declared in any::<u32>(),
            data in proptest::collection::vec(any::<u8>(), 0..64),
            wide in any::<bool>(),
        ) {
            let mut fmt = fmt;
            if fmt.len() >= 4 {
                (fmt[0], fmt[1], fmt[3]) = (tag, 0, 0);
            }
            let mut file = wav(&fmt, declared, &data);
            if wide {
                file[..4].copy_from_slice(b"riff");
            }
            if let Ok(found) = of(&file) {
                prop_assert!(found.start + found.len <= file.len() as u64);
                prop_assert!(found.len > 0);
            }
        }
    }
}
