//! Time that neither jumps nor stands still.

use std::time::Duration;

/// Time since some moment, which goes on while the machine sleeps where the system offers such a clock.
pub(crate) fn now() -> Duration {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
    }
    #[cfg(not(target_os = "linux"))]
    {
        static START: std::sync::LazyLock<std::time::Instant> =
            std::sync::LazyLock::new(std::time::Instant::now);
        START.elapsed()
    }
}

/// Something that changes when the machine starts anew; empty where the system does not tell.
pub(crate) fn boot_id() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// The moment with its offset, to the second.
pub(crate) fn wall() -> jiff::ZonedDateTime {
    jiff::ZonedDateTime::now()
}
