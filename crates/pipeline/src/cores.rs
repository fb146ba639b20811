//! How many cores a job may count on.

use std::fs;
use std::thread::{available_parallelism, sleep};
use std::time::Duration;

/// How often it is asked who is running, and how far apart: what runs for a moment only does not count.
const SAMPLES: usize = 5;
const BETWEEN: Duration = Duration::from_millis(10);

/// Cores of this process, at least 1.
pub(crate) fn all() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Cores of this process that nobody else needs at the moment, at least 1. Takes 50 ms.
///
/// The threads of one session wait for each other at every step of a decoding, and do so at full speed: with one of them
/// on a core that another program uses, the session takes longer than with one thread (docs/benchmarks.md). Only Linux
/// tells who is running; elsewhere all cores are free.
pub(crate) fn free() -> usize {
    let ours = all();
    if ours == 1 {
        return 1;
    }
    let busy = (0..SAMPLES).filter_map(|_| {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        sleep(BETWEEN);
        others(&stat)
    });
    busy.min_by_key(|(running, _)| *running)
        .map_or(ours, |(running, cores)| cores.saturating_sub(running).clamp(1, ours))
}

/// Programs beside this one that run or want to, and the machine's cores (proc(5), `/proc/stat`).
fn others(stat: &str) -> Option<(usize, usize)> {
    let running: usize = stat.lines().find_map(|l| l.strip_prefix("procs_running "))?.trim().parse().ok()?;
    let is_core =
        |l: &&str| l.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    Some((running.saturating_sub(1), stat.lines().filter(is_core).count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_itself_is_not_among_the_others() {
        let stat = "cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\nprocs_running 2\nprocs_blocked 0\n";
        assert_eq!(others(stat), Some((1, 2)));
        assert_eq!(others("cpu0 1\nprocs_running 1\n"), Some((0, 1)));
        assert_eq!(others("no such file"), None);
    }

    #[test]
    fn there_is_always_a_core() {
        assert!(free() >= 1);
    }
}
