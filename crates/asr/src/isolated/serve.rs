//! The engine's process: its end of the pipes.

use std::io::{BufReader, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use record::{EngineInfo, Window};

use super::wire::{self, Answer, Report, Request, What, WireError};
use crate::error::Cause;
use crate::{Bias, Control, DecodeOptions, Engine, Result, Session};

/// How often the program is told that a decoding advances.
const TICK: Duration = Duration::from_millis(500);
/// How long the work may take to end after the input has.
const GRACE: Duration = Duration::from_secs(1);

/// Most windows of a decoding.
const MAX_BATCH: usize = 256;

/// A request, its samples, and what stops it.
type Job = (Request, Vec<f32>, Control);
/// The decoding that was asked for last.
type Current = Arc<Mutex<Option<(u64, Control)>>>;

/// Opens an engine and decodes windows as the requests from `input` say, until it ends; see [`wire`].
///
/// Nothing else may write to what `output` writes to. When the input ends in the middle of a decoding that does not stop
/// within a second, or of the loading of a model, the whole process ends: it would serve nobody.
///
/// # Errors
/// [`ErrorKind::Crashed`](crate::ErrorKind::Crashed) or [`ErrorKind::SessionLost`](crate::ErrorKind::SessionLost) when
/// the requests cannot be understood or the answers not be written. What goes wrong with a request is its answer.
pub fn serve(input: impl Read + Send + 'static, output: impl Write + Send) -> Result<()> {
    let (jobs, inbox) = mpsc::channel();
    let current = Current::default();
    let ended = Ended::default();
    let (for_reader, has_ended) = (Arc::clone(&current), Arc::clone(&ended.0));
    thread::Builder::new()
        .name("requests".into())
        .spawn(move || {
            read_requests(input, &jobs, &for_reader);
            drop(jobs);
            thread::sleep(GRACE);
            if !has_ended.load(Ordering::Relaxed) {
                std::process::exit(1);
            }
        })
        .map_err(|source| Cause::Spawn { source })?;
    let outbox = Outbox(Mutex::new(output));
    outbox.write(&wire::greeting()).map_err(Cause::Wire)?;
    thread::scope(|scope| {
        let (stop, stopped) = mpsc::channel::<()>();
        let outbox = &outbox;
        thread::Builder::new()
            .name("progress".into())
            .spawn_scoped(scope, move || tell_progress(&current, outbox, &stopped))
            .map_err(|source| Cause::Spawn { source })?;
        let outcome = work(&inbox, outbox);
        drop(stop);
        outcome.map_err(|error| Cause::Wire(error).into())
    })
}

/// Tells on being dropped that nobody needs to end the process.
#[derive(Default)]
struct Ended(Arc<AtomicBool>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Passes requests on and cancels decodings, at once or when the input ends.
fn read_requests(
    input: impl Read,
    jobs: &Sender<std::result::Result<Job, WireError>>,
    current: &Mutex<Option<(u64, Control)>>,
) {
    let mut input = BufReader::new(input);
    let lock = || current.lock().unwrap_or_else(PoisonError::into_inner);
    let mut greeted = wire::greet(&mut input);
    loop {
        let job = match greeted.and_then(|()| wire::read::<Request>(&mut input)) {
            Ok(Some((Request::Cancel { id: of }, _))) => {
                lock().as_ref().filter(|(id, _)| *id == of).inspect(|(_, control)| control.cancel());
                greeted = Ok(());
                continue;
            }
            Ok(Some((request, samples))) => {
                let control = Control::new();
                if let Request::Decode { id } = &request {
                    *lock() = Some((*id, control.clone()));
                }
                Ok((request, samples, control))
            }
            Ok(None) => break,
            Err(error) => Err(error),
        };
        let broken = job.is_err();
        if jobs.send(job).is_err() || broken {
            break;
        }
        greeted = Ok(());
    }
    lock().as_ref().inspect(|(_, control)| control.cancel());
}

/// Frames for the program, from two threads.
struct Outbox<W>(Mutex<W>);

impl<W: Write> Outbox<W> {
    fn write(&self, bytes: &[u8]) -> std::result::Result<(), WireError> {
        let mut output = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        output.write_all(bytes)?;
        Ok(output.flush()?)
    }

    fn answer(&self, id: u64, what: What) -> std::result::Result<(), WireError> {
        self.write(&wire::frame(&Answer { id, what }, &[])?)
    }
}

/// Tells the program whenever the decoding has advanced, until `stopped`.
fn tell_progress<W: Write>(
    current: &Mutex<Option<(u64, Control)>>,
    outbox: &Outbox<W>,
    stopped: &Receiver<()>,
) {
    let mut told = (0, 0);
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(TICK) {
        let current = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((id, steps)) = current.map(|(id, control)| (id, control.progress())) else { continue };
        if steps > 0 && told != (id, steps) {
            told = (id, steps);
            if outbox.answer(id, What::Progress).is_err() {
                return;
            }
        }
    }
}

/// Does what the requests say, one after the other.
fn work<W: Write + Send>(
    inbox: &Receiver<std::result::Result<Job, WireError>>,
    outbox: &Outbox<W>,
) -> std::result::Result<(), WireError> {
    let mut session: Option<Box<dyn Session>> = None;
    let mut expected: Option<(u64, Arc<Bias>)> = None;
    let mut added: Vec<(u64, Window, DecodeOptions)> = Vec::new();
    while let Ok(job) = inbox.recv() {
        match job? {
            (Request::Open { id, engine, config }, ..) => {
                if session.is_some() {
                    return Err(WireError::Order { what: "open, a second time" });
                }
                let opened = crate::open(&engine, &config).and_then(|engine| open(&*engine));
                let what = match opened {
                    Ok((opened, info, batch)) => {
                        session = Some(opened);
                        What::Ready { info, batch }
                    }
                    Err(error) => What::Failed((&error).into()),
                };
                outbox.answer(id, what)?;
            }
            (Request::Expect { id, bias }, ..) => expected = Some((id, bias)),
            (Request::Add { id, window, options, bias }, samples, _) => {
                let known = |of| expected.as_ref().filter(|(id, _)| *id == of);
                let bias = match bias.map(known) {
                    Some(None) => return Err(WireError::Order { what: "add, before its words" }),
                    bias => bias.flatten().map(|(_, bias)| Arc::clone(bias)),
                };
                if added.len() >= MAX_BATCH {
                    return Err(WireError::Order { what: "more windows than a decoding takes" });
                }
                added.push((id, window.window(samples)?, DecodeOptions { bias, ..options }));
            }
            (Request::Decode { id }, _, control) => {
                let Some(session) = &mut session else {
                    return Err(WireError::Order { what: "decode, before open" });
                };
                // Those of a decoding that was never asked for are of no use any more.
                added.retain(|(of, ..)| *of == id);
                let requests: Vec<_> =
                    added.iter().map(|(_, window, options)| crate::Request { window, options }).collect();
                let mut told = Ok(());
                session.decode_batch(&requests, &control, &mut |place, result| {
                    let heard = result.map_err(|error| Box::new(Report::from(&error)));
                    if told.is_ok() {
                        told = outbox.answer(id, What::Heard { place, heard });
                    }
                });
                told?;
                added.clear();
                outbox.answer(id, What::Done)?;
            }
            (Request::Cancel { .. }, ..) => {}
        }
    }
    Ok(())
}

fn open(engine: &dyn Engine) -> Result<(Box<dyn Session>, EngineInfo, usize)> {
    Ok((engine.session()?, engine.info().clone(), engine.preferred_batch()))
}

#[cfg(test)]
mod tests;
