//! What every queue must do, as one function.
//!
//! Leases are short here: the check takes about ten seconds, most of which it waits for their ends.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use crate::job::{
    Claim, Document, Filter, JobId, JobState, Lease, MAX_ATTEMPTS, NewJob, Part, Reason, Verdict, WorkerId,
};
use crate::queue::JobQueue;
use crate::{Error, ErrorKind, Result};

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_mins(1);

/// A duty that a queue does not fulfil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The duty, as a sentence.
    pub duty: &'static str,
    /// What was seen instead.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.duty, self.seen)
    }
}

impl std::error::Error for Violation {}

impl From<Error> for Violation {
    fn from(error: Error) -> Self {
        Self { duty: "calls that are allowed succeed", seen: error.to_string() }
    }
}

type Checked = std::result::Result<(), Violation>;

/// Checks a queue against the duties of [`JobQueue`]. `open` opens the same queue, which is empty at first; it is called
/// several times.
///
/// # Errors
/// The first duty that is not fulfilled.
pub fn run(open: &dyn Fn() -> Arc<dyn JobQueue>) -> Checked {
    let checks: [fn(&dyn JobQueue) -> Checked; 10] = [
        a_job_is_queued_once,
        the_oldest_is_claimed_first,
        many_claim_and_nobody_gets_what_another_has,
        a_lease_ends_and_its_token_is_refused,
        a_heartbeat_keeps_the_lease,
        parts_are_kept_and_make_room_for_results,
        failures_end_wait_or_are_quarantined,
        claims_without_progress_are_counted,
        a_job_is_called_off_and_queued_again,
        jobs_are_listed_and_purged,
    ];
    for check in checks {
        let queue = open();
        check(&*queue)?;
        empty(&*queue)?;
    }
    what_was_returned_outlives_the_connection(open)
}

fn require(holds: bool, duty: &'static str, seen: impl fmt::Debug) -> Checked {
    if holds { Ok(()) } else { Err(Violation { duty, seen: format!("{seen:?}") }) }
}

fn refused<T: fmt::Debug>(answer: Result<T>, kind: ErrorKind, duty: &'static str) -> Checked {
    match answer {
        Err(error) if error.kind() == kind => Ok(()),
        other => Err(Violation { duty, seen: format!("{other:?}") }),
    }
}

fn worker() -> WorkerId {
    WorkerId::new("here")
}

fn job(key: &str) -> NewJob {
    NewJob { key: key.into(), label: format!("{key}.m4a"), spec: format!("do {key}"), total_ms: Some(9_000) }
}

fn queue_one(queue: &dyn JobQueue, key: &str) -> std::result::Result<JobId, Violation> {
    Ok(queue.enqueue(&[job(key)])?[0].id)
}

fn claim(queue: &dyn JobQueue, lease: Duration) -> std::result::Result<Claim, Violation> {
    let claimed = queue.claim(&worker(), lease)?;
    claimed.ok_or(Violation { duty: "a job that waits can be claimed", seen: "nothing to claim".into() })
}

fn document(name: &str, body: &str) -> Document {
    Document { name: name.into(), body: body.into() }
}

fn reason() -> Reason {
    Reason { code: "bad_input".into(), ja: "音がありません".into(), en: "there is no sound".into() }
}

/// Ends and removes every job.
fn empty(queue: &dyn JobQueue) -> Checked {
    for job in queue.list(&Filter::default())? {
        if !job.state.is_final() {
            queue.cancel(job.id)?;
        }
    }
    queue.purge(&JobState::ALL, Duration::ZERO)?;
    let left = queue.list(&Filter::default())?;
    require(left.is_empty(), "purging removes every job in a final state", left)
}

fn a_job_is_queued_once(queue: &dyn JobQueue) -> Checked {
    let first = queue.enqueue(&[job("a"), job("b"), job("a")])?;
    let new: Vec<bool> = first.iter().map(|e| e.is_new).collect();
    require(new == [true, true, false], "a key in one call twice is one job", &first)?;
    require(first[0].id == first[2].id, "the job of a known key is named", &first)?;
    let claimed = claim(queue, LONG)?;
    queue.complete(claimed.lease, &[])?;
    let again = queue.enqueue(&[job("a"), job("b")])?;
    let known = again.iter().all(|e| !e.is_new) && again[0].id == first[0].id;
    require(known, "a key stays known when its job is done", &again)?;
    // Two programs that queue the same files at the same time.
    let keys: Vec<NewJob> = (0..50).map(|n| job(&format!("same-{n}"))).collect();
    let new = Mutex::new(0);
    scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let queued = queue.enqueue(&keys).unwrap_or_default();
                let fresh = queued.iter().filter(|e| e.is_new).count();
                *new.lock().unwrap_or_else(PoisonError::into_inner) += fresh;
            });
        }
    });
    let new = new.into_inner().unwrap_or_else(PoisonError::into_inner);
    require(new == keys.len(), "keys queued by several at the same time are one job each", new)
}

fn the_oldest_is_claimed_first(queue: &dyn JobQueue) -> Checked {
    require(queue.claim(&worker(), LONG)?.is_none(), "there is nothing to claim in an empty queue", ())?;
    let ids: Vec<JobId> = queue.enqueue(&[job("a"), job("b")])?.iter().map(|e| e.id).collect();
    let first = claim(queue, LONG)?;
    let as_queued = first.lease.job == ids[0] && first.spec == "do a" && first.label == "a.m4a";
    require(as_queued && first.parts.is_empty(), "the job with the lowest number comes first", &first)?;
    require(first.attempt == 1, "the first claim is the first attempt", first.attempt)?;
    let second = claim(queue, LONG)?;
    require(second.lease.job == ids[1], "a leased job is not claimed again", &second)?;
    let seen = queue.job(ids[0])?;
    let leased = seen.state == JobState::Leased && seen.owner.is_some() && seen.started_at.is_some();
    require(leased, "a claimed job is leased to its worker", &seen)?;
    require(queue.claim(&worker(), LONG)?.is_none(), "there is nothing more to claim", ())
}

fn many_claim_and_nobody_gets_what_another_has(queue: &dyn JobQueue) -> Checked {
    let jobs: Vec<NewJob> = (0..80).map(|n| job(&format!("{n}"))).collect();
    queue.enqueue(&jobs)?;
    let claimed = Mutex::new(Vec::new());
    scope(|threads| {
        for _ in 0..6 {
            threads.spawn(|| {
                let me = worker();
                let mut none = 0;
                // Where others hold what is left, an answer may be empty although jobs wait.
                while none < 20 {
                    match queue.claim(&me, LONG) {
                        Ok(Some(got)) => {
                            claimed.lock().unwrap_or_else(PoisonError::into_inner).push(got.lease.job);
                        }
                        _ => none += 1,
                    }
                }
            });
        }
    });
    let claimed = claimed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let distinct: BTreeSet<_> = claimed.iter().collect();
    require(claimed.len() == 80 && distinct.len() == 80, "every job is claimed, by one worker", claimed.len())
}

fn a_lease_ends_and_its_token_is_refused(queue: &dyn JobQueue) -> Checked {
    let id = queue_one(queue, "a")?;
    // One worker: its name does not tell a claim that is over from the one that it has now.
    let me = worker();
    let again = |lease| -> std::result::Result<Claim, Violation> {
        let claimed = queue.claim(&me, lease)?;
        claimed.ok_or(Violation {
            duty: "a job whose lease is over can be claimed",
            seen: "nothing to claim".into(),
        })
    };
    let old = again(SHORT)?;
    sleep(SHORT * 2);
    let new = again(LONG)?;
    require(new.lease.job == id && new.attempt == 2, "a job whose lease is over is claimed again", &new)?;
    require(new.lease.token > old.lease.token, "every claim has a larger token", (&old.lease, &new.lease))?;
    let part = Part { number: 0, body: b"old".to_vec() };
    let with = |lease: Lease, duty| -> Checked {
        refused(queue.heartbeat(lease), ErrorKind::LeaseLost, duty)?;
        refused(queue.checkpoint(lease, std::slice::from_ref(&part), 1), ErrorKind::LeaseLost, duty)?;
        refused(queue.complete(lease, &[document("r", "old")]), ErrorKind::LeaseLost, duty)?;
        refused(queue.fail(lease, Verdict::Reject, &reason()), ErrorKind::LeaseLost, duty)?;
        refused(queue.release(lease), ErrorKind::LeaseLost, duty)
    };
    with(old.lease, "a token that is not the newest is refused")?;
    let state = queue.job(id)?.state;
    require(state == JobState::Leased, "a refused call changes nothing", state)?;
    queue.complete(new.lease, &[document("r", "new")])?;
    with(old.lease, "an old token is refused for a job that is done")?;
    let results = queue.results(id)?;
    require(results == [document("r", "new")], "the result is that of the newest token", &results)?;
    let never = Lease { job: JobId(i64::MAX), token: 1 };
    refused(queue.heartbeat(never), ErrorKind::LeaseLost, "nobody holds a job that does not exist")
}

fn a_heartbeat_keeps_the_lease(queue: &dyn JobQueue) -> Checked {
    queue_one(queue, "a")?;
    let held = claim(queue, SHORT)?;
    let start = Instant::now();
    while start.elapsed() < SHORT * 3 {
        queue.heartbeat(held.lease)?;
        let other = queue.claim(&worker(), SHORT)?;
        require(other.is_none(), "a job with heartbeats is not claimed by another", &other)?;
        sleep(SHORT / 6);
    }
    sleep(SHORT * 2);
    // Late, but nobody has taken it.
    queue.heartbeat(held.lease)?;
    queue.complete(held.lease, &[])?;
    let seen = queue.workers(LONG)?;
    require(
        !seen.is_empty() && seen.iter().all(|w| w.id.host == "here"),
        "workers that claim are seen",
        &seen,
    )
}

fn parts_are_kept_and_make_room_for_results(queue: &dyn JobQueue) -> Checked {
    let id = queue_one(queue, "a")?;
    let first = claim(queue, SHORT)?;
    let part = |number, body: &str| Part { number, body: body.as_bytes().to_vec() };
    queue.checkpoint(first.lease, &[part(1, "one")], 1_000)?;
    queue.checkpoint(first.lease, &[part(0, "zero"), part(1, "changed")], 2_000)?;
    let seen = queue.job(id)?;
    require(seen.done_ms == 2_000 && seen.attempt == 0, "a job that got further counts from 0", &seen)?;
    sleep(SHORT * 2);
    let second = claim(queue, LONG)?;
    let kept = second.parts == [part(0, "zero"), part(1, "one")];
    require(kept, "the next claim gets the parts by number, as they were first kept", &second.parts)?;
    queue.release(second.lease)?;
    let third = claim(queue, LONG)?;
    require(third.attempt == 1, "a job that is given back has not used its attempt", third.attempt)?;
    require(third.parts.len() == 2, "a job that is given back has its parts", &third.parts)?;
    let results = [document("a.json", "{}"), document("b.json", "[]")];
    queue.complete(third.lease, &results)?;
    queue.complete(third.lease, &results)?;
    let seen = queue.job(id)?;
    require(seen.state == JobState::Done && seen.finished_at.is_some(), "a completed job is done", &seen)?;
    let found = queue.results(id)?;
    require(found == results, "a completion that is repeated has one effect", &found)?;
    refused(queue.retry(id), ErrorKind::State, "a job that is done is not queued again")
}

fn failures_end_wait_or_are_quarantined(queue: &dyn JobQueue) -> Checked {
    let id = queue_one(queue, "rejected")?;
    let held = claim(queue, LONG)?;
    let state = queue.fail(held.lease, Verdict::Reject, &reason())?;
    let again = queue.fail(held.lease, Verdict::Reject, &reason())?;
    require(state == JobState::Failed && again == state, "a rejected job has failed", (state, again))?;
    let seen = queue.job(id)?;
    require(seen.reason == Some(reason()), "a failed job says why", &seen.reason)?;

    queue_one(queue, "poison")?;
    let held = claim(queue, LONG)?;
    let state = queue.fail(held.lease, Verdict::Quarantine, &reason())?;
    require(state == JobState::Quarantined, "a job that takes the engine down is quarantined", state)?;

    queue_one(queue, "waits")?;
    let held = claim(queue, LONG)?;
    let state = queue.fail(held.lease, Verdict::Retry(SHORT), &reason())?;
    require(state == JobState::Queued, "a job that may succeed later is queued", state)?;
    let early = queue.claim(&worker(), LONG)?;
    require(early.is_none(), "a job waits for its pause to end", &early)?;
    sleep(SHORT * 2);
    for attempt in 2..=MAX_ATTEMPTS {
        let held = claim(queue, LONG)?;
        require(held.attempt == attempt, "attempts are counted", held.attempt)?;
        let state = queue.fail(held.lease, Verdict::Retry(Duration::ZERO), &reason())?;
        let last = if attempt == MAX_ATTEMPTS { JobState::Quarantined } else { JobState::Queued };
        require(state == last, "the third failure in a row is the last", state)?;
    }
    Ok(())
}

fn claims_without_progress_are_counted(queue: &dyn JobQueue) -> Checked {
    let id = queue_one(queue, "a")?;
    for attempt in 1..=MAX_ATTEMPTS {
        let held = claim(queue, SHORT)?;
        require(held.attempt == attempt, "a worker that went away has used an attempt", held.attempt)?;
        sleep(SHORT * 2);
    }
    let other = queue.claim(&worker(), SHORT)?;
    require(other.is_none(), "a job that took three workers down is not handed out again", &other)?;
    let seen = queue.job(id)?;
    let quarantined = seen.state == JobState::Quarantined && seen.reason.is_some();
    require(quarantined, "a job that took three workers down is quarantined and says why", &seen)?;

    // Ten workers may go away over a long recording, as long as each gets further.
    let id = queue_one(queue, "long")?;
    for number in 0..5 {
        let held = claim(queue, SHORT)?;
        queue.checkpoint(held.lease, &[Part { number, body: Vec::new() }], u64::from(number))?;
        sleep(SHORT * 2);
    }
    let held = claim(queue, LONG)?;
    require(held.lease.job == id && held.parts.len() == 5, "a job that gets further is never given up", &held)
}

fn a_job_is_called_off_and_queued_again(queue: &dyn JobQueue) -> Checked {
    let id = queue_one(queue, "a")?;
    queue.cancel(id)?;
    let none = queue.claim(&worker(), LONG)?;
    require(none.is_none(), "a cancelled job is not claimed", &none)?;
    refused(queue.cancel(id), ErrorKind::State, "a cancelled job cannot be cancelled")?;
    queue.retry(id)?;
    let held = claim(queue, LONG)?;
    queue.cancel(id)?;
    refused(queue.heartbeat(held.lease), ErrorKind::LeaseLost, "cancelling takes the lease away")?;
    let late = queue.complete(held.lease, &[document("r", "late")]);
    refused(late, ErrorKind::LeaseLost, "a cancelled job is not completed")?;
    let results = queue.results(id)?;
    require(results.is_empty(), "a refused completion leaves no results", &results)?;
    queue.retry(id)?;
    let held = claim(queue, LONG)?;
    require(held.attempt == 1, "a job that is queued again counts from 1", held.attempt)?;
    let nobody = JobId(i64::MAX);
    refused(queue.job(nobody), ErrorKind::NotFound, "a number without a job is not found")?;
    refused(queue.cancel(nobody), ErrorKind::NotFound, "a number without a job is not cancelled")?;
    refused(queue.retry(nobody), ErrorKind::NotFound, "a number without a job is not queued again")
}

fn jobs_are_listed_and_purged(queue: &dyn JobQueue) -> Checked {
    let ids: Vec<JobId> =
        queue.enqueue(&[job("a"), job("b"), job("c"), job("d")])?.iter().map(|e| e.id).collect();
    let done = claim(queue, LONG)?;
    queue.complete(done.lease, &[document("r", "words")])?;
    let failed = claim(queue, LONG)?;
    queue.fail(failed.lease, Verdict::Reject, &reason())?;
    let numbers = |filter: &Filter| -> std::result::Result<Vec<JobId>, Violation> {
        Ok(queue.list(filter)?.iter().map(|job| job.id).collect())
    };
    let all = numbers(&Filter::default())?;
    require(all == ids, "jobs are listed by number", &all)?;
    let queued = numbers(&Filter { states: vec![JobState::Queued], ..Filter::default() })?;
    require(queued == ids[2..], "jobs are listed by state", &queued)?;
    let page = numbers(&Filter { after: Some(ids[0]), limit: Some(2), ..Filter::default() })?;
    require(page == ids[1..3], "jobs are listed in pages", &page)?;
    let counts: BTreeSet<(JobState, u64)> = queue.counts()?.into_iter().collect();
    let expected = BTreeSet::from([(JobState::Done, 1), (JobState::Failed, 1), (JobState::Queued, 2)]);
    require(counts == expected, "jobs are counted by state", &counts)?;
    let young = queue.purge(&JobState::ALL, LONG)?;
    require(young == 0, "a job that has just ended is not old", young)?;
    let removed = queue.purge(&[JobState::Done, JobState::Queued], Duration::ZERO)?;
    require(removed == 1, "only jobs in a final state are purged", removed)?;
    let results = queue.results(ids[0])?;
    require(results.is_empty(), "results are purged with their job", &results)?;
    let left = numbers(&Filter::default())?;
    require(left == ids[1..], "the others stay", &left)
}

fn what_was_returned_outlives_the_connection(open: &dyn Fn() -> Arc<dyn JobQueue>) -> Checked {
    let held = {
        let queue = open();
        queue_one(&*queue, "kept")?;
        let held = claim(&*queue, LONG)?;
        queue.checkpoint(held.lease, &[Part { number: 0, body: b"x".to_vec() }], 5)?;
        held
    };
    let queue = open();
    let job = queue.job(held.lease.job)?;
    require(job.done_ms == 5, "what was kept is there after the queue was opened again", &job)?;
    empty(&*queue)
}
