//! A dictation from the first sample to the last word: the recorder, the engine, the form and the speaker's wishes.
//!
//! ```text
//! Recorder ─ Heard ─▶ pass_on ─▶ transcribe_live ─ News ─▶ the loop ─▶ screen
//!    ▲                            (a thread)       ▲          │
//!    └──────────── wishes: keys, spoken ───────────┼──────────┤
//!                                 mapper (a thread)┴─◀────────┘ text so far
//! ```

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use asr::{Control, Engine};
use pipeline::{LiveEvent, LiveTranscription, MapOptions, TranscribeOptions, transcribe_live};
use record::template::Template;
use record::{SAMPLE_RATE, Segment, Source, SourceFile, Transcript, samples_to_ms};
use recorder::{Heard, Keep, MarkKind, Phase, Recorder, Recording, SoundFormat};

use super::keys::Keys;
use super::listener::pass_on;
use super::plain::Plain;
use super::screen::Screen;
use super::spoken::{Stretch, Wish, command, content};
use super::view::{Form, View};
use crate::args::{Global, ProgressArg};
use crate::failure::Failure;

/// How often the screen is drawn.
const FRAME: Duration = Duration::from_millis(80);
/// Blocks between the recorder's queue and the engine: the queue waits, not these.
const BLOCKS: usize = 64;

/// What a dictation needs.
pub(super) struct Session<'s> {
    pub(super) engine: &'s dyn Engine,
    pub(super) options: &'s TranscribeOptions,
    /// The forms that fill up, at least one.
    pub(super) templates: &'s [Template],
    pub(super) map: &'s MapOptions<'s>,
    pub(super) device: String,
    pub(super) keep: Keep,
    pub(super) format: SoundFormat,
    pub(super) global: &'s Global,
    pub(super) control: &'s Control,
}

/// How it ended.
pub(super) struct End {
    /// The recording, or why it could not be saved.
    pub(super) recording: Result<Recording, recorder::Error>,
    /// The speaker wants no record.
    pub(super) quit: bool,
    /// What was said then was not meant for the record: pauses, from the word that begins one, and what follows the word that
    /// ends the dictation.
    pub(super) pauses: Vec<Stretch>,
}

/// What was understood.
pub(super) struct Spoken {
    pub(super) transcript: Transcript,
    /// The engine heard all of the recording.
    pub(super) is_whole: bool,
}

/// What the threads tell the loop.
enum News {
    Partial { words: String, stable: usize },
    Final(Vec<Segment>),
    Forms(Vec<Form>),
    EngineDone { failed: bool },
}

/// Where the speaker looks.
enum Shown {
    Screen(Screen),
    Plain(Plain),
    Nothing,
}

impl Session<'_> {
    /// Runs until the recording is saved and the engine has heard it all or was told to stop.
    pub(super) fn run(
        &self,
        recorder: Recorder,
        heard: Receiver<Heard>,
    ) -> Result<(End, Result<Spoken, pipeline::Error>), Failure> {
        let (shown, keys) = self.shown();
        let (news, told) = channel();
        let (texts, to_map) = channel();
        let (blocks, to_engine) = sync_channel(BLOCKS);
        // Its own: the engine is stopped when the recording is safe, and a failed engine stops nothing else.
        let engine_control = Control::new();
        let given = AtomicU64::new(0);
        let (end, live) = thread::scope(|threads| {
            let given = &given;
            let passing = threads.spawn(move || pass_on(&heard, &blocks, given));
            let engine = threads.spawn({
                let (news, control) = (news.clone(), engine_control.clone());
                move || self.listen(&to_engine, &control, &news)
            });
            let mapper = threads.spawn(move || self.fill(&to_map, &news));
            let mut running = Running {
                session: self,
                recorder: Some(recorder),
                end: None,
                quit: false,
                view: None,
                shown,
                keys,
                engine_control,
                engine_done: false,
                texts: Some(texts),
                heard: Vec::new(),
                pauses: Vec::new(),
                given,
                missed: false,
            };
            running.run(&told, &|| engine.is_finished());
            let (end, missed) = running.ended();
            // A thread that panicked, and has reported that, costs neither the recording nor its words.
            let live = engine.join();
            let _ = (passing.join(), mapper.join());
            (end.map(|end| (end, missed)), live)
        });
        let (end, missed) =
            end.ok_or_else(|| Failure::internal(anyhow::anyhow!("the dictation has no end")))?;
        let spoken = match live {
            Ok(live) => live.map(|live| Spoken { transcript: live.transcript, is_whole: !missed }),
            Err(_) => Ok(Spoken { transcript: Transcript::default(), is_whole: false }),
        };
        Ok((end, spoken))
    }

    fn shown(&self) -> (Shown, Keys) {
        let terminal = std::io::stderr().is_terminal() && std::io::stdin().is_terminal();
        match self.global.progress {
            ProgressArg::Auto if terminal && !self.global.quiet => match Screen::open() {
                Ok(screen) => (Shown::Screen(screen), Keys::Terminal),
                Err(_) => (Shown::Plain(Plain::new(false)), Keys::lines()),
            },
            ProgressArg::Json => (Shown::Plain(Plain::new(true)), Keys::lines()),
            ProgressArg::None => (Shown::Nothing, Keys::lines()),
            _ if self.global.quiet => (Shown::Nothing, Keys::lines()),
            _ => (Shown::Plain(Plain::new(false)), Keys::lines()),
        }
    }

    /// The engine's thread.
    fn listen(
        &self,
        blocks: &Receiver<Vec<f32>>,
        control: &Control,
        news: &Sender<News>,
    ) -> Result<LiveTranscription, pipeline::Error> {
        let tell = |item| {
            // The loop may be gone.
            let _ = news.send(item);
        };
        let done = transcribe_live(blocks, self.engine, self.options, control, &mut |event| match event {
            LiveEvent::Partial { segments, stable } => {
                let words = segments.iter().filter(|s| s.is_mapped()).map(|s| s.text.as_str()).collect();
                tell(News::Partial { words, stable });
            }
            LiveEvent::Final { segments, .. } => tell(News::Final(segments.to_vec())),
            _ => {}
        });
        tell(News::EngineDone { failed: done.is_err() });
        done
    }

    /// The mapper's thread: fills the form from the newest text, skipping what became old meanwhile.
    fn fill(&self, texts: &Receiver<Vec<Segment>>, news: &Sender<News>) {
        while let Ok(text) = texts.recv() {
            let segments = texts.try_iter().last().unwrap_or(text);
            let end_ms = segments.last().map_or(0, |s| s.end_ms);
            let file =
                SourceFile { name: String::new(), sha256: String::new(), duration_ms: end_ms, partial: true };
            let source = Source { files: vec![file], engine: None };
            let transcript = Transcript { segments, edits: Vec::new() };
            let so_far = |template: &Template| {
                let record = pipeline::map(transcript.clone(), source.clone(), template, self.map)?;
                Ok::<_, pipeline::Error>(Form::of(&template.title, &record))
            };
            match self.templates.iter().map(so_far).collect() {
                Ok(forms) => {
                    let _ = news.send(News::Forms(forms));
                }
                // The records at the end will say so.
                Err(error) => tracing::warn!(%error, "the forms could not be filled so far"),
            }
        }
    }
}

/// The loop's state.
struct Running<'r> {
    session: &'r Session<'r>,
    recorder: Option<Recorder>,
    end: Option<Result<Recording, recorder::Error>>,
    quit: bool,
    view: Option<View>,
    shown: Shown,
    keys: Keys,
    engine_control: Control,
    engine_done: bool,
    texts: Option<Sender<Vec<Segment>>>,
    /// Final segments of what was said outside pauses.
    heard: Vec<Segment>,
    /// Pauses so far; the last one may be open.
    pauses: Vec<Stretch>,
    given: &'r AtomicU64,
    missed: bool,
}

impl Running<'_> {
    fn run(&mut self, told: &Receiver<News>, engine_has_ended: &dyn Fn() -> bool) {
        // The form is shown before anything is said.
        self.fill_form();
        while self.end.is_none() || !self.engine_done {
            if self.session.control.is_cancelled() && !self.quit {
                self.obey(Wish::Quit, None);
            }
            for wish in self.keys.typed() {
                self.obey(wish, None);
            }
            self.look();
            let deadline = Instant::now() + FRAME;
            loop {
                match told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                    Ok(news) => self.on(news),
                    Err(RecvTimeoutError::Timeout) => break,
                    // All threads are gone; the recorder's end is still waited for.
                    Err(RecvTimeoutError::Disconnected) => {
                        thread::sleep(FRAME);
                        break;
                    }
                }
            }
            // Also where it could not tell.
            if !self.engine_done && engine_has_ended() {
                for news in told.try_iter() {
                    self.on(news);
                }
                self.engine_done = true;
            }
        }
    }

    fn ended(self) -> (Option<End>, bool) {
        let (quit, pauses) = (self.quit, self.pauses);
        (self.end.map(|recording| End { recording, quit, pauses }), self.missed)
    }

    /// Looks at the recorder and shows everything.
    fn look(&mut self) {
        if let Some(recorder) = self.recorder.take_if(|recorder| recorder.is_finished()) {
            self.missed |= recorder.status().listener_missed;
            let outcome = recorder.wait();
            if outcome.is_err() {
                // There is nothing to make a record of.
                self.engine_control.cancel();
            }
            self.end = Some(outcome);
        }
        let status = match (&self.recorder, &self.view) {
            (Some(recorder), _) => recorder.status(),
            (None, Some(view)) => view.status.clone(),
            (None, None) => return,
        };
        let session = self.session;
        let view = self.view.get_or_insert_with(|| View {
            lang: session.global.lang(),
            forms: session.templates.iter().map(|template| Form::new(&template.title)).collect(),
            first: 0,
            device: session.device.clone(),
            keep: session.keep,
            format: session.format,
            status: status.clone(),
            saved: false,
            lines: Vec::new(),
            stable: String::new(),
            tentative: String::new(),
            behind_ms: 0,
            engine_failed: false,
        });
        view.status = status;
        if let Some(end) = &self.end {
            view.status.phase = Phase::Finishing;
            view.saved = end.is_ok();
        }
        let given_ms = samples_to_ms(self.given.load(Ordering::Relaxed));
        view.behind_ms = view.status.elapsed_ms.saturating_sub(given_ms);
        match &mut self.shown {
            Shown::Screen(screen) => screen.show(view),
            Shown::Plain(plain) => plain.show(view),
            Shown::Nothing => {}
        }
    }

    fn on(&mut self, news: News) {
        match news {
            News::Partial { words, stable } if !self.is_paused() => {
                if let Some(view) = &mut self.view {
                    view.stable = words.chars().take(stable).collect();
                    view.tentative = words.chars().skip(stable).collect();
                }
            }
            News::Partial { .. } => {}
            News::Final(segments) => self.understand(&segments),
            News::Forms(forms) => {
                if let Some(view) = &mut self.view {
                    view.forms = forms;
                }
            }
            News::EngineDone { failed } => {
                self.engine_done = true;
                if let Some(view) = &mut self.view {
                    view.engine_failed = failed;
                }
            }
        }
    }

    /// Takes final segments: commands are obeyed, the rest is shown and fills the form.
    fn understand(&mut self, segments: &[Segment]) {
        for segment in segments.iter().filter(|s| s.is_mapped()) {
            if let Some(wish) = command(segment) {
                self.obey(wish, Some(segment));
            }
        }
        let new = content(segments, &self.pauses);
        if let Some(view) = &mut self.view {
            (view.stable, view.tentative) = (String::new(), String::new());
            let words: String = new.iter().filter(|s| s.is_mapped()).map(|s| s.text.as_str()).collect();
            if !words.is_empty() {
                view.lines.push(words);
            }
        }
        if !new.is_empty() {
            self.heard.extend(new);
            self.fill_form();
        }
    }

    fn fill_form(&self) {
        if let Some(texts) = &self.texts {
            let _ = texts.send(self.heard.clone());
        }
    }

    fn is_paused(&self) -> bool {
        self.pauses.last().is_some_and(|pause| pause.end == u64::MAX)
    }

    /// Does what the speaker wants; `said` is the segment with the words, where it was spoken. An engine that is behind hears a
    /// word when the recorder has gone on, or has ended: then the word still says which words are meant.
    fn obey(&mut self, wish: Wish, said: Option<&Segment>) {
        let now_ms = match (&self.recorder, &self.view) {
            (Some(recorder), _) => recorder.status().elapsed_ms,
            (None, view) => view.as_ref().map_or(0, |view| view.status.elapsed_ms),
        };
        let at_ms = said.map(|segment| segment.start_ms);
        let is_paused = self.is_paused();
        match wish {
            Wish::Toggle => self.obey(if is_paused { Wish::Resume } else { Wish::Pause }, said),
            Wish::Pause if !is_paused => {
                self.tell(Recorder::pause);
                self.pauses.push(at_ms.unwrap_or(now_ms)..u64::MAX);
            }
            Wish::Resume if is_paused => {
                let from_ms = said.map(|segment| segment.end_ms);
                self.tell(|recorder| recorder.resume(from_ms));
                let second = samples_to_ms(SAMPLE_RATE.into());
                if let Some(pause) = self.pauses.last_mut() {
                    pause.end = from_ms.unwrap_or(now_ms.saturating_sub(second)).max(pause.start);
                }
            }
            Wish::Mark if !is_paused => self.tell(|recorder| recorder.mark(MarkKind::Mark, at_ms)),
            Wish::Correct if !is_paused => self.tell(|recorder| recorder.mark(MarkKind::Correction, at_ms)),
            Wish::Finish => {
                self.tell(Recorder::stop);
                self.pauses.extend(at_ms.map(|at_ms| at_ms..u64::MAX));
            }
            Wish::NextForm => {
                if let Some(view) = &mut self.view {
                    view.first = (view.first + 1) % view.forms.len();
                }
            }
            Wish::Quit => {
                self.quit = true;
                self.tell(Recorder::stop);
                self.engine_control.cancel();
            }
            _ => {}
        }
    }

    fn tell(&self, command: impl FnOnce(&Recorder)) {
        if let Some(recorder) = &self.recorder {
            command(recorder);
        }
    }
}
