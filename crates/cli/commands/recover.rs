//! `kikitori recover`

use recorder::{Interrupted, Recording, approve, awaiting_approval, discard, interrupted, restore};

use super::templates::{print_json, print_text};
use crate::args::{Global, RecoverArgs, RecoverCommand};
use crate::failure::Failure;
use crate::places;

pub(crate) fn run(args: &RecoverArgs, global: &Global) -> Result<(), Failure> {
    let folder = places::recordings(args.place.recordings.as_deref())?;
    let inflight = places::inflight(&folder);
    let is_japanese = global.lang() == record::Lang::Ja;
    match &args.command {
        None => list(&interrupted(&inflight)?, &awaiting_approval(&folder)?, false, is_japanese),
        Some(RecoverCommand::List { json }) => {
            list(&interrupted(&inflight)?, &awaiting_approval(&folder)?, *json, is_japanese)
        }
        Some(RecoverCommand::Restore { names }) => {
            let all = || Ok::<_, Failure>(interrupted(&inflight)?.into_iter().map(|one| one.id).collect());
            let names = if names.is_empty() { all()? } else { names.clone() };
            for name in &names {
                print_text(&format!("{}\n", restore(&inflight, name)?.sound.display()))?;
            }
            Ok(())
        }
        Some(RecoverCommand::Approve { names }) => {
            for name in names {
                let said = match (approve(&folder, name)?, is_japanese) {
                    (true, true) => "承認を記録し、音声を消しました",
                    (true, false) => "approved; the sound was removed",
                    (false, true) => "残す設定の録音です。音声はそのままです",
                    (false, false) => "this recording is kept always; its sound stays",
                };
                print_text(&format!("{said}: {name}\n"))?;
            }
            Ok(())
        }
        Some(RecoverCommand::Discard { name, reason }) if reason.trim().is_empty() => Err(Failure::usage(
            format!("理由を書いてください: {name}"),
            format!("a reason is needed: {name}"),
        )),
        Some(RecoverCommand::Discard { name, reason }) => Ok(discard(&inflight, &folder, name, reason)?),
    }
}

fn list(
    interrupted: &[Interrupted],
    awaiting: &[Recording],
    json: bool,
    is_japanese: bool,
) -> Result<(), Failure> {
    if json {
        let awaiting: Vec<_> =
            awaiting.iter().map(|r| serde_json::json!({ "sound": r.sound, "info": r.info })).collect();
        return print_json(&serde_json::json!({
            "schema_version": 1, "interrupted": interrupted, "awaiting_approval": awaiting,
        }));
    }
    let (stopped, waiting, none) = if is_japanese {
        ("中断された録音", "承認待ちの録音", "中断された録音も、承認待ちの録音もありません")
    } else {
        ("interrupted", "waiting for approval", "nothing was interrupted and nothing waits for approval")
    };
    let mut text = String::new();
    let mut line = |title: &str, id: &str, at: &str, ms: u64, device: &str| {
        let (minutes, seconds) = (ms / 60_000, ms / 1_000 % 60);
        text.push_str(&format!("{title}  {id}  {at}  {minutes}:{seconds:02}  {device}\n"));
    };
    for one in interrupted {
        line(stopped, &one.id, &one.started_at, one.duration_ms, &one.device);
    }
    for Recording { info, .. } in awaiting {
        line(waiting, &info.id, &info.started_at, info.duration_ms, &info.device);
    }
    if text.is_empty() {
        text = format!("{none}\n");
    }
    print_text(&text)
}
