//! The `kikitori` program: arguments in, exit code out. What it does lives in the crates.

mod args;
mod bias;
mod commands;
mod eval;
mod failure;
mod forms;
mod gpu;
mod jobs;
mod lexicon;
mod output;
mod places;
mod progress;
mod sheets;
mod stats;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use asr::Control;
use clap::Parser;
use tokio::task::{JoinError, JoinHandle};

use args::{Args, Command};
use failure::{Failure, INTERRUPTED};

/// After the first Ctrl-C the work has this long to end by itself.
const GRACE: Duration = Duration::from_millis(800);
/// A dictation has longer: its sound is saved first.
const SAVING: Duration = Duration::from_mins(1);
/// Jobs are given back to their queue within this time.
const GRACE_OF_JOBS: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    let args = Args::parse();
    let lang = args.global.lang();
    init_logging(args.global.verbose);
    report_panics_by_place();
    let outcome = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(run(args));
            // Threads that still hold the engine are not waited for.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::internal(error.into())),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(lang);
            ExitCode::from(failure.code())
        }
    }
}

/// Runs the command on a thread of its own and turns Ctrl-C into a cancellation.
async fn run(args: Args) -> Result<(), Failure> {
    let control = Control::new();
    let on_worker = control.clone();
    let is_engine_worker = matches!(args.command, Command::EngineWorker);
    let grace = match args.command {
        Command::Dictate(_) => SAVING,
        Command::Batch(_) | Command::Worker(_) => GRACE_OF_JOBS,
        _ => GRACE,
    };
    let mut work = tokio::task::spawn_blocking(move || dispatch(&args, &on_worker));
    if is_engine_worker {
        return unstoppable(work).await;
    }
    tokio::select! {
        done = &mut work => return finished(done),
        _ = stop_signal() => control.cancel(),
    }
    tokio::select! {
        done = &mut work => finished(done),
        () = tokio::time::sleep(grace) => Err(Failure::interrupted()),
        _ = stop_signal() => std::process::exit(i32::from(INTERRUPTED)),
    }
}

/// Awaits an engine's process, deaf to signals: they reach the program that it works for as well, which ends it.
async fn unstoppable(mut work: JoinHandle<Result<(), Failure>>) -> Result<(), Failure> {
    loop {
        tokio::select! {
            done = &mut work => return finished(done),
            Ok(()) = stop_signal() => {}
        }
    }
}

/// Ctrl-C, or on Unix also SIGTERM.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupt = tokio::signal::ctrl_c() => interrupt,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

fn finished(done: Result<Result<(), Failure>, JoinError>) -> Result<(), Failure> {
    match done {
        Ok(outcome) => outcome,
        // The panic's own message may hold words of a transcript; its place has been reported.
        Err(_) => Err(Failure::internal(anyhow::anyhow!("the program stopped at a mistake of its own"))),
    }
}

/// Reports the place of a panic and not its message, which may hold words of a transcript.
fn report_panics_by_place() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        progress::line(&format!("panic at {place}"));
    }));
}

fn dispatch(args: &Args, control: &Control) -> Result<(), Failure> {
    let global = &args.global;
    match &args.command {
        Command::Transcribe(a) => commands::transcribe::run(a, global, control),
        Command::Record(a) => commands::record::run(a, global, control),
        Command::Dictate(a) => commands::dictate::run(a, global, control),
        Command::Recover(a) => commands::recover::run(a, global),
        Command::Map(a) => commands::map::run(a, global),
        Command::Batch(a) => commands::batch::run(a, global, control),
        Command::Worker(a) => commands::worker::run(a, global, control),
        Command::Jobs(a) => commands::jobs::run(a, global),
        Command::Templates(a) => commands::templates::run(a, global),
        Command::Lexicon(a) => commands::lexicon::run(a, global, control),
        Command::Models(a) => commands::models::run(a, global, control),
        Command::Eval(a) => commands::eval::run(a, global, control),
        Command::Devices(a) => commands::devices::run(a, global),
        Command::Doctor(a) => commands::doctor::run(a, global),
        Command::Bench(a) => commands::bench::run(a, global, control),
        Command::Completions(a) => commands::generate::completions(a),
        Command::Man(a) => commands::generate::man(a),
        Command::EngineWorker => commands::engine_worker::run(),
    }
}

/// Diagnostics to standard error, only when asked for (`-v`, `KIKITORI_LOG=trace`); never transcript text.
fn init_logging(verbose: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("KIKITORI_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(if verbose { "debug" } else { "off" }));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}
