//! Threads that share the work of one session.

use rayon::prelude::*;

/// A number of threads, the caller's own or a pool.
///
/// The pool's threads sleep while there is nothing to do.
#[derive(Debug)]
pub struct Threads {
    pool: Option<rayon::ThreadPool>,
    count: usize,
}

impl Threads {
    /// So many threads; at least 1.
    ///
    /// # Errors
    /// Where the system starts none.
    pub fn new(count: usize) -> std::io::Result<Self> {
        let count = count.max(1);
        let start = || {
            let builder = rayon::ThreadPoolBuilder::new().num_threads(count);
            builder.thread_name(|i| format!("native-{i}")).build().map_err(std::io::Error::other)
        };
        Ok(Self { pool: if count > 1 { Some(start()?) } else { None }, count })
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Runs `work` on a thread of the pool, so that what it shares out starts at once.
    pub fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    /// Calls `work` with each of the numbers below `count`, on all threads.
    pub fn each(&self, count: usize, work: impl Fn(usize) + Send + Sync) {
        match &self.pool {
            Some(pool) if count > 1 => {
                pool.install(|| (0..count).into_par_iter().with_max_len(1).for_each(work));
            }
            _ => (0..count).for_each(work),
        }
    }

    /// Calls `work` with each piece of `size` items and its number, on all threads.
    pub fn pieces<T: Send>(
        &self,
        items: &mut [T],
        size: usize,
        work: impl Fn(usize, &mut [T]) + Send + Sync,
    ) {
        match &self.pool {
            Some(pool) if items.len() > size => pool.install(|| {
                items.par_chunks_mut(size).with_max_len(1).enumerate().for_each(|(i, piece)| work(i, piece));
            }),
            _ => items.chunks_mut(size).enumerate().for_each(|(i, piece)| work(i, piece)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_piece_is_worked_on_once() {
        for count in 1..4 {
            let threads = Threads::new(count).unwrap();
            let mut items = vec![0; 10];
            threads.enter(|| threads.pieces(&mut items, 3, |i, piece| piece.fill(i + 1)));
            assert_eq!(items, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4]);
            let sum = AtomicUsize::new(0);
            threads.each(5, |i| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 10);
        }
    }
}
