//! Long recordings, pipes and windows.

use std::io::Read;

use audio::{AudioReader, PackConfig, vad};

use crate::common::{data, from_bytes, pcm};

/// A WAV of `seconds` at 16 kHz, made while it is read.
struct LongWav {
    header: Vec<u8>,
    at: u64,
    len: u64,
}

impl LongWav {
    fn new(seconds: u64) -> Self {
        Self { header: pcm(16_000, 1, 0), at: 0, len: 44 + seconds * 32_000 }
    }
}

impl Read for LongWav {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.len - self.at).unwrap_or(usize::MAX);
        let len = buf.len().min(left);
        for (n, byte) in buf[..len].iter_mut().enumerate() {
            let at = self.at as usize + n;
            *byte = self.header.get(at).copied().unwrap_or(if at.is_multiple_of(2) { 0x10 } else { 0 });
        }
        self.at += len as u64;
        Ok(len)
    }
}

#[test]
fn an_hour_from_a_pipe_stays_bounded() {
    let mut reader = AudioReader::from_reader(Box::new(LongWav::new(3_600)), "stdin").unwrap();
    let mut samples = 0_u64;
    while let Some(block) = reader.next_block().unwrap() {
        samples += block.len() as u64;
        assert!(reader.buffered_samples() <= 2 * audio::MAX_BLOCK);
    }
    assert_eq!(samples, 3_600 * 16_000);
    assert_eq!(reader.decoded_ms(), 3_600_000);
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read_like_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, pcm(16_000, 1, 8_000)).unwrap()
    });
    let mut reader = AudioReader::open(&pipe).unwrap();
    assert_eq!(crate::common::drain(&mut reader).len(), 8_000);
    writer.join().unwrap();
}

#[test]
fn readers_and_windows_can_move_to_a_worker_thread() {
    fn movable<T: Send>(_: &T) {}
    let reader = AudioReader::open(&data("chirps.opus")).unwrap();
    movable(&reader);
    let windows = audio::windows(reader, vad::by_name("energy").unwrap(), PackConfig::default(), 0).unwrap();
    movable(&windows);
}

#[test]
fn short_and_silent_recordings_give_no_window_or_a_sound_one() {
    for frames in [1, 160, 800, 1_600, 16_000] {
        for name in vad::names() {
            let reader = from_bytes(&pcm(16_000, 1, frames)).unwrap();
            for packed in
                audio::windows(reader, vad::by_name(name).unwrap(), PackConfig::default(), 0).unwrap()
            {
                let packed = packed.unwrap();
                assert!(packed.window.samples.len() <= frames);
            }
        }
    }
}
