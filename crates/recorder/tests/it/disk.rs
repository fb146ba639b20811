//! Full disks and directories that cannot be written.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::harness::{Place, is_known_prefix, samples};

/// The program may write files of at most `kib` KiB, as on a disk that is full then.
fn with_limit(place: &Place, kib: u32, options: &str) -> std::process::Output {
    let program = env!("CARGO_BIN_EXE_record-sound");
    let dir = place.inflight().parent().unwrap().to_owned();
    // The limit's signal is ignored, so that it arrives as an error of the write.
    let script = format!("trap '' XFSZ; ulimit -f {kib}; exec '{program}' '{}' {options}", dir.display());
    Command::new("bash").args(["-c", &script]).output().unwrap()
}

#[test]
fn a_disk_that_becomes_full_keeps_what_was_written() {
    let place = Place::new();
    // A second and a half.
    let output = with_limit(&place, 48, "seconds=5");
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("cannot go on recording"), "{message}");
    let id = place.interrupted()[0].id.clone();
    let recording = recorder::restore(&place.inflight(), &id).unwrap();
    let samples = samples(&recording.sound);
    assert!(samples.len() >= 23_000 && is_known_prefix(&samples), "{}", samples.len());
}

#[test]
fn a_disk_without_room_for_the_recording_keeps_the_spool() {
    let place = Place::new();
    let mut running = place.start(&[]);
    running.until_recording();
    std::thread::sleep(std::time::Duration::from_millis(600));
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    let id = place.interrupted()[0].id.clone();
    // Half a second does not fit.
    let output = with_limit(&place, 8, &format!("restore={id}"));
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("cannot save the recording"), "{message}");
    assert_eq!(fs::read_dir(place.folder()).unwrap().count(), 0, "half a copy is of no use");
    assert_eq!(place.interrupted()[0].id, id);
    assert!(is_known_prefix(&samples(&recorder::restore(&place.inflight(), &id).unwrap().sound)));
}

#[test]
fn a_directory_that_cannot_be_written_is_told() {
    let place = Place::new();
    let dir = place.inflight();
    fs::write(&dir, "a file").unwrap();
    let output = place.command(&["seconds=1"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot begin a recording"));
    assert_eq!(fs::read_to_string(&dir).unwrap(), "a file");
}

#[test]
fn nobody_else_can_read_a_recording() {
    let place = Place::new();
    let mut running = place.start(&[]);
    running.until_recording();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for entry in fs::read_dir(place.inflight()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    drop(running.child.stdin.take());
    while running.line().is_some() {}
    running.child.wait().unwrap();
    for entry in fs::read_dir(place.folder()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    assert_eq!((mode(&place.inflight()), mode(&place.folder())), (0o700, 0o700));
}
