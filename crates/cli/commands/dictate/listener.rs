//! From the recorder to the engine, without ever holding up the recorder.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use record::SAMPLE_RATE;
use recorder::Heard;

/// Blocks of the recorder that wait for the engine: half an hour of sound, 58 MB. An engine that is further behind listens to
/// the recording afterwards.
const WAITING: usize = 45_000;
/// Samples of the longest block for the engine: a second.
const BLOCK: u64 = SAMPLE_RATE as u64;

/// The queue between them.
pub(super) fn queue() -> (SyncSender<Heard>, Receiver<Heard>) {
    sync_channel(WAITING)
}

/// Passes on what was heard until nobody speaks or nobody listens. `given` counts samples.
pub(super) fn pass_on(heard: &Receiver<Heard>, blocks: &SyncSender<Vec<f32>>, given: &AtomicU64) {
    let give = |block: Vec<f32>| {
        let samples = block.len() as u64;
        let taken = blocks.send(block).is_ok();
        given.fetch_add(samples, Ordering::Relaxed);
        taken
    };
    for heard in heard {
        let taken = match heard {
            Heard::Sound(samples) => give(samples.iter().map(|s| f32::from(*s) / 32_768.0).collect()),
            Heard::Silence(mut left) => {
                let mut taken = true;
                while left > 0 && taken {
                    let piece = left.min(BLOCK);
                    taken = give(vec![0.0; piece as usize]);
                    left -= piece;
                }
                taken
            }
        };
        if !taken {
            return;
        }
    }
}
