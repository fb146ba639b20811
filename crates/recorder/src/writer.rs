//! The thread that keeps the sound: reads the ring, resamples, appends, syncs, and notices what is missing.

mod flow;
mod keep;

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use audio::Resampler;
use audio::capture::{Capture, CaptureSource, Trouble};
use record::{SAMPLE_RATE, samples_to_ms};

use crate::finish::{Recording, Step};
use crate::notes::{Gap, GapCause, Mark, Note};
use crate::recorder::{Command, Heard};
use crate::spool::Spool;
use crate::status::{ALL_ZERO, Alarm, FRESH, Level, NO_SAMPLES, Phase, Status};
use crate::{Result, clock};
use flow::Flow;
use keep::Kept;

/// How often the ring is emptied.
const POLL: Duration = Duration::from_millis(40);
/// How often the sound is brought to the disk.
const SYNC: Duration = Duration::from_secs(1);
/// What is kept after the word to stop.
const POST_ROLL: Duration = Duration::from_millis(500);
/// What is kept from before the word to go on, in samples.
const PRE_ROLL: u64 = SAMPLE_RATE as u64;
/// After a hole sound comes in lots: it is measured when so much time has passed.
const SETTLE: Duration = Duration::from_millis(200);
/// Sound that is late by less than this was not missing.
const LATE: Duration = Duration::from_millis(500);
/// Shorter holes are those of every scheduler, in samples: 50 ms.
const SHORTEST_GAP: u64 = SAMPLE_RATE as u64 / 20;
/// A stream that gives nothing for so long is opened again.
const DEAD: Duration = Duration::from_secs(5);
/// A stream that loses samples more often than this within a second is opened again.
const STORM: u32 = 20;
/// How long a driver may take to close its stream when the recording is over.
const CLOSE: Duration = Duration::from_secs(3);

pub(crate) struct Writer {
    flow: Flow,
    kept: Kept,
    status: Arc<Mutex<Status>>,
    /// Sound is missing in front of what comes next, and why.
    hole: Option<GapCause>,
    /// The ring is left alone until then.
    settle_until: Option<Duration>,
    last_data: Duration,
    opened: Duration,
    last_sync: Duration,
    /// Overruns within the second that began then.
    overruns: (Duration, u32),
    stop_at: Option<Duration>,
    raw: Vec<f32>,
    sound: Vec<f32>,
}

impl Writer {
    pub(crate) fn new(
        source: Arc<dyn CaptureSource>,
        capture: Capture,
        spool: Spool,
        listener: Option<SyncSender<Heard>>,
        status: Arc<Mutex<Status>>,
    ) -> Self {
        let now = clock::now();
        Self {
            flow: Flow::new(source, capture),
            kept: Kept::new(spool, listener, now),
            status,
            hole: None,
            settle_until: None,
            last_data: now,
            opened: now,
            last_sync: now,
            overruns: (now, 0),
            stop_at: None,
            raw: Vec::new(),
            sound: Vec::new(),
        }
    }

    /// Keeps sound until the word to stop or the end of the source, and saves the recording.
    pub(crate) fn run(
        mut self,
        told: &Receiver<Command>,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Recording> {
        let kept = self.keep(told);
        let closing = self.flow.close();
        // What was kept before an error is in the spool.
        kept?;
        self.publish(clock::now(), Some(Phase::Finishing));
        let recording = self.kept.spool.end().finish(false, on_step)?;
        if closing.is_some_and(|closed| closed.recv_timeout(CLOSE) == Err(RecvTimeoutError::Timeout)) {
            tracing::warn!("the driver does not close its stream");
        }
        Ok(recording)
    }

    fn keep(&mut self, told: &Receiver<Command>) -> Result<()> {
        let mut ended = false;
        while !ended {
            let now = clock::now();
            ended = self.look(now)?;
            ended |=
                self.stop_at.is_some_and(|at| now >= at || self.kept.is_paused() || !self.flow.is_open());
            if now.saturating_sub(self.last_sync) >= SYNC {
                self.last_sync = now;
                self.kept.spool.sync()?;
            }
            self.publish(now, None);
            match told.recv_timeout(if self.flow.is_waiting_for_us() { Duration::ZERO } else { POLL }) {
                Ok(command) => self.obey(&command)?,
                Err(RecvTimeoutError::Timeout) => {}
                // Whoever began the recording is gone: what there is, is saved.
                Err(RecvTimeoutError::Disconnected) => self.stop(),
            }
        }
        // Where a hole was still being measured, what came after it is in the ring.
        self.take(clock::now())?;
        self.flush()?;
        self.kept.end(self.missing_at_end())?;
        self.kept.spool.sync()
    }

    fn obey(&mut self, command: &Command) -> Result<()> {
        match command {
            Command::Pause => self.kept.pause(),
            Command::Resume(from_ms) => self.kept.resume(*from_ms)?,
            Command::Mark(kind, at_ms) => {
                let at_ms = at_ms.unwrap_or(samples_to_ms(self.kept.position));
                self.kept.spool.note(Note::Mark(Mark { at_ms, kind: *kind }))?;
                self.kept.marks += 1;
            }
            Command::Stop => self.stop(),
        }
        Ok(())
    }

    fn stop(&mut self) {
        self.stop_at.get_or_insert(clock::now() + POST_ROLL);
    }

    /// Takes what is there, and notices what is not. Whether the source is at its end.
    fn look(&mut self, now: Duration) -> Result<bool> {
        if self.flow.advance(now) {
            self.opened = now;
        }
        let Some(capture) = self.flow.capture() else { return Ok(false) };
        let (trouble, overruns) = (capture.reader.trouble(), capture.reader.take_overruns());
        let (there, ended) = (capture.reader.available(), capture.reader.is_ended());
        if overruns > 0 && self.note_overruns(now, overruns) {
            self.break_down(now, GapCause::Broken)?;
            return Ok(false);
        }
        if there > 0 && now.saturating_sub(self.last_data) > LATE && self.kept.has_begun() {
            self.hole.get_or_insert(GapCause::Stall);
        }
        if there > 0 && self.hole.is_some() && self.settle_until.is_none() {
            self.settle_until = Some(now + SETTLE);
        }
        // What came after a switch is not this microphone's.
        if trouble != Some(Trouble::Switched)
            && (trouble.is_some() || self.settle_until.is_none_or(|until| now >= until))
        {
            self.take(now)?;
        }
        match trouble {
            Some(Trouble::Lost) => self.break_down(now, GapCause::Lost)?,
            Some(Trouble::Switched) => self.break_down(now, GapCause::Switched)?,
            Some(_) => self.break_down(now, GapCause::Broken)?,
            None if !ended && now.saturating_sub(self.last_data.max(self.opened)) > DEAD => {
                self.break_down(now, GapCause::Stall)?;
            }
            None => {}
        }
        Ok(ended)
    }

    /// Empties the ring; not more of it than it can hold, so that a source without end does not keep us.
    fn take(&mut self, now: Duration) -> Result<()> {
        self.settle_until = None;
        let Some((capture, resampler)) = self.flow.open_parts() else { return Ok(()) };
        let there = capture.reader.available();
        if there == 0 {
            return Ok(());
        }
        let rate = u64::from(capture.reader.rate());
        if let Some(cause) = self.hole.take() {
            let behind = self.kept.position + there as u64 * u64::from(SAMPLE_RATE) / rate;
            let missing = self.kept.timeline.missing(now, behind);
            if missing >= SHORTEST_GAP {
                self.sound.clear();
                finish(resampler, &mut self.sound);
                self.kept.sound(&self.sound, now)?;
                self.kept.gap(cause, missing)?;
            }
        }
        let mut taken = 0;
        while taken < there {
            self.raw.clear();
            let lost = capture.reader.read(&mut self.raw);
            taken += self.raw.len().max(1);
            self.sound.clear();
            push(resampler, &self.raw, &mut self.sound);
            if lost > 0 {
                finish(resampler, &mut self.sound);
            }
            self.kept.sound(&self.sound, now)?;
            if lost > 0 {
                self.kept.gap(GapCause::Overrun, lost * u64::from(SAMPLE_RATE) / rate)?;
            }
        }
        self.flow.is_well();
        self.last_data = now;
        self.kept.timeline.note(now, self.kept.position);
        Ok(())
    }

    /// The system lost samples. Whether it does so all the time.
    fn note_overruns(&mut self, now: Duration, overruns: u32) -> bool {
        if now.saturating_sub(self.overruns.0) > Duration::from_secs(1) {
            self.overruns = (now, 0);
        }
        self.overruns.1 += overruns;
        self.hole.get_or_insert(GapCause::Overrun);
        self.overruns.1 > STORM
    }

    /// Closes a stream that is of no more use. The same device is opened again later.
    fn break_down(&mut self, now: Duration, cause: GapCause) -> Result<()> {
        self.flush()?;
        self.hole = Some(cause);
        self.settle_until = None;
        self.flow.break_down(now);
        Ok(())
    }

    /// Keeps what is still inside the resampler.
    fn flush(&mut self) -> Result<()> {
        let Some((_, resampler)) = self.flow.open_parts() else { return Ok(()) };
        self.sound.clear();
        finish(resampler, &mut self.sound);
        self.kept.sound(&self.sound, clock::now())
    }

    /// Why and for how many samples there was no sound before the end.
    fn missing_at_end(&self) -> Option<(GapCause, u64)> {
        let missing = self.kept.timeline.missing(clock::now(), self.kept.position);
        let quiet = clock::now().saturating_sub(self.last_data) > LATE;
        let cause = self.hole.or(quiet.then_some(GapCause::Stall))?;
        (missing >= SHORTEST_GAP).then_some((cause, missing))
    }

    fn publish(&self, now: Duration, phase: Option<Phase>) {
        let quiet_for = now.saturating_sub(self.last_data);
        let alarm = match self.hole {
            _ if phase.is_some() => None,
            Some(GapCause::Lost) => Some(Alarm::Lost),
            Some(GapCause::Switched) => Some(Alarm::Switched),
            Some(GapCause::Broken) => Some(Alarm::Broken),
            _ if quiet_for >= NO_SAMPLES => Some(Alarm::NoSamples),
            _ if now.saturating_sub(self.kept.last_sound) >= ALL_ZERO => Some(Alarm::AllZero),
            _ => None,
        };
        let live = quiet_for < FRESH && self.flow.is_open();
        let phase = phase.unwrap_or(match self.stop_at {
            Some(_) => Phase::Finishing,
            None if !self.kept.has_begun() && alarm.is_none() => Phase::Opening,
            None if !live => Phase::Waiting,
            None if self.kept.is_paused() => Phase::Paused,
            None => Phase::Recording,
        });
        let level = if live { self.kept.level(now) } else { Level::default() };
        let status = Status {
            phase,
            alarm,
            elapsed_ms: samples_to_ms(self.kept.position),
            saved_ms: samples_to_ms(self.kept.spool.synced()),
            level,
            gaps: self.kept.gaps,
            marks: self.kept.marks,
            listener_missed: self.kept.listener_missed,
        };
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }
}

/// Resampling fails on a mistake of ours alone; the recording goes on without these samples, whose time the clock keeps.
fn push(resampler: &mut Resampler, raw: &[f32], out: &mut Vec<f32>) {
    if let Err(error) = resampler.push(raw, out) {
        tracing::error!(%error, "samples could not be resampled");
    }
}

fn finish(resampler: &mut Resampler, out: &mut Vec<f32>) {
    if let Err(error) = resampler.finish(out) {
        tracing::error!(%error, "samples could not be resampled");
    }
}

/// A gap in a recording's notes.
fn gap(at: u64, length: u64, cause: GapCause) -> Note {
    Note::Gap(Gap { at_ms: samples_to_ms(at), length_ms: samples_to_ms(length), cause })
}
