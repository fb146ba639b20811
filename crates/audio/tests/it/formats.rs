//! Every format gives the recording at the right times.

use audio::AudioReader;

use crate::common::{CENTRES, data, drain, from_bytes, lateness_ms, pcm, signal, wav};

/// File, codec, container, and the largest tolerated error of time in milliseconds.
const FILES: [(&str, &str, &str, f64); 10] = [
    ("chirps.flac", "flac", "FLAC", 0.01),
    ("chirps_ulaw.wav", "pcm_mulaw", "WAV", 0.05),
    ("chirps_adpcm.wav", "adpcm_ima_wav", "WAV", 0.05),
    ("chirps.mp3", "mp3", "MP3", 0.1),
    ("chirps.m4a", "aac", "MP4", 0.1),
    ("chirps.ogg", "vorbis", "Ogg", 0.1),
    ("chirps.opus", "opus", "Ogg", 0.1),
    ("chirps.webm", "opus", "WebM/Matroska", 0.1),
    // Neither ADTS nor a fragmented file without an edit list has the encoder's delay in it: 1,024 samples at 44.1 kHz
    // stay, as they do in ffmpeg.
    ("chirps.aac", "aac", "AAC", 23.4),
    ("chirps_fragmented.m4a", "aac", "MP4", 23.4),
];

#[test]
fn chirps_are_where_they_were_recorded() {
    for (file, codec, container, tolerance) in FILES {
        let mut reader = AudioReader::open(&data(file)).unwrap();
        let samples = drain(&mut reader);
        assert_eq!((reader.codec(), reader.container()), (codec, container), "{file}");
        assert!(!reader.is_partial() && reader.damaged_packets() == 0, "{file}");
        let late: Vec<f64> = CENTRES.iter().map(|centre| lateness_ms(&samples, *centre)).collect();
        println!(
            "{file}: {late:.3?} ms late, {} samples, declared {:?} ms",
            samples.len(),
            reader.declared_duration_ms()
        );
        assert!(late.iter().all(|late| late.abs() < tolerance), "{file}: {late:?} ms");
        // The recording is 2 s; formats that cannot say where it ends keep the last frame's padding.
        assert!((31_990..33_200).contains(&samples.len()), "{file}: {} samples", samples.len());
        assert_eq!(reader.decoded_ms(), samples.len() as u64 / 16);
        let declared = reader.declared_duration_ms().unwrap_or(2_000);
        assert!((1_900..2_200).contains(&declared), "{file}: {declared} ms");
    }
}

#[test]
fn formats_that_know_their_end_stop_there() {
    for file in ["chirps.flac", "chirps_ulaw.wav", "chirps.mp3", "chirps.m4a", "chirps.ogg", "chirps.opus"] {
        let samples = drain(&mut AudioReader::open(&data(file)).unwrap());
        assert!(samples.len().abs_diff(32_000) <= 16, "{file}: {} samples", samples.len());
    }
}

#[test]
fn the_extension_does_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("recording.wav");
    std::fs::copy(data("chirps.m4a"), &path).unwrap();
    assert_eq!(AudioReader::open(&path).unwrap().codec(), "aac");
}

#[test]
fn a_stream_gives_what_the_file_gives() {
    for (file, ..) in FILES {
        let from_file = drain(&mut AudioReader::open(&data(file)).unwrap());
        let from_stream = drain(&mut from_bytes(&std::fs::read(data(file)).unwrap()).unwrap());
        assert!(from_file == from_stream, "{file}");
    }
}

#[test]
fn wav_of_every_rate_width_and_channel_count_is_right() {
    for rate in [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000] {
        for channels in [1, 2, 6] {
            let mut reader = from_bytes(&pcm(rate, channels, rate as usize * 2)).unwrap();
            let samples = drain(&mut reader);
            assert_eq!((reader.sample_rate(), reader.channels()), (rate, usize::from(channels)));
            assert_eq!(samples.len(), 32_000, "{rate} Hz");
            let late = lateness_ms(&samples, 1.0);
            assert!(late.abs() < 0.005, "{rate} Hz, {channels} channels: {late} ms");
            let expected = signal(16_003.0 / 16_000.0) as f32;
            assert!((samples[16_003] - expected).abs() < 0.01, "{rate} Hz: level");
        }
    }
}

#[test]
fn wide_and_float_samples_are_read() {
    for (bits, format) in [
        (8, hound::SampleFormat::Int),
        (24, hound::SampleFormat::Int),
        (32, hound::SampleFormat::Int),
        (32, hound::SampleFormat::Float),
    ] {
        let spec =
            hound::WavSpec { channels: 2, sample_rate: 48_000, bits_per_sample: bits, sample_format: format };
        let bytes = wav(spec, |writer| {
            for n in 0..96_000 {
                let sample = signal(f64::from(n) / 48_000.0);
                for _ in 0..2 {
                    match format {
                        hound::SampleFormat::Float => writer.write_sample(sample as f32).unwrap(),
                        hound::SampleFormat::Int => {
                            let full = f64::from(1_u32 << (bits - 1)) - 1.0;
                            writer.write_sample((sample * full).round() as i32).unwrap();
                        }
                    }
                }
            }
        });
        let samples = drain(&mut from_bytes(&bytes).unwrap());
        assert_eq!(samples.len(), 32_000);
        let late = lateness_ms(&samples, 1.75);
        assert!(late.abs() < 0.02, "{bits} bits {format:?}: {late} ms");
    }
}

#[test]
fn channels_are_averaged() {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let bytes = wav(spec, |writer| {
        for _ in 0..1_000 {
            writer.write_sample(16_384_i16).unwrap();
            writer.write_sample(-8_192_i16).unwrap();
        }
    });
    let samples = drain(&mut from_bytes(&bytes).unwrap());
    assert!(samples.iter().all(|s| (s - 0.125).abs() < 1e-4));
}
