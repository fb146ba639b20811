//! Engines in processes of their own: what a crash, a hang and a cancellation cost.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{self, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use asr::isolated::wire::{self, Answer, Cut, Request, What};
use asr::isolated::{IsolatedEngine, IsolatedSession, IsolationConfig, WorkerCommand};
use asr::{Bias, Control, DecodeOptions, Engine, EngineConfig, Error, ErrorKind, Hypothesis, Session};
use common::window;
use record::{Explain, Lang, Window};
use tempfile::NamedTempFile;

/// Long enough for a test that is not about it.
const PATIENT: IsolationConfig =
    IsolationConfig { start: Duration::from_mins(1), no_progress: Duration::from_mins(1) };
/// As short as the ticks of progress allow.
const IMPATIENT: IsolationConfig = IsolationConfig { no_progress: Duration::from_secs(2), ..PATIENT };

fn worker() -> WorkerCommand {
    WorkerCommand { program: env!("CARGO_BIN_EXE_asr-engine-worker").into(), args: Vec::new() }
}

/// A fixture that hears 家庭訪問。 in the first five seconds, with these further members.
fn fixture(members: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    let segment = r#"{ "start_ms": 1000, "end_ms": 3000, "text": "家庭訪問。" }"#;
    write!(file, r#"{{ {members} "segments": [ {segment} ] }}"#).unwrap();
    file
}

fn replay(fixture: &NamedTempFile, isolation: IsolationConfig) -> IsolatedEngine {
    let config = EngineConfig { model_path: fixture.path().into(), ..EngineConfig::default() };
    IsolatedEngine::new(worker(), "replay", config, isolation).unwrap()
}

fn decode(session: &mut IsolatedSession) -> Result<Hypothesis, Error> {
    session.decode(&window(vec![0.0; 5 * 16_000]), &DecodeOptions::default(), &Control::new())
}

fn send(signal: &str, process: u32) -> bool {
    let kill = Command::new("kill").args([signal, &process.to_string()]).stderr(Stdio::null()).status();
    kill.unwrap().success()
}

/// Decodes while its process gets a signal, after the window has arrived there.
fn decode_under(signal: &'static str, session: &mut IsolatedSession) -> Result<Hypothesis, Error> {
    let process = session.process_id().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(300));
            assert!(send(signal, process));
        });
        decode(session)
    })
}

fn is_gone_soon(process: u32) -> bool {
    let end = Instant::now() + Duration::from_secs(3);
    while Instant::now() < end {
        if !Path::new("/proc").join(process.to_string()).exists() && !send("-0", process) {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn an_isolated_replay_keeps_the_contract() {
    let fixture = fixture(r#""decode_ms": 120,"#);
    let silence = Window { file: 1, ..window(vec![0.0; 48_000]) };
    asr::conformance::run(&replay(&fixture, PATIENT), &window(vec![0.0; 5 * 16_000]), &silence).unwrap();
}

#[test]
fn an_isolated_engine_keeps_the_contract_and_hears_the_same() {
    let engine = IsolatedEngine::new(worker(), asr::DEFAULT_ENGINE, common::config(), PATIENT).unwrap();
    let here = common::native_engine();
    assert_eq!(engine.info(), here.info());
    let silence = window((0..48_000_u32).map(|i| (i.wrapping_mul(7_919) % 1_000) as f32 * 2e-8).collect());
    asr::conformance::run(&engine, &common::speech(), &silence).unwrap();

    let bias = Bias { boost: 8.0, start: 4.0, cap: 10.0, ..Bias::new(vec!["保険師".into()]) };
    let options =
        DecodeOptions { bias: Some(Arc::new(bias)), audio_ctx: Some(512), ..DecodeOptions::default() };
    let mut session = engine.session().unwrap();
    let isolated = session.decode(&common::speech(), &options, &Control::new()).unwrap();
    assert!(isolated.text().contains("保険師"), "the expected words came with the window");
    let direct = here.session().unwrap().decode(&common::speech(), &options, &Control::new()).unwrap();
    assert_eq!(isolated, direct);

    // No more words are expected: those of the window before are not kept.
    let plain = DecodeOptions { bias: None, ..options };
    assert!(!session.decode(&common::speech(), &plain, &Control::new()).unwrap().text().contains("保険師"));
}

#[test]
fn a_killed_process_costs_one_window() {
    let fixture = fixture(r#""decode_ms": 1000,"#);
    let mut session = replay(&fixture, PATIENT).open_session().unwrap();
    let error = decode_under("-KILL", &mut session).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Crashed);
    assert!(error.to_string().contains("signal: 9"), "{error}");
    assert!(error.explain(Lang::Ja).contains("途中で落ちました"), "{}", error.explain(Lang::Ja));
    assert_eq!(decode(&mut session).unwrap().text(), "家庭訪問。");
}

#[test]
fn a_process_that_dies_with_nothing_to_do_costs_nothing() {
    let fixture = fixture("");
    let engine = replay(&fixture, PATIENT);
    let mut session = engine.open_session().unwrap();
    let process = session.process_id().unwrap();
    assert!(send("-KILL", process));
    thread::sleep(Duration::from_millis(200));
    assert_eq!(decode(&mut session).unwrap().text(), "家庭訪問。");
    assert_ne!(session.process_id(), Some(process));
}

#[test]
fn a_process_that_stands_still_is_given_up() {
    let fixture = fixture(r#""decode_ms": 1000,"#);
    let mut session = replay(&fixture, IMPATIENT).open_session().unwrap();
    let process = session.process_id().unwrap();
    let start = Instant::now();
    let error = decode_under("-STOP", &mut session).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Crashed);
    assert!(error.explain(Lang::En).ends_with("2 s"), "{}", error.explain(Lang::En));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert!(is_gone_soon(process));
    assert_eq!(decode(&mut session).unwrap().text(), "家庭訪問。");
}

#[test]
fn native_code_that_is_stuck_is_given_up_although_its_process_lives() {
    let fixture = fixture(r#""stuck_ms": 60000,"#);
    let mut session = replay(&fixture, IMPATIENT).open_session().unwrap();
    assert_eq!(decode(&mut session).unwrap_err().kind(), ErrorKind::Crashed);
}

#[test]
fn a_decoding_that_is_slow_and_advances_is_waited_for() {
    let fixture = fixture(r#""decode_ms": 4000,"#);
    let mut session = replay(&fixture, IMPATIENT).open_session().unwrap();
    let control = Control::new();
    let hypothesis =
        session.decode(&window(vec![0.0; 5 * 16_000]), &DecodeOptions::default(), &control).unwrap();
    assert_eq!(hypothesis.text(), "家庭訪問。");
    assert!(control.progress() > 2, "the caller hears of it");
}

#[test]
fn native_code_that_is_deaf_to_a_cancellation_is_killed_within_a_second() {
    let fixture = fixture(r#""stuck_ms": 60000,"#);
    let mut session = replay(&fixture, PATIENT).open_session().unwrap();
    let process = session.process_id().unwrap();
    let control = Control::new();
    let (outcome, late) = thread::scope(|scope| {
        let canceller = scope.spawn(|| {
            thread::sleep(Duration::from_millis(200));
            control.cancel();
            Instant::now()
        });
        let outcome = session.decode(&window(vec![0.0; 5 * 16_000]), &DecodeOptions::default(), &control);
        (outcome, Instant::now().saturating_duration_since(canceller.join().unwrap()))
    });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(late < Duration::from_secs(1), "{late:?}");
    assert!(is_gone_soon(process));
}

#[test]
fn a_dropped_session_or_engine_ends_its_process() {
    let fixture = fixture("");
    let engine = replay(&fixture, PATIENT);
    let first = engine.open_session().unwrap();
    let second = engine.open_session().unwrap();
    let processes = [first.process_id().unwrap(), second.process_id().unwrap()];
    assert_ne!(processes[0], processes[1], "each session has its own");
    drop((first, second));
    assert!(processes.into_iter().all(is_gone_soon));
}

/// A process that was asked for one window, by a program that does not wait for it.
fn asked(engine: &str, config: EngineConfig, window: &Window) -> (process::Child, ChildStdin, ChildStdout) {
    let mut command = Command::new(worker().program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let (mut requests, mut answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    let (engine, cut, options) = (engine.to_owned(), Cut::of(window), DecodeOptions::default());
    for bytes in [
        wire::greeting(),
        wire::frame(&Request::Open { id: 1, engine, config }, &[]).unwrap(),
        wire::frame(&Request::Add { id: 2, window: cut, options, bias: None }, &window.samples).unwrap(),
        wire::frame(&Request::Decode { id: 2 }, &[]).unwrap(),
    ] {
        requests.write_all(&bytes).unwrap();
    }
    wire::greet(&mut answers).unwrap();
    let (ready, _) = wire::read::<Answer>(&mut answers).unwrap().unwrap();
    assert!(matches!(ready.what, What::Ready { .. }));
    (process, requests, answers)
}

#[test]
fn a_process_does_not_outlive_its_program_although_its_decoding_is_stuck() {
    let fixture = fixture(r#""stuck_ms": 60000,"#);
    let config = EngineConfig { model_path: fixture.path().into(), ..EngineConfig::default() };
    let (mut process, requests, _answers) = asked("replay", config, &window(vec![0.0; 16_000]));
    // Until it is stuck: before that it would end as it should.
    thread::sleep(Duration::from_secs(2));
    drop(requests);
    let start = Instant::now();
    assert_eq!(process.wait().unwrap().code(), Some(1), "its work was not done");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn a_process_prints_nothing_beside_its_answers() {
    let (mut process, requests, mut answers) =
        asked(asr::DEFAULT_ENGINE, common::config(), &common::speech());
    while !matches!(wire::read(&mut answers).unwrap().unwrap(), (Answer { what: What::Done, .. }, _)) {}
    drop(requests);
    let (mut rest, mut printed) = (Vec::new(), String::new());
    answers.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
    process.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(printed, "");
    assert!(process.wait().unwrap().success());
}

#[test]
fn what_the_engine_says_of_its_model_is_said_here() {
    let missing = EngineConfig { model_path: "no/such/fixture.json".into(), ..EngineConfig::default() };
    let here = asr::open("replay", &missing).err().unwrap();
    let there = IsolatedEngine::new(worker(), "replay", missing, PATIENT).unwrap_err();
    assert_eq!((there.kind(), there.explain(Lang::Ja)), (ErrorKind::Model, here.explain(Lang::Ja)));
    let unknown = IsolatedEngine::new(worker(), "wisper", EngineConfig::default(), PATIENT).unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::UnknownEngine);
}

#[test]
fn a_program_that_is_no_engines_process_is_told_from_a_crash() {
    let start = |program: &str, args: &[&str]| {
        let command = WorkerCommand { program: program.into(), args: args.iter().map(Into::into).collect() };
        IsolatedEngine::new(command, "replay", EngineConfig::default(), PATIENT).unwrap_err().kind()
    };
    assert_eq!(start("no/such/program", &[]), ErrorKind::SessionLost);
    assert_eq!(start("echo", &["something quite different"]), ErrorKind::SessionLost);
    assert_eq!(start("false", &[]), ErrorKind::Crashed);
}

#[test]
fn this_program_can_be_its_own_process() {
    let command = WorkerCommand::this_program(["--list"]).unwrap();
    let output = Command::new(command.program).args(command.args).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("this_program_can_be_its_own_process"));
}

#[test]
fn more_expected_words_than_fit_into_a_message_are_refused_as_an_option() {
    let fixture = fixture("");
    let mut session = replay(&fixture, PATIENT).open_session().unwrap();
    let sentences = Some("訪問した。\n".repeat(1_200_000).into());
    let bias = Some(Arc::new(Bias { sentences, ..Bias::new(Vec::new()) }));
    let options = DecodeOptions { bias, ..DecodeOptions::default() };
    let error = session.decode(&window(vec![0.0; 16_000]), &options, &Control::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Options);
    assert_eq!(decode(&mut session).unwrap().text(), "家庭訪問。");
}

/// The native engine in a process that may take so many kilobytes of addresses.
#[cfg(target_os = "linux")]
fn limited(kilobytes: u32) -> Result<IsolatedEngine, Error> {
    let program = env!("CARGO_BIN_EXE_asr-engine-worker");
    let command = WorkerCommand {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), format!("ulimit -v {kilobytes}; exec '{program}'").into()],
    };
    IsolatedEngine::new(command, "native", common::config(), PATIENT)
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_of_memory_is_an_error_and_no_crash() {
    let speech = common::speech();
    let heard = |kilobytes| {
        let mut session = limited(kilobytes)?.session()?;
        session.decode(&speech, &DecodeOptions::default(), &Control::new())
    };
    let expected = heard(4_000_000).unwrap();
    assert!(expected.text().contains("安全確認"));
    let mut refused = 0;
    for kilobytes in (100_000..=500_000).step_by(50_000) {
        match heard(kilobytes) {
            Ok(found) => assert_eq!(found, expected, "{kilobytes}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Memory, "{kilobytes}: {error}");
                assert_eq!(error.explain(Lang::Ja), "音声認識に必要なメモリが足りません");
                refused += 1;
            }
        }
    }
    assert!((2..=8).contains(&refused), "{refused}");
}
