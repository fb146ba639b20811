//! Containing panics of decoders.
//!
//! Format and codec crates promise not to crash on hostile bytes and sometimes do (index out of range, `unreachable!`).
//! A panic in there becomes an error of the file. The panic hook stays quiet meanwhile: its message would go to stderr,
//! could contain data, and tells a caseworker nothing.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::{Error, ErrorKind, Result};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Wraps the panic hook once, so that it skips threads that are inside [`guarded`]. All other panics reach the hook
/// that was there before.
fn install_hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                previous(info);
            }
        }));
    });
}

/// Runs `f`; a panic becomes [`ErrorKind::Damaged`].
///
/// The caller drops everything that `f` could have left half-changed. Works only where panics unwind, which is the
/// profile default.
pub(crate) fn guarded<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    install_hook();
    let outer = GUARDED.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(f));
    GUARDED.set(outer);
    outcome.unwrap_or_else(|_| Err(Error::new(ErrorKind::Damaged, "the decoder gave up on this file")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_damage() {
        let error = guarded::<()>(|| panic!("secret bytes")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
    }

    #[test]
    fn the_panic_message_does_not_reach_stderr() {
        const CHILD: &str = "AUDIO_GUARD_TEST_CHILD";
        if std::env::var_os(CHILD).is_some() {
            let _ = guarded::<()>(|| panic!("secret bytes"));
            eprintln!("child done");
            return;
        }
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "guard::tests::the_panic_message_does_not_reach_stderr", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("child done"), "the child ran: {stderr}");
        assert!(!stderr.contains("secret") && !stderr.contains("panicked"), "{stderr}");
    }
}
