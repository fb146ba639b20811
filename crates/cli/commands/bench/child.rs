//! One measurement: a process of this program.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use asr::Control;
use asr::isolated::WorkerCommand;
use record::Lang;
use tempfile::NamedTempFile;

use super::advice::Outcome;
use super::plan::Cell;
use crate::failure::Failure;
use crate::progress::line;
use crate::stats::Stats;

/// How often a running measurement is looked at.
const POLL: Duration = Duration::from_millis(20);

/// How measurements are started.
pub(super) struct Child<'a> {
    pub(super) sample: &'a Path,
    pub(super) lang: Lang,
    pub(super) control: &'a Control,
}

impl Child<'_> {
    /// Transcribes the sample as often as the cell says, and gives up after so long.
    pub(super) fn run(&self, cell: &Cell, patience: Duration) -> Result<Outcome, Failure> {
        let figures = NamedTempFile::new().map_err(|e| Failure::io(&std::env::temp_dir(), &e))?;
        let program = WorkerCommand::this_program(["-q", "--progress", "none", "--lang"])
            .map_err(|e| Failure::internal(e.into()))?;
        let mut command = Command::new(program.program);
        command.args(program.args).arg(if self.lang == Lang::Ja { "ja" } else { "en" });
        command.arg("transcribe").args(std::iter::repeat_n(self.sample, cell.recordings));
        command.args(["--model", &cell.model, "--tier", cell.tier]);
        command.args(["--sessions", &cell.sessions.to_string(), "--threads", &cell.threads.to_string()]);
        command.arg("--stats").arg(figures.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // A log would fill the pipe, which is read only where something went wrong.
        command.env_remove("KIKITORI_LOG");
        let mut process = command.spawn().map_err(|e| Failure::internal(e.into()))?;
        let until = Instant::now() + patience;
        let status = loop {
            if let Some(status) = process.try_wait().map_err(|e| Failure::internal(e.into()))? {
                break Some(status);
            }
            if self.control.is_cancelled() || Instant::now() >= until {
                // A process that has just ended cannot be killed, which is as well.
                let _ = process.kill();
                process.wait().map_err(|e| Failure::internal(e.into()))?;
                break None;
            }
            sleep(POLL);
        };
        if self.control.is_cancelled() {
            return Err(Failure::interrupted());
        }
        let Some(status) = status else { return Ok(Outcome::GivenUp) };
        if !status.success() {
            let mut why = String::new();
            // Without the reason it is still known that it failed.
            let _ = process.stderr.take().map(|mut said| said.read_to_string(&mut why));
            line(why.trim_end());
            return Ok(Outcome::Failed);
        }
        let text = std::fs::read_to_string(figures.path()).map_err(|e| Failure::io(figures.path(), &e))?;
        let took: Stats = serde_json::from_str(&text).map_err(|e| Failure::internal(e.into()))?;
        Ok(Outcome::Measured(took))
    }
}
