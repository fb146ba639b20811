//! The samples of a spool as the file of a recording, and back.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use audio::AudioReader;
use audio::flac::FlacWriter;
use audio::wav::WavWriter;
use sha2::{Digest, Sha256};

use crate::notes::SoundFormat;
use crate::spool::private_file;

/// Samples that are copied at a time.
const PIECE: usize = 1 << 15;

/// Copies so many samples of a spool; they are on the disk when this returns.
pub(crate) fn copy(spool: &Path, samples: u64, part: &Path, format: SoundFormat) -> io::Result<()> {
    let file = private_file().write(true).create(true).truncate(true).open(part)?;
    let on_disk = file.try_clone()?;
    let mut out = BufWriter::new(file);
    let sound = BufReader::new(File::open(spool)?);
    match format {
        SoundFormat::Wav => {
            let mut writer = WavWriter::new(&mut out).map_err(of_audio)?;
            pieces(sound, samples, |some| writer.write_s16(some))?;
            writer.finish().map_err(of_audio)?;
        }
        SoundFormat::Flac => {
            let mut writer = FlacWriter::new(&mut out, samples).map_err(of_audio)?;
            pieces(sound, samples, |some| writer.write_s16(some))?;
            writer.finish().map_err(of_audio)?;
        }
    }
    out.flush()?;
    on_disk.sync_all()
}

/// Reads so many samples of a spool, piece by piece.
fn pieces(
    mut sound: impl Read,
    mut left: u64,
    mut each: impl FnMut(&[i16]) -> audio::Result<()>,
) -> io::Result<()> {
    let (mut bytes, mut samples) = (vec![0; 2 * PIECE], Vec::new());
    while left > 0 {
        let piece = &mut bytes[..2 * (PIECE as u64).min(left) as usize];
        sound.read_exact(piece)?;
        samples.clear();
        samples.extend(piece.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])));
        each(&samples).map_err(of_audio)?;
        left -= samples.len() as u64;
    }
    Ok(())
}

/// Whether a recording, as the decoder hears it, holds exactly the samples of a spool.
#[allow(clippy::float_cmp, reason = "a sample of 16 bits is exact in 32 bits of a float")]
pub(crate) fn same_samples(spool: &Path, recording: &Path) -> io::Result<bool> {
    let file = File::open(spool)?;
    let mut left = file.metadata()?.len() / 2;
    let mut raw = BufReader::new(file);
    let Ok(mut reader) = AudioReader::open(recording) else { return Ok(false) };
    let mut bytes = Vec::new();
    while let Ok(Some(block)) = reader.next_block() {
        if block.len() as u64 > left {
            return Ok(false);
        }
        left -= block.len() as u64;
        bytes.resize(2 * block.len(), 0);
        raw.read_exact(&mut bytes)?;
        let kept = bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]]));
        if !block.iter().zip(kept).all(|(heard, kept)| *heard == f32::from(kept) / 32_768.0) {
            return Ok(false);
        }
    }
    Ok(left == 0)
}

/// SHA-256 of a file in lower-case hex.
pub(crate) fn fingerprint(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut bytes) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut bytes)? {
            0 => break,
            n => hash.update(&bytes[..n]),
        }
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        hex.push_str(&format!("{byte:02x}"));
    }
    Ok(hex)
}

/// The system's error behind one of `audio`, so that a full disk is told as such.
fn of_audio(error: audio::Error) -> io::Error {
    error.io_kind().map_or_else(|| io::Error::other(error), io::Error::from)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A spool of noise, and its recording.
    fn copied(format: SoundFormat) -> (tempfile::TempDir, std::path::PathBuf, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let (spool, part) = (dir.path().join("a.pcm"), dir.path().join("a.part"));
        let bytes: Vec<u8> =
            (0..20_000_u32).flat_map(|n| (((n * 40_503) >> 8) as i16).to_le_bytes()).collect();
        fs::write(&spool, bytes).unwrap();
        copy(&spool, 20_000, &part, format).unwrap();
        (dir, spool, part)
    }

    #[test]
    fn a_recording_holds_the_samples_of_its_spool() {
        for format in SoundFormat::ALL {
            let (_dir, spool, part) = copied(format);
            assert!(same_samples(&spool, &part).unwrap(), "{format:?}");
        }
    }

    #[test]
    fn one_changed_or_missing_sample_is_noticed() {
        for format in SoundFormat::ALL {
            let (_dir, spool, part) = copied(format);
            let bytes = fs::read(&spool).unwrap();
            let mut changed = bytes.clone();
            changed[30_000] ^= 1;
            let longer = [bytes.as_slice(), &[1, 0]].concat();
            for other in [changed, longer, bytes[..bytes.len() - 2].to_vec()] {
                fs::write(&spool, other).unwrap();
                assert!(!same_samples(&spool, &part).unwrap(), "{format:?}");
            }
            fs::write(&spool, &bytes).unwrap();
            let mut damaged = fs::read(&part).unwrap();
            let middle = damaged.len() / 2;
            damaged[middle] ^= 0x10;
            fs::write(&part, damaged).unwrap();
            assert!(!same_samples(&spool, &part).unwrap(), "{format:?}");
        }
    }
}
