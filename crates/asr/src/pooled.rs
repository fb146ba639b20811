//! Sessions that are used again.

use std::sync::{Arc, Mutex, PoisonError};

use record::{EngineInfo, Window};

use crate::engine::alone;
use crate::error::Cause;
use crate::{Control, DecodeOptions, Engine, ErrorKind, Hypothesis, Request, Result, Session};

type Idle = Arc<Mutex<Vec<Box<dyn Session>>>>;

/// An engine whose sessions are kept for the next one who wants one: a job after another does not load the model again.
///
/// A session keeps nothing of the windows that it has decoded, so it does not matter whose they were.
pub struct PooledEngine {
    inner: Arc<dyn Engine>,
    idle: Idle,
}

impl PooledEngine {
    /// The sessions of this engine.
    #[must_use]
    pub fn new(inner: Arc<dyn Engine>) -> Self {
        Self { inner, idle: Arc::default() }
    }
}

impl Engine for PooledEngine {
    fn info(&self) -> &EngineInfo {
        self.inner.info()
    }

    fn session(&self) -> Result<Box<dyn Session>> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let session = match kept {
            Some(session) => session,
            None => self.inner.session()?,
        };
        Ok(Box::new(PooledSession { session: Some(session), idle: Arc::clone(&self.idle) }))
    }

    fn preferred_batch(&self) -> usize {
        self.inner.preferred_batch()
    }
}

/// Goes back to the others when it is dropped, unless it was lost.
struct PooledSession {
    session: Option<Box<dyn Session>>,
    idle: Idle,
}

impl Session for PooledSession {
    fn decode(&mut self, window: &Window, options: &DecodeOptions, control: &Control) -> Result<Hypothesis> {
        alone(|deliver| self.decode_batch(&[Request { window, options }], control, deliver))
    }

    fn decode_batch(
        &mut self,
        requests: &[Request<'_>],
        control: &Control,
        deliver: &mut (dyn FnMut(usize, Result<Hypothesis>) + Send),
    ) {
        let Some(session) = &mut self.session else {
            (0..requests.len()).for_each(|place| deliver(place, Err(Cause::WorkerGone.into())));
            return;
        };
        let mut is_lost = false;
        session.decode_batch(requests, control, &mut |place, result| {
            is_lost |= result.as_ref().is_err_and(|error| error.kind() == ErrorKind::SessionLost);
            deliver(place, result);
        });
        if is_lost {
            self.session = None;
        }
    }
}

impl Drop for PooledSession {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use record::TimeMap;

    use super::*;

    #[derive(Default)]
    struct Counted {
        info: EngineInfo,
        opened: AtomicUsize,
    }

    /// Is lost at its second window.
    struct Short(usize);

    impl Engine for Counted {
        fn info(&self) -> &EngineInfo {
            &self.info
        }

        fn session(&self) -> Result<Box<dyn Session>> {
            self.opened.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(Short(0)))
        }
    }

    impl Session for Short {
        fn decode(&mut self, _: &Window, _: &DecodeOptions, _: &Control) -> Result<Hypothesis> {
            self.0 += 1;
            if self.0 < 2 { Ok(Hypothesis::default()) } else { Err(Cause::WorkerGone.into()) }
        }
    }

    #[test]
    fn a_session_is_used_again_until_it_is_lost() {
        let engine = Arc::new(Counted::default());
        let pool = PooledEngine::new(engine.clone());
        let window = Window { index: 0, file: 0, samples: vec![0.0; 160], map: TimeMap::contiguous(0, 160) };
        let (options, control) = (DecodeOptions::default(), Control::new());
        let decode = || pool.session().unwrap().decode(&window, &options, &control);
        assert!(decode().is_ok());
        assert!(decode().is_err(), "the same session");
        assert_eq!(engine.opened.load(Ordering::Relaxed), 1);
        assert!(decode().is_ok(), "another, since the first was lost");
        assert_eq!(engine.opened.load(Ordering::Relaxed), 2);
        let (first, second) = (pool.session().unwrap(), pool.session().unwrap());
        assert_eq!(engine.opened.load(Ordering::Relaxed), 3, "two at the same time are two");
        drop((first, second));
    }
}
