//! Recognising files by their first bytes. Names and extensions are never looked at.

use super::Container;
use crate::source::Bytes;
use crate::{Error, ErrorKind, Result};

/// Bytes that are looked at.
const HEAD_LEN: usize = 64 * 1024;
/// MPEG frames in a row that make a file without any other mark an MP3 or AAC file.
const FRAMES_IN_A_ROW: usize = 3;
/// `ID3` tags in front of each other that are skipped; more than two were never seen.
const MAX_TAGS: usize = 8;

/// A container and where it begins.
pub(super) struct Found {
    pub(super) container: Container,
    pub(super) offset: u64,
}

/// Recognises a file.
pub(super) fn sniff(bytes: &mut Bytes) -> Result<Found> {
    let mut offset = 0;
    for _ in 0..MAX_TAGS {
        let head = bytes.read_at(offset, HEAD_LEN)?;
        match id3_len(&head) {
            // A tag of any declared size is skipped without being read.
            Some(len) if offset + len < bytes.len() => offset += len,
            Some(_) => return Err(Error::new(ErrorKind::NoAudio, "nothing follows the ID3 tag")),
            None => return recognise(&head, offset),
        }
    }
    Err(Error::new(ErrorKind::Damaged, "too many ID3 tags").in_japanese("ID3タグが多すぎます"))
}

fn recognise(head: &[u8], offset: u64) -> Result<Found> {
    let found = |container, skip: usize| Ok(Found { container, offset: offset + skip as u64 });
    match head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..]
        | [b'R', b'F', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E', ..]
        | [b'B', b'W', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E', ..]
        | [b'r', b'i', b'f', b'f', 0x2e, 0x91, 0xcf, 0x11, ..] => return found(Container::Wav, 0),
        [b'f', b'L', b'a', b'C', ..] => return found(Container::Flac, 0),
        [b'O', b'g', b'g', b'S', ..] => return found(Container::Ogg, 0),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => return found(Container::Mkv, 0),
        [_, _, _, _, kind @ ..] if is_mp4_box(kind) => return found(Container::Mp4, 0),
        [b'R', b'I', b'F', b'F', ..] if head.len() < 12 => {
            return Err(Error::new(ErrorKind::NoAudio, "only the start of a WAV header")
                .in_japanese("WAVの先頭だけです"));
        }
        _ => {}
    }
    if let Some((en, ja)) = other_sound(head) {
        return Err(Error::new(ErrorKind::Unsupported, en).in_japanese(ja));
    }
    if let Some((en, ja)) = known_other(head) {
        return Err(Error::new(ErrorKind::NotAudio, en).in_japanese(ja));
    }
    if let Some((container, skip)) = mpeg_frames(head) {
        return found(container, skip);
    }
    let (en, ja) = if looks_like_text(head) {
        ("text", "文章のファイルです")
    } else {
        ("unknown kind of file", "種類がわかりません")
    };
    Err(Error::new(ErrorKind::NotAudio, en).in_japanese(ja))
}

fn is_mp4_box(kind: &[u8]) -> bool {
    [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"].iter().any(|name| kind.starts_with(*name))
}

/// Length of an `ID3v2` tag at the start: <https://id3.org/id3v2.4.0-structure> §3.1.
fn id3_len(head: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', 2..=4, _, flags, a, b, c, d, ..] = *head else { return None };
    let size = [a, b, c, d].iter().fold(0, |size, byte| (size << 7) | u64::from(byte & 0x7f));
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    Some(10 + size + footer)
}

/// Names of a kind of file, English and Japanese.
type Names = (&'static str, &'static str);

/// Sound files that we cannot decode.
fn other_sound(head: &[u8]) -> Option<Names> {
    const KINDS: &[(&[u8], Names)] = &[
        (&[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11], ("WMA (Windows Media)", "WMA")),
        (b"#!AMR", ("AMR", "AMR")),
        (b"\x02dss", ("DSS (dictation machine)", "DSS、口述録音機")),
        (b"\x03ds2", ("DS2 (dictation machine)", "DS2、口述録音機")),
        (b"caff", ("CAF", "CAF")),
        (b"FORM", ("AIFF", "AIFF")),
        (b"RIFX", ("big-endian WAV", "RIFX")),
        (b"MThd", ("MIDI", "MIDI")),
        (b".snd", ("AU", "AU")),
        (b".RMF", ("RealAudio", "RealAudio")),
        (b"MAC ", ("Monkey's Audio", "Monkey's Audio")),
        (b"wvpk", ("WavPack", "WavPack")),
        (b"DSD ", ("DSF", "DSF")),
        (b"FLV\x01", ("Flash video", "Flash動画")),
        (b"\x0b\x77", ("AC-3", "AC-3")),
    ];
    let magic = KINDS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, name)| *name);
    let avi = (head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI ")).then_some(("AVI", "AVI"));
    magic.or(avi)
}

/// Files that are often picked by mistake.
fn known_other(head: &[u8]) -> Option<Names> {
    const KINDS: &[(&[u8], Names)] = &[
        (b"\x89PNG", ("PNG image", "PNG画像")),
        (b"\xff\xd8\xff", ("JPEG image", "JPEG画像")),
        (b"GIF8", ("GIF image", "GIF画像")),
        (b"II*\0", ("TIFF image", "TIFF画像")),
        (b"MM\0*", ("TIFF image", "TIFF画像")),
        (b"RIFF", ("RIFF file without sound", "音のないRIFF")),
        (b"%PDF", ("PDF document", "PDF文書")),
        (b"PK\x03\x04", ("ZIP archive or Office document", "ZIP書庫かOffice文書")),
        (b"PK\x05\x06", ("ZIP archive", "ZIP書庫")),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ("Office document", "Office文書")),
        (b"{\\rtf", ("RTF document", "RTF文書")),
        (b"MZ", ("Windows program", "Windowsのプログラム")),
        (b"\x7fELF", ("program", "プログラム")),
        (b"\x1f\x8b", ("gzip archive", "gzip書庫")),
        (b"7z\xbc\xaf\x27\x1c", ("7z archive", "7z書庫")),
        (b"Rar!", ("RAR archive", "RAR書庫")),
        (b"BZh", ("bzip2 archive", "bzip2書庫")),
        (b"\xfd7zXZ", ("xz archive", "xz書庫")),
        (b"\x28\xb5\x2f\xfd", ("Zstandard archive", "Zstandard書庫")),
        (b"SQLite format 3", ("SQLite database", "SQLiteデータベース")),
        (b"lmgg", ("model file", "モデルのファイル")),
        (b"GGUF", ("model file", "モデルのファイル")),
        (b"\xff\xfe", ("UTF-16 text", "UTF-16の文章")),
        (b"\xfe\xff", ("UTF-16 text", "UTF-16の文章")),
    ];
    KINDS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, name)| *name)
}

fn looks_like_text(head: &[u8]) -> bool {
    !head.is_empty() && head.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b | 0x20..=0xff))
}

/// The first run of consistent MPEG audio frames.
fn mpeg_frames(head: &[u8]) -> Option<(Container, usize)> {
    (0..head.len().saturating_sub(3)).find_map(|start| {
        let (container, _, _) = mpeg_header(&head[start..])?;
        let mut at = start;
        let mut kept = None;
        let mut frames = 0;
        while frames < FRAMES_IN_A_ROW {
            let Some((kind, len, constant)) = head.get(at..).and_then(mpeg_header) else { break };
            if kept.is_some_and(|kept| kept != (kind, constant)) {
                break;
            }
            kept = Some((kind, constant));
            frames += 1;
            at += len;
        }
        // A clip of one or two frames ends exactly at the end of the file.
        let whole = frames == FRAMES_IN_A_ROW || (start == 0 && at >= head.len() && frames > 0);
        whole.then_some((container, start))
    })
}

/// Container, frame length in bytes, and the bits that stay the same in all frames (version, layer, sample rate).
/// MPEG layer III: ISO/IEC 11172-3 §2.4.1.3 and 13818-3; ADTS: ISO/IEC 13818-7 §6.2.
fn mpeg_header(at: &[u8]) -> Option<(Container, usize, u16)> {
    const KBPS_1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const KBPS_2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let [0xff, b1, b2, ..] = *at else { return None };
    if b1 & 0xf6 == 0xf0 {
        let [_, _, _, b3, b4, b5, ..] = *at else { return None };
        let len = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5);
        let rate = (b2 >> 2) & 0xf;
        return (len >= 7 && rate < 13).then_some((Container::Adts, len, u16::from(rate)));
    }
    let (version, layer) = ((b1 >> 3) & 3, (b1 >> 1) & 3);
    let (rate_index, bitrate_index) = (usize::from((b2 >> 2) & 3), usize::from(b2 >> 4));
    if b1 & 0xe0 != 0xe0 || version == 1 || layer != 1 || rate_index == 3 || matches!(bitrate_index, 0 | 15) {
        return None;
    }
    let rate = [44_100, 48_000, 32_000][rate_index];
    let padding = usize::from((b2 >> 1) & 1);
    let len = match version {
        3 => 144_000 * KBPS_1[bitrate_index] / rate,
        2 => 72_000 * KBPS_2[bitrate_index] / (rate / 2),
        _ => 72_000 * KBPS_2[bitrate_index] / (rate / 4),
    };
    Some((Container::Mp3, len + padding, u16::from(version) << 8 | rate_index as u16))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(bytes: &[u8]) -> ErrorKind {
        sniff(&mut Bytes::spool(bytes).unwrap()).err().unwrap().kind()
    }

    #[test]
    fn other_files_are_named() {
        let not_audio: [&[u8]; 6] = [
            b"\x89PNG\r\n\x1a\n",
            b"PK\x03\x04abc",
            b"MZ\x90\0",
            b"%PDF-1.7",
            b"hello\n",
            "聞き取り".as_bytes(),
        ];
        for bytes in not_audio {
            assert_eq!(kind(bytes), ErrorKind::NotAudio, "{bytes:?}");
        }
        assert_eq!(kind(b"#!AMR\n\x3c"), ErrorKind::Unsupported);
        assert_eq!(kind(&[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11]), ErrorKind::Unsupported);
    }

    #[test]
    fn an_id3_tag_larger_than_the_file_holds_no_sound() {
        let mut bomb = b"ID3\x04\0\0\x7f\x7f\x7f\x7f".to_vec();
        bomb.resize(33, 0xff);
        assert_eq!(kind(&bomb), ErrorKind::NoAudio);
    }

    #[test]
    fn an_id3_tag_in_front_of_another_format_is_skipped() {
        let mut file = b"ID3\x04\0\0\0\0\x01\x02".to_vec();
        file.resize(10 + 130, 0);
        file.extend(b"fLaC");
        let found = sniff(&mut Bytes::spool(file.as_slice()).unwrap()).unwrap();
        assert_eq!((found.container, found.offset), (Container::Flac, 140));
    }

    #[test]
    fn an_mp3_that_starts_inside_a_frame_begins_at_the_next_one() {
        let mut file = vec![0x11; 100];
        for _ in 0..3 {
            // MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes.
            let mut frame = vec![0xff, 0xfb, 0x90, 0x64];
            frame.resize(417, 0);
            file.extend(frame);
        }
        let found = sniff(&mut Bytes::spool(file.as_slice()).unwrap()).unwrap();
        assert_eq!((found.container, found.offset), (Container::Mp3, 100));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 1..400)) {
            let _ = sniff(&mut Bytes::spool(bytes.as_slice()).unwrap());
        }

        #[test]
        fn nor_do_bytes_full_of_marks(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just(b"ID3\x04\0\0\0\0\0\x05".to_vec()),
                    Just(vec![0xff, 0xfb, 0x90, 0x64]),
                    Just(vec![0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f]),
                    proptest::collection::vec(any::<u8>(), 0..20),
                ],
                1..30,
            ),
        ) {
            let bytes = parts.concat();
            prop_assume!(!bytes.is_empty());
            let _ = sniff(&mut Bytes::spool(bytes.as_slice()).unwrap());
        }
    }
}
