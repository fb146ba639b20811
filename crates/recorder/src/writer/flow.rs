//! The stream: open, broken and waiting, or being opened again.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use audio::Resampler;
use audio::capture::{Capture, CaptureSource, open};

/// First and longest wait before a device is opened again.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// A device whose stream still closes is left alone for so long.
const CLOSING: Duration = Duration::from_secs(3);
/// More than so many samples in the ring are a source that waits for us.
const MUCH: usize = 32_000;

pub(super) struct Flow {
    source: Arc<dyn CaptureSource>,
    state: State,
    backoff: Duration,
}

enum State {
    Open(Box<Capture>, Box<Resampler>),
    Closed { closing: Option<Receiver<()>>, since: Duration },
    Opening(Receiver<audio::Result<Capture>>),
}

impl Flow {
    pub(super) fn new(source: Arc<dyn CaptureSource>, capture: Capture) -> Self {
        let mut flow = Self {
            source,
            state: State::Closed { closing: None, since: Duration::ZERO },
            backoff: BACKOFF.0,
        };
        flow.open(capture);
        flow
    }

    fn open(&mut self, capture: Capture) -> bool {
        match Resampler::new(capture.reader.rate()) {
            Ok(resampler) => {
                self.state = State::Open(Box::new(capture), Box::new(resampler));
                true
            }
            Err(error) => {
                tracing::warn!(%error, "the device has another sample rate now");
                false
            }
        }
    }

    /// Opens the device again when it is time. Whether it has just been opened.
    pub(super) fn advance(&mut self, now: Duration) -> bool {
        match &mut self.state {
            State::Open(..) => false,
            State::Closed { closing, since } => {
                let waited = now.saturating_sub(*since);
                let closed = closing.as_ref().is_none_or(|c| c.try_recv() != Err(TryRecvError::Empty));
                if waited >= self.backoff && (closed || waited >= CLOSING) {
                    match open(&self.source) {
                        Ok(opening) => self.state = State::Opening(opening),
                        Err(_) => self.wait_longer(now),
                    }
                }
                false
            }
            // A device that hangs while it is opened has one thread, however long that takes.
            State::Opening(opening) => {
                let opened = match opening.try_recv() {
                    Err(TryRecvError::Empty) => return false,
                    Ok(Ok(capture)) => self.open(capture),
                    _ => false,
                };
                if !opened {
                    self.wait_longer(now);
                }
                opened
            }
        }
    }

    fn wait_longer(&mut self, now: Duration) {
        self.backoff = (self.backoff * 2).min(BACKOFF.1);
        self.state = State::Closed { closing: None, since: now };
    }

    /// Closes a stream that is of no use.
    pub(super) fn break_down(&mut self, now: Duration) {
        let closing = self.close();
        self.state = State::Closed { closing, since: now };
    }

    /// Closes the stream; the receiver hears when that is done.
    pub(super) fn close(&mut self) -> Option<Receiver<()>> {
        let closed = State::Closed { closing: None, since: Duration::ZERO };
        match std::mem::replace(&mut self.state, closed) {
            State::Open(capture, _) => Some(capture.close().1),
            _ => None,
        }
    }

    /// Sound came: the next break begins with a short wait again.
    pub(super) fn is_well(&mut self) {
        self.backoff = BACKOFF.0;
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open(..))
    }

    /// Whether the source has more than a device could have.
    pub(super) fn is_waiting_for_us(&self) -> bool {
        matches!(&self.state, State::Open(capture, _) if capture.reader.available() > MUCH)
    }

    pub(super) fn capture(&self) -> Option<&Capture> {
        match &self.state {
            State::Open(capture, _) => Some(capture),
            _ => None,
        }
    }

    pub(super) fn open_parts(&mut self) -> Option<(&mut Capture, &mut Resampler)> {
        match &mut self.state {
            State::Open(capture, resampler) => Some((capture, resampler)),
            _ => None,
        }
    }
}
