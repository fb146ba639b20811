//! Killed while recording and at every step of saving: at most a second is lost, and there is exactly one usable copy.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use recorder::{ErrorKind, Step, restore};

use crate::harness::{Place, at_once, is_known_prefix, samples};

/// Rounds of the random kills; `KIKITORI_KILLS` asks for more.
fn rounds() -> u32 {
    std::env::var("KIKITORI_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(12)
}

/// The one usable copy, brought back where it has to be; nothing where nothing had been recorded.
fn the_copy(place: &Place) -> Option<PathBuf> {
    let interrupted = place.interrupted();
    let finished = place.recordings();
    assert!(interrupted.len() + finished.len() <= 1, "{interrupted:?} {finished:?}");
    if let [one] = &interrupted[..] {
        let recording = restore(&place.inflight(), &one.id).unwrap();
        assert!(recording.info.recovered);
        assert_eq!(recording.info.duration_ms, one.duration_ms);
        return Some(recording.sound);
    }
    finished.into_iter().next()
}

/// Kills a recorder at a random moment; how many milliseconds were lost.
fn kill_once() -> u64 {
    let place = Place::new();
    // Short enough that some are killed while the recording is being saved.
    let format = fastrand::choice(["format=flac", "channels=1"]).unwrap();
    let mut running = place.start(&["seconds=1.2", format]);
    let (heard_ms, since) = (running.until_recording(), Instant::now());
    std::thread::sleep(Duration::from_millis(fastrand::u64(..2_000)));
    let _ = running.child.kill();
    let spoken_ms = heard_ms + since.elapsed().as_millis() as u64;
    running.child.wait().unwrap();

    let copy = the_copy(&place).unwrap_or_else(|| panic!("nothing is left of {spoken_ms} ms"));
    let samples = samples(&copy);
    assert!(is_known_prefix(&samples), "the sound is another");
    let kept_ms = samples.len() as u64 / 16;
    // After 1.2 s and the post-roll it was over.
    let lost_ms = spoken_ms.min(1_700).saturating_sub(kept_ms);
    assert!(lost_ms <= 1_000, "{lost_ms} ms of {spoken_ms} are lost");
    assert_eq!(fs::read_dir(place.inflight()).unwrap().count(), 0, "nothing is left behind");
    assert_eq!(place.recordings(), [copy]);
    lost_ms
}

#[test]
fn a_kill_at_any_moment_loses_less_than_a_second_and_leaves_one_copy() {
    // Four at a time: they mostly wait.
    let rounds = rounds().div_ceil(4);
    let killer = || std::thread::spawn(move || (0..rounds).map(|_| kill_once()).max().unwrap_or(0));
    let killers: Vec<_> = (0..4).map(|_| killer()).collect();
    let worst = killers.into_iter().map(|thread| thread.join().unwrap()).max().unwrap();
    eprintln!("{} kills: at most {worst} ms lost", 4 * rounds);
}

#[test]
fn a_crash_after_any_step_of_saving_leaves_one_copy() {
    let formats = [("channels=1", "wav"), ("format=flac", "flac")];
    at_once(formats.iter().flat_map(|format| Step::ALL.map(|step| (step, format))), |(step, format)| {
        let place = Place::new();
        let abort = format!("abort={step:?}");
        let status = place.command(&["seconds=0.3", format.0, &abort]).output().unwrap().status;
        assert!(!status.success(), "it died after {step:?}");
        let copy = the_copy(&place).unwrap_or_else(|| panic!("nothing is left after {step:?}"));
        let samples = samples(&copy);
        assert!(samples.len() > 8_000 && is_known_prefix(&samples), "{step:?}");
        assert_eq!(place.recordings(), [copy], "{step:?}");
        assert_eq!(place.interrupted(), [], "{step:?}");
        let mut names: Vec<_> = fs::read_dir(place.folder())
            .unwrap()
            .map(|e| e.unwrap().path().extension().unwrap().to_owned())
            .collect();
        names.sort();
        let mut expected = ["json", format.1];
        expected.sort_unstable();
        assert_eq!(names, expected, "no part stays after {step:?}");
    });
}

#[test]
fn a_crash_after_any_step_of_restoring_leaves_one_copy() {
    let place = Place::new();
    let mut running = place.start(&[]);
    running.until_recording();
    std::thread::sleep(Duration::from_millis(500));
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    let id = place.interrupted()[0].id.clone();
    for step in [Step::SoundWritten, Step::Described, Step::Renamed] {
        let (restore, abort) = (format!("restore={id}"), format!("abort={step:?}"));
        assert!(!place.command(&[&restore, &abort]).output().unwrap().status.success());
    }
    assert_eq!(place.interrupted(), [], "what is saved is not listed");
    assert!(is_known_prefix(&samples(&place.recordings()[0])));
}

#[test]
fn power_failure_leaves_what_was_synced() {
    let place = Place::new();
    let mut running = place.start(&[]);
    let line =
        std::iter::from_fn(|| running.line()).find(|line| line["saved_ms"].as_u64() > Some(1_500)).unwrap();
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    let (saved, elapsed) = (line["saved_ms"].as_u64().unwrap(), line["elapsed_ms"].as_u64().unwrap());
    assert!(elapsed - saved <= 2_000, "{line}");
    // The unsynced pages are gone, the last of them in the middle of a sample; and the last note is torn.
    let one = &place.interrupted()[0];
    let cut = fs::OpenOptions::new().write(true).open(&one.sound).unwrap();
    cut.set_len(saved * 32 + 1).unwrap();
    let notes = one.sound.with_extension("jsonl");
    let torn = fs::read_to_string(&notes).unwrap() + "{\"gap\":{\"at_";
    fs::write(&notes, torn).unwrap();
    let samples = samples(&the_copy(&place).unwrap());
    assert_eq!(samples.len() as u64, saved * 16);
    assert!(is_known_prefix(&samples));
}

#[test]
fn a_recording_that_is_being_made_is_left_alone() {
    let place = Place::new();
    let mut running = place.start(&[]);
    running.until_recording();
    assert_eq!(place.interrupted(), []);
    let notes = fs::read_dir(place.inflight()).unwrap().map(|e| e.unwrap().path());
    let notes = notes.into_iter().find(|p| p.extension().is_some_and(|e| e == "jsonl")).unwrap();
    let id = notes.file_stem().unwrap().to_str().unwrap().to_owned();
    // However old it looks.
    let old = fs::File::open(&notes).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(restore(&place.inflight(), &id).unwrap_err().kind(), ErrorKind::InUse);
    let discarded = recorder::discard(&place.inflight(), &place.folder(), &id, "a mistake");
    assert_eq!(discarded.unwrap_err().kind(), ErrorKind::InUse);
    // A second recorder beside it changes nothing either.
    let other = place.record(&["seconds=0.2"]);
    assert!(is_known_prefix(&other.samples));
    drop(running.child.stdin.take());
    while running.line().is_some() {}
    assert!(running.child.wait().unwrap().success());
    assert_eq!(place.recordings().len(), 2);
}

#[test]
fn nothing_is_discarded_without_a_note_of_why() {
    let place = Place::new();
    let mut running = place.start(&[]);
    running.until_recording();
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    let finished = place.record(&["seconds=0.2"]);
    let interrupted = place.interrupted()[0].id.clone();
    for (id, reason) in [(&interrupted, "試し録り"), (&finished.info.id, "承認済み")] {
        recorder::discard(&place.inflight(), &place.folder(), id, reason).unwrap();
        let notes = fs::read_to_string(place.folder().join("discarded.jsonl")).unwrap();
        assert!(notes.contains(id.as_str()) && notes.contains(reason), "{notes}");
    }
    assert_eq!((place.interrupted().len(), place.recordings().len()), (0, 0));
    let again = recorder::discard(&place.inflight(), &place.folder(), &interrupted, "again");
    assert_eq!(again.unwrap_err().kind(), ErrorKind::NotFound);
    let other = place.record(&["seconds=0.2"]).info.id;
    for outside in ["", "..", "../recordings/x", "/etc/passwd", &format!("../recordings/{other}")] {
        assert_eq!(restore(&place.inflight(), outside).unwrap_err().kind(), ErrorKind::NotFound);
        let discarded = recorder::discard(&place.inflight(), &place.folder(), outside, "again");
        assert_eq!(discarded.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[test]
fn an_approved_record_takes_the_sound_that_was_kept_until_then() {
    for (keep, is_removed) in [("keep=until-approval", true), ("keep=always", false)] {
        let place = Place::new();
        let id = place.record(&["seconds=0.2", "format=flac", keep]).info.id;
        assert_eq!(recorder::awaiting_approval(&place.folder()).unwrap().len(), usize::from(is_removed));
        assert_eq!(recorder::approve(&place.folder(), &id).unwrap(), is_removed);
        assert_eq!(place.recordings().is_empty(), is_removed);
        let notes = fs::read_to_string(place.folder().join("discarded.jsonl")).unwrap_or_default();
        assert_eq!(notes.contains(&id) && notes.contains("承認済み"), is_removed, "{notes}");
    }
    // What was interrupted has no record yet that could be approved.
    let place = Place::new();
    let mut running = place.start(&[]);
    running.until_recording();
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    let id = place.interrupted()[0].id.clone();
    assert_eq!(recorder::approve(&place.folder(), &id).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(place.interrupted().len(), 1);
}

#[test]
fn damaged_or_missing_notes_do_not_hide_the_sound() {
    for damage in [Some("{"), Some(""), None] {
        let place = Place::new();
        let mut running = place.start(&[]);
        running.until_recording();
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        let one = place.interrupted().remove(0);
        let notes = one.sound.with_extension("jsonl");
        match damage {
            Some(text) => fs::write(&notes, text).unwrap(),
            None => fs::remove_file(&notes).unwrap(),
        }
        let listed = place.interrupted();
        assert_eq!((listed.len(), listed[0].duration_ms), (1, one.duration_ms), "{damage:?}");
        let recording = restore(&place.inflight(), &one.id).unwrap();
        assert!(is_known_prefix(&samples(&recording.sound)));
        assert_eq!(place.interrupted(), []);
    }
}
