//! `kikitori jobs`

use std::time::Duration;

use record::Lang;
use store::{Filter, Job, JobId, JobQueue};

use super::templates::{print_json, print_text};
use crate::args::{Global, JobsArgs, JobsCommand};
use crate::failure::Failure;
use crate::jobs;
use crate::progress::line;

/// Workers that were seen within this time are listed.
const SEEN: Duration = Duration::from_mins(1);

pub(crate) fn run(args: &JobsArgs, global: &Global) -> Result<(), Failure> {
    let queue = jobs::queue(args.database.as_deref().filter(|_| args.out.is_none()), args.out.as_deref())?;
    let lang = global.lang();
    match &args.command {
        JobsCommand::List { state, limit, after, json } => {
            let filter = Filter { states: state.clone(), after: after.map(JobId), limit: Some(*limit) };
            list(&*queue, &filter, *json, lang)
        }
        JobsCommand::Show { id, json } => show(&queue.job(JobId(*id))?, *json, lang),
        JobsCommand::Retry { ids } => {
            for id in ids {
                queue.retry(JobId(*id))?;
            }
            done(
                global,
                &format!("再登録しました: {}件", ids.len()),
                &format!("queued again: {}", ids.len()),
            );
            Ok(())
        }
        JobsCommand::Cancel { ids } => {
            for id in ids {
                queue.cancel(JobId(*id))?;
            }
            done(global, &format!("取り消しました: {}件", ids.len()), &format!("cancelled: {}", ids.len()));
            Ok(())
        }
        JobsCommand::Purge { state, older_than, yes } => {
            if !yes {
                return Err(Failure::usage(
                    "ジョブとその結果をデータベースから消します。元には戻せません",
                    "this removes jobs and their results from the database for good",
                )
                .with_hint("消すときは --yes を付けてください", "give --yes to do it"));
            }
            let age = Duration::from_hours(24 * u64::from(*older_than));
            let removed = queue.purge(state, age)?;
            done(global, &format!("消しました: {removed}件"), &format!("removed: {removed}"));
            Ok(())
        }
    }
}

fn done(global: &Global, ja: &str, en: &str) {
    if !global.quiet {
        line(if global.lang() == Lang::Ja { ja } else { en });
    }
}

fn list(queue: &dyn JobQueue, filter: &Filter, json: bool, lang: Lang) -> Result<(), Failure> {
    let (jobs, counts, workers) = (queue.list(filter)?, queue.counts()?, queue.workers(SEEN)?);
    if json {
        let counts: serde_json::Map<_, _> =
            counts.iter().map(|(state, n)| (state.name().to_owned(), (*n).into())).collect();
        let workers: Vec<_> = workers
            .iter()
            .map(|seen| serde_json::json!({ "name": seen.id.name, "host": seen.id.host, "seen_s": seen.ago.as_secs() }))
            .collect();
        let jobs: Vec<_> = jobs.iter().map(as_json).collect();
        return print_json(
            &serde_json::json!({ "schema_version": 1, "counts": counts, "workers": workers, "jobs": jobs }),
        );
    }
    let mut text = String::new();
    for job in &jobs {
        text.push_str(&format!(
            "{:>6}  {:<11}  {:>4}  {}",
            job.id.0,
            job.state.name(),
            percent(job),
            job.label
        ));
        if let Some(reason) = &job.reason {
            text.push_str(&format!("  {}", if lang == Lang::Ja { &reason.ja } else { &reason.en }));
        }
        text.push('\n');
    }
    let counts: Vec<String> = counts.iter().map(|(state, n)| format!("{} {n}", state.name())).collect();
    let (all, seen) = (counts.join(", "), workers.len());
    text.push_str(&match lang {
        Lang::Ja => format!("全体: {all}。直近1分の処理プログラム: {seen}\n"),
        Lang::En => format!("all: {all}; workers of the last minute: {seen}\n"),
    });
    print_text(&text)
}

fn percent(job: &Job) -> String {
    match job.total_ms {
        Some(total) if total > 0 => format!("{}%", (job.done_ms * 100 / total).min(100)),
        _ => String::new(),
    }
}

fn show(job: &Job, json: bool, lang: Lang) -> Result<(), Failure> {
    if json {
        return print_json(&as_json(job));
    }
    let mut text = String::new();
    let mut row = |name: &str, value: String| text.push_str(&format!("{name:<12} {value}\n"));
    row("job", job.id.to_string());
    row("label", job.label.clone());
    row("state", job.state.name().to_owned());
    row(
        "done",
        format!(
            "{} / {} s",
            job.done_ms / 1_000,
            job.total_ms.map_or("?".into(), |ms| (ms / 1_000).to_string())
        ),
    );
    row("claims", job.claims.to_string());
    row("worker", job.owner.clone().unwrap_or_default());
    row("queued", moment(Some(job.created_at)));
    row("started", moment(job.started_at));
    row("ended", moment(job.finished_at));
    if let Some(reason) = &job.reason {
        row("reason", format!("{}: {}", reason.code, if lang == Lang::Ja { &reason.ja } else { &reason.en }));
    }
    row("key", job.key.clone());
    row("spec", job.spec.clone());
    print_text(&text)
}

/// A moment of the database in this machine's time zone.
fn moment(ms: Option<i64>) -> String {
    let at = ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map(|at| {
        at.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    })
    .unwrap_or_default()
}

fn as_json(job: &Job) -> serde_json::Value {
    let reason = job
        .reason
        .as_ref()
        .map(|reason| serde_json::json!({ "code": reason.code, "ja": reason.ja, "en": reason.en }));
    serde_json::json!({
        "id": job.id.0, "label": job.label, "state": job.state.name(), "attempt": job.attempt,
        "claims": job.claims, "worker": job.owner, "created_at_ms": job.created_at,
        "started_at_ms": job.started_at, "finished_at_ms": job.finished_at, "done_ms": job.done_ms,
        "total_ms": job.total_ms, "reason": reason, "key": job.key,
    })
}
