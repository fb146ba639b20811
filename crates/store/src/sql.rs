//! The queue on a database that speaks SQL. What the two databases say differently is in [`Dialect`].

use std::future::Future;
use std::time::Duration;

use sqlx::any::{AnyQueryResult, AnyRow};
use sqlx::{AnyPool, AssertSqlSafe, Row, Transaction};
use tokio::runtime::Runtime;

use crate::error::Cause;
use crate::job::{
    Claim, Document, Enqueued, Filter, Job, JobId, JobState, Lease, MAX_ATTEMPTS, NewJob, Part, Reason,
    Verdict, WorkerId, WorkerSeen,
};
use crate::presence::Presence;
use crate::queue::JobQueue;
use crate::{Error, Result};

/// Jobs queued in one transaction: others wait for no more than these.
const AT_ONCE: usize = 500;
/// A call that takes longer has no answer: the server hangs or cannot be reached any more.
const CALL_LIMIT: Duration = Duration::from_secs(30);
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// A pause before another try that is longer than this comes from a clock that was set back.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

type Tx = Transaction<'static, sqlx::Any>;

/// What the databases say differently.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// Begins a transaction that writes.
    pub(crate) begin: &'static str,
    /// Milliseconds since 1970 by the database's clock.
    pub(crate) now: &'static str,
    /// Behind a choice of rows: lock them, and pass over those that others have locked.
    pub(crate) skip_locked: &'static str,
    /// What is done after rows were removed, so that nothing of them is left on the disk.
    pub(crate) after_purge: Option<&'static str>,
}

pub(crate) const SQLITE: Dialect = Dialect {
    // A transaction that begins by reading and then wants to write fails at once where another has written meanwhile.
    begin: "BEGIN IMMEDIATE",
    now: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    skip_locked: "",
    after_purge: Some("PRAGMA wal_checkpoint(TRUNCATE)"),
};

pub(crate) const POSTGRES: Dialect = Dialect {
    begin: "BEGIN",
    now: "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
    skip_locked: "FOR UPDATE SKIP LOCKED",
    after_purge: None,
};

/// A queue in an opened database.
pub(crate) struct SqlQueue {
    pub(crate) runtime: Runtime,
    pub(crate) pool: AnyPool,
    pub(crate) dialect: Dialect,
    /// Which workers of this machine live, where the database is a file of this machine.
    pub(crate) presence: Option<Presence>,
}

impl SqlQueue {
    pub(crate) fn block_on<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(async {
            match tokio::time::timeout(CALL_LIMIT, call).await {
                Ok(done) => done,
                Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
            }
        })
    }

    async fn begin(&self) -> Result<Tx> {
        Ok(self.pool.begin_with(self.dialect.begin).await?)
    }

    /// The statement with the database's words for `{now}` and `{skip_locked}`.
    fn sql(&self, statement: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(
            statement.replace("{now}", self.dialect.now).replace("{skip_locked}", self.dialect.skip_locked),
        )
    }

    /// Runs a statement whose parameters are numbers.
    async fn execute(&self, tx: &mut Tx, statement: &str, numbers: &[i64]) -> Result<AnyQueryResult> {
        let mut query = sqlx::query(self.sql(statement));
        for number in numbers {
            query = query.bind(*number);
        }
        Ok(query.execute(&mut **tx).await?)
    }

    /// Ends the leases of workers of this machine that are no more.
    pub(crate) fn end_leases_of_the_dead(&self) -> Result<()> {
        let Some(presence) = &self.presence else { return Ok(()) };
        for name in presence.dead()? {
            self.block_on(async {
                let end =
                    self.sql("UPDATE jobs SET lease_until = 0 WHERE state = 'leased' AND lease_owner = $1");
                let mut tx = self.begin().await?;
                sqlx::query(end).bind(&name).execute(&mut *tx).await?;
                Ok(tx.commit().await?)
            })?;
            presence.forget(&name)?;
        }
        Ok(())
    }

    async fn enqueue_some(&self, jobs: &[NewJob], found: &mut Vec<Enqueued>) -> Result<()> {
        let mut tx = self.begin().await?;
        for job in jobs {
            let insert = self.sql(
                "INSERT INTO jobs (key, label, spec, total_ms, created_at) VALUES ($1, $2, $3, $4, {now}) \
                 ON CONFLICT (key) DO NOTHING RETURNING id",
            );
            let inserted = sqlx::query(insert)
                .bind(&job.key)
                .bind(&job.label)
                .bind(&job.spec)
                .bind(job.total_ms.map(|ms| ms as i64))
                .fetch_optional(&mut *tx)
                .await?;
            let is_new = inserted.is_some();
            let row = match inserted {
                Some(row) => row,
                None => {
                    sqlx::query("SELECT id FROM jobs WHERE key = $1")
                        .bind(&job.key)
                        .fetch_one(&mut *tx)
                        .await?
                }
            };
            found.push(Enqueued { id: JobId(row.try_get("id")?), is_new });
        }
        Ok(tx.commit().await?)
    }

    async fn claim_one(&self, worker: &WorkerId, lease: Duration) -> Result<Option<Claim>> {
        let lease_ms = lease.as_millis() as i64;
        let mut tx = self.begin().await?;
        let seen = self.sql(
            "INSERT INTO workers (name, host, polled_at) VALUES ($1, $2, {now}) \
             ON CONFLICT (name) DO UPDATE SET polled_at = excluded.polled_at",
        );
        sqlx::query(seen).bind(&worker.name).bind(&worker.host).execute(&mut *tx).await?;
        // A lease that ends later than one made now comes from a clock that was set back.
        let shorten = "UPDATE jobs SET lease_until = {now} + lease_ms \
                       WHERE state = 'leased' AND lease_until > {now} + lease_ms + 1000";
        self.execute(&mut tx, shorten, &[]).await?;
        let give_up = self.sql(
            "UPDATE jobs SET state = 'quarantined', finished_at = {now}, lease_owner = NULL, \
             failure_code = 'lost', failure_ja = $2, failure_en = $3 \
             WHERE state = 'leased' AND lease_until <= {now} AND attempt >= $1",
        );
        sqlx::query(give_up)
            .bind(MAX_ATTEMPTS)
            .bind("このジョブの処理中に、処理プログラムが繰り返し止まりました")
            .bind("the worker that did this job went away again and again")
            .execute(&mut *tx)
            .await?;
        let take = self.sql(
            "UPDATE jobs SET state = 'leased', attempt = attempt + 1, token = token + 1, lease_owner = $1, \
             lease_ms = $2, lease_until = {now} + $2, started_at = COALESCE(started_at, {now}) \
             WHERE id = (SELECT id FROM jobs WHERE \
             (state = 'queued' AND (available_at <= {now} OR available_at > {now} + $3)) \
             OR (state = 'leased' AND lease_until <= {now}) \
             ORDER BY id LIMIT 1 {skip_locked}) \
             RETURNING id, token, attempt, label, spec",
        );
        let taken = sqlx::query(take)
            .bind(&worker.name)
            .bind(lease_ms)
            .bind(LONGEST_PAUSE.as_millis() as i64)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = taken else {
            tx.commit().await?;
            return Ok(None);
        };
        let job: i64 = row.try_get("id")?;
        let here = self.sql("SELECT count(*) AS n FROM workers WHERE host = $1 AND polled_at > {now} - $2");
        let here = sqlx::query(here).bind(&worker.host).bind(lease_ms).fetch_one(&mut *tx).await?;
        let parts = sqlx::query("SELECT part, body FROM parts WHERE job = $1 ORDER BY part")
            .bind(job)
            .fetch_all(&mut *tx)
            .await?;
        let claim = Claim {
            lease: Lease { job: JobId(job), token: row.try_get("token")? },
            label: row.try_get("label")?,
            spec: row.try_get("spec")?,
            attempt: row.try_get("attempt")?,
            parts: parts.iter().map(part).collect::<Result<_>>()?,
            workers_here: here.try_get::<i64, _>("n")?.max(1) as usize,
        };
        tx.commit().await?;
        Ok(Some(claim))
    }

    /// Changes a leased job with `statement`, whose first two parameters are the job and the token.
    async fn under_lease(&self, tx: &mut Tx, lease: Lease, statement: &str, more: &[i64]) -> Result<()> {
        let numbers = [&[lease.job.0, lease.token], more].concat();
        match self.execute(tx, statement, &numbers).await?.rows_affected() {
            0 => Err(Cause::LeaseLost { job: lease.job.0 }.into()),
            _ => Ok(()),
        }
    }

    /// The state that the job reached under this very lease, where it did.
    async fn reached_under(&self, tx: &mut Tx, lease: Lease) -> Result<JobState> {
        let lost = || Error::from(Cause::LeaseLost { job: lease.job.0 });
        let row = sqlx::query("SELECT state FROM jobs WHERE id = $1 AND token = $2")
            .bind(lease.job.0)
            .bind(lease.token)
            .fetch_optional(&mut **tx)
            .await?;
        state_of(&row.ok_or_else(lost)?)
    }

    async fn keep_parts(&self, lease: Lease, parts: &[Part], done_ms: u64) -> Result<()> {
        let mut tx = self.begin().await?;
        let further = "UPDATE jobs SET lease_until = {now} + lease_ms, attempt = 0, done_ms = $3 \
                       WHERE id = $1 AND token = $2 AND state = 'leased'";
        self.under_lease(&mut tx, lease, further, &[done_ms as i64]).await?;
        for part in parts {
            sqlx::query("INSERT INTO parts (job, part, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(lease.job.0)
                .bind(i64::from(part.number))
                .bind(part.body.clone())
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn finish(&self, lease: Lease, results: &[Document]) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = "UPDATE jobs SET state = 'done', finished_at = {now}, lease_owner = NULL, \
                    done_ms = COALESCE(total_ms, done_ms), failure_code = NULL, failure_ja = NULL, failure_en = NULL \
                    WHERE id = $1 AND token = $2 AND state = 'leased'";
        if let Err(error) = self.under_lease(&mut tx, lease, done, &[]).await {
            return match self.reached_under(&mut tx, lease).await {
                Ok(JobState::Done) => Ok(()),
                _ => Err(error),
            };
        }
        self.execute(&mut tx, "DELETE FROM parts WHERE job = $1", &[lease.job.0]).await?;
        for result in results {
            sqlx::query("INSERT INTO results (job, name, body) VALUES ($1, $2, $3)")
                .bind(lease.job.0)
                .bind(&result.name)
                .bind(result.body.clone())
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn give_up(&self, lease: Lease, verdict: Verdict, reason: &Reason) -> Result<JobState> {
        let (state, pause) = match verdict {
            Verdict::Reject => ("'failed'", Duration::ZERO),
            Verdict::Quarantine => ("'quarantined'", Duration::ZERO),
            Verdict::Retry(pause) => {
                ("CASE WHEN attempt >= $7 THEN 'quarantined' ELSE 'queued' END", pause.min(LONGEST_PAUSE))
            }
        };
        let mut tx = self.begin().await?;
        // The seventh parameter is named in every form: a database counts the parameters that it sees.
        let statement = format!(
            "UPDATE jobs SET state = {state}, available_at = {{now}} + $3, lease_owner = NULL, \
             finished_at = CASE WHEN {state} = 'queued' THEN NULL ELSE {{now}} END, \
             failure_code = $4, failure_ja = $5, failure_en = $6 \
             WHERE id = $1 AND token = $2 AND state = 'leased' AND $7 > 0 RETURNING state"
        );
        let row = sqlx::query(self.sql(&statement))
            .bind(lease.job.0)
            .bind(lease.token)
            .bind(pause.as_millis() as i64)
            .bind(&reason.code)
            .bind(&reason.ja)
            .bind(&reason.en)
            .bind(MAX_ATTEMPTS)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else {
            return match self.reached_under(&mut tx, lease).await? {
                state @ (JobState::Queued | JobState::Failed | JobState::Quarantined) => Ok(state),
                _ => Err(Cause::LeaseLost { job: lease.job.0 }.into()),
            };
        };
        let state = state_of(&row)?;
        tx.commit().await?;
        Ok(state)
    }

    /// Changes a job in one of these states, whoever has it.
    async fn change(&self, id: JobId, from: &[JobState], set: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let statement = format!("UPDATE jobs SET {set} WHERE id = $1 AND state IN ({})", names(from));
        if self.execute(&mut tx, &statement, &[id.0]).await?.rows_affected() > 0 {
            return Ok(tx.commit().await?);
        }
        let row =
            sqlx::query("SELECT state FROM jobs WHERE id = $1").bind(id.0).fetch_optional(&mut *tx).await?;
        let state = state_of(&row.ok_or(Cause::NotFound { job: id.0 })?)?;
        Err(Cause::State { job: id.0, state: state.name() }.into())
    }

    async fn remove(&self, states: &[JobState], finished_ago: Duration) -> Result<u64> {
        let last: Vec<JobState> = states.iter().copied().filter(|state| state.is_final()).collect();
        if last.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        let statement =
            format!("DELETE FROM jobs WHERE state IN ({}) AND finished_at <= {{now}} - $1", names(&last));
        let removed = self.execute(&mut tx, &statement, &[finished_ago.as_millis() as i64]).await?;
        tx.commit().await?;
        if let Some(statement) = self.dialect.after_purge {
            sqlx::query(statement).fetch_all(&self.pool).await?;
        }
        Ok(removed.rows_affected())
    }

    async fn jobs(&self, condition: &str, numbers: &[i64]) -> Result<Vec<Job>> {
        let statement = self.sql(&format!(
            "SELECT id, key, label, spec, state, attempt, token, lease_owner, created_at, started_at, \
             finished_at, done_ms, total_ms, failure_code, failure_ja, failure_en FROM jobs WHERE {condition}"
        ));
        let mut query = sqlx::query(statement);
        for number in numbers {
            query = query.bind(*number);
        }
        query.fetch_all(&self.pool).await?.iter().map(job).collect()
    }
}

impl Drop for SqlQueue {
    fn drop(&mut self) {
        // SQLite puts its side files away when the last connection is closed; what does not close in time is cut off.
        let _ = self.runtime.block_on(async { tokio::time::timeout(CLOSE_LIMIT, self.pool.close()).await });
    }
}

impl JobQueue for SqlQueue {
    fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Enqueued>> {
        let mut found = Vec::with_capacity(jobs.len());
        for some in jobs.chunks(AT_ONCE) {
            self.block_on(self.enqueue_some(some, &mut found))?;
        }
        Ok(found)
    }

    fn claim(&self, worker: &WorkerId, lease: Duration) -> Result<Option<Claim>> {
        if let Some(presence) = &self.presence {
            presence.show(&worker.name)?;
        }
        self.block_on(self.claim_one(worker, lease))
    }

    fn heartbeat(&self, lease: Lease) -> Result<()> {
        self.block_on(async {
            let mut tx = self.begin().await?;
            let keep = "UPDATE jobs SET lease_until = {now} + lease_ms \
                        WHERE id = $1 AND token = $2 AND state = 'leased'";
            self.under_lease(&mut tx, lease, keep, &[]).await?;
            let seen = "UPDATE workers SET polled_at = {now} \
                        WHERE name = (SELECT lease_owner FROM jobs WHERE id = $1)";
            self.execute(&mut tx, seen, &[lease.job.0]).await?;
            Ok(tx.commit().await?)
        })
    }

    fn checkpoint(&self, lease: Lease, parts: &[Part], done_ms: u64) -> Result<()> {
        self.block_on(self.keep_parts(lease, parts, done_ms))
    }

    fn complete(&self, lease: Lease, results: &[Document]) -> Result<()> {
        self.block_on(self.finish(lease, results))
    }

    fn fail(&self, lease: Lease, verdict: Verdict, reason: &Reason) -> Result<JobState> {
        self.block_on(self.give_up(lease, verdict, reason))
    }

    fn release(&self, lease: Lease) -> Result<()> {
        self.block_on(async {
            let mut tx = self.begin().await?;
            let back = "UPDATE jobs SET state = 'queued', lease_owner = NULL, available_at = 0, \
                        attempt = CASE WHEN attempt > 0 THEN attempt - 1 ELSE 0 END \
                        WHERE id = $1 AND token = $2 AND state = 'leased'";
            self.under_lease(&mut tx, lease, back, &[]).await?;
            Ok(tx.commit().await?)
        })
    }

    fn cancel(&self, id: JobId) -> Result<()> {
        let set = "state = 'cancelled', finished_at = {now}, lease_owner = NULL";
        self.block_on(self.change(id, &[JobState::Queued, JobState::Leased], set))
    }

    fn retry(&self, id: JobId) -> Result<()> {
        let set = "state = 'queued', attempt = 0, available_at = 0, finished_at = NULL, \
                   failure_code = NULL, failure_ja = NULL, failure_en = NULL";
        let from = [JobState::Failed, JobState::Quarantined, JobState::Cancelled];
        self.block_on(self.change(id, &from, set))
    }

    fn purge(&self, states: &[JobState], finished_ago: Duration) -> Result<u64> {
        self.block_on(self.remove(states, finished_ago))
    }

    fn job(&self, id: JobId) -> Result<Job> {
        let found = self.block_on(self.jobs("id = $1", &[id.0]))?;
        found.into_iter().next().ok_or_else(|| Cause::NotFound { job: id.0 }.into())
    }

    fn list(&self, filter: &Filter) -> Result<Vec<Job>> {
        let states = if filter.states.is_empty() { &JobState::ALL[..] } else { &filter.states };
        let condition = format!("id > $1 AND state IN ({}) ORDER BY id LIMIT $2", names(states));
        let after = filter.after.map_or(0, |id| id.0);
        let limit = filter.limit.map_or(i64::MAX, i64::from);
        self.block_on(self.jobs(&condition, &[after, limit]))
    }

    fn counts(&self) -> Result<Vec<(JobState, u64)>> {
        self.block_on(async {
            let rows = sqlx::query("SELECT state, count(*) AS n FROM jobs GROUP BY state ORDER BY state")
                .fetch_all(&self.pool)
                .await?;
            rows.iter().map(|row| Ok((state_of(row)?, row.try_get::<i64, _>("n")? as u64))).collect()
        })
    }

    fn results(&self, id: JobId) -> Result<Vec<Document>> {
        self.block_on(async {
            let rows = sqlx::query("SELECT name, body FROM results WHERE job = $1 ORDER BY name")
                .bind(id.0)
                .fetch_all(&self.pool)
                .await?;
            rows.iter()
                .map(|row| Ok(Document { name: row.try_get("name")?, body: row.try_get("body")? }))
                .collect()
        })
    }

    fn workers(&self, within: Duration) -> Result<Vec<WorkerSeen>> {
        self.block_on(async {
            let statement = self.sql(
                "SELECT name, host, {now} - polled_at AS ago FROM workers WHERE polled_at > {now} - $1 ORDER BY name",
            );
            let rows = sqlx::query(statement).bind(within.as_millis() as i64).fetch_all(&self.pool).await?;
            rows.iter()
                .map(|row| {
                    let ago = row.try_get::<i64, _>("ago")?.max(0) as u64;
                    let id = WorkerId { name: row.try_get("name")?, host: row.try_get("host")? };
                    Ok(WorkerSeen { id, ago: Duration::from_millis(ago) })
                })
                .collect()
        })
    }
}

/// The names of states as a list in SQL.
fn names(states: &[JobState]) -> String {
    states.iter().map(|state| format!("'{}'", state.name())).collect::<Vec<_>>().join(", ")
}

fn state_of(row: &AnyRow) -> Result<JobState> {
    let name: String = row.try_get("state")?;
    JobState::by_name(&name).ok_or_else(|| Cause::Foreign { what: "a state" }.into())
}

fn part(row: &AnyRow) -> Result<Part> {
    let number = u32::try_from(row.try_get::<i64, _>("part")?);
    let number = number.map_err(|_| Cause::Foreign { what: "the number of a part" })?;
    Ok(Part { number, body: row.try_get("body")? })
}

fn job(row: &AnyRow) -> Result<Job> {
    let reason = match row.try_get::<Option<String>, _>("failure_code")? {
        Some(code) => {
            let said = |column| Ok::<_, Error>(row.try_get::<Option<String>, _>(column)?.unwrap_or_default());
            Some(Reason { code, ja: said("failure_ja")?, en: said("failure_en")? })
        }
        None => None,
    };
    Ok(Job {
        id: JobId(row.try_get("id")?),
        key: row.try_get("key")?,
        label: row.try_get("label")?,
        spec: row.try_get("spec")?,
        state: state_of(row)?,
        attempt: row.try_get("attempt")?,
        claims: row.try_get("token")?,
        owner: row.try_get("lease_owner")?,
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
        done_ms: row.try_get::<i64, _>("done_ms")?.max(0) as u64,
        total_ms: row.try_get::<Option<i64>, _>("total_ms")?.map(|ms| ms.max(0) as u64),
        reason,
    })
}
