//! Bad files: a clear kind, no crash, nothing lost (guards I1–I11).

use audio::{AudioReader, Error, ErrorKind};
use proptest::prelude::*;
use record::{Explain as _, Lang};

use crate::common::{data, drain, from_bytes, pcm, wav};

fn refused(bytes: &[u8]) -> Error {
    from_bytes(bytes).err().expect("the file is refused")
}

#[test]
fn an_empty_file_is_empty() {
    assert_eq!(refused(&[]).kind(), ErrorKind::Empty);
}

#[test]
fn a_header_alone_holds_no_audio() {
    let flac = std::fs::read(data("chirps.flac")).unwrap();
    // "fLaC", one block header and STREAMINFO.
    let mut flac_header = flac[..42].to_vec();
    flac_header[4] |= 0x80;
    let m4a = std::fs::read(data("chirps.m4a")).unwrap();
    for (what, bytes) in [("wav", pcm(16_000, 1, 0)), ("flac", flac_header), ("mp4 ftyp", m4a[..28].to_vec())]
    {
        let error = refused(&bytes);
        assert_eq!(error.kind(), ErrorKind::NoAudio, "{what}: {error}");
    }
    // The two or three header packets of an Ogg stream.
    for (file, pages) in [("chirps.opus", 2), ("chirps.ogg", 2)] {
        let ogg = std::fs::read(data(file)).unwrap();
        let starts: Vec<usize> =
            ogg.windows(4).enumerate().filter(|(_, w)| w == b"OggS").map(|(at, _)| at).collect();
        let error = refused(&ogg[..starts[pages]]);
        assert!(matches!(error.kind(), ErrorKind::NoAudio | ErrorKind::Damaged), "{file}: {error}");
    }
}

#[test]
fn other_files_are_named_whatever_they_are_called() {
    let dir = tempfile::tempdir().unwrap();
    let text = "聞き取りの記録\n".repeat(100);
    let files: [(&str, &[u8], ErrorKind); 7] = [
        ("photo.wav", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ErrorKind::NotAudio),
        ("archive.mp3", b"PK\x03\x04\x14\0\0\0\x08\0", ErrorKind::NotAudio),
        ("setup.m4a", b"MZ\x90\0\x03\0\0\0\x04", ErrorKind::NotAudio),
        ("notes.flac", text.as_bytes(), ErrorKind::NotAudio),
        ("zeros.wav", &[0; 5_000], ErrorKind::NotAudio),
        ("voice.wma", &[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6], ErrorKind::Unsupported),
        ("call.amr", b"#!AMR\n\x3c\x91", ErrorKind::Unsupported),
    ];
    for (name, bytes, kind) in files {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = AudioReader::open(&path).err().unwrap();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.explain(Lang::Ja).ends_with(&format!(": {name}")));
        assert!(error.hint(Lang::Ja).is_some());
        assert!(!error.to_string().contains(name), "the log does not name the file");
    }
}

#[test]
fn files_that_cannot_be_opened_say_why() {
    let dir = tempfile::tempdir().unwrap();
    let missing = AudioReader::open(&dir.path().join("missing.wav")).err().unwrap();
    assert_eq!(missing.io_kind(), Some(std::io::ErrorKind::NotFound));
    let folder = AudioReader::open(dir.path()).err().unwrap();
    assert_eq!(folder.io_kind(), Some(std::io::ErrorKind::IsADirectory));
    for error in [missing, folder] {
        assert_eq!(error.kind(), ErrorKind::Io);
    }
}

#[test]
fn clips_of_any_length_are_read() {
    for frames in [1, 2, 17, 799, 800, 1_584, 1_599, 1_600, 1_601, 15_984, 15_999, 16_000, 16_001] {
        let samples = drain(&mut from_bytes(&pcm(16_000, 1, frames)).unwrap());
        assert_eq!(samples.len(), frames);
        let from_48k = drain(&mut from_bytes(&pcm(48_000, 2, frames * 3)).unwrap());
        assert_eq!(from_48k.len(), frames);
    }
}

#[test]
fn invalid_samples_are_repaired_and_counted() {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let bytes = wav(spec, |writer| {
        for sample in [0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3.0, -7.0, 1e-40, -0.5] {
            writer.write_sample(sample).unwrap();
        }
    });
    let mut reader = from_bytes(&bytes).unwrap();
    assert_eq!(drain(&mut reader), [0.5, 0.0, 0.0, 0.0, 1.0, -1.0, 0.0, -0.5]);
    assert_eq!((reader.sanitised().non_finite, reader.sanitised().clipped), (3, 2));
    assert_eq!(reader.sanitised_samples(), 5);
}

#[test]
fn a_wav_with_a_lying_length_is_read_to_its_real_end() {
    let whole = pcm(16_000, 1, 16_000);
    for (declared, partial) in [(0_u32, false), (u32::MAX, false), (64_000, true)] {
        for riff in [0, u32::MAX, 36] {
            let mut bytes = whole.clone();
            bytes[4..8].copy_from_slice(&riff.to_le_bytes());
            bytes[40..44].copy_from_slice(&declared.to_le_bytes());
            let mut reader = from_bytes(&bytes).unwrap();
            assert_eq!(drain(&mut reader).len(), 16_000, "{declared} {riff}");
            assert_eq!(reader.is_partial(), partial, "{declared} {riff}");
        }
    }
}

#[test]
fn absurd_headers_are_refused_or_bounded() {
    let whole = pcm(16_000, 1, 4_000);
    let with = |at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    for rate in [0_u32, 1, 1_000_000_000, u32::MAX] {
        assert_eq!(refused(&with(24, &rate.to_le_bytes())).kind(), ErrorKind::Damaged, "{rate} Hz");
    }
    for channels in [0_u16, 256, u16::MAX] {
        assert_eq!(
            refused(&with(22, &channels.to_le_bytes())).kind(),
            ErrorKind::Damaged,
            "{channels} channels"
        );
    }
    // 255 channels are odd but possible: one frame is 510 bytes.
    if let Ok(mut reader) = from_bytes(&with(22, &255_u16.to_le_bytes())) {
        assert_eq!(drain(&mut reader).len(), 8_000 / 510);
    }
    for bits in [0_u16, 7, 64, u16::MAX] {
        if let Ok(mut reader) = from_bytes(&with(34, &bits.to_le_bytes())) {
            assert!(drain(&mut reader).len() <= 8_000, "{bits} bits");
        }
    }
}

#[test]
fn an_m4a_without_its_index_says_what_to_do() {
    let m4a = std::fs::read(data("chirps.m4a")).unwrap();
    let moov = m4a.windows(4).position(|w| w == b"moov").unwrap() - 4;
    let error = refused(&m4a[..moov]);
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.hint(Lang::Ja).unwrap().contains("もう一度書き出す"));
    assert!(error.hint(Lang::En).unwrap().contains("export"));
}

#[test]
fn a_cut_recording_keeps_what_can_be_decoded() {
    // Three quarters of a Vorbis file this short are its code books.
    let files = [
        ("chirps.mp3", 80),
        ("chirps.flac", 80),
        ("chirps.ogg", 95),
        ("chirps.opus", 80),
        ("chirps.webm", 80),
        ("chirps_ulaw.wav", 80),
    ];
    for (file, percent) in files {
        let bytes = std::fs::read(data(file)).unwrap();
        let mut reader = from_bytes(&bytes[..bytes.len() * percent / 100]).unwrap();
        let samples = drain(&mut reader);
        println!("{file}: {} samples", samples.len());
        assert!(samples.len() > 12_000 && samples.len() < 30_000, "{file}: {} samples", samples.len());
        assert!(reader.is_partial(), "{file}");
    }
}

#[test]
fn an_m4a_cut_inside_its_sound_is_partial() {
    let m4a = std::fs::read(data("chirps_fragmented.m4a")).unwrap();
    let mut reader = from_bytes(&m4a[..m4a.len() * 3 / 5]).unwrap();
    assert!(drain(&mut reader).len() > 8_000);
    // A fragmented file declares no length; a cut inside a fragment shows, one between fragments cannot.
    println!("partial: {}", reader.is_partial());
}

#[test]
fn files_cut_anywhere_never_crash() {
    let files =
        ["chirps.mp3", "chirps.m4a", "chirps_fragmented.m4a", "chirps.flac", "chirps.ogg", "chirps.opus"];
    for file in files.into_iter().chain(["chirps.webm", "chirps.aac", "chirps_ulaw.wav", "chirps_adpcm.wav"])
    {
        let bytes = std::fs::read(data(file)).unwrap();
        for percent in 0..100 {
            if let Ok(mut reader) = from_bytes(&bytes[..bytes.len() * percent / 100]) {
                assert!(drain(&mut reader).len() <= 33_200, "{file} at {percent} %");
            }
        }
    }
}

#[test]
fn a_damaged_packet_becomes_silence_and_later_sound_keeps_its_time() {
    let mut bytes = std::fs::read(data("chirps.m4a")).unwrap();
    let sound = bytes.windows(4).position(|w| w == b"mdat").unwrap();
    bytes[sound + 1_200..sound + 1_500].fill(0xff);
    let mut reader = from_bytes(&bytes).unwrap();
    let samples = drain(&mut reader);
    assert!(reader.damaged_packets() > 0);
    assert_eq!(samples.len(), 32_000);
    let late = crate::common::lateness_ms(&samples, 1.75);
    assert!(late.abs() < 0.1, "{late} ms");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn changed_bytes_never_crash_and_never_grow(
        file in prop_oneof![
            Just("chirps.mp3"), Just("chirps.m4a"), Just("chirps_fragmented.m4a"), Just("chirps.flac"),
            Just("chirps.ogg"), Just("chirps.opus"), Just("chirps.webm"), Just("chirps.aac"), Just("chirps_adpcm.wav"),
        ],
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        in_header in any::<bool>(),
    ) {
        let mut bytes = std::fs::read(data(file)).unwrap();
        let range = if in_header { bytes.len().min(400) } else { bytes.len() };
        for (at, byte) in changes {
            bytes[at.index(range)] = byte;
        }
        if let Ok(mut reader) = from_bytes(&bytes) {
            let mut total = 0_u64;
            while let Ok(Some(block)) = reader.next_block() {
                prop_assert!(block.iter().all(|s| s.is_finite() && s.abs() <= 1.0));
                total += block.len() as u64;
                // A changed rate stretches the sound at most 44,100 / 2,000 times; gaps add at most an hour.
                prop_assert!(total < 16_000 * (60 + 3_600 + 300));
            }
            prop_assert!(reader.buffered_samples() < 40 * 16_000);
        }
    }
}
