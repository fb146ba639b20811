//! Bad input: a clear message, the right exit code, nothing lost.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Dir, MODEL_FILE, args, models, sample};

/// A 16 kHz mono WAV of the given samples.
fn wav(dir: &Dir, name: &str, samples: impl IntoIterator<Item = f32>) -> PathBuf {
    let path = dir.path(name);
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    samples.into_iter().for_each(|s| writer.write_sample(s).unwrap());
    writer.finalize().unwrap();
    path
}

/// White noise from a fixed generator (xorshift), −`amplitude`..=`amplitude`.
fn noise(amplitude: f32) -> impl Iterator<Item = f32> {
    seeded_noise(1, amplitude)
}

fn seeded_noise(seed: u64, amplitude: f32) -> impl Iterator<Item = f32> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed);
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 * amplitude - amplitude
    })
}

fn transcribe(dir: &Dir, file: &str) -> crate::harness::Ran {
    dir.kikitori(["--lang", "en", "transcribe", file])
}

fn ffmpeg(args: &[&str]) {
    let status = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(args).status();
    assert!(status.expect("ffmpeg is missing: run `make test-setup`").success());
}

#[test]
fn an_empty_file() {
    let dir = Dir::new();
    dir.write("a.wav", "");
    assert!(transcribe(&dir, "a.wav").failed(4).contains("a.wav"));
}

#[test]
fn an_empty_standard_input_is_called_by_its_dash() {
    let dir = Dir::new();
    assert!(transcribe(&dir, "-").failed(4).starts_with("error: file is empty: -\n"));
    let japanese = dir.kikitori(["transcribe", "-"]).failed(4);
    assert!(japanese.starts_with("エラー: ファイルの中身が空です(0バイト): -\n"), "{japanese}");
}

#[test]
fn a_header_without_sound() {
    let dir = Dir::new();
    wav(&dir, "a.wav", []);
    transcribe(&dir, "a.wav").failed(4);
}

#[test]
fn a_clip_of_50_ms_and_of_one_sample() {
    let dir = Dir::new();
    wav(&dir, "short.wav", noise(0.1).take(800));
    wav(&dir, "one.wav", [0.5]);
    assert_eq!(transcribe(&dir, "short.wav").ok().trim(), "");
    assert_eq!(transcribe(&dir, "one.wav").ok().trim(), "");
}

/// No field of the record is filled, and what was heard is marked.
fn gives_no_word(dir: &Dir, file: &str, template: &str) {
    let record = dir.kikitori(["record", file, "--template", template, "-f", "json"]).json();
    let filled =
        record["fields"].as_array().unwrap().iter().filter(|f| f["state"] != "not_mentioned").count();
    assert_eq!(filled, 0, "{file}: {record}");
    let kept = record["transcript"]["segments"].as_array().unwrap();
    assert!(kept.iter().all(|s| !s["flags"].as_array().unwrap().is_empty()), "{file}: {record}");
}

#[test]
fn a_minute_of_silence_and_a_minute_of_noise_give_no_word() {
    let dir = Dir::new();
    wav(&dir, "silence.wav", std::iter::repeat_n(0.0, 960_000));
    wav(&dir, "noise.wav", noise(0.2).take(960_000));
    gives_no_word(&dir, "silence.wav", "visit");
    gives_no_word(&dir, "noise.wav", "visit");
}

#[test]
fn no_kind_of_noise_gives_a_word_in_any_form_that_the_engine_is_prompted_with() {
    let dir = Dir::new();
    for (seed, amplitude) in [(2, 0.24), (3, 0.1), (4, 0.5)] {
        wav(&dir, "white.wav", seeded_noise(seed, amplitude).take(400_000));
        gives_no_word(&dir, "white.wav", "visit");
    }
    // A leaky sum of white noise is a rumble, as in a car.
    let mut sum = 0.0;
    let rumble = seeded_noise(5, 0.1).map(move |x| {
        sum = 0.98 * sum + x;
        sum
    });
    wav(&dir, "rumble.wav", rumble.take(400_000));
    gives_no_word(&dir, "rumble.wav", "intake");
}

/// Somebody who breathes in and out beside the microphone: noise through the resonances of a throat, every four seconds.
fn breath(seed: u64, seconds: usize) -> Vec<f32> {
    const RATE: f32 = 16_000.0;
    let noise: Vec<f32> = seeded_noise(seed, 1.0).take(seconds * RATE as usize).collect();
    let mut sound = vec![0.0_f32; noise.len()];
    for (hz, width, gain) in [(500.0, 600.0, 1.0), (1_500.0, 800.0, 0.6), (2_500.0, 1_000.0, 0.35)] {
        let radius = (-std::f32::consts::PI * width / RATE).exp();
        let turn = 2.0 * radius * (std::f32::consts::TAU * hz / RATE).cos();
        let (mut last, mut before) = (0.0, 0.0);
        for (out, x) in sound.iter_mut().zip(&noise) {
            let now = x * (1.0 - radius) + turn * last - radius * radius * before;
            (before, last) = (last, now);
            *out += gain * now;
        }
    }
    for (n, sample) in sound.iter_mut().enumerate() {
        let at = (n % 64_000) as f32 / RATE;
        let swell = |from: f32, length: f32| (std::f32::consts::PI * (at - from) / length).sin().powi(2);
        let level = match at {
            0.0..1.2 => 0.7 * swell(0.0, 1.2),
            1.5..3.1 => swell(1.5, 1.6),
            _ => 0.0,
        };
        *sample = (0.6 * level * *sample).clamp(-1.0, 1.0);
    }
    sound
}

#[test]
fn breathing_gives_no_word() {
    let dir = Dir::new();
    for seed in [6, 7] {
        wav(&dir, "breath.wav", breath(seed, 40));
        gives_no_word(&dir, "breath.wav", "visit");
    }
}

#[test]
fn a_recording_without_speech_says_so() {
    let dir = Dir::new();
    wav(&dir, "silence.wav", std::iter::repeat_n(0.0, 160_000));
    for args in [&["transcribe", "silence.wav"][..], &["record", "silence.wav", "--template", "visit"]] {
        let ran = dir.kikitori(["--lang", "en"].iter().chain(args));
        ran.ok();
        assert!(ran.err().contains("no speech"), "{}", ran.err());
    }
}

/// Half of a sample as an M4A file, with its index at the front or at the end.
fn half_an_m4a(dir: &Dir, name: &str, flags: &str) {
    let (source, whole) = (sample("visit-home.opus"), dir.path(name));
    let (source, whole_name) = (source.to_str().unwrap(), whole.to_str().unwrap());
    ffmpeg(&["-i", source, "-c:a", "aac", "-movflags", flags, whole_name]);
    let bytes = fs::read(&whole).unwrap();
    dir.write(name, &bytes[..bytes.len() / 2]);
}

#[test]
fn a_truncated_m4a_is_kept_as_far_as_it_goes() {
    let dir = Dir::new();
    half_an_m4a(&dir, "front.m4a", "+faststart");
    let transcript = dir.kikitori(["transcribe", "front.m4a", "-f", "json"]).json();
    let file = &transcript["source"]["files"][0];
    assert_eq!(file["partial"], true);
    assert!((15_000..35_000).contains(&file["duration_ms"].as_u64().unwrap()), "{file}");
    assert!(!transcript["transcript"]["segments"].as_array().unwrap().is_empty());
}

#[test]
fn a_truncated_m4a_that_lost_its_index_is_refused_with_advice() {
    let dir = Dir::new();
    half_an_m4a(&dir, "end.m4a", "-faststart");
    let message = transcribe(&dir, "end.m4a").failed(4);
    assert!(message.contains("hint:") && message.contains("end.m4a"), "{message}");
}

#[test]
fn the_content_decides_not_the_name() {
    let dir = Dir::new();
    fs::copy(sample("visit-home.opus"), dir.path("visit.mp3")).unwrap();
    assert!(transcribe(&dir, "visit.mp3").ok().len() > 100);
}

#[test]
fn a_picture_named_wav() {
    let dir = Dir::new();
    dir.write("a.wav", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0");
    let message = transcribe(&dir, "a.wav").failed(4);
    assert!(message.to_lowercase().contains("png") || message.contains("not a sound"), "{message}");
}

#[test]
fn samples_that_are_no_numbers_become_silence_and_are_counted() {
    let dir = Dir::new();
    let broken = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY].into_iter().cycle().take(3_000);
    wav(&dir, "a.wav", noise(0.01).take(16_000).chain(broken).chain(noise(0.01).take(16_000)));
    let ran = transcribe(&dir, "a.wav");
    assert_eq!(ran.ok().trim(), "");
    assert!(ran.err().contains("3000 samples were no numbers"), "{}", ran.err());
}

#[test]
fn a_missing_file_and_a_directory() {
    let dir = Dir::new();
    transcribe(&dir, "missing.wav").failed(4);
    fs::create_dir(dir.path("folder")).unwrap();
    transcribe(&dir, "folder").failed(4);
}

#[test]
fn one_bad_file_of_several_fails_the_record_and_changes_nothing() {
    let dir = Dir::new();
    dir.write("bad.wav", "no sound");
    let good = sample("visit-home.opus");
    let args = args!["record", &good, "bad.wav", "--template", "visit", "-o", "out.txt"];
    let message = dir.kikitori(args).failed(4);
    assert!(message.contains("bad.wav"), "{message}");
    assert_eq!(fs::read_dir(dir.path("")).unwrap().count(), 1, "only the input is left");
}

fn with_models(dir: &Dir, models: &Path) -> crate::harness::Ran {
    let file = sample("silence.opus");
    let mut command = dir.command(args!["--lang", "en", "transcribe", &file]);
    crate::harness::Ran(command.env("KIKITORI_MODELS", models).output().unwrap())
}

#[test]
fn a_missing_model_says_how_to_get_it() {
    let dir = Dir::new();
    let message = with_models(&dir, &dir.path("nothing")).failed(5);
    assert!(message.contains("kikitori models pull"), "{message}");
}

#[test]
fn a_model_with_one_changed_bit_is_never_loaded() {
    let dir = Dir::new();
    fs::create_dir(dir.path("models")).unwrap();
    let installed = format!("models/{MODEL_FILE}");
    let mut bytes = fs::read(models().join(MODEL_FILE)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    dir.write(&installed, &bytes);
    let message = with_models(&dir, &dir.path("models")).failed(5);
    assert!(
        message.contains("sha-256") || message.contains("SHA-256") || message.contains("digest"),
        "{message}"
    );
    bytes.truncate(middle);
    dir.write(&installed, &bytes);
    with_models(&dir, &dir.path("models")).failed(5);
    dir.write(&installed, "");
    with_models(&dir, &dir.path("models")).failed(5);
}

#[test]
fn an_unlisted_model_needs_the_users_word() {
    let dir = Dir::new();
    let mut bytes = fs::read(models().join(MODEL_FILE)).unwrap();
    // The last weight.
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let model = dir.write("mine.bin", &bytes);
    let file = sample("visit-home.opus");
    let args = args!["--lang", "en", "transcribe", file, "--model", model];
    let message = dir.kikitori(&args).failed(5);
    assert!(message.contains("--allow-unverified-model"), "{message}");
    dir.kikitori(args.into_iter().chain(args!["--allow-unverified-model"])).ok();
}

/// Runs a shell script as root of a namespace of its own, so that it can mount file systems.
fn in_namespace(dir: &Dir, script: &str) -> crate::harness::Ran {
    let program = env!("CARGO_BIN_EXE_kikitori");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-euc", script, "sh", program]);
    crate::harness::Ran(
        command.current_dir(dir.path("")).env("HOME", dir.path("")).output().expect("unshare is missing"),
    )
}

#[test]
fn a_full_disk_leaves_no_half_result() {
    let dir = Dir::new();
    fs::create_dir(dir.path("full")).unwrap();
    dir.write("a.txt", "所見。説明が食い違う。".repeat(200));
    let script = "mount -t tmpfs -o size=16k tmpfs full
        rc=0; \"$1\" --lang en map a.txt --template visit -f json -o full/out.json || rc=$?
        ls -A full >&2; exit $rc";
    let message = in_namespace(&dir, script).failed(7);
    assert!(message.contains("disk is full"), "{message}");
    assert!(!message.contains("out.json.") && !message.contains(".part"), "nothing is left: {message}");
}

#[test]
fn a_full_standard_output_is_an_error() {
    let dir = Dir::new();
    dir.write("a.txt", "所見。説明が食い違う。");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = dir.command(["map", "a.txt", "--template", "visit", "-f", "json"]);
    assert_eq!(command.stdout(full).output().unwrap().status.code(), Some(7));
}

#[test]
fn a_directory_without_permission() {
    let dir = Dir::new();
    fs::create_dir(dir.path("locked")).unwrap();
    dir.write("a.txt", "所見。説明が食い違う。");
    let script = "mount -t tmpfs -o ro tmpfs locked
        exec \"$1\" --lang en map a.txt --template visit -f json -o locked/out.json";
    let message = in_namespace(&dir, script).failed(8);
    assert!(message.contains("permission"), "{message}");
    let message = dir
        .kikitori(["--lang", "en", "map", "a.txt", "--template", "visit", "-o", "missing/out.txt"])
        .failed(4);
    assert!(message.contains("create the output directory"), "{message}");
}

/// The program without root's power over permissions, so that they count in a container too.
fn without_privileges(dir: &Dir, args: &[&str]) -> crate::harness::Ran {
    let mut command = dir.command(args);
    command.env("KIKITORI_MODELS", dir.path("models"));
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        let mut limited = Command::new("setpriv");
        limited.arg("--bounding-set=-dac_override,-dac_read_search").arg(command.get_program()).args(args);
        limited.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        limited.current_dir(dir.path(""));
        command = limited;
    }
    crate::harness::Ran(command.output().expect("setpriv of util-linux starts"))
}

#[test]
fn models_that_may_not_be_read_are_not_called_missing() {
    let dir = Dir::new();
    wav(&dir, "a.wav", noise(0.1).take(16_000));
    let models = dir.path("models");
    fs::create_dir(&models).unwrap();
    fs::set_permissions(&models, fs::Permissions::from_mode(0o000)).unwrap();
    let message = without_privileges(&dir, &["--lang", "en", "transcribe", "a.wav"]).failed(8);
    assert!(message.contains("permission"), "{message}");
    fs::set_permissions(&models, fs::Permissions::from_mode(0o555)).unwrap();
    let message = without_privileges(&dir, &["--lang", "en", "models", "pull"]).failed(8);
    assert!(message.contains("permission"), "{message}");
    fs::set_permissions(&models, fs::Permissions::from_mode(0o755)).unwrap();
}
