//! Devices that are lost, switched off, switched over, odd, or hang.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use recorder::GapCause;

use crate::harness::{Place, Recorded, at_once, is_known_prefix, known};

/// Devices that fail after 1.5 s, and how long each is recorded.
const FAULTS: [(&str, &str); 6] =
    [("lost", "4.5"), ("gone", "3.5"), ("stop", "5"), ("zeros", "5"), ("switched", "4.5"), ("storm", "5")];

/// What was recorded from a device that failed. All of them run at the same time: they mostly wait.
fn failing(fault: &str) -> &'static Recorded {
    static RECORDED: LazyLock<BTreeMap<&str, Recorded>> = LazyLock::new(|| {
        let run = |(fault, seconds): (&'static str, &str)| {
            let options = [format!("fault={fault}@1500"), format!("seconds={seconds}")];
            std::thread::spawn(move || (fault, Place::new().record(&[&options[0], &options[1]])))
        };
        let running: Vec<_> = FAULTS.into_iter().map(run).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    &RECORDED[fault]
}

/// The alarm rings at most three seconds after the failure, and "recording" is said no longer than that.
fn alarms_in_time(recorded: &Recorded, alarm: &str) {
    let at = recorded.alarm(alarm).unwrap_or_else(|| panic!("no alarm {alarm}"));
    assert!((15..=46).contains(&at), "{alarm} after {at} tenths of a second");
}

#[test]
fn a_microphone_that_is_lost_rings_and_comes_back_with_a_gap() {
    let recorded = failing("lost");
    alarms_in_time(recorded, "Lost");
    let [gap] = recorded.info.gaps[..] else { panic!("{:?}", recorded.info.gaps) };
    assert_eq!(gap.cause, GapCause::Lost);
    assert!((1_400..=1_600).contains(&gap.at_ms) && (900..=2_500).contains(&gap.length_ms), "{gap:?}");
    // The time of the recording is the clock's: nothing is spliced.
    assert!((4_800..=5_400).contains(&recorded.info.duration_ms), "{}", recorded.info.duration_ms);
    let samples = &recorded.samples;
    let (before, after) = (gap.at_ms as usize * 16, (gap.at_ms + gap.length_ms) as usize * 16);
    assert!(is_known_prefix(&samples[..before - 16]));
    assert!(samples[before + 16..after - 16].iter().all(|s| *s == 0));
    let again = samples[after - 32..].iter().position(|s| *s != 0).unwrap() + after - 32;
    assert!(is_known_prefix(&samples[again..]), "the device begins anew");
    assert_eq!(recorded.lines[recorded.lines.len() - 4]["alarm"], serde_json::Value::Null, "the alarm ends");
}

#[test]
fn a_microphone_that_never_comes_back_leaves_what_was_said() {
    let recorded = failing("gone");
    alarms_in_time(recorded, "Lost");
    let is_recording = |line: &serde_json::Value| line["phase"] == "Recording";
    let last = recorded.lines.iter().rposition(is_recording).unwrap();
    assert!(last <= 26, "recording was said until {last} tenths of a second");
    let samples = &recorded.samples;
    assert!((1_400..=1_600).contains(&(samples.len() / 16)) && is_known_prefix(samples));
    assert_eq!(recorded.info.gaps.last().unwrap().cause, GapCause::Lost, "how much is missing is told");
}

#[test]
fn data_that_just_stops_rings_although_no_error_came() {
    let recorded = failing("stop");
    alarms_in_time(recorded, "NoSamples");
    let samples = &recorded.samples;
    assert!(is_known_prefix(&samples[..1_400 * 16]));
    let gap = recorded.info.gaps.last().unwrap();
    assert_eq!(gap.cause, GapCause::Stall);
    assert!(gap.length_ms >= 2_500, "{gap:?}");
}

#[test]
fn a_microphone_that_is_switched_off_rings_and_is_recorded() {
    let recorded = failing("zeros");
    alarms_in_time(recorded, "AllZero");
    assert_eq!(recorded.info.gaps, [], "zeros are samples");
    assert!(recorded.info.duration_ms >= 5_000);
}

#[test]
fn another_microphone_is_never_taken_silently() {
    let recorded = failing("switched");
    alarms_in_time(recorded, "Switched");
    assert_eq!(recorded.info.gaps[0].cause, GapCause::Switched);
}

#[test]
fn a_storm_of_overruns_ends_with_a_stream_that_is_opened_again() {
    let recorded = failing("storm");
    let gap = recorded.info.gaps.last().unwrap();
    assert_eq!(gap.cause, GapCause::Broken);
    assert!(recorded.info.duration_ms >= 5_000, "it went on");
    assert!(recorded.info.gaps.len() <= 3, "{:?}", recorded.info.gaps);
}

/// A laptop that is closed: the whole program stands still, and what is spoken meanwhile reaches nobody.
#[test]
fn a_machine_that_sleeps_leaves_a_gap_as_long_as_its_sleep() {
    let place = Place::new();
    let mut running = place.start(&["fault=deaf@0"]);
    running.until_recording();
    std::thread::sleep(Duration::from_millis(700));
    let signal = |name: &str| {
        let process = running.child.id().to_string();
        assert!(std::process::Command::new("kill").args([name, &process]).status().unwrap().success());
    };
    signal("-STOP");
    let asleep = Instant::now();
    std::thread::sleep(Duration::from_secs(3));
    signal("-CONT");
    let asleep = asleep.elapsed().as_millis() as u64;
    std::thread::sleep(Duration::from_millis(1_500));
    drop(running.child.stdin.take());
    let lines: Vec<_> = std::iter::from_fn(|| running.line()).collect();
    assert!(running.child.wait().unwrap().success());

    let told = lines.iter().find(|line| line["gaps"] == 1).expect("the gap is told at once");
    assert_eq!(told["phase"], "Recording", "it goes on by itself");
    let info: recorder::RecordingInfo =
        serde_json::from_value(lines.last().unwrap()["info"].clone()).unwrap();
    let [gap] = info.gaps[..] else { panic!("{:?}", info.gaps) };
    assert_eq!(gap.cause, GapCause::Stall);
    assert!(gap.length_ms.abs_diff(asleep) < 400, "{gap:?} of {asleep} ms");
    // What was spoken before and after is there, at its time.
    let samples = crate::harness::samples(&place.recordings()[0]);
    let (before, after) = (gap.at_ms as usize * 16, (gap.at_ms + gap.length_ms) as usize * 16);
    assert!(is_known_prefix(&samples[..before - 16]));
    assert!(samples[before + 16..after - 16].iter().all(|s| *s == 0));
    let again = samples[after - 32..].iter().position(|s| *s != 0).unwrap() + after - 32;
    let next = (before as u64 - 32..before as u64 + 32).find(|n| known(*n) == samples[again]);
    let next = next.expect("the device goes on where it fell asleep");
    assert!(samples[again..].iter().zip(next..).all(|(sample, n)| *sample == known(n)));
}

#[test]
fn a_driver_that_hangs_keeps_nobody_waiting() {
    at_once(["hang=close", "hang=open"], |hang| {
        let place = Place::new();
        let start = Instant::now();
        let recorded = place.record(&[hang, "fault=lost@600", "seconds=2.5"]);
        // 2.5 s, and 3 s for the driver.
        assert!(start.elapsed() < Duration::from_millis(6_500), "{hang}: {:?}", start.elapsed());
        assert!(is_known_prefix(&recorded.samples[..500 * 16]), "{hang}");
        assert_eq!(place.interrupted(), [], "{hang}");
    });
}

#[test]
fn odd_rates_and_channels_are_converted() {
    let formats = [("44100", "2"), ("48000", "8"), ("8000", "1"), ("11025", "1"), ("192000", "2")];
    at_once(formats, |(rate, channels)| {
        let options = ["seconds=0.5", &format!("rate={rate}"), &format!("channels={channels}")];
        let recorded = Place::new().record(&options);
        let length_ms = recorded.info.duration_ms;
        assert!((800..=1_600).contains(&length_ms), "{rate}: {length_ms}");
        assert_eq!(recorded.info.gaps, [], "{rate} Hz");
        let loud = recorded.samples.iter().filter(|s| s.unsigned_abs() > 1_000).count();
        assert!(loud > 4_000, "{rate} Hz, {channels} channels: there is sound");
    });
}

#[test]
fn an_impossible_rate_is_told_and_leaves_nothing_behind() {
    let place = Place::new();
    let output = place.command(&["rate=1000", "seconds=1"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be captured"));
    assert_eq!(std::fs::read_dir(place.inflight()).unwrap().count(), 0);
}

#[test]
fn the_first_and_the_last_words_are_there() {
    let recorded = Place::new().record(&["seconds=1"]);
    let samples = &recorded.samples;
    assert_eq!(samples[0], known(0), "the first sample of the device");
    // Half a second after the word to stop.
    let stopped = recorded.lines.iter().rposition(|line| line["phase"] == "Recording").unwrap();
    let at = recorded.lines[stopped]["elapsed_ms"].as_u64().unwrap();
    assert!(recorded.info.duration_ms >= at + 400, "{at} {}", recorded.info.duration_ms);
}

/// Processor time that a process has taken until now, in hundredths of a second.
#[cfg(target_os = "linux")]
fn processor_time(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let after_name = stat.rsplit(')').next().unwrap();
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn recording_takes_little_processor_time_and_a_failing_device_not_much_more() {
    // Hundredths of 4 s: 5 % of a core, and with a device that does nothing but fail half a core.
    at_once([("fault=storm@600000", 20), ("fault=storm@600", 200)], |(fault, most)| {
        let place = Place::new();
        let mut running = place.start(&["rate=48000", "channels=2", fault]);
        running.until_recording();
        let before = processor_time(running.child.id());
        std::thread::sleep(Duration::from_secs(4));
        let taken = processor_time(running.child.id()) - before;
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        assert!(taken <= most, "{fault}: {taken} of 400");
    });
}
